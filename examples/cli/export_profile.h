/* SPDX-License-Identifier: Apache-2.0 */
/* --profile FILE: what an organisation sets for its exports. Every function complains itself. */
#ifndef SVMS_CLI_EXPORT_PROFILE_H
#define SVMS_CLI_EXPORT_PROFILE_H

#include <svms/svms.h>

#include "exit_status.h"
#include "recipient_set.h"

/* Holds a request against the profile in a file and warns of what it wants otherwise. *name is that
 * of the profile, released by free(). EXIT_POLICY: a locked option forbids it. */
exit_status export_profile_apply(char **name, svms_profile_request *request, svms_ctx *ctx,
                                 const char *path);

/* Where an output goes that was typed as path: folder of the request, name of the path. Released by
 * free(). */
char *export_profile_output(const svms_profile_request *request, const char *path);

/* The folder that holds a path, "." where none is typed; released by free(). */
char *export_profile_folder_of(const char *path);

/* Ids of all who shall be able to open something; ids has room for 2 * MAX_LIST_ITEMS. */
exit_status export_profile_recipients(uint8_t (*ids)[16], uint32_t *count,
                                      const recipient_set *people);

#endif
