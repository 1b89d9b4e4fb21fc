/* SPDX-License-Identifier: Apache-2.0 */
/* A file of revoked tokens that is read again whenever it has changed. What was revoked stays
 * revoked, whatever becomes of the file. */
#ifndef SVMS_CLI_REVOCATION_WATCH_H
#define SVMS_CLI_REVOCATION_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include <svms/svms.h>

typedef struct revocation_watch {
    const char *path; /* NULL: nothing is watched */
    struct stat seen; /* of what was read last */
    bool is_there;
    uint64_t next_look; /* stream_clock() */
} revocation_watch;

/* Before the file is read for the first time, so that no change is missed. */
void revocation_watch_begin(revocation_watch *watch, const char *path);
/* Looks once a second; true when something was merged into the list. Complains, once for each
 * change, where the file cannot be used, and leaves the list as it is. */
bool revocation_watch_look(revocation_watch *watch, svms_revocations *list, uint64_t now);

#endif
