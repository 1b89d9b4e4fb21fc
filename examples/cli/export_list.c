/* SPDX-License-Identifier: Apache-2.0 */
/* svms export list: what a package says of itself. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <svms/svms.h>

#include "export_command.h"
#include "head_text.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "package_case.h"
#include "package_file.h"
#include "package_report.h"
#include "recipient_list.h"

#define COMMAND "export list"

typedef struct list_request {
    const char *path;
    key_options keys;
    bool json;
} list_request;

typedef struct time_text {
    char text[SVMS_TIME_TEXT_SIZE];
} time_text;

static time_text time_of(int64_t utc_ns)
{
    time_text time = { { 0 } };
    svms_time_format(utc_ns, time.text);
    return time;
}

static exit_status get_source(svms_export_period *period, const package_file *file, uint32_t number)
{
    svms_error err = SVMS_ERROR_INIT;
    if (svms_export_get_source(file->evidence, number, period, &err) != SVMS_OK) {
        return complain_error(&err, "cannot describe source %" PRIu32 " of %s", number, file->path);
    }
    return EXIT_GOOD;
}

static void print_tracks(const json_t *source)
{
    size_t i = 0;
    const json_t *track = NULL;
    json_array_foreach(json_object_get(source, "tracks"), i, track)
    {
        const char *kind = package_case_text(track, "kind");
        const char *codec = package_case_text(track, "codec");
        print_line(stdout, "    track %zu: %s, %s%s", i, kind ? kind : "?", codec ? codec : "?",
                   json_is_false(json_object_get(track, "included")) ? ", left out" : "");
    }
}

static void print_removed(const svms_export_period *period)
{
    for (uint32_t i = 0; i < period->track_count; i++) {
        if ((period->removed_tracks & (UINT32_C(1) << i)) != 0) {
            print_line(stdout, "    track %" PRIu32 ": left out", i);
        }
    }
}

static void print_source(const svms_export_period *period, const json_t *document)
{
    const json_t *words = package_case_entry(document, "sources", period->number);
    const json_t *device = package_case_device(document, period->number);
    const char *name = package_case_text(device, "name");
    print_line(stdout, "Source %-6" PRIu32 " %s to %s", period->number,
               time_of(period->first_utc_ns).text, time_of(period->last_utc_ns).text);
    print_line(stdout, "    device %s%s%s%s", head_text_of(period->device_id, 16).text,
               name ? " (" : "", name ? name : "", name ? ")" : "");
    print_line(stdout, "    container %" PRIu64 " of recording %s", period->recording_sequence,
               head_text_of(period->recording_id, 16).text);
    if (period->first_segment != SVMS_NO_SEGMENT) {
        print_line(stdout, "    segments %" PRIu64 " to %" PRIu64 " (%" PRIu64 ")",
                   period->first_segment, period->last_segment, period->segments);
    }
    if (words) {
        print_tracks(words);
    } else {
        print_removed(period);
    }
    if (period->unverified) {
        print_line(stdout, "    a part of it is declared not to verify");
    }
}

static exit_status get_recipients(svms_recipient_list *list, const package_file *file)
{
    svms_error err = SVMS_ERROR_INIT;
    list->count = SVMS_MAX_RECIPIENTS;
    if (svms_export_get_recipients(file->evidence, list->recipients, &list->count, &err) !=
        SVMS_OK) {
        return complain_error(&err, "cannot say who opens %s", file->path);
    }
    return EXIT_GOOD;
}

static void print_access(const svms_evidence_info *info, const svms_recipient_list *recipients)
{
    const char *access = "nothing is encrypted";
    if (info->sealed) {
        access = info->opened ? "encrypted; opened with what was given" : "encrypted; locked";
    }
    print_line(stdout, "Access        %s", access);
    for (uint32_t i = 0; i < recipients->count; i++) {
        print_line(stdout, "    opens with: %s", recipient_words(&recipients->recipients[i]).text);
    }
}

static exit_status print_text(const package_file *file, const svms_recipient_list *recipients,
                              const json_t *document)
{
    const svms_evidence_info *info = &file->info;
    print_line(stdout, "%-13s %s (%" PRIu64 " bytes)",
               info->kind == SVMS_EXPORT_PROOF ? "Proof" : "Package", file->path, info->bytes);
    print_line(stdout, "Id            %s",
               head_text_of(info->package_id, sizeof info->package_id).text);
    print_line(stdout, "Begun         %s, with %s", time_of(info->created_utc_ns).text,
               info->software);
    print_access(info, recipients);
    package_case_print(document);
    for (uint32_t i = 0; i < info->sources; i++) {
        svms_export_period period = SVMS_EXPORT_PERIOD_INIT;
        exit_status status = get_source(&period, file, i);
        if (status != EXIT_GOOD) {
            return status;
        }
        print_source(&period, document);
    }
    if (document) {
        package_case_print_attachments(document);
    } else if (info->attachments > 0) {
        print_line(stdout, "Attachments   %" PRIu32, info->attachments);
    }
    print_line(stdout, "Re-export     %s",
               (info->policy & SVMS_EXPORT_NO_REEXPORT) != 0 ? "forbidden" : "not forbidden");
    print_line(stdout, "Links         %" PRIu32, info->links);
    if (info->unattested_bytes > 0) {
        print_line(stdout, "Unattested    %" PRIu64 " bytes at the end: somebody began to sign",
                   info->unattested_bytes);
    }
    print_line(stdout, "Receipt       %s", head_text_of(info->head, sizeof info->head).text);
    print_line(stdout, "This is what the package says of itself; 'svms export verify' proves it.");
    return EXIT_GOOD;
}

static exit_status sources_to_json(json_t **out, const package_file *file)
{
    json_t *list = json_array();
    exit_status status = EXIT_GOOD;
    for (uint32_t i = 0; i < file->info.sources && status == EXIT_GOOD; i++) {
        svms_export_period period = SVMS_EXPORT_PERIOD_INIT;
        status = get_source(&period, file, i);
        if (status == EXIT_GOOD &&
            json_array_append_new(list, package_period_to_json(&period)) != 0) {
            complain("out of memory");
            status = EXIT_ENVIRONMENT;
        }
    }
    if (status != EXIT_GOOD) {
        json_decref(list);
        list = NULL;
    }
    *out = list;
    return status;
}

static exit_status print_json(const package_file *file, const svms_recipient_list *recipients,
                              json_t *document)
{
    const svms_evidence_info *info = &file->info;
    json_t *sources = NULL;
    exit_status status = sources_to_json(&sources, file);
    if (status != EXIT_GOOD) {
        return status;
    }
    return json_print(json_pack(
        "{s:o, s:s, s:o, s:o, s:I, s:o, s:o, s:b, s:b, s:o, s:b, s:I, s:I, s:I, s:I, s:o, s:o}",
        "file", json_text(file->path), "kind",
        info->kind == SVMS_EXPORT_PROOF ? "proof" : "package", "package_id",
        json_hex(info->package_id, sizeof info->package_id), "receipt",
        json_hex(info->head, sizeof info->head), "bytes", (json_int_t)info->bytes, "created",
        json_time(info->created_utc_ns), "software", json_text(info->software), "sealed",
        (int)info->sealed, "opened", (int)info->opened, "recipients",
        recipients_to_json(recipients, NULL), "reexport",
        (info->policy & SVMS_EXPORT_NO_REEXPORT) == 0, "links", (json_int_t)info->links, "frames",
        (json_int_t)info->frames, "attachments", (json_int_t)info->attachments, "unattested_bytes",
        (json_int_t)info->unattested_bytes, "sources", sources, "case",
        document ? json_incref(document) : json_null()));
}

static exit_status list(const list_request *request)
{
    svms_ctx *ctx = NULL;
    key_set keys = KEY_SET_INIT;
    package_file file = PACKAGE_FILE_INIT;
    json_t *document = NULL;
    svms_recipient_list recipients = SVMS_RECIPIENT_LIST_INIT;
    exit_status status = make_context(&ctx);
    if (status == EXIT_GOOD) {
        status = key_set_load(&keys, ctx, &request->keys);
    }
    if (status == EXIT_GOOD) {
        status = package_file_open(&file, ctx, request->path, &keys, NULL);
    }
    if (status == EXIT_GOOD) {
        status = package_case_load(&document, file.evidence, file.path);
    }
    if (status == EXIT_GOOD) {
        status = get_recipients(&recipients, &file);
    }
    if (status == EXIT_GOOD) {
        status = request->json ? print_json(&file, &recipients, document)
                               : print_text(&file, &recipients, document);
    }
    json_decref(document);
    package_file_close(&file);
    key_set_free(&keys);
    svms_ctx_free(&ctx);
    return status;
}

static const option_spec options[] = {
    { "password-file", "FILE", "password that opens the package: first line of FILE", OPTION_TEXT,
      offsetof(list_request, keys.password_file), NULL, 0, 0 },
    { "password-prompt", NULL, "ask for the password on the terminal", OPTION_FLAG,
      offsetof(list_request, keys.password_prompt), NULL, 0, 0 },
    { "identity", "KEY", "private key that opens the package (PEM)", OPTION_TEXT,
      offsetof(list_request, keys.identity), NULL, 0, 0 },
    { "kek", "FILE", "key-encryption key that opens the package", OPTION_TEXT,
      offsetof(list_request, keys.kek), NULL, 0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(list_request, json), NULL, 0,
      0 },
};

static const command_line line = { COMMAND,
                                   "PACKAGE [options]",
                                   "Says what a package holds. Needs no key; with one it also "
                                   "shows the case.",
                                   options,
                                   sizeof options / sizeof options[0],
                                   "PACKAGE",
                                   offsetof(list_request, path) };

exit_status command_export_list(int count, char **arguments)
{
    list_request request;
    memset(&request, 0, sizeof request);
    request.keys.question = "Password of the package: ";
    parse_result parsed = options_parse(&line, &request, count, arguments);
    return parsed == PARSE_READY ? list(&request) : parse_exit(parsed);
}
