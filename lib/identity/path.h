/* SPDX-License-Identifier: Apache-2.0 */
/* From a certificate to an anchor, at the times that matter (C-VER-4): what signers and time stamp
 * authorities have in common. */
#ifndef SVMS_PATH_H
#define SVMS_PATH_H

#include "certificate.h"

/* A certificate outside its period, and the moment at which it was needed. */
typedef struct svms_out_of_period {
    X509 *certificate; /* NULL when there is none */
    int64_t needed_utc_ns;
} svms_out_of_period;

typedef struct svms_path_query svms_path_query;
/* Whether the leaf may be used for what is asked; sets the verdict when not. */
typedef svms_status svms_path_allows(svms_path_query *query);
struct svms_path_query {
    /* Given. */
    svms_ctx *ctx;
    const svms_trust *trust;
    svms_certificates *given; /* leaf first, then what may help */
    svms_identity_question question;
    bool at_present;                        /* asked about now: the words speak of no signing */
    const struct svms_ocsp_answer *stapled; /* what the leaf's holder handed in, or NULL */
    svms_path_allows *allows;
    const void *user;
    svms_error *err;
    /* Found. */
    svms_identity_verdict verdict;
    svms_revocation revocation;
    svms_revocation stapled_state; /* what the stapled response says of the leaf */
    int64_t revoked_utc_ns;
    char anchor[256]; /* subject of the one that was reached last, or empty */
    /* On the way. */
    svms_certificates *anchors; /* the store's, or the pinned leaf alone; borrowed */
    svms_certificates *path;    /* leaf to its first anchor, as built last */
    unsigned built;             /* how often */
    bool is_responder;          /* the leaf answers for its issuer (svms_path_is_direct) */
    svms_out_of_period too_early;
    svms_out_of_period too_late;
};

/* SVMS_OK: trusted. SVMS_E_UNTRUSTED: the verdict and err say why. Releases what it needed on the
 * way. */
SVMS_MUST_CHECK svms_status svms_path_check(svms_path_query *query);
/* SVMS_OK when this issuer issued the certificate by all the rules but those of time, and
 * SVMS_E_UNTRUSTED when it did not. For OCSP responders. */
SVMS_MUST_CHECK svms_status svms_path_is_direct(svms_ctx *ctx, X509 *certificate, X509 *issuer,
                                                svms_error *err);
/* Later by more than clocks may differ (C-VER-4). */
bool svms_path_is_after(int64_t utc_ns, int64_t limit_utc_ns);
/* A query's "allows" for time stamp authorities: extended key usage critical, and for nothing else
 * (RFC 3161, 2.3). */
SVMS_MUST_CHECK svms_status svms_path_allows_stamping(svms_path_query *query);
/* svms_identity_check(), for who asks more or less of a leaf than a role; allows finds the chain in
 * user. */
SVMS_MUST_CHECK svms_status svms_identity_check_with(const svms_trust *trust,
                                                     const svms_chain *chain,
                                                     const svms_identity_question *question,
                                                     svms_path_allows *allows,
                                                     svms_identity_result *result, svms_error *err);
/* Name of a certificate's subject in words. */
SVMS_MUST_CHECK svms_status svms_path_name(char out[SVMS_NAME_WORDS_SIZE],
                                           const svms_path_query *query, X509 *certificate);

#endif
