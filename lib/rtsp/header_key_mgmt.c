/* SPDX-License-Identifier: Apache-2.0 */
/* KeyMgmt (RFC 4567 section 3.1). */
#include "header_values.h"

#include "base64.h"
#include "failure.h"

typedef struct entry {
    svms_text_piece protocol;
    svms_text_piece uri;
    svms_text_piece data;
} entry;

static bool read_entry(entry *out, svms_text_piece text)
{
    svms_text_piece parameter;
    *out = (entry){ { "", 0 }, { "", 0 }, { "", 0 } };
    while (svms_rtsp_cut(&text, ';', &parameter)) {
        svms_text_piece name;
        svms_text_piece value;
        if (!svms_rtsp_parameter(parameter, &name, &value)) {
            return false;
        }
        if (svms_text_piece_is(name, "prot")) {
            out->protocol = value;
        } else if (svms_text_piece_is(name, "uri")) {
            out->uri = value;
        } else if (svms_text_piece_is(name, "data")) {
            out->data = value;
        }
    }
    return text.size == 0 && out->protocol.size > 0;
}

static svms_status refuse(svms_error *err)
{
    return svms_fail(err, SVMS_E_MALFORMED, "a KeyMgmt header that cannot be read");
}

svms_status svms_rtsp_key_mgmt_read(uint8_t *mikey, size_t *size, svms_text_piece *uri,
                                    svms_text_piece text, svms_error *err)
{
    svms_text_piece element;
    while (svms_rtsp_list_next(&text, &element)) {
        entry found;
        if (!read_entry(&found, element)) {
            return refuse(err);
        }
        if (!svms_text_piece_is(found.protocol, "mikey")) {
            continue;
        }
        size_t needed = svms_base64_padded_size(found.data.data, found.data.size);
        if (needed != SIZE_MAX && needed > *size) {
            return svms_fail(err, SVMS_E_LIMIT, "a KeyMgmt header with more than %zu bytes", *size);
        }
        *uri = found.uri;
        bool holds = found.data.size > 0 &&
                     svms_base64_padded_decode(found.data.data, found.data.size, mikey, size);
        return holds ? SVMS_OK : refuse(err);
    }
    if (text.size > 0) {
        return refuse(err);
    }
    return svms_fail(err, SVMS_E_UNSUPPORTED, "a KeyMgmt header without MIKEY");
}

void svms_rtsp_put_key_mgmt(svms_builder *out, const char *uri, const uint8_t *mikey, size_t size)
{
    svms_rtsp_put_text(out, "prot=mikey;uri=\"");
    svms_rtsp_put_text(out, uri);
    svms_rtsp_put_text(out, "\";data=\"");
    svms_put_base64_padded(out, mikey, size);
    svms_put_u8(out, '"');
}
