/* SPDX-License-Identifier: Apache-2.0 */
/* A file as somebody else saw it, or is to see it: the bytes of a source with a few places put in,
 * left out or replaced. So each signature is checked over what it was made over, and new files are
 * written, in one pass over the source. */
#ifndef SVMS_ONVIF_EDIT_H
#define SVMS_ONVIF_EDIT_H

#include "onvif_algorithm.h"
#include "onvif_file.h"

typedef struct svms_onvif_edit {
    uint64_t at;
    uint64_t drop;      /* bytes of the source that are left out */
    const uint8_t *put; /* what comes instead; NULL: zeros */
    uint64_t put_size;
} svms_onvif_edit;

/* Sizes of meta and ipro, the signature, and what others added later. */
#define SVMS_ONVIF_MAX_EDITS (4 + SVMS_ONVIF_MAX_SIGNATURES + SVMS_ONVIF_MAX_METAS)

typedef struct svms_onvif_edits {
    svms_onvif_edit list[SVMS_ONVIF_MAX_EDITS]; /* in order, none within another */
    uint32_t count;
    uint8_t sizes[3][8]; /* what is put where sizes change */
    uint32_t sizes_used;
} svms_onvif_edits;

void svms_onvif_add_edit(svms_onvif_edits *edits, uint64_t at, uint64_t drop, const uint8_t *put,
                         uint64_t put_size);
/* The size field of a box becomes size. False when it does not fit there. */
bool svms_onvif_add_size(svms_onvif_edits *edits, const svms_iso_box *box, uint64_t size);

typedef svms_status (*svms_onvif_take)(void *user, const void *data, size_t size, svms_error *err);

/* Edits on their way through a source. */
typedef struct svms_onvif_editor {
    const svms_onvif_edits *edits;
    uint32_t next;
    uint64_t dropped_until;
} svms_onvif_editor;
/* size bytes of the source, which stand at offset; one run after the other. */
SVMS_MUST_CHECK svms_status svms_onvif_feed(svms_onvif_editor *editor, uint64_t offset,
                                            const uint8_t *data, size_t size, svms_onvif_take take,
                                            void *user, svms_error *err);
/* What is put at the end of the source. */
SVMS_MUST_CHECK svms_status svms_onvif_feed_end(svms_onvif_editor *editor, uint64_t size,
                                                svms_onvif_take take, void *user, svms_error *err);

/* Where bytes of the source are first left out without any in their place; UINT64_MAX: nowhere. */
uint64_t svms_onvif_first_omission(const svms_onvif_edits *edits);

/* What a signature is over: signature number i without those of later hands (O-HASH). */
void svms_onvif_view_of(svms_onvif_edits *edits, const svms_onvif_file *file, uint32_t number);

/* A digest of the edited file. */
typedef struct svms_onvif_lane {
    const svms_onvif_edits *edits;
    svms_onvif_digest digest;
    struct evp_md_ctx_st *state;
    svms_onvif_editor editor;
    uint8_t out[SVMS_ONVIF_MAX_DIGEST];
} svms_onvif_lane;
/* Fills out of every lane, reading the file once. What lies before the first edit of all is hashed
 * once for each kind of digest. */
SVMS_MUST_CHECK svms_status svms_onvif_digest_lanes(const svms_onvif_file *file,
                                                    svms_onvif_lane *lanes, uint32_t count,
                                                    svms_error *err);
/* Writes the edited file. */
SVMS_MUST_CHECK svms_status svms_onvif_write_edited(const svms_onvif_file *file,
                                                    const svms_onvif_edits *edits,
                                                    const svms_sink *sink, svms_error *err);

#endif
