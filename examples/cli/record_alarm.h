/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a camera's signatures while something is recorded. */
#ifndef SVMS_CLI_RECORD_ALARM_H
#define SVMS_CLI_RECORD_ALARM_H

#include "camera_watch.h"

/* A line for whoever watches the recorder. */
void record_alarm_tell(const camera_alarm *alarm);

typedef struct alarm_words {
    char text[200];
} alarm_words;

/* The same without time and track, for an audit log. */
alarm_words record_alarm_words(const camera_alarm *alarm);

#endif
