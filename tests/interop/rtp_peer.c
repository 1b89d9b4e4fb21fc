/* SPDX-License-Identifier: Apache-2.0 */
/* Our end of RTP for test_rtp.py, without sockets.
 * rtp_peer unpack TYPE RTPMAP FMTP: packets come by stdin (D or C, 16 bits of size, bytes); samples
 * go to stdout (32 bits of size, bytes), everything else to stderr. "-" is no text. rtp_peer pack
 * TYPE CODEC|RTPMAP RATE CHANNELS NUM DEN CONFIG: samples come by stdin (32 bits of size, 64 of
 * pts, one of sync, bytes), packets go to stdout as above, rtpmap and fmtp to stderr. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#define SAMPLE_MAX (16u << 20)

static void die(const char *what, const svms_error *err)
{
    fprintf(stderr, "%s: %s\n", what, err ? err->message : "");
    exit(1);
}

static const char *text_or_null(const char *argument)
{
    return strcmp(argument, "-") == 0 ? NULL : argument;
}

/* False at the end of the input. */
static int read_number(uint64_t *out, int bytes)
{
    *out = 0;
    for (int i = 0; i < bytes; i++) {
        int c = getchar();
        if (c == EOF) {
            return 0;
        }
        *out = *out << 8 | (uint64_t)c;
    }
    return 1;
}

static void write_number(uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) {
        putchar((int)(value >> (8 * i) & 0xFF));
    }
}

static void read_bytes(uint8_t *out, size_t size)
{
    if (fread(out, 1, size, stdin) != size) {
        die("the input ends early", NULL);
    }
}

static svms_status show_event(void *user, const svms_rtp_event *event)
{
    (void)user;
    if (event->kind == SVMS_RTP_GAP) {
        fprintf(stderr, "GAP %u %" PRIu64 " %" PRIu64 "\n", (unsigned)event->reasons, event->lost,
                event->dropped);
        return SVMS_OK;
    }
    if (event->kind != SVMS_RTP_SAMPLE) {
        fprintf(stderr, event->kind == SVMS_RTP_BYE ? "BYE\n" : "SOURCE\n");
        return SVMS_OK;
    }
    fprintf(stderr, "SAMPLE %" PRId64 " %" PRId64 " %u\n", event->rtp_time, event->utc_ns,
            (unsigned)event->flags);
    if (event->config) {
        fprintf(stderr, "CONFIG %zu\n", event->config_size);
    }
    write_number(event->size, 4);
    fwrite(event->data, 1, event->size, stdout);
    return SVMS_OK;
}

static svms_status keep_packet(void *user, uint8_t *packet, size_t size, size_t capacity)
{
    (void)user;
    (void)capacity;
    putchar('D');
    write_number(size, 2);
    fwrite(packet, 1, size, stdout);
    return SVMS_OK;
}

static int unpack(svms_ctx *ctx, char **argv)
{
    static uint8_t packet[65536];
    svms_error err = SVMS_ERROR_INIT;
    svms_rtp_format *format = NULL;
    svms_rtp_receiver *receiver = NULL;
    svms_rtp_receiver_options options = SVMS_RTP_RECEIVER_OPTIONS_INIT;
    options.event = show_event;
    if (svms_rtp_format_read(&format, ctx, (uint32_t)atoi(argv[2]), text_or_null(argv[3]),
                             text_or_null(argv[4]), &err) != SVMS_OK ||
        svms_rtp_receiver_new(&receiver, ctx, format, &options, &err) != SVMS_OK) {
        die("format", &err);
    }
    uint64_t now = 0;
    for (int kind = getchar(); kind != EOF; kind = getchar()) {
        uint64_t size = 0;
        (void)read_number(&size, 2);
        read_bytes(packet, (size_t)size);
        now += 1000000;
        svms_status status =
            kind == 'D' ? svms_rtp_receiver_push(receiver, packet, (size_t)size, now, &err)
                        : svms_rtp_receiver_rtcp(receiver, packet, (size_t)size, now, &err);
        if (status != SVMS_OK) {
            die("packet", &err);
        }
    }
    if (svms_rtp_receiver_flush(receiver, &err) != SVMS_OK) {
        die("flush", &err);
    }
    svms_rtp_format_info info = SVMS_RTP_FORMAT_INFO_INIT;
    if (svms_rtp_format_describe(format, &info, &err) != SVMS_OK) {
        die("describe", &err);
    }
    fprintf(stderr, "FORMAT ");
    for (uint32_t i = 0; i < info.config_size; i++) {
        fprintf(stderr, "%02x", info.config[i]);
    }
    fprintf(stderr, "\n");
    svms_rtp_receiver_free(&receiver);
    svms_rtp_format_free(&format);
    return 0;
}

