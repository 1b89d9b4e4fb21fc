/* SPDX-License-Identifier: Apache-2.0 */
/* Many cameras in one process, that cost next to nothing: a second of 1080p30 is encoded once, and
 * sent by each of them over and over, as SRTP within TLS, to clients that show a certificate.
 * Pictures are exactly a thirtieth of a second apart, so that a lost one is a gap.
 * camera_farm IDENTITY ADDRESS:PORT CAMERAS: /camera/1 and so on, until SIGTERM. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "camera_identity.h"
#include "encoder.h"
#include "lens_scene.h"
#include "serve_listen.h"
#include "stream_clock.h"
#include "stream_serve.h"

#define PICTURES 30
#define RATE 30
#define CAMERAS_MAX 256
#define TICKS (ENCODER_VIDEO_TICKS / RATE)

static volatile sig_atomic_t is_over;

typedef struct film {
    video_encoder *encoder; /* has the track */
    svms_sample samples[PICTURES];
} film;

typedef struct farm {
    film film;
    camera_identity *identity;
    const camera_papers *papers;
    svms_tls_context *tls;
    stream_serve *serve;
    stream_presentation *cameras[CAMERAS_MAX];
    unsigned count;
} farm;

static void stop(int signal)
{
    (void)signal;
    is_over = 1;
}

static int64_t frozen(void *user)
{
    (void)user;
    return INT64_C(1700000000) * 1000000000;
}

static uint64_t still(void *user)
{
    (void)user;
    return 1;
}

static bool keep(svms_sample *out, const svms_sample *made)
{
    uint8_t *copy = malloc(made->size);
    if (copy) {
        memcpy(copy, made->data, made->size);
        *out = *made;
        out->data = copy;
    }
    return copy != NULL;
}

static bool encode(film *self, lens *scene, svms_error *err)
{
    lens_shot shot;
    svms_sample made = SVMS_SAMPLE_INIT;
    for (int i = 0; i < PICTURES; i++) {
        if (lens_next(scene, &shot, err) != SVMS_OK ||
            video_encoder_encode(self->encoder, &shot.picture, (int64_t)i * TICKS, i == 0, &made,
                                 err) != SVMS_OK ||
            !keep(&self->samples[i], &made)) {
            return false;
        }
    }
    return true;
}

static bool make_film(film *self, svms_error *err)
{
    lens *scene = NULL;
    const lens_scene_options pictures = { .width = 1920,
                                          .height = 1080,
                                          .rate_num = RATE,
                                          .rate_den = 1,
                                          .is_hurried = true,
                                          .clock = { NULL, frozen, still } };
    bool is_made = lens_open_scene(&scene, &pictures, err) == SVMS_OK;
    const video_encoder_options encoding = { .layout = is_made ? lens_describe(scene)->layout : 0,
                                             .width = 1920,
                                             .height = 1080,
                                             .rate_num = RATE,
                                             .rate_den = 1,
                                             .gop = PICTURES,
                                             .bit_rate = 4000000,
                                             .framing = SVMS_NAL_LENGTH4,
                                             .preset = "ultrafast" };
    is_made = is_made && video_encoder_open(&self->encoder, &encoding, err) == SVMS_OK &&
              encode(self, scene, err);
    lens_close(&scene);
    return is_made;
}

static bool open_server(farm *self, svms_ctx *ctx, const char *place, svms_error *err)
{
    char address[SERVE_LISTEN_TEXT];
    svms_tls_options tls = SVMS_TLS_OPTIONS_INIT;
    stream_serve_options options;
    memset(&options, 0, sizeof options);
    self->papers = camera_identity_take(self->identity);
    tls.side = SVMS_TLS_SERVER;
    tls.credentials.chain = self->papers->chain;
    tls.credentials.key = self->papers->key;
    tls.credentials.trust = self->papers->trust;
    if (svms_tls_context_new(&self->tls, ctx, &tls, err) != SVMS_OK) {
        return false;
    }
    options.ctx = ctx;
    options.listener = serve_listen(place, NULL, address);
    options.tls = self->tls;
    options.media = STREAM_SERVE_SRTP;
    options.server_flags = SVMS_RTSP_SERVER_OPEN;
    options.max_clients = CAMERAS_MAX;
    options.max_per_address = CAMERAS_MAX;
    if (options.listener < 0 || stream_serve_open(&self->serve, &options, err) != SVMS_OK) {
        return false;
    }
    printf("serves %s\n", address);
    return true;
}

static bool add_cameras(farm *self, svms_error *err)
{
    for (unsigned i = 0; i < self->count; i++) {
        char path[32];
        (void)snprintf(path, sizeof path, "/camera/%u", i + 1);
        const stream_live_options options = { path, NULL, video_encoder_track(self->film.encoder),
                                              1 };
        if (stream_serve_add_live(&self->cameras[i], self->serve, &options, err) != SVMS_OK) {
            return false;
        }
    }
    return fflush(stdout) == 0;
}

static int64_t utc_now(void)
{
    struct timespec now = { 0, 0 };
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * (int64_t)STREAM_SECOND + now.tv_nsec;
}

static bool send_all(farm *self, uint64_t number, int64_t began, svms_error *err)
{
    svms_sample sample = self->film.samples[number % PICTURES];
    sample.pts = sample.dts = (int64_t)number * TICKS;
    sample.duration = TICKS;
    sample.utc_ns = began + (int64_t)(number * STREAM_SECOND / RATE);
    for (unsigned i = 0; i < self->count; i++) {
        if (stream_presentation_sample(self->cameras[i], &sample, err) != SVMS_OK) {
            return false;
        }
    }
    return true;
}

static bool serve(farm *self, svms_error *err)
{
    int64_t began = utc_now();
    uint64_t clock = stream_clock();
    bool is_good = true;
    for (uint64_t number = 0; is_good && !is_over; number++) {
        is_good =
            stream_serve_run(self->serve, clock + number * STREAM_SECOND / RATE, err) == SVMS_OK &&
            send_all(self, number, began, err);
    }
    return is_good;
}

static void clear(farm *self)
{
    stream_serve_close(&self->serve);
    svms_tls_context_free(&self->tls);
    if (self->papers) {
        camera_identity_give(self->identity, &self->papers);
    }
    camera_identity_close(&self->identity);
    for (int i = 0; i < PICTURES; i++) {
        free((void *)(uintptr_t)self->film.samples[i].data);
    }
    video_encoder_close(&self->film.encoder);
}

int main(int count, char **arguments)
{
    static farm self;
    svms_ctx *ctx = NULL;
    svms_error err = SVMS_ERROR_INIT;
    const struct sigaction action = { .sa_handler = stop };
    self.count = count == 4 ? (unsigned)strtoul(arguments[3], NULL, 10) : 0;
    if (self.count == 0 || self.count > CAMERAS_MAX) {
        fprintf(stderr, "usage: camera_farm IDENTITY ADDRESS:PORT CAMERAS\n");
        return 2;
    }
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    bool is_good = svms_ctx_new(&ctx, NULL, &err) == SVMS_OK && make_film(&self.film, &err) &&
                   camera_identity_open(&self.identity, ctx, arguments[1], NULL, &err) == SVMS_OK &&
                   open_server(&self, ctx, arguments[2], &err) && add_cameras(&self, &err) &&
                   serve(&self, &err);
    clear(&self);
    svms_ctx_free(&ctx);
    if (!is_good) {
        fprintf(stderr, "camera_farm: %s\n", err.message[0] ? err.message : "it cannot begin");
    }
    return is_good ? 0 : 1;
}
