/* SPDX-License-Identifier: Apache-2.0 */
/* svms audit tail: the newest records, and those that come. */
#include <errno.h>
#include <poll.h>
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

#define LINES_MOST 10000
#define LOOK_MS 500

typedef struct tail_request {
    const char *path;
    uint32_t lines;
    bool follow;
    audit_filter filter;
    audit_trust_options trust;
    bool unverified;
    bool json;
} tail_request;

/* A record that was found from the end, until it can be told in its order. */
typedef struct kept_record {
    svms_audit_found found;
    uint8_t *bytes;
} kept_record;

typedef struct tail_state {
    const tail_request *request;
    audit_open_log log;
    audit_table table;
    svms_audit_query query;
    kept_record *kept;
    size_t kept_count;
    exit_status status;
} tail_state;

static svms_status keep(void *user, const svms_audit_found *found)
{
    tail_state *self = user;
    kept_record *one = &self->kept[self->kept_count];
    one->found = *found;
    one->bytes = malloc(found->size);
    if (!one->bytes) {
        complain("out of memory");
        self->status = EXIT_ENVIRONMENT;
        return SVMS_END;
    }
    memcpy(one->bytes, found->record, found->size);
    one->found.record = one->bytes;
    self->kept_count++;
    return interrupt_came() ? SVMS_END : SVMS_OK;
}

static svms_status put(void *user, const svms_audit_found *found)
{
    tail_state *self = user;
    self->status = audit_table_put(&self->table, found);
    return self->status != EXIT_GOOD || interrupt_came() ? SVMS_END : SVMS_OK;
}

static exit_status find(tail_state *self, svms_audit_each each)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status found = svms_audit_reader_find(self->log.reader, &self->query, each, self, &err);
    if (found == SVMS_E_USAGE) {
        return usage_error("audit tail", "%s", err.message);
    }
    return found == SVMS_OK ? self->status : audit_find_failed(&self->log, &err);
}

static exit_status flush(void)
{
    return fflush(stdout) == 0 ? EXIT_GOOD
                               : complain_system(errno, "cannot write to standard output");
}

static exit_status show_newest(tail_state *self)
{
    self->query.flags = SVMS_AUDIT_NEWEST_FIRST;
    self->query.limit = self->request->lines;
    exit_status status = self->request->lines > 0 ? find(self, keep) : EXIT_GOOD;
    for (size_t i = self->kept_count; i > 0 && status == EXIT_GOOD; i--) {
        status = audit_table_put(&self->table, &self->kept[i - 1].found);
    }
    return status == EXIT_GOOD ? flush() : status;
}

static exit_status size_of(uint64_t *out, const tail_state *self)
{
    svms_audit_head head = SVMS_AUDIT_HEAD_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_audit_reader_head(self->log.reader, &head, &err) != SVMS_OK) {
        return audit_find_failed(&self->log, &err);
    }
    *out = head.size;
    return EXIT_GOOD;
}

static exit_status follow(tail_state *self)
{
    exit_status status = EXIT_GOOD;
    self->query.flags = 0;
    self->query.limit = 0;
    while (status == EXIT_GOOD && !interrupt_came()) {
        svms_error err = SVMS_ERROR_INIT;
        status = size_of(&self->query.first, self);
        poll(NULL, 0, LOOK_MS);
        if (status == EXIT_GOOD && svms_audit_reader_refresh(self->log.reader, &err) != SVMS_OK) {
            return audit_find_failed(&self->log, &err);
        }
        if (status == EXIT_GOOD) {
            status = find(self, put);
        }
        if (status == EXIT_GOOD) {
            status = flush();
        }
    }
    return status;
}

static exit_status tail(tail_state *self)
{
    const tail_request *request = self->request;
    const svms_audit_query all = SVMS_AUDIT_QUERY_INIT;
    self->query = all;
    self->kept = calloc((size_t)request->lines + 1, sizeof *self->kept);
    if (!self->kept) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    exit_status status = audit_find_query(&self->query, &request->filter, "audit tail");
    if (status == EXIT_GOOD) {
        status = audit_find_open(&self->log, request->path, &request->trust, "audit tail");
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    audit_table_begin(&self->table, self->log.ctx, request->json);
    interrupt_watch();
    status = show_newest(self);
    return status == EXIT_GOOD && request->follow ? follow(self) : status;
}

#define AT(member) offsetof(tail_request, member), NULL, 0, 0

static const option_spec options[] = {
    { "lines", "N", "how many, 0 to 10,000; default 10; -n N does the same", OPTION_COUNT,
      offsetof(tail_request, lines), NULL, 0, LINES_MOST },
    { "follow", NULL, "go on with those that come, until Ctrl-C; -f does the same", OPTION_FLAG,
      AT(follow) },
    AUDIT_FILTER_OPTIONS(tail_request, filter),
    { "key", "KEY", "the log's key, or a file with it: records are verified", OPTION_TEXT,
      AT(trust.key) },
    { "unverified", NULL, "believe the key that the log itself names", OPTION_FLAG,
      AT(unverified) },
    { "json", NULL, "print {index, verified, record} as one JSON object a line", OPTION_FLAG,
      AT(json) },
};

static const command_line line = {
    "audit tail",
    "LOG --key KEY [options]",
    "Prints the newest records, in their order, as svms audit query does.",
    options,
    sizeof options / sizeof options[0],
    "LOG",
    offsetof(tail_request, path)
};

/* What everybody types for it since 1980; all other options of svms have long names only. */
static void spell_out(int count, char **arguments)
{
    static char lines[] = "--lines";
    static char follow[] = "--follow";
    for (int i = 0; i < count && strcmp(arguments[i], "--") != 0; i++) {
        if (strcmp(arguments[i], "-n") == 0) {
            arguments[i] = lines;
        } else if (strcmp(arguments[i], "-f") == 0) {
            arguments[i] = follow;
        }
    }
}

static exit_status run(tail_state *self, tail_request *request)
{
    exit_status status = audit_find_check(&request->trust, request->unverified, line.name);
    if (status == EXIT_GOOD) {
        self->request = request;
        status = tail(self);
    }
    for (size_t i = 0; i < self->kept_count; i++) {
        free(self->kept[i].bytes);
    }
    free(self->kept);
    audit_find_close(&self->log);
    return status;
}

exit_status command_audit_tail(int count, char **arguments)
{
    tail_request *request = calloc(1, sizeof *request);
    tail_state *self = calloc(1, sizeof *self);
    exit_status status = EXIT_ENVIRONMENT;
    if (request && self) {
        request->lines = 10;
        request->filter.from_utc_ns = SVMS_NO_TIME;
        request->filter.to_utc_ns = SVMS_NO_TIME;
        spell_out(count, arguments);
        parse_result parsed = options_parse(&line, request, count, arguments);
        status = parsed == PARSE_READY ? run(self, request) : parse_exit(parsed);
    } else {
        complain("out of memory");
    }
    free(request);
    free(self);
    return status;
}
