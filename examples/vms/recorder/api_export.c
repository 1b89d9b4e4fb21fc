/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence packages, written while they are sent: segments as they were recorded, signed by the
 * exporter, sealed for who is named. */
#include "api_export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "api_pipe.h"
#include "recorder_failure.h"

#define MEDIA_TYPE "application/octet-stream"
#define CONTAINERS_MAX 4096u
#define FILE_NAME "attachment; filename=\"evidence.svmx\""

/* A container that holds something of what was asked for. */
typedef struct exported_file {
    char *path;
} exported_file;

struct export_job {
    api_stream stream;
    api_pipe *pipe;
    api_pipe *to; /* the same, of the thread */
    const recorded_camera *cameras[API_EXPORT_CAMERAS];
    size_t camera_count;
    svms_time_range range;
    svms_public_key *recipients[API_EXPORT_RECIPIENTS];
    size_t recipient_count;
    char *password; /* or NULL */
    char *reason;
    char *case_number;
    char operator_name[GATE_NAME_SIZE];
    bool no_reexport;
    const svms_trust *trust;
    exported_file *files;
    size_t file_count;
    svms_status collecting;
    const char *stopped; /* of the event loop: why it was broken off; or NULL */
    uint64_t bytes;      /* on their way to the client */
    svms_export_result result;
    svms_status status;
    svms_error err;
};

static void forget_secret(char **text)
{
    if (*text) {
        OPENSSL_cleanse(*text, strlen(*text));
        free(*text);
        *text = NULL;
    }
}

void api_export_free(export_job **job)
{
    export_job *self = *job;
    if (!self) {
        return;
    }
    for (size_t i = 0; i < self->recipient_count; i++) {
        svms_public_key_free(&self->recipients[i]);
    }
    for (size_t i = 0; i < self->file_count; i++) {
        free(self->files[i].path);
    }
    free(self->files);
    forget_secret(&self->password);
    free(self->reason);
    free(self->case_number);
    svms_export_result_clear(&self->result);
    free(self);
    *job = NULL;
}

/* Path of its storage, and of it below that. */
static char *whole_path(const recorder_parts *parts, const indexed_container *container)
{
    const storage_settings *storage = NULL;
    for (size_t i = 0; i < parts->settings->storage_count; i++) {
        if (strcmp(parts->settings->storages[i].name, container->storage) == 0) {
            storage = &parts->settings->storages[i];
        }
    }
    size_t size = storage ? strlen(storage->path) + strlen(container->file) + 2 : 0;
    char *path = storage ? malloc(size) : NULL;
    if (path) {
        (void)snprintf(path, size, "%s/%s", storage->path, container->file);
    }
    return path;
}

/* Whether a sample lies in the range: a container without one would end the whole export. What
 * cannot be told so is left to the export, which says why. */
static bool has_media(export_job *self, const svms_source *source)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_reader *reader = NULL;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_sample sample = SVMS_SAMPLE_INIT;
    options.keys = playback_keys_ring(self->stream.web->options.keys);
    svms_status status =
        svms_reader_open(&reader, self->stream.web->options.parts->ctx, source, &options, &err);
    if (status == SVMS_OK) {
        status = svms_reader_seek(reader, self->range.from_utc_ns, &err);
    }
    do {
        status = status == SVMS_OK ? svms_reader_next(reader, &sample, &err) : status;
    } while (status == SVMS_OK && sample.utc_ns < self->range.from_utc_ns);
    svms_reader_close(&reader);
    bool is_behind = status == SVMS_OK && sample.utc_ns >= self->range.to_utc_ns;
    return status != SVMS_END && status != SVMS_AGAIN && !is_behind;
}

static svms_status collect(void *user, const indexed_container *container)
{
    export_job *self = user;
    if (self->file_count >= CONTAINERS_MAX) {
        self->collecting = SVMS_E_LIMIT;
        return SVMS_E_CANCELLED;
    }
    exported_file *more = realloc(self->files, (self->file_count + 1) * sizeof *more);
    if (!more) {
        self->collecting = SVMS_E_NO_MEMORY;
        return SVMS_E_CANCELLED;
    }
    self->files = more;
    more[self->file_count].path = whole_path(self->stream.web->options.parts, container);
    if (!more[self->file_count].path) {
        self->collecting = SVMS_E_NO_MEMORY;
        return SVMS_E_CANCELLED;
    }
    self->file_count++;
    return SVMS_OK;
}

