/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/time.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cursor.h"
#include "failure.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define SECONDS_PER_DAY INT64_C(86400)
/* First second of 1678 and of 2262. */
#define FIRST_SECOND INT64_C(-9214560000)
#define SECOND_AFTER_LAST INT64_C(9214646400)

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days from 1970-01-01 to the first of January of a year >= 1. */
static int64_t days_before_year(int year)
{
    int64_t past = year - 1;
    return past * 365 + past / 4 - past / 100 + past / 400 - 719162;
}

/* Consumes exactly count digits; -1 when they are not there. */
static int read_digits(svms_cursor *text, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        uint8_t c = svms_cursor_left(text) > 0 ? text->data[text->position] : 0;
        if (c < '0' || c > '9') {
            text->failed = true;
            return -1;
        }
        svms_skip(text, 1);
        value = value * 10 + (c - '0');
    }
    return value;
}

/* A number of count digits within [least, most]; the position stays on its first digit if not. */
static int read_number(svms_cursor *text, int count, int least, int most)
{
    size_t start = text->position;
    int value = read_digits(text, count);
    if (!text->failed && (value < least || value > most)) {
        text->position = start;
        text->failed = true;
    }
    return text->failed ? least : value;
}

/* Consumes one character if it is c, in either case. */
static bool take(svms_cursor *text, char c)
{
    if (svms_cursor_left(text) == 0) {
        return false;
    }
    uint8_t found = text->data[text->position];
    if (found != (uint8_t)c && !(c >= 'A' && c <= 'Z' && found == (uint8_t)(c - 'A' + 'a'))) {
        return false;
    }
    return svms_skip(text, 1);
}

static void expect(svms_cursor *text, char c)
{
    if (!take(text, c)) {
        text->failed = true;
    }
}

static int64_t read_date(svms_cursor *text)
{
    int year = read_number(text, 4, 1, 9999);
    expect(text, '-');
    int month = read_number(text, 2, 1, 12);
    expect(text, '-');
    int day = read_number(text, 2, 1, days_in_month(year, month));
    int64_t days = days_before_year(year) + day - 1;
    for (int m = 1; m < month; m++) {
        days += days_in_month(year, m);
    }
    return days;
}

static int64_t read_clock(svms_cursor *text)
{
    int hour = read_number(text, 2, 0, 23);
    expect(text, ':');
    int minute = read_number(text, 2, 0, 59);
    expect(text, ':');
    int second = read_number(text, 2, 0, 60);
    return hour * 3600 + minute * 60 + second;
}

static int64_t read_fraction(svms_cursor *text)
{
    if (text->failed || !take(text, '.')) {
        return 0;
    }
    int64_t fraction = read_digits(text, 1);
    for (int digits = 1; digits < 9; digits++) {
        uint8_t c = svms_cursor_left(text) > 0 ? text->data[text->position] : 0;
        bool more = c >= '0' && c <= '9';
        fraction = fraction * 10 + (more ? read_digits(text, 1) : 0);
    }
    return fraction;
}

/* Seconds that local time is ahead of UTC. */
static int64_t read_zone(svms_cursor *text)
{
    if (text->failed || take(text, 'Z')) {
        return 0;
    }
    int sign = take(text, '-') ? -1 : 1;
    if (sign > 0) {
        expect(text, '+');
    }
    int hours = read_number(text, 2, 0, 23);
    expect(text, ':');
    int minutes = read_number(text, 2, 0, 59);
    return sign * ((int64_t)hours * 3600 + (int64_t)minutes * 60);
}

svms_status svms_time_parse(int64_t *out, const char *text, svms_error *err)
{
    if (!out || !text) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_cursor cursor = svms_cursor_over(text, strlen(text), 0);
    int64_t seconds = read_date(&cursor) * SECONDS_PER_DAY;
    expect(&cursor, 'T');
    seconds += read_clock(&cursor);
    int64_t fraction = read_fraction(&cursor);
    seconds -= read_zone(&cursor);
    if (!svms_cursor_at_end(&cursor)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, svms_cursor_offset(&cursor),
                            "not an RFC 3339 time");
    }
    if (seconds < FIRST_SECOND || seconds >= SECOND_AFTER_LAST) {
        return svms_fail_at(err, SVMS_E_MALFORMED, 0, "a time outside the years 1678 to 2261");
    }
    *out = seconds * NS_PER_SECOND + fraction;
    return SVMS_OK;
}

void svms_time_format(int64_t utc_ns, char out[SVMS_TIME_TEXT_SIZE])
{
    if (utc_ns == SVMS_NO_TIME) {
        snprintf(out, SVMS_TIME_TEXT_SIZE, "unknown");
        return;
    }
    int64_t seconds = utc_ns / NS_PER_SECOND;
    int fraction = (int)(utc_ns % NS_PER_SECOND);
    if (fraction < 0) {
        fraction += (int)NS_PER_SECOND;
        seconds--;
    }
    int64_t days = seconds / SECONDS_PER_DAY;
    int clock = (int)(seconds % SECONDS_PER_DAY);
    if (clock < 0) {
        clock += (int)SECONDS_PER_DAY;
        days--;
    }
    /* A year too early at most, since no year is longer than 366 days. */
    int year = 1970 + (int)(days / 366) - (days < 0 ? 1 : 0);
    while (days_before_year(year + 1) <= days) {
        year++;
    }
    while (days_before_year(year) > days) {
        year--;
    }
    int day = (int)(days - days_before_year(year));
    int month = 1;
    while (day >= days_in_month(year, month)) {
        day -= days_in_month(year, month++);
    }
    int length = snprintf(out, SVMS_TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.", year, month,
                          day + 1, clock / 3600, clock / 60 % 60, clock % 60);
    if (length < 0 || length >= SVMS_TIME_TEXT_SIZE) {
        return;
    }
    bool whole = fraction % 1000000 == 0;
    snprintf(out + length, SVMS_TIME_TEXT_SIZE - (size_t)length, whole ? "%03dZ" : "%09dZ",
             whole ? fraction / 1000000 : fraction);
}
