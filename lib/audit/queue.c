/* SPDX-License-Identifier: Apache-2.0 */
/* Queues in front of a log (A-JRN-6). One ring has the bytes of records, another one where they
 * stand; the thread appends from there, so that nothing is copied twice, and frees what is in the
 * log. Whatever a failure leaves in the rings is tried again. */
#include <svms/audit_queue.h>

#include <string.h>

#include "failure.h"
#include "log_internal.h"
#include "options.h"
#include "platform_thread.h"

#define MILLISECOND_NS UINT64_C(1000000)
#define FIRST_DELAY_NS (10 * MILLISECOND_NS)
#define LONGEST_DELAY_NS (5000 * MILLISECOND_NS)
/* Of one append; what is left of a group is for others. */
#define BATCH_BYTES 1048576u

/* Records that were dropped, since when. */
typedef struct gap {
    uint64_t records;
    int64_t since_utc_ns;
} gap;

typedef struct slot {
    uint8_t *data;
    size_t size;
    gap before;
} slot;

struct svms_audit_queue {
    svms_ctx *ctx;
    svms_audit_log *log;
    svms_audit_when_full when_full;
    uint32_t most_records;
    uint32_t most_bytes;

    svms_platform_latch latch;
    bool has_latch;
    svms_platform_thread thread;

    /* Under the latch. */
    bool is_closing;
    bool is_hurried; /* somebody waits for the next attempt */
    uint64_t pushed; /* records that have come in, of which the next stands in slot pushed % most */
    uint64_t done;   /* records that are in the log */
    size_t bytes;    /* of those between */
    size_t put_at;   /* in the ring of bytes */
    gap owed;        /* dropped behind the last that came in */
    uint64_t dropped; /* ever */
    uint64_t told;    /* of these, what the log tells */
    uint64_t tickets; /* given to those who wait for room, */
    uint64_t served;  /* and served */
    uint64_t failures;
    uint32_t attempts; /* that failed since the last that did not */
    int64_t failing_since_utc_ns;
    svms_error failure;

    slot *slots;
    uint8_t *ring;
    size_t ring_size;
    svms_iovec *batch; /* the thread's */
};

/* With the latch held, as all below but for those of the thread that say otherwise. */
static slot *slot_of(const svms_audit_queue *queue, uint64_t number)
{
    return &queue->slots[number % queue->most_records];
}

static uint64_t waiting(const svms_audit_queue *queue)
{
    return queue->pushed - queue->done;
}

static bool has_room(const svms_audit_queue *queue, size_t count, size_t bytes)
{
    return count <= queue->most_records - waiting(queue) &&
           bytes <= queue->most_bytes - queue->bytes;
}

/* A place for a record in one piece. The ring is larger than the bytes that may wait by the largest
 * record: what does not fit its end fits its beginning. */
static uint8_t *take_place(svms_audit_queue *queue, size_t size)
{
    if (queue->ring_size - queue->put_at < size) {
        queue->put_at = 0;
    }
    uint8_t *place = queue->ring + queue->put_at;
    queue->put_at += size;
    return place;
}

static void put(svms_audit_queue *queue, const svms_iovec *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        slot *next = slot_of(queue, queue->pushed);
        if (waiting(queue) == 0) {
            queue->put_at = 0;
        }
        next->data = take_place(queue, records[i].size);
        next->size = records[i].size;
        next->before = queue->owed;
        queue->owed.records = 0;
        memcpy(next->data, records[i].data, records[i].size);
        queue->bytes += records[i].size;
        queue->pushed++;
    }
    svms_platform_wake_all(&queue->latch);
}

static void add_gap(gap *to, uint64_t records, int64_t since_utc_ns)
{
    if (to->records == 0 || since_utc_ns < to->since_utc_ns) {
        to->since_utc_ns = since_utc_ns;
    }
    to->records += records;
}

/* Whoever has waited longest is served first. */
static svms_status wait_for_room(svms_audit_queue *queue, size_t count, size_t bytes,
                                 svms_error *err)
{
    uint64_t ticket = queue->tickets++;
    while (!queue->is_closing && (queue->served != ticket || !has_room(queue, count, bytes))) {
        svms_platform_sleep(&queue->latch);
    }
    queue->served++;
    svms_platform_wake_all(&queue->latch);
    return queue->is_closing ? svms_fail(err, SVMS_E_STATE, "the queue was closed") : SVMS_OK;
}

