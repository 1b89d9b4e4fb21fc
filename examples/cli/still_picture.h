/* SPDX-License-Identifier: Apache-2.0 */
/* One picture out of compressed video, and into a picture file. Every function complains itself. */
#ifndef SVMS_CLI_STILL_PICTURE_H
#define SVMS_CLI_STILL_PICTURE_H

#include <stdbool.h>

#include <svms/svms.h>

#include "exit_status.h"

typedef struct still_decoder still_decoder;

exit_status still_decoder_open(still_decoder **out, const svms_track *track);
/* The next sample in decoding order. Keeps the picture whose presentation time is wanted_pts. */
exit_status still_decoder_feed(still_decoder *decoder, const svms_sample *sample,
                               int64_t wanted_pts);
/* No more samples come. */
exit_status still_decoder_end(still_decoder *decoder, int64_t wanted_pts);
bool still_decoder_has_picture(const still_decoder *decoder);
void still_decoder_close(still_decoder **decoder);

typedef enum still_format { STILL_PNG, STILL_JPEG } still_format;

/* Writes the picture to a new file, durably. */
exit_status still_write_picture(const still_decoder *decoder, still_format format,
                                const char *path);
/* The same for bytes that are a picture already. */
exit_status still_write_bytes(const void *bytes, size_t size, const char *path);

#endif
