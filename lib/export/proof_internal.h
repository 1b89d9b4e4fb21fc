/* SPDX-License-Identifier: Apache-2.0 */
/* State of the comparison of a presentation with its proof. */
#ifndef SVMS_PROOF_INTERNAL_H
#define SVMS_PROOF_INTERNAL_H

#include <svms/proof.h>

#include "evidence_internal.h"
#include "iso_film.h"
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

/* When the first sample of a film was recorded, that all its tracks count from. */
typedef struct svms_proof_anchor {
    bool set;
    int64_t begin_ns; /* UTC of it: recorded times count from here */
    int64_t shift_ns; /* recorded time minus time in the film */
    uint64_t tick_ns; /* of the track that it was taken from */
} svms_proof_anchor;

/* proof_clock.c: times of a track of a film, compared with those that were recorded (E-PRF-9). */
typedef struct svms_proof_clock {
    svms_proof_anchor *anchor;
    const svms_film_track *track; /* NULL: bytes come without times */
    uint32_t timescale;           /* of the film */
    bool leads;                   /* its first picture must be shown */
    svms_film_sample sample;      /* that comes now */
    bool begun;
    int64_t shift_ns; /* recorded time minus time in the film */
    uint32_t source;  /* of the sample before */
    int64_t ends_ns;  /* in the film, that sample by what was recorded */
    int64_t
        held_ns; /* that it is shown longer than it was recorded to last; 0 or less: it is not */
    bool shown;  /* a sample before has been */
    bool edit_is_known;   /* edit_ends_ns and last_ns are set */
    int64_t edit_ends_ns; /* in the film, less what may be rounded */
    int64_t last_ns;      /* at which the sample that is shown last ends */
    uint64_t jumps;       /* where the film goes on without the gap (E-FLM-7) */
    int64_t jump_from_ns; /* UTC at which the sample before the first of them ended */
    int64_t jump_to_ns;   /* UTC of the sample behind it */
} svms_proof_clock;

/* Why the sample's times are not those that were recorded, or NULL. start_utc_ns: of the container
 * that the record is from. */
const char *svms_proof_clock_check(svms_proof_clock *clock, const svms_record *record,
                                   const svms_track *format, int64_t start_utc_ns, uint32_t source);

/* The same for what comes behind the last sample. */
const char *svms_proof_clock_finish(const svms_proof_clock *clock);

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
    svms_merkle tree;         /* of the track's leaves so far */
    uint64_t index;           /* of the next leaf of the track in the segment */
    const char *keys_lacking; /* why samples cannot be sealed; NULL: they can */
    bool whole;               /* every sample must be there (E-PRF-8) */
    bool placed;              /* recording_id and last_source are set */
    uint8_t recording_id[16]; /* of all its samples (E-FLM-7) */
    uint32_t last_source;     /* that was found to be of it */
    uint64_t left_out;        /* samples that are not, although the exporter had them */
    int64_t start_utc_ns;     /* that the times of the source count from */
    svms_proof_clock clock;
    bool in_film_sample;        /* some of its bytes came */
    bool compared_times;        /* of the sample that the lane stands in */
    bool awaits_empty;          /* a sample without bytes is not passed over */
    const char *fault;          /* what is wrong with the sample besides its bytes, or NULL */
    svms_proof_failure failure; /* the first one */
    svms_proof_sample sample;
} svms_proof_lane;

SVMS_MUST_CHECK svms_status svms_proof_lane_feed(svms_proof_lane *lane, const uint8_t *data,
                                                 size_t size, svms_error *err);
/* A sample of a film begins: clock.sample; its bytes follow. */
SVMS_MUST_CHECK svms_status svms_proof_lane_begin_sample(svms_proof_lane *lane, svms_error *err);
/* All its bytes came. */
void svms_proof_lane_end_sample(svms_proof_lane *lane);
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
    svms_proof_anchor anchor;
    svms_film_state film;
    bool fed;          /* bytes came by svms_proof_feed() */
    char refusal[200]; /* why the film is none, with SVMS_FILM_REFUSED */
    int (*progress)(void *user, uint64_t done, uint64_t total); /* NULL: nobody asks */
    void *user;
    svms_presentation_state compared;
    bool decoded;
    bool ended; /* finished, or failed */
};

/* proof.c: bytes of a track that the case does not name. */
void svms_proof_feed_stray(svms_proof *proof, uint32_t track, uint64_t size);
/* Something fails that is no lane's; the first one counts. */
void svms_proof_note(svms_proof *proof, uint32_t source, uint64_t segment, int64_t utc_ns,
                     const char *why);
/* Whether the presentation is a picture, by its media type. */
bool svms_proof_is_picture(const svms_proof *proof);
/* proof_order.c: sources of one recording, one after the other (E-PRF-6). */
SVMS_MUST_CHECK svms_status svms_proof_check_order(svms_proof *proof, svms_error *err);
/* What a track of a film shows is of one recording (E-FLM-7); a segment of a source has samples for
 * it. */
SVMS_MUST_CHECK svms_status svms_proof_check_recording(svms_proof *proof, svms_proof_lane *lane,
                                                       uint32_t source,
                                                       const svms_frame_entry *entry,
                                                       svms_error *err);

/* proof_report.c */
void svms_proof_fill_report(const svms_proof *proof, svms_proof_report *report);

#endif
