/* SPDX-License-Identifier: Apache-2.0 */
/* SEIs of Axis Signed Video that are read, that break the format, and that have a form which is not
 * validated, each with the status and the words that tell it (CS-AX-1, CS-AX-2, CS-AX-7). */
#include "../base/cmocka_all.h"

#include <string.h>

#include <svms/time.h>

#include "../identity/fixture.h"
#include "camera_document.h"
#include "nal_internal.h"
#include "sei_maker.h"

#define UUID "5369676e656420566964656f2e2e2e30"
/* Elements. Counter 9, two hashes, software 1.2.3. */
#define GENERAL_1                                                                                  \
    "010a"                                                                                         \
    "01"                                                                                           \
    "00000009"                                                                                     \
    "0002"                                                                                         \
    "010203"
#define GENERAL_2                                                                                  \
    "0113"                                                                                         \
    "02"                                                                                           \
    "00000009"                                                                                     \
    "0002"                                                                                         \
    "010203"                                                                                       \
    "01"                                                                                           \
    "00060bd2cb7d4000"
#define GENERAL_3                                                                                  \
    "014b"                                                                                         \
    "03"                                                                                           \
    "00000009"                                                                                     \
    "0002"                                                                                         \
    "010203"                                                                                       \
    "02" H20 H20
#define H20 "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define KEY                                                                                        \
    "020004"                                                                                       \
    "02"                                                                                           \
    "6b6579"
#define PRODUCT                                                                                    \
    "03000f"                                                                                       \
    "01"                                                                                           \
    "0100"                                                                                         \
    "026600"                                                                                       \
    "027300"                                                                                       \
    "026d00"                                                                                       \
    "026100"
#define LIST                                                                                       \
    "040041"                                                                                       \
    "01" H20 H20
#define SIGNATURE                                                                                  \
    "050006"                                                                                       \
    "02"                                                                                           \
    "00"                                                                                           \
    "0001"                                                                                         \
    "aa"                                                                                           \
    "01"
#define SIGNATURE_1                                                                                \
    "050006"                                                                                       \
    "01"                                                                                           \
    "00"                                                                                           \
    "01"                                                                                           \
    "0001"                                                                                         \
    "aa"
#define SHA256                                                                                     \
    "070d"                                                                                         \
    "01"                                                                                           \
    "0b"                                                                                           \
    "0609608648016503040201"
#define VENDOR                                                                                     \
    "810006"                                                                                       \
    "01"                                                                                           \
    "00"                                                                                           \
    "70656d21"

static svms_ctx *ctx;

static unsigned nibble(char digit)
{
    return digit <= '9' ? (unsigned)(digit - '0') : (unsigned)(digit - 'a') + 10;
}

static bytes sei_of(unsigned reserved, const char *elements)
{
    bytes out = { NULL, 0 };
    size_t size = 17 + strlen(elements) / 2;
    put(&out, "\x06\x05", 2);
    put_fill(&out, 0xFF, size / 255);
    put_byte(&out, (unsigned)(size % 255));
    for (const char *at = UUID; *at; at += 2) {
        put_byte(&out, nibble(at[0]) << 4 | nibble(at[1]));
    }
    put_byte(&out, reserved);
    for (const char *at = elements; *at; at += 2) {
        put_byte(&out, nibble(at[0]) << 4 | nibble(at[1]));
    }
    put_byte(&out, 0x80);
    return out;
}

static svms_status read_sei(svms_camera_document *document, const bytes *sei, svms_error *err)
{
    svms_nal nal = SVMS_NAL_INIT;
    assert_true(svms_nal_over(&nal, SVMS_CODEC_H264, sei->data, sei->size));
    svms_camera_nal found = svms_camera_nal_of(SVMS_CODEC_H264, &nal);
    assert_int_equal(found.kind, SVMS_CAMERA_NAL_SEI);
    assert_true(found.is_axis);
    return svms_camera_document_read(document, ctx, SVMS_CODEC_H264, &found, err);
}

