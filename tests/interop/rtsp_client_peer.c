/* SPDX-License-Identifier: Apache-2.0 */
/* An RTSP client for test_rtsp_client.py, on the public API and a plain socket on 127.0.0.1:
 * rtsp_client_peer PORT URL FLAGS USER STEP... (FLAGS in hexadecimal, USER "-" for none, password
 * "secret"). Steps: options, describe, setup:CONTROL, play, play:RANGE, pause, get, teardown; each
 * is sent when the one before was answered. frames:N waits for N frames, later:S lets S seconds
 * pass on the client's clock alone. It says on stdout what is told; its exit status is 0, or 1 with
 * the failure on stderr. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <svms/svms.h>

#define NS_PER_SECOND UINT64_C(1000000000)

typedef struct peer {
    svms_rtsp_client *client;
    int socket;
    uint64_t ahead_ns; /* of the true clock */
    uint64_t frames;
    uint32_t channel; /* of the next track */
} peer;

static void die(const char *what, const svms_error *err)
{
    fprintf(stderr, "%s: %s\n", what, err ? err->message : strerror(errno));
    exit(1);
}

static uint64_t now(const peer *p)
{
    struct timespec t;
    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0) {
        die("clock", NULL);
    }
    return (uint64_t)t.tv_sec * NS_PER_SECOND + (uint64_t)t.tv_nsec + p->ahead_ns;
}

static void show_response(const svms_rtsp_client_event *e)
{
    const char *name = svms_rtsp_method_name(e->method);
    printf("%s %u", name ? name : "-", (unsigned)e->status);
    if (e->content_base) {
        printf(" base=%s", e->content_base);
    }
    if (e->has_transport) {
        printf(" channels=%u-%u timeout=%u", (unsigned)e->transport.channel_rtp,
               (unsigned)e->transport.channel_rtcp, (unsigned)e->session_timeout_s);
    }
    if (e->play.range.kind != SVMS_RTSP_RANGE_NONE) {
        char range[SVMS_RTSP_RANGE_SIZE];
        size_t size = sizeof range;
        if (svms_rtsp_range_write(&e->play.range, range, &size, NULL) == SVMS_OK) {
            printf(" range=%s", range);
        }
    }
    for (size_t i = 0; i < e->rtp_info_count; i++) {
        printf(" track=%s", e->rtp_info[i].url);
    }
    printf(" methods=%x offers=%x body=%zu\n", (unsigned)e->methods, (unsigned)e->offers,
           e->body_size);
}

static svms_status take_event(void *user, const svms_rtsp_client_event *e)
{
    peer *p = user;
    if (e->kind == SVMS_RTSP_CLIENT_FRAME) {
        p->frames++;
    } else if (e->kind == SVMS_RTSP_CLIENT_RESPONSE) {
        show_response(e);
    }
    return SVMS_OK;
}

static svms_status give_password(void *user, const char *realm, uint8_t *out, size_t *size)
{
    (void)user;
    (void)realm;
    memcpy(out, "secret", 6);
    *size = 6;
    return SVMS_OK;
}

static void send_all(peer *p)
{
    uint8_t bytes[4096];
    svms_error err = SVMS_ERROR_INIT;
    size_t size = 0;
    while (svms_rtsp_client_pending(p->client) > 0) {
        if (svms_rtsp_client_drain(p->client, bytes, sizeof bytes, &size, &err) != SVMS_OK) {
            die("drain", &err);
        }
        for (size_t at = 0; at < size;) {
            ssize_t sent = write(p->socket, bytes + at, size - at);
            if (sent <= 0) {
                die("write", NULL);
            }
            at += (size_t)sent;
        }
    }
}

/* One round: time, what waits, what came. */
static void go_on(peer *p)
{
    uint8_t bytes[65536];
    svms_error err = SVMS_ERROR_INIT;
    if (svms_rtsp_client_tick(p->client, now(p), &err) != SVMS_OK) {
        die("tick", &err);
    }
    send_all(p);
    struct pollfd one = { p->socket, POLLIN, 0 };
    if (poll(&one, 1, 100) <= 0) {
        return;
    }
    ssize_t size = read(p->socket, bytes, sizeof bytes);
    if (size < 0) {
        die("read", NULL);
    }
    svms_status status = size == 0
                             ? svms_rtsp_client_feed_end(p->client, &err)
                             : svms_rtsp_client_feed(p->client, bytes, (size_t)size, now(p), &err);
    if (status != SVMS_OK) {
        die("feed", &err);
    }
}

