/* SPDX-License-Identifier: Apache-2.0 */
/* A server and its connections, in several files: server.c and server_connection.c hold them,
 * server_request.c decides what comes of a request, server_login.c who asks, server_session.c keeps
 * sessions, server_setup.c and server_control.c prepare the questions to the application,
 * server_answer.c writes what it answered. */
#ifndef SVMS_RTSP_SERVER_INTERNAL_H
#define SVMS_RTSP_SERVER_INTERNAL_H

#include <svms/rtsp_server.h>

#include "auth_nonce.h"
#include "header_values.h"
#include "message.h"
#include "server_path.h"
#include "server_queue.h"

enum {
    SVMS_SERVER_SESSIONS_MOST = 64,
    SVMS_SERVER_TRACKS_MOST = 32,
    SVMS_SERVER_SESSION_ID = 16,
    SVMS_SERVER_SESSION_ID_SIZE = 2 * SVMS_SERVER_SESSION_ID + 1,
    SVMS_SERVER_TEXT_SIZE = 129, /* realm and name */
    /* Answers may take so much more than interleaved packets may: whoever reads can go on. */
    SVMS_SERVER_ANSWER_ROOM = 262144,
    SVMS_SERVER_ADDRESS = 16
};

struct svms_rtsp_server {
    svms_ctx *ctx;
    svms_rtsp_server_options options; /* with what is usual in place of 0 */
    char realm[SVMS_SERVER_TEXT_SIZE];
    char name[SVMS_SERVER_TEXT_SIZE];
    uint8_t nonce_secret[SVMS_AUTH_NONCE_SECRET];
};

typedef struct svms_server_track {
    bool used;
    char *control; /* last segment of its URL, decoded */
    char *url;     /* as the client wrote it */
    svms_rtsp_transport transport;
} svms_server_track;

typedef struct svms_server_session {
    uint32_t number;
    char id[SVMS_SERVER_SESSION_ID_SIZE];
    char *presentation;
    char *identity;
    bool playing;
    uint64_t seen_ns;
    svms_server_track *tracks; /* as many as the server's options allow */
} svms_server_session;

/* A request while it is looked at, or while its answer is waited for. */
typedef struct svms_server_asked {
    const svms_rtsp_message *message; /* of the reader, which rests meanwhile */
    svms_server_session *session;     /* NULL: none, or it will be made */
    svms_server_path path;
    char identity[SVMS_RTSP_IDENTITY_SIZE];
    char session_id[SVMS_SERVER_SESSION_ID_SIZE]; /* that the answer names; "": none */
    char base[SVMS_RTSP_URL_SIZE + 1];
    svms_rtsp_transport transports[SVMS_RTSP_TRANSPORTS_MAX];
    svms_rtsp_play play;
    uint8_t mikey[SVMS_RTSP_MIKEY_MAX];
    svms_rtsp_server_request request;
} svms_server_asked;

/* What the digest remembers of a connection (RA-5). */
typedef struct svms_server_guard {
    uint8_t id[SVMS_AUTH_CONNECTION_ID];
    uint32_t issued; /* number of the nonce given last */
    uint32_t used;   /* number of the nonce used last */
    uint32_t count;  /* greatest nonce count under it */
    uint64_t second_ns;
    uint32_t in_second; /* requests of strangers since then */
    uint32_t failed;
} svms_server_guard;

struct svms_rtsp_connection {
    svms_ctx *ctx;
    const svms_rtsp_server *server;
    void *user;
    bool secure;
    bool has_identity;                      /* TLS authenticated it */
    char identity[SVMS_RTSP_IDENTITY_SIZE]; /* that one, else who was announced last */
    uint8_t peer[SVMS_SERVER_ADDRESS];
    svms_server_guard guard;
    svms_rtsp_reader *reader;
    svms_server_queue out;
    svms_builder backlog; /* what came while an answer is waited for */
    svms_server_asked *asked;
    svms_server_session *sessions[SVMS_SERVER_SESSIONS_MOST];
    uint32_t session_count;
    uint32_t last_session;
    uint64_t now_ns;
    uint64_t begun_ns;
    uint64_t partial_ns; /* first byte of what is not complete; UINT64_MAX: nothing is open */
    uint64_t request_ns; /* the last request that was let in */
    bool trusted;        /* there was one */
    bool waiting;        /* for svms_rtsp_connection_answer() */
    bool in_handler;
    bool closing; /* the client wants to end it after this answer */
    svms_status failure;
    svms_error why;
};

/* server_connection.c */

