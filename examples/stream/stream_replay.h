/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings over RTSP: ONVIF's replay (Streaming, "Playback"), which ordinary players understand,
 * too. Each who watches has a cursor of his own, which the owner moves and reads; this here paces,
 * filters, marks (replay extension) and sends, never more than the client takes.
 *
 * The callbacks are called on the thread of stream_serve_run(). One that would take long returns
 * SVMS_AGAIN where that is said, goes on elsewhere, and calls stream_serve_wake(). */
#ifndef STREAM_REPLAY_H
#define STREAM_REPLAY_H

#include "stream_serve.h"

/* Who opens a cursor, and what is known of the recording then. Texts are borrowed for the call. */
typedef struct stream_replay_opening {
    const char *path;
    const char *query; /* what followed '?' in DESCRIBE, as sent; "" if nothing */
    const char *identity;
    const char *address;
    /* To be filled by the callback; borrowed until the next call for this cursor. */
    const svms_track *tracks;
    uint32_t track_count; /* at most 16; times of samples are UTC, whatever the time base */
    int64_t first_utc_ns; /* of what there is, or SVMS_NO_TIME: not known */
    int64_t last_utc_ns;  /* of what there is now, or SVMS_NO_TIME: not known, or still growing */
} stream_replay_opening;

/* Where to go, and how. */
typedef struct stream_replay_seek {
    int64_t from_utc_ns; /* begin with the last sync sample at or before it; in a gap with the first
                            after it (backwards: the last before it). SVMS_NO_TIME: at the
                            beginning (backwards: the end) */
    int64_t to_utc_ns;   /* nothing beyond is wanted, SVMS_NO_TIME: all there is. A hint: what comes
                            beyond is not sent */
    bool is_backwards;   /* groups of pictures in reverse order, the samples of each in their own */
    bool sync_only;      /* video that is no sync sample is not wanted: a hint */
    bool is_free;        /* as fast as it can be taken: a hint for reading ahead */
} stream_replay_seek;

/* A sample, or what is between two. */
typedef struct stream_replay_sample {
    uint32_t track;
    uint32_t flags;      /* SVMS_SAMPLE_SYNC, SVMS_SAMPLE_DISCONTINUITY: does not continue the one
                            before (each group when backwards: set here by itself) */
    int64_t utc_ns;      /* of its capture, exactly as recorded; needed */
    const uint8_t *data; /* borrowed until the next call for this cursor */
    size_t size;
    const uint8_t *config; /* of its track, where it is another than before; or NULL */
    size_t config_size;
    bool is_after_gap; /* something is missing between it and the sample before: tracks end (E) and
                          begin anew */
} stream_replay_sample;

typedef struct stream_replay_calls {
    /* A cursor for a client that describes or sets up. *cursor may be NULL. SVMS_END: there is
     * nothing (404); SVMS_E_LIMIT: too many at once (503); others: 500. */
    svms_status (*open)(void *user, stream_replay_opening *opening, void **cursor, svms_error *err);
    /* SVMS_END: there is nothing there (457). */
    svms_status (*seek)(void *user, void *cursor, const stream_replay_seek *to, svms_error *err);
    /* The next sample, in the order in which they were recorded. SVMS_AGAIN: none yet; asked again
     * after stream_serve_wake(), and once in a second. SVMS_END: nothing more will come. Others end
     * the session, with a note. */
    svms_status (*next)(void *user, void *cursor, stream_replay_sample *out, svms_error *err);
    void (*close)(void *user, void *cursor);
} stream_replay_calls;

typedef struct stream_replay_options {
    const char *path;                 /* copied */
    const char *name;                 /* or NULL; copied */
    const stream_replay_calls *calls; /* must outlive the presentation */
    void *user;
} stream_replay_options;

/* SVMS_E_EXISTS: there is one at this path. The server needs SVMS_RTSP_SERVER_REPLAY so that
 * clients can ask for ONVIF's replay. */
svms_status stream_serve_add_replay(stream_presentation **out, stream_serve *serve,
                                    const stream_replay_options *options, svms_error *err);

#endif
