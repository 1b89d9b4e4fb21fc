/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings of many containers: what is missing, foreign, repeated, forked, rolled back, replaced
 * or removed with a record is told apart (C-SEQ, C-PRU). */
#include "fixture.h"

#define MOST 12

/* Files of a recording, as they lie in a folder. */
typedef struct folder {
    fixture *fix;
    uint32_t count;
    memory_file files[MOST];
    svms_head heads[MOST]; /* of each container when it was written */
    uint32_t open;         /* files that are open now */
    uint32_t issues;
    uint32_t kinds[16];
    svms_sequence_issue last; /* of the worst verdict so far */
    uint32_t items;
    uint32_t order[MOST];
    uint32_t verified[MOST];
    svms_head *remembered;
    size_t remembered_count;
    int64_t from;
    int64_t to;
    const svms_trust *trust;
    const svms_keyring *keys;
    uint64_t first_sequence;
} folder;

typedef struct piece {
    uint8_t recording;
    uint64_t sequence;
    uint32_t segments;
    int64_t begin; /* seconds behind T0 */
    const svms_head *previous;
    svms_link_state state;
    bool leave_open;
    bool edge;
    const svms_private_key *key;
    const svms_chain *chain;
    bool goes_on;      /* its signed end says so */
    uint32_t interval; /* of signatures; 0: every segment has one */
} piece;

static recipe small(void)
{
    recipe how = RECIPE_INIT;
    how.tracks = 1;
    how.frames = 2;
    how.sample_size = 40;
    return how;
}

static void shoot(fixture *fix, const piece *what, memory_file *file, svms_head *head)
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
        options.role = SVMS_ROLE_CAMERA;
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

static folder new_folder(fixture *fix)
{
    folder all = { 0 };
    all.fix = fix;
    all.from = SVMS_NO_TIME;
    all.to = SVMS_NO_TIME;
    all.trust = fix->trust;
    return all;
}

/* Containers 0, 1, ... of three segments each, ten seconds apart. */
static folder shoot_recording(fixture *fix, uint8_t recording, uint32_t count)
{
    folder all = new_folder(fix);
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

static void add(folder *all, const piece *what)
{
    assert_true(all->count < MOST);
    shoot(all->fix, what, &all->files[all->count], &all->heads[all->count]);
    all->count++;
}

static void clear(folder *all)
{
    for (uint32_t i = 0; i < MOST; i++) {
        memory_file_clear(&all->files[i]);
    }
}

static folder copy_folder(const folder *all)
{
    folder copy = *all;
    for (uint32_t i = 0; i < all->count; i++) {
        copy.files[i] = memory_copy(&all->files[i]);
    }
    return copy;
}

static void take_out(folder *all, uint32_t at)
{
    memory_file_clear(&all->files[at]);
    for (uint32_t i = at; i + 1 < all->count; i++) {
        all->files[i] = all->files[i + 1];
    }
    all->count--;
    memset(&all->files[all->count], 0, sizeof(all->files[0]));
}

static svms_status open_file(void *user, uint32_t index, svms_source *out, svms_error *err)
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

static svms_status judge(folder *all, svms_sequence_report *report)
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
    options.open = open_file;
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

/* Expects exactly the issues of one kind, and the verdict. */
static svms_sequence_report expect(folder *all, svms_status due, svms_sequence_issue_kind kind,
                                   uint32_t times)
{
    svms_sequence_report report;
    svms_status status = judge(all, &report);
    if (status != due || all->kinds[kind] != times) {
        fail_msg("status %d instead of %d, %u of kind %s instead of %u; worst: %s", status, due,
                 all->kinds[kind], svms_sequence_issue_name(kind), times, report.worst.reason);
    }
    return report;
}

static void a_whole_recording_is_authentic_in_whatever_order_its_files_come(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 4);
    for (uint32_t i = 0; i < 24; i++) {
        svms_sequence_report report;
        folder mixed = copy_folder(&all);
        uint32_t code = i;
        for (uint32_t k = 4; k > 1; k--) {
            memory_file last = mixed.files[k - 1];
            mixed.files[k - 1] = mixed.files[code % k];
            mixed.files[code % k] = last;
            code /= k;
        }
        assert_int_equal(judge(&mixed, &report), SVMS_OK);
        assert_int_equal(report.verdict, SVMS_VERDICT_AUTHENTIC);
        assert_int_equal(report.containers, 4);
        assert_int_equal(report.segments_verified, 12);
        assert_int_equal(report.issue_count, 0);
        assert_int_equal(report.recording_id[3], 7);
        assert_int_equal(report.first_utc_ns, T0);
        assert_true(report.last_utc_ns >= T0 + 33 * SECOND);
        for (uint32_t k = 0; k < 4; k++) {
            const memory_file *file = &mixed.files[mixed.order[k]];
            assert_int_equal(file->size, all.files[k].size);
            assert_memory_equal(file->data, all.files[k].data, file->size);
        }
        clear(&mixed);
    }
    clear(&all);
}

