/* SPDX-License-Identifier: Apache-2.0 */
#include "folder_case.h"

static recipe small(void)
{
    recipe how = RECIPE_INIT;
    how.tracks = 1;
    how.frames = 2;
    how.sample_size = 40;
    return how;
}

void shoot(fixture *fix, const piece *what, memory_file *file, svms_head *head)
{
    recipe how = small();
    svms_track tracks[2];
    svms_writer *writer = NULL;
    svms_sink sink = memory_sink(file);
    how.key = what->key;
    how.chain = what->chain;
    svms_writer_options options = writer_options(fix, &how, tracks);
    memset(options.recording_id, what->recording, sizeof(options.recording_id));
    options.recording_sequence = what->sequence;
    options.start_utc_ns = T0 + what->begin * SECOND;
    options.previous = what->previous;
    options.signature_interval = what->interval;
    options.link_state = what->previous == NULL          ? SVMS_LINK_NONE
                         : what->state == SVMS_LINK_NONE ? SVMS_LINK_VERIFIED
                                                         : what->state;
    if (what->edge) {
        options.origin = SVMS_ORIGIN_EDGE;
        options.role = what->chain ? SVMS_ROLE_CAMERA : SVMS_ROLE_RECORDER;
    }
    svms_error err = SVMS_ERROR_INIT;
    if (svms_writer_open(&writer, fix->ctx, &sink, &options, &err) != SVMS_OK) {
        fail_msg("open: %s", err.message);
    }
    for (uint32_t i = 0; i < what->segments; i++) {
        assert_int_equal(append_segment(writer, &how, i, NULL), SVMS_OK);
    }
    assert_int_equal(svms_writer_flush(writer, NULL), SVMS_OK);
    *head = (svms_head)SVMS_HEAD_INIT;
    assert_int_equal(svms_writer_get_head(writer, head), SVMS_OK);
    if (what->leave_open) {
        svms_writer_abort(&writer);
    } else {
        assert_int_equal(
            svms_writer_end(&writer, what->goes_on ? SVMS_END_ROTATION : SVMS_END_CLOSED, NULL),
            SVMS_OK);
    }
}

folder folder_new(fixture *fix)
{
    folder all = { 0 };
    all.fix = fix;
    all.from = SVMS_NO_TIME;
    all.to = SVMS_NO_TIME;
    all.trust = fix->trust;
    return all;
}

folder shoot_recording(fixture *fix, uint8_t recording, uint32_t count)
{
    folder all = folder_new(fix);
    for (uint32_t i = 0; i < count; i++) {
        piece what = { .recording = recording,
                       .sequence = i,
                       .segments = 3,
                       .begin = (int64_t)i * 10,
                       .previous = i == 0 ? NULL : &all.heads[i - 1],
                       .goes_on = i + 1 < count };
        shoot(fix, &what, &all.files[i], &all.heads[i]);
    }
    all.count = count;
    return all;
}

void folder_add(folder *all, const piece *what)
{
    assert_true(all->count < MOST);
    shoot(all->fix, what, &all->files[all->count], &all->heads[all->count]);
    all->count++;
}

void folder_clear(folder *all)
{
    for (uint32_t i = 0; i < MOST; i++) {
        memory_file_clear(&all->files[i]);
    }
}

folder folder_copy(const folder *all)
{
    folder copy = *all;
    for (uint32_t i = 0; i < all->count; i++) {
        copy.files[i] = memory_copy(&all->files[i]);
    }
    return copy;
}

void folder_take_out(folder *all, uint32_t at)
{
    memory_file_clear(&all->files[at]);
    for (uint32_t i = at; i + 1 < all->count; i++) {
        all->files[i] = all->files[i + 1];
    }
    all->count--;
    memset(&all->files[all->count], 0, sizeof(all->files[0]));
}

svms_status folder_open_file(void *user, uint32_t index, svms_source *out, svms_error *err)
{
    folder *all = user;
    (void)err;
    assert_true(index < all->count);
    assert_int_equal(all->open, 0);
    all->open++;
    *out = memory_source(&all->files[index]);
    return SVMS_OK;
}

