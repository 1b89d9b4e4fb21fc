/* SPDX-License-Identifier: Apache-2.0 */
/* State of one verification, shared by the files that implement it. */
#ifndef SVMS_VERIFY_INTERNAL_H
#define SVMS_VERIFY_INTERNAL_H

#include <svms/verify.h>

#include "locate.h"
#include "segment.h"

typedef struct svms_verification {
    svms_ctx *ctx;
    const svms_source *source;
    svms_verify_options options;
    svms_front front;
    svms_scanner scanner;
    svms_index index;
    svms_builder index_record;
    svms_report report;
    svms_end hint; /* unverified end record, when closed_hint */
    bool closed_hint;
    bool range;
    bool cancelled;
    uint64_t progress_offset;
    uint64_t progress_base; /* done before the current pass */
    uint64_t progress_total;

    uint64_t position;
    uint64_t expected;
    bool has_previous;
    uint8_t previous[SVMS_DIGEST_SIZE];
    int64_t previous_first_utc_ns; /* or SVMS_NO_TIME */
    int64_t previous_last_utc_ns;  /* or SVMS_NO_TIME */
    int64_t latest_utc_ns; /* latest end of a sample in any believed segment, or SVMS_NO_TIME */
    bool readable;         /* a record behind the header made sense */
    bool covers_start;
    bool covers_end;
} svms_verification;

/* Records a failure; the first by place in the file becomes first_failure. */
void svms_verification_find(svms_verification *verification, svms_verdict verdict, uint64_t segment,
                            int64_t utc_ns, uint64_t offset, const char *reason);

/* verify_tail.c: index, end record, tail. *open is set when the file ends within them. */
SVMS_MUST_CHECK svms_status svms_verify_tail(svms_verification *verification, bool *open,
                                             svms_error *err);

/* verify_scan.c: all segments in question. */
SVMS_MUST_CHECK svms_status svms_verify_segments(svms_verification *verification, svms_error *err);

#endif
