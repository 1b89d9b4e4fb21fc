/* SPDX-License-Identifier: Apache-2.0 */
/* svms audit prove: one record as a file that others can verify without the log. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#include "audit_command.h"
#include "audit_find.h"
#include "file.h"
#include "json_output.h"
#include "message.h"
#include "options.h"

/* A number that is larger than those of all records. */
#define NO_NUMBER UINT64_MAX

typedef struct prove_request {
    operand_list operands;
    const char *since;
    const char *output;
    audit_trust_options trust;
    bool force;
    bool json;
    /* Worked out of the operands and since. */
    const char *path;
    uint64_t number;
} prove_request;

typedef svms_status (*prover)(svms_audit_reader *reader, uint64_t number, char *out, size_t *size,
                              svms_error *err);

static exit_status say(const prove_request *request, size_t size)
{
    if (request->json) {
        return json_print(json_pack("{s:o, s:o, s:I, s:I}", "log", json_text(request->path), "file",
                                    json_text(request->output), request->since ? "since" : "index",
                                    (json_int_t)request->number, "bytes", (json_int_t)size));
    }
    if (request->since) {
        print_line(stdout,
                   "Proof         %s (%zu bytes): the log only grew since it had %" PRIu64
                   " records",
                   request->output, size, request->number);
        print_line(stdout,
                   "              verify it with svms audit verify-proof --kept CHECKPOINT");
        return EXIT_GOOD;
    }
    print_line(stdout, "Proof         %s (%zu bytes): of record %" PRIu64, request->output, size,
               request->number);
    print_line(stdout, "              whoever has the log's key verifies it with svms audit "
                       "verify-proof, without the log");
    return EXIT_GOOD;
}

static exit_status make(char **out, size_t *size, const prove_request *request, audit_open_log *log)
{
    svms_error err = SVMS_ERROR_INIT;
    prover prove = request->since ? svms_audit_prove_growth : svms_audit_prove;
    *size = 0;
    svms_status status = prove(log->reader, request->number, NULL, size, &err);
    if (status == SVMS_E_LIMIT) {
        *out = malloc(*size);
        if (!*out) {
            complain("out of memory");
            return EXIT_ENVIRONMENT;
        }
        status = prove(log->reader, request->number, *out, size, &err);
    }
    if (status == SVMS_OK) {
        return EXIT_GOOD;
    }
    exit_status failed = complain_error(&err, "cannot prove that");
    return status == SVMS_E_STATE ? EXIT_ENVIRONMENT : failed;
}

static exit_status prove(const prove_request *request, audit_open_log *log)
{
    char *text = NULL;
    size_t size = 0;
    exit_status status = make(&text, &size, request, log);
    if (status == EXIT_GOOD) {
        const new_file file = { request->output, 0644, text, size };
        status = file_write(&file, 1, request->force);
    }
    free(text);
    return status == EXIT_GOOD ? say(request, size) : status;
}

static exit_status run(const prove_request *request)
{
    audit_open_log log;
    exit_status status = file_check_output(request->output, request->force);
    if (status != EXIT_GOOD) {
        return status;
    }
    status = audit_find_open(&log, request->path, &request->trust, "audit prove");
    if (status == EXIT_GOOD) {
        status = prove(request, &log);
    }
    audit_find_close(&log);
    return status;
}

#define AT(member) offsetof(prove_request, member), NULL, 0, 0

static const option_spec options[] = {
    { "out", "FILE", "the proof: text, which may be sent, printed and published", OPTION_TEXT,
      AT(output) },
    { "since", "SIZE", "prove that the log only grew since it had SIZE records", OPTION_TEXT,
      AT(since) },
    { "key", "KEY", "the log's key, or a file with it; default: the one that the log names",
      OPTION_TEXT, AT(trust.key) },
    { "force", NULL, "replace FILE if it exists", OPTION_FLAG, AT(force) },
    { "json", NULL, "print one JSON object", OPTION_FLAG, AT(json) },
};

static const command_line line = {
    "audit prove",
    "LOG NUMBER --out FILE [options]",
    "Writes a proof of one record: the record, its place in the log, and what leads from there to\n"
    "a signed checkpoint, with the cosignatures of witnesses where there are any.",
    options,
    sizeof options / sizeof options[0],
    "LOG",
    offsetof(prove_request, operands)
};

static bool take_number(uint64_t *out, const char *text)
{
    char *end = NULL;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *out != NO_NUMBER;
}

static exit_status check(prove_request *request)
{
    size_t wanted = request->since ? 1 : 2;
    if (!request->output) {
        return usage_error(line.name, "--out is missing");
    }
    if (request->operands.count != wanted) {
        return usage_error(line.name, request->since
                                          ? "with --since, a log is expected, and no number"
                                          : "a log and the number of a record are expected");
    }
    request->path = request->operands.items[0];
    if (!take_number(&request->number,
                     request->since ? request->since : request->operands.items[1])) {
        return usage_error(line.name, "'%s' is no number",
                           request->since ? request->since : request->operands.items[1]);
    }
    return EXIT_GOOD;
}

exit_status command_audit_prove(int count, char **arguments)
{
    prove_request *request = calloc(1, sizeof *request);
    if (!request) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    parse_result parsed = options_parse_many(&line, request, count, arguments);
    exit_status status = parsed == PARSE_READY ? check(request) : parse_exit(parsed);
    if (parsed == PARSE_READY && status == EXIT_GOOD) {
        status = run(request);
    }
    free(request);
    return status;
}
