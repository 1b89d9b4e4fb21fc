/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes from a thread, which waits for disks, to a client, who may be slow: the thread waits for
 * him, with a bounded piece between them. The answer begins with the first byte: until then it can
 * still become a refusal. */
#ifndef API_PIPE_H
#define API_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api_internal.h"

typedef struct api_pipe api_pipe;

typedef struct api_pipe_calls {
    /* On a thread of its own; the answer ends when it returns: properly where it returns true, else
     * so that the client sees that it is not whole. */
    bool (*work)(void *user, api_pipe *pipe);
    /* From the event loop: the answer begins. May not call the pipe. NULL: nobody wants to know. */
    void (*begun)(void *user);
    /* The last call, from the event loop: thread and exchange are over. was_sent: all of it. */
    void (*over)(void *user, bool was_sent);
    void *user;
} api_pipe_calls;

/* Begins the thread. type and fields are static. NULL: out of memory or threads, nothing was
 * answered and nothing is called. */
api_pipe *api_pipe_begin(recorder_web *web, web_exchange *exchange, const char *type,
                         const web_pair *fields, const api_pipe_calls *calls);
/* By the thread. false: nobody takes it any more. */
bool api_pipe_write(api_pipe *pipe, const void *data, size_t size);
/* By the thread: waits so long; false: it shall end. */
bool api_pipe_wait(api_pipe *pipe, uint64_t ms);
/* By the thread, which then returns false: what is answered where nothing was written yet. */
void api_pipe_refuse(api_pipe *pipe, http_status status, const char *words);
/* By the event loop: the thread shall end soon, and may still say why. */
void api_pipe_stop(api_pipe *pipe);
/* By the event loop, or when there is none any more: nothing is taken from now on. */
void api_pipe_cut(api_pipe *pipe);

#endif
