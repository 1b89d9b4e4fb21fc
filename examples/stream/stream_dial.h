/* SPDX-License-Identifier: Apache-2.0 */
/* From a name to a connected socket, without ever waiting: the name is looked up in a thread, and
 * its addresses (IPv6 and IPv4) are tried one after the other. */
#ifndef SVMS_STREAM_DIAL_H
#define SVMS_STREAM_DIAL_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

typedef struct stream_dial stream_dial;

typedef enum stream_dial_state {
    STREAM_DIAL_UNDER_WAY, /* poll, and step again */
    STREAM_DIAL_CONNECTED, /* stream_dial_take() */
    STREAM_DIAL_UNKNOWN,   /* the name is not known; words say it */
    STREAM_DIAL_FAILED     /* no address can be reached; words say it of the last one */
} stream_dial_state;

/* Whether the text is an address, in numbers, that one can call from. */
bool stream_dial_is_address(const char *text);
/* Where calls go out; NULL: the system chooses. */
typedef struct stream_dial_way {
    const char *from;      /* own address, of which the above is true */
    const char *interface; /* and no other, whatever routes there are */
} stream_dial_way;

/* limit_ns: for everything together. NULL: out of memory, or no thread. */
stream_dial *stream_dial_begin(const char *host, const char *port, const stream_dial_way *way,
                               uint64_t limit_ns);
/* What to poll for; fd is -1 where there is nothing. */
struct pollfd stream_dial_poll(const stream_dial *dial);
/* When to step even though nothing was polled. */
uint64_t stream_dial_wait(const stream_dial *dial);
stream_dial_state stream_dial_step(stream_dial *dial, uint64_t now_ns);
const char *stream_dial_words(const stream_dial *dial);
/* The socket, which does not block; the caller's from now on. */
int stream_dial_take(stream_dial *dial);
void stream_dial_free(stream_dial **dial);

#endif
