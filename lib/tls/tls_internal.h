/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share. */
#ifndef SVMS_TLS_INTERNAL_H
#define SVMS_TLS_INTERNAL_H

#include <stdatomic.h>

#include <openssl/ssl.h>

#include <svms/tls.h>

#include "builder.h"
#include "carrier.h"
#include "certificate.h"
#include "chain_internal.h"
#include "datagram.h"
#include "host.h"
#include "platform.h"
#include "tickets.h"

typedef struct svms_tls_sessions svms_tls_sessions;

#define SVMS_TLS_ALPN_MAX 16
#define SVMS_TLS_PROFILES_MAX 3
/* What may be asked of a peer. */
#define SVMS_TLS_ROLES_KNOWN                                                                       \
    (1u << SVMS_ROLE_CAMERA | 1u << SVMS_ROLE_RECORDER | 1u << SVMS_ROLE_EXPORTER |                \
     1u << SVMS_ROLE_CUSTODIAN | 1u << SVMS_ROLE_KEY_OFFICER | 1u << SVMS_ROLE_SERVER |            \
     1u << SVMS_ROLE_CLIENT_DEVICE | 1u << SVMS_ROLE_USER | 1u << SVMS_ROLE_TIME_STAMPER |         \
     1u << SVMS_ROLE_UPDATE)

/* What a context was made for; never changes. */
typedef struct svms_tls_rules {
    svms_tls_side side;
    svms_tls_version min_version;
    svms_tls_peer_rule peer;
    svms_tls_ticket_rule tickets;
    uint32_t peer_roles;
    bool require_revocation;
    bool require_staple;
    unsigned alpn_size;
    uint8_t alpn[SVMS_TLS_ALPN_MAX * 256]; /* as RFC 7301 writes it */
    bool is_datagram;                      /* DTLS 1.2 in place of TLS; what follows is of it */
    bool names_peers;       /* each connection brings who judges its peer, in place of paths; one's
                             * own certificate need not be good for more */
    uint32_t mtu;           /* most bytes of a datagram */
    uint32_t first_wait_ms; /* until something is sent again, ... */
    uint32_t last_wait_ms;  /* ... each time twice as long, up to this */
    size_t profile_count;
    uint16_t profiles[SVMS_TLS_PROFILES_MAX]; /* of SRTP (RFC 5764 section 4.1.2), best first */
} svms_tls_rules;

/* What one load of credentials gave. Connections keep the one that they began with. */
typedef struct svms_tls_state {
    svms_ctx *ctx;
    atomic_uint users;
    svms_tls_rules rules;
    BIO_METHOD *method;
    SSL_CTX *ssl;
    uint8_t leaf[SVMS_DIGEST_SIZE]; /* zeros without a certificate of one's own */
    bool leaf_is_past;              /* it has expired since it was first loaded */
    svms_trust *trust;              /* or NULL */
    svms_tls_tickets *tickets;      /* servers that resume sessions */
    svms_tls_sessions *sessions;    /* clients that do */
    uint8_t *staple;                /* or NULL */
    size_t staple_size;
    int64_t staple_until_utc_ns;
} svms_tls_state;

struct svms_tls_context {
    svms_ctx *ctx;
    svms_platform_latch latch; /* held for reading and changing this pointer alone */
    svms_tls_state *state;
};

/* What was found out about the peer. */
typedef struct svms_tls_finding {
    svms_status status; /* SVMS_OK: it may be talked to */
    svms_error words;   /* why it may not, or what is wrong with one that is inspected */
    svms_chain *chain;  /* as it was sent; NULL: none, or one that no chain can be made of */
    svms_builder sent;  /* such a one, each certificate behind its length */
    svms_identity_verdict verdict;
    svms_revocation revocation;
    bool is_trusted;
    bool stapled;
    bool name_matches;
} svms_tls_finding;

/* Judges a peer's chain where no path does: SVMS_OK, SVMS_E_UNTRUSTED or a failure of our own. */
typedef svms_status (*svms_tls_judgement)(void *user, const svms_chain *chain, svms_error *err);

