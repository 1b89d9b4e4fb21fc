/* SPDX-License-Identifier: Apache-2.0 */
/* What a crash, a power failure or a failing disk leaves behind: every complete segment verifies
 * and opens, what follows is counted as unattested to the byte, and nothing is called authentic as
 * a whole. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fixture.h"

#define TAIL_RECORD_SIZE 32
#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))

typedef struct scene {
    fixture *fix;
    recipe how;
    svms_private_key *own;
    svms_public_key *recipient;
    svms_keyring *ring;
    memory_file whole;
    layout at;
} scene;

static void open_scene(scene *on, fixture *fix)
{
    char pem[8192];
    size_t size = sizeof(pem);
    recipe how = RECIPE_INIT;
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    memset(on, 0, sizeof(*on));
    on->fix = fix;
    assert_int_equal(svms_private_key_generate(&on->own, fix->ctx, NULL), SVMS_OK);
    options.role = SVMS_ROLE_RECORDER;
    options.common_name = "recipient";
    options.not_before_utc_ns = T0;
    options.not_after_utc_ns = T0 + DAY;
    assert_int_equal(
        svms_certificate_issue(fix->ctx, &options, on->own, fix->ca, fix->ca_key, pem, &size, NULL),
        SVMS_OK);
    assert_int_equal(svms_public_key_from_pem(&on->recipient, fix->ctx, pem, size, NULL), SVMS_OK);
    assert_int_equal(svms_keyring_new(&on->ring, fix->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_keyring_add_key(on->ring, on->own, NULL), SVMS_OK);
    how.password = NULL;
    how.recipient = on->recipient;
    how.frames = 2;
    how.sample_size = 50;
    on->how = how;
    record_container(fix, &how, &on->whole);
    on->at = lay_out_file(&on->whole);
    assert_int_equal(on->at.segment_count, how.segments);
}

static void close_scene(scene *on)
{
    memory_file_clear(&on->whole);
    svms_keyring_free(&on->ring);
    svms_public_key_free(&on->recipient);
    svms_private_key_free(&on->own);
}

/* Segments that lie wholly within the first size bytes. */
static size_t complete_in(const scene *on, size_t size)
{
    size_t count = 0;
    while (count < on->at.segment_count && on->at.segments[count + 1] <= size) {
        count++;
    }
    return count;
}

/* Bytes that are as they were recorded; what lay there before may happen to be right. */
static size_t same_bytes(const scene *on, const memory_file *file)
{
    size_t same = 0;
    while (same < file->size && same < on->whole.size && file->data[same] == on->whole.data[same]) {
        same++;
    }
    return same;
}

/* The first `kept` bytes of the recording, and then others. */
static memory_file torn(const scene *on, size_t kept, const uint8_t *rest, size_t rest_size)
{
    memory_file file = { 0 };
    file.size = kept + rest_size;
    file.capacity = file.size + 1;
    file.data = malloc(file.capacity);
    assert_non_null(file.data);
    memcpy(file.data, on->whole.data, kept);
    if (rest_size != 0) {
        memcpy(file.data + kept, rest, rest_size);
    }
    return file;
}

/* A verdict on what is left, with `count` complete segments in front. */
static void expect_incomplete(const scene *on, memory_file *file, size_t count)
{
    svms_report report;
    size_t attested = on->at.segments[count];
    svms_status status = verify_file(on->fix, file, on->fix->trust, &report);
    if (status != SVMS_E_INCOMPLETE) {
        fail_msg("%zu bytes, %zu segments: %s, %s at %llu", file->size, count,
                 svms_status_name(status), report.first_failure.reason,
                 (unsigned long long)report.first_failure.offset);
    }
    assert_int_equal(report.verdict, SVMS_VERDICT_INCOMPLETE);
    assert_int_equal(report.segments_verified, count);
    assert_int_equal(report.segments_failed, 0);
    assert_int_equal(report.samples_verified, count * (on->how.frames + 2));
    assert_int_equal(report.closed, 0);
    assert_int_equal(report.bytes_verified, attested);
    assert_int_equal(report.bytes_unattested, file->size - attested);
}

