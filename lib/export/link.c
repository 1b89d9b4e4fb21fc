/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include <string.h>

#include "access_block.h"
#include "failure.h"
#include "sign.h"
#include "signer_check.h"
#include "timestamp.h"
#include "utf8.h"

/* Signed object without its note: what every link has, and what link 0 has besides. */
#define COMMON_SIZE (SVMS_OBJECT_PREFIX_SIZE + 16u + 32u + 4u + 4u + 8u + 8u + 8u + 32u + 4u)
#define FIRST_SIZE (COMMON_SIZE + 8u + 32u + 8u + 4u + 4u + 32u + 8u)

static bool is_text(const void *text, size_t size)
{
    svms_cursor cursor = svms_cursor_over(text, size, 0);
    while (!svms_cursor_at_end(&cursor)) {
        unsigned long character = 0;
        size_t length = svms_utf8_peek(&cursor, &character);
        if (length == 0 || character == 0 || !svms_skip(&cursor, length)) {
            return false;
        }
    }
    return true;
}

/* Making ---------------------------------------------------------------------------------------
 */

svms_status svms_link_check_signer(svms_ctx *ctx, const svms_export_signer *signer, bool first,
                                   svms_error *err)
{
    svms_error found = SVMS_ERROR_INIT;
    if (signer->key == NULL || signer->chain == NULL) {
        return svms_fail(err, SVMS_E_POLICY, "a link needs a signer: a key and its certificate");
    }
    if (signer->role != SVMS_ROLE_EXPORTER && (first || signer->role != SVMS_ROLE_CUSTODIAN)) {
        return svms_fail(err, SVMS_E_USAGE,
                         first ? "a package is signed by an exporter (E-LNK-1)"
                               : "a link is signed by a custodian or an exporter (E-LNK-1)");
    }
    if ((signer->policy & ~SVMS_EXPORT_NO_REEXPORT) != 0 || signer->reserved != 0) {
        return svms_fail(err, SVMS_E_USAGE, "the policy of a link is unknown");
    }
    size_t note_size = signer->note == NULL ? 0 : strlen(signer->note);
    if (note_size > SVMS_EXPORT_MAX_NOTE) {
        return svms_fail(err, SVMS_E_LIMIT, "a note has at most %u bytes (E-OVR-5)",
                         SVMS_EXPORT_MAX_NOTE);
    }
    if (!is_text(signer->note, note_size)) {
        return svms_fail(err, SVMS_E_USAGE, "the note is not UTF-8");
    }
    svms_status status =
        svms_signer_check(signer->key, signer->chain, signer->role, svms_utc_now(ctx), &found);
    if (status == SVMS_OK) {
        return SVMS_OK;
    }
    /* A key that is not the certificate's could prove nothing of what the certificate says. */
    return svms_fail_as(err, status == SVMS_E_USAGE ? SVMS_E_UNTRUSTED : status, &found);
}

static void put_object(svms_builder *out, const svms_link_object *object)
{
    bool first = object->number == 0;
    size_t size = (first ? FIRST_SIZE : COMMON_SIZE) + object->note_size;
    svms_put_object_prefix(out, first ? SVMS_OBJECT_EXPORT_LINK : SVMS_OBJECT_CUSTODY_LINK,
                           &object->signer, (uint32_t)size);
    svms_put_bytes(out, object->package_id, sizeof(object->package_id));
    svms_put_bytes(out, object->h, sizeof(object->h));
    svms_put_u32(out, object->number);
    svms_put_u32(out, object->policy);
    svms_put_i64(out, object->utc_ns);
    svms_put_u64(out, object->offset);
    svms_put_u64(out, object->previous_offset);
    svms_put_bytes(out, object->previous, sizeof(object->previous));
    if (first) {
        svms_put_u64(out, object->directory_offset);
        svms_put_bytes(out, object->directory_hash, sizeof(object->directory_hash));
        svms_put_u64(out, object->frames);
        svms_put_u32(out, object->sources);
        svms_put_u32(out, object->attachments);
        svms_put_bytes(out, object->presentation_hash, sizeof(object->presentation_hash));
        svms_put_u64(out, object->presentation_size);
    }
    svms_put_u16(out, (uint16_t)object->note_size);
    svms_put_u16(out, 0);
    svms_put_bytes(out, object->note, object->note_size);
}

static svms_status imprint_of(svms_ctx *ctx, const uint8_t *object, size_t object_size,
                              const uint8_t *signature, size_t signature_size,
                              uint8_t out[SVMS_DIGEST_SIZE], svms_error *err)
{
    svms_iovec runs[2] = { { object, object_size }, { signature, signature_size } };
    return svms_sha256(ctx, runs, 2, out, err);
}

