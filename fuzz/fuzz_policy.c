/* SPDX-License-Identifier: Apache-2.0 */
/* Policies: what is read answers questions, and explains its answers. */
#include "fuzz_access_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RIGHTS                                                                                     \
    "\"roles\":[\"guard\"],\"amr\":[\"pwd\"],\"authorization_details\":["                          \
    "{\"type\":\"svms\",\"actions\":[\"*\"],\"devices\":[\"*\"]}]"

static void ask_all(const svms_policy *policy, const svms_token *token)
{
    static const char *const actions[] = { "live.view",  "playback.view", "export.create",
                                           "audit.read", "x.own",         "approve.mask.lift" };
    static const char *const devices[] = { "gate-1", "a" };
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        question.action = actions[i];
        question.device = strcmp(actions[i], "audit.read") == 0 ? NULL : devices[i % 2];
        question.now_utc_ns = FUZZ_NOW_S * FUZZ_NS;
        question.client = i % 2 ? SVMS_CLIENT_BROWSER : SVMS_CLIENT_UNKNOWN;
        question.format = i % 2 ? SVMS_FORM_UNKNOWN : SVMS_FORM_SVMX;
        question.address = i % 3 ? "192.0.2.1" : NULL;
        question.destination = i % 3 ? NULL : "usb";
        question.range.from_utc_ns = i == 4 ? INT64_MIN : (FUZZ_NOW_S - 86400 * 3) * FUZZ_NS;
        question.range.to_utc_ns = i == 4 ? INT64_MIN : FUZZ_NOW_S * FUZZ_NS;
        question.is_approved = (uint32_t)(i % 2);
        question.approved_until_utc_ns = (FUZZ_NOW_S + 60) * FUZZ_NS;
        fuzz_ask(policy, token, &question);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    static svms_token *tokens[2];
    svms_policy *policy = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (ctx == NULL) {
        fuzz_check(svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK);
        tokens[0] = fuzz_token(ctx, SVMS_TOKEN_ACCESS, RIGHTS);
        tokens[1] = fuzz_token(ctx, SVMS_TOKEN_ONVIF, "\"roles\":[\"guard\"]");
        fuzz_check(tokens[0] && tokens[1]);
    }
    svms_status status = svms_policy_read(&policy, ctx, (const char *)data, size, NULL, &err);
    if (status == SVMS_OK) {
        ask_all(policy, tokens[0]);
        ask_all(policy, tokens[1]);
        ask_all(policy, NULL);
    } else {
        fuzz_check(status == SVMS_E_MALFORMED || status == SVMS_E_UNSUPPORTED);
        fuzz_check(policy == NULL && err.message[0] != '\0');
    }
    svms_policy_free(&policy);
    return 0;
}
