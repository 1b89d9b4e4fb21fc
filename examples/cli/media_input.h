/* SPDX-License-Identifier: Apache-2.0 */
/* Anything FFmpeg reads, as tracks and samples that can be recorded. */
#ifndef SVMS_CLI_MEDIA_INPUT_H
#define SVMS_CLI_MEDIA_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include <svms/svms.h>

#include "exit_status.h"

typedef struct media_input media_input;

typedef struct media_description {
    svms_track tracks[SVMS_MAX_TRACKS]; /* strong; the configurations belong to the input */
    uint32_t track_count;
    int64_t start_ns;      /* time stamp at which the pictures begin, in nanoseconds */
    int64_t duration_ns;   /* 0: not known */
    int64_t opened_utc_ns; /* when the first bytes came */
    bool is_file;          /* a regular file, not a camera, pipe or network stream */
} media_description;

/* Path "-" is standard input. Complains; an interrupt (interrupt.h) ends waiting for input. */
exit_status media_input_open(media_input **out, const char *path);
const media_description *media_input_describe(const media_input *input);

typedef enum media_result {
    MEDIA_SAMPLE, /* one sample; its bytes are the input's until the next call */
    MEDIA_END,    /* no more, or interrupted */
    MEDIA_FAILED  /* complained; status says how to exit */
} media_result;

media_result media_input_next(media_input *input, svms_sample *sample, exit_status *status);

void media_input_close(media_input **input);

#endif
