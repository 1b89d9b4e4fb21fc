/* SPDX-License-Identifier: Apache-2.0 */
/* The n-th call into the cryptographic provider fails, or the n-th allocation, for every n: what is
 * right is never called wrong, what is wrong is never accepted, and nothing half is handed out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "../container/failing_provider.h"
#include "ca_workshop.h"
#include "fixture.h"

#define ATTEMPTS_MAX 200000
#define DAY INT64_C(86400000000000)
#define UNTOUCHED "untouched"

static fixture_allocator allocator;
static svms_ctx *ctx;
static workshop_ca root;
static svms_private_key *key;
static svms_request *request;
static svms_chain *leaf;
static workshop_text good_request;
static workshop_text forged_request;
static workshop_text message;
static int64_t now;

/* Whatever is made is whole or not there. */
static svms_status check_out(svms_status status, const workshop_text *out)
{
    assert_int_equal(status == SVMS_OK, strcmp(out->data, UNTOUCHED) != 0);
    return status;
}

static svms_status ask(void)
{
    svms_request_options options = SVMS_REQUEST_OPTIONS_INIT;
    workshop_text out = { UNTOUCHED, sizeof out.data };
    options.common_name = "x";
    options.role = SVMS_ROLE_CAMERA;
    svms_status status = svms_request_create(ctx, &options, key, out.data, &out.size, NULL);
    return check_out(status, &out);
}

static svms_status parse(const workshop_text *text)
{
    svms_request *read = NULL;
    svms_status status = svms_request_parse(&read, ctx, text->data, text->size, NULL);
    assert_int_equal(status == SVMS_OK, read != NULL);
    svms_request_free(&read);
    return status;
}

static svms_status parse_good(void)
{
    return parse(&good_request);
}

static svms_status parse_forged(void)
{
    return parse(&forged_request);
}

static svms_status create(void)
{
    static const char *const permitted[] = { "site.example", "10.0.0.0/8" };
    svms_ca_options options = workshop_ca_options("Below", 0);
    workshop_text out = { UNTOUCHED, sizeof out.data };
    options.permitted = permitted;
    options.permitted_count = 2;
    svms_status status = svms_ca_create(ctx, &options, key, root.ca, out.data, &out.size, NULL);
    return check_out(status, &out);
}

static svms_status open_right(void)
{
    svms_ca *ca = NULL;
    svms_status status = svms_ca_open(&ca, ctx, root.chain, root.key, NULL);
    svms_ca_free(&ca);
    return status;
}

static svms_status open_wrong(void)
{
    svms_ca *ca = NULL;
    svms_status status = svms_ca_open(&ca, ctx, root.chain, key, NULL);
    assert_null(ca);
    return status;
}

static svms_status issue_as(svms_role role, const char *name)
{
    svms_issue_options options = workshop_issue_options(role);
    workshop_text out = { UNTOUCHED, sizeof out.data };
    options.names = &name;
    options.name_count = 1;
    svms_status status = svms_ca_issue(root.ca, &options, request, out.data, &out.size, NULL);
    return check_out(status, &out);
}

static svms_status issue_permitted(void)
{
    return issue_as(SVMS_ROLE_SERVER, "a.site.example");
}

static svms_status issue_excluded(void)
{
    return issue_as(SVMS_ROLE_SERVER, "a.evil.example");
}

static svms_status list(void)
{
    svms_revoked revoked = SVMS_REVOKED_INIT;
    workshop_text out = { UNTOUCHED, sizeof out.data };
    revoked.serial[0] = 7;
    revoked.serial_size = 1;
    revoked.revoked_utc_ns = now;
    svms_status status =
        svms_ca_list(root.ca, 1, now, now + DAY, &revoked, 1, out.data, &out.size, NULL);
    return check_out(status, &out);
}

static svms_status respond(void)
{
    workshop_text out = { UNTOUCHED, sizeof out.data };
    svms_status status =
        svms_ca_ocsp(root.ca, leaf, NULL, now, now + DAY, out.data, &out.size, NULL);
    return check_out(status, &out);
}

static svms_status unpack(void)
{
    svms_chain *read = NULL;
    svms_status status = svms_chain_from_pkcs7(&read, ctx, key, message.data, message.size, NULL);
    assert_int_equal(status == SVMS_OK, read != NULL);
    svms_chain_free(&read);
    return status;
}

static svms_status pack(void)
{
    workshop_text out = { UNTOUCHED, sizeof out.data };
    return check_out(svms_chain_to_pkcs7(leaf, out.data, &out.size, NULL), &out);
}

static svms_status lock(void)
{
    workshop_text out = { UNTOUCHED, sizeof out.data };
    svms_status status = svms_private_key_to_encrypted_pem(key, "x", 1, out.data, &out.size, NULL);
    return check_out(status, &out);
}

