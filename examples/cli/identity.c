/* SPDX-License-Identifier: Apache-2.0 */
/* svms identity create: a key, its certificate, and a demonstration CA where there is none. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <openssl/crypto.h>
#include <svms/svms.h>

#include "command.h"
#include "file.h"
#include "keys.h"
#include "message.h"
#include "options.h"

#define CA_NAME "svms demonstration CA"
#define CA_DAYS 7300
#define MAX_DAYS 3650
#define DEFAULT_DAYS 825
#define NS_PER_SECOND INT64_C(1000000000)
#define SECONDS_PER_DAY 86400
#define PEM_CAPACITY 8192

typedef struct create_request {
    const char *folder;
    const char *name;
    const char *ca_folder; /* NULL: the folder itself */
    int role;
    uint32_t days;
    bool force;
    const char *verb;
} create_request;

typedef struct authority {
    svms_private_key *key;
    svms_chain *certificate;
    file_text pem; /* of the certificate */
} authority;

static exit_status make_folder(const char *path)
{
    struct stat info;
    if (mkdir(path, S_IRWXU) == 0) {
        return EXIT_GOOD;
    }
    if (errno != EEXIST) {
        return complain_system(errno, "cannot make the folder %s", path);
    }
    if (stat(path, &info) != 0) {
        return complain_system(errno, "cannot use %s", path);
    }
    if (!S_ISDIR(info.st_mode)) {
        return complain_system(ENOTDIR, "cannot use %s", path);
    }
    return EXIT_GOOD;
}

static svms_certificate_options describe(svms_role role, const char *name, uint32_t days)
{
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    int64_t now = (int64_t)time(NULL);
    options.role = role;
    options.common_name = name;
    options.not_before_utc_ns = now * NS_PER_SECOND;
    options.not_after_utc_ns = (now + (int64_t)days * SECONDS_PER_DAY) * NS_PER_SECOND;
    return options;
}

/* Behind the leaf, so that receivers who know the CA by its fingerprint alone find it in what was
 * signed. */
static svms_status append_issuer(char pem[PEM_CAPACITY], size_t *size, const authority *issuer,
                                 svms_error *err)
{
    const file_text *text = &issuer->pem;
    if (text->size > PEM_CAPACITY - *size) {
        err->status = SVMS_E_LIMIT;
        (void)snprintf(err->message, sizeof err->message, "the CA's file is too long");
        return SVMS_E_LIMIT;
    }
    memcpy(pem + *size, text->bytes, text->size);
    *size += text->size;
    return SVMS_OK;
}

/* Writes a new key and its certificate. Issuer NULL makes a CA. */
static exit_status issue(svms_ctx *ctx, const svms_certificate_options *options,
                         const authority *issuer, const char *certificate_path,
                         const char *key_path, bool replace)
{
    char key_pem[PEM_CAPACITY];
    char certificate_pem[PEM_CAPACITY];
    size_t key_size = sizeof key_pem;
    size_t certificate_size = sizeof certificate_pem;
    svms_private_key *key = NULL;
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = EXIT_GOOD;
    svms_status made = svms_private_key_generate(&key, ctx, &err);
    if (made == SVMS_OK) {
        made = svms_private_key_to_pem(key, key_pem, &key_size, &err);
    }
    if (made == SVMS_OK) {
        made = svms_certificate_issue(ctx, options, key, issuer ? issuer->certificate : NULL,
                                      issuer ? issuer->key : NULL, certificate_pem,
                                      &certificate_size, &err);
    }
    if (made == SVMS_OK && issuer) {
        made = append_issuer(certificate_pem, &certificate_size, issuer, &err);
    }
    if (made == SVMS_OK) {
        const new_file files[] = {
            { key_path, S_IRUSR | S_IWUSR, key_pem, key_size },
            { certificate_path, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH, certificate_pem,
              certificate_size },
        };
        status = file_write(files, sizeof files / sizeof files[0], replace);
    } else {
        status = complain_error(&err, "cannot issue a certificate");
    }
    svms_private_key_free(&key);
    OPENSSL_cleanse(key_pem, sizeof key_pem);
    return status;
}

static exit_status make_authority(svms_ctx *ctx, const char *certificate_path, const char *key_path)
{
    svms_certificate_options options = describe(SVMS_ROLE_NONE, CA_NAME, CA_DAYS);
    /* Never replacing: a CA that is overwritten takes the trust in everything it signed with it. */
    exit_status status = issue(ctx, &options, NULL, certificate_path, key_path, false);
    if (status == EXIT_GOOD) {
        print_line(stdout, "Made a demonstration CA: %s", certificate_path);
    }
    return status;
}

static exit_status load_authority(authority *out, svms_ctx *ctx, const create_request *request)
{
    const char *folder = request->ca_folder ? request->ca_folder : request->folder;
    char *certificate_path = path_join(folder, "ca.pem");
    char *key_path = path_join(folder, "ca-key.pem");
    exit_status status = EXIT_ENVIRONMENT;
    if (!certificate_path || !key_path) {
        goto done;
    }
    bool has_certificate = file_exists(certificate_path);
    bool has_key = file_exists(key_path);
    if (has_certificate != has_key || (!has_key && request->ca_folder)) {
        complain("%s does not hold a CA: %s is missing", folder,
                 has_certificate ? "ca-key.pem" : "ca.pem");
        goto done;
    }
    status = has_key ? EXIT_GOOD : make_authority(ctx, certificate_path, key_path);
    if (status == EXIT_GOOD) {
        status = load_private_key(&out->key, ctx, key_path);
    }
    if (status == EXIT_GOOD) {
        status = load_chain(&out->certificate, ctx, certificate_path);
    }
    if (status == EXIT_GOOD) {
        status = file_read(&out->pem, certificate_path, PEM_CAPACITY, false);
    }

done:
    free(certificate_path);
    free(key_path);
    return status;
}

