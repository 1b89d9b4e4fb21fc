/* SPDX-License-Identifier: Apache-2.0 */
/* Header and slot of a package (evidence.md, section 2). */
#ifndef SVMS_PACKAGE_HEADER_H
#define SVMS_PACKAGE_HEADER_H

#include <svms/export.h>

#include "access_block.h"
#include "package_format.h"

typedef struct svms_package_header {
    svms_export_kind kind;
    bool sealed;
    uint32_t slot_size;
    uint8_t package_id[16];
    uint8_t key_check[SVMS_DIGEST_SIZE];
    int64_t created_utc_ns;
    char software[SVMS_PACKAGE_SOFTWARE_SIZE + 1];
    uint8_t h[SVMS_DIGEST_SIZE]; /* set by encode and parse */
} svms_package_header;

/* Bytes in front of the first frame. */
uint64_t svms_package_front_size(const svms_package_header *header);
SVMS_MUST_CHECK svms_status svms_package_header_encode(svms_ctx *ctx, svms_package_header *header,
                                                       uint8_t out[SVMS_PACKAGE_HEADER_SIZE],
                                                       svms_error *err);
/* E-HDR-1 to E-HDR-3. */
SVMS_MUST_CHECK svms_status svms_package_header_parse(svms_package_header *out, svms_ctx *ctx,
                                                      const uint8_t bytes[SVMS_PACKAGE_HEADER_SIZE],
                                                      svms_error *err);
/* The header of a container in whose place the package stands for everything that section 8 and 9
 * of container.md say of keys: container id, key check, slot size and hash are the package's, all
 * else is zero. */
void svms_package_as_container(const svms_package_header *header, svms_header *out);

#endif
