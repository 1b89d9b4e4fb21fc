/* SPDX-License-Identifier: Apache-2.0 */
/* svms audit key: what verifiers are given. */
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#include "audit_command.h"
#include "file.h"
#include "json_output.h"
#include "message.h"
#include "options.h"

#define LOG_FILE_MAX 1024
#define TITLE "svms audit log"

typedef struct key_request {
    const char *path;
    bool json;
} key_request;

/* Ends the line that text begins with; NULL: it has no end. */
static char *cut_line(char *text)
{
    char *end = strchr(text, '\n');
    if (!end) {
        return NULL;
    }
    *end = '\0';
    return end + 1;
}

static exit_status say(const key_request *request, char *text)
{
    char *origin = cut_line(text);
    char *key = origin ? cut_line(origin) : NULL;
    char *end = key ? cut_line(key) : NULL;
    if (!end || end[0] != '\0' || strcmp(text, TITLE) != 0) {
        complain("%s is no audit log", request->path);
        return EXIT_MALFORMED;
    }
    if (request->json) {
        return json_print(json_pack("{s:o, s:o, s:o}", "log", json_text(request->path), "origin",
                                    json_text(origin), "key", json_text(key)));
    }
    print_line(stdout, "%s", key);
    return EXIT_GOOD;
}

static const option_spec options[] = {
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(key_request, json), NULL, 0, 0 },
};

static const command_line line = {
    "audit key",
    "LOG [options]",
    "Prints the key with which others verify the log, as it stands in the log. Verifiers need it\n"
    "from somebody they trust: whoever can rewrite a log can also put another key beside it.",
    options,
    sizeof options / sizeof options[0],
    "LOG",
    offsetof(key_request, path)
};

exit_status command_audit_key(int count, char **arguments)
{
    key_request request;
    file_text text = { NULL, 0 };
    memset(&request, 0, sizeof request);
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    char *path = path_join(request.path, "log");
    if (!path) {
        return EXIT_ENVIRONMENT;
    }
    exit_status status = file_read(&text, path, LOG_FILE_MAX, false);
    if (status == EXIT_GOOD) {
        status = say(&request, text.bytes);
    }
    file_text_free(&text);
    free(path);
    return status;
}
