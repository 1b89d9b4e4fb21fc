/* SPDX-License-Identifier: Apache-2.0 */
#include "server_path.h"

#include <string.h>

#include "failure.h"

static void skip(svms_text_piece *rest, size_t size)
{
    rest->data += size;
    rest->size -= size;
}

static bool take_scheme(svms_text_piece *rest)
{
    svms_text_piece scheme = svms_text_piece_cut(rest, ':');
    bool known = svms_text_piece_is(scheme, "rtsp") || svms_text_piece_is(scheme, "rtsps");
    if (!known || rest->size < 2 || rest->data[0] != '/' || rest->data[1] != '/') {
        return false;
    }
    skip(rest, 2);
    return true;
}

/* Up to the path. It is not compared with anything: behind NAT nobody knows his own name. */
static bool take_authority(svms_text_piece *rest)
{
    size_t size = 0;
    while (rest->size > 0 && rest->data[0] != '/' && rest->data[0] != '?') {
        if (rest->data[0] == '@') {
            return false;
        }
        size++;
        skip(rest, 1);
    }
    return size > 0;
}

static bool is_printable(svms_text_piece text)
{
    for (size_t i = 0; i < text.size; i++) {
        /* What no URL has unescaped (RFC 3986 section 2): it is quoted as it stands in answers. */
        if (text.data[i] <= ' ' || text.data[i] > '~' || strchr("#\"\\<>^`{|}", text.data[i])) {
            return false;
        }
    }
    return true;
}

static bool take_character(svms_text_piece *rest, char *out)
{
    uint8_t c = (uint8_t)rest->data[0];
    size_t one = 1;
    if (c != '%') {
        *out = (char)c;
        skip(rest, 1);
        return true;
    }
    svms_text_piece digits = { rest->data + 1, 2 };
    if (rest->size < 3 || !svms_text_piece_hex(digits, &c, &one) || c < 0x20 || c == 0x7F ||
        c == '/') {
        return false;
    }
    *out = (char)c;
    skip(rest, 3);
    return true;
}

static bool segment_is_good(const char *segment, size_t size)
{
    bool is_dots =
        (size == 1 && segment[0] == '.') || (size == 2 && segment[0] == '.' && segment[1] == '.');
    return size > 0 && !is_dots;
}

/* text begins with a slash, or is empty. */
static bool decode(svms_server_path *out, svms_text_piece text)
{
    size_t size = 0;
    while (text.size > 0) {
        skip(&text, 1);
        if (text.size == 0) {
            break;
        }
        out->path[size++] = '/';
        size_t start = size;
        while (text.size > 0 && text.data[0] != '/') {
            if (!take_character(&text, &out->path[size++])) {
                return false;
            }
        }
        if (!segment_is_good(out->path + start, size - start)) {
            return false;
        }
    }
    if (size == 0) {
        out->path[size++] = '/';
    }
    out->path[size] = '\0';
    out->path_size = size;
    return true;
}

svms_status svms_server_path_read(svms_server_path *out, svms_text_piece url, svms_error *err)
{
    svms_text_piece rest = url;
    bool good = url.size + 2 < SVMS_RTSP_URL_SIZE && is_printable(url) && take_scheme(&rest) &&
                take_authority(&rest);
    if (good) {
        svms_text_piece path = svms_text_piece_cut(&rest, '?');
        memcpy(out->query, rest.data, rest.size);
        out->query[rest.size] = '\0';
        good = decode(out, path);
    }
    return good ? SVMS_OK : svms_fail(err, SVMS_E_MALFORMED, "the URL is none of this server's");
}

size_t svms_server_path_last(const svms_server_path *path)
{
    const char *slash = strrchr(path->path, '/');
    return slash && slash[1] != '\0' ? (size_t)(slash - path->path) + 1 : 0;
}

bool svms_server_path_is_track(const svms_server_path *path, const char *presentation,
                               const char *control)
{
    size_t last = svms_server_path_last(path);
    size_t size = last > 1 ? last - 1 : 1; /* of what is before: "/" stays */
    return last > 0 && strcmp(path->path + last, control) == 0 && strlen(presentation) == size &&
           memcmp(path->path, presentation, size) == 0;
}
