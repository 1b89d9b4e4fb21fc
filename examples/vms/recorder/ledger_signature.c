/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger_signature.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "recorder_failure.h"

/* Values as they stand in files (C-ALG-2). */
#define ECDSA_P256 1
#define ECDSA_P384 2
#define ED25519 3
#define RSA_PSS 4

#define NAME_SIZE 16u
#define DER_MAX 144u
#define SIGNED_MAX (NAME_SIZE + LEDGER_ENTRY_MAX)
#define PEM_MAX ((size_t)64 * 1024)
#define PSS_SALT 32

static const uint8_t name[NAME_SIZE] = "svms ledger 1";

static svms_status fail_crypto(svms_error *err, const char *what)
{
    ERR_clear_error();
    return recorder_fail(err, SVMS_E_CRYPTO, 0, "the ledger: %s", what);
}

bool ledger_algorithm(EVP_PKEY *key, uint16_t *algorithm, uint16_t *size)
{
    char group[32] = "";
    int rsa = EVP_PKEY_is_a(key, "RSA") ? EVP_PKEY_get_size(key) : 0;
    *algorithm = 0;
    if (EVP_PKEY_is_a(key, "ED25519")) {
        *algorithm = ED25519;
        *size = 64;
    } else if (rsa > 0 && (unsigned)rsa <= LEDGER_SIGNATURE_MAX) {
        *algorithm = RSA_PSS;
        *size = (uint16_t)rsa;
    } else if (EVP_PKEY_is_a(key, "EC") &&
               EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1) {
        bool is_p256 = strcmp(group, "prime256v1") == 0;
        *algorithm = is_p256 ? ECDSA_P256 : strcmp(group, "secp384r1") == 0 ? ECDSA_P384 : 0;
        *size = is_p256 ? 64 : 96;
    }
    ERR_clear_error();
    return *algorithm != 0;
}

svms_status ledger_signing_key(EVP_PKEY **out, const svms_private_key *key, svms_error *err)
{
    size_t size = PEM_MAX;
    char *text = malloc(size);
    if (!text) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory for a key");
    }
    svms_status status = svms_private_key_to_pem(key, text, &size, err);
    if (status == SVMS_OK) {
        BIO *from = BIO_new_mem_buf(text, (int)size);
        *out = from ? PEM_read_bio_PrivateKey(from, NULL, NULL, NULL) : NULL;
        BIO_free(from);
        status = *out ? SVMS_OK : fail_crypto(err, "the key cannot be used");
    }
    OPENSSL_cleanse(text, PEM_MAX);
    free(text);
    return status;
}

/* What is signed, in one piece. */
static uint8_t *collect(const ledger_signed *what, size_t *size)
{
    *size = NAME_SIZE + LEDGER_HEAD_SIZE + what->chain_size + what->statement_size;
    uint8_t *all = malloc(*size);
    if (all) {
        uint8_t *to = all;
        memcpy(to, name, NAME_SIZE);
        to += NAME_SIZE;
        memcpy(to, what->head, LEDGER_HEAD_SIZE);
        to += LEDGER_HEAD_SIZE;
        if (what->chain_size > 0) {
            memcpy(to, what->chain, what->chain_size);
            to += what->chain_size;
        }
        memcpy(to, what->statement, what->statement_size);
    }
    return all;
}

static const EVP_MD *digest_of(uint16_t algorithm)
{
    return algorithm == ED25519 ? NULL : algorithm == ECDSA_P384 ? EVP_sha384() : EVP_sha256();
}

static bool set_padding(EVP_PKEY_CTX *operation, uint16_t algorithm)
{
    return algorithm != RSA_PSS ||
           (EVP_PKEY_CTX_set_rsa_padding(operation, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(operation, PSS_SALT) == 1 &&
            EVP_PKEY_CTX_set_rsa_mgf1_md(operation, EVP_sha256()) == 1);
}

/* Whether s is above n/2; negative: that cannot be found out. */
static int is_high(EVP_PKEY *key, const BIGNUM *s, BIGNUM **order)
{
    BIGNUM *twice = BN_new();
    int result = -1;
    if (twice && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_ORDER, order) == 1 &&
        BN_lshift1(twice, s) == 1) {
        result = BN_cmp(twice, *order) > 0;
    }
    BN_free(twice);
    return result;
}

/* r || s of fixed width; of the two values that s can have, the smaller one (C-ALG-3). */
static bool der_to_raw(EVP_PKEY *key, const uint8_t *der, size_t der_size, uint8_t *raw,
                       size_t width)
{
    const uint8_t *from = der;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &from, (long)der_size);
    BIGNUM *order = NULL;
    BIGNUM *s = signature ? BN_dup(ECDSA_SIG_get0_s(signature)) : NULL;
    int high = s ? is_high(key, s, &order) : -1;
    bool done = high == 0 || (high == 1 && BN_sub(s, order, s) == 1);
    done = done && BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, (int)width) == (int)width &&
           BN_bn2binpad(s, raw + width, (int)width) == (int)width;
    BN_free(s);
    BN_free(order);
    ECDSA_SIG_free(signature);
    return done;
}

