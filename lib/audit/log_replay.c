/* SPDX-License-Identifier: Apache-2.0 */
#include "log_replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "journal_files.h"
#include "log_aside.h"

/* A checkpoint that somebody has seen: the tree must have been just so. */
typedef struct known {
    const char *name;
    bool is_there;
    bool is_met;
    svms_tree_head head;
} known;

typedef struct replay {
    svms_audit_log *log;
    known known[2];
    svms_builder bytes;
    uint64_t offset; /* in the segment */
} replay;

static svms_status read_known(const replay *at, known *out, svms_error *err)
{
    svms_checkpoint checkpoint;
    svms_error why = SVMS_ERROR_INIT;
    svms_builder bytes = svms_builder_new(at->log->ctx, SVMS_NOTE_MAX);
    svms_status status = svms_log_read_file(at->log->folder, out->name, &bytes, &why);
    if (svms_log_is_missing(status, &why)) {
        svms_builder_clear(&bytes);
        return SVMS_OK;
    }
    if (status == SVMS_OK) {
        status = svms_epochs_check(&at->log->epochs, bytes.data, bytes.size, &checkpoint, &why);
    }
    svms_builder_clear(&bytes);
    if (status != SVMS_OK) {
        return svms_fail(err, status, "\"%s\": %s", out->name, why.message);
    }
    out->is_there = true;
    out->head = checkpoint.head;
    return SVMS_OK;
}

/* The tree has that head. */
static svms_status meet(replay *at, const svms_tree_head *head, svms_error *err)
{
    for (size_t i = 0; i < sizeof at->known / sizeof at->known[0]; i++) {
        known *seen = &at->known[i];
        if (!seen->is_there || seen->head.size != head->size) {
            continue;
        }
        if (memcmp(seen->head.root, head->root, sizeof head->root) != 0) {
            return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                             "the first %" PRIu64 " records are not those of \"%s\"", head->size,
                             seen->name);
        }
        seen->is_met = true;
    }
    return svms_epochs_agree(&at->log->epochs, head, err);
}

static svms_status meet_at_end(const replay *at, svms_error *err)
{
    const svms_audit_log *log = at->log;
    uint64_t handed_over = log->epochs.epoch[log->epochs.count - 1].from.size;
    for (size_t i = 0; i < sizeof at->known / sizeof at->known[0]; i++) {
        const known *seen = &at->known[i];
        if (!seen->is_there || seen->is_met) {
            continue;
        }
        if (seen->head.size > log->tree.size) {
            return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                             "records %" PRIu64 " to %" PRIu64 " are missing: \"%s\" has them",
                             log->tree.size, seen->head.size - 1, seen->name);
        }
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the log never had the %" PRIu64 " records of \"%s\"", seen->head.size,
                         seen->name);
    }
    if (handed_over > log->tree.size) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "records %" PRIu64 " to %" PRIu64 " are missing: a handover has them",
                         log->tree.size, handed_over - 1);
    }
    return SVMS_OK;
}

static svms_status read_bytes(replay *at, uint64_t offset, size_t size, size_t *got,
                              svms_error *err)
{
    const svms_store *journal = &at->log->journal;
    int os_error = 0;
    svms_status status = svms_log_make_room(&at->bytes, size, "a part of the journal", err);
    if (status == SVMS_OK) {
        status = journal->read_at(journal->user, offset, at->bytes.data, size, got, &os_error);
        status = svms_log_io(status, os_error, "read", "journal", err);
    }
    return status;
}

/* A-EPO-3: what stands before a handover is not for a later key to say. The last one that the tiles
 * cover speaks for those before it, which it follows from. */
static svms_status meet_handover(const replay *at, const svms_tree_source *source, uint64_t size,
                                 svms_error *err)
{
    const svms_epochs *epochs = &at->log->epochs;
    size_t i = epochs->count;
    while (i > 1 && epochs->epoch[i - 1].from.size > size) {
        i--;
    }
    svms_tree_head then = { epochs->epoch[i - 1].from.size, { 0 } };
    svms_status status = svms_tree_root_at(source, then.size, then.root, err);
    return status == SVMS_OK ? svms_epochs_agree(epochs, &then, err) : status;
}

