/* SPDX-License-Identifier: Apache-2.0 */
/* Codes of six to eight digits. */
#ifndef SVMS_CODE_DIGITS_H
#define SVMS_CODE_DIGITS_H

#include <stdbool.h>
#include <stdint.h>

#include <svms/second_factor.h>

#define SVMS_DIGITS_LEAST 6u
#define SVMS_DIGITS_MOST 8u

/* 10 to the power of digits. */
uint32_t svms_digits_count(uint32_t digits);
/* Zeros in front, NUL behind; value is below svms_digits_count(). */
void svms_digits_write(char out[SVMS_TOTP_CODE_SIZE], uint32_t value, uint32_t digits);
/* What was typed, without the blanks (L-OTP-6). False, with out all zeros, unless so many digits
 * are left. */
bool svms_digits_read(char out[SVMS_TOTP_CODE_SIZE], const char *typed, uint32_t digits);

#endif
