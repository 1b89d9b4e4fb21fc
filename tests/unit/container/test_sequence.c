/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings of many containers: what is missing, foreign, repeated, forked, rolled back or
 * replaced is told apart (C-SEQ). */
#include "folder_case.h"

static void a_whole_recording_is_authentic_in_whatever_order_its_files_come(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 4);
    for (uint32_t i = 0; i < 24; i++) {
        svms_sequence_report report;
        folder mixed = folder_copy(&all);
        uint32_t code = i;
        for (uint32_t k = 4; k > 1; k--) {
            memory_file last = mixed.files[k - 1];
            mixed.files[k - 1] = mixed.files[code % k];
            mixed.files[code % k] = last;
            code /= k;
        }
        assert_int_equal(folder_judge(&mixed, &report), SVMS_OK);
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
        folder_clear(&mixed);
    }
    folder_clear(&all);
}

static void every_container_that_is_taken_out_is_missed(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 4);
    for (uint32_t at = 0; at < 4; at++) {
        folder less = folder_copy(&all);
        folder_take_out(&less, at);
        svms_sequence_report report =
            folder_expect(&less, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_MISSING, 1);
        assert_int_equal(report.missing, 1);
        assert_int_equal(report.worst.kind, SVMS_SEQUENCE_MISSING);
        assert_int_equal(report.worst.from_sequence, at);
        assert_int_equal(report.worst.to_sequence, at);
        assert_int_equal(report.worst.item, SVMS_NO_ITEM);
        assert_int_equal(less.issues, 1);
        if (at == 1 || at == 2) {
            assert_int_equal(report.worst.to_utc_ns, T0 + (at + 1) * 10 * SECOND);
        }
        folder_clear(&less);
    }
    folder edges = folder_copy(&all);
    folder_take_out(&edges, 2);
    folder_take_out(&edges, 1);
    svms_sequence_report report =
        folder_expect(&edges, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_MISSING, 1);
    assert_int_equal(report.missing, 2);
    assert_int_equal(report.worst.from_sequence, 1);
    assert_int_equal(report.worst.to_sequence, 2);
    folder_clear(&edges);
    /* That there was one more behind a recording that was stopped, only somebody else can know. */
    folder stopped = shoot_recording(fix, 7, 2);
    piece again = { .recording = 7, .sequence = 2, .segments = 1, .begin = 20 };
    again.previous = &stopped.heads[1];
    folder_add(&stopped, &again);
    svms_head newest = stopped.heads[2];
    folder_take_out(&stopped, 2);
    (void)folder_expect(&stopped, SVMS_OK, SVMS_SEQUENCE_MISSING, 0);
    stopped.remembered = &newest;
    stopped.remembered_count = 1;
    (void)folder_expect(&stopped, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_MISSING, 1);
    folder_clear(&stopped);
    folder late = folder_copy(&all);
    folder_take_out(&late, 0);
    late.first_sequence = 1;
    (void)folder_expect(&late, SVMS_OK, SVMS_SEQUENCE_MISSING, 0);
    folder_clear(&late);
    folder_clear(&all);
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
            folder changed = folder_copy(&all);
            memory_file_clear(&changed.files[to]);
            changed.files[to] = memory_copy(&all.files[from]);
            changed.remembered = &all.heads[3];
            changed.remembered_count = 1;
            svms_sequence_report report =
                folder_expect(&changed, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_REPEATED, 1);
            assert_int_equal(changed.kinds[SVMS_SEQUENCE_MISSING], 1);
            assert_int_equal(report.missing, 1);
            assert_int_equal(report.containers, 3);
            assert_int_equal(report.segments_verified, 9);
            folder_clear(&changed);
        }
    }
    folder_clear(&all);
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
            folder mixed = folder_copy(&all);
            memory_file *file = &mixed.files[i];
            size_t size = own + all.files[k].size - other;
            file->data = realloc(file->data, size);
            assert_non_null(file->data);
            memcpy(file->data + own, all.files[k].data + other, size - own);
            file->size = size;
            file->capacity = size;
            (void)folder_expect(&mixed, SVMS_E_NOT_AUTHENTIC, SVMS_SEQUENCE_DAMAGED, 1);
            assert_int_equal(mixed.last.item, i);
            folder_clear(&mixed);
        }
    }
    folder_clear(&all);
}

