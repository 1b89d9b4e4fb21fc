/* SPDX-License-Identifier: Apache-2.0 */
/* Argon2id by libargon2, which only password_argon2id.c includes. */
#ifndef SVMS_PASSWORD_ARGON2ID_H
#define SVMS_PASSWORD_ARGON2ID_H

#include "password_phc.h"

/* Whether this library was built with it. */
bool svms_argon2id_is_there(void);
/* Costs and salt are those of phc; writes phc->hash_size bytes. SVMS_E_UNSUPPORTED where it is not
 * there. */
SVMS_MUST_CHECK svms_status svms_argon2id(svms_ctx *ctx, const svms_phc *phc, const void *password,
                                          size_t size, uint8_t *out, svms_error *err);

#endif
