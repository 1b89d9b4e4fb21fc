/* SPDX-License-Identifier: Apache-2.0 */
/* How fast TLS is through our interface, beside plain OpenSSL that does the same work: the same
 * suites and groups, the same certificates on both ends, the chain checked by X509_verify_cert and
 * the host name too, writes of 16 KiB. CPU time of both ends together, median of rounds in which
 * both take turns. Prints; never judges.
 *
 *   tls_bench [handshakes of a round [MiB of a round]] */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <svms/tls.h>

#define ROUNDS 9
#define CHUNK 16384u
#define HOST "server.example"

typedef struct card {
    EVP_PKEY *key;
    X509 *certificate;
} card;

typedef struct bench {
    svms_ctx *ctx;
    card root;
    card server;
    card client;
    svms_tls_context *our_server;
    svms_tls_context *our_client;
    SSL_CTX *raw_server;
    SSL_CTX *raw_client;
    size_t handshakes;
    size_t bytes;
    uint8_t chunk[CHUNK];
    uint8_t out[CHUNK];
} bench;

/* One connection, both ends, in one of both kinds. */
typedef struct connection {
    svms_tls *client;
    svms_tls *server;
    SSL *raw_client;
    SSL *raw_server;
    int sockets[2]; /* below 0: in memory */
} connection;

static void need(bool done, const char *what)
{
    if (!done) {
        fprintf(stderr, "%s failed\n", what);
        exit(1);
    }
}

static void check(svms_status status, const char *what, const svms_error *err)
{
    if (status != SVMS_OK) {
        fprintf(stderr, "%s failed: %s\n", what, err->message);
        exit(1);
    }
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void extend(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    need(extension && X509_add_ext(certificate, extension, -1) == 1, "an extension");
    X509_EXTENSION_free(extension);
}

static card make_card(const char *name, const card *issuer, const char *usage, const char *hosts)
{
    static long serial = 1;
    card made = { EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), X509_new() };
    X509 *by = issuer ? issuer->certificate : made.certificate;
    X509_set_version(made.certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(made.certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made.certificate), 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(made.certificate, X509_get_subject_name(by));
    X509_set_pubkey(made.certificate, made.key);
    extend(made.certificate, by, NID_basic_constraints,
           usage ? "critical,CA:FALSE" : "critical,CA:TRUE");
    extend(made.certificate, by, NID_key_usage,
           usage ? "critical,digitalSignature" : "critical,keyCertSign,cRLSign");
    extend(made.certificate, by, NID_subject_key_identifier, "hash");
    extend(made.certificate, by, NID_authority_key_identifier, "keyid:always");
    if (usage) {
        extend(made.certificate, by, NID_ext_key_usage, usage);
    }
    if (hosts) {
        extend(made.certificate, by, NID_subject_alt_name, hosts);
    }
    need(X509_sign(made.certificate, issuer ? issuer->key : made.key, EVP_sha256()) > 0,
         "a certificate");
    return made;
}

static svms_tls_context *make_ours(bench *b, svms_tls_side side, const card *own)
{
    svms_tls_options options = SVMS_TLS_OPTIONS_INIT;
    svms_tls_context *context = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_chain *chain = NULL;
    svms_private_key *key = NULL;
    svms_trust *trust = NULL;
    char *text = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, own->certificate);
    long size = BIO_get_mem_data(bio, &text);
    check(svms_chain_from_pem(&chain, b->ctx, text, (size_t)size, &err), "chain", &err);
    (void)BIO_reset(bio);
    PEM_write_bio_PKCS8PrivateKey(bio, own->key, NULL, NULL, 0, NULL, NULL);
    size = BIO_get_mem_data(bio, &text);
    check(svms_private_key_from_pem(&key, b->ctx, text, (size_t)size, &err), "key", &err);
    (void)BIO_reset(bio);
    PEM_write_bio_X509(bio, b->root.certificate);
    size = BIO_get_mem_data(bio, &text);
    check(svms_trust_from_pem(&trust, b->ctx, text, (size_t)size, &err), "trust", &err);
    options.side = side;
    options.credentials.chain = chain;
    options.credentials.key = key;
    options.credentials.trust = trust;
    check(svms_tls_context_new(&context, b->ctx, &options, &err), "context", &err);
    svms_chain_free(&chain);
    svms_private_key_free(&key);
    svms_trust_free(&trust);
    BIO_free(bio);
    return context;
}

static SSL_CTX *make_raw(const bench *b, bool is_server, const card *own)
{
    SSL_CTX *context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    need(context != NULL, "SSL_CTX_new");
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384");
    /* Arrays, since these macros of OpenSSL cast what they are given to what may change. */
    char groups[] = "X25519:P-256:P-384";
    SSL_CTX_set1_groups_list(context, groups);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    need(SSL_CTX_use_certificate(context, own->certificate) == 1 &&
             SSL_CTX_use_PrivateKey(context, own->key) == 1 &&
             X509_STORE_add_cert(SSL_CTX_get_cert_store(context), b->root.certificate) == 1,
         "credentials");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return context;
}

