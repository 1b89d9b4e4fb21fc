/* SPDX-License-Identifier: Apache-2.0 */
/* The code that a device enrols with, as people type it: a secret, and the beginning of the
 * fingerprint of the authority, so that one text says both who may come and whom to believe.
 * Specification: identity.md, I-ENR-1 to I-ENR-3. */
#ifndef SVMS_CLI_EST_CODE_H
#define SVMS_CLI_EST_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EST_CODE_SECRET_SIZE 16
#define EST_CODE_FINGERPRINT_SIZE 16
/* 55 symbols in groups of 5, with dashes between, and NUL. */
#define EST_CODE_TEXT_SIZE 66
/* Most bytes that est_code_parse() looks at. */
#define EST_CODE_TYPED_MAX 256

typedef struct est_code {
    uint8_t secret[EST_CODE_SECRET_SIZE];
    uint8_t fingerprint[EST_CODE_FINGERPRINT_SIZE]; /* first bytes of the SHA-256 of the DER */
} est_code;

typedef enum est_code_result {
    EST_CODE_GOOD,
    EST_CODE_BAD_SYMBOL, /* something that stands in no code */
    EST_CODE_BAD_LENGTH, /* too few or too many symbols */
    EST_CODE_BAD_CHECK   /* mistyped: the check symbols do not fit */
} est_code_result;

/* "7K3QW-...": grouped for typing. */
void est_code_format(const est_code *code, char out[EST_CODE_TEXT_SIZE]);

/* Upper or lower case, with or without dashes and white space; O is read as 0, I and L as 1. */
est_code_result est_code_parse(est_code *out, const char *text, size_t size);

/* What is wrong with a text, for a person: "a code has 55 letters and digits". */
const char *est_code_words(est_code_result result);

/* Whether a certificate's fingerprint is the one that the code names. */
bool est_code_names(const est_code *code, const uint8_t sha256[32]);

#endif
