/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of leaves frames: entries, auxiliary records, comparison with a manifest that is made to
 * fit, and sealing of samples as each entry describes them. The first bytes choose removed tracks,
 * steps, and whether wrong checksums are mended. */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "proof_internal.h"

#define CHOICES 4
#define TRACKS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct input {
    const uint8_t *data;
    size_t size;
} input;

static svms_status read_at(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                           int *os_error)
{
    const input *self = user;
    *os_error = 0;
    *got = 0;
    if (offset < self->size) {
        *got = self->size - (size_t)offset < size ? self->size - (size_t)offset : size;
        memcpy(out, self->data + offset, *got);
    }
    return SVMS_OK;
}

static svms_status get_size(void *user, uint64_t *size, int *os_error)
{
    const input *self = user;
    *os_error = 0;
    *size = self->size;
    return SVMS_OK;
}

static uint32_t load_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Checksums of record headers, so that what lies behind them is reached. */
static void mend(uint8_t *body, size_t size)
{
    for (size_t at = 0; size - at >= SVMS_LEAF_ENTRY_SIZE;) {
        uint8_t *content = body + at + SVMS_LEAF_ENTRY_SIZE;
        size_t left = size - at - SVMS_LEAF_ENTRY_SIZE;
        uint32_t length = load_u32(body + at + 4);
        size_t header = body[at] == SVMS_LEAF_WHOLE ? 12 : left > 3 ? (size_t)content[3] - 4 : 0;
        if (body[at] != SVMS_LEAF_HASH && header >= 12 && header <= 28 && header + 4 <= left) {
            svms_store_u32(content + header, (uint32_t)crc32(0, content, (uInt)header));
        }
        if (length > left) {
            return;
        }
        at += SVMS_LEAF_ENTRY_SIZE + (size_t)length;
    }
}

static svms_header three_tracks(void)
{
    static const svms_protection kinds[TRACKS] = { SVMS_PROTECT_STRONG, SVMS_PROTECT_LIGHT,
                                                   SVMS_PROTECT_NONE };
    svms_header header = { 0 };
    header.track_count = TRACKS;
    header.critical = SVMS_CRITICAL_LATE;
    for (uint32_t i = 0; i < TRACKS; i++) {
        header.tracks[i] = (svms_track)SVMS_TRACK_INIT;
        header.tracks[i].protection = kinds[i];
        header.tracks[i].timebase_num = 1;
        header.tracks[i].timebase_den = 90000;
        header.tracks[i].default_duration = 3600;
    }
    return header;
}

/* Seals as many bytes as the entry says a sample has, as far as the input goes. */
static void seal(svms_proof_sample *sample, const uint8_t *data, size_t size, size_t step)
{
    bool same = false;
    if (svms_proof_sample_begin(sample, 7, NULL) != SVMS_OK) {
        abort();
    }
    while (sample->position < sample->leaf.layout.sample_size) {
        size_t taken = 0;
        size_t piece = step < size ? step : size;
        if (svms_proof_sample_feed(sample, data, piece, &taken, NULL) != SVMS_OK || taken == 0 ||
            taken > piece) {
            abort();
        }
        if (sample->position > 100000) {
            return;
        }
    }
    if (svms_proof_sample_end(sample, &same, NULL) != SVMS_OK) {
        abort();
    }
}

/* A manifest whose roots and numbers are those of the entries. */
typedef struct sum {
    svms_merkle trees[TRACKS + 1];
    uint64_t auxiliary_size;
    bool complete;
    svms_manifest manifest;
} sum;

static void add_leaf(sum *total, svms_hasher *hasher, const svms_leaf *leaf, const uint8_t *body)
{
    uint8_t hash[SVMS_DIGEST_SIZE];
    svms_merkle *tree = &total->trees[leaf->form == SVMS_LEAF_WHOLE ? TRACKS : leaf->track];
    memcpy(hash, leaf->hash, sizeof(hash));
    if (leaf->form == SVMS_LEAF_WHOLE) {
        total->auxiliary_size += leaf->size;
        if (!svms_merkle_leaf_start(hasher) ||
            !svms_hasher_update(hasher, body + leaf->content, leaf->size) ||
            !svms_hasher_finish(hasher, hash)) {
            abort();
        }
        if (leaf->record.type == SVMS_RECORD_START && leaf->size >= 72) {
            memcpy(total->manifest.salt, body + leaf->content + 40, SVMS_DIGEST_SIZE);
            total->manifest.segment = load_u32(body + leaf->content + 36);
        }
    }
    if (!svms_merkle_add(tree, hasher, hash)) {
        abort();
    }
    total->manifest.records++;
    total->manifest.bytes += leaf->form == SVMS_LEAF_HASH
                                 ? 0
                                 : (uint64_t)leaf->record.header_size + leaf->record.body_size;
}

