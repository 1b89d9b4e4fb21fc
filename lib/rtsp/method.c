/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/rtsp.h>

#include <string.h>

#include "message.h"

static const char *const names[] = {
    [SVMS_RTSP_OTHER] = NULL,
    [SVMS_RTSP_OPTIONS] = "OPTIONS",
    [SVMS_RTSP_DESCRIBE] = "DESCRIBE",
    [SVMS_RTSP_ANNOUNCE] = "ANNOUNCE",
    [SVMS_RTSP_SETUP] = "SETUP",
    [SVMS_RTSP_PLAY] = "PLAY",
    [SVMS_RTSP_PAUSE] = "PAUSE",
    [SVMS_RTSP_TEARDOWN] = "TEARDOWN",
    [SVMS_RTSP_GET_PARAMETER] = "GET_PARAMETER",
    [SVMS_RTSP_SET_PARAMETER] = "SET_PARAMETER",
    [SVMS_RTSP_REDIRECT] = "REDIRECT",
    [SVMS_RTSP_RECORD] = "RECORD",
};

#define NAME_COUNT (sizeof names / sizeof names[0])

const char *svms_rtsp_method_name(svms_rtsp_method method)
{
    return (size_t)method < NAME_COUNT ? names[method] : NULL;
}

svms_rtsp_method svms_rtsp_method_of(svms_text_piece name)
{
    for (size_t i = 1; i < NAME_COUNT; i++) {
        /* Methods are case-sensitive (RFC 2326 section 6.1). */
        if (strlen(names[i]) == name.size && memcmp(names[i], name.data, name.size) == 0) {
            return (svms_rtsp_method)i;
        }
    }
    return SVMS_RTSP_OTHER;
}

typedef struct phrase {
    uint32_t code;
    const char *words;
} phrase;

static const phrase phrases[] = {
    { 100, "Continue" },
    { 200, "OK" },
    { 201, "Created" },
    { 250, "Low on Storage Space" },
    { 300, "Multiple Choices" },
    { 301, "Moved Permanently" },
    { 302, "Moved Temporarily" },
    { 303, "See Other" },
    { 304, "Not Modified" },
    { 305, "Use Proxy" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 402, "Payment Required" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 406, "Not Acceptable" },
    { 407, "Proxy Authentication Required" },
    { 408, "Request Time-out" },
    { 410, "Gone" },
    { 411, "Length Required" },
    { 412, "Precondition Failed" },
    { 413, "Request Entity Too Large" },
    { 414, "Request-URI Too Large" },
    { 415, "Unsupported Media Type" },
    { 451, "Parameter Not Understood" },
    { 452, "Conference Not Found" },
    { 453, "Not Enough Bandwidth" },
    { 454, "Session Not Found" },
    { 455, "Method Not Valid in This State" },
    { 456, "Header Field Not Valid for Resource" },
    { 457, "Invalid Range" },
    { 458, "Parameter Is Read-Only" },
    { 459, "Aggregate operation not allowed" },
    { 460, "Only aggregate operation allowed" },
    { 461, "Unsupported transport" },
    { 462, "Destination unreachable" },
    { 463, "Key management Failure" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 502, "Bad Gateway" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Time-out" },
    { 505, "RTSP Version not supported" },
    { 551, "Option not supported" },
};

const char *svms_rtsp_status_phrase(uint32_t code)
{
    static const char *const classes[] = { "Informational", "Success", "Redirection",
                                           "Client Error", "Server Error" };
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        if (phrases[i].code == code) {
            return phrases[i].words;
        }
    }
    return code >= 100 && code <= 599 ? classes[code / 100 - 1] : NULL;
}
