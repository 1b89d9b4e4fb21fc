/* SPDX-License-Identifier: Apache-2.0 */
/* The containers of a list: which there are, and which of them are open. */
#include <string.h>

#include "failure.h"
#include "head.h"
#include "options.h"
#include "playlist_internal.h"

#define DEFAULT_OPEN 4u
#define FEWEST_OPEN 3u
#define MOST_OPEN 64u
#define DEFAULT_GAP_NS UINT64_C(1000000000)
#define FIRST_CAPACITY 16u

svms_status svms_playlist_new(svms_playlist **out, svms_ctx *ctx,
                              const svms_playlist_options *options, svms_error *err)
{
    svms_playlist_options given = SVMS_PLAYLIST_OPTIONS_INIT;
    svms_reader_options reader = SVMS_READER_OPTIONS_INIT;
    if (out == NULL || ctx == NULL || options == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "out, ctx and options must not be NULL");
    }
    svms_status status =
        svms_options_read(&given, sizeof(given), options, "svms_playlist_options", err);
    if (status == SVMS_OK) {
        status =
            svms_options_read(&reader, sizeof(reader), given.reader, "svms_reader_options", err);
    }
    if (status == SVMS_OK && (given.open_source == NULL || given.close_source == NULL)) {
        status = svms_fail(err, SVMS_E_USAGE, "open_source and close_source must be given");
    }
    if (status == SVMS_OK && given.max_open != 0 &&
        (given.max_open < FEWEST_OPEN || given.max_open > MOST_OPEN)) {
        status = svms_fail(err, SVMS_E_USAGE, "%u to %u containers are open at a time", FEWEST_OPEN,
                           MOST_OPEN);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_playlist *playlist = svms_alloc(ctx, sizeof(*playlist));
    if (playlist == NULL) {
        return svms_fail_memory(err);
    }
    given.max_open = given.max_open == 0 ? DEFAULT_OPEN : given.max_open;
    given.gap_ns = given.gap_ns == 0 ? DEFAULT_GAP_NS : given.gap_ns;
    given.gap_ns = given.gap_ns > INT64_MAX ? INT64_MAX : given.gap_ns;
    playlist->ctx = ctx;
    playlist->options = given;
    playlist->reader = reader;
    playlist->reached = SVMS_NO_TIME;
    playlist->edge_reached = SVMS_NO_TIME;
    playlist->main.container = SVMS_NOWHERE;
    playlist->edge.container = SVMS_NOWHERE;
    *out = playlist;
    return SVMS_OK;
}

bool svms_playlist_may_pass(svms_status status)
{
    return !svms_is_grave(status) || status == SVMS_E_IO;
}

void svms_playlist_leave(svms_playlist *playlist, uint32_t container)
{
    svms_listed *entry = &playlist->entries[container];
    if (entry->reader == NULL) {
        return;
    }
    svms_reader_close(&entry->reader);
    playlist->options.close_source(playlist->options.user, entry->is.key, &entry->source);
    entry->source = (svms_source)SVMS_SOURCE_INIT;
    playlist->open--;
}

void svms_playlist_free(svms_playlist **playlist)
{
    if (playlist == NULL || *playlist == NULL) {
        return;
    }
    svms_playlist *gone = *playlist;
    for (uint32_t i = 0; i < gone->count; i++) {
        svms_playlist_leave(gone, i);
    }
    svms_release(gone->ctx, gone->entries);
    svms_release(gone->ctx, gone->own.items);
    svms_release(gone->ctx, gone->edges.items);
    svms_release(gone->ctx, gone);
    *playlist = NULL;
}

static svms_status make_room(svms_playlist *playlist, svms_error *err)
{
    while (playlist->open >= playlist->options.max_open) {
        uint32_t oldest = SVMS_NOWHERE;
        for (uint32_t i = 0; i < playlist->count; i++) {
            bool busy = i == playlist->main.container || i == playlist->edge.container;
            if (playlist->entries[i].reader != NULL && !busy &&
                (oldest == SVMS_NOWHERE ||
                 playlist->entries[i].used < playlist->entries[oldest].used)) {
                oldest = i;
            }
        }
        if (oldest == SVMS_NOWHERE) {
            return svms_fail(err, SVMS_E_INTERNAL, "too many containers are being read");
        }
        svms_playlist_leave(playlist, oldest);
    }
    return SVMS_OK;
}

