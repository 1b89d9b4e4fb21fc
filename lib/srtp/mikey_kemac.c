/* SPDX-License-Identifier: Apache-2.0 */
/* The key of a MIKEY message (RFC 3830 sections 6.2 and 6.13; MK-KEY). */
#include "failure.h"
#include "mikey_internal.h"

enum { NULL_ENCRYPTION = 0, NULL_MAC = 0 };

static svms_status read_validity(svms_mikey_key_data *out, svms_cursor *cursor, unsigned validity,
                                 svms_error *err)
{
    if (validity == SVMS_MIKEY_VALID_ALWAYS) {
        return SVMS_OK;
    }
    if (validity != SVMS_MIKEY_VALID_SPI) {
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, out->offset,
                            "MIKEY: a key whose validity is no MKI is not supported");
    }
    uint64_t offset = svms_cursor_offset(cursor);
    out->mki_size = svms_read_u8(cursor);
    out->mki = svms_read_bytes(cursor, out->mki_size);
    svms_status status = svms_mikey_whole(cursor, "the MKI", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (out->mki_size == 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset, "MIKEY: an MKI without bytes");
    }
    if (out->mki_size > SVMS_SRTP_MKI_MAX) {
        return svms_fail_at(err, SVMS_E_LIMIT, offset, "MIKEY: an MKI of more than %d bytes",
                            SVMS_SRTP_MKI_MAX);
    }
    return SVMS_OK;
}

static svms_status read_key_data(svms_mikey_key_data *out, svms_cursor *cursor, svms_error *err)
{
    out->offset = svms_cursor_offset(cursor);
    unsigned next = svms_read_u8(cursor);
    unsigned kinds = svms_read_u8(cursor);
    unsigned type = kinds >> 4;
    out->tek_size = svms_read_u16(cursor);
    out->tek = svms_read_bytes(cursor, out->tek_size);
    svms_status status = svms_mikey_whole(cursor, "the key", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (type != SVMS_MIKEY_TEK && type != SVMS_MIKEY_TEK_SALT) {
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, out->offset,
                            "MIKEY: a key of type %u is not supported, only TEK", type);
    }
    if (type == SVMS_MIKEY_TEK_SALT) {
        out->salt_size = svms_read_u16(cursor);
        out->salt = svms_read_bytes(cursor, out->salt_size);
        status = svms_mikey_whole(cursor, "the salt", err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    status = read_validity(out, cursor, kinds & 0x0Fu, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (next == SVMS_MIKEY_KEY_DATA) {
        return svms_fail_at(err, SVMS_E_LIMIT, svms_cursor_offset(cursor),
                            "MIKEY: more than one key in a message");
    }
    if (next != SVMS_MIKEY_LAST || !svms_cursor_at_end(cursor)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, svms_cursor_offset(cursor),
                            "MIKEY: something that is no key stands among the keys");
    }
    return SVMS_OK;
}

svms_status svms_mikey_read_kemac(svms_mikey_key_data *out, svms_cursor *cursor, svms_error *err)
{
    uint64_t offset = svms_cursor_offset(cursor);
    unsigned encryption = svms_read_u8(cursor);
    svms_cursor keys = svms_read_sub(cursor, svms_read_u16(cursor));
    unsigned mac = svms_read_u8(cursor);
    svms_status status = svms_mikey_whole(cursor, "the key transport", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (encryption != NULL_ENCRYPTION || mac != NULL_MAC) {
        return svms_fail_at(
            err, SVMS_E_UNSUPPORTED, offset,
            "MIKEY: a key that is encrypted or authenticated by MIKEY is not supported");
    }
    return read_key_data(out, &keys, err);
}
