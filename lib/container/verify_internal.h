/* SPDX-License-Identifier: Apache-2.0 */
/* State of one verification, shared by the files that implement it. */
#ifndef SVMS_VERIFY_INTERNAL_H
#define SVMS_VERIFY_INTERNAL_H

#include <svms/verify.h>

#include "attest.h"
#include "locate.h"
#include "segment.h"

/* Segments that hold, but that no signature attests yet (C-SIG-6); C-LIM-1 bounds them. */
#define SVMS_MAX_PENDING 128u
typedef struct svms_pending {
    uint64_t number;
    uint64_t offset;
    uint64_t end;
    uint64_t manifest_offset;
    uint32_t run; /* segments of one unbroken chain */
    uint32_t samples;
    bool inside; /* of the range in question */
    bool unread; /* of its records nothing is known */
    bool after;  /* begins at or after its end */
    uint8_t gap_reason;
    int64_t gap_from_utc_ns;
    int64_t first_utc_ns;
    int64_t last_utc_ns;
    int64_t made_utc_ns;
    uint8_t hash[SVMS_DIGEST_SIZE];
} svms_pending;

/* A time stamp whose token stands at offset. */
typedef struct svms_stamp {
    uint64_t segment;     /* last one that it attests; SVMS_NO_SEGMENT: all, it is a trailer */
    uint64_t holder;      /* segment that holds it; 0 for a trailer */
    uint32_t run;         /* of the chain that holds that segment */
    uint16_t kind;        /* SVMS_EVIDENCE_... */
    bool unproven;        /* the holder's manifest was not compared with it */
    int64_t made_utc_ns;  /* when that segment claims to have been made, or SVMS_NO_TIME */
    int64_t valid_utc_ns; /* what it attests, once it was judged; or SVMS_NO_TIME */
    uint64_t offset;
    uint32_t size;
    uint8_t digest[SVMS_DIGEST_SIZE];
    bool judged;
    uint8_t token[SVMS_DIGEST_SIZE]; /* SHA-256 of the token that was judged */
} svms_stamp;

/* Of the stamps within a recording only the newest matter. */
#define SVMS_NEWEST_STAMPS 256u

typedef struct svms_verification svms_verification;

/* A segment that holds and is attested. */
typedef struct svms_held_segment {
    uint64_t number;
    uint64_t offset;
    uint64_t end;
    const uint8_t *hash; /* of the manifest */
    uint64_t manifest_offset;
    uint32_t run;
    const svms_manifest *manifest; /* NULL when it was read long ago */
    svms_verification *verification;
} svms_held_segment;
typedef void svms_held_callback(void *user, const svms_held_segment *segment);

/* Somebody who wants to know more than the report says. */
typedef struct svms_held_listener {
    svms_held_callback *held; /* told of each, in order; may be NULL */
    void *user;
    bool *open_end; /* whether all that lacks is the end of an open container; may be NULL */
    /* The others are optional too. A segment whose manifest holds, before or behind the range. */
    void (*beside)(void *user, const svms_verification *verification, const svms_segment *segment,
                   bool after);
    /* A segment in question that does not hold, or (end 0) where the way was lost; before what was
     * known of the chain is forgotten. */
    void (*lost)(void *user, svms_verification *verification, const svms_segment *segment);
    /* When all has been judged. */
    svms_status (*finish)(void *user, svms_verification *verification, svms_error *err);
    const bool *stop; /* once true, nothing more is read */
    /* Segments stay in the window from their scan until the next begins, as far as it has room, so
     * that what is done with them is done with the bytes that were verified. */
    bool keeps;
} svms_held_listener;

struct svms_excerpt_walk;

struct svms_verification {
    svms_ctx *ctx;
    const svms_source *source;
    svms_verify_options options;
    svms_held_listener listener;
    struct svms_excerpt_walk *carried; /* what is verified is an excerpt, or NULL */
    int64_t carried_utc_ns; /* when somebody else attests that it existed, or SVMS_NO_TIME */
    svms_front front;
    svms_scanner scanner;
    svms_index index;
    svms_builder index_record;
    svms_report report;
    svms_end hint; /* unverified end record, when closed_hint */
    bool closed_hint;
    bool range;
    bool jumped; /* an index led to the range */
    bool cancelled;
    uint64_t progress_offset;
    uint64_t progress_base; /* done before the current pass */
    uint64_t progress_total;

    uint64_t position;
    uint64_t read_in_vain; /* bytes of segments in which the way was lost */
    uint64_t expected;
    bool has_previous;
    uint8_t previous[SVMS_DIGEST_SIZE];
    int64_t previous_first_utc_ns; /* or SVMS_NO_TIME */
    int64_t previous_last_utc_ns;  /* or SVMS_NO_TIME */
    int64_t latest_utc_ns; /* latest end of a sample in any believed segment, or SVMS_NO_TIME */
    svms_known known;
    svms_pending pending[SVMS_MAX_PENDING];
    uint32_t pending_count;
    const svms_segment *current; /* that is being pushed */
    uint32_t run;
    uint32_t lacking;  /* segments in succession without signature of their own */
    bool end_believed; /* the signed end record, and so the trailers, cover the chain */
    bool begun;        /* a segment of the range was read and held; run since then: */
    uint32_t begun_run;
    uint64_t last_inside; /* last attested segment in question, or SVMS_NO_SEGMENT */
    uint32_t last_inside_run;
    uint64_t last_inside_end;
    uint8_t last_inside_hash[SVMS_DIGEST_SIZE];
    svms_stamp newest[SVMS_NEWEST_STAMPS]; /* in the recording; a ring */
    uint64_t newest_count;
    uint64_t contradicted; /* a segment that claims to be younger than a stamp of it, or none */
    svms_stamp *trailers;
    uint32_t trailer_count;
    uint32_t trailer_capacity;
    bool readable; /* a record behind the header made sense */
    bool open_end; /* nothing is known to lack but what an open container lacks */
    bool covers_start;
    bool covers_end;
};

