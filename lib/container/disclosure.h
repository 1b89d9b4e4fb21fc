/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets of some tracks of some segments (container.md, section 17), and how a reader uses them.
 */
#ifndef SVMS_DISCLOSURE_INTERNAL_H
#define SVMS_DISCLOSURE_INTERNAL_H

#include <stdatomic.h>

#include <svms/disclosure.h>

#include "header.h"
#include "key_schedule.h"

#define SVMS_DISCLOSURE_FIXED_SIZE 64u
#define SVMS_DISCLOSURE_ENTRY_SIZE 48u
#define SVMS_DISCLOSURE_LARGEST                                                                    \
    (SVMS_DISCLOSURE_FIXED_SIZE + SVMS_MAX_DISCLOSED * SVMS_DISCLOSURE_ENTRY_SIZE +                \
     SVMS_DIGEST_SIZE)

struct svms_disclosure {
    svms_ctx *ctx;
    atomic_uint users;  /* whoever made it, key rings, readers */
    svms_builder bytes; /* the file */
    svms_disclosure_info info;
};

/* One more user; svms_disclosure_free() ends it. */
svms_disclosure *svms_disclosure_hold(svms_disclosure *disclosure);
/* True when it belongs to the container with this header. */
bool svms_disclosure_fits(const svms_disclosure *disclosure, const svms_header *header);
/* T of a track in a segment; false when it was not disclosed. */
bool svms_disclosure_find(const svms_disclosure *disclosure, uint64_t segment, uint8_t track,
                          uint8_t out[SVMS_SECRET_SIZE]);

/* Begins the bytes of a file whose number of entries comes later. */
void svms_disclosure_begin(svms_builder *bytes, const svms_header *header);
void svms_disclosure_put(svms_builder *bytes, uint64_t segment, uint8_t track,
                         const uint8_t secret[SVMS_SECRET_SIZE]);
/* Number of entries and digest. */
SVMS_MUST_CHECK svms_status svms_disclosure_end(svms_builder *bytes, svms_ctx *ctx, uint32_t count,
                                                svms_error *err);

#endif
