/* SPDX-License-Identifier: Apache-2.0 */
/* CAs, time stamp authorities and revocation lists for tests, made with OpenSSL alone: nothing here
 * is made by the code under test. Whatever goes wrong aborts. */
#ifndef SVMS_TEST_AUTHORITY_H
#define SVMS_TEST_AUTHORITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/x509.h>

/* A key, its certificate, and who issued that. */
typedef struct party {
    EVP_PKEY *key;
    X509 *certificate;
    const struct party *issuer; /* NULL: self-signed */
} party;

typedef struct party_plan {
    const char *name;
    const party *issuer; /* NULL: self-signed CA */
    const char *from;    /* "20200101000000Z" */
    const char *to;
    const char *usage;     /* extended key usage in OpenSSL's words; NULL: a CA */
    const char *key_usage; /* NULL: the usual one */
    const char *key_type;  /* "EC", "RSA", "RSA1024", "ED25519", a curve; NULL: EC */
} party_plan;

party party_make(const party_plan *plan);
void party_free(party *gone);
/* Appends the certificate to a PEM text of at most room bytes; returns its new length. */
size_t party_pem(const party *of, char *text, size_t length, size_t room);

/* Bytes that were made; free() them. */
typedef struct made {
    uint8_t *data;
    size_t size;
} made;

typedef struct stamp_plan {
    const party *authority;    /* its usage is critical,timeStamping */
    const char *when;          /* "2026-01-02T03:04:05Z"; a fraction is passed over */
    long micros;               /* behind the second */
    const uint8_t *digest;     /* what is stamped, 32 bytes; unused with query */
    const made *query;         /* answer this; NULL: make one */
    const char *signer_digest; /* NULL: SHA256 */
    const char *ess_digest;    /* NULL: SHA256; "SHA1" makes an ESSCertID of the first version */
    bool with_name;            /* the field tsa */
    bool with_accuracy;
    bool with_chain; /* ESS identifiers for the issuer too */
    bool without_certificate;
    const char *imprint; /* digest of the imprint; NULL: SHA256 */
} stamp_plan;

/* TimeStampResp by OpenSSL's time stamp authority. */
made stamp_reply(const stamp_plan *plan);
/* TimeStampToken alone. */
made stamp_token(const stamp_plan *plan);
/* A reply that refuses. */
made stamp_refusal(const stamp_plan *plan);

/* A token with the same TSTInfo that OpenSSL's CMS signs anew, which asks nothing of certificates.
 */
typedef struct resign_plan {
    const party *signer;
    const party *second; /* one more signer */
    const char *digest;  /* NULL: SHA256 */
    bool without_ess;
    bool with_pss;
    bool by_key_id;
} resign_plan;
made stamp_resign(const made *token, const resign_plan *plan);

typedef struct revocation_plan {
    const party *issuer;
    const char *made;     /* "20260101000000Z" */
    const char *next;     /* NULL: not said */
    const party *revoked; /* NULL: none */
    const char *when;
    const char *invalid; /* invalidity date, or NULL */
    int reason;          /* -1: not said */
    bool forged;         /* in the issuer's name with another key */
    bool partial;        /* critical issuing distribution point */
    const char *digest;  /* NULL: SHA256 */
} revocation_plan;
/* A CertificateList in DER. */
made revocation_list(const revocation_plan *plan);
/* Appends it as PEM. */
size_t revocation_pem(const made *list, char *text, size_t length, size_t room);

#endif
