/* SPDX-License-Identifier: Apache-2.0 */
/* How fast RTP is packed and unpacked on one core: packets of 1,200 bytes, in order, with a loss
 * now and then, and in disorder. CPU time, median of rounds. Prints; never judges. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <svms/svms.h>

#define ROUNDS 9
#define SAMPLES 400
#define PASSES 8

typedef struct packets {
    uint8_t *data;
    size_t used;
    size_t capacity;
    size_t offsets[400000];
    size_t count;
} packets;

typedef enum order { IN_ORDER, ONE_LOST, SWAPPED } order;

static void die(const char *what, const svms_error *err)
{
    fprintf(stderr, "%s failed: %s\n", what, err ? err->message : "");
    exit(1);
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static svms_status keep(void *user, uint8_t *packet, size_t size, size_t capacity)
{
    packets *p = user;
    (void)capacity;
    if (p->used + size > p->capacity || p->count + 2 > sizeof p->offsets / sizeof p->offsets[0]) {
        return SVMS_E_LIMIT;
    }
    memcpy(p->data + p->used, packet, size);
    p->offsets[p->count++] = p->used;
    p->used += size;
    p->offsets[p->count] = p->used;
    return SVMS_OK;
}

static svms_status count_sample(void *user, const svms_rtp_event *event)
{
    size_t *bytes = user;
    *bytes += event->kind == SVMS_RTP_SAMPLE ? event->size : 0;
    return SVMS_OK;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Bytes of a picture: every tenth is a sync sample of five times the size. */
static size_t sample_size(size_t i)
{
    return i % 10 == 0 ? 100000 : 20000;
}

static double pack(svms_ctx *ctx, const svms_rtp_format *format, packets *out, uint8_t *sample)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_rtp_sender *sender = NULL;
    svms_rtp_sender_options options = SVMS_RTP_SENDER_OPTIONS_INIT;
    options.user = out;
    options.packet = keep;
    options.flags = SVMS_RTP_GIVEN_SEQUENCE | SVMS_RTP_GIVEN_SSRC;
    out->used = 0;
    out->count = 0;
    if (svms_rtp_sender_new(&sender, ctx, format, &options, &err) != SVMS_OK) {
        die("svms_rtp_sender_new", &err);
    }
    double start = cpu_seconds();
    for (size_t i = 0; i < (size_t)SAMPLES * PASSES; i++) {
        svms_sample one = SVMS_SAMPLE_INIT;
        size_t unit = sample_size(i) - 4;
        sample[0] = (uint8_t)(unit >> 24);
        sample[1] = (uint8_t)(unit >> 16);
        sample[2] = (uint8_t)(unit >> 8);
        sample[3] = (uint8_t)unit;
        one.data = sample;
        one.size = sample_size(i);
        one.pts = (int64_t)i * 3000;
        if (svms_rtp_sender_send(sender, &one, NULL, &err) != SVMS_OK) {
            die("svms_rtp_sender_send", &err);
        }
    }
    double seconds = cpu_seconds() - start;
    svms_rtp_sender_free(&sender);
    return seconds;
}

static void push(svms_rtp_receiver *receiver, const packets *in, size_t i)
{
    svms_error err = SVMS_ERROR_INIT;
    if (svms_rtp_receiver_push(receiver, in->data + in->offsets[i],
                               in->offsets[i + 1] - in->offsets[i], i * 1000, &err) != SVMS_OK) {
        die("svms_rtp_receiver_push", &err);
    }
}

static double unpack(svms_ctx *ctx, const svms_rtp_format *format, const packets *in, order how)
{
    svms_error err = SVMS_ERROR_INIT;
    size_t bytes = 0;
    svms_rtp_receiver *receiver = NULL;
    svms_rtp_receiver_options options = SVMS_RTP_RECEIVER_OPTIONS_INIT;
    options.user = &bytes;
    options.event = count_sample;
    options.reorder_packets = 64;
    if (svms_rtp_receiver_new(&receiver, ctx, format, &options, &err) != SVMS_OK) {
        die("svms_rtp_receiver_new", &err);
    }
    double start = cpu_seconds();
    for (size_t i = 0; i < in->count; i++) {
        if (how == SWAPPED && i % 10 == 5 && i + 1 < in->count) {
            push(receiver, in, i + 1);
            push(receiver, in, i);
            i++;
        } else if (how != ONE_LOST || i % 1000 != 500) {
            push(receiver, in, i);
        }
    }
    if (svms_rtp_receiver_flush(receiver, &err) != SVMS_OK || bytes == 0) {
        die("svms_rtp_receiver_flush", &err);
    }
    double seconds = cpu_seconds() - start;
    svms_rtp_receiver_free(&receiver);
    return seconds;
}

static void show(const char *what, double *seconds, const packets *p)
{
    qsort(seconds, ROUNDS, sizeof seconds[0], compare);
    double median = seconds[ROUNDS / 2];
    printf("%-34s %8.2f Gbit/s %8.2f million packets/s\n", what,
           (double)p->used * 8 / median * 1e-9, (double)p->count / median * 1e-6);
}

int main(void)
{
    static const struct {
        const char *name;
        const char *rtpmap;
        const char *fmtp;
        uint8_t header[2];
    } kinds[] = {
        { "H.264", "H264/90000", "packetization-mode=1", { 0x41, 0x9A } },
        { "H.265", "H265/90000", NULL, { 0x02, 0x01 } },
    };
    static const char *const orders[] = { "in order", "one of 1,000 lost", "a fifth swapped" };
    static uint8_t sample[100000];
    packets *p = calloc(1, sizeof *p);
    svms_ctx *ctx = NULL;
    if (p == NULL || svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        die("setting up", NULL);
    }
    p->capacity = (size_t)160 << 20;
    p->data = malloc(p->capacity);
    if (p->data == NULL) {
        die("setting up", NULL);
    }
    memset(sample, 0xA5, sizeof sample);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        svms_rtp_format *format = NULL;
        double seconds[ROUNDS];
        char line[64];
        memcpy(sample + 4, kinds[k].header, 2);
        if (svms_rtp_format_read(&format, ctx, 96, kinds[k].rtpmap, kinds[k].fmtp, NULL) !=
            SVMS_OK) {
            die("svms_rtp_format_read", NULL);
        }
        for (int round = 0; round < ROUNDS; round++) {
            seconds[round] = pack(ctx, format, p, sample);
        }
        snprintf(line, sizeof line, "%s packed", kinds[k].name);
        show(line, seconds, p);
        for (int how = IN_ORDER; how <= SWAPPED; how++) {
            for (int round = 0; round < ROUNDS; round++) {
                seconds[round] = unpack(ctx, format, p, (order)how);
            }
            snprintf(line, sizeof line, "%s unpacked, %s", kinds[k].name, orders[how]);
            show(line, seconds, p);
        }
        svms_rtp_format_free(&format);
    }
    free(p->data);
    free(p);
    svms_ctx_free(&ctx);
    return 0;
}
