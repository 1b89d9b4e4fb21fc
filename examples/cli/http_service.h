/* SPDX-License-Identifier: Apache-2.0 */
/* What a server of the command line is asked, and what its service answers; the service knows
 * nothing of sockets. Specification: identity.md, I-ENR-16 and I-ENR-17. */
#ifndef SVMS_CLI_HTTP_SERVICE_H
#define SVMS_CLI_HTTP_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <svms/svms.h>

#include "web.h"

typedef struct http_question {
    const http_head *head;
    const char *body;
    size_t body_size;
    const svms_chain *peer;     /* chain of a client that showed one and is trusted, or NULL */
    const char *address;        /* for the log */
    const uint8_t *address_key; /* WEB_PEER_KEY_SIZE bytes: whom to slow down */
    uint64_t now_ms;            /* monotonic */
} http_question;

typedef struct http_answer {
    http_status status;
    const char *type;
    bool base64;           /* says so in Content-Transfer-Encoding */
    const char *challenge; /* asks for name and password of this realm */
    const char *allow;     /* methods, where another one was used */
    char *body;            /* released by free() */
    size_t body_size;
    uint32_t delay_ms; /* to wait before it is sent */
} http_answer;

typedef struct http_service {
    /* out is all zeros at first. */
    void (*answer)(void *user, const http_question *question, http_answer *out);
    /* What happens to a connection: "refused", "failed"; address NULL: to none of them. */
    void (*log)(void *user, const char *what, const char *address, const char *words);
    void *user;
    size_t body_max; /* most bytes of a body */
    /* After web_stop(), when the last connection has gone. */
    void (*stopped)(void *owner);
    void *owner;
} http_service;

/* Where it is served. */
typedef struct http_place {
    struct event_base *base;       /* borrowed, as all of these */
    svms_tls_context *context;     /* NULL: plain HTTP */
    const struct sockaddr *listen; /* port 0: any that is free */
    socklen_t listen_size;
    uint32_t patience_secs; /* for a handshake, a head, a body, and an answer */
} http_place;

/* service must outlive the server. */
svms_status http_service_open(web_server **out, const http_service *service,
                              const http_place *place, svms_error *err);

/* An answer that is words alone. */
void http_answer_words(http_answer *out, http_status status, const char *words);

#endif
