/* SPDX-License-Identifier: Apache-2.0 */
/* Changing who can decrypt (C-ACC-2). */
#include <string.h>

#include <svms/recipients.h>

#include "failure.h"
#include "front.h"
#include "options.h"
#include "signer_check.h"
#include "stanza.h"
#include "stream.h"

/* State of one change. */
typedef struct list_change {
    svms_ctx *ctx;
    svms_store store;
    svms_recipients_change given;
    svms_front front;
    svms_builder stanzas;
    uint32_t count;
    bool removed;
    svms_sign_engine *officer;
} list_change;

static bool is_removed(const list_change *change, const svms_stanza_view *stanza)
{
    const svms_recipients_change *given = &change->given;
    if (given->replace == 1) {
        return true;
    }
    if (stanza->type == SVMS_STANZA_PASSWORD) {
        return given->remove_password == 1 || given->password != NULL;
    }
    for (size_t i = 0; i < given->remove_count; i++) {
        if (stanza->size >= SVMS_KEY_ID_SIZE &&
            memcmp(stanza->body, given->remove[i], SVMS_KEY_ID_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether one of the stanzas names the key. */
static bool holds(const uint8_t *stanzas, size_t size, const uint8_t *key_id)
{
    svms_access_view view = { 0 };
    view.stanzas = stanzas;
    view.stanzas_size = size;
    svms_cursor cursor = svms_cursor_over(stanzas, size, 0);
    svms_stanza_view stanza;
    while (svms_access_next_stanza(&view, &cursor, &stanza)) {
        if (stanza.type != SVMS_STANZA_PASSWORD && stanza.size >= SVMS_KEY_ID_SIZE &&
            memcmp(stanza.body, key_id, SVMS_KEY_ID_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

/* What shall go must be there, or still stand in the other slot, which an interrupted change left.
 * A damaged slot may hold anybody's stanza. */
static svms_status check_removals(list_change *change, svms_error *err)
{
    const svms_access_view *view = &change->front.access;
    const svms_recipients_change *given = &change->given;
    svms_access_view other;
    const char *damage = NULL;
    svms_status status = svms_access_parse_slot(&other, change->ctx, &change->front.header,
                                                change->front.slots, 1 - view->slot, &damage, err);
    change->removed = given->remove_count != 0 || given->remove_password == 1;
    if (status != SVMS_OK || given->replace == 1 || damage != NULL) {
        return status;
    }
    if (given->remove_password == 1 && view->password_stanzas + other.password_stanzas == 0) {
        return svms_fail(err, SVMS_E_USAGE, "the container has no password that could be removed");
    }
    for (size_t i = 0; i < given->remove_count; i++) {
        const uint8_t *id = given->remove[i];
        if (!holds(view->stanzas, view->stanzas_size, id) &&
            !holds(other.stanzas, other.stanzas_size, id)) {
            return svms_fail(err, SVMS_E_USAGE,
                             "recipient %02x%02x%02x%02x..., which shall be removed, is not there",
                             id[0], id[1], id[2], id[3]);
        }
    }
    return SVMS_OK;
}

/* Copies what stays. */
static svms_status keep(list_change *change, svms_error *err)
{
    const svms_access_view *view = &change->front.access;
    svms_cursor cursor = svms_cursor_over(view->stanzas, view->stanzas_size, 0);
    svms_stanza_view stanza;
    svms_status status = check_removals(change, err);
    while (status == SVMS_OK && svms_access_next_stanza(view, &cursor, &stanza)) {
        if (is_removed(change, &stanza)) {
            change->removed = true;
            continue;
        }
        svms_put_bytes(&change->stanzas, stanza.whole, SVMS_STANZA_HEADER_SIZE + stanza.size);
        change->count++;
    }
    return status == SVMS_OK ? svms_builder_check(&change->stanzas, "the recipients", err) : status;
}

static svms_status refuse_known(const list_change *change, const uint8_t *key_id, svms_error *err)
{
    return holds(change->stanzas.data, change->stanzas.size, key_id)
               ? svms_fail(err, SVMS_E_USAGE, "a recipient is there already")
               : SVMS_OK;
}

static svms_status add_keys(list_change *change, svms_error *err)
{
    const svms_recipients_change *given = &change->given;
    const uint8_t *content_key = change->front.content_key;
    svms_status status = SVMS_OK;
    for (size_t i = 0; i < given->add_count && status == SVMS_OK; i++) {
        uint8_t id[SVMS_DIGEST_SIZE];
        if (given->add[i] == NULL) {
            return svms_fail(err, SVMS_E_USAGE, "a recipient is NULL");
        }
        status = svms_public_key_id(given->add[i], id, err);
        if (status == SVMS_OK) {
            status = refuse_known(change, id, err);
        }
        if (status == SVMS_OK) {
            status = svms_stanza_put_key(&change->stanzas, &change->front.header, given->add[i],
                                         content_key, err);
            change->count++;
        }
    }
    for (size_t i = 0; i < given->add_kek_count && status == SVMS_OK; i++) {
        uint8_t id[SVMS_KEK_ID_SIZE];
        if (given->add_keks[i] == NULL) {
            return svms_fail(err, SVMS_E_USAGE, "a key-encryption key is NULL");
        }
        svms_kek_id(given->add_keks[i], id);
        status = refuse_known(change, id, err);
        if (status == SVMS_OK) {
            status = svms_stanza_put_kek(&change->stanzas, given->add_keks[i], content_key, err);
            change->count++;
        }
    }
    return status;
}

static svms_status add_password(list_change *change, svms_error *err)
{
    svms_recipients recipients = { 0 };
    const svms_recipients_change *given = &change->given;
    if (given->password == NULL) {
        return SVMS_OK;
    }
    recipients.password = given->password;
    recipients.password_size = given->password_size;
    recipients.password_log2_n = given->password_log2_n == 0 ? 17 : given->password_log2_n;
    change->count++;
    return svms_stanza_put_password(&change->stanzas, &change->front.header, &recipients,
                                    change->front.content_key, err);
}

static svms_status make_list(list_change *change, svms_error *err)
{
    svms_status status = keep(change, err);
    if (status == SVMS_OK) {
        status = add_keys(change, err);
    }
    if (status == SVMS_OK) {
        status = add_password(change, err);
    }
    if (status == SVMS_OK) {
        status = svms_builder_check(&change->stanzas, "the recipients", err);
    }
    if (status == SVMS_OK && change->count == 0) {
        status = svms_fail(err, SVMS_E_USAGE, "nobody could open the container any more");
    }
    if (status == SVMS_OK && change->count > SVMS_MAX_STANZAS) {
        status = svms_fail(err, SVMS_E_LIMIT, "a container has at most %u recipients (C-ACC-5)",
                           SVMS_MAX_STANZAS);
    }
    return status;
}

/* Writes bytes, makes them durable, and reads them back. */
static svms_status write_durably(const list_change *change, uint64_t offset, const uint8_t *bytes,
                                 size_t size, svms_error *err)
{
    svms_source source = svms_store_source(&change->store);
    uint8_t *back = svms_alloc(change->ctx, size);
    if (back == NULL) {
        return svms_fail_memory(err);
    }
    svms_status status = svms_store_write(&change->store, offset, bytes, size, err);
    if (status == SVMS_OK) {
        status = svms_store_sync(&change->store, err);
    }
    if (status == SVMS_OK) {
        status = svms_source_read(&source, offset, back, size, err);
    }
    if (status == SVMS_OK && memcmp(back, bytes, size) != 0) {
        status = svms_fail_at(err, SVMS_E_IO, offset, "the store does not hold what was written");
    }
    svms_release(change->ctx, back);
    return status;
}

static svms_status write_slot(const list_change *change, uint32_t number, uint64_t revision,
                              svms_error *err)
{
    const svms_header *header = &change->front.header;
    svms_officer officer = { change->officer, change->given.officer_chain };
    svms_slot slot = { revision, change->count, change->stanzas.data, change->stanzas.size,
                       change->officer != NULL ? &officer : NULL };
    svms_builder out = svms_builder_new(change->ctx, SVMS_MAX_SLOT_SIZE + SVMS_MAX_HEADER_SIZE);
    uint64_t offset = change->front.first_record - change->front.slots_size +
                      (uint64_t)number * header->slot_size;
    svms_status status = svms_access_put_slot(&out, header, &slot, change->front.content_key, err);
    if (status == SVMS_OK) {
        status = write_durably(change, offset, out.data, out.size, err);
    }
    svms_builder_clear(&out);
    return status;
}

static svms_status check_officer(list_change *change, svms_error *err)
{
    const svms_recipients_change *given = &change->given;
    if (given->officer_key == NULL && given->officer_chain == NULL) {
        return SVMS_OK;
    }
    if (given->officer_key == NULL || given->officer_chain == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "an officer is a key and its certificate");
    }
    svms_status status = svms_signer_check(given->officer_key, given->officer_chain,
                                           SVMS_ROLE_KEY_OFFICER, svms_utc_now(change->ctx), err);
    return status == SVMS_OK
               ? svms_sign_engine_new(&change->officer, change->ctx, given->officer_key, err)
               : status;
}

static svms_status run(list_change *change, svms_error *err)
{
    const svms_access_view *view = &change->front.access;
    svms_source source = svms_store_source(&change->store);
    svms_status status = svms_front_open(&change->front, change->ctx, &source, err);
    if (status == SVMS_OK && !change->front.header.has_keys) {
        status =
            svms_fail(err, SVMS_E_USAGE, "the container is not encrypted: it has no recipients");
    }
    if (status == SVMS_OK) {
        status = svms_front_unlock(&change->front, change->given.keys, err);
    }
    if (status == SVMS_OK) {
        status = check_officer(change, err);
    }
    if (status == SVMS_OK) {
        status = make_list(change, err);
    }
    if (status == SVMS_OK && view->revision > UINT64_MAX - 2) {
        status = svms_fail(err, SVMS_E_LIMIT, "the access block cannot be changed any more");
    }
    if (status == SVMS_OK) {
        status = write_slot(change, 1 - view->slot, view->revision + 1, err);
    }
    if (status == SVMS_OK && change->removed) {
        status = write_slot(change, view->slot, view->revision + 2, err);
    }
    return status;
}

static svms_status accept(list_change *change, const svms_store *store,
                          const svms_recipients_change *given, svms_error *err)
{
    change->store = (svms_store)SVMS_STORE_INIT;
    change->given = (svms_recipients_change)SVMS_RECIPIENTS_CHANGE_INIT;
    svms_status status =
        svms_options_read(&change->store, sizeof(change->store), store, "svms_store", err);
    if (status == SVMS_OK) {
        status = svms_options_read(&change->given, sizeof(change->given), given,
                                   "svms_recipients_change", err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    const svms_recipients_change *found = &change->given;
    if (!svms_store_usable(&change->store) || found->keys == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "the store lacks a callback, or no keys were given");
    }
    if (found->replace > 1 || found->remove_password > 1) {
        return svms_fail(err, SVMS_E_USAGE, "replace and remove_password are 0 or 1");
    }
    bool adds = found->add_count != 0 || found->add_kek_count != 0 || found->password != NULL;
    bool removes = found->remove_count != 0 || found->remove_password == 1;
    bool signs = found->officer_key != NULL && found->replace == 0;
    if (!adds && !removes && !signs) {
        return svms_fail(err, SVMS_E_USAGE, "there is nothing to change");
    }
    if ((found->add_count != 0 && found->add == NULL) ||
        (found->add_kek_count != 0 && found->add_keks == NULL) ||
        (found->remove_count != 0 && found->remove == NULL)) {
        return svms_fail(err, SVMS_E_USAGE, "a list of recipients is NULL");
    }
    bool cost = found->password_log2_n == 0 ||
                (found->password_log2_n >= 10 && found->password_log2_n <= 18);
    if (found->password != NULL &&
        (found->password_size == 0 || found->password_size > 1024 || !cost)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a password has 1 to 1024 bytes, its cost is 10 to 18 (C-ACC-6)");
    }
    return SVMS_OK;
}

svms_status svms_recipients_change_list(svms_ctx *ctx, const svms_store *store,
                                        const svms_recipients_change *change, svms_error *err)
{
    if (ctx == NULL || store == NULL || change == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "ctx, store and change must not be NULL");
    }
    list_change *state = svms_alloc(ctx, sizeof(*state));
    if (state == NULL) {
        return svms_fail_memory(err);
    }
    state->ctx = ctx;
    state->stanzas = svms_builder_new(ctx, 2 * (size_t)SVMS_MAX_SLOT_SIZE);
    svms_status status = accept(state, store, change, err);
    if (status == SVMS_OK) {
        status = run(state, err);
        svms_front_clear(&state->front);
    }
    svms_sign_engine_free(&state->officer);
    svms_builder_clear(&state->stanzas);
    svms_release_secret(ctx, state, sizeof(*state));
    return status;
}
