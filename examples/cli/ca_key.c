/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_key.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

#define MAX_KEY_SIZE ((size_t)65536)
#define KEY_CAPACITY ((size_t)16384)

static void log_line(void *user, svms_log_level level, const char *line)
{
    (void)user;
    if (level <= SVMS_LOG_WARNING) {
        complain("%s: %s", level == SVMS_LOG_ERROR ? "error" : "warning", line);
    }
}

exit_status ca_make_context(svms_ctx **out)
{
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    options.log = log_line;
    /* What needs no private key stays with OpenSSL's own provider where a TPM's is loaded too. */
    options.ossl_properties = "?provider=default";
    return svms_ctx_new(out, &options, &err) == SVMS_OK ? EXIT_GOOD
                                                        : complain_error(&err, "cannot begin");
}

bool ca_key_is_uri(const char *text)
{
    size_t size = 0;
    while (isalnum((unsigned char)text[size]) ||
           (size > 0 && strchr("+-.", text[size]) && text[size] != '\0')) {
        size++;
    }
    /* One letter would be a drive, elsewhere; a file that is there is a file. */
    return size > 1 && text[size] == ':' && isalpha((unsigned char)text[0]) && !file_exists(text);
}

static exit_status ask(password *out, const char *question, bool twice)
{
    if (!password_terminal_exists()) {
        complain("there is no terminal to ask for a passphrase on; use --passphrase-file");
        return EXIT_USAGE;
    }
    return password_from_terminal(out, question, twice);
}

exit_status ca_key_new_passphrase(password *out, const char *passphrase_file, const char *question)
{
    exit_status status =
        passphrase_file ? password_from_file(out, passphrase_file) : ask(out, question, true);
    if (status == EXIT_GOOD && out->size < SHORTEST_PASSPHRASE) {
        complain("the passphrase has %zu bytes; it needs at least %d", out->size,
                 SHORTEST_PASSPHRASE);
        password_wipe(out);
        status = EXIT_USAGE;
    }
    return status;
}

/* Of the first private key in the file, whatever stands behind it. */
static bool is_encrypted(const file_text *text)
{
    static const char begin[] = "-----BEGIN ";
    static const char end[] = "PRIVATE KEY-----";
    const char *label = text->bytes;
    while ((label = strstr(label, begin)) != NULL) {
        label += strlen(begin);
        const char *line_end = label + strcspn(label, "\r\n");
        const char *key = strstr(label, end);
        if (key && key < line_end) {
            return strncmp(label, "ENCRYPTED ", strlen("ENCRYPTED ")) == 0;
        }
    }
    return false;
}

static exit_status decrypt(svms_private_key **out, svms_ctx *ctx, const file_text *text,
                           const ca_key_place *place)
{
    svms_error err = SVMS_ERROR_INIT;
    password secret = { { 0 }, 0 };
    exit_status status = place->passphrase_file
                             ? password_from_file(&secret, place->passphrase_file)
                             : ask(&secret, place->question, false);
    if (status == EXIT_GOOD &&
        svms_private_key_from_encrypted_pem(out, ctx, text->bytes, text->size, secret.text,
                                            secret.size, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot open the private key %s", place->path);
    }
    password_wipe(&secret);
    return status;
}

exit_status ca_key_open(svms_private_key **out, svms_ctx *ctx, const file_text *text,
                        const ca_key_place *place)
{
    svms_error err = SVMS_ERROR_INIT;
    if (is_encrypted(text)) {
        return decrypt(out, ctx, text, place);
    }
    return svms_private_key_from_pem(out, ctx, text->bytes, text->size, &err) == SVMS_OK
               ? EXIT_GOOD
               : complain_error(&err, "cannot use the private key %s", place->path);
}

exit_status ca_key_load(svms_private_key **out, svms_ctx *ctx, const ca_key_place *place)
{
    file_text text = { NULL, 0 };
    svms_error err = SVMS_ERROR_INIT;
    if (place->uri) {
        return svms_private_key_from_uri(out, ctx, place->uri, &err) == SVMS_OK
                   ? EXIT_GOOD
                   : complain_error(&err, "cannot use the private key of the provider");
    }
    exit_status status = file_read(&text, place->path, MAX_KEY_SIZE, true);
    if (status == EXIT_GOOD) {
        status = ca_key_open(out, ctx, &text, place);
    }
    file_text_free(&text);
    return status;
}

exit_status ca_key_text(file_text *out, const svms_private_key *key, const password *passphrase)
{
    svms_error err = SVMS_ERROR_INIT;
    size_t size = KEY_CAPACITY;
    file_text text = { malloc(KEY_CAPACITY), KEY_CAPACITY };
    if (!text.bytes) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    svms_status made =
        passphrase ? svms_private_key_to_encrypted_pem(key, passphrase->text, passphrase->size,
                                                       text.bytes, &size, &err)
                   : svms_private_key_to_pem(key, text.bytes, &size, &err);
    if (made != SVMS_OK) {
        file_text_free(&text);
        return complain_error(&err, "cannot write the private key");
    }
    text.size = size;
    *out = text;
    return EXIT_GOOD;
}
