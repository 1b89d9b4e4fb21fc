/* SPDX-License-Identifier: Apache-2.0 */
/* Witnesses: what grew is confirmed, what did not is refused and kept, and nothing that was
 * confirmed is forgotten. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing_allocator.h"
#include "witness_case.h"

#define CHECKPOINT "add-checkpoint"
#define EPOCH "add-epoch"
#define SIZE_TYPE "text/x.tlog.size"
#define EPOCH_TYPE "text/x.svms.epoch"

/* By the note's rules, from the text that was cosigned and the answer's line. */
static void assert_cosigned(witness_case *c, fork_at fork, uint64_t size,
                            const svms_witness_answer *answer)
{
    char key_text[SVMS_AUDIT_KEY_SIZE];
    svms_note_key key;
    svms_note note;
    svms_note_finding found;
    svms_tree_head head = tree_head(c, fork, size);
    svms_builder bytes = note_of(c, &c->of[0], &head, NULL);
    svms_witness_key(c->witness, key_text);
    assert_int_equal(svms_note_key_parse(&key, c->ctx, key_text, strlen(key_text), NULL), SVMS_OK);
    assert_int_equal(key.kind, SVMS_NOTE_COSIGNATURE);
    assert_int_equal(answer->status, 200);
    svms_put_bytes(&bytes, answer->text, answer->text_size);
    assert_int_equal(svms_note_parse(&note, bytes.data, bytes.size, NULL), SVMS_OK);
    assert_int_equal(svms_note_check(&note, c->ctx, &key, &found, NULL), SVMS_OK);
    assert_true(found.is_signed);
    assert_true(found.at_utc_s > 1700000000);
    svms_builder_clear(&bytes);
}

static void a_checkpoint_that_grew_is_cosigned(void **state)
{
    witness_case *c = *state;
    svms_witness_answer answer = add_checkpoint(c, 0, 0, 7);
    assert_cosigned(c, 0, 7, &answer);
    assert_string_equal(answer.origin, ORIGIN);
    assert_int_equal(answer.size, 7);
    answer = add_checkpoint(c, 0, 7, 20);
    assert_cosigned(c, 0, 20, &answer);
    /* Once more: who did not hear the answer may ask again. */
    answer = add_checkpoint(c, 0, 20, 20);
    assert_cosigned(c, 0, 20, &answer);
    assert_int_equal(count_files(&c->folder, "evidence/"), 0);
}

static void every_growth_is_confirmed(void **state)
{
    witness_case *c = *state;
    uint64_t had = 0;
    for (uint64_t step = 0; step < 24; step++) {
        svms_witness_answer answer = add_checkpoint(c, 0, had, had + step);
        assert_cosigned(c, 0, had + step, &answer);
        had += step;
    }
}

static void an_empty_log_is_a_log(void **state)
{
    witness_case *c = *state;
    svms_witness_answer answer = add_checkpoint(c, 0, 0, 0);
    assert_cosigned(c, 0, 0, &answer);
    case_restart(c);
    answer = add_checkpoint(c, 0, 0, 3);
    assert_cosigned(c, 0, 3, &answer);
}

static void lines_of_other_logs_are_cosigned_with_the_rest(void **state)
{
    witness_case *c = *state;
    svms_tree_proof none = { 0 };
    svms_tree_head head = tree_head(c, 0, 5);
    svms_builder note = note_of(c, &c->of[0], &head, "more of it\n");
    svms_builder request = request_of(c, 0, &none, &note);
    svms_witness_answer answer = ask_this(c, CHECKPOINT, &request);
    svms_builder_clear(&note);
    assert_int_equal(answer.status, 200);
    case_restart(c);
    answer = add_checkpoint(c, 0, 5, 6);
    assert_cosigned(c, 0, 6, &answer);
}

typedef struct malformed_case {
    const char *what;
    const char *body;
} malformed_case;

