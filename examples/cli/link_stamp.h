/* SPDX-License-Identifier: Apache-2.0 */
/* Has a time stamp authority stamp a link of a package while it is made. */
#ifndef SVMS_CLI_LINK_STAMP_H
#define SVMS_CLI_LINK_STAMP_H

#include <stdbool.h>

#include <svms/svms.h>

typedef struct link_stamp {
    svms_ctx *ctx;
    const char *url;
    const svms_trust *anchors; /* what they do not vouch for is refused; NULL: not checked */
    bool refused;              /* no stamp was got */
} link_stamp;

/* An svms_export_stamp; user is a link_stamp. The complaint is in err. */
svms_status link_stamp_ask(void *user, const uint8_t imprint[32], uint8_t *token, size_t *size,
                           svms_error *err);

#endif
