/* SPDX-License-Identifier: Apache-2.0 */
/* The journal of an authority as a file: one JSON object a line, each with the SHA-256 of the line
 * before it, durable before anybody acts upon it (docs/adr/0026). What the lines mean is not known
 * here. Every function complains itself. */
#ifndef SVMS_CLI_CA_LOG_H
#define SVMS_CLI_CA_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

#include "exit_status.h"

#define CA_LOG_NAME "journal"
#define CA_LOG_HEAD_NAME "journal.head"
/* Most bytes of a line, with its newline. */
#define CA_LOG_LINE_MAX 65536
#define CA_LOG_HASH_SIZE 32

typedef struct ca_log {
    const char *path; /* of the folder, for complaints; borrowed */
    int folder;       /* descriptor of the folder; borrowed */
    int handle;       /* of the journal; -1: not open */
    bool writable;
    uint64_t lines; /* that were read */
    off_t end;      /* where the last of them ends */
    uint8_t last[CA_LOG_HASH_SIZE];
} ca_log;

#define CA_LOG_INIT                                                                                \
    {                                                                                              \
        NULL, -1, -1, false, 0, 0,                                                                 \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/* Where a line stands in the file. */
typedef struct ca_log_place {
    uint64_t line; /* the first is 1 */
    off_t offset;
    size_t size; /* without newline */
} ca_log_place;

typedef exit_status (*ca_log_visit)(void *user, json_t *entry, const ca_log_place *place);

/* An empty journal in a folder that has none. */
exit_status ca_log_create(ca_log *out, const char *path, int folder);
exit_status ca_log_open(ca_log *out, const char *path, int folder, bool writable);
void ca_log_close(ca_log *log);

/* Everything from where the last reading ended. Who reads holds the folder's lock. What an
 * interrupted writer left at the end, which nobody acted upon, is set aside if the journal is
 * writable; set_aside then says so to the journal's next line. */
exit_status ca_log_read(ca_log *log, ca_log_visit visit, void *user);

/* One more line; takes over the reference to entry, NULL being out of memory. After EXIT_GOOD it is
 * durable; otherwise it is not there. It must have been read to its end under the same lock. */
exit_status ca_log_append(ca_log *log, json_t *entry, ca_log_place *place);

/* A line that was read before; released by json_decref(). */
exit_status ca_log_load(const ca_log *log, const ca_log_place *place, json_t **out);

#endif
