/* SPDX-License-Identifier: Apache-2.0 */
#include "message_head.h"

#include <string.h>

#include "failure.h"

static const char protocol[] = "RTSP/";

enum { VERSION_MOST = 99, CODE_LEAST = 100, CODE_MOST = 599 };

/* tchar of RFC 7230 section 3.2.6; RFC 2326 section 15.1 allows the same. */
static bool is_token(svms_text_piece text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        bool holds = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
        if (!holds) {
            return false;
        }
    }
    return text.size > 0;
}

bool svms_rtsp_text_is_plain(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < ' ' && c != '\t') || c == 0x7F) {
            return false;
        }
    }
    return true;
}

size_t svms_rtsp_line_limit(const char *line, size_t size)
{
    static const char credentials[] = "authorization:";
    svms_text_piece begin = { line, sizeof credentials - 1 };
    bool is_long = size >= begin.size && svms_text_piece_is(begin, credentials);
    return is_long ? SVMS_RTSP_CREDENTIALS_LINE_MAX : SVMS_RTSP_HEADER_LINE_MAX;
}

/* The byte behind a piece is a separator or a line's end, which nobody needs any more. */
static void terminate(char *head, svms_text_piece piece)
{
    head[piece.data - head + (ptrdiff_t)piece.size] = '\0';
}

/* "RTSP/1.0" */
static bool read_version(svms_rtsp_message *out, svms_text_piece text)
{
    size_t prefix = sizeof protocol - 1;
    if (text.size <= prefix || memcmp(text.data, protocol, prefix) != 0) {
        return false;
    }
    svms_text_piece minor = { text.data + prefix, text.size - prefix };
    svms_text_piece major = svms_text_piece_cut(&minor, '.');
    return svms_text_piece_number(major, VERSION_MOST, &out->major) &&
           svms_text_piece_number(minor, VERSION_MOST, &out->minor);
}

static bool read_status_line(svms_rtsp_message *out, char *head, svms_text_piece line)
{
    svms_text_piece version = svms_text_piece_cut(&line, ' ');
    svms_text_piece code = svms_text_piece_cut(&line, ' ');
    out->phrase = svms_text_piece_trim(line);
    bool holds = read_version(out, version) && code.size == 3 &&
                 svms_text_piece_number(code, CODE_MOST, &out->status) && out->status >= CODE_LEAST;
    terminate(head, out->phrase);
    return holds;
}

static bool read_request_line(svms_rtsp_message *out, char *head, svms_text_piece line)
{
    out->is_request = true;
    out->method_name = svms_text_piece_cut(&line, ' ');
    out->url = svms_text_piece_cut(&line, ' ');
    svms_text_piece version = svms_text_piece_trim(line);
    if (!read_version(out, version) || !is_token(out->method_name) || out->url.size == 0) {
        return false;
    }
    out->method = svms_rtsp_method_of(out->method_name);
    terminate(head, out->method_name);
    terminate(head, out->url);
    return true;
}

static svms_status read_start_line(svms_rtsp_message *out, char *head, svms_text_piece line,
                                   uint64_t offset, svms_error *err)
{
    bool is_response =
        line.size >= sizeof protocol - 1 && memcmp(line.data, protocol, sizeof protocol - 1) == 0;
    bool holds =
        is_response ? read_status_line(out, head, line) : read_request_line(out, head, line);
    if (!holds) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset, "a line that begins no RTSP message");
    }
    return SVMS_OK;
}

static svms_status read_header(svms_rtsp_header *out, char *head, svms_text_piece line,
                               uint64_t offset, svms_error *err)
{
    if (line.size > svms_rtsp_line_limit(line.data, line.size)) {
        return svms_fail_at(err, SVMS_E_LIMIT, offset, "an RTSP header of more than %zu bytes",
                            svms_rtsp_line_limit(line.data, line.size));
    }
    const char *colon = memchr(line.data, ':', line.size);
    size_t name_size = colon ? (size_t)(colon - line.data) : 0;
    out->name = (svms_text_piece){ line.data, name_size };
    if (!is_token(out->name)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset, "an RTSP header without a name");
    }
    out->value = (svms_text_piece){ colon + 1, line.size - name_size - 1 };
    out->value = svms_text_piece_trim(out->value);
    terminate(head, out->name);
    terminate(head, out->value);
    return SVMS_OK;
}

