/* SPDX-License-Identifier: Apache-2.0 */
/* The file "index": of each full bundle, when its records say that something happened, and which
 * events they are of (A-RD-1). It is derived and nobody signs it: all it can do is to save reading.
 */
#ifndef SVMS_BUNDLE_INDEX_H
#define SVMS_BUNDLE_INDEX_H

#include <svms/folder.h>

#include "record_front.h"
#include "tile.h"

#define SVMS_BUNDLE_INDEX_NAME "index"
#define SVMS_BUNDLE_INDEX_ENTRY_SIZE 32u
/* Entries that are read at once. */
#define SVMS_BUNDLE_INDEX_WINDOW 2048u

typedef struct svms_bundle_index_entry {
    int64_t earliest_utc_ns; /* above the latest: no record tells a time */
    int64_t latest_utc_ns;
    uint64_t bundle_size; /* 0: the entry says nothing */
    uint64_t events;      /* svms_bundle_index_event_bit() of each */
} svms_bundle_index_entry;

/* Of a bundle without records. */
svms_bundle_index_entry svms_bundle_index_entry_begin(void);
/* Adds a record. front: what svms_record_front_read() says of it; NULL: nothing. */
SVMS_MUST_CHECK svms_status svms_bundle_index_entry_add(svms_bundle_index_entry *entry,
                                                        svms_ctx *ctx,
                                                        const svms_record_front *front,
                                                        const void *record, size_t size,
                                                        svms_error *err);
/* Of the part of a name in front of its first dot. */
uint64_t svms_bundle_index_event_bit(const char *event, size_t size);

void svms_bundle_index_entry_store(const svms_bundle_index_entry *entry,
                                   uint8_t out[SVMS_BUNDLE_INDEX_ENTRY_SIZE]);
void svms_bundle_index_entry_parse(svms_bundle_index_entry *out,
                                   const uint8_t bytes[SVMS_BUNDLE_INDEX_ENTRY_SIZE]);

/* Of the bundle in a file, which must have 256 records. */
SVMS_MUST_CHECK svms_status svms_bundle_index_entry_of(svms_bundle_index_entry *out, svms_ctx *ctx,
                                                       const void *bundle, size_t size,
                                                       svms_error *err);

/* A part of the file. */
typedef struct svms_bundle_index_window {
    const svms_folder *folder;
    svms_builder bytes;
    uint64_t first; /* number of its first bundle */
    bool is_read;
    svms_status status; /* of the last reading */
    int os_error;
} svms_bundle_index_window;

SVMS_MUST_CHECK svms_status svms_bundle_index_window_init(svms_bundle_index_window *out,
                                                          svms_ctx *ctx, const svms_folder *folder,
                                                          svms_error *err);
void svms_bundle_index_window_clear(svms_bundle_index_window *window);
void svms_bundle_index_window_forget(svms_bundle_index_window *window);
/* False: the file does not say, or cannot be read. */
bool svms_bundle_index_window_entry(svms_bundle_index_window *window, uint64_t bundle,
                                    svms_bundle_index_entry *out);

#endif