/* Of a tree that begins where the journal does: what stands before is in tiles. */
static svms_status begin_tree(replay *at, const svms_tree_head *head, svms_error *err)
{
    svms_audit_log *log = at->log;
    svms_log_tiles tiles;
    svms_tree_head found = { head->size, { 0 } };
    svms_log_tiles_init(&tiles, log->ctx, log->folder, log->hasher, head->size);
    svms_tree_source source = svms_log_tiles_source(&tiles);
    svms_status status = svms_tree_edge_at(&source, head->size, &log->tree, err);
    if (status == SVMS_OK) {
        status = svms_tree_root(&log->tree, log->hasher, found.root, err);
    }
    if (status == SVMS_OK && memcmp(found.root, head->root, sizeof found.root) != 0) {
        status = svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                           "the tiles are not those of the records before the journal");
    }
    if (status == SVMS_OK) {
        status = meet_handover(at, &source, head->size, err);
    }
    for (size_t i = 0; i < 2 && status == SVMS_OK; i++) {
        known *seen = &at->known[i];
        if (seen->is_there && seen->head.size < head->size) {
            svms_tree_head then = { seen->head.size, { 0 } };
            status = svms_tree_root_at(&source, then.size, then.root, err);
            status = status == SVMS_OK ? meet(at, &then, err) : status;
        }
    }
    svms_log_tiles_clear(&tiles);
    if (status == SVMS_OK) {
        status = meet(at, head, err);
    }
    return status == SVMS_OK ? svms_log_publisher_resume(log, head->size, err) : status;
}

static svms_status continue_tree(const replay *at, const svms_tree_head *head, svms_error *err)
{
    const svms_audit_log *log = at->log;
    svms_tree_head found = { log->tree.size, { 0 } };
    svms_status status = svms_tree_root(&log->tree, log->hasher, found.root, err);
    if (status == SVMS_OK &&
        (found.size != head->size || memcmp(found.root, head->root, sizeof found.root) != 0)) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the journal goes on behind record %" PRIu64 ", and ends at %" PRIu64,
                         head->size, found.size);
    }
    return status;
}

static svms_status replay_records(replay *at, svms_journal_group *group, svms_error *err)
{
    svms_audit_log *log = at->log;
    svms_bundle_entry entry;
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && svms_journal_next_record(group, &entry)) {
        uint8_t leaf[SVMS_DIGEST_SIZE];
        status = svms_tree_leaf(log->hasher, entry.record, entry.size, leaf, err);
        if (status == SVMS_OK) {
            status = svms_tree_add(&log->tree, log->hasher, leaf, err);
        }
        if (status == SVMS_OK) {
            svms_put_bundle_entry(&log->backlog.records, entry.record, entry.size);
            svms_put_bytes(&log->backlog.leaves, leaf, sizeof leaf);
            status = svms_builder_check(&log->backlog.records, "the journal", err);
        }
        if (status == SVMS_OK) {
            status = svms_builder_check(&log->backlog.leaves, "the journal", err);
        }
    }
    return status;
}

/* A key is handed over between groups: one that goes over such a place was not written by the key
 * that it should have been. */
static svms_status end_at_handovers(const svms_epochs *epochs, const svms_journal_group *group,
                                    svms_error *err)
{
    for (size_t i = epochs->count; i > 0 && epochs->epoch[i - 1].from.size > group->first; i--) {
        uint64_t handed_over = epochs->epoch[i - 1].from.size;
        if (handed_over - group->first < group->count) {
            return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                             "records from %" PRIu64 " on were signed by a later key than theirs",
                             group->first);
        }
    }
    return SVMS_OK;
}

