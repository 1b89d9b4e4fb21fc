/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVMS_SRTP_INTERNAL_H
#define SVMS_SRTP_INTERNAL_H

#include "context_internal.h"
#include "srtp_engine.h"
#include "srtp_index.h"
#include "srtp_packet.h"

enum {
    SVMS_SRTP_MARK_SIZE = 16,
    SVMS_SRTP_MARKS_MAX = 4096,
    /* Under several keys a packet is tried at most twice. */
    SVMS_SRTP_KEYS_KEPT = 2
};

/* Keys that were used, as digests: none comes back (SR-KEY-4, SR-KEY-7). */
typedef struct svms_srtp_marks {
    uint8_t (*rows)[SVMS_SRTP_MARK_SIZE];
    uint32_t count;
    uint32_t room;
} svms_srtp_marks;

/* A source that is sent. */
typedef struct svms_srtp_sent {
    uint32_t ssrc;
    bool dead; /* libsrtp lost it when its key was to change */
    svms_srtp_key key;
    svms_srtp_track track;
    uint64_t key_end; /* first index that the key does not protect */
    uint32_t rtcp_sent;
    svms_srtp_marks marks; /* the present one, too */
} svms_srtp_sent;

/* A source that is received. */
typedef struct svms_srtp_heard {
    uint32_t ssrc;
    uint32_t misses; /* packets in a row whose tag was wrong */
    svms_srtp_track track;
} svms_srtp_heard;

/* What a key knows of a source; as in svms_srtp.heard. */
typedef struct svms_srtp_place {
    bool has_stream; /* libsrtp knows the source under this key */
    bool rtp_came;
    bool rtcp_came;
    uint32_t rtcp_first; /* lowest index that came */
    uint64_t rtp_first;
    uint64_t key_end;
} svms_srtp_place;

/* A key that packets are received under. */
typedef struct svms_srtp_opener {
    svms_srtp_key key;
    srtp_t engine;
    svms_srtp_place *places; /* max_sources of them */
} svms_srtp_opener;

/* The keys of one source, or of all that have none of their own. */
typedef struct svms_srtp_lane {
    bool any;
    uint32_t ssrc;
    uint32_t count;                                 /* of openers */
    svms_srtp_opener *openers[SVMS_SRTP_KEYS_KEPT]; /* the newest first */
    svms_srtp_marks marks;                          /* those of the openers, too */
} svms_srtp_lane;

struct svms_srtp {
    svms_ctx *ctx;
    svms_srtp_options options;
    svms_srtp_counts counts;
    srtp_t sender;
    svms_srtp_sent *sent;
    uint32_t sent_count;
    svms_srtp_heard *heard;
    uint32_t heard_count;
    svms_srtp_lane *lanes; /* max_sources + 1 of them */
    uint32_t lane_count;
    uint8_t *scratch; /* aligned copies of packets */
    size_t scratch_size;
};

/* Reads the key and refuses suites that are not allowed. The caller wipes it. */
SVMS_MUST_CHECK svms_status svms_srtp_take_key(const svms_srtp *srtp, svms_srtp_key *out,
                                               const svms_srtp_key *key, svms_error *err);
svms_srtp_sent *svms_srtp_find_sent(const svms_srtp *srtp, uint32_t ssrc);
/* Index, or heard_count. */
uint32_t svms_srtp_find_heard(const svms_srtp *srtp, uint32_t ssrc);
/* At least size bytes of scratch, or NULL. */
uint8_t *svms_srtp_scratch(svms_srtp *srtp, size_t size);

/* As svms_srtp_send(), for a source whose roll-over counter is known; for tests, which cannot send
 * 2^48 packets. */
SVMS_MUST_CHECK svms_status svms_srtp_send_from(svms_srtp *srtp, uint32_t ssrc, uint32_t roc,
                                                const svms_srtp_key *key, svms_error *err);

/* Digest of suite, key and salt. */
SVMS_MUST_CHECK svms_status svms_srtp_mark_of(svms_ctx *ctx, const svms_srtp_key *key,
                                              uint8_t out[SVMS_SRTP_MARK_SIZE], svms_error *err);
bool svms_srtp_is_marked(const svms_srtp_marks *marks, const uint8_t mark[SVMS_SRTP_MARK_SIZE]);
/* Makes room for one more; then svms_srtp_add_mark() cannot fail. */
SVMS_MUST_CHECK svms_status svms_srtp_grow_marks(svms_ctx *ctx, svms_srtp_marks *marks,
                                                 svms_error *err);
void svms_srtp_add_mark(svms_srtp_marks *marks, const uint8_t mark[SVMS_SRTP_MARK_SIZE]);

/* The lane whose keys are a source's, or NULL. */
svms_srtp_lane *svms_srtp_lane_of(const svms_srtp *srtp, uint32_t ssrc);
void svms_srtp_free_opener(svms_ctx *ctx, svms_srtp_opener **opener);

#endif
