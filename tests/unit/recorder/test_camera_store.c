/* SPDX-License-Identifier: Apache-2.0 */
/* What a camera sends is in its folder as a recording that verifies, whatever happens to the
 * process or the disk; and what happened is told. */
#include "store_case.h"

#include <errno.h>
#include <sys/stat.h>

#include <store_head.h>

static void record(store_case *c, int first, int count)
{
    store_case_open(c);
    store_case_begin(c, 640);
    store_case_put(c, first, count, 0);
    camera_store_close(&c->store);
}

static void what_is_recorded_verifies_and_rotates(void **state)
{
    store_case *c = *state;
    store_case_open(c);
    store_case_begin(c, 640);
    store_case_put(c, 0, 1301, 0);
    camera_store_state seen = store_case_look(c);
    assert_int_equal(seen.samples, 1301);
    assert_int_equal(seen.left_out, 0);
    assert_int_equal(seen.container, 2);
    assert_true(seen.bytes > UINT64_C(1301) * 500);
    assert_true(seen.last_utc_ns >= T0 + 126 * SECOND);
    assert_false(seen.is_failing);
    camera_store_close(&c->store);
    assert_int_equal(store_case_files(c, ".svms"), 3);
    assert_int_equal(store_case_files(c, ".part"), 0);
    store_case_expect_whole(c, 3);
    assert_int_equal(store_case_samples(c), 1301);
}

static void its_names_and_rights_are_those_of_a_recording(void **state)
{
    store_case *c = *state;
    struct stat is;
    char path[256];
    record(c, 0, 30);
    assert_int_equal(stat(c->folder, &is), 0);
    assert_int_equal(is.st_mode & 0777, 0700);
    store_case_file(c, ".svms", 0, path);
    assert_string_equal(strrchr(path, '/'), "/000000-20260101T000000Z.svms");
    assert_int_equal(stat(path, &is), 0);
    assert_int_equal(is.st_mode & 0777, 0600);
    assert_int_equal(stat(c->head, &is), 0);
    assert_int_equal(is.st_mode & 0777, 0600);
}

static void it_goes_on_with_what_is_there(void **state)
{
    store_case *c = *state;
    record(c, 0, 100);
    record(c, 200, 100);
    record(c, 400, 100);
    store_case_expect_whole(c, 3);
    assert_int_equal(store_case_events(c, "recording.recovered"), 0);
    assert_int_equal(store_case_events(c, "recording.gap"), 0);
    assert_int_equal(store_case_audited(c, "recording.start", NULL), 3);
    assert_int_equal(store_case_audited(c, "recording.stop", "100 samples, 0 left out"), 3);
    assert_int_equal(store_case_audited(c, "recording.head", "\"end\":"), 3);
}

static void what_a_killed_recorder_left_is_recovered_and_linked(void **state)
{
    store_case *c = *state;
    svms_sequence_report report = SVMS_SEQUENCE_REPORT_INIT;
    unsigned interrupted = 0;
    store_case_open(c);
    store_case_begin(c, 640);
    store_case_put(c, 0, 755, 0);
    store_case_kill(c);
    assert_int_equal(store_case_files(c, ".part"), 1);
    record(c, 900, 100);
    assert_int_equal(store_case_events(c, "recording.recovered"), 1);
    assert_int_equal(store_case_files(c, ".part"), 1);
    (void)store_case_verify(c, &report, &interrupted, SVMS_SEQUENCE_INTERRUPTED);
    assert_int_equal(interrupted, 1);
    assert_int_equal(report.missing, 0);
    assert_int_equal(report.containers, 3);
    assert_int_equal(report.segments_failed, 0);
    assert_int_equal(store_case_audited(c, "recording.recovered", NULL), 1);
}

static void a_gap_begins_where_something_was_signed_last(void **state)
{
    store_case *c = *state;
    record(c, 0, 100);
    /* Killed twice before anything was signed. */
    for (int i = 2; i <= 3; i++) {
        store_case_open(c);
        store_case_begin(c, 640);
        store_case_put(c, i * 100, 5, 0);
        store_case_kill(c);
    }
    store_case_open(c);
    assert_int_equal(store_case_look(c).last_utc_ns, T0 + 10 * SECOND);
    store_case_begin(c, 640);
    store_case_put(c, 400, 100, 0);
    camera_store_close(&c->store);
    char *text = store_case_index_text(c, true);
    assert_non_null(strstr(text, "gap gate-1 1767225610000000000-1767225640000000000 restart\n"));
    free(text);
}

