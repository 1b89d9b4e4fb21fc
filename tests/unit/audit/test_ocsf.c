/* SPDX-License-Identifier: Apache-2.0 */
/* docs/ocsf.md has a row for each event of the catalogue, and no others; its numbers fit together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <svms/audit.h>

#define LINE_MAX_SIZE 4096
#define OTHER 99ul

static const char *document;

typedef struct row {
    char event[64];
    unsigned long class_uid;
    unsigned long activity;
    unsigned long type_uid;
} row;

/* "| `event` | 3002 Authentication | 1 Logon | 300201 |" */
static bool read_row(row *out, const char *line)
{
    return sscanf(line, "| `%63[^`]` | %lu %*[^|]| %lu %*[^|]| %lu |", out->event, &out->class_uid,
                  &out->activity, &out->type_uid) == 4;
}

/* Rows of that event; of all where it is NULL. */
static unsigned count_rows(const char *event, row *last)
{
    char line[LINE_MAX_SIZE];
    unsigned count = 0;
    row found;
    FILE *file = fopen(document, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        if (read_row(&found, line) && (!event || strcmp(found.event, event) == 0)) {
            *last = found;
            count++;
        }
    }
    fclose(file);
    return count;
}

static void every_event_has_one_row(void **state)
{
    row found;
    unsigned events = 0;
    (void)state;
    for (const svms_audit_event_kind *kind; (kind = svms_audit_event_kind_at(events)); events++) {
        if (count_rows(kind->name, &found) != 1) {
            fail_msg("%s has not one row in docs/ocsf.md", kind->name);
        }
        assert_int_equal(found.type_uid, found.class_uid * 100 + found.activity);
        assert_true(found.activity > 0 && found.activity <= OTHER);
    }
    assert_true(events > 60);
    assert_int_equal(count_rows(NULL, &found), events);
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_has_one_row),
    };
    if (count != 2) {
        fprintf(stderr, "usage: test_ocsf FILE\n");
        return 2;
    }
    document = arguments[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
