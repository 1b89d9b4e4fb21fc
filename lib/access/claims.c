/* SPDX-License-Identifier: Apache-2.0 */
/* What a token says of itself (token.md, section 3). */
#include <string.h>

#include "base64.h"
#include "failure.h"
#include "token_internal.h"

#define TIME_LIMIT 9007199254740992.0 /* 2^53 */
#define ABSENT INT64_C(-1)
#define AUDIENCES_MAX 16
#define DIGEST_SIZE 32

typedef struct claims {
    svms_token *token;
    svms_json_node root;
    const svms_claim_rules *rules;
    svms_token_verdict *verdict;
    svms_error *err;
} claims;

static svms_status refuse(const claims *job, svms_token_verdict verdict, svms_status status,
                          const char *words)
{
    *job->verdict = verdict;
    return svms_fail(job->err, status, "the token %s", words);
}

/* What was refused while it was read. */
static svms_status settle(const claims *job, svms_token_verdict verdict)
{
    svms_status status = job->root.document->status;
    if (status != SVMS_OK) {
        *job->verdict = verdict;
    }
    return status;
}

/* Text of 1 to most bytes; NULL where it is absent and may be. */
static const char *read_text(const claims *job, const char *name, bool is_due, size_t most)
{
    if (!is_due && !svms_json_is_there(&job->root, name)) {
        return NULL;
    }
    const char *text = svms_json_text(&job->root, name);
    size_t size = text ? strlen(text) : 0;
    if (text && (size == 0 || size > most)) {
        svms_json_refuse(&job->root, name, "is empty or too long");
        return NULL;
    }
    return text;
}

static void read_digest(const svms_json_node *node, const char *name, uint8_t out[DIGEST_SIZE])
{
    const char *text = svms_json_text(node, name);
    size_t characters = text ? strlen(text) : 0;
    if (text && (svms_base64url_decoded_size(characters) != DIGEST_SIZE ||
                 !svms_base64url_decode(text, characters, out))) {
        svms_json_refuse(node, name, "is no SHA-256 in base64url");
    }
}

/* Whole seconds; a fraction counts against the token: up for what begins, down for what ends. */
static int64_t read_time(const claims *job, const char *name, bool is_due, bool begins)
{
    if (!is_due && !svms_json_is_there(&job->root, name)) {
        return ABSENT;
    }
    double value = svms_json_real(&job->root, name);
    if (svms_json_failed(&job->root)) {
        return ABSENT;
    }
    if (!(value >= 0.0 && value < TIME_LIMIT)) {
        svms_json_refuse(&job->root, name, "is no time between 0 and 2^53");
        return ABSENT;
    }
    int64_t whole = (int64_t)value;
    return begins && (double)whole < value ? whole + 1 : whole;
}

static svms_status read_identity(const claims *job)
{
    svms_token *token = job->token;
    bool is_access = job->rules->rules->profile == SVMS_TOKEN_ACCESS;
    bool is_due = job->rules->rules->profile != SVMS_TOKEN_ONVIF;
    token->issuer = read_text(job, "iss", true, SVMS_ISSUER_MAX);
    token->subject = read_text(job, "sub", is_due, SVMS_CLAIM_MAX);
    token->id = read_text(job, "jti", is_due, SVMS_CLAIM_MAX);
    token->client = read_text(job, "client_id", is_access, SVMS_CLAIM_MAX);
    token->session = read_text(job, "sid", false, SVMS_CLAIM_MAX);
    svms_status status = settle(job, SVMS_TOKEN_CLAIM);
    if (status == SVMS_OK && strcmp(token->issuer, job->rules->issuer) != 0) {
        return refuse(job, SVMS_TOKEN_ISSUER, SVMS_E_UNTRUSTED,
                      "names another issuer than the one whose key signed it");
    }
    return status;
}

