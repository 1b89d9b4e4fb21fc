/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions over 1,000 rules and 10,000 devices (R-DEC-8): nanoseconds for each, and what the
 * context's allocator was asked for meanwhile. Usage: decide_bench [decisions in a round] */
#define _POSIX_C_SOURCE 200809L
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <svms/svms.h>

#define ROUNDS 15
#define DEVICES 10000
#define GROUPS 100
#define ROLES 50
#define RULES 1000
#define JSON_ROOM ((size_t)4 << 20)
#define NOW_NS (INT64_C(1795003200) * 1000000000)

typedef struct bench {
    size_t allocations;
    svms_ctx *ctx;
    svms_policy *policy;
    svms_token *token;
    unsigned long decisions;
} bench;

static void check(svms_status status, const char *what, const svms_error *err)
{
    if (status != SVMS_OK) {
        fprintf(stderr, "%s: %s\n", what, err->message);
        exit(EXIT_FAILURE);
    }
}

static void *allocate(void *user, size_t size)
{
    ((bench *)user)->allocations++;
    return malloc(size);
}

static void release(void *user, void *pointer)
{
    (void)user;
    free(pointer);
}

typedef struct writing {
    char *text;
    size_t size;
} writing;

static void put(writing *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(writing *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(out->text + out->size, JSON_ROOM - out->size, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= JSON_ROOM - out->size) {
        abort();
    }
    out->size += (size_t)length;
}

static void put_names(writing *out)
{
    put(out, "{\"format\":\"svms-policy\",\"version\":1,\"revision\":1,\"zone\":\"Europe/Berlin\","
             "\"windows\":{\"day\":{\"from\":\"06:00\",\"to\":\"20:00\"},"
             "\"week\":{\"days\":[\"mon\",\"tue\",\"wed\",\"thu\",\"fri\"]}},\"groups\":{");
    for (int g = 0; g < GROUPS; g++) {
        put(out, "%s\"group-%d\":{\"devices\":[", g ? "," : "", g);
        for (int d = 0; d < DEVICES / GROUPS; d++) {
            put(out, "%s\"%032x\"", d ? "," : "", g * (DEVICES / GROUPS) + d);
        }
        put(out, "]}");
    }
    put(out, "},\"roles\":{");
    for (int r = 0; r < ROLES; r++) {
        put(out, "%s\"role-%d\":{\"subjects\":[\"user-%d\",\"user-%d\"]}", r ? "," : "", r, r,
            r + 1);
    }
    put(out, "},\"rules\":[");
}

/* Rules of a site: each for a role, a group of devices, a family of actions. One in twenty is for
 * everybody and all devices, and one in ten a deny. */
static void put_site_rules(writing *out)
{
    static const char *const actions[] = { "live.*", "playback.*", "ptz.*", "export.create",
                                           "bookmark.*" };
    for (int i = 0; i < RULES; i++) {
        put(out, "%s{\"id\":\"rule-%d\",\"actions\":[\"%s\"]", i ? "," : "", i, actions[i % 5]);
        if (i % 20 == 0) {
            put(out, ",\"devices\":[\"*\"]");
        } else {
            put(out, ",\"devices\":[\"group:group-%d\"],\"roles\":[\"role-%d\"]", i % GROUPS,
                i % ROLES);
        }
        put(out, i % 10 == 9 ? ",\"effect\":\"deny\",\"networks\":[\"203.0.113.0/24\"]" : "");
        put(out, i % 3 == 0 ? ",\"when\":[\"day\",\"week\"]" : "");
        put(out, i % 4 == 0 ? ",\"clients\":[\"desktop\",\"browser\"]}" : "}");
    }
}

/* All rules concern the question, each with a condition to look at. */
static void put_crowded_rules(writing *out)
{
    for (int i = 0; i < RULES; i++) {
        put(out,
            "%s{\"id\":\"rule-%d\",\"actions\":[\"live.*\"],\"devices\":[\"*\"],"
            "\"clients\":[\"desktop\"],\"networks\":[\"198.51.100.0/24\"]}",
            i ? "," : "", i);
    }
}

static void read_policy(bench *b, void (*put_rules)(writing *out))
{
    svms_error err = SVMS_ERROR_INIT;
    writing out = { malloc(JSON_ROOM), 0 };
    if (!out.text) {
        abort();
    }
    put_names(&out);
    put_rules(&out);
    put(&out, "]}");
    svms_policy_free(&b->policy);
    check(svms_policy_read(&b->policy, b->ctx, out.text, out.size, NULL, &err), "policy", &err);
    free(out.text);
}

/* A token as an issuer makes it, verified. */
static void log_in(bench *b)
{
    static const char rights[] = "[{\"type\":\"svms\",\"actions\":[\"live.*\",\"playback.*\"],"
                                 "\"devices\":[\"*\"]}]";
    char jwk[1024];
    char jwks[1100];
    char text[4097];
    size_t size = sizeof jwk;
    svms_error err = SVMS_ERROR_INIT;
    svms_private_key *key = NULL;
    svms_public_key *half = NULL;
    svms_keyset *keys = NULL;
    svms_token_verifier *verifier = NULL;
    svms_token_rules rules = SVMS_TOKEN_RULES_INIT;
    svms_token_claims claims = SVMS_TOKEN_CLAIMS_INIT;
    svms_token_question question = SVMS_TOKEN_QUESTION_INIT;
    svms_token_verdict verdict = SVMS_TOKEN_GOOD;
    check(svms_private_key_generate(&key, b->ctx, &err), "key", &err);
    check(svms_private_key_public(&half, b->ctx, key, &err), "public half", &err);
    check(svms_public_key_to_jwk(b->ctx, half, 0, "k", jwk, &size, &err), "jwk", &err);
    int length = snprintf(jwks, sizeof jwks, "{\"keys\":[%s]}", jwk);
    check(svms_keyset_from_jwks(&keys, b->ctx, jwks, (size_t)length, &err), "keys", &err);
    rules.audience = "server";
    check(svms_token_verifier_new(&verifier, b->ctx, &rules, &err), "verifier", &err);
    check(svms_token_verifier_add(verifier, "issuer", &keys, 0, &err), "issuer", &err);
    claims.issuer = "issuer";
    claims.audience = "server";
    claims.subject = "user-1";
    claims.client = "client";
    claims.rights = rights;
    claims.rights_size = sizeof rights - 1;
    claims.now_utc_ns = NOW_NS;
    size = sizeof text;
    check(svms_token_issue(b->ctx, &claims, key, SVMS_TOKEN_NO_ALGORITHM, "k", text, &size, &err),
          "token", &err);
    question.now_utc_ns = NOW_NS;
    check(svms_token_verify(&b->token, verifier, text, size, &question, &verdict, &err), "verify",
          &err);
    svms_token_verifier_free(&verifier);
    svms_public_key_free(&half);
    svms_private_key_free(&key);
}

/* Of this process: other load does not count. */
static double seconds_used(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Nanoseconds for one decision, over devices far apart. */
static double run(const bench *b, const char *action, unsigned long *allowed)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    char device[40];
    question.action = action;
    question.device = device;
    question.address = "192.0.2.7";
    question.client = SVMS_CLIENT_DESKTOP;
    question.now_utc_ns = NOW_NS;
    double begun = seconds_used();
    for (unsigned long i = 0; i < b->decisions; i++) {
        svms_decision answer = SVMS_DECISION_INIT;
        (void)snprintf(device, sizeof device, "%032lx", i * 7919 % DEVICES);
        check(svms_access_decide(b->policy, b->token, &question, &answer, &err), "decide", &err);
        *allowed += answer.is_allowed;
    }
    return (seconds_used() - begun) / (double)b->decisions * 1e9;
}

static int by_size(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

static void measure(bench *b, const char *name, const char *action)
{
    double rounds[ROUNDS];
    unsigned long allowed = 0;
    (void)run(b, action, &allowed);
    allowed = 0;
    size_t before = b->allocations;
    for (int i = 0; i < ROUNDS; i++) {
        rounds[i] = run(b, action, &allowed);
    }
    size_t allocations = b->allocations - before;
    qsort(rounds, ROUNDS, sizeof rounds[0], by_size);
    printf("%-36s median %7.0f ns  least %7.0f  most %7.0f  allowed %3.0f %%  allocations %zu\n",
           name, rounds[ROUNDS / 2], rounds[0], rounds[ROUNDS - 1],
           100.0 * (double)allowed / (double)b->decisions / ROUNDS, allocations);
}

int main(int argc, char **argv)
{
    static bench b;
    svms_error err = SVMS_ERROR_INIT;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    b.decisions = argc > 1 ? strtoul(argv[1], NULL, 10) : 20000;
    options.user = &b;
    options.allocate = allocate;
    options.release = release;
    check(svms_ctx_new(&b.ctx, &options, &err), "context", &err);
    log_in(&b);
    read_policy(&b, put_site_rules);
    measure(&b, "a site: live.view", "live.view");
    measure(&b, "a site: playback.view, no range", "playback.view");
    measure(&b, "a site: evidence.lock, no rule", "evidence.lock");
    read_policy(&b, put_crowded_rules);
    measure(&b, "all 1,000 rules are about it", "live.view");
    svms_policy_free(&b.policy);
    svms_token_free(&b.token);
    svms_ctx_free(&b.ctx);
    return 0;
}
