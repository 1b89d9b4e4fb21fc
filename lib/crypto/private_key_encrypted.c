/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys behind a passphrase: PKCS #8 "ENCRYPTED PRIVATE KEY" with PBES2 (RFC 5958, RFC 8018,
 * RFC 7914). Written with PBKDF2 and AES-256-CBC, which every OpenSSL reads: its own bound of
 * memory is too low for scrypt at a cost that is worth it. */
#include <svms/key.h>

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "der_put.h"
#include "failure.h"
#include "known_answer.h"
#include "pem.h"
#include "private_key.h"
#include "wrap.h"

#define KEY_SIZE 32
#define IV_SIZE 16
#define SALT_SIZE 16
#define SALT_MAX 64
#define PASSPHRASE_MAX 1024
#define ITERATIONS 600000
/* About half a minute of one core; a file must not make anybody wait longer. */
#define ITERATIONS_MAX 10000000
#define SCRYPT_BLOCK_FACTOR 8
#define PLAIN_MAX 16384

static const uint8_t pbes2[] = { 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0D };
static const uint8_t pbkdf2[] = { 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0C };
static const uint8_t scrypt[] = { 0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x04, 0x0B };
static const uint8_t hmac_sha256[] = { 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x02, 0x09 };
static const uint8_t aes256_cbc[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2A };

typedef struct recipe {
    bool is_scrypt;
    uint64_t cost; /* iterations, or N */
    uint8_t salt[SALT_MAX];
    size_t salt_size;
    uint8_t iv[IV_SIZE];
} recipe;

typedef struct passphrase {
    const void *text;
    size_t size;
} passphrase;

static svms_status derive_pbkdf2(svms_ctx *ctx, const recipe *from, passphrase given,
                                 uint8_t key[KEY_SIZE], svms_error *err)
{
    uint64_t iterations = from->cost;
    char digest[] = "SHA2-256";
    char *properties = (char *)(uintptr_t)svms_ossl_properties(ctx);
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, (void *)(uintptr_t)given.text,
                                          given.size),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)from->salt,
                                          from->salt_size),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_ITER, &iterations),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        properties ? OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_PROPERTIES, properties, 0)
                   : OSSL_PARAM_construct_end(),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF *kdf = EVP_KDF_fetch(svms_ossl_context(ctx), "PBKDF2", properties);
    EVP_KDF_CTX *state = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    bool done = state && EVP_KDF_derive(state, key, KEY_SIZE, params) == 1;
    EVP_KDF_CTX_free(state);
    EVP_KDF_free(kdf);
    return done ? SVMS_OK : svms_fail_crypto(err, "cannot derive a key from the passphrase");
}

static svms_status derive(svms_ctx *ctx, const recipe *from, passphrase given,
                          uint8_t key[KEY_SIZE], svms_error *err)
{
    if (!from->is_scrypt) {
        return derive_pbkdf2(ctx, from, given, key, err);
    }
    unsigned log2_n = 0;
    while (UINT64_C(1) << log2_n < from->cost) {
        log2_n++;
    }
    return svms_scrypt_with(ctx, given.text, given.size, from->salt, from->salt_size, log2_n, key,
                            err);
}

/* AES-256-CBC with padding. out has room for size + 16. False with padding that is wrong, too;
 * *failed tells a failure of the provider apart. */
static bool crypt(svms_ctx *ctx, bool encrypt, const uint8_t key[KEY_SIZE],
                  const uint8_t iv[IV_SIZE], const uint8_t *in, size_t size, uint8_t *out,
                  size_t *out_size, bool *failed)
{
    int first = 0;
    int last = 0;
    EVP_CIPHER *cipher =
        EVP_CIPHER_fetch(svms_ossl_context(ctx), "AES-256-CBC", svms_ossl_properties(ctx));
    EVP_CIPHER_CTX *state = EVP_CIPHER_CTX_new();
    bool ready = cipher && state &&
                 EVP_CipherInit_ex2(state, cipher, key, iv, encrypt, NULL) == 1 &&
                 EVP_CipherUpdate(state, out, &first, in, (int)size) == 1;
    bool done = ready && EVP_CipherFinal_ex(state, out + first, &last) == 1;
    EVP_CIPHER_CTX_free(state);
    EVP_CIPHER_free(cipher);
    *failed = !ready || (!done && (encrypt || svms_crypto_starved()));
    *out_size = done ? (size_t)first + (size_t)last : 0;
    return done;
}

