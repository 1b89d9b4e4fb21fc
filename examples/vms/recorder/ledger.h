/* SPDX-License-Identifier: Apache-2.0 */
/* Who locked what as evidence, who let it go, and what was removed for good: a file to which only
 * is appended, each entry signed and bound to the one before (docs/spec/ledger.md), so that the
 * index can be made again, and nobody can quietly take back a lock. Any thread. */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdint.h>

#include <svms/svms.h>

#include "ledger_form.h"
#include "ledger_reader.h"
#include "storage_keys.h"

/* Of the text of a mark, with its NUL. */
#define LEDGER_MARK_SIZE 96

typedef struct ledger ledger;

/* Makes the file (0600) where there is none. What was torn by a crash at its end is cut off and
 * told by ledger_torn(); anything else that is not as it was written is SVMS_E_NOT_AUTHENTIC, and
 * its signers must be trusted as recorders (SVMS_E_UNTRUSTED). signer: who signs from now on,
 * borrowed until this returns. SVMS_E_STATE: another one has it open. */
svms_status ledger_open(ledger **out, svms_ctx *ctx, const char *path, const storage_keys *signer,
                        const svms_trust *trust, svms_error *err);
/* Durable when it returns; a failure leaves the ledger as it was. SVMS_E_USAGE: a text that may not
 * stand in it. */
svms_status ledger_append(ledger *self, const ledger_entry *entry, svms_error *err);
/* All entries from the first to the last, checked anew; the visitor must not call the ledger. */
svms_status ledger_walk(ledger *self, ledger_visitor *visit, void *user, svms_error *err);
/* "NUMBER HASH" of the newest entry, or "none": kept elsewhere (in the audit log), it shows that
 * later entries were cut off, which the file itself cannot show. */
void ledger_mark(ledger *self, char out[LEDGER_MARK_SIZE]);
/* Bytes of an unfinished entry that were cut off when it was opened. */
uint64_t ledger_torn(const ledger *self);
/* NULL and pointer to NULL are accepted. */
void ledger_close(ledger **self);

#endif
