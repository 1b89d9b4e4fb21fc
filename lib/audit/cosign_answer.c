/* SPDX-License-Identifier: Apache-2.0 */
/* What a witness answered: a cosignature, what it has instead, or why not. */
#include <inttypes.h>
#include <string.h>

#include "cosign_internal.h"
#include "failure.h"
#include "options.h"

/* A witness that is told what it asked for needs two answers an epoch, and some to begin with. */
#define ANSWERS_MORE 16u

enum { GOOD = 200, FORBIDDEN = 403, NOT_FOUND = 404, CONFLICT = 409, UNPROCESSABLE = 422 };

/* Without regard to case, and to parameters behind it. */
static bool is_type(const svms_cosigning_answer *answer, const char *type)
{
    size_t size = strlen(type);
    const char *given = answer->type ? answer->type : "";
    for (size_t i = 0; i < size; i++) {
        char sign = given[i];
        sign = (char)(sign >= 'A' && sign <= 'Z' ? sign - 'A' + 'a' : sign);
        if (sign != type[i]) {
            return false;
        }
    }
    return given[size] == '\0' || given[size] == ';' || given[size] == ' ';
}

static svms_status malformed(const svms_cosigning *self, svms_error *err)
{
    return svms_fail(err, SVMS_E_MALFORMED, "the witness \"%s\" does not answer as witnesses do",
                     self->witness.name);
}

static svms_status read_number(const svms_cosigning *self, const svms_cosigning_answer *answer,
                               uint64_t *out, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(answer->body, answer->size, 0);
    return svms_read_decimal_line(&cursor, out) && svms_cursor_at_end(&cursor)
               ? SVMS_OK
               : malformed(self, err);
}

/* Its own line among those that it gave, and verified, is added. */
static svms_status take_lines(svms_cosigning *self, const svms_note *answered, svms_error *err)
{
    svms_note note;
    svms_note_finding found;
    svms_status status = svms_note_check(answered, self->ctx, &self->witness, &found, err);
    if (status == SVMS_OK && !found.is_signed) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the answer is not signed by the witness \"%s\"", self->witness.name);
    }
    if (status == SVMS_OK) {
        status = svms_note_parse(&note, self->note.data, self->note.size, err);
    }
    if (status == SVMS_OK && !svms_note_find(&note, &self->witness)) {
        status = svms_cosigning_put(&self->note, svms_note_find(answered, &self->witness), err);
        self->collected += status == SVMS_OK;
    }
    return status;
}

static svms_status take_cosignature(svms_cosigning *self, const svms_cosigning_answer *answer,
                                    svms_error *err)
{
    svms_note answered;
    svms_error why = SVMS_ERROR_INIT;
    svms_builder bytes = svms_builder_new(self->ctx, SVMS_NOTE_MAX);
    svms_put_bytes(&bytes, self->base.data, self->base.size);
    svms_put_bytes(&bytes, answer->body, answer->size);
    svms_status status = svms_builder_check(&bytes, "an answer", &why);
    if (status == SVMS_OK) {
        status = svms_note_parse(&answered, bytes.data, bytes.size, &why);
    }
    if (status != SVMS_OK) {
        svms_builder_clear(&bytes);
        return status == SVMS_E_NO_MEMORY ? svms_fail_as(err, status, &why) : malformed(self, err);
    }
    /* The text must still be ours: an answer may bring empty lines of its own. */
    if (answered.text_size >= self->base.size) {
        status = malformed(self, err);
    } else {
        status = take_lines(self, &answered, err);
    }
    svms_builder_clear(&bytes);
    if (status == SVMS_OK) {
        self->phase = SVMS_COSIGNING_DONE;
    }
    return status;
}

static svms_status take_size(svms_cosigning *self, const svms_cosigning_answer *answer,
                             svms_error *err)
{
    uint64_t size = 0;
    svms_status status = read_number(self, answer, &size, err);
    if (status == SVMS_OK && size > self->checkpoint.head.size) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the witness \"%s\" has cosigned %" PRIu64
                         " records of the log, which has %" PRIu64
                         " now: records are missing, or this is an older copy",
                         self->witness.name, size, self->checkpoint.head.size);
    }
    if (status == SVMS_OK) {
        self->old_size = size;
    }
    return status;
}

