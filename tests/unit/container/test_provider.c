/* SPDX-License-Identifier: Apache-2.0 */
/* The n-th call into the cryptographic provider fails, for every n: whatever is being done ends in
 * a clean error or in the right result. What was changed never becomes authentic, and what is
 * honest is not called false because a provider hiccuped. */
#include <stdio.h>

#include <openssl/err.h>

#include "failing_provider.h"
#include "fixture.h"

#define PEM_ROOM 8192
#define PASSWORD "pass word"

typedef struct scene {
    fixture fix; /* its context uses the failing provider */
    char ca_pem[PEM_ROOM];
    char recorder_pem[PEM_ROOM];
    char recorder_key_pem[PEM_ROOM];
    char recipient_pem[PEM_ROOM]; /* a certificate */
    char recipient_key_pem[PEM_ROOM];
    svms_private_key *recipient_key;
    svms_public_key *recipient;
    svms_trust *strange_trust; /* of another CA */
    svms_keyring *by_key;
    svms_keyring *by_password;
    svms_keyring *by_wrong_password;
    memory_file honest;
    memory_file written;
    /* What an attempt works with. */
    memory_file *file;
    const svms_keyring *keys;
    const svms_trust *trust;
    bool range;
} scene;

/* Something a user does. SVMS_OK means that the result was looked at and is right. */
typedef svms_status attempt(scene *at, svms_error *err);

static recipe small_container(void)
{
    recipe how = RECIPE_INIT;
    how.segments = 2;
    how.frames = 2;
    how.sample_size = 70;
    return how;
}

static void *count_allocate(void *user, size_t size)
{
    fixture *fix = user;
    fix->live_blocks++;
    return malloc(size);
}

static void count_release(void *user, void *pointer)
{
    fixture *fix = user;
    fix->live_blocks -= pointer != NULL;
    free(pointer);
}

static int64_t staged_now(void *user)
{
    fixture *fix = user;
    return fix->now += 1000;
}

/* Records a strong and a light track for a password and a key. */
static svms_status record(scene *at, const svms_private_key *key, const svms_chain *chain,
                          svms_error *err)
{
    svms_track tracks[2];
    svms_writer *writer = NULL;
    recipe how = small_container();
    how.recipient = at->recipient;
    how.key = key;
    how.chain = chain;
    memory_file_clear(&at->written);
    svms_sink sink = memory_sink(&at->written);
    svms_writer_options options = writer_options(&at->fix, &how, tracks);
    tracks[1].protection = SVMS_PROTECT_LIGHT;
    svms_status status = svms_writer_open(&writer, at->fix.ctx, &sink, &options, err);
    for (uint32_t i = 0; i < how.segments && status == SVMS_OK; i++) {
        status = append_segment(writer, &how, i, err);
    }
    if (status == SVMS_OK) {
        status = svms_writer_close(&writer, err);
    }
    svms_writer_abort(&writer);
    return status;
}

static svms_status take_samples(svms_reader *reader, svms_error *err)
{
    recipe how = small_container();
    uint8_t expected[100];
    uint32_t counts[2] = { 0, 0 };
    svms_status status = SVMS_OK;
    while (status == SVMS_OK) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        status = svms_reader_next(reader, &sample, err);
        if (status == SVMS_OK) {
            assert_in_range(sample.track, 0, 1);
            assert_int_equal(sample.size, sample.track == 0 ? how.sample_size : 40);
            sample_bytes(&how, sample.track, counts[sample.track]++, expected, sample.size);
            assert_memory_equal(sample.data, expected, sample.size);
            assert_int_equal(sample.flags & SVMS_SAMPLE_UNATTESTED, 0);
        }
    }
    if (status == SVMS_END) {
        assert_int_equal(counts[0], how.segments * how.frames);
        assert_int_equal(counts[1], how.segments * 2);
        return SVMS_OK;
    }
    return status;
}

