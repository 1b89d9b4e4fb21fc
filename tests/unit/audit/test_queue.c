/* SPDX-License-Identifier: Apache-2.0 */
/* Queues: nothing is lost but what was dropped, and the log tells of that, exactly. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <svms/audit_queue.h>

#include "failing_allocator.h"
#include "gated_folder.h"
#include "published.h"

#define ORIGIN "vms.example/audit"

/* Several threads ask it for memory. */
typedef struct starving {
    atomic_bool is_starved;
    atomic_long live;
} starving;

static void *starving_allocate(void *user, size_t size)
{
    starving *at = user;
    if (atomic_load(&at->is_starved)) {
        return NULL;
    }
    atomic_fetch_add(&at->live, 1);
    return malloc(size);
}

static void starving_release(void *user, void *pointer)
{
    starving *at = user;
    atomic_fetch_sub(&at->live, 1);
    free(pointer);
}

typedef struct fixture {
    starving memory;
    svms_ctx *ctx;
    gated_folder folder;
    svms_audit_log *log;
    svms_audit_queue *queue;
} fixture;

static int set_up(void **state)
{
    char key[SVMS_AUDIT_KEY_SIZE];
    svms_audit_log_options options = SVMS_AUDIT_LOG_OPTIONS_INIT;
    svms_ctx_options memory = SVMS_CTX_OPTIONS_INIT;
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    memory.user = &f->memory;
    memory.allocate = starving_allocate;
    memory.release = starving_release;
    options.server = "vms";
    assert_int_equal(svms_ctx_new(&f->ctx, &memory, NULL), SVMS_OK);
    gated_folder_init(&f->folder);
    assert_int_equal(svms_audit_log_create(f->ctx, &f->folder.view, ORIGIN, key, NULL), SVMS_OK);
    assert_int_equal(svms_audit_log_open(&f->log, f->ctx, &f->folder.view, &options, NULL),
                     SVMS_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    gated_folder_clear(&f->folder);
    svms_ctx_free(&f->ctx);
    assert_int_equal(atomic_load(&f->memory.live), 0);
    free(f);
    return 0;
}

static void make_queue(fixture *f, svms_audit_when_full when_full, uint32_t records)
{
    svms_audit_queue_options options = SVMS_AUDIT_QUEUE_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    options.when_full = when_full;
    options.records = records;
    if (svms_audit_queue_new(&f->queue, f->ctx, f->log, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
}

static svms_status push(fixture *f, unsigned number)
{
    char text[32];
    svms_iovec run = { text, (size_t)snprintf(text, sizeof text, "record %u;", number) };
    return svms_audit_queue_push(f->queue, &run, 1, NULL);
}

static svms_audit_queue_state look(fixture *f)
{
    svms_audit_queue_state state = SVMS_AUDIT_QUEUE_STATE_INIT;
    assert_int_equal(svms_audit_queue_look(f->queue, &state, NULL), SVMS_OK);
    return state;
}

static void close_queue(fixture *f)
{
    uint64_t lost = 99;
    assert_int_equal(svms_audit_queue_close(&f->queue, &lost, NULL), SVMS_OK);
    assert_int_equal(lost, 0);
    assert_null(f->queue);
}

static void close_log(fixture *f)
{
    assert_int_equal(svms_audit_log_close(&f->log, NULL), SVMS_OK);
}

static uint64_t saying(fixture *f, const char *words)
{
    return published_saying(f->ctx, &f->folder.view, words);
}

/* The records of ours are there, each once, in this order. */
typedef struct order {
    unsigned next;
    int64_t gap_before; /* number of the record behind the gap, or -1 */
} order;

static void must_be_next(void *user, uint64_t index, const svms_bundle_entry *entry)
{
    order *at = user;
    char words[32];
    (void)index;
    if (entry_says(entry, "\"event\":\"log.gap\"")) {
        assert_int_equal(at->gap_before, -1);
        at->gap_before = at->next;
    }
    if (entry_says(entry, "record ")) {
        snprintf(words, sizeof words, "record %u;", at->next++);
        assert_true(entry_says(entry, words));
    }
}

static order order_of(fixture *f)
{
    order found = { 0, -1 };
    (void)published_each(f->ctx, &f->folder.view, must_be_next, &found);
    return found;
}

static void records_come_into_the_log_in_their_order(void **state)
{
    fixture *f = *state;
    make_queue(f, SVMS_AUDIT_FULL_WAITS, 16384);
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(push(f, i), SVMS_OK);
    }
    assert_int_equal(svms_audit_queue_flush(f->queue, NULL), SVMS_OK);
    svms_audit_queue_state known = look(f);
    assert_int_equal(known.waiting, 0);
    assert_int_equal(known.waiting_bytes, 0);
    assert_int_equal(known.appended, 1000);
    assert_int_equal(known.attempts, 0);
    assert_int_equal(known.failure, SVMS_OK);
    assert_int_equal(push(f, 1000), SVMS_OK);
    close_queue(f);
    close_log(f);
    assert_int_equal(order_of(f).next, 1001);
}

/* Holds the queue's thread at its first record, and fills the queue behind it. */
static void fill(fixture *f, unsigned records)
{
    gated_folder_shut(&f->folder);
    assert_int_equal(push(f, 0), SVMS_OK);
    gated_folder_await(&f->folder);
    for (unsigned i = 1; i < records; i++) {
        assert_int_equal(push(f, i), SVMS_OK);
    }
    assert_int_equal(look(f).waiting, records);
}

static void a_full_queue_refuses(void **state)
{
    fixture *f = *state;
    make_queue(f, SVMS_AUDIT_FULL_FAILS, 4);
    fill(f, 4);
    svms_iovec run = { "record 9;", 9 };
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_audit_queue_push(f->queue, &run, 1, &err), SVMS_E_LIMIT);
    assert_string_equal(err.message, "the queue is full");
    gated_folder_open(&f->folder);
    assert_int_equal(svms_audit_queue_flush(f->queue, NULL), SVMS_OK);
    assert_int_equal(push(f, 4), SVMS_OK);
    close_queue(f);
    close_log(f);
    assert_int_equal(order_of(f).next, 5);
    assert_int_equal(saying(f, "log.gap"), 0);
}

typedef struct pusher {
    fixture *f;
    unsigned number;
    svms_status status;
} pusher;

static void *push_one(void *user)
{
    pusher *at = user;
    at->status = push(at->f, at->number);
    return NULL;
}

static void await_callers(fixture *f, uint64_t callers)
{
    while (look(f).callers != callers) {
    }
}

static void a_full_queue_makes_its_callers_wait_in_their_order(void **state)
{
    fixture *f = *state;
    pthread_t thread[3];
    pusher who[3];
    make_queue(f, SVMS_AUDIT_FULL_WAITS, 2);
    fill(f, 2);
    for (unsigned i = 0; i < 3; i++) {
        who[i] = (pusher){ f, 2 + i, SVMS_E_INTERNAL };
        assert_int_equal(pthread_create(&thread[i], NULL, push_one, &who[i]), 0);
        await_callers(f, i + 1);
    }
    assert_int_equal(look(f).waiting, 2);
    gated_folder_open(&f->folder);
    for (unsigned i = 0; i < 3; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(who[i].status, SVMS_OK);
    }
    close_queue(f);
    close_log(f);
    assert_int_equal(order_of(f).next, 5);
}

static void a_full_queue_drops_and_the_log_tells_how_many_before_the_next(void **state)
{
    fixture *f = *state;
    svms_iovec two[] = { { "record x;", 9 }, { "record y;", 9 } };
    make_queue(f, SVMS_AUDIT_FULL_DROPS, 4);
    fill(f, 4);
    assert_int_equal(push(f, 90), SVMS_OK);
    assert_int_equal(svms_audit_queue_push(f->queue, two, 2, NULL), SVMS_OK);
    svms_audit_queue_state known = look(f);
    assert_int_equal(known.dropped, 3);
    assert_int_equal(known.untold, 3);
    gated_folder_open(&f->folder);
    /* What was dropped is told although nothing more comes. */
    assert_int_equal(svms_audit_queue_flush(f->queue, NULL), SVMS_OK);
    known = look(f);
    assert_int_equal(known.dropped, 3);
    assert_int_equal(known.untold, 0);
    assert_int_equal(push(f, 4), SVMS_OK);
    close_queue(f);
    close_log(f);
    order found = order_of(f);
    assert_int_equal(found.next, 5);
    assert_int_equal(found.gap_before, 4);
    assert_int_equal(published_gaps(f->ctx, &f->folder.view, "queue"), 3);
    assert_int_equal(saying(f, "\"since\":\""), 1);
}

#define DROPPERS 4u
#define DROPPER_RECORDS 500u

static void *push_many(void *user)
{
    pusher *at = user;
    for (unsigned i = 0; i < DROPPER_RECORDS; i++) {
        at->status = push(at->f, at->number * DROPPER_RECORDS + i);
    }
    return NULL;
}

static void every_dropped_record_is_counted(void **state)
{
    fixture *f = *state;
    pthread_t thread[DROPPERS];
    pusher who[DROPPERS];
    make_queue(f, SVMS_AUDIT_FULL_DROPS, 7);
    for (unsigned i = 0; i < DROPPERS; i++) {
        who[i] = (pusher){ f, i, SVMS_E_INTERNAL };
        assert_int_equal(pthread_create(&thread[i], NULL, push_many, &who[i]), 0);
    }
    for (unsigned i = 0; i < DROPPERS; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(who[i].status, SVMS_OK);
    }
    assert_int_equal(svms_audit_queue_flush(f->queue, NULL), SVMS_OK);
    svms_audit_queue_state known = look(f);
    assert_int_equal(known.appended + known.dropped, DROPPERS * DROPPER_RECORDS);
    assert_int_equal(known.untold, 0);
    close_queue(f);
    close_log(f);
    assert_int_equal(saying(f, "record "), known.appended);
    assert_int_equal(published_gaps(f->ctx, &f->folder.view, "queue"), known.dropped);
}

static void a_full_disk_costs_nothing_that_was_taken(void **state)
{
    fixture *f = *state;
    make_queue(f, SVMS_AUDIT_FULL_WAITS, 64);
    gated_folder_fill(&f->folder, true);
    for (unsigned i = 0; i < 3; i++) {
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(push(f, i), SVMS_OK);
        assert_int_equal(svms_audit_queue_flush(f->queue, &err), SVMS_E_IO);
        assert_int_equal(err.os_error, ENOSPC);
    }
    svms_audit_queue_state known = look(f);
    assert_int_equal(known.failure, SVMS_E_IO);
    assert_int_equal(known.os_error, ENOSPC);
    assert_true(known.attempts >= 3);
    assert_true(known.failing_since_utc_ns > 0);
    assert_int_equal(known.waiting, 3);
    gated_folder_fill(&f->folder, false);
    assert_int_equal(svms_audit_queue_flush(f->queue, NULL), SVMS_OK);
    close_queue(f);
    close_log(f);
    assert_int_equal(order_of(f).next, 3);
    /* Nobody was refused anything. */
    assert_int_equal(saying(f, "log.gap"), 0);
}

static void a_drop_during_a_full_disk_is_told_when_there_is_room(void **state)
{
    fixture *f = *state;
    make_queue(f, SVMS_AUDIT_FULL_DROPS, 4);
    gated_folder_fill(&f->folder, true);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(push(f, i), SVMS_OK);
    }
    assert_int_equal(svms_audit_queue_flush(f->queue, NULL), SVMS_E_IO);
    assert_int_equal(look(f).dropped, 6);
    gated_folder_fill(&f->folder, false);
    assert_int_equal(svms_audit_queue_flush(f->queue, NULL), SVMS_OK);
    close_queue(f);
    close_log(f);
    assert_int_equal(order_of(f).next, 4);
    assert_int_equal(order_of(f).gap_before, 4);
    assert_int_equal(published_gaps(f->ctx, &f->folder.view, "queue"), 6);
    assert_int_equal(published_gaps(f->ctx, &f->folder.view, "storage"), 0);
}

