/* SPDX-License-Identifier: Apache-2.0 */
/* Decimal numbers as binary64, correctly rounded (to nearest, ties to even), whatever the locale
 * says: strtod() reads the decimal point of the process. */
#ifndef SVMS_REAL_H
#define SVMS_REAL_H

#include <stdbool.h>
#include <stddef.h>

/* text is a number as JSON spells it. */
double svms_real_read(const char *text, size_t size);
/* False where svms_real_read() gives an infinity. Takes a time linear in size. */
bool svms_real_fits(const char *text, size_t size);

#endif