struct svms_tls {
    svms_ctx *ctx;
    svms_tls_state *state;
    SSL *ssl;
    svms_tls_carrier carrier;
    char host[SVMS_HOST_NAME_MAX + 2]; /* as it was given, or empty */
    svms_trust *pin;                   /* trusts the pinned certificate alone; NULL without a pin */
    uint8_t pinned[SVMS_DIGEST_SIZE];
    svms_tls_judgement judge; /* NULL: the path and the pin */
    void *user;               /* of the folder above: for its judgement and its callbacks */
    svms_tls_finding peer;
    uint16_t peer_version; /* best version of TLS that the peer named; 0: none yet */
    uint8_t alert_sent;    /* the last fatal one */
    bool has_sent_alert;
    bool was_asked;      /* the server asked for a certificate */
    const char *refusal; /* why a callback of ours refused, or NULL */
    bool is_ready;       /* the handshake is done */
    bool said_goodbye;
    bool heard_goodbye;
    svms_tls_want wants;
    svms_status failure; /* SVMS_OK, or what every later call gives */
    svms_error failure_words;
};

/* hardened.c: an SSL_CTX that can do nothing weak. No certificate is in it yet. */
SVMS_MUST_CHECK svms_status svms_tls_hardened(SSL_CTX **out, svms_ctx *ctx,
                                              const svms_tls_rules *rules, svms_error *err);

/* state.c: before is the state that the new one is to replace, or NULL. */
SVMS_MUST_CHECK svms_status svms_tls_state_new(svms_tls_state **out, svms_ctx *ctx,
                                               const svms_tls_rules *rules,
                                               const svms_tls_credentials *credentials,
                                               const svms_tls_state *before, svms_error *err);
svms_tls_state *svms_tls_state_retain(svms_tls_state *state);
void svms_tls_state_release(svms_tls_state *state);

/* credentials.c: what is given is checked and put into the state. */
SVMS_MUST_CHECK svms_status svms_tls_load_credentials(svms_tls_state *state,
                                                      const svms_tls_credentials *credentials,
                                                      const svms_tls_state *before,
                                                      svms_error *err);

/* context.c: the context's state of the moment; give it back with svms_tls_state_release(). */
svms_tls_state *svms_tls_context_state(svms_tls_context *context);

/* judge.c: who the peer is. */
/* Of OpenSSL, in place of its own path building. */
int svms_tls_verify(X509_STORE_CTX *store, void *unused);
/* Of OpenSSL, once the client has seen everything of the server's first flight. */
int svms_tls_status_came(SSL *ssl, void *unused);
/* Judges finding->chain, which an earlier connection showed, by what is trusted now. */
void svms_tls_judge_again(svms_tls *tls, svms_tls_finding *finding);
void svms_tls_finding_clear(svms_tls_finding *finding);

/* hello.c: what is looked at while hands are shaken. */
int svms_tls_hello_came(SSL *ssl, int *alert, void *unused);
int svms_tls_choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_size,
                             const unsigned char *in, unsigned int in_size, void *unused);
/* Of OpenSSL, for every message and alert. */
void svms_tls_watch(int is_ours, int version, int kind, const void *data, size_t size, SSL *ssl,
                    void *unused);
/* False, with tls->refusal set, where a protection profile of SRTP was to be agreed on and was not.
 * Known once the peer shows its certificate. */
bool svms_tls_shares_profile(svms_tls *tls);
/* What only the finished handshake shows. */
SVMS_MUST_CHECK svms_status svms_tls_check_agreed(svms_tls *tls, svms_error *err);

/* staple.c: the response of a server about itself. */
SVMS_MUST_CHECK svms_status svms_tls_load_staple(svms_tls_state *state,
                                                 const svms_tls_credentials *credentials,
                                                 svms_error *err);
/* Of OpenSSL, when a client asks a server. */
int svms_tls_give_staple(SSL *ssl, void *unused);

/* words.c: the leaf's subject, cut between characters to fit into a sentence. */
void svms_tls_name(char out[SVMS_NAME_WORDS_SIZE], const svms_chain *chain);

/* words.c: what OpenSSL's error queue and the connection say about a call that failed; empties the
 * queue. Never SVMS_OK. */
SVMS_MUST_CHECK svms_status svms_tls_explain(svms_tls *tls, int ssl_error, svms_error *err);

#endif
