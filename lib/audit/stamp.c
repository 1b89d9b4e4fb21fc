/* SPDX-License-Identifier: Apache-2.0 */
/* Time stamps on checkpoints (A-WIT-4, A-RET-10). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/audit_keep.h>

#include "failure.h"
#include "log_internal.h"
#include "options.h"
#include "trust.h"

#define STAMPS_MAX 65536u
#define NAME_SIZE 32u
#define FRONT "stamp/"

/* What the stamps of a log are over. */
typedef struct stamped {
    svms_ctx *ctx;
    const svms_folder *folder;
    char origin[SVMS_NOTE_NAME_MAX + 1];
    svms_hasher *hasher;
    svms_builder token;
} stamped;

static svms_status begin(stamped *out, svms_ctx *ctx, const svms_folder *folder, svms_error *err)
{
    svms_note_key key;
    *out = (stamped){ .ctx = ctx, .folder = folder };
    out->token = svms_builder_new(ctx, SVMS_TIMESTAMP_TOKEN_MAX);
    svms_status status = svms_log_read_identity(ctx, folder, &key, err);
    if (status != SVMS_OK) {
        return status;
    }
    memcpy(out->origin, key.name, sizeof out->origin);
    return svms_hasher_new(&out->hasher, ctx, err);
}

static void end(stamped *log)
{
    svms_hasher_free(&log->hasher);
    svms_builder_clear(&log->token);
}

static void stamp_name(uint64_t size, char out[NAME_SIZE])
{
    snprintf(out, NAME_SIZE, FRONT "%" PRIu64, size);
}

/* SHA-256 of the text of the checkpoint that the hashes of the log make. */
static svms_status find_digest(const stamped *log, uint64_t size, svms_checkpoint *checkpoint,
                               uint8_t out[SVMS_DIGEST_SIZE], svms_error *err)
{
    svms_log_tiles tiles;
    svms_builder text = svms_builder_new(log->ctx, SVMS_JOURNAL_NOTE_MAX);
    memcpy(checkpoint->origin, log->origin, sizeof checkpoint->origin);
    checkpoint->head.size = size;
    svms_log_tiles_init(&tiles, log->ctx, log->folder, log->hasher, size);
    const svms_tree_source source = svms_log_tiles_source(&tiles);
    svms_status status = svms_tree_root_at(&source, size, checkpoint->head.root, err);
    svms_log_tiles_clear(&tiles);
    if (status == SVMS_OK) {
        svms_put_checkpoint(&text, checkpoint);
        status = svms_builder_check(&text, "a checkpoint", err);
    }
    if (status == SVMS_OK && !svms_hasher_once(log->hasher, text.data, text.size, out)) {
        status = svms_fail_crypto(err, "hashing a checkpoint");
    }
    svms_builder_clear(&text);
    return status;
}

static svms_status read_epochs(svms_epochs *out, const stamped *log, const svms_note_key *first,
                               svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    svms_builder text = svms_builder_new(log->ctx, SVMS_EPOCHS_TEXT_MAX);
    svms_status status = svms_epochs_init(out, log->ctx, first, err);
    if (status == SVMS_OK) {
        status = svms_log_read_file(log->folder, "epochs", &text, &why);
        if (svms_log_is_missing(status, &why)) {
            status = SVMS_OK;
        } else if (status != SVMS_OK) {
            status = svms_fail_as(err, status, &why);
        } else {
            status = svms_epochs_read(out, text.data, text.size, err);
        }
    }
    svms_builder_clear(&text);
    return status;
}

static svms_status check_newest(const stamped *log, const svms_note_key *first,
                                svms_checkpoint *out, svms_error *err)
{
    svms_epochs epochs = { .ctx = log->ctx };
    svms_error why = SVMS_ERROR_INIT;
    svms_builder note = svms_builder_new(log->ctx, SVMS_NOTE_MAX);
    svms_status status = read_epochs(&epochs, log, first, err);
    if (status == SVMS_OK) {
        status = svms_log_read_file(log->folder, "checkpoint", &note, &why);
        if (svms_log_is_missing(status, &why)) {
            status = svms_fail(err, SVMS_E_STATE, "the log has no checkpoint yet");
        } else if (status != SVMS_OK) {
            status = svms_fail_as(err, status, &why);
        }
    }
    if (status == SVMS_OK) {
        status = svms_epochs_check(&epochs, note.data, note.size, out, err);
    }
    svms_builder_clear(&note);
    svms_epochs_clear(&epochs);
    return status;
}

