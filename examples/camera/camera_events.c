/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_events.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <svms/time.h>

#include "camera_failure.h"

#define LISTENERS 4u

typedef struct listener {
    void (*heard)(void *user);
    void *user;
} listener;

struct camera_events {
    pthread_mutex_t lock;
    camera_event kept[CAMERA_EVENTS_KEPT];
    uint64_t newest; /* number; 0: none yet */
    camera_event states[CAMERA_STATES_MAX];
    size_t state_count;
    listener listeners[LISTENERS];
    size_t listener_count;
};

camera_events *camera_events_new(void)
{
    camera_events *self = calloc(1, sizeof *self);
    if (self) {
        pthread_mutex_init(&self->lock, NULL);
    }
    return self;
}

const char *camera_topic_name(camera_topic topic)
{
    static const char *const names[CAMERA_TOPICS] = {
        "covered",      "moved",        "defocused",    "frozen",           "silent",
        "lens lost",    "edge full",    "edge failed",  "signing failed",   "certificate ends",
        "login failed", "login closed", "clock jumped", "settings changed", "users changed",
        "updated",      "reset",        "started",
    };
    return (size_t)topic < CAMERA_TOPICS ? names[topic] : "unknown";
}

bool camera_topic_is_state(camera_topic topic)
{
    return topic <= CAMERA_CERTIFICATE_ENDS;
}

/* Signs of ASCII that control nothing: what is foreign may end in a terminal or a document. */
static void take_text(char *out, size_t room, const char *text)
{
    size_t size = strnlen(text, room - 1);
    memcpy(out, text, size);
    out[size] = '\0';
    camera_printable(out);
}

static camera_event *find_state(camera_events *self, const camera_event *event)
{
    for (size_t i = 0; i < self->state_count; i++) {
        camera_event *state = &self->states[i];
        if (state->topic == event->topic && strcmp(state->source, event->source) == 0) {
            return state;
        }
    }
    return NULL;
}

/* false: it is so already. States beyond the room are events all the same. */
static bool take_state(camera_events *self, const camera_event *event)
{
    camera_event *state = find_state(self, event);
    if (event->is_so) {
        if (state) {
            return false;
        }
        if (self->state_count < CAMERA_STATES_MAX) {
            self->states[self->state_count++] = *event;
        }
        return true;
    }
    if (!state) {
        return false;
    }
    *state = self->states[--self->state_count];
    return true;
}

static bool append(camera_events *self, camera_event *event, listener *out, size_t *count)
{
    pthread_mutex_lock(&self->lock);
    bool is_new = !event->is_state || take_state(self, event);
    if (is_new) {
        event->number = ++self->newest;
        self->kept[event->number % CAMERA_EVENTS_KEPT] = *event;
    }
    *count = self->listener_count;
    memcpy(out, self->listeners, sizeof self->listeners);
    pthread_mutex_unlock(&self->lock);
    return is_new;
}

static int64_t utc_now(void)
{
    struct timespec now = { 0, 0 };
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void camera_events_tell(camera_events *events, camera_topic topic, bool is_so, int64_t utc_ns,
                        const char *source, const char *format, ...)
{
    camera_event event;
    char words[sizeof event.words * 2];
    memset(&event, 0, sizeof event);
    va_list list;
    va_start(list, format);
    vsnprintf(words, sizeof words, format, list);
    va_end(list);
    event.topic = topic;
    event.kind = CAMERA_EVENT_CHANGED;
    event.is_state = camera_topic_is_state(topic);
    event.is_so = is_so;
    event.utc_ns = utc_ns == SVMS_NO_TIME ? utc_now() : utc_ns;
    take_text(event.source, sizeof event.source, source);
    take_text(event.words, sizeof event.words, words);
    listener listeners[LISTENERS];
    size_t count = 0;
    if (append(events, &event, listeners, &count)) {
        for (size_t i = 0; i < count; i++) {
            listeners[i].heard(listeners[i].user);
        }
    }
}

svms_status camera_events_next(camera_events *events, uint64_t *cursor, camera_event *out)
{
    pthread_mutex_lock(&events->lock);
    uint64_t newest = events->newest;
    uint64_t oldest = newest > CAMERA_EVENTS_KEPT ? newest - CAMERA_EVENTS_KEPT + 1 : 1;
    svms_status status = SVMS_AGAIN;
    if (*cursor < newest) {
        uint64_t number = *cursor + 1 < oldest ? oldest : *cursor + 1;
        *out = events->kept[number % CAMERA_EVENTS_KEPT];
        *cursor = number;
        status = SVMS_OK;
    }
    pthread_mutex_unlock(&events->lock);
    return status;
}

uint64_t camera_events_newest(camera_events *events)
{
    pthread_mutex_lock(&events->lock);
    uint64_t newest = events->newest;
    pthread_mutex_unlock(&events->lock);
    return newest;
}

size_t camera_events_states(camera_events *events, camera_event *out, size_t room)
{
    pthread_mutex_lock(&events->lock);
    size_t count = events->state_count < room ? events->state_count : room;
    memcpy(out, events->states, count * sizeof *out);
    pthread_mutex_unlock(&events->lock);
    for (size_t i = 0; i < count; i++) {
        out[i].kind = CAMERA_EVENT_INITIALIZED;
    }
    return count;
}

bool camera_events_listen(camera_events *events, void (*heard)(void *user), void *user)
{
    pthread_mutex_lock(&events->lock);
    bool has_room = events->listener_count < LISTENERS;
    if (has_room) {
        events->listeners[events->listener_count].heard = heard;
        events->listeners[events->listener_count].user = user;
        events->listener_count++;
    }
    pthread_mutex_unlock(&events->lock);
    return has_room;
}

void camera_events_free(camera_events **events)
{
    if (events && *events) {
        pthread_mutex_destroy(&(*events)->lock);
        free(*events);
        *events = NULL;
    }
}