static void containers_of_another_recording_are_foreign(void **state)
{
    fixture *fix = *state;
    folder ours = shoot_recording(fix, 7, 3);
    folder theirs = shoot_recording(fix, 8, 3);
    for (uint32_t i = 0; i < 3; i++) {
        folder mixed = folder_copy(&ours);
        memory_file_clear(&mixed.files[i]);
        mixed.files[i] = memory_copy(&theirs.files[i]);
        mixed.remembered = &ours.heads[2];
        mixed.remembered_count = 1;
        svms_sequence_report report =
            folder_expect(&mixed, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_FOREIGN, 1);
        assert_int_equal(mixed.kinds[SVMS_SEQUENCE_MISSING], 1);
        assert_int_equal(report.recording_id[0], 7);
        assert_int_equal(report.containers, 2);
        assert_int_equal(report.segments_verified, 6);
        folder_clear(&mixed);
    }
    folder_clear(&theirs);
    folder_clear(&ours);
}

static void every_container_that_is_rolled_back_is_noticed(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 4);
    for (uint32_t at = 0; at < 4; at++) {
        for (uint32_t left = 0; left < 3; left++) {
            folder less = folder_copy(&all);
            file_cut(&less.files[at], left);
            if (at == 3) {
                (void)folder_expect(&less, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_ROLLED_BACK, 0);
                less.remembered = &all.heads[3];
                less.remembered_count = 1;
            }
            svms_sequence_report report =
                folder_expect(&less, SVMS_E_NOT_AUTHENTIC, SVMS_SEQUENCE_ROLLED_BACK, 1);
            assert_int_equal(report.worst.item, at);
            assert_int_equal(report.worst.other, at == 3 ? SVMS_NO_ITEM : at + 1);
            assert_int_equal(report.worst.from_sequence, at);
            folder_clear(&less);
        }
    }
    folder_clear(&all);
}

static void an_older_copy_beside_the_whole_one_is_only_repeated(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 3);
    all.files[all.count] = memory_copy(&all.files[1]);
    file_cut(&all.files[all.count++], 2);
    svms_sequence_report report = folder_expect(&all, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_REPEATED, 1);
    assert_int_equal(all.kinds[SVMS_SEQUENCE_ROLLED_BACK], 0);
    assert_int_equal(report.containers, 3);
    assert_int_equal(report.segments_verified, 9);
    folder_clear(&all);
}

static void
an_interrupted_container_is_whole_when_its_successor_names_its_last_segment(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 3);
    file_cut(&all.files[1], 3);
    svms_sequence_report report = folder_expect(&all, SVMS_OK, SVMS_SEQUENCE_INTERRUPTED, 1);
    assert_int_equal(report.worst.item, 1);
    assert_int_equal(report.worst.verdict, SVMS_VERDICT_AUTHENTIC);
    assert_int_equal(report.segments_verified, 9);
    folder_clear(&all);
    all = shoot_recording(fix, 7, 3);
    file_cut(&all.files[2], 3);
    report = folder_expect(&all, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_UNPROVEN, 1);
    assert_int_equal(report.worst.item, 2);
    folder_clear(&all);
}

static void segments_that_nobody_signed_need_the_link_of_a_successor(void **state)
{
    fixture *fix = *state;
    folder all = folder_new(fix);
    piece killed = { .recording = 7, .segments = 3, .leave_open = true, .interval = 8 };
    folder_add(&all, &killed);
    file_cut(&all.files[0], 2); /* flushing signs */
    svms_source source = memory_source(&all.files[0]);
    svms_head newest = SVMS_HEAD_INIT;
    assert_int_equal(svms_container_head(fix->ctx, &source, &newest, NULL), SVMS_OK);
    all.remembered = &newest;
    all.remembered_count = 1;
    svms_sequence_report report = folder_expect(&all, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_UNPROVEN, 1);
    assert_int_equal(all.kinds[SVMS_SEQUENCE_INTERRUPTED], 0);
    assert_int_equal(report.segments_verified, 0);
    piece next = { .recording = 7, .sequence = 1, .segments = 2, .begin = 10, .previous = &newest };
    folder_add(&all, &next);
    (void)folder_expect(&all, SVMS_OK, SVMS_SEQUENCE_INTERRUPTED, 1);
    /* A successor that is not verified with it says nothing. */
    all.to = T0 + 5 * SECOND;
    (void)folder_expect(&all, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_INTERRUPTED, 0);
    folder_clear(&all);
}

