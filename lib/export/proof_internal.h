/* SPDX-License-Identifier: Apache-2.0 */
/* State of the comparison of a presentation with its proof. */
#ifndef SVMS_PROOF_INTERNAL_H
#define SVMS_PROOF_INTERNAL_H

#include <svms/proof.h>

#include "evidence_internal.h"
#include "leaves.h"
#include "light_plan.h"
#include "sample_cipher.h"

#define SVMS_PROOF_STEP 16384u

/* proof_sample.c: one sample that is sealed and hashed as it comes. */
typedef struct svms_proof_sample {
    svms_hasher *hasher;
    svms_aead *aead; /* its key is set */
    svms_track_keys keys;
    svms_sample_cipher cipher;
    svms_leaf leaf; /* that it is compared with */
    svms_range ranges[SVMS_LIGHT_MAX_RANGES];
    uint32_t range_count;
    uint32_t range;    /* the one that position lies in or before */
    uint32_t position; /* bytes that came */
    uint8_t tags[SVMS_MAX_CHUNKS * SVMS_AEAD_TAG_SIZE];
    uint8_t stored[SVMS_PROOF_STEP];
} svms_proof_sample;

/* leaf is set; index: of the sample among the leaves of its track in its segment. */
SVMS_MUST_CHECK svms_status svms_proof_sample_begin(svms_proof_sample *sample, uint64_t index,
                                                    svms_error *err);
/* Takes what still belongs to the sample; *taken says how much that is. */
SVMS_MUST_CHECK svms_status svms_proof_sample_feed(svms_proof_sample *sample, const uint8_t *data,
                                                   size_t size, size_t *taken, svms_error *err);
/* All bytes came: *same when they give the leaf hash. */
SVMS_MUST_CHECK svms_status svms_proof_sample_end(svms_proof_sample *sample, bool *same,
                                                  svms_error *err);

/* Something that fails, and where. */
typedef struct svms_proof_failure {
    svms_verdict verdict; /* authentic: nothing fails */
    uint32_t source;      /* UINT32_MAX: none */
    uint64_t segment;
    uint64_t sample;
    int64_t utc_ns;
    uint64_t byte;
    char reason[200];
} svms_proof_failure;

typedef enum svms_lane_state {
    SVMS_LANE_BETWEEN = 0, /* in front of an entry */
    SVMS_LANE_INSIDE,      /* in a sample of which bytes are awaited */
    SVMS_LANE_ENDED,       /* behind the last entry */
    SVMS_LANE_LOST         /* where the next sample begins cannot be told */
} svms_lane_state;

/* proof_lane.c: one track of the presentation, and the way through the entries of its samples. */
typedef struct svms_proof_lane {
    svms_evidence *evidence;
    svms_proof_track counts; /* different, missing, bytes_besides as they become known */
    uint64_t unchecked;      /* samples that could not be sealed */
    svms_lane_state state;
    uint64_t bytes;         /* that came */
    uint64_t passed;        /* samples that are over */
    uint64_t next_entry;    /* of the proof */
    uint32_t source;        /* of the segment that is current */
    svms_frame_entry entry; /* of its frame */
    bool in_segment;
    svms_track format; /* of the track in that source */
    svms_leaves leaves;
    svms_manifest manifest;
    svms_merkle tree;           /* of the track's leaves so far */
    uint64_t index;             /* of the next leaf of the track in the segment */
    const char *keys_lacking;   /* why samples cannot be sealed; NULL: they can */
    svms_proof_failure failure; /* the first one */
    svms_proof_sample sample;
} svms_proof_lane;

SVMS_MUST_CHECK svms_status svms_proof_lane_feed(svms_proof_lane *lane, const uint8_t *data,
                                                 size_t size, svms_error *err);
SVMS_MUST_CHECK svms_status svms_proof_lane_finish(svms_proof_lane *lane, svms_error *err);
/* What both the walk and the lanes do with a leaves frame: its digest, its manifest, its roots.
 * SVMS_E_NOT_AUTHENTIC and the like when it does not hold. leaves is left at the first entry. */
SVMS_MUST_CHECK svms_status svms_proof_open_segment(svms_evidence *evidence, uint64_t entry,
                                                    uint32_t source, svms_leaves *leaves,
                                                    svms_manifest *manifest,
                                                    svms_leaves_summary *summary,
                                                    const svms_evidence_frame **frame,
                                                    svms_error *err);
/* Source that an entry belongs to. */
uint32_t svms_proof_source_of(const svms_evidence *evidence, uint64_t entry, uint32_t from);

struct svms_proof {
    svms_evidence *evidence;
    const svms_case_presentation *presentation; /* of the case */
    svms_export_report recorders;               /* what svms_export_verify() found */
    uint32_t lane_count;
    svms_proof_lane *lanes[SVMS_MAX_TRACKS];
    svms_proof_failure failure; /* first one that is no lane's */
    uint64_t stray_bytes;       /* of tracks that the case does not name */
    svms_presentation_state compared;
    bool decoded;
    bool ended; /* finished, or failed */
};

/* proof_report.c */
void svms_proof_fill_report(const svms_proof *proof, svms_proof_report *report);

#endif
