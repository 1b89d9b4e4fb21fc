/* SPDX-License-Identifier: Apache-2.0 */
/* svms update sign: make a signed update. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "part_file.h"
#include "update_command.h"
#include "update_number.h"

#define COMMAND "update sign"

typedef struct sign_request {
    operand_list parts; /* NAME=FILE */
    const char *out_path;
    const char *product;
    text_list hardware;
    const char *version;
    const char *minimum;
    const char *counter;
    const char *note_path;
    const char *signer;
    const char *signer_key;
    bool json;
} sign_request;

typedef struct signing {
    const sign_request *request;
    svms_ctx *ctx;
    svms_chain *chain;
    svms_private_key *key;
    file_text note;
    svms_source sources[SVMS_UPDATE_PARTS_MAX];
    svms_update_content contents[SVMS_UPDATE_PARTS_MAX];
    uint64_t counter;
    size_t count;
} signing;

static exit_status open_part(signing *self, char *operand)
{
    svms_error err = SVMS_ERROR_INIT;
    char *equals = strchr(operand, '=');
    if (!equals || equals == operand || !equals[1]) {
        return usage_error(COMMAND, "a part is NAME=FILE, not '%s'", operand);
    }
    if (self->count == SVMS_UPDATE_PARTS_MAX) {
        return usage_error(COMMAND, "an update has %u parts at most", SVMS_UPDATE_PARTS_MAX);
    }
    exit_status status = file_check_not_input(self->request->out_path, equals + 1);
    if (status != EXIT_GOOD) {
        return status;
    }
    if (svms_source_open_file(&self->sources[self->count], self->ctx, equals + 1, &err) !=
        SVMS_OK) {
        return complain_error(&err, "cannot open %s", equals + 1);
    }
    *equals = '\0';
    svms_update_content *content = &self->contents[self->count];
    content->struct_size = (uint32_t)sizeof *content;
    content->name = operand;
    content->source = &self->sources[self->count];
    self->count++;
    return EXIT_GOOD;
}

static exit_status open_parts(signing *self)
{
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; status == EXIT_GOOD && i < self->request->parts.count; i++) {
        status = open_part(self, self->request->parts.items[i]);
    }
    return status;
}

static exit_status load(signing *self)
{
    const sign_request *request = self->request;
    exit_status status = load_chain(&self->chain, self->ctx, request->signer);
    if (status == EXIT_GOOD) {
        status = load_private_key(&self->key, self->ctx, request->signer_key);
    }
    if (status == EXIT_GOOD && request->note_path) {
        status = file_read(&self->note, request->note_path, SVMS_UPDATE_NOTE_MAX, false);
    }
    return status == EXIT_GOOD ? open_parts(self) : status;
}

static exit_status make(signing *self, const svms_sink *sink)
{
    const sign_request *request = self->request;
    svms_update_options options = SVMS_UPDATE_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    options.product = request->product;
    options.hardware = request->hardware.items;
    options.hardware_count = request->hardware.count;
    options.version = request->version;
    options.minimum = request->minimum;
    options.counter = self->counter;
    options.note = self->note.bytes;
    options.parts = self->contents;
    options.part_count = self->count;
    options.chain = self->chain;
    options.key = self->key;
    svms_status status = svms_update_make(self->ctx, sink, &options, &err);
    return status == SVMS_OK ? EXIT_GOOD : complain_error(&err, "cannot make the update");
}

static exit_status write_update(signing *self)
{
    part_file file = PART_FILE_INIT;
    const char *path = self->request->out_path;
    exit_status status = file_check_new(path);
    if (status == EXIT_GOOD) {
        status = part_file_create(&file, self->ctx, path);
    }
    if (status == EXIT_GOOD) {
        status = make(self, &file.sink);
    }
    if (status == EXIT_GOOD) {
        part_file_close(&file);
        status = part_file_publish(&file, false);
    }
    part_file_discard(&file);
    return status;
}