static svms_status read_file(scene *at, svms_error *err)
{
    svms_reader *reader = NULL;
    svms_source source = memory_source(at->file);
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_container_info info = SVMS_CONTAINER_INFO_INIT;
    options.keys = at->keys;
    options.trust = at->trust;
    options.recheck = at->range;
    svms_status status = svms_reader_open(&reader, at->fix.ctx, &source, &options, err);
    if (status == SVMS_OK) {
        status = svms_reader_get_info(reader, &info, err);
    }
    if (status == SVMS_OK) {
        status = take_samples(reader, err);
    }
    svms_reader_close(&reader);
    return status;
}

static svms_status verify_file_at(scene *at, svms_error *err)
{
    svms_report report = SVMS_REPORT_INIT;
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    svms_source source = memory_source(at->file);
    options.trust = at->trust;
    options.keys = at->keys;
    if (at->range) {
        options.from_utc_ns = T0 + SECOND;
        options.to_utc_ns = T0 + SECOND + SECOND / 2;
    }
    svms_status status = svms_verify_container(at->fix.ctx, &source, &options, &report, err);
    if (status == SVMS_OK) {
        assert_int_equal(report.verdict, SVMS_VERDICT_AUTHENTIC);
    }
    return status;
}

/* A recording that was reported as complete is, and one that failed claims nothing. */
static svms_status record_and_look(scene *at, svms_error *err)
{
    svms_report report;
    svms_status status = record(at, NULL, NULL, err);
    failing_provider_disarm();
    if (status == SVMS_OK) {
        scene now = *at;
        now.file = &at->written;
        now.keys = at->by_password;
        assert_int_equal(verify_file_at(&now, NULL), SVMS_OK);
        assert_int_equal(read_file(&now, NULL), SVMS_OK);
    } else if (at->written.size != 0) {
        svms_status found = verify_file(&at->fix, &at->written, at->fix.trust, &report);
        assert_int_equal(report.segments_failed, 0);
        assert_true(found == SVMS_E_INCOMPLETE || svms_status_class(found) == SVMS_CLASS_MALFORMED);
    }
    return status;
}

typedef struct identities {
    svms_trust *trust;
    svms_chain *chain;
    svms_private_key *signer;
    svms_private_key *own;
    svms_public_key *recipient;
    svms_keyring *ring;
} identities;

static void free_identities(identities *all)
{
    svms_keyring_free(&all->ring);
    svms_public_key_free(&all->recipient);
    svms_private_key_free(&all->own);
    svms_private_key_free(&all->signer);
    svms_chain_free(&all->chain);
    svms_trust_free(&all->trust);
}

static svms_status load_identities(scene *at, identities *out, svms_error *err)
{
    svms_ctx *ctx = at->fix.ctx;
    svms_status status = svms_trust_from_pem(&out->trust, ctx, at->ca_pem, strlen(at->ca_pem), err);
    if (status == SVMS_OK) {
        status =
            svms_chain_from_pem(&out->chain, ctx, at->recorder_pem, strlen(at->recorder_pem), err);
    }
    if (status == SVMS_OK) {
        status = svms_private_key_from_pem(&out->signer, ctx, at->recorder_key_pem,
                                           strlen(at->recorder_key_pem), err);
    }
    if (status == SVMS_OK) {
        status = svms_private_key_from_pem(&out->own, ctx, at->recipient_key_pem,
                                           strlen(at->recipient_key_pem), err);
    }
    if (status == SVMS_OK) {
        status = svms_public_key_from_pem(&out->recipient, ctx, at->recipient_pem,
                                          strlen(at->recipient_pem), err);
    }
    if (status == SVMS_OK) {
        status = svms_keyring_new(&out->ring, ctx, err);
    }
    if (status == SVMS_OK) {
        status = svms_keyring_add_key(out->ring, out->own, err);
    }
    return status;
}

/* What was loaded without complaint works: nothing keeps the mark of a failure that has passed. */
static svms_status load_and_use(scene *at, svms_error *err)
{
    identities all = { NULL, NULL, NULL, NULL, NULL, NULL };
    svms_status status = load_identities(at, &all, err);
    failing_provider_disarm();
    if (status == SVMS_OK) {
        scene now = *at;
        now.keys = all.ring;
        now.trust = all.trust;
        now.recipient = all.recipient;
        memset(&now.written, 0, sizeof(now.written));
        status = verify_file_at(&now, err);
        if (status == SVMS_OK) {
            status = read_file(&now, err);
        }
        if (status == SVMS_OK) {
            status = record(&now, all.signer, all.chain, err);
        }
        if (status == SVMS_OK) {
            now.file = &now.written;
            status = verify_file_at(&now, err);
        }
        memory_file_clear(&now.written);
    }
    free_identities(&all);
    return status;
}

