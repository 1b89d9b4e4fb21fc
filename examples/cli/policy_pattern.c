/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_pattern.h"

#include <stddef.h>
#include <string.h>

#define APPROVE "approve."
#define APPROVE_SIZE (sizeof APPROVE - 1)

static const char *const known[] = {
    "analytics.configure",
    "analytics.view",
    "audit.export",
    "audit.read",
    "bookmark.create",
    "bookmark.delete",
    "bookmark.edit",
    "bookmark.view",
    "config.read.certificates",
    "config.read.devices",
    "config.read.network",
    "config.read.policy",
    "config.read.recording",
    "config.read.system",
    "config.write.certificates",
    "config.write.devices",
    "config.write.network",
    "config.write.policy",
    "config.write.recording",
    "config.write.system",
    "evidence.delete",
    "evidence.lock",
    "evidence.unlock",
    "export.create",
    "export.verify",
    "live.listen",
    "live.talk",
    "live.view",
    "mask.lift",
    "output.activate",
    "playback.listen",
    "playback.search",
    "playback.view",
    "ptz.move",
    "ptz.preset",
    "ptz.preset-edit",
    "session.begin",
    "snapshot.create",
    "user.create",
    "user.delete",
    "user.edit",
    "user.unlock",
    "user.view",
};

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

bool pattern_covers(const char *pattern, const char *other)
{
    size_t size = strlen(pattern);
    if (strcmp(pattern, "*") == 0) {
        return true;
    }
    if (size > 2 && strcmp(pattern + size - 2, ".*") == 0) {
        return strncmp(pattern, other, size - 1) == 0;
    }
    return strcmp(pattern, other) == 0;
}

bool patterns_meet(const char *one, const char *other)
{
    return pattern_covers(one, other) || pattern_covers(other, one);
}

bool pattern_has_action(const char *pattern)
{
    if (strcmp(pattern, "*") == 0 || begins(pattern, "x.")) {
        return true;
    }
    if (begins(pattern, APPROVE)) {
        const char *what = pattern + APPROVE_SIZE;
        return !begins(what, APPROVE) && pattern_has_action(what);
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (pattern_covers(pattern, known[i])) {
            return true;
        }
    }
    return false;
}

bool pattern_needs_no_device(const char *pattern)
{
    static const char *const families[] = { "audit.", "config.", "user.", "x." };
    const char *what = begins(pattern, APPROVE) ? pattern + APPROVE_SIZE : pattern;
    bool found = strcmp(what, "*") == 0;
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        found = found || begins(what, families[i]);
    }
    return found;
}
