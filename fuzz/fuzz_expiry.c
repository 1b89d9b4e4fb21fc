/* SPDX-License-Identifier: Apache-2.0 */
/* What an expiry watch is restored from: the text as it is, and once more with the digest that
 * belongs to it, so that what stands behind that check is reached. */
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include <svms/svms.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ENDING_SIZE (7 + 2 * SHA256_DIGEST_LENGTH + 1)

static void check(int good)
{
    if (!good) {
        abort();
    }
}

/* What was accepted by an empty inventory is what that writes. */
static void compare(const svms_expiry *expiry, const char *text, size_t size)
{
    char *again = malloc(size + 1);
    size_t capacity = size + 1;
    check(again != NULL);
    check(svms_expiry_save(expiry, again, &capacity, NULL) == SVMS_OK);
    check(capacity == size && memcmp(again, text, size) == 0);
    free(again);
}

static void restore(svms_ctx *ctx, const char *text, size_t size)
{
    svms_expiry *expiry = NULL;
    svms_error err = SVMS_ERROR_INIT;
    check(svms_expiry_new(&expiry, ctx, NULL, NULL, &err) == SVMS_OK);
    svms_status status = svms_expiry_restore(expiry, text, size, &err);
    if (status == SVMS_OK) {
        compare(expiry, text, size);
        /* Told again, it says nothing new; checked, it lets go of what is long past. */
        check(svms_expiry_restore(expiry, text, size, &err) == SVMS_OK);
        compare(expiry, text, size);
        check(svms_expiry_check(expiry, INT64_MAX, NULL, &err) == SVMS_OK);
        check(svms_expiry_count(expiry) == 0);
    } else {
        check(status == SVMS_E_MALFORMED || status == SVMS_E_TRUNCATED ||
              status == SVMS_E_UNSUPPORTED || status == SVMS_E_LIMIT);
        check(err.message[0] != '\0');
        check(status == SVMS_E_LIMIT || err.offset <= size);
    }
    svms_expiry_free(&expiry);
}

/* The text without its digest, if there is one at its end, and then the right one. */
static void restore_with_digest(svms_ctx *ctx, const uint8_t *data, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[SHA256_DIGEST_LENGTH];
    if (size >= ENDING_SIZE && memcmp(data + size - ENDING_SIZE, "sha256 ", 7) == 0) {
        size -= ENDING_SIZE;
    }
    char *text = malloc(size + ENDING_SIZE);
    check(text != NULL);
    memcpy(text, data, size);
    SHA256(data, size, digest);
    memcpy(text + size, "sha256 ", 7);
    for (size_t i = 0; i < sizeof digest; i++) {
        text[size + 7 + 2 * i] = digits[digest[i] >> 4];
        text[size + 8 + 2 * i] = digits[digest[i] & 15];
    }
    text[size + ENDING_SIZE - 1] = '\n';
    restore(ctx, text, size + ENDING_SIZE);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    if (ctx == NULL && svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        abort();
    }
    char *copy = malloc(size + 1);
    check(copy != NULL);
    memcpy(copy, data, size);
    restore(ctx, copy, size);
    restore_with_digest(ctx, data, size);
    free(copy);
    return 0;
}
