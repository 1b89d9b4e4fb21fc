/* SPDX-License-Identifier: Apache-2.0 */
/* What an export refuses, what it declares, and what every failure leaves: a clean error, no
 * memory, and nothing that looks finished. */
#include "package_case.h"

#include <errno.h>

#include "../container/failing_provider.h"
#include "access_block.h"
#include "disclosure.h"
#include "export_internal.h"
#include "front.h"

static void record(export_case *self, const recipe *how)
{
    memory_file_clear(&self->container);
    record_container(self->fix, how, &self->container);
}

static recipe small_container(void)
{
    recipe how = RECIPE_INIT;
    how.segments = 2;
    how.frames = 1;
    how.tracks = 1;
    how.sample_size = 30;
    return how;
}

/* Refused ----------------------------------------------------------------------------------------
 */

typedef struct refusal {
    const char *what;
    size_t flipped; /* bytes behind the start of segment 1; 0: nothing */
    bool other_trust;
    bool no_keys;
    bool other_keys;
    int64_t from;
    int64_t to;
    svms_status status;
    svms_verdict verdict; /* of the report */
} refusal;

#define NONE INT64_MIN

static const refusal refusals[] = {
    { "damaged", 200, false, false, false, NONE, NONE, SVMS_E_NOT_AUTHENTIC,
      SVMS_VERDICT_NOT_AUTHENTIC },
    { "untrusted", 0, true, false, false, NONE, NONE, SVMS_E_UNTRUSTED, SVMS_VERDICT_UNTRUSTED },
    { "no key", 0, false, true, false, NONE, NONE, SVMS_E_WRONG_KEY, SVMS_VERDICT_AUTHENTIC },
    { "wrong key", 0, false, false, true, NONE, NONE, SVMS_E_WRONG_KEY, SVMS_VERDICT_AUTHENTIC },
    { "before", 0, false, false, false, T0 - 9 * SECOND, T0 - SECOND, SVMS_E_INCOMPLETE,
      SVMS_VERDICT_INCOMPLETE },
    { "behind", 0, false, false, false, T0 + 90 * SECOND, NONE, SVMS_E_INCOMPLETE,
      SVMS_VERDICT_INCOMPLETE },
    { "backwards", 0, false, false, false, T0 + 2, T0 + 2, SVMS_E_USAGE, SVMS_VERDICT_AUTHENTIC },
};

static void a_source_that_does_not_verify_ends_the_export(void **state)
{
    export_case *self = *state;
    svms_trust *other = trust_of_new_ca(self->fix);
    svms_keyring *wrong = password_ring(self->fix, "another one");
    recipe how = RECIPE_INIT;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        const refusal *is = &refusals[i];
        svms_export_options options = sealed_options(self);
        svms_export_source source = whole_source(self);
        record(self, &how);
        if (is->flipped != 0) {
            layout at = lay_out_file(&self->container);
            self->container.data[at.segments[1] + is->flipped] ^= 1;
        }
        source.trust = is->other_trust ? other : source.trust;
        source.keys = is->no_keys ? NULL : is->other_keys ? wrong : source.keys;
        source.from_utc_ns = is->from;
        source.to_utc_ns = is->to;
        svms_source bytes = memory_source(&self->container);
        svms_export *package = begin_export(self, &options);
        svms_report report = SVMS_REPORT_INIT;
        svms_error err = SVMS_ERROR_INIT;
        svms_status status = svms_export_add_source(package, &bytes, &source, &report, &err);
        if (status != is->status) {
            fail_msg("%s: %s (%s)", is->what, svms_status_name(status), err.message);
        }
        assert_int_equal(err.status, status);
        assert_int_equal(report.verdict, is->verdict);
        if (is->flipped != 0) {
            assert_true(err.segment == 1);
        }
        assert_int_equal(svms_export_add_source(package, &bytes, &source, NULL, NULL),
                         SVMS_E_STATE);
        svms_export_result result = SVMS_EXPORT_RESULT_INIT;
        assert_int_equal(svms_export_finish(package, &result, NULL), SVMS_E_STATE);
        assert_null(result.periods);
        assert_false(looks_finished(&self->out));
        svms_export_abort(&package);
    }
    svms_keyring_free(&wrong);
    svms_trust_free(&other);
}

