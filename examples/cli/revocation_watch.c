/* SPDX-License-Identifier: Apache-2.0 */
#include "revocation_watch.h"

#include <string.h>

#include <stream_clock.h>

#include "message.h"
#include "token_rules.h"

static bool is_same(const struct stat *one, const struct stat *other)
{
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino &&
           one->st_size == other->st_size && one->st_mtim.tv_sec == other->st_mtim.tv_sec &&
           one->st_mtim.tv_nsec == other->st_mtim.tv_nsec &&
           one->st_ctim.tv_sec == other->st_ctim.tv_sec &&
           one->st_ctim.tv_nsec == other->st_ctim.tv_nsec;
}

void revocation_watch_begin(revocation_watch *watch, const char *path)
{
    memset(watch, 0, sizeof *watch);
    watch->path = path;
    watch->is_there = path && stat(path, &watch->seen) == 0;
}

bool revocation_watch_look(revocation_watch *watch, svms_revocations *list, uint64_t now)
{
    struct stat found;
    if (!watch->path || now < watch->next_look) {
        return false;
    }
    watch->next_look = now + STREAM_SECOND;
    if (stat(watch->path, &found) != 0) {
        if (watch->is_there) {
            complain("warning: %s is not there any more; what it revoked stays revoked",
                     watch->path);
        }
        watch->is_there = false;
        return false;
    }
    if (watch->is_there && is_same(&found, &watch->seen)) {
        return false;
    }
    watch->seen = found;
    watch->is_there = true;
    if (token_revocations_merge(list, watch->path) != EXIT_GOOD) {
        complain("warning: what was revoked before stays revoked, and nothing else");
        return false;
    }
    return true;
}
