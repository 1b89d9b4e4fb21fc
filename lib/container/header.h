/* SPDX-License-Identifier: Apache-2.0 */
/* Header of a container (container.md, section 5) and the prefix of signed objects (section 4). */
#ifndef SVMS_HEADER_H
#define SVMS_HEADER_H

#include <svms/container.h>

#include "builder.h"
#include "cursor.h"
#include "digest.h"
#include "format.h"

/* What every signed object of one container repeats (C-OBJ-2). */
typedef struct svms_object_identity {
    uint8_t role;
    uint16_t algorithm;
    uint8_t signer_digest[SVMS_DIGEST_SIZE];
} svms_object_identity;

typedef struct svms_link {
    uint8_t container_id[16];
    uint64_t segment;
    uint8_t manifest_hash[SVMS_DIGEST_SIZE];
    uint8_t state;
} svms_link;

typedef struct svms_header {
    svms_object_identity signer;
    uint8_t container_id[16];
    uint8_t recording_id[16];
    uint8_t device_id[16];
    uint64_t recording_sequence;
    int64_t created_utc_ns;
    int64_t start_utc_ns;
    uint8_t origin;
    uint8_t capture_clock;
    uint32_t track_count;
    svms_track
        tracks[SVMS_MAX_TRACKS]; /* config points into raw, or is the caller's when writing */
    bool has_keys;
    uint8_t key_check[SVMS_DIGEST_SIZE];
    uint32_t slot_size;
    const uint8_t *description; /* sealed when has_keys */
    size_t description_size;
    bool linked;
    svms_link previous;
    uint64_t segment_ns;
    uint64_t segment_bytes;
    uint32_t critical; /* C-HDR-5 */
    uint32_t signature_interval;
    const uint8_t *software;
    size_t software_size;
    const uint8_t *chain; /* wire form */
    size_t chain_size;
    uint64_t chain_offset;
    uint8_t hash[SVMS_DIGEST_SIZE]; /* h */
} svms_header;

void svms_put_object_prefix(svms_builder *out, uint8_t type, const svms_object_identity *identity,
                            uint32_t size);
/* Checks a prefix against what the container's header says (identity NULL: any), and its length
 * against size. */
SVMS_MUST_CHECK svms_status svms_check_object_prefix(svms_cursor *cursor, uint8_t type,
                                                     const svms_object_identity *identity,
                                                     size_t size, svms_object_identity *found,
                                                     svms_error *err);

/* Appends the header and sets header->hash. */
SVMS_MUST_CHECK svms_status svms_header_encode(svms_builder *out, svms_header *header,
                                               svms_error *err);

/* Length of the header whose first 24 bytes are given (C-HDR-1 to C-HDR-5). */
SVMS_MUST_CHECK svms_status svms_header_peek(const uint8_t fixed[SVMS_HEADER_PREFIX_OFFSET],
                                             uint32_t *size, svms_error *err);
/* Prefix and chain only: what C-OBJ-3 allows before the signature is checked. Sets signer, chain.
 */
SVMS_MUST_CHECK svms_status svms_header_parse_signer(svms_header *out, const uint8_t *raw,
                                                     size_t size, svms_error *err);
/* Everything else. raw must outlive the header. */
SVMS_MUST_CHECK svms_status svms_header_parse_fields(svms_header *out, const uint8_t *raw,
                                                     size_t size, svms_error *err);

/* True when a manifest may come without a signature of its own (C-SIG-4, C-SIG-5). */
bool svms_signatures_may_lack(const svms_header *header);
/* True when a track is not stored in the clear. */
bool svms_track_is_sealed(const svms_track *track);
/* C-MAN-6 for a container as a whole: the first video track, or 0. */
uint8_t svms_reference_track(const svms_header *header);

#endif