/* Every byte of a container: nothing that differs gets into a package undeclared. */
static void a_flipped_byte_anywhere_is_refused(void **state)
{
    export_case *self = *state;
    recipe how = small_container();
    svms_export_options options = clear_options(self);
    svms_export_source source = whole_source(self);
    how.protection = SVMS_PROTECT_NONE;
    how.password = NULL;
    record(self, &how);
    for (size_t byte = 0; byte < self->container.size; byte++) {
        self->container.data[byte] ^= 0x10;
        if (export_one(self, &options, &source) == SVMS_OK) {
            fail_msg("byte %zu was accepted", byte);
        }
        assert_false(looks_finished(&self->out));
        self->container.data[byte] ^= 0x10;
    }
    export_well(self, &options, &source);
}

static void what_is_no_container_is_said_to_be_none(void **state)
{
    export_case *self = *state;
    recipe how = small_container();
    svms_export_options options = clear_options(self);
    svms_export_source source = whole_source(self);
    record(self, &how);
    size_t size = self->container.size;
    self->container.size = 100;
    assert_int_equal(export_one(self, &options, &source), SVMS_E_TRUNCATED);
    assert_int_equal(self->report.verdict, SVMS_VERDICT_NOT_AUTHENTIC);
    self->container.size = 0;
    assert_int_equal(export_one(self, &options, &source), SVMS_E_MALFORMED);
    self->container.size = size;
    self->container.data[8] = 2;
    assert_int_equal(export_one(self, &options, &source), SVMS_E_UNSUPPORTED);
    self->container.data[8] = 1;
    self->container.data[0] = 0;
    assert_int_equal(export_one(self, &options, &source), SVMS_E_MALFORMED);
}

/* Declared ---------------------------------------------------------------------------------------
 */

static void what_does_not_verify_is_carried_and_declared_when_asked(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    how.segments = 5;
    record(self, &how);
    layout at = lay_out_file(&self->container);
    self->container.data[at.segments[2] + 200] ^= 1;
    for (int sealed = 0; sealed < 2; sealed++) {
        svms_export_options options = sealed ? sealed_options(self) : clear_options(self);
        svms_export_source source = whole_source(self);
        source.include_unverified = 1;
        export_well(self, &options, &source);
        seen_package *seen = look_at_package(self, SEAL);
        assert_int_equal(self->report.verdict, SVMS_VERDICT_NOT_AUTHENTIC);
        assert_int_equal(self->result.periods[0].unverified, 1);
        assert_int_equal(self->result.periods[0].verdict, SVMS_VERDICT_NOT_AUTHENTIC);
        assert_int_equal(seen->frames[0].frame.flags, SVMS_FRAME_UNVERIFIED);
        size_t flagged = 0;
        for (size_t i = 1; i < seen->count; i++) {
            const seen_frame *frame = &seen->frames[i];
            if ((frame->frame.flags & SVMS_FRAME_UNVERIFIED) != 0) {
                size_t size = 0;
                uint8_t *body = body_of(self, seen, frame, &size);
                assert_true(frame->frame.origin == at.segments[2]);
                assert_memory_equal(body, self->container.data + at.segments[2], size);
                assert_true(size + frame->frame.c_size == at.segments[3] - at.segments[2]);
                free(body);
                flagged++;
            }
        }
        assert_int_equal(flagged, 1);
        char *json = case_of(self, seen);
        assert_non_null(strstr(json, "\"not_authentic\""));
        assert_null(strstr(json, "\"unverified_count\": 0"));
        free(json);
        free(seen);
    }
}

/* Whoever can write to an open container could put manifests behind it that nobody has signed, and
 * ask with them for the secrets of any segment. */
