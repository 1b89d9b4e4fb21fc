/* SPDX-License-Identifier: Apache-2.0 */
/* From what one picture says to something that begins and ends. */
#ifndef SVMS_CAMERA_TAMPER_ALARM_H
#define SVMS_CAMERA_TAMPER_ALARM_H

#include <stdbool.h>
#include <stdint.h>

/* Between right and wrong lies what changes nothing: an alarm neither begins nor ends there. */
typedef enum tamper_finding { TAMPER_RIGHT, TAMPER_UNSURE, TAMPER_WRONG } tamper_finding;

typedef struct tamper_moment {
    int64_t utc_ns;
    uint64_t monotonic_ns;
} tamper_moment;

typedef struct tamper_alarm {
    bool is_on;
    bool is_turning; /* the opposite has been found since */
    tamper_moment since;
} tamper_alarm;

/* True where it went on or off just now: since says as of when. */
bool tamper_alarm_find(tamper_alarm *alarm, tamper_finding finding, tamper_moment now,
                       uint64_t begins_after_ns, uint64_t ends_after_ns);

#endif
