/* SPDX-License-Identifier: Apache-2.0 */
#include "record_way.h"

#include <stdlib.h>
#include <string.h>

#include "message.h"

#define NS_PER_SECOND INT64_C(1000000000)

const option_choice record_way_protections[] = { { "strong", SVMS_PROTECT_STRONG },
                                                 { "light", SVMS_PROTECT_LIGHT },
                                                 { "none", SVMS_PROTECT_NONE },
                                                 { NULL, 0 } };

const option_choice record_way_roles[] = { { "recorder", SVMS_ROLE_RECORDER },
                                           { "camera", SVMS_ROLE_CAMERA },
                                           { NULL, 0 } };

void record_way_init(record_way *way)
{
    memset(way, 0, sizeof *way);
    way->protection = SVMS_PROTECT_STRONG;
    way->role = SVMS_ROLE_RECORDER;
}

bool record_way_is_folder(const record_way *way)
{
    return way->rotate.count > 0 || way->goes_on;
}

/* "10m" or "1GiB": a container lasts so long, or becomes so large. */
static bool take_rotation(record_way *way, const char *text)
{
    static const struct {
        const char *unit;
        uint64_t scale;
        bool is_time;
    } units[] = {
        { "s", UINT64_C(1000000000), true },        { "m", 60 * UINT64_C(1000000000), true },
        { "h", 3600 * UINT64_C(1000000000), true }, { "d", 86400 * UINT64_C(1000000000), true },
        { "KiB", UINT64_C(1) << 10, false },        { "MiB", UINT64_C(1) << 20, false },
        { "GiB", UINT64_C(1) << 30, false },        { "TiB", UINT64_C(1) << 40, false }
    };
    char *end = NULL;
    size_t digits = strspn(text, "0123456789");
    unsigned long number = digits > 0 && digits < 7 ? strtoul(text, &end, 10) : 0;
    for (size_t i = 0; number > 0 && i < sizeof units / sizeof units[0]; i++) {
        uint64_t *target = units[i].is_time ? &way->rotate_ns : &way->rotate_bytes;
        if (strcmp(end, units[i].unit) == 0) {
            uint64_t smallest = units[i].is_time ? 1 : UINT64_C(65536);
            bool fits = number <= INT64_MAX / units[i].scale && *target == 0;
            *target = number * units[i].scale;
            return fits && *target >= smallest;
        }
    }
    return false;
}

/* "segment", "interval", "interval=SECONDS" or "none". */
static bool take_durability(record_way *way)
{
    static const char interval[] = "interval";
    const char *text = way->durability;
    size_t size = sizeof interval - 1;
    if (!text || strcmp(text, "segment") == 0) {
        way->durable = SVMS_DURABLE_SEGMENT;
        return true;
    }
    if (strcmp(text, "none") == 0) {
        way->durable = SVMS_DURABLE_NONE;
        return true;
    }
    way->durable = SVMS_DURABLE_INTERVAL;
    if (strncmp(text, interval, size) != 0 || text[size] == '\0') {
        return strcmp(text, interval) == 0;
    }
    const char *seconds = text + size + 1;
    size_t digits = strspn(seconds, "0123456789");
    if (text[size] != '=' || digits == 0 || digits > 4 || seconds[digits] != '\0') {
        return false;
    }
    way->durable_ns = strtoul(seconds, NULL, 10) * (uint64_t)NS_PER_SECOND;
    return way->durable_ns > 0;
}

static exit_status check_times(record_way *way, const char *command)
{
    for (size_t i = 0; i < way->rotate.count; i++) {
        if (!take_rotation(way, way->rotate.items[i])) {
            return usage_error(
                command,
                "--rotate is one time such as 10m (s, m, h, d), one size such as 1GiB "
                "(KiB, at least 64, to TiB), or both; not '%s'",
                way->rotate.items[i]);
        }
    }
    if (!take_durability(way)) {
        return usage_error(command,
                           "--durability is segment, interval, interval=SECONDS (1 to 9999) or "
                           "none, not '%s'",
                           way->durability);
    }
    if (way->unsigned_media && (way->sign_every > 1 || way->late_signatures)) {
        return usage_error(command, "--unsigned has no signatures that could wait");
    }
    if (!record_way_is_folder(way) && (way->head || way->json)) {
        return usage_error(command, "--head and --json belong to --rotate and --continue");
    }
    if (record_way_is_folder(way) && way->force) {
        return usage_error(command,
                           "--force replaces a file; nothing in a folder is ever replaced");
    }
    return EXIT_GOOD;
}

static exit_status check_contradictions(const record_way *way, const char *command)
{
    if (!way->output) {
        return usage_error(command, "--out is missing");
    }
    if (way->output[0] == '\0' || strcmp(way->output, "-") == 0) {
        return usage_error(command, "--out needs the name of a file");
    }
    if (!way->signer != !way->signer_key) {
        return usage_error(command, "--signer and --signer-key belong together");
    }
    if (way->unsigned_media && way->signer) {
        return usage_error(command, "--unsigned and --signer contradict each other");
    }
    if (way->people.password_file && way->people.password_prompt) {
        return usage_error(command, "--password-file and --password-prompt: only one is possible");
    }
    if (way->device && strlen(way->device) > SVMS_MAX_NAME_SIZE) {
        return usage_error(command, "--device is longer than %d bytes", SVMS_MAX_NAME_SIZE);
    }
    return camera_trust_check(&way->camera, command);
}

static exit_status refuse(const char *command, const char *words)
{
    complain("%s: refused: %s", command, words);
    return EXIT_POLICY;
}

exit_status record_way_check(record_way *way, const char *command)
{
    exit_status status = check_contradictions(way, command);
    if (status == EXIT_GOOD) {
        status = check_times(way, command);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    if (!way->signer && !way->unsigned_media) {
        return refuse(command, "nobody would sign; give --signer and --signer-key, or --unsigned "
                               "for a recording that never verifies as authentic");
    }
    if (way->protection != SVMS_PROTECT_NONE && recipient_options_are_empty(&way->people)) {
        return refuse(command, "nobody could ever open it; give --password-file, "
                               "--password-prompt, --recipient or --kek, or --protect none");
    }
    return EXIT_GOOD;
}
