/* SPDX-License-Identifier: Apache-2.0 */
/* What an exporter or custodian claims, and what can be known of it: times, places, policy,
 * devices, sizes, and under whose authority. */
#include "forge_case.h"

#include <stdio.h>

#include <openssl/pem.h>

#include "builder.h"
#include "certificate.h"

/* A package of a container that is clear from end to end, so that its description is, too. */
static void clear_target(export_case *self, target *out)
{
    recipe how = RECIPE_INIT;
    memset(out, 0, sizeof(*out));
    out->self = self;
    how.protection = SVMS_PROTECT_NONE;
    how.password = NULL;
    memory_file_clear(&self->container);
    record_container(self->fix, &how, &self->container);
    svms_export_options options = clear_options(self);
    svms_export_source source = whole_source(self);
    source.keys = NULL;
    export_well(self, &options, &source);
    out->seen = look_at_package(self, NULL);
    out->link = self->out.size;
    person_make(self, &out->custodian, SVMS_ROLE_CUSTODIAN);
}

/* Puts words of the same length into the case, and signs it as an exporter. */
static void edit_case(export_case *self, const target *this, const char *from, const char *to)
{
    person exporter;
    const seen_frame *frame = frame_of(this->seen, SVMS_FRAME_CASE, 0);
    uint8_t *json = self->out.data + frame->offset + SVMS_FRAME_HEADER_SIZE;
    size_t length = strlen(from);
    size_t at = 0;
    assert_int_equal(strlen(to), length);
    person_make(self, &exporter, SVMS_ROLE_EXPORTER);
    while (at + length <= frame->frame.b_size && memcmp(json + at, from, length) != 0) {
        at++;
    }
    assert_true(at + length <= frame->frame.b_size);
    memcpy(json + at, to, length);
    sign_frame(self, this, frame, &exporter);
    person_clear(&exporter);
}

/* E-CAS-3 */
static void a_device_is_described_as_its_recorder_signed(void **state)
{
    static const struct {
        bool sealed;
        const char *from;
        const char *to;
        int verdict;
    } edits[] = { { false, "\"case\"", "\"case\"", SVMS_VERDICT_AUTHENTIC },
                  { false, "\"front door\"", "\"back  door\"", SVMS_VERDICT_NOT_AUTHENTIC },
                  { false, "\"front door\"", "null        ", SVMS_VERDICT_NOT_AUTHENTIC },
                  { false, "\"place\":null", "\"place\":\"\"  ", SVMS_VERDICT_NOT_AUTHENTIC },
                  { false, "\"remark\":null", "\"remark\":\"ab\"", SVMS_VERDICT_NOT_AUTHENTIC },
                  { true, "\"front door\"", "\"back  door\"", SVMS_VERDICT_AUTHENTIC } };
    export_case *self = *state;
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        target this;
        svms_export_report report = SVMS_EXPORT_REPORT_INIT;
        svms_status opening = SVMS_OK;
        if (edits[i].sealed) {
            target_make(self, &this, SVMS_PROTECT_STRONG, false);
        } else {
            clear_target(self, &this);
        }
        edit_case(self, &this, edits[i].from, edits[i].to);
        int verdict = judge(self, &self->out, NULL, &report, &opening);
        if (verdict != edits[i].verdict) {
            fail_msg("edit %zu: opening %d, verdict %d, %s", i, opening, verdict, report.reason);
        }
        assert_int_equal(report.contents, edits[i].verdict);
        target_clear(&this);
    }
}

/* E-CAS-1: both are written by one clock, the case with more digits than it must have. */
static void the_case_was_made_when_the_header_says(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        int verdict;
    } edits[] = { { "\"created\":\"2026-01-01T00:00:00.0", "\"created\":\"2026-01-01T00:00:00.9",
                    0 },
                  { "\"created\":\"2026-01-01T00:00:00", "\"created\":\"2026-01-01T00:00:01", 4 },
                  { "\"created\":\"2026-01-01T00:00:00", "\"created\":\"2025-12-31T23:59:59", 4 } };
    export_case *self = *state;
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        target this;
        svms_export_report report = SVMS_EXPORT_REPORT_INIT;
        svms_status opening = SVMS_OK;
        self->fix->now = T0;
        clear_target(self, &this);
        edit_case(self, &this, edits[i].from, edits[i].to);
        int verdict = judge(self, &self->out, NULL, &report, &opening);
        if (verdict != edits[i].verdict) {
            fail_msg("edit %zu: opening %d, verdict %d, %s", i, opening, verdict, report.reason);
        }
        target_clear(&this);
    }
}

