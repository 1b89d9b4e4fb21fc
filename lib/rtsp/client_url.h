/* SPDX-License-Identifier: Apache-2.0 */
/* URLs of a client (docs/spec/rtsp.md, RC-URL). */
#ifndef SVMS_RTSP_CLIENT_URL_H
#define SVMS_RTSP_CLIENT_URL_H

#include <stdbool.h>

#include <svms/rtsp.h>

/* An absolute URL that may stand in a request: rtsp or rtsps, a host, no user, no fragment, no
 * blanks, below SVMS_RTSP_URL_SIZE. SVMS_E_MALFORMED, SVMS_E_LIMIT. */
SVMS_MUST_CHECK svms_status svms_rtsp_url_check(const char *url, svms_error *err);
/* True for rtsps. */
bool svms_rtsp_url_is_secure(const char *url);
/* What a control attribute means; control may be NULL. The same errors. */
SVMS_MUST_CHECK svms_status svms_rtsp_url_resolve(char out[SVMS_RTSP_URL_SIZE], const char *base,
                                                  const char *control, svms_error *err);

#endif
