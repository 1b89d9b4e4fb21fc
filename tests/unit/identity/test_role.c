/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <openssl/objects.h>

#include "certificate.h"

static void every_role_has_a_name_and_an_arc(void **state)
{
    (void)state;
    static const struct {
        svms_role role;
        const char *name;
        const char *oid;
    } cases[] = {
        { SVMS_ROLE_CAMERA, "camera", "2.25.132330503438125610743018859333830030049.1" },
        { SVMS_ROLE_RECORDER, "recorder", "2.25.132330503438125610743018859333830030049.2" },
        { SVMS_ROLE_EXPORTER, "exporter", "2.25.132330503438125610743018859333830030049.3" },
        { SVMS_ROLE_CUSTODIAN, "custodian", "2.25.132330503438125610743018859333830030049.4" },
        { SVMS_ROLE_KEY_OFFICER, "key-officer", "2.25.132330503438125610743018859333830030049.5" },
        { SVMS_ROLE_SERVER, "server", "2.25.132330503438125610743018859333830030049.16" },
        { SVMS_ROLE_CLIENT_DEVICE, "client-device",
          "2.25.132330503438125610743018859333830030049.17" },
        { SVMS_ROLE_USER, "user", "2.25.132330503438125610743018859333830030049.18" },
        { SVMS_ROLE_TIME_STAMPER, "time-stamper", "1.3.6.1.5.5.7.3.8" },
        { SVMS_ROLE_UPDATE, "update", "2.25.132330503438125610743018859333830030049.20" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(svms_role_name(cases[i].role), cases[i].name);
        assert_string_equal(svms_role_oid(cases[i].role), cases[i].oid);
    }
}

static void the_arc_is_a_uuid(void **state)
{
    (void)state;
    size_t size = 0;
    const uint8_t *der = svms_role_der(SVMS_ROLE_CAMERA, &size);
    /* One byte for 2.25, 19 for at most 128 bits in base 128, one for the role. The first of the 19
     * groups of 7 bits holds bits 126 and 127 only. */
    assert_int_equal(size, 1 + 19 + 1);
    assert_in_range(der[1], 0x80, 0x83);
}

static void text_and_der_name_the_same_arc(void **state)
{
    (void)state;
    unsigned count = 0;
    for (svms_role role = SVMS_ROLE_FIRST; role <= SVMS_ROLE_LAST; role++) {
        size_t size = 0;
        const uint8_t *der = svms_role_der(role, &size);
        if (!svms_role_oid(role)) {
            assert_null(der);
            continue;
        }
        ASN1_OBJECT *object = OBJ_txt2obj(svms_role_oid(role), 1);
        assert_non_null(object);
        assert_int_equal(OBJ_length(object), size);
        assert_memory_equal(OBJ_get0_data(object), der, size);
        ASN1_OBJECT_free(object);
        count++;
    }
    assert_int_equal(count, 10);
}

static void only_five_roles_sign_evidence(void **state)
{
    (void)state;
    for (int role = -1; role < 32; role++) {
        bool signs = svms_role_signs_evidence((svms_role)role);
        assert_int_equal(signs, role >= 1 && role <= 5);
    }
}

static void other_values_have_no_arc(void **state)
{
    (void)state;
    assert_string_equal(svms_role_name(SVMS_ROLE_NONE), "none");
    assert_null(svms_role_oid(SVMS_ROLE_NONE));
    static const int others[] = { -1, 6, 15, 21, 31, 32, 1 << 30 };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        size_t size = 1;
        assert_string_equal(svms_role_name((svms_role)others[i]), "unknown");
        assert_null(svms_role_oid((svms_role)others[i]));
        assert_null(svms_role_der((svms_role)others[i], &size));
        assert_int_equal(size, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_role_has_a_name_and_an_arc),
        cmocka_unit_test(the_arc_is_a_uuid),
        cmocka_unit_test(text_and_der_name_the_same_arc),
        cmocka_unit_test(only_five_roles_sign_evidence),
        cmocka_unit_test(other_values_have_no_arc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
