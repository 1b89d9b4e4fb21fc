/* SPDX-License-Identifier: Apache-2.0 */
/* svms audit query: records by what they say. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#include "audit_command.h"
#include "audit_find.h"
#include "audit_table.h"
#include "interrupt.h"
#include "message.h"
#include "options.h"

typedef struct query_request {
    const char *path;
    audit_filter filter;
    audit_trust_options trust;
    bool newest;
    uint32_t limit;
    bool all_bundles;
    bool unverified;
    bool json;
} query_request;

typedef struct query_state {
    audit_table table;
    exit_status status;
} query_state;

static svms_status each(void *user, const svms_audit_found *found)
{
    query_state *state = user;
    state->status = audit_table_put(&state->table, found);
    if (ferror(stdout)) {
        state->status = EXIT_ENVIRONMENT;
    }
    return state->status != EXIT_GOOD || interrupt_came() ? SVMS_END : SVMS_OK;
}

static void say_pruned(const svms_audit_reader *reader)
{
    svms_audit_tally tally = SVMS_AUDIT_TALLY_INIT;
    if (svms_audit_reader_tally(reader, &tally, NULL) == SVMS_OK && tally.pruned > 0) {
        complain("note: %" PRIu64 " records that were looked for have been pruned", tally.pruned);
    }
}

static exit_status find(const query_request *request, audit_open_log *log,
                        const svms_audit_query *query)
{
    svms_error err = SVMS_ERROR_INIT;
    query_state state = { .status = EXIT_GOOD };
    audit_table_begin(&state.table, log->ctx, request->json);
    interrupt_watch();
    svms_status found = svms_audit_reader_find(log->reader, query, each, &state, &err);
    if (found == SVMS_E_USAGE) {
        return usage_error("audit query", "%s", err.message);
    }
    if (found != SVMS_OK) {
        return audit_find_failed(log, &err);
    }
    say_pruned(log->reader);
    return state.status;
}

static exit_status query(const query_request *request)
{
    svms_audit_query wanted = SVMS_AUDIT_QUERY_INIT;
    audit_open_log log;
    memset(&log, 0, sizeof log);
    wanted.flags = request->newest ? SVMS_AUDIT_NEWEST_FIRST : 0;
    wanted.flags |= request->all_bundles ? SVMS_AUDIT_NO_INDEX : 0;
    wanted.limit = request->limit;
    exit_status status = audit_find_query(&wanted, &request->filter, "audit query");
    if (status == EXIT_GOOD) {
        status = audit_find_open(&log, request->path, &request->trust, "audit query");
    }
    if (status == EXIT_GOOD) {
        status = find(request, &log, &wanted);
    }
    audit_find_close(&log);
    return status;
}

#define AT(member) offsetof(query_request, member), NULL, 0, 0

static const option_spec options[] = {
    AUDIT_TIME_OPTIONS(query_request, filter),
    AUDIT_FILTER_OPTIONS(query_request, filter),
    { "newest", NULL, "the newest first", OPTION_FLAG, AT(newest) },
    { "limit", "N", "at most so many", OPTION_COUNT, offsetof(query_request, limit), NULL, 1,
      4294967295.0 },
    { "all-bundles", NULL, "do not believe the index, which could hide records: read everything",
      OPTION_FLAG, AT(all_bundles) },
    { "key", "KEY", "the log's key, or a file with it: records are verified", OPTION_TEXT,
      AT(trust.key) },
    { "unverified", NULL, "believe the key that the log itself names", OPTION_FLAG,
      AT(unverified) },
    { "json", NULL, "print {index, verified, record} as one JSON object a line", OPTION_FLAG,
      AT(json) },
};

static const command_line line = {
    "audit query",
    "LOG --key KEY [options]",
    "Prints the records of which everything is true that is asked for. On a terminal they are a\n"
    "table; otherwise fields with tabs between them: number, verified, time, event, outcome, who,\n"
    "device, about.",
    options,
    sizeof options / sizeof options[0],
    "LOG",
    offsetof(query_request, path)
};

static exit_status run(query_request *request, int count, char **arguments)
{
    request->filter.from_utc_ns = SVMS_NO_TIME;
    request->filter.to_utc_ns = SVMS_NO_TIME;
    parse_result parsed = options_parse(&line, request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    exit_status status = audit_find_check(&request->trust, request->unverified, line.name);
    return status == EXIT_GOOD ? query(request) : status;
}

exit_status command_audit_query(int count, char **arguments)
{
    query_request *request = calloc(1, sizeof *request);
    if (!request) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    exit_status status = run(request, count, arguments);
    free(request);
    return status;
}
