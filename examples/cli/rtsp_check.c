/* SPDX-License-Identifier: Apache-2.0 */
/* svms rtsp check: what a camera offers, and what of it is weak. */
#include "rtsp_check.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stream_url.h>

#include "interrupt.h"
#include "json_output.h"
#include "message.h"
#include "rtsp_command.h"

#define WARN_DAYS 30
#define TIMEOUT_NS (10 * UINT64_C(1000000000))

typedef struct rtsp_visit {
    const rtsp_check_request *request;
    rtsp_check_report report;
    check_request tls_request;
    check_means means;
    check_report reports[2];
    char target[300];
    rtsp_camera camera; /* as the options say */
} rtsp_visit;

static const stream_pull_events events = { rtsp_check_answer, rtsp_check_described, NULL, NULL,
                                           NULL };

static bool was_interrupted(void *user)
{
    (void)user;
    return interrupt_came();
}

/* TLS and the certificate, as svms tls check judges them. */
static exit_status look_at_tls(rtsp_visit *visit)
{
    const rtsp_camera_options *camera = &visit->request->camera;
    check_request *request = &visit->tls_request;
    stream_url url;
    if (stream_url_parse(&url, camera->url) != NULL) {
        return EXIT_USAGE;
    }
    bool six = strchr(url.host, ':') != NULL;
    snprintf(visit->target, sizeof visit->target, "%s%s%s:%s", six ? "[" : "", url.host,
             six ? "]" : "", url.port);
    request->verb = "check";
    request->ca_path = camera->trust;
    request->crl_path = camera->crl;
    request->warn_days = WARN_DAYS;
    request->timeout_ns = camera->timeout_ns ? camera->timeout_ns : TIMEOUT_NS;
    visit->means.has_pin = visit->camera.has_pin;
    memcpy(visit->means.pin, visit->camera.pin, sizeof visit->means.pin);
    exit_status status = check_means_load(&visit->means, request);
    if (status != EXIT_GOOD) {
        return status;
    }
    visit->report.tls->target = visit->target;
    check_server_at(visit->report.tls, &visit->means);
    return EXIT_GOOD;
}

static void judge_end(rtsp_visit *visit, stream_pull_end end, const svms_error *why, bool known)
{
    check_report *report = visit->report.camera;
    switch (end) {
    case STREAM_PULL_STOPPED:
    case STREAM_PULL_REDIRECTED: /* which the answer said */
        return;
    case STREAM_PULL_DENIED:
        if (known) {
            check_find(report, CHECK_UNREACHABLE, "denied", "%s", why->message);
        }
        return;
    case STREAM_PULL_BROKEN:
        check_find(report, CHECK_MALFORMED, "broken", "it breaks the rules of RTSP: %s",
                   why->message);
        return;
    case STREAM_PULL_UNTRUSTED:
    case STREAM_PULL_POLICY:
        check_find(report, CHECK_WRONG, "refused", "%s", why->message);
        return;
    default:
        check_find(report, CHECK_UNREACHABLE, "unreachable", "%s", why->message);
    }
}

/* known: with the user or the token, if one was given. */
static exit_status look(rtsp_visit *visit, const rtsp_camera *camera,
                        const rtsp_camera_options *who, bool known)
{
    stream_pull_options options;
    stream_pull *pull = NULL;
    svms_error err = SVMS_ERROR_INIT;
    memset(&options, 0, sizeof options);
    rtsp_camera_fill(camera, who, &options);
    options.clear = options.clear || !known;
    options.describe_only = true;
    options.events = &events;
    options.user = &visit->report;
    if (stream_pull_open(&pull, visit->means.ctx, &options, &err) != SVMS_OK) {
        return complain_error(&err, "%s", who->url);
    }
    stream_pull_end end = stream_pull_run(pull, was_interrupted, NULL);
    judge_end(visit, end, stream_pull_why(pull), known);
    stream_pull_free(&pull);
    return EXIT_GOOD;
}

