/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/io.h>

#include "context_internal.h"
#include "failure.h"
#include "platform.h"

typedef struct file_source {
    svms_ctx *ctx;
    int handle;
} file_source;

static svms_status file_read_at(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                                int *os_error)
{
    const file_source *file = user;
    *os_error = svms_platform_read_at(file->handle, offset, out, size, got);
    return *os_error == 0 ? SVMS_OK : SVMS_E_IO;
}

static svms_status file_get_size(void *user, uint64_t *size, int *os_error)
{
    const file_source *file = user;
    *os_error = svms_platform_size(file->handle, size);
    return *os_error == 0 ? SVMS_OK : SVMS_E_IO;
}

static void file_close(void *user)
{
    file_source *file = user;
    svms_platform_close(file->handle);
    svms_release(file->ctx, file);
}

svms_status svms_source_open_file(svms_source *out, svms_ctx *ctx, const char *path,
                                  svms_error *err)
{
    if (!out || !ctx || !path) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    file_source *file = svms_alloc(ctx, sizeof *file);
    if (!file) {
        return svms_fail_memory(err);
    }
    file->ctx = ctx;
    const char *refused = NULL;
    int os_error = svms_platform_open_read(path, &file->handle, &refused);
    if (os_error != 0) {
        svms_release(ctx, file);
        return svms_fail_path(err, SVMS_E_IO, os_error, "open", path, refused);
    }
    /* No view: mapped bytes of a file that somebody else truncates raise SIGBUS. */
    svms_source made = SVMS_SOURCE_INIT;
    made.user = file;
    made.read_at = file_read_at;
    made.get_size = file_get_size;
    made.close = file_close;
    *out = made;
    return SVMS_OK;
}

void svms_source_close(svms_source *source)
{
    if (!source) {
        return;
    }
    if (source->close) {
        source->close(source->user);
    }
    svms_source cleared = SVMS_SOURCE_INIT;
    *source = cleared;
}