static void every_container_that_is_taken_out_is_missed(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 4);
    for (uint32_t at = 0; at < 4; at++) {
        folder less = copy_folder(&all);
        take_out(&less, at);
        svms_sequence_report report = expect(&less, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_MISSING, 1);
        assert_int_equal(report.missing, 1);
        assert_int_equal(report.worst.kind, SVMS_SEQUENCE_MISSING);
        assert_int_equal(report.worst.from_sequence, at);
        assert_int_equal(report.worst.to_sequence, at);
        assert_int_equal(report.worst.item, SVMS_NO_ITEM);
        assert_int_equal(less.issues, 1);
        if (at == 1 || at == 2) {
            assert_int_equal(report.worst.to_utc_ns, T0 + (at + 1) * 10 * SECOND);
        }
        clear(&less);
    }
    folder edges = copy_folder(&all);
    take_out(&edges, 2);
    take_out(&edges, 1);
    svms_sequence_report report = expect(&edges, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_MISSING, 1);
    assert_int_equal(report.missing, 2);
    assert_int_equal(report.worst.from_sequence, 1);
    assert_int_equal(report.worst.to_sequence, 2);
    clear(&edges);
    /* That there was one more behind a recording that was stopped, only somebody else can know. */
    folder stopped = shoot_recording(fix, 7, 2);
    piece again = { .recording = 7, .sequence = 2, .segments = 1, .begin = 20 };
    again.previous = &stopped.heads[1];
    add(&stopped, &again);
    svms_head newest = stopped.heads[2];
    take_out(&stopped, 2);
    (void)expect(&stopped, SVMS_OK, SVMS_SEQUENCE_MISSING, 0);
    stopped.remembered = &newest;
    stopped.remembered_count = 1;
    (void)expect(&stopped, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_MISSING, 1);
    clear(&stopped);
    folder late = copy_folder(&all);
    take_out(&late, 0);
    late.first_sequence = 1;
    (void)expect(&late, SVMS_OK, SVMS_SEQUENCE_MISSING, 0);
    clear(&late);
    clear(&all);
}

static void of_every_pair_one_in_place_of_the_other_is_noticed(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 4);
    for (uint32_t from = 0; from < 4; from++) {
        for (uint32_t to = 0; to < 4; to++) {
            if (from == to) {
                continue;
            }
            folder changed = copy_folder(&all);
            memory_file_clear(&changed.files[to]);
            changed.files[to] = memory_copy(&all.files[from]);
            changed.remembered = &all.heads[3];
            changed.remembered_count = 1;
            svms_sequence_report report =
                expect(&changed, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_REPEATED, 1);
            assert_int_equal(changed.kinds[SVMS_SEQUENCE_MISSING], 1);
            assert_int_equal(report.missing, 1);
            assert_int_equal(report.containers, 3);
            assert_int_equal(report.segments_verified, 9);
            clear(&changed);
        }
    }
    clear(&all);
}

static void of_every_pair_header_and_segments_exchanged_is_not_authentic(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 3);
    for (uint32_t i = 0; i < 3; i++) {
        for (uint32_t k = 0; k < 3; k++) {
            size_t own = lay_out_file(&all.files[i]).first_record;
            size_t other = lay_out_file(&all.files[k]).first_record;
            if (i == k) {
                continue;
            }
            folder mixed = copy_folder(&all);
            memory_file *file = &mixed.files[i];
            size_t size = own + all.files[k].size - other;
            file->data = realloc(file->data, size);
            assert_non_null(file->data);
            memcpy(file->data + own, all.files[k].data + other, size - own);
            file->size = size;
            file->capacity = size;
            (void)expect(&mixed, SVMS_E_NOT_AUTHENTIC, SVMS_SEQUENCE_DAMAGED, 1);
            assert_int_equal(mixed.last.item, i);
            clear(&mixed);
        }
    }
    clear(&all);
}

static void containers_of_another_recording_are_foreign(void **state)
{
    fixture *fix = *state;
    folder ours = shoot_recording(fix, 7, 3);
    folder theirs = shoot_recording(fix, 8, 3);
    for (uint32_t i = 0; i < 3; i++) {
        folder mixed = copy_folder(&ours);
        memory_file_clear(&mixed.files[i]);
        mixed.files[i] = memory_copy(&theirs.files[i]);
        mixed.remembered = &ours.heads[2];
        mixed.remembered_count = 1;
        svms_sequence_report report = expect(&mixed, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_FOREIGN, 1);
        assert_int_equal(mixed.kinds[SVMS_SEQUENCE_MISSING], 1);
        assert_int_equal(report.recording_id[0], 7);
        assert_int_equal(report.containers, 2);
        assert_int_equal(report.segments_verified, 6);
        clear(&mixed);
    }
    clear(&theirs);
    clear(&ours);
}

