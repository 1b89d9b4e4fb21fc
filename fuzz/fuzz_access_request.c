/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens and questions against one policy: members of a token, and behind zero bytes action,
 * device, address, destination, and nine numbers. */
#include "fuzz_access_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PARTS 6u

static const char policy_text[] =
    "{\"format\":\"svms-policy\",\"version\":1,\"revision\":1,\"zone\":\"Europe/Berlin\","
    "\"zones\":[\"Australia/Lord_Howe\"],"
    "\"groups\":{\"site\":{\"devices\":[\"group:gates\",\"hall\"]},"
    "\"gates\":{\"devices\":[\"gate-1\"]}},"
    "\"roles\":{\"guard\":{\"subjects\":[\"anna\"],\"claims\":[\"guard\"]},"
    "\"chief\":{\"claims\":[\"chief\"]}},"
    "\"windows\":{\"day\":{\"from\":\"08:00\",\"to\":\"18:00\"}},"
    "\"rules\":["
    "{\"id\":\"live\",\"roles\":[\"guard\"],\"actions\":[\"live.*\"],\"devices\":[\"group:site\"]},"
    "{\"id\":\"past\",\"actions\":[\"playback.*\",\"bookmark.*\"],\"devices\":[\"*\"],"
    "\"recorded\":[\"day\"],\"max_age\":604800,\"obligations\":[\"watermark\"]},"
    "{\"id\":\"out\",\"actions\":[\"export.*\",\"x.*\"],\"devices\":[\"*\"],\"formats\":[\"svmx\"],"
    "\"destinations\":[\"police\"],\"second\":[\"export.create\"]},"
    "{\"id\":\"all\",\"roles\":[\"chief\"],\"actions\":[\"*\"],\"devices\":[\"*\"],"
    "\"amr\":[[\"pwd\",\"otp\"],[\"hwk\"]],\"clients\":[\"desktop\"],\"when\":[\"day\"]},"
    "{\"id\":\"not-at-night\",\"effect\":\"deny\",\"actions\":[\"playback.*\",\"ptz.*\"],"
    "\"devices\":[\"gate-1\"],\"recorded\":[{\"from\":\"22:00\",\"to\":\"06:00\","
    "\"days\":[\"sat\",\"sun\"],\"zone\":\"Australia/Lord_Howe\"}],"
    "\"networks\":[\"192.0.2.0/24\",\"2001:db8::/32\"]}]}";

typedef struct numbers {
    long long of[9];
} numbers;

static numbers read_numbers(const char *text)
{
    numbers found = { { 0, 0, 0, 0, 0, 0, 0, 0, 0 } };
    char *at = (char *)(uintptr_t)text;
    for (size_t i = 0; i < 9 && *at != '\0'; i++) {
        found.of[i] = strtoll(at, &at, 10);
        at += *at != '\0';
    }
    return found;
}

static void ask(svms_ctx *ctx, const svms_policy *policy, const char *const *parts)
{
    numbers n = read_numbers(parts[5]);
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    svms_token_profile profile =
        n.of[0] % 3 == 1 ? SVMS_TOKEN_ONVIF
                         : (n.of[0] % 3 == 2 ? SVMS_TOKEN_APPROVING : SVMS_TOKEN_ACCESS);
    svms_token *token = fuzz_token(ctx, profile, parts[0]);
    question.action = parts[1];
    question.device = parts[2][0] ? parts[2] : NULL;
    question.address = parts[3][0] ? parts[3] : NULL;
    question.destination = parts[4][0] ? parts[4] : NULL;
    question.client = (svms_client_kind)(n.of[1] & 7);
    question.format = (svms_export_form)(n.of[2] & 7);
    question.is_approved = (uint32_t)(n.of[3] & 1);
    question.approved_until_utc_ns = n.of[4];
    question.now_utc_ns = n.of[5] == 0 ? FUZZ_NOW_S * FUZZ_NS : n.of[5];
    question.range.from_utc_ns = n.of[6] == 0 ? INT64_MIN : n.of[6];
    question.range.to_utc_ns = n.of[7] == 0 ? INT64_MIN : n.of[7];
    if (question.now_utc_ns != INT64_MIN) {
        fuzz_ask(policy, token, &question);
        fuzz_ask(policy, NULL, &question);
    }
    svms_token_free(&token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    static svms_policy *policy;
    const char *parts[PARTS];
    if (ctx == NULL) {
        fuzz_check(svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK);
        fuzz_check(svms_policy_read(&policy, ctx, policy_text, sizeof policy_text - 1, NULL,
                                    NULL) == SVMS_OK);
    }
    char *copy = malloc(size + 1);
    fuzz_check(copy != NULL);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    copy[size] = '\0';
    size_t at = 0;
    for (size_t i = 0; i < PARTS; i++) {
        parts[i] = copy + at;
        at += strlen(copy + at);
        at += at < size ? 1 : 0;
    }
    ask(ctx, policy, parts);
    free(copy);
    return 0;
}
