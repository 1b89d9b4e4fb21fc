/* SPDX-License-Identifier: Apache-2.0 */
/* Every verdict of a path check, with its words. The certificates come from make_fixtures.sh, that
 * is from the openssl command line tool: roots live 2020-2060, CAs 2020-2050, leaves 2026-2028. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

#define THEN "2027-03-04T05:06:07Z"
#define NOW "2027-06-01T00:00:00Z"
#define LATER "2030-06-01T00:00:00Z"

typedef struct verdict_case {
    const char *name;
    const char *trust;
    const char *chain;
    svms_role role;
    const char *from;
    const char *to; /* NULL: the same */
    const char *now;
    svms_time_policy policy;
    svms_identity_verdict verdict;
    const char *words; /* NULL when trusted */
} verdict_case;

static void run_case(svms_ctx *ctx, const verdict_case *c)
{
    svms_trust *trust = c->trust ? fixture_trust(ctx, c->trust) : NULL;
    svms_chain *chain = c->chain ? fixture_chain(ctx, c->chain) : NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_identity_question question =
        fixture_question(c->role, fixture_time(c->from), fixture_time(c->to ? c->to : c->from),
                         fixture_time(c->now));
    question.policy = c->policy;
    svms_status status = svms_identity_check(trust, chain, &question, &result, &err);
    print_message("  %s: %s\n", c->name, err.message);
    assert_int_equal(result.verdict, c->verdict);
    assert_int_equal(result.revocation, SVMS_REVOCATION_NOT_CHECKED);
    assert_int_equal(status, c->words ? SVMS_E_UNTRUSTED : SVMS_OK);
    assert_string_equal(err.message, c->words ? c->words : "");
    assert_int_equal(err.status, status);
    svms_chain_free(&chain);
    svms_trust_free(&trust);
}

static void run_cases(const verdict_case *cases, size_t count)
{
    svms_ctx *ctx = fixture_context(NULL);
    for (size_t i = 0; i < count; i++) {
        run_case(ctx, &cases[i]);
    }
    svms_ctx_free(&ctx);
}

#define RUN(cases) run_cases(cases, sizeof(cases) / sizeof((cases)[0]))
#define ATTESTED SVMS_TIME_ATTESTED
#define CLAIMED SVMS_TIME_CLAIMED
#define RECORDER SVMS_ROLE_RECORDER

static void a_path_to_an_anchor_is_trusted(void **state)
{
    (void)state;
    static const verdict_case cases[] = {
        { "intermediate in the chain", "trust-root", "recorder", RECORDER, THEN, NULL, NOW,
          ATTESTED, SVMS_IDENTITY_TRUSTED, NULL },
        { "root in the chain", "trust-root", "recorder-with-root", RECORDER, THEN, NULL, NOW,
          ATTESTED, SVMS_IDENTITY_TRUSTED, NULL },
        { "intermediate as anchor", "trust-issuing", "recorder-alone", RECORDER, THEN, NULL, NOW,
          ATTESTED, SVMS_IDENTITY_TRUSTED, NULL },
        { "leaf as anchor", "trust-recorder", "recorder-alone", RECORDER, THEN, NULL, NOW, ATTESTED,
          SVMS_IDENTITY_TRUSTED, NULL },
        { "self-signed leaf as anchor", "trust-self-signed", "self-signed", RECORDER, THEN, NULL,
          NOW, ATTESTED, SVMS_IDENTITY_TRUSTED, NULL },
        { "eight certificates", "trust-root", "eight", RECORDER, THEN, NULL, NOW, ATTESTED,
          SVMS_IDENTITY_TRUSTED, NULL },
        { "text around it", "trust-root", "with-text", RECORDER, THEN, NULL, NOW, ATTESTED,
          SVMS_IDENTITY_TRUSTED, NULL },
        { "P-384 leaf", "trust-root", "leaf-p384", RECORDER, THEN, NULL, NOW, ATTESTED,
          SVMS_IDENTITY_TRUSTED, NULL },
        { "Ed25519 leaf", "trust-root", "leaf-ed25519", RECORDER, THEN, NULL, NOW, ATTESTED,
          SVMS_IDENTITY_TRUSTED, NULL },
        { "RSA leaf", "trust-root", "leaf-rsa", RECORDER, THEN, NULL, NOW, ATTESTED,
          SVMS_IDENTITY_TRUSTED, NULL },
        { "issued with RSASSA-PSS", "trust-root", "issued-with-pss", RECORDER, THEN, NULL, NOW,
          ATTESTED, SVMS_IDENTITY_TRUSTED, NULL },
        { "issued with Ed25519", "trust-root", "issued-with-ed25519", RECORDER, THEN, NULL, NOW,
          ATTESTED, SVMS_IDENTITY_TRUSTED, NULL },
        { "anchor without key usage", "trust-sloppy", "sloppy-leaf", RECORDER, THEN, NULL, NOW,
          ATTESTED, SVMS_IDENTITY_TRUSTED, NULL },
        { "anchor's own signature uses SHA-1", "trust-sha1-root", "below-sha1-root", RECORDER, THEN,
          NULL, NOW, ATTESTED, SVMS_IDENTITY_TRUSTED, NULL },
        { "an anchor below an expired one", "trust-old-root-and-issuing", "below-old", RECORDER,
          THEN, NULL, NOW, ATTESTED, SVMS_IDENTITY_TRUSTED, NULL },
        { "leaf of 8400 years", "trust-root", "forever", RECORDER, THEN, NULL, NOW, ATTESTED,
          SVMS_IDENTITY_TRUSTED, NULL },
        { "leaf without key usage", "trust-root", "no-key-usage", RECORDER, THEN, NULL, NOW,
          ATTESTED, SVMS_IDENTITY_TRUSTED, NULL },
    };
    RUN(cases);
}