static svms_status find_newest(const stamped *log, const svms_audit_trust *trust,
                               svms_checkpoint *out, svms_error *err)
{
    svms_trusted trusted;
    svms_status status = trust ? svms_trusted_read(&trusted, log->ctx, trust, err)
                               : svms_trusted_from_folder(&trusted, log->ctx, log->folder, err);
    if (status == SVMS_OK) {
        status = check_newest(log, &trusted.log_key, out, err);
    }
    svms_trusted_clear(&trusted);
    return status;
}

static svms_status request(svms_audit_stamp_query *out, stamped *log, const svms_audit_trust *trust,
                           svms_error *err)
{
    svms_checkpoint newest;
    svms_checkpoint found;
    svms_status status = find_newest(log, trust, &newest, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (strcmp(newest.origin, log->origin) != 0) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "the checkpoint is of another log");
    }
    out->size = newest.head.size;
    status = find_digest(log, newest.head.size, &found, out->digest, err);
    if (status == SVMS_OK &&
        memcmp(found.head.root, newest.head.root, sizeof found.head.root) != 0) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the checkpoint is not that of the hashes that the log has");
    }
    return status == SVMS_OK ? svms_timestamp_query(log->ctx, out->digest, out->query, err)
                             : status;
}

svms_status svms_audit_stamp_request(svms_audit_stamp_query *out, svms_ctx *ctx,
                                     const svms_folder *folder, const svms_audit_trust *trust,
                                     svms_error *err)
{
    svms_audit_stamp_query known = SVMS_AUDIT_STAMP_QUERY_INIT;
    stamped log;
    if (!out || !ctx || !folder) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = begin(&log, ctx, folder, err);
    if (status == SVMS_OK) {
        status = request(&known, &log, trust, err);
    }
    end(&log);
    return status == SVMS_OK ? svms_result_write(out, &known, sizeof known, "the query", err)
                             : status;
}

static bool is_about_the_stamp(svms_status status)
{
    return status == SVMS_OK || status == SVMS_E_UNTRUSTED || status == SVMS_E_NOT_AUTHENTIC ||
           status == SVMS_E_MALFORMED || status == SVMS_E_UNSUPPORTED || status == SVMS_E_LIMIT ||
           status == SVMS_E_TRUNCATED;
}

/* What the stamp of a size is worth is in out->status; anything else is a failure. */
static svms_status judge(stamped *log, const svms_trust *anchors, uint64_t size,
                         svms_audit_stamp *out, svms_error *err)
{
    svms_timestamp_question question = SVMS_TIMESTAMP_QUESTION_INIT;
    svms_checkpoint checkpoint;
    uint8_t digest[SVMS_DIGEST_SIZE];
    char name[NAME_SIZE];
    svms_error why = SVMS_ERROR_INIT;
    *out = (svms_audit_stamp)SVMS_AUDIT_STAMP_INIT;
    out->size = size;
    stamp_name(size, name);
    svms_status status = svms_log_read_file(log->folder, name, &log->token, &why);
    if (status == SVMS_OK) {
        status = find_digest(log, size, &checkpoint, digest, &why);
        /* The log has not so many records, or not any more. */
        status = svms_log_is_missing(status, &why) ? SVMS_E_NOT_AUTHENTIC : status;
    }
    if (status == SVMS_OK) {
        question.now_utc_ns = svms_utc_now(log->ctx);
        status = svms_timestamp_check(anchors, log->token.data, log->token.size, digest, &question,
                                      &out->info, &why);
    }
    out->status = status;
    return is_about_the_stamp(status) ? SVMS_OK : svms_fail_as(err, status, &why);
}

