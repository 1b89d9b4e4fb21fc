/* SPDX-License-Identifier: Apache-2.0 */
/* What a record says, for those who only look: without the details spelt out. */
#ifndef SVMS_VIEW_INTERNAL_H
#define SVMS_VIEW_INTERNAL_H

#include <svms/audit_read.h>

#include "json_parse.h"

/* Its values. NULL where the view holds nothing. */
const svms_json_value *svms_view_root(const svms_audit_view *view);
/* As svms_audit_view_read(), without details. The view is of this version. */
SVMS_MUST_CHECK svms_status svms_view_read(svms_audit_view *out, svms_ctx *ctx, const void *record,
                                           size_t size, svms_error *err);

#endif
