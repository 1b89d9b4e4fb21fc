/* SPDX-License-Identifier: Apache-2.0 */
/* svms rtsp record: a camera on the network into a signed, encrypted recording. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <stream_clock.h>
#include <stream_pull.h>

#include "interrupt.h"
#include "message.h"
#include "record_target.h"
#include "rtsp_camera.h"
#include "rtsp_command.h"
#include "rtsp_recorder.h"

#define BACK_OFF_MIN_NS STREAM_SECOND
#define BACK_OFF_MAX_NS (60 * STREAM_SECOND)
/* A connection that held so long was a good one. */
#define STABLE_NS (30 * STREAM_SECOND)
#define SHORT_NAP_NS 200000000L

enum { TRANSPORT_TCP, TRANSPORT_UDP };

typedef struct rtsp_record_request {
    rtsp_camera_options camera;
    record_way way;
    typed_inputs typed;
    int transport;
    int suite;
    bool allow_sha1;
    bool once;
    const char *duration;
    uint64_t duration_ns; /* 0: until somebody ends it */
    uint64_t silence_ns;
    uint64_t reorder_ns;
    uint64_t rekey_ns;
    uint32_t rekey_packets;
} rtsp_record_request;

typedef struct rtsp_recording {
    const rtsp_record_request *request;
    rtsp_camera camera;
    rtsp_recorder recorder;
    uint64_t until; /* STREAM_NEVER: no end was given, or nothing came yet */
} rtsp_recording;

/* "30s", "10m": s, m, h or d. */
static bool parse_duration(uint64_t *out, const char *text)
{
    static const struct {
        const char *unit;
        uint64_t seconds;
    } units[] = { { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };
    size_t digits = strspn(text, "0123456789");
    uint64_t number = digits > 0 && digits < 7 ? strtoul(text, NULL, 10) : 0;
    for (size_t i = 0; number > 0 && i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(text + digits, units[i].unit) == 0) {
            *out = number * units[i].seconds * STREAM_SECOND;
            return true;
        }
    }
    return false;
}

static bool wants_end(void *user)
{
    rtsp_recording *self = user;
    uint64_t duration = self->request->duration_ns;
    if (duration > 0 && self->until == STREAM_NEVER && intake_came(self->recorder.intake) > 0) {
        self->until = intake_came(self->recorder.intake) + duration;
    }
    return interrupt_came() || stream_clock() >= self->until || self->recorder.status != EXIT_GOOD;
}

/* Whether it makes sense to try again what ended so. */
static exit_status status_of(stream_pull_end end)
{
    switch (end) {
    case STREAM_PULL_GOES_ON:
    case STREAM_PULL_STOPPED:
    case STREAM_PULL_TEARDOWN:
    case STREAM_PULL_BYE:
        return EXIT_GOOD;
    case STREAM_PULL_UNTRUSTED:
    case STREAM_PULL_REDIRECTED:
    case STREAM_PULL_POLICY:
        return EXIT_POLICY;
    case STREAM_PULL_BROKEN:
        return EXIT_MALFORMED;
    default:
        return EXIT_ENVIRONMENT;
    }
}

/* One connection, from beginning to end. */
static stream_pull_end connect_once(rtsp_recording *self, exit_status *status)
{
    const rtsp_record_request *request = self->request;
    rtsp_recorder *recorder = &self->recorder;
    stream_pull_options options;
    stream_pull *pull = NULL;
    svms_error err = SVMS_ERROR_INIT;
    memset(&options, 0, sizeof options);
    rtsp_camera_fill(&self->camera, &request->camera, &options);
    options.udp = request->transport == TRANSPORT_UDP;
    options.suite = (svms_srtp_suite)request->suite;
    options.allow_sha1 = request->allow_sha1;
    options.silence_ns = request->silence_ns;
    options.reorder_ns = request->reorder_ns;
    options.rekey_ns = request->rekey_ns;
    options.rekey_packets = request->rekey_packets;
    options.events = &intake_events;
    options.user = recorder->intake;
    if (stream_pull_open(&pull, recorder->target->ctx, &options, &err) != SVMS_OK) {
        *status = complain_error(&err, "%s", request->camera.url);
        return STREAM_PULL_FAILED;
    }
    intake_connect(recorder->intake, pull);
    stream_pull_end end = stream_pull_run(pull, wants_end, self);
    rtsp_recorder_disconnect(recorder, end != STREAM_PULL_STOPPED);
    *status = status_of(end);
    if (end != STREAM_PULL_STOPPED && end != STREAM_PULL_CONSUMER) {
        progress_clear(&recorder->target->bar);
        complain("%s: %s: %s", request->camera.url, stream_pull_end_name(end),
                 stream_pull_why(pull)->message);
    }
    stream_pull_free(&pull);
    return end;
}

/* In short naps: a signal may come just before one. */
static void wait_until(rtsp_recording *self, uint64_t when)
{
    const struct timespec nap = { 0, SHORT_NAP_NS };
    while (stream_clock() < when && !wants_end(self)) {
        (void)nanosleep(&nap, NULL);
    }
}

/* Again and again, with longer and longer pauses. What fails before the first picture is a mistake
 * of whoever typed it; what fails later is the world, and it may mend. */
