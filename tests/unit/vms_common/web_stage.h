/* SPDX-License-Identifier: Apache-2.0 */
/* A web server on a thread of its own, with routes for everything that tests ask it, and a client
 * that sends what no well-behaved one would. */
#ifndef VMS_WEB_STAGE_H
#define VMS_WEB_STAGE_H

#include <pthread.h>

#include "web.h"

typedef struct web_stage {
    web_server *server;
    struct event_base *base;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int stopped;
    /* What happened, counted under the mutex. */
    int handled;
    int ended_sent;
    int ended_unsent;
    int writable;
    int posted;
    int logged;
    char last_log[256];
    size_t taken;       /* bytes of uploads */
    size_t queued_most; /* bytes of the endless stream */
    uint64_t waiting;   /* exchange that is answered later */
    int abandoned_seen; /* web_find() did not find it */
    char file[64];      /* of the route /file; 100,000 bytes */
} web_stage;

/* limits NULL: the usual ones. */
web_stage *web_stage_open(const web_limits *limits);
void web_stage_close(web_stage *stage);
/* Waits until a counter is at least this. */
void web_stage_wait(web_stage *stage, const int *counter, int least);

/* A connected socket. */
int web_stage_connect(const web_stage *stage);
void web_stage_send(int client, const void *data, size_t size);
/* Everything until the server closes; with a NUL behind it, to be freed. */
char *web_stage_drain(int client, size_t *size);
/* One request on a connection of its own; the whole answer, to be freed. */
char *web_stage_ask(const web_stage *stage, const char *request);
/* Of an answer. */
int web_stage_status(const char *answer);

#endif
