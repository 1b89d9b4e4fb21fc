/* SPDX-License-Identifier: Apache-2.0 */
/* What a build without libssl says: every function is there, and none works. */
#include <svms/tls.h>

#include "failure.h"

static svms_status refuse(svms_error *err)
{
    return svms_fail(err, SVMS_E_UNSUPPORTED,
                     "this build speaks no TLS (it was made without libssl)");
}

svms_status svms_tls_context_new(svms_tls_context **out, svms_ctx *ctx,
                                 const svms_tls_options *options, svms_error *err)
{
    (void)out;
    (void)ctx;
    (void)options;
    return refuse(err);
}

svms_status svms_tls_context_reload(svms_tls_context *context,
                                    const svms_tls_credentials *credentials, svms_error *err)
{
    (void)context;
    (void)credentials;
    return refuse(err);
}

void svms_tls_context_free(svms_tls_context **context)
{
    (void)context;
}

svms_status svms_tls_open(svms_tls **out, svms_tls_context *context, const svms_tls_target *target,
                          svms_error *err)
{
    (void)out;
    (void)context;
    (void)target;
    return refuse(err);
}

svms_status svms_tls_open_socket(svms_tls **out, svms_tls_context *context,
                                 const svms_tls_target *target, int socket, svms_error *err)
{
    (void)out;
    (void)context;
    (void)target;
    (void)socket;
    return refuse(err);
}

void svms_tls_free(svms_tls **tls)
{
    (void)tls;
}

svms_status svms_tls_handshake(svms_tls *tls, svms_error *err)
{
    (void)tls;
    return refuse(err);
}

svms_status svms_tls_read(svms_tls *tls, void *out, size_t capacity, size_t *size, svms_error *err)
{
    (void)tls;
    (void)out;
    (void)capacity;
    (void)size;
    return refuse(err);
}

svms_status svms_tls_write(svms_tls *tls, const void *data, size_t size, size_t *taken,
                           svms_error *err)
{
    (void)tls;
    (void)data;
    (void)size;
    (void)taken;
    return refuse(err);
}

svms_status svms_tls_close(svms_tls *tls, svms_error *err)
{
    (void)tls;
    return refuse(err);
}

svms_tls_want svms_tls_wants(const svms_tls *tls)
{
    (void)tls;
    return SVMS_TLS_WANTS_NOTHING;
}

svms_status svms_tls_feed(svms_tls *tls, const void *data, size_t size, size_t *taken,
                          svms_error *err)
{
    (void)tls;
    (void)data;
    (void)size;
    (void)taken;
    return refuse(err);
}

svms_status svms_tls_feed_end(svms_tls *tls, svms_error *err)
{
    (void)tls;
    return refuse(err);
}

svms_status svms_tls_drain(svms_tls *tls, void *out, size_t capacity, size_t *size, svms_error *err)
{
    (void)tls;
    (void)out;
    (void)capacity;
    (void)size;
    return refuse(err);
}

size_t svms_tls_pending(const svms_tls *tls)
{
    (void)tls;
    return 0;
}

svms_status svms_tls_peer_info(const svms_tls *tls, svms_tls_peer *out, svms_error *err)
{
    (void)tls;
    (void)out;
    return refuse(err);
}

const svms_chain *svms_tls_peer_chain(const svms_tls *tls)
{
    (void)tls;
    return NULL;
}

const uint8_t *svms_tls_peer_der(const svms_tls *tls, size_t index, size_t *size)
{
    (void)tls;
    (void)index;
    if (size) {
        *size = 0;
    }
    return NULL;
}

svms_status svms_tls_export_key(svms_tls *tls, const char *label, const void *context,
                                size_t context_size, void *out, size_t size, svms_error *err)
{
    (void)tls;
    (void)label;
    (void)context;
    (void)context_size;
    (void)out;
    (void)size;
    return refuse(err);
}
