/* SPDX-License-Identifier: Apache-2.0 */
#include "property_provider.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/rand.h>

#define OPERATIONS (OSSL_OP__HIGHEST + 1)
#define DEFINITION_SIZE 160

/* The algorithms that one of the two offers for one operation. */
typedef struct offer {
    OSSL_ALGORITHM *algorithms;
    char (*definitions)[DEFINITION_SIZE];
    OSSL_DISPATCH **tables;
} offer;

static struct {
    OSSL_LIB_CTX *library;
    OSSL_LIB_CTX *inner;
    OSSL_PROVIDER *real_provider;
    OSSL_PROVIDER *inner_proper;
    const OSSL_ALGORITHM *real[OPERATIONS];
    void *real_context;
    OSSL_PROVIDER *proper;
    OSSL_PROVIDER *stray;
    offer proper_offers[OPERATIONS];
    offer stray_offers[OPERATIONS];
    property_gap gap;
    unsigned gaps;
    unsigned strays;
    int first_stray;
} state;

static void *strayed(int operation)
{
    if (state.strays++ == 0) {
        state.first_stray = operation;
    }
    ERR_raise(ERR_LIB_PROV, ERR_R_INTERNAL_ERROR);
    return NULL;
}

/* Whatever is done with an algorithm begins with one of these. */
static void *digest_newctx(void *provider)
{
    (void)provider;
    return strayed(OSSL_OP_DIGEST);
}

static int digest_digest(void *provider, const unsigned char *in, size_t size, unsigned char *out,
                         size_t *out_size, size_t room)
{
    (void)in;
    (void)size;
    (void)out;
    (void)out_size;
    (void)room;
    return digest_newctx(provider) != NULL;
}

static void *cipher_newctx(void *provider)
{
    (void)provider;
    return strayed(OSSL_OP_CIPHER);
}

static void *mac_newctx(void *provider)
{
    (void)provider;
    return strayed(OSSL_OP_MAC);
}

static void *kdf_newctx(void *provider)
{
    (void)provider;
    return strayed(OSSL_OP_KDF);
}

static void *rand_newctx(void *provider, void *parent, const OSSL_DISPATCH *calls)
{
    (void)provider;
    (void)parent;
    (void)calls;
    return strayed(OSSL_OP_RAND);
}

static void *keymgmt_new(void *provider)
{
    (void)provider;
    return strayed(OSSL_OP_KEYMGMT);
}

static void *keymgmt_gen_init(void *provider, int selection, const OSSL_PARAM params[])
{
    (void)selection;
    (void)params;
    return keymgmt_new(provider);
}

static void *keymgmt_load(const void *reference, size_t size)
{
    (void)reference;
    (void)size;
    return strayed(OSSL_OP_KEYMGMT);
}

static void *keyexch_newctx(void *provider)
{
    (void)provider;
    return strayed(OSSL_OP_KEYEXCH);
}

static void *signature_newctx(void *provider, const char *properties)
{
    (void)provider;
    (void)properties;
    return strayed(OSSL_OP_SIGNATURE);
}

static void *asym_cipher_newctx(void *provider)
{
    (void)provider;
    return strayed(OSSL_OP_ASYM_CIPHER);
}

static void *store_open(void *provider, const char *uri)
{
    (void)provider;
    (void)uri;
    return strayed(OSSL_OP_STORE);
}

typedef void (*function)(void);

/* Decoders and encoders are missing: they compute nothing, and OpenSSL 3.0 looks at those of every
 * provider. */
