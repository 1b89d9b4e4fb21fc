/* SPDX-License-Identifier: Apache-2.0 */
#include "est_issue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "ca_certify.h"
#include "ca_journal.h"
#include "est_body.h"
#include "est_code.h"
#include "est_log.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_DAY (NS_PER_SECOND * 86400)
#define REQUEST_TYPE "application/pkcs10"
#define PEM_END "-----END CERTIFICATE-----\n"

/* The same for everybody who is not let in, so that nobody learns which names there are. */
#define NOT_LET_IN "this name and this code do not let anybody in"

typedef struct exchange {
    est_service *service;
    const http_question *question;
    http_answer *out;
    const char *name; /* for the log; NULL: not known yet */
    const char *role;
    ca_order order;
    svms_request *request;
} exchange;

static void tell(const exchange *self, const char *what, const char *serial, const char *words)
{
    const est_event event = {
        .what = what,
        .address = self->question->address,
        .name = self->name,
        .role = self->role,
        .serial = serial,
        .words = words,
    };
    est_log(self->service->json, &event);
}

static void refuse(exchange *self, http_status status, const char *words)
{
    http_answer_words(self->out, status, words);
    tell(self, status == HTTP_INTERNAL || status == HTTP_UNAVAILABLE ? "failed" : "refused", NULL,
         words);
}

/* A vain try; why is for the log alone. */
static void keep_out(exchange *self, const char *why)
{
    uint32_t count = peer_tries_add(&self->service->addresses, self->question->address_key,
                                    PEER_TRIES_KEY_SIZE, self->question->now_ms);
    http_answer_words(self->out, HTTP_UNAUTHORIZED, NOT_LET_IN);
    self->out->challenge = "enrolment";
    self->out->delay_ms = peer_tries_delay_ms(count);
    tell(self, "refused", NULL, why);
}

/* One more vain try for a code; after too many it is void, durably. The folder is entered. */
static void count_try(exchange *self, const char *id)
{
    char named[CA_CODE_ID_TEXT] = "";
    (void)snprintf(named, sizeof named, "%s", id);
    uint32_t count =
        peer_tries_add(&self->service->codes, named, strlen(named), self->question->now_ms);
    if (count == PEER_TRIES_ALLOWED &&
        ca_journal_add_code_void(&self->service->folder->journal, named) == EXIT_GOOD) {
        tell(self, "voided", NULL, "its code was tried too often");
    }
}

/* Every open code of this name: which one was meant cannot be known. */
static void count_tries_for_name(exchange *self)
{
    const ca_journal *journal = &self->service->folder->journal;
    for (size_t i = 0; i < journal->code_count; i++) {
        if (journal->codes[i].state == CA_CODE_OPEN &&
            strcmp(journal->codes[i].name, self->name) == 0) {
            count_try(self, journal->codes[i].id);
        }
    }
}

/* Looks at all codes, whatever it finds, so that how long it takes says nothing. */
static const ca_code *find_code(const ca_journal *journal, const char *name,
                                const uint8_t sha256[CA_HASH_SIZE])
{
    const ca_code *found = NULL;
    for (size_t i = 0; i < journal->code_count; i++) {
        bool fits = CRYPTO_memcmp(journal->codes[i].sha256, sha256, CA_HASH_SIZE) == 0;
        if (fits && strcmp(journal->codes[i].name, name) == 0) {
            found = &journal->codes[i];
        }
    }
    return found;
}

/* NULL: the answer is made. The folder is entered. */
static const ca_code *let_in(exchange *self, const est_login *login)
{
    est_code code;
    uint8_t sha256[CA_HASH_SIZE];
    const ca_code *found = NULL;
    bool typed = est_code_parse(&code, login->password, strlen(login->password)) == EST_CODE_GOOD;
    if (typed && SHA256(code.secret, sizeof code.secret, sha256)) {
        found = find_code(&self->service->folder->journal, login->name, sha256);
    }
    OPENSSL_cleanse(&code, sizeof code);
    if (!found) {
        count_tries_for_name(self);
        keep_out(self, "a wrong code, or none is known for this name");
        return NULL;
    }
    if (found->state != CA_CODE_OPEN) {
        keep_out(self, found->state == CA_CODE_USED ? "a code that was used before"
                                                    : "a code that is void");
        return NULL;
    }
    if (found->until_utc_ns < (int64_t)time(NULL) * NS_PER_SECOND) {
        keep_out(self, "a code that has expired");
        return NULL;
    }
    return found;
}