/* E-SRC-1 */
static void no_frame_ends_behind_its_container(void **state)
{
    export_case *self = *state;
    for (uint64_t less = 0; less < 2; less++) {
        target this;
        person exporter;
        svms_export_report report = SVMS_EXPORT_REPORT_INIT;
        svms_status opening = SVMS_OK;
        clear_target(self, &this);
        person_make(self, &exporter, SVMS_ROLE_EXPORTER);
        const seen_frame *frame = frame_of(this.seen, SVMS_FRAME_SOURCE, 0);
        const seen_frame *end = frame_of(this.seen, SVMS_FRAME_END, 0);
        svms_store_u64(self->out.data + frame->offset + SVMS_FRAME_HEADER_SIZE + 24,
                       end->frame.origin + end->frame.c_size - less);
        sign_frame(self, &this, frame, &exporter);
        int verdict = judge(self, &self->out, NULL, &report, &opening);
        assert_int_equal(verdict, less == 0 ? 0 : SVMS_VERDICT_NOT_AUTHENTIC);
        assert_int_equal(report.sources, verdict);
        assert_int_equal(report.contents, 0);
        assert_true(less == 0 || report.failure_offset == end->offset);
        person_clear(&exporter);
        target_clear(&this);
    }
}

static void sign_at(svms_link_object *object, const void *with)
{
    object->utc_ns = *(const int64_t *)with;
}

/* The flags of both links; the verdict does not change. */
static void expect_contradictions(export_case *self, uint32_t first, uint32_t second)
{
    svms_export_report report;
    told *seen = calloc(1, sizeof(*seen));
    assert_non_null(seen);
    svms_evidence *evidence = open_well(self, &self->out, NULL);
    svms_export_verify_options options = trusting(self, seen);
    options.time_policy = SVMS_TIME_CLAIMED;
    self->fix->now = T0 + DAY;
    assert_int_equal(verify_evidence(self, evidence, &options, &report), SVMS_OK);
    assert_int_equal(seen->link[0].contradicts_time, first);
    assert_int_equal(seen->links > 1 ? seen->link[1].contradicts_time : 0, second);
    svms_export_close(&evidence);
    free(seen);
}

/* E-VER-11 */
static void times_that_contradict_each_other_are_told(void **state)
{
    export_case *self = *state;
    target this;
    person exporter;
    clear_target(self, &this);
    person_make(self, &exporter, SVMS_ROLE_EXPORTER);
    const seen_frame *last = frame_of(this.seen, SVMS_FRAME_SEGMENT, 2);
    const int64_t limit = last->last_utc_ns - 300 * SECOND;
    for (int64_t late = -1; late <= 0; late++) {
        const int64_t when = limit + late;
        sign_anew(self, this.seen->link_offset, &exporter.signer, sign_at, &when);
        expect_contradictions(self, late == 0 ? 0 : 1, 0);
        size_t whole = self->out.size;
        for (int64_t more = -1; more <= 0; more++) {
            const int64_t then = when - 300 * SECOND + more;
            self->out.size = whole;
            assert_int_equal(countersign(self, &this.custodian.signer, NULL), SVMS_OK);
            sign_anew(self, whole, &this.custodian.signer, sign_at, &then);
            expect_contradictions(self, late == 0 ? 0 : 1, more == 0 ? 0 : 1);
        }
    }
    person_clear(&exporter);
    target_clear(&this);
}

static void subject_of(const svms_chain *chain, char out[256])
{
    (void)snprintf(out, 256, "%s", svms_chain_subject(chain));
}

static svms_trust *trust_in_leaf(export_case *self)
{
    svms_trust *own = NULL;
    char *pem = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(bio, sk_X509_value(self->exporter->certificates, 0)), 1);
    long size = BIO_get_mem_data(bio, &pem);
    assert_int_equal(svms_trust_from_pem(&own, self->fix->ctx, pem, (size_t)size, NULL), SVMS_OK);
    BIO_free(bio);
    return own;
}