static void what_is_malformed_is_400(void **state)
{
#define ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
#define HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
#define NOTE ORIGIN "\n0\n" ROOT "\n\xe2\x80\x94 " ORIGIN " AAAAAAAA\n"
    static const malformed_case cases[] = {
        { "nothing", "" },
        { "no old", NOTE },
        { "old in capitals", "OLD 0\n\n" NOTE },
        { "two spaces", "old  0\n\n" NOTE },
        { "no size", "old \n\n" NOTE },
        { "a zero in front", "old 00\n\n" NOTE },
        { "a sign", "old +0\n\n" NOTE },
        { "hexadecimal", "old 0x0\n\n" NOTE },
        { "a size beyond numbers", "old 18446744073709551616\n\n" NOTE },
        { "a line end of two", "old 0\r\n\r\n" NOTE },
        { "white space behind", "old 0 \n\n" NOTE },
        { "no empty line", "old 0\n" NOTE },
        { "no note", "old 0\n\n" },
        { "no end", "old 0" },
        { "a short hash", "old 0\nAAAA\n\n" NOTE },
        { "a hash without its padding",
          "old 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n\n" NOTE },
        { "bits behind a hash", "old 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n\n" NOTE },
        { "white space in front of a hash", "old 0\n " HASH "\n" NOTE },
        { "a note without signatures", "old 0\n\n" ORIGIN "\n0\n" ROOT },
        { "a note with a control sign", "old 0\n\n\x01" NOTE },
        { "a checkpoint without a root",
          "old 0\n\n" ORIGIN "\n0\n\n\xe2\x80\x94 " ORIGIN " AAAAAAAA\n" },
        { "a checkpoint with a size that is none",
          "old 0\n\n" ORIGIN "\n01\n" ROOT "\n\xe2\x80\x94 " ORIGIN " AAAAAAAA\n" },
        { "a tree that is too large",
          "old 0\n\n" ORIGIN "\n281474976710657\n" ROOT "\n\xe2\x80\x94 " ORIGIN " AAAAAAAA\n" },
    };
    witness_case *c = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_witness_answer answer = ask(c, CHECKPOINT, cases[i].body, strlen(cases[i].body));
        if (answer.status != 400 || answer.text_size < 2) {
            fail_msg("%s: %u %s", cases[i].what, answer.status, answer.text);
        }
        answer = ask(c, EPOCH, cases[i].body, strlen(cases[i].body));
        assert_int_equal(answer.status, 400);
    }
    /* The same in good form, so that the table proves something. */
    static const char formed[] = "old 0\n\n" NOTE;
    assert_int_equal(ask(c, CHECKPOINT, formed, strlen(formed)).status, 403);
    assert_int_equal(ask(c, EPOCH, formed, strlen(formed)).status, 400);
}

static svms_builder with_hashes(unsigned count, const char *note, size_t size)
{
    svms_ctx *ctx = NULL;
    assert_int_equal(svms_ctx_new(&ctx, NULL, NULL), SVMS_OK);
    svms_builder out = svms_builder_new(ctx, 4 * SVMS_WITNESS_REQUEST_MAX);
    svms_put_bytes(&out, "old 3\n", 6);
    for (unsigned i = 0; i < count; i++) {
        svms_put_bytes(&out, HASH, strlen(HASH));
    }
    svms_put_u8(&out, '\n');
    svms_put_bytes(&out, note, size);
    return out;
}

static void hashes_and_bytes_are_bounded(void **state)
{
    static const struct {
        unsigned hashes;
        uint32_t status;
    } cases[] = { { 48, 422 }, { 49, 422 }, { 50, 422 }, { 63, 422 }, { 64, 400 }, { 2000, 400 } };
    witness_case *c = *state;
    svms_tree_head head = tree_head(c, 0, 9);
    svms_builder note = note_of(c, &c->of[0], &head, NULL);
    (void)add_checkpoint(c, 0, 0, 3);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_builder body = with_hashes(cases[i].hashes, (const char *)note.data, note.size);
        svms_ctx *ctx = body.ctx;
        assert_int_equal(ask_this(c, CHECKPOINT, &body).status, cases[i].status);
        svms_ctx_free(&ctx);
    }
    svms_builder_clear(&note);
}

static svms_witness_answer ask_with(witness_case *c, uint64_t old_size,
                                    const svms_tree_proof *proof, svms_builder *note)
{
    svms_builder request = request_of(c, old_size, proof, note);
    svms_builder_clear(note);
    return ask_this(c, CHECKPOINT, &request);
}

static void who_did_not_sign_is_403_and_who_is_not_known_404(void **state)
{
    witness_case *c = *state;
    svms_tree_proof none = { 0 };
    svms_tree_head head = tree_head(c, 0, 5);
    signer other;
    signer cosigner;
    signer_make(&other, c->ctx, "vms.example/other", SVMS_NOTE_LOG);
    signer_make(&cosigner, c->ctx, ORIGIN, SVMS_NOTE_COSIGNATURE);
    svms_builder note = note_of(c, &c->of[1], &head, NULL);
    assert_int_equal(ask_with(c, 0, &none, &note).status, 403);
    note = note_of(c, &cosigner, &head, NULL);
    assert_int_equal(ask_with(c, 0, &none, &note).status, 403);
    note = note_of(c, &c->of[0], &head, NULL);
    note.data[note.size - 5] = note.data[note.size - 5] == 'A' ? 'B' : 'A';
    assert_int_equal(ask_with(c, 0, &none, &note).status, 403);
    note = note_of(c, &other, &head, NULL);
    assert_int_equal(ask_with(c, 0, &none, &note).status, 404);
    assert_int_equal(ask(c, "add-nothing", "", 0).status, 404);
    assert_int_equal(ask(c, "", NULL, 0).status, 404);
    signer_free(&other);
    signer_free(&cosigner);
    case_restart(c);
    assert_int_equal(add_checkpoint(c, 0, 0, 5).status, 200);
}

