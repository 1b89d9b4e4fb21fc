/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_place.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys.h"
#include "message.h"

struct audit_place {
    svms_ctx *ctx;
    char *path;
    svms_folder folder;
    svms_audit_log *log;       /* held here, */
    svms_audit_client *client; /* or there */
    bool is_failing;           /* it could not be published, which was said */
};

void audit_place_server(char out[AUDIT_SERVER_SIZE])
{
    if (gethostname(out, AUDIT_SERVER_SIZE) != 0 || out[0] == '\0') {
        snprintf(out, AUDIT_SERVER_SIZE, "localhost");
    }
    out[AUDIT_SERVER_SIZE - 1] = '\0';
}

exit_status audit_place_folder(svms_folder *out, svms_ctx *ctx, const char *path)
{
    svms_error err = SVMS_ERROR_INIT;
    if (svms_folder_open(out, ctx, path, 0, &err) != SVMS_OK) {
        complain_error(&err, "cannot open the log %s", path);
        return EXIT_ENVIRONMENT;
    }
    return EXIT_GOOD;
}

static exit_status open_log(audit_place *self, const audit_place_options *options)
{
    svms_audit_log_options opening = SVMS_AUDIT_LOG_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    char server[AUDIT_SERVER_SIZE];
    audit_place_server(server);
    opening.server = options->server ? options->server : server;
    opening.epoch_s = options->epoch_s > 0 ? options->epoch_s : opening.epoch_s;
    exit_status status = audit_place_folder(&self->folder, self->ctx, self->path);
    if (status != EXIT_GOOD) {
        return status;
    }
    svms_status opened = svms_audit_log_open(&self->log, self->ctx, &self->folder, &opening, &err);
    if (opened == SVMS_OK) {
        return EXIT_GOOD;
    }
    status = complain_error(&err, "cannot append to the log %s", self->path);
    /* Held by somebody else, who may have a socket. */
    return opened == SVMS_E_STATE ? EXIT_ENVIRONMENT : status;
}

static bool is_socket(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISSOCK(info.st_mode);
}

static svms_status connect_client(audit_place *self, svms_error *err)
{
    svms_audit_client_close(&self->client);
    return svms_audit_client_connect(&self->client, self->ctx, self->path, NULL, err);
}

static exit_status open_socket(audit_place *self)
{
    svms_error err = SVMS_ERROR_INIT;
    if (connect_client(self, &err) == SVMS_OK) {
        return EXIT_GOOD;
    }
    complain_error(&err, "nobody takes audit records at %s", self->path);
    return EXIT_ENVIRONMENT;
}

exit_status audit_place_open(audit_place **out, svms_ctx *ctx, const audit_place_options *options)
{
    audit_place *self = calloc(1, sizeof *self);
    char *path = strdup(options->path);
    if (!self || !path) {
        free(self);
        free(path);
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    self->ctx = ctx;
    self->path = path;
    self->folder = (svms_folder)SVMS_FOLDER_INIT;
    exit_status status = is_socket(path) ? open_socket(self) : open_log(self, options);
    if (status != EXIT_GOOD) {
        exit_status closed = audit_place_close(&self);
        return closed == EXIT_GOOD ? status : closed;
    }
    *out = self;
    return EXIT_GOOD;
}

/* Who holds the log may have been started anew since. Should the records be there already, their
 * ids tell that they are the same. */
static svms_status append_there(audit_place *self, const svms_iovec *records, size_t count,
                                uint64_t *first, svms_error *err)
{
    svms_status status = svms_audit_client_append(self->client, records, count, first, err);
    bool is_lost = status == SVMS_E_TRUNCATED || status == SVMS_E_STATE;
    if (!is_lost || connect_client(self, err) != SVMS_OK) {
        return status;
    }
    return svms_audit_client_append(self->client, records, count, first, err);
}

exit_status audit_place_append(audit_place *place, const svms_iovec *records, size_t count,
                               uint64_t *first)
{
    svms_error err = SVMS_ERROR_INIT;
    uint64_t number = UINT64_MAX;
    svms_status status = place->log
                             ? svms_audit_log_append(place->log, records, count, &number, &err)
                             : append_there(place, records, count, &number, &err);
    if (status != SVMS_OK) {
        complain_error(&err, "cannot append to the audit log %s", place->path);
        return EXIT_ENVIRONMENT;
    }
    if (first) {
        *first = number;
    }
    return EXIT_GOOD;
}

exit_status audit_place_tend(audit_place *place)
{
    svms_error err = SVMS_ERROR_INIT;
    bool failed = place->log && svms_audit_log_tend(place->log, &err) != SVMS_OK;
    if (failed && !place->is_failing) {
        complain_error(&err, "the audit log %s cannot be published now", place->path);
    } else if (!failed && place->is_failing) {
        complain("the audit log %s can be written again", place->path);
    }
    place->is_failing = failed;
    return failed ? EXIT_ENVIRONMENT : EXIT_GOOD;
}

svms_audit_log *audit_place_log(audit_place *place)
{
    return place->log;
}

exit_status audit_place_close(audit_place **place)
{
    exit_status status = EXIT_GOOD;
    svms_error err = SVMS_ERROR_INIT;
    if (!place || !*place) {
        return EXIT_GOOD;
    }
    if (svms_audit_log_close(&(*place)->log, &err) != SVMS_OK) {
        complain_error(&err, "the audit log %s could not be published", (*place)->path);
        status = EXIT_ENVIRONMENT;
    }
    svms_audit_client_close(&(*place)->client);
    svms_folder_close(&(*place)->folder);
    free((*place)->path);
    free(*place);
    *place = NULL;
    return status;
}

exit_status audit_place_act(const audit_place_options *options, const char *verb,
                            exit_status (*act)(const void *request, svms_audit_log *log),
                            const void *request)
{
    svms_ctx *ctx = NULL;
    audit_place *place = NULL;
    exit_status status = make_context(&ctx);
    if (status == EXIT_GOOD) {
        status = audit_place_open(&place, ctx, options);
    }
    if (status == EXIT_GOOD && !audit_place_log(place)) {
        complain("%s is in the hands of another process: only who holds a log %s", options->path,
                 verb);
        status = EXIT_ENVIRONMENT;
    }
    if (status == EXIT_GOOD) {
        status = act(request, audit_place_log(place));
    }
    exit_status closed = audit_place_close(&place);
    svms_ctx_free(&ctx);
    return status == EXIT_GOOD ? closed : status;
}
