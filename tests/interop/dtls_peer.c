/* SPDX-License-Identifier: Apache-2.0 */
/* Our end of DTLS-SRTP for test_dtls.py and test_dtls_chromium.py, over one UDP socket on
 * 127.0.0.1. Arguments are name=value:
 *   side=server|client  cert=FILE  key=FILE  fingerprint=TEXT or trust=FILE and host=NAME
 *   port=N      of the peer (clients; servers take whoever comes first)
 *   cookie=1    servers: ask for a cookie first
 *   sha1=1      AES128_CM_SHA1_80 is allowed, and last
 *   send=FILE   packets (D or C, 16 bits of size, bytes) to protect and send, by their RTP time
 *   receive=N   pictures to receive and unprotect; their packets go to out=FILE as above
 * Lines on stdout: PORT, READY with suite and keys, DONE; what failed on stderr, with status 1. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <svms/dtls.h>

#define DATAGRAM_MAX 65536
#define CLOCK_RATE 90000
#define IDLE_MS 30000
#define TICK_MS 20

typedef struct peer {
    svms_ctx *ctx;
    svms_dtls_context *context;
    svms_dtls *dtls;
    svms_srtp *srtp;
    int socket;
    struct sockaddr_in to;
    FILE *in;
    FILE *out;
    long wanted;
    long got;
    uint32_t first_time;
    uint64_t first_ns;
    int has_first;
    uint32_t sending; /* SSRC that has its key */
    svms_srtp_key send_key;
} peer;

static int argument_count;
static char **arguments;

static const char *argument(const char *name)
{
    size_t size = strlen(name);
    for (int i = 1; i < argument_count; i++) {
        if (strncmp(arguments[i], name, size) == 0 && arguments[i][size] == '=') {
            return arguments[i] + size + 1;
        }
    }
    return NULL;
}

static void die(const char *what, const svms_error *err)
{
    fprintf(stderr, "%s: %s\n", what, err ? err->message : strerror(errno));
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static size_t read_file(char *out, size_t capacity, const char *path)
{
    FILE *file = path ? fopen(path, "rb") : NULL;
    if (!file) {
        die("file", NULL);
    }
    size_t size = fread(out, 1, capacity, file);
    fclose(file);
    return size;
}

static void make_context(peer *p)
{
    static const svms_srtp_suite suites[] = { SVMS_SRTP_AEAD_AES_256_GCM,
                                              SVMS_SRTP_AEAD_AES_128_GCM,
                                              SVMS_SRTP_AES_CM_128_HMAC_SHA1_80 };
    static char text[65536];
    svms_error err = SVMS_ERROR_INIT;
    svms_dtls_options options = SVMS_DTLS_OPTIONS_INIT;
    svms_chain *chain = NULL;
    svms_private_key *key = NULL;
    svms_trust *trust = NULL;
    size_t size = read_file(text, sizeof text, argument("cert"));
    svms_status status = svms_chain_from_pem(&chain, p->ctx, text, size, &err);
    if (status == SVMS_OK) {
        size = read_file(text, sizeof text, argument("key"));
        status = svms_private_key_from_pem(&key, p->ctx, text, size, &err);
    }
    if (status == SVMS_OK && argument("trust")) {
        size = read_file(text, sizeof text, argument("trust"));
        status = svms_trust_from_pem(&trust, p->ctx, text, size, &err);
    }
    options.side = strcmp(argument("side"), "server") == 0 ? SVMS_TLS_SERVER : SVMS_TLS_CLIENT;
    options.chain = chain;
    options.key = key;
    options.trust = trust;
    options.first_wait_ms = 100;
    if (argument("sha1")) {
        options.flags = SVMS_DTLS_ALLOW_SHA1;
        options.suites = suites;
        options.suite_count = 3;
    }
    if (status == SVMS_OK) {
        status = svms_dtls_context_new(&p->context, p->ctx, &options, &err);
    }
    if (status != SVMS_OK) {
        die("context", &err);
    }
    svms_chain_free(&chain);
    svms_private_key_free(&key);
    svms_trust_free(&trust);
}

static svms_dtls_target make_target(svms_dtls_fingerprint *print)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_dtls_target target = SVMS_DTLS_TARGET_INIT;
    if (argument("fingerprint")) {
        if (svms_dtls_fingerprint_read(print, argument("fingerprint"), &err) != SVMS_OK) {
            die("fingerprint", &err);
        }
        target.fingerprints = print;
        target.fingerprint_count = 1;
    }
    target.host = argument("host");
    return target;
}

static void open_socket(peer *p)
{
    struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof own;
    p->socket = socket(AF_INET, SOCK_DGRAM, 0);
    if (p->socket < 0 || bind(p->socket, (struct sockaddr *)&own, size) != 0 ||
        getsockname(p->socket, (struct sockaddr *)&own, &size) != 0) {
        die("socket", NULL);
    }
    if (argument("port")) {
        p->to = own;
        p->to.sin_port = htons((uint16_t)atoi(argument("port")));
    }
    printf("PORT %u\n", (unsigned)ntohs(own.sin_port));
    fflush(stdout);
}

