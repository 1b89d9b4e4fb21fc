/* SPDX-License-Identifier: Apache-2.0 */
#include "record_folder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "folder.h"
#include "head_file.h"
#include "json_output.h"
#include "message.h"
#include "recording.h"

/* A container that is being written, and its name when it is complete. */
typedef struct open_container {
    char *path;
    char *part;
    svms_sink file;
} open_container;

struct record_folder {
    folder_target target;
    svms_ctx *ctx;
    int handle; /* holds the lock on the folder */
    svms_head remembered;
    bool has_remembered;
    folder_end end;
    svms_recording *recording;
    svms_link_state link_state;
    json_t *containers; /* what became of each */
    json_t *members;    /* more for the report, or NULL */
    uint8_t recording_id[16];
    uint64_t kept;  /* containers that hold samples */
    bool lost_name; /* a container is complete and still called .part */
};

static const char *const link_names[] = { "none", "verified", "mismatch", "missing", "unchecked" };
static const char *const state_names[] = { "writing", "ended", "open", "not begun" };

static svms_status forward_write(void *user, const svms_iovec *runs, size_t count, int *os_error)
{
    open_container *one = user;
    return one->file.write(one->file.user, runs, count, os_error);
}

static svms_status forward_sync(void *user, int *os_error)
{
    open_container *one = user;
    return one->file.sync(one->file.user, os_error);
}

static void forget(open_container *one)
{
    svms_sink_close(&one->file);
    free(one->path);
    free(one->part);
    free(one);
}

static svms_status open_sink(void *user, const svms_recording_container *container, svms_sink *sink,
                             svms_error *err)
{
    record_folder *self = user;
    int64_t start = container->start_utc_ns;
    open_container *one = calloc(1, sizeof *one);
    if (!one) {
        err->status = SVMS_E_NO_MEMORY;
        return SVMS_E_NO_MEMORY;
    }
    if (!self->recording && self->target.start_utc_ns != SVMS_NO_TIME) {
        start = self->target.start_utc_ns;
    }
    memcpy(self->recording_id, container->recording_id, 16);
    one->path = folder_name(self->target.path, container->recording_sequence, start);
    one->part = one->path ? path_with_suffix(one->path, PART_SUFFIX) : NULL;
    svms_status status =
        one->part ? svms_sink_create_file(&one->file, self->ctx, one->part, err) : SVMS_E_IO;
    if (status != SVMS_OK) {
        err->status = status;
        forget(one);
        return status;
    }
    sink->user = one;
    sink->write = forward_write;
    sink->sync = forward_sync;
    return SVMS_OK;
}

static void report_container(record_folder *self, const svms_recording_container *container,
                             const char *path)
{
    if (!self->target.json) {
        return;
    }
    json_t *entry =
        json_pack("{s:o, s:I, s:o, s:s, s:s, s:o, s:I}", "file", json_text(path), "sequence",
                  (json_int_t)container->recording_sequence, "container_id",
                  json_hex(container->container_id, 16), "state", state_names[container->state],
                  "link", link_names[container->link_state], "start",
                  json_time(container->start_utc_ns), "samples", (json_int_t)container->samples);
    if (!entry || json_array_append_new(self->containers, entry) != 0) {
        complain("out of memory");
    }
}

/* It is durable; the sink is closed before the next container begins. */
static void tell_end(record_folder *self, const svms_recording_container *container,
                     const char *path)
{
    record_audit *audit = self->target.audit;
    if (memcmp(audit->head.container_id, container->container_id, 16) == 0) {
        bool is_closed = container->state != SVMS_RECORDING_LEFT_OPEN;
        record_audit_closed(audit, &audit->head, self->ctx, is_closed ? path : NULL);
    }
}

static void close_sink(void *user, const svms_recording_container *container, svms_sink *sink)
{
    record_folder *self = user;
    open_container *one = sink->user;
    const char *path = one->part;
    svms_sink_close(&one->file);
    bool is_empty = container->state == SVMS_RECORDING_ENDED && container->samples == 0;
    if (container->state == SVMS_RECORDING_NOT_BEGUN || is_empty) {
        unlink(one->part);
        forget(one);
        return;
    }
    if (container->state == SVMS_RECORDING_LEFT_OPEN) {
        complain("%s has no end; its complete segments hold", one->part);
    } else if (file_publish(one->part, one->path, false) == EXIT_GOOD) {
        path = one->path;
    } else {
        bool unnamed = file_exists(one->part);
        complain("%s is complete, but %s", one->part,
                 unnamed ? "could not get its name" : "its new name may be lost");
        path = unnamed ? one->part : one->path;
        self->lost_name = true;
    }
    self->kept++;
    tell_end(self, container, path);
    report_container(self, container, path);
    forget(one);
}

