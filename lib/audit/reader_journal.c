/* SPDX-License-Identifier: Apache-2.0 */
/* What was acknowledged and is not yet in tiles, read beside the appender: it may be in the middle
 * of a group, begin a segment, or drop one. */
#include <inttypes.h>
#include <string.h>

#include "failure.h"
#include "reader.h"

/* One look at the journal. */
typedef struct look {
    svms_reader_state *state;
    const svms_reader_state *old;
    svms_journal_segments *segments;
    bool is_new; /* there were groups that old did not have */
    bool may_pass;
} look;

static size_t known_leaves(const svms_reader_state *state)
{
    return state->leaves.size / SVMS_DIGEST_SIZE;
}

static svms_status add_group(svms_reader_state *state, uint64_t first, svms_reader_place at,
                             svms_error *err)
{
    if (state->group_count == state->group_capacity) {
        size_t capacity = state->group_capacity > 0 ? 2 * state->group_capacity : 64;
        svms_reader_group *grown =
            svms_grow(state->reader->ctx, state->group, state->group_count * sizeof *grown,
                      capacity * sizeof *grown);
        if (!grown) {
            return svms_fail_memory(err);
        }
        state->group = grown;
        state->group_capacity = capacity;
    }
    state->group[state->group_count++] = (svms_reader_group){ first, at };
    return SVMS_OK;
}

static svms_status add_leaf(svms_reader_state *state, const uint8_t *leaf, svms_error *err)
{
    svms_put_bytes(&state->leaves, leaf, SVMS_DIGEST_SIZE);
    svms_status status = svms_builder_check(&state->leaves, "the journal", err);
    return status == SVMS_OK ? svms_tree_add(&state->tree, state->reader->hasher, leaf, err)
                             : status;
}

/* What old has behind the newer checkpoint. */
static svms_status carry_over(look *at, svms_error *err)
{
    svms_reader_state *state = at->state;
    const svms_reader_state *old = at->old;
    svms_status status = SVMS_OK;
    state->has_end = old->has_end;
    state->end = old->end;
    uint64_t published = state->published.size;
    for (uint64_t i = published; i < old->head.size && status == SVMS_OK; i++) {
        status = add_leaf(
            state, old->leaves.data + (size_t)(i - old->published.size) * SVMS_DIGEST_SIZE, err);
    }
    for (size_t i = 0; i < old->group_count && status == SVMS_OK; i++) {
        uint64_t end = i + 1 < old->group_count ? old->group[i + 1].first : old->head.size;
        if (end > published) {
            status = add_group(state, old->group[i].first, old->group[i].at, err);
        }
    }
    if (status == SVMS_OK && old->head.size > published) {
        svms_put_bytes(&state->end_note, old->end_note.data, old->end_note.size);
        status = svms_builder_check(&state->end_note, "a checkpoint", err);
    }
    return status;
}

static svms_status take_records(look *at, svms_journal_group *group, svms_error *err)
{
    svms_reader_state *state = at->state;
    svms_bundle_entry entry;
    svms_status status = SVMS_OK;
    for (uint64_t i = group->first; status == SVMS_OK && svms_journal_next_record(group, &entry);
         i++) {
        uint8_t leaf[SVMS_DIGEST_SIZE];
        if (i < state->tree.size) {
            continue;
        }
        status = svms_tree_leaf(state->reader->hasher, entry.record, entry.size, leaf, err);
        if (status == SVMS_OK) {
            status = add_leaf(state, leaf, err);
        }
    }
    return status;
}

