/* SPDX-License-Identifier: Apache-2.0 */
/* How often somebody tried in vain, in bounded memory: for a code, after which it is void; from an
 * address, which then waits longer and longer. No I/O, no clock. Specification: identity.md,
 * I-ENR-10. */
#ifndef VMS_PEER_TRIES_H
#define VMS_PEER_TRIES_H

#include <stddef.h>
#include <stdint.h>

#define PEER_TRIES_ALLOWED 10
#define PEER_TRIES_DELAY_MS 250
#define PEER_TRIES_DELAY_MAX_MS 4000
#define PEER_TRIES_FORGOTTEN_MS 60000

#define PEER_TRIES_KEY_SIZE 16
#define PEER_TRIES_ENTRIES 512

typedef struct peer_try {
    uint8_t key[PEER_TRIES_KEY_SIZE];
    uint32_t count; /* 0: the place is free */
    uint64_t last_ms;
} peer_try;

typedef struct peer_tries {
    peer_try entries[PEER_TRIES_ENTRIES];
} peer_tries;

/* Counts one more for a key (shorter ones are filled up with zeros), and says how many there were.
 * Where all places are taken, the one that was quiet for the longest is given away. */
uint32_t peer_tries_add(peer_tries *tries, const void *key, size_t size, uint64_t now_ms);

/* Forgets those that were quiet for a minute. */
void peer_tries_forget(peer_tries *tries, uint64_t now_ms);

/* How long the answer to the count-th vain try waits. */
uint32_t peer_tries_delay_ms(uint32_t count);

#endif
