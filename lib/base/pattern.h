/* SPDX-License-Identifier: Apache-2.0 */
/* Hierarchical names, and patterns of them: a name, what is below it ("live.*"), or all ("*"). */
#ifndef SVMS_PATTERN_H
#define SVMS_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#define SVMS_PATTERN_MAX 64

typedef struct svms_pattern {
    char text[SVMS_PATTERN_MAX + 1]; /* without ".*" */
    size_t size;
    bool below; /* everything below it, not itself */
    bool all;
} svms_pattern;

/* Parts of small letters, digits, hyphens and one sign more ('-': none), with dots between them. */
bool svms_pattern_is_name(const char *text, size_t size, char more);
/* False for what is none. */
bool svms_pattern_read(svms_pattern *out, const char *text, char more);
bool svms_pattern_covers(const svms_pattern *pattern, const char *name, size_t size);
bool svms_patterns_cover(const svms_pattern *patterns, size_t count, const char *name, size_t size);

#endif
