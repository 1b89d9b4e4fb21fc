/* SPDX-License-Identifier: Apache-2.0 */
/* Recording for every kind of recipient, with late, sparse and shared signatures, opening, changing
 * recipients, disclosing and recovering, while the n-th allocation, read, write or call into the
 * provider fails, for every n: a clean error or the right result, and nothing leaks. */
#include <openssl/err.h>

#include "crowd.h"
#include "failing_provider.h"

typedef struct stage {
    fixture *fix; /* its context uses the failing provider */
    crowd all;
    svms_chain *officer;
    svms_keyring *by_everybody;
    svms_keyring *by_password;
    memory_file for_everybody; /* what is opened, changed, disclosed */
    memory_file torn;          /* without its end, to be recovered */
    memory_file given;         /* a copy of one of those, or empty: what a chore reads or changes */
    memory_file made;          /* what a chore writes */
    uint32_t member;
} stage;

/* What a user does. SVMS_OK means that the result was looked at and is right. */
typedef svms_status chore(stage *at, svms_error *err);

static recipe small_container(void)
{
    recipe how = RECIPE_INIT;
    how.segments = 3;
    how.frames = 1;
    how.sample_size = 40;
    how.password = NULL;
    return how;
}

/* Records with what the options say, and reads it back with nothing failing. */
static svms_status record_and_read(stage *at, svms_writer_options *options, const recipe *how,
                                   svms_error *err)
{
    svms_writer *writer = NULL;
    svms_sink sink = memory_sink(&at->made);
    uint64_t count = 0;
    svms_status status = svms_writer_open(&writer, at->fix->ctx, &sink, options, err);
    for (uint32_t i = 0; i < how->segments && status == SVMS_OK; i++) {
        status = append_segment(writer, how, i, err);
        if (status == SVMS_OK && options->batch != NULL) {
            status = svms_batch_sign(options->batch, &count, err);
        }
    }
    if (status == SVMS_OK) {
        status = svms_writer_close(&writer, err);
    }
    svms_writer_abort(&writer);
    failing_provider_disarm();
    at->fix->allocation_fails_at = 0;
    at->made.write_fails_at = 0;
    if (status == SVMS_OK) {
        svms_report report;
        assert_int_equal(verify_file(at->fix, &at->made, at->fix->trust, &report), SVMS_OK);
        assert_int_equal(report.verdict, SVMS_VERDICT_AUTHENTIC);
        assert_int_equal(report.segments_verified, how->segments);
        assert_int_equal(open_with_ring(at->fix, at->by_everybody, &at->made, NULL), SVMS_OK);
    }
    return status;
}

static svms_status record_for_keys(stage *at, svms_error *err)
{
    recipe how = small_container();
    svms_track tracks[2];
    const svms_kek *keks[] = { at->all.kek };
    svms_writer_options options = writer_options(at->fix, &how, tracks);
    options.recipients = (const svms_public_key *const *)&at->all.public_keys[X25519];
    options.recipient_count = 3;
    options.keks = keks;
    options.kek_count = 1;
    return record_and_read(at, &options, &how, err);
}

static svms_status record_with_sparse_late_signatures(stage *at, svms_error *err)
{
    recipe how = small_container();
    svms_track tracks[2];
    how.recipient = at->all.public_keys[P256];
    svms_writer_options options = writer_options(at->fix, &how, tracks);
    options.signature_interval = 2;
    options.late_signatures = 1;
    return record_and_read(at, &options, &how, err);
}

static svms_status record_with_a_batch(stage *at, svms_error *err)
{
    recipe how = small_container();
    svms_track tracks[2];
    svms_batch *batch = NULL;
    how.recipient = at->all.public_keys[P256];
    svms_writer_options options = writer_options(at->fix, &how, tracks);
    svms_status status = svms_batch_new(&batch, at->fix->ctx, at->fix->recorder_key,
                                        at->fix->recorder, SVMS_ROLE_RECORDER, err);
    if (status == SVMS_OK) {
        options.batch = batch;
        status = record_and_read(at, &options, &how, err);
    }
    svms_batch_free(&batch);
    return status;
}

static svms_status take_ring(svms_keyring **out, stage *at, svms_error *err)
{
    svms_status status = svms_keyring_new(out, at->fix->ctx, err);
    if (status != SVMS_OK) {
        return status;
    }
    switch (at->member) {
    case PASSWORD:
        return svms_keyring_add_password(*out, CROWD_PASSWORD, strlen(CROWD_PASSWORD), err);
    case KEK:
        return svms_keyring_add_kek(*out, at->all.kek, err);
    default:
        return svms_keyring_add_key(*out, at->all.keys[at->member], err);
    }
}

static svms_status open_it(stage *at, svms_error *err)
{
    svms_keyring *ring = NULL;
    svms_status status = take_ring(&ring, at, err);
    if (status == SVMS_OK) {
        status = open_with_ring(at->fix, ring, &at->given, err);
    }
    svms_keyring_free(&ring);
    return status;
}

