/* SPDX-License-Identifier: Apache-2.0 */
/* Two ends of DTLS-SRTP in memory, and the weather between them. */
#ifndef SVMS_TEST_DTLS_PAIR_H
#define SVMS_TEST_DTLS_PAIR_H

#include <svms/dtls.h>

#include "../tls/workshop.h"

/* What a context is made of; change some and make it. Without trust: by fingerprints. */
typedef struct dtls_order {
    svms_dtls_options options;
    const identity_card *card;
    const identity_card *trust; /* NULL: none */
    const char *lists;          /* in PEM, or NULL */
} dtls_order;
dtls_order dtls_order_for(svms_tls_side side, const identity_card *trust);
svms_status dtls_context_make(svms_dtls_context **out, const dtls_order *order, svms_error *err);

svms_dtls_fingerprint print_of(const identity_card *card, svms_dtls_hash hash);

/* What happens to a datagram on its way. */
typedef enum dtls_fate {
    DTLS_ARRIVES,
    DTLS_LOST,
    DTLS_TWICE,
    DTLS_LATE /* behind the next one of its sender */
} dtls_fate;
/* number counts the datagrams of both ends from 0; it may change the bytes. */
typedef dtls_fate (*dtls_weather)(void *user, bool by_server, size_t number, uint8_t *bytes,
                                  size_t *size);

#define DTLS_LINK_MAX 256

typedef struct dtls_end {
    svms_dtls_context *context;
    svms_dtls *dtls;
    svms_status status; /* of the last call */
    svms_error err;
} dtls_end;

typedef struct dtls_datagram {
    size_t size;
    uint8_t bytes[SVMS_DTLS_MTU_MAX];
} dtls_datagram;

typedef struct dtls_pair {
    dtls_end client;
    dtls_end server;
    dtls_weather weather; /* NULL: all arrive */
    void *user;
    int rounds; /* of sending again; 0: many */
    size_t sent;
    size_t largest;
    bool has_late[2];
    dtls_datagram late[2];
    size_t kept_count; /* of what the server and client sent, in order */
    bool kept_by_server[DTLS_LINK_MAX];
    dtls_datagram kept[DTLS_LINK_MAX];
} dtls_pair;

/* Contexts and associations, nothing carried yet. NULL: the usual, by fingerprints. */
dtls_pair *dtls_pair_make(const dtls_order *client, const dtls_order *server);
/* The same with targets; NULL: the usual. */
dtls_pair *dtls_pair_make_for(const dtls_order *client, const dtls_order *server,
                              const svms_dtls_target *of_client, const svms_dtls_target *of_server);
/* Carries datagrams until nothing moves. */
void dtls_pair_carry(dtls_pair *p);
/* Carries, waits as long as the ends ask for and sends again, until both stand or have failed. */
void dtls_pair_shake(dtls_pair *p);
/* Sleeps as long as the ends ask for. */
void dtls_pair_wait(const dtls_pair *p);
void dtls_pair_free(dtls_pair **p);
/* Both ends stand, and what one sends with the other receives with. */
void assert_dtls_stands(dtls_pair *p, svms_srtp_suite suite);
/* An end has failed so, with these words, and gives no keys. */
void assert_dtls_fails(dtls_end *e, svms_status status, const char *words);
/* Waits grow no longer. */
void dtls_hurry(svms_dtls *dtls);

#endif
