/* SPDX-License-Identifier: Apache-2.0 */
/* What a witness has seen of a log, as a file: text, so that people can read it. */
#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "log_internal.h"
#include "witness_internal.h"

static const char title[] = "svms audit witness log\n";
#define TITLE_SIZE (sizeof title - 1)
#define NAME_SIZE 64u

svms_status svms_witness_read(const svms_folder *folder, const char *name, svms_builder *out,
                              svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = svms_log_read_file(folder, name, out, &why);
    if (status == SVMS_E_IO) {
        return svms_fail_io(err, why.os_error, "the witness cannot read \"%s\"", name);
    }
    return status == SVMS_OK ? SVMS_OK
                             : svms_fail(err, status, "the witness cannot read \"%s\"", name);
}

svms_status svms_witness_put(const svms_folder *folder, const char *name, const void *data,
                             size_t size, svms_error *err)
{
    int os_error = 0;
    svms_status status = folder->put(folder->user, name, data, size, 1, &os_error);
    if (status == SVMS_E_IO) {
        return svms_fail_io(err, os_error, "the witness cannot write \"%s\"", name);
    }
    return status == SVMS_OK ? SVMS_OK
                             : svms_fail(err, status, "the witness cannot write \"%s\"", name);
}

/* Origins have slashes, and are longer than names of files may be. */
static svms_status hash_origin(svms_witness_log *log, svms_ctx *ctx, svms_error *err)
{
    uint8_t digest[SVMS_DIGEST_SIZE];
    const svms_iovec run = { log->first.name, strlen(log->first.name) };
    svms_status status = svms_sha256(ctx, &run, 1, digest, err);
    for (size_t i = 0; i < (SVMS_WITNESS_HASH_SIZE - 1) / 2 && status == SVMS_OK; i++) {
        snprintf(log->hash + 2 * i, 3, "%02x", digest[i]);
    }
    return status;
}

svms_status svms_witness_log_new(svms_witness_log **out, svms_ctx *ctx, const svms_note_key *first,
                                 svms_error *err)
{
    svms_witness_log *log = svms_alloc(ctx, sizeof *log);
    if (!log) {
        return svms_fail_memory(err);
    }
    log->first = *first;
    log->key = *first;
    log->note = svms_builder_new(ctx, SVMS_NOTE_MAX);
    svms_status status = hash_origin(log, ctx, err);
    if (status == SVMS_OK) {
        status = svms_sha256(ctx, NULL, 0, log->head.root, err);
    }
    if (status != SVMS_OK) {
        svms_witness_log_free(&log, ctx);
        return status;
    }
    *out = log;
    return SVMS_OK;
}

void svms_witness_log_free(svms_witness_log **log, svms_ctx *ctx)
{
    if (*log) {
        svms_builder_clear(&(*log)->note);
        svms_release(ctx, *log);
        *log = NULL;
    }
}

static void name_of(const svms_witness_log *log, char out[NAME_SIZE])
{
    snprintf(out, NAME_SIZE, "logs/%s", log->hash);
}

static bool read_key_line(svms_cursor *cursor, svms_ctx *ctx, svms_note_key *out,
                          svms_status *status, svms_error *err)
{
    const char *line = (const char *)cursor->data + cursor->position;
    const char *end = memchr(line, '\n', svms_cursor_left(cursor));
    if (!end || !svms_skip(cursor, (size_t)(end - line) + 1)) {
        return false;
    }
    *status = svms_note_key_parse(out, ctx, line, (size_t)(end - line), err);
    return *status == SVMS_OK;
}

static svms_status damaged(const char *name, svms_error *err)
{
    return svms_fail(err, SVMS_E_MALFORMED, "\"%s\" of the witness is damaged", name);
}

/* What stands behind the title. */
static bool read_fields(svms_witness_log *log, svms_cursor *cursor, svms_note_key *first,
                        svms_status *status, svms_error *err)
{
    svms_ctx *ctx = log->note.ctx;
    return read_key_line(cursor, ctx, first, status, err) &&
           svms_read_decimal_line(cursor, &log->epoch) &&
           read_key_line(cursor, ctx, &log->key, status, err) &&
           svms_read_decimal_line(cursor, &log->head.size) && log->head.size <= SVMS_TREE_MAX &&
           svms_read_hash_line(cursor, log->head.root) && svms_read_u8(cursor) == '\n';
}

/* A disk that changes its mind must not make a witness forget what it has confirmed: the line
 * behind the title is SHA-256 of all that follows. */
