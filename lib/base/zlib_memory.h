/* SPDX-License-Identifier: Apache-2.0 */
/* zlib within the context's memory. What it works with may be what masks cover, or what a camera
 * saw, and is wiped. */
#ifndef SVMS_ZLIB_MEMORY_H
#define SVMS_ZLIB_MEMORY_H

#include <zlib.h>

#include "context_internal.h"

/* For deflateInit2() or inflateInit2(). */
z_stream svms_zlib_stream(svms_ctx *ctx);

#endif
