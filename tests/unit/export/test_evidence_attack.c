/* SPDX-License-Identifier: Apache-2.0 */
/* Links and frames that somebody altered and signed: never authentic, and named where they were. */
#include "forge_case.h"

#include <stdio.h>

/* E-LNK-5 */
static void what_stands_behind_the_last_link_is_a_beginning_or_false(void **state)
{
    static const struct rest {
        const char *bytes;
        size_t size;
        int verdict;
    } rests[] = { { "S", 1, 1 },           { "SVX", 3, 1 },        { "SVXL", 4, 1 },
                  { "SVXLabcdef", 10, 1 }, { "\0\0\0\0\0", 5, 1 }, { "\0", 1, 1 },
                  { "S\0", 2, 1 },         { "X", 1, 4 },          { "SVX\0\0\0", 6, 1 },
                  { "SVXM", 4, 4 },        { "SV\0L", 4, 4 },      { "VXL", 3, 4 } };
    export_case *self = *state;
    target this;
    target_make(self, &this, SVMS_PROTECT_STRONG, false);
    size_t whole = self->out.size;
    for (size_t i = 0; i < sizeof(rests) / sizeof(rests[0]); i++) {
        svms_export_report report = SVMS_EXPORT_REPORT_INIT;
        svms_status opening = SVMS_OK;
        self->out.size = whole;
        append(&self->out, rests[i].bytes, rests[i].size);
        assert_int_equal(judge(self, &self->out, NULL, &report, &opening), rests[i].verdict);
        assert_true(report.bytes_unattested == rests[i].size);
        assert_true(report.failure_offset == whole);
        svms_status status = countersign(self, &this.custodian.signer, NULL);
        assert_int_equal(status, rests[i].verdict == 1 ? SVMS_OK : SVMS_E_NOT_AUTHENTIC);
        if (status == SVMS_OK) {
            expect_authentic(self, NULL);
        }
    }
    target_clear(&this);
}

/* E-LNK-5: a block that did not reach the disk, and one that did. */
static void zero_bytes_behind_the_last_link_reach_to_the_next_block(void **state)
{
    static const uint8_t zeros[1024] = { 0 };
    export_case *self = *state;
    target this;
    target_make(self, &this, SVMS_PROTECT_STRONG, false);
    size_t whole = self->out.size;
    size_t block = 512 - whole % 512;
    for (size_t lacking = 0; lacking < 2; lacking++) {
        for (size_t begun = 0; begun < 4 && begun < block; begun++) {
            svms_export_report report = SVMS_EXPORT_REPORT_INIT;
            svms_status opening = SVMS_OK;
            self->out.size = whole;
            append(&self->out, "SVX", begun);
            append(&self->out, zeros, block - begun - lacking);
            append(&self->out, "foreign", 7);
            assert_int_equal(judge(self, &self->out, NULL, &report, &opening),
                             lacking == 0 ? SVMS_VERDICT_INCOMPLETE : SVMS_VERDICT_NOT_AUTHENTIC);
            assert_int_equal(countersign(self, &this.custodian.signer, NULL),
                             lacking == 0 ? SVMS_OK : SVMS_E_NOT_AUTHENTIC);
        }
    }
    target_clear(&this);
}

/* Three links; where each begins, and the end. */
static void three_links(export_case *self, target *this, uint64_t at[4])
{
    target_make(self, this, SVMS_PROTECT_STRONG, false);
    at[0] = this->seen->link_offset;
    at[1] = this->link;
    at[2] = self->out.size;
    this->custodian.signer.note = "again";
    assert_int_equal(countersign(self, &this->custodian.signer, NULL), SVMS_OK);
    at[3] = self->out.size;
}

