/* SPDX-License-Identifier: Apache-2.0 */
/* Intervals as POSIX has them (struct timeval), for libraries whose interface is made of them. */
#ifndef SVMS_PLATFORM_INTERVAL_H
#define SVMS_PLATFORM_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

/* Nanoseconds of the interval that ask() fills in; UINT64_MAX where it says that there is none, and
 * for one below zero. */
uint64_t svms_platform_interval(bool (*ask)(void *user, void *timeval), void *user);

#endif
