/* SPDX-License-Identifier: Apache-2.0 */
#include "interrupt.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* A handler can reach nothing but a global. */
static volatile sig_atomic_t came;

/* The signal may fall between a look at the flag and a read that waits: so it comes again each
 * second as SIGALRM, until the flag has been looked at. */
static void nudge(int number)
{
    (void)number;
    alarm(1);
}

static void note(int number)
{
    (void)number;
    came = 1;
    alarm(1);
}

void interrupt_watch(void)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = note;
    /* No SA_RESTART: a read that waits for a camera or a pipe shall end. */
    action.sa_flags = (int)SA_RESETHAND;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction old;
        /* What the parent ignores (nohup) stays ignored. */
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN) {
            sigaction(signals[i], &action, NULL);
        }
    }
    action.sa_handler = nudge;
    action.sa_flags = 0;
    sigaction(SIGALRM, &action, NULL);
}

bool interrupt_came(void)
{
    if (came == 0) {
        return false;
    }
    alarm(0);
    return true;
}