static bool is_folded(const char *next, const char *end)
{
    return next < end && (*next == ' ' || *next == '\t');
}

/* The next line without its end; the lines that continue a header are joined to it, with blanks in
 * the place of line ends (RFC 2326 section 4.2). Every line has its end: the reader saw to it. */
static svms_text_piece next_line(char **position, char *end, bool may_fold)
{
    char *start = *position;
    size_t size = 0;
    for (;;) {
        char *feed = memchr(*position, '\n', (size_t)(end - *position));
        bool has_return = feed > *position && feed[-1] == '\r';
        size = (size_t)(feed - start) - (has_return ? 1 : 0);
        *position = feed + 1;
        if (size == 0 || !may_fold || !is_folded(*position, end)) {
            return (svms_text_piece){ start, size };
        }
        *feed = ' ';
        start[size] = ' ';
    }
}

/* CSeq is 32 bits here; two that differ are none. */
static void read_cseq(svms_rtsp_message *out)
{
    size_t position = 0;
    const svms_text_piece *value = svms_rtsp_find_next(out, "CSeq", &position);
    out->has_cseq = value && svms_text_piece_number(*value, UINT32_MAX, &out->cseq);
    while (out->has_cseq && (value = svms_rtsp_find_next(out, "CSeq", &position)) != NULL) {
        uint32_t other = 0;
        out->has_cseq = svms_text_piece_number(*value, UINT32_MAX, &other) && other == out->cseq;
    }
}

svms_status svms_rtsp_head_read(svms_rtsp_message *out, char *head, size_t size, uint64_t offset,
                                svms_error *err)
{
    memset(out, 0, sizeof *out);
    char *position = head;
    char *end = head + size;
    svms_text_piece line = next_line(&position, end, false);
    if (!svms_rtsp_text_is_plain(line.data, line.size)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "a control character in the first line of an RTSP message");
    }
    svms_status status = read_start_line(out, head, line, offset, err);
    while (status == SVMS_OK && (line = next_line(&position, end, true)).size > 0) {
        uint64_t at = offset + (uint64_t)(line.data - head);
        if (!svms_rtsp_text_is_plain(line.data, line.size)) {
            return svms_fail_at(err, SVMS_E_MALFORMED, at, "a control character in an RTSP header");
        }
        if (out->header_count == SVMS_RTSP_HEADERS_MAX) {
            return svms_fail_at(err, SVMS_E_LIMIT, at, "an RTSP message of more than %d headers",
                                SVMS_RTSP_HEADERS_MAX);
        }
        status = read_header(&out->headers[out->header_count], head, line, at, err);
        out->header_count += status == SVMS_OK ? 1 : 0;
    }
    if (status == SVMS_OK) {
        read_cseq(out);
    }
    return status;
}

svms_status svms_rtsp_content_length(const svms_rtsp_message *message, uint64_t offset,
                                     uint32_t *out, svms_error *err)
{
    size_t position = 0;
    bool is_first = true;
    *out = 0;
    const svms_text_piece *value = NULL;
    while ((value = svms_rtsp_find_next(message, "Content-Length", &position)) != NULL) {
        uint32_t length = 0;
        bool holds = svms_text_piece_number(*value, UINT32_MAX, &length);
        if (!holds || (!is_first && length != *out)) {
            return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                                "a Content-Length that is no number, or two that differ");
        }
        *out = length;
        is_first = false;
    }
    return SVMS_OK;
}

const svms_text_piece *svms_rtsp_find_next(const svms_rtsp_message *message, const char *name,
                                           size_t *position)
{
    while (*position < message->header_count) {
        const svms_rtsp_header *header = &message->headers[(*position)++];
        if (svms_text_piece_is(header->name, name)) {
            return &header->value;
        }
    }
    return NULL;
}

const svms_text_piece *svms_rtsp_find(const svms_rtsp_message *message, const char *name)
{
    size_t position = 0;
    return svms_rtsp_find_next(message, name, &position);
}

size_t svms_rtsp_count(const svms_rtsp_message *message, const char *name)
{
    size_t position = 0;
    size_t count = 0;
    while (svms_rtsp_find_next(message, name, &position)) {
        count++;
    }
    return count;
}
