/* SPDX-License-Identifier: Apache-2.0 */
/* Groups: what several threads append at about the same time is written, signed and made durable as
 * one (A-JRN-1). Whoever comes first leads for all that wait by then. */
#include <string.h>

#include "failure.h"
#include "log_internal.h"
#include "log_leaves.h"
#include "log_replay.h"
#include "options.h"

#define SECOND_NS INT64_C(1000000000)
/* Room in a group for a record of the log's own and the checkpoint. */
#define GROUP_ROOM (2u * (SVMS_AUDIT_RECORD_MAX + 2u) + SVMS_JOURNAL_NOTE_MAX + 64u)
#define BYTES_MAX (SVMS_JOURNAL_GROUP_MAX - GROUP_ROOM)

void svms_log_lead(svms_audit_log *log)
{
    svms_platform_lock(&log->latch);
    while (log->has_leader) {
        svms_platform_sleep(&log->latch);
    }
    log->has_leader = true;
    svms_platform_unlock(&log->latch);
}

void svms_log_follow(svms_audit_log *log)
{
    svms_platform_lock(&log->latch);
    log->has_leader = false;
    svms_platform_wake_all(&log->latch);
    svms_platform_unlock(&log->latch);
}

/* A group that is being made: the tree with it, and how many records it has. */
typedef struct draft {
    svms_tree tree;
    uint32_t count;
    size_t records_size;
    uint32_t records_crc;
    size_t ahead;    /* bytes of it that were written before it was whole */
    bool is_written; /* something of it may be in the journal */
} draft;

static svms_status add(svms_audit_log *log, draft *group, const void *record, size_t size,
                       svms_error *err)
{
    svms_journal_group_add(&log->group, record, size);
    group->count++;
    return svms_builder_check(&log->group, "a group", err);
}

static svms_status add_own(svms_audit_log *log, draft *group, svms_audit_record *record,
                           svms_error *err)
{
    const uint8_t *bytes;
    size_t size;
    svms_status status = svms_audit_record_end(record, &bytes, &size, err);
    if (status == SVMS_OK) {
        status = add(log, group, bytes, size, err);
    }
    svms_audit_record_free(&record);
    return status;
}

/* What the log itself has to say first: that the clock went back, that records were refused. */
static svms_status add_news(svms_audit_log *log, draft *group, int64_t now_utc_ns, svms_error *err)
{
    svms_audit_record *record = NULL;
    svms_status status = SVMS_OK;
    if (log->last_utc_ns != SVMS_NO_TIME && now_utc_ns < log->last_utc_ns - SECOND_NS) {
        status = svms_log_record_jump(log, now_utc_ns, &record, err);
        if (status == SVMS_OK) {
            status = add_own(log, group, record, err);
        }
    }
    if (status == SVMS_OK && log->refused > 0) {
        status = svms_log_record_gap(log, "storage", log->refused, log->refused_since_utc_ns,
                                     &record, err);
        if (status == SVMS_OK) {
            status = add_own(log, group, record, err);
        }
    }
    return status;
}

static svms_status add_all(svms_audit_log *log, draft *group, svms_log_waiter *waiters,
                           svms_error *err)
{
    svms_status status = SVMS_OK;
    for (svms_log_waiter *at = waiters; at && status == SVMS_OK; at = at->next) {
        at->first = log->tree.size + group->count;
        for (size_t i = 0; i < at->count && status == SVMS_OK; i++) {
            status = add(log, group, at->records[i].data, at->records[i].size, err);
        }
    }
    return status;
}

