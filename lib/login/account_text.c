/* SPDX-License-Identifier: Apache-2.0 */
/* The text of an account: its content, sealed for one name (login.md, L-ACC-3). */
#include <string.h>

#include "account_internal.h"
#include "aead.h"
#include "base64.h"
#include "cursor.h"
#include "failure.h"

#define FORMAT "svms-account."
#define VERSION "1."
#define PREFIX FORMAT VERSION
#define PREFIX_SIZE (sizeof PREFIX - 1)
#define CONTENT_MAX 8192
#define AROUND (SVMS_AEAD_NONCE_SIZE + SVMS_AEAD_TAG_SIZE)

/* What the seal is for: format, version and name. */
typedef struct associated {
    uint8_t bytes[PREFIX_SIZE + SVMS_LOGIN_NAME_MAX];
    size_t size;
} associated;

static associated associate(const svms_account *account)
{
    associated out = { { 0 }, PREFIX_SIZE + strlen(account->name) };
    memcpy(out.bytes, PREFIX, PREFIX_SIZE);
    memcpy(out.bytes + PREFIX_SIZE, account->name, strlen(account->name));
    return out;
}

/* size bytes of content give size + AROUND bytes. */
static svms_status seal(const svms_account *account, const svms_builder *content, uint8_t *out,
                        svms_error *err)
{
    associated name = associate(account);
    svms_status status = svms_random(account->ctx, out, SVMS_AEAD_NONCE_SIZE, err);
    if (status == SVMS_OK) {
        status = svms_aead_seal(account->ctx, account->key, out, name.bytes, name.size,
                                content->data, content->size, out + SVMS_AEAD_NONCE_SIZE, err);
    }
    return status;
}

static svms_status write_text(const svms_account *account, const svms_builder *content, char *out,
                              svms_error *err)
{
    size_t size = content->size + AROUND;
    uint8_t *sealed = svms_alloc(account->ctx, size);
    if (!sealed) {
        return svms_fail_memory(err);
    }
    svms_builder text = svms_builder_new(account->ctx, SVMS_ACCOUNT_TEXT_MAX);
    svms_status status = seal(account, content, sealed, err);
    if (status == SVMS_OK) {
        svms_put_bytes(&text, PREFIX, PREFIX_SIZE);
        svms_put_base64url(&text, sealed, size);
        svms_put_u8(&text, '\0');
        status = svms_builder_check(&text, "the account", err);
    }
    if (status == SVMS_OK) {
        memcpy(out, text.data, text.size);
    }
    svms_builder_clear(&text);
    svms_release(account->ctx, sealed);
    return status;
}

svms_status svms_account_write(const svms_account *account, char *out, size_t *size,
                               svms_error *err)
{
    if (!account || !size || (!out && *size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_builder content = svms_builder_new(account->ctx, CONTENT_MAX);
    svms_put_account(&content, account);
    svms_status status = svms_builder_check(&content, "the account", err);
    size_t length = PREFIX_SIZE + svms_base64url_encoded_size(content.size + AROUND);
    if (status == SVMS_OK && length >= *size) {
        *size = length + 1;
        status = svms_fail(err, SVMS_E_LIMIT, "the account needs a buffer of %zu bytes", *size);
    } else if (status == SVMS_OK) {
        status = write_text(account, &content, out, err);
        if (status == SVMS_OK) {
            *size = length;
        }
    }
    svms_builder_clear(&content);
    return status;
}

/* The bytes behind the prefix: *out is to be released. */
static svms_status read_sealed(svms_ctx *ctx, const char *text, size_t size, uint8_t **out,
                               size_t *out_size, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(text, size, 0);
    const uint8_t *format = svms_read_bytes(&cursor, sizeof FORMAT - 1);
    if (!format || memcmp(format, FORMAT, sizeof FORMAT - 1) != 0) {
        return svms_fail(err, SVMS_E_MALFORMED, "the text is no account");
    }
    const uint8_t *version = svms_read_bytes(&cursor, sizeof VERSION - 1);
    if (!version || memcmp(version, VERSION, sizeof VERSION - 1) != 0) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "the account is of another version than 1");
    }
    size_t characters = svms_cursor_left(&cursor);
    size_t bytes = svms_base64url_decoded_size(characters);
    if (bytes == SIZE_MAX || bytes <= AROUND) {
        return svms_fail(err, SVMS_E_MALFORMED, "the text of the account has lost its end");
    }
    uint8_t *sealed = svms_alloc(ctx, bytes);
    if (!sealed) {
        return svms_fail_memory(err);
    }
    if (!svms_base64url_decode(text + PREFIX_SIZE, characters, sealed)) {
        svms_release(ctx, sealed);
        return svms_fail(err, SVMS_E_MALFORMED, "the account is no base64url without padding");
    }
    *out = sealed;
    *out_size = bytes;
    return SVMS_OK;
}

static svms_status open_content(svms_account *account, const uint8_t *sealed, size_t size,
                                svms_error *err)
{
    svms_error cause = SVMS_ERROR_INIT;
    associated name = associate(account);
    size_t content_size = size - AROUND;
    uint8_t *content = svms_alloc(account->ctx, content_size);
    if (!content) {
        return svms_fail_memory(err);
    }
    svms_status status =
        svms_aead_open(account->ctx, account->key, sealed, name.bytes, name.size,
                       sealed + SVMS_AEAD_NONCE_SIZE, size - SVMS_AEAD_NONCE_SIZE, content, &cause);
    if (status == SVMS_E_WRONG_KEY) {
        svms_fail(err, status,
                  "the account was changed, is somebody else's or is sealed with another key");
    } else if (status != SVMS_OK) {
        svms_fail_as(err, status, &cause);
    } else {
        status = svms_account_read_content(account, content, content_size, err);
    }
    svms_release_secret(account->ctx, content, content_size);
    return status;
}

svms_status svms_account_read(svms_account **out, svms_ctx *ctx, const char *name,
                              const uint8_t key[SVMS_ACCOUNT_KEY_SIZE], const char *text,
                              size_t size, svms_error *err)
{
    svms_account *account = NULL;
    uint8_t *sealed = NULL;
    size_t sealed_size = 0;
    if (!out || !ctx || !name || !key || !text) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    if (size >= SVMS_ACCOUNT_TEXT_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "the text of an account has at most %d characters",
                         SVMS_ACCOUNT_TEXT_MAX - 1);
    }
    svms_status status = svms_account_new(&account, ctx, name, key, err);
    if (status == SVMS_OK) {
        status = read_sealed(ctx, text, size, &sealed, &sealed_size, err);
    }
    if (status == SVMS_OK) {
        status = open_content(account, sealed, sealed_size, err);
    }
    svms_release(ctx, sealed);
    if (status == SVMS_OK) {
        *out = account;
    } else {
        svms_account_free(&account);
    }
    return status;
}
