/* SPDX-License-Identifier: Apache-2.0 */
/* What the unpackers of H.264 and H.265 share: samples of NAL units with 4-byte lengths. */
#ifndef SVMS_RTP_NAL_UNPACK_H
#define SVMS_RTP_NAL_UNPACK_H

#include "unpacker.h"

/* Ends the open sample if the packet belongs to another one, then begins one or goes on. */
void svms_nal_unpack_begin(svms_unpacker *u, const svms_unpack_packet *p, bool whole);
/* A whole NAL unit. */
void svms_nal_unpack_unit(svms_unpacker *u, const uint8_t *data, size_t size);
/* Units that follow one another with 2-byte lengths; at least one. */
void svms_nal_unpack_aggregate(svms_unpacker *u, const uint8_t *data, size_t size);
/* One fragment of a unit whose rebuilt header is given. */
void svms_nal_unpack_fragment(svms_unpacker *u, bool first, bool last, const uint8_t *header,
                              size_t header_size, const uint8_t *data, size_t size);
/* An unfinished fragmented unit stays unfinished. */
void svms_nal_unpack_no_fragment(svms_unpacker *u);
/* Ends the sample. */
void svms_nal_unpack_end(svms_unpacker *u);

#endif
