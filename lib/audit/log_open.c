/* SPDX-License-Identifier: Apache-2.0 */
/* A log is made, opened, tended and closed. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "log_aside.h"
#include "log_internal.h"
#include "log_replay.h"
#include "options.h"

#define EPOCH_LEAST 3600u
#define EPOCH_MOST 31622400u
#define SECOND_NS UINT64_C(1000000000)

static svms_status find_any(void *user, const char *name)
{
    bool *found = user;
    *found = *found || strcmp(name, "lock") != 0;
    return SVMS_OK;
}

static svms_status must_be_empty(const svms_folder *folder, svms_error *err)
{
    bool found = false;
    int os_error = 0;
    svms_status status = folder->list(folder->user, "", find_any, &found, &os_error);
    if (status == SVMS_OK && found) {
        return svms_fail(err, SVMS_E_STATE, "the folder of a new log must be empty");
    }
    return svms_log_io(status, os_error, "look into", ".", err);
}

static bool is_origin(const char *origin)
{
    static const char signs[] = "abcdefghijklmnopqrstuvwxyz0123456789.-/_";
    size_t size = strlen(origin);
    return size > 0 && size <= SVMS_NOTE_NAME_MAX && strspn(origin, signs) == size;
}

svms_status svms_audit_log_create(svms_ctx *ctx, const svms_folder *folder, const char *origin,
                                  char key[SVMS_AUDIT_KEY_SIZE], svms_error *err)
{
    svms_private_key *private_key = NULL;
    svms_note_key first;
    if (!ctx || !folder || !origin || !key) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    if (!is_origin(origin)) {
        return svms_fail(err, SVMS_E_USAGE, "the origin of a log has 1 to %u of a-z 0-9 . - / _",
                         SVMS_NOTE_NAME_MAX);
    }
    svms_status status = must_be_empty(folder, err);
    if (status == SVMS_OK) {
        status = svms_log_make_key(ctx, folder, origin, 0, &private_key, &first, err);
    }
    if (status == SVMS_OK) {
        status = svms_log_put_identity(ctx, folder, &first, key, err);
    }
    svms_private_key_free(&private_key);
    return status;
}

static svms_status read_epochs(svms_audit_log *log, svms_error *err)
{
    svms_note_key first;
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = svms_log_read_identity(log->ctx, log->folder, &first, err);
    if (status == SVMS_OK) {
        status = svms_epochs_init(&log->epochs, log->ctx, &first, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_log_read_file(log->folder, "epochs", &log->epochs_text, &why);
    if (svms_log_is_missing(status, &why)) {
        return SVMS_OK;
    }
    if (status != SVMS_OK) {
        return svms_fail_as(err, status, &why);
    }
    return svms_epochs_read(&log->epochs, log->epochs_text.data, log->epochs_text.size, err);
}

static svms_status lock_folder(const svms_folder *folder, svms_error *err)
{
    int os_error = 0;
    svms_status status = folder->lock(folder->user, &os_error);
    if (status == SVMS_E_IO && os_error == EWOULDBLOCK) {
        return svms_fail(err, SVMS_E_STATE, "somebody else has the log open");
    }
    return svms_log_io(status, os_error, "take", ".", err);
}

static svms_status make(svms_audit_log **out, svms_ctx *ctx, const svms_folder *folder,
                        const svms_audit_log_options *options, svms_error *err)
{
    svms_audit_log *log = svms_alloc(ctx, sizeof *log);
    if (!log) {
        return svms_fail_memory(err);
    }
    *out = log;
    log->ctx = ctx;
    log->folder = folder;
    log->epoch_ns = options->epoch_s * SECOND_NS;
    log->last_utc_ns = SVMS_NO_TIME;
    log->epochs.ctx = ctx;
    log->epochs_text = svms_builder_new(ctx, SVMS_EPOCHS_TEXT_MAX);
    log->group = svms_builder_new(ctx, SVMS_JOURNAL_FRAME_SIZE + SVMS_JOURNAL_GROUP_MAX);
    log->leaves = svms_builder_new(ctx, (size_t)SVMS_JOURNAL_GROUP_RECORDS * SVMS_DIGEST_SIZE);
    log->backlog.records = svms_builder_new(ctx, SIZE_MAX);
    log->backlog.leaves = svms_builder_new(ctx, SIZE_MAX);
    log->server = svms_copy_text(ctx, options->server);
    if (!log->server || svms_platform_latch_init(&log->latch) != 0) {
        return svms_fail_memory(err);
    }
    log->has_latch = true;
    svms_status status = svms_hasher_new(&log->hasher, ctx, err);
    return status == SVMS_OK ? svms_log_publisher_init(&log->publisher, ctx, err) : status;
}

static void dismantle(svms_audit_log **log)
{
    svms_audit_log *gone = *log;
    if (!gone) {
        return;
    }
    svms_store_close(&gone->journal);
    svms_sign_engine_free(&gone->engine);
    svms_private_key_free(&gone->key);
    svms_hasher_free(&gone->hasher);
    svms_log_publisher_clear(&gone->publisher, gone->ctx);
    svms_epochs_clear(&gone->epochs);
    svms_builder_clear(&gone->epochs_text);
    svms_builder_clear(&gone->group);
    svms_builder_clear(&gone->leaves);
    svms_builder_clear(&gone->backlog.records);
    svms_builder_clear(&gone->backlog.leaves);
    svms_release(gone->ctx, gone->server);
    if (gone->has_latch) {
        svms_platform_latch_destroy(&gone->latch);
    }
    svms_release(gone->ctx, gone);
    *log = NULL;
}

/* A new key, and the record about it, which is the first that it signs; what was put aside is told
 * in the same group. After a failure the next attempt goes on where this one ended. */
