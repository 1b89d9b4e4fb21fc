/* SPDX-License-Identifier: Apache-2.0 */
/* A pointer that many threads read without ever waiting, and one at a time replaces. What was
 * replaced is handed back when nobody reads it any more: readers are counted in two counters in
 * turn, so that those who came later do not keep it alive. */
#ifndef SVMS_SHARED_H
#define SVMS_SHARED_H

#include <stdatomic.h>

typedef struct svms_shared {
    _Atomic(void *) value;
    atomic_uint turn;
    atomic_uint readers[2];
} svms_shared;

void svms_shared_init(svms_shared *shared, void *value);
/* What is read stays until svms_shared_leave() with the same ticket. Any number of threads; never
 * waits. */
void *svms_shared_enter(svms_shared *shared, unsigned *ticket);
void svms_shared_leave(svms_shared *shared, unsigned ticket);
/* One thread at a time. Waits until the old value, which it returns, is read by nobody. */
void *svms_shared_replace(svms_shared *shared, void *value);

#endif