static svms_status take_group(look *at, svms_journal_group *group, svms_reader_place place,
                              svms_error *err)
{
    svms_reader_state *state = at->state;
    bool is_at_checkpoint = state->tree.size == state->published.size;
    if (group->count == 0) {
        return SVMS_OK;
    }
    if (group->first > state->tree.size || (group->first < state->tree.size && !is_at_checkpoint)) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "behind record %" PRIu64 " the journal goes on with record %" PRIu64,
                         state->tree.size, group->first);
    }
    if (known_leaves(state) + group->count > SVMS_READER_TAIL_MAX) {
        at->state->is_full = true;
        return SVMS_OK;
    }
    svms_status status = take_records(at, group, err);
    if (status == SVMS_OK) {
        status = add_group(state, group->first, place, err);
    }
    if (status == SVMS_OK) {
        svms_builder_reset(&state->end_note);
        svms_put_bytes(&state->end_note, group->note, group->note_size);
        status = svms_builder_check(&state->end_note, "a checkpoint", err);
        at->is_new = true;
    }
    return status;
}

/* What follows is no whole group: one that is just being written, or that a crash cut off, if it is
 * the last one. */
static svms_status judge_end(look *at, bool is_last, const svms_error *why, svms_error *err)
{
    svms_audit_reader *reader = at->state->reader;
    bool is_damaged = !is_last;
    svms_status status = SVMS_OK;
    if (is_last) {
        status =
            svms_journal_walk_is_damaged(&reader->walk, at->state->tree.size, &is_damaged, err);
    }
    if (status == SVMS_OK && is_damaged) {
        at->may_pass = true;
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "behind record %" PRIu64 " %s",
                         at->state->tree.size, why->message);
    }
    return status;
}

static svms_status take_groups(look *at, bool is_last, svms_error *err)
{
    svms_reader_state *state = at->state;
    svms_journal_walk *walk = &state->reader->walk;
    svms_status status = svms_journal_walk_pass(walk, state->tree.size, err);
    while (status == SVMS_OK) {
        svms_journal_group group;
        svms_error why = SVMS_ERROR_INIT;
        svms_reader_place place = { walk->segment, walk->offset };
        status = svms_journal_walk_next(walk, &group, &why);
        if (status == SVMS_END) {
            break;
        }
        if (status == SVMS_E_TRUNCATED || status == SVMS_E_MALFORMED) {
            return judge_end(at, is_last, &why, err);
        }
        if (status != SVMS_OK) {
            return svms_fail_as(err, status, &why);
        }
        status = take_group(at, &group, place, err);
        if (status != SVMS_OK || at->state->is_full) {
            return status;
        }
        state->has_end = true;
        state->end = (svms_reader_place){ walk->segment, walk->offset };
    }
    return status == SVMS_END ? SVMS_OK : status;
}

/* A segment that is begun where the records so far end has their root. */
static svms_status meet_segment(look *at, const svms_tree_head *head, bool is_first,
                                svms_error *err)
{
    const svms_reader_state *state = at->state;
    uint8_t root[SVMS_DIGEST_SIZE];
    if (head->size > state->tree.size || (head->size < state->tree.size && !is_first)) {
        at->may_pass = true;
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the journal goes on behind record %" PRIu64 ", and ends at %" PRIu64,
                         head->size, state->tree.size);
    }
    if (head->size < state->tree.size) {
        return SVMS_OK;
    }
    svms_status status = svms_tree_root(&state->tree, state->reader->hasher, root, err);
    if (status == SVMS_OK && memcmp(root, head->root, sizeof root) != 0) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the segment of the journal at record %" PRIu64 " has another root",
                         head->size);
    }
    return status;
}

/* Where the last look ended, the segment must still reach. */
static svms_status resume_segment(look *at, svms_error *err)
{
    const svms_reader_state *state = at->state;
    svms_journal_walk *walk = &state->reader->walk;
    uint64_t size = 0;
    int os_error = 0;
    char name[SVMS_JOURNAL_NAME_SIZE];
    svms_journal_name(walk->segment, name);
    svms_status status = walk->store.get_size(walk->store.user, &size, &os_error);
    status = svms_log_io(status, os_error, "read", name, err);
    if (status == SVMS_OK && size < state->end.offset) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "\"%s\" does not have any more what was read from it", name);
    }
    walk->offset = state->end.offset;
    return status;
}

