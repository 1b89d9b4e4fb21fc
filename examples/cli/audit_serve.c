/* SPDX-License-Identifier: Apache-2.0 */
/* svms audit serve: holds a log, and appends what other processes hand to it. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <svms/svms.h>

#include "audit_by.h"
#include "audit_command.h"
#include "audit_place.h"
#include "folder.h"
#include "interrupt.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"

#define TEND_MS 1000
#define SECONDS_PER_HOUR 3600u
#define MOST_HOURS 8784
#define NS_PER_SECOND INT64_C(1000000000)

typedef struct serve_request {
    const char *path;
    const char *socket;
    const char *server;
    uint32_t epoch_hours;
    uint32_t clients;
    const char *older;
    const char *evidence;
    bool json;
} serve_request;

/* Said once clients can connect, so that whoever started it can wait for the line. */
static exit_status say_ready(const serve_request *request)
{
    if (request->json) {
        exit_status status = json_print_line(json_pack(
            "{s:o, s:o}", "log", json_text(request->path), "socket", json_text(request->socket)));
        if (status != EXIT_GOOD) {
            return status;
        }
    } else {
        print_line(stdout, "Serving       %s at %s", request->path, request->socket);
    }
    return fflush(stdout) == 0 ? EXIT_GOOD
                               : complain_system(errno, "cannot write to standard output");
}

/* How long records stay, in nanoseconds; 0: for ever. */
typedef struct retention {
    int64_t records_ns;
    int64_t evidence_ns;
    time_t due;
} retention;

static exit_status read_retention(retention *out, const serve_request *request)
{
    exit_status status = EXIT_GOOD;
    if (request->evidence && !request->older) {
        return usage_error("audit serve", "--evidence-older-than belongs to --older-than");
    }
    if (request->older) {
        status = audit_age_read(&out->records_ns, request->older, "audit serve", "--older-than");
    }
    if (status == EXIT_GOOD && request->evidence) {
        status = audit_age_read(&out->evidence_ns, request->evidence, "audit serve",
                                "--evidence-older-than");
    }
    return status;
}

/* Once an hour; nobody else could, because the log is held here. */
static void prune(svms_audit_log *log, retention *keeping)
{
    svms_audit_prune_options options = SVMS_AUDIT_PRUNE_OPTIONS_INIT;
    svms_audit_pruned pruned = SVMS_AUDIT_PRUNED_INIT;
    svms_error err = SVMS_ERROR_INIT;
    struct timespec now = { 0, 0 };
    clock_gettime(CLOCK_REALTIME, &now);
    if (keeping->records_ns == 0 || time(NULL) < keeping->due) {
        return;
    }
    keeping->due = time(NULL) + SECONDS_PER_HOUR;
    int64_t now_ns = (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
    options.before_utc_ns = now_ns - keeping->records_ns;
    if (keeping->evidence_ns > 0) {
        options.evidence_before_utc_ns = now_ns - keeping->evidence_ns;
    }
    if (svms_audit_log_prune(log, &options, &pruned, &err) != SVMS_OK) {
        complain_error(&err, "the log cannot be pruned now");
    }
}

static exit_status hold(const serve_request *request, svms_ctx *ctx, audit_place *place,
                        retention *keeping)
{
    svms_audit_server_options options = SVMS_AUDIT_SERVER_OPTIONS_INIT;
    svms_audit_server *server = NULL;
    svms_error err = SVMS_ERROR_INIT;
    options.clients = request->clients > 0 ? request->clients : options.clients;
    interrupt_watch();
    if (svms_audit_server_start(&server, ctx, audit_place_log(place), request->socket, &options,
                                &err) != SVMS_OK) {
        complain_error(&err, "cannot serve at %s", request->socket);
        return EXIT_ENVIRONMENT;
    }
    exit_status status = say_ready(request);
    while (status == EXIT_GOOD && !interrupt_came()) {
        poll(NULL, 0, TEND_MS);
        /* What could not be published is told, and done later; nothing is lost by it. */
        (void)audit_place_tend(place);
        prune(audit_place_log(place), keeping);
    }
    svms_audit_server_close(&server);
    return status;
}

static exit_status serve(const serve_request *request)
{
    const audit_place_options options = { request->path, request->server,
                                          request->epoch_hours * SECONDS_PER_HOUR };
    svms_ctx *ctx = NULL;
    audit_place *place = NULL;
    retention keeping = { 0, 0, 0 };
    exit_status status = read_retention(&keeping, request);
    if (status == EXIT_GOOD) {
        status = make_context(&ctx);
    }
    if (status == EXIT_GOOD && !folder_exists(request->path)) {
        complain("%s is no folder of a log", request->path);
        status = EXIT_ENVIRONMENT;
    }
    if (status == EXIT_GOOD) {
        status = audit_place_open(&place, ctx, &options);
    }
    if (status == EXIT_GOOD) {
        status = hold(request, ctx, place, &keeping);
    }
    exit_status closed = audit_place_close(&place);
    svms_ctx_free(&ctx);
    return status == EXIT_GOOD ? closed : status;
}

static const option_spec options[] = {
    { "socket", "PATH", "where others of this user connect; in a folder of mode 0700", OPTION_TEXT,
      offsetof(serve_request, socket), NULL, 0, 0 },
    { "server", "NAME", "name of this server in the log's own records; default: the machine's",
      OPTION_TEXT, offsetof(serve_request, server), NULL, 0, 0 },
    { "epoch-hours", "N", "how long a key signs, 1 to 8,784; default 24", OPTION_COUNT,
      offsetof(serve_request, epoch_hours), NULL, 1, MOST_HOURS },
    { "clients", "N", "most processes that are connected, 1 to 1,024; default 32", OPTION_COUNT,
      offsetof(serve_request, clients), NULL, 1, 1024 },
    { "older-than", "AGE", "prune records that are older, each hour: 90d, 36h (d, h, m, s)",
      OPTION_TEXT, offsetof(serve_request, older), NULL, 0, 0 },
    { "evidence-older-than", "AGE", "records related to evidence, too; default: none of them",
      OPTION_TEXT, offsetof(serve_request, evidence), NULL, 0, 0 },
    { "json", NULL, "say that it serves as a JSON object", OPTION_FLAG,
      offsetof(serve_request, json), NULL, 0, 0 },
};

static const command_line line = {
    "audit serve",
    "LOG --socket PATH [options]",
    "Holds a log: appends what other processes send to the socket, publishes it each second, and\n"
    "changes its key. SIGTERM or Ctrl-C ends it; what was acknowledged is then published.",
    options,
    sizeof options / sizeof options[0],
    "LOG",
    offsetof(serve_request, path)
};

exit_status command_audit_serve(int count, char **arguments)
{
    serve_request request;
    memset(&request, 0, sizeof request);
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (!request.socket) {
        return usage_error(line.name, "--socket is missing");
    }
    return serve(&request);
}
