/* SPDX-License-Identifier: Apache-2.0 */
/* The reader behind json_read.h: RFC 8259 in one pass, without recursion, into one block of the
 * context's memory. Strict: UTF-8, no name twice in an object, no U+0000, whole numbers within 64
 * bits, real ones within binary64. */
#ifndef SVMS_JSON_PARSE_H
#define SVMS_JSON_PARSE_H

#include "json_read.h"

typedef enum svms_json_kind {
    SVMS_JSON_NULL,
    SVMS_JSON_FALSE,
    SVMS_JSON_TRUE,
    SVMS_JSON_INTEGER,
    SVMS_JSON_REAL,
    SVMS_JSON_TEXT,
    SVMS_JSON_ARRAY,
    SVMS_JSON_OBJECT
} svms_json_kind;

/* Texts are followed by a NUL. */
typedef struct svms_json_value {
    const char *name; /* NULL where it is no member */
    uint32_t name_size;
    /* Of member i of an object with many: which member has the i-th name when they are sorted. */
    uint32_t sorted;
    svms_json_kind kind;
    uint32_t size; /* of a text or of a number's digits in bytes; of children */
    union {
        int64_t integer;
        const char *text;                       /* also of a real number, as it was spelt */
        const struct svms_json_value *children; /* one behind the other, in order */
    } of;
} svms_json_value;

/* Fills root, memory and memory_size; the rest of the document is given. Releases all memory on
 * failure. */
SVMS_MUST_CHECK svms_status svms_json_parse(svms_json_document *document,
                                            const svms_json_limits *limits, const void *json,
                                            size_t size);
void svms_json_clear(svms_json_document *document);
/* NULL where there is none, or object is none. */
const svms_json_value *svms_json_value_named(const svms_json_value *object, const char *name);

#endif
