/* SPDX-License-Identifier: Apache-2.0 */
#include "onvif_media.h"

#include "failure.h"

#define MDAT SVMS_ISO_TYPE('m', 'd', 'a', 't')

/* Boxes that are passed on the way to samples; more than any file needs whose samples ascend. */
#define MAX_STEPS 8388608u

svms_onvif_media svms_onvif_media_of(svms_onvif_file *file)
{
    return (svms_onvif_media){ file, svms_iso_begin(file->source, file->size), 0, 0 };
}

svms_status svms_onvif_check_place(svms_onvif_media *media, uint64_t offset, uint64_t size,
                                   svms_error *err)
{
    svms_iso_box box;
    svms_status status = SVMS_OK;
    if (offset < media->from) {
        *media = svms_onvif_media_of(media->file);
    }
    while (offset >= media->end && media->boxes.next <= offset &&
           (status = svms_iso_next(&media->boxes, &box, err)) == SVMS_OK) {
        if (++media->file->steps > MAX_STEPS) {
            return svms_fail_at(err, SVMS_E_LIMIT, box.offset,
                                "samples in an order that takes too long to follow");
        }
        if (box.type == MDAT) {
            media->from = svms_iso_payload_offset(&box);
            media->end = box.offset + box.size;
        }
    }
    if (status != SVMS_OK && status != SVMS_END) {
        return status;
    }
    bool inside = offset >= media->from && offset < media->end && size <= media->end - offset;
    return inside ? SVMS_OK
                  : svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, offset,
                                 "samples do not lie in a box 'mdat', so that they may change");
}
