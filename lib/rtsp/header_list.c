/* SPDX-License-Identifier: Apache-2.0 */
#include "header_values.h"

#include <string.h>

bool svms_rtsp_cut(svms_text_piece *rest, char separator, svms_text_piece *piece)
{
    bool within = false;
    size_t size = 0;
    for (; size < rest->size; size++) {
        char c = rest->data[size];
        if (within && c == '\\') {
            size++;
        } else if (c == '"') {
            within = !within;
        } else if (c == separator && !within) {
            break;
        }
    }
    if (within || rest->size == 0) {
        return false;
    }
    *piece = svms_text_piece_trim((svms_text_piece){ rest->data, size });
    size_t used = size < rest->size ? size + 1 : size;
    rest->data += used;
    rest->size -= used;
    return true;
}

bool svms_rtsp_unquote(svms_text_piece *text)
{
    if (text->size == 0 || text->data[0] != '"') {
        return memchr(text->data, '"', text->size) == NULL;
    }
    size_t end = 1;
    while (end < text->size && text->data[end] != '"') {
        end += text->data[end] == '\\' ? 2 : 1;
    }
    if (end + 1 != text->size) {
        return false;
    }
    *text = (svms_text_piece){ text->data + 1, text->size - 2 };
    return true;
}

bool svms_rtsp_parameter(svms_text_piece text, svms_text_piece *name, svms_text_piece *value)
{
    *value = text;
    *name = svms_text_piece_cut(value, '=');
    *value = svms_text_piece_trim(*value);
    return svms_rtsp_unquote(value);
}

bool svms_rtsp_list_next(svms_text_piece *rest, svms_text_piece *element)
{
    while (svms_rtsp_cut(rest, ',', element)) {
        if (element->size > 0) {
            return true;
        }
    }
    return false;
}

bool svms_rtsp_list_has(svms_text_piece list, const char *name)
{
    svms_text_piece element;
    while (svms_rtsp_list_next(&list, &element)) {
        if (svms_text_piece_is(element, name)) {
            return true;
        }
    }
    return false;
}
