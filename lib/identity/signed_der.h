/* SPDX-License-Identifier: Apache-2.0 */
/* What certificates, requests, lists and OCSP responses have in common: bytes to be signed, an
 * algorithm, a signature (RFC 5280 section 4.1.1). The key may be anywhere. */
#ifndef SVMS_SIGNED_DER_H
#define SVMS_SIGNED_DER_H

#include <openssl/evp.h>

#include "der_put.h"
#include "sign.h"

typedef struct svms_signing {
    svms_ctx *ctx;
    svms_sign_engine *engine;
    const uint8_t *algorithm; /* AlgorithmIdentifier */
    size_t algorithm_size;
    size_t signature_max;
} svms_signing;

/* SVMS_E_UNSUPPORTED for a key that cannot sign. Close it also after a failure. */
SVMS_MUST_CHECK svms_status svms_signing_open(svms_signing *out, svms_ctx *ctx,
                                              const svms_private_key *key, svms_error *err);
void svms_signing_close(svms_signing *signing);

void svms_put_algorithm(svms_builder *builder, const svms_signing *signing);
/* Most bytes of what svms_put_signed() appends for so many bytes to be signed. */
size_t svms_signed_bound(const svms_signing *signing, size_t tbs_size);
/* Appends SEQUENCE { tbs, algorithm, signature, extra }, where extra may be NULL. */
SVMS_MUST_CHECK svms_status svms_put_signed(svms_builder *out, const svms_signing *signing,
                                            const svms_builder *tbs, const svms_builder *extra,
                                            svms_error *err);

/* SEQUENCE { object identifier, TRUE where critical, OCTET STRING { what is put in between } } for
 * the extensions whose identifiers are 2.5.29.number. */
typedef struct svms_extension_marks {
    size_t whole;
    size_t value;
} svms_extension_marks;
svms_extension_marks svms_extension_open(svms_builder *builder, uint8_t number, bool critical);
void svms_extension_close(svms_builder *builder, svms_extension_marks marks);

/* Numbers of extensions (RFC 5280 sections 4.2 and 5.2). */
#define SVMS_EXT_SUBJECT_KEY_ID 14
#define SVMS_EXT_KEY_USAGE 15
#define SVMS_EXT_SUBJECT_NAMES 17
#define SVMS_EXT_BASIC_CONSTRAINTS 19
#define SVMS_EXT_CRL_NUMBER 20
#define SVMS_EXT_REASON 21
#define SVMS_EXT_INVALIDITY_DATE 24
#define SVMS_EXT_NAME_CONSTRAINTS 30
#define SVMS_EXT_CRL_POINTS 31
#define SVMS_EXT_AUTHORITY_KEY_ID 35
#define SVMS_EXT_PURPOSES 37

/* Appends the SubjectPublicKeyInfo. */
SVMS_MUST_CHECK svms_status svms_put_public_key(svms_builder *builder, EVP_PKEY *key,
                                                svms_error *err);

/* Signs and hands out PEM text and NUL. Whether there is room is asked first, for the longest
 * signature: nobody signs what he then cannot hand out, and the capacity that is asked for does not
 * vary. slack: by how many bytes another try may be longer. */
SVMS_MUST_CHECK svms_status svms_hand_out_text(const svms_signing *signing, const svms_builder *tbs,
                                               const char *label, const char *what, size_t slack,
                                               char *out, size_t *size, svms_error *err);

#endif
