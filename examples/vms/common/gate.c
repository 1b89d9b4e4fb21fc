/* SPDX-License-Identifier: Apache-2.0 */
#include "gate.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "gate_files.h"

#define ADDRESS_SIZE 64
#define CLIENT_SIZE 160

struct gate {
    gate_options options;
    pthread_rwlock_t lock; /* of the rules, and of those who read them */
    gate_rules *rules;
    atomic_uint generation; /* counts what was read anew */
};

struct gate_pass {
    gate *gate;
    svms_token *token;
    unsigned generation; /* by which rules the token was judged */
    svms_client_kind kind;
    bool has_certificate;
    uint8_t certificate[32];
    char address[ADDRESS_SIZE];
    char client[CLIENT_SIZE];
    char subject[GATE_NAME_SIZE];
    char id[GATE_NAME_SIZE];
    size_t size;
    char text[]; /* of the token: judged again when the rules changed */
};

static svms_status fail(svms_error *err, svms_status status, const char *words)
{
    if (err) {
        *err = (svms_error)SVMS_ERROR_INIT;
        err->status = status;
        snprintf(err->message, sizeof err->message, "%s", words);
    }
    return status;
}

svms_status gate_open(gate **out, const gate_options *options, svms_error *err)
{
    gate *self = calloc(1, sizeof *self);
    if (!self) {
        return fail(err, SVMS_E_NO_MEMORY, "out of memory");
    }
    self->options = *options;
    if (pthread_rwlock_init(&self->lock, NULL) != 0) {
        free(self);
        return fail(err, SVMS_E_NO_MEMORY, "out of memory");
    }
    svms_status status = gate_rules_read(&self->rules, options, err);
    if (status != SVMS_OK) {
        gate_close(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

static void tell_change(gate *self, svms_audit_outcome outcome, const char *reason)
{
    svms_audit_record *record = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_audit_event event = auditor_event(self->options.auditor, "policy.change", outcome);
    event.actor_kind = SVMS_AUDIT_ACTOR_SYSTEM;
    event.reason = reason;
    if (!self->options.auditor) {
        return;
    }
    svms_status status = auditor_begin(&record, self->options.auditor, &event, &err);
    if (status == SVMS_OK && outcome == SVMS_AUDIT_SUCCESS) {
        status =
            svms_audit_record_number(record, "revision", gate_rules_revision(self->rules), &err);
    }
    auditor_tell_later(self->options.auditor, &record, status);
}

bool gate_tend(gate *self)
{
    gate_rules *fresh = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (!gate_rules_changed(self->rules)) {
        return false;
    }
    if (gate_rules_read_again(&fresh, self->rules, &self->options, &err) != SVMS_OK) {
        service_log_error(self->options.service, SERVICE_ERROR, &err,
                          "policy, keys or revocations changed and cannot be used; what was in "
                          "force stays so");
        tell_change(self, SVMS_AUDIT_ERROR, err.message);
        return false;
    }
    pthread_rwlock_wrlock(&self->lock);
    gate_rules *old = self->rules;
    self->rules = fresh;
    atomic_fetch_add(&self->generation, 1);
    pthread_rwlock_unlock(&self->lock);
    gate_rules_free(&old);
    service_log(self->options.service, SERVICE_NOTICE,
                "policy, keys or revocations changed and are in force");
    tell_change(self, SVMS_AUDIT_SUCCESS, NULL);
    return true;
}

void gate_close(gate **self)
{
    if (self && *self) {
        gate_rules_free(&(*self)->rules);
        pthread_rwlock_destroy(&(*self)->lock);
        free(*self);
        *self = NULL;
    }
}

/* By the rules that are in force now; the lock is held. */
static svms_status judge(gate_pass *pass, svms_token_verdict *verdict, svms_error *err)
{
    svms_token_question question = SVMS_TOKEN_QUESTION_INIT;
    gate *self = pass->gate;
    question.certificate_sha256 = pass->has_certificate ? pass->certificate : NULL;
    svms_token_free(&pass->token);
    pass->generation = atomic_load(&self->generation);
    return svms_token_verify(&pass->token, gate_rules_verifier(self->rules), pass->text, pass->size,
                             &question, verdict, err);
}

/* A name that is cut short would be another's. */
static svms_status take_names(gate_pass *pass, svms_error *err)
{
    svms_token_info info = SVMS_TOKEN_INFO_INIT;
    svms_status status = svms_token_describe(pass->token, &info, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!info.subject || info.subject[0] == '\0' || strlen(info.subject) >= GATE_NAME_SIZE) {
        return fail(err, SVMS_E_POLICY, "the token names nobody");
    }
    snprintf(pass->subject, sizeof pass->subject, "%s", info.subject);
    snprintf(pass->id, sizeof pass->id, "%s", info.id ? info.id : "");
    return SVMS_OK;
}

static svms_status pass_new(gate_pass **out, gate *self, const gate_asker *asker, svms_error *err)
{
    size_t size = sizeof(gate_pass) + asker->token_size;
    gate_pass *pass = calloc(1, size);
    if (!pass) {
        return fail(err, SVMS_E_NO_MEMORY, "out of memory");
    }
    pass->gate = self;
    pass->kind = asker->kind;
    pass->size = asker->token_size;
    memcpy(pass->text, asker->token, asker->token_size);
    snprintf(pass->address, sizeof pass->address, "%s", asker->address ? asker->address : "");
    snprintf(pass->client, sizeof pass->client, "%s", asker->client ? asker->client : "");
    if (asker->certificate) {
        svms_certificate_info leaf = SVMS_CERTIFICATE_INFO_INIT;
        svms_status status = svms_chain_certificate(asker->certificate, 0, &leaf, err);
        if (status != SVMS_OK) {
            gate_pass_free(&pass);
            return status;
        }
        memcpy(pass->certificate, leaf.sha256, sizeof pass->certificate);
        pass->has_certificate = true;
    }
    *out = pass;
    return SVMS_OK;
}

static void tell_refusal(gate *self, const gate_asker *asker, svms_token_verdict verdict,
                         const svms_error *why)
{
    svms_audit_record *record = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_audit_event event =
        auditor_event(self->options.auditor, "token.refuse", SVMS_AUDIT_FAILURE);
    event.address = asker->address;
    event.client = asker->client;
    event.reason = why->message[0] ? why->message : "the token does not hold";
    svms_status status = auditor_begin(&record, self->options.auditor, &event, &err);
    if (record) {
        status = svms_audit_record_text(record, "verdict", svms_token_verdict_name(verdict), &err);
    }
    auditor_tell_later(self->options.auditor, &record, status);
}

svms_status gate_admit(gate_pass **out, gate *self, const gate_asker *asker,
                       svms_token_verdict *verdict, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    gate_pass *pass = NULL;
    *verdict = SVMS_TOKEN_FORM;
    svms_status status = asker->token && asker->token_size > 0
                             ? pass_new(&pass, self, asker, &why)
                             : fail(&why, SVMS_E_POLICY, "no token was shown");
    if (status == SVMS_OK) {
        pthread_rwlock_rdlock(&self->lock);
        status = judge(pass, verdict, &why);
        pthread_rwlock_unlock(&self->lock);
    }
    if (status == SVMS_OK) {
        status = take_names(pass, &why);
    }
    if (status != SVMS_OK) {
        tell_refusal(self, asker, *verdict, &why);
        gate_pass_free(&pass);
        if (err) {
            *err = why;
        }
        return status;
    }
    *out = pass;
    return SVMS_OK;
}

const char *gate_pass_subject(const gate_pass *pass)
{
    return pass->subject;
}

int64_t gate_pass_expires(const gate_pass *pass)
{
    svms_token_info info = SVMS_TOKEN_INFO_INIT;
    svms_error err = SVMS_ERROR_INIT;
    return pass->token && svms_token_describe(pass->token, &info, &err) == SVMS_OK
               ? info.expires_utc_ns
               : INT64_MIN;
}

void gate_pass_name(const gate_pass *pass, svms_audit_event *event)
{
    event->actor_kind = SVMS_AUDIT_ACTOR_USER;
    event->actor_id = pass->subject;
    event->address = pass->address[0] ? pass->address : NULL;
    event->client = pass->client[0] ? pass->client : NULL;
    event->token = pass->id[0] ? pass->id : NULL;
}

void gate_pass_free(gate_pass **pass)
{
    if (pass && *pass) {
        svms_token_free(&(*pass)->token);
        OPENSSL_cleanse((*pass)->text, (*pass)->size);
        free(*pass);
        *pass = NULL;
    }
}

/* The lock is held. */
static svms_status decide(gate *self, gate_pass *pass, const svms_access_question *question,
                          gate_answer *out, svms_error *err)
{
    svms_decision decision = SVMS_DECISION_INIT;
    svms_access_question asked = *question;
    asked.address = pass->address[0] ? pass->address : NULL;
    asked.client = pass->kind;
    decision.ranges = out->ranges;
    decision.range_capacity = GATE_RANGES_MAX;
    svms_status status =
        svms_access_decide(gate_rules_policy(self->rules), pass->token, &asked, &decision, err);
    if (status != SVMS_OK) {
        return status;
    }
    bool can_keep = (decision.obligations & ~self->options.obligations) == 0;
    out->is_allowed = decision.is_allowed && can_keep;
    out->reason = decision.reason;
    out->obligations = decision.obligations;
    out->valid_until_utc_ns = decision.valid_until_utc_ns;
    out->range_count = out->is_allowed ? decision.range_count : 0;
    out->words = decision.is_allowed && !can_keep
                     ? "it comes with obligations that this server cannot keep"
                     : svms_access_reason_words(decision.reason);
    snprintf(out->rule, sizeof out->rule, "%s", decision.rule ? decision.rule : "");
    return SVMS_OK;
}

svms_status gate_ask(gate *self, gate_pass *pass, const svms_access_question *question,
                     gate_answer *out, svms_error *err)
{
    svms_token_verdict verdict = SVMS_TOKEN_GOOD;
    svms_status status = SVMS_OK;
    memset(out, 0, sizeof *out);
    out->reason = SVMS_ACCESS_NO_TOKEN;
    out->words = svms_access_reason_words(SVMS_ACCESS_NO_TOKEN);
    pthread_rwlock_rdlock(&self->lock);
    if (pass->generation != atomic_load(&self->generation) || !pass->token) {
        svms_error why = SVMS_ERROR_INIT;
        status = judge(pass, &verdict, &why);
        if (status != SVMS_OK) {
            /* What is no verdict on the token may be another one in a moment. */
            svms_status_kind kind = svms_status_class(status);
            bool is_refused = kind == SVMS_CLASS_MALFORMED || kind == SVMS_CLASS_EVIDENCE ||
                              kind == SVMS_CLASS_POLICY;
            pthread_rwlock_unlock(&self->lock);
            if (err) {
                *err = why;
            }
            return is_refused ? SVMS_OK : status;
        }
    }
    status = decide(self, pass, question, out, err);
    pthread_rwlock_unlock(&self->lock);
    return status;
}

void gate_tell_no(gate *self, const gate_pass *pass, const char *event,
                  const svms_access_question *question, const gate_answer *answer)
{
    svms_audit_event told = auditor_event(self->options.auditor, event, SVMS_AUDIT_DENIED);
    gate_pass_name(pass, &told);
    told.device = question->device;
    told.from_utc_ns = question->range.from_utc_ns;
    told.to_utc_ns = question->range.to_utc_ns;
    told.reason = answer->words;
    told.code = svms_access_reason_name(answer->reason);
    auditor_note(self->options.auditor, &told);
}
