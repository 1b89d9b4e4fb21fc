/* SPDX-License-Identifier: Apache-2.0 */
/* Who signs and who is trusted, for tests of ledger and keeper. */
#ifndef LEDGER_CASE_H
#define LEDGER_CASE_H

#include <storage_keys.h>
#include <svms/svms.h>

typedef struct ledger_case {
    svms_ctx *ctx;
    svms_private_key *ca_key;
    svms_chain *ca;
    svms_trust *trust;
    storage_keys keys; /* a recorder of that CA */
} ledger_case;

void ledger_case_make(ledger_case *self);
/* Somebody else of the same CA. */
void ledger_case_issue(const ledger_case *self, storage_keys *out, svms_role role);
void ledger_case_drop_keys(storage_keys *keys);
void ledger_case_free(ledger_case *self);

#endif
