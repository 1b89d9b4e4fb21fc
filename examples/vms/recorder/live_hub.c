/* SPDX-License-Identifier: Apache-2.0 */
#include "live_hub.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "recorder_failure.h"

#define DEFAULT_BYTES ((size_t)16 * 1024 * 1024)
#define DEFAULT_SAMPLES 4096u
#define DEFAULT_VIEWERS 64u

typedef struct counted_media {
    live_media media;
    atomic_uint holders;
} counted_media;

typedef struct kept_packet {
    live_packet packet;
    counted_media *media;
    atomic_uint holders;
    uint8_t data[];
} kept_packet;

struct live_viewer {
    live_hub *hub;
    live_viewer *next;
    void (*woken)(void *user);
    void *user;
    uint64_t wanted; /* the least number that it has not had */
    bool must_enter; /* it goes on where a viewer may begin */
    bool has_begun;  /* it has had something */
};

struct live_hub {
    pthread_mutex_t mutex; /* of all that follows */
    live_limits limits;
    counted_media *media; /* NULL: the camera is not there */
    uint32_t deciding;    /* track whose samples are entries */
    kept_packet **ring;   /* limits.samples places; a packet's is its number modulo that */
    uint64_t first;       /* number of the oldest one that is kept */
    uint64_t number;      /* of the next one */
    uint64_t entry;       /* the newest one with which a viewer may begin; below first: none */
    live_viewer *viewers;
    live_stats stats;
};

static void release_media(counted_media *media)
{
    if (media && atomic_fetch_sub(&media->holders, 1) == 1) {
        for (uint32_t i = 0; i < media->media.track_count; i++) {
            free((void *)(uintptr_t)media->media.tracks[i].config);
        }
        free(media);
    }
}

static void release_packet(kept_packet *packet)
{
    if (packet && atomic_fetch_sub(&packet->holders, 1) == 1) {
        release_media(packet->media);
        free(packet);
    }
}

