/* SPDX-License-Identifier: Apache-2.0 */
/* svms token revoke: a list of what was revoked before its time, kept in a file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <svms/svms.h>

#include "file.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "token_command.h"
#include "token_input.h"

#define MAX_LIST_FILE ((size_t)64 * 1024 * 1024)
#define NS_PER_SECOND INT64_C(1000000000)
/* By how much a verifier's clock may be behind. */
#define SKEW_MAX_S 300

typedef struct revoke_request {
    const char *list;
    const char *issuer;
    const char *id;
    const char *subject;
    bool all;
    int64_t before_utc_ns;
    int64_t until_utc_ns;
    text_list merged;
    bool json;
} revoke_request;

typedef struct list_file {
    const char *path;
    int handle; /* locked */
    mode_t mode;
    bool is_new; /* and empty */
} list_file;

/* The file may be replaced, by somebody who had the lock, while this one waits for it. */
static exit_status lock_list(list_file *out, const char *path)
{
    for (;;) {
        struct stat held;
        struct stat named;
        int handle = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR);
        if (handle < 0) {
            return complain_system(errno, "cannot open %s", path);
        }
        if (flock(handle, LOCK_EX) != 0 || fstat(handle, &held) != 0) {
            int os_error = errno;
            close(handle);
            return complain_system(os_error, "cannot lock %s", path);
        }
        if (stat(path, &named) == 0 && named.st_dev == held.st_dev && named.st_ino == held.st_ino) {
            *out = (list_file){ path, handle, held.st_mode & 0777, held.st_size == 0 };
            return EXIT_GOOD;
        }
        close(handle);
    }
}

/* What was made for nothing goes again. */
static void unlock_list(list_file *list, exit_status status)
{
    if (list->handle >= 0) {
        if (status != EXIT_GOOD && list->is_new) {
            unlink(list->path);
        }
        close(list->handle);
    }
    list->handle = -1;
}

static exit_status merge_text(svms_revocations *list, const file_text *text, const char *path)
{
    svms_error err = SVMS_ERROR_INIT;
    return svms_revocations_merge(list, text->bytes, text->size, &err) == SVMS_OK
               ? EXIT_GOOD
               : complain_error(&err, "cannot use the revocations %s", path);
}

static exit_status read_list(svms_revocations *list, const list_file *file)
{
    file_text text = { NULL, 0 };
    if (file->is_new) {
        return EXIT_GOOD;
    }
    exit_status status = file_read_handle(&text, file->handle, file->path, MAX_LIST_FILE, false);
    if (status == EXIT_GOOD) {
        status = merge_text(list, &text, file->path);
    }
    file_text_free(&text);
    return status;
}

static exit_status merge_others(svms_revocations *list, const text_list *others)
{
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; i < others->count && status == EXIT_GOOD; i++) {
        file_text text = { NULL, 0 };
        status = file_read(&text, others->items[i], MAX_LIST_FILE, false);
        if (status == EXIT_GOOD) {
            status = merge_text(list, &text, others->items[i]);
        }
        file_text_free(&text);
    }
    return status;
}

/* Unless it is said otherwise: everything that was issued up to this second, for as long as any
 * such token can be good. */
static exit_status add_entry(svms_revocations *list, const revoke_request *request)
{
    svms_revocation_entry entry = SVMS_REVOCATION_ENTRY_INIT;
    svms_error err = SVMS_ERROR_INIT;
    int64_t now_s = (int64_t)time(NULL);
    int64_t life_s = (int64_t)TOKEN_LIFE_MAX + SKEW_MAX_S;
    if (!request->issuer) {
        return EXIT_GOOD;
    }
    entry.kind = request->id        ? SVMS_REVOKE_TOKEN
                 : request->subject ? SVMS_REVOKE_SUBJECT
                                    : SVMS_REVOKE_EPOCH;
    entry.issuer = request->issuer;
    entry.value = request->id ? request->id : request->subject;
    entry.before_utc_ns = request->before_utc_ns;
    entry.until_utc_ns = request->until_utc_ns;
    if (entry.kind != SVMS_REVOKE_TOKEN && entry.before_utc_ns == SVMS_NO_TIME) {
        entry.before_utc_ns = (now_s + 1) * NS_PER_SECOND;
    }
    if (entry.until_utc_ns == SVMS_NO_TIME) {
        entry.until_utc_ns = (now_s + life_s) * NS_PER_SECOND;
    }
    return svms_revocations_add(list, &entry, &err) == SVMS_OK
               ? EXIT_GOOD
               : complain_error(&err, "cannot revoke this");
}

static exit_status write_list(svms_revocations *list, const list_file *file)
{
    svms_error err = SVMS_ERROR_INIT;
    size_t size = 0;
    svms_status done = svms_revocations_write(list, NULL, &size, &err);
    char *text = done == SVMS_E_LIMIT ? malloc(size + 1) : NULL;
    if (done == SVMS_E_LIMIT && !text) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    done = text ? svms_revocations_write(list, text, &size, &err) : done;
    if (done != SVMS_OK) {
        free(text);
        return complain_error(&err, "cannot write %s", file->path);
    }
    text[size] = '\n';
    const new_file written = { file->path, file->mode, text, size + 1 };
    exit_status status = file_write(&written, 1, true);
    free(text);
    return status;
}

