/* SPDX-License-Identifier: Apache-2.0 */
/* Reads one segment from start to signature and says whether it holds. Reader and verifier share
 * it. */
#ifndef SVMS_SEGMENT_H
#define SVMS_SEGMENT_H

#include "front.h"
#include "merkle.h"
#include "record.h"

/* Largest manifest that C-MAN-7 allows. */
#define SVMS_MANIFEST_LARGEST                                                                      \
    (SVMS_MANIFEST_FIXED_SIZE + (SVMS_MAX_TRACKS + 1) * SVMS_TRACK_ENTRY_SIZE)
#define SVMS_ANY_SEGMENT SVMS_NO_SEGMENT

/* Manifests that were read lately: what late signatures and evidence may name. */
#define SVMS_KNOWN_MANIFESTS SVMS_MAX_EVIDENCE_DISTANCE
typedef struct svms_known_manifest {
    bool present;
    bool lacks_signature;
    bool attested; /* found out by reading ahead */
    uint32_t size; /* of the record */
    uint64_t number;
    uint64_t offset;
    uint64_t late_offset; /* of the late signature that was taken, or 0 */
    int64_t made_utc_ns;
    int64_t first_utc_ns;
    uint8_t hash[SVMS_DIGEST_SIZE];
} svms_known_manifest;

typedef struct svms_known {
    svms_known_manifest items[SVMS_KNOWN_MANIFESTS];
} svms_known;

/* An evidence record of kind 1, as it stands in the file. */
typedef struct svms_evidence_record {
    uint64_t segment;    /* that it attests */
    uint64_t holder;     /* that holds it */
    uint64_t offset;     /* of the token */
    int64_t made_utc_ns; /* when the segment claims to have been made */
    uint32_t size;
    bool unproven; /* met on the way ahead: not compared with the holder's manifest */
    uint8_t hash[SVMS_DIGEST_SIZE];
} svms_evidence_record;

/* A late signature that is wrong. */
typedef struct svms_late_failure {
    bool found;
    uint64_t segment; /* that it names */
    uint64_t offset;
    char message[128];
} svms_late_failure;

typedef struct svms_scanned_track {
    svms_merkle tree;
    int64_t first_pts;
    int64_t longest_ns; /* from the first sample's time to the latest end of a sample */
} svms_scanned_track;

/* What a scan found. */
typedef struct svms_segment {
    uint64_t offset;
    uint64_t end;             /* behind the signature, or 0 when the way there was lost */
    uint64_t reached;         /* the record that was read last */
    uint64_t manifest_offset; /* 0 when none was reached */
    uint32_t manifest_size;   /* of the record */
    bool lacks_signature;     /* it may come later (C-SIG-4, C-SIG-5) */
    uint64_t late_attested;   /* last segment that a late signature in here attests, or none */
    svms_late_failure late_failure; /* the first one */
    bool truncated;                 /* the file ends within the segment */
    bool believed; /* the manifest's signature fits (or media are unsigned): its fields may be
                      quoted */
    bool has_start;
    svms_segment_start start;
    svms_manifest manifest;         /* valid when believed */
    uint8_t hash[SVMS_DIGEST_SIZE]; /* C-MAN-4; valid when end is set */
    uint32_t samples;
    uint32_t records;   /* before the manifest, those that were removed included */
    uint32_t missing;   /* records of removed tracks */
    bool unread;        /* only the manifest was looked at */
    svms_error problem; /* the first one; status SVMS_OK when the segment holds */
} svms_segment;