static void a_head_of_another_recording_is_no_memory_of_this_one(void **state)
{
    fixture *fix = *state;
    folder ours = shoot_recording(fix, 7, 2);
    folder theirs = shoot_recording(fix, 8, 2);
    svms_head heads[] = { theirs.heads[1], ours.heads[1] };
    ours.remembered = heads;
    ours.remembered_count = 1;
    svms_sequence_report report = folder_expect(&ours, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_FOREIGN, 1);
    assert_int_equal(report.worst.item, SVMS_NO_ITEM);
    ours.remembered_count = 2;
    (void)folder_expect(&ours, SVMS_OK, SVMS_SEQUENCE_FOREIGN, 0);
    folder_clear(&theirs);
    folder_clear(&ours);
}

static void two_continuations_of_one_container_are_forked(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 3);
    piece again = {
        .recording = 7, .sequence = 2, .segments = 2, .begin = 20, .previous = &all.heads[1]
    };
    folder_add(&all, &again);
    svms_sequence_report report =
        folder_expect(&all, SVMS_E_NOT_AUTHENTIC, SVMS_SEQUENCE_FORKED, 1);
    assert_int_equal(report.worst.from_sequence, 2);
    assert_int_equal(report.containers, 4);
    folder_clear(&all);
    /* With another number, a missing one does not hide it. */
    all = shoot_recording(fix, 7, 3);
    again.sequence = 3;
    again.previous = &all.heads[1];
    folder_add(&all, &again);
    report = folder_expect(&all, SVMS_E_NOT_AUTHENTIC, SVMS_SEQUENCE_FORKED, 1);
    assert_int_equal(all.kinds[SVMS_SEQUENCE_REPLACED], 1);
    folder_clear(&all);
}

static void a_container_in_place_of_another_is_replaced(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 3);
    folder changed = folder_copy(&all);
    piece other = {
        .recording = 7, .sequence = 1, .segments = 3, .begin = 10, .previous = &all.heads[0]
    };
    memory_file_clear(&changed.files[1]);
    shoot(fix, &other, &changed.files[1], &changed.heads[1]);
    svms_sequence_report report =
        folder_expect(&changed, SVMS_E_NOT_AUTHENTIC, SVMS_SEQUENCE_REPLACED, 1);
    assert_int_equal(report.worst.item, 1);
    assert_int_equal(report.worst.other, 2);
    folder_clear(&changed);
    /* The last one is known to somebody who remembers it. */
    changed = folder_copy(&all);
    other = (piece){
        .recording = 7, .sequence = 2, .segments = 3, .begin = 20, .previous = &all.heads[1]
    };
    memory_file_clear(&changed.files[2]);
    shoot(fix, &other, &changed.files[2], &changed.heads[2]);
    (void)folder_expect(&changed, SVMS_OK, SVMS_SEQUENCE_REPLACED, 0);
    changed.remembered = &all.heads[2];
    changed.remembered_count = 1;
    (void)folder_expect(&changed, SVMS_E_NOT_AUTHENTIC, SVMS_SEQUENCE_REPLACED, 1);
    folder_clear(&changed);
    folder_clear(&all);
}

static void a_link_is_what_makes_a_sequence(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 2);
    piece loose = { .recording = 7, .sequence = 2, .segments = 3, .begin = 20 };
    folder_add(&all, &loose);
    svms_sequence_report report = folder_expect(&all, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_UNLINKED, 1);
    assert_int_equal(report.worst.item, 2);
    folder_clear(&all);
}