/* Appends the token that the signer's callback gets; nothing without callback. */
static svms_status put_token(svms_builder *out, const svms_export_signer *signer,
                             const uint8_t imprint[SVMS_DIGEST_SIZE], size_t *token_size,
                             svms_error *err)
{
    svms_error found = SVMS_ERROR_INIT;
    size_t size = SVMS_EXPORT_MAX_TOKEN;
    *token_size = 0;
    if (signer->stamp == NULL) {
        return SVMS_OK;
    }
    uint8_t *token = svms_alloc(out->ctx, size);
    if (token == NULL) {
        return svms_fail_memory(err);
    }
    svms_status status = signer->stamp(signer->stamp_user, imprint, token, &size, &found);
    if (status != SVMS_OK) {
        bool silent = found.status == SVMS_OK;
        status = (int)status > 0 ? SVMS_E_IO : status;
        status = silent ? svms_fail(err, status, "there is no time stamp for the link")
                        : svms_fail_as(err, status, &found);
    } else if (size > SVMS_EXPORT_MAX_TOKEN) {
        status =
            svms_fail(err, SVMS_E_LIMIT, "a time stamp of a link has at most %u bytes (E-OVR-5)",
                      SVMS_EXPORT_MAX_TOKEN);
    } else {
        status = svms_timestamp_attests(token, size, imprint, err);
    }
    if (status == SVMS_OK) {
        svms_put_bytes(out, token, size);
        *token_size = size;
        status = svms_builder_check(out, "a link", err);
    }
    svms_release(out->ctx, token);
    return status;
}

/* The object, its chain and its signature, behind fixed fields that are filled as the lengths come
 * out. */