static svms_status keep_head(void *user, const svms_head *head)
{
    record_folder *self = user;
    self->target.audit->head = *head;
    if (!self->target.head_path) {
        return SVMS_OK;
    }
    return head_file_store(self->target.head_path, head) == EXIT_GOOD ? SVMS_OK : SVMS_E_IO;
}

/* What is there must be wanted, and what is wanted be there. */
static exit_status check_end(const record_folder *self, size_t files)
{
    const char *path = self->target.path;
    if (!self->target.goes_on && files > 0) {
        complain("%s holds recordings; --continue goes on with the one that is there", path);
        return EXIT_ENVIRONMENT;
    }
    if (!self->target.goes_on && self->has_remembered) {
        complain("%s remembers a recording; --continue goes on with it, or remove the file",
                 self->target.head_path);
        return EXIT_ENVIRONMENT;
    }
    return EXIT_GOOD;
}

static exit_status look(record_folder *self)
{
    const folder_target *target = &self->target;
    folder_list list = { NULL, 0 };
    exit_status status = folder_claim(&self->handle, target->path);
    if (status == EXIT_GOOD && target->head_path) {
        status = head_file_load(&self->remembered, &self->has_remembered, target->head_path);
    }
    if (status == EXIT_GOOD) {
        status = folder_list_containers(&list, target->path);
    }
    if (status == EXIT_GOOD) {
        status = check_end(self, list.count);
    }
    if (status == EXIT_GOOD && target->goes_on) {
        status = folder_drop_second_names(&list);
    }
    folder_list_free(&list);
    return status == EXIT_GOOD && target->goes_on
               ? folder_find_end(&self->end, self->ctx, target->path,
                                 self->has_remembered ? &self->remembered : NULL)
               : status;
}

exit_status record_folder_open(record_folder **out, svms_ctx *ctx, const folder_target *target)
{
    record_folder *self = calloc(1, sizeof *self);
    svms_head none = SVMS_HEAD_INIT;
    if (!self) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    self->target = *target;
    self->ctx = ctx;
    self->handle = -1;
    self->remembered = none;
    self->containers = json_array();
    exit_status status = self->containers ? look(self) : EXIT_ENVIRONMENT;
    if (status != EXIT_GOOD) {
        record_folder_free(&self);
        return status;
    }
    *out = self;
    return EXIT_GOOD;
}

static void say_link(const record_folder *self)
{
    const char *head = self->target.head_path ? self->target.head_path : "--head";
    switch (self->link_state) {
    case SVMS_LINK_NONE:
    case SVMS_LINK_VERIFIED:
        return;
    case SVMS_LINK_UNCHECKED:
        complain("note: %s was not compared with a head from another medium (--head)",
                 self->end.newest_path);
        return;
    case SVMS_LINK_MISMATCH:
        complain("WARNING: what %s holds is not what %s remembers; the new container says so",
                 self->target.path, head);
        return;
    case SVMS_LINK_MISSING:
        break;
    }
    complain("WARNING: what %s remembers is missing in %s; the new container says so", head,
             self->target.path);
}

exit_status record_folder_begin(record_folder *self, const svms_writer_options *writer,
                                int64_t start_utc_ns)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_recording_stats stats = SVMS_RECORDING_STATS_INIT;
    svms_recording_options options = SVMS_RECORDING_OPTIONS_INIT;
    self->target.start_utc_ns = start_utc_ns;
    options.writer = writer;
    options.rotate_ns = self->target.rotate_ns;
    options.rotate_bytes = self->target.rotate_bytes;
    options.remembered = self->has_remembered ? &self->remembered : NULL;
    options.found = self->end.found ? &self->end.newest : NULL;
    options.remembered_state = self->end.holds;
    options.user = self;
    options.open_sink = open_sink;
    options.close_sink = close_sink;
    options.keep_head = self->target.head_path || self->target.audit->trail ? keep_head : NULL;
    svms_status opened = svms_recording_open(&self->recording, self->ctx, &options, &err);
    if (opened != SVMS_OK) {
        exit_status status = complain_error(&err, "cannot begin the recording");
        return opened == SVMS_E_UNTRUSTED ? EXIT_POLICY : status;
    }
    if (svms_recording_get_stats(self->recording, &stats) == SVMS_OK) {
        self->link_state = stats.link_state;
    }
    say_link(self);
    return EXIT_GOOD;
}

