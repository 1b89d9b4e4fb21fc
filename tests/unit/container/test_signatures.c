/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures that are left out, come late, or are shared by many writers (C-SIG-3 to C-SIG-6). */
#include "fixture.h"

#include "batch_internal.h"
#include "sign.h"

#define MOST_REQUESTS 160

/* A signer like a hardware module far away: requests wait until the test answers them. */
typedef struct slow_signer {
    svms_sign_engine *engine;
    svms_sign_request *requests[MOST_REQUESTS];
    uint8_t messages[MOST_REQUESTS][4096];
    size_t sizes[MOST_REQUESTS];
    size_t begun;
    size_t answered;
    svms_status answer; /* instead of a signature, when it is a failure */
    bool at_once;
} slow_signer;

static void answer_one(slow_signer *signer)
{
    uint8_t signature[1024];
    size_t size = sizeof(signature);
    size_t i = signer->answered++;
    if (signer->answer != SVMS_OK) {
        assert_int_equal(svms_sign_request_complete(signer->requests[i], signer->answer, NULL, 0),
                         SVMS_OK);
        return;
    }
    assert_int_equal(
        svms_sign(signer->engine, signer->messages[i], signer->sizes[i], signature, &size, NULL),
        SVMS_OK);
    assert_int_equal(svms_sign_request_complete(signer->requests[i], SVMS_OK, signature, size),
                     SVMS_OK);
}

static svms_status begin(void *user, svms_sign_request *request, const svms_sign_message *message)
{
    slow_signer *signer = user;
    size_t i = signer->begun++;
    assert_true(i < MOST_REQUESTS && message->size <= sizeof(signer->messages[i]));
    signer->requests[i] = request;
    memcpy(signer->messages[i], message->data, message->size);
    signer->sizes[i] = message->size;
    if (signer->at_once) {
        answer_one(signer);
    }
    return SVMS_OK;
}

/* Somebody waits: the oldest request is answered. */
static void on_wait(void *user)
{
    slow_signer *signer = user;
    if (signer->answered < signer->begun) {
        answer_one(signer);
    }
}

static svms_private_key *slow_key(fixture *fix, slow_signer *signer)
{
    svms_private_key *key = NULL;
    svms_public_key *half = NULL;
    svms_signer calls = SVMS_SIGNER_INIT;
    memset(signer, 0, sizeof(*signer));
    calls.user = signer;
    calls.begin = begin;
    calls.wait = on_wait;
    char pem[8192];
    size_t size = sizeof(pem);
    svms_certificate_options who = SVMS_CERTIFICATE_OPTIONS_INIT;
    who.role = SVMS_ROLE_RECORDER;
    who.common_name = "recorder";
    who.not_before_utc_ns = T0;
    who.not_after_utc_ns = T0 + 365 * DAY;
    assert_int_equal(svms_certificate_issue(fix->ctx, &who, fix->recorder_key, fix->ca, fix->ca_key,
                                            pem, &size, NULL),
                     SVMS_OK);
    assert_int_equal(svms_public_key_from_pem(&half, fix->ctx, pem, size, NULL), SVMS_OK);
    assert_int_equal(svms_sign_engine_new(&signer->engine, fix->ctx, fix->recorder_key, NULL),
                     SVMS_OK);
    assert_int_equal(svms_private_key_from_signer(&key, fix->ctx, half, &calls, NULL), SVMS_OK);
    svms_public_key_free(&half);
    return key;
}

static void drop_slow_key(slow_signer *signer, svms_private_key **key)
{
    while (signer->answered < signer->begun) {
        answer_one(signer);
    }
    svms_private_key_free(key);
    svms_sign_engine_free(&signer->engine);
}

typedef struct mode {
    const char *name;
    uint32_t interval;
    uint32_t late;
    bool slow;       /* the signer answers when somebody waits, or as `behind` says */
    uint32_t behind; /* answers stay this many segments behind; 0: nobody answers unasked */
    bool batch;
    bool batch_signed; /* after every segment; otherwise when somebody waits */
} mode;