static void what_is_missing_is_said(void **state)
{
    (void)state;
    static const verdict_case cases[] = {
        { "nobody signed", "trust-root", NULL, RECORDER, THEN, NULL, NOW, ATTESTED,
          SVMS_IDENTITY_UNSIGNED, "nobody signed" },
        { "neither", NULL, NULL, RECORDER, THEN, NULL, NOW, ATTESTED, SVMS_IDENTITY_UNSIGNED,
          "nobody signed" },
        { "no anchor", NULL, "recorder", RECORDER, THEN, NULL, NOW, ATTESTED,
          SVMS_IDENTITY_NO_ANCHOR, "no trust anchor was given" },
        { "missing intermediate", "trust-root", "recorder-alone", RECORDER, THEN, NULL, NOW,
          ATTESTED, SVMS_IDENTITY_UNKNOWN_ISSUER,
          "the issuer of the certificate of CN=recorder, O=Example is unknown: "
          "CN=issuing, O=Example" },
        { "anchor of somebody else", "trust-sloppy", "recorder", RECORDER, THEN, NULL, NOW,
          ATTESTED, SVMS_IDENTITY_UNKNOWN_ISSUER,
          "the issuer of the certificate of CN=issuing, O=Example is unknown: CN=root, O=Example" },
        { "root given, not trusted", "trust-sloppy", "recorder-with-root", RECORDER, THEN, NULL,
          NOW, ATTESTED, SVMS_IDENTITY_UNKNOWN_ISSUER,
          "the self-signed certificate of CN=root, O=Example is no trust anchor" },
        { "self-signed leaf", "trust-root", "self-signed", RECORDER, THEN, NULL, NOW, ATTESTED,
          SVMS_IDENTITY_UNKNOWN_ISSUER,
          "the self-signed certificate of CN=self, O=Example is no trust anchor" },
        { "no path outweighs a wrong role and expiry", "trust-sloppy", "other-roles", RECORDER,
          "2029-01-01T00:00:00Z", NULL, LATER, ATTESTED, SVMS_IDENTITY_UNKNOWN_ISSUER,
          "the issuer of the certificate of CN=issuing, O=Example is unknown: CN=root, O=Example" },
    };
    RUN(cases);
}

static void a_name_alone_is_not_an_issuer(void **state)
{
    (void)state;
    static const verdict_case cases[] = {
        { "same name, other key identifier", "trust-impostor", "recorder", RECORDER, THEN, NULL,
          NOW, ATTESTED, SVMS_IDENTITY_UNKNOWN_ISSUER,
          "the issuer of the certificate of CN=issuing, O=Example is unknown: CN=root, O=Example" },
        { "same name, both given", "trust-impostor-and-root", "recorder", RECORDER, THEN, NULL, NOW,
          ATTESTED, SVMS_IDENTITY_TRUSTED, NULL },
        { "same name, no key identifier", "trust-nameless", "recorder", RECORDER, THEN, NULL, NOW,
          ATTESTED, SVMS_IDENTITY_BAD_CHAIN,
          "the certificate of CN=issuing, O=Example breaks a rule: its signature does not verify" },
    };
    RUN(cases);
}

