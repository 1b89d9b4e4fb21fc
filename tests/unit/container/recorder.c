/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder.h"

#include <errno.h>
#include <stdio.h>

#define SAMPLE_NS (SECOND / 10)

static bool fails_now(recorder *rec)
{
    bool now = ++rec->writes == rec->write_fails_at;
    rec->failed = rec->failed || now;
    return now;
}

static svms_status part_write(void *user, const svms_iovec *runs, size_t count, int *os_error)
{
    recorded_part *part = user;
    svms_sink sink = memory_sink(&part->file);
    if (fails_now(part->recorder)) {
        /* Half of it arrives. */
        svms_iovec half = { runs[0].data, runs[0].size / 2 };
        (void)sink.write(sink.user, &half, 1, os_error);
        *os_error = EIO;
        return part->recorder->write_status != SVMS_OK ? part->recorder->write_status : SVMS_E_IO;
    }
    return sink.write(sink.user, runs, count, os_error);
}

static svms_status part_sync(void *user, int *os_error)
{
    recorded_part *part = user;
    svms_sink sink = memory_sink(&part->file);
    if (fails_now(part->recorder)) {
        *os_error = EIO;
        return SVMS_E_IO;
    }
    return sink.sync(sink.user, os_error);
}

static svms_status open_part(void *user, const svms_recording_container *container, svms_sink *sink,
                             svms_error *err)
{
    recorder *rec = user;
    assert_non_null(err);
    if (rec->no_more != 0) {
        err->status = SVMS_E_IO;
        err->os_error = rec->no_more;
        snprintf(err->message, sizeof err->message, "no room");
        return SVMS_E_IO;
    }
    assert_true(rec->count < MOST_PARTS);
    recorded_part *part = &rec->parts[rec->count++];
    part->recorder = rec;
    part->is = *container;
    sink->user = part;
    sink->write = part_write;
    sink->sync = part_sync;
    return SVMS_OK;
}

static void close_part(void *user, const svms_recording_container *container, svms_sink *sink)
{
    recorder *rec = user;
    recorded_part *part = sink->user;
    assert_ptr_equal(part->recorder, rec);
    assert_memory_equal(part->is.container_id, container->container_id, 16);
    assert_int_equal(part->is.state, SVMS_RECORDING_WRITING);
    part->is = *container;
    assert_int_not_equal(part->is.state, SVMS_RECORDING_WRITING);
}

static svms_status keep(void *user, const svms_head *head)
{
    recorder *rec = user;
    if (rec->keep_fails != SVMS_OK) {
        return rec->keep_fails;
    }
    assert_true(rec->heads < MOST_HEADS);
    rec->all[rec->heads++] = *head;
    rec->head = *head;
    return SVMS_OK;
}

void recorder_prepare(recorder *rec, fixture *fix, int64_t rotate_ns, uint64_t rotate_bytes)
{
    memset(rec, 0, sizeof *rec);
    rec->fix = fix;
    rec->ctx = fix->ctx;
    rec->how = (recipe)RECIPE_INIT;
    rec->how.tracks = 1;
    rec->how.frames = 10;
    rec->sample_size = 100;
    rec->head = (svms_head)SVMS_HEAD_INIT;
    rec->err = (svms_error)SVMS_ERROR_INIT;
    rec->writer = writer_options(fix, &rec->how, rec->tracks);
    rec->options = (svms_recording_options)SVMS_RECORDING_OPTIONS_INIT;
    rec->options.writer = &rec->writer;
    rec->options.rotate_ns = (uint64_t)rotate_ns;
    rec->options.rotate_bytes = rotate_bytes;
    rec->options.user = rec;
    rec->options.open_sink = open_part;
    rec->options.close_sink = close_part;
    rec->options.keep_head = keep;
}

void recorder_open(recorder *rec)
{
    if (svms_recording_open(&rec->recording, rec->ctx, &rec->options, &rec->err) != SVMS_OK) {
        fail_msg("open: %s", rec->err.message);
    }
}

void recorder_begin(recorder *rec, fixture *fix, int64_t rotate_ns, uint64_t rotate_bytes)
{
    recorder_prepare(rec, fix, rotate_ns, rotate_bytes);
    recorder_open(rec);
}