static void open_sockets(connection *l, bool over_sockets)
{
    int big = 1 << 20;
    l->sockets[0] = -1;
    l->sockets[1] = -1;
    if (!over_sockets) {
        return;
    }
    need(socketpair(AF_UNIX, SOCK_STREAM, 0, l->sockets) == 0, "socketpair");
    for (int i = 0; i < 2; i++) {
        fcntl(l->sockets[i], F_SETFL, O_NONBLOCK);
        setsockopt(l->sockets[i], SOL_SOCKET, SO_SNDBUF, &big, sizeof big);
    }
}

static void carry(bench *b, svms_tls *from, svms_tls *to)
{
    size_t size = 0;
    size_t taken = 0;
    svms_error err = SVMS_ERROR_INIT;
    for (;;) {
        check(svms_tls_drain(from, b->out, sizeof b->out, &size, &err), "drain", &err);
        if (size == 0) {
            return;
        }
        check(svms_tls_feed(to, b->out, size, &taken, &err), "feed", &err);
        need(taken == size, "feed");
    }
}

static void carry_raw(bench *b, SSL *from, SSL *to)
{
    for (;;) {
        int size = BIO_read(SSL_get_wbio(from), b->out, sizeof b->out);
        if (size <= 0) {
            return;
        }
        need(BIO_write(SSL_get_rbio(to), b->out, size) == size, "BIO_write");
    }
}

static void open_ours(bench *b, connection *l, bool over_sockets)
{
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_status one = SVMS_AGAIN;
    svms_status two = SVMS_AGAIN;
    memset(l, 0, sizeof *l);
    open_sockets(l, over_sockets);
    target.host = HOST;
    if (over_sockets) {
        check(svms_tls_open_socket(&l->client, b->our_client, &target, l->sockets[0], &err), "open",
              &err);
        check(svms_tls_open_socket(&l->server, b->our_server, NULL, l->sockets[1], &err), "open",
              &err);
    } else {
        check(svms_tls_open(&l->client, b->our_client, &target, &err), "open", &err);
        check(svms_tls_open(&l->server, b->our_server, NULL, &err), "open", &err);
    }
    while (one == SVMS_AGAIN || two == SVMS_AGAIN) {
        one = svms_tls_handshake(l->client, &err);
        if (!over_sockets) {
            carry(b, l->client, l->server);
        }
        two = svms_tls_handshake(l->server, &err);
        if (!over_sockets) {
            carry(b, l->server, l->client);
        }
    }
    check(one, "handshake", &err);
    check(two, "handshake", &err);
}

static void set_raw_bytes(SSL *ssl, int socket)
{
    if (socket >= 0) {
        SSL_set_fd(ssl, socket);
    } else {
        SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    }
}

static void open_raw(bench *b, connection *l, bool over_sockets)
{
    int one = 0;
    int two = 0;
    memset(l, 0, sizeof *l);
    open_sockets(l, over_sockets);
    l->raw_client = SSL_new(b->raw_client);
    l->raw_server = SSL_new(b->raw_server);
    set_raw_bytes(l->raw_client, l->sockets[0]);
    set_raw_bytes(l->raw_server, l->sockets[1]);
    char host[] = HOST;
    SSL_set_tlsext_host_name(l->raw_client, host);
    SSL_set1_host(l->raw_client, HOST);
    SSL_set_connect_state(l->raw_client);
    SSL_set_accept_state(l->raw_server);
    for (int i = 0; i < 10 && (one != 1 || two != 1); i++) {
        one = SSL_do_handshake(l->raw_client);
        if (!over_sockets) {
            carry_raw(b, l->raw_client, l->raw_server);
        }
        two = SSL_do_handshake(l->raw_server);
        if (!over_sockets) {
            carry_raw(b, l->raw_server, l->raw_client);
        }
    }
    need(one == 1 && two == 1, "the raw handshake");
}

static void close_link(connection *l)
{
    svms_tls_free(&l->client);
    svms_tls_free(&l->server);
    SSL_free(l->raw_client);
    SSL_free(l->raw_server);
    if (l->sockets[0] >= 0) {
        close(l->sockets[0]);
        close(l->sockets[1]);
    }
}

/* Seconds that a round takes. */
typedef double (*round_run)(bench *b, bool ours, bool over_sockets);