/* The first `segments` of a file, with nothing behind them. */
static void cut(memory_file *file, uint32_t segments)
{
    layout at = lay_out_file(file);
    file->size = segments == 0 ? at.first_record : at.segments[segments];
}

static void every_container_that_is_rolled_back_is_noticed(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 4);
    for (uint32_t at = 0; at < 4; at++) {
        for (uint32_t left = 0; left < 3; left++) {
            folder less = copy_folder(&all);
            cut(&less.files[at], left);
            if (at == 3) {
                (void)expect(&less, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_ROLLED_BACK, 0);
                less.remembered = &all.heads[3];
                less.remembered_count = 1;
            }
            svms_sequence_report report =
                expect(&less, SVMS_E_NOT_AUTHENTIC, SVMS_SEQUENCE_ROLLED_BACK, 1);
            assert_int_equal(report.worst.item, at);
            assert_int_equal(report.worst.other, at == 3 ? SVMS_NO_ITEM : at + 1);
            assert_int_equal(report.worst.from_sequence, at);
            clear(&less);
        }
    }
    clear(&all);
}

static void an_older_copy_beside_the_whole_one_is_only_repeated(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 3);
    all.files[all.count] = memory_copy(&all.files[1]);
    cut(&all.files[all.count++], 2);
    svms_sequence_report report = expect(&all, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_REPEATED, 1);
    assert_int_equal(all.kinds[SVMS_SEQUENCE_ROLLED_BACK], 0);
    assert_int_equal(report.containers, 3);
    assert_int_equal(report.segments_verified, 9);
    clear(&all);
}

static void
an_interrupted_container_is_whole_when_its_successor_names_its_last_segment(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 3);
    cut(&all.files[1], 3);
    svms_sequence_report report = expect(&all, SVMS_OK, SVMS_SEQUENCE_INTERRUPTED, 1);
    assert_int_equal(report.worst.item, 1);
    assert_int_equal(report.worst.verdict, SVMS_VERDICT_AUTHENTIC);
    assert_int_equal(report.segments_verified, 9);
    clear(&all);
    all = shoot_recording(fix, 7, 3);
    cut(&all.files[2], 3);
    report = expect(&all, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_UNPROVEN, 1);
    assert_int_equal(report.worst.item, 2);
    clear(&all);
}

static void segments_that_nobody_signed_need_the_link_of_a_successor(void **state)
{
    fixture *fix = *state;
    folder all = new_folder(fix);
    piece killed = { .recording = 7, .segments = 3, .leave_open = true, .interval = 8 };
    add(&all, &killed);
    cut(&all.files[0], 2); /* flushing signs */
    svms_source source = memory_source(&all.files[0]);
    svms_head newest = SVMS_HEAD_INIT;
    assert_int_equal(svms_container_head(fix->ctx, &source, &newest, NULL), SVMS_OK);
    all.remembered = &newest;
    all.remembered_count = 1;
    svms_sequence_report report = expect(&all, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_UNPROVEN, 1);
    assert_int_equal(all.kinds[SVMS_SEQUENCE_INTERRUPTED], 0);
    assert_int_equal(report.segments_verified, 0);
    piece next = { .recording = 7, .sequence = 1, .segments = 2, .begin = 10, .previous = &newest };
    add(&all, &next);
    (void)expect(&all, SVMS_OK, SVMS_SEQUENCE_INTERRUPTED, 1);
    /* A successor that is not verified with it says nothing. */
    all.to = T0 + 5 * SECOND;
    (void)expect(&all, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_INTERRUPTED, 0);
    clear(&all);
}

static void a_head_of_another_recording_is_no_memory_of_this_one(void **state)
{
    fixture *fix = *state;
    folder ours = shoot_recording(fix, 7, 2);
    folder theirs = shoot_recording(fix, 8, 2);
    svms_head heads[] = { theirs.heads[1], ours.heads[1] };
    ours.remembered = heads;
    ours.remembered_count = 1;
    svms_sequence_report report = expect(&ours, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_FOREIGN, 1);
    assert_int_equal(report.worst.item, SVMS_NO_ITEM);
    ours.remembered_count = 2;
    (void)expect(&ours, SVMS_OK, SVMS_SEQUENCE_FOREIGN, 0);
    clear(&theirs);
    clear(&ours);
}

