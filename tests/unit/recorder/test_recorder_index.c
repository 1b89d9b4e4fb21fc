/* SPDX-License-Identifier: Apache-2.0 */
/* The recorder's index: what is put in comes out, in order and in its range; what is locked may
 * not be pruned; a file that is none is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <sqlite3.h>

#include <recorder_index.h>

typedef struct fixture {
    char folder[64];
    char path[96];
    recorder_index *index;
    svms_error err;
    char seen[512]; /* what visitors met */
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->folder, sizeof f->folder, "/tmp/svms-test-index-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/index", f->folder);
    assert_int_equal(recorder_index_open(&f->index, f->path, &f->err), SVMS_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const endings[] = { "", "-wal", "-shm" };
    fixture *f = *state;
    recorder_index_close(&f->index);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", f->path, endings[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(f->folder), 0);
    free(f);
    return 0;
}

static void reopen(fixture *f)
{
    recorder_index_close(&f->index);
    assert_int_equal(recorder_index_open(&f->index, f->path, &f->err), SVMS_OK);
}

static void see(fixture *f, const char *words)
{
    size_t used = strlen(f->seen);
    snprintf(f->seen + used, sizeof f->seen - used, "%s ", words);
}

static svms_status see_container(void *user, const indexed_container *container)
{
    see(user, container->file);
    return SVMS_OK;
}

static svms_status see_gap(void *user, const indexed_gap *gap)
{
    see(user, gap->reason);
    return SVMS_OK;
}

static svms_status see_event(void *user, const indexed_event *event)
{
    see(user, event->kind);
    return SVMS_OK;
}

static svms_status see_lock(void *user, const indexed_lock *lock)
{
    see(user, lock->id);
    return SVMS_OK;
}

/* The file's name tells containers apart; its first letter is in the id. */
static void put(fixture *f, const char *camera, const char *file, int64_t first, int64_t last,
                bool is_closed)
{
    indexed_container container = { "disk", camera, file,      SVMS_HEAD_INIT, first,
                                    last,   100,    is_closed, false };
    memset(container.head.container_id, file[0], sizeof container.head.container_id);
    container.head.last_utc_ns = last;
    assert_int_equal(recorder_index_put(f->index, &container, &f->err), SVMS_OK);
}

static void expect_containers(fixture *f, const char *camera, int64_t from, int64_t to,
                              const char *files)
{
    indexed_range range = { camera, from, to };
    f->seen[0] = '\0';
    assert_int_equal(recorder_index_containers(f->index, &range, see_container, f, &f->err),
                     SVMS_OK);
    assert_string_equal(f->seen, files);
}

static void expect_prunable(fixture *f, const char *files)
{
    f->seen[0] = '\0';
    assert_int_equal(recorder_index_prunable(f->index, "disk", see_container, f, &f->err), SVMS_OK);
    assert_string_equal(f->seen, files);
}

static svms_status lock(fixture *f, const char *id, const char *camera, int64_t from, int64_t to)
{
    indexed_lock wanted = { id, camera, from, to, "CN=Officer", "case 7", 5 };
    return recorder_index_lock(f->index, &wanted, &f->err);
}

static svms_status compare_container(void *user, const indexed_container *seen)
{
    const indexed_container *put_in = user;
    assert_string_equal(seen->storage, put_in->storage);
    assert_string_equal(seen->camera, put_in->camera);
    assert_string_equal(seen->file, put_in->file);
    assert_memory_equal(&seen->head, &put_in->head, sizeof seen->head);
    assert_int_equal(seen->first_utc_ns, put_in->first_utc_ns);
    assert_int_equal(seen->last_utc_ns, put_in->last_utc_ns);
    assert_int_equal(seen->bytes, put_in->bytes);
    assert_int_equal(seen->is_closed, put_in->is_closed);
    assert_int_equal(seen->is_edge, put_in->is_edge);
    return SVMS_E_CANCELLED;
}

static void a_container_comes_out_as_it_went_in(void **state)
{
    fixture *f = *state;
    indexed_container container = { "disk",         "door", "door/0001.svms",
                                    SVMS_HEAD_INIT, 10,     SVMS_NO_TIME,
                                    1ull << 40,     true,   true };
    for (size_t i = 0; i < 16; i++) {
        container.head.container_id[i] = (uint8_t)i;
        container.head.recording_id[i] = (uint8_t)(i + 16);
        container.head.manifest_hash[2 * i] = (uint8_t)(i + 32);
    }
    container.head.recording_sequence = 7;
    assert_int_equal(container.head.segment, SVMS_NO_SEGMENT);
    assert_int_equal(recorder_index_put(f->index, &container, &f->err), SVMS_OK);
    reopen(f);
    indexed_range all = { NULL, INT64_MIN, INT64_MAX };
    assert_int_equal(
        recorder_index_containers(f->index, &all, compare_container, &container, &f->err),
        SVMS_E_CANCELLED);
}

