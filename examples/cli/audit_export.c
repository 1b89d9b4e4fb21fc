/* SPDX-License-Identifier: Apache-2.0 */
/* svms audit export: records as JSON lines, CSV or syslog lines. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#include "audit_command.h"
#include "audit_find.h"
#include "file.h"
#include "interrupt.h"
#include "message.h"
#include "options.h"
#include "part_file.h"

#define COMMAND "audit export"
#define BUFFER_SIZE ((size_t)4 * SVMS_AUDIT_LINE_SIZE)

typedef struct export_request {
    const char *path;
    const char *output;
    int form; /* svms_audit_form; 0: none was named */
    bool with_index;
    uint32_t enterprise;
    audit_filter filter;
    audit_trust_options trust;
    bool newest;
    uint32_t limit;
    bool all_bundles;
    bool unverified;
    bool force;
} export_request;

typedef struct export_state {
    const export_request *request;
    audit_open_log log;
    svms_audit_form_options form;
    part_file output; /* without a path: standard output */
    exit_status status;
    size_t filled;
    char buffer[BUFFER_SIZE];
} export_state;

static bool write_out(export_state *self)
{
    int os_error = 0;
    const svms_iovec run = { self->buffer, self->filled };
    bool written = true;
    if (self->filled > 0 && self->request->output) {
        const svms_sink *sink = &self->output.sink;
        written = sink->write(sink->user, &run, 1, &os_error) == SVMS_OK;
    } else if (self->filled > 0) {
        written = fwrite(self->buffer, 1, self->filled, stdout) == self->filled;
        os_error = errno;
    }
    self->filled = 0;
    if (!written) {
        self->status =
            complain_system(os_error, "cannot write %s",
                            self->request->output ? self->request->output : "to standard output");
    }
    return written;
}

/* Room for the longest line. */
static bool make_room(export_state *self)
{
    return BUFFER_SIZE - self->filled >= SVMS_AUDIT_LINE_SIZE || write_out(self);
}

static svms_status each(void *user, const svms_audit_found *found)
{
    export_state *self = user;
    svms_error err = SVMS_ERROR_INIT;
    if (interrupt_came() || !make_room(self)) {
        return SVMS_END;
    }
    size_t size = BUFFER_SIZE - self->filled;
    svms_status status =
        svms_audit_form_record(self->log.ctx, &self->form, found->index, found->record, found->size,
                               self->buffer + self->filled, &size, &err);
    if (status != SVMS_OK) {
        self->status = complain_error(&err, "cannot export record %" PRIu64, found->index);
        return SVMS_END;
    }
    self->filled += size;
    return SVMS_OK;
}

static exit_status put_heading(export_state *self)
{
    svms_error err = SVMS_ERROR_INIT;
    size_t size = BUFFER_SIZE;
    if (svms_audit_form_heading(self->log.ctx, &self->form, self->buffer, &size, &err) != SVMS_OK) {
        return complain_error(&err, "cannot begin");
    }
    self->filled = size;
    return EXIT_GOOD;
}

static void say_pruned(const svms_audit_reader *reader)
{
    svms_audit_tally tally = SVMS_AUDIT_TALLY_INIT;
    if (svms_audit_reader_tally(reader, &tally, NULL) == SVMS_OK && tally.pruned > 0) {
        complain("note: %" PRIu64 " records that were looked for have been pruned", tally.pruned);
    }
}

static exit_status find(export_state *self, const svms_audit_query *query)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status found = svms_audit_reader_find(self->log.reader, query, each, self, &err);
    if (found == SVMS_E_USAGE) {
        return usage_error(COMMAND, "%s", err.message);
    }
    if (found != SVMS_OK) {
        return audit_find_failed(&self->log, &err);
    }
    say_pruned(self->log.reader);
    if (self->status == EXIT_GOOD && interrupt_came()) {
        complain("interrupted");
        self->status = EXIT_ENVIRONMENT;
    }
    if (self->status == EXIT_GOOD && !write_out(self)) {
        return self->status;
    }
    return self->status;
}

static exit_status finish_file(export_state *self)
{
    int os_error = 0;
    const svms_sink *sink = &self->output.sink;
    if (sink->sync && sink->sync(sink->user, &os_error) != SVMS_OK) {
        return complain_system(os_error, "cannot write %s", self->request->output);
    }
    part_file_close(&self->output);
    return part_file_publish(&self->output, self->request->force);
}

