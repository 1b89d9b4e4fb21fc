/* SPDX-License-Identifier: Apache-2.0 */
/* The gate of a server: who is let in, what he may, and that files which change are in force
 * without a restart, while files that are wrong change nothing. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <gate.h>

#define ISSUER "https://id.example"
#define AUDIENCE "recorder-1"
#define TEXT_SIZE 16384

static const char policy_text[] = "{\"format\": \"svms-policy\", \"version\": 1, \"revision\": %d,"
                                  " \"roles\": {\"guard\": {\"subjects\": [\"anna\"]}},"
                                  " \"rules\": [{\"id\": \"guards\", \"roles\": [\"guard\"],"
                                  " \"actions\": [\"%s\"], \"devices\": [\"door\"]%s}]}";

typedef struct fixture {
    svms_ctx *ctx;
    service *service;
    svms_private_key *key;
    char folder[48];
    char policy[80];
    char keys[80];
    char revocations[80];
    gate_issuer issuer;
    gate_options options;
    gate *gate;
} fixture;

static void write_text(const char *path, const char *text)
{
    char fresh[128];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    FILE *out = fopen(fresh, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(fresh, 0600), 0);
    assert_int_equal(rename(fresh, path), 0);
}

static void write_policy(const fixture *f, int revision, const char *action, const char *more)
{
    char text[1024];
    snprintf(text, sizeof text, policy_text, revision, action, more);
    write_text(f->policy, text);
}

static svms_private_key *new_key(svms_ctx *ctx)
{
    svms_private_key *key = NULL;
    assert_int_equal(svms_private_key_generate(&key, ctx, NULL), SVMS_OK);
    return key;
}

static void write_keys(const fixture *f)
{
    char jwk[4096];
    char text[4200];
    size_t size = sizeof jwk;
    svms_public_key *half = NULL;
    assert_int_equal(svms_private_key_public(&half, f->ctx, f->key, NULL), SVMS_OK);
    assert_int_equal(svms_public_key_to_jwk(f->ctx, half, SVMS_TOKEN_ES256, "k1", jwk, &size, NULL),
                     SVMS_OK);
    svms_public_key_free(&half);
    snprintf(text, sizeof text, "{\"keys\": [%s]}", jwk);
    write_text(f->keys, text);
}

static int set_up(void **state)
{
    const service_options options = { "test", false };
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->folder, sizeof f->folder, "/tmp/svms-test-gate-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->policy, sizeof f->policy, "%s/policy", f->folder);
    snprintf(f->keys, sizeof f->keys, "%s/keys", f->folder);
    snprintf(f->revocations, sizeof f->revocations, "%s/revoked", f->folder);
    assert_int_equal(svms_ctx_new(&f->ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(service_begin(&f->service, &options, NULL), SVMS_OK);
    f->key = new_key(f->ctx);
    write_keys(f);
    write_policy(f, 1, "live.view", "");
    f->issuer = (gate_issuer){ ISSUER, f->keys, false };
    f->options = (gate_options){ .ctx = f->ctx,
                                 .service = f->service,
                                 .audience = AUDIENCE,
                                 .issuers = &f->issuer,
                                 .issuer_count = 1,
                                 .policy = f->policy,
                                 .revocations = f->revocations };
    svms_error err = SVMS_ERROR_INIT;
    if (gate_open(&f->gate, &f->options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    gate_close(&f->gate);
    svms_private_key_free(&f->key);
    service_end(&f->service);
    /* Or leaks could not be looked for by whoever is not root. */
    assert_int_equal(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
    svms_ctx_free(&f->ctx);
    unlink(f->policy);
    unlink(f->keys);
    unlink(f->revocations);
    assert_int_equal(rmdir(f->folder), 0);
    free(f);
    return 0;
}

