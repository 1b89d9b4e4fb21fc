/* SPDX-License-Identifier: Apache-2.0 */
/* svms record in the audit log: a head every five minutes (audit.md, A-WIT-5), by a clock of the
 * test's own; and a failure is none that ends well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "message.h"
#include "record_audit.h"

#define TOLD_MOST 16u

struct audit_trail {
    svms_ctx *ctx;
    char told[TOLD_MOST][1024];
    unsigned count;
    unsigned tended;
    exit_status answer;
};

static time_t now_s;

/* What meson.build makes of clock_gettime() in all of this program. */
int clock_gettime(clockid_t clock, struct timespec *out)
{
    assert_int_equal(clock, CLOCK_MONOTONIC);
    *out = (struct timespec){ now_s, 0 };
    return 0;
}

exit_status audit_trail_begin(svms_audit_record **out, audit_trail *trail, const audit_deed *deed)
{
    svms_audit_event event = SVMS_AUDIT_EVENT_INIT;
    event.event = deed->event;
    event.server = "test";
    event.outcome = deed->status == EXIT_GOOD ? SVMS_AUDIT_SUCCESS : SVMS_AUDIT_ERROR;
    event.reason = deed->status == EXIT_GOOD ? NULL : "it failed";
    assert_int_equal(svms_audit_record_new(out, trail->ctx, &event, NULL), SVMS_OK);
    return trail->answer;
}

exit_status audit_trail_tell(audit_trail *trail, svms_audit_record **record, svms_status parts,
                             const svms_error *err)
{
    const uint8_t *bytes;
    size_t size;
    (void)err;
    assert_int_equal(parts, SVMS_OK);
    assert_int_equal(svms_audit_record_end(*record, &bytes, &size, NULL), SVMS_OK);
    assert_true(trail->count < TOLD_MOST && size < sizeof trail->told[0]);
    memcpy(trail->told[trail->count], bytes, size);
    trail->told[trail->count++][size] = '\0';
    svms_audit_record_free(record);
    return EXIT_GOOD;
}

void audit_trail_tend(audit_trail *trail)
{
    trail->tended++;
}

typedef struct fixture {
    audit_trail trail;
    record_audit audit;
    svms_head head;
} fixture;

static int set_up(void **state)
{
    static fixture f;
    memset(&f, 0, sizeof f);
    assert_int_equal(svms_ctx_new(&f.trail.ctx, NULL, NULL), SVMS_OK);
    f.audit.trail = &f.trail;
    f.head = (svms_head)SVMS_HEAD_INIT;
    f.head.segment = SVMS_NO_SEGMENT;
    now_s = 1000;
    assert_int_equal(record_audit_start(&f.audit, &f.head), EXIT_GOOD);
    assert_int_equal(f.trail.count, 1);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    svms_ctx_free(&f->trail.ctx);
    return 0;
}

static void assert_head(const fixture *f, unsigned number, const char *segment)
{
    assert_true(number < f->trail.count);
    assert_non_null(strstr(f->trail.told[number], "\"event\":\"recording.head\""));
    assert_non_null(strstr(f->trail.told[number], segment));
}

static void a_head_is_told_every_five_minutes(void **state)
{
    fixture *f = *state;
    f->head.segment = 7;
    for (; now_s < 1300; now_s++) {
        record_audit_pulse(&f->audit, &f->head);
    }
    assert_int_equal(f->trail.count, 1);
    assert_int_equal(f->trail.tended, 300);
    record_audit_pulse(&f->audit, &f->head);
    assert_int_equal(f->trail.count, 2);
    assert_head(f, 1, "\"segment\":7");
    /* Five minutes from then on, not from when it was due. */
    f->head.segment = 8;
    now_s = 1599;
    record_audit_pulse(&f->audit, &f->head);
    assert_int_equal(f->trail.count, 2);
    now_s = 1700;
    record_audit_pulse(&f->audit, &f->head);
    assert_head(f, 2, "\"segment\":8");
    now_s = 1999;
    record_audit_pulse(&f->audit, &f->head);
    assert_int_equal(f->trail.count, 3);
}

static void a_container_that_ends_is_told_and_begins_the_time_anew(void **state)
{
    fixture *f = *state;
    f->head.segment = 3;
    now_s = 1200;
    record_audit_closed(&f->audit, &f->head, f->trail.ctx, NULL);
    assert_head(f, 1, "\"segment\":3");
    now_s = 1499;
    record_audit_pulse(&f->audit, &f->head);
    assert_int_equal(f->trail.count, 2);
    now_s = 1500;
    record_audit_pulse(&f->audit, &f->head);
    assert_int_equal(f->trail.count, 3);
}

/* The head is told all the same, and the recording says at its end that something was not. */
static void an_end_that_cannot_be_found_is_no_secret(void **state)
{
    fixture *f = *state;
    f->head.segment = 3;
    record_audit_closed(&f->audit, &f->head, f->trail.ctx, "/nothing/is/here.svms");
    assert_head(f, 1, "\"segment\":3");
    assert_null(strstr(f->trail.told[1], "\"end\""));
    assert_true(f->audit.has_failed);
}

/* There is nothing to miss yet; what is due is told with the first one. */
static void without_a_segment_there_is_no_head(void **state)
{
    fixture *f = *state;
    now_s = 2000;
    record_audit_pulse(&f->audit, &f->head);
    assert_int_equal(f->trail.count, 1);
    f->head.segment = 0;
    record_audit_pulse(&f->audit, &f->head);
    assert_head(f, 1, "\"segment\":0");
}

static void where_nobody_is_told_nothing_is_done(void **state)
{
    fixture *f = *state;
    record_audit silent = { .trail = NULL };
    f->head.segment = 1;
    assert_int_equal(record_audit_start(&silent, &f->head), EXIT_GOOD);
    now_s = 9000;
    record_audit_pulse(&silent, &f->head);
    record_audit_closed(&silent, &f->head, f->trail.ctx, NULL);
    assert_int_equal(record_audit_stop(&silent, EXIT_EVIDENCE, NULL), EXIT_EVIDENCE);
    assert_int_equal(f->trail.count, 1);
}

static void who_complains_has_failed(void **state)
{
    svms_error untouched = SVMS_ERROR_INIT;
    svms_error said = SVMS_ERROR_INIT;
    (void)state;
    assert_int_equal(complain_error(&untouched, "a test"), EXIT_ENVIRONMENT);
    said.status = SVMS_END;
    assert_int_not_equal(complain_error(&said, "a test"), EXIT_GOOD);
    said.status = SVMS_E_NOT_AUTHENTIC;
    assert_int_equal(complain_error(&said, "a test"), EXIT_EVIDENCE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_head_is_told_every_five_minutes),
        TEST(a_container_that_ends_is_told_and_begins_the_time_anew),
        TEST(an_end_that_cannot_be_found_is_no_secret),
        TEST(without_a_segment_there_is_no_head),
        TEST(where_nobody_is_told_nothing_is_done),
        cmocka_unit_test(who_complains_has_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
