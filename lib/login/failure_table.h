/* SPDX-License-Identifier: Apache-2.0 */
/* Failures of one kind of thing (names, addresses, names at an address), counted in memory that is
 * taken once (L-LIM-2, L-LIM-6).
 *
 * Records whose failures have not led to a wait yet are light: they stand in a list, and the one
 * that was touched longest ago makes room for a new one. The others are heavy and make room for
 * nobody. Times are those of one steady clock. One thread at a time. */
#ifndef SVMS_FAILURE_TABLE_H
#define SVMS_FAILURE_TABLE_H

#include "name_key.h"
#include "record_table.h"

typedef struct svms_failure_rule {
    uint32_t free_tries; /* failures before the first wait, at least 1 */
    uint32_t most;       /* failures that stay counted, once they are certain */
    uint64_t first_wait_ns;
    uint64_t longest_wait_ns;
    uint64_t forgive_ns; /* one failure is forgiven in so long */
} svms_failure_rule;

typedef struct svms_failure_table {
    svms_record_table table;
    svms_failure_rule rule;
    uint32_t oldest; /* ends of the list of light records */
    uint32_t newest;
    uint64_t swept_ns;
    uint64_t number; /* of the last count that was begun */
} svms_failure_table;

/* SVMS_E_NO_MEMORY */
SVMS_MUST_CHECK svms_status svms_failure_table_init(svms_failure_table *table, svms_ctx *ctx,
                                                    uint32_t capacity,
                                                    const svms_failure_rule *rule, svms_error *err);
void svms_failure_table_clear(svms_failure_table *table);

bool svms_failure_is_known(const svms_failure_table *table, const uint8_t key[SVMS_NAME_KEY_SIZE]);
/* Failures as counted now; 0 for what is not known. */
uint32_t svms_failure_count(svms_failure_table *table, const uint8_t key[SVMS_NAME_KEY_SIZE],
                            uint64_t now_ns);
/* How long it must wait; 0: not at all. */
uint64_t svms_failure_wait(svms_failure_table *table, const uint8_t key[SVMS_NAME_KEY_SIZE],
                           uint64_t now_ns);
/* Until the next failure is forgiven; 0 where there is none. */
uint64_t svms_failure_forgiven_in(svms_failure_table *table, const uint8_t key[SVMS_NAME_KEY_SIZE],
                                  uint64_t now_ns);
/* Whether it is known, or could be. */
bool svms_failure_has_room(svms_failure_table *table, const uint8_t key[SVMS_NAME_KEY_SIZE],
                           uint64_t now_ns);

/* Counts a failure, for which there must be room. Returns the number of the count to which it was
 * added. */
uint64_t svms_failure_add(svms_failure_table *table, const uint8_t key[SVMS_NAME_KEY_SIZE],
                          uint64_t now_ns);
/* A failure that was added is certain now: the wait begins. Where its count has been forgotten
 * since, it is added to the new one, if there is room. */
void svms_failure_confirm(svms_failure_table *table, const uint8_t key[SVMS_NAME_KEY_SIZE],
                          uint64_t number, uint64_t now_ns);
/* Takes back a failure that was added at a time, unless its count has been forgotten since. The
 * wait before it had passed, and has still passed unless another failure came later. */
void svms_failure_take_back(svms_failure_table *table, const uint8_t key[SVMS_NAME_KEY_SIZE],
                            uint64_t number, uint64_t added_ns, uint64_t now_ns);
/* Begins a new count, at zero. What is not known stays so; what is makes room before others. */
void svms_failure_forget(svms_failure_table *table, const uint8_t key[SVMS_NAME_KEY_SIZE],
                         uint64_t now_ns);
/* The same; but it becomes known, if there is room, as belonging to an owner, and makes room after
 * others. */
void svms_failure_welcome(svms_failure_table *table, const uint8_t key[SVMS_NAME_KEY_SIZE],
                          const uint8_t owner[SVMS_NAME_KEY_SIZE], uint64_t now_ns);
/* Begins new counts for all that belongs to an owner. Looks at the whole table. */
void svms_failure_forget_owned(svms_failure_table *table, const uint8_t owner[SVMS_NAME_KEY_SIZE],
                               uint64_t now_ns);

#endif