static void put_pbkdf2(svms_builder *out, const recipe *from)
{
    size_t algorithm = svms_der_open(out, SVMS_DER_SEQUENCE);
    svms_der_put(out, SVMS_DER_OID, pbkdf2, sizeof pbkdf2);
    size_t parameters = svms_der_open(out, SVMS_DER_SEQUENCE);
    svms_der_put(out, SVMS_DER_OCTETS, from->salt, from->salt_size);
    svms_der_put_number(out, from->cost);
    size_t function = svms_der_open(out, SVMS_DER_SEQUENCE);
    svms_der_put(out, SVMS_DER_OID, hmac_sha256, sizeof hmac_sha256);
    svms_der_put_null(out);
    svms_der_close(out, function);
    svms_der_close(out, parameters);
    svms_der_close(out, algorithm);
}

static void put_recipe(svms_builder *out, const recipe *from)
{
    size_t algorithm = svms_der_open(out, SVMS_DER_SEQUENCE);
    svms_der_put(out, SVMS_DER_OID, pbes2, sizeof pbes2);
    size_t parameters = svms_der_open(out, SVMS_DER_SEQUENCE);
    put_pbkdf2(out, from);
    size_t cipher = svms_der_open(out, SVMS_DER_SEQUENCE);
    svms_der_put(out, SVMS_DER_OID, aes256_cbc, sizeof aes256_cbc);
    svms_der_put(out, SVMS_DER_OCTETS, from->iv, sizeof from->iv);
    svms_der_close(out, cipher);
    svms_der_close(out, parameters);
    svms_der_close(out, algorithm);
}

static svms_status encrypt(svms_builder *out, const uint8_t *plain, size_t size, passphrase given,
                           svms_error *err)
{
    uint8_t key[KEY_SIZE];
    uint8_t sealed[PLAIN_MAX + IV_SIZE];
    size_t sealed_size = 0;
    bool failed = false;
    recipe made = { .cost = ITERATIONS, .salt_size = SALT_SIZE };
    svms_status status = svms_random(out->ctx, made.salt, SALT_SIZE, err);
    if (status == SVMS_OK) {
        status = svms_random(out->ctx, made.iv, IV_SIZE, err);
    }
    if (status == SVMS_OK) {
        status = derive(out->ctx, &made, given, key, err);
    }
    if (status == SVMS_OK &&
        !crypt(out->ctx, true, key, made.iv, plain, size, sealed, &sealed_size, &failed)) {
        status = svms_fail_crypto(err, "cannot encrypt a private key");
    }
    svms_wipe(key, sizeof key);
    if (status != SVMS_OK) {
        return status;
    }
    size_t whole = svms_der_open(out, SVMS_DER_SEQUENCE);
    put_recipe(out, &made);
    svms_der_put(out, SVMS_DER_OCTETS, sealed, sealed_size);
    svms_der_close(out, whole);
    return svms_builder_check(out, "a private key", err);
}

/* *der is for OPENSSL_clear_free. */
static svms_status encode(const svms_private_key *key, uint8_t **der, size_t *size, svms_error *err)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(svms_private_key_evp(key));
    int length = info ? i2d_PKCS8_PRIV_KEY_INFO(info, der) : 0;
    PKCS8_PRIV_KEY_INFO_free(info);
    if (length <= 0) {
        return svms_fail_crypto(err, "cannot encode the private key");
    }
    *size = (size_t)length;
    if (*size > PLAIN_MAX) {
        OPENSSL_clear_free(*der, *size);
        return svms_fail(err, SVMS_E_LIMIT, "the private key has more than %d bytes", PLAIN_MAX);
    }
    return SVMS_OK;
}

