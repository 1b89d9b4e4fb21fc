/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the serving side share. */
#ifndef STREAM_SERVE_INTERNAL_H
#define STREAM_SERVE_INTERNAL_H

#include "stream_clock.h"
#include "stream_link.h"
#include "stream_ports.h"
#include "stream_replay.h"
#include "stream_serve.h"

enum {
    SERVE_ADDRESS_SIZE = 64,
    SERVE_WHO_SIZE = 320,
    SERVE_WHY_SIZE = 288,
    SERVE_PACKET_MAX = 1200,
    SERVE_FIRST_PAYLOAD_TYPE = 96,
    SERVE_TRACKS_MAX = 16
};

/* RFC 2326 section 7.1.1, and RFC 4567 for 463. */
enum {
    SERVE_GOOD = 200,
    SERVE_UNAUTHORIZED = 401,
    SERVE_FORBIDDEN = 403,
    SERVE_NOT_FOUND = 404,
    SERVE_NOT_UNDERSTOOD = 451,
    SERVE_BAD_RANGE = 457,
    SERVE_BAD_TRANSPORT = 461,
    SERVE_BAD_KEY = 463,
    SERVE_INTERNAL_ERROR = 500,
    SERVE_TOO_MANY = 503
};

struct serve_client;
struct serve_watch;
struct serve_replay;

/* A track that is sent. */
typedef struct serve_track {
    uint32_t number; /* among the owner's */
    svms_track track;
    svms_rtp_format *format;
    uint32_t revision; /* of the format */
    int64_t last_pts;
} serve_track;

typedef struct serve_tracks {
    serve_track list[SERVE_TRACKS_MAX];
    uint32_t count;
} serve_tracks;

struct stream_presentation {
    stream_serve *serve;
    stream_serve_kind kind;
    char *path;
    char *name;
    serve_tracks tracks;              /* live */
    const stream_replay_calls *calls; /* replay */
    void *user;                       /* of the calls */
    uint64_t version;                 /* of its description */
};

/* What one client gets of one track. */
typedef struct serve_stream {
    struct serve_watch *watch;
    serve_track *track;
    svms_rtp_sender *sender;
    uint32_t revision; /* of the format that the sender has */
    uint32_t ssrc;
    bool is_set_up;
    bool is_secure;
    bool waits_for_sync;
    uint32_t number; /* of the track in the client's session */
    svms_rtsp_carrier carrier;
    stream_ports ports;
    uint64_t report_at;
    uint32_t sync_heard;     /* PLI that the owner was told of */
    svms_mikey message;      /* its key, and what all messages about it share */
    bool key_is_the_clients; /* it was brought, not offered */
    /* Replay. */
    bool is_interrupted;   /* the next sample does not follow the one before */
    bool said_terminal;    /* no more comes, and the client knows */
    int64_t last_sync_utc; /* of the last sync sample that was taken, or SVMS_NO_TIME */
} serve_stream;

/* What a client has, or is about to have, of a presentation. */
typedef struct serve_watch {
    struct serve_client *client;
    stream_presentation *presentation;
    char identity[SVMS_RTSP_IDENTITY_SIZE];
    svms_rtsp_scheme scheme;
    char *query;
    serve_tracks *tracks; /* of the presentation, or own */
    serve_tracks own;
    serve_stream *streams; /* as tracks */
    uint32_t session;      /* 0: none */
    bool is_playing;
    bool keys_were_offered; /* it knows ours: from DESCRIBE */
    svms_srtp *srtp;
    svms_mikey theirs; /* the client's last message: a shorter one may refer to it */
    struct serve_replay *replay;
    /* Permission. */
    bool has_play;
    svms_rtsp_play play; /* the last that was allowed */
    int64_t from_utc_ns;
    int64_t to_utc_ns;
    bool without_sound;
    int64_t until_utc_ns;     /* INT64_MAX: for ever */
    int64_t asked_for_utc_ns; /* it was asked whether it goes on after this time */
    /* For the audit log. */
    stream_serve_watch told;
    char why[SERVE_WHY_SIZE]; /* it ends by our will */
} serve_watch;