static void a_broken_rule_is_named(void **state)
{
    (void)state;
    static const verdict_case cases[] = {
        { "CA:FALSE", "trust-root", "below-ca-false", RECORDER, THEN, NULL, NOW, ATTESTED,
          SVMS_IDENTITY_BAD_CHAIN,
          "the certificate of CN=ca-false, O=Example breaks a rule: it is not allowed to "
          "issue certificates" },
        { "no keyCertSign", "trust-root", "below-ca-no-certsign", RECORDER, THEN, NULL, NOW,
          ATTESTED, SVMS_IDENTITY_BAD_CHAIN,
          "the certificate of CN=ca-no-certsign, O=Example breaks a rule: it is not allowed "
          "to issue certificates" },
        { "CA without key usage", "trust-root", "below-ca-no-key-usage", RECORDER, THEN, NULL, NOW,
          ATTESTED, SVMS_IDENTITY_BAD_CHAIN,
          "the certificate of CN=ca-no-key-usage, O=Example breaks a rule: it is a CA without key "
          "usage" },
        { "path length", "trust-root", "below-too-deep", RECORDER, THEN, NULL, NOW, ATTESTED,
          SVMS_IDENTITY_BAD_CHAIN,
          "the certificate of CN=issuing, O=Example breaks a rule: too many CAs stand below it" },
        { "name constraint", "trust-root", "below-ca-constrained", RECORDER, THEN, NULL, NOW,
          ATTESTED, SVMS_IDENTITY_BAD_CHAIN,
          "the certificate of CN=below ca-constrained, O=Example breaks a rule: a CA does not "
          "permit its name" },
        { "signature", "trust-root", "bad-signature", RECORDER, THEN, NULL, NOW, ATTESTED,
          SVMS_IDENTITY_BAD_CHAIN,
          "the certificate of CN=recorder, O=Example breaks a rule: its signature does not "
          "verify" },
        { "SHA-1", "trust-root", "leaf-sha1", RECORDER, THEN, NULL, NOW, ATTESTED,
          SVMS_IDENTITY_BAD_CHAIN,
          "the certificate of CN=sha1 leaf, O=Example breaks a rule: its signature uses a weak "
          "digest" },
        { "RSA-1024 CA", "trust-root", "below-weak-ca", RECORDER, THEN, NULL, NOW, ATTESTED,
          SVMS_IDENTITY_BAD_CHAIN,
          "the certificate of CN=weak issuing, O=Example breaks a rule: its key is too weak" },
        { "a rule without words of ours", "trust-root", "below-explicit-curve", RECORDER, THEN,
          NULL, NOW, ATTESTED, SVMS_IDENTITY_BAD_CHAIN,
          "the certificate of CN=explicit curve, O=Example breaks a rule: Certificate public key "
          "has "
          "explicit ECC parameters" },
        { "unknown critical extension", "trust-root", "unknown-critical", RECORDER, THEN, NULL, NOW,
          ATTESTED, SVMS_IDENTITY_BAD_CHAIN,
          "the certificate of CN=unknown-critical, O=Example breaks a rule: it has an unknown "
          "critical extension" },
        { "no authority key identifier", "trust-root", "no-authority-id", RECORDER, THEN, NULL, NOW,
          ATTESTED, SVMS_IDENTITY_BAD_CHAIN,
          "the certificate of CN=no-authority-id, O=Example breaks a rule: it has no authority key "
          "identifier" },
        { "unreadable extension", "trust-root", "bad-extension", RECORDER, THEN, NULL, NOW,
          ATTESTED, SVMS_IDENTITY_BAD_CHAIN,
          "the certificate of CN=bad-extension, O=Example breaks a rule: one of its extensions "
          "cannot be read" },
        { "unreadable usage", "trust-root", "bad-usage", RECORDER, THEN, NULL, NOW, ATTESTED,
          SVMS_IDENTITY_BAD_CHAIN,
          "the certificate of CN=bad-usage, O=Example breaks a rule: one of its extensions cannot "
          "be read" },
        { "a broken rule outweighs role and time", "trust-root", "below-too-deep",
          SVMS_ROLE_EXPORTER, "2029-01-01T00:00:00Z", NULL, LATER, ATTESTED,
          SVMS_IDENTITY_BAD_CHAIN,
          "the certificate of CN=issuing, O=Example breaks a rule: too many CAs stand below it" },
    };
    RUN(cases);
}

