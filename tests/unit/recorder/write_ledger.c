/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a ledger for the second implementation to read: ledger, and the anchor as ca.pem, into the
 * folder that is its argument. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include <ledger.h>

#include "ledger_case.h"

#define FIRST "00000000-1111-4222-8333-444444444444"
#define SECOND "aaaaaaaa-1111-4222-8333-444444444444"

static const char *folder;

static void append(ledger *self, const ledger_entry *entry)
{
    assert_int_equal(ledger_append(self, entry, NULL), SVMS_OK);
}

static void write_anchor(const ledger_case *who)
{
    char path[512];
    char pem[8192];
    size_t size = sizeof pem;
    snprintf(path, sizeof path, "%s/ca.pem", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(svms_chain_to_pem(who->ca, pem, &size, NULL), SVMS_OK);
    assert_int_equal(fwrite(pem, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void write_it(void **state)
{
    (void)state;
    char path[512];
    ledger_case who;
    storage_keys first;
    ledger *made = NULL;
    const ledger_entry lock = { LEDGER_LOCK, FIRST, "door", -5, 7, "anna", "\xc3\xa4", 0 };
    const ledger_entry unlock = { LEDGER_UNLOCK, FIRST, NULL, 0, 0, "berta", "", 0 };
    const ledger_entry erase = { LEDGER_ERASE, SECOND, "yard", 1, 2, "anna", "request", 0 };
    ledger_case_make(&who);
    write_anchor(&who);
    snprintf(path, sizeof path, "%s/ledger", folder);
    assert_int_equal(ledger_open(&made, who.ctx, path, &who.keys, who.trust, NULL), SVMS_OK);
    append(made, &lock);
    append(made, &unlock);
    ledger_close(&made);
    first = who.keys;
    ledger_case_issue(&who, &who.keys, SVMS_ROLE_RECORDER);
    assert_int_equal(ledger_open(&made, who.ctx, path, &who.keys, who.trust, NULL), SVMS_OK);
    append(made, &erase);
    char mark[LEDGER_MARK_SIZE];
    ledger_mark(made, mark);
    printf("%s\n", mark);
    ledger_close(&made);
    ledger_case_drop_keys(&first);
    ledger_case_free(&who);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(write_it) };
    if (argc != 2) {
        return 2;
    }
    folder = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
