/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of HTTP/1.1 messages (RFC 9112), as little of them as our servers and clients need, and
 * strict: what could be read in two ways is refused. No I/O; heads are parsed where they lie. Of
 * enrolment, identity.md says more: I-ENR-16 to I-ENR-18. */
#ifndef VMS_HTTP_MESSAGE_H
#define VMS_HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_HEAD_MAX 16384
#define HTTP_TARGET_MAX 1024
#define HTTP_FIELDS_MAX 48

typedef enum http_status {
    HTTP_CONTINUE = 100,
    HTTP_OK = 200,
    HTTP_CREATED = 201,
    HTTP_ACCEPTED = 202,
    HTTP_NO_CONTENT = 204,
    HTTP_PARTIAL = 206,
    HTTP_SEE_OTHER = 303,
    HTTP_NOT_MODIFIED = 304,
    HTTP_BAD_REQUEST = 400,
    HTTP_UNAUTHORIZED = 401,
    HTTP_FORBIDDEN = 403,
    HTTP_NOT_FOUND = 404,
    HTTP_METHOD_NOT_ALLOWED = 405,
    HTTP_TIMEOUT = 408,
    HTTP_CONFLICT = 409,
    HTTP_GONE = 410,
    HTTP_LENGTH_REQUIRED = 411,
    HTTP_TOO_LARGE = 413,
    HTTP_URI_TOO_LONG = 414,
    HTTP_WRONG_TYPE = 415,
    HTTP_RANGE_OUTSIDE = 416,
    HTTP_EXPECTATION_FAILED = 417,
    HTTP_UNPROCESSABLE = 422,
    HTTP_TOO_MANY = 429,
    HTTP_HEAD_TOO_LARGE = 431,
    HTTP_INTERNAL = 500,
    HTTP_NOT_IMPLEMENTED = 501,
    HTTP_UNAVAILABLE = 503,
    HTTP_WRONG_VERSION = 505,
    HTTP_NO_ROOM = 507
} http_status;

/* Bytes that lie somewhere else; no NUL. */
typedef struct http_slice {
    const char *bytes;
    size_t size;
} http_slice;

typedef struct http_field {
    http_slice name;
    http_slice value; /* without white space around it */
} http_field;

typedef struct http_head {
    http_slice method; /* of a request */
    http_slice target; /* of a request: begins with a slash */
    int status;        /* of a response */
    int minor;         /* 0 or 1: HTTP/1.0 or HTTP/1.1 */
    http_field fields[HTTP_FIELDS_MAX];
    size_t field_count;
    bool has_length;
    uint64_t length; /* of the body */
    bool is_chunked; /* of a request: the body comes in chunks */
    bool keep;       /* the connection may be used again */
    bool expects;    /* "100 Continue" before it sends the body */
} http_head;

/* Bytes of the head with the empty line that ends it, or 0: it is not complete yet. */
size_t http_head_size(const char *bytes, size_t size);

/* size is what http_head_size() said. HTTP_OK, or what a server answers instead. */
http_status http_parse_request(http_head *out, const char *bytes, size_t size);

/* The same for an answer; false: it is none that we understand. */
bool http_parse_response(http_head *out, const char *bytes, size_t size);

/* A field by its name in lower case, or NULL: it is absent or there twice. */
const http_slice *http_find(const http_head *head, const char *name);

bool http_slice_is(http_slice slice, const char *text);
/* Without regard to case, as names of fields and media types are compared. */
bool http_slice_is_like(http_slice slice, const char *text);
/* Whether a media type ("application/pkcs10; charset=x") is this one, whatever its parameters. */
bool http_type_is(http_slice value, const char *type);

/* "Not Found" and so on. */
const char *http_reason(http_status status);

#endif
