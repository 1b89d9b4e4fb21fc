/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EDGE_INTERNAL_H
#define EDGE_INTERNAL_H

#include <pthread.h>

#include "edge_keep.h"
#include "edge_store.h"
#include "stream_replay.h"

#define EDGE_TRACKS_MAX 2

typedef struct edge_item edge_item;

struct edge_store {
    edge_store_options options;
    camera_edge edge;
    char *folder;
    char *key;
    char *secret;
    svms_kek *kek;
    svms_keyring *ring;
    edge_shelf *shelf;
    edge_keep *keep; /* of the thread */
    pthread_t thread;
    bool is_running;
    bool was_told; /* of the thread: that it fails */

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    edge_item *first;
    edge_item *last;
    size_t queued;
    uint64_t given; /* items, and */
    uint64_t taken; /* how many are done */
    bool is_ending;
    bool awaits_sync; /* the queue was full */
    edge_store_state state;
    svms_track tracks[EDGE_TRACKS_MAX]; /* of what is kept now, for who asks what there is */
    uint8_t *configs[EDGE_TRACKS_MAX];
    uint32_t track_count;
    unsigned readers; /* threads of cursors */
    stream_serve *serve;
};

extern const stream_replay_calls edge_replay_calls;

#endif
