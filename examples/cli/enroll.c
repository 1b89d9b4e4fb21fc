/* SPDX-License-Identifier: Apache-2.0 */
/* svms enroll: a certificate over the network, and a new one before it ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <svms/svms.h>

#include "command.h"
#include "enroll_folder.h"
#include "enroll_obtain.h"
#include "enroll_settings.h"
#include "est_client.h"
#include "est_code.h"
#include "file.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "role_choice.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_DAY (NS_PER_SECOND * 86400)
#define MAX_WITHIN_DAYS 3650

typedef struct enroll_request {
    const char *place; /* URL, or, with renew, the folder */
    const char *code;
    const char *code_file;
    const char *name;
    text_list hosts;
    int role;
    const char *out;
    const char *key_uri;
    const char *other_url;
    uint32_t within_days;
    bool renew;
    bool force;
    bool json;
} enroll_request;

/* One run: what is wanted, and what there is. */
typedef struct enrolling {
    const enroll_request *request;
    svms_ctx *ctx;
    enroll_folder folder;
    enroll_settings settings;
    est_url url;
    est_code code;
    svms_private_key *key; /* that shall be certified */
    file_text key_pem;     /* of it, unless it is behind a URI */
    svms_chain *chain;     /* that there is */
    svms_private_key *chain_key;
    file_text anchors;
    svms_certificate_info info;
    int64_t due_utc_ns;
} enrolling;

/* A certificate's last second counts as a whole; people need not read its fractions. */
static int64_t whole_seconds(int64_t utc_ns)
{
    return utc_ns / NS_PER_SECOND * NS_PER_SECOND;
}

static exit_status say(const enrolling *self, const char *what)
{
    const svms_certificate_info *info = &self->info;
    int64_t due = whole_seconds(self->due_utc_ns);
    int64_t end = whole_seconds(info->not_after_utc_ns);
    char when[2][SVMS_TIME_TEXT_SIZE];
    if (self->request->json) {
        return json_print(json_pack(
            "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "result", what, "folder",
            json_text(self->folder.path), "name", json_text(self->settings.name), "serial",
            json_text(info->serial), "sha256", json_hex(info->sha256, sizeof info->sha256),
            "not_before", json_time(info->not_before_utc_ns), "not_after", json_time(end), "due",
            json_time(due)));
    }
    svms_time_format(end, when[0]);
    svms_time_format(due, when[1]);
    if (strcmp(what, "not due") == 0) {
        print_line(stdout, "Not due       %s is valid until %s; renewal begins at %s",
                   self->folder.certificate, when[0], when[1]);
        return EXIT_GOOD;
    }
    print_line(stdout, "%-13s %s (%s), serial %s", what[0] == 'e' ? "Enrolled" : "Renewed",
               self->folder.certificate, self->settings.name, info->serial);
    print_line(stdout, "Valid until   %s; renewal begins at %s", when[0], when[1]);
    return EXIT_GOOD;
}

/* When the last third of a certificate's life begins, unless somebody says other. */
static void find_due(enrolling *self)
{
    int64_t life = self->info.not_after_utc_ns - self->info.not_before_utc_ns;
    int64_t within =
        self->request->within_days > 0 ? self->request->within_days * NS_PER_DAY : life / 3;
    self->due_utc_ns = self->info.not_after_utc_ns - within;
}

/* A key behind a URI stays where it is; others are made here. */
static exit_status take_key(enrolling *self)
{
    svms_error err = SVMS_ERROR_INIT;
    if (!self->settings.key_uri) {
        return enroll_folder_pending_key(&self->folder, self->ctx, &self->key, &self->key_pem);
    }
    return svms_private_key_from_uri(&self->key, self->ctx, self->settings.key_uri, &err) == SVMS_OK
               ? EXIT_GOOD
               : complain_error(&err, "cannot use the key %s", self->settings.key_uri);
}

static exit_status store(enrolling *self, enroll_obtained *obtained)
{
    const enroll_identity identity = {
        .certificate_pem = obtained->certificate_pem,
        .anchors_pem = obtained->anchors_pem,
        .key_pem = self->key_pem.bytes,
        .settings = &self->settings,
    };
    exit_status status = enroll_folder_store(&self->folder, &identity);
    if (status == EXIT_GOOD) {
        self->info = obtained->info;
        find_due(self);
    }
    return status;
}

static exit_status read_code(enrolling *self)
{
    const enroll_request *request = self->request;
    file_text text = { NULL, 0 };
    const char *typed = request->code;
    if (request->code_file) {
        exit_status status = file_read(&text, request->code_file, EST_CODE_TYPED_MAX, true);
        if (status != EXIT_GOOD) {
            return status;
        }
        typed = text.bytes;
    }
    est_code_result result = est_code_parse(&self->code, typed, strlen(typed));
    file_text_free(&text);
    if (result != EST_CODE_GOOD) {
        complain("%s", est_code_words(result));
        return EXIT_MALFORMED;
    }
    return EXIT_GOOD;
}

