/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of SEIs, compared with what was put together by hand from section 2 of the text. */
#include "../base/cmocka_all.h"

#include <string.h>

#include "../base/failing_allocator.h"
#include "sei_write.h"

static svms_ctx *ctx;

static int make_context(void **state)
{
    (void)state;
    return svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK ? 0 : -1;
}

static int free_context(void **state)
{
    (void)state;
    svms_ctx_free(&ctx);
    return 0;
}

static void expect(svms_builder *built, const void *expected, size_t size)
{
    assert_int_equal(built->status, SVMS_OK);
    assert_int_equal(built->size, size);
    assert_memory_equal(built->data, expected, size);
    svms_builder_clear(built);
}

#define UUID                                                                                       \
    0x00, 0x5B, 0xC9, 0x3F, 0x2D, 0x71, 0x5E, 0x95, 0xAD, 0xA4, 0x79, 0x6F, 0x90, 0x87, 0x7A, 0x6F
#define SHA256_OID 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01
#define SHA384_OID 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02
#define PSS_OID 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0A

static void a_certificate_sei_is_as_the_text_says(void **state)
{
    (void)state;
    static const uint8_t expected[] = {
        0x06, 5,       16 + 1 + 30 + 8 + 6 + 9,
        UUID, 0xC0, /* reserved */
        4,    0,       27,
        1,    11,      SHA256_OID,
        11,   PSS_OID, 0x08,
        0x00, 6,       0,
        5,    1,       1,
        'P',  'E',     'M',
        3,    0,       12,
        1,    0,       2,
        0xAB, 0xCD,    0,
        0,    0,       0,
        0,    0,       0,
        0x80,
    };
    svms_builder more = svms_builder_new(ctx, 1000);
    svms_put_sei_certificates(&more, true, (const uint8_t *)"PEM", 3);
    svms_sei_content content = { .codec = SVMS_CODEC_H264,
                                 .flags = SVMS_SEI_CERTIFICATE | SVMS_SEI_HASHED_ESCAPED,
                                 .hash = SVMS_CAMERA_SHA256,
                                 .rsa_bits = 2048,
                                 .more = more.data,
                                 .more_size = more.size,
                                 .room = 9 };
    svms_builder built = svms_builder_new(ctx, 1000);
    svms_put_sei_document(&built, &content);
    svms_put_sei_end(&built, (const uint8_t *)"\xAB\xCD", 2, 9);
    assert_int_equal(svms_sei_end_size(9), 3 + 3 + 9 + 1);
    expect(&built, expected, sizeof expected);
    svms_builder_clear(&more);
}

static void a_sei_of_a_gop_is_as_the_text_says(void **state)
{
    (void)state;
    uint8_t hashes[3 * 48];
    for (size_t i = 0; i < sizeof hashes; i++) {
        hashes[i] = (uint8_t)(i + 1);
    }
    static const uint8_t front[] = {
        0x4E,
        0x01,
        5,
        255,
        55,
        UUID,
        0x00,
        1,
        0,
        123,
        2,
        26,
        6,
        0,
        1,
        /* 2026-01-02T03:04:05.6789012Z is 134,117,966,456,789,012 */
        0x14,
        0x98,
        0xA7,
        0x74,
        0x94,
        0x7B,
        0xDC,
        0x01,
        0x15,
        0x98,
        0xA7,
        0x74,
        0x94,
        0x7B,
        0xDC,
        0x01,
        0x04,
        0x03,
        0x02,
        0x01,
        0x01,
        0x02,
    };
    static const uint8_t middle[] = { 4, 0, 16, 1, 11, SHA384_OID, 0, 0, 0, 2, 0, 145, 1 };
    const int64_t start = INT64_C(1767323045678901299);
    svms_sei_general general = { .is_partial = true,
                                 .start_utc_ns = start,
                                 .end_utc_ns = start + 1,
                                 .counter = 0x01020304,
                                 .count = 0x0102,
                                 .list_hash = hashes,
                                 .predecessor = hashes + 48 };
    svms_sei_content content = { .codec = SVMS_CODEC_H265,
                                 .general = &general,
                                 .hash = SVMS_CAMERA_SHA384,
                                 .list = hashes,
                                 .list_size = sizeof hashes };
    svms_builder expected = svms_builder_new(ctx, 1000);
    svms_put_bytes(&expected, front, sizeof front);
    svms_put_bytes(&expected, hashes, 96);
    svms_put_bytes(&expected, middle, sizeof middle);
    svms_put_bytes(&expected, hashes, sizeof hashes);
    svms_put_u8(&expected, 0x80);
    svms_builder built = svms_builder_new(ctx, 1000);
    svms_put_sei_document(&built, &content);
    svms_put_sei_end(&built, NULL, 0, 0);
    expect(&built, expected.data, expected.size);
    svms_builder_clear(&expected);
}

