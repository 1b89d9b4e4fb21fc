/* SPDX-License-Identifier: Apache-2.0 */
#include "gzip.h"

#include "failure.h"
#include "zlib_memory.h"

enum { PIECE = 4096, GZIP_WINDOW = 16 + MAX_WBITS, MEMORY_LEVEL = 8 };

/* zlib takes what it does not change by a pointer to what may change, and sizes of 32 bits. */
static bool give(z_stream *stream, const uint8_t *data, size_t size)
{
    stream->next_in = (Bytef *)(uintptr_t)data;
    stream->avail_in = (uInt)size;
    return stream->avail_in == size;
}

static svms_status refuse(int result, svms_error *err)
{
    return result == Z_MEM_ERROR
               ? svms_fail_memory(err)
               : svms_fail(err, SVMS_E_MALFORMED, "a document in gzip is damaged or ends early");
}

/* Piece by piece: how much comes out is known only when it has come out. */
static svms_status inflate_all(z_stream *stream, svms_builder *out, svms_error *err)
{
    uint8_t piece[PIECE];
    int result = Z_OK;
    while (result == Z_OK && out->status == SVMS_OK) {
        stream->next_out = piece;
        stream->avail_out = sizeof piece;
        result = inflate(stream, Z_NO_FLUSH);
        svms_put_bytes(out, piece, sizeof piece - stream->avail_out);
        if (result == Z_STREAM_END && stream->avail_in > 0) {
            result = inflateReset(stream);
        }
    }
    svms_wipe(piece, sizeof piece);
    if (out->status != SVMS_OK) {
        return svms_builder_check(out, "what a document in gzip holds", err);
    }
    return result == Z_STREAM_END ? SVMS_OK : refuse(result, err);
}

svms_status svms_gzip_read(svms_builder *out, const uint8_t *data, size_t size, svms_error *err)
{
    z_stream stream = svms_zlib_stream(out->ctx);
    if (!give(&stream, data, size)) {
        return svms_fail(err, SVMS_E_LIMIT, "a document in gzip of %zu bytes", size);
    }
    int result = inflateInit2(&stream, GZIP_WINDOW);
    if (result != Z_OK) {
        return refuse(result, err);
    }
    svms_status status = inflate_all(&stream, out, err);
    (void)inflateEnd(&stream);
    return status;
}

svms_status svms_gzip_write(svms_builder *out, const uint8_t *data, size_t size, svms_error *err)
{
    z_stream stream = svms_zlib_stream(out->ctx);
    uint8_t piece[PIECE];
    if (!give(&stream, data, size)) {
        return svms_fail(err, SVMS_E_LIMIT, "a document of %zu bytes for gzip", size);
    }
    int result = deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
                              Z_DEFAULT_STRATEGY);
    if (result != Z_OK) {
        return svms_fail_memory(err);
    }
    while (result == Z_OK && out->status == SVMS_OK) {
        stream.next_out = piece;
        stream.avail_out = sizeof piece;
        result = deflate(&stream, Z_FINISH);
        svms_put_bytes(out, piece, sizeof piece - stream.avail_out);
    }
    (void)deflateEnd(&stream);
    svms_wipe(piece, sizeof piece);
    return svms_builder_check(out, "a document in gzip", err);
}
