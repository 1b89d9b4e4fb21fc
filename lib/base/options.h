/* SPDX-License-Identifier: Apache-2.0 */
/* Sized structs: shorter than known is zero-extended, longer is refused unless the unknown
 * tail is zero. */
#ifndef SVMS_OPTIONS_H
#define SVMS_OPTIONS_H

#include <svms/status.h>

/* Copies the caller's struct (whose first member is uint32_t struct_size) into known, a struct
 * of known_size bytes; NULL options leaves known as the caller of this function preset it. */
SVMS_MUST_CHECK svms_status svms_options_read(void *known, size_t known_size, const void *options,
                                              const char *name, svms_error *err);
/* Fills the caller's struct from known with as many bytes as its struct_size says, and zeroes what
 * this version does not know; struct_size stays the caller's. */
SVMS_MUST_CHECK svms_status svms_result_write(void *result, const void *known, size_t known_size,
                                              const char *name, svms_error *err);

#endif
