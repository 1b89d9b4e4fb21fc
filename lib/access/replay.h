/* SPDX-License-Identifier: Apache-2.0 */
/* What was used once, and what was revoked (token.md, section 4). */
#ifndef SVMS_REPLAY_H
#define SVMS_REPLAY_H

#include "token_internal.h"

/* First use of a token, or not. */
SVMS_MUST_CHECK svms_status svms_replay_use(svms_replay *replay, const svms_token *token,
                                            int64_t now_s, uint32_t skew_s,
                                            svms_token_verdict *verdict, svms_error *err);
bool svms_revocations_speak_of(svms_revocations *list, const svms_token *token);

#endif
