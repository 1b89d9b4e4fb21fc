/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "web.h"

/* Digits at the beginning; false: none, or too many. */
static bool take_number(const char **text, uint64_t *out)
{
    const char *at = *text;
    uint64_t value = 0;
    while (*at >= '0' && *at <= '9') {
        if (at - *text >= 18) {
            return false;
        }
        value = value * 10 + (uint64_t)(*at - '0');
        at++;
    }
    bool some = at > *text;
    *text = at;
    *out = value;
    return some;
}

/* The last so many bytes. */
static web_range range_of_end(const char *text, uint64_t length)
{
    web_range whole = { WEB_RANGE_WHOLE, 0, length, length };
    uint64_t size = 0;
    if (!take_number(&text, &size) || *text != '\0') {
        return whole;
    }
    if (size == 0 || length == 0) {
        return (web_range){ WEB_RANGE_OUTSIDE, 0, 0, length };
    }
    size = size < length ? size : length;
    return (web_range){ WEB_RANGE_PART, length - size, size, length };
}

static web_range range_of(const char *text, uint64_t length)
{
    web_range whole = { WEB_RANGE_WHOLE, 0, length, length };
    uint64_t from = 0;
    uint64_t last = 0;
    if (*text == '-') {
        return range_of_end(text + 1, length);
    }
    if (!take_number(&text, &from) || *text++ != '-') {
        return whole;
    }
    bool has_last = *text != '\0';
    if (has_last && (!take_number(&text, &last) || *text != '\0' || last < from)) {
        return whole;
    }
    if (from >= length) {
        return (web_range){ WEB_RANGE_OUTSIDE, 0, 0, length };
    }
    if (!has_last || last >= length) {
        last = length - 1;
    }
    return (web_range){ WEB_RANGE_PART, from, last - from + 1, length };
}

web_range web_range_of(const web_request *request, uint64_t length)
{
    const char *text = web_field(request, "range");
    /* What If-Range compares with we do not give; then a range is passed over. */
    if (!text || strncmp(text, "bytes=", 6) != 0 || web_field(request, "if-range") ||
        strcmp(request->method, "GET") != 0) {
        return (web_range){ WEB_RANGE_WHOLE, 0, length, length };
    }
    return range_of(text + 6, length);
}

void web_range_text(const web_range *range, char out[WEB_RANGE_TEXT])
{
    if (range->kind == WEB_RANGE_OUTSIDE || range->size == 0) {
        (void)snprintf(out, WEB_RANGE_TEXT, "bytes */%" PRIu64, range->length);
    } else {
        (void)snprintf(out, WEB_RANGE_TEXT, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range->from,
                       range->from + range->size - 1, range->length);
    }
}
