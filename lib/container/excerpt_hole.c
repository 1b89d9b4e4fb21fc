/* SPDX-License-Identifier: Apache-2.0 */
/* How far that reaches which does not verify and is carried all the same: never out of the period,
 * or a damaged byte would let everything out (E-SRC-10). */
#include "excerpt_internal.h"

#include "failure.h"

/* The way to the index, and the last segment in it that begins at or before a time: hints, which
 * nobody has verified. */
static svms_status ask_index(svms_front *front, int64_t utc_ns, bool *found, svms_end *end,
                             svms_index_entry *entry, svms_error *err)
{
    svms_status status = svms_front_find_end(front, found, end, err);
    return status == SVMS_OK && *found
               ? svms_front_look_up(front, end, 0, &utc_ns, found, entry, err)
               : status;
}

svms_status svms_hole_open(svms_collecting *self, svms_verification *verification,
                           const svms_segment *segment, svms_error *err)
{
    int64_t from = verification->options.from_utc_ns;
    svms_end end = { 0 };
    svms_index_entry entry;
    bool found = false;
    svms_status status = SVMS_OK;
    if (segment->offset >= self->period_end) {
        return SVMS_OK;
    }
    if (!self->hole) {
        self->hole = true;
        self->hole_from = segment->offset > self->told_end ? segment->offset : self->told_end;
        self->hole_number = verification->expected;
        self->hole_found = 0;
        self->hole_next = SVMS_NO_OFFSET;
        if (from != SVMS_NO_TIME && !self->begun) {
            status = ask_index(&verification->front, from, &found, &end, &entry, err);
        }
        if (status == SVMS_OK && found && entry.offset > self->hole_from) {
            self->hole_from = entry.offset;
            self->hole_number = entry.segment;
        }
    }
    if (segment->believed && segment->end != 0) {
        self->hole_found = segment->end;
    }
    return status;
}

void svms_hole_beside(svms_collecting *self, const svms_verification *verification,
                      const svms_segment *segment, bool after)
{
    bool still = self->hole && segment->offset >= self->hole_from;
    if (after && segment->offset < self->period_end && verification->range) {
        self->period_end = segment->offset;
    }
    if (still && segment->offset < self->hole_next) {
        self->hole_next = segment->offset;
    }
    if (still && !after) {
        self->hole = false; /* all of it lies before the period */
    }
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static svms_status tell(svms_collecting *self, uint64_t end, svms_error *err)
{
    svms_piece piece = { 0 };
    bool empty = end <= self->hole_from;
    self->hole = false;
    if (empty) {
        return SVMS_OK;
    }
    piece.kind = SVMS_PIECE_FRAGMENT;
    piece.unverified = true;
    piece.number = self->hole_number;
    piece.offset = self->hole_from;
    piece.body_size = end - self->hole_from;
    piece.first_utc_ns = SVMS_NO_TIME;
    piece.last_utc_ns = SVMS_NO_TIME;
    self->told_end = end;
    return svms_collect_hand(self, &piece, NULL, err);
}

/* Where the period ends by the index, or SVMS_NO_OFFSET. */
static svms_status find_period_end(svms_front *front, int64_t to_utc_ns, uint64_t *out,
                                   svms_error *err)
{
    svms_end end = { 0 };
    svms_index_entry entry;
    bool found = false;
    *out = SVMS_NO_OFFSET;
    svms_status status = ask_index(front, to_utc_ns - 1, &found, &end, &entry, err);
    if (status != SVMS_OK || !found) {
        return status;
    }
    if (entry.segment + 1 >= end.segments) {
        *out = end.offset;
        return SVMS_OK;
    }
    status = svms_front_look_up(front, &end, entry.segment + 1, NULL, &found, &entry, err);
    *out = status == SVMS_OK && found ? entry.offset : SVMS_NO_OFFSET;
    return status;
}

svms_status svms_hole_close(svms_collecting *self, uint64_t end, svms_error *err)
{
    return self->hole ? tell(self, lesser(end, lesser(self->hole_next, self->period_end)), err)
                      : SVMS_OK;
}

svms_status svms_hole_finish(svms_collecting *self, svms_verification *verification,
                             svms_error *err)
{
    uint64_t size =
        verification->closed_hint ? verification->hint.offset : verification->front.window.size;
    uint64_t known = SVMS_NO_OFFSET;
    if (!self->hole) {
        return SVMS_OK;
    }
    if (verification->options.to_utc_ns == SVMS_NO_TIME) {
        return tell(self, lesser(size, self->hole_next), err);
    }
    svms_status status =
        find_period_end(&verification->front, verification->options.to_utc_ns, &known, err);
    if (status != SVMS_OK) {
        return status;
    }
    known = lesser(known, lesser(self->hole_next, self->period_end));
    if (known == SVMS_NO_OFFSET && self->hole_found == 0) {
        return svms_fail_at(err, SVMS_E_LIMIT, self->hole_from,
                            "nothing tells where the period ends in what does not verify "
                            "(E-SRC-10)");
    }
    return tell(self, lesser(size, known == SVMS_NO_OFFSET ? self->hole_found : known), err);
}
