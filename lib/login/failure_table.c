/* SPDX-License-Identifier: Apache-2.0 */
#include "failure_table.h"

#include <string.h>

#include "steady_clock.h"

typedef struct record {
    svms_record_head head;
    uint8_t key[SVMS_NAME_KEY_SIZE];
    uint32_t older; /* neighbours in the list of light records */
    uint32_t newer;
    uint32_t count;
    uint16_t is_heavy;
    uint16_t has_waited;  /* the wait has passed, whatever the clock says */
    uint64_t number;      /* of this count */
    uint64_t forgiven_ns; /* up to when failures have been forgiven */
    uint64_t waits_from_ns;
    uint8_t owner[SVMS_NAME_KEY_SIZE];
} record;

svms_status svms_failure_table_init(svms_failure_table *table, svms_ctx *ctx, uint32_t capacity,
                                    const svms_failure_rule *rule, svms_error *err)
{
    *table =
        (svms_failure_table){ .rule = *rule, .oldest = SVMS_NO_RECORD, .newest = SVMS_NO_RECORD };
    return svms_record_table_init(&table->table, ctx, capacity, sizeof(record), SVMS_NAME_KEY_SIZE,
                                  err);
}

void svms_failure_table_clear(svms_failure_table *table)
{
    svms_record_table_clear(&table->table);
}

static record *at(const svms_failure_table *table, uint32_t place)
{
    return place == SVMS_NO_RECORD ? NULL : svms_record_at(&table->table, place);
}

static void leave_list(svms_failure_table *table, record *entry)
{
    record *older = at(table, entry->older);
    record *newer = at(table, entry->newer);
    *(older ? &older->newer : &table->oldest) = entry->newer;
    *(newer ? &newer->older : &table->newest) = entry->older;
}

static void join_as_newest(svms_failure_table *table, record *entry)
{
    uint32_t place = svms_record_place(&table->table, entry);
    record *before = at(table, table->newest);
    entry->older = table->newest;
    entry->newer = SVMS_NO_RECORD;
    *(before ? &before->newer : &table->oldest) = place;
    table->newest = place;
}

static void join_as_oldest(svms_failure_table *table, record *entry)
{
    uint32_t place = svms_record_place(&table->table, entry);
    record *after = at(table, table->oldest);
    entry->newer = table->oldest;
    entry->older = SVMS_NO_RECORD;
    *(after ? &after->older : &table->newest) = place;
    table->oldest = place;
}

/* Puts a record where its count says. Touched: a light one becomes the newest. */
static void settle(svms_failure_table *table, record *entry, bool is_touched)
{
    bool is_heavy = entry->count >= table->rule.free_tries;
    if (!entry->is_heavy && (is_heavy || is_touched)) {
        leave_list(table, entry);
    }
    if (!is_heavy && (entry->is_heavy || is_touched)) {
        join_as_newest(table, entry);
    }
    entry->is_heavy = is_heavy;
}

/* Forgives what time has forgiven. */
static void age(svms_failure_table *table, record *entry, uint64_t now_ns)
{
    uint64_t forgiven = (now_ns - entry->forgiven_ns) / table->rule.forgive_ns;
    entry->count -= forgiven < entry->count ? (uint32_t)forgiven : entry->count;
    entry->forgiven_ns =
        entry->count == 0 ? now_ns : entry->forgiven_ns + forgiven * table->rule.forgive_ns;
    settle(table, entry, false);
}

static record *find(svms_failure_table *table, const uint8_t key[SVMS_NAME_KEY_SIZE],
                    uint64_t now_ns)
{
    record *entry = svms_record_find(&table->table, key);
    if (entry) {
        age(table, entry, now_ns);
    }
    return entry;
}

/* Heavy records of which time has forgiven enough become light; looked for once a second at most,
 * so that a flood costs the flooder's addresses and not the server's time. */
static void sweep(svms_failure_table *table, uint64_t now_ns)
{
    if (table->swept_ns != 0 && now_ns - table->swept_ns < SVMS_NS_OF_SECOND) {
        return;
    }
    table->swept_ns = now_ns;
    for (uint32_t i = 0; i < table->table.capacity; i++) {
        record *entry = at(table, i);
        if (entry) {
            age(table, entry, now_ns);
        }
    }
}

bool svms_failure_has_room(svms_failure_table *table, const uint8_t key[SVMS_NAME_KEY_SIZE],
                           uint64_t now_ns)
{
    if (table->table.free != SVMS_NO_RECORD || table->oldest != SVMS_NO_RECORD ||
        svms_record_find(&table->table, key)) {
        return true;
    }
    sweep(table, now_ns);
    return table->oldest != SVMS_NO_RECORD;
}

static void begin_count(svms_failure_table *table, record *entry, uint64_t now_ns)
{
    entry->count = 0;
    entry->number = ++table->number;
    entry->forgiven_ns = now_ns;
    entry->waits_from_ns = now_ns;
    entry->has_waited = 0;
}