static exit_status make_identity(svms_ctx *ctx, const create_request *request,
                                 const authority *issuer, const char *certificate_path,
                                 const char *key_path)
{
    svms_certificate_options options =
        describe((svms_role)request->role, request->name, request->days);
    exit_status status = issue(ctx, &options, issuer, certificate_path, key_path, request->force);
    if (status == EXIT_GOOD) {
        print_line(stdout, "Certificate: %s (%s, %s, %u days)", certificate_path, request->name,
                   svms_role_name(options.role), (unsigned)request->days);
        print_line(stdout, "Private key: %s (keep it secret)", key_path);
    }
    return status;
}

/* A CA's file may have a second name. */
static exit_status check_output(const create_request *request, const char *output)
{
    static const char *const names[] = { "ca.pem", "ca-key.pem" };
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; i < sizeof names / sizeof *names && status == EXIT_GOOD; i++) {
        const char *folder = request->ca_folder ? request->ca_folder : request->folder;
        char *input = path_join(folder, names[i]);
        status = input ? file_check_not_input(output, input) : EXIT_ENVIRONMENT;
        free(input);
    }
    return status == EXIT_GOOD ? file_check_output(output, request->force) : status;
}

static exit_status create_in(svms_ctx *ctx, const create_request *request)
{
    char *certificate_path = path_join(request->folder, "cert.pem");
    char *key_path = path_join(request->folder, "key.pem");
    authority issuer = { NULL, NULL, { NULL, 0 } };
    exit_status status = EXIT_ENVIRONMENT;
    if (!certificate_path || !key_path) {
        goto done;
    }
    /* Both are looked at before the CA is made, so that a refusal changes nothing. */
    status = check_output(request, certificate_path);
    if (status == EXIT_GOOD) {
        status = check_output(request, key_path);
    }
    if (status == EXIT_GOOD) {
        status = load_authority(&issuer, ctx, request);
    }
    if (status == EXIT_GOOD) {
        status = make_identity(ctx, request, &issuer, certificate_path, key_path);
    }

done:
    svms_chain_free(&issuer.certificate);
    svms_private_key_free(&issuer.key);
    file_text_free(&issuer.pem);
    free(certificate_path);
    free(key_path);
    return status;
}

static exit_status create(const create_request *request)
{
    svms_ctx *ctx = NULL;
    exit_status status = make_context(&ctx);
    if (status == EXIT_GOOD) {
        status = make_folder(request->folder);
    }
    if (status == EXIT_GOOD) {
        status = create_in(ctx, request);
    }
    svms_ctx_free(&ctx);
    return status;
}

static const option_choice roles[] = {
    { "recorder", SVMS_ROLE_RECORDER },       { "camera", SVMS_ROLE_CAMERA },
    { "exporter", SVMS_ROLE_EXPORTER },       { "custodian", SVMS_ROLE_CUSTODIAN },
    { "key-officer", SVMS_ROLE_KEY_OFFICER }, { NULL, 0 },
};

static const option_spec options[] = {
    { "out", "DIR", "folder for ca.pem, cert.pem and key.pem; made if missing", OPTION_TEXT,
      offsetof(create_request, folder), NULL, 0, 0 },
    { "name", "CN", "who this is, for example \"Front door recorder\"", OPTION_TEXT,
      offsetof(create_request, name), NULL, 0, 0 },
    { "role", "ROLE", "recorder (default), camera, exporter, custodian or key-officer",
      OPTION_CHOICE, offsetof(create_request, role), roles, 0, 0 },
    { "ca", "DIR", "folder of the CA that shall sign; default: the one of --out", OPTION_TEXT,
      offsetof(create_request, ca_folder), NULL, 0, 0 },
    { "days", "N", "validity of the certificate, 1 to 3650; default 825", OPTION_COUNT,
      offsetof(create_request, days), NULL, 1, MAX_DAYS },
    { "force", NULL, "replace cert.pem and key.pem; a CA is never replaced", OPTION_FLAG,
      offsetof(create_request, force), NULL, 0, 0 },
};

static const command_line line = {
    "identity",
    "create --out DIR --name CN [options]",
    "Creates a key with its certificate, and a demonstration CA where "
    "there is none yet.",
    options,
    sizeof options / sizeof options[0],
    "create",
    offsetof(create_request, verb)
};

exit_status command_identity(int count, char **arguments)
{
    create_request request = { NULL, NULL, NULL, SVMS_ROLE_RECORDER, DEFAULT_DAYS, false, NULL };
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (strcmp(request.verb, "create") != 0) {
        return usage_error("identity", "'%s' is unknown; there is 'create'", request.verb);
    }
    if (!request.folder || !request.name) {
        return usage_error("identity", "--%s is missing", request.folder ? "name" : "out");
    }
    if (request.folder[0] == '\0' || request.name[0] == '\0') {
        return usage_error("identity", "--%s is empty", request.name[0] ? "out" : "name");
    }
    return create(&request);
}
