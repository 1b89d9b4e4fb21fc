/* SPDX-License-Identifier: Apache-2.0 */
#include "edge_store.h"

#include <stdlib.h>
#include <string.h>

#include "camera_failure.h"
#include "edge_internal.h"
#include "edge_key.h"

#define QUEUE_BYTES ((size_t)32 << 20)
#define SOURCE "storage"

typedef enum edge_item_kind {
    EDGE_BEGIN,
    EDGE_SAMPLE,
    EDGE_GAP,
    EDGE_END,
    EDGE_FLUSH
} edge_item_kind;

/* What the media thread gives to that of the disk. */
struct edge_item {
    edge_item *next;
    edge_item_kind kind;
    svms_track tracks[EDGE_TRACKS_MAX]; /* their configurations lie in data */
    uint32_t track_count;
    svms_sample sample; /* its data, too */
    svms_gap_reason reason;
    size_t size;
    uint8_t data[];
};

static svms_status no_memory(svms_error *err)
{
    return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for edge storage");
}

static edge_item *new_item(edge_item_kind kind, size_t size)
{
    edge_item *item = malloc(sizeof *item + size);
    if (item) {
        memset(item, 0, sizeof *item);
        item->kind = kind;
        item->size = size;
    }
    return item;
}

/* The lock is held. */
static void append(edge_store *self, edge_item *item)
{
    if (self->last) {
        self->last->next = item;
    } else {
        self->first = item;
    }
    self->last = item;
    self->queued += item->size;
    self->given++;
    (void)pthread_cond_broadcast(&self->changed);
}

static edge_item *new_gap(svms_gap_reason reason)
{
    edge_item *item = new_item(EDGE_GAP, 0);
    if (item) {
        item->reason = reason;
    }
    return item;
}

static svms_status give(edge_store *self, edge_item *item, svms_error *err)
{
    if (!item) {
        return no_memory(err);
    }
    (void)pthread_mutex_lock(&self->lock);
    append(self, item);
    (void)pthread_mutex_unlock(&self->lock);
    return SVMS_OK;
}

/* The lock is held. */
static bool show_tracks(edge_store *self, const svms_track *tracks, uint32_t count)
{
    self->track_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *config = tracks[i].config_size > 0 ? malloc(tracks[i].config_size) : NULL;
        if (tracks[i].config_size > 0 && !config) {
            return false;
        }
        if (config) {
            memcpy(config, tracks[i].config, tracks[i].config_size);
        }
        free(self->configs[i]);
        self->configs[i] = config;
        self->tracks[i] = tracks[i];
        self->tracks[i].config = config;
        self->track_count = i + 1;
    }
    return true;
}

static svms_status begin(void *user, const svms_track *tracks, uint32_t count, svms_error *err)
{
    edge_store *self = user;
    size_t size = 0;
    if (count > EDGE_TRACKS_MAX) {
        return camera_fail(err, SVMS_E_USAGE, 0, "%u tracks are too many", (unsigned)count);
    }
    for (uint32_t i = 0; i < count; i++) {
        size += tracks[i].config_size;
    }
    edge_item *item = new_item(EDGE_BEGIN, size);
    if (!item) {
        return no_memory(err);
    }
    uint8_t *at = item->data;
    item->track_count = count;
    for (uint32_t i = 0; i < count; i++) {
        item->tracks[i] = tracks[i];
        item->tracks[i].config = tracks[i].config_size > 0 ? at : NULL;
        if (tracks[i].config_size > 0) {
            memcpy(at, tracks[i].config, tracks[i].config_size);
            at += tracks[i].config_size;
        }
    }
    (void)pthread_mutex_lock(&self->lock);
    bool good = show_tracks(self, tracks, count);
    append(self, item);
    (void)pthread_mutex_unlock(&self->lock);
    return good ? SVMS_OK : no_memory(err);
}

/* Whether it can wait for the disk; the lock is held. What has once been left out is gone on with
 * at a picture that stands alone. */
static bool has_room(edge_store *self, const svms_sample *sample)
{
    size_t most = self->options.queue_bytes ? self->options.queue_bytes : QUEUE_BYTES;
    bool is_sync = sample->track == 0 && (sample->flags & SVMS_SAMPLE_SYNC) != 0;
    bool has = self->queued + sample->size <= most && (!self->awaits_sync || is_sync);
    if (!has) {
        self->awaits_sync = true;
        self->state.left_out++;
    }
    return has;
}

