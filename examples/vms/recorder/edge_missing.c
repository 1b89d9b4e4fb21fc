/* SPDX-License-Identifier: Apache-2.0 */
#include "edge_missing.h"

#include <string.h>

#include <svms/svms.h>

#define NS_PER_SECOND INT64_C(1000000000)
/* What is shorter is no gap for who reads it, either. */
#define SHORTEST_NS NS_PER_SECOND
/* How far from a gap its neighbours are looked for. */
#define NEIGHBOUR_NS (60 * NS_PER_SECOND)

static void keep(edge_stretches *to, const edge_stretch *like, int64_t from, int64_t until)
{
    if (until - from >= SHORTEST_NS && to->count < EDGE_STRETCHES_MAX) {
        edge_stretch *one = &to->list[to->count++];
        *one = *like;
        one->from_utc_ns = from;
        one->to_utc_ns = until;
    }
}

void edge_missing_without(edge_stretches *from, int64_t from_utc_ns, int64_t to_utc_ns)
{
    edge_stretches left = { .count = 0 };
    for (size_t i = 0; i < from->count; i++) {
        const edge_stretch *one = &from->list[i];
        if (to_utc_ns <= one->from_utc_ns || from_utc_ns >= one->to_utc_ns) {
            keep(&left, one, one->from_utc_ns, one->to_utc_ns);
            continue;
        }
        keep(&left, one, one->from_utc_ns, from_utc_ns);
        keep(&left, one, to_utc_ns, one->to_utc_ns);
    }
    *from = left;
}

static bool is_wanted(const char *reason)
{
    return strcmp(reason, svms_gap_reason_name(SVMS_GAP_SCHEDULE)) != 0 &&
           strcmp(reason, svms_gap_reason_name(SVMS_GAP_MOTION)) != 0;
}

static svms_status take_gap(void *user, const indexed_gap *gap)
{
    static const edge_stretch blank;
    edge_stretches *out = user;
    if (gap->to_utc_ns != SVMS_NO_TIME && is_wanted(gap->reason)) {
        keep(out, &blank, gap->from_utc_ns, gap->to_utc_ns);
    }
    return SVMS_OK;
}

static svms_status take_out(void *user, const indexed_container *container)
{
    edge_stretches *out = user;
    if (container->is_edge && container->first_utc_ns != SVMS_NO_TIME) {
        edge_missing_without(out, container->first_utc_ns, container->last_utc_ns);
    }
    return SVMS_OK;
}

typedef struct neighbour {
    uint8_t recording_id[16];
    bool is_found;
} neighbour;

static svms_status take_neighbour(void *user, const indexed_container *container)
{
    neighbour *out = user;
    if (!container->is_edge && !out->is_found) {
        memcpy(out->recording_id, container->head.recording_id, sizeof out->recording_id);
        out->is_found = true;
    }
    return SVMS_OK;
}

/* A gap between containers that are gone is no gap in a recording. */
static svms_status name_recordings(edge_stretches *all, recorder_index *index, const char *camera,
                                   svms_error *err)
{
    edge_stretches named = { .count = 0 };
    for (size_t i = 0; i < all->count; i++) {
        edge_stretch *one = &all->list[i];
        neighbour found = { { 0 }, false };
        const indexed_range around = { camera, one->from_utc_ns - NEIGHBOUR_NS,
                                       one->to_utc_ns + NEIGHBOUR_NS };
        svms_status status = recorder_index_containers(index, &around, take_neighbour, &found, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (found.is_found) {
            memcpy(one->recording_id, found.recording_id, sizeof one->recording_id);
            named.list[named.count++] = *one;
        }
    }
    *all = named;
    return SVMS_OK;
}

svms_status edge_missing_find(edge_stretches *out, recorder_index *index, const char *camera,
                              int64_t since_utc_ns, svms_error *err)
{
    const indexed_range all = { camera, since_utc_ns, INT64_MAX };
    out->count = 0;
    svms_status status = recorder_index_gaps(index, &all, take_gap, out, err);
    if (status == SVMS_OK) {
        status = recorder_index_containers(index, &all, take_out, out, err);
    }
    return status == SVMS_OK ? name_recordings(out, index, camera, err) : status;
}
