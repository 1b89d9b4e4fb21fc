/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the journal, taken in one by one. Only for ca_journal.c. */
#ifndef SVMS_CLI_CA_JOURNAL_ENTRY_H
#define SVMS_CLI_CA_JOURNAL_ENTRY_H

#include "ca_journal.h"

/* Room for one more, zeroed; NULL after a complaint. */
ca_issued *ca_journal_new_issued(ca_journal *journal);
ca_code *ca_journal_new_code(ca_journal *journal);

void ca_kept_free(ca_kept *kept);

/* What a line says; user is the journal. */
exit_status ca_journal_take(void *user, json_t *entry, const ca_log_place *place);

#endif
