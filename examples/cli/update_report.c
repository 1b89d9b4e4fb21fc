/* SPDX-License-Identifier: Apache-2.0 */
#include "update_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "head_text.h"
#include "json_output.h"
#include "message.h"

#define BLOCK_SIZE ((size_t)1 << 20)

static svms_status feed_all(update_reading *self, const svms_source *source, uint8_t *block,
                            bool *unreadable)
{
    svms_status status = SVMS_OK;
    uint64_t offset = 0;
    for (;;) {
        size_t got = 0;
        int os_error = 0;
        status = source->read_at(source->user, offset, block, BLOCK_SIZE, &got, &os_error);
        if (status != SVMS_OK) {
            *unreadable = true;
            complain_system(os_error, "cannot read %s", self->path);
            return status;
        }
        if (got == 0) {
            return svms_update_reader_end(self->reader, &self->err);
        }
        status = svms_update_reader_feed(self->reader, block, got, &self->err);
        if (status != SVMS_OK) {
            return status;
        }
        offset += got;
    }
}

/* Neither says anything about the update. */
static bool is_ours(svms_status status)
{
    return status == SVMS_E_NO_MEMORY || status == SVMS_E_CRYPTO;
}

static exit_status read_source(update_reading *self, const svms_source *source)
{
    bool unreadable = false;
    uint8_t *block = malloc(BLOCK_SIZE);
    if (!block) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    self->status = feed_all(self, source, block, &unreadable);
    free(block);
    if (unreadable) {
        return EXIT_ENVIRONMENT;
    }
    self->is_known = svms_update_reader_info(self->reader, &self->info, NULL) == SVMS_OK;
    return is_ours(self->status) ? complain_error(&self->err, "cannot read %s", self->path)
                                 : EXIT_GOOD;
}

exit_status update_read(update_reading *out, svms_ctx *ctx, const char *path,
                        const svms_update_reader_options *options)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    memset(out, 0, sizeof *out);
    out->path = path;
    out->err = (svms_error)SVMS_ERROR_INIT;
    out->info = (svms_update_info)SVMS_UPDATE_INFO_INIT;
    if (svms_update_reader_new(&out->reader, ctx, options, &err) != SVMS_OK) {
        return complain_error(&err, "cannot judge an update");
    }
    if (svms_source_open_file(&source, ctx, path, &err) != SVMS_OK) {
        return complain_error(&err, "cannot open %s", path);
    }
    exit_status status = read_source(out, &source);
    svms_source_close(&source);
    return status;
}

void update_reading_free(update_reading *reading)
{
    svms_update_reader_free(&reading->reader);
}

static void print_part(const update_reading *reading, size_t index)
{
    svms_update_part part = SVMS_UPDATE_PART_INIT;
    if (svms_update_reader_part(reading->reader, index, &part, NULL) == SVMS_OK) {
        print_line(stdout, "%s%s, %" PRIu64 " bytes",
                   index == 0 ? "Parts         " : "              ", part.name, part.size);
        print_line(stdout, "              SHA-256 %s",
                   head_text_of(part.sha256, sizeof part.sha256).text);
    }
}

static void print_note(const char *note)
{
    const char *title = "Note";
    while (*note) {
        int length = (int)strcspn(note, "\n");
        print_line(stdout, "%-13s %.*s", title, length, note);
        note += length + (note[length] == '\n');
        title = "";
    }
}

void update_print(const update_reading *reading)
{
    const svms_update_info *info = &reading->info;
    char time[SVMS_TIME_TEXT_SIZE];
    svms_time_format(info->signed_utc_ns, time);
    print_line(stdout, "Update        %s", reading->path);
    print_line(stdout, "Product       %s", info->product);
    for (size_t i = 0; i < info->hardware_count; i++) {
        print_line(stdout, "%s%s", i == 0 ? "Hardware      " : "              ",
                   svms_update_reader_hardware(reading->reader, i));
    }
    print_line(stdout, "Version       %s", info->version);
    print_line(stdout, "Needs         %s", info->minimum[0] ? info->minimum : "any version");
    print_line(stdout, "Counter       %" PRIu64, info->counter);
    print_line(stdout, "Signed by     %s%s", svms_chain_subject(info->signer),
               info->trusted ? "" : ", who is not known to be trusted");
    print_line(stdout, "              at %s, says the signer", time);
    for (size_t i = 0; i < info->part_count; i++) {
        print_part(reading, i);
    }
    print_note(info->note);
    print_line(stdout, "Manifest      %s",
               head_text_of(info->manifest_sha256, sizeof info->manifest_sha256).text);
}

static json_t *hardware_to_json(const update_reading *reading)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < reading->info.hardware_count; i++) {
        if (json_array_append_new(
                list, json_text(svms_update_reader_hardware(reading->reader, i))) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *parts_to_json(const update_reading *reading)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < reading->info.part_count; i++) {
        svms_update_part part = SVMS_UPDATE_PART_INIT;
        (void)!svms_update_reader_part(reading->reader, i, &part, NULL);
        json_t *item =
            json_pack("{s:s, s:I, s:o}", "name", part.name, "size", (json_int_t)part.size, "sha256",
                      json_hex(part.sha256, sizeof part.sha256));
        if (json_array_append_new(list, item) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

json_t *update_to_json(const update_reading *reading)
{
    const svms_update_info *info = &reading->info;
    if (!reading->is_known) {
        return json_null();
    }
    return json_pack(
        "{s:o, s:o, s:s, s:o, s:I, s:o, s:o, s:b, s:o, s:o, s:o}", "product",
        json_text(info->product), "hardware", hardware_to_json(reading), "version", info->version,
        "minimum", json_text(info->minimum[0] ? info->minimum : NULL), "counter",
        (json_int_t)info->counter, "signed_at", json_time(info->signed_utc_ns), "signer",
        json_text(svms_chain_subject(info->signer)), "trusted", (int)info->trusted, "parts",
        parts_to_json(reading), "note", json_text(info->note), "manifest_sha256",
        json_hex(info->manifest_sha256, sizeof info->manifest_sha256));
}
