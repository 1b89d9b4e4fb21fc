/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll_obtain.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <svms/tls.h>

#include "message.h"

#define WELL_KNOWN "/.well-known/est/"
#define PEM_CAPACITY ((size_t)128 * 1024)
#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"
#define PEM_END "-----END CERTIFICATE-----\n"
#define NS_PER_SECOND INT64_C(1000000000)

static char *pem_of(const svms_chain *chain)
{
    size_t size = PEM_CAPACITY;
    char *text = malloc(size);
    svms_error err = SVMS_ERROR_INIT;
    if (!text) {
        complain("out of memory");
    } else if (svms_chain_to_pem(chain, text, &size, &err) != SVMS_OK) {
        (void)complain_error(&err, "cannot write certificates");
        free(text);
        text = NULL;
    }
    return text;
}

/* One certificate of a text that holds several; NULL: out of memory, or there are not so many. */
static char *pem_at(const char *text, size_t index)
{
    const char *begin = strstr(text, PEM_BEGIN);
    for (size_t i = 0; i < index && begin; i++) {
        begin = strstr(begin + 1, PEM_BEGIN);
    }
    const char *end = begin ? strstr(begin, PEM_END) : NULL;
    return end ? strndup(begin, (size_t)(end - begin) + strlen(PEM_END)) : NULL;
}

static char *joined(const char *first, const char *second)
{
    size_t size = strlen(first);
    char *whole = malloc(size + strlen(second) + 1);
    if (!whole) {
        complain("out of memory");
        return NULL;
    }
    memcpy(whole, first, size);
    memcpy(whole + size, second, strlen(second) + 1);
    return whole;
}

/* What the client is in TLS: without trust it only looks, and tells nothing. */
static exit_status make_tls(const enroll_order *order, const char *anchors_pem,
                            const svms_chain *chain, const svms_private_key *key,
                            svms_tls_context **out)
{
    svms_tls_options options = SVMS_TLS_OPTIONS_INIT;
    svms_trust *trust = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = SVMS_OK;
    if (anchors_pem) {
        status = svms_trust_from_pem(&trust, order->ctx, anchors_pem, strlen(anchors_pem), &err);
    }
    options.side = SVMS_TLS_CLIENT;
    options.peer = anchors_pem ? SVMS_TLS_PEER_REQUIRED : SVMS_TLS_PEER_INSPECTED;
    options.peer_roles = anchors_pem ? UINT32_C(1) << SVMS_ROLE_SERVER : 0;
    options.credentials.chain = chain;
    options.credentials.key = key;
    options.credentials.trust = trust;
    if (status == SVMS_OK) {
        status = svms_tls_context_new(out, order->ctx, &options, &err);
    }
    svms_trust_free(&trust);
    return status == SVMS_OK ? EXIT_GOOD : complain_error(&err, "cannot begin with TLS");
}

/* The certificates of the authority, leaf first, in PEM. */
static exit_status ask_authorities(const enroll_order *order, svms_tls_context *context,
                                   svms_chain **out)
{
    est_call call = { .path = WELL_KNOWN "cacerts" };
    return est_ask_chain(order->url, context, &call, order->ctx, NULL, out);
}

/* Of what anybody could have sent, the one that the code names, if it is there. */
static exit_status find_anchor(const enroll_order *order, const est_code *code,
                               const svms_chain *authorities, const char *pem, char **out)
{
    svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
    svms_error err = SVMS_ERROR_INIT;
    for (size_t i = 0; i < svms_chain_count(authorities); i++) {
        if (svms_chain_certificate(authorities, i, &info, &err) == SVMS_OK &&
            est_code_names(code, info.sha256)) {
            *out = pem_at(pem, i);
            return *out ? EXIT_GOOD : EXIT_ENVIRONMENT;
        }
    }
    complain("%s belongs to another authority than the one that the code names; the code was not "
             "sent",
             order->url->text);
    return EXIT_EVIDENCE;
}

static exit_status learn_anchor(const enroll_order *order, const est_code *code, char **anchor,
                                char **authorities_pem)
{
    svms_tls_context *context = NULL;
    svms_chain *authorities = NULL;
    exit_status status = make_tls(order, NULL, NULL, NULL, &context);
    if (status == EXIT_GOOD) {
        status = ask_authorities(order, context, &authorities);
    }
    if (status == EXIT_GOOD) {
        *authorities_pem = pem_of(authorities);
        status = *authorities_pem ? find_anchor(order, code, authorities, *authorities_pem, anchor)
                                  : EXIT_ENVIRONMENT;
    }
    svms_chain_free(&authorities);
    svms_tls_context_free(&context);
    return status;
}

static exit_status make_request(const enroll_order *order, char **out)
{
    svms_request_options options = SVMS_REQUEST_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    size_t size = SVMS_REQUEST_MAX;
    char *pem = malloc(size);
    if (!pem) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    options.role = (svms_role)order->settings->role;
    options.common_name = order->settings->name;
    options.names = (const char *const *)order->settings->hosts;
    options.name_count = order->settings->host_count;
    svms_status status = svms_request_create(order->ctx, &options, order->key, pem, &size, &err);
    if (status != SVMS_OK) {
        free(pem);
        return complain_error(&err, "cannot ask for this certificate");
    }
    /* What stands between the lines of PEM is the base64 that is sent. */
    char *begin = strchr(pem, '\n');
    char *end = begin ? strstr(begin, "-----END") : NULL;
    *out = end ? strndup(begin + 1, (size_t)(end - begin) - 1) : NULL;
    free(pem);
    return *out ? EXIT_GOOD : EXIT_ENVIRONMENT;
}