/* The witness is in that epoch: the next one is to be told, up to that of the checkpoint. */
static svms_status take_epoch(svms_cosigning *self, const svms_cosigning_answer *answer,
                              svms_error *err)
{
    uint64_t number = 0;
    svms_status status = read_number(self, answer, &number, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (number >= self->epochs.count) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the witness \"%s\" knows a later key of the log than the log itself: "
                         "this is an older copy",
                         self->witness.name);
    }
    if (number > self->epoch) {
        return svms_fail(err, SVMS_E_STATE,
                         "the witness \"%s\" waits for a checkpoint of the log's next key",
                         self->witness.name);
    }
    self->is_met = number > 0;
    if (answer->status == GOOD) {
        self->old_size = self->epochs.epoch[number].from.size;
    }
    self->telling = number + 1;
    self->phase = number == self->epoch ? SVMS_COSIGNING_CHECKPOINT : SVMS_COSIGNING_EPOCH;
    return SVMS_OK;
}

static svms_status take_conflict(svms_cosigning *self, const svms_cosigning_answer *answer,
                                 svms_error *err)
{
    if (is_type(answer, SVMS_WITNESS_TYPE_SIZE)) {
        return take_size(self, answer, err);
    }
    if (self->phase == SVMS_COSIGNING_EPOCH && is_type(answer, SVMS_WITNESS_TYPE_EPOCH)) {
        return take_epoch(self, answer, err);
    }
    return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                     "the witness \"%s\" has seen another tree of this log", self->witness.name);
}

/* It may know an earlier key, and be led to the present one. Where it is in one of the log's epochs
 * already, and that has another key, there are two logs. The first key it was told. */
static svms_status take_unknown_key(svms_cosigning *self, svms_error *err)
{
    /* It judges a signature only where it is in the epoch before. */
    bool is_before = self->phase == SVMS_COSIGNING_EPOCH && self->telling > 1;
    if (self->is_met || is_before) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the witness \"%s\" knows another key of the log: it was forked, or this "
                         "is an older copy",
                         self->witness.name);
    }
    if (self->has_told || self->epoch == 0) {
        return svms_fail(err, SVMS_E_STATE, "the witness \"%s\" does not know the log's key",
                         self->witness.name);
    }
    self->has_told = true;
    self->phase = SVMS_COSIGNING_EPOCH;
    self->telling = self->epoch;
    return SVMS_OK;
}

static svms_status take(svms_cosigning *self, const svms_cosigning_answer *answer, svms_error *err)
{
    switch (answer->status) {
    case GOOD:
        return self->phase == SVMS_COSIGNING_EPOCH ? take_epoch(self, answer, err)
                                                   : take_cosignature(self, answer, err);
    case FORBIDDEN:
        return take_unknown_key(self, err);
    case NOT_FOUND:
        return svms_fail(err, SVMS_E_STATE, "the witness \"%s\" %s", self->witness.name,
                         self->phase == SVMS_COSIGNING_EPOCH ? "follows no handovers"
                                                             : "does not know the log");
    case CONFLICT:
        return take_conflict(self, answer, err);
    case UNPROCESSABLE:
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "to the witness \"%s\" the log has not grown out of what it was",
                         self->witness.name);
    default:
        return svms_fail(err, SVMS_E_IO, "the witness \"%s\" answers with status %u",
                         self->witness.name, (unsigned)answer->status);
    }
}

svms_status svms_cosigning_take(svms_cosigning *cosigning, const svms_cosigning_answer *answer,
                                svms_error *err)
{
    svms_cosigning_answer known = SVMS_COSIGNING_ANSWER_INIT;
    if (!cosigning || !answer) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_options_read(&known, sizeof known, answer, "the answer", err);
    if (status == SVMS_OK && known.size > 0 && !known.body) {
        status = svms_fail(err, SVMS_E_USAGE, "an answer of %zu bytes is NULL", known.size);
    }
    if (status == SVMS_OK && !cosigning->is_asked) {
        status = svms_fail(err, SVMS_E_STATE, "nothing was asked");
    }
    if (status != SVMS_OK) {
        return status;
    }
    cosigning->is_asked = false;
    known.body = known.size > 0 ? known.body : "";
    status = take(cosigning, &known, err);
    cosigning->asked++;
    if (status == SVMS_OK && cosigning->phase != SVMS_COSIGNING_DONE &&
        cosigning->asked > 2 * cosigning->epoch + ANSWERS_MORE) {
        status = malformed(cosigning, err);
    }
    if (status != SVMS_OK && status != SVMS_E_NO_MEMORY) {
        cosigning->phase = SVMS_COSIGNING_IDLE;
    }
    return status;
}