static svms_status change_recipients(stage *at, svms_error *err)
{
    svms_recipients_change change = SVMS_RECIPIENTS_CHANGE_INIT;
    memory_store_state state = MEMORY_STORE_INIT(&at->given);
    svms_store store = memory_store(&state);
    change.keys = at->by_everybody;
    change.remove_password = 1;
    change.officer_key = at->fix->recorder_key;
    change.officer_chain = at->officer;
    svms_status status = svms_recipients_change_list(at->fix->ctx, &store, &change, err);
    failing_provider_disarm();
    at->fix->allocation_fails_at = 0;
    at->given.read_fails_at = 0;
    /* Whatever happened, the keys that stay open it. */
    at->member = KEK;
    assert_int_equal(open_it(at, NULL), SVMS_OK);
    if (status == SVMS_OK) {
        assert_int_equal(open_with_ring(at->fix, at->by_password, &at->given, NULL),
                         SVMS_E_WRONG_KEY);
    }
    return status;
}

static svms_status disclose(stage *at, svms_error *err)
{
    svms_disclosure *made = NULL;
    svms_disclosure *read = NULL;
    svms_keyring *ring = NULL;
    size_t size = 0;
    svms_source source = memory_source(&at->given);
    svms_disclosure_options options = SVMS_DISCLOSURE_OPTIONS_INIT;
    options.keys = at->by_everybody;
    options.trust = at->fix->trust;
    svms_status status = svms_disclosure_make(&made, at->fix->ctx, &source, &options, err);
    if (status == SVMS_OK) {
        const uint8_t *bytes = svms_disclosure_data(made, &size);
        status = svms_disclosure_parse(&read, at->fix->ctx, bytes, size, err);
    }
    if (status == SVMS_OK) {
        status = svms_keyring_new(&ring, at->fix->ctx, err);
    }
    if (status == SVMS_OK) {
        status = svms_keyring_add_disclosure(ring, read, err);
    }
    if (status == SVMS_OK) {
        status = open_with_ring(at->fix, ring, &at->given, err);
    }
    svms_keyring_free(&ring);
    svms_disclosure_free(&read);
    svms_disclosure_free(&made);
    return status;
}

static svms_status recover(stage *at, svms_error *err)
{
    svms_recovery_options options = SVMS_RECOVERY_OPTIONS_INIT;
    svms_recovery_report report = SVMS_RECOVERY_REPORT_INIT;
    svms_source source = memory_source(&at->given);
    svms_sink sink = memory_sink(&at->made);
    options.sink = &sink;
    svms_status status = svms_recover(at->fix->ctx, &source, &options, &report, err);
    if (status == SVMS_E_INCOMPLETE) {
        assert_int_equal(report.segments_attested, 1);
        assert_int_equal(report.segments_failed, 0);
        assert_true(report.bytes_torn != 0);
        status = SVMS_OK;
    }
    return status;
}

typedef enum input { NOTHING, WHOLE, TORN } input;

typedef struct chore_case {
    const char *name;
    chore *run;
    input input;
    uint32_t member;
    bool writes;
} chore_case;

static const chore_case cases[] = {
    { "record for keys", record_for_keys, NOTHING, 0, true },
    { "record with sparse late signatures", record_with_sparse_late_signatures, NOTHING, 0, true },
    { "record with a batch", record_with_a_batch, NOTHING, 0, true },
    { "open with a password", open_it, WHOLE, PASSWORD, false },
    { "open with X25519", open_it, WHOLE, X25519, false },
    { "open with P-256", open_it, WHOLE, P256, false },
    { "open with RSA", open_it, WHOLE, RSA, false },
    { "open with a KEK", open_it, WHOLE, KEK, false },
    { "change recipients", change_recipients, WHOLE, 0, false },
    { "disclose", disclose, WHOLE, 0, false },
    { "recover", recover, TORN, 0, true },
};
#define CASE_COUNT (sizeof(cases) / sizeof(cases[0]))

static void prepare(stage *at, const chore_case *what)
{
    at->member = what->member;
    at->fix->now = T0;
    if (what->input != NOTHING) {
        at->given = memory_copy(what->input == TORN ? &at->torn : &at->for_everybody);
    }
}

static void clean_up(stage *at)
{
    memory_file_clear(&at->given);
    memory_file_clear(&at->made);
}

static void complain(const chore_case *what, uint64_t n, const char *failure, const svms_error *err)
{
    fail_msg("%s, %s %llu fails: %s, %s", what->name, failure, (unsigned long long)n,
             svms_status_name(err->status), err->message);
}

/* False when there is no n-th allocation. */
static bool fail_allocation(stage *at, const chore_case *what, uint64_t n)
{
    svms_error err = SVMS_ERROR_INIT;
    fixture *fix = at->fix;
    prepare(at, what);
    int64_t before = fix->live_blocks;
    fix->allocations = 0;
    fix->allocation_fails_at = n;
    svms_status status = what->run(at, &err);
    fix->allocation_fails_at = 0;
    bool reached = fix->allocations >= n;
    assert_int_equal(fix->live_blocks, before);
    assert_int_equal(ERR_peek_error(), 0);
    if (status != SVMS_OK && (status != SVMS_E_NO_MEMORY || err.status != status)) {
        complain(what, n, "allocation", &err);
    }
    clean_up(at);
    return reached || status != SVMS_OK;
}

