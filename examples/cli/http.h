/* SPDX-License-Identifier: Apache-2.0 */
/* One question to a web server, and its answer. Complains itself. */
#ifndef SVMS_CLI_HTTP_H
#define SVMS_CLI_HTTP_H

#include <stddef.h>

#include "exit_status.h"

typedef struct http_exchange {
    const char *url; /* http or https; redirections are not followed */
    const char *content_type;
    const void *body;
    size_t body_size;
    size_t answer_limit;
    const char *ca_file;   /* whom https believes; NULL: whom the system does */
    unsigned char *answer; /* released by free() */
    size_t answer_size;
    unsigned status; /* of the answer */
    char type[128];  /* its Content-Type; empty: it has none */
} http_exchange;

/* Anything but an answer with status 200 within a minute is a failure. */
exit_status http_post(http_exchange *exchange);

/* Any answer is good, whatever its status, an empty one too. */
exit_status http_ask(http_exchange *exchange);

#endif
