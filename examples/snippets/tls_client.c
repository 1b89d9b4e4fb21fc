/* SPDX-License-Identifier: Apache-2.0 */
/* Says a line to a server on this machine and prints the answer:
 * tls_client CHAIN.pem KEY.pem CA.pem HOST PORT LINE
 * HOST is what the server's certificate must be for. */
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

static int connect_to(const char *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
    int connected = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connected < 0 ||
        connect(connected, (const struct sockaddr *)&address, sizeof address) != 0) {
        perror("tls_client");
        exit(1);
    }
    return connected;
}

static svms_status talk(svms_tls *tls, const char *line, svms_error *err)
{
    char answer[4096];
    size_t size = 0;
    svms_status status = SVMS_OK;
    for (size_t done = 0; status == SVMS_OK && done < strlen(line); done += size) {
        status = svms_tls_write(tls, line + done, strlen(line) - done, &size, err);
    }
    if (status == SVMS_OK) {
        status = svms_tls_close(tls, err);
    }
    while (status == SVMS_OK) {
        status = svms_tls_read(tls, answer, sizeof answer, &size, err);
        fwrite(answer, 1, status == SVMS_OK ? size : 0, stdout);
    }
    /* Without its goodbye the answer might be cut. */
    return status == SVMS_END ? SVMS_OK : status;
}

static svms_status visit(svms_tls_context *context, char **arguments, svms_error *err)
{
    svms_tls *tls = NULL;
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    int socket = connect_to(arguments[1]);
    target.host = arguments[0];
    svms_status status = svms_tls_open_socket(&tls, context, &target, socket, err);
    if (status == SVMS_OK) {
        status = talk(tls, arguments[2], err);
    }
    svms_tls_free(&tls);
    close(socket);
    return status;
}

int main(int count, char **arguments)
{
    svms_ctx *ctx = NULL;
    svms_tls_context *context = NULL;
    identity who = { NULL, NULL, NULL };
    svms_tls_options options = SVMS_TLS_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (count != 7) {
        fprintf(stderr, "usage: tls_client CHAIN.pem KEY.pem CA.pem HOST PORT LINE\n");
        return 2;
    }
    svms_status status = svms_ctx_new(&ctx, NULL, &err);
    if (status == SVMS_OK) {
        status = load(&who, ctx, arguments + 1, &err);
    }
    if (status == SVMS_OK) {
        options.side = SVMS_TLS_CLIENT;
        options.credentials.chain = who.chain;
        options.credentials.key = who.key;
        options.credentials.trust = who.trust;
        status = svms_tls_context_new(&context, ctx, &options, &err);
    }
    if (status == SVMS_OK) {
        status = visit(context, arguments + 4, &err);
    }
    if (status != SVMS_OK) {
        fprintf(stderr, "tls_client: %s\n", err.message);
    }
    svms_tls_context_free(&context);
    svms_trust_free(&who.trust);
    svms_private_key_free(&who.key);
    svms_chain_free(&who.chain);
    svms_ctx_free(&ctx);
    return status == SVMS_OK ? 0 : 1;
}
