/* SPDX-License-Identifier: Apache-2.0 */
#include "name_key.h"

#include <string.h>

#include <svms/second_factor.h>

#include "builder.h"
#include "digest.h"

/* Place, length of the name, name, besides: the length keeps apart what follows. */
#define NAME_AT 3

svms_status svms_name_hmac(svms_ctx *ctx, const uint8_t secret[SVMS_NAME_SECRET_SIZE],
                           svms_name_place place, const char *name, const void *besides,
                           size_t besides_size, uint8_t out[32], svms_error *err)
{
    uint8_t text[NAME_AT + SVMS_LOGIN_NAME_MAX + SVMS_NAME_BESIDES_MAX];
    size_t name_size = name ? strnlen(name, SVMS_LOGIN_NAME_MAX) : 0;
    text[0] = (uint8_t)place;
    svms_store_u16(text + 1, (uint16_t)name_size);
    if (name_size > 0) {
        memcpy(text + NAME_AT, name, name_size);
    }
    if (besides_size > 0) {
        memcpy(text + NAME_AT + name_size, besides, besides_size);
    }
    svms_status status = svms_hmac_sha256(ctx, secret, SVMS_NAME_SECRET_SIZE, text,
                                          NAME_AT + name_size + besides_size, out, err);
    svms_wipe(text, sizeof text);
    return status;
}

svms_status svms_name_key(svms_ctx *ctx, const uint8_t secret[SVMS_NAME_SECRET_SIZE],
                          svms_name_place place, const char *name, const void *besides,
                          size_t besides_size, uint8_t out[SVMS_NAME_KEY_SIZE], svms_error *err)
{
    uint8_t code[SVMS_DIGEST_SIZE];
    svms_status status = svms_name_hmac(ctx, secret, place, name, besides, besides_size, code, err);
    if (status == SVMS_OK) {
        memcpy(out, code, SVMS_NAME_KEY_SIZE);
    }
    return status;
}
