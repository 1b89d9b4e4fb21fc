/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "key_internal.h"
#include "witness_case.h"

void signer_make(signer *out, svms_ctx *ctx, const char *name, svms_note_kind kind)
{
    svms_builder text = svms_builder_new(ctx, SVMS_AUDIT_KEY_SIZE);
    size_t size = sizeof out->text;
    assert_int_equal(svms_note_key_generate(&out->private_key, ctx, NULL), SVMS_OK);
    assert_int_equal(svms_sign_engine_new(&out->engine, ctx, out->private_key, NULL), SVMS_OK);
    assert_int_equal(svms_note_key_of(&out->key, ctx, name, kind, out->private_key, NULL), SVMS_OK);
    svms_put_note_key(&text, &out->key);
    assert_int_equal(svms_builder_hand_out(&text, "a key", out->text, &size, NULL), SVMS_OK);
    svms_builder_clear(&text);
}

void signer_free(signer *gone)
{
    svms_sign_engine_free(&gone->engine);
    svms_private_key_free(&gone->private_key);
}

void case_open(witness_case *c)
{
    svms_witness_options options = SVMS_WITNESS_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    options.name = WITNESS;
    if (svms_witness_open(&c->witness, c->ctx, &c->view, &options, &err) != SVMS_OK ||
        svms_witness_add_log(c->witness, c->of[0].text, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
}

void case_restart(witness_case *c)
{
    svms_witness_close(&c->witness);
    case_open(c);
}

int witness_case_set_up(void **state)
{
    witness_case *c = calloc(1, sizeof *c);
    assert_non_null(c);
    assert_int_equal(svms_ctx_new(&c->ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_hasher_new(&c->hasher, c->ctx, NULL), SVMS_OK);
    c->view = memory_folder_open(&c->folder);
    for (unsigned i = 0; i < SIGNERS; i++) {
        signer_make(&c->of[i], c->ctx, ORIGIN, SVMS_NOTE_LOG);
    }
    case_open(c);
    *state = c;
    return 0;
}

int witness_case_tear_down(void **state)
{
    witness_case *c = *state;
    svms_witness_close(&c->witness);
    for (unsigned i = 0; i < SIGNERS; i++) {
        signer_free(&c->of[i]);
    }
    memory_folder_free(&c->folder);
    svms_hasher_free(&c->hasher);
    svms_ctx_free(&c->ctx);
    free(c);
    return 0;
}

typedef struct forest {
    svms_hasher *hasher;
    fork_at fork;
} forest;

static svms_status fetch(void *user, unsigned level, uint64_t index, uint8_t out[SVMS_DIGEST_SIZE],
                         svms_error *err)
{
    forest *of = user;
    svms_tree tree;
    svms_tree_reset(&tree);
    uint64_t first = index << level;
    for (uint64_t i = first; i < first + (UINT64_C(1) << level); i++) {
        char record[64];
        uint8_t leaf[SVMS_DIGEST_SIZE];
        uint64_t kind = of->fork > 0 && i + 1 >= of->fork ? of->fork : 0;
        int size = snprintf(record, sizeof record, "record %llu of %llu", (unsigned long long)i,
                            (unsigned long long)kind);
        assert_int_equal(svms_tree_leaf(of->hasher, record, (size_t)size, leaf, err), SVMS_OK);
        assert_int_equal(svms_tree_add(&tree, of->hasher, leaf, err), SVMS_OK);
    }
    return svms_tree_root(&tree, of->hasher, out, err);
}

svms_tree_head tree_head(witness_case *c, fork_at fork, uint64_t size)
{
    forest of = { c->hasher, fork };
    svms_tree_source source = { fetch, &of, c->hasher };
    svms_tree_head head = { size, { 0 } };
    if (size == 0) {
        assert_int_equal(svms_sha256(c->ctx, NULL, 0, head.root, NULL), SVMS_OK);
    } else {
        assert_int_equal(svms_tree_root_at(&source, size, head.root, NULL), SVMS_OK);
    }
    return head;
}

void tree_prove(witness_case *c, fork_at fork, uint64_t from, uint64_t to, svms_tree_proof *out)
{
    forest of = { c->hasher, fork };
    svms_tree_source source = { fetch, &of, c->hasher };
    out->count = 0;
    if (from < to) {
        assert_int_equal(svms_tree_prove_consistency(&source, from, to, out, NULL), SVMS_OK);
    }
}

svms_builder note_of(witness_case *c, const signer *who, const svms_tree_head *head,
                     const char *extra)
{
    svms_builder text = svms_builder_new(c->ctx, SVMS_NOTE_MAX);
    svms_builder note = svms_builder_new(c->ctx, SVMS_NOTE_MAX);
    svms_checkpoint checkpoint = { "", *head };
    memcpy(checkpoint.origin, who->key.name, sizeof checkpoint.origin);
    svms_put_checkpoint(&text, &checkpoint);
    svms_put_bytes(&text, extra, extra ? strlen(extra) : 0);
    svms_put_bytes(&note, text.data, text.size);
    svms_put_u8(&note, '\n');
    assert_int_equal(svms_note_sign(&note, (const char *)text.data, text.size, &who->key,
                                    who->engine, 1700000000, NULL),
                     SVMS_OK);
    svms_builder_clear(&text);
    return note;
}

svms_builder handover_of(witness_case *c, uint64_t number, const svms_tree_head *at,
                         const signer *old, const signer *next)
{
    svms_epochs epochs;
    svms_epoch last = { .key = old->key };
    svms_builder text = svms_builder_new(c->ctx, SVMS_NOTE_MAX);
    assert_int_equal(svms_epochs_resume(&epochs, c->ctx, number - 1, &last, NULL), SVMS_OK);
    assert_int_equal(
        svms_epochs_hand_over(&epochs, &text, at, &next->key, old->engine, next->engine, NULL),
        SVMS_OK);
    svms_epochs_clear(&epochs);
    return text;
}

svms_builder request_of(witness_case *c, uint64_t old_size, const svms_tree_proof *proof,
                        const svms_builder *note)
{
    svms_builder bytes = svms_builder_new(c->ctx, SVMS_WITNESS_REQUEST_MAX);
    svms_witness_request request = { .old_size = old_size };
    request.proof = *proof;
    request.note = (const char *)note->data;
    request.note_size = note->size;
    svms_put_witness_request(&bytes, &request);
    assert_int_equal(svms_builder_check(&bytes, "a request", NULL), SVMS_OK);
    return bytes;
}

svms_witness_answer ask(witness_case *c, const char *path, const void *body, size_t size)
{
    svms_witness_answer out = SVMS_WITNESS_ANSWER_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_witness_handle(c->witness, path, body, size, &out, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(strlen(out.text), out.text_size);
    return out;
}

svms_witness_answer ask_this(witness_case *c, const char *path, svms_builder *request)
{
    svms_witness_answer out = ask(c, path, request->data, request->size);
    svms_builder_clear(request);
    return out;
}

svms_witness_answer add_checkpoint(witness_case *c, fork_at fork, uint64_t old_size, uint64_t size)
{
    svms_tree_proof proof;
    svms_tree_head head = tree_head(c, fork, size);
    svms_builder note = note_of(c, &c->of[0], &head, NULL);
    tree_prove(c, fork, old_size, size, &proof);
    svms_builder request = request_of(c, old_size, &proof, &note);
    svms_builder_clear(&note);
    return ask_this(c, "add-checkpoint", &request);
}

unsigned count_files(memory_folder *folder, const char *front)
{
    unsigned count = 0;
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        count +=
            folder->file[i].is_there && strncmp(folder->file[i].name, front, strlen(front)) == 0;
    }
    return count;
}
