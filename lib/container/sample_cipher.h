/* SPDX-License-Identifier: Apache-2.0 */
/* Seals or opens the protected bytes of one sample, chunk by chunk (C-REC-5, C-REC-6). */
#ifndef SVMS_SAMPLE_CIPHER_H
#define SVMS_SAMPLE_CIPHER_H

#include "aead.h"
#include "format.h"

typedef struct svms_sample_cipher {
    svms_aead *aead; /* key and direction already set */
    bool sealing;
    bool wrong_tag; /* opening: a tag did not fit, or the provider failed at the end of a chunk */
    const uint8_t *nonce_base;
    uint64_t leaf;
    const uint8_t *header; /* additional data */
    size_t header_size;
    const uint8_t *table;
    size_t table_size;
    uint32_t left;       /* protected bytes still to come */
    uint32_t chunk_left; /* of the chunk that is under way; 0: none is */
    uint32_t chunk;
    uint8_t *tags; /* 16 bytes a chunk: written when sealing, read when opening */
} svms_sample_cipher;

/* Sets everything but aead, sealing, nonce_base and tags, which the caller has set. */
void svms_sample_cipher_begin(svms_sample_cipher *cipher, uint64_t leaf, const uint8_t *header,
                              size_t header_size, const uint8_t *table, size_t table_size,
                              uint32_t protected_size);
/* size <= left. False when the provider fails or a tag does not fit. */
bool svms_sample_cipher_run(svms_sample_cipher *cipher, const uint8_t *in, size_t size,
                            uint8_t *out);

#endif
