/* SPDX-License-Identifier: Apache-2.0 */
/* Making the body of a leaves frame: one walk for its size, one for its bytes. */
#include "leaves.h"

#include "failure.h"

#define STEP_SIZE 65536u
/* Of a record, with its header and range table. */
#define HELD_SIZE 262144u

/* The record that the walk stands at. */
typedef struct svms_leaves_step {
    uint64_t offset;
    svms_record record;
    uint32_t table_size; /* of its range table */
    uint8_t form;        /* 0: no entry */
    uint32_t length;     /* of the entry's content */
} svms_leaves_step;

typedef struct svms_leaves_walk {
    const svms_leaves_job *job;
    uint64_t at;
    uint64_t end;
    uint64_t passed; /* samples of the presented track */
    bool found;      /* the one sample */
} svms_leaves_walk;

static uint8_t form_of(svms_leaves_walk *walk, const svms_record *record)
{
    const svms_leaves_job *job = walk->job;
    if (record->type != SVMS_RECORD_SAMPLE) {
        return SVMS_LEAF_WHOLE;
    }
    if ((job->removed_tracks >> record->track & 1) != 0) {
        return 0;
    }
    if (job->presented == SVMS_PRESENTED_ONE && record->track == job->presented_track &&
        walk->passed++ == job->presented_sample) {
        walk->found = true;
        return SVMS_LEAF_PRESENTED;
    }
    return job->presented == SVMS_PRESENTED_ALL ? SVMS_LEAF_PRESENTED : SVMS_LEAF_HASH;
}

static svms_status measure_table(const svms_leaves_walk *walk, svms_leaves_step *step,
                                 svms_error *err)
{
    const uint8_t *table = NULL;
    size_t got = 0;
    svms_sample_layout layout;
    const svms_record *record = &step->record;
    size_t wanted =
        record->body_size < SVMS_MAX_RANGE_TABLE ? record->body_size : SVMS_MAX_RANGE_TABLE;
    svms_status status = svms_window_peek(walk->job->window, step->offset + record->header_size,
                                          wanted, &table, &got, err);
    if (status == SVMS_OK) {
        status = svms_sample_layout_of(&layout, &walk->job->header->tracks[record->track], record,
                                       table, got, step->offset, err);
    }
    if (status == SVMS_OK) {
        step->table_size = layout.table_size;
    }
    return status;
}

