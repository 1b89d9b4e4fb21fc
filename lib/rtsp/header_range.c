/* SPDX-License-Identifier: Apache-2.0 */
#include "header_values.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "message.h"
#include "options.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define SECONDS_MOST 4000000000u

enum { FRACTION_DIGITS = 9, CLOCK_DIGITS = 15 };

/* ".440" to nanoseconds; digits behind the ninth are refused. */
static bool read_fraction(svms_text_piece digits, int64_t *ns)
{
    uint32_t value = 0;
    if (digits.size > FRACTION_DIGITS || !svms_text_piece_number(digits, UINT32_MAX, &value)) {
        return digits.size == 0;
    }
    int64_t scaled = value;
    for (size_t i = digits.size; i < FRACTION_DIGITS; i++) {
        scaled *= 10;
    }
    *ns += scaled;
    return true;
}

/* "12.5" or "0:10:20.25" (RFC 2326 section 3.6). */
static bool read_npt(svms_text_piece text, int64_t *ns)
{
    svms_text_piece whole = svms_text_piece_cut(&text, '.');
    uint32_t seconds = 0;
    *ns = 0;
    if (memchr(whole.data, ':', whole.size) == NULL) {
        if (!svms_text_piece_number(whole, SECONDS_MOST, &seconds)) {
            return false;
        }
        *ns = seconds * NS_PER_SECOND;
        return read_fraction(text, ns);
    }
    uint32_t hours = 0;
    uint32_t minutes = 0;
    svms_text_piece first = svms_text_piece_cut(&whole, ':');
    svms_text_piece second = svms_text_piece_cut(&whole, ':');
    if (!svms_text_piece_number(first, SECONDS_MOST / 3600, &hours) ||
        !svms_text_piece_number(second, 59, &minutes) ||
        !svms_text_piece_number(whole, 59, &seconds)) {
        return false;
    }
    *ns = ((int64_t)hours * 3600 + (int64_t)minutes * 60 + seconds) * NS_PER_SECOND;
    return read_fraction(text, ns);
}

/* "20090615T114900.440Z" by way of RFC 3339. */
static bool read_clock(svms_text_piece text, int64_t *ns)
{
    char rfc3339[SVMS_TIME_TEXT_SIZE];
    if (text.size < CLOCK_DIGITS + 1 || text.size > CLOCK_DIGITS + 2 + FRACTION_DIGITS) {
        return false;
    }
    const char *t = text.data;
    (void)snprintf(rfc3339, sizeof rfc3339, "%.4s-%.2s-%.2s%.1s%.2s:%.2s:%.2s%.*s", t, t + 4, t + 6,
                   t + 8, t + 9, t + 11, t + 13, (int)(text.size - CLOCK_DIGITS), t + CLOCK_DIGITS);
    /* Only the form with Z, and not "now". */
    return text.data[text.size - 1] == 'Z' && text.data[8] == 'T' &&
           svms_time_parse(ns, rfc3339, NULL) == SVMS_OK;
}

static bool read_point(svms_rtsp_range *out, svms_text_piece text, int64_t *ns)
{
    *ns = SVMS_NO_TIME;
    if (text.size == 0) {
        return true;
    }
    return out->kind == SVMS_RTSP_RANGE_NPT ? read_npt(text, ns) : read_clock(text, ns);
}

static bool read_points(svms_rtsp_range *out, svms_text_piece text)
{
    if (memchr(text.data, '-', text.size) == NULL) {
        return false;
    }
    svms_text_piece from = svms_text_piece_cut(&text, '-');
    svms_text_piece to = svms_text_piece_trim(text);
    if (out->kind == SVMS_RTSP_RANGE_NPT && svms_text_piece_is(from, "now")) {
        out->from_now = 1;
        from.size = 0;
    } else if (from.size == 0 && to.size == 0) {
        return false;
    }
    return read_point(out, from, &out->from_ns) && read_point(out, to, &out->to_ns);
}

svms_status svms_rtsp_range_read_piece(svms_rtsp_range *out, svms_text_piece text, svms_error *err)
{
    *out = (svms_rtsp_range)SVMS_RTSP_RANGE_INIT;
    svms_text_piece points = svms_text_piece_cut(&text, ';');
    svms_text_piece unit = svms_text_piece_cut(&points, '=');
    points = svms_text_piece_trim(points);
    if (svms_text_piece_is(unit, "npt")) {
        out->kind = SVMS_RTSP_RANGE_NPT;
    } else if (svms_text_piece_is(unit, "clock")) {
        out->kind = SVMS_RTSP_RANGE_CLOCK;
    } else if (points.size > 0) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "a range that is neither npt nor clock");
    }
    if (points.size == 0 || !read_points(out, points)) {
        return svms_fail(err, SVMS_E_MALFORMED, "a range that cannot be read");
    }
    return SVMS_OK;
}

