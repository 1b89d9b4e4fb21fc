/* SPDX-License-Identifier: Apache-2.0 */
/* svms info: what a recording says of itself. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>
#include <svms/svms.h>

#include "command.h"
#include "json_output.h"
#include "keys.h"
#include "media_names.h"
#include "message.h"
#include "options.h"
#include "recipient_list.h"
#include "recording.h"

typedef struct info_request {
    const char *path;
    key_options keys;
    bool json;
} info_request;

typedef struct id_text {
    char text[33];
} id_text;

static id_text hex_of(const uint8_t id[16])
{
    id_text hex;
    for (size_t i = 0; i < 16; i++) {
        snprintf(hex.text + 2 * i, 3, "%02x", (unsigned)id[i]);
    }
    return hex;
}

static void print_time(const char *label, int64_t utc_ns)
{
    char text[SVMS_TIME_TEXT_SIZE];
    svms_time_format(utc_ns, text);
    print_line(stdout, "%-14s %s", label, text);
}

static void print_track(uint32_t number, const svms_track *track)
{
    codec_name codec = name_of_codec(track->codec);
    char detail[64] = "";
    if (track->kind == SVMS_TRACK_VIDEO) {
        snprintf(detail, sizeof detail, ", %" PRIu32 "x%" PRIu32, track->width, track->height);
    }
    if (track->kind == SVMS_TRACK_AUDIO) {
        snprintf(detail, sizeof detail, ", %" PRIu32 " Hz, %" PRIu32 " channel%s",
                 track->sample_rate, track->channels, track->channels == 1 ? "" : "s");
    }
    print_line(stdout, "Track %-8" PRIu32 " %s, %s%s, protection %s", number,
               name_of_kind(track->kind), codec.text, detail,
               name_of_protection(track->protection));
}

static void print_access(const svms_container_info *info, const svms_recipient_list *list)
{
    if (!info->encrypted) {
        print_line(stdout, "%-14s not encrypted", "Access");
        return;
    }
    char keys[32] = "";
    if (info->key_stanzas > 0) {
        snprintf(keys, sizeof keys, "%" PRIu32 " key%s", info->key_stanzas,
                 info->key_stanzas == 1 ? "" : "s");
    }
    print_line(stdout, "%-14s encrypted for %s%s%s; %s", "Access", keys,
               info->key_stanzas > 0 && info->password_stanzas > 0 ? " and " : "",
               info->password_stanzas > 0 ? "a password" : "",
               info->unlocked ? "opened with what was given" : "locked");
    if (info->access_damaged > 0) {
        print_line(stdout, "%-14s %" PRIu32 " of 2 access slots damaged", "", info->access_damaged);
    }
    if (list->revision > 1 || list->officer[0] != '\0') {
        print_line(stdout, "%-14s list of recipients: revision %" PRIu64 "%s%s", "", list->revision,
                   list->officer[0] != '\0' ? ", signed by " : ", not signed by a key officer",
                   list->officer);
    }
}

static void print_device(const svms_container_info *info)
{
    print_line(stdout, "%-14s %s", "Device id", hex_of(info->device_id).text);
    if (info->device_name) {
        print_line(stdout, "%-14s %s", "Device", info->device_name);
    } else if (info->encrypted && !info->unlocked) {
        print_line(stdout, "%-14s locked (a name, if there is one, is encrypted)", "Device");
    }
}

static exit_status print_text(const char *path, svms_reader *reader,
                              const svms_container_info *info, const svms_recipient_list *list)
{
    print_line(stdout, "%-14s %s (%" PRIu64 " bytes)", "Recording", path, info->file_size);
    print_line(stdout, "%-14s %s", "Container", hex_of(info->container_id).text);
    print_line(stdout, "%-14s %s, part %" PRIu64, "Recording id", hex_of(info->recording_id).text,
               info->recording_sequence);
    if (info->linked) {
        print_line(stdout, "%-14s %s", "Follows", hex_of(info->previous_container_id).text);
    }
    print_device(info);
    if (info->role == SVMS_ROLE_NONE) {
        print_line(stdout, "%-14s nobody: it is not signed", "Signed by");
    } else {
        print_line(stdout, "%-14s %s, as %s", "Signed by", info->signer_subject,
                   svms_role_name(info->role));
    }
    print_time("Created", info->created_utc_ns);
    print_time("First moment", info->first_utc_ns);
    if (info->closed) {
        print_time("Last moment", info->last_utc_ns);
    }
    print_line(stdout, "%-14s %s, clock: %s", "Origin", name_of_origin(info->origin),
               name_of_clock(info->capture_clock));
    if (info->closed) {
        print_line(stdout, "%-14s closed, %" PRIu64 " segments", "State", info->segment_count);
    } else {
        print_line(stdout, "%-14s open: still being written, or interrupted", "State");
    }
    print_access(info, list);
    for (uint32_t i = 0; i < info->track_count; i++) {
        svms_track track = SVMS_TRACK_INIT;
        svms_error err = SVMS_ERROR_INIT;
        if (svms_reader_get_track(reader, i, &track, &err) != SVMS_OK) {
            return complain_error(&err, "cannot describe track %" PRIu32, i);
        }
        print_track(i, &track);
    }
    if (info->software) {
        print_line(stdout, "%-14s %s", "Written by", info->software);
    }
    print_line(stdout, "This is what the recording says of itself; 'svms verify' proves it.");
    return EXIT_GOOD;
}

static json_t *describe_track(svms_reader *reader, uint32_t number)
{
    svms_track track = SVMS_TRACK_INIT;
    if (svms_reader_get_track(reader, number, &track, NULL) != SVMS_OK) {
        return NULL;
    }
    return json_pack("{s:I, s:s, s:o, s:s, s:{s:I, s:I}, s:I, s:I, s:I, s:I}", "track",
                     (json_int_t)number, "kind", name_of_kind(track.kind), "codec",
                     json_text(name_of_codec(track.codec).text), "protection",
                     name_of_protection(track.protection), "time_base", "num",
                     (json_int_t)track.timebase_num, "den", (json_int_t)track.timebase_den, "width",
                     (json_int_t)track.width, "height", (json_int_t)track.height, "sample_rate",
                     (json_int_t)track.sample_rate, "channels", (json_int_t)track.channels);
}

static json_t *describe_tracks(svms_reader *reader, uint32_t count)
{
    json_t *tracks = json_array();
    for (uint32_t i = 0; tracks && i < count; i++) {
        if (json_array_append_new(tracks, describe_track(reader, i)) != 0) {
            json_decref(tracks);
            return NULL;
        }
    }
    return tracks;
}

static json_t *describe_access(const svms_container_info *info, const svms_recipient_list *list)
{
    return json_pack("{s:b, s:b, s:I, s:I, s:I, s:I, s:o}", "encrypted", (int)info->encrypted,
                     "unlocked", (int)info->unlocked, "passwords",
                     (json_int_t)info->password_stanzas, "keys", (json_int_t)info->key_stanzas,
                     "damaged_slots", (json_int_t)info->access_damaged, "revision",
                     (json_int_t)list->revision, "officer",
                     json_text(list->officer[0] != '\0' ? list->officer : NULL));
}

static json_t *describe_times(const svms_container_info *info)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "created", json_time(info->created_utc_ns), "start",
                     json_time(info->start_utc_ns), "first", json_time(info->first_utc_ns), "last",
                     json_time(info->last_utc_ns));
}

static json_t *describe(const char *path, svms_reader *reader, const svms_container_info *info,
                        const svms_recipient_list *list)
{
    json_t *previous =
        info->linked ? json_hex(info->previous_container_id, sizeof info->previous_container_id)
                     : json_null();
    json_t *segments = info->closed ? json_integer((json_int_t)info->segment_count) : json_null();
    return json_pack(
        "{s:o, s:I, s:o, s:o, s:I, s:o, s:o, s:o, s:b, s:o, s:{s:s, s:o}, s:o, s:s, s:s, s:o, s:o, "
        "s:o}",
        "file", json_text(path), "size", (json_int_t)info->file_size, "container_id",
        json_hex(info->container_id, sizeof info->container_id), "recording_id",
        json_hex(info->recording_id, sizeof info->recording_id), "sequence",
        (json_int_t)info->recording_sequence, "previous_container_id", previous, "device_id",
        json_hex(info->device_id, sizeof info->device_id), "device_name",
        json_text(info->device_name), "closed", (int)info->closed, "segments", segments, "signer",
        "role", svms_role_name(info->role), "subject", json_text(info->signer_subject), "time",
        describe_times(info), "origin", name_of_origin(info->origin), "clock",
        name_of_clock(info->capture_clock), "access", describe_access(info, list), "tracks",
        describe_tracks(reader, info->track_count), "software", json_text(info->software));
}

static exit_status show(const info_request *request)
{
    svms_ctx *ctx = NULL;
    svms_reader *reader = NULL;
    recording file = { NULL, SVMS_SOURCE_INIT };
    key_set keys = KEY_SET_INIT;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_container_info info = SVMS_CONTAINER_INFO_INIT;
    svms_recipient_list list = SVMS_RECIPIENT_LIST_INIT;
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = make_context(&ctx);
    if (status == EXIT_GOOD) {
        status = recording_open(&file, ctx, request->path);
    }
    if (status == EXIT_GOOD) {
        status = key_set_load(&keys, ctx, &request->keys);
    }
    if (status == EXIT_GOOD) {
        status = recording_read(&reader, &file, ctx, &options, &keys, false);
    }
    if (status == EXIT_GOOD && svms_reader_get_info(reader, &info, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot describe %s", file.path);
    }
    if (status == EXIT_GOOD && info.encrypted) {
        status = recipient_list_read(&list, ctx, &file.source, NULL, file.path);
    }
    if (status == EXIT_GOOD) {
        status = request->json ? json_print(describe(file.path, reader, &info, &list))
                               : print_text(file.path, reader, &info, &list);
    }
    svms_reader_close(&reader);
    key_set_free(&keys);
    recording_close(&file);
    svms_ctx_free(&ctx);
    return status;
}

static const option_spec options[] = {
    { "password-file", "FILE", "password that opens the recording: first line of FILE", OPTION_TEXT,
      offsetof(info_request, keys.password_file), NULL, 0, 0 },
    { "password-prompt", NULL, "ask for the password on the terminal", OPTION_FLAG,
      offsetof(info_request, keys.password_prompt), NULL, 0, 0 },
    { "identity", "KEY", "private key that opens the recording (PEM)", OPTION_TEXT,
      offsetof(info_request, keys.identity), NULL, 0, 0 },
    { "kek", "FILE", "key-encryption key that opens the recording", OPTION_TEXT,
      offsetof(info_request, keys.kek), NULL, 0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(info_request, json), NULL, 0,
      0 },
};

static const command_line line = { "info",
                                   "FILE [options]",
                                   "Says what a recording is. Needs no key; with one it also shows "
                                   "what is encrypted.",
                                   options,
                                   sizeof options / sizeof options[0],
                                   "FILE",
                                   offsetof(info_request, path) };

exit_status command_info(int count, char **arguments)
{
    info_request request = { NULL, { NULL, false, NULL, NULL, NULL, NULL }, false };
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    return show(&request);
}