static svms_status choose_form(svms_leaves_walk *walk, svms_leaves_step *step, svms_error *err)
{
    const svms_record *record = &step->record;
    if (record->type == SVMS_RECORD_SAMPLE && record->track >= walk->job->header->track_count) {
        return svms_fail_at(err, SVMS_E_MALFORMED, step->offset + 2,
                            "a sample of a track that does not exist");
    }
    step->form = form_of(walk, record);
    step->table_size = 0;
    if (step->form == SVMS_LEAF_PRESENTED && (record->flags & SVMS_FLAG_RANGES) != 0) {
        svms_status status = measure_table(walk, step, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    if (step->form == SVMS_LEAF_WHOLE) {
        step->length = record->header_size + record->body_size;
    } else {
        step->length = SVMS_DIGEST_SIZE;
        step->length +=
            step->form == SVMS_LEAF_PRESENTED ? record->header_size + step->table_size : 0;
    }
    return SVMS_OK;
}

/* The next record; *more is false behind the last. holds: what is read of it stays what it is. */
static svms_status next_record(svms_leaves_walk *walk, bool holds, bool *more,
                               svms_leaves_step *step, svms_error *err)
{
    const uint8_t *bytes = NULL;
    size_t got = 0;
    *more = walk->at < walk->end;
    if (!*more) {
        return SVMS_OK;
    }
    step->offset = walk->at;
    if (holds) {
        svms_status held = svms_window_follow(walk->job->window, walk->at, HELD_SIZE, err);
        if (held != SVMS_OK) {
            return held;
        }
    }
    svms_status status =
        svms_window_peek(walk->job->window, walk->at, SVMS_SAMPLE_HEADER_MAX, &bytes, &got, err);
    if (status == SVMS_OK) {
        status = svms_record_parse(&step->record, bytes, got, walk->at, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    uint64_t size = (uint64_t)step->record.header_size + step->record.body_size;
    if (size > walk->end - walk->at) {
        return svms_fail_at(err, SVMS_E_MALFORMED, walk->at, "a record reaches beyond its segment");
    }
    walk->at += size;
    return choose_form(walk, step, err);
}

static svms_leaves_walk begin_walk(const svms_leaves_job *job)
{
    svms_leaves_walk walk = { 0 };
    walk.job = job;
    walk.at = job->offset;
    walk.end = job->offset + job->size;
    return walk;
}

svms_status svms_export_leaves_size(const svms_leaves_job *job, uint64_t *size, svms_error *err)
{
    svms_leaves_walk walk = begin_walk(job);
    svms_leaves_step step = { 0 };
    uint64_t total = 0;
    bool more = true;
    while (more) {
        svms_status status = next_record(&walk, false, &more, &step, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (more && step.form != 0) {
            total += SVMS_LEAF_ENTRY_SIZE + (uint64_t)step.length;
        }
    }
    if (job->presented == SVMS_PRESENTED_ONE && !walk.found) {
        return svms_fail(err, SVMS_E_USAGE, "track %u has no sample %llu in that segment",
                         job->presented_track, (unsigned long long)job->presented_sample);
    }
    *size = total;
    return SVMS_OK;
}

/* Runs size bytes of the container through the sink, the hasher, or both. */
static svms_status pass_on(const svms_leaves_job *job, uint64_t offset, uint64_t size, bool hashing,
                           svms_leaves_take *take, void *user, svms_error *err)
{
    while (size > 0) {
        const uint8_t *bytes = NULL;
        size_t piece = 0;
        svms_status status = svms_window_piece(
            job->window, offset, size < STEP_SIZE ? size : STEP_SIZE, &bytes, &piece, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (hashing && !svms_hasher_update(job->hasher, bytes, piece)) {
            return svms_fail_crypto(err, "hashing a record");
        }
        if (take != NULL) {
            status = take(user, bytes, piece, err);
        }
        if (status != SVMS_OK) {
            return status;
        }
        offset += piece;
        size -= piece;
    }
    return SVMS_OK;
}

/* What the entry holds of the record; leaf receives its leaf hash. */
static svms_status write_record(const svms_leaves_job *job, const svms_leaves_step *step,
                                svms_leaves_take *take, void *user, uint8_t leaf[SVMS_DIGEST_SIZE],
                                svms_error *err)
{
    uint64_t size = (uint64_t)step->record.header_size + step->record.body_size;
    bool whole = step->form == SVMS_LEAF_WHOLE;
    uint32_t head = whole ? 0 : step->length - SVMS_DIGEST_SIZE;
    svms_status status = pass_on(job, step->offset, head, false, take, user, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_merkle_leaf_start(job->hasher)) {
        return svms_fail_crypto(err, "hashing a record");
    }
    status = pass_on(job, step->offset, size, true, whole ? take : NULL, user, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_hasher_finish(job->hasher, leaf)) {
        return svms_fail_crypto(err, "hashing a record");
    }
    return whole ? SVMS_OK : take(user, leaf, SVMS_DIGEST_SIZE, err);
}

static svms_status write_entry(const svms_leaves_job *job, const svms_leaves_step *step,
                               svms_leaves_take *take, void *user, svms_error *err)
{
    uint8_t head[SVMS_LEAF_ENTRY_SIZE] = { 0 };
    uint8_t leaf[SVMS_DIGEST_SIZE];
    svms_status status = SVMS_OK;
    if (step->form != 0) {
        head[0] = step->form;
        head[1] =
            step->form == SVMS_LEAF_WHOLE ? (uint8_t)SVMS_AUXILIARY_TRACK : step->record.track;
        svms_store_u32(head + 4, step->length);
        status = take(user, head, sizeof(head), err);
        if (status == SVMS_OK) {
            status = write_record(job, step, take, user, leaf, err);
        }
    }
    if (status == SVMS_OK && job->passed != NULL) {
        status = job->passed(job->user, &step->record, step->form == 0 ? NULL : leaf, err);
    }
    return status;
}

svms_status svms_export_write_leaves(const svms_leaves_job *job, svms_leaves_take *take, void *user,
                                     svms_error *err)
{
    svms_leaves_walk walk = begin_walk(job);
    svms_leaves_step step = { 0 };
    bool more = true;
    svms_status status = SVMS_OK;
    while (more && status == SVMS_OK) {
        status = next_record(&walk, job->passed != NULL, &more, &step, err);
        if (status == SVMS_OK && more) {
            status = write_entry(job, &step, take, user, err);
        }
    }
    return status;
}
