/* SPDX-License-Identifier: Apache-2.0 */
#include "est_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca_revocation.h"
#include "est_body.h"
#include "est_issue.h"
#include "est_log.h"
#include "message.h"

#define WELL_KNOWN "/.well-known/est/"
#define CERTIFICATES_TYPE "application/pkcs7-mime"
/* What the library allows a chain, and some for what stands around it. */
#define PKCS7_MAX ((size_t)80 * 1024)
#define DER_LIST_MARK "-----BEGIN X509 CRL-----"

typedef void (*est_handler)(est_service *service, const http_question *question, http_answer *out);

char *est_chain_body(const svms_chain *chain, svms_error *err)
{
    unsigned char *der = malloc(PKCS7_MAX);
    size_t size = PKCS7_MAX;
    char *text = NULL;
    if (der && svms_chain_to_pkcs7(chain, der, &size, err) == SVMS_OK) {
        text = malloc(est_base64_room(size));
        if (text) {
            est_base64_encode(der, size, text);
        }
    }
    free(der);
    return text;
}

static void answer_text(http_answer *out, const char *type, const char *text)
{
    out->body = strdup(text);
    if (!out->body) {
        http_answer_words(out, HTTP_UNAVAILABLE, "there is no memory left");
        return;
    }
    out->status = HTTP_OK;
    out->type = type;
    out->base64 = true;
    out->body_size = strlen(text);
}

void est_answer_certificates(http_answer *out, const char *text, bool issued)
{
    answer_text(out, issued ? CERTIFICATES_TYPE "; smime-type=certs-only" : CERTIFICATES_TYPE,
                text);
}

static void give_anchors(est_service *service, const http_question *question, http_answer *out)
{
    (void)question;
    est_answer_certificates(out, service->anchors, false);
}

/* That a key on P-256 and ECDSA with SHA-256 are fine: SEQUENCE { SEQUENCE { id-ecPublicKey, SET {
 * prime256v1 } }, ecdsa-with-SHA256 } (RFC 7030 section 4.5.2). */
static void give_attributes(est_service *service, const http_question *question, http_answer *out)
{
    static const unsigned char der[] = {
        0x30, 0x21, 0x30, 0x15, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
        0x01, 0x31, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01,
        0x07, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02,
    };
    char text[sizeof der * 2];
    (void)service;
    (void)question;
    est_base64_encode(der, sizeof der, text);
    answer_text(out, "application/csrattrs", text);
}

static void give_list(est_service *service, const http_question *question, http_answer *out)
{
    (void)question;
    answer_text(out, "application/x-pem-file", service->list.bytes);
    out->base64 = false;
}

/* The same list in DER, as what reads it from a certificate's distribution point expects. */
static void give_der_list(est_service *service, const http_question *question, http_answer *out)
{
    (void)question;
    const char *begin = strstr(service->list.bytes, DER_LIST_MARK);
    const char *end = begin ? strstr(begin, "-----END") : NULL;
    begin = begin ? begin + strlen(DER_LIST_MARK) : NULL;
    size_t size = end ? (size_t)(end - begin) : 0;
    unsigned char *der = malloc(size + 3);
    if (!der || !end || !est_base64_decode(begin, size, der, &out->body_size)) {
        free(der);
        http_answer_words(out, HTTP_INTERNAL, "there is no list");
        return;
    }
    out->status = HTTP_OK;
    out->type = "application/pkix-crl";
    out->body = (char *)der;
}

static const struct {
    const char *path;
    const char *method;
    est_handler handler;
} routes[] = {
    { WELL_KNOWN "cacerts", "GET", give_anchors },
    { WELL_KNOWN "csrattrs", "GET", give_attributes },
    { WELL_KNOWN "simpleenroll", "POST", est_enroll },
    { WELL_KNOWN "simplereenroll", "POST", est_reenroll },
    { "/crl.pem", "GET", give_list },
    { "/crl.der", "GET", give_der_list },
};

void est_service_log(void *user, const char *what, const char *address, const char *words)
{
    const est_service *service = user;
    const est_event event = { .what = what, .address = address, .words = words };
    est_log(service->json, &event);
}

void est_service_answer(void *user, const http_question *question, http_answer *out)
{
    est_service *service = user;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (!http_slice_is(question->head->target, routes[i].path)) {
            continue;
        }
        if (http_slice_is(question->head->method, routes[i].method)) {
            routes[i].handler(service, question, out);
            return;
        }
        http_answer_words(out, HTTP_METHOD_NOT_ALLOWED, "this is asked in another way");
        out->allow = routes[i].method;
        return;
    }
    http_answer_words(out, HTTP_NOT_FOUND, "there is nothing of this name");
}

exit_status est_service_refresh(est_service *service, bool *changed)
{
    file_text list = { NULL, 0 };
    *changed = false;
    exit_status status = ca_folder_enter(service->folder);
    if (status != EXIT_GOOD) {
        return status;
    }
    status = ca_list_current(service->folder, CA_LIST_DAYS, &list);
    ca_folder_leave(service->folder);
    if (status != EXIT_GOOD) {
        return status;
    }
    *changed = !service->list.bytes || strcmp(service->list.bytes, list.bytes) != 0;
    file_text_free(&service->list);
    service->list = list;
    return EXIT_GOOD;
}

exit_status est_service_open(est_service *out, ca_folder *folder, bool json)
{
    svms_error err = SVMS_ERROR_INIT;
    bool changed = false;
    memset(out, 0, sizeof *out);
    out->folder = folder;
    out->ctx = folder->ctx;
    out->json = json;
    out->anchors = est_chain_body(folder->chain, &err);
    if (!out->anchors) {
        return complain_error(&err, "cannot tell others the certificates of %s", folder->path);
    }
    return est_service_refresh(out, &changed);
}

void est_service_close(est_service *service)
{
    free(service->anchors);
    service->anchors = NULL;
    file_text_free(&service->list);
}
