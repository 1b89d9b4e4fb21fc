/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the signatures of an export file hold, whoever made them. */
#ifndef SVMS_ONVIF_CHECK_H
#define SVMS_ONVIF_CHECK_H

#include "onvif_algorithm.h"
#include "onvif_edit.h"
#include "onvif_file.h"

typedef struct svms_onvif_checked {
    svms_chain *chain; /* NULL: the certificate cannot be used */
    bool has_algorithm;
    svms_onvif_algorithm algorithm;
    uint8_t signature[SVMS_ONVIF_MAX_SIGNATURE];
    size_t signature_size;
    svms_onvif_edits edits;
    bool holds;
    char reason[244]; /* why not */
} svms_onvif_checked;

/* All signatures of the file, in one pass; items has file->sinf_count elements, which are zero.
 * Certificates of intermediates (which may be NULL) join those of each signer. One more digest is
 * made on the way when extra is given. SVMS_OK also when signatures do not hold. */
SVMS_MUST_CHECK svms_status svms_onvif_check_all(const svms_onvif_file *file,
                                                 const svms_chain *intermediates,
                                                 svms_onvif_checked *items, svms_onvif_lane *extra,
                                                 svms_error *err);
void svms_onvif_checked_clear(svms_onvif_checked *items, uint32_t count);

#endif