/* Whatever else follows, the complete segments hold, and nothing more does but copies of them. */
static void expect_no_more_than(const scene *on, memory_file *file, size_t count, size_t copies)
{
    svms_report report;
    svms_status status = verify_file(on->fix, file, on->fix->trust, &report);
    bool said = status == SVMS_E_NOT_AUTHENTIC || status == SVMS_E_INCOMPLETE ||
                (count == 0 && svms_status_class(status) == SVMS_CLASS_MALFORMED);
    if (!said || report.segments_verified < count || report.segments_verified > count + copies) {
        fail_msg("%zu bytes: %s, %llu segments instead of %zu", file->size,
                 svms_status_name(status), (unsigned long long)report.segments_verified, count);
    }
    if (status == SVMS_E_INCOMPLETE) {
        assert_int_equal(report.bytes_unattested, file->size - on->at.segments[count]);
    }
}

/* What a reader says behind the last sample: a signed end needs no tail record to be believed. */
static svms_status end_of_reading(const scene *on, size_t kept)
{
    return kept + TAIL_RECORD_SIZE >= on->whole.size ? SVMS_END : SVMS_AGAIN;
}

/* The next sample of a track must be this one. */
static void expect_sample(const scene *on, const svms_sample *sample, uint32_t counts[2],
                          size_t complete)
{
    uint8_t expected[64];
    assert_in_range(sample->track, 0, 1);
    assert_int_equal(sample->size, sample->track == 0 ? on->how.sample_size : 40);
    sample_bytes(&on->how, sample->track, counts[sample->track]++, expected, sample->size);
    assert_memory_equal(sample->data, expected, sample->size);
    assert_int_equal((sample->flags & SVMS_SAMPLE_UNATTESTED) != 0, sample->segment >= complete);
}

/* Reads to the end; returns what the reader said when it had no more for the first time. */
static svms_status expect_samples(const scene *on, memory_file *file, size_t complete,
                                  bool unattested)
{
    svms_reader *reader = NULL;
    uint32_t counts[2] = { 0, 0 };
    svms_source source = memory_source(file);
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    options.keys = on->ring;
    options.trust = on->fix->trust;
    options.allow_unverified = unattested;
    if (svms_reader_open(&reader, on->fix->ctx, &source, &options, &err) != SVMS_OK) {
        fail_msg("open: %s", err.message);
    }
    svms_status first = SVMS_OK;
    svms_status status = SVMS_OK;
    for (int failures = 0; status != SVMS_END && status != SVMS_AGAIN && failures < 20;) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        status = svms_reader_next(reader, &sample, &err);
        if (status == SVMS_OK) {
            expect_sample(on, &sample, counts, complete);
            continue;
        }
        first = first == SVMS_OK ? status : first;
        failures++;
    }
    svms_reader_close(&reader);
    size_t least = complete * on->how.frames;
    assert_in_range(counts[0], least, unattested ? least + on->how.frames : least);
    assert_in_range(counts[1], complete * 2, unattested ? complete * 2 + 2 : complete * 2);
    return first;
}

static void a_write_torn_at_any_byte_costs_only_what_was_not_signed(void **state)
{
    scene on;
    open_scene(&on, *state);
    for (size_t cut = 0; cut < on.whole.size; cut++) {
        svms_report report;
        memory_file file = torn(&on, cut, NULL, 0);
        if (cut < on.at.first_record) {
            svms_status status = verify_file(on.fix, &file, on.fix->trust, &report);
            assert_int_equal(svms_status_class(status), SVMS_CLASS_MALFORMED);
        } else {
            size_t count = complete_in(&on, cut);
            expect_incomplete(&on, &file, count);
            if (cut % 2 == 0) {
                assert_int_equal(expect_samples(&on, &file, count, cut % 4 == 0),
                                 end_of_reading(&on, cut));
            }
        }
        memory_file_clear(&file);
    }
    close_scene(&on);
}

/* Where the record that holds a byte begins and ends (of front and end, their parts). */
static void record_around(const scene *on, size_t place, size_t *start, size_t *end, size_t *header)
{
    size_t at = on->at.first_record;
    for (;;) {
        const uint8_t *record = on->whole.data + at;
        size_t body = ((size_t)record[4] << 24) | ((size_t)record[5] << 16) |
                      ((size_t)record[6] << 8) | record[7];
        *header = record[0] == 1 ? record[3] : 16;
        *start = at;
        *end = at + *header + body;
        if (place < *end) {
            return;
        }
        at = *end;
    }
}