static void the_second_name_of_a_killed_recorder_goes(void **state)
{
    store_case *c = *state;
    char path[256];
    char part[300];
    record(c, 0, 100);
    store_case_file(c, ".svms", 0, path);
    snprintf(part, sizeof part, "%s.part", path);
    assert_int_equal(link(path, part), 0);
    record(c, 200, 100);
    assert_int_equal(store_case_files(c, ".part"), 0);
    store_case_expect_whole(c, 2);
}

static void what_is_missing_is_signed_and_told(void **state)
{
    store_case *c = *state;
    char path[256];
    svms_sequence_report report = SVMS_SEQUENCE_REPORT_INIT;
    record(c, 0, 100);
    record(c, 200, 100);
    store_case_file(c, ".svms", 1, path);
    assert_int_equal(unlink(path), 0);
    record(c, 400, 100);
    store_case_file(c, ".svms", 1, path);
    assert_non_null(strstr(path, "/000002-"));
    assert_int_equal(store_case_events(c, "recording.gap"), 1);
    assert_int_not_equal(store_case_verify(c, &report, NULL, SVMS_SEQUENCE_MISSING), SVMS_OK);
    assert_int_equal(report.missing, 1);
    assert_int_equal(store_case_audited(c, "recording.gap", "is missing"), 1);
}

static void what_was_rolled_back_is_signed_and_told(void **state)
{
    store_case *c = *state;
    char command[512];
    record(c, 0, 100);
    snprintf(command, sizeof command, "cp -a %s %s.old", c->folder, c->folder);
    store_case_open(c);
    store_case_begin(c, 640);
    store_case_put(c, 200, 100, 0);
    /* NOLINTNEXTLINE(cert-env33-c): paths of our own */
    assert_int_equal(system(command), 0);
    store_case_put(c, 300, 100, 0);
    camera_store_close(&c->store);
    snprintf(command, sizeof command, "rm -r %s && mv %s.old %s", c->folder, c->folder, c->folder);
    /* NOLINTNEXTLINE(cert-env33-c): paths of our own */
    assert_int_equal(system(command), 0);
    record(c, 500, 100);
    assert_int_equal(store_case_audited(c, "recording.gap", "is not what was remembered"), 1);
}

static void without_a_head_it_goes_on_and_says_so(void **state)
{
    store_case *c = *state;
    record(c, 0, 100);
    assert_int_equal(unlink(c->head), 0);
    record(c, 200, 100);
    assert_int_equal(store_case_events(c, "recording.unchecked"), 1);
    store_case_expect_whole(c, 2);
}

static void a_damaged_head_is_put_aside(void **state)
{
    store_case *c = *state;
    char aside[160];
    record(c, 0, 100);
    store_case_write(c->head, "{\"sequence\":", 12, 0600);
    record(c, 200, 100);
    assert_int_equal(store_case_events(c, "recording.head_damaged"), 1);
    snprintf(aside, sizeof aside, "%s.damaged", c->head);
    assert_int_equal(access(aside, F_OK), 0);
    store_case_expect_whole(c, 2);
}

#define HEX16 "00112233445566778899aabbccddeeff"
#define FRONT                                                                                      \
    "{\"recording_id\":\"" HEX16 "\",\"container_id\":\"" HEX16                                    \
    "\",\"manifest_hash\":\"" HEX16 HEX16 "\","