static void no_secret_is_given_for_what_nothing_attests(void **state)
{
    export_case *self = *state;
    svms_track tracks[2];
    svms_writer *writer = NULL;
    recipe how = RECIPE_INIT;
    memory_file_clear(&self->container);
    svms_sink sink = memory_sink(&self->container);
    svms_writer_options writing = writer_options(self->fix, &how, tracks);
    writing.signature_interval = 2;
    assert_int_equal(svms_writer_open(&writer, self->fix->ctx, &sink, &writing, NULL), SVMS_OK);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(append_segment(writer, &how, i, NULL), SVMS_OK);
    }
    svms_writer_abort(&writer); /* three are complete, and two of them signed */
    svms_export_options options = sealed_options(self);
    svms_export_source source = whole_source(self);
    source.include_unverified = 1;
    export_well(self, &options, &source);
    seen_package *seen = look_at_package(self, SEAL);
    size_t attested = 0;
    size_t others = 0;
    for (size_t i = 0; i < seen->count; i++) {
        const svms_frame *frame = &seen->frames[i].frame;
        if (frame->kind == SVMS_FRAME_SEGMENT) {
            bool unverified = (frame->flags & SVMS_FRAME_UNVERIFIED) != 0;
            assert_int_equal(frame->a_size, unverified ? 0 : 66 + 16);
            attested += !unverified;
            others += unverified;
        }
    }
    assert_int_equal(attested, 2);
    assert_int_equal(others, 1);
    free(seen);
}

static void a_sound_source_of_nobody_who_is_trusted_has_nothing_to_flag(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    svms_export_options options = sealed_options(self);
    svms_export_source source = whole_source(self);
    record(self, &how);
    source.trust = NULL;
    source.include_unverified = 1;
    export_well(self, &options, &source);
    seen_package *seen = look_at_package(self, SEAL);
    assert_int_equal(self->report.verdict, SVMS_VERDICT_UNTRUSTED);
    assert_int_equal(seen->frames[0].frame.flags, 0);
    assert_int_equal(self->result.periods[0].unverified, 0);
    assert_int_equal(self->result.periods[0].verdict, SVMS_VERDICT_UNTRUSTED);
    free(seen);
}

static void no_track_is_removed_from_what_does_not_verify(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    svms_export_options options = clear_options(self);
    svms_export_source source = whole_source(self);
    how.protection = SVMS_PROTECT_NONE;
    record(self, &how);
    layout at = lay_out_file(&self->container);
    self->container.data[at.segments[1] + 200] ^= 1;
    source.include_unverified = 1;
    source.removed_tracks = 2;
    assert_int_equal(export_one(self, &options, &source), SVMS_E_NOT_AUTHENTIC);
    assert_false(looks_finished(&self->out));
}

static void an_open_container_is_taken_as_far_as_it_goes(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    svms_export_options options = sealed_options(self);
    svms_export_source source = whole_source(self);
    how.leave_open = true;
    record(self, &how);
    export_well(self, &options, &source);
    seen_package *seen = look_at_package(self, SEAL);
    assert_int_equal(self->report.verdict, SVMS_VERDICT_INCOMPLETE);
    assert_int_equal(self->result.periods[0].verdict, SVMS_VERDICT_INCOMPLETE);
    assert_true(frames_of(seen, SVMS_FRAME_SEGMENT) >= 2);
    assert_int_equal(frames_of(seen, SVMS_FRAME_END), 0);
    free(seen);
}

/* Disclosures ------------------------------------------------------------------------------------
 */

