/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "server_internal.h"

static bool begins_with(svms_text_piece line, const char *text)
{
    svms_text_piece head = { line.data, strlen(text) };
    return line.size >= head.size && svms_text_piece_is(head, text);
}

static bool has_secure_profile(svms_text_piece line)
{
    while (line.size > 0) {
        svms_text_piece word = svms_text_piece_cut(&line, ' ');
        while (word.size > 0) {
            svms_text_piece part = svms_text_piece_cut(&word, '/');
            if (svms_text_piece_is(part, "SAVP") || svms_text_piece_is(part, "SAVPF")) {
                return true;
            }
        }
    }
    return false;
}

bool svms_server_body_has_keys(const char *body, size_t size)
{
    svms_text_piece rest = { body, size };
    while (rest.size > 0) {
        svms_text_piece line = svms_text_piece_cut(&rest, '\n');
        if (begins_with(line, "a=key-mgmt") || begins_with(line, "a=crypto") ||
            begins_with(line, "mikey") || (begins_with(line, "m=") && has_secure_profile(line))) {
            return true;
        }
    }
    return false;
}
