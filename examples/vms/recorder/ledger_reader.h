/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a ledger from its first byte to its last, and believes nothing that is not signed by
 * somebody trusted and bound to what stands before. */
#ifndef LEDGER_READER_H
#define LEDGER_READER_H

#include <svms/svms.h>

#include "ledger_form.h"

typedef svms_status ledger_visitor(void *user, const ledger_entry *entry);

/* How far a ledger goes. */
typedef struct ledger_end {
    uint64_t size;                  /* bytes of front and whole entries */
    uint64_t torn;                  /* bytes behind them, of an entry that was never acknowledged */
    uint64_t entries;               /* how many */
    uint8_t hash[LEDGER_HASH_SIZE]; /* of the newest, or of the front */
    char *chain;                    /* PEM of who signed the newest, NULL without entries; free() */
    size_t chain_size;
} ledger_end;

/* Each entry is shown after it was checked, visit may be NULL; what it returns other than SVMS_OK
 * ends the reading. trust NULL: who signed is not judged, for tests alone. SVMS_E_NOT_AUTHENTIC
 * names the entry, which counts from 0; so does SVMS_E_UNTRUSTED. */
svms_status ledger_read(svms_ctx *ctx, const svms_source *source, const svms_trust *trust,
                        ledger_visitor *visit, void *user, ledger_end *end, svms_error *err);
/* Whether this one may sign as a recorder in all of this time. */
svms_status ledger_judge(const svms_trust *trust, const svms_chain *chain, int64_t from_utc_ns,
                         int64_t to_utc_ns, svms_error *err);
void ledger_end_free(ledger_end *end);

#endif
