/* SPDX-License-Identifier: Apache-2.0 */
/* An RTSP server on 127.0.0.1 for test_rtsp_server.py, on the public API and plain sockets:
 * rtsp_server_peer SDP PACKETS FLAGS. PACKETS are frames of 'D' (RTP) or 'C' (RTCP), 16 bits of
 * size, bytes, sent as fast as the client takes them after PLAY. It says its port, then what
 * happens, line by line on stdout, and ends when stdin does. User "alice", password "secret". */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <svms/svms.h>

#define UDP_PACKETS_AT_ONCE 8

typedef struct bytes {
    uint8_t *data;
    size_t size;
} bytes;

typedef struct peer {
    bytes sdp;
    bytes packets;
    size_t at; /* of the next packet */
    bool plays;
    uint32_t session;
    svms_rtsp_transport transport;
    int udp_rtp;
    int udp_rtcp;
    svms_rtsp_connection *connection;
} peer;

static void die(const char *what, const svms_error *err)
{
    fprintf(stderr, "%s: %s\n", what, err ? err->message : strerror(errno));
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static bytes read_file(const char *path)
{
    static uint8_t buffer[16 << 20];
    FILE *file = fopen(path, "rb");
    bytes out = { NULL, 0 };
    if (!file) {
        die(path, NULL);
    }
    out.size = fread(buffer, 1, sizeof buffer, file);
    (void)fclose(file);
    out.data = malloc(out.size + 1);
    if (!out.data) {
        die("malloc", NULL);
    }
    memcpy(out.data, buffer, out.size);
    return out;
}

/* A socket on a port that the system chose. */
static int open_socket(int type, uint16_t *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    int opened = socket(AF_INET, type, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (opened < 0 || bind(opened, (struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(opened, (struct sockaddr *)&address, &size) != 0) {
        die("socket", NULL);
    }
    *port = ntohs(address.sin_port);
    return opened;
}

static svms_status find_secret(void *user, const char *name, svms_rtsp_digest algorithm,
                               svms_rtsp_secret *out)
{
    (void)user;
    printf("asked for %s by %d\n", name, (int)algorithm);
    if (strcmp(name, "alice") == 0) {
        out->kind = SVMS_RTSP_SECRET_PASSWORD;
        out->size = 6;
        memcpy(out->bytes, "secret", 6);
    }
    return SVMS_OK;
}

static void set_up(peer *p, const svms_rtsp_server_request *request, svms_rtsp_server_answer *out)
{
    uint16_t port = 0;
    out->status = strcmp(request->control, "video") == 0 ? 200 : 404;
    if (out->status != 200 || request->transports[0].carrier != SVMS_RTSP_UDP) {
        return;
    }
    if (p->udp_rtp >= 0) {
        (void)close(p->udp_rtp);
        (void)close(p->udp_rtcp);
    }
    p->udp_rtp = open_socket(SOCK_DGRAM, &port);
    out->server_rtp = port;
    p->udp_rtcp = open_socket(SOCK_DGRAM, &port);
    out->server_rtcp = port;
}

static svms_status take_request(void *user, const svms_rtsp_server_request *request,
                                svms_rtsp_server_answer *answer)
{
    peer *p = user;
    printf("%s %s by '%s'\n", svms_rtsp_method_name(request->method), request->path,
           request->identity);
    if (strcmp(request->path, "/live") != 0) {
        answer->status = 404;
        return SVMS_OK;
    }
    switch (request->method) {
    case SVMS_RTSP_DESCRIBE:
        answer->body = (const char *)p->sdp.data;
        answer->body_size = p->sdp.size;
        break;
    case SVMS_RTSP_SETUP:
        set_up(p, request, answer);
        break;
    case SVMS_RTSP_PLAY:
        p->plays = true;
        break;
    case SVMS_RTSP_PAUSE:
        p->plays = false;
        break;
    default:
        answer->status = 451;
        break;
    }
    return SVMS_OK;
}

static void take_event(void *user, const svms_rtsp_server_event *event)
{
    peer *p = user;
    switch (event->kind) {
    case SVMS_RTSP_SERVER_REFUSED:
        printf("refused %s: %s\n", event->identity, event->words);
        break;
    case SVMS_RTSP_SERVER_AUTHENTICATED:
        printf("authenticated %s\n", event->identity);
        break;
    case SVMS_RTSP_SERVER_SET_UP:
        p->session = event->session;
        p->transport = *event->transport;
        printf("set up %s\n", p->transport.carrier == SVMS_RTSP_UDP ? "udp" : "tcp");
        break;
    case SVMS_RTSP_SERVER_ENDED:
        p->plays = false;
        printf("ended by %u\n", event->reason);
        break;
    }
}

static void send_udp(const peer *p, bool is_rtcp, const uint8_t *data, size_t size)
{
    struct sockaddr_in to = { .sin_family = AF_INET };
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)(is_rtcp ? p->transport.client_rtcp : p->transport.client_rtp));
    (void)sendto(is_rtcp ? p->udp_rtcp : p->udp_rtp, data, size, 0, (struct sockaddr *)&to,
                 sizeof to);
}

/* True when nothing waits in the client's socket: only then BYE does not overtake packets. */
static bool client_has_read_all(const peer *p)
{
    char line[512];
    unsigned long port;
    unsigned long waiting;
    bool all = true;
    FILE *sockets = fopen("/proc/net/udp", "r");
    if (!sockets) {
        die("/proc/net/udp", NULL);
    }
    while (fgets(line, sizeof line, sockets)) {
        if (sscanf(line, " %*u: %*8[0-9A-F]:%lx %*s %*s %*8[0-9A-F]:%lx", &port, &waiting) == 2 &&
            port == p->transport.client_rtp) {
            all = waiting == 0;
        }
    }
    (void)fclose(sockets);
    return all;
}

/* As many packets as there is room for. */
static void send_packets(peer *p)
{
    svms_error err = SVMS_ERROR_INIT;
    for (int sent = 0; p->plays && p->at + 3 <= p->packets.size; sent++) {
        const uint8_t *head = p->packets.data + p->at;
        size_t size = (size_t)head[1] << 8 | head[2];
        bool is_rtcp = head[0] == 'C';
        if (p->transport.carrier == SVMS_RTSP_UDP) {
            if (sent == UDP_PACKETS_AT_ONCE || (is_rtcp && !client_has_read_all(p))) {
                return;
            }
            send_udp(p, is_rtcp, head + 3, size);
        } else {
            svms_status status = svms_rtsp_connection_send(p->connection, p->session, 0,
                                                           is_rtcp ? 1 : 0, head + 3, size, &err);
            if (status == SVMS_AGAIN) {
                return;
            }
            if (status != SVMS_OK) {
                die("send", &err);
            }
        }
        p->at += 3 + size;
    }
}

/* False when the client is gone, or has to go. */
static bool turn(peer *p, int client)
{
    uint8_t data[65536];
    const void *out;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = SVMS_OK;
    bool has_more = p->plays && p->at < p->packets.size;
    struct pollfd ready = { client, POLLIN, 0 };
    if (svms_rtsp_connection_output(p->connection, &out) > 0) {
        ready.events |= POLLOUT;
    }
    (void)poll(&ready, 1, has_more ? 2 : 100);
    if ((ready.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
        ssize_t got = recv(client, data, sizeof data, MSG_DONTWAIT);
        if (got <= 0) {
            return got < 0 && errno == EAGAIN;
        }
        status = svms_rtsp_connection_feed(p->connection, data, (size_t)got, now_ns(), &err);
    } else {
        status = svms_rtsp_connection_tick(p->connection, now_ns(), &err);
    }
    if (status == SVMS_OK) {
        send_packets(p);
    }
    size_t size = svms_rtsp_connection_output(p->connection, &out);
    ssize_t sent = size > 0 ? send(client, out, size, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
    if (sent > 0) {
        svms_rtsp_connection_sent(p->connection, (size_t)sent);
    }
    if (status != SVMS_OK) {
        printf("over: %s\n", status == SVMS_END ? "the client closes" : err.message);
    }
    return status == SVMS_OK;
}

static bool stdin_is_open(void)
{
    struct pollfd in = { 0, POLLIN, 0 };
    return poll(&in, 1, 0) == 0;
}

static void serve(peer *p, svms_rtsp_server *server, int client)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_rtsp_connection_options options = SVMS_RTSP_CONNECTION_OPTIONS_INIT;
    options.peer = "127.0.0.1";
    options.user = p;
    p->at = 0;
    p->plays = false;
    if (svms_rtsp_connection_new(&p->connection, server, &options, now_ns(), &err) != SVMS_OK) {
        die("connection", &err);
    }
    while (stdin_is_open() && turn(p, client)) {
    }
    svms_rtsp_connection_free(&p->connection);
    (void)close(client);
}

int main(int argc, char **argv)
{
    svms_ctx *ctx = NULL;
    svms_rtsp_server *server = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_rtsp_server_options options = SVMS_RTSP_SERVER_OPTIONS_INIT;
    uint16_t port = 0;
    if (argc != 4) {
        return 2;
    }
    peer p = { .sdp = read_file(argv[1]), .packets = read_file(argv[2]), .udp_rtp = -1 };
    setvbuf(stdout, NULL, _IOLBF, 0);
    options.flags = SVMS_RTSP_SERVER_ALLOW_CLEAR | (uint32_t)strtoul(argv[3], NULL, 0);
    options.handlers.secret = find_secret;
    options.handlers.request = take_request;
    options.handlers.event = take_event;
    if (svms_ctx_new(&ctx, NULL, &err) != SVMS_OK ||
        svms_rtsp_server_new(&server, ctx, &options, &err) != SVMS_OK) {
        die("server", &err);
    }
    int listening = open_socket(SOCK_STREAM, &port);
    if (listen(listening, 4) != 0) {
        die("listen", NULL);
    }
    printf("port %u\n", port);
    while (stdin_is_open()) {
        struct pollfd ready = { listening, POLLIN, 0 };
        if (poll(&ready, 1, 100) == 1) {
            int client = accept(listening, NULL, NULL);
            if (client >= 0) {
                serve(&p, server, client);
            }
        }
    }
    svms_rtsp_server_free(&server);
    svms_ctx_free(&ctx);
    (void)close(listening);
    if (p.udp_rtp >= 0) {
        (void)close(p.udp_rtp);
        (void)close(p.udp_rtcp);
    }
    free(p.sdp.data);
    free(p.packets.data);
    return 0;
}
