/* SPDX-License-Identifier: Apache-2.0 */
/* What a camera has kept, for who watches it: each has a thread that reads ahead, so that the media
 * thread never waits for the disk. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "camera_failure.h"
#include "edge_internal.h"
#include "edge_reel.h"

#define AHEAD_SAMPLES 64u
#define AHEAD_BYTES ((size_t)4 << 20)
#define READERS_MAX 8u
#define LOOK_MS 200
/* How long somebody waits for what is not recorded yet. */
#define LOOKS_MAX 30u
#define DAMAGE_MAX 16u

typedef struct read_item {
    struct read_item *next;
    stream_replay_sample is;
    uint8_t data[]; /* and the configuration behind it */
} read_item;

typedef struct edge_cursor {
    edge_store *store;
    svms_track tracks[EDGE_TRACKS_MAX]; /* as announced, never changed */
    uint8_t *configs[EDGE_TRACKS_MAX];
    uint32_t track_count;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    unsigned holders; /* the server, and the thread */
    bool is_closed;
    uint64_t wanted; /* number of the newest seek; 0: none */
    stream_replay_seek to;
    read_item *first;
    read_item *last;
    unsigned count;
    size_t bytes;
    svms_status end; /* SVMS_OK: more may come */
    svms_error why;
    /* Of the server's thread. */
    bool has_thread;
    read_item *given;
    /* Of the reading thread. */
    edge_reel *reel;
    uint64_t done; /* number of the seek that was made */
    bool is_placed;
    unsigned looks;
    unsigned damage;
} edge_cursor;

static void clear(edge_cursor *self)
{
    while (self->first) {
        read_item *gone = self->first;
        self->first = gone->next;
        free(gone);
    }
    self->last = NULL;
    self->count = 0;
    self->bytes = 0;
}

static void free_cursor(edge_cursor *self)
{
    clear(self);
    free(self->given);
    edge_reel_free(&self->reel);
    for (uint32_t i = 0; i < EDGE_TRACKS_MAX; i++) {
        free(self->configs[i]);
    }
    (void)pthread_cond_destroy(&self->changed);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
}

static void let_go(edge_cursor *self)
{
    (void)pthread_mutex_lock(&self->lock);
    bool is_last = --self->holders == 0;
    (void)pthread_mutex_unlock(&self->lock);
    if (is_last) {
        free_cursor(self);
    }
}

static edge_cursor *new_cursor(edge_store *store)
{
    pthread_condattr_t how;
    edge_cursor *self = calloc(1, sizeof *self);
    if (!self) {
        return NULL;
    }
    self->store = store;
    self->holders = 1;
    (void)pthread_mutex_init(&self->lock, NULL);
    (void)pthread_condattr_init(&how);
    (void)pthread_condattr_setclock(&how, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&self->changed, &how);
    (void)pthread_condattr_destroy(&how);
    return self;
}

/* The store's lock is held. */
static bool copy_tracks(edge_cursor *self, const edge_store *store)
{
    for (uint32_t i = 0; i < store->track_count; i++) {
        self->tracks[i] = store->tracks[i];
        self->tracks[i].config = NULL;
        if (store->tracks[i].config_size > 0) {
            self->configs[i] = malloc(store->tracks[i].config_size);
            if (!self->configs[i]) {
                return false;
            }
            memcpy(self->configs[i], store->configs[i], store->tracks[i].config_size);
            self->tracks[i].config = self->configs[i];
        }
        self->track_count = i + 1;
    }
    return true;
}

static svms_status open_cursor(void *user, stream_replay_opening *opening, void **out,
                               svms_error *err)
{
    edge_store *store = user;
    int64_t last = SVMS_NO_TIME;
    edge_shelf_range(store->shelf, &opening->first_utc_ns, &last);
    if (opening->first_utc_ns == SVMS_NO_TIME) {
        return camera_fail(err, SVMS_END, 0, "nothing is kept");
    }
    edge_cursor *self = new_cursor(store);
    (void)pthread_mutex_lock(&store->lock);
    bool good = self && copy_tracks(self, store);
    bool is_known = store->track_count > 0;
    bool has_room = store->readers < READERS_MAX;
    (void)pthread_mutex_unlock(&store->lock);
    if (!good || !is_known || !has_room) {
        if (self) {
            free_cursor(self);
        }
        return !good      ? camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for a replay")
               : has_room ? camera_fail(err, SVMS_END, 0, "the camera has not begun yet")
                          : camera_fail(err, SVMS_E_LIMIT, 0, "too many watch what is kept");
    }
    opening->tracks = self->tracks;
    opening->track_count = self->track_count;
    *out = self;
    return SVMS_OK;
}

