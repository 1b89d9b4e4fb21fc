/* SPDX-License-Identifier: Apache-2.0 */
/* svms jwks: the public keys with which tokens are verified. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>
#include <svms/svms.h>

#include "ca_key.h"
#include "command.h"
#include "file.h"
#include "json_output.h"
#include "jwks_input.h"
#include "message.h"
#include "options.h"
#include "token_input.h"
#include "token_signer.h"

#define PUBLIC_MODE (S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH)
#define JWK_CAPACITY ((size_t)16384)
#define PEM_CAPACITY ((size_t)4096)

typedef struct jwks_request {
    operand_list files;
    const char *kid;
    int algorithm; /* svms_token_algorithm */
    const char *passphrase_file;
    bool list;
    bool pem;
    const char *output;
    bool force;
    bool json;
} jwks_request;

/* Names the key, and settles how it signs. */
static exit_status key_to_json(json_t **out, svms_ctx *ctx, const jwks_key *key)
{
    svms_error err = SVMS_ERROR_INIT;
    size_t size = JWK_CAPACITY;
    char *text = malloc(size);
    exit_status status = EXIT_GOOD;
    if (!text) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    const char *kid = key->label.kid[0] != '\0' ? key->label.kid : NULL;
    if (svms_public_key_to_jwk(ctx, key->key, key->label.algorithm, kid, text, &size, &err) !=
        SVMS_OK) {
        status = complain_error(&err, "cannot use the key %s", key->path);
    } else {
        *out = json_loadb(text, size, 0, NULL);
    }
    if (status == EXIT_GOOD && !*out) {
        complain("out of memory");
        status = EXIT_ENVIRONMENT;
    }
    free(text);
    return status;
}

static exit_status make_set(json_t **out, svms_ctx *ctx, const jwks_keys *keys)
{
    json_t *list = json_array();
    exit_status status = list ? EXIT_GOOD : EXIT_ENVIRONMENT;
    for (size_t i = 0; i < keys->count && status == EXIT_GOOD; i++) {
        json_t *jwk = NULL;
        status = key_to_json(&jwk, ctx, &keys->list[i]);
        if (status == EXIT_GOOD && json_array_append_new(list, jwk) != 0) {
            complain("out of memory");
            status = EXIT_ENVIRONMENT;
        }
    }
    if (status == EXIT_GOOD) {
        *out = json_pack("{s:O}", "keys", list);
        status = *out ? EXIT_GOOD : EXIT_ENVIRONMENT;
    }
    json_decref(list);
    return status;
}

/* What is handed out is taken here as well: no two keys of one name, no more than a set may hold.
 */
static exit_status settle_set(char **out, svms_ctx *ctx, const json_t *set)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_keyset *taken = NULL;
    exit_status status = EXIT_GOOD;
    char *text = json_dumps(set, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    if (!text) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    if (svms_keyset_from_jwks(&taken, ctx, text, strlen(text), &err) != SVMS_OK) {
        status = complain_error(&err, "these keys make no set");
        free(text);
    } else {
        *out = text;
    }
    svms_keyset_free(&taken);
    return status;
}

static exit_status put(const jwks_request *request, const char *text)
{
    if (!request->output) {
        fputs(text, stdout);
        return EXIT_GOOD;
    }
    const new_file file = { request->output, PUBLIC_MODE, text, strlen(text) };
    return file_write(&file, 1, request->force);
}

static exit_status put_set(const jwks_request *request, svms_ctx *ctx, const json_t *set)
{
    char *text = NULL;
    exit_status status = settle_set(&text, ctx, set);
    char *line = status == EXIT_GOOD ? path_with_suffix(text, "\n") : NULL;
    if (status == EXIT_GOOD) {
        status = line ? put(request, line) : EXIT_ENVIRONMENT;
    }
    free(line);
    free(text);
    return status;
}

static exit_status put_pem(const jwks_request *request, const jwks_keys *keys)
{
    svms_error err = SVMS_ERROR_INIT;
    char *text = malloc(keys->count * PEM_CAPACITY + 1);
    size_t used = 0;
    exit_status status = EXIT_GOOD;
    if (!text) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    for (size_t i = 0; i < keys->count && status == EXIT_GOOD; i++) {
        size_t size = PEM_CAPACITY;
        if (svms_public_key_to_pem(keys->list[i].key, text + used, &size, &err) != SVMS_OK) {
            status = complain_error(&err, "cannot use the key %s", keys->list[i].path);
        }
        used += size;
    }
    if (status == EXIT_GOOD) {
        text[used] = '\0';
        status = put(request, text);
    }
    free(text);
    return status;
}

static const char *member(const json_t *jwk, const char *name)
{
    const char *text = json_string_value(json_object_get(jwk, name));
    return text ? text : "";
}

static json_t *listed(svms_ctx *ctx, const jwks_key *key, const json_t *jwk)
{
    char thumbprint[SVMS_THUMBPRINT_SIZE];
    svms_error err = SVMS_ERROR_INIT;
    if (svms_public_key_thumbprint(ctx, key->key, thumbprint, &err) != SVMS_OK) {
        (void)complain_error(&err, "cannot use the key %s", key->path);
        return NULL;
    }
    return json_pack("{s:o, s:s, s:s, s:s, s:b}", "file", json_text(key->path), "kid",
                     member(jwk, "kid"), "alg", member(jwk, "alg"), "thumbprint", thumbprint,
                     "named", key->label.kid[0] != '\0');
}

static void print_listed(const json_t *entry, bool first)
{
    if (!first) {
        puts("");
    }
    print_line(stdout, "Key           %s", member(entry, "kid"));
    print_line(stdout, "Algorithm     %s", member(entry, "alg"));
    print_line(stdout, "Thumbprint    %s", member(entry, "thumbprint"));
    print_line(stdout, "File          %s", member(entry, "file"));
}

