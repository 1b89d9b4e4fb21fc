/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a camera, for all who want to know: subscribers of events, the audit log, the
 * log. The last ones are kept. Any thread tells, any thread reads from where it was. */
#ifndef CAMERA_EVENTS_H
#define CAMERA_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <svms/status.h>

#define CAMERA_EVENTS_KEPT 256u

typedef enum camera_topic {
    /* Something is so, or no longer: a state of its source. */
    CAMERA_COVERED,
    CAMERA_MOVED,
    CAMERA_DEFOCUSED,
    CAMERA_FROZEN,
    CAMERA_SILENT,
    CAMERA_LENS_LOST, /* no pictures come */
    CAMERA_EDGE_FULL, /* what was kept is overwritten earlier than it should be */
    CAMERA_EDGE_FAILED,
    CAMERA_SIGNING_FAILED, /* video goes out without signatures */
    CAMERA_CERTIFICATE_ENDS,
    /* Something happened. */
    CAMERA_LOGIN_FAILED,
    CAMERA_LOGIN_CLOSED, /* too many failures; source: of whom, or from where */
    CAMERA_CLOCK_JUMPED,
    CAMERA_SETTINGS_CHANGED,
    CAMERA_USERS_CHANGED,
    CAMERA_UPDATED,
    CAMERA_RESET,
    CAMERA_STARTED
} camera_topic;

#define CAMERA_TOPICS ((size_t)CAMERA_STARTED + 1)

typedef enum camera_event_kind {
    CAMERA_EVENT_INITIALIZED, /* told to somebody new: it is so already */
    CAMERA_EVENT_CHANGED,
    CAMERA_EVENT_DELETED
} camera_event_kind;

typedef struct camera_event {
    uint64_t number; /* from 1, without gaps: what is missing was overwritten */
    camera_topic topic;
    camera_event_kind kind;
    bool is_state;   /* of a topic that is a state */
    bool is_so;      /* the state: it is so now */
    int64_t utc_ns;  /* since when */
    char source[64]; /* "lens", "microphone", an address; printable ASCII */
    char words[160]; /* for people, likewise; or empty */
} camera_event;

typedef struct camera_events camera_events;

/* NULL: no memory. */
camera_events *camera_events_new(void);
/* "covered", "lens lost" ...: for logs. */
const char *camera_topic_name(camera_topic topic);
bool camera_topic_is_state(camera_topic topic);

/* A state that is so already, of the same source, is not told again; nor is the end of one that was
 * not. utc_ns SVMS_NO_TIME: now. Foreign bytes in source and words are made harmless. */
void camera_events_tell(camera_events *events, camera_topic topic, bool is_so, int64_t utc_ns,
                        const char *source, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* The event behind *cursor, which becomes its number; SVMS_AGAIN: there is none yet. Cursor 0 is
 * before all; camera_events_newest() is behind all that there are. */
svms_status camera_events_next(camera_events *events, uint64_t *cursor, camera_event *out);
uint64_t camera_events_newest(camera_events *events);
/* What is so now: at most room events, as INITIALIZED; how many there are. */
#define CAMERA_STATES_MAX 32u
size_t camera_events_states(camera_events *events, camera_event *out, size_t room);
/* Called for each event, on the thread that told it, without any lock held: to wake somebody up. At
 * most four listeners, which stay. */
bool camera_events_listen(camera_events *events, void (*heard)(void *user), void *user);
/* NULL and pointer to NULL are accepted. */
void camera_events_free(camera_events **events);

#endif
