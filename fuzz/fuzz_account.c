/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts: the text as it comes, and what stands behind the seal, which no fuzzer gets past. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "account_internal.h"

#define CONTENT_ROOM 8192
#define NAME "anna"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t key[SVMS_ACCOUNT_KEY_SIZE] = { 1, 2, 3 };

/* Content that was read is written as it was; its text opens again, to the same content. */
static void check(svms_ctx *ctx, const svms_account *account, const uint8_t *content, size_t size)
{
    char text[SVMS_ACCOUNT_TEXT_MAX];
    size_t length = sizeof text;
    svms_account *again = NULL;
    svms_account_info info = SVMS_ACCOUNT_INFO_INIT;
    svms_builder written = svms_builder_new(ctx, CONTENT_ROOM);
    svms_put_account(&written, account);
    if (written.status != SVMS_OK || written.size != size ||
        memcmp(written.data, content, size) != 0) {
        abort();
    }
    if (svms_account_describe(account, &info, NULL) != SVMS_OK ||
        info.recovery_left > SVMS_RECOVERY_MAX || info.history >= SVMS_PASSWORD_HISTORY_MAX) {
        abort();
    }
    if (svms_account_write(account, text, &length, NULL) != SVMS_OK ||
        svms_account_read(&again, ctx, NAME, key, text, length, NULL) != SVMS_OK) {
        abort();
    }
    svms_builder_reset(&written);
    svms_put_account(&written, again);
    if (written.size != size || memcmp(written.data, content, size) != 0) {
        abort();
    }
    svms_builder_clear(&written);
    svms_account_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    svms_ctx *ctx = NULL;
    svms_account *account = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        return 0;
    }
    const char *text = size > 0 ? (const char *)data : "";
    svms_status status = svms_account_read(&account, ctx, NAME, key, text, size, &err);
    if ((status == SVMS_OK) != (account != NULL) || (status != SVMS_OK && err.status != status)) {
        abort();
    }
    svms_account_free(&account);
    if (svms_account_new(&account, ctx, NAME, key, NULL) == SVMS_OK) {
        status = svms_account_read_content(account, text, size, &err);
        if (status == SVMS_OK) {
            check(ctx, account, data, size);
        }
    }
    svms_account_free(&account);
    svms_ctx_free(&ctx);
    return 0;
}
