/* SPDX-License-Identifier: Apache-2.0 */
#include "sparse.h"

#include <errno.h>

#include "sign.h"

static svms_status piece_at(void *user, uint64_t n, bool *found, svms_piece *out, svms_error *err)
{
    sparse *of = user;
    if (++of->calls == of->call_fails_at) {
        if (err != NULL) {
            err->status = SVMS_E_IO;
        }
        return SVMS_E_IO;
    }
    *found = n < of->count;
    if (*found) {
        *out = of->pieces[n];
    }
    return SVMS_OK;
}

static svms_status find(void *user, int64_t utc_ns, bool *found, uint64_t *n, svms_error *err)
{
    sparse *of = user;
    *found = false;
    if (++of->calls == of->call_fails_at) {
        if (err != NULL) {
            err->status = SVMS_E_IO;
        }
        return SVMS_E_IO;
    }
    for (size_t i = 0; i < of->count; i++) {
        if (of->pieces[i].kind != SVMS_PIECE_SEGMENT) {
            continue;
        }
        if (!*found || of->pieces[i].first_utc_ns <= utc_ns) {
            *found = true;
            *n = i;
        }
    }
    return SVMS_OK;
}

static svms_status secret(void *user, uint64_t n, uint8_t track, bool *found,
                          uint8_t out[SVMS_SECRET_SIZE], svms_error *err)
{
    sparse *of = user;
    const svms_piece *piece = &of->pieces[n];
    *found = piece->number + 1 != of->no_secret &&
             (of->excerpt.removed_tracks & (UINT32_C(1) << track)) == 0;
    if (!*found) {
        return SVMS_OK;
    }
    svms_status status =
        svms_track_secret(of->fix->ctx, of->keys->segment_root, piece->number, track,
                          of->image.data + piece->offset + 16 + 24, out, err);
    out[0] ^= piece->number + 1 == of->wrong_secret;
    return status;
}

static svms_status take(void *user, const svms_piece *piece, const svms_manifest *manifest,
                        svms_error *err)
{
    sparse *out = user;
    bool has_manifest = piece->kind == SVMS_PIECE_SEGMENT || piece->kind == SVMS_PIECE_MANIFEST;
    assert_true(out->count < SPARSE_PIECES);
    assert_true(has_manifest == (manifest != NULL));
    if (out->count + 1 == out->callback_fails_at) {
        (void)err;
        return SVMS_E_STATE;
    }
    if (manifest != NULL) {
        assert_int_equal(manifest->segment, piece->number);
        assert_int_equal(manifest->first_utc_ns, piece->first_utc_ns);
        assert_int_equal(manifest->last_utc_ns, piece->last_utc_ns);
        out->told_manifests++;
    }
    if (out->count != 0) {
        const svms_piece *before = &out->pieces[out->count - 1];
        assert_true(piece->offset >= before->offset + before->body_size + before->closing_size);
    }
    out->pieces[out->count++] = *piece;
    return SVMS_OK;
}

void sparse_lay_out(sparse *out, const memory_file *file)
{
    uint64_t end = out->first_record;
    memory_file_clear(&out->image);
    for (size_t i = 0; i < out->count; i++) {
        const svms_piece *piece = &out->pieces[i];
        uint64_t behind = piece->offset + piece->body_size + piece->closing_size;
        end = behind > end ? behind : end;
    }
    out->image.data = malloc((size_t)end);
    assert_non_null(out->image.data);
    out->image.size = (size_t)end;
    out->image.capacity = (size_t)end;
    memset(out->image.data, 0xFF, (size_t)end);
    memset(out->image.data, 0, out->first_record);
    memcpy(out->image.data, file->data, out->front_size);
    for (size_t i = 0; i < out->count; i++) {
        const svms_piece *piece = &out->pieces[i];
        memcpy(out->image.data + piece->offset, file->data + piece->offset,
               (size_t)(piece->body_size + piece->closing_size));
    }
    out->source = memory_source(&out->image);
    out->excerpt.source = &out->source;
}

svms_status sparse_collect(sparse *out, fixture *fix, memory_file *file,
                           const svms_verify_options *options, bool include_unverified,
                           svms_report *report)
{
    const svms_collector collector = { take, out, include_unverified, NULL, NULL };
    svms_source source = memory_source(file);
    svms_front front;
    size_t fails_at = out->callback_fails_at;
    memset(out, 0, sizeof(*out));
    out->fix = fix;
    out->callback_fails_at = fails_at;
    assert_int_equal(svms_front_open(&front, fix->ctx, &source, NULL), SVMS_OK);
    out->first_record = (size_t)front.first_record;
    out->front_size = (size_t)front.first_record - front.slots_size;
    svms_front_clear(&front);
    out->excerpt.user = out;
    out->excerpt.piece_at = piece_at;
    out->excerpt.find = find;
    out->excerpt.attested_utc_ns = SVMS_NO_TIME;
    *report = (svms_report)SVMS_REPORT_INIT;
    svms_status status = svms_excerpt_collect(fix->ctx, &source, options, &collector, report, NULL);
    sparse_lay_out(out, file);
    return status;
}

