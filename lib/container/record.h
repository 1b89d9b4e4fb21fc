/* SPDX-License-Identifier: Apache-2.0 */
/* Record headers (container.md, section 6). */
#ifndef SVMS_RECORD_H
#define SVMS_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include <svms/status.h>

#include "format.h"

typedef struct svms_record {
    uint8_t type;
    uint8_t flags;
    uint8_t track;
    uint8_t header_size;
    uint32_t body_size;
    uint32_t number;
    uint32_t duration; /* valid with SVMS_FLAG_DURATION */
    int32_t composition;
    int64_t dts;
} svms_record;

/* Encodes a sample's header; sets header_size from flags and returns it. */
size_t svms_record_encode_sample(svms_record *record, uint8_t out[SVMS_SAMPLE_HEADER_MAX]);
/* Encodes any other record's header. */
void svms_record_encode(uint8_t type, uint32_t body_size, uint32_t number,
                        uint8_t out[SVMS_RECORD_HEADER_SIZE]);

/* Parses the header at offset, of which `available` bytes are there (more than 32 are not looked
 * at). SVMS_E_TRUNCATED when they are too few, SVMS_E_MALFORMED or SVMS_E_NOT_AUTHENTIC (wrong CRC)
 * otherwise. Bodies are bounded here by type. */
SVMS_MUST_CHECK svms_status svms_record_parse(svms_record *out, const uint8_t *bytes,
                                              size_t available, uint64_t offset, svms_error *err);

/* Sample size and number of chunk tags from a body of body_size bytes, of which the range table
 * takes table_size and covers `ranged` protected bytes; strong: implied range over everything. */
bool svms_body_split_strong(uint32_t body_size, uint32_t *sample_size, uint32_t *chunks);
bool svms_body_split_ranged(uint32_t body_size, uint32_t table_size, uint32_t ranged,
                            uint32_t *sample_size, uint32_t *chunks);
uint32_t svms_chunk_count(uint32_t protected_size);

#endif
