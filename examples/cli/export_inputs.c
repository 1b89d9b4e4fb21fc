/* SPDX-License-Identifier: Apache-2.0 */
#include "export_inputs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device_id.h"
#include "file.h"
#include "folder.h"
#include "head_text.h"
#include "media_names.h"
#include "message.h"
#include "package_file.h"
#include "recording.h"

#define ID_SIZE 16

static void input_free(export_input *input)
{
    free(input->path);
    free(input->device_name);
    input->path = NULL;
    input->device_name = NULL;
}

static exit_status take_info(export_input *out, svms_reader *reader)
{
    svms_container_info info = SVMS_CONTAINER_INFO_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_reader_get_info(reader, &info, &err) != SVMS_OK) {
        return complain_error(&err, "cannot describe %s", out->path);
    }
    memcpy(out->device_id, info.device_id, ID_SIZE);
    memcpy(out->recording_id, info.recording_id, ID_SIZE);
    memcpy(out->container_id, info.container_id, ID_SIZE);
    out->sequence = info.recording_sequence;
    out->edge = info.role != SVMS_ROLE_NONE && info.origin == SVMS_ORIGIN_EDGE;
    out->first_utc_ns = info.first_utc_ns;
    out->last_utc_ns = info.last_utc_ns;
    out->track_count = info.track_count;
    for (uint32_t i = 0; i < info.track_count; i++) {
        svms_track track = SVMS_TRACK_INIT;
        if (svms_reader_get_track(reader, i, &track, &err) != SVMS_OK) {
            return complain_error(&err, "cannot describe track %" PRIu32 " of %s", i, out->path);
        }
        out->kinds[i] = track.kind;
    }
    if (info.device_name) {
        out->device_name = path_with_suffix(info.device_name, "");
        return out->device_name ? EXIT_GOOD : EXIT_ENVIRONMENT;
    }
    return EXIT_GOOD;
}

/* A container that is still being written says only at its end how far it goes. */
static exit_status look_at_end(export_input *out, svms_ctx *ctx, const svms_source *source)
{
    svms_head head = SVMS_HEAD_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (out->last_utc_ns != SVMS_NO_TIME) {
        return EXIT_GOOD;
    }
    svms_status status = svms_container_head(ctx, source, &head, &err);
    if (status == SVMS_OK) {
        out->last_utc_ns = head.last_utc_ns;
        return EXIT_GOOD;
    }
    /* A damaged end is for the verification to judge. */
    exit_status failed = exit_status_of(status);
    return failed == EXIT_ENVIRONMENT ? complain_error(&err, "cannot look into %s", out->path)
                                      : EXIT_GOOD;
}

static exit_status describe_open(export_input *out, svms_ctx *ctx, const svms_source *source)
{
    svms_reader *reader = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_status opened = svms_reader_open(&reader, ctx, source, NULL, &err);
    if (opened != SVMS_OK) {
        return complain_error(&err, "cannot use %s", out->path);
    }
    exit_status status = take_info(out, reader);
    svms_reader_close(&reader);
    return status == EXIT_GOOD ? look_at_end(out, ctx, source) : status;
}

/* path may be that of a file that is not complete yet. */
static exit_status describe(export_input *out, svms_ctx *ctx, const char *path, size_t operand)
{
    recording file = { NULL, SVMS_SOURCE_INIT };
    export_input input = { 0 };
    exit_status status = recording_open(&file, ctx, path);
    if (status != EXIT_GOOD) {
        return status;
    }
    input.operand = operand;
    input.path = path_with_suffix(file.path, "");
    status = input.path ? describe_open(&input, ctx, &file.source) : EXIT_ENVIRONMENT;
    recording_close(&file);
    if (status != EXIT_GOOD) {
        input_free(&input);
        return status;
    }
    *out = input;
    return EXIT_GOOD;
}

static exit_status add(export_inputs *inputs, const export_input *input)
{
    for (size_t i = 0; i < inputs->count; i++) {
        if (memcmp(inputs->items[i].container_id, input->container_id, ID_SIZE) == 0) {
            complain("note: %s is the container that %s is; it is exported once", input->path,
                     inputs->items[i].path);
            export_input again = *input;
            input_free(&again);
            return EXIT_GOOD;
        }
    }
    export_input *grown = realloc(inputs->items, (inputs->count + 1) * sizeof *grown);
    if (!grown) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    inputs->items = grown;
    inputs->items[inputs->count++] = *input;
    return EXIT_GOOD;
}

