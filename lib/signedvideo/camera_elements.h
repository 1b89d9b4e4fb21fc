/* SPDX-License-Identifier: Apache-2.0 */
/* The elements of a SEI of media signing: what stands behind the reserved byte (section 2). */
#ifndef SVMS_CAMERA_ELEMENTS_H
#define SVMS_CAMERA_ELEMENTS_H

#include "camera_document.h"
#include "cursor.h"

/* Tags. */
enum {
    SVMS_CAMERA_GENERAL = 1,
    SVMS_CAMERA_LIST = 2,
    SVMS_CAMERA_SIGNATURE = 3,
    SVMS_CAMERA_CRYPTOGRAPHY = 4,
    SVMS_CAMERA_VENDOR = 5,
    SVMS_CAMERA_CERTIFICATES = 6,
    SVMS_CAMERA_ARBITRARY = 7
};

/* Reads all of them into document, of which is_certificate must be set; elements lies over them.
 * *signature_at receives where in elements that of the signature begins, or its size without one.
 * SVMS_E_MALFORMED (CS-DOC-5). */
SVMS_MUST_CHECK svms_status svms_camera_elements_read(svms_camera_document *document,
                                                      svms_cursor elements, size_t *signature_at,
                                                      svms_error *err);
/* The content of tag 4 behind its version (CS-DOC-6). False when its lengths do not fit. */
bool svms_camera_cryptography_read(svms_camera_document *document, svms_cursor *value);

#endif