static svms_status check_sum(svms_ctx *ctx, svms_cursor *cursor, const char *name, svms_error *err)
{
    uint8_t sum[SVMS_DIGEST_SIZE];
    uint8_t found[SVMS_DIGEST_SIZE];
    const uint8_t *start = svms_read_bytes(cursor, TITLE_SIZE);
    if (!start || memcmp(start, title, TITLE_SIZE) != 0 || !svms_read_hash_line(cursor, sum)) {
        return damaged(name, err);
    }
    const svms_iovec run = { cursor->data + cursor->position, svms_cursor_left(cursor) };
    svms_status status = svms_sha256(ctx, &run, 1, found, err);
    return status != SVMS_OK || memcmp(sum, found, sizeof sum) == 0 ? status : damaged(name, err);
}

static svms_status parse(svms_witness_log *log, const svms_builder *bytes, const char *name,
                         svms_error *err)
{
    svms_note_key first;
    svms_error why = SVMS_ERROR_INIT;
    svms_cursor cursor = svms_cursor_over(bytes->data, bytes->size, 0);
    svms_status status = check_sum(log->note.ctx, &cursor, name, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!read_fields(log, &cursor, &first, &status, &why)) {
        bool is_ours = svms_status_class(status) == SVMS_CLASS_ENVIRONMENT;
        return is_ours ? svms_fail_as(err, status, &why) : damaged(name, err);
    }
    if (strcmp(log->key.name, first.name) != 0 || strcmp(log->first.name, first.name) != 0 ||
        log->key.kind != SVMS_NOTE_LOG) {
        return damaged(name, err);
    }
    if (memcmp(log->first.key, first.key, sizeof first.key) != 0) {
        return svms_fail(err, SVMS_E_STATE, "the witness knows \"%s\" by another first key",
                         first.name);
    }
    svms_put_bytes(&log->note, cursor.data + cursor.position, svms_cursor_left(&cursor));
    return svms_builder_check(&log->note, "what a witness has seen", err);
}

svms_status svms_witness_log_load(svms_witness_log *log, const svms_folder *folder, svms_error *err)
{
    char name[NAME_SIZE];
    svms_error why = SVMS_ERROR_INIT;
    svms_builder bytes = svms_builder_new(log->note.ctx, SVMS_WITNESS_STATE_MAX);
    name_of(log, name);
    svms_status status = svms_witness_read(folder, name, &bytes, &why);
    if (status == SVMS_OK) {
        status = parse(log, &bytes, name, err);
    } else if (svms_log_is_missing(status, &why)) {
        status = SVMS_OK;
    } else {
        status = svms_fail_as(err, status, &why);
    }
    svms_builder_clear(&bytes);
    return status;
}

static void put_fields(svms_builder *out, const svms_witness_log *log)
{
    svms_put_note_key(out, &log->first);
    svms_put_u8(out, '\n');
    svms_put_decimal_line(out, log->epoch);
    svms_put_note_key(out, &log->key);
    svms_put_u8(out, '\n');
    svms_put_decimal_line(out, log->head.size);
    svms_put_hash_line(out, log->head.root);
    svms_put_u8(out, '\n');
    svms_put_bytes(out, log->note.data, log->note.size);
}

svms_status svms_witness_log_store(const svms_witness_log *log, const svms_folder *folder,
                                   svms_error *err)
{
    char name[NAME_SIZE];
    uint8_t sum[SVMS_DIGEST_SIZE];
    svms_ctx *ctx = log->note.ctx;
    svms_builder fields = svms_builder_new(ctx, SVMS_WITNESS_STATE_MAX);
    svms_builder bytes = svms_builder_new(ctx, SVMS_WITNESS_STATE_MAX);
    put_fields(&fields, log);
    svms_status status = svms_builder_check(&fields, "what a witness has seen", err);
    if (status == SVMS_OK) {
        const svms_iovec run = { fields.data, fields.size };
        status = svms_sha256(ctx, &run, 1, sum, err);
    }
    if (status == SVMS_OK) {
        svms_put_bytes(&bytes, title, TITLE_SIZE);
        svms_put_hash_line(&bytes, sum);
        svms_put_bytes(&bytes, fields.data, fields.size);
        status = svms_builder_check(&bytes, "what a witness has seen", err);
    }
    name_of(log, name);
    if (status == SVMS_OK) {
        status = svms_witness_put(folder, name, bytes.data, bytes.size, err);
    }
    svms_builder_clear(&fields);
    svms_builder_clear(&bytes);
    return status;
}
