/* SPDX-License-Identifier: Apache-2.0 */
/* CMocka with the headers it wants before itself. */
#ifndef SVMS_TEST_CMOCKA_ALL_H
#define SVMS_TEST_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