static exit_status find_file(export_inputs *inputs, svms_ctx *ctx, const char *path, size_t operand)
{
    export_input input = { 0 };
    exit_status status = describe(&input, ctx, path, operand);
    if (status != EXIT_GOOD) {
        return status;
    }
    status = add(inputs, &input);
    if (status != EXIT_GOOD) {
        input_free(&input);
    }
    return status;
}

static exit_status find_in_folder(export_inputs *inputs, svms_ctx *ctx, const char *path,
                                  size_t operand)
{
    folder_list files = { NULL, 0 };
    exit_status status = folder_list_containers(&files, path);
    size_t before = inputs->count;
    for (size_t i = 0; i < files.count && status == EXIT_GOOD; i++) {
        status = find_file(inputs, ctx, files.paths[i], operand);
        if (status == EXIT_MALFORMED || status == EXIT_EVIDENCE) {
            complain("left out: %s", files.paths[i]);
            inputs->incomplete = true;
            status = EXIT_GOOD;
        }
    }
    folder_list_free(&files);
    if (status == EXIT_GOOD && inputs->count == before) {
        complain("%s holds no recording (files that end with " CONTAINER_SUFFIX ")", path);
        status = EXIT_ENVIRONMENT;
    }
    return status;
}

static exit_status find_all(export_inputs *inputs, svms_ctx *ctx, const export_selection *what)
{
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; i < what->paths->count && status == EXIT_GOOD; i++) {
        const char *path = what->paths->items[i];
        if (folder_exists(path)) {
            status = find_in_folder(inputs, ctx, path, i);
            continue;
        }
        status = package_refuse_as_source(ctx, what->command, path);
        if (status == EXIT_GOOD) {
            status = find_file(inputs, ctx, path, i);
        }
    }
    return status;
}

/* The name as its description tells it, with the keys; once for each device. */
static const char *name_of(export_inputs *inputs, size_t place, svms_ctx *ctx,
                           const svms_keyring *keys)
{
    export_input *input = &inputs->items[place];
    for (size_t i = 0; i < inputs->count && !input->device_name; i++) {
        const export_input *other = &inputs->items[i];
        if ((other->device_name || other->name_tried) &&
            memcmp(other->device_id, input->device_id, ID_SIZE) == 0) {
            return other->device_name;
        }
    }
    if (input->device_name || !keys) {
        return input->device_name;
    }
    input->name_tried = true;
    svms_source source = SVMS_SOURCE_INIT;
    svms_reader *reader = NULL;
    svms_container_info info = SVMS_CONTAINER_INFO_INIT;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    options.keys = keys;
    if (folder_open(&source, ctx, input->path, NULL) == SVMS_OK &&
        svms_reader_open(&reader, ctx, &source, &options, NULL) == SVMS_OK &&
        svms_reader_get_info(reader, &info, NULL) == SVMS_OK && info.device_name) {
        input->device_name = path_with_suffix(info.device_name, "");
    }
    svms_reader_close(&reader);
    svms_source_close(&source);
    return input->device_name;
}

exit_status export_inputs_name(export_inputs *inputs, svms_ctx *ctx, const svms_keyring *keys)
{
    for (size_t i = 0; i < inputs->count; i++) {
        export_input *input = &inputs->items[i];
        const char *name = name_of(inputs, i, ctx, keys);
        if (name && !input->device_name) {
            input->device_name = path_with_suffix(name, "");
            if (!input->device_name) {
                return EXIT_ENVIRONMENT;
            }
        }
    }
    return EXIT_GOOD;
}

/* Ids may be typed, names, or names from which svms record derived the id. */
static bool is_typed(const text_list *devices, const export_input *input, const char *name,
                     bool *used)
{
    head_text id = head_text_of(input->device_id, ID_SIZE);
    bool found = false;
    for (size_t i = 0; i < devices->count; i++) {
        uint8_t derived[ID_SIZE];
        const char *typed = devices->items[i];
        if (strcmp(typed, id.text) == 0 || (name && strcmp(typed, name) == 0) ||
            (device_id_of_name(derived, typed) == EXIT_GOOD &&
             memcmp(derived, input->device_id, ID_SIZE) == 0)) {
            used[i] = true;
            found = true;
        }
    }
    return found;
}

