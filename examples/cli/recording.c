/* SPDX-License-Identifier: Apache-2.0 */
#include "recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "message.h"
#include "password.h"

enum { MAGIC_SIZE = 8 };

/* C-HDR-1 */
static const uint8_t magic[MAGIC_SIZE] = { 0x8A, 'S', 'V', 'M', '\r', '\n', 0x1A, '\n' };

static bool begins_so(svms_ctx *ctx, const char *path)
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

exit_status recording_is_at(bool *out, svms_ctx *ctx, const char *path)
{
    char *part = path_with_suffix(path, PART_SUFFIX);
    if (!part) {
        return EXIT_ENVIRONMENT;
    }
    *out = begins_so(ctx, path) || (!file_exists(path) && begins_so(ctx, part));
    free(part);
    return EXIT_GOOD;
}

/* FILE, or FILE.part when there is no FILE; then FILE again, because between the two looks the
 * writer may have finished. */
static svms_status open_either(recording *file, svms_ctx *ctx, const char *path, char *part,
                               svms_error *err)
{
    svms_error ignored = SVMS_ERROR_INIT;
    svms_status status = svms_source_open_file(&file->source, ctx, path, err);
    if (status != SVMS_E_IO || err->os_error != ENOENT) {
        return status;
    }
    if (svms_source_open_file(&file->source, ctx, part, &ignored) == SVMS_OK) {
        complain("%s is not complete yet: reading %s", path, part);
        snprintf(file->path, strlen(part) + 1, "%s", part);
        return SVMS_OK;
    }
    return svms_source_open_file(&file->source, ctx, path, err);
}

exit_status recording_open(recording *out, svms_ctx *ctx, const char *path)
{
    char *part = path_with_suffix(path, PART_SUFFIX);
    /* Room for either name. */
    recording file = { path_with_suffix(path, PART_SUFFIX), SVMS_SOURCE_INIT };
    exit_status status = EXIT_ENVIRONMENT;
    if (!part || !file.path) {
        goto done;
    }
    file.path[strlen(path)] = '\0';
    svms_error err = SVMS_ERROR_INIT;
    status = exit_status_of(open_either(&file, ctx, path, part, &err));
    if (status == EXIT_GOOD) {
        *out = file;
        file.path = NULL;
    } else {
        complain("%s", err.message);
    }

done:
    free(file.path);
    free(part);
    return status;
}

void recording_close(recording *file)
{
    svms_source_close(&file->source);
    free(file->path);
    file->path = NULL;
}

static bool password_is_missing(svms_reader *reader)
{
    svms_container_info info = SVMS_CONTAINER_INFO_INIT;
    if (svms_reader_get_info(reader, &info, NULL) != SVMS_OK) {
        return false;
    }
    return info.encrypted && !info.unlocked && info.password_stanzas > 0;
}

exit_status recording_read(svms_reader **out, recording *file, svms_ctx *ctx,
                           svms_reader_options *options, key_set *keys, bool may_ask)
{
    svms_error err = SVMS_ERROR_INIT;
    options->keys = keys->ring;
    if (svms_reader_open(out, ctx, &file->source, options, &err) != SVMS_OK) {
        return complain_error(&err, "cannot open %s", file->path);
    }
    if (!may_ask || keys->ring || !password_is_missing(*out) || !password_terminal_exists()) {
        return EXIT_GOOD;
    }
    exit_status status = key_set_ask(keys, ctx, NULL);
    svms_reader_close(out);
    if (status != EXIT_GOOD) {
        return status;
    }
    options->keys = keys->ring;
    if (svms_reader_open(out, ctx, &file->source, options, &err) != SVMS_OK) {
        return complain_error(&err, "cannot open %s", file->path);
    }
    return EXIT_GOOD;
}
