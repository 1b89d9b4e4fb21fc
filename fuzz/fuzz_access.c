/* SPDX-License-Identifier: Apache-2.0 */
/* The access block and its stanzas. Digests are repaired first, so that mutated stanzas are looked
 * into. */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "access_block.h"
#include "key_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SLOT_SIZE 2048u
#define FIRST_STANZA 40u

/* Somebody with a key of every kind. */
typedef struct harness {
    svms_ctx *ctx;
    svms_kek *kek;
    svms_private_key *keys[3];
    svms_keyring *ring;
} harness;

static EVP_PKEY *make_key(size_t number)
{
    switch (number) {
    case 0:
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    case 1:
        return EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    default:
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    }
}

static void set_up(harness *made)
{
    if (svms_ctx_new(&made->ctx, NULL, NULL) != SVMS_OK ||
        svms_kek_generate(&made->kek, made->ctx, NULL) != SVMS_OK ||
        svms_keyring_new(&made->ring, made->ctx, NULL) != SVMS_OK ||
        svms_keyring_add_kek(made->ring, made->kek, NULL) != SVMS_OK) {
        abort();
    }
    for (size_t i = 0; i < 3; i++) {
        EVP_PKEY *pkey = make_key(i);
        if (pkey == NULL ||
            svms_private_key_from_evp(&made->keys[i], made->ctx, pkey, NULL) != SVMS_OK ||
            svms_keyring_add_key(made->ring, made->keys[i], NULL) != SVMS_OK) {
            abort();
        }
        EVP_PKEY_free(pkey);
    }
}

/* The id of our key of that kind, so that the stanza is tried. */
static void name_stanza(const harness *made, uint8_t *stanza)
{
    static const uint8_t types[] = { SVMS_STANZA_P256, SVMS_STANZA_X25519, SVMS_STANZA_RSA_OAEP };
    for (size_t i = 0; i < 3; i++) {
        if (stanza[1] == types[i]) {
            memcpy(stanza + 8, made->ring->key_ids[i], 16);
        }
    }
    if (stanza[1] == SVMS_STANZA_KEK) {
        svms_kek_id(made->kek, stanza + 8);
    }
}

/* Puts the right digest where the slot says its content ends, and our key's id into the first
 * stanza, unless an officer signed it. */
static void repair(const harness *made, uint8_t *slot, size_t size)
{
    svms_cursor cursor = svms_cursor_over(slot, size, 0);
    (void)svms_skip(&cursor, FIRST_STANZA - 4);
    uint32_t stanzas = svms_read_u32(&cursor);
    (void)svms_skip(&cursor, stanzas);
    uint32_t officer = svms_read_u32(&cursor);
    (void)svms_skip(&cursor, officer);
    (void)svms_skip(&cursor, SVMS_DIGEST_SIZE);
    size_t at = cursor.position;
    if (cursor.failed || size - at < SVMS_DIGEST_SIZE) {
        return;
    }
    if (stanzas >= 24 && officer == 0) {
        name_stanza(made, slot + FIRST_STANZA);
    }
    svms_iovec run = { slot, at };
    if (svms_sha256(made->ctx, &run, 1, slot + at, NULL) != SVMS_OK) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static harness made;
    uint8_t slots[2 * SLOT_SIZE] = { 0 };
    uint8_t content_key[SVMS_CONTENT_KEY_SIZE];
    svms_access_view view;
    svms_header header = { 0 };
    if (made.ctx == NULL) {
        set_up(&made);
    }
    memcpy(slots, data, size < sizeof(slots) ? size : sizeof(slots));
    header.has_keys = true;
    header.slot_size = SLOT_SIZE;
    memcpy(header.container_id, slots + 8, 16);
    repair(&made, slots, SLOT_SIZE);
    repair(&made, slots + SLOT_SIZE, SLOT_SIZE);
    if (svms_access_parse(&view, made.ctx, &header, slots, 0, NULL) != SVMS_OK ||
        view.damaged > 2) {
        abort();
    }
    if (view.present && (view.password_stanzas > 1 || view.stanza_count > SVMS_MAX_STANZAS)) {
        abort();
    }
    if (view.present && view.officer != NULL) {
        svms_chain *officer = NULL;
        if (svms_access_officer(&officer, made.ctx, &view, NULL) != SVMS_OK ||
            svms_chain_subject(officer) == NULL) {
            abort(); /* what was checked must be there */
        }
        svms_chain_free(&officer);
    }
    /* Nobody can guess a content key that fits a key check of zeros. */
    if (view.present &&
        svms_access_unlock(made.ctx, &header, &view, made.ring, content_key, NULL) == SVMS_OK) {
        abort();
    }
    return 0;
}
