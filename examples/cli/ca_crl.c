/* SPDX-License-Identifier: Apache-2.0 */
/* svms ca crl: a revocation list, for those who verify. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <svms/svms.h>

#include "ca_command.h"
#include "ca_folder.h"
#include "ca_key.h"
#include "ca_public_file.h"
#include "ca_revocation.h"
#include "json_output.h"
#include "message.h"
#include "options.h"

#define COMMAND "ca crl"
#define MAX_DAYS 3650

typedef struct crl_request {
    const char *folder;
    const char *output;
    uint32_t days;
    uint32_t number;
    const char *passphrase_file;
    bool force;
    bool json;
} crl_request;

static exit_status say(const ca_folder *folder, const crl_request *request)
{
    const ca_journal *journal = &folder->journal;
    size_t count = 0;
    for (size_t i = 0; i < journal->issued_count; i++) {
        count += journal->issued[i].revoked;
    }
    if (request->json) {
        return json_print(json_pack(
            "{s:o, s:I, s:I, s:o, s:o}", "file", json_text(request->output), "number",
            (json_int_t)journal->list_number, "revoked", (json_int_t)count, "this_update",
            json_time(journal->list_utc_ns), "next_update", json_time(journal->list_next_utc_ns)));
    }
    char next[SVMS_TIME_TEXT_SIZE];
    svms_time_format(journal->list_next_utc_ns, next);
    print_line(stdout, "List          %s: number %" PRIu64 ", %zu revoked", request->output,
               journal->list_number, count);
    print_line(stdout, "Next one      before %s", next);
    return EXIT_GOOD;
}

static exit_status make(ca_folder *folder, const crl_request *request)
{
    file_text pem = { NULL, 0 };
    exit_status status = ca_folder_enter(folder);
    if (status == EXIT_GOOD) {
        status = ca_list_make(folder, request->number, request->days, &pem);
    }
    if (status == EXIT_GOOD) {
        status = ca_write_public(request->output, pem.bytes, pem.size, request->force);
    }
    if (status == EXIT_GOOD) {
        status = say(folder, request);
    }
    ca_folder_leave(folder);
    file_text_free(&pem);
    return status;
}

static exit_status run(const crl_request *request)
{
    svms_ctx *ctx = NULL;
    ca_folder folder;
    exit_status status = file_check_output(request->output, request->force);
    if (status == EXIT_GOOD) {
        status = ca_make_context(&ctx);
    }
    if (status == EXIT_GOOD) {
        status = ca_folder_open(&folder, ctx, request->folder, true);
        if (status == EXIT_GOOD) {
            status = ca_folder_unlock_key(&folder, request->passphrase_file);
            if (status == EXIT_GOOD) {
                status = make(&folder, request);
            }
            ca_folder_close(&folder);
        }
    }
    svms_ctx_free(&ctx);
    return status;
}

static const option_spec options[] = {
    { "out", "FILE", "where the list goes (PEM)", OPTION_TEXT, offsetof(crl_request, output), NULL,
      0, 0 },
    { "days", "N", "how long it is current; default 30", OPTION_COUNT, offsetof(crl_request, days),
      NULL, 1, MAX_DAYS },
    { "number", "N", "its number, higher than that of the one before; default: the next",
      OPTION_COUNT, offsetof(crl_request, number), NULL, 1, UINT32_MAX },
    { "passphrase-file", "FILE", "passphrase of the authority; default: asked for", OPTION_TEXT,
      offsetof(crl_request, passphrase_file), NULL, 0, 0 },
    { "force", NULL, "replace an older list", OPTION_FLAG, offsetof(crl_request, force), NULL, 0,
      0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(crl_request, json), NULL, 0, 0 },
};

static const command_line line = { COMMAND,
                                   "DIR --out FILE [options]",
                                   "Makes a list of the certificates that were taken back.",
                                   options,
                                   sizeof options / sizeof options[0],
                                   "DIR",
                                   offsetof(crl_request, folder) };

exit_status command_ca_crl(int count, char **arguments)
{
    crl_request request;
    memset(&request, 0, sizeof request);
    request.days = CA_LIST_DAYS;
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (!request.output) {
        return usage_error(COMMAND, "--out is missing");
    }
    return run(&request);
}
