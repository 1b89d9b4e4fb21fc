/* SPDX-License-Identifier: Apache-2.0 */
/* svms tls check: what is wrong with servers and certificates, and what soon will be. */
#include "subcommand.h"
#include "tls_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "command.h"
#include "file.h"
#include "fingerprint_text.h"
#include "folder.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define WARN_DAYS 30
#define WARN_DAYS_MAX 3650
#define TIMEOUT_SECONDS 10
#define TIMEOUT_SECONDS_MIN 0.1
#define TIMEOUT_SECONDS_MAX 300
#define CA_MAX ((size_t)1024 * 1024)
#define CRL_MAX ((size_t)16 * 1024 * 1024)
#define KEY_MAX ((size_t)256 * 1024)
#define CARRIER_MAX ((size_t)4096)
#define ALPN_MAX 255 /* RFC 7301 */

static bool ends_with(const char *text, const char *ending)
{
    size_t size = strlen(text);
    size_t tail = strlen(ending);
    return size > tail && strcmp(text + size - tail, ending) == 0;
}

/* What is there is a file; what is not there is one as well when it is called like one, so that a
 * slip of the hand is not looked up as a host. */
static bool is_file(const char *target)
{
    static const char *const endings[] = { ".pem", ".crt", ".cer", ".der",
                                           ".csr", ".crl", ".p10", ".req" };
    bool named = strchr(target, '/') != NULL;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        named = named || ends_with(target, endings[i]);
    }
    return named || file_exists(target) || folder_exists(target);
}

/* All certificates and lists of a text; PEM, or one list in DER, as the library takes it. */
static bool fill_store(X509_STORE *store, const file_text *anchors, const file_text *lists)
{
    const unsigned char *der = (const unsigned char *)lists->bytes;
    X509_CRL *list = lists->bytes ? d2i_X509_CRL(NULL, &der, (long)lists->size) : NULL;
    bool good = !list || X509_STORE_add_crl(store, list) == 1;
    X509_CRL_free(list);
    const file_text *const texts[] = { anchors, lists };
    for (size_t i = 0; i < 2 && good; i++) {
        BIO *text = BIO_new_mem_buf(texts[i]->bytes, (int)texts[i]->size);
        STACK_OF(X509_INFO) *found = text ? PEM_X509_INFO_read_bio(text, NULL, NULL, NULL) : NULL;
        for (int j = 0; j < sk_X509_INFO_num(found) && good; j++) {
            const X509_INFO *info = sk_X509_INFO_value(found, j);
            good = (!info->x509 || i > 0 || X509_STORE_add_cert(store, info->x509) == 1) &&
                   (!info->crl || i == 0 || X509_STORE_add_crl(store, info->crl) == 1);
        }
        sk_X509_INFO_pop_free(found, X509_INFO_free);
        BIO_free(text);
    }
    ERR_clear_error();
    return good;
}

static exit_status load_store(check_means *means, const check_request *request)
{
    file_text anchors = { NULL, 0 };
    file_text lists = { NULL, 0 };
    exit_status status = file_read(&anchors, request->ca_path, CA_MAX, false);
    if (status == EXIT_GOOD && request->crl_path) {
        status = file_read(&lists, request->crl_path, CRL_MAX, false);
    }
    if (status == EXIT_GOOD) {
        unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;
        flags |= request->crl_path ? X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL : 0;
        means->anchors = X509_STORE_new();
        if (!means->anchors || !fill_store(means->anchors, &anchors, &lists) ||
            X509_STORE_set_flags(means->anchors, flags) != 1) {
            complain("cannot use the CA certificates %s", request->ca_path);
            status = EXIT_ENVIRONMENT;
        }
    }
    file_text_free(&anchors);
    file_text_free(&lists);
    return status;
}

/* No question for a passphrase: svms tls check runs where nobody sits. */
static int no_passphrase(char *out, int size, int writing, void *user)
{
    (void)out;
    (void)size;
    (void)writing;
    (void)user;
    return -1;
}

static exit_status load_public_half(check_means *means, const char *path)
{
    file_text text = { NULL, 0 };
    exit_status status = file_read(&text, path, KEY_MAX, true);
    if (status != EXIT_GOOD) {
        return status;
    }
    BIO *pem = BIO_new_mem_buf(text.bytes, (int)text.size);
    means->public_half = pem ? PEM_read_bio_PrivateKey(pem, NULL, no_passphrase, NULL) : NULL;
    if (!means->public_half) {
        complain("cannot use the private key %s: it is damaged, or behind a passphrase", path);
        status = EXIT_MALFORMED;
    }
    BIO_free(pem);
    file_text_free(&text);
    ERR_clear_error();
    return status;
}

