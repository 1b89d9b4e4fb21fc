/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the records of a segment that are copied now are those that its manifest signs: the
 * source may have changed since it was verified. */
#ifndef SVMS_BODY_CHECK_H
#define SVMS_BODY_CHECK_H

#include "manifest.h"
#include "merkle.h"
#include "record.h"

typedef struct svms_body_check {
    const svms_manifest *manifest;
    svms_hasher *hasher; /* one that is not under way between records */
    uint32_t removed_tracks;
    uint64_t records;
    bool broken;
    svms_merkle auxiliary;
    svms_merkle tracks[SVMS_MAX_TRACKS];
} svms_body_check;

/* What is given is borrowed. */
void svms_body_check_begin(svms_body_check *check, const svms_manifest *manifest,
                           svms_hasher *hasher, uint32_t removed_tracks);
/* The next record and its leaf hash, NULL where it was left out. */
SVMS_MUST_CHECK svms_status svms_body_check_record(svms_body_check *check,
                                                   const svms_record *record, const uint8_t *leaf,
                                                   svms_error *err);
/* SVMS_E_NOT_AUTHENTIC when they are others, or not all. */
SVMS_MUST_CHECK svms_status svms_body_check_end(svms_body_check *check, svms_error *err);
/* What was verified is not there any more. */
svms_status svms_export_changed(uint64_t offset, svms_error *err);

#endif
