/* SPDX-License-Identifier: Apache-2.0 */
/* Recipients of the content key (container.md, section 9). */
#ifndef SVMS_ACCESS_BLOCK_H
#define SVMS_ACCESS_BLOCK_H

#include <svms/disclosure.h>

#include "header.h"
#include "key_internal.h"
#include "key_schedule.h"

#define SVMS_KEYRING_PASSWORDS 4
#define SVMS_KEYRING_KEYS 16
#define SVMS_KEYRING_DISCLOSURES 16

typedef struct svms_keyring_password {
    char *text;
    size_t size;
} svms_keyring_password;

struct svms_keyring {
    svms_ctx *ctx;
    size_t password_count;
    svms_keyring_password passwords[SVMS_KEYRING_PASSWORDS];
    size_t key_count;
    const svms_private_key *keys[SVMS_KEYRING_KEYS];
    uint8_t key_ids[SVMS_KEYRING_KEYS][SVMS_DIGEST_SIZE];
    size_t disclosure_count;
    svms_disclosure *disclosures[SVMS_KEYRING_DISCLOSURES]; /* held */
};

/* Whom to wrap for. */
typedef struct svms_recipients {
    const svms_public_key *const *keys;
    size_t key_count;
    const svms_kek *const *keks;
    size_t kek_count;
    const char *password;
    size_t password_size;
    unsigned password_log2_n;
} svms_recipients;

/* A slot of this size has room for recipients that come later. */
#define SVMS_USUAL_SLOT_SIZE 4096u

/* Bytes a slot with these recipients needs, rounded up to 512; 0 when they are too many. At least
 * 2,048, so that recipients can be added later. */
uint32_t svms_slot_size_for(const svms_recipients *recipients);

/* Appends one slot of header->slot_size bytes with revision 1, and an empty one. */
SVMS_MUST_CHECK svms_status svms_access_encode(svms_builder *out, const svms_header *header,
                                               const svms_recipients *recipients,
                                               const uint8_t content_key[SVMS_CONTENT_KEY_SIZE],
                                               svms_error *err);

/* What was found in the two slots. */
typedef struct svms_access_view {
    uint32_t damaged;       /* slots that are neither empty nor valid */
    uint64_t damage_offset; /* of the first of them */
    const char *damage;     /* what is wrong with it, static text */
    bool present;           /* a valid slot was found */
    uint64_t revision;
    uint32_t password_stanzas;
    uint32_t key_stanzas;
    const uint8_t *covered; /* bytes the HMAC covers */
    size_t covered_size;
    const uint8_t *mac;
    const uint8_t *stanzas;
    size_t stanzas_size;
    uint32_t stanza_count;
} svms_access_view;

/* slots: 2 * header->slot_size bytes at offset of the file; borrowed. */
SVMS_MUST_CHECK svms_status svms_access_parse(svms_access_view *out, svms_ctx *ctx,
                                              const svms_header *header, const uint8_t *slots,
                                              uint64_t offset, svms_error *err);

/* Tries every stanza with every key of the ring. SVMS_E_WRONG_KEY when none opens,
 * SVMS_E_UNDECRYPTABLE when one does but the block's HMAC is wrong. */
SVMS_MUST_CHECK svms_status svms_access_unlock(svms_ctx *ctx, const svms_header *header,
                                               const svms_access_view *view,
                                               const svms_keyring *ring,
                                               uint8_t content_key[SVMS_CONTENT_KEY_SIZE],
                                               svms_error *err);

/* False when the type is known, or reserved, and has another body length (C-ACC-5). */
bool svms_stanza_length_fits(uint16_t type, size_t size);
/* Body length of a stanza type that can be opened, 0 for others. */
size_t svms_stanza_body_size(uint16_t type);

#endif
