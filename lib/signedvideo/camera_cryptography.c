/* SPDX-License-Identifier: Apache-2.0 */
/* Which algorithms a document names (CS-DOC-6). */
#include <string.h>

#include "camera_elements.h"

#define OID_MAX 11

/* DER of the OIDs, tag and length included. */
typedef struct known_scheme {
    svms_camera_scheme scheme;
    svms_camera_hash hash; /* SVMS_CAMERA_HASHES: the OID names none */
    size_t size;
    uint8_t oid[OID_MAX];
} known_scheme;

static const known_scheme schemes[] = {
    /* ecdsa-with-SHA256 and so on (RFC 5758) */
    { SVMS_CAMERA_SCHEME_ECDSA,
      SVMS_CAMERA_SHA256,
      10,
      { 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02 } },
    { SVMS_CAMERA_SCHEME_ECDSA,
      SVMS_CAMERA_SHA384,
      10,
      { 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x03 } },
    { SVMS_CAMERA_SCHEME_ECDSA,
      SVMS_CAMERA_SHA512,
      10,
      { 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x04 } },
    /* id-ecPublicKey (RFC 5480) */
    { SVMS_CAMERA_SCHEME_ECDSA,
      SVMS_CAMERA_HASHES,
      9,
      { 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01 } },
    /* rsaEncryption, id-RSASSA-PSS, sha256WithRSAEncryption and so on (RFC 8017, appendix C) */
    { SVMS_CAMERA_SCHEME_RSA,
      SVMS_CAMERA_HASHES,
      11,
      { 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01 } },
    { SVMS_CAMERA_SCHEME_PSS,
      SVMS_CAMERA_HASHES,
      11,
      { 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0A } },
    { SVMS_CAMERA_SCHEME_PKCS1,
      SVMS_CAMERA_SHA256,
      11,
      { 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B } },
    { SVMS_CAMERA_SCHEME_PKCS1,
      SVMS_CAMERA_SHA384,
      11,
      { 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0C } },
    { SVMS_CAMERA_SCHEME_PKCS1,
      SVMS_CAMERA_SHA512,
      11,
      { 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0D } },
};

static void find_scheme(svms_camera_algorithms *out, const uint8_t *oid, size_t size)
{
    out->scheme = size == 0 ? SVMS_CAMERA_SCHEME_BY_KEY : SVMS_CAMERA_SCHEMES;
    out->scheme_hash = SVMS_CAMERA_HASHES;
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (schemes[i].size == size && memcmp(schemes[i].oid, oid, size) == 0) {
            out->scheme = schemes[i].scheme;
            out->scheme_hash = schemes[i].hash;
        }
    }
}

bool svms_camera_cryptography_read(svms_camera_document *document, svms_cursor *value)
{
    size_t hash_size = svms_read_u8(value);
    const uint8_t *hash = svms_read_bytes(value, hash_size);
    size_t scheme_size = svms_read_u8(value);
    const uint8_t *scheme = svms_read_bytes(value, scheme_size);
    document->rsa_bits = svms_read_u16(value);
    if (!hash || !scheme || !svms_cursor_at_end(value)) {
        return false;
    }
    document->has_cryptography = true;
    document->algorithms.hash = svms_camera_hash_of_oid(hash, hash_size);
    find_scheme(&document->algorithms, scheme, scheme_size);
    return true;
}