static void want_of_memory_costs_nothing_that_was_taken(void **state)
{
    fixture *f = *state;
    make_queue(f, SVMS_AUDIT_FULL_WAITS, 64);
    atomic_store(&f->memory.is_starved, true);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(push(f, i), SVMS_OK);
    }
    assert_int_equal(svms_audit_queue_flush(f->queue, NULL), SVMS_E_NO_MEMORY);
    atomic_store(&f->memory.is_starved, false);
    assert_int_equal(svms_audit_queue_flush(f->queue, NULL), SVMS_OK);
    close_queue(f);
    close_log(f);
    assert_int_equal(order_of(f).next, 20);
    assert_int_equal(saying(f, "log.gap"), 0);
}

static void closing_on_a_full_disk_tells_what_was_lost_and_so_does_the_log(void **state)
{
    fixture *f = *state;
    uint64_t lost = 0;
    uint64_t number;
    svms_iovec run = { "record 0;", 9 };
    svms_error err = SVMS_ERROR_INIT;
    make_queue(f, SVMS_AUDIT_FULL_DROPS, 4);
    gated_folder_fill(&f->folder, true);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(push(f, 100 + i), SVMS_OK);
    }
    assert_int_equal(svms_audit_queue_close(&f->queue, &lost, &err), SVMS_E_IO);
    assert_int_equal(err.os_error, ENOSPC);
    assert_null(f->queue);
    assert_int_equal(lost, 4);
    gated_folder_fill(&f->folder, false);
    assert_int_equal(svms_audit_log_append(f->log, &run, 1, &number, NULL), SVMS_OK);
    close_log(f);
    assert_int_equal(order_of(f).next, 1);
    assert_int_equal(order_of(f).gap_before, 0);
    /* Two of them had been dropped before. */
    assert_int_equal(published_gaps(f->ctx, &f->folder.view, "storage"), 6);
}