static void a_key_that_signs_twice_is_403(void **state)
{
    witness_case *c = *state;
    svms_tree_proof none = { 0 };
    svms_note parsed;
    svms_tree_head head = tree_head(c, 0, 5);
    svms_builder note = note_of(c, &c->of[0], &head, NULL);
    assert_int_equal(svms_note_parse(&parsed, note.data, note.size, NULL), SVMS_OK);
    char line[512];
    size_t size = parsed.line[0].whole_size;
    memcpy(line, parsed.line[0].whole, size);
    svms_put_bytes(&note, line, size);
    assert_int_equal(ask_with(c, 0, &none, &note).status, 403);
}

static bool holds(const memory_file *file, const void *text, size_t size)
{
    for (size_t at = 0; at + size <= file->size; at++) {
        if (memcmp(file->data + at, text, size) == 0) {
            return true;
        }
    }
    return false;
}

static void signatures_of_strangers_are_passed_over(void **state)
{
    witness_case *c = *state;
    svms_tree_proof none = { 0 };
    svms_tree_head head = tree_head(c, 0, 5);
    svms_builder note = note_of(c, &c->of[0], &head, NULL);
    svms_put_bytes(&note, "\xe2\x80\x94 stranger AAAAAAAA\n", 4 + 9 + 8 + 1);
    assert_int_equal(ask_with(c, 0, &none, &note).status, 200);
    /* Nothing of them is kept. */
    svms_witness_close(&c->witness);
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        const memory_file *file = &c->folder.file[i];
        assert_true(!file->is_there || !holds(file, "stranger", 8));
    }
}

static void an_old_size_that_is_another_is_409_with_the_size(void **state)
{
    witness_case *c = *state;
    (void)add_checkpoint(c, 0, 0, 12);
    for (uint64_t old_size = 0; old_size <= 20; old_size++) {
        svms_witness_answer answer = add_checkpoint(c, 0, old_size, 20);
        if (old_size == 12) {
            assert_int_equal(answer.status, 200);
            svms_witness_close(&c->witness);
            memory_folder_free(&c->folder);
            case_open(c);
            (void)add_checkpoint(c, 0, 0, 12);
            continue;
        }
        assert_int_equal(answer.status, 409);
        assert_string_equal(answer.type, SIZE_TYPE);
        assert_string_equal(answer.text, "12\n");
    }
}

static void an_old_size_above_the_new_one_is_400(void **state)
{
    witness_case *c = *state;
    (void)add_checkpoint(c, 0, 0, 12);
    assert_int_equal(add_checkpoint(c, 0, 12, 11).status, 400);
    assert_int_equal(add_checkpoint(c, 0, 13, 12).status, 400);
    assert_int_equal(add_checkpoint(c, 0, 12, 0).status, 400);
    assert_int_equal(add_checkpoint(c, 0, 12, 12).status, 200);
}

static const memory_file *find_evidence(witness_case *c, const char *kind)
{
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        const memory_file *file = &c->folder.file[i];
        if (file->is_there && strncmp(file->name, "evidence/", 9) == 0 &&
            strstr(file->name, kind)) {
            return file;
        }
    }
    return NULL;
}

static void a_fork_is_refused_and_kept_with_all_that_proves_it(void **state)
{
    witness_case *c = *state;
    (void)add_checkpoint(c, 0, 0, 12);
    svms_witness_answer answer = add_checkpoint(c, 4, 12, 12);
    assert_int_equal(answer.status, 409);
    assert_string_not_equal(answer.type, SIZE_TYPE);
    assert_int_equal(answer.is_new_evidence, 1);
    const memory_file *file = find_evidence(c, "fork-00");
    assert_non_null(file);
    /* Both checkpoints, which the log's key has signed: what the witness had, and what came. */
    svms_note note;
    svms_checkpoint found[2];
    const char *text = (const char *)file->data;
    const char *first = strstr(text, "--\n") + 3;
    const char *second = strstr(first, "--\n") + 3;
    const char *parts[] = { first, strstr(second, "\n\n") + 2 };
    const size_t sizes[] = { (size_t)(second - 3 - first), file->size - (size_t)(parts[1] - text) };
    for (int i = 0; i < 2; i++) {
        svms_note_finding finding;
        assert_int_equal(svms_note_parse(&note, parts[i], sizes[i], NULL), SVMS_OK);
        assert_int_equal(svms_note_check(&note, c->ctx, &c->of[0].key, &finding, NULL), SVMS_OK);
        assert_true(finding.is_signed);
        assert_int_equal(svms_checkpoint_parse(&found[i], note.text, note.text_size, NULL),
                         SVMS_OK);
    }
    assert_int_equal(found[0].head.size, found[1].head.size);
    assert_memory_not_equal(found[0].head.root, found[1].head.root, SVMS_DIGEST_SIZE);
    assert_int_equal(add_checkpoint(c, 0, 12, 13).status, 200);
}