static void texts_that_are_not_there_have_no_bytes(void **state)
{
    (void)state;
    static const uint8_t expected[] = { 5, 0, 8, 1, 0, 3, 'a', 'b', 'c', 1, 'd' };
    svms_builder built = svms_builder_new(ctx, 100);
    svms_put_sei_vendor(&built, NULL, "abc", "d");
    expect(&built, expected, sizeof expected);
}

/* Payload sizes around multiples of 255. */
static void payload_sizes_have_a_byte_of_255_for_each_255(void **state)
{
    (void)state;
    static const struct {
        size_t payload;
        uint8_t bytes[4];
        size_t count;
    } cases[] = {
        { 254, { 254 }, 1 },      { 255, { 255, 0 }, 2 },      { 256, { 255, 1 }, 2 },
        { 509, { 255, 254 }, 2 }, { 510, { 255, 255, 0 }, 3 }, { 511, { 255, 255, 1 }, 3 },
    };
    static const uint8_t rubbish[600] = { 9 };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        /* UUID, reserved byte and tag 4 are 36 bytes. */
        svms_sei_content content = { .codec = SVMS_CODEC_H264,
                                     .hash = SVMS_CAMERA_SHA256,
                                     .more = rubbish,
                                     .more_size = cases[i].payload - 36 };
        svms_builder built = svms_builder_new(ctx, 10000);
        svms_put_sei_document(&built, &content);
        assert_int_equal(built.size, 2 + cases[i].count + cases[i].payload);
        assert_memory_equal(built.data + 2, cases[i].bytes, cases[i].count);
        svms_builder_clear(&built);
    }
}

static void emulation_prevention_stands_where_a_start_code_would(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        size_t in_size;
        const char *out;
        size_t out_size;
    } cases[] = {
        { "", 0, "", 0 },
        { "\0\0", 2, "\0\0", 2 },
        { "\0\0\0", 3, "\0\0\3\0", 4 },
        { "\0\0\1", 3, "\0\0\3\1", 4 },
        { "\0\0\2", 3, "\0\0\3\2", 4 },
        { "\0\0\3", 3, "\0\0\3\3", 4 },
        { "\0\0\4", 3, "\0\0\4", 3 },
        { "\0\1\0\0", 4, "\0\1\0\0", 4 },
        { "\0\0\0\0\0\0", 6, "\0\0\3\0\0\3\0\0", 8 },
        { "\0\0\0\0\1\x80", 6, "\0\0\3\0\0\3\1\x80", 8 },
        { "a\0\0\3\0\0\3b", 8, "a\0\0\3\3\0\0\3\3b", 10 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_builder built = svms_builder_new(ctx, 100);
        svms_put_escaped(&built, (const uint8_t *)cases[i].in, cases[i].in_size);
        assert_int_equal(built.status, SVMS_OK);
        assert_int_equal(built.size, cases[i].out_size);
        if (built.size > 0) {
            assert_memory_equal(built.data, cases[i].out, built.size);
        }
        svms_builder_clear(&built);
    }
}

static void what_does_not_fit_a_builder_is_told(void **state)
{
    (void)state;
    svms_sei_content content = { .codec = SVMS_CODEC_H264, .hash = SVMS_CAMERA_SHA256 };
    svms_builder built = svms_builder_new(ctx, 20);
    svms_put_sei_document(&built, &content);
    assert_int_equal(built.status, SVMS_E_LIMIT);
    svms_builder_clear(&built);
}

static svms_status write_all(svms_ctx *own, svms_error *err)
{
    svms_sei_content content = { .codec = SVMS_CODEC_H264,
                                 .hash = SVMS_CAMERA_SHA256,
                                 .room = 999 };
    static const uint8_t signature[999];
    svms_builder built = svms_builder_new(own, 10000);
    svms_builder escaped = svms_builder_new(own, 10000);
    svms_put_sei_document(&built, &content);
    svms_put_sei_end(&built, signature, sizeof signature, 999);
    svms_put_escaped(&escaped, built.data, built.size);
    svms_status status = svms_builder_check(&built, "a SEI", err);
    if (status == SVMS_OK) {
        status = svms_builder_check(&escaped, "a SEI", err);
    }
    svms_builder_clear(&built);
    svms_builder_clear(&escaped);
    return status;
}

static void allocations_that_fail_are_told(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(write_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_sei_is_as_the_text_says),
        cmocka_unit_test(a_sei_of_a_gop_is_as_the_text_says),
        cmocka_unit_test(texts_that_are_not_there_have_no_bytes),
        cmocka_unit_test(payload_sizes_have_a_byte_of_255_for_each_255),
        cmocka_unit_test(emulation_prevention_stands_where_a_start_code_would),
        cmocka_unit_test(what_does_not_fit_a_builder_is_told),
        cmocka_unit_test(allocations_that_fail_are_told),
    };
    return cmocka_run_group_tests(tests, make_context, free_context);
}