static void closing_lets_go_who_waits_for_room(void **state)
{
    fixture *f = *state;
    pthread_t thread[2];
    pusher who[2];
    uint64_t lost = 0;
    make_queue(f, SVMS_AUDIT_FULL_WAITS, 1);
    gated_folder_fill(&f->folder, true);
    assert_int_equal(push(f, 0), SVMS_OK);
    for (unsigned i = 0; i < 2; i++) {
        who[i] = (pusher){ f, 1 + i, SVMS_E_INTERNAL };
        assert_int_equal(pthread_create(&thread[i], NULL, push_one, &who[i]), 0);
    }
    await_callers(f, 2);
    assert_int_equal(svms_audit_queue_close(&f->queue, &lost, NULL), SVMS_E_IO);
    assert_int_equal(lost, 1);
    for (unsigned i = 0; i < 2; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(who[i].status, SVMS_E_STATE);
    }
    gated_folder_fill(&f->folder, false);
    close_log(f);
}

#define SIZES 600u

static size_t size_of(unsigned number)
{
    return 8 + (size_t)(number * 2654435761u >> 16) % (SVMS_AUDIT_RECORD_MAX - 7);
}

static void fill_record(unsigned number, uint8_t *out)
{
    memset(out, 'a' + (int)(number % 26), size_of(number));
    memcpy(out, "sized", 5);
    out[5] = (uint8_t)(number >> 8);
    out[6] = (uint8_t)number;
}