static void transmit(const peer *p, const void *bytes, size_t size)
{
    /* What the network does not take is lost, as on any network. */
    (void)!sendto(p->socket, bytes, size, 0, (const struct sockaddr *)&p->to, sizeof p->to);
}

static void flush(peer *p)
{
    uint8_t bytes[SVMS_DTLS_MTU_MAX];
    size_t size = 0;
    while (p->dtls && svms_dtls_drain(p->dtls, bytes, sizeof bytes, &size, NULL) == SVMS_OK) {
        transmit(p, bytes, size);
    }
}

static void show_hex(const char *name, const uint8_t *bytes, size_t size)
{
    printf(" %s=", name);
    for (size_t i = 0; i < size; i++) {
        printf("%02x", bytes[i]);
    }
}

static void become_ready(peer *p)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_srtp_key receive = SVMS_SRTP_KEY_INIT;
    svms_srtp_options options = SVMS_SRTP_OPTIONS_INIT;
    p->send_key = (svms_srtp_key)SVMS_SRTP_KEY_INIT;
    if (svms_dtls_keys(p->dtls, &p->send_key, &receive, &err) != SVMS_OK) {
        die("keys", &err);
    }
    svms_srtp_suite suite = (svms_srtp_suite)receive.suite;
    printf("READY %s", svms_srtp_suite_name(suite));
    show_hex("send", p->send_key.key, svms_srtp_key_size(suite));
    show_hex("send_salt", p->send_key.salt, svms_srtp_salt_size(suite));
    show_hex("receive", receive.key, svms_srtp_key_size(suite));
    show_hex("receive_salt", receive.salt, svms_srtp_salt_size(suite));
    printf("\n");
    fflush(stdout);
    options.flags = argument("sha1") ? SVMS_SRTP_ALLOW_SHA1 : 0;
    if (p->in || p->out) {
        if (svms_srtp_new(&p->srtp, p->ctx, &options, &err) != SVMS_OK ||
            svms_srtp_receive(p->srtp, SVMS_SRTP_ANY_SOURCE, 0, 0, &receive, &err) != SVMS_OK) {
            die("srtp", &err);
        }
    }
    svms_srtp_key_wipe(&receive);
}

static void hear_handshake(peer *p, const struct sockaddr_in *from, const uint8_t *bytes,
                           size_t size)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_dtls_fingerprint print = SVMS_DTLS_FINGERPRINT_INIT;
    svms_status status = SVMS_OK;
    if (!p->dtls) {
        uint8_t answer[256];
        size_t answer_size = 0;
        svms_dtls_target target = make_target(&print);
        p->to = *from;
        status = svms_dtls_accept(&p->dtls, p->context, &target, from, sizeof *from, bytes, size,
                                  answer, sizeof answer, &answer_size, &err);
        if (status == SVMS_AGAIN) {
            printf("COOKIE\n");
            transmit(p, answer, answer_size);
        }
        if (status < SVMS_OK && status != SVMS_E_MALFORMED) {
            die("accept", &err);
        }
        flush(p);
        return;
    }
    svms_dtls_phase before = svms_dtls_phase_of(p->dtls);
    if (before == SVMS_DTLS_HANDSHAKE) {
        p->to = *from;
    }
    status = svms_dtls_feed(p->dtls, bytes, size, &err);
    flush(p);
    if (status != SVMS_OK) {
        die("dtls", &err);
    }
    if (before == SVMS_DTLS_HANDSHAKE && svms_dtls_phase_of(p->dtls) == SVMS_DTLS_READY) {
        become_ready(p);
    }
}

static void hear_media(peer *p, uint8_t *bytes, size_t size, int is_control)
{
    svms_error err = SVMS_ERROR_INIT;
    if (!p->srtp) {
        return;
    }
    svms_status status = is_control ? svms_srtp_unprotect_rtcp(p->srtp, bytes, &size, &err)
                                    : svms_srtp_unprotect(p->srtp, bytes, &size, &err);
    if (status != SVMS_OK) {
        die("unprotect", &err);
    }
    if (p->out && !is_control) {
        fputc('D', p->out);
        fputc((int)(size >> 8), p->out);
        fputc((int)(size & 0xFF), p->out);
        fwrite(bytes, 1, size, p->out);
        p->got += bytes[1] >> 7; /* the marker ends a picture */
    }
}

static void hear(peer *p)
{
    static uint8_t bytes[DATAGRAM_MAX];
    struct sockaddr_in from;
    socklen_t from_size = sizeof from;
    ssize_t got = recvfrom(p->socket, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &from_size);
    if (got <= 0) {
        return;
    }
    switch (svms_dtls_packet_kind_of(bytes, (size_t)got)) {
    case SVMS_DTLS_PACKET_DTLS:
        hear_handshake(p, &from, bytes, (size_t)got);
        break;
    case SVMS_DTLS_PACKET_RTP:
        hear_media(p, bytes, (size_t)got, 0);
        break;
    case SVMS_DTLS_PACKET_RTCP:
        hear_media(p, bytes, (size_t)got, 1);
        break;
    default:
        break;
    }
}

