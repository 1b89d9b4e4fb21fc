/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_witness_service.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "est_log.h"

#define PATH_SIZE 32

/* What is behind the slash; false: it is longer than any that there is. */
static bool take_path(http_slice target, char out[PATH_SIZE])
{
    if (target.size < 1 || target.size > PATH_SIZE) {
        return false;
    }
    memcpy(out, target.bytes + 1, target.size - 1);
    out[target.size - 1] = '\0';
    return true;
}

static void log_answer(const audit_witness_service *self, const http_question *question,
                       const char *path, const svms_witness_answer *answer)
{
    char words[SVMS_WITNESS_TEXT_SIZE + 64];
    bool is_good = answer->status == HTTP_OK;
    if (is_good) {
        snprintf(words, sizeof words, "%" PRIu64 " records", answer->size);
    } else {
        snprintf(words, sizeof words, "%s: status %u, %.*s", path, (unsigned)answer->status,
                 (int)strcspn(answer->text, "\n"), answer->text);
    }
    const est_event event = {
        .what = answer->is_new_evidence ? "evidence"
                : is_good               ? "cosigned"
                                        : "refused",
        .address = question->address,
        .name = answer->origin[0] != '\0' ? answer->origin : NULL,
        .words = words,
    };
    est_log(self->json, &event);
}

static void copy_answer(const svms_witness_answer *answer, http_answer *out)
{
    out->status = (http_status)answer->status;
    out->type = answer->type;
    out->body = malloc((size_t)answer->text_size + 1);
    if (!out->body) {
        out->body_size = 0;
        return;
    }
    memcpy(out->body, answer->text, (size_t)answer->text_size + 1);
    out->body_size = answer->text_size;
}

void audit_witness_log(void *user, const char *what, const char *address, const char *words)
{
    const audit_witness_service *self = user;
    const est_event event = { .what = what, .address = address, .words = words };
    est_log(self->json, &event);
}

void audit_witness_answer(void *user, const http_question *question, http_answer *out)
{
    audit_witness_service *self = user;
    svms_witness_answer answer = SVMS_WITNESS_ANSWER_INIT;
    svms_error err = SVMS_ERROR_INIT;
    char path[PATH_SIZE];
    if (!take_path(question->head->target, path)) {
        http_answer_words(out, HTTP_NOT_FOUND, "there is nothing of this name");
        return;
    }
    if (!http_slice_is(question->head->method, "POST")) {
        http_answer_words(out, HTTP_METHOD_NOT_ALLOWED, "a witness is asked by POST");
        out->allow = "POST";
        return;
    }
    if (svms_witness_handle(self->witness, path, question->body, question->body_size, &answer,
                            &err) != SVMS_OK) {
        const est_event event = { .what = "failed",
                                  .address = question->address,
                                  .words = err.message };
        est_log(self->json, &event);
        http_answer_words(out, HTTP_UNAVAILABLE, "the witness cannot answer now");
        return;
    }
    log_answer(self, question, path, &answer);
    copy_answer(&answer, out);
}
