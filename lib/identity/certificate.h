/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates as the files of this folder share them. */
#ifndef SVMS_CERTIFICATE_H
#define SVMS_CERTIFICATE_H

#include <stdatomic.h>

#include <openssl/x509.h>

#include "builder.h"
#include "chain_internal.h"
#include "cursor.h"
#include "der.h"
#include "utf8.h"

/* Stack of certificates. */
typedef STACK_OF(X509) svms_certificates;

struct svms_chain {
    svms_ctx *ctx;
    atomic_uint users;               /* whoever made it, and what keeps it (svms_chain_retain) */
    svms_certificates *certificates; /* leaf first */
    svms_builder wire;
    svms_builder subject; /* NUL-terminated */
    svms_public_key *leaf_key;
    unsigned leaf_roles; /* bit n stands for role n */
    uint8_t leaf_digest[SVMS_DIGEST_SIZE];
};

struct svms_trust {
    svms_ctx *ctx;
    atomic_uint users; /* whoever made it, and what keeps it (svms_trust_retain) */
    svms_certificates *anchors;
    STACK_OF(X509_CRL) * lists;    /* NULL when none were given */
    struct svms_ocsp_answer *ocsp; /* ocsp_count of them; NULL when none were given */
    size_t ocsp_count;
    uint8_t *pins; /* pin_count fingerprints, SVMS_DIGEST_SIZE bytes each */
    size_t pin_count;
};

/* Room for a name in a sentence: cut between characters, with dots, when it is longer. */
#define SVMS_NAME_WORDS_SIZE 72
#define SVMS_DATE_WORDS_SIZE 32

/* Reads one certificate of at most SVMS_CHAIN_MAX_SIZE bytes. What OpenSSL would write differently
 * is SVMS_E_MALFORMED, so that no two byte strings stand for one certificate; offset goes into the
 * error. */
SVMS_MUST_CHECK svms_status svms_certificate_parse(X509 **out, svms_ctx *ctx, const uint8_t *der,
                                                   size_t size, uint64_t offset, svms_error *err);

/* What OpenSSL finds out about a certificate while it reads it, it keeps for good: a provider that
 * failed at that moment would make it useless and its signatures wrong. SVMS_E_CRYPTO when that has
 * happened; SVMS_OK also for keys of a kind that the provider does not know. */
SVMS_MUST_CHECK svms_status svms_certificate_settled(X509 *certificate, svms_ctx *ctx,
                                                     svms_error *err);

/* Empties OpenSSL's error queue; true when memory was what failed. Whatever would be told about a
 * certificate must ask first: out of memory, OpenSSL calls signatures wrong and text damaged. */
bool svms_provider_lacked_memory(void);

/* SHA-256 of its DER. */
SVMS_MUST_CHECK svms_status svms_certificate_digest(uint8_t out[SVMS_DIGEST_SIZE], svms_ctx *ctx,
                                                    const X509 *certificate, svms_error *err);

/* What it says. The key may be of any kind, also of one that no chain may begin with. */
SVMS_MUST_CHECK svms_status svms_certificate_describe(svms_certificate_info *out, svms_ctx *ctx,
                                                      X509 *certificate, svms_error *err);

/* Receives one certificate of a PEM text; the bytes are borrowed for the call. */
typedef svms_status (*svms_certificate_found)(void *user, const uint8_t *der, size_t size,
                                              uint64_t offset, svms_error *err);

/* Calls found for every CERTIFICATE block, in order; other blocks are passed over. Text without a
 * certificate, and a damaged block of any kind, are SVMS_E_MALFORMED. */
SVMS_MUST_CHECK svms_status svms_certificates_in_pem(const char *pem, size_t size,
                                                     svms_certificate_found found, void *user,
                                                     svms_error *err);

/* Most bytes of what svms_role_der() gives. */
#define SVMS_ROLE_DER_SIZE 21
/* All roles lie in between; not every number there is one. */
#define SVMS_ROLE_FIRST SVMS_ROLE_CAMERA
#define SVMS_ROLE_LAST SVMS_ROLE_UPDATE
/* Content of a role's object identifier in DER; NULL where svms_role_oid() gives NULL. Bytes,
 * because OBJ_txt2obj() gives wrong identifiers when it is short of memory. */
const uint8_t *svms_role_der(svms_role role, size_t *size);
/* "recorder, server", or "no role". */
#define SVMS_ROLES_WORDS_SIZE 128
void svms_roles_words(char out[SVMS_ROLES_WORDS_SIZE], uint32_t roles);
/* Whether somebody in that role signs recordings, exports or access blocks. */
bool svms_role_signs_evidence(svms_role role);

/* Bits of the roles that the extended key usage names; none without that extension. */
SVMS_MUST_CHECK svms_status svms_certificate_roles(unsigned *roles, X509 *certificate,
                                                   svms_error *err);

/* C1 controls, and marks that reorder or hide the text around them. */
bool svms_is_deceptive(unsigned long character);

/* The whole name as NUL-terminated RFC 4514 text, safe to print: what is not printable, or would
 * change the direction of the text around it, is escaped. */
SVMS_MUST_CHECK svms_status svms_name_text(svms_builder *text, const X509_NAME *name,
                                           svms_error *err);
/* The same, cut to fit into room bytes (with the NUL), of which there are at least 8. */
SVMS_MUST_CHECK svms_status svms_name_cut(char *out, size_t room, svms_ctx *ctx,
                                          const X509_NAME *name, svms_error *err);
/* NUL-terminated text, cut in the same way. */
void svms_name_fit(char *out, size_t room, const svms_builder *text);
/* The same, cut to fit into a sentence. */
SVMS_MUST_CHECK svms_status svms_name_words(char out[SVMS_NAME_WORDS_SIZE], svms_ctx *ctx,
                                            const X509_NAME *name, svms_error *err);

/* Appends text that somebody else wrote, with whatever is not printable escaped. */
void svms_name_put(svms_builder *text, const void *data, size_t size);

/* DNS names and IP addresses of a certificate, one after the other. Of extensions that cannot be
 * read there are none; a path check refuses them. */
typedef struct svms_host_names {
    svms_cursor left;
} svms_host_names;
svms_host_names svms_certificate_hosts(const X509 *certificate);
/* False when there are no more. */
bool svms_host_names_next(svms_host_names *names, svms_der *out);
/* One of them in text that is safe to print. */
SVMS_MUST_CHECK svms_status svms_host_name_text(char out[SVMS_CERTIFICATE_NAME_SIZE], svms_ctx *ctx,
                                                const svms_der *name, svms_error *err);

/* First and last moment at which a certificate is valid (its last second counts as a whole). */
SVMS_MUST_CHECK svms_status svms_certificate_validity(const X509 *certificate,
                                                      int64_t *not_before_utc_ns,
                                                      int64_t *not_after_utc_ns, svms_error *err);
/* False for a time that cannot be read. */
bool svms_date_seconds(const ASN1_TIME *date, int64_t *seconds);
void svms_date_words(char out[SVMS_DATE_WORDS_SIZE], const ASN1_TIME *date);

#endif