static int judge_pieces(export_case *self, const memory_file *base, uint64_t keep,
                        const piece *pieces, const int *order, size_t count,
                        svms_export_report *report)
{
    memory_file file = memory_copy(base);
    svms_status opening = SVMS_OK;
    file.size = (size_t)keep;
    for (size_t i = 0; i < count; i++) {
        append(&file, pieces[order[i]].data, pieces[order[i]].size);
    }
    *report = (svms_export_report)SVMS_EXPORT_REPORT_INIT;
    int verdict = judge(self, &file, NULL, report, &opening);
    memory_file_clear(&file);
    return opening == SVMS_OK ? verdict : -1;
}

static void links_cannot_be_dropped_swapped_or_repeated(void **state)
{
    static const struct order {
        size_t count;
        int links[4];
        bool authentic;
    } orders[] = { { 3, { 0, 1, 2, 0 }, true },  { 2, { 0, 1, 0, 0 }, true },
                   { 1, { 0, 0, 0, 0 }, true },  { 2, { 0, 2, 0, 0 }, false },
                   { 3, { 0, 2, 1, 0 }, false }, { 2, { 1, 2, 0, 0 }, false },
                   { 3, { 0, 0, 1, 0 }, false }, { 3, { 0, 1, 1, 0 }, false },
                   { 4, { 0, 1, 2, 2 }, false }, { 4, { 0, 1, 2, 0 }, false },
                   { 2, { 1, 0, 0, 0 }, false }, { 3, { 1, 0, 2, 0 }, false } };
    export_case *self = *state;
    target this;
    uint64_t at[4];
    three_links(self, &this, at);
    piece links[3];
    for (int i = 0; i < 3; i++) {
        links[i] = cut_out(&self->out, at[i], at[i + 1]);
    }
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        svms_export_report report;
        int verdict =
            judge_pieces(self, &self->out, at[0], links, orders[i].links, orders[i].count, &report);
        if (orders[i].authentic != (verdict == 0)) {
            fail_msg("order %zu: verdict %d (%s)", i, verdict, report.reason);
        }
    }
    for (int i = 0; i < 3; i++) {
        free(links[i].data);
    }
    target_clear(&this);
}

static void a_link_of_another_package_is_not_taken(void **state)
{
    export_case *self = *state;
    target this;
    uint64_t at[4];
    svms_export_report report;
    three_links(self, &this, at);
    memory_file first = memory_copy(&self->out);
    target other;
    target_make(self, &other, SVMS_PROTECT_STRONG, false);
    piece foreign = cut_out(&self->out, other.link, self->out.size);
    static const int order[] = { 0 };
    int verdict = judge_pieces(self, &first, at[1], &foreign, order, 1, &report);
    assert_int_equal(verdict, SVMS_VERDICT_NOT_AUTHENTIC);
    assert_int_equal(report.sources, SVMS_VERDICT_AUTHENTIC);
    assert_int_equal(report.links, SVMS_VERDICT_NOT_AUTHENTIC);
    free(foreign.data);
    foreign = cut_out(&self->out, other.seen->link_offset, self->out.size);
    assert_int_equal(judge_pieces(self, &first, at[0], &foreign, order, 1, &report), -1);
    free(foreign.data);
    memory_file_clear(&first);
    target_clear(&this);
    target_clear(&other);
}

static void a_key_of_another_role_is_not_trusted(void **state)
{
    static const svms_role roles[] = { SVMS_ROLE_RECORDER, SVMS_ROLE_CUSTODIAN, SVMS_ROLE_CAMERA,
                                       SVMS_ROLE_KEY_OFFICER };
    export_case *self = *state;
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        target this;
        person other;
        svms_export_report report = SVMS_EXPORT_REPORT_INIT;
        svms_status opening = SVMS_OK;
        target_make(self, &this, SVMS_PROTECT_STRONG, false);
        person_make(self, &other, roles[i]);
        other.signer.role = SVMS_ROLE_EXPORTER; /* says so, but the certificate does not */
        sign_anew(self, this.seen->link_offset, &other.signer, NULL, NULL);
        int verdict = judge(self, &self->out, NULL, &report, &opening);
        assert_int_equal(verdict, SVMS_VERDICT_UNTRUSTED);
        assert_int_equal(report.links, SVMS_VERDICT_UNTRUSTED);
        assert_int_equal(report.sources, SVMS_VERDICT_AUTHENTIC);
        assert_int_equal(svms_export_countersign(self->fix->ctx, NULL, NULL, NULL, NULL),
                         SVMS_E_USAGE);
        assert_int_equal(countersign(self, &other.signer, NULL), SVMS_E_UNTRUSTED);
        other.signer.role = roles[i]; /* admits it */
        sign_anew(self, this.seen->link_offset, &other.signer, NULL, NULL);
        assert_int_equal(judge(self, &self->out, NULL, &report, &opening), -1);
        assert_int_equal(opening, SVMS_E_NOT_AUTHENTIC);
        person_clear(&other);
        target_clear(&this);
    }
}

