/* SPDX-License-Identifier: Apache-2.0 */
/* svms camsign sign: sign a clear video as a camera does. */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "camsign_command.h"
#include "camsign_copy.h"
#include "interrupt.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"

#define COMMAND "camsign sign"
#define NS_PER_SECOND INT64_C(1000000000)

typedef struct sign_request {
    const char *path;
    const char *out_path;
    const char *chain_path;
    const char *key_path;
    const char *user_chain_path;
    const char *user_key_path;
    const char *firmware;
    const char *serial;
    const char *manufacturer;
    int64_t start_utc_ns;
    uint32_t every;
    uint32_t copies;
    uint32_t part_nal_units;
    uint32_t part_ms;
    bool low_bit_rate;
    bool certificate_sei;
    bool hash_escaped;
    bool json;
} sign_request;

typedef struct signing {
    const sign_request *request;
    svms_ctx *ctx;
    svms_chain *chain;
    svms_private_key *key;
    svms_chain *user_chain;
    svms_private_key *user_key;
    camsign_copy *copy;
} signing;

static exit_status load_keys(signing *self)
{
    const sign_request *request = self->request;
    exit_status status = load_chain(&self->chain, self->ctx, request->chain_path);
    if (status == EXIT_GOOD) {
        status = load_private_key(&self->key, self->ctx, request->key_path);
    }
    if (status == EXIT_GOOD && request->user_chain_path) {
        status = load_chain(&self->user_chain, self->ctx, request->user_chain_path);
    }
    if (status == EXIT_GOOD && request->user_key_path) {
        status = load_private_key(&self->user_key, self->ctx, request->user_key_path);
    }
    return status;
}

static svms_camera_signer_options options_of(const signing *self)
{
    const sign_request *request = self->request;
    svms_camera_signer_options options = SVMS_CAMERA_SIGNER_OPTIONS_INIT;
    options.flags = (request->low_bit_rate ? SVMS_CAMERA_LOW_BIT_RATE : 0) |
                    (request->certificate_sei ? SVMS_CAMERA_CERTIFICATE_SEI : 0) |
                    (request->hash_escaped ? SVMS_CAMERA_HASH_ESCAPED : 0);
    options.sign_every = request->every;
    options.copies = request->copies;
    options.part_nal_units = request->part_nal_units;
    options.part_ms = request->part_ms;
    options.chain = self->chain;
    options.key = self->key;
    options.user_chain = self->user_chain;
    options.user_key = self->user_key;
    options.firmware = request->firmware;
    options.serial = request->serial;
    options.manufacturer = request->manufacturer;
    return options;
}

