/* SPDX-License-Identifier: Apache-2.0 */
/* State of the verification of one recording, shared by the files that implement it. */
#ifndef SVMS_SEQUENCE_INTERNAL_H
#define SVMS_SEQUENCE_INTERNAL_H

#include <svms/sequence.h>

#include "header.h"
#include "verify_internal.h"

#define SVMS_MAX_SEQUENCE_FILES 1048576u

/* One file. */
typedef struct svms_member {
    uint32_t index;
    svms_sequence_item_kind kind;
    bool foreign;
    bool repeated;   /* a better copy of the same container is there */
    bool has_header; /* ids, sequence number and link are known */
    bool has_head;   /* head is known, and closed */
    bool closed;
    bool in_range;
    bool trusted;  /* whoever signed the header; only asked for a range */
    bool stranger; /* not in the range, and not trusted: stands for nothing */
    bool verified;
    bool open_end;        /* nothing but its end lacks, when verified */
    bool confirmed;       /* the head is what a successor or somebody's memory names */
    bool attested;        /* it is what the signed link of a successor that is verified names */
    bool promises;        /* its signed end says that the recording goes on */
    svms_verdict verdict; /* when verified */
    svms_head head;
    bool linked;
    svms_link link;
    uint8_t header_hash[SVMS_DIGEST_SIZE];
    int64_t first_utc_ns; /* or SVMS_NO_TIME */
    uint64_t size;
    svms_pruned *pruned; /* of a pruned record that holds, also by somebody untrusted */
} svms_member;

/* A segment that must be there. */
typedef struct svms_point {
    uint8_t container_id[16];
    uint64_t sequence; /* of that container, where by is SVMS_NO_ITEM */
    uint64_t segment;
    uint8_t hash[SVMS_DIGEST_SIZE];
    uint32_t by; /* position in members of who names it; SVMS_NO_ITEM: somebody remembers it */
    bool seen;
    bool differs;
} svms_point;

typedef struct svms_sequence {
    svms_ctx *ctx;
    svms_sequence_options options;
    svms_verify_options verify;
    svms_sequence_report report;
    bool range;
    svms_member
        *members; /* as given; after svms_sequence_arrange() in the order of the recording */
    uint32_t count;
    uint32_t chain_count; /* the first of them: containers and pruned records of the sequence */
    svms_point *points;   /* by container id */
    size_t point_count;
    size_t point_first; /* those of the container that is being verified */
    size_t point_last;
    uint64_t last_held; /* of it, or SVMS_NO_SEGMENT */
    uint64_t progress_base;
    uint64_t progress_total;
} svms_sequence;

/* sequence_survey.c: what each file is, and which recording is meant. */
SVMS_MUST_CHECK svms_status svms_sequence_survey(svms_sequence *sequence, svms_error *err);
/* Sorts files and finds the segments that must be there. */
SVMS_MUST_CHECK svms_status svms_sequence_arrange(svms_sequence *sequence, svms_error *err);

/* sequence_rules.c: what a verified member lacks of what is remembered of it. */
void svms_sequence_check_points(svms_sequence *sequence, svms_member *member,
                                const svms_report *report);
/* Order, completeness and links of all members. */
void svms_sequence_check_order(svms_sequence *sequence);
void svms_sequence_check_coverage(svms_sequence *sequence);
/* Points of a container: [*first, *last). */
void svms_sequence_find_points(const svms_sequence *sequence, const uint8_t id[16], size_t *first,
                               size_t *last);

/* sequence.c: reports an issue; kind, verdict, item and numbers are set in it. */
void svms_sequence_report_issue(svms_sequence *sequence, svms_sequence_issue *issue,
                                const char *format, ...) __attribute__((format(printf, 3, 4)));
/* An issue about one file. */
svms_sequence_issue svms_sequence_issue_of(const svms_member *member, svms_sequence_issue_kind kind,
                                           svms_verdict verdict);

#endif
