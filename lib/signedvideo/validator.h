/* SPDX-License-Identifier: Apache-2.0 */
/* Validating camera-signed video (CS-VER).
 *
 * What comes in becomes items (covered NAL units) and claims (SEIs, and what they say of items). A
 * claim with a valid signature is placed on items at once; one without waits until the item that it
 * is itself was found authentic. From the front, claims and what lies between them become reports
 * as soon as nothing can change them any more. */
#ifndef SVMS_VALIDATOR_H
#define SVMS_VALIDATOR_H

#include "alignment.h"
#include "camera_author.h"
#include "camera_items.h"

/* Items before those that wait, by which repeated ones are known. */
#define SVMS_CAMERA_HISTORY 4096
/* Comparisons with what was there before, for one report. */
#define SVMS_CAMERA_COMPARISONS (UINT32_C(1) << 22)
/* SEIs without signature that wait at once, and bytes of their lists. */
#define SVMS_CAMERA_WAITING_SEIS 1024
#define SVMS_CAMERA_WAITING_LISTS (32u << 20)
/* SEIs that are known again. */
#define SVMS_CAMERA_SEEN 64
/* SEIs of which something may still come. */
#define SVMS_CAMERA_CLAIMS 4096

typedef enum svms_camera_claim_state {
    SVMS_CAMERA_CLAIM_BROKEN,   /* of no use; reasons say why */
    SVMS_CAMERA_CLAIM_WAITING,  /* has no signature, and is not confirmed yet */
    SVMS_CAMERA_CLAIM_HOMELESS, /* valid, and fits nothing */
    SVMS_CAMERA_CLAIM_PLACED    /* covers items [begin, end) */
} svms_camera_claim_state;

/* A SEI, in the order of the stream. */
typedef struct svms_camera_claim {
    svms_camera_claim_state state;
    uint64_t place;     /* number of items that stood before it */
    bool is_item;       /* has no signature: it is item number place itself */
    bool is_earliest;   /* nothing valid came before it */
    bool is_cut;        /* what is missing at its front was before the stream */
    bool is_done;       /* told; to be removed */
    uint32_t reasons;   /* SVMS_CAMERA_WHY_... */
    uint8_t digest[32]; /* SHA-256 of the SEI */
    /* What it says. */
    svms_camera_format format;
    uint32_t counter;
    bool is_partial;
    bool is_first; /* predecessor zeros: a session begins */
    bool has_list;
    bool is_salted;       /* so is the hash of its list (CS-AX-5) */
    bool has_predecessor; /* said, or proven (CS-AX-6) */
    bool has_successor;   /* instead of it */
    uint16_t count;
    int64_t from_utc_ns;
    int64_t to_utc_ns;
    uint8_t list_hash[SVMS_CAMERA_HASH_MAX];
    uint8_t predecessor[SVMS_CAMERA_HASH_MAX];
    uint8_t successor[SVMS_CAMERA_HASH_MAX];
    size_t hash_size;
    uint8_t *list; /* count hashes; owned while it waits, NULL otherwise */
    /* Who said it; NULL while it waits. Owned. */
    svms_camera_author *author;
    bool by_user;
    /* Placed. */
    uint64_t begin;
    uint64_t end;
    uint32_t missing_tail; /* signed behind the last item, and not there */
    uint32_t open_tail;    /* the same, but what follows may stand in its place */
    bool has_first;
    uint8_t first[SVMS_CAMERA_HASH_MAX]; /* first hash of the list */
} svms_camera_claim;

/* What the reports so far end with. */
typedef struct svms_camera_chain_end {
    bool is_there;
    uint32_t counter;
    bool is_partial;
    bool has_first;
    bool has_successor;
    uint8_t first[SVMS_CAMERA_HASH_MAX];
    uint8_t successor[SVMS_CAMERA_HASH_MAX];
} svms_camera_chain_end;

/* When what comes behind a document of Axis begins (CS-AX-8). */
typedef struct svms_axis_moment {
    bool is_there;
    uint32_t counter;
    int64_t utc_ns;
} svms_axis_moment;

typedef struct svms_camera_report {
    svms_camera_gop gop;
    svms_camera_author *author;  /* owned, or NULL */
    svms_camera_remark *remarks; /* owned */
    size_t remark_capacity;
    uint64_t repeated; /* of the inserted NAL units */
} svms_camera_report;

struct svms_camera_validator {
    svms_ctx *ctx;
    svms_camera_validator_options options;
    svms_camera_trust trust;
    int64_t tolerance_ns; /* negative: clocks are not compared */
    svms_camera_hasher *hasher;
    svms_camera_items items;
    svms_camera_authors authors;
    bool has_ended;
    bool has_failed;

