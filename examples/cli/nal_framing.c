/* SPDX-License-Identifier: Apache-2.0 */
#include "nal_framing.h"

#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <svms/svms.h>

#include "ffmpeg_codec.h"
#include "message.h"

#define LENGTH_SIZE 4
#define LENGTH_BITS 0x03u
#define AVCC_LENGTH_BYTE 4
#define HVCC_LENGTH_BYTE 21

void byte_buffer_free(byte_buffer *buffer)
{
    free(buffer->bytes);
    memset(buffer, 0, sizeof *buffer);
}

static bool append(byte_buffer *buffer, const uint8_t *bytes, size_t size)
{
    if (size > SVMS_MAX_SAMPLE_SIZE || buffer->size + size > SVMS_MAX_SAMPLE_SIZE) {
        return false;
    }
    if (buffer->size + size > buffer->capacity) {
        size_t capacity = 2 * (buffer->size + size);
        uint8_t *larger = realloc(buffer->bytes, capacity);
        if (!larger) {
            return false;
        }
        buffer->bytes = larger;
        buffer->capacity = capacity;
    }
    if (size > 0) {
        memcpy(buffer->bytes + buffer->size, bytes, size);
    }
    buffer->size += size;
    return true;
}

bool nal_reframe(uint32_t codec, svms_nal_framing framing, const uint8_t *data, size_t size,
                 byte_buffer *out)
{
    svms_nal_iterator iterator = SVMS_NAL_ITERATOR_INIT;
    svms_nal nal = SVMS_NAL_INIT;
    out->size = 0;
    if (svms_nal_begin(&iterator, codec, framing, data, size) != SVMS_OK) {
        return false;
    }
    svms_status status;
    while ((status = svms_nal_next(&iterator, &nal, NULL)) == SVMS_OK) {
        const uint8_t length[LENGTH_SIZE] = { (uint8_t)(nal.size >> 24), (uint8_t)(nal.size >> 16),
                                              (uint8_t)(nal.size >> 8), (uint8_t)nal.size };
        if (!append(out, length, sizeof length) || !append(out, nal.data, nal.size)) {
            return false;
        }
    }
    return status == SVMS_END;
}

static bool begins_with_start_code(const uint8_t *data, size_t size)
{
    static const uint8_t start_code[] = { 0, 0, 0, 1 };
    return (size >= 4 && memcmp(data, start_code, 4) == 0) ||
           (size >= 3 && memcmp(data, start_code + 1, 3) == 0);
}

/* The bytes of a box that is known to stand once in a file we have just written. */
static bool take_box(const uint8_t *file, size_t size, const char *type, byte_buffer *out)
{
    for (size_t at = 4; at + 4 <= size; at++) {
        if (memcmp(file + at, type, 4) != 0) {
            continue;
        }
        const uint8_t *field = file + at - 4;
        size_t box = ((size_t)field[0] << 24) | ((size_t)field[1] << 16) | ((size_t)field[2] << 8) |
                     field[3];
        return box > 8 && box - 4 <= size - at && append(out, file + at + 4, box - 8);
    }
    return false;
}

/* Start codes carry no avcC or hvcC. FFmpeg's MP4 muxer makes one out of the parameter sets: it
 * writes the header of an empty file to memory, and the box is taken from there. */
static exit_status configure_from_start_codes(const AVCodecParameters *parameters, uint32_t codec,
                                              byte_buffer *configuration)
{
    bool is_h264 = codec == SVMS_CODEC_H264;
    AVFormatContext *muxer = NULL;
    AVDictionary *options = NULL;
    uint8_t *file = NULL;
    exit_status status = EXIT_GOOD;
    int result = avformat_alloc_output_context2(&muxer, NULL, "mp4", NULL);
    AVStream *stream = result < 0 ? NULL : avformat_new_stream(muxer, NULL);
    if (!stream) {
        result = result < 0 ? result : AVERROR(ENOMEM);
    }
    if (result >= 0) {
        result = avcodec_parameters_copy(stream->codecpar, parameters);
    }
    if (result >= 0) {
        result = av_dict_set(&options, "movflags", "empty_moov", 0);
    }
    if (result >= 0) {
        result = avio_open_dyn_buf(&muxer->pb);
    }
    if (result >= 0) {
        stream->codecpar->codec_tag =
            is_h264 ? MKTAG('a', 'v', 'c', '1') : MKTAG('h', 'v', 'c', '1');
        stream->time_base = (AVRational){ 1, 90000 };
        result = avformat_write_header(muxer, &options);
        int size = avio_close_dyn_buf(muxer->pb, &file);
        muxer->pb = NULL;
        if (result >= 0 &&
            !take_box(file, (size_t)size, is_h264 ? "avcC" : "hvcC", configuration)) {
            result = AVERROR_INVALIDDATA;
        }
    }
    if (result < 0) {
        status = complain_ffmpeg(result, "cannot use the parameter sets of the video");
    }
    av_free(file);
    av_dict_free(&options);
    avformat_free_context(muxer);
    return status;
}

exit_status nal_configure(const AVCodecParameters *parameters, uint32_t codec,
                          svms_nal_framing *framing, byte_buffer *configuration)
{
    const uint8_t *extradata = parameters->extradata;
    size_t size = parameters->extradata_size > 0 ? (size_t)parameters->extradata_size : 0;
    if (size == 0) {
        complain("the %s video carries no parameter sets",
                 codec == SVMS_CODEC_H264 ? "H.264" : "H.265");
        return EXIT_MALFORMED;
    }
    if (begins_with_start_code(extradata, size)) {
        *framing = SVMS_NAL_ANNEX_B;
        return configure_from_start_codes(parameters, codec, configuration);
    }
    static const svms_nal_framing framings[] = { SVMS_NAL_LENGTH1, SVMS_NAL_LENGTH2,
                                                 SVMS_NAL_ANNEX_B, SVMS_NAL_LENGTH4 };
    size_t place = codec == SVMS_CODEC_H264 ? AVCC_LENGTH_BYTE : HVCC_LENGTH_BYTE;
    unsigned length_code = size > place ? extradata[place] & LENGTH_BITS : 2;
    if (length_code == 2) {
        complain("the configuration of the %s video is damaged",
                 codec == SVMS_CODEC_H264 ? "H.264" : "H.265");
        return EXIT_MALFORMED;
    }
    *framing = framings[length_code];
    if (!append(configuration, extradata, size)) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    configuration->bytes[place] |= LENGTH_BITS;
    return EXIT_GOOD;
}