static const mode modes[] = {
    { "direct", 1, 0, false, 0, false, false },
    { "every second", 2, 0, false, 0, false, false },
    { "every third", 3, 0, false, 0, false, false },
    { "every 64th", 64, 0, false, 0, false, false },
    { "late, signer at hand", 1, 1, false, 0, false, false },
    { "late by two segments", 1, 1, true, 2, false, false },
    { "late by 50 segments", 1, 1, true, 50, false, false },
    { "late as can be", 1, 1, true, 0, false, false },
    { "every fourth, and late", 4, 1, true, 1, false, false },
    { "batch", 1, 0, false, 0, true, true },
    { "batch that nobody signs", 1, 0, false, 0, true, false },
    { "batch of every third", 3, 1, false, 0, true, true },
};
#define MODES (sizeof(modes) / sizeof(modes[0]))

typedef struct scene {
    fixture *fix;
    const mode *how;
    slow_signer signer;
    svms_private_key *key;
    svms_batch *batch;
    svms_writer *writer;
    memory_file file;
    recipe recipe;
} scene;

static void open_scene(scene *on, fixture *fix, const mode *how, uint32_t segments)
{
    svms_track tracks[2];
    memset(on, 0, sizeof(*on));
    on->fix = fix;
    on->how = how;
    on->recipe = (recipe)RECIPE_INIT;
    on->recipe.segments = segments;
    on->key = slow_key(fix, &on->signer);
    svms_writer_options options = writer_options(fix, &on->recipe, tracks);
    options.signature_interval = how->interval;
    options.late_signatures = how->late;
    options.signer_key = how->slow ? on->key : fix->recorder_key;
    if (how->batch) {
        assert_int_equal(svms_batch_new(&on->batch, fix->ctx, fix->recorder_key, fix->recorder,
                                        SVMS_ROLE_RECORDER, NULL),
                         SVMS_OK);
        options.batch = on->batch;
    }
    svms_sink sink = memory_sink(&on->file);
    svms_error err = SVMS_ERROR_INIT;
    if (svms_writer_open(&on->writer, fix->ctx, &sink, &options, &err) != SVMS_OK) {
        fail_msg("%s: %s", how->name, err.message);
    }
}

/* Appends one segment; time goes on. */
static void record_segment(scene *on, uint32_t number)
{
    svms_error err = SVMS_ERROR_INIT;
    on->fix->now += SECOND;
    if (append_segment(on->writer, &on->recipe, number, &err) != SVMS_OK) {
        fail_msg("%s, segment %u: %s", on->how->name, number, err.message);
    }
    while (on->how->behind != 0 && on->signer.begun - on->signer.answered > on->how->behind) {
        answer_one(&on->signer);
    }
    if (on->how->batch_signed) {
        assert_int_equal(svms_batch_sign(on->batch, NULL, NULL), SVMS_OK);
    }
}

static void record_all(scene *on)
{
    for (uint32_t i = 0; i < on->recipe.segments; i++) {
        record_segment(on, i);
    }
}

static void close_scene(scene *on)
{
    svms_writer_abort(&on->writer);
    svms_batch_free(&on->batch);
    drop_slow_key(&on->signer, &on->key);
    memory_file_clear(&on->file);
    on->fix->now = T0;
}

static size_t read_all(fixture *fix, memory_file *file, svms_status *last)
{
    svms_reader *reader = NULL;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_keyring *ring = password_ring(fix, "pass word");
    svms_source source = memory_source(file);
    svms_sample sample = SVMS_SAMPLE_INIT;
    size_t count = 0;
    options.keys = ring;
    options.trust = fix->trust;
    assert_int_equal(svms_reader_open(&reader, fix->ctx, &source, &options, NULL), SVMS_OK);
    while ((*last = svms_reader_next(reader, &sample, NULL)) == SVMS_OK) {
        assert_false(sample.flags & SVMS_SAMPLE_UNATTESTED);
        count++;
    }
    svms_reader_close(&reader);
    svms_keyring_free(&ring);
    return count;
}

static void expect_whole(scene *on)
{
    svms_report report;
    svms_status last = SVMS_OK;
    svms_status status = verify_file(on->fix, &on->file, on->fix->trust, &report);
    if (status != SVMS_OK) {
        fail_msg("%s: %s", on->how->name, report.first_failure.reason);
    }
    assert_int_equal(report.segments_verified, on->recipe.segments);
    assert_int_equal(report.bytes_verified, on->file.size);
    assert_int_equal(report.segments_unattested, 0);
    assert_int_equal(read_all(on->fix, &on->file, &last), 5 * on->recipe.segments);
    assert_int_equal(last, SVMS_END);
}

