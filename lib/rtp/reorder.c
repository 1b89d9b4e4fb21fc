/* SPDX-License-Identifier: Apache-2.0 */
#include "reorder.h"

#include <string.h>

#include "failure.h"

/* Numbers begin one cycle up, so that those before the first one have an extension, too. */
#define FIRST_CYCLE UINT64_C(0x10000)

svms_reorder svms_reorder_new(svms_ctx *ctx, uint32_t capacity)
{
    svms_reorder r = { .ctx = ctx, .capacity = capacity, .waiting_from = UINT64_MAX };
    return r;
}

static svms_reorder_slot *slot_of(const svms_reorder *r, uint64_t number)
{
    return &r->slots[number % r->capacity];
}

static void release_held(svms_reorder *r)
{
    for (uint32_t i = 0; r->slots && i < r->capacity; i++) {
        svms_release(r->ctx, r->slots[i].bytes);
        r->slots[i] = (svms_reorder_slot){ NULL, 0, 0 };
    }
    r->held = 0;
    r->held_bytes = 0;
    r->waiting_from = UINT64_MAX;
}

void svms_reorder_clear(svms_reorder *r)
{
    release_held(r);
    svms_release(r->ctx, r->slots);
    r->slots = NULL;
}

void svms_reorder_start(svms_reorder *r, uint16_t sequence)
{
    release_held(r);
    memset(r->seen, 0, sizeof r->seen);
    r->next = FIRST_CYCLE + sequence;
    r->highest = r->next - 1;
}

static bool was_seen(const svms_reorder *r, uint64_t number)
{
    uint64_t bit = number % SVMS_REORDER_HISTORY;
    return (r->seen[bit / 64] >> (bit % 64) & 1) != 0;
}

static void set_seen(svms_reorder *r, uint64_t number, bool seen)
{
    uint64_t bit = number % SVMS_REORDER_HISTORY;
    uint64_t mask = UINT64_C(1) << (bit % 64);
    r->seen[bit / 64] = seen ? r->seen[bit / 64] | mask : r->seen[bit / 64] & ~mask;
}

svms_arrival svms_reorder_place(const svms_reorder *r, uint16_t sequence, uint64_t *number)
{
    uint16_t ahead = (uint16_t)(sequence - (uint16_t)r->highest);
    uint16_t behind = (uint16_t)((uint16_t)r->highest - sequence);
    if (ahead != 0 && ahead <= SVMS_REORDER_AHEAD_MAX) {
        *number = r->highest + ahead;
        return *number == r->next ? SVMS_ARRIVAL_NEXT : SVMS_ARRIVAL_AHEAD;
    }
    if (behind > SVMS_REORDER_BEHIND_MAX || behind > r->highest) {
        return SVMS_ARRIVAL_STRANGE;
    }
    *number = r->highest - behind;
    if (was_seen(r, *number)) {
        return SVMS_ARRIVAL_DUPLICATE;
    }
    if (*number < r->next) {
        return SVMS_ARRIVAL_LATE;
    }
    return *number == r->next ? SVMS_ARRIVAL_NEXT : SVMS_ARRIVAL_AHEAD;
}

void svms_reorder_note(svms_reorder *r, uint64_t number)
{
    while (r->highest < number) {
        set_seen(r, ++r->highest, false);
    }
    set_seen(r, number, true);
    if (number == r->next) {
        r->next++;
    }
}

svms_status svms_reorder_hold(svms_reorder *r, uint64_t number, const uint8_t *data, size_t size,
                              uint64_t now_ns, svms_error *err)
{
    if (!r->slots) {
        r->slots = svms_alloc_array(r->ctx, r->capacity, sizeof *r->slots);
    }
    uint8_t *copy = r->slots ? svms_alloc(r->ctx, size) : NULL;
    if (!copy) {
        return svms_fail_memory(err);
    }
    memcpy(copy, data, size);
    *slot_of(r, number) = (svms_reorder_slot){ copy, size, now_ns };
    r->held++;
    r->held_bytes += size;
    r->waiting_from = now_ns < r->waiting_from ? now_ns : r->waiting_from;
    svms_reorder_note(r, number);
    return SVMS_OK;
}

/* Whoever came first of those that are left says how long there has been a hole. */
static void look_at_waiting(svms_reorder *r)
{
    r->waiting_from = UINT64_MAX;
    uint32_t left = r->held;
    for (uint64_t number = r->next; left > 0 && number <= r->highest; number++) {
        const svms_reorder_slot *slot = slot_of(r, number);
        if (slot->bytes) {
            left--;
            r->waiting_from =
                slot->arrival_ns < r->waiting_from ? slot->arrival_ns : r->waiting_from;
        }
    }
}

bool svms_reorder_take(svms_reorder *r, svms_reorder_slot *out)
{
    if (r->held == 0) {
        return false;
    }
    svms_reorder_slot *slot = slot_of(r, r->next);
    if (!slot->bytes) {
        look_at_waiting(r);
        return false;
    }
    *out = *slot;
    *slot = (svms_reorder_slot){ NULL, 0, 0 };
    r->held--;
    r->held_bytes -= out->size;
    r->next++;
    if (r->held == 0) {
        r->waiting_from = UINT64_MAX;
    }
    return true;
}

uint64_t svms_reorder_hole(const svms_reorder *r)
{
    uint64_t number = r->next;
    while (r->held > 0 && !slot_of(r, number)->bytes) {
        number++;
    }
    return number - r->next;
}

bool svms_reorder_is_full(const svms_reorder *r, uint64_t number, size_t size)
{
    return number - r->next >= r->capacity || r->held_bytes + size > SVMS_REORDER_BYTES_MAX;
}

void svms_reorder_skip(svms_reorder *r, uint64_t count)
{
    r->next += count;
    while (r->highest + 1 < r->next) {
        set_seen(r, ++r->highest, false);
    }
}