static const size_t zero_counts[] = { 1, 2, 15, 16, 17, 31, 32, 33, 80, 511, 512, 4095, 4096 };
static const uint8_t zeros[4096];

static void expect_zeros_unattested(const scene *on, size_t cut, size_t count)
{
    memory_file file = torn(on, cut, zeros, count);
    size_t complete = complete_in(on, cut);
    expect_incomplete(on, &file, complete);
    if (cut % 4 == 0) {
        assert_int_equal(expect_samples(on, &file, complete, false), end_of_reading(on, cut));
    }
    memory_file_clear(&file);
}

/* Delayed allocation: the file has its length already, but the last blocks were never written.
 * C-VER-1: at most 31 bytes of a torn record header, then zero bytes only. */
static void zero_bytes_behind_the_last_whole_record_are_unattested(void **state)
{
    scene on;
    open_scene(&on, *state);
    for (size_t cut = on.at.first_record; cut < on.whole.size; cut++) {
        size_t start;
        size_t end;
        size_t header;
        record_around(&on, cut, &start, &end, &header);
        size_t count = zero_counts[cut % LENGTH_OF(zero_counts)];
        /* Zeros that complete a record are a question of their own. */
        if (cut >= start + header && count >= end - cut) {
            count = end - cut - 1;
        }
        if (count != 0) {
            expect_zeros_unattested(&on, cut, count);
        }
    }
    for (size_t count = 1; count <= sizeof(zeros); count += 61) {
        expect_zeros_unattested(&on, on.at.segments[2], count);
        expect_zeros_unattested(&on, on.at.segments[2] + 9, count);
        expect_zeros_unattested(&on, on.at.first_record, count);
    }
    close_scene(&on);
}

/* The same, where the zeros fill the body of the torn record, and perhaps more than that. */
static void zero_bytes_that_fill_a_torn_record_are_unattested(void **state)
{
    scene on;
    open_scene(&on, *state);
    for (size_t cut = on.at.first_record; cut < on.whole.size; cut++) {
        size_t start;
        size_t end;
        size_t header;
        record_around(&on, cut, &start, &end, &header);
        bool was_zero = true;
        for (size_t i = cut; i < end; i++) {
            was_zero = was_zero && on.whole.data[i] == 0;
        }
        if (cut >= start + header && !was_zero) {
            size_t more = zero_counts[cut % LENGTH_OF(zero_counts)] % 3000;
            expect_zeros_unattested(&on, cut, end - cut + (cut % 2 == 0 ? 0 : more));
        }
    }
    close_scene(&on);
}

/* A torn front holds nothing that could be lost; zeros do not make a recording of it. */
static void a_front_torn_and_filled_with_zeros_claims_nothing(void **state)
{
    scene on;
    open_scene(&on, *state);
    for (size_t cut = 0; cut < on.at.first_record; cut += 1 + cut / 64) {
        svms_report report;
        memory_file file = torn(&on, cut, zeros, zero_counts[cut % LENGTH_OF(zero_counts)]);
        assert_int_not_equal(verify_file(on.fix, &file, on.fix->trust, &report), SVMS_OK);
        assert_int_equal(report.segments_verified, 0);
        memory_file_clear(&file);
    }
    close_scene(&on);
}

