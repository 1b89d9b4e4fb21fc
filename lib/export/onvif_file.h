/* SPDX-License-Identifier: Apache-2.0 */
/* What an export file is made of (docs/spec/onvif-export.md), found by walking its boxes. */
#ifndef SVMS_ONVIF_FILE_H
#define SVMS_ONVIF_FILE_H

#include <svms/onvif.h>

#include "builder.h"
#include "iso_box.h"

#define SVMS_ONVIF_OEFF SVMS_ISO_TYPE('o', 'e', 'f', 'f')
#define SVMS_ONVIF_VERSION 0x00010000u

/* Limits (O-LIM). */
#define SVMS_ONVIF_MAX_METAS 8
#define SVMS_ONVIF_MAX_WARNINGS 32
#define SVMS_ONVIF_MAX_CERTIFICATE 65536u
#define SVMS_ONVIF_MAX_NOTE 16384u /* written; read are as many as of a certificate */
#define SVMS_ONVIF_MAX_STARTS_SIZE 65536u
#define SVMS_ONVIF_MAX_TEXT 1024u
#define SVMS_ONVIF_MAX_CONFIG 1024u
#define SVMS_ONVIF_MAX_DESCRIPTION 524288u
#define SVMS_ONVIF_MAX_META 1048576u

/* What cannot be in what was added later, and be left out of earlier signatures (O-VER-12). */
typedef struct svms_onvif_stray {
    const char *why; /* static; NULL: there is none */
    uint32_t type;
    uint64_t offset;
} svms_onvif_stray;

#define SVMS_ONVIF_NOWHERE UINT64_MAX

/* A file-level meta. */
typedef struct svms_onvif_meta {
    svms_iso_box box;
    svms_iso_box ipro; /* type 0: none */
    svms_iso_box suep; /* the first one */
    svms_iso_box cstb; /* the one beside the signatures */
    bool is_signed;    /* an export meta */
    /* Of an export meta: */
    bool begins_right;      /* with 4 zero bytes and the handler of the format */
    uint64_t last_handler;  /* where the letters 'hdlr' stand last; SVMS_ONVIF_NOWHERE */
    svms_onvif_stray stray; /* of one that signature 1 does not cover */
} svms_onvif_meta;

/* A signing instance. Boxes that it lacks have type 0. */
typedef struct svms_onvif_sinf {
    svms_iso_box box;
    svms_iso_box sibo;
    svms_iso_box cert;
    svms_iso_box sigc;
    svms_iso_box auib;
    svms_iso_box cstb;
    uint32_t meta;      /* number of the meta it lies in */
    const char *defect; /* why it cannot be a signature at all; static, or NULL */
    svms_onvif_stray stray;
} svms_onvif_sinf;

typedef struct svms_onvif_warnings {
    char text[SVMS_ONVIF_MAX_WARNINGS][160];
    uint32_t count;
} svms_onvif_warnings;

typedef struct svms_onvif_file {
    svms_ctx *ctx;
    const svms_source *source;
    uint64_t size;
    svms_iso_box first;
    svms_iso_box last;
    svms_iso_box moov;
    uint64_t fixed_end; /* of the last box that later signatures must not move (O-HASH-5) */
    svms_onvif_meta metas[SVMS_ONVIF_MAX_METAS];
    uint32_t meta_count;
    svms_onvif_sinf sinfs[SVMS_ONVIF_MAX_SIGNATURES];
    uint32_t sinf_count;
    bool lies_elsewhere; /* media of a track lie in another file (O-VER-9) */
    char astray[160];    /* which samples do not lie in 'mdat', or cannot be found (O-VER-10) */
    uint32_t steps;      /* boxes that were passed to find out */
    bool has_fragments;
    bool has_index;    /* of fragments */
    svms_iso_box suep; /* the first one that signature 1 covers */
    svms_iso_box cstb; /* the same, of those beside the signatures */
    svms_onvif_warnings warnings;
    int (*progress)(void *user, uint64_t done, uint64_t total);
    void *user;
} svms_onvif_file;

void svms_onvif_warn(svms_onvif_warnings *warnings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Walks the file; ctx, source, progress and user are given, all else is zero. What comes out can be
 * used as far as it was filled also when it fails. */
SVMS_MUST_CHECK svms_status svms_onvif_outline(svms_onvif_file *file, svms_error *err);
/* The boxes of a file-level meta, into the file. */
SVMS_MUST_CHECK svms_status svms_onvif_outline_meta(svms_onvif_file *file, const svms_iso_walk *top,
                                                    const svms_iso_box *box, svms_error *err);
/* Finds out where media lie, as all tables of moov say it; svms_onvif_outline() does it. */
SVMS_MUST_CHECK svms_status svms_onvif_find_references(svms_onvif_file *file, svms_error *err);
/* Finds out whether the chunks that one 'stbl' tells of lie in 'mdat'. SVMS_E_NOT_AUTHENTIC when
 * one does not; SVMS_E_MALFORMED, SVMS_E_UNSUPPORTED or SVMS_E_LIMIT when nobody can tell. */
SVMS_MUST_CHECK svms_status svms_onvif_check_chunks(svms_onvif_file *file,
                                                    const svms_iso_walk *walk,
                                                    const svms_iso_box *stbl, svms_error *err);
/* The same of the runs of all fragments. */
SVMS_MUST_CHECK svms_status svms_onvif_check_fragments(svms_onvif_file *file, svms_error *err);
/* Whether the indexes of fragments lead to what every signature covers (O-VER-11). */
SVMS_MUST_CHECK svms_status svms_onvif_check_indexes(const svms_onvif_file *file, svms_error *err);
/* Finds out what later hands added (O-VER-12), once all of meta is known. */
SVMS_MUST_CHECK svms_status svms_onvif_look_at_later(svms_onvif_file *file, svms_error *err);
/* SVMS_E_NOT_AUTHENTIC when what signature number leaves out holds what it must not. */
SVMS_MUST_CHECK svms_status svms_onvif_check_later(const svms_onvif_file *file, uint32_t number,
                                                   svms_error *err);
/* Whether a sinf of these bytes can become the last one in a meta: no player that looks for a
 * handler may find one there. */
bool svms_onvif_may_append(const svms_onvif_meta *meta, const uint8_t *sinf, size_t size);
/* Track numbers of the movie. *count is the room on entry. */
SVMS_MUST_CHECK svms_status svms_onvif_list_tracks(const svms_onvif_file *file, uint32_t *ids,
                                                   uint32_t *count, svms_error *err);
/* The payload of a box, behind own bytes, at most limit of it; released by svms_release. One more
 * byte, 0, stands behind it. SVMS_E_LIMIT when it is longer. */
SVMS_MUST_CHECK svms_status svms_onvif_load(const svms_onvif_file *file, const svms_iso_box *box,
                                            uint32_t limit, uint8_t **out, size_t *size,
                                            svms_error *err);

/* Seconds since 1904 (ISO/IEC 14496-12) and 100 ns since 1601; SVMS_NO_TIME, or false, for what
 * the other scale cannot say. */
int64_t svms_onvif_from_1904(uint64_t seconds);
int64_t svms_onvif_from_1601(uint64_t ticks);
bool svms_onvif_to_1904(int64_t utc_ns, uint64_t *seconds);
bool svms_onvif_to_1601(int64_t utc_ns, uint64_t *ticks);

#endif
