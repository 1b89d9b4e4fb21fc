/* SPDX-License-Identifier: Apache-2.0 */
/* Witnessing, both sides: what strangers send to a witness that has a state, and what a witness, or
 * somebody in between, answers to the holder of a log. The first byte says which. The folders are
 * in memory; those of the log and its keys are made once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "witness_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILES 64u
#define NAME "witness.example/one"
/* The log of the seeds; nobody has its private key. */
static const char log_key[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

typedef struct file {
    char name[SVMS_FOLDER_NAME_SIZE];
    uint8_t *data;
    size_t size;
} file;

typedef struct drawer {
    file file[FILES];
} drawer;

static void check(int good)
{
    if (!good) {
        abort();
    }
}

static file *find(drawer *in, const char *name)
{
    for (unsigned i = 0; i < FILES; i++) {
        if (strcmp(in->file[i].name, name) == 0) {
            return &in->file[i];
        }
    }
    return NULL;
}

static svms_status read_at(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                           int *os_error)
{
    const file *self = user;
    (void)os_error;
    size_t left = offset < self->size ? self->size - (size_t)offset : 0;
    *got = size < left ? size : left;
    if (*got > 0) {
        memcpy(out, self->data + offset, *got);
    }
    return SVMS_OK;
}

static svms_status get_size(void *user, uint64_t *size, int *os_error)
{
    (void)os_error;
    *size = ((const file *)user)->size;
    return SVMS_OK;
}

static svms_status open_file(void *user, const char *name, svms_store *out, int *os_error)
{
    svms_store made = SVMS_STORE_INIT;
    file *found = find(user, name);
    if (!found) {
        *os_error = ENOENT;
        return SVMS_E_IO;
    }
    made.user = found;
    made.read_at = read_at;
    made.get_size = get_size;
    *out = made;
    return SVMS_OK;
}

static svms_status put(void *user, const char *name, const void *data, size_t size,
                       uint32_t durable, int *os_error)
{
    file *place = find(user, name);
    place = place ? place : find(user, "");
    (void)durable;
    (void)os_error;
    check(place != NULL && strlen(name) < sizeof place->name);
    strcpy(place->name, name);
    free(place->data);
    place->data = malloc(size + 1);
    check(place->data != NULL);
    memcpy(place->data, data, size);
    place->size = size;
    return SVMS_OK;
}

static svms_status list(void *user, const char *name, svms_folder_each each, void *each_user,
                        int *os_error)
{
    (void)user;
    (void)name;
    (void)each;
    (void)each_user;
    (void)os_error;
    return SVMS_OK;
}

static svms_status lock(void *user, int *os_error)
{
    (void)user;
    (void)os_error;
    return SVMS_OK;
}

static svms_folder view_of(drawer *on)
{
    svms_folder out = SVMS_FOLDER_INIT;
    out.user = on;
    out.open = open_file;
    out.put = put;
    out.list = list;
    out.lock = lock;
    return out;
}

/* What is taken apart is put together in the same bytes. */
static void take_apart(svms_ctx *ctx, const void *data, size_t size)
{
    svms_witness_request request;
    if (svms_witness_request_parse(&request, data, size, NULL) != SVMS_OK ||
        request.hashes > request.proof.count) {
        return;
    }
    svms_builder again = svms_builder_new(ctx, SVMS_WITNESS_REQUEST_MAX);
    svms_put_witness_request(&again, &request);
    check(again.status == SVMS_OK && again.size == size && memcmp(again.data, data, size) == 0);
    svms_builder_clear(&again);
}

/* Nobody has the log's key, and so nothing is ever confirmed or kept. */
static void ask(svms_ctx *ctx, const void *data, size_t size)
{
    static drawer state;
    static svms_witness *witness;
    static svms_folder view;
    svms_witness_answer answer = SVMS_WITNESS_ANSWER_INIT;
    svms_witness_options options = SVMS_WITNESS_OPTIONS_INIT;
    options.name = NAME;
    if (!witness) {
        view = view_of(&state);
        check(svms_witness_open(&witness, ctx, &view, &options, NULL) == SVMS_OK);
        check(svms_witness_add_log(witness, log_key, NULL) == SVMS_OK);
    }
    for (int i = 0; i < 2; i++) {
        check(svms_witness_handle(witness, i == 0 ? "add-checkpoint" : "add-epoch", data, size,
                                  &answer, NULL) == SVMS_OK);
        check(answer.status == 400 || answer.status == 403 || answer.status == 404 ||
              answer.status == 409);
        check(answer.text_size > 0 && strlen(answer.text) == answer.text_size);
        check(!answer.is_new_evidence && answer.size == 0);
    }
}

/* A log of one record's hash, whose checkpoint is signed by a key that is made here. */
static void make_log(svms_ctx *ctx, svms_folder *view)
{
    svms_private_key *key = NULL;
    svms_sign_engine *engine = NULL;
    svms_note_key name;
    svms_checkpoint checkpoint = { "vms.example/audit", { 1, { 0 } } };
    svms_builder text = svms_builder_new(ctx, SVMS_NOTE_MAX);
    svms_builder note = svms_builder_new(ctx, SVMS_NOTE_MAX);
    int os_error = 0;
    check(svms_note_key_generate(&key, ctx, NULL) == SVMS_OK);
    check(svms_sign_engine_new(&engine, ctx, key, NULL) == SVMS_OK);
    check(svms_note_key_of(&name, ctx, checkpoint.origin, SVMS_NOTE_LOG, key, NULL) == SVMS_OK);
    svms_put_bytes(&text, "svms audit log\n", 15);
    svms_put_bytes(&text, checkpoint.origin, strlen(checkpoint.origin));
    svms_put_u8(&text, '\n');
    svms_put_note_key(&text, &name);
    svms_put_u8(&text, '\n');
    check(view->put(view->user, "log", text.data, text.size, 1, &os_error) == SVMS_OK);
    svms_builder_reset(&text);
    svms_put_checkpoint(&text, &checkpoint);
    svms_put_bytes(&note, text.data, text.size);
    svms_put_u8(&note, '\n');
    check(svms_note_sign(&note, (const char *)text.data, text.size, &name, engine, 0, NULL) ==
          SVMS_OK);
    check(view->put(view->user, "checkpoint", note.data, note.size, 1, &os_error) == SVMS_OK);
    svms_builder_clear(&text);
    svms_builder_clear(&note);
    svms_sign_engine_free(&engine);
    svms_private_key_free(&key);
}

/* Nobody signs for the witness either: no answer leads to a cosignature. */
static void answer(svms_ctx *ctx, unsigned status, const void *data, size_t size)
{
    static const char witness[] =
        "witness.example/one+0ed21168+BLup1+AlBdi4YFdEckXRRInA3ATDX6Pj8SoTuAu4f5gW";
    static const char *const types[] = { "text/x.tlog.size", "text/x.svms.epoch", "text/plain" };
    static const uint32_t codes[] = { 200, 409, 403, 422 };
    static drawer log;
    static svms_folder view;
    svms_cosigning *cosigning = NULL;
    svms_cosigning_question question = SVMS_COSIGNING_QUESTION_INIT;
    svms_cosigning_answer given = SVMS_COSIGNING_ANSWER_INIT;
    if (!view.user) {
        view = view_of(&log);
        make_log(ctx, &view);
    }
    check(svms_cosigning_new(&cosigning, ctx, &view, NULL) == SVMS_OK);
    if (svms_cosigning_begin(cosigning, witness, NULL) == SVMS_OK) {
        check(svms_cosigning_ask(cosigning, &question, NULL) == SVMS_OK);
        take_apart(ctx, question.body, question.size);
        given.status = codes[status % 4];
        given.type = types[status / 4 % 3];
        given.body = data;
        given.size = size;
        svms_status taken = svms_cosigning_take(cosigning, &given, NULL);
        check(taken == SVMS_E_MALFORMED || taken == SVMS_E_NOT_AUTHENTIC || taken == SVMS_E_STATE ||
              (taken == SVMS_OK && given.status == 409));
        check(svms_cosigning_ask(cosigning, &question, NULL) != SVMS_END);
    } else {
        abort();
    }
    svms_cosigning_free(&cosigning);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    if (!ctx) {
        check(svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK);
    }
    if (size == 0) {
        return 0;
    }
    if (data[0] == 'A') {
        answer(ctx, size > 1 ? data[1] : 0, data + (size > 1 ? 2 : 1), size - (size > 1 ? 2 : 1));
        return 0;
    }
    take_apart(ctx, data + 1, size - 1);
    ask(ctx, data + 1, size - 1);
    return 0;
}
