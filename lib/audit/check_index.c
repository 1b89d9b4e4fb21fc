/* SPDX-License-Identifier: Apache-2.0 */
/* The index: nobody signs it, and whoever changes it can hide records from queries (A-RD-1). What
 * it does not say it hides nothing by. */
#include <errno.h>
#include <inttypes.h>

#include "check.h"
#include "failure.h"

svms_status svms_check_index_begin(svms_check *at, svms_error *err)
{
    return svms_bundle_index_window_init(&at->index, at->ctx, at->folder, err);
}

static svms_status tell_unreadable(svms_check *at, svms_error *err)
{
    const svms_bundle_index_window *window = &at->index;
    at->lacks_index = true;
    return svms_check_is_fatal(window->status)
               ? svms_log_io(window->status, window->os_error, "read", SVMS_BUNDLE_INDEX_NAME, err)
               : svms_check_tell(at, SVMS_AUDIT_FLAW_UNREADABLE, SVMS_NO_RECORD, 0,
                                 "the log cannot read \"" SVMS_BUNDLE_INDEX_NAME "\"");
}

svms_status svms_check_index_at(svms_check *at, uint64_t bundle, svms_bundle_index_entry *told,
                                bool *says, svms_error *err)
{
    const svms_bundle_index_window *window = &at->index;
    *says = !at->lacks_index && svms_bundle_index_window_entry(&at->index, bundle, told);
    bool is_missing = window->status == SVMS_E_IO && window->os_error == ENOENT;
    return at->lacks_index || window->status == SVMS_OK || is_missing ? SVMS_OK
                                                                      : tell_unreadable(at, err);
}

/* Whoever looks for a record must find it. */
static bool covers(const svms_bundle_index_entry *told, const svms_bundle_index_entry *found)
{
    bool has_times = found->earliest_utc_ns <= found->latest_utc_ns;
    return (!has_times || (told->earliest_utc_ns <= found->earliest_utc_ns &&
                           told->latest_utc_ns >= found->latest_utc_ns)) &&
           (found->events & ~told->events) == 0;
}

static bool is_same(const svms_bundle_index_entry *told, const svms_bundle_index_entry *found)
{
    return told->earliest_utc_ns == found->earliest_utc_ns &&
           told->latest_utc_ns == found->latest_utc_ns && told->bundle_size == found->bundle_size &&
           told->events == found->events;
}

svms_status svms_check_index_entry(svms_check *at, uint64_t bundle,
                                   const svms_bundle_index_entry *told,
                                   const svms_bundle_index_entry *found, bool is_whole)
{
    uint64_t first = bundle * SVMS_TILE_WIDTH;
    if (is_whole ? is_same(told, found) : covers(told, found)) {
        return SVMS_OK;
    }
    return svms_check_tell(at, SVMS_AUDIT_FLAW_INDEX, first, SVMS_TILE_WIDTH,
                           "the index says something else than the records %" PRIu64 " to %" PRIu64
                           ", so that queries can miss them",
                           first, first + SVMS_TILE_WIDTH - 1);
}
