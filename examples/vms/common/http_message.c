/* SPDX-License-Identifier: Apache-2.0 */
#include "http_message.h"

#include <string.h>

#define LENGTH_DIGITS_MAX 12

typedef struct scan {
    const char *at;
    const char *end;
} scan;

static char lower(char byte)
{
    return (char)(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
}

bool http_slice_is(http_slice slice, const char *text)
{
    return slice.size == strlen(text) && memcmp(slice.bytes, text, slice.size) == 0;
}

bool http_slice_is_like(http_slice slice, const char *text)
{
    if (slice.size != strlen(text)) {
        return false;
    }
    for (size_t i = 0; i < slice.size; i++) {
        if (lower(slice.bytes[i]) != lower(text[i])) {
            return false;
        }
    }
    return true;
}

static http_slice trim(http_slice slice)
{
    while (slice.size > 0 && (slice.bytes[0] == ' ' || slice.bytes[0] == '\t')) {
        slice.bytes++;
        slice.size--;
    }
    while (slice.size > 0 &&
           (slice.bytes[slice.size - 1] == ' ' || slice.bytes[slice.size - 1] == '\t')) {
        slice.size--;
    }
    return slice;
}

bool http_type_is(http_slice value, const char *type)
{
    const char *semicolon = value.size > 0 ? memchr(value.bytes, ';', value.size) : NULL;
    http_slice alone = { value.bytes, semicolon ? (size_t)(semicolon - value.bytes) : value.size };
    return http_slice_is_like(trim(alone), type);
}

size_t http_head_size(const char *bytes, size_t size)
{
    for (size_t i = 0; i + 4 <= size; i++) {
        if (memcmp(bytes + i, "\r\n\r\n", 4) == 0) {
            return i + 4;
        }
    }
    return 0;
}

/* Characters of methods and of names of fields (RFC 9110 section 5.6.2). */
static bool is_token(http_slice slice)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < slice.size; i++) {
        char byte = slice.bytes[i];
        bool letter = lower(byte) >= 'a' && lower(byte) <= 'z';
        bool digit = byte >= '0' && byte <= '9';
        if (!letter && !digit && (byte == '\0' || !strchr(marks, byte))) {
            return false;
        }
    }
    return slice.size > 0;
}

static bool is_visible(http_slice slice)
{
    for (size_t i = 0; i < slice.size; i++) {
        if (slice.bytes[i] <= ' ' || slice.bytes[i] == 0x7f) {
            return false;
        }
    }
    return slice.size > 0;
}

/* Bytes from 0x80 on have no meaning, but do no harm. */
static bool is_field_text(http_slice slice)
{
    for (size_t i = 0; i < slice.size; i++) {
        unsigned char byte = (unsigned char)slice.bytes[i];
        if ((byte < ' ' && byte != '\t') || byte == 0x7f) {
            return false;
        }
    }
    return true;
}

/* The line without its CR LF; a CR or LF that stands alone is in no line. */
static bool take_line(scan *self, http_slice *out)
{
    const char *feed = memchr(self->at, '\n', (size_t)(self->end - self->at));
    if (!feed || feed == self->at || feed[-1] != '\r') {
        return false;
    }
    *out = (http_slice){ self->at, (size_t)(feed - 1 - self->at) };
    self->at = feed + 1;
    return memchr(out->bytes, '\r', out->size) == NULL;
}

static bool take_until(http_slice *rest, char mark, http_slice *out)
{
    const char *place = rest->size > 0 ? memchr(rest->bytes, mark, rest->size) : NULL;
    if (!place) {
        return false;
    }
    *out = (http_slice){ rest->bytes, (size_t)(place - rest->bytes) };
    rest->size -= out->size + 1;
    rest->bytes = place + 1;
    return true;
}

