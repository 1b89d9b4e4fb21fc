/* SPDX-License-Identifier: Apache-2.0 */
/* Ids and receipts as people copy them. */
#ifndef SVMS_CLI_HEAD_TEXT_H
#define SVMS_CLI_HEAD_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAD_SIZE 32

typedef struct head_text {
    char text[2 * HEAD_SIZE + 1];
} head_text;

/* Lower-case hexadecimal of at most HEAD_SIZE bytes. */
head_text head_text_of(const uint8_t *bytes, size_t size);

/* Exactly size bytes in hexadecimal, upper or lower case. */
bool head_text_parse(uint8_t *out, size_t size, const char *text);

#endif
