/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of SEIs of Axis (CS-AX-5, CS-AX-6, CS-AX-8). */
#ifndef SVMS_AXIS_CLAIM_H
#define SVMS_AXIS_CLAIM_H

#include "validator.h"

/* Fills in what the document says; its list is settled, and its hash in use. SVMS_E_CRYPTO. */
SVMS_MUST_CHECK svms_status svms_axis_claim_fill(svms_camera_validator *v, svms_camera_claim *claim,
                                                 const svms_camera_document *document,
                                                 svms_error *err);
/* Covers nothing; tells with what a session begins. True when it is one, and nothing is left to do.
 */
bool svms_axis_take_beginning(svms_camera_validator *v, const svms_camera_document *document);
/* It is placed: at the end of a stream the last entry of 1.x is no successor, but of what stands
 * there. SVMS_E_CRYPTO. */
SVMS_MUST_CHECK svms_status svms_axis_claim_extend(svms_camera_validator *v,
                                                   svms_camera_claim *claim, svms_error *err);
/* Where the chain ends with a document of 1.x right before it: the claim's predecessor becomes what
 * that names, or zeros where that names something else. SVMS_E_CRYPTO. */
SVMS_MUST_CHECK svms_status svms_axis_claim_link(svms_camera_validator *v, svms_camera_claim *claim,
                                                 svms_error *err);
/* The same of all that fit nothing. */
SVMS_MUST_CHECK svms_status svms_axis_claims_link(svms_camera_validator *v, svms_error *err);

#endif