typedef struct svms_scanner svms_scanner;
struct svms_scanner {
    svms_front *front;
    bool (*tick)(void *user, uint64_t offset); /* false cancels; may be NULL */
    void *user;
    uint8_t (*leaves)[SVMS_DIGEST_SIZE]; /* receives every sample's leaf hash, or NULL */
    svms_index *index; /* if set, index records are compared with what it would write (C-IDX-4) */
    svms_builder *index_record; /* scratch for that */
    unsigned index_level;
    svms_known *known; /* if set, what late signatures and evidence are compared with */
    void (*evidence)(void *user, const svms_evidence_record *evidence); /* optional; needs known */
    bool ahead;       /* records are passed over without comparing them with their manifest */
    uint32_t removed; /* tracks whose samples were left out of every segment (E-SRC-3) */
    bool first_is_removed;
    uint8_t first_track;
    bool first_is_sync;
    uint32_t auxiliary_count;
    svms_merkle auxiliary;
    svms_scanned_track tracks[SVMS_MAX_TRACKS];
    uint8_t manifest_raw[SVMS_RECORD_HEADER_SIZE + SVMS_MANIFEST_LARGEST];
};

bool svms_track_is_removed(const svms_scanner *scanner, uint8_t track);

/* Scans the segment at offset. expected: its number, or SVMS_ANY_SEGMENT; previous: hash of the
 * manifest before, or NULL when that is not known. Returns SVMS_OK also for a segment that does not
 * hold (see problem); failures are those of the environment, and SVMS_E_CANCELLED. */
SVMS_MUST_CHECK svms_status svms_segment_scan(svms_scanner *scanner, uint64_t offset,
                                              uint64_t expected, const uint8_t *previous,
                                              svms_segment *out, svms_error *err);

/* Notes the manifest of a segment that was scanned. */
void svms_known_add(svms_known *known, const svms_segment *segment);
/* NULL when that segment's manifest was not read lately. */
svms_known_manifest *svms_known_find(svms_known *known, uint64_t number);
/* late.c: a late signature record at offset. *number receives the segment that it names, or
 * SVMS_NO_SEGMENT. SVMS_OK: it attests it, or nothing is known of that segment (*number is
 * SVMS_NO_SEGMENT then). SVMS_E_MALFORMED: the record breaks the format. SVMS_E_NOT_AUTHENTIC: it
 * is wrong. next: number of the segment that holds it, or of that which would come next. */
SVMS_MUST_CHECK svms_status svms_late_signature_check(svms_scanner *scanner,
                                                      const svms_record *record, uint64_t offset,
                                                      uint64_t next, uint64_t *number,
                                                      svms_error *err);
/* evidence.c: an evidence record at offset, in segment `holder`; calls scanner->evidence. */
SVMS_MUST_CHECK svms_status svms_evidence_check(svms_scanner *scanner, const svms_record *record,
                                                uint64_t offset, uint64_t holder, svms_error *err);

/* Reads manifest and signature record at offset into out, whose start is known; out->end stays 0
 * when they are too damaged to go on. */
SVMS_MUST_CHECK svms_status svms_segment_take_manifest(svms_scanner *scanner,
                                                       const svms_record *record, uint64_t offset,
                                                       svms_segment *out, svms_error *err);

/* Where a sample's parts lie within its record. */
typedef struct svms_sample_layout {
    uint32_t sample_size;
    uint32_t table_size;
    uint32_t protected_size;
    uint32_t chunks;
    uint32_t range_count;
} svms_sample_layout;

/* Checks header and range table against the track (C-REC-3 to C-REC-5). table: the first bytes of
 * the body, of which `available` are there. */
SVMS_MUST_CHECK svms_status svms_sample_layout_of(svms_sample_layout *out, const svms_track *track,
                                                  const svms_record *record, const uint8_t *table,
                                                  size_t available, uint64_t offset,
                                                  svms_error *err);

/* The next offset behind `from` at which a segment of this container seems to start (C-SEG-3);
 * *found is false when there is none. tick as in the scanner. */
SVMS_MUST_CHECK svms_status svms_segment_search(svms_scanner *scanner, uint64_t from, bool *found,
                                                uint64_t *offset, uint64_t *number,
                                                svms_error *err);

/* True for failures that end everything: environment, internal, cancelled. */
bool svms_is_grave(svms_status status);

#endif
