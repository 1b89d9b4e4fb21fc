/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "failure.h"
#include "log_internal.h"

#define FILE_MAX SVMS_EPOCHS_TEXT_MAX

svms_status svms_log_io(svms_status status, int os_error, const char *verb, const char *name,
                        svms_error *err)
{
    if (status == SVMS_E_IO) {
        return svms_fail_io(err, os_error, "the log cannot %s \"%s\"", verb, name);
    }
    if (status == SVMS_E_NO_MEMORY) {
        return svms_fail_memory(err);
    }
    return status == SVMS_OK ? SVMS_OK
                             : svms_fail(err, status, "the log cannot %s \"%s\"", verb, name);
}

bool svms_log_is_missing(svms_status status, const svms_error *err)
{
    return status == SVMS_E_IO && err->os_error == ENOENT;
}

svms_status svms_log_make_room(svms_builder *out, size_t size, const char *what, svms_error *err)
{
    svms_builder_reset(out);
    if (size > out->capacity) {
        svms_put_zeros(out, size);
    } else {
        out->size = size;
    }
    return svms_builder_check(out, what, err);
}

static svms_status read_all(const svms_store *store, svms_builder *out, int *os_error)
{
    uint64_t size = 0;
    size_t got = 0;
    svms_status status = store->get_size(store->user, &size, os_error);
    if (status != SVMS_OK) {
        return status;
    }
    svms_builder_reset(out);
    if (size > FILE_MAX || size > out->maximum) {
        return SVMS_E_LIMIT;
    }
    status = svms_log_make_room(out, (size_t)size, "a file of the log", NULL);
    if (status == SVMS_OK && size > 0) {
        status = store->read_at(store->user, 0, out->data, (size_t)size, &got, os_error);
    }
    return status == SVMS_OK && got != size ? SVMS_E_TRUNCATED : status;
}

svms_status svms_log_read_file(const svms_folder *folder, const char *name, svms_builder *out,
                               svms_error *err)
{
    svms_store store = SVMS_STORE_INIT;
    int os_error = 0;
    svms_status status = folder->open(folder->user, name, &store, &os_error);
    if (status == SVMS_OK) {
        status = read_all(&store, out, &os_error);
    }
    svms_store_close(&store);
    return svms_log_io(status, os_error, "read", name, err);
}

svms_status svms_log_put_file(const svms_folder *folder, const char *name, const void *data,
                              size_t size, bool durable, svms_error *err)
{
    int os_error = 0;
    svms_status status = folder->put(folder->user, name, data, size, durable ? 1 : 0, &os_error);
    return svms_log_io(status, os_error, "write", name, err);
}