static void heads_are_read_as_they_were_written_or_not_at_all(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        FRONT "\"sequence\":-1,\"segment\":0,\"last_utc\":null}",
        FRONT "\"sequence\":1,\"segment\":-7,\"last_utc\":null}",
        FRONT "\"sequence\":1,\"segment\":\"0\",\"last_utc\":null}",
        FRONT "\"sequence\":1,\"segment\":0,\"last_utc\":\"soon\"}",
        FRONT "\"sequence\":1,\"sequence\":2,\"segment\":0,\"last_utc\":null}",
        FRONT "\"sequence\":1,\"last_utc\":null}",
        "{\"recording_id\":\"zz\",\"sequence\":1,\"segment\":0,\"last_utc\":null}",
    };
    store_case *c = *state;
    svms_head head = SVMS_HEAD_INIT;
    svms_head same = SVMS_HEAD_INIT;
    bool found = true;
    char big[5000];
    char other[160];
    store_case_open(c); /* makes the folder */
    assert_int_equal(store_head_read(&head, &found, c->head, &c->err), SVMS_OK);
    assert_false(found);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        store_case_write(c->head, bad[i], strlen(bad[i]), 0600);
        assert_int_equal(store_head_read(&head, &found, c->head, &c->err), SVMS_E_MALFORMED);
        assert_false(found);
    }
    memset(big, ' ', sizeof big);
    store_case_write(c->head, big, sizeof big, 0600);
    assert_int_equal(store_head_read(&head, &found, c->head, &c->err), SVMS_E_MALFORMED);
    memset(head.container_id, 0xAB, sizeof head.container_id);
    memset(head.manifest_hash, 0xCD, sizeof head.manifest_hash);
    head.recording_sequence = 77;
    head.last_utc_ns = T0;
    assert_int_equal(store_head_write(c->head, &head, &c->err), SVMS_OK);
    assert_int_equal(store_head_read(&same, &found, c->head, &c->err), SVMS_OK);
    assert_true(found);
    assert_memory_equal(&same, &head, sizeof head);
    /* What a link points to is somebody else's. */
    snprintf(other, sizeof other, "%s.link", c->head);
    assert_int_equal(symlink(c->head, other), 0);
    assert_int_equal(store_head_read(&same, &found, other, &c->err), SVMS_E_IO);
}

static void two_of_them_never_share_a_folder(void **state)
{
    store_case *c = *state;
    camera_store *other = NULL;
    const camera_store_options options = { &c->parts, &c->camera, &c->keys, NULL, NULL };
    store_case_open(c);
    assert_int_equal(camera_store_open(&other, &options, &c->err), SVMS_E_STATE);
    assert_null(other);
    camera_store_close(&c->store);
    store_case_open(c);
}

static void other_tracks_begin_another_container(void **state)
{
    store_case *c = *state;
    store_case_open(c);
    store_case_begin(c, 640);
    store_case_put(c, 0, 50, 0);
    store_case_begin(c, 640);
    store_case_put(c, 50, 50, 0);
    store_case_begin(c, 1280);
    store_case_put(c, 100, 50, 0);
    camera_store_close(&c->store);
    assert_int_equal(store_case_files(c, ".svms"), 2);
    store_case_expect_whole(c, 2);
    assert_int_equal(store_case_audited(c, "recording.start", NULL), 1);
}

static void expect_protection(store_case *c, const char *path, svms_protection due)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_reader *reader = NULL;
    svms_container_info info = SVMS_CONTAINER_INFO_INIT;
    assert_int_equal(svms_source_open_file(&source, c->ctx, path, &c->err), SVMS_OK);
    assert_int_equal(svms_reader_open(&reader, c->ctx, &source, NULL, &c->err), SVMS_OK);
    assert_int_equal(svms_reader_get_info(reader, &info, &c->err), SVMS_OK);
    assert_int_equal(info.track_count, 3);
    assert_int_equal(info.role, SVMS_ROLE_RECORDER);
    assert_int_equal(info.capture_clock, SVMS_CLOCK_NTP);
    assert_int_equal(info.key_stanzas, 1);
    assert_null(info.device_name); /* of who has no key */
    for (uint32_t i = 0; i < 3; i++) {
        svms_track track = SVMS_TRACK_INIT;
        assert_int_equal(svms_reader_get_track(reader, i, &track, &c->err), SVMS_OK);
        assert_int_equal(track.protection, due);
    }
    svms_reader_close(&reader);
    svms_source_close(&source);
}

