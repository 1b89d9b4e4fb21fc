/* SPDX-License-Identifier: Apache-2.0 */
#include "failing_provider.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/provider.h>

/* A dispatch table names plain functions without a place for context, so each algorithm needs a
 * trampoline of its own for each function. */
#define SLOTS 5
#define OPERATIONS (OSSL_OP__HIGHEST + 1)

static failing_plan plan;
static uint64_t calls;
static const char *victim;

static bool must_fail(const char *function)
{
    calls++;
    if (plan.at == 0 || calls < plan.at || (calls > plan.at && !plan.lasting)) {
        return false;
    }
    if (!victim) {
        victim = function;
    }
    if (plan.manner != FAILS_SILENTLY) {
        ERR_raise(ERR_LIB_PROV, ERR_R_INTERNAL_ERROR);
    }
    return true;
}

/* Of what returns an int, only verifying may return -1: elsewhere it means other things to OpenSSL
 * ("not provided: look for a legacy method"). */
static int failed_verification(void)
{
    return plan.manner == FAILS_NEGATIVELY ? -1 : 0;
}

#define FAILED_VERIFICATION failed_verification()
#define FAILED_INT 0
#define FAILED_POINTER NULL
#define FAILED_SIZE 0

#define SLOT(name, number, type, failure, parameters, arguments)                                   \
    static type name##_##number parameters                                                         \
    {                                                                                              \
        return must_fail(#name) ? (failure) : name##_originals[number] arguments;                  \
    }

#define TRAMPOLINES(name, type, failure, parameters, arguments)                                    \
    static OSSL_FUNC_##name##_fn *name##_originals[SLOTS];                                         \
    SLOT(name, 0, type, failure, parameters, arguments)                                            \
    SLOT(name, 1, type, failure, parameters, arguments)                                            \
    SLOT(name, 2, type, failure, parameters, arguments)                                            \
    SLOT(name, 3, type, failure, parameters, arguments)                                            \
    SLOT(name, 4, type, failure, parameters, arguments)                                            \
    static void (*name##_wrap(void (*original)(void)))(void)                                       \
    {                                                                                              \
        static OSSL_FUNC_##name##_fn *const slots[SLOTS] = { name##_0, name##_1, name##_2,         \
                                                             name##_3, name##_4 };                 \
        for (size_t i = 0; i < SLOTS; i++) {                                                       \
            if (!name##_originals[i] ||                                                            \
                name##_originals[i] == (OSSL_FUNC_##name##_fn *)original) {                        \
                name##_originals[i] = (OSSL_FUNC_##name##_fn *)original;                           \
                return (void (*)(void))slots[i];                                                   \
            }                                                                                      \
        }                                                                                          \
        abort(); /* more algorithms are wrapped than there are slots */                            \
    }

TRAMPOLINES(digest_newctx, void *, FAILED_POINTER, (void *provider), (provider))
TRAMPOLINES(digest_init, int, FAILED_INT, (void *ctx, const OSSL_PARAM params[]), (ctx, params))
TRAMPOLINES(digest_update, int, FAILED_INT, (void *ctx, const unsigned char *in, size_t size),
            (ctx, in, size))
TRAMPOLINES(digest_final, int, FAILED_INT,
            (void *ctx, unsigned char *out, size_t *size, size_t room), (ctx, out, size, room))
TRAMPOLINES(digest_digest, int, FAILED_INT,
            (void *provider, const unsigned char *in, size_t in_size, unsigned char *out,
             size_t *size, size_t room),
            (provider, in, in_size, out, size, room))
TRAMPOLINES(digest_dupctx, void *, FAILED_POINTER, (void *ctx), (ctx))
TRAMPOLINES(digest_get_ctx_params, int, FAILED_INT, (void *ctx, OSSL_PARAM params[]), (ctx, params))
TRAMPOLINES(digest_set_ctx_params, int, FAILED_INT, (void *ctx, const OSSL_PARAM params[]),
            (ctx, params))

TRAMPOLINES(cipher_newctx, void *, FAILED_POINTER, (void *provider), (provider))
TRAMPOLINES(cipher_encrypt_init, int, FAILED_INT,
            (void *ctx, const unsigned char *key, size_t key_size, const unsigned char *iv,
             size_t iv_size, const OSSL_PARAM params[]),
            (ctx, key, key_size, iv, iv_size, params))
TRAMPOLINES(cipher_decrypt_init, int, FAILED_INT,
            (void *ctx, const unsigned char *key, size_t key_size, const unsigned char *iv,
             size_t iv_size, const OSSL_PARAM params[]),
            (ctx, key, key_size, iv, iv_size, params))
TRAMPOLINES(cipher_update, int, FAILED_INT,
            (void *ctx, unsigned char *out, size_t *size, size_t room, const unsigned char *in,
             size_t in_size),
            (ctx, out, size, room, in, in_size))
TRAMPOLINES(cipher_final, int, FAILED_INT,
            (void *ctx, unsigned char *out, size_t *size, size_t room), (ctx, out, size, room))
TRAMPOLINES(cipher_cipher, int, FAILED_INT,
            (void *ctx, unsigned char *out, size_t *size, size_t room, const unsigned char *in,
             size_t in_size),
            (ctx, out, size, room, in, in_size))
TRAMPOLINES(cipher_dupctx, void *, FAILED_POINTER, (void *ctx), (ctx))
TRAMPOLINES(cipher_get_ctx_params, int, FAILED_INT, (void *ctx, OSSL_PARAM params[]), (ctx, params))
TRAMPOLINES(cipher_set_ctx_params, int, FAILED_INT, (void *ctx, const OSSL_PARAM params[]),
            (ctx, params))

TRAMPOLINES(mac_newctx, void *, FAILED_POINTER, (void *provider), (provider))
TRAMPOLINES(mac_init, int, FAILED_INT,
            (void *ctx, const unsigned char *key, size_t key_size, const OSSL_PARAM params[]),
            (ctx, key, key_size, params))
TRAMPOLINES(mac_update, int, FAILED_INT, (void *ctx, const unsigned char *in, size_t size),
            (ctx, in, size))
TRAMPOLINES(mac_final, int, FAILED_INT, (void *ctx, unsigned char *out, size_t *size, size_t room),
            (ctx, out, size, room))
TRAMPOLINES(mac_dupctx, void *, FAILED_POINTER, (void *ctx), (ctx))
TRAMPOLINES(mac_get_ctx_params, int, FAILED_INT, (void *ctx, OSSL_PARAM params[]), (ctx, params))
TRAMPOLINES(mac_set_ctx_params, int, FAILED_INT, (void *ctx, const OSSL_PARAM params[]),
            (ctx, params))

TRAMPOLINES(kdf_newctx, void *, FAILED_POINTER, (void *provider), (provider))
TRAMPOLINES(kdf_derive, int, FAILED_INT,
            (void *ctx, unsigned char *key, size_t size, const OSSL_PARAM params[]),
            (ctx, key, size, params))
TRAMPOLINES(kdf_dupctx, void *, FAILED_POINTER, (void *ctx), (ctx))
TRAMPOLINES(kdf_set_ctx_params, int, FAILED_INT, (void *ctx, const OSSL_PARAM params[]),
            (ctx, params))

TRAMPOLINES(rand_newctx, void *, FAILED_POINTER,
            (void *provider, void *parent, const OSSL_DISPATCH *parent_calls),
            (provider, parent, parent_calls))
TRAMPOLINES(rand_instantiate, int, FAILED_INT,
            (void *ctx, unsigned int strength, int resistance, const unsigned char *text,
             size_t text_size, const OSSL_PARAM params[]),
            (ctx, strength, resistance, text, text_size, params))
TRAMPOLINES(rand_generate, int, FAILED_INT,
            (void *ctx, unsigned char *out, size_t size, unsigned int strength, int resistance,
             const unsigned char *extra, size_t extra_size),
            (ctx, out, size, strength, resistance, extra, extra_size))
TRAMPOLINES(rand_reseed, int, FAILED_INT,
            (void *ctx, int resistance, const unsigned char *entropy, size_t entropy_size,
             const unsigned char *extra, size_t extra_size),
            (ctx, resistance, entropy, entropy_size, extra, extra_size))
TRAMPOLINES(rand_get_seed, size_t, FAILED_SIZE,
            (void *ctx, unsigned char **buffer, int entropy, size_t least, size_t most,
             int resistance, const unsigned char *extra, size_t extra_size),
            (ctx, buffer, entropy, least, most, resistance, extra, extra_size))
TRAMPOLINES(rand_get_ctx_params, int, FAILED_INT, (void *ctx, OSSL_PARAM params[]), (ctx, params))
TRAMPOLINES(rand_set_ctx_params, int, FAILED_INT, (void *ctx, const OSSL_PARAM params[]),
            (ctx, params))

TRAMPOLINES(keymgmt_new, void *, FAILED_POINTER, (void *provider), (provider))
TRAMPOLINES(keymgmt_gen_init, void *, FAILED_POINTER,
            (void *provider, int selection, const OSSL_PARAM params[]),
            (provider, selection, params))
TRAMPOLINES(keymgmt_gen_set_params, int, FAILED_INT, (void *ctx, const OSSL_PARAM params[]),
            (ctx, params))
TRAMPOLINES(keymgmt_gen, void *, FAILED_POINTER, (void *ctx, OSSL_CALLBACK *tell, void *user),
            (ctx, tell, user))
TRAMPOLINES(keymgmt_load, void *, FAILED_POINTER, (const void *reference, size_t size),
            (reference, size))
TRAMPOLINES(keymgmt_get_params, int, FAILED_INT, (void *key, OSSL_PARAM params[]), (key, params))
TRAMPOLINES(keymgmt_set_params, int, FAILED_INT, (void *key, const OSSL_PARAM params[]),
            (key, params))
TRAMPOLINES(keymgmt_has, int, FAILED_INT, (const void *key, int selection), (key, selection))
TRAMPOLINES(keymgmt_validate, int, FAILED_INT, (const void *key, int selection, int how),
            (key, selection, how))
TRAMPOLINES(keymgmt_match, int, FAILED_INT, (const void *key, const void *other, int selection),
            (key, other, selection))
TRAMPOLINES(keymgmt_import, int, FAILED_INT, (void *key, int selection, const OSSL_PARAM params[]),
            (key, selection, params))
TRAMPOLINES(keymgmt_export, int, FAILED_INT,
            (void *key, int selection, OSSL_CALLBACK *take, void *user),
            (key, selection, take, user))
TRAMPOLINES(keymgmt_dup, void *, FAILED_POINTER, (const void *key, int selection), (key, selection))

TRAMPOLINES(keyexch_newctx, void *, FAILED_POINTER, (void *provider), (provider))
TRAMPOLINES(keyexch_init, int, FAILED_INT, (void *ctx, void *key, const OSSL_PARAM params[]),
            (ctx, key, params))
TRAMPOLINES(keyexch_set_peer, int, FAILED_INT, (void *ctx, void *key), (ctx, key))
TRAMPOLINES(keyexch_derive, int, FAILED_INT,
            (void *ctx, unsigned char *secret, size_t *size, size_t room),
            (ctx, secret, size, room))
TRAMPOLINES(keyexch_dupctx, void *, FAILED_POINTER, (void *ctx), (ctx))
TRAMPOLINES(keyexch_set_ctx_params, int, FAILED_INT, (void *ctx, const OSSL_PARAM params[]),
            (ctx, params))

TRAMPOLINES(signature_newctx, void *, FAILED_POINTER, (void *provider, const char *properties),
            (provider, properties))
TRAMPOLINES(signature_sign_init, int, FAILED_INT, (void *ctx, void *key, const OSSL_PARAM params[]),
            (ctx, key, params))
TRAMPOLINES(signature_sign, int, FAILED_INT,
            (void *ctx, unsigned char *signature, size_t *size, size_t room,
             const unsigned char *in, size_t in_size),
            (ctx, signature, size, room, in, in_size))
TRAMPOLINES(signature_verify_init, int, FAILED_INT,
            (void *ctx, void *key, const OSSL_PARAM params[]), (ctx, key, params))
TRAMPOLINES(signature_verify, int, FAILED_VERIFICATION,
            (void *ctx, const unsigned char *signature, size_t size, const unsigned char *in,
             size_t in_size),
            (ctx, signature, size, in, in_size))
TRAMPOLINES(signature_digest_sign_init, int, FAILED_INT,
            (void *ctx, const char *digest, void *key, const OSSL_PARAM params[]),
            (ctx, digest, key, params))
TRAMPOLINES(signature_digest_sign_update, int, FAILED_INT,
            (void *ctx, const unsigned char *in, size_t size), (ctx, in, size))
TRAMPOLINES(signature_digest_sign_final, int, FAILED_INT,
            (void *ctx, unsigned char *signature, size_t *size, size_t room),
            (ctx, signature, size, room))
TRAMPOLINES(signature_digest_sign, int, FAILED_INT,
            (void *ctx, unsigned char *signature, size_t *size, size_t room,
             const unsigned char *in, size_t in_size),
            (ctx, signature, size, room, in, in_size))
TRAMPOLINES(signature_digest_verify_init, int, FAILED_INT,
            (void *ctx, const char *digest, void *key, const OSSL_PARAM params[]),
            (ctx, digest, key, params))
TRAMPOLINES(signature_digest_verify_update, int, FAILED_INT,
            (void *ctx, const unsigned char *in, size_t size), (ctx, in, size))
TRAMPOLINES(signature_digest_verify_final, int, FAILED_VERIFICATION,
            (void *ctx, const unsigned char *signature, size_t size), (ctx, signature, size))
TRAMPOLINES(signature_digest_verify, int, FAILED_VERIFICATION,
            (void *ctx, const unsigned char *signature, size_t size, const unsigned char *in,
             size_t in_size),
            (ctx, signature, size, in, in_size))
TRAMPOLINES(signature_dupctx, void *, FAILED_POINTER, (void *ctx), (ctx))
TRAMPOLINES(signature_get_ctx_params, int, FAILED_INT, (void *ctx, OSSL_PARAM params[]),
            (ctx, params))
TRAMPOLINES(signature_set_ctx_params, int, FAILED_INT, (void *ctx, const OSSL_PARAM params[]),
            (ctx, params))

TRAMPOLINES(asym_cipher_newctx, void *, FAILED_POINTER, (void *provider), (provider))
TRAMPOLINES(asym_cipher_encrypt_init, int, FAILED_INT,
            (void *ctx, void *key, const OSSL_PARAM params[]), (ctx, key, params))
TRAMPOLINES(asym_cipher_encrypt, int, FAILED_INT,
            (void *ctx, unsigned char *out, size_t *size, size_t room, const unsigned char *in,
             size_t in_size),
            (ctx, out, size, room, in, in_size))
TRAMPOLINES(asym_cipher_decrypt_init, int, FAILED_INT,
            (void *ctx, void *key, const OSSL_PARAM params[]), (ctx, key, params))
TRAMPOLINES(asym_cipher_decrypt, int, FAILED_INT,
            (void *ctx, unsigned char *out, size_t *size, size_t room, const unsigned char *in,
             size_t in_size),
            (ctx, out, size, room, in, in_size))
TRAMPOLINES(asym_cipher_set_ctx_params, int, FAILED_INT, (void *ctx, const OSSL_PARAM params[]),
            (ctx, params))

static const struct {
    int operation;
    int function;
    void (*(*wrap)(void (*original)(void)))(void);
} trampolines[] = {
    { OSSL_OP_DIGEST, OSSL_FUNC_DIGEST_NEWCTX, digest_newctx_wrap },
    { OSSL_OP_DIGEST, OSSL_FUNC_DIGEST_INIT, digest_init_wrap },
    { OSSL_OP_DIGEST, OSSL_FUNC_DIGEST_UPDATE, digest_update_wrap },
    { OSSL_OP_DIGEST, OSSL_FUNC_DIGEST_FINAL, digest_final_wrap },
    { OSSL_OP_DIGEST, OSSL_FUNC_DIGEST_DIGEST, digest_digest_wrap },
    { OSSL_OP_DIGEST, OSSL_FUNC_DIGEST_DUPCTX, digest_dupctx_wrap },
    { OSSL_OP_DIGEST, OSSL_FUNC_DIGEST_GET_CTX_PARAMS, digest_get_ctx_params_wrap },
    { OSSL_OP_DIGEST, OSSL_FUNC_DIGEST_SET_CTX_PARAMS, digest_set_ctx_params_wrap },
    { OSSL_OP_CIPHER, OSSL_FUNC_CIPHER_NEWCTX, cipher_newctx_wrap },
    { OSSL_OP_CIPHER, OSSL_FUNC_CIPHER_ENCRYPT_INIT, cipher_encrypt_init_wrap },
    { OSSL_OP_CIPHER, OSSL_FUNC_CIPHER_DECRYPT_INIT, cipher_decrypt_init_wrap },
    { OSSL_OP_CIPHER, OSSL_FUNC_CIPHER_UPDATE, cipher_update_wrap },
    { OSSL_OP_CIPHER, OSSL_FUNC_CIPHER_FINAL, cipher_final_wrap },
    { OSSL_OP_CIPHER, OSSL_FUNC_CIPHER_CIPHER, cipher_cipher_wrap },
    { OSSL_OP_CIPHER, OSSL_FUNC_CIPHER_DUPCTX, cipher_dupctx_wrap },
    { OSSL_OP_CIPHER, OSSL_FUNC_CIPHER_GET_CTX_PARAMS, cipher_get_ctx_params_wrap },
    { OSSL_OP_CIPHER, OSSL_FUNC_CIPHER_SET_CTX_PARAMS, cipher_set_ctx_params_wrap },
    { OSSL_OP_MAC, OSSL_FUNC_MAC_NEWCTX, mac_newctx_wrap },
    { OSSL_OP_MAC, OSSL_FUNC_MAC_INIT, mac_init_wrap },
    { OSSL_OP_MAC, OSSL_FUNC_MAC_UPDATE, mac_update_wrap },
    { OSSL_OP_MAC, OSSL_FUNC_MAC_FINAL, mac_final_wrap },
    { OSSL_OP_MAC, OSSL_FUNC_MAC_DUPCTX, mac_dupctx_wrap },
    { OSSL_OP_MAC, OSSL_FUNC_MAC_GET_CTX_PARAMS, mac_get_ctx_params_wrap },
    { OSSL_OP_MAC, OSSL_FUNC_MAC_SET_CTX_PARAMS, mac_set_ctx_params_wrap },
    { OSSL_OP_KDF, OSSL_FUNC_KDF_NEWCTX, kdf_newctx_wrap },
    { OSSL_OP_KDF, OSSL_FUNC_KDF_DERIVE, kdf_derive_wrap },
    { OSSL_OP_KDF, OSSL_FUNC_KDF_DUPCTX, kdf_dupctx_wrap },
    { OSSL_OP_KDF, OSSL_FUNC_KDF_SET_CTX_PARAMS, kdf_set_ctx_params_wrap },
    { OSSL_OP_RAND, OSSL_FUNC_RAND_NEWCTX, rand_newctx_wrap },
    { OSSL_OP_RAND, OSSL_FUNC_RAND_INSTANTIATE, rand_instantiate_wrap },
    { OSSL_OP_RAND, OSSL_FUNC_RAND_GENERATE, rand_generate_wrap },
    { OSSL_OP_RAND, OSSL_FUNC_RAND_RESEED, rand_reseed_wrap },
    { OSSL_OP_RAND, OSSL_FUNC_RAND_GET_SEED, rand_get_seed_wrap },
    { OSSL_OP_RAND, OSSL_FUNC_RAND_GET_CTX_PARAMS, rand_get_ctx_params_wrap },
    { OSSL_OP_RAND, OSSL_FUNC_RAND_SET_CTX_PARAMS, rand_set_ctx_params_wrap },
    { OSSL_OP_KEYMGMT, OSSL_FUNC_KEYMGMT_NEW, keymgmt_new_wrap },
    { OSSL_OP_KEYMGMT, OSSL_FUNC_KEYMGMT_GEN_INIT, keymgmt_gen_init_wrap },
    { OSSL_OP_KEYMGMT, OSSL_FUNC_KEYMGMT_GEN_SET_PARAMS, keymgmt_gen_set_params_wrap },
    { OSSL_OP_KEYMGMT, OSSL_FUNC_KEYMGMT_GEN, keymgmt_gen_wrap },
    { OSSL_OP_KEYMGMT, OSSL_FUNC_KEYMGMT_LOAD, keymgmt_load_wrap },
    { OSSL_OP_KEYMGMT, OSSL_FUNC_KEYMGMT_GET_PARAMS, keymgmt_get_params_wrap },
    { OSSL_OP_KEYMGMT, OSSL_FUNC_KEYMGMT_SET_PARAMS, keymgmt_set_params_wrap },
    { OSSL_OP_KEYMGMT, OSSL_FUNC_KEYMGMT_HAS, keymgmt_has_wrap },
    { OSSL_OP_KEYMGMT, OSSL_FUNC_KEYMGMT_VALIDATE, keymgmt_validate_wrap },
    { OSSL_OP_KEYMGMT, OSSL_FUNC_KEYMGMT_MATCH, keymgmt_match_wrap },
    { OSSL_OP_KEYMGMT, OSSL_FUNC_KEYMGMT_IMPORT, keymgmt_import_wrap },
    { OSSL_OP_KEYMGMT, OSSL_FUNC_KEYMGMT_EXPORT, keymgmt_export_wrap },
    { OSSL_OP_KEYMGMT, OSSL_FUNC_KEYMGMT_DUP, keymgmt_dup_wrap },
    { OSSL_OP_KEYEXCH, OSSL_FUNC_KEYEXCH_NEWCTX, keyexch_newctx_wrap },
    { OSSL_OP_KEYEXCH, OSSL_FUNC_KEYEXCH_INIT, keyexch_init_wrap },
    { OSSL_OP_KEYEXCH, OSSL_FUNC_KEYEXCH_SET_PEER, keyexch_set_peer_wrap },
    { OSSL_OP_KEYEXCH, OSSL_FUNC_KEYEXCH_DERIVE, keyexch_derive_wrap },
    { OSSL_OP_KEYEXCH, OSSL_FUNC_KEYEXCH_DUPCTX, keyexch_dupctx_wrap },
    { OSSL_OP_KEYEXCH, OSSL_FUNC_KEYEXCH_SET_CTX_PARAMS, keyexch_set_ctx_params_wrap },
    { OSSL_OP_SIGNATURE, OSSL_FUNC_SIGNATURE_NEWCTX, signature_newctx_wrap },
    { OSSL_OP_SIGNATURE, OSSL_FUNC_SIGNATURE_SIGN_INIT, signature_sign_init_wrap },
    { OSSL_OP_SIGNATURE, OSSL_FUNC_SIGNATURE_SIGN, signature_sign_wrap },
    { OSSL_OP_SIGNATURE, OSSL_FUNC_SIGNATURE_VERIFY_INIT, signature_verify_init_wrap },
    { OSSL_OP_SIGNATURE, OSSL_FUNC_SIGNATURE_VERIFY, signature_verify_wrap },
    { OSSL_OP_SIGNATURE, OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, signature_digest_sign_init_wrap },
    { OSSL_OP_SIGNATURE, OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE,
      signature_digest_sign_update_wrap },
    { OSSL_OP_SIGNATURE, OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL, signature_digest_sign_final_wrap },
    { OSSL_OP_SIGNATURE, OSSL_FUNC_SIGNATURE_DIGEST_SIGN, signature_digest_sign_wrap },
    { OSSL_OP_SIGNATURE, OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_INIT,
      signature_digest_verify_init_wrap },
    { OSSL_OP_SIGNATURE, OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_UPDATE,
      signature_digest_verify_update_wrap },
    { OSSL_OP_SIGNATURE, OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_FINAL,
      signature_digest_verify_final_wrap },
    { OSSL_OP_SIGNATURE, OSSL_FUNC_SIGNATURE_DIGEST_VERIFY, signature_digest_verify_wrap },
    { OSSL_OP_SIGNATURE, OSSL_FUNC_SIGNATURE_DUPCTX, signature_dupctx_wrap },
    { OSSL_OP_SIGNATURE, OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, signature_get_ctx_params_wrap },
    { OSSL_OP_SIGNATURE, OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, signature_set_ctx_params_wrap },
    { OSSL_OP_ASYM_CIPHER, OSSL_FUNC_ASYM_CIPHER_NEWCTX, asym_cipher_newctx_wrap },
    { OSSL_OP_ASYM_CIPHER, OSSL_FUNC_ASYM_CIPHER_ENCRYPT_INIT, asym_cipher_encrypt_init_wrap },
    { OSSL_OP_ASYM_CIPHER, OSSL_FUNC_ASYM_CIPHER_ENCRYPT, asym_cipher_encrypt_wrap },
    { OSSL_OP_ASYM_CIPHER, OSSL_FUNC_ASYM_CIPHER_DECRYPT_INIT, asym_cipher_decrypt_init_wrap },
    { OSSL_OP_ASYM_CIPHER, OSSL_FUNC_ASYM_CIPHER_DECRYPT, asym_cipher_decrypt_wrap },
    { OSSL_OP_ASYM_CIPHER, OSSL_FUNC_ASYM_CIPHER_SET_CTX_PARAMS, asym_cipher_set_ctx_params_wrap },
};

/* What the library uses; the rest of the default provider is passed on as it is. */
static const struct {
    int operation;
    const char *name;
} wrapped[] = {
    { OSSL_OP_DIGEST, "SHA1" },         { OSSL_OP_DIGEST, "SHA2-256" },
    { OSSL_OP_DIGEST, "SHA2-384" },     { OSSL_OP_CIPHER, "AES-256-GCM" },
    { OSSL_OP_CIPHER, "AES-256-WRAP" }, { OSSL_OP_MAC, "HMAC" },
    { OSSL_OP_KDF, "SCRYPT" },          { OSSL_OP_KDF, "TLS1-PRF" },
    { OSSL_OP_RAND, "CTR-DRBG" },       { OSSL_OP_RAND, "SEED-SRC" },
    { OSSL_OP_KEYMGMT, "EC" },          { OSSL_OP_KEYMGMT, "X25519" },
    { OSSL_OP_KEYMGMT, "ED25519" },     { OSSL_OP_KEYMGMT, "RSA" },
    { OSSL_OP_KEYEXCH, "ECDH" },        { OSSL_OP_KEYEXCH, "X25519" },
    { OSSL_OP_SIGNATURE, "ECDSA" },     { OSSL_OP_SIGNATURE, "ED25519" },
    { OSSL_OP_SIGNATURE, "RSA" },       { OSSL_OP_ASYM_CIPHER, "RSA" },
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static struct {
    OSSL_LIB_CTX *inner; /* where the default provider does its work, and fetches what it needs */
    OSSL_PROVIDER *real;
    OSSL_LIB_CTX *outer;
    OSSL_PROVIDER *failing;
    OSSL_ALGORITHM *algorithms[OPERATIONS];
    OSSL_DISPATCH *tables[COUNT_OF(wrapped)];
} state;

static bool is_wrapped(int operation, const char *names)
{
    size_t length = strcspn(names, ":");
    for (size_t i = 0; i < COUNT_OF(wrapped); i++) {
        if (wrapped[i].operation == operation && strlen(wrapped[i].name) == length &&
            strncmp(wrapped[i].name, names, length) == 0) {
            return true;
        }
    }
    return false;
}

static OSSL_DISPATCH *wrap_table(int operation, const OSSL_DISPATCH *original)
{
    size_t count = 0;
    while (original[count].function_id != 0) {
        count++;
    }
    OSSL_DISPATCH *table = calloc(count + 1, sizeof *table);
    if (!table) {
        abort();
    }
    memcpy(table, original, (count + 1) * sizeof *table);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < COUNT_OF(trampolines); k++) {
            if (trampolines[k].operation == operation &&
                trampolines[k].function == table[i].function_id) {
                table[i].function = trampolines[k].wrap(table[i].function);
            }
        }
    }
    return table;
}

static void keep_table(OSSL_DISPATCH *table)
{
    size_t i = 0;
    while (state.tables[i]) {
        i++;
    }
    state.tables[i] = table;
}

static const OSSL_ALGORITHM *query(void *provider, int operation, int *no_cache)
{
    (void)provider;
    const OSSL_ALGORITHM *all = OSSL_PROVIDER_query_operation(state.real, operation, no_cache);
    if (!all || operation >= OPERATIONS || state.algorithms[operation]) {
        return operation < OPERATIONS ? state.algorithms[operation] : all;
    }
    size_t count = 0;
    while (all[count].algorithm_names) {
        count++;
    }
    OSSL_ALGORITHM *copy = calloc(count + 1, sizeof *copy);
    if (!copy) {
        abort();
    }
    memcpy(copy, all, (count + 1) * sizeof *copy);
    for (size_t i = 0; i < count; i++) {
        if (is_wrapped(operation, copy[i].algorithm_names)) {
            OSSL_DISPATCH *table = wrap_table(operation, copy[i].implementation);
            copy[i].implementation = table;
            keep_table(table);
        }
    }
    state.algorithms[operation] = copy;
    return copy;
}

static const OSSL_PARAM *gettable(void *provider)
{
    static const OSSL_PARAM none[] = { OSSL_PARAM_END };
    (void)provider;
    return none;
}

static int get_params(void *provider, OSSL_PARAM params[])
{
    (void)provider;
    OSSL_PARAM *status = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_STATUS);
    return !status || OSSL_PARAM_set_int(status, 1);
}

