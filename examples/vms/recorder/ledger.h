/* SPDX-License-Identifier: Apache-2.0 */
/* Who locked what as evidence, who let it go, and what was removed for good: a file to which only
 * is appended, each entry signed and bound to the one before (docs/spec/ledger.md), so that the
 * index can be made again, and nobody can quietly take back a lock. Any thread. */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdint.h>

#include <svms/svms.h>

#include "recorder_index.h"
#include "storage_keys.h"

typedef struct ledger ledger;

typedef enum ledger_kind { LEDGER_LOCK, LEDGER_UNLOCK, LEDGER_ERASE } ledger_kind;

typedef struct ledger_entry {
    ledger_kind kind;
    const char *id;     /* of the lock */
    const char *camera; /* lock, erase */
    int64_t from_utc_ns;
    int64_t to_utc_ns;
    const char *who;
    const char *why;
    int64_t utc_ns; /* when; not asked for when it is appended */
} ledger_entry;

/* Makes the file (0600) where there is none. What was torn by a crash at its end is cut off and
 * told; anything else that is not as it was written is SVMS_E_NOT_AUTHENTIC. signer: who signs from
 * now on; older entries by other certificates stay good by trust. */
svms_status ledger_open(ledger **out, svms_ctx *ctx, const char *path, const storage_keys *signer,
                        const svms_trust *trust, svms_error *err);
/* Durable when it returns. */
svms_status ledger_append(ledger *self, const ledger_entry *entry, svms_error *err);
typedef svms_status ledger_visitor(void *user, const ledger_entry *entry);
svms_status ledger_walk(ledger *self, ledger_visitor *visit, void *user, svms_error *err);
/* NULL and pointer to NULL are accepted. */
void ledger_close(ledger **self);

#endif