static void must_be_sized(void *user, uint64_t index, const svms_bundle_entry *entry)
{
    static uint8_t expected[SVMS_AUDIT_RECORD_MAX];
    unsigned *next = user;
    (void)index;
    if (entry->size > 5 && memcmp(entry->record, "sized", 5) == 0) {
        fill_record(*next, expected);
        assert_int_equal(entry->size, size_of(*next));
        assert_memory_equal(entry->record, expected, entry->size);
        (*next)++;
    }
}

/* The ring of bytes is gone round many times, by records of all sizes. */
static void records_of_all_sizes_keep_their_bytes(void **state)
{
    fixture *f = *state;
    static uint8_t record[SVMS_AUDIT_RECORD_MAX];
    static const uint32_t bytes[] = { SVMS_AUDIT_RECORD_MAX, 20000, 100001 };
    unsigned sent = 0;
    unsigned found = 0;
    for (unsigned i = 0; i < 3; i++) {
        svms_audit_queue_options options = SVMS_AUDIT_QUEUE_OPTIONS_INIT;
        options.bytes = bytes[i];
        options.records = 50;
        assert_int_equal(svms_audit_queue_new(&f->queue, f->ctx, f->log, &options, NULL), SVMS_OK);
        for (; sent < SIZES / 3 * (i + 1); sent++) {
            svms_iovec run = { record, size_of(sent) };
            fill_record(sent, record);
            assert_int_equal(svms_audit_queue_push(f->queue, &run, 1, NULL), SVMS_OK);
        }
        close_queue(f);
    }
    close_log(f);
    (void)published_each(f->ctx, &f->folder.view, must_be_sized, &found);
    assert_int_equal(found, SIZES);
}