typedef struct serve_client {
    stream_serve *serve;
    stream_link link;
    svms_rtsp_connection *rtsp;
    char address[SERVE_ADDRESS_SIZE];
    uint64_t since;
    bool is_known;  /* a request of it was let in */
    bool is_ready;  /* there may be something to be read */
    bool is_ending; /* what is queued is still sent */
    bool is_over;
    uint64_t stuck_at;     /* when the last byte went out while more waited; STREAM_NEVER: none */
    uint64_t shake_by;     /* TLS stands until then, or never; then the end of goodbye */
    int64_t may_until_utc; /* without another token; INT64_MAX: for ever */
    char *token;           /* the newest that was good, or NULL */
    size_t token_size;
    bool must_be_judged;    /* the token or the rights are others than when it was asked */
    serve_watch *watch;     /* has a session, or is about to */
    serve_watch *described; /* has none */
    svms_rtsp_track_start starts[SERVE_TRACKS_MAX]; /* what an answer says of PLAY */
    uint8_t answer[SVMS_MIKEY_SIZE_MAX];            /* what an answer says of a key */
} serve_client;

struct stream_serve {
    stream_serve_options options;
    svms_rtsp_server *server;
    stream_presentation **presentations;
    uint32_t presentation_count;
    stream_presentation *first;
    serve_client **clients;
    uint32_t client_count;
    int wake_from; /* a pipe */
    int wake_to;
    struct pollfd *polled;
    size_t polled_room;
    char *text; /* of the answer to DESCRIBE */
    char cname[40];
    uint64_t session_id;
    uint64_t watches; /* how many there have been */
};

svms_status serve_fail(svms_error *err, svms_status status, const char *words);
void serve_note(serve_client *client, stream_serve_note note, const char *who, const char *words);
int64_t serve_utc_now(void);

/* serve_accept.c: new connections, within the limits. */
void serve_accept(stream_serve *serve);

/* serve_client.c */
/* Takes over the socket. NULL: no memory, or no TLS. */
serve_client *serve_client_new(stream_serve *serve, int socket, const char *address);
/* Reads and answers, sends what waits, lets time pass; sets is_over. */
void serve_client_work(serve_client *client);
/* When it has something to do by itself. */
uint64_t serve_client_wait(const serve_client *client);
/* It ends now: what was queued is lost. */
void serve_client_drop(serve_client *client, const char *words);
void serve_client_free(serve_client *client);

/* serve_presentation.c */
stream_presentation *serve_find(const stream_serve *serve, const char *path);
/* Those that RTP has a format for. SVMS_E_UNSUPPORTED: none. */
svms_status serve_tracks_make(serve_tracks *out, svms_ctx *ctx, const svms_track *tracks,
                              uint32_t count, svms_error *err);
/* Another configuration. */
svms_status serve_track_change(serve_tracks *tracks, uint32_t index, svms_ctx *ctx,
                               const svms_track *to, svms_error *err);
void serve_tracks_free(serve_tracks *tracks);
bool serve_has_sound(const serve_tracks *tracks);
/* Of all; nobody may watch any more. */
void serve_presentations_free(stream_serve *serve);

/* serve_watch.c */
/* The one that there is of this presentation for who asks, or a new one. 200, or the status of a
 * response. */
uint32_t serve_watch_for(serve_watch **out, serve_client *client, stream_presentation *presentation,
                         const svms_rtsp_server_request *request);
/* The session begins, or grows. */
void serve_watch_settle(serve_watch *watch, uint32_t session);
/* Samples are sent from now on. */
void serve_watch_begin(serve_watch *watch);
/* A sample was sent. */
void serve_watch_count(serve_watch *watch, size_t size, int64_t utc_ns);
/* Ends the session of a client by our will: it hears BYE. */
void serve_watch_stop(serve_client *client, const char *why);
/* The session is over. */
void serve_watch_end(serve_client *client, const char *why);
void serve_watch_free(serve_watch **watch);
/* The one with a session, or NULL. */
serve_watch *serve_watched(const serve_client *client);

