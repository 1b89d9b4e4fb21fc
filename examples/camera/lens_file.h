/* SPDX-License-Identifier: Apache-2.0 */
/* A file with video, and perhaps sound, played over and over as if it were live. */
#ifndef SVMS_CAMERA_LENS_FILE_H
#define SVMS_CAMERA_LENS_FILE_H

#include "lens.h"

typedef struct lens_file_options {
    const char *path;     /* of a file: addresses of the network are not followed */
    uint32_t width;       /* even; 0: the file's, a pixel less where that is odd */
    uint32_t height;      /* even; 0: the file's */
    uint32_t sample_rate; /* 8000 to 96000; 0: no sound. A file without sound has none anyway */
    bool is_once;         /* ends with the file */
    bool is_hurried; /* as fast as asked for: times are counted from the clock's at the opening */
    lens_clock clock;
} lens_file_options;

/* SVMS_E_IO: it cannot be read. SVMS_E_MALFORMED: it holds no video. SVMS_E_UNSUPPORTED: nothing
 * here decodes it. */
svms_status lens_open_file(lens **out, const lens_file_options *options, svms_error *err);

#endif
