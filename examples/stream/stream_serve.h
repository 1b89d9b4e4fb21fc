/* SPDX-License-Identifier: Apache-2.0 */
/* A camera on the network: one presentation, live, for many clients, on one thread. RTSP within TLS
 * or without, media as SRTP or plain, over UDP or within the connection. Samples come from the
 * owner, when their time has come; every client gets those that come while it plays, from a sync
 * sample on. */
#ifndef STREAM_SERVE_H
#define STREAM_SERVE_H

#include <stdbool.h>
#include <stdint.h>

#include <svms/svms.h>

typedef struct stream_serve stream_serve;

typedef enum stream_serve_note {
    STREAM_SERVE_REFUSED,   /* TLS failed, or somebody failed to authenticate */
    STREAM_SERVE_PLAYS,     /* a client is being sent to */
    STREAM_SERVE_IS_BEHIND, /* a client is too slow: it misses samples until the next sync sample */
    STREAM_SERVE_IS_GONE    /* a connection ended */
} stream_serve_note;

/* How media are protected. */
typedef enum stream_serve_media {
    STREAM_SERVE_SRTP,   /* SRTP; keys by MIKEY, so only within TLS */
    STREAM_SERVE_IN_TLS, /* plain RTP, only within the TLS connection: for players without SRTP */
    STREAM_SERVE_CLEAR   /* plain RTP, without TLS, too */
} stream_serve_media;

/* A bearer token that is to be judged. */
typedef struct stream_serve_token {
    const char *address; /* from where it came */
    const char *text;
    size_t size;
    char *identity;             /* receives whose it is: SVMS_RTSP_IDENTITY_SIZE bytes with NUL */
    int64_t valid_until_utc_ns; /* receives how long he may watch without another; else for ever */
} stream_serve_token;

typedef struct stream_serve_options {
    svms_ctx *ctx;
    int listener;          /* listens; is closed with the server, also when opening it fails */
    svms_tls_context *tls; /* NULL only with STREAM_SERVE_CLEAR */
    stream_serve_media media;
    svms_srtp_suite suite;    /* 0: AES-256-GCM */
    svms_mikey_form form;     /* 0: ONVIF's */
    uint32_t server_flags;    /* SVMS_RTSP_SERVER_DIGEST ...; who may see it */
    const char *path;         /* "/live" */
    const char *name;         /* of the presentation, or NULL */
    const svms_track *tracks; /* copied, without what RTP has no format for */
    uint32_t track_count;
    uint32_t max_clients; /* connections; 0: 64 */
    void *user;
    /* As svms_rtsp_handlers.secret and .token; NULL where nobody authenticates so. */
    svms_status (*secret)(void *user, const char *name, svms_rtsp_digest algorithm,
                          svms_rtsp_secret *out);
    svms_status (*token)(void *user, stream_serve_token *token, svms_error *err);
    /* Something to log; who: address, and what it said it was where known. NULL: none. */
    void (*note)(void *user, stream_serve_note note, const char *who, const char *words);
} stream_serve_options;

/* SVMS_E_UNSUPPORTED where there is no track that RTP has a format for. */
svms_status stream_serve_open(stream_serve **out, const stream_serve_options *options,
                              svms_error *err);
/* Whether samples of this track are sent at all. */
bool stream_serve_carries(const stream_serve *serve, uint32_t track);
/* A sample for all who watch, with its track's number in the options; its bytes are borrowed. Its
 * time of capture is now unless it says one. */
svms_status stream_serve_sample(stream_serve *serve, const svms_sample *sample, svms_error *err);
/* Serves until then (stream_clock()), or until a signal comes. */
svms_status stream_serve_run(stream_serve *serve, uint64_t until, svms_error *err);
/* How many are being sent to. */
uint32_t stream_serve_watchers(const stream_serve *serve);
/* The presentation is over: all who watch are told (BYE). Run on for a moment, so that it arrives.
 */
void stream_serve_finish(stream_serve *serve);
/* NULL and pointer to NULL are accepted. */
void stream_serve_close(stream_serve **serve);

#endif
