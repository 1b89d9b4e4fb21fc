/* SPDX-License-Identifier: Apache-2.0 */
/* Writing DER (X.690) with the builder. What is written follows the rules by itself: shortest
 * lengths, shortest integers. Failures stay in the builder. */
#ifndef SVMS_DER_PUT_H
#define SVMS_DER_PUT_H

#include "builder.h"
#include "der.h"

/* What is appended between the two becomes the content; open gives the mark that close needs. The
 * content is moved when its length needs more than one byte, so each level costs one pass. */
size_t svms_der_open(svms_builder *builder, uint8_t tag);
void svms_der_close(svms_builder *builder, size_t mark);

void svms_der_put(svms_builder *builder, uint8_t tag, const void *content, size_t size);
void svms_der_put_true(svms_builder *builder);
void svms_der_put_null(svms_builder *builder);
/* A non-negative INTEGER. Zeros in front are left out. */
void svms_der_put_magnitude(svms_builder *builder, const void *big_endian, size_t size);
void svms_der_put_number(svms_builder *builder, uint64_t value);
/* A BIT STRING of whole bytes. */
void svms_der_put_bits(svms_builder *builder, const void *content, size_t size);
/* As certificates and lists write a time (RFC 5280 section 4.1.2.5): UTCTime for the years 1950 to
 * 2049, else GeneralizedTime. Seconds; what is below is cut off. */
void svms_der_put_time(svms_builder *builder, int64_t utc_ns);
/* Always GeneralizedTime. tag is that, or one that stands for it. */
void svms_der_put_generalized_time(svms_builder *builder, uint8_t tag, int64_t utc_ns);

#endif
