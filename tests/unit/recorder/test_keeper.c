/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper: the oldest goes first, what is locked stays, what was removed is explained and
 * verifies, and what was erased opens for nobody. */
#include "store_case.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include <container_erase.h>
#include <keeper_internal.h>
#include <keeper_reserve.h>

#define MINUTE (60 * SECOND)
#define RESERVE UINT64_C(1000000)
#define ALL_OF_IT UINT64_C(1) << 40

typedef struct fixture {
    store_case *c;
    char ledger_path[128];
    ledger *ledger;
    keeper *keeper;
    uint64_t room;  /* that is free apart from what is removed */
    uint64_t limit; /* or, if not 0: of what all containers may have */
    svms_status room_says;
    svms_error err;
} fixture;

static uint64_t bytes_of_all(const fixture *f)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < store_case_files(f->c, ".svms"); i++) {
        char path[256];
        struct stat is;
        store_case_file(f->c, ".svms", i, path);
        assert_int_equal(stat(path, &is), 0);
        bytes += (uint64_t)is.st_size;
    }
    return bytes;
}

static svms_status tell_room(void *user, const char *path, uint64_t *out)
{
    const fixture *f = user;
    assert_string_equal(path, f->c->path);
    *out = f->room;
    if (f->limit > 0) {
        uint64_t used = bytes_of_all(f);
        *out = used < f->limit ? f->limit - used : 0;
    }
    return f->room_says;
}

static svms_status make_keeper(fixture *f)
{
    keeper_options options = { .parts = &f->c->parts,
                               .keys = &f->c->keys,
                               .ledger = f->ledger,
                               .free_bytes = tell_room,
                               .user = f,
                               .period_ms = 3600000 };
    return keeper_make(&f->keeper, &options, &f->err);
}

static void open_ledger(fixture *f)
{
    if (ledger_open(&f->ledger, f->c->ctx, f->ledger_path, &f->c->keys, f->c->trust, &f->err) !=
        SVMS_OK) {
        fail_msg("%s", f->err.message);
    }
}

static int set_up(void **state)
{
    void *made = NULL;
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    store_case_set_up(&made);
    f->c = made;
    f->room = ALL_OF_IT;
    f->err = (svms_error)SVMS_ERROR_INIT;
    f->c->storage.reserve_bytes = RESERVE;
    snprintf(f->ledger_path, sizeof f->ledger_path, "%s/ledger", f->c->place);
    f->c->settings.ledger = f->ledger_path;
    open_ledger(f);
    assert_int_equal(make_keeper(f), SVMS_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    void *made = f->c;
    if (f->keeper) {
        keeper_release(f->keeper);
    }
    ledger_close(&f->ledger);
    store_case_tear_down(&made);
    free(f);
    return 0;
}

static void restart(fixture *f)
{
    keeper_release(f->keeper);
    f->keeper = NULL;
    ledger_close(&f->ledger);
    open_ledger(f);
    assert_int_equal(make_keeper(f), SVMS_OK);
}

/* So many containers of a minute, and a last one of ten seconds. */
static void record(fixture *f, int minutes, int64_t shift_ns)
{
    store_case_open(f->c);
    store_case_begin(f->c, 640);
    store_case_put(f->c, 0, minutes * 600 + 101, shift_ns);
    camera_store_close(&f->c->store);
}

static unsigned count_files(const fixture *f, const char *suffix)
{
    return store_case_files(f->c, suffix);
}

static bool any_file(const char *name)
{
    size_t size = strlen(name);
    return (size > 5 && strcmp(name + size - 5, ".svms") == 0) ||
           (size > 7 && strcmp(name + size - 7, ".pruned") == 0);
}

typedef struct judged {
    fixture *f;
    char *paths[64];
    uint32_t count;
} judged;

static svms_status open_file(void *user, uint32_t index, svms_source *out, svms_error *err)
{
    judged *all = user;
    return svms_source_open_file(out, all->f->c->ctx, all->paths[index], err);
}

static void close_file(void *user, uint32_t index, svms_source *source)
{
    (void)user;
    (void)index;
    svms_source_close(source);
}

/* As `svms verify FOLDER` does it. */
static svms_status verify(fixture *f, svms_sequence_report *report)
{
    judged all = { .f = f };
    svms_sequence_options options = SVMS_SEQUENCE_OPTIONS_INIT;
    svms_verify_options how = SVMS_VERIFY_OPTIONS_INIT;
    DIR *folder = opendir(f->c->folder);
    const struct dirent *entry;
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL && all.count < 64) {
        if (any_file(entry->d_name)) {
            assert_true(asprintf(&all.paths[all.count++], "%s/%s", f->c->folder, entry->d_name) >
                        0);
        }
    }
    closedir(folder);
    how.trust = f->c->trust;
    options.count = all.count;
    options.verify = &how;
    options.user = &all;
    options.open = open_file;
    options.close = close_file;
    svms_status status = svms_verify_recording(f->c->ctx, &options, report, &f->err);
    for (uint32_t i = 0; i < all.count; i++) {
        free(all.paths[i]);
    }
    return status;
}

