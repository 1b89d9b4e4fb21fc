/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures under requests that others made: more algorithms than our own, but no weak ones
 * (I-REQ-7 to I-REQ-9). */
#include "request_internal.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "failure.h"
#include "key_internal.h"
#include "key_kind.h"
#include "known_answer.h"

typedef struct algorithm {
    svms_key_kind kind;
    const char *digest; /* NULL: the algorithm has its own */
    int salt_size;      /* of PSS, or 0 */
    uint8_t size;
    uint8_t der[67]; /* the whole AlgorithmIdentifier */
} algorithm;

#define ECDSA_WITH(last)                                                                           \
    {                                                                                              \
        0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, last                     \
    }
#define RSA_WITH(last)                                                                             \
    {                                                                                              \
        0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, last, 0x05, 0x00   \
    }
#define SHA_2(last)                                                                                \
    0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last, 0x05, 0x00
#define PSS_WITH(last, salt)                                                                       \
    {                                                                                              \
        0x30, 0x41, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0A, 0x30, 0x34,  \
            0xA0, 0x0F, SHA_2(last), 0xA1, 0x1C, 0x30, 0x1A, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86,   \
            0xF7, 0x0D, 0x01, 0x01, 0x08, SHA_2(last), 0xA2, 0x03, 0x02, 0x01, salt                \
    }

static const algorithm algorithms[] = {
    { SVMS_KEY_P256, "SHA2-256", 0, 12, ECDSA_WITH(2) },
    { SVMS_KEY_P256, "SHA2-384", 0, 12, ECDSA_WITH(3) },
    { SVMS_KEY_P256, "SHA2-512", 0, 12, ECDSA_WITH(4) },
    { SVMS_KEY_P384, "SHA2-256", 0, 12, ECDSA_WITH(2) },
    { SVMS_KEY_P384, "SHA2-384", 0, 12, ECDSA_WITH(3) },
    { SVMS_KEY_P384, "SHA2-512", 0, 12, ECDSA_WITH(4) },
    { SVMS_KEY_ED25519, NULL, 0, 7, { 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70 } },
    { SVMS_KEY_RSA, "SHA2-256", 0, 15, RSA_WITH(11) },
    { SVMS_KEY_RSA, "SHA2-384", 0, 15, RSA_WITH(12) },
    { SVMS_KEY_RSA, "SHA2-512", 0, 15, RSA_WITH(13) },
    { SVMS_KEY_RSA, "SHA2-256", 32, 67, PSS_WITH(1, 32) },
    { SVMS_KEY_RSA, "SHA2-384", 48, 67, PSS_WITH(2, 48) },
    { SVMS_KEY_RSA, "SHA2-512", 64, 67, PSS_WITH(3, 64) },
};

static const algorithm *find(svms_key_kind kind, const svms_der *given)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        if (algorithms[i].kind == kind && algorithms[i].size == given->whole_size &&
            memcmp(algorithms[i].der, given->whole, given->whole_size) == 0) {
            return &algorithms[i];
        }
    }
    return NULL;
}

/* Why an algorithm is not taken. */
static svms_status refuse(const svms_der *given, svms_error *err)
{
    static const struct {
        uint8_t size;
        uint8_t oid[9];
        const char *name;
    } weak[] = {
        { 7, { 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x01 }, "SHA-1" },
        { 9, { 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x05 }, "SHA-1" },
        { 9, { 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x04 }, "MD5" },
        { 9, { 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x02 }, "MD2" },
    };
    svms_cursor content = given->content;
    svms_der oid;
    if (!svms_der_take(&content, SVMS_DER_OID, &oid)) {
        return svms_fail(err, SVMS_E_MALFORMED,
                         "the request has a signature algorithm that cannot be read");
    }
    for (size_t i = 0; i < sizeof weak / sizeof weak[0]; i++) {
        if (svms_der_equals(&oid, weak[i].oid, weak[i].size)) {
            return svms_fail(err, SVMS_E_UNSUPPORTED,
                             "the request is signed with %s, which is too weak", weak[i].name);
        }
    }
    return svms_fail(err, SVMS_E_UNSUPPORTED,
                     "the request is signed in a way that does not suit its key, or is not known");
}

typedef enum outcome { VERIFIED, REFUSED, FAILED } outcome;

static bool prepare(EVP_MD_CTX *state, svms_ctx *ctx, EVP_PKEY *pkey, const algorithm *used)
{
    EVP_PKEY_CTX *parameters = NULL;
    if (EVP_DigestVerifyInit_ex(state, &parameters, used->digest, svms_ossl_context(ctx),
                                svms_ossl_properties(ctx), pkey, NULL) != 1) {
        return false;
    }
    return used->salt_size == 0 ||
           (EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, used->salt_size) == 1);
}

static outcome verify_once(svms_ctx *ctx, EVP_PKEY *pkey, const algorithm *used,
                           const svms_der *tbs, const uint8_t *signature, size_t size)
{
    ERR_clear_error();
    outcome result = FAILED;
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    if (state && prepare(state, ctx, pkey, used)) {
        int answer = EVP_DigestVerify(state, signature, size, tbs->whole, tbs->whole_size);
        result = answer == 1 ? VERIFIED : REFUSED;
    }
    if (result == REFUSED && svms_crypto_starved()) {
        result = FAILED;
    }
    EVP_MD_CTX_free(state);
    return result;
}

svms_status svms_request_check_signature(svms_ctx *ctx, const svms_public_key *key,
                                         const svms_der *algorithm_der, const svms_der *tbs,
                                         const svms_der *signature, svms_error *err)
{
    svms_key_kind kind = svms_public_key_kind(key);
    const algorithm *used = find(kind, algorithm_der);
    svms_cursor bits = signature->content;
    if (!used) {
        return refuse(algorithm_der, err);
    }
    if (svms_cursor_at_end(&bits) || svms_read_u8(&bits) != 0 || svms_cursor_at_end(&bits)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the request has a signature that cannot be read");
    }
    size_t size = svms_cursor_left(&bits);
    const uint8_t *bytes = svms_read_bytes(&bits, size);
    EVP_PKEY *pkey = svms_public_key_evp(key);
    outcome result = verify_once(ctx, pkey, used, tbs, bytes, size);
    /* A "no" is believed as known_answer.h says. */
    if (result == REFUSED && (verify_once(ctx, pkey, used, tbs, bytes, size) != REFUSED ||
                              !svms_known_key_is_taken(ctx, kind))) {
        result = FAILED;
    }
    if (result == FAILED) {
        return svms_fail_crypto(err, "cannot check the signature of a request");
    }
    ERR_clear_error();
    if (result == REFUSED) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the request was not signed with the key in it, or was changed");
    }
    return SVMS_OK;
}
