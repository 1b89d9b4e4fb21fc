/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes of ISO base media files (ISO/IEC 14496-12, 4.2), read through a source: headers only, so
 * that a file of any size takes no memory. Everything is bounded: depth, and boxes in one place. */
#ifndef SVMS_ISO_BOX_H
#define SVMS_ISO_BOX_H

#include "stream.h"

#define SVMS_ISO_TYPE(a, b, c, d)                                                                  \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

#define SVMS_ISO_MAX_DEPTH 8
/* Boxes in a file, and in a box. */
#define SVMS_ISO_MAX_FILE_BOXES 4194304
#define SVMS_ISO_MAX_CHILDREN 65536

typedef struct svms_iso_box {
    uint64_t offset;      /* of its header */
    uint64_t size;        /* with the header */
    uint32_t type;        /* 0 stands for no box in structs that have a place for one */
    uint32_t header_size; /* 8, or 16 with a 64-bit size */
    bool to_end;          /* its size field says that it goes on to the end of the file */
} svms_iso_box;

typedef struct svms_iso_walk {
    const svms_source *source;
    uint64_t next;
    uint64_t end;
    uint32_t depth;
    uint32_t count;
} svms_iso_walk;

/* The boxes of a file of size bytes. */
svms_iso_walk svms_iso_begin(const svms_source *source, uint64_t size);
/* The boxes in a box, behind own bytes of other fields. SVMS_E_MALFORMED when it has fewer bytes,
 * SVMS_E_LIMIT when it lies too deep. */
SVMS_MUST_CHECK svms_status svms_iso_enter(svms_iso_walk *inner, const svms_iso_walk *walk,
                                           const svms_iso_box *box, uint32_t own, svms_error *err);
/* SVMS_OK, or SVMS_END behind the last one. Bytes that belong to no box are SVMS_E_MALFORMED; a box
 * that reaches beyond the file is SVMS_E_TRUNCATED, one that reaches beyond its box
 * SVMS_E_MALFORMED. Only the last box of a file may go on to the end. */
SVMS_MUST_CHECK svms_status svms_iso_next(svms_iso_walk *walk, svms_iso_box *box, svms_error *err);

uint64_t svms_iso_payload_offset(const svms_iso_box *box);
uint64_t svms_iso_payload_size(const svms_iso_box *box);

/* "moov"; what is not printable becomes a question mark. */
typedef struct svms_iso_name {
    char text[5];
} svms_iso_name;
svms_iso_name svms_iso_name_of(uint32_t type);

#endif
