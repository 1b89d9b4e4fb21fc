/* SPDX-License-Identifier: Apache-2.0 */
/* svms ca init: an authority, or one below another. Everything is made in a folder beside, which
 * gets its name when it is complete. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <svms/svms.h>

#include "ca_certificate.h"
#include "ca_command.h"
#include "ca_folder.h"
#include "ca_key.h"
#include "ca_new_folder.h"
#include "ca_trial.h"
#include "ca_under.h"
#include "head_text.h"
#include "json_output.h"
#include "message.h"
#include "options.h"

#define COMMAND "ca init"
#define ROOT_DAYS 7300
#define INTERMEDIATE_DAYS 3650
#define MAX_DAYS 14600
#define MAX_PATH_LENGTH 6
#define DEFAULT_PATH_LENGTH UINT32_MAX
#define NS_PER_SECOND INT64_C(1000000000)
#define SECONDS_PER_DAY INT64_C(86400)
#define BACKDATED_SECONDS 300
#define CERTIFICATE_CAPACITY 32768

typedef struct init_request {
    const char *folder;
    const char *name;
    uint32_t days;
    const char *passphrase_file;
    bool no_passphrase;
    const char *key_uri;
    text_list permit;
    text_list exclude;
    uint32_t path_length;
    const char *under;
    const char *under_passphrase_file;
    const char *crl_uri;
    bool json;
} init_request;

typedef struct init_job {
    const init_request *request;
    svms_ctx *ctx;
    ca_folder parent; /* path NULL: this becomes a root */
    svms_private_key *key;
    file_text key_text; /* empty: the key is with a provider */
    svms_ca_options options;
    file_text certificate;
    svms_certificate_info info;
} init_job;

