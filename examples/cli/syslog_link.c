/* SPDX-License-Identifier: Apache-2.0 */
#include "syslog_link.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "interrupt.h"
#include "keys.h"
#include "message.h"

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_SECOND UINT64_C(1000000000)
#define CONNECT_NS (10 * NS_PER_SECOND)
#define GOODBYE_NS (2 * NS_PER_SECOND)
/* A batch of ordinary records, or a few of the largest. */
#define BUFFER_SIZE ((size_t)4 * SVMS_AUDIT_LINE_SIZE)
#define KEEPALIVE_PROBES 3
/* Of a receiver that talks without end, before our own turn comes again. */
#define CHUNKS_AT_ONCE 16u

struct syslog_link {
    int socket;
    svms_tls *tls;
    uint64_t patience_ns;
    uint64_t progress_ns; /* since then nothing was taken, or nothing is waiting */
    bool in_system;       /* TLS has taken all that it was given, and has handed it on */
    unsigned wants;       /* of svms_tls_want */
    size_t from;
    size_t to;
    char buffer[BUFFER_SIZE];
};

static void note(char words[SYSLOG_WORDS_SIZE], const char *text)
{
    (void)snprintf(words, SYSLOG_WORDS_SIZE, "%s", text);
}

/* Who one is and whom one trusts, from files. */
typedef struct credentials {
    svms_trust *trust;
    svms_chain *chain;
    svms_private_key *key;
} credentials;

static exit_status load_credentials(credentials *out, svms_ctx *ctx,
                                    const syslog_link_options *options)
{
    exit_status status = load_trust_and_crls(&out->trust, ctx, options->ca_path, options->crl_path);
    if (status == EXIT_GOOD && options->cert_path) {
        status = load_chain(&out->chain, ctx, options->cert_path);
    }
    if (status == EXIT_GOOD && options->cert_path) {
        status = load_private_key(&out->key, ctx, options->key_path);
    }
    return status;
}

static void release_credentials(credentials *of)
{
    svms_private_key_free(&of->key);
    svms_chain_free(&of->chain);
    svms_trust_free(&of->trust);
}

static svms_status begin_tls(syslog_link *link, svms_ctx *ctx, const credentials *with,
                             const syslog_link_options *options, svms_error *err)
{
    svms_tls_options tls = SVMS_TLS_OPTIONS_INIT;
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    svms_tls_context *context = NULL;
    tls.side = SVMS_TLS_CLIENT;
    /* Receivers are often older than what we are otherwise content with. */
    tls.min_version = SVMS_TLS_1_2;
    tls.require_revocation = options->crl_path ? 1 : 0;
    tls.credentials.chain = with->chain;
    tls.credentials.key = with->key;
    tls.credentials.trust = with->trust;
    target.host = options->host;
    svms_status status = svms_tls_context_new(&context, ctx, &tls, err);
    if (status == SVMS_OK) {
        status = svms_tls_open_socket(&link->tls, context, &target, link->socket, err);
    }
    svms_tls_context_free(&context);
    return status;
}

static void set_option(int socket, int level, int name, uint64_t value)
{
    int number = value > 0 ? (int)value : 1;
    (void)setsockopt(socket, level, name, &number, sizeof number);
}

/* A-FWD-2: a receiver that vanished without a word is found out, also while nothing is sent. */
static void watch_over(int socket, uint64_t patience_ns)
{
    set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, patience_ns / 3 / NS_PER_SECOND);
    set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, patience_ns / 6 / NS_PER_SECOND);
    set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
#ifdef TCP_USER_TIMEOUT
    set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, patience_ns / NS_PER_MS);
#endif
}

static svms_status shake_hands(syslog_link *link, uint64_t deadline, svms_error *err)
{
    svms_status status = svms_tls_handshake(link->tls, err);
    while (status == SVMS_AGAIN && !interrupt_came()) {
        bool to_write = svms_tls_wants(link->tls) == SVMS_TLS_WANTS_WRITE;
        if (!socket_wait(link->socket, to_write, deadline)) {
            break;
        }
        status = svms_tls_handshake(link->tls, err);
    }
    return status;
}

/* exit_status_of() knows no network that is slow. */
static exit_status connect_link(syslog_link *link, svms_ctx *ctx, const credentials *with,
                                const syslog_link_options *options, char words[SYSLOG_WORDS_SIZE])
{
    svms_error err = SVMS_ERROR_INIT;
    check_address reached;
    char why[256];
    uint64_t deadline = check_clock() + CONNECT_NS;
    link->socket = endpoint_connect(&options->endpoint, deadline, &reached, why);
    if (link->socket < 0) {
        note(words, why);
        return EXIT_ENVIRONMENT;
    }
    watch_over(link->socket, options->patience_ns);
    svms_status status = begin_tls(link, ctx, with, options, &err);
    if (status == SVMS_OK) {
        status = shake_hands(link, deadline, &err);
    }
    if (status == SVMS_AGAIN) {
        note(words, "it does not answer in time");
        return EXIT_ENVIRONMENT;
    }
    if (status == SVMS_OK) {
        return EXIT_GOOD;
    }
    note(words, err.message);
    return status == SVMS_E_TRUNCATED ? EXIT_ENVIRONMENT : exit_status_of(status);
}

