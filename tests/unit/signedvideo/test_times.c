/* SPDX-License-Identifier: Apache-2.0 */
/* Times and counters in either order of bytes (CS-DOC-1). */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <svms/time.h>

#include "camera_document.h"
#include "sei_maker.h"

/* 2026-01-02T03:04:05Z in 100 ns since 1601, and in seconds since 1970. */
#define UNITS_2026 UINT64_C(134117966450000000)
#define SECONDS_2026 INT64_C(1767323045)
#define UNITS_1970 UINT64_C(116444736000000000)
#define UNITS_2262 (UNITS_1970 + UINT64_C(92146464000000000))
#define UNITS_PER_DAY UINT64_C(864000000000)
#define SECOND INT64_C(1000000000)

static svms_camera_document document_of(unsigned version, uint64_t start, uint64_t end,
                                        uint32_t counter, bool is_big_endian)
{
    svms_camera_document document;
    bytes numbers = { NULL, 0 };
    void (*put_number)(bytes *, uint64_t, unsigned) = is_big_endian ? put_be : put_le;
    memset(&document, 0, sizeof document);
    put_number(&numbers, start, 8);
    put_number(&numbers, end, 8);
    put_number(&numbers, counter, 4);
    document.general_version = (uint8_t)version;
    memcpy(document.start_bytes, numbers.data, 8);
    if (version > 1) {
        memcpy(document.end_bytes, numbers.data + 8, 8);
    }
    memcpy(document.counter_bytes, numbers.data + 16, 4);
    bytes_free(&numbers);
    return document;
}

static void each_order_is_known_by_its_times(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        bool is_big = i & 1;
        unsigned version = i & 2 ? 2 : 1;
        svms_camera_order before = i & 4 ? SVMS_CAMERA_BIG_ENDIAN : SVMS_CAMERA_LITTLE_ENDIAN;
        svms_camera_document document =
            document_of(version, UNITS_2026, UNITS_2026 + 20000000, 0x01020304, is_big);
        svms_camera_times times = svms_camera_document_times(&document, before);
        assert_int_equal(times.order, is_big ? SVMS_CAMERA_BIG_ENDIAN : SVMS_CAMERA_LITTLE_ENDIAN);
        assert_int_equal(times.from_utc_ns, SECONDS_2026 * SECOND);
        assert_int_equal(times.to_utc_ns,
                         version == 2 ? (SECONDS_2026 + 2) * SECOND : SVMS_NO_TIME);
        assert_int_equal(times.counter, 0x01020304);
    }
}

/* A time of our days from both sides. */
static void what_makes_sense_both_ways_is_as_before(void **state)
{
    static const uint64_t both = UINT64_C(0x01DA12345678DA01);
    (void)state;
    svms_camera_document document = document_of(2, both, both, 1, true);
    svms_camera_times little = svms_camera_document_times(&document, SVMS_CAMERA_LITTLE_ENDIAN);
    svms_camera_times big = svms_camera_document_times(&document, SVMS_CAMERA_BIG_ENDIAN);
    assert_int_equal(little.order, SVMS_CAMERA_LITTLE_ENDIAN);
    assert_int_equal(little.counter, 0x01000000);
    assert_int_equal(big.order, SVMS_CAMERA_BIG_ENDIAN);
    assert_int_equal(big.counter, 1);
    assert_true(little.from_utc_ns != SVMS_NO_TIME && big.from_utc_ns != SVMS_NO_TIME);
    /* An end that makes sense in one of them decides. */
    document = document_of(2, both, both + 1, 1, true);
    little = svms_camera_document_times(&document, SVMS_CAMERA_LITTLE_ENDIAN);
    assert_int_equal(little.order, SVMS_CAMERA_BIG_ENDIAN);
    assert_int_equal(little.to_utc_ns - little.from_utc_ns, 100);
}

static void what_makes_sense_in_no_way_is_as_before(void **state)
{
    (void)state;
    svms_camera_document document = document_of(2, 0, 0, 1, true);
    svms_camera_times times = svms_camera_document_times(&document, SVMS_CAMERA_BIG_ENDIAN);
    assert_int_equal(times.order, SVMS_CAMERA_BIG_ENDIAN);
    assert_int_equal(times.from_utc_ns, SVMS_NO_TIME);
    assert_int_equal(times.to_utc_ns, SVMS_NO_TIME);
    assert_int_equal(times.counter, 1);
    times = svms_camera_document_times(&document, SVMS_CAMERA_LITTLE_ENDIAN);
    assert_int_equal(times.order, SVMS_CAMERA_LITTLE_ENDIAN);
    assert_int_equal(times.counter, 0x01000000);
}

static void the_bounds_are_exact(void **state)
{
    static const struct {
        uint64_t start;
        uint64_t end;
        bool makes_sense;
        int64_t from;
    } cases[] = {
        { UNITS_1970, UNITS_1970, true, 0 },
        { UNITS_1970 - 1, UNITS_1970, false, SVMS_NO_TIME },
        { UNITS_2262 - 1, UNITS_2262 - 1, true, INT64_C(9214646400) * SECOND - 100 },
        { UNITS_2262, UNITS_2262, false, SVMS_NO_TIME },
        { UNITS_2262 - 1, UNITS_2262, false, INT64_C(9214646400) * SECOND - 100 },
        { UNITS_2026, UNITS_2026 - 1, false, SECONDS_2026 * SECOND },
        { UNITS_2026, UNITS_2026 + UNITS_PER_DAY, true, SECONDS_2026 * SECOND },
        { UNITS_2026, UNITS_2026 + UNITS_PER_DAY + 1, false, SECONDS_2026 * SECOND },
        { UINT64_MAX, UINT64_MAX, false, SVMS_NO_TIME },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_camera_document document = document_of(2, cases[i].start, cases[i].end, 9, true);
        svms_camera_times turned = svms_camera_document_times(&document, SVMS_CAMERA_LITTLE_ENDIAN);
        svms_camera_times times = svms_camera_document_times(&document, SVMS_CAMERA_BIG_ENDIAN);
        if ((turned.order == SVMS_CAMERA_BIG_ENDIAN) != cases[i].makes_sense) {
            fail_msg("case %zu makes %s sense", i, cases[i].makes_sense ? "no" : "some");
        }
        assert_int_equal(times.from_utc_ns, cases[i].from);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_order_is_known_by_its_times),
        cmocka_unit_test(what_makes_sense_both_ways_is_as_before),
        cmocka_unit_test(what_makes_sense_in_no_way_is_as_before),
        cmocka_unit_test(the_bounds_are_exact),
    };
    return cmocka_run_group_tests_name("signedvideo_times", tests, NULL, NULL);
}
