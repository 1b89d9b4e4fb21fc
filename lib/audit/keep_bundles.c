/* SPDX-License-Identifier: Apache-2.0 */
/* First step of a pruning: bundles go, in the order of A-RET-6. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "failure.h"
#include "keep.h"

typedef struct bundle {
    uint64_t number;
    svms_bundle_entry entry[SVMS_TILE_WIDTH];
    svms_keep_facts facts[SVMS_TILE_WIDTH];
    bool is_old;
    bool is_undated; /* as old as the one behind it */
    int64_t latest_utc_ns;
    uint32_t kept;
} bundle;

/* Bundles that go, from the first that is there. */
typedef struct selection {
    uint64_t at;   /* the next one to look at */
    uint64_t end;  /* behind the last one that goes */
    uint64_t kept; /* records of these that stay */
    uint64_t kept_undecided;
    bool is_blocked; /* by the journal */
} selection;

static svms_status load(svms_keep *keep, uint64_t number, bundle *out, svms_error *err)
{
    const svms_tile tile = { SVMS_TILE_ENTRIES, number, SVMS_TILE_WIDTH };
    char path[SVMS_TILE_PATH_MAX];
    svms_error why = SVMS_ERROR_INIT;
    svms_tile_path(&tile, path);
    out->number = number;
    svms_status status = svms_log_read_file(keep->log->folder, path, &keep->bytes, &why);
    if (svms_log_is_missing(status, &why)) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "records %" PRIu64 " to %" PRIu64 " are missing", number * SVMS_TILE_WIDTH,
                         number * SVMS_TILE_WIDTH + SVMS_TILE_WIDTH - 1);
    }
    if (status != SVMS_OK) {
        return svms_fail_as(err, status, &why);
    }
    status =
        svms_bundle_parse(keep->bytes.data, keep->bytes.size, SVMS_TILE_WIDTH, out->entry, &why);
    if (status != SVMS_OK) {
        return svms_fail(err, SVMS_E_MALFORMED, "\"%s\": %s", path, why.message);
    }
    status = svms_keep_load_tile(keep, number, err);
    for (uint32_t i = 0; i < SVMS_TILE_WIDTH && status == SVMS_OK; i++) {
        status = svms_keep_compare(keep, number, i, out->entry[i].record, out->entry[i].size, err);
        if (status == SVMS_OK) {
            status = svms_keep_judge(keep->log->ctx, out->entry[i].record, out->entry[i].size,
                                     &out->facts[i], err);
        }
    }
    return status;
}

/* How old it is, as A-RET-4 says. */
static void weigh(const svms_keep *keep, bundle *it)
{
    uint64_t first = it->number * SVMS_TILE_WIDTH;
    bool has_time = false;
    it->latest_utc_ns = SVMS_NO_TIME;
    for (uint32_t i = 0; i < SVMS_TILE_WIDTH; i++) {
        if (it->facts[i].has_time && first + i >= keep->options.attested_size) {
            has_time = true;
            if (it->facts[i].at_utc_ns > it->latest_utc_ns) {
                it->latest_utc_ns = it->facts[i].at_utc_ns;
            }
        }
    }
    bool is_attested = first + SVMS_TILE_WIDTH <= keep->options.attested_size;
    it->is_old = has_time ? it->latest_utc_ns < keep->options.before_utc_ns : is_attested;
    it->is_undated = !has_time && !is_attested;
}

static svms_status choose_what_stays(svms_keep *keep, bundle *it, svms_error *err)
{
    bool held[SVMS_TILE_WIDTH];
    svms_holds_mark(&keep->holds, keep->now_utc_ns, it->number, held);
    svms_builder_reset(&keep->stays);
    it->kept = 0;
    for (uint32_t i = 0; i < SVMS_TILE_WIDTH; i++) {
        if (svms_keep_stays(keep, it->number * SVMS_TILE_WIDTH + i, &it->facts[i], held[i])) {
            svms_put_kept(&keep->stays, i, it->entry[i].record, it->entry[i].size);
            it->kept++;
        }
    }
    return svms_builder_check(&keep->stays, "what stays", err);
}

