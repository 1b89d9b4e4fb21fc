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

/* Kinds of text (C-HDR-16). */
enum { KIND_NAME = 1, KIND_PLACE = 2, KIND_REMARK = 3, KINDS = 3 };

/* Texts by kind, within the description; data NULL where there is none. */
typedef struct description_view {
    svms_iovec texts[KINDS];
} description_view;

/* False when the description is not well-formed. */
static bool find_texts(description_view *out, const uint8_t *text, size_t size)
{
    svms_cursor cursor = svms_cursor_over(text, size, 0);
    uint8_t last = 0;
    memset(out, 0, sizeof(*out));
    while (!svms_cursor_at_end(&cursor)) {
        uint8_t kind = svms_read_u8(&cursor);
        if (kind == 0) {
            return svms_read_zeros(&cursor, svms_cursor_left(&cursor));
        }
        uint8_t zero = svms_read_u8(&cursor);
        uint16_t length = svms_read_u16(&cursor);
        const uint8_t *bytes = svms_read_bytes(&cursor, length);
        if (bytes == NULL || zero != 0 || kind <= last || kind > KINDS || !is_utf8(bytes, length)) {
            return false;
        }
        last = kind;
        out->texts[kind - 1].data = bytes;
        out->texts[kind - 1].size = length;
    }
    return true;
}

static svms_status copy_text(char **out, svms_ctx *ctx, const svms_iovec *text, svms_error *err)
{
    if (text->data == NULL) {
        *out = NULL;
        return SVMS_OK;
    }
    char *copy = svms_alloc(ctx, text->size + 1);
    if (copy == NULL) {
        return svms_fail_memory(err);
    }
    memcpy(copy, text->data, text->size);
    *out = copy;
    return SVMS_OK;
}

static svms_status copy_texts(svms_description *out, svms_ctx *ctx, const uint8_t *text,
                              size_t size, svms_error *err)
{
    description_view view;
    svms_description copy = { 0 };
    if (!find_texts(&view, text, size)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the description is malformed (C-HDR-16)");
    }
    svms_status status = copy_text(&copy.name, ctx, &view.texts[KIND_NAME - 1], err);
    if (status == SVMS_OK) {
        status = copy_text(&copy.place, ctx, &view.texts[KIND_PLACE - 1], err);
    }
    if (status == SVMS_OK) {
        status = copy_text(&copy.remark, ctx, &view.texts[KIND_REMARK - 1], err);
    }
    if (status != SVMS_OK) {
        svms_description_clear(&copy, ctx);
        return status;
    }
    *out = copy;
    return SVMS_OK;
}

void svms_description_clear(svms_description *description, svms_ctx *ctx)
{
    char **texts[] = { &description->name, &description->place, &description->remark };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (*texts[i] != NULL) {
            svms_release_secret(ctx, *texts[i], strlen(*texts[i]));
        }
        *texts[i] = NULL;
    }
}

svms_status svms_description_read(svms_description *out, svms_ctx *ctx, const svms_header *header,
                                  const uint8_t *content_key, svms_error *err)
{
    static const uint8_t zero_nonce[SVMS_AEAD_NONCE_SIZE] = { 0 };
    uint8_t text[SVMS_MAX_DESCRIPTION_SIZE];
    uint8_t key[SVMS_AEAD_KEY_SIZE];
    if (!header->has_keys || header->description_size == 0) {
        return copy_texts(out, ctx, header->description, header->description_size, err);
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
        status = copy_texts(out, ctx, text, header->description_size - SVMS_AEAD_TAG_SIZE, err);
    }
    svms_wipe(key, sizeof(key));
    svms_wipe(text, sizeof(text));
    return status;
}

svms_status svms_description_name(char **out, svms_ctx *ctx, const svms_header *header,
                                  const uint8_t *content_key, svms_error *err)
{
    svms_description description = { 0 };
    svms_status status = svms_description_read(&description, ctx, header, content_key, err);
    if (status == SVMS_OK) {
        *out = description.name;
        description.name = NULL;
    }
    svms_description_clear(&description, ctx);
    return status;
}

svms_status svms_description_check(const svms_header *header, svms_error *err)
{
    description_view view;
    bool valid =
        header->has_keys || find_texts(&view, header->description, header->description_size);
    return valid ? SVMS_OK
                 : svms_fail(err, SVMS_E_MALFORMED, "the description is malformed (C-HDR-16)");
}
