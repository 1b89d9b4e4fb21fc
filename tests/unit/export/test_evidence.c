/* SPDX-License-Identifier: Apache-2.0 */
/* Reading packages: what svms_export_create() wrote opens, verifies, plays and is signed on top. */
#include "evidence_case.h"

#include "../container/recorder.h"

#include <stdio.h>

static void record(export_case *self, const recipe *how, memory_file *file)
{
    record_container(self->fix, how, file);
}

static void a_clear_package_is_authentic_to_the_last_byte(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    record(self, &how, &self->container);
    svms_export_options options = clear_options(self);
    svms_export_source source = whole_source(self);
    export_well(self, &options, &source);
    expect_authentic(self, NULL);
}

static void a_sealed_package_is_authentic_with_its_password(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    how.protection = SVMS_PROTECT_LIGHT;
    record(self, &how, &self->container);
    svms_export_options options = sealed_options(self);
    svms_export_source source = whole_source(self);
    export_well(self, &options, &source);
    expect_authentic(self, SEAL);
}

/* E-VER-4, E-VER-7: what the package seals itself cannot be compared without key. */
static void without_password_only_sealed_bodies_are_incomplete(void **state)
{
    static const svms_protection protections[] = { SVMS_PROTECT_STRONG, SVMS_PROTECT_LIGHT,
                                                   SVMS_PROTECT_NONE };
    export_case *self = *state;
    for (size_t i = 0; i < 3; i++) {
        recipe how = RECIPE_INIT;
        svms_export_report report;
        svms_status opening = SVMS_OK;
        how.protection = protections[i];
        memory_file_clear(&self->container);
        record(self, &how, &self->container);
        svms_export_options options = sealed_options(self);
        svms_export_source source = whole_source(self);
        export_well(self, &options, &source);
        int verdict = judge(self, &self->out, NULL, &report, &opening);
        assert_int_equal(opening, SVMS_OK);
        assert_int_equal(report.access, SVMS_ACCESS_NOT_TRIED);
        assert_int_equal(verdict, i == 0 ? SVMS_VERDICT_AUTHENTIC : SVMS_VERDICT_INCOMPLETE);
        assert_int_equal(report.contents, SVMS_VERDICT_AUTHENTIC);
        assert_true(report.bytes_verified == self->out.size);
        assert_int_equal(judge(self, &self->out, "wrong", &report, &opening), -1);
        assert_int_equal(opening, SVMS_E_WRONG_KEY);
        assert_int_equal(judge(self, &self->out, SEAL, &report, &opening), 0);
        assert_int_equal(report.access, SVMS_ACCESS_OPENED);
    }
}

static void every_kind_of_package_gives_back_its_samples(void **state)
{
    export_case *self = *state;
    for (unsigned n = 0; n < 3 * 2 * 3; n++) {
        recipe how = RECIPE_INIT;
        bool sealed = n % 2 != 0;
        uint32_t removed = n / 2 % 3; /* nothing, video, sound */
        how.protection = (svms_protection)(n / 6);
        how.sample_size = 70000;
        how.segments = 4;
        memory_file_clear(&self->container);
        record(self, &how, &self->container);
        svms_export_options options = sealed ? sealed_options(self) : clear_options(self);
        svms_export_source source = whole_source(self);
        source.removed_tracks = removed;
        export_well(self, &options, &source);
        expect_authentic(self, sealed ? SEAL : NULL);
        svms_evidence *evidence = open_well(self, &self->out, sealed ? SEAL : NULL);
        expect_samples_of(self, evidence, 0, &how, removed, 0, 4);
        expect_samples_of(self, evidence, 0, &how, removed, 0, 4);
        svms_export_close(&evidence);
    }
}