static void expect_explained(fixture *f, unsigned containers, unsigned pruned)
{
    svms_sequence_report report = SVMS_SEQUENCE_REPORT_INIT;
    if (verify(f, &report) != SVMS_OK) {
        fail_msg("%s", report.worst.reason);
    }
    assert_int_equal(report.containers, containers);
    assert_int_equal(report.pruned, pruned);
    assert_int_equal(report.missing, 0);
}

static svms_status count_one(void *user, const indexed_container *container)
{
    (void)container;
    ++*(unsigned *)user;
    return SVMS_OK;
}

static unsigned indexed(const fixture *f)
{
    indexed_range always = { NULL, INT64_MIN, INT64_MAX };
    unsigned count = 0;
    assert_int_equal(recorder_index_containers(f->c->parts.index, &always, count_one, &count, NULL),
                     SVMS_OK);
    return count;
}

static void tend(fixture *f)
{
    keeper_finish(f->keeper, 0);
    keeper_tend(f->keeper, 0);
}

static void lock_range(fixture *f, int64_t from, int64_t to, char id[37])
{
    indexed_range range = { CAMERA, T0 + from, T0 + to };
    if (keeper_lock(f->keeper, &range, "anna", "theft", id, &f->err) != SVMS_OK) {
        fail_msg("%s", f->err.message);
    }
}

static void with_room_nothing_goes(void **state)
{
    fixture *f = *state;
    record(f, 2, 0);
    tend(f);
    assert_int_equal(count_files(f, ".svms"), 3);
    assert_int_equal(count_files(f, ".pruned"), 0);
    assert_int_equal(store_case_events(f->c, "storage.full"), 0);
    assert_int_equal(store_case_events(f->c, "storage.filling"), 0);
}

static void what_is_too_old_goes(void **state)
{
    fixture *f = *state;
    int64_t days = (recorder_now() - T0) / (1440 * MINUTE);
    record(f, 2, 0);
    record(f, 1, 20 * 1440 * MINUTE);
    assert_int_equal(count_files(f, ".svms"), 5);
    f->c->storage.keep_days = (uint32_t)(days - 10);
    tend(f);
    assert_int_equal(count_files(f, ".svms"), 2);
    assert_int_equal(count_files(f, ".pruned"), 3);
    assert_int_equal(indexed(f), 2);
    expect_explained(f, 2, 3);
    assert_int_equal(store_case_events(f->c, "storage.pruned"), 3);
    assert_int_equal(store_case_audited(f->c, "storage.pruned", "retention"), 3);
}

static void what_is_too_much_goes_oldest_first(void **state)
{
    fixture *f = *state;
    char first[256];
    record(f, 4, 0);
    assert_int_equal(count_files(f, ".svms"), 5);
    f->c->storage.keep_bytes = bytes_of_all(f) / 2;
    tend(f);
    assert_true(bytes_of_all(f) <= f->c->storage.keep_bytes);
    assert_int_equal(count_files(f, ".svms"), 2);
    store_case_file(f->c, ".svms", 0, first);
    assert_non_null(strstr(first, "/000003-"));
    expect_explained(f, 2, 3);
    assert_int_equal(store_case_audited(f->c, "storage.pruned", "space"), 3);
}