/* Released by the caller. */
static svms_status take_token(svms_ctx *ctx, const svms_audit_stamp_query *query, const void *reply,
                              size_t reply_size, uint8_t **token, size_t *size, svms_error *err)
{
    if (reply_size == 0 || reply_size > 2 * (size_t)SVMS_TIMESTAMP_TOKEN_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "the answer of the authority is too large, or empty");
    }
    *size = reply_size;
    *token = svms_alloc(ctx, reply_size);
    return *token ? svms_timestamp_accept(query->query, sizeof query->query, reply, reply_size,
                                          *token, size, err)
                  : svms_fail_memory(err);
}

static svms_status must_be_free(stamped *log, const svms_trust *anchors, uint64_t size,
                                svms_error *err)
{
    svms_audit_stamp there;
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = judge(log, anchors, size, &there, &why);
    if (svms_log_is_missing(status, &why)) {
        return SVMS_OK;
    }
    if (status != SVMS_OK) {
        return svms_fail_as(err, status, &why);
    }
    return there.status == SVMS_OK
               ? svms_fail(err, SVMS_E_STATE, "the checkpoint of %" PRIu64 " records is stamped",
                           size)
               : SVMS_OK;
}

static svms_status keep(stamped *log, const svms_trust *anchors,
                        const svms_audit_stamp_query *query, const uint8_t *token, size_t size,
                        svms_timestamp_info *info, svms_error *err)
{
    svms_timestamp_question question = SVMS_TIMESTAMP_QUESTION_INIT;
    svms_checkpoint checkpoint;
    uint8_t digest[SVMS_DIGEST_SIZE];
    char name[NAME_SIZE];
    svms_status status = find_digest(log, query->size, &checkpoint, digest, err);
    if (status == SVMS_OK) {
        question.now_utc_ns = svms_utc_now(log->ctx);
        status = svms_timestamp_check(anchors, token, size, digest, &question, info, err);
    }
    if (status == SVMS_OK) {
        status = must_be_free(log, anchors, query->size, err);
    }
    if (status == SVMS_OK) {
        stamp_name(query->size, name);
        status = svms_log_put_file(log->folder, name, token, size, true, err);
    }
    return status;
}

svms_status svms_audit_stamp_keep(svms_ctx *ctx, const svms_folder *folder,
                                  const svms_trust *anchors, const svms_audit_stamp_query *query,
                                  const void *reply, size_t reply_size, svms_timestamp_info *info,
                                  svms_error *err)
{
    svms_audit_stamp_query known = SVMS_AUDIT_STAMP_QUERY_INIT;
    svms_timestamp_info said = SVMS_TIMESTAMP_INFO_INIT;
    stamped log;
    uint8_t *token = NULL;
    size_t size = 0;
    if (!ctx || !folder || !anchors || !query || !reply) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_options_read(&known, sizeof known, query, "the query", err);
    if (status == SVMS_OK && (known.size == 0 || known.size > SVMS_TREE_MAX)) {
        status = svms_fail(err, SVMS_E_USAGE, "no checkpoint was asked about");
    }
    if (status != SVMS_OK) {
        return status;
    }
    status = begin(&log, ctx, folder, err);
    if (status == SVMS_OK) {
        status = take_token(ctx, &known, reply, reply_size, &token, &size, err);
    }
    if (status == SVMS_OK) {
        status = keep(&log, anchors, &known, token, size, &said, err);
    }
    svms_release(ctx, token);
    end(&log);
    return status == SVMS_OK && info
               ? svms_result_write(info, &said, sizeof said, "what the stamp says", err)
               : status;
}

/* Sizes that have stamps. */
typedef struct listing {
    svms_ctx *ctx;
    struct candidate {
        uint64_t size;
        int64_t told_utc_ns;
    } * entry;
    size_t count;
} listing;

static svms_status note_name(void *user, const char *name)
{
    listing *found = user;
    uint64_t size = 0;
    char line[NAME_SIZE];
    int length = snprintf(line, sizeof line, "%.24s\n", name);
    svms_cursor cursor = svms_cursor_over(line, (size_t)length, 0);
    if (!svms_read_decimal_line(&cursor, &size) || !svms_cursor_at_end(&cursor) || size == 0 ||
        size > SVMS_TREE_MAX) {
        return SVMS_OK;
    }
    if (found->count == STAMPS_MAX) {
        return SVMS_E_LIMIT;
    }
    found->entry[found->count++] = (struct candidate){ size, SVMS_NO_TIME };
    return SVMS_OK;
}

