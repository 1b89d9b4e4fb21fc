/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the blocks of a PEM text one after the other. Nothing is ever decrypted, so nobody is
 * ever asked for a password. */
#ifndef SVMS_PEM_H
#define SVMS_PEM_H

#include <stdbool.h>

#include <openssl/bio.h>

#include "context_internal.h"

#define SVMS_PEM_TEXT_MAX 65536

typedef struct svms_pem_block {
    char *label;
    char *headers;
    uint8_t *der;
    long size;
} svms_pem_block;

/* Refuses what is too long; release with BIO_free. */
SVMS_MUST_CHECK svms_status svms_pem_open(BIO **out, const char *pem, size_t size, svms_error *err);
/* SVMS_OK with the next block, SVMS_END, or a failure (SVMS_E_MALFORMED for damaged text). Clear
 * each block. */
SVMS_MUST_CHECK svms_status svms_pem_next(BIO *text, svms_pem_block *block, svms_error *err);
void svms_pem_block_clear(svms_pem_block *block);
/* Hands a text that was written out as a C string; *size is the capacity on entry, the length
 * afterwards, or, with SVMS_E_LIMIT, the capacity needed for what is being written. */
SVMS_MUST_CHECK svms_status svms_pem_hand_out(BIO *text, const char *what, char *out, size_t *size,
                                              svms_error *err);

bool svms_pem_is(const svms_pem_block *block, const char *label);
/* Any label that stands for a private key, encrypted or not. */
bool svms_pem_is_private(const svms_pem_block *block);
bool svms_pem_is_encrypted(const svms_pem_block *block);

#endif