static void keep(export_inputs *inputs, const bool *kept)
{
    size_t count = 0;
    for (size_t i = 0; i < inputs->count; i++) {
        if (kept[i]) {
            inputs->items[count++] = inputs->items[i];
        } else {
            input_free(&inputs->items[i]);
        }
    }
    inputs->count = count;
}

static exit_status choose_devices(export_inputs *inputs, svms_ctx *ctx,
                                  const export_selection *what, bool *kept)
{
    bool used[MAX_LIST_ITEMS] = { false };
    for (size_t i = 0; i < inputs->count; i++) {
        /* Without the name first: to open a container may take a second. */
        kept[i] =
            is_typed(what->devices, &inputs->items[i], NULL, used) ||
            is_typed(what->devices, &inputs->items[i], name_of(inputs, i, ctx, what->keys), used);
    }
    for (size_t i = 0; i < what->devices->count; i++) {
        if (!used[i]) {
            complain("nothing that was given is of the device '%s'%s", what->devices->items[i],
                     what->keys ? "" : " (names may be encrypted, and no source key was given)");
            return EXIT_USAGE;
        }
    }
    keep(inputs, kept);
    return EXIT_GOOD;
}

/* A folder with recordings of several devices: nobody shall hand out more than was meant. */
static exit_status check_folders(const export_inputs *inputs, const export_selection *what)
{
    for (size_t i = 1; i < inputs->count; i++) {
        const export_input *input = &inputs->items[i];
        const export_input *before = &inputs->items[i - 1];
        if (input->operand == before->operand &&
            memcmp(input->device_id, before->device_id, ID_SIZE) != 0 && !input->edge &&
            !before->edge) {
            return usage_error(what->command,
                               "%s holds recordings of several devices, of %s and of %s; give the "
                               "files that are meant, or --device where the command has it",
                               what->paths->items[input->operand],
                               head_text_of(before->device_id, ID_SIZE).text,
                               head_text_of(input->device_id, ID_SIZE).text);
        }
    }
    return EXIT_GOOD;
}

static bool lies_within(const export_input *input, const export_selection *what)
{
    bool ends_before = what->from_utc_ns != SVMS_NO_TIME && input->last_utc_ns != SVMS_NO_TIME &&
                       input->last_utc_ns <= what->from_utc_ns;
    bool begins_behind = what->to_utc_ns != SVMS_NO_TIME && input->first_utc_ns != SVMS_NO_TIME &&
                         input->first_utc_ns >= what->to_utc_ns;
    /* A folder may hold a container that was begun, and got nothing. */
    return !ends_before && !begins_behind && input->first_utc_ns != SVMS_NO_TIME;
}

static exit_status choose_period(export_inputs *inputs, const export_selection *what, bool *kept)
{
    bool any = false;
    for (size_t i = 0; i < inputs->count; i++) {
        kept[i] = lies_within(&inputs->items[i], what);
        any = any || kept[i];
        if (!kept[i] && !folder_exists(what->paths->items[inputs->items[i].operand])) {
            complain("left out: %s holds nothing of the period", inputs->items[i].path);
        }
    }
    if (!any) {
        complain("nothing that was given holds anything of the period");
        return EXIT_EVIDENCE;
    }
    keep(inputs, kept);
    return EXIT_GOOD;
}

typedef struct rank {
    size_t recording; /* where its first container was found */
    size_t place;
    const export_input *input;
} rank;

static int compare(const void *a, const void *b)
{
    const rank *one = a;
    const rank *other = b;
    if (one->recording != other->recording) {
        return one->recording < other->recording ? -1 : 1;
    }
    if (one->input->edge != other->input->edge) {
        return one->input->edge ? 1 : -1;
    }
    if (one->input->sequence != other->input->sequence) {
        return one->input->sequence < other->input->sequence ? -1 : 1;
    }
    return one->place < other->place ? -1 : 1;
}

