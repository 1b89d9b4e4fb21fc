/* SPDX-License-Identifier: Apache-2.0 */
/* An RTSP server with many presentations on one thread: RTSP within TLS or without, media as SRTP
 * or plain, over UDP or within the connection. Presentations are live (samples come from the owner,
 * and whoever watches gets those that come while it plays, from a sync sample on) or replay
 * (stream_replay.h). They are added and removed while it runs.
 *
 * Everything belongs to one thread, that of stream_serve_run(), except stream_serve_wake(). What
 * the owner is asked and told comes from within stream_serve_run(), and must call nothing here;
 * only options.woken may call everything but stream_serve_run() and stream_serve_close(). */
#ifndef STREAM_SERVE_H
#define STREAM_SERVE_H

#include <stdbool.h>
#include <stdint.h>

#include <svms/svms.h>

typedef struct stream_serve stream_serve;
/* What is at one path. */
typedef struct stream_presentation stream_presentation;

typedef enum stream_serve_note {
    STREAM_SERVE_REFUSED,   /* TLS failed, somebody failed to authenticate, or may not */
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

typedef enum stream_serve_kind {
    STREAM_SERVE_NOTHING, /* there is nothing at this path */
    STREAM_SERVE_LIVE,
    STREAM_SERVE_REPLAY
} stream_serve_kind;

/* A bearer token that is to be judged. */
typedef struct stream_serve_token {
    const char *address;           /* from where it came */
    const svms_chain *certificate; /* that the client showed in TLS, or NULL */
    const char *text;
    size_t size;
    char *identity;             /* receives whose it is: SVMS_RTSP_IDENTITY_SIZE bytes with NUL */
    int64_t valid_until_utc_ns; /* receives how long he may watch without another; else for ever */
} stream_serve_token;

/* What a client wants when permission is asked for it. */
typedef enum stream_serve_wish {
    STREAM_SERVE_DESCRIBES, /* to know what is there */
    STREAM_SERVE_SETS_UP,
    STREAM_SERVE_STARTS,   /* to be sent samples: each PLAY, for replay with its range */
    STREAM_SERVE_CONTINUES /* to go on watching; nobody waits for the answer */
} stream_serve_wish;

/* All that is known of who asks, and for what; borrowed for the call. */
typedef struct stream_serve_question {
    stream_serve_wish wish;
    stream_serve_kind kind; /* nothing: it will be refused anyhow, and only how is asked */
    const char *path;       /* "/live" */
    const char *query;      /* what followed '?', as sent; "" if nothing */
    const char *identity;   /* "" where nobody has to authenticate */
    svms_rtsp_scheme scheme;
    const char *token; /* the newest that it showed; NULL: it was none that let it in */
    size_t token_size;
    const svms_chain *certificate; /* that the client showed in TLS, or NULL */
    const char *address;
    const svms_rtsp_play *play; /* what was asked with PLAY; NULL before */
    int64_t from_utc_ns;        /* replay, STARTS and CONTINUES: the first moment; SVMS_NO_TIME: all
                                   there is */
    int64_t to_utc_ns;          /* the last moment, before the first where it goes backwards;
                                   SVMS_NO_TIME: all there is */
    bool has_sound;
    void *cursor;   /* replay: the owner's; NULL before it is opened */
    uint64_t watch; /* number of this watching, as in stream_serve_watch; 0 before it begins */
} stream_serve_question;

/* What a client is told that may not. */
typedef enum stream_serve_refusal {
    STREAM_SERVE_UNKNOWN,   /* 404, as for what is not there: who must not know what is */
    STREAM_SERVE_FORBIDDEN, /* 403: he may know that it is there */
    STREAM_SERVE_STRANGER   /* 401: as somebody else perhaps */
} stream_serve_refusal;

/* The answer. All zeros refuses as unknown. */
typedef struct stream_serve_verdict {
    bool is_allowed;
    bool without_sound;           /* allowed: but no audio track */
    stream_serve_refusal refusal; /* otherwise */
    int64_t valid_until_utc_ns;   /* allowed: then it ends; asked again shortly before. INT64_MAX
                                     (as it is when the question is asked): for ever */
    char words[128];              /* why not, for the note; or empty */
} stream_serve_verdict;

/* Somebody who watches, or has watched: for the audit log. Borrowed for the call. */
typedef struct stream_serve_watch {
    bool is_over;    /* false: it begins */
    uint64_t number; /* from 1, one for each */
    stream_serve_kind kind;
    const char *path;
    const char *identity;
    svms_rtsp_scheme scheme;
    const char *address;
    const char *why;      /* over: "the client ended it" */
    int64_t began_utc_ns; /* now, when it begins */
    int64_t ended_utc_ns; /* over: now */
    uint64_t samples;     /* over: that were sent, whole or in part */
    uint64_t bytes;       /* of them */
    int64_t first_utc_ns; /* over: the earliest capture of a sample that was sent, or
                             SVMS_NO_TIME */
    int64_t last_utc_ns;  /* and the latest */
} stream_serve_watch;

typedef struct stream_serve_options {
    svms_ctx *ctx;
    int listener;          /* listens; is closed with the server, also when opening it fails */
    svms_tls_context *tls; /* NULL only with STREAM_SERVE_CLEAR */
    stream_serve_media media;
    svms_srtp_suite suite; /* 0: AES-256-GCM */
    svms_mikey_form form;  /* 0: ONVIF's */
    uint32_t server_flags; /* SVMS_RTSP_SERVER_DIGEST ...; who may see it. _REPLAY where there
                              will be replay presentations */
    const char *realm;     /* of authentication; NULL: "svms" */
    /* A first presentation, live; path NULL: none yet. */
    const char *path;         /* "/live" */
    const char *name;         /* of the presentation, or NULL */
    const svms_track *tracks; /* copied, without what RTP has no format for */
    uint32_t track_count;
    /* Limits. */
    uint32_t max_clients;      /* connections; 0: 64 */
    uint32_t max_per_address;  /* of these from one address; 0: half of them, or 16 if that is more
                                */
    uint32_t max_strangers;    /* of these without an answered request yet (TLS that never finishes,
                                  nothing that authenticates): more push out the oldest; 0: half of
                                  them, or 16 if that is more */
    uint32_t stranger_seconds; /* how long TLS may take, and a first request after it; 0: 10 */
    void *user;
    /* As svms_rtsp_handlers.secret and .token; NULL where nobody authenticates so. */
    svms_status (*secret)(void *user, const char *name, svms_rtsp_digest algorithm,
                          svms_rtsp_secret *out);
    svms_status (*token)(void *user, stream_serve_token *token, svms_error *err);
    /* Whom a client's certificate names (SVMS_RTSP_IDENTITY_SIZE bytes with NUL), where that is
     * enough to be let in (SVMS_RTSP_SCHEME_TLS). Empty, or NULL for this function: it has to
     * authenticate as well. Any other status than SVMS_OK ends the connection. */
    svms_status (*identify)(void *user, const svms_tls *tls, const char *address,
                            char identity[SVMS_RTSP_IDENTITY_SIZE], svms_error *err);
    /* May he? Asked when somebody describes, sets up and plays, shortly before the answer ends,
     * when he shows another token, and by stream_serve_judge_again(). NULL: whoever is let in may
     * everything, as long as his token lasts. */
    void (*permit)(void *user, const stream_serve_question *question,
                   stream_serve_verdict *verdict);
    /* Somebody begins to watch, or is done. NULL: none. */
    void (*watch)(void *user, const stream_serve_watch *watch);
    /* Something to log; who: address, and what it said it was where known. NULL: none. */
    void (*note)(void *user, stream_serve_note note, const char *who, const char *words);
    /* After stream_serve_wake(), on the thread of stream_serve_run(); once for several. NULL: none.
     */
    void (*woken)(void *user);
} stream_serve_options;

/* SVMS_E_UNSUPPORTED where there is no track that RTP has a format for. */
svms_status stream_serve_open(stream_serve **out, const stream_serve_options *options,
                              svms_error *err);
/* Serves until then (stream_clock()), or until a signal comes. */
svms_status stream_serve_run(stream_serve *serve, uint64_t until, svms_error *err);
/* From any thread, and from a signal handler: stream_serve_run() calls options.woken, and asks
 * those replays again that had nothing to give. The server must not be closed meanwhile. */
void stream_serve_wake(stream_serve *serve);
/* Rights, revocations or policy have changed: permission is asked for all who watch. */
void stream_serve_judge_again(stream_serve *serve);
/* Each of those who watch now, with what was sent so far. */
void stream_serve_look(const stream_serve *serve,
                       void (*each)(void *user, const stream_serve_watch *watch), void *user);
/* How many are being sent to. */
uint32_t stream_serve_watchers(const stream_serve *serve);
/* It is over: all who watch are told (BYE). Run on for a moment, so that it arrives. */
void stream_serve_finish(stream_serve *serve);
/* NULL and pointer to NULL are accepted. Ends all presentations. */
void stream_serve_close(stream_serve **serve);

typedef struct stream_live_options {
    const char *path;         /* "/live/3": copied */
    const char *name;         /* or NULL; copied */
    const svms_track *tracks; /* copied, without what RTP has no format for */
    uint32_t track_count;     /* at most 16 */
} stream_live_options;

/* SVMS_E_EXISTS: there is one at this path. SVMS_E_UNSUPPORTED: no track that RTP has a format for.
 * The presentation belongs to the server. */
svms_status stream_serve_add_live(stream_presentation **out, stream_serve *serve,
                                  const stream_live_options *options, svms_error *err);
/* Who watches is told (BYE), and his session ends. NULL and pointer to NULL are accepted. */
void stream_serve_remove(stream_serve *serve, stream_presentation **presentation);

/* Whether samples of this track are sent at all; number in the options. */
bool stream_presentation_carries(const stream_presentation *live, uint32_t track);
/* A sample for all who watch, with its track's number in the options; its bytes are borrowed. Its
 * time of capture is now unless it says one. */
svms_status stream_presentation_sample(stream_presentation *live, const svms_sample *sample,
                                       svms_error *err);
/* Another configuration of a track (picture size, parameter sets), from the next sample on; codec
 * and time base stay as they are. */
svms_status stream_presentation_change(stream_presentation *live, uint32_t track,
                                       const svms_track *to, svms_error *err);
/* Whether somebody who watches waits for a sync sample, or asked for one (PLI) since the last call:
 * an encoder can give one early. */
bool stream_presentation_wants_sync(stream_presentation *live);
uint32_t stream_presentation_watchers(const stream_presentation *presentation);

/* Of the first presentation. */
bool stream_serve_carries(const stream_serve *serve, uint32_t track);
svms_status stream_serve_sample(stream_serve *serve, const svms_sample *sample, svms_error *err);

#endif
