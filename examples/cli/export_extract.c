/* SPDX-License-Identifier: Apache-2.0 */
/* svms export extract: what is in a package as files that everybody can play. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <svms/svms.h>

#include "export_command.h"
#include "file.h"
#include "folder.h"
#include "interrupt.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "package_case.h"
#include "package_check.h"
#include "package_media.h"
#include "part_file.h"
#include "verify_report.h"

#define COMMAND "export extract"
#define NOT_TYPED UINT32_MAX

typedef struct extract_request {
    const char *path;
    const char *output;
    typed_inputs typed;
    const char *trust_path;
    const char *crl_path;
    const char *anchors_path;
    key_options keys;
    uint32_t source;
    uint32_t attachment;
    int64_t from_utc_ns;
    int64_t to_utc_ns;
    bool claimed_time;
    bool force;
} extract_request;

/* Sources that follow each other in one recording. */
typedef struct source_group {
    uint32_t first;
    uint32_t count;
} source_group;

typedef struct extraction {
    const extract_request *request;
    svms_ctx *ctx;
    svms_trust *trust;
    key_set keys;
    package_file file;
    json_t *document;
    uint32_t *numbers; /* 0, 1, 2 ... */
    source_group *groups;
    size_t group_count;
    bool doubtful; /* the package is not authentic in every respect, which was said */
} extraction;

static bool ends_with(const char *text, const char *suffix)
{
    size_t size = strlen(text);
    size_t end = strlen(suffix);
    return size > end && strcasecmp(text + size - end, suffix) == 0;
}

static bool is_media_name(const char *path)
{
    return ends_with(path, ".mp4") || ends_with(path, ".mkv");
}

/* Whether a source goes on where the one before it ended. */
static bool goes_on(const svms_export_period *before, const svms_export_period *is)
{
    bool same_container = memcmp(before->container_id, is->container_id, 16) == 0;
    return memcmp(before->recording_id, is->recording_id, 16) == 0 &&
           memcmp(before->device_id, is->device_id, 16) == 0 &&
           (!same_container || before->last_segment < is->first_segment);
}

static exit_status find_groups(extraction *self)
{
    uint32_t count = self->file.info.sources;
    svms_export_period before = SVMS_EXPORT_PERIOD_INIT;
    self->numbers = calloc((size_t)count + 1, sizeof *self->numbers);
    self->groups = calloc((size_t)count + 1, sizeof *self->groups);
    if (!self->numbers || !self->groups) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    for (uint32_t i = 0; i < count; i++) {
        svms_export_period period = SVMS_EXPORT_PERIOD_INIT;
        svms_error err = SVMS_ERROR_INIT;
        if (svms_export_get_source(self->file.evidence, i, &period, &err) != SVMS_OK) {
            return complain_error(&err, "cannot describe source %" PRIu32 " of %s", i,
                                  self->file.path);
        }
        self->numbers[i] = i;
        if (i == 0 || !goes_on(&before, &period)) {
            self->groups[self->group_count++] = (source_group){ i, 0 };
        }
        self->groups[self->group_count - 1].count++;
        before = period;
    }
    return EXIT_GOOD;
}

static exit_status write_group(const extraction *self, const source_group *group,
                               const char *output)
{
    const extract_request *request = self->request;
    const package_media_request media = { output,
                                          self->numbers + group->first,
                                          group->count,
                                          self->trust,
                                          request->from_utc_ns,
                                          request->to_utc_ns,
                                          request->claimed_time,
                                          request->force };
    exit_status status = options_check_output(&request->typed, output, request->force);
    return status == EXIT_GOOD ? package_media_write(&self->file, &media) : status;
}

