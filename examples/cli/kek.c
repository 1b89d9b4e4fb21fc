/* SPDX-License-Identifier: Apache-2.0 */
/* svms kek: making a key-encryption key, and erasing what only it opens by destroying it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <svms/svms.h>

#include "command.h"
#include "file.h"
#include "folder.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "recipient_list.h"
#include "recording.h"

/* A file that holds a key is small; what is larger is not overwritten by this command. */
#define LARGEST_KEY_FILE 65536

typedef struct new_request {
    const char *output;
    const char *nothing; /* there is no operand */
    bool json;
} new_request;

typedef struct destroy_request {
    const char *path;
    text_list containers;
    bool json;
} destroy_request;

/* What became of one recording. */
typedef struct surveyed {
    char *path;
    bool readable;
    svms_recipient_list list;
} surveyed;

typedef struct survey {
    surveyed *items;
    size_t count;
    uint8_t kek_id[16];
} survey;

typedef struct key_file {
    int handle; /* -1: not open */
    struct stat info;
} key_file;

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

static exit_status write_kek(const char *path, const svms_kek *kek)
{
    char text[512];
    size_t size = sizeof text;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_kek_to_pem(kek, text, &size, &err) != SVMS_OK) {
        return complain_error(&err, "cannot write %s", path);
    }
    const new_file file = { path, 0600, text, size };
    exit_status status = file_write(&file, 1, false);
    OPENSSL_cleanse(text, sizeof text);
    return status;
}

static exit_status make(const new_request *request)
{
    svms_ctx *ctx = NULL;
    svms_kek *kek = NULL;
    svms_error err = SVMS_ERROR_INIT;
    uint8_t id[16] = { 0 };
    exit_status status = make_context(&ctx);
    if (status == EXIT_GOOD && file_exists(request->output)) {
        complain("%s exists; a key is never replaced", request->output);
        status = EXIT_ENVIRONMENT;
    }
    if (status == EXIT_GOOD && svms_kek_generate(&kek, ctx, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot make a key");
    }
    if (status == EXIT_GOOD) {
        svms_kek_id(kek, id);
        status = write_kek(request->output, kek);
    }
    if (status == EXIT_GOOD && request->json) {
        status = json_print(json_pack("{s:o, s:o}", "file", json_text(request->output), "kek_id",
                                      json_hex(id, sizeof id)));
    } else if (status == EXIT_GOOD) {
        print_line(stdout, "%s: key-encryption key %s", request->output, hex_of(id).text);
    }
    svms_kek_free(&kek);
    svms_ctx_free(&ctx);
    return status;
}

static void survey_free(survey *found)
{
    for (size_t i = 0; i < found->count; i++) {
        free(found->items[i].path);
    }
    free(found->items);
}

/* Takes note of one recording. In a folder, what is no encrypted recording is passed over. */
static exit_status look_at(survey *found, svms_ctx *ctx, const char *path, bool in_folder)
{
    recording file = { NULL, SVMS_SOURCE_INIT };
    svms_recipient_list list = SVMS_RECIPIENT_LIST_INIT;
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = recording_open(&file, ctx, path);
    if (status != EXIT_GOOD) {
        return status;
    }
    svms_status listed = svms_recipients_list(ctx, &file.source, NULL, &list, &err);
    recording_close(&file);
    if (listed != SVMS_OK && !in_folder) {
        return complain_error(&err, "cannot say who opens %s", path);
    }
    if (listed == SVMS_E_USAGE) { /* not encrypted */
        return EXIT_GOOD;
    }
    surveyed *more = realloc(found->items, (found->count + 1) * sizeof *more);
    if (more) {
        found->items = more;
        more[found->count].path = path_with_suffix(path, "");
        more[found->count].readable = listed == SVMS_OK;
        more[found->count].list = list;
    }
    if (!more || !more[found->count].path) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    found->count++;
    return EXIT_GOOD;
}

static exit_status look_into(survey *found, svms_ctx *ctx, const char *path)
{
    folder_list inside = { NULL, 0 };
    exit_status status = folder_list_containers(&inside, path);
    for (size_t i = 0; i < inside.count && status == EXIT_GOOD; i++) {
        status = look_at(found, ctx, inside.paths[i], true);
    }
    folder_list_free(&inside);
    return status;
}

/* Before anything is destroyed, so that a name that was mistyped destroys nothing. */
static exit_status take_survey(survey *found, svms_ctx *ctx, const destroy_request *request)
{
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; i < request->containers.count && status == EXIT_GOOD; i++) {
        const char *path = request->containers.items[i];
        status =
            folder_exists(path) ? look_into(found, ctx, path) : look_at(found, ctx, path, false);
    }
    return status;
}

static int overwrite(int handle, off_t size)
{
    static const char zeros[4096] = { 0 };
    off_t done = 0;
    while (done < size) {
        size_t step = size - done < (off_t)sizeof zeros ? (size_t)(size - done) : sizeof zeros;
        ssize_t count = pwrite(handle, zeros, step, done);
        if (count < 0 && errno != EINTR) {
            return errno;
        }
        done += count > 0 ? count : 0;
    }
    return fsync(handle) == 0 ? 0 : errno;
}

