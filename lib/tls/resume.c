/* SPDX-License-Identifier: Apache-2.0 */
#include "resume.h"

#include <string.h>

#include <openssl/err.h>

#include "builder.h"
#include "failure.h"

/* A ticket that carries a longer chain would not fit into one message with others. */
#define TICKET_CHAIN_MAX 16384
/* First byte of what a ticket carries beside the session. */
#define TICKET_WITHOUT_PEER 0
#define TICKET_WITH_CHAIN 1
#define TICKET_OF_NO_USE 2

#define SESSIONS_MAX 64

/* Puts the chain of the client into the ticket: OpenSSL's own tickets hold its first certificate
 * alone. */
static int write_ticket(SSL *ssl, void *unused)
{
    svms_tls *tls = SSL_get_app_data(ssl);
    svms_builder data = svms_builder_new(tls->ctx, TICKET_CHAIN_MAX + 1);
    size_t size = 0;
    const uint8_t *wire = tls->peer.chain ? svms_chain_wire(tls->peer.chain, &size) : NULL;
    (void)unused;
    if (size > TICKET_CHAIN_MAX) {
        wire = NULL;
        svms_put_u8(&data, TICKET_OF_NO_USE);
    } else {
        svms_put_u8(&data, wire ? TICKET_WITH_CHAIN : TICKET_WITHOUT_PEER);
    }
    svms_put_bytes(&data, wire, wire ? size : 0);
    int done = data.status == SVMS_OK &&
               SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), data.data, data.size) == 1;
    tls->carrier.starved = tls->carrier.starved || data.status == SVMS_E_NO_MEMORY;
    svms_builder_clear(&data);
    return done;
}

/* Whether the holder of a ticket would be let in now, with the chain that it showed then. */
static bool is_still_welcome(svms_tls *tls, const uint8_t *data, size_t size)
{
    svms_tls_finding finding = { .chain = NULL };
    svms_tls_finding_clear(&finding);
    if (size == 0 || data[0] > TICKET_WITH_CHAIN) {
        return false;
    }
    if (data[0] == TICKET_WITHOUT_PEER) {
        svms_tls_finding_clear(&tls->peer);
        return tls->state->rules.peer != SVMS_TLS_PEER_REQUIRED;
    }
    if (svms_chain_from_wire(&finding.chain, tls->ctx, data + 1, size - 1, 0, NULL) != SVMS_OK) {
        return false;
    }
    svms_tls_judge_again(tls, &finding);
    if (finding.status != SVMS_OK) {
        svms_tls_finding_clear(&finding);
        return false;
    }
    svms_tls_finding_clear(&tls->peer);
    tls->peer = finding;
    return true;
}

/* A no here means a full handshake, which says what is wrong. */
static SSL_TICKET_RETURN read_ticket(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                     size_t name_size, SSL_TICKET_STATUS status, void *unused)
{
    svms_tls *tls = SSL_get_app_data(ssl);
    void *data = NULL;
    size_t size = 0;
    (void)name;
    (void)name_size;
    (void)unused;
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) {
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    }
    bool usable = SSL_SESSION_get0_ticket_appdata(session, &data, &size) == 1 &&
                  is_still_welcome(tls, data, size);
    ERR_clear_error();
    if (!usable) {
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    }
    /* In TLS 1.3 each ticket is used once and its successor has secrets of its own. */
    bool renews = status == SSL_TICKET_SUCCESS_RENEW || SSL_version(ssl) == TLS1_3_VERSION;
    return renews ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE;
}

svms_status svms_tls_resume_server(SSL_CTX *ssl, svms_error *err)
{
    if (SSL_CTX_set_tlsext_ticket_key_evp_cb(ssl, svms_tls_ticket_key) != 1 ||
        SSL_CTX_set_session_ticket_cb(ssl, write_ticket, read_ticket, NULL) != 1) {
        return svms_fail_crypto(err, "cannot set up session tickets");
    }
    return SVMS_OK;
}

typedef struct known_session {
    SSL_SESSION *session; /* NULL: a free place */
    svms_chain *chain;    /* of the server */
    bool stapled;
    bool has_pin;
    uint8_t pinned[SVMS_DIGEST_SIZE];
    char host[SVMS_HOST_NAME_MAX + 2];
} known_session;

