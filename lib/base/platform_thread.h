/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of the library's own; platform_posix.c implements them. */
#ifndef SVMS_PLATFORM_THREAD_H
#define SVMS_PLATFORM_THREAD_H

#include "platform.h"

typedef struct svms_platform_thread {
    union {
        uint64_t number;
        void *pointer;
    } place;
    void (*run)(void *user);
    void *user;
} svms_platform_thread;

/* 0 or an errno value. The thread gets no signals; the struct must stay where it is until it was
 * joined. */
int svms_platform_thread_start(svms_platform_thread *thread, void (*run)(void *user), void *user);
/* Waits until it has ended. */
void svms_platform_thread_join(svms_platform_thread *thread);

/* As svms_platform_sleep(), for so long at most. */
void svms_platform_sleep_for(svms_platform_latch *latch, uint64_t ns);

#endif
