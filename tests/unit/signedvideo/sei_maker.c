/* SPDX-License-Identifier: Apache-2.0 */
#include "sei_maker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/core_names.h>

#define SIGNATURE_HEAD 6 /* tag, length, version, size */
#define HASHED_ESCAPED 0x40

static const uint8_t uuid[] = { 0x00, 0x5B, 0xC9, 0x3F, 0x2D, 0x71, 0x5E, 0x95,
                                0xAD, 0xA4, 0x79, 0x6F, 0x90, 0x87, 0x7A, 0x6F };

#define EXACT_MAX ((size_t)1 << 16)

void bytes_free(bytes *gone)
{
    free(gone->data);
    memset(gone, 0, sizeof *gone);
}

/* Exactly as much as there is, so that a sanitizer sees what is read behind it; what is long grows
 * by doubling. */
static size_t room_of(size_t size)
{
    size_t room = EXACT_MAX;
    while (room < size) {
        room *= 2;
    }
    return size <= EXACT_MAX ? size : room;
}

void put(bytes *out, const void *data, size_t size)
{
    if (size == 0) {
        return;
    }
    if (!out->data || room_of(out->size) != room_of(out->size + size)) {
        out->data = realloc(out->data, room_of(out->size + size));
    }
    assert_non_null(out->data);
    memcpy(out->data + out->size, data, size);
    out->size += size;
}

void put_byte(bytes *out, unsigned byte)
{
    uint8_t one = (uint8_t)byte;
    put(out, &one, 1);
}

void put_be(bytes *out, uint64_t number, unsigned size)
{
    for (unsigned i = size; i > 0; i--) {
        put_byte(out, (unsigned)(number >> 8 * (i - 1)) & 0xFF);
    }
}

void put_le(bytes *out, uint64_t number, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        put_byte(out, (unsigned)(number >> 8 * i) & 0xFF);
    }
}

void put_fill(bytes *out, unsigned byte, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put_byte(out, byte);
    }
}

void put_element(bytes *out, unsigned tag, const bytes *value)
{
    assert_true(value->size <= UINT16_MAX);
    put_byte(out, tag);
    put_be(out, value->size, 2);
    put(out, value->data, value->size);
}

/* The same, and releases the value. */
static void put_owned(bytes *out, unsigned tag, bytes *value)
{
    put_element(out, tag, value);
    bytes_free(value);
}

general_plan general_usual(void)
{
    /* 2026-01-02T03:04:05Z, and a second later */
    general_plan plan = { .version = 2,
                          .start = UINT64_C(134117966450000000),
                          .end = UINT64_C(134117966460000000),
                          .counter = 7,
                          .count = 3,
                          .fill = 0xA5,
                          .hash_size = 32 };
    return plan;
}

void put_general(bytes *out, const general_plan *plan)
{
    static const uint8_t specification[] = { 26, 6, 0 };
    bytes value = { NULL, 0 };
    void (*put_number)(bytes *, uint64_t, unsigned) = plan->is_big_endian ? put_be : put_le;
    put_byte(&value, plan->version);
    put(&value, specification, sizeof specification);
    put_byte(&value, plan->partial);
    put_number(&value, plan->start, 8);
    if (plan->version > 1) {
        put_number(&value, plan->end, 8);
    }
    put_number(&value, plan->counter, 4);
    put_be(&value, plan->count, 2);
    put_fill(&value, plan->fill, plan->hash_size);
    put_fill(&value, plan->fill + 1, plan->hash_size);
    put_owned(out, 1, &value);
}

void put_list(bytes *out, size_t count, size_t hash_size, unsigned fill)
{
    bytes value = { NULL, 0 };
    put_byte(&value, 1);
    put_fill(&value, fill, count * hash_size);
    put_owned(out, 2, &value);
}

void put_signature(bytes *out, const void *signature, size_t size, size_t padded)
{
    bytes value = { NULL, 0 };
    put_byte(&value, 1);
    put_be(&value, size, 2);
    put(&value, signature, size);
    put_fill(&value, 1, padded - size);
    put_owned(out, 3, &value);
}

void put_cryptography(bytes *out, unsigned hash, const uint8_t *scheme, size_t scheme_size)
{
    static const uint8_t arc[] = { 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02 };
    bytes value = { NULL, 0 };
    put_byte(&value, 1);
    put_byte(&value, sizeof arc + 1);
    put(&value, arc, sizeof arc);
    put_byte(&value, hash);
    put_byte(&value, (unsigned)scheme_size);
    put(&value, scheme, scheme_size);
    put_be(&value, 0, 2);
    put_owned(out, 4, &value);
}