static void info_and_periods_say_what_is_there(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    svms_evidence_info info = SVMS_EVIDENCE_INFO_INIT;
    svms_export_period period = SVMS_EXPORT_PERIOD_INIT;
    svms_recipient recipients[4];
    uint32_t count = 4;
    const char *json = NULL;
    size_t size = 0;
    record(self, &how, &self->container);
    svms_export_options options = sealed_options(self);
    options.signer.policy = SVMS_EXPORT_NO_REEXPORT;
    svms_export_source source = whole_source(self);
    source.removed_tracks = 2;
    source.from_utc_ns = T0 + SECOND;
    source.to_utc_ns = T0 + 2 * SECOND;
    export_well(self, &options, &source);
    svms_evidence *evidence = open_well(self, &self->out, SEAL);
    assert_int_equal(svms_export_get_info(evidence, &info, NULL), SVMS_OK);
    assert_int_equal(info.kind, SVMS_EXPORT_PACKAGE);
    assert_memory_equal(info.package_id, self->result.package_id, 16);
    assert_memory_equal(info.head, self->result.head, 32);
    assert_true(info.bytes == self->out.size && info.unattested_bytes == 0);
    assert_int_equal(info.sources, 1);
    assert_int_equal(info.attachments, 0);
    assert_int_equal(info.links, 1);
    assert_int_equal(info.policy, SVMS_EXPORT_NO_REEXPORT);
    assert_true(info.sealed == 1 && info.opened == 1);
    assert_true(info.software[0] != '\0');
    assert_int_equal(svms_export_get_source(evidence, 0, &period, NULL), SVMS_OK);
    const svms_export_period *said = &self->result.periods[0];
    assert_memory_equal(period.container_id, said->container_id, 16);
    assert_memory_equal(period.device_id, said->device_id, 16);
    assert_true(period.from_utc_ns == T0 + SECOND && period.to_utc_ns == T0 + 2 * SECOND);
    assert_true(period.first_segment == 1 && period.last_segment == 1 && period.segments == 1);
    assert_true(period.first_utc_ns == said->first_utc_ns &&
                period.last_utc_ns == said->last_utc_ns);
    assert_int_equal(period.removed_tracks, 2);
    assert_int_equal(period.track_count, 2);
    assert_int_equal(period.verdict, SVMS_VERDICT_UNTRUSTED);
    assert_int_equal(svms_export_get_source(evidence, 1, &period, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_export_get_case(evidence, &json, &size, NULL), SVMS_OK);
    assert_true(size > 2 && json[0] == '{');
    assert_int_equal(svms_export_get_recipients(evidence, recipients, &count, NULL), SVMS_OK);
    assert_int_equal(count, 1);
    assert_int_equal(recipients[0].kind, SVMS_RECIPIENT_PASSWORD);
    count = 0;
    assert_int_equal(svms_export_get_recipients(evidence, NULL, &count, NULL), SVMS_E_LIMIT);
    assert_int_equal(count, 1);
    svms_export_close(&evidence);
    evidence = open_well(self, &self->out, NULL);
    assert_int_equal(svms_export_get_info(evidence, &info, NULL), SVMS_OK);
    assert_int_equal(info.opened, 0);
    assert_int_equal(svms_export_get_case(evidence, &json, &size, NULL), SVMS_E_WRONG_KEY);
    svms_reader *reader = NULL;
    assert_int_equal(svms_export_extract(&reader, evidence, 0, NULL, NULL), SVMS_E_WRONG_KEY);
    svms_export_close(&evidence);
}

static void add_text(export_case *self, svms_export *package, const char *name, uint8_t *bytes,
                     size_t size)
{
    memory_file file = { 0 };
    svms_export_attachment attachment = SVMS_EXPORT_ATTACHMENT_INIT;
    svms_export_origin origin = { 0, 0, 0, 2, INT64_MIN };
    attachment.name = name;
    attachment.media_type = "text/plain";
    if (size > 100) {
        attachment.method = "rewritten";
        attachment.origins = &origin;
        attachment.origin_count = 1;
    }
    file.data = bytes;
    file.size = size;
    svms_source source = memory_source(&file);
    if (svms_export_add_attachment(package, &source, &attachment, &self->err) != SVMS_OK) {
        fail_msg("attachment: %s", self->err.message);
    }
}

static void several_sources_and_attachments_are_told_apart(void **state)
{
    export_case *self = *state;
    memory_file containers[3] = { { 0 }, { 0 }, { 0 } };
    recipe hows[3];
    static uint8_t bytes[150000];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    }
    for (unsigned i = 0; i < 3; i++) {
        hows[i] = (recipe)RECIPE_INIT;
        hows[i].seed = (uint8_t)(i + 1);
        hows[i].protection = (svms_protection)i;
        record(self, &hows[i], &containers[i]);
    }
    for (int sealed = 0; sealed < 2; sealed++) {
        svms_export_options options = sealed ? sealed_options(self) : clear_options(self);
        svms_export_source source = whole_source(self);
        svms_export *package = begin_export(self, &options);
        for (unsigned i = 0; i < 3; i++) {
            add_source_well(self, package, &containers[i], &source);
        }
        add_text(self, package, "empty.txt", bytes, 0);
        add_text(self, package, "long.txt", bytes, sizeof(bytes));
        add_text(self, package, "short.txt", bytes, 1);
        finish_well(self, &package);
        expect_authentic(self, sealed ? SEAL : NULL);
        svms_evidence *evidence = open_well(self, &self->out, sealed ? SEAL : NULL);
        for (unsigned i = 0; i < 3; i++) {
            expect_samples_of(self, evidence, i, &hows[i], 0, 0, 3);
        }
        for (uint32_t i = 0; i < 3; i++) {
            static const size_t sizes[] = { 0, sizeof(bytes), 1 };
            memory_file got = { 0 };
            svms_sink sink = memory_sink(&got);
            if (svms_export_get_attachment(evidence, i, &sink, &self->err) != SVMS_OK) {
                fail_msg("attachment: %s", self->err.message);
            }
            assert_int_equal(got.size, sizes[i]);
            assert_true(got.size == 0 || memcmp(got.data, bytes, got.size) == 0);
            memory_file_clear(&got);
        }
        svms_sink sink = memory_sink(&containers[0]);
        assert_int_equal(svms_export_get_attachment(evidence, 3, &sink, NULL), SVMS_E_USAGE);
        svms_export_close(&evidence);
    }
    for (unsigned i = 0; i < 3; i++) {
        memory_file_clear(&containers[i]);
    }
}

