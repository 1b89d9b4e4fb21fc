/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens, and who has shown which. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include <peer_address.h>
#include <stream_clock.h>

#include "recorder_failure.h"
#include "recorder_rtsp_internal.h"

/* More than there are connections. */
#define PASSES_MAX 512u
/* All tokens from an address count together. */
#define LOCKOUT_NAME "token"

static bool digest_certificate(const svms_chain *chain, uint8_t out[32], svms_error *err)
{
    svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
    memset(out, 0, 32);
    if (!chain) {
        return true;
    }
    if (svms_chain_certificate(chain, 0, &info, err) != SVMS_OK) {
        return false;
    }
    memcpy(out, info.sha256, 32);
    return true;
}

static svms_status digest(const gate_asker *asker, uint8_t out[32], svms_error *err)
{
    uint8_t certificate[32];
    unsigned size = 32;
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool is_done = hash && digest_certificate(asker->certificate, certificate, err) &&
                   EVP_DigestInit_ex2(hash, EVP_sha256(), NULL) == 1 &&
                   EVP_DigestUpdate(hash, certificate, sizeof certificate) == 1 &&
                   EVP_DigestUpdate(hash, asker->address, strlen(asker->address) + 1) == 1 &&
                   EVP_DigestUpdate(hash, asker->token, asker->token_size) == 1 &&
                   EVP_DigestFinal_ex(hash, out, &size) == 1;
    EVP_MD_CTX_free(hash);
    return is_done ? SVMS_OK : recorder_fail(err, SVMS_E_CRYPTO, 0, "a token cannot be compared");
}

rtsp_pass *rtsp_pass_hold(rtsp_pass *pass)
{
    if (pass) {
        pass->holders++;
    }
    return pass;
}

void rtsp_pass_release(rtsp_pass **pass)
{
    if (*pass && --(*pass)->holders == 0) {
        gate_pass_free(&(*pass)->pass);
        free(*pass);
    }
    *pass = NULL;
}

static void forget(rtsp_pass **place)
{
    rtsp_pass *gone = *place;
    *place = gone->next;
    gone->next = NULL;
    rtsp_pass_release(&gone);
}

void rtsp_passes_tend(recorder_rtsp *self)
{
    int64_t now = recorder_now();
    for (rtsp_pass **place = &self->passes; *place;) {
        if (gate_pass_expires((*place)->pass) <= now) {
            forget(place);
        } else {
            place = &(*place)->next;
        }
    }
}

void rtsp_passes_free(recorder_rtsp *self)
{
    while (self->passes) {
        forget(&self->passes);
    }
}

static rtsp_pass *find(recorder_rtsp *self, const uint8_t wanted[32])
{
    for (rtsp_pass *each = self->passes; each; each = each->next) {
        if (memcmp(each->digest, wanted, sizeof each->digest) == 0 &&
            gate_pass_expires(each->pass) > recorder_now()) {
            each->used = ++self->passes_used;
            return each;
        }
    }
    return NULL;
}

/* Makes room where there is none. */
static void forget_oldest(recorder_rtsp *self)
{
    unsigned count = 0;
    rtsp_pass **oldest = &self->passes;
    for (rtsp_pass **place = &self->passes; *place; place = &(*place)->next) {
        oldest = (*place)->used < (*oldest)->used ? place : oldest;
        count++;
    }
    if (count >= PASSES_MAX) {
        forget(oldest);
    }
}

static svms_status admit(rtsp_pass **out, recorder_rtsp *self, const gate_asker *asker,
                         svms_error *err)
{
    uint8_t wanted[32];
    svms_token_verdict verdict = SVMS_TOKEN_FORM;
    svms_status status = digest(asker, wanted, err);
    if (status != SVMS_OK) {
        return status;
    }
    *out = find(self, wanted);
    if (*out) {
        return SVMS_OK;
    }
    rtsp_pass *pass = calloc(1, sizeof *pass);
    if (!pass) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    status = gate_admit(&pass->pass, self->options.parts->gate, asker, &verdict, err);
    if (status != SVMS_OK) {
        free(pass);
        return status;
    }
    forget_oldest(self);
    memcpy(pass->digest, wanted, sizeof wanted);
    pass->holders = 1;
    pass->used = ++self->passes_used;
    pass->next = self->passes;
    self->passes = pass;
    *out = pass;
    return SVMS_OK;
}