static const struct {
    const char *name;
    svms_status (*attempt)(void);
    svms_status right;
    bool is_slow;
} attempts[] = {
    { "ask", ask, SVMS_OK, false },
    { "parse a good one", parse_good, SVMS_OK, false },
    { "parse a forged one", parse_forged, SVMS_E_NOT_AUTHENTIC, false },
    { "create", create, SVMS_OK, false },
    { "open", open_right, SVMS_OK, false },
    { "open with another key", open_wrong, SVMS_E_WRONG_KEY, false },
    { "issue", issue_permitted, SVMS_OK, false },
    { "issue what is excluded", issue_excluded, SVMS_E_USAGE, false },
    { "list", list, SVMS_OK, false },
    { "respond", respond, SVMS_OK, false },
    { "unpack", unpack, SVMS_OK, false },
    { "pack", pack, SVMS_OK, false },
    { "encrypt a key", lock, SVMS_OK, true },
};

static bool is_honest(svms_status status, svms_status right)
{
    return status == right || status == SVMS_E_CRYPTO || status == SVMS_E_NO_MEMORY;
}

static void a_failing_provider_is_called_that(void **state)
{
    (void)state;
    static const failing_manner manners[] = { FAILS_SILENTLY, FAILS_WITH_REASON, FAILS_NEGATIVELY };
    uint64_t failures = 0;
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        for (size_t k = 0; k < (attempts[i].is_slow ? 1 : 6); k++) {
            failing_plan plan = { 1, manners[k % 3], k >= 3 };
            const char *victim = "";
            for (; victim; plan.at++) {
                failing_provider_arm(&plan);
                svms_status status = attempts[i].attempt();
                victim = failing_provider_victim();
                failing_provider_disarm();
                ERR_clear_error();
                failures += victim != NULL;
                if (!is_honest(status, attempts[i].right)) {
                    fail_msg("%s: call %llu, %s, fails (manner %zu): %s", attempts[i].name,
                             (unsigned long long)plan.at, victim ? victim : "none", k,
                             svms_status_name(status));
                }
            }
        }
    }
    assert_true(failures > 1000);
}

static void a_failing_allocation_is_called_that(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        size_t live = allocator.live;
        bool ended = false;
        if (attempts[i].is_slow) {
            continue;
        }
        for (size_t failing = 1; !ended && failing < ATTEMPTS_MAX; failing++) {
            allocator.count = 0;
            allocator.failing = failing;
            svms_status status = attempts[i].attempt();
            ended = allocator.count < failing;
            allocator.failing = 0;
            if (status != (ended ? attempts[i].right : SVMS_E_NO_MEMORY) &&
                status != attempts[i].right) {
                fail_msg("%s: allocation %zu fails: %s", attempts[i].name, failing,
                         svms_status_name(status));
            }
            assert_int_equal(allocator.live, live);
        }
        assert_true(ended);
    }
}

static void make_requests(void)
{
    svms_request_options options = SVMS_REQUEST_OPTIONS_INIT;
    options.common_name = "x";
    good_request.size = sizeof good_request.data;
    assert_int_equal(
        svms_request_create(ctx, &options, key, good_request.data, &good_request.size, NULL),
        SVMS_OK);
    svms_private_key *other = workshop_key(ctx, "P-256");
    svms_builder tbs = svms_builder_new(ctx, SVMS_REQUEST_MAX);
    size_t whole = svms_der_open(&tbs, SVMS_DER_SEQUENCE);
    svms_der_put_number(&tbs, 0);
    svms_der_put(&tbs, SVMS_DER_SEQUENCE, NULL, 0);
    assert_int_equal(svms_put_public_key(&tbs, workshop_public(key), NULL), SVMS_OK);
    svms_der_put(&tbs, SVMS_DER_CONSTRUCTED(0), NULL, 0);
    svms_der_close(&tbs, whole);
    svms_builder der = workshop_sign(ctx, other, &tbs);
    assert_true(der.size < sizeof forged_request.data);
    memcpy(forged_request.data, der.data, der.size);
    forged_request.size = der.size;
    svms_builder_clear(&der);
    svms_builder_clear(&tbs);
    svms_private_key_free(&other);
}

static int set_up(void **state)
{
    (void)state;
    static const char *const excluded = "evil.example";
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    svms_ca_options about = workshop_ca_options("Root", 1);
    svms_issue_options of_leaf = workshop_issue_options(SVMS_ROLE_CAMERA);
    now = fixture_time("2027-03-04T05:06:07Z");
    about.excluded = &excluded;
    about.excluded_count = 1;
    options.ossl_context = failing_provider_load();
    assert_non_null(options.ossl_context);
    fixture_allocator_into(&options, &allocator);
    assert_int_equal(svms_ctx_new(&ctx, &options, NULL), SVMS_OK);
    key = workshop_key(ctx, "P-256");
    request = workshop_request(ctx, key, "Somebody");
    workshop_open(&root, ctx, "P-256", &about, NULL);
    leaf = workshop_issue(ctx, &root, &of_leaf, request);
    message.size = sizeof message.data;
    assert_int_equal(svms_chain_to_pkcs7(leaf, message.data, &message.size, NULL), SVMS_OK);
    make_requests();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    svms_chain_free(&leaf);
    workshop_close(&root);
    svms_request_free(&request);
    svms_private_key_free(&key);
    svms_ctx_free(&ctx);
    failing_provider_unload();
    return allocator.live != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failing_provider_is_called_that),
        cmocka_unit_test(a_failing_allocation_is_called_that),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
