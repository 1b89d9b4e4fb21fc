/* SPDX-License-Identifier: Apache-2.0 */
#include "auth_nonce.h"

#include <string.h>

#include "base64.h"
#include "builder.h"
#include "cursor.h"
#include "digest.h"
#include "failure.h"

enum { SAID = 12, TAG = 16, NONCE_BYTES = SAID + TAG };

/* Over the connection and what the nonce says. */
static svms_status compute_tag(const svms_auth_nonce_maker *maker, const uint8_t said[SAID],
                               uint8_t out[SVMS_DIGEST_SIZE], svms_error *err)
{
    uint8_t input[SVMS_AUTH_CONNECTION_ID + SAID];
    memcpy(input, maker->connection, SVMS_AUTH_CONNECTION_ID);
    memcpy(input + SVMS_AUTH_CONNECTION_ID, said, SAID);
    return svms_hmac_sha256(maker->ctx, maker->secret, SVMS_AUTH_NONCE_SECRET, input, sizeof input,
                            out, err);
}

svms_status svms_auth_nonce_write(const svms_auth_nonce_maker *maker, const svms_auth_nonce *nonce,
                                  char out[SVMS_AUTH_NONCE_SIZE], svms_error *err)
{
    uint8_t bytes[NONCE_BYTES];
    uint8_t tag[SVMS_DIGEST_SIZE];
    svms_store_u64(bytes, nonce->time_ns);
    svms_store_u32(bytes + 8, nonce->number);
    svms_status status = compute_tag(maker, bytes, tag, err);
    if (status != SVMS_OK) {
        return status;
    }
    memcpy(bytes + SAID, tag, TAG);
    size_t size = SVMS_AUTH_NONCE_SIZE;
    svms_builder text = svms_builder_new(maker->ctx, SVMS_AUTH_NONCE_SIZE);
    svms_put_base64url(&text, bytes, sizeof bytes);
    status = svms_builder_hand_out(&text, "a nonce", out, &size, err);
    svms_builder_clear(&text);
    return status;
}

svms_status svms_auth_nonce_read(const svms_auth_nonce_maker *maker, svms_text_piece text,
                                 svms_auth_nonce *out, svms_error *err)
{
    uint8_t bytes[NONCE_BYTES];
    uint8_t tag[SVMS_DIGEST_SIZE];
    if (text.size != SVMS_AUTH_NONCE_SIZE - 1 ||
        !svms_base64url_decode_public(text.data, text.size, bytes)) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "the nonce is none of this server's");
    }
    svms_status status = compute_tag(maker, bytes, tag, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_equal_secret(tag, bytes + SAID, TAG)) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "the nonce is none of this connection's");
    }
    svms_cursor said = svms_cursor_over(bytes, SAID, 0);
    out->time_ns = svms_read_u64(&said);
    out->number = svms_read_u32(&said);
    return SVMS_OK;
}
