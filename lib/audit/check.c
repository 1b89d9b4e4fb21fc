/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <string.h>

#include "failure.h"
#include "options.h"

static svms_status make_tile(svms_check *at, svms_check_tile *tile, svms_error *err)
{
    tile->hash = svms_alloc(at->ctx, SVMS_TILE_BYTES);
    tile->built = svms_alloc(at->ctx, SVMS_TILE_BYTES);
    return tile->hash && tile->built ? SVMS_OK : svms_fail_memory(err);
}

static svms_status make(svms_check *at, svms_error *err)
{
    svms_status status = svms_hasher_new(&at->hasher, at->ctx, err);
    for (unsigned level = 0; level < SVMS_LOG_TILE_LEVELS && status == SVMS_OK; level++) {
        status = make_tile(at, &at->tile[level], err);
        if (status == SVMS_OK) {
            status = make_tile(at, &at->right[level], err);
        }
    }
    return status;
}

static void dismantle(svms_check *at)
{
    for (unsigned level = 0; level < SVMS_LOG_TILE_LEVELS; level++) {
        svms_release(at->ctx, at->tile[level].hash);
        svms_release(at->ctx, at->tile[level].built);
        svms_release(at->ctx, at->right[level].hash);
        svms_release(at->ctx, at->right[level].built);
    }
    svms_release(at->ctx, at->anchor);
    svms_release(at->ctx, at->pruning);
    svms_builder_clear(&at->bytes);
    svms_builder_clear(&at->bundle);
    svms_bundle_index_window_clear(&at->index);
    svms_hasher_free(&at->hasher);
    svms_epochs_clear(&at->epochs);
    svms_trusted_clear(&at->trusted);
}

/* Without a key there is nothing to verify by. */
static svms_status read_trust(svms_check *at, const svms_audit_trust *trust, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    at->report.is_key_given = trust != NULL;
    if (trust) {
        return svms_trusted_read(&at->trusted, at->ctx, trust, err);
    }
    svms_status status = svms_trusted_from_folder(&at->trusted, at->ctx, at->folder, &why);
    if (status == SVMS_OK || (svms_check_is_fatal(status) && status != SVMS_E_UNSUPPORTED)) {
        return status == SVMS_OK ? SVMS_OK : svms_fail_as(err, status, &why);
    }
    bool is_unreadable = status == SVMS_E_IO && !svms_log_is_missing(status, &why);
    status = svms_check_tell(at, is_unreadable ? SVMS_AUDIT_FLAW_UNREADABLE : SVMS_AUDIT_FLAW_KEY,
                             SVMS_NO_RECORD, 0, "%s", why.message);
    return status == SVMS_OK ? SVMS_END : status;
}

/* The tree as far as the tiles have it; the journal may have more. */
static void note_trunk(svms_check *at)
{
    at->report.published = at->trunk.size;
    at->report.size = at->trunk.size;
    memcpy(at->report.root, at->trunk.root, sizeof at->report.root);
}

static svms_status check_records(svms_check *at, svms_error *err)
{
    svms_status status = svms_check_pruned_begin(at, err);
    if (status == SVMS_OK) {
        status = svms_check_journal_begin(at, err);
    }
    if (status == SVMS_OK) {
        status = svms_check_tiles_begin(at, err);
    }
    if (status == SVMS_OK) {
        status = svms_check_index_begin(at, err);
    }
    if (status == SVMS_OK) {
        status = svms_check_records(at, err);
    }
    return status == SVMS_OK ? svms_check_partials(at, err) : status;
}

static svms_status check_all(svms_check *at, const svms_audit_trust *trust, svms_error *err)
{
    svms_status status = read_trust(at, trust, err);
    if (status == SVMS_OK) {
        status = svms_check_heads(at, err);
    }
    if (status == SVMS_OK) {
        note_trunk(at);
        status = check_records(at, err);
    }
    if (status == SVMS_OK) {
        status = svms_check_journal(at, err);
    }
    if (status == SVMS_OK) {
        status = svms_check_anchors_left(at, err);
    }
    if (status == SVMS_OK) {
        status = svms_check_pruned_end(at, err);
    }
    return status == SVMS_OK ? svms_check_others(at, err) : status;
}

static svms_status run(svms_check *at, const svms_audit_trust *trust, svms_error *err)
{
    svms_status status = make(at, err);
    if (status == SVMS_OK) {
        status = check_all(at, trust, err);
    }
    if (status == SVMS_OK || status == SVMS_END) {
        status = svms_check_last_time(at, err);
    }
    return status == SVMS_END ? SVMS_OK : status;
}

svms_status svms_audit_check(svms_ctx *ctx, const svms_folder *folder,
                             const svms_audit_trust *trust, const svms_audit_check_options *options,
                             svms_audit_report *out, svms_error *err)
{
    static const svms_audit_report empty = SVMS_AUDIT_REPORT_INIT;
    svms_audit_check_options known = SVMS_AUDIT_CHECK_OPTIONS_INIT;
    if (!ctx || !folder || !out) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_options_read(&known, sizeof known, options, "the options", err);
    svms_check *at = status == SVMS_OK ? svms_alloc(ctx, sizeof *at) : NULL;
    if (!at) {
        return status == SVMS_OK ? svms_fail_memory(err) : status;
    }
    at->ctx = ctx;
    at->folder = folder;
    at->options = known;
    at->trusted.ctx = ctx;
    at->epochs.ctx = ctx;
    at->report = empty;
    at->report.first_wrong = SVMS_NO_RECORD;
    at->report.last_right_utc_ns = SVMS_NO_TIME;
    at->report.attested_utc_ns = SVMS_NO_TIME;
    at->last_right_utc_ns = SVMS_NO_TIME;
    at->bytes = svms_builder_new(ctx, SVMS_EPOCHS_TEXT_MAX);
    at->bundle = svms_builder_new(ctx, SVMS_BUNDLE_MAX + SVMS_KEPT_MAX);
    status = run(at, trust, err);
    if (status == SVMS_OK) {
        status = svms_result_write(out, &at->report, sizeof at->report, "the report", err);
    }
    if (status == SVMS_OK && at->report.first.status != SVMS_OK) {
        status = svms_fail(err, at->report.first.status, "%s", at->report.first.words);
    }
    dismantle(at);
    svms_release(ctx, at);
    return status;
}