static svms_status push(svms_audit_queue *queue, const svms_iovec *records, size_t count,
                        size_t bytes, svms_error *err)
{
    svms_status status = SVMS_OK;
    bool is_first = queue->served == queue->tickets;
    if (is_first && has_room(queue, count, bytes)) {
        put(queue, records, count);
        return SVMS_OK;
    }
    switch (queue->when_full) {
    case SVMS_AUDIT_FULL_WAITS:
        status = wait_for_room(queue, count, bytes, err);
        if (status == SVMS_OK) {
            put(queue, records, count);
        }
        return status;
    case SVMS_AUDIT_FULL_DROPS:
        add_gap(&queue->owed, count, svms_utc_now(queue->ctx));
        queue->dropped += count;
        return SVMS_OK;
    default:
        return svms_fail(err, SVMS_E_LIMIT, "the queue is full");
    }
}

static svms_status check_records(const svms_audit_queue *queue, const svms_iovec *records,
                                 size_t count, size_t *bytes, svms_error *err)
{
    *bytes = 0;
    for (size_t i = 0; i < count; i++) {
        if (!records[i].data || records[i].size == 0 || records[i].size > SVMS_AUDIT_RECORD_MAX) {
            return svms_fail(err, SVMS_E_USAGE, "record %zu has not 1 to %u bytes", i + 1,
                             SVMS_AUDIT_RECORD_MAX);
        }
        *bytes += records[i].size;
        if (i >= queue->most_records || *bytes > queue->most_bytes) {
            return svms_fail(err, SVMS_E_LIMIT, "the queue has room for %u records of %u bytes",
                             queue->most_records, queue->most_bytes);
        }
    }
    return SVMS_OK;
}

svms_status svms_audit_queue_push(svms_audit_queue *queue, const svms_iovec *records, size_t count,
                                  svms_error *err)
{
    size_t bytes = 0;
    if (!queue || !records || count == 0) {
        return svms_fail(err, SVMS_E_USAGE, "a queue takes one record at least");
    }
    svms_status status = check_records(queue, records, count, &bytes, err);
    if (status == SVMS_OK) {
        svms_platform_lock(&queue->latch);
        status = push(queue, records, count, bytes, err);
        svms_platform_unlock(&queue->latch);
    }
    return status;
}

/* What the thread is at: a gap, and the records behind it up to the next one. */
typedef struct turn {
    gap gap;
    uint64_t count;
    size_t bytes;
} turn;

/* The gap is taken out, because it may grow again meanwhile. */
static turn take_turn(svms_audit_queue *queue)
{
    turn now = { { 0, 0 }, 0, 0 };
    gap *before = waiting(queue) > 0 ? &slot_of(queue, queue->done)->before : &queue->owed;
    now.gap = *before;
    before->records = 0;
    while (now.count < waiting(queue) && now.count + 1 < SVMS_AUDIT_APPEND_MAX) {
        const slot *next = slot_of(queue, queue->done + now.count);
        bool is_full = now.count > 0 && now.bytes + next->size > BATCH_BYTES;
        if (is_full || next->before.records > 0) {
            break;
        }
        now.bytes += next->size;
        now.count++;
        queue->batch[now.count] = (svms_iovec){ next->data, next->size };
    }
    return now;
}

/* Without the latch. */
static svms_status append_turn(svms_audit_queue *queue, const turn *now, svms_error *err)
{
    svms_audit_record *record = NULL;
    const uint8_t *bytes = NULL;
    size_t size = 0;
    uint64_t first;
    size_t from = now->gap.records > 0 ? 0 : 1;
    svms_status status = SVMS_OK;
    if (from == 0) {
        status = svms_log_record_gap(queue->log, "queue", now->gap.records, now->gap.since_utc_ns,
                                     &record, err);
    }
    if (status == SVMS_OK && record) {
        status = svms_audit_record_end(record, &bytes, &size, err);
    }
    if (status == SVMS_OK) {
        queue->batch[0] = (svms_iovec){ bytes, size };
        status = svms_log_append_kept(queue->log, queue->batch + from,
                                      (size_t)now->count + 1 - from, &first, err);
    }
    svms_audit_record_free(&record);
    return status;
}

static void note_failure(svms_audit_queue *queue, const turn *now, const svms_error *err)
{
    if (now->gap.records > 0) {
        gap *before = waiting(queue) > 0 ? &slot_of(queue, queue->done)->before : &queue->owed;
        add_gap(before, now->gap.records, now->gap.since_utc_ns);
    }
    queue->attempts += queue->attempts < UINT32_MAX;
    queue->failures++;
    queue->failure = *err;
}

