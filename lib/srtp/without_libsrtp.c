/* SPDX-License-Identifier: Apache-2.0 */
/* What a build without libsrtp says: every function is there, and none works. */
#include <svms/srtp.h>

#include "failure.h"

static svms_status refuse(svms_error *err)
{
    return svms_fail(err, SVMS_E_UNSUPPORTED,
                     "this build has no SRTP (it was made without libsrtp)");
}

svms_status svms_srtp_new(svms_srtp **out, svms_ctx *ctx, const svms_srtp_options *options,
                          svms_error *err)
{
    (void)out;
    (void)ctx;
    (void)options;
    return refuse(err);
}

svms_status svms_srtp_send(svms_srtp *srtp, uint32_t ssrc, const svms_srtp_key *key,
                           svms_error *err)
{
    (void)srtp;
    (void)ssrc;
    (void)key;
    return refuse(err);
}

svms_status svms_srtp_receive(svms_srtp *srtp, uint32_t flags, uint32_t ssrc, uint32_t roc,
                              const svms_srtp_key *key, svms_error *err)
{
    (void)srtp;
    (void)flags;
    (void)ssrc;
    (void)roc;
    (void)key;
    return refuse(err);
}

svms_status svms_srtp_receive_drop_old(svms_srtp *srtp, svms_error *err)
{
    (void)srtp;
    return refuse(err);
}

svms_status svms_srtp_protect(svms_srtp *srtp, uint8_t *packet, size_t *size, size_t capacity,
                              svms_error *err)
{
    (void)srtp;
    (void)packet;
    (void)size;
    (void)capacity;
    return refuse(err);
}

svms_status svms_srtp_unprotect(svms_srtp *srtp, uint8_t *packet, size_t *size, svms_error *err)
{
    (void)srtp;
    (void)packet;
    (void)size;
    return refuse(err);
}

svms_status svms_srtp_protect_rtcp(svms_srtp *srtp, uint8_t *packet, size_t *size, size_t capacity,
                                   svms_error *err)
{
    (void)srtp;
    (void)packet;
    (void)size;
    (void)capacity;
    return refuse(err);
}

svms_status svms_srtp_unprotect_rtcp(svms_srtp *srtp, uint8_t *packet, size_t *size,
                                     svms_error *err)
{
    (void)srtp;
    (void)packet;
    (void)size;
    return refuse(err);
}

uint32_t svms_srtp_roc(const svms_srtp *srtp, uint32_t ssrc)
{
    (void)srtp;
    (void)ssrc;
    return 0;
}

svms_status svms_srtp_key_left(const svms_srtp *srtp, uint32_t ssrc, uint64_t *rtp, uint64_t *rtcp,
                               svms_error *err)
{
    (void)srtp;
    (void)ssrc;
    (void)rtp;
    (void)rtcp;
    return refuse(err);
}

svms_status svms_srtp_count(const svms_srtp *srtp, svms_srtp_counts *counts, svms_error *err)
{
    (void)srtp;
    (void)counts;
    return refuse(err);
}

void svms_srtp_free(svms_srtp **srtp)
{
    (void)srtp;
}