static void two_continuations_of_one_container_are_forked(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 3);
    piece again = {
        .recording = 7, .sequence = 2, .segments = 2, .begin = 20, .previous = &all.heads[1]
    };
    add(&all, &again);
    svms_sequence_report report = expect(&all, SVMS_E_NOT_AUTHENTIC, SVMS_SEQUENCE_FORKED, 1);
    assert_int_equal(report.worst.from_sequence, 2);
    assert_int_equal(report.containers, 4);
    clear(&all);
    /* With another number, a missing one does not hide it. */
    all = shoot_recording(fix, 7, 3);
    again.sequence = 3;
    again.previous = &all.heads[1];
    add(&all, &again);
    report = expect(&all, SVMS_E_NOT_AUTHENTIC, SVMS_SEQUENCE_FORKED, 1);
    assert_int_equal(all.kinds[SVMS_SEQUENCE_REPLACED], 1);
    clear(&all);
}

static void a_container_in_place_of_another_is_replaced(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 3);
    folder changed = copy_folder(&all);
    piece other = {
        .recording = 7, .sequence = 1, .segments = 3, .begin = 10, .previous = &all.heads[0]
    };
    memory_file_clear(&changed.files[1]);
    shoot(fix, &other, &changed.files[1], &changed.heads[1]);
    svms_sequence_report report = expect(&changed, SVMS_E_NOT_AUTHENTIC, SVMS_SEQUENCE_REPLACED, 1);
    assert_int_equal(report.worst.item, 1);
    assert_int_equal(report.worst.other, 2);
    clear(&changed);
    /* The last one is known to somebody who remembers it. */
    changed = copy_folder(&all);
    other = (piece){
        .recording = 7, .sequence = 2, .segments = 3, .begin = 20, .previous = &all.heads[1]
    };
    memory_file_clear(&changed.files[2]);
    shoot(fix, &other, &changed.files[2], &changed.heads[2]);
    (void)expect(&changed, SVMS_OK, SVMS_SEQUENCE_REPLACED, 0);
    changed.remembered = &all.heads[2];
    changed.remembered_count = 1;
    (void)expect(&changed, SVMS_E_NOT_AUTHENTIC, SVMS_SEQUENCE_REPLACED, 1);
    clear(&changed);
    clear(&all);
}

static void a_link_is_what_makes_a_sequence(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 2);
    piece loose = { .recording = 7, .sequence = 2, .segments = 3, .begin = 20 };
    add(&all, &loose);
    svms_sequence_report report = expect(&all, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_UNLINKED, 1);
    assert_int_equal(report.worst.item, 2);
    clear(&all);
}

static void what_a_recorder_found_when_it_began_again_is_shown(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 2);
    svms_head remembered = all.heads[1];
    cut(&all.files[1], 2);
    piece next = { .recording = 7,
                   .sequence = 2,
                   .segments = 3,
                   .begin = 20,
                   .previous = &remembered,
                   .state = SVMS_LINK_MISMATCH };
    add(&all, &next);
    svms_sequence_report report = expect(&all, SVMS_E_NOT_AUTHENTIC, SVMS_SEQUENCE_ROLLED_BACK, 1);
    assert_int_equal(report.worst.item, 1);
    assert_int_equal(report.worst.other, 2);
    clear(&all);
}

static void one_damaged_byte_anywhere_is_found_in_its_container(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 3);
    for (uint32_t i = 0; i < 3; i++) {
        for (size_t at = 0; at < all.files[i].size; at += 97) {
            svms_sequence_report report;
            memory_file *file = &all.files[i];
            file->data[at] ^= 0x40;
            svms_status status = judge(&all, &report);
            if (status == SVMS_OK) {
                fail_msg("byte %zu of file %u may be changed", at, i);
            }
            assert_int_equal(svms_status_class(status), SVMS_CLASS_EVIDENCE);
            assert_true(all.last.item == i || all.last.kind == SVMS_SEQUENCE_MISSING);
            file->data[at] ^= 0x40;
        }
    }
    clear(&all);
}

static void make_record(fixture *fix, memory_file *of, const svms_private_key *key,
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

static void prune(folder *all, uint32_t at)
{
    memory_file record = { 0 };
    make_record(all->fix, &all->files[at], all->fix->recorder_key, all->fix->recorder,
                SVMS_PRUNE_RETENTION, &record);
    memory_file_clear(&all->files[at]);
    all->files[at] = record;
}

static void a_signed_record_explains_every_container_that_was_removed(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 4);
    for (uint32_t at = 0; at < 4; at++) {
        folder less = copy_folder(&all);
        less.remembered = &all.heads[3];
        less.remembered_count = 1;
        prune(&less, at);
        svms_sequence_report report = expect(&less, SVMS_OK, SVMS_SEQUENCE_PRUNED, 1);
        assert_int_equal(report.pruned, 1);
        assert_int_equal(report.missing, 0);
        assert_int_equal(report.containers, 3);
        assert_int_equal(less.issues, 1);
        assert_int_equal(report.worst.from_utc_ns, T0 + at * 10 * SECOND);
        clear(&less);
    }
    /* A record whose container is still there changes nothing. */
    make_record(fix, &all.files[1], fix->recorder_key, fix->recorder, SVMS_PRUNE_SPACE,
                &all.files[all.count]);
    all.count++;
    svms_sequence_report report = expect(&all, SVMS_OK, SVMS_SEQUENCE_PRUNED, 0);
    assert_int_equal(report.containers, 4);
    clear(&all);
}

