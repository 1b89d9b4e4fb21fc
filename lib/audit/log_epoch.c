/* SPDX-License-Identifier: Apache-2.0 */
/* The log's own keys (A-EPO-2). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "failure.h"
#include "key_internal.h"
#include "log_internal.h"

#define KEY_NAME_SIZE 48u
#define PEM_MAX 1024u

static void key_name(size_t epoch, char out[KEY_NAME_SIZE])
{
    snprintf(out, KEY_NAME_SIZE, "keys/epoch-%zu.pem", epoch);
}

static svms_status put_key(const svms_folder *folder, size_t epoch, const svms_private_key *key,
                           svms_error *err)
{
    char pem[PEM_MAX];
    char name[KEY_NAME_SIZE];
    size_t size = sizeof pem;
    key_name(epoch, name);
    svms_status status = svms_private_key_to_pem(key, pem, &size, err);
    if (status == SVMS_OK) {
        status = svms_log_put_file(folder, name, pem, size, true, err);
    }
    svms_wipe(pem, sizeof pem);
    return status;
}

svms_status svms_log_make_key(svms_ctx *ctx, const svms_folder *folder, const char *origin,
                              size_t epoch, svms_private_key **key, svms_note_key *out,
                              svms_error *err)
{
    svms_status status = svms_note_key_generate(key, ctx, err);
    if (status == SVMS_OK) {
        status = svms_note_key_of(out, ctx, origin, SVMS_NOTE_LOG, *key, err);
    }
    if (status == SVMS_OK) {
        status = put_key(folder, epoch, *key, err);
    }
    if (status != SVMS_OK) {
        svms_private_key_free(key);
    }
    return status;
}

/* Overwritten in place first: on a disk that does so, nothing of the key stays. */
static svms_status destroy_key(const svms_folder *folder, size_t epoch, svms_error *err)
{
    static const uint8_t zeros[PEM_MAX];
    svms_store store = SVMS_STORE_INIT;
    char name[KEY_NAME_SIZE];
    uint64_t size = 0;
    int os_error = 0;
    key_name(epoch, name);
    svms_status status = folder->open(folder->user, name, &store, &os_error);
    if (status == SVMS_OK) {
        status = store.get_size(store.user, &size, &os_error);
    }
    if (status == SVMS_OK && size <= sizeof zeros) {
        status = store.write_at(store.user, 0, zeros, (size_t)size, &os_error);
    }
    if (status == SVMS_OK) {
        status = store.sync(store.user, &os_error);
    }
    svms_store_close(&store);
    if (status == SVMS_OK) {
        status = folder->remove(folder->user, name, &os_error);
    }
    return svms_log_io(status, os_error, "destroy", name, err);
}

svms_status svms_log_destroy_old_key(svms_audit_log *log, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    if (log->epochs.count < 2) {
        return SVMS_OK;
    }
    svms_status status = destroy_key(log->folder, log->epochs.count - 2, &why);
    return status == SVMS_OK || svms_log_is_missing(status, &why) ? SVMS_OK
                                                                  : svms_fail_as(err, status, &why);
}

svms_status svms_log_load_key(svms_audit_log *log, svms_error *err)
{
    char name[KEY_NAME_SIZE];
    svms_note_key found;
    size_t epoch = log->epochs.count - 1;
    svms_builder pem = svms_builder_new(log->ctx, PEM_MAX);
    key_name(epoch, name);
    svms_status status = svms_log_read_file(log->folder, name, &pem, err);
    if (status == SVMS_OK) {
        status =
            svms_private_key_from_pem(&log->key, log->ctx, (const char *)pem.data, pem.size, err);
    }
    svms_builder_clear(&pem);
    if (status == SVMS_OK) {
        status =
            svms_note_key_of(&found, log->ctx, log->epochs.origin, SVMS_NOTE_LOG, log->key, err);
    }
    if (status == SVMS_OK &&
        memcmp(found.key, log->epochs.epoch[epoch].key.key, sizeof found.key) != 0) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "\"%s\" is not the key of epoch %zu", name,
                         epoch);
    }
    /* One that a crash left behind the handover. */
    if (status == SVMS_OK) {
        status = svms_log_destroy_old_key(log, err);
    }
    return status == SVMS_OK ? svms_sign_engine_new(&log->engine, log->ctx, log->key, err) : status;
}

/* Makes the handover durable; nothing has changed where it fails. */
static svms_status announce(svms_audit_log *log, const svms_note_key *next,
                            svms_sign_engine *engine, svms_error *err)
{
    size_t text_size = log->epochs_text.size;
    size_t count = log->epochs.count;
    svms_tree_head head = { log->tree.size, { 0 } };
    svms_status status = svms_tree_root(&log->tree, log->hasher, head.root, err);
    if (status == SVMS_OK) {
        status = svms_epochs_hand_over(&log->epochs, &log->epochs_text, &head, next, log->engine,
                                       engine, err);
    }
    if (status == SVMS_OK) {
        status = svms_log_put_file(log->folder, "epochs", log->epochs_text.data,
                                   log->epochs_text.size, true, err);
    }
    if (status != SVMS_OK) {
        log->epochs.count = count;
        log->epochs_text.size = text_size;
    }
    return status;
}

svms_status svms_log_hand_over(svms_audit_log *log, svms_error *err)
{
    svms_private_key *key = NULL;
    svms_sign_engine *engine = NULL;
    svms_note_key next;
    size_t old = log->epochs.count - 1;
    svms_status status =
        svms_log_make_key(log->ctx, log->folder, log->epochs.origin, old + 1, &key, &next, err);
    if (status == SVMS_OK) {
        status = svms_sign_engine_new(&engine, log->ctx, key, err);
    }
    if (status == SVMS_OK) {
        status = announce(log, &next, engine, err);
    }
    if (status != SVMS_OK) {
        svms_sign_engine_free(&engine);
        svms_private_key_free(&key);
        return status;
    }
    svms_sign_engine_free(&log->engine);
    svms_private_key_free(&log->key);
    log->engine = engine;
    log->key = key;
    log->epoch_begun_ns = svms_monotonic_now(log->ctx);
    log->owes_epoch = true;
    return SVMS_OK;
}