svms_status recorder_take(recorder *rec, int number)
{
    svms_sample sample = SVMS_SAMPLE_INIT;
    uint8_t *bytes = malloc(rec->sample_size);
    assert_non_null(bytes);
    sample_bytes(&rec->how, 0, (uint32_t)number, bytes, rec->sample_size);
    sample.data = bytes;
    sample.size = rec->sample_size;
    sample.dts = sample.pts = (int64_t)number * 100;
    sample.duration = 100;
    sample.flags = number % 10 == 0 && !rec->no_sync ? SVMS_SAMPLE_SYNC : 0;
    if (rec->with_utc) {
        sample.utc_ns = T0 + number * SAMPLE_NS + rec->clock_offset;
    }
    svms_status status = svms_recording_append(rec->recording, &sample, &rec->err);
    free(bytes);
    return status;
}

void recorder_close(recorder *rec)
{
    if (svms_recording_close(&rec->recording, &rec->err) != SVMS_OK) {
        fail_msg("close: %s", rec->err.message);
    }
    assert_null(rec->recording);
}

void recorder_end(recorder *rec)
{
    svms_recording_abort(&rec->recording);
    for (size_t i = 0; i < rec->count; i++) {
        assert_int_not_equal(rec->parts[i].is.state, SVMS_RECORDING_WRITING);
        memory_file_clear(&rec->parts[i].file);
    }
}

recorded_part *part_of(recorder *rec, uint64_t sequence)
{
    for (size_t i = 0; i < rec->count; i++) {
        if (rec->parts[i].is.recording_sequence == sequence &&
            rec->parts[i].is.state != SVMS_RECORDING_NOT_BEGUN) {
            return &rec->parts[i];
        }
    }
    fail_msg("there is no such container");
    return NULL;
}

svms_reader *recorder_read(recorder *rec, size_t part)
{
    svms_reader *reader = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_source source = memory_source(&rec->parts[part].file);
    svms_keyring *ring = password_ring(rec->fix, "pass word");
    options.keys = ring;
    options.trust = rec->fix->trust;
    if (svms_reader_open(&reader, rec->fix->ctx, &source, &options, &err) != SVMS_OK) {
        fail_msg("container %zu: %s", part, err.message);
    }
    svms_keyring_free(&ring);
    return reader;
}

static uint32_t load_u32(const uint8_t *at)
{
    return ((uint32_t)at[0] << 24) | ((uint32_t)at[1] << 16) | ((uint32_t)at[2] << 8) | at[3];
}

const uint8_t *link_of(const recorder *rec, size_t part)
{
    const uint8_t *data = rec->parts[part].file.data;
    uint32_t size = load_u32(data + 20);
    for (size_t at = 72; at + 8 <= size; at += 8 + load_u32(data + at + 4)) {
        if (data[at + 1] == 9) {
            return data + at + 8;
        }
    }
    return NULL;
}

const uint8_t *first_manifest(const recorder *rec, size_t part)
{
    const memory_file *file = &rec->parts[part].file;
    layout found = lay_out_file(file);
    size_t at = found.segments[0];
    while (file->data[at] != 3) {
        size_t header = file->data[at] == 1 ? file->data[at + 3] : 16;
        at += header + load_u32(file->data + at + 4);
        assert_true(at < file->size);
    }
    return file->data + at + 16;
}

const uint8_t *first_commitment(const recorder *rec, size_t part)
{
    return first_manifest(rec, part) + 236 + 56;
}

int first_gap_reason(const recorder *rec, size_t part)
{
    return first_manifest(rec, part)[197];
}

int end_reason(const recorder *rec, size_t part)
{
    layout found = lay_out_file(&rec->parts[part].file);
    return rec->parts[part].file.data[found.end_record + 16 + 216];
}

static svms_head head_in_link(const recorder *rec, size_t part)
{
    svms_head head = SVMS_HEAD_INIT;
    const uint8_t *link = link_of(rec, part);
    assert_non_null(link);
    memcpy(head.container_id, link, 16);
    head.segment = 0;
    for (int i = 0; i < 8; i++) {
        head.segment = head.segment << 8 | link[16 + i];
    }
    memcpy(head.manifest_hash, link + 24, 32);
    return head;
}