static void a_record_does_not_hide_what_was_removed_before(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 3);
    cut(&all.files[1], 2);
    prune(&all, 1);
    svms_sequence_report report = expect(&all, SVMS_E_NOT_AUTHENTIC, SVMS_SEQUENCE_ROLLED_BACK, 1);
    assert_int_equal(report.worst.item, 1);
    clear(&all);
    all = shoot_recording(fix, 7, 3);
    folder other = shoot_recording(fix, 7, 3);
    memory_file_clear(&all.files[1]);
    all.files[1] = memory_copy(&other.files[1]);
    prune(&all, 1);
    (void)expect(&all, SVMS_E_NOT_AUTHENTIC, SVMS_SEQUENCE_REPLACED, 1);
    clear(&other);
    clear(&all);
}

static svms_status read_record(fixture *fix, memory_file *file, const svms_trust *trust,
                               svms_pruned *out, svms_error *err)
{
    svms_source source = memory_source(file);
    *out = (svms_pruned)SVMS_PRUNED_INIT;
    *err = (svms_error)SVMS_ERROR_INIT;
    return svms_pruned_read(fix->ctx, &source, trust, SVMS_TIME_ATTESTED, out, err);
}

static void a_record_says_what_was_removed_and_by_whom(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 2);
    memory_file record = { 0 };
    svms_pruned found;
    svms_error err;
    fix->now = T0 + DAY;
    make_record(fix, &all.files[1], fix->recorder_key, fix->recorder, SVMS_PRUNE_ORDER, &record);
    assert_int_equal(read_record(fix, &record, fix->trust, &found, &err), SVMS_OK);
    assert_int_equal(found.reason, SVMS_PRUNE_ORDER);
    assert_string_equal(svms_prune_reason_name(found.reason), "order");
    assert_memory_equal(found.container_id, all.heads[1].container_id, 16);
    assert_memory_equal(found.recording_id, all.heads[1].recording_id, 16);
    assert_memory_equal(found.last_manifest, all.heads[1].manifest_hash, 32);
    assert_int_equal(found.recording_sequence, 1);
    assert_int_equal(found.segments, 3);
    assert_int_equal(found.bytes, all.files[1].size);
    assert_int_equal(found.first_utc_ns, T0 + 10 * SECOND);
    assert_int_equal(found.last_utc_ns, all.heads[1].last_utc_ns);
    assert_int_equal(found.removed_utc_ns / DAY, (T0 + DAY) / DAY);
    assert_int_equal(found.identity, SVMS_IDENTITY_TRUSTED);
    assert_string_equal(found.signer, "CN=test signer");
    assert_int_equal(read_record(fix, &record, NULL, &found, &err), SVMS_E_UNTRUSTED);
    assert_int_equal(found.identity, SVMS_IDENTITY_NO_ANCHOR);
    assert_int_equal(found.segments, 3);
    memory_file_clear(&record);
    clear(&all);
}

static void a_record_of_a_container_without_segment_names_its_header(void **state)
{
    fixture *fix = *state;
    folder all = new_folder(fix);
    piece empty = { .recording = 7, .leave_open = true };
    add(&all, &empty);
    piece next = {
        .recording = 7, .sequence = 1, .segments = 2, .begin = 10, .previous = &all.heads[0]
    };
    add(&all, &next);
    (void)expect(&all, SVMS_OK, SVMS_SEQUENCE_INTERRUPTED, 1);
    prune(&all, 0);
    (void)expect(&all, SVMS_OK, SVMS_SEQUENCE_PRUNED, 1);
    clear(&all);
}

static void every_change_to_a_record_is_noticed(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 2);
    memory_file record = { 0 };
    make_record(fix, &all.files[0], fix->recorder_key, fix->recorder, SVMS_PRUNE_SPACE, &record);
    for (size_t at = 0; at < record.size; at++) {
        for (unsigned bit = 0; bit < 8; bit += 3) {
            svms_pruned found;
            svms_error err;
            record.data[at] ^= (uint8_t)(1u << bit);
            svms_status status = read_record(fix, &record, fix->trust, &found, &err);
            record.data[at] ^= (uint8_t)(1u << bit);
            if (status == SVMS_OK || err.message[0] == '\0') {
                fail_msg("bit %u of byte %zu may be changed", bit, at);
            }
        }
    }
    size_t whole = record.size;
    for (record.size = 0; record.size < whole; record.size++) {
        svms_pruned found;
        svms_error err;
        svms_status status = read_record(fix, &record, fix->trust, &found, &err);
        assert_true(status == SVMS_E_TRUNCATED || status == SVMS_E_MALFORMED);
    }
    memory_sink(&record).write(&record, &(svms_iovec){ "x", 1 }, 1, &(int){ 0 });
    svms_pruned found;
    svms_error err;
    assert_int_equal(read_record(fix, &record, fix->trust, &found, &err), SVMS_E_MALFORMED);
    assert_non_null(strstr(err.message, "C-PRU-1"));
    memory_file_clear(&record);
    clear(&all);
}

