/* SPDX-License-Identifier: Apache-2.0 */
#include "action.h"

#include <string.h>

typedef struct known_action {
    const char *name;
    bool has_device;
} known_action;

static const known_action known[] = {
    { "analytics.configure", true },
    { "analytics.view", true },
    { "audit.export", false },
    { "audit.read", false },
    { "bookmark.create", true },
    { "bookmark.delete", true },
    { "bookmark.edit", true },
    { "bookmark.view", true },
    { "config.read.certificates", false },
    { "config.read.devices", false },
    { "config.read.network", false },
    { "config.read.policy", false },
    { "config.read.recording", false },
    { "config.read.system", false },
    { "config.write.certificates", false },
    { "config.write.devices", false },
    { "config.write.network", false },
    { "config.write.policy", false },
    { "config.write.recording", false },
    { "config.write.system", false },
    { "evidence.delete", true },
    { "evidence.lock", true },
    { "evidence.unlock", true },
    { "export.create", true },
    { "export.verify", true },
    { "live.listen", true },
    { "live.talk", true },
    { "live.view", true },
    { "mask.lift", true },
    { "output.activate", true },
    { "playback.listen", true },
    { "playback.search", true },
    { "playback.view", true },
    { "ptz.move", true },
    { "ptz.preset", true },
    { "ptz.preset-edit", true },
    { "snapshot.create", true },
    { "user.create", false },
    { "user.delete", false },
    { "user.edit", false },
    { "user.unlock", false },
    { "user.view", false },
};

static const known_action *find(const char *name)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i].name, name) == 0) {
            return &known[i];
        }
    }
    return NULL;
}

static bool is_fit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* Parts of small letters, digits and hyphens, with dots between them. */
static bool is_name(const char *text, size_t size)
{
    bool begins = true;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '.' ? begins : !is_fit(text[i])) {
            return false;
        }
        begins = text[i] == '.';
    }
    return size > 0 && size <= SVMS_ACTION_MAX && !begins;
}

bool svms_pattern_parse(svms_pattern *out, const char *text)
{
    static const char star[] = ".*";
    svms_pattern pattern = { { 0 }, 0, false, false };
    size_t size = strnlen(text, SVMS_ACTION_MAX + sizeof star);
    if (strcmp(text, "*") == 0) {
        pattern.all = true;
        *out = pattern;
        return true;
    }
    if (size > sizeof star - 1 && strcmp(text + size - (sizeof star - 1), star) == 0) {
        pattern.below = true;
        size -= sizeof star - 1;
    }
    if (!is_name(text, size)) {
        return false;
    }
    memcpy(pattern.text, text, size);
    pattern.size = size;
    *out = pattern;
    return true;
}

static const char *behind(const char *action, const char *prefix)
{
    size_t size = strlen(prefix);
    return strncmp(action, prefix, size) == 0 ? action + size : NULL;
}

bool svms_action_is_known(const char *action)
{
    const char *approved = behind(action, "approve.");
    const char *own = behind(action, "x.");
    if (own) {
        return is_name(action, strnlen(action, SVMS_ACTION_MAX + 1));
    }
    return approved ? svms_action_is_known(approved) && !behind(approved, "approve.")
                    : find(action) != NULL;
}

bool svms_action_has_device(const char *action)
{
    const char *approved = behind(action, "approve.");
    const known_action *found = find(approved ? approved : action);
    return !found || found->has_device;
}

bool svms_pattern_covers(const svms_pattern *pattern, const char *action, size_t size)
{
    if (pattern->all) {
        return true;
    }
    if (pattern->below) {
        return size > pattern->size && action[pattern->size] == '.' &&
               memcmp(pattern->text, action, pattern->size) == 0;
    }
    return size == pattern->size && memcmp(pattern->text, action, size) == 0;
}

bool svms_patterns_cover(const svms_pattern *patterns, size_t count, const char *action)
{
    size_t size = strlen(action);
    for (size_t i = 0; i < count; i++) {
        if (svms_pattern_covers(&patterns[i], action, size)) {
            return true;
        }
    }
    return false;
}
