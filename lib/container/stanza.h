/* SPDX-License-Identifier: Apache-2.0 */
/* One recipient's wrapped content key (C-ACC-6). */
#ifndef SVMS_STANZA_H
#define SVMS_STANZA_H

#include "access_block.h"

#define SVMS_STANZA_HEADER_SIZE 8u
#define SVMS_SEALED_KEY_SIZE 48u
#define SVMS_KEY_ID_SIZE 16u

SVMS_MUST_CHECK svms_status svms_stanza_put_password(svms_builder *out, const svms_header *header,
                                                     const svms_recipients *recipients,
                                                     const uint8_t *content_key, svms_error *err);
SVMS_MUST_CHECK svms_status svms_stanza_put_key(svms_builder *out, const svms_header *header,
                                                const svms_public_key *recipient,
                                                const uint8_t *content_key, svms_error *err);
/* True for keys that a stanza can be made for: X25519, P-256, RSA. */
bool svms_stanza_can_wrap(const svms_public_key *recipient);
bool svms_stanza_can_open(const svms_private_key *key);
/* Bytes of a recipient's stanza, with its header. */
size_t svms_stanza_size_for(const svms_public_key *recipient);
SVMS_MUST_CHECK svms_status svms_stanza_put_kek(svms_builder *out, const svms_kek *kek,
                                                const uint8_t *content_key, svms_error *err);
SVMS_MUST_CHECK svms_status svms_stanza_open_kek(svms_ctx *ctx, const svms_header *header,
                                                 const svms_kek *kek, const uint8_t *body,
                                                 size_t size, uint8_t *content_key,
                                                 svms_error *err);
/* SVMS_E_WRONG_KEY when it does not open or the key check does not fit (C-KEY-2). body is of the
 * length that belongs to the type. */
SVMS_MUST_CHECK svms_status svms_stanza_open_password(svms_ctx *ctx, const svms_header *header,
                                                      const svms_keyring_password *password,
                                                      const uint8_t *body, uint8_t *content_key,
                                                      svms_error *err);
SVMS_MUST_CHECK svms_status svms_stanza_open_key(svms_ctx *ctx, const svms_header *header,
                                                 const svms_private_key *key, uint16_t type,
                                                 const uint8_t *body, size_t size,
                                                 uint8_t *content_key, svms_error *err);
/* True when the stanza is of the key's kind and names its id. */
bool svms_stanza_is_for(const svms_private_key *key, const uint8_t key_id[SVMS_DIGEST_SIZE],
                        uint16_t type, const uint8_t *body, size_t size);
/* The same, or it does not say for whom it is (C-ACC-7). */
bool svms_stanza_may_be_for(const svms_private_key *key, const uint8_t key_id[SVMS_DIGEST_SIZE],
                            uint16_t type, const uint8_t *body, size_t size);

#endif