static void a_record_by_somebody_else_explains_nothing(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 3);
    svms_private_key *key = NULL;
    assert_int_equal(svms_private_key_generate(&key, fix->ctx, NULL), SVMS_OK);
    svms_chain *exporter = issue_chain(fix, key, SVMS_ROLE_EXPORTER, T0, T0 + DAY);
    svms_prune_options options = SVMS_PRUNE_OPTIONS_INIT;
    memory_file record = { 0 };
    svms_source source = memory_source(&all.files[1]);
    svms_sink sink = memory_sink(&record);
    options.signer = key;
    options.chain = exporter;
    assert_int_equal(svms_pruned_write(fix->ctx, &source, &options, &sink, NULL), SVMS_E_UNTRUSTED);
    assert_int_equal(record.size, 0);
    svms_chain *expired = issue_chain(fix, key, SVMS_ROLE_RECORDER, T0, T0 + DAY);
    fix->now = T0 + DAY / 2;
    make_record(fix, &all.files[1], key, expired, SVMS_PRUNE_SPACE, &record);
    memory_file_clear(&all.files[1]);
    all.files[1] = record;
    fix->now = T0 + 2 * DAY;
    svms_sequence_report report = expect(&all, SVMS_E_UNTRUSTED, SVMS_SEQUENCE_UNPROVEN, 1);
    assert_int_equal(all.kinds[SVMS_SEQUENCE_MISSING], 1);
    assert_int_equal(report.pruned, 0);
    all.files[1].data[100] ^= 1;
    (void)expect(&all, SVMS_E_NOT_AUTHENTIC, SVMS_SEQUENCE_DAMAGED, 1);
    assert_int_equal(all.kinds[SVMS_SEQUENCE_MISSING], 1);
    svms_chain_free(&expired);
    svms_chain_free(&exporter);
    svms_private_key_free(&key);
    clear(&all);
}

static void what_a_camera_kept_itself_joins_and_may_overlap(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 3);
    svms_private_key *key = NULL;
    assert_int_equal(svms_private_key_generate(&key, fix->ctx, NULL), SVMS_OK);
    svms_chain *camera = issue_chain(fix, key, SVMS_ROLE_CAMERA, T0, T0 + 365 * DAY);
    piece own = { .recording = 7,
                  .sequence = 1,
                  .segments = 3,
                  .begin = 4,
                  .edge = true,
                  .key = key,
                  .chain = camera };
    add(&all, &own);
    own.begin = 12;
    add(&all, &own);
    svms_sequence_report report = expect(&all, SVMS_OK, SVMS_SEQUENCE_FORKED, 0);
    assert_int_equal(report.edge_containers, 2);
    assert_int_equal(report.containers, 3);
    assert_int_equal(report.segments_verified, 15);
    assert_int_equal(report.issue_count, 0);
    all.files[all.count] = memory_copy(&all.files[3]);
    all.count++;
    (void)expect(&all, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_REPEATED, 1);
    svms_chain_free(&camera);
    svms_private_key_free(&key);
    clear(&all);
}

static void a_range_takes_only_the_containers_that_hold_it(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 5);
    svms_sequence_report report;
    all.from = T0 + 11 * SECOND + SECOND / 2;
    all.to = T0 + 31 * SECOND;
    /* Outside of the range a damaged sample is not looked at. */
    all.files[0].data[lay_out_file(&all.files[0]).segments[0] + 150] ^= 1;
    assert_int_equal(judge(&all, &report), SVMS_OK);
    assert_int_equal(report.segments_verified, 2 + 3 + 1);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(all.verified[i], i >= 1 && i <= 3);
    }
    /* Between containers, what is missing is missed. */
    folder less = copy_folder(&all);
    take_out(&less, 2);
    (void)expect(&less, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_MISSING, 1);
    clear(&less);
    /* A container outside that was rolled back is noticed by its newest segment. */
    less = copy_folder(&all);
    cut(&less.files[0], 2);
    (void)expect(&less, SVMS_E_NOT_AUTHENTIC, SVMS_SEQUENCE_ROLLED_BACK, 1);
    clear(&less);
    less = copy_folder(&all);
    less.from = T0 + 100 * SECOND;
    less.to = T0 + 101 * SECOND;
    (void)expect(&less, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_UNCOVERED, 1);
    clear(&less);
    less = copy_folder(&all);
    take_out(&less, 0);
    take_out(&less, 0);
    (void)expect(&less, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_UNCOVERED, 1);
    clear(&less);
    clear(&all);
}