static void forbid(svms_link_object *object, const void *with)
{
    (void)with;
    object->policy = SVMS_EXPORT_NO_REEXPORT;
}

static void allow(svms_link_object *object, const void *with)
{
    (void)with;
    object->policy = 0;
}

static void policy_never_shrinks(void **state)
{
    export_case *self = *state;
    target this;
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_status opening = SVMS_OK;
    target_make(self, &this, SVMS_PROTECT_STRONG, false);
    sign_anew(self, this.link, &this.custodian.signer, forbid, NULL);
    expect_authentic(self, NULL);
    uint64_t last = self->out.size;
    assert_int_equal(countersign(self, &this.custodian.signer, NULL), SVMS_OK);
    assert_int_equal(judge(self, &self->out, NULL, &report, &opening), 0);
    assert_int_equal(report.policy, SVMS_EXPORT_NO_REEXPORT);
    sign_anew(self, last, &this.custodian.signer, allow, NULL);
    assert_int_equal(judge(self, &self->out, NULL, &report, &opening), SVMS_VERDICT_NOT_AUTHENTIC);
    assert_int_equal(report.policy, SVMS_EXPORT_NO_REEXPORT);
    assert_int_equal(countersign(self, &this.custodian.signer, NULL), SVMS_E_NOT_AUTHENTIC);
    target_clear(&this);
}

static void more_sources(svms_link_object *object, const void *with)
{
    (void)with;
    object->sources++;
}

static void more_attachments(svms_link_object *object, const void *with)
{
    (void)with;
    object->attachments++;
}

static void more_frames(svms_link_object *object, const void *with)
{
    (void)with;
    object->frames++;
}

static void fewer_frames(svms_link_object *object, const void *with)
{
    (void)with;
    object->frames--;
}

static void most_frames(svms_link_object *object, const void *with)
{
    (void)with;
    object->frames = SVMS_MAX_FRAMES;
}

static void most_sources(svms_link_object *object, const void *with)
{
    (void)with;
    object->sources = SVMS_EXPORT_MAX_SOURCES;
}

static void no_frames(svms_link_object *object, const void *with)
{
    (void)with;
    object->frames = 0;
}

static void another_number(svms_link_object *object, const void *with)
{
    (void)with;
    object->previous_offset++;
}

static void a_presentation(svms_link_object *object, const void *with)
{
    (void)with;
    object->presentation_size = 1;
}

static void another_directory(svms_link_object *object, const void *with)
{
    (void)with;
    object->directory_offset -= 40;
}

static void another_hash(svms_link_object *object, const void *with)
{
    (void)with;
    object->directory_hash[5] ^= 1;
}

