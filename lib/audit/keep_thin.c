/* SPDX-License-Identifier: Apache-2.0 */
/* Second step of a pruning: what stayed for its longer time goes when that is over (A-RET-7). */
#include <inttypes.h>
#include <stdio.h>

#include "failure.h"
#include "keep.h"

typedef struct thinning {
    uint64_t first; /* bundles that lose something */
    uint64_t end;   /* first == end: none does */
    uint64_t kept;  /* records that stay, of all bundles that were pruned */
    uint64_t gone;
} thinning;

/* SVMS_END: nothing stayed of that bundle. */
static svms_status load(svms_keep *keep, uint64_t bundle, svms_kept *out, svms_error *err)
{
    char path[SVMS_TILE_PATH_MAX];
    svms_error why = SVMS_ERROR_INIT;
    out->count = 0;
    svms_kept_path(bundle, path);
    svms_status status = svms_log_read_file(keep->log->folder, path, &keep->bytes, &why);
    if (svms_log_is_missing(status, &why)) {
        return SVMS_END;
    }
    if (status == SVMS_OK) {
        status = svms_kept_parse(out, keep->bytes.data, keep->bytes.size, &why);
        if (status != SVMS_OK) {
            return svms_fail(err, SVMS_E_MALFORMED, "\"%s\": %s", path, why.message);
        }
        return svms_keep_load_tile(keep, bundle, err);
    }
    return svms_fail_as(err, status, &why);
}

/* What stays of it is in keep->stays; how many records that are. */
static svms_status sift(svms_keep *keep, uint64_t bundle, const svms_kept *kept, uint32_t *count,
                        svms_error *err)
{
    bool held[SVMS_TILE_WIDTH];
    svms_status status = SVMS_OK;
    *count = 0;
    svms_builder_reset(&keep->stays);
    svms_holds_mark(&keep->holds, keep->now_utc_ns, bundle, held);
    for (uint32_t i = 0; i < kept->count && status == SVMS_OK; i++) {
        const svms_kept_entry *entry = &kept->entry[i];
        svms_keep_facts facts;
        status = svms_keep_compare(keep, bundle, entry->place, entry->record, entry->size, err);
        if (status == SVMS_OK) {
            status = svms_keep_judge(keep->log->ctx, entry->record, entry->size, &facts, err);
        }
        if (status == SVMS_OK && svms_keep_stays(keep, bundle * SVMS_TILE_WIDTH + entry->place,
                                                 &facts, held[entry->place])) {
            svms_put_kept(&keep->stays, entry->place, entry->record, entry->size);
            (*count)++;
        }
    }
    return status == SVMS_OK ? svms_builder_check(&keep->stays, "what stays", err) : status;
}

static svms_status look_at(svms_keep *keep, uint64_t bundle, thinning *out, svms_error *err)
{
    svms_kept kept;
    uint32_t count = 0;
    svms_status status = load(keep, bundle, &kept, err);
    if (status == SVMS_END) {
        return SVMS_OK;
    }
    if (status == SVMS_OK) {
        status = sift(keep, bundle, &kept, &count, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    bool loses = count < kept.count;
    if (loses && out->end == 0) {
        out->first = bundle;
    }
    if (loses) {
        out->end = bundle + 1;
        out->gone += kept.count - count;
    }
    out->kept += count;
    return SVMS_OK;
}

static svms_status replace(svms_keep *keep, uint64_t bundle, svms_error *err)
{
    svms_kept kept;
    uint32_t count = 0;
    char path[SVMS_TILE_PATH_MAX];
    int os_error = 0;
    svms_status status = load(keep, bundle, &kept, err);
    if (status == SVMS_END) {
        return SVMS_OK;
    }
    if (status == SVMS_OK) {
        status = sift(keep, bundle, &kept, &count, err);
    }
    if (status != SVMS_OK || count == kept.count) {
        return status;
    }
    const svms_folder *folder = keep->log->folder;
    svms_kept_path(bundle, path);
    if (count > 0) {
        return svms_log_put_file(folder, path, keep->stays.data, keep->stays.size, true, err);
    }
    status = folder->remove(folder->user, path, &os_error);
    return svms_log_io(status, os_error, "remove", path, err);
}

svms_status svms_keep_thin(svms_keep *keep, svms_error *err)
{
    thinning found = { 0, 0, 0, 0 };
    uint64_t end = keep->minimum.first / SVMS_TILE_WIDTH;
    svms_status status = SVMS_OK;
    for (uint64_t bundle = 0; bundle < end && status == SVMS_OK; bundle++) {
        status = look_at(keep, bundle, &found, err);
    }
    if (status != SVMS_OK || found.end == 0) {
        return status;
    }
    keep->result.later = found.gone;
    if (keep->options.is_trial) {
        return SVMS_OK;
    }
    /* About all that was pruned, so that no earlier announcement is half in force: how many records
     * have to be there is known of every bundle. */
    status = svms_keep_announce(keep, 0, keep->minimum.first - 1, found.kept, err);
    for (uint64_t bundle = found.first; bundle < found.end && status == SVMS_OK; bundle++) {
        status = replace(keep, bundle, err);
    }
    return status;
}