static void only_a_named_role_is_allowed(void **state)
{
    (void)state;
    static const verdict_case cases[] = {
        { "all roles: camera", "trust-root", "all-roles", SVMS_ROLE_CAMERA, THEN, NULL, NOW,
          ATTESTED, SVMS_IDENTITY_TRUSTED, NULL },
        { "all roles: key officer", "trust-root", "all-roles", SVMS_ROLE_KEY_OFFICER, THEN, NULL,
          NOW, ATTESTED, SVMS_IDENTITY_TRUSTED, NULL },
        { "any usage and the role", "trust-root", "recorder-or-any", RECORDER, THEN, NULL, NOW,
          ATTESTED, SVMS_IDENTITY_TRUSTED, NULL },
        { "recorder as exporter", "trust-root", "recorder", SVMS_ROLE_EXPORTER, THEN, NULL, NOW,
          ATTESTED, SVMS_IDENTITY_WRONG_ROLE,
          "the certificate of CN=recorder, O=Example does not allow the role exporter; it names "
          "recorder" },
        { "other roles", "trust-root", "other-roles", RECORDER, THEN, NULL, NOW, ATTESTED,
          SVMS_IDENTITY_WRONG_ROLE,
          "the certificate of CN=other-roles, O=Example does not allow the role recorder; it names "
          "camera, exporter" },
        { "no usage", "trust-root", "no-usage", RECORDER, THEN, NULL, NOW, ATTESTED,
          SVMS_IDENTITY_WRONG_ROLE,
          "the certificate of CN=no-usage, O=Example does not allow the role recorder; it names no "
          "role" },
        { "any usage", "trust-root", "any-usage", RECORDER, THEN, NULL, NOW, ATTESTED,
          SVMS_IDENTITY_WRONG_ROLE,
          "the certificate of CN=any-usage, O=Example does not allow the role recorder; it names "
          "no role" },
        { "neighbouring arcs", "trust-root", "neighbour-arc", RECORDER, THEN, NULL, NOW, ATTESTED,
          SVMS_IDENTITY_WRONG_ROLE,
          "the certificate of CN=neighbour-arc, O=Example does not allow the role recorder; it "
          "names no role" },
        { "key usage without signatures", "trust-root", "encipherment", RECORDER, THEN, NULL, NOW,
          ATTESTED, SVMS_IDENTITY_WRONG_ROLE,
          "the certificate of CN=encipherment, O=Example does not allow digital signatures (key "
          "usage)" },
        { "an anchor needs the role too", "trust-recorder", "recorder-alone", SVMS_ROLE_CAMERA,
          THEN, NULL, NOW, ATTESTED, SVMS_IDENTITY_WRONG_ROLE,
          "the certificate of CN=recorder, O=Example does not allow the role camera; it names "
          "recorder" },
        { "a wrong role outweighs the time", "trust-root", "recorder", SVMS_ROLE_CAMERA,
          "2029-01-01T00:00:00Z", NULL, LATER, ATTESTED, SVMS_IDENTITY_WRONG_ROLE,
          "the certificate of CN=recorder, O=Example does not allow the role camera; it names "
          "recorder" },
    };
    RUN(cases);
}