static void the_storage_says_how_everything_is_protected(void **state)
{
    static const svms_protection modes[] = { SVMS_PROTECT_STRONG, SVMS_PROTECT_LIGHT };
    store_case *c = *state;
    uint8_t config[] = { 1, 2, 3 };
    char path[256];
    for (unsigned i = 0; i < 2; i++) {
        svms_track tracks[3] = { SVMS_TRACK_INIT, store_case_track(640), SVMS_TRACK_INIT };
        tracks[0].codec = SVMS_CODEC_PCMU;
        tracks[0].kind = SVMS_TRACK_AUDIO;
        tracks[0].sample_rate = 8000;
        tracks[0].channels = 1;
        tracks[0].protection = SVMS_PROTECT_NONE;
        tracks[1].config = config;
        tracks[1].config_size = sizeof config;
        tracks[2].codec = SVMS_CODEC_ONVIF_METADATA;
        tracks[2].kind = SVMS_TRACK_METADATA;
        tracks[2].protection = SVMS_PROTECT_NONE;
        c->storage.mode = modes[i];
        store_case_open(c);
        assert_int_equal(camera_store_begin(c->store, tracks, 3, T0, SVMS_CLOCK_NTP, &c->err),
                         SVMS_OK);
        for (uint32_t k = 0; k < 30; k++) {
            svms_sample sample = SVMS_SAMPLE_INIT;
            sample.track = k % 3;
            sample.data = config;
            sample.size = sizeof config;
            sample.utc_ns = T0 + (i * 100 + k) * SECOND;
            sample.flags = SVMS_SAMPLE_SYNC;
            assert_int_equal(camera_store_put(c->store, &sample, &c->err), SVMS_OK);
        }
        camera_store_close(&c->store);
        store_case_file(c, ".svms", i, path);
        expect_protection(c, path, modes[i]);
    }
    store_case_expect_whole(c, 2);
    assert_int_equal(store_case_samples(c), 60);
}

static void a_disk_that_is_full_is_told_once_and_recording_goes_on(void **state)
{
    store_case *c = *state;
    svms_sequence_report report = SVMS_SEQUENCE_REPORT_INIT;
    store_case_open(c);
    store_case_begin(c, 640);
    store_case_put(c, 0, 95, 0);
    failing_write = ENOSPC;
    free_room = 1 << 20;
    store_case_put(c, 95, 305, 0);
    assert_true(store_case_look(c).is_failing);
    assert_int_equal(store_case_look(c).left_out, 305);
    assert_true(c->troubles > 1);
    failing_write = 0;
    free_room = UINT64_C(1) << 30;
    store_case_put(c, 400, 600, 0);
    camera_store_state seen = store_case_look(c);
    assert_false(seen.is_failing);
    assert_true(seen.left_out < 650);
    assert_int_equal(seen.samples + seen.left_out, 1000);
    camera_store_close(&c->store);
    assert_int_equal(store_case_events(c, "storage.full"), 1);
    assert_int_equal(store_case_events(c, "storage.works"), 1);
    (void)store_case_verify(c, &report, NULL, SVMS_SEQUENCE_MISSING);
    assert_int_equal(report.missing, 0);
    assert_int_equal(report.segments_failed, 0);
    char *text = store_case_index_text(c, true);
    assert_non_null(strstr(text, "overload"));
    free(text);
    assert_int_equal(store_case_audited(c, "storage.full", "\"free_bytes\":1048576"), 1);
    assert_int_equal(store_case_audited(c, "recording.gap", "were left out"), 1);
}

static void a_disk_that_fails_costs_one_container(void **state)
{
    store_case *c = *state;
    svms_sequence_report report = SVMS_SEQUENCE_REPORT_INIT;
    store_case_open(c);
    store_case_begin(c, 640);
    store_case_put(c, 0, 95, 0);
    failing_write = EIO;
    store_case_put_one(c, 95, 0);
    failing_write = 0;
    store_case_put(c, 96, 104, 0);
    camera_store_state seen = store_case_look(c);
    assert_false(seen.is_failing);
    assert_true(seen.left_out >= 5 && seen.left_out <= 15);
    camera_store_close(&c->store);
    assert_int_equal(store_case_files(c, ".part"), 1);
    assert_int_equal(store_case_files(c, ".svms"), 1);
    (void)store_case_verify(c, &report, NULL, SVMS_SEQUENCE_MISSING);
    assert_int_equal(report.missing, 0);
    assert_int_equal(report.segments_failed, 0);
    assert_int_equal(store_case_audited(c, "storage.failed", NULL), 1);
}