static void a_disk_that_fills_is_told_before_it_is_full(void **state)
{
    fixture *f = *state;
    record(f, 1, 0);
    f->room = 2 * RESERVE - 1;
    tend(f);
    tend(f);
    assert_int_equal(store_case_events(f->c, "storage.filling"), 1);
    assert_int_equal(store_case_events(f->c, "storage.full"), 0);
    /* Around the limit it is told once. */
    f->room = 2 * RESERVE + 1;
    tend(f);
    f->room = 2 * RESERVE - 1;
    tend(f);
    assert_int_equal(store_case_events(f->c, "storage.filling"), 1);
    f->room = 3 * RESERVE;
    tend(f);
    assert_int_equal(store_case_events(f->c, "storage.room"), 1);
    f->room = 2 * RESERVE - 1;
    tend(f);
    assert_int_equal(store_case_events(f->c, "storage.filling"), 2);
    assert_int_equal(count_files(f, ".pruned"), 0);
}

static void a_full_disk_gets_room_again(void **state)
{
    fixture *f = *state;
    record(f, 4, 0);
    uint64_t one = bytes_of_all(f) / 5;
    f->limit = bytes_of_all(f) + RESERVE - 2 * one;
    tend(f);
    assert_true(count_files(f, ".svms") >= 2);
    assert_true(count_files(f, ".svms") <= 3);
    assert_true(f->limit - bytes_of_all(f) >= RESERVE);
    expect_explained(f, count_files(f, ".svms"), count_files(f, ".pruned"));
    assert_int_equal(store_case_events(f->c, "storage.full"), 1);
    assert_int_equal(store_case_audited(f->c, "storage.full", "oldest containers go"), 1);
}

static void a_slow_file_system_does_not_cost_everything(void **state)
{
    fixture *f = *state;
    record(f, 4, 0);
    /* What is removed is not free yet. */
    f->room = RESERVE - 1;
    tend(f);
    assert_int_equal(count_files(f, ".svms"), 4);
}

static void with_nothing_left_to_remove_it_is_told_once_in_a_minute(void **state)
{
    fixture *f = *state;
    char id[37];
    record(f, 1, 0);
    lock_range(f, 0, 10 * MINUTE, id);
    f->room = RESERVE / 2;
    tend(f);
    tend(f);
    tend(f);
    assert_int_equal(count_files(f, ".svms"), 2);
    /* That it begins, and that nothing can be done. */
    assert_int_equal(store_case_events(f->c, "storage.full"), 2);
    f->keeper->watches[0].told_full_ns -= 61 * SECOND;
    tend(f);
    assert_int_equal(store_case_events(f->c, "storage.full"), 3);
}

static void what_is_locked_stays_and_the_rest_verifies(void **state)
{
    fixture *f = *state;
    char id[37];
    char path[256];
    record(f, 4, 0);
    lock_range(f, 130 * SECOND, 131 * SECOND, id);
    f->c->storage.keep_bytes = 1;
    tend(f);
    assert_int_equal(count_files(f, ".svms"), 1);
    store_case_file(f->c, ".svms", 0, path);
    assert_non_null(strstr(path, "/000002-"));
    expect_explained(f, 1, 4);
    assert_int_equal(keeper_unlock(f->keeper, id, "berta", "done", &f->err), SVMS_OK);
    tend(f);
    assert_int_equal(count_files(f, ".svms"), 0);
    assert_int_equal(count_files(f, ".pruned"), 5);
    assert_int_equal(keeper_unlock(f->keeper, id, "berta", "done", &f->err), SVMS_E_STATE);
}

static void a_lock_waits_for_what_is_still_to_come(void **state)
{
    fixture *f = *state;
    char id[37];
    lock_range(f, 0, MINUTE, id);
    record(f, 1, 0);
    f->c->storage.keep_bytes = 1;
    tend(f);
    assert_int_equal(count_files(f, ".svms"), 1);
}

static void locks_outlive_the_index(void **state)
{
    fixture *f = *state;
    char first[37];
    char second[37];
    record(f, 1, 0);
    lock_range(f, 0, MINUTE, first);
    lock_range(f, 0, MINUTE, second);
    assert_string_not_equal(first, second);
    /* A crash came between ledger and index, twice. */
    assert_int_equal(recorder_index_unlock(f->c->parts.index, first, &f->err), SVMS_OK);
    ledger_entry over = { LEDGER_UNLOCK, second, NULL, 0, 0, "anna", "", 0 };
    assert_int_equal(ledger_append(f->ledger, &over, &f->err), SVMS_OK);
    restart(f);
    f->c->storage.keep_bytes = 1;
    tend(f);
    assert_int_equal(count_files(f, ".svms"), 1);
    assert_int_equal(keeper_unlock(f->keeper, second, "anna", "", &f->err), SVMS_E_STATE);
    assert_int_equal(keeper_unlock(f->keeper, first, "anna", "", &f->err), SVMS_OK);
    assert_int_equal(store_case_events(f->c, "storage.failed"), 0);
}

