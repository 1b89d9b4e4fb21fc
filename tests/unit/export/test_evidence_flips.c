/* SPDX-License-Identifier: Apache-2.0 */
/* No byte of a package can be changed, and none can be missing: what was altered is named. */
#include "forge_case.h"

/* The frame that holds a byte, or NULL. */
static const seen_frame *frame_at(const seen_package *seen, uint64_t offset)
{
    for (size_t i = 0; i < seen->count; i++) {
        const seen_frame *frame = &seen->frames[i];
        if (offset >= frame->offset && offset - frame->offset < svms_frame_size(&frame->frame)) {
            return frame;
        }
    }
    return NULL;
}

/* A flip in a frame that the directories list leaves the package open, and names the frame. */
static void expect_named(const target *this, uint64_t offset, int verdict, svms_status opening,
                         const svms_export_report *report)
{
    const seen_frame *frame = frame_at(this->seen, offset);
    if (frame == NULL || frame->frame.kind == SVMS_FRAME_DIRECTORY) {
        return;
    }
    if (opening != SVMS_OK || verdict != SVMS_VERDICT_NOT_AUTHENTIC) {
        fail_msg("byte %llu of a frame of kind %u: opening %d, verdict %d (%s)",
                 (unsigned long long)offset, frame->frame.kind, opening, verdict, report->reason);
    }
    assert_int_equal(report->links, SVMS_VERDICT_AUTHENTIC);
    bool of_source =
        frame->frame.kind != SVMS_FRAME_CASE && frame->frame.kind != SVMS_FRAME_ATTACHMENT;
    if (report->failure_source != (of_source ? 0 : UINT32_MAX) ||
        (frame->frame.kind == SVMS_FRAME_SEGMENT &&
         (report->failure_segment != frame->frame.number ||
          report->failure_utc_ns != frame->first_utc_ns))) {
        fail_msg("byte %llu of a frame of kind %u, number %lld: source %d segment %lld (%s)",
                 (unsigned long long)offset, frame->frame.kind, (long long)frame->frame.number,
                 (int)report->failure_source, (long long)report->failure_segment, report->reason);
    }
    assert_true(report->failure_offset == frame->offset);
}

static void flip_everything(export_case *self, svms_protection protection, bool sealed)
{
    target this;
    target_make(self, &this, protection, sealed);
    for (uint64_t i = 0; i < self->out.size; i++) {
        svms_export_report report = SVMS_EXPORT_REPORT_INIT;
        svms_status opening = SVMS_OK;
        uint8_t bit = (uint8_t)(1u << (i % 8));
        self->out.data[i] ^= bit;
        int verdict = judge(self, &self->out, this.password, &report, &opening);
        self->out.data[i] ^= bit;
        if (opening == SVMS_OK && verdict == SVMS_VERDICT_AUTHENTIC) {
            fail_msg("byte %llu can be changed", (unsigned long long)i);
        }
        expect_named(&this, i, verdict, opening, &report);
        if (i >= this.link) {
            assert_int_equal(opening, SVMS_OK);
            assert_int_equal(report.sources, SVMS_VERDICT_AUTHENTIC);
            assert_int_equal(report.contents, SVMS_VERDICT_AUTHENTIC);
            assert_true(report.links != SVMS_VERDICT_AUTHENTIC);
            assert_true(report.failure_offset == this.link);
        }
    }
    target_clear(&this);
}

static void no_byte_of_a_clear_package_can_be_changed(void **state)
{
    flip_everything(*state, SVMS_PROTECT_STRONG, false);
}

static void no_byte_of_a_sealed_package_can_be_changed(void **state)
{
    flip_everything(*state, SVMS_PROTECT_LIGHT, true);
}

/* Without key everything but what is inside is as sure. */
static void flips_are_noticed_without_the_password(void **state)
{
    export_case *self = *state;
    target this;
    target_make(self, &this, SVMS_PROTECT_NONE, true);
    for (uint64_t i = 0; i < self->out.size; i += 3) {
        svms_export_report report = SVMS_EXPORT_REPORT_INIT;
        svms_status opening = SVMS_OK;
        self->out.data[i] ^= 0x10;
        int verdict = judge(self, &self->out, NULL, &report, &opening);
        self->out.data[i] ^= 0x10;
        assert_true(opening != SVMS_OK || verdict >= SVMS_VERDICT_INCOMPLETE);
        expect_named(&this, i, verdict, opening, &report);
    }
    target_clear(&this);
}

static void every_truncation_is_noticed(void **state)
{
    export_case *self = *state;
    for (int sealed = 0; sealed < 2; sealed++) {
        target this;
        target_make(self, &this, SVMS_PROTECT_LIGHT, sealed != 0);
        size_t whole = self->out.size;
        for (size_t size = 0; size < whole; size += sealed != 0 ? 13 : 1) {
            svms_export_report report = SVMS_EXPORT_REPORT_INIT;
            svms_status opening = SVMS_OK;
            self->out.size = size;
            int verdict = judge(self, &self->out, this.password, &report, &opening);
            if (size < this.link) {
                assert_true(opening == SVMS_E_TRUNCATED || opening == SVMS_E_MALFORMED);
            } else if (size == this.link) {
                assert_int_equal(verdict, SVMS_VERDICT_AUTHENTIC); /* the receipt tells */
            } else {
                assert_int_equal(verdict, SVMS_VERDICT_INCOMPLETE);
                assert_int_equal(report.bytes_unattested, size - this.link);
                assert_int_equal(report.sources, SVMS_VERDICT_AUTHENTIC);
            }
        }
        self->out.size = whole;
        target_clear(&this);
    }
}

/* With the name of a test only that one runs: each takes a while. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, export_case_setup, export_case_teardown)
        CASE(no_byte_of_a_clear_package_can_be_changed),
        CASE(no_byte_of_a_sealed_package_can_be_changed),
        CASE(flips_are_noticed_without_the_password),
        CASE(every_truncation_is_noticed),
    };
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests_name("evidence_flips", tests, NULL, NULL);
}