static void settle(svms_audit_queue *queue, const turn *now)
{
    queue->done += now->count;
    queue->bytes -= now->bytes;
    queue->told += now->gap.records;
    queue->attempts = 0;
}

/* Without the latch, because what the caller's sink does is not known. */
static void warn(svms_audit_queue *queue, const svms_error *err)
{
    if (queue->attempts == 0) {
        queue->failing_since_utc_ns = svms_utc_now(queue->ctx);
        svms_log(queue->ctx, SVMS_LOG_WARNING, "audit queue: %s; it is tried again", err->message);
    }
}

/* Until it is time for the next attempt, or somebody wants it at once. */
static void pause_before_retry(svms_audit_queue *queue)
{
    uint64_t delay = FIRST_DELAY_NS;
    for (uint32_t i = 1; i < queue->attempts && delay < LONGEST_DELAY_NS; i++) {
        delay *= 2;
    }
    delay = delay < LONGEST_DELAY_NS ? delay : LONGEST_DELAY_NS;
    uint64_t begin = svms_platform_monotonic_now();
    uint64_t gone = 0;
    while (gone < delay && !queue->is_hurried && !queue->is_closing) {
        svms_platform_sleep_for(&queue->latch, delay - gone);
        gone = svms_platform_monotonic_now() - begin;
    }
}

static bool has_work(const svms_audit_queue *queue)
{
    return waiting(queue) > 0 || queue->owed.records > 0;
}

/* Ends when the queue is being closed and is empty, or an attempt that began since has failed. */
static void run(void *user)
{
    svms_audit_queue *queue = user;
    svms_platform_lock(&queue->latch);
    while (has_work(queue) || !queue->is_closing) {
        if (!has_work(queue)) {
            svms_platform_sleep(&queue->latch);
            continue;
        }
        svms_error err = SVMS_ERROR_INIT;
        turn now = take_turn(queue);
        bool is_last = queue->is_closing;
        queue->is_hurried = false;
        svms_platform_unlock(&queue->latch);
        svms_status status = append_turn(queue, &now, &err);
        if (status != SVMS_OK) {
            warn(queue, &err);
        }
        svms_platform_lock(&queue->latch);
        if (status == SVMS_OK) {
            settle(queue, &now);
        } else {
            note_failure(queue, &now, &err);
        }
        svms_platform_wake_all(&queue->latch);
        if (status != SVMS_OK && is_last) {
            break;
        }
        if (status != SVMS_OK) {
            pause_before_retry(queue);
        }
    }
    svms_platform_unlock(&queue->latch);
}

svms_status svms_audit_queue_flush(svms_audit_queue *queue, svms_error *err)
{
    svms_status status = SVMS_OK;
    if (!queue) {
        return svms_fail(err, SVMS_E_USAGE, "no queue was given");
    }
    svms_platform_lock(&queue->latch);
    uint64_t failures = queue->failures;
    uint64_t pushed = queue->pushed;
    uint64_t dropped = queue->dropped;
    queue->is_hurried = true;
    svms_platform_wake_all(&queue->latch);
    while (queue->failures == failures && (queue->done < pushed || queue->told < dropped)) {
        svms_platform_sleep(&queue->latch);
    }
    if (queue->done < pushed || queue->told < dropped) {
        status = svms_fail_as(err, queue->failure.status, &queue->failure);
    }
    svms_platform_unlock(&queue->latch);
    return status;
}

svms_status svms_audit_queue_look(svms_audit_queue *queue, svms_audit_queue_state *out,
                                  svms_error *err)
{
    svms_audit_queue_state known = SVMS_AUDIT_QUEUE_STATE_INIT;
    if (!queue || !out) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_platform_lock(&queue->latch);
    known.waiting = waiting(queue);
    known.waiting_bytes = queue->bytes;
    known.appended = queue->done;
    known.dropped = queue->dropped;
    known.untold = queue->dropped - queue->told;
    known.callers = queue->tickets - queue->served;
    known.attempts = queue->attempts;
    if (queue->attempts > 0) {
        known.failure = queue->failure.status;
        known.os_error = queue->failure.os_error;
        known.failing_since_utc_ns = queue->failing_since_utc_ns;
    }
    svms_platform_unlock(&queue->latch);
    return svms_result_write(out, &known, sizeof known, "the state", err);
}

