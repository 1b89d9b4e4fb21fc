/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks_input.h"

#include <string.h>

#include <jansson.h>
#include <openssl/crypto.h>

#include "ca_key.h"
#include "message.h"
#include "options.h"

#define MAX_KEY_FILE ((size_t)65536)

bool jwks_is_json(const file_text *text)
{
    size_t blanks = strspn(text->bytes, " \t\r\n");
    return text->bytes[blanks] == '{' || text->bytes[blanks] == '[';
}

static svms_token_algorithm algorithm_named(const char *name)
{
    for (svms_token_algorithm known = SVMS_TOKEN_ES256; name && known <= SVMS_TOKEN_PS256;
         known++) {
        if (strcmp(name, svms_token_algorithm_name(known)) == 0) {
            return known;
        }
    }
    return SVMS_TOKEN_NO_ALGORITHM;
}

static void label_from(jwk_label *out, const json_t *jwk)
{
    const char *kid = json_string_value(json_object_get(jwk, "kid"));
    memset(out, 0, sizeof *out);
    out->algorithm = algorithm_named(json_string_value(json_object_get(jwk, "alg")));
    if (kid && strlen(kid) <= JWK_KID_MAX) {
        memcpy(out->kid, kid, strlen(kid) + 1);
    }
}

/* Of a private key; the object is of no use any more. */
static void forget(json_t *jwk)
{
    const char *name;
    json_t *value;
    json_object_foreach(jwk, name, value)
    {
        if (json_is_string(value)) {
            OPENSSL_cleanse((char *)(uintptr_t)json_string_value(value), json_string_length(value));
        }
    }
    json_decref(jwk);
}

void jwk_label_read(jwk_label *out, const char *json, size_t size)
{
    json_t *jwk = json_loadb(json, size, JSON_REJECT_DUPLICATES, NULL);
    label_from(out, jwk);
    forget(jwk);
}

static jwks_key *append(jwks_keys *keys, const char *path)
{
    if (keys->count == SVMS_KEYSET_KEYS) {
        complain("more than %d keys; the first that has no place is in %s", SVMS_KEYSET_KEYS, path);
        return NULL;
    }
    jwks_key *added = &keys->list[keys->count++];
    added->path = path;
    return added;
}

static exit_status take_private(jwks_key *added, svms_ctx *ctx, svms_private_key **key)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status made = svms_private_key_public(&added->key, ctx, *key, &err);
    svms_private_key_free(key);
    return made == SVMS_OK ? EXIT_GOOD : complain_error(&err, "cannot use the key %s", added->path);
}

/* The public half of a private key, or the first public key or certificate. */
static exit_status read_pem(jwks_keys *keys, const jwks_input *input, const char *path,
                            const file_text *text)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_private_key *key = NULL;
    jwks_key *added = append(keys, path);
    if (!added) {
        return EXIT_MALFORMED;
    }
    added->label = input->label;
    svms_status done =
        svms_public_key_from_pem(&added->key, input->ctx, text->bytes, text->size, &err);
    if (done == SVMS_OK) {
        return EXIT_GOOD;
    }
    if (done != SVMS_E_MALFORMED || !strstr(text->bytes, "PRIVATE KEY-----")) {
        return complain_error(&err, "cannot use the key %s", path);
    }
    const ca_key_place place = { path, NULL, input->passphrase_file, "Passphrase of the key: " };
    exit_status status = ca_key_open(&key, input->ctx, text, &place);
    return status == EXIT_GOOD ? take_private(added, input->ctx, &key) : status;
}

static exit_status read_uri(jwks_keys *keys, const jwks_input *input, const char *path)
{
    const ca_key_place place = { path, path, input->passphrase_file, NULL };
    svms_private_key *key = NULL;
    jwks_key *added = append(keys, path);
    if (!added) {
        return EXIT_MALFORMED;
    }
    added->label = input->label;
    exit_status status = ca_key_load(&key, input->ctx, &place);
    return status == EXIT_GOOD ? take_private(added, input->ctx, &key) : status;
}

