/* SPDX-License-Identifier: Apache-2.0 */
/* ECDSA signatures as files hold them, r || s of fixed width with s <= n/2, and as OpenSSL
 * speaks them, DER. Of (r, s) and (r, n - s), which both verify, only the first is taken, so that
 * nobody can change the bytes of a signature and leave it valid. */
#ifndef SVMS_ECDSA_RAW_H
#define SVMS_ECDSA_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Width of r and of s: 32 for P-256, 48 for P-384. */
#define SVMS_ECDSA_WIDTH_MAX 48
#define SVMS_ECDSA_DER_MAX 112

/* Writes 2 * width bytes. False when der is no signature of that width. */
bool svms_ecdsa_to_raw(const uint8_t *der, size_t der_size, size_t width, uint8_t *raw);
/* Makes s <= n/2. False when r or s is 0 or not below n. */
bool svms_ecdsa_lower(uint8_t *raw, size_t width);
/* False when r or s is 0 or too large, or s is above n/2. */
bool svms_ecdsa_to_der(const uint8_t *raw, size_t width, uint8_t der[SVMS_ECDSA_DER_MAX],
                       size_t *der_size);

#endif