static uint32_t load_u32(const uint8_t *at)
{
    return ((uint32_t)at[0] << 24) | ((uint32_t)at[1] << 16) | ((uint32_t)at[2] << 8) | at[3];
}

void sparse_remove(sparse *out, const memory_file *file, uint32_t tracks)
{
    out->excerpt.removed_tracks = tracks;
    for (size_t i = 0; i < out->count; i++) {
        svms_piece *piece = &out->pieces[i];
        if (piece->kind != SVMS_PIECE_SEGMENT) {
            continue;
        }
        uint8_t *to = out->image.data + piece->offset;
        const uint8_t *from = file->data + piece->offset;
        const uint8_t *end = from + piece->body_size;
        uint64_t kept = 0;
        while (from < end) {
            size_t size = (from[0] == 1 ? from[3] : 16u) + load_u32(from + 4);
            if (from[0] != 1 || (tracks & (UINT32_C(1) << from[2])) == 0) {
                memmove(to + kept, from, size);
                kept += size;
            }
            from += size;
        }
        memmove(to + kept, end, piece->closing_size);
        memset(to + kept + piece->closing_size, 0xFF, (size_t)(piece->body_size - kept));
        piece->body_size = kept;
    }
    const svms_piece *last = &out->pieces[out->count - 1];
    out->image.size = (size_t)(last->offset + last->body_size + last->closing_size);
}

void sparse_unlock(sparse *out, memory_file *file, const char *password)
{
    svms_keyring *ring = password_ring(out->fix, password);
    svms_source source = memory_source(file);
    out->keys = calloc(1, sizeof(*out->keys));
    assert_non_null(out->keys);
    assert_int_equal(svms_front_open(out->keys, out->fix->ctx, &source, NULL), SVMS_OK);
    assert_int_equal(svms_front_unlock(out->keys, ring, NULL), SVMS_OK);
    svms_keyring_free(&ring);
    out->excerpt.secret = secret;
}

void sparse_lend(sparse *out, svms_front *keys)
{
    out->keys = keys;
    out->lent = true;
    out->excerpt.secret = secret;
}

void sparse_drop(sparse *out, size_t n)
{
    const svms_piece *gone = &out->pieces[n];
    memset(out->image.data + gone->offset, 0xFF, (size_t)(gone->body_size + gone->closing_size));
    memmove(&out->pieces[n], &out->pieces[n + 1], (out->count - n - 1) * sizeof(*gone));
    out->count--;
    const svms_piece *last = &out->pieces[out->count - 1];
    out->image.size = out->count == 0
                          ? out->first_record
                          : (size_t)(last->offset + last->body_size + last->closing_size);
}

void sparse_clear(sparse *out)
{
    memory_file_clear(&out->image);
    if (out->lent) {
        out->keys = NULL;
    } else if (out->keys != NULL) {
        svms_front_clear(out->keys);
        free(out->keys);
        out->keys = NULL;
    }
}

svms_status sparse_verify(sparse *of, const svms_verify_options *options, svms_report *report,
                          svms_excerpt_findings *findings)
{
    svms_excerpt_findings found;
    *report = (svms_report)SVMS_REPORT_INIT;
    return svms_verify_excerpt(of->fix->ctx, &of->excerpt, options, of->keys != NULL, report,
                               findings != NULL ? findings : &found, NULL);
}

const signing signings[] = {
    { .name = "direct", .interval = 1 },
    { .name = "every second", .interval = 2 },
    { .name = "every third", .interval = 3 },
    { .name = "every 64th", .interval = 64 },
    { .name = "late, signer at hand", .interval = 1, .late = 1 },
    { .name = "late by two segments", .interval = 1, .late = 1, .behind = 2 },
    { .name = "late by 50 segments", .interval = 1, .late = 1, .behind = 50 },
    { .name = "every fourth, and late", .interval = 4, .late = 1, .behind = 1 },
    { .name = "batch", .interval = 1, .batch = true, .batch_signed = true },
    { .name = "batch that nobody signs", .interval = 1, .batch = true },
    { .name = "batch of every third",
      .interval = 3,
      .late = 1,
      .batch = true,
      .batch_signed = true },
    { .name = "unsigned", .interval = 1, .is_unsigned = true },
};
const size_t signing_count = sizeof(signings) / sizeof(signings[0]);

#define MOST_REQUESTS 700

