/* SPDX-License-Identifier: Apache-2.0 */
/* A library without Jansson has the same functions, and says what it lacks. */
#include "../container/fixture.h"

#include <svms/profile.h>

#include "case_document.h"

static void what_needs_json_is_unsupported(void **state)
{
    fixture *fix = *state;
    svms_export_options options = SVMS_EXPORT_OPTIONS_INIT;
    svms_case_writer *writer = NULL;
    svms_case *document = NULL;
    svms_profile *profile = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_case_writer_new(&writer, fix->ctx, &options, T0, &err),
                     SVMS_E_UNSUPPORTED);
    assert_null(writer);
    svms_case_writer_free(&writer);
    assert_int_equal(svms_case_parse(&document, fix->ctx, "{}", 2, &err), SVMS_E_UNSUPPORTED);
    assert_null(document);
    svms_case_free(&document);
    assert_int_equal(svms_profile_parse(&profile, fix->ctx, "{}", 2, &err), SVMS_E_UNSUPPORTED);
    assert_string_equal(err.message, "this library was built without Jansson");
    assert_null(profile);
    svms_profile_free(&profile);
    assert_int_equal(svms_profile_parse(NULL, fix->ctx, "{}", 2, &err), SVMS_E_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_needs_json_is_unsupported),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