static svms_status issue_certificate(scene *at, const svms_private_key *key, bool is_ca, char *pem,
                                     svms_error *err)
{
    size_t size = PEM_ROOM;
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    options.role = is_ca ? SVMS_ROLE_NONE : SVMS_ROLE_RECORDER;
    options.common_name = is_ca ? "test CA" : "test signer";
    options.not_before_utc_ns = T0 - DAY;
    options.not_after_utc_ns = T0 + 365 * DAY;
    return svms_certificate_issue(at->fix.ctx, &options, key, is_ca ? NULL : at->fix.ca,
                                  is_ca ? NULL : at->fix.ca_key, pem, &size, err);
}

static svms_status make_and_use(scene *at, svms_error *err)
{
    char pem[PEM_ROOM];
    svms_private_key *key = NULL;
    svms_chain *chain = NULL;
    svms_status status = svms_private_key_generate(&key, at->fix.ctx, err);
    if (status == SVMS_OK) {
        status = issue_certificate(at, key, false, pem, err);
    }
    failing_provider_disarm();
    assert_int_equal(ERR_peek_error(), 0);
    if (status == SVMS_OK) {
        scene now = *at;
        memset(&now.written, 0, sizeof(now.written));
        assert_int_equal(svms_chain_from_pem(&chain, at->fix.ctx, pem, strlen(pem), err), SVMS_OK);
        assert_int_equal(record(&now, key, chain, err), SVMS_OK);
        now.file = &now.written;
        status = verify_file_at(&now, err);
        memory_file_clear(&now.written);
    }
    svms_chain_free(&chain);
    svms_private_key_free(&key);
    return status;
}

typedef struct expectation {
    attempt *run;
    svms_status accepted; /* what it ends in when nothing fails */
    bool never_ok;        /* anything but success is right */
} expectation;

static bool is_right(const expectation *expected, svms_status status)
{
    if (expected->never_ok) {
        return status != SVMS_OK;
    }
    return status == expected->accepted || status == SVMS_E_CRYPTO || status == SVMS_E_NO_MEMORY;
}

/* The name of the call that failed, or NULL when the plan names one that was not made. */
static const char *run_once(scene *at, const expectation *expected, const failing_plan *plan)
{
    svms_error err = SVMS_ERROR_INIT;
    int64_t before = at->fix.live_blocks;
    failing_provider_arm(plan);
    svms_status status = expected->run(at, &err);
    failing_provider_disarm();
    const char *victim = failing_provider_victim();
    assert_int_equal(at->fix.live_blocks, before);
    assert_int_equal(ERR_peek_error(), 0);
    if (victim == NULL) {
        assert_int_equal(status, expected->accepted);
        return NULL;
    }
    if (status != SVMS_OK) {
        assert_int_equal(err.status, status);
    }
    if (!is_right(expected, status)) {
        fail_msg("call %llu, %s, fails (manner %d%s): %s, %s", (unsigned long long)plan->at, victim,
                 (int)plan->manner, plan->lasting ? ", and all after it" : "",
                 svms_status_name(status), err.message);
    }
    return victim;
}

/* Every call by itself, without and with a reason; then from some call on all of them. */
static void fail_every_call(scene *at, const expectation *expected)
{
    failing_plan silent = { 1, FAILS_SILENTLY, false };
    while (run_once(at, expected, &silent) != NULL) {
        silent.at++;
    }
    assert_true(silent.at > 10);
    for (uint64_t n = 1; n < silent.at; n++) {
        failing_plan reasoned = { n, FAILS_WITH_REASON, false };
        failing_plan negative = { n, FAILS_NEGATIVELY, false };
        const char *victim = run_once(at, expected, &reasoned);
        if (victim != NULL && strstr(victim, "_verify") != NULL) {
            (void)run_once(at, expected, &negative);
        }
    }
    for (uint64_t n = 1; n < silent.at; n += 3) {
        failing_plan lasting = { n, FAILS_SILENTLY, true };
        (void)run_once(at, expected, &lasting);
    }
}

