/* SPDX-License-Identifier: Apache-2.0 */
/* A whole file: verified, opened, sought in, read to its end. Nothing may be called authentic here,
 * because no trust is given; nothing may loop, grow or crash. */
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

/* Most samples a file of this size can hold: a record has at least 24 bytes. */
static size_t sample_bound(size_t size)
{
    return size / 24 + 1;
}

static void read_all(svms_ctx *ctx, const svms_source *source, size_t size,
                     uint32_t allow_unverified)
{
    svms_reader *reader = NULL;
    svms_container_info info = SVMS_CONTAINER_INFO_INIT;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    options.allow_unverified = allow_unverified;
    options.recheck = 1;
    if (svms_reader_open(&reader, ctx, source, &options, NULL) != SVMS_OK) {
        return;
    }
    if (svms_reader_get_info(reader, &info, NULL) != SVMS_OK) {
        abort();
    }
    for (int pass = 0; pass < 2; pass++) {
        size_t calls = 0;
        svms_status status;
        do {
            svms_sample sample = SVMS_SAMPLE_INIT;
            status = svms_reader_next(reader, &sample, NULL);
            if (status == SVMS_OK &&
                (sample.size > size || sample.track >= info.track_count ||
                 (!allow_unverified && (sample.flags & SVMS_SAMPLE_UNATTESTED)))) {
                abort();
            }
            if (++calls > 4 * sample_bound(size)) {
                abort();
            }
        } while (status != SVMS_END && status != SVMS_AGAIN);
        svms_status sought = svms_reader_seek(reader, info.start_utc_ns + 1500000000, NULL);
        if (sought != SVMS_OK && sought != SVMS_END) {
            abort();
        }
    }
    svms_reader_close(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    svms_source source = SVMS_SOURCE_INIT;
    svms_report report = SVMS_REPORT_INIT;
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    if (ctx == NULL && svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        abort();
    }
    if (svms_source_from_memory(&source, ctx, data, size, NULL) != SVMS_OK) {
        abort();
    }
    svms_status status = svms_verify_container(ctx, &source, &options, &report, NULL);
    if (status == SVMS_OK || svms_status_class(status) == SVMS_CLASS_ENVIRONMENT ||
        svms_status_class(status) == SVMS_CLASS_INTERNAL) {
        abort();
    }
    if (status != SVMS_E_UNSUPPORTED) {
        options.from_utc_ns = report.first_utc_ns == SVMS_NO_TIME ? 0 : report.first_utc_ns;
        if (svms_verify_container(ctx, &source, &options, &report, NULL) == SVMS_OK) {
            abort();
        }
        read_all(ctx, &source, size, 0);
        read_all(ctx, &source, size, 1);
    }
    svms_source_close(&source);
    return 0;
}

#ifdef SVMS_FUZZING
/* Repairs the checksums of the records, as far as there is a way from one to the next; otherwise
 * nearly every mutation would end at the first of them. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maximum, unsigned seed)
{
    size = LLVMFuzzerMutate(data, size, maximum);
    if (seed % 4 == 0 || size < SVMS_HEADER_FIXED_SIZE) {
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