#define SHARERS 4u
#define SHARER_RECORDS 100u

static void *append_directly(void *user)
{
    pusher *at = user;
    at->status = SVMS_OK;
    for (unsigned i = 0; i < SHARER_RECORDS && at->status == SVMS_OK; i++) {
        uint64_t first;
        svms_iovec runs[] = { { "directly one", 12 }, { "directly two", 12 } };
        at->status = svms_audit_log_append(at->f->log, runs, 1 + i % 2, &first, NULL);
    }
    return NULL;
}

static void *tend_often(void *user)
{
    pusher *at = user;
    at->status = SVMS_OK;
    for (unsigned i = 0; i < 50 && at->status == SVMS_OK; i++) {
        svms_audit_head head = SVMS_AUDIT_HEAD_INIT;
        at->status = svms_audit_log_tend(at->f->log, NULL);
        if (at->status == SVMS_OK) {
            at->status = svms_audit_log_head(at->f->log, &head, NULL);
        }
    }
    return NULL;
}

static void a_queue_threads_and_tending_share_a_log(void **state)
{
    fixture *f = *state;
    pthread_t thread[SHARERS + 1];
    pusher who[SHARERS + 1];
    make_queue(f, SVMS_AUDIT_FULL_WAITS, 16);
    for (unsigned i = 0; i <= SHARERS; i++) {
        who[i] = (pusher){ f, i, SVMS_E_INTERNAL };
        assert_int_equal(
            pthread_create(&thread[i], NULL, i < SHARERS ? append_directly : tend_often, &who[i]),
            0);
    }
    for (unsigned i = 0; i < 300; i++) {
        assert_int_equal(push(f, i), SVMS_OK);
    }
    for (unsigned i = 0; i <= SHARERS; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(who[i].status, SVMS_OK);
    }
    close_queue(f);
    close_log(f);
    assert_int_equal(order_of(f).next, 300);
    assert_int_equal(saying(f, "directly"), SHARERS * SHARER_RECORDS * 3 / 2);
}

