/* SPDX-License-Identifier: Apache-2.0 */
/* A package that is being read: links, directories, frames, and containers as far as they are
 * carried. Verification of packages and of proofs share it. */
#ifndef SVMS_EVIDENCE_INTERNAL_H
#define SVMS_EVIDENCE_INTERNAL_H

#include "case_document.h"
#include "excerpt.h"
#include "frame.h"
#include "leaves.h"
#include "link.h"
#include "manifest.h"
#include "package_header.h"

#define SVMS_NO_ENTRY UINT64_MAX
#define SVMS_EVIDENCE_FRAMES 8u
#define SVMS_EVIDENCE_BLOCKS 16u

/* A link that stands in the file. */
typedef struct svms_evidence_link {
    uint64_t offset;
    uint64_t size; /* without its tail */
    uint8_t head[SVMS_DIGEST_SIZE];
    svms_role role;
    uint32_t policy;
    int64_t utc_ns;
    char *note;       /* NULL: none, or it cannot be read */
    bool broken;      /* it does not fit, or one before it does not (E-VER-2) */
    bool unsupported; /* nobody here can check it (E-VER-1) */
    bool stamped;     /* it has a token */
    char reason[244]; /* why */
} svms_evidence_link;

/* A directory: where it is, and what its bytes must be. */
typedef struct svms_evidence_directory {
    uint64_t offset;
    uint8_t hash[SVMS_DIGEST_SIZE];
    uint32_t segments_before; /* segment and leaves frames in the directories before */
    uint64_t first_origin;    /* of its first entry */
} svms_evidence_directory;

/* A directory's bytes, compared with its hash. */
typedef struct svms_evidence_block {
    uint64_t number;
    uint64_t used;  /* greater: asked for later */
    uint8_t *bytes; /* of the largest directory frame; NULL: not there */
} svms_evidence_block;

/* A source: the entries that belong to it, and what it says of itself. */
typedef struct svms_evidence_part {
    svms_evidence *evidence;
    uint32_t number;
    uint8_t flags;
    bool front_known; /* the fields from removed_tracks on are set */
    bool wrong_flag;  /* flag 4 is not what its frames say */
    bool hide_bodies; /* one of its sealed bodies does not open */
    bool shut;        /* likewise, found out since this was last cleared */
    uint64_t shut_entry;
    uint64_t first;         /* entry of the source frame; its pieces follow */
    uint64_t end;           /* behind its last entry */
    uint64_t first_ordinal; /* segments and leaves of the sources before */
    uint64_t segments;
    uint64_t first_segment;
    uint64_t last_segment;
    int64_t first_utc_ns;
    int64_t last_utc_ns;
    svms_verdict verdict;
    svms_source source; /* the container as far as it is carried */
    uint32_t removed_tracks;
    int64_t from_utc_ns;
    int64_t to_utc_ns;
    uint64_t container_size; /* of the file that it comes from, as the exporter says */
    uint64_t front_size;     /* header and its signature */
    uint64_t first_record;   /* behind the access slots that are not carried */
    bool all_strong;
    uint32_t all_tracks;  /* bit for each track */
    uint64_t carried_end; /* behind its last piece; 0: not looked up yet */
    uint64_t near;        /* entry that was found last by its origin, or 0 */
} svms_evidence_part;

/* A frame whose digest and fields have been compared, or that failed that. */
typedef struct svms_evidence_frame {
    uint64_t entry; /* SVMS_NO_ENTRY: none */
    svms_frame_entry listed;
    bool holds;
    char reason[244]; /* why it does not */
    uint64_t stored;  /* bytes in the file */
    /* Only where it holds. */
    svms_frame frame;
    uint8_t header[SVMS_FRAME_HEADER_SIZE];
    uint64_t a_offset;
    uint64_t b_offset;
    uint64_t c_offset;
    uint64_t body_size; /* opened; of leaves: bytes of the auxiliary records */
    bool closing_known; /* part C has been compared together with header and digest */
    uint8_t closing_hash[SVMS_DIGEST_SIZE]; /* of it: that of a manifest (C-MAN-4) */
} svms_evidence_frame;

/* Header of a source, parsed. */
typedef struct svms_evidence_front {
    uint32_t number; /* of the source; UINT32_MAX: none */
    uint8_t *raw;
    size_t raw_size;
    svms_header header;
} svms_evidence_front;

