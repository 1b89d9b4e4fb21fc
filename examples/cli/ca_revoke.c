/* SPDX-License-Identifier: Apache-2.0 */
/* svms ca revoke: takes a certificate back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <svms/svms.h>

#include "ca_command.h"
#include "ca_folder.h"
#include "ca_key.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"

#define COMMAND "ca revoke"
#define NS_PER_SECOND INT64_C(1000000000)

typedef struct revoke_request {
    operand_list operands;
    int reason;
    int64_t since_utc_ns;
    bool json;
} revoke_request;

static exit_status find_by_file(const ca_folder *folder, const char *path, const ca_issued **out)
{
    svms_chain *chain = NULL;
    svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = load_chain(&chain, folder->ctx, path);
    if (status == EXIT_GOOD && svms_chain_certificate(chain, 0, &info, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot use the certificate %s", path);
    }
    svms_chain_free(&chain);
    if (status != EXIT_GOOD) {
        return status;
    }
    *out = ca_journal_find_sha256(&folder->journal, info.sha256);
    if (!*out) {
        complain("%s was not issued by the authority in %s", path, folder->path);
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

static exit_status find(const ca_folder *folder, const char *text, const ca_issued **out)
{
    char serial[CA_SERIAL_TEXT];
    *out = ca_serial_parse(serial, text) ? ca_journal_find_serial(&folder->journal, serial) : NULL;
    if (*out) {
        return EXIT_GOOD;
    }
    if (file_exists(text)) {
        return find_by_file(folder, text, out);
    }
    complain("%s issued no certificate %s, and there is no such file", folder->path, text);
    return EXIT_USAGE;
}

/* Once it is known that a key was stolen, or that it was stolen earlier than was thought, lists
 * have to say so. The other way round, something would come to be believed again. */
static exit_status check_again(const ca_issued *entry, svms_revocation_reason reason, int64_t since)
{
    bool news = since != entry->invalid_utc_ns ||
                (reason == SVMS_REASON_KEY_COMPROMISE && entry->reason != reason);
    char text[SVMS_TIME_TEXT_SIZE];
    if (news && ca_may_revoke(entry, reason, entry->revoked_utc_ns, since)) {
        return EXIT_GOOD;
    }
    svms_time_format(entry->revoked_utc_ns, text);
    complain("certificate %s is revoked already, since %s (%s)", entry->serial, text,
             ca_reason_name(entry->reason));
    return EXIT_POLICY;
}

static exit_status say(const revoke_request *request, const ca_issued *entry)
{
    char text[SVMS_TIME_TEXT_SIZE];
    if (request->json) {
        return json_print(
            json_pack("{s:s, s:o, s:s, s:s, s:o, s:o}", "serial", entry->serial, "name",
                      json_text(entry->name), "role", ca_role_name(entry->role), "reason",
                      ca_reason_name(entry->reason), "revoked", json_time(entry->revoked_utc_ns),
                      "invalid", json_time(entry->invalid_utc_ns)));
    }
    svms_time_format(entry->revoked_utc_ns, text);
    print_line(stdout, "Revoked       %s, %s", entry->name, ca_role_name(entry->role));
    print_line(stdout, "Serial        %s", entry->serial);
    print_line(stdout, "Since         %s (%s)", text, ca_reason_name(entry->reason));
    if (entry->invalid_utc_ns != SVMS_NO_TIME) {
        svms_time_format(entry->invalid_utc_ns, text);
        print_line(stdout, "Not believed  from %s on", text);
    }
    print_line(stdout, "              nobody knows before there is a new list: svms ca crl");
    return EXIT_GOOD;
}

static exit_status revoke_entry(ca_folder *folder, const revoke_request *request,
                                const ca_issued *entry)
{
    int64_t now = (int64_t)time(NULL) * NS_PER_SECOND;
    int64_t since = request->since_utc_ns;
    if (since != SVMS_NO_TIME) {
        since -= since % NS_PER_SECOND; /* what a list can say */
    }
    svms_revocation_reason reason =
        request->reason < 0 ? SVMS_REASON_UNSPECIFIED : (svms_revocation_reason)request->reason;
    if (since != SVMS_NO_TIME && (since > now || since < 0)) {
        return usage_error(COMMAND, "--since lies between 1970 and now");
    }
    if (entry->revoked) {
        now = entry->revoked_utc_ns;
        since = since == SVMS_NO_TIME ? entry->invalid_utc_ns : since;
        reason = request->reason < 0 ? entry->reason : reason;
        exit_status status = check_again(entry, reason, since);
        if (status != EXIT_GOOD) {
            return status;
        }
    }
    return ca_journal_add_revoked(&folder->journal, entry, reason, now, since);
}

static exit_status revoke(const revoke_request *request)
{
    svms_ctx *ctx = NULL;
    ca_folder folder;
    const ca_issued *entry = NULL;
    exit_status status = ca_make_context(&ctx);
    if (status != EXIT_GOOD) {
        return status;
    }
    status = ca_folder_open(&folder, ctx, request->operands.items[0], true);
    if (status == EXIT_GOOD) {
        status = ca_folder_enter(&folder);
        if (status == EXIT_GOOD) {
            status = find(&folder, request->operands.items[1], &entry);
        }
        if (status == EXIT_GOOD) {
            status = revoke_entry(&folder, request, entry);
        }
        if (status == EXIT_GOOD) {
            status = say(request, entry);
        }
        ca_folder_close(&folder);
    }
    svms_ctx_free(&ctx);
    return status;
}

static const option_choice reasons[] = {
    { "key-compromise", SVMS_REASON_KEY_COMPROMISE },
    { "superseded", SVMS_REASON_SUPERSEDED },
    { "cessation", SVMS_REASON_CESSATION },
    { "affiliation-changed", SVMS_REASON_AFFILIATION_CHANGED },
    { "ca-compromise", SVMS_REASON_CA_COMPROMISE },
    { NULL, 0 },
};

static const option_spec options[] = {
    { "reason", "REASON", "key-compromise, superseded, cessation, affiliation-changed, ...",
      OPTION_CHOICE, offsetof(revoke_request, reason), reasons, 0, 0 },
    { "since", "T", "when it went wrong, such as a theft: not believed from then on", OPTION_TIME,
      offsetof(revoke_request, since_utc_ns), NULL, 0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(revoke_request, json), NULL, 0,
      0 },
};

static const command_line line = {
    COMMAND,
    "DIR SERIAL | CERT [options]",
    "Takes a certificate back. Needs no passphrase; the list that says so does (svms ca crl).",
    options,
    sizeof options / sizeof options[0],
    "DIR",
    offsetof(revoke_request, operands)
};

exit_status command_ca_revoke(int count, char **arguments)
{
    revoke_request request;
    memset(&request, 0, sizeof request);
    request.reason = -1;
    request.since_utc_ns = SVMS_NO_TIME;
    parse_result parsed = options_parse_many(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (request.operands.count != 2) {
        return usage_error(COMMAND, "DIR and a serial number or certificate are expected");
    }
    return revoke(&request);
}
