/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/recipients.h>

#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "front.h"
#include "options.h"
#include "stanza.h"
#include "stream.h"

static void add(svms_recipient_list *list, const svms_stanza_view *stanza)
{
    svms_recipient *recipient = &list->recipients[list->count++];
    recipient->kind = stanza->type;
    recipient->size = stanza->size;
    if (stanza->type != SVMS_STANZA_PASSWORD && stanza->size >= SVMS_KEY_ID_SIZE) {
        memcpy(recipient->key_id, stanza->body, SVMS_KEY_ID_SIZE);
    }
}

/* Whether a slot holds a stanza that the other does not. */
static bool holds_more(const svms_access_view *slot, const svms_access_view *than)
{
    svms_cursor cursor = svms_cursor_over(slot->stanzas, slot->stanzas_size, 0);
    svms_stanza_view stanza;
    while (svms_access_next_stanza(slot, &cursor, &stanza)) {
        svms_cursor inner = svms_cursor_over(than->stanzas, than->stanzas_size, 0);
        svms_stanza_view other;
        bool found = false;
        while (!found && svms_access_next_stanza(than, &inner, &other)) {
            found = other.type == stanza.type && other.size == stanza.size &&
                    memcmp(other.body, stanza.body, stanza.size) == 0;
        }
        if (!found) {
            return true;
        }
    }
    return false;
}

static svms_status look_at_other(svms_front *front, svms_recipient_list *list, svms_error *err)
{
    svms_access_view other;
    const char *damage = NULL;
    svms_status status = svms_access_parse_slot(&other, front->ctx, &front->header, front->slots,
                                                1 - front->access.slot, &damage, err);
    if (status == SVMS_OK && other.present) {
        list->other_revision = other.revision;
        list->other_differs = holds_more(&other, &front->access);
        list->officer_lost = other.officer != NULL && front->access.officer == NULL;
    }
    return status;
}

static svms_status name_officer(svms_front *front, svms_recipient_list *list, svms_error *err)
{
    svms_chain *chain = NULL;
    if (front->access.officer == NULL) {
        return SVMS_OK;
    }
    svms_status status = svms_access_officer(&chain, front->ctx, &front->access, err);
    if (status == SVMS_OK) {
        (void)snprintf(list->officer, sizeof(list->officer), "%s", svms_chain_subject(chain));
        list->officer_identity = SVMS_IDENTITY_NO_ANCHOR;
    }
    svms_chain_free(&chain);
    return status;
}

static svms_status fill(svms_front *front, const svms_keyring *keys, svms_recipient_list *list,
                        svms_error *err)
{
    const svms_access_view *view = &front->access;
    if (!front->header.has_keys) {
        return svms_fail(err, SVMS_E_USAGE, "the container is not encrypted: it has no recipients");
    }
    svms_status status = keys == NULL ? SVMS_OK : svms_front_unlock(front, keys, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(view->stanzas, view->stanzas_size, 0);
    svms_stanza_view stanza;
    while (list->count < SVMS_MAX_RECIPIENTS && svms_access_next_stanza(view, &cursor, &stanza)) {
        add(list, &stanza);
    }
    list->revision = view->revision;
    list->damaged = view->damaged;
    list->authenticated = front->unlocked;
    list->slot_size = front->header.slot_size;
    list->slot_used = (uint32_t)view->used;
    status = view->present ? look_at_other(front, list, err) : SVMS_OK;
    return status == SVMS_OK ? name_officer(front, list, err) : status;
}

svms_status svms_recipients_list(svms_ctx *ctx, const svms_source *source, const svms_keyring *keys,
                                 svms_recipient_list *list, svms_error *err)
{
    svms_recipient_list found = SVMS_RECIPIENT_LIST_INIT;
    svms_source given = SVMS_SOURCE_INIT;
    svms_front front;
    if (ctx == NULL || source == NULL || list == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "ctx, source and list must not be NULL");
    }
    svms_status status = svms_options_read(&given, sizeof(given), source, "svms_source", err);
    if (status == SVMS_OK && !svms_source_usable(&given)) {
        status = svms_fail(err, SVMS_E_USAGE, "the source lacks a callback");
    }
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_front_open(&front, ctx, &given, err);
    if (status == SVMS_OK) {
        status = fill(&front, keys, &found, err);
    }
    svms_front_clear(&front);
    return status == SVMS_OK
               ? svms_result_write(list, &found, sizeof(found), "svms_recipient_list", err)
               : status;
}

svms_status svms_recipient_id(const svms_public_key *key, uint8_t out[16], svms_error *err)
{
    uint8_t digest[SVMS_DIGEST_SIZE];
    if (key == NULL || out == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "key and out must not be NULL");
    }
    svms_status status = svms_public_key_id(key, digest, err);
    if (status == SVMS_OK) {
        memcpy(out, digest, SVMS_KEY_ID_SIZE);
    }
    return status;
}