static svms_status begin_epoch(svms_audit_log *log, svms_log_aside *aside, svms_error *err)
{
    svms_audit_record *record[1 + SVMS_LOG_ASIDE_MOST] = { NULL };
    size_t count = 1;
    svms_status status = log->owes_epoch ? SVMS_OK : svms_log_hand_over(log, err);
    if (status == SVMS_OK) {
        status = svms_log_destroy_old_key(log, err);
    }
    if (status == SVMS_OK) {
        status = svms_log_record_epoch(log, &record[0], err);
    }
    if (status == SVMS_OK) {
        for (; aside && aside->count > 0; count++) {
            record[count] = aside->record[--aside->count];
        }
        status = svms_log_append_own(log, record, count, err);
    }
    log->owes_epoch = log->owes_epoch && status != SVMS_OK;
    return status;
}

static svms_status say_open(svms_audit_log *log, svms_error *err)
{
    svms_audit_record *record = NULL;
    svms_status status = svms_log_record_open(log, &record, err);
    return status == SVMS_OK ? svms_log_append_own(log, &record, 1, err) : status;
}

static svms_status open_all(svms_audit_log *log, svms_error *err)
{
    svms_log_aside aside = { .count = 0 };
    svms_status status = lock_folder(log->folder, err);
    if (status == SVMS_OK) {
        status = read_epochs(log, err);
    }
    if (status == SVMS_OK) {
        status = svms_log_load_key(log, err);
    }
    if (status == SVMS_OK) {
        status = svms_log_replay(log, err);
    }
    if (status == SVMS_OK) {
        status = svms_log_find_aside(log, &aside, err);
    }
    if (status == SVMS_OK) {
        status = begin_epoch(log, &aside, err);
    }
    svms_log_aside_clear(&aside);
    if (status == SVMS_OK) {
        status = say_open(log, err);
    }
    return status == SVMS_OK ? svms_log_publish(log, err) : status;
}

svms_status svms_audit_log_open(svms_audit_log **out, svms_ctx *ctx, const svms_folder *folder,
                                const svms_audit_log_options *options, svms_error *err)
{
    svms_audit_log_options known = SVMS_AUDIT_LOG_OPTIONS_INIT;
    svms_audit_log *log = NULL;
    if (!out || !ctx || !folder) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_options_read(&known, sizeof known, options, "the options", err);
    if (status == SVMS_OK && (!known.server || known.server[0] == '\0' ||
                              known.epoch_s < EPOCH_LEAST || known.epoch_s > EPOCH_MOST)) {
        status = svms_fail(err, SVMS_E_USAGE,
                           "a log needs the name of its server, and epochs of %u to %u seconds",
                           EPOCH_LEAST, EPOCH_MOST);
    }
    if (status == SVMS_OK) {
        status = make(&log, ctx, folder, &known, err);
    }
    if (status == SVMS_OK) {
        status = open_all(log, err);
    }
    if (status != SVMS_OK) {
        dismantle(&log);
        return status;
    }
    *out = log;
    return SVMS_OK;
}

static bool epoch_is_over(const svms_audit_log *log)
{
    return svms_monotonic_now(log->ctx) - log->epoch_begun_ns >= log->epoch_ns;
}

svms_status svms_audit_log_tend(svms_audit_log *log, svms_error *err)
{
    if (!log) {
        return svms_fail(err, SVMS_E_USAGE, "no log was given");
    }
    svms_log_lead(log);
    svms_status status = svms_log_repair(log, err);
    if (status == SVMS_OK && (log->owes_epoch || epoch_is_over(log))) {
        status = begin_epoch(log, NULL, err);
    }
    if (status == SVMS_OK && log->journal_size > SVMS_LOG_SEGMENT_BYTES) {
        status = svms_log_begin_segment(log, err);
    }
    svms_log_follow(log);
    if (status == SVMS_OK) {
        status = svms_log_publish(log, err);
    }
    return status == SVMS_OK ? svms_log_drop_segments(log, err) : status;
}

svms_status svms_audit_log_close(svms_audit_log **log, svms_error *err)
{
    if (!log || !*log) {
        return SVMS_OK;
    }
    svms_status status = svms_log_publish(*log, err);
    dismantle(log);
    return status;
}
