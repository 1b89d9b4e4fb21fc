/* SPDX-License-Identifier: Apache-2.0 */
/* svms update verify: whether a device would take an update. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "update_command.h"
#include "update_number.h"
#include "update_report.h"

#define COMMAND "update verify"

typedef struct verify_request {
    const char *path;
    const char *trust_path;
    const char *crl_path;
    const char *product;
    const char *hardware;
    const char *installed;
    const char *floor;
    bool allow_older;
    bool json;
    bool quiet;
} verify_request;

static const char *const refusals[] = {
    [SVMS_UPDATE_NOT_REFUSED] = NULL,    [SVMS_UPDATE_SIGNATURE] = "signature",
    [SVMS_UPDATE_SIGNER] = "signer",     [SVMS_UPDATE_PRODUCT] = "product",
    [SVMS_UPDATE_HARDWARE] = "hardware", [SVMS_UPDATE_ROLL_BACK] = "roll_back",
    [SVMS_UPDATE_OLDER] = "older",       [SVMS_UPDATE_TOO_EARLY] = "too_early",
    [SVMS_UPDATE_CHANGED] = "changed",
};

static svms_status take(void *user, uint32_t part, uint64_t offset, const void *data, size_t size)
{
    (void)user;
    (void)part;
    (void)offset;
    (void)data;
    (void)size;
    return SVMS_OK;
}

/* Without a device only who signed is judged; reading on, although he is not trusted, finds out
 * what it is that nobody should install. */
static void judge_signer(update_reading *reading)
{
    if (reading->status == SVMS_OK && !reading->info.trusted) {
        reading->status = SVMS_E_UNTRUSTED;
        reading->err.status = SVMS_E_UNTRUSTED;
        snprintf(reading->err.message, sizeof reading->err.message,
                 "the signer is not trusted in the role update");
    }
}

static json_t *verdict_to_json(const update_reading *reading)
{
    svms_update_refusal refusal = svms_update_reader_refusal(reading->reader);
    bool good = reading->status == SVMS_OK;
    if (refusal == SVMS_UPDATE_NOT_REFUSED && reading->status == SVMS_E_UNTRUSTED) {
        refusal = SVMS_UPDATE_SIGNER;
    }
    return json_pack("{s:o, s:b, s:o, s:o, s:o}", "file", json_text(reading->path), "accepted",
                     (int)good, "refusal", json_text(refusals[refusal]), "reason",
                     json_text(good ? NULL : reading->err.message), "update",
                     update_to_json(reading));
}

static exit_status show(const verify_request *request, const update_reading *reading)
{
    exit_status verdict = exit_status_of(reading->status);
    if (request->json) {
        exit_status status = json_print(verdict_to_json(reading));
        return status == EXIT_GOOD ? verdict : status;
    }
    if (reading->status != SVMS_OK) {
        return request->quiet ? verdict : complain_error(&reading->err, "%s", reading->path);
    }
    if (!request->quiet) {
        update_print(reading);
        print_line(stdout, "Verdict       %s",
                   request->product ? "the device takes it" : "signed by somebody who may");
    }
    return verdict;
}

static exit_status verify(const verify_request *request, svms_ctx *ctx,
                          svms_update_reader_options *device)
{
    svms_trust *trust = NULL;
    update_reading reading;
    memset(&reading, 0, sizeof reading);
    exit_status status = load_trust_and_crls(&trust, ctx, request->trust_path, request->crl_path);
    if (status == EXIT_GOOD) {
        device->trust = trust;
        status = update_read(&reading, ctx, request->path, device);
    }
    if (status == EXIT_GOOD) {
        judge_signer(&reading);
        status = show(request, &reading);
    }
    update_reading_free(&reading);
    svms_trust_free(&trust);
    return status;
}

static exit_status read_device(const verify_request *request, svms_update_reader_options *device)
{
    bool has_more = request->installed || request->floor || request->allow_older;
    device->data = take;
    device->product = request->product;
    device->hardware = request->hardware;
    device->version = request->installed;
    device->flags = request->allow_older ? SVMS_UPDATE_ALLOW_OLDER : 0;
    if (!request->product && !request->hardware && !has_more) {
        device->flags = SVMS_UPDATE_INSPECT;
        return EXIT_GOOD;
    }
    if (!request->product || !request->hardware) {
        return usage_error(COMMAND, "a device has a --product and a --hardware");
    }
    if (request->floor && !update_number_read(&device->floor, request->floor)) {
        return usage_error(COMMAND, "--floor takes a security counter, not '%s'", request->floor);
    }
    return EXIT_GOOD;
}

#define AT(field) offsetof(verify_request, field), NULL, 0, 0

static const option_spec options[] = {
    { "trust", "CA", "CA certificates that are trusted (PEM)", OPTION_TEXT, AT(trust_path) },
    { "crl", "FILE", "certificate revocation lists (PEM or DER)", OPTION_TEXT, AT(crl_path) },
    { "product", "NAME", "the device's product", OPTION_TEXT, AT(product) },
    { "hardware", "NAME", "the device's hardware", OPTION_TEXT, AT(hardware) },
    { "installed", "VERSION", "version that is installed", OPTION_TEXT, AT(installed) },
    { "floor", "COUNTER", "least security counter that the device takes (default: 0)", OPTION_TEXT,
      AT(floor) },
    { "allow-older", NULL, "the device takes versions below the installed one", OPTION_FLAG,
      AT(allow_older) },
    { "json", NULL, "print one JSON object", OPTION_FLAG, AT(json) },
    { "quiet", NULL, "print nothing; the exit status is the answer", OPTION_FLAG, AT(quiet) },
};

static const command_line line = { COMMAND,
                                   "FILE --trust CA [options]",
                                   "Says whether a device would take an update: who signed it, for "
                                   "what it is, whether it is older\nthan what is installed, and "
                                   "whether every byte is what was signed.",
                                   options,
                                   sizeof options / sizeof options[0],
                                   "FILE",
                                   offsetof(verify_request, path) };

exit_status command_update_verify(int count, char **arguments)
{
    verify_request request;
    svms_ctx *ctx = NULL;
    svms_update_reader_options device = SVMS_UPDATE_READER_OPTIONS_INIT;
    memset(&request, 0, sizeof request);
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (!request.path) {
        return usage_error(COMMAND, "the update must be named");
    }
    if (!request.trust_path) {
        return usage_error(COMMAND, "--trust is missing: whose updates does the device take?");
    }
    if (request.json && request.quiet) {
        return usage_error(COMMAND, "--json and --quiet contradict each other");
    }
    exit_status status = read_device(&request, &device);
    if (status == EXIT_GOOD) {
        status = make_context(&ctx);
    }
    if (status == EXIT_GOOD) {
        status = verify(&request, ctx, &device);
    }
    svms_ctx_free(&ctx);
    return status;
}