static svms_status take_sample(void *user, const svms_sample *sample, svms_error *err)
{
    edge_store *self = user;
    (void)pthread_mutex_lock(&self->lock);
    bool was_short = self->awaits_sync;
    bool has = has_room(self, sample);
    self->awaits_sync = has ? false : self->awaits_sync;
    (void)pthread_mutex_unlock(&self->lock);
    if (!has) {
        return SVMS_OK;
    }
    if (was_short) {
        svms_status status = give(self, new_gap(SVMS_GAP_OVERLOAD), err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    edge_item *item = new_item(EDGE_SAMPLE, sample->size);
    if (item) {
        item->sample = *sample;
        item->sample.data = item->data;
        memcpy(item->data, sample->data, sample->size);
    }
    return give(self, item, err);
}

static void gap(void *user, int64_t from_utc_ns, int64_t to_utc_ns, const char *why)
{
    (void)from_utc_ns;
    (void)to_utc_ns;
    (void)why;
    (void)give(user, new_gap(SVMS_GAP_UNSPECIFIED), NULL);
}

static void end(void *user)
{
    (void)give(user, new_item(EDGE_END, 0), NULL);
}

static svms_status serve_replay(void *user, stream_serve *serve, svms_error *err)
{
    edge_store *self = user;
    stream_presentation *replay = NULL;
    const stream_replay_options options = { EDGE_PATH, NULL, &edge_replay_calls, self };
    svms_status status = stream_serve_add_replay(&replay, serve, &options, err);
    if (status == SVMS_OK) {
        (void)pthread_mutex_lock(&self->lock);
        self->serve = serve;
        (void)pthread_mutex_unlock(&self->lock);
    }
    return status;
}

/* All cursors were closed with the server; their threads may still be reading. */
static void closed(void *user)
{
    edge_store *self = user;
    (void)pthread_mutex_lock(&self->lock);
    self->serve = NULL;
    while (self->readers > 0) {
        (void)pthread_cond_wait(&self->changed, &self->lock);
    }
    (void)pthread_mutex_unlock(&self->lock);
}

static void tell(edge_store *self, const svms_error *why)
{
    bool is_failing = edge_keep_is_failing(self->keep);
    if (is_failing != self->was_told) {
        camera_events_tell(self->options.events, CAMERA_EDGE_FAILED, is_failing, SVMS_NO_TIME,
                           SOURCE, "%s", is_failing ? why->message : "kept again");
        self->was_told = is_failing;
    }
}

static void keep_sample(edge_store *self, const svms_sample *sample)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = edge_keep_put(self->keep, sample, &err);
    tell(self, &err);
    (void)pthread_mutex_lock(&self->lock);
    self->state.samples += status == SVMS_OK ? 1 : 0;
    self->state.left_out += status != SVMS_OK ? 1 : 0;
    self->state.is_failing = edge_keep_is_failing(self->keep);
    (void)pthread_mutex_unlock(&self->lock);
}

static void keep(edge_store *self, const edge_item *item)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = SVMS_OK;
    switch (item->kind) {
    case EDGE_BEGIN:
        status = edge_keep_begin(self->keep, item->tracks, item->track_count, &err);
        break;
    case EDGE_SAMPLE:
        keep_sample(self, &item->sample);
        break;
    case EDGE_GAP:
        edge_keep_gap(self->keep, item->reason);
        break;
    case EDGE_END:
        edge_keep_end(self->keep);
        break;
    case EDGE_FLUSH:
        status = edge_keep_flush(self->keep, &err);
        break;
    }
    if (status != SVMS_OK) {
        service_log_error(self->options.service, SERVICE_ERROR, &err, "edge storage");
    }
}

