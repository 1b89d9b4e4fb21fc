/* SPDX-License-Identifier: Apache-2.0 */
/* Where an export may go: judged by what the folder is, not by how its path is spelled. */
#include <errno.h>
#include <string.h>

#include "failure.h"
#include "platform.h"
#include "profile_rules.h"

/* Bytes of a path that a message shows: its end. */
#define SHOWN 80u

static bool is_within(const char *folder, const char *prefix)
{
    size_t length = strlen(prefix);
    if (strcmp(prefix, "/") == 0) {
        return true;
    }
    return strncmp(folder, prefix, length) == 0 &&
           (folder[length] == '\0' || folder[length] == '/');
}

/* What the profile names may be a symbolic link, or not there at all: then it allows nothing. */
static bool is_allowed(const svms_profile *profile, const char *folder)
{
    char prefix[SVMS_PROFILE_FOLDER_SIZE];
    for (size_t i = 0; i < profile->destination_count; i++) {
        if (svms_platform_real_folder(profile->destinations[i], prefix, sizeof(prefix)) == 0 &&
            is_within(folder, prefix)) {
            return true;
        }
    }
    return false;
}

svms_status svms_profile_apply_destination(const svms_profile *profile,
                                           svms_profile_request *request, svms_error *err)
{
    bool given = (request->given & 1u << SVMS_PROFILE_DESTINATIONS) != 0;
    const char *folder = request->destination;
    request->folder[0] = '\0';
    if (!given && profile->destination_count > 0) {
        folder = profile->destinations[0];
    }
    if (folder == NULL) {
        return SVMS_OK;
    }
    int failed = svms_platform_real_folder(folder, request->folder, sizeof(request->folder));
    if (failed == ENAMETOOLONG) {
        return svms_fail(err, SVMS_E_USAGE, "the path of the destination is too long");
    }
    if (failed != 0) {
        return svms_fail_path(err, SVMS_E_IO, failed, "export to", folder, NULL);
    }
    if (!given || profile->destination_count == 0 || is_allowed(profile, request->folder)) {
        return SVMS_OK;
    }
    size_t length = strlen(request->folder);
    const char *shown = request->folder + (length > SHOWN ? length - SHOWN : 0);
    while (((unsigned char)*shown & 0xC0u) == 0x80u) {
        shown++;
    }
    return svms_profile_breach(profile, request, SVMS_PROFILE_DESTINATIONS, err,
                               "'%s%s' is in none of the allowed folders",
                               length > SHOWN ? "..." : "", shown);
}
