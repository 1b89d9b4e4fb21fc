/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_task.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "auditor.h"
#include "camera_failure.h"
#include "camera_file.h"
#include "camera_folder.h"
#include "camera_identity.h"
#include "camera_lenses.h"
#include "camera_settings.h"
#include "camera_state.h"
#include "camera_update.h"
#include "camera_users.h"

#define PIECE_SIZE 65536
#define PASSWORD_FILE_MAX 4096u

/* What a task does is on the record, too, where there is one. */
static svms_status audit(svms_ctx *ctx, service *life, const camera_config *config,
                         const svms_audit_event *event, const char *member, const char *text,
                         svms_error *err)
{
    auditor_options options = { ctx, config->audit, NULL, "camera", life };
    auditor *log = NULL;
    svms_audit_record *record = NULL;
    if (!options.log) {
        return SVMS_OK;
    }
    svms_status status = auditor_open(&log, &options, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_audit_event told = auditor_event(log, event->event, event->outcome);
    told.actor_kind = SVMS_AUDIT_ACTOR_USER;
    told.client = "console";
    told.object = event->object;
    told.reason = event->reason;
    status = auditor_begin(&record, log, &told, err);
    if (status == SVMS_OK && member) {
        status = svms_audit_record_text(record, member, text, err);
    }
    status = auditor_tell(log, &record, status, err);
    auditor_close(&log);
    return status;
}

static bool report(service *life, svms_status status, const svms_error *err, const char *what)
{
    if (status != SVMS_OK) {
        service_log_error(life, SERVICE_ERROR, err, "%s", what);
    }
    return status == SVMS_OK;
}

static bool check_identity(svms_ctx *ctx, service *life, const camera_config *config)
{
    svms_error err = SVMS_ERROR_INIT;
    camera_identity *identity = NULL;
    char *folder =
        config->identity ? strdup(config->identity) : camera_file_path(config->state, "identity");
    if (!folder) {
        return false;
    }
    svms_status status = camera_identity_open(&identity, ctx, folder, config->crl, &err);
    if (status == SVMS_OK) {
        const camera_papers *papers = camera_identity_take(identity);
        printf("Identity      %s\n", svms_chain_subject(papers->chain));
        camera_identity_give(identity, &papers);
    } else if (status == SVMS_E_STATE) {
        printf("Identity      none yet: nothing will be served before `svms enroll`\n");
    }
    camera_identity_close(&identity);
    free(folder);
    return report(life, status == SVMS_E_STATE ? SVMS_OK : status, &err,
                  "the identity cannot be used");
}

static bool check_lens(service *life, const camera_config *config)
{
    svms_error err = SVMS_ERROR_INIT;
    camera_config copy = *config;
    lens *source = NULL;
    svms_status status = camera_lenses_open(&copy, &source, &err);
    if (status == SVMS_OK) {
        const lens_format *format = lens_describe(source);
        printf("Lens          %u x %u, %u/%u pictures in a second, %s\n", format->width,
               format->height, format->rate_num, format->rate_den,
               format->sample_rate ? "sound" : "no sound");
    }
    lens_close(&source);
    return report(life, status, &err, "there is no lens");
}

static bool check_state(service *life, const camera_config *config)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = SVMS_OK;
    camera_settings *is = calloc(1, sizeof *is);
    char *path = camera_file_path(config->state, "settings.json");
    if (path && is && access(path, F_OK) == 0) {
        status = camera_settings_read(is, path, &err);
    }
    bool has_memory = path && is;
    free(path);
    free(is);
    return report(life, status, &err, "what was set cannot be read") && has_memory;
}

bool camera_task_check(svms_ctx *ctx, service *life, const camera_config *config)
{
    bool good = check_identity(ctx, life, config);
    good = check_lens(life, config) && good;
    good = check_state(life, config) && good;
    if (!config->rtsps) {
        service_log(life, SERVICE_ERROR, "the settings name no listen.rtsps");
        good = false;
    }
    printf("%s\n", good ? "Good" : "Not good");
    return good;
}

bool camera_task_ports(const camera_config *config)
{
    if (config->rtsps) {
        printf("tcp %s RTSP within TLS, media inside of it or as SRTP\n", config->rtsps);
        printf("udp - SRTP and SRTCP to clients that ask for it: two ports for each track, chosen "
               "by the system, while it plays\n");
    }
    if (config->https) {
        printf("tcp %s HTTPS: ONVIF\n", config->https);
        printf("udp 239.255.255.250:3702 WS-Discovery, only while the camera is set to be "
               "discoverable\n");
    }
    return true;
}

static svms_status read_password(uint8_t **out, size_t *size, const char *path, svms_error *err)
{
    svms_status status = camera_file_read(out, size, path, PASSWORD_FILE_MAX, true, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!*out) {
        return camera_fail(err, SVMS_E_IO, ENOENT, "there is no %s", path);
    }
    char *text = (char *)*out;
    text[strcspn(text, "\r\n")] = '\0';
    return SVMS_OK;
}

