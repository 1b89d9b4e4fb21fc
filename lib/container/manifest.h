/* SPDX-License-Identifier: Apache-2.0 */
/* Manifest, segment start and end record bodies (container.md, sections 6, 7, 12). */
#ifndef SVMS_MANIFEST_H
#define SVMS_MANIFEST_H

#include "header.h"

#define SVMS_MANIFEST_BEGINS_WITH_SYNC 1u

typedef struct svms_track_entry {
    uint8_t track;
    uint32_t leaves;
    int64_t first_pts;
    int64_t first_utc_ns;
    uint8_t root[SVMS_DIGEST_SIZE];
    uint8_t commitment[SVMS_DIGEST_SIZE];
} svms_track_entry;

typedef struct svms_manifest {
    uint64_t segment;
    uint8_t previous[SVMS_DIGEST_SIZE];
    uint8_t salt[SVMS_DIGEST_SIZE];
    int64_t first_utc_ns;
    int64_t last_utc_ns;
    int64_t made_utc_ns;
    uint64_t made_monotonic_ns;
    uint64_t bytes;
    uint32_t records;
    uint8_t clock_state;
    uint8_t gap_reason;
    uint16_t flags;
    uint8_t evidence[SVMS_DIGEST_SIZE];
    uint32_t entry_count;
    svms_track_entry entries[SVMS_MAX_TRACKS + 1];
} svms_manifest;

typedef struct svms_segment_start {
    uint64_t segment;
    uint8_t salt[SVMS_DIGEST_SIZE];
    int64_t utc_ns;
    uint64_t monotonic_ns;
    uint64_t checkpoint; /* C-IDX-5 */
} svms_segment_start;

typedef struct svms_end {
    uint64_t segments;
    uint8_t last_manifest[SVMS_DIGEST_SIZE];
    uint64_t offset;
    uint64_t root_offset;
    uint8_t index_hash[SVMS_DIGEST_SIZE];
    uint8_t root_hash[SVMS_DIGEST_SIZE]; /* C-END-3 */
    int64_t utc_ns;
    int64_t last_utc_ns;
    uint8_t reason;
} svms_end;

size_t svms_manifest_size(const svms_manifest *manifest);
void svms_manifest_put(svms_builder *out, const svms_header *header, const svms_manifest *manifest);
SVMS_MUST_CHECK svms_status svms_manifest_parse(svms_manifest *out, const svms_header *header,
                                                const uint8_t *body, size_t size, uint64_t offset,
                                                svms_error *err);
/* Entry of a track, or NULL. */
const svms_track_entry *svms_manifest_entry(const svms_manifest *manifest, uint8_t track);

void svms_start_put(svms_builder *out, const svms_header *header, const svms_segment_start *start);
/* SVMS_E_MALFORMED when it is no start, SVMS_E_NOT_AUTHENTIC when it is another container's. */
SVMS_MUST_CHECK svms_status svms_start_parse(svms_segment_start *out, const svms_header *header,
                                             const uint8_t *body, size_t size, uint64_t offset,
                                             svms_error *err);

void svms_end_put(svms_builder *out, const svms_header *header, const svms_end *end);
SVMS_MUST_CHECK svms_status svms_end_parse(svms_end *out, const svms_header *header,
                                           const uint8_t *body, size_t size, uint64_t offset,
                                           svms_error *err);

/* UTC of a presentation time from a known pair, saturating (C-MAN-5). */
int64_t svms_utc_of(const svms_track *track, int64_t known_pts, int64_t known_utc_ns, int64_t pts);

#endif