/* Moves what the first manifest of a container of one track says of its time. */
static void move_first_segment(memory_file *file, uint8_t by)
{
    layout at = lay_out_file(file);
    size_t manifest = at.segments[0];
    while (file->data[manifest] != 3) {
        const uint8_t *record = file->data + manifest;
        manifest += (record[0] == 1 ? record[3] : 16u) + ((size_t)record[6] << 8) + record[7];
    }
    file->data[manifest + 16 + 152 + 1] += by;
    file->data[manifest + 16 + 160 + 1] += by;
    file->data[manifest + 16 + 236 + 16 + 1] += by;
}

/* Nobody signed the time that was put there. */
static void a_false_time_takes_no_container_out_of_a_range(void **state)
{
    fixture *fix = *state;
    for (uint32_t moved = 0; moved < 3; moved++) {
        folder all = shoot_recording(fix, 7, 3);
        all.from = T0 + SECOND;
        all.to = T0 + 22 * SECOND;
        svms_sequence_report report;
        assert_int_equal(judge(&all, &report), SVMS_OK);
        move_first_segment(&all.files[moved], 1);
        assert_int_equal(judge(&all, &report), SVMS_E_NOT_AUTHENTIC);
        clear(&all);
    }
}

/* Behind the range, nobody would look at who signed it. */
static void a_successor_by_somebody_else_excuses_nothing(void **state)
{
    fixture *fix = *state;
    svms_sequence_report report;
    svms_private_key *key = NULL;
    assert_int_equal(svms_private_key_generate(&key, fix->ctx, NULL), SVMS_OK);
    svms_chain *expired = issue_chain(fix, key, SVMS_ROLE_RECORDER, T0, T0 + DAY);
    folder all = shoot_recording(fix, 7, 1);
    cut(&all.files[0], 2);
    svms_source source = memory_source(&all.files[0]);
    svms_head head = SVMS_HEAD_INIT;
    assert_int_equal(svms_container_head(fix->ctx, &source, &head, NULL), SVMS_OK);
    assert_int_equal(head.segment, 1);
    piece next = { .recording = 7, .sequence = 1, .segments = 2, .begin = 10, .previous = &head };
    next.key = key;
    next.chain = expired;
    add(&all, &next);
    fix->now = T0 + 2 * DAY;
    all.from = T0;
    all.to = T0 + 3 * SECOND;
    assert_int_equal(judge(&all, &report), SVMS_E_INCOMPLETE);
    assert_int_equal(all.kinds[SVMS_SEQUENCE_INTERRUPTED], 0);
    fix->now = T0 + DAY / 2;
    assert_int_equal(judge(&all, &report), SVMS_OK);
    assert_int_equal(all.kinds[SVMS_SEQUENCE_INTERRUPTED], 1);
    svms_chain_free(&expired);
    svms_private_key_free(&key);
    clear(&all);
}

static void nothing_fits_and_nothing_leaks_when_memory_or_reading_fails(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 2);
    prune(&all, 0);
    piece more = {
        .recording = 7, .sequence = 2, .segments = 2, .begin = 20, .previous = &all.heads[1]
    };
    add(&all, &more);
    for (int reads = 0; reads < 2; reads++) {
        for (uint64_t n = 1;; n++) {
            svms_sequence_report report;
            int64_t before = fix->live_blocks;
            fix->allocations = 0;
            all.files[1].reads = 0;
            fix->allocation_fails_at = reads ? 0 : n;
            all.files[1].read_fails_at = reads ? n : 0;
            svms_status status = judge(&all, &report);
            bool reached = (reads ? all.files[1].reads : fix->allocations) >= n;
            fix->allocation_fails_at = 0;
            all.files[1].read_fails_at = 0;
            assert_int_equal(fix->live_blocks, before);
            if (!reached) {
                assert_int_equal(status, SVMS_OK);
                assert_true(n > 5);
                break;
            }
            assert_int_equal(status, reads ? SVMS_E_IO : SVMS_E_NO_MEMORY);
        }
    }
    clear(&all);
}