/* J-CLM-2 */
static svms_status check_audience(const claims *job)
{
    const char *wanted = job->rules->rules->audience;
    bool is_list = svms_json_is_array(&job->root, "aud");
    size_t count = is_list ? svms_json_count(&job->root, "aud", AUDIENCES_MAX) : 1;
    bool found = false;
    if (is_list && count == 0) {
        svms_json_refuse(&job->root, "aud", "is an empty list");
    }
    for (size_t i = 0; i < count; i++) {
        const char *name =
            is_list ? svms_json_item_text(&job->root, "aud", i) : svms_json_text(&job->root, "aud");
        found = found || (name && strcmp(name, wanted) == 0);
    }
    svms_status status = settle(job, SVMS_TOKEN_CLAIM);
    if (status == SVMS_OK && !found) {
        return refuse(job, SVMS_TOKEN_AUDIENCE, SVMS_E_POLICY, "is for somebody else");
    }
    return status;
}

/* J-APP-2 */
static svms_status read_approval(const claims *job)
{
    svms_token *token = job->token;
    if (token->profile != SVMS_TOKEN_APPROVING) {
        return SVMS_OK;
    }
    read_digest(&job->root, "req", token->request_hash);
    read_digest(&job->root, "ath", token->asking_sha256);
    if (svms_json_is_array(&job->root, "aud")) {
        svms_json_refuse(&job->root, "aud", "is a list: an approval is for one server");
    }
    svms_status status = settle(job, SVMS_TOKEN_CLAIM);
    if (status == SVMS_OK && token->expires_s - token->issued_s > SVMS_APPROVAL_LIFE_MAX) {
        return refuse(job, SVMS_TOKEN_LIFETIME, SVMS_E_POLICY, "lives longer than an approval may");
    }
    return status;
}

static svms_status read_times(const claims *job)
{
    const svms_token_rules *rules = job->rules->rules;
    svms_token *token = job->token;
    token->expires_s = read_time(job, "exp", true, false);
    bool is_approval = rules->profile == SVMS_TOKEN_APPROVING;
    token->not_before_s = read_time(job, "nbf", !rules->nbf_may_be_absent && !is_approval, true);
    token->issued_s = read_time(job, "iat", rules->profile != SVMS_TOKEN_ONVIF, true);
    token->authenticated_s = read_time(job, "auth_time", false, false);
    return settle(job, SVMS_TOKEN_TIME);
}

/* J-CLM-3 */
static svms_status check_times(const claims *job)
{
    const svms_token_rules *rules = job->rules->rules;
    const svms_token *token = job->token;
    int64_t now = job->rules->now_s;
    int64_t skew = rules->skew_s;
    int64_t begin = token->not_before_s != ABSENT ? token->not_before_s : token->issued_s;
    if ((token->not_before_s != ABSENT && token->not_before_s >= token->expires_s) ||
        (token->issued_s != ABSENT && token->issued_s >= token->expires_s)) {
        return refuse(job, SVMS_TOKEN_TIME, SVMS_E_MALFORMED, "ends before it begins");
    }
    if (now >= token->expires_s + skew) {
        return refuse(job, SVMS_TOKEN_EXPIRED, SVMS_E_POLICY, "has expired");
    }
    if ((token->not_before_s != ABSENT && now < token->not_before_s - skew) ||
        (token->issued_s != ABSENT && now < token->issued_s - skew)) {
        return refuse(job, SVMS_TOKEN_NOT_YET, SVMS_E_POLICY, "is not valid yet");
    }
    if (begin == ABSENT) {
        begin = now;
    }
    if (token->expires_s - begin > (int64_t)rules->longest_life_s) {
        return refuse(job, SVMS_TOKEN_LIFETIME, SVMS_E_POLICY, "lives longer than a token may");
    }
    return SVMS_OK;
}