    svms_camera_nal *nals; /* of the access unit that is being taken */
    size_t nal_capacity;
    uint64_t frames; /* access units taken */
    bool has_led;    /* the one being taken has a VCL NAL unit */

    svms_camera_claim *claims;
    size_t claim_count;
    size_t claim_capacity;
    size_t waiting_count;
    size_t waiting_bytes;
    uint8_t seen[SVMS_CAMERA_SEEN][32];
    size_t seen_count;
    svms_camera_order order; /* of the numbers of documents */
    svms_axis_moment axis_moment;
    bool has_axis_beginning; /* a session of Axis began, with this anchor (CS-AX-6) */
    uint8_t axis_beginning[SVMS_CAMERA_HASH_MAX];
    uint64_t seis;

    /* Placing. */
    uint8_t *links; /* entries of a list, made of items */
    size_t links_size;
    uint64_t credit;              /* links that attempts which failed may cost */
    svms_camera_chain_end latest; /* what was placed last */
    bool has_anchor;
    uint8_t anchor[SVMS_CAMERA_HASH_MAX]; /* the signed one of the GOP in which that is */

    /* Reporting. */
    uint64_t decided;    /* items before this one are in reports */
    uint64_t given_up;   /* items before this one were given up, as too many waited, or told */
    uint64_t beginning;  /* the first item behind the newest gap */
    bool is_at_gap;      /* what ends here is only cut */
    uint64_t next_frame; /* frames before this one, too */
    svms_camera_chain_end chain;
    svms_camera_chain_end other_chain; /* where the counter went back: what was before */
    svms_camera_chain_end covered;     /* what the last one says that covered something */
    svms_camera_chain_end past;        /* behind a gap, until something goes on: that of before */
    bool has_key;
    uint8_t key_sha256[32]; /* of the last report that is signed */
    int64_t last_from_utc_ns;
    int64_t last_to_utc_ns;
    svms_camera_report *reports; /* those that wait begin with report_first */
    size_t report_first;
    size_t report_count; /* of those that wait */
    size_t report_capacity;
    svms_camera_report given; /* the last one */
    bool has_given;
    bool has_signed; /* one that was given is signed */
    svms_camera_summary summary;
};

/* The report that was given last, or NULL; gop->remark_count remarks belong to it. */
const svms_camera_gop *svms_camera_validator_last(const svms_camera_validator *validator,
                                                  const svms_camera_remark **remarks,
                                                  svms_ctx **ctx);

/* validator_sei.c: takes a SEI that stands behind the items so far. */
SVMS_MUST_CHECK svms_status svms_camera_take_sei(svms_camera_validator *v,
                                                 const svms_camera_nal *nal, int64_t utc_ns,
                                                 svms_error *err);
/* validator_items.c: one more item; makes room where too many wait. */
SVMS_MUST_CHECK svms_status svms_camera_take_item(svms_camera_validator *v,
                                                  svms_camera_item_kind kind,
                                                  const svms_camera_nal *nal, int64_t utc_ns,
                                                  svms_error *err);

/* validator_claims.c */
/* A new one behind the others, broken until more is filled in. The place of all of them may
 * change. SVMS_END: there are too many. */
SVMS_MUST_CHECK svms_status svms_camera_claim_add(svms_camera_validator *v, svms_camera_claim **out,
                                                  svms_error *err);
/* Releases what it owns, not itself. */
void svms_camera_claim_clear(svms_camera_validator *v, svms_camera_claim *claim);
/* Removes those that are done; or all of them. */
void svms_camera_claims_sweep(svms_camera_validator *v);
void svms_camera_claims_clear(svms_camera_validator *v);
/* Adds one that is of no use. */
SVMS_MUST_CHECK svms_status svms_camera_claim_add_broken(svms_camera_validator *v,
                                                         const uint8_t digest[32], uint32_t reasons,
                                                         svms_error *err);
/* The placed one that begins first at or behind seq, or NULL. */
svms_camera_claim *svms_camera_claim_from(const svms_camera_validator *v, uint64_t seq);
void svms_camera_claim_break(svms_camera_validator *v, svms_camera_claim *claim, uint32_t reasons);
/* Whether a SEI that counted was the same, byte for byte; and that one counts now. */
bool svms_camera_is_seen(const svms_camera_validator *v, const uint8_t digest[32]);
void svms_camera_see(svms_camera_validator *v, const uint8_t digest[32]);

