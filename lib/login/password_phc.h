/* SPDX-License-Identifier: Apache-2.0 */
/* PHC strings: a hashed password with what it was made by (login.md, L-PWD-2). */
#ifndef SVMS_PASSWORD_PHC_H
#define SVMS_PASSWORD_PHC_H

#include <svms/password.h>

#include "builder.h"

#define SVMS_PHC_MEMORY_MAX 1048576u /* KiB */
#define SVMS_PHC_PASSES_MAX 64u
#define SVMS_PHC_LANES_MAX 16u
#define SVMS_PHC_LANE_MEMORY 8u /* KiB at least for each lane */
#define SVMS_PHC_BLOCK_MAX 32u  /* r */
#define SVMS_PHC_SALT_LEAST 8u
#define SVMS_PHC_HASH_LEAST 16u
#define SVMS_PHC_BYTES_MAX 64u

typedef struct svms_phc {
    svms_password_scheme scheme; /* never SVMS_PASSWORD_BEST */
    uint32_t memory_kib;         /* Argon2id */
    uint32_t log2_n;             /* scrypt */
    uint32_t block_factor;       /* scrypt: r */
    uint32_t passes;             /* Argon2id: t; scrypt: p */
    uint32_t lanes;              /* Argon2id: p */
    uint8_t salt[SVMS_PHC_BYTES_MAX];
    size_t salt_size;
    uint8_t hash[SVMS_PHC_BYTES_MAX];
    size_t hash_size;
} svms_phc;

/* Offsets in err are characters of text, which need not end with NUL. */
SVMS_MUST_CHECK svms_status svms_phc_read(svms_phc *out, const char *text, size_t size,
                                          svms_error *err);
/* In bounds, as svms_phc_read() wants it? SVMS_E_LIMIT names what is not, after "a hashed
 * password".
 */
SVMS_MUST_CHECK svms_status svms_phc_check(const svms_phc *phc, svms_error *err);
/* Without NUL. */
void svms_put_phc(svms_builder *out, const svms_phc *phc);

#endif
