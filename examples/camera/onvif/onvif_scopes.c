/* SPDX-License-Identifier: Apache-2.0 */
#include "onvif_scopes.h"

#include <stdio.h>
#include <string.h>

/* What is no letter or digit is escaped, as in any URI. */
static void visit_text(const char *kind, const char *text, onvif_scope_visitor *visit, void *user)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    char item[64 + 3 * CAMERA_NAME_SIZE];
    size_t used = (size_t)snprintf(item, sizeof item, "onvif://www.onvif.org/%s/", kind);
    for (const char *at = text; *at && used + 4 < sizeof item; at++) {
        if (strchr(plain, *at)) {
            item[used++] = *at;
        } else {
            used += (size_t)snprintf(item + used, 4, "%%%02X", (unsigned)(unsigned char)*at);
        }
    }
    item[used] = '\0';
    visit(user, false, item);
}

void onvif_scopes(const camera_settings *current, onvif_scope_visitor *visit, void *user)
{
    visit(user, true, "onvif://www.onvif.org/Profile/T");
    visit(user, true, "onvif://www.onvif.org/type/video_encoder");
    visit(user, true, "onvif://www.onvif.org/type/ptz");
    visit_text("name", current->name, visit, user);
    if (current->location[0]) {
        visit_text("location", current->location, visit, user);
    }
}
