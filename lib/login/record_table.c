/* SPDX-License-Identifier: Apache-2.0 */
#include "record_table.h"

#include <string.h>

#include "failure.h"

static svms_record_head *head_at(const svms_record_table *table, uint32_t place)
{
    return (svms_record_head *)(void *)(table->records + place * table->record_size);
}

static uint8_t *key_of(svms_record_head *head)
{
    return (uint8_t *)(head + 1);
}

static uint32_t *bucket_of(const svms_record_table *table, const uint8_t *key)
{
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof number; i++) {
        number = number << 8 | key[i];
    }
    return &table->buckets[number % table->capacity];
}

svms_status svms_record_table_init(svms_record_table *table, svms_ctx *ctx, uint32_t capacity,
                                   size_t record_size, size_t key_size, svms_error *err)
{
    *table = (svms_record_table){
        .ctx = ctx, .record_size = record_size, .key_size = key_size, .capacity = capacity
    };
    table->records = svms_alloc_array(ctx, capacity, record_size);
    table->buckets = svms_alloc_array(ctx, capacity, sizeof *table->buckets);
    if (!table->records || !table->buckets) {
        svms_record_table_clear(table);
        return svms_fail_memory(err);
    }
    for (uint32_t i = 0; i < capacity; i++) {
        table->buckets[i] = SVMS_NO_RECORD;
        head_at(table, i)->next = i + 1 < capacity ? i + 1 : SVMS_NO_RECORD;
    }
    return SVMS_OK;
}

void svms_record_table_clear(svms_record_table *table)
{
    if (!table->ctx) {
        return;
    }
    svms_release_secret(table->ctx, table->records, table->capacity * table->record_size);
    svms_release(table->ctx, table->buckets);
    *table = (svms_record_table){ 0 };
}

void *svms_record_find(const svms_record_table *table, const uint8_t *key)
{
    uint32_t place = *bucket_of(table, key);
    while (place != SVMS_NO_RECORD) {
        svms_record_head *head = head_at(table, place);
        if (svms_equal_secret(key_of(head), key, table->key_size)) {
            return head;
        }
        place = head->next;
    }
    return NULL;
}

static void link_in(svms_record_table *table, svms_record_head *head, const uint8_t *key)
{
    uint32_t *bucket = bucket_of(table, key);
    memcpy(key_of(head), key, table->key_size);
    head->next = *bucket;
    *bucket = svms_record_place(table, head);
}

static void link_out(svms_record_table *table, svms_record_head *head)
{
    uint32_t place = svms_record_place(table, head);
    uint32_t *link = bucket_of(table, key_of(head));
    while (*link != place) {
        link = &head_at(table, *link)->next;
    }
    *link = head->next;
}

void *svms_record_add(svms_record_table *table, const uint8_t *key)
{
    if (table->free == SVMS_NO_RECORD) {
        return NULL;
    }
    svms_record_head *head = head_at(table, table->free);
    table->free = head->next;
    head->is_used = 1;
    link_in(table, head, key);
    return head;
}

void svms_record_remove(svms_record_table *table, void *record)
{
    svms_record_head *head = record;
    uint32_t place = svms_record_place(table, head);
    link_out(table, head);
    svms_wipe(head, table->record_size);
    head->next = table->free;
    table->free = place;
}

void svms_record_rekey(svms_record_table *table, void *record, const uint8_t *key)
{
    link_out(table, record);
    link_in(table, record, key);
}

void *svms_record_at(const svms_record_table *table, uint32_t place)
{
    svms_record_head *head = head_at(table, place);
    return head->is_used ? head : NULL;
}

uint32_t svms_record_place(const svms_record_table *table, const void *record)
{
    return (uint32_t)((size_t)((const uint8_t *)record - table->records) / table->record_size);
}