static svms_keyring *disclosing_ring(export_case *self, bool wrong, uint64_t segments)
{
    svms_front front;
    svms_keyring *ring = NULL;
    svms_disclosure *disclosure = NULL;
    svms_source source = memory_source(&self->container);
    svms_builder bytes = svms_builder_new(self->fix->ctx, 1u << 16);
    svms_ctx *ctx = self->fix->ctx;
    layout at = lay_out_file(&self->container);
    uint32_t count = 0;
    assert_int_equal(svms_front_open(&front, ctx, &source, NULL), SVMS_OK);
    assert_int_equal(svms_front_unlock(&front, self->ring, NULL), SVMS_OK);
    svms_disclosure_begin(&bytes, &front.header);
    for (uint64_t i = 0; i < segments; i++) {
        for (uint8_t track = 0; track < front.header.track_count; track++) {
            uint8_t secret[32];
            const uint8_t *salt = self->container.data + at.segments[i] + 16 + 24;
            assert_int_equal(
                svms_track_secret(ctx, front.segment_root, i, track, salt, secret, NULL), SVMS_OK);
            secret[5] ^= wrong && i == 1 ? 1 : 0;
            svms_disclosure_put(&bytes, i, track, secret);
            count++;
        }
    }
    assert_int_equal(svms_disclosure_end(&bytes, ctx, count, NULL), SVMS_OK);
    assert_int_equal(svms_disclosure_parse(&disclosure, ctx, bytes.data, bytes.size, NULL),
                     SVMS_OK);
    assert_int_equal(svms_keyring_new(&ring, ctx, NULL), SVMS_OK);
    assert_int_equal(svms_keyring_add_disclosure(ring, disclosure, NULL), SVMS_OK);
    svms_disclosure_free(&disclosure);
    svms_builder_clear(&bytes);
    svms_front_clear(&front);
    return ring;
}

static void disclosures_do_for_what_they_cover(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    svms_export_options options = sealed_options(self);
    svms_export_source source = whole_source(self);
    record(self, &how);
    svms_keyring *all = disclosing_ring(self, false, 3);
    svms_keyring *some = disclosing_ring(self, false, 2);
    svms_keyring *wrong = disclosing_ring(self, true, 3);
    source.keys = all;
    export_well(self, &options, &source);
    seen_package *seen = look_at_package(self, SEAL);
    char *json = case_of(self, seen);
    assert_null(strstr(json, "front door")); /* the description needs the content key */
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(frame_of(seen, SVMS_FRAME_SEGMENT, i)->frame.a_size, 66 + 16);
    }
    free(json);
    free(seen);
    source.keys = some;
    assert_int_equal(export_one(self, &options, &source), SVMS_E_WRONG_KEY);
    assert_true(self->err.segment == 2);
    source.to_utc_ns = T0 + SECOND;
    export_well(self, &options, &source);
    source.to_utc_ns = SVMS_NO_TIME;
    source.keys = wrong;
    assert_int_equal(export_one(self, &options, &source), SVMS_E_UNDECRYPTABLE);
    assert_int_equal(self->report.verdict, SVMS_VERDICT_UNDECRYPTABLE);
    assert_int_equal(self->report.access, SVMS_ACCESS_FAILED);
    assert_true(self->err.segment == 1);
    assert_false(looks_finished(&self->out));
    source.include_unverified = 1;
    export_well(self, &options, &source);
    seen = look_at_package(self, SEAL);
    assert_int_equal(frame_of(seen, SVMS_FRAME_SEGMENT, 0)->frame.flags, 0);
    assert_int_equal(frame_of(seen, SVMS_FRAME_SEGMENT, 1)->frame.flags, SVMS_FRAME_UNVERIFIED);
    assert_int_equal(frame_of(seen, SVMS_FRAME_SEGMENT, 1)->frame.a_size, 0);
    assert_int_equal(self->result.periods[0].verdict, SVMS_VERDICT_UNDECRYPTABLE);
    free(seen);
    svms_keyring_free(&all);
    svms_keyring_free(&some);
    svms_keyring_free(&wrong);
}

/* Without its only encrypted track a container needs no key. */
static void nothing_needs_a_key_when_nothing_encrypted_is_carried(void **state)
{
    export_case *self = *state;
    svms_track tracks[2];
    svms_writer *writer = NULL;
    recipe how = RECIPE_INIT;
    memory_file_clear(&self->container);
    svms_sink sink = memory_sink(&self->container);
    svms_writer_options writing = writer_options(self->fix, &how, tracks);
    tracks[0].protection = SVMS_PROTECT_NONE;
    assert_int_equal(svms_writer_open(&writer, self->fix->ctx, &sink, &writing, NULL), SVMS_OK);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(append_segment(writer, &how, i, NULL), SVMS_OK);
    }
    assert_int_equal(svms_writer_close(&writer, NULL), SVMS_OK);
    svms_export_options options = clear_options(self);
    svms_export_source source = whole_source(self);
    source.keys = NULL;
    assert_int_equal(export_one(self, &options, &source), SVMS_E_WRONG_KEY);
    source.removed_tracks = 2;
    export_well(self, &options, &source);
    source.removed_tracks = 1;
    assert_int_equal(export_one(self, &options, &source), SVMS_E_WRONG_KEY);
}