static exit_status say(const revoke_request *request, svms_revocations *list)
{
    size_t count = svms_revocations_count(list);
    if (request->json) {
        return json_print(json_pack("{s:o, s:I}", "file", json_text(request->list), "entries",
                                    (json_int_t)count));
    }
    print_line(stdout, "List          %s: %zu %s", request->list, count,
               count == 1 ? "entry" : "entries");
    return EXIT_GOOD;
}

static exit_status run(const revoke_request *request)
{
    list_file file = { request->list, -1, 0, false };
    svms_error err = SVMS_ERROR_INIT;
    svms_revocations *list = NULL;
    svms_ctx *ctx = NULL;
    exit_status status = file_check_output(request->list, true);
    if (status == EXIT_GOOD) {
        status = make_context(&ctx);
    }
    if (status == EXIT_GOOD && svms_revocations_new(&list, ctx, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot begin");
    }
    if (status == EXIT_GOOD) {
        status = lock_list(&file, request->list);
    }
    if (status == EXIT_GOOD) {
        status = read_list(list, &file);
    }
    if (status == EXIT_GOOD) {
        status = merge_others(list, &request->merged);
    }
    if (status == EXIT_GOOD) {
        status = add_entry(list, request);
    }
    if (status == EXIT_GOOD) {
        status = write_list(list, &file);
    }
    unlock_list(&file, status);
    if (status == EXIT_GOOD) {
        status = say(request, list);
    }
    svms_revocations_free(&list);
    svms_ctx_free(&ctx);
    return status;
}

static const option_spec options[] = {
    { "issuer", "NAME", "whose tokens: iss", OPTION_TEXT, offsetof(revoke_request, issuer), NULL, 0,
      0 },
    { "id", "ID", "one token, by its jti", OPTION_TEXT, offsetof(revoke_request, id), NULL, 0, 0 },
    { "subject", "NAME", "all tokens of a subject that were issued before a time", OPTION_TEXT,
      offsetof(revoke_request, subject), NULL, 0, 0 },
    { "all", NULL, "all tokens of the issuer that were issued before a time", OPTION_FLAG,
      offsetof(revoke_request, all), NULL, 0, 0 },
    { "before", "T", "that time (RFC 3339); default: now", OPTION_TIME,
      offsetof(revoke_request, before_utc_ns), NULL, 0, 0 },
    { "until", "T", "when the last of them has ended; default: in 366 days", OPTION_TIME,
      offsetof(revoke_request, until_utc_ns), NULL, 0, 0 },
    { "merge", "FILE", "take over what another server's list holds; repeatable", OPTION_LIST,
      offsetof(revoke_request, merged), NULL, 0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(revoke_request, json), NULL, 0,
      0 },
};

static const command_line line = {
    "token revoke",
    "LIST [--issuer NAME --id ID|--subject NAME|--all] [--merge FILE] [options]",
    "Keeps a list of tokens that are not good any more, and joins it with those of others. A\n"
    "list that is not there is made.",
    options,
    sizeof options / sizeof options[0],
    "LIST",
    offsetof(revoke_request, list)
};

static exit_status check(const revoke_request *request)
{
    int kinds = (request->id != NULL) + (request->subject != NULL) + request->all;
    exit_status status = EXIT_GOOD;
    if (request->issuer ? kinds != 1 : kinds != 0) {
        return usage_error(line.name,
                           "--issuer and one of --id, --subject and --all belong together");
    }
    if (!request->issuer && request->merged.count == 0) {
        return usage_error(line.name, "nothing is to be done: --issuer or --merge is missing");
    }
    if (request->before_utc_ns != SVMS_NO_TIME && !request->subject && !request->all) {
        return usage_error(line.name, "--before belongs to --subject or --all");
    }
    if (request->until_utc_ns != SVMS_NO_TIME && !request->issuer) {
        return usage_error(line.name, "--until belongs to --issuer");
    }
    const char *const texts[][2] = {
        { "issuer", request->issuer },
        { "id", request->id },
        { "subject", request->subject },
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && status == EXIT_GOOD; i++) {
        status = token_check_text(line.name, texts[i][0], texts[i][1]);
    }
    for (size_t i = 0; i < request->merged.count && status == EXIT_GOOD; i++) {
        status = file_check_not_input(request->list, request->merged.items[i]);
    }
    return status;
}

exit_status command_token_revoke(int count, char **arguments)
{
    revoke_request request;
    memset(&request, 0, sizeof request);
    request.before_utc_ns = SVMS_NO_TIME;
    request.until_utc_ns = SVMS_NO_TIME;
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    exit_status status = check(&request);
    return status == EXIT_GOOD ? run(&request) : status;
}
