/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept against logs (A-WIT-7). Anybody can send requests, and so this is bounded: forks,
 * which only who has the log's key can make, are never displaced; of growth that was not proven,
 * which anybody can claim with a checkpoint that is public, newer evidence takes older places. */
#include <stdio.h>
#include <string.h>

#include <svms/time.h>

#include "failure.h"
#include "witness_internal.h"

#define NAME_SIZE 96u
#define PLACES SVMS_WITNESS_EVIDENCE_MAX

static const char title[] = "svms audit evidence\n";
static const char separator[] = "--\n";

static const char *const names[] = { "fork", "unproven" };

typedef struct finding {
    svms_witness_log *log;
} finding;

static svms_status find_place(void *user, const char *name)
{
    finding *found = user;
    for (unsigned fault = 0; fault < 2; fault++) {
        for (unsigned place = 0; place < PLACES; place++) {
            char wanted[NAME_SIZE];
            snprintf(wanted, sizeof wanted, "%s-%02u", names[fault], place);
            if (strcmp(name, wanted) == 0) {
                found->log->evidence[fault].is_taken[place] = true;
            }
        }
    }
    return SVMS_OK;
}

svms_status svms_witness_evidence_load(svms_witness_log *log, const svms_folder *folder,
                                       svms_error *err)
{
    char name[NAME_SIZE];
    int os_error = 0;
    finding found = { log };
    snprintf(name, sizeof name, "evidence/%s", log->hash);
    svms_status status = folder->list(folder->user, name, find_place, &found, &os_error);
    if (status == SVMS_E_IO) {
        return svms_fail_io(err, os_error, "the witness cannot look into \"%s\"", name);
    }
    return status == SVMS_OK ? SVMS_OK
                             : svms_fail(err, status, "the witness cannot look into \"%s\"", name);
}

static bool has(const svms_witness_evidence *evidence, const svms_tree_head *about)
{
    for (unsigned i = 0; i < PLACES; i++) {
        if (evidence->is_known[i] && evidence->about[i].size == about->size &&
            memcmp(evidence->about[i].root, about->root, SVMS_DIGEST_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

/* PLACES: there is none. */
static unsigned choose(const svms_witness_evidence *evidence, svms_witness_fault fault)
{
    for (unsigned i = 0; i < PLACES; i++) {
        if (!evidence->is_taken[i]) {
            return i;
        }
    }
    return fault == SVMS_WITNESS_FORK ? PLACES : evidence->next;
}

static void put_text(svms_builder *out, svms_witness *witness, const svms_witness_log *log,
                     const char *path, const void *body, size_t size)
{
    char when[SVMS_TIME_TEXT_SIZE];
    svms_time_format(svms_utc_now(witness->ctx), when);
    svms_put_bytes(out, title, sizeof title - 1);
    svms_put_bytes(out, when, strlen(when));
    svms_put_u8(out, '\n');
    svms_put_bytes(out, path, strlen(path));
    svms_put_u8(out, '\n');
    svms_put_note_key(out, &log->key);
    svms_put_u8(out, '\n');
    svms_put_decimal_line(out, log->head.size);
    svms_put_hash_line(out, log->head.root);
    svms_put_bytes(out, separator, sizeof separator - 1);
    svms_put_bytes(out, log->note.data, log->note.size);
    svms_put_bytes(out, separator, sizeof separator - 1);
    svms_put_bytes(out, body, size);
}

svms_status svms_witness_evidence_add(svms_witness *witness, svms_witness_log *log,
                                      svms_witness_fault fault, const char *path,
                                      const svms_tree_head *about, const void *body, size_t size,
                                      bool *is_new, svms_error *err)
{
    svms_witness_evidence *evidence = &log->evidence[fault];
    unsigned place = choose(evidence, fault);
    char name[NAME_SIZE];
    svms_error why = SVMS_ERROR_INIT;
    *is_new = false;
    if (has(evidence, about) || place == PLACES) {
        return SVMS_OK;
    }
    svms_builder text =
        svms_builder_new(witness->ctx, SVMS_NOTE_MAX + SVMS_WITNESS_REQUEST_MAX + 1024);
    put_text(&text, witness, log, path, body, size);
    svms_status status = svms_builder_check(&text, "evidence", err);
    snprintf(name, sizeof name, "evidence/%s/%s-%02u", log->hash, names[fault], place);
    if (status == SVMS_OK) {
        svms_status put = svms_witness_put(witness->folder, name, text.data, text.size, &why);
        *is_new = put == SVMS_OK;
    }
    svms_builder_clear(&text);
    if (status != SVMS_OK) {
        return status;
    }
    if (!*is_new) {
        svms_log(witness->ctx, SVMS_LOG_WARNING, "%s", why.message);
        return SVMS_OK;
    }
    evidence->is_taken[place] = true;
    evidence->is_known[place] = true;
    evidence->about[place] = *about;
    evidence->next = (place + 1) % PLACES;
    return SVMS_OK;
}