static svms_status put_signed(svms_builder *out, svms_ctx *ctx, const svms_link_object *object,
                              const svms_export_signer *signer, svms_sign_engine *engine,
                              svms_error *err)
{
    uint8_t signature[SVMS_SIGNATURE_MAX];
    uint8_t imprint[SVMS_DIGEST_SIZE];
    size_t signature_size = sizeof(signature);
    size_t token_size = 0;
    size_t start = out->size;
    size_t chain_size = 0;
    const uint8_t *chain = svms_chain_wire(signer->chain, &chain_size);
    svms_put_u32(out, SVMS_LINK_MAGIC);
    svms_put_zeros(out, SVMS_LINK_FIXED_SIZE - 4);
    put_object(out, object);
    size_t object_size = out->size - start - SVMS_LINK_FIXED_SIZE;
    svms_put_bytes(out, chain, chain_size);
    svms_status status = svms_builder_check(out, "a link", err);
    if (status != SVMS_OK) {
        return status;
    }
    const uint8_t *raw = out->data + start + SVMS_LINK_FIXED_SIZE;
    status = svms_sign(engine, raw, object_size, signature, &signature_size, err);
    if (status == SVMS_OK) {
        status = imprint_of(ctx, raw, object_size, signature, signature_size, imprint, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_put_bytes(out, signature, signature_size);
    status = put_token(out, signer, imprint, &token_size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_patch_u32(out, start + 4, (uint32_t)object_size);
    svms_patch_u32(out, start + 8, (uint32_t)chain_size);
    svms_patch_u32(out, start + 12, (uint32_t)signature_size);
    svms_patch_u32(out, start + 16, (uint32_t)token_size);
    return svms_builder_check(out, "a link", err);
}

svms_status svms_link_sign(svms_builder *out, svms_ctx *ctx, svms_link_object *object,
                           const svms_export_signer *signer, uint8_t head[SVMS_DIGEST_SIZE],
                           svms_error *err)
{
    uint8_t digest[SVMS_DIGEST_SIZE];
    svms_sign_engine *engine = NULL;
    size_t start = out->size;
    svms_status status = svms_sign_engine_new(&engine, ctx, signer->key, err);
    if (status != SVMS_OK) {
        return status;
    }
    object->signer.role = (uint8_t)signer->role;
    object->signer.algorithm = svms_sign_engine_algorithm(engine);
    memcpy(object->signer.signer_digest, svms_chain_leaf_digest(signer->chain), SVMS_DIGEST_SIZE);
    status = put_signed(out, ctx, object, signer, engine, err);
    svms_sign_engine_free(&engine);
    if (status == SVMS_OK) {
        svms_iovec run = { out->data + start, out->size - start };
        status = svms_sha256(ctx, &run, 1, digest, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_put_u64(out, object->offset);
    svms_put_bytes(out, digest, sizeof(digest));
    svms_put_bytes(out, SVMS_LINK_TAIL_TEXT, 8);
    status = svms_builder_check(out, "a link", err);
    if (status == SVMS_OK) {
        memcpy(head, digest, sizeof(digest));
    }
    return status;
}

/* Reading --------------------------------------------------------------------------------------
 */

typedef struct svms_link_sizes {
    uint32_t object;
    uint32_t chain;
    uint32_t signature;
    uint32_t token;
} svms_link_sizes;

static svms_status read_sizes(svms_link_sizes *out, const uint8_t *bytes, uint64_t offset,
                              svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(bytes, SVMS_LINK_FIXED_SIZE, offset);
    uint32_t magic = svms_read_u32(&cursor);
    out->object = svms_read_u32(&cursor);
    out->chain = svms_read_u32(&cursor);
    out->signature = svms_read_u32(&cursor);
    out->token = svms_read_u32(&cursor);
    uint32_t zero = svms_read_u32(&cursor);
    if (magic != SVMS_LINK_MAGIC || zero != 0 || out->object < COMMON_SIZE || out->chain == 0 ||
        out->signature == 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset, "no link begins here (section 7)");
    }
    if (out->object > SVMS_MAX_LINK_OBJECT || out->chain > SVMS_CHAIN_MAX_SIZE ||
        out->signature > SVMS_SIGNATURE_MAX || out->token > SVMS_EXPORT_MAX_TOKEN) {
        return svms_fail_at(err, SVMS_E_LIMIT, offset + 4,
                            "a part of a link is too long (E-OVR-5)");
    }
    return SVMS_OK;
}

svms_status svms_link_peek(const uint8_t *bytes, uint64_t offset, size_t *size, svms_error *err)
{
    svms_link_sizes sizes;
    svms_status status = read_sizes(&sizes, bytes, offset, err);
    if (status == SVMS_OK) {
        *size = (size_t)SVMS_LINK_FIXED_SIZE + sizes.object + sizes.chain + sizes.signature +
                sizes.token;
    }
    return status;
}

static svms_status split(svms_link_view *out, const uint8_t *bytes, size_t size, uint64_t offset,
                         svms_error *err)
{
    svms_link_sizes sizes;
    if (size < SVMS_LINK_FIXED_SIZE) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset, "a link is cut off");
    }
    svms_status status = read_sizes(&sizes, bytes, offset, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(bytes, size, offset);
    (void)svms_skip(&cursor, SVMS_LINK_FIXED_SIZE);
    out->raw_object_size = sizes.object;
    out->raw_object = svms_read_bytes(&cursor, sizes.object);
    out->chain_size = sizes.chain;
    out->chain = svms_read_bytes(&cursor, sizes.chain);
    out->signature_size = sizes.signature;
    out->signature = svms_read_bytes(&cursor, sizes.signature);
    out->token_size = sizes.token;
    out->token = svms_read_bytes(&cursor, sizes.token);
    out->size = size;
    if (!svms_cursor_at_end(&cursor) || cursor.failed) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "a link has another length than it says");
    }
    return SVMS_OK;
}

/* What the prefix says; nothing else of the object is looked at before its signature. */
static svms_status read_prefix(svms_link_view *view, const svms_chain *chain, uint64_t offset,
                               bool *first, svms_error *err)
{
    svms_object_identity *signer = &view->object.signer;
    svms_cursor ahead = svms_cursor_over(view->raw_object, view->raw_object_size, offset);
    svms_cursor cursor = ahead;
    (void)svms_skip(&ahead, 4);
    *first = svms_read_u8(&ahead) == SVMS_OBJECT_EXPORT_LINK;
    svms_status status = svms_check_object_prefix(
        &cursor, *first ? SVMS_OBJECT_EXPORT_LINK : SVMS_OBJECT_CUSTODY_LINK, NULL,
        view->raw_object_size, signer, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (signer->algorithm > SVMS_SIG_RSA_PSS_SHA256) {
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, offset + 10,
                            "signature algorithm %u is not supported (C-ALG-2)", signer->algorithm);
    }
    if (signer->role != SVMS_ROLE_EXPORTER && (*first || signer->role != SVMS_ROLE_CUSTODIAN)) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, offset + 6,
                            "a link is signed in a role that may not sign it (E-LNK-1)");
    }
    if (memcmp(signer->signer_digest, svms_chain_leaf_digest(chain), SVMS_DIGEST_SIZE) != 0) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, offset + 16,
                            "a link names another certificate than it holds (C-OBJ-2)");
    }
    return SVMS_OK;
}

