/* SPDX-License-Identifier: Apache-2.0 */
/* An RTSP client whose events are written down, and whose server the test is. Include after
 * cmocka_all.h. */
#ifndef SVMS_TEST_CLIENT_STAGE_H
#define SVMS_TEST_CLIENT_STAGE_H

#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#define CLIENT_SECOND UINT64_C(1000000000)

typedef struct client_stage {
    svms_ctx *ctx;
    svms_rtsp_client *client;
    svms_rtsp_client_options options;
    uint64_t now_ns;
    bool by_bytes;     /* feeds byte by byte */
    char log[16384];   /* events, a line each */
    char sent[200000]; /* what client_sent() took last */
    svms_error err;
    svms_status answer;          /* of the event callback */
    svms_status password_answer; /* of the password callback */
    uint32_t passwords;          /* how often it was asked */
    char realm[64];              /* the last time */
    /* What the callback does besides. */
    void (*during)(struct client_stage *s, const svms_rtsp_client_event *event);
    svms_rtsp_client_event last; /* its pointers are stale */
} client_stage;

/* A client for rtsp://camera/live, with flags as given. */
client_stage *client_open(uint32_t flags);
/* The same with the options of the stage; user "joe" if asked for. */
client_stage *client_stage_new(uint32_t flags);
svms_status client_make(client_stage *s);
void client_with_user(client_stage *s);
void client_close(client_stage *s);

/* Hands in text of the server. */
svms_status client_feed(client_stage *s, const char *text);
svms_status client_feed_bytes(client_stage *s, const void *data, size_t size);
/* The same, which must be taken. */
void client_says(client_stage *s, const char *text);
/* What waits for the server, taken. */
const char *client_sent(client_stage *s);
/* Events since the last call. */
const char *client_log(client_stage *s);
svms_status client_tick_at(client_stage *s, uint64_t seconds);
/* The failure has these words. */
void client_expect_words(const client_stage *s, const char *words);
/* Set up and playing over interleaved frames; nothing waits, nothing is logged. */
void client_play(client_stage *s, const char *session);

#endif
