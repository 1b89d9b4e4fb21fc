/* SPDX-License-Identifier: Apache-2.0 */
/* svms ca issue: certifies the key of a request, for what the operator says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#include "ca_certify.h"
#include "ca_command.h"
#include "ca_folder.h"
#include "ca_key.h"
#include "ca_public_file.h"
#include "file.h"
#include "head_text.h"
#include "json_output.h"
#include "message.h"
#include "options.h"
#include "role_choice.h"

#define COMMAND "ca issue"
#define MAX_DAYS 7300
#define HOSTS_TEXT 512

typedef struct issue_request {
    operand_list operands;
    int role;
    const char *name;
    text_list hosts;
    bool as_requested;
    bool despite_request;
    uint32_t days;
    const char *passphrase_file;
    const char *output;
    bool json;
} issue_request;

typedef struct issue_job {
    const issue_request *request;
    svms_ctx *ctx;
    ca_folder folder;
    svms_request *asked;
    svms_request_info info;
    const char *hosts[SVMS_NAMES_MAX + MAX_LIST_ITEMS];
    ca_order order;
    ca_certified certified;
} issue_job;

static exit_status load_request(issue_job *job, const char *path)
{
    file_text text = { NULL, 0 };
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = file_read(&text, path, SVMS_REQUEST_MAX, false);
    if (status != EXIT_GOOD) {
        return status;
    }
    if (svms_request_parse(&job->asked, job->ctx, text.bytes, text.size, &err) != SVMS_OK ||
        svms_request_describe(job->asked, &job->info, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot use the request %s", path);
    }
    file_text_free(&text);
    return status;
}

/* Everything that the request asks for, so that nobody signs unseen. */
static void show_request(const issue_job *job, FILE *out)
{
    const svms_request_info *info = &job->info;
    print_line(out, "Requested     %s%s%s", info->common_name[0] ? info->common_name : "no name",
               info->role == SVMS_ROLE_NONE ? "" : ", ",
               info->role == SVMS_ROLE_NONE ? "" : svms_role_name(info->role));
    for (size_t i = 0; i < info->name_count; i++) {
        print_line(out, "              host %s", svms_request_name(job->asked, i));
    }
    print_line(out, "Key's SHA-256 %s", head_text_of(info->key_sha256, 32).text);
}

static exit_status take_over_request(issue_job *job)
{
    const svms_request_info *info = &job->info;
    if (!info->common_name[0]) {
        return usage_error(COMMAND, "the request says no name: give --name");
    }
    job->order.name = info->common_name;
    for (size_t i = 0; i < info->name_count && i < SVMS_NAMES_MAX; i++) {
        job->hosts[job->order.host_count++] = svms_request_name(job->asked, i);
    }
    return EXIT_GOOD;
}

static void take_operators_words(issue_job *job)
{
    const issue_request *request = job->request;
    job->order.name = request->name;
    for (size_t i = 0; i < request->hosts.count; i++) {
        job->hosts[job->order.host_count++] = request->hosts.items[i];
    }
}

static exit_status compare(const issue_job *job)
{
    static const char *const words[] = { "", "another role", "another name", "other hosts" };
    ca_difference difference = CA_SAME;
    exit_status status = ca_compare(&job->order, job->asked, &difference);
    if (status != EXIT_GOOD || difference == CA_SAME || job->request->despite_request) {
        return status;
    }
    show_request(job, stderr);
    complain(
        "the request asks for %s than you say; nothing was issued (--despite-request lets your "
        "word count)",
        words[difference]);
    return EXIT_POLICY;
}

static exit_status make_order(issue_job *job)
{
    const issue_request *request = job->request;
    exit_status status = EXIT_GOOD;
    job->order.role = (svms_role)request->role;
    job->order.hosts = job->hosts;
    job->order.days = request->days;
    if (request->as_requested) {
        status = take_over_request(job);
    } else if (request->name) {
        take_operators_words(job);
    } else {
        show_request(job, stderr);
        status = usage_error(COMMAND, "say who this is: --name and --host, or --as-requested");
    }
    return status == EXIT_GOOD ? compare(job) : status;
}

static exit_status certify(issue_job *job)
{
    exit_status status = ca_folder_enter(&job->folder);
    if (status != EXIT_GOOD) {
        return status;
    }
    status = ca_certify(&job->folder, &job->order, job->asked, &job->certified, NULL);
    ca_folder_leave(&job->folder);
    return status;
}

static exit_status hand_out(const issue_job *job)
{
    const char *path = job->request->output;
    exit_status status = ca_write_public(path, job->certified.pem, job->certified.size, false);
    if (status != EXIT_GOOD) {
        complain(
            "certificate %s is issued all the same: 'svms ca get' hands it out again, 'svms ca "
            "revoke' takes it back",
            job->certified.serial);
    }
    return status;
}