static void a_storage_that_fails_at_first_is_no_end(void **state)
{
    store_case *c = *state;
    store_case_open(c);
    store_case_begin(c, 640);
    failing_create = EROFS;
    store_case_put(c, 0, 50, 0);
    assert_int_equal(store_case_files(c, ".part"), 0);
    assert_int_equal(store_case_look(c).left_out, 50);
    failing_create = 0;
    store_case_put(c, 50, 500, 0);
    assert_false(store_case_look(c).is_failing);
    camera_store_close(&c->store);
    store_case_expect_whole(c, 1);
    assert_int_equal(store_case_audited(c, "storage.failed", NULL), 1);
}

static void a_folder_that_goes_away_is_told(void **state)
{
    store_case *c = *state;
    char away[160];
    snprintf(away, sizeof away, "%s.away", c->folder);
    store_case_open(c);
    store_case_begin(c, 640);
    assert_int_equal(rename(c->folder, away), 0);
    store_case_put(c, 0, 50, 0);
    assert_true(store_case_look(c).is_failing);
    assert_int_equal(rename(away, c->folder), 0);
    store_case_put(c, 50, 500, 0);
    assert_false(store_case_look(c).is_failing);
    camera_store_close(&c->store);
    store_case_expect_whole(c, 1);
}

static void heads_that_cannot_be_kept_are_told_and_no_end(void **state)
{
    store_case *c = *state;
    char away[128];
    snprintf(away, sizeof away, "%s.away", c->heads);
    store_case_open(c);
    store_case_begin(c, 640);
    store_case_put(c, 0, 50, 0);
    assert_int_equal(rename(c->heads, away), 0);
    store_case_put(c, 50, 100, 0);
    assert_false(store_case_look(c).is_failing);
    assert_int_equal(store_case_look(c).left_out, 0);
    assert_int_equal(rename(away, c->heads), 0);
    store_case_put(c, 150, 100, 0);
    camera_store_close(&c->store);
    assert_int_equal(store_case_events(c, "storage.failed"), 1);
    assert_int_equal(store_case_events(c, "storage.works"), 1);
    store_case_expect_whole(c, 1);
    assert_int_equal(store_case_audited(c, "storage.failed", "/heads"), 1);
}

static void a_sample_that_cannot_be_stored_is_left_out(void **state)
{
    store_case *c = *state;
    uint8_t bytes[4] = { 0 };
    svms_sample bad = SVMS_SAMPLE_INIT;
    store_case_open(c);
    store_case_begin(c, 640);
    store_case_put(c, 0, 15, 0);
    bad.track = 7;
    bad.data = bytes;
    bad.size = sizeof bytes;
    assert_int_equal(camera_store_put(c->store, &bad, &c->err), SVMS_OK);
    store_case_put(c, 16, 100, 0);
    camera_store_state seen = store_case_look(c);
    assert_false(seen.is_failing);
    assert_int_equal(seen.samples, 15 + 96);
    camera_store_close(&c->store);
    store_case_expect_whole(c, 1);
    assert_int_equal(c->troubles, 0);
    assert_int_equal(store_case_events(c, "recording.refused"), 1);
    assert_int_equal(store_case_audited(c, "storage.failed", NULL), 0);
}

static void a_gap_is_signed_with_its_reason(void **state)
{
    store_case *c = *state;
    store_case_open(c);
    store_case_begin(c, 640);
    store_case_put(c, 0, 50, 0);
    assert_int_equal(camera_store_gap(c->store, SVMS_GAP_SIGNAL_LOST, &c->err), SVMS_OK);
    store_case_put(c, 100, 50, 0);
    assert_int_equal(camera_store_gap(c->store, SVMS_GAP_EDGE_PENDING, &c->err), SVMS_OK);
    store_case_put(c, 2000, 50, 0);
    assert_int_equal(camera_store_gap(c->store, (svms_gap_reason)99, &c->err), SVMS_E_USAGE);
    camera_store_close(&c->store);
    /* After the long one another container begins. */
    assert_int_equal(store_case_files(c, ".svms"), 2);
    store_case_expect_whole(c, 2);
    char *text = store_case_index_text(c, true);
    assert_non_null(strstr(text, "gap gate-1 1767225605000000000-1767225610000000000 signal lost"));
    assert_non_null(
        strstr(text, "gap gate-1 1767225615000000000-1767225800000000000 edge pending"));
    free(text);
}