/* While the server is there, which closes all cursors before it goes. The lock is held. */
static void wake(const edge_cursor *self)
{
    if (!self->is_closed) {
        stream_serve_wake(self->store->serve);
    }
}

static read_item *copy(const stream_replay_sample *from)
{
    read_item *item = malloc(sizeof *item + from->size + from->config_size);
    if (!item) {
        return NULL;
    }
    item->next = NULL;
    item->is = *from;
    item->is.data = item->data;
    memcpy(item->data, from->data, from->size);
    if (from->config_size > 0) {
        memcpy(item->data + from->size, from->config, from->config_size);
        item->is.config = item->data + from->size;
    }
    return item;
}

/* The lock is held. */
static void push(edge_cursor *self, read_item *item)
{
    if (self->last) {
        self->last->next = item;
    } else {
        self->first = item;
    }
    self->last = item;
    self->count++;
    self->bytes += item->is.size;
}

static void finish(edge_cursor *self, svms_status status, const svms_error *why)
{
    self->end = status;
    self->why = *why;
}

/* The lock is held. */
static void wait_a_moment(edge_cursor *self)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    (void)pthread_cond_timedwait(&self->changed, &self->lock, &until);
}

/* The lock is held. What is still being written comes soon, or will not come. */
static void wait_for_more(edge_cursor *self, const svms_error *err)
{
    if (self->to.to_utc_ns == SVMS_NO_TIME || ++self->looks > LOOKS_MAX) {
        finish(self, SVMS_END, err);
        wake(self);
    } else {
        wait_a_moment(self);
    }
}

static svms_status read_one(edge_cursor *self, const stream_replay_seek *to, read_item **item,
                            svms_error *err)
{
    stream_replay_sample sample;
    svms_status status = SVMS_OK;
    if (!self->is_placed) {
        status = edge_reel_seek(self->reel, to, err);
        self->is_placed = status == SVMS_OK;
        if (status != SVMS_OK) {
            return status == SVMS_END ? SVMS_AGAIN : status;
        }
    }
    status = edge_reel_next(self->reel, &sample, err);
    if (status == SVMS_OK) {
        *item = copy(&sample);
        status = *item ? SVMS_OK : camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for a replay");
    }
    return status;
}

/* A part that cannot be read is left out. */
static bool may_go_on(edge_cursor *self, svms_status status, const svms_error *err)
{
    if (!self->is_placed || status == SVMS_E_NO_MEMORY || ++self->damage > DAMAGE_MAX) {
        return false;
    }
    service_log_error(self->store->options.service, SERVICE_WARNING, err,
                      "a part of what was kept cannot be read");
    return true;
}

/* The lock is held, and given away meanwhile. */
static void step(edge_cursor *self)
{
    svms_error err = SVMS_ERROR_INIT;
    read_item *item = NULL;
    const stream_replay_seek to = self->to;
    if (self->done != self->wanted) {
        self->done = self->wanted;
        self->is_placed = false;
        self->looks = 0;
    }
    (void)pthread_mutex_unlock(&self->lock);
    svms_status status = read_one(self, &to, &item, &err);
    (void)pthread_mutex_lock(&self->lock);
    if (self->done != self->wanted || self->is_closed) {
        free(item);
    } else if (status == SVMS_OK) {
        self->looks = 0;
        push(self, item);
        wake(self);
    } else if (status == SVMS_AGAIN) {
        wait_for_more(self, &err);
    } else if (status == SVMS_END || !may_go_on(self, status, &err)) {
        finish(self, status, &err);
        wake(self);
    }
}

