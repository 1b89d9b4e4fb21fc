/* SPDX-License-Identifier: Apache-2.0 */
/* What svms tls check knows of a target: facts, certificates, and what is wrong or soon will be. */
#ifndef SVMS_CLI_TLS_CHECK_H
#define SVMS_CLI_TLS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <openssl/x509.h>
#include <svms/svms.h>

#include "exit_status.h"
#include "file.h"
#include "options.h"

/* What was asked for on the command line. */
typedef struct check_request {
    operand_list targets;
    const char *verb;
    const char *ca_path;
    const char *crl_path;
    const char *host;
    const char *cert_path;
    const char *key_path;
    const char *pin_text;
    const char *alpn; /* or NULL */
    int role;
    uint32_t warn_days;
    uint64_t timeout_ns;
    bool strict;
    bool json;
} check_request;

/* The same, with what the files hold. */
typedef struct check_means {
    const check_request *request;
    svms_ctx *ctx;
    svms_trust *trust;   /* NULL: no --ca */
    X509_STORE *anchors; /* of the same certificates and lists */
    svms_chain *chain;   /* of --cert, or NULL */
    svms_private_key *key;
    EVP_PKEY *public_half; /* of --key, or NULL */
    file_text carrier;     /* PEM of some certificate: behind it, the library describes any other */
    uint8_t pin[32];
    bool has_pin;
    int64_t now_utc_ns;
} check_means;

/* How bad a finding is; the worst one decides. In the order of the exit statuses. */
typedef enum check_weight {
    CHECK_FINE,
    CHECK_SOON,  /* will be wrong */
    CHECK_WRONG, /* is wrong */
    CHECK_UNREACHABLE /* could not be looked at: no answer, or a file that cannot be read */,
    CHECK_MALFORMED /* a file that is none of what is checked */
} check_weight;

typedef struct check_finding {
    check_weight weight;
    const char *code; /* static, for scripts: "expired" */
    char words[512];
} check_finding;

#define CHECK_FINDINGS_MAX 64
#define CHECK_ITEMS_MAX 1024

typedef enum check_kind { CHECK_CERTIFICATE, CHECK_REQUEST, CHECK_LIST } check_kind;

/* A certificate, a request for one, or a revocation list. */
typedef struct check_item {
    check_kind kind;
    svms_certificate_info info; /* of a request subject and key only; of a list its issuer */
    X509 *certificate;          /* NULL unless it is one */
    json_t *names;              /* array: hosts that it is for */
    int64_t next_utc_ns;        /* of a list: when the next one comes, or SVMS_NO_TIME */
    size_t revoked;             /* of a list: how many */
} check_item;

/* yes, no, or not known */
typedef enum check_answer { ANSWER_UNKNOWN, ANSWER_NO, ANSWER_YES } check_answer;

/* Of a server. */
typedef struct check_server {
    char address[64];
    bool connected; /* TLS came about: what follows is known */
    svms_tls_peer peer;
    check_answer speaks[3]; /* TLS 1.2, 1.1, 1.0 */
    check_answer asks_certificate;
} check_server;

typedef struct check_report {
    const char *target;
    bool is_server;
    check_server server;
    check_item *items; /* CHECK_ITEMS_MAX of room */
    size_t item_count;
    check_finding findings[CHECK_FINDINGS_MAX];
    size_t finding_count;
    check_weight worst;
} check_report;

/* tls_check.c: what the files of a request hold; pin and has_pin are the caller's. Complains. */
exit_status check_means_load(check_means *means, const check_request *request);
void check_means_release(check_means *means);

/* Adds a finding; those that find no room count all the same. */
void check_find(check_report *report, check_weight weight, const char *code, const char *format,
                ...) __attribute__((format(printf, 4, 5)));
bool check_has(const check_report *report, const char *code);

/* tls_check_item.c: takes in what DER holds, and judges it by itself. False: it is none. */
bool check_add_certificate(check_report *report, const check_means *means, const uint8_t *der,
                           size_t size);
bool check_add_request(check_report *report, const check_means *means, const uint8_t *der,
                       size_t size);
bool check_add_list(check_report *report, const check_means *means, const uint8_t *der,
                    size_t size);
/* All certificates, requests and lists of a PEM text; false after a damaged block. */
bool check_add_pem(check_report *report, const check_means *means, const char *pem, size_t size);

/* tls_check_path.c: judges the certificates of a file by --ca, --crl, --role, --host and --key. */
void check_paths(check_report *report, const check_means *means);

/* Each looks at one target. */
void check_file(check_report *report, const check_means *means);
void check_server_at(check_report *report, const check_means *means);

/* tls_check_report.c */
void check_print(const check_report *report);
json_t *check_to_json(const check_report *report, int64_t now_utc_ns);
void check_release(check_report *report);

#endif