static void a_fork_that_grew_is_refused_and_kept(void **state)
{
    witness_case *c = *state;
    (void)add_checkpoint(c, 0, 0, 12);
    svms_witness_answer answer = add_checkpoint(c, 4, 12, 30);
    assert_int_equal(answer.status, 422);
    assert_int_equal(answer.is_new_evidence, 1);
    assert_non_null(find_evidence(c, "unproven-00"));
    /* Told again, it is not kept again. */
    answer = add_checkpoint(c, 4, 12, 30);
    assert_int_equal(answer.status, 422);
    assert_int_equal(answer.is_new_evidence, 0);
    assert_int_equal(count_files(&c->folder, "evidence/"), 1);
    /* A fork behind what the witness has seen is none to it. */
    assert_int_equal(add_checkpoint(c, 13, 12, 30).status, 200);
    assert_int_equal(add_checkpoint(c, 0, 30, 31).status, 422);
}

static void every_changed_hash_is_422(void **state)
{
    witness_case *c = *state;
    svms_tree_proof proof;
    (void)add_checkpoint(c, 0, 0, 7);
    tree_prove(c, 0, 7, 29, &proof);
    assert_true(proof.count > 3);
    for (unsigned i = 0; i <= proof.count; i++) {
        svms_tree_proof wrong = proof;
        svms_tree_head head = tree_head(c, 0, 29);
        svms_builder note = note_of(c, &c->of[0], &head, NULL);
        if (i < proof.count) {
            wrong.hash[i][9] ^= 1;
        } else {
            wrong.count--;
        }
        assert_int_equal(ask_with(c, 7, &wrong, &note).status, 422);
    }
    assert_int_equal(add_checkpoint(c, 0, 7, 29).status, 200);
}

static void a_proof_where_none_belongs_is_422_and_no_evidence(void **state)
{
    witness_case *c = *state;
    svms_tree_proof proof = { 1, { { 0 } } };
    svms_tree_head head = tree_head(c, 0, 5);
    svms_builder note = note_of(c, &c->of[0], &head, NULL);
    assert_int_equal(ask_with(c, 0, &proof, &note).status, 422);
    (void)add_checkpoint(c, 0, 0, 5);
    note = note_of(c, &c->of[0], &head, NULL);
    assert_int_equal(ask_with(c, 5, &proof, &note).status, 422);
    assert_int_equal(count_files(&c->folder, "evidence/"), 0);
}

static void evidence_is_bounded_whatever_is_sent(void **state)
{
    witness_case *c = *state;
    (void)add_checkpoint(c, 0, 0, 40);
    for (unsigned round = 0; round < 2; round++) {
        for (fork_at fork = 1; fork <= 40; fork++) {
            assert_int_equal(add_checkpoint(c, fork, 40, 40).status, 409);
            assert_int_equal(add_checkpoint(c, fork, 40, 41).status, 422);
        }
        assert_int_equal(count_files(&c->folder, "evidence/"), 2 * SVMS_WITNESS_EVIDENCE_MAX);
        case_restart(c);
    }
    /* The first fork is still there. */
    svms_tree_head first = tree_head(c, 1, 40);
    svms_builder root = svms_builder_new(c->ctx, 64);
    svms_put_hash_line(&root, first.root);
    const memory_file *file = find_evidence(c, "fork-00");
    assert_non_null(file);
    assert_true(holds(file, root.data, root.size));
    svms_builder_clear(&root);
}

static void a_folder_that_takes_no_evidence_changes_no_answer(void **state)
{
    witness_case *c = *state;
    (void)add_checkpoint(c, 0, 0, 12);
    c->folder.fail_at = c->folder.calls + 1;
    svms_witness_answer answer = add_checkpoint(c, 4, 12, 12);
    assert_int_equal(answer.status, 409);
    assert_int_equal(answer.is_new_evidence, 0);
    assert_int_equal(add_checkpoint(c, 4, 12, 13).status, 422);
    c->folder.fail_at = 0;
    assert_int_equal(add_checkpoint(c, 4, 12, 12).is_new_evidence, 1);
}

static void a_restart_forgets_nothing(void **state)
{
    witness_case *c = *state;
    char before[SVMS_AUDIT_KEY_SIZE];
    char after[SVMS_AUDIT_KEY_SIZE];
    (void)add_checkpoint(c, 0, 0, 12);
    svms_witness_key(c->witness, before);
    case_restart(c);
    svms_witness_key(c->witness, after);
    assert_string_equal(before, after);
    assert_string_equal(add_checkpoint(c, 0, 0, 20).text, "12\n");
    assert_int_equal(add_checkpoint(c, 4, 12, 20).status, 422);
    svms_witness_answer answer = add_checkpoint(c, 0, 12, 20);
    assert_cosigned(c, 0, 20, &answer);
}

/* Killed at each call to the folder, with and without what was not durable: what was answered is
 * remembered, and what is remembered can still be cosigned. */