static double shake(bench *b, bool ours, bool over_sockets)
{
    double start = cpu_seconds();
    for (size_t i = 0; i < b->handshakes; i++) {
        connection l;
        if (ours) {
            open_ours(b, &l, over_sockets);
        } else {
            open_raw(b, &l, over_sockets);
        }
        close_link(&l);
    }
    return cpu_seconds() - start;
}

static void send_ours(bench *b, connection *l, bool over_sockets)
{
    svms_error err = SVMS_ERROR_INIT;
    size_t size = 0;
    size_t got = 0;
    check(svms_tls_write(l->client, b->chunk, CHUNK, &size, &err), "write", &err);
    need(size == CHUNK, "write");
    if (!over_sockets) {
        carry(b, l->client, l->server);
    }
    while (got < CHUNK) {
        check(svms_tls_read(l->server, b->out + got, CHUNK - got, &size, &err), "read", &err);
        got += size;
    }
}

static void send_raw(bench *b, connection *l, bool over_sockets)
{
    size_t size = 0;
    size_t got = 0;
    need(SSL_write_ex(l->raw_client, b->chunk, CHUNK, &size) == 1 && size == CHUNK, "SSL_write");
    if (!over_sockets) {
        carry_raw(b, l->raw_client, l->raw_server);
    }
    while (got < CHUNK) {
        need(SSL_read_ex(l->raw_server, b->out + got, CHUNK - got, &size) == 1, "SSL_read");
        got += size;
    }
}

static double send_bytes(bench *b, bool ours, bool over_sockets)
{
    connection l;
    if (ours) {
        open_ours(b, &l, over_sockets);
    } else {
        open_raw(b, &l, over_sockets);
    }
    double start = cpu_seconds();
    for (size_t sent = 0; sent < b->bytes; sent += CHUNK) {
        if (ours) {
            send_ours(b, &l, over_sockets);
        } else {
            send_raw(b, &l, over_sockets);
        }
    }
    double seconds = cpu_seconds() - start;
    close_link(&l);
    return seconds;
}

static int by_size(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;
    return difference < 0 ? -1 : difference > 0;
}

static double median(double values[ROUNDS])
{
    qsort(values, ROUNDS, sizeof values[0], by_size);
    return values[ROUNDS / 2];
}

static void compare(bench *b, const char *name, round_run run, bool over_sockets, double amount,
                    const char *unit)
{
    double ours[ROUNDS];
    double raw[ROUNDS];
    double ratio[ROUNDS];
    (void)run(b, true, over_sockets);
    (void)run(b, false, over_sockets);
    for (int i = 0; i < ROUNDS; i++) {
        bool first = i % 2 == 0;
        double one = run(b, first, over_sockets);
        double two = run(b, !first, over_sockets);
        ours[i] = amount / (first ? one : two);
        raw[i] = amount / (first ? two : one);
        ratio[i] = ours[i] / raw[i];
    }
    printf("%-24s ours %8.0f %s  raw %8.0f %s  ratio %.3f\n", name, median(ours), unit, median(raw),
           unit, median(ratio));
}

int main(int argc, char **argv)
{
    static bench b;
    svms_error err = SVMS_ERROR_INIT;
    b.handshakes = argc > 1 ? strtoul(argv[1], NULL, 10) : 300;
    b.bytes = (argc > 2 ? strtoul(argv[2], NULL, 10) : 256) << 20;
    check(svms_ctx_new(&b.ctx, NULL, &err), "context", &err);
    b.root = make_card("Root", NULL, NULL, NULL);
    b.server = make_card("server", &b.root, "serverAuth", "DNS:" HOST);
    b.client = make_card("client", &b.root, "clientAuth", NULL);
    b.our_server = make_ours(&b, SVMS_TLS_SERVER, &b.server);
    b.our_client = make_ours(&b, SVMS_TLS_CLIENT, &b.client);
    b.raw_server = make_raw(&b, true, &b.server);
    b.raw_client = make_raw(&b, false, &b.client);
    double shakes = (double)b.handshakes;
    double megabytes = (double)b.bytes * 1e-6;
    compare(&b, "handshakes, memory", shake, false, shakes, "/s  ");
    compare(&b, "handshakes, sockets", shake, true, shakes, "/s  ");
    compare(&b, "bytes, memory", send_bytes, false, megabytes, "MB/s");
    compare(&b, "bytes, sockets", send_bytes, true, megabytes, "MB/s");
    svms_tls_context_free(&b.our_server);
    svms_tls_context_free(&b.our_client);
    SSL_CTX_free(b.raw_server);
    SSL_CTX_free(b.raw_client);
    card *cards[] = { &b.root, &b.server, &b.client };
    for (size_t i = 0; i < 3; i++) {
        X509_free(cards[i]->certificate);
        EVP_PKEY_free(cards[i]->key);
    }
    svms_ctx_free(&b.ctx);
    return 0;
}