/* A real exporter who signs what is not so, or a forger with his key. */
static void a_link_that_promises_something_else_opens_nothing(void **state)
{
    static change_link *const changes[] = { more_sources, more_attachments, more_frames,
                                            fewer_frames, most_frames,      most_sources,
                                            no_frames,    a_presentation,   another_directory,
                                            another_hash, another_number };
    export_case *self = *state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        target this;
        svms_export_report report = SVMS_EXPORT_REPORT_INIT;
        svms_status opening = SVMS_OK;
        person exporter;
        target_make(self, &this, SVMS_PROTECT_STRONG, false);
        person_make(self, &exporter, SVMS_ROLE_EXPORTER);
        sign_anew(self, this.seen->link_offset, &exporter.signer, changes[i], NULL);
        self->fix->allocated_bytes = 0;
        int verdict = judge(self, &self->out, NULL, &report, &opening);
        if (verdict != -1 || opening != SVMS_E_NOT_AUTHENTIC) {
            fail_msg("change %zu: opening %d, verdict %d", i, opening, verdict);
        }
        assert_true(self->fix->allocated_bytes < 2 * 1048576);
        person_clear(&exporter);
        target_clear(&this);
    }
}

static void a_case_that_promises_something_else_is_refused(void **state)
{
    static const struct edit {
        const char *from;
        const char *to;
    } edits[] = { { "\"first_segment\":0", "\"first_segment\":1" },
                  { "\"last_segment\":1", "\"last_segment\":2" },
                  { "\"reexport\":true", "\"reexport\":null" },
                  { "\"included\":true", "\"includeD\":true" },
                  { "\"kind\":\"video\"", "\"kind\":\"audio\"" },
                  { "\"codec\":\"tstv\"", "\"codec\":\"tstw\"" },
                  { "\"sequence\":0", "\"sequence\":1" },
                  { "\"from\":null,\"to\":null", "\"from\":null,\"tO\":null" },
                  { "\"number\":0", "\"number\":1" },
                  { "\"first_utc\":\"2026", "\"first_utc\":\"2025" },
                  { "\"last_utc\":\"2026", "\"last_utc\":\"2027" },
                  { "\"created\":\"2026", "\"created\":\"1999" },
                  { "\"svms-case\"", "\"svms-caze\"" } };
    export_case *self = *state;
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        target this;
        person exporter;
        svms_export_report report = SVMS_EXPORT_REPORT_INIT;
        svms_status opening = SVMS_OK;
        target_make(self, &this, SVMS_PROTECT_STRONG, false);
        person_make(self, &exporter, SVMS_ROLE_EXPORTER);
        const seen_frame *frame = frame_of(this.seen, SVMS_FRAME_CASE, 0);
        uint8_t *json = self->out.data + frame->offset + SVMS_FRAME_HEADER_SIZE;
        size_t length = strlen(edits[i].from);
        size_t at = 0;
        while (at + length <= frame->frame.b_size &&
               memcmp(json + at, edits[i].from, length) != 0) {
            at++;
        }
        if (at + length > frame->frame.b_size) {
            fail_msg("the case has no %s", edits[i].from);
        }
        memcpy(json + at, edits[i].to, length);
        sign_frame(self, &this, frame, &exporter);
        int verdict = judge(self, &self->out, NULL, &report, &opening);
        if (verdict != SVMS_VERDICT_NOT_AUTHENTIC) {
            fail_msg("edit %zu: opening %d, verdict %d", i, opening, verdict);
        }
        assert_int_equal(report.contents, SVMS_VERDICT_NOT_AUTHENTIC);
        assert_int_equal(report.links, SVMS_VERDICT_AUTHENTIC);
        assert_int_equal(report.sources, SVMS_VERDICT_AUTHENTIC);
        assert_true(report.failure_offset == frame->offset);
        person_clear(&exporter);
        target_clear(&this);
    }
}

/* Each changes a frame or its entry in some way. */
typedef void spoil(export_case *self, const target *this, const seen_frame *frame);

static void other_time(export_case *self, const target *this, const seen_frame *frame)
{
    entry_of(self, this, frame)[31] ^= 1;
}

static void other_origin(export_case *self, const target *this, const seen_frame *frame)
{
    self->out.data[frame->offset + 39] ^= 1;
    entry_of(self, this, frame)[23] ^= 1;
}

