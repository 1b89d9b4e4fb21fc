/* SPDX-License-Identifier: Apache-2.0 */
#include "axis_attestation.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>

#include "camera_verifier.h"
#include "certificate.h"
#include "cursor.h"
#include "failure.h"
#include "key_kind.h"

#define COORDINATE_SIZE 32
#define POINT_SIZE (1 + 2 * COORDINATE_SIZE)
#define CHIP_SIZE 18
#define CHIP_DIGITS ((size_t)2 * CHIP_SIZE)
#define TIME_SIZE 12
#define SIGNED_MAX 256
#define NAME_MAX_SIZE 256

/* The question that the chip was asked: which object, and 16 bytes that are always the same. */
static const uint8_t question[] = {
    0x80, 0x22, 0x00, 0x00, 0x00, 0x00, 0x21, 0x41, 0x04, 0x7B, 0x00, 0x02, 0x01, 0x45,
    0x04, 0xF0, 0x00, 0x00, 0x12, 0x46, 0x01, 0x21, 0x47, 0x10, 0x92, 0xBB, 0xED, 0xFB,
    0x98, 0x82, 0xAC, 0x16, 0xC7, 0xF0, 0x1A, 0xE4, 0x59, 0x05, 0x96, 0x04,
};
/* What the object may be used for. */
static const uint8_t attributes[] = {
    0x43, 0x82, 0x00, 0x25, 0x7B, 0x00, 0x02, 0x01, 0x29, 0x01, 0x00, 0x00, 0x7B, 0x00,
    0x00, 0x03, 0x00, 0x00, 0x08, 0x7B, 0x00, 0x00, 0x03, 0x1F, 0x3C, 0x00, 0x00, 0x08,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x20, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00,
};
static const uint8_t before_point[] = { 0x41, 0x82, 0x00, POINT_SIZE };
static const uint8_t before_chip[] = { 0x42, 0x82, 0x00, CHIP_SIZE };
static const uint8_t before_time[] = { 0x44, 0x82, 0x00, 0x02, 0x00,
                                       0x20, 0x4F, 0x82, 0x00, TIME_SIZE };
static const uint8_t chip_begins[] = { 0x04, 0x00, 0x50, 0x01 };

/* The attestation, taken apart. */
typedef struct statement {
    const uint8_t *time;
    const uint8_t *signature;
    size_t signature_size;
} statement;

static bool read_statement(statement *out, const svms_camera_text *attestation)
{
    svms_cursor cursor = svms_cursor_over(attestation->data, attestation->size, 0);
    (void)svms_read_u16(&cursor); /* header */
    (void)svms_read_u16(&cursor); /* version */
    (void)svms_read_u32(&cursor); /* object; the signature says which */
    bool is_one = svms_read_u8(&cursor) == 1;
    out->time = svms_read_bytes(&cursor, TIME_SIZE);
    out->signature_size = svms_read_u16(&cursor);
    out->signature = svms_read_bytes(&cursor, out->signature_size);
    return is_one && svms_cursor_at_end(&cursor);
}

static bool digit_of(char letter, uint8_t *out)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = letter ? strchr(digits, letter) : NULL;
    *out = at ? (uint8_t)((at - digits) % 16) : 0;
    return at != NULL;
}

/* The number of the chip, in hexadecimal at the end of the leaf's common name. */
static bool read_chip(const svms_chain *chain, uint8_t chip[CHIP_SIZE])
{
    static const char label[] = "Axis Edge Vault Attestation ";
    char name[NAME_MAX_SIZE];
    X509_NAME *subject = X509_get_subject_name(sk_X509_value(chain->certificates, 0));
    int size = X509_NAME_get_text_by_NID(subject, NID_commonName, name, sizeof name);
    const char *found = size > 0 && (size_t)size == strlen(name) ? strstr(name, label) : NULL;
    const char *digits = found ? found + sizeof label - 1 : "";
    if (strlen(digits) != CHIP_DIGITS) {
        return false;
    }
    for (size_t i = 0; i < CHIP_SIZE; i++) {
        uint8_t high = 0;
        uint8_t low = 0;
        if (!digit_of(digits[2 * i], &high) || !digit_of(digits[2 * i + 1], &low)) {
            return false;
        }
        chip[i] = (uint8_t)(high << 4 | low);
    }
    return memcmp(chip, chip_begins, sizeof chip_begins) == 0;
}

