/* SPDX-License-Identifier: Apache-2.0 */
/* A provider in the process that keeps private keys to itself, as hardware does: it works with
 * them, and gives out the public half only. Its URIs are "hidden:0", "hidden:1" and so on. Include
 * after key_material.h. */
#ifndef SVMS_TEST_HIDDEN_PROVIDER_H
#define SVMS_TEST_HIDDEN_PROVIDER_H

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>

#define HIDDEN_MOST 8

/* Keys by number, of another library context than the one the provider is loaded into. */
typedef struct hidden_vault {
    EVP_PKEY *keys[HIDDEN_MOST];
    EVP_PKEY *impostor; /* signs instead of the key that was meant */
    bool knows_oaep;
} hidden_vault;

static hidden_vault vault;

typedef struct hidden_key {
    EVP_PKEY *inner;
} hidden_key;

static inline void *hidden_key_new(void *provider)
{
    (void)provider;
    return calloc(1, sizeof(hidden_key));
}

static inline void hidden_key_free(void *key)
{
    EVP_PKEY_free(((hidden_key *)key)->inner);
    free(key);
}

static inline void *hidden_key_load(const void *reference, size_t size)
{
    EVP_PKEY *inner = NULL;
    hidden_key *key = hidden_key_new(NULL);
    assert_int_equal(size, sizeof inner);
    memcpy(&inner, reference, sizeof inner);
    assert_int_equal(EVP_PKEY_up_ref(inner), 1);
    key->inner = inner;
    return key;
}

static inline int hidden_key_has(const void *key, int selection)
{
    (void)selection;
    return ((const hidden_key *)key)->inner != NULL;
}

static inline int hidden_key_export(void *key, int selection, OSSL_CALLBACK *receive, void *user)
{
    OSSL_PARAM *params = NULL;
    if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 ||
        EVP_PKEY_todata(((hidden_key *)key)->inner, EVP_PKEY_PUBLIC_KEY, &params) != 1) {
        return 0;
    }
    int result = receive(params, user);
    OSSL_PARAM_free(params);
    return result;
}

/* Only peers of a key agreement come this way. */
static inline int hidden_import(hidden_key *key, const char *type, const OSSL_PARAM params[])
{
    EVP_PKEY_CTX *state = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    OSSL_PARAM *copy = OSSL_PARAM_dup(params);
    int result = EVP_PKEY_fromdata_init(state) == 1 &&
                 EVP_PKEY_fromdata(state, &key->inner, EVP_PKEY_PUBLIC_KEY, copy) == 1;
    OSSL_PARAM_free(copy);
    EVP_PKEY_CTX_free(state);
    return result;
}

static inline int hidden_import_ec(void *key, int selection, const OSSL_PARAM params[])
{
    (void)selection;
    return hidden_import(key, "EC", params);
}

static inline int hidden_import_x25519(void *key, int selection, const OSSL_PARAM params[])
{
    (void)selection;
    return hidden_import(key, "X25519", params);
}

static inline int hidden_import_nothing(void *key, int selection, const OSSL_PARAM params[])
{
    (void)key;
    (void)selection;
    (void)params;
    return 0;
}

static inline const OSSL_PARAM *hidden_key_types(int selection)
{
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
        OSSL_PARAM_END,
    };
    return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 ? NULL : types;
}

static inline int hidden_key_get_params(void *key, OSSL_PARAM params[])
{
    for (OSSL_PARAM *p = params; p->key; p++) {
        if (strcmp(p->key, OSSL_PKEY_PARAM_PRIV_KEY) != 0 && p->key[0] != 'd') {
            OSSL_PARAM one[] = { *p, OSSL_PARAM_construct_end() };
            if (EVP_PKEY_get_params(((hidden_key *)key)->inner, one) != 1) {
                return 0;
            }
            *p = one[0];
        }
    }
    return 1;
}

static inline const OSSL_PARAM *hidden_key_gettable(void *provider)
{
    static const OSSL_PARAM gettable[] = {
        OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)provider;
    return gettable;
}