static void containers_are_found_by_camera_and_overlap(void **state)
{
    fixture *f = *state;
    put(f, "door", "b", 20, 30, true);
    put(f, "door", "a", 10, 20, true);
    put(f, "yard", "c", 12, 18, true);
    put(f, "door", "d", 30, SVMS_NO_TIME, false);
    put(f, "door", "e", SVMS_NO_TIME, SVMS_NO_TIME, false);
    put(f, "door", "f", 50, 50, true);
    expect_containers(f, "door", INT64_MIN, INT64_MAX, "a b d f ");
    expect_containers(f, NULL, 15, 20, "a c ");
    expect_containers(f, "door", 20, 30, "b ");
    expect_containers(f, "door", 29, 31, "b d ");
    expect_containers(f, "door", 40, 50, "d ");
    expect_containers(f, "door", 50, 51, "d f ");
    expect_containers(f, "gate", INT64_MIN, INT64_MAX, "");
}

static void a_container_is_replaced_and_dropped(void **state)
{
    fixture *f = *state;
    uint8_t id[16];
    uint64_t bytes = 0;
    memset(id, 'a', sizeof id);
    put(f, "door", "a", 10, 20, false);
    put(f, "door", "a", 10, 25, true);
    put(f, "door", "b", 25, 30, true);
    expect_containers(f, "door", 22, 24, "a ");
    assert_int_equal(recorder_index_bytes(f->index, "disk", &bytes, &f->err), SVMS_OK);
    assert_int_equal(bytes, 200);
    assert_int_equal(recorder_index_drop(f->index, id, &f->err), SVMS_OK);
    assert_int_equal(recorder_index_drop(f->index, id, &f->err), SVMS_OK);
    expect_containers(f, NULL, INT64_MIN, INT64_MAX, "b ");
    assert_int_equal(recorder_index_bytes(f->index, "other", &bytes, &f->err), SVMS_OK);
    assert_int_equal(bytes, 0);
}

static void what_is_locked_open_or_without_time_is_not_prunable(void **state)
{
    fixture *f = *state;
    put(f, "door", "b", 20, 30, true);
    put(f, "door", "a", 10, 19, true);
    put(f, "door", "c", 31, SVMS_NO_TIME, false);
    put(f, "yard", "d", 12, 18, true);
    put(f, "door", "e", SVMS_NO_TIME, SVMS_NO_TIME, true);
    expect_prunable(f, "a d b ");
    assert_int_equal(lock(f, "one", "door", 30, 31), SVMS_OK); /* its last moment */
    expect_prunable(f, "a d ");
    assert_int_equal(lock(f, "two", "door", 5, 10), SVMS_OK); /* ends where "a" begins */
    expect_prunable(f, "a d ");
    assert_int_equal(lock(f, "three", "door", 5, 11), SVMS_OK);
    expect_prunable(f, "d ");
    assert_int_equal(recorder_index_unlock(f->index, "one", &f->err), SVMS_OK);
    expect_prunable(f, "d b ");
}

static void a_lock_is_made_once_and_ended_once(void **state)
{
    fixture *f = *state;
    indexed_range range = { "door", 12, 13 };
    assert_int_equal(lock(f, "one", "door", 10, 20), SVMS_OK);
    assert_int_equal(lock(f, "one", "door", 10, 20), SVMS_E_EXISTS);
    assert_string_equal(f->err.message, "there is a lock one");
    assert_int_equal(lock(f, "two", "door", 20, 20), SVMS_E_USAGE);
    assert_int_equal(lock(f, "three", "yard", 10, 20), SVMS_OK);
    reopen(f);
    assert_int_equal(recorder_index_locks(f->index, &range, see_lock, f, &f->err), SVMS_OK);
    assert_string_equal(f->seen, "one ");
    assert_int_equal(recorder_index_unlock(f->index, "one", &f->err), SVMS_OK);
    assert_int_equal(recorder_index_unlock(f->index, "one", &f->err), SVMS_E_STATE);
    assert_string_equal(f->err.message, "there is no lock one");
}

static void a_gap_lasts_until_its_end_is_known(void **state)
{
    fixture *f = *state;
    indexed_range later = { "door", 100, 110 };
    indexed_gap gap = { "door", 10, SVMS_NO_TIME, "lost" };
    assert_int_equal(recorder_index_put_gap(f->index, &gap, &f->err), SVMS_OK);
    assert_int_equal(recorder_index_gaps(f->index, &later, see_gap, f, &f->err), SVMS_OK);
    assert_string_equal(f->seen, "lost ");
    gap.to_utc_ns = 15;
    assert_int_equal(recorder_index_put_gap(f->index, &gap, &f->err), SVMS_OK);
    f->seen[0] = '\0';
    assert_int_equal(recorder_index_gaps(f->index, &later, see_gap, f, &f->err), SVMS_OK);
    assert_string_equal(f->seen, "");
    gap.from_utc_ns = SVMS_NO_TIME;
    assert_int_equal(recorder_index_put_gap(f->index, &gap, &f->err), SVMS_E_USAGE);
}

