/* SPDX-License-Identifier: Apache-2.0 */
/* AlgorithmIdentifiers of sigC, and the two time scales. PSS_256, PSS_256_20 and PSS_512 were
 * cut out of certificates that openssl req -x509 made with -sigopt. */
#include <stdio.h>

#include "fixture.h"
#include "onvif_algorithm.h"
#include "onvif_file.h"

static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t size = strlen(hex) / 2;
    for (size_t i = 0; i < size; i++) {
        unsigned byte = 0;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out[i] = (uint8_t)byte;
    }
    return size;
}

#define PSS_256                                                                                    \
    "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886"         \
    "f70d010108300d06096086480165030402010500a203020120"
#define PSS_256_20                                                                                 \
    "303c06092a864886f70d01010a302fa00f300d06096086480165030402010500a11c301a06092a864886"         \
    "f70d010108300d06096086480165030402010500"
#define PSS_512                                                                                    \
    "304106092a864886f70d01010a3034a00f300d06096086480165030402030500a11c301a06092a864886"         \
    "f70d010108300d06096086480165030402030500a203020140"
/* The same without NULL, which RFC 4055 allows to read. */
#define PSS_BARE                                                                                   \
    "303d06092a864886f70d01010a3030a00d300b0609608648016503040201a11a301806092a864886f70d"         \
    "010108300b0609608648016503040201a203020120"

static void known_algorithms_are_read(void **state)
{
    static const struct {
        const char *hex;
        const char *name;
    } cases[] = {
        { PSS_256, "RSASSA-PSS, SHA-256, salt 32" },
        { PSS_BARE, "RSASSA-PSS, SHA-256, salt 32" },
        { PSS_256_20, "RSASSA-PSS, SHA-256, salt 20" },
        { PSS_512, "RSASSA-PSS, SHA-512, salt 64" },
        { "300d06092a864886f70d01010b0500", "RSASSA-PKCS1-v1_5, SHA-256" },
        { "300b06092a864886f70d01010b", "RSASSA-PKCS1-v1_5, SHA-256" },
        { "300d06092a864886f70d01010c0500", "RSASSA-PKCS1-v1_5, SHA-384" },
        { "300d06092a864886f70d01010d0500", "RSASSA-PKCS1-v1_5, SHA-512" },
        { "300a06082a8648ce3d040302", "ECDSA, SHA-256" },
        { "300a06082a8648ce3d040303", "ECDSA, SHA-384" },
        { "300a06082a8648ce3d040304", "ECDSA, SHA-512" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t der[128];
        char name[64];
        svms_onvif_algorithm found;
        size_t size = from_hex(cases[i].hex, der);
        assert_int_equal(svms_onvif_read_algorithm(&found, der, size, 0, NULL), SVMS_OK);
        svms_onvif_name_algorithm(name, sizeof(name), &found);
        assert_string_equal(name, cases[i].name);
        /* Not one byte less. */
        for (size_t cut = 0; cut < size; cut++) {
            assert_int_equal(svms_onvif_read_algorithm(&found, der, cut, 0, NULL),
                             SVMS_E_MALFORMED);
        }
    }
}

static void others_are_refused(void **state)
{
    static const struct {
        const char *hex;
        svms_status status;
    } cases[] = {
        { "300d06092a864886f70d0101050500", SVMS_E_UNSUPPORTED }, /* sha1WithRSAEncryption */
        { "300906072a8648ce3d0401", SVMS_E_UNSUPPORTED },         /* ecdsa-with-SHA1 */
        { "300506032b6570", SVMS_E_UNSUPPORTED },                 /* Ed25519 */
        { "300d06092a864886f70d01010a3000", SVMS_E_UNSUPPORTED }, /* PSS with SHA-1 */
        { "300b06092a864886f70d01010a", SVMS_E_MALFORMED },       /* PSS without parameters */
        { "300c06082a8648ce3d0403020400", SVMS_E_MALFORMED },     /* parameters where none are */
        { "300a06082a8648ce3d04030200", SVMS_E_MALFORMED },       /* a byte behind it */
        { "06082a8648ce3d040302", SVMS_E_MALFORMED },             /* no sequence */
        { "3000", SVMS_E_MALFORMED },
        { "30800608"
          "2a8648ce3d0403020000",
          SVMS_E_MALFORMED }, /* indefinite length */
        { "303d06092a864886f70d01010a3030a00d300b0609608648016503040201a11a301806092a864886f70d0101"
          "08"
          "300b0609608648016503040201a203020141",
          SVMS_E_UNSUPPORTED }, /* salt 65 */
        { "303d06092a864886f70d01010a3030a00d300b0609608648016503040201a11a301806092a864886f70d0101"
          "08"
          "300b0609608648016503040201a303020102",
          SVMS_E_UNSUPPORTED }, /* another trailer */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t der[128];
        svms_onvif_algorithm found = { SVMS_ONVIF_PKCS1, SVMS_ONVIF_SHA512, SVMS_ONVIF_SHA512, 7 };
        svms_error err = SVMS_ERROR_INIT;
        size_t size = from_hex(cases[i].hex, der);
        assert_int_equal(svms_onvif_read_algorithm(&found, der, size, 9, &err), cases[i].status);
        assert_true(err.offset == 9);
        assert_int_equal(found.salt, 7);
    }
}

static void times_go_both_ways(void **state)
{
    static const int64_t times[] = { 0, -SECOND, T0, T0 + 100, INT64_C(4102444800) * SECOND };
    uint64_t value = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        assert_true(svms_onvif_to_1601(times[i], &value));
        assert_true(svms_onvif_from_1601(value) == times[i]);
        assert_true(svms_onvif_to_1904(times[i], &value));
        assert_true(svms_onvif_from_1904(value) == times[i] - times[i] % SECOND);
    }
    assert_true(svms_onvif_from_1904(UINT64_MAX) == INT64_MIN);
    assert_true(svms_onvif_from_1904(0) == -INT64_C(2082844800) * SECOND);
    assert_true(svms_onvif_from_1601(0) == INT64_MIN);
    assert_true(svms_onvif_from_1601(UINT64_MAX) == INT64_MIN);
    assert_true(svms_onvif_from_1601(UINT64_C(116444736000000000)) == 0);
    assert_false(svms_onvif_to_1601(INT64_MIN, &value));
    assert_false(svms_onvif_to_1904(-INT64_C(2082844801) * SECOND, &value));
    /* Rounded down. */
    assert_true(svms_onvif_to_1601(-1, &value));
    assert_true(svms_onvif_from_1601(value) == -100);
    assert_true(svms_onvif_to_1601(INT64_MAX, &value) && svms_onvif_to_1904(INT64_MAX, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_algorithms_are_read),
        cmocka_unit_test(others_are_refused),
        cmocka_unit_test(times_go_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