static void close_file(void *user, uint32_t index, svms_source *source)
{
    folder *all = user;
    assert_true(index < all->count);
    assert_non_null(source->user);
    all->open--;
}

static void take_issue(void *user, const svms_sequence_issue *issue)
{
    folder *all = user;
    assert_in_range(issue->kind, SVMS_SEQUENCE_MISSING, SVMS_SEQUENCE_UNPROVEN);
    assert_true(issue->reason[0] != '\0');
    all->issues++;
    all->kinds[issue->kind]++;
    if (all->last.struct_size == 0 || issue->verdict > all->last.verdict) {
        all->last = *issue;
    }
}

static void take_item(void *user, const svms_sequence_item *item)
{
    folder *all = user;
    assert_true(all->items < MOST);
    assert_int_equal(item->report != NULL, item->verified);
    assert_true(item->pruned == NULL || item->kind == SVMS_ITEM_PRUNED);
    all->verified[all->items] = item->verified;
    all->order[all->items++] = item->index;
}

svms_status folder_judge(folder *all, svms_sequence_report *report)
{
    svms_sequence_options options = SVMS_SEQUENCE_OPTIONS_INIT;
    svms_verify_options verify = SVMS_VERIFY_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    verify.trust = all->trust;
    verify.keys = all->keys;
    verify.from_utc_ns = all->from;
    verify.to_utc_ns = all->to;
    options.verify = &verify;
    options.count = all->count;
    options.heads = all->remembered;
    options.head_count = all->remembered_count;
    options.first_sequence = all->first_sequence;
    options.user = all;
    options.open = folder_open_file;
    options.close = close_file;
    options.issue = take_issue;
    options.item = take_item;
    all->issues = 0;
    all->items = 0;
    memset(all->kinds, 0, sizeof(all->kinds));
    memset(&all->last, 0, sizeof(all->last));
    *report = (svms_sequence_report)SVMS_SEQUENCE_REPORT_INIT;
    svms_status status = svms_verify_recording(all->fix->ctx, &options, report, &err);
    assert_int_equal(all->open, 0);
    if (status == SVMS_OK || svms_status_class(status) == SVMS_CLASS_EVIDENCE) {
        assert_int_equal(report->issue_count, all->issues);
        assert_int_equal(report->worst.verdict, report->verdict);
        assert_int_equal(all->items, all->count);
    }
    if (status != SVMS_OK) {
        assert_int_equal(err.status, status);
        assert_true(err.message[0] != '\0');
    }
    return status;
}

svms_sequence_report folder_expect(folder *all, svms_status due, svms_sequence_issue_kind kind,
                                   uint32_t times)
{
    svms_sequence_report report;
    svms_status status = folder_judge(all, &report);
    if (status != due || all->kinds[kind] != times) {
        fail_msg("status %d instead of %d, %u of kind %s instead of %u; worst: %s", status, due,
                 all->kinds[kind], svms_sequence_issue_name(kind), times, report.worst.reason);
    }
    return report;
}

void file_cut(memory_file *file, uint32_t segments)
{
    layout at = lay_out_file(file);
    file->size = segments == 0 ? at.first_record : at.segments[segments];
}

void record_removal(fixture *fix, memory_file *of, const svms_private_key *key,
                    const svms_chain *chain, svms_prune_reason reason, memory_file *out)
{
    svms_prune_options options = SVMS_PRUNE_OPTIONS_INIT;
    svms_source source = memory_source(of);
    svms_sink sink = memory_sink(out);
    svms_error err = SVMS_ERROR_INIT;
    options.signer = key;
    options.chain = chain;
    options.reason = reason;
    if (svms_pruned_write(fix->ctx, &source, &options, &sink, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(out->syncs, 1);
}

void folder_prune(folder *all, uint32_t at)
{
    memory_file record = { 0 };
    record_removal(all->fix, &all->files[at], all->fix->recorder_key, all->fix->recorder,
                   SVMS_PRUNE_RETENTION, &record);
    memory_file_clear(&all->files[at]);
    all->files[at] = record;
}
