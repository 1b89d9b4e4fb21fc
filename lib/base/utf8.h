/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8, character by character. */
#ifndef SVMS_UTF8_H
#define SVMS_UTF8_H

#include "cursor.h"

/* Bytes of the UTF-8 character that comes next; 0 at the end and where there is none. */
size_t svms_utf8_peek(const svms_cursor *cursor, unsigned long *character);

#endif
