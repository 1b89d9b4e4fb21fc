/* SPDX-License-Identifier: Apache-2.0 */
/* Recipients of the content key (container.md, section 9). */
#ifndef SVMS_ACCESS_BLOCK_H
#define SVMS_ACCESS_BLOCK_H

#include <svms/disclosure.h>

#include "header.h"
#include "key_internal.h"
#include "key_schedule.h"
#include "sign.h"

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
    size_t kek_count;
    const svms_kek *keks[SVMS_KEYRING_KEYS];
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

/* Bytes a slot with these recipients needs, rounded up to 512; 0 when they are too many. */
uint32_t svms_slot_size_for(const svms_recipients *recipients);

/* Who signs a change (C-ACC-4). */
typedef struct svms_officer {
    svms_sign_engine *engine;
    const svms_chain *chain;
} svms_officer;

/* The content of a slot. */
typedef struct svms_slot {
    uint64_t revision;
    uint32_t stanza_count;
    const uint8_t *stanzas;
    size_t stanzas_size;
    const svms_officer *officer; /* or NULL */
} svms_slot;

/* Appends the stanzas of the recipients. */
SVMS_MUST_CHECK svms_status svms_access_put_stanzas(
    svms_builder *out, const svms_header *header, const svms_recipients *recipients,
    const uint8_t content_key[SVMS_CONTENT_KEY_SIZE], svms_error *err);
/* Appends a slot of header->slot_size bytes. SVMS_E_LIMIT when the content does not fit. */
SVMS_MUST_CHECK svms_status svms_access_put_slot(svms_builder *out, const svms_header *header,
                                                 const svms_slot *slot,
                                                 const uint8_t content_key[SVMS_CONTENT_KEY_SIZE],
                                                 svms_error *err);

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
    const uint8_t *officer; /* officer part, or NULL; its signature has been checked */
    size_t officer_size;
    uint32_t slot; /* which of the two it is */
    size_t used;   /* bytes of the slot that are not padding */
} svms_access_view;

/* One slot, 0 or 1. *damage stays NULL for a valid one and for an empty one (view->present tells
 * them apart), and says in static text what is wrong otherwise. */
SVMS_MUST_CHECK svms_status svms_access_parse_slot(svms_access_view *out, svms_ctx *ctx,
                                                   const svms_header *header, const uint8_t *slots,
                                                   uint32_t number, const char **damage,
                                                   svms_error *err);
/* The officer's chain; view->officer is not NULL. */
SVMS_MUST_CHECK svms_status svms_access_officer(svms_chain **out, svms_ctx *ctx,
                                                const svms_access_view *view, svms_error *err);
/* access_officer.c: appends the officer part with its length; sets *damage as above. */
SVMS_MUST_CHECK svms_status svms_officer_part_put(svms_builder *out, const svms_header *header,
                                                  const svms_slot *slot, svms_error *err);
SVMS_MUST_CHECK svms_status svms_officer_part_check(svms_ctx *ctx, const svms_header *header,
                                                    const svms_access_view *view,
                                                    const char **damage, svms_error *err);
/* One stanza after the other. False behind the last one. */
typedef struct svms_stanza_view {
    uint16_t type;
    uint32_t size;
    const uint8_t *whole; /* with its header */
    const uint8_t *body;
} svms_stanza_view;
bool svms_access_next_stanza(const svms_access_view *view, svms_cursor *cursor,
                             svms_stanza_view *out);

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