static void what_was_flushed_can_be_read_at_once(void **state)
{
    store_case *c = *state;
    store_case_open(c);
    store_case_begin(c, 640);
    store_case_put(c, 0, 5, 0);
    assert_int_equal(store_case_look(c).last_utc_ns, SVMS_NO_TIME);
    assert_int_equal(camera_store_flush(c->store, &c->err), SVMS_OK);
    assert_int_equal(store_case_look(c).last_utc_ns, T0 + SECOND / 2);
}

static void put_other(store_case *c, uint32_t track, int64_t utc_ns)
{
    uint8_t bytes[10] = { 0 };
    svms_sample sample = SVMS_SAMPLE_INIT;
    sample.track = track;
    sample.data = bytes;
    sample.size = sizeof bytes;
    sample.flags = SVMS_SAMPLE_SYNC;
    sample.utc_ns = utc_ns;
    assert_int_equal(camera_store_put(c->store, &sample, &c->err), SVMS_OK);
}

static void what_comes_late_after_a_flush_is_no_clock_that_was_set_back(void **state)
{
    store_case *c = *state;
    svms_track tracks[3] = { store_case_track(640), SVMS_TRACK_INIT, SVMS_TRACK_INIT };
    tracks[1].codec = SVMS_CODEC_PCMU;
    tracks[1].kind = SVMS_TRACK_AUDIO;
    tracks[2].codec = SVMS_CODEC_ONVIF_METADATA;
    tracks[2].kind = SVMS_TRACK_METADATA;
    store_case_open(c);
    assert_int_equal(camera_store_begin(c->store, tracks, 3, T0, SVMS_CLOCK_CAMERA, &c->err),
                     SVMS_OK);
    store_case_put(c, 0, 41, 0);
    assert_int_equal(camera_store_flush(c->store, &c->err), SVMS_OK);
    put_other(c, 1, T0 + 4 * SECOND - SECOND / 20);
    store_case_put(c, 41, 40, 0);
    assert_int_equal(camera_store_flush(c->store, &c->err), SVMS_OK);
    put_other(c, 2, T0 + 3 * SECOND);
    store_case_put(c, 81, 40, 0);
    assert_int_equal(store_case_look(c).container, 0);
    assert_int_equal(store_case_look(c).left_out, 0);
    camera_store_close(&c->store);
    store_case_expect_whole(c, 1);
    assert_int_equal(store_case_samples(c), 41 + 40 + 40 + 2);
}

static void a_clock_that_is_set_back_costs_nothing(void **state)
{
    store_case *c = *state;
    store_case_open(c);
    store_case_begin(c, 640);
    store_case_put(c, 1000, 100, 0);
    store_case_put(c, 1100, 100, -90 * SECOND);
    assert_int_equal(store_case_look(c).left_out, 0);
    camera_store_close(&c->store);
    store_case_expect_whole(c, 2);
}

static void a_clock_that_is_set_forward_costs_nothing(void **state)
{
    store_case *c = *state;
    uint8_t bytes[10] = { 0 };
    store_case_open(c);
    store_case_begin(c, 640);
    store_case_put(c, 0, 50, 0);
    for (int i = 50; i < 100; i++) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        sample.data = bytes;
        sample.size = sizeof bytes;
        sample.dts = i * INT64_C(100);
        sample.pts = sample.dts;
        sample.utc_ns = T0 + i * (SECOND / 10) + 7200 * SECOND;
        sample.flags = i % 10 == 0 ? SVMS_SAMPLE_SYNC : 0;
        assert_int_equal(camera_store_put(c->store, &sample, &c->err), SVMS_OK);
    }
    camera_store_close(&c->store);
    assert_int_equal(store_case_files(c, ".svms"), 2);
    store_case_expect_whole(c, 2);
    assert_int_equal(store_case_samples(c), 100);
}

