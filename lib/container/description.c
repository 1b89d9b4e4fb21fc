/* SPDX-License-Identifier: Apache-2.0 */
#include "description.h"

#include <string.h>

#include "failure.h"
#include "key_schedule.h"
#include "utf8.h"

static bool is_utf8(const uint8_t *text, size_t size)
{
    svms_cursor cursor = svms_cursor_over(text, size, 0);
    while (!svms_cursor_at_end(&cursor)) {
        unsigned long character = 0;
        size_t length = svms_utf8_peek(&cursor, &character);
        if (length == 0 || !svms_skip(&cursor, length)) {
            return false;
        }
    }
    return true;
}

bool svms_is_text(const char *text)
{
    return is_utf8((const uint8_t *)text, strlen(text));
}

/* Device name within text, or NULL; *valid tells whether the texts are well-formed. */
static const uint8_t *find_name(const uint8_t *text, size_t size, size_t *name_size, bool *valid)
{
    svms_cursor cursor = svms_cursor_over(text, size, 0);
    const uint8_t *name = NULL;
    uint8_t last = 0;
    *valid = false;
    while (!svms_cursor_at_end(&cursor)) {
        uint8_t kind = svms_read_u8(&cursor);
        if (kind == 0) {
            *valid = svms_read_zeros(&cursor, svms_cursor_left(&cursor));
            return name;
        }
        uint8_t zero = svms_read_u8(&cursor);
        uint16_t length = svms_read_u16(&cursor);
        const uint8_t *bytes = svms_read_bytes(&cursor, length);
        if (bytes == NULL || zero != 0 || kind <= last || kind > 3 || !is_utf8(bytes, length)) {
            return NULL;
        }
        last = kind;
        if (kind == 1) {
            name = bytes;
            *name_size = length;
        }
    }
    *valid = true;
    return name;
}

static svms_status copy_name(char **out, svms_ctx *ctx, const uint8_t *text, size_t size,
                             svms_error *err)
{
    bool valid = false;
    size_t name_size = 0;
    const uint8_t *name = find_name(text, size, &name_size, &valid);
    if (!valid) {
        return svms_fail(err, SVMS_E_MALFORMED, "the description is malformed (C-HDR-16)");
    }
    if (name == NULL) {
        *out = NULL;
        return SVMS_OK;
    }
    char *copy = svms_alloc(ctx, name_size + 1);
    if (copy == NULL) {
        return svms_fail_memory(err);
    }
    memcpy(copy, name, name_size);
    *out = copy;
    return SVMS_OK;
}

svms_status svms_description_name(char **out, svms_ctx *ctx, const svms_header *header,
                                  const uint8_t *content_key, svms_error *err)
{
    static const uint8_t zero_nonce[SVMS_AEAD_NONCE_SIZE] = { 0 };
    uint8_t text[SVMS_MAX_DESCRIPTION_SIZE];
    uint8_t key[SVMS_AEAD_KEY_SIZE];
    if (!header->has_keys) {
        return copy_name(out, ctx, header->description, header->description_size, err);
    }
    svms_status status = svms_description_key(ctx, content_key, header->container_id, key, err);
    if (status == SVMS_OK) {
        status = svms_aead_open(ctx, key, zero_nonce, header->container_id, 16, header->description,
                                header->description_size, text, err);
        if (status == SVMS_E_WRONG_KEY) {
            status =
                svms_fail(err, SVMS_E_UNDECRYPTABLE, "the description does not open (C-KEY-3)");
        }
    }
    if (status == SVMS_OK) {
        status = copy_name(out, ctx, text, header->description_size - SVMS_AEAD_TAG_SIZE, err);
    }
    svms_wipe(key, sizeof(key));
    svms_wipe(text, sizeof(text));
    return status;
}

svms_status svms_description_check(const svms_header *header, svms_error *err)
{
    bool valid = true;
    size_t name_size = 0;
    if (header->description_size != 0 && !header->has_keys) {
        (void)find_name(header->description, header->description_size, &name_size, &valid);
    }
    return valid ? SVMS_OK
                 : svms_fail(err, SVMS_E_MALFORMED, "the description is malformed (C-HDR-16)");
}