/* Containers of a recording by their numbers, recordings as they were given. */
static exit_status sort(export_inputs *inputs)
{
    rank *ranks = calloc(inputs->count + 1, sizeof *ranks);
    export_input *sorted = calloc(inputs->count + 1, sizeof *sorted);
    if (!ranks || !sorted) {
        free(ranks);
        free(sorted);
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    for (size_t i = 0; i < inputs->count; i++) {
        size_t first = 0;
        while (memcmp(inputs->items[first].recording_id, inputs->items[i].recording_id, ID_SIZE) !=
               0) {
            first++;
        }
        ranks[i] = (rank){ first, i, &inputs->items[i] };
    }
    qsort(ranks, inputs->count, sizeof *ranks, compare);
    for (size_t i = 0; i < inputs->count; i++) {
        sorted[i] = *ranks[i].input;
    }
    free(ranks);
    free(inputs->items);
    inputs->items = sorted;
    return EXIT_GOOD;
}

static void name_missing(export_inputs *inputs)
{
    for (size_t i = 1; i < inputs->count; i++) {
        const export_input *input = &inputs->items[i];
        const export_input *before = &inputs->items[i - 1];
        if (memcmp(input->recording_id, before->recording_id, ID_SIZE) == 0 && !input->edge &&
            input->sequence > before->sequence + 1) {
            complain("%" PRIu64 " containers are missing before %s",
                     input->sequence - before->sequence - 1, input->path);
            inputs->incomplete = true;
        }
    }
}

exit_status export_inputs_find(export_inputs *out, svms_ctx *ctx, const export_selection *what)
{
    export_inputs inputs = { NULL, 0, false };
    bool *kept = NULL;
    exit_status status = find_all(&inputs, ctx, what);
    if (status == EXIT_GOOD) {
        kept = calloc(inputs.count + 1, sizeof *kept);
        if (!kept) {
            complain("out of memory");
            status = EXIT_ENVIRONMENT;
        }
    }
    if (status == EXIT_GOOD && what->devices->count > 0) {
        status = choose_devices(&inputs, ctx, what, kept);
    } else if (status == EXIT_GOOD) {
        status = check_folders(&inputs, what);
    }
    if (status == EXIT_GOOD) {
        status = choose_period(&inputs, what, kept);
    }
    if (status == EXIT_GOOD) {
        status = sort(&inputs);
    }
    free(kept);
    if (status != EXIT_GOOD) {
        export_inputs_free(&inputs);
        return status;
    }
    name_missing(&inputs);
    *out = inputs;
    return EXIT_GOOD;
}

void export_inputs_free(export_inputs *inputs)
{
    for (size_t i = 0; i < inputs->count; i++) {
        input_free(&inputs->items[i]);
    }
    free(inputs->items);
    inputs->items = NULL;
    inputs->count = 0;
}

static bool parse_number(uint32_t *out, const char *text)
{
    char *end = NULL;
    unsigned long number = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || number >= SVMS_MAX_TRACKS) {
        return false;
    }
    *out = (uint32_t)number;
    return true;
}

static uint32_t tracks_of_kind(const export_input *input, const char *kind)
{
    uint32_t mask = 0;
    for (uint32_t i = 0; i < input->track_count; i++) {
        mask |= strcmp(name_of_kind(input->kinds[i]), kind) == 0 ? UINT32_C(1) << i : 0;
    }
    return mask;
}

static bool is_kind(const char *text)
{
    return strcmp(text, "video") == 0 || strcmp(text, "audio") == 0 ||
           strcmp(text, "metadata") == 0;
}

exit_status export_removed_tracks(uint32_t *mask, const export_input *input, const text_list *typed,
                                  const char *command)
{
    uint32_t removed = 0;
    for (size_t i = 0; i < typed->count; i++) {
        uint32_t number = 0;
        if (is_kind(typed->items[i])) {
            removed |= tracks_of_kind(input, typed->items[i]);
        } else if (!parse_number(&number, typed->items[i])) {
            return usage_error(command,
                               "--without-track is the number of a track, video, audio or "
                               "metadata, not '%s'",
                               typed->items[i]);
        } else if (number >= input->track_count) {
            return usage_error(command, "%s has no track %" PRIu32, input->path, number);
        } else {
            removed |= UINT32_C(1) << number;
        }
    }
    uint32_t all = input->track_count == 32 ? UINT32_MAX : (UINT32_C(1) << input->track_count) - 1;
    if (removed == all && all != 0) {
        return usage_error(command, "nothing would be left of %s", input->path);
    }
    *mask = removed;
    return EXIT_GOOD;
}
