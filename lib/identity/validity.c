/* SPDX-License-Identifier: Apache-2.0 */
#include "certificate.h"
#include "failure.h"

#define NS_PER_SECOND INT64_C(1000000000)

/* Dates beyond what 64-bit nanoseconds hold (years 1678 to 2261) are moved to the edge. */
static int64_t seconds_to_ns(int64_t seconds)
{
    if (seconds > INT64_MAX / NS_PER_SECOND) {
        return INT64_MAX;
    }
    return seconds < -(INT64_MAX / NS_PER_SECOND) ? -INT64_MAX : seconds * NS_PER_SECOND;
}

svms_status svms_certificate_validity(const X509 *certificate, int64_t *not_before_utc_ns,
                                      int64_t *not_after_utc_ns, svms_error *err)
{
    int64_t before = 0;
    int64_t after = 0;
    if (!svms_date_seconds(X509_get0_notBefore(certificate), &before) ||
        !svms_date_seconds(X509_get0_notAfter(certificate), &after)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the certificate's dates cannot be read");
    }
    *not_before_utc_ns = seconds_to_ns(before);
    int64_t last = seconds_to_ns(after);
    *not_after_utc_ns =
        last > INT64_MAX - (NS_PER_SECOND - 1) ? INT64_MAX : last + NS_PER_SECOND - 1;
    return SVMS_OK;
}

svms_status svms_chain_leaf_validity(const svms_chain *chain, int64_t *not_before_utc_ns,
                                     int64_t *not_after_utc_ns, svms_error *err)
{
    return svms_certificate_validity(sk_X509_value(chain->certificates, 0), not_before_utc_ns,
                                     not_after_utc_ns, err);
}
