/* SPDX-License-Identifier: Apache-2.0 */
/* The newest cosigned checkpoint in the log's folder: the file "witnessed". */
#include <inttypes.h>
#include <string.h>

#include "cosign_internal.h"
#include "failure.h"
#include "log_internal.h"

#define FILE_NAME "witnessed"

svms_status svms_cosigning_read_kept(svms_cosigning *cosigning, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = svms_log_read_file(cosigning->folder, FILE_NAME, &cosigning->kept, &why);
    if (svms_log_is_missing(status, &why)) {
        svms_builder_reset(&cosigning->kept);
        return SVMS_OK;
    }
    return status == SVMS_OK ? SVMS_OK : svms_fail_as(err, status, &why);
}

/* Lines that are not the log's. */
static unsigned count_others(const svms_note *note, const char *origin)
{
    unsigned count = 0;
    size_t size = strlen(origin);
    for (unsigned i = 0; i < note->count; i++) {
        const svms_note_line *line = &note->line[i];
        count += line->name_size != size || memcmp(line->name, origin, size) != 0;
    }
    return count;
}

static bool has_same(const svms_note *note, const svms_note_line *line)
{
    for (unsigned i = 0; i < note->count; i++) {
        const svms_note_line *other = &note->line[i];
        bool is_same_blob = other->whole_size == line->whole_size &&
                            memcmp(other->whole, line->whole, line->whole_size) == 0;
        bool is_same_key = line->size > 0 && other->size > 0 && other->id == line->id &&
                           other->name_size == line->name_size &&
                           memcmp(other->name, line->name, line->name_size) == 0;
        if (is_same_blob || is_same_key) {
            return true;
        }
    }
    return false;
}

/* Cosignatures that others were asked for before. */
static svms_status merge(svms_cosigning *self, const svms_note *kept, svms_error *err)
{
    svms_note note;
    svms_status status = SVMS_OK;
    for (unsigned i = 0; i < kept->count && status == SVMS_OK; i++) {
        status = svms_note_parse(&note, self->note.data, self->note.size, err);
        if (status == SVMS_OK && !has_same(&note, &kept->line[i])) {
            if (note.count == SVMS_NOTE_SIGNATURES) {
                return svms_fail(err, SVMS_E_LIMIT, "a checkpoint has at most %u cosignatures",
                                 SVMS_NOTE_SIGNATURES);
            }
            status = svms_cosigning_put(&self->note, &kept->line[i], err);
        }
    }
    return status;
}

/* What to do beside what is there; *stays: that it stays. */
static svms_status compare(svms_cosigning *self, uint32_t quorum, bool *stays, svms_error *err)
{
    svms_note kept;
    svms_checkpoint last;
    const svms_tree_head *head = &self->checkpoint.head;
    svms_status status = svms_note_parse(&kept, self->kept.data, self->kept.size, err);
    if (status == SVMS_OK) {
        status = svms_checkpoint_parse(&last, kept.text, kept.text_size, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    *stays = last.head.size > head->size;
    if (last.head.size == head->size) {
        return memcmp(last.head.root, head->root, SVMS_DIGEST_SIZE) == 0 &&
                       strcmp(last.origin, self->checkpoint.origin) == 0
                   ? merge(self, &kept, err)
                   : svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                               "\"" FILE_NAME "\" has another tree of this size");
    }
    unsigned count = count_others(&kept, self->checkpoint.origin);
    if (last.head.size < head->size && self->collected < quorum && self->collected < count) {
        return svms_fail(err, SVMS_E_INCOMPLETE,
                         "%u witnesses of %u have cosigned; what %u have cosigned at %" PRIu64
                         " records stays",
                         self->collected, (unsigned)quorum, count, last.head.size);
    }
    return SVMS_OK;
}

svms_status svms_cosigning_keep(svms_cosigning *cosigning, uint32_t quorum, svms_error *err)
{
    bool stays = false;
    if (!cosigning) {
        return svms_fail(err, SVMS_E_USAGE, "no checkpoint was given");
    }
    if (cosigning->collected == 0) {
        return SVMS_OK;
    }
    svms_status status = svms_cosigning_read_kept(cosigning, err);
    if (status == SVMS_OK && cosigning->kept.size > 0) {
        status = compare(cosigning, quorum, &stays, err);
    }
    if (status == SVMS_OK && !stays) {
        status = svms_log_put_file(cosigning->folder, FILE_NAME, cosigning->note.data,
                                   cosigning->note.size, true, err);
    }
    return status;
}
