/* SPDX-License-Identifier: Apache-2.0 */
/* What is in a file, picture by picture and piece by piece, as the lens delivers it. */
#ifndef SVMS_CAMERA_FILE_DECODER_H
#define SVMS_CAMERA_FILE_DECODER_H

#include "lens_file.h"

typedef struct file_decoder file_decoder;

/* One picture or piece of sound; borrowed until the next call. */
typedef struct file_piece {
    lens_kind kind;
    bool has_time;
    uint64_t time_ns; /* since the beginning of the file */
    svms_picture picture;
    const int16_t *sound;
    size_t sound_count;
} file_piece;

svms_status file_decoder_open(file_decoder **out, const lens_file_options *options,
                              lens_format *format, svms_error *err);
/* SVMS_END: the file ends here. What does not decode is passed over. */
svms_status file_decoder_next(file_decoder *decoder, file_piece *out, svms_error *err);
/* From the beginning. */
svms_status file_decoder_restart(file_decoder *decoder, svms_error *err);
/* NULL and pointer to NULL are accepted. */
void file_decoder_close(file_decoder **decoder);

#endif
