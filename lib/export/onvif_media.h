/* SPDX-License-Identifier: Apache-2.0 */
/* Whether bytes lie where samples may lie: in a file-level 'mdat' (O-VER-10). */
#ifndef SVMS_ONVIF_MEDIA_H
#define SVMS_ONVIF_MEDIA_H

#include "onvif_file.h"

/* The way from one place to the next; places nearly always ascend, as boxes do. */
typedef struct svms_onvif_media {
    svms_onvif_file *file;
    svms_iso_walk boxes;
    uint64_t from; /* of the 'mdat' that was passed last */
    uint64_t end;
} svms_onvif_media;

svms_onvif_media svms_onvif_media_of(svms_onvif_file *file);
/* SVMS_E_NOT_AUTHENTIC when size bytes, one at least, do not lie wholly in the payload of one
 * 'mdat'; SVMS_E_LIMIT when it takes too many steps to tell. */
SVMS_MUST_CHECK svms_status svms_onvif_check_place(svms_onvif_media *media, uint64_t offset,
                                                   uint64_t size, svms_error *err);

#endif
