/* SPDX-License-Identifier: Apache-2.0 */
/* A SEI of media signing, taken apart (CS-DOC). */
#ifndef SVMS_CAMERA_DOCUMENT_H
#define SVMS_CAMERA_DOCUMENT_H

#include <svms/signedvideo.h>

#include "camera_hash.h"
#include "camera_nal.h"

/* Bytes of a SEI that are read at most; a list, two chains and a signature fit four times. */
#define SVMS_CAMERA_SEI_MAX (1u << 20)

/* Order of the numbers of tag 1 (CS-DOC-1). */
typedef enum svms_camera_order {
    SVMS_CAMERA_LITTLE_ENDIAN,
    SVMS_CAMERA_BIG_ENDIAN
} svms_camera_order;

/* How the signature was made, as far as the document says (CS-DOC-6). */
typedef enum svms_camera_scheme {
    SVMS_CAMERA_SCHEME_BY_KEY, /* no OID, or that of a key: ECDSA, or RSASSA-PSS for RSA */
    SVMS_CAMERA_SCHEME_ECDSA,
    SVMS_CAMERA_SCHEME_RSA, /* the OID of RSA keys: RSASSA-PSS */
    SVMS_CAMERA_SCHEME_PSS,
    SVMS_CAMERA_SCHEME_PKCS1,
    SVMS_CAMERA_SCHEME_AXIS, /* ECDSA, or RSASSA-PKCS1-v1_5 with SHA-256 (CS-AX-4) */
    SVMS_CAMERA_SCHEMES      /* how many; also: unknown */
} svms_camera_scheme;

/* What tag 4 says. */
typedef struct svms_camera_algorithms {
    svms_camera_hash hash; /* SVMS_CAMERA_HASHES: one that is not known */
    svms_camera_scheme scheme;
    svms_camera_hash
        scheme_hash; /* what the OID of the signature names, SVMS_CAMERA_HASHES: none */
} svms_camera_algorithms;

/* A text of tag 5; borrowed from the document, not checked. */
typedef struct svms_camera_text {
    const uint8_t *data;
    size_t size;
} svms_camera_text;

/* Pointers are into bytes. Nothing in it may be believed before its signature was verified, or the
 * SEI was found authentic in a list. */
typedef struct svms_camera_document {
    svms_ctx *ctx;
    uint8_t *bytes; /* owned: the NAL unit without emulation prevention; NULL when data serves */
    const uint8_t *hashed; /* what the signature is of (CS-DOC-2); may point into the NAL unit that
                              was read: valid as long as that is */
    size_t hashed_size;    /* without a signature: the whole NAL unit's, for nothing */
    svms_camera_format format;
    bool is_certificate; /* reserved byte 0x80; of Axis: golden */
    bool has_general;
    bool has_list;
    bool has_signature;
    bool has_cryptography;
    bool is_arbitrary; /* tag 7, alone */
    /* Tag 1. Times and counter wait for svms_camera_document_times(). */
    uint8_t general_version;
    uint8_t specification[3];
    bool is_partial;
    uint8_t start_bytes[8];
    uint8_t end_bytes[8]; /* zeros in version 1 */
    uint8_t counter_bytes[4];
    uint16_t count;
    size_t hash_size; /* of list_hash, predecessor and each of list */
    const uint8_t *list_hash;
    const uint8_t *predecessor;
    /* Tag 2. */
    const uint8_t *list;
    size_t list_count;
    /* Tag 3. */
    const uint8_t *signature;
    size_t signature_size;
    /* Tag 4. */
    svms_camera_algorithms algorithms; /* without it: no hash is known, BY_KEY */
    uint16_t rsa_bits;
    /* Tag 5. */
    bool has_vendor;
    svms_camera_text firmware;
    svms_camera_text serial;
    svms_camera_text manufacturer;
    /* Tag 6; data NULL when absent. */
    svms_camera_text maker_pem;
    svms_camera_text user_pem;
    /* Of Axis (section 6). Its list is settled when the hash is known; maker_pem is that of tag
     * 129. */
    uint32_t axis_counter;
    int64_t axis_utc_ns; /* when what follows began, or SVMS_NO_TIME */
    size_t list_size;
    const uint8_t *successor; /* NULL: none */
    svms_camera_text public_pem;
    svms_camera_text attestation;
} svms_camera_document;

/* nal is of kind SEI. SVMS_E_MALFORMED (CS-DOC-5, CS-AX-1), SVMS_E_LIMIT (longer than the bound),
 * SVMS_E_UNSUPPORTED (a form of Axis that is not validated), SVMS_E_NO_MEMORY; the document is
 * empty then. */
SVMS_MUST_CHECK svms_status svms_camera_document_read(svms_camera_document *document, svms_ctx *ctx,
                                                      uint32_t codec, const svms_camera_nal *nal,
                                                      svms_error *err);
/* NULL-safe and repeatable. */
void svms_camera_document_clear(svms_camera_document *document);
/* False when tag 1 is there with hashes of another size. Where tag 4 is in the same SEI it always
 * fits; where the hash is one of a document before, whoever uses it must ask. */
bool svms_camera_document_fits(const svms_camera_document *document, svms_camera_hash hash);

typedef struct svms_camera_times {
    svms_camera_order order;
    int64_t from_utc_ns; /* SVMS_NO_TIME when it cannot be one */
    int64_t to_utc_ns;   /* the same; SVMS_NO_TIME in version 1 */
    uint32_t counter;
} svms_camera_times;

/* CS-DOC-1: which order it is, by the times, or else by what was before. */
svms_camera_times svms_camera_document_times(const svms_camera_document *document,
                                             svms_camera_order before);

#endif
