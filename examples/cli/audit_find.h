/* SPDX-License-Identifier: Apache-2.0 */
/* Which records of a log a command is to tell. Every function complains itself. */
#ifndef SVMS_CLI_AUDIT_FIND_H
#define SVMS_CLI_AUDIT_FIND_H

#include <stdbool.h>

#include <svms/svms.h>

#include "audit_trust_options.h"
#include "exit_status.h"
#include "options.h"

typedef struct audit_filter {
    int64_t from_utc_ns; /* SVMS_NO_TIME: any; so must it be at first */
    int64_t to_utc_ns;
    text_list actors;
    text_list events;
    text_list devices;
    text_list outcomes;
    const char *text;
} audit_filter;

/* Rows of option tables, for an audit_filter that is a member of the request. */
#define AUDIT_TIME_OPTIONS(request, filter)                                                        \
    { "from",                                                                                      \
      "T",                                                                                         \
      "what happened at T or later (RFC 3339, as 2026-11-21T10:00:00+01:00)",                      \
      OPTION_TIME,                                                                                 \
      offsetof(request, filter.from_utc_ns),                                                       \
      NULL,                                                                                        \
      0,                                                                                           \
      0 },                                                                                         \
    {                                                                                              \
        "to", "T", "what happened before T", OPTION_TIME, offsetof(request, filter.to_utc_ns),     \
            NULL, 0, 0                                                                             \
    }
#define AUDIT_FILTER_OPTIONS(request, filter)                                                      \
    { "actor",                                                                                     \
      "WHO",                                                                                       \
      "id or name of who acted, or in whose place; repeatable",                                    \
      OPTION_LIST,                                                                                 \
      offsetof(request, filter.actors),                                                            \
      NULL,                                                                                        \
      0,                                                                                           \
      0 },                                                                                         \
        { "event",                                                                                 \
          "PATTERN",                                                                               \
          "a name such as login.failure, or login.*; repeatable",                                  \
          OPTION_LIST,                                                                             \
          offsetof(request, filter.events),                                                        \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
        { "device",                                                                                \
          "ID",                                                                                    \
          "on which device; repeatable",                                                           \
          OPTION_LIST,                                                                             \
          offsetof(request, filter.devices),                                                       \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
        { "outcome",                                                                               \
          "HOW",                                                                                   \
          "success, failure, denied, error or unknown; repeatable",                                \
          OPTION_LIST,                                                                             \
          offsetof(request, filter.outcomes),                                                      \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
    {                                                                                              \
        "text", "TEXT", "text that stands in any value of the record", OPTION_TEXT,                \
            offsetof(request, filter.text), NULL, 0, 0                                             \
    }

/* A log that is open for reading. */
typedef struct audit_open_log {
    svms_ctx *ctx;
    svms_folder folder;
    audit_trust trust;
    svms_audit_reader *reader;
    const char *path;
} audit_open_log;

/* Whom to believe; with unverified, the key that the log itself names will do where no other is
 * given. */
exit_status audit_find_check(const audit_trust_options *trust, bool unverified,
                             const char *command);
exit_status audit_find_open(audit_open_log *out, const char *path, const audit_trust_options *trust,
                            const char *command);
void audit_find_close(audit_open_log *log);

/* Fills the query; it borrows the filter. */
exit_status audit_find_query(svms_audit_query *out, const audit_filter *filter,
                             const char *command);

/* "cannot read the log"; a log that is not what was signed is evidence that failed. */
exit_status audit_find_failed(const audit_open_log *log, const svms_error *err);

#endif
