/* SPDX-License-Identifier: Apache-2.0 */
#include "peer_tries.h"

#include <string.h>

static peer_try *find(peer_tries *tries, const uint8_t key[PEER_TRIES_KEY_SIZE])
{
    peer_try *place = &tries->entries[0];
    for (size_t i = 0; i < PEER_TRIES_ENTRIES; i++) {
        peer_try *entry = &tries->entries[i];
        if (entry->count > 0 && memcmp(entry->key, key, PEER_TRIES_KEY_SIZE) == 0) {
            return entry;
        }
        if (place->count > 0 && (entry->count == 0 || entry->last_ms < place->last_ms)) {
            place = entry;
        }
    }
    place->count = 0;
    return place;
}

uint32_t peer_tries_add(peer_tries *tries, const void *key, size_t size, uint64_t now_ms)
{
    uint8_t whole[PEER_TRIES_KEY_SIZE] = { 0 };
    memcpy(whole, key, size < sizeof whole ? size : sizeof whole);
    peer_try *entry = find(tries, whole);
    memcpy(entry->key, whole, sizeof whole);
    entry->last_ms = now_ms;
    entry->count += entry->count < UINT32_MAX;
    return entry->count;
}

void peer_tries_forget(peer_tries *tries, uint64_t now_ms)
{
    for (size_t i = 0; i < PEER_TRIES_ENTRIES; i++) {
        if (now_ms - tries->entries[i].last_ms > PEER_TRIES_FORGOTTEN_MS) {
            tries->entries[i].count = 0;
        }
    }
}

uint32_t peer_tries_delay_ms(uint32_t count)
{
    uint32_t delay = PEER_TRIES_DELAY_MS * (count < 32 ? count : 32);
    return delay < PEER_TRIES_DELAY_MAX_MS ? delay : PEER_TRIES_DELAY_MAX_MS;
}