static void a_closed_container_is_authentic_however_it_was_signed(void **state)
{
    static const uint32_t lengths[] = { 1, 2, 10, 130 };
    for (size_t i = 0; i < MODES; i++) {
        for (size_t n = 0; n < 4; n++) {
            scene on;
            svms_error err = SVMS_ERROR_INIT;
            open_scene(&on, *state, &modes[i], lengths[n]);
            record_all(&on);
            if (svms_writer_close(&on.writer, &err) != SVMS_OK) {
                fail_msg("%s: %s", modes[i].name, err.message);
            }
            expect_whole(&on);
            close_scene(&on);
        }
    }
}

/* What of an open container is attested: all up to the last signature, and nothing behind it. */
static void segments_that_no_signature_covers_yet_are_unattested(void **state)
{
    static const struct {
        size_t mode;
        uint32_t recorded; /* the last of them is still open */
        uint32_t attested;
    } cases[] = { { 0, 8, 7 }, { 1, 8, 6 }, { 2, 8, 6 }, { 3, 8, 0 }, { 3, 66, 64 },
                  { 4, 8, 7 }, { 5, 8, 4 }, { 7, 8, 0 }, { 10, 8, 0 } };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        scene on;
        svms_report report;
        svms_status last = SVMS_OK;
        open_scene(&on, *state, &modes[cases[i].mode], cases[i].recorded);
        record_all(&on);
        assert_int_equal(verify_file(on.fix, &on.file, on.fix->trust, &report), SVMS_E_INCOMPLETE);
        if (report.segments_verified != cases[i].attested) {
            fail_msg("case %zu, %s: %u segments are attested", i, on.how->name,
                     (unsigned)report.segments_verified);
        }
        assert_int_equal(report.segments_unattested, cases[i].recorded - 1 - cases[i].attested);
        assert_int_equal(report.bytes_verified + report.bytes_unattested, on.file.size);
        assert_int_equal(read_all(on.fix, &on.file, &last), 5 * cases[i].attested);
        assert_int_equal(last, SVMS_AGAIN);
        close_scene(&on);
    }
}

static void a_reader_waits_for_the_signature_of_a_growing_container(void **state)
{
    scene on;
    svms_reader *reader = NULL;
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_keyring *ring = password_ring(*state, "pass word");
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    options.keys = ring;
    open_scene(&on, *state, &modes[7], 4);
    svms_source source = memory_source(&on.file);
    assert_int_equal(svms_reader_open(&reader, on.fix->ctx, &source, &options, NULL), SVMS_OK);
    record_segment(&on, 0);
    record_segment(&on, 1);
    record_segment(&on, 2);
    assert_int_equal(svms_reader_next(reader, &sample, NULL), SVMS_AGAIN);
    while (on.signer.answered < on.signer.begun) {
        answer_one(&on.signer);
    }
    assert_int_equal(svms_reader_next(reader, &sample, NULL), SVMS_AGAIN);
    record_segment(&on, 3); /* takes up the signatures of 0 and 1 */
    for (int i = 0; i < 10; i++) {
        assert_int_equal(svms_reader_next(reader, &sample, NULL), SVMS_OK);
        assert_int_equal(sample.segment, i / 5);
    }
    assert_int_equal(svms_reader_next(reader, &sample, NULL), SVMS_AGAIN);
    svms_reader_close(&reader);
    svms_keyring_free(&ring);
    close_scene(&on);
}

static void flush_signs_at_once(void **state)
{
    for (size_t i = 0; i < MODES; i++) {
        scene on;
        svms_report report;
        open_scene(&on, *state, &modes[i], 5);
        record_all(&on);
        assert_int_equal(svms_writer_flush(on.writer, NULL), SVMS_OK);
        assert_int_equal(verify_file(on.fix, &on.file, on.fix->trust, &report), SVMS_E_INCOMPLETE);
        assert_int_equal(report.segments_verified, 5);
        assert_int_equal(report.bytes_unattested, 0);
        close_scene(&on);
    }
}

static void a_range_needs_only_the_signature_that_covers_it(void **state)
{
    for (size_t i = 0; i < MODES; i++) {
        scene on;
        svms_report report = SVMS_REPORT_INIT;
        svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
        open_scene(&on, *state, &modes[i], 140);
        record_all(&on);
        assert_int_equal(svms_writer_close(&on.writer, NULL), SVMS_OK);
        svms_source source = memory_source(&on.file);
        options.trust = on.fix->trust;
        options.from_utc_ns = T0 + 70 * SECOND + SECOND / 2;
        options.to_utc_ns = T0 + 72 * SECOND;
        svms_error err = SVMS_ERROR_INIT;
        if (svms_verify_container(on.fix->ctx, &source, &options, &report, &err) != SVMS_OK) {
            fail_msg("%s: %s", on.how->name, err.message);
        }
        assert_in_range(report.segments_verified, 2, 4);
        close_scene(&on);
    }
}

