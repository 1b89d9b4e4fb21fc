/* SPDX-License-Identifier: Apache-2.0 */
#include "sample_cipher.h"

#include "key_schedule.h"

void svms_sample_cipher_begin(svms_sample_cipher *cipher, uint64_t leaf, const uint8_t *header,
                              size_t header_size, const uint8_t *table, size_t table_size,
                              uint32_t protected_size)
{
    cipher->wrong_tag = false;
    cipher->leaf = leaf;
    cipher->header = header;
    cipher->header_size = header_size;
    cipher->table = table;
    cipher->table_size = table_size;
    cipher->left = protected_size;
    cipher->chunk_left = 0;
    cipher->chunk = 0;
}

static bool begin_chunk(svms_sample_cipher *cipher)
{
    uint8_t nonce[SVMS_AEAD_NONCE_SIZE];
    svms_chunk_nonce(cipher->nonce_base, cipher->leaf, cipher->chunk, nonce);
    cipher->chunk_left = cipher->left < SVMS_CHUNK_SIZE ? cipher->left : SVMS_CHUNK_SIZE;
    return svms_aead_begin(cipher->aead, nonce) &&
           svms_aead_aad(cipher->aead, cipher->header, cipher->header_size) &&
           (cipher->table_size == 0 ||
            svms_aead_aad(cipher->aead, cipher->table, cipher->table_size));
}

static bool end_chunk(svms_sample_cipher *cipher)
{
    uint8_t *tag = cipher->tags + (size_t)cipher->chunk * SVMS_AEAD_TAG_SIZE;
    cipher->chunk++;
    if (cipher->sealing) {
        return svms_aead_seal_end(cipher->aead, tag);
    }
    cipher->wrong_tag = !svms_aead_open_end(cipher->aead, tag);
    return !cipher->wrong_tag;
}

bool svms_sample_cipher_run(svms_sample_cipher *cipher, const uint8_t *in, size_t size,
                            uint8_t *out)
{
    if (size > cipher->left) {
        return false;
    }
    while (size > 0) {
        if (cipher->chunk_left == 0 && !begin_chunk(cipher)) {
            return false;
        }
        size_t part = size < cipher->chunk_left ? size : cipher->chunk_left;
        if (!svms_aead_update(cipher->aead, in, part, out)) {
            return false;
        }
        in += part;
        out += part;
        size -= part;
        cipher->left -= (uint32_t)part;
        cipher->chunk_left -= (uint32_t)part;
        if (cipher->chunk_left == 0 && !end_chunk(cipher)) {
            return false;
        }
    }
    return true;
}
