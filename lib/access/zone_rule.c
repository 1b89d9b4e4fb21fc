/* SPDX-License-Identifier: Apache-2.0 */
#include "zone_rule.h"

#include "cursor.h"

#define SECONDS_PER_MINUTE 60
#define SECONDS_PER_HOUR 3600
#define SECONDS_PER_DAY INT64_C(86400)
#define DAYS_PER_400_YEARS INT64_C(146097)
#define DEFAULT_HOUR 2
#define LAST_WEEK 5
#define NAME_LEAST 3
/* RFC 8536, 3.3.1: hours of a rule may be outside the day. */
#define RULE_HOURS_MAX 167
#define OFFSET_HOURS_MAX 24

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days from 1970-01-01 to the first of January of a year. */
static int64_t days_before(int64_t year)
{
    int64_t past = year - 1;
    int64_t cycles = past / 400 - (past % 400 < 0);
    int64_t rest = past - cycles * 400;
    return cycles * DAYS_PER_400_YEARS + rest * 365 + rest / 4 - rest / 100 - 719162;
}

static int64_t floor_days(int64_t seconds)
{
    return seconds / SECONDS_PER_DAY - (seconds % SECONDS_PER_DAY < 0);
}

static int64_t year_of(int64_t days)
{
    int64_t shifted = days + 719162;
    int64_t cycles = shifted / DAYS_PER_400_YEARS - (shifted % DAYS_PER_400_YEARS < 0);
    int64_t year = cycles * 400 + (shifted - cycles * DAYS_PER_400_YEARS) / 366 + 1;
    while (days_before(year + 1) <= days) {
        year++;
    }
    return year;
}

/* 0: Sunday. 1970-01-01 was a Thursday. */
static int weekday_of(int64_t days)
{
    return (int)(((days + 4) % 7 + 7) % 7);
}

static int64_t day_of_month_rule(const svms_zone_date *date, int64_t year)
{
    static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365 };
    bool leap = is_leap(year);
    int64_t first = days_before(year) + before[date->month - 1] + (leap && date->month > 2);
    int length = before[date->month] - before[date->month - 1] + (leap && date->month == 2);
    int to_weekday = (date->day - weekday_of(first) + 7) % 7;
    int day = to_weekday + (date->week - 1) * 7;
    while (day >= length) {
        day -= 7;
    }
    return first + day;
}

/* Second of a wall clock, that runs offset ahead of UTC until then, as UTC. */
static int64_t moment_of(const svms_zone_date *date, int64_t year, int32_t offset)
{
    int64_t days = 0;
    switch (date->kind) {
    case SVMS_DATE_MONTH:
        days = day_of_month_rule(date, year);
        break;
    case SVMS_DATE_JULIAN:
        days = days_before(year) + date->day - 1 + (is_leap(year) && date->day >= 60);
        break;
    case SVMS_DATE_ZERO_BASED:
        days = days_before(year) + date->day;
        break;
    }
    return days * SECONDS_PER_DAY + date->seconds - offset;
}

static uint8_t peek(const svms_cursor *text)
{
    return svms_cursor_left(text) > 0 ? text->data[text->position] : 0;
}

static bool take(svms_cursor *text, char c)
{
    return peek(text) == (uint8_t)c && svms_skip(text, 1);
}