static svms_status collect_all(export_job *self, svms_error *err)
{
    const recorder_parts *parts = self->stream.web->options.parts;
    for (size_t i = 0; i < self->camera_count; i++) {
        const indexed_range range = { self->cameras[i]->id, self->range.from_utc_ns,
                                      self->range.to_utc_ns };
        svms_status status = recorder_index_containers(parts->index, &range, collect, self, err);
        if (self->collecting != SVMS_OK) {
            return recorder_fail(err, self->collecting, 0,
                                 self->collecting == SVMS_E_LIMIT
                                     ? "the range has too many containers"
                                     : "out of memory");
        }
        if (status != SVMS_OK) {
            return status;
        }
    }
    return self->file_count > 0 ? SVMS_OK
                                : recorder_fail(err, SVMS_E_INCOMPLETE, 0, "nothing was recorded");
}

static void forget_file(export_job *self, size_t number)
{
    free(self->files[number].path);
    self->file_count--;
    memmove(&self->files[number], &self->files[number + 1],
            (self->file_count - number) * sizeof self->files[0]);
}

static svms_status take_bytes(void *user, const svms_iovec *runs, size_t count, int *os_error)
{
    export_job *self = user;
    for (size_t i = 0; i < count; i++) {
        self->bytes += runs[i].size;
        if (!api_pipe_write(self->to, runs[i].data, runs[i].size)) {
            *os_error = 0;
            return SVMS_E_IO;
        }
    }
    return SVMS_OK;
}

static svms_status sync_nothing(void *user, int *os_error)
{
    (void)user;
    (void)os_error;
    return SVMS_OK;
}

static int goes_on(void *user, uint64_t done, uint64_t total)
{
    export_job *self = user;
    (void)done;
    (void)total;
    return api_pipe_wait(self->to, 0) ? 0 : 1;
}

/* A container is being renamed when it gets its end. */
static svms_status open_file(export_job *self, const char *path, svms_source *out, svms_error *err)
{
    static const char part[] = ".part";
    size_t size = strlen(path);
    size_t end = sizeof part - 1;
    svms_ctx *ctx = self->stream.web->options.parts->ctx;
    svms_status status = svms_source_open_file(out, ctx, path, err);
    if (status == SVMS_OK || size <= end || strcmp(path + size - end, part) != 0) {
        return status;
    }
    char *named = strndup(path, size - end);
    if (!named) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    status = svms_source_open_file(out, ctx, named, err);
    free(named);
    return status;
}

static svms_status leave_out_empty(export_job *self, svms_error *err)
{
    for (size_t i = self->file_count; i > 0; i--) {
        svms_source source = SVMS_SOURCE_INIT;
        svms_status status = open_file(self, self->files[i - 1].path, &source, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (!api_pipe_wait(self->to, 0)) {
            svms_source_close(&source);
            return recorder_fail(err, SVMS_E_CANCELLED, 0, "it was broken off");
        }
        if (!has_media(self, &source)) {
            forget_file(self, i - 1);
        }
        svms_source_close(&source);
    }
    return self->file_count > 0 ? SVMS_OK
                                : recorder_fail(err, SVMS_E_INCOMPLETE, 0, "nothing was recorded");
}

static svms_status add_file(export_job *self, svms_export *package, const char *path)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_export_source options = SVMS_EXPORT_SOURCE_INIT;
    options.keys = playback_keys_ring(self->stream.web->options.keys);
    options.trust = self->trust;
    options.from_utc_ns = self->range.from_utc_ns;
    options.to_utc_ns = self->range.to_utc_ns;
    options.user = self;
    options.progress = goes_on;
    svms_status status = open_file(self, path, &source, &self->err);
    if (status == SVMS_OK) {
        status = svms_export_add_source(package, &source, &options, NULL, &self->err);
        svms_source_close(&source);
    }
    return status;
}

