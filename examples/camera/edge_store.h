/* SPDX-License-Identifier: Apache-2.0 */
/* What a camera keeps itself: all that it sends live, in containers that only this device can open,
 * signed by it, oldest first out; and served as ONVIF's replay. A disk that is slow, full or broken
 * never keeps a picture from being sent. */
#ifndef EDGE_STORE_H
#define EDGE_STORE_H

#include "auditor.h"
#include "camera_edge.h"
#include "camera_events.h"
#include "camera_identity.h"
#include "service.h"

#define EDGE_PATH "/replay"

typedef struct edge_store edge_store;

typedef struct edge_store_options {
    svms_ctx *ctx; /* borrowed, as all of these; paths are copied */
    service *service;
    camera_events *events;
    camera_identity *identity;
    const char *folder; /* of the containers */
    const char *key;    /* file of the key that opens them */
    const char *secret; /* file of the device's secret, which opens that */
    uint64_t keep_bytes;
    uint32_t rotate_minutes;
    svms_protection mode;
    size_t queue_bytes; /* that may wait for the disk; 0: 32 MiB */
} edge_store_options;

svms_status edge_store_open(edge_store **out, const edge_store_options *options, svms_error *err);
/* For camera_media_options; lives as long as the store. */
const camera_edge *edge_store_edge(const edge_store *self);

typedef struct edge_store_state {
    uint64_t samples;     /* stored */
    uint64_t left_out;    /* that could not be stored, or came too fast */
    uint64_t bytes;       /* of all containers */
    int64_t first_utc_ns; /* of what there is, or SVMS_NO_TIME */
    int64_t last_utc_ns;
    bool is_failing;
} edge_store_state;

void edge_store_look(edge_store *self, edge_store_state *out);
/* Returns when all that was given so far is stored and can be read, or cannot be stored. */
void edge_store_flush(edge_store *self);
/* Ends the container. NULL and pointer to NULL are accepted. */
void edge_store_close(edge_store **self);

#endif