static exit_status follow(rtsp_recording *self)
{
    uint64_t pause = BACK_OFF_MIN_NS;
    for (;;) {
        exit_status status = EXIT_GOOD;
        uint64_t began = stream_clock();
        stream_pull_end end = connect_once(self, &status);
        if (self->recorder.status != EXIT_GOOD) {
            return self->recorder.status;
        }
        if (end == STREAM_PULL_STOPPED || wants_end(self)) {
            return EXIT_GOOD;
        }
        if (self->request->once || !rtsp_recorder_has_begun(&self->recorder)) {
            return status;
        }
        pause = stream_clock() - began >= STABLE_NS ? BACK_OFF_MIN_NS : pause;
        wait_until(self, stream_clock() + pause);
        if (wants_end(self)) {
            return EXIT_GOOD;
        }
        pause = pause * 2 < BACK_OFF_MAX_NS ? pause * 2 : BACK_OFF_MAX_NS;
    }
}

static exit_status run(rtsp_recording *self, record_target *target)
{
    const rtsp_record_request *request = self->request;
    exit_status status = record_target_prepare(target, &request->typed);
    if (status == EXIT_GOOD) {
        status = rtsp_camera_load(&self->camera, target->ctx, &request->camera);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    interrupt_watch();
    progress_begin(&target->bar);
    self->until = STREAM_NEVER;
    status = rtsp_recorder_begin(&self->recorder, target);
    if (status != EXIT_GOOD) {
        return status;
    }
    status = follow(self);
    if (target->has_begun || status == EXIT_GOOD) {
        status = record_target_end(target, status);
    }
    rtsp_recorder_tell_losses(&self->recorder);
    rtsp_recorder_free(&self->recorder);
    return status;
}

/* checked: what is to be said of the request; with EXIT_POLICY it is told and not done. */
static exit_status record(rtsp_recording *self, exit_status checked)
{
    record_target *target = NULL;
    const rtsp_record_request *request = self->request;
    exit_status status = record_target_new(&target, &request->way, request->camera.url);
    if (status == EXIT_GOOD) {
        status = checked == EXIT_GOOD ? run(self, target) : checked;
    }
    rtsp_camera_free(&self->camera);
    return record_target_free(&target, status);
}

static const option_choice transports[] = { { "tcp", TRANSPORT_TCP },
                                            { "udp", TRANSPORT_UDP },
                                            { NULL, 0 } };

static const option_choice suites[] = { { "aes-256-gcm", SVMS_SRTP_AEAD_AES_256_GCM },
                                        { "aes-128-gcm", SVMS_SRTP_AEAD_AES_128_GCM },
                                        { NULL, 0 } };

static const option_spec options[] = {
    RTSP_CAMERA_OPTIONS(rtsp_record_request, camera),
    { "transport", "HOW", "media inside the connection: tcp (default), or beside it: udp",
      OPTION_CHOICE, offsetof(rtsp_record_request, transport), transports, 0, 0 },
    { "suite", "NAME", "SRTP where we give the key: aes-256-gcm (default) or aes-128-gcm",
      OPTION_CHOICE, offsetof(rtsp_record_request, suite), suites, 0, 0 },
    { "allow-sha1", NULL, "SRTP also with AES_CM_128_HMAC_SHA1_80", OPTION_FLAG,
      offsetof(rtsp_record_request, allow_sha1), NULL, 0, 0 },
    { "rekey-seconds", "N", "ask for a fresh media key after that time", OPTION_SECONDS,
      offsetof(rtsp_record_request, rekey_ns), NULL, 1, 604800 },
    { "rekey-packets", "N", "or after so many packets of a track", OPTION_COUNT,
      offsetof(rtsp_record_request, rekey_packets), NULL, 1, 2147483647 },
    { "for", "TIME", "end that long after the first picture, such as 30s (s, m, h, d)", OPTION_TEXT,
      offsetof(rtsp_record_request, duration), NULL, 0, 0 },
    { "once", NULL, "end when the camera is lost, instead of trying again", OPTION_FLAG,
      offsetof(rtsp_record_request, once), NULL, 0, 0 },
    { "silence", "S", "seconds without media after which it is lost, 0.5 to 300; default 10",
      OPTION_SECONDS, offsetof(rtsp_record_request, silence_ns), NULL, 0.5, 300 },
    { "reorder", "S", "seconds that a missing packet is waited for, 0.01 to 10; default 0.2",
      OPTION_SECONDS, offsetof(rtsp_record_request, reorder_ns), NULL, 0.01, 10 },
    RECORD_WAY_OPTIONS(rtsp_record_request, way),
};

static const command_line line = {
    "rtsp record",
    "URL --out FILE|DIR [options]",
    "Records a camera, rtsps://HOST[:PORT]/PATH, into a signed, encrypted file, or a folder of\n"
    "files. When the camera is lost, it is looked for again. Ctrl-C ends the recording properly.",
    options,
    sizeof options / sizeof options[0],
    "URL",
    offsetof(rtsp_record_request, camera.url)
};

exit_status command_rtsp_record(int count, char **arguments)
{
    rtsp_recording self;
    rtsp_record_request request;
    memset(&request, 0, sizeof request);
    memset(&self, 0, sizeof self);
    record_way_init(&request.way);
    request.suite = SVMS_SRTP_AEAD_AES_256_GCM;
    request.typed = (typed_inputs){ &line, &request, false };
    self.request = &request;
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (request.duration && !parse_duration(&request.duration_ns, request.duration)) {
        return usage_error(line.name, "--for is a time such as 30s (s, m, h, d), not '%s'",
                           request.duration);
    }
    exit_status status = record_way_check(&request.way, line.name);
    if (status == EXIT_GOOD) {
        status = rtsp_camera_check(&self.camera, &request.camera, line.name, true);
    }
    /* A command that makes no sense is none; one that is refused is told. */
    return status == EXIT_GOOD || status == EXIT_POLICY ? record(&self, status) : status;
}