static void a_crash_between_write_and_answer_forks_nothing(void **state)
{
    witness_case *c = *state;
    (void)add_checkpoint(c, 0, 0, 12);
    unsigned calls = c->folder.calls;
    (void)add_checkpoint(c, 0, 12, 13);
    unsigned needed = c->folder.calls - calls;
    uint64_t had = 13;
    assert_true(needed > 0);
    for (unsigned failing = 1; failing <= needed + 1; failing++) {
        svms_witness_answer out = SVMS_WITNESS_ANSWER_INIT;
        svms_tree_proof proof;
        svms_tree_head head = tree_head(c, 0, had + 1);
        svms_builder note = note_of(c, &c->of[0], &head, NULL);
        tree_prove(c, 0, had, had + 1, &proof);
        svms_builder request = request_of(c, had, &proof, &note);
        c->folder.fail_at = c->folder.calls + failing;
        svms_status status =
            svms_witness_handle(c->witness, CHECKPOINT, request.data, request.size, &out, NULL);
        assert_int_equal(status, failing <= needed ? SVMS_E_IO : SVMS_OK);
        memory_folder_crash(&c->folder, 0);
        case_restart(c);
        bool is_new = add_checkpoint(c, 0, had + 1, had + 1).status == 200;
        assert_true(is_new || status != SVMS_OK);
        assert_int_equal(add_checkpoint(c, 0, had + is_new, had + is_new).status, 200);
        assert_int_equal(add_checkpoint(c, had, had + is_new, had + is_new).status, 409);
        had += is_new;
        svms_builder_clear(&request);
        svms_builder_clear(&note);
    }
}

/* The write went through, and said that it did not: the witness must not then confirm less. */
static svms_status put_and_fail(void *user, const char *name, const void *data, size_t size,
                                uint32_t durable, int *os_error)
{
    svms_folder view = memory_folder_open(user);
    assert_int_equal(view.put(user, name, data, size, durable, os_error), SVMS_OK);
    *os_error = 5;
    return SVMS_E_IO;
}

static void a_write_that_failed_and_stayed_is_no_confirmation(void **state)
{
    witness_case *c = *state;
    svms_witness_answer out = SVMS_WITNESS_ANSWER_INIT;
    svms_tree_proof proof = { 0 };
    svms_tree_head head = tree_head(c, 0, 9);
    svms_builder note = note_of(c, &c->of[0], &head, NULL);
    svms_builder request = request_of(c, 0, &proof, &note);
    c->view.put = put_and_fail;
    assert_int_equal(
        svms_witness_handle(c->witness, CHECKPOINT, request.data, request.size, &out, NULL),
        SVMS_E_IO);
    assert_int_equal(out.status, 0);
    c->view = memory_folder_open(&c->folder);
    assert_int_equal(add_checkpoint(c, 4, 0, 9).status, 200);
    case_restart(c);
    assert_int_equal(add_checkpoint(c, 4, 9, 10).status, 200);
    svms_builder_clear(&request);
    svms_builder_clear(&note);
}

#define RIVALS 8u

typedef struct rival {
    witness_case *c;
    svms_builder request;
    uint32_t status;
} rival;

static void *run_rival(void *user)
{
    rival *self = user;
    svms_witness_answer out = SVMS_WITNESS_ANSWER_INIT;
    if (svms_witness_handle(self->c->witness, CHECKPOINT, self->request.data, self->request.size,
                            &out, NULL) == SVMS_OK) {
        self->status = out.status;
    }
    return NULL;
}

/* Each from the same old size, each another tree: one of them is confirmed. */
static void of_rivals_at_once_one_is_confirmed(void **state)
{
    witness_case *c = *state;
    rival rivals[RIVALS];
    pthread_t threads[RIVALS];
    for (unsigned round = 0; round < 10; round++) {
        unsigned confirmed = 0;
        for (unsigned i = 0; i < RIVALS; i++) {
            svms_tree_proof none = { 0 };
            svms_tree_head head = tree_head(c, i + 1, 20 + i % 2);
            svms_builder note = note_of(c, &c->of[0], &head, NULL);
            rivals[i] = (rival){ c, request_of(c, 0, &none, &note), 0 };
            svms_builder_clear(&note);
        }
        for (unsigned i = 0; i < RIVALS; i++) {
            assert_int_equal(pthread_create(&threads[i], NULL, run_rival, &rivals[i]), 0);
        }
        for (unsigned i = 0; i < RIVALS; i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
            confirmed += rivals[i].status == 200;
            assert_true(rivals[i].status == 200 || rivals[i].status == 409);
            svms_builder_clear(&rivals[i].request);
        }
        assert_int_equal(confirmed, 1);
        svms_witness_close(&c->witness);
        memory_folder_free(&c->folder);
        case_open(c);
    }
}

static svms_witness_answer add_epoch(witness_case *c, uint64_t old_size, fork_at fork,
                                     uint64_t number, uint64_t size, const signer *old,
                                     const signer *next)
{
    svms_tree_proof proof;
    svms_tree_head head = tree_head(c, fork, size);
    svms_builder note = handover_of(c, number, &head, old, next);
    tree_prove(c, fork, old_size, size, &proof);
    svms_builder request = request_of(c, old_size, &proof, &note);
    svms_builder_clear(&note);
    return ask_this(c, EPOCH, &request);
}

