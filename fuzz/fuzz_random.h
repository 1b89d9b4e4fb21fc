/* SPDX-License-Identifier: Apache-2.0 */
/* A random generator for OpenSSL that gives the same bytes in every run, so that what a fuzzer
 * finds can be repeated. For harnesses alone: everything made with it is public. */
#ifndef SVMS_FUZZ_RANDOM_H
#define SVMS_FUZZ_RANDOM_H

#include <stdint.h>
#include <stdlib.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/rand.h>

static uint64_t fuzz_random_state;

static void fuzz_random_restart(void)
{
    fuzz_random_state = UINT64_C(0x9E3779B97F4A7C15);
}

/* xorshift64*: its numbers look random enough for keys and nonces to differ. */
static uint8_t fuzz_random_byte(void)
{
    fuzz_random_state ^= fuzz_random_state >> 12;
    fuzz_random_state ^= fuzz_random_state << 25;
    fuzz_random_state ^= fuzz_random_state >> 27;
    return (uint8_t)((fuzz_random_state * UINT64_C(0x2545F4914F6CDD1D)) >> 56);
}

static void *fuzz_random_new(void *provider, void *parent, const OSSL_DISPATCH *parent_calls)
{
    (void)provider;
    (void)parent;
    (void)parent_calls;
    return malloc(1);
}

static int fuzz_random_instantiate(void *state, unsigned int strength, int resistance,
                                   const unsigned char *personal, size_t personal_size,
                                   const OSSL_PARAM params[])
{
    (void)state;
    (void)strength;
    (void)resistance;
    (void)personal;
    (void)personal_size;
    (void)params;
    return 1;
}

static int fuzz_random_uninstantiate(void *state)
{
    (void)state;
    return 1;
}

static int fuzz_random_generate(void *state, unsigned char *out, size_t size, unsigned int strength,
                                int resistance, const unsigned char *extra, size_t extra_size)
{
    (void)state;
    (void)strength;
    (void)resistance;
    (void)extra;
    (void)extra_size;
    for (size_t i = 0; i < size; i++) {
        out[i] = fuzz_random_byte();
    }
    return 1;
}

static int fuzz_random_enable_locking(void *state)
{
    (void)state;
    return 1;
}

static int fuzz_random_get(void *state, OSSL_PARAM params[])
{
    (void)state;
    OSSL_PARAM *now = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STATE);
    OSSL_PARAM *strength = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STRENGTH);
    OSSL_PARAM *most = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_MAX_REQUEST);
    return (!now || OSSL_PARAM_set_int(now, EVP_RAND_STATE_READY)) &&
           (!strength || OSSL_PARAM_set_uint(strength, 256)) &&
           (!most || OSSL_PARAM_set_size_t(most, SIZE_MAX));
}

static const OSSL_PARAM *fuzz_random_gettable(void *state, void *provider)
{
    static const OSSL_PARAM known[] = { OSSL_PARAM_int(OSSL_RAND_PARAM_STATE, NULL),
                                        OSSL_PARAM_uint(OSSL_RAND_PARAM_STRENGTH, NULL),
                                        OSSL_PARAM_size_t(OSSL_RAND_PARAM_MAX_REQUEST, NULL),
                                        OSSL_PARAM_END };
    (void)state;
    (void)provider;
    return known;
}

static const OSSL_ALGORITHM *fuzz_random_query(void *provider, int operation, int *uncached)
{
    static const OSSL_DISPATCH calls[] = {
        { OSSL_FUNC_RAND_NEWCTX, (void (*)(void))fuzz_random_new },
        { OSSL_FUNC_RAND_FREECTX, (void (*)(void))free },
        { OSSL_FUNC_RAND_INSTANTIATE, (void (*)(void))fuzz_random_instantiate },
        { OSSL_FUNC_RAND_UNINSTANTIATE, (void (*)(void))fuzz_random_uninstantiate },
        { OSSL_FUNC_RAND_GENERATE, (void (*)(void))fuzz_random_generate },
        { OSSL_FUNC_RAND_ENABLE_LOCKING, (void (*)(void))fuzz_random_enable_locking },
        { OSSL_FUNC_RAND_GETTABLE_CTX_PARAMS, (void (*)(void))fuzz_random_gettable },
        { OSSL_FUNC_RAND_GET_CTX_PARAMS, (void (*)(void))fuzz_random_get },
        { 0, NULL }
    };
    static const OSSL_ALGORITHM generators[] = { { "FIXED", "provider=fixed", calls, "fixed" },
                                                 { NULL, NULL, NULL, NULL } };
    (void)provider;
    *uncached = 0;
    return operation == OSSL_OP_RAND ? generators : NULL;
}

static int fuzz_random_provider(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *core,
                                const OSSL_DISPATCH **out, void **context)
{
    static const OSSL_DISPATCH calls[] = {
        { OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))fuzz_random_query }, { 0, NULL }
    };
    (void)core;
    *out = calls;
    *context = (void *)(uintptr_t)handle;
    return 1;
}

/* A library context whose random bytes are always the same; kept until the program ends. */
static OSSL_LIB_CTX *fuzz_random_library(void)
{
    OSSL_LIB_CTX *library = OSSL_LIB_CTX_new();
    if (!library || !OSSL_PROVIDER_add_builtin(library, "fixed", fuzz_random_provider) ||
        !RAND_set_DRBG_type(library, "FIXED", NULL, NULL, NULL) ||
        !OSSL_PROVIDER_load(library, "fixed") || !OSSL_PROVIDER_load(library, "default")) {
        abort();
    }
    fuzz_random_restart();
    return library;
}

#endif
