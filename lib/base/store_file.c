/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/io.h>

#include <errno.h>

#include "context_internal.h"
#include "failure.h"
#include "platform.h"
#include "stream.h"

typedef struct file_store {
    svms_ctx *ctx;
    int handle;
} file_store;

static svms_status file_read_at(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                                int *os_error)
{
    const file_store *file = user;
    *os_error = svms_platform_read_at(file->handle, offset, out, size, got);
    return *os_error == 0 ? SVMS_OK : SVMS_E_IO;
}

static svms_status file_get_size(void *user, uint64_t *size, int *os_error)
{
    const file_store *file = user;
    *os_error = svms_platform_size(file->handle, size);
    return *os_error == 0 ? SVMS_OK : SVMS_E_IO;
}

static svms_status file_write_at(void *user, uint64_t offset, const void *data, size_t size,
                                 int *os_error)
{
    const file_store *file = user;
    uint64_t end = 0;
    *os_error = svms_platform_size(file->handle, &end);
    if (*os_error == 0 && offset > end) {
        *os_error = EINVAL; /* a hole would be bytes that nobody wrote */
    }
    if (*os_error == 0) {
        *os_error = svms_platform_write_at(file->handle, offset, data, size);
    }
    return *os_error == 0 ? SVMS_OK : SVMS_E_IO;
}

static svms_status file_sync(void *user, int *os_error)
{
    const file_store *file = user;
    *os_error = svms_platform_sync(file->handle);
    return *os_error == 0 ? SVMS_OK : SVMS_E_IO;
}

static void file_hasten(void *user, uint64_t offset, size_t size)
{
    const file_store *file = user;
    svms_platform_hasten(file->handle, offset, size);
}

static svms_status file_cut(void *user, uint64_t size, int *os_error)
{
    const file_store *file = user;
    uint64_t end = 0;
    *os_error = svms_platform_size(file->handle, &end);
    if (*os_error == 0 && size > end) {
        *os_error = EINVAL;
    }
    if (*os_error == 0) {
        *os_error = svms_platform_cut(file->handle, size);
    }
    return *os_error == 0 ? SVMS_OK : SVMS_E_IO;
}

static void file_close(void *user)
{
    file_store *file = user;
    svms_platform_close(file->handle);
    svms_release(file->ctx, file);
}

static svms_status open_with(svms_store *out, svms_ctx *ctx, const char *path,
                             int (*open)(const char *, int *, const char **), svms_error *err)
{
    file_store *file = svms_alloc(ctx, sizeof *file);
    if (!file) {
        return svms_fail_memory(err);
    }
    file->ctx = ctx;
    const char *refused = NULL;
    int os_error = open(path, &file->handle, &refused);
    if (os_error != 0) {
        svms_release(ctx, file);
        return svms_fail_path(err, SVMS_E_IO, os_error, "change", path, refused);
    }
    svms_store made = SVMS_STORE_INIT;
    made.user = file;
    made.read_at = file_read_at;
    made.get_size = file_get_size;
    made.write_at = file_write_at;
    made.sync = file_sync;
    made.close = file_close;
    made.cut = file_cut;
    made.hasten = file_hasten;
    *out = made;
    return SVMS_OK;
}

svms_status svms_store_open_file(svms_store *out, svms_ctx *ctx, const char *path, svms_error *err)
{
    if (!out || !ctx || !path) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    return open_with(out, ctx, path, svms_platform_open_update, err);
}

svms_status svms_store_open_shared(svms_store *out, svms_ctx *ctx, const char *path,
                                   svms_error *err)
{
    return open_with(out, ctx, path, svms_platform_open_shared, err);
}

void svms_store_close(svms_store *store)
{
    if (!store) {
        return;
    }
    if (store->close) {
        store->close(store->user);
    }
    svms_store cleared = SVMS_STORE_INIT;
    *store = cleared;
}
