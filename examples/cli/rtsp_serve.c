/* SPDX-License-Identifier: Apache-2.0 */
/* svms rtsp serve: a video file as a live, secured camera. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <serve_listen.h>
#include <stream_clock.h>
#include <stream_serve.h>
#include <svms/svms.h>

#include "interrupt.h"
#include "keys.h"
#include "media_input.h"
#include "media_time.h"
#include "message.h"
#include "options.h"
#include "password.h"
#include "rtsp_command.h"

/* How long the end of the last pictures may take, and how often a signal is looked for. */
#define FAREWELL_NS (STREAM_SECOND / 2)
#define LOOK_NS (STREAM_SECOND / 4)

typedef struct serve_request {
    const char *input;
    const char *listen;
    const char *certificate;
    const char *certificate_key;
    const char *path;
    const char *user;
    const char *user_password_file;
    bool open;
    bool allow_md5;
    bool loop;
    bool wait;
    int media;
    int mikey;
    int suite;
} serve_request;

typedef struct serving {
    const serve_request *request;
    svms_ctx *ctx;
    svms_tls_context *tls;
    password secret;
    media_input *input;
    stream_serve *serve;
    int64_t began_utc;
    uint64_t began;      /* when the time of the input was 0 */
    int64_t shift_ns;    /* of the present round */
    int64_t furthest_ns; /* end of what came, without the shift */
} serving;

static svms_status give_secret(void *user, const char *name, svms_rtsp_digest algorithm,
                               svms_rtsp_secret *out)
{
    const serving *self = user;
    (void)algorithm;
    if (!self->request->user || strcmp(name, self->request->user) != 0) {
        return SVMS_OK;
    }
    out->kind = SVMS_RTSP_SECRET_PASSWORD;
    out->size = (uint32_t)self->secret.size;
    memcpy(out->bytes, self->secret.text, self->secret.size);
    return SVMS_OK;
}

static void tell(void *user, stream_serve_note note, const char *who, const char *words)
{
    static const char *const names[] = { "refused", "plays", "behind", "gone" };
    (void)user;
    print_line(stderr, "svms: %s: %s: %s", names[note], who, words);
}

static exit_status check(const serve_request *request)
{
    bool clear = request->media == STREAM_SERVE_CLEAR;
    if (!request->listen) {
        return usage_error("rtsp serve", "--listen is missing");
    }
    if (clear != !request->certificate || clear != !request->certificate_key) {
        return usage_error("rtsp serve", "--certificate and --certificate-key are needed, and not "
                                         "together with --media clear");
    }
    if (!request->user != !request->user_password_file) {
        return usage_error("rtsp serve", "--user and --user-password-file belong together");
    }
    if (!request->user == !request->open) {
        return usage_error("rtsp serve",
                           "say who may see it: --user NAME, or --open for everybody");
    }
    return request->path[0] == '/' ? EXIT_GOOD
                                   : usage_error("rtsp serve", "--path begins with a slash");
}