/* serve_permit.c */
/* May he? 200, or the status of a response, which has been noted. presentation NULL: there is none.
 * watch NULL: not yet. */
uint32_t serve_permit(serve_client *client, const stream_presentation *presentation,
                      serve_watch *watch, stream_serve_wish wish,
                      const svms_rtsp_server_request *request, stream_serve_verdict *verdict);
/* Keeps what was allowed. */
void serve_permit_take(serve_watch *watch, const stream_serve_verdict *verdict);
/* Ends what may not go on. */
void serve_permit_tend(serve_client *client);
uint64_t serve_permit_wait(const serve_client *client);

/* serve_answer.c */
svms_status serve_answer(void *user, const svms_rtsp_server_request *request,
                         svms_rtsp_server_answer *answer);
void serve_event(void *user, const svms_rtsp_server_event *event);

/* serve_describe.c */
svms_status serve_describe(serve_watch *watch, svms_rtsp_server_answer *answer);

/* serve_keys.c */
/* Sources, numbers and, for SRTP, a session and a key: what a client needs before anything is said
 * about media. Once for a watch. */
svms_status serve_prepare(serve_watch *watch, svms_error *err);
/* The sender goes on with the present format of its track. */
svms_status serve_renew_sender(serve_stream *stream, svms_error *err);
/* Our message about a stream. */
svms_status serve_write_key(const serve_watch *watch, const serve_stream *stream, uint8_t *out,
                            size_t *size, svms_error *err);
/* The client's message about its key, in the SETUP of a stream: also about ours where we offered
 * none. */
svms_status serve_take_key(serve_watch *watch, serve_stream *stream, const uint8_t *data,
                           size_t size, svms_error *err);
/* A fresh key for the streams that the message names, or for all of them. */
svms_status serve_renew_key(serve_watch *watch, const uint8_t *data, size_t size, svms_error *err);

/* serve_media.c */
svms_status serve_packet(void *user, uint8_t *packet, size_t size, size_t capacity);
void serve_frame(void *user, uint32_t session, uint32_t track, uint32_t is_rtcp,
                 const uint8_t *data, size_t size);
/* To one stream, if it is to have it. */
svms_status serve_send(serve_stream *stream, const svms_sample *sample,
                       const svms_rtp_replay *replay, svms_error *err);
/* Reports that are due, and what came over UDP. */
void serve_control(serve_watch *watch, uint64_t now);
uint64_t serve_control_wait(const serve_watch *watch);
/* All sources say that they end, where that is possible. */
void serve_goodbye(serve_watch *watch);
/* One does, also where it has sent nothing. */
void serve_say_bye(serve_stream *stream);
void serve_end_stream(serve_stream *stream);

/* serve_replay.c */
/* Opens a cursor and fills watch->own. 200, or the status of a response. */
uint32_t serve_replay_open(serve_watch *watch, const svms_rtsp_server_request *request);
void serve_replay_close(serve_watch *watch);
/* The owner's. */
void *serve_replay_cursor(const serve_watch *watch);
/* All there is, for SDP. */
svms_rtsp_range serve_replay_range(const serve_watch *watch);
/* The moments that PLAY asks for: 200, or the status of a response. */
uint32_t serve_replay_reach(const serve_watch *watch, const svms_rtsp_play *play, int64_t *from,
                            int64_t *to);
/* Goes there, and says from where it plays. 200, or the status of a response. */
uint32_t serve_replay_play(serve_watch *watch, const svms_rtsp_server_request *request,
                           svms_rtsp_server_answer *answer);
/* RTP time of where it begins. */
uint32_t serve_replay_time(const serve_watch *watch, const serve_stream *stream);
/* Sends what is due, or what the client takes. */
void serve_replay_work(serve_watch *watch, uint64_t now);
uint64_t serve_replay_wait(const serve_watch *watch);
/* Asks again at once what had nothing to give. */
void serve_replay_wake(serve_watch *watch);
/* The client decides how fast it goes: also not at all. */
bool serve_replay_is_free(const serve_watch *watch);

#endif