static exit_status copy_request(enrolling *self)
{
    const enroll_request *request = self->request;
    enroll_settings *settings = &self->settings;
    settings->role = request->role;
    settings->url = strdup(self->url.text);
    settings->name = strdup(request->name);
    settings->key_uri = request->key_uri ? strdup(request->key_uri) : NULL;
    settings->hosts = calloc(request->hosts.count + 1, sizeof *settings->hosts);
    bool good = settings->url && settings->name && settings->hosts &&
                (!request->key_uri || settings->key_uri);
    for (size_t i = 0; i < request->hosts.count && good; i++) {
        settings->hosts[i] = strdup(request->hosts.items[i]);
        good = settings->hosts[i] != NULL;
        settings->host_count += good;
    }
    if (!good) {
        complain("out of memory");
    }
    return good ? EXIT_GOOD : EXIT_ENVIRONMENT;
}

static enroll_order order_of(const enrolling *self)
{
    return (enroll_order){ self->ctx, &self->url, &self->settings, self->key };
}

static exit_status enroll_first(enrolling *self)
{
    enroll_obtained obtained = { NULL, NULL, SVMS_CERTIFICATE_INFO_INIT };
    exit_status status = copy_request(self);
    if (status == EXIT_GOOD) {
        status = read_code(self);
    }
    if (status == EXIT_GOOD) {
        status = enroll_folder_open(&self->folder, self->request->out, true);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    if (enroll_folder_is_enrolled(&self->folder) && !self->request->force) {
        complain("%s exists; --renew renews it, --force replaces it", self->folder.certificate);
        return EXIT_ENVIRONMENT;
    }
    status = take_key(self);
    if (status == EXIT_GOOD) {
        const enroll_order order = order_of(self);
        status = enroll_with_code(&order, &self->code, &obtained);
    }
    if (status == EXIT_GOOD) {
        status = store(self, &obtained);
    }
    enroll_obtained_free(&obtained);
    return status == EXIT_GOOD ? say(self, "enrolled") : status;
}

/* Certificates that sign evidence only have no place in TLS (I-ENR-14). */
static exit_status check_role(const enrolling *self)
{
    int role = self->settings.role;
    if (role == SVMS_ROLE_EXPORTER || role == SVMS_ROLE_CUSTODIAN ||
        role == SVMS_ROLE_KEY_OFFICER || role == SVMS_ROLE_TIME_STAMPER ||
        role == SVMS_ROLE_UPDATE) {
        complain("a certificate of this role only signs and cannot show itself to a server: enrol "
                 "anew with a one-time code and --force");
        return EXIT_POLICY;
    }
    return EXIT_GOOD;
}

static exit_status load_identity(enrolling *self)
{
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = enroll_folder_load_settings(&self->folder, &self->settings);
    if (status == EXIT_POLICY) {
        complain("%s was not made by 'svms enroll': enrol with a one-time code and --force",
                 self->folder.path);
        return EXIT_ENVIRONMENT;
    }
    if (status == EXIT_GOOD) {
        status = load_chain(&self->chain, self->ctx, self->folder.certificate);
    }
    if (status == EXIT_GOOD &&
        svms_chain_certificate(self->chain, 0, &self->info, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot use %s", self->folder.certificate);
    }
    find_due(self);
    return status;
}

static exit_status load_keys(enrolling *self)
{
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = file_read(&self->anchors, self->folder.anchors, ENROLL_FILE_MAX, false);
    if (status == EXIT_GOOD && !self->settings.key_uri) {
        status = load_private_key(&self->chain_key, self->ctx, self->folder.key);
    } else if (status == EXIT_GOOD &&
               svms_private_key_from_uri(&self->chain_key, self->ctx, self->settings.key_uri,
                                         &err) != SVMS_OK) {
        status = complain_error(&err, "cannot use the key %s", self->settings.key_uri);
    }
    return status == EXIT_GOOD ? take_key(self) : status;
}

static exit_status check_time(const enrolling *self, bool *due)
{
    int64_t now = (int64_t)time(NULL) * NS_PER_SECOND;
    *due = now >= self->due_utc_ns || self->request->force;
    if (now <= self->info.not_after_utc_ns) {
        return EXIT_GOOD;
    }
    char when[SVMS_TIME_TEXT_SIZE];
    svms_time_format(whole_seconds(self->info.not_after_utc_ns), when);
    complain("%s has expired at %s and cannot renew itself: enrol anew with a one-time code and "
             "--force",
             self->folder.certificate, when);
    return EXIT_POLICY;
}

static exit_status choose_url(enrolling *self)
{
    const char *given = self->request->other_url;
    exit_status status = est_url_parse(&self->url, given ? given : self->settings.url);
    if (status == EXIT_GOOD && given) {
        free(self->settings.url);
        self->settings.url = strdup(self->url.text);
        status = self->settings.url ? EXIT_GOOD : EXIT_ENVIRONMENT;
    }
    return status;
}

static exit_status renew(enrolling *self)
{
    enroll_obtained obtained = { NULL, NULL, SVMS_CERTIFICATE_INFO_INIT };
    bool due = false;
    exit_status status = enroll_folder_open(&self->folder, self->request->place, false);
    if (status == EXIT_GOOD) {
        status = load_identity(self);
    }
    if (status == EXIT_GOOD) {
        status = check_time(self, &due);
    }
    if (status == EXIT_GOOD && !due) {
        return say(self, "not due");
    }
    if (status == EXIT_GOOD) {
        status = check_role(self);
    }
    if (status == EXIT_GOOD) {
        status = choose_url(self);
    }
    if (status == EXIT_GOOD) {
        status = load_keys(self);
    }
    if (status == EXIT_GOOD) {
        const enroll_order order = order_of(self);
        status = enroll_anew(&order, self->chain, self->chain_key, self->anchors.bytes, &obtained);
    }
    if (status == EXIT_GOOD) {
        status = store(self, &obtained);
    }
    enroll_obtained_free(&obtained);
    return status == EXIT_GOOD ? say(self, "renewed") : status;
}

static void release(enrolling *self)
{
    OPENSSL_cleanse(&self->code, sizeof self->code);
    file_text_free(&self->key_pem);
    file_text_free(&self->anchors);
    svms_private_key_free(&self->key);
    svms_private_key_free(&self->chain_key);
    svms_chain_free(&self->chain);
    enroll_settings_free(&self->settings);
    enroll_folder_close(&self->folder);
    svms_ctx_free(&self->ctx);
}

static const option_spec options[] = {
    { "code", "CODE", "the one-time code that 'svms ca code' printed", OPTION_TEXT,
      offsetof(enroll_request, code), NULL, 0, 0 },
    { "code-file", "FILE", "the same from a file, which other users cannot see", OPTION_TEXT,
      offsetof(enroll_request, code_file), NULL, 0, 0 },
    { "name", "CN", "the name that the code is for", OPTION_TEXT, offsetof(enroll_request, name),
      NULL, 0, 0 },
    { "host", "NAME", "DNS name or address of this device; may be repeated", OPTION_LIST,
      offsetof(enroll_request, hosts), NULL, 0, 0 },
    { "role", "ROLE", "recorder (default), camera, server, client-device, user, exporter...",
      OPTION_CHOICE, offsetof(enroll_request, role), role_choices, 0, 0 },
    { "out", "DIR", "folder for cert.pem, key.pem and ca.pem; made if missing", OPTION_TEXT,
      offsetof(enroll_request, out), NULL, 0, 0 },
    { "key", "URI", "certify this key, which a provider of OpenSSL keeps", OPTION_TEXT,
      offsetof(enroll_request, key_uri), NULL, 0, 0 },
    { "renew", NULL, "renew the certificate in the folder DIR, if it is due", OPTION_FLAG,
      offsetof(enroll_request, renew), NULL, 0, 0 },
    { "url", "URL", "with --renew: ask this server, and the same from then on", OPTION_TEXT,
      offsetof(enroll_request, other_url), NULL, 0, 0 },
    { "within", "DAYS", "with --renew: due so long before its end; default: a third", OPTION_COUNT,
      offsetof(enroll_request, within_days), NULL, 1, MAX_WITHIN_DAYS },
    { "force", NULL, "replace an identity; with --renew: also when it is not due", OPTION_FLAG,
      offsetof(enroll_request, force), NULL, 0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(enroll_request, json), NULL, 0,
      0 },
};

static const command_line line = {
    "enroll",
    "URL --code CODE --name CN --out DIR [options] | --renew DIR [options]",
    "Gets a certificate for this device from an enrolment server, or a new one before it ends.",
    options,
    sizeof options / sizeof options[0],
    "URL or DIR",
    offsetof(enroll_request, place)
};

static exit_status check_first(const enroll_request *request)
{
    if (!request->code == !request->code_file) {
        return usage_error("enroll", "give --code or --code-file");
    }
    if (!request->name || !request->out) {
        return usage_error("enroll", "--%s is missing", request->name ? "out" : "name");
    }
    if (request->within_days > 0 || request->other_url) {
        return usage_error("enroll", "--%s belongs to --renew",
                           request->other_url ? "url" : "within");
    }
    return EXIT_GOOD;
}

static exit_status check_renewal(const enroll_request *request)
{
    if (request->code || request->code_file || request->name || request->out || request->key_uri ||
        request->hosts.count > 0) {
        return usage_error("enroll",
                           "--renew asks for what there is already: only --url, --within, "
                           "--force and --json go with it");
    }
    return EXIT_GOOD;
}

exit_status command_enroll(int count, char **arguments)
{
    enroll_request request = { .role = SVMS_ROLE_RECORDER };
    enrolling self = { .request = &request, .info = SVMS_CERTIFICATE_INFO_INIT };
    self.folder.handle = -1;
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    exit_status status = request.renew ? check_renewal(&request) : check_first(&request);
    if (status == EXIT_GOOD && !request.renew) {
        status = est_url_parse(&self.url, request.place);
    }
    if (status == EXIT_GOOD) {
        status = make_context(&self.ctx);
    }
    if (status == EXIT_GOOD) {
        status = request.renew ? renew(&self) : enroll_first(&self);
    }
    release(&self);
    return status;
}