/* A whole group: what it says must be so. */
static svms_status replay_group(replay *at, svms_journal_group *group, svms_error *err)
{
    svms_audit_log *log = at->log;
    svms_checkpoint checkpoint;
    svms_tree_head head;
    if (group->first != log->tree.size) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "behind record %" PRIu64 " the journal goes on with record %" PRIu64,
                         log->tree.size, group->first);
    }
    svms_status status = end_at_handovers(&log->epochs, group, err);
    if (status == SVMS_OK) {
        status = svms_epochs_check(&log->epochs, group->note, group->note_size, &checkpoint, err);
    }
    if (status == SVMS_OK) {
        status = replay_records(at, group, err);
    }
    head.size = log->tree.size;
    if (status == SVMS_OK) {
        status = svms_tree_root(&log->tree, log->hasher, head.root, err);
    }
    if (status == SVMS_OK && (checkpoint.head.size != head.size ||
                              memcmp(checkpoint.head.root, head.root, sizeof head.root) != 0)) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the records up to %" PRIu64 " are not those that were signed", head.size);
    }
    if (status == SVMS_OK) {
        memcpy(log->backlog.note, group->note, group->note_size);
        log->backlog.note_size = group->note_size;
        log->head = head;
        status = meet(at, &head, err);
    }
    return status;
}

static bool is_damage(svms_status status)
{
    return status == SVMS_E_TRUNCATED || status == SVMS_E_MALFORMED;
}

/* The group at the offset. SVMS_END: there is nothing more; is_damage(): it is not whole. */
static svms_status read_group(replay *at, svms_journal_group *group, svms_error *err)
{
    size_t got = 0;
    svms_status status = read_bytes(at, at->offset, SVMS_JOURNAL_FRAME_SIZE, &got, err);
    if (status != SVMS_OK || got == 0) {
        return status == SVMS_OK ? SVMS_END : status;
    }
    svms_cursor frame = svms_cursor_over(at->bytes.data, got, 0);
    uint32_t size = svms_read_u32(&frame);
    if (frame.failed || size > SVMS_JOURNAL_GROUP_MAX) {
        return svms_fail(err, SVMS_E_MALFORMED, "a group of the journal is damaged");
    }
    status = read_bytes(at, at->offset, SVMS_JOURNAL_FRAME_SIZE + size, &got, err);
    return status == SVMS_OK ? svms_journal_group_parse(group, at->bytes.data, got, err) : status;
}

static svms_status put_aside(const replay *at, const uint8_t sha256[SVMS_DIGEST_SIZE],
                             svms_error *err)
{
    const svms_audit_log *log = at->log;
    char name[SVMS_LOG_ASIDE_NAME_SIZE];
    int os_error = 0;
    svms_log_aside_name(log->tree.size, sha256, name);
    svms_status status =
        svms_log_put_file(log->folder, name, at->bytes.data, at->bytes.size, true, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = log->journal.cut(log->journal.user, at->offset, &os_error);
    if (status == SVMS_OK) {
        status = log->journal.sync(log->journal.user, &os_error);
    }
    return svms_log_io(status, os_error, "cut", "journal", err);
}

static svms_status quarantine(replay *at, svms_error *err)
{
    uint8_t sha256[SVMS_DIGEST_SIZE];
    const svms_audit_log *log = at->log;
    uint64_t end = 0;
    size_t got = 0;
    int os_error = 0;
    svms_status status = log->journal.get_size(log->journal.user, &end, &os_error);
    status = svms_log_io(status, os_error, "read", "journal", err);
    if (status == SVMS_OK && end - at->offset > at->bytes.maximum) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "the journal is damaged behind record %" PRIu64,
                         log->tree.size);
    }
    if (status == SVMS_OK) {
        status = read_bytes(at, at->offset, (size_t)(end - at->offset), &got, err);
    }
    if (status == SVMS_OK && svms_journal_has_group(at->bytes.data, got, log->tree.size)) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "records behind number %" PRIu64 " were acknowledged, and are damaged",
                         log->tree.size);
    }
    if (status == SVMS_OK) {
        const svms_iovec run = { at->bytes.data, got };
        status = svms_sha256(log->ctx, &run, 1, sha256, err);
    }
    return status == SVMS_OK ? put_aside(at, sha256, err) : status;
}

