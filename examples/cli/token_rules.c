/* SPDX-License-Identifier: Apache-2.0 */
#include "token_rules.h"

#include <string.h>

#include "message.h"

#define MAX_REVOCATIONS_FILE ((size_t)64 * 1024 * 1024)

const option_choice token_profiles[] = {
    { "access", SVMS_TOKEN_ACCESS },
    { "onvif", SVMS_TOKEN_ONVIF },
    { NULL, 0 },
};

/* An issuer, or a gateway, as it stands on the command line. */
typedef struct believed {
    const char *name;
    size_t place;
    bool is_gateway;
} believed;

/* The n-th of both lists together, in the order in which they were typed. */
static believed nth(const token_rules_options *options, size_t n)
{
    const text_list *issuers = &options->issuers;
    const text_list *gateways = &options->gateways;
    size_t i = 0;
    size_t g = 0;
    for (;;) {
        bool gateway_next = i == issuers->count ||
                            (g < gateways->count && gateways->places[g] < issuers->places[i]);
        if (i + g == n) {
            return gateway_next ? (believed){ gateways->items[g], gateways->places[g], true }
                                : (believed){ issuers->items[i], issuers->places[i], false };
        }
        g += gateway_next;
        i += !gateway_next;
    }
}

static size_t later(size_t one, size_t other)
{
    return one > other ? one : other;
}

static size_t earlier(size_t one, size_t other)
{
    return one < other ? one : other;
}

/* A name and its keys stand side by side, so that nobody gets the keys of somebody else. */
static bool are_paired(const token_rules_options *options)
{
    const text_list *sets = &options->key_sets;
    for (size_t i = 1; i < sets->count; i++) {
        if (later(sets->places[i - 1], nth(options, i - 1).place) >
            earlier(sets->places[i], nth(options, i).place)) {
            return false;
        }
    }
    return true;
}

exit_status token_rules_check(const token_rules_options *options, const token_rules_names *names)
{
    size_t count = options->issuers.count + options->gateways.count;
    if (!options->audience) {
        return usage_error(names->command, "--%s is missing: who the token must be for",
                           names->audience);
    }
    if (options->key_sets.count == 0) {
        return usage_error(names->command, "--jwks is missing: whose tokens are believed");
    }
    if (options->key_sets.count != count || !are_paired(options)) {
        return usage_error(names->command,
                           "each --jwks needs an --%s or a --%s beside it, before the next --jwks",
                           names->issuer, names->gateway);
    }
    return EXIT_GOOD;
}

static exit_status add_issuers(token_judge *judge, svms_ctx *ctx,
                               const token_rules_options *options)
{
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; i < options->key_sets.count && status == EXIT_GOOD; i++) {
        const char *path = options->key_sets.items[i];
        believed issuer = nth(options, i);
        svms_error err = SVMS_ERROR_INIT;
        file_text text = { NULL, 0 };
        svms_keyset *keys = NULL;
        status = file_read(&text, path, SVMS_KEYSET_MAX, false);
        if (status == EXIT_GOOD &&
            svms_keyset_from_jwks(&keys, ctx, text.bytes, text.size, &err) != SVMS_OK) {
            status = complain_error(&err, "cannot use the key set %s", path);
        }
        if (status == EXIT_GOOD && svms_keyset_count(keys) == 0) {
            complain("warning: %s holds no key that signs tokens", path);
        }
        if (status == EXIT_GOOD &&
            svms_token_verifier_add(judge->verifier, issuer.name, &keys, issuer.is_gateway ? 1 : 0,
                                    &err) != SVMS_OK) {
            status = complain_error(&err, "cannot believe %s", issuer.name);
        }
        svms_keyset_free(&keys);
        file_text_free(&text);
    }
    return status;
}

exit_status token_revocations_merge(svms_revocations *list, const char *path)
{
    svms_error err = SVMS_ERROR_INIT;
    file_text text = { NULL, 0 };
    exit_status status = file_read(&text, path, MAX_REVOCATIONS_FILE, false);
    if (status == EXIT_GOOD &&
        svms_revocations_merge(list, text.bytes, text.size, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot use the revocations %s", path);
    }
    file_text_free(&text);
    return status;
}

static exit_status load_revocations(token_judge *judge, svms_ctx *ctx, const char *path)
{
    svms_error err = SVMS_ERROR_INIT;
    if (svms_revocations_new(&judge->revocations, ctx, &err) != SVMS_OK) {
        return complain_error(&err, "cannot begin");
    }
    return token_revocations_merge(judge->revocations, path);
}

exit_status token_judge_make(token_judge *out, svms_ctx *ctx, const token_rules_options *options,
                             const token_rules_names *names)
{
    svms_token_rules rules = SVMS_TOKEN_RULES_INIT;
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = EXIT_GOOD;
    memset(out, 0, sizeof *out);
    out->at_utc_ns = options->at_utc_ns;
    rules.profile = (svms_token_profile)options->profile;
    rules.audience = options->audience;
    rules.skew_s = options->skew_s;
    rules.demand_binding = options->demand_binding;
    rules.nbf_may_be_absent = options->nbf_may_be_absent;
    if (options->longest_life) {
        status = token_read_span(&rules.longest_life_s, names->command, names->longest_life,
                                 options->longest_life);
    }
    if (status == EXIT_GOOD && options->revocations) {
        status = load_revocations(out, ctx, options->revocations);
        rules.revocations = out->revocations;
    }
    if (status == EXIT_GOOD && options->certificate) {
        status = token_read_certificate(out->certificate_sha256, ctx, options->certificate);
        out->has_certificate = true;
    }
    if (status == EXIT_GOOD &&
        svms_token_verifier_new(&out->verifier, ctx, &rules, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot judge tokens in this way");
    }
    return status == EXIT_GOOD ? add_issuers(out, ctx, options) : status;
}

/* Whether a failure is about the token, and not about the one who asks or his machine. */
static bool is_about_token(svms_status status)
{
    svms_status_kind kind = svms_status_class(status);
    return kind == SVMS_CLASS_MALFORMED || kind == SVMS_CLASS_EVIDENCE || kind == SVMS_CLASS_POLICY;
}

exit_status token_judge_ask(svms_token **token, const token_judge *judge, const file_text *text,
                            svms_token_verdict *verdict, svms_error *err)
{
    svms_token_question question = SVMS_TOKEN_QUESTION_INIT;
    question.certificate_sha256 = judge->has_certificate ? judge->certificate_sha256 : NULL;
    question.now_utc_ns = judge->at_utc_ns;
    svms_status status =
        svms_token_verify(token, judge->verifier, text->bytes, text->size, &question, verdict, err);
    if (status == SVMS_OK) {
        return EXIT_GOOD;
    }
    if (!is_about_token(status)) {
        *verdict = SVMS_TOKEN_GOOD;
        return complain_error(err, "cannot judge the token");
    }
    return exit_status_of(status);
}

void token_judge_free(token_judge *judge)
{
    svms_token_verifier_free(&judge->verifier);
    svms_revocations_free(&judge->revocations);
}