static void look_at(scene *at, memory_file *file, const svms_keyring *keys, bool range)
{
    at->file = file;
    at->keys = keys;
    at->trust = at->fix.trust;
    at->range = range;
}

static void identities_are_read_and_made_right_or_not_at_all(void **state)
{
    scene *at = *state;
    static const expectation all[] = { { load_and_use, SVMS_OK, false },
                                       { make_and_use, SVMS_OK, false } };
    look_at(at, &at->honest, at->by_key, false);
    fail_every_call(at, &all[0]);
    look_at(at, &at->honest, NULL, false);
    fail_every_call(at, &all[1]);
}

static void a_recording_is_whole_or_says_that_it_is_not(void **state)
{
    static const expectation whole = { record_and_look, SVMS_OK, false };
    scene *at = *state;
    look_at(at, &at->honest, NULL, false);
    fail_every_call(at, &whole);
}

static void samples_are_right_or_not_handed_out(void **state)
{
    static const expectation all = { read_file, SVMS_OK, false };
    scene *at = *state;
    look_at(at, &at->honest, at->by_key, false);
    fail_every_call(at, &all);
    look_at(at, &at->honest, at->by_key, true);
    fail_every_call(at, &all);
    look_at(at, &at->honest, at->by_password, false);
    fail_every_call(at, &all);
}

static void an_honest_recording_is_not_called_false(void **state)
{
    static const expectation authentic = { verify_file_at, SVMS_OK, false };
    scene *at = *state;
    look_at(at, &at->honest, NULL, false);
    fail_every_call(at, &authentic);
    look_at(at, &at->honest, NULL, true);
    fail_every_call(at, &authentic);
    look_at(at, &at->honest, at->by_key, false);
    fail_every_call(at, &authentic);
}

static void a_changed_recording_is_never_authentic(void **state)
{
    static const expectation false_one = { verify_file_at, SVMS_E_NOT_AUTHENTIC, true };
    static const expectation unreadable = { read_file, SVMS_E_NOT_AUTHENTIC, true };
    scene *at = *state;
    layout found = lay_out_file(&at->honest);
    /* In the header; in a sample; in a signature; in the end record. */
    const size_t places[] = { found.header_size - 1, found.segments[0] + 16 + 72 + 40,
                              found.segments[2] - 1, found.end_record + 16 + 100 };
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        memory_file changed = memory_copy(&at->honest);
        changed.data[places[i]] ^= 1;
        look_at(at, &changed, NULL, false);
        fail_every_call(at, &false_one);
        look_at(at, &changed, at->by_key, false);
        if (i < 3) {
            fail_every_call(at, &unreadable);
        }
        memory_file_clear(&changed);
    }
}

static void a_stranger_is_never_trusted_and_a_wrong_password_opens_nothing(void **state)
{
    static const expectation untrusted = { verify_file_at, SVMS_E_UNTRUSTED, true };
    static const expectation locked = { read_file, SVMS_E_WRONG_KEY, true };
    scene *at = *state;
    look_at(at, &at->honest, NULL, false);
    at->trust = at->strange_trust;
    fail_every_call(at, &untrusted);
    look_at(at, &at->honest, at->by_wrong_password, false);
    fail_every_call(at, &locked);
}

static svms_private_key *generate(const scene *at)
{
    svms_private_key *key = NULL;
    assert_int_equal(svms_private_key_generate(&key, at->fix.ctx, NULL), SVMS_OK);
    return key;
}

static svms_trust *trust_in(const scene *at, const char *pem)
{
    svms_trust *trust = NULL;
    assert_int_equal(svms_trust_from_pem(&trust, at->fix.ctx, pem, strlen(pem), NULL), SVMS_OK);
    return trust;
}

