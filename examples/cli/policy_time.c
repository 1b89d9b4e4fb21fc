/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <svms/time.h>

#define NS_PER_SECOND INT64_C(1000000000)

/* The C library knows one zone at a time, and so does this program, which has one thread. */
void policy_time_zone(const char *name)
{
    /* The library reads the system's database, wherever TZDIR leads. */
    unsetenv("TZDIR");
    char zone[POLICY_TIME_SIZE];
    snprintf(zone, sizeof zone, ":%s", name);
    setenv("TZ", zone, 1);
    tzset();
}

void policy_time_words(char out[POLICY_TIME_SIZE], int64_t utc_ns)
{
    char text[SVMS_TIME_TEXT_SIZE];
    char local[32];
    struct tm clock;
    time_t seconds = (time_t)(utc_ns / NS_PER_SECOND - (utc_ns % NS_PER_SECOND < 0 ? 1 : 0));
    svms_time_format(utc_ns, text);
    const char *zone = getenv("TZ");
    if ((zone && strcmp(zone, ":UTC") == 0) || !localtime_r(&seconds, &clock) ||
        strftime(local, sizeof local, "%Y-%m-%d %H:%M:%S %z", &clock) == 0) {
        snprintf(out, POLICY_TIME_SIZE, "%s", text);
        return;
    }
    snprintf(out, POLICY_TIME_SIZE, "%s (%s)", text, local);
}
