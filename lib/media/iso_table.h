/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of a track (ISO/IEC 14496-12, 8.6 and 8.7): entries of equal size, read as they are
 * needed. */
#ifndef SVMS_ISO_TABLE_H
#define SVMS_ISO_TABLE_H

#include "cursor.h"
#include "stream.h"

#define SVMS_ISO_TABLE_BUFFER 1024u

typedef struct svms_iso_table {
    uint64_t offset; /* of the first entry; 0: there is no such table */
    uint32_t count;
    uint32_t entry_size;
    uint32_t next;
    uint32_t held;  /* entries in buffer */
    uint32_t taken; /* of those */
    uint8_t buffer[SVMS_ISO_TABLE_BUFFER];
} svms_iso_table;

/* The next entry; SVMS_END behind the last. */
SVMS_MUST_CHECK svms_status svms_iso_table_next(svms_iso_table *table, const svms_source *source,
                                                svms_cursor *entry, svms_error *err);
/* From the first entry again. */
void svms_iso_table_rewind(svms_iso_table *table);

#endif
