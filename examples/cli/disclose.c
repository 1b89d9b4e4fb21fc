/* SPDX-License-Identifier: Apache-2.0 */
/* svms keys: secrets that open a range of a recording and nothing else, to be handed over. */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#include "command.h"
#include "file.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "progress.h"
#include "recording.h"

typedef struct disclose_request {
    const char *path;
    const char *output;
    typed_inputs typed;
    const char *trust_path;
    key_options keys;
    text_list tracks;
    int64_t from_utc_ns;
    int64_t to_utc_ns;
    bool claimed_time;
} disclose_request;

typedef struct show_request {
    const char *path;
    bool json;
} show_request;

typedef struct time_text {
    char text[SVMS_TIME_TEXT_SIZE];
} time_text;

static time_text time_of(int64_t utc_ns)
{
    time_text time = { { 0 } };
    svms_time_format(utc_ns, time.text);
    return time;
}

typedef struct track_text {
    char text[4 * SVMS_MAX_TRACKS + 16];
} track_text;

/* "track 0", "tracks 0, 1, 5" */
static track_text tracks_of(uint32_t mask)
{
    track_text words = { "" };
    bool several = (mask & (mask - 1)) != 0;
    size_t used = (size_t)snprintf(words.text, sizeof words.text, "track%s", several ? "s" : "");
    const char *separator = " ";
    for (uint32_t i = 0; i < SVMS_MAX_TRACKS; i++) {
        if ((mask & (UINT32_C(1) << i)) != 0) {
            used += (size_t)snprintf(words.text + used, sizeof words.text - used, "%s%" PRIu32,
                                     separator, i);
            separator = ", ";
        }
    }
    return words;
}

static bool read_tracks(const text_list *list, uint32_t *mask)
{
    *mask = 0;
    for (size_t i = 0; i < list->count; i++) {
        const char *item = list->items[i];
        char *end = NULL;
        unsigned long number = strtoul(item, &end, 10);
        if (item[0] < '0' || item[0] > '9' || *end != '\0' || number >= SVMS_MAX_TRACKS) {
            usage_error("keys disclose", "--track is a number from 0 to %d, not '%s'",
                        SVMS_MAX_TRACKS - 1, item);
            return false;
        }
        *mask |= UINT32_C(1) << number;
    }
    return true;
}

static int on_progress(void *user, uint64_t done, uint64_t total)
{
    progress_show(user, done, total, "verifying");
    return 0;
}

static exit_status write_keys(const char *path, const svms_disclosure *disclosure)
{
    size_t size = 0;
    const uint8_t *data = svms_disclosure_data(disclosure, &size);
    const new_file file = { path, 0600, (const char *)data, size };
    return file_write(&file, 1, false);
}

static void say_what_was_disclosed(const disclose_request *request,
                                   const svms_disclosure *disclosure)
{
    svms_disclosure_info info = SVMS_DISCLOSURE_INFO_INIT;
    if (svms_disclosure_get_info(disclosure, &info, NULL) != SVMS_OK) {
        return;
    }
    print_line(stdout, "%s opens %s of segments %" PRIu64 " to %" PRIu64 ", %s to %s",
               request->output, tracks_of(info.track_mask).text, info.first_segment,
               info.last_segment, time_of(info.first_utc_ns).text, time_of(info.last_utc_ns).text);
    if (info.last_utc_ns < request->to_utc_ns) {
        complain("note: nothing signed reaches from there to %s", time_of(request->to_utc_ns).text);
    }
}

static exit_status make(const disclose_request *request, svms_ctx *ctx, const recording *file,
                        const svms_trust *trust, const key_set *keys)
{
    svms_disclosure_options options = SVMS_DISCLOSURE_OPTIONS_INIT;
    svms_disclosure *disclosure = NULL;
    svms_error err = SVMS_ERROR_INIT;
    progress bar;
    options.keys = keys->ring;
    options.trust = trust;
    options.time_policy = request->claimed_time ? SVMS_TIME_CLAIMED : SVMS_TIME_ATTESTED;
    options.from_utc_ns = request->from_utc_ns;
    options.to_utc_ns = request->to_utc_ns;
    options.user = &bar;
    options.progress = on_progress;
    if (!read_tracks(&request->tracks, &options.track_mask)) {
        return EXIT_USAGE;
    }
    progress_begin(&bar);
    svms_status made = svms_disclosure_make(&disclosure, ctx, &file->source, &options, &err);
    progress_clear(&bar);
    if (made != SVMS_OK) {
        return complain_error(&err, "nothing was disclosed of %s", file->path);
    }
    exit_status status = write_keys(request->output, disclosure);
    if (status == EXIT_GOOD) {
        say_what_was_disclosed(request, disclosure);
    }
    svms_disclosure_free(&disclosure);
    return status;
}