static bool take_fields(http_head *out, scan *self)
{
    http_slice rest;
    while (take_line(self, &rest)) {
        http_field field = { { NULL, 0 }, { NULL, 0 } };
        if (rest.size == 0) {
            return self->at == self->end;
        }
        /* A line that begins with white space goes on with the one before: read in two ways. */
        if (out->field_count == HTTP_FIELDS_MAX || !take_until(&rest, ':', &field.name) ||
            !is_token(field.name) || !is_field_text(rest)) {
            return false;
        }
        field.value = trim(rest);
        out->fields[out->field_count++] = field;
    }
    return false;
}

static size_t count_of(const http_head *head, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < head->field_count; i++) {
        count += http_slice_is_like(head->fields[i].name, name);
    }
    return count;
}

const http_slice *http_find(const http_head *head, const char *name)
{
    if (count_of(head, name) != 1) {
        return NULL;
    }
    size_t i = 0;
    while (!http_slice_is_like(head->fields[i].name, name)) {
        i++;
    }
    return &head->fields[i].value;
}

static bool take_length(http_head *out)
{
    size_t count = count_of(out, "content-length");
    const http_slice *text = http_find(out, "content-length");
    out->has_length = count > 0;
    out->length = 0;
    if (count == 0) {
        return true;
    }
    if (!text || text->size == 0 || text->size > LENGTH_DIGITS_MAX) {
        return false;
    }
    for (size_t i = 0; i < text->size; i++) {
        if (text->bytes[i] < '0' || text->bytes[i] > '9') {
            return false;
        }
        out->length = out->length * 10 + (uint64_t)(text->bytes[i] - '0');
    }
    return true;
}

/* Chunks and a length together are how requests are smuggled, and so is every other way to write
 * "chunked". */
static http_status take_coding(http_head *out)
{
    const http_slice *coding = http_find(out, "transfer-encoding");
    if (count_of(out, "transfer-encoding") == 0) {
        return HTTP_OK;
    }
    if (!coding || count_of(out, "content-length") > 0 || out->minor == 0) {
        return HTTP_BAD_REQUEST;
    }
    out->is_chunked = http_slice_is(*coding, "chunked");
    return out->is_chunked ? HTTP_OK : HTTP_NOT_IMPLEMENTED;
}

static void take_connection(http_head *out)
{
    const http_slice *connection = http_find(out, "connection");
    bool asked = connection && http_slice_is_like(*connection, "keep-alive");
    bool by_default = out->minor == 1 && count_of(out, "connection") == 0;
    out->keep = asked || by_default;
}

static bool take_version(http_head *out, http_slice text)
{
    bool one = http_slice_is(text, "HTTP/1.1");
    out->minor = one ? 1 : 0;
    return one || http_slice_is(text, "HTTP/1.0");
}

static http_status take_request_line(http_head *out, http_slice line)
{
    if (!take_until(&line, ' ', &out->method) || !take_until(&line, ' ', &out->target) ||
        !is_token(out->method) || !is_visible(out->target) || !is_visible(line)) {
        return HTTP_BAD_REQUEST;
    }
    if (!take_version(out, line)) {
        return line.size > 5 && memcmp(line.bytes, "HTTP/", 5) == 0 ? HTTP_WRONG_VERSION
                                                                    : HTTP_BAD_REQUEST;
    }
    if (out->target.size > HTTP_TARGET_MAX) {
        return HTTP_URI_TOO_LONG;
    }
    return out->target.bytes[0] == '/' ? HTTP_OK : HTTP_BAD_REQUEST;
}

