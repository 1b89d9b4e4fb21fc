/* SPDX-License-Identifier: Apache-2.0 */
/* One-time codes for enrolment: who brings one may have one certificate, for the name, role and
 * hosts that the operator gave with it. The journal holds the hash of its secret alone. */
#ifndef SVMS_CLI_CA_CODES_H
#define SVMS_CLI_CA_CODES_H

#include "ca_folder.h"
#include "est_code.h"
#include "exit_status.h"

/* Makes a code and adds it to the journal: takes role, name, hosts, days, until_utc_ns of *code,
 * and sets its id and hash. *text receives what the operator hands on, which is shown once and
 * holds the fingerprint of the topmost authority as well. The folder is entered. It is used up by
 * issuing under its id (ca_certify.h), in one and the same line of the journal. */
exit_status ca_code_make(ca_folder *folder, ca_code *code, est_code *out);

#endif
