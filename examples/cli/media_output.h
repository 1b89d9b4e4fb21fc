/* SPDX-License-Identifier: Apache-2.0 */
/* MP4 and Matroska files, written by FFmpeg's libraries, that appear only when complete. */
#ifndef SVMS_CLI_MEDIA_OUTPUT_H
#define SVMS_CLI_MEDIA_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include <svms/svms.h>

#include "exit_status.h"

typedef struct media_output media_output;

typedef struct media_target {
    const char *path; /* ends with .mp4 or .mkv; all pointers must outlive the output */
    const svms_track *tracks;
    uint32_t track_count;
    uint32_t track_mask; /* bit n: track n is written */
    bool replace;        /* an older file of that name may go */
    bool from_zero;      /* time stamps shall begin near zero, instead of being kept */
} media_target;

/* Whether that type of file (by its name) takes a codec. */
bool media_output_takes(const char *path, uint32_t codec);
/* Whether samples of one may follow those of the other in a file. */
bool media_tracks_agree(const svms_track *a, const svms_track *b);

/* Whether such a file can be written at all: its type is known and takes these codecs. Subtitles
 * that it does not take are left out, which is said. Complains. */
exit_status media_output_check(const media_target *target);
/* Whether a file of that name carries all chosen tracks but metadata; says nothing. */
bool media_output_carries(const char *path, const svms_track *tracks, uint32_t count,
                          uint32_t mask);

/* Opened with the first sample, captured at created_utc_ns. */
exit_status media_output_open(media_output **out, const media_target *target,
                              const svms_sample *first);
exit_status media_output_write(media_output *output, const svms_sample *sample);

/* What became of a track. */
typedef struct media_output_track {
    uint32_t number;       /* of the track in an MP4 file, from 1; 0: nothing of it was written */
    int64_t origin_utc_ns; /* UTC at time 0 of the file, as far as known, or SVMS_NO_TIME */
} media_output_track;

/* Of a track of the target. Before the output is finished. */
media_output_track media_output_describe(const media_output *output, uint32_t track);

/* Ends the file and gives it its name. Released in every case; what failed leaves nothing. */
exit_status media_output_finish(media_output **output);
void media_output_discard(media_output **output);

#endif