/* A file, whether it is there or not. */
static svms_status remove_file(const svms_folder *folder, const char *path, svms_error *err)
{
    int os_error = 0;
    svms_status status = folder->remove(folder->user, path, &os_error);
    return status == SVMS_E_IO && os_error == ENOENT
               ? SVMS_OK
               : svms_log_io(status, os_error, "remove", path, err);
}

/* Not durable yet: above "minimum" it counts for nothing. */
static svms_status put_kept_file(const svms_keep *keep, const bundle *it, svms_error *err)
{
    char path[SVMS_TILE_PATH_MAX];
    svms_kept_path(it->number, path);
    return it->kept > 0 ? svms_log_put_file(keep->log->folder, path, keep->stays.data,
                                            keep->stays.size, false, err)
                        : remove_file(keep->log->folder, path, err);
}

static svms_status take_bundle(svms_keep *keep, bundle *it, selection *chosen, svms_error *err)
{
    svms_status status = choose_what_stays(keep, it, err);
    if (status == SVMS_OK && !keep->options.is_trial) {
        status = put_kept_file(keep, it, err);
    }
    chosen->kept_undecided += it->kept;
    if (it->is_old) {
        chosen->end = it->number + 1;
        chosen->kept += chosen->kept_undecided;
        chosen->kept_undecided = 0;
    }
    return status;
}

/* Up to the first bundle that is too young, or that the journal has. */
static svms_status choose(svms_keep *keep, bundle *it, uint64_t limit, uint64_t published,
                          selection *chosen, svms_error *err)
{
    svms_status status = SVMS_OK;
    chosen->is_blocked = false;
    while (status == SVMS_OK && (chosen->at + 1) * SVMS_TILE_WIDTH <= published) {
        status = load(keep, chosen->at, it, err);
        if (status != SVMS_OK) {
            return status;
        }
        weigh(keep, it);
        if (!it->is_old && !it->is_undated) {
            keep->result.stopped_utc_ns = it->latest_utc_ns;
            return SVMS_OK;
        }
        if ((chosen->at + 1) * SVMS_TILE_WIDTH > limit) {
            chosen->is_blocked = it->is_old;
            return SVMS_OK;
        }
        status = take_bundle(keep, it, chosen, err);
        chosen->at++;
    }
    return status;
}

/* As far as the journal lets it, which gives more free as long as it can. */
static svms_status choose_all(svms_keep *keep, bundle *it, selection *chosen, svms_error *err)
{
    svms_audit_head head = SVMS_AUDIT_HEAD_INIT;
    uint64_t limit = 0;
    uint64_t before;
    svms_status status = svms_audit_log_head(keep->log, &head, err);
    if (status == SVMS_OK) {
        status = svms_keep_journal_begins(keep, &limit, err);
    }
    do {
        before = limit;
        if (status == SVMS_OK) {
            status = choose(keep, it, limit, head.published, chosen, err);
        }
        if (status != SVMS_OK || !chosen->is_blocked || keep->options.is_trial) {
            return status;
        }
        status = svms_keep_free_journal(keep, (chosen->at + 1) * SVMS_TILE_WIDTH, err);
        if (status == SVMS_OK) {
            status = svms_keep_journal_begins(keep, &limit, err);
        }
    } while (status == SVMS_OK && limit > before);
    return status;
}

static svms_status sync(const svms_keep *keep, svms_error *err)
{
    int os_error = 0;
    svms_status status = keep->log->folder->sync(keep->log->folder->user, &os_error);
    return svms_log_io(status, os_error, "sync", ".", err);
}