static void other_number(export_case *self, const target *this, const seen_frame *frame)
{
    self->out.data[frame->offset + 31] ^= 4;
    entry_of(self, this, frame)[15] ^= 4;
}

static void other_flags(export_case *self, const target *this, const seen_frame *frame)
{
    self->out.data[frame->offset + 1] ^= SVMS_FRAME_REMOVED;
    entry_of(self, this, frame)[41] ^= SVMS_FRAME_REMOVED;
}

static void other_secret(export_case *self, const target *this, const seen_frame *frame)
{
    (void)this;
    self->out.data[frame->offset + SVMS_FRAME_HEADER_SIZE + 5] ^= 1;
}

static void secret_of_another_track(export_case *self, const target *this, const seen_frame *frame)
{
    (void)this;
    self->out.data[frame->offset + SVMS_FRAME_HEADER_SIZE] = 7;
}

static void other_sample(export_case *self, const target *this, const seen_frame *frame)
{
    (void)this;
    self->out.data[frame->offset + SVMS_FRAME_HEADER_SIZE + frame->frame.a_size +
                   frame->frame.b_size - 5] ^= 1;
}

static void other_manifest(export_case *self, const target *this, const seen_frame *frame)
{
    (void)this;
    self->out.data[frame->offset + SVMS_FRAME_HEADER_SIZE + frame->frame.a_size +
                   frame->frame.b_size + 200] ^= 1;
}

/* What the recorder signed stays what it was, whoever signs the package. */
static void an_exporter_cannot_change_what_was_recorded(void **state)
{
    static const struct lie {
        spoil *spoil;
        int verdict;
    } lies[] = { { other_time, SVMS_VERDICT_NOT_AUTHENTIC },
                 { other_origin, SVMS_VERDICT_NOT_AUTHENTIC },
                 { other_number, SVMS_VERDICT_NOT_AUTHENTIC },
                 { other_flags, SVMS_VERDICT_NOT_AUTHENTIC },
                 { other_secret, SVMS_VERDICT_UNDECRYPTABLE },
                 { secret_of_another_track, SVMS_VERDICT_NOT_AUTHENTIC },
                 { other_sample, SVMS_VERDICT_NOT_AUTHENTIC },
                 { other_manifest, SVMS_VERDICT_NOT_AUTHENTIC } };
    export_case *self = *state;
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        target this;
        person exporter;
        svms_export_report report = SVMS_EXPORT_REPORT_INIT;
        svms_status opening = SVMS_OK;
        target_make(self, &this, SVMS_PROTECT_STRONG, false);
        person_make(self, &exporter, SVMS_ROLE_EXPORTER);
        const seen_frame *frame = frame_of(this.seen, SVMS_FRAME_SEGMENT, 1);
        lies[i].spoil(self, &this, frame);
        sign_frame(self, &this, frame, &exporter);
        int verdict = judge(self, &self->out, NULL, &report, &opening);
        if (verdict != lies[i].verdict) {
            fail_msg("lie %zu: opening %d, verdict %d (%s)", i, opening, verdict, report.reason);
        }
        assert_int_equal(report.links, SVMS_VERDICT_AUTHENTIC);
        assert_int_equal(report.sources, lies[i].verdict);
        assert_int_equal(report.failure_source, 0);
        person_clear(&exporter);
        target_clear(&this);
    }
}

