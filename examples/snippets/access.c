/* SPDX-License-Identifier: Apache-2.0 */
/* Shows somebody a camera for as long as he may see it, and writes down why:
 * access POLICY.json KEYS.jwks ISSUER SERVER DEVICE < TOKEN
 * Ends after a hundred pictures, or when he may not any more. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <svms/svms.h>

#define PICTURES 100

typedef struct server {
    svms_ctx *ctx;
    svms_policy *policy;
    svms_token_verifier *verifier;
} server;

static char text[262144];

static size_t load(const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(text, 1, sizeof text, file) : 0;
    if (file) {
        fclose(file);
    }
    return size;
}

/* What a server does once, when it starts; a policy or keys that are not good stop it. */
static svms_status prepare(server *out, char **arguments, svms_error *err)
{
    svms_token_rules rules = SVMS_TOKEN_RULES_INIT;
    svms_keyset *keys = NULL;
    rules.audience = arguments[4];
    svms_status status = svms_ctx_new(&out->ctx, NULL, err);
    if (status == SVMS_OK) {
        status = svms_policy_read(&out->policy, out->ctx, text, load(arguments[1]), NULL, err);
    }
    if (status == SVMS_OK) {
        status = svms_token_verifier_new(&out->verifier, out->ctx, &rules, err);
    }
    if (status == SVMS_OK) {
        status = svms_keyset_from_jwks(&keys, out->ctx, text, load(arguments[2]), err);
    }
    if (status == SVMS_OK) {
        status = svms_token_verifier_add(out->verifier, arguments[3], &keys, 0, err);
    }
    svms_keyset_free(&keys);
    return status;
}

/* The record says all that is known; the peer is told no more than what stands on the right. */
static svms_status log_in(svms_token **out, const server *at, svms_error *err)
{
    svms_token_verdict verdict = SVMS_TOKEN_FORM;
    size_t size = fread(text, 1, sizeof text, stdin);
    size -= size > 0 && text[size - 1] == '\n' ? 1 : 0;
    svms_status status = svms_token_verify(out, at->verifier, text, size, NULL, &verdict, err);
    if (status != SVMS_OK) {
        printf("record: token refused: %s: %s | peer: invalid_token\n",
               svms_token_verdict_name(verdict), err->message);
    }
    return status;
}

/* Whether he may see the camera now, and until when nobody has to ask again. */
static bool may_see(int64_t *until_utc_ns, const server *at, const svms_token *token,
                    const char *device)
{
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    svms_decision answer = SVMS_DECISION_INIT;
    svms_token_info who = SVMS_TOKEN_INFO_INIT;
    svms_error err = SVMS_ERROR_INIT;
    question.action = "live.view";
    question.device = device;
    svms_status status = svms_access_decide(at->policy, token, &question, &answer, &err);
    if (status == SVMS_OK) {
        status = svms_token_describe(token, &who, &err);
    }
    if (status != SVMS_OK) {
        printf("record: cannot decide: %s\n", err.message);
        return false;
    }
    /* What this server cannot do is as good as forbidden: it can only print names on pictures. */
    bool can = (answer.obligations & ~(uint32_t)SVMS_OBLIGED_WATERMARK) == 0;
    printf("record: %s, live.view, %s: %s, by rule %s | peer: %s\n", who.subject, device,
           answer.is_allowed && can ? "allowed" : "denied", answer.rule ? answer.rule : "(none)",
           svms_access_reason_words(answer.reason));
    *until_utc_ns = answer.valid_until_utc_ns;
    return answer.is_allowed && can;
}

static int64_t now(void)
{
    struct timespec clock;
    clock_gettime(CLOCK_REALTIME, &clock);
    return (int64_t)clock.tv_sec * 1000000000 + clock.tv_nsec;
}

static int show(const server *at, const svms_token *token, const char *device)
{
    const struct timespec pause = { 0, 100000000 };
    int64_t until = SVMS_NO_TIME;
    int shown = 0;
    while (shown < PICTURES) {
        /* A right that has ended ends the stream, and not only the next one. */
        if (now() >= until && !may_see(&until, at, token, device)) {
            break;
        }
        shown++; /* here a picture is sent */
        nanosleep(&pause, NULL);
    }
    printf("pictures: %d\n", shown);
    return shown;
}

int main(int count, char **arguments)
{
    server at = { NULL, NULL, NULL };
    svms_token *token = NULL;
    svms_error err = SVMS_ERROR_INIT;
    int shown = 0;
    if (count != 6) {
        fprintf(stderr, "usage: access POLICY.json KEYS.jwks ISSUER SERVER DEVICE < TOKEN\n");
        return 2;
    }
    svms_status status = prepare(&at, arguments, &err);
    if (status != SVMS_OK) {
        fprintf(stderr, "access: %s\n", err.message);
    } else if (log_in(&token, &at, &err) == SVMS_OK) {
        shown = show(&at, token, arguments[5]);
    }
    svms_token_free(&token);
    svms_token_verifier_free(&at.verifier);
    svms_policy_free(&at.policy);
    svms_ctx_free(&at.ctx);
    return shown == PICTURES ? 0 : 1;
}
