/* SPDX-License-Identifier: Apache-2.0 */
/* Versions (U-MAN-2). */
#ifndef SVMS_UPDATE_VERSION_H
#define SVMS_UPDATE_VERSION_H

#include <stdbool.h>
#include <stddef.h>

bool svms_version_is_one(const char *text, size_t size);
/* Both are versions. Below, at or above 0 as one is older, equal or newer. */
int svms_version_compare(const char *one, const char *other);

#endif
