/* SPDX-License-Identifier: Apache-2.0 */
/* Memory as a small device has it: a fixed array, handed out in powers of two, each size with a
 * list of what came back. For one thread. */
#ifndef SVMS_TEST_ARENA_H
#define SVMS_TEST_ARENA_H

#include <stddef.h>

/* NULL when the array is used up. */
void *arena_allocate(size_t size);
void *arena_resize(void *pointer, size_t size);
void arena_release(void *pointer);

/* Most bytes that were asked for and not given back, at any time. */
size_t arena_peak(void);
/* Bytes asked for and not given back. */
size_t arena_live(void);
/* Bytes of the array that were touched at all: what the device has to have. */
size_t arena_reach(void);

#endif
