/* SPDX-License-Identifier: Apache-2.0 */
/* svms request: a certificate request for a key that stays where it is made. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <svms/svms.h>

#include "ca_key.h"
#include "command.h"
#include "file.h"
#include "head_text.h"
#include "json_output.h"
#include "message.h"
#include "options.h"
#include "role_choice.h"

#define PUBLIC_MODE (S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH)
#define PRIVATE_MODE (S_IRUSR | S_IWUSR)

typedef struct request_request {
    const char *key;
    const char *new_key;
    const char *passphrase_file;
    const char *name;
    text_list hosts;
    int role;
    const char *output;
    bool json;
    const char *nothing; /* there is no operand */
} request_request;

typedef struct request_job {
    const request_request *request;
    svms_ctx *ctx;
    svms_private_key *key;
    file_text key_text; /* of a new key */
    char *pem;
    size_t size;
    svms_request_info info;
} request_job;

static exit_status make_key(request_job *job)
{
    const request_request *request = job->request;
    svms_error err = SVMS_ERROR_INIT;
    password passphrase = { { 0 }, 0 };
    exit_status status = EXIT_GOOD;
    if (request->passphrase_file) {
        status = ca_key_new_passphrase(&passphrase, request->passphrase_file, NULL);
    }
    if (status == EXIT_GOOD && svms_private_key_generate(&job->key, job->ctx, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot make a key");
    }
    if (status == EXIT_GOOD) {
        status =
            ca_key_text(&job->key_text, job->key, request->passphrase_file ? &passphrase : NULL);
    }
    password_wipe(&passphrase);
    return status;
}

static exit_status find_key(request_job *job)
{
    const request_request *request = job->request;
    if (request->new_key) {
        return make_key(job);
    }
    const ca_key_place place = { request->key, ca_key_is_uri(request->key) ? request->key : NULL,
                                 request->passphrase_file, "Passphrase of the key: " };
    return ca_key_load(&job->key, job->ctx, &place);
}

static exit_status make_request(request_job *job)
{
    const request_request *request = job->request;
    svms_request_options options = SVMS_REQUEST_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_request *made = NULL;
    options.role = (svms_role)request->role;
    options.common_name = request->name;
    options.names = request->hosts.items;
    options.name_count = request->hosts.count;
    job->size = SVMS_REQUEST_MAX;
    job->pem = malloc(job->size);
    if (!job->pem) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    svms_status done =
        svms_request_create(job->ctx, &options, job->key, job->pem, &job->size, &err);
    if (done == SVMS_OK) {
        done = svms_request_parse(&made, job->ctx, job->pem, job->size, &err);
    }
    if (done == SVMS_OK) {
        done = svms_request_describe(made, &job->info, &err);
    }
    svms_request_free(&made);
    return done == SVMS_OK ? EXIT_GOOD : complain_error(&err, "cannot make a request");
}

static exit_status write_files(const request_job *job)
{
    const request_request *request = job->request;
    /* The key first: a request for a key that nobody has would be of no use. */
    const new_file files[] = {
        { request->new_key, PRIVATE_MODE, job->key_text.bytes, job->key_text.size },
        { request->output, PUBLIC_MODE, job->pem, job->size },
    };
    return request->new_key ? file_write(files, 2, false) : file_write(&files[1], 1, false);
}

static exit_status say(const request_job *job)
{
    const request_request *request = job->request;
    const uint8_t *hash = job->info.key_sha256;
    if (request->json) {
        return json_print(json_pack(
            "{s:o, s:o, s:o, s:o, s:o}", "file", json_text(request->output), "key_file",
            json_text(request->new_key), "key_sha256", json_hex(hash, 32), "name",
            json_text(job->info.common_name), "role",
            json_text(request->role == SVMS_ROLE_NONE ? NULL : svms_role_name(job->info.role))));
    }
    print_line(stdout, "Request       %s", request->output);
    if (request->new_key) {
        print_line(stdout, "Private key   %s (keep it here, and secret)", request->new_key);
    }
    print_line(stdout, "Key's SHA-256 %s", head_text_of(hash, 32).text);
    return EXIT_GOOD;
}

static exit_status check_outputs(const request_request *request)
{
    exit_status status = file_check_new(request->output);
    if (status == EXIT_GOOD && request->new_key) {
        status = file_check_new(request->new_key);
    }
    if (status == EXIT_GOOD && request->new_key &&
        file_is_same_place(request->output, request->new_key)) {
        status = usage_error("request", "--out and --new-key name the same file");
    }
    return status;
}

static exit_status run(const request_request *request)
{
    request_job job = { 0 };
    job.request = request;
    job.info = (svms_request_info)SVMS_REQUEST_INFO_INIT;
    exit_status status = check_outputs(request);
    if (status == EXIT_GOOD) {
        status = ca_make_context(&job.ctx);
    }
    if (status == EXIT_GOOD) {
        status = find_key(&job);
    }
    if (status == EXIT_GOOD) {
        status = make_request(&job);
    }
    if (status == EXIT_GOOD) {
        status = write_files(&job);
    }
    if (status == EXIT_GOOD) {
        status = say(&job);
    }
    free(job.pem);
    file_text_free(&job.key_text);
    svms_private_key_free(&job.key);
    svms_ctx_free(&job.ctx);
    return status;
}

static const option_spec options[] = {
    { "new-key", "FILE", "make a key and keep it in FILE, for the owner alone", OPTION_TEXT,
      offsetof(request_request, new_key), NULL, 0, 0 },
    { "key", "KEY", "take this key: a file (PEM), or the URI of a provider", OPTION_TEXT,
      offsetof(request_request, key), NULL, 0, 0 },
    { "passphrase-file", "FILE", "passphrase of the key: first line of FILE", OPTION_TEXT,
      offsetof(request_request, passphrase_file), NULL, 0, 0 },
    { "name", "CN", "who this is, for example \"Front door recorder\"", OPTION_TEXT,
      offsetof(request_request, name), NULL, 0, 0 },
    { "host", "HOST", "DNS name or IP address at which it is reached; repeatable", OPTION_LIST,
      offsetof(request_request, hosts), NULL, 0, 0 },
    { "role", "ROLE", "role to ask for; default: none, the authority says it", OPTION_CHOICE,
      offsetof(request_request, role), role_choices, 0, 0 },
    { "out", "FILE", "where the request goes; what is there is never replaced", OPTION_TEXT,
      offsetof(request_request, output), NULL, 0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(request_request, json), NULL, 0,
      0 },
};

static const command_line line = {
    "request",
    "--new-key FILE | --key KEY --name CN --out FILE [options]",
    "Makes a certificate request. The key stays where it is; only the request is sent.",
    options,
    sizeof options / sizeof options[0],
    NULL,
    offsetof(request_request, nothing)
};

exit_status command_request(int count, char **arguments)
{
    request_request request;
    memset(&request, 0, sizeof request);
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (!request.key == !request.new_key) {
        return usage_error("request", "give either --new-key or --key");
    }
    if (!request.name || !request.output) {
        return usage_error("request", "--%s is missing", request.name ? "out" : "name");
    }
    return run(&request);
}
