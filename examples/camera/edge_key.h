/* SPDX-License-Identifier: Apache-2.0 */
/* The key that opens what a camera keeps itself. */
#ifndef EDGE_KEY_H
#define EDGE_KEY_H

#include <svms/svms.h>

/* Read from the file at path, where it lies sealed by the device's secret; made where there is
 * none. Whoever erases the secret or this file (factory reset) has erased all that it opens.
 * SVMS_E_NOT_AUTHENTIC: it is of another device. */
svms_status edge_key_open(svms_kek **out, svms_ctx *ctx, const char *path, const char *secret,
                          svms_error *err);

#endif
