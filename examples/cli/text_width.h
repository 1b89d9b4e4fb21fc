/* SPDX-License-Identifier: Apache-2.0 */
/* How much room UTF-8 text takes on a terminal. */
#ifndef SVMS_CLI_TEXT_WIDTH_H
#define SVMS_CLI_TEXT_WIDTH_H

#include <stddef.h>
#include <stdio.h>

/* Columns of the terminal behind standard output; 80 where it does not say. */
size_t text_width_of_terminal(void);

/* Writes text as wide as width: filled up with spaces, or cut, which "…" shows. */
void text_put_cell(FILE *out, const char *text, size_t width);

#endif