/* False when there is no n-th read or write. */
static bool fail_transfer(stage *at, const chore_case *what, uint64_t n, bool write)
{
    svms_error err = SVMS_ERROR_INIT;
    prepare(at, what);
    int64_t before = at->fix->live_blocks;
    at->given.reads = 0;
    at->given.read_fails_at = write ? 0 : n;
    at->made.write_fails_at = write ? n : 0;
    svms_status status = what->run(at, &err);
    bool reached = write ? at->made.writes >= n : at->given.reads >= n;
    assert_int_equal(at->fix->live_blocks, before);
    assert_int_equal(ERR_peek_error(), 0);
    if (status != SVMS_OK && (status != SVMS_E_IO || err.status != status || err.os_error == 0)) {
        complain(what, n, write ? "write" : "read", &err);
    }
    clean_up(at);
    return reached || status != SVMS_OK;
}

/* False when there is no n-th call. */
static bool fail_call(stage *at, const chore_case *what, const failing_plan *plan)
{
    svms_error err = SVMS_ERROR_INIT;
    prepare(at, what);
    int64_t before = at->fix->live_blocks;
    failing_provider_arm(plan);
    svms_status status = what->run(at, &err);
    failing_provider_disarm();
    const char *victim = failing_provider_victim();
    assert_int_equal(at->fix->live_blocks, before);
    assert_int_equal(ERR_peek_error(), 0);
    if (status != SVMS_OK && status != SVMS_E_CRYPTO && status != SVMS_E_NO_MEMORY) {
        err.status = status;
        complain(what, plan->at, victim != NULL ? victim : "no call", &err);
    }
    clean_up(at);
    return victim != NULL;
}

static void every_failing_allocation_is_clean(void **state)
{
    for (size_t i = 0; i < CASE_COUNT; i++) {
        uint64_t n = 1;
        while (fail_allocation(*state, &cases[i], n)) {
            n++;
        }
        assert_true(n > 5);
    }
}

static void every_failing_read_and_write_is_clean(void **state)
{
    for (size_t i = 0; i < CASE_COUNT; i++) {
        uint64_t n = 1;
        while (cases[i].writes && fail_transfer(*state, &cases[i], n, true)) {
            n++;
        }
        assert_true(!cases[i].writes || n > 1);
        n = 1;
        while (cases[i].input != NOTHING && fail_transfer(*state, &cases[i], n, false)) {
            n++;
        }
        assert_true(cases[i].input == NOTHING || n > 2);
    }
}

static void every_failing_call_to_the_provider_is_clean(void **state)
{
    for (size_t i = 0; i < CASE_COUNT; i++) {
        failing_plan silent = { 1, FAILS_SILENTLY, false };
        while (fail_call(*state, &cases[i], &silent)) {
            failing_plan reasoned = { silent.at, FAILS_NEGATIVELY, false };
            failing_plan lasting = { silent.at, FAILS_WITH_REASON, true };
            (void)fail_call(*state, &cases[i], &reasoned);
            if (silent.at % 3 == 0) {
                (void)fail_call(*state, &cases[i], &lasting);
            }
            silent.at++;
        }
        assert_true(silent.at > 10);
    }
}

static int set_up(void **state)
{
    stage *at = calloc(1, sizeof(*at));
    void *fix = NULL;
    OSSL_LIB_CTX *library = failing_provider_load();
    assert_non_null(at);
    assert_non_null(library);
    assert_int_equal(fixture_setup_in(&fix, library, NULL), 0);
    at->fix = fix;
    at->all = crowd_new(at->fix);
    at->officer =
        issue_chain(at->fix, at->fix->recorder_key, SVMS_ROLE_KEY_OFFICER, T0 - DAY, T0 + DAY);
    at->by_everybody = crowd_ring(&at->all, EVERYBODY);
    at->by_password = crowd_ring(&at->all, ONLY(PASSWORD));
    crowd_recipe how = { EVERYBODY, 0, false, NULL };
    crowd_record(&at->all, &how, &at->for_everybody);
    at->torn = memory_copy(&at->for_everybody);
    at->torn.size = lay_out_file(&at->torn).end_record + 20;
    assert_int_equal(ERR_peek_error(), 0);
    *state = at;
    return 0;
}

static int tear_down(void **state)
{
    stage *at = *state;
    void *fix = at->fix;
    memory_file_clear(&at->for_everybody);
    memory_file_clear(&at->torn);
    svms_keyring_free(&at->by_password);
    svms_keyring_free(&at->by_everybody);
    svms_chain_free(&at->officer);
    crowd_clear(&at->all);
    fixture_teardown(&fix);
    failing_provider_unload();
    free(at);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_failing_allocation_is_clean),
        cmocka_unit_test(every_failing_read_and_write_is_clean),
        cmocka_unit_test(every_failing_call_to_the_provider_is_clean),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