static svms_status make(svms_audit_queue **out, svms_ctx *ctx, svms_audit_log *log,
                        const svms_audit_queue_options *options, svms_error *err)
{
    svms_audit_queue *queue = svms_alloc(ctx, sizeof *queue);
    if (!queue) {
        return svms_fail_memory(err);
    }
    *out = queue;
    queue->ctx = ctx;
    queue->log = log;
    queue->when_full = options->when_full;
    queue->most_records = options->records;
    queue->most_bytes = options->bytes;
    queue->ring_size = (size_t)options->bytes + SVMS_AUDIT_RECORD_MAX;
    queue->slots = svms_alloc_array(ctx, options->records, sizeof *queue->slots);
    queue->ring = svms_alloc(ctx, queue->ring_size);
    queue->batch = svms_alloc_array(ctx, SVMS_AUDIT_APPEND_MAX, sizeof *queue->batch);
    if (!queue->slots || !queue->ring || !queue->batch ||
        svms_platform_latch_init(&queue->latch) != 0) {
        return svms_fail_memory(err);
    }
    queue->has_latch = true;
    int os_error = svms_platform_thread_start(&queue->thread, run, queue);
    return os_error == 0 ? SVMS_OK : svms_fail_io(err, os_error, "no thread can be started");
}

static void dismantle(svms_audit_queue **queue)
{
    svms_audit_queue *gone = *queue;
    if (!gone) {
        return;
    }
    if (gone->has_latch) {
        svms_platform_latch_destroy(&gone->latch);
    }
    svms_release(gone->ctx, gone->slots);
    svms_release(gone->ctx, gone->ring);
    svms_release(gone->ctx, gone->batch);
    svms_release(gone->ctx, gone);
    *queue = NULL;
}

static bool is_within(const svms_audit_queue_options *options)
{
    return options->when_full <= SVMS_AUDIT_FULL_DROPS && options->records > 0 &&
           options->records <= SVMS_AUDIT_QUEUE_RECORDS_MAX &&
           options->bytes >= SVMS_AUDIT_RECORD_MAX && options->bytes <= SVMS_AUDIT_QUEUE_BYTES_MAX;
}

svms_status svms_audit_queue_new(svms_audit_queue **out, svms_ctx *ctx, svms_audit_log *log,
                                 const svms_audit_queue_options *options, svms_error *err)
{
    svms_audit_queue_options known = SVMS_AUDIT_QUEUE_OPTIONS_INIT;
    svms_audit_queue *queue = NULL;
    if (!out || !ctx || !log) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_options_read(&known, sizeof known, options, "the options", err);
    if (status == SVMS_OK && !is_within(&known)) {
        status = svms_fail(err, SVMS_E_USAGE, "a queue has 1 to %u records and %u to %u bytes",
                           SVMS_AUDIT_QUEUE_RECORDS_MAX, SVMS_AUDIT_RECORD_MAX,
                           SVMS_AUDIT_QUEUE_BYTES_MAX);
    }
    if (status == SVMS_OK) {
        status = make(&queue, ctx, log, &known, err);
    }
    if (status != SVMS_OK) {
        dismantle(&queue);
        return status;
    }
    *out = queue;
    return SVMS_OK;
}

/* Whoever waits for room must be out before the latch is gone. */
static void let_go(svms_audit_queue *queue)
{
    svms_platform_lock(&queue->latch);
    queue->is_closing = true;
    svms_platform_wake_all(&queue->latch);
    while (queue->served != queue->tickets) {
        svms_platform_sleep(&queue->latch);
    }
    svms_platform_unlock(&queue->latch);
}

svms_status svms_audit_queue_close(svms_audit_queue **queue, uint64_t *lost, svms_error *err)
{
    svms_status status = SVMS_OK;
    uint64_t left = 0;
    if (queue && *queue) {
        svms_audit_queue *at = *queue;
        let_go(at);
        svms_platform_thread_join(&at->thread);
        left = waiting(at);
        uint64_t untold = left + (at->dropped - at->told);
        if (untold > 0) {
            svms_log_tell_lost(at->log, untold, at->failing_since_utc_ns);
            status = svms_fail_as(err, at->failure.status, &at->failure);
        }
        dismantle(queue);
    }
    if (lost) {
        *lost = left;
    }
    return status;
}