static exit_status run(export_state *self)
{
    const export_request *request = self->request;
    svms_audit_query wanted = SVMS_AUDIT_QUERY_INIT;
    wanted.flags = request->newest ? SVMS_AUDIT_NEWEST_FIRST : 0;
    wanted.flags |= request->all_bundles ? SVMS_AUDIT_NO_INDEX : 0;
    wanted.limit = request->limit;
    exit_status status = audit_find_query(&wanted, &request->filter, COMMAND);
    if (status == EXIT_GOOD) {
        status = audit_find_open(&self->log, request->path, &request->trust, COMMAND);
    }
    if (status == EXIT_GOOD && request->output) {
        status = part_file_create(&self->output, self->log.ctx, request->output);
    }
    if (status == EXIT_GOOD) {
        interrupt_watch();
        status = put_heading(self);
    }
    if (status == EXIT_GOOD) {
        status = find(self, &wanted);
    }
    if (status == EXIT_GOOD && request->output) {
        status = finish_file(self);
    }
    part_file_discard(&self->output);
    audit_find_close(&self->log);
    return status;
}

static const option_choice forms[] = {
    { "jsonl", SVMS_AUDIT_JSON_LINES },
    { "csv", SVMS_AUDIT_CSV },
    { "syslog", SVMS_AUDIT_SYSLOG },
    { NULL, 0 },
};

#define AT(member) offsetof(export_request, member), NULL, 0, 0

static const option_spec options[] = {
    { "format", "FORM", "jsonl, csv or syslog", OPTION_CHOICE, offsetof(export_request, form),
      forms, 0, 0 },
    { "out", "FILE", "where they go; default: standard output", OPTION_TEXT, AT(output) },
    { "force", NULL, "replace an older file", OPTION_FLAG, AT(force) },
    { "with-index", NULL, "jsonl: {\"index\": N, \"record\": ...} in place of the record",
      OPTION_FLAG, AT(with_index) },
    { "enterprise", "N", "syslog: private enterprise number; default 32473", OPTION_COUNT,
      offsetof(export_request, enterprise), NULL, 1, UINT32_MAX },
    AUDIT_TIME_OPTIONS(export_request, filter),
    AUDIT_FILTER_OPTIONS(export_request, filter),
    { "newest", NULL, "the newest first", OPTION_FLAG, AT(newest) },
    { "limit", "N", "at most so many", OPTION_COUNT, offsetof(export_request, limit), NULL, 1,
      UINT32_MAX },
    { "all-bundles", NULL, "do not believe the index, which could hide records: read everything",
      OPTION_FLAG, AT(all_bundles) },
    { "key", "KEY", "the log's key, or a file with it: records are verified", OPTION_TEXT,
      AT(trust.key) },
    { "unverified", NULL, "believe the key that the log itself names", OPTION_FLAG,
      AT(unverified) },
};

static const command_line line = {
    COMMAND,
    "LOG --key KEY --format FORM [options]",
    "Writes the records of which everything is true that is asked for, a line each: as they are\n"
    "(jsonl), as a table that spreadsheets open without computing anything (csv), or as syslog\n"
    "messages of RFC 5424 (syslog).",
    options,
    sizeof options / sizeof options[0],
    "LOG",
    offsetof(export_request, path)
};

static exit_status check_request(const export_request *request)
{
    const typed_inputs typed = { &line, request, false };
    exit_status status = EXIT_GOOD;
    if (request->form == 0) {
        return usage_error(COMMAND, "--format is needed: jsonl, csv or syslog");
    }
    if (request->with_index && request->form != SVMS_AUDIT_JSON_LINES) {
        return usage_error(COMMAND, "--with-index belongs to --format jsonl");
    }
    if (request->enterprise != SVMS_AUDIT_ENTERPRISE && request->form != SVMS_AUDIT_SYSLOG) {
        return usage_error(COMMAND, "--enterprise belongs to --format syslog");
    }
    if (request->force && !request->output) {
        return usage_error(COMMAND, "--force belongs to --out");
    }
    if (request->output) {
        status = options_check_output(&typed, request->output, request->force);
    }
    return status == EXIT_GOOD ? audit_find_check(&request->trust, request->unverified, COMMAND)
                               : status;
}

exit_status command_audit_export(int count, char **arguments)
{
    export_request request;
    memset(&request, 0, sizeof request);
    request.filter.from_utc_ns = SVMS_NO_TIME;
    request.filter.to_utc_ns = SVMS_NO_TIME;
    request.enterprise = SVMS_AUDIT_ENTERPRISE;
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    exit_status status = check_request(&request);
    if (status != EXIT_GOOD) {
        return status;
    }
    export_state *self = calloc(1, sizeof *self);
    if (!self) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    self->request = &request;
    self->output = (part_file)PART_FILE_INIT;
    self->form = (svms_audit_form_options)SVMS_AUDIT_FORM_OPTIONS_INIT;
    self->form.form = (svms_audit_form)request.form;
    self->form.with_index = request.with_index ? 1 : 0;
    self->form.enterprise = request.enterprise;
    status = run(self);
    free(self);
    return status;
}
