/* SPDX-License-Identifier: Apache-2.0 */
/* Signed records of containers that were removed (container.md, section 16). */
#include <stdio.h>
#include <string.h>

#include <svms/sequence.h>

#include "chain_internal.h"
#include "failure.h"
#include "head.h"
#include "options.h"
#include "pruned.h"
#include "signer_check.h"
#include "stream.h"

#define OBJECT_SIZE (SVMS_OBJECT_PREFIX_SIZE + 128u)
#define OBJECT_OFFSET 16u
/* Lengths in front of the certificates. */
#define CHAIN_LARGEST (SVMS_CHAIN_MAX_SIZE + 4u * SVMS_CHAIN_MAX_CERTIFICATES)
#define SIGNATURE_RECORD_LARGEST (SVMS_RECORD_HEADER_SIZE + SVMS_MAX_SIGNATURE_RECORD)
#define RECORD_LARGEST (OBJECT_OFFSET + OBJECT_SIZE + CHAIN_LARGEST + SIGNATURE_RECORD_LARGEST)
#define RESERVED_SIZE 15u

static const uint8_t magic[SVMS_PRUNED_MAGIC_SIZE] = { 0x8A, 0x53, 0x56, 0x50,
                                                       0x0D, 0x0A, 0x1A, 0x0A };

bool svms_is_pruned_record(const uint8_t *bytes, size_t size)
{
    return size >= sizeof(magic) && memcmp(bytes, magic, sizeof(magic)) == 0;
}

const char *svms_prune_reason_name(svms_prune_reason reason)
{
    static const char *const names[] = { "retention", "order", "space" };
    return reason >= SVMS_PRUNE_RETENTION && reason <= SVMS_PRUNE_SPACE
               ? names[reason - SVMS_PRUNE_RETENTION]
               : "unknown";
}

/* A whole record; pointers into its bytes. */
typedef struct record_view {
    const uint8_t *object;
    const uint8_t *chain;
    size_t chain_size;
    uint64_t chain_offset;
    const uint8_t *signature; /* body of the signature record */
    size_t signature_size;
    uint64_t signature_offset;
} record_view;

static svms_status split_signature(record_view *out, svms_cursor *cursor, svms_error *err)
{
    svms_record record;
    uint64_t offset = svms_cursor_offset(cursor);
    const uint8_t *bytes = cursor->data + cursor->position;
    svms_status status = svms_record_parse(&record, bytes, svms_cursor_left(cursor), offset, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (record.type != SVMS_RECORD_SIGNATURE || record.number != 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "no signature record where one must stand (C-PRU-1)");
    }
    (void)svms_skip(cursor, record.header_size);
    out->signature_offset = svms_cursor_offset(cursor);
    out->signature = svms_read_bytes(cursor, record.body_size);
    out->signature_size = record.body_size;
    if (cursor->failed) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, offset, "the signature record is cut off");
    }
    if (!svms_cursor_at_end(cursor)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, svms_cursor_offset(cursor),
                            "something follows the signature record (C-PRU-1)");
    }
    return SVMS_OK;
}

static svms_status split(record_view *out, const uint8_t *bytes, size_t size, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(bytes, size, 0);
    const uint8_t *found = svms_read_bytes(&cursor, sizeof(magic));
    uint32_t object_size = svms_read_u32(&cursor);
    uint32_t chain_size = svms_read_u32(&cursor);
    if (found == NULL || memcmp(found, magic, sizeof(magic)) != 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, 0, "not a pruned record");
    }
    if (cursor.failed) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, size, "the pruned record is cut off");
    }
    if (object_size != OBJECT_SIZE) {
        return svms_fail_at(err, SVMS_E_MALFORMED, sizeof(magic),
                            "the object of a pruned record has %u bytes, not %u", OBJECT_SIZE,
                            object_size);
    }
    if (chain_size > CHAIN_LARGEST) {
        return svms_fail_at(err, SVMS_E_LIMIT, sizeof(magic) + 4,
                            "%u bytes of certificates are too many", chain_size);
    }
    out->object = svms_read_bytes(&cursor, OBJECT_SIZE);
    out->chain_offset = svms_cursor_offset(&cursor);
    out->chain = svms_read_bytes(&cursor, chain_size);
    out->chain_size = chain_size;
    if (cursor.failed || svms_cursor_at_end(&cursor)) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, size, "the pruned record is cut off");
    }
    return split_signature(out, &cursor, err);
}