static exit_status show(const signing *self)
{
    const sign_request *request = self->request;
    if (request->json) {
        return json_print(json_pack("{s:o, s:o, s:I, s:o}", "file", json_text(request->out_path),
                                    "version", json_text(request->version), "counter",
                                    (json_int_t)self->counter, "signer",
                                    json_text(svms_chain_subject(self->chain))));
    }
    print_line(stdout, "Update        %s", request->out_path);
    print_line(stdout, "Version       %s", request->version);
    print_line(stdout, "Signed by     %s", svms_chain_subject(self->chain));
    return EXIT_GOOD;
}

static void release(signing *self)
{
    for (size_t i = 0; i < self->count; i++) {
        svms_source_close(&self->sources[i]);
    }
    file_text_free(&self->note);
    svms_private_key_free(&self->key);
    svms_chain_free(&self->chain);
    svms_ctx_free(&self->ctx);
}

static exit_status check(const sign_request *request, uint64_t *counter)
{
    const struct {
        const char *value, *name;
    } needed[] = { { request->out_path, "--out" },    { request->product, "--product" },
                   { request->version, "--release" }, { request->counter, "--counter" },
                   { request->signer, "--signer" },   { request->signer_key, "--signer-key" } };
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (!needed[i].value) {
            return usage_error(COMMAND, "%s is missing", needed[i].name);
        }
    }
    if (request->hardware.count == 0) {
        return usage_error(COMMAND, "--hardware is missing");
    }
    if (!update_number_read(counter, request->counter)) {
        return usage_error(COMMAND, "--counter takes a number, not '%s'", request->counter);
    }
    return EXIT_GOOD;
}

#define AT(field) offsetof(sign_request, field), NULL, 0, 0

static const option_spec options[] = {
    { "out", "FILE", "the update; an existing file is never replaced", OPTION_TEXT, AT(out_path) },
    { "product", "NAME", "product that it is for", OPTION_TEXT, AT(product) },
    { "hardware", "NAME", "hardware that it is for; repeat it for more", OPTION_LIST,
      AT(hardware) },
    { "release", "VERSION", "version that it brings: 1 to 4 numbers with dots, and +TEXT",
      OPTION_TEXT, AT(version) },
    { "counter", "N", "security counter: raised when what came before must never run again",
      OPTION_TEXT, AT(counter) },
    { "minimum", "VERSION", "version that must be installed before", OPTION_TEXT, AT(minimum) },
    { "note-file", "FILE", "text for people, at most 4,096 bytes", OPTION_TEXT, AT(note_path) },
    { "signer", "CERT", "certificate in the role update, and those above it (PEM)", OPTION_TEXT,
      AT(signer) },
    { "signer-key", "KEY", "its private key: a file (PEM) or a URI", OPTION_TEXT, AT(signer_key) },
    { "json", NULL, "print one JSON object", OPTION_FLAG, AT(json) },
};

static const command_line line = { COMMAND,
                                   "NAME=FILE... --out FILE [options]",
                                   "Makes an update of a device out of its parts, signed.",
                                   options,
                                   sizeof options / sizeof options[0],
                                   "NAME=FILE",
                                   offsetof(sign_request, parts) };

exit_status command_update_sign(int count, char **arguments)
{
    sign_request request;
    signing self;
    memset(&request, 0, sizeof request);
    memset(&self, 0, sizeof self);
    parse_result parsed = options_parse_many(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    exit_status status = check(&request, &self.counter);
    if (status != EXIT_GOOD) {
        return status;
    }
    self.request = &request;
    status = make_context(&self.ctx);
    if (status == EXIT_GOOD) {
        status = load(&self);
    }
    if (status == EXIT_GOOD) {
        status = write_update(&self);
    }
    if (status == EXIT_GOOD) {
        status = show(&self);
    }
    release(&self);
    return status;
}