static bool is_letter(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* "CET", or "<+03>"; its text means nothing here. */
static void skip_name(svms_cursor *text)
{
    size_t length = 0;
    bool quoted = take(text, '<');
    while (is_letter(peek(text)) ||
           (quoted && (is_digit(peek(text)) || peek(text) == '+' || peek(text) == '-'))) {
        (void)svms_skip(text, 1);
        length++;
    }
    if (length < NAME_LEAST || (quoted && !take(text, '>'))) {
        text->failed = true;
    }
}

static int read_number(svms_cursor *text, int least, int most)
{
    int value = 0;
    if (!is_digit(peek(text))) {
        text->failed = true;
    }
    while (!text->failed && is_digit(peek(text))) {
        value = value * 10 + (svms_read_u8(text) - '0');
        text->failed = value > most;
    }
    if (value < least) {
        text->failed = true;
    }
    return text->failed ? least : value;
}

/* [+-]hh[:mm[:ss]] */
static int32_t read_time(svms_cursor *text, int most_hours)
{
    int sign = take(text, '-') ? -1 : 1;
    if (sign > 0) {
        (void)take(text, '+');
    }
    int32_t seconds = read_number(text, 0, most_hours) * SECONDS_PER_HOUR;
    if (take(text, ':')) {
        seconds += read_number(text, 0, 59) * SECONDS_PER_MINUTE;
        if (take(text, ':')) {
            seconds += read_number(text, 0, 59);
        }
    }
    return sign * seconds;
}

static svms_zone_date read_date(svms_cursor *text)
{
    svms_zone_date date = { SVMS_DATE_ZERO_BASED, 1, 1, 0, DEFAULT_HOUR * SECONDS_PER_HOUR };
    if (!take(text, ',')) {
        text->failed = true;
    } else if (take(text, 'M')) {
        date.kind = SVMS_DATE_MONTH;
        date.month = read_number(text, 1, 12);
        text->failed = text->failed || !take(text, '.');
        date.week = read_number(text, 1, LAST_WEEK);
        text->failed = text->failed || !take(text, '.');
        date.day = read_number(text, 0, 6);
    } else if (take(text, 'J')) {
        date.kind = SVMS_DATE_JULIAN;
        date.day = read_number(text, 1, 365);
    } else {
        date.day = read_number(text, 0, 365);
    }
    if (take(text, '/')) {
        date.seconds = read_time(text, RULE_HOURS_MAX);
    }
    return date;
}

/* POSIX counts westwards. */
bool svms_zone_rule_parse(svms_zone_rule *out, const uint8_t *text, size_t size)
{
    svms_zone_rule rule = { 0 };
    svms_cursor cursor = svms_cursor_over(text, size, 0);
    skip_name(&cursor);
    rule.standard = -read_time(&cursor, OFFSET_HOURS_MAX);
    if (!cursor.failed && !svms_cursor_at_end(&cursor)) {
        rule.has_summer = true;
        skip_name(&cursor);
        rule.summer = rule.standard + SECONDS_PER_HOUR;
        if (peek(&cursor) != ',') {
            rule.summer = -read_time(&cursor, OFFSET_HOURS_MAX);
        }
        rule.begin = read_date(&cursor);
        rule.end = read_date(&cursor);
    }
    if (cursor.failed || !svms_cursor_at_end(&cursor)) {
        return false;
    }
    *out = rule;
    return true;
}

/* The changes around a year, in order of time. */
#define YEARS 3
typedef struct change {
    int64_t utc_s;
    int32_t offset;
} change;

/* Rules may reach into the years beside their own, so that two years overlap. */
static void put_in_order(change out[2 * YEARS], int count, change next)
{
    int at = count;
    for (; at > 0 && out[at - 1].utc_s > next.utc_s; at--) {
        out[at] = out[at - 1];
    }
    out[at] = next;
}

static void changes_around(const svms_zone_rule *rule, int64_t year, change out[2 * YEARS])
{
    for (int i = 0; i < YEARS; i++) {
        change begin = { moment_of(&rule->begin, year - 1 + i, rule->standard), rule->summer };
        change end = { moment_of(&rule->end, year - 1 + i, rule->summer), rule->standard };
        put_in_order(out, 2 * i, begin);
        put_in_order(out, 2 * i + 1, end);
    }
}

int32_t svms_zone_rule_offset(const svms_zone_rule *rule, int64_t utc_s)
{
    change changes[2 * YEARS];
    if (!rule->has_summer) {
        return rule->standard;
    }
    changes_around(rule, year_of(floor_days(utc_s)), changes);
    int32_t offset = changes[0].offset;
    for (int i = 1; i < 2 * YEARS && changes[i].utc_s <= utc_s; i++) {
        offset = changes[i].offset;
    }
    return offset;
}

int64_t svms_zone_rule_next_change(const svms_zone_rule *rule, int64_t utc_s)
{
    change changes[2 * YEARS];
    if (!rule->has_summer) {
        return INT64_MAX;
    }
    changes_around(rule, year_of(floor_days(utc_s)), changes);
    for (int i = 0; i < 2 * YEARS; i++) {
        if (changes[i].utc_s > utc_s) {
            return changes[i].utc_s;
        }
    }
    return INT64_MAX;
}