static exit_status make_key(init_job *job)
{
    const init_request *request = job->request;
    password passphrase = { { 0 }, 0 };
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = EXIT_GOOD;
    if (request->key_uri) {
        const ca_key_place place = { NULL, request->key_uri, NULL, NULL };
        return ca_key_load(&job->key, job->ctx, &place);
    }
    if (!request->no_passphrase) {
        status = ca_key_new_passphrase(&passphrase, request->passphrase_file,
                                       "Passphrase for the new authority: ");
    }
    if (status == EXIT_GOOD && svms_private_key_generate(&job->key, job->ctx, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot make a key");
    }
    if (status == EXIT_GOOD) {
        status = ca_key_text(&job->key_text, job->key, request->no_passphrase ? NULL : &passphrase);
    }
    password_wipe(&passphrase);
    return status;
}

/* Never beyond the end of the authority above, and never from before its beginning. */
static exit_status choose_period(init_job *job)
{
    const init_request *request = job->request;
    const svms_certificate_info *above = job->parent.path ? &job->parent.info : NULL;
    int64_t now = (int64_t)time(NULL);
    uint32_t usual = above ? INTERMEDIATE_DAYS : ROOT_DAYS;
    int64_t from = now - BACKDATED_SECONDS;
    int64_t to = now + (int64_t)(request->days > 0 ? request->days : usual) * SECONDS_PER_DAY;
    if (above && from < above->not_before_utc_ns / NS_PER_SECOND) {
        from = above->not_before_utc_ns / NS_PER_SECOND;
    }
    if (above && to > above->not_after_utc_ns / NS_PER_SECOND) {
        if (request->days > 0) {
            complain("%u days are more than the authority in %s has left", (unsigned)request->days,
                     job->parent.path);
            return EXIT_POLICY;
        }
        to = above->not_after_utc_ns / NS_PER_SECOND;
    }
    job->options.not_before_utc_ns = from * NS_PER_SECOND;
    job->options.not_after_utc_ns = to * NS_PER_SECOND;
    return EXIT_GOOD;
}

/* An address that no certificate may hold would show with the first one only. */
static exit_status check_crl_uri(const init_job *job)
{
    svms_issue_options options = SVMS_ISSUE_OPTIONS_INIT;
    options.role = SVMS_ROLE_USER;
    options.common_name = "somebody";
    options.crl_uri = job->request->crl_uri;
    return options.crl_uri ? ca_try(job->ctx, options, "cannot use --crl-uri") : EXIT_GOOD;
}

static exit_status describe(init_job *job)
{
    const init_request *request = job->request;
    svms_ca_options *options = &job->options;
    bool is_root = job->parent.path == NULL;
    options->common_name = request->name;
    options->path_length = request->path_length != DEFAULT_PATH_LENGTH
                               ? (int32_t)request->path_length
                               : (is_root ? 1 : 0);
    options->permitted = request->permit.items;
    options->permitted_count = request->permit.count;
    options->excluded = request->exclude.items;
    options->excluded_count = request->exclude.count;
    return choose_period(job);
}

static exit_status certify(init_job *job)
{
    svms_error err = SVMS_ERROR_INIT;
    size_t size = CERTIFICATE_CAPACITY;
    file_text text = { calloc(1, CERTIFICATE_CAPACITY), 0 };
    char serial[CA_SERIAL_TEXT];
    if (!text.bytes) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    exit_status status = EXIT_GOOD;
    if (svms_ca_create(job->ctx, &job->options, job->key, job->parent.authority, text.bytes, &size,
                       &err) != SVMS_OK) {
        status = complain_error(&err, "cannot make the authority");
    }
    text.size = size;
    if (status == EXIT_GOOD) {
        status = ca_read_certificate(job->ctx, text.bytes, &job->info, serial);
    }
    if (status == EXIT_GOOD && job->parent.path) {
        status = ca_under_journal(&job->parent, job->key, &job->options, &text);
    }
    if (status != EXIT_GOOD) {
        file_text_free(&text);
        return status;
    }
    job->certificate = text;
    return EXIT_GOOD;
}

static exit_status say(const init_job *job)
{
    const init_request *request = job->request;
    const svms_certificate_info *info = &job->info;
    char until[SVMS_TIME_TEXT_SIZE];
    svms_time_format(info->not_after_utc_ns, until);
    if (request->json) {
        return json_print(json_pack(
            "{s:o, s:o, s:o, s:o, s:o, s:s}", "folder", json_text(request->folder), "subject",
            json_text(info->subject), "issuer", json_text(info->issuer), "sha256",
            json_hex(info->sha256, 32), "not_after", json_time(info->not_after_utc_ns), "key",
            request->key_uri         ? "provider"
            : request->no_passphrase ? "unprotected file"
                                     : "file"));
    }
    print_line(stdout, "Authority     %s", info->subject);
    if (job->parent.path) {
        print_line(stdout, "Under         %s", info->issuer);
    }
    print_line(stdout, "Folder        %s", request->folder);
    print_line(stdout, "Valid until   %s", until);
    print_line(stdout, "SHA-256       %s", head_text_of(info->sha256, 32).text);
    if (!job->parent.path) {
        print_line(stdout, "              tell it on paper or by telephone: it is how others know "
                           "this authority");
    }
    return EXIT_GOOD;
}

static exit_status open_parent(init_job *job)
{
    const init_request *request = job->request;
    if (!request->under) {
        return EXIT_GOOD;
    }
    exit_status status = ca_folder_open(&job->parent, job->ctx, request->under, true);
    return status == EXIT_GOOD ? ca_folder_unlock_key(&job->parent, request->under_passphrase_file)
                               : status;
}

static exit_status fill(init_job *job, ca_new_folder *folder)
{
    const ca_new_content content = { &job->key_text, &job->certificate,     &job->parent.pem,
                                     &job->info,     job->request->key_uri, job->request->crl_uri };
    exit_status status = ca_new_folder_put_key(folder, &content);
    if (status == EXIT_GOOD) {
        status = certify(job);
    }
    if (status == EXIT_GOOD) {
        status = ca_new_folder_complete(folder, &content);
        if (status != EXIT_GOOD && job->parent.path) {
            complain("the authority in %s knows a certificate now that nobody has; 'svms ca list' "
                     "shows it",
                     job->parent.path);
        }
    }
    return status;
}

static exit_status make(init_job *job)
{
    ca_new_folder folder = CA_NEW_FOLDER_INIT;
    exit_status status = check_crl_uri(job);
    if (status == EXIT_GOOD) {
        status = open_parent(job);
    }
    if (status == EXIT_GOOD) {
        status = describe(job);
    }
    if (status == EXIT_GOOD) {
        status = make_key(job);
    }
    if (status == EXIT_GOOD) {
        status = ca_new_folder_begin(&folder, job->request->folder);
    }
    if (status == EXIT_GOOD) {
        status = fill(job, &folder);
    }
    ca_new_folder_discard(&folder);
    return status == EXIT_GOOD ? say(job) : status;
}

static exit_status init(const init_request *request)
{
    init_job job;
    memset(&job, 0, sizeof job);
    job.request = request;
    job.options = (svms_ca_options)SVMS_CA_OPTIONS_INIT;
    job.info = (svms_certificate_info)SVMS_CERTIFICATE_INFO_INIT;
    job.parent.handle = -1;
    job.parent.lock = -1;
    job.parent.journal.log = (ca_log)CA_LOG_INIT;
    exit_status status = ca_new_folder_check(request->folder);
    if (status == EXIT_GOOD) {
        status = ca_make_context(&job.ctx);
    }
    if (status == EXIT_GOOD) {
        status = make(&job);
    }
    file_text_free(&job.key_text);
    file_text_free(&job.certificate);
    svms_private_key_free(&job.key);
    ca_folder_close(&job.parent);
    svms_ctx_free(&job.ctx);
    return status;
}

static const option_spec options[] = {
    { "name", "CN", "what the authority is called, for example \"Example CA\"", OPTION_TEXT,
      offsetof(init_request, name), NULL, 0, 0 },
    { "days", "N", "validity; default 7300, with --under 3650", OPTION_COUNT,
      offsetof(init_request, days), NULL, 1, MAX_DAYS },
    { "passphrase-file", "FILE", "passphrase of the new key; default: asked for, twice",
      OPTION_TEXT, offsetof(init_request, passphrase_file), NULL, 0, 0 },
    { "no-passphrase", NULL, "UNSAFE: whoever reads the folder is the authority", OPTION_FLAG,
      offsetof(init_request, no_passphrase), NULL, 0, 0 },
    { "key", "URI", "take the key of a provider (TPM, security module) instead", OPTION_TEXT,
      offsetof(init_request, key_uri), NULL, 0, 0 },
    { "permit", "WHAT", "certify only this DNS domain or network (10.0.0.0/8); repeatable",
      OPTION_LIST, offsetof(init_request, permit), NULL, 0, 0 },
    { "exclude", "WHAT", "never certify this DNS domain or network; repeatable", OPTION_LIST,
      offsetof(init_request, exclude), NULL, 0, 0 },
    { "path-length", "N", "authorities that may stand below; default 1, with --under 0",
      OPTION_COUNT, offsetof(init_request, path_length), NULL, 0, MAX_PATH_LENGTH },
    { "under", "DIR", "have it certified by the authority in DIR", OPTION_TEXT,
      offsetof(init_request, under), NULL, 0, 0 },
    { "under-passphrase-file", "FILE", "passphrase of that one; default: asked for", OPTION_TEXT,
      offsetof(init_request, under_passphrase_file), NULL, 0, 0 },
    { "crl-uri", "URL", "where its revocation lists will be found; in every certificate",
      OPTION_TEXT, offsetof(init_request, crl_uri), NULL, 0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(init_request, json), NULL, 0,
      0 },
};

static const command_line line = {
    COMMAND,
    "DIR --name CN [options]",
    "Makes an authority in a new folder. What is there is never replaced.",
    options,
    sizeof options / sizeof options[0],
    "DIR",
    offsetof(init_request, folder)
};

exit_status command_ca_init(int count, char **arguments)
{
    init_request request;
    memset(&request, 0, sizeof request);
    request.path_length = DEFAULT_PATH_LENGTH;
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (!request.name) {
        return usage_error(COMMAND, "--name is missing");
    }
    if ((request.passphrase_file != NULL) + request.no_passphrase + (request.key_uri != NULL) > 1) {
        return usage_error(COMMAND, "--passphrase-file, --no-passphrase and --key: only one is "
                                    "possible");
    }
    if (request.under_passphrase_file && !request.under) {
        return usage_error(COMMAND, "--under-passphrase-file belongs to --under");
    }
    return init(&request);
}