static json_t *json_order_hosts(const ca_order *order)
{
    json_t *list = json_array();
    for (size_t i = 0; i < order->host_count; i++) {
        if (json_array_append_new(list, json_text(order->hosts[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static exit_status say(const issue_job *job)
{
    const ca_order *order = &job->order;
    char until[SVMS_TIME_TEXT_SIZE];
    svms_time_format(job->certified.not_after_utc_ns, until);
    if (job->request->json) {
        return json_print(json_pack(
            "{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:b}", "file", json_text(job->request->output),
            "serial", job->certified.serial, "name", json_text(order->name), "role",
            json_text(svms_role_name(order->role)), "hosts", json_order_hosts(order), "key_sha256",
            json_hex(job->info.key_sha256, 32), "not_after",
            json_time(job->certified.not_after_utc_ns), "shortened",
            (int)job->certified.shortened));
    }
    show_request(job, stdout);
    print_line(stdout, "Certificate   %s", job->request->output);
    print_line(stdout, "Issued to     %s, %s", order->name, svms_role_name(order->role));
    for (size_t i = 0; i < order->host_count; i++) {
        print_line(stdout, "              host %s", order->hosts[i]);
    }
    print_line(stdout, "Serial        %s", job->certified.serial);
    print_line(stdout, "Valid until   %s%s", until,
               job->certified.shortened ? " (the authority ends then)" : "");
    return EXIT_GOOD;
}

static exit_status work(issue_job *job)
{
    const issue_request *request = job->request;
    exit_status status = ca_folder_open(&job->folder, job->ctx, request->operands.items[0], true);
    if (status == EXIT_GOOD) {
        status = load_request(job, request->operands.items[1]);
    }
    if (status == EXIT_GOOD) {
        status = make_order(job);
    }
    if (status == EXIT_GOOD) {
        status = file_check_new(request->output);
    }
    if (status == EXIT_GOOD) {
        status = ca_folder_unlock_key(&job->folder, request->passphrase_file);
    }
    if (status == EXIT_GOOD) {
        status = certify(job);
    }
    if (status == EXIT_GOOD) {
        status = hand_out(job);
    }
    status = status == EXIT_GOOD ? say(job) : status;
    ca_certified_free(&job->certified);
    svms_request_free(&job->asked);
    ca_folder_close(&job->folder);
    return status;
}

static exit_status issue(const issue_request *request)
{
    issue_job *job = calloc(1, sizeof *job);
    if (!job) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    job->request = request;
    job->info = (svms_request_info)SVMS_REQUEST_INFO_INIT;
    exit_status status = ca_make_context(&job->ctx);
    if (status == EXIT_GOOD) {
        status = work(job);
    }
    svms_ctx_free(&job->ctx);
    free(job);
    return status;
}

static const option_spec options[] = {
    { "role", "ROLE", "what the certificate is for: camera, recorder, server, user...",
      OPTION_CHOICE, offsetof(issue_request, role), role_choices, 0, 0 },
    { "name", "CN", "who it is; the request must say the same, or nothing", OPTION_TEXT,
      offsetof(issue_request, name), NULL, 0, 0 },
    { "host", "HOST", "DNS name or IP address of it, as in the request; repeatable", OPTION_LIST,
      offsetof(issue_request, hosts), NULL, 0, 0 },
    { "as-requested", NULL, "take name and hosts from the request, which is shown", OPTION_FLAG,
      offsetof(issue_request, as_requested), NULL, 0, 0 },
    { "despite-request", NULL, "what is said here counts, whatever the request asks for",
      OPTION_FLAG, offsetof(issue_request, despite_request), NULL, 0, 0 },
    { "days", "N", "validity, never beyond the authority's own; default: by role", OPTION_COUNT,
      offsetof(issue_request, days), NULL, 1, MAX_DAYS },
    { "passphrase-file", "FILE", "passphrase of the authority; default: asked for", OPTION_TEXT,
      offsetof(issue_request, passphrase_file), NULL, 0, 0 },
    { "out", "FILE", "the certificate, then its authorities; never replaces", OPTION_TEXT,
      offsetof(issue_request, output), NULL, 0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(issue_request, json), NULL, 0,
      0 },
};

static const command_line line = {
    COMMAND,
    "DIR REQUEST --role ROLE --out FILE [options]",
    "Certifies the key of a request. What it says is said here, not taken over unseen.",
    options,
    sizeof options / sizeof options[0],
    "DIR",
    offsetof(issue_request, operands)
};

exit_status command_ca_issue(int count, char **arguments)
{
    issue_request request;
    memset(&request, 0, sizeof request);
    parse_result parsed = options_parse_many(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (request.operands.count != 2) {
        return usage_error(COMMAND, "DIR and REQUEST are expected");
    }
    if (!request.role || !request.output) {
        return usage_error(COMMAND, "--%s is missing", request.role ? "out" : "role");
    }
    if (request.as_requested && (request.name || request.hosts.count > 0)) {
        return usage_error(COMMAND, "--as-requested takes name and hosts from the request");
    }
    return issue(&request);
}