/* The chunk of a sealed body that was opened last. */
typedef struct svms_evidence_chunk {
    svms_aead *aead;
    uint64_t keyed; /* entry whose key is set, or SVMS_NO_ENTRY */
    uint64_t entry; /* entry that the bytes are of, or SVMS_NO_ENTRY */
    uint64_t number;
    uint8_t *sealed;
    uint8_t *opened;
} svms_evidence_chunk;

typedef struct svms_evidence_progress {
    int (*callback)(void *user, uint64_t done, uint64_t total); /* NULL: nobody asks */
    void *user;
    uint64_t done;
    uint64_t told;
    uint64_t total;
} svms_evidence_progress;

struct svms_evidence {
    svms_ctx *ctx;
    svms_window window; /* over the file */
    svms_hasher *hasher;
    svms_package_header header;
    uint8_t slot_hash[SVMS_DIGEST_SIZE];
    uint32_t recipient_count;
    svms_recipient recipients[SVMS_MAX_RECIPIENTS];
    bool unlocked;                  /* sealed, and opened */
    uint8_t root[SVMS_DIGEST_SIZE]; /* P */
    uint32_t link_count;
    svms_evidence_link *links;
    uint64_t attested_end;  /* behind the last whole tail */
    bool foreign_rest;      /* what stands behind is no link that was interrupted */
    svms_link_object first; /* what link 0 signs; without its note */
    bool indexed;           /* all directories have been compared */
    uint64_t directory_count;
    svms_evidence_directory *directories;
    svms_evidence_block blocks[SVMS_EVIDENCE_BLOCKS];
    uint64_t blocks_used;
    uint64_t entry_count; /* frames without directories */
    uint8_t *checked;     /* bit for each entry: its digest has been compared */
    uint8_t *failed;      /* bit for each entry: it does not hold */
    svms_evidence_part *parts;
    uint64_t *attachments; /* their entries */
    svms_evidence_frame frames[SVMS_EVIDENCE_FRAMES];
    uint32_t oldest_frame;
    svms_evidence_front front;
    svms_evidence_chunk chunk;
    svms_leaves leaves; /* of frame leaves_entry */
    uint64_t leaves_entry;
    char *case_json;
    size_t case_size;
    svms_case *document;
    svms_evidence_progress progress;
};

/* evidence_links.c: finds links and rest, checks what link 0 and the others sign; link 0 must hold.
 */
SVMS_MUST_CHECK svms_status svms_evidence_find_links(svms_evidence *evidence, svms_error *err);
/* A link as it stands in the file, with the bytes that view points into; it must still be the one
 * that was found. Release bytes with svms_release(). */
SVMS_MUST_CHECK svms_status svms_evidence_reread_link(svms_evidence *evidence, uint32_t number,
                                                      svms_link_view *view, svms_chain **chain,
                                                      uint8_t **bytes, svms_error *err);
/* Policy of the newest link. */
uint32_t svms_evidence_policy(const svms_evidence *evidence);

/* evidence_index.c: all directories, back from link 0 and forward again. */
SVMS_MUST_CHECK svms_status svms_evidence_read_index(svms_evidence *evidence, svms_error *err);
/* Entry e, directories left out, from a directory whose hash has been compared. */
SVMS_MUST_CHECK svms_status svms_evidence_entry_at(svms_evidence *evidence, uint64_t e,
                                                   svms_frame_entry *out, svms_error *err);
/* Where the frame behind it begins. */
SVMS_MUST_CHECK svms_status svms_evidence_entry_end(svms_evidence *evidence, uint64_t e,
                                                    uint64_t *end, svms_error *err);
/* Count of the frame (E-FRM-2). */
uint64_t svms_evidence_frame_count(uint64_t e);
/* The piece of a source with the greatest origin that is not above offset; *found is false when all
 * are. */
SVMS_MUST_CHECK svms_status svms_evidence_find_origin(svms_evidence_part *part, uint64_t offset,
                                                      bool *found, uint64_t *e, svms_error *err);
/* The last segment of a source that begins at or before a time, or its first one. */
SVMS_MUST_CHECK svms_status svms_evidence_find_time(const svms_evidence_part *part, int64_t utc_ns,
                                                    bool *found, uint64_t *e, svms_error *err);
/* The segment or leaves frame of a source with this number, by what the directories say. */
SVMS_MUST_CHECK svms_status svms_evidence_find_segment(const svms_evidence_part *part,
                                                       uint64_t number, bool *found, uint64_t *e,
                                                       svms_error *err);

/* evidence_frame.c: frame e with its digest and its fields compared. A frame that does not hold is
 * no failure of the call. Valid until SVMS_EVIDENCE_FRAMES others were asked for. */