/* E-DIR-4: a moment is found without reading what lies before it. */
static void a_long_package_is_entered_in_the_middle(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    how.segments = 700;
    how.sample_size = 3000;
    how.tracks = 1;
    record(self, &how, &self->container);
    for (int sealed = 0; sealed < 2; sealed++) {
        svms_export_options options = sealed ? sealed_options(self) : clear_options(self);
        svms_export_source source = whole_source(self);
        export_well(self, &options, &source);
        expect_authentic(self, sealed ? SEAL : NULL);
        svms_evidence *evidence = open_well(self, &self->out, sealed ? SEAL : NULL);
        svms_reader *reader = NULL;
        assert_int_equal(svms_export_extract(&reader, evidence, 0, NULL, &self->err), SVMS_OK);
        static const uint32_t places[] = { 0, 1, 254, 255, 256, 257, 511, 699, 350, 3 };
        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
            svms_sample sample = SVMS_SAMPLE_INIT;
            uint64_t before = self->out.reads;
            int64_t at = T0 + (int64_t)places[i] * SECOND + SECOND / 2;
            if (svms_reader_seek(reader, at, &self->err) != SVMS_OK ||
                svms_reader_next(reader, &sample, &self->err) != SVMS_OK) {
                fail_msg("segment %u: %s", places[i], self->err.message);
            }
            assert_true(sample.segment == places[i]);
            assert_true(self->out.reads - before < 200);
        }
        svms_reader_close(&reader);
        expect_samples_of(self, evidence, 0, &how, 0, 0, 700);
        svms_export_close(&evidence);
    }
}

