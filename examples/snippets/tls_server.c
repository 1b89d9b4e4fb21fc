/* SPDX-License-Identifier: Apache-2.0 */
/* Sends back what trusted clients say, one after the other:
 * tls_server CHAIN.pem KEY.pem CA.pem CLIENTS
 * Prints its port first; ends after that many clients. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <svms/svms.h>

typedef struct identity {
    svms_chain *chain;
    svms_private_key *key;
    svms_trust *trust;
} identity;

static size_t read_file(char *out, size_t room, const char *path)
{
    FILE *file = fopen(path, "r");
    size_t size = file ? fread(out, 1, room, file) : 0;
    if (file) {
        fclose(file);
    }
    return size;
}

static svms_status load(identity *who, svms_ctx *ctx, char **paths, svms_error *err)
{
    char pem[16384];
    size_t size = read_file(pem, sizeof pem, paths[0]);
    svms_status status = svms_chain_from_pem(&who->chain, ctx, pem, size, err);
    if (status == SVMS_OK) {
        size = read_file(pem, sizeof pem, paths[1]);
        status = svms_private_key_from_pem(&who->key, ctx, pem, size, err);
        memset(pem, 0, sizeof pem);
    }
    if (status == SVMS_OK) {
        size = read_file(pem, sizeof pem, paths[2]);
        status = svms_trust_from_pem(&who->trust, ctx, pem, size, err);
    }
    return status;
}

static int listen_somewhere(unsigned *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0 || bind(listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 16) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
        perror("tls_server");
        exit(1);
    }
    *port = ntohs(address.sin_port);
    return listener;
}

/* A real server does this in a thread of its own, or with svms_tls_open() in an event loop. */
static svms_status serve(svms_tls_context *context, int socket, svms_error *err)
{
    char bytes[4096];
    size_t size = 0;
    svms_tls *tls = NULL;
    svms_tls_peer peer = SVMS_TLS_PEER_INIT;
    svms_status status = svms_tls_open_socket(&tls, context, NULL, socket, err);
    if (status == SVMS_OK) {
        status = svms_tls_handshake(tls, err);
    }
    if (status == SVMS_OK) {
        status = svms_tls_peer_info(tls, &peer, err);
        printf("%s\n", peer.certificate.subject);
    }
    while (status == SVMS_OK) {
        status = svms_tls_read(tls, bytes, sizeof bytes, &size, err);
        for (size_t done = 0; status == SVMS_OK && done < size;) {
            size_t taken = 0;
            status = svms_tls_write(tls, bytes + done, size - done, &taken, err);
            done += taken;
        }
    }
    if (status == SVMS_END) {
        status = svms_tls_close(tls, err);
    }
    svms_tls_free(&tls);
    return status;
}

static void serve_all(svms_tls_context *context, int clients)
{
    unsigned port = 0;
    int listener = listen_somewhere(&port);
    printf("%u\n", port);
    fflush(stdout);
    for (int i = 0; i < clients; i++) {
        svms_error err = SVMS_ERROR_INIT;
        int socket = accept(listener, NULL, NULL);
        /* One bad client is no reason to stop. */
        if (serve(context, socket, &err) != SVMS_OK) {
            printf("refused: %s\n", err.message);
        }
        close(socket);
    }
    close(listener);
}

int main(int count, char **arguments)
{
    svms_ctx *ctx = NULL;
    svms_tls_context *context = NULL;
    identity who = { NULL, NULL, NULL };
    svms_tls_options options = SVMS_TLS_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (count != 5) {
        fprintf(stderr, "usage: tls_server CHAIN.pem KEY.pem CA.pem CLIENTS\n");
        return 2;
    }
    svms_status status = svms_ctx_new(&ctx, NULL, &err);
    if (status == SVMS_OK) {
        status = load(&who, ctx, arguments + 1, &err);
    }
    if (status == SVMS_OK) {
        options.side = SVMS_TLS_SERVER;
        options.credentials.chain = who.chain;
        options.credentials.key = who.key;
        options.credentials.trust = who.trust;
        status = svms_tls_context_new(&context, ctx, &options, &err);
    }
    if (status == SVMS_OK) {
        serve_all(context, atoi(arguments[4]));
    } else {
        fprintf(stderr, "tls_server: %s\n", err.message);
    }
    svms_tls_context_free(&context);
    svms_trust_free(&who.trust);
    svms_private_key_free(&who.key);
    svms_chain_free(&who.chain);
    svms_ctx_free(&ctx);
    return status == SVMS_OK ? 0 : 1;
}