rtsp_pass *rtsp_pass_of(recorder_rtsp *self, const stream_serve_question *question)
{
    const gate_asker asker = { .token = question->token,
                               .token_size = question->token_size,
                               .certificate = question->certificate,
                               .address = question->address };
    rtsp_pass *pass = NULL;
    if (!question->token || admit(&pass, self, &asker, NULL) != SVMS_OK) {
        return NULL;
    }
    return rtsp_pass_hold(pass);
}

/* By which limits count; false: it is no address. */
static bool key_of(const char *address, uint8_t key[PEER_TRIES_KEY_SIZE])
{
    char text[PEER_ADDRESS_TEXT + 8];
    struct sockaddr_storage found;
    socklen_t size = 0;
    bool is_six = strchr(address, ':') != NULL;
    (void)snprintf(text, sizeof text, is_six ? "[%s]:1" : "%s:1", address);
    if (!peer_address_parse(text, &found, &size)) {
        return false;
    }
    peer_address_key((const struct sockaddr *)&found, key);
    return true;
}

static void tell_closed(recorder_rtsp *self, const char *address)
{
    const recorder_parts *parts = self->options.parts;
    char words[160];
    (void)snprintf(words, sizeof words, "too many tokens from %s did not hold", address);
    recorder_event(parts, SERVICE_WARNING, NULL, "login.closed", NULL, words);
    if (parts->auditor) {
        svms_audit_event event =
            auditor_event(parts->auditor, "account.locked", SVMS_AUDIT_SUCCESS);
        event.actor_kind = SVMS_AUDIT_ACTOR_UNKNOWN;
        event.address = address;
        event.reason = words;
        auditor_note(parts->auditor, &event);
    }
}

/* Whether the token is at fault, and not we. */
static bool is_refusal(svms_status status)
{
    svms_status_kind kind = svms_status_class(status);
    return kind == SVMS_CLASS_MALFORMED || kind == SVMS_CLASS_EVIDENCE || kind == SVMS_CLASS_POLICY;
}

svms_status rtsp_token(void *user, stream_serve_token *token, svms_error *err)
{
    recorder_rtsp *self = user;
    uint8_t key[PEER_TRIES_KEY_SIZE];
    const gate_asker asker = { .token = token->text,
                               .token_size = token->size,
                               .certificate = token->certificate,
                               .address = token->address };
    uint64_t now_ms = stream_clock() / 1000000;
    rtsp_pass *pass = NULL;
    bool has_key = key_of(token->address, key);
    if (has_key &&
        web_lockout_ask(self->lockout, LOCKOUT_NAME, key, now_ms) == WEB_LOCKOUT_CLOSED) {
        return recorder_fail(err, SVMS_E_POLICY, 0, "too many tokens from there did not hold");
    }
    svms_status status = admit(&pass, self, &asker, err);
    if (status != SVMS_OK) {
        if (has_key && is_refusal(status) &&
            web_lockout_fail(self->lockout, LOCKOUT_NAME, key, now_ms) == WEB_LOCKOUT_CLOSES) {
            tell_closed(self, token->address);
        }
        return status;
    }
    /* A name that is cut short would be another's. */
    const char *subject = gate_pass_subject(pass->pass);
    if (strlen(subject) >= SVMS_RTSP_IDENTITY_SIZE) {
        return recorder_fail(err, SVMS_E_POLICY, 0, "the token's subject is too long for RTSP");
    }
    (void)snprintf(token->identity, SVMS_RTSP_IDENTITY_SIZE, "%s", subject);
    int64_t until = gate_pass_expires(pass->pass);
    token->valid_until_utc_ns =
        until < token->valid_until_utc_ns ? until : token->valid_until_utc_ns;
    return SVMS_OK;
}
