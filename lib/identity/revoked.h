/* SPDX-License-Identifier: Apache-2.0 */
/* What an authority says of revoked certificates, checked before it is signed. */
#ifndef SVMS_REVOKED_H
#define SVMS_REVOKED_H

#include <svms/ca.h>
#include <svms/time.h>

#include "context_internal.h"

/* As many as fit into the lists that our own verifier reads. */
#define SVMS_REVOKED_MAX 200000

/* this and next are times, in this order. */
SVMS_MUST_CHECK svms_status svms_check_update(int64_t this_utc_ns, int64_t next_utc_ns,
                                              svms_error *err);
/* Reads one; nothing may be revoked after the moment that is spoken about. */
SVMS_MUST_CHECK svms_status svms_revoked_read(svms_revoked *out, const svms_revoked *given,
                                              int64_t this_utc_ns, svms_error *err);
/* A copy, in ascending order of serial numbers, none of which occurs twice; release it. NULL for
 * none. */
SVMS_MUST_CHECK svms_status svms_revoked_sort(svms_revoked **out, svms_ctx *ctx,
                                              const svms_revoked *given, size_t count,
                                              int64_t this_utc_ns, svms_error *err);

#endif
