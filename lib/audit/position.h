/* SPDX-License-Identifier: Apache-2.0 */
/* Up to which record a receiver was served, as a text (A-FWD-4). */
#ifndef SVMS_POSITION_H
#define SVMS_POSITION_H

#include <svms/audit_forward.h>

#include "builder.h"

/* Of a verifier key, and of a receiver's name, without NUL. */
#define SVMS_POSITION_KEY_MAX 255u
#define SVMS_POSITION_RECEIVER_MAX 300u

typedef struct svms_position {
    char log_key[SVMS_POSITION_KEY_MAX + 1];
    char receiver[SVMS_POSITION_RECEIVER_MAX + 1];
    uint64_t served;
} svms_position;

/* 1 to most printable ASCII characters without space. */
bool svms_position_is_name(const char *text, size_t size, size_t most);
SVMS_MUST_CHECK svms_status svms_position_parse(svms_position *out, const void *text, size_t size,
                                                svms_error *err);
void svms_put_position(svms_builder *out, const svms_position *position);

#endif