static exit_status check_output(const disclose_request *request)
{
    exit_status status = options_check_not_input(&request->typed, request->output);
    if (status == EXIT_GOOD && file_exists(request->output)) {
        complain("%s exists; a file of secrets is never replaced", request->output);
        status = EXIT_ENVIRONMENT;
    }
    return status;
}

static exit_status disclose(const disclose_request *request)
{
    svms_ctx *ctx = NULL;
    svms_trust *trust = NULL;
    recording file = { NULL, SVMS_SOURCE_INIT };
    key_set keys = KEY_SET_INIT;
    exit_status status = make_context(&ctx);
    if (status == EXIT_GOOD) {
        status = check_output(request);
    }
    if (status == EXIT_GOOD) {
        status = recording_open(&file, ctx, request->path);
    }
    if (status == EXIT_GOOD && request->trust_path) {
        status = load_trust(&trust, ctx, request->trust_path);
    }
    if (status == EXIT_GOOD) {
        status = key_set_require(&keys, ctx, &request->keys, "keys disclose");
    }
    if (status == EXIT_GOOD) {
        status = make(request, ctx, &file, trust, &keys);
    }
    key_set_free(&keys);
    recording_close(&file);
    svms_trust_free(&trust);
    svms_ctx_free(&ctx);
    return status;
}

static exit_status print_json(const char *path, const svms_disclosure_info *info)
{
    json_t *tracks = json_array();
    for (uint32_t i = 0; tracks && i < SVMS_MAX_TRACKS; i++) {
        if ((info->track_mask & (UINT32_C(1) << i)) != 0 &&
            json_array_append_new(tracks, json_integer(i)) != 0) {
            json_decref(tracks);
            tracks = NULL;
        }
    }
    return json_print(
        json_pack("{s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:o}", "file", json_text(path),
                  "container_id", json_hex(info->container_id, sizeof info->container_id),
                  "header_digest", json_hex(info->header_digest, sizeof info->header_digest),
                  "secrets", (json_int_t)info->entries, "segments", (json_int_t)info->segments,
                  "first_segment", (json_int_t)info->first_segment, "last_segment",
                  (json_int_t)info->last_segment, "tracks", tracks));
}

static void print_hex(const char *label, const uint8_t *bytes, size_t size)
{
    char text[65] = "";
    for (size_t i = 0; i < size && i < 32; i++) {
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    }
    print_line(stdout, "%s%s", label, text);
}

static exit_status print_text(const char *path, const svms_disclosure_info *info)
{
    print_line(stdout, "Keys          %s", path);
    print_hex("Container     ", info->container_id, sizeof info->container_id);
    print_hex("Header        ", info->header_digest, sizeof info->header_digest);
    print_line(stdout, "Opens         %s", tracks_of(info->track_mask).text);
    print_line(stdout,
               "              of segments %" PRIu64 " to %" PRIu64 " (%" PRIu32
               " segments, %" PRIu32 " secrets)",
               info->first_segment, info->last_segment, info->segments, info->entries);
    return EXIT_GOOD;
}