/* 1: done; 0: not the only form; negative: memory. */
static int raw_to_der(EVP_PKEY *key, const uint8_t *raw, size_t width, uint8_t der[DER_MAX],
                      size_t *der_size)
{
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, (int)width, NULL);
    BIGNUM *s = BN_bin2bn(raw + width, (int)width, NULL);
    BIGNUM *order = NULL;
    uint8_t *to = der;
    int high = s ? is_high(key, s, &order) : -1;
    int result = high == 1 ? 0 : -1;
    if (high == 0 && signature && r && ECDSA_SIG_set0(signature, r, s) == 1) {
        r = NULL;
        s = NULL;
        int size = i2d_ECDSA_SIG(signature, NULL);
        if (size > 0 && (unsigned)size <= DER_MAX && i2d_ECDSA_SIG(signature, &to) == size) {
            *der_size = (size_t)size;
            result = 1;
        }
    }
    BN_free(order);
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(signature);
    return result;
}

static bool sign_plain(EVP_PKEY *key, uint16_t algorithm, const uint8_t *data, size_t size,
                       uint8_t *out, size_t *out_size)
{
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    EVP_PKEY_CTX *operation = NULL;
    bool done =
        state && EVP_DigestSignInit(state, &operation, digest_of(algorithm), NULL, key) == 1 &&
        set_padding(operation, algorithm) && EVP_DigestSign(state, out, out_size, data, size) == 1;
    EVP_MD_CTX_free(state);
    return done;
}

svms_status ledger_sign(EVP_PKEY *key, const ledger_signed *what, uint8_t *signature,
                        svms_error *err)
{
    uint16_t algorithm = 0;
    uint16_t due = 0;
    size_t size = 0;
    uint8_t der[DER_MAX];
    size_t der_size = sizeof der;
    if (!ledger_algorithm(key, &algorithm, &due)) {
        return recorder_fail(err, SVMS_E_UNSUPPORTED, 0, "the storage's key cannot sign");
    }
    uint8_t *data = collect(what, &size);
    if (!data) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory for an entry");
    }
    bool done = false;
    if (algorithm == ECDSA_P256 || algorithm == ECDSA_P384) {
        done = sign_plain(key, algorithm, data, size, der, &der_size) &&
               der_to_raw(key, der, der_size, signature, due / 2u);
    } else {
        size_t written = due;
        done = sign_plain(key, algorithm, data, size, signature, &written) && written == due;
    }
    free(data);
    return done ? SVMS_OK : fail_crypto(err, "an entry cannot be signed");
}

/* 1: it is; 0: it is not; negative: that cannot be found out. */
static int verify_plain(EVP_PKEY *key, uint16_t algorithm, const uint8_t *data, size_t size,
                        const uint8_t *signature, size_t signature_size)
{
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    EVP_PKEY_CTX *operation = NULL;
    int result = -1;
    if (state && EVP_DigestVerifyInit(state, &operation, digest_of(algorithm), NULL, key) == 1 &&
        set_padding(operation, algorithm)) {
        result = EVP_DigestVerify(state, signature, signature_size, data, size) == 1;
    }
    EVP_MD_CTX_free(state);
    ERR_clear_error();
    return result;
}

svms_status ledger_verify(EVP_PKEY *key, uint16_t algorithm, const ledger_signed *what,
                          const uint8_t *signature, size_t size, svms_error *err)
{
    uint16_t own = 0;
    uint16_t due = 0;
    size_t data_size = 0;
    uint8_t der[DER_MAX];
    int result = 0;
    if (!ledger_algorithm(key, &own, &due) || own != algorithm || size != due) {
        return recorder_fail(err, SVMS_E_NOT_AUTHENTIC, 0, "the signature is not of the key");
    }
    uint8_t *data = collect(what, &data_size);
    if (!data) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory for an entry");
    }
    if (own == ECDSA_P256 || own == ECDSA_P384) {
        result = raw_to_der(key, signature, due / 2u, der, &size);
        signature = der;
    } else {
        result = 1;
    }
    if (result == 1) {
        result = verify_plain(key, own, data, data_size, signature, size);
    }
    free(data);
    ERR_clear_error();
    if (result < 0) {
        return fail_crypto(err, "a signature cannot be checked");
    }
    return result == 1
               ? SVMS_OK
               : recorder_fail(err, SVMS_E_NOT_AUTHENTIC, 0, "the signature does not verify");
}