static bool read_request(exchange *self)
{
    const http_question *question = self->question;
    const http_slice *type = http_find(question->head, "content-type");
    svms_error err = SVMS_ERROR_INIT;
    size_t size = 0;
    if (!type || !http_type_is(*type, REQUEST_TYPE)) {
        refuse(self, HTTP_WRONG_TYPE, "a request is of type " REQUEST_TYPE);
        return false;
    }
    unsigned char *der = malloc(question->body_size / 4 * 3 + 3);
    if (!der) {
        refuse(self, HTTP_UNAVAILABLE, "there is no memory left");
        return false;
    }
    if (!est_base64_decode(question->body, question->body_size, der, &size) || size == 0) {
        free(der);
        refuse(self, HTTP_BAD_REQUEST, "the body is not base64");
        return false;
    }
    svms_status status = svms_request_parse(&self->request, self->service->ctx, der, size, &err);
    free(der);
    if (status != SVMS_OK) {
        bool ours = svms_status_class(status) == SVMS_CLASS_ENVIRONMENT;
        refuse(self, ours ? HTTP_UNAVAILABLE : HTTP_BAD_REQUEST, err.message);
    }
    return status == SVMS_OK;
}

static bool request_fits(exchange *self)
{
    static const char *const words[] = {
        [CA_SAME] = "",
        [CA_OTHER_ROLE] = "the request asks for another role than it may have",
        [CA_OTHER_NAME] = "the request asks for another name than it may have",
        [CA_OTHER_HOSTS] = "the request asks for other hosts than it may have",
    };
    ca_difference difference = CA_SAME;
    if (ca_compare(&self->order, self->request, &difference) != EXIT_GOOD) {
        refuse(self, HTTP_UNAVAILABLE, "the request could not be looked at");
        return false;
    }
    if (difference != CA_SAME) {
        refuse(self, HTTP_FORBIDDEN, words[difference]);
    }
    return difference == CA_SAME;
}

static const char *words_of(ca_refusal refusal)
{
    switch (refusal) {
    case CA_REFUSED_KEY_REVOKED:
        return "the key is that of a certificate that was revoked: make a new one";
    case CA_REFUSED_KEY_IN_USE:
        return "the key belongs to another name or role: make a new one";
    case CA_REFUSED_BEYOND_END:
        return "the authority has expired, or is about to";
    case CA_REFUSED_RENEWED:
        return "the certificate that shall be renewed is revoked";
    case CA_REFUSED_NOT:
        break;
    }
    return "the request asks for what is not given";
}

/* The certificate alone, without those of the authority (RFC 7030 section 4.2.3). */
static char *body_of(const exchange *self, const ca_certified *certified)
{
    svms_chain *alone = NULL;
    svms_error err = SVMS_ERROR_INIT;
    const char *end = strstr(certified->pem, PEM_END);
    size_t size = end ? (size_t)(end - certified->pem) + strlen(PEM_END) : certified->size;
    char *text = NULL;
    if (svms_chain_from_pem(&alone, self->service->ctx, certified->pem, size, &err) == SVMS_OK) {
        text = est_chain_body(alone, &err);
    }
    svms_chain_free(&alone);
    return text;
}

/* false: it was refused for what the request is. The folder is entered. */
static bool issue(exchange *self, const char *what)
{
    ca_certified certified = { 0 };
    ca_refusal refusal = CA_REFUSED_NOT;
    exit_status status =
        ca_certify(self->service->folder, &self->order, self->request, &certified, &refusal);
    if (status == EXIT_GOOD) {
        char *text = body_of(self, &certified);
        if (text) {
            est_answer_certificates(self->out, text, true);
            tell(self, what, certified.serial, NULL);
        } else {
            refuse(self, HTTP_UNAVAILABLE, "it was issued, but cannot be sent");
        }
        free(text);
    } else if (status == EXIT_ENVIRONMENT) {
        refuse(self, HTTP_UNAVAILABLE, "the authority cannot issue now");
    } else {
        refuse(self, HTTP_FORBIDDEN, words_of(refusal));
    }
    ca_certified_free(&certified);
    return status == EXIT_GOOD || status == EXIT_ENVIRONMENT;
}

