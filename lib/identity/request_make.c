/* SPDX-License-Identifier: Apache-2.0 */
/* Making certificate requests (I-REQ-1 to I-REQ-5). */
#include "request_internal.h"

#include "failure.h"
#include "key_internal.h"
#include "options.h"
#include "role_profile.h"
#include "signed_der.h"

#define LABEL "CERTIFICATE REQUEST"

static svms_status check_options(const svms_request_options *options, svms_error *err)
{
    svms_status status = svms_check_common_name(options->common_name, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (options->role != SVMS_ROLE_NONE && !svms_role_profile_of(options->role)) {
        return svms_fail(err, SVMS_E_USAGE, "%d is no role", (int)options->role);
    }
    return svms_check_subject_hosts(options->names, options->name_count, err);
}

static void put_extensions(svms_builder *tbs, const svms_request_options *options)
{
    static const uint8_t identifier[] = SVMS_EXTENSION_REQUEST_OID;
    size_t attribute = svms_der_open(tbs, SVMS_DER_SEQUENCE);
    svms_der_put(tbs, SVMS_DER_OID, identifier, sizeof identifier);
    size_t set = svms_der_open(tbs, SVMS_DER_SET);
    size_t extensions = svms_der_open(tbs, SVMS_DER_SEQUENCE);
    if (options->role != SVMS_ROLE_NONE) {
        svms_put_purposes(tbs, options->role, false);
    }
    if (options->name_count > 0) {
        svms_put_subject_hosts(tbs, options->names, options->name_count);
    }
    svms_der_close(tbs, extensions);
    svms_der_close(tbs, set);
    svms_der_close(tbs, attribute);
}

static svms_status put_request_info(svms_builder *tbs, const svms_request_options *options,
                                    const svms_private_key *key, svms_error *err)
{
    size_t whole = svms_der_open(tbs, SVMS_DER_SEQUENCE);
    svms_der_put_number(tbs, 0);
    svms_put_common_name(tbs, options->common_name);
    svms_status status = svms_put_public_key(tbs, svms_private_key_public_evp(key), err);
    size_t attributes = svms_der_open(tbs, SVMS_DER_CONSTRUCTED(0));
    if (options->role != SVMS_ROLE_NONE || options->name_count > 0) {
        put_extensions(tbs, options);
    }
    svms_der_close(tbs, attributes);
    svms_der_close(tbs, whole);
    return status;
}

static svms_status make(svms_ctx *ctx, const svms_request_options *options,
                        const svms_private_key *key, char *out, size_t *size, svms_error *err)
{
    svms_signing signing;
    svms_builder tbs = svms_builder_new(ctx, SVMS_REQUEST_MAX);
    svms_status status = svms_signing_open(&signing, ctx, key, err);
    if (status == SVMS_OK) {
        status = put_request_info(&tbs, options, key, err);
    }
    if (status == SVMS_OK) {
        status = svms_hand_out_text(&signing, &tbs, LABEL, "the request", 0, out, size, err);
    }
    svms_builder_clear(&tbs);
    svms_signing_close(&signing);
    return status;
}

svms_status svms_request_create(svms_ctx *ctx, const svms_request_options *options,
                                const svms_private_key *key, char *out, size_t *size,
                                svms_error *err)
{
    if (!ctx || !options || !key || !size || (!out && *size > 0)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a request needs a context, options, a key and a buffer");
    }
    svms_request_options known = SVMS_REQUEST_OPTIONS_INIT;
    svms_status status =
        svms_options_read(&known, sizeof known, options, "svms_request_options", err);
    if (status == SVMS_OK) {
        status = check_options(&known, err);
    }
    return status == SVMS_OK ? make(ctx, &known, key, out, size, err) : status;
}