static svms_status check_signature(const svms_link_view *view, svms_ctx *ctx,
                                   const svms_chain *chain, uint64_t offset, svms_error *err)
{
    svms_error found = SVMS_ERROR_INIT;
    svms_verify_engine *verifier = NULL;
    svms_status status = svms_verify_engine_new(&verifier, ctx, svms_chain_leaf_key(chain), &found);
    if (status == SVMS_OK) {
        status = svms_verify(verifier, view->object.signer.algorithm, view->raw_object,
                             view->raw_object_size, view->signature, view->signature_size, &found);
    }
    svms_verify_engine_free(&verifier);
    if (status == SVMS_E_NOT_AUTHENTIC) {
        return svms_fail_at(err, status, offset, "the signature of a link is wrong: %.120s",
                            found.message);
    }
    return status == SVMS_OK ? SVMS_OK : svms_fail_as(err, status, &found);
}

static void read_fields(svms_link_object *out, svms_cursor *cursor, bool first)
{
    (void)svms_skip(cursor, SVMS_OBJECT_PREFIX_SIZE);
    svms_read_copy(cursor, out->package_id, sizeof(out->package_id));
    svms_read_copy(cursor, out->h, sizeof(out->h));
    out->number = svms_read_u32(cursor);
    out->policy = svms_read_u32(cursor);
    out->utc_ns = svms_read_i64(cursor);
    out->offset = svms_read_u64(cursor);
    out->previous_offset = svms_read_u64(cursor);
    svms_read_copy(cursor, out->previous, sizeof(out->previous));
    if (first) {
        out->directory_offset = svms_read_u64(cursor);
        svms_read_copy(cursor, out->directory_hash, sizeof(out->directory_hash));
        out->frames = svms_read_u64(cursor);
        out->sources = svms_read_u32(cursor);
        out->attachments = svms_read_u32(cursor);
        svms_read_copy(cursor, out->presentation_hash, sizeof(out->presentation_hash));
        out->presentation_size = svms_read_u64(cursor);
    }
    out->note_size = svms_read_u16(cursor);
    (void)svms_read_zeros(cursor, 2);
    out->note = (const char *)svms_read_bytes(cursor, out->note_size);
}

static svms_status parse_fields(svms_link_object *out, const uint8_t *raw, size_t size,
                                uint64_t offset, bool first, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(raw, size, 0);
    read_fields(out, &cursor, first);
    if (cursor.failed || !svms_cursor_at_end(&cursor)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset, "a link's object is malformed");
    }
    if (out->number >= SVMS_EXPORT_MAX_LINKS || out->frames > SVMS_MAX_FRAMES ||
        out->sources > SVMS_EXPORT_MAX_SOURCES || out->attachments > SVMS_EXPORT_MAX_SOURCES ||
        out->note_size > SVMS_EXPORT_MAX_NOTE) {
        return svms_fail_at(err, SVMS_E_LIMIT, offset,
                            "a link states too many of something "
                            "(E-OVR-5)");
    }
    if ((out->number == 0) != first || (out->policy & ~SVMS_EXPORT_NO_REEXPORT) != 0 ||
        !is_text(out->note, out->note_size)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "number, policy or note of a link breaks the format (E-OVR-4)");
    }
    if (out->offset != offset ||
        (first ? out->previous_offset != 0 : out->previous_offset >= offset) ||
        out->directory_offset > offset) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, offset,
                            "a link was signed for another place (E-LNK-4)");
    }
    return SVMS_OK;
}

svms_status svms_link_parse(svms_link_view *out, svms_chain **chain, svms_ctx *ctx,
                            const uint8_t *bytes, size_t size, uint64_t offset, svms_error *err)
{
    svms_link_view view = { 0 };
    svms_chain *made = NULL;
    uint64_t object_offset = offset + SVMS_LINK_FIXED_SIZE;
    bool first = false;
    svms_status status = split(&view, bytes, size, offset, err);
    if (status == SVMS_OK) {
        status = svms_chain_from_wire(&made, ctx, view.chain, view.chain_size,
                                      object_offset + view.raw_object_size, err);
    }
    if (status == SVMS_OK) {
        status = read_prefix(&view, made, object_offset, &first, err);
    }
    if (status == SVMS_OK) {
        status = check_signature(&view, ctx, made, offset, err);
    }
    if (status == SVMS_OK) {
        status =
            parse_fields(&view.object, view.raw_object, view.raw_object_size, offset, first, err);
    }
    if (status != SVMS_OK) {
        svms_chain_free(&made);
        return status;
    }
    *out = view;
    *chain = made;
    return SVMS_OK;
}

svms_status svms_link_imprint(const svms_link_view *view, svms_ctx *ctx,
                              uint8_t out[SVMS_DIGEST_SIZE], svms_error *err)
{
    return imprint_of(ctx, view->raw_object, view->raw_object_size, view->signature,
                      view->signature_size, out, err);
}
