/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/ca.h>

#include "failure.h"

svms_status svms_chain_to_pkcs7(const svms_chain *chain, void *out, size_t *size, svms_error *err)
{
    (void)chain;
    (void)out;
    (void)size;
    return svms_fail(err, SVMS_E_UNSUPPORTED, "PKCS #7 is not written yet");
}

svms_status svms_chain_from_pkcs7(svms_chain **out, svms_ctx *ctx, const svms_private_key *key,
                                  const void *data, size_t size, svms_error *err)
{
    (void)out;
    (void)ctx;
    (void)key;
    (void)data;
    (void)size;
    return svms_fail(err, SVMS_E_UNSUPPORTED, "PKCS #7 is not read yet");
}