static void a_period_touches_only_its_segments(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    how.segments = 40;
    record(self, &how, &self->container);
    svms_export_options options = clear_options(self);
    svms_export_source source = whole_source(self);
    source.from_utc_ns = T0 + 10 * SECOND;
    source.to_utc_ns = T0 + 13 * SECOND;
    export_well(self, &options, &source);
    expect_authentic(self, NULL);
    svms_evidence *evidence = open_well(self, &self->out, NULL);
    expect_samples_of(self, evidence, 0, &how, 0, 10, 3);
    svms_export_close(&evidence);
}

static void links_are_added_and_each_says_who_when_and_why(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    person custodian;
    person exporter;
    uint8_t heads[3][32];
    told *seen = calloc(1, sizeof(*seen));
    assert_non_null(seen);
    record(self, &how, &self->container);
    svms_export_options options = clear_options(self);
    options.signer.note = "first";
    svms_export_source source = whole_source(self);
    export_well(self, &options, &source);
    memcpy(heads[0], self->result.head, 32);
    size_t before = self->out.size;
    memory_file first = memory_copy(&self->out);
    person_make(self, &custodian, SVMS_ROLE_CUSTODIAN);
    person_make(self, &exporter, SVMS_ROLE_EXPORTER);
    custodian.signer.note = "for the court";
    custodian.signer.policy = SVMS_EXPORT_NO_REEXPORT;
    self->fix->now += DAY;
    assert_int_equal(countersign(self, &custodian.signer, heads[1]), SVMS_OK);
    assert_memory_equal(self->out.data, first.data, before);
    assert_int_equal(countersign(self, &exporter.signer, heads[2]), SVMS_OK);
    expect_authentic(self, NULL);
    svms_evidence *evidence = open_well(self, &self->out, NULL);
    svms_evidence_info info = SVMS_EVIDENCE_INFO_INIT;
    svms_export_report report;
    assert_int_equal(svms_export_get_info(evidence, &info, NULL), SVMS_OK);
    assert_int_equal(info.links, 3);
    assert_int_equal(info.policy, SVMS_EXPORT_NO_REEXPORT);
    assert_memory_equal(info.head, heads[2], 32);
    svms_export_verify_options how_to = trusting(self, seen);
    assert_int_equal(verify_evidence(self, evidence, &how_to, &report), SVMS_OK);
    assert_int_equal(seen->links, 3);
    static const svms_role roles[] = { SVMS_ROLE_EXPORTER, SVMS_ROLE_CUSTODIAN,
                                       SVMS_ROLE_EXPORTER };
    static const char *const notes[] = { "first", "for the court", "" };
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(seen->link[i].role, roles[i]);
        assert_int_equal(seen->link[i].verdict, SVMS_VERDICT_AUTHENTIC);
        assert_int_equal(seen->link[i].identity, SVMS_IDENTITY_TRUSTED);
        assert_int_equal(seen->link[i].policy, i == 0 ? 0 : SVMS_EXPORT_NO_REEXPORT);
        assert_string_equal(seen->notes[i], notes[i]);
        assert_memory_equal(seen->link[i].head, heads[i], 32);
        assert_true(seen->link[i].signed_utc_ns >= (i == 0 ? T0 : T0 + DAY));
        assert_true(seen->link[i].attested_utc_ns == INT64_MIN);
        assert_true(seen->link[i].signer[0] != '\0' && seen->link[i].anchor[0] != '\0');
        how_to.expected_head = heads[i];
        seen->links = 0;
        seen->sources = 0;
        seen->last_done = 0;
        assert_int_equal(verify_evidence(self, evidence, &how_to, &report), SVMS_OK);
        assert_int_equal(report.expected_head, 1);
        assert_int_equal(report.links_since_expected, 2 - i);
    }
    uint8_t other[32] = { 1 };
    how_to = trusting(self, NULL);
    how_to.expected_head = other;
    assert_int_equal(verify_evidence(self, evidence, &how_to, &report), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(report.links, SVMS_VERDICT_NOT_AUTHENTIC);
    assert_int_equal(report.sources, SVMS_VERDICT_AUTHENTIC);
    svms_export_close(&evidence);
    /* Whoever knows the receipt notices that links were taken away. */
    evidence = open_well(self, &first, NULL);
    how_to.expected_head = heads[2];
    assert_int_equal(verify_evidence(self, evidence, &how_to, &report), SVMS_E_NOT_AUTHENTIC);
    svms_export_close(&evidence);
    memory_file_clear(&first);
    person_clear(&custodian);
    person_clear(&exporter);
    free(seen);
}

