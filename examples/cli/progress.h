/* SPDX-License-Identifier: Apache-2.0 */
/* A progress bar on standard error, where that is a terminal; nothing otherwise. */
#ifndef SVMS_CLI_PROGRESS_H
#define SVMS_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct progress {
    bool enabled;
    bool visible;
    uint64_t next_update; /* monotonic nanoseconds */
} progress;

void progress_begin(progress *bar);

/* A bar of done/total, or, when total is 0, the words alone. */
void progress_show(progress *bar, uint64_t done, uint64_t total, const char *words);

/* Removes the bar, so that something else can be said; also at the end. */
void progress_clear(progress *bar);

#endif
