/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/ca.h>

#include "failure.h"

svms_status svms_ca_ocsp(const svms_ca *ca, const svms_chain *chain, const svms_revoked *revoked,
                         int64_t this_utc_ns, int64_t next_utc_ns, void *out, size_t *size,
                         svms_error *err)
{
    (void)ca;
    (void)chain;
    (void)revoked;
    (void)this_utc_ns;
    (void)next_utc_ns;
    (void)out;
    (void)size;
    return svms_fail(err, SVMS_E_UNSUPPORTED, "OCSP responses are not made yet");
}