static size_t find_manifest(const memory_file *file, size_t at)
{
    const uint8_t *data = file->data;
    while (data[at] != 3) {
        at += (data[at] == 1 ? data[at + 3] : 16u) + ((size_t)data[at + 4] << 24) +
              ((size_t)data[at + 5] << 16) + ((size_t)data[at + 6] << 8) + data[at + 7];
        assert_true(at < file->size);
    }
    return at + 16;
}

static void shift_time(uint8_t *at, int64_t by)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) {
        value = value << 8 | at[i];
    }
    value += (uint64_t)by;
    for (int i = 0; i < 8; i++) {
        at[i] = (uint8_t)(value >> (56 - 8 * i));
    }
}

/* Appends a copy of a segment of two tracks whose manifest nobody has signed yet, with another
 * time. */
static void put_moved(memory_file *out, const memory_file *from, const layout *at, size_t segment,
                      int64_t by)
{
    size_t begin = out->size;
    size_t size = at->segments[segment + 1] - at->segments[segment];
    out->data = realloc(out->data, out->size + size);
    assert_non_null(out->data);
    memcpy(out->data + begin, from->data + at->segments[segment], size);
    out->size += size;
    if (by != 0) {
        uint8_t *manifest = out->data + find_manifest(out, begin);
        shift_time(manifest + 152, by);
        shift_time(manifest + 160, by);
        shift_time(manifest + 236 + 16, by);
        shift_time(manifest + 236 + 88 + 16, by);
    }
}

/* What nobody signed stands behind a real segment whose signature comes after it. The segments
 * around are of other times, so that they seem to be of no concern to the range. */
static void a_late_signature_attests_nothing_of_another_chain(void **state)
{
    for (size_t real = 8; real < 11; real++) {
        scene on;
        svms_report report = SVMS_REPORT_INIT;
        svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
        open_scene(&on, *state, &modes[5], 20);
        record_all(&on);
        layout at = lay_out_file(&on.file);
        memory_file forged = memory_copy(&on.file);
        forged.size = at.segments[real + 1];
        put_moved(&forged, &on.file, &at, 0, 200 * SECOND);
        put_moved(&forged, &on.file, &at, 1, 99 * SECOND);
        put_moved(&forged, &on.file, &at, real + 1, 0);
        svms_source source = memory_source(&forged);
        options.trust = on.fix->trust;
        options.from_utc_ns = T0 + 50 * SECOND;
        options.to_utc_ns = T0 + 100 * SECOND + SECOND / 2;
        svms_status status = svms_verify_container(on.fix->ctx, &source, &options, &report, NULL);
        assert_int_not_equal(status, SVMS_OK);
        assert_int_equal(report.segments_verified, 0);
        memory_file_clear(&forged);
        close_scene(&on);
    }
}

static void every_flipped_byte_is_noticed(void **state)
{
    static const size_t chosen[] = { 2, 5, 9 };
    for (size_t i = 0; i < 3; i++) {
        scene on;
        open_scene(&on, *state, &modes[chosen[i]], 4);
        record_all(&on);
        assert_int_equal(svms_writer_close(&on.writer, NULL), SVMS_OK);
        for (size_t at = 0; at < on.file.size; at++) {
            svms_report report;
            on.file.data[at] ^= 0x20;
            if (verify_file(on.fix, &on.file, on.fix->trust, &report) == SVMS_OK) {
                fail_msg("%s: byte %zu", on.how->name, at);
            }
            on.file.data[at] ^= 0x20;
        }
        close_scene(&on);
    }
}

/* Cut anywhere, a container is never more than incomplete, and what is counted is attested. */
static void every_cut_leaves_what_is_attested(void **state)
{
    static const size_t chosen[] = { 2, 5, 9 };
    for (size_t i = 0; i < 3; i++) {
        scene on;
        size_t before = 0;
        open_scene(&on, *state, &modes[chosen[i]], 5);
        record_all(&on);
        assert_int_equal(svms_writer_close(&on.writer, NULL), SVMS_OK);
        layout found = lay_out_file(&on.file);
        size_t whole = on.file.size;
        for (on.file.size = found.first_record; on.file.size < whole; on.file.size++) {
            svms_report report;
            svms_status status = verify_file(on.fix, &on.file, on.fix->trust, &report);
            if (status != SVMS_E_INCOMPLETE || report.segments_verified < before) {
                fail_msg("%s, cut at %zu: %s", on.how->name, on.file.size,
                         report.first_failure.reason);
            }
            before = report.segments_verified;
        }
        assert_int_equal(before, 5);
        on.file.size = whole;
        close_scene(&on);
    }
}