static int by_size(const void *a, const void *b)
{
    const struct candidate *left = a;
    const struct candidate *right = b;
    return (left->size > right->size) - (left->size < right->size);
}

static int by_time(const void *a, const void *b)
{
    const struct candidate *left = a;
    const struct candidate *right = b;
    return (left->told_utc_ns > right->told_utc_ns) - (left->told_utc_ns < right->told_utc_ns);
}

static svms_status list(const stamped *log, listing *out, svms_error *err)
{
    int os_error = 0;
    *out = (listing){ .ctx = log->ctx };
    out->entry = svms_alloc(log->ctx, STAMPS_MAX * sizeof *out->entry);
    if (!out->entry) {
        return svms_fail_memory(err);
    }
    svms_status status = log->folder->list(log->folder->user, "stamp", note_name, out, &os_error);
    if (status == SVMS_E_LIMIT) {
        return svms_fail(err, status, "the log has more than %u time stamps", STAMPS_MAX);
    }
    qsort(out->entry, out->count, sizeof *out->entry, by_size);
    return svms_log_io(status, os_error, "look into", "stamp", err);
}

svms_status svms_audit_stamps(svms_ctx *ctx, const svms_folder *folder, const svms_trust *anchors,
                              svms_audit_stamp_each each, void *user, svms_error *err)
{
    stamped log;
    listing found = { .ctx = ctx };
    if (!ctx || !folder || !each) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = begin(&log, ctx, folder, err);
    if (status == SVMS_OK) {
        status = list(&log, &found, err);
    }
    for (size_t i = 0; i < found.count && status == SVMS_OK; i++) {
        svms_audit_stamp stamp;
        status = judge(&log, anchors, found.entry[i].size, &stamp, err);
        if (status == SVMS_OK) {
            status = each(user, &stamp);
        }
    }
    svms_release(ctx, found.entry);
    end(&log);
    return status;
}

/* Those that cover the record, in the order of the times that they tell, which nobody has vouched
 * for yet. */
static svms_status choose(stamped *log, listing *found, uint64_t index, svms_error *err)
{
    svms_status status = SVMS_OK;
    size_t left = 0;
    for (size_t i = 0; i < found->count && status == SVMS_OK; i++) {
        svms_audit_stamp stamp;
        if (found->entry[i].size <= index) {
            continue;
        }
        status = judge(log, NULL, found->entry[i].size, &stamp, err);
        if (status == SVMS_OK && stamp.status == SVMS_E_UNTRUSTED) {
            found->entry[left].size = found->entry[i].size;
            found->entry[left++].told_utc_ns = stamp.info.gen_time_utc_ns;
        }
    }
    found->count = left;
    qsort(found->entry, left, sizeof *found->entry, by_time);
    return status;
}

static svms_status find_earliest(stamped *log, const svms_trust *anchors, uint64_t index,
                                 svms_audit_stamp *out, svms_error *err)
{
    listing found;
    bool is_found = false;
    svms_status status = list(log, &found, err);
    if (status == SVMS_OK) {
        status = choose(log, &found, index, err);
    }
    for (size_t i = 0; i < found.count && status == SVMS_OK && !is_found; i++) {
        status = judge(log, anchors, found.entry[i].size, out, err);
        is_found = status == SVMS_OK && out->status == SVMS_OK;
    }
    svms_release(log->ctx, found.entry);
    if (status == SVMS_OK && !is_found) {
        return svms_fail(err, SVMS_E_STATE, "no time stamp that is trusted covers record %" PRIu64,
                         index);
    }
    return status;
}

svms_status svms_audit_stamp_earliest(svms_audit_stamp *out, svms_ctx *ctx,
                                      const svms_folder *folder, const svms_trust *anchors,
                                      uint64_t index, svms_error *err)
{
    svms_audit_stamp known = SVMS_AUDIT_STAMP_INIT;
    stamped log;
    if (!out || !ctx || !folder || !anchors) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = begin(&log, ctx, folder, err);
    if (status == SVMS_OK) {
        status = find_earliest(&log, anchors, index, &known, err);
    }
    end(&log);
    return status == SVMS_OK ? svms_result_write(out, &known, sizeof known, "the stamp", err)
                             : status;
}