static void nobody_is_trusted_without_anchors_or_in_another_role(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    svms_export_report report;
    record(self, &how, &self->container);
    svms_export_options options = clear_options(self);
    svms_export_source source = whole_source(self);
    export_well(self, &options, &source);
    svms_evidence *evidence = open_well(self, &self->out, NULL);
    assert_int_equal(verify_evidence(self, evidence, NULL, &report), SVMS_E_UNTRUSTED);
    assert_int_equal(report.verdict, SVMS_VERDICT_UNTRUSTED);
    assert_int_equal(report.links, SVMS_VERDICT_UNTRUSTED);
    assert_int_equal(report.sources, SVMS_VERDICT_UNTRUSTED);
    assert_int_equal(report.contents, SVMS_VERDICT_AUTHENTIC);
    svms_trust *other = trust_of_new_ca(self->fix);
    svms_export_verify_options how_to = trusting(self, NULL);
    how_to.trust = other;
    assert_int_equal(verify_evidence(self, evidence, &how_to, &report), SVMS_E_UNTRUSTED);
    svms_trust_free(&other);
    /* A year later the certificates have expired, and nobody attests when they signed. */
    self->fix->now = T0 + 500 * DAY;
    how_to = trusting(self, NULL);
    assert_int_equal(verify_evidence(self, evidence, &how_to, &report), SVMS_E_UNTRUSTED);
    how_to.time_policy = SVMS_TIME_CLAIMED;
    assert_int_equal(verify_evidence(self, evidence, &how_to, &report), SVMS_OK);
    svms_export_close(&evidence);
}

/* Two containers of one recording, the first of which was never closed. */
static svms_verdict judge_border(export_case *self, recorder *rec, size_t second,
                                 svms_verdict verdicts[2])
{
    svms_export_report report;
    told *seen = calloc(1, sizeof(*seen));
    assert_non_null(seen);
    svms_export_options options = clear_options(self);
    svms_export_source source = whole_source(self);
    source.from_utc_ns = T0 + SECOND;
    source.to_utc_ns = T0 + 8 * SECOND;
    svms_export *package = begin_export(self, &options);
    add_source_well(self, package, &rec->parts[0].file, &source);
    assert_int_equal(self->report.verdict, SVMS_VERDICT_INCOMPLETE);
    add_source_well(self, package, &rec->parts[second].file, &source);
    finish_well(self, &package);
    svms_evidence *evidence = open_well(self, &self->out, NULL);
    svms_export_verify_options how_to = trusting(self, seen);
    (void)!verify_evidence(self, evidence, &how_to, &report);
    assert_int_equal(seen->sources, 2);
    verdicts[0] = seen->source[0];
    verdicts[1] = seen->source[1];
    svms_export_close(&evidence);
    free(seen);
    return report.verdict;
}

/* E-VER-3 */
static void the_next_container_vouches_for_the_end_of_an_open_one(void **state)
{
    export_case *self = *state;
    static recorder rec;
    svms_verdict verdicts[2];
    recorder_begin(&rec, self->fix, 3 * SECOND, 0);
    for (int i = 0; i < 90; i++) {
        assert_int_equal(recorder_take(&rec, i), SVMS_OK);
    }
    recorder_close(&rec);
    assert_true(rec.count >= 3);
    layout where = lay_out_file(&rec.parts[0].file);
    rec.parts[0].file.size = where.segments[where.segment_count];
    svms_verdict whole = judge_border(self, &rec, 1, verdicts);
    assert_int_equal(verdicts[0], SVMS_VERDICT_AUTHENTIC);
    assert_true(whole == verdicts[1]); /* ends before what was asked for */
    whole = judge_border(self, &rec, 2, verdicts);
    assert_int_equal(whole, SVMS_VERDICT_INCOMPLETE);
    assert_int_equal(verdicts[0], SVMS_VERDICT_INCOMPLETE);
    assert_int_equal(verdicts[1], SVMS_VERDICT_INCOMPLETE); /* one is missing between them */
    recorder_end(&rec);
}

