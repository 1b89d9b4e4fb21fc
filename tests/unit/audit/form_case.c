/* SPDX-License-Identifier: Apache-2.0 */
#include "form_case.h"

#include <stdlib.h>

int form_case_set_up(void **state)
{
    form_case *f = calloc(1, sizeof *f);
    assert_non_null(f);
    assert_int_equal(svms_ctx_new(&f->ctx, NULL, NULL), SVMS_OK);
    *state = f;
    return 0;
}

int form_case_tear_down(void **state)
{
    form_case *f = *state;
    svms_ctx_free(&f->ctx);
    free(f);
    return 0;
}

void form_case_write(form_case *f, svms_audit_form form, uint64_t index, const void *record,
                     size_t size)
{
    svms_audit_form_options options = SVMS_AUDIT_FORM_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    options.form = form;
    f->size = sizeof f->line;
    svms_status status =
        svms_audit_form_record(f->ctx, &options, index, record, size, f->line, &f->size, &err);
    if (status != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(strlen(f->line), f->size);
}

void form_case_expect(form_case *f, svms_audit_form form, uint64_t index, const char *record,
                      const char *expected)
{
    form_case_write(f, form, index, record, strlen(record));
    assert_string_equal(f->line, expected);
}