static void a_handover_is_followed(void **state)
{
    witness_case *c = *state;
    svms_tree_proof proof;
    (void)add_checkpoint(c, 0, 0, 12);
    svms_witness_answer answer = add_epoch(c, 12, 0, 1, 15, &c->of[0], &c->of[1]);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.type, EPOCH_TYPE);
    assert_string_equal(answer.text, "1\n");
    assert_int_equal(answer.size, 15);
    case_restart(c);
    /* The old key is not believed any more, and the new one is. */
    assert_int_equal(add_checkpoint(c, 0, 15, 16).status, 403);
    svms_tree_head head = tree_head(c, 0, 16);
    svms_builder note = note_of(c, &c->of[1], &head, NULL);
    tree_prove(c, 0, 15, 16, &proof);
    assert_int_equal(ask_with(c, 15, &proof, &note).status, 200);
    /* Two at the size that the witness has. */
    assert_int_equal(add_epoch(c, 16, 0, 2, 16, &c->of[1], &c->of[2]).status, 200);
    assert_int_equal(add_epoch(c, 16, 0, 3, 16, &c->of[2], &c->of[3]).status, 200);
    case_restart(c);
    assert_string_equal(add_epoch(c, 16, 0, 3, 16, &c->of[2], &c->of[3]).text, "3\n");
    assert_int_equal(count_files(&c->folder, "evidence/"), 0);
}

static void a_handover_that_is_not_the_next_is_409_with_the_epoch(void **state)
{
    static const uint64_t wrong[] = { 2, 3, 65536, INT64_MAX };
    witness_case *c = *state;
    (void)add_checkpoint(c, 0, 0, 12);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        svms_witness_answer answer = add_epoch(c, 12, 0, wrong[i], 15, &c->of[0], &c->of[1]);
        assert_int_equal(answer.status, 409);
        assert_string_equal(answer.type, EPOCH_TYPE);
        assert_string_equal(answer.text, "0\n");
    }
}

