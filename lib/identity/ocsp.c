/* SPDX-License-Identifier: Apache-2.0 */
#include "ocsp.h"

#include "failure.h"

svms_status svms_ocsp_read(svms_trust *trust, const void *const *responses, const size_t *sizes,
                           size_t count, svms_error *err)
{
    (void)trust;
    (void)responses;
    (void)sizes;
    (void)count;
    return svms_fail(err, SVMS_E_UNSUPPORTED, "OCSP responses are not read yet");
}

void svms_ocsp_free(svms_trust *trust)
{
    (void)trust;
}
