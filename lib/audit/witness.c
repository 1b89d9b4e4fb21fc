/* SPDX-License-Identifier: Apache-2.0 */
/* A witness is made, opened, told of logs and closed. */
#include "witness_internal.h"

#include <errno.h>
#include <string.h>

#include "failure.h"
#include "log_internal.h"
#include "options.h"

static const char title[] = "svms audit witness\n";
#define TITLE_SIZE (sizeof title - 1)
#define IDENTITY_NAME "witness"
#define KEY_NAME "key.pem"
#define PEM_MAX 1024u
#define IDENTITY_MAX 1024u

static svms_status lock_folder(const svms_folder *folder, svms_error *err)
{
    int os_error = 0;
    svms_status status = folder->lock(folder->user, &os_error);
    if (status == SVMS_E_IO && os_error == EWOULDBLOCK) {
        return svms_fail(err, SVMS_E_STATE, "somebody else has the witness's folder");
    }
    if (status == SVMS_E_IO) {
        return svms_fail_io(err, os_error, "the witness cannot take its folder");
    }
    return status == SVMS_OK ? SVMS_OK
                             : svms_fail(err, status, "the witness cannot take its folder");
}

static svms_status make_key(svms_witness *witness, svms_error *err)
{
    char pem[PEM_MAX];
    size_t size = sizeof pem;
    svms_status status = svms_note_key_generate(&witness->own_key, witness->ctx, err);
    if (status == SVMS_OK) {
        status = svms_private_key_to_pem(witness->own_key, pem, &size, err);
    }
    if (status == SVMS_OK) {
        status = svms_witness_put(witness->folder, KEY_NAME, pem, size, err);
    }
    svms_wipe(pem, sizeof pem);
    return status;
}

static svms_status load_key(svms_witness *witness, svms_error *err)
{
    svms_builder pem = svms_builder_new(witness->ctx, PEM_MAX);
    svms_status status = svms_witness_read(witness->folder, KEY_NAME, &pem, err);
    if (status == SVMS_OK) {
        status = svms_private_key_from_pem(&witness->own_key, witness->ctx, (const char *)pem.data,
                                           pem.size, err);
    }
    svms_builder_clear(&pem);
    return status;
}

static svms_status put_identity(svms_witness *witness, svms_error *err)
{
    svms_builder text = svms_builder_new(witness->ctx, IDENTITY_MAX);
    svms_put_bytes(&text, title, TITLE_SIZE);
    svms_put_note_key(&text, &witness->key);
    svms_put_u8(&text, '\n');
    svms_status status = svms_builder_check(&text, "a witness", err);
    if (status == SVMS_OK) {
        status = svms_witness_put(witness->folder, IDENTITY_NAME, text.data, text.size, err);
    }
    svms_builder_clear(&text);
    return status;
}

/* The folder says who the witness is; a key of the caller's is taken where there is one. */
static svms_status make_new(svms_witness *witness, const svms_witness_options *options,
                            svms_error *err)
{
    if (!options->name) {
        return svms_fail(err, SVMS_E_STATE, "a new witness needs a name");
    }
    svms_status status = options->key ? SVMS_OK : make_key(witness, err);
    const svms_private_key *key = options->key ? options->key : witness->own_key;
    if (status == SVMS_OK) {
        status = svms_note_key_of(&witness->key, witness->ctx, options->name, SVMS_NOTE_COSIGNATURE,
                                  key, err);
    }
    return status == SVMS_OK ? put_identity(witness, err) : status;
}

static svms_status parse_identity(svms_witness *witness, const svms_builder *bytes, svms_error *err)
{
    const char *text = (const char *)bytes->data;
    if (bytes->size <= TITLE_SIZE + 1 || memcmp(text, title, TITLE_SIZE) != 0 ||
        text[bytes->size - 1] != '\n') {
        return svms_fail(err, SVMS_E_MALFORMED, "the file \"" IDENTITY_NAME "\" is no witness's");
    }
    svms_status status = svms_note_key_parse(&witness->key, witness->ctx, text + TITLE_SIZE,
                                             bytes->size - TITLE_SIZE - 1, err);
    if (status == SVMS_OK && witness->key.kind != SVMS_NOTE_COSIGNATURE) {
        return svms_fail(err, SVMS_E_MALFORMED, "the file \"" IDENTITY_NAME "\" is no witness's");
    }
    return status;
}

