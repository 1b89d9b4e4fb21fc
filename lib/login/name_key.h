/* SPDX-License-Identifier: Apache-2.0 */
/* Names as the tables of logins keep them: as an HMAC under a random key of the table. So nobody
 * outside can choose where a name falls, and no name lies in memory longer than it is asked about
 * (L-LIM-7). */
#ifndef SVMS_NAME_KEY_H
#define SVMS_NAME_KEY_H

#include "context_internal.h"

#define SVMS_NAME_SECRET_SIZE 32
#define SVMS_NAME_KEY_SIZE 16
/* Most bytes of what is hashed together with a name. */
#define SVMS_NAME_BESIDES_MAX 16

/* What a key is for: the same text in another place gives another key. */
typedef enum svms_name_place {
    SVMS_PLACE_NAME = 1,
    SVMS_PLACE_ADDRESS = 2,
    SVMS_PLACE_PAIR = 3,
    SVMS_PLACE_CODE = 4
} svms_name_place;

/* All of HMAC-SHA-256 of place, name (NULL: none) and besides. */
SVMS_MUST_CHECK svms_status svms_name_hmac(svms_ctx *ctx,
                                           const uint8_t secret[SVMS_NAME_SECRET_SIZE],
                                           svms_name_place place, const char *name,
                                           const void *besides, size_t besides_size,
                                           uint8_t out[32], svms_error *err);
/* Its first bytes. */
SVMS_MUST_CHECK svms_status svms_name_key(svms_ctx *ctx,
                                          const uint8_t secret[SVMS_NAME_SECRET_SIZE],
                                          svms_name_place place, const char *name,
                                          const void *besides, size_t besides_size,
                                          uint8_t out[SVMS_NAME_KEY_SIZE], svms_error *err);

#endif
