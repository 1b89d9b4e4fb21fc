/* SPDX-License-Identifier: Apache-2.0 */
#include "web_target.h"

#include <string.h>

#include "web_text.h"

/* Decodes %XX, and in queries '+'; out has room for as much as there is, and a NUL. refused are
 * characters that must not hide behind a %. */
static bool decode(http_slice coded, bool is_query, const char *refused, char *out, size_t *size)
{
    size_t length = 0;
    for (size_t i = 0; i < coded.size; i++) {
        char byte = coded.bytes[i];
        if (byte == '%') {
            int high = coded.size - i > 2 ? web_hex_digit(coded.bytes[i + 1]) : -1;
            int low = high >= 0 ? web_hex_digit(coded.bytes[i + 2]) : -1;
            if (low < 0) {
                return false;
            }
            byte = (char)(high * 16 + low);
            i += 2;
            if (byte == '\0' || strchr(refused, byte)) {
                return false;
            }
        } else if (byte == '+' && is_query) {
            byte = ' ';
        }
        out[length++] = byte;
    }
    out[length] = '\0';
    *size = length;
    return web_is_text(out, length);
}

/* Neither "." nor ".." nor nothing, but for a slash at the end. */
static bool has_good_parts(const char *path)
{
    const char *part = path + 1;
    for (;;) {
        size_t size = strcspn(part, "/");
        bool is_last = part[size] == '\0';
        bool is_dots = (size == 1 && part[0] == '.') || (size == 2 && memcmp(part, "..", 2) == 0);
        if (is_dots || (size == 0 && !is_last)) {
            return false;
        }
        if (is_last) {
            return true;
        }
        part += size + 1;
    }
}

/* One name=value; text is where it is decoded to. */
static bool take_parameter(web_target *out, http_slice piece, char *text, size_t *used)
{
    const char *equals = memchr(piece.bytes, '=', piece.size);
    size_t name_size = equals ? (size_t)(equals - piece.bytes) : piece.size;
    http_slice name = { piece.bytes, name_size };
    http_slice value = { piece.bytes + piece.size, 0 };
    size_t sizes[2] = { 0, 0 };
    if (equals) {
        value = (http_slice){ equals + 1, piece.size - name_size - 1 };
    }
    if (out->query_count == WEB_PARAMETERS_MAX || name_size == 0 ||
        !decode(name, true, "", text, &sizes[0]) ||
        !decode(value, true, "", text + sizes[0] + 1, &sizes[1])) {
        return false;
    }
    for (size_t i = 0; i < out->query_count; i++) {
        if (strcmp(out->query[i].name, text) == 0) {
            return false;
        }
    }
    out->query[out->query_count++] = (web_pair){ text, text + sizes[0] + 1 };
    *used = sizes[0] + 1 + sizes[1] + 1;
    return true;
}

static bool take_query(web_target *out, http_slice query)
{
    char *text = out->query_text;
    while (query.size > 0) {
        const char *mark = memchr(query.bytes, '&', query.size);
        http_slice piece = { query.bytes, mark ? (size_t)(mark - query.bytes) : query.size };
        size_t used = 0;
        size_t passed = piece.size + (mark ? 1 : 0);
        if (piece.size > 0 && !take_parameter(out, piece, text, &used)) {
            return false;
        }
        text += used;
        query.bytes += passed;
        query.size -= passed;
    }
    return true;
}

http_status web_target_parse(web_target *out, http_slice target)
{
    const char *question = memchr(target.bytes, '?', target.size);
    http_slice path = { target.bytes, question ? (size_t)(question - target.bytes) : target.size };
    size_t size = 0;
    out->query_count = 0;
    if (target.size > HTTP_TARGET_MAX) {
        return HTTP_URI_TOO_LONG;
    }
    /* A fragment never leaves a client, and a backslash is a slash for some. */
    if (path.size == 0 || path.bytes[0] != '/' || memchr(target.bytes, '#', target.size) ||
        !decode(path, false, "/\\", out->path, &size) || strchr(out->path, '\\') ||
        !has_good_parts(out->path)) {
        return HTTP_BAD_REQUEST;
    }
    if (question) {
        http_slice query = { question + 1, target.size - path.size - 1 };
        return take_query(out, query) ? HTTP_OK : HTTP_BAD_REQUEST;
    }
    return HTTP_OK;
}