static svms_status hand_out(const svms_builder *der, char *out, size_t *size, svms_error *err)
{
    BIO *text = BIO_new(BIO_s_mem());
    svms_status status;
    if (text && PEM_write_bio(text, PEM_STRING_PKCS8, "", der->data, (long)der->size) > 0) {
        status = svms_pem_hand_out(text, "the private key", out, size, err);
    } else {
        status = svms_fail_crypto(err, "cannot write the private key");
    }
    BIO_free(text);
    return status;
}

static svms_status check_passphrase(passphrase given, svms_error *err)
{
    if (!given.text || given.size == 0 || given.size > PASSPHRASE_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "a passphrase has 1 to %d bytes", PASSPHRASE_MAX);
    }
    return SVMS_OK;
}

svms_status svms_private_key_to_encrypted_pem(const svms_private_key *key, const void *phrase,
                                              size_t phrase_size, char *out, size_t *size,
                                              svms_error *err)
{
    passphrase given = { phrase, phrase_size };
    if (!key || !size || (!out && *size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = check_passphrase(given, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (svms_private_key_is_external(key)) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "the private half of the key is not in the process, so it cannot be "
                         "written");
    }
    uint8_t *plain = NULL;
    size_t plain_size = 0;
    status = encode(key, &plain, &plain_size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_builder der = svms_builder_new(svms_private_key_context(key), SVMS_PEM_TEXT_MAX);
    status = encrypt(&der, plain, plain_size, given, err);
    if (status == SVMS_OK) {
        status = hand_out(&der, out, size, err);
    }
    svms_builder_clear(&der);
    OPENSSL_clear_free(plain, plain_size);
    return status;
}

static bool take_algorithm(svms_cursor *from, svms_der *oid, svms_cursor *parameters)
{
    svms_der whole;
    if (!svms_der_take(from, SVMS_DER_SEQUENCE, &whole) ||
        !svms_der_take(&whole.content, SVMS_DER_OID, oid)) {
        return false;
    }
    *parameters = whole.content;
    return true;
}

static bool take_salt(recipe *out, svms_cursor *from)
{
    svms_der salt;
    if (!svms_der_take(from, SVMS_DER_OCTETS, &salt)) {
        return false;
    }
    out->salt_size = svms_cursor_left(&salt.content);
    if (out->salt_size > SALT_MAX) {
        return false;
    }
    svms_read_copy(&salt.content, out->salt, out->salt_size);
    return true;
}

static bool take_number(svms_cursor *from, uint64_t *out)
{
    svms_der number;
    return svms_der_take(from, SVMS_DER_INTEGER, &number) && svms_der_unsigned(&number, out);
}

static svms_status unknown(svms_error *err)
{
    return svms_fail(err, SVMS_E_UNSUPPORTED,
                     "the private key is encrypted in another way than PBES2 with PBKDF2 "
                     "(HMAC-SHA-256) or scrypt, and AES-256-CBC");
}

static svms_status damaged(svms_error *err)
{
    return svms_fail(err, SVMS_E_MALFORMED, "the encrypted private key is damaged");
}

static svms_status read_pbkdf2(recipe *out, svms_cursor from, svms_error *err)
{
    svms_der parameters;
    svms_der oid;
    svms_cursor rest;
    uint64_t length = KEY_SIZE;
    if (!svms_der_take(&from, SVMS_DER_SEQUENCE, &parameters) || !svms_cursor_at_end(&from)) {
        return damaged(err);
    }
    svms_cursor *content = &parameters.content;
    if (!take_salt(out, content) || !take_number(content, &out->cost)) {
        return damaged(err);
    }
    svms_cursor ahead = *content;
    if (take_number(&ahead, &length)) {
        *content = ahead;
    }
    /* Without a function it would be HMAC-SHA-1. */
    if (length != KEY_SIZE || !take_algorithm(content, &oid, &rest) ||
        !svms_der_equals(&oid, hmac_sha256, sizeof hmac_sha256) || !svms_cursor_at_end(content)) {
        return unknown(err);
    }
    if (out->cost == 0 || out->cost > ITERATIONS_MAX) {
        return svms_fail(err, SVMS_E_LIMIT,
                         "the private key wants %llu rounds of PBKDF2; 1 to %d are done",
                         (unsigned long long)out->cost, ITERATIONS_MAX);
    }
    return SVMS_OK;
}

static svms_status read_scrypt(recipe *out, svms_cursor from, svms_error *err)
{
    svms_der parameters;
    uint64_t factor = 0;
    uint64_t lanes = 0;
    uint64_t length = KEY_SIZE;
    if (!svms_der_take(&from, SVMS_DER_SEQUENCE, &parameters) || !svms_cursor_at_end(&from)) {
        return damaged(err);
    }
    svms_cursor *content = &parameters.content;
    if (!take_salt(out, content) || !take_number(content, &out->cost) ||
        !take_number(content, &factor) || !take_number(content, &lanes) ||
        (!svms_cursor_at_end(content) && !take_number(content, &length)) ||
        !svms_cursor_at_end(content)) {
        return damaged(err);
    }
    out->is_scrypt = true;
    if (factor != SCRYPT_BLOCK_FACTOR || lanes != 1 || length != KEY_SIZE) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "the private key wants scrypt with other parameters than r 8 and p 1");
    }
    if (out->cost < 1024 || out->cost > 262144 || (out->cost & (out->cost - 1)) != 0) {
        return svms_fail(err, SVMS_E_LIMIT,
                         "the private key wants scrypt with N %llu; powers of 2 from 1024 to "
                         "262144 are done",
                         (unsigned long long)out->cost);
    }
    return SVMS_OK;
}