static svms_status replay_groups(replay *at, bool is_last, svms_error *err)
{
    svms_journal_group group = { .first = 0 };
    for (;;) {
        svms_error why = SVMS_ERROR_INIT;
        svms_status status = read_group(at, &group, &why);
        if (status == SVMS_END) {
            return SVMS_OK;
        }
        if (is_damage(status) && is_last) {
            return quarantine(at, err);
        }
        if (status != SVMS_OK) {
            return is_damage(status) ? svms_fail(err, SVMS_E_NOT_AUTHENTIC, "%s", why.message)
                                     : svms_fail_as(err, status, &why);
        }
        status = replay_group(at, &group, err);
        if (status == SVMS_OK && at->log->backlog.records.size > SVMS_LOG_BACKLOG_BYTES) {
            /* Tiles only: the checkpoint that is there stays until the end was compared with it. */
            at->log->backlog.note_size = 0;
            status = svms_log_publish(at->log, err);
        }
        if (status != SVMS_OK) {
            return status;
        }
        at->offset += group.whole_size;
    }
}

static svms_status replay_segment(replay *at, uint64_t first, bool is_first, bool is_last,
                                  svms_error *err)
{
    svms_audit_log *log = at->log;
    char name[SVMS_JOURNAL_NAME_SIZE];
    svms_tree_head head;
    size_t got = 0;
    int os_error = 0;
    svms_journal_name(first, name);
    svms_store_close(&log->journal);
    svms_status status = log->folder->open(log->folder->user, name, &log->journal, &os_error);
    status = svms_log_io(status, os_error, "open", name, err);
    if (status == SVMS_OK) {
        status = read_bytes(at, 0, SVMS_JOURNAL_HEAD_SIZE, &got, err);
    }
    if (status == SVMS_OK) {
        status = svms_journal_head_parse(&head, at->bytes.data, got, err);
    }
    if (status == SVMS_OK && head.size != first) {
        status = svms_fail(err, SVMS_E_NOT_AUTHENTIC, "\"%s\" has the head of another", name);
    }
    if (status == SVMS_OK) {
        status = is_first ? begin_tree(at, &head, err) : continue_tree(at, &head, err);
    }
    if (status == SVMS_OK) {
        at->offset = SVMS_JOURNAL_HEAD_SIZE;
        status = replay_groups(at, is_last, err);
    }
    log->journal_size = at->offset;
    log->segment = first;
    return status;
}

/* A segment whose head a crash cut off never had a record. */
static svms_status drop_unbegun(const svms_audit_log *log, svms_journal_segments *found,
                                svms_error *err)
{
    svms_store store = SVMS_STORE_INIT;
    char name[SVMS_JOURNAL_NAME_SIZE];
    uint64_t size = 0;
    int os_error = 0;
    if (found->count == 0) {
        return SVMS_OK;
    }
    svms_journal_name(found->first[found->count - 1], name);
    svms_status status = log->folder->open(log->folder->user, name, &store, &os_error);
    if (status == SVMS_OK) {
        status = store.get_size(store.user, &size, &os_error);
    }
    svms_store_close(&store);
    if (status == SVMS_OK && size < SVMS_JOURNAL_HEAD_SIZE) {
        found->count--;
        status = log->folder->remove(log->folder->user, name, &os_error);
    }
    return svms_log_io(status, os_error, "open", name, err);
}

static svms_status replay_all(replay *at, svms_journal_segments *found, svms_error *err)
{
    svms_audit_log *log = at->log;
    svms_status status = svms_journal_list(log->folder, found, err);
    if (status == SVMS_OK) {
        status = drop_unbegun(log, found, err);
    }
    for (size_t i = 0; i < 2 && status == SVMS_OK; i++) {
        status = read_known(at, &at->known[i], err);
    }
    if (status == SVMS_OK && found->count == 0) {
        svms_tree_reset(&log->tree);
        status = svms_log_begin_segment(log, err);
    }
    for (size_t i = 0; i < found->count && status == SVMS_OK; i++) {
        status = replay_segment(at, found->first[i], i == 0, i + 1 == found->count, err);
    }
    return status == SVMS_OK ? meet_at_end(at, err) : status;
}

svms_status svms_log_replay(svms_audit_log *log, svms_error *err)
{
    replay at = { .log = log,
                  .known = { { .name = "checkpoint" }, { .name = "witnessed" } },
                  .bytes = svms_builder_new(log->ctx, 4 * (size_t)SVMS_JOURNAL_GROUP_MAX) };
    svms_journal_segments *found = svms_alloc(log->ctx, sizeof *found);
    svms_status status = found ? replay_all(&at, found, err) : svms_fail_memory(err);
    svms_release(log->ctx, found);
    svms_builder_clear(&at.bytes);
    return status;
}

