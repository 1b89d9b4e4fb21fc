/* SPDX-License-Identifier: Apache-2.0 */
#include "access_block.h"

#include <string.h>

#include "failure.h"
#include "stanza.h"
#include "wrap.h"

#define SLOT_FIXED_SIZE 40u
/* Officer length, HMAC, SHA-256. */
#define SLOT_CLOSING_SIZE (4u + 2u * SVMS_DIGEST_SIZE)

uint32_t svms_slot_size_for(const svms_recipients *recipients)
{
    size_t stanzas = recipients->key_count + recipients->kek_count + (recipients->password != NULL);
    size_t size = SLOT_FIXED_SIZE + SLOT_CLOSING_SIZE;
    if (stanzas > SVMS_MAX_STANZAS) {
        return 0;
    }
    if (recipients->password != NULL) {
        size += SVMS_STANZA_HEADER_SIZE + svms_stanza_body_size(SVMS_STANZA_PASSWORD);
    }
    size += recipients->kek_count *
            (SVMS_STANZA_HEADER_SIZE + SVMS_KEY_ID_SIZE + SVMS_KEK_WRAPPED_SIZE);
    for (size_t i = 0; i < recipients->key_count; i++) {
        size += svms_stanza_size_for(recipients->keys[i]);
    }
    return (uint32_t)((size + 511u) / 512u * 512u);
}