static exit_status write_attachment(const extraction *self, uint32_t number, const char *output)
{
    part_file out = PART_FILE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = options_check_output(&self->request->typed, output, self->request->force);
    if (status == EXIT_GOOD) {
        status = part_file_create(&out, self->ctx, output);
    }
    if (status == EXIT_GOOD &&
        svms_export_get_attachment(self->file.evidence, number, &out.sink, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot extract attachment %" PRIu32, number);
    }
    int os_error = 0;
    if (status == EXIT_GOOD && out.sink.sync &&
        out.sink.sync(out.sink.user, &os_error) != SVMS_OK) {
        status = complain_system(os_error, "cannot make %s durable", output);
    }
    if (status == EXIT_GOOD) {
        status = part_file_publish(&out, self->request->force);
    }
    part_file_discard(&out);
    if (status == EXIT_GOOD) {
        print_line(stderr, "%s: attachment %" PRIu32 ", added by the exporter", output, number);
    }
    return status;
}

/* What others chose to call something, as a part of a file name that does no harm. */
static void make_harmless(char *out, size_t size, const char *name)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t used = 0;
    for (const char *place = name; *place && used + 1 < size; place++) {
        /* Bytes of other scripts stay; control characters of all kinds begin below or with C2. */
        bool other = (unsigned char)*place > 0xc2 || (used > 0 && (unsigned char)*place >= 0x80 &&
                                                      (unsigned char)out[used - 1] >= 0x80);
        out[used++] = other || strchr(good, *place) ? *place : '_';
    }
    out[used] = '\0';
    text_disarm(out, '_');
}

static char *group_path(const extraction *self, const source_group *group, bool mp4)
{
    char words[96] = "device";
    char name[128];
    const char *device =
        package_case_text(package_case_device(self->document, group->first), "name");
    if (device) {
        make_harmless(words, sizeof words, device);
    }
    snprintf(name, sizeof name, "source-%02" PRIu32 "-%s.%s", group->first, words,
             mp4 ? "mp4" : "mkv");
    return path_join(self->request->output, name);
}

static exit_status write_group_into_folder(const extraction *self, const source_group *group)
{
    bool mp4 = true;
    exit_status status = package_media_fits_mp4(&mp4, &self->file, group->first);
    if (status != EXIT_GOOD) {
        return status;
    }
    char *path = group_path(self, group, mp4);
    status = path ? write_group(self, group, path) : EXIT_ENVIRONMENT;
    free(path);
    return status;
}

static exit_status write_attachment_into_folder(const extraction *self, uint32_t number)
{
    char words[256] = "file";
    char name[300];
    const char *given =
        package_case_text(package_case_entry(self->document, "attachments", number), "name");
    if (given) {
        make_harmless(words, sizeof words - 32, given);
    }
    snprintf(name, sizeof name, "attachment-%02" PRIu32 "-%s", number, words);
    char *path = path_join(self->request->output, name);
    exit_status status = path ? write_attachment(self, number, path) : EXIT_ENVIRONMENT;
    free(path);
    return status;
}

static exit_status make_folder(const char *path)
{
    if (mkdir(path, S_IRWXU) == 0 || folder_exists(path)) {
        return EXIT_GOOD;
    }
    return complain_system(errno, "cannot make the folder %s", path);
}

/* One thing that fails does not keep the others back, unless it is the disk. */
static bool note_result(exit_status *worst, exit_status status)
{
    if (status != EXIT_GOOD && *worst != EXIT_ENVIRONMENT) {
        *worst = status;
    }
    return status != EXIT_ENVIRONMENT;
}

static exit_status write_folder(const extraction *self)
{
    exit_status worst = make_folder(self->request->output);
    bool go_on = worst == EXIT_GOOD;
    for (size_t i = 0; i < self->group_count && go_on; i++) {
        go_on = note_result(&worst, write_group_into_folder(self, &self->groups[i]));
    }
    for (uint32_t i = 0; i < self->file.info.attachments && go_on; i++) {
        go_on = note_result(&worst, write_attachment_into_folder(self, i));
    }
    return worst;
}

