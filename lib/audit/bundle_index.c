/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle_index.h"

#include <string.h>

#include <zlib.h>

#include "failure.h"
#include "log_internal.h"
#include "view.h"

#define WINDOW_SIZE ((size_t)SVMS_BUNDLE_INDEX_WINDOW * SVMS_BUNDLE_INDEX_ENTRY_SIZE)

svms_bundle_index_entry svms_bundle_index_entry_begin(void)
{
    return (svms_bundle_index_entry){ INT64_MAX, INT64_MIN, 0, 0 };
}

uint64_t svms_bundle_index_event_bit(const char *event, size_t size)
{
    const char *dot = size > 0 ? memchr(event, '.', size) : NULL;
    size_t first = dot ? (size_t)(dot - event) : size;
    return UINT64_C(1) << (crc32_z(crc32_z(0, NULL, 0), (const uint8_t *)event, first) % 64);
}

static void add(svms_bundle_index_entry *entry, int64_t at_utc_ns, const char *event, size_t size)
{
    if (at_utc_ns < entry->earliest_utc_ns) {
        entry->earliest_utc_ns = at_utc_ns;
    }
    if (at_utc_ns > entry->latest_utc_ns) {
        entry->latest_utc_ns = at_utc_ns;
    }
    entry->events |= svms_bundle_index_event_bit(event, size);
}

svms_status svms_bundle_index_entry_add(svms_bundle_index_entry *entry, svms_ctx *ctx,
                                        const svms_record_front *front, const void *record,
                                        size_t size, svms_error *err)
{
    svms_audit_view view = SVMS_AUDIT_VIEW_INIT;
    svms_error why = SVMS_ERROR_INIT;
    entry->bundle_size += 2 + size;
    if (front) {
        add(entry, front->at_utc_ns, front->event, front->event_size);
        return SVMS_OK;
    }
    svms_status status = svms_view_read(&view, ctx, record, size, &why);
    if (status == SVMS_OK) {
        add(entry, view.at_utc_ns, view.event, strlen(view.event));
    }
    svms_audit_view_clear(&view);
    /* What is no record here is found by its number only, and by no index. */
    return status == SVMS_OK || status == SVMS_E_MALFORMED || status == SVMS_E_UNSUPPORTED
               ? SVMS_OK
               : svms_fail_as(err, status, &why);
}

svms_status svms_bundle_index_entry_of(svms_bundle_index_entry *out, svms_ctx *ctx,
                                       const void *bundle, size_t size, svms_error *err)
{
    svms_bundle_entry entry[SVMS_TILE_WIDTH];
    svms_record_front front = { 0 };
    svms_status status = svms_bundle_parse(bundle, size, SVMS_TILE_WIDTH, entry, err);
    *out = svms_bundle_index_entry_begin();
    for (uint32_t i = 0; i < SVMS_TILE_WIDTH && status == SVMS_OK; i++) {
        bool has_front = svms_record_front_read(&front, entry[i].record, entry[i].size);
        status = svms_bundle_index_entry_add(out, ctx, has_front ? &front : NULL, entry[i].record,
                                             entry[i].size, err);
    }
    return status;
}

void svms_bundle_index_entry_store(const svms_bundle_index_entry *entry,
                                   uint8_t out[SVMS_BUNDLE_INDEX_ENTRY_SIZE])
{
    svms_store_u64(out, (uint64_t)entry->earliest_utc_ns);
    svms_store_u64(out + 8, (uint64_t)entry->latest_utc_ns);
    svms_store_u64(out + 16, entry->bundle_size);
    svms_store_u64(out + 24, entry->events);
}

void svms_bundle_index_entry_parse(svms_bundle_index_entry *out,
                                   const uint8_t bytes[SVMS_BUNDLE_INDEX_ENTRY_SIZE])
{
    svms_cursor cursor = svms_cursor_over(bytes, SVMS_BUNDLE_INDEX_ENTRY_SIZE, 0);
    out->earliest_utc_ns = svms_read_i64(&cursor);
    out->latest_utc_ns = svms_read_i64(&cursor);
    out->bundle_size = svms_read_u64(&cursor);
    out->events = svms_read_u64(&cursor);
}

/* Its memory is taken at once: later nothing but the file can fail. */
svms_status svms_bundle_index_window_init(svms_bundle_index_window *out, svms_ctx *ctx,
                                          const svms_folder *folder, svms_error *err)
{
    *out =
        (svms_bundle_index_window){ .folder = folder, .bytes = svms_builder_new(ctx, WINDOW_SIZE) };
    svms_put_zeros(&out->bytes, WINDOW_SIZE);
    svms_status status = svms_builder_check(&out->bytes, "a part of the index", err);
    svms_builder_reset(&out->bytes);
    return status;
}

void svms_bundle_index_window_clear(svms_bundle_index_window *window)
{
    svms_builder_clear(&window->bytes);
}

void svms_bundle_index_window_forget(svms_bundle_index_window *window)
{
    window->is_read = false;
}

/* Whatever fails: the bundles are there. */
static void read_window(svms_bundle_index_window *window, uint64_t first)
{
    svms_store store = SVMS_STORE_INIT;
    size_t got = 0;
    int os_error = 0;
    svms_status status =
        window->folder->open(window->folder->user, SVMS_BUNDLE_INDEX_NAME, &store, &os_error);
    if (status == SVMS_OK) {
        status = store.read_at(store.user, first * SVMS_BUNDLE_INDEX_ENTRY_SIZE, window->bytes.data,
                               WINDOW_SIZE, &got, &os_error);
    }
    svms_store_close(&store);
    window->bytes.size = status == SVMS_OK ? got : 0;
    window->status = status;
    window->os_error = os_error;
    window->first = first;
    window->is_read = true;
}

bool svms_bundle_index_window_entry(svms_bundle_index_window *window, uint64_t bundle,
                                    svms_bundle_index_entry *out)
{
    uint64_t first = bundle - bundle % SVMS_BUNDLE_INDEX_WINDOW;
    size_t at = (size_t)(bundle - first) * SVMS_BUNDLE_INDEX_ENTRY_SIZE;
    if (first != window->first || !window->is_read) {
        read_window(window, first);
    }
    if (window->bytes.size < at + SVMS_BUNDLE_INDEX_ENTRY_SIZE) {
        return false;
    }
    svms_bundle_index_entry_parse(out, window->bytes.data + at);
    return out->bundle_size > 0;
}