static exit_status show(const show_request *request)
{
    svms_ctx *ctx = NULL;
    svms_disclosure *disclosure = NULL;
    svms_disclosure_info info = SVMS_DISCLOSURE_INFO_INIT;
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = make_context(&ctx);
    if (status == EXIT_GOOD) {
        status = load_disclosure(&disclosure, ctx, request->path);
    }
    if (status == EXIT_GOOD && svms_disclosure_get_info(disclosure, &info, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot describe %s", request->path);
    }
    if (status == EXIT_GOOD) {
        status =
            request->json ? print_json(request->path, &info) : print_text(request->path, &info);
    }
    svms_disclosure_free(&disclosure);
    svms_ctx_free(&ctx);
    return status;
}

static const option_spec disclose_options[] = {
    { "out", "KEYS", "the file of secrets to write, mode 0600; nothing is ever replaced",
      OPTION_TEXT, offsetof(disclose_request, output), NULL, 0, 0 },
    { "from", "T", "begin with the segment that holds T (RFC 3339)", OPTION_TIME,
      offsetof(disclose_request, from_utc_ns), NULL, 0, 0 },
    { "to", "T", "end with the segment that holds the moment before T", OPTION_TIME,
      offsetof(disclose_request, to_utc_ns), NULL, 0, 0 },
    { "track", "N", "only this track; may be repeated; default: every encrypted one", OPTION_LIST,
      offsetof(disclose_request, tracks), NULL, 0, 0 },
    { "password-file", "FILE", "password that opens the recording: first line of FILE", OPTION_TEXT,
      offsetof(disclose_request, keys.password_file), NULL, 0, 0 },
    { "password-prompt", NULL, "ask for the password on the terminal", OPTION_FLAG,
      offsetof(disclose_request, keys.password_prompt), NULL, 0, 0 },
    { "identity", "KEY", "private key that opens the recording (PEM)", OPTION_TEXT,
      offsetof(disclose_request, keys.identity), NULL, 0, 0 },
    { "kek", "FILE", "key-encryption key that opens the recording", OPTION_TEXT,
      offsetof(disclose_request, keys.kek), NULL, 0, 0 },
    { "keys", "KEYS", "hand on a part of what was disclosed in KEYS", OPTION_TEXT,
      offsetof(disclose_request, keys.disclosure), NULL, 0, 0 },
    { "trust", "CA", "also check the signer against these CA certificates (PEM)", OPTION_TEXT,
      offsetof(disclose_request, trust_path), NULL, 0, 0 },
    { "accept-claimed-time", NULL,
      "believe the signer's clock when its certificate has expired since", OPTION_FLAG,
      offsetof(disclose_request, claimed_time), NULL, 0, 0 },
};

static const command_line disclose_line = {
    "keys disclose",
    "FILE --from T --to T --out KEYS [options]",
    "Writes secrets that open a range of a recording and nothing else. Whoever gets them\n"
    "beside the recording can open and verify that range.",
    disclose_options,
    sizeof disclose_options / sizeof disclose_options[0],
    "FILE",
    offsetof(disclose_request, path)
};

static const option_spec show_options[] = {
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(show_request, json), NULL, 0,
      0 },
};

static const command_line show_line = { "keys show",
                                        "KEYS [--json]",
                                        "Says what a file of secrets opens, without showing them.",
                                        show_options,
                                        sizeof show_options / sizeof show_options[0],
                                        "KEYS",
                                        offsetof(show_request, path) };

static exit_status command_disclose(int count, char **arguments)
{
    disclose_request request;
    memset(&request, 0, sizeof request);
    request.from_utc_ns = SVMS_NO_TIME;
    request.to_utc_ns = SVMS_NO_TIME;
    request.typed = (typed_inputs){ &disclose_line, &request, false };
    parse_result parsed = options_parse(&disclose_line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (!request.output || request.output[0] == '\0') {
        return usage_error("keys disclose", "--out is %s", request.output ? "empty" : "missing");
    }
    /* Everything at once should be somebody's intention, not what happens when a word is missing.
     */
    if (request.from_utc_ns == SVMS_NO_TIME || request.to_utc_ns == SVMS_NO_TIME) {
        return usage_error("keys disclose", "--%s is missing",
                           request.from_utc_ns == SVMS_NO_TIME ? "from" : "to");
    }
    if (request.from_utc_ns >= request.to_utc_ns) {
        return usage_error("keys disclose", "--from is not before --to");
    }
    return disclose(&request);
}

static exit_status command_show(int count, char **arguments)
{
    show_request request = { NULL, false };
    parse_result parsed = options_parse(&show_line, &request, count, arguments);
    return parsed == PARSE_READY ? show(&request) : parse_exit(parsed);
}

exit_status command_keys(int count, char **arguments)
{
    if (count > 0 && strcmp(arguments[0], "disclose") == 0) {
        return command_disclose(count - 1, arguments + 1);
    }
    if (count > 0 && strcmp(arguments[0], "show") == 0) {
        return command_show(count - 1, arguments + 1);
    }
    if (count > 0 && (strcmp(arguments[0], "--help") == 0 || strcmp(arguments[0], "-h") == 0)) {
        (void)command_disclose(1, arguments);
        printf("\n");
        return command_show(1, arguments);
    }
    if (count == 0) {
        return usage_error("keys", "disclose or show is missing");
    }
    return usage_error("keys", "'%s' is unknown; there are 'disclose' and 'show'", arguments[0]);
}