static svms_status take_up(svms_witness *witness, const svms_witness_options *options,
                           const svms_builder *identity, svms_error *err)
{
    svms_note_key found;
    svms_status status = parse_identity(witness, identity, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (options->name && strcmp(options->name, witness->key.name) != 0) {
        return svms_fail(err, SVMS_E_STATE, "the witness of this folder is \"%s\"",
                         witness->key.name);
    }
    status = options->key ? SVMS_OK : load_key(witness, err);
    if (status == SVMS_OK) {
        status = svms_note_key_of(&found, witness->ctx, witness->key.name, SVMS_NOTE_COSIGNATURE,
                                  options->key ? options->key : witness->own_key, err);
    }
    if (status == SVMS_OK && memcmp(found.key, witness->key.key, sizeof found.key) != 0) {
        return svms_fail(err, SVMS_E_STATE, "the witness \"%s\" has another key", found.name);
    }
    return status;
}

static svms_status identify(svms_witness *witness, const svms_witness_options *options,
                            svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    svms_builder bytes = svms_builder_new(witness->ctx, IDENTITY_MAX);
    svms_status status = svms_witness_read(witness->folder, IDENTITY_NAME, &bytes, &why);
    if (status == SVMS_OK) {
        status = take_up(witness, options, &bytes, err);
    } else if (svms_log_is_missing(status, &why)) {
        status = make_new(witness, options, err);
    } else {
        status = svms_fail_as(err, status, &why);
    }
    svms_builder_clear(&bytes);
    return status;
}

static svms_status put_key_text(svms_witness *witness, svms_error *err)
{
    svms_builder text = svms_builder_new(witness->ctx, SVMS_AUDIT_KEY_SIZE);
    size_t size = sizeof witness->key_text;
    svms_put_note_key(&text, &witness->key);
    svms_status status =
        svms_builder_hand_out(&text, "the key of a witness", witness->key_text, &size, err);
    svms_builder_clear(&text);
    return status;
}

static svms_status open_all(svms_witness *witness, const svms_witness_options *options,
                            svms_error *err)
{
    if (svms_platform_latch_init(&witness->latch) != 0) {
        return svms_fail_memory(err);
    }
    witness->has_latch = true;
    svms_status status = lock_folder(witness->folder, err);
    if (status == SVMS_OK) {
        status = identify(witness, options, err);
    }
    if (status == SVMS_OK) {
        status = put_key_text(witness, err);
    }
    if (status == SVMS_OK) {
        status = svms_hasher_new(&witness->hasher, witness->ctx, err);
    }
    return status == SVMS_OK
               ? svms_sign_engine_new(&witness->engine, witness->ctx,
                                      options->key ? options->key : witness->own_key, err)
               : status;
}

svms_status svms_witness_open(svms_witness **out, svms_ctx *ctx, const svms_folder *folder,
                              const svms_witness_options *options, svms_error *err)
{
    svms_witness_options known = SVMS_WITNESS_OPTIONS_INIT;
    if (!out || !ctx || !folder) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_options_read(&known, sizeof known, options, "the options", err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_witness *witness = svms_alloc(ctx, sizeof *witness);
    if (!witness) {
        return svms_fail_memory(err);
    }
    witness->ctx = ctx;
    witness->folder = folder;
    status = open_all(witness, &known, err);
    if (status != SVMS_OK) {
        svms_witness_close(&witness);
        return status;
    }
    *out = witness;
    return SVMS_OK;
}

void svms_witness_close(svms_witness **witness)
{
    if (!witness || !*witness) {
        return;
    }
    svms_witness *gone = *witness;
    while (gone->logs) {
        svms_witness_log *log = gone->logs;
        gone->logs = log->next;
        svms_witness_log_free(&log, gone->ctx);
    }
    svms_sign_engine_free(&gone->engine);
    svms_private_key_free(&gone->own_key);
    svms_hasher_free(&gone->hasher);
    if (gone->has_latch) {
        svms_platform_latch_destroy(&gone->latch);
    }
    svms_release(gone->ctx, gone);
    *witness = NULL;
}

void svms_witness_key(const svms_witness *witness, char key[SVMS_AUDIT_KEY_SIZE])
{
    memset(key, 0, SVMS_AUDIT_KEY_SIZE);
    if (witness) {
        memcpy(key, witness->key_text, SVMS_AUDIT_KEY_SIZE);
    }
}

static svms_status parse_log_key(svms_note_key *out, svms_ctx *ctx, const char *text,
                                 svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = svms_note_key_parse(out, ctx, text, strlen(text), &why);
    if (status == SVMS_E_MALFORMED || status == SVMS_E_UNSUPPORTED) {
        return svms_fail(err, SVMS_E_USAGE, "the key of a log: %s", why.message);
    }
    if (status == SVMS_OK && out->kind != SVMS_NOTE_LOG) {
        return svms_fail(err, SVMS_E_USAGE, "the key of \"%s\" is not that of a log", out->name);
    }
    return status == SVMS_OK ? SVMS_OK : svms_fail_as(err, status, &why);
}

static svms_status load_log(svms_witness *witness, const svms_note_key *key, svms_error *err)
{
    svms_witness_log *log = NULL;
    if (witness->count == SVMS_WITNESS_LOGS_MAX) {
        return svms_fail(err, SVMS_E_STATE, "a witness watches at most %u logs",
                         SVMS_WITNESS_LOGS_MAX);
    }
    svms_status status = svms_witness_log_new(&log, witness->ctx, key, err);
    if (status == SVMS_OK) {
        status = svms_witness_log_load(log, witness->folder, err);
    }
    if (status == SVMS_OK) {
        status = svms_witness_evidence_load(log, witness->folder, err);
    }
    if (status != SVMS_OK) {
        svms_witness_log_free(&log, witness->ctx);
        return status;
    }
    log->next = witness->logs;
    witness->logs = log;
    witness->count++;
    return SVMS_OK;
}

static svms_status add_log(svms_witness *witness, const svms_note_key *key, svms_error *err)
{
    for (const svms_witness_log *log = witness->logs; log; log = log->next) {
        if (strcmp(log->first.name, key->name) == 0) {
            bool is_same = memcmp(log->first.key, key->key, sizeof key->key) == 0;
            return is_same ? SVMS_OK
                           : svms_fail(err, SVMS_E_STATE,
                                       "the witness knows \"%s\" by another first key", key->name);
        }
    }
    return load_log(witness, key, err);
}

svms_status svms_witness_add_log(svms_witness *witness, const char *log_key, svms_error *err)
{
    svms_note_key key;
    if (!witness || !log_key) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = parse_log_key(&key, witness->ctx, log_key, err);
    if (status == SVMS_OK) {
        svms_platform_lock(&witness->latch);
        status = add_log(witness, &key, err);
        svms_platform_unlock(&witness->latch);
    }
    return status;
}
