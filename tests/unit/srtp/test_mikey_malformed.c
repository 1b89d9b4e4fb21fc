/* SPDX-License-Identifier: Apache-2.0 */
/* MIKEY messages that are refused, and what is said of them (docs/spec/srtp.md, MK). */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "mikey_vectors.h"

#include <svms/svms.h>

/* Payloads by hand; the argument is the type of the next one. 19 bytes, 10, 18. */
#define HDR(next)                                                                                  \
    "0100" next "0001020304010000123456780000"                                                     \
    "0007"
#define TIME(next) next "00eead3ba080000000"
#define RND(next) next "10a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
/* Behind HDR the policy begins at byte 20, its parameters at 24. */
#define POLICY(size, parameters) "010000" size parameters
#define GCM_256 POLICY("0006", "000106010120")
#define CM POLICY("0000", "")
/* Key data of 32 + 12 bytes, and 30 joined. */
#define B16 "000102030405060708090a0b0c0d0e0f"
#define TEK_44 "0020002c" B16 B16 "404142434445464748494a4b"
#define TEK_30 "0020001e" B16 "404142434445464748494a4b4c4d"
#define KEY_44 "00000030" TEK_44 "00"
#define KEY_30 "00000022" TEK_30 "00"

typedef struct refused {
    const char *hex;
    svms_status status;
    uint64_t offset;
    const char *words;
} refused;

#define NOWHERE SVMS_NO_OFFSET

static const refused headers[] = {
    { "", SVMS_E_TRUNCATED, 0, "ends within the header" },
    { "02000000010203040000", SVMS_E_UNSUPPORTED, 0, "version 2" },
    { "01010000010203040000", SVMS_E_UNSUPPORTED, 1, "kind 1" },
    { "01020000010203040000", SVMS_E_UNSUPPORTED, 1, "kind 2" },
    { "01040000010203040000", SVMS_E_UNSUPPORTED, 1, "kind 4" },
    { "01000000010203040001", SVMS_E_UNSUPPORTED, 8, "map of sources of kind 1" },
    { "01000000010203040900", SVMS_E_LIMIT, 8, "more than 8 sources" },
    { "0100000001020304ff00", SVMS_E_LIMIT, 8, "more than 8 sources" },
    { "010000000102030401000012345678", SVMS_E_TRUNCATED, 15, "ends within the sources" },
    { HDR("00"), SVMS_E_MALFORMED, NOWHERE, "without key" },
    { HDR("00") "00", SVMS_E_MALFORMED, 19, "bytes behind the last payload" },
    { HDR("0a") GCM_256 KEY_44 "00", SVMS_E_MALFORMED, 83, "bytes behind the last payload" },
    { "01060c0001020304000000040000", SVMS_E_UNSUPPORTED, NOWHERE, "reports error 4" },
    { HDR("0c") "0a080000" GCM_256 KEY_44, SVMS_E_UNSUPPORTED, NOWHERE, "reports error 8" },
    { "01060000010203040000", SVMS_E_UNSUPPORTED, NOWHERE, "reports error 0" },
};

static const refused payloads[] = {
    { HDR("02") "0000000000", SVMS_E_UNSUPPORTED, 20, "a payload of type 2" },
    { HDR("03") "00", SVMS_E_UNSUPPORTED, 20, "a payload of type 3" },
    { HDR("14") "00", SVMS_E_UNSUPPORTED, 20, "a payload of type 20" },
    { HDR("ff") "00", SVMS_E_UNSUPPORTED, 20, "a payload of type 255" },
    { HDR("05") "0003", SVMS_E_UNSUPPORTED, 20, "a time stamp of kind 3" },
    { HDR("05") "0000eead3b", SVMS_E_TRUNCATED, 21, "ends within the time stamp" },
    { HDR("05") "000200000", SVMS_E_TRUNCATED, 21, "ends within the time stamp" },
    { HDR("05") TIME("05") TIME("00"), SVMS_E_MALFORMED, 30, "payload 5 stands twice" },
    { HDR("0b") RND("0b") RND("00"), SVMS_E_MALFORMED, 38, "payload 11 stands twice" },
    { HDR("0b") "0004a0a1a2a3", SVMS_E_MALFORMED, 20, "RAND of less than 16" },
    { HDR("0b") "0010a0a1a2a3", SVMS_E_TRUNCATED, 21, "ends within RAND" },
    { HDR("0b") "0041" B16 B16 B16 B16 "aa", SVMS_E_LIMIT, 20, "RAND of more than 64" },
    { HDR("06") "00000004aabb", SVMS_E_TRUNCATED, 23, "ends within an identity" },
    { HDR("15") "000000", SVMS_E_TRUNCATED, 21, "ends within an identity or extension" },
    { HDR("0a") "0a0000"
                "0006"
                "000106010120"
                "010000"
                "0006"
                "000106010120" KEY_44,
      SVMS_E_UNSUPPORTED, 31, "more than one security policy" },
    { HDR("01") KEY_30, SVMS_E_MALFORMED, NOWHERE, "no security policy" },
    { HDR("0a") "010100"
                "0000" KEY_30,
      SVMS_E_MALFORMED, NOWHERE, "names security policy 0" },
};