/* Ends the connection for good; gives status. */
svms_status svms_server_fail(svms_rtsp_connection *c, svms_status status, const char *words,
                             svms_error *err);
void svms_server_tell(svms_rtsp_connection *c, const svms_rtsp_server_event *event);

/* server_request.c */

/* Sets c->waiting, or has answered. Failures end the connection. */
SVMS_MUST_CHECK svms_status svms_server_handle(svms_rtsp_connection *c,
                                               const svms_rtsp_message *message, svms_error *err);
void svms_server_forget_asked(svms_rtsp_connection *c);

/* server_login.c */

/* *code: 200, or what to answer: 401, or 500 where a handler or the provider failed. */
SVMS_MUST_CHECK svms_status svms_server_login(svms_rtsp_connection *c, svms_server_asked *asked,
                                              uint32_t *code, bool *stale, svms_error *err);
/* A request from nobody who is known; POLICY when there are too many. */
SVMS_MUST_CHECK svms_status svms_server_count_stranger(svms_rtsp_connection *c, svms_error *err);
/* Appends the headers WWW-Authenticate. */
SVMS_MUST_CHECK svms_status svms_server_put_challenges(svms_rtsp_connection *c, svms_builder *out,
                                                       bool stale, svms_error *err);

/* server_session.c */

svms_server_session *svms_server_find_session(svms_rtsp_connection *c, svms_text_piece id);
svms_server_session *svms_server_session_at(const svms_rtsp_connection *c, uint32_t number);
/* Without tracks; NO_MEMORY, CRYPTO. */
SVMS_MUST_CHECK svms_status svms_server_add_session(svms_rtsp_connection *c,
                                                    const svms_server_asked *asked,
                                                    svms_server_session **out, svms_error *err);
/* Tells so, unless nothing was ever set up in it. */
void svms_server_end_session(svms_rtsp_connection *c, svms_server_session *session,
                             svms_rtsp_server_reason reason);
/* The session ends with its last track. */
void svms_server_end_track(svms_rtsp_connection *c, svms_server_session *session, uint32_t track,
                           svms_rtsp_server_reason reason);
uint32_t svms_server_count_tracks(const svms_rtsp_connection *c,
                                  const svms_server_session *session);
/* SVMS_RTSP_ALL_TRACKS: none of that name. */
uint32_t svms_server_find_track(const svms_rtsp_connection *c, const svms_server_session *session,
                                const char *control);
/* SVMS_RTSP_ALL_TRACKS: all places are taken. */
uint32_t svms_server_free_track(const svms_rtsp_connection *c, const svms_server_session *session);
/* Whose channel that is; false: nobody's. */
bool svms_server_find_channel(const svms_rtsp_connection *c, uint32_t channel,
                              svms_server_session **session, uint32_t *track, bool *is_rtcp);
bool svms_server_is_interleaving(const svms_rtsp_connection *c);

/* server_setup.c and server_control.c: fill asked->request; *code: 200, or what to answer. */

void svms_server_ask_setup(svms_rtsp_connection *c, svms_server_asked *asked, uint32_t *code);
void svms_server_ask_describe(svms_rtsp_connection *c, svms_server_asked *asked, uint32_t *code);
void svms_server_ask_control(svms_rtsp_connection *c, svms_server_asked *asked, uint32_t *code);
/* *done: nothing is left to ask. */
void svms_server_ask_parameter(svms_rtsp_connection *c, svms_server_asked *asked, uint32_t *code,
                               bool *done);

/* server_answer.c */

/* An answer without body; 401 brings challenges, 405 the methods, OPTIONS too. */
SVMS_MUST_CHECK svms_status svms_server_answer_code(svms_rtsp_connection *c,
                                                    const svms_rtsp_message *message,
                                                    const svms_server_asked *asked, uint32_t code,
                                                    bool stale, svms_error *err);
/* 551 with the tags that are not known. */
SVMS_MUST_CHECK svms_status svms_server_answer_unsupported(svms_rtsp_connection *c,
                                                           const svms_server_asked *asked,
                                                           svms_error *err);
/* What the application answered to c->asked, which is over then. *fault: what is wrong with it, 500
 * was answered; else NULL. */
SVMS_MUST_CHECK svms_status svms_server_answer_asked(svms_rtsp_connection *c,
                                                     const svms_rtsp_server_answer *answer,
                                                     const char **fault, svms_error *err);
bool svms_server_knows_tag(const svms_rtsp_connection *c, svms_text_piece tag);

/* server_clear.c */

/* True when a body tells of keys or of media under keys: never over connections in clear. */
bool svms_server_body_has_keys(const char *body, size_t size);

#endif