static void a_handover_that_proves_nothing_is_refused(void **state)
{
    witness_case *c = *state;
    signer other;
    signer cosigner;
    signer_make(&other, c->ctx, "vms.example/other", SVMS_NOTE_LOG);
    signer_make(&cosigner, c->ctx, ORIGIN, SVMS_NOTE_COSIGNATURE);
    (void)add_checkpoint(c, 0, 0, 12);
    const struct {
        const char *what;
        uint64_t old_size;
        fork_at fork;
        uint64_t size;
        const signer *old;
        const signer *next;
        uint32_t status;
    } cases[] = {
        { "not by the key before", 12, 0, 15, &c->of[2], &c->of[1], 403 },
        { "to a key of another name", 12, 0, 15, &c->of[0], &other, 403 },
        { "to a key of another kind", 12, 0, 15, &c->of[0], &cosigner, 403 },
        { "of another log", 12, 0, 15, &other, &c->of[1], 404 },
        { "another old size", 11, 0, 15, &c->of[0], &c->of[1], 409 },
        { "another root of this size", 12, 3, 12, &c->of[0], &c->of[1], 409 },
        { "not grown out of what there is", 12, 3, 15, &c->of[0], &c->of[1], 422 },
        { "smaller than what was signed", 12, 0, 11, &c->of[0], &c->of[1], 409 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_witness_answer answer = add_epoch(c, cases[i].old_size, cases[i].fork, 1,
                                               cases[i].size, cases[i].old, cases[i].next);
        if (answer.status != cases[i].status) {
            fail_msg("%s: %u %s", cases[i].what, answer.status, answer.text);
        }
        assert_int_equal(answer.is_new_evidence, i >= 5 ? 1 : 0);
    }
    assert_int_equal(count_files(&c->folder, "evidence/"), 3);
    assert_int_equal(add_checkpoint(c, 0, 12, 13).status, 200);
    signer_free(&other);
    signer_free(&cosigner);
}

static void handovers_come_one_at_a_time(void **state)
{
    witness_case *c = *state;
    svms_tree_proof none = { 0 };
    svms_tree_head head = tree_head(c, 0, 5);
    svms_builder both = handover_of(c, 1, &head, &c->of[0], &c->of[1]);
    svms_builder next = handover_of(c, 2, &head, &c->of[1], &c->of[2]);
    svms_put_bytes(&both, "--\n", 3);
    svms_put_bytes(&both, next.data, next.size);
    svms_builder request = request_of(c, 0, &none, &both);
    assert_int_equal(ask_this(c, EPOCH, &request).status, 400);
    svms_builder_clear(&both);
    svms_builder_clear(&next);
}

static svms_status try_open(witness_case *c, const char *name, const svms_private_key *key)
{
    svms_witness_options options = SVMS_WITNESS_OPTIONS_INIT;
    svms_witness *witness = NULL;
    svms_error err = SVMS_ERROR_INIT;
    options.name = name;
    options.key = key;
    svms_status status = svms_witness_open(&witness, c->ctx, &c->view, &options, &err);
    if (status == SVMS_OK) {
        status = svms_witness_add_log(witness, c->of[0].text, &err);
    }
    assert_int_equal(err.status, status);
    svms_witness_close(&witness);
    assert_null(witness);
    return status;
}

static void a_witness_stays_who_it_is(void **state)
{
    witness_case *c = *state;
    svms_private_key *p256 = NULL;
    assert_int_equal(svms_private_key_generate(&p256, c->ctx, NULL), SVMS_OK);
    svms_witness_close(&c->witness);
    assert_int_equal(try_open(c, NULL, NULL), SVMS_OK);
    assert_int_equal(try_open(c, WITNESS, NULL), SVMS_OK);
    assert_int_equal(try_open(c, "witness.example/two", NULL), SVMS_E_STATE);
    assert_int_equal(try_open(c, NULL, c->of[1].private_key), SVMS_E_STATE);
    assert_int_equal(try_open(c, NULL, p256), SVMS_E_UNSUPPORTED);
    c->folder.is_locked = true;
    assert_int_equal(try_open(c, NULL, NULL), SVMS_E_STATE);
    c->folder.is_locked = false;
    memory_folder_free(&c->folder);
    assert_int_equal(try_open(c, NULL, NULL), SVMS_E_STATE);
    assert_int_equal(try_open(c, "two words", NULL), SVMS_E_USAGE);
    assert_int_equal(try_open(c, "", NULL), SVMS_E_USAGE);
    /* With a key that is kept elsewhere, none is in the folder. */
    memory_folder_free(&c->folder);
    assert_int_equal(try_open(c, WITNESS, c->of[1].private_key), SVMS_OK);
    assert_null(memory_folder_find(&c->folder, "key.pem"));
    assert_int_equal(try_open(c, WITNESS, c->of[2].private_key), SVMS_E_STATE);
    assert_int_equal(try_open(c, WITNESS, NULL), SVMS_E_IO);
    svms_private_key_free(&p256);
}

static void logs_are_told_and_never_learnt(void **state)
{
    witness_case *c = *state;
    char key[SVMS_AUDIT_KEY_SIZE];
    (void)add_checkpoint(c, 0, 0, 3);
    svms_witness_key(c->witness, key);
    assert_int_equal(svms_witness_add_log(c->witness, c->of[0].text, NULL), SVMS_OK);
    assert_int_equal(svms_witness_add_log(c->witness, c->of[1].text, NULL), SVMS_E_STATE);
    assert_int_equal(svms_witness_add_log(c->witness, key, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_witness_add_log(c->witness, "no key", NULL), SVMS_E_USAGE);
    svms_witness_close(&c->witness);
    svms_witness_options options = SVMS_WITNESS_OPTIONS_INIT;
    assert_int_equal(svms_witness_open(&c->witness, c->ctx, &c->view, &options, NULL), SVMS_OK);
    assert_int_equal(add_checkpoint(c, 0, 3, 4).status, 404);
    assert_int_equal(svms_witness_add_log(c->witness, c->of[1].text, NULL), SVMS_E_STATE);
    assert_int_equal(svms_witness_add_log(c->witness, c->of[0].text, NULL), SVMS_OK);
    assert_int_equal(add_checkpoint(c, 0, 3, 4).status, 200);
}

static void every_changed_byte_of_what_it_keeps_is_found(void **state)
{
    witness_case *c = *state;
    (void)add_checkpoint(c, 0, 0, 12);
    (void)add_epoch(c, 12, 0, 1, 15, &c->of[0], &c->of[1]);
    svms_witness_close(&c->witness);
    unsigned files = 0;
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        memory_file *file = &c->folder.file[i];
        if (!file->is_there || strcmp(file->name, "key.pem") == 0) {
            continue;
        }
        files++;
        for (size_t at = 0; at < file->size; at++) {
            file->data[at] ^= 1;
            assert_int_not_equal(try_open(c, NULL, NULL), SVMS_OK);
            file->data[at] ^= 1;
        }
        size_t size = file->size;
        for (file->size = 0; file->size < size; file->size++) {
            assert_int_not_equal(try_open(c, NULL, NULL), SVMS_OK);
        }
    }
    assert_int_equal(files, 2);
    assert_int_equal(try_open(c, NULL, NULL), SVMS_OK);
}

static void each_failing_call_of_the_folder_is_told(void **state)
{
    witness_case *c = *state;
    (void)add_checkpoint(c, 0, 0, 12);
    svms_witness_close(&c->witness);
    for (unsigned failing = 1;; failing++) {
        c->folder.fail_at = c->folder.calls + failing;
        unsigned last = c->folder.fail_at;
        svms_status status = try_open(c, NULL, NULL);
        c->folder.fail_at = 0;
        if (c->folder.calls < last) {
            assert_int_equal(status, SVMS_OK);
            assert_true(failing > 5);
            break;
        }
        assert_int_equal(status, SVMS_E_IO);
    }
}

static witness_case *present;

static svms_status whole_life(svms_ctx *ctx, svms_error *err)
{
    witness_case *c = present;
    svms_witness_options options = SVMS_WITNESS_OPTIONS_INIT;
    svms_witness_answer out = SVMS_WITNESS_ANSWER_INIT;
    svms_witness *witness = NULL;
    svms_tree_proof proof;
    svms_tree_head heads[] = { tree_head(c, 0, 12), tree_head(c, 0, 13), tree_head(c, 3, 14) };
    options.name = WITNESS;
    memory_folder_free(&c->folder);
    svms_status status = svms_witness_open(&witness, ctx, &c->view, &options, err);
    if (status == SVMS_OK) {
        status = svms_witness_add_log(witness, c->of[0].text, err);
    }
    for (int i = 0; i < 3 && status == SVMS_OK; i++) {
        uint64_t old_size = i == 0 ? 0 : heads[i - 1].size;
        svms_builder note = i == 1 ? handover_of(c, 1, &heads[i], &c->of[0], &c->of[1])
                                   : note_of(c, &c->of[i / 2], &heads[i], NULL);
        tree_prove(c, 0, old_size, heads[i].size, &proof);
        svms_builder request = request_of(c, old_size, &proof, &note);
        status = svms_witness_handle(witness, i == 1 ? EPOCH : CHECKPOINT, request.data,
                                     request.size, &out, err);
        assert_true(status != SVMS_OK || out.status == (i == 2 ? 422 : 200));
        svms_builder_clear(&request);
        svms_builder_clear(&note);
    }
    svms_witness_close(&witness);
    return status;
}

static void each_failing_allocation_is_told(void **state)
{
    present = *state;
    svms_witness_close(&present->witness);
    each_allocation_fails_cleanly(whole_life);
}

static void wrong_arguments_are_refused(void **state)
{
    witness_case *c = *state;
    svms_witness_answer out = SVMS_WITNESS_ANSWER_INIT;
    svms_witness_options options = SVMS_WITNESS_OPTIONS_INIT;
    svms_witness *witness = NULL;
    char key[SVMS_AUDIT_KEY_SIZE] = "x";
    assert_int_equal(svms_witness_open(NULL, c->ctx, &c->view, &options, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_witness_open(&witness, NULL, &c->view, &options, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_witness_open(&witness, c->ctx, NULL, &options, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_witness_add_log(NULL, c->of[0].text, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_witness_add_log(c->witness, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_witness_handle(NULL, CHECKPOINT, "", 0, &out, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_witness_handle(c->witness, NULL, "", 0, &out, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_witness_handle(c->witness, CHECKPOINT, NULL, 1, &out, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_witness_handle(c->witness, CHECKPOINT, "", 0, NULL, NULL), SVMS_E_USAGE);
    svms_witness_key(NULL, key);
    assert_string_equal(key, "");
    svms_witness_close(NULL);
    svms_witness_close(&witness);
}

#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, witness_case_set_up, witness_case_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_checkpoint_that_grew_is_cosigned),
        TEST(every_growth_is_confirmed),
        TEST(an_empty_log_is_a_log),
        TEST(lines_of_other_logs_are_cosigned_with_the_rest),
        TEST(what_is_malformed_is_400),
        TEST(hashes_and_bytes_are_bounded),
        TEST(who_did_not_sign_is_403_and_who_is_not_known_404),
        TEST(a_key_that_signs_twice_is_403),
        TEST(signatures_of_strangers_are_passed_over),
        TEST(an_old_size_that_is_another_is_409_with_the_size),
        TEST(an_old_size_above_the_new_one_is_400),
        TEST(a_fork_is_refused_and_kept_with_all_that_proves_it),
        TEST(a_fork_that_grew_is_refused_and_kept),
        TEST(every_changed_hash_is_422),
        TEST(a_proof_where_none_belongs_is_422_and_no_evidence),
        TEST(evidence_is_bounded_whatever_is_sent),
        TEST(a_folder_that_takes_no_evidence_changes_no_answer),
        TEST(a_restart_forgets_nothing),
        TEST(a_crash_between_write_and_answer_forks_nothing),
        TEST(a_write_that_failed_and_stayed_is_no_confirmation),
        TEST(of_rivals_at_once_one_is_confirmed),
        TEST(a_handover_is_followed),
        TEST(a_handover_that_is_not_the_next_is_409_with_the_epoch),
        TEST(a_handover_that_proves_nothing_is_refused),
        TEST(handovers_come_one_at_a_time),
        TEST(a_witness_stays_who_it_is),
        TEST(logs_are_told_and_never_learnt),
        TEST(every_changed_byte_of_what_it_keeps_is_found),
        TEST(each_failing_call_of_the_folder_is_told),
        TEST(each_failing_allocation_is_told),
        TEST(wrong_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