static svms_status put_minimum(const svms_keep *keep, svms_error *err)
{
    svms_builder text = svms_builder_new(keep->log->ctx, 2 * (size_t)SVMS_TILE_PATH_MAX);
    svms_put_log_minimum(&text, &keep->minimum);
    svms_status status = svms_builder_check(&text, "a number", err);
    if (status == SVMS_OK) {
        status = svms_log_put_file(keep->log->folder, "minimum", text.data, text.size, true, err);
    }
    svms_builder_clear(&text);
    return status;
}

typedef struct partials {
    const svms_folder *folder;
    char front[SVMS_TILE_PATH_MAX];
    svms_error *err;
} partials;

static svms_status remove_partial(void *user, const char *name)
{
    const partials *at = user;
    char path[2 * SVMS_TILE_PATH_MAX];
    snprintf(path, sizeof path, "%s/%.16s", at->front, name);
    return remove_file(at->folder, path, at->err);
}

static svms_status remove_bundle(const svms_folder *folder, uint64_t number, svms_error *err)
{
    const svms_tile tile = { SVMS_TILE_ENTRIES, number, SVMS_TILE_WIDTH };
    partials parts = { folder, "", err };
    char path[SVMS_TILE_PATH_MAX];
    int os_error = 0;
    svms_tile_path(&tile, path);
    svms_status status = remove_file(folder, path, err);
    if (status != SVMS_OK) {
        return status;
    }
    snprintf(parts.front, sizeof parts.front, "%.60s.p", path);
    status = folder->list(folder->user, parts.front, remove_partial, &parts, &os_error);
    if (status != SVMS_OK) {
        return os_error != 0 ? svms_log_io(status, os_error, "look into", parts.front, err)
                             : status;
    }
    return remove_file(folder, parts.front, err);
}

svms_status svms_keep_clear(svms_keep *keep, svms_error *err)
{
    uint64_t end = keep->minimum.first / SVMS_TILE_WIDTH;
    svms_status status = SVMS_OK;
    if (keep->minimum.cleared == keep->minimum.first) {
        return SVMS_OK;
    }
    for (uint64_t number = keep->minimum.cleared / SVMS_TILE_WIDTH;
         number < end && status == SVMS_OK; number++) {
        status = remove_bundle(keep->log->folder, number, err);
    }
    if (status == SVMS_OK) {
        status = sync(keep, err);
    }
    if (status == SVMS_OK) {
        keep->minimum.cleared = keep->minimum.first;
        status = put_minimum(keep, err);
    }
    return status;
}

static svms_status carry_out(svms_keep *keep, const selection *chosen, svms_error *err)
{
    uint64_t first = keep->minimum.first;
    svms_status status = sync(keep, err);
    if (status == SVMS_OK) {
        status =
            svms_keep_announce(keep, first, chosen->end * SVMS_TILE_WIDTH - 1, chosen->kept, err);
    }
    if (status == SVMS_OK) {
        keep->minimum.first = chosen->end * SVMS_TILE_WIDTH;
        status = put_minimum(keep, err);
    }
    return status == SVMS_OK ? svms_keep_clear(keep, err) : status;
}

svms_status svms_keep_prune_bundles(svms_keep *keep, svms_error *err)
{
    uint64_t begin = keep->minimum.first / SVMS_TILE_WIDTH;
    selection chosen = { .at = begin, .end = begin };
    bundle *it = svms_alloc(keep->log->ctx, sizeof *it);
    svms_status status = it ? choose_all(keep, it, &chosen, err) : svms_fail_memory(err);
    svms_release(keep->log->ctx, it);
    if (status == SVMS_OK && chosen.end > begin && !keep->options.is_trial) {
        status = carry_out(keep, &chosen, err);
    }
    keep->result.is_waiting = chosen.is_blocked ? 1 : 0;
    keep->result.minimum = chosen.end * SVMS_TILE_WIDTH;
    keep->result.kept = chosen.kept;
    keep->result.removed = (chosen.end - begin) * SVMS_TILE_WIDTH - chosen.kept;
    return status;
}
