/* SPDX-License-Identifier: Apache-2.0 */
#include "client_url.h"

#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "text_piece.h"

static const char plain_scheme[] = "rtsp://";
static const char secure_scheme[] = "rtsps://";

static bool begins(const char *text, const char *scheme)
{
    size_t size = strlen(scheme);
    svms_text_piece front = { text, size };
    return strlen(text) >= size && svms_text_piece_is(front, scheme);
}

bool svms_rtsp_url_is_secure(const char *url)
{
    return begins(url, secure_scheme);
}

/* Bytes of "rtsp://"; 0: the text is no absolute URL. */
static size_t scheme_size(const char *url)
{
    if (begins(url, plain_scheme)) {
        return sizeof plain_scheme - 1;
    }
    return begins(url, secure_scheme) ? sizeof secure_scheme - 1 : 0;
}

/* Bytes of scheme, host and port. */
static size_t authority_end(const char *url)
{
    size_t scheme = scheme_size(url);
    return scheme + strcspn(url + scheme, "/?#");
}

svms_status svms_rtsp_url_check(const char *url, svms_error *err)
{
    if (strlen(url) >= SVMS_RTSP_URL_SIZE) {
        return svms_fail(err, SVMS_E_LIMIT, "a URL of more than %u bytes", SVMS_RTSP_URL_SIZE - 1);
    }
    for (const char *c = url; *c != '\0'; c++) {
        /* Quotes end the URL where headers quote it. */
        if (*c <= ' ' || *c > '~' || *c == '"' || *c == '\\' || *c == '#') {
            return svms_fail(err, SVMS_E_MALFORMED,
                             "a URL with a character that must be escaped in one");
        }
    }
    size_t scheme = scheme_size(url);
    size_t end = authority_end(url);
    if (scheme == 0 || end == scheme) {
        return svms_fail(err, SVMS_E_MALFORMED, "a URL that is not rtsp://host or rtsps://host");
    }
    if (memchr(url, '@', end) != NULL) {
        return svms_fail(err, SVMS_E_MALFORMED, "a URL with a user in it");
    }
    return SVMS_OK;
}

svms_status svms_rtsp_url_resolve(char out[SVMS_RTSP_URL_SIZE], const char *base,
                                  const char *control, svms_error *err)
{
    int size = 0;
    if (!control || control[0] == '\0' || strcmp(control, "*") == 0) {
        size = snprintf(out, SVMS_RTSP_URL_SIZE, "%s", base);
    } else if (scheme_size(control) > 0) {
        size = snprintf(out, SVMS_RTSP_URL_SIZE, "%s", control);
    } else if (control[0] == '/') {
        size = snprintf(out, SVMS_RTSP_URL_SIZE, "%.*s%s", (int)authority_end(base), base, control);
    } else {
        /* RFC 3986 would cut the last segment of the base off. Cameras mean it as a folder, with or
         * without the slash, and even where it ends with a query. */
        size_t length = strlen(base);
        bool has_slash = length > 0 && base[length - 1] == '/';
        size = snprintf(out, SVMS_RTSP_URL_SIZE, "%s%s%s", base,
                        has_slash || control[0] == '?' ? "" : "/", control);
    }
    if (size < 0 || (size_t)size >= SVMS_RTSP_URL_SIZE) {
        return svms_fail(err, SVMS_E_LIMIT, "a URL of more than %u bytes", SVMS_RTSP_URL_SIZE - 1);
    }
    return svms_rtsp_url_check(out, err);
}
