/* SPDX-License-Identifier: Apache-2.0 */
#include "stream_url.h"

#include <string.h>
#include <strings.h>

#include "stream_authority.h"

#define CLEAR_SCHEME "rtsp://"
#define SECURE_SCHEME "rtsps://"
/* IANA: rtsp and rtsps. */
#define CLEAR_PORT "554"
#define SECURE_PORT "322"

const char *stream_url_parse(stream_url *out, const char *text)
{
    const char *rest = text;
    memset(out, 0, sizeof *out);
    if (strncasecmp(text, SECURE_SCHEME, sizeof SECURE_SCHEME - 1) == 0) {
        out->secure = true;
        rest += sizeof SECURE_SCHEME - 1;
        memcpy(out->port, SECURE_PORT, sizeof SECURE_PORT);
    } else if (strncasecmp(text, CLEAR_SCHEME, sizeof CLEAR_SCHEME - 1) == 0) {
        rest += sizeof CLEAR_SCHEME - 1;
        memcpy(out->port, CLEAR_PORT, sizeof CLEAR_PORT);
    } else {
        return "is no address of a camera: rtsps://HOST[:PORT]/PATH";
    }
    if (strlen(text) > STREAM_URL_MAX) {
        return "is too long";
    }
    for (const char *each = text; *each; each++) {
        if (*each <= ' ' || *each > '~') {
            return "has characters that no address has";
        }
    }
    size_t size = strcspn(rest, "/?#");
    if (memchr(rest, '@', size)) {
        return "must not hold a user or a password";
    }
    return stream_authority_parse(out->host, sizeof out->host, out->port, rest, size)
               ? NULL
               : "names no host, or no port of 1 to 65535";
}