static bool has_no_end(const char *path)
{
    size_t size = strlen(path);
    size_t end = sizeof PART_SUFFIX - 1;
    return size > end && strcmp(path + size - end, PART_SUFFIX) == 0;
}

void record_folder_tell_found(record_folder *self)
{
    record_audit *audit = self->target.audit;
    bool was_interrupted = self->end.newest_path && has_no_end(self->end.newest_path);
    if (self->end.found && was_interrupted) {
        record_audit_event(audit, "recording.recovered", &self->end.newest,
                           "it was interrupted; its complete segments hold");
    }
    if (self->link_state == SVMS_LINK_MISSING || self->link_state == SVMS_LINK_MISMATCH) {
        record_audit_event(audit, "recording.gap", &self->remembered,
                           self->link_state == SVMS_LINK_MISSING
                               ? "what was remembered of the recording is missing"
                               : "what is there is not what was remembered of the recording");
    }
}

svms_recording *record_folder_recording(record_folder *self)
{
    return self->recording;
}

void record_folder_say(record_folder *self, json_t *members)
{
    json_decref(self->members);
    self->members = members;
}

static exit_status print_report(record_folder *self, const svms_recording_stats *stats,
                                bool by_signal)
{
    json_t *containers = self->containers;
    self->containers = NULL;
    json_t *report =
        json_pack("{s:s, s:o, s:s, s:o, s:I, s:I, s:o, s:b, s:I, s:I}", "folder", self->target.path,
                  "recording_id", json_hex(self->recording_id, 16), "link",
                  link_names[self->link_state], "containers", containers, "samples",
                  (json_int_t)stats->samples, "segments", (json_int_t)stats->segments, "until",
                  json_time(stats->last_utc_ns), "ended_by_signal", by_signal, "failures",
                  (json_int_t)stats->failures, "heads_not_kept", (json_int_t)stats->heads_not_kept);
    if (self->members && json_object_update(report, self->members) != 0) {
        json_decref(report);
        report = NULL;
    }
    return json_print(report);
}

exit_status record_folder_finish(record_folder *self, exit_status status, bool by_signal)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_recording_stats stats = SVMS_RECORDING_STATS_INIT;
    svms_status flushed = svms_recording_flush(self->recording, &err);
    if (svms_recording_get_stats(self->recording, &stats) != SVMS_OK) {
        flushed = SVMS_E_INTERNAL;
    }
    svms_status closed = svms_recording_close(&self->recording, &err);
    if (flushed != SVMS_OK || closed != SVMS_OK) {
        exit_status failed = complain_error(&err, "cannot end the recording");
        status = status == EXIT_GOOD ? failed : status;
    }
    if (stats.heads_not_kept > 0) {
        complain("%" PRIu64 " times the head could not be kept in %s", stats.heads_not_kept,
                 self->target.head_path);
    }
    bool troubled = self->lost_name || stats.heads_not_kept > 0 || stats.failures > 0;
    status = status == EXIT_GOOD && troubled ? EXIT_ENVIRONMENT : status;
    if (stats.samples == 0) {
        return status;
    }
    if (self->target.json) {
        exit_status printed = print_report(self, &stats, by_signal);
        return status == EXIT_GOOD ? printed : status;
    }
    char until[SVMS_TIME_TEXT_SIZE];
    svms_time_format(stats.last_utc_ns, until);
    print_line(stderr,
               "%s: %" PRIu64 " samples in %" PRIu64 " segments of %" PRIu64
               " containers, until %s%s",
               self->target.path, stats.samples, stats.segments, self->kept, until,
               by_signal ? " (ended by a signal)" : "");
    return status;
}

void record_folder_free(record_folder **folder)
{
    record_folder *self = *folder;
    if (!self) {
        return;
    }
    svms_recording_abort(&self->recording);
    folder_end_free(&self->end);
    json_decref(self->containers);
    json_decref(self->members);
    if (self->handle >= 0) {
        close(self->handle);
    }
    free(self);
    *folder = NULL;
}
