/* SPDX-License-Identifier: Apache-2.0 */
/* Keys for tests, made and written by OpenSSL and not by the code under test. */
#ifndef SVMS_TEST_KEY_MATERIAL_H
#define SVMS_TEST_KEY_MATERIAL_H

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "key_internal.h"

#define PEM_ROOM 16384

static inline size_t from_hex(const char *hex, uint8_t *out, size_t room)
{
    size_t size = strlen(hex) / 2;
    assert_true(size <= room);
    for (size_t i = 0; i < size; i++) {
        char pair[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
        out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return size;
}

/* "P-256", "secp521r1" and the like, "RSA:2048", or a name of its own such as "ED25519". */
static inline EVP_PKEY *make_pkey(const char *kind)
{
    EVP_PKEY *pkey = NULL;
    if (strncmp(kind, "RSA:", 4) == 0)
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)strtoul(kind + 4, NULL, 10));
    else if (strncmp(kind, "ED", 2) == 0 || kind[0] == 'X')
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, kind);
    else
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
    assert_non_null(pkey);
    return pkey;
}

/* A P-256 or P-384 key from a private scalar and its uncompressed public point; no scalar, no
 * private key. */
static inline EVP_PKEY *ec_pkey(const char *curve, const char *scalar_hex, const char *point_hex)
{
    uint8_t point[200];
    size_t point_size = from_hex(point_hex, point, sizeof point);
    BIGNUM *scalar = NULL;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    assert_int_equal(OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
                     1);
    assert_int_equal(
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, point_size), 1);
    if (scalar_hex) {
        assert_true(BN_hex2bn(&scalar, scalar_hex) > 0);
        assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar), 1);
    }
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *state = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *pkey = NULL;
    assert_int_equal(EVP_PKEY_fromdata_init(state), 1);
    assert_int_equal(EVP_PKEY_fromdata(state, &pkey, EVP_PKEY_KEYPAIR, params), 1);
    EVP_PKEY_CTX_free(state);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_clear_free(scalar);
    return pkey;
}

static inline size_t take_text(BIO *text, char *out)
{
    int size = BIO_read(text, out, PEM_ROOM - 1);
    assert_true(size > 0);
    out[size] = '\0';
    BIO_free(text);
    return (size_t)size;
}

static inline size_t private_pem(EVP_PKEY *pkey, char out[PEM_ROOM])
{
    BIO *text = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(text, pkey, NULL, NULL, 0, NULL, NULL), 1);
    return take_text(text, out);
}

static inline size_t public_pem(EVP_PKEY *pkey, char out[PEM_ROOM])
{
    BIO *text = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PUBKEY(text, pkey), 1);
    return take_text(text, out);
}

static inline svms_private_key *take_private(svms_ctx *ctx, EVP_PKEY *pkey)
{
    svms_private_key *key = NULL;
    assert_int_equal(svms_private_key_from_evp(&key, ctx, pkey, NULL), SVMS_OK);
    return key;
}

static inline svms_public_key *take_public(svms_ctx *ctx, EVP_PKEY *pkey)
{
    svms_public_key *key = NULL;
    assert_int_equal(svms_public_key_from_evp(&key, ctx, pkey, NULL), SVMS_OK);
    return key;
}

/* As teardown of a test: nothing may be left in OpenSSL's error queue. */
static inline int no_openssl_errors_left(void **state)
{
    (void)state;
    return ERR_peek_error() == 0 ? 0 : -1;
}

#endif
