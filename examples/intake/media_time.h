/* SPDX-License-Identifier: Apache-2.0 */
/* Time stamps as nanoseconds. Whatever a file says, nothing overflows: results are saturated. */
#ifndef SVMS_INTAKE_MEDIA_TIME_H
#define SVMS_INTAKE_MEDIA_TIME_H

#include <stdint.h>

#include <svms/media.h>

int64_t ticks_to_ns(const svms_track *track, int64_t ticks);
/* Rounded towards zero; 0 far beyond what any container lasts. */
int64_t ns_to_ticks(const svms_track *track, int64_t ns);
int64_t time_add(int64_t time_ns, int64_t more_ns);

#endif
