/* SPDX-License-Identifier: Apache-2.0 */
/* A sample of the presentation is sealed again, and hashed as a leaf (E-PRF-2). */
#include <string.h>

#include "failure.h"
#include "proof_internal.h"

static void list_ranges(svms_proof_sample *sample)
{
    const svms_leaf *leaf = &sample->leaf;
    const svms_sample_layout *layout = &leaf->layout;
    svms_cursor cursor = svms_cursor_over(leaf->table, layout->table_size, 0);
    sample->range = 0;
    sample->range_count = 0;
    if (layout->table_size == 0) {
        sample->ranges[0].offset = 0;
        sample->ranges[0].size = layout->protected_size;
        sample->range_count = layout->protected_size == 0 ? 0 : 1;
        return;
    }
    (void)svms_read_u16(&cursor);
    for (uint32_t i = 0; i < layout->range_count; i++) {
        sample->ranges[i].offset = svms_read_u32(&cursor);
        sample->ranges[i].size = svms_read_u32(&cursor);
    }
    sample->range_count = layout->range_count;
}

svms_status svms_proof_sample_begin(svms_proof_sample *sample, uint64_t index, svms_error *err)
{
    const svms_leaf *leaf = &sample->leaf;
    sample->position = 0;
    list_ranges(sample);
    sample->cipher.aead = sample->aead;
    sample->cipher.sealing = true;
    sample->cipher.nonce_base = sample->keys.nonce_base;
    sample->cipher.tags = sample->tags;
    svms_sample_cipher_begin(&sample->cipher, index, leaf->header, leaf->record.header_size,
                             leaf->table, leaf->layout.table_size, leaf->layout.protected_size);
    if (!svms_merkle_leaf_start(sample->hasher) ||
        !svms_hasher_update(sample->hasher, leaf->header, leaf->record.header_size) ||
        !svms_hasher_update(sample->hasher, leaf->table, leaf->layout.table_size)) {
        return svms_fail_crypto(err, "hashing a sample");
    }
    return SVMS_OK;
}

/* How many of the next bytes are alike, and whether they are sealed. */
static uint32_t next_run(svms_proof_sample *sample, bool *sealed)
{
    while (sample->range < sample->range_count) {
        const svms_range *range = &sample->ranges[sample->range];
        if (sample->position < range->offset) {
            *sealed = false;
            return range->offset - sample->position;
        }
        if (sample->position < range->offset + range->size) {
            *sealed = true;
            return range->offset + range->size - sample->position;
        }
        sample->range++;
    }
    *sealed = false;
    return sample->leaf.layout.sample_size - sample->position;
}

svms_status svms_proof_sample_feed(svms_proof_sample *sample, const uint8_t *data, size_t size,
                                   size_t *taken, svms_error *err)
{
    uint32_t left = sample->leaf.layout.sample_size - sample->position;
    size_t wanted = size < left ? size : left;
    *taken = wanted;
    while (wanted > 0) {
        bool sealed = false;
        uint32_t run = next_run(sample, &sealed);
        size_t step = wanted < run ? wanted : run;
        step = step < SVMS_PROOF_STEP ? step : SVMS_PROOF_STEP;
        if (sealed && !svms_sample_cipher_run(&sample->cipher, data, step, sample->stored)) {
            return svms_fail_crypto(err, "sealing a sample");
        }
        if (!svms_hasher_update(sample->hasher, sealed ? sample->stored : data, step)) {
            return svms_fail_crypto(err, "hashing a sample");
        }
        sample->position += (uint32_t)step;
        data += step;
        wanted -= step;
    }
    return SVMS_OK;
}

svms_status svms_proof_sample_end(svms_proof_sample *sample, bool *same, svms_error *err)
{
    uint8_t hash[SVMS_DIGEST_SIZE];
    size_t tags = (size_t)sample->leaf.layout.chunks * SVMS_AEAD_TAG_SIZE;
    if (!svms_hasher_update(sample->hasher, sample->tags, tags) ||
        !svms_hasher_finish(sample->hasher, hash)) {
        return svms_fail_crypto(err, "hashing a sample");
    }
    *same = memcmp(hash, sample->leaf.hash, sizeof(hash)) == 0;
    return SVMS_OK;
}
