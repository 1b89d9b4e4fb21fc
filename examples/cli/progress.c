/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define UPDATE_INTERVAL_NS 100000000u
#define BAR_WIDTH 30

static uint64_t monotonic_now(void)
{
    struct timespec now = { 0, 0 };
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void progress_begin(progress *bar)
{
    bar->enabled = isatty(STDERR_FILENO) != 0;
    bar->visible = false;
    bar->next_update = 0;
}

void progress_show(progress *bar, uint64_t done, uint64_t total, const char *words)
{
    if (!bar->enabled) {
        return;
    }
    uint64_t now = monotonic_now();
    if (now < bar->next_update) {
        return;
    }
    bar->next_update = now + UPDATE_INTERVAL_NS;
    bar->visible = true;
    if (total == 0) {
        fprintf(stderr, "\r\033[K%s", words);
        return;
    }
    double share = done >= total ? 1.0 : (double)done / (double)total;
    int filled = (int)(share * BAR_WIDTH);
    fprintf(stderr, "\r\033[K[");
    for (int i = 0; i < BAR_WIDTH; i++) {
        fputc(i < filled ? '#' : '.', stderr);
    }
    fprintf(stderr, "] %3d %%  %s", (int)(share * 100), words);
}

void progress_clear(progress *bar)
{
    if (!bar->visible) {
        return;
    }
    fprintf(stderr, "\r\033[K");
    bar->visible = false;
    bar->next_update = 0;
}
