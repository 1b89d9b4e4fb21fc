/* SPDX-License-Identifier: Apache-2.0 */
/* What a build without libssl says: every function is there, and none works. */
#include <svms/dtls.h>

#include "failure.h"

static svms_status refuse(svms_error *err)
{
    return svms_fail(err, SVMS_E_UNSUPPORTED,
                     "this build speaks no DTLS (it was made without libssl)");
}

svms_status svms_dtls_context_new(svms_dtls_context **out, svms_ctx *ctx,
                                  const svms_dtls_options *options, svms_error *err)
{
    (void)out;
    (void)ctx;
    (void)options;
    return refuse(err);
}

void svms_dtls_context_free(svms_dtls_context **context)
{
    (void)context;
}

svms_status svms_dtls_open(svms_dtls **out, svms_dtls_context *context,
                           const svms_dtls_target *target, svms_error *err)
{
    (void)out;
    (void)context;
    (void)target;
    return refuse(err);
}

svms_status svms_dtls_accept(svms_dtls **out, svms_dtls_context *context,
                             const svms_dtls_target *target, const void *address,
                             size_t address_size, const void *datagram, size_t size, void *answer,
                             size_t capacity, size_t *answer_size, svms_error *err)
{
    (void)out;
    (void)context;
    (void)target;
    (void)address;
    (void)address_size;
    (void)datagram;
    (void)size;
    (void)answer;
    (void)capacity;
    (void)answer_size;
    return refuse(err);
}

void svms_dtls_free(svms_dtls **dtls)
{
    (void)dtls;
}

svms_dtls_phase svms_dtls_phase_of(const svms_dtls *dtls)
{
    (void)dtls;
    return SVMS_DTLS_FAILED;
}

svms_status svms_dtls_feed(svms_dtls *dtls, const void *datagram, size_t size, svms_error *err)
{
    (void)dtls;
    (void)datagram;
    (void)size;
    return refuse(err);
}

svms_status svms_dtls_drain(svms_dtls *dtls, void *out, size_t capacity, size_t *size,
                            svms_error *err)
{
    (void)dtls;
    (void)out;
    (void)capacity;
    (void)size;
    return refuse(err);
}

uint64_t svms_dtls_wait(const svms_dtls *dtls)
{
    (void)dtls;
    return UINT64_MAX;
}

svms_status svms_dtls_tick(svms_dtls *dtls, svms_error *err)
{
    (void)dtls;
    return refuse(err);
}

svms_status svms_dtls_keys(svms_dtls *dtls, svms_srtp_key *send, svms_srtp_key *receive,
                           svms_error *err)
{
    (void)dtls;
    (void)send;
    (void)receive;
    return refuse(err);
}

svms_status svms_dtls_close(svms_dtls *dtls, svms_error *err)
{
    (void)dtls;
    return refuse(err);
}

svms_status svms_dtls_peer_info(const svms_dtls *dtls, svms_dtls_peer *out, svms_error *err)
{
    (void)dtls;
    (void)out;
    return refuse(err);
}

const svms_chain *svms_dtls_peer_chain(const svms_dtls *dtls)
{
    (void)dtls;
    return NULL;
}