static const struct {
    int operation;
    int id;
    function begin;
} beginnings[] = {
    { OSSL_OP_DIGEST, OSSL_FUNC_DIGEST_NEWCTX, (function)digest_newctx },
    { OSSL_OP_DIGEST, OSSL_FUNC_DIGEST_DIGEST, (function)digest_digest },
    { OSSL_OP_CIPHER, OSSL_FUNC_CIPHER_NEWCTX, (function)cipher_newctx },
    { OSSL_OP_MAC, OSSL_FUNC_MAC_NEWCTX, (function)mac_newctx },
    { OSSL_OP_KDF, OSSL_FUNC_KDF_NEWCTX, (function)kdf_newctx },
    { OSSL_OP_RAND, OSSL_FUNC_RAND_NEWCTX, (function)rand_newctx },
    { OSSL_OP_KEYMGMT, OSSL_FUNC_KEYMGMT_NEW, (function)keymgmt_new },
    { OSSL_OP_KEYMGMT, OSSL_FUNC_KEYMGMT_GEN_INIT, (function)keymgmt_gen_init },
    { OSSL_OP_KEYMGMT, OSSL_FUNC_KEYMGMT_LOAD, (function)keymgmt_load },
    { OSSL_OP_KEYEXCH, OSSL_FUNC_KEYEXCH_NEWCTX, (function)keyexch_newctx },
    { OSSL_OP_SIGNATURE, OSSL_FUNC_SIGNATURE_NEWCTX, (function)signature_newctx },
    { OSSL_OP_ASYM_CIPHER, OSSL_FUNC_ASYM_CIPHER_NEWCTX, (function)asym_cipher_newctx },
    { OSSL_OP_STORE, OSSL_FUNC_STORE_OPEN, (function)store_open },
};

#define BEGINNINGS (sizeof beginnings / sizeof beginnings[0])

static void *calloc_or_abort(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (!memory) {
        abort();
    }
    return memory;
}

static OSSL_DISPATCH *stray_table(int operation, const OSSL_DISPATCH *real)
{
    size_t count = 0;
    while (real[count].function_id != 0) {
        count++;
    }
    OSSL_DISPATCH *table = calloc_or_abort(count + 1, sizeof *table);
    memcpy(table, real, (count + 1) * sizeof *table);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < BEGINNINGS; k++) {
            if (beginnings[k].operation == operation && beginnings[k].id == table[i].function_id) {
                table[i].function = beginnings[k].begin;
            }
        }
    }
    return table;
}

static bool computes(int operation)
{
    for (size_t k = 0; k < BEGINNINGS; k++) {
        if (beginnings[k].operation == operation) {
            return true;
        }
    }
    return false;
}

static bool is_gap(int operation, const char *names)
{
    size_t length = state.gap.name ? strlen(state.gap.name) : 0;
    return length > 0 && operation == state.gap.operation &&
           strncmp(names, state.gap.name, length) == 0 &&
           (names[length] == ':' || names[length] == '\0');
}

static const OSSL_ALGORITHM *offer_of(bool is_proper, int operation)
{
    offer *made = is_proper ? &state.proper_offers[operation] : &state.stray_offers[operation];
    const OSSL_ALGORITHM *real = state.real[operation];
    size_t count = 0;
    size_t used = 0;
    if (made->algorithms || !real || (!is_proper && !computes(operation))) {
        return made->algorithms;
    }
    while (real[count].algorithm_names) {
        count++;
    }
    made->algorithms = calloc_or_abort(count + 1, sizeof *made->algorithms);
    made->definitions = calloc_or_abort(count + 1, sizeof *made->definitions);
    made->tables = calloc_or_abort(count + 1, sizeof *made->tables);
    for (size_t i = 0; i < count; i++) {
        if (is_proper && is_gap(operation, real[i].algorithm_names)) {
            state.gaps++;
            continue;
        }
        OSSL_ALGORITHM *algorithm = &made->algorithms[used];
        *algorithm = real[i];
        if (is_proper) {
            snprintf(made->definitions[used], DEFINITION_SIZE, "%s,%s", PROPER,
                     real[i].property_definition);
            algorithm->property_definition = made->definitions[used];
        } else {
            made->tables[used] = stray_table(operation, real[i].implementation);
            algorithm->implementation = made->tables[used];
        }
        used++;
    }
    return made->algorithms;
}

static const OSSL_ALGORITHM *query_proper(void *provider, int operation, int *no_cache)
{
    (void)provider;
    *no_cache = 0;
    return operation < OPERATIONS ? offer_of(true, operation) : NULL;
}

static const OSSL_ALGORITHM *query_stray(void *provider, int operation, int *no_cache)
{
    (void)provider;
    *no_cache = 0;
    return operation < OPERATIONS ? offer_of(false, operation) : NULL;
}