static const struct {
    unsigned reserved;
    const char *elements;
    const char *words;
} malformed[] = {
    { 0x00, "", "a SEI of Axis has no signature" },
    { 0x01, GENERAL_1 LIST SIGNATURE, "reserved bits of a SEI are set: 0x01" },
    { 0x00, "09", "a SEI of Axis has no element 9" },
    { 0x00, "00", "a SEI of Axis has no element 0" },
    { 0x00,
      "80"
      "0000",
      "a SEI of Axis has no element 128" },
    { 0x00, "01", "element 1 of a SEI reaches beyond its end" },
    { 0x00, "0500", "element 5 of a SEI reaches beyond its end" },
    { 0x00, "01ff01", "element 1 of a SEI reaches beyond its end" },
    { 0x00, "040fff01", "element 4 of a SEI reaches beyond its end" },
    { 0x00, GENERAL_1 LIST, "a SEI of Axis has no signature" },
    { 0x00, LIST SIGNATURE, "a SEI does not say what it covers" },
    { 0x00, GENERAL_1 LIST SIGNATURE KEY, "element 2 of a SEI stands behind the signature" },
    { 0x00, GENERAL_1 GENERAL_1 LIST SIGNATURE, "element 1 of a SEI comes twice" },
    { 0x00, GENERAL_1 VENDOR VENDOR LIST SIGNATURE, "element 129 of a SEI comes twice" },
    { 0x00, "0100", "element 1 of a SEI does not hold what it should" },
    { 0x00,
      "0101"
      "00",
      "element 1 of a SEI does not hold what it should" },
    { 0x00,
      "0109"
      "01"
      "00000009"
      "0002"
      "0102",
      "element 1 of a SEI does not hold what it should" },
    { 0x00,
      "010b"
      "02"
      "00000009"
      "0002"
      "010203"
      "04",
      "element 1 of a SEI does not hold what it should" },
    { 0x00,
      "010b"
      "02"
      "00000009"
      "0002"
      "010203"
      "01",
      "element 1 of a SEI does not hold what it should" },
    { 0x30,
      "010b"
      "03"
      "00000009"
      "0002"
      "010203"
      "00",
      "element 1 of a SEI does not hold what it should" },
    { 0x30,
      "010c"
      "03"
      "00000009"
      "0002"
      "010203"
      "00"
      "a1",
      "element 1 of a SEI does not hold what it should" },
    { 0x00,
      "020001"
      "02",
      "element 2 of a SEI does not hold what it should" },
    { 0x00,
      "020001"
      "01",
      "element 2 of a SEI does not hold what it should" },
    { 0x00,
      "030003"
      "01"
      "0266",
      "element 3 of a SEI does not hold what it should" },
    { 0x00,
      "030007"
      "01"
      "0100"
      "0100"
      "0100",
      "element 3 of a SEI does not hold what it should" },
    { 0x00,
      "040001"
      "01",
      "element 4 of a SEI does not hold what it should" },
    { 0x00,
      "050004"
      "02"
      "00"
      "0001",
      "element 5 of a SEI does not hold what it should" },
    { 0x00,
      "050004"
      "02"
      "00"
      "0000",
      "element 5 of a SEI does not hold what it should" },
    { 0x00,
      "050006"
      "01"
      "00"
      "02"
      "0001"
      "aa",
      "element 5 of a SEI does not hold what it should" },
    { 0x00,
      "0702"
      "01"
      "05",
      "element 7 of a SEI does not hold what it should" },
    { 0x00,
      "0705"
      "01"
      "01"
      "060606",
      "element 7 of a SEI does not hold what it should" },
    { 0x00,
      "810002"
      "01"
      "00",
      "element 129 of a SEI does not hold what it should" },
    { 0x00,
      "810003"
      "02"
      "00"
      "70",
      "element 129 of a SEI does not hold what it should" },
    { 0x00,
      "810003"
      "01"
      "05"
      "70",
      "element 129 of a SEI does not hold what it should" },
    { 0x00,
      GENERAL_1 "810004"
                "01"
                "01"
                "aa"
                "70" LIST SIGNATURE,
      "a SEI attests a key that it does not bring" },
    { 0x40, SIGNATURE, "a golden SEI is more, or less, than a key" },
    { 0x40, GENERAL_1 KEY SIGNATURE, "a golden SEI is more, or less, than a key" },
    { 0x40, LIST KEY SIGNATURE, "a golden SEI is more, or less, than a key" },
    { 0x00,
      GENERAL_1 SHA256 "040022"
                       "01" H20 "a1" SIGNATURE,
      "the list of a SEI is no number of hashes" },
    { 0x30,
      "010d"
      "03"
      "00000009"
      "0002"
      "010203"
      "00"
      "a1a1" SHA256 SIGNATURE,
      "the hashes of a SEI are of another size than those of its algorithm" },
};

