/* SPDX-License-Identifier: Apache-2.0 */
/* The program that the tests of TLS hold against other people's: a server that echoes, or a client
 * that sends a file. Everything it notices is one line on standard output:
 * EVENT<TAB>NUMBER OF THE CONNECTION<TAB>STATUS<TAB>WORDS. */
#ifndef SVMS_TEST_TLS_PEER_H
#define SVMS_TEST_TLS_PEER_H

#include <stdbool.h>

#include <svms/tls.h>

#define PEER_CHUNK 16384
#define ALPN_MOST 16

/* What the command line says. Names of files are NULL where nothing was said. */
typedef struct peer_settings {
    svms_tls_options options;
    const char *chain_file;
    const char *key_file;
    const char *trust_file;
    const char *crl_file;
    const char *staple_file;
    const char *ocsp_file; /* handed in with the trust store, not stapled */
    const char *host;
    const char *send_file;
    const char *out_file;
    const char *alpn[ALPN_MOST];
    uint8_t pin[32];
    bool pinned;
    bool trust_pin; /* the pin stands in the trust store, not in the target */
    bool memory;    /* bytes are carried by the caller, not by the library */
    bool http;
    bool keep;     /* clients: stay after everything was echoed, until the server goes */
    bool blocking; /* clients: the socket blocks */
    bool again;    /* clients: go to the server twice */
    unsigned port;
} peer_settings;

/* A connection, whichever way its bytes go. */
typedef struct peer_wire {
    svms_tls *tls;
    int socket;
    bool memory;
    bool fed_end;
    uint8_t in[PEER_CHUNK];
    size_t in_size;
    uint8_t out[PEER_CHUNK];
    size_t out_size;
} peer_wire;

/* What the owner of a connection does when it can go on: SVMS_AGAIN, or how it ended. */
typedef svms_status (*peer_work)(void *owner, svms_error *err);

/* Reads files and makes what goes into a context; false says why on standard output. */
bool peer_open_context(svms_tls_context **out, svms_ctx *ctx, peer_settings *settings);
/* Again from the same files. */
bool peer_reload(svms_tls_context *context, svms_ctx *ctx, peer_settings *settings);

void peer_say(const char *event, unsigned long number, svms_status status, const char *words);
/* "accepted" or "connected", and all that is known about the other end. */
void peer_say_who(const char *event, unsigned long number, const svms_tls *tls);
/* Bytes of a file, to be given to free(); NULL when it cannot be read. */
uint8_t *peer_load(const char *path, size_t *size);

/* Carries bytes and lets the owner work until nothing goes on any more. */
svms_status peer_wire_go_on(peer_wire *wire, peer_work work, void *owner, svms_error *err);
/* Sends what the owner's goodbye left behind, as far as there is room. */
void peer_wire_flush(peer_wire *wire);
/* For poll(). */
short peer_wire_events(const peer_wire *wire);

int peer_serve(svms_ctx *ctx, peer_settings *settings);
int peer_connect(svms_ctx *ctx, peer_settings *settings);

#endif