static svms_rtp_format *format_of_track(svms_ctx *ctx, char **argv)
{
    static uint8_t config[65536];
    svms_error err = SVMS_ERROR_INIT;
    svms_track track = SVMS_TRACK_INIT;
    svms_rtp_format *format = NULL;
    if (strchr(argv[3], '/')) {
        if (svms_rtp_format_read(&format, ctx, (uint32_t)atoi(argv[2]), argv[3], NULL, &err) !=
            SVMS_OK) {
            die("format", &err);
        }
        return format;
    }
    track.codec = SVMS_FOURCC(argv[3][0], argv[3][1], argv[3][2], argv[3][3]);
    track.sample_rate = (uint32_t)atoi(argv[4]);
    track.channels = (uint32_t)atoi(argv[5]);
    const char *hex = text_or_null(argv[8]);
    for (; hex && hex[0] && hex[1]; hex += 2) {
        char pair[3] = { hex[0], hex[1], 0 };
        config[track.config_size++] = (uint8_t)strtoul(pair, NULL, 16);
    }
    track.config = track.config_size > 0 ? config : NULL;
    if (svms_rtp_format_make(&format, ctx, (uint32_t)atoi(argv[2]), &track, &err) != SVMS_OK) {
        die("format", &err);
    }
    return format;
}

static void show_texts(const svms_rtp_format *format)
{
    static char text[300000];
    size_t size = sizeof text;
    if (svms_rtp_format_rtpmap(format, text, &size, NULL) != SVMS_OK) {
        die("rtpmap", NULL);
    }
    fprintf(stderr, "%s\n", text);
    size = sizeof text;
    if (svms_rtp_format_fmtp(format, text, &size, NULL) != SVMS_OK) {
        die("fmtp", NULL);
    }
    fprintf(stderr, "%s\n", text);
}

static void say_goodbye(svms_rtp_sender *sender)
{
    uint8_t report[512];
    size_t size = sizeof report;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_rtp_sender_report(sender, "peer", SVMS_RTP_REPORT_BYE, 0, report, &size, &err) !=
        SVMS_OK) {
        die("report", &err);
    }
    putchar('C');
    write_number(size, 2);
    fwrite(report, 1, size, stdout);
}

static int pack(svms_ctx *ctx, char **argv)
{
    static uint8_t bytes[SAMPLE_MAX];
    svms_error err = SVMS_ERROR_INIT;
    svms_rtp_sender *sender = NULL;
    svms_rtp_sender_options options = SVMS_RTP_SENDER_OPTIONS_INIT;
    svms_rtp_format *format = format_of_track(ctx, argv);
    options.packet = keep_packet;
    options.timebase_num = (uint32_t)atoi(argv[6]);
    options.timebase_den = (uint32_t)atoi(argv[7]);
    if (svms_rtp_sender_new(&sender, ctx, format, &options, &err) != SVMS_OK) {
        die("sender", &err);
    }
    show_texts(format);
    uint64_t size = 0;
    while (read_number(&size, 4)) {
        uint64_t pts = 0;
        uint64_t sync = 0;
        svms_sample sample = SVMS_SAMPLE_INIT;
        if (!read_number(&pts, 8) || !read_number(&sync, 1) || size > sizeof bytes) {
            die("a sample ends early", NULL);
        }
        read_bytes(bytes, (size_t)size);
        sample.data = bytes;
        sample.size = (size_t)size;
        sample.pts = (int64_t)pts;
        sample.flags = sync ? SVMS_SAMPLE_SYNC : 0;
        sample.utc_ns = 0;
        if (svms_rtp_sender_send(sender, &sample, NULL, &err) != SVMS_OK) {
            die("send", &err);
        }
    }
    say_goodbye(sender);
    svms_rtp_sender_free(&sender);
    svms_rtp_format_free(&format);
    return 0;
}

int main(int argc, char **argv)
{
    svms_ctx *ctx = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_ctx_new(&ctx, NULL, &err) != SVMS_OK) {
        die("context", &err);
    }
    int result = 2;
    if (argc == 5 && strcmp(argv[1], "unpack") == 0) {
        result = unpack(ctx, argv);
    } else if (argc == 9 && strcmp(argv[1], "pack") == 0) {
        result = pack(ctx, argv);
    }
    svms_ctx_free(&ctx);
    return result;
}