static void verification_can_be_cancelled_at_every_step(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    how.protection = SVMS_PROTECT_LIGHT;
    how.sample_size = 1200000;
    told *seen = calloc(1, sizeof(*seen));
    assert_non_null(seen);
    record(self, &how, &self->container);
    svms_export_options options = sealed_options(self);
    svms_export_source source = whole_source(self);
    export_well(self, &options, &source);
    svms_evidence *evidence = open_well(self, &self->out, SEAL);
    svms_export_report report;
    bool done = false;
    for (uint64_t n = 1; !done && n < 100; n++) {
        svms_export_verify_options how_to = trusting(self, seen);
        seen->cancel_at = n;
        svms_status status = verify_evidence(self, evidence, &how_to, &report);
        done = status == SVMS_OK;
        assert_true(done || status == SVMS_E_CANCELLED);
        assert_true(done || seen->progress == n);
        assert_true(!done || n > 5);
    }
    assert_true(done);
    svms_export_close(&evidence);
    free(seen);
}

static void arguments_are_checked(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    svms_evidence *evidence = NULL;
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_reader *reader = NULL;
    record(self, &how, &self->container);
    svms_export_options options = clear_options(self);
    svms_export_source source = whole_source(self);
    export_well(self, &options, &source);
    svms_source bytes = memory_source(&self->out);
    assert_int_equal(svms_export_open(NULL, self->fix->ctx, &bytes, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_export_open(&evidence, NULL, &bytes, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_export_open(&evidence, self->fix->ctx, NULL, NULL, NULL), SVMS_E_USAGE);
    bytes.read_at = NULL;
    assert_int_equal(svms_export_open(&evidence, self->fix->ctx, &bytes, NULL, NULL), SVMS_E_USAGE);
    evidence = open_well(self, &self->out, NULL);
    svms_export_verify_options how_to = trusting(self, NULL);
    how_to.reserved = 1;
    assert_int_equal(svms_export_verify(evidence, &how_to, &report, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_export_verify(evidence, NULL, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_export_extract(&reader, evidence, 1, NULL, NULL), SVMS_E_USAGE);
    svms_reader_options keys = SVMS_READER_OPTIONS_INIT;
    keys.keys = self->ring;
    assert_int_equal(svms_export_extract(&reader, evidence, 0, &keys, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_export_get_info(evidence, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_export_get_case(evidence, NULL, NULL, NULL), SVMS_E_USAGE);
    svms_export_close(&evidence);
    svms_export_close(&evidence);
    svms_export_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, export_case_setup, export_case_teardown)
        CASE(a_clear_package_is_authentic_to_the_last_byte),
        CASE(a_sealed_package_is_authentic_with_its_password),
        CASE(without_password_only_sealed_bodies_are_incomplete),
        CASE(every_kind_of_package_gives_back_its_samples),
        CASE(info_and_periods_say_what_is_there),
        CASE(several_sources_and_attachments_are_told_apart),
        CASE(a_long_package_is_entered_in_the_middle),
        CASE(a_period_touches_only_its_segments),
        CASE(links_are_added_and_each_says_who_when_and_why),
        CASE(nobody_is_trusted_without_anchors_or_in_another_role),
        CASE(the_next_container_vouches_for_the_end_of_an_open_one),
        CASE(verification_can_be_cancelled_at_every_step),
        CASE(arguments_are_checked),
    };
    return cmocka_run_group_tests_name("evidence", tests, NULL, NULL);
}
