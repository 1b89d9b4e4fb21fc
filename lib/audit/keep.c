/* SPDX-License-Identifier: Apache-2.0 */
#include "keep.h"

#include <inttypes.h>
#include <string.h>

#include "failure.h"
#include "options.h"

void svms_keep_take(svms_audit_log *log)
{
    svms_platform_lock(&log->latch);
    while (log->has_keeper) {
        svms_platform_sleep(&log->latch);
    }
    log->has_keeper = true;
    svms_platform_unlock(&log->latch);
}

void svms_keep_give_up(svms_audit_log *log)
{
    svms_platform_lock(&log->latch);
    log->has_keeper = false;
    svms_platform_wake_all(&log->latch);
    svms_platform_unlock(&log->latch);
}

static svms_status fill_announcement(svms_audit_record *record,
                                     const svms_audit_prune_options *options, uint64_t first,
                                     uint64_t last, uint64_t kept, svms_error *err)
{
    svms_status status = svms_audit_record_time(record, "before", options->before_utc_ns, err);
    if (status == SVMS_OK) {
        status = svms_audit_record_number(record, "first", first, err);
    }
    if (status == SVMS_OK) {
        status = svms_audit_record_number(record, "last", last, err);
    }
    if (status == SVMS_OK) {
        status = svms_audit_record_number(record, "kept", kept, err);
    }
    if (status == SVMS_OK) {
        status =
            svms_audit_record_time(record, "evidence_before", options->evidence_before_utc_ns, err);
    }
    return status;
}

svms_status svms_keep_announce(const svms_keep *keep, uint64_t first, uint64_t last, uint64_t kept,
                               svms_error *err)
{
    svms_audit_record *record = NULL;
    svms_status status =
        svms_keep_begin_record(keep->log, "log.pruned", keep->options.by, &record, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = fill_announcement(record, &keep->options, first, last, kept, err);
    if (status != SVMS_OK) {
        svms_audit_record_free(&record);
        return status;
    }
    return svms_keep_append(keep->log, record, err);
}

svms_status svms_keep_load_tile(svms_keep *keep, uint64_t bundle, svms_error *err)
{
    const svms_tile tile = { 0, bundle, SVMS_TILE_WIDTH };
    svms_status status = svms_log_read_tile(keep->log->folder, &tile, &keep->tile, err);
    if (status == SVMS_OK && keep->tile.size != SVMS_TILE_BYTES) {
        return svms_fail(err, SVMS_E_MALFORMED,
                         "the hashes of the records from number %" PRIu64 " on are not 256",
                         bundle * SVMS_TILE_WIDTH);
    }
    return status;
}

svms_status svms_keep_compare(const svms_keep *keep, uint64_t bundle, uint32_t place,
                              const void *record, size_t size, svms_error *err)
{
    uint8_t leaf[SVMS_DIGEST_SIZE];
    svms_status status = svms_tree_leaf(keep->hasher, record, size, leaf, err);
    if (status == SVMS_OK &&
        memcmp(leaf, keep->tile.data + (size_t)place * SVMS_DIGEST_SIZE, sizeof leaf) != 0) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "record %" PRIu64 " is not the one that the log had",
                         bundle * SVMS_TILE_WIDTH + place);
    }
    return status;
}

/* A time that a record can tell. */
static bool is_time(int64_t utc_ns)
{
    char text[SVMS_TIME_TEXT_SIZE];
    int64_t same = 0;
    svms_time_format(utc_ns, text);
    return svms_time_parse(&same, text, NULL) == SVMS_OK;
}

static svms_status check_options(const svms_keep *keep, svms_error *err)
{
    const svms_audit_prune_options *options = &keep->options;
    bool has_evidence = options->evidence_before_utc_ns != SVMS_NO_TIME;
    if (options->before_utc_ns == SVMS_NO_TIME || !is_time(options->before_utc_ns) ||
        (has_evidence && !is_time(options->evidence_before_utc_ns)) || options->is_trial > 1) {
        return svms_fail(err, SVMS_E_USAGE, "a pruning needs the time before which records go");
    }
    if (options->before_utc_ns > keep->now_utc_ns) {
        return svms_fail(err, SVMS_E_USAGE,
                         "the time before which records go has not come yet by the clock");
    }
    if (has_evidence && options->evidence_before_utc_ns > options->before_utc_ns) {
        return svms_fail(err, SVMS_E_USAGE,
                         "records that are related to evidence stay as long as others, or longer");
    }
    return SVMS_OK;
}

static svms_status begin(svms_keep *keep, svms_audit_log *log, svms_error *err)
{
    keep->log = log;
    keep->now_utc_ns = svms_utc_now(log->ctx);
    keep->bytes = svms_builder_new(log->ctx, SVMS_KEPT_MAX);
    keep->tile = svms_builder_new(log->ctx, SVMS_TILE_BYTES);
    keep->stays = svms_builder_new(log->ctx, SVMS_KEPT_MAX);
    keep->holds.ctx = log->ctx;
    svms_status status = check_options(keep, err);
    return status == SVMS_OK ? svms_hasher_new(&keep->hasher, log->ctx, err) : status;
}

static void end(svms_keep *keep)
{
    svms_hasher_free(&keep->hasher);
    svms_holds_clear(&keep->holds);
    svms_builder_clear(&keep->bytes);
    svms_builder_clear(&keep->tile);
    svms_builder_clear(&keep->stays);
}

/* What stayed before is looked at first, so that nothing is looked at twice. */
static svms_status prune(svms_keep *keep, svms_error *err)
{
    svms_audit_log *log = keep->log;
    svms_status status = svms_log_read_minimum(log->ctx, log->folder, &keep->minimum, err);
    if (status == SVMS_OK) {
        status = svms_holds_read(&keep->holds, log->ctx, log->folder, err);
    }
    if (status == SVMS_OK && !keep->options.is_trial) {
        status = svms_keep_clear(keep, err);
    }
    /* Only what is published is in bundles. */
    if (status == SVMS_OK && !keep->options.is_trial) {
        status = svms_log_publish(log, err);
    }
    if (status == SVMS_OK) {
        status = svms_keep_thin(keep, err);
    }
    return status == SVMS_OK ? svms_keep_prune_bundles(keep, err) : status;
}

svms_status svms_audit_log_prune(svms_audit_log *log, const svms_audit_prune_options *options,
                                 svms_audit_pruned *out, svms_error *err)
{
    svms_keep keep = { .options = SVMS_AUDIT_PRUNE_OPTIONS_INIT, .result = SVMS_AUDIT_PRUNED_INIT };
    if (!log || !options || !out) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status =
        svms_options_read(&keep.options, sizeof keep.options, options, "the options", err);
    if (status != SVMS_OK) {
        return status;
    }
    status = begin(&keep, log, err);
    if (status == SVMS_OK) {
        svms_keep_take(log);
        status = prune(&keep, err);
        svms_keep_give_up(log);
    }
    end(&keep);
    return status == SVMS_OK
               ? svms_result_write(out, &keep.result, sizeof keep.result, "what was pruned", err)
               : status;
}