/* The groups of TLS. */
static int get_capabilities(void *provider, const char *capability, OSSL_CALLBACK *take, void *user)
{
    (void)provider;
    return OSSL_PROVIDER_get_capabilities(state.real, capability, take, user);
}

static int initialise(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *core,
                      const OSSL_DISPATCH **out, void **provider)
{
    static const OSSL_DISPATCH functions[] = {
        { OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query },
        { OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, (void (*)(void))gettable },
        { OSSL_FUNC_PROVIDER_GET_PARAMS, (void (*)(void))get_params },
        { OSSL_FUNC_PROVIDER_GET_CAPABILITIES, (void (*)(void))get_capabilities },
        { 0, NULL },
    };
    (void)handle;
    (void)core;
    *out = functions;
    /* The implementations get the context of the provider that they come from. */
    *provider = OSSL_PROVIDER_get0_provider_ctx(state.real);
    return 1;
}

OSSL_LIB_CTX *failing_provider_load(void)
{
    failing_provider_disarm();
    state.inner = OSSL_LIB_CTX_new();
    state.outer = OSSL_LIB_CTX_new();
    if (state.inner && state.outer) {
        state.real = OSSL_PROVIDER_load(state.inner, "default");
    }
    if (state.real && OSSL_PROVIDER_add_builtin(state.outer, "failing", initialise) == 1) {
        state.failing = OSSL_PROVIDER_load(state.outer, "failing");
    }
    if (!state.failing) {
        failing_provider_unload();
        return NULL;
    }
    return state.outer;
}

void failing_provider_unload(void)
{
    if (state.failing) {
        OSSL_PROVIDER_unload(state.failing);
    }
    OSSL_LIB_CTX_free(state.outer);
    if (state.real) {
        OSSL_PROVIDER_unload(state.real);
    }
    OSSL_LIB_CTX_free(state.inner);
    for (size_t i = 0; i < COUNT_OF(state.algorithms); i++) {
        free(state.algorithms[i]);
    }
    for (size_t i = 0; i < COUNT_OF(state.tables); i++) {
        free(state.tables[i]);
    }
    memset(&state, 0, sizeof state);
}

void failing_provider_arm(const failing_plan *what)
{
    plan = *what;
    calls = 0;
    victim = NULL;
}

uint64_t failing_provider_disarm(void)
{
    plan.at = 0;
    return calls;
}

const char *failing_provider_victim(void)
{
    return victim;
}