static exit_status write_typed(const extraction *self)
{
    const extract_request *request = self->request;
    if (request->attachment != NOT_TYPED) {
        return write_attachment(self, request->attachment, request->output);
    }
    if (request->source != NOT_TYPED) {
        const source_group one = { request->source, 1 };
        if (request->source >= self->file.info.sources) {
            return usage_error(COMMAND, "there is no source %" PRIu32, request->source);
        }
        return write_group(self, &one, request->output);
    }
    if (!is_media_name(request->output)) {
        return write_folder(self);
    }
    if (self->group_count != 1) {
        return usage_error(COMMAND,
                           "%s holds %zu recordings; --out takes a folder then, or --source says "
                           "which one",
                           request->path, self->group_count);
    }
    return write_group(self, &self->groups[0], request->output);
}

/* Who signed the package, where somebody is trusted. */
static exit_status verify(extraction *self)
{
    const extract_request *request = self->request;
    const package_question question = { request->trust_path,
                                        request->crl_path,
                                        request->anchors_path,
                                        request->claimed_time,
                                        NULL,
                                        false,
                                        false,
                                        NULL };
    package_findings found = PACKAGE_FINDINGS_INIT;
    if (!request->trust_path) {
        complain("note: who signed is not checked without --trust");
        return EXIT_GOOD;
    }
    exit_status status = package_check(&found, self->ctx, &self->file, &question);
    if (status != EXIT_GOOD) {
        return status;
    }
    if (found.report.verdict != SVMS_VERDICT_AUTHENTIC) {
        complain("%s is %s: %s", self->file.path, verify_verdict_title(found.report.verdict),
                 found.report.reason);
        self->doubtful = true;
    }
    if (found.report.links != SVMS_VERDICT_AUTHENTIC) {
        complain("nothing was extracted: nobody who is trusted vouches for the package");
        status = EXIT_EVIDENCE;
    }
    package_findings_free(&found);
    return status;
}

static void warn_of_rest(const package_file *file)
{
    if (file->info.unattested_bytes > 0) {
        complain("note: somebody began to sign %s and was interrupted; nobody attests the last "
                 "%" PRIu64 " bytes, and what they may have forbidden",
                 file->path, file->info.unattested_bytes);
    }
}

static exit_status prepare(extraction *self)
{
    const extract_request *request = self->request;
    exit_status status = make_context(&self->ctx);
    if (status == EXIT_GOOD && request->trust_path) {
        status =
            load_trust_and_crls(&self->trust, self->ctx, request->trust_path, request->crl_path);
    }
    if (status == EXIT_GOOD) {
        status = key_set_load(&self->keys, self->ctx, &request->keys);
    }
    if (status == EXIT_GOOD) {
        status = package_file_require(&self->file, self->ctx, request->path, &self->keys, COMMAND);
    }
    if (status == EXIT_GOOD) {
        status = package_file_check_policy(&self->file);
    }
    if (status == EXIT_GOOD && self->file.info.kind != SVMS_EXPORT_PACKAGE) {
        status = usage_error(COMMAND, "%s is a proof, and holds no media", request->path);
    }
    if (status == EXIT_GOOD) {
        warn_of_rest(&self->file);
        status = package_case_load(&self->document, self->file.evidence, self->file.path);
    }
    if (status == EXIT_GOOD) {
        status = find_groups(self);
    }
    return status;
}

static exit_status extract(const extract_request *request)
{
    extraction self;
    memset(&self, 0, sizeof self);
    self.request = request;
    self.file = (package_file)PACKAGE_FILE_INIT;
    exit_status status = prepare(&self);
    if (status == EXIT_GOOD) {
        interrupt_watch();
        status = verify(&self);
    }
    if (status == EXIT_GOOD) {
        status = write_typed(&self);
    }
    free(self.numbers);
    free(self.groups);
    json_decref(self.document);
    package_file_close(&self.file);
    key_set_free(&self.keys);
    svms_trust_free(&self.trust);
    svms_ctx_free(&self.ctx);
    return status == EXIT_GOOD && self.doubtful ? EXIT_EVIDENCE : status;
}