static exit_status list(const jwks_request *request, svms_ctx *ctx, const jwks_keys *keys,
                        const json_t *set)
{
    const json_t *jwks = json_object_get(set, "keys");
    json_t *entries = json_array();
    exit_status status = entries ? EXIT_GOOD : EXIT_ENVIRONMENT;
    for (size_t i = 0; i < keys->count && status == EXIT_GOOD; i++) {
        json_t *entry = listed(ctx, &keys->list[i], json_array_get(jwks, i));
        status = json_array_append_new(entries, entry) == 0 ? EXIT_GOOD : EXIT_ENVIRONMENT;
    }
    if (status == EXIT_GOOD && request->json) {
        return json_print(json_pack("{s:o}", "keys", entries));
    }
    for (size_t i = 0; i < json_array_size(entries) && status == EXIT_GOOD; i++) {
        print_listed(json_array_get(entries, i), i == 0);
    }
    json_decref(entries);
    return status;
}

static exit_status hand_out(const jwks_request *request, svms_ctx *ctx, const jwks_keys *keys)
{
    json_t *set = NULL;
    exit_status status = make_set(&set, ctx, keys);
    if (status == EXIT_GOOD && request->list) {
        status = list(request, ctx, keys, set);
    } else if (status == EXIT_GOOD && request->pem) {
        status = put_pem(request, keys);
    } else if (status == EXIT_GOOD) {
        status = put_set(request, ctx, set);
    }
    json_decref(set);
    return status;
}

static exit_status run(const jwks_request *request)
{
    jwks_input input = { NULL, request->passphrase_file, { SVMS_TOKEN_NO_ALGORITHM, { 0 } } };
    jwks_keys *keys = calloc(1, sizeof *keys);
    if (!keys) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    input.label.algorithm = (svms_token_algorithm)request->algorithm;
    snprintf(input.label.kid, sizeof input.label.kid, "%s", request->kid ? request->kid : "");
    exit_status status = ca_make_context(&input.ctx);
    for (size_t i = 0; i < request->files.count && status == EXIT_GOOD; i++) {
        status = jwks_read(keys, &input, request->files.items[i]);
    }
    if (status == EXIT_GOOD && keys->count == 0) {
        complain("warning: none of the keys signs tokens");
    }
    if (status == EXIT_GOOD) {
        status = hand_out(request, input.ctx, keys);
    }
    jwks_keys_free(keys);
    free(keys);
    svms_ctx_free(&input.ctx);
    return status;
}

static const option_spec options[] = {
    { "kid", "NAME", "name of the key; default: its thumbprint", OPTION_TEXT,
      offsetof(jwks_request, kid), NULL, 0, 0 },
    { "alg", "ALG", "how RSA keys sign: RS256 (default) or PS256", OPTION_CHOICE,
      offsetof(jwks_request, algorithm), token_algorithms, 0, 0 },
    { "passphrase-file", "FILE", "passphrase of private keys: first line of FILE", OPTION_TEXT,
      offsetof(jwks_request, passphrase_file), NULL, 0, 0 },
    { "list", NULL, "say name, algorithm and thumbprint of each key instead", OPTION_FLAG,
      offsetof(jwks_request, list), NULL, 0, 0 },
    { "pem", NULL, "print the keys as PEM instead", OPTION_FLAG, offsetof(jwks_request, pem), NULL,
      0, 0 },
    { "out", "FILE", "where the keys go; default: standard output", OPTION_TEXT,
      offsetof(jwks_request, output), NULL, 0, 0 },
    { "force", NULL, "replace FILE if it exists", OPTION_FLAG, offsetof(jwks_request, force), NULL,
      0, 0 },
    { "json", NULL, "with --list: print one JSON object", OPTION_FLAG, offsetof(jwks_request, json),
      NULL, 0, 0 },
};

static const command_line line = {
    "jwks",
    "KEY|CERT|JWKS... [options]",
    "Prints public keys as a JSON Web Key Set, with which others verify tokens. Keys are taken\n"
    "from PEM files (private, public, certificate), JWKs, key sets and URIs of providers.",
    options,
    sizeof options / sizeof options[0],
    "KEY, CERT or JWKS",
    offsetof(jwks_request, files)
};

static exit_status check(const jwks_request *request)
{
    const typed_inputs typed = { &line, request, true };
    if (request->kid && request->files.count > 1) {
        return usage_error(line.name, "--kid names one key, and %zu are given",
                           request->files.count);
    }
    if (request->kid && (request->kid[0] == '\0' || strlen(request->kid) > JWK_KID_MAX)) {
        return usage_error(line.name, "--kid has 1 to %d bytes", JWK_KID_MAX);
    }
    if (request->pem && (request->kid || request->algorithm != SVMS_TOKEN_NO_ALGORITHM)) {
        return usage_error(line.name, "PEM has no place for what --kid and --alg say");
    }
    if (request->list && (request->pem || request->output)) {
        return usage_error(line.name, "--list and --%s contradict each other",
                           request->pem ? "pem" : "out");
    }
    if (request->json && !request->list) {
        return usage_error(line.name, "--json belongs to --list: a key set is JSON");
    }
    if (request->force && !request->output) {
        return usage_error(line.name, "--force belongs to --out");
    }
    exit_status status = token_check_text(line.name, "kid", request->kid);
    return status == EXIT_GOOD && request->output
               ? options_check_output(&typed, request->output, request->force)
               : status;
}

exit_status command_jwks(int count, char **arguments)
{
    jwks_request request;
    memset(&request, 0, sizeof request);
    parse_result parsed = options_parse_many(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    exit_status status = check(&request);
    return status == EXIT_GOOD ? run(&request) : status;
}