static uint32_t word_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void send_packet(peer *p, uint8_t *packet, size_t size, size_t capacity, int is_control)
{
    svms_error err = SVMS_ERROR_INIT;
    uint32_t ssrc = word_at(packet + (is_control ? 4 : 8));
    svms_status status = SVMS_OK;
    if (ssrc != p->sending) {
        status = svms_srtp_send(p->srtp, ssrc, &p->send_key, &err);
        p->sending = ssrc;
    }
    if (status == SVMS_OK) {
        status = is_control ? svms_srtp_protect_rtcp(p->srtp, packet, &size, capacity, &err)
                            : svms_srtp_protect(p->srtp, packet, &size, capacity, &err);
    }
    if (status != SVMS_OK) {
        die("protect", &err);
    }
    transmit(p, packet, size);
}

/* The next packet that is due. 0: later; below 0: there are no more. */
static int send_due(peer *p)
{
    static uint8_t packet[DATAGRAM_MAX];
    static size_t size;
    static int kind;
    if (size == 0) {
        kind = fgetc(p->in);
        int high = fgetc(p->in);
        int low = fgetc(p->in);
        if (kind == EOF || high == EOF || low == EOF) {
            return -1;
        }
        size = (size_t)high << 8 | (size_t)low;
        if (size < 12 || fread(packet, 1, size, p->in) != size) {
            die("a packet of the input", NULL);
        }
    }
    if (kind == 'D') {
        uint32_t time = word_at(packet + 4);
        if (!p->has_first) {
            p->has_first = 1;
            p->first_time = time;
            p->first_ns = now_ns();
        }
        uint64_t due = p->first_ns + (uint64_t)(time - p->first_time) * 1000000000u / CLOCK_RATE;
        if (due > now_ns()) {
            return 0;
        }
    }
    send_packet(p, packet, size, sizeof packet, kind == 'C');
    size = 0;
    return 1;
}

static void tick(peer *p)
{
    svms_error err = SVMS_ERROR_INIT;
    if (p->dtls && svms_dtls_tick(p->dtls, &err) != SVMS_OK) {
        die("dtls", &err);
    }
    flush(p);
}

static int is_done(const peer *p)
{
    svms_dtls_phase phase = p->dtls ? svms_dtls_phase_of(p->dtls) : SVMS_DTLS_HANDSHAKE;
    if (phase == SVMS_DTLS_CLOSED) {
        return 1;
    }
    return phase == SVMS_DTLS_READY && argument("receive") && p->got >= p->wanted;
}

static void run(peer *p)
{
    uint64_t idle_since = now_ns();
    int sends = p->in != NULL;
    while (!is_done(p) && now_ns() - idle_since < (uint64_t)IDLE_MS * 1000000u) {
        struct pollfd ready = { .fd = p->socket, .events = POLLIN };
        if (poll(&ready, 1, TICK_MS) > 0) {
            idle_since = now_ns();
            hear(p);
        }
        tick(p);
        int result = 1;
        while (sends && p->srtp && (result = send_due(p)) > 0) {
            idle_since = now_ns();
        }
        sends = sends && result >= 0;
    }
}

int main(int argc, char **argv)
{
    static peer p;
    svms_error err = SVMS_ERROR_INIT;
    svms_dtls_fingerprint print = SVMS_DTLS_FINGERPRINT_INIT;
    argument_count = argc;
    arguments = argv;
    if (!argument("side") || svms_ctx_new(&p.ctx, NULL, &err) != SVMS_OK) {
        die("context", &err);
    }
    p.in = argument("send") ? fopen(argument("send"), "rb") : NULL;
    p.out = argument("out") ? fopen(argument("out"), "wb") : NULL;
    p.wanted = argument("receive") ? atol(argument("receive")) : 0;
    make_context(&p);
    open_socket(&p);
    svms_dtls_target target = make_target(&print);
    if (!argument("cookie") && svms_dtls_open(&p.dtls, p.context, &target, &err) != SVMS_OK) {
        die("open", &err);
    }
    flush(&p);
    run(&p);
    if (svms_dtls_phase_of(p.dtls) == SVMS_DTLS_READY && svms_dtls_close(p.dtls, &err) != SVMS_OK) {
        die("close", &err);
    }
    flush(&p);
    printf("DONE %ld\n", p.got);
    if (p.out) {
        fclose(p.out);
    }
    svms_srtp_key_wipe(&p.send_key);
    svms_srtp_free(&p.srtp);
    svms_dtls_free(&p.dtls);
    svms_dtls_context_free(&p.context);
    svms_ctx_free(&p.ctx);
    close(p.socket);
    return 0;
}
