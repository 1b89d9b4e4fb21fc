/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP/1.1 server that camera, recorder, management server, gateway and the command line's
 * enrolment server share: TLS by svms_tls, sockets and time by an event loop, strict parsing,
 * bounds on everything that a stranger can ask for. See docs/vms.md and docs/adr/0040.
 *
 * A handler is called for each request and answers at once, or keeps the exchange and answers
 * later. Everything belongs to the thread of the event loop, except web_post(). Work that takes
 * long is given to another thread together with web_exchange_id(); its result comes back by
 * web_post(), and web_find() says whether somebody still waits for it. */
#ifndef VMS_WEB_H
#define VMS_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <svms/svms.h>
#include <svms/tls.h>

#include "http_message.h"

typedef struct web_server web_server;
/* One request with its answer. It begins with its handler's call and ends when ended() is called,
 * in which it can be used for the last time. */
typedef struct web_exchange web_exchange;

#define WEB_PARTS_MAX 8
#define WEB_PARAMETERS_MAX 32
/* Whom limits are counted for: an IPv4 address, or a network of 64 bits of IPv6. */
#define WEB_PEER_KEY_SIZE 16

typedef struct web_pair {
    const char *name;
    const char *value;
} web_pair;

/* What is asked for. Lives as long as its exchange; texts end with NUL and have none in them. */
typedef struct web_request {
    const char *method;
    const char *path;      /* decoded: "/v1/cameras/one"; UTF-8, no "." or "..", no empty parts */
    const char *target;    /* as it was sent, with its query: digests are made from it */
    const web_pair *parts; /* of the route's pattern: {id} */
    size_t part_count;
    const web_pair *query; /* decoded; no name twice */
    size_t query_count;
    const http_head *head;
    const char *body; /* with a NUL behind it; NULL: none, or it is taken in pieces */
    size_t body_size;
    const svms_chain *peer;  /* chain of a client that showed one and is trusted, or NULL */
    const char *address;     /* "192.0.2.1:443" */
    const uint8_t *peer_key; /* WEB_PEER_KEY_SIZE bytes of the address */
    uint64_t now_ms;         /* monotonic: when the handler was called */
    bool is_secure;          /* over TLS */
} web_request;

/* By name; NULL: there is none. web_field(): name in lower case; also NULL where it is there twice.
 */
const char *web_part(const web_request *request, const char *name);
const char *web_query(const web_request *request, const char *name);
const char *web_field(const web_request *request, const char *name);

typedef void (*web_handler)(void *user, web_exchange *exchange, const web_request *request);

/* How a body is taken that is too large for memory (an update, a restore). */
typedef struct web_upload {
    /* Before anything of the body is read: whoever may not send it is answered here, and nothing
     * more is called. NULL: anybody may. */
    web_handler begin;
    /* The next piece. It may answer as well: then the rest is not read. It may call
     * web_upload_hold(). */
    void (*take)(void *user, web_exchange *exchange, const void *data, size_t size);
} web_upload;

/* Routes are looked at in their order. */
typedef struct web_route {
    /* "GET" is called for HEAD, too: what it answers is sent without its body. NULL: any. */
    const char *method;
    /* "/v1/cameras/{id}/live": {name} takes one part that is not empty; "/files/{name...}" at the
     * end takes the rest, with its slashes. NULL: any path. */
    const char *path;
    web_handler handle; /* the request has arrived as a whole */
    void *user;
    uint64_t body_max;        /* bytes; 0: 65,536 */
    const web_upload *upload; /* NULL: the body is in the request; at most 16 MiB then */
} web_route;

/* 0: what stands behind it. */
typedef struct web_limits {
    uint32_t connections;          /* 512 */
    uint32_t connections_per_peer; /* 64 */
    uint32_t accepts_per_second;   /* 200, in all; more wait in the system's queue */
    uint32_t requests;             /* 1,000 on one connection */
    uint32_t head_bytes;           /* 16,384, and never more */
    uint32_t head_ms;              /* 10,000: for a handshake with the first head; for later heads
                                      from their first byte on */
    uint32_t idle_ms;              /* 15,000 between requests */
    uint32_t body_ms;              /* 10,000: for a body, and ... */
    uint32_t rate;                 /* ... 1,024 bytes in a second more; so slowly may be sent, and
                                      taken */
    uint32_t answer_ms;            /* 60,000 for a handler to answer or to begin a stream */
    uint32_t stall_ms;             /* 20,000 in which `rate` is looked at while we send */
    uint32_t queue_bytes;          /* 1,048,576: of a stream, that wait to be sent */
} web_limits;

/* What is worth a line in a log, and never a secret. */
typedef enum web_trouble {
    WEB_REFUSED, /* what a peer did: words say why */
    WEB_FAILED   /* here: no memory, no sockets */
} web_trouble;

typedef struct web_options {
    struct event_base *base;       /* borrowed, as all of these */
    svms_tls_context *context;     /* of servers; may be reloaded at any time; NULL: plain HTTP */
    const struct sockaddr *listen; /* port 0: any that is free */
    socklen_t listen_size;
    int listener; /* with listen NULL: a socket that listens, taken over when web_open() succeeds */
    const web_route *routes;
    size_t route_count;
    web_limits limits;
    bool refuse_chunks; /* bodies come with their length alone */
    /* address NULL: no peer's. NULL: nobody wants to know. */
    void (*log)(void *user, web_trouble trouble, const char *address, const char *words);
    /* After web_stop(), when the last connection has gone. */
    void (*stopped)(void *user);
    void *user;
} web_options;

