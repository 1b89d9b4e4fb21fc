/* SPDX-License-Identifier: Apache-2.0 */
/* Fingerprints of certificates as people copy them. */
#ifndef SVMS_CLI_FINGERPRINT_TEXT_H
#define SVMS_CLI_FINGERPRINT_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* SHA-256 in hexadecimal, upper or lower case, with colons between bytes or without. */
bool fingerprint_parse(uint8_t out[32], const char *text);

#endif
