/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a leaves frame (evidence.md, section 9): made from the records of a segment, read
 * entry by entry, compared with the segment's manifest. */
#ifndef SVMS_LEAVES_H
#define SVMS_LEAVES_H

#include <svms/export.h>

#include "package_format.h"
#include "segment.h"

/* Making --------------------------------------------------------------------------------------- */

/* One segment of a container that has been verified. */
typedef struct svms_leaves_job {
    svms_window *window; /* over the container */
    const svms_header *header;
    svms_hasher *hasher; /* one that is not under way */
    uint64_t offset;     /* of the segment's first record */
    uint64_t size;       /* of its records before the manifest */
    uint32_t removed_tracks;
    svms_export_presented presented; /* of this segment: ONE only where the sample lies in it */
    uint8_t presented_track;         /* with ONE */
    uint64_t presented_sample;       /* with ONE */
    /* Optional, while writing: told of each record what was written of it, or leaf NULL where it
     * was removed. With it each record is read for good before anything is done with it. */
    svms_status (*passed)(void *user, const svms_record *record, const uint8_t *leaf,
                          svms_error *err);
    void *user;
} svms_leaves_job;

/* Receives the next bytes of part B. */
typedef svms_status svms_leaves_take(void *user, const void *data, size_t size, svms_error *err);

/* Bytes of part B, from the headers of the records alone. SVMS_E_USAGE when the one sample is not
 * there. */
SVMS_MUST_CHECK svms_status svms_export_leaves_size(const svms_leaves_job *job, uint64_t *size,
                                                    svms_error *err);
/* Part B, in pieces of at most 64 KiB. */
SVMS_MUST_CHECK svms_status svms_export_write_leaves(const svms_leaves_job *job,
                                                     svms_leaves_take *take, void *user,
                                                     svms_error *err);

/* Reading -------------------------------------------------------------------------------------- */

/* A part B, and how far it has been read. */
typedef struct svms_leaves {
    svms_window *window; /* over the proof */
    const svms_header *header;
    uint32_t removed_tracks;
    uint64_t offset; /* of part B in the proof */
    uint64_t end;
    uint64_t at;
    uint32_t entries; /* that have been read */
    uint32_t auxiliary;
    uint32_t last_number; /* of the last record whose header was seen */
    uint64_t reached;     /* bytes of form 1 that lie before at */
} svms_leaves;

/* One entry. */
typedef struct svms_leaf {
    uint8_t form;
    uint8_t track;
    uint64_t offset;    /* of the entry */
    uint64_t content;   /* of its content */
    uint32_t size;      /* of its content */
    svms_record record; /* forms 1 and 2 */
    /* Form 2. */
    svms_sample_layout layout;
    uint8_t header[SVMS_SAMPLE_HEADER_MAX];
    uint8_t table[SVMS_MAX_RANGE_TABLE];
    /* Forms 2 and 3. */
    uint8_t hash[SVMS_DIGEST_SIZE];
} svms_leaf;

/* At the first entry; size: of part B. */
void svms_leaves_open(svms_leaves *leaves, svms_window *window, const svms_header *header,
                      uint32_t removed_tracks, uint64_t offset, uint64_t size);
/* The next entry; *found is false behind the last. Everything that one entry, and the order of
 * entries, can break gives SVMS_E_MALFORMED, SVMS_E_NOT_AUTHENTIC (CRC) or SVMS_E_LIMIT. */
SVMS_MUST_CHECK svms_status svms_leaves_next(svms_leaves *leaves, bool *found, svms_leaf *out,
                                             svms_error *err);

/* What svms_leaves_check() saw of a segment. */
typedef struct svms_leaves_summary {
    uint64_t auxiliary_size;             /* bytes of all records of form 1 */
    uint32_t presented[SVMS_MAX_TRACKS]; /* entries of form 2 */
    uint32_t others[SVMS_MAX_TRACKS];    /* entries of form 3 */
} svms_leaves_summary;

/* All entries, and every root that the manifest signs of the tracks that are not removed (E-PRF-2).
 * The frame's digest has been checked; whether the manifest is the recorder's, the caller finds
 * out. leaves: just opened. SVMS_E_NOT_AUTHENTIC, SVMS_E_MALFORMED, SVMS_E_LIMIT. */
SVMS_MUST_CHECK svms_status svms_leaves_check(svms_leaves *leaves, const svms_manifest *manifest,
                                              svms_hasher *hasher, svms_leaves_summary *summary,
                                              svms_error *err);

/* The records of form 1, joined: what a segment is of which every track was removed (E-SRC-3). */
SVMS_MUST_CHECK svms_status svms_leaves_auxiliary_size(svms_leaves *leaves, uint64_t *size,
                                                       svms_error *err);
/* size bytes of that from position; quick when positions ascend. */
SVMS_MUST_CHECK svms_status svms_leaves_copy_auxiliary(svms_leaves *leaves, uint64_t position,
                                                       uint8_t *out, size_t size, svms_error *err);

#endif
