/* SPDX-License-Identifier: Apache-2.0 */
#include "verify_folder.h"

#include <stdlib.h>
#include <string.h>

#include "audit_verdict.h"
#include "head_file.h"
#include "json_output.h"
#include "message.h"
#include "progress.h"

#define ID_SIZE 16

typedef struct folder_state {
    folder_question question;
    svms_ctx *ctx;
    folder_list files;
    svms_head *heads;
    size_t head_count;
    folder_item *items;
    size_t item_count;
    svms_sequence_issue *issues;
    size_t issue_count;
    bool out_of_memory;
    svms_verify_options verify;
    camera_story camera;
    progress bar;
} folder_state;

static svms_status open_file(void *user, uint32_t index, svms_source *out, svms_error *err)
{
    const folder_state *self = user;
    return folder_open(out, self->ctx, self->files.paths[index], err);
}

static void close_file(void *user, uint32_t index, svms_source *source)
{
    (void)user;
    (void)index;
    svms_source_close(source);
}

static int on_progress(void *user, uint64_t done, uint64_t total)
{
    folder_state *self = user;
    progress_show(&self->bar, done, total, "verifying");
    return 0;
}

static void take_item(void *user, const svms_sequence_item *item)
{
    folder_state *self = user;
    folder_item *kept = &self->items[self->item_count++];
    kept->item = *item;
    kept->item.report = NULL;
    kept->item.pruned = NULL;
    if (item->report) {
        kept->verdict = item->report->verdict;
        kept->closed = item->report->closed;
    }
    if (item->pruned) {
        kept->pruned = malloc(sizeof *kept->pruned);
        if (!kept->pruned) {
            self->out_of_memory = true;
            return;
        }
        *kept->pruned = *item->pruned;
    }
}

static void take_issue(void *user, const svms_sequence_issue *issue)
{
    folder_state *self = user;
    svms_sequence_issue *grown =
        realloc(self->issues, (self->issue_count + 1) * sizeof *self->issues);
    if (!grown) {
        self->out_of_memory = true;
        return;
    }
    self->issues = grown;
    self->issues[self->issue_count++] = *issue;
}

static int hex_digit(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = digit == '\0' ? NULL : strchr(digits, digit);
    return found ? (int)(found - digits) : -1;
}

static exit_status parse_id(uint8_t out[ID_SIZE], const char *text)
{
    bool right = strlen(text) == 2 * (size_t)ID_SIZE;
    for (size_t i = 0; right && i < ID_SIZE; i++) {
        int high = hex_digit(text[2 * i]);
        int low = hex_digit(text[2 * i + 1]);
        right = high >= 0 && low >= 0;
        out[i] = (uint8_t)(right ? high * 16 + low : 0);
    }
    return right ? EXIT_GOOD
                 : usage_error("verify", "--recording takes 32 hexadecimal digits, as svms info "
                                         "prints them");
}

static exit_status load_heads(folder_state *self)
{
    const text_list *paths = self->question.head_files;
    self->heads = calloc(paths->count + 1, sizeof *self->heads);
    if (!self->heads) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    for (size_t i = 0; i < paths->count; i++) {
        bool found = false;
        exit_status status = head_file_load(&self->heads[i], &found, paths->items[i]);
        if (status == EXIT_GOOD && !found) {
            complain("%s does not exist", paths->items[i]);
            status = EXIT_ENVIRONMENT;
        }
        if (status != EXIT_GOOD) {
            return status;
        }
        self->head_count++;
    }
    return EXIT_GOOD;
}

static bool has_verdict(svms_status status)
{
    return status == SVMS_OK || status == SVMS_E_NOT_AUTHENTIC || status == SVMS_E_UNDECRYPTABLE ||
           status == SVMS_E_UNTRUSTED || status == SVMS_E_INCOMPLETE;
}

static exit_status show(const folder_state *self, const svms_sequence_report *report)
{
    const folder_result result = { &self->question,   &self->files,     report,
                                   self->items,       self->item_count, self->issues,
                                   self->issue_count, &self->camera };
    if (self->question.json) {
        return json_print(folder_to_json(&result));
    }
    if (!self->question.quiet) {
        folder_print_text(&result);
    }
    return EXIT_GOOD;
}