/* Opens the file once, so that what is destroyed is what was looked at. */
static exit_status open_key(key_file *file, svms_kek **kek, svms_ctx *ctx, const char *path)
{
    file_text text = { NULL, 0 };
    svms_error err = SVMS_ERROR_INIT;
    file->handle = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
    if (file->handle < 0 && errno == ELOOP) {
        complain("%s is a symbolic link: name the file itself", path);
        return EXIT_ENVIRONMENT;
    }
    if (file->handle < 0 || fstat(file->handle, &file->info) != 0) {
        return complain_system(errno, "cannot destroy %s", path);
    }
    if (!S_ISREG(file->info.st_mode)) {
        complain("%s is not a regular file; it was left alone", path);
        return EXIT_ENVIRONMENT;
    }
    exit_status status = file_read_handle(&text, file->handle, path, LARGEST_KEY_FILE, true);
    if (status == EXIT_GOOD &&
        svms_kek_from_pem(kek, ctx, text.bytes, text.size, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot use the key-encryption key %s", path);
    }
    file_text_free(&text);
    return status;
}

/* Overwrites, makes that durable, and only then gives up the name. */
static exit_status destroy_file(const key_file *file, const char *path)
{
    struct stat now;
    int os_error = overwrite(file->handle, file->info.st_size);
    if (os_error != 0) {
        return complain_system(os_error, "cannot overwrite %s", path);
    }
    if (file->info.st_nlink > 1) {
        complain("warning: %s has other names; what they stand for was overwritten too", path);
    }
    if (lstat(path, &now) != 0 || now.st_dev != file->info.st_dev ||
        now.st_ino != file->info.st_ino) {
        complain("the key was overwritten; %s is another file by now, and was left alone", path);
        return EXIT_ENVIRONMENT;
    }
    exit_status status = file_remove(path);
    if (status != EXIT_GOOD) {
        complain("%s was overwritten all the same", path);
    }
    return status;
}

static bool names_kek(const survey *found, const surveyed *item)
{
    for (uint32_t i = 0; i < item->list.count; i++) {
        const svms_recipient *one = &item->list.recipients[i];
        if (one->kind == SVMS_RECIPIENT_KEK &&
            memcmp(one->key_id, found->kek_id, sizeof found->kek_id) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether somebody else may still open it, in so far as its own bytes tell. */
static bool is_erased(const survey *found, const surveyed *item)
{
    return item->readable && names_kek(found, item) && item->list.count == 1 &&
           !item->list.other_differs && item->list.damaged == 0;
}

static void print_openers(const survey *found, const surveyed *item)
{
    const char *separator = "";
    char *line = NULL;
    size_t size = 0;
    FILE *text = open_memstream(&line, &size);
    if (!text) {
        complain("out of memory");
        return;
    }
    for (uint32_t i = 0; i < item->list.count; i++) {
        const svms_recipient *one = &item->list.recipients[i];
        if (one->kind != SVMS_RECIPIENT_KEK ||
            memcmp(one->key_id, found->kek_id, sizeof found->kek_id) != 0) {
            fprintf(text, "%s%s", separator, recipient_words(one).text);
            separator = ", ";
        }
    }
    if (fclose(text) == 0) {
        print_line(stdout, "%s: still opens with: %s", item->path, line);
    }
    free(line);
}

static void print_item(const survey *found, const surveyed *item)
{
    if (!item->readable || item->list.revision == 0) {
        print_line(stdout, "%s: its list cannot be read, so nothing can be said", item->path);
        return;
    }
    bool named = names_kek(found, item);
    if (item->list.count > (named ? 1u : 0u)) {
        print_openers(found, item);
    } else if (is_erased(found, item)) {
        print_line(stdout, "%s: nothing that it lists opens it any more", item->path);
    }
    if (!named) {
        print_line(stdout, "%s: does not name the key that was destroyed", item->path);
    }
    if (item->list.other_differs || item->list.damaged > 0) {
        print_line(stdout, "%s: its other slot %s; 'svms recipients rewrap' would have cleared it",
                   item->path,
                   item->list.other_differs ? "names somebody else"
                                            : "is damaged and may hold remains of an older list");
    }
}

static void print_report(const destroy_request *request, const survey *found)
{
    print_line(stdout, "%s: key-encryption key %s was overwritten and removed", request->path,
               hex_of(found->kek_id).text);
    for (size_t i = 0; i < found->count; i++) {
        print_item(found, &found->items[i]);
    }
    if (request->containers.count == 0) {
        print_line(stdout, "Which recordings it opened, and who else does, was not looked at "
                           "(--containers).");
    }
    print_line(stdout, "Not covered: copies and backups of the key, what flash memory and journals "
                       "keep of an");
    print_line(stdout, "overwritten file, content keys and secrets that were handed out, and video "
                       "that was extracted.");
}

static json_t *item_to_json(const survey *found, const surveyed *item)
{
    bool known = item->readable && item->list.revision != 0;
    json_t *openers = known ? recipients_to_json(&item->list, found->kek_id) : json_null();
    return json_pack("{s:o, s:b, s:b, s:o, s:b, s:I, s:b}", "file", json_text(item->path),
                     "readable", (int)known, "named", (int)names_kek(found, item),
                     "still_opens_with", openers, "other_slot_differs",
                     (int)item->list.other_differs, "damaged_slots", (json_int_t)item->list.damaged,
                     "erased", (int)is_erased(found, item));
}

static json_t *report_to_json(const destroy_request *request, const survey *found)
{
    json_t *containers = json_array();
    for (size_t i = 0; containers && i < found->count; i++) {
        if (json_array_append_new(containers, item_to_json(found, &found->items[i])) != 0) {
            json_decref(containers);
            containers = NULL;
        }
    }
    return json_pack("{s:o, s:o, s:b, s:o, s:[s, s, s, s]}", "file", json_text(request->path),
                     "kek_id", json_hex(found->kek_id, sizeof found->kek_id), "destroyed", 1,
                     "containers", containers, "not_covered", "copies_and_backups_of_the_key",
                     "remains_on_flash_and_in_journals", "content_keys_and_secrets_handed_out",
                     "extracted_media");
}

static exit_status destroy(const destroy_request *request)
{
    svms_ctx *ctx = NULL;
    svms_kek *kek = NULL;
    survey found = { NULL, 0, { 0 } };
    key_file file = { .handle = -1 };
    exit_status status = make_context(&ctx);
    if (status == EXIT_GOOD) {
        status = open_key(&file, &kek, ctx, request->path);
    }
    if (status == EXIT_GOOD) {
        svms_kek_id(kek, found.kek_id);
        status = take_survey(&found, ctx, request);
    }
    if (kek && status != EXIT_GOOD) {
        complain("nothing was destroyed");
    }
    if (status == EXIT_GOOD) {
        status = destroy_file(&file, request->path);
    }
    if (file.handle >= 0) {
        close(file.handle);
    }
    if (status == EXIT_GOOD && request->json) {
        status = json_print(report_to_json(request, &found));
    } else if (status == EXIT_GOOD) {
        print_report(request, &found);
    }
    survey_free(&found);
    svms_kek_free(&kek);
    svms_ctx_free(&ctx);
    return status;
}

static const option_spec new_options[] = {
    { "out", "FILE", "the key, mode 0600; nothing is ever replaced", OPTION_TEXT,
      offsetof(new_request, output), NULL, 0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(new_request, json), NULL, 0, 0 },
};

static const option_spec destroy_options[] = {
    { "containers", "PATH", "recordings, or folders of them, to report on; repeatable", OPTION_LIST,
      offsetof(destroy_request, containers), NULL, 0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(destroy_request, json), NULL, 0,
      0 },
};

static const command_line new_line = { "kek new",
                                       "--out FILE [--json]",
                                       "Makes a key-encryption key, for one device or for what is "
                                       "to be erased together.",
                                       new_options,
                                       sizeof new_options / sizeof new_options[0],
                                       NULL,
                                       offsetof(new_request, nothing) };

static const command_line destroy_line = {
    "kek destroy",
    "FILE [--containers PATH] [--json]",
    "Overwrites and removes a key-encryption key, so that what only it opens is erased, and\n"
    "says what remains.",
    destroy_options,
    sizeof destroy_options / sizeof destroy_options[0],
    "FILE",
    offsetof(destroy_request, path)
};

static exit_status command_new(int count, char **arguments)
{
    new_request request = { NULL, NULL, false };
    parse_result parsed = options_parse(&new_line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (!request.output || request.output[0] == '\0') {
        return usage_error("kek new", "--out is %s", request.output ? "empty" : "missing");
    }
    return make(&request);
}

static exit_status command_destroy(int count, char **arguments)
{
    destroy_request request;
    memset(&request, 0, sizeof request);
    parse_result parsed = options_parse(&destroy_line, &request, count, arguments);
    return parsed == PARSE_READY ? destroy(&request) : parse_exit(parsed);
}

exit_status command_kek(int count, char **arguments)
{
    if (count > 0 && strcmp(arguments[0], "new") == 0) {
        return command_new(count - 1, arguments + 1);
    }
    if (count > 0 && strcmp(arguments[0], "destroy") == 0) {
        return command_destroy(count - 1, arguments + 1);
    }
    if (count > 0 && (strcmp(arguments[0], "--help") == 0 || strcmp(arguments[0], "-h") == 0)) {
        (void)command_new(1, arguments);
        printf("\n");
        return command_destroy(1, arguments);
    }
    if (count == 0) {
        return usage_error("kek", "new or destroy is missing");
    }
    return usage_error("kek", "'%s' is unknown; there are 'new' and 'destroy'", arguments[0]);
}
