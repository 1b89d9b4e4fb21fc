/* SPDX-License-Identifier: Apache-2.0 */
/* The file "index", written behind the bundles (A-RD-1). Nothing here fails a publishing: a reader
 * reads the bundles that the index does not have, and the next publishing goes on. */
#include <errno.h>

#include "failure.h"
#include "bundle_index.h"
#include "log_internal.h"

/* Bundles that are read again in one publishing, where the index lacks them. */
#define AT_ONCE 64u

static void give_up(svms_audit_log *log, const svms_error *err)
{
    svms_log(log->ctx, SVMS_LOG_WARNING, "audit log: %s", err->message);
    svms_log_index_close(&log->publisher);
}

static svms_status open_index(svms_audit_log *log, svms_error *err)
{
    svms_log_publisher *publisher = &log->publisher;
    const svms_folder *folder = log->folder;
    uint64_t size = 0;
    int os_error = 0;
    if (publisher->has_index) {
        return SVMS_OK;
    }
    svms_status status =
        folder->open(folder->user, SVMS_BUNDLE_INDEX_NAME, &publisher->index, &os_error);
    if (status == SVMS_E_IO && os_error == ENOENT) {
        status = folder->create(folder->user, SVMS_BUNDLE_INDEX_NAME, &publisher->index, &os_error);
    }
    publisher->has_index = status == SVMS_OK;
    if (status == SVMS_OK) {
        status = publisher->index.get_size(publisher->index.user, &size, &os_error);
    }
    publisher->index_count = size / SVMS_BUNDLE_INDEX_ENTRY_SIZE;
    return svms_log_io(status, os_error, "open", SVMS_BUNDLE_INDEX_NAME, err);
}

/* At most the one behind the last. */
static svms_status put_entry(svms_log_publisher *publisher, uint64_t number,
                             const svms_bundle_index_entry *entry, svms_error *err)
{
    uint8_t bytes[SVMS_BUNDLE_INDEX_ENTRY_SIZE];
    int os_error = 0;
    svms_bundle_index_entry_store(entry, bytes);
    svms_status status =
        publisher->index.write_at(publisher->index.user, number * SVMS_BUNDLE_INDEX_ENTRY_SIZE,
                                  bytes, sizeof bytes, &os_error);
    if (status == SVMS_OK && number == publisher->index_count) {
        publisher->index_count++;
    }
    return svms_log_io(status, os_error, "write", SVMS_BUNDLE_INDEX_NAME, err);
}

void svms_log_index_bundle(svms_audit_log *log, uint64_t number)
{
    svms_log_publisher *publisher = &log->publisher;
    svms_bundle_index_entry entry;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = open_index(log, &err);
    if (status == SVMS_OK && number <= publisher->index_count) {
        status = svms_bundle_index_entry_of(&entry, log->ctx, publisher->bundle.data,
                                            publisher->bundle.size, &err);
        if (status == SVMS_OK) {
            status = put_entry(publisher, number, &entry, &err);
        }
    }
    if (status != SVMS_OK) {
        give_up(log, &err);
    }
}

/* Of a bundle that is not there, or none, the entry says nothing. */
static svms_status add_from_file(svms_audit_log *log, svms_builder *bytes, svms_error *err)
{
    svms_log_publisher *publisher = &log->publisher;
    const svms_tile tile = { SVMS_TILE_ENTRIES, publisher->index_count, SVMS_TILE_WIDTH };
    const svms_bundle_index_entry nothing = { 0, 0, 0, 0 };
    svms_bundle_index_entry entry = nothing;
    svms_status status = svms_log_read_tile(log->folder, &tile, bytes, err);
    if (status == SVMS_OK) {
        status = svms_bundle_index_entry_of(&entry, log->ctx, bytes->data, bytes->size, err);
    }
    if (status == SVMS_E_NO_MEMORY) {
        return status;
    }
    return put_entry(publisher, publisher->index_count, status == SVMS_OK ? &entry : &nothing, err);
}

void svms_log_index_rest(svms_audit_log *log)
{
    svms_log_publisher *publisher = &log->publisher;
    uint64_t full = publisher->size / SVMS_TILE_WIDTH;
    svms_error err = SVMS_ERROR_INIT;
    if (full == 0 || (publisher->has_index && publisher->index_count >= full)) {
        return;
    }
    svms_builder bytes = svms_builder_new(log->ctx, SVMS_BUNDLE_MAX);
    svms_status status = open_index(log, &err);
    for (unsigned i = 0; i < AT_ONCE && status == SVMS_OK && publisher->index_count < full; i++) {
        status = add_from_file(log, &bytes, &err);
    }
    svms_builder_clear(&bytes);
    if (status != SVMS_OK) {
        give_up(log, &err);
    }
}

void svms_log_index_close(svms_log_publisher *publisher)
{
    svms_store_close(&publisher->index);
    publisher->has_index = false;
}
