/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern.h"

#include <string.h>

static bool is_fit(char c, char more)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == more;
}

bool svms_pattern_is_name(const char *text, size_t size, char more)
{
    bool begins = true;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '.' ? begins : !is_fit(text[i], more)) {
            return false;
        }
        begins = text[i] == '.';
    }
    return size > 0 && size <= SVMS_PATTERN_MAX && !begins;
}

bool svms_pattern_read(svms_pattern *out, const char *text, char more)
{
    static const char star[] = ".*";
    svms_pattern pattern = { { 0 }, 0, false, false };
    size_t size = strnlen(text, SVMS_PATTERN_MAX + sizeof star);
    if (strcmp(text, "*") == 0) {
        pattern.all = true;
        *out = pattern;
        return true;
    }
    if (size > sizeof star - 1 && strcmp(text + size - (sizeof star - 1), star) == 0) {
        pattern.below = true;
        size -= sizeof star - 1;
    }
    if (!svms_pattern_is_name(text, size, more)) {
        return false;
    }
    memcpy(pattern.text, text, size);
    pattern.size = size;
    *out = pattern;
    return true;
}

bool svms_pattern_covers(const svms_pattern *pattern, const char *name, size_t size)
{
    if (pattern->all) {
        return true;
    }
    if (pattern->below) {
        return size > pattern->size && name[pattern->size] == '.' &&
               memcmp(pattern->text, name, pattern->size) == 0;
    }
    return size == pattern->size && memcmp(pattern->text, name, size) == 0;
}

bool svms_patterns_cover(const svms_pattern *patterns, size_t count, const char *name, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        if (svms_pattern_covers(&patterns[i], name, size)) {
            return true;
        }
    }
    return false;
}