static const refused policies[] = {
    { HDR("0a") "010001"
                "0000" KEY_30,
      SVMS_E_UNSUPPORTED, 20, "another protocol" },
    { HDR("0a") "010000"
                "0100" KEY_30,
      SVMS_E_TRUNCATED, 24, "ends within a security policy" },
    { HDR("0a") POLICY("0002", "0005") KEY_30, SVMS_E_TRUNCATED, 26, "a security policy" },
    { HDR("0a") POLICY("0001", "00") KEY_30, SVMS_E_TRUNCATED, 25, "a security policy" },
    { HDR("0a") POLICY("0002", "0000") KEY_30, SVMS_E_MALFORMED, 24, "parameter 0" },
    { HDR("0a") POLICY("0006", "000101000101") KEY_30, SVMS_E_MALFORMED, 27, "stands twice" },
    { HDR("0a") POLICY("000b", "0609000000000000000000") KEY_30, SVMS_E_MALFORMED, 24,
      "parameter 6" },
    { HDR("0a") POLICY("0003", "0d0101") KEY_30, SVMS_E_UNSUPPORTED, 24, "parameter 13" },
    { HDR("0a") POLICY("0003", "150101") KEY_30, SVMS_E_UNSUPPORTED, 24, "parameter 21" },
    { HDR("0a") POLICY("0003", "000100") KEY_30, SVMS_E_POLICY, 24, "unencrypted SRTP" },
    { HDR("0a") POLICY("0003", "070100") KEY_30, SVMS_E_POLICY, 24, "unencrypted SRTP" },
    { HDR("0a") POLICY("0003", "080100") KEY_30, SVMS_E_POLICY, 24, "unencrypted SRTCP" },
    { HDR("0a") POLICY("0003", "0a0100") KEY_30, SVMS_E_POLICY, 24, "unauthenticated SRTP" },
    { HDR("0a") POLICY("0003", "020100") KEY_30, SVMS_E_POLICY, 24, "unauthenticated SRTP" },
    { HDR("0a") POLICY("0009", "000106010120070100") KEY_44, SVMS_E_POLICY, 24,
      "unencrypted SRTP" },
    { HDR("0a") POLICY("0009", "000106010120080100") KEY_44, SVMS_E_POLICY, 24,
      "unencrypted SRTCP" },
    { HDR("0a") POLICY("0003", "070102") KEY_30, SVMS_E_MALFORMED, 24, "neither on nor off" },
    { HDR("0a") POLICY("0003", "000102") KEY_30, SVMS_E_UNSUPPORTED, 24, "this encryption" },
    { HDR("0a") POLICY("0003", "020102") KEY_30, SVMS_E_UNSUPPORTED, 24, "this authentication" },
    { HDR("0a") POLICY("0003", "050101") KEY_30, SVMS_E_UNSUPPORTED, 24, "pseudo-random" },
    { HDR("0a") POLICY("0003", "060101") KEY_30, SVMS_E_UNSUPPORTED, 24, "derivation rate" },
    { HDR("0a") POLICY("0003", "0c0101") KEY_30, SVMS_E_UNSUPPORTED, 24, "prefix" },
    { HDR("0a") POLICY("0003", "010120") KEY_30, SVMS_E_UNSUPPORTED, 24, "AES-CM of these" },
    { HDR("0a") POLICY("0003", "04010c") KEY_30, SVMS_E_UNSUPPORTED, 24, "AES-CM of these" },
    { HDR("0a") POLICY("0003", "0b0104") KEY_30, SVMS_E_UNSUPPORTED, 24, "AES-CM of these" },
    { HDR("0a") POLICY("0003", "000106") KEY_44, SVMS_E_MALFORMED, 24, "how long keys are" },
    { HDR("0a") POLICY("0006", "000106010118") KEY_44, SVMS_E_UNSUPPORTED, 24, "AES-GCM of" },
    { HDR("0a") POLICY("0009", "000106010120140108") KEY_44, SVMS_E_UNSUPPORTED, 24, "AES-GCM of" },
    { HDR("0a") POLICY("0009", "00010601012004010e") KEY_44, SVMS_E_UNSUPPORTED, 24, "AES-GCM of" },
    { GST_AES_128_ICM_32, SVMS_E_UNSUPPORTED, 52, "AES-CM of these lengths" },
    { GST_AES_256_ICM_80, SVMS_E_UNSUPPORTED, 52, "AES-CM of these lengths" },
};

