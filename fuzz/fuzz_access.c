/* SPDX-License-Identifier: Apache-2.0 */
/* The access block and its stanzas. Digests are repaired first, so that mutated stanzas are looked
 * into. */
#include <stdlib.h>
#include <string.h>

#include "access_block.h"
#include "key_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct harness {
    svms_ctx *ctx;
    svms_private_key *key;
    svms_keyring *ring;
} harness;

static void set_up(harness *made)
{
    if (svms_ctx_new(&made->ctx, NULL, NULL) != SVMS_OK ||
        svms_private_key_generate(&made->key, made->ctx, NULL) != SVMS_OK ||
        svms_keyring_new(&made->ring, made->ctx, NULL) != SVMS_OK ||
        svms_keyring_add_key(made->ring, made->key, NULL) != SVMS_OK) {
        abort();
    }
}

/* Puts the right digest where the slot says its content ends, and the key's id into stanzas that
 * want one. */
static void repair(harness *made, uint8_t *slot, size_t size)
{
    svms_cursor cursor = svms_cursor_over(slot, size, 0);
    (void)svms_skip(&cursor, 36);
    uint32_t stanzas = svms_read_u32(&cursor);
    if (stanzas >= 24 && size > 40 + 24 && slot[41] == SVMS_STANZA_P256) {
        memcpy(slot + 48, made->ring->key_ids[0], 16);
    }
    (void)svms_skip(&cursor, stanzas);
    uint32_t officer = svms_read_u32(&cursor);
    (void)svms_skip(&cursor, officer);
    (void)svms_skip(&cursor, SVMS_DIGEST_SIZE);
    size_t at = cursor.position;
    if (!cursor.failed && size - at >= SVMS_DIGEST_SIZE) {
        svms_iovec run = { slot, at };
        if (svms_sha256(made->ctx, &run, 1, slot + at, NULL) != SVMS_OK) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static harness made;
    uint8_t slots[2048] = { 0 };
    uint8_t content_key[SVMS_CONTENT_KEY_SIZE];
    svms_access_view view;
    svms_header header = { 0 };
    if (made.ctx == NULL) {
        set_up(&made);
    }
    memcpy(slots, data, size < sizeof(slots) ? size : sizeof(slots));
    header.has_keys = true;
    header.slot_size = sizeof(slots) / 2;
    memcpy(header.container_id, slots + 8, 16);
    repair(&made, slots, sizeof(slots) / 2);
    repair(&made, slots + sizeof(slots) / 2, sizeof(slots) / 2);
    if (svms_access_parse(&view, made.ctx, &header, slots, 0, NULL) != SVMS_OK ||
        view.damaged > 2) {
        abort();
    }
    if (view.present && (view.password_stanzas > 1 || view.stanza_count > SVMS_MAX_STANZAS)) {
        abort();
    }
    /* Nobody can guess a content key that fits a key check of zeros. */
    if (view.present &&
        svms_access_unlock(made.ctx, &header, &view, made.ring, content_key, NULL) == SVMS_OK) {
        abort();
    }
    return 0;
}
