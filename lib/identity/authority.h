/* SPDX-License-Identifier: Apache-2.0 */
/* Authorities as the files of this folder share them. */
#ifndef SVMS_AUTHORITY_H
#define SVMS_AUTHORITY_H

#include <svms/ca.h>

#include "certificate.h"
#include "signed_der.h"

/* RFC 7093 section 2, method 1: this much of the SHA-256 of the key. */
#define SVMS_KEY_IDENTIFIER_SIZE 20
#define SVMS_NS_PER_SECOND INT64_C(1000000000)

struct svms_ca {
    svms_ctx *ctx;
    const svms_chain *chain;
    const svms_private_key *key;
    X509 *certificate; /* the chain's first */
    int64_t not_before_utc_ns;
    int64_t not_after_utc_ns; /* its last whole second */
};

/* What a certificate is made of. */
typedef struct svms_certificate_plan {
    svms_ctx *ctx;
    const svms_ca *issuer;   /* NULL: self-signed */
    EVP_PKEY *subject_key;   /* its public half is enough */
    const char *common_name; /* checked */
    int64_t not_before_utc_ns;
    int64_t not_after_utc_ns;
    svms_role role;  /* SVMS_ROLE_NONE: a CA */
    bool role_alone; /* and none of the other purposes of its profile */
    /* Of a CA: */
    int32_t path_length; /* -1: any number */
    const char *const *permitted;
    size_t permitted_count;
    const char *const *excluded;
    size_t excluded_count;
    /* Of a leaf: */
    const char *const *names;
    size_t name_count;
    const char *crl_uri;
} svms_certificate_plan;

/* Appends the TBSCertificate for a plan that was checked. */
SVMS_MUST_CHECK svms_status svms_put_certificate(svms_builder *tbs, const svms_signing *signing,
                                                 const svms_certificate_plan *plan,
                                                 svms_error *err);

/* Signs with that key what the above gives, and hands out PEM text. */
SVMS_MUST_CHECK svms_status svms_make_certificate(const svms_certificate_plan *plan,
                                                  const svms_private_key *key, char *out,
                                                  size_t *size, svms_error *err);

/* First and last moment in whole seconds, in this order. */
SVMS_MUST_CHECK svms_status svms_check_dates(const svms_certificate_plan *plan, svms_error *err);
/* The same, and within the period of the issuer where there is one. */
SVMS_MUST_CHECK svms_status svms_check_period(const svms_certificate_plan *plan, svms_error *err);

/* SVMS_E_USAGE when a CA of the issuer's chain does not permit what the plan's leaf says. */
SVMS_MUST_CHECK svms_status svms_check_permitted(const svms_certificate_plan *plan,
                                                 const svms_builder *tbs,
                                                 const svms_signing *signing, svms_error *err);

/* A "no" of these two is believed as known_answer.h says. */
SVMS_MUST_CHECK svms_status svms_is_issued_by(bool *out, svms_ctx *ctx, X509 *lower, X509 *upper,
                                              svms_error *err);
SVMS_MUST_CHECK svms_status svms_is_key_of(bool *out, svms_ctx *ctx, X509 *certificate,
                                           EVP_PKEY *key, svms_error *err);
/* SVMS_E_USAGE when the key to be certified is that of an authority of the issuer's chain: what it
 * signed elsewhere would count as the authority's word. */
SVMS_MUST_CHECK svms_status svms_check_key_is_free(const svms_certificate_plan *plan,
                                                   svms_error *err);

/* Appends the issuer's subject as it is. */
SVMS_MUST_CHECK svms_status svms_put_subject_of(svms_builder *builder, X509 *certificate,
                                                svms_error *err);
/* Appends the extension that names the issuer's key. */
SVMS_MUST_CHECK svms_status svms_put_authority_key_id(svms_builder *builder, svms_ctx *ctx,
                                                      X509 *issuer, svms_error *err);
SVMS_MUST_CHECK svms_status svms_key_identifier(uint8_t out[SVMS_KEY_IDENTIFIER_SIZE],
                                                svms_ctx *ctx, EVP_PKEY *key, svms_error *err);

#endif