SVMS_MUST_CHECK svms_status svms_evidence_check_frame(svms_evidence *evidence, uint64_t e,
                                                      const svms_evidence_frame **out,
                                                      svms_error *err);
/* The same, and a frame that does not hold is SVMS_E_NOT_AUTHENTIC. */
SVMS_MUST_CHECK svms_status svms_evidence_need_frame(svms_evidence *evidence, uint64_t e,
                                                     const svms_evidence_frame **out,
                                                     svms_error *err);
/* Part C of a frame that holds, in memory, as it was when its digest was compared (E-OVR-3); of
 * sealed segments that were asked for before, only what their source's recorder signed is.
 * Release with svms_release(). */
SVMS_MUST_CHECK svms_status svms_evidence_take_closing(svms_evidence *evidence,
                                                       const svms_evidence_frame *frame,
                                                       uint8_t **out, svms_error *err);
/* SHA-256 of part C of frame e, compared with its digest; *holds is false when it does not. */
SVMS_MUST_CHECK svms_status svms_evidence_closing_hash(svms_evidence *evidence, uint64_t e,
                                                       bool *holds, uint8_t hash[SVMS_DIGEST_SIZE],
                                                       svms_error *err);
bool svms_evidence_is_checked(const svms_evidence *evidence, uint64_t e);
bool svms_evidence_has_failed(const svms_evidence *evidence, uint64_t e);
void svms_evidence_set_failed(svms_evidence *evidence, uint64_t e);
/* More bytes are done, or, with 0, nothing new; false when whoever verifies does not want to go on.
 */
bool svms_evidence_advance(svms_evidence *evidence, uint64_t bytes);
bool svms_evidence_tick(svms_evidence *evidence);

/* evidence_body.c: some of a frame's body as it is when it is opened. SVMS_E_UNDECRYPTABLE when a
 * chunk does not open; SVMS_E_WRONG_KEY without key. */
SVMS_MUST_CHECK svms_status svms_evidence_read_body(svms_evidence *evidence,
                                                    const svms_evidence_frame *frame,
                                                    uint64_t position, uint8_t *out, size_t size,
                                                    svms_error *err);
/* Opens a body of which all stored bytes are at hand; out has room for frame->body_size. */
SVMS_MUST_CHECK svms_status svms_evidence_open_body(svms_evidence *evidence,
                                                    const svms_evidence_frame *frame,
                                                    const uint8_t *stored, uint8_t *out,
                                                    svms_error *err);
/* Part A, opened; SVMS_E_WRONG_KEY, SVMS_E_UNDECRYPTABLE. size: what *out receives. */
SVMS_MUST_CHECK svms_status svms_evidence_read_secrets(svms_evidence *evidence,
                                                       const svms_evidence_frame *frame,
                                                       uint8_t out[SVMS_MAX_PART_A], size_t *size,
                                                       svms_error *err);
/* Whether its body can be read. */
bool svms_evidence_can_read(const svms_evidence *evidence, const svms_frame *frame);

/* evidence_source.c: header of source s (the one that was asked for last is kept), part filled.
 * SVMS_E_NOT_AUTHENTIC when its frame does not hold or breaks a rule. */
SVMS_MUST_CHECK svms_status svms_evidence_header_of(svms_evidence *evidence, uint32_t s,
                                                    const svms_header **header, svms_error *err);
void svms_evidence_front_clear(svms_evidence *evidence);
/* The container as far as it is carried; part->source and everything it needs belong to the
 * package. The header must have been asked for before. */
void svms_evidence_excerpt(svms_evidence_part *part, int64_t attested_utc_ns, svms_excerpt *out);
/* Everything that the public struct says, but the verdict. */
SVMS_MUST_CHECK svms_status svms_evidence_period(svms_evidence *evidence, uint32_t s,
                                                 svms_export_period *out, svms_error *err);

/* evidence_case.c: the case, compared with the frames (E-CAS-1) as far as that needs no content of
 * attachments; belongs to the package. As svms_export_get_case(), and SVMS_E_UNDECRYPTABLE where it
 * does not open although the key is right. */
SVMS_MUST_CHECK svms_status svms_evidence_case(svms_evidence *evidence, const svms_case **out,
                                               svms_error *err);

/* evidence_derivation.c: what its derivations name is carried. */
SVMS_MUST_CHECK svms_status svms_evidence_compare_derivations(svms_evidence *evidence,
                                                              const svms_case *document,
                                                              svms_error *err);

