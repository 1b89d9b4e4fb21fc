/* SPDX-License-Identifier: Apache-2.0 */
/* The clock of everything that waits: it never goes back. */
#ifndef SVMS_STREAM_CLOCK_H
#define SVMS_STREAM_CLOCK_H

#include <stdint.h>

#define STREAM_SECOND UINT64_C(1000000000)
#define STREAM_NEVER UINT64_MAX

/* Nanoseconds. */
uint64_t stream_clock(void);

/* The earlier of two moments; STREAM_NEVER is the latest. */
uint64_t stream_earlier(uint64_t one, uint64_t other);

#endif