static exit_status tell(const folder_state *self, const svms_sequence_report *report)
{
    const audit_verdict verdict = { "recording.verify",
                                    self->question.path,
                                    report->verdict,
                                    report->segments_verified + report->segments_failed,
                                    SVMS_NO_TIME,
                                    NULL,
                                    report->issue_count > 0 ? report->worst.reason : NULL };
    return audit_tell_verdict(self->question.trail, &verdict);
}

/* In the order of the recording: what a camera signs goes on from container to container. */
static exit_status ask_camera(folder_state *self)
{
    const folder_question *question = &self->question;
    exit_status status = EXIT_GOOD;
    camera_story_begin(&self->camera, self->ctx, question->camera_trust,
                       question->verify->time_policy == SVMS_TIME_CLAIMED);
    for (size_t i = 0; status == EXIT_GOOD && i < self->item_count; i++) {
        svms_source source = SVMS_SOURCE_INIT;
        svms_error err = SVMS_ERROR_INIT;
        if (!self->items[i].item.verified) {
            continue;
        }
        if (open_file(self, self->items[i].item.index, &source, &err) != SVMS_OK) {
            return complain_error(&err, "cannot read what is told of the camera");
        }
        status = camera_story_add_source(&self->camera, &source, question->verify->keys);
        svms_source_close(&source);
    }
    return status == EXIT_GOOD ? camera_story_end(&self->camera) : status;
}

static exit_status verify_files(folder_state *self, const uint8_t *recording)
{
    svms_sequence_options options = SVMS_SEQUENCE_OPTIONS_INIT;
    svms_sequence_report report = SVMS_SEQUENCE_REPORT_INIT;
    svms_error err = SVMS_ERROR_INIT;
    self->verify = *self->question.verify;
    self->verify.user = self;
    self->verify.progress = on_progress;
    self->verify.finding = NULL;
    options.count = (uint32_t)self->files.count;
    options.recording = recording;
    options.heads = self->heads;
    options.head_count = self->head_count;
    options.verify = &self->verify;
    options.user = self;
    options.open = open_file;
    options.close = close_file;
    options.item = take_item;
    options.issue = take_issue;
    progress_begin(&self->bar);
    svms_status verified = svms_verify_recording(self->ctx, &options, &report, &err);
    progress_clear(&self->bar);
    if (!has_verdict(verified)) {
        return complain_error(&err, "cannot verify %s", self->question.path);
    }
    if (self->out_of_memory) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    exit_status shown = ask_camera(self);
    if (shown == EXIT_GOOD) {
        shown = tell(self, &report);
    }
    if (shown == EXIT_GOOD) {
        shown = show(self, &report);
    }
    if (shown == EXIT_GOOD && verified == SVMS_OK) {
        shown = camera_story_status(&self->camera);
    }
    return shown == EXIT_GOOD ? exit_status_of(verified) : shown;
}

exit_status verify_folder(const folder_question *question, svms_ctx *ctx)
{
    folder_state self = { 0 };
    uint8_t recording[ID_SIZE];
    self.question = *question;
    self.ctx = ctx;
    exit_status status = question->recording ? parse_id(recording, question->recording) : EXIT_GOOD;
    if (status == EXIT_GOOD) {
        status = load_heads(&self);
    }
    if (status == EXIT_GOOD) {
        status = folder_list_recording(&self.files, question->path);
    }
    if (status == EXIT_GOOD && self.files.count == 0) {
        complain("%s holds no recording: no file is called *%s", question->path, CONTAINER_SUFFIX);
        status = EXIT_ENVIRONMENT;
    }
    if (status == EXIT_GOOD) {
        self.items = calloc(self.files.count, sizeof *self.items);
        if (!self.items) {
            complain("out of memory");
            status = EXIT_ENVIRONMENT;
        }
    }
    if (status == EXIT_GOOD) {
        status = verify_files(&self, question->recording ? recording : NULL);
    }
    camera_story_free(&self.camera);
    for (size_t i = 0; i < self.item_count; i++) {
        free(self.items[i].pruned);
    }
    free(self.items);
    free(self.issues);
    free(self.heads);
    folder_list_free(&self.files);
    return status;
}