/* The signature over the raw object, before anything but its prefix is looked at (C-OBJ-3). */
static svms_status check_signature(svms_ctx *ctx, const record_view *view, svms_chain *chain,
                                   svms_header *signer, svms_error *err)
{
    svms_hasher *hasher = NULL;
    svms_verify_engine *verifier = NULL;
    svms_signature signature;
    svms_cursor cursor = svms_cursor_over(view->object, OBJECT_SIZE, OBJECT_OFFSET);
    svms_status status = svms_check_object_prefix(&cursor, SVMS_OBJECT_PRUNED, NULL, OBJECT_SIZE,
                                                  &signer->signer, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (signer->signer.algorithm > SVMS_SIG_RSA_PSS_SHA256) {
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, OBJECT_OFFSET + 10,
                            "signature algorithm %u is not supported (C-ALG-2)",
                            signer->signer.algorithm);
    }
    if ((signer->signer.role != SVMS_ROLE_RECORDER && signer->signer.role != SVMS_ROLE_CAMERA) ||
        memcmp(signer->signer.signer_digest, svms_chain_leaf_digest(chain), SVMS_DIGEST_SIZE) !=
            0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, OBJECT_OFFSET,
                            "a pruned record is signed by a recorder or a camera, whose "
                            "certificate it names (C-PRU-1)");
    }
    status = svms_signature_parse(&signature, signer, view->signature, view->signature_size,
                                  view->signature_offset, err);
    if (status == SVMS_OK && signature.number != SVMS_SIGNED_PRUNED) {
        status = svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, view->signature_offset,
                              "the signature belongs to another object (C-SIG-1)");
    }
    if (status == SVMS_OK) {
        status = svms_hasher_new(&hasher, ctx, err);
    }
    if (status == SVMS_OK) {
        status = svms_verify_engine_new(&verifier, ctx, svms_chain_leaf_key(chain), err);
    }
    if (status == SVMS_OK) {
        status = svms_signature_check(&signature, signer, verifier, hasher, view->object,
                                      OBJECT_SIZE, view->signature_offset, err);
    }
    svms_verify_engine_free(&verifier);
    svms_hasher_free(&hasher);
    return status;
}

static svms_status parse_fields(svms_pruned *out, const record_view *view, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(view->object, OBJECT_SIZE, OBJECT_OFFSET);
    (void)svms_skip(&cursor, SVMS_OBJECT_PREFIX_SIZE);
    svms_read_copy(&cursor, out->recording_id, sizeof(out->recording_id));
    svms_read_copy(&cursor, out->container_id, sizeof(out->container_id));
    out->recording_sequence = svms_read_u64(&cursor);
    out->segments = svms_read_u64(&cursor);
    svms_read_copy(&cursor, out->last_manifest, sizeof(out->last_manifest));
    out->first_utc_ns = svms_read_i64(&cursor);
    out->last_utc_ns = svms_read_i64(&cursor);
    out->removed_utc_ns = svms_read_i64(&cursor);
    out->bytes = svms_read_u64(&cursor);
    uint8_t reason = svms_read_u8(&cursor);
    bool zeros = svms_read_zeros(&cursor, RESERVED_SIZE);
    if (cursor.failed || !zeros || reason < SVMS_PRUNE_RETENTION || reason > SVMS_PRUNE_SPACE ||
        out->segments > SVMS_MAX_SEGMENTS || out->last_utc_ns < out->first_utc_ns ||
        out->removed_utc_ns == SVMS_NO_TIME) {
        return svms_fail_at(err, SVMS_E_MALFORMED, OBJECT_OFFSET + SVMS_OBJECT_PREFIX_SIZE,
                            "a field of the pruned record is out of range");
    }
    out->reason = (svms_prune_reason)reason;
    return SVMS_OK;
}

static svms_status judge_signer(svms_ctx *ctx, const svms_chain *chain, const svms_trust *trust,
                                svms_time_policy policy, svms_pruned *out, svms_error *err)
{
    svms_error found = SVMS_ERROR_INIT;
    svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    question.role = out->role;
    question.policy = policy;
    question.from_utc_ns = out->removed_utc_ns;
    question.to_utc_ns = out->removed_utc_ns;
    question.now_utc_ns = svms_utc_now(ctx);
    (void)snprintf(out->signer, sizeof(out->signer), "%s", svms_chain_subject(chain));
    svms_status status = svms_identity_check(trust, chain, &question, &result, &found);
    out->identity = result.verdict;
    if (status == SVMS_E_UNTRUSTED) {
        (void)snprintf(out->identity_reason, sizeof(out->identity_reason), "%s", found.message);
    }
    return status == SVMS_OK ? SVMS_OK : svms_fail_as(err, status, &found);
}

