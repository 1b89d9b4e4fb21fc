/* SPDX-License-Identifier: Apache-2.0 */
/* The target of a request, taken apart: its path and its query are decoded once, and what could be
 * understood in two ways is refused. Patterns of routes. No I/O. */
#ifndef VMS_WEB_TARGET_H
#define VMS_WEB_TARGET_H

#include "web.h"

typedef struct web_target {
    char path[HTTP_TARGET_MAX + 1];
    /* Of each parameter, its name and its value end with a NUL: one byte more than "=" and "&". */
    char query_text[HTTP_TARGET_MAX + WEB_PARAMETERS_MAX + 1];
    web_pair query[WEB_PARAMETERS_MAX];
    size_t query_count;
} web_target;

/* What one pattern took of a path. */
typedef struct web_match {
    char text[HTTP_TARGET_MAX + 1];
    char names[256];
    web_pair parts[WEB_PARTS_MAX];
    size_t count;
} web_match;

/* HTTP_OK, or what is answered instead. */
http_status web_target_parse(web_target *out, http_slice target);

/* Whether a pattern is one that web_match_path() can work with. */
bool web_pattern_is_good(const char *pattern);
/* path is that of a web_target. */
bool web_match_path(web_match *out, const char *pattern, const char *path);

#endif