static svms_chain *chain_of(const scene *at, const char *pem)
{
    svms_chain *chain = NULL;
    assert_int_equal(svms_chain_from_pem(&chain, at->fix.ctx, pem, strlen(pem), NULL), SVMS_OK);
    return chain;
}

static void put_key(const svms_private_key *key, char *pem)
{
    size_t size = PEM_ROOM;
    assert_int_equal(svms_private_key_to_pem(key, pem, &size, NULL), SVMS_OK);
}

static void make_identities(scene *at)
{
    fixture *fix = &at->fix;
    svms_private_key *stranger = generate(at);
    char pem[PEM_ROOM];
    fix->ca_key = generate(at);
    fix->recorder_key = generate(at);
    at->recipient_key = generate(at);
    assert_int_equal(issue_certificate(at, stranger, true, pem, NULL), SVMS_OK);
    at->strange_trust = trust_in(at, pem);
    svms_private_key_free(&stranger);
    assert_int_equal(issue_certificate(at, fix->ca_key, true, at->ca_pem, NULL), SVMS_OK);
    fix->ca = chain_of(at, at->ca_pem);
    fix->trust = trust_in(at, at->ca_pem);
    assert_int_equal(issue_certificate(at, fix->recorder_key, false, at->recorder_pem, NULL),
                     SVMS_OK);
    fix->recorder = chain_of(at, at->recorder_pem);
    put_key(fix->recorder_key, at->recorder_key_pem);
    assert_int_equal(issue_certificate(at, at->recipient_key, false, at->recipient_pem, NULL),
                     SVMS_OK);
    put_key(at->recipient_key, at->recipient_key_pem);
    assert_int_equal(svms_public_key_from_pem(&at->recipient, fix->ctx, at->recipient_pem,
                                              strlen(at->recipient_pem), NULL),
                     SVMS_OK);
    at->by_password = password_ring(fix, PASSWORD);
    at->by_wrong_password = password_ring(fix, "Pass word");
    assert_int_equal(svms_keyring_new(&at->by_key, fix->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_keyring_add_key(at->by_key, at->recipient_key, NULL), SVMS_OK);
}

static int set_up(void **state)
{
    scene *at = calloc(1, sizeof(*at));
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    assert_non_null(at);
    at->fix.now = T0;
    options.user = &at->fix;
    options.allocate = count_allocate;
    options.release = count_release;
    options.utc_now = staged_now;
    options.ossl_context = failing_provider_load();
    assert_non_null(options.ossl_context);
    assert_int_equal(svms_ctx_new(&at->fix.ctx, &options, NULL), SVMS_OK);
    make_identities(at);
    assert_int_equal(ERR_peek_error(), 0);
    assert_int_equal(record(at, NULL, NULL, NULL), SVMS_OK);
    at->honest = memory_copy(&at->written);
    *state = at;
    return 0;
}

static int tear_down(void **state)
{
    scene *at = *state;
    svms_keyring_free(&at->by_key);
    svms_keyring_free(&at->by_password);
    svms_keyring_free(&at->by_wrong_password);
    svms_public_key_free(&at->recipient);
    svms_private_key_free(&at->recipient_key);
    svms_trust_free(&at->strange_trust);
    svms_chain_free(&at->fix.recorder);
    svms_private_key_free(&at->fix.recorder_key);
    svms_trust_free(&at->fix.trust);
    svms_chain_free(&at->fix.ca);
    svms_private_key_free(&at->fix.ca_key);
    svms_ctx_free(&at->fix.ctx);
    failing_provider_unload();
    assert_int_equal(at->fix.live_blocks, 0);
    memory_file_clear(&at->honest);
    memory_file_clear(&at->written);
    free(at);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identities_are_read_and_made_right_or_not_at_all),
        cmocka_unit_test(a_recording_is_whole_or_says_that_it_is_not),
        cmocka_unit_test(samples_are_right_or_not_handed_out),
        cmocka_unit_test(an_honest_recording_is_not_called_false),
        cmocka_unit_test(a_changed_recording_is_never_authentic),
        cmocka_unit_test(a_stranger_is_never_trusted_and_a_wrong_password_opens_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
