/* SPDX-License-Identifier: Apache-2.0 */
/* One SEI of a signer, from its content to what goes into the stream. */
#include <string.h>

#include "ecdsa_raw.h"
#include "failure.h"
#include "signer_internal.h"

/* Two chains, a list and a signature, with emulation prevention, stay far below. */
#define NAL_MAX ((size_t)1 << 20)

static size_t prefix_size(svms_nal_framing framing)
{
    switch (framing) {
    case SVMS_NAL_LENGTH1:
        return 1;
    case SVMS_NAL_LENGTH2:
        return 2;
    default:
        return 4;
    }
}

static size_t most_behind(svms_nal_framing framing)
{
    switch (framing) {
    case SVMS_NAL_LENGTH1:
        return UINT8_MAX;
    case SVMS_NAL_LENGTH2:
        return UINT16_MAX;
    default:
        return NAL_MAX;
    }
}

/* At worst each two bytes that follow need one more. */
static size_t most_escaped(size_t size)
{
    return size + size / 2 + 1;
}

static void put_prefix(svms_builder *out, svms_nal_framing framing, size_t size)
{
    switch (framing) {
    case SVMS_NAL_LENGTH1:
        svms_put_u8(out, (uint8_t)size);
        break;
    case SVMS_NAL_LENGTH2:
        svms_put_u16(out, (uint16_t)size);
        break;
    case SVMS_NAL_LENGTH4:
        svms_put_u32(out, (uint32_t)size);
        break;
    default:
        svms_put_u32(out, 1); /* a start code of four bytes */
        break;
    }
}

/* The NAL unit with emulation prevention, behind its length or start code. */
static svms_status frame(svms_camera_signer *signer, svms_signer_sei *sei, svms_error *err)
{
    svms_builder escaped = svms_builder_new(signer->ctx, NAL_MAX);
    svms_put_escaped(&escaped, sei->document.data, sei->document.size);
    svms_status status = svms_builder_check(&escaped, "a SEI", err);
    if (status == SVMS_OK) {
        put_prefix(&sei->framed, signer->framing, escaped.size);
        svms_put_bytes(&sei->framed, escaped.data, escaped.size);
        status = svms_builder_check(&sei->framed, "a SEI", err);
    }
    svms_builder_clear(&escaped);
    if (status == SVMS_OK) {
        svms_builder_clear(&sei->document);
        sei->is_ready = true;
    }
    return status;
}

static svms_status finish_unsigned(svms_camera_signer *signer, svms_signer_sei *sei,
                                   svms_error *err)
{
    svms_put_sei_end(&sei->document, NULL, 0, 0);
    svms_status status = svms_builder_check(&sei->document, "a SEI", err);
    if (status == SVMS_OK) {
        status = frame(signer, sei, err);
    }
    size_t prefix = prefix_size(signer->framing);
    if (status == SVMS_OK &&
        !svms_camera_hash_once(signer->hasher, signer->key.hash, sei->framed.data + prefix,
                               sei->framed.size - prefix, sei->hash)) {
        status = svms_fail_crypto(err, "cannot hash a SEI");
    }
    return status;
}

/* CS-DOC-2: of what the signature is. */
static svms_status begin_signature(svms_camera_signer *signer, svms_signer_sei *sei,
                                   const svms_signer_key *key, const svms_sei_content *content,
                                   svms_error *err)
{
    if ((content->flags & SVMS_SEI_HASHED_ESCAPED) == 0) {
        return svms_sign_start(key->engine, sei->document.data, sei->document.size, &sei->ticket,
                               err);
    }
    svms_builder escaped = svms_builder_new(signer->ctx, NAL_MAX);
    svms_put_escaped(&escaped, sei->document.data, sei->document.size);
    svms_status status = svms_builder_check(&escaped, "a SEI", err);
    if (status == SVMS_OK) {
        status = svms_sign_start(key->engine, escaped.data, escaped.size, &sei->ticket, err);
    }
    svms_builder_clear(&escaped);
    return status;
}

