/* SPDX-License-Identifier: Apache-2.0 */
/* A decision in all its parts (policy.md, section 6): made by what decides, then written down. */
#include <string.h>

#include <svms/time.h>

#include "decide.h"
#include "failure.h"
#include "json_put.h"

#define FORMAT "svms-explanation"
#define VERSION 1
#define RANGES_ROOM 4096
/* Far above what 4,096 rules with all their conditions come to. */
#define TEXT_MAX (8u << 20)

typedef struct explanation {
    svms_decision_job job;
    svms_decision answer;
    svms_builder text;
} explanation;

static void put_range(svms_builder *out, const char *name, const svms_time_range *range)
{
    svms_json_open(out, name, '{');
    svms_json_put_time(out, "from", range->from_utc_ns);
    svms_json_put_time(out, "to", range->to_utc_ns);
    svms_json_close(out, '}');
}

static void put_question(explanation *e)
{
    svms_builder *out = &e->text;
    const svms_asked *asked = &e->job.asked;
    const svms_access_question *question = asked->question;
    svms_json_open(out, "question", '{');
    svms_json_put_text(out, "action", question->action);
    svms_json_put_text(out, "device", question->device);
    svms_json_put_time(out, "now", asked->now_ns);
    svms_json_put_text(out, "client", svms_client_word(question->client));
    svms_json_put_text(out, "address", question->address);
    svms_json_put_text(out, "format", svms_form_word(question->format));
    svms_json_put_text(out, "destination", question->destination);
    if (asked->has_range) {
        put_range(out, "range", &asked->range);
    } else {
        svms_json_put_null(out, "range");
    }
    svms_json_put_time(out, "approved_until",
                       question->is_approved ? question->approved_until_utc_ns : SVMS_NO_TIME);
    svms_json_close(out, '}');
}

static void put_roles(svms_builder *out, const svms_asked *asked)
{
    const svms_name_table *roles = &asked->policy->roles;
    svms_json_open(out, "roles", '[');
    for (size_t i = 0; i < roles->count; i++) {
        if (svms_bit_is_set(asked->roles, roles->entries[i].number)) {
            svms_json_put_text(out, NULL, roles->entries[i].name);
        }
    }
    svms_json_close(out, ']');
}

static void put_token(explanation *e)
{
    static const char *const profiles[] = { [SVMS_TOKEN_ACCESS] = "access",
                                            [SVMS_TOKEN_ONVIF] = "onvif",
                                            [SVMS_TOKEN_APPROVING] = "approval" };
    svms_builder *out = &e->text;
    const svms_token *token = e->job.asked.token;
    if (!token) {
        svms_json_put_null(out, "token");
        return;
    }
    svms_json_open(out, "token", '{');
    svms_json_put_text(out, "profile", profiles[token->profile]);
    svms_json_put_text(out, "subject", token->subject);
    svms_json_put_time(out, "expires", svms_token_end_ns(token));
    put_roles(out, &e->job.asked);
    svms_json_close(out, '}');
}

static void put_obligations(svms_builder *out, uint32_t obligations)
{
    svms_json_open(out, "obligations", '[');
    for (uint32_t rest = obligations; rest != 0; rest &= rest - 1) {
        svms_json_put_text(out, NULL, svms_obligation_word(svms_bit_lowest(rest)));
    }
    svms_json_close(out, ']');
}

static void put_answer(explanation *e)
{
    svms_builder *out = &e->text;
    const svms_decision *answer = &e->answer;
    svms_json_open(out, "answer", '{');
    svms_json_put_flag(out, "allowed", answer->is_allowed != 0);
    svms_json_put_text(out, "reason", svms_access_reason_name(answer->reason));
    svms_json_put_text(out, "words", svms_access_reason_words(answer->reason));
    svms_json_put_time(out, "instant", answer->instant_utc_ns);
    svms_json_put_time(out, "valid_until", answer->valid_until_utc_ns);
    put_obligations(out, answer->obligations);
    if (e->job.asked.has_range && e->job.instant_ns != SVMS_NO_TIME) {
        svms_json_open(out, "ranges", '[');
        for (size_t i = 0; i < answer->range_count; i++) {
            put_range(out, NULL, &answer->ranges[i]);
        }
        svms_json_close(out, ']');
    } else {
        svms_json_put_null(out, "ranges");
    }
    svms_json_close(out, '}');
}

static const char *truth_word(svms_truth truth)
{
    static const char *const words[] = { "false", "unknown", "true" };
    return words[truth];
}

/* Which conditions are shown: R-EXP-2. */
static unsigned shown_conditions(const svms_rule *rule, const svms_asked *asked)
{
    unsigned shown = rule->conditions;
    if (!svms_rule_wants_second(rule, asked)) {
        shown &= ~(unsigned)SVMS_COND_SECOND;
    }
    return asked->question->device ? shown | SVMS_COND_DEVICES : shown;
}

