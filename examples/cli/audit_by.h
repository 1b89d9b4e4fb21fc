/* SPDX-License-Identifier: Apache-2.0 */
/* Who changes how long records of an audit log stay, and why; and for how long. */
#ifndef SVMS_CLI_AUDIT_BY_H
#define SVMS_CLI_AUDIT_BY_H

#include <svms/svms.h>

#include "options.h"

typedef struct audit_by {
    const char *server;
    const char *actor;
    const char *reason;
} audit_by;

/* Rows of an option table. */
#define AUDIT_BY_OPTIONS(request, member)                                                          \
    { "server",                                                                                    \
      "NAME",                                                                                      \
      "name of this machine in the log (default: its host name)",                                  \
      OPTION_TEXT,                                                                                 \
      offsetof(request, member.server),                                                            \
      NULL,                                                                                        \
      0,                                                                                           \
      0 },                                                                                         \
        { "actor",                                                                                 \
          "USER",                                                                                  \
          "the user who does this (default: the program itself)",                                  \
          OPTION_TEXT,                                                                             \
          offsetof(request, member.actor),                                                         \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
    {                                                                                              \
        "reason", "TEXT", "why", OPTION_TEXT, offsetof(request, member.reason), NULL, 0, 0         \
    }

/* For records that the log makes; borrows from by. */
svms_audit_event audit_by_event(const audit_by *by);

/* "90d", "36h", "10m", "30s": *out in nanoseconds. Complains with EXIT_USAGE. */
exit_status audit_age_read(int64_t *out, const char *text, const char *command, const char *option);

#endif
