/* SPDX-License-Identifier: Apache-2.0 */
/* The hashes of camera-signed video (CS-NAL-4). Digests of "abc" are those of FIPS 180-4's
 * examples.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "../identity/fixture.h"
#include "camera_hash.h"

static const struct {
    svms_camera_hash hash;
    size_t size;
    const char *abc;
} known[] = {
    { SVMS_CAMERA_SHA256, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { SVMS_CAMERA_SHA384, 48,
      "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
      "8086072ba1e7cc2358baeca134c825a7" },
    { SVMS_CAMERA_SHA512, 64,
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
};

static void from_hex(const char *text, uint8_t *out, size_t size)
{
    size_t got = 0;
    assert_int_equal(OPENSSL_hexstr2buf_ex(out, size, &got, text, '\0'), 1);
    assert_int_equal(got, size);
}

static svms_camera_hasher *hasher_for(svms_ctx *ctx)
{
    svms_camera_hasher *hasher = NULL;
    assert_int_equal(svms_camera_hasher_new(&hasher, ctx, NULL), SVMS_OK);
    return hasher;
}

static void each_hash_gives_the_published_digest(void **state)
{
    (void)state;
    svms_ctx *ctx = fixture_context(NULL);
    svms_camera_hasher *hasher = hasher_for(ctx);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint8_t expected[64];
        uint8_t found[64];
        from_hex(known[i].abc, expected, known[i].size);
        assert_int_equal(svms_camera_hash_size(known[i].hash), known[i].size);
        for (int again = 0; again < 3; again++) {
            assert_true(svms_camera_hash_once(hasher, known[i].hash, "abc", 3, found));
            assert_memory_equal(found, expected, known[i].size);
        }
    }
    svms_camera_hasher_free(&hasher);
    svms_camera_hasher_free(&hasher);
    svms_ctx_free(&ctx);
}

static void pieces_are_not_disturbed_by_what_comes_between(void **state)
{
    (void)state;
    svms_ctx *ctx = fixture_context(NULL);
    svms_camera_hasher *hasher = hasher_for(ctx);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint8_t expected[64];
        uint8_t found[64];
        uint8_t other[64];
        from_hex(known[i].abc, expected, known[i].size);
        assert_true(svms_camera_hash_start(hasher, known[i].hash));
        assert_true(svms_camera_hash_update(hasher, "a", 1));
        assert_true(svms_camera_hash_once(hasher, known[i].hash, "abc", 3, other));
        assert_true(svms_camera_hash_update(hasher, NULL, 0));
        assert_true(svms_camera_hash_update(hasher, "bc", 2));
        assert_true(svms_camera_hash_finish(hasher, found));
        assert_memory_equal(found, expected, known[i].size);
        assert_memory_equal(other, expected, known[i].size);
    }
    svms_camera_hasher_free(&hasher);
    svms_ctx_free(&ctx);
}

static void nothing_is_finished_that_was_not_started(void **state)
{
    (void)state;
    svms_ctx *ctx = fixture_context(NULL);
    svms_camera_hasher *hasher = hasher_for(ctx);
    uint8_t out[64];
    assert_false(svms_camera_hash_update(hasher, "a", 1));
    assert_false(svms_camera_hash_finish(hasher, out));
    assert_true(svms_camera_hash_start(hasher, SVMS_CAMERA_SHA256));
    assert_true(svms_camera_hash_finish(hasher, out));
    assert_false(svms_camera_hash_finish(hasher, out));
    svms_camera_hasher_free(&hasher);
    svms_ctx_free(&ctx);
}

static void a_link_is_the_hash_of_both_as_one(void **state)
{
    (void)state;
    svms_ctx *ctx = fixture_context(NULL);
    svms_camera_hasher *hasher = hasher_for(ctx);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint8_t both[128];
        uint8_t expected[64];
        uint8_t found[64];
        size_t size = known[i].size;
        memset(both, 0x11, size);
        memset(both + size, 0x22, size);
        assert_int_equal(EVP_Q_digest(NULL, svms_camera_hash_name(known[i].hash), NULL, both,
                                      2 * size, expected, NULL),
                         1);
        assert_true(svms_camera_hash_link(hasher, known[i].hash, both, both + size, found));
        assert_memory_equal(found, expected, size);
        /* In place, as lists are made. */
        assert_true(svms_camera_hash_link(hasher, known[i].hash, both, both + size, both + size));
        assert_memory_equal(both + size, expected, size);
    }
    svms_camera_hasher_free(&hasher);
    svms_ctx_free(&ctx);
}

static void a_hash_is_found_by_its_oid(void **state)
{
    (void)state;
    static const uint8_t sha3[] = {
        0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x08
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        size_t size = 0;
        const uint8_t *oid = svms_camera_hash_oid(known[i].hash, &size);
        assert_int_equal(svms_camera_hash_of_oid(oid, size), known[i].hash);
        assert_int_equal(svms_camera_hash_of_oid(oid, size - 1), SVMS_CAMERA_HASHES);
    }
    assert_int_equal(svms_camera_hash_of_oid(sha3, sizeof sha3), SVMS_CAMERA_HASHES);
    assert_int_equal(svms_camera_hash_of_oid(sha3, 0), SVMS_CAMERA_HASHES);
}

static void an_unknown_hash_hashes_nothing(void **state)
{
    (void)state;
    svms_ctx *ctx = fixture_context(NULL);
    svms_camera_hasher *hasher = hasher_for(ctx);
    uint8_t out[64];
    size_t size = 1;
    assert_int_equal(svms_camera_hash_size(SVMS_CAMERA_HASHES), 0);
    assert_null(svms_camera_hash_name(SVMS_CAMERA_HASHES));
    assert_null(svms_camera_hash_oid(SVMS_CAMERA_HASHES, &size));
    assert_int_equal(size, 0);
    assert_false(svms_camera_hash_once(hasher, SVMS_CAMERA_HASHES, "abc", 3, out));
    assert_false(svms_camera_hash_start(hasher, SVMS_CAMERA_HASHES));
    svms_camera_hasher_free(&hasher);
    svms_ctx_free(&ctx);
}

static void without_memory_there_is_no_hasher(void **state)
{
    (void)state;
    fixture_allocator allocator = { 0 };
    svms_ctx *ctx = fixture_context(&allocator);
    svms_camera_hasher *hasher = NULL;
    allocator.count = 0;
    allocator.failing = 1;
    assert_int_equal(svms_camera_hasher_new(&hasher, ctx, NULL), SVMS_E_NO_MEMORY);
    assert_null(hasher);
    svms_ctx_free(&ctx);
    assert_int_equal(allocator.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_hash_gives_the_published_digest),
        cmocka_unit_test(pieces_are_not_disturbed_by_what_comes_between),
        cmocka_unit_test(nothing_is_finished_that_was_not_started),
        cmocka_unit_test(a_link_is_the_hash_of_both_as_one),
        cmocka_unit_test(a_hash_is_found_by_its_oid),
        cmocka_unit_test(an_unknown_hash_hashes_nothing),
        cmocka_unit_test(without_memory_there_is_no_hasher),
    };
    return cmocka_run_group_tests_name("signedvideo_hash", tests, NULL, NULL);
}
