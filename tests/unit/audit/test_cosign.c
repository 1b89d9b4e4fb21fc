/* SPDX-License-Identifier: Apache-2.0 */
/* A log that asks witnesses: whatever they know of it, they come to its newest checkpoint; and what
 * a log alone cannot show, they show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <svms/audit_log.h>

#include "failing_allocator.h"
#include "witness_case.h"

#define WITNESSES 3u

typedef struct fixture {
    svms_ctx *ctx;
    memory_folder folder;
    svms_folder view;
    char key[SVMS_AUDIT_KEY_SIZE];
    struct {
        memory_folder folder;
        svms_folder view;
        svms_witness *witness;
        char key[SVMS_AUDIT_KEY_SIZE];
        unsigned questions;
    } of[WITNESSES];
} fixture;

static void open_witness(fixture *f, unsigned number)
{
    svms_witness_options options = SVMS_WITNESS_OPTIONS_INIT;
    char name[32];
    snprintf(name, sizeof name, "witness.example/%u", number);
    options.name = name;
    f->of[number].view = memory_folder_open(&f->of[number].folder);
    assert_int_equal(
        svms_witness_open(&f->of[number].witness, f->ctx, &f->of[number].view, &options, NULL),
        SVMS_OK);
    assert_int_equal(svms_witness_add_log(f->of[number].witness, f->key, NULL), SVMS_OK);
    svms_witness_key(f->of[number].witness, f->of[number].key);
}

/* Opens the log, appends, and closes it: a new key each time. */
static void grow_in(fixture *f, memory_folder *folder, unsigned records, char sign)
{
    svms_folder view = memory_folder_open(folder);
    svms_audit_log_options options = SVMS_AUDIT_LOG_OPTIONS_INIT;
    svms_audit_log *log = NULL;
    svms_error err = SVMS_ERROR_INIT;
    options.server = "vms";
    if (svms_audit_log_open(&log, f->ctx, &view, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    for (unsigned i = 0; i < records; i++) {
        uint64_t first;
        svms_iovec run = { &sign, 1 };
        assert_int_equal(svms_audit_log_append(log, &run, 1, &first, NULL), SVMS_OK);
    }
    assert_int_equal(svms_audit_log_close(&log, NULL), SVMS_OK);
}

static void grow(fixture *f, unsigned records)
{
    grow_in(f, &f->folder, records, 'x');
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    assert_int_equal(svms_ctx_new(&f->ctx, NULL, NULL), SVMS_OK);
    f->view = memory_folder_open(&f->folder);
    assert_int_equal(svms_audit_log_create(f->ctx, &f->view, ORIGIN, f->key, NULL), SVMS_OK);
    for (unsigned i = 0; i < WITNESSES; i++) {
        open_witness(f, i);
    }
    grow(f, 3);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    for (unsigned i = 0; i < WITNESSES; i++) {
        svms_witness_close(&f->of[i].witness);
        memory_folder_free(&f->of[i].folder);
    }
    memory_folder_free(&f->folder);
    svms_ctx_free(&f->ctx);
    free(f);
    return 0;
}

static svms_status talk(fixture *f, svms_cosigning *cosigning, unsigned number, svms_error *err)
{
    svms_status status = svms_cosigning_begin(cosigning, f->of[number].key, err);
    f->of[number].questions = 0;
    while (status == SVMS_OK) {
        svms_cosigning_question question = SVMS_COSIGNING_QUESTION_INIT;
        svms_witness_answer heard = SVMS_WITNESS_ANSWER_INIT;
        svms_cosigning_answer answer = SVMS_COSIGNING_ANSWER_INIT;
        status = svms_cosigning_ask(cosigning, &question, err);
        if (status == SVMS_END) {
            return SVMS_OK;
        }
        if (status == SVMS_OK) {
            status = svms_witness_handle(f->of[number].witness, question.path, question.body,
                                         question.size, &heard, err);
        }
        if (status == SVMS_OK) {
            answer.status = heard.status;
            answer.type = heard.type;
            answer.body = heard.text;
            answer.size = heard.text_size;
            f->of[number].questions++;
            status = svms_cosigning_take(cosigning, &answer, err);
        }
    }
    return status;
}

/* From the witnesses whose bits are set; kept with that quorum. */
static svms_status cosign_in(fixture *f, memory_folder *folder, unsigned witnesses, uint32_t quorum,
                             svms_error *err)
{
    svms_folder view = memory_folder_open(folder);
    svms_cosigning *cosigning = NULL;
    svms_status status = svms_cosigning_new(&cosigning, f->ctx, &view, err);
    for (unsigned i = 0; i < WITNESSES && status == SVMS_OK; i++) {
        if ((witnesses >> i & 1) != 0) {
            status = talk(f, cosigning, i, err);
        }
    }
    if (status == SVMS_OK) {
        status = svms_cosigning_keep(cosigning, quorum, err);
    }
    svms_cosigning_free(&cosigning);
    return status;
}

static void cosign(fixture *f, unsigned witnesses)
{
    svms_error err = SVMS_ERROR_INIT;
    if (cosign_in(f, &f->folder, witnesses, 0, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
}

/* Which witnesses have cosigned what is kept; *size of what. */
static unsigned kept(fixture *f, uint64_t *size)
{
    const memory_file *file = memory_folder_find(&f->folder, "witnessed");
    svms_note note;
    svms_checkpoint checkpoint;
    unsigned out = 0;
    if (!file) {
        return 0;
    }
    assert_int_equal(svms_note_parse(&note, file->data, file->size, NULL), SVMS_OK);
    assert_int_equal(svms_checkpoint_parse(&checkpoint, note.text, note.text_size, NULL), SVMS_OK);
    for (unsigned i = 0; i < WITNESSES; i++) {
        svms_note_key key;
        svms_note_finding found;
        assert_int_equal(
            svms_note_key_parse(&key, f->ctx, f->of[i].key, strlen(f->of[i].key), NULL), SVMS_OK);
        assert_int_equal(svms_note_check(&note, f->ctx, &key, &found, NULL), SVMS_OK);
        out |= found.is_signed ? 1u << i : 0;
    }
    *size = checkpoint.head.size;
    return out;
}

static uint64_t log_size(memory_folder *folder)
{
    const memory_file *file = memory_folder_find(folder, "checkpoint");
    svms_note note;
    svms_checkpoint checkpoint;
    assert_int_equal(svms_note_parse(&note, file->data, file->size, NULL), SVMS_OK);
    assert_int_equal(svms_checkpoint_parse(&checkpoint, note.text, note.text_size, NULL), SVMS_OK);
    return checkpoint.head.size;
}

static void cosignatures_of_all_witnesses_are_kept_together(void **state)
{
    fixture *f = *state;
    uint64_t size = 0;
    cosign(f, 3);
    assert_int_equal(kept(f, &size), 3);
    assert_int_equal(size, log_size(&f->folder));
    /* One that is asked later is added; one that is asked again is there once. */
    cosign(f, 6);
    assert_int_equal(kept(f, &size), 7);
    /* The log goes on with it. */
    grow(f, 1);
    cosign(f, 1);
    assert_int_equal(kept(f, &size), 1);
    assert_int_equal(size, log_size(&f->folder));
}

/* As if the log's key were handed over each day, and a witness was away. */
static void a_witness_is_led_through_the_handovers_that_it_missed(void **state)
{
    fixture *f = *state;
    uint64_t size = 0;
    cosign(f, 1);
    for (unsigned days = 0; days < 8; days++) {
        for (unsigned i = 0; i <= days; i++) {
            grow(f, days == 5 ? 300 : i);
        }
        cosign(f, 1);
        assert_int_equal(kept(f, &size), 1);
        assert_int_equal(size, log_size(&f->folder));
        assert_true(f->of[0].questions <= 2 * days + 8);
    }
    /* One that begins at the end. */
    cosign(f, 2);
    assert_int_equal(kept(f, &size), 3);
}

static void what_was_kept_tells_where_the_witness_is(void **state)
{
    fixture *f = *state;
    cosign(f, 1);
    cosign(f, 1);
    assert_int_equal(f->of[0].questions, 1);
    svms_folder view = memory_folder_open(&f->folder);
    int os_error = 0;
    assert_int_equal(view.remove(view.user, "witnessed", &os_error), SVMS_OK);
    cosign(f, 1);
    assert_int_equal(f->of[0].questions, 2);
}

static void an_older_copy_of_the_log_is_found(void **state)
{
    fixture *f = *state;
    static memory_folder copy;
    svms_error err = SVMS_ERROR_INIT;
    cosign(f, 1);
    memory_folder_copy(&copy, &f->folder);
    grow(f, 10);
    cosign(f, 1);
    assert_int_equal(cosign_in(f, &copy, 1, 0, &err), SVMS_E_NOT_AUTHENTIC);
    assert_non_null(strstr(err.message, "older copy"));
    /* Also when it has gone on since: shorter, and longer than what the witness has seen. */
    for (unsigned i = 0; i < 3; i++) {
        grow_in(f, &copy, i * 20, 'y');
        assert_int_equal(cosign_in(f, &copy, 1, 0, &err), SVMS_E_NOT_AUTHENTIC);
    }
    memory_folder_free(&copy);
    cosign(f, 1);
}

static void a_fork_behind_the_last_cosigned_size_is_one_for_the_second(void **state)
{
    fixture *f = *state;
    static memory_folder copy;
    svms_error err = SVMS_ERROR_INIT;
    cosign(f, 1);
    memory_folder_copy(&copy, &f->folder);
    grow(f, 5);
    grow_in(f, &copy, 5, 'y');
    cosign(f, 1);
    assert_int_equal(cosign_in(f, &copy, 1, 0, &err), SVMS_E_NOT_AUTHENTIC);
    /* To a witness that did not see it, either may be the first. */
    assert_int_equal(cosign_in(f, &copy, 2, 0, &err), SVMS_OK);
    assert_int_equal(cosign_in(f, &f->folder, 2, 0, &err), SVMS_E_NOT_AUTHENTIC);
    memory_folder_free(&copy);
}

static void fewer_cosignatures_do_not_replace_more(void **state)
{
    fixture *f = *state;
    svms_error err = SVMS_ERROR_INIT;
    uint64_t size = 0;
    cosign(f, 7);
    uint64_t first = log_size(&f->folder);
    grow(f, 1);
    assert_int_equal(cosign_in(f, &f->folder, 1, 2, &err), SVMS_E_INCOMPLETE);
    assert_int_equal(kept(f, &size), 7);
    assert_int_equal(size, first);
    assert_int_equal(cosign_in(f, &f->folder, 3, 2, &err), SVMS_OK);
    assert_int_equal(kept(f, &size), 3);
    assert_true(size > first);
}

static void a_newer_one_that_is_kept_stays(void **state)
{
    fixture *f = *state;
    svms_cosigning *early = NULL;
    uint64_t size = 0;
    assert_int_equal(svms_cosigning_new(&early, f->ctx, &f->view, NULL), SVMS_OK);
    assert_int_equal(talk(f, early, 1, NULL), SVMS_OK);
    grow(f, 1);
    cosign(f, 1);
    assert_int_equal(svms_cosigning_keep(early, 1, NULL), SVMS_OK);
    assert_int_equal(kept(f, &size), 1);
    assert_int_equal(size, log_size(&f->folder));
    svms_cosigning_free(&early);
}

typedef struct answer_case {
    uint32_t status;
    const char *type;
    const char *body;
    svms_status expected;
} answer_case;

static void answers_that_are_none_are_told_as_what_they_are(void **state)
{
    static const answer_case cases[] = {
        { 200, "text/plain", "", SVMS_E_NOT_AUTHENTIC },
        { 200, "text/plain", "\n", SVMS_E_MALFORMED },
        { 200, "text/plain", "no line\n", SVMS_E_MALFORMED },
        { 200, "text/plain", "\xe2\x80\x94 stranger AAAAAAAA\n", SVMS_E_NOT_AUTHENTIC },
        { 200, "text/plain", "\n\xe2\x80\x94 stranger AAAAAAAA\n", SVMS_E_MALFORMED },
        { 200, "text/plain", "a\n\n\xe2\x80\x94 stranger AAAAAAAA\n", SVMS_E_MALFORMED },
        { 200, "text/plain", "\xe2\x80\x94 stranger AAAAAAAA", SVMS_E_MALFORMED },
        { 409, "text/x.tlog.size", "", SVMS_E_MALFORMED },
        { 409, "text/x.tlog.size", "1", SVMS_E_MALFORMED },
        { 409, "text/x.tlog.size", "01\n", SVMS_E_MALFORMED },
        { 409, "text/x.tlog.size", "1\n1\n", SVMS_E_MALFORMED },
        { 409, "text/x.tlog.size", "1000\n", SVMS_E_NOT_AUTHENTIC },
        { 409, "text/x.tlog.size", "1\n", SVMS_OK },
        { 409, "TEXT/X.TLOG.SIZE; charset=utf-8", "1\n", SVMS_OK },
        { 409, "text/x.tlog.sizes", "1\n", SVMS_E_NOT_AUTHENTIC },
        { 409, "text/x.svms.epoch", "1\n", SVMS_E_NOT_AUTHENTIC },
        { 409, NULL, "1\n", SVMS_E_NOT_AUTHENTIC },
        { 400, "text/plain", "why\n", SVMS_E_IO },
        { 403, "text/plain", "why\n", SVMS_OK }, /* the handovers come next */
        { 404, "text/plain", "why\n", SVMS_E_STATE },
        { 422, "text/plain", "why\n", SVMS_E_NOT_AUTHENTIC },
        { 500, "text/html", "<html>", SVMS_E_IO },
        { 503, NULL, "", SVMS_E_IO },
        { 0, NULL, "", SVMS_E_IO },
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_cosigning *cosigning = NULL;
        svms_cosigning_question question = SVMS_COSIGNING_QUESTION_INIT;
        svms_cosigning_answer answer = SVMS_COSIGNING_ANSWER_INIT;
        svms_error err = SVMS_ERROR_INIT;
        answer.status = cases[i].status;
        answer.type = cases[i].type;
        answer.body = cases[i].body;
        answer.size = strlen(cases[i].body);
        assert_int_equal(svms_cosigning_new(&cosigning, f->ctx, &f->view, NULL), SVMS_OK);
        assert_int_equal(svms_cosigning_begin(cosigning, f->of[0].key, NULL), SVMS_OK);
        assert_int_equal(svms_cosigning_ask(cosigning, &question, NULL), SVMS_OK);
        svms_status status = svms_cosigning_take(cosigning, &answer, &err);
        if (status != cases[i].expected) {
            fail_msg("case %zu: %s: %s", i, svms_status_name(status), err.message);
        }
        /* Who was refused begins anew. */
        assert_int_equal(svms_cosigning_ask(cosigning, &question, NULL),
                         status == SVMS_OK ? SVMS_OK : SVMS_E_STATE);
        assert_int_equal(svms_cosigning_keep(cosigning, 0, NULL), SVMS_OK);
        assert_null(memory_folder_find(&f->folder, "witnessed"));
        svms_cosigning_free(&cosigning);
    }
}

/* It always has one more to ask for. */
static void a_witness_that_never_ends_is_given_up(void **state)
{
    fixture *f = *state;
    svms_cosigning *cosigning = NULL;
    svms_status status = SVMS_OK;
    unsigned asked = 0;
    assert_int_equal(svms_cosigning_new(&cosigning, f->ctx, &f->view, NULL), SVMS_OK);
    assert_int_equal(svms_cosigning_begin(cosigning, f->of[0].key, NULL), SVMS_OK);
    while (status == SVMS_OK && asked < 1000) {
        svms_cosigning_question question = SVMS_COSIGNING_QUESTION_INIT;
        svms_cosigning_answer answer = SVMS_COSIGNING_ANSWER_INIT;
        answer.status = 409;
        answer.type = "text/x.tlog.size";
        answer.body = asked % 2 == 0 ? "1\n" : "2\n";
        answer.size = 2;
        assert_int_equal(svms_cosigning_ask(cosigning, &question, NULL), SVMS_OK);
        status = svms_cosigning_take(cosigning, &answer, NULL);
        asked++;
    }
    assert_int_equal(status, SVMS_E_MALFORMED);
    assert_true(asked < 50);
    svms_cosigning_free(&cosigning);
}

/* A cosignature by another key of the same name, and every changed sign of a good one. */
static void a_cosignature_that_does_not_verify_is_not_kept(void **state)
{
    fixture *f = *state;
    svms_witness_answer heard = SVMS_WITNESS_ANSWER_INIT;
    svms_cosigning *cosigning = NULL;
    svms_cosigning_question question = SVMS_COSIGNING_QUESTION_INIT;
    assert_int_equal(svms_cosigning_new(&cosigning, f->ctx, &f->view, NULL), SVMS_OK);
    cosign(f, 3);
    assert_int_equal(svms_cosigning_begin(cosigning, f->of[0].key, NULL), SVMS_OK);
    svms_tree_proof none = { 0 };
    svms_witness_request request = { .old_size = log_size(&f->folder), .proof = none };
    svms_builder body = svms_builder_new(f->ctx, SVMS_WITNESS_REQUEST_MAX);
    size_t note_size = 0;
    request.note = svms_cosigning_note(cosigning, &note_size);
    request.note_size = note_size;
    svms_put_witness_request(&body, &request);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(svms_witness_handle(f->of[i].witness, "add-checkpoint", body.data,
                                             body.size, &heard, NULL),
                         SVMS_OK);
        assert_int_equal(heard.status, 200);
        for (uint32_t at = i == 0 ? 0 : heard.text_size; at <= heard.text_size; at++) {
            svms_cosigning_answer answer = SVMS_COSIGNING_ANSWER_INIT;
            char text[SVMS_WITNESS_TEXT_SIZE];
            memcpy(text, heard.text, sizeof text);
            if (at < heard.text_size) {
                text[at] ^= 1;
            } else if (i == 0) {
                break;
            }
            answer.status = 200;
            answer.body = text;
            answer.size = heard.text_size;
            assert_int_equal(svms_cosigning_begin(cosigning, f->of[0].key, NULL), SVMS_OK);
            assert_int_equal(svms_cosigning_ask(cosigning, &question, NULL), SVMS_OK);
            assert_int_not_equal(svms_cosigning_take(cosigning, &answer, NULL), SVMS_OK);
        }
    }
    size_t size = 0;
    (void)svms_cosigning_note(cosigning, &size);
    assert_int_equal(size, note_size);
    svms_builder_clear(&body);
    svms_cosigning_free(&cosigning);
}

static void a_log_without_a_good_checkpoint_is_told(void **state)
{
    fixture *f = *state;
    svms_cosigning *cosigning = NULL;
    memory_file *file = memory_folder_find(&f->folder, "checkpoint");
    for (size_t at = 0; at < file->size; at += 7) {
        file->data[at] ^= 1;
        assert_int_not_equal(svms_cosigning_new(&cosigning, f->ctx, &f->view, NULL), SVMS_OK);
        assert_null(cosigning);
        file->data[at] ^= 1;
    }
    int os_error = 0;
    assert_int_equal(f->view.remove(f->view.user, "checkpoint", &os_error), SVMS_OK);
    assert_int_equal(svms_cosigning_new(&cosigning, f->ctx, &f->view, NULL), SVMS_E_IO);
}

static void another_tree_of_the_same_size_is_not_overwritten(void **state)
{
    fixture *f = *state;
    svms_error err = SVMS_ERROR_INIT;
    cosign(f, 1);
    memory_file *file = memory_folder_find(&f->folder, "witnessed");
    char *root = strchr(strchr((char *)file->data, '\n') + 1, '\n') + 1;
    root[0] = root[0] == 'A' ? 'B' : 'A';
    assert_int_equal(cosign_in(f, &f->folder, 2, 0, &err), SVMS_E_NOT_AUTHENTIC);
    file->data[0] = '\n';
    file->data[1] = '\n';
    assert_int_equal(cosign_in(f, &f->folder, 4, 0, &err), SVMS_E_MALFORMED);
}

static void each_failing_call_of_the_folder_is_told(void **state)
{
    fixture *f = *state;
    grow(f, 300);
    for (unsigned failing = 1;; failing++) {
        svms_error err = SVMS_ERROR_INIT;
        uint64_t size = 0;
        f->folder.heals = true;
        f->folder.fail_at = f->folder.calls + failing;
        unsigned last = f->folder.fail_at;
        svms_status status = cosign_in(f, &f->folder, 1, 0, &err);
        f->folder.fail_at = 0;
        if (f->folder.calls < last) {
            assert_int_equal(status, SVMS_OK);
            assert_int_equal(kept(f, &size), 1);
            assert_true(failing > 8);
            break;
        }
        assert_int_equal(status, SVMS_E_IO);
    }
}

static fixture *present;

static svms_status whole_way(svms_ctx *ctx, svms_error *err)
{
    fixture *f = present;
    svms_ctx *old = f->ctx;
    int os_error = 0;
    (void)f->view.remove(f->view.user, "witnessed", &os_error);
    f->ctx = ctx;
    svms_status status = cosign_in(f, &f->folder, 1, 0, err);
    f->ctx = old;
    return status;
}

static void each_failing_allocation_is_told(void **state)
{
    present = *state;
    grow(present, 3);
    each_allocation_fails_cleanly(whole_way);
}

static void wrong_arguments_are_refused(void **state)
{
    fixture *f = *state;
    svms_cosigning *cosigning = NULL;
    svms_cosigning_question question = SVMS_COSIGNING_QUESTION_INIT;
    svms_cosigning_answer answer = SVMS_COSIGNING_ANSWER_INIT;
    size_t size = 1;
    assert_int_equal(svms_cosigning_new(NULL, f->ctx, &f->view, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_cosigning_new(&cosigning, NULL, &f->view, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_cosigning_new(&cosigning, f->ctx, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_cosigning_new(&cosigning, f->ctx, &f->view, NULL), SVMS_OK);
    assert_int_equal(svms_cosigning_ask(cosigning, &question, NULL), SVMS_E_STATE);
    assert_int_equal(svms_cosigning_take(cosigning, &answer, NULL), SVMS_E_STATE);
    assert_int_equal(svms_cosigning_begin(cosigning, f->key, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_cosigning_begin(cosigning, "no key", NULL), SVMS_E_USAGE);
    assert_int_equal(svms_cosigning_begin(cosigning, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_cosigning_begin(NULL, f->of[0].key, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_cosigning_begin(cosigning, f->of[0].key, NULL), SVMS_OK);
    assert_int_equal(svms_cosigning_ask(cosigning, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_cosigning_ask(NULL, &question, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_cosigning_ask(cosigning, &question, NULL), SVMS_OK);
    answer.size = 1;
    assert_int_equal(svms_cosigning_take(cosigning, &answer, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_cosigning_take(cosigning, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_cosigning_take(NULL, &answer, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_cosigning_keep(NULL, 0, NULL), SVMS_E_USAGE);
    assert_null(svms_cosigning_note(NULL, &size));
    assert_int_equal(size, 0);
    const char *note = svms_cosigning_note(cosigning, &size);
    assert_int_equal(strlen(note), size);
    svms_cosigning_free(&cosigning);
    svms_cosigning_free(&cosigning);
    svms_cosigning_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cosignatures_of_all_witnesses_are_kept_together),
        TEST(a_witness_is_led_through_the_handovers_that_it_missed),
        TEST(what_was_kept_tells_where_the_witness_is),
        TEST(an_older_copy_of_the_log_is_found),
        TEST(a_fork_behind_the_last_cosigned_size_is_one_for_the_second),
        TEST(fewer_cosignatures_do_not_replace_more),
        TEST(a_newer_one_that_is_kept_stays),
        TEST(answers_that_are_none_are_told_as_what_they_are),
        TEST(a_witness_that_never_ends_is_given_up),
        TEST(a_cosignature_that_does_not_verify_is_not_kept),
        TEST(a_log_without_a_good_checkpoint_is_told),
        TEST(another_tree_of_the_same_size_is_not_overwritten),
        TEST(each_failing_call_of_the_folder_is_told),
        TEST(each_failing_allocation_is_told),
        TEST(wrong_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
