/* SPDX-License-Identifier: Apache-2.0 */
#include "source_keys.h"

#include "keys.h"
#include "message.h"
#include "password.h"

static exit_status add_password(source_keys *self, password *secret)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_keyring_add_password(self->ring, secret->text, secret->size, &err);
    password_wipe(secret);
    return status == SVMS_OK ? EXIT_GOOD : complain_error(&err, "cannot use a password");
}

static exit_status add_passwords(source_keys *self, const source_key_options *options)
{
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; i < options->password_files.count && status == EXIT_GOOD; i++) {
        password secret = { { 0 }, 0 };
        status = password_from_file(&secret, options->password_files.items[i]);
        if (status == EXIT_GOOD) {
            status = add_password(self, &secret);
        }
    }
    if (status == EXIT_GOOD && options->password_prompt) {
        password secret = { { 0 }, 0 };
        status = password_from_terminal(&secret, "Password of the recordings: ", false);
        if (status == EXIT_GOOD) {
            status = add_password(self, &secret);
        }
    }
    return status;
}

static exit_status add_identity(source_keys *self, svms_ctx *ctx, const char *path, size_t place)
{
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = load_private_key(&self->identities[place], ctx, path);
    if (status != EXIT_GOOD) {
        return status;
    }
    return svms_keyring_add_key(self->ring, self->identities[place], &err) == SVMS_OK
               ? EXIT_GOOD
               : complain_error(&err, "cannot open recordings with %s", path);
}

static exit_status add_kek(source_keys *self, svms_ctx *ctx, const char *path, size_t place)
{
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = load_kek(&self->keks[place], ctx, path);
    if (status != EXIT_GOOD) {
        return status;
    }
    return svms_keyring_add_kek(self->ring, self->keks[place], &err) == SVMS_OK
               ? EXIT_GOOD
               : complain_error(&err, "cannot open recordings with %s", path);
}

static exit_status add_disclosure(source_keys *self, svms_ctx *ctx, const char *path, size_t place)
{
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = load_disclosure(&self->disclosures[place], ctx, path);
    if (status != EXIT_GOOD) {
        return status;
    }
    return svms_keyring_add_disclosure(self->ring, self->disclosures[place], &err) == SVMS_OK
               ? EXIT_GOOD
               : complain_error(&err, "cannot use the keys in %s", path);
}

typedef exit_status (*add_file)(source_keys *self, svms_ctx *ctx, const char *path, size_t place);

static exit_status add_all(source_keys *self, svms_ctx *ctx, const text_list *paths, add_file add)
{
    exit_status status = EXIT_GOOD;
    if (paths->count > MAX_SOURCE_KEYS) {
        complain("more than %d keys of a kind for the sources", MAX_SOURCE_KEYS);
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < paths->count && status == EXIT_GOOD; i++) {
        status = add(self, ctx, paths->items[i], i);
    }
    return status;
}

exit_status source_keys_load(source_keys *out, svms_ctx *ctx, const source_key_options *options)
{
    svms_error err = SVMS_ERROR_INIT;
    if (options->password_files.count == 0 && !options->password_prompt &&
        options->identities.count == 0 && options->keks.count == 0 &&
        options->disclosures.count == 0) {
        return EXIT_GOOD;
    }
    if (svms_keyring_new(&out->ring, ctx, &err) != SVMS_OK) {
        return complain_error(&err, "cannot keep keys");
    }
    exit_status status = add_all(out, ctx, &options->identities, add_identity);
    if (status == EXIT_GOOD) {
        status = add_all(out, ctx, &options->keks, add_kek);
    }
    if (status == EXIT_GOOD) {
        status = add_all(out, ctx, &options->disclosures, add_disclosure);
    }
    return status == EXIT_GOOD ? add_passwords(out, options) : status;
}

void source_keys_free(source_keys *keys)
{
    svms_keyring_free(&keys->ring);
    for (size_t i = 0; i < MAX_SOURCE_KEYS; i++) {
        svms_private_key_free(&keys->identities[i]);
        svms_kek_free(&keys->keks[i]);
        svms_disclosure_free(&keys->disclosures[i]);
    }
}
