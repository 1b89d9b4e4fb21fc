/* SPDX-License-Identifier: Apache-2.0 */
#include "platform_thread.h"

#include <pthread.h>
#include <signal.h>

_Static_assert(sizeof(pthread_t) <= sizeof(uint64_t), "a thread must fit its place");

static pthread_t *posix(svms_platform_thread *thread)
{
    return (pthread_t *)(void *)&thread->place;
}

static void *run_thread(void *user)
{
    const svms_platform_thread *thread = user;
    thread->run(thread->user);
    return NULL;
}

int svms_platform_thread_start(svms_platform_thread *thread, void (*run)(void *user), void *user)
{
    sigset_t all;
    sigset_t before;
    thread->run = run;
    thread->user = user;
    /* A new thread has the signal mask of the one that made it. */
    sigfillset(&all);
    int result = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (result == 0) {
        result = pthread_create(posix(thread), NULL, run_thread, thread);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    return result;
}

void svms_platform_thread_join(svms_platform_thread *thread)
{
    (void)pthread_join(*posix(thread), NULL);
}
