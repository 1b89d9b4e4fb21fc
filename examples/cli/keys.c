/* SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"

#include "file.h"
#include "message.h"
#include "options.h"
#include "password.h"

#define MAX_PEM_SIZE ((size_t)256 * 1024)
#define MAX_CRL_SIZE ((size_t)16 * 1024 * 1024)
#define MAX_TRUST_SIZE ((size_t)1024 * 1024)
/* Room for as many secrets as such a file may hold. */
#define MAX_KEYS_SIZE ((size_t)SVMS_MAX_DISCLOSED * 48 + 96)

static void log_line(void *user, svms_log_level level, const char *line)
{
    (void)user;
    if (level <= SVMS_LOG_WARNING) {
        complain("%s: %s", level == SVMS_LOG_ERROR ? "error" : "warning", line);
    }
}

exit_status make_context(svms_ctx **out)
{
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.log = log_line;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_ctx_new(out, &options, &err) == SVMS_OK) {
        return EXIT_GOOD;
    }
    return complain_error(&err, "cannot begin");
}

exit_status load_private_key(svms_private_key **out, svms_ctx *ctx, const char *path)
{
    file_text text = { NULL, 0 };
    exit_status status = file_read(&text, path, MAX_PEM_SIZE, true);
    if (status != EXIT_GOOD) {
        return status;
    }
    svms_error err = SVMS_ERROR_INIT;
    if (svms_private_key_from_pem(out, ctx, text.bytes, text.size, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot use the private key %s", path);
    }
    file_text_free(&text);
    return status;
}

exit_status load_public_key(svms_public_key **out, svms_ctx *ctx, const char *path)
{
    file_text text = { NULL, 0 };
    exit_status status = file_read(&text, path, MAX_PEM_SIZE, false);
    if (status != EXIT_GOOD) {
        return status;
    }
    svms_error err = SVMS_ERROR_INIT;
    if (svms_public_key_from_pem(out, ctx, text.bytes, text.size, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot use the recipient %s", path);
    }
    file_text_free(&text);
    return status;
}

exit_status load_kek(svms_kek **out, svms_ctx *ctx, const char *path)
{
    file_text text = { NULL, 0 };
    exit_status status = file_read(&text, path, MAX_PEM_SIZE, true);
    if (status != EXIT_GOOD) {
        return status;
    }
    svms_error err = SVMS_ERROR_INIT;
    if (svms_kek_from_pem(out, ctx, text.bytes, text.size, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot use the key-encryption key %s", path);
    }
    file_text_free(&text);
    return status;
}

exit_status load_chain(svms_chain **out, svms_ctx *ctx, const char *path)
{
    file_text text = { NULL, 0 };
    exit_status status = file_read(&text, path, MAX_PEM_SIZE, false);
    if (status != EXIT_GOOD) {
        return status;
    }
    svms_error err = SVMS_ERROR_INIT;
    if (svms_chain_from_pem(out, ctx, text.bytes, text.size, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot use the certificate %s", path);
    }
    file_text_free(&text);
    return status;
}

exit_status load_trust(svms_trust **out, svms_ctx *ctx, const char *path)
{
    return load_trust_and_crls(out, ctx, path, NULL);
}

exit_status load_trust_and_crls(svms_trust **out, svms_ctx *ctx, const char *path,
                                const char *crl_path)
{
    file_text text = { NULL, 0 };
    file_text lists = { NULL, 0 };
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = file_read(&text, path, MAX_TRUST_SIZE, false);
    if (status == EXIT_GOOD && crl_path) {
        status = file_read(&lists, crl_path, MAX_CRL_SIZE, false);
    }
    if (status != EXIT_GOOD) {
        goto done;
    }
    svms_status made = crl_path ? svms_trust_from_pem_and_crls(out, ctx, text.bytes, text.size,
                                                               lists.bytes, lists.size, &err)
                                : svms_trust_from_pem(out, ctx, text.bytes, text.size, &err);
    if (made != SVMS_OK) {
        status = complain_error(&err,
                                crl_path ? "cannot use the CA certificates %s with these "
                                           "revocation lists"
                                         : "cannot use the CA certificate %s",
                                path);
    }

done:
    file_text_free(&lists);
    file_text_free(&text);
    return status;
}

exit_status load_disclosure(svms_disclosure **out, svms_ctx *ctx, const char *path)
{
    file_text text = { NULL, 0 };
    exit_status status = file_read(&text, path, MAX_KEYS_SIZE, true);
    if (status != EXIT_GOOD) {
        return status;
    }
    svms_error err = SVMS_ERROR_INIT;
    if (svms_disclosure_parse(out, ctx, text.bytes, text.size, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot use the keys in %s", path);
    }
    file_text_free(&text);
    return status;
}

static exit_status ensure_ring(key_set *set, svms_ctx *ctx)
{
    svms_error err = SVMS_ERROR_INIT;
    if (set->ring || svms_keyring_new(&set->ring, ctx, &err) == SVMS_OK) {
        return EXIT_GOOD;
    }
    return complain_error(&err, "cannot keep keys");
}

static exit_status add_password(key_set *set, svms_ctx *ctx, password *secret)
{
    exit_status status = ensure_ring(set, ctx);
    svms_error err = SVMS_ERROR_INIT;
    if (status == EXIT_GOOD &&
        svms_keyring_add_password(set->ring, secret->text, secret->size, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot use the password");
    }
    password_wipe(secret);
    return status;
}

exit_status key_set_ask(key_set *set, svms_ctx *ctx, const char *question)
{
    password secret = { { 0 }, 0 };
    exit_status status =
        password_from_terminal(&secret, question ? question : "Password of the recording: ", false);
    if (status != EXIT_GOOD) {
        return status;
    }
    return add_password(set, ctx, &secret);
}

static exit_status add_identity(key_set *set, svms_ctx *ctx, const char *path)
{
    exit_status status = load_private_key(&set->key, ctx, path);
    if (status == EXIT_GOOD) {
        status = ensure_ring(set, ctx);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    svms_error err = SVMS_ERROR_INIT;
    if (svms_keyring_add_key(set->ring, set->key, &err) != SVMS_OK) {
        return complain_error(&err, "cannot open recordings with %s", path);
    }
    return EXIT_GOOD;
}

static exit_status add_kek(key_set *set, svms_ctx *ctx, const char *path)
{
    exit_status status = load_kek(&set->kek, ctx, path);
    if (status == EXIT_GOOD) {
        status = ensure_ring(set, ctx);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    svms_error err = SVMS_ERROR_INIT;
    if (svms_keyring_add_kek(set->ring, set->kek, &err) != SVMS_OK) {
        return complain_error(&err, "cannot open recordings with %s", path);
    }
    return EXIT_GOOD;
}

static exit_status add_disclosure(key_set *set, svms_ctx *ctx, const char *path)
{
    exit_status status = load_disclosure(&set->disclosure, ctx, path);
    if (status == EXIT_GOOD) {
        status = ensure_ring(set, ctx);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    svms_error err = SVMS_ERROR_INIT;
    if (svms_keyring_add_disclosure(set->ring, set->disclosure, &err) != SVMS_OK) {
        return complain_error(&err, "cannot use the keys in %s", path);
    }
    return EXIT_GOOD;
}

exit_status key_set_load(key_set *out, svms_ctx *ctx, const key_options *options)
{
    exit_status status = EXIT_GOOD;
    if (options->password_file) {
        password secret = { { 0 }, 0 };
        status = password_from_file(&secret, options->password_file);
        if (status == EXIT_GOOD) {
            status = add_password(out, ctx, &secret);
        }
    }
    if (status == EXIT_GOOD && options->identity) {
        status = add_identity(out, ctx, options->identity);
    }
    if (status == EXIT_GOOD && options->kek) {
        status = add_kek(out, ctx, options->kek);
    }
    if (status == EXIT_GOOD && options->disclosure) {
        status = add_disclosure(out, ctx, options->disclosure);
    }
    if (status == EXIT_GOOD && options->password_prompt) {
        status = key_set_ask(out, ctx, options->question);
    }
    return status;
}

exit_status key_set_require(key_set *out, svms_ctx *ctx, const key_options *options,
                            const char *command)
{
    exit_status status = key_set_load(out, ctx, options);
    if (status != EXIT_GOOD || out->ring) {
        return status;
    }
    if (!password_terminal_exists()) {
        return usage_error(command, "what opens the recording is missing: a password, a private "
                                    "key or other keys");
    }
    return key_set_ask(out, ctx, options->question);
}

void key_set_free(key_set *set)
{
    svms_keyring_free(&set->ring);
    svms_kek_free(&set->kek);
    svms_private_key_free(&set->key);
    svms_disclosure_free(&set->disclosure);
}
