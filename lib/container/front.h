/* SPDX-License-Identifier: Apache-2.0 */
/* An opened container: header, signer, access block; and finding the way to its end. Reader and
 * verifier share it. */
#ifndef SVMS_FRONT_H
#define SVMS_FRONT_H

#include "access_block.h"
#include "chain_internal.h"
#include "index.h"
#include "manifest.h"
#include "sign.h"
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
    svms_chain *chain;     /* NULL when unsigned */
    svms_verify_engine *verifier;
    svms_hasher *hasher;
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

/* Reads what the last bytes say of the end record, unverified. *closed is false when there is no
 * tail. */
SVMS_MUST_CHECK svms_status svms_front_find_end(svms_front *front, bool *closed, svms_end *end,
                                                svms_error *err);

/* Looks a segment up in the index, unverified: by number (utc NULL) or the last one that begins at
 * or before *utc_ns. *found is false when there is no usable index or no such segment. */
SVMS_MUST_CHECK svms_status svms_front_look_up(svms_front *front, const svms_end *end,
                                               uint64_t segment, const int64_t *utc_ns, bool *found,
                                               svms_index_entry *entry, svms_error *err);

#endif
