/* SPDX-License-Identifier: Apache-2.0 */
/* A client of one camera: RTSP, inside TLS unless that is waived, media by UDP or inside the
 * connection, SRTP with keys that travel in TLS alone. Runs on the caller's poll loop and never
 * waits: poll what stream_pull_poll() names, until stream_pull_wait() at most, and step. What the
 * camera sends, and how much, is bounded everywhere. */
#ifndef SVMS_STREAM_PULL_H
#define SVMS_STREAM_PULL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <svms/svms.h>

typedef struct stream_pull stream_pull;

#define STREAM_PULL_TRACKS_MAX 8
#define STREAM_PULL_POLL_MAX (1 + 2 * STREAM_PULL_TRACKS_MAX)

/* How it ended. */
typedef enum stream_pull_end {
    STREAM_PULL_GOES_ON = 0,
    STREAM_PULL_STOPPED,     /* stream_pull_stop(), or what was asked for is done */
    STREAM_PULL_UNKNOWN,     /* the name of the host is not known */
    STREAM_PULL_UNREACHABLE, /* no connection */
    STREAM_PULL_UNTRUSTED,   /* the camera's certificate is not good enough */
    STREAM_PULL_DENIED,      /* the camera wants other credentials */
    STREAM_PULL_REFUSED,     /* the camera says no to a request */
    STREAM_PULL_REDIRECTED,  /* the camera names another place, to which nobody goes by himself */
    STREAM_PULL_POLICY,      /* what is offered is too weak: we say no */
    STREAM_PULL_EMPTY,       /* nothing is offered that can be received */
    STREAM_PULL_BROKEN,      /* what the camera says breaks a rule */
    STREAM_PULL_TIMEOUT,     /* the camera does not answer */
    STREAM_PULL_SILENT,      /* no media come any more */
    STREAM_PULL_LOST,        /* the connection is gone */
    STREAM_PULL_TEARDOWN,    /* the camera ended the session */
    STREAM_PULL_BYE,         /* all its sources said goodbye */
    STREAM_PULL_CONSUMER,    /* a callback wants no more */
    STREAM_PULL_FAILED,      /* memory, sockets or cryptography of our own */
    STREAM_PULL_COMPLETE     /* of a replay all has come that there was */
} stream_pull_end;

/* "time-out": a word for logs. */
const char *stream_pull_end_name(stream_pull_end end);

/* How the media of a track are protected on their way. */
typedef enum stream_protection {
    STREAM_IN_CLEAR, /* not at all */
    STREAM_IN_TLS,   /* inside the RTSP connection */
    STREAM_IN_SRTP
} stream_protection;

typedef struct stream_pull_track {
    svms_track track; /* codec, kind, clock as time base, and what is known of the rest; its
                         configuration belongs to the pull */
    stream_protection protection;
    svms_srtp_suite suite; /* with SRTP */
} stream_pull_track;

/* Called while a pull steps or is stopped. None may step, stop or free it. */
typedef struct stream_pull_events {
    /* Optional: an answer of the camera, as the client tells it. */
    void (*answer)(void *user, const svms_rtsp_client_event *event);
    /* Optional: what the camera describes, before anything is judged. */
    void (*described)(void *user, const svms_sdp *description);
    /* All tracks are set up, media will come. */
    svms_status (*tracks)(void *user, const stream_pull_track *tracks, size_t count);
    /* Samples and gaps, as the receiver of the track tells them. now_ns: by stream_clock(). */
    svms_status (*media)(void *user, size_t track, const svms_rtp_event *event, uint64_t now_ns);
    /* Optional: something that a person should know, and that is no end. */
    void (*note)(void *user, const char *words);
} stream_pull_events;

/* A recording of the camera instead of what it sees now (ONVIF Streaming, "Playback"): every sample
 * has the UTC of its capture exactly as recorded (svms_rtp_event.utc_ns, .utc_source, .replay). It
 * begins with the last sync sample at or before the first moment, so what is before that comes,
 * too. */