static exit_status load_tls(serving *self)
{
    svms_chain *chain = NULL;
    svms_private_key *key = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_tls_options options = SVMS_TLS_OPTIONS_INIT;
    exit_status status = load_chain(&chain, self->ctx, self->request->certificate);
    if (status == EXIT_GOOD) {
        status = load_private_key(&key, self->ctx, self->request->certificate_key);
    }
    options.side = SVMS_TLS_SERVER;
    options.min_version = SVMS_TLS_1_2; /* which many players still speak */
    options.peer = SVMS_TLS_PEER_NOT_ASKED;
    options.credentials.chain = chain;
    options.credentials.key = key;
    if (status == EXIT_GOOD &&
        svms_tls_context_new(&self->tls, self->ctx, &options, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot use %s", self->request->certificate);
    }
    svms_chain_free(&chain);
    svms_private_key_free(&key);
    return status;
}

static exit_status load_secret(serving *self)
{
    if (!self->request->user) {
        return EXIT_GOOD;
    }
    exit_status status = password_from_file(&self->secret, self->request->user_password_file);
    if (status == EXIT_GOOD && self->secret.size > SVMS_RTSP_PASSWORD_MAX) {
        complain("the password is longer than %d bytes", SVMS_RTSP_PASSWORD_MAX);
        status = EXIT_MALFORMED;
    }
    return status;
}

static exit_status open_input(serving *self)
{
    exit_status status = media_input_open(&self->input, self->request->input);
    if (status == EXIT_GOOD && !media_input_describe(self->input)->is_file) {
        complain("%s is no file", self->request->input);
        status = EXIT_USAGE;
    }
    return status;
}

static exit_status open_server(serving *self)
{
    const serve_request *request = self->request;
    const media_description *media = media_input_describe(self->input);
    char address[SERVE_LISTEN_TEXT];
    int listener = serve_listen(request->listen, address);
    if (listener < 0) {
        return errno == EINVAL ? usage_error("rtsp serve", "%s is no ADDRESS:PORT", request->listen)
                               : complain_system(errno, "cannot listen at %s", request->listen);
    }
    svms_error err = SVMS_ERROR_INIT;
    stream_serve_options options;
    memset(&options, 0, sizeof options);
    options.ctx = self->ctx;
    options.listener = listener;
    options.tls = self->tls;
    options.media = (stream_serve_media)request->media;
    options.suite = (svms_srtp_suite)request->suite;
    options.form = (svms_mikey_form)request->mikey;
    options.server_flags = (request->open ? SVMS_RTSP_SERVER_OPEN : SVMS_RTSP_SERVER_DIGEST) |
                           (request->allow_md5 ? SVMS_RTSP_SERVER_ALLOW_MD5 : 0);
    options.path = request->path;
    options.tracks = media->tracks;
    options.track_count = media->track_count;
    options.user = self;
    options.secret = give_secret;
    options.note = tell;
    if (stream_serve_open(&self->serve, &options, &err) != SVMS_OK) {
        return complain_error(&err, "cannot serve %s", request->input);
    }
    print_line(stdout, "%s://%s%s", self->tls ? "rtsps" : "rtsp", address, request->path);
    return fflush(stdout) == 0 ? EXIT_GOOD : complain_system(errno, "cannot write");
}

static exit_status run_until(serving *self, uint64_t when)
{
    svms_error err = SVMS_ERROR_INIT;
    while (!interrupt_came()) {
        uint64_t now = stream_clock();
        uint64_t next = stream_earlier(when, now + LOOK_NS);
        if (stream_serve_run(self->serve, next, &err) != SVMS_OK) {
            return complain_error(&err, "cannot serve %s", self->request->input);
        }
        if (stream_clock() >= when) {
            break;
        }
    }
    return EXIT_GOOD;
}

static exit_status wait_for_somebody(serving *self)
{
    exit_status status = EXIT_GOOD;
    while (status == EXIT_GOOD && !interrupt_came() && stream_serve_watchers(self->serve) == 0) {
        status = run_until(self, stream_clock() + STREAM_SECOND / 20);
    }
    return status;
}

/* Waits until its time has come, and sends it. */
static exit_status send_sample(serving *self, svms_sample *sample)
{
    const media_description *media = media_input_describe(self->input);
    const svms_track *track = &media->tracks[sample->track];
    int64_t time = time_add(ticks_to_ns(track, sample->dts), -media->start_ns);
    int64_t end = time_add(time, ticks_to_ns(track, sample->duration));
    self->furthest_ns = end > self->furthest_ns ? end : self->furthest_ns;
    int64_t due = time_add(time, self->shift_ns);
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = run_until(self, self->began + (uint64_t)(due > 0 ? due : 0));
    if (status != EXIT_GOOD || interrupt_came()) {
        return status;
    }
    int64_t shift = ns_to_ticks(track, self->shift_ns);
    /* Captured when it is shown, not when it is sent: pictures are sent in the order of decoding.
     */
    sample->utc_ns = time_add(time_add(self->began_utc, due),
                              ticks_to_ns(track, sample->pts) - ticks_to_ns(track, sample->dts));
    sample->pts += shift;
    sample->dts += shift;
    if (stream_serve_sample(self->serve, sample, &err) != SVMS_OK) {
        return complain_error(&err, "cannot send a sample of %s", self->request->input);
    }
    return EXIT_GOOD;
}

static exit_status play_once(serving *self)
{
    while (!interrupt_came()) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        exit_status status = EXIT_GOOD;
        media_result result = media_input_next(self->input, &sample, &status);
        if (result == MEDIA_SAMPLE && stream_serve_carries(self->serve, sample.track)) {
            status = send_sample(self, &sample);
        }
        if (result != MEDIA_SAMPLE || status != EXIT_GOOD) {
            return status;
        }
    }
    return EXIT_GOOD;
}

static exit_status play(serving *self)
{
    exit_status status = self->request->wait ? wait_for_somebody(self) : EXIT_GOOD;
    struct timespec now = { 0, 0 };
    clock_gettime(CLOCK_REALTIME, &now);
    self->began_utc = (int64_t)now.tv_sec * (int64_t)STREAM_SECOND + now.tv_nsec;
    self->began = stream_clock();
    while (status == EXIT_GOOD && !interrupt_came()) {
        status = play_once(self);
        if (!self->request->loop || status != EXIT_GOOD || self->furthest_ns == 0) {
            break;
        }
        self->shift_ns = time_add(self->shift_ns, self->furthest_ns);
        media_input_close(&self->input);
        status = open_input(self);
    }
    /* The last picture lasts, too. */
    if (status == EXIT_GOOD) {
        int64_t end = time_add(self->shift_ns, self->furthest_ns);
        status = run_until(self, self->began + (uint64_t)(end > 0 ? end : 0));
    }
    /* Reading, too, ends with the signal, and says so. */
    status = interrupt_came() ? EXIT_GOOD : status;
    stream_serve_finish(self->serve);
    /* What is on its way still arrives. */
    return status == EXIT_GOOD ? run_until(self, stream_clock() + FAREWELL_NS) : status;
}

