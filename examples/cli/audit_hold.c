/* SPDX-License-Identifier: Apache-2.0 */
/* svms audit hold: records of an audit log that stay, whatever their age. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#include "audit_by.h"
#include "audit_command.h"
#include "audit_place.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "subcommand.h"

typedef struct hold_request {
    const char *path;
    const char *name;
    const char *records;
    int64_t until;
    audit_by by;
    bool json;
} hold_request;

/* "17" or "17-40". */
static bool read_range(const char *text, uint64_t *first, uint64_t *last)
{
    size_t digits = strspn(text, "0123456789");
    const char *rest = text + digits;
    size_t more = *rest == '-' ? strspn(rest + 1, "0123456789") : 0;
    bool is_one = *rest == '\0';
    bool is_range = *rest == '-' && more > 0 && rest[1 + more] == '\0';
    /* Fifteen digits are more than a log has records. */
    if (digits == 0 || digits > 15 || more > 15 || (!is_one && !is_range)) {
        return false;
    }
    *first = strtoull(text, NULL, 10);
    *last = is_one ? *first : strtoull(rest + 1, NULL, 10);
    return true;
}

static exit_status say_held(const hold_request *request, const svms_audit_hold *hold, uint64_t gone)
{
    if (request->json) {
        return json_print(json_pack(
            "{s:o, s:o, s:o, s:o, s:o, s:o}", "log", json_text(request->path), "hold",
            json_text(hold->name), "first", json_place(hold->first), "last", json_place(hold->last),
            "until", json_time(hold->until_utc_ns), "gone", json_place(gone)));
    }
    print_line(stdout, "Held          records %" PRIu64 " to %" PRIu64 ", for %s", hold->first,
               hold->last, hold->name);
    if (gone > 0) {
        print_line(stdout, "Gone before   %" PRIu64 " of them: they were pruned", gone);
    }
    return EXIT_GOOD;
}

static exit_status add(const void *asked, svms_audit_log *log)
{
    const hold_request *request = asked;
    svms_audit_hold hold = SVMS_AUDIT_HOLD_INIT;
    svms_error err = SVMS_ERROR_INIT;
    const svms_audit_event by = audit_by_event(&request->by);
    uint64_t gone = 0;
    hold.name = request->name;
    hold.until_utc_ns = request->until;
    if (!read_range(request->records, &hold.first, &hold.last)) {
        return usage_error("audit hold add", "--records takes N or FIRST-LAST");
    }
    svms_status status = svms_audit_log_hold(log, &hold, &by, &gone, &err);
    return status == SVMS_OK ? say_held(request, &hold, gone)
                             : complain_error(&err, "cannot hold records of %s", request->path);
}

static exit_status lift(const void *asked, svms_audit_log *log)
{
    const hold_request *request = asked;
    svms_error err = SVMS_ERROR_INIT;
    const svms_audit_event by = audit_by_event(&request->by);
    svms_status status = svms_audit_log_lift(log, request->name, &by, &err);
    if (status == SVMS_E_STATE) {
        (void)complain_error(&err, "cannot lift %s", request->name);
        return EXIT_ENVIRONMENT;
    }
    if (status != SVMS_OK) {
        return complain_error(&err, "cannot lift %s", request->name);
    }
    if (request->json) {
        return json_print(json_pack("{s:o, s:o}", "log", json_text(request->path), "lifted",
                                    json_text(request->name)));
    }
    print_line(stdout, "Lifted        %s", request->name);
    return EXIT_GOOD;
}

static exit_status with_log(const hold_request *request,
                            exit_status (*act)(const void *request, svms_audit_log *log))
{
    const audit_place_options options = { .path = request->path, .server = request->by.server };
    return audit_place_act(&options, "holds records", act, request);
}

static svms_status list_one(void *user, const svms_audit_hold *hold)
{
    const hold_request *request = user;
    char until[SVMS_TIME_TEXT_SIZE] = "lifted";
    if (request->json) {
        exit_status status = json_print_line(json_pack(
            "{s:o, s:o, s:o, s:o}", "hold", json_text(hold->name), "first", json_place(hold->first),
            "last", json_place(hold->last), "until", json_time(hold->until_utc_ns)));
        return status == EXIT_GOOD ? SVMS_OK : SVMS_E_IO;
    }
    if (hold->until_utc_ns != SVMS_NO_TIME) {
        svms_time_format(hold->until_utc_ns, until);
    }
    print_line(stdout, "%-20s  records %" PRIu64 " to %" PRIu64 ", until %s", hold->name,
               hold->first, hold->last, until);
    return SVMS_OK;
}