static void a_lock_that_somebody_shortened_is_whole_again(void **state)
{
    fixture *f = *state;
    char id[37];
    record(f, 2, 0);
    lock_range(f, 0, 10 * MINUTE, id);
    indexed_lock shorter = { id, CAMERA, T0, T0 + 1, "anna", "theft", 1 };
    assert_int_equal(recorder_index_unlock(f->c->parts.index, id, &f->err), SVMS_OK);
    assert_int_equal(recorder_index_lock(f->c->parts.index, &shorter, &f->err), SVMS_OK);
    restart(f);
    f->c->storage.keep_bytes = 1;
    tend(f);
    assert_int_equal(count_files(f, ".svms"), 3);
}

static void a_ledger_that_was_replaced_takes_no_lock_away(void **state)
{
    fixture *f = *state;
    char id[37];
    record(f, 1, 0);
    lock_range(f, 0, 10 * MINUTE, id);
    ledger_close(&f->ledger);
    assert_int_equal(unlink(f->ledger_path), 0);
    open_ledger(f);
    keeper_release(f->keeper);
    assert_int_equal(make_keeper(f), SVMS_OK);
    f->c->storage.keep_bytes = 1;
    tend(f);
    assert_int_equal(count_files(f, ".svms"), 2);
    assert_int_equal(store_case_events(f->c, "storage.failed"), 1);
    assert_int_equal(store_case_audited(f->c, "storage.failed", "cut or replaced"), 1);
}

static void without_a_ledger_that_can_be_read_nothing_goes(void **state)
{
    fixture *f = *state;
    char id[37];
    record(f, 1, 0);
    lock_range(f, 20 * MINUTE, 21 * MINUTE, id);
    int handle = open(f->ledger_path, O_WRONLY | O_APPEND);
    assert_int_equal(write(handle, "x", 1), 1);
    close(handle);
    f->keeper->locks_unsure = true;
    f->c->storage.keep_bytes = 1;
    tend(f);
    assert_int_equal(count_files(f, ".svms"), 2);
    assert_int_equal(store_case_events(f->c, "storage.failed"), 1);
}

/* Steps of a removal that was interrupted: the record stands, the container does, too. */
static void write_record_by_hand(fixture *f, const char *path, svms_prune_reason reason)
{
    char record[300];
    svms_source source = SVMS_SOURCE_INIT;
    svms_sink sink = SVMS_SINK_INIT;
    svms_prune_options options = SVMS_PRUNE_OPTIONS_INIT;
    options.reason = reason;
    options.signer = f->c->keys.key;
    options.chain = f->c->keys.chain;
    snprintf(record, sizeof record, "%s.pruned", path);
    assert_int_equal(svms_source_open_file(&source, f->c->ctx, path, &f->err), SVMS_OK);
    assert_int_equal(svms_sink_create_file(&sink, f->c->ctx, record, &f->err), SVMS_OK);
    assert_int_equal(svms_pruned_write(f->c->ctx, &source, &options, &sink, &f->err), SVMS_OK);
    svms_sink_close(&sink);
    svms_source_close(&source);
}

static void what_a_crash_interrupted_is_finished(void **state)
{
    fixture *f = *state;
    char path[256];
    record(f, 2, 0);
    store_case_file(f->c, ".svms", 0, path);
    write_record_by_hand(f, path, SVMS_PRUNE_RETENTION);
    /* The second was interrupted behind its removal. */
    char second[256];
    store_case_file(f->c, ".svms", 1, second);
    write_record_by_hand(f, second, SVMS_PRUNE_SPACE);
    assert_int_equal(unlink(second), 0);
    restart(f);
    tend(f);
    assert_int_equal(count_files(f, ".svms"), 1);
    assert_int_equal(count_files(f, ".pruned"), 2);
    f->c->storage.keep_bytes = 1;
    tend(f);
    assert_int_equal(indexed(f), 0);
    assert_int_equal(count_files(f, ".pruned"), 3);
    assert_int_equal(store_case_events(f->c, "storage.failed"), 0);
}