static void a_signer_that_fails_ends_the_writer(void **state)
{
    scene on;
    svms_error err = SVMS_ERROR_INIT;
    svms_report report;
    open_scene(&on, *state, &modes[7], 5);
    record_segment(&on, 0);
    on.signer.answer = SVMS_E_POLICY;
    record_segment(&on, 1);
    while (on.signer.answered < on.signer.begun) {
        answer_one(&on.signer);
    }
    assert_int_equal(append_segment(on.writer, &on.recipe, 2, &err), SVMS_E_POLICY);
    assert_int_equal(append_segment(on.writer, &on.recipe, 3, &err), SVMS_E_STATE);
    assert_int_equal(svms_writer_close(&on.writer, &err), SVMS_E_STATE);
    assert_int_equal(verify_file(on.fix, &on.file, on.fix->trust, &report), SVMS_E_INCOMPLETE);
    close_scene(&on);
}

static void contradictory_options_are_refused(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    svms_track tracks[2];
    memory_file file = { 0 };
    svms_sink sink = memory_sink(&file);
    svms_writer *writer = NULL;
    svms_batch *batch = NULL;
    svms_chain *camera = issue_chain(fix, fix->recorder_key, SVMS_ROLE_CAMERA, T0, T0 + DAY);
    assert_int_equal(
        svms_batch_new(&batch, fix->ctx, fix->recorder_key, camera, SVMS_ROLE_CAMERA, NULL),
        SVMS_OK);
    svms_writer_options options = writer_options(fix, &how, tracks);
    options.batch = batch;
    assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, NULL), SVMS_E_USAGE);
    options.batch = NULL;
    options.signature_interval = 65;
    assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, NULL), SVMS_E_USAGE);
    how.is_unsigned = true;
    options = writer_options(fix, &how, tracks);
    options.late_signatures = 1;
    assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, NULL), SVMS_E_USAGE);
    options.late_signatures = 0;
    options.signature_interval = 2;
    assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_batch_new(&batch, fix->ctx, NULL, camera, SVMS_ROLE_CAMERA, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(
        svms_batch_new(&batch, fix->ctx, fix->recorder_key, camera, SVMS_ROLE_EXPORTER, NULL),
        SVMS_E_USAGE);
    assert_int_equal(svms_batch_sign(NULL, NULL, NULL), SVMS_E_USAGE);
    svms_batch_free(&batch);
    svms_batch_free(&batch);
    svms_chain_free(&camera);
    memory_file_clear(&file);
}

#define MANY 1000

static void a_thousand_writers_share_one_signature(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    svms_batch *batch = NULL;
    uint64_t count = 0;
    memory_file *files = calloc(MANY, sizeof(*files));
    svms_writer **writers = calloc(MANY, sizeof(svms_writer *));
    assert_true(files != NULL && writers != NULL);
    how.tracks = 1;
    how.password = NULL;
    how.protection = SVMS_PROTECT_NONE;
    assert_int_equal(svms_batch_new(&batch, fix->ctx, fix->recorder_key, fix->recorder,
                                    SVMS_ROLE_RECORDER, NULL),
                     SVMS_OK);
    for (size_t i = 0; i < MANY; i++) {
        svms_track tracks[2];
        svms_writer_options options = writer_options(fix, &how, tracks);
        svms_sink sink = memory_sink(&files[i]);
        options.batch = batch;
        assert_int_equal(svms_writer_open(&writers[i], fix->ctx, &sink, &options, NULL), SVMS_OK);
    }
    for (uint32_t segment = 0; segment < 3; segment++) {
        for (size_t i = 0; i < MANY; i++) {
            assert_int_equal(append_segment(writers[i], &how, segment, NULL), SVMS_OK);
        }
        assert_int_equal(svms_batch_sign(batch, &count, NULL), SVMS_OK);
        assert_int_equal(count, segment == 0 ? 0 : MANY);
    }
    for (size_t i = 0; i < MANY; i++) {
        svms_report report;
        assert_int_equal(svms_writer_close(&writers[i], NULL), SVMS_OK);
        assert_int_equal(verify_file(fix, &files[i], fix->trust, &report), SVMS_OK);
        assert_int_equal(report.segments_verified, 3);
        memory_file_clear(&files[i]);
    }
    svms_batch_free(&batch);
    free(writers);
    free(files);
}

