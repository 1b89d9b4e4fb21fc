/* SPDX-License-Identifier: Apache-2.0 */
/* Closes a login to whoever tries too often: a name from an address, and an address whatever names
 * it tries. Bounded memory: when it is full, those give way that tried least, never one that is
 * closed as long as there is another. Any thread; no clock. */
#ifndef VMS_WEB_LOCKOUT_H
#define VMS_WEB_LOCKOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEB_LOCKOUT_FAILURES_MAX 16
/* Names and addresses that are remembered. */
#define WEB_LOCKOUT_ENTRIES 4096

typedef struct web_lockout web_lockout;

/* 0: what stands behind it. */
typedef struct web_lockout_options {
    uint32_t failures;         /* 5, at most WEB_LOCKOUT_FAILURES_MAX ... */
    uint32_t within_ms;        /* ... in 30,000 ... */
    uint32_t closed_ms;        /* ... close the login for 300,000 */
    uint32_t address_failures; /* 50: so many, of any names, close it for the address */
} web_lockout_options;

typedef enum web_lockout_state {
    WEB_LOCKOUT_OPEN,
    WEB_LOCKOUT_CLOSES, /* just now, by this failure: worth an event */
    WEB_LOCKOUT_CLOSED
} web_lockout_state;

/* NULL: no memory, or an option out of its range. */
web_lockout *web_lockout_new(const web_lockout_options *options);
/* NULL and pointer to NULL are accepted. */
void web_lockout_free(web_lockout **lockout);

/* Before a password is looked at; where it is closed, nothing else is said than for a wrong
 * password. peer: WEB_PEER_KEY_SIZE bytes. OPEN or CLOSED. */
web_lockout_state web_lockout_ask(web_lockout *lockout, const char *name, const uint8_t *peer,
                                  uint64_t now_ms);
/* A vain try. While it is closed, tries do not make it longer. */
web_lockout_state web_lockout_fail(web_lockout *lockout, const char *name, const uint8_t *peer,
                                   uint64_t now_ms);
/* A good one: the name's failures from there are forgotten, not those of the address. */
void web_lockout_succeed(web_lockout *lockout, const char *name, const uint8_t *peer);

#endif
