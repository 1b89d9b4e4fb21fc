/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept, and how long: prunes by age, size and free space, oldest unlocked containers first,
 * each with a signed record beside it (FILE.pruned, as `svms prune` names it); locks evidence;
 * erases. One thread of its own; all functions from any thread. */
#ifndef KEEPER_H
#define KEEPER_H

#include <stdint.h>

#include <svms/svms.h>

#include "ledger.h"
#include "recorder_parts.h"
#include "storage_keys.h"

typedef struct keeper keeper;

typedef struct keeper_options {
    const recorder_parts *parts;
    const storage_keys *keys; /* of each storage, in the order of the settings */
    ledger *ledger;           /* borrowed */
    /* Free bytes of the file system that has this path; NULL: asks the system. For tests. */
    svms_status (*free_bytes)(void *user, const char *path, uint64_t *out);
    void *user;
    uint32_t period_ms; /* 0: 10,000 */
} keeper_options;

svms_status keeper_start(keeper **out, const keeper_options *options, svms_error *err);
/* Looks now: a disk is full. */
void keeper_wake(keeper *self);
/* Containers of this camera that overlap [from, to) stay until it is unlocked, those that are still
 * to come included. id receives a new one. Durable (ledger, then index) when it returns; the audit
 * log is the caller's business. SVMS_E_LIMIT: too many. */
svms_status keeper_lock(keeper *self, const indexed_range *range, const char *who, const char *why,
                        char id[37], svms_error *err);
/* SVMS_E_STATE: there is none of this id. */
svms_status keeper_unlock(keeper *self, const char *id, const char *who, const char *why,
                          svms_error *err);
/* "NUMBER HASH" of the newest entry of the ledger, for the record in the audit log that tells a
 * change of locks or an erasure (its object): so that a ledger that was cut is found. */
void keeper_mark(keeper *self, char out[LEDGER_MARK_SIZE]);
/* Crypto-erase: closed containers of this camera that lie wholly in [from, to) and are not locked
 * are made unreadable (keys overwritten, durably) and removed, each with its signed record.
 * *erased: how many. SVMS_E_POLICY: something in the range is locked; nothing was erased. */
svms_status keeper_erase(keeper *self, const indexed_range *range, const char *who, const char *why,
                         uint32_t *erased, svms_error *err);
/* NULL and pointer to NULL are accepted. */
void keeper_stop(keeper **self);

#endif
