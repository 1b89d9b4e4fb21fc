/* SPDX-License-Identifier: Apache-2.0 */
/* Walking DER (X.690) with the cursor. */
#ifndef SVMS_DER_H
#define SVMS_DER_H

#include "cursor.h"

#define SVMS_DER_BOOLEAN 0x01
#define SVMS_DER_INTEGER 0x02
#define SVMS_DER_BITS 0x03
#define SVMS_DER_OCTETS 0x04
#define SVMS_DER_NULL 0x05
#define SVMS_DER_OID 0x06
#define SVMS_DER_ENUMERATED 0x0A
#define SVMS_DER_UTF8 0x0C
#define SVMS_DER_PRINTABLE 0x13
#define SVMS_DER_IA5 0x16
#define SVMS_DER_UTC_TIME 0x17
#define SVMS_DER_GENERALIZED_TIME 0x18
#define SVMS_DER_SEQUENCE 0x30
#define SVMS_DER_SET 0x31
/* Context-specific tags of numbers up to 30. */
#define SVMS_DER_PRIMITIVE(number) (0x80 | (number))
#define SVMS_DER_CONSTRUCTED(number) (0xA0 | (number))

typedef struct svms_der {
    uint8_t tag;         /* 0 when there is nothing */
    svms_cursor content; /* what the length covers */
    const uint8_t *whole;
    size_t whole_size; /* with tag and length */
} svms_der;

/* The next element, which is consumed. Fails the cursor when it does not fit, or when its length is
 * indefinite or longer than needed, or its tag has more than one byte. */
bool svms_der_next(svms_cursor *cursor, svms_der *out);
/* Also fails when the tag is another one. */
bool svms_der_take(svms_cursor *cursor, uint8_t tag, svms_der *out);
/* True, and takes it, when the next element has this tag; false, with out->tag 0, when there is
 * another one or none. */
bool svms_der_take_optional(svms_cursor *cursor, uint8_t tag, svms_der *out);

/* True when the bytes are one element, and all in it, down to a bounded depth, is well-formed. The
 * order within sets is not looked at: authorities do not keep it. */
bool svms_der_is_well_formed(const void *data, size_t size);

/* A non-negative integer of at most 8 bytes in its shortest form. */
bool svms_der_unsigned(const svms_der *integer, uint64_t *out);
/* True when both have the same encoding, tag and length included. */
bool svms_der_is_same(const svms_der *a, const svms_der *b);
/* True when the content is exactly these bytes. */
bool svms_der_equals(const svms_der *element, const void *content, size_t size);

#endif
