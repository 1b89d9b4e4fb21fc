/* SPDX-License-Identifier: Apache-2.0 */
#include "package_file.h"

#include <string.h>

#include "message.h"
#include "options.h"
#include "password.h"

#define MAGIC_SIZE 8
#define KIND_OFFSET 24

static const uint8_t magic[MAGIC_SIZE] = { 0x8a, 'S', 'V', 'X', '\r', '\n', 0x1a, '\n' };

bool package_file_is_one(svms_ctx *ctx, const char *path)
{
    svms_source source = SVMS_SOURCE_INIT;
    uint8_t first[MAGIC_SIZE] = { 0 };
    size_t got = 0;
    int os_error = 0;
    if (svms_source_open_file(&source, ctx, path, NULL) != SVMS_OK) {
        return false;
    }
    bool read = source.read_at(source.user, 0, first, sizeof first, &got, &os_error) == SVMS_OK &&
                got == sizeof first;
    svms_source_close(&source);
    return read && memcmp(first, magic, sizeof magic) == 0;
}

static svms_status open_evidence(package_file *file, svms_ctx *ctx, const svms_keyring *keys,
                                 svms_error *err)
{
    svms_evidence_options options = SVMS_EVIDENCE_OPTIONS_INIT;
    options.keys = keys;
    svms_status status =
        svms_export_open(&file->evidence, ctx, &file->source, keys ? &options : NULL, err);
    return status == SVMS_OK ? svms_export_get_info(file->evidence, &file->info, err) : status;
}

/* As its header says, which nobody may have signed. */
static svms_export_kind kind_of(const svms_source *source)
{
    uint8_t kind = 0;
    size_t got = 0;
    int os_error = 0;
    svms_status status = source->read_at(source->user, KIND_OFFSET, &kind, 1, &got, &os_error);
    return status == SVMS_OK && got == 1 && kind == SVMS_EXPORT_PROOF ? SVMS_EXPORT_PROOF
                                                                      : SVMS_EXPORT_PACKAGE;
}

exit_status package_file_open(package_file *out, svms_ctx *ctx, const char *path,
                              const key_set *keys, bool *wrong_key)
{
    package_file file = PACKAGE_FILE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    file.path = path;
    svms_status status = svms_source_open_file(&file.source, ctx, path, &err);
    if (status != SVMS_OK) {
        complain("%s", err.message);
        return exit_status_of(status);
    }
    status = open_evidence(&file, ctx, keys ? keys->ring : NULL, &err);
    if ((status == SVMS_E_WRONG_KEY || status == SVMS_E_UNDECRYPTABLE) && wrong_key) {
        complain_error(&err, "%s stays shut", path);
        *wrong_key = true;
        status = open_evidence(&file, ctx, NULL, &err);
    }
    if (status != SVMS_OK) {
        err.status = status;
        out->path = path;
        out->failure = err;
        out->info.kind = kind_of(&file.source);
        package_file_close(&file);
        return complain_error(&err, "cannot open %s", path);
    }
    *out = file;
    return EXIT_GOOD;
}

exit_status package_file_require(package_file *out, svms_ctx *ctx, const char *path, key_set *keys,
                                 const char *command)
{
    exit_status status = package_file_open(out, ctx, path, keys, NULL);
    if (status != EXIT_GOOD || out->info.opened) {
        return status;
    }
    package_file_close(out);
    if (!password_terminal_exists()) {
        return usage_error(command, "what opens the package is missing: a password, a private key "
                                    "or a key-encryption key");
    }
    status = key_set_ask(keys, ctx, "Password of the package: ");
    return status == EXIT_GOOD ? package_file_open(out, ctx, path, keys, NULL) : status;
}

void package_file_close(package_file *file)
{
    svms_export_close(&file->evidence);
    svms_source_close(&file->source);
}

exit_status package_file_check_policy(const package_file *file)
{
    if (file->info.broken) {
        complain("%s is not what was signed, and what its signers allowed cannot be told any more; "
                 "'svms export verify' says what is wrong",
                 file->path);
        return EXIT_EVIDENCE;
    }
    if ((file->info.policy & SVMS_EXPORT_NO_REEXPORT) == 0) {
        return EXIT_GOOD;
    }
    complain("%s: its policy forbids to export from it again; whoever signed that can be asked",
             file->path);
    return EXIT_POLICY;
}

exit_status package_refuse_as_source(svms_ctx *ctx, const char *command, const char *path)
{
    package_file file = PACKAGE_FILE_INIT;
    if (!package_file_is_one(ctx, path)) {
        return EXIT_GOOD;
    }
    exit_status status = package_file_open(&file, ctx, path, NULL, NULL);
    if (status == EXIT_GOOD) {
        status = package_file_check_policy(&file);
    }
    package_file_close(&file);
    if (status != EXIT_GOOD) {
        return status;
    }
    return usage_error(command,
                       "%s is an evidence package, not a recording: 'svms export extract' gets out "
                       "what is in it, and whoever has the recording can export more",
                       path);
}