static void events_come_in_pieces_in_their_order(void **state)
{
    static const indexed_event events[] = {
        { 0, "door", 10, "lost", "{\"after_ms\":1}" },
        { 0, NULL, 11, "started", NULL },
        { 0, "door", 12, "back", NULL },
        { 0, "yard", 13, "lost", NULL },
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        assert_int_equal(recorder_index_add_event(f->index, &events[i], &f->err), SVMS_OK);
    }
    indexed_range door = { "door", 0, 100 };
    indexed_range all = { NULL, 11, 13 };
    assert_int_equal(recorder_index_events(f->index, &door, 0, 10, see_event, f, &f->err), SVMS_OK);
    assert_string_equal(f->seen, "lost back ");
    f->seen[0] = '\0';
    assert_int_equal(recorder_index_events(f->index, &all, 0, 1, see_event, f, &f->err), SVMS_OK);
    assert_int_equal(recorder_index_events(f->index, &all, 2, 9, see_event, f, &f->err), SVMS_OK);
    assert_string_equal(f->seen, "started back ");
}

static void a_rebuild_replaces_all_but_events_or_nothing(void **state)
{
    static const indexed_event event = { 0, NULL, 10, "started", NULL };
    fixture *f = *state;
    indexed_range all = { NULL, INT64_MIN, INT64_MAX };
    put(f, "door", "a", 10, 20, true);
    assert_int_equal(lock(f, "one", "door", 10, 20), SVMS_OK);
    assert_int_equal(recorder_index_add_event(f->index, &event, &f->err), SVMS_OK);
    for (int good = 0; good < 2; good++) {
        assert_int_equal(recorder_index_rebuild_begin(f->index, &f->err), SVMS_OK);
        put(f, "door", "b", 30, 40, true);
        assert_int_equal(recorder_index_rebuild_end(f->index, good == 1, &f->err), SVMS_OK);
        reopen(f);
        expect_containers(f, NULL, INT64_MIN, INT64_MAX, good == 1 ? "b " : "a ");
        f->seen[0] = '\0';
        assert_int_equal(recorder_index_locks(f->index, &all, see_lock, f, &f->err), SVMS_OK);
        assert_int_equal(recorder_index_events(f->index, &all, 0, 9, see_event, f, &f->err),
                         SVMS_OK);
        assert_string_equal(f->seen, good == 1 ? "started " : "one started ");
    }
}

static void change_with_sqlite(const fixture *f, const char *text)
{
    sqlite3 *base = NULL;
    assert_int_equal(sqlite3_open(f->path, &base), SQLITE_OK);
    assert_int_equal(sqlite3_exec(base, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(base), SQLITE_OK);
}

static void an_index_of_others_is_refused(void **state)
{
    static const struct {
        const char *change;
        svms_status status;
    } cases[] = {
        { "PRAGMA user_version = 2", SVMS_E_UNSUPPORTED },
        { "PRAGMA user_version = 1; DROP TABLE locks", SVMS_E_MALFORMED },
        { "PRAGMA application_id = 7", SVMS_E_MALFORMED },
    };
    fixture *f = *state;
    recorder_index_close(&f->index);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        change_with_sqlite(f, cases[i].change);
        assert_int_equal(recorder_index_open(&f->index, f->path, &f->err), cases[i].status);
        assert_null(f->index);
    }
    FILE *file = fopen(f->path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1024; i++) {
        fputs("no data base", file);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(recorder_index_open(&f->index, f->path, &f->err), SVMS_E_MALFORMED);
    assert_int_equal(recorder_index_open(&f->index, "/nonexistent/index", &f->err), SVMS_E_IO);
}

static void nobody_else_can_read_the_index(void **state)
{
    struct stat info;
    fixture *f = *state;
    assert_int_equal(stat(f->path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

int main(void)
{
#define WITH_INDEX(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_INDEX(a_container_comes_out_as_it_went_in),
        WITH_INDEX(containers_are_found_by_camera_and_overlap),
        WITH_INDEX(a_container_is_replaced_and_dropped),
        WITH_INDEX(what_is_locked_open_or_without_time_is_not_prunable),
        WITH_INDEX(a_lock_is_made_once_and_ended_once),
        WITH_INDEX(a_gap_lasts_until_its_end_is_known),
        WITH_INDEX(events_come_in_pieces_in_their_order),
        WITH_INDEX(a_rebuild_replaces_all_but_events_or_nothing),
        WITH_INDEX(an_index_of_others_is_refused),
        WITH_INDEX(nobody_else_can_read_the_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