static void the_period_of_the_leaf_decides(void **state)
{
    (void)state;
    static const verdict_case cases[] = {
        { "first moment", "trust-root", "recorder", RECORDER, "2026-01-01T00:00:00Z", NULL, NOW,
          ATTESTED, SVMS_IDENTITY_TRUSTED, NULL },
        { "a moment too early", "trust-root", "recorder", RECORDER, "2025-12-31T23:59:59.999Z",
          NULL, NOW, ATTESTED, SVMS_IDENTITY_NOT_YET_VALID,
          "the certificate of CN=recorder, O=Example became valid at 2026-01-01T00:00:00Z, after "
          "it was used to sign at 2025-12-31T23:59:59.999Z" },
        { "the last second", "trust-root", "recorder", RECORDER, THEN, "2028-01-01T00:00:00.999Z",
          "2028-01-01T00:00:00.999Z", ATTESTED, SVMS_IDENTITY_TRUSTED, NULL },
        { "a moment too late", "trust-root", "recorder", RECORDER, THEN, "2028-01-01T00:00:01Z",
          NOW, ATTESTED, SVMS_IDENTITY_EXPIRED_THEN,
          "the certificate of CN=recorder, O=Example expired at 2028-01-01T00:00:00Z, before it "
          "was used to sign at 2028-01-01T00:00:01.000Z" },
        { "early and late", "trust-root", "recorder", RECORDER, "2025-01-01T00:00:00Z",
          "2029-01-01T00:00:00Z", LATER, ATTESTED, SVMS_IDENTITY_NOT_YET_VALID,
          "the certificate of CN=recorder, O=Example became valid at 2026-01-01T00:00:00Z, after "
          "it was used to sign at 2025-01-01T00:00:00.000Z" },
        { "expired then and now", "trust-root", "recorder", RECORDER, "2029-01-01T00:00:00Z", NULL,
          LATER, ATTESTED, SVMS_IDENTITY_EXPIRED_THEN,
          "the certificate of CN=recorder, O=Example expired at 2028-01-01T00:00:00Z, before it "
          "was used to sign at 2029-01-01T00:00:00.000Z" },
        { "expired then, claimed", "trust-root", "recorder", RECORDER, "2029-01-01T00:00:00Z", NULL,
          LATER, CLAIMED, SVMS_IDENTITY_EXPIRED_THEN,
          "the certificate of CN=recorder, O=Example expired at 2028-01-01T00:00:00Z, before it "
          "was used to sign at 2029-01-01T00:00:00.000Z" },
        { "expired now", "trust-root", "recorder", RECORDER, THEN, NULL, LATER, ATTESTED,
          SVMS_IDENTITY_EXPIRED_NOW,
          "the certificate of CN=recorder, O=Example expired at 2028-01-01T00:00:00Z; that it was "
          "used to sign before, at 2027-03-04T05:06:07.000Z, is claimed but not attested" },
        { "expired now, claimed", "trust-root", "recorder", RECORDER, THEN, NULL, LATER, CLAIMED,
          SVMS_IDENTITY_TRUSTED, NULL },
        { "five minutes ahead of the clock", "trust-root", "recorder", RECORDER, THEN, NULL,
          "2027-03-04T05:01:07Z", ATTESTED, SVMS_IDENTITY_TRUSTED, NULL },
        { "more than five minutes ahead", "trust-root", "recorder", RECORDER, THEN, NULL,
          "2027-03-04T05:01:06.999Z", CLAIMED, SVMS_IDENTITY_FUTURE,
          "the time of signing, 2027-03-04T05:06:07.000Z, lies after now, "
          "2027-03-04T05:01:06.999Z" },
        { "before 1970", "trust-root", "recorder", RECORDER, "1969-12-31T23:59:59.5Z", NULL, NOW,
          CLAIMED, SVMS_IDENTITY_NOT_YET_VALID,
          "the certificate of CN=recorder, O=Example became valid at 2026-01-01T00:00:00Z, after "
          "it was used to sign at 1969-12-31T23:59:59.500Z" },
        { "beyond 2038", "trust-root", "recorder", RECORDER, THEN, NULL, "2200-01-01T00:00:00Z",
          CLAIMED, SVMS_IDENTITY_TRUSTED, NULL },
    };
    RUN(cases);
}