/* The key transport begins at byte 31, its key data at 34. */
static const refused keys[] = {
    { HDR("0a") GCM_256 "00010030" TEK_44 "00", SVMS_E_UNSUPPORTED, 31, "encrypted or auth" },
    { HDR("0a") GCM_256 "00000030" TEK_44 "01", SVMS_E_UNSUPPORTED, 31, "encrypted or auth" },
    { HDR("0a") GCM_256 "00000031" TEK_44 "00", SVMS_E_TRUNCATED, 83, "the key transport" },
    { HDR("0a") GCM_256 "0000002f" TEK_44 "00", SVMS_E_UNSUPPORTED, 31, "encrypted or auth" },
    { HDR("0a") GCM_256 "0000000000", SVMS_E_TRUNCATED, 34, "ends within the key" },
    { HDR("0a") GCM_256 "00000004"
                        "0020002c"
                        "00",
      SVMS_E_TRUNCATED, 38, "ends within the key" },
    { HDR("0a") GCM_256 "00000014"
                        "00000010" B16 "00",
      SVMS_E_UNSUPPORTED, 34, "type 0" },
    { HDR("0a") GCM_256 "00000014"
                        "00100010" B16 "00",
      SVMS_E_UNSUPPORTED, 34, "type 1" },
    { HDR("0a") GCM_256 "00000014"
                        "00f00010" B16 "00",
      SVMS_E_UNSUPPORTED, 34, "type 15" },
    { HDR("0a") GCM_256 "00000014"
                        "00300010" B16 "00",
      SVMS_E_TRUNCATED, 54, "the salt" },
    { HDR("0a") GCM_256 "00000016"
                        "00300010" B16 "000c"
                        "00",
      SVMS_E_TRUNCATED, 56, "the salt" },
    { HDR("0a") GCM_256 "00000014"
                        "00200010" B16 "00",
      SVMS_E_MALFORMED, 34, "as long as" },
    { HDR("0a") GCM_256 "00000024"
                        "00200020" B16 B16 "00",
      SVMS_E_MALFORMED, 34, "as long as" },
    { HDR("0a") GCM_256 "00000022" TEK_30 "00", SVMS_E_MALFORMED, 34, "as long as" },
    { HDR("0a") GCM_256 "00000026"
                        "00300020" B16 B16 "0000"
                        "00",
      SVMS_E_MALFORMED, 34, "as long as" },
    { HDR("0a") CM "00000030" TEK_44 "00", SVMS_E_MALFORMED, 28, "as long as" },
    { HDR("0a") GCM_256 "00000030"
                        "0120002c" B16 B16 "404142434445464748494a4b"
                        "00",
      SVMS_E_MALFORMED, 82, "no key stands among the keys" },
    { HDR("0a") GCM_256 "00000031"
                        "0021002c" B16 B16 "404142434445464748494a4b"
                        "00"
                        "00",
      SVMS_E_MALFORMED, 82, "an MKI without bytes" },
    { HDR("0a") GCM_256 "00000030"
                        "0021002c" B16 B16 "404142434445464748494a4b"
                        "00",
      SVMS_E_TRUNCATED, 82, "ends within the MKI" },
    { HDR("0a") GCM_256 "00000042"
                        "0021002c" B16 B16 "404142434445464748494a4b"
                        "11" B16 "aa"
                        "00",
      SVMS_E_LIMIT, 82, "an MKI of more than 16" },
    { HDR("0a") GCM_256 "00000032"
                        "0022002c" B16 B16 "404142434445464748494a4b"
                        "0000"
                        "00",
      SVMS_E_UNSUPPORTED, 34, "whose validity is no MKI" },
    { HDR("0a") GCM_256 "00000031" TEK_44 "aa"
                        "00",
      SVMS_E_MALFORMED, 82, "among the keys" },
    { HDR("0a") GCM_256 "01"
                        "000030" TEK_44 "00" KEY_44,
      SVMS_E_MALFORMED, 84, "stands twice" },
};