struct svms_tls_sessions {
    svms_ctx *ctx;
    svms_platform_latch latch; /* guards what follows */
    size_t next;               /* the place that is given up next */
    known_session known[SESSIONS_MAX];
};

svms_status svms_tls_sessions_new(svms_tls_sessions **out, svms_ctx *ctx, svms_error *err)
{
    svms_tls_sessions *sessions = svms_alloc(ctx, sizeof *sessions);
    if (!sessions) {
        return svms_fail_memory(err);
    }
    sessions->ctx = ctx;
    if (svms_platform_latch_init(&sessions->latch) != 0) {
        svms_release(ctx, sessions);
        return svms_fail(err, SVMS_E_NO_MEMORY, "cannot make a lock");
    }
    *out = sessions;
    return SVMS_OK;
}

static void forget(known_session *known)
{
    SSL_SESSION_free(known->session);
    svms_chain_free(&known->chain);
    memset(known, 0, sizeof *known);
}

void svms_tls_sessions_free(svms_tls_sessions *sessions)
{
    if (!sessions) {
        return;
    }
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        forget(&sessions->known[i]);
    }
    svms_platform_latch_destroy(&sessions->latch);
    svms_release(sessions->ctx, sessions);
}

static known_session *find(svms_tls_sessions *sessions, const svms_tls *tls)
{
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        known_session *known = &sessions->known[i];
        if (known->session && known->has_pin == (tls->pin != NULL) &&
            strcmp(known->host, tls->host) == 0 &&
            memcmp(known->pinned, tls->pinned, sizeof known->pinned) == 0) {
            return known;
        }
    }
    return NULL;
}

/* Of OpenSSL, when a server sends a ticket. 0: what is kept is a copy, since this connection goes
 * on with the session while another one may resume it in its own thread. */
static int remember(SSL *ssl, SSL_SESSION *session)
{
    const svms_tls *tls = SSL_get_app_data(ssl);
    svms_tls_sessions *sessions = tls->state->sessions;
    if (!tls->peer.chain || !tls->peer.is_trusted || SSL_SESSION_is_resumable(session) != 1) {
        return 0;
    }
    SSL_SESSION *copy = SSL_SESSION_dup(session);
    if (!copy) {
        return 0;
    }
    svms_platform_lock(&sessions->latch);
    known_session *place = find(sessions, tls);
    if (!place) {
        place = &sessions->known[sessions->next];
        sessions->next = (sessions->next + 1) % SESSIONS_MAX;
    }
    forget(place);
    place->session = copy;
    place->chain = svms_chain_retain(tls->peer.chain);
    place->has_pin = tls->pin != NULL;
    memcpy(place->pinned, tls->pinned, sizeof place->pinned);
    memcpy(place->host, tls->host, sizeof place->host);
    svms_platform_unlock(&sessions->latch);
    return 0;
}

void svms_tls_resume_client(SSL_CTX *ssl)
{
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ssl, remember);
}

void svms_tls_offer_session(svms_tls *tls)
{
    svms_tls_sessions *sessions = tls->state->sessions;
    known_session taken;
    memset(&taken, 0, sizeof taken);
    svms_platform_lock(&sessions->latch);
    known_session *known = find(sessions, tls);
    if (known) {
        /* Each is used once, so that nobody can tell two connections for one's. */
        taken = *known;
        memset(known, 0, sizeof *known);
    }
    svms_platform_unlock(&sessions->latch);
    if (!taken.session) {
        return;
    }
    svms_tls_finding finding = { .chain = NULL };
    svms_tls_finding_clear(&finding);
    finding.chain = svms_chain_retain(taken.chain);
    svms_tls_judge_again(tls, &finding);
    if (finding.status == SVMS_OK && SSL_set_session(tls->ssl, taken.session) == 1) {
        svms_tls_finding_clear(&tls->peer);
        tls->peer = finding;
    } else {
        svms_tls_finding_clear(&finding);
    }
    forget(&taken);
    ERR_clear_error();
}
