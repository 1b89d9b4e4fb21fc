/* SPDX-License-Identifier: Apache-2.0 */
/* Revocation lists of an authority; the newest one is kept in its folder as well. */
#ifndef SVMS_CLI_CA_REVOCATION_H
#define SVMS_CLI_CA_REVOCATION_H

#include <stdint.h>

#include "ca_folder.h"
#include "exit_status.h"
#include "file.h"

#define CA_LIST_NAME "ca.crl"
#define CA_LIST_DAYS 30

/* A new list, in PEM, valid for so many days: in the journal, durably, before it returns. number 0:
 * the next one. The folder is entered and its key is open. */
exit_status ca_list_make(ca_folder *folder, uint64_t number, uint32_t days, file_text *pem);

/* The newest list, or a new one for so many days if there is none, if somebody was revoked since,
 * or if less than a quarter of its time is left, or if it is of a time that is yet to come. */
exit_status ca_list_current(ca_folder *folder, uint32_t days, file_text *pem);

#endif
