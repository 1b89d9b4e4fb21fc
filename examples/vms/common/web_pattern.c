/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "web_target.h"

/* One part of a pattern: "{name}", "{name...}" or itself. */
typedef struct pattern_part {
    const char *name;
    size_t name_size; /* 0: it is itself */
    bool takes_rest;
} pattern_part;

static pattern_part part_of(const char *text, size_t size)
{
    pattern_part part = { text, 0, false };
    if (size > 2 && text[0] == '{' && text[size - 1] == '}') {
        part.name = text + 1;
        part.name_size = size - 2;
        if (part.name_size > 3 && memcmp(part.name + part.name_size - 3, "...", 3) == 0) {
            part.name_size -= 3;
            part.takes_rest = true;
        }
    }
    return part;
}

bool web_pattern_is_good(const char *pattern)
{
    size_t count = 0;
    size_t names = 0;
    if (pattern[0] != '/' || strlen(pattern) > HTTP_TARGET_MAX) {
        return false;
    }
    for (const char *at = pattern + 1;;) {
        size_t size = strcspn(at, "/");
        pattern_part part = part_of(at, size);
        bool has_brace = strcspn(at, "{}") < size;
        count += part.name_size > 0;
        names += part.name_size > 0 ? part.name_size + 1 : 0;
        if ((has_brace && part.name_size == 0) || (part.takes_rest && at[size] != '\0')) {
            return false;
        }
        if (at[size] == '\0') {
            return count <= WEB_PARTS_MAX && names <= sizeof((web_match *)NULL)->names;
        }
        at += size + 1;
    }
}

/* Keeps what was matched, each text with its NUL. */
static void keep(web_match *out, const pattern_part *part, const char *text, size_t size)
{
    const web_pair *last = out->count > 0 ? &out->parts[out->count - 1] : NULL;
    char *name =
        last ? out->names + (last->name - out->names) + strlen(last->name) + 1 : out->names;
    char *value =
        last ? out->text + (last->value - out->text) + strlen(last->value) + 1 : out->text;
    memcpy(name, part->name, part->name_size);
    name[part->name_size] = '\0';
    memcpy(value, text, size);
    value[size] = '\0';
    out->parts[out->count++] = (web_pair){ name, value };
}

bool web_match_path(web_match *out, const char *pattern, const char *path)
{
    out->count = 0;
    for (;;) {
        /* Both are behind a slash. */
        pattern++;
        path++;
        size_t pattern_size = strcspn(pattern, "/");
        size_t size = strcspn(path, "/");
        pattern_part part = part_of(pattern, pattern_size);
        if (part.takes_rest) {
            keep(out, &part, path, strlen(path));
            return path[0] != '\0';
        }
        if (part.name_size > 0 && size > 0) {
            keep(out, &part, path, size);
        } else if (part.name_size > 0 || size != pattern_size || memcmp(pattern, path, size) != 0) {
            return false;
        }
        pattern += pattern_size;
        path += size;
        if (*pattern == '\0' || *path == '\0') {
            return *pattern == *path;
        }
    }
}