/* evidence_attachment.c: opens and hashes an attachment, hands it to sink unless that is NULL. */
SVMS_MUST_CHECK svms_status svms_evidence_take_attachment(svms_evidence *evidence, uint32_t number,
                                                          const svms_sink *sink,
                                                          uint8_t digest[SVMS_DIGEST_SIZE],
                                                          svms_error *err);

/* Verification --------------------------------------------------------------------------------- */

/* Something that fails, and where. */
typedef struct svms_evidence_failure {
    svms_verdict verdict;
    uint32_t source;     /* or UINT32_MAX */
    uint32_t attachment; /* or UINT32_MAX */
    uint64_t segment;    /* or SVMS_NO_SEGMENT */
    int64_t utc_ns;      /* or SVMS_NO_TIME */
    uint64_t offset;     /* in the package */
    const char *reason;
} svms_evidence_failure;

#define SVMS_EVIDENCE_FAILURE_INIT                                                                 \
    {                                                                                              \
        SVMS_VERDICT_NOT_AUTHENTIC, UINT32_MAX, UINT32_MAX, SVMS_NO_SEGMENT, SVMS_NO_TIME,         \
            SVMS_NO_OFFSET, ""                                                                     \
    }

/* A source that was judged by itself, until those of its recording are judged together (E-VER-3).
 */
typedef struct svms_evidence_judged {
    struct svms_evidence_judged *next;
    svms_export_period period;
    svms_report report;
    svms_excerpt_findings findings;
    bool holds; /* held is all that it lacks so far */
    bool many;  /* it lacks more than one thing */
    svms_finding held;
    bool takes_part; /* with what follows up to last_utc_ns */
    uint8_t h[SVMS_DIGEST_SIZE];
    bool linked;
    svms_link previous;
    int64_t created_utc_ns;
    bool ended;
    svms_end end;
    bool has_manifest; /* segments or manifests are carried; the first one, and the last time */
    uint64_t first_manifest;
    int64_t first_utc_ns;
    int64_t last_utc_ns;
    bool covered;              /* a successor shows that nothing is missing at its open end */
    bool gap;                  /* a container is missing beside it */
    const char *contradiction; /* what another container says otherwise, or NULL */
} svms_evidence_judged;

typedef struct svms_evidence_verification {
    svms_evidence *evidence;
    svms_export_verify_options options;
    svms_export_report report;
    svms_verdict first_verdict;  /* of the first failure */
    int64_t attested_utc_ns;     /* by the token of a link, everything before; or SVMS_NO_TIME */
    svms_evidence_part *part;    /* source that is being judged */
    svms_evidence_judged *now;   /* it */
    svms_evidence_judged *first; /* of all that were judged, by number */
    svms_evidence_judged *last;
    bool readable; /* its header can be used */
    bool again;    /* a second run: what was told up to told_offset is told */
    uint64_t told_offset;
    svms_finding shut;  /* what did not open */
    svms_verdict worst; /* of what was told of the source */
    svms_error failed;  /* what a callback could not return */
} svms_evidence_verification;

/* evidence_verify.c */
void svms_evidence_find(svms_evidence_verification *verification,
                        const svms_evidence_failure *failure, svms_verdict *group);
/* A finding that the report of a source does not have yet. */
void svms_evidence_note(svms_report *report, const svms_finding *finding);
/* evidence_verify_links.c: all links, and what stands behind them. */
SVMS_MUST_CHECK svms_status svms_evidence_verify_links(svms_evidence_verification *verification,
                                                       svms_error *err);
/* evidence_verify_source.c: all sources with their frames. */
SVMS_MUST_CHECK svms_status svms_evidence_verify_sources(svms_evidence_verification *verification,
                                                         svms_error *err);
/* evidence_verify_recording.c: notes what verification->now, judged by itself, is in its recording;
 * header NULL: nobody knows. */
SVMS_MUST_CHECK svms_status svms_evidence_note_place(svms_evidence_verification *verification,
                                                     const svms_header *header, svms_error *err);
/* Judges the sources of each recording together, and tells of all sources by their numbers. */
SVMS_MUST_CHECK svms_status svms_evidence_settle(svms_evidence_verification *verification,
                                                 svms_error *err);
/* evidence_verify_source.c: tells a finding of verification->part. */
void svms_evidence_tell(svms_evidence_verification *verification, const svms_finding *finding);
/* evidence_verify_frames.c: whatever verifying the excerpt of verification->part does not say of
 * its frames. */
SVMS_MUST_CHECK svms_status svms_evidence_verify_pieces(svms_evidence_verification *verification,
                                                        svms_error *err);

#endif