/* validator_place.c: places a claim (index) whose signature is valid, and then those without one
 * that it confirms. list: its hashes, or NULL. */
SVMS_MUST_CHECK svms_status svms_camera_place(svms_camera_validator *v, size_t index,
                                              const uint8_t *list, svms_error *err);
/* validator_judge.c: the list lies along the items from begin on, at least one of them in order;
 * fills in claim and items. names_before: the GOP that it names as the one before it stands in
 * front of them, where nothing belongs to it then. */
void svms_camera_judge(svms_camera_validator *v, svms_camera_claim *claim, const uint8_t *list,
                       svms_alignment *alignment, uint64_t begin, bool names_before);
/* What stands behind a claim with an open tail, up to limit, is judged, too. */
void svms_camera_close_tail(svms_camera_validator *v, svms_camera_claim *claim, uint64_t limit);

/* Of the items of a claim that is told next, those that are copies stand in nobody's place. */
void svms_camera_judge_copies(svms_camera_validator *v, svms_camera_claim *claim);

/* validator_emit.c: makes reports of what is decided; at_end, of all items. */
SVMS_MUST_CHECK svms_status svms_camera_emit(svms_camera_validator *v, bool at_end,
                                             svms_error *err);
/* The next one, and linked with it. */
bool svms_camera_follows(const svms_camera_validator *v, const svms_camera_chain_end *chain,
                         const svms_camera_claim *claim);
/* validator_gap.c: of the first claim behind a gap, reasons that it goes on there (CS-VER-13). */
uint32_t svms_camera_judge_gap(svms_camera_validator *v, const svms_camera_claim *claim,
                               bool is_other_key);
/* Makes room: the oldest items are given up. */
SVMS_MUST_CHECK svms_status svms_camera_emit_oldest(svms_camera_validator *v, svms_error *err);

/* validator_leftover.c: reports of items [decided, end) that nothing covers. next: the claim
 * (index) that is placed behind them, or claim_count. *unsigned_count: how many of them are
 * unsigned, since the chain ended. */
SVMS_MUST_CHECK svms_status svms_camera_emit_leftover(svms_camera_validator *v, uint64_t end,
                                                      size_t next, uint32_t *unsigned_count,
                                                      svms_error *err);
/* The same for one report, whatever is known. */
SVMS_MUST_CHECK svms_status svms_camera_emit_unsigned(svms_camera_validator *v, uint64_t end,
                                                      uint32_t reasons, svms_error *err);
/* Claims before that one that fit nothing, though they are in order: their items are missing.
 * *unsigned_count: how many are left for the gap behind them. */
SVMS_MUST_CHECK svms_status svms_camera_emit_homeless(svms_camera_validator *v, size_t next,
                                                      uint32_t *unsigned_count, svms_error *err);
/* Reasons of SEIs before that one that no report told yet. */
uint32_t svms_camera_take_reasons(svms_camera_validator *v, size_t next);
/* How far a counter is behind that of a chain; 0: not behind it. */
uint32_t svms_camera_step(const svms_camera_chain_end *chain, uint32_t counter);
/* The chain ends with this claim now. */
void svms_camera_chain_to(svms_camera_validator *v, const svms_camera_claim *claim);

/* report.c */
/* A new one, of the items [decided, end) and the frames that begin in them; their verdicts are
 * counted. It stands until the next one. */
SVMS_MUST_CHECK svms_status svms_camera_report_add(svms_camera_validator *v, uint64_t end,
                                                   bool has_remarks, svms_camera_report **out,
                                                   svms_error *err);
/* count NAL units are missing behind its last one. */
SVMS_MUST_CHECK svms_status svms_camera_report_missing(svms_camera_validator *v,
                                                       svms_camera_report *report, uint32_t count,
                                                       bool has_remarks, svms_error *err);
/* Is the same NAL unit, signed, among those before? *left: comparisons that may be made. */
bool svms_camera_is_repeated(const svms_camera_validator *v, uint64_t seq, uint32_t *left);
/* Who signed it, and who that is. */
SVMS_MUST_CHECK svms_status svms_camera_report_sign(svms_camera_validator *v,
                                                    svms_camera_report *report,
                                                    const svms_camera_claim *claim,
                                                    svms_error *err);
/* Reasons that belong to no report of their own. */
void svms_camera_report_tell(svms_camera_validator *v, uint32_t reasons);
/* Frames at the end in which nothing is covered. */
SVMS_MUST_CHECK svms_status svms_camera_report_rest(svms_camera_validator *v, svms_error *err);
void svms_camera_reports_clear(svms_camera_validator *v);

#endif