static svms_status read_recipe(recipe *out, svms_cursor *from, svms_error *err)
{
    svms_der oid;
    svms_der both;
    svms_der iv;
    svms_cursor rest;
    if (!take_algorithm(from, &oid, &rest)) {
        return damaged(err);
    }
    if (!svms_der_equals(&oid, pbes2, sizeof pbes2)) {
        return unknown(err);
    }
    if (!svms_der_take(&rest, SVMS_DER_SEQUENCE, &both) || !svms_cursor_at_end(&rest)) {
        return damaged(err);
    }
    if (!take_algorithm(&both.content, &oid, &rest)) {
        return damaged(err);
    }
    bool is_scrypt = svms_der_equals(&oid, scrypt, sizeof scrypt);
    if (!is_scrypt && !svms_der_equals(&oid, pbkdf2, sizeof pbkdf2)) {
        return unknown(err);
    }
    svms_status status = is_scrypt ? read_scrypt(out, rest, err) : read_pbkdf2(out, rest, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!take_algorithm(&both.content, &oid, &rest) || !svms_cursor_at_end(&both.content)) {
        return damaged(err);
    }
    if (!svms_der_equals(&oid, aes256_cbc, sizeof aes256_cbc)) {
        return unknown(err);
    }
    if (!svms_der_take(&rest, SVMS_DER_OCTETS, &iv) || !svms_cursor_at_end(&rest) ||
        svms_cursor_left(&iv.content) != IV_SIZE) {
        return damaged(err);
    }
    svms_read_copy(&iv.content, out->iv, IV_SIZE);
    return SVMS_OK;
}

/* The whole PrivateKeyInfo and nothing else: padding that is right by chance does not make a key.
 */
