/* SPDX-License-Identifier: Apache-2.0 */
/* SEIs of media signing for tests, written from the specification and signed with OpenSSL alone:
 * nothing here is made by the code under test. Whatever goes wrong fails the test. */
#ifndef SVMS_TEST_SEI_MAKER_H
#define SVMS_TEST_SEI_MAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

/* Grows as it is written; release with bytes_free(). */
typedef struct bytes {
    uint8_t *data;
    size_t size;
} bytes;

void bytes_free(bytes *gone);
void put(bytes *out, const void *data, size_t size);
void put_byte(bytes *out, unsigned byte);
void put_be(bytes *out, uint64_t number, unsigned size);
void put_le(bytes *out, uint64_t number, unsigned size);
/* The same byte so many times. */
void put_fill(bytes *out, unsigned byte, size_t count);

/* Tag, length, value. */
void put_element(bytes *out, unsigned tag, const bytes *value);

/* Tag 1. Start from general_usual(). */
typedef struct general_plan {
    unsigned version;
    bool is_big_endian;
    unsigned partial;
    uint64_t start; /* 100 ns since 1601 */
    uint64_t end;
    uint32_t counter;
    uint16_t count;
    unsigned fill; /* byte of both hashes */
    size_t hash_size;
} general_plan;
general_plan general_usual(void);
void put_general(bytes *out, const general_plan *plan);
/* Tag 2, count hashes of hash_size bytes. */
void put_list(bytes *out, size_t count, size_t hash_size, unsigned fill);
/* Tag 3. */
void put_signature(bytes *out, const void *signature, size_t size, size_t padded);
/* Tag 4; last bytes of 2.16.840.1.101.3.4.2.n, and an OID with its size, or NULL. */
void put_cryptography(bytes *out, unsigned hash, const uint8_t *scheme, size_t scheme_size);
/* Tag 5. */
void put_vendor(bytes *out, const char *firmware, const char *serial, const char *manufacturer);
/* Tag 6. */
void put_certificates(bytes *out, unsigned user, const char *pem);

typedef enum sei_prevention {
    PREVENTION_DUE,    /* as H.264 and H.265 demand */
    PREVENTION_MISSING /* none, whatever it holds */
} sei_prevention;

typedef struct sei_plan {
    bool is_h265;
    unsigned reserved;
    const bytes *elements; /* without signature */
    sei_prevention prevention;
    EVP_PKEY *key; /* NULL: no signature */
    const char *digest;
    const char *padding; /* OpenSSL's name for RSA; NULL: PSS */
    const char *salt;    /* NULL: as long as the digest */
} sei_plan;

/* A NAL unit. */
bytes sei_make(const sei_plan *plan);
/* What its signature is of: header to last byte before the signature element, without emulation
 * prevention or, with 0x40 in reserved, with it. */
bytes sei_document(const sei_plan *plan);

#endif