static void an_unfinished_record_is_written_anew(void **state)
{
    fixture *f = *state;
    char path[256];
    char other[300];
    record(f, 2, 0);
    store_case_file(f->c, ".svms", 0, path);
    snprintf(other, sizeof other, "%s.pruned.new", path);
    store_case_write(other, "half", 4, 0600);
    store_case_file(f->c, ".svms", 1, path);
    snprintf(other, sizeof other, "%s.pruned", path);
    store_case_write(other, "rubbish", 7, 0600);
    f->c->storage.keep_bytes = 1;
    tend(f);
    assert_int_equal(count_files(f, ".svms"), 0);
    assert_int_equal(count_files(f, ".new"), 0);
    assert_int_equal(count_files(f, ".pruned"), 3);
}

static void what_is_gone_or_spoilt_is_told_and_the_index_corrected(void **state)
{
    fixture *f = *state;
    char path[256];
    char spoilt[256];
    record(f, 2, 0);
    store_case_file(f->c, ".svms", 0, path);
    store_case_file(f->c, ".svms", 1, spoilt);
    assert_int_equal(unlink(path), 0);
    store_case_write(spoilt, "no container", 12, 0600);
    f->c->storage.keep_bytes = 1;
    tend(f);
    assert_int_equal(indexed(f), 0);
    assert_int_equal(store_case_events(f->c, "storage.failed"), 2);
    /* It is left for people to look at. */
    assert_int_equal(access(spoilt, F_OK), 0);
    assert_int_equal(count_files(f, ".pruned"), 1);
}

static void an_index_that_leads_elsewhere_is_not_followed(void **state)
{
    fixture *f = *state;
    char outside[256];
    char path[256];
    indexed_container bad = { STORAGE, CAMERA, "../outside.svms", SVMS_HEAD_INIT, T0, T0 + 1, 1,
                              true,    false };
    record(f, 1, 0);
    store_case_file(f->c, ".svms", 0, path);
    snprintf(outside, sizeof outside, "%s/outside.svms", f->c->place);
    assert_int_equal(link(path, outside), 0);
    assert_int_equal(recorder_index_put(f->c->parts.index, &bad, &f->err), SVMS_OK);
    f->c->storage.keep_bytes = 1;
    tend(f);
    assert_int_equal(access(outside, F_OK), 0);
    assert_int_equal(indexed(f), 0);
}

static void a_folder_that_cannot_be_written_keeps_what_it_has(void **state)
{
    fixture *f = *state;
    record(f, 1, 0);
    failing_create = EROFS;
    f->c->storage.keep_bytes = 1;
    tend(f);
    assert_int_equal(count_files(f, ".svms"), 2);
    assert_int_equal(indexed(f), 2);
    assert_int_equal(store_case_events(f->c, "storage.failed"), 1);
    tend(f);
    assert_int_equal(store_case_events(f->c, "storage.failed"), 1);
    failing_create = 0;
    tend(f);
    assert_int_equal(count_files(f, ".svms"), 0);
}

static void what_is_being_written_is_left_alone(void **state)
{
    fixture *f = *state;
    store_case_open(f->c);
    store_case_begin(f->c, 640);
    store_case_put(f->c, 0, 300, 0);
    f->c->storage.keep_bytes = 1;
    f->room = 0;
    tend(f);
    assert_int_equal(count_files(f, ".part"), 1);
    camera_store_close(&f->c->store);
}

static void the_last_room_is_for_records(void **state)
{
    fixture *f = *state;
    char path[256];
    struct stat is;
    record(f, 1, 0);
    tend(f);
    snprintf(path, sizeof path, "%s/.keeper-reserve", f->c->path);
    assert_int_equal(stat(path, &is), 0);
    assert_true(is.st_size > 0);
    /* It is given away before the first removal is given up. */
    failing_write = ENOSPC;
    f->room = 0;
    tend(f);
    assert_int_equal(count_files(f, ".svms"), 2);
    assert_int_equal(count_files(f, ".new"), 0);
    assert_int_equal(stat(path, &is), -1);
    assert_true(store_case_events(f->c, "storage.failed") >= 1);
    failing_write = 0;
    tend(f);
    assert_true(count_files(f, ".svms") < 2);
    f->room = ALL_OF_IT;
    tend(f);
    assert_int_equal(stat(path, &is), 0);
}