static svms_status set_up(peer *p, const char *control, svms_error *err)
{
    svms_rtsp_transport t = SVMS_RTSP_TRANSPORT_INIT;
    t.carrier = SVMS_RTSP_INTERLEAVED;
    t.has_channels = 1;
    t.channel_rtp = p->channel;
    t.channel_rtcp = p->channel + 1;
    p->channel += 2;
    return svms_rtsp_client_setup(p->client, control, &t, NULL, 0, NULL, err);
}

static svms_status play(peer *p, const char *range, svms_error *err)
{
    svms_rtsp_play wanted = SVMS_RTSP_PLAY_INIT;
    svms_status status =
        *range != '\0' ? svms_rtsp_range_read(&wanted.range, range, strlen(range), err) : SVMS_OK;
    return status == SVMS_OK ? svms_rtsp_client_play(p->client, NULL, &wanted, NULL, err) : status;
}

static svms_status ask(peer *p, const char *step, const char *more, svms_error *err)
{
    if (strcmp(step, "options") == 0) {
        return svms_rtsp_client_ask_options(p->client, NULL, err);
    }
    if (strcmp(step, "describe") == 0) {
        return svms_rtsp_client_describe(p->client, NULL, err);
    }
    if (strcmp(step, "setup") == 0) {
        return set_up(p, more, err);
    }
    if (strcmp(step, "play") == 0) {
        return play(p, more, err);
    }
    if (strcmp(step, "pause") == 0) {
        return svms_rtsp_client_pause(p->client, NULL, NULL, err);
    }
    if (strcmp(step, "get") == 0) {
        return svms_rtsp_client_get_parameter(p->client, NULL, NULL, NULL, err);
    }
    return strcmp(step, "teardown") == 0 ? svms_rtsp_client_teardown(p->client, NULL, NULL, err)
                                         : SVMS_E_USAGE;
}

static void take_step(peer *p, char *step)
{
    svms_error err = SVMS_ERROR_INIT;
    char *more = strchr(step, ':');
    if (more) {
        *more++ = '\0';
    }
    if (strcmp(step, "frames") == 0) {
        uint64_t wanted = p->frames + strtoull(more ? more : "1", NULL, 10);
        while (p->frames < wanted) {
            go_on(p);
        }
        printf("frames\n");
        return;
    }
    if (strcmp(step, "later") == 0) {
        p->ahead_ns += strtoull(more ? more : "1", NULL, 10) * NS_PER_SECOND;
        go_on(p);
        return;
    }
    if (ask(p, step, more ? more : "", &err) != SVMS_OK) {
        die(step, &err);
    }
    while (!svms_rtsp_client_idle(p->client)) {
        go_on(p);
    }
}

static int connect_to(const char *port)
{
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        die("connect", NULL);
    }
    return fd;
}

int main(int argc, char **argv)
{
    svms_ctx *ctx = NULL;
    svms_error err = SVMS_ERROR_INIT;
    peer p = { NULL, -1, 0, 0, 0 };
    svms_rtsp_client_options options = SVMS_RTSP_CLIENT_OPTIONS_INIT;
    if (argc < 5) {
        fprintf(stderr, "rtsp_client_peer PORT URL FLAGS USER STEP...\n");
        return 2;
    }
    options.url = argv[2];
    options.flags = (uint32_t)strtoul(argv[3], NULL, 16);
    options.user = &p;
    options.event = take_event;
    /* The machine may be busy: nothing here is about time. */
    options.request_timeout_ns = 100 * NS_PER_SECOND;
    if (strcmp(argv[4], "-") != 0) {
        options.user_name = argv[4];
        options.password = give_password;
    }
    p.socket = connect_to(argv[1]);
    if (svms_ctx_new(&ctx, NULL, &err) != SVMS_OK ||
        svms_rtsp_client_new(&p.client, ctx, &options, now(&p), &err) != SVMS_OK) {
        die("client", &err);
    }
    for (int i = 5; i < argc; i++) {
        take_step(&p, argv[i]);
        (void)fflush(stdout);
    }
    svms_rtsp_client_free(&p.client);
    svms_ctx_free(&ctx);
    (void)close(p.socket);
    return 0;
}
