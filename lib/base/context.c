/* SPDX-License-Identifier: Apache-2.0 */
#include "context_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "failure.h"
#include "options.h"
#include "platform.h"

#define LOG_LINE_SIZE 512

struct svms_ctx {
    svms_ctx_options hooks;
    char *properties;
};

static void *allocate_raw(const svms_ctx *ctx, size_t size)
{
    if (!ctx->hooks.allocate) {
        return calloc(1, size);
    }
    void *pointer = ctx->hooks.allocate(ctx->hooks.user, size);
    if (pointer) {
        memset(pointer, 0, size);
    }
    return pointer;
}

void *svms_alloc(svms_ctx *ctx, size_t size)
{
    return size == 0 ? NULL : allocate_raw(ctx, size);
}

void *svms_alloc_array(svms_ctx *ctx, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        return NULL;
    }
    return svms_alloc(ctx, count * size);
}

void svms_release(svms_ctx *ctx, void *pointer)
{
    if (!pointer) {
        return;
    }
    if (ctx->hooks.release) {
        ctx->hooks.release(ctx->hooks.user, pointer);
    } else {
        free(pointer);
    }
}

void svms_release_secret(svms_ctx *ctx, void *pointer, size_t size)
{
    if (!pointer) {
        return;
    }
    svms_wipe(pointer, size);
    svms_release(ctx, pointer);
}

void *svms_grow(svms_ctx *ctx, void *old, size_t old_size, size_t new_size)
{
    if (new_size < old_size) {
        return NULL;
    }
    void *grown = svms_alloc(ctx, new_size);
    if (!grown) {
        return NULL;
    }
    if (old) {
        memcpy(grown, old, old_size);
        svms_release_secret(ctx, old, old_size);
    }
    return grown;
}

char *svms_copy_text(svms_ctx *ctx, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = svms_alloc(ctx, size);
    if (copy) {
        memcpy(copy, text, size);
    }
    return copy;
}

void svms_wipe(void *pointer, size_t size)
{
    if (pointer && size > 0) {
        OPENSSL_cleanse(pointer, size);
    }
}

bool svms_equal_secret(const void *a, const void *b, size_t size)
{
    return size == 0 || CRYPTO_memcmp(a, b, size) == 0;
}

int64_t svms_utc_now(svms_ctx *ctx)
{
    if (ctx->hooks.utc_now) {
        return ctx->hooks.utc_now(ctx->hooks.user);
    }
    return svms_platform_utc_now();
}

uint64_t svms_monotonic_now(svms_ctx *ctx)
{
    if (ctx->hooks.monotonic_now) {
        return ctx->hooks.monotonic_now(ctx->hooks.user);
    }
    return svms_platform_monotonic_now();
}

svms_status svms_random(svms_ctx *ctx, void *out, size_t size, svms_error *err)
{
    if (size == 0) {
        return SVMS_OK;
    }
    if (ctx->hooks.random_bytes) {
        if (ctx->hooks.random_bytes(ctx->hooks.user, out, size) == 0) {
            return SVMS_OK;
        }
        svms_wipe(out, size);
        return svms_fail(err, SVMS_E_CRYPTO, "the random source of the application failed");
    }
    if (RAND_priv_bytes_ex(ctx->hooks.ossl_context, out, size, 0) == 1) {
        return SVMS_OK;
    }
    svms_wipe(out, size);
    return svms_fail_crypto(err, "cannot get random bytes");
}

void svms_log(svms_ctx *ctx, svms_log_level level, const char *format, ...)
{
    if (!ctx->hooks.log) {
        return;
    }
    char line[LOG_LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length < 0) {
        return;
    }
    for (char *c = line; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7F) {
            *c = '?';
        }
    }
    ctx->hooks.log(ctx->hooks.user, level, line);
}

OSSL_LIB_CTX *svms_ossl_context(svms_ctx *ctx)
{
    return ctx->hooks.ossl_context;
}

const char *svms_ossl_properties(svms_ctx *ctx)
{
    return ctx->properties;
}

/* What every container needs; other algorithms are reported where they are used. */
static svms_status check_provider(svms_ctx *ctx, svms_error *err)
{
    EVP_MD *digest = EVP_MD_fetch(svms_ossl_context(ctx), "SHA2-256", ctx->properties);
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(svms_ossl_context(ctx), "AES-256-GCM", ctx->properties);
    EVP_MAC *mac = EVP_MAC_fetch(svms_ossl_context(ctx), "HMAC", ctx->properties);
    svms_status status = SVMS_OK;
    if (!digest) {
        status = svms_fail_crypto(err, "the provider lacks SHA-256");
    } else if (!cipher) {
        status = svms_fail_crypto(err, "the provider lacks AES-256-GCM");
    } else if (!mac) {
        status = svms_fail_crypto(err, "the provider lacks HMAC");
    }
    EVP_MAC_free(mac);
    EVP_CIPHER_free(cipher);
    EVP_MD_free(digest);
    ERR_clear_error();
    return status;
}

svms_status svms_ctx_new(svms_ctx **out, const svms_ctx_options *options, svms_error *err)
{
    if (!out) {
        return svms_fail(err, SVMS_E_USAGE, "no place for the context was given");
    }
    svms_ctx seed = { .hooks = SVMS_CTX_OPTIONS_INIT };
    svms_status status =
        svms_options_read(&seed.hooks, sizeof seed.hooks, options, "the context options", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!seed.hooks.allocate != !seed.hooks.release) {
        return svms_fail(err, SVMS_E_USAGE, "allocate and release must be given together");
    }

    svms_ctx *ctx = svms_alloc(&seed, sizeof *ctx);
    if (!ctx) {
        return svms_fail_memory(err);
    }
    *ctx = seed;
    if (seed.hooks.ossl_properties) {
        ctx->properties = svms_copy_text(ctx, seed.hooks.ossl_properties);
        if (!ctx->properties) {
            status = svms_fail_memory(err);
            goto fail;
        }
    }
    ctx->hooks.ossl_properties = NULL;
    status = check_provider(ctx, err);
    if (status != SVMS_OK) {
        goto fail;
    }
    *out = ctx;
    return SVMS_OK;

fail:
    svms_ctx_free(&ctx);
    return status;
}

void svms_ctx_free(svms_ctx **ctx)
{
    if (!ctx || !*ctx) {
        return;
    }
    svms_ctx last = **ctx;
    svms_release(&last, last.properties);
    svms_release_secret(&last, *ctx, sizeof **ctx);
    *ctx = NULL;
}
