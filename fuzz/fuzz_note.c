/* SPDX-License-Identifier: Apache-2.0 */
/* Signed notes: taken apart, judged by the key of the seed, read as a checkpoint and as handovers.
 */
#include <stdlib.h>
#include <string.h>

#include "epochs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char key_text[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
static const char signed_text[] = "If you think cryptography is the answer to your problem,\n"
                                  "then you don't know what your problem is.\n";

static void check(int good)
{
    if (!good) {
        abort();
    }
}

static void judge(svms_ctx *ctx, const svms_note *note, const svms_note_key *key)
{
    svms_note_finding finding;
    svms_status status = svms_note_check(note, ctx, key, &finding, NULL);
    check(status == SVMS_OK || status == SVMS_E_NOT_AUTHENTIC);
    check(status == SVMS_OK || !finding.is_signed);
    /* Nobody has that key to sign anything else. */
    check(!finding.is_signed || (note->text_size == sizeof signed_text - 1 &&
                                 memcmp(note->text, signed_text, note->text_size) == 0));
}

/* What is read as a checkpoint is written in the same bytes. */
static void read_checkpoint(svms_ctx *ctx, const svms_note *note)
{
    svms_checkpoint checkpoint;
    svms_builder again = svms_builder_new(ctx, SVMS_NOTE_MAX);
    if (svms_checkpoint_parse(&checkpoint, note->text, note->text_size, NULL) == SVMS_OK) {
        svms_put_checkpoint(&again, &checkpoint);
        check(again.size == note->text_size && memcmp(again.data, note->text, again.size) == 0);
    }
    svms_builder_clear(&again);
}

static void read_epochs(svms_ctx *ctx, const svms_note_key *key, const void *data, size_t size)
{
    svms_epochs epochs;
    svms_checkpoint checkpoint;
    check(svms_epochs_init(&epochs, ctx, key, NULL) == SVMS_OK);
    check(svms_epochs_read(&epochs, data, size, NULL) != SVMS_OK || size == 0);
    check(epochs.count == 1);
    check(svms_epochs_check(&epochs, data, size, &checkpoint, NULL) != SVMS_OK);
    svms_epochs_clear(&epochs);
}

static void read_key(svms_ctx *ctx, const char *text, size_t size)
{
    svms_note_key key;
    svms_builder again = svms_builder_new(ctx, SVMS_NOTE_KEY_TEXT_MAX);
    if (svms_note_key_parse(&key, ctx, text, size, NULL) == SVMS_OK) {
        svms_put_note_key(&again, &key);
        check(again.size == size && memcmp(again.data, text, size) == 0);
    }
    svms_builder_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    svms_note_key key;
    svms_note note;
    const char *bytes = size > 0 ? (const char *)data : "";
    if (!ctx) {
        check(svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK);
    }
    check(svms_note_key_parse(&key, ctx, key_text, sizeof key_text - 1, NULL) == SVMS_OK);
    read_key(ctx, bytes, size);
    if (svms_note_parse(&note, bytes, size, NULL) == SVMS_OK) {
        judge(ctx, &note, &key);
        read_checkpoint(ctx, &note);
    }
    read_epochs(ctx, &key, bytes, size);
    return 0;
}
