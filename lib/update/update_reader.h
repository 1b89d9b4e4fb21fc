/* SPDX-License-Identifier: Apache-2.0 */
/* A reader of updates: front, then what is signed, then parts, chunk by chunk. */
#ifndef SVMS_UPDATE_READER_H
#define SVMS_UPDATE_READER_H

#include "update_manifest.h"

typedef enum svms_update_stage {
    SVMS_UPDATE_STAGE_FRONT,
    SVMS_UPDATE_STAGE_SIGNED,
    SVMS_UPDATE_STAGE_PARTS,
    SVMS_UPDATE_STAGE_END,
    SVMS_UPDATE_STAGE_FAILED
} svms_update_stage;

struct svms_update_reader {
    svms_ctx *ctx;
    svms_update_reader_options options; /* its texts point at the members below */
    char product[SVMS_UPDATE_NAME_SIZE];
    char hardware[SVMS_UPDATE_NAME_SIZE];
    char version[SVMS_UPDATE_VERSION_SIZE];
    svms_hasher *chunk_hasher;
    svms_hasher *part_hasher;
    svms_update_stage stage;
    svms_update_refusal refusal;
    uint64_t offset; /* in the file, of the next byte */
    svms_update_front front;
    svms_builder bytes; /* front; then chain, manifest and signature */
    svms_chain *chain;
    svms_update_manifest manifest;
    uint8_t manifest_sha256[SVMS_DIGEST_SIZE];
    char *note;
    svms_identity_result identity;
    bool is_known;   /* the manifest was signed, and parsed */
    bool is_trusted; /* by somebody who may */
    uint32_t piece;
    uint64_t done; /* bytes of the piece that were verified */
    uint8_t *chunk;
    size_t chunk_room;
    size_t chunk_size; /* bytes in it */
};

/* All bytes of chain, manifest and signature are there: signature, signer, manifest, device. */
SVMS_MUST_CHECK svms_status svms_update_judge(svms_update_reader *reader, svms_error *err);
/* Hashes and hands out what it can of the parts; *used is how many bytes it took. */
SVMS_MUST_CHECK svms_status svms_update_take(svms_update_reader *reader, const uint8_t *data,
                                             size_t size, size_t *used, svms_error *err);
/* Fills info from a reader whose manifest is known. */
void svms_update_fill(const svms_update_reader *reader, svms_update_info *info);

#endif