static void enroll_with(exchange *self, const est_login *login)
{
    const ca_code *code = let_in(self, login);
    if (!code) {
        return;
    }
    char id[CA_CODE_ID_TEXT] = "";
    (void)snprintf(id, sizeof id, "%s", code->id);
    self->role = ca_role_name(code->role);
    self->order = (ca_order){ .role = code->role,
                              .name = login->name,
                              .hosts = (const char *const *)code->hosts.items,
                              .host_count = code->hosts.count,
                              .days = code->days,
                              .code = id };
    /* Who was let in and asks for what it may not have has tried, too. */
    if (!read_request(self) || !request_fits(self) || !issue(self, "enrolled")) {
        count_try(self, id);
    }
}

void est_enroll(est_service *service, const http_question *question, http_answer *out)
{
    exchange self = { .service = service, .question = question, .out = out };
    est_login login;
    const http_slice *field = http_find(question->head, "authorization");
    if (!field || !est_login_parse(&login, field->bytes, field->size)) {
        /* A first question without a code is how other clients begin; nobody has tried yet. */
        http_answer_words(out, HTTP_UNAUTHORIZED, "give the name and its one-time code");
        out->challenge = "enrolment";
        return;
    }
    self.name = login.name;
    if (ca_folder_enter(service->folder) == EXIT_GOOD) {
        enroll_with(&self, &login);
        ca_folder_leave(service->folder);
    } else {
        refuse(&self, HTTP_UNAVAILABLE, "the authority is busy");
    }
    svms_request_free(&self.request);
    OPENSSL_cleanse(&login, sizeof login);
}

/* As many days as the certificate has that shall be renewed; 0, as the role has, where the
 * authority has not so many left. */
static uint32_t days_of(const exchange *self, const ca_issued *issued)
{
    int64_t period = issued->not_after_utc_ns - issued->not_before_utc_ns;
    int64_t left =
        self->service->folder->info.not_after_utc_ns - (int64_t)time(NULL) * NS_PER_SECOND;
    int64_t days = (period + NS_PER_DAY / 2) / NS_PER_DAY;
    bool fits = days > 0 && days < left / NS_PER_DAY;
    return fits ? (uint32_t)days : 0;
}

static void renew(exchange *self, const ca_issued *issued)
{
    char serial[CA_SERIAL_TEXT] = "";
    if (issued->revoked) {
        refuse(self, HTTP_FORBIDDEN, "the certificate that shall be renewed is revoked");
        return;
    }
    if (issued->not_after_utc_ns < (int64_t)time(NULL) * NS_PER_SECOND) {
        refuse(self, HTTP_FORBIDDEN, "the certificate that shall be renewed has expired");
        return;
    }
    (void)snprintf(serial, sizeof serial, "%s", issued->serial);
    self->order = (ca_order){ .role = issued->role,
                              .name = self->name,
                              .hosts = (const char *const *)issued->hosts.items,
                              .host_count = issued->hosts.count,
                              .days = days_of(self, issued),
                              .renews = serial };
    if (read_request(self) && request_fits(self)) {
        (void)issue(self, "renewed");
    }
}

static void renew_for(exchange *self, const uint8_t sha256[CA_HASH_SIZE])
{
    const ca_issued *issued = ca_journal_find_sha256(&self->service->folder->journal, sha256);
    if (!issued) {
        refuse(self, HTTP_FORBIDDEN, "this authority did not issue the certificate to renew");
        return;
    }
    char *name = strdup(issued->name);
    if (!name) {
        refuse(self, HTTP_UNAVAILABLE, "there is no memory left");
        return;
    }
    self->name = name;
    self->role = ca_role_name(issued->role);
    renew(self, issued);
    self->name = NULL;
    free(name);
}

void est_reenroll(est_service *service, const http_question *question, http_answer *out)
{
    exchange self = { .service = service, .question = question, .out = out };
    svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (!question->peer) {
        refuse(&self, HTTP_FORBIDDEN,
               "show the certificate that shall be renewed (TLS client "
               "certificate)");
        return;
    }
    if (svms_chain_certificate(question->peer, 0, &info, &err) != SVMS_OK) {
        refuse(&self, HTTP_UNAVAILABLE, err.message);
        return;
    }
    if (ca_folder_enter(service->folder) == EXIT_GOOD) {
        renew_for(&self, info.sha256);
        ca_folder_leave(service->folder);
    } else {
        refuse(&self, HTTP_UNAVAILABLE, "the authority is busy");
    }
    svms_request_free(&self.request);
}