svms_status svms_log_begin_segment(svms_audit_log *log, svms_error *err)
{
    svms_store store = SVMS_STORE_INIT;
    svms_tree_head head = { log->tree.size, { 0 } };
    svms_builder bytes = svms_builder_new(log->ctx, SVMS_JOURNAL_HEAD_SIZE);
    char name[SVMS_JOURNAL_NAME_SIZE];
    int os_error = 0;
    svms_journal_name(head.size, name);
    svms_status status = svms_tree_root(&log->tree, log->hasher, head.root, err);
    if (status == SVMS_OK) {
        svms_put_journal_head(&bytes, &head);
        status = svms_builder_check(&bytes, "a head", err);
    }
    if (status != SVMS_OK) {
        svms_builder_clear(&bytes);
        return status;
    }
    status = log->folder->create(log->folder->user, name, &store, &os_error);
    if (status == SVMS_OK) {
        status = store.write_at(store.user, 0, bytes.data, bytes.size, &os_error);
    }
    if (status == SVMS_OK) {
        status = store.sync(store.user, &os_error);
    }
    svms_builder_clear(&bytes);
    if (status != SVMS_OK) {
        svms_store_close(&store);
        log->has_stray = true;
        log->stray = head.size;
        return svms_log_io(status, os_error, "begin", name, err);
    }
    svms_store_close(&log->journal);
    log->journal = store;
    log->segment = head.size;
    log->journal_size = SVMS_JOURNAL_HEAD_SIZE;
    return SVMS_OK;
}

/* The journal goes on in the segment before: one that was begun must not stand behind it. */
svms_status svms_log_drop_stray(svms_audit_log *log, svms_error *err)
{
    const svms_folder *folder = log->folder;
    char name[SVMS_JOURNAL_NAME_SIZE];
    int os_error = 0;
    if (!log->has_stray) {
        return SVMS_OK;
    }
    svms_journal_name(log->stray, name);
    svms_status status = folder->remove(folder->user, name, &os_error);
    if (status == SVMS_OK || (status == SVMS_E_IO && os_error == ENOENT)) {
        status = folder->sync(folder->user, &os_error);
    }
    log->has_stray = status != SVMS_OK;
    return svms_log_io(status, os_error, "take back", name, err);
}

svms_status svms_log_drop_limit(svms_audit_log *log, uint64_t *out, svms_error *err)
{
    svms_audit_head head = SVMS_AUDIT_HEAD_INIT;
    svms_status status = svms_audit_log_head(log, &head, err);
    svms_log_lead(log);
    uint64_t full = head.published - head.published % SVMS_TILE_WIDTH;
    *out = full < log->segment ? full : log->segment;
    svms_log_follow(log);
    return status;
}

svms_status svms_log_drop_segments(svms_audit_log *log, svms_error *err)
{
    svms_journal_segments *found = svms_alloc(log->ctx, sizeof *found);
    uint64_t limit = 0;
    int os_error = 0;
    bool is_synced = false;
    svms_status status = found ? svms_log_drop_limit(log, &limit, err) : svms_fail_memory(err);
    if (status == SVMS_OK) {
        status = svms_journal_list(log->folder, found, err);
    }
    for (size_t i = 0; status == SVMS_OK && i + 1 < found->count && found->first[i + 1] <= limit;
         i++) {
        char name[SVMS_JOURNAL_NAME_SIZE];
        svms_journal_name(found->first[i], name);
        if (!is_synced) {
            status = log->folder->sync(log->folder->user, &os_error);
            is_synced = true;
        }
        if (status == SVMS_OK) {
            status = log->folder->remove(log->folder->user, name, &os_error);
        }
        if (status == SVMS_E_IO && os_error == ENOENT) {
            /* Somebody else, at the same time. */
            status = SVMS_OK;
        }
        status = svms_log_io(status, os_error, "drop", name, err);
    }
    svms_release(log->ctx, found);
    return status;
}
