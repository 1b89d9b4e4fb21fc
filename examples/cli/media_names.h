/* SPDX-License-Identifier: Apache-2.0 */
/* Words for tracks, codecs and where media come from. */
#ifndef SVMS_CLI_MEDIA_NAMES_H
#define SVMS_CLI_MEDIA_NAMES_H

#include <svms/svms.h>

/* "H.264", or the four characters themselves. */
typedef struct codec_name {
    char text[32];
} codec_name;

codec_name name_of_codec(uint32_t codec);
const char *name_of_kind(svms_track_kind kind);
const char *name_of_protection(svms_protection protection);
const char *name_of_origin(svms_origin origin);
const char *name_of_clock(svms_capture_clock clock);

#endif
