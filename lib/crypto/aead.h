/* SPDX-License-Identifier: Apache-2.0 */
/* AES-256-GCM (SP 800-38D) with a 96-bit nonce and a 128-bit tag. */
#ifndef SVMS_AEAD_H
#define SVMS_AEAD_H

#include "context_internal.h"

#include <svms/io.h>

#define SVMS_AEAD_KEY_SIZE 32
#define SVMS_AEAD_NONCE_SIZE 12
#define SVMS_AEAD_TAG_SIZE 16

typedef struct svms_aead svms_aead;

SVMS_MUST_CHECK svms_status svms_aead_new(svms_aead **out, svms_ctx *ctx, svms_error *err);
void svms_aead_free(svms_aead **aead);

/* Sets the key for what follows, in the given direction. */
bool svms_aead_set_key(svms_aead *aead, const uint8_t key[SVMS_AEAD_KEY_SIZE], bool encrypt);
/* One message: begin, aad*, update*, then seal_end or open_end. update may work in place
 * (out == in); false means that the provider failed. */
bool svms_aead_begin(svms_aead *aead, const uint8_t nonce[SVMS_AEAD_NONCE_SIZE]);
bool svms_aead_aad(svms_aead *aead, const void *data, size_t size);
bool svms_aead_update(svms_aead *aead, const uint8_t *in, size_t size, uint8_t *out);
bool svms_aead_seal_end(svms_aead *aead, uint8_t tag[SVMS_AEAD_TAG_SIZE]);
/* False when the tag does not fit or the provider fails; the plaintext so far must then be
 * discarded. Which of the two it is, opening anew and svms_aead_is_sound() tell. */
bool svms_aead_open_end(svms_aead *aead, const uint8_t tag[SVMS_AEAD_TAG_SIZE]);

/* True when the provider opens what is known to open. */
bool svms_aead_is_sound(svms_ctx *ctx);

/* One-shot, for small things. out holds size + 16 bytes when sealing, size - 16 when opening.
 * Opening gives SVMS_E_WRONG_KEY when the tag does not fit. */
SVMS_MUST_CHECK svms_status svms_aead_seal(svms_ctx *ctx, const uint8_t key[SVMS_AEAD_KEY_SIZE],
                                           const uint8_t nonce[SVMS_AEAD_NONCE_SIZE],
                                           const void *aad, size_t aad_size, const void *in,
                                           size_t size, uint8_t *out, svms_error *err);
SVMS_MUST_CHECK svms_status svms_aead_open(svms_ctx *ctx, const uint8_t key[SVMS_AEAD_KEY_SIZE],
                                           const uint8_t nonce[SVMS_AEAD_NONCE_SIZE],
                                           const void *aad, size_t aad_size, const void *in,
                                           size_t size, uint8_t *out, svms_error *err);

#endif
