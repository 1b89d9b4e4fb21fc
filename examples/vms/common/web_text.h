/* SPDX-License-Identifier: Apache-2.0 */
/* What counts as text in requests. No I/O. */
#ifndef VMS_WEB_TEXT_H
#define VMS_WEB_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* UTF-8 (RFC 3629) without control characters. */
bool web_is_text(const char *text, size_t size);
/* Value of a hexadecimal digit, or -1. */
int web_hex_digit(char byte);

#endif
