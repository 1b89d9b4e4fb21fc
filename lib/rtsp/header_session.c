/* SPDX-License-Identifier: Apache-2.0 */
/* Session, and the lists of methods in Public and Allow. */
#include "header_values.h"

enum { SESSION_ID_MOST = 128 };

bool svms_rtsp_session_read(svms_rtsp_session *out, svms_text_piece text)
{
    out->timeout_s = 0;
    out->id = svms_text_piece_cut(&text, ';');
    for (size_t i = 0; i < out->id.size; i++) {
        if (out->id.data[i] <= ' ' || out->id.data[i] > '~') {
            return false;
        }
    }
    svms_text_piece parameter;
    while (svms_rtsp_cut(&text, ';', &parameter)) {
        svms_text_piece name;
        svms_text_piece value;
        uint32_t timeout = 0;
        /* A timeout that cannot be read is one that was not said. */
        if (svms_rtsp_parameter(parameter, &name, &value) && svms_text_piece_is(name, "timeout") &&
            svms_text_piece_number(value, UINT32_MAX, &timeout)) {
            out->timeout_s = timeout;
        }
    }
    return out->id.size > 0 && out->id.size <= SESSION_ID_MOST;
}

uint32_t svms_rtsp_methods_read(svms_text_piece text)
{
    uint32_t methods = 0;
    svms_text_piece name;
    while (svms_rtsp_list_next(&text, &name)) {
        svms_rtsp_method method = svms_rtsp_method_of(name);
        methods |= method == SVMS_RTSP_OTHER ? 0 : 1u << method;
    }
    return methods;
}

void svms_rtsp_put_methods(svms_builder *out, uint32_t methods)
{
    bool is_first = true;
    for (uint32_t i = 1; i < 32; i++) {
        const char *name = svms_rtsp_method_name((svms_rtsp_method)i);
        if (name && (methods >> i & 1) != 0) {
            svms_rtsp_put_text(out, is_first ? "" : ", ");
            svms_rtsp_put_text(out, name);
            is_first = false;
        }
    }
}
