/* SPDX-License-Identifier: Apache-2.0 */
/* Whether all is there that the settings name. */
#include <stdio.h>
#include <string.h>

#include "camera_access.h"
#include "recorder_base.h"
#include "recorder_serve.h"
#include "recorder_task.h"

static bool report(service *life, svms_status status, const svms_error *err, const char *what)
{
    if (status != SVMS_OK) {
        service_log_error(life, SERVICE_ERROR, err, "%s", what);
    }
    return status == SVMS_OK;
}

static bool check_camera(recorder_base *base, const recorded_camera *camera)
{
    svms_error err = SVMS_ERROR_INIT;
    camera_access *access = NULL;
    camera_login login = CAMERA_LOGIN_INIT;
    svms_trust *signers = NULL;
    svms_ctx *ctx = base->parts.ctx;
    svms_status status =
        camera_access_new(&access, ctx, camera, base->identity.chain, base->identity.key, &err);
    if (status == SVMS_OK) {
        status = camera_access_login(access, &login, &err);
    }
    if (status == SVMS_OK && camera->signers) {
        status = recorder_trust_load(&signers, ctx, camera->signers, NULL, &err);
    }
    svms_trust_free(&signers);
    camera_login_wipe(&login);
    camera_access_free(&access);
    if (status == SVMS_OK) {
        printf("Camera        %s: %s, to %s\n", camera->id, camera->url, camera->storage->name);
    }
    return report(base->parts.service, status, &err, camera->id);
}

static bool check_serving(recorder_base *base)
{
    svms_error err = SVMS_ERROR_INIT;
    recorder_serve *serve = NULL;
    const recorder_settings *is = base->parts.settings;
    svms_status status = recorder_serve_new(&serve, &base->parts, &err);
    if (status == SVMS_OK) {
        status = recorder_serve_load(serve, &base->identity, &err);
    }
    if (status == SVMS_OK) {
        printf("Serves        %s %s%s\n", is->rtsps ? is->rtsps : "", is->https ? is->https : "",
               is->rtsps || is->https ? "" : "nothing");
    }
    recorder_serve_free(&serve);
    return report(base->parts.service, status, &err, "nothing can be served");
}

bool recorder_task_check(svms_ctx *ctx, service *life, const recorder_settings *is)
{
    svms_error err = SVMS_ERROR_INIT;
    recorder_base base;
    memset(&base, 0, sizeof base);
    base.parts.ctx = ctx;
    base.parts.service = life;
    base.parts.settings = is;
    bool good = report(life, recorder_base_load(&base, &err), &err, "keys cannot be used");
    if (good) {
        printf("Identity      %s\n", svms_chain_subject(base.identity.chain));
        for (size_t i = 0; i < is->storage_count; i++) {
            printf("Storage       %s: %s\n", is->storages[i].name, is->storages[i].path);
        }
        for (size_t i = 0; i < is->camera_count; i++) {
            good = check_camera(&base, &is->cameras[i]) && good;
        }
        good = report(life, camera_fleet_check(is, &err), &err, "cameras cannot be called") && good;
        good = check_serving(&base) && good;
    }
    recorder_base_close(&base);
    printf("%s\n", good ? "Good" : "Not good");
    return good;
}
