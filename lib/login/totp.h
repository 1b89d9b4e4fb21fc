/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVMS_TOTP_H
#define SVMS_TOTP_H

#include "context_internal.h"

#include <svms/second_factor.h>

/* Checks what the caller gave; SVMS_E_USAGE names what is wrong with it. The secret stays theirs.
 */
SVMS_MUST_CHECK svms_status svms_totp_read(svms_totp *out, const svms_totp *given, svms_error *err);
/* The code of a step, which is at least 0 (L-OTP-1). totp comes from svms_totp_read(). */
SVMS_MUST_CHECK svms_status svms_totp_code_of_step(svms_ctx *ctx, const svms_totp *totp,
                                                   int64_t step, char out[SVMS_TOTP_CODE_SIZE],
                                                   svms_error *err);

#endif