static svms_status open_with_key(fixture *f, const char *path)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_reader *reader = NULL;
    svms_keyring *ring = NULL;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    assert_int_equal(svms_keyring_new(&ring, f->c->ctx, &f->err), SVMS_OK);
    assert_int_equal(svms_keyring_add_key(ring, f->c->reader_key, &f->err), SVMS_OK);
    options.keys = ring;
    assert_int_equal(svms_source_open_file(&source, f->c->ctx, path, &f->err), SVMS_OK);
    svms_status status = svms_reader_open(&reader, f->c->ctx, &source, &options, &f->err);
    svms_reader_close(&reader);
    svms_source_close(&source);
    svms_keyring_free(&ring);
    return status;
}

static void what_was_erased_opens_for_nobody(void **state)
{
    fixture *f = *state;
    char path[256];
    char kept[256];
    uint32_t erased = 0;
    indexed_range range = { CAMERA, T0 + 55 * SECOND, T0 + 121 * SECOND };
    record(f, 2, 0);
    assert_int_equal(count_files(f, ".svms"), 3);
    store_case_file(f->c, ".svms", 1, path);
    snprintf(kept, sizeof kept, "%s/kept", f->c->place);
    assert_int_equal(link(path, kept), 0);
    assert_int_equal(open_with_key(f, kept), SVMS_OK);
    assert_int_equal(keeper_erase(f->keeper, &range, "anna", "request", &erased, &f->err), SVMS_OK);
    assert_int_equal(erased, 1);
    assert_int_equal(count_files(f, ".svms"), 2);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_not_equal(open_with_key(f, kept), SVMS_OK);
    expect_explained(f, 2, 1);
    assert_int_equal(indexed(f), 2);
    char mark[LEDGER_MARK_SIZE];
    keeper_mark(f->keeper, mark);
    assert_int_equal(strncmp(mark, "0 ", 2), 0);
    assert_int_equal(store_case_audited(f->c, "storage.pruned", "erased"), 1);
}

static void nothing_is_erased_where_something_is_locked(void **state)
{
    fixture *f = *state;
    char id[37];
    uint32_t erased = 7;
    indexed_range range = { CAMERA, T0, T0 + 10 * MINUTE };
    record(f, 2, 0);
    lock_range(f, 130 * SECOND, 131 * SECOND, id);
    assert_int_equal(keeper_erase(f->keeper, &range, "anna", "request", &erased, &f->err),
                     SVMS_E_POLICY);
    assert_int_equal(erased, 0);
    assert_int_equal(count_files(f, ".svms"), 3);
    range.camera = "other";
    assert_int_equal(keeper_erase(f->keeper, &range, "anna", "request", &erased, &f->err), SVMS_OK);
    assert_int_equal(erased, 0);
}

static void an_erasure_that_was_interrupted_is_finished(void **state)
{
    fixture *f = *state;
    char path[256];
    char kept[256];
    record(f, 1, 0);
    store_case_file(f->c, ".svms", 0, path);
    write_record_by_hand(f, path, SVMS_PRUNE_ORDER);
    snprintf(kept, sizeof kept, "%s/kept", f->c->place);
    assert_int_equal(link(path, kept), 0);
    restart(f);
    tend(f);
    assert_int_equal(count_files(f, ".svms"), 1);
    assert_int_not_equal(open_with_key(f, kept), SVMS_OK);
    /* And so is one that had overwritten the keys already. */
    store_case_file(f->c, ".svms", 0, path);
    write_record_by_hand(f, path, SVMS_PRUNE_ORDER);
    assert_int_equal(container_erase(f->c->ctx, path, &f->err), SVMS_OK);
    restart(f);
    tend(f);
    assert_int_equal(count_files(f, ".svms"), 0);
    expect_explained(f, 0, 2);
}

