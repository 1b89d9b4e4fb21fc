/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of the ledger (docs/spec/ledger.md, section 3), in the forms of C-ALG-2. */
#ifndef LEDGER_SIGNATURE_H
#define LEDGER_SIGNATURE_H

#include <openssl/evp.h>

#include <svms/key.h>

#include "ledger_form.h"

/* What a signature covers, behind the name of what is signed. */
typedef struct ledger_signed {
    const uint8_t *head;
    const uint8_t *chain;
    size_t chain_size;
    const uint8_t *statement;
    size_t statement_size;
} ledger_signed;

/* The algorithm that belongs to a key, and the bytes that its signatures have. false: none. */
bool ledger_algorithm(EVP_PKEY *key, uint16_t *algorithm, uint16_t *size);
/* The key in the form that OpenSSL signs with; to be released. SVMS_E_UNSUPPORTED: it is not in the
 * memory of the process. */
svms_status ledger_signing_key(EVP_PKEY **out, const svms_private_key *key, svms_error *err);
/* signature has the room that ledger_algorithm() told. */
svms_status ledger_sign(EVP_PKEY *key, const ledger_signed *what, uint8_t *signature,
                        svms_error *err);
/* SVMS_E_NOT_AUTHENTIC: it is not that of this key, or in another form than the only one. */
svms_status ledger_verify(EVP_PKEY *key, uint16_t algorithm, const ledger_signed *what,
                          const uint8_t *signature, size_t size, svms_error *err);

#endif