typedef struct stream_pull_replay {
    int64_t from_utc_ns; /* SVMS_NO_TIME: from its beginning */
    int64_t to_utc_ns;   /* SVMS_NO_TIME: to its end */
    bool paced;          /* as fast as it was recorded; otherwise as fast as it is taken */
    bool sync_only;      /* only pictures that stand alone */
} stream_pull_replay;

typedef struct stream_pull_options {
    const char *url;
    const char *from;      /* own address to call from, in numbers, or NULL: the system chooses */
    const char *interface; /* to call through, or NULL: the system chooses; not with udp */
    const stream_pull_replay *replay; /* copied; NULL: live. Not with udp unless paced */
    svms_tls_context *tls;            /* for rtsps; a client's */
    const uint8_t *pin;               /* SHA-256 of the camera's certificate, or NULL */
    bool clear;                       /* also without TLS: rtsp://, and UDP without SRTP */
    bool describe_only;               /* ends when it is described */
    bool udp;                         /* otherwise inside the connection */
    const char *user_name;            /* for Digest, or NULL */
    const char *password;
    const char *token; /* bearer, or NULL */
    bool allow_md5;
    bool allow_sha1;        /* SRTP with AES_CM_128_HMAC_SHA1_80 */
    svms_srtp_suite suite;  /* where we give the key; 0: AEAD_AES_256_GCM */
    uint64_t connect_ns;    /* for name, connection and TLS; 0: 10 s */
    uint64_t answer_ns;     /* for an answer; 0: 10 s */
    uint64_t silence_ns;    /* without media of any track; 0: 10 s */
    uint64_t reorder_ns;    /* 0: 200 ms */
    uint64_t rekey_ns;      /* a fresh key after this time; 0: never */
    uint64_t rekey_packets; /* or after so many packets of a track; 0: never */
    const stream_pull_events *events;
    void *user;
} stream_pull_options;

typedef struct stream_pull_counts {
    uint64_t packets; /* media packets that were taken */
    uint64_t lost;    /* that never came, or too late */
    uint64_t dropped; /* that came, and were part of no sample */
    uint64_t duplicates;
    uint64_t late;
    uint64_t refused;     /* no RTP, of another source, not authentic or replayed */
    uint64_t rekeys;      /* fresh keys that are in use */
    uint64_t sync_wanted; /* PLI messages sent */
} stream_pull_counts;

/* Begins; what fails here (usage, memory, an address that is none) is told in err. Texts, TLS
 * context, events and ctx must outlive it. */
svms_status stream_pull_open(stream_pull **out, svms_ctx *ctx, const stream_pull_options *options,
                             svms_error *err);
/* What to poll for, at most STREAM_PULL_POLL_MAX. */
size_t stream_pull_poll(const stream_pull *pull, struct pollfd *out);
/* When to step even though nothing was polled, by stream_clock(). */
uint64_t stream_pull_wait(const stream_pull *pull);
/* ready: as stream_pull_poll() gave it, with what poll() found; NULL: only time has passed. */
stream_pull_end stream_pull_step(stream_pull *pull, const struct pollfd *ready, size_t count);
/* Whether more is taken from the camera, as at the beginning; what comes inside the connection
 * waits there otherwise, so that a replay stands still. Silence does not count then. */
void stream_pull_take(stream_pull *pull, bool more);
/* Says goodbye: step until it has ended, which is soon. */
void stream_pull_stop(stream_pull *pull);
/* Steps until it ends; wants_end is asked at least each second. */
stream_pull_end stream_pull_run(stream_pull *pull, bool (*wants_end)(void *user), void *user);

/* Why it ended, in words and with the status that goes with them. */
const svms_error *stream_pull_why(const stream_pull *pull);
/* UTC that the camera has for an RTP time of the track's present source, or SVMS_NO_TIME. */
int64_t stream_pull_utc(const stream_pull *pull, size_t track, int64_t rtp_time);
/* Of all tracks; also when it has ended. */
void stream_pull_count(const stream_pull *pull, stream_pull_counts *out);
/* Of the connection, or NULL: there is none, or without TLS. */
const svms_tls *stream_pull_tls(const stream_pull *pull);
void stream_pull_free(stream_pull **pull);

#endif
