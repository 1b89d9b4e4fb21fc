/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the web server know of each other. */
#ifndef VMS_WEB_INTERNAL_H
#define VMS_WEB_INTERNAL_H

#include "http_chunks.h"
#include "peer_address.h"
#include "tls_link.h"
#include "web.h"
#include "web_post.h"
#include "web_target.h"

#define MS_PER_SECOND 1000

typedef struct web_connection web_connection;

/* Who has connections, and how many; in the server's list while there are any. */
typedef struct web_peer {
    uint8_t key[WEB_PEER_KEY_SIZE];
    size_t count;
} web_peer;

struct web_server {
    web_options options;
    web_route *routes;
    web_limits limits; /* without zeros */
    struct evconnlistener *listener;
    struct event *resume; /* after the system had no more sockets, or too many came at once */
    struct event *last_call;
    web_post_box *posted;
    web_connection **connections;
    size_t count;
    web_peer *peers; /* as many as there may be connections */
    uint64_t exchanges;
    uint64_t accept_credit; /* in thousandths of a connection */
    uint64_t accept_ms;     /* when it was counted */
    bool stopping;
    char address[PEER_ADDRESS_TEXT];
};

struct web_exchange {
    web_connection *connection;
    uint64_t id;
    const web_route *route; /* NULL: it is answered by us */
    web_request request;
    const web_events *events; /* NULL: nobody listens */
    void *events_user;
    http_head head;
    char *head_text; /* where head lies */
    size_t head_size;
    web_target target;
    web_match match;
    http_chunks chunks;   /* of the body */
    uint64_t body_got;    /* bytes of it */
    uint64_t body_passed; /* bytes that were sent for it, with the framing of chunks */
    char *body;
    size_t body_room;
    bool body_held;
    bool is_answered;  /* its head is made */
    bool is_stream;    /* more will be written */
    bool is_chunked;   /* the stream */
    bool is_bodiless;  /* what is written is not sent: HEAD */
    bool is_complete;  /* all of it was written */
    bool is_cut;       /* and it is less than was announced */
    bool is_full;      /* web_stream_write() has refused */
    uint64_t left;     /* of the announced length */
    uint32_t delay_ms; /* before it is sent */
    char *delayed;     /* what waits for it */
    size_t delayed_size;
    int file; /* that is sent, or -1 */
    uint64_t file_at;
    uint64_t file_left;
};

/* web_connection.c */
typedef enum web_phase {
    WEB_HEAD,   /* between requests, or in the head of one */
    WEB_BODY,   /* of a request whose head is understood */
    WEB_ANSWER, /* the handler's turn */
    WEB_DELAY,  /* the answer is made and waits */
    WEB_SEND,   /* it is being sent, or streamed */
    WEB_CLOSING
} web_phase;

struct web_connection {
    web_server *server;
    web_peer *peer;
    tls_link *link;
    struct event *timer;
    struct event *soon; /* what cannot be done while somebody else's call is going on */
    web_phase phase;
    web_exchange *exchange; /* NULL between requests */
    size_t looked_at;       /* bytes of the head in which its end is not */
    uint32_t requests;
    bool head_begun;
    bool keep;    /* after this exchange */
    bool doomed;  /* to be dropped as soon as may be */
    bool is_half; /* the client sends no more */
    uint64_t began_ms;
    uint64_t body_ms; /* when the body began */
    uint64_t written; /* bytes, ever */
    uint64_t sent_before;
    bool was_empty; /* since then */
    char address[PEER_ADDRESS_TEXT];
};

uint64_t web_now_ms(void);
/* Takes over the socket, whatever comes of it. NULL: it could not begin, and that was logged. */
web_connection *web_connection_new(web_server *server, web_peer *peer, evutil_socket_t socket,
                                   const struct sockaddr *address);
/* At once; its exchange ends. The server forgets it. Only where no call of it goes on. */
void web_connection_drop(web_connection *self);
/* Nobody would miss it. */
bool web_connection_is_idle(const web_connection *self);
/* The server stops. */
void web_connection_stop(web_connection *self);
/* What the exchange's parts do with the connection; false: it is to be dropped. */
bool web_connection_write(web_connection *self, const void *data, size_t size);
void web_connection_doom(web_connection *self);
void web_connection_set_phase(web_connection *self, web_phase phase, uint64_t wait_ms);
/* Looks soon at what there is to do. */
void web_connection_wake(web_connection *self);
/* The answer to what is not understood, after which nothing is looked at. */
void web_connection_refuse(web_connection *self, http_status status, const char *words);

/* web_server.c */
void web_server_forget(web_server *server, web_connection *connection);
void web_server_log(const web_server *server, web_trouble trouble, const char *address,
                    const char *words);

/* web_receive.c: takes what has arrived, request by request. */
void web_receive(web_connection *self);
/* How long a body may take that is `got` bytes so far. */
uint64_t web_body_ms(const web_limits *limits, uint64_t got);

/* web_exchange.c */
web_exchange *web_exchange_new(web_connection *connection);
/* Tells its owner. */
void web_exchange_free(web_exchange *self, bool was_sent);

/* web_answer.c: sends what web_delay() held back. */
void web_answer_delayed(web_exchange *self);

/* web_stream.c: there is room again. */
void web_stream_go_on(web_exchange *self);

/* web_file.c */
void web_file_go_on(web_exchange *self);

/* web_answer_head.c: the head of an answer; to be freed. NULL: no memory. */
typedef struct web_answer_parts {
    http_status status;
    const char *type;
    bool has_length;
    uint64_t length;
    bool is_chunked;
    bool keep;
    bool is_secure;
    const web_pair *fields;
} web_answer_parts;

/* Whether fields can be sent as they are. */
bool web_fields_are_good(const char *type, const web_pair *fields);
char *web_answer_head(const web_answer_parts *parts, size_t *size);

#endif