svms_status svms_access_put_stanzas(svms_builder *out, const svms_header *header,
                                    const svms_recipients *recipients,
                                    const uint8_t content_key[SVMS_CONTENT_KEY_SIZE],
                                    svms_error *err)
{
    if (recipients->password != NULL) {
        svms_status status = svms_stanza_put_password(out, header, recipients, content_key, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < recipients->key_count; i++) {
        svms_status status =
            svms_stanza_put_key(out, header, recipients->keys[i], content_key, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < recipients->kek_count; i++) {
        svms_status status = svms_stanza_put_kek(out, recipients->keks[i], content_key, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    return svms_builder_check(out, "the access block", err);
}

static svms_status slot_mac(svms_ctx *ctx, const svms_header *header, const uint8_t *content_key,
                            const uint8_t *covered, size_t size, uint8_t out[SVMS_DIGEST_SIZE],
                            svms_error *err)
{
    uint8_t p[SVMS_DIGEST_SIZE];
    uint8_t key[SVMS_DIGEST_SIZE];
    svms_status status = svms_segment_root(ctx, content_key, header->hash, p, err);
    if (status == SVMS_OK) {
        status = svms_access_key(ctx, p, key, err);
    }
    if (status == SVMS_OK) {
        status = svms_hmac_sha256(ctx, key, sizeof(key), covered, size, out, err);
    }
    svms_wipe(p, sizeof(p));
    svms_wipe(key, sizeof(key));
    return status;
}

svms_status svms_access_put_slot(svms_builder *out, const svms_header *header,
                                 const svms_slot *slot,
                                 const uint8_t content_key[SVMS_CONTENT_KEY_SIZE], svms_error *err)
{
    uint8_t digest[SVMS_DIGEST_SIZE];
    size_t start = out->size;
    svms_put_bytes(out, "SVMA", 4);
    svms_put_u8(out, 1);
    svms_put_zeros(out, 3);
    svms_put_bytes(out, header->container_id, 16);
    svms_put_u64(out, slot->revision);
    svms_put_u32(out, slot->stanza_count);
    svms_put_u32(out, (uint32_t)slot->stanzas_size);
    svms_put_bytes(out, slot->stanzas, slot->stanzas_size);
    svms_status status = svms_officer_part_put(out, header, slot, err);
    if (status == SVMS_OK) {
        status = svms_builder_check(out, "the access block", err);
    }
    if (status == SVMS_OK) {
        status = slot_mac(out->ctx, header, content_key, out->data + start, out->size - start,
                          digest, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_put_bytes(out, digest, sizeof(digest));
    status = svms_builder_check(out, "the access block", err);
    if (status == SVMS_OK) {
        svms_iovec run = { out->data + start, out->size - start };
        status = svms_sha256(out->ctx, &run, 1, digest, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_put_bytes(out, digest, sizeof(digest));
    size_t used = out->size - start;
    if (used > header->slot_size) {
        return svms_fail(err, SVMS_E_LIMIT,
                         "the recipients need %zu bytes, and the slot has %u (C-LIM-1)", used,
                         header->slot_size);
    }
    svms_put_zeros(out, header->slot_size - used);
    return svms_builder_check(out, "the access block", err);
}

svms_status svms_access_encode(svms_builder *out, const svms_header *header,
                               const svms_recipients *recipients,
                               const uint8_t content_key[SVMS_CONTENT_KEY_SIZE], svms_error *err)
{
    svms_builder stanzas = svms_builder_new(out->ctx, SVMS_MAX_SLOT_SIZE);
    svms_slot slot = { 1, 0, NULL, 0, NULL };
    svms_status status = svms_access_put_stanzas(&stanzas, header, recipients, content_key, err);
    slot.stanza_count =
        (uint32_t)(recipients->key_count + recipients->kek_count + (recipients->password != NULL));
    slot.stanzas = stanzas.data;
    slot.stanzas_size = stanzas.size;
    if (status == SVMS_OK) {
        status = svms_access_put_slot(out, header, &slot, content_key, err);
    }
    if (status == SVMS_OK) {
        svms_put_zeros(out, header->slot_size);
        status = svms_builder_check(out, "the access block", err);
    }
    svms_builder_clear(&stanzas);
    return status;
}

static const char *parse_stanzas(svms_access_view *view)
{
    svms_cursor cursor = svms_cursor_over(view->stanzas, view->stanzas_size, 0);
    for (uint32_t i = 0; i < view->stanza_count; i++) {
        uint16_t type = svms_read_u16(&cursor);
        uint16_t zero = svms_read_u16(&cursor);
        uint32_t size = svms_read_u32(&cursor);
        const uint8_t *body = svms_read_bytes(&cursor, size);
        if (body == NULL || zero != 0) {
            return "a stanza is malformed";
        }
        if (!svms_stanza_length_fits(type, size)) {
            return "a stanza has a wrong length (C-ACC-5)";
        }
        if (type != SVMS_STANZA_PASSWORD) {
            view->key_stanzas++;
            continue;
        }
        view->password_stanzas++;
        if (body[16] < 10 || body[16] > 18 || (body[17] | body[18] | body[19]) != 0) {
            return "the cost of the password stanza is out of bounds (C-ACC-5)";
        }
    }
    if (!svms_cursor_at_end(&cursor)) {
        return "bytes after the last stanza";
    }
    return view->password_stanzas > 1 ? "more than one password stanza (C-ACC-5)" : NULL;
}

/* Fills view from one slot; a static text says what is wrong with it. */
static const char *parse_slot(svms_access_view *view, const svms_header *header,
                              const uint8_t *slot, const uint8_t **digest)
{
    svms_cursor cursor = svms_cursor_over(slot, header->slot_size, 0);
    const uint8_t *magic = svms_read_bytes(&cursor, 4);
    uint8_t version = svms_read_u8(&cursor);
    bool zeros = svms_read_zeros(&cursor, 3);
    const uint8_t *id = svms_read_bytes(&cursor, 16);
    view->revision = svms_read_u64(&cursor);
    view->stanza_count = svms_read_u32(&cursor);
    view->stanzas_size = svms_read_u32(&cursor);
    view->stanzas = svms_read_bytes(&cursor, view->stanzas_size);
    uint32_t officer = svms_read_u32(&cursor);
    view->officer = officer == 0 ? NULL : svms_read_bytes(&cursor, officer);
    view->officer_size = officer;
    view->covered = slot;
    view->covered_size = cursor.position;
    view->mac = svms_read_bytes(&cursor, SVMS_DIGEST_SIZE);
    *digest = svms_read_bytes(&cursor, SVMS_DIGEST_SIZE);
    if (cursor.failed || memcmp(magic, "SVMA", 4) != 0 || version != 1 || !zeros) {
        return "an access slot is malformed (C-ACC-1)";
    }
    if (memcmp(id, header->container_id, 16) != 0) {
        return "an access slot belongs to another container";
    }
    if (view->revision == 0 || view->stanza_count > SVMS_MAX_STANZAS) {
        return "an access slot has a wrong revision or number of stanzas";
    }
    view->used = cursor.position;
    if (!svms_read_zeros(&cursor, svms_cursor_left(&cursor))) {
        return "bytes behind the content of an access slot (C-ACC-1)";
    }
    return parse_stanzas(view);
}

svms_status svms_access_parse_slot(svms_access_view *out, svms_ctx *ctx, const svms_header *header,
                                   const uint8_t *slots, uint32_t number, const char **damage,
                                   svms_error *err)
{
    const uint8_t *slot = slots + (size_t)number * header->slot_size;
    svms_cursor whole = svms_cursor_over(slot, header->slot_size, 0);
    svms_access_view view = { 0 };
    const uint8_t *digest = NULL;
    uint8_t computed[SVMS_DIGEST_SIZE];
    svms_status status = SVMS_OK;
    *damage = NULL;
    *out = view;
    if (svms_read_zeros(&whole, header->slot_size)) {
        return SVMS_OK;
    }
    *damage = parse_slot(&view, header, slot, &digest);
    if (digest != NULL) {
        svms_iovec run = { slot, view.covered_size + SVMS_DIGEST_SIZE };
        status = svms_sha256(ctx, &run, 1, computed, err);
        if (status == SVMS_OK && memcmp(computed, digest, sizeof(computed)) != 0) {
            *damage = "an access slot is damaged (C-ACC-1)";
        }
    }
    if (status == SVMS_OK && *damage == NULL && view.officer != NULL) {
        status = svms_officer_part_check(ctx, header, &view, damage, err);
    }
    view.slot = number;
    view.present = *damage == NULL;
    if (status == SVMS_OK && view.present) {
        *out = view;
    }
    return status;
}

svms_status svms_access_parse(svms_access_view *out, svms_ctx *ctx, const svms_header *header,
                              const uint8_t *slots, uint64_t offset, svms_error *err)
{
    svms_access_view best = { 0 };
    for (uint32_t i = 0; i < 2; i++) {
        svms_access_view view;
        const char *damage = NULL;
        svms_status status = svms_access_parse_slot(&view, ctx, header, slots, i, &damage, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (damage != NULL) {
            if (best.damaged++ == 0) {
                best.damage_offset = offset + (uint64_t)i * header->slot_size;
                best.damage = damage;
            }
            continue;
        }
        if (view.present && (!best.present || view.revision > best.revision)) {
            view.damaged = best.damaged;
            view.damage = best.damage;
            view.damage_offset = best.damage_offset;
            best = view;
        }
    }
    *out = best;
    return SVMS_OK;
}

bool svms_access_next_stanza(const svms_access_view *view, svms_cursor *cursor,
                             svms_stanza_view *out)
{
    if (svms_cursor_left(cursor) == 0) {
        return false;
    }
    out->whole = view->stanzas + cursor->position;
    out->type = svms_read_u16(cursor);
    (void)svms_read_u16(cursor);
    out->size = svms_read_u32(cursor);
    out->body = svms_read_bytes(cursor, out->size);
    return out->body != NULL;
}

/* Tries one stanza with everything in the ring; SVMS_E_WRONG_KEY when nothing opens it. */
static svms_status try_stanza(svms_ctx *ctx, const svms_header *header, const svms_keyring *ring,
                              uint16_t type, const uint8_t *body, size_t size, uint8_t *content_key,
                              svms_error *err)
{
    svms_status status = SVMS_E_WRONG_KEY;
    if (type == SVMS_STANZA_PASSWORD) {
        for (size_t i = 0; i < ring->password_count && status == SVMS_E_WRONG_KEY; i++) {
            status =
                svms_stanza_open_password(ctx, header, &ring->passwords[i], body, content_key, err);
        }
        return status;
    }
    if (type == SVMS_STANZA_KEK) {
        for (size_t i = 0; i < ring->kek_count && status == SVMS_E_WRONG_KEY; i++) {
            status = svms_stanza_open_kek(ctx, header, ring->keks[i], body, size, content_key, err);
        }
        return status;
    }
    for (size_t i = 0; i < ring->key_count && status == SVMS_E_WRONG_KEY; i++) {
        if (svms_stanza_may_be_for(ring->keys[i], ring->key_ids[i], type, body, size)) {
            status = svms_stanza_open_key(ctx, header, ring->keys[i], type, body, size, content_key,
                                          err);
        }
    }
    return status;
}

/* Whether a stanza was made for a key of the ring, as far as its key id says. A password has none,
 * and what is said of it must not depend on how far it got: that would be an oracle. */
static bool names_key(const svms_access_view *view, const svms_keyring *ring)
{
    svms_cursor cursor = svms_cursor_over(view->stanzas, view->stanzas_size, 0);
    svms_stanza_view stanza;
    while (svms_access_next_stanza(view, &cursor, &stanza)) {
        for (size_t i = 0; i < ring->key_count; i++) {
            if (svms_stanza_is_for(ring->keys[i], ring->key_ids[i], stanza.type, stanza.body,
                                   stanza.size)) {
                return true;
            }
        }
        for (size_t i = 0; i < ring->kek_count && stanza.type == SVMS_STANZA_KEK; i++) {
            uint8_t id[SVMS_KEK_ID_SIZE];
            svms_kek_id(ring->keks[i], id);
            if (memcmp(id, stanza.body, sizeof(id)) == 0) {
                return true;
            }
        }
    }
    return false;
}

static svms_status fail_wrong_key(const svms_access_view *view, const svms_keyring *ring,
                                  svms_error *err)
{
    bool has_keys = ring->key_count + ring->kek_count != 0;
    if (view->damaged != 0 && !view->present) {
        return svms_fail_at(err, SVMS_E_WRONG_KEY, view->damage_offset,
                            "the access block is damaged, so nothing can open the container");
    }
    if (names_key(view, ring)) {
        return svms_fail(err, SVMS_E_WRONG_KEY,
                         "the container names the key that was given, but what is stored for it "
                         "was altered or made for another container (C-ACC-6)");
    }
    if (!has_keys && ring->password_count == 0) {
        return svms_fail(err, SVMS_E_WRONG_KEY, "no password and no key was given");
    }
    if (!has_keys) {
        return svms_fail(err, SVMS_E_WRONG_KEY,
                         view->password_stanzas == 0
                             ? "the container has no password; it was recorded for keys only"
                             : "the password is wrong");
    }
    return svms_fail(err, SVMS_E_WRONG_KEY,
                     ring->password_count == 0 ? "the key is not one of the container's recipients"
                                               : "neither password nor key opens the container");
}

svms_status svms_access_unlock(svms_ctx *ctx, const svms_header *header,
                               const svms_access_view *view, const svms_keyring *ring,
                               uint8_t content_key[SVMS_CONTENT_KEY_SIZE], svms_error *err)
{
    svms_status status = SVMS_E_WRONG_KEY;
    svms_cursor cursor = svms_cursor_over(view->stanzas, view->stanzas_size, 0);
    uint8_t mac[SVMS_DIGEST_SIZE];
    svms_stanza_view stanza;
    while (status == SVMS_E_WRONG_KEY && svms_access_next_stanza(view, &cursor, &stanza)) {
        status =
            try_stanza(ctx, header, ring, stanza.type, stanza.body, stanza.size, content_key, err);
    }
    if (status == SVMS_E_WRONG_KEY) {
        return fail_wrong_key(view, ring, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    status = slot_mac(ctx, header, content_key, view->covered, view->covered_size, mac, err);
    if (status == SVMS_OK && !svms_equal_secret(mac, view->mac, sizeof(mac))) {
        status = svms_fail(err, SVMS_E_UNDECRYPTABLE,
                           "the access block was altered by somebody without the key (C-ACC-3)");
    }
    if (status != SVMS_OK) {
        svms_wipe(content_key, SVMS_CONTENT_KEY_SIZE);
    }
    return status;
}
