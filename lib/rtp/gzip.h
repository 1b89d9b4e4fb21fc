/* SPDX-License-Identifier: Apache-2.0 */
/* Documents in gzip (RFC 1952; P-MET-2). */
#ifndef SVMS_RTP_GZIP_H
#define SVMS_RTP_GZIP_H

#include "builder.h"

/* Appends what was packed; one or more members, nothing behind them. SVMS_E_MALFORMED, also where
 * it ends early or its check value is wrong; SVMS_E_LIMIT where it does not fit into `out`: no more
 * than that is ever unpacked. */
SVMS_MUST_CHECK svms_status svms_gzip_read(svms_builder *out, const uint8_t *data, size_t size,
                                           svms_error *err);
/* Appends one member. */
SVMS_MUST_CHECK svms_status svms_gzip_write(svms_builder *out, const uint8_t *data, size_t size,
                                            svms_error *err);

#endif