static inline const char *hidden_ec_operation(int operation)
{
    return operation == OSSL_OP_SIGNATURE ? "ECDSA" : "ECDH";
}

/* One context for every operation: a context of the default provider over the inner key. */
typedef struct hidden_work {
    EVP_PKEY *inner;
    EVP_PKEY *peer;
    EVP_PKEY_CTX *state;
} hidden_work;

static inline void *hidden_work_new(void *provider)
{
    (void)provider;
    return calloc(1, sizeof(hidden_work));
}

static inline void *hidden_signature_new(void *provider, const char *properties)
{
    (void)properties;
    return hidden_work_new(provider);
}

static inline void hidden_work_free(void *work)
{
    EVP_PKEY_CTX_free(((hidden_work *)work)->state);
    free(work);
}

static inline void hidden_work_begin(hidden_work *work, const hidden_key *key)
{
    work->inner = key->inner;
    EVP_PKEY_CTX_free(work->state);
    work->state = EVP_PKEY_CTX_new_from_pkey(NULL, work->inner, NULL);
}

static inline int hidden_sign_init(void *work, void *key, const OSSL_PARAM params[])
{
    hidden_key meant = { vault.impostor ? vault.impostor : ((hidden_key *)key)->inner };
    hidden_work_begin(work, &meant);
    return EVP_PKEY_sign_init_ex(((hidden_work *)work)->state, params);
}

static inline int hidden_sign(void *work, unsigned char *out, size_t *size, size_t room,
                              const unsigned char *digest, size_t digest_size)
{
    *size = room;
    return EVP_PKEY_sign(((hidden_work *)work)->state, out, size, digest, digest_size);
}

static inline int hidden_digest_sign_init(void *work, const char *digest, void *key,
                                          const OSSL_PARAM params[])
{
    (void)digest;
    (void)params;
    ((hidden_work *)work)->inner = vault.impostor ? vault.impostor : ((hidden_key *)key)->inner;
    return 1;
}

static inline int hidden_digest_sign(void *work, unsigned char *out, size_t *size, size_t room,
                                     const unsigned char *data, size_t data_size)
{
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    *size = room;
    int result = EVP_DigestSignInit_ex(state, NULL, NULL, NULL, NULL, ((hidden_work *)work)->inner,
                                       NULL) == 1 &&
                 EVP_DigestSign(state, out, size, data, data_size) == 1;
    EVP_MD_CTX_free(state);
    return result;
}

static inline int hidden_decrypt_init(void *work, void *key, const OSSL_PARAM params[])
{
    hidden_work_begin(work, key);
    return vault.knows_oaep && EVP_PKEY_decrypt_init_ex(((hidden_work *)work)->state, params) == 1;
}

static inline int hidden_decrypt(void *work, unsigned char *out, size_t *size, size_t room,
                                 const unsigned char *in, size_t in_size)
{
    *size = room;
    return EVP_PKEY_decrypt(((hidden_work *)work)->state, out, size, in, in_size);
}

static inline int hidden_derive_init(void *work, void *key, const OSSL_PARAM params[])
{
    hidden_work_begin(work, key);
    return EVP_PKEY_derive_init_ex(((hidden_work *)work)->state, params);
}

static inline int hidden_set_peer(void *work, void *peer)
{
    return EVP_PKEY_derive_set_peer(((hidden_work *)work)->state, ((hidden_key *)peer)->inner);
}

static inline int hidden_derive(void *work, unsigned char *out, size_t *size, size_t room)
{
    *size = room;
    return EVP_PKEY_derive(((hidden_work *)work)->state, out, size);
}

typedef struct hidden_shelf {
    unsigned long number;
    bool at_end;
} hidden_shelf;

static inline void *hidden_store_open(void *provider, const char *uri)
{
    hidden_shelf *shelf = calloc(1, sizeof *shelf);
    (void)provider;
    shelf->number = strtoul(uri + strlen("hidden:"), NULL, 10);
    shelf->at_end = shelf->number >= HIDDEN_MOST || !vault.keys[shelf->number];
    return shelf;
}