svms_status svms_rtsp_range_read(svms_rtsp_range *out, const char *text, size_t size,
                                 svms_error *err)
{
    svms_rtsp_range range = SVMS_RTSP_RANGE_INIT;
    if (!out || !text) {
        return svms_fail(err, SVMS_E_USAGE, "a range: an argument is NULL");
    }
    svms_text_piece piece = svms_text_piece_trim((svms_text_piece){ text, size });
    svms_status status = svms_rtsp_range_read_piece(&range, piece, err);
    if (status != SVMS_OK) {
        return status;
    }
    return svms_result_write(out, &range, sizeof range, "svms_rtsp_range", err);
}

static size_t write_npt(char *out, size_t room, int64_t ns)
{
    int size =
        snprintf(out, room, "%" PRId64 ".%09" PRId64, ns / NS_PER_SECOND, ns % NS_PER_SECOND);
    /* Milliseconds always, more digits where they say something. */
    while (out[size - 1] == '0' && out[size - 4] != '.') {
        size--;
    }
    out[size] = '\0';
    return (size_t)size;
}

static size_t write_clock(char *out, int64_t ns)
{
    char text[SVMS_TIME_TEXT_SIZE];
    size_t size = 0;
    svms_time_format(ns, text);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c != '-' && *c != ':') {
            out[size++] = *c;
        }
    }
    out[size] = '\0';
    return size;
}

static size_t write_point(char *out, size_t room, const svms_rtsp_range *range, int64_t ns)
{
    if (ns == SVMS_NO_TIME) {
        return 0;
    }
    return range->kind == SVMS_RTSP_RANGE_NPT ? write_npt(out, room, ns) : write_clock(out, ns);
}

/* Two times of 30 characters at most, and 8 around them. */
static size_t write_range(char out[SVMS_RTSP_RANGE_SIZE], const svms_rtsp_range *range)
{
    out[0] = '\0';
    if (range->kind == SVMS_RTSP_RANGE_NONE) {
        return 0;
    }
    bool is_npt = range->kind == SVMS_RTSP_RANGE_NPT;
    size_t size = (size_t)snprintf(out, SVMS_RTSP_RANGE_SIZE, "%s%s",
                                   is_npt ? "npt=" : "clock=", range->from_now ? "now" : "");
    if (!range->from_now) {
        size += write_point(out + size, SVMS_RTSP_RANGE_SIZE - size, range, range->from_ns);
    }
    out[size++] = '-';
    out[size] = '\0';
    return size + write_point(out + size, SVMS_RTSP_RANGE_SIZE - size, range, range->to_ns);
}

void svms_rtsp_put_range(svms_builder *out, const svms_rtsp_range *range)
{
    char text[SVMS_RTSP_RANGE_SIZE];
    size_t size = write_range(text, range);
    svms_put_bytes(out, text, size);
}

static bool is_moment(const svms_rtsp_range *range, int64_t ns)
{
    bool is_npt = range->kind == SVMS_RTSP_RANGE_NPT;
    return ns == SVMS_NO_TIME || !is_npt || (ns >= 0 && ns / NS_PER_SECOND <= SECONDS_MOST);
}

bool svms_rtsp_range_is_sound(const svms_rtsp_range *range)
{
    if (range->kind == SVMS_RTSP_RANGE_NONE) {
        return true;
    }
    bool is_npt = range->kind == SVMS_RTSP_RANGE_NPT;
    bool has_begin =
        range->from_now ? is_npt && range->from_ns == SVMS_NO_TIME : range->from_ns != SVMS_NO_TIME;
    return (is_npt || range->kind == SVMS_RTSP_RANGE_CLOCK) &&
           (has_begin || (!range->from_now && range->to_ns != SVMS_NO_TIME)) &&
           is_moment(range, range->from_ns) && is_moment(range, range->to_ns);
}

svms_status svms_rtsp_range_write(const svms_rtsp_range *range, char *out, size_t *size,
                                  svms_error *err)
{
    svms_rtsp_range known = SVMS_RTSP_RANGE_INIT;
    char text[SVMS_RTSP_RANGE_SIZE];
    if (!range || !out || !size) {
        return svms_fail(err, SVMS_E_USAGE, "a range: an argument is NULL");
    }
    svms_status status = svms_options_read(&known, sizeof known, range, "svms_rtsp_range", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_rtsp_range_is_sound(&known)) {
        return svms_fail(err, SVMS_E_USAGE, "a range that cannot be");
    }
    size_t length = write_range(text, &known);
    size_t room = *size;
    *size = length < room ? length : length + 1;
    if (length >= room) {
        return svms_fail(err, SVMS_E_LIMIT, "a range of %zu characters does not fit", length);
    }
    memcpy(out, text, length + 1);
    return SVMS_OK;
}