/* What the blocks held before: noise, ones, another recording's records, this one's own. */
static void stale_bytes_behind_a_torn_write_do_not_spoil_complete_segments(void **state)
{
    scene on;
    scene other;
    uint8_t noise[2048];
    uint8_t ones[2048];
    uint32_t value = 1;
    open_scene(&on, *state);
    open_scene(&other, *state);
    for (size_t i = 0; i < sizeof(noise); i++) {
        value = value * 1664525u + 1013904223u;
        noise[i] = (uint8_t)(value >> 24);
        ones[i] = 0xFF;
    }
    for (size_t cut = on.at.first_record; cut < on.whole.size; cut += 3) {
        size_t records = on.at.segments[1] - on.at.segments[0];
        const struct {
            const uint8_t *bytes;
            size_t size;
        } rests[] = {
            { noise, 1 + cut % sizeof(noise) },
            { ones, 1 + cut % sizeof(ones) },
            { other.whole.data + cut, other.whole.size - cut },
            { other.whole.data + other.at.segments[1], records },
            { other.whole.data + other.at.segments[0] + 88, records },
            { on.whole.data + on.at.segments[0], records },
        };
        size_t i = cut / 3 % LENGTH_OF(rests);
        bool copied = i == LENGTH_OF(rests) - 1;
        memory_file file = torn(&on, cut, rests[i].bytes, rests[i].size);
        size_t same = same_bytes(&on, &file);
        size_t count = complete_in(&on, same);
        if (same < on.whole.size) {
            expect_no_more_than(&on, &file, count, copied);
        }
        if (!copied && same < on.whole.size) {
            (void)expect_samples(&on, &file, count, false);
        }
        memory_file_clear(&file);
    }
    close_scene(&other);
    close_scene(&on);
}

/* How much of the failing write reaches the medium. */
typedef enum arrival { NOTHING, ONE_BYTE, HALF, ALL_BUT_ONE_BYTE, EVERYTHING, ARRIVALS } arrival;

typedef struct failing_disk {
    memory_file file;
    uint64_t calls;
    uint64_t fails_at;
    arrival much;
    int os_error;
    uint64_t calls_after; /* after the failure; the library promises none */
} failing_disk;

static size_t arriving(arrival much, size_t size)
{
    switch (much) {
    case NOTHING:
        return 0;
    case ONE_BYTE:
        return size > 1;
    case HALF:
        return size / 2;
    case ALL_BUT_ONE_BYTE:
        return size == 0 ? 0 : size - 1;
    default:
        return size;
    }
}

static bool disk_fails(failing_disk *disk, int *os_error)
{
    disk->calls++;
    disk->calls_after += disk->calls > disk->fails_at;
    *os_error = disk->calls == disk->fails_at ? disk->os_error : 0;
    return disk->calls == disk->fails_at;
}

static svms_status disk_write(void *user, const svms_iovec *runs, size_t count, int *os_error)
{
    failing_disk *disk = user;
    svms_sink sink = memory_sink(&disk->file);
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += runs[i].size;
    }
    bool fails = disk_fails(disk, os_error);
    size_t left = fails ? arriving(disk->much, size) : size;
    for (size_t i = 0; i < count && left > 0; i++) {
        svms_iovec run = { runs[i].data, runs[i].size < left ? runs[i].size : left };
        int ignored = 0;
        assert_int_equal(sink.write(sink.user, &run, 1, &ignored), SVMS_OK);
        left -= run.size;
    }
    return fails ? SVMS_E_IO : SVMS_OK;
}

static svms_status disk_sync(void *user, int *os_error)
{
    return disk_fails(user, os_error) ? SVMS_E_IO : SVMS_OK;
}

/* Records; how many segments the writer took for complete, as it said in the end. */
static svms_status record_to(const scene *on, const svms_sink *sink, uint64_t *claimed,
                             svms_error *err)
{
    svms_track tracks[2];
    svms_writer *writer = NULL;
    svms_writer_stats stats = SVMS_WRITER_STATS_INIT;
    svms_writer_options options = writer_options(on->fix, &on->how, tracks);
    on->fix->now = T0 + SECOND;
    *claimed = 0;
    svms_status status = svms_writer_open(&writer, on->fix->ctx, sink, &options, err);
    for (uint32_t i = 0; i < on->how.segments && status == SVMS_OK; i++) {
        status = append_segment(writer, &on->how, i, err);
        assert_int_equal(svms_writer_get_stats(writer, &stats), SVMS_OK);
        *claimed = stats.segments;
    }
    if (status == SVMS_OK) {
        return svms_writer_close(&writer, err);
    }
    if (writer != NULL) {
        assert_int_equal(svms_writer_flush(writer, NULL), SVMS_E_STATE);
        assert_int_equal(svms_writer_close(&writer, NULL), SVMS_E_STATE);
    }
    return status;
}

