/* SPDX-License-Identifier: Apache-2.0 */
/* svms ca code: one-time codes for enrolment. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <svms/svms.h>

#include "ca_codes.h"
#include "ca_command.h"
#include "ca_key.h"
#include "ca_trial.h"
#include "json_output.h"
#include "message.h"
#include "options.h"
#include "role_choice.h"

#define COMMAND "ca code"
#define DEFAULT_HOURS_NS UINT64_C(24000000000) /* typed in hours, kept as if they were seconds */
#define MAX_HOURS 2160
#define SECONDS_PER_HOUR 3600
#define MAX_DAYS 7300
#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_DAY (INT64_C(86400) * NS_PER_SECOND)

typedef struct code_request {
    const char *folder;
    const char *name;
    int role;
    text_list hosts;
    uint64_t hours_ns;
    uint32_t days;
    const char *voided;
    bool json;
} code_request;

static exit_status say_code(const code_request *request, const ca_code *code, const est_code *made)
{
    char text[EST_CODE_TEXT_SIZE];
    char until[SVMS_TIME_TEXT_SIZE];
    exit_status status = EXIT_GOOD;
    est_code_format(made, text);
    svms_time_format(code->until_utc_ns, until);
    if (request->json) {
        status =
            json_print(json_pack("{s:s, s:s, s:o, s:s, s:o}", "id", code->id, "code", text, "name",
                                 json_text(code->name), "role", svms_role_name(code->role), "until",
                                 json_time(code->until_utc_ns)));
    } else {
        print_line(stdout, "Code          %s", text);
        print_line(stdout, "              for one certificate of %s, %s", code->name,
                   svms_role_name(code->role));
        print_line(stdout, "Good until    %s", until);
        print_line(stdout, "Id            %s (the code itself is kept nowhere)", code->id);
    }
    OPENSSL_cleanse(text, sizeof text);
    return status;
}

/* Who could never have such a certificate needs no code. */
static exit_status check_names(svms_ctx *ctx, const code_request *request)
{
    svms_issue_options options = SVMS_ISSUE_OPTIONS_INIT;
    options.role = (svms_role)request->role;
    options.common_name = request->name;
    options.names = request->hosts.items;
    options.name_count = request->hosts.count;
    return ca_try(ctx, options, "cannot make such a code");
}

static exit_status make(ca_folder *folder, const code_request *request)
{
    ca_code code;
    est_code secret;
    memset(&code, 0, sizeof code);
    code.role = (svms_role)request->role;
    code.name = request->name;
    code.hosts = (ca_hosts){ request->hosts.items, request->hosts.count };
    code.days = request->days;
    code.until_utc_ns =
        (int64_t)time(NULL) * NS_PER_SECOND + (int64_t)(request->hours_ns * SECONDS_PER_HOUR);
    if (request->days > 0 &&
        code.until_utc_ns + request->days * NS_PER_DAY > folder->info.not_after_utc_ns) {
        complain("%u days are more than the authority in %s has left", (unsigned)request->days,
                 folder->path);
        return EXIT_POLICY;
    }
    exit_status status = ca_code_make(folder, &code, &secret);
    if (status == EXIT_GOOD) {
        status = say_code(request, &code, &secret);
    }
    OPENSSL_cleanse(&secret, sizeof secret);
    return status;
}

static exit_status take_back(ca_folder *folder, const code_request *request)
{
    const ca_code *code = ca_journal_find_code(&folder->journal, request->voided);
    if (!code) {
        complain("%s has no code %s ('svms ca list' tells the ids)", folder->path, request->voided);
        return EXIT_USAGE;
    }
    if (code->state != CA_CODE_OPEN) {
        complain("code %s is %s already", code->id, code->state == CA_CODE_USED ? "used" : "void");
        return EXIT_POLICY;
    }
    exit_status status = ca_journal_add_code_void(&folder->journal, request->voided);
    if (status == EXIT_GOOD && request->json) {
        status = json_print(json_pack("{s:s, s:s}", "id", request->voided, "state", "void"));
    } else if (status == EXIT_GOOD) {
        print_line(stdout, "Void          %s", request->voided);
    }
    return status;
}

static exit_status run(const code_request *request)
{
    svms_ctx *ctx = NULL;
    ca_folder folder;
    exit_status status = ca_make_context(&ctx);
    if (status == EXIT_GOOD && !request->voided) {
        status = check_names(ctx, request);
    }
    if (status == EXIT_GOOD) {
        status = ca_folder_open(&folder, ctx, request->folder, true);
        if (status == EXIT_GOOD) {
            status = ca_folder_enter(&folder);
            if (status == EXIT_GOOD) {
                status = request->voided ? take_back(&folder, request) : make(&folder, request);
            }
            ca_folder_close(&folder);
        }
    }
    svms_ctx_free(&ctx);
    return status;
}

static const option_spec options[] = {
    { "name", "CN", "who may enrol", OPTION_TEXT, offsetof(code_request, name), NULL, 0, 0 },
    { "role", "ROLE", "what the certificate will be for: camera, recorder, server...",
      OPTION_CHOICE, offsetof(code_request, role), role_choices, 0, 0 },
    { "host", "HOST", "DNS name or IP address of it; repeatable", OPTION_LIST,
      offsetof(code_request, hosts), NULL, 0, 0 },
    { "hours", "N", "how long the code is good, 0.001 to 2160; default 24", OPTION_SECONDS,
      offsetof(code_request, hours_ns), NULL, 0.001, MAX_HOURS },
    { "days", "N", "validity of the certificate; default: by role", OPTION_COUNT,
      offsetof(code_request, days), NULL, 1, MAX_DAYS },
    { "void", "ID", "take back a code instead", OPTION_TEXT, offsetof(code_request, voided), NULL,
      0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(code_request, json), NULL, 0,
      0 },
};

static const command_line line = {
    COMMAND,
    "DIR --name CN --role ROLE [options]",
    "Makes a one-time code with which a device may enrol over the network.",
    options,
    sizeof options / sizeof options[0],
    "DIR",
    offsetof(code_request, folder)
};

exit_status command_ca_code(int count, char **arguments)
{
    code_request request;
    memset(&request, 0, sizeof request);
    request.hours_ns = DEFAULT_HOURS_NS;
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (request.voided && (request.name || request.role || request.hosts.count > 0)) {
        return usage_error(COMMAND, "--void takes a code back; it makes none");
    }
    if (!request.voided && (!request.name || !request.role)) {
        return usage_error(COMMAND, "--%s is missing", request.name ? "role" : "name");
    }
    return run(&request);
}
