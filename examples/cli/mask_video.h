/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures of a file, decoded, masked and encoded again. Every function complains itself. */
#ifndef SVMS_CLI_MASK_VIDEO_H
#define SVMS_CLI_MASK_VIDEO_H

#include <libavformat/avformat.h>

#include <svms/svms.h>

#include "exit_status.h"

typedef struct mask_video mask_video;

/* For the pictures of one stream of in; makes the stream of out that receives them. */
exit_status mask_video_open(mask_video **out, svms_privacy *privacy, const AVStream *in,
                            AVFormatContext *to);
/* packet NULL: no more come. */
exit_status mask_video_feed(mask_video *video, const AVPacket *packet);
uint64_t mask_video_pictures(const mask_video *video);
void mask_video_close(mask_video **video);

#endif
