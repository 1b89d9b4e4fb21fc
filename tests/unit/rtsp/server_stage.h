/* SPDX-License-Identifier: Apache-2.0 */
/* An RTSP server, a connection to it, and an application that answers as told and writes down what
 * it is asked. Include after cmocka_all.h. */
#ifndef SVMS_TEST_SERVER_STAGE_H
#define SVMS_TEST_SERVER_STAGE_H

#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#define STAGE_SECOND UINT64_C(1000000000)

typedef struct server_stage {
    svms_ctx *ctx;
    svms_rtsp_server *server;
    svms_rtsp_connection *connection;
    svms_rtsp_server_options options;
    svms_rtsp_connection_options peer;
    uint64_t now_ns;
    /* What the application does. */
    svms_rtsp_server_answer answer;
    svms_status reply;  /* of the handler `request` */
    svms_status lookup; /* of the handler `secret` */
    bool says_wrong_ha1_size;
    /* What it was asked and told, a line each. */
    char log[16384];
    uint32_t asked;
    uint32_t lookups;
    svms_rtsp_play play;
    svms_rtsp_transport set_up; /* of the last SET_UP */
    uint8_t mikey[64];
    size_t mikey_size;
    svms_rtsp_secret secret_given;
    /* What the server sent since the last feed. */
    char out[200000];
    svms_status fed; /* of the last feed */
    svms_error err;
} server_stage;

/* Options to change, then stage_start(). */
void stage_new(server_stage *stage, uint32_t flags);
void stage_start(server_stage *stage);
void stage_connect(server_stage *stage);
void stage_end(server_stage *stage);

/* Feeds text and gives all that came back. */
const char *stage_say(server_stage *stage, const char *text);
const char *stage_feed(server_stage *stage, const void *data, size_t size);
/* "METHOD url RTSP/1.0", CSeq and more headers, each with its line end. */
const char *stage_ask(server_stage *stage, const char *method, const char *url, const char *more);
/* The status of the answer that stands first in out; 0: none. */
int stage_code(const char *out);
/* stage_ask() and its status. */
int stage_try(server_stage *stage, const char *method, const char *url, const char *more);
/* Value of a header, in a buffer that the next call takes again; "" if it is not there. */
const char *stage_header(const char *out, const char *name);
/* "Session: ID\r\n" of the last answer. */
void stage_session(const char *out, char header[128]);
/* Sets up a track, interleaved, in the session if there is one; gives the session header. */
void stage_set_up(server_stage *stage, const char *url, char session[128]);
void stage_forget(server_stage *stage);

/* The value of Authorization: computed here, apart from the library. */
typedef struct stage_login {
    const char *algorithm; /* "SHA-256" */
    const char *user;
    const char *password;
    const char *method;
    const char *url;
    const char *nc; /* NULL: without qop */
} stage_login;
void stage_authorize(char *out, size_t size, const stage_login *login, const char *nonce);
/* Nonce out of the challenges of an answer. */
void stage_nonce(const char *out, char nonce[64]);

#endif