/* Nobody sees it; only its place in a chain is needed. */
static exit_status make_carrier(check_means *means)
{
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    svms_private_key *key = NULL;
    svms_error err = SVMS_ERROR_INIT;
    size_t size = CARRIER_MAX;
    options.common_name = "svms tls check";
    options.not_after_utc_ns = NS_PER_SECOND;
    means->carrier.bytes = malloc(CARRIER_MAX);
    if (!means->carrier.bytes) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    svms_status made = svms_private_key_generate(&key, means->ctx, &err);
    if (made == SVMS_OK) {
        made = svms_certificate_issue(means->ctx, &options, key, NULL, NULL, means->carrier.bytes,
                                      &size, &err);
    }
    means->carrier.size = made == SVMS_OK ? size : 0;
    svms_private_key_free(&key);
    return made == SVMS_OK ? EXIT_GOOD : complain_error(&err, "cannot begin");
}

exit_status check_means_load(check_means *means, const check_request *request)
{
    exit_status status = make_context(&means->ctx);
    means->request = request;
    means->now_utc_ns = (int64_t)time(NULL) * NS_PER_SECOND;
    if (status == EXIT_GOOD) {
        status = make_carrier(means);
    }
    if (status == EXIT_GOOD && request->ca_path) {
        status =
            load_trust_and_crls(&means->trust, means->ctx, request->ca_path, request->crl_path);
    }
    if (status == EXIT_GOOD && request->ca_path) {
        status = load_store(means, request);
    }
    if (status == EXIT_GOOD && request->cert_path) {
        status = load_chain(&means->chain, means->ctx, request->cert_path);
    }
    if (status == EXIT_GOOD && request->cert_path) {
        status = load_private_key(&means->key, means->ctx, request->key_path);
    }
    if (status == EXIT_GOOD && request->key_path && !request->cert_path) {
        status = load_public_half(means, request->key_path);
    }
    return status;
}

void check_means_release(check_means *means)
{
    svms_chain_free(&means->chain);
    svms_private_key_free(&means->key);
    svms_trust_free(&means->trust);
    X509_STORE_free(means->anchors);
    EVP_PKEY_free(means->public_half);
    file_text_free(&means->carrier);
    svms_ctx_free(&means->ctx);
}

static exit_status status_of(check_weight worst, bool strict)
{
    switch (worst) {
    case CHECK_FINE:
        return EXIT_GOOD;
    case CHECK_SOON:
        return strict ? EXIT_EVIDENCE : EXIT_GOOD;
    case CHECK_WRONG:
        return EXIT_EVIDENCE;
    case CHECK_UNREACHABLE:
        return EXIT_ENVIRONMENT;
    case CHECK_MALFORMED:
        break;
    }
    return EXIT_MALFORMED;
}

static check_weight check_target(check_report *report, const check_means *means, json_t *all)
{
    check_item *items = report->items;
    memset(report, 0, sizeof *report);
    report->items = items;
    report->target = means->request->targets.items[json_array_size(all)];
    if (is_file(report->target)) {
        check_file(report, means);
    } else {
        check_server_at(report, means);
    }
    if (!means->request->json) {
        if (json_array_size(all) > 0) {
            print_line(stdout, "%s", "");
        }
        check_print(report);
    }
    /* Also counts the targets for whoever reads text. */
    json_array_append_new(all, means->request->json ? check_to_json(report, means->now_utc_ns)
                                                    : json_null());
    check_release(report);
    return report->worst;
}

static exit_status check_all(const check_means *means)
{
    const check_request *request = means->request;
    check_report *report = calloc(1, sizeof *report);
    check_item *items = calloc(CHECK_ITEMS_MAX, sizeof *items);
    json_t *all = json_array();
    check_weight worst = CHECK_FINE;
    exit_status shown = EXIT_GOOD;
    if (!report || !items || !all) {
        complain("out of memory");
        shown = EXIT_ENVIRONMENT;
    } else {
        report->items = items;
        for (size_t i = 0; i < request->targets.count; i++) {
            check_weight weight = check_target(report, means, all);
            worst = weight > worst ? weight : worst;
        }
    }
    exit_status status = status_of(worst, request->strict);
    if (shown == EXIT_GOOD && request->json) {
        shown = json_print(json_pack("{s:O, s:i}", "targets", all, "status", (int)status));
    }
    json_decref(all);
    free(items);
    free(report);
    return shown == EXIT_GOOD ? status : shown;
}

