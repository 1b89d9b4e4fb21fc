/* SPDX-License-Identifier: Apache-2.0 */
#include "onvif_snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web_login.h"

struct onvif_snapshot {
    const camera_parts *parts;
};

onvif_snapshot *onvif_snapshot_new(const camera_parts *parts)
{
    onvif_snapshot *self = calloc(1, sizeof *self);
    if (self) {
        self->parts = parts;
    }
    return self;
}

void onvif_snapshot_free(onvif_snapshot **snapshot)
{
    if (snapshot) {
        free(*snapshot);
        *snapshot = NULL;
    }
}

static void ask_who(web_exchange *exchange)
{
    static const web_pair fields[] = {
        { "WWW-Authenticate", "Basic realm=\"svms-camera\", charset=\"UTF-8\"" }, { NULL, NULL }
    };
    web_answer(exchange, HTTP_UNAUTHORIZED, "text/plain", "who asks?\n", 10, fields);
}

static camera_level find_level(const camera_parts *parts, const web_request *request)
{
    web_basic who;
    svms_error err = SVMS_ERROR_INIT;
    camera_level level = CAMERA_ANONYMOUS;
    char address[64];
    (void)snprintf(address, sizeof address, "%s", request->address);
    char *colon = strrchr(address, ':');
    if (colon && !strchr(colon, ']')) {
        *colon = '\0';
    }
    if (!web_basic_parse(&who, web_field(request, "authorization"))) {
        return CAMERA_ANONYMOUS;
    }
    if (camera_users_login(parts->users, who.name, address, who.password, strlen(who.password),
                           &level, &err) != SVMS_OK) {
        level = CAMERA_ANONYMOUS;
    }
    web_basic_wipe(&who);
    return level;
}

void onvif_snapshot_serve(void *user, web_exchange *exchange, const web_request *request)
{
    const onvif_snapshot *self = user;
    svms_error err = SVMS_ERROR_INIT;
    uint8_t *picture = NULL;
    size_t size = 0;
    /* A password in clear would be everybody's. */
    if (!request->is_secure || find_level(self->parts, request) < CAMERA_USER) {
        ask_who(exchange);
        return;
    }
    svms_status status = camera_media_snapshot(self->parts->media, &picture, &size, &err);
    if (status == SVMS_OK) {
        web_answer(exchange, HTTP_OK, "image/jpeg", picture, size, NULL);
    } else if (status == SVMS_E_LIMIT) {
        web_answer_words(exchange, HTTP_TOO_MANY, "so many pictures are not made in a second");
    } else {
        web_answer_words(exchange, HTTP_UNAVAILABLE, "there is no picture now");
    }
    free(picture);
}
