/* SPDX-License-Identifier: Apache-2.0 */
/* What is taken out of a container and carried elsewhere: whole segments, and what shows that they
 * hold (evidence.md, section 5). Taking it out, verifying it, reading it. */
#ifndef SVMS_EXCERPT_H
#define SVMS_EXCERPT_H

#include <svms/reader.h>
#include <svms/verify.h>

#include "front.h"
#include "key_schedule.h"

/* Values are those of frames (evidence.md, section 3). */
typedef enum svms_piece_kind {
    SVMS_PIECE_SEGMENT = 2,
    SVMS_PIECE_MANIFEST = 3,
    SVMS_PIECE_RECORD = 4,
    SVMS_PIECE_END = 5,
    SVMS_PIECE_FRAGMENT = 6
} svms_piece_kind;

/* Most bytes of manifest, record and end pieces, and of what closes a segment (E-OVR-5). */
#define SVMS_PIECE_CLOSING_MAX 1048576u

typedef struct svms_piece {
    svms_piece_kind kind;
    bool unverified;       /* it does not verify, and is carried all the same (E-SRC-8) */
    bool hidden;           /* its body cannot be read: sealed, and not opened (E-VER-4) */
    uint64_t number;       /* segment that it is or stands in, or SVMS_NO_SEGMENT */
    uint64_t offset;       /* of its first byte in the container */
    uint64_t body_size;    /* segment: records before the manifest; fragment: all; others 0 */
    uint32_t closing_size; /* what follows the body at once: manifest and signature record, or the
                              record */
    int64_t first_utc_ns;  /* segment, manifest: of the manifest; otherwise SVMS_NO_TIME */
    int64_t last_utc_ns;
    /* Taking out only: */
    svms_window *window; /* over the container */
    bool steady;         /* in there the body is what was verified, whatever happens to the source;
                            otherwise it has to be compared with the manifest once more */
    bool unattested;     /* nobody has signed the manifest: whoever could write may have made it */
    uint8_t hash[SVMS_DIGEST_SIZE]; /* SHA-256 of the closing part that was verified */
} svms_piece;

/* Taking out ------------------------------------------------------------------------------------
 */

/* One piece of a container that verifies (or is unverified), by ascending offset. manifest: that of
 * segments and manifests, NULL for others and where it is not believed. */
typedef svms_status svms_piece_callback(void *user, const svms_piece *piece,
                                        const svms_manifest *manifest, svms_error *err);

typedef struct svms_collector {
    svms_piece_callback *piece;
    void *user;
    bool include_unverified; /* otherwise nothing more is told once something has failed */
    /* h of the container that it must be, or NULL. */
    const uint8_t *header_hash;
    /* Set when the status is that of a failure, and not what the container is worth; or NULL. */
    bool *failed;
} svms_collector;

/* Verifies a range of a container (or all of it) as svms_verify_container() does, with the same
 * report and result, and tells what has to be carried so that svms_verify_excerpt() comes to the
 * same verdict (E-SRC-4 to E-SRC-7): the manifest before and behind the range; its segments;
 * manifests and late signatures that attest the last of them; the end record with its trailers and
 * the index records that lead from it to the last segment; evidence. Nothing outside the range but
 * these records is told. What is told may be read again from piece->window, and then has to be
 * compared: bodies that are not steady with the manifest's roots, closing parts with their hash.
 * options->keys is not used here. Memory does not grow with the range.
 * A failure of the callback ends it and is returned. */
SVMS_MUST_CHECK svms_status svms_excerpt_collect(svms_ctx *ctx, const svms_source *source,
                                                 const svms_verify_options *options,
                                                 const svms_collector *collector,
                                                 svms_report *report, svms_error *err);

/* Verifying and reading --------------------------------------------------------------------------
 */

typedef struct svms_excerpt {
    /* The container as far as it is carried: header and signature record from offset 0, zeros where
     * access slots would be, each piece at its offset (body, then closing, without gap, also where
     * records of tracks were removed); any other byte below the end of the last piece reads as FF.
     * Its size is that end. */
    const svms_source *source;
    uint32_t removed_tracks;
    int64_t attested_utc_ns; /* when somebody trusted attests all of it existed, or SVMS_NO_TIME */
    void *user;
    /* Piece n by ascending offset; *found is false behind the last. */
    svms_status (*piece_at)(void *user, uint64_t n, bool *found, svms_piece *out, svms_error *err);
    /* Optional: the last piece that is a segment and begins at or before a time (the first segment
     * when all begin later). *found is false when there is none. */
    svms_status (*find)(void *user, int64_t utc_ns, bool *found, uint64_t *n, svms_error *err);
    /* Optional: T of a track in the segment that is piece n; *found is false when it is not
     * carried. The caller compares it with the commitment. */
    svms_status (*secret)(void *user, uint64_t n, uint8_t track, bool *found,
                          uint8_t out[SVMS_SECRET_SIZE], svms_error *err);
} svms_excerpt;

/* What a package must know besides the report. */
typedef struct svms_excerpt_findings {
    bool open_end; /* all that lacks is what comes behind an open container's last segment */
    uint64_t last_segment; /* last one that holds and is attested, or SVMS_NO_SEGMENT */
    uint8_t last_hash[SVMS_DIGEST_SIZE]; /* of its manifest, or of the last manifest piece of the
                                            chain that follows it */
    uint64_t last_number;                /* the segment that last_hash is of */
    uint64_t hidden;                     /* segments whose bodies could not be read */
} svms_excerpt_findings;

/* E-SRC, E-VER-3 to E-VER-7. Everything that a piece says of itself is compared with what it holds,
 * and pieces with each other (E-SRC-2). A fragment of size 0 stands for a piece that could not be
 * read at all. A record that concerns nothing that is carried, and a piece behind the end piece,
 * make it not authentic; a manifest piece whose segment overlaps the period makes it incomplete.
 * report.access: NOT_TRIED unless samples were opened; OPENED when every sealed track of every
 * segment was, DISCLOSED when only some were, FAILED when a secret or sample does not fit, CLEAR
 * when no track is sealed. removed_tracks UINT32_MAX: all of them. A failure of the source or of a
 * callback is returned as it is, without report. options as for svms_verify_container(): the range
 * is that of the source info; keys is not used, open_samples says whether the samples whose secrets
 * are carried are opened too. A secret that does not fit its commitment is
 * SVMS_VERDICT_UNDECRYPTABLE. */
SVMS_MUST_CHECK svms_status svms_verify_excerpt(svms_ctx *ctx, const svms_excerpt *excerpt,
                                                const svms_verify_options *options,
                                                bool open_samples, svms_report *report,
                                                svms_excerpt_findings *findings, svms_error *err);

/* A reader of the carried segments; excerpt is copied, what it points to is borrowed. options->keys
 * must be NULL. */
SVMS_MUST_CHECK svms_status svms_reader_open_excerpt(svms_reader **out, svms_ctx *ctx,
                                                     const svms_excerpt *excerpt,
                                                     const svms_reader_options *options,
                                                     svms_error *err);

#endif