static svms_status read_bytes(svms_ctx *ctx, const uint8_t *bytes, size_t size,
                              const svms_trust *trust, svms_time_policy policy, svms_pruned *out,
                              svms_error *err)
{
    record_view view = { 0 };
    svms_chain *chain = NULL;
    svms_status status = split(&view, bytes, size, err);
    svms_header *signer = NULL;
    if (status == SVMS_OK) {
        status =
            svms_chain_from_wire(&chain, ctx, view.chain, view.chain_size, view.chain_offset, err);
    }
    if (status == SVMS_OK) {
        signer = svms_alloc(ctx, sizeof(*signer));
        status = signer == NULL ? svms_fail_memory(err)
                                : check_signature(ctx, &view, chain, signer, err);
    }
    if (status == SVMS_OK) {
        out->role = (svms_role)signer->signer.role;
        status = parse_fields(out, &view, err);
    }
    if (status == SVMS_OK) {
        status = judge_signer(ctx, chain, trust, policy, out, err);
    }
    svms_release(ctx, signer);
    svms_chain_free(&chain);
    return status;
}

svms_status svms_pruned_take(svms_ctx *ctx, const svms_source *source, const svms_trust *trust,
                             svms_time_policy policy, svms_pruned *out, svms_error *err)
{
    uint64_t size = 0;
    *out = (svms_pruned)SVMS_PRUNED_INIT;
    svms_status status = svms_source_size(source, &size, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (size > RECORD_LARGEST) {
        return svms_fail_at(err, SVMS_E_LIMIT, RECORD_LARGEST,
                            "a pruned record is not as long as that");
    }
    uint8_t *bytes = svms_alloc(ctx, size == 0 ? 1 : (size_t)size);
    if (bytes == NULL) {
        return svms_fail_memory(err);
    }
    status = svms_source_read(source, 0, bytes, (size_t)size, err);
    if (status == SVMS_OK) {
        status = read_bytes(ctx, bytes, (size_t)size, trust, policy, out, err);
    }
    svms_release(ctx, bytes);
    return status;
}

svms_status svms_pruned_read(svms_ctx *ctx, const svms_source *source, const svms_trust *trust,
                             svms_time_policy time_policy, svms_pruned *pruned, svms_error *err)
{
    svms_source given = SVMS_SOURCE_INIT;
    svms_pruned found;
    if (ctx == NULL || source == NULL || pruned == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "ctx, source and pruned must not be NULL");
    }
    svms_status status = svms_options_read(&given, sizeof(given), source, "svms_source", err);
    if (status == SVMS_OK && !svms_source_usable(&given)) {
        status = svms_fail(err, SVMS_E_USAGE, "the source lacks a callback");
    }
    if (status == SVMS_OK) {
        status = svms_pruned_take(ctx, &given, trust, time_policy, &found, err);
    }
    if (status != SVMS_OK && status != SVMS_E_UNTRUSTED) {
        return status;
    }
    svms_status written = svms_result_write(pruned, &found, sizeof(found), "svms_pruned", err);
    return written == SVMS_OK ? status : written;
}

/* What a record says of the container at source. */
static svms_status describe(svms_ctx *ctx, const svms_source *source, svms_pruned *out,
                            svms_error *err)
{
    svms_front front;
    svms_newest newest;
    svms_glimpse glimpse = { 0 };
    svms_scanner *scanner = svms_alloc(ctx, sizeof(*scanner));
    if (scanner == NULL) {
        return svms_fail_memory(err);
    }
    svms_status status = svms_front_open(&front, ctx, source, err);
    scanner->front = &front;
    if (status == SVMS_OK) {
        status = svms_newest_find(scanner, &newest, err);
    }
    if (status == SVMS_OK) {
        status = svms_glimpse_at(scanner, front.first_record, &glimpse, err);
    }
    if (status == SVMS_OK) {
        const svms_header *header = &front.header;
        bool empty = newest.segment == SVMS_NO_SEGMENT;
        memcpy(out->recording_id, header->recording_id, sizeof(out->recording_id));
        memcpy(out->container_id, header->container_id, sizeof(out->container_id));
        out->recording_sequence = header->recording_sequence;
        out->segments = empty ? 0 : newest.segment + 1;
        memcpy(out->last_manifest, newest.hash, sizeof(out->last_manifest));
        out->first_utc_ns = glimpse.complete ? glimpse.first_utc_ns : header->start_utc_ns;
        out->last_utc_ns = empty || newest.last_utc_ns < out->first_utc_ns ? out->first_utc_ns
                                                                           : newest.last_utc_ns;
        out->bytes = front.window.size;
    }
    svms_front_clear(&front);
    svms_release(ctx, scanner);
    return status;
}

static void put_object(svms_builder *out, const svms_object_identity *identity,
                       const svms_pruned *pruned)
{
    svms_put_object_prefix(out, SVMS_OBJECT_PRUNED, identity, OBJECT_SIZE);
    svms_put_bytes(out, pruned->recording_id, sizeof(pruned->recording_id));
    svms_put_bytes(out, pruned->container_id, sizeof(pruned->container_id));
    svms_put_u64(out, pruned->recording_sequence);
    svms_put_u64(out, pruned->segments);
    svms_put_bytes(out, pruned->last_manifest, sizeof(pruned->last_manifest));
    svms_put_i64(out, pruned->first_utc_ns);
    svms_put_i64(out, pruned->last_utc_ns);
    svms_put_i64(out, pruned->removed_utc_ns);
    svms_put_u64(out, pruned->bytes);
    svms_put_u8(out, (uint8_t)pruned->reason);
    svms_put_zeros(out, RESERVED_SIZE);
}