/* The container before holds what this one names. */
static void expect_true_link(recorder *rec, size_t before, size_t part, bool newest)
{
    svms_link_state held = SVMS_LINK_NONE;
    svms_head named = head_in_link(rec, part);
    svms_head head = SVMS_HEAD_INIT;
    svms_source source = memory_source(&rec->parts[before].file);
    assert_memory_equal(named.container_id, rec->parts[before].is.container_id, 16);
    assert_int_equal(svms_container_holds(rec->fix->ctx, &source, &named, &held, NULL), SVMS_OK);
    assert_int_equal(held, SVMS_LINK_VERIFIED);
    if (newest) {
        assert_int_equal(svms_container_head(rec->fix->ctx, &source, &head, NULL), SVMS_OK);
        assert_int_equal(head.segment, named.segment);
        assert_memory_equal(head.manifest_hash, named.manifest_hash, 32);
    }
}

void expect_chain(recorder *rec, size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++) {
        svms_report report;
        const svms_recording_container *is = &rec->parts[i].is;
        assert_int_equal(is->state, SVMS_RECORDING_ENDED);
        if (verify_file(rec->fix, &rec->parts[i].file, rec->fix->trust, &report) != SVMS_OK) {
            fail_msg("container %zu: %s", i, report.first_failure.reason);
        }
        assert_int_equal(report.verdict, SVMS_VERDICT_AUTHENTIC);
        assert_int_equal(is->recording_sequence,
                         rec->parts[first].is.recording_sequence + i - first);
        assert_memory_equal(is->recording_id, rec->parts[first].is.recording_id, 16);
        if (i > first) {
            assert_int_equal(is->link_state, SVMS_LINK_VERIFIED);
            assert_int_equal(link_of(rec, i)[56], SVMS_LINK_VERIFIED);
            expect_true_link(rec, i - 1, i, true);
        }
    }
}

/* Takes the number from the time stamp; the bytes must be those of that sample. */
static int check_sample(recorder *rec, const svms_sample *sample)
{
    int number = (int)(sample->dts / 100);
    uint8_t *bytes = malloc(rec->sample_size);
    assert_non_null(bytes);
    assert_int_equal(sample->size, rec->sample_size);
    sample_bytes(&rec->how, 0, (uint32_t)number, bytes, rec->sample_size);
    assert_memory_equal(sample->data, bytes, rec->sample_size);
    free(bytes);
    return number;
}

void expect_samples(recorder *rec, int count)
{
    int next = 0;
    for (size_t i = 0; i < rec->count; i++) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        svms_reader *reader = recorder_read(rec, i);
        while (svms_reader_next(reader, &sample, NULL) == SVMS_OK) {
            assert_int_equal(check_sample(rec, &sample), next);
            next++;
        }
        assert_int_equal(svms_reader_next(reader, &sample, NULL), SVMS_END);
        svms_reader_close(&reader);
    }
    assert_int_equal(next, count);
}

void expect_interrupted(recorder *rec, int failures)
{
    int taken = 0;
    int last = -1;
    size_t before = SIZE_MAX;
    for (size_t i = 0; i < rec->count; i++) {
        svms_report report;
        svms_sample sample = SVMS_SAMPLE_INIT;
        if (rec->parts[i].is.state == SVMS_RECORDING_NOT_BEGUN) {
            continue;
        }
        svms_status status = verify_file(rec->fix, &rec->parts[i].file, rec->fix->trust, &report);
        assert_true(status == SVMS_OK || status == SVMS_E_INCOMPLETE);
        assert_int_equal(report.segments_failed, 0);
        if (rec->parts[i].is.state == SVMS_RECORDING_ENDED) {
            assert_int_equal(status, SVMS_OK);
        }
        if (before != SIZE_MAX) {
            expect_true_link(rec, before, i, false);
            assert_int_equal(rec->parts[i].is.recording_sequence,
                             rec->parts[before].is.recording_sequence + 1);
        }
        before = i;
        svms_reader *reader = recorder_read(rec, i);
        while (svms_reader_next(reader, &sample, NULL) == SVMS_OK) {
            int number = check_sample(rec, &sample);
            assert_true(number > last || failures > 0);
            last = number;
            taken++;
        }
        svms_reader_close(&reader);
    }
    /* A failure that was not told (ending the container before) costs nothing; one at the very end
     * costs the last segment. */
    assert_true(taken >= 50 - 10 * (failures > 0 ? failures : 1));
}