/* One that is just being begun has no head yet. */
static svms_status take_segment(look *at, size_t number, size_t start, svms_error *err)
{
    svms_reader_state *state = at->state;
    const svms_journal_segments *segments = at->segments;
    bool is_last = number + 1 == segments->count;
    svms_tree_head head;
    bool is_resumed =
        number == start && state->has_end && state->end.segment == segments->first[number];
    svms_status status =
        svms_journal_walk_open(&state->reader->walk, segments->first[number], &head, err);
    if (status == SVMS_END) {
        return is_last && !is_resumed
                   ? SVMS_OK
                   : svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                               "the segment of the journal at record %" PRIu64 " has no head",
                               segments->first[number]);
    }
    if (status == SVMS_OK) {
        status =
            is_resumed ? resume_segment(at, err) : meet_segment(at, &head, number == start, err);
    }
    return status == SVMS_OK ? take_groups(at, is_last, err) : status;
}

/* The segment that has what comes next, or ends right before it. False: there is none. */
static bool find_start(const look *at, size_t *out)
{
    const svms_journal_segments *segments = at->segments;
    bool found = false;
    for (size_t i = 0; i < segments->count && segments->first[i] <= at->state->tree.size; i++) {
        *out = i;
        found = true;
    }
    return found;
}

static svms_status take_journal(look *at, svms_error *err)
{
    svms_reader_state *state = at->state;
    size_t start = 0;
    bool is_found = find_start(at, &start);
    bool is_known = at->old && at->old->head.size > state->published.size;
    if (!is_found && (at->segments->count > 0 || is_known)) {
        at->may_pass = true;
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the journal does not have what follows record %" PRIu64,
                         state->tree.size);
    }
    svms_status status = SVMS_OK;
    for (size_t i = start; i < at->segments->count && status == SVMS_OK && !at->state->is_full;
         i++) {
        status = take_segment(at, i, start, err);
    }
    return status;
}

/* The checkpoint behind the last group is signed, and of these records. */
static svms_status check_end(look *at, svms_error *err)
{
    svms_reader_state *state = at->state;
    svms_checkpoint checkpoint;
    state->head.size = state->tree.size;
    svms_status status = svms_tree_root(&state->tree, state->reader->hasher, state->head.root, err);
    if (status != SVMS_OK || !at->is_new) {
        return status;
    }
    status = svms_epochs_check(&state->reader->epochs, state->end_note.data, state->end_note.size,
                               &checkpoint, err);
    if (status != SVMS_OK) {
        /* A key that began to sign meanwhile, maybe. */
        at->may_pass = true;
        return status;
    }
    if (checkpoint.head.size != state->head.size ||
        memcmp(checkpoint.head.root, state->head.root, sizeof state->head.root) != 0) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the records up to %" PRIu64 " are not those that were signed",
                         state->head.size);
    }
    return SVMS_OK;
}

svms_status svms_reader_follow(svms_reader_state *state, const svms_reader_state *old,
                               bool *may_pass, svms_error *err)
{
    svms_audit_reader *reader = state->reader;
    look at = { .state = state, .old = old };
    at.segments = svms_alloc(reader->ctx, sizeof *at.segments);
    svms_status status = at.segments ? SVMS_OK : svms_fail_memory(err);
    state->tree = state->edge;
    if (status == SVMS_OK && old) {
        status = carry_over(&at, err);
    }
    if (status == SVMS_OK) {
        status = svms_journal_list(reader->folder, at.segments, err);
    }
    if (status == SVMS_OK) {
        status = take_journal(&at, err);
    }
    if (status == SVMS_OK) {
        status = check_end(&at, err);
    }
    svms_store_close(&reader->walk.store);
    svms_release(reader->ctx, at.segments);
    *may_pass = at.may_pass;
    return status;
}