svms_status live_hub_new(live_hub **out, const live_limits *limits, svms_error *err)
{
    uint32_t samples = limits && limits->samples ? limits->samples : DEFAULT_SAMPLES;
    live_hub *hub = calloc(1, sizeof *hub);
    kept_packet **ring = calloc(samples, sizeof(kept_packet *));
    if (!hub || !ring || pthread_mutex_init(&hub->mutex, NULL) != 0) {
        free(hub);
        free((void *)ring);
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    hub->limits.bytes = limits && limits->bytes ? limits->bytes : DEFAULT_BYTES;
    hub->limits.samples = samples;
    hub->limits.viewers = limits && limits->viewers ? limits->viewers : DEFAULT_VIEWERS;
    hub->ring = ring;
    hub->number = 1; /* so that no entry is below it */
    hub->first = 1;
    *out = hub;
    return SVMS_OK;
}

static void forget_first(live_hub *hub)
{
    kept_packet *packet = hub->ring[hub->first % hub->limits.samples];
    hub->first++;
    hub->stats.samples--;
    hub->stats.bytes -= packet->packet.sample.size;
    release_packet(packet);
}

static void forget_all(live_hub *hub)
{
    while (hub->first < hub->number) {
        forget_first(hub);
    }
    for (live_viewer *viewer = hub->viewers; viewer; viewer = viewer->next) {
        viewer->must_enter = true;
    }
}

void live_hub_free(live_hub **hub)
{
    if (hub && *hub) {
        forget_all(*hub);
        release_media((*hub)->media);
        free((void *)(*hub)->ring);
        (void)pthread_mutex_destroy(&(*hub)->mutex);
        free(*hub);
        *hub = NULL;
    }
}

static counted_media *copy_media(const svms_track *tracks, uint32_t count)
{
    counted_media *media = calloc(1, sizeof *media);
    if (!media) {
        return NULL;
    }
    atomic_init(&media->holders, 1);
    for (uint32_t i = 0; i < count; i++) {
        svms_track *track = &media->media.tracks[i];
        *track = tracks[i];
        track->config = NULL;
        media->media.track_count = i + 1;
        if (tracks[i].config_size > 0) {
            uint8_t *config = malloc(tracks[i].config_size);
            if (!config) {
                release_media(media);
                return NULL;
            }
            memcpy(config, tracks[i].config, tracks[i].config_size);
            track->config = config;
        }
    }
    return media;
}

svms_status live_hub_begin(live_hub *hub, const svms_track *tracks, uint32_t count, svms_error *err)
{
    if (count == 0 || count > LIVE_TRACKS_MAX) {
        return recorder_fail(err, SVMS_E_USAGE, 0, "a camera has 1 to 8 tracks");
    }
    counted_media *media = copy_media(tracks, count);
    if (!media) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    uint32_t deciding = 0;
    while (deciding < count && tracks[deciding].kind != SVMS_TRACK_VIDEO) {
        deciding++;
    }
    (void)pthread_mutex_lock(&hub->mutex);
    forget_all(hub);
    release_media(hub->media);
    hub->media = media;
    hub->deciding = deciding < count ? deciding : 0;
    (void)pthread_mutex_unlock(&hub->mutex);
    return SVMS_OK;
}

void live_hub_pause(live_hub *hub)
{
    (void)pthread_mutex_lock(&hub->mutex);
    forget_all(hub);
    release_media(hub->media);
    hub->media = NULL;
    (void)pthread_mutex_unlock(&hub->mutex);
}

static kept_packet *copy_packet(const svms_sample *sample)
{
    kept_packet *packet = malloc(sizeof *packet + sample->size);
    if (packet) {
        memset(packet, 0, sizeof *packet);
        atomic_init(&packet->holders, 1);
        packet->packet.sample = *sample;
        packet->packet.sample.data = packet->data;
        if (sample->size > 0) {
            memcpy(packet->data, sample->data, sample->size);
        }
    }
    return packet;
}

static void keep(live_hub *hub, kept_packet *packet)
{
    const svms_sample *sample = &packet->packet.sample;
    packet->media = hub->media;
    packet->packet.media = &hub->media->media;
    atomic_fetch_add(&hub->media->holders, 1);
    while (hub->first < hub->number && (hub->stats.bytes + sample->size > hub->limits.bytes ||
                                        hub->stats.samples >= hub->limits.samples)) {
        forget_first(hub);
    }
    hub->ring[hub->number % hub->limits.samples] = packet;
    hub->stats.samples++;
    hub->stats.bytes += sample->size;
    if (sample->track == hub->deciding && (sample->flags & SVMS_SAMPLE_SYNC) != 0) {
        hub->entry = hub->number;
    }
    hub->number++;
    for (live_viewer *viewer = hub->viewers; viewer; viewer = viewer->next) {
        if (viewer->woken) {
            viewer->woken(viewer->user);
        }
    }
}

void live_hub_put(live_hub *hub, const svms_sample *sample)
{
    /* Copied before anybody has to wait. The limits never change. */
    kept_packet *packet = sample->size <= hub->limits.bytes ? copy_packet(sample) : NULL;
    (void)pthread_mutex_lock(&hub->mutex);
    if (!packet) {
        /* What comes next continues nothing that viewers have. */
        hub->stats.unviewed++;
        forget_all(hub);
    } else if (!hub->media || sample->track >= hub->media->media.track_count) {
        hub->stats.unviewed++;
        release_packet(packet);
    } else {
        keep(hub, packet);
    }
    (void)pthread_mutex_unlock(&hub->mutex);
}

svms_status live_hub_join(live_viewer **out, live_hub *hub, void (*woken)(void *user), void *user,
                          svms_error *err)
{
    live_viewer *viewer = calloc(1, sizeof *viewer);
    if (!viewer) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    *viewer = (live_viewer){ hub, NULL, woken, user, 0, true, false };
    (void)pthread_mutex_lock(&hub->mutex);
    bool has_room = hub->stats.viewers < hub->limits.viewers;
    if (has_room) {
        viewer->next = hub->viewers;
        hub->viewers = viewer;
        hub->stats.viewers++;
    }
    (void)pthread_mutex_unlock(&hub->mutex);
    if (!has_room) {
        free(viewer);
        return recorder_fail(err, SVMS_E_LIMIT, 0, "too many watch this camera");
    }
    *out = viewer;
    return SVMS_OK;
}

/* The packet that a viewer gets next; NULL: it is not there yet. */
static kept_packet *find(const live_hub *hub, live_viewer *viewer)
{
    if (viewer->wanted < hub->first) {
        viewer->must_enter = true;
    }
    if (viewer->must_enter) {
        /* What it has had already does not come again. */
        if (hub->entry < hub->first || hub->entry < viewer->wanted) {
            return NULL;
        }
        viewer->wanted = hub->entry;
    }
    return viewer->wanted < hub->number ? hub->ring[viewer->wanted % hub->limits.samples] : NULL;
}

const live_packet *live_viewer_next(live_viewer *viewer, bool *is_cut)
{
    live_hub *hub = viewer->hub;
    (void)pthread_mutex_lock(&hub->mutex);
    kept_packet *packet = find(hub, viewer);
    if (packet) {
        *is_cut = viewer->must_enter;
        hub->stats.cuts += viewer->must_enter && viewer->has_begun ? 1 : 0;
        viewer->must_enter = false;
        viewer->has_begun = true;
        viewer->wanted++;
        atomic_fetch_add(&packet->holders, 1);
    }
    (void)pthread_mutex_unlock(&hub->mutex);
    return packet ? &packet->packet : NULL;
}

void live_packet_release(const live_packet **packet)
{
    if (packet && *packet) {
        /* The packet is the first member of what is kept. */
        release_packet((kept_packet *)(uintptr_t)*packet);
        *packet = NULL;
    }
}

void live_viewer_leave(live_viewer **viewer)
{
    if (viewer && *viewer) {
        live_hub *hub = (*viewer)->hub;
        (void)pthread_mutex_lock(&hub->mutex);
        live_viewer **place = &hub->viewers;
        while (*place != *viewer) {
            place = &(*place)->next;
        }
        *place = (*viewer)->next;
        hub->stats.viewers--;
        (void)pthread_mutex_unlock(&hub->mutex);
        free(*viewer);
        *viewer = NULL;
    }
}

void live_hub_count(live_hub *hub, live_stats *out)
{
    (void)pthread_mutex_lock(&hub->mutex);
    *out = hub->stats;
    (void)pthread_mutex_unlock(&hub->mutex);
}