/* Records a failure; the first by place in the file becomes first_failure. */
void svms_verification_find(svms_verification *verification, svms_verdict verdict, uint64_t segment,
                            int64_t utc_ns, uint64_t offset, const char *reason);

/* verify_pending.c: a time of signing as it is judged: one that is not known lies before
 * everything. */
int64_t svms_claimed_time(int64_t utc_ns);

/* verify.c: svms_verify_container() that also tells which segments hold. */
SVMS_MUST_CHECK svms_status svms_verify_with(svms_ctx *ctx, const svms_source *source,
                                             const svms_verify_options *options,
                                             svms_held_callback *held, void *held_user,
                                             svms_report *report, svms_error *err);
SVMS_MUST_CHECK svms_status svms_verify_for(svms_ctx *ctx, const svms_source *source,
                                            const svms_verify_options *options,
                                            const svms_held_listener *listener, svms_report *report,
                                            svms_error *err);
/* The same; with carried, of an excerpt. */
SVMS_MUST_CHECK svms_status svms_verification_run(svms_ctx *ctx, const svms_source *source,
                                                  const svms_verify_options *options,
                                                  const svms_held_listener *listener,
                                                  struct svms_excerpt_walk *carried,
                                                  svms_report *report, svms_error *err);
bool svms_verification_tick(void *user, uint64_t offset);

/* verify_pending.c: a segment that holds. */
SVMS_MUST_CHECK svms_status svms_verification_push(svms_verification *verification,
                                                   const svms_segment *segment, bool inside,
                                                   bool after, svms_error *err);
/* Everything of the chain that ends with this segment is attested. */
void svms_verification_attest(svms_verification *verification, uint64_t number);
/* The chain is broken at this offset, by what does not hold. What was known of it says nothing
 * about the one that begins behind. */
void svms_verification_break(svms_verification *verification, uint64_t offset);
/* For a range: looks for a signature behind it. */
SVMS_MUST_CHECK svms_status svms_verification_settle(svms_verification *verification,
                                                     svms_error *err);
/* Where the first segment that is not attested begins, or the current position. */
uint64_t svms_verification_attested_end(const svms_verification *verification);

/* verify_trailers.c: from the tail record at offset on. *open: the file ends within a trailer. */
SVMS_MUST_CHECK svms_status svms_verify_trailers(svms_verification *verification,
                                                 uint64_t end_offset, uint64_t offset, bool *open,
                                                 svms_error *err);
/* verify.c: what the signer's certificate is worth at the times found so far (C-VER-4). */
SVMS_MUST_CHECK svms_status svms_verification_ask_identity(const svms_verification *verification,
                                                           svms_identity_result *result,
                                                           svms_error *err);
/* verify_time.c: receives evidence; judges the stamps that were found, before identity is judged.
 */
void svms_verification_take_evidence(void *user, const svms_evidence_record *evidence);
/* What stands behind the offset was not compared with its manifest, or contradicts it. */
void svms_verification_doubt_evidence(svms_verification *verification, uint64_t offset);
SVMS_MUST_CHECK svms_status svms_verify_time(svms_verification *verification, svms_error *err);

/* verify_tail.c: late signatures, index, end record, tail. *open is set when the file ends within
 * them. */
SVMS_MUST_CHECK svms_status svms_verify_tail(svms_verification *verification, bool *open,
                                             svms_error *err);

/* verify_scan.c: where a segment lies with respect to the range that was asked about. */
typedef enum svms_relation { SVMS_BEFORE, SVMS_INSIDE, SVMS_AFTER } svms_relation;
svms_relation svms_verification_relate(const svms_verification *verification, int64_t first_utc_ns,
                                       int64_t last_utc_ns);
/* Whether the range's start is covered by the first segment that was read (C-VER-5). */
void svms_verification_note_start(svms_verification *verification, const svms_manifest *manifest,
                                  svms_relation relation);
/* When a segment that is named begins, if its manifest was read lately, otherwise when the one
 * before what is read ends (C-VER-2). */
int64_t svms_verification_time_of(svms_verification *verification, uint64_t number);
/* What the late signatures in a segment say of those before it. */
void svms_verification_take_late(svms_verification *verification, const svms_segment *segment);
/* As if nothing had been read. */
void svms_verification_rewind(svms_verification *verification);
/* excerpt_verify.c: the same as svms_verify_segments() for the pieces of an excerpt. */
SVMS_MUST_CHECK svms_status svms_verify_pieces(svms_verification *verification, svms_error *err);
/* excerpt_open.c: opens the samples whose secrets are carried. */
SVMS_MUST_CHECK svms_status svms_verify_carried_samples(svms_verification *verification,
                                                        svms_error *err);

/* verify_scan.c: all segments in question. */
SVMS_MUST_CHECK svms_status svms_verify_segments(svms_verification *verification, svms_error *err);

#endif