static svms_status open_entry(svms_playlist *playlist, svms_listed *entry,
                              const svms_reader_options *options, svms_error *err)
{
    svms_error ignored = SVMS_ERROR_INIT;
    svms_source source = SVMS_SOURCE_INIT;
    svms_status status = playlist->options.open_source(playlist->options.user, entry->is.key,
                                                       &source, err != NULL ? err : &ignored);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_reader_open(&entry->reader, playlist->ctx, &source, options, err);
    if (status != SVMS_OK) {
        playlist->options.close_source(playlist->options.user, entry->is.key, &source);
        return status;
    }
    entry->source = source;
    playlist->open++;
    return SVMS_OK;
}

svms_status svms_playlist_enter(svms_playlist *playlist, uint32_t container, svms_reader **out,
                                svms_error *err)
{
    svms_listed *entry = &playlist->entries[container];
    if (entry->reader == NULL) {
        svms_status status = make_room(playlist, err);
        if (status == SVMS_OK) {
            status = open_entry(playlist, entry, &playlist->reader, err);
        }
        /* Between the two looks somebody may have put another container there. */
        if (status == SVMS_OK &&
            memcmp(entry->reader->front.header.container_id, entry->is.container_id, 16) != 0) {
            svms_playlist_leave(playlist, container);
            status = svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                               "another container is there than when it was added");
        }
        if (status != SVMS_OK) {
            return status;
        }
    }
    entry->used = ++playlist->uses;
    *out = entry->reader;
    return SVMS_OK;
}

static svms_status look(svms_reader *reader, svms_playlist_container *is, svms_error *err)
{
    svms_container_info info = SVMS_CONTAINER_INFO_INIT;
    svms_newest newest = { 0 };
    svms_status status = svms_reader_get_info(reader, &info, err);
    if (status != SVMS_OK) {
        return status;
    }
    is->edge = info.role != SVMS_ROLE_NONE && info.origin == SVMS_ORIGIN_EDGE;
    memcpy(is->container_id, info.container_id, 16);
    memcpy(is->recording_id, info.recording_id, 16);
    is->recording_sequence = info.recording_sequence;
    is->first_utc_ns = info.first_utc_ns;
    is->last_utc_ns = info.last_utc_ns;
    is->closed = info.closed;
    is->track_count = info.track_count;
    is->start_utc_ns = info.start_utc_ns;
    if (info.closed) {
        return SVMS_OK;
    }
    /* What was interrupted ends with its last segment; one whose end is damaged is read for what it
     * is. */
    status = svms_newest_find(&reader->scanner, &newest, NULL);
    is->last_utc_ns = status == SVMS_OK ? newest.last_utc_ns : SVMS_NO_TIME;
    return svms_is_grave(status) ? svms_fail(err, status, "looking for the last segment failed")
                                 : SVMS_OK;
}

static bool grow(svms_ctx *ctx, void **items, uint32_t *capacity, uint32_t count, size_t size)
{
    if (count < *capacity) {
        return true;
    }
    uint32_t larger = *capacity == 0 ? FIRST_CAPACITY : *capacity * 2;
    void *grown = svms_grow(ctx, *items, *capacity * size, larger * size);
    if (grown == NULL) {
        return false;
    }
    *items = grown;
    *capacity = larger;
    return true;
}

static bool grow_all(svms_playlist *playlist, svms_listed_order *order)
{
    void *entries = playlist->entries;
    void *items = order->items;
    bool grown = grow(playlist->ctx, &entries, &playlist->capacity, playlist->count,
                      sizeof(*playlist->entries));
    playlist->entries = entries;
    grown =
        grown && grow(playlist->ctx, &items, &order->capacity, order->count, sizeof(*order->items));
    order->items = items;
    return grown;
}