static svms_status put_record(svms_builder *out, svms_ctx *ctx, const svms_prune_options *options,
                              const svms_pruned *pruned, svms_error *err)
{
    uint8_t signature[SVMS_SIGNATURE_MAX];
    size_t signature_size = sizeof(signature);
    size_t chain_size = 0;
    const uint8_t *chain = svms_chain_wire(options->chain, &chain_size);
    svms_sign_engine *engine = NULL;
    svms_object_identity identity = { (uint8_t)options->role, 0, { 0 } };
    svms_status status = svms_sign_engine_new(&engine, ctx, options->signer, err);
    if (status != SVMS_OK) {
        return status;
    }
    identity.algorithm = svms_sign_engine_algorithm(engine);
    memcpy(identity.signer_digest, svms_chain_leaf_digest(options->chain), SVMS_DIGEST_SIZE);
    svms_put_bytes(out, magic, sizeof(magic));
    svms_put_u32(out, OBJECT_SIZE);
    svms_put_u32(out, (uint32_t)chain_size);
    put_object(out, &identity, pruned);
    svms_put_bytes(out, chain, chain_size);
    status = svms_builder_check(out, "a pruned record", err);
    if (status == SVMS_OK) {
        status = svms_sign(engine, out->data + OBJECT_OFFSET, OBJECT_SIZE, signature,
                           &signature_size, err);
    }
    if (status == SVMS_OK) {
        svms_signature_put(out, identity.algorithm, SVMS_SIGNED_PRUNED, 0, signature,
                           signature_size, NULL);
        status = svms_builder_check(out, "a pruned record", err);
    }
    svms_sign_engine_free(&engine);
    return status;
}

static svms_status accept(const svms_prune_options *options, svms_prune_options *given,
                          const svms_source *source, svms_source *given_source,
                          const svms_sink *sink, svms_sink *given_sink, svms_error *err)
{
    svms_status status =
        svms_options_read(given, sizeof(*given), options, "svms_prune_options", err);
    if (status == SVMS_OK) {
        status = svms_options_read(given_source, sizeof(*given_source), source, "svms_source", err);
    }
    if (status == SVMS_OK) {
        status = svms_options_read(given_sink, sizeof(*given_sink), sink, "svms_sink", err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_source_usable(given_source) || !svms_sink_usable(given_sink)) {
        return svms_fail(err, SVMS_E_USAGE, "source or sink lacks a callback");
    }
    if (given->signer == NULL || given->chain == NULL ||
        (given->role != SVMS_ROLE_RECORDER && given->role != SVMS_ROLE_CAMERA)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a pruned record needs key and certificate of a recorder or a camera");
    }
    if (given->reason < SVMS_PRUNE_RETENTION || given->reason > SVMS_PRUNE_SPACE) {
        return svms_fail(err, SVMS_E_USAGE, "unknown reason %d for removing a container",
                         (int)given->reason);
    }
    return SVMS_OK;
}

svms_status svms_pruned_write(svms_ctx *ctx, const svms_source *source,
                              const svms_prune_options *options, const svms_sink *sink,
                              svms_error *err)
{
    svms_prune_options given = SVMS_PRUNE_OPTIONS_INIT;
    svms_source given_source = SVMS_SOURCE_INIT;
    svms_sink given_sink = SVMS_SINK_INIT;
    svms_pruned pruned = SVMS_PRUNED_INIT;
    if (ctx == NULL || source == NULL || options == NULL || sink == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "ctx, source, options and sink must not be NULL");
    }
    svms_status status = accept(options, &given, source, &given_source, sink, &given_sink, err);
    if (status != SVMS_OK) {
        return status;
    }
    pruned.reason = given.reason;
    pruned.removed_utc_ns = svms_utc_now(ctx);
    status = svms_signer_check(given.signer, given.chain, given.role, pruned.removed_utc_ns, err);
    if (status == SVMS_OK) {
        status = describe(ctx, &given_source, &pruned, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_builder out = svms_builder_new(ctx, RECORD_LARGEST);
    status = put_record(&out, ctx, &given, &pruned, err);
    if (status == SVMS_OK) {
        svms_iovec run = { out.data, out.size };
        status = svms_sink_write(&given_sink, &run, 1, err);
    }
    if (status == SVMS_OK) {
        status = svms_sink_sync(&given_sink, err);
    }
    svms_builder_clear(&out);
    return status;
}