static exit_status check_hosts(const enroll_order *order, const svms_chain *chain)
{
    svms_error err = SVMS_ERROR_INIT;
    for (size_t i = 0; i < order->settings->host_count; i++) {
        if (svms_chain_matches_host(chain, order->settings->hosts[i], &err) != SVMS_OK) {
            (void)complain_error(&err, "the new certificate is not the one that was asked for");
            return EXIT_EVIDENCE;
        }
    }
    return EXIT_GOOD;
}

/* What is stored can be used: it leads to the anchor, now, in the role. */
static exit_status check_certificate(const enroll_order *order, enroll_obtained *obtained)
{
    svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_trust *trust = NULL;
    svms_chain *chain = NULL;
    exit_status status = EXIT_GOOD;
    question.role = (svms_role)order->settings->role;
    question.from_utc_ns = (int64_t)time(NULL) * NS_PER_SECOND;
    question.to_utc_ns = question.from_utc_ns;
    question.now_utc_ns = question.from_utc_ns;
    svms_status checked = svms_trust_from_pem(&trust, order->ctx, obtained->anchors_pem,
                                              strlen(obtained->anchors_pem), &err);
    if (checked == SVMS_OK) {
        checked = svms_chain_from_pem(&chain, order->ctx, obtained->certificate_pem,
                                      strlen(obtained->certificate_pem), &err);
    }
    if (checked == SVMS_OK) {
        checked = svms_identity_check(trust, chain, &question, &result, &err);
    }
    if (checked == SVMS_OK) {
        checked = svms_chain_certificate(chain, 0, &obtained->info, &err);
    }
    if (checked == SVMS_OK) {
        status = check_hosts(order, chain);
    } else {
        status = complain_error(&err, "the new certificate cannot be used");
    }
    svms_chain_free(&chain);
    svms_trust_free(&trust);
    return status;
}

/* name and code NULL: who asks is known from TLS. */
static exit_status ask_certificate(const enroll_order *order, svms_tls_context *context,
                                   const char *code, const char *authorities_pem,
                                   enroll_obtained *out)
{
    est_call call = { .path = code ? WELL_KNOWN "simpleenroll" : WELL_KNOWN "simplereenroll",
                      .name = code ? order->settings->name : NULL,
                      .code = code };
    char *request = NULL;
    svms_chain *issued = NULL;
    exit_status status = make_request(order, &request);
    if (status == EXIT_GOOD) {
        call.request = request;
        status = est_ask_chain(order->url, context, &call, order->ctx, order->key, &issued);
    }
    if (status == EXIT_GOOD) {
        char *all = pem_of(issued);
        char *leaf = all ? pem_at(all, 0) : NULL;
        out->certificate_pem = leaf ? joined(leaf, authorities_pem) : NULL;
        status = out->certificate_pem ? check_certificate(order, out) : EXIT_ENVIRONMENT;
        free(leaf);
        free(all);
    }
    svms_chain_free(&issued);
    free(request);
    return status;
}

exit_status enroll_with_code(const enroll_order *order, const est_code *code, enroll_obtained *out)
{
    char text[EST_CODE_TEXT_SIZE];
    char *authorities = NULL;
    svms_tls_context *context = NULL;
    *out = (enroll_obtained){ NULL, NULL, SVMS_CERTIFICATE_INFO_INIT };
    exit_status status = learn_anchor(order, code, &out->anchors_pem, &authorities);
    if (status == EXIT_GOOD) {
        status = make_tls(order, out->anchors_pem, NULL, NULL, &context);
    }
    if (status == EXIT_GOOD) {
        est_code_format(code, text);
        status = ask_certificate(order, context, text, authorities, out);
        OPENSSL_cleanse(text, sizeof text);
    }
    svms_tls_context_free(&context);
    free(authorities);
    if (status != EXIT_GOOD) {
        enroll_obtained_free(out);
    }
    return status;
}

exit_status enroll_anew(const enroll_order *order, const svms_chain *chain,
                        const svms_private_key *chain_key, const char *anchors_pem,
                        enroll_obtained *out)
{
    svms_chain *authorities = NULL;
    char *authorities_pem = NULL;
    svms_tls_context *context = NULL;
    *out = (enroll_obtained){ NULL, NULL, SVMS_CERTIFICATE_INFO_INIT };
    out->anchors_pem = strdup(anchors_pem);
    exit_status status = out->anchors_pem ? EXIT_GOOD : EXIT_ENVIRONMENT;
    if (status == EXIT_GOOD) {
        status = make_tls(order, anchors_pem, chain, chain_key, &context);
    }
    if (status == EXIT_GOOD) {
        status = ask_authorities(order, context, &authorities);
    }
    if (status == EXIT_GOOD) {
        authorities_pem = pem_of(authorities);
        status = authorities_pem ? EXIT_GOOD : EXIT_ENVIRONMENT;
    }
    if (status == EXIT_GOOD) {
        status = ask_certificate(order, context, NULL, authorities_pem, out);
    }
    svms_chain_free(&authorities);
    svms_tls_context_free(&context);
    free(authorities_pem);
    if (status != EXIT_GOOD) {
        enroll_obtained_free(out);
    }
    return status;
}

void enroll_obtained_free(enroll_obtained *obtained)
{
    free(obtained->certificate_pem);
    free(obtained->anchors_pem);
    obtained->certificate_pem = NULL;
    obtained->anchors_pem = NULL;
}
