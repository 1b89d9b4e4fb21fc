/* SPDX-License-Identifier: Apache-2.0 */
/* A recording over many containers in memory, whose sinks fail when they are told to. */
#ifndef SVMS_TEST_RECORDER_H
#define SVMS_TEST_RECORDER_H

#include "fixture.h"

#define MOST_PARTS 64
#define MOST_HEADS 640

struct recorder;

typedef struct recorded_part {
    struct recorder *recorder;
    svms_recording_container is;
    memory_file file;
} recorded_part;

typedef struct recorder {
    fixture *fix;
    svms_ctx *ctx;
    recipe how;
    svms_track tracks[2];
    svms_writer_options writer;
    svms_recording_options options;
    svms_recording *recording;
    svms_error err;
    recorded_part parts[MOST_PARTS];
    size_t count;
    size_t sample_size;
    bool no_sync;
    bool with_utc;
    int64_t clock_offset;
    uint64_t writes;
    uint64_t write_fails_at;  /* counted over all sinks; once */
    svms_status write_status; /* what it returns; SVMS_OK: SVMS_E_IO */
    bool failed;              /* it did */
    int no_more;              /* errno of every further open_sink */
    svms_status keep_fails;
    uint32_t heads;
    svms_head head; /* the last one that was kept */
    svms_head all[MOST_HEADS];
} recorder;

/* One opaque video track, a sample each 100 ms, each tenth a sync sample, segments of a second. */
void recorder_prepare(recorder *rec, fixture *fix, int64_t rotate_ns, uint64_t rotate_bytes);
void recorder_open(recorder *rec);
void recorder_begin(recorder *rec, fixture *fix, int64_t rotate_ns, uint64_t rotate_bytes);
svms_status recorder_take(recorder *rec, int number);
void recorder_close(recorder *rec);
void recorder_end(recorder *rec);

recorded_part *part_of(recorder *rec, uint64_t sequence);
svms_reader *recorder_read(recorder *rec, size_t part);
/* Containers first to first + count - 1 are whole, authentic, and each names the one before. */
void expect_chain(recorder *rec, size_t first, size_t count);
/* Read one after the other, they give samples 0 to count - 1. */
void expect_samples(recorder *rec, int count);
/* After so many failures that were told: everything holds as far as it goes, every link is true,
 * and no more than a segment was lost each time. */
void expect_interrupted(recorder *rec, int failures);

/* Out of the bytes, without the library. */
const uint8_t *link_of(const recorder *rec, size_t part); /* value of tag 9, or NULL */
const uint8_t *first_manifest(const recorder *rec, size_t part);
const uint8_t *first_commitment(const recorder *rec, size_t part);
int first_gap_reason(const recorder *rec, size_t part);
int end_reason(const recorder *rec, size_t part);

#endif
