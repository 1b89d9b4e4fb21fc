/* SPDX-License-Identifier: Apache-2.0 */
/* What svms token reads: tokens, rights, certificates, spans of time. Every function complains
 * itself, and none of them shows a token. */
#ifndef SVMS_CLI_TOKEN_INPUT_H
#define SVMS_CLI_TOKEN_INPUT_H

#include <stdint.h>

#include <svms/svms.h>

#include "exit_status.h"
#include "file.h"

/* Bytes that a token has, and the NUL. */
#define TOKEN_CAPACITY ((size_t)4097)
/* Longest life that the library lets a token have, in seconds: 366 days. */
#define TOKEN_LIFE_MAX UINT32_C(31622400)
#define TOKEN_DIGEST_SIZE 32

/* From a file, standard input ("-"), or the operand itself; one line end behind it is taken off. */
exit_status token_read(file_text *out, const char *operand);

/* A JSON array of rights, without the white space that people put into files: tokens are short. */
exit_status token_read_rights(file_text *out, const char *path);

/* SHA-256 of the first certificate of a file (PEM). */
exit_status token_read_certificate(uint8_t out[TOKEN_DIGEST_SIZE], svms_ctx *ctx, const char *path);

/* Refuses what is empty or not UTF-8, of which the library would make something else; NULL is fine.
 */
exit_status token_check_text(const char *command, const char *option, const char *text);

/* "90", "90s", "15m", "8h", "2d": 1 second to TOKEN_LIFE_MAX. */
exit_status token_read_span(uint32_t *out, const char *command, const char *option,
                            const char *text);

#endif