static void expect_disk(scene *on, failing_disk *disk, uint64_t claimed)
{
    svms_report report;
    size_t count = complete_in(on, disk->file.size);
    assert_true(claimed <= count);
    assert_int_equal(disk->calls_after, 0);
    if (disk->file.size < on->at.first_record) {
        svms_status status = verify_file(on->fix, &disk->file, on->fix->trust, &report);
        assert_int_equal(svms_status_class(status), SVMS_CLASS_MALFORMED);
    } else if (disk->file.size == on->whole.size) {
        /* Everything arrived, but the disk would not vouch for it, and the caller was told so. */
        assert_int_equal(verify_file(on->fix, &disk->file, on->fix->trust, &report), SVMS_OK);
    } else {
        expect_incomplete(on, &disk->file, count);
        assert_int_equal(expect_samples(on, &disk->file, count, false),
                         end_of_reading(on, disk->file.size));
    }
}

static void every_failing_write_and_sync_leaves_complete_segments(void **state)
{
    static const int errors[] = { EIO, ENOSPC };
    scene on;
    open_scene(&on, *state);
    bool reached = true;
    uint64_t last = 0;
    for (uint64_t n = 1; reached; n++) {
        for (size_t i = 0; i < LENGTH_OF(errors) * ARRIVALS && reached; i++) {
            failing_disk disk = { 0 };
            svms_sink sink = SVMS_SINK_INIT;
            svms_error err = SVMS_ERROR_INIT;
            uint64_t claimed = 0;
            disk.fails_at = n;
            disk.much = (arrival)(i % ARRIVALS);
            disk.os_error = errors[i / ARRIVALS];
            sink.user = &disk;
            sink.write = disk_write;
            sink.sync = disk_sync;
            svms_status status = record_to(&on, &sink, &claimed, &err);
            reached = disk.calls >= n;
            assert_int_equal(status, reached ? SVMS_E_IO : SVMS_OK);
            if (reached) {
                assert_int_equal(err.os_error, disk.os_error);
                expect_disk(&on, &disk, claimed);
            }
            memory_file_clear(&disk.file);
        }
        last = n;
    }
    assert_true(last > 10);
    close_scene(&on);
}

/* A file, verified where it lies. */
static void expect_file(scene *on, const char *path, size_t size, uint64_t claimed)
{
    memory_file file = { 0 };
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    file.data = malloc(size + 1);
    file.size = fread(file.data, 1, size + 1, stream);
    assert_int_equal(fclose(stream), 0);
    assert_int_equal(file.size, size);
    size_t count = complete_in(on, size);
    assert_true(claimed <= count);
    if (size >= on->at.first_record) {
        expect_incomplete(on, &file, count);
        assert_int_equal(expect_samples(on, &file, count, false), end_of_reading(on, size));
    }
    memory_file_clear(&file);
}

/* The kernel takes a part of a write, and refuses the rest: our own sink tries on, and then stops.
 */
static void a_file_that_may_not_grow_keeps_what_fits(void **state)
{
    scene on;
    char folder[] = "/tmp/svms-crash-XXXXXX";
    char path[64];
    struct rlimit before;
    open_scene(&on, *state);
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/a.svms", folder);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    for (size_t room = 1; room < on.whole.size; room += 97) {
        svms_sink sink = SVMS_SINK_INIT;
        svms_error err = SVMS_ERROR_INIT;
        uint64_t claimed = 0;
        struct rlimit limit = before;
        limit.rlim_cur = room;
        assert_int_equal(svms_sink_create_file(&sink, on.fix->ctx, path, NULL), SVMS_OK);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        svms_status status = record_to(&on, &sink, &claimed, &err);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        svms_sink_close(&sink);
        assert_int_equal(status, SVMS_E_IO);
        assert_int_equal(err.os_error, EFBIG);
        expect_file(&on, path, room, claimed);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(folder), 0);
    close_scene(&on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_write_torn_at_any_byte_costs_only_what_was_not_signed,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(zero_bytes_behind_the_last_whole_record_are_unattested,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(zero_bytes_that_fill_a_torn_record_are_unattested,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_front_torn_and_filled_with_zeros_claims_nothing,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            stale_bytes_behind_a_torn_write_do_not_spoil_complete_segments, fixture_setup,
            fixture_teardown),
        cmocka_unit_test_setup_teardown(every_failing_write_and_sync_leaves_complete_segments,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_file_that_may_not_grow_keeps_what_fits, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