/* J-CLM-4 */
static svms_status check_binding(const claims *job)
{
    static const char *const members[] = { "x5t#S256", NULL };
    svms_token *token = job->token;
    if (!svms_json_is_there(&job->root, "cnf")) {
        return job->rules->rules->demand_binding
                   ? refuse(job, SVMS_TOKEN_BINDING, SVMS_E_POLICY, "is not bound to a certificate")
                   : SVMS_OK;
    }
    svms_json_node cnf = svms_json_object(&job->root, "cnf");
    svms_json_only(&cnf, members);
    read_digest(&cnf, "x5t#S256", token->certificate_sha256);
    svms_status status = settle(job, SVMS_TOKEN_BINDING);
    if (status != SVMS_OK) {
        return status;
    }
    const uint8_t *certificate = job->rules->certificate_sha256;
    if (!certificate || !svms_equal_secret(certificate, token->certificate_sha256, DIGEST_SIZE)) {
        return refuse(job, SVMS_TOKEN_BINDING, SVMS_E_POLICY,
                      certificate ? "is bound to another certificate than the peer's"
                                  : "is bound to a certificate, and the peer has shown none");
    }
    token->is_bound = true;
    return SVMS_OK;
}

static size_t read_list(const claims *job, const char *name, const char **out, size_t most)
{
    if (!svms_json_is_there(&job->root, name)) {
        return 0;
    }
    size_t count = svms_json_count(&job->root, name, most);
    for (size_t i = 0; i < count; i++) {
        out[i] = svms_json_item_text(&job->root, name, i);
    }
    return svms_json_failed(&job->root) ? 0 : count;
}

/* J-CLM-5 */
static void read_actors(const claims *job)
{
    svms_token *token = job->token;
    svms_json_node node = job->root;
    while (svms_json_is_there(&node, "act")) {
        if (token->actor_count == SVMS_ACTORS_MAX) {
            svms_json_refuse(&node, "act", "is nested too deep");
            return;
        }
        node = svms_json_object(&node, "act");
        token->actors[token->actor_count] = svms_json_text(&node, "sub");
        if (svms_json_failed(&node)) {
            return;
        }
        token->actor_count++;
    }
}

static svms_status read_rest(const claims *job)
{
    svms_token *token = job->token;
    token->method_count = read_list(job, "amr", token->methods, SVMS_METHODS_MAX);
    token->role_count = read_list(job, "roles", token->roles, SVMS_TOKEN_ROLES_MAX);
    read_actors(job);
    svms_status status = settle(job, SVMS_TOKEN_CLAIM);
    if (status == SVMS_OK && job->rules->is_exchanger && token->actor_count == 0) {
        return refuse(job, SVMS_TOKEN_ISSUER, SVMS_E_UNTRUSTED,
                      "is a gateway's own, which may only ask for somebody");
    }
    return status;
}

/* policy.md, section 2 */
static svms_status read_rights(const claims *job)
{
    static const char name[] = "authorization_details";
    svms_token *token = job->token;
    svms_rule_reader reader = { token->ctx, true, NULL, NULL, NULL, SVMS_OK };
    if (token->profile != SVMS_TOKEN_ACCESS || !svms_json_is_there(&job->root, name)) {
        return SVMS_OK;
    }
    size_t count = svms_json_count(&job->root, name, SVMS_RIGHTS_MAX);
    token->rights = count > 0 ? svms_alloc_array(token->ctx, count, sizeof *token->rights) : NULL;
    if (count > 0 && !token->rights) {
        return svms_fail_memory(job->err);
    }
    for (size_t i = 0; i < count && !svms_json_failed(&job->root); i++) {
        svms_json_node right = svms_json_item(&job->root, name, i);
        if (svms_right_is_ours(&right)) {
            svms_rule_read(&reader, &right, &token->rights[token->right_count++]);
        }
    }
    if (reader.status != SVMS_OK) {
        return svms_fail_memory(job->err);
    }
    return settle(job, SVMS_TOKEN_CLAIM);
}

typedef svms_status (*claims_step)(const claims *job);

svms_status svms_claims_read(svms_token *token, const svms_claim_rules *rules,
                             svms_token_verdict *verdict, svms_error *err)
{
    claims job = { token, svms_json_root(&token->document), rules, verdict, err };
    static const claims_step steps[] = {
        read_identity, check_audience, read_times, check_times,
        check_binding, read_approval,  read_rest,  read_rights,
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        svms_status status = steps[i](&job);
        if (status != SVMS_OK) {
            return status;
        }
    }
    return SVMS_OK;
}