static exit_status list(hold_request *request)
{
    svms_ctx *ctx = NULL;
    svms_folder folder = SVMS_FOLDER_INIT;
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = make_context(&ctx);
    if (status == EXIT_GOOD) {
        status = audit_place_folder(&folder, ctx, request->path);
    }
    if (status == EXIT_GOOD && svms_audit_holds(ctx, &folder, list_one, request, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot list the holds of %s", request->path);
    }
    svms_folder_close(&folder);
    svms_ctx_free(&ctx);
    return status;
}

static const option_spec add_options[] = {
    { "name", "NAME", "for whom or what: A-Z a-z 0-9 . - _", OPTION_TEXT,
      offsetof(hold_request, name), NULL, 0, 0 },
    { "records", "FIRST-LAST", "numbers of the records, or one number", OPTION_TEXT,
      offsetof(hold_request, records), NULL, 0, 0 },
    { "until", "TIME", "when the hold ends (RFC 3339; default: when it is lifted)", OPTION_TIME,
      offsetof(hold_request, until), NULL, 0, 0 },
    AUDIT_BY_OPTIONS(hold_request, by),
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(hold_request, json), NULL, 0,
      0 },
};

static const command_line add_line = { "audit hold add",
                                       "LOG --name NAME --records FIRST-LAST [options]",
                                       "Keeps records of an audit log from being pruned.",
                                       add_options,
                                       sizeof add_options / sizeof add_options[0],
                                       "LOG",
                                       offsetof(hold_request, path) };

static const option_spec lift_options[] = {
    { "name", "NAME", "of the holds that end", OPTION_TEXT, offsetof(hold_request, name), NULL, 0,
      0 },
    AUDIT_BY_OPTIONS(hold_request, by),
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(hold_request, json), NULL, 0,
      0 },
};

static const command_line lift_line = { "audit hold lift",
                                        "LOG --name NAME [options]",
                                        "Ends all holds of a name.",
                                        lift_options,
                                        sizeof lift_options / sizeof lift_options[0],
                                        "LOG",
                                        offsetof(hold_request, path) };

static const option_spec list_options[] = {
    { "json", NULL, "print one JSON object on each line", OPTION_FLAG, offsetof(hold_request, json),
      NULL, 0, 0 },
};

static const command_line list_line = { "audit hold list",
                                        "LOG [--json]",
                                        "Lists what is held, and what was and has ended.",
                                        list_options,
                                        sizeof list_options / sizeof list_options[0],
                                        "LOG",
                                        offsetof(hold_request, path) };

static exit_status command_add(int count, char **arguments)
{
    hold_request request;
    memset(&request, 0, sizeof request);
    request.until = SVMS_NO_TIME;
    parse_result parsed = options_parse(&add_line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (!request.name || !request.records) {
        return usage_error(add_line.name, "--name or --records is missing");
    }
    return with_log(&request, add);
}

static exit_status command_lift(int count, char **arguments)
{
    hold_request request;
    memset(&request, 0, sizeof request);
    parse_result parsed = options_parse(&lift_line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    return request.name ? with_log(&request, lift)
                        : usage_error(lift_line.name, "--name is missing");
}

static exit_status command_list(int count, char **arguments)
{
    hold_request request;
    memset(&request, 0, sizeof request);
    parse_result parsed = options_parse(&list_line, &request, count, arguments);
    return parsed == PARSE_READY ? list(&request) : parse_exit(parsed);
}

exit_status command_audit_hold(int count, char **arguments)
{
    static const subcommand known[] = {
        { "add", command_add, "keep records from being pruned" },
        { "lift", command_lift, "end holds" },
        { "list", command_list, "list what is held" },
    };
    return subcommand_run("audit hold", known, sizeof known / sizeof known[0], count, arguments);
}
