/* SPDX-License-Identifier: Apache-2.0 */
/* What decides, and what explains, say the same; and answers keep their promises. For harnesses. */
#ifndef SVMS_FUZZ_ACCESS_ANSWER_H
#define SVMS_FUZZ_ACCESS_ANSWER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/policy.h>

#include "token_internal.h"

#define FUZZ_NOW_S INT64_C(1795003200) /* 2026-11-18T12:00:00Z */
#define FUZZ_NS INT64_C(1000000000)
#define FUZZ_RANGES 64

static inline void fuzz_check(int good)
{
    if (!good) {
        abort();
    }
}

/* A token as it is after its signature has verified; NULL where its claims are refused. */
static inline svms_token *fuzz_token(svms_ctx *ctx, svms_token_profile profile, const char *members)
{
    static const svms_json_limits limits = { SVMS_JWS_MAX, 8 };
    svms_token_rules rules = SVMS_TOKEN_RULES_INIT;
    svms_claim_rules asked = { &rules, "i", false, NULL, FUZZ_NOW_S };
    svms_token_verdict verdict = SVMS_TOKEN_GOOD;
    svms_error err = SVMS_ERROR_INIT;
    char payload[SVMS_JWS_MAX];
    int size = snprintf(payload, sizeof payload,
                        "{\"iss\":\"i\",\"aud\":\"a\",\"sub\":\"anna\",\"jti\":\"j\","
                        "\"client_id\":\"c\",\"iat\":%lld,\"nbf\":%lld,\"exp\":%lld%s%s}",
                        (long long)FUZZ_NOW_S, (long long)FUZZ_NOW_S, (long long)FUZZ_NOW_S + 3600,
                        members[0] ? "," : "", members);
    if (size < 0 || (size_t)size >= sizeof payload) {
        return NULL;
    }
    rules.profile = profile;
    rules.audience = "a";
    svms_token *token = svms_alloc(ctx, sizeof *token);
    fuzz_check(token != NULL);
    token->ctx = ctx;
    token->profile = profile;
    svms_status status =
        svms_json_load(&token->document, ctx, "the token", &limits, payload, (size_t)size, &err);
    if (status == SVMS_OK) {
        status = svms_claims_read(token, &asked, &verdict, &err);
    }
    fuzz_check(status == SVMS_OK || err.message[0] != '\0');
    if (status != SVMS_OK) {
        svms_token_free(&token);
    }
    return token;
}

static inline void fuzz_check_answer(const svms_access_question *question,
                                     const svms_decision *answer)
{
    int64_t after = INT64_MIN;
    fuzz_check(answer->is_allowed == (answer->reason == SVMS_ACCESS_ALLOWED));
    fuzz_check(answer->is_allowed == 1 || (answer->obligations == 0 && answer->range_count == 0));
    fuzz_check(answer->obligations < 16 && (answer->is_allowed == 0 || answer->rule != NULL));
    fuzz_check(answer->valid_until_utc_ns == INT64_MIN ||
               answer->valid_until_utc_ns > question->now_utc_ns);
    for (size_t i = 0; i < answer->range_count; i++) {
        const svms_time_range *range = &answer->ranges[i];
        fuzz_check(range->from_utc_ns > after && range->from_utc_ns < range->to_utc_ns);
        fuzz_check(range->from_utc_ns >= question->range.from_utc_ns &&
                   range->to_utc_ns <= question->range.to_utc_ns);
        after = range->to_utc_ns;
    }
}

static inline void fuzz_check_explained(const char *text, const svms_decision *answer)
{
    char expected[160];
    (void)snprintf(expected, sizeof expected, "\"answer\":{\"allowed\":%s,\"reason\":\"%s\",",
                   answer->is_allowed ? "true" : "false", svms_access_reason_name(answer->reason));
    fuzz_check(strstr(text, expected) != NULL);
    const char *policy = strstr(text, "},\"policy\":{\"revision\":");
    fuzz_check(policy != NULL);
    if (answer->rule) {
        (void)snprintf(expected, sizeof expected, "\"rule\":\"%s\",\"condition\":%s%s%s,",
                       answer->rule, answer->condition ? "\"" : "",
                       answer->condition ? answer->condition : "null",
                       answer->condition ? "\"" : "");
        fuzz_check(strstr(policy, expected) != NULL);
    } else {
        fuzz_check(strstr(policy, "\"rule\":null,\"condition\":null,") != NULL);
    }
}

static inline void fuzz_ask(const svms_policy *policy, const svms_token *token,
                            const svms_access_question *question)
{
    static svms_time_range ranges[FUZZ_RANGES];
    svms_decision answer = SVMS_DECISION_INIT;
    svms_error err = SVMS_ERROR_INIT;
    answer.ranges = ranges;
    answer.range_capacity = FUZZ_RANGES;
    svms_status status = svms_access_decide(policy, token, question, &answer, &err);
    fuzz_check(status == SVMS_OK || status == SVMS_E_USAGE || status == SVMS_E_LIMIT);
    fuzz_check(status == SVMS_OK || err.message[0] != '\0');
    if (status == SVMS_OK) {
        fuzz_check_answer(question, &answer);
    }
    size_t size = 0;
    svms_status explained = svms_access_explain(policy, token, question, NULL, &size, &err);
    fuzz_check(explained == (status == SVMS_E_USAGE ? SVMS_E_USAGE : SVMS_E_LIMIT));
    if (status != SVMS_OK || size == 0) {
        return;
    }
    char *text = malloc(size);
    fuzz_check(text != NULL);
    fuzz_check(svms_access_explain(policy, token, question, text, &size, &err) == SVMS_OK);
    fuzz_check(strlen(text) == size);
    fuzz_check_explained(text, &answer);
    free(text);
}

#endif