http_status http_parse_request(http_head *out, const char *bytes, size_t size)
{
    scan self = { bytes, bytes + size };
    http_slice line;
    memset(out, 0, sizeof *out);
    if (size > HTTP_HEAD_MAX) {
        return HTTP_HEAD_TOO_LARGE;
    }
    if (!take_line(&self, &line)) {
        return HTTP_BAD_REQUEST;
    }
    http_status status = take_request_line(out, line);
    if (status != HTTP_OK) {
        return status;
    }
    if (!take_fields(out, &self)) {
        return out->field_count == HTTP_FIELDS_MAX ? HTTP_HEAD_TOO_LARGE : HTTP_BAD_REQUEST;
    }
    if (out->minor == 1 && !http_find(out, "host")) {
        return HTTP_BAD_REQUEST;
    }
    status = take_coding(out);
    if (status != HTTP_OK) {
        return status;
    }
    if (!take_length(out)) {
        return HTTP_BAD_REQUEST;
    }
    if (count_of(out, "expect") > 0) {
        const http_slice *expect = http_find(out, "expect");
        if (!expect || !http_slice_is_like(*expect, "100-continue")) {
            return HTTP_EXPECTATION_FAILED;
        }
        out->expects = out->minor == 1;
    }
    take_connection(out);
    return HTTP_OK;
}

static bool take_status_line(http_head *out, http_slice line)
{
    http_slice version;
    if (!take_until(&line, ' ', &version) || !take_version(out, version) || line.size < 3 ||
        (line.size > 3 && line.bytes[3] != ' ') || !is_field_text(line)) {
        return false;
    }
    out->status = 0;
    for (size_t i = 0; i < 3; i++) {
        if (line.bytes[i] < '0' || line.bytes[i] > '9') {
            return false;
        }
        out->status = out->status * 10 + (line.bytes[i] - '0');
    }
    return out->status >= 100;
}

bool http_parse_response(http_head *out, const char *bytes, size_t size)
{
    scan self = { bytes, bytes + size };
    http_slice line;
    memset(out, 0, sizeof *out);
    if (size > HTTP_HEAD_MAX || !take_line(&self, &line) || !take_status_line(out, line) ||
        !take_fields(out, &self) || count_of(out, "transfer-encoding") > 0 || !take_length(out)) {
        return false;
    }
    take_connection(out);
    return true;
}

const char *http_reason(http_status status)
{
    static const struct {
        http_status status;
        const char *reason;
    } reasons[] = {
        { HTTP_CONTINUE, "Continue" },
        { HTTP_OK, "OK" },
        { HTTP_CREATED, "Created" },
        { HTTP_ACCEPTED, "Accepted" },
        { HTTP_NO_CONTENT, "No Content" },
        { HTTP_PARTIAL, "Partial Content" },
        { HTTP_SEE_OTHER, "See Other" },
        { HTTP_NOT_MODIFIED, "Not Modified" },
        { HTTP_BAD_REQUEST, "Bad Request" },
        { HTTP_UNAUTHORIZED, "Unauthorized" },
        { HTTP_FORBIDDEN, "Forbidden" },
        { HTTP_NOT_FOUND, "Not Found" },
        { HTTP_METHOD_NOT_ALLOWED, "Method Not Allowed" },
        { HTTP_TIMEOUT, "Request Timeout" },
        { HTTP_CONFLICT, "Conflict" },
        { HTTP_GONE, "Gone" },
        { HTTP_LENGTH_REQUIRED, "Length Required" },
        { HTTP_TOO_LARGE, "Content Too Large" },
        { HTTP_URI_TOO_LONG, "URI Too Long" },
        { HTTP_WRONG_TYPE, "Unsupported Media Type" },
        { HTTP_RANGE_OUTSIDE, "Range Not Satisfiable" },
        { HTTP_EXPECTATION_FAILED, "Expectation Failed" },
        { HTTP_UNPROCESSABLE, "Unprocessable Content" },
        { HTTP_TOO_MANY, "Too Many Requests" },
        { HTTP_HEAD_TOO_LARGE, "Request Header Fields Too Large" },
        { HTTP_INTERNAL, "Internal Server Error" },
        { HTTP_NOT_IMPLEMENTED, "Not Implemented" },
        { HTTP_UNAVAILABLE, "Service Unavailable" },
        { HTTP_WRONG_VERSION, "HTTP Version Not Supported" },
        { HTTP_NO_ROOM, "Insufficient Storage" },
    };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return "Unknown";
}