/* Nothing secret is sent, and no certificate shown, so whoever answers may answer. */
static exit_status look_as_nobody(rtsp_visit *visit)
{
    rtsp_camera_options nobody = visit->request->camera;
    rtsp_camera camera;
    memset(&camera, 0, sizeof camera);
    camera.secure = visit->camera.secure;
    nobody.trust = NULL;
    nobody.crl = NULL;
    nobody.pin = NULL;
    nobody.user = NULL;
    nobody.user_password_file = NULL;
    nobody.token_file = NULL;
    nobody.certificate = NULL;
    nobody.certificate_key = NULL;
    exit_status status = rtsp_camera_load(&camera, visit->means.ctx, &nobody);
    if (status == EXIT_GOOD) {
        status = look(visit, &camera, &nobody, false);
    }
    rtsp_camera_free(&camera);
    return status;
}

/* Over TLS the connection itself sees to it that the camera is the one that is trusted. */
static bool may_say_who(const rtsp_visit *visit)
{
    const rtsp_camera_options *camera = &visit->request->camera;
    bool given = camera->user || camera->token_file;
    return given && (visit->report.tls ? camera->trust || camera->pin : camera->clear);
}

static exit_status visit_camera(rtsp_visit *visit)
{
    exit_status status = EXIT_GOOD;
    if (visit->report.tls) {
        status = look_at_tls(visit);
    } else {
        visit->tls_request.warn_days = WARN_DAYS;
        status = check_means_load(&visit->means, &visit->tls_request);
        check_find(visit->report.camera, CHECK_WRONG, "no-tls",
                   "without TLS everybody on the way sees and changes what is said");
    }
    bool reached = !visit->report.tls || visit->report.tls->server.connected;
    if (status == EXIT_GOOD && reached) {
        status = look_as_nobody(visit);
    }
    if (status == EXIT_GOOD && reached && visit->report.asks_who && may_say_who(visit)) {
        status = rtsp_camera_load(&visit->camera, visit->means.ctx, &visit->request->camera);
        if (status == EXIT_GOOD) {
            status = look(visit, &visit->camera, &visit->request->camera, true);
        }
    }
    return status;
}

static exit_status status_of(check_weight worst)
{
    switch (worst) {
    case CHECK_FINE:
    case CHECK_SOON:
        return EXIT_GOOD;
    case CHECK_WRONG:
        return EXIT_POLICY;
    case CHECK_UNREACHABLE:
        return EXIT_ENVIRONMENT;
    case CHECK_MALFORMED:
        break;
    }
    return EXIT_MALFORMED;
}

static exit_status check(rtsp_visit *visit)
{
    rtsp_check_report *report = &visit->report;
    report->url = visit->request->camera.url;
    report->secure = visit->camera.secure;
    report->camera = &visit->reports[0];
    report->tls = report->secure ? &visit->reports[1] : NULL;
    visit->reports[1].items = calloc(CHECK_ITEMS_MAX, sizeof *visit->reports[1].items);
    if (!visit->reports[1].items) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    interrupt_watch();
    exit_status status = visit_camera(visit);
    if (status == EXIT_GOOD && visit->request->json) {
        status = json_print(rtsp_check_to_json(report, visit->means.now_utc_ns));
    } else if (status == EXIT_GOOD) {
        rtsp_check_print(report);
    }
    status = status == EXIT_GOOD ? status_of(rtsp_check_worst(report)) : status;
    check_release(&visit->reports[1]);
    /* What the camera has may be of the means' context. */
    rtsp_camera_free(&visit->camera);
    check_means_release(&visit->means);
    free(visit->reports[1].items);
    return status;
}

static const option_spec options[] = {
    RTSP_CAMERA_OPTIONS(rtsp_check_request, camera),
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(rtsp_check_request, json), NULL,
      0, 0 },
};

static const command_line line = {
    "rtsp check",
    "URL [options]",
    "Says what a camera, rtsps://HOST[:PORT]/PATH, offers, and what of it is weak. Exit status 5:\n"
    "something is. Nothing is played, and a user or token goes only to a camera that is trusted.",
    options,
    sizeof options / sizeof options[0],
    "URL",
    offsetof(rtsp_check_request, camera.url)
};

exit_status command_rtsp_check(int count, char **arguments)
{
    rtsp_check_request request;
    memset(&request, 0, sizeof request);
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    rtsp_visit *visit = calloc(1, sizeof *visit);
    if (!visit) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    visit->request = &request;
    exit_status status = rtsp_camera_check(&visit->camera, &request.camera, line.name, false);
    if (status == EXIT_GOOD) {
        status = check(visit);
    }
    free(visit);
    return status;
}