static svms_status sign(svms_audit_log *log, draft *group, svms_checkpoint *checkpoint,
                        svms_builder *note, svms_error *err)
{
    const svms_note_key *key = &log->epochs.epoch[log->epochs.count - 1].key;
    char text[SVMS_JOURNAL_NOTE_MAX];
    memcpy(checkpoint->origin, log->epochs.origin, sizeof checkpoint->origin);
    checkpoint->head.size = group->tree.size;
    svms_status status = svms_tree_root(&group->tree, log->hasher, checkpoint->head.root, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_put_checkpoint(note, checkpoint);
    size_t text_size = note->size;
    svms_put_u8(note, '\n');
    status = svms_builder_check(note, "a checkpoint", err);
    if (status == SVMS_OK) {
        memcpy(text, note->data, text_size);
        status = svms_note_sign(note, text, text_size, key, log->engine, 0, err);
    }
    return status;
}

/* A part of a group must not stay, or the next one would stand behind it. */
static svms_status take_out(svms_audit_log *log, svms_error *err)
{
    int os_error = 0;
    const svms_store *journal = &log->journal;
    svms_status status = journal->cut(journal->user, log->journal_size, &os_error);
    if (status == SVMS_OK) {
        status = journal->sync(journal->user, &os_error);
    }
    log->is_broken = status != SVMS_OK;
    return status == SVMS_OK
               ? SVMS_OK
               : svms_fail_io(err, os_error,
                              "what a failed write left cannot be taken out of the journal");
}

static void undo(svms_audit_log *log)
{
    svms_error why = SVMS_ERROR_INIT;
    if (take_out(log, &why) != SVMS_OK) {
        svms_log(log->ctx, SVMS_LOG_ERROR, "audit log: %s", why.message);
    }
}

svms_status svms_log_repair(svms_audit_log *log, svms_error *err)
{
    svms_status status = svms_log_drop_stray(log, err);
    return status == SVMS_OK && log->is_broken ? take_out(log, err) : status;
}

/* Writes what there is of the group from an offset in it on. */
static svms_status write_from(svms_audit_log *log, draft *group, size_t offset, size_t end,
                              svms_error *err)
{
    int os_error = 0;
    const svms_store *journal = &log->journal;
    group->is_written = true;
    svms_status status = journal->write_at(journal->user, log->journal_size + offset,
                                           log->group.data + offset, end - offset, &os_error);
    return status == SVMS_OK ? SVMS_OK : svms_fail_io(err, os_error, "the log cannot be written");
}

/* The disk takes the records of a large group while they are hashed. Its front is zeros by then, so
 * that it is none (A-JRN-1) until that is written, last. */
static svms_status write_ahead(svms_audit_log *log, draft *group, svms_error *err)
{
    const svms_store *journal = &log->journal;
    group->ahead = log->group.size;
    svms_status status = write_from(log, group, 0, group->ahead, err);
    if (status == SVMS_OK && journal->hasten) {
        journal->hasten(journal->user, log->journal_size, group->ahead);
    }
    return status;
}

static svms_status write_durably(svms_audit_log *log, draft *group, svms_error *err)
{
    int os_error = 0;
    svms_status status = write_from(log, group, group->ahead, log->group.size, err);
    if (status == SVMS_OK && group->ahead > 0) {
        status = write_from(log, group, 0, SVMS_JOURNAL_FRONT_SIZE, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    status = log->journal.sync(log->journal.user, &os_error);
    if (status != SVMS_OK) {
        return svms_fail_io(err, os_error, "the log cannot be written");
    }
    log->journal_size += log->group.size;
    return SVMS_OK;
}

static svms_status reserve_in(svms_builder *builder, size_t size, svms_error *err)
{
    size_t before = builder->size;
    if (builder->capacity - before >= size) {
        return SVMS_OK;
    }
    svms_put_zeros(builder, size);
    svms_status status = svms_builder_check(builder, "what is to be published", err);
    builder->size = before;
    builder->status = SVMS_OK;
    return status;
}

/* Room for what the publisher will get, which stays until it is settled: what is durable must not
 * fail for want of memory. */
static svms_status reserve(svms_audit_log *log, size_t records_size, svms_error *err)
{
    svms_platform_lock(&log->latch);
    svms_status status = reserve_in(&log->backlog.records, records_size, err);
    if (status == SVMS_OK) {
        status = reserve_in(&log->backlog.leaves, log->leaves.size, err);
    }
    log->is_reserved = status == SVMS_OK;
    svms_platform_unlock(&log->latch);
    return status;
}

static void settle(svms_audit_log *log, const void *records, size_t records_size,
                   const svms_builder *note, const svms_tree_head *head)
{
    svms_log_backlog *backlog = &log->backlog;
    svms_platform_lock(&log->latch);
    if (head) {
        svms_put_bytes(&backlog->records, records, records_size);
        svms_put_bytes(&backlog->leaves, log->leaves.data, log->leaves.size);
        memcpy(backlog->note, note->data, note->size);
        backlog->note_size = note->size;
        log->head = *head;
    }
    log->is_reserved = false;
    svms_platform_wake_all(&log->latch);
    svms_platform_unlock(&log->latch);
}

/* Fills the group with records. */
static svms_status draw_up(svms_audit_log *log, svms_log_waiter *waiters, draft *group,
                           int64_t now_utc_ns, svms_error *err)
{
    svms_journal_group_begin(&log->group, log->tree.size);
    svms_status status = add_news(log, group, now_utc_ns, err);
    if (status == SVMS_OK) {
        status = add_all(log, group, waiters, err);
    }
    group->records_size = log->group.size - SVMS_JOURNAL_FRONT_SIZE;
    return status;
}

/* Hashes the records, and writes them meanwhile where they are many. */
static svms_status hash(svms_audit_log *log, draft *group, svms_error *err)
{
    svms_log_hashing hashing;
    bool is_large = group->records_size >= SVMS_LOG_LARGE_BYTES;
    svms_status status =
        svms_log_make_room(&log->leaves, (size_t)group->count * SVMS_DIGEST_SIZE, "a group", err);
    if (status != SVMS_OK) {
        return status;
    }
    const svms_log_run run = { log->group.data + SVMS_JOURNAL_FRONT_SIZE, group->records_size,
                               group->count, log->leaves.data };
    status = svms_log_hashing_begin(&hashing, log->ctx, &run, log->tree.size, is_large, err);
    if (status == SVMS_OK && is_large) {
        status = write_ahead(log, group, err);
        if (status != SVMS_OK) {
            svms_log_hashing_give_up(&hashing);
        }
    }
    return status == SVMS_OK
               ? svms_log_hashing_end(&hashing, log->hasher, &group->tree, &group->records_crc, err)
               : status;
}

/* The group with its checkpoint, and room for what comes of it. */
static svms_status complete(svms_audit_log *log, draft *group, svms_checkpoint *checkpoint,
                            svms_builder *note, svms_error *err)
{
    svms_status status = sign(log, group, checkpoint, note, err);
    if (status == SVMS_OK) {
        svms_journal_group_end_with(&log->group, group->count, group->records_crc, note->data,
                                    note->size);
        status = svms_builder_check(&log->group, "a group", err);
    }
    return status == SVMS_OK ? reserve(log, group->records_size, err) : status;
}

/* Everything that can fail comes before the last write; what is written is acknowledged. */
static svms_status write_group(svms_audit_log *log, svms_log_waiter *waiters, svms_error *err)
{
    draft group = { .tree = log->tree };
    svms_checkpoint checkpoint = { .origin = "" };
    svms_builder note = svms_builder_new(log->ctx, SVMS_JOURNAL_NOTE_MAX);
    int64_t now_utc_ns = svms_utc_now(log->ctx);
    svms_status status = draw_up(log, waiters, &group, now_utc_ns, err);
    if (status == SVMS_OK) {
        status = hash(log, &group, err);
    }
    if (status == SVMS_OK) {
        status = complete(log, &group, &checkpoint, &note, err);
    }
    if (status == SVMS_OK) {
        status = write_durably(log, &group, err);
        settle(log, log->group.data + SVMS_JOURNAL_FRONT_SIZE, group.records_size, &note,
               status == SVMS_OK ? &checkpoint.head : NULL);
    }
    svms_builder_clear(&note);
    if (status == SVMS_OK) {
        log->tree = group.tree;
        log->last_utc_ns = now_utc_ns;
        log->refused = 0;
    } else if (group.is_written) {
        undo(log);
    }
    return status;
}

static void count_lost(svms_audit_log *log, uint64_t records, int64_t since_utc_ns)
{
    if (log->refused == 0) {
        log->refused_since_utc_ns = since_utc_ns;
    }
    log->refused += records;
}

void svms_log_tell_lost(svms_audit_log *log, uint64_t records, int64_t since_utc_ns)
{
    svms_log_lead(log);
    count_lost(log, records, since_utc_ns);
    svms_log_follow(log);
}

static void count_refused(svms_audit_log *log, const svms_log_waiter *waiters)
{
    for (; waiters; waiters = waiters->next) {
        if (!waiters->is_kept) {
            count_lost(log, waiters->count, svms_utc_now(log->ctx));
        }
    }
}

void svms_log_commit(svms_audit_log *log, svms_log_waiter *waiters)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_log_repair(log, &err);
    if (status == SVMS_OK) {
        status = write_group(log, waiters, &err);
    }
    if (status != SVMS_OK) {
        count_refused(log, waiters);
    }
    svms_platform_lock(&log->latch);
    while (waiters) {
        svms_log_waiter *next = waiters->next;
        waiters->status = status;
        waiters->error = err;
        waiters->is_done = true;
        waiters = next;
    }
    svms_platform_wake_all(&log->latch);
    svms_platform_unlock(&log->latch);
}

svms_status svms_log_append_own(svms_audit_log *log, svms_audit_record **records, size_t count,
                                svms_error *err)
{
    svms_iovec run[SVMS_LOG_OWN_MOST];
    /* Nobody was refused anything where this fails. */
    svms_log_waiter waiter = { .records = run, .count = count, .is_kept = true };
    svms_status status = count <= SVMS_LOG_OWN_MOST
                             ? SVMS_OK
                             : svms_fail(err, SVMS_E_INTERNAL, "too many records of the log's own");
    for (size_t i = 0; i < count && status == SVMS_OK; i++) {
        const uint8_t *bytes = NULL;
        status = svms_audit_record_end(records[i], &bytes, &run[i].size, err);
        run[i].data = bytes;
    }
    if (status == SVMS_OK) {
        svms_log_commit(log, &waiter);
        status =
            waiter.status == SVMS_OK ? SVMS_OK : svms_fail_as(err, waiter.status, &waiter.error);
    }
    for (size_t i = 0; i < count; i++) {
        svms_audit_record_free(&records[i]);
    }
    return status;
}

/* With the latch held, and somebody waiting: as many of those that wait as one group holds. */
static svms_log_waiter *take_waiters(svms_audit_log *log)
{
    svms_log_waiter *first = log->first_waiter;
    svms_log_waiter *last = first;
    size_t count = first->count;
    size_t bytes = first->bytes;
    for (svms_log_waiter *at = first->next; at; at = at->next) {
        count += at->count;
        bytes += at->bytes;
        /* Two places are for records of the log's own. */
        if (count > SVMS_JOURNAL_GROUP_RECORDS - 2 || bytes > BYTES_MAX) {
            break;
        }
        last = at;
    }
    log->first_waiter = last->next;
    if (!log->first_waiter) {
        log->last_waiter = NULL;
    }
    last->next = NULL;
    return first;
}

static void enqueue(svms_audit_log *log, svms_log_waiter *waiter)
{
    if (log->last_waiter) {
        log->last_waiter->next = waiter;
    } else {
        log->first_waiter = waiter;
    }
    log->last_waiter = waiter;
}

/* Until somebody, maybe this thread, has written the waiter's records. */
static void await(svms_audit_log *log, svms_log_waiter *waiter)
{
    svms_platform_lock(&log->latch);
    enqueue(log, waiter);
    while (!waiter->is_done) {
        if (log->has_leader) {
            svms_platform_sleep(&log->latch);
            continue;
        }
        svms_log_waiter *group = take_waiters(log);
        log->has_leader = true;
        svms_platform_unlock(&log->latch);
        svms_log_commit(log, group);
        svms_platform_lock(&log->latch);
        log->has_leader = false;
        svms_platform_wake_all(&log->latch);
    }
    svms_platform_unlock(&log->latch);
}

static svms_status check_records(const svms_iovec *records, size_t count, size_t *bytes,
                                 svms_error *err)
{
    *bytes = 0;
    for (size_t i = 0; i < count; i++) {
        if (!records[i].data || records[i].size == 0 || records[i].size > SVMS_AUDIT_RECORD_MAX) {
            return svms_fail(err, SVMS_E_USAGE, "record %zu has not 1 to %u bytes", i + 1,
                             SVMS_AUDIT_RECORD_MAX);
        }
        *bytes += 2 + records[i].size;
    }
    return *bytes <= BYTES_MAX
               ? SVMS_OK
               : svms_fail(err, SVMS_E_LIMIT, "the records together have more than %u bytes",
                           BYTES_MAX);
}

static bool has_to_help(svms_audit_log *log)
{
    svms_platform_lock(&log->latch);
    size_t waiting = log->backlog.records.size;
    bool has_to = waiting > (log->has_publisher ? 2 : 1) * (size_t)SVMS_LOG_BACKLOG_BYTES;
    svms_platform_unlock(&log->latch);
    return has_to;
}

/* A few times what this append has added, so that few appends have to help; not all that there is,
 * so that none waits long. */
static void publish_what_is_behind(svms_audit_log *log, size_t added)
{
    svms_error ignored = SVMS_ERROR_INIT;
    size_t bytes = added > SVMS_LOG_PART_BYTES / 4 ? 4 * added : SVMS_LOG_PART_BYTES;
    /* The records are in the log; what cannot be published now can later. */
    if (has_to_help(log) && svms_log_publish_part(log, bytes, &ignored) != SVMS_OK) {
        svms_log(log->ctx, SVMS_LOG_WARNING, "audit log: %s", ignored.message);
    }
}

static svms_status append(svms_audit_log *log, svms_log_waiter *waiter, uint64_t *first,
                          svms_error *err)
{
    svms_status status = check_records(waiter->records, waiter->count, &waiter->bytes, err);
    if (status != SVMS_OK) {
        return status;
    }
    await(log, waiter);
    if (waiter->status != SVMS_OK) {
        return svms_fail_as(err, waiter->status, &waiter->error);
    }
    *first = waiter->first;
    publish_what_is_behind(log, waiter->bytes);
    return SVMS_OK;
}

svms_status svms_audit_log_append(svms_audit_log *log, const svms_iovec *records, size_t count,
                                  uint64_t *first, svms_error *err)
{
    svms_log_waiter waiter = { .records = records, .count = count };
    if (!log || !records || !first || count == 0 || count > SVMS_AUDIT_APPEND_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "a log takes 1 to %u records at a time",
                         SVMS_AUDIT_APPEND_MAX);
    }
    return append(log, &waiter, first, err);
}

svms_status svms_log_append_kept(svms_audit_log *log, const svms_iovec *records, size_t count,
                                 uint64_t *first, svms_error *err)
{
    svms_log_waiter waiter = { .records = records, .count = count, .is_kept = true };
    return append(log, &waiter, first, err);
}

svms_status svms_audit_log_head(svms_audit_log *log, svms_audit_head *out, svms_error *err)
{
    svms_audit_head known = SVMS_AUDIT_HEAD_INIT;
    if (!log || !out) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_log_lead(log);
    svms_platform_lock(&log->latch);
    known.size = log->head.size;
    known.published = log->published;
    known.epoch = log->epochs.count - 1;
    memcpy(known.root, log->head.root, sizeof known.root);
    svms_platform_unlock(&log->latch);
    svms_log_follow(log);
    return svms_result_write(out, &known, sizeof known, "the head", err);
}
