/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an update is accepted (U-ACC). */
#include <string.h>

#include "failure.h"
#include "update_reader.h"
#include "update_version.h"

#include <svms/time.h>

static svms_status refuse(svms_update_reader *reader, svms_update_refusal why, svms_status status)
{
    reader->refusal = why;
    return status;
}

static svms_status check_signature(svms_update_reader *reader, const svms_iovec *chain,
                                   const svms_iovec *manifest, const svms_iovec *signature,
                                   svms_error *err)
{
    uint8_t object[SVMS_UPDATE_SIGNED_SIZE];
    svms_verify_engine *verifier = NULL;
    uint16_t algorithm = reader->front.algorithm;
    svms_status status = svms_update_signed(object, reader->ctx, algorithm, chain, manifest, err);
    if (status == SVMS_OK) {
        status =
            svms_verify_engine_new(&verifier, reader->ctx, svms_chain_leaf_key(reader->chain), err);
    }
    if (status == SVMS_OK) {
        status = svms_verify(verifier, algorithm, object, sizeof object, signature->data,
                             signature->size, err);
    }
    svms_verify_engine_free(&verifier);
    if (status == SVMS_E_NOT_AUTHENTIC) {
        return refuse(reader, SVMS_UPDATE_SIGNATURE,
                      svms_fail_at(err, status, SVMS_UPDATE_FRONT_SIZE,
                                   "the signature of the update does not fit (U-FIL-2)"));
    }
    return status;
}

/* When it was signed decides, and that is known only from the manifest: the one field that is read
 * before the signer is judged, out of bytes whose signature is good. */
static int64_t claimed_time(const svms_iovec *manifest)
{
    svms_cursor cursor = svms_cursor_over(manifest->data, manifest->size, 0);
    (void)svms_skip(&cursor, 2 + 2 + 8);
    int64_t utc_ns = svms_read_i64(&cursor);
    return cursor.failed || utc_ns == SVMS_NO_TIME ? 0 : utc_ns;
}

static svms_status check_signer(svms_update_reader *reader, const svms_iovec *manifest,
                                svms_error *err)
{
    svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
    bool inspects = reader->options.flags & SVMS_UPDATE_INSPECT;
    question.role = SVMS_ROLE_UPDATE;
    question.from_utc_ns = claimed_time(manifest);
    question.to_utc_ns = question.from_utc_ns;
    question.now_utc_ns = svms_utc_now(reader->ctx);
    svms_status status = svms_identity_check(reader->options.trust, reader->chain, &question,
                                             &reader->identity, err);
    reader->is_trusted = status == SVMS_OK;
    if (status == SVMS_E_UNTRUSTED && inspects) {
        return SVMS_OK;
    }
    return status == SVMS_E_UNTRUSTED ? refuse(reader, SVMS_UPDATE_SIGNER, status) : status;
}

