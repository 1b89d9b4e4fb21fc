/* SPDX-License-Identifier: Apache-2.0 */
/* Records of one size, each found by a key, in memory that is taken once. Keys are hashes that
 * nobody outside can choose (of secrets, or made with a secret), so they are spread evenly as they
 * are, whatever names somebody floods us with. One thread at a time. */
#ifndef SVMS_RECORD_TABLE_H
#define SVMS_RECORD_TABLE_H

#include "context_internal.h"

#define SVMS_NO_RECORD UINT32_MAX

/* What a record begins with; its key follows. */
typedef struct svms_record_head {
    uint32_t next; /* in its bucket, or among those that are free */
    uint32_t is_used;
} svms_record_head;

typedef struct svms_record_table {
    svms_ctx *ctx;
    uint8_t *records;
    uint32_t *buckets;
    size_t record_size;
    size_t key_size; /* at least 8 */
    uint32_t capacity;
    uint32_t free;
} svms_record_table;

/* SVMS_E_NO_MEMORY. capacity is below SVMS_NO_RECORD. */
SVMS_MUST_CHECK svms_status svms_record_table_init(svms_record_table *table, svms_ctx *ctx,
                                                   uint32_t capacity, size_t record_size,
                                                   size_t key_size, svms_error *err);
/* Wipes and releases. Also where init failed or was never called on zeros. */
void svms_record_table_clear(svms_record_table *table);

/* NULL where there is none. */
void *svms_record_find(const svms_record_table *table, const uint8_t *key);
/* A record of zeros under a key that has none; NULL when the table is full. */
void *svms_record_add(svms_record_table *table, const uint8_t *key);
/* Wipes it. */
void svms_record_remove(svms_record_table *table, void *record);
/* The same record under another key, which has none. */
void svms_record_rekey(svms_record_table *table, void *record, const uint8_t *key);

/* The record in a place below capacity; NULL when it is free. */
void *svms_record_at(const svms_record_table *table, uint32_t place);
uint32_t svms_record_place(const svms_record_table *table, const void *record);

#endif
