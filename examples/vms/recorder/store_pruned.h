/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what is remembered of a recording was removed on purpose. */
#ifndef STORE_PRUNED_H
#define STORE_PRUNED_H

#include <stdbool.h>

#include <svms/svms.h>

/* There is a signed record in the folder that says so of this very segment, by who signs in this
 * storage. What cannot be read is none. */
bool store_was_pruned(svms_ctx *ctx, const char *folder, const svms_head *remembered,
                      const svms_chain *signer);

#endif