static const option_spec options[] = {
    { "out", "X.mp4|X.mkv|DIR", "one recording as a file, or everything into a folder", OPTION_TEXT,
      offsetof(extract_request, output), NULL, 0, 0 },
    { "source", "N", "only this source", OPTION_COUNT, offsetof(extract_request, source), NULL, 0,
      SVMS_EXPORT_MAX_SOURCES - 1 },
    { "attachment", "N", "only this attachment, as it is", OPTION_COUNT,
      offsetof(extract_request, attachment), NULL, 0, SVMS_EXPORT_MAX_SOURCES - 1 },
    { "from", "T", "begin with the segment that holds T (RFC 3339)", OPTION_TIME,
      offsetof(extract_request, from_utc_ns), NULL, 0, 0 },
    { "to", "T", "end before T (RFC 3339)", OPTION_TIME, offsetof(extract_request, to_utc_ns), NULL,
      0, 0 },
    { "password-file", "FILE", "password that opens the package: first line of FILE", OPTION_TEXT,
      offsetof(extract_request, keys.password_file), NULL, 0, 0 },
    { "password-prompt", NULL, "ask for the password on the terminal", OPTION_FLAG,
      offsetof(extract_request, keys.password_prompt), NULL, 0, 0 },
    { "identity", "KEY", "private key that opens the package (PEM)", OPTION_TEXT,
      offsetof(extract_request, keys.identity), NULL, 0, 0 },
    { "kek", "FILE", "key-encryption key that opens the package", OPTION_TEXT,
      offsetof(extract_request, keys.kek), NULL, 0, 0 },
    { "trust", "CA", "verify everything first, against these CA certificates (PEM)", OPTION_TEXT,
      offsetof(extract_request, trust_path), NULL, 0, 0 },
    { "crl", "FILE", "certificate revocation lists (PEM or DER)", OPTION_TEXT,
      offsetof(extract_request, crl_path), NULL, 0, 0 },
    { "tsa-anchors", "CA", "CA certificates (PEM) of time stamp authorities that are trusted",
      OPTION_TEXT, offsetof(extract_request, anchors_path), NULL, 0, 0 },
    { "accept-claimed-time", NULL,
      "believe the signers' clocks when a certificate has expired since", OPTION_FLAG,
      offsetof(extract_request, claimed_time), NULL, 0, 0 },
    { "force", NULL, "replace outputs when the new ones are complete", OPTION_FLAG,
      offsetof(extract_request, force), NULL, 0, 0 },
};

static const command_line line = {
    COMMAND,
    "PACKAGE --out X.mp4|X.mkv|DIR [options]",
    "Gets the video out of a package, bit by bit as it was recorded. Verifies on the way; what "
    "does\nnot verify is left out. A package whose policy forbids re-export is refused.",
    options,
    sizeof options / sizeof options[0],
    "PACKAGE",
    offsetof(extract_request, path)
};

exit_status command_export_extract(int count, char **arguments)
{
    extract_request request;
    memset(&request, 0, sizeof request);
    request.source = NOT_TYPED;
    request.attachment = NOT_TYPED;
    request.typed = (typed_inputs){ &line, &request, false };
    request.from_utc_ns = SVMS_NO_TIME;
    request.to_utc_ns = SVMS_NO_TIME;
    request.keys.question = "Password of the package: ";
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (!request.output || request.output[0] == '\0') {
        return usage_error(COMMAND, "--out is %s", request.output ? "empty" : "missing");
    }
    if (request.source != NOT_TYPED && request.attachment != NOT_TYPED) {
        return usage_error(COMMAND, "only one of --source and --attachment");
    }
    if (request.from_utc_ns != SVMS_NO_TIME && request.to_utc_ns != SVMS_NO_TIME &&
        request.from_utc_ns >= request.to_utc_ns) {
        return usage_error(COMMAND, "--from is not before --to");
    }
    if ((request.crl_path || request.anchors_path) && !request.trust_path) {
        return usage_error(COMMAND, "--crl and --tsa-anchors belong to --trust");
    }
    return extract(&request);
}
