/* SPDX-License-Identifier: Apache-2.0 */
/* An opened container: header, signer, access block; and finding the way to its end. Reader and
 * verifier share it. */
#ifndef SVMS_FRONT_H
#define SVMS_FRONT_H

#include "access_block.h"
#include "chain_internal.h"
#include "index.h"
#include "manifest.h"
#include "record.h"
#include "signature.h"
#include "window.h"

typedef struct svms_front {
    svms_ctx *ctx;
    svms_window window;
    svms_header header;
    uint8_t *raw; /* header bytes; header points into them */
    size_t raw_size;
    uint8_t *slots; /* access block, or NULL */
    size_t slots_size;
    svms_access_view access;
    uint64_t first_record; /* offset behind the access block */
    uint64_t
        written_end; /* behind the last byte that is not zero, when the size was written_size */
    uint64_t written_size;
    svms_chain *chain; /* NULL when unsigned */
    svms_verify_engine *verifier;
    svms_hasher *hasher;
    svms_hasher *proof_hasher; /* for what must not disturb a hash that is under way */
    bool unlocked;
    uint8_t content_key[SVMS_CONTENT_KEY_SIZE];
    uint8_t segment_root[SVMS_DIGEST_SIZE]; /* P, when unlocked */
} svms_front;

/* Reads and checks everything before the first record. Without keys the access block is only
 * looked at. Always follow with svms_front_clear(), also after a failure. */
SVMS_MUST_CHECK svms_status svms_front_open(svms_front *front, svms_ctx *ctx,
                                            const svms_source *source, svms_error *err);
/* Opens the access block with the ring. SVMS_OK at once when there is no content key. */
SVMS_MUST_CHECK svms_status svms_front_unlock(svms_front *front, const svms_keyring *ring,
                                              svms_error *err);
void svms_front_clear(svms_front *front);

/* Checks the signature record that must follow an object that ends at offset. Sets *record_size to
 * what it takes (0 when unsigned). object is the raw signed object. SVMS_E_TRUNCATED when the file
 * ends first. */
SVMS_MUST_CHECK svms_status svms_front_check_signature(svms_front *front, uint64_t offset,
                                                       uint64_t number, const uint8_t *object,
                                                       size_t object_size, size_t *record_size,
                                                       svms_hasher *also, svms_error *err);

/* Whether a signature record for this object stands at offset. True also where one must stand, is
 * cut off or is damaged: svms_front_check_signature() says what is wrong. */
SVMS_MUST_CHECK svms_status svms_front_has_signature(svms_front *front, uint64_t offset,
                                                     uint64_t number, bool *present,
                                                     svms_error *err);

/* Whether the byte at offset and all behind it are zero, so that the file may be read as if it
 * ended before (C-VER-1). */
SVMS_MUST_CHECK svms_status svms_front_is_unwritten(svms_front *front, uint64_t offset,
                                                    bool *unwritten, svms_error *err);
/* As svms_record_parse(), but SVMS_E_TRUNCATED also where the header runs into such zeros. */
SVMS_MUST_CHECK svms_status svms_front_parse_record(svms_front *front, svms_record *record,
                                                    const uint8_t *bytes, size_t got,
                                                    uint64_t offset, svms_error *err);

/* Reads what the last bytes say of the end record, unverified. *closed is false when there is no
 * tail. */
SVMS_MUST_CHECK svms_status svms_front_find_end(svms_front *front, bool *closed, svms_end *end,
                                                svms_error *err);

/* The same for a file that ends within a trailer (C-TRL-4): looks back for the last tail record, as
 * far as a trailer can be long. */
SVMS_MUST_CHECK svms_status svms_front_find_torn_end(svms_front *front, bool *found, svms_end *end,
                                                     svms_error *err);

/* Whether the end record that was found stands there, with its signature where media are signed. */
SVMS_MUST_CHECK svms_status svms_front_same_end(svms_front *front, const svms_end *end, bool *same,
                                                svms_error *err);
/* Checks the signature of the end record that was found. *believed: it fits, and end is what it
 * signs. */
SVMS_MUST_CHECK svms_status svms_front_believe_end(svms_front *front, const svms_end *end,
                                                   bool *believed, svms_error *err);

/* Bytes of the end record and its signature record. */
SVMS_MUST_CHECK svms_status svms_front_end_size(svms_front *front, const svms_end *end,
                                                uint64_t *size, svms_error *err);

/* Looks for the last segment start in front of the end of the file (C-SEG-3), unverified. *found is
 * false when there is none. */
SVMS_MUST_CHECK svms_status svms_front_find_last_start(svms_front *front, bool *found,
                                                       svms_segment_start *start, uint64_t *offset,
                                                       svms_error *err);
/* The last segment in the checkpoints of an open container that begins at or before *utc_ns
 * (C-IDX-5), unverified; with utc_ns NULL the last one that a checkpoint names at all. */
SVMS_MUST_CHECK svms_status svms_front_look_up_open(svms_front *front, uint64_t checkpoint,
                                                    const int64_t *utc_ns, bool *found,
                                                    svms_index_entry *entry, svms_error *err);

/* Looks a segment up in the index, unverified: by number (utc NULL) or the last one that begins at
 * or before *utc_ns. *found is false when there is no usable index or no such segment. */
SVMS_MUST_CHECK svms_status svms_front_look_up(svms_front *front, const svms_end *end,
                                               uint64_t segment, const int64_t *utc_ns, bool *found,
                                               svms_index_entry *entry, svms_error *err);

#endif
