/* SPDX-License-Identifier: Apache-2.0 */
/* The shape of a container that may be damaged: which bytes are records, and where they end.
 * Nothing is verified here. */
#ifndef SVMS_RECOVER_INTERNAL_H
#define SVMS_RECOVER_INTERNAL_H

#include <svms/recover.h>

#include "front.h"
#include "record.h"

typedef struct svms_walker {
    svms_front *front;
    bool (*tick)(void *user, uint64_t offset); /* false cancels; may be NULL */
    void *user;
    uint64_t at;
    bool inside;            /* a segment is under way: started, and no manifest yet */
    uint32_t expected;      /* number of its next record */
    uint64_t segment;       /* number of the last segment that started, or SVMS_NO_SEGMENT */
    uint64_t segment_start; /* its offset, 0 when that was damaged */
    bool after_end;         /* the end record was passed */
    bool after_tail;
    svms_record passed; /* the last record; its type is 0 when that is lost */
    bool resumed;       /* what stands here was found behind damage */
} svms_walker;

/* Stands before the first record, or at offset, where no segment is under way. */
svms_walker svms_walker_at(svms_front *front, uint64_t offset);

typedef enum svms_walked {
    SVMS_WALKED_RECORD, /* a whole record that belongs here; the walker stands behind it */
    SVMS_WALKED_DAMAGE, /* no such record. The walker stands at the next one that surely is of this
                           container, or behind one whose header alone is damaged (see passed) */
    SVMS_WALKED_NOTHING /* nothing recognisable follows; the walker did not move */
} svms_walked;

SVMS_MUST_CHECK svms_status svms_walker_step(svms_walker *walker, svms_walked *walked,
                                             svms_error *err);

/* What a walk over everything finds. */
typedef struct svms_outline {
    uint64_t whole;      /* end of the last whole record: the size of a clean copy */
    uint64_t end_offset; /* where index and end record begin, 0 when there are none */
    uint64_t unfinished; /* where the last segment begins, when it has no manifest; else 0 */
    uint64_t torn;       /* bytes behind `whole`, by kind */
    uint64_t trailer;
    uint64_t zero;
    uint64_t other;
} svms_outline;

/* Walks from where the walker stands to the end. */
SVMS_MUST_CHECK svms_status svms_outline_find(svms_walker *walker, svms_outline *out,
                                              svms_error *err);

#endif
