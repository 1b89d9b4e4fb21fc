/* SPDX-License-Identifier: Apache-2.0 */
/* Texts for people in the header (C-HDR-16). */
#ifndef SVMS_DESCRIPTION_H
#define SVMS_DESCRIPTION_H

#include "header.h"

/* The device name of the header's description, opened with the content key when it is sealed; NULL
 * in *out when there is none. SVMS_E_UNDECRYPTABLE when it does not open, SVMS_E_MALFORMED when it
 * breaks C-HDR-16. */
SVMS_MUST_CHECK svms_status svms_description_name(char **out, svms_ctx *ctx,
                                                  const svms_header *header,
                                                  const uint8_t *content_key, svms_error *err);
/* All texts of a description; NULL where there is none. */
typedef struct svms_description {
    char *name;
    char *place;
    char *remark;
} svms_description;
/* As above; release with svms_description_clear(). */
SVMS_MUST_CHECK svms_status svms_description_read(svms_description *out, svms_ctx *ctx,
                                                  const svms_header *header,
                                                  const uint8_t *content_key, svms_error *err);
void svms_description_clear(svms_description *description, svms_ctx *ctx);
/* True when the text is UTF-8. */
bool svms_is_text(const char *text);
/* Only checks a clear description. */
SVMS_MUST_CHECK svms_status svms_description_check(const svms_header *header, svms_error *err);

#endif
