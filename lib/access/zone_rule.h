/* SPDX-License-Identifier: Apache-2.0 */
/* The rule at the end of a TZif file, for the time after its table: "CET-1CEST,M3.5.0,M10.5.0/3"
 * (POSIX.1-2017, 8.3; RFC 8536, 3.3.1). */
#ifndef SVMS_ZONE_RULE_H
#define SVMS_ZONE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A day of each year, and seconds from its midnight by the wall clock. */
typedef struct svms_zone_date {
    enum {
        SVMS_DATE_MONTH,     /* week w (5: the last) of month m, on weekday d (0: Sunday) */
        SVMS_DATE_JULIAN,    /* day 1 to 365; the 29th of February is not counted */
        SVMS_DATE_ZERO_BASED /* day 0 to 365; it is counted */
    } kind;
    int month;
    int week;
    int day;
    int32_t seconds;
} svms_zone_date;

typedef struct svms_zone_rule {
    int32_t standard; /* seconds to add to UTC */
    bool has_summer;
    int32_t summer;
    svms_zone_date begin; /* by standard time */
    svms_zone_date end;   /* by summer time */
} svms_zone_rule;

/* False when the text is no rule. */
bool svms_zone_rule_parse(svms_zone_rule *out, const uint8_t *text, size_t size);
int32_t svms_zone_rule_offset(const svms_zone_rule *rule, int64_t utc_s);
/* First second after utc_s at which the rule changes the offset, or INT64_MAX. */
int64_t svms_zone_rule_next_change(const svms_zone_rule *rule, int64_t utc_s);

#endif