/* A signer that answers when the test says so, or when somebody waits. */
typedef struct slow_signer {
    svms_sign_engine *engine;
    svms_sign_request *requests[MOST_REQUESTS];
    uint8_t messages[MOST_REQUESTS][1024];
    size_t sizes[MOST_REQUESTS];
    size_t begun;
    size_t answered;
} slow_signer;

static void answer_one(slow_signer *signer)
{
    uint8_t signature[1024];
    size_t size = sizeof(signature);
    size_t i = signer->answered++;
    assert_int_equal(
        svms_sign(signer->engine, signer->messages[i], signer->sizes[i], signature, &size, NULL),
        SVMS_OK);
    assert_int_equal(svms_sign_request_complete(signer->requests[i], SVMS_OK, signature, size),
                     SVMS_OK);
}

static svms_status begin(void *user, svms_sign_request *request, const svms_sign_message *message)
{
    slow_signer *signer = user;
    size_t i = signer->begun++;
    assert_true(i < MOST_REQUESTS && message->size <= sizeof(signer->messages[i]));
    signer->requests[i] = request;
    memcpy(signer->messages[i], message->data, message->size);
    signer->sizes[i] = message->size;
    return SVMS_OK;
}

static void on_wait(void *user)
{
    slow_signer *signer = user;
    if (signer->answered < signer->begun) {
        answer_one(signer);
    }
}

static svms_private_key *slow_key(fixture *fix, slow_signer *signer)
{
    svms_private_key *key = NULL;
    svms_public_key *half = NULL;
    svms_signer calls = SVMS_SIGNER_INIT;
    char pem[8192];
    size_t size = sizeof(pem);
    svms_certificate_options who = SVMS_CERTIFICATE_OPTIONS_INIT;
    calls.user = signer;
    calls.begin = begin;
    calls.wait = on_wait;
    who.role = SVMS_ROLE_RECORDER;
    who.common_name = "recorder";
    who.not_before_utc_ns = T0;
    who.not_after_utc_ns = T0 + 365 * DAY;
    assert_int_equal(svms_certificate_issue(fix->ctx, &who, fix->recorder_key, fix->ca, fix->ca_key,
                                            pem, &size, NULL),
                     SVMS_OK);
    assert_int_equal(svms_public_key_from_pem(&half, fix->ctx, pem, size, NULL), SVMS_OK);
    assert_int_equal(svms_sign_engine_new(&signer->engine, fix->ctx, fix->recorder_key, NULL),
                     SVMS_OK);
    assert_int_equal(svms_private_key_from_signer(&key, fix->ctx, half, &calls, NULL), SVMS_OK);
    svms_public_key_free(&half);
    return key;
}

static void record_all(fixture *fix, const signing *how, const recipe *what, svms_writer *writer,
                       svms_batch *batch, slow_signer *signer)
{
    for (uint32_t i = 0; i < what->segments; i++) {
        fix->now += SECOND;
        assert_int_equal(append_segment(writer, what, i, NULL), SVMS_OK);
        while (how->behind != 0 && signer->begun - signer->answered > how->behind) {
            answer_one(signer);
        }
        if (how->batch_signed) {
            assert_int_equal(svms_batch_sign(batch, NULL, NULL), SVMS_OK);
        }
    }
}

void record_signed(fixture *fix, const signing *how, const recipe *what, memory_file *file)
{
    svms_track tracks[2];
    svms_writer *writer = NULL;
    svms_batch *batch = NULL;
    recipe plain = *what;
    slow_signer *signer = calloc(1, sizeof(*signer));
    assert_non_null(signer);
    svms_private_key *key = slow_key(fix, signer);
    plain.is_unsigned = how->is_unsigned;
    svms_writer_options options = writer_options(fix, &plain, tracks);
    if (!how->is_unsigned) {
        options.signature_interval = how->interval;
        options.late_signatures = how->late;
        options.signer_key = how->behind != 0 ? key : fix->recorder_key;
    }
    if (how->batch) {
        assert_int_equal(svms_batch_new(&batch, fix->ctx, fix->recorder_key, fix->recorder,
                                        SVMS_ROLE_RECORDER, NULL),
                         SVMS_OK);
        options.batch = batch;
    }
    svms_sink sink = memory_sink(file);
    assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, NULL), SVMS_OK);
    record_all(fix, how, &plain, writer, batch, signer);
    if (what->leave_open) {
        svms_writer_abort(&writer);
    } else {
        assert_int_equal(svms_writer_close(&writer, NULL), SVMS_OK);
    }
    svms_batch_free(&batch);
    while (signer->answered < signer->begun) {
        answer_one(signer);
    }
    svms_private_key_free(&key);
    svms_sign_engine_free(&signer->engine);
    free(signer);
    fix->now = T0 + 3600 * SECOND;
}
