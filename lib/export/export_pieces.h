/* SPDX-License-Identifier: Apache-2.0 */
/* One source on its way into a package: what its verification tells becomes frames. */
#ifndef SVMS_EXPORT_PIECES_H
#define SVMS_EXPORT_PIECES_H

#include "body_check.h"
#include "excerpt.h"
#include "export_internal.h"

typedef struct svms_source_job {
    svms_export *package;
    svms_export_source options;
    svms_source given;
    svms_source source; /* the same, and never longer than it was first */
    bool sized;
    uint64_t size;
    svms_front front;
    bool all_strong;    /* then nothing is sealed again (E-FRM-5) */
    bool surveys;       /* nothing is written yet: is there anything that does not verify? */
    bool second;        /* the container is read for the second time */
    bool declares;      /* flag 4: what does not verify is among what is carried */
    bool unverified;    /* such a piece was met in this pass */
    bool presented;     /* the segment with the one sample was met */
    uint64_t pieces;    /* segments and fragments in this pass */
    uint64_t body_left; /* bytes of the frame's body that are still to come */
    svms_body_check check;
    svms_exported_source is;
    svms_report report;
    bool failed;                /* this pass came to no verdict */
    svms_status finding_status; /* of declaring what does not verify */
    svms_error finding_error;
    svms_finding mismatch; /* the first secret that is not the one that was signed */
} svms_source_job;

/* Takes a piece; user: svms_source_job. */
svms_status svms_export_take_piece(void *user, const svms_piece *piece,
                                   const svms_manifest *manifest, svms_error *err);
/* The frame that comes first. */
SVMS_MUST_CHECK svms_status svms_export_put_source(svms_source_job *job, svms_error *err);
/* export_source.c: declares what does not verify. */
void svms_export_declare(svms_source_job *job, const svms_finding *finding);

/* export_secrets.c: whether anything that opens is needed at all, and is there. SVMS_E_WRONG_KEY */
SVMS_MUST_CHECK svms_status svms_export_unlock(svms_source_job *job, svms_error *err);
/* The secrets of a segment as they stand in part A (E-FRM-3); *fits is false when one of them is
 * not the one that was signed, which is then left out. */
SVMS_MUST_CHECK svms_status svms_export_secrets(svms_source_job *job, const svms_piece *piece,
                                                const svms_manifest *manifest,
                                                uint8_t out[SVMS_MAX_PART_A], size_t *size,
                                                bool *fits, svms_error *err);

#endif
