/* SPDX-License-Identifier: Apache-2.0 */
/* svms-recorder: records cameras, keeps what it recorded, and gives it to who may have it.
 * docs/recorder.md */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "recorder_task.h"

#define EXIT_USAGE 2

enum { OPTION_HELP = 'h', OPTION_CHECK = 256, OPTION_REBUILD, OPTION_VERSION };

typedef struct request {
    const char *settings_file;
    int task; /* 0: run */
} request;

static const char help[] =
    "Usage: svms-recorder SETTINGS [TASK]\n"
    "\n"
    "Records cameras into signed, encrypted files, keeps them, and serves them to who may see "
    "them.\n"
    "SETTINGS is a JSON file; docs/recorder.md says what there is. SIGHUP reads certificates and\n"
    "revocations again, SIGTERM ends it.\n"
    "\n"
    "Tasks, instead of running:\n"
    "      --check              reads all there is, says what is wrong\n"
    "      --rebuild-index      makes the index anew from what is on the storages\n"
    "\n"
    "  -h, --help               this\n"
    "      --version            the version\n";

static const struct option long_options[] = {
    { "check", no_argument, NULL, OPTION_CHECK },
    { "rebuild-index", no_argument, NULL, OPTION_REBUILD },
    { "help", no_argument, NULL, OPTION_HELP },
    { "version", no_argument, NULL, OPTION_VERSION },
    { NULL, 0, NULL, 0 },
};

static int complain(const char *words)
{
    fprintf(stderr, "svms-recorder: %s (--help says more)\n", words);
    return EXIT_USAGE;
}

/* -1: go on; else the exit status. */
static int parse(request *out, int count, char **arguments)
{
    int option = 0;
    while ((option = getopt_long(count, arguments, "h", long_options, NULL)) != -1) {
        switch (option) {
        case OPTION_HELP:
            fputs(help, stdout);
            return EXIT_SUCCESS;
        case OPTION_VERSION:
            puts("svms-recorder " SVMS_VERSION_TEXT);
            return EXIT_SUCCESS;
        case '?':
            return EXIT_USAGE;
        default:
            if (out->task != 0) {
                return complain("one task at a time");
            }
            out->task = option;
            break;
        }
    }
    if (count - optind != 1) {
        return complain(optind < count ? "what is that at the end?"
                                       : "the settings file is missing");
    }
    out->settings_file = arguments[optind];
    return -1;
}

static bool perform(int wanted, svms_ctx *ctx, service *life, const recorder_settings *is)
{
    switch (wanted) {
    case OPTION_CHECK:
        return recorder_task_check(ctx, life, is);
    case OPTION_REBUILD:
        return recorder_task_rebuild(ctx, life, is);
    default:
        return recorder_task_run(ctx, life, is);
    }
}

int main(int count, char **arguments)
{
    request wanted = { NULL, 0 };
    int parsed = parse(&wanted, count, arguments);
    if (parsed >= 0) {
        return parsed;
    }
    /* Whatever is made here is its owner's alone. */
    (void)umask(S_IRWXG | S_IRWXO);
    svms_error err = SVMS_ERROR_INIT;
    recorder_settings is;
    if (recorder_settings_read(&is, wanted.settings_file, &err) != SVMS_OK) {
        fprintf(stderr, "svms-recorder: %s\n", err.message);
        return EXIT_FAILURE;
    }
    service_options options = { "svms-recorder", is.log_json };
    service *life = NULL;
    svms_ctx *ctx = NULL;
    bool good = false;
    if (service_begin(&life, &options, &err) != SVMS_OK ||
        svms_ctx_new(&ctx, NULL, &err) != SVMS_OK) {
        fprintf(stderr, "svms-recorder: %s\n", err.message);
    } else {
        good = perform(wanted.task, ctx, life, &is);
    }
    svms_ctx_free(&ctx);
    service_end(&life);
    recorder_settings_close(&is);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