static void another_recording_in_the_folder_is_told(void **state)
{
    store_case *c = *state;
    char command[512];
    record(c, 0, 50);
    snprintf(command, sizeof command, "mv %s/*.svms %s/stranger.svms && rm %s", c->folder, c->path,
             c->head);
    /* NOLINTNEXTLINE(cert-env33-c): paths of our own */
    assert_int_equal(system(command), 0);
    record(c, 100, 50);
    snprintf(command, sizeof command, "mv %s/stranger.svms %s/000009-stranger.svms", c->path,
             c->folder);
    /* NOLINTNEXTLINE(cert-env33-c): paths of our own */
    assert_int_equal(system(command), 0);
    store_case_open(c);
    store_case_begin(c, 640);
    store_case_put(c, 200, 50, 0);
    assert_int_equal(store_case_look(c).container, 1);
    assert_int_equal(store_case_events(c, "recording.mixed"), 1);
}

/* As the keeper does it. */
static void prune(store_case *c, const char *path)
{
    char record[300];
    svms_source source = SVMS_SOURCE_INIT;
    svms_sink sink = SVMS_SINK_INIT;
    svms_prune_options options = SVMS_PRUNE_OPTIONS_INIT;
    snprintf(record, sizeof record, "%s.pruned", path);
    options.signer = c->keys.key;
    options.chain = c->keys.chain;
    assert_int_equal(svms_source_open_file(&source, c->ctx, path, &c->err), SVMS_OK);
    assert_int_equal(svms_sink_create_file(&sink, c->ctx, record, &c->err), SVMS_OK);
    assert_int_equal(svms_pruned_write(c->ctx, &source, &options, &sink, &c->err), SVMS_OK);
    svms_sink_close(&sink);
    svms_source_close(&source);
    assert_int_equal(unlink(path), 0);
}

static void what_was_pruned_is_not_missed(void **state)
{
    store_case *c = *state;
    char path[256];
    record(c, 0, 100);
    store_case_file(c, ".svms", 0, path);
    prune(c, path);
    record(c, 200, 100);
    assert_int_equal(store_case_events(c, "recording.gap"), 0);
    store_case_file(c, ".svms", 0, path);
    assert_non_null(strstr(path, "/000001-"));
    record(c, 400, 100);
    assert_int_equal(store_case_audited(c, "recording.gap", NULL), 0);
}

