/* SPDX-License-Identifier: Apache-2.0 */
/* Time zones (TZif, RFC 8536): what the wall clock shows at an instant, and when that jumps next
 * (policy.md, R-WIN-3). */
#ifndef SVMS_ZONE_H
#define SVMS_ZONE_H

#include "context_internal.h"

#define SVMS_ZONE_NAME_MAX 64
#define SVMS_ZONE_FILE_MAX 65536
#define SVMS_NEVER INT64_MAX

typedef struct svms_zone svms_zone;

/* 1 to 64 of A-Z a-z 0-9 _ + - /, without an empty part and without a part that begins with a dot
 * or a sign. */
bool svms_zone_name_is_fit(const char *name);
/* Reads a file of the zone database. SVMS_E_MALFORMED. */
SVMS_MUST_CHECK svms_status svms_zone_parse(svms_zone **out, svms_ctx *ctx, const char *name,
                                            const void *data, size_t size, svms_error *err);
/* "UTC", which needs no file. SVMS_E_NO_MEMORY. */
SVMS_MUST_CHECK svms_status svms_zone_make_utc(svms_zone **out, svms_ctx *ctx, svms_error *err);
void svms_zone_free(svms_zone **zone);
const char *svms_zone_name(const svms_zone *zone);

/* Seconds to add to UTC, at a second of UTC since 1970. */
int32_t svms_zone_offset(const svms_zone *zone, int64_t utc_s);
/* First second after utc_s at which the offset may be another one, or SVMS_NEVER. */
int64_t svms_zone_next_change(const svms_zone *zone, int64_t utc_s);

#endif
