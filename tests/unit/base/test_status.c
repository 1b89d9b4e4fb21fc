/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include <stdio.h>

#include <svms/status.h>
#include <svms/version.h>

static const struct {
    svms_status status;
    const char *name;
    svms_status_kind kind;
} table[] = {
    { SVMS_OK, "ok", SVMS_CLASS_SUCCESS },
    { SVMS_END, "end", SVMS_CLASS_SUCCESS },
    { SVMS_AGAIN, "again", SVMS_CLASS_SUCCESS },
    { SVMS_E_USAGE, "usage", SVMS_CLASS_USAGE },
    { SVMS_E_STATE, "state", SVMS_CLASS_USAGE },
    { SVMS_E_UNSUPPORTED, "unsupported", SVMS_CLASS_USAGE },
    { SVMS_E_NO_MEMORY, "no_memory", SVMS_CLASS_ENVIRONMENT },
    { SVMS_E_IO, "io", SVMS_CLASS_ENVIRONMENT },
    { SVMS_E_CRYPTO, "crypto", SVMS_CLASS_ENVIRONMENT },
    { SVMS_E_CANCELLED, "cancelled", SVMS_CLASS_ENVIRONMENT },
    { SVMS_E_EXISTS, "exists", SVMS_CLASS_ENVIRONMENT },
    { SVMS_E_MALFORMED, "malformed", SVMS_CLASS_MALFORMED },
    { SVMS_E_TRUNCATED, "truncated", SVMS_CLASS_MALFORMED },
    { SVMS_E_LIMIT, "limit", SVMS_CLASS_MALFORMED },
    { SVMS_E_NOT_AUTHENTIC, "not_authentic", SVMS_CLASS_EVIDENCE },
    { SVMS_E_UNDECRYPTABLE, "undecryptable", SVMS_CLASS_EVIDENCE },
    { SVMS_E_UNTRUSTED, "untrusted", SVMS_CLASS_EVIDENCE },
    { SVMS_E_INCOMPLETE, "incomplete", SVMS_CLASS_EVIDENCE },
    { SVMS_E_WRONG_KEY, "wrong_key", SVMS_CLASS_EVIDENCE },
    { SVMS_E_POLICY, "policy", SVMS_CLASS_POLICY },
    { SVMS_E_INTERNAL, "internal", SVMS_CLASS_INTERNAL },
};

static void every_status_has_its_name_and_class(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_string_equal(svms_status_name(table[i].status), table[i].name);
        assert_int_equal(svms_status_class(table[i].status), table[i].kind);
    }
}

static void unlisted_failures_count_as_defects_and_have_no_name(void **state)
{
    (void)state;
    static const int unlisted[] = { -1, -99, -103, -150, -305, -501, -899, -1000 };
    for (size_t i = 0; i < sizeof unlisted / sizeof unlisted[0]; i++) {
        assert_string_equal(svms_status_name((svms_status)unlisted[i]), "unknown");
        assert_int_equal(svms_status_class((svms_status)unlisted[i]), SVMS_CLASS_INTERNAL);
    }
    assert_string_equal(svms_status_name((svms_status)3), "unknown");
    assert_int_equal(svms_status_class((svms_status)3), SVMS_CLASS_SUCCESS);
}

static void the_version_text_agrees_with_the_numbers(void **state)
{
    (void)state;
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", SVMS_VERSION_MAJOR, SVMS_VERSION_MINOR,
             SVMS_VERSION_PATCH);
    assert_string_equal(svms_version(), text);
    assert_string_equal(SVMS_VERSION_TEXT, text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_name_and_class),
        cmocka_unit_test(unlisted_failures_count_as_defects_and_have_no_name),
        cmocka_unit_test(the_version_text_agrees_with_the_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
