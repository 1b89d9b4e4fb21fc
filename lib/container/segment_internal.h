/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files that scan segments. */
#ifndef SVMS_SEGMENT_INTERNAL_H
#define SVMS_SEGMENT_INTERNAL_H

#include "light_plan.h"
#include "segment.h"

/* Compares a believed manifest with what was counted and hashed. */
SVMS_MUST_CHECK svms_status svms_segment_compare(svms_scanner *scanner, const svms_segment *segment,
                                                 svms_error *err);

#endif