static const option_choice roles[] = {
    { "server", SVMS_ROLE_SERVER },
    { "camera", SVMS_ROLE_CAMERA },
    { "recorder", SVMS_ROLE_RECORDER },
    { "client-device", SVMS_ROLE_CLIENT_DEVICE },
    { "user", SVMS_ROLE_USER },
    { "exporter", SVMS_ROLE_EXPORTER },
    { "custodian", SVMS_ROLE_CUSTODIAN },
    { "key-officer", SVMS_ROLE_KEY_OFFICER },
    { "time-stamper", SVMS_ROLE_TIME_STAMPER },
    { "update", SVMS_ROLE_UPDATE },
    { NULL, 0 },
};

static const option_spec options[] = {
    { "ca", "CA", "CA certificates that are trusted (PEM); without, trust is not judged",
      OPTION_TEXT, offsetof(check_request, ca_path), NULL, 0, 0 },
    { "crl", "FILE", "certificate revocation lists (PEM or DER)", OPTION_TEXT,
      offsetof(check_request, crl_path), NULL, 0, 0 },
    { "host", "NAME", "host the certificate must be for; of a server default: its own", OPTION_TEXT,
      offsetof(check_request, host), NULL, 0, 0 },
    { "role", "ROLE", "role that the certificate must name", OPTION_CHOICE,
      offsetof(check_request, role), roles, 0, 0 },
    { "pin", "SHA256", "fingerprint that the certificate must have", OPTION_TEXT,
      offsetof(check_request, pin_text), NULL, 0, 0 },
    { "alpn", "NAME", "protocol (ALPN) that servers must agree to", OPTION_TEXT,
      offsetof(check_request, alpn), NULL, 0, 0 },
    { "cert", "CERT", "certificate to show to servers (PEM)", OPTION_TEXT,
      offsetof(check_request, cert_path), NULL, 0, 0 },
    { "key", "KEY", "its private key; without --cert: the key of the files (PEM)", OPTION_TEXT,
      offsetof(check_request, key_path), NULL, 0, 0 },
    { "warn", "DAYS", "what ends within so many days is said to end soon; default 30", OPTION_COUNT,
      offsetof(check_request, warn_days), NULL, 0, WARN_DAYS_MAX },
    { "strict", NULL, "what will be wrong soon counts as wrong", OPTION_FLAG,
      offsetof(check_request, strict), NULL, 0, 0 },
    { "timeout", "S", "seconds for each server, 0.1 to 300; default 10", OPTION_SECONDS,
      offsetof(check_request, timeout_ns), NULL, TIMEOUT_SECONDS_MIN, TIMEOUT_SECONDS_MAX },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(check_request, json), NULL, 0,
      0 },
};

static const command_line line = {
    "tls check",
    "HOST:PORT|FILE... [options]",
    "Says what is wrong with servers, certificates, requests and revocation "
    "lists,\nand what soon will be.",
    options,
    sizeof options / sizeof options[0],
    "HOST:PORT or FILE",
    offsetof(check_request, targets)
};

static exit_status check(int count, char **arguments)
{
    check_request request;
    memset(&request, 0, sizeof request);
    request.warn_days = WARN_DAYS;
    request.timeout_ns = (uint64_t)(TIMEOUT_SECONDS * NS_PER_SECOND);
    parse_result parsed = options_parse_many(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    check_means means;
    memset(&means, 0, sizeof means);
    if (request.crl_path && !request.ca_path) {
        return usage_error(line.name, "--crl belongs to --ca");
    }
    if (request.alpn && (request.alpn[0] == '\0' || strlen(request.alpn) > ALPN_MAX)) {
        return usage_error(line.name, "--alpn is a name of 1 to 255 bytes");
    }
    if (request.cert_path && !request.key_path) {
        return usage_error(line.name, "--cert and --key belong together");
    }
    means.has_pin = request.pin_text != NULL;
    if (means.has_pin && !fingerprint_parse(means.pin, request.pin_text)) {
        return usage_error(line.name, "--pin is 64 hexadecimal digits: SHA-256 of the certificate");
    }
    exit_status status = check_means_load(&means, &request);
    if (status == EXIT_GOOD) {
        status = check_all(&means);
    }
    check_means_release(&means);
    return status;
}

exit_status command_tls(int count, char **arguments)
{
    static const subcommand subcommands[] = {
        { "check", check, "say what is wrong with servers and certificates" },
    };
    return subcommand_run("tls", subcommands, 1, count, arguments);
}