static const struct {
    unsigned reserved;
    const char *elements;
} unsupported[] = {
    { 0x00, "0101"
            "04" LIST SIGNATURE },
    { 0x30, GENERAL_1 LIST SIGNATURE },
    { 0x30, GENERAL_2 LIST SIGNATURE },
    { 0x00, GENERAL_3 LIST SIGNATURE },
    { 0x20, GENERAL_3 LIST SIGNATURE },
    { 0x10, GENERAL_3 LIST SIGNATURE },
    { 0x60, KEY SIGNATURE },
    { 0x00, GENERAL_2 SIGNATURE },
    { 0x00, GENERAL_2 "050006"
                      "01"
                      "00"
                      "00"
                      "0001"
                      "aa" },
    { 0x00, GENERAL_2 LIST "050006"
                           "01"
                           "00"
                           "00"
                           "0001"
                           "aa" },
};

static void what_breaks_the_format_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        svms_camera_document document;
        svms_error err = SVMS_ERROR_INIT;
        bytes sei = sei_of(malformed[i].reserved, malformed[i].elements);
        svms_status status = read_sei(&document, &sei, &err);
        if (status != SVMS_E_MALFORMED || strcmp(err.message, malformed[i].words) != 0) {
            fail_msg("case %zu: status %d, %s", i, (int)status, err.message);
        }
        assert_null(document.bytes);
        bytes_free(&sei);
    }
}

static void forms_that_are_not_validated_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof unsupported / sizeof unsupported[0]; i++) {
        svms_camera_document document;
        svms_error err = SVMS_ERROR_INIT;
        bytes sei = sei_of(unsupported[i].reserved, unsupported[i].elements);
        svms_status status = read_sei(&document, &sei, &err);
        if (status != SVMS_E_UNSUPPORTED) {
            fail_msg("case %zu: status %d, %s", i, (int)status, err.message);
        }
        bytes_free(&sei);
    }
}

static void what_it_says_is_read(void **state)
{
    (void)state;
    svms_camera_document document;
    bytes sei = sei_of(0x00, GENERAL_2 KEY PRODUCT SHA256 LIST VENDOR SIGNATURE_1);
    assert_int_equal(read_sei(&document, &sei, NULL), SVMS_OK);
    assert_int_equal(document.format, SVMS_CAMERA_FORMAT_AXIS_1);
    assert_int_equal(document.axis_counter, 9);
    assert_int_equal(document.axis_utc_ns, INT64_C(0x00060bd2cb7d4000) * 1000);
    assert_int_equal(document.count, 1);
    assert_int_equal(document.list_count, 1);
    assert_ptr_equal(document.successor, document.list + 32);
    assert_null(document.predecessor);
    assert_memory_equal(document.public_pem.data, "key", 3);
    assert_memory_equal(document.maker_pem.data, "pem!", 4);
    assert_int_equal(document.attestation.size, 0);
    assert_int_equal(document.firmware.size, 1);
    assert_memory_equal(document.serial.data, "s", 1);
    assert_memory_equal(document.manufacturer.data, "m", 1);
    assert_int_equal(document.signature_size, 1);
    assert_int_equal(document.hashed_size, sei.size - 1 - 9);
    svms_camera_document_clear(&document);
    bytes_free(&sei);
}

static void the_second_generation_says_what_is_before(void **state)
{
    (void)state;
    svms_camera_document document;
    bytes sei = sei_of(0xB0, SHA256 GENERAL_3 LIST SIGNATURE);
    assert_int_equal(read_sei(&document, &sei, NULL), SVMS_OK);
    assert_int_equal(document.format, SVMS_CAMERA_FORMAT_AXIS_2);
    assert_int_equal(document.axis_utc_ns, SVMS_NO_TIME);
    assert_true(document.is_partial);
    assert_int_equal(document.count, 2);
    assert_null(document.successor);
    assert_non_null(document.predecessor);
    svms_camera_document_clear(&document);
    bytes_free(&sei);
}

static void a_golden_sei_brings_a_key(void **state)
{
    (void)state;
    svms_camera_document document;
    bytes sei = sei_of(0x70, KEY SIGNATURE);
    assert_int_equal(read_sei(&document, &sei, NULL), SVMS_OK);
    assert_true(document.is_certificate);
    assert_false(document.has_general);
    svms_camera_document_clear(&document);
    bytes_free(&sei);
}

static int open_context(void **state)
{
    (void)state;
    return svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK ? 0 : -1;
}

static int close_context(void **state)
{
    (void)state;
    svms_ctx_free(&ctx);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_breaks_the_format_is_told),
        cmocka_unit_test(forms_that_are_not_validated_are_told),
        cmocka_unit_test(what_it_says_is_read),
        cmocka_unit_test(the_second_generation_says_what_is_before),
        cmocka_unit_test(a_golden_sei_brings_a_key),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
