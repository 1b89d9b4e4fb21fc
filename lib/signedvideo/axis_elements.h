/* SPDX-License-Identifier: Apache-2.0 */
/* The elements of a SEI of Axis Signed Video: what stands behind the reserved byte (section 6). */
#ifndef SVMS_AXIS_ELEMENTS_H
#define SVMS_AXIS_ELEMENTS_H

#include "camera_document.h"
#include "cursor.h"

/* Bits of the reserved byte. */
enum {
    SVMS_AXIS_HASHED_ESCAPED = 0x80,
    SVMS_AXIS_GOLDEN = 0x40,
    SVMS_AXIS_LINKED = 0x20,
    SVMS_AXIS_SALTED = 0x10
};

/* Reads all of them into document; elements lies over them. *signature_at receives where in
 * elements that of the signature begins. SVMS_E_MALFORMED (CS-AX-1), SVMS_E_UNSUPPORTED: a form
 * that is not validated (CS-AX-2, CS-AX-7). */
SVMS_MUST_CHECK svms_status svms_axis_elements_read(svms_camera_document *document,
                                                    uint8_t reserved, svms_cursor elements,
                                                    size_t *signature_at, svms_error *err);

/* The list of a document whose hash is known now: which hash it is may be said elsewhere. May be
 * called twice. SVMS_E_MALFORMED. */
SVMS_MUST_CHECK svms_status svms_axis_list_settle(svms_camera_document *document,
                                                  svms_camera_hash hash, svms_error *err);

#endif