static void *work(void *user)
{
    edge_store *self = user;
    (void)pthread_mutex_lock(&self->lock);
    while (self->first || !self->is_ending) {
        edge_item *item = self->first;
        if (!item) {
            (void)pthread_cond_wait(&self->changed, &self->lock);
            continue;
        }
        self->first = item->next;
        self->last = self->first ? self->last : NULL;
        (void)pthread_mutex_unlock(&self->lock);
        keep(self, item);
        (void)pthread_mutex_lock(&self->lock);
        self->queued -= item->size;
        self->taken++;
        (void)pthread_cond_broadcast(&self->changed);
        free(item);
    }
    (void)pthread_mutex_unlock(&self->lock);
    edge_keep_end(self->keep);
    return NULL;
}

static svms_status copy_paths(edge_store *self, svms_error *err)
{
    self->folder = strdup(self->options.folder);
    self->key = strdup(self->options.key);
    self->secret = strdup(self->options.secret);
    self->options.folder = self->folder;
    self->options.key = self->key;
    self->options.secret = self->secret;
    return self->folder && self->key && self->secret ? SVMS_OK : no_memory(err);
}

static svms_status open_parts(edge_store *self, svms_error *err)
{
    svms_head newest = SVMS_HEAD_INIT;
    bool is_found = false;
    svms_ctx *ctx = self->options.ctx;
    svms_status status = copy_paths(self, err);
    if (status == SVMS_OK) {
        status = edge_key_open(&self->kek, ctx, self->key, self->secret, err);
    }
    if (status == SVMS_OK) {
        status = svms_keyring_new(&self->ring, ctx, err);
    }
    if (status == SVMS_OK) {
        status = svms_keyring_add_kek(self->ring, self->kek, err);
    }
    if (status == SVMS_OK) {
        status = edge_shelf_open(&self->shelf, ctx, self->folder, &newest, &is_found, err);
    }
    return status == SVMS_OK ? edge_keep_new(&self->keep, &self->options, self->kek, self->shelf,
                                             is_found ? &newest : NULL, err)
                             : status;
}

static svms_status start(edge_store *self, svms_error *err)
{
    int failure = pthread_create(&self->thread, NULL, work, self);
    self->is_running = failure == 0;
    return failure == 0 ? SVMS_OK
                        : camera_fail(err, SVMS_E_IO, failure, "no thread for edge storage");
}

svms_status edge_store_open(edge_store **out, const edge_store_options *options, svms_error *err)
{
    edge_store *self = calloc(1, sizeof *self);
    if (!self) {
        return no_memory(err);
    }
    self->options = *options;
    self->edge = (camera_edge){ self, begin, take_sample, gap, end, serve_replay, closed };
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, NULL);
    svms_status status = open_parts(self, err);
    if (status == SVMS_OK) {
        status = start(self, err);
    }
    if (status != SVMS_OK) {
        edge_store_close(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

const camera_edge *edge_store_edge(const edge_store *self)
{
    return &self->edge;
}

void edge_store_look(edge_store *self, edge_store_state *out)
{
    (void)pthread_mutex_lock(&self->lock);
    *out = self->state;
    (void)pthread_mutex_unlock(&self->lock);
    out->bytes = edge_shelf_bytes(self->shelf);
    edge_shelf_range(self->shelf, &out->first_utc_ns, &out->last_utc_ns);
}

void edge_store_flush(edge_store *self)
{
    edge_item *item = new_item(EDGE_FLUSH, 0);
    (void)pthread_mutex_lock(&self->lock);
    if (item) {
        append(self, item);
    }
    uint64_t until = self->given;
    while (self->taken < until) {
        (void)pthread_cond_wait(&self->changed, &self->lock);
    }
    (void)pthread_mutex_unlock(&self->lock);
}

void edge_store_close(edge_store **store)
{
    if (!store || !*store) {
        return;
    }
    edge_store *self = *store;
    (void)pthread_mutex_lock(&self->lock);
    self->is_ending = true;
    (void)pthread_cond_broadcast(&self->changed);
    (void)pthread_mutex_unlock(&self->lock);
    if (self->is_running) {
        (void)pthread_join(self->thread, NULL);
    }
    edge_keep_free(&self->keep);
    edge_shelf_close(&self->shelf);
    svms_keyring_free(&self->ring);
    svms_kek_free(&self->kek);
    for (uint32_t i = 0; i < EDGE_TRACKS_MAX; i++) {
        free(self->configs[i]);
    }
    free(self->folder);
    free(self->key);
    free(self->secret);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    free(self);
    *store = NULL;
}
