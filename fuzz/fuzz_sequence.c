/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings of many containers. The input is a small program that fills a folder: containers with
 * numbers, links and lengths of its choice, copies, cuts and changed bytes. Whatever comes of it,
 * the report must agree with itself; and what no step spoilt must not be called not authentic. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST_FILES 6
#define LARGEST_FILE 16384u
#define STEP 6u
#define SECOND INT64_C(1000000000)

typedef struct file {
    uint8_t bytes[LARGEST_FILE];
    size_t size;
    svms_head head;
} file;

typedef struct folder {
    svms_ctx *ctx;
    file files[MOST_FILES];
    uint32_t count;
    uint32_t issues;
    uint32_t items;
    svms_verdict worst;
} folder;

static svms_status append(void *user, const svms_iovec *runs, size_t count, int *os_error)
{
    file *out = user;
    (void)os_error;
    for (size_t i = 0; i < count; i++) {
        if (runs[i].size > sizeof(out->bytes) - out->size) {
            abort();
        }
        if (runs[i].size != 0) {
            memcpy(out->bytes + out->size, runs[i].data, runs[i].size);
        }
        out->size += runs[i].size;
    }
    return SVMS_OK;
}

static void must(svms_status status)
{
    if (status != SVMS_OK) {
        abort();
    }
}

static void append_sample(svms_writer *writer, int64_t at)
{
    svms_sample sample = SVMS_SAMPLE_INIT;
    sample.data = (const uint8_t *)"sample";
    sample.size = 6;
    sample.dts = at;
    sample.pts = at;
    sample.duration = 1;
    sample.flags = SVMS_SAMPLE_SYNC;
    must(svms_writer_append(writer, &sample, NULL));
}

/* Step: {kind, number, link to file, segments, begin, reserved}. */
static void write_container(folder *all, const uint8_t *step)
{
    svms_writer_options options = SVMS_WRITER_OPTIONS_INIT;
    svms_track track = SVMS_TRACK_INIT;
    svms_writer *writer = NULL;
    file *out = &all->files[all->count];
    svms_sink sink = SVMS_SINK_INIT;
    out->size = 0;
    sink.user = out;
    sink.write = append;
    track.codec = SVMS_FOURCC('f', 'u', 'z', 'z');
    track.protection = SVMS_PROTECT_NONE;
    track.timebase_den = 1;
    options.tracks = &track;
    options.track_count = 1;
    options.unsigned_media = 1;
    options.segment_ns = (uint64_t)SECOND;
    options.recording_sequence = step[1] == 255 ? UINT64_MAX : step[1];
    options.start_utc_ns = (int64_t)step[4] * SECOND;
    memset(options.recording_id, (step[0] & 0x40u) != 0 ? 2 : 1, sizeof(options.recording_id));
    if (step[2] < all->count) {
        options.previous = &all->files[step[2]].head;
        options.link_state = (svms_link_state)(1 + (step[5] & 3u));
    }
    must(svms_writer_open(&writer, all->ctx, &sink, &options, NULL));
    for (int64_t i = 0; i < (step[3] & 3); i++) {
        append_sample(writer, i);
    }
    must(svms_writer_flush(writer, NULL));
    out->head = (svms_head)SVMS_HEAD_INIT;
    must(svms_writer_get_head(writer, &out->head));
    if ((step[3] & 0x80u) != 0) {
        svms_writer_abort(&writer);
    } else {
        must(svms_writer_end(&writer, SVMS_END_ROTATION, NULL));
    }
    all->count++;
}

/* True when the step may have spoilt what was signed. */
static bool run_step(folder *all, const uint8_t *step)
{
    size_t at = (size_t)step[3] * 256 + step[4];
    file *one = all->count == 0 ? NULL : &all->files[step[1] % all->count];
    switch (step[0] & 3u) {
    case 0:
        if (all->count < MOST_FILES) {
            write_container(all, step);
        }
        return false;
    case 1:
        if (one != NULL && all->count < MOST_FILES) {
            all->files[all->count++] = *one;
        }
        return false;
    case 2:
        if (one != NULL && at < one->size) {
            one->size = at;
        }
        return true;
    default:
        if (one != NULL && at < one->size) {
            one->bytes[at] ^= step[5];
        }
        return true;
    }
}

static svms_status open_file(void *user, uint32_t index, svms_source *out, svms_error *err)
{
    folder *all = user;
    return svms_source_from_memory(out, all->ctx, all->files[index].bytes, all->files[index].size,
                                   err);
}

static void close_file(void *user, uint32_t index, svms_source *source)
{
    (void)user;
    (void)index;
    svms_source_close(source);
}

static void take_issue(void *user, const svms_sequence_issue *issue)
{
    folder *all = user;
    all->issues++;
    all->worst = issue->verdict > all->worst ? issue->verdict : all->worst;
    if (issue->reason[0] == '\0' || issue->from_sequence > issue->to_sequence ||
        svms_sequence_issue_name(issue->kind)[0] == '\0') {
        abort();
    }
}

static void take_item(void *user, const svms_sequence_item *item)
{
    folder *all = user;
    all->items++;
    if (item->index >= all->count || (item->report != NULL) != (item->verified != 0)) {
        abort();
    }
}

static void judge(folder *all, bool spoilt, bool range)
{
    svms_sequence_options options = SVMS_SEQUENCE_OPTIONS_INIT;
    svms_sequence_report report = SVMS_SEQUENCE_REPORT_INIT;
    svms_verify_options verify = SVMS_VERIFY_OPTIONS_INIT;
    if (range) {
        verify.from_utc_ns = 2 * SECOND;
        verify.to_utc_ns = 5 * SECOND;
    }
    options.verify = &verify;
    options.count = all->count;
    options.heads = &all->files[0].head;
    options.head_count = 1;
    options.user = all;
    options.open = open_file;
    options.close = close_file;
    options.issue = take_issue;
    options.item = take_item;
    svms_status status = svms_verify_recording(all->ctx, &options, &report, NULL);
    if (status == SVMS_E_MALFORMED && spoilt) {
        return; /* not one header is left */
    }
    if (status == SVMS_OK || status == SVMS_E_MALFORMED || status == SVMS_E_NO_MEMORY ||
        report.issue_count != all->issues || report.verdict != all->worst ||
        report.worst.verdict != all->worst || all->items != all->count) {
        abort(); /* nothing here is signed, so nothing is authentic */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static folder all;
    bool spoilt = false;
    if (all.ctx == NULL) {
        must(svms_ctx_new(&all.ctx, NULL, NULL));
    }
    all.count = 0;
    all.issues = 0;
    all.items = 0;
    all.worst = SVMS_VERDICT_AUTHENTIC;
    if (size == 0) {
        return 0;
    }
    for (size_t at = 1; at + STEP <= size && at < 20 * STEP; at += STEP) {
        spoilt = run_step(&all, data + at) || spoilt;
    }
    if (all.count != 0) {
        judge(&all, spoilt, (data[0] & 1u) != 0);
    }
    return 0;
}