static svms_status begin_package(export_job *self, svms_export **package, const svms_sink *sink)
{
    const recorder_web_options *web = &self->stream.web->options;
    svms_export_options options = SVMS_EXPORT_OPTIONS_INIT;
    options.signer.key = web->exporter_key;
    options.signer.chain = web->exporter;
    options.signer.policy = self->no_reexport ? SVMS_EXPORT_NO_REEXPORT : 0;
    options.recipients = (const svms_public_key *const *)self->recipients;
    options.recipient_count = self->recipient_count;
    options.password = self->password;
    options.password_size = self->password ? strlen(self->password) : 0;
    options.operator_name = self->operator_name;
    options.reason = self->reason;
    options.case_number = self->case_number;
    return svms_export_create(package, web->parts->ctx, &options, sink, &self->err);
}

static svms_status make_package(export_job *self)
{
    svms_export *package = NULL;
    svms_sink sink = SVMS_SINK_INIT;
    sink.user = self;
    sink.write = take_bytes;
    sink.sync = sync_nothing;
    svms_status status = begin_package(self, &package, &sink);
    for (size_t i = 0; status == SVMS_OK && i < self->file_count; i++) {
        status = add_file(self, package, self->files[i].path);
    }
    if (status == SVMS_OK) {
        status = svms_export_finish(package, &self->result, &self->err);
    }
    svms_export_abort(&package);
    return status;
}

/* Of a failure before the first byte. */
static void refuse(export_job *self)
{
    switch (self->status) {
    case SVMS_E_INCOMPLETE:
        api_pipe_refuse(self->to, HTTP_NOT_FOUND, "nothing was recorded then");
        break;
    case SVMS_E_LIMIT:
        api_pipe_refuse(self->to, HTTP_TOO_LARGE, "that is too much for one export");
        break;
    case SVMS_E_USAGE:
        api_pipe_refuse(self->to, HTTP_BAD_REQUEST, self->err.message);
        break;
    case SVMS_E_CANCELLED:
        api_pipe_refuse(self->to, HTTP_UNAVAILABLE, "it was broken off");
        break;
    default:
        api_pipe_refuse(self->to, HTTP_INTERNAL, "it cannot be exported");
    }
}

static bool work(void *user, api_pipe *pipe)
{
    export_job *self = user;
    self->to = pipe;
    /* What was recorded until now shall be in it. */
    for (size_t i = 0; i < self->camera_count; i++) {
        camera_fleet_flush(self->stream.web->options.fleet, self->cameras[i]->id);
    }
    self->status = collect_all(self, &self->err);
    if (self->status == SVMS_OK) {
        self->status = leave_out_empty(self, &self->err);
    }
    if (self->status == SVMS_OK) {
        self->status = make_package(self);
    }
    if (self->status != SVMS_OK) {
        refuse(self);
    }
    return self->status == SVMS_OK;
}

static void over(void *user, bool was_sent)
{
    export_job *self = user;
    recorder_web *web = self->stream.web;
    if (self->stopped) {
        self->status = recorder_fail(&self->err, SVMS_E_CANCELLED, 0, "%s after %llu bytes",
                                     self->stopped, (unsigned long long)self->bytes);
    } else if (!was_sent && (self->status == SVMS_OK || self->status == SVMS_E_IO ||
                             self->status == SVMS_E_CANCELLED)) {
        self->status = recorder_fail(&self->err, SVMS_E_CANCELLED, 0,
                                     "the client did not take all of it (%llu bytes were made)",
                                     (unsigned long long)self->bytes);
    }
    if (self->status != SVMS_OK) {
        service_log_error(web->options.parts->service, SERVICE_WARNING, &self->err,
                          "an export was broken off");
    }
    const api_export_told told = { web,
                                   self->stream.pass,
                                   self->cameras,
                                   self->camera_count,
                                   &self->range,
                                   self->reason,
                                   self->status == SVMS_OK ? &self->result : NULL,
                                   &self->err };
    api_export_tell(&told);
    web->exports--;
    api_stream_end(&self->stream);
    api_export_free(&self);
}

/* A package without its end is none, so nobody waits for the client. */
static void break_off(export_job *self, const char *why)
{
    self->stopped = why;
    api_pipe_cut(self->pipe);
}