exit_status syslog_link_open(syslog_link **out, svms_ctx *ctx, const syslog_link_options *options,
                             char words[SYSLOG_WORDS_SIZE])
{
    credentials with = { NULL, NULL, NULL };
    syslog_link *link = calloc(1, sizeof *link);
    words[0] = '\0';
    if (!link) {
        note(words, "out of memory");
        return EXIT_ENVIRONMENT;
    }
    link->socket = -1;
    link->in_system = true;
    link->patience_ns = options->patience_ns;
    exit_status status = load_credentials(&with, ctx, options);
    if (status == EXIT_GOOD) {
        status = connect_link(link, ctx, &with, options, words);
    }
    release_credentials(&with);
    if (status == EXIT_GOOD) {
        link->progress_ns = check_clock();
        *out = link;
        return EXIT_GOOD;
    }
    svms_tls_free(&link->tls);
    if (link->socket >= 0) {
        close(link->socket);
    }
    free(link);
    return status;
}

size_t syslog_link_room(const syslog_link *link)
{
    return BUFFER_SIZE - (link->to - link->from);
}

void syslog_link_put(syslog_link *link, const void *data, size_t size)
{
    if (link->to + size > BUFFER_SIZE) {
        memmove(link->buffer, link->buffer + link->from, link->to - link->from);
        link->to -= link->from;
        link->from = 0;
    }
    if (syslog_link_is_empty(link)) {
        link->progress_ns = check_clock();
    }
    memcpy(link->buffer + link->to, data, size);
    link->to += size;
}

bool syslog_link_is_empty(const syslog_link *link)
{
    return link->from == link->to && link->in_system;
}

/* A syslog receiver says nothing; what it says all the same is passed over. */
static svms_status read_away(syslog_link *link, svms_error *err)
{
    char chunk[1024];
    svms_status status = SVMS_OK;
    for (unsigned i = 0; i < CHUNKS_AT_ONCE && status == SVMS_OK; i++) {
        size_t size = 0;
        status = svms_tls_read(link->tls, chunk, sizeof chunk, &size, err);
    }
    link->wants = (unsigned)svms_tls_wants(link->tls);
    return status == SVMS_AGAIN ? SVMS_OK : status;
}

static svms_status write_on(syslog_link *link, svms_error *err)
{
    svms_status status = SVMS_OK;
    while (!syslog_link_is_empty(link) && status == SVMS_OK) {
        size_t taken = 0;
        status = svms_tls_write(link->tls, link->buffer + link->from, link->to - link->from, &taken,
                                err);
        unsigned wants = (unsigned)svms_tls_wants(link->tls);
        link->wants |= wants;
        if (status != SVMS_OK) {
            break;
        }
        bool was_in_system = link->in_system;
        link->from += taken;
        link->in_system = (wants & SVMS_TLS_WANTS_WRITE) == 0;
        if (taken > 0 || (link->in_system && !was_in_system)) {
            link->progress_ns = check_clock();
        }
        if (!link->in_system) {
            break;
        }
    }
    return status == SVMS_AGAIN ? SVMS_OK : status;
}

bool syslog_link_move(syslog_link *link, char words[SYSLOG_WORDS_SIZE])
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = read_away(link, &err);
    if (status == SVMS_OK) {
        status = write_on(link, &err);
    }
    if (status == SVMS_END) {
        note(words, "it said goodbye");
        return false;
    }
    if (status != SVMS_OK) {
        note(words, err.message);
        return false;
    }
    if (!syslog_link_is_empty(link) && check_clock() - link->progress_ns > link->patience_ns) {
        note(words, "it takes nothing any more");
        return false;
    }
    return true;
}

void syslog_link_wait(const syslog_link *link, uint64_t most_ns)
{
    struct pollfd of = { link->socket, POLLIN, 0 };
    if ((link->wants & SVMS_TLS_WANTS_WRITE) != 0) {
        of.events |= POLLOUT;
    }
    (void)poll(&of, 1, (int)(most_ns / NS_PER_MS));
}

/* A half message at the receiver would do no harm, since it is sent again; a whole one is better.
 */
static void say_goodbye(syslog_link *link)
{
    svms_error err = SVMS_ERROR_INIT;
    char words[SYSLOG_WORDS_SIZE];
    uint64_t deadline = check_clock() + GOODBYE_NS;
    while (!syslog_link_is_empty(link)) {
        if (!syslog_link_move(link, words) || check_clock() >= deadline) {
            return;
        }
        syslog_link_wait(link, 100 * NS_PER_MS);
    }
    svms_status status = svms_tls_close(link->tls, &err);
    while (status == SVMS_AGAIN && socket_wait(link->socket, true, deadline)) {
        status = svms_tls_close(link->tls, &err);
    }
    /* What the receiver has not read yet would be lost if its side found the socket reset. */
    (void)shutdown(link->socket, SHUT_WR);
    char chunk[1024];
    while (socket_receive(link->socket, chunk, sizeof chunk, deadline) > 0) {
    }
}

void syslog_link_close(syslog_link **link)
{
    if (!link || !*link) {
        return;
    }
    say_goodbye(*link);
    svms_tls_free(&(*link)->tls);
    close((*link)->socket);
    free(*link);
    *link = NULL;
}
