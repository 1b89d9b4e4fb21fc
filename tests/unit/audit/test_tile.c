/* SPDX-License-Identifier: Apache-2.0 */
/* Tiles and bundles: names and widths are the examples of C2SP tlog-tiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/sha.h>

#include "tile.h"

/* Of a tree with two full tiles of level 0 and a part of a third. */
#define LEAVES 700u

typedef struct fixture {
    svms_ctx *ctx;
    svms_hasher *hasher;
    uint8_t leaf[LEAVES][SVMS_DIGEST_SIZE];
    uint8_t upper[LEAVES / SVMS_TILE_WIDTH][SVMS_DIGEST_SIZE];
    unsigned reads;
} fixture;

static int set_up(void **state)
{
    static fixture all;
    assert_int_equal(svms_ctx_new(&all.ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_hasher_new(&all.hasher, all.ctx, NULL), SVMS_OK);
    for (uint32_t i = 0; i < LEAVES; i++) {
        uint8_t record[2] = { (uint8_t)(i >> 8), (uint8_t)i };
        assert_int_equal(svms_tree_leaf(all.hasher, record, sizeof record, all.leaf[i], NULL),
                         SVMS_OK);
    }
    for (uint32_t i = 0; i < LEAVES / SVMS_TILE_WIDTH; i++) {
        svms_tree tree;
        svms_tree_reset(&tree);
        for (uint32_t j = 0; j < SVMS_TILE_WIDTH; j++) {
            assert_int_equal(
                svms_tree_add(&tree, all.hasher, all.leaf[i * SVMS_TILE_WIDTH + j], NULL), SVMS_OK);
        }
        assert_int_equal(svms_tree_root(&tree, all.hasher, all.upper[i], NULL), SVMS_OK);
    }
    *state = &all;
    return 0;
}

static int tear_down(void **state)
{
    fixture *all = *state;
    svms_hasher_free(&all->hasher);
    svms_ctx_free(&all->ctx);
    return 0;
}

static void tiles_have_the_names_of_the_specification(void **state)
{
    static const struct {
        svms_tile tile;
        const char *path;
    } cases[] = {
        { { 0, 0, 256 }, "tile/0/000" },
        { { 0, 0, 1 }, "tile/0/000.p/1" },
        { { 0, 273, 112 }, "tile/0/273.p/112" },
        { { 5, 1234067, 256 }, "tile/5/x001/x234/067" },
        { { 0, 1000, 255 }, "tile/0/x001/000.p/255" },
        { { SVMS_TILE_ENTRIES, 1234067, 256 }, "tile/entries/x001/x234/067" },
        { { SVMS_TILE_ENTRIES, 999, 7 }, "tile/entries/999.p/7" },
        { { SVMS_TILE_ENTRIES, UINT64_C(1) << 40, 255 },
          "tile/entries/x001/x099/x511/x627/776.p/255" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[SVMS_TILE_PATH_MAX];
        svms_tile_path(&cases[i].tile, path);
        assert_string_equal(path, cases[i].path);
    }
}

static void tiles_are_as_wide_as_the_tree_makes_them(void **state)
{
    /* The tree of 70,000 of the specification. */
    static const struct {
        unsigned level;
        uint64_t index;
        svms_tile tile;
        bool is_there;
    } cases[] = {
        { 0, 0, { 0, 0, 256 }, true },      { 0, 69999, { 0, 273, 112 }, true },
        { 0, 70000, { 0, 0, 0 }, false },   { 8, 272, { 1, 1, 17 }, true },
        { 8, 273, { 0, 0, 0 }, false },     { 8, 255, { 1, 0, 256 }, true },
        { 16, 0, { 2, 0, 1 }, true },       { 16, 1, { 0, 0, 0 }, false },
        { 4, 4368, { 0, 273, 112 }, true }, { 9, 136, { 0, 0, 0 }, false },
        { 49, 0, { 0, 0, 0 }, false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_tile tile = { 0, 0, 0 };
        bool is_there = svms_tile_of(70000, cases[i].level, cases[i].index, &tile);
        assert_int_equal(is_there, cases[i].is_there);
        assert_int_equal(tile.level, cases[i].tile.level);
        assert_int_equal(tile.number, cases[i].tile.number);
        assert_int_equal(tile.width, cases[i].tile.width);
    }
}

static svms_status fetch(void *user, unsigned level, uint64_t index, uint8_t out[SVMS_DIGEST_SIZE],
                         svms_error *err)
{
    fixture *all = user;
    svms_tile tile;
    assert_true(svms_tile_of(LEAVES, level, index, &tile));
    const uint8_t *hashes =
        tile.level == 0 ? all->leaf[tile.number * SVMS_TILE_WIDTH] : all->upper[0];
    all->reads++;
    return svms_tile_hash(all->hasher, &tile, hashes, level, index, out, err);
}

static void proofs_come_from_tiles(void **state)
{
    fixture *all = *state;
    const svms_tree_source source = { fetch, all, all->hasher };
    svms_tree tree;
    svms_tree_head head = { .size = LEAVES };
    svms_tree_head older = { .size = 300 };
    svms_tree_reset(&tree);
    for (uint32_t i = 0; i < LEAVES; i++) {
        assert_int_equal(svms_tree_add(&tree, all->hasher, all->leaf[i], NULL), SVMS_OK);
        if (tree.size == older.size) {
            assert_int_equal(svms_tree_root(&tree, all->hasher, older.root, NULL), SVMS_OK);
        }
    }
    assert_int_equal(svms_tree_root(&tree, all->hasher, head.root, NULL), SVMS_OK);
    for (uint64_t index = 0; index < LEAVES; index += 37) {
        svms_tree_proof proof;
        assert_int_equal(svms_tree_prove_inclusion(&source, index, LEAVES, &proof, NULL), SVMS_OK);
        assert_int_equal(
            svms_tree_check_inclusion(all->hasher, all->leaf[index], index, &head, &proof, NULL),
            SVMS_OK);
    }
    svms_tree_proof proof;
    all->reads = 0;
    assert_int_equal(svms_tree_prove_consistency(&source, older.size, LEAVES, &proof, NULL),
                     SVMS_OK);
    assert_true(all->reads > 0);
    assert_int_equal(svms_tree_check_consistency(all->hasher, &older, &head, &proof, NULL),
                     SVMS_OK);
}

static void a_bundle_has_as_many_records_as_it_says(void **state)
{
    fixture *all = *state;
    svms_bundle_entry entry[SVMS_TILE_WIDTH];
    svms_builder bundle = svms_builder_new(all->ctx, SVMS_BUNDLE_MAX);
    svms_put_bundle_entry(&bundle, "one", 3);
    svms_put_bundle_entry(&bundle, "", 0);
    svms_put_bundle_entry(&bundle, "three", 5);
    assert_int_equal(svms_bundle_parse(bundle.data, bundle.size, 3, entry, NULL), SVMS_OK);
    assert_int_equal(entry[0].size, 3);
    assert_int_equal(entry[1].size, 0);
    assert_memory_equal(entry[2].record, "three", 5);
    assert_int_equal(svms_bundle_parse(bundle.data, bundle.size, 2, entry, NULL), SVMS_E_MALFORMED);
    assert_int_equal(svms_bundle_parse(bundle.data, bundle.size, 4, entry, NULL), SVMS_E_TRUNCATED);
    for (size_t size = 0; size < bundle.size; size++) {
        assert_int_equal(svms_bundle_parse(bundle.data, size, 3, entry, NULL), SVMS_E_TRUNCATED);
    }
    svms_builder_clear(&bundle);
}

static void a_bundle_with_a_record_that_is_too_large_is_refused(void **state)
{
    static uint8_t bytes[2 + SVMS_AUDIT_RECORD_MAX + 1];
    svms_bundle_entry entry[SVMS_TILE_WIDTH];
    (void)state;
    svms_store_u16(bytes, SVMS_AUDIT_RECORD_MAX + 1);
    assert_int_equal(svms_bundle_parse(bytes, sizeof bytes, 1, entry, NULL), SVMS_E_MALFORMED);
    svms_store_u16(bytes, SVMS_AUDIT_RECORD_MAX);
    assert_int_equal(svms_bundle_parse(bytes, sizeof bytes - 1, 1, entry, NULL), SVMS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_have_the_names_of_the_specification),
        cmocka_unit_test(tiles_are_as_wide_as_the_tree_makes_them),
        cmocka_unit_test(proofs_come_from_tiles),
        cmocka_unit_test(a_bundle_has_as_many_records_as_it_says),
        cmocka_unit_test(a_bundle_with_a_record_that_is_too_large_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
