/* SPDX-License-Identifier: Apache-2.0 */
/* svms audit create: a log, and the key with which others verify it. */
#include <string.h>

#include <svms/svms.h>

#include "audit_command.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"

typedef struct create_request {
    const char *path;
    const char *origin;
    bool json;
} create_request;

static exit_status say(const create_request *request, const char *key)
{
    if (request->json) {
        return json_print(json_pack("{s:o, s:o, s:o}", "log", json_text(request->path), "origin",
                                    json_text(request->origin), "key", json_text(key)));
    }
    print_line(stdout, "Log           %s", request->path);
    print_line(stdout, "Origin        %s", request->origin);
    print_line(stdout, "Key           %s", key);
    print_line(stdout, "              give it to everybody who is to verify the log, now and on "
                       "another way: who");
    print_line(stdout, "              can rewrite the log could also write another key beside it");
    return EXIT_GOOD;
}

static exit_status create(const create_request *request)
{
    svms_ctx *ctx = NULL;
    svms_folder folder = SVMS_FOLDER_INIT;
    svms_error err = SVMS_ERROR_INIT;
    char key[SVMS_AUDIT_KEY_SIZE];
    exit_status status = make_context(&ctx);
    if (status != EXIT_GOOD) {
        return status;
    }
    if (svms_folder_open(&folder, ctx, request->path, 1, &err) != SVMS_OK) {
        complain_error(&err, "cannot make %s", request->path);
        status = EXIT_ENVIRONMENT;
    }
    if (status == EXIT_GOOD) {
        svms_status made = svms_audit_log_create(ctx, &folder, request->origin, key, &err);
        status = made == SVMS_OK ? EXIT_GOOD
                                 : complain_error(&err, "cannot make a log in %s", request->path);
        /* What is there is never replaced, as with any other output. */
        status = made == SVMS_E_STATE ? EXIT_ENVIRONMENT : status;
    }
    svms_folder_close(&folder);
    if (status == EXIT_GOOD) {
        status = say(request, key);
    }
    svms_ctx_free(&ctx);
    return status;
}

static const option_spec options[] = {
    { "origin", "NAME", "name of the log for everybody else: a-z 0-9 . - / _, such as a host's",
      OPTION_TEXT, offsetof(create_request, origin), NULL, 0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(create_request, json), NULL, 0,
      0 },
};

static const command_line line = {
    "audit create",
    "LOG --origin NAME [options]",
    "Makes an audit log in the folder LOG, which must be new or empty, and prints its key.",
    options,
    sizeof options / sizeof options[0],
    "LOG",
    offsetof(create_request, path)
};

exit_status command_audit_create(int count, char **arguments)
{
    create_request request;
    memset(&request, 0, sizeof request);
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (!request.origin) {
        return usage_error(line.name, "--origin is missing");
    }
    return create(&request);
}
