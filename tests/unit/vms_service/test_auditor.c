/* SPDX-License-Identifier: Apache-2.0 */
/* What a server tells is in its log, whoever holds that, and what was lost is told to have been. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <auditor.h>
#include <svms/audit_socket.h>

#define ORIGIN "vms.example/audit"

typedef struct fixture {
    svms_ctx *ctx;
    service *service;
    char place[64];
    char log[80];
    char socket[80];
    svms_folder folder;
    svms_audit_log *held; /* by somebody else */
    svms_audit_server *server;
    auditor *auditor;
} fixture;

static int set_up(void **state)
{
    char key[SVMS_AUDIT_KEY_SIZE];
    const service_options options = { "test", false };
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->place, sizeof f->place, "/tmp/svms-test-auditor-XXXXXX");
    assert_non_null(mkdtemp(f->place));
    snprintf(f->log, sizeof f->log, "%s/log", f->place);
    snprintf(f->socket, sizeof f->socket, "%s/socket", f->place);
    assert_int_equal(svms_ctx_new(&f->ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(service_begin(&f->service, &options, NULL), SVMS_OK);
    assert_int_equal(svms_folder_open(&f->folder, f->ctx, f->log, 1, NULL), SVMS_OK);
    assert_int_equal(svms_audit_log_create(f->ctx, &f->folder, ORIGIN, key, NULL), SVMS_OK);
    *state = f;
    return 0;
}

static void let_go(fixture *f)
{
    svms_audit_server_close(&f->server);
    assert_int_equal(svms_audit_log_close(&f->held, NULL), SVMS_OK);
}

static int tear_down(void **state)
{
    fixture *f = *state;
    char command[128];
    auditor_close(&f->auditor);
    let_go(f);
    svms_folder_close(&f->folder);
    service_end(&f->service);
    /* Or leaks could not be looked for by whoever is not root. */
    assert_int_equal(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
    svms_ctx_free(&f->ctx);
    snprintf(command, sizeof command, "rm -r %s", f->place);
    /* NOLINTNEXTLINE(cert-env33-c): a path of our own */
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static void open_auditor(fixture *f, const char *log)
{
    svms_error err = SVMS_ERROR_INIT;
    const auditor_options options = {
        .ctx = f->ctx, .log = log, .server = "vms1", .component = "recorder", .service = f->service
    };
    if (auditor_open(&f->auditor, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
}

/* Somebody else holds the log, and takes records at a socket. */
static void hold(fixture *f)
{
    svms_audit_log_options options = SVMS_AUDIT_LOG_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    options.server = "vms1";
    assert_int_equal(svms_audit_log_open(&f->held, f->ctx, &f->folder, &options, &err), SVMS_OK);
    assert_int_equal(svms_audit_server_start(&f->server, f->ctx, f->held, f->socket, NULL, &err),
                     SVMS_OK);
}

static svms_audit_event session_start(const fixture *f, const char *who)
{
    svms_audit_event event = auditor_event(f->auditor, "service.start", SVMS_AUDIT_SUCCESS);
    event.actor_kind = SVMS_AUDIT_ACTOR_SYSTEM;
    event.actor_id = who;
    return event;
}

static svms_status tell_now(fixture *f, const char *who)
{
    svms_audit_record *record = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_audit_event event = session_start(f, who);
    svms_status status = auditor_begin(&record, f->auditor, &event, &err);
    if (status == SVMS_OK) {
        status = svms_audit_record_text(record, "version", "1", &err);
    }
    return auditor_tell(f->auditor, &record, status, &err);
}

static void tell_later(fixture *f, const char *who)
{
    svms_audit_record *record = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_audit_event event = session_start(f, who);
    svms_status status = auditor_begin(&record, f->auditor, &event, &err);
    if (status == SVMS_OK) {
        status = svms_audit_record_text(record, "version", "1", &err);
    }
    auditor_tell_later(f->auditor, &record, status);
}

typedef struct tally {
    const char *event;
    const char *actor;
    unsigned found;
    uint64_t lost;
} tally;

static svms_status count_it(void *user, uint64_t index, const void *record, size_t size)
{
    tally *t = user;
    char wanted[160];
    char text[4096] = "";
    (void)index;
    memcpy(text, record, size < sizeof text - 1 ? size : sizeof text - 1);
    snprintf(wanted, sizeof wanted, "\"event\":\"%s\"", t->event);
    if (strstr(text, wanted) && (!t->actor || strstr(text, t->actor))) {
        const char *records = strstr(text, "\"records\":");
        t->found++;
        t->lost += records ? strtoull(records + strlen("\"records\":"), NULL, 10) : 0;
    }
    return SVMS_OK;
}

static tally count(fixture *f, const char *event, const char *actor)
{
    tally t = { event, actor, 0, 0 };
    svms_audit_reader *reader = NULL;
    svms_audit_head head = SVMS_AUDIT_HEAD_INIT;
    char key[SVMS_AUDIT_KEY_SIZE];
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_audit_reader_open(&reader, f->ctx, &f->folder, NULL, &err), SVMS_OK);
    assert_int_equal(svms_audit_reader_head(reader, &head, &err), SVMS_OK);
    assert_int_equal(svms_audit_reader_key(reader, key, &err), SVMS_OK);
    for (uint64_t i = 0; i < head.size; i++) {
        char record[SVMS_AUDIT_RECORD_MAX];
        size_t size = sizeof record;
        assert_int_equal(svms_audit_reader_record(reader, i, record, &size, &err), SVMS_OK);
        assert_int_equal(count_it(&t, i, record, size), SVMS_OK);
    }
    svms_audit_reader_close(&reader);
    return t;
}

static void what_is_told_is_in_the_log(void **state)
{
    fixture *f = *state;
    open_auditor(f, f->log);
    assert_int_equal(tell_now(f, "now"), SVMS_OK);
    for (int i = 0; i < 1000; i++) {
        tell_later(f, "later");
    }
    auditor_close(&f->auditor);
    assert_int_equal(count(f, "service.start", "\"now\"").found, 1);
    assert_int_equal(count(f, "service.start", "\"later\"").found, 1000);
    assert_int_equal(count(f, "log.gap", NULL).found, 0);
}

static void a_log_of_somebody_else_is_told_through_its_socket(void **state)
{
    fixture *f = *state;
    hold(f);
    open_auditor(f, f->socket);
    assert_int_equal(tell_now(f, "now"), SVMS_OK);
    for (int i = 0; i < 300; i++) {
        tell_later(f, "later");
    }
    auditor_close(&f->auditor);
    let_go(f);
    assert_int_equal(count(f, "service.start", "\"now\"").found, 1);
    assert_int_equal(count(f, "service.start", "\"later\"").found, 300);
}

static void what_a_holder_that_went_never_got_is_told_when_it_is_back(void **state)
{
    fixture *f = *state;
    hold(f);
    open_auditor(f, f->socket);
    assert_int_equal(tell_now(f, "before"), SVMS_OK);
    let_go(f);
    assert_int_not_equal(tell_now(f, "refused"), SVMS_OK);
    tell_later(f, "lost");
    /* Until it has been tried. */
    const struct timespec moment = { 0, 20000000 };
    for (int i = 0; i < 100; i++) {
        (void)nanosleep(&moment, NULL);
    }
    hold(f);
    tell_later(f, "after");
    auditor_close(&f->auditor);
    let_go(f);
    assert_int_equal(count(f, "service.start", "\"before\"").found, 1);
    assert_int_equal(count(f, "service.start", "\"after\"").found, 1);
    assert_int_equal(count(f, "service.start", "\"lost\"").found, 0);
    tally gap = count(f, "log.gap", NULL);
    assert_int_equal(gap.found, 1);
    assert_int_equal(gap.lost, 1);
}

static void a_log_that_cannot_be_written_is_found_at_once(void **state)
{
    fixture *f = *state;
    auditor *none = NULL;
    svms_error err = SVMS_ERROR_INIT;
    const auditor_options options = {
        .ctx = f->ctx, .log = "/nowhere/log", .component = "recorder", .service = f->service
    };
    assert_int_not_equal(auditor_open(&none, &options, &err), SVMS_OK);
    assert_null(none);
    assert_true(err.message[0] != '\0');
}

static void without_an_auditor_nothing_happens(void **state)
{
    fixture *f = *state;
    assert_int_equal(tell_now(f, "nobody"), SVMS_OK);
    tell_later(f, "nobody");
    svms_audit_event event = session_start(f, "nobody");
    auditor_note(f->auditor, &event);
    auditor_close(&f->auditor);
}

static void *talk(void *user)
{
    fixture *f = user;
    for (int i = 0; i < 200; i++) {
        tell_later(f, "thread");
        if (i % 50 == 0) {
            assert_int_equal(tell_now(f, "thread"), SVMS_OK);
        }
    }
    return NULL;
}

static void any_thread_may_tell(void **state)
{
    fixture *f = *state;
    pthread_t threads[4];
    open_auditor(f, f->log);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, talk, f), 0);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    auditor_close(&f->auditor);
    assert_int_equal(count(f, "service.start", "\"thread\"").found, 4 * 204);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(what_is_told_is_in_the_log),
        CASE(a_log_of_somebody_else_is_told_through_its_socket),
        CASE(what_a_holder_that_went_never_got_is_told_when_it_is_back),
        CASE(a_log_that_cannot_be_written_is_found_at_once),
        CASE(without_an_auditor_nothing_happens),
        CASE(any_thread_may_tell),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
