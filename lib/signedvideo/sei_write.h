/* SPDX-License-Identifier: Apache-2.0 */
/* Writing SEIs of media signing (section 2, CS-SGN-1). Everything is appended to builders, whose
 * status tells failures. */
#ifndef SVMS_SEI_WRITE_H
#define SVMS_SEI_WRITE_H

#include <svms/media.h>

#include "builder.h"
#include "camera_hash.h"

/* Of the reserved byte. */
#define SVMS_SEI_CERTIFICATE 0x80u
#define SVMS_SEI_HASHED_ESCAPED 0x40u

/* Most bytes of an element's value. */
#define SVMS_SEI_ELEMENT_MAX 65535u

/* Tag 1. */
typedef struct svms_sei_general {
    bool is_partial;
    int64_t start_utc_ns; /* 0 or more, as the end */
    int64_t end_utc_ns;
    uint32_t counter;
    uint16_t count;
    const uint8_t *list_hash;   /* of the size of the hash */
    const uint8_t *predecessor; /* the same */
} svms_sei_general;

typedef struct svms_sei_content {
    uint32_t codec;
    uint8_t flags;                   /* the reserved byte */
    const svms_sei_general *general; /* NULL: none */
    svms_camera_hash hash;
    uint16_t rsa_bits;   /* 0: ECDSA */
    const uint8_t *more; /* elements that are written already: tags 5 and 6 */
    size_t more_size;
    const uint8_t *list; /* value of tag 2 without its version */
    size_t list_size;    /* 0: no list */
    size_t room;         /* most bytes of the signature; 0: without one */
} svms_sei_content;

/* The NAL unit, without emulation prevention, up to the signature element (CS-DOC-2); without a
 * signature up to the stop bit. */
void svms_put_sei_document(svms_builder *out, const svms_sei_content *content);
/* What follows a document: the signature element, unless room is 0, and the stop bit. */
void svms_put_sei_end(svms_builder *out, const uint8_t *signature, size_t size, size_t room);
/* Bytes that svms_put_sei_end() appends. */
size_t svms_sei_end_size(size_t room);

/* A whole element of tag 5. Texts have at most 255 bytes, or are NULL. */
void svms_put_sei_vendor(svms_builder *out, const char *firmware, const char *serial,
                         const char *manufacturer);
/* A whole element of tag 6; size is at most SVMS_SEI_ELEMENT_MAX - 2. */
void svms_put_sei_certificates(svms_builder *out, bool is_user, const uint8_t *pem, size_t size);

/* A NAL unit, or its beginning, with emulation prevention (H.264 and H.265, 7.3.1.1 and 7.4.2). */
void svms_put_escaped(svms_builder *out, const uint8_t *data, size_t size);

#endif