static void fit_manifest(sum *total, svms_hasher *hasher)
{
    svms_manifest *manifest = &total->manifest;
    manifest->last_utc_ns = INT64_MAX;
    for (uint32_t i = 0; i <= TRACKS; i++) {
        svms_track_entry *entry = &manifest->entries[manifest->entry_count];
        if (total->trees[i].count == 0) {
            continue;
        }
        manifest->entry_count++;
        entry->track = i == TRACKS ? SVMS_AUXILIARY_TRACK : (uint8_t)i;
        entry->leaves = total->trees[i].count;
        if (!svms_merkle_root(&total->trees[i], hasher, entry->root)) {
            abort();
        }
    }
}

/* All entries, one after the other. */
static void walk(svms_leaves *leaves, svms_proof_sample *sample, sum *total, const input *body,
                 size_t step)
{
    bool found = true;
    while (svms_leaves_next(leaves, &found, &sample->leaf, NULL) == SVMS_OK) {
        if (!found) {
            total->complete = true;
            return;
        }
        add_leaf(total, sample->hasher, &sample->leaf, body->data);
        if (sample->leaf.form == SVMS_LEAF_PRESENTED) {
            seal(sample, body->data, body->size, step);
        }
    }
}

/* The joined records are what the entries hold, from wherever they are read. */
static void copy_auxiliary(svms_leaves *leaves, const sum *total, const uint8_t *choices)
{
    uint8_t bytes[256];
    uint64_t size = 0;
    svms_status status = svms_leaves_auxiliary_size(leaves, &size, NULL);
    if ((status == SVMS_OK) != total->complete ||
        (status == SVMS_OK && size != total->auxiliary_size)) {
        abort();
    }
    for (unsigned i = 0; i < 4 && status == SVMS_OK && size > 0; i++) {
        uint64_t at = ((uint64_t)choices[2] * (i + 1) * 37 + choices[3]) % size;
        size_t piece = size - at < sizeof(bytes) ? (size_t)(size - at) : sizeof(bytes);
        if (svms_leaves_copy_auxiliary(leaves, at, bytes, piece, NULL) != SVMS_OK) {
            abort();
        }
    }
}

static void look_at(svms_ctx *ctx, svms_proof_sample *sample, const uint8_t *choices,
                    const input *body)
{
    static sum total;
    svms_leaves leaves;
    svms_window window;
    svms_source source = SVMS_SOURCE_INIT;
    svms_header header = three_tracks();
    svms_leaves_summary summary = { 0 };
    input from = *body;
    uint32_t removed = choices[0] >> 1 & 7;
    memset(&total, 0, sizeof(total));
    source.user = &from;
    source.read_at = read_at;
    source.get_size = get_size;
    svms_window_init(&window, ctx, &source);
    if (svms_window_refresh(&window, NULL) != SVMS_OK) {
        abort();
    }
    svms_leaves_open(&leaves, &window, &header, removed, 0, body->size);
    walk(&leaves, sample, &total, body, (size_t)choices[1] + 1);
    copy_auxiliary(&leaves, &total, choices);
    fit_manifest(&total, sample->hasher);
    svms_leaves_open(&leaves, &window, &header, removed, 0, body->size);
    if (svms_leaves_check(&leaves, &total.manifest, sample->hasher, &summary, NULL) == SVMS_OK &&
        summary.auxiliary_size != total.auxiliary_size) {
        abort();
    }
    svms_window_clear(&window);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    static svms_proof_sample sample;
    static const uint8_t key[SVMS_AEAD_KEY_SIZE] = { 1 };
    if (ctx == NULL && (svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK ||
                        svms_hasher_new(&sample.hasher, ctx, NULL) != SVMS_OK ||
                        svms_aead_new(&sample.aead, ctx, NULL) != SVMS_OK ||
                        !svms_aead_set_key(sample.aead, key, true))) {
        abort();
    }
    if (size <= CHOICES) {
        return 0;
    }
    uint8_t *body = malloc(size - CHOICES);
    if (body == NULL) {
        return 0;
    }
    memcpy(body, data + CHOICES, size - CHOICES);
    if ((data[0] & 1) != 0) {
        mend(body, size - CHOICES);
    }
    const input whole = { body, size - CHOICES };
    look_at(ctx, &sample, data, &whole);
    free(body);
    return 0;
}
