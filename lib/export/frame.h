/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of a package and their sealing (evidence.md, section 3), entries of directories (section
 * 4). */
#ifndef SVMS_FRAME_H
#define SVMS_FRAME_H

#include "aead.h"
#include "builder.h"
#include "cursor.h"
#include "digest.h"
#include "key_schedule.h"
#include "package_format.h"

typedef struct svms_frame {
    uint8_t kind;
    uint8_t flags;
    uint32_t a_size; /* as stored, with its tag */
    uint32_t c_size;
    uint64_t b_size; /* as stored, with its tags */
    uint64_t number;
    uint64_t origin;
} svms_frame;

/* Header, A, B and C. */
uint64_t svms_frame_size(const svms_frame *frame);
void svms_frame_encode(const svms_frame *frame, uint8_t out[SVMS_FRAME_HEADER_SIZE]);
/* E-FRM-1, E-FRM-5 as far as one header tells, limits, and what kinds a package or a proof
 * (svms_export_kind) may have; sealed: of the whole package. offset: of the header, for messages.
 * SVMS_E_MALFORMED, SVMS_E_LIMIT. */
SVMS_MUST_CHECK svms_status svms_frame_parse(svms_frame *out, unsigned export_kind, bool sealed,
                                             const uint8_t bytes[SVMS_FRAME_HEADER_SIZE],
                                             uint64_t offset, svms_error *err);
/* Whether the digest of E-DIR-2 leaves B out. */
bool svms_frame_digest_omits_body(const svms_frame *frame);

typedef struct svms_frame_entry {
    uint64_t offset;
    uint64_t number;
    uint64_t origin;
    int64_t first_utc_ns;
    int64_t last_utc_ns;
    uint8_t kind;
    uint8_t flags;
    uint8_t digest[SVMS_DIGEST_SIZE];
} svms_frame_entry;

void svms_frame_entry_put(svms_builder *out, const svms_frame_entry *entry);
/* Reads one entry; the cursor fails when it is short or a zero is none. */
void svms_frame_entry_read(svms_cursor *cursor, svms_frame_entry *out);

/* Stored size of a body of size bytes that is sealed, and back (false when no size gives it). */
uint64_t svms_sealed_body_size(uint64_t size);
bool svms_opened_body_size(uint64_t stored, uint64_t *size);

/* Keys of frame i (E-FRM-2), from P of the package. */
SVMS_MUST_CHECK svms_status svms_frame_secrets_key(svms_ctx *ctx, const uint8_t p[SVMS_DIGEST_SIZE],
                                                   uint64_t i, uint8_t out[SVMS_AEAD_KEY_SIZE],
                                                   svms_error *err);
SVMS_MUST_CHECK svms_status svms_frame_body_key(svms_ctx *ctx, const uint8_t p[SVMS_DIGEST_SIZE],
                                                uint64_t i, uint8_t out[SVMS_AEAD_KEY_SIZE],
                                                svms_error *err);
/* Nonce of chunk j (E-FRM-4). */
void svms_frame_chunk_nonce(uint64_t j, uint8_t out[SVMS_AEAD_NONCE_SIZE]);
/* Opens or seals one chunk with the key already set in that direction; header is the frame's, as
 * stored. size is that of the plaintext. Opening: false when the tag does not fit or the provider
 * failed. */
bool svms_frame_seal_chunk(svms_aead *aead, const uint8_t header[SVMS_FRAME_HEADER_SIZE],
                           uint64_t j, const uint8_t *in, size_t size,
                           uint8_t *out /* size + 16 */);
bool svms_frame_open_chunk(svms_aead *aead, const uint8_t header[SVMS_FRAME_HEADER_SIZE],
                           uint64_t j, const uint8_t *in /* size + 16 */, size_t size,
                           uint8_t *out);

#endif
