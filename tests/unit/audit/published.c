/* SPDX-License-Identifier: Apache-2.0 */
#include "published.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "log_internal.h"

static svms_checkpoint read_checkpoint(svms_ctx *ctx, const svms_folder *folder)
{
    svms_builder bytes = svms_builder_new(ctx, SVMS_NOTE_MAX);
    svms_checkpoint checkpoint;
    svms_note note;
    assert_int_equal(svms_log_read_file(folder, "checkpoint", &bytes, NULL), SVMS_OK);
    assert_int_equal(svms_note_parse(&note, bytes.data, bytes.size, NULL), SVMS_OK);
    assert_int_equal(svms_checkpoint_parse(&checkpoint, note.text, note.text_size, NULL), SVMS_OK);
    svms_builder_clear(&bytes);
    return checkpoint;
}

uint64_t published_each(svms_ctx *ctx, const svms_folder *folder,
                        void (*each)(void *user, uint64_t index, const svms_bundle_entry *entry),
                        void *user)
{
    svms_hasher *hasher = NULL;
    svms_tree tree;
    svms_checkpoint checkpoint = read_checkpoint(ctx, folder);
    svms_builder bytes = svms_builder_new(ctx, SVMS_BUNDLE_MAX);
    uint8_t root[SVMS_DIGEST_SIZE];
    assert_int_equal(svms_hasher_new(&hasher, ctx, NULL), SVMS_OK);
    svms_tree_reset(&tree);
    while (tree.size < checkpoint.head.size) {
        svms_bundle_entry entry[SVMS_TILE_WIDTH];
        uint64_t left = checkpoint.head.size - tree.size;
        svms_tile tile = { SVMS_TILE_ENTRIES, tree.size / SVMS_TILE_WIDTH,
                           left < SVMS_TILE_WIDTH ? (uint32_t)left : SVMS_TILE_WIDTH };
        assert_int_equal(svms_log_read_tile(folder, &tile, &bytes, NULL), SVMS_OK);
        assert_int_equal(svms_bundle_parse(bytes.data, bytes.size, tile.width, entry, NULL),
                         SVMS_OK);
        for (uint32_t i = 0; i < tile.width; i++) {
            uint8_t leaf[SVMS_DIGEST_SIZE];
            each(user, tree.size, &entry[i]);
            assert_int_equal(svms_tree_leaf(hasher, entry[i].record, entry[i].size, leaf, NULL),
                             SVMS_OK);
            assert_int_equal(svms_tree_add(&tree, hasher, leaf, NULL), SVMS_OK);
        }
    }
    assert_int_equal(svms_tree_root(&tree, hasher, root, NULL), SVMS_OK);
    assert_memory_equal(root, checkpoint.head.root, sizeof root);
    svms_builder_clear(&bytes);
    svms_hasher_free(&hasher);
    return tree.size;
}

static const uint8_t *find(const svms_bundle_entry *entry, const char *words)
{
    size_t size = strlen(words);
    for (size_t i = 0; i + size <= entry->size; i++) {
        if (memcmp(entry->record + i, words, size) == 0) {
            return entry->record + i;
        }
    }
    return NULL;
}

bool entry_says(const svms_bundle_entry *entry, const char *words)
{
    return find(entry, words) != NULL;
}

typedef struct tally {
    const char *words;
    uint64_t count;
} tally;

static void count_saying(void *user, uint64_t index, const svms_bundle_entry *entry)
{
    tally *at = user;
    (void)index;
    at->count += entry_says(entry, at->words);
}

uint64_t published_saying(svms_ctx *ctx, const svms_folder *folder, const char *words)
{
    tally found = { words, 0 };
    (void)published_each(ctx, folder, count_saying, &found);
    return found.count;
}

static void add_gap(void *user, uint64_t index, const svms_bundle_entry *entry)
{
    static const char member[] = "\"records\":";
    tally *at = user;
    (void)index;
    if (!entry_says(entry, "\"event\":\"log.gap\"") || !entry_says(entry, at->words)) {
        return;
    }
    const uint8_t *number = find(entry, member);
    assert_non_null(number);
    at->count += strtoull((const char *)number + sizeof member - 1, NULL, 10);
}

uint64_t published_gaps(svms_ctx *ctx, const svms_folder *folder, const char *why)
{
    char words[32];
    tally found = { words, 0 };
    snprintf(words, sizeof words, "\"why\":\"%s\"", why);
    (void)published_each(ctx, folder, add_gap, &found);
    return found.count;
}