static void judge(api_stream *stream)
{
    export_job *self = (export_job *)(void *)stream;
    int64_t until = INT64_MAX;
    for (size_t i = 0; i < self->camera_count; i++) {
        gate_answer answer;
        svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
        question.action = "export.create";
        question.device = self->cameras[i]->id;
        question.range = self->range;
        question.format = SVMS_FORM_SVMX;
        bool is_allowed = api_asks(stream->web, stream->pass, &question, &answer);
        is_allowed = is_allowed && answer.range_count == 1 &&
                     answer.ranges[0].from_utc_ns == self->range.from_utc_ns &&
                     answer.ranges[0].to_utc_ns == self->range.to_utc_ns;
        until = !is_allowed                         ? SVMS_NO_TIME
                : answer.valid_until_utc_ns < until ? answer.valid_until_utc_ns
                                                    : until;
    }
    stream->valid_until_utc_ns = until;
    if (until <= recorder_now()) {
        break_off(self, "permission ended");
    }
}

static void stop(api_stream *stream)
{
    break_off((export_job *)(void *)stream, "the recorder ended");
}

static void cut(api_stream *stream)
{
    api_pipe_cut(((export_job *)(void *)stream)->pipe);
}

export_job *api_export_new(recorder_web *web)
{
    export_job *self = calloc(1, sizeof *self);
    if (self) {
        self->stream.web = web;
        self->stream.judge = judge;
        self->stream.stop = stop;
        self->stream.cut = cut;
        self->trust = web->options.trust;
        self->result = (svms_export_result)SVMS_EXPORT_RESULT_INIT;
        self->err = (svms_error)SVMS_ERROR_INIT;
    }
    return self;
}

svms_time_range *api_export_range(export_job *self)
{
    return &self->range;
}

bool api_export_add_camera(export_job *self, const recorded_camera *camera)
{
    bool has_room = self->camera_count < API_EXPORT_CAMERAS;
    for (size_t i = 0; i < self->camera_count; i++) {
        has_room = has_room && self->cameras[i] != camera;
    }
    if (has_room) {
        self->cameras[self->camera_count++] = camera;
    }
    return has_room;
}

svms_status api_export_add_recipient(export_job *self, const char *pem, svms_error *err)
{
    if (self->recipient_count >= API_EXPORT_RECIPIENTS) {
        return recorder_fail(err, SVMS_E_LIMIT, 0, "too many recipients");
    }
    svms_status status =
        svms_public_key_from_pem(&self->recipients[self->recipient_count],
                                 self->stream.web->options.parts->ctx, pem, strlen(pem), err);
    self->recipient_count += status == SVMS_OK ? 1 : 0;
    return status;
}

bool api_export_say(export_job *self, const char *password, const char *reason,
                    const char *case_number, bool no_reexport)
{
    self->password = password ? strdup(password) : NULL;
    self->reason = reason ? strdup(reason) : NULL;
    self->case_number = case_number ? strdup(case_number) : NULL;
    self->no_reexport = no_reexport;
    return (!password || self->password) && (!reason || self->reason) &&
           (!case_number || self->case_number);
}

void api_export_begin(export_job **job, api_caller *caller, const gate_answer *answer)
{
    static const web_pair fields[] = { { "Content-Disposition", FILE_NAME }, { NULL, NULL } };
    export_job *self = *job;
    const api_pipe_calls calls = { .work = work, .over = over, .user = self };
    *job = NULL;
    (void)snprintf(self->operator_name, sizeof self->operator_name, "%s",
                   gate_pass_subject(caller->pass));
    if (!api_stream_begin(&self->stream, caller, answer)) {
        api_export_free(&self);
        return;
    }
    self->stream.web->exports++;
    self->pipe = api_pipe_begin(self->stream.web, caller->exchange, MEDIA_TYPE, fields, &calls);
    if (!self->pipe) {
        self->stream.web->exports--;
        api_stream_end(&self->stream);
        api_export_free(&self);
        api_refuse(caller->exchange, HTTP_UNAVAILABLE, "no thread is left");
    }
}
