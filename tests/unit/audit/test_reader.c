/* SPDX-License-Identifier: Apache-2.0 */
/* Readers: they see what was acknowledged, as it was signed, while somebody appends; and they find
 * what was changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reader_case.h"

static void records_are_read_by_number(void **state)
{
    reader_case *f = *state;
    svms_audit_log *log = reader_case_log(f);
    reader_case_append(log, 0, 1000);
    reader_case_close(&log);
    svms_audit_reader *reader = reader_case_reader(f);
    svms_audit_head head = reader_case_head(reader);
    assert_int_equal(head.size, READER_CASE_OPENING + 1000);
    assert_int_equal(head.published, head.size);
    assert_int_equal(head.epoch, 1);
    for (unsigned i = 0; i < 1000; i += 7) {
        reader_case_expect(reader, READER_CASE_OPENING + (i * 389 % 1000), i * 389 % 1000);
    }
    svms_audit_reader_close(&reader);
}

static void what_is_in_the_journal_only_is_read_there(void **state)
{
    reader_case *f = *state;
    svms_audit_log *log = reader_case_log(f);
    svms_audit_reader *reader = reader_case_reader(f);
    assert_int_equal(reader_case_head(reader).size, READER_CASE_OPENING);
    for (unsigned i = 0; i < 300; i++) {
        reader_case_append(log, i, 1);
    }
    assert_int_equal(svms_audit_reader_refresh(reader, NULL), SVMS_OK);
    svms_audit_head head = reader_case_head(reader);
    assert_int_equal(head.size, READER_CASE_OPENING + 300);
    assert_int_equal(head.published, READER_CASE_OPENING);
    svms_audit_head signed_head = SVMS_AUDIT_HEAD_INIT;
    assert_int_equal(svms_audit_log_head(log, &signed_head, NULL), SVMS_OK);
    assert_memory_equal(head.root, signed_head.root, sizeof head.root);
    for (unsigned i = 0; i < 300; i++) {
        reader_case_expect(reader, READER_CASE_OPENING + i, i);
    }
    svms_audit_reader_close(&reader);
    reader_case_close(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_are_read_by_number, reader_case_set_up,
                                        reader_case_tear_down),
        cmocka_unit_test_setup_teardown(what_is_in_the_journal_only_is_read_there,
                                        reader_case_set_up, reader_case_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
