/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of camera-signed video, mutated: a clip is signed, then each three bytes of the input
 * make one edit of it. Every access unit must be in exactly one report, whatever was done. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define UNITS 48u
#define UNIT_MAX 16384u
#define EDITS_MAX 24u
#define START INT64_C(1782864000000000000)
#define FRAME_NS INT64_C(40000000)
#define PEM_ROOM 16384u

typedef struct unit {
    uint8_t data[UNIT_MAX];
    size_t size;
} unit;

static unit original[UNITS];
static unit edited[UNITS * 2];

static void must(bool is_done)
{
    if (!is_done) {
        abort();
    }
}

static int64_t clock_of(void *user)
{
    (void)user;
    return START;
}

static svms_chain *make_chain(svms_ctx *ctx, svms_private_key *key)
{
    static char pem[PEM_ROOM];
    size_t size = sizeof pem;
    svms_chain *chain = NULL;
    svms_ca_options options = SVMS_CA_OPTIONS_INIT;
    svms_ca *ca = NULL;
    svms_private_key *root_key = NULL;
    svms_request *request = NULL;
    svms_request_options asked = SVMS_REQUEST_OPTIONS_INIT;
    svms_issue_options issued = SVMS_ISSUE_OPTIONS_INIT;
    options.common_name = "maker";
    options.not_before_utc_ns = issued.not_before_utc_ns = START - INT64_C(1000000000);
    options.not_after_utc_ns = issued.not_after_utc_ns = START + INT64_C(86400000000000);
    asked.common_name = "camera";
    issued.role = SVMS_ROLE_CAMERA;
    must(svms_private_key_generate(&root_key, ctx, NULL) == SVMS_OK);
    must(svms_ca_create(ctx, &options, root_key, NULL, pem, &size, NULL) == SVMS_OK);
    must(svms_chain_from_pem(&chain, ctx, pem, size, NULL) == SVMS_OK);
    must(svms_ca_open(&ca, ctx, chain, root_key, NULL) == SVMS_OK);
    size = sizeof pem;
    must(svms_request_create(ctx, &asked, key, pem, &size, NULL) == SVMS_OK);
    must(svms_request_parse(&request, ctx, pem, size, NULL) == SVMS_OK);
    size = sizeof pem;
    must(svms_ca_issue(ca, &issued, request, pem, &size, NULL) == SVMS_OK);
    svms_chain_free(&chain);
    must(svms_chain_from_pem(&chain, ctx, pem, size, NULL) == SVMS_OK);
    svms_request_free(&request);
    svms_ca_free(&ca);
    svms_private_key_free(&root_key);
    return chain;
}

/* GOPs of six frames with two slices each, every other one signed, parts of five NAL units. */
static void shoot(svms_ctx *ctx)
{
    svms_camera_signer_options options = SVMS_CAMERA_SIGNER_OPTIONS_INIT;
    svms_camera_signer *signer = NULL;
    svms_private_key *key = NULL;
    must(svms_private_key_generate(&key, ctx, NULL) == SVMS_OK);
    svms_chain *chain = make_chain(ctx, key);
    options.chain = chain;
    options.key = key;
    options.sign_every = 2;
    options.copies = 2;
    options.part_nal_units = 10;
    must(svms_camera_signer_new(&signer, ctx, &options, NULL) == SVMS_OK);
    for (unsigned i = 0; i < UNITS; i++) {
        uint8_t type = i % 6 == 0 ? 0x65 : 0x41;
        uint8_t in[] = { 0, 0, 0, 5, type, 0x88, (uint8_t)i, 1, 0x80,
                         0, 0, 0, 5, type, 0x11, (uint8_t)i, 2, 0x80 };
        const void *out = NULL;
        size_t size = 0;
        must(svms_camera_signer_add(signer, in, sizeof in, START + i * FRAME_NS, &out, &size,
                                    NULL) == SVMS_OK);
        must(size <= UNIT_MAX);
        memcpy(original[i].data, out, size);
        original[i].size = size;
    }
    svms_camera_signer_free(&signer);
    svms_chain_free(&chain);
    svms_private_key_free(&key);
}

static size_t edit(size_t count, const uint8_t step[3])
{
    size_t at = step[1] % count;
    size_t other = step[2] % count;
    unit *one = &edited[at];
    switch (step[0] % 6) {
    case 0: /* drop */
        memmove(one, one + 1, (count - 1 - at) * sizeof *one);
        return count - 1;
    case 1: { /* swap */
        static unit kept;
        kept = *one;
        *one = edited[other];
        edited[other] = kept;
        return count;
    }
    case 2: /* repeat */
        if (count < UNITS * 2) {
            edited[count] = *one;
            return count + 1;
        }
        return count;
    case 3: /* replace */
        *one = edited[other];
        return count;
    case 4: /* cut short */
        one->size = one->size * step[2] / 256;
        return count;
    default: /* change a byte */
        if (one->size > 0) {
            one->data[(size_t)step[2] * one->size / 256] ^= (uint8_t)(step[0] | 1u);
        }
        return count;
    }
}

static uint64_t take_reports(svms_camera_validator *validator, uint64_t frames)
{
    svms_camera_gop gop = SVMS_CAMERA_GOP_INIT;
    while (svms_camera_validator_next(validator, &gop, NULL) == SVMS_OK) {
        must(gop.first_frame == frames && gop.verdict != SVMS_CAMERA_PENDING);
        frames += gop.frame_count;
    }
    return frames;
}

static void validate(svms_ctx *ctx, size_t count)
{
    svms_camera_validator_options options = SVMS_CAMERA_VALIDATOR_OPTIONS_INIT;
    svms_camera_validator *validator = NULL;
    uint64_t frames = 0;
    options.waiting_max = 64;
    must(svms_camera_validator_new(&validator, ctx, &options, NULL) == SVMS_OK);
    for (size_t i = 0; i < count; i++) {
        svms_status status =
            svms_camera_validator_add(validator, edited[i].data, edited[i].size, START, NULL);
        must(status == SVMS_OK || status == SVMS_E_MALFORMED || status == SVMS_E_TRUNCATED);
        frames = take_reports(validator, frames);
    }
    must(svms_camera_validator_end(validator, NULL) == SVMS_OK);
    must(take_reports(validator, frames) == count);
    svms_camera_validator_free(&validator);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    svms_ctx *ctx = NULL;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.utc_now = clock_of;
    must(svms_ctx_new(&ctx, &options, NULL) == SVMS_OK);
    if (original[0].size == 0) {
        shoot(ctx);
    }
    size_t count = UNITS;
    memcpy(edited, original, sizeof original);
    for (size_t at = 0; at + 3 <= size && at < 3 * EDITS_MAX && count > 1; at += 3) {
        count = edit(count, data + at);
    }
    validate(ctx, count);
    svms_ctx_free(&ctx);
    return 0;
}
