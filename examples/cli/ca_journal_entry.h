/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the journal, taken in one by one. Only for ca_journal.c. */
#ifndef SVMS_CLI_CA_JOURNAL_ENTRY_H
#define SVMS_CLI_CA_JOURNAL_ENTRY_H

#include "ca_journal.h"

/* One more, with its texts, whose name (serial, id) is new; after a complaint the journal and who
 * owns the texts are as before. */
exit_status ca_journal_keep_issued(ca_journal *journal, const ca_issued *entry);
exit_status ca_journal_keep_code(ca_journal *journal, const ca_code *code);

void ca_kept_free(ca_kept *kept);

/* What a line says; user is the journal, which is as before unless the line was understood. */
exit_status ca_journal_take(void *user, json_t *entry, const ca_log_place *place);

#endif