static int begin(const OSSL_DISPATCH *functions, const OSSL_DISPATCH **out, void **provider)
{
    *out = functions;
    *provider = state.real_context;
    return 1;
}

static int begin_proper(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *core,
                        const OSSL_DISPATCH **out, void **provider)
{
    static const OSSL_DISPATCH functions[] = {
        { OSSL_FUNC_PROVIDER_QUERY_OPERATION, (function)query_proper }, { 0, NULL }
    };
    (void)handle;
    (void)core;
    return begin(functions, out, provider);
}

static int begin_stray(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *core,
                       const OSSL_DISPATCH **out, void **provider)
{
    static const OSSL_DISPATCH functions[] = {
        { OSSL_FUNC_PROVIDER_QUERY_OPERATION, (function)query_stray }, { 0, NULL }
    };
    (void)handle;
    (void)core;
    return begin(functions, out, provider);
}

/* OpenSSL's own provider lives in another library context. What it needs itself it fetches from
 * there, sometimes with the properties that it was given and sometimes, whatever it was given,
 * without: that is its own affair, as it is in a FIPS module. */
static bool take_real(void)
{
    state.inner = OSSL_LIB_CTX_new();
    state.real_provider = state.inner ? OSSL_PROVIDER_load(state.inner, "default") : NULL;
    if (!state.real_provider) {
        return false;
    }
    for (int i = 1; i < OPERATIONS; i++) {
        int no_cache = 0;
        state.real[i] = OSSL_PROVIDER_query_operation(state.real_provider, i, &no_cache);
    }
    state.real_context = OSSL_PROVIDER_get0_provider_ctx(state.real_provider);
    if (OSSL_PROVIDER_add_builtin(state.inner, "proper", begin_proper) == 1) {
        state.inner_proper = OSSL_PROVIDER_load(state.inner, "proper");
    }
    return state.inner_proper != NULL;
}

OSSL_LIB_CTX *property_provider_load(const property_gap *gap)
{
    state.library = OSSL_LIB_CTX_new();
    if (gap) {
        state.gap = *gap;
    }
    if (state.library && take_real() &&
        OSSL_PROVIDER_add_builtin(state.library, "stray", begin_stray) == 1 &&
        OSSL_PROVIDER_add_builtin(state.library, "proper", begin_proper) == 1) {
        state.stray = OSSL_PROVIDER_load(state.library, "stray");
        state.proper = OSSL_PROVIDER_load(state.library, "proper");
    }
    /* The generator belongs to the library context, and so does its choice. */
    if (!state.stray || !state.proper ||
        RAND_set_DRBG_type(state.library, "CTR-DRBG", PROPER, "AES-256-CTR", NULL) != 1 ||
        RAND_set_seed_source_type(state.library, "SEED-SRC", PROPER) != 1) {
        property_provider_unload();
        return NULL;
    }
    return state.library;
}

static void clear_offers(offer offers[OPERATIONS])
{
    for (int i = 0; i < OPERATIONS; i++) {
        for (size_t k = 0; offers[i].tables && offers[i].tables[k]; k++) {
            free(offers[i].tables[k]);
        }
        free(offers[i].tables);
        free(offers[i].definitions);
        free(offers[i].algorithms);
    }
}

void property_provider_unload(void)
{
    if (state.proper) {
        OSSL_PROVIDER_unload(state.proper);
    }
    if (state.stray) {
        OSSL_PROVIDER_unload(state.stray);
    }
    OSSL_LIB_CTX_free(state.library);
    if (state.inner_proper) {
        OSSL_PROVIDER_unload(state.inner_proper);
    }
    if (state.real_provider) {
        OSSL_PROVIDER_unload(state.real_provider);
    }
    OSSL_LIB_CTX_free(state.inner);
    clear_offers(state.proper_offers);
    clear_offers(state.stray_offers);
    memset(&state, 0, sizeof state);
}

unsigned property_provider_strays(void)
{
    return state.strays;
}

int property_provider_first_stray(void)
{
    return state.first_stray;
}

unsigned property_provider_gaps(void)
{
    return state.gaps;
}
