/* SPDX-License-Identifier: Apache-2.0 */
#include "stream.h"

#include "failure.h"
#include "options.h"

bool svms_source_usable(const svms_source *source)
{
    if (!source || source->struct_size < sizeof *source) {
        return false;
    }
    svms_source known = SVMS_SOURCE_INIT;
    if (svms_options_read(&known, sizeof known, source, "the source", NULL) != SVMS_OK) {
        return false;
    }
    return known.read_at && known.get_size;
}

bool svms_sink_usable(const svms_sink *sink)
{
    if (!sink || sink->struct_size < sizeof *sink) {
        return false;
    }
    svms_sink known = SVMS_SINK_INIT;
    if (svms_options_read(&known, sizeof known, sink, "the sink", NULL) != SVMS_OK) {
        return false;
    }
    return known.write != NULL;
}

/* A callback that failed decides the status; one that returns nonsense is an I/O failure. */
static svms_status report(svms_status status, int os_error, uint64_t offset, const char *what,
                          svms_error *err)
{
    if (status == SVMS_E_IO || (int)status > 0) {
        return svms_fail_io_at(err, os_error, offset, "%s", what);
    }
    return svms_fail_at(err, status, offset, "%s", what);
}

svms_status svms_source_size(const svms_source *source, uint64_t *size, svms_error *err)
{
    int os_error = 0;
    uint64_t found = 0;
    svms_status status = source->get_size(source->user, &found, &os_error);
    if (status != SVMS_OK) {
        return report(status, os_error, SVMS_NO_OFFSET, "cannot get the size of the source", err);
    }
    *size = found;
    return SVMS_OK;
}

svms_status svms_source_read_some(const svms_source *source, uint64_t offset, void *out,
                                  size_t size, size_t *got, svms_error *err)
{
    int os_error = 0;
    size_t count = 0;
    svms_status status = source->read_at(source->user, offset, out, size, &count, &os_error);
    if (status != SVMS_OK) {
        return report(status, os_error, offset, "cannot read from the source", err);
    }
    if (count > size) {
        return svms_fail_io_at(err, 0, offset, "the source claims more bytes than were asked for");
    }
    *got = count;
    return SVMS_OK;
}

svms_status svms_source_read(const svms_source *source, uint64_t offset, void *out, size_t size,
                             svms_error *err)
{
    if (size == 0) {
        return SVMS_OK;
    }
    size_t got = 0;
    svms_status status = svms_source_read_some(source, offset, out, size, &got, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (got < size) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, offset + got, "the source ends too early");
    }
    return SVMS_OK;
}

svms_status svms_sink_write(const svms_sink *sink, const svms_iovec *runs, size_t count,
                            svms_error *err)
{
    if (count == 0) {
        return SVMS_OK;
    }
    int os_error = 0;
    svms_status status = sink->write(sink->user, runs, count, &os_error);
    if (status != SVMS_OK) {
        return report(status, os_error, SVMS_NO_OFFSET, "cannot write to the sink", err);
    }
    return SVMS_OK;
}

svms_status svms_sink_sync(const svms_sink *sink, svms_error *err)
{
    if (!sink->sync) {
        return SVMS_OK;
    }
    int os_error = 0;
    svms_status status = sink->sync(sink->user, &os_error);
    if (status != SVMS_OK) {
        return report(status, os_error, SVMS_NO_OFFSET, "cannot make the sink durable", err);
    }
    return SVMS_OK;
}

bool svms_store_usable(const svms_store *store)
{
    return store->read_at && store->get_size && store->write_at && store->sync;
}

svms_source svms_store_source(const svms_store *store)
{
    svms_source source = SVMS_SOURCE_INIT;
    source.user = store->user;
    source.read_at = store->read_at;
    source.get_size = store->get_size;
    return source;
}

svms_status svms_store_write(const svms_store *store, uint64_t offset, const void *data,
                             size_t size, svms_error *err)
{
    int os_error = 0;
    svms_status status = store->write_at(store->user, offset, data, size, &os_error);
    if (status != SVMS_OK) {
        return report(status, os_error, offset, "cannot write to the store", err);
    }
    return SVMS_OK;
}

svms_status svms_store_cut(const svms_store *store, uint64_t size, svms_error *err)
{
    int os_error = 0;
    if (!store->cut) {
        return svms_fail_at(err, SVMS_E_STATE, size, "the store cannot be cut");
    }
    svms_status status = store->cut(store->user, size, &os_error);
    if (status != SVMS_OK) {
        return report(status, os_error, size, "cannot cut the store", err);
    }
    return SVMS_OK;
}

svms_status svms_store_sync(const svms_store *store, svms_error *err)
{
    int os_error = 0;
    svms_status status = store->sync(store->user, &os_error);
    if (status != SVMS_OK) {
        return report(status, os_error, SVMS_NO_OFFSET, "cannot make the change durable", err);
    }
    return SVMS_OK;
}