static bool read_coordinate(EVP_PKEY *pkey, const char *name, uint8_t *out)
{
    BIGNUM *number = NULL;
    bool is_read = EVP_PKEY_get_bn_param(pkey, name, &number) == 1 &&
                   BN_bn2binpad(number, out, COORDINATE_SIZE) == COORDINATE_SIZE;
    BN_free(number);
    return is_read;
}

/* Uncompressed, whatever form the key came in. */
static bool read_point(EVP_PKEY *pkey, uint8_t point[POINT_SIZE])
{
    point[0] = 0x04;
    return read_coordinate(pkey, OSSL_PKEY_PARAM_EC_PUB_X, point + 1) &&
           read_coordinate(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, point + 1 + COORDINATE_SIZE);
}

typedef struct signed_bytes {
    uint8_t data[SIGNED_MAX];
    size_t size;
} signed_bytes;

static void append(signed_bytes *out, const void *data, size_t size)
{
    memcpy(out->data + out->size, data, size);
    out->size += size;
}

/* False only when the provider fails. */
static bool put_signed(signed_bytes *out, svms_camera_hasher *hasher, EVP_PKEY *key,
                       const uint8_t chip[CHIP_SIZE], const statement *said)
{
    uint8_t asked[SVMS_CAMERA_HASH_MAX];
    uint8_t point[POINT_SIZE];
    if (!read_point(key, point) ||
        !svms_camera_hash_once(hasher, SVMS_CAMERA_SHA256, question, sizeof question, asked)) {
        return false;
    }
    out->size = 0;
    append(out, asked, svms_camera_hash_size(SVMS_CAMERA_SHA256));
    append(out, before_point, sizeof before_point);
    append(out, point, sizeof point);
    append(out, before_chip, sizeof before_chip);
    append(out, chip, CHIP_SIZE);
    append(out, attributes, sizeof attributes);
    append(out, before_time, sizeof before_time);
    append(out, said->time, TIME_SIZE);
    return true;
}

static svms_status verify(svms_ctx *ctx, svms_camera_hasher *hasher, EVP_PKEY *leaf,
                          const signed_bytes *bytes, const statement *said, svms_error *err)
{
    static const svms_camera_algorithms ecdsa = { SVMS_CAMERA_SHA256, SVMS_CAMERA_SCHEME_ECDSA,
                                                  SVMS_CAMERA_HASHES };
    uint8_t digest[SVMS_CAMERA_HASH_MAX];
    svms_camera_verifier verifier;
    svms_camera_document document = { .signature = said->signature,
                                      .signature_size = said->signature_size };
    if (!svms_camera_hash_once(hasher, SVMS_CAMERA_SHA256, bytes->data, bytes->size, digest)) {
        return svms_fail_crypto(err, "cannot hash an attestation");
    }
    svms_status status = svms_camera_verifier_open(&verifier, ctx, leaf, err);
    if (status == SVMS_OK) {
        status = svms_camera_verifier_verify(&verifier, &ecdsa, &document, digest, err);
    }
    svms_camera_verifier_close(&verifier);
    return status;
}

svms_status svms_axis_attestation_check(svms_ctx *ctx, svms_camera_hasher *hasher,
                                        const svms_chain *chain, const svms_public_key *key,
                                        const svms_camera_text *attestation, bool *vouches,
                                        svms_error *err)
{
    const svms_public_key *leaf = svms_chain_leaf_key(chain);
    uint8_t chip[CHIP_SIZE];
    statement said = { 0 };
    signed_bytes bytes = { { 0 }, 0 };
    *vouches = false;
    /* Such a chip has keys on no other curve, and makes none. */
    bool is_on_p256 = leaf && svms_public_key_kind(leaf) == SVMS_KEY_P256 &&
                      svms_public_key_kind(key) == SVMS_KEY_P256;
    if (!is_on_p256 || !read_statement(&said, attestation) || !read_chip(chain, chip)) {
        return SVMS_OK;
    }
    if (!put_signed(&bytes, hasher, svms_public_key_evp(key), chip, &said)) {
        return svms_fail_crypto(err, "cannot read the key that is attested");
    }
    svms_status status = verify(ctx, hasher, svms_public_key_evp(leaf), &bytes, &said, err);
    *vouches = status == SVMS_OK;
    return status == SVMS_E_NOT_AUTHENTIC ? SVMS_OK : status;
}