/* Listens. Ignores SIGPIPE from now on. SVMS_E_USAGE: a route that is none; SVMS_E_IO: it cannot
 * listen there. */
svms_status web_open(web_server **out, const web_options *options, svms_error *err);
/* No new connections; those that there are come to the end of what they were at. Streams are told
 * (stopping()), and have some seconds. */
void web_stop(web_server *server);
/* At once: each exchange that there is ends, and what was posted is run. Not from a handler. NULL
 * and pointer to NULL are accepted. */
void web_close(web_server **server);
/* Where it listens, with the port that it got: "127.0.0.1:443". */
const char *web_address(const web_server *server);

/* From any thread: run is called once by the event loop's thread, in web_close() at the latest;
 * false: no memory, it is not called. The server must be open. */
bool web_post(web_server *server, void (*run)(void *user), void *user);

/* A name of an exchange that is never used again, for other threads; and the exchange, or NULL: it
 * has ended. */
uint64_t web_exchange_id(const web_exchange *exchange);
web_exchange *web_find(web_server *server, uint64_t id);
web_server *web_exchange_server(const web_exchange *exchange);
const web_request *web_exchange_request(const web_exchange *exchange);

/* What an exchange's owner hears. */
typedef struct web_events {
    /* The last call, exactly one, from the event loop: was_sent is whether the answer went out as a
     * whole; false: the client has gone, or time is over. Needed. */
    void (*ended)(void *user, web_exchange *exchange, bool was_sent);
    /* A stream has less than half of its queue to send. NULL: it is asked for in another way. */
    void (*writable)(void *user, web_exchange *exchange);
    /* web_stop() was called; end soon. NULL: the stream is ended as it is. */
    void (*stopping)(void *user, web_exchange *exchange);
} web_events;

/* From now on these are called; events must outlive the exchange. A handler that does not answer
 * before it returns needs this, or it cannot know when the exchange ends. */
void web_listen(web_exchange *exchange, const web_events *events, void *user);
/* A handler that waits for something takes so long from now on, whatever answer_ms says. */
void web_take_time(web_exchange *exchange, uint32_t time_ms);

/* Answers. Exactly one of these functions is called for an exchange, or web_stream_begin(); where
 * there is no memory, the connection ends. type NULL: no body. fields: more of them, the last has
 * name NULL; or NULL for none. One that has a default (Cache-Control, Content-Security-Policy)
 * replaces it; those that HTTP needs for itself (Content-Length, Connection...) are ours. A field
 * with a control character in it makes the answer 500. Everything is copied. */
void web_answer(web_exchange *exchange, http_status status, const char *type, const void *body,
                size_t size, const web_pair *fields);
/* Words of a person, or for one: text/plain with a line feed behind them. */
void web_answer_words(web_exchange *exchange, http_status status, const char *words);
/* A file from its beginning, with single ranges (RFC 9110 section 14) for GET. Takes over the
 * descriptor, whatever comes of it. */
void web_answer_file(web_exchange *exchange, int file, const char *type, const web_pair *fields);
/* Before web_answer() or web_answer_words(): it waits so long before it is sent. */
void web_delay(web_exchange *exchange, uint32_t delay_ms);

/* Answers that are made while they are sent. */
#define WEB_LENGTH_UNKNOWN UINT64_MAX

/* The head. length is what web_stream_write() will get in all. */
void web_stream_begin(web_exchange *exchange, http_status status, const char *type, uint64_t length,
                      const web_pair *fields);
/* false: it has no room in the queue now (wait for writable(); nothing of it was taken), or the
 * exchange is about to end. A piece is at most as large as the queue; an empty queue takes it. */
bool web_stream_write(web_exchange *exchange, const void *data, size_t size);
/* Bytes that wait, with those of the system's own not counted. */
size_t web_stream_queued(const web_exchange *exchange);
/* That was all; where it is less than was announced, the connection is cut. */
void web_stream_end(web_exchange *exchange);
/* Something went wrong: the client shall see that it is not whole. */
void web_stream_abort(web_exchange *exchange);

/* No more of web_upload.take() until web_upload_go_on(). Time goes on. */
void web_upload_hold(web_exchange *exchange);
void web_upload_go_on(web_exchange *exchange);

/* The one range that a request asks for, of something of this length. */
typedef enum web_range_kind {
    WEB_RANGE_WHOLE,  /* none, or one that may be passed over: answer 200 with everything */
    WEB_RANGE_PART,   /* answer 206 with Content-Range: web_range_text() */
    WEB_RANGE_OUTSIDE /* answer 416 with Content-Range: web_range_text() */
} web_range_kind;

typedef struct web_range {
    web_range_kind kind;
    uint64_t from; /* the first byte */
    uint64_t size;
    uint64_t length; /* of the whole */
} web_range;

web_range web_range_of(const web_request *request, uint64_t length);
/* "bytes 0-499/1234" or "bytes *" "/1234". */
#define WEB_RANGE_TEXT 80
void web_range_text(const web_range *range, char out[WEB_RANGE_TEXT]);

#endif