static size_t from_hex(uint8_t *out, const char *hex)
{
    size_t size = strlen(hex) / 2;
    for (size_t i = 0; i < size; i++) {
        char pair[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
        out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return size;
}

/* A result that shows whether it was touched. */
static svms_mikey marked(void)
{
    svms_mikey m;
    memset(&m, 0x5A, sizeof m);
    m.struct_size = sizeof m;
    return m;
}

static void assert_refused(const refused *one)
{
    uint8_t data[512];
    svms_mikey m = marked();
    const svms_mikey untouched = marked();
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_mikey_read(&m, data, from_hex(data, one->hex), NULL, &err);
    if (status != one->status || err.offset != one->offset || !strstr(err.message, one->words)) {
        fail_msg("%s: %d at %lld: %s; expected %d at %lld: %s", one->hex, (int)status,
                 (long long)err.offset, err.message, (int)one->status, (long long)one->offset,
                 one->words);
    }
    assert_memory_equal(&m, &untouched, sizeof m);
}

static void assert_all_refused(const refused *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_refused(&list[i]);
    }
}

#define ALL(list) list, sizeof(list) / sizeof(list)[0]

static void bad_headers_are_refused(void **state)
{
    (void)state;
    assert_all_refused(ALL(headers));
}

static void bad_payloads_are_refused(void **state)
{
    (void)state;
    assert_all_refused(ALL(payloads));
}

static void weak_and_strange_policies_are_refused(void **state)
{
    (void)state;
    assert_all_refused(ALL(policies));
}

static void bad_keys_are_refused(void **state)
{
    (void)state;
    assert_all_refused(ALL(keys));
}

/* The tables are about what they say: their parts make messages that are read. */
static void the_parts_of_the_tables_are_sound(void **state)
{
    (void)state;
    static const char *const sound[] = {
        HDR("0a") GCM_256 KEY_44,
        HDR("0a") CM KEY_30,
        HDR("05") TIME("0b") RND("0a") GCM_256 KEY_44,
        HDR("0b") RND("06") "05000002abcd" TIME("15") "0a000002abcd" GCM_256 KEY_44,
        HDR("01") "0a000030" TEK_44 "00"
                  "000000"
                  "0006"
                  "000106010120",
        HDR("0a") POLICY("0009", "0001060101200a0100") KEY_44,
        HDR("0a") POLICY("000a", "06080000000000000000") KEY_30,
        HDR("0a") POLICY("0003", "090101") KEY_30,
    };
    for (size_t i = 0; i < sizeof sound / sizeof sound[0]; i++) {
        uint8_t data[512];
        svms_mikey m = SVMS_MIKEY_INIT;
        svms_error err = SVMS_ERROR_INIT;
        if (svms_mikey_read(&m, data, from_hex(data, sound[i]), NULL, &err) != SVMS_OK) {
            fail_msg("%s: %s", sound[i], err.message);
        }
    }
}

static void a_message_that_ends_early_is_told_to_be_truncated(void **state)
{
    (void)state;
    uint8_t data[512];
    size_t whole = from_hex(data, WRITTEN_256_GCM_ONVIF);
    for (size_t size = 0; size < whole; size++) {
        svms_mikey m = marked();
        const svms_mikey untouched = marked();
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_mikey_read(&m, data, size, NULL, &err), SVMS_E_TRUNCATED);
        assert_true(err.offset <= size);
        assert_memory_equal(&m, &untouched, sizeof m);
    }
}

static void too_many_payloads_are_refused(void **state)
{
    (void)state;
    uint8_t data[256];
    size_t size = from_hex(data, "01000600010203040000");
    for (unsigned i = 0; i < 33; i++) {
        size += from_hex(data + size, "06000000");
    }
    svms_mikey m = SVMS_MIKEY_INIT;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_mikey_read(&m, data, size, NULL, &err), SVMS_E_LIMIT);
    assert_string_equal(err.message, "MIKEY: more than 32 payloads");
}

static void a_message_that_is_too_long_is_not_looked_at(void **state)
{
    (void)state;
    static uint8_t data[SVMS_MIKEY_SIZE_MAX + 1];
    static char text[SVMS_MIKEY_TEXT_SIZE];
    svms_mikey m = SVMS_MIKEY_INIT;
    assert_int_equal(svms_mikey_read(&m, data, sizeof data, NULL, NULL), SVMS_E_LIMIT);
    memset(text, 'A', sizeof text);
    assert_int_equal(svms_mikey_read_text(&m, text, sizeof text, NULL, NULL), SVMS_E_LIMIT);
}

static void text_that_is_no_base64_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "A", "AQAFAP1t d9AB", "AQAFAP1\n", "AQ-_", "AQA", "AQA=="
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        svms_mikey m = SVMS_MIKEY_INIT;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_mikey_read_text(&m, texts[i], strlen(texts[i]), NULL, &err),
                         SVMS_E_MALFORMED);
        assert_string_equal(err.message, "the text of a MIKEY message is no base64");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_headers_are_refused),
        cmocka_unit_test(bad_payloads_are_refused),
        cmocka_unit_test(weak_and_strange_policies_are_refused),
        cmocka_unit_test(bad_keys_are_refused),
        cmocka_unit_test(the_parts_of_the_tables_are_sound),
        cmocka_unit_test(a_message_that_ends_early_is_told_to_be_truncated),
        cmocka_unit_test(too_many_payloads_are_refused),
        cmocka_unit_test(a_message_that_is_too_long_is_not_looked_at),
        cmocka_unit_test(text_that_is_no_base64_is_refused),
    };
    return cmocka_run_group_tests_name("mikey_malformed", tests, NULL, NULL);
}
