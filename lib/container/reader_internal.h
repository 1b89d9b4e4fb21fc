/* SPDX-License-Identifier: Apache-2.0 */
/* State of a reader, shared by the files that implement it. */
#ifndef SVMS_READER_INTERNAL_H
#define SVMS_READER_INTERNAL_H

#include <svms/reader.h>

#include "attest.h"
#include "excerpt.h"
#include "front.h"
#include "light_plan.h"
#include "sample_cipher.h"
#include "segment.h"

/* How the keys of a track in the current segment turned out. */
typedef enum svms_track_state {
    SVMS_TRACK_NEW = 0,
    SVMS_TRACK_READY,
    SVMS_TRACK_HIDDEN, /* not disclosed, or nothing signed to check the secret by */
    SVMS_TRACK_UNFIT   /* the signed commitment is that of another key */
} svms_track_state;

typedef struct svms_reader_track {
    svms_aead *aead; /* made when first needed */
    svms_track_keys keys;
    svms_track_state state;
    uint32_t leaves; /* samples of the current segment that have been passed */
} svms_reader_track;

struct svms_reader {
    svms_ctx *ctx;
    svms_front front;
    svms_scanner scanner;
    svms_known *known; /* made where signatures may come later */
    const svms_trust *trust;
    svms_time_policy time_policy;
    bool allow_unverified;
    bool recheck;
    bool hollow; /* samples are named, not opened */
    uint32_t max_sample_size;
    size_t disclosed_count; /* not 0: only disclosures open anything */
    svms_disclosure *disclosed[SVMS_KEYRING_DISCLOSURES]; /* held */
    char *device_name;
    char *software;
    int64_t trusted_to_utc_ns; /* up to here the signer has been found trustworthy */

    uint64_t position; /* of the next segment, when none is current */
    uint64_t expected; /* its number, or SVMS_ANY_SEGMENT */
    bool has_previous;
    uint8_t previous[SVMS_DIGEST_SIZE];
    int64_t previous_first_utc_ns; /* or SVMS_NO_TIME */
    int64_t previous_last_utc_ns;  /* or SVMS_NO_TIME */
    int64_t
        sought_utc_ns; /* what the last seek asked for, or SVMS_NO_TIME once it has been checked */
    bool ended;        /* the end record has been checked */

    bool carried;         /* it reads an excerpt: */
    svms_excerpt excerpt; /* its pieces */
    uint64_t next_piece;
    uint64_t piece;        /* that is current */
    uint64_t carried_end;  /* where the piece before ends */
    uint64_t carried_size; /* of the source */
    bool unopened;         /* the body of the current piece cannot be read */

    bool inside; /* a segment is current */
    bool attested;
    svms_segment segment;
    uint64_t at; /* next record of the current segment */
    uint32_t ordinal;
    svms_reader_track tracks[SVMS_MAX_TRACKS];
    uint8_t (*leaves)[SVMS_DIGEST_SIZE];
    svms_range ranges[SVMS_LIGHT_MAX_RANGES];
    uint8_t table[SVMS_MAX_RANGE_TABLE];
    uint8_t tags[SVMS_MAX_CHUNKS * SVMS_AEAD_TAG_SIZE];
    uint8_t *data;
    size_t data_capacity;
};

/* reader_sample.c: decodes the sample record at reader->at, whose header is record. Does not move
 * on. */
SVMS_MUST_CHECK svms_status svms_reader_take(svms_reader *reader, const svms_record *record,
                                             svms_sample *out, svms_error *err);
/* Forgets the keys of the segment before. */
void svms_reader_reset_tracks(svms_reader *reader);

/* reader.c: what keeps the scanned segment from being handed out as attested. */
SVMS_MUST_CHECK svms_status svms_reader_judge(svms_reader *reader, svms_error *err);
void svms_reader_enter(svms_reader *reader);
/* excerpt_reader.c: the same for the pieces of an excerpt. */
SVMS_MUST_CHECK svms_status svms_reader_load_piece(svms_reader *reader, svms_error *err);
void svms_reader_leave_piece(svms_reader *reader);
SVMS_MUST_CHECK svms_status svms_reader_seek_piece(svms_reader *reader, int64_t utc_ns,
                                                   svms_error *err);
SVMS_MUST_CHECK svms_status svms_reader_attest_piece(svms_reader *reader, svms_attestation *out,
                                                     svms_error *err);

/* Puts the reader in front of a segment. */
void svms_reader_place(svms_reader *reader, uint64_t position, uint64_t expected);
/* reader_seek.c: without the index. */
SVMS_MUST_CHECK svms_status svms_reader_walk_to(svms_reader *reader, int64_t utc_ns,
                                                svms_error *err);

/* reader.c: opens; with excerpt, one of those. */
SVMS_MUST_CHECK svms_status svms_reader_make(svms_reader **out, svms_ctx *ctx,
                                             const svms_source *source,
                                             const svms_reader_options *options,
                                             const svms_excerpt *excerpt, svms_error *err);

#endif