static svms_status keep_manifest(svms_update_reader *reader, const svms_iovec *manifest,
                                 svms_error *err)
{
    uint64_t origin = (uint64_t)SVMS_UPDATE_FRONT_SIZE + reader->front.chain_size;
    svms_status status =
        svms_update_manifest_parse(&reader->manifest, manifest->data, manifest->size, origin, err);
    if (status == SVMS_OK) {
        status = svms_sha256(reader->ctx, manifest, 1, reader->manifest_sha256, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    reader->note = svms_alloc(reader->ctx, reader->manifest.note_size + 1);
    if (!reader->note) {
        return svms_fail_memory(err);
    }
    memcpy(reader->note, reader->manifest.note, reader->manifest.note_size);
    reader->is_known = true;
    return SVMS_OK;
}

static bool names_hardware(const svms_update_manifest *manifest, const char *hardware)
{
    for (uint32_t i = 0; i < manifest->hardware_count; i++) {
        if (strcmp(manifest->hardware[i], hardware) == 0) {
            return true;
        }
    }
    return false;
}

static svms_status check_version(svms_update_reader *reader, svms_error *err)
{
    const svms_update_manifest *manifest = &reader->manifest;
    const char *installed = reader->options.version;
    bool allows_older = reader->options.flags & SVMS_UPDATE_ALLOW_OLDER;
    if (!installed) {
        return SVMS_OK;
    }
    if (!allows_older && svms_version_compare(manifest->version, installed) < 0) {
        return refuse(reader, SVMS_UPDATE_OLDER,
                      svms_fail(err, SVMS_E_POLICY,
                                "the update brings version %s, and %s is installed (U-ACC-4)",
                                manifest->version, installed));
    }
    if (manifest->minimum[0] && svms_version_compare(installed, manifest->minimum) < 0) {
        return refuse(reader, SVMS_UPDATE_TOO_EARLY,
                      svms_fail(err, SVMS_E_POLICY,
                                "the update needs version %s to be installed first, and %s is "
                                "(U-ACC-5)",
                                manifest->minimum, installed));
    }
    return SVMS_OK;
}

static svms_status check_device(svms_update_reader *reader, svms_error *err)
{
    const svms_update_manifest *manifest = &reader->manifest;
    const svms_update_reader_options *device = &reader->options;
    if (device->flags & SVMS_UPDATE_INSPECT) {
        return SVMS_OK;
    }
    if (strcmp(manifest->product, device->product) != 0) {
        return refuse(reader, SVMS_UPDATE_PRODUCT,
                      svms_fail(err, SVMS_E_POLICY,
                                "the update is for the product '%s', and this is '%s' (U-ACC-2)",
                                manifest->product, device->product));
    }
    if (!names_hardware(manifest, device->hardware)) {
        return refuse(
            reader, SVMS_UPDATE_HARDWARE,
            svms_fail(err, SVMS_E_POLICY, "the update is for '%s'%s, and this is '%s' (U-ACC-2)",
                      manifest->hardware[0],
                      manifest->hardware_count > 1 ? " and other hardware" : "", device->hardware));
    }
    if (manifest->counter < device->floor) {
        return refuse(reader, SVMS_UPDATE_ROLL_BACK,
                      svms_fail(err, SVMS_E_POLICY,
                                "the update is a roll-back: its security counter is %llu, and "
                                "the device takes none below %llu (U-ACC-3)",
                                (unsigned long long)manifest->counter,
                                (unsigned long long)device->floor));
    }
    return check_version(reader, err);
}

static svms_status announce(svms_update_reader *reader, svms_error *err)
{
    svms_update_info info = SVMS_UPDATE_INFO_INIT;
    if (!reader->options.accepted || reader->options.flags & SVMS_UPDATE_INSPECT) {
        return SVMS_OK;
    }
    svms_update_fill(reader, &info);
    svms_status status = reader->options.accepted(reader->options.user, &info);
    return status == SVMS_OK ? status
                             : svms_fail(err, status, "the device did not take the update");
}

svms_status svms_update_judge(svms_update_reader *reader, svms_error *err)
{
    const uint8_t *bytes = reader->bytes.data;
    const svms_update_front *front = &reader->front;
    svms_iovec chain = { bytes, front->chain_size };
    svms_iovec manifest = { bytes + chain.size, front->manifest_size };
    svms_iovec signature = { bytes + chain.size + manifest.size, front->signature_size };
    svms_status status = svms_chain_from_wire(&reader->chain, reader->ctx, chain.data, chain.size,
                                              SVMS_UPDATE_FRONT_SIZE, err);
    if (status == SVMS_OK) {
        status = check_signature(reader, &chain, &manifest, &signature, err);
    }
    if (status == SVMS_OK) {
        status = check_signer(reader, &manifest, err);
    }
    if (status == SVMS_OK) {
        status = keep_manifest(reader, &manifest, err);
    }
    if (status == SVMS_OK) {
        status = check_device(reader, err);
    }
    return status == SVMS_OK ? announce(reader, err) : status;
}