/* Writes the document, and tells whether it will fit with the signature, whatever that is. */
static svms_status write_document(svms_camera_signer *signer, svms_signer_sei *sei,
                                  const svms_sei_content *content, bool *fits, svms_error *err)
{
    svms_builder_reset(&sei->document);
    svms_put_sei_document(&sei->document, content);
    svms_builder escaped = svms_builder_new(signer->ctx, NAL_MAX);
    svms_put_escaped(&escaped, sei->document.data, sei->document.size);
    svms_status status = svms_builder_check(&sei->document, "a SEI", err);
    if (status == SVMS_OK) {
        status = svms_builder_check(&escaped, "a SEI", err);
    }
    *fits = escaped.size + most_escaped(svms_sei_end_size(content->room)) <=
            most_behind(signer->framing);
    svms_builder_clear(&escaped);
    return status;
}

static svms_status make(svms_camera_signer *signer, svms_signer_sei *sei,
                        const svms_signer_key *key, svms_sei_content *content, svms_error *err)
{
    bool fits = false;
    svms_status status = write_document(signer, sei, content, &fits, err);
    if (status == SVMS_OK && !fits && content->list_size > 0) {
        content->list_size = 0;
        status = write_document(signer, sei, content, &fits, err);
    }
    if (status == SVMS_OK && !fits) {
        status = svms_fail(err, SVMS_E_LIMIT, "a SEI does not fit behind a length of %zu bytes",
                           prefix_size(signer->framing));
    }
    if (status != SVMS_OK) {
        return status;
    }
    sei->is_signed = content->room > 0;
    return sei->is_signed ? begin_signature(signer, sei, key, content, err)
                          : finish_unsigned(signer, sei, err);
}

svms_status svms_signer_sei_make(svms_camera_signer *signer, svms_signer_sei *out,
                                 const svms_signer_key *key, svms_sei_content *content,
                                 svms_error *err)
{
    *out = (svms_signer_sei){ .document = svms_builder_new(signer->ctx, NAL_MAX),
                              .framed = svms_builder_new(signer->ctx, NAL_MAX) };
    content->codec = signer->codec;
    content->hash = key->hash;
    content->rsa_bits = key->rsa_bits;
    if (content->room > 0 && (signer->flags & SVMS_CAMERA_HASH_ESCAPED) != 0) {
        content->flags |= SVMS_SEI_HASHED_ESCAPED;
    }
    svms_status status = make(signer, out, key, content, err);
    if (status != SVMS_OK) {
        svms_signer_sei_clear(out);
    }
    return status;
}

static svms_status finish_signed(svms_camera_signer *signer, svms_signer_sei *sei,
                                 const svms_signer_key *key, const uint8_t *signature, size_t size,
                                 svms_error *err)
{
    uint8_t der[SVMS_ECDSA_DER_MAX];
    if (key->width > 0) {
        if (!svms_ecdsa_to_der(signature, key->width, der, &size)) {
            return svms_fail(err, SVMS_E_CRYPTO, "the key gave what is no ECDSA signature");
        }
        signature = der;
    }
    svms_put_sei_end(&sei->document, signature, size, key->room);
    svms_status status = svms_builder_check(&sei->document, "a SEI", err);
    return status == SVMS_OK ? frame(signer, sei, err) : status;
}

svms_status svms_signer_sei_settle(svms_camera_signer *signer, svms_signer_sei *sei,
                                   const svms_signer_key *key, bool wait, svms_error *err)
{
    if (!sei->ticket) {
        return SVMS_OK;
    }
    uint8_t signature[SVMS_SIGNATURE_MAX];
    size_t size = sizeof signature;
    bool done = wait;
    svms_status status = wait ? svms_sign_wait(sei->ticket, signature, &size, err)
                              : svms_sign_poll(sei->ticket, &done, signature, &size, err);
    if (status == SVMS_OK && !done) {
        return SVMS_OK;
    }
    svms_sign_ticket_free(&sei->ticket);
    return status == SVMS_OK ? finish_signed(signer, sei, key, signature, size, err) : status;
}

void svms_signer_sei_clear(svms_signer_sei *sei)
{
    svms_sign_ticket_free(&sei->ticket);
    svms_builder_clear(&sei->document);
    svms_builder_clear(&sei->framed);
}
