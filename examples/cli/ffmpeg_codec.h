/* SPDX-License-Identifier: Apache-2.0 */
/* Codec identifiers of recordings (FourCC) and of FFmpeg, there and back. */
#ifndef SVMS_CLI_FFMPEG_CODEC_H
#define SVMS_CLI_FFMPEG_CODEC_H

#include <stdbool.h>
#include <stdint.h>

#include <libavcodec/codec_par.h>

#include "exit_status.h"

/* The FourCC to store. A codec that is not listed gets one from which there is no way back. */
uint32_t fourcc_of_parameters(const AVCodecParameters *parameters);

/* AV_CODEC_ID_NONE when the FourCC is not listed. */
enum AVCodecID codec_of_fourcc(uint32_t fourcc);

/* Pictures of text, which FFmpeg takes plain text files for. */
bool is_text_as_video(enum AVCodecID codec);

/* Sends FFmpeg's error messages through complain(). */
void ffmpeg_log_to_messages(void);

/* Exit status and words for an error of FFmpeg. */
exit_status complain_ffmpeg(int error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
