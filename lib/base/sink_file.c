/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/io.h>

#include <errno.h>

#include "context_internal.h"
#include "failure.h"
#include "platform.h"

#define NO_HANDLE (-1)

typedef struct file_sink {
    svms_ctx *ctx;
    int handle;
    int folder;      /* NO_HANDLE once the name is durable */
    int first_error; /* errno of the failure after which nothing more is written */
} file_sink;

/* What reached the disk is unknown after any failure, of a sync as well: nothing may follow it. */
static svms_status remember(file_sink *file, int result, int *os_error)
{
    *os_error = result;
    if (result == 0) {
        return SVMS_OK;
    }
    file->first_error = result;
    return SVMS_E_IO;
}

static svms_status file_write(void *user, const svms_iovec *runs, size_t count, int *os_error)
{
    file_sink *file = user;
    if (file->first_error != 0) {
        return remember(file, file->first_error, os_error);
    }
    return remember(file, svms_platform_append(file->handle, runs, count), os_error);
}

static svms_status file_sync(void *user, int *os_error)
{
    file_sink *file = user;
    if (file->first_error != 0) {
        return remember(file, file->first_error, os_error);
    }
    int result = svms_platform_sync(file->handle);
    if (result == 0 && file->folder != NO_HANDLE) {
        result = svms_platform_sync_folder(file->folder);
        svms_platform_close(file->folder);
        file->folder = NO_HANDLE;
    }
    return remember(file, result, os_error);
}

static void file_close(void *user)
{
    file_sink *file = user;
    if (file->folder != NO_HANDLE) {
        svms_platform_close(file->folder);
    }
    svms_platform_close(file->handle);
    svms_release(file->ctx, file);
}

svms_status svms_sink_create_file(svms_sink *out, svms_ctx *ctx, const char *path, svms_error *err)
{
    if (!out || !ctx || !path) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    file_sink *file = svms_alloc(ctx, sizeof *file);
    if (!file) {
        return svms_fail_memory(err);
    }
    file->ctx = ctx;
    const char *verb = "open the folder of";
    int os_error = svms_platform_open_folder(path, &file->folder);
    if (os_error != 0) {
        goto fail;
    }
    verb = "create";
    os_error = svms_platform_create(path, &file->handle);
    if (os_error != 0) {
        svms_platform_close(file->folder);
        goto fail;
    }
    svms_sink made = SVMS_SINK_INIT;
    made.user = file;
    made.write = file_write;
    made.sync = file_sync;
    made.close = file_close;
    *out = made;
    return SVMS_OK;

fail:
    svms_release(ctx, file);
    return svms_fail_path(err, os_error == EEXIST ? SVMS_E_EXISTS : SVMS_E_IO, os_error, verb, path,
                          NULL);
}

void svms_sink_close(svms_sink *sink)
{
    if (!sink) {
        return;
    }
    if (sink->close) {
        sink->close(sink->user);
    }
    svms_sink cleared = SVMS_SINK_INIT;
    *sink = cleared;
}
