/* SPDX-License-Identifier: Apache-2.0 */
/* Supplemental enhancement information: is there a message by which a decoder may begin at a
 * picture that is not intra coded? (H.264 7.3.2.3 and D.1.8, H.265 7.3.5 and D.2.8, D.2.29) */
#ifndef SVMS_SEI_H
#define SVMS_SEI_H

#include "nal_internal.h"

/* False when the messages do not parse to the end of the NAL unit. *refresh is only ever set. */
bool svms_sei_find_refresh(const svms_nal *nal, uint32_t codec, bool *refresh);

#endif