static int64_t utc_now(void)
{
    struct timespec now = { 0, 0 };
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static exit_status show(const signing *self)
{
    const sign_request *request = self->request;
    uint64_t frames = camsign_copy_frames(self->copy);
    if (request->json) {
        return json_print(json_pack(
            "{s:o, s:o, s:I, s:o}", "file", json_text(request->out_path), "input",
            json_text(request->path), "frames", (json_int_t)frames, "signer",
            json_text(svms_chain_subject(self->user_chain ? self->user_chain : self->chain))));
    }
    print_line(stdout, "Signed        %s", request->out_path);
    print_line(stdout, "Frames        %" PRIu64, frames);
    print_line(stdout, "Camera        %s",
               svms_chain_subject(self->user_chain ? self->user_chain : self->chain));
    return EXIT_GOOD;
}

static exit_status sign(signing *self)
{
    const sign_request *request = self->request;
    int64_t start = request->start_utc_ns == SVMS_NO_TIME ? utc_now() : request->start_utc_ns;
    exit_status status = make_context(&self->ctx);
    if (status == EXIT_GOOD) {
        status = load_keys(self);
    }
    if (status == EXIT_GOOD) {
        const svms_camera_signer_options options = options_of(self);
        status = camsign_copy_open(&self->copy, self->ctx, request->path, request->out_path,
                                   &options, start);
    }
    if (status == EXIT_GOOD) {
        interrupt_watch();
        status = camsign_copy_run(self->copy);
    }
    if (status == EXIT_GOOD) {
        status = show(self);
    }
    camsign_copy_close(&self->copy);
    svms_private_key_free(&self->user_key);
    svms_chain_free(&self->user_chain);
    svms_private_key_free(&self->key);
    svms_chain_free(&self->chain);
    svms_ctx_free(&self->ctx);
    return status;
}

#define AT(field) offsetof(sign_request, field), NULL, 0, 0
#define COUNT(field, least, most) offsetof(sign_request, field), NULL, least, most

static const option_spec options[] = {
    { "out", "FILE", "the signed video: .mp4, .mkv, .h264 or .h265; never replaces a file",
      OPTION_TEXT, AT(out_path) },
    { "chain", "PEM", "certificates of the camera, leaf first, role camera", OPTION_TEXT,
      AT(chain_path) },
    { "key", "KEY", "private key of the camera (PEM)", OPTION_TEXT, AT(key_path) },
    { "user-chain", "PEM", "certificates of a key that its user gave the camera", OPTION_TEXT,
      AT(user_chain_path) },
    { "user-key", "KEY", "that key (PEM), which signs the pictures then", OPTION_TEXT,
      AT(user_key_path) },
    { "low-bit-rate", NULL, "no lists of hashes: what was changed is told by groups of pictures",
      OPTION_FLAG, AT(low_bit_rate) },
    { "every", "N", "groups of pictures to one signature, 1 to 255; default 1", OPTION_COUNT,
      COUNT(every, 1, 255) },
    { "copies", "N", "how often each signature is sent, 1 to 3; default 1", OPTION_COUNT,
      COUNT(copies, 1, 3) },
    { "part-nal-units", "N", "sign after so many NAL units, 1 to 50000; default 1000", OPTION_COUNT,
      COUNT(part_nal_units, 1, 50000) },
    { "part-ms", "N", "sign after so many milliseconds, 1 to 3600000; default 5000", OPTION_COUNT,
      COUNT(part_ms, 1, 3600000) },
    { "certificate-sei", NULL, "certificates once at the beginning, not with each signature",
      OPTION_FLAG, AT(certificate_sei) },
    { "hash-escaped", NULL, "hash with emulation prevention, as some cameras do", OPTION_FLAG,
      AT(hash_escaped) },
    { "firmware", "TEXT", "version of the firmware, as the camera says it", OPTION_TEXT,
      AT(firmware) },
    { "serial", "TEXT", "its serial number", OPTION_TEXT, AT(serial) },
    { "manufacturer", "TEXT", "who made it", OPTION_TEXT, AT(manufacturer) },
    { "start", "T", "when the first picture was captured (RFC 3339); default: now", OPTION_TIME,
      AT(start_utc_ns) },
    { "json", NULL, "print one JSON object", OPTION_FLAG, AT(json) },
};

static const command_line line = {
    COMMAND,
    "INPUT --out FILE --chain PEM --key KEY [options]",
    "Signs the first H.264 or H.265 video of a clear file as a camera does (ONVIF Media Signing).\n"
    "Nothing is encoded anew; other tracks are kept as they are.",
    options,
    sizeof options / sizeof options[0],
    "INPUT",
    offsetof(sign_request, path)
};

static exit_status check(const sign_request *request)
{
    const typed_inputs typed = { &line, request, false };
    if (!request->out_path) {
        return usage_error(COMMAND, "--out is missing");
    }
    if (!request->chain_path || !request->key_path) {
        return usage_error(COMMAND, "--chain and --key are needed: nobody would sign");
    }
    if (!request->user_chain_path != !request->user_key_path) {
        return usage_error(COMMAND, "--user-chain and --user-key belong together");
    }
    return options_check_not_input(&typed, request->out_path);
}

exit_status command_camsign_sign(int count, char **arguments)
{
    sign_request request;
    signing self;
    memset(&request, 0, sizeof request);
    memset(&self, 0, sizeof self);
    request.start_utc_ns = SVMS_NO_TIME;
    self.request = &request;
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    exit_status status = check(&request);
    return status == EXIT_GOOD ? sign(&self) : status;
}
