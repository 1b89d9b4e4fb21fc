/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "access_block.h"
#include "failure.h"
#include "stanza.h"

svms_status svms_keyring_new(svms_keyring **out, svms_ctx *ctx, svms_error *err)
{
    if (out == NULL || ctx == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "out and ctx must not be NULL");
    }
    svms_keyring *ring = svms_alloc(ctx, sizeof(*ring));
    if (ring == NULL) {
        return svms_fail_memory(err);
    }
    ring->ctx = ctx;
    *out = ring;
    return SVMS_OK;
}

svms_status svms_keyring_add_password(svms_keyring *ring, const char *password, size_t size,
                                      svms_error *err)
{
    if (ring == NULL || password == NULL || size == 0 || size > 1024) {
        return svms_fail(err, SVMS_E_USAGE, "a password has 1 to 1024 bytes (C-ACC-8)");
    }
    if (ring->password_count == SVMS_KEYRING_PASSWORDS) {
        return svms_fail(err, SVMS_E_LIMIT, "a key ring holds at most %d passwords",
                         SVMS_KEYRING_PASSWORDS);
    }
    char *copy = svms_alloc(ring->ctx, size);
    if (copy == NULL) {
        return svms_fail_memory(err);
    }
    memcpy(copy, password, size);
    ring->passwords[ring->password_count].text = copy;
    ring->passwords[ring->password_count].size = size;
    ring->password_count++;
    return SVMS_OK;
}

svms_status svms_keyring_add_key(svms_keyring *ring, const svms_private_key *key, svms_error *err)
{
    if (ring == NULL || key == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "ring and key must not be NULL");
    }
    if (!svms_stanza_can_open(key)) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "a recipient's key is X25519, P-256, or RSA of 2048, 3072 or 4096 bits");
    }
    if (ring->key_count == SVMS_KEYRING_KEYS) {
        return svms_fail(err, SVMS_E_LIMIT, "a key ring holds at most %d keys", SVMS_KEYRING_KEYS);
    }
    svms_status status = svms_private_key_id(key, ring->key_ids[ring->key_count], err);
    if (status != SVMS_OK) {
        return status;
    }
    ring->keys[ring->key_count++] = key;
    return SVMS_OK;
}

svms_status svms_keyring_add_kek(svms_keyring *ring, const svms_kek *kek, svms_error *err)
{
    if (ring == NULL || kek == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "ring and kek must not be NULL");
    }
    if (ring->kek_count == SVMS_KEYRING_KEYS) {
        return svms_fail(err, SVMS_E_LIMIT, "a key ring holds at most %d key-encryption keys",
                         SVMS_KEYRING_KEYS);
    }
    ring->keks[ring->kek_count++] = kek;
    return SVMS_OK;
}

void svms_keyring_free(svms_keyring **ring)
{
    if (ring == NULL || *ring == NULL) {
        return;
    }
    svms_ctx *ctx = (*ring)->ctx;
    for (size_t i = 0; i < (*ring)->password_count; i++) {
        svms_release_secret(ctx, (*ring)->passwords[i].text, (*ring)->passwords[i].size);
    }
    for (size_t i = 0; i < (*ring)->disclosure_count; i++) {
        svms_disclosure_free(&(*ring)->disclosures[i]);
    }
    svms_release(ctx, *ring);
    *ring = NULL;
}