static bool is_full(const edge_cursor *self)
{
    return self->count >= AHEAD_SAMPLES || self->bytes >= AHEAD_BYTES;
}

static void *read_ahead(void *user)
{
    edge_cursor *self = user;
    edge_store *store = self->store;
    (void)pthread_mutex_lock(&self->lock);
    while (!self->is_closed) {
        bool is_new = self->done != self->wanted;
        if (is_new || (self->end == SVMS_OK && !is_full(self))) {
            step(self);
        } else {
            (void)pthread_cond_wait(&self->changed, &self->lock);
        }
    }
    (void)pthread_mutex_unlock(&self->lock);
    edge_reel_free(&self->reel);
    let_go(self);
    (void)pthread_mutex_lock(&store->lock);
    store->readers--;
    (void)pthread_cond_broadcast(&store->changed);
    (void)pthread_mutex_unlock(&store->lock);
    return NULL;
}

static svms_status start(edge_cursor *self, svms_error *err)
{
    edge_store *store = self->store;
    pthread_t thread;
    svms_status status = edge_reel_new(&self->reel, store->options.ctx, store->ring, store->shelf,
                                       self->tracks, self->track_count, err);
    if (status != SVMS_OK) {
        return status;
    }
    (void)pthread_mutex_lock(&store->lock);
    store->readers++;
    (void)pthread_mutex_unlock(&store->lock);
    self->holders++;
    int failure = pthread_create(&thread, NULL, read_ahead, self);
    if (failure != 0) {
        self->holders--;
        (void)pthread_mutex_lock(&store->lock);
        store->readers--;
        (void)pthread_mutex_unlock(&store->lock);
        return camera_fail(err, SVMS_E_IO, failure, "no thread for a replay");
    }
    (void)pthread_detach(thread);
    self->has_thread = true;
    return SVMS_OK;
}

static svms_status seek_cursor(void *user, void *opened, const stream_replay_seek *to,
                               svms_error *err)
{
    edge_store *store = user;
    edge_cursor *self = opened;
    int64_t first = SVMS_NO_TIME;
    int64_t last = SVMS_NO_TIME;
    edge_shelf_range(store->shelf, &first, &last);
    if (first == SVMS_NO_TIME || (to->to_utc_ns != SVMS_NO_TIME && to->to_utc_ns < first) ||
        (to->from_utc_ns != SVMS_NO_TIME && to->from_utc_ns > last && !to->is_backwards)) {
        return camera_fail(err, SVMS_END, 0, "nothing of that is kept");
    }
    if (to->is_backwards) {
        return camera_fail(err, SVMS_END, 0, "this camera does not play backwards");
    }
    (void)pthread_mutex_lock(&self->lock);
    clear(self);
    self->to = *to;
    self->wanted++;
    self->end = SVMS_OK;
    (void)pthread_cond_broadcast(&self->changed);
    (void)pthread_mutex_unlock(&self->lock);
    return self->has_thread ? SVMS_OK : start(self, err);
}

static svms_status next_sample(void *user, void *opened, stream_replay_sample *out, svms_error *err)
{
    edge_cursor *self = opened;
    svms_status status = SVMS_OK;
    (void)user;
    (void)pthread_mutex_lock(&self->lock);
    free(self->given);
    self->given = self->first;
    if (self->given) {
        self->first = self->given->next;
        self->last = self->first ? self->last : NULL;
        self->count--;
        self->bytes -= self->given->is.size;
        *out = self->given->is;
        (void)pthread_cond_broadcast(&self->changed);
    } else {
        status = self->end == SVMS_OK ? SVMS_AGAIN : self->end;
        if (status < SVMS_OK) {
            *err = self->why;
        }
    }
    (void)pthread_mutex_unlock(&self->lock);
    return status;
}

static void close_cursor(void *user, void *opened)
{
    edge_cursor *self = opened;
    (void)user;
    (void)pthread_mutex_lock(&self->lock);
    self->is_closed = true;
    (void)pthread_cond_broadcast(&self->changed);
    (void)pthread_mutex_unlock(&self->lock);
    let_go(self);
}

const stream_replay_calls edge_replay_calls = { open_cursor, seek_cursor, next_sample,
                                                close_cursor };