/* What failed before the first manifest was in it. */
static void an_empty_batch_is_not_signed(void **state)
{
    fixture *fix = *state;
    static slow_signer signer;
    svms_private_key *key = slow_key(fix, &signer);
    svms_batch *batch = NULL;
    svms_status status = SVMS_E_NO_MEMORY;
    assert_int_equal(svms_batch_new(&batch, fix->ctx, key, fix->recorder, SVMS_ROLE_RECORDER, NULL),
                     SVMS_OK);
    for (uint64_t n = 1; status != SVMS_OK; n++) {
        svms_batch_member *member = NULL;
        uint64_t count = 7;
        fix->allocations = 0;
        fix->allocation_fails_at = n;
        status = svms_batch_submit(batch, (const uint8_t *)"object", 6, &member, NULL);
        fix->allocation_fails_at = 0;
        assert_true(status == SVMS_OK || status == SVMS_E_NO_MEMORY);
        assert_int_equal(svms_batch_sign(batch, &count, NULL), SVMS_OK);
        assert_int_equal(count, status == SVMS_OK);
        svms_batch_member_free(&member);
    }
    assert_int_equal(signer.begun, 1);
    svms_batch_free(&batch);
    drop_slow_key(&signer, &key);
}

static void a_batch_that_fails_says_no_number(void **state)
{
    fixture *fix = *state;
    static slow_signer signer;
    svms_private_key *key = slow_key(fix, &signer);
    svms_batch *batch = NULL;
    svms_batch_member *member = NULL;
    uint64_t count = 7;
    assert_int_equal(svms_batch_new(&batch, fix->ctx, key, fix->recorder, SVMS_ROLE_RECORDER, NULL),
                     SVMS_OK);
    assert_int_equal(svms_batch_submit(batch, (const uint8_t *)"object", 6, &member, NULL),
                     SVMS_OK);
    signer.answer = SVMS_E_IO;
    assert_int_equal(svms_batch_sign(batch, &count, NULL), SVMS_E_IO);
    assert_int_equal(count, 7);
    svms_batch_member_free(&member);
    svms_batch_free(&batch);
    drop_slow_key(&signer, &key);
}

static void an_allocation_that_fails_leaves_no_trace(void **state)
{
    fixture *fix = *state;
    static const size_t chosen[] = { 5, 9, 10 };
    for (size_t i = 0; i < 3; i++) {
        bool failed = true;
        for (uint64_t n = 1; failed; n++) {
            scene on;
            svms_status status = SVMS_OK;
            open_scene(&on, fix, &modes[chosen[i]], 4);
            fix->allocations = 0;
            fix->allocation_fails_at = n;
            for (uint32_t s = 0; s < 4 && status == SVMS_OK; s++) {
                status = append_segment(on.writer, &on.recipe, s, NULL);
                if (status == SVMS_OK && on.how->batch_signed) {
                    status = svms_batch_sign(on.batch, NULL, NULL);
                }
            }
            svms_status closed = svms_writer_close(&on.writer, NULL);
            status = status == SVMS_OK ? closed : status;
            failed = fix->allocations >= n;
            fix->allocation_fails_at = 0;
            assert_true(failed ? status == SVMS_E_NO_MEMORY || status == SVMS_OK
                               : status == SVMS_OK);
            close_scene(&on);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_closed_container_is_authentic_however_it_was_signed,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(segments_that_no_signature_covers_yet_are_unattested,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_reader_waits_for_the_signature_of_a_growing_container,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(flush_signs_at_once, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_range_needs_only_the_signature_that_covers_it,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_late_signature_attests_nothing_of_another_chain,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(every_flipped_byte_is_noticed, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(every_cut_leaves_what_is_attested, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_signer_that_fails_ends_the_writer, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(contradictory_options_are_refused, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_thousand_writers_share_one_signature, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(an_empty_batch_is_not_signed, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_batch_that_fails_says_no_number, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(an_allocation_that_fails_leaves_no_trace, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("signatures", tests, NULL, NULL);
}
