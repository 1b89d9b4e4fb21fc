/* SPDX-License-Identifier: Apache-2.0 */
/* What an HTTP server is asked, and what its service answers; neither knows of sockets. */
#ifndef VMS_HTTP_SERVICE_H
#define VMS_HTTP_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <svms/svms.h>

#include "http_message.h"

typedef struct http_question {
    const http_head *head;
    const char *body;
    size_t body_size;
    const svms_chain *peer;     /* chain of a client that showed one and is trusted, or NULL */
    const char *address;        /* for the log */
    const uint8_t *address_key; /* PEER_TRIES_KEY_SIZE bytes: whom to slow down */
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
    size_t body_max; /* most bytes of a body, 64 KiB at most */
} http_service;

/* An answer that is words alone. */
void http_answer_words(http_answer *out, http_status status, const char *words);

#endif