static bool comes_before(const svms_playlist_container *a, const svms_playlist_container *b)
{
    if (!a->edge && a->recording_sequence != b->recording_sequence) {
        return a->recording_sequence < b->recording_sequence;
    }
    return a->first_utc_ns < b->first_utc_ns;
}

/* Reading goes on where it was. */
static void keep_place(svms_playlist *playlist, const svms_listed_order *order, uint32_t at)
{
    if (order == &playlist->own) {
        playlist->next_own +=
            at < playlist->next_own || (at == playlist->next_own && playlist->entered);
    } else {
        playlist->next_edge +=
            at < playlist->next_edge || (at == playlist->next_edge && playlist->edge_entered);
    }
}

/* Puts the container into its order; false when it is there already. */
static bool sort_in(svms_playlist *playlist, svms_listed_order *order,
                    const svms_playlist_container *is)
{
    uint32_t at = order->count;
    while (at > 0 && comes_before(is, &playlist->entries[order->items[at - 1]].is)) {
        at--;
    }
    for (uint32_t i = at; i > 0; i--) {
        const svms_playlist_container *other = &playlist->entries[order->items[i - 1]].is;
        if (memcmp(other->container_id, is->container_id, 16) == 0) {
            return false;
        }
        if (comes_before(other, is)) {
            break;
        }
    }
    if (at < order->count) {
        memmove(order->items + at + 1, order->items + at,
                (order->count - at) * sizeof(*order->items));
    }
    order->items[at] = playlist->count;
    order->count++;
    keep_place(playlist, order, at);
    return true;
}

svms_status svms_playlist_add(svms_playlist *playlist, uint64_t key, svms_error *err)
{
    svms_listed entry = { SVMS_PLAYLIST_CONTAINER_INIT, SVMS_SOURCE_INIT, NULL, 0 };
    if (playlist == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "playlist must not be NULL");
    }
    if (playlist->count == SVMS_PLAYLIST_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "the list has %u containers", SVMS_PLAYLIST_MAX);
    }
    svms_reader_options options = playlist->reader;
    options.keys = NULL;
    entry.is.key = key;
    svms_status status = make_room(playlist, err);
    if (status == SVMS_OK) {
        status = open_entry(playlist, &entry, &options, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    status = look(entry.reader, &entry.is, err);
    svms_reader_close(&entry.reader);
    playlist->options.close_source(playlist->options.user, key, &entry.source);
    playlist->open--;
    if (status == SVMS_OK && playlist->count > 0 &&
        memcmp(playlist->entries[0].is.recording_id, entry.is.recording_id, 16) != 0) {
        status = svms_fail(err, SVMS_E_USAGE, "the container belongs to another recording");
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_listed_order *order = entry.is.edge ? &playlist->edges : &playlist->own;
    if (!grow_all(playlist, order)) {
        return svms_fail_memory(err);
    }
    if (!sort_in(playlist, order, &entry.is)) {
        return svms_fail(err, SVMS_E_EXISTS, "the container is in the list already");
    }
    entry.source = (svms_source)SVMS_SOURCE_INIT;
    playlist->entries[playlist->count++] = entry;
    return SVMS_OK;
}

uint32_t svms_playlist_count(const svms_playlist *playlist)
{
    return playlist != NULL ? playlist->count : 0;
}

svms_status svms_playlist_get_container(const svms_playlist *playlist, uint32_t container,
                                        svms_playlist_container *out)
{
    if (playlist == NULL || out == NULL || container >= playlist->count) {
        return SVMS_E_USAGE;
    }
    return svms_result_write(out, &playlist->entries[container].is,
                             sizeof(playlist->entries[container].is), "svms_playlist_container",
                             NULL);
}

svms_status svms_playlist_get_track(svms_playlist *playlist, uint32_t container, uint32_t number,
                                    svms_track *track, svms_error *err)
{
    svms_reader *reader = NULL;
    if (playlist == NULL || container >= playlist->count) {
        return svms_fail(err, SVMS_E_USAGE, "there is no such container");
    }
    svms_status status = svms_playlist_enter(playlist, container, &reader, err);
    return status == SVMS_OK ? svms_reader_get_track(reader, number, track, err) : status;
}