static exit_status serve(const serve_request *request)
{
    serving self;
    memset(&self, 0, sizeof self);
    self.request = request;
    exit_status status = make_context(&self.ctx);
    if (status == EXIT_GOOD) {
        status = load_secret(&self);
    }
    if (status == EXIT_GOOD && request->certificate) {
        status = load_tls(&self);
    }
    if (status == EXIT_GOOD) {
        interrupt_watch();
        status = open_input(&self);
    }
    if (status == EXIT_GOOD) {
        status = open_server(&self);
    }
    if (status == EXIT_GOOD) {
        status = play(&self);
    }
    stream_serve_close(&self.serve);
    media_input_close(&self.input);
    svms_tls_context_free(&self.tls);
    password_wipe(&self.secret);
    svms_ctx_free(&self.ctx);
    return status;
}

static const option_choice medias[] = {
    { "srtp", STREAM_SERVE_SRTP },
    { "tls", STREAM_SERVE_IN_TLS },
    { "clear", STREAM_SERVE_CLEAR },
    { NULL, 0 },
};

static const option_choice forms[] = {
    { "onvif", SVMS_MIKEY_ONVIF },
    { "joined", SVMS_MIKEY_JOINED },
    { NULL, 0 },
};

static const option_choice suites[] = {
    { "aes-256-gcm", SVMS_SRTP_AEAD_AES_256_GCM },
    { "aes-128-gcm", SVMS_SRTP_AEAD_AES_128_GCM },
    { "aes-128-cm-sha1", SVMS_SRTP_AES_CM_128_HMAC_SHA1_80 },
    { NULL, 0 },
};

static const option_spec options[] = {
    { "listen", "ADDRESS:PORT", "where clients connect; port 0: any that is free", OPTION_TEXT,
      offsetof(serve_request, listen), NULL, 0, 0 },
    { "certificate", "FILE", "certificate of this camera, then of its authorities (PEM)",
      OPTION_TEXT, offsetof(serve_request, certificate), NULL, 0, 0 },
    { "certificate-key", "FILE", "its private key", OPTION_TEXT,
      offsetof(serve_request, certificate_key), NULL, 0, 0 },
    { "path", "PATH", "of the URL; default /live", OPTION_TEXT, offsetof(serve_request, path), NULL,
      0, 0 },
    { "user", "NAME", "who may see it, by Digest authentication", OPTION_TEXT,
      offsetof(serve_request, user), NULL, 0, 0 },
    { "user-password-file", "FILE", "the user's password: the first line of FILE", OPTION_TEXT,
      offsetof(serve_request, user_password_file), NULL, 0, 0 },
    { "open", NULL, "everybody may see it, instead of --user", OPTION_FLAG,
      offsetof(serve_request, open), NULL, 0, 0 },
    { "allow-md5", NULL, "Digest authentication also with MD5", OPTION_FLAG,
      offsetof(serve_request, allow_md5), NULL, 0, 0 },
    { "media", "HOW", "srtp (default), tls (inside the connection, without SRTP), or clear",
      OPTION_CHOICE, offsetof(serve_request, media), medias, 0, 0 },
    { "mikey", "FORM", "how keys are told: onvif (default), or joined, for GStreamer",
      OPTION_CHOICE, offsetof(serve_request, mikey), forms, 0, 0 },
    { "suite", "SUITE", "aes-256-gcm (default), aes-128-gcm or aes-128-cm-sha1", OPTION_CHOICE,
      offsetof(serve_request, suite), suites, 0, 0 },
    { "loop", NULL, "begin again at the end", OPTION_FLAG, offsetof(serve_request, loop), NULL, 0,
      0 },
    { "wait", NULL, "begin when somebody watches", OPTION_FLAG, offsetof(serve_request, wait), NULL,
      0, 0 },
};

static const command_line line = {
    "rtsp serve",
    "INPUT --listen ADDRESS:PORT --certificate FILE [options]",
    "Serves a video file that FFmpeg reads as a live camera: RTSP within TLS, media as SRTP with "
    "a\n"
    "key of its own for each client. Its URL is printed. Ctrl-C ends it.",
    options,
    sizeof options / sizeof options[0],
    "INPUT",
    offsetof(serve_request, input)
};

exit_status command_rtsp_serve(int count, char **arguments)
{
    serve_request request;
    memset(&request, 0, sizeof request);
    request.path = "/live";
    request.media = STREAM_SERVE_SRTP;
    request.mikey = SVMS_MIKEY_ONVIF;
    request.suite = SVMS_SRTP_AEAD_AES_256_GCM;
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    exit_status status = check(&request);
    return status == EXIT_GOOD ? serve(&request) : status;
}
