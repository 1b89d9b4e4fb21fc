/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_index.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 128

/* FNV-1a. The names are random numbers of the authority's own: nobody chooses them to collide. */
static uint64_t hash_of(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *name; name++) {
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static void place(ca_index_slot *slots, size_t room, ca_index_slot slot)
{
    size_t at = (size_t)slot.hash & (room - 1);
    while (slots[at].behind != 0) {
        at = (at + 1) & (room - 1);
    }
    slots[at] = slot;
}

/* At most half full, so that a search soon meets a free slot. */
bool ca_index_reserve(ca_index *index)
{
    if (index->used < index->room / 2) {
        return true;
    }
    size_t room = index->room == 0 ? FIRST_ROOM : 2 * index->room;
    ca_index_slot *slots = calloc(room, sizeof *slots);
    if (!slots) {
        return false;
    }
    for (size_t i = 0; i < index->room; i++) {
        if (index->slots[i].behind != 0) {
            place(slots, room, index->slots[i]);
        }
    }
    free(index->slots);
    index->slots = slots;
    index->room = room;
    return true;
}

void ca_index_add(ca_index *index, const char *name, size_t position)
{
    place(index->slots, index->room, (ca_index_slot){ hash_of(name), position + 1 });
    index->used++;
}

size_t ca_index_find(const ca_index *index, const char *name, ca_index_name name_of,
                     const void *items)
{
    if (index->room == 0) {
        return CA_INDEX_NONE;
    }
    uint64_t hash = hash_of(name);
    for (size_t at = (size_t)hash & (index->room - 1); index->slots[at].behind != 0;
         at = (at + 1) & (index->room - 1)) {
        const ca_index_slot *slot = &index->slots[at];
        if (slot->hash == hash && strcmp(name_of(items, slot->behind - 1), name) == 0) {
            return slot->behind - 1;
        }
    }
    return CA_INDEX_NONE;
}
