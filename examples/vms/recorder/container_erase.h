/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a container unreadable where it lies. */
#ifndef CONTAINER_ERASE_H
#define CONTAINER_ERASE_H

#include <svms/svms.h>

/* Overwrites all that gives the content key to anybody (both slots of the access block), or where
 * there is no such key, or the block cannot be found, all bytes; durable when it returns. No key is
 * needed. (Overwriting is no erasure on flash memory, nor of copies that others made.)
 * SVMS_E_IO with EWOULDBLOCK: somebody writes it. */
svms_status container_erase(svms_ctx *ctx, const char *path, svms_error *err);

#endif
