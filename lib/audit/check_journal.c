/* SPDX-License-Identifier: Apache-2.0 */
/* The journal: its groups continue the tree of the tiles, each up to a checkpoint that is signed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "failure.h"
#include "log_leaves.h"

#define SEGMENTS_MAX 4096u

typedef struct segments {
    uint64_t first[SEGMENTS_MAX];
    size_t count;
} segments;

typedef struct journal {
    svms_check *check;
    svms_tree tree;
    svms_builder bytes;
    svms_builder leaves; /* of a group */
    svms_store store;
    char name[SVMS_JOURNAL_NAME_SIZE];
    uint64_t offset;
    bool has_ended; /* what lies behind cannot be judged */
} journal;

static svms_status note_segment(void *user, const char *name)
{
    segments *found = user;
    uint64_t number;
    if (svms_journal_number(name, &number) && found->count < SEGMENTS_MAX) {
        found->first[found->count++] = number;
    }
    return SVMS_OK;
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static svms_status list_segments(svms_check *at, segments *out, svms_error *err)
{
    int os_error = 0;
    out->count = 0;
    svms_status status =
        at->folder->list(at->folder->user, "journal", note_segment, out, &os_error);
    qsort(out->first, out->count, sizeof out->first[0], compare_numbers);
    if (status == SVMS_E_IO) {
        out->count = 0;
        at->lacks_journal = true;
        return svms_check_tell(at, SVMS_AUDIT_FLAW_UNREADABLE, SVMS_NO_RECORD, 0,
                               "the log cannot look into \"journal\"");
    }
    return svms_log_io(status, os_error, "look into", "journal", err);
}

svms_status svms_check_journal_begin(svms_check *at, svms_error *err)
{
    segments *found = svms_alloc(at->ctx, sizeof *found);
    svms_status status = found ? list_segments(at, found, err) : svms_fail_memory(err);
    if (status == SVMS_OK && found->count > 0) {
        at->has_journal = true;
        at->journal_first = found->first[0];
    }
    svms_release(at->ctx, found);
    return status;
}

static svms_status tell(journal *at, svms_audit_flaw flaw, const char *what)
{
    svms_check *check = at->check;
    /* What is in tiles, too, is judged there. */
    if (flaw == SVMS_AUDIT_FLAW_JOURNAL && at->tree.size >= check->trunk.size) {
        svms_check_wrong_from(check, at->tree.size);
    }
    at->has_ended = true;
    return svms_check_tell(check, flaw, at->tree.size, 0, "\"%s\" behind record %" PRIu64 ": %s",
                           at->name, at->tree.size, what);
}

/* A part of the segment at hand; SVMS_OK with got 0 and has_ended where it cannot be read. */
static svms_status read_part(journal *at, uint64_t offset, size_t size, size_t *got,
                             svms_error *err)
{
    int os_error = 0;
    *got = 0;
    svms_status status = svms_log_make_room(&at->bytes, size, "a part of the journal", err);
    if (status != SVMS_OK) {
        return status;
    }
    status = at->store.read_at(at->store.user, offset, at->bytes.data, size, got, &os_error);
    if (svms_check_is_fatal(status)) {
        return svms_fail(err, status, "the journal cannot be read");
    }
    return status == SVMS_OK ? SVMS_OK : tell(at, SVMS_AUDIT_FLAW_UNREADABLE, "cannot be read");
}

/* The tree at the end of a group, against all that is known of that size. */
static svms_status meet(journal *at, uint64_t first, const svms_checkpoint *signed_head,
                        svms_error *err)
{
    svms_check *check = at->check;
    uint8_t root[SVMS_DIGEST_SIZE];
    svms_status status = svms_tree_root(&at->tree, check->hasher, root, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (signed_head->head.size != at->tree.size ||
        memcmp(signed_head->head.root, root, sizeof root) != 0) {
        return tell(at, SVMS_AUDIT_FLAW_JOURNAL, "its records are not those that were signed");
    }
    if (!svms_check_keeps_epochs(check, first, &signed_head->head)) {
        return tell(at, SVMS_AUDIT_FLAW_JOURNAL, "a handover names another root");
    }
    if (check->is_signed && at->tree.size == check->trunk.size &&
        memcmp(check->trunk.root, root, sizeof root) != 0) {
        return tell(at, SVMS_AUDIT_FLAW_JOURNAL, "the checkpoint in tiles has another root");
    }
    if (at->tree.size > check->trunk.size) {
        status = svms_check_anchors(check, &at->tree, NULL, 0, err);
        check->report.size = at->tree.size;
        memcpy(check->report.root, root, sizeof root);
    }
    return status;
}

/* Beyond what tiles have, the records count. */
static svms_status note_records(journal *at, const svms_journal_group *group, svms_error *err)
{
    svms_check *check = at->check;
    svms_journal_group walk = *group;
    svms_bundle_entry entry = { NULL, 0 };
    svms_record_front front = { 0 };
    uint64_t index = group->first;
    svms_status status = SVMS_OK;
    for (; svms_journal_next_record(&walk, &entry) && status == SVMS_OK; index++) {
        if (index >= check->trunk.size) {
            check->report.checked++;
            status = svms_record_front_read(&front, entry.record, entry.size)
                         ? svms_check_look(check, index, &front, entry.record, entry.size, err)
                         : SVMS_OK;
        }
    }
    if (status == SVMS_OK && entry.record) {
        status =
            svms_check_time_of(check, entry.record, entry.size, &check->last_right_utc_ns, err);
    }
    return status;
}

/* Behind what this began with the log may have a later key. */
static svms_status check_note(journal *at, const svms_journal_group *group, svms_checkpoint *out,
                              svms_error *why)
{
    svms_check *check = at->check;
    svms_tree_head head = { at->tree.size, { 0 } };
    bool has_more = false;
    svms_status status = svms_epochs_check(&check->epochs, group->note, group->note_size, out, why);
    bool may_be_later =
        status == SVMS_E_NOT_AUTHENTIC && group->first >= check->trunk.size && !check->lacks_epochs;
    if (!may_be_later) {
        return status;
    }
    svms_error ignored = SVMS_ERROR_INIT;
    svms_status found = svms_tree_root(&at->tree, check->hasher, head.root, &ignored);
    if (found == SVMS_OK) {
        found = svms_check_later_epochs(check, &head, &has_more, &ignored);
    }
    if (found != SVMS_OK) {
        *why = ignored;
        return found;
    }
    return has_more ? svms_epochs_check(&check->epochs, group->note, group->note_size, out, why)
                    : status;
}

/* The tree grows by the records of a group, which was parsed. */
static svms_status grow(journal *at, const svms_journal_group *group, svms_error *err)
{
    svms_check *check = at->check;
    const svms_cursor *records = &group->records;
    svms_log_hashing hashing;
    uint32_t crc = 0;
    svms_status status =
        svms_log_make_room(&at->leaves, (size_t)group->count * SVMS_DIGEST_SIZE, "a group", err);
    if (status != SVMS_OK) {
        return status;
    }
    const svms_log_run run = { records->data, records->size, group->count, at->leaves.data };
    status = svms_log_hashing_begin(&hashing, check->ctx, &run, group->first,
                                    records->size >= SVMS_LOG_LARGE_BYTES, err);
    return status == SVMS_OK ? svms_log_hashing_end(&hashing, check->hasher, &at->tree, &crc, err)
                             : status;
}

static svms_status check_group(journal *at, svms_journal_group *group, svms_error *err)
{
    svms_check *check = at->check;
    svms_checkpoint signed_head;
    svms_error why = SVMS_ERROR_INIT;
    if (group->first != at->tree.size) {
        return tell(at, SVMS_AUDIT_FLAW_JOURNAL, "it goes on with another record");
    }
    svms_status status = check_note(at, group, &signed_head, &why);
    if (status == SVMS_END) {
        return status;
    }
    if (svms_check_is_fatal(status) && status != SVMS_E_UNSUPPORTED) {
        return svms_fail_as(err, status, &why);
    }
    if (status != SVMS_OK) {
        return tell(at, check->lacks_epochs ? SVMS_AUDIT_FLAW_UNREADABLE : SVMS_AUDIT_FLAW_JOURNAL,
                    why.message);
    }
    svms_tree before = at->tree;
    status = grow(at, group, err);
    if (status == SVMS_OK) {
        status = meet(at, group->first, &signed_head, err);
    }
    if (at->has_ended) {
        at->tree = before;
        svms_check_wrong_from(check, before.size);
        return status;
    }
    return status == SVMS_OK ? note_records(at, group, err) : status;
}

static bool is_damage(svms_status status)
{
    return status == SVMS_E_TRUNCATED || status == SVMS_E_MALFORMED;
}

/* A group that is not whole is where the journal ends. That is no fault where a crash can have left
 * it: in the last segment, and behind all that somebody has seen. */
static svms_status end_at_damage(journal *at, bool is_last, const char *why)
{
    const svms_check *check = at->check;
    bool is_known = at->tree.size < check->trunk.size || check->next_anchor < check->anchor_count;
    bool is_torn = is_last && !is_known;
    return tell(at, is_torn ? SVMS_AUDIT_FLAW_TORN : SVMS_AUDIT_FLAW_JOURNAL, why);
}

static svms_status check_groups(journal *at, bool is_last, svms_error *err)
{
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && !at->has_ended) {
        svms_error why = SVMS_ERROR_INIT;
        svms_journal_group group;
        size_t got;
        status = read_part(at, at->offset, SVMS_JOURNAL_FRAME_SIZE, &got, err);
        if (status != SVMS_OK || got == 0) {
            return status;
        }
        svms_cursor frame = svms_cursor_over(at->bytes.data, got, 0);
        uint32_t size = svms_read_u32(&frame);
        if (frame.failed || size > SVMS_JOURNAL_GROUP_MAX) {
            return end_at_damage(at, is_last, "a group is none");
        }
        status = read_part(at, at->offset, SVMS_JOURNAL_FRAME_SIZE + size, &got, err);
        if (status != SVMS_OK || at->has_ended) {
            return status;
        }
        svms_status parsed = svms_journal_group_parse(&group, at->bytes.data, got, &why);
        if (is_damage(parsed)) {
            return end_at_damage(at, is_last, why.message);
        }
        status = parsed == SVMS_OK ? check_group(at, &group, err) : svms_fail_as(err, parsed, &why);
        at->offset += group.whole_size;
    }
    return status;
}

/* The head of a segment says where the tree is. */
static svms_status check_head(journal *at, uint64_t first, size_t got, bool is_last, bool *is_empty,
                              svms_error *err)
{
    svms_tree_head head;
    svms_error why = SVMS_ERROR_INIT;
    uint8_t root[SVMS_DIGEST_SIZE];
    *is_empty = is_last && got < SVMS_JOURNAL_HEAD_SIZE;
    if (*is_empty) {
        /* A crash cut it off before it had a record. */
        return end_at_damage(at, is_last, "it ends within the head of a segment");
    }
    svms_status status = svms_journal_head_parse(&head, at->bytes.data, got, &why);
    if (status != SVMS_OK) {
        return tell(at, SVMS_AUDIT_FLAW_JOURNAL, why.message);
    }
    if (head.size != first || head.size != at->tree.size) {
        return tell(at, SVMS_AUDIT_FLAW_JOURNAL, "the next segment begins with another record");
    }
    status = svms_tree_root(&at->tree, at->check->hasher, root, err);
    if (status == SVMS_OK && memcmp(root, head.root, sizeof root) != 0) {
        return tell(at, SVMS_AUDIT_FLAW_JOURNAL, "the segment begins with another root");
    }
    return status;
}

static svms_status check_segment(journal *at, uint64_t first, bool is_last, svms_error *err)
{
    svms_check *check = at->check;
    int os_error = 0;
    size_t got = 0;
    bool is_empty = false;
    svms_journal_name(first, at->name);
    svms_status status = check->folder->open(check->folder->user, at->name, &at->store, &os_error);
    if (svms_check_is_fatal(status)) {
        return svms_log_io(status, os_error, "open", at->name, err);
    }
    if (status != SVMS_OK) {
        return tell(at, SVMS_AUDIT_FLAW_UNREADABLE, "cannot be opened");
    }
    status = read_part(at, 0, SVMS_JOURNAL_HEAD_SIZE, &got, err);
    if (status == SVMS_OK && !at->has_ended) {
        status = check_head(at, first, got, is_last, &is_empty, err);
    }
    if (status == SVMS_OK && !at->has_ended) {
        at->offset = SVMS_JOURNAL_HEAD_SIZE;
        status = check_groups(at, is_last, err);
    }
    svms_store_close(&at->store);
    return status;
}

static svms_status check_segments(journal *at, const segments *found, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (size_t i = 0; i < found->count && status == SVMS_OK && !at->has_ended; i++) {
        status = check_segment(at, found->first[i], i + 1 == found->count, err);
    }
    svms_check *check = at->check;
    bool is_read = !at->has_ended && !check->lacks_journal;
    if (status == SVMS_OK && is_read && at->tree.size < check->trunk.size) {
        status = tell(at, SVMS_AUDIT_FLAW_JOURNAL, "it ends, and records that follow are in tiles");
    }
    return status;
}

/* What is in full bundles may be gone from the journal, and nothing else. */
static svms_status check_beginning(svms_check *at)
{
    uint64_t full = at->trunk.size - at->trunk.size % SVMS_TILE_WIDTH;
    if (at->lacks_checkpoint) {
        return SVMS_OK;
    }
    bool must_be = !at->lacks_journal && (at->trunk.size > 0 || at->epochs.count > 1);
    if (!at->has_journal) {
        return must_be ? svms_check_tell(at, SVMS_AUDIT_FLAW_MISSING, SVMS_NO_RECORD, 0,
                                         "the journal is missing")
                       : SVMS_OK;
    }
    return at->journal_first <= full
               ? SVMS_OK
               : svms_check_tell(at, SVMS_AUDIT_FLAW_MISSING, full, at->journal_first - full,
                                 "the journal begins with record %" PRIu64
                                 ", and must have those from %" PRIu64 " on",
                                 at->journal_first, full);
}

/* The log went on meanwhile, and dropped the segment from which this began: it is in full bundles
 * now, of which those that the checkpoint has were verified. */
static svms_status move_on(journal *at, uint64_t first, bool *is_behind, svms_error *err)
{
    svms_check *check = at->check;
    svms_log_tiles tiles;
    svms_error why = SVMS_ERROR_INIT;
    *is_behind = first > check->trunk.size;
    if (*is_behind) {
        check->next_anchor = check->anchor_count;
        return SVMS_OK;
    }
    svms_log_tiles_init(&tiles, check->ctx, check->folder, check->hasher, check->trunk.size);
    svms_tree_source source = svms_log_tiles_source(&tiles);
    svms_status status = svms_tree_edge_at(&source, first, &at->tree, &why);
    svms_log_tiles_clear(&tiles);
    if (svms_check_is_fatal(status)) {
        return svms_fail_as(err, status, &why);
    }
    return status == SVMS_OK ? SVMS_OK : tell(at, SVMS_AUDIT_FLAW_UNREADABLE, why.message);
}

static svms_status check_from_edge(svms_check *at, segments *found, svms_error *err)
{
    journal run = { .check = at, .tree = at->journal_edge };
    bool is_behind = false;
    run.bytes = svms_builder_new(at->ctx, SVMS_JOURNAL_FRAME_SIZE + (size_t)SVMS_JOURNAL_GROUP_MAX);
    run.leaves = svms_builder_new(at->ctx, (size_t)SVMS_JOURNAL_GROUP_RECORDS * SVMS_DIGEST_SIZE);
    svms_status status = list_segments(at, found, err);
    if (status == SVMS_OK && found->count > 0 && found->first[0] > at->journal_first) {
        status = move_on(&run, found->first[0], &is_behind, err);
    }
    if (status == SVMS_OK && !is_behind) {
        status = check_segments(&run, found, err);
    }
    svms_builder_clear(&run.bytes);
    svms_builder_clear(&run.leaves);
    return status;
}

svms_status svms_check_journal(svms_check *at, svms_error *err)
{
    segments *found = svms_alloc(at->ctx, sizeof *found);
    svms_status status = found ? check_beginning(at) : svms_fail_memory(err);
    if (status == SVMS_OK && at->has_journal_edge) {
        status = check_from_edge(at, found, err);
    } else if (status == SVMS_OK && at->has_journal && at->journal_first <= at->trunk.size) {
        status = svms_check_tell(at, SVMS_AUDIT_FLAW_UNREADABLE, at->journal_first, 0,
                                 "the journal cannot be judged without the tiles before it");
    }
    svms_release(at->ctx, found);
    return status;
}
