/* SPDX-License-Identifier: Apache-2.0 */
/* What the certificates of a chain say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chain_internal.h"
#include "fixture.h"
#include "named_leaf.h"

static svms_ctx *ctx;
static fixture_allocator allocator;

static int set_up(void **state)
{
    (void)state;
    ctx = fixture_context(&allocator);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    svms_ctx_free(&ctx);
    assert_int_equal(allocator.live, 0);
    return 0;
}

static void a_certificate_says_what_it_is(void **state)
{
    (void)state;
    static const leaf_name names[] = { { 0x82, "a.example", 0 },
                                       { 0x81, "mail@a.example", 0 },
                                       { 0x87, "\x0A\x01\x02\x03", 4 } };
    svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
    char name[SVMS_CERTIFICATE_NAME_SIZE];
    svms_chain *chain = named_leaf(ctx, "door", names, 3);
    assert_int_equal(svms_chain_count(chain), 1);
    assert_int_equal(svms_chain_certificate(chain, 0, &info, NULL), SVMS_OK);
    assert_int_equal(info.struct_size, sizeof info);
    assert_int_equal(info.roles, 0);
    assert_int_equal(info.is_ca, 0);
    assert_int_equal(info.name_count, 2);
    assert_int_equal(info.not_before_utc_ns, 0);
    assert_int_equal(info.not_after_utc_ns, INT64_C(86399999999999));
    assert_string_equal(info.serial, "1234");
    assert_string_equal(info.key, "P-256");
    assert_string_equal(info.signature, "ecdsa-with-SHA256");
    assert_string_equal(info.subject, "CN=door");
    assert_string_equal(info.issuer, "CN=door");
    assert_memory_equal(info.sha256, svms_chain_leaf_digest(chain), sizeof info.sha256);
    assert_int_equal(svms_chain_certificate_name(chain, 0, 0, name, NULL), SVMS_OK);
    assert_string_equal(name, "a.example");
    assert_int_equal(svms_chain_certificate_name(chain, 0, 1, name, NULL), SVMS_OK);
    assert_string_equal(name, "10.1.2.3");
    assert_int_equal(svms_chain_certificate_name(chain, 0, 2, name, NULL), SVMS_END);
    assert_int_equal(svms_chain_certificate_name(chain, 0, SIZE_MAX, name, NULL), SVMS_END);
    svms_chain_free(&chain);
}

static void every_kind_of_key_has_its_name(void **state)
{
    (void)state;
    static const struct {
        const char *fixture;
        const char *key;
        uint32_t roles;
    } cases[] = {
        { "recorder", "P-256", 1u << SVMS_ROLE_RECORDER },
        { "leaf-p384", "P-384", 1u << SVMS_ROLE_RECORDER },
        { "leaf-ed25519", "Ed25519", 1u << SVMS_ROLE_RECORDER },
        { "leaf-rsa", "RSA-2048", 1u << SVMS_ROLE_RECORDER },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
        svms_chain *chain = fixture_chain(ctx, cases[i].fixture);
        assert_int_equal(svms_chain_certificate(chain, 0, &info, NULL), SVMS_OK);
        if (strncmp(info.key, cases[i].key, 4) != 0) {
            fail_msg("%s: %s", cases[i].fixture, info.key);
        }
        assert_int_equal(info.roles, cases[i].roles);
        svms_chain_free(&chain);
    }
}

static void authorities_are_told_from_leaves(void **state)
{
    (void)state;
    svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
    svms_chain *chain = fixture_chain(ctx, "recorder-with-root");
    size_t count = svms_chain_count(chain);
    assert_true(count >= 3);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(svms_chain_certificate(chain, i, &info, NULL), SVMS_OK);
        assert_int_equal(info.is_ca, i > 0);
    }
    svms_chain_free(&chain);
}

static void text_that_is_written_reads_back(void **state)
{
    (void)state;
    svms_chain *chain = fixture_chain(ctx, "recorder-with-root");
    svms_chain *again = NULL;
    size_t needed = 0;
    assert_int_equal(svms_chain_to_pem(chain, NULL, &needed, NULL), SVMS_E_LIMIT);
    char *text = malloc(needed);
    size_t size = needed - 1;
    assert_non_null(text);
    assert_int_equal(svms_chain_to_pem(chain, text, &size, NULL), SVMS_E_LIMIT);
    assert_int_equal(size, needed);
    assert_int_equal(svms_chain_to_pem(chain, text, &size, NULL), SVMS_OK);
    assert_int_equal(size, needed - 1);
    assert_int_equal(strlen(text), size);
    assert_int_equal(svms_chain_from_pem(&again, ctx, text, size, NULL), SVMS_OK);
    size_t wire_size = 0;
    size_t again_size = 0;
    const uint8_t *wire = svms_chain_wire(chain, &wire_size);
    const uint8_t *wire_again = svms_chain_wire(again, &again_size);
    assert_int_equal(wire_size, again_size);
    assert_memory_equal(wire, wire_again, wire_size);
    free(text);
    svms_chain_free(&again);
    svms_chain_free(&chain);
}

static void long_names_are_cut_and_odd_ones_escaped(void **state)
{
    (void)state;
    char long_name[600];
    memset(long_name, 'a', sizeof long_name);
    const leaf_name names[] = { { 0x82, long_name, sizeof long_name },
                                { 0x82, "a\0b", 3 },
                                { 0x82,
                                  "\xE2\x80\xAE"
                                  "gpj.a",
                                  0 },
                                { 0x82, "\xFF", 0 } };
    char name[SVMS_CERTIFICATE_NAME_SIZE];
    svms_chain *chain = named_leaf(ctx, "door", names, 4);
    assert_int_equal(svms_chain_certificate_name(chain, 0, 0, name, NULL), SVMS_OK);
    assert_int_equal(strlen(name), SVMS_CERTIFICATE_NAME_SIZE - 1);
    assert_string_equal(name + SVMS_CERTIFICATE_NAME_SIZE - 4, "...");
    assert_int_equal(svms_chain_certificate_name(chain, 0, 1, name, NULL), SVMS_OK);
    assert_string_equal(name, "a\\00b");
    assert_int_equal(svms_chain_certificate_name(chain, 0, 2, name, NULL), SVMS_OK);
    assert_string_equal(name, "\\E2\\80\\AEgpj.a");
    assert_int_equal(svms_chain_certificate_name(chain, 0, 3, name, NULL), SVMS_OK);
    assert_string_equal(name, "\\FF");
    svms_chain_free(&chain);
}

static void wrong_questions_are_refused(void **state)
{
    (void)state;
    svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
    svms_certificate_info unsized = { 0 };
    char name[SVMS_CERTIFICATE_NAME_SIZE];
    size_t size = 1;
    svms_chain *chain = named_leaf(ctx, "door", NULL, 0);
    assert_int_equal(svms_chain_count(NULL), 0);
    assert_int_equal(svms_chain_certificate(NULL, 0, &info, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_chain_certificate(chain, 0, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_chain_certificate(chain, 1, &info, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_chain_certificate(chain, SIZE_MAX, &info, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_chain_certificate(chain, 0, &unsized, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_chain_certificate_name(NULL, 0, 0, name, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_chain_certificate_name(chain, 1, 0, name, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_chain_to_pem(NULL, name, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_chain_to_pem(chain, NULL, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_chain_to_pem(chain, name, NULL, NULL), SVMS_E_USAGE);
    svms_chain_free(&chain);
}

static void a_kept_chain_lives_on(void **state)
{
    (void)state;
    svms_chain *chain = named_leaf(ctx, "door", NULL, 0);
    svms_chain *kept = svms_chain_retain(chain);
    svms_chain_free(&chain);
    assert_null(chain);
    assert_string_equal(svms_chain_subject(kept), "CN=door");
    svms_chain_free(&kept);
}

static void telling_survives_failing_memory(void **state)
{
    (void)state;
    static const leaf_name names[] = { { 0x82, "a.example", 0 } };
    svms_chain *chain = named_leaf(ctx, "door", names, 1);
    unsigned done = 0;
    for (size_t failing = 1; done < 3 && failing < 100; failing++) {
        svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
        char name[SVMS_CERTIFICATE_NAME_SIZE];
        svms_status status[3];
        done = 0;
        for (unsigned i = 0; i < 3; i++) {
            allocator.count = 0;
            allocator.failing = failing;
            status[i] = i == 0   ? svms_chain_certificate(chain, 0, &info, NULL)
                        : i == 1 ? svms_chain_certificate_name(chain, 0, 0, name, NULL)
                                 : svms_chain_matches_host(chain, "b.example", NULL);
            allocator.failing = 0;
            bool failed = allocator.count >= failing;
            assert_int_equal(status[i], failed   ? SVMS_E_NO_MEMORY
                                        : i == 2 ? SVMS_E_UNTRUSTED
                                                 : SVMS_OK);
            done += !failed;
        }
    }
    assert_int_equal(done, 3);
    svms_chain_free(&chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_says_what_it_is),
        cmocka_unit_test(every_kind_of_key_has_its_name),
        cmocka_unit_test(authorities_are_told_from_leaves),
        cmocka_unit_test(text_that_is_written_reads_back),
        cmocka_unit_test(long_names_are_cut_and_odd_ones_escaped),
        cmocka_unit_test(wrong_questions_are_refused),
        cmocka_unit_test(a_kept_chain_lives_on),
        cmocka_unit_test(telling_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
