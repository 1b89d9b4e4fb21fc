/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STREAM_SERVE_INTERNAL_H
#define STREAM_SERVE_INTERNAL_H

#include "stream_clock.h"
#include "stream_link.h"
#include "stream_ports.h"
#include "stream_serve.h"

enum {
    SERVE_ADDRESS_SIZE = 64,
    SERVE_WHO_SIZE = 320,
    SERVE_PACKET_MAX = 1200,
    SERVE_FIRST_PAYLOAD_TYPE = 96
};

struct serve_client;

/* What one client gets of one track. */
typedef struct serve_stream {
    struct serve_client *client;
    svms_rtp_sender *sender;
    uint32_t ssrc;
    bool is_set_up;
    bool is_secure;
    bool waits_for_sync;
    uint32_t number; /* of the track in the client's session */
    svms_rtsp_carrier carrier;
    stream_ports ports;
    uint64_t report_at;
    svms_mikey message;      /* its key, and what all messages about it share */
    bool key_is_the_clients; /* it was brought, not offered */
} serve_stream;

typedef struct serve_client {
    stream_serve *serve;
    stream_link link;
    svms_rtsp_connection *rtsp;
    char address[SERVE_ADDRESS_SIZE];
    uint32_t session; /* 0: none */
    bool is_playing;
    bool is_ending; /* what is queued is still sent */
    bool is_over;
    bool keys_were_offered; /* it knows ours: from DESCRIBE */
    uint64_t stuck_at;      /* when the last byte went out while more waited; STREAM_NEVER: none */
    uint64_t shake_by;      /* TLS stands until then, or never; then the end of goodbye */
    int64_t may_until_utc;  /* without another token; INT64_MAX: for ever */
    svms_srtp *srtp;
    svms_mikey theirs;     /* the client's last message: a shorter one may refer to it */
    serve_stream *streams; /* as serve.tracks */
    uint8_t answer[SVMS_MIKEY_SIZE_MAX]; /* what an answer says of a key */
} serve_client;

/* A track that is sent. */
typedef struct serve_track {
    uint32_t number; /* among the owner's */
    svms_track track;
    uint8_t *config;
    svms_rtp_format *format;
    int64_t last_pts;
} serve_track;

struct stream_serve {
    stream_serve_options options;
    char *path;
    svms_rtsp_server *server;
    serve_track *tracks;
    uint32_t track_count;
    serve_client **clients;
    uint32_t client_count;
    char *text; /* of the answer to DESCRIBE */
    char cname[40];
    uint64_t session_id;
};

void serve_note(serve_client *client, stream_serve_note note, const char *who, const char *words);

/* serve_client.c */
/* Takes over the socket. NULL: no memory, or what has been noted. */
serve_client *serve_client_new(stream_serve *serve, int socket, const char *address);
/* Reads and answers, sends what waits, lets time pass; sets is_over. */
void serve_client_work(serve_client *client);
/* When it has something to do by itself. */
uint64_t serve_client_wait(const serve_client *client);
void serve_client_free(serve_client *client);

/* serve_answer.c */
svms_status serve_answer(void *user, const svms_rtsp_server_request *request,
                         svms_rtsp_server_answer *answer);
void serve_event(void *user, const svms_rtsp_server_event *event);

/* serve_keys.c */
/* Sources, numbers and, for SRTP, a session and a key: what a client needs before anything is said
 * about media. Once for a client. */
svms_status serve_prepare(serve_client *client, svms_error *err);
/* Our message about a stream. */
svms_status serve_write_key(serve_client *client, const serve_stream *stream, uint8_t *out,
                            size_t *size, svms_error *err);
/* The client's message about its key, in the SETUP of a stream: also about ours where we offered
 * none. */
svms_status serve_take_key(serve_client *client, serve_stream *stream, const uint8_t *data,
                           size_t size, svms_error *err);
/* A fresh key for the streams that the message names, or for all of them. */
svms_status serve_renew_key(serve_client *client, const uint8_t *data, size_t size,
                            svms_error *err);

/* serve_media.c */
svms_status serve_packet(void *user, uint8_t *packet, size_t size, size_t capacity);
void serve_frame(void *user, uint32_t session, uint32_t track, uint32_t is_rtcp,
                 const uint8_t *data, size_t size);
/* Reports that are due, and what came over UDP. */
void serve_control(serve_client *client, uint64_t now);
void serve_goodbye(serve_client *client);
void serve_end_stream(serve_stream *stream);
int64_t serve_utc_now(void);

#endif
