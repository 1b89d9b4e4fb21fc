/* SPDX-License-Identifier: Apache-2.0 */
/* svms update inspect: what an update says, whoever signed it. */
#include <stddef.h>
#include <string.h>

#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "update_command.h"
#include "update_report.h"

#define COMMAND "update inspect"

typedef struct inspect_request {
    const char *path;
    bool json;
} inspect_request;

static exit_status show(const update_reading *reading, bool json)
{
    if (reading->status != SVMS_OK) {
        return complain_error(&reading->err, "%s", reading->path);
    }
    if (json) {
        return json_print(update_to_json(reading));
    }
    update_print(reading);
    return EXIT_GOOD;
}

static const option_spec options[] = {
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(inspect_request, json), NULL, 0,
      0 },
};

static const command_line line = {
    COMMAND,
    "FILE [options]",
    "Says what an update holds, when its signature and its bytes fit together.\nWho signed it is "
    "not judged: svms update verify does that.",
    options,
    sizeof options / sizeof options[0],
    "FILE",
    offsetof(inspect_request, path)
};

exit_status command_update_inspect(int count, char **arguments)
{
    inspect_request request;
    svms_ctx *ctx = NULL;
    update_reading reading;
    svms_update_reader_options reader = SVMS_UPDATE_READER_OPTIONS_INIT;
    memset(&request, 0, sizeof request);
    memset(&reading, 0, sizeof reading);
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (!request.path) {
        return usage_error(COMMAND, "the update must be named");
    }
    reader.flags = SVMS_UPDATE_INSPECT;
    exit_status status = make_context(&ctx);
    if (status == EXIT_GOOD) {
        status = update_read(&reading, ctx, request.path, &reader);
    }
    if (status == EXIT_GOOD) {
        status = show(&reading, request.json);
    }
    update_reading_free(&reading);
    svms_ctx_free(&ctx);
    return status;
}