static void what_no_queue_can_take_is_refused(void **state)
{
    fixture *f = *state;
    static uint8_t large[SVMS_AUDIT_RECORD_MAX + 1];
    svms_iovec runs[5] = { { "a", 1 }, { "b", 1 }, { "c", 1 }, { "d", 1 }, { "e", 1 } };
    svms_iovec bad[] = { { NULL, 1 }, { large, 0 }, { large, sizeof large } };
    svms_audit_queue_state known = SVMS_AUDIT_QUEUE_STATE_INIT;
    make_queue(f, SVMS_AUDIT_FULL_DROPS, 4);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(svms_audit_queue_push(f->queue, &bad[i], 1, NULL), SVMS_E_USAGE);
    }
    assert_int_equal(svms_audit_queue_push(f->queue, runs, 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_queue_push(f->queue, NULL, 1, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_queue_push(NULL, runs, 1, NULL), SVMS_E_USAGE);
    /* Not dropped: there never will be room. */
    assert_int_equal(svms_audit_queue_push(f->queue, runs, 5, NULL), SVMS_E_LIMIT);
    assert_int_equal(look(f).dropped, 0);
    assert_int_equal(svms_audit_queue_flush(NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_queue_look(NULL, &known, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_queue_look(f->queue, NULL, NULL), SVMS_E_USAGE);
    close_queue(f);
    assert_int_equal(svms_audit_queue_close(&f->queue, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_audit_queue_close(NULL, NULL, NULL), SVMS_OK);
    close_log(f);
}

static void options_that_are_none_are_refused(void **state)
{
    fixture *f = *state;
    static const struct {
        uint32_t when_full;
        uint32_t records;
        uint32_t bytes;
    } cases[] = {
        { 3, 4, 20000 },
        { 0, 0, 20000 },
        { 0, SVMS_AUDIT_QUEUE_RECORDS_MAX + 1, 20000 },
        { 0, 4, SVMS_AUDIT_RECORD_MAX - 1 },
        { 0, 4, SVMS_AUDIT_QUEUE_BYTES_MAX + 1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_audit_queue_options options = SVMS_AUDIT_QUEUE_OPTIONS_INIT;
        memcpy(&options.when_full, &cases[i].when_full, sizeof cases[i].when_full);
        options.records = cases[i].records;
        options.bytes = cases[i].bytes;
        assert_int_equal(svms_audit_queue_new(&f->queue, f->ctx, f->log, &options, NULL),
                         SVMS_E_USAGE);
        assert_null(f->queue);
    }
    assert_int_equal(svms_audit_queue_new(&f->queue, f->ctx, NULL, NULL, NULL), SVMS_E_USAGE);
    close_log(f);
}

static svms_audit_log *log_for_allocation;

static svms_status make_and_close(svms_ctx *ctx, svms_error *err)
{
    svms_audit_queue *queue = NULL;
    svms_status status = svms_audit_queue_new(&queue, ctx, log_for_allocation, NULL, err);
    assert_int_equal(status == SVMS_OK, queue != NULL);
    assert_int_equal(svms_audit_queue_close(&queue, NULL, NULL), SVMS_OK);
    return status;
}

static void each_allocation_may_fail(void **state)
{
    fixture *f = *state;
    log_for_allocation = f->log;
    each_allocation_fails_cleanly(make_and_close);
    close_log(f);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(records_come_into_the_log_in_their_order),
        CASE(a_full_queue_refuses),
        CASE(a_full_queue_makes_its_callers_wait_in_their_order),
        CASE(a_full_queue_drops_and_the_log_tells_how_many_before_the_next),
        CASE(every_dropped_record_is_counted),
        CASE(a_full_disk_costs_nothing_that_was_taken),
        CASE(a_drop_during_a_full_disk_is_told_when_there_is_room),
        CASE(want_of_memory_costs_nothing_that_was_taken),
        CASE(closing_on_a_full_disk_tells_what_was_lost_and_so_does_the_log),
        CASE(closing_lets_go_who_waits_for_room),
        CASE(records_of_all_sizes_keep_their_bytes),
        CASE(a_queue_threads_and_tending_share_a_log),
        CASE(what_no_queue_can_take_is_refused),
        CASE(options_that_are_none_are_refused),
        CASE(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