/* NULL where there is no room. */
static record *find_or_make(svms_failure_table *table, const uint8_t key[SVMS_NAME_KEY_SIZE],
                            uint64_t now_ns)
{
    record *entry = find(table, key, now_ns);
    if (entry || !svms_failure_has_room(table, key, now_ns)) {
        return entry;
    }
    if (table->table.free == SVMS_NO_RECORD) {
        record *oldest = at(table, table->oldest);
        leave_list(table, oldest);
        svms_record_remove(&table->table, oldest);
    }
    entry = svms_record_add(&table->table, key);
    begin_count(table, entry, now_ns);
    join_as_newest(table, entry);
    return entry;
}

static uint64_t wait_after(const svms_failure_rule *rule, uint32_t count)
{
    uint64_t wait_ns = count < rule->free_tries ? 0 : rule->first_wait_ns;
    for (uint32_t i = rule->free_tries; i < count && wait_ns < rule->longest_wait_ns; i++) {
        wait_ns *= 2;
    }
    return wait_ns < rule->longest_wait_ns ? wait_ns : rule->longest_wait_ns;
}

bool svms_failure_is_known(const svms_failure_table *table, const uint8_t key[SVMS_NAME_KEY_SIZE])
{
    return svms_record_find(&table->table, key) != NULL;
}

uint32_t svms_failure_count(svms_failure_table *table, const uint8_t key[SVMS_NAME_KEY_SIZE],
                            uint64_t now_ns)
{
    record *entry = find(table, key, now_ns);
    return entry ? entry->count : 0;
}

uint64_t svms_failure_wait(svms_failure_table *table, const uint8_t key[SVMS_NAME_KEY_SIZE],
                           uint64_t now_ns)
{
    record *entry = find(table, key, now_ns);
    if (!entry || entry->has_waited) {
        return 0;
    }
    uint64_t wait_ns = wait_after(&table->rule, entry->count);
    uint64_t waited_ns = now_ns - entry->waits_from_ns;
    return waited_ns < wait_ns ? wait_ns - waited_ns : 0;
}

uint64_t svms_failure_forgiven_in(svms_failure_table *table, const uint8_t key[SVMS_NAME_KEY_SIZE],
                                  uint64_t now_ns)
{
    record *entry = find(table, key, now_ns);
    return entry && entry->count > 0 ? table->rule.forgive_ns - (now_ns - entry->forgiven_ns) : 0;
}

uint64_t svms_failure_add(svms_failure_table *table, const uint8_t key[SVMS_NAME_KEY_SIZE],
                          uint64_t now_ns)
{
    record *entry = find_or_make(table, key, now_ns);
    if (!entry) {
        return 0;
    }
    entry->count++;
    entry->waits_from_ns = now_ns;
    entry->has_waited = 0;
    settle(table, entry, true);
    return entry->number;
}

void svms_failure_confirm(svms_failure_table *table, const uint8_t key[SVMS_NAME_KEY_SIZE],
                          uint64_t number, uint64_t now_ns)
{
    record *entry = find(table, key, now_ns);
    if (!entry || entry->number != number) {
        (void)svms_failure_add(table, key, now_ns);
        return;
    }
    entry->count = entry->count < table->rule.most ? entry->count : table->rule.most;
    entry->waits_from_ns = now_ns;
    entry->has_waited = 0;
}

void svms_failure_take_back(svms_failure_table *table, const uint8_t key[SVMS_NAME_KEY_SIZE],
                            uint64_t number, uint64_t added_ns, uint64_t now_ns)
{
    record *entry = find(table, key, now_ns);
    if (!entry || entry->number != number) {
        return;
    }
    entry->count -= entry->count > 0 ? 1 : 0;
    entry->has_waited = entry->waits_from_ns == added_ns;
    settle(table, entry, false);
}

void svms_failure_forget(svms_failure_table *table, const uint8_t key[SVMS_NAME_KEY_SIZE],
                         uint64_t now_ns)
{
    record *entry = find(table, key, now_ns);
    if (!entry) {
        return;
    }
    begin_count(table, entry, now_ns);
    settle(table, entry, false);
    leave_list(table, entry);
    join_as_oldest(table, entry);
}

void svms_failure_welcome(svms_failure_table *table, const uint8_t key[SVMS_NAME_KEY_SIZE],
                          const uint8_t owner[SVMS_NAME_KEY_SIZE], uint64_t now_ns)
{
    record *entry = find_or_make(table, key, now_ns);
    if (entry) {
        memcpy(entry->owner, owner, sizeof entry->owner);
        begin_count(table, entry, now_ns);
        settle(table, entry, true);
    }
}

void svms_failure_forget_owned(svms_failure_table *table, const uint8_t owner[SVMS_NAME_KEY_SIZE],
                               uint64_t now_ns)
{
    for (uint32_t i = 0; i < table->table.capacity; i++) {
        record *entry = at(table, i);
        if (entry && memcmp(entry->owner, owner, sizeof entry->owner) == 0) {
            begin_count(table, entry, now_ns);
            settle(table, entry, false);
        }
    }
}
