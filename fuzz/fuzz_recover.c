/* SPDX-License-Identifier: Apache-2.0 */
/* Recovery of a whole file: every byte is accounted for, the copy is its beginning, and a clean
 * copy of the clean copy is the same again. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <svms/svms.h>

#include "builder.h"
#include "cursor.h"
#include "format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maximum, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maximum);

/* What has been written must be the beginning of this. */
typedef struct expectation {
    const uint8_t *data;
    size_t size;
    size_t done;
} expectation;

static svms_status compare(void *user, const svms_iovec *runs, size_t count, int *os_error)
{
    expectation *expected = user;
    (void)os_error;
    for (size_t i = 0; i < count; i++) {
        if (runs[i].size > expected->size - expected->done ||
            memcmp(runs[i].data, expected->data + expected->done, runs[i].size) != 0) {
            abort();
        }
        expected->done += runs[i].size;
    }
    return SVMS_OK;
}

static svms_status recover(svms_ctx *ctx, const uint8_t *data, size_t size,
                           svms_recovery_report *report)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_sink sink = SVMS_SINK_INIT;
    svms_recovery_options options = SVMS_RECOVERY_OPTIONS_INIT;
    expectation expected = { data, size, 0 };
    sink.user = &expected;
    sink.write = compare;
    options.sink = &sink;
    if (svms_source_from_memory(&source, ctx, data, size, NULL) != SVMS_OK) {
        abort();
    }
    svms_status status = svms_recover(ctx, &source, &options, report, NULL);
    svms_source_close(&source);
    if (status == SVMS_OK && expected.done != report->copy_size) {
        abort();
    }
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    svms_recovery_report first = SVMS_RECOVERY_REPORT_INIT;
    svms_recovery_report again = SVMS_RECOVERY_REPORT_INIT;
    if (ctx == NULL && svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        abort();
    }
    svms_status status = recover(ctx, data, size, &first);
    if (svms_status_class(status) == SVMS_CLASS_ENVIRONMENT ||
        svms_status_class(status) == SVMS_CLASS_INTERNAL) {
        abort();
    }
    if (status != SVMS_OK) {
        return 0;
    }
    if (first.file_size != size ||
        size != first.bytes_attested + first.bytes_damaged + first.bytes_unattested +
                    first.bytes_torn + first.bytes_trailer + first.bytes_zero + first.bytes_other) {
        abort();
    }
    if (recover(ctx, data, (size_t)first.copy_size, &again) != SVMS_OK ||
        again.copy_size != first.copy_size || again.copy_loses != 0 ||
        again.segments_attested != first.segments_attested ||
        again.segments_lost != first.segments_lost || again.closed != first.closed ||
        again.records_unattested != first.records_unattested) {
        abort();
    }
    return 0;
}

#ifdef SVMS_FUZZING
/* Repairs the checksums of the records, as far as there is a way from one to the next; otherwise
 * nearly every mutation would end at the first of them. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maximum, unsigned seed)
{
    size = LLVMFuzzerMutate(data, size, maximum);
    if (seed % 3 == 0 || size < SVMS_HEADER_FIXED_SIZE) {
        return size;
    }
    svms_cursor fixed = svms_cursor_over(data + 20, 4, 0);
    size_t at = svms_read_u32(&fixed);
    while (at < size && size - at >= SVMS_SAMPLE_HEADER_MAX) {
        svms_cursor body = svms_cursor_over(data + at + 4, 4, 0);
        size_t header = data[at] == SVMS_RECORD_SAMPLE ? data[at + 3] : SVMS_RECORD_HEADER_SIZE;
        size_t length = svms_read_u32(&body);
        if (header < SVMS_RECORD_HEADER_SIZE || header > SVMS_SAMPLE_HEADER_MAX ||
            length > size - at - header) {
            break;
        }
        svms_store_u32(data + at + header - 4, (uint32_t)crc32(0, data + at, (uInt)(header - 4)));
        at += header + length;
    }
    return size;
}
#endif
