/* SPDX-License-Identifier: Apache-2.0 */
/* How often somebody tried in vain, in bounded memory: for a code, after which it is void; from an
 * address, which then waits longer and longer. No I/O, no clock. Specification: identity.md,
 * I-ENR-10. */
#ifndef SVMS_CLI_EST_TRIES_H
#define SVMS_CLI_EST_TRIES_H

#include <stddef.h>
#include <stdint.h>

#define EST_TRIES_ALLOWED 10
#define EST_TRIES_DELAY_MS 250
#define EST_TRIES_DELAY_MAX_MS 4000
#define EST_TRIES_FORGOTTEN_MS 60000

#define EST_TRIES_KEY_SIZE 16
#define EST_TRIES_ENTRIES 512

typedef struct est_try {
    uint8_t key[EST_TRIES_KEY_SIZE];
    uint32_t count; /* 0: the place is free */
    uint64_t last_ms;
} est_try;

typedef struct est_tries {
    est_try entries[EST_TRIES_ENTRIES];
} est_tries;

/* Counts one more for a key (shorter ones are filled up with zeros), and says how many there were.
 * Where all places are taken, the one that was quiet for the longest is given away. */
uint32_t est_tries_add(est_tries *tries, const void *key, size_t size, uint64_t now_ms);

/* Forgets those that were quiet for a minute. */
void est_tries_forget(est_tries *tries, uint64_t now_ms);

/* How long the answer to the count-th vain try waits. */
uint32_t est_tries_delay_ms(uint32_t count);

#endif