static bool is_key_info(const uint8_t *plain, size_t size)
{
    svms_cursor outer = svms_cursor_over(plain, size, 0);
    svms_der whole;
    svms_der part;
    uint64_t version = 2;
    return svms_der_take(&outer, SVMS_DER_SEQUENCE, &whole) && svms_cursor_at_end(&outer) &&
           svms_der_take(&whole.content, SVMS_DER_INTEGER, &part) &&
           svms_der_unsigned(&part, &version) && version <= 1 &&
           svms_der_take(&whole.content, SVMS_DER_SEQUENCE, &part) &&
           svms_der_take(&whole.content, SVMS_DER_OCTETS, &part);
}

static svms_status decrypt(svms_private_key **out, svms_ctx *ctx, const recipe *from,
                           const svms_der *sealed, passphrase given, svms_error *err)
{
    uint8_t key[KEY_SIZE];
    uint8_t plain[PLAIN_MAX + 2 * IV_SIZE];
    size_t plain_size = 0;
    bool failed = false;
    svms_cursor content = sealed->content;
    size_t size = svms_cursor_left(&content);
    if (size == 0 || size % IV_SIZE != 0 || size > PLAIN_MAX + IV_SIZE) {
        return damaged(err);
    }
    svms_status status = derive(ctx, from, given, key, err);
    if (status != SVMS_OK) {
        return status;
    }
    ERR_clear_error();
    bool opened = crypt(ctx, false, key, from->iv, svms_read_bytes(&content, size), size, plain,
                        &plain_size, &failed);
    svms_wipe(key, sizeof key);
    if (failed) {
        status = svms_fail_crypto(err, "cannot decrypt the private key");
    } else if (!opened || !is_key_info(plain, plain_size)) {
        status = svms_fail(err, SVMS_E_WRONG_KEY, "the passphrase is not that of the private key");
    } else {
        status = svms_private_key_from_der(out, ctx, plain, plain_size, err);
    }
    svms_wipe(plain, sizeof plain);
    ERR_clear_error();
    return status;
}

static svms_status open_block(svms_private_key **out, svms_ctx *ctx, const svms_pem_block *block,
                              passphrase given, svms_error *err)
{
    svms_cursor outer = svms_cursor_over(block->der, (size_t)block->size, 0);
    svms_der whole;
    svms_der sealed;
    recipe found = { 0 };
    if (!svms_pem_is(block, PEM_STRING_PKCS8)) {
        return svms_pem_is_encrypted(block)
                   ? unknown(err)
                   : svms_fail(err, SVMS_E_MALFORMED, "the private key is not encrypted");
    }
    if (!svms_der_take(&outer, SVMS_DER_SEQUENCE, &whole) || !svms_cursor_at_end(&outer)) {
        return damaged(err);
    }
    svms_status status = read_recipe(&found, &whole.content, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_der_take(&whole.content, SVMS_DER_OCTETS, &sealed) ||
        !svms_cursor_at_end(&whole.content)) {
        return damaged(err);
    }
    return decrypt(out, ctx, &found, &sealed, given, err);
}

svms_status svms_private_key_from_encrypted_pem(svms_private_key **out, svms_ctx *ctx,
                                                const char *pem, size_t size, const void *phrase,
                                                size_t phrase_size, svms_error *err)
{
    passphrase given = { phrase, phrase_size };
    if (!out || !ctx || !pem) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = check_passphrase(given, err);
    if (status != SVMS_OK) {
        return status;
    }
    BIO *text = NULL;
    status = svms_pem_open(&text, pem, size, err);
    bool found = false;
    while (status == SVMS_OK && !found) {
        svms_pem_block block;
        status = svms_pem_next(text, &block, err);
        if (status != SVMS_OK) {
            break;
        }
        found = svms_pem_is_private(&block);
        if (found) {
            status = open_block(out, ctx, &block, given, err);
        }
        svms_pem_block_clear(&block);
    }
    BIO_free(text);
    return status == SVMS_END ? svms_fail(err, SVMS_E_MALFORMED, "no private key in the PEM text")
                              : status;
}
