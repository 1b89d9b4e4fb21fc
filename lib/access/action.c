/* SPDX-License-Identifier: Apache-2.0 */
#include "action.h"

#include <stdio.h>
#include <string.h>

/* What an action is about. */
enum {
    ON_SERVER = 0,
    ON_DEVICE = 1,
    RECORDED = 2, /* recorded time */
    OUT = 4       /* what leaves the system */
};

typedef struct known_action {
    const char *name;
    unsigned about;
} known_action;

/* In order of their names. */
static const known_action known[] = {
    { "analytics.configure", ON_DEVICE },
    { "analytics.view", ON_DEVICE },
    { "audit.export", ON_SERVER },
    { "audit.read", ON_SERVER },
    { "bookmark.create", ON_DEVICE | RECORDED },
    { "bookmark.delete", ON_DEVICE | RECORDED },
    { "bookmark.edit", ON_DEVICE | RECORDED },
    { "bookmark.view", ON_DEVICE | RECORDED },
    { "config.read.certificates", ON_SERVER },
    { "config.read.devices", ON_SERVER },
    { "config.read.network", ON_SERVER },
    { "config.read.policy", ON_SERVER },
    { "config.read.recording", ON_SERVER },
    { "config.read.system", ON_SERVER },
    { "config.write.certificates", ON_SERVER },
    { "config.write.devices", ON_SERVER },
    { "config.write.network", ON_SERVER },
    { "config.write.policy", ON_SERVER },
    { "config.write.recording", ON_SERVER },
    { "config.write.system", ON_SERVER },
    { "evidence.delete", ON_DEVICE | RECORDED },
    { "evidence.lock", ON_DEVICE | RECORDED },
    { "evidence.unlock", ON_DEVICE | RECORDED },
    { "export.create", ON_DEVICE | RECORDED | OUT },
    { "export.verify", ON_DEVICE | RECORDED | OUT },
    { "live.listen", ON_DEVICE },
    { "live.talk", ON_DEVICE },
    { "live.view", ON_DEVICE },
    { "mask.lift", ON_DEVICE | RECORDED },
    { "output.activate", ON_DEVICE },
    { "playback.listen", ON_DEVICE | RECORDED },
    { "playback.search", ON_DEVICE | RECORDED },
    { "playback.view", ON_DEVICE | RECORDED },
    { "ptz.move", ON_DEVICE },
    { "ptz.preset", ON_DEVICE },
    { "ptz.preset-edit", ON_DEVICE },
    { "session.begin", ON_SERVER },
    { "snapshot.create", ON_DEVICE | OUT },
    { "user.create", ON_SERVER },
    { "user.delete", ON_SERVER },
    { "user.edit", ON_SERVER },
    { "user.unlock", ON_SERVER },
    { "user.view", ON_SERVER },
};

_Static_assert(SVMS_ACTIONS == 2 * sizeof known / sizeof known[0], "each action may be approved");

#define KNOWN (SVMS_ACTIONS / 2)
static const char approve[] = "approve.";
static const char own[] = "x.";

/* Place in the table, or KNOWN. */
static size_t place_of(const char *name)
{
    size_t least = 0;
    size_t most = KNOWN;
    while (least < most) {
        size_t middle = least + (most - least) / 2;
        int order = strcmp(known[middle].name, name);
        if (order == 0) {
            return middle;
        }
        if (order < 0) {
            least = middle + 1;
        } else {
            most = middle;
        }
    }
    return KNOWN;
}

static bool is_name(const char *text, size_t size)
{
    return svms_pattern_is_name(text, size, '-');
}

bool svms_pattern_parse(svms_pattern *out, const char *text)
{
    return svms_pattern_read(out, text, '-');
}

/* What follows a prefix, or NULL. */
static const char *behind(const char *text, const char *prefix)
{
    size_t size = strlen(prefix);
    return strncmp(text, prefix, size) == 0 ? text + size : NULL;
}

bool svms_action_find(svms_action *out, const char *name)
{
    svms_action found = { .name = name, .size = strnlen(name, SVMS_ACTION_MAX + 1) };
    const char *approved = behind(name, approve);
    const char *of = approved ? approved : name;
    found.is_approval = approved != NULL;
    if (!is_name(name, found.size)) {
        return false;
    }
    if (behind(of, own)) {
        found.number = SVMS_ACTIONS;
        found.may_be_of_one = found.may_be_of_none = found.is_taken_out = true;
        *out = found;
        return true;
    }
    size_t place = place_of(of);
    if (place == KNOWN) {
        return false;
    }
    found.number = place + (found.is_approval ? KNOWN : 0);
    found.may_be_of_one = (known[place].about & ON_DEVICE) != 0;
    found.may_be_of_none = !found.may_be_of_one;
    found.is_recorded = (known[place].about & RECORDED) != 0;
    found.is_taken_out = (known[place].about & OUT) != 0;
    *out = found;
    return true;
}

bool svms_action_is_known(const char *name)
{
    svms_action ignored;
    return svms_action_find(&ignored, name);
}

void svms_action_spell(size_t number, char out[SVMS_ACTION_MAX + 1])
{
    (void)snprintf(out, SVMS_ACTION_MAX + 1, "%s%s", number < KNOWN ? "" : approve,
                   known[number % KNOWN].name);
}

bool svms_pattern_is_on_devices(const svms_pattern *pattern)
{
    const char *approved = behind(pattern->text, approve);
    const char *of = approved ? approved : pattern->text;
    char name[SVMS_ACTION_MAX + 1];
    /* Integrators' own may be asked of either. */
    if (pattern->all || strcmp(of, "approve") == 0 || strcmp(of, "x") == 0 || behind(of, own)) {
        return false;
    }
    for (size_t i = 0; i < SVMS_ACTIONS; i++) {
        svms_action_spell(i, name);
        if ((known[i % KNOWN].about & ON_DEVICE) == 0 &&
            svms_pattern_covers(pattern, name, strlen(name))) {
            return false;
        }
    }
    return true;
}
