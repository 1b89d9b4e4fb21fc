/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of TLS share: a certification authority that issues whatever is asked for, and two
 * ends whose bytes are carried by hand. */
#ifndef SVMS_TEST_TLS_WORKSHOP_H
#define SVMS_TEST_TLS_WORKSHOP_H

#include <stdbool.h>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <svms/tls.h>

/* 2026-03-01T00:00:00Z: what the clock says unless a test turns it. */
#define WORKSHOP_NOW INT64_C(1772323200)
#define DAY INT64_C(86400)

/* A certificate and its key. */
typedef struct identity_card {
    X509 *certificate;
    EVP_PKEY *key;
    const struct identity_card *issuer; /* NULL: self-signed */
} identity_card;

/* What a card shall say; zeros are sensible. */
typedef struct card_order {
    const char *name;
    const identity_card *issuer;
    const char *hosts;     /* as X509V3 writes subjectAltName, or NULL */
    const char *usages;    /* extended key usage, or NULL */
    const char *key_usage; /* NULL: digitalSignature */
    const char *key;       /* "P-256" (NULL), "P-384", "P-521", "RSA-2048", "RSA-1024", "Ed25519" */
    bool is_ca;
    int64_t from;  /* days from now; 0: a day ago */
    int64_t until; /* days from now; 0: a year */
} card_order;

identity_card *card_make(const card_order *order);
void card_free(identity_card **card);
/* The card, and the CAs above it without the root. */
svms_chain *card_chain(svms_ctx *ctx, const identity_card *card);
svms_private_key *card_key(svms_ctx *ctx, const identity_card *card);
/* PEM text; release with free(). */
char *card_pem(const identity_card *card);
/* A list of the authority that revokes a card (or none), in PEM; release with free(). */
char *card_list(const identity_card *authority, const identity_card *revoked);
/* An OCSP response in DER about a card; release with free(). status as V_OCSP_CERTSTATUS_*. */
uint8_t *card_ocsp(const identity_card *card, int status, int64_t until_days, size_t *size);

/* One context with a clock that tests turn, and an allocator that they let fail. */
typedef struct workshop {
    svms_ctx *ctx;
    int64_t now;        /* seconds */
    uint64_t monotonic; /* nanoseconds */
    size_t failing;     /* number of the allocation that fails; 0: none */
    size_t count;
    size_t live;
    char logged[512]; /* the last line */
    identity_card *root;
    identity_card *server; /* for "server.example" and 127.0.0.1 */
    identity_card *client; /* with the role user */
} workshop;

/* For cmocka: the fresh workshop is *w. */
extern workshop *w;
int workshop_set_up(void **state);
int workshop_tear_down(void **state);

svms_trust *trust_in(const identity_card *anchor, const char *lists);

/* What a context is made of, with sensible values; change some and make it. */
typedef struct context_order {
    svms_tls_options options;
    const identity_card *card;  /* NULL: none */
    const identity_card *trust; /* NULL: none */
    const char *lists;          /* in PEM, or NULL */
    const uint8_t *staple;
    size_t staple_size;
} context_order;
context_order server_order(void);
context_order client_order(void);
svms_status context_make(svms_tls_context **out, const context_order *order, svms_error *err);
svms_status context_reload(svms_tls_context *context, const context_order *order, svms_error *err);

/* One end, and what came of it. */
typedef struct end {
    svms_tls_context *context;
    svms_tls *tls;
    svms_status status;
    svms_error err;
    svms_tls_peer peer; /* once it is done */
} end;

typedef struct pair {
    end client;
    end server;
} pair;

/* Makes both contexts and shakes hands in memory until nothing moves any more. NULL: as ordered by
 * client_order(), server_order(). */
void pair_make(pair *p, const context_order *client, const context_order *server);
/* The same with another target than server.example. */
void pair_make_for(pair *p, const context_order *client, const context_order *server,
                   const svms_tls_target *target);
/* New connections of the contexts that are there. */
void pair_again(pair *p, const svms_tls_target *target);
void pair_shake(pair *p);
void pair_free(pair *p);
/* Carries what waits between the ends; true when something did. at_most bytes at a time. */
bool carry(svms_tls *from, svms_tls *to, size_t at_most);
void assert_shaken(pair *p);
/* Both ends exchange a message. */
void assert_talks(pair *p);
/* What was logged last. */
void assert_says_logged(const char *words);
void assert_says(const svms_error *err, const char *words);

#endif