/* OpenSSL 3.0 calls this without looking whether it is there. */
static inline int hidden_store_set_params(void *place, const OSSL_PARAM params[])
{
    (void)place;
    (void)params;
    return 1;
}

static inline int hidden_store_load(void *place, OSSL_CALLBACK *receive, void *user,
                                    OSSL_PASSPHRASE_CALLBACK *ask, void *ask_user)
{
    hidden_shelf *shelf = place;
    int type = OSSL_OBJECT_PKEY;
    (void)ask;
    (void)ask_user;
    if (shelf->at_end) {
        return 0;
    }
    EVP_PKEY *inner = vault.keys[shelf->number];
    char name[32];
    snprintf(name, sizeof name, "%s", EVP_PKEY_get0_type_name(inner));
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type),
        OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE, name, 0),
        OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_REFERENCE, &inner, sizeof inner),
        OSSL_PARAM_construct_end(),
    };
    shelf->at_end = true;
    return receive(params, user);
}

static inline int hidden_store_eof(void *place)
{
    return ((hidden_shelf *)place)->at_end;
}

static inline int hidden_store_close(void *place)
{
    free(place);
    return 1;
}

#define HIDDEN(id, function)                                                                       \
    {                                                                                              \
        (id), (void (*)(void))(function)                                                           \
    }
#define HIDDEN_END                                                                                 \
    {                                                                                              \
        0, NULL                                                                                    \
    }
#define HIDDEN_KEYMGMT(import)                                                                     \
    HIDDEN(OSSL_FUNC_KEYMGMT_NEW, hidden_key_new),                                                 \
        HIDDEN(OSSL_FUNC_KEYMGMT_FREE, hidden_key_free),                                           \
        HIDDEN(OSSL_FUNC_KEYMGMT_LOAD, hidden_key_load),                                           \
        HIDDEN(OSSL_FUNC_KEYMGMT_HAS, hidden_key_has), HIDDEN(OSSL_FUNC_KEYMGMT_IMPORT, import),   \
        HIDDEN(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, hidden_key_types),                                  \
        HIDDEN(OSSL_FUNC_KEYMGMT_EXPORT, hidden_key_export),                                       \
        HIDDEN(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, hidden_key_types),                                  \
        HIDDEN(OSSL_FUNC_KEYMGMT_GET_PARAMS, hidden_key_get_params),                               \
        HIDDEN(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, hidden_key_gettable)

static const OSSL_DISPATCH hidden_ec[] = {
    HIDDEN_KEYMGMT(hidden_import_ec),
    HIDDEN(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, hidden_ec_operation), HIDDEN_END
};
static const OSSL_DISPATCH hidden_x25519[] = { HIDDEN_KEYMGMT(hidden_import_x25519), HIDDEN_END };
static const OSSL_DISPATCH hidden_other[] = { HIDDEN_KEYMGMT(hidden_import_nothing), HIDDEN_END };
static const OSSL_DISPATCH hidden_signature[] = {
    HIDDEN(OSSL_FUNC_SIGNATURE_NEWCTX, hidden_signature_new),
    HIDDEN(OSSL_FUNC_SIGNATURE_FREECTX, hidden_work_free),
    HIDDEN(OSSL_FUNC_SIGNATURE_SIGN_INIT, hidden_sign_init),
    HIDDEN(OSSL_FUNC_SIGNATURE_SIGN, hidden_sign), HIDDEN_END
};
static const OSSL_DISPATCH hidden_one_shot[] = {
    HIDDEN(OSSL_FUNC_SIGNATURE_NEWCTX, hidden_signature_new),
    HIDDEN(OSSL_FUNC_SIGNATURE_FREECTX, hidden_work_free),
    HIDDEN(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, hidden_digest_sign_init),
    HIDDEN(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, hidden_digest_sign), HIDDEN_END
};
static const OSSL_DISPATCH hidden_cipher[] = {
    HIDDEN(OSSL_FUNC_ASYM_CIPHER_NEWCTX, hidden_work_new),
    HIDDEN(OSSL_FUNC_ASYM_CIPHER_FREECTX, hidden_work_free),
    HIDDEN(OSSL_FUNC_ASYM_CIPHER_DECRYPT_INIT, hidden_decrypt_init),
    HIDDEN(OSSL_FUNC_ASYM_CIPHER_DECRYPT, hidden_decrypt), HIDDEN_END
};
static const OSSL_DISPATCH hidden_exchange[] = {
    HIDDEN(OSSL_FUNC_KEYEXCH_NEWCTX, hidden_work_new),
    HIDDEN(OSSL_FUNC_KEYEXCH_FREECTX, hidden_work_free),
    HIDDEN(OSSL_FUNC_KEYEXCH_INIT, hidden_derive_init),
    HIDDEN(OSSL_FUNC_KEYEXCH_SET_PEER, hidden_set_peer),
    HIDDEN(OSSL_FUNC_KEYEXCH_DERIVE, hidden_derive),
    HIDDEN_END
};
static const OSSL_DISPATCH hidden_store[] = { HIDDEN(OSSL_FUNC_STORE_OPEN, hidden_store_open),
                                              HIDDEN(OSSL_FUNC_STORE_SET_CTX_PARAMS,
                                                     hidden_store_set_params),
                                              HIDDEN(OSSL_FUNC_STORE_LOAD, hidden_store_load),
                                              HIDDEN(OSSL_FUNC_STORE_EOF, hidden_store_eof),
                                              HIDDEN(OSSL_FUNC_STORE_CLOSE, hidden_store_close),
                                              HIDDEN_END };