/* Arguments ---------------------------------------------------------------------------------------
 */

static void arguments_out_of_range_are_refused(void **state)
{
    export_case *self = *state;
    svms_export *package = NULL;
    svms_sink sink = memory_sink(&self->out);
    svms_sink no_write = SVMS_SINK_INIT;
    const svms_export_options good = sealed_options(self);
    typedef struct wrong {
        svms_export_options options;
        svms_status status;
    } wrong;
    wrong cases[] = {
        { good, SVMS_E_USAGE },  { good, SVMS_E_USAGE },     { good, SVMS_E_USAGE },
        { good, SVMS_E_USAGE },  { good, SVMS_E_USAGE },     { good, SVMS_E_POLICY },
        { good, SVMS_E_POLICY }, { good, SVMS_E_LIMIT },     { good, SVMS_E_USAGE },
        { good, SVMS_E_USAGE },  { good, SVMS_E_UNTRUSTED }, { good, SVMS_E_UNTRUSTED },
        { good, SVMS_E_USAGE },  { good, SVMS_E_USAGE },     { good, SVMS_E_LIMIT },
    };
    static const svms_public_key *const nobody[1] = { NULL };
    cases[0].options.kind = (svms_export_kind)3;
    cases[1].options.unsealed = 2;
    cases[2].options.unsealed = 1; /* and a password */
    cases[3].options.kind = SVMS_EXPORT_PROOF;
    cases[4].options.password_size = 0;
    cases[5].options.password = NULL;
    cases[6].options.signer.key = NULL;
    cases[7].options.recipient_count = 64;
    cases[8].options.recipient_count = 1;
    cases[9].options.recipients = nobody;
    cases[9].options.recipient_count = 1;
    cases[10].options.signer.key = self->fix->recorder_key;
    cases[11].options.signer.chain = self->fix->recorder;
    cases[11].options.signer.key = self->fix->recorder_key;
    cases[12].options.case_number = "\xFF";
    cases[13].options.password_log2_n = 9;
    cases[14].options.kek_count = 64;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        svms_status status =
            svms_export_create(&package, self->fix->ctx, &cases[i].options, &sink, NULL);
        if (status != cases[i].status) {
            fail_msg("case %zu gives %s", i, svms_status_name(status));
        }
        assert_null(package);
        assert_int_equal(self->out.size, 0);
    }
    assert_int_equal(svms_export_create(NULL, self->fix->ctx, &good, &sink, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_export_create(&package, NULL, &good, &sink, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_export_create(&package, self->fix->ctx, NULL, &sink, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_export_create(&package, self->fix->ctx, &good, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_export_create(&package, self->fix->ctx, &good, &no_write, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_export_add_source(NULL, NULL, NULL, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_export_finish(NULL, NULL, NULL), SVMS_E_USAGE);
    svms_export_abort(NULL);
    svms_export_abort(&package);
}

static void sources_out_of_range_are_refused(void **state)
{
    export_case *self = *state;
    recipe how = small_container();
    const svms_export_options options = clear_options(self);
    const svms_export_source good = whole_source(self);
    record(self, &how);
    svms_export_source cases[] = { good, good, good, good };
    cases[0].removed_tracks = 2; /* there is one track */
    cases[1].removed_tracks = 1;
    cases[2].include_unverified = 2;
    cases[3].presented = (svms_export_presented)3;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(export_one(self, &options, &cases[i]), SVMS_E_USAGE);
    }
    svms_export_options proof = options;
    proof.kind = SVMS_EXPORT_PROOF;
    cases[0] = good;
    cases[0].include_unverified = 1;
    cases[1] = good;
    cases[1].presented = SVMS_PRESENTED_ONE;
    cases[1].presented_track = 1;
    cases[2] = good;
    cases[2].presented = SVMS_PRESENTED_ONE;
    cases[2].presented_segment = 7;
    cases[3] = good;
    cases[3].presented = SVMS_PRESENTED_ONE;
    cases[3].presented_sample = 7;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(export_one(self, &proof, &cases[i]), SVMS_E_USAGE);
    }
}

static void calls_in_another_order_are_refused(void **state)
{
    export_case *self = *state;
    recipe how = small_container();
    svms_export_options options = clear_options(self);
    svms_export_source source = whole_source(self);
    svms_export_attachment attachment = SVMS_EXPORT_ATTACHMENT_INIT;
    svms_export_presentation presentation = SVMS_EXPORT_PRESENTATION_INIT;
    attachment.name = "a.txt";
    attachment.media_type = "text/plain";
    record(self, &how);
    svms_source bytes = memory_source(&self->container);
    svms_export *package = begin_export(self, &options);
    assert_int_equal(svms_export_finish(package, NULL, NULL), SVMS_E_USAGE); /* empty */
    assert_int_equal(svms_export_add_attachment(package, &bytes, &attachment, NULL), SVMS_OK);
    assert_int_equal(svms_export_add_source(package, &bytes, &source, NULL, NULL), SVMS_E_STATE);
    svms_export_abort(&package);
    package = begin_export(self, &options);
    assert_int_equal(svms_export_set_presentation(package, &bytes, &presentation, NULL),
                     SVMS_E_USAGE);
    svms_export_abort(&package);
    package = begin_export(self, &options);
    add_source_well(self, package, &self->container, &source);
    assert_int_equal(svms_export_finish(package, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_export_finish(package, NULL, NULL), SVMS_E_STATE);
    assert_int_equal(svms_export_add_attachment(package, &bytes, &attachment, NULL), SVMS_E_STATE);
    assert_true(looks_finished(&self->out));
    svms_export_abort(&package);
    package = begin_export(self, &options);
    package->source_count = SVMS_EXPORT_MAX_SOURCES;
    assert_int_equal(svms_export_add_source(package, &bytes, &source, NULL, NULL), SVMS_E_LIMIT);
    svms_export_abort(&package);
    package = begin_export(self, &options);
    package->attachment_count = SVMS_EXPORT_MAX_SOURCES;
    assert_int_equal(svms_export_add_attachment(package, &bytes, &attachment, NULL), SVMS_E_LIMIT);
    svms_export_abort(&package);
    package = begin_export(self, &options);
    package->writer.frames = SVMS_MAX_FRAMES - 3;
    assert_int_equal(svms_export_add_source(package, &bytes, &source, NULL, NULL), SVMS_E_LIMIT);
    svms_export_abort(&package);
    options.kind = SVMS_EXPORT_PROOF;
    package = begin_export(self, &options);
    assert_int_equal(svms_export_add_attachment(package, &bytes, &attachment, NULL), SVMS_E_USAGE);
    svms_export_abort(&package);
}

/* Callbacks --------------------------------------------------------------------------------------
 */

typedef struct watcher {
    uint64_t calls;
    uint64_t stops_at;
    uint64_t last;
    uint64_t total;
} watcher;

static int watch(void *user, uint64_t done, uint64_t total)
{
    watcher *self = user;
    assert_true(done >= self->last && done <= total);
    self->last = done;
    self->total = total;
    return ++self->calls == self->stops_at;
}

static void progress_goes_up_and_can_stop_it(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    svms_export_options options = sealed_options(self);
    svms_export_source source = whole_source(self);
    how.sample_size = 400000;
    record(self, &how);
    for (uint32_t twice = 0; twice < 2; twice++) {
        watcher looks = { 0, 0, 0, 0 };
        source.progress = watch;
        source.user = &looks;
        source.include_unverified = twice;
        export_well(self, &options, &source);
        uint64_t calls = looks.calls;
        assert_true(calls > 1 && looks.last <= looks.total);
        assert_true(looks.total == self->container.size * (1 + twice));
        for (uint64_t n = 1; n <= calls; n++) {
            looks = (watcher){ 0, n, 0, 0 };
            assert_int_equal(export_one(self, &options, &source), SVMS_E_CANCELLED);
            assert_false(looks_finished(&self->out));
        }
    }
}

static svms_status no_stamp(void *user, const uint8_t imprint[32], uint8_t *token, size_t *size,
                            svms_error *err)
{
    (void)user;
    (void)imprint;
    (void)token;
    *size = 0;
    err->status = SVMS_E_IO;
    err->os_error = ETIMEDOUT;
    strcpy(err->message, "no answer");
    return SVMS_E_IO;
}

static void a_time_stamp_that_does_not_come_leaves_no_package(void **state)
{
    export_case *self = *state;
    recipe how = small_container();
    svms_export_options options = clear_options(self);
    svms_export_source source = whole_source(self);
    record(self, &how);
    options.signer.stamp = no_stamp;
    assert_int_equal(export_one(self, &options, &source), SVMS_E_IO);
    assert_string_equal(self->err.message, "no answer");
    assert_false(looks_finished(&self->out));
}

/* Faults ------------------------------------------------------------------------------------------
 */

static void memory_that_runs_out_is_said_and_nothing_leaks(void **state)
{
    export_case *self = *state;
    fixture *fix = self->fix;
    recipe how = small_container();
    how.protection = SVMS_PROTECT_LIGHT;
    svms_export_options options = sealed_options(self);
    svms_export_source source = whole_source(self);
    record(self, &how);
    int64_t live = fix->live_blocks;
    bool done = false;
    for (uint64_t n = 1; !done; n++) {
        fix->allocations = 0;
        fix->allocation_fails_at = n;
        source.include_unverified = n % 2;
        svms_status status = export_one(self, &options, &source);
        done = fix->allocations < n;
        fix->allocation_fails_at = 0;
        if (status != (done ? SVMS_OK : SVMS_E_NO_MEMORY)) {
            fail_msg("allocation %llu gives %s (%s)", (unsigned long long)n,
                     svms_status_name(status), self->err.message);
        }
        assert_int_equal(looks_finished(&self->out), done);
        svms_export_result_clear(&self->result);
        assert_int_equal(fix->live_blocks, live);
    }
}

static void a_disk_that_is_full_leaves_nothing_that_looks_finished(void **state)
{
    export_case *self = *state;
    recipe how = small_container();
    svms_export_options options = clear_options(self);
    svms_export_source source = whole_source(self);
    how.protection = SVMS_PROTECT_NONE;
    how.password = NULL;
    record(self, &how);
    export_well(self, &options, &source);
    size_t size = self->out.size;
    uint64_t writes = self->out.writes - self->out.syncs; /* it counts both */
    uint64_t failed = 0;                                  /* writes that did, one bit each */
    assert_true(writes < 64);
    for (size_t cut = 1; cut < size; cut++) {
        memory_file prefix = self->out;
        prefix.size = cut;
        assert_false(looks_finished(&prefix));
    }
    /* What the library sees of it is only which write fails. */
    for (size_t room = 1; room < size; room += room + 64 < size ? 31 : 1) {
        self->out.room = room;
        assert_int_equal(export_one(self, &options, &source), SVMS_E_IO);
        assert_int_equal(self->err.os_error, ENOSPC);
        assert_int_equal(self->out.size, room);
        assert_false(looks_finished(&self->out));
        failed |= UINT64_C(1) << self->out.writes;
    }
    uint64_t different = 0;
    for (uint64_t bit = 0; bit < 64; bit++) {
        different += failed >> bit & 1;
    }
    assert_int_equal(different, writes);
    self->out.room = 0;
}

static void a_write_or_read_that_fails_is_said(void **state)
{
    export_case *self = *state;
    recipe how = small_container();
    svms_export_options options = sealed_options(self);
    svms_export_source source = whole_source(self);
    record(self, &how);
    export_well(self, &options, &source);
    size_t size = self->out.size;
    uint64_t writes = self->out.writes;
    for (uint64_t n = 1; n <= writes; n++) {
        self->out.write_fails_at = n;
        assert_int_equal(export_one(self, &options, &source), SVMS_E_IO);
        /* Only when the very last call does not make durable what is all there. */
        assert_true(!looks_finished(&self->out) || self->out.size == size);
    }
    self->out.write_fails_at = 0;
    self->container.reads = 0;
    export_well(self, &options, &source);
    uint64_t reads = self->container.reads;
    for (uint64_t n = 1; n <= reads; n++) {
        self->container.reads = 0;
        self->container.read_fails_at = n;
        assert_int_equal(export_one(self, &options, &source), SVMS_E_IO);
        assert_false(looks_finished(&self->out));
    }
    self->container.read_fails_at = 0;
}

/* However the provider fails: an error, or a package that holds. */
static void a_provider_that_fails_never_makes_a_false_package(void **state)
{
    (void)state;
    void *inner = NULL;
    OSSL_LIB_CTX *library = failing_provider_load();
    assert_non_null(library);
    export_case_setup_in(&inner, library);
    export_case *self = inner;
    recipe how = small_container();
    how.protection = SVMS_PROTECT_LIGHT;
    svms_export_options options = sealed_options(self);
    svms_export_source source = whole_source(self);
    failing_plan plan = { 0, FAILS_SILENTLY, false };
    record(self, &how);
    failing_provider_arm(&plan);
    export_well(self, &options, &source);
    uint64_t calls = failing_provider_disarm();
    assert_true(calls > 100);
    for (uint64_t n = 1; n <= calls; n++) {
        plan.at = n;
        plan.manner = (failing_manner)(n % 3);
        failing_provider_arm(&plan);
        svms_status status = export_one(self, &options, &source);
        failing_provider_disarm();
        if (status == SVMS_OK) {
            free(look_at_package(self, SEAL));
        } else if (status != SVMS_E_CRYPTO && status != SVMS_E_WRONG_KEY &&
                   status != SVMS_E_NO_MEMORY) {
            fail_msg("call %llu (%s) gives %s: %s", (unsigned long long)n,
                     failing_provider_victim(), svms_status_name(status), self->err.message);
        }
        assert_int_equal(looks_finished(&self->out), status == SVMS_OK);
    }
    export_case_teardown(&inner);
    failing_provider_unload();
}

#define WITH_CASE(name)                                                                            \
    cmocka_unit_test_setup_teardown(name, export_case_setup, export_case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CASE(a_source_that_does_not_verify_ends_the_export),
        WITH_CASE(a_flipped_byte_anywhere_is_refused),
        WITH_CASE(what_is_no_container_is_said_to_be_none),
        WITH_CASE(what_does_not_verify_is_carried_and_declared_when_asked),
        WITH_CASE(no_secret_is_given_for_what_nothing_attests),
        WITH_CASE(a_sound_source_of_nobody_who_is_trusted_has_nothing_to_flag),
        WITH_CASE(no_track_is_removed_from_what_does_not_verify),
        WITH_CASE(an_open_container_is_taken_as_far_as_it_goes),
        WITH_CASE(disclosures_do_for_what_they_cover),
        WITH_CASE(nothing_needs_a_key_when_nothing_encrypted_is_carried),
        WITH_CASE(arguments_out_of_range_are_refused),
        WITH_CASE(sources_out_of_range_are_refused),
        WITH_CASE(calls_in_another_order_are_refused),
        WITH_CASE(progress_goes_up_and_can_stop_it),
        WITH_CASE(a_time_stamp_that_does_not_come_leaves_no_package),
        WITH_CASE(memory_that_runs_out_is_said_and_nothing_leaks),
        WITH_CASE(a_disk_that_is_full_leaves_nothing_that_looks_finished),
        WITH_CASE(a_write_or_read_that_fails_is_said),
        cmocka_unit_test(a_provider_that_fails_never_makes_a_false_package),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