static void what_a_recorder_found_when_it_began_again_is_shown(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 2);
    svms_head remembered = all.heads[1];
    file_cut(&all.files[1], 2);
    piece next = { .recording = 7,
                   .sequence = 2,
                   .segments = 3,
                   .begin = 20,
                   .previous = &remembered,
                   .state = SVMS_LINK_MISMATCH };
    folder_add(&all, &next);
    svms_sequence_report report =
        folder_expect(&all, SVMS_E_NOT_AUTHENTIC, SVMS_SEQUENCE_ROLLED_BACK, 1);
    assert_int_equal(report.worst.item, 1);
    assert_int_equal(report.worst.other, 2);
    folder_clear(&all);
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
            svms_status status = folder_judge(&all, &report);
            if (status == SVMS_OK) {
                fail_msg("byte %zu of file %u may be changed", at, i);
            }
            assert_int_equal(svms_status_class(status), SVMS_CLASS_EVIDENCE);
            assert_true(all.last.item == i || all.last.kind == SVMS_SEQUENCE_MISSING);
            file->data[at] ^= 0x40;
        }
    }
    folder_clear(&all);
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
    folder_add(&all, &own);
    /* And one that the recorder fetched. */
    own.begin = 12;
    own.key = NULL;
    own.chain = NULL;
    folder_add(&all, &own);
    svms_sequence_report report = folder_expect(&all, SVMS_OK, SVMS_SEQUENCE_FORKED, 0);
    assert_int_equal(report.edge_containers, 2);
    assert_int_equal(report.containers, 3);
    assert_int_equal(report.segments_verified, 15);
    assert_int_equal(report.issue_count, 0);
    all.files[all.count] = memory_copy(&all.files[3]);
    all.count++;
    (void)folder_expect(&all, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_REPEATED, 1);
    svms_chain_free(&camera);
    svms_private_key_free(&key);
    folder_clear(&all);
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
    assert_int_equal(folder_judge(&all, &report), SVMS_OK);
    assert_int_equal(report.segments_verified, 2 + 3 + 1);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(all.verified[i], i >= 1 && i <= 3);
    }
    /* Between containers, what is missing is missed. */
    folder less = folder_copy(&all);
    folder_take_out(&less, 2);
    (void)folder_expect(&less, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_MISSING, 1);
    folder_clear(&less);
    /* A container outside that was rolled back is noticed by its newest segment. */
    less = folder_copy(&all);
    file_cut(&less.files[0], 2);
    (void)folder_expect(&less, SVMS_E_NOT_AUTHENTIC, SVMS_SEQUENCE_ROLLED_BACK, 1);
    folder_clear(&less);
    less = folder_copy(&all);
    less.from = T0 + 100 * SECOND;
    less.to = T0 + 101 * SECOND;
    (void)folder_expect(&less, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_UNCOVERED, 1);
    folder_clear(&less);
    less = folder_copy(&all);
    folder_take_out(&less, 0);
    folder_take_out(&less, 0);
    (void)folder_expect(&less, SVMS_E_INCOMPLETE, SVMS_SEQUENCE_UNCOVERED, 1);
    folder_clear(&less);
    folder_clear(&all);
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
        assert_int_equal(folder_judge(&all, &report), SVMS_OK);
        move_first_segment(&all.files[moved], 1);
        assert_int_equal(folder_judge(&all, &report), SVMS_E_NOT_AUTHENTIC);
        folder_clear(&all);
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
    file_cut(&all.files[0], 2);
    svms_source source = memory_source(&all.files[0]);
    svms_head head = SVMS_HEAD_INIT;
    assert_int_equal(svms_container_head(fix->ctx, &source, &head, NULL), SVMS_OK);
    assert_int_equal(head.segment, 1);
    piece next = { .recording = 7, .sequence = 1, .segments = 2, .begin = 10, .previous = &head };
    next.key = key;
    next.chain = expired;
    folder_add(&all, &next);
    fix->now = T0 + 2 * DAY;
    all.from = T0;
    all.to = T0 + 3 * SECOND;
    assert_int_equal(folder_judge(&all, &report), SVMS_E_INCOMPLETE);
    assert_int_equal(all.kinds[SVMS_SEQUENCE_INTERRUPTED], 0);
    fix->now = T0 + DAY / 2;
    assert_int_equal(folder_judge(&all, &report), SVMS_OK);
    assert_int_equal(all.kinds[SVMS_SEQUENCE_INTERRUPTED], 1);
    svms_chain_free(&expired);
    svms_private_key_free(&key);
    folder_clear(&all);
}

static void nothing_fits_and_nothing_leaks_when_memory_or_reading_fails(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 2);
    folder_prune(&all, 0);
    piece more = {
        .recording = 7, .sequence = 2, .segments = 2, .begin = 20, .previous = &all.heads[1]
    };
    folder_add(&all, &more);
    for (int reads = 0; reads < 2; reads++) {
        for (uint64_t n = 1;; n++) {
            svms_sequence_report report;
            int64_t before = fix->live_blocks;
            fix->allocations = 0;
            all.files[1].reads = 0;
            fix->allocation_fails_at = reads ? 0 : n;
            all.files[1].read_fails_at = reads ? n : 0;
            svms_status status = folder_judge(&all, &report);
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
    folder_clear(&all);
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
    folder_clear(&all);
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
    options.open = folder_open_file;
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
    (void)folder_judge(&all, &report);
    assert_int_equal(all.kinds[SVMS_SEQUENCE_UNUSABLE], 1);
    folder_clear(&all);
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
