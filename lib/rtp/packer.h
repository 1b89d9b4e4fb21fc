/* SPDX-License-Identifier: Apache-2.0 */
/* From samples to payloads; one function for each payload format. A sample is looked at as a whole
 * before its first packet is emitted: what fails, fails before. */
#ifndef SVMS_RTP_PACKER_H
#define SVMS_RTP_PACKER_H

#include "format_internal.h"

#include <svms/io.h>

#include "rtp_header.h"

typedef struct svms_packer {
    const svms_rtp_format *format;
    size_t room;                    /* bytes of payload in a packet */
    bool parameter_sets;            /* put them before sync samples that have none */
    bool talkspurt;                 /* G.711: the next packet begins one */
    const svms_rtp_jpeg_part *part; /* JPEG: beside the payload of the next packet; NULL: none */
    void *owner;
    /* One packet. Its first packet begins a sample, or the part of it whose time is behind that of
     * the sample by so many ticks. */
    svms_status (*emit)(void *owner, const svms_iovec *pieces, size_t count, bool marker,
                        uint32_t ticks_behind);
} svms_packer;

svms_status svms_pack_h264(svms_packer *packer, const svms_sample *sample, svms_error *err);
svms_status svms_pack_h265(svms_packer *packer, const svms_sample *sample, svms_error *err);
svms_status svms_pack_aac(svms_packer *packer, const svms_sample *sample, svms_error *err);
svms_status svms_pack_g711(svms_packer *packer, const svms_sample *sample, svms_error *err);
svms_status svms_pack_jpeg(svms_packer *packer, const svms_sample *sample, svms_error *err);
svms_status svms_pack_metadata(svms_packer *packer, const svms_sample *sample, svms_error *err);

#endif