static size_t issue(const fixture *f, char text[TEXT_SIZE], const char *subject,
                    const char *audience)
{
    static const char rights[] =
        "[{\"type\": \"svms\", \"actions\": [\"*\"], \"devices\": [\"*\"]}]";
    svms_token_claims claims = SVMS_TOKEN_CLAIMS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    size_t size = TEXT_SIZE;
    claims.issuer = ISSUER;
    claims.audience = audience;
    claims.subject = subject;
    claims.client = "web";
    claims.rights = rights;
    claims.rights_size = sizeof rights - 1;
    if (svms_token_issue(f->ctx, &claims, f->key, SVMS_TOKEN_ES256, "k1", text, &size, &err) !=
        SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return strlen(text);
}

static gate_pass *admit(const fixture *f, const char *text, size_t size,
                        svms_token_verdict *verdict)
{
    gate_pass *pass = NULL;
    svms_error err = SVMS_ERROR_INIT;
    const gate_asker asker = { .token = text,
                               .token_size = size,
                               .address = "192.0.2.7",
                               .client = "browser",
                               .kind = SVMS_CLIENT_BROWSER };
    svms_status status = gate_admit(&pass, f->gate, &asker, verdict, &err);
    assert_int_equal(status == SVMS_OK, pass != NULL);
    return pass;
}

static gate_pass *admit_anna(const fixture *f)
{
    char text[TEXT_SIZE];
    svms_token_verdict verdict = SVMS_TOKEN_FORM;
    gate_pass *pass = admit(f, text, issue(f, text, "anna", AUDIENCE), &verdict);
    assert_non_null(pass);
    assert_int_equal(verdict, SVMS_TOKEN_GOOD);
    return pass;
}

static gate_answer ask(const fixture *f, gate_pass *pass, const char *action, const char *device)
{
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    svms_error err = SVMS_ERROR_INIT;
    gate_answer answer;
    question.action = action;
    question.device = device;
    if (gate_ask(f->gate, pass, &question, &answer, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return answer;
}

static void whoever_may_is_let_through(void **state)
{
    fixture *f = *state;
    gate_pass *pass = admit_anna(f);
    assert_string_equal(gate_pass_subject(pass), "anna");
    gate_answer answer = ask(f, pass, "live.view", "door");
    assert_true(answer.is_allowed);
    assert_string_equal(answer.rule, "guards");
    assert_true(answer.valid_until_utc_ns <= gate_pass_expires(pass));
    answer = ask(f, pass, "live.view", "yard");
    assert_false(answer.is_allowed);
    assert_int_equal(answer.reason, SVMS_ACCESS_NO_RULE);
    answer = ask(f, pass, "ptz.move", "door");
    assert_false(answer.is_allowed);
    svms_audit_event event = SVMS_AUDIT_EVENT_INIT;
    gate_pass_name(pass, &event);
    assert_string_equal(event.actor_id, "anna");
    assert_string_equal(event.address, "192.0.2.7");
    assert_string_equal(event.client, "browser");
    assert_non_null(event.token);
    gate_pass_free(&pass);
    assert_null(pass);
}

static void whoever_shows_no_good_token_stays_outside(void **state)
{
    fixture *f = *state;
    char text[TEXT_SIZE];
    svms_token_verdict verdict = SVMS_TOKEN_GOOD;
    assert_null(admit(f, NULL, 0, &verdict));
    assert_int_equal(verdict, SVMS_TOKEN_FORM);
    size_t size = issue(f, text, "anna", "recorder-2");
    assert_null(admit(f, text, size, &verdict));
    assert_int_equal(verdict, SVMS_TOKEN_AUDIENCE);
    size = issue(f, text, "anna", AUDIENCE);
    text[size - 10] = text[size - 10] == 'A' ? 'B' : 'A';
    assert_null(admit(f, text, size, &verdict));
    assert_int_equal(verdict, SVMS_TOKEN_BAD_SIGNATURE);
}

static void a_policy_that_changes_is_in_force(void **state)
{
    fixture *f = *state;
    gate_pass *pass = admit_anna(f);
    write_policy(f, 2, "ptz.move", "");
    assert_true(ask(f, pass, "live.view", "door").is_allowed);
    gate_tend(f->gate);
    assert_false(ask(f, pass, "live.view", "door").is_allowed);
    assert_true(ask(f, pass, "ptz.move", "door").is_allowed);
    gate_pass_free(&pass);
}

static void a_policy_that_is_wrong_or_older_changes_nothing(void **state)
{
    fixture *f = *state;
    gate_pass *pass = admit_anna(f);
    write_text(f->policy, "{");
    gate_tend(f->gate);
    assert_true(ask(f, pass, "live.view", "door").is_allowed);
    write_policy(f, 0, "ptz.move", "");
    gate_tend(f->gate);
    assert_true(ask(f, pass, "live.view", "door").is_allowed);
    assert_int_equal(unlink(f->policy), 0);
    gate_tend(f->gate);
    assert_true(ask(f, pass, "live.view", "door").is_allowed);
    write_policy(f, 3, "ptz.move", "");
    gate_tend(f->gate);
    assert_true(ask(f, pass, "ptz.move", "door").is_allowed);
    gate_pass_free(&pass);
}

static void write_revocation(const fixture *f, const char *subject)
{
    svms_revocations *list = NULL;
    svms_revocation_entry entry = SVMS_REVOCATION_ENTRY_INIT;
    char text[4096];
    size_t size = sizeof text;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_revocations_new(&list, f->ctx, NULL), SVMS_OK);
    entry.kind = SVMS_REVOKE_SUBJECT;
    entry.issuer = ISSUER;
    entry.value = subject;
    entry.before_utc_ns = ((int64_t)time(NULL) + 3600) * INT64_C(1000000000);
    entry.until_utc_ns = entry.before_utc_ns + INT64_C(3600000000000);
    assert_int_equal(svms_revocations_add(list, &entry, NULL), SVMS_OK);
    if (svms_revocations_write(list, text, &size, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    write_text(f->revocations, text);
    svms_revocations_free(&list);
}

static void whoever_is_revoked_is_out_and_stays_so(void **state)
{
    fixture *f = *state;
    gate_pass *pass = admit_anna(f);
    write_revocation(f, "berta");
    gate_tend(f->gate);
    assert_true(ask(f, pass, "live.view", "door").is_allowed);
    write_revocation(f, "anna");
    gate_tend(f->gate);
    gate_answer answer = ask(f, pass, "live.view", "door");
    assert_false(answer.is_allowed);
    assert_int_equal(answer.reason, SVMS_ACCESS_NO_TOKEN);
    /* The file is gone: what was revoked is not. */
    assert_int_equal(unlink(f->revocations), 0);
    gate_tend(f->gate);
    assert_false(ask(f, pass, "live.view", "door").is_allowed);
    gate_pass_free(&pass);
}

static void keys_that_are_gone_open_nothing(void **state)
{
    fixture *f = *state;
    gate_pass *pass = admit_anna(f);
    svms_private_key_free(&f->key);
    f->key = new_key(f->ctx);
    write_keys(f);
    gate_tend(f->gate);
    assert_false(ask(f, pass, "live.view", "door").is_allowed);
    gate_pass_free(&pass);
    pass = admit_anna(f);
    assert_true(ask(f, pass, "live.view", "door").is_allowed);
    gate_pass_free(&pass);
}

static void what_cannot_be_kept_is_a_no(void **state)
{
    fixture *f = *state;
    gate_pass *pass = admit_anna(f);
    write_policy(f, 2, "live.view", ", \"obligations\": [\"watermark\"]");
    gate_tend(f->gate);
    gate_answer answer = ask(f, pass, "live.view", "door");
    assert_false(answer.is_allowed);
    gate_pass_free(&pass);
    gate_close(&f->gate);
    f->options.obligations = SVMS_OBLIGED_WATERMARK;
    assert_int_equal(gate_open(&f->gate, &f->options, NULL), SVMS_OK);
    pass = admit_anna(f);
    answer = ask(f, pass, "live.view", "door");
    assert_true(answer.is_allowed);
    assert_int_equal(answer.obligations, SVMS_OBLIGED_WATERMARK);
    gate_pass_free(&pass);
}

static void files_must_be_good_at_first(void **state)
{
    fixture *f = *state;
    gate *none = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(chmod(f->keys, 0666), 0);
    assert_int_equal(gate_open(&none, &f->options, &err), SVMS_E_POLICY);
    assert_non_null(strstr(err.message, f->keys));
    write_text(f->keys, "{}");
    assert_int_not_equal(gate_open(&none, &f->options, &err), SVMS_OK);
    assert_non_null(strstr(err.message, f->keys));
    assert_int_equal(unlink(f->policy), 0);
    assert_int_equal(gate_open(&none, &f->options, &err), SVMS_E_IO);
    assert_non_null(strstr(err.message, f->policy));
    assert_null(none);
}

static void *keep_asking(void *user)
{
    fixture *f = user;
    gate_pass *pass = admit_anna(f);
    for (int i = 0; i < 300; i++) {
        gate_answer answer = ask(f, pass, "live.view", "door");
        assert_true(answer.is_allowed);
    }
    gate_pass_free(&pass);
    return NULL;
}

static void threads_ask_while_files_change(void **state)
{
    fixture *f = *state;
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, keep_asking, f), 0);
    }
    for (int revision = 2; revision < 20; revision++) {
        write_policy(f, revision, "live.view", "");
        gate_tend(f->gate);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(whoever_may_is_let_through),
        CASE(whoever_shows_no_good_token_stays_outside),
        CASE(a_policy_that_changes_is_in_force),
        CASE(a_policy_that_is_wrong_or_older_changes_nothing),
        CASE(whoever_is_revoked_is_out_and_stays_so),
        CASE(keys_that_are_gone_open_nothing),
        CASE(what_cannot_be_kept_is_a_no),
        CASE(files_must_be_good_at_first),
        CASE(threads_ask_while_files_change),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
