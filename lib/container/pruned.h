/* SPDX-License-Identifier: Apache-2.0 */
/* Pruned records as the files of this folder share them. */
#ifndef SVMS_PRUNED_RECORD_H
#define SVMS_PRUNED_RECORD_H

#include <stdbool.h>

#include <svms/sequence.h>

#define SVMS_PRUNED_MAGIC_SIZE 8u

/* Whether a file that begins like this is a pruned record. */
bool svms_is_pruned_record(const uint8_t *bytes, size_t size);
/* svms_pruned_read() from a source that is usable; out is filled as there. */
SVMS_MUST_CHECK svms_status svms_pruned_take(svms_ctx *ctx, const svms_source *source,
                                             const svms_trust *trust, svms_time_policy policy,
                                             svms_pruned *out, svms_error *err);

#endif