static void the_newest_segment_is_found_however_the_file_ends(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 1);
    layout at = lay_out_file(&all.files[0]);
    memory_file part = memory_copy(&all.files[0]);
    for (part.size = at.first_record; part.size <= all.files[0].size; part.size++) {
        svms_head head = SVMS_HEAD_INIT;
        svms_source source = memory_source(&part);
        svms_error err = SVMS_ERROR_INIT;
        uint64_t complete = 0;
        while (complete < at.segment_count && at.segments[complete + 1] <= part.size) {
            complete++;
        }
        if (svms_container_head(fix->ctx, &source, &head, &err) != SVMS_OK) {
            fail_msg("%zu bytes: %s", part.size, err.message);
        }
        assert_int_equal(head.segment + 1, complete);
        assert_memory_equal(head.container_id, all.heads[0].container_id, 16);
        if (complete == at.segment_count) {
            assert_memory_equal(head.manifest_hash, all.heads[0].manifest_hash, 32);
            assert_int_equal(head.last_utc_ns, all.heads[0].last_utc_ns);
        }
    }
    /* Without end record, the newest segment must hold. */
    part.size = at.segments[3];
    part.data[at.segments[2] + 130] ^= 1;
    svms_head head = SVMS_HEAD_INIT;
    svms_source source = memory_source(&part);
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_container_head(fix->ctx, &source, &head, &err), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(err.segment, 2);
    memory_file_clear(&part);
    clear(&all);
}

static void nonsense_is_a_usage_error(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 1);
    svms_sequence_options options = SVMS_SEQUENCE_OPTIONS_INIT;
    svms_sequence_report report = SVMS_SEQUENCE_REPORT_INIT;
    svms_head head = SVMS_HEAD_INIT;
    svms_source source = memory_source(&all.files[0]);
    svms_prune_options prune_options = SVMS_PRUNE_OPTIONS_INIT;
    svms_sink sink = memory_sink(&all.files[1]);
    assert_int_equal(svms_verify_recording(fix->ctx, &options, &report, NULL), SVMS_E_USAGE);
    options.open = open_file;
    options.user = &all;
    assert_int_equal(svms_verify_recording(fix->ctx, &options, &report, NULL), SVMS_E_USAGE);
    options.count = 1;
    options.head_count = 1;
    assert_int_equal(svms_verify_recording(fix->ctx, &options, &report, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_verify_recording(NULL, &options, &report, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_verify_recording(fix->ctx, NULL, &report, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_container_head(fix->ctx, NULL, &head, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_container_head(fix->ctx, &source, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_pruned_write(fix->ctx, &source, &prune_options, &sink, NULL),
                     SVMS_E_USAGE);
    prune_options.signer = fix->recorder_key;
    prune_options.chain = fix->recorder;
    prune_options.role = SVMS_ROLE_EXPORTER;
    assert_int_equal(svms_pruned_write(fix->ctx, &source, &prune_options, &sink, NULL),
                     SVMS_E_USAGE);
    prune_options.role = SVMS_ROLE_RECORDER;
    prune_options.reason = (svms_prune_reason)9;
    assert_int_equal(svms_pruned_write(fix->ctx, &source, &prune_options, &sink, NULL),
                     SVMS_E_USAGE);
    memory_file_clear(&all.files[0]);
    memory_sink(&all.files[0]).write(&all.files[0], &(svms_iovec){ "nothing", 7 }, 1, &(int){ 0 });
    (void)judge(&all, &report);
    assert_int_equal(all.kinds[SVMS_SEQUENCE_UNUSABLE], 1);
    clear(&all);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_whole_recording_is_authentic_in_whatever_order_its_files_come),
        CASE(every_container_that_is_taken_out_is_missed),
        CASE(of_every_pair_one_in_place_of_the_other_is_noticed),
        CASE(of_every_pair_header_and_segments_exchanged_is_not_authentic),
        CASE(containers_of_another_recording_are_foreign),
        CASE(every_container_that_is_rolled_back_is_noticed),
        CASE(an_older_copy_beside_the_whole_one_is_only_repeated),
        CASE(an_interrupted_container_is_whole_when_its_successor_names_its_last_segment),
        CASE(segments_that_nobody_signed_need_the_link_of_a_successor),
        CASE(a_head_of_another_recording_is_no_memory_of_this_one),
        CASE(two_continuations_of_one_container_are_forked),
        CASE(a_container_in_place_of_another_is_replaced),
        CASE(a_link_is_what_makes_a_sequence),
        CASE(what_a_recorder_found_when_it_began_again_is_shown),
        CASE(one_damaged_byte_anywhere_is_found_in_its_container),
        CASE(a_signed_record_explains_every_container_that_was_removed),
        CASE(a_record_does_not_hide_what_was_removed_before),
        CASE(a_record_says_what_was_removed_and_by_whom),
        CASE(a_record_of_a_container_without_segment_names_its_header),
        CASE(every_change_to_a_record_is_noticed),
        CASE(a_record_by_somebody_else_explains_nothing),
        CASE(what_a_camera_kept_itself_joins_and_may_overlap),
        CASE(a_range_takes_only_the_containers_that_hold_it),
        CASE(a_false_time_takes_no_container_out_of_a_range),
        CASE(a_successor_by_somebody_else_excuses_nothing),
        CASE(nothing_fits_and_nothing_leaks_when_memory_or_reading_fails),
        CASE(the_newest_segment_is_found_however_the_file_ends),
        CASE(nonsense_is_a_usage_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