/* What was typed names a single key, and says how an RSA key signs that does not say it itself. */
static void complete_label(jwk_label *label, const jwks_input *input, const json_t *jwk)
{
    const char *type = json_string_value(json_object_get(jwk, "kty"));
    if (input->label.kid[0] != '\0') {
        memcpy(label->kid, input->label.kid, sizeof label->kid);
    }
    if (label->algorithm == SVMS_TOKEN_NO_ALGORITHM && type && strcmp(type, "RSA") == 0) {
        label->algorithm = input->label.algorithm;
    }
}

/* One key of a set that the library has accepted as a whole, or one that stands alone. */
static exit_status read_jwk(jwks_keys *keys, const jwks_input *input, const char *path,
                            const file_text *text, const json_t *jwk, bool in_set)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_private_key *key = NULL;
    jwks_key *added = append(keys, path);
    if (!added) {
        return EXIT_MALFORMED;
    }
    label_from(&added->label, jwk);
    complete_label(&added->label, input, jwk);
    if (json_object_get(jwk, "d") && !in_set) {
        return svms_private_key_from_jwk(&key, input->ctx, text->bytes, text->size, &err) == SVMS_OK
                   ? take_private(added, input->ctx, &key)
                   : complain_error(&err, "cannot use the key %s", path);
    }
    svms_status done =
        svms_public_key_from_jwk(&added->key, input->ctx, text->bytes, text->size, &err);
    if (done == SVMS_E_UNSUPPORTED && in_set) {
        complain("warning: %s: %s", path, err.message);
        keys->count--;
        return EXIT_GOOD;
    }
    return done == SVMS_OK ? EXIT_GOOD : complain_error(&err, "cannot use the key %s", path);
}

static exit_status read_set(jwks_keys *keys, const jwks_input *input, const char *path,
                            const json_t *list)
{
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; i < json_array_size(list) && status == EXIT_GOOD; i++) {
        const json_t *jwk = json_array_get(list, i);
        file_text text = { json_dumps(jwk, JSON_COMPACT), 0 };
        if (!text.bytes) {
            complain("out of memory");
            return EXIT_ENVIRONMENT;
        }
        text.size = strlen(text.bytes);
        status = read_jwk(keys, input, path, &text, jwk, true);
        file_text_free(&text);
    }
    return status;
}

static exit_status read_json(jwks_keys *keys, const jwks_input *input, const char *path,
                             const file_text *text)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_keyset *set = NULL;
    json_error_t where;
    json_t *root = json_loadb(text->bytes, text->size, JSON_REJECT_DUPLICATES, &where);
    exit_status status = EXIT_GOOD;
    if (!root) {
        complain("cannot use the key %s: line %d, column %d: %s", path, where.line, where.column,
                 where.text);
        return EXIT_MALFORMED;
    }
    const json_t *list = json_object_get(root, "keys");
    if (!list) {
        status = read_jwk(keys, input, path, text, root, false);
    } else if (input->label.kid[0] != '\0') {
        status = usage_error("jwks", "--kid names one key, and %s is a set", path);
    } else if (svms_keyset_from_jwks(&set, input->ctx, text->bytes, text->size, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot use the key set %s", path);
    } else {
        status = read_set(keys, input, path, list);
    }
    svms_keyset_free(&set);
    forget(root);
    return status;
}

exit_status jwks_read(jwks_keys *keys, const jwks_input *input, const char *path)
{
    file_text text = { NULL, 0 };
    if (ca_key_is_uri(path)) {
        return read_uri(keys, input, path);
    }
    exit_status status = file_read(&text, path, MAX_KEY_FILE, false);
    if (status == EXIT_GOOD) {
        status = jwks_is_json(&text) ? read_json(keys, input, path, &text)
                                     : read_pem(keys, input, path, &text);
    }
    file_text_free(&text);
    return status;
}

void jwks_keys_free(jwks_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        svms_public_key_free(&keys->list[i].key);
    }
    keys->count = 0;
}