static void what_has_no_keys_is_overwritten_whole(void **state)
{
    fixture *f = *state;
    char path[256];
    const char words[] = "not a container at all, but to be erased";
    char seen[sizeof words] = "";
    snprintf(path, sizeof path, "%s/words", f->c->place);
    store_case_write(path, words, sizeof words, 0600);
    assert_int_equal(container_erase(f->c->ctx, path, &f->err), SVMS_OK);
    int handle = open(path, O_RDONLY);
    assert_int_equal(read(handle, seen, sizeof seen), sizeof seen);
    close(handle);
    for (size_t i = 0; i < sizeof seen; i++) {
        assert_int_equal(seen[i], 0);
    }
}

static void requests_that_make_no_sense_are_refused(void **state)
{
    fixture *f = *state;
    char id[37];
    uint32_t erased = 0;
    indexed_range range = { CAMERA, 10, 10 };
    assert_int_equal(keeper_lock(f->keeper, &range, "anna", "", id, &f->err), SVMS_E_USAGE);
    range.to_utc_ns = 11;
    assert_int_equal(keeper_lock(f->keeper, &range, "", "", id, &f->err), SVMS_E_USAGE);
    assert_int_equal(keeper_lock(f->keeper, &range, "a\n", "", id, &f->err), SVMS_E_USAGE);
    range.camera = NULL;
    assert_int_equal(keeper_lock(f->keeper, &range, "anna", "", id, &f->err), SVMS_E_USAGE);
    assert_int_equal(keeper_erase(f->keeper, &range, "anna", "", &erased, &f->err), SVMS_E_USAGE);
    assert_int_equal(keeper_unlock(f->keeper, "nothing", "anna", "", &f->err), SVMS_E_STATE);
}

static void its_thread_looks_when_it_is_woken(void **state)
{
    fixture *f = *state;
    keeper *started = NULL;
    keeper_options options = f->keeper->options;
    record(f, 1, 0);
    assert_int_equal(keeper_start(&started, &options, &f->err), SVMS_OK);
    f->c->storage.keep_bytes = 1;
    for (int i = 0; i < 500 && indexed(f) > 0; i++) {
        const struct timespec moment = { 0, 20000000 };
        keeper_wake(started);
        nanosleep(&moment, NULL);
    }
    keeper_stop(&started);
    assert_null(started);
    assert_int_equal(indexed(f), 0);
    assert_int_equal(count_files(f, ".pruned"), 2);
}

static void a_torn_ledger_is_told(void **state)
{
    fixture *f = *state;
    char id[37];
    lock_range(f, 0, MINUTE, id);
    int handle = open(f->ledger_path, O_WRONLY | O_APPEND);
    assert_int_equal(write(handle, "SVLE", 4), 4);
    close(handle);
    restart(f);
    assert_int_equal(store_case_events(f->c, "storage.failed"), 1);
    assert_int_equal(store_case_audited(f->c, "storage.failed", "cut off the ledger"), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(with_room_nothing_goes),
        CASE(what_is_too_old_goes),
        CASE(what_is_too_much_goes_oldest_first),
        CASE(a_disk_that_fills_is_told_before_it_is_full),
        CASE(a_full_disk_gets_room_again),
        CASE(a_slow_file_system_does_not_cost_everything),
        CASE(with_nothing_left_to_remove_it_is_told_once_in_a_minute),
        CASE(what_is_locked_stays_and_the_rest_verifies),
        CASE(a_lock_waits_for_what_is_still_to_come),
        CASE(locks_outlive_the_index),
        CASE(a_lock_that_somebody_shortened_is_whole_again),
        CASE(a_ledger_that_was_replaced_takes_no_lock_away),
        CASE(without_a_ledger_that_can_be_read_nothing_goes),
        CASE(what_a_crash_interrupted_is_finished),
        CASE(an_unfinished_record_is_written_anew),
        CASE(what_is_gone_or_spoilt_is_told_and_the_index_corrected),
        CASE(an_index_that_leads_elsewhere_is_not_followed),
        CASE(a_folder_that_cannot_be_written_keeps_what_it_has),
        CASE(what_is_being_written_is_left_alone),
        CASE(the_last_room_is_for_records),
        CASE(what_was_erased_opens_for_nobody),
        CASE(nothing_is_erased_where_something_is_locked),
        CASE(an_erasure_that_was_interrupted_is_finished),
        CASE(what_has_no_keys_is_overwritten_whole),
        CASE(requests_that_make_no_sense_are_refused),
        CASE(its_thread_looks_when_it_is_woken),
        CASE(a_torn_ledger_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
