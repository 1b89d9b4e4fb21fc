/* SPDX-License-Identifier: Apache-2.0 */
/* An authority below another: what the journal of the upper one says of it. */
#ifndef SVMS_CLI_CA_UNDER_H
#define SVMS_CLI_CA_UNDER_H

#include <svms/svms.h>

#include "ca_folder.h"
#include "exit_status.h"
#include "file.h"

/* Enters the upper authority's folder, adds the certificate to its journal, and leaves. Complains
 * itself. */
exit_status ca_under_journal(ca_folder *parent, const svms_private_key *key,
                             const svms_ca_options *options, const file_text *certificate);

#endif
