/* SPDX-License-Identifier: Apache-2.0 */
/* The parameter sets of an H.264 or H.265 stream, and avcC and hvcC made of them (P-FMT-2). */
#ifndef SVMS_RTP_PARAMETER_SETS_H
#define SVMS_RTP_PARAMETER_SETS_H

#include "builder.h"

#include <svms/media.h>

enum { SVMS_PARAMETER_SETS_MAX = 32, SVMS_PARAMETER_SET_BYTES_MAX = 4096 };

typedef struct svms_parameter_set {
    uint32_t type; /* nal_unit_type */
    uint32_t id;
    uint8_t *data; /* with NAL unit header */
    size_t size;
} svms_parameter_set;

typedef struct svms_parameter_sets {
    svms_ctx *ctx;
    uint32_t codec;
    uint32_t count;
    svms_parameter_set items[SVMS_PARAMETER_SETS_MAX]; /* by type, then id */
} svms_parameter_sets;

svms_parameter_sets svms_parameter_sets_new(svms_ctx *ctx, uint32_t codec);
void svms_parameter_sets_clear(svms_parameter_sets *sets);
SVMS_MUST_CHECK svms_status svms_parameter_sets_copy(svms_parameter_sets *out,
                                                     const svms_parameter_sets *sets,
                                                     svms_error *err);
/* True for types that are kept here. */
bool svms_parameter_sets_wants(uint32_t codec, uint32_t nal_type);
/* Takes up one. *changed is set when it is not the one of its id already, and never cleared.
 * MALFORMED: no parameter set; LIMIT: too long, or one too many. Either changes nothing. */
SVMS_MUST_CHECK svms_status svms_parameter_sets_take(svms_parameter_sets *sets, const uint8_t *data,
                                                     size_t size, bool *changed, svms_error *err);
/* Takes up all of avcC or hvcC. */
SVMS_MUST_CHECK svms_status svms_parameter_sets_take_config(svms_parameter_sets *sets,
                                                            const uint8_t *config, size_t size,
                                                            svms_error *err);
/* Enough of them are there for a configuration. */
bool svms_parameter_sets_are_complete(const svms_parameter_sets *sets);
/* Appends avcC or hvcC; MALFORMED when the first SPS does not parse. */
SVMS_MUST_CHECK svms_status svms_parameter_sets_put_config(const svms_parameter_sets *sets,
                                                           svms_builder *out, svms_error *err);

#endif
