/* SPDX-License-Identifier: Apache-2.0 */
/* Finds entries of an array by their names without going over all of them: a hash table of
 * positions. The names stay in the array. */
#ifndef SVMS_CLI_CA_INDEX_H
#define SVMS_CLI_CA_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CA_INDEX_NONE SIZE_MAX

typedef struct ca_index_slot {
    uint64_t hash;
    size_t behind; /* position + 1; 0: free */
} ca_index_slot;

/* Zeroed, it is empty; released by free(slots). */
typedef struct ca_index {
    ca_index_slot *slots;
    size_t room; /* a power of two, or 0 */
    size_t used;
} ca_index;

typedef const char *(*ca_index_name)(const void *items, size_t position);

/* Room for one more; false: out of memory, and the index is as before. */
bool ca_index_reserve(ca_index *index);

/* A name that is not in it; room was reserved. */
void ca_index_add(ca_index *index, const char *name, size_t position);

/* Position of a name, or CA_INDEX_NONE. */
size_t ca_index_find(const ca_index *index, const char *name, ca_index_name name_of,
                     const void *items);

#endif