static void put_text(bytes *out, const char *text)
{
    put_byte(out, (unsigned)strlen(text));
    put(out, text, strlen(text));
}

void put_vendor(bytes *out, const char *firmware, const char *serial, const char *manufacturer)
{
    bytes value = { NULL, 0 };
    put_byte(&value, 1);
    put_text(&value, firmware);
    put_text(&value, serial);
    put_text(&value, manufacturer);
    put_owned(out, 5, &value);
}

void put_certificates(bytes *out, unsigned user, const char *pem)
{
    bytes value = { NULL, 0 };
    put_byte(&value, 1);
    put_byte(&value, user);
    put(&value, pem, strlen(pem));
    put_owned(out, 6, &value);
}

static void put_head(bytes *out, bool is_h265, size_t payload)
{
    static const uint8_t h264[] = { 0x06 };
    static const uint8_t h265[] = { 0x4E, 0x01 };
    put(out, is_h265 ? h265 : h264, is_h265 ? sizeof h265 : sizeof h264);
    put_byte(out, 5);
    for (; payload >= 255; payload -= 255) {
        put_byte(out, 255);
    }
    put_byte(out, (unsigned)payload);
}

/* H.264 7.3.1: wherever two zeros and a byte up to 3 would follow one another. */
static bytes escaped(const bytes *plain)
{
    bytes out = { NULL, 0 };
    unsigned zeros = 0;
    for (size_t i = 0; i < plain->size; i++) {
        if (zeros >= 2 && plain->data[i] <= 3) {
            put_byte(&out, 3);
            zeros = 0;
        }
        put_byte(&out, plain->data[i]);
        zeros = plain->data[i] == 0 ? zeros + 1 : 0;
    }
    return out;
}

static size_t signature_room(const sei_plan *plan)
{
    return plan->key ? (size_t)EVP_PKEY_get_size(plan->key) : 0;
}

static bytes plain_document(const sei_plan *plan)
{
    bytes out = { NULL, 0 };
    size_t payload = sizeof uuid + 1 + plan->elements->size;
    if (plan->key) {
        payload += SIGNATURE_HEAD + signature_room(plan);
    }
    put_head(&out, plan->is_h265, payload);
    put(&out, uuid, sizeof uuid);
    put_byte(&out, plan->reserved);
    put(&out, plan->elements->data, plan->elements->size);
    return out;
}

bytes sei_document(const sei_plan *plan)
{
    bytes plain = plain_document(plan);
    if ((plan->reserved & HASHED_ESCAPED) == 0 || plan->prevention == PREVENTION_MISSING) {
        return plain;
    }
    bytes out = escaped(&plain);
    bytes_free(&plain);
    return out;
}

static void set_padding(EVP_PKEY_CTX *signer, const sei_plan *plan)
{
    const char *padding = plan->padding ? plan->padding : "pss";
    const char *salt = plan->salt ? plan->salt : "digest";
    bool is_pss = strcmp(padding, "pss") == 0;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, (char *)(uintptr_t)padding,
                                         0),
        is_pss ? OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN,
                                                  (char *)(uintptr_t)salt, 0)
               : OSSL_PARAM_construct_end(),
        OSSL_PARAM_construct_end(),
    };
    assert_int_equal(EVP_PKEY_CTX_set_params(signer, params), 1);
}

static void sign(bytes *out, const sei_plan *plan)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    uint8_t signature[1024];
    unsigned digest_size = 0;
    size_t size = sizeof signature;
    const EVP_MD *md = EVP_get_digestbyname(plan->digest);
    bytes document = sei_document(plan);
    EVP_PKEY_CTX *signer = EVP_PKEY_CTX_new(plan->key, NULL);
    assert_int_equal(EVP_Digest(document.data, document.size, digest, &digest_size, md, NULL), 1);
    assert_int_equal(EVP_PKEY_sign_init(signer), 1);
    assert_int_equal(EVP_PKEY_CTX_set_signature_md(signer, md), 1);
    if (EVP_PKEY_is_a(plan->key, "RSA")) {
        set_padding(signer, plan);
    }
    assert_int_equal(EVP_PKEY_sign(signer, signature, &size, digest, digest_size), 1);
    put_signature(out, signature, size, signature_room(plan));
    EVP_PKEY_CTX_free(signer);
    bytes_free(&document);
}

bytes sei_make(const sei_plan *plan)
{
    bytes plain = plain_document(plan);
    if (plan->key) {
        sign(&plain, plan);
    }
    put_byte(&plain, 0x80);
    if (plan->prevention == PREVENTION_MISSING) {
        return plain;
    }
    bytes out = escaped(&plain);
    bytes_free(&plain);
    return out;
}