static void the_period_of_an_issuer_decides_too(void **state)
{
    (void)state;
    static const verdict_case cases[] = {
        { "valid then and now", "trust-root", "below-short", RECORDER, "2023-01-01T00:00:00Z", NULL,
          "2024-06-01T00:00:00Z", ATTESTED, SVMS_IDENTITY_TRUSTED, NULL },
        { "expired then", "trust-root", "below-short", RECORDER, "2026-01-01T00:00:00Z", NULL, NOW,
          CLAIMED, SVMS_IDENTITY_EXPIRED_THEN,
          "the certificate of CN=short, O=Example expired at 2025-01-01T00:00:00Z, before it was "
          "used to sign at 2026-01-01T00:00:00.000Z" },
        { "expired now", "trust-root", "below-short", RECORDER, "2023-01-01T00:00:00Z", NULL, NOW,
          ATTESTED, SVMS_IDENTITY_EXPIRED_NOW,
          "the certificate of CN=short, O=Example expired at 2025-01-01T00:00:00Z; that it was "
          "used to sign before, at 2023-01-01T00:00:00.000Z, is claimed but not attested" },
        { "not yet valid", "trust-root", "below-late", RECORDER, "2023-01-01T00:00:00Z", NULL, NOW,
          ATTESTED, SVMS_IDENTITY_NOT_YET_VALID,
          "the certificate of CN=short, O=Example became valid at 2024-01-01T00:00:00Z, after it "
          "was used to sign at 2023-01-01T00:00:00.000Z" },
        { "renewed: then by the old one, now by the new one", "trust-root", "below-renewed",
          RECORDER, "2023-01-01T00:00:00Z", NULL, NOW, ATTESTED, SVMS_IDENTITY_TRUSTED, NULL },
        { "renewed: from one to the other", "trust-root", "below-renewed", RECORDER,
          "2023-01-01T00:00:00Z", "2026-01-01T00:00:00Z", NOW, ATTESTED, SVMS_IDENTITY_TRUSTED,
          NULL },
        { "anchor expired then", "trust-old-root", "below-old-with-issuing", RECORDER, THEN, NULL,
          NOW, CLAIMED, SVMS_IDENTITY_EXPIRED_THEN,
          "the certificate of CN=old root, O=Example expired at 2025-01-01T00:00:00Z, before it "
          "was used to sign at 2027-03-04T05:06:07.000Z" },
    };
    RUN(cases);
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    svms_ctx *ctx = fixture_context(NULL);
    svms_trust *trust = fixture_trust(ctx, "trust-root");
    svms_chain *chain = fixture_chain(ctx, "recorder");
    int64_t then = fixture_time(THEN);
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    result.verdict = (svms_identity_verdict)99;
    const struct {
        int role;
        int64_t from, to, now;
        int policy;
        svms_identity_result *result;
    } cases[] = {
        { RECORDER, then, then, then, ATTESTED, NULL },
        { SVMS_ROLE_NONE, then, then, then, ATTESTED, &result },
        { 6, then, then, then, ATTESTED, &result },
        { -1, then, then, then, ATTESTED, &result },
        { RECORDER, then, then - 1, then, ATTESTED, &result },
        { RECORDER, INT64_MIN, then, then, ATTESTED, &result },
        { RECORDER, then, then, INT64_MIN, ATTESTED, &result },
        { RECORDER, then, then, then, 2, &result },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_error err = SVMS_ERROR_INIT;
        svms_identity_question question =
            fixture_question((svms_role)cases[i].role, cases[i].from, cases[i].to, cases[i].now);
        question.policy = (svms_time_policy)cases[i].policy;
        assert_int_equal(svms_identity_check(trust, chain, &question, cases[i].result, &err),
                         SVMS_E_USAGE);
        assert_int_equal(result.verdict, 99);
        assert_true(strlen(err.message) > 0);
    }
    svms_chain_free(&chain);
    svms_trust_free(&trust);
    svms_ctx_free(&ctx);
}

static void an_error_need_not_be_asked_for(void **state)
{
    (void)state;
    svms_ctx *ctx = fixture_context(NULL);
    svms_chain *chain = fixture_chain(ctx, "below-too-deep");
    svms_trust *trust = fixture_trust(ctx, "trust-root");
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    int64_t then = fixture_time(THEN);
    svms_identity_question question = fixture_question(RECORDER, then, then, then);
    assert_int_equal(svms_identity_check(trust, chain, &question, &result, NULL), SVMS_E_UNTRUSTED);
    assert_int_equal(result.verdict, SVMS_IDENTITY_BAD_CHAIN);
    assert_int_equal(svms_identity_check(trust, chain, NULL, &result, NULL), SVMS_E_USAGE);
    svms_trust_free(&trust);
    svms_chain_free(&chain);
    svms_ctx_free(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_to_an_anchor_is_trusted),
        cmocka_unit_test(what_is_missing_is_said),
        cmocka_unit_test(a_name_alone_is_not_an_issuer),
        cmocka_unit_test(a_broken_rule_is_named),
        cmocka_unit_test(only_a_named_role_is_allowed),
        cmocka_unit_test(the_period_of_the_leaf_decides),
        cmocka_unit_test(the_period_of_an_issuer_decides_too),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(an_error_need_not_be_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