/* A sealed body that its digest covers, and that does not open (E-VER-7). */
static void what_is_signed_and_does_not_open_is_undecryptable(void **state)
{
    export_case *self = *state;
    target this;
    person exporter;
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_status opening = SVMS_OK;
    target_make(self, &this, SVMS_PROTECT_LIGHT, true);
    person_make(self, &exporter, SVMS_ROLE_EXPORTER);
    const seen_frame *frame = frame_of(this.seen, SVMS_FRAME_SEGMENT, 1);
    self->out.data[frame->offset + SVMS_FRAME_HEADER_SIZE + frame->frame.a_size + 30] ^= 1;
    sign_frame(self, &this, frame, &exporter);
    assert_int_equal(judge(self, &self->out, SEAL, &report, &opening), SVMS_VERDICT_UNDECRYPTABLE);
    assert_int_equal(report.sources, SVMS_VERDICT_UNDECRYPTABLE);
    assert_int_equal(report.access, SVMS_ACCESS_FAILED);
    assert_true(report.failure_segment == 1 && report.failure_utc_ns == frame->first_utc_ns);
    assert_int_equal(judge(self, &self->out, NULL, &report, &opening), SVMS_VERDICT_INCOMPLETE);
    /* The case: what cannot be read promises nothing. */
    frame = frame_of(this.seen, SVMS_FRAME_CASE, 0);
    self->out.data[frame->offset + SVMS_FRAME_HEADER_SIZE] ^= 1;
    sign_frame(self, &this, frame, &exporter);
    assert_int_equal(judge(self, &self->out, SEAL, &report, &opening), SVMS_VERDICT_UNDECRYPTABLE);
    assert_int_equal(report.contents, SVMS_VERDICT_UNDECRYPTABLE);
    person_clear(&exporter);
    target_clear(&this);
}

static void the_slot_of_another_package_is_not_taken(void **state)
{
    export_case *self = *state;
    target this;
    target other;
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_status opening = SVMS_OK;
    target_make(self, &other, SVMS_PROTECT_LIGHT, true);
    memory_file theirs = memory_copy(&self->out);
    target_make(self, &this, SVMS_PROTECT_LIGHT, true);
    assert_int_equal(this.seen->header.slot_size, other.seen->header.slot_size);
    memory_file mine = memory_copy(&self->out);
    memcpy(self->out.data + 120, theirs.data + 120, this.seen->header.slot_size);
    assert_int_equal(judge(self, &self->out, SEAL, &report, &opening), -1);
    assert_int_equal(opening, SVMS_E_NOT_AUTHENTIC);
    /* Header and slot together. */
    memcpy(self->out.data, theirs.data, 120);
    assert_int_equal(judge(self, &self->out, SEAL, &report, &opening), -1);
    assert_int_equal(opening, SVMS_E_NOT_AUTHENTIC);
    /* A frame of the other one. */
    memcpy(self->out.data, mine.data, mine.size);
    const seen_frame *here = frame_of(this.seen, SVMS_FRAME_SEGMENT, 0);
    const seen_frame *there = frame_of(other.seen, SVMS_FRAME_SEGMENT, 0);
    assert_true(svms_frame_size(&here->frame) == svms_frame_size(&there->frame));
    memcpy(self->out.data + here->offset, theirs.data + there->offset,
           (size_t)svms_frame_size(&here->frame));
    assert_int_equal(judge(self, &self->out, SEAL, &report, &opening), SVMS_VERDICT_NOT_AUTHENTIC);
    assert_int_equal(report.failure_source, 0);
    assert_int_equal(report.failure_segment, 0);
    memory_file_clear(&theirs);
    memory_file_clear(&mine);
    target_clear(&this);
    target_clear(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, export_case_setup, export_case_teardown)
        CASE(what_stands_behind_the_last_link_is_a_beginning_or_false),
        CASE(zero_bytes_behind_the_last_link_reach_to_the_next_block),
        CASE(links_cannot_be_dropped_swapped_or_repeated),
        CASE(a_link_of_another_package_is_not_taken),
        CASE(a_key_of_another_role_is_not_trusted),
        CASE(policy_never_shrinks),
        CASE(a_link_that_promises_something_else_opens_nothing),
        CASE(a_case_that_promises_something_else_is_refused),
        CASE(an_exporter_cannot_change_what_was_recorded),
        CASE(what_is_signed_and_does_not_open_is_undecryptable),
        CASE(the_slot_of_another_package_is_not_taken),
    };
    return cmocka_run_group_tests_name("evidence_attack", tests, NULL, NULL);
}
