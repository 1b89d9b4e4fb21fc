/* SPDX-License-Identifier: Apache-2.0 */
/* svms rtsp serve: a video file or a recording as a live, secured camera. */
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
#include "media_time.h"
#include "message.h"
#include "options.h"
#include "rtsp_command.h"
#include "rtsp_source.h"
#include "rtsp_viewers.h"

/* How long the end of the last pictures may take, and how often a signal is looked for. */
#define FAREWELL_NS (STREAM_SECOND / 2)
#define LOOK_NS (STREAM_SECOND / 4)
/* Gaps of a recording may last for days; recorders take silence for a camera that is gone. */
#define PAUSE_MAX_NS (5 * (int64_t)STREAM_SECOND)

typedef struct serve_request {
    rtsp_source_options source;
    rtsp_viewers_options viewers;
    const char *listen;
    const char *certificate;
    const char *certificate_key;
    const char *path;
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
    rtsp_viewers viewers;
    rtsp_source *source;
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
    return rtsp_viewers_secret(&self->viewers, name, out);
}

static svms_status judge_token(void *user, stream_serve_token *token, svms_error *err)
{
    const serving *self = user;
    return rtsp_viewers_token(&self->viewers, token, err);
}

static void permit(void *user, const stream_serve_question *question, stream_serve_verdict *verdict)
{
    const serving *self = user;
    rtsp_viewers_permit(&self->viewers, question, verdict);
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
    if (request->path[0] != '/') {
        return usage_error("rtsp serve", "--path begins with a slash");
    }
    if (request->source.from_utc_ns != SVMS_NO_TIME && request->source.to_utc_ns != SVMS_NO_TIME &&
        request->source.from_utc_ns >= request->source.to_utc_ns) {
        return usage_error("rtsp serve", "--from is not before --to");
    }
    return rtsp_viewers_check(&request->viewers, !clear);
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
    options.peer = self->viewers.clients ? SVMS_TLS_PEER_OPTIONAL : SVMS_TLS_PEER_NOT_ASKED;
    options.credentials.trust = self->viewers.clients;
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

static void look_for_sound(serving *self)
{
    uint32_t count = 0;
    const svms_track *tracks = rtsp_source_tracks(self->source, &count);
    for (uint32_t i = 0; i < count; i++) {
        bool sound = tracks[i].kind == SVMS_TRACK_AUDIO && stream_serve_carries(self->serve, i);
        self->viewers.has_sound = self->viewers.has_sound || sound;
    }
}

static exit_status open_server(serving *self)
{
    const serve_request *request = self->request;
    char address[SERVE_LISTEN_TEXT];
    int listener = serve_listen(request->listen, NULL, address);
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
    options.server_flags = rtsp_viewers_flags(&self->viewers);
    options.path = request->path;
    options.tracks = rtsp_source_tracks(self->source, &options.track_count);
    options.user = self;
    options.secret = give_secret;
    options.token = judge_token;
    options.permit = permit;
    options.note = tell;
    if (stream_serve_open(&self->serve, &options, &err) != SVMS_OK) {
        return complain_error(&err, "cannot serve %s", request->source.path);
    }
    print_line(stdout, "%s://%s%s", self->tls ? "rtsps" : "rtsp", address, request->path);
    return fflush(stdout) == 0 ? EXIT_GOOD : complain_system(errno, "cannot write");
}

static exit_status run_until(serving *self, uint64_t when)
{
    svms_error err = SVMS_ERROR_INIT;
    while (!interrupt_came()) {
        uint64_t now = stream_clock();
        if (rtsp_viewers_look(&self->viewers, now)) {
            stream_serve_judge_again(self->serve);
        }
        uint64_t next = stream_earlier(when, now + LOOK_NS);
        if (stream_serve_run(self->serve, next, &err) != SVMS_OK) {
            return complain_error(&err, "cannot serve %s", self->request->source.path);
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
    uint32_t count = 0;
    const svms_track *track = &rtsp_source_tracks(self->source, &count)[sample->track];
    int64_t time = rtsp_source_time(self->source, sample);
    int64_t end = time_add(time, ticks_to_ns(track, sample->duration));
    if (time - self->furthest_ns > PAUSE_MAX_NS) {
        self->shift_ns = time_add(self->shift_ns, self->furthest_ns + PAUSE_MAX_NS - time);
    }
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
        return complain_error(&err, "cannot send a sample of %s", self->request->source.path);
    }
    return EXIT_GOOD;
}

static exit_status play_once(serving *self)
{
    while (!interrupt_came()) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        exit_status status = EXIT_GOOD;
        media_result result = rtsp_source_next(self->source, &sample, &status);
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
        self->furthest_ns = 0;
        status = rtsp_source_rewind(self->source);
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
        status = rtsp_viewers_load(&self.viewers, self.ctx, &request->viewers);
    }
    if (status == EXIT_GOOD && request->certificate) {
        status = load_tls(&self);
    }
    if (status == EXIT_GOOD) {
        interrupt_watch();
        status = rtsp_source_open(&self.source, self.ctx, &request->source);
    }
    if (status == EXIT_GOOD) {
        status = open_server(&self);
    }
    if (status == EXIT_GOOD) {
        look_for_sound(&self);
        status = play(&self);
    }
    if (status == EXIT_GOOD && rtsp_source_lacks(self.source)) {
        status = EXIT_EVIDENCE;
    }
    stream_serve_close(&self.serve);
    rtsp_source_close(&self.source);
    svms_tls_context_free(&self.tls);
    rtsp_viewers_free(&self.viewers);
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

#define VIEWER(field) offsetof(serve_request, viewers.field)
#define SOURCE(field) offsetof(serve_request, source.field)

static const option_spec options[] = {
    { "listen", "ADDRESS:PORT", "where clients connect; port 0: any that is free", OPTION_TEXT,
      offsetof(serve_request, listen), NULL, 0, 0 },
    { "certificate", "FILE", "certificate of this camera, then of its authorities (PEM)",
      OPTION_TEXT, offsetof(serve_request, certificate), NULL, 0, 0 },
    { "certificate-key", "FILE", "its private key", OPTION_TEXT,
      offsetof(serve_request, certificate_key), NULL, 0, 0 },
    { "path", "PATH", "of the URL; default /live", OPTION_TEXT, offsetof(serve_request, path), NULL,
      0, 0 },
    { "user", "NAME", "who may see it, by Digest authentication", OPTION_TEXT, VIEWER(user), NULL,
      0, 0 },
    { "user-password-file", "FILE", "the user's password: the first line of FILE", OPTION_TEXT,
      VIEWER(user_password_file), NULL, 0, 0 },
    { "allow-md5", NULL, "Digest authentication also with MD5", OPTION_FLAG, VIEWER(allow_md5),
      NULL, 0, 0 },
    { "jwks", "FILE", "whose tokens let in: public keys (JWKS); repeatable", OPTION_LIST,
      VIEWER(rules.key_sets), NULL, 0, 0 },
    { "issuer", "NAME", "whose they are: iss; beside each --jwks", OPTION_LIST,
      VIEWER(rules.issuers), NULL, 0, 0 },
    { "gateway", "NAME", "the same, of one that only asks for others (act)", OPTION_LIST,
      VIEWER(rules.gateways), NULL, 0, 0 },
    { "audience", "NAME", "who this camera is: aud must name it", OPTION_TEXT,
      VIEWER(rules.audience), NULL, 0, 0 },
    { "device", "ID", "which one it is in the rights of tokens (live.view, live.listen)",
      OPTION_TEXT, VIEWER(device), NULL, 0, 0 },
    { "policy", "FILE", "what must allow it besides the rights of a token", OPTION_TEXT,
      VIEWER(policy_path), NULL, 0, 0 },
    { "profile", "PROFILE", "of tokens: access (default, RFC 9068) or onvif", OPTION_CHOICE,
      VIEWER(rules.profile), token_profiles, 0, 0 },
    { "without-nbf", NULL, "take tokens that do not say from when on they are good", OPTION_FLAG,
      VIEWER(rules.nbf_may_be_absent), NULL, 0, 0 },
    { "skew", "S", "seconds by which clocks may differ, 0 to 300; default 60", OPTION_COUNT,
      VIEWER(rules.skew_s), NULL, 0, 300 },
    { "longest-life", "SPAN", "longest life of a token: 90s, 15m, 8h, 2d; default 1d", OPTION_TEXT,
      VIEWER(rules.longest_life), NULL, 0, 0 },
    { "revocations", "FILE", "tokens that were revoked; read again when it changes", OPTION_TEXT,
      VIEWER(rules.revocations), NULL, 0, 0 },
    { "client-ca", "CA", "whose certificates clients may show, for tokens bound to them (PEM)",
      OPTION_TEXT, VIEWER(client_ca), NULL, 0, 0 },
    { "demand-binding", NULL, "refuse tokens that are bound to no certificate", OPTION_FLAG,
      VIEWER(rules.demand_binding), NULL, 0, 0 },
    { "open", NULL, "everybody may see it", OPTION_FLAG, VIEWER(open), NULL, 0, 0 },
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
    { "from", "T", "of a recording: begin with the segment that holds T (RFC 3339)", OPTION_TIME,
      SOURCE(from_utc_ns), NULL, 0, 0 },
    { "to", "T", "of a recording: end before T (RFC 3339)", OPTION_TIME, SOURCE(to_utc_ns), NULL, 0,
      0 },
    { "password-file", "FILE", "password that opens the recording: first line of FILE", OPTION_TEXT,
      SOURCE(keys.password_file), NULL, 0, 0 },
    { "password-prompt", NULL, "ask for the password on the terminal", OPTION_FLAG,
      SOURCE(keys.password_prompt), NULL, 0, 0 },
    { "identity", "KEY", "private key that opens the recording (PEM)", OPTION_TEXT,
      SOURCE(keys.identity), NULL, 0, 0 },
    { "kek", "FILE", "key-encryption key that opens the recording", OPTION_TEXT, SOURCE(keys.kek),
      NULL, 0, 0 },
    { "keys", "KEYS", "open what was disclosed in KEYS", OPTION_TEXT, SOURCE(keys.disclosure), NULL,
      0, 0 },
    { "trust", "CA", "CA certificates (PEM) that vouch for the recorder", OPTION_TEXT,
      SOURCE(trust_path), NULL, 0, 0 },
};

static const command_line line = {
    "rtsp serve",
    "INPUT --listen ADDRESS:PORT --certificate FILE [options]",
    "Serves a video file that FFmpeg reads, or a recording (.svms, or a folder of them), as a "
    "live\n"
    "camera: RTSP within TLS, media as SRTP with a key of its own for each client. Its URL is\n"
    "printed. Ctrl-C ends it.",
    options,
    sizeof options / sizeof options[0],
    "INPUT",
    SOURCE(path)
};

exit_status command_rtsp_serve(int count, char **arguments)
{
    serve_request request;
    memset(&request, 0, sizeof request);
    request.path = "/live";
    request.source.from_utc_ns = SVMS_NO_TIME;
    request.source.to_utc_ns = SVMS_NO_TIME;
    request.viewers.rules = (token_rules_options)TOKEN_RULES_OPTIONS_INIT;
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