static void a_record_by_somebody_else_explains_nothing(void **state)
{
    store_case *c = *state;
    char path[256];
    svms_private_key *other = NULL;
    storage_keys mine = c->keys;
    char pem[8192];
    size_t size = sizeof pem;
    record(c, 0, 100);
    assert_int_equal(svms_private_key_generate(&other, c->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_private_key_to_pem(other, pem, &size, NULL), SVMS_OK);
    store_case_write(c->key, pem, size, 0600);
    store_case_certify(c, other, SVMS_ROLE_RECORDER, c->certificate);
    svms_private_key_free(&other);
    assert_int_equal(storage_keys_load(&c->keys, c->ctx, &c->storage, &c->err), SVMS_OK);
    store_case_file(c, ".svms", 0, path);
    prune(c, path);
    storage_keys_free(&c->keys);
    c->keys = mine;
    record(c, 200, 100);
    assert_int_equal(store_case_events(c, "recording.gap"), 1);
}

static void a_certificate_that_expires_is_not_the_disk_s_fault(void **state)
{
    store_case *c = *state;
    uint8_t bytes[4] = { 0 };
    svms_sample sample = SVMS_SAMPLE_INIT;
    store_case_open(c);
    store_case_begin(c, 640);
    c->clock_shift_ns = 40 * INT64_C(86400) * SECOND;
    sample.data = bytes;
    sample.size = sizeof bytes;
    sample.utc_ns = T0;
    sample.flags = SVMS_SAMPLE_SYNC;
    assert_int_equal(camera_store_put(c->store, &sample, &c->err), SVMS_E_UNTRUSTED);
    assert_true(store_case_look(c).is_failing);
    assert_int_equal(c->troubles, 0);
    c->clock_shift_ns = 0;
    store_case_put(c, 50, 50, 0);
    assert_false(store_case_look(c).is_failing);
    camera_store_close(&c->store);
    store_case_expect_whole(c, 1);
}

static void empty_folder(store_case *c)
{
    char command[300];
    snprintf(command, sizeof command, "rm -rf %s %s", c->folder, c->heads);
    /* NOLINTNEXTLINE(cert-env33-c): paths of our own */
    assert_int_equal(system(command), 0);
}

/* Whichever allocation of the library fails: nothing that was stored is lost, and it goes on. */
static void memory_that_lacks_for_a_moment_is_no_end(void **state)
{
    store_case *c = *state;
    const camera_store_options options = { &c->parts, &c->camera, &c->keys, NULL, NULL };
    svms_track track = store_case_track(640);
    svms_sequence_report report = SVMS_SEQUENCE_REPORT_INIT;
    bool failed = true;
    for (uint64_t at = 1; failed; at += 1 + at / 6) {
        empty_folder(c);
        c->allocations = 0;
        c->allocation_fails_at = at;
        svms_status status = camera_store_open(&c->store, &options, &c->err);
        if (status == SVMS_OK) {
            assert_int_equal(
                camera_store_begin(c->store, &track, 1, T0, SVMS_CLOCK_CAMERA, &c->err), SVMS_OK);
            store_case_put(c, 0, 40, 0);
            assert_false(store_case_look(c).is_failing);
        } else {
            assert_int_equal(status, SVMS_E_NO_MEMORY);
        }
        camera_store_close(&c->store);
        failed = c->allocations >= at;
        c->allocation_fails_at = 0;
        if (status == SVMS_OK) {
            (void)store_case_verify(c, &report, NULL, SVMS_SEQUENCE_MISSING);
            assert_int_equal(report.missing, 0);
            assert_int_equal(report.segments_failed, 0);
            assert_true(store_case_samples(c) >= 10);
        }
    }
}

static void nothing_is_recorded_without_tracks(void **state)
{
    store_case *c = *state;
    svms_sample sample = SVMS_SAMPLE_INIT;
    store_case_open(c);
    assert_int_equal(camera_store_put(c->store, &sample, &c->err), SVMS_E_STATE);
    assert_int_equal(camera_store_begin(c->store, NULL, 0, T0, SVMS_CLOCK_CAMERA, &c->err),
                     SVMS_E_USAGE);
    store_case_begin(c, 640);
    camera_store_close(&c->store);
    assert_int_equal(store_case_files(c, "svms"), 0);
    assert_int_equal(store_case_audited(c, "recording.start", NULL), 0);
}

int main(void)
{
#define CASE(fact) cmocka_unit_test_setup_teardown(fact, store_case_set_up, store_case_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(what_is_recorded_verifies_and_rotates),
        CASE(its_names_and_rights_are_those_of_a_recording),
        CASE(it_goes_on_with_what_is_there),
        CASE(what_a_killed_recorder_left_is_recovered_and_linked),
        CASE(a_gap_begins_where_something_was_signed_last),
        CASE(the_second_name_of_a_killed_recorder_goes),
        CASE(what_is_missing_is_signed_and_told),
        CASE(what_was_rolled_back_is_signed_and_told),
        CASE(without_a_head_it_goes_on_and_says_so),
        CASE(a_damaged_head_is_put_aside),
        CASE(heads_are_read_as_they_were_written_or_not_at_all),
        CASE(two_of_them_never_share_a_folder),
        CASE(other_tracks_begin_another_container),
        CASE(the_storage_says_how_everything_is_protected),
        CASE(a_disk_that_is_full_is_told_once_and_recording_goes_on),
        CASE(a_disk_that_fails_costs_one_container),
        CASE(a_storage_that_fails_at_first_is_no_end),
        CASE(a_folder_that_goes_away_is_told),
        CASE(heads_that_cannot_be_kept_are_told_and_no_end),
        CASE(a_sample_that_cannot_be_stored_is_left_out),
        CASE(a_gap_is_signed_with_its_reason),
        CASE(what_was_flushed_can_be_read_at_once),
        CASE(what_comes_late_after_a_flush_is_no_clock_that_was_set_back),
        CASE(a_clock_that_is_set_back_costs_nothing),
        CASE(a_clock_that_is_set_forward_costs_nothing),
        CASE(another_recording_in_the_folder_is_told),
        CASE(what_was_pruned_is_not_missed),
        CASE(a_record_by_somebody_else_explains_nothing),
        CASE(a_certificate_that_expires_is_not_the_disk_s_fault),
        CASE(memory_that_lacks_for_a_moment_is_no_end),
        CASE(nothing_is_recorded_without_tracks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
