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
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(svms_role_name(cases[i].role), cases[i].name);
        assert_string_equal(svms_role_oid(cases[i].role), cases[i].oid);
    }
}

static void the_arc_is_a_uuid(void **state)
{
    (void)state;
    const uint8_t *der = svms_role_der(SVMS_ROLE_CAMERA);
    /* One byte for 2.25, 19 for at most 128 bits in base 128, one for the role. The first of the 19
     * groups of 7 bits holds bits 126 and 127 only. */
    assert_int_equal(SVMS_ROLE_DER_SIZE, 1 + 19 + 1);
    assert_in_range(der[1], 0x80, 0x83);
}

static void text_and_der_name_the_same_arc(void **state)
{
    (void)state;
    for (svms_role role = SVMS_ROLE_CAMERA; role <= SVMS_ROLE_KEY_OFFICER; role++) {
        ASN1_OBJECT *object = OBJ_txt2obj(svms_role_oid(role), 1);
        assert_non_null(object);
        assert_int_equal(OBJ_length(object), SVMS_ROLE_DER_SIZE);
        assert_memory_equal(OBJ_get0_data(object), svms_role_der(role), SVMS_ROLE_DER_SIZE);
        ASN1_OBJECT_free(object);
    }
}

static void other_values_have_no_arc(void **state)
{
    (void)state;
    assert_string_equal(svms_role_name(SVMS_ROLE_NONE), "none");
    assert_null(svms_role_oid(SVMS_ROLE_NONE));
    assert_string_equal(svms_role_name((svms_role)6), "unknown");
    assert_null(svms_role_oid((svms_role)6));
    assert_null(svms_role_der(SVMS_ROLE_NONE));
    assert_null(svms_role_der((svms_role)6));
    assert_string_equal(svms_role_name((svms_role)-1), "unknown");
    assert_null(svms_role_oid((svms_role)-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_role_has_a_name_and_an_arc),
        cmocka_unit_test(the_arc_is_a_uuid),
        cmocka_unit_test(text_and_der_name_the_same_arc),
        cmocka_unit_test(other_values_have_no_arc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