static svms_status add(svms_ctx *ctx, const camera_config *config, const camera_folder *folder,
                       const char *name, const char *password, svms_error *err)
{
    camera_users *users = NULL;
    uint32_t findings = 0;
    camera_users_options options = { ctx,  folder->users, folder->secret,
                                     NULL, NULL,          config->password_least };
    svms_status status = camera_users_open(&users, &options, err);
    if (status == SVMS_OK) {
        status = camera_users_add(users, name, CAMERA_ADMINISTRATOR, password, &findings, err);
    }
    camera_users_close(&users);
    return status;
}

bool camera_task_add(svms_ctx *ctx, service *life, const camera_config *config, const char *name,
                     const char *password_file)
{
    svms_error err = SVMS_ERROR_INIT;
    camera_folder folder;
    uint8_t *password = NULL;
    size_t size = 0;
    svms_audit_event event = SVMS_AUDIT_EVENT_INIT;
    event.event = "user.create";
    event.outcome = SVMS_AUDIT_SUCCESS;
    event.object = name;
    svms_status status = camera_folder_open(&folder, config, &err);
    if (status == SVMS_OK) {
        status = read_password(&password, &size, password_file, &err);
    }
    if (status == SVMS_OK) {
        status = add(ctx, config, &folder, name, (const char *)password, &err);
    }
    if (status == SVMS_OK) {
        printf("Added         %s, administrator\n", name);
        status = audit(ctx, life, config, &event, "setting", "administrator", &err);
    }
    camera_file_free(password, size);
    camera_folder_close(&folder);
    return report(life, status, &err, "no administrator was added");
}

static svms_status feed_file(camera_update *update, const char *path, svms_error *err)
{
    int handle = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t *piece = malloc(PIECE_SIZE);
    svms_status status = SVMS_OK;
    if (handle < 0) {
        status = camera_fail(err, SVMS_E_IO, errno, "cannot open %s", path);
    } else if (!piece) {
        status = camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for an update");
    }
    while (status == SVMS_OK) {
        ssize_t got = read(handle, piece, PIECE_SIZE);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            status = camera_fail(err, SVMS_E_IO, errno, "cannot read %s", path);
        } else if (got == 0) {
            break;
        } else {
            status = camera_update_feed(update, piece, (size_t)got, err);
        }
    }
    if (status == SVMS_OK) {
        status = camera_update_end(update, err);
    }
    if (handle >= 0) {
        close(handle);
    }
    free(piece);
    return status;
}

static svms_status install(svms_ctx *ctx, service *life, const camera_config *config,
                           const camera_folder *folder, const char *path, svms_error *err)
{
    camera_update_options options = { ctx, folder->slots, config->update_trust,
                                      config->update_product, config->update_hardware };
    camera_update *update = NULL;
    if (!options.trust) {
        return camera_fail(err, SVMS_E_POLICY, 0, "the settings name nobody who signs updates");
    }
    svms_status status = camera_update_open(&update, &options, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = feed_file(update, path, err);
    svms_audit_event event = SVMS_AUDIT_EVENT_INIT;
    const char *version = camera_update_version(update);
    event.event = status == SVMS_OK ? "update.accept" : "update.refuse";
    event.outcome = status == SVMS_OK ? SVMS_AUDIT_SUCCESS : SVMS_AUDIT_FAILURE;
    event.reason = status == SVMS_OK ? NULL : err->message;
    svms_error audit_err = SVMS_ERROR_INIT;
    svms_status recorded =
        audit(ctx, life, config, &event, "version", version[0] ? version : "unknown", &audit_err);
    if (status == SVMS_OK && recorded == SVMS_OK) {
        printf("Installed     %s, to be tried at the next start\n", version);
    }
    if (status == SVMS_OK && recorded != SVMS_OK) {
        status = recorded;
        *err = audit_err;
    }
    camera_update_close(&update);
    return status;
}

bool camera_task_update(svms_ctx *ctx, service *life, const camera_config *config, const char *path)
{
    svms_error err = SVMS_ERROR_INIT;
    camera_folder folder;
    svms_status status = camera_folder_open(&folder, config, &err);
    if (status == SVMS_OK) {
        status = install(ctx, life, config, &folder, path, &err);
    }
    camera_folder_close(&folder);
    return report(life, status, &err, "the update was refused");
}

static void say_erased(void *user, const char *path)
{
    (void)user;
    printf("Erased        %s\n", path);
}

bool camera_task_reset(svms_ctx *ctx, service *life, const camera_config *config)
{
    svms_error err = SVMS_ERROR_INIT;
    camera_folder folder;
    svms_audit_event event = SVMS_AUDIT_EVENT_INIT;
    event.event = "config.change";
    event.outcome = SVMS_AUDIT_SUCCESS;
    svms_status status = camera_folder_open(&folder, config, &err);
    if (status == SVMS_OK) {
        /* Before it happens; but a log that cannot be written must not keep secrets alive. */
        svms_error audit_err = SVMS_ERROR_INIT;
        (void)report(life, audit(ctx, life, config, &event, "setting", "factory reset", &audit_err),
                     &audit_err, "the reset is not in the audit log");
        status = camera_folder_reset(&folder, say_erased, NULL, &err);
    }
    if (status == SVMS_OK && config->audit) {
        printf("Kept          %s: the audit log\n", config->audit);
    }
    camera_folder_close(&folder);
    return report(life, status, &err, "not everything was erased");
}