/* The chain in the link ends below the anchor. */
static void the_anchor_is_the_one_that_was_reached(void **state)
{
    export_case *self = *state;
    target this;
    svms_export_report report;
    char anchor[256];
    told *seen = calloc(1, sizeof(*seen));
    assert_non_null(seen);
    target_make(self, &this, SVMS_PROTECT_STRONG, false);
    svms_evidence *evidence = open_well(self, &self->out, NULL);
    svms_export_verify_options options = trusting(self, seen);
    assert_int_equal(verify_evidence(self, evidence, &options, &report), SVMS_OK);
    subject_of(self->fix->ca, anchor);
    assert_string_not_equal(anchor, seen->link[0].signer);
    assert_string_equal(seen->link[0].anchor, anchor);
    assert_string_equal(seen->link[1].anchor, anchor);
    /* Somebody who trusts the signer himself needs no CA. */
    svms_trust *own = trust_in_leaf(self);
    options = trusting(self, seen);
    options.trust = own;
    (void)!verify_evidence(self, evidence, &options, &report);
    assert_string_equal(seen->link[0].anchor, seen->link[0].signer);
    svms_trust_free(&own);
    /* Strangers and nobody lead nowhere. */
    svms_trust *strangers = trust_of_new_ca(self->fix);
    options = trusting(self, seen);
    options.trust = strangers;
    (void)!verify_evidence(self, evidence, &options, &report);
    assert_string_equal(seen->link[0].anchor, "");
    options = trusting(self, seen);
    options.trust = NULL;
    (void)!verify_evidence(self, evidence, &options, &report);
    assert_string_equal(seen->link[0].anchor, "");
    svms_trust_free(&strangers);
    svms_export_close(&evidence);
    target_clear(&this);
    free(seen);
}

static void expect_policy(export_case *self, uint32_t policy, uint32_t broken, uint32_t link)
{
    svms_evidence_info info = SVMS_EVIDENCE_INFO_INIT;
    svms_export_report report;
    told *seen = calloc(1, sizeof(*seen));
    assert_non_null(seen);
    svms_evidence *evidence = open_well(self, &self->out, NULL);
    svms_export_verify_options options = trusting(self, seen);
    assert_int_equal(svms_export_get_info(evidence, &info, NULL), SVMS_OK);
    assert_int_equal(info.policy, policy);
    assert_int_equal(info.broken, broken);
    (void)!verify_evidence(self, evidence, &options, &report);
    assert_int_equal(report.policy, policy);
    assert_int_equal(seen->link[0].policy, 0);
    assert_int_equal(seen->link[1].policy, link);
    svms_export_close(&evidence);
    free(seen);
}

/* Whoever breaks a link, or writes over one, may have taken a policy away. */
static void a_broken_link_forbids_to_export_again(void **state)
{
    export_case *self = *state;
    target this;
    target_make(self, &this, SVMS_PROTECT_STRONG, false);
    size_t whole = self->out.size;
    expect_policy(self, 0, 0, 0);
    for (uint64_t at = this.link; at < whole; at += 41) {
        svms_evidence *evidence = NULL;
        self->out.data[at] ^= 1;
        if (open_package(self, &self->out, NULL, &evidence) == SVMS_OK) {
            svms_evidence_info info = SVMS_EVIDENCE_INFO_INIT;
            assert_int_equal(svms_export_get_info(evidence, &info, NULL), SVMS_OK);
            assert_int_equal(info.policy, SVMS_EXPORT_NO_REEXPORT);
            svms_export_close(&evidence);
        }
        self->out.data[at] ^= 1;
    }
    self->out.data[this.link + SVMS_LINK_FIXED_SIZE + 60] ^= 1;
    expect_policy(self, SVMS_EXPORT_NO_REEXPORT, 1, SVMS_EXPORT_NO_REEXPORT);
    self->out.data[this.link + SVMS_LINK_FIXED_SIZE + 60] ^= 1;
    append(&self->out, "foreign", 7);
    expect_policy(self, SVMS_EXPORT_NO_REEXPORT, 1, 0);
    self->out.size = whole;
    append(&self->out, "SVX", 3); /* interrupted: nothing was signed */
    expect_policy(self, 0, 0, 0);
    target_clear(&this);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, export_case_setup, export_case_teardown)
        CASE(a_device_is_described_as_its_recorder_signed),
        CASE(the_case_was_made_when_the_header_says),
        CASE(no_frame_ends_behind_its_container),
        CASE(times_that_contradict_each_other_are_told),
        CASE(the_anchor_is_the_one_that_was_reached),
        CASE(a_broken_link_forbids_to_export_again),
    };
    return cmocka_run_group_tests_name("evidence_claims", tests, NULL, NULL);
}
