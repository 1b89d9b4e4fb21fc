/* SPDX-License-Identifier: Apache-2.0 */
/* Messages as a whole: filling, wiping, base64 (MK-GEN, MK-WR-5). */
#include <string.h>

#include "base64.h"
#include "failure.h"
#include "mikey_internal.h"
#include "ntp.h"
#include "options.h"
#include "srtp_suite.h"

static bool form_takes(svms_mikey_form form, const svms_srtp_key *key)
{
    bool has_mki = key->mki_size > 0;
    return (form == SVMS_MIKEY_ONVIF && has_mki) ||
           (form == SVMS_MIKEY_JOINED && key->mki_size == 0);
}

static svms_status fill(svms_mikey *message, svms_ctx *ctx, svms_mikey_form form, svms_error *err)
{
    message->form = form;
    message->has_policy = 1;
    message->time = svms_ntp_from_utc(svms_utc_now(ctx));
    message->time_kind = message->time != 0 ? SVMS_MIKEY_TIME_NTP_UTC : SVMS_MIKEY_TIME_NONE;
    message->rand_size = SVMS_MIKEY_RAND_MIN;
    svms_status status = svms_random(ctx, &message->csb_id, sizeof message->csb_id, err);
    return status == SVMS_OK ? svms_random(ctx, message->rand, message->rand_size, err) : status;
}

svms_status svms_mikey_make(svms_mikey *out, svms_ctx *ctx, svms_mikey_form form,
                            const svms_srtp_key *key, svms_error *err)
{
    svms_mikey message = SVMS_MIKEY_INIT;
    if (!out || !ctx || !key) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_srtp_key_read(&message.key, key, err);
    if (status == SVMS_OK && !form_takes(form, &message.key)) {
        status = svms_fail(err, SVMS_E_USAGE, "an MKI that MIKEY of this form cannot carry");
    }
    if (status == SVMS_OK) {
        status = fill(&message, ctx, form, err);
    }
    if (status == SVMS_OK) {
        status = svms_result_write(out, &message, sizeof message, "svms_mikey", err);
    }
    svms_wipe(&message, sizeof message);
    return status;
}

svms_status svms_mikey_write_text(const svms_mikey *message, svms_ctx *ctx, char *text,
                                  size_t *size, svms_error *err)
{
    uint8_t data[SVMS_MIKEY_SIZE_MAX];
    size_t data_size = sizeof data;
    if (!message || !ctx || !text || !size) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_mikey_write(message, data, &data_size, err);
    if (status == SVMS_OK) {
        svms_builder base64 = svms_builder_new(ctx, SVMS_MIKEY_TEXT_SIZE);
        svms_put_base64_padded(&base64, data, data_size);
        status = svms_builder_hand_out(&base64, "the MIKEY message", text, size, err);
        svms_builder_clear(&base64);
    }
    svms_wipe(data, sizeof data);
    return status;
}

svms_status svms_mikey_read_text(svms_mikey *out, const char *text, size_t size,
                                 const svms_mikey *before, svms_error *err)
{
    uint8_t data[SVMS_MIKEY_SIZE_MAX];
    size_t data_size = sizeof data;
    if (!out || !text) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    if (size >= SVMS_MIKEY_TEXT_SIZE) {
        return svms_fail(err, SVMS_E_LIMIT, "a MIKEY message of more than %u bytes",
                         SVMS_MIKEY_SIZE_MAX);
    }
    svms_status status =
        svms_base64_padded_decode(text, size, data, &data_size)
            ? svms_mikey_read(out, data, data_size, before, err)
            : svms_fail(err, SVMS_E_MALFORMED, "the text of a MIKEY message is no base64");
    svms_wipe(data, sizeof data);
    return status;
}

void svms_mikey_wipe(svms_mikey *message)
{
    if (!message) {
        return;
    }
    uint32_t size = message->struct_size;
    bool shorter = size >= sizeof size && size < sizeof *message;
    svms_wipe(message, shorter ? size : sizeof *message);
    message->struct_size = size;
}
