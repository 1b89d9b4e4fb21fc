/* SPDX-License-Identifier: Apache-2.0 */
/* svms-camera: a camera of which everybody can read how it does what. docs/camera.md */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/log.h>
#include <openssl/crypto.h>

#include "camera_control.h"
#include "camera_task.h"

#define EXIT_USAGE 2

enum {
    OPTION_CONFIG = 'c',
    OPTION_HELP = 'h',
    OPTION_CHECK = 256,
    OPTION_VERSION,
    OPTION_PORTS,
    OPTION_RESET,
    OPTION_UPDATE,
    OPTION_ADD,
    OPTION_PASSWORD
};

typedef struct request {
    const char *config;
    int task; /* 0: run */
    const char *argument;
    const char *password_file;
} request;

static const char help[] =
    "Usage: svms-camera --config FILE [TASK]\n"
    "\n"
    "Runs a camera: pictures from a lens, masked, encoded, signed, and served as RTSPS with SRTP.\n"
    "SIGHUP reads its identity again, SIGTERM ends it.\n"
    "\n"
    "  -c, --config FILE        settings (JSON); docs/camera.md says what there is\n"
    "\n"
    "Tasks, instead of running:\n"
    "      --check              reads all there is, says what is wrong\n"
    "      --ports              says which ports will be open, and what for\n"
    "      --add-administrator NAME --password-file FILE\n"
    "                           the first who may use it: the password is the first line of FILE\n"
    "      --update FILE        verifies a signed update and puts it into the slot that is free\n"
    "      --reset              erases keys, users, recordings and settings, keys first\n"
    "\n"
    "  -h, --help               this\n"
    "      --version            the version\n";

static const struct option long_options[] = {
    { "config", required_argument, NULL, OPTION_CONFIG },
    { "check", no_argument, NULL, OPTION_CHECK },
    { "ports", no_argument, NULL, OPTION_PORTS },
    { "reset", no_argument, NULL, OPTION_RESET },
    { "update", required_argument, NULL, OPTION_UPDATE },
    { "add-administrator", required_argument, NULL, OPTION_ADD },
    { "password-file", required_argument, NULL, OPTION_PASSWORD },
    { "help", no_argument, NULL, OPTION_HELP },
    { "version", no_argument, NULL, OPTION_VERSION },
    { NULL, 0, NULL, 0 },
};

static int complain(const char *words)
{
    fprintf(stderr, "svms-camera: %s (--help says more)\n", words);
    return EXIT_USAGE;
}

/* -1: go on; else the exit status. */
static int parse(request *out, int count, char **arguments)
{
    int option = 0;
    while ((option = getopt_long(count, arguments, "c:h", long_options, NULL)) != -1) {
        switch (option) {
        case OPTION_HELP:
            fputs(help, stdout);
            return EXIT_SUCCESS;
        case OPTION_VERSION:
            puts("svms-camera " SVMS_VERSION_TEXT);
            return EXIT_SUCCESS;
        case OPTION_CONFIG:
            out->config = optarg;
            break;
        case OPTION_PASSWORD:
            out->password_file = optarg;
            break;
        case '?':
            return EXIT_USAGE;
        default:
            if (out->task != 0) {
                return complain("one task at a time");
            }
            out->task = option;
            out->argument = optarg;
            break;
        }
    }
    if (optind < count || !out->config) {
        return complain(out->config ? "what is that at the end?" : "--config is missing");
    }
    if ((out->task == OPTION_ADD) != (out->password_file != NULL)) {
        return complain("--add-administrator and --password-file belong together");
    }
    return -1;
}

/* What FFmpeg has to say about damaged files is no line of ours: it comes from strangers. */
static void keep_quiet(void *object, int level, const char *format, va_list list)
{
    (void)object;
    (void)level;
    (void)format;
    (void)list;
}

static bool perform(const request *wanted, svms_ctx *ctx, service *life,
                    const camera_config *config)
{
    switch (wanted->task) {
    case OPTION_CHECK:
        return camera_task_check(ctx, life, config);
    case OPTION_PORTS:
        return camera_task_ports(config);
    case OPTION_ADD:
        return camera_task_add(ctx, life, config, wanted->argument, wanted->password_file);
    case OPTION_UPDATE:
        return camera_task_update(ctx, life, config, wanted->argument);
    case OPTION_RESET:
        return camera_task_reset(ctx, life, config);
    default:
        return camera_control_run(ctx, life, config);
    }
}

int main(int count, char **arguments)
{
    request wanted;
    memset(&wanted, 0, sizeof wanted);
    int parsed = parse(&wanted, count, arguments);
    if (parsed >= 0) {
        return parsed;
    }
    svms_error err = SVMS_ERROR_INIT;
    camera_config config;
    if (camera_config_read(&config, wanted.config, &err) != SVMS_OK) {
        fprintf(stderr, "svms-camera: %s\n", err.message);
        return EXIT_FAILURE;
    }
    service_options options = { "svms-camera", config.log_json };
    service *life = NULL;
    svms_ctx *ctx = NULL;
    bool good = false;
    av_log_set_callback(keep_quiet);
    if (service_begin(&life, &options, &err) != SVMS_OK ||
        svms_ctx_new(&ctx, NULL, &err) != SVMS_OK) {
        fprintf(stderr, "svms-camera: %s\n", err.message);
    } else {
        good = perform(&wanted, ctx, life, &config);
    }
    svms_ctx_free(&ctx);
    service_end(&life);
    camera_config_close(&config);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
