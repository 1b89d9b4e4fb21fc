/* SPDX-License-Identifier: Apache-2.0 */
/* What the resources of the API share. All of it belongs to the thread of the event loop, unless it
 * says otherwise. */
#ifndef API_INTERNAL_H
#define API_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include <event2/event.h>
#include <jansson.h>

#include "recorder_web.h"
#include "web.h"
#include "web_lockout.h"

#define API_STREAMS_MAX 64u
#define API_STREAMS_PER_SUBJECT 16u
#define API_EXPORTS_MAX 2u
#define API_THUMBNAILS_MAX 2u
#define API_EVIDENCE_MAX 4u /* locks, unlocks and erasures at once */
#define API_ADDRESS_SIZE 64
/* That wait for a client. */
#define API_QUEUE_BYTES ((size_t)4 * 1024 * 1024)
#define API_TIME_MAX INT64_MAX

/* Something that goes on for longer than a request: live, playback, an export, somebody who waits
 * for events. */
typedef struct api_stream {
    struct api_stream *next;
    recorder_web *web;
    web_exchange *exchange;
    gate_pass *pass;
    const recorded_camera *camera; /* NULL: of all */
    int64_t valid_until_utc_ns;
    /* Whether it may go on; called in time before valid_until_utc_ns, and when policy or
     * revocations changed. It ends itself where it may not. */
    void (*judge)(struct api_stream *stream);
    /* The recorder is about to end. */
    void (*stop)(struct api_stream *stream);
    /* The event loop has ended: its thread must not wait for anybody. NULL: it has none. */
    void (*cut)(struct api_stream *stream);
    /* Each second: whether the audit log hears of it by now. NULL: it has been told. */
    void (*tend)(struct api_stream *stream);
} api_stream;

struct recorder_web {
    recorder_web_options options;
    struct event_base *base;
    struct event *bell_event;
    struct event *second;
    int bell; /* eventfd */
    atomic_bool must_stop;
    atomic_bool must_judge;
    web_server *server;
    web_lockout *lockout;
    api_stream *streams;
    unsigned stream_count;
    unsigned exports; /* that run */
    unsigned thumbnails;
    unsigned evidence; /* locks, unlocks and erasures that are on their way */
    bool is_stopping;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t mutex;
    pthread_cond_t thread_left;
    unsigned threads; /* of the mutex: of requests that wait for disks */
};

/* A thread of its own for what waits for the disk; the server outlives it. false: there is none. */
bool api_thread(recorder_web *web, void (*work)(void *user), void *user);
/* By such a thread: run is called by the event loop, or when it has ended. Without memory it is
 * tried again: what is over must be heard of. */
void api_post(recorder_web *web, void (*run)(void *user), void *user);

/* Who asks. */
typedef struct api_caller {
    recorder_web *web;
    web_exchange *exchange;
    const web_request *request;
    gate_pass *pass;
    char address[API_ADDRESS_SIZE]; /* without port */
} api_caller;

/* false: it was answered (401). pass is to be released with gate_pass_free(). */
bool api_admit(api_caller *out, recorder_web *web, web_exchange *exchange,
               const web_request *request);
/* What a no says of a range that falls into too many pieces: less is to be asked for. */
extern const char api_too_long[];
/* May he? Without telling anybody of a no. */
bool api_asks(recorder_web *web, gate_pass *pass, const svms_access_question *question,
              gate_answer *answer);
/* The same, and a no is answered (401, 403; 404 for a device, as for one that is not there) and on
 * the record as the event that was refused. event NULL: a no is not told. */
bool api_may(const api_caller *caller, const char *event, const svms_access_question *question,
             gate_answer *answer);
/* The camera that the path names; NULL: it was answered (404). */
const recorded_camera *api_camera(const api_caller *caller);
/* Only these parameters (names end with NULL), or none at all that nobody knows. false: it was
 * answered (400). */
bool api_query(const api_caller *caller, const char *const *names);
/* Whether the head of the answer is all that is wanted; then it was sent. */
bool api_head_only(const api_caller *caller, const char *type);
/* from and to of the query, RFC 3339; what is not there is the earliest and the latest. false: it
 * was answered (400). */
bool api_range(const api_caller *caller, svms_time_range *out);
/* A number of the query. false: it was answered (400). */
bool api_number(const api_caller *caller, const char *name, int64_t least, int64_t most,
                int64_t otherwise, int64_t *out);

/* Takes over the JSON; NULL is answered with 500. */
void api_answer(web_exchange *exchange, http_status status, json_t *body);
/* {"error": WORDS} */
void api_refuse(web_exchange *exchange, http_status status, const char *words);
/* 500, with a line in the log. */
void api_fail(recorder_web *web, web_exchange *exchange, const svms_error *err, const char *what);
/* What may stand in a body: texts have at most so many bytes. */
typedef struct api_member {
    const char *name;
    json_type type; /* JSON_TRUE: true or false */
    size_t most;
} api_member;

/* The request's body as an object of these members alone, each of its type, or absent; the last has
 * name NULL. NULL: it was answered (400). */
json_t *api_body(const api_caller *caller, const api_member *members);
/* Takes over the entry; false: no memory. */
bool api_append(json_t *list, json_t *entry);
json_t *api_time(int64_t utc_ns);
json_t *api_hex(const uint8_t *bytes, size_t size);
/* Anything as JSON text: what is no UTF-8 becomes '?'. */
json_t *api_text(const char *text);

/* An audit record of who asks; device may be NULL. To be gone on with, and told. */
svms_status api_record(svms_audit_record **out, recorder_web *web, const gate_pass *pass,
                       const char *event, const char *device, const svms_time_range *range,
                       const char *object, const char *reason);
void api_tell(recorder_web *web, svms_audit_record **record, svms_status parts);

/* Adds it to those that run; false: too many, and it was answered (503). pass goes over to the
 * stream. */
bool api_stream_begin(api_stream *stream, api_caller *caller, const gate_answer *answer);
/* Is over; the stream itself is its owner's. */
void api_stream_end(api_stream *stream);
/* Asks again about its camera: until when it may go on; SVMS_NO_TIME: not at all. */
int64_t api_stream_ask(api_stream *stream, const char *action);

/* Of what was recorded of a camera, so that questions about ranges stay short. */
void api_clamp(const recorder_web *web, const char *camera, svms_time_range *range);

/* Resources. */
void api_status(void *user, web_exchange *exchange, const web_request *request);
void api_cameras(void *user, web_exchange *exchange, const web_request *request);
void api_camera_one(void *user, web_exchange *exchange, const web_request *request);
void api_recorded(void *user, web_exchange *exchange, const web_request *request);
void api_events(void *user, web_exchange *exchange, const web_request *request);
void api_locks(void *user, web_exchange *exchange, const web_request *request);
void api_lock(void *user, web_exchange *exchange, const web_request *request);
void api_unlock(void *user, web_exchange *exchange, const web_request *request);
void api_erase(void *user, web_exchange *exchange, const web_request *request);
void api_live(void *user, web_exchange *exchange, const web_request *request);
void api_playback(void *user, web_exchange *exchange, const web_request *request);
void api_thumbnail(void *user, web_exchange *exchange, const web_request *request);
void api_export(void *user, web_exchange *exchange, const web_request *request);

#endif