#define HIDDEN_PROPERTY "provider=hidden"

static inline const OSSL_ALGORITHM *hidden_query(void *provider, int operation, int *no_cache)
{
    static const OSSL_ALGORITHM keys[] = {
        { "EC", HIDDEN_PROPERTY, hidden_ec, NULL },
        { "X25519", HIDDEN_PROPERTY, hidden_x25519, NULL },
        { "RSA", HIDDEN_PROPERTY, hidden_other, NULL },
        { "ED25519", HIDDEN_PROPERTY, hidden_other, NULL },
        { NULL, NULL, NULL, NULL },
    };
    static const OSSL_ALGORITHM signatures[] = {
        { "ECDSA", HIDDEN_PROPERTY, hidden_signature, NULL },
        { "RSA", HIDDEN_PROPERTY, hidden_signature, NULL },
        { "ED25519", HIDDEN_PROPERTY, hidden_one_shot, NULL },
        { NULL, NULL, NULL, NULL },
    };
    static const OSSL_ALGORITHM ciphers[] = {
        { "RSA", HIDDEN_PROPERTY, hidden_cipher, NULL },
        { NULL, NULL, NULL, NULL },
    };
    static const OSSL_ALGORITHM exchanges[] = {
        { "ECDH", HIDDEN_PROPERTY, hidden_exchange, NULL },
        { "X25519", HIDDEN_PROPERTY, hidden_exchange, NULL },
        { NULL, NULL, NULL, NULL },
    };
    static const OSSL_ALGORITHM stores[] = {
        { "hidden", HIDDEN_PROPERTY, hidden_store, NULL },
        { NULL, NULL, NULL, NULL },
    };
    (void)provider;
    *no_cache = 0;
    switch (operation) {
    case OSSL_OP_KEYMGMT:
        return keys;
    case OSSL_OP_SIGNATURE:
        return signatures;
    case OSSL_OP_ASYM_CIPHER:
        return ciphers;
    case OSSL_OP_KEYEXCH:
        return exchanges;
    case OSSL_OP_STORE:
        return stores;
    default:
        return NULL;
    }
}

static inline int hidden_provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
                                       const OSSL_DISPATCH **out, void **provider)
{
    static const OSSL_DISPATCH functions[] = {
        HIDDEN(OSSL_FUNC_PROVIDER_QUERY_OPERATION, hidden_query), HIDDEN_END
    };
    static int place;
    (void)handle;
    (void)in;
    *out = functions;
    *provider = &place;
    return 1;
}

#endif
