/* SPDX-License-Identifier: Apache-2.0 */
#include "stream_url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CLEAR_SCHEME "rtsp://"
#define SECURE_SCHEME "rtsps://"
/* IANA: rtsp and rtsps. */
#define CLEAR_PORT "554"
#define SECURE_PORT "322"
#define PORT_MAX 65535

/* Names and addresses; the resolver and the certificate judge the rest. */
static bool take_host(stream_url *out, const char *text, size_t size)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:";
    if (size == 0 || size >= sizeof out->host) {
        return false;
    }
    memcpy(out->host, text, size);
    out->host[size] = '\0';
    return strspn(out->host, allowed) == size;
}

static bool take_port(stream_url *out, const char *text, size_t size)
{
    if (size == 0 || size >= sizeof out->port) {
        return false;
    }
    memcpy(out->port, text, size);
    out->port[size] = '\0';
    unsigned long port = strtoul(out->port, NULL, 10);
    return strspn(out->port, "0123456789") == size && port > 0 && port <= PORT_MAX;
}

static bool take_authority(stream_url *out, const char *text, size_t size)
{
    const char *end = text + size;
    const char *close = text[0] == '[' ? memchr(text, ']', size) : NULL;
    const char *host = close ? text + 1 : text;
    const char *colon = close ? close + 1 : memchr(text, ':', size);
    const char *host_end = close ? close : (colon ? colon : end);
    bool has_port = colon && colon < end;
    if (!take_host(out, host, (size_t)(host_end - host)) || (!close && strchr(out->host, ':'))) {
        return false;
    }
    return !has_port || (*colon == ':' && take_port(out, colon + 1, (size_t)(end - colon - 1)));
}

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
    return take_authority(out, rest, size) ? NULL : "names no host, or no port of 1 to 65535";
}