static void put_conditions(explanation *e, const svms_side *side, size_t index)
{
    svms_builder *out = &e->text;
    svms_asked *asked = &e->job.asked;
    const svms_rule *rule = &side->rules[index];
    svms_truth least = SVMS_TRUE;
    int64_t ignored = INT64_MAX;
    svms_json_open(out, "conditions", '{');
    for (unsigned rest = shown_conditions(rule, asked); rest != 0; rest &= rest - 1) {
        unsigned condition = rest & (~rest + 1u);
        svms_truth truth = svms_rule_condition(rule, condition, asked, e->job.instant_ns, &ignored);
        if (condition == SVMS_COND_DEVICES) {
            truth = svms_bit_is_set(side->about, index) ? SVMS_TRUE : SVMS_FALSE;
        }
        least = truth < least ? truth : least;
        svms_json_put_text(out, svms_condition_name(condition), truth_word(truth));
    }
    svms_json_close(out, '}');
    svms_json_put_text(out, "applies", truth_word(least));
}

static void put_rules(explanation *e, const char *name, const svms_side *side)
{
    svms_builder *out = &e->text;
    svms_json_open(out, name, '[');
    for (size_t w = 0; w < side->words; w++) {
        for (uint64_t rest = side->concerned[w]; rest != 0; rest &= rest - 1) {
            size_t index = w * 64 + svms_bit_lowest(rest);
            svms_json_open(out, NULL, '{');
            if (side == &e->job.policy) {
                svms_json_put_text(out, "id", side->rules[index].id);
            } else {
                svms_json_put_number(out, "number", index);
            }
            svms_json_put_text(out, "effect", side->rules[index].denies ? "deny" : "allow");
            put_conditions(e, side, index);
            svms_json_close(out, '}');
        }
    }
    svms_json_close(out, ']');
}

static const char *verdict_word(const svms_said *said)
{
    if (said->denies) {
        return "deny";
    }
    if (said->allows) {
        return "allow";
    }
    return said->waits ? "approval-needed" : "none";
}

static void put_policy(explanation *e)
{
    svms_builder *out = &e->text;
    const svms_policy *policy = e->job.asked.policy;
    svms_json_open(out, "policy", '{');
    svms_json_put_number(out, "revision", policy->revision);
    svms_json_put_text(out, "verdict", verdict_word(&e->job.policy_said));
    svms_json_put_text(out, "rule", e->answer.rule);
    svms_json_put_text(out, "condition", e->answer.condition);
    put_rules(e, "rules", &e->job.policy);
    svms_json_close(out, '}');
}

static void put_rights(explanation *e)
{
    svms_builder *out = &e->text;
    if (!e->job.has_token_side) {
        svms_json_put_null(out, "rights");
        return;
    }
    svms_json_open(out, "rights", '{');
    svms_json_put_text(out, "verdict", verdict_word(&e->job.token_said));
    if (e->answer.right == UINT32_MAX) {
        svms_json_put_null(out, "right");
    } else {
        svms_json_put_number(out, "right", e->answer.right);
    }
    svms_json_put_text(out, "condition", e->answer.right_condition);
    put_rules(e, "rights", &e->job.token);
    svms_json_close(out, '}');
}

static void put_all(explanation *e)
{
    svms_builder *out = &e->text;
    svms_json_open(out, NULL, '{');
    svms_json_put_text(out, "format", FORMAT);
    svms_json_put_number(out, "version", VERSION);
    put_question(e);
    put_token(e);
    put_answer(e);
    put_policy(e);
    put_rights(e);
    svms_json_close(out, '}');
}

static svms_status hand_over(const svms_builder *text, char *out, size_t *size, svms_error *err)
{
    svms_status status = svms_builder_check(text, "the explanation", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (*size <= text->size) {
        *size = text->size + 1;
        return svms_fail(err, SVMS_E_LIMIT, "the explanation needs %zu bytes", *size);
    }
    memcpy(out, text->data, text->size);
    out[text->size] = '\0';
    *size = text->size;
    return SVMS_OK;
}

static svms_status make(explanation *e, char *out, size_t *size)
{
    svms_ctx *ctx = e->job.asked.policy->ctx;
    svms_decision *answer = &e->answer;
    if (e->job.asked.has_range) {
        answer->ranges = svms_alloc_array(ctx, RANGES_ROOM, sizeof *answer->ranges);
        answer->range_capacity = RANGES_ROOM;
        if (!answer->ranges) {
            return svms_fail_memory(e->job.err);
        }
    }
    svms_status status = svms_decision_make(&e->job);
    if (status == SVMS_OK) {
        e->text = svms_builder_new(ctx, TEXT_MAX);
        put_all(e);
        status = hand_over(&e->text, out, size, e->job.err);
        svms_builder_clear(&e->text);
    }
    svms_release(ctx, answer->ranges);
    return status;
}

svms_status svms_access_explain(const svms_policy *policy, const svms_token *token,
                                const svms_access_question *question, char *out, size_t *size,
                                svms_error *err)
{
    if (!policy || !question || !size || (!out && *size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    explanation e = { .answer = SVMS_DECISION_INIT };
    e.job.out = &e.answer;
    e.job.err = err;
    svms_status status = svms_question_take(&e.job, policy, token, question);
    return status == SVMS_OK ? make(&e, out, size) : status;
}
