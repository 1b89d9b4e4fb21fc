/* SPDX-License-Identifier: Apache-2.0 */
/* Whole logs: whatever is changed in a small one is found, and what cannot be read is not called
 * changed (A-PRF-4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proof_case.h"

static bool begins(const char *text, const char *front)
{
    return strncmp(text, front, strlen(front)) == 0;
}

/* The index is derived: what it says must be so, and where it says nothing the log is right. */
static bool is_index(const memory_file *file)
{
    return strcmp(file->name, "index") == 0;
}

/* Private keys are nothing that a log is verified by. */
static bool is_evidence(const memory_file *file)
{
    return file->is_there && !begins(file->name, "keys/");
}

/* A part of a tile that newer checkpoints have more of: whoever wants it takes the newer one. */
static bool is_earlier_part(const memory_file *file)
{
    return begins(file->name, "tile/") && strstr(file->name, "001.p/") &&
           !strstr(file->name, "001.p/14");
}

static void assert_right(proof_case *c)
{
    svms_audit_report report;
    svms_error err = SVMS_ERROR_INIT;
    if (proof_case_check(c, &report, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
}

static void a_good_log_is_right(void **state)
{
    proof_case *c = *state;
    svms_audit_report report;
    svms_error err = SVMS_ERROR_INIT;
    if (proof_case_check(c, &report, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(report.size, PROOF_SIZE);
    assert_int_equal(report.published, PROOF_SIZE);
    assert_int_equal(report.checked, PROOF_SIZE);
    assert_int_equal(report.epochs, 2);
    assert_int_equal(report.flaws, 0);
    assert_true(report.first_wrong == SVMS_NO_RECORD);
    assert_int_equal(report.first.flaw, SVMS_AUDIT_FLAW_NONE);
    assert_int_equal(report.witnessed, 2);
    assert_int_equal(report.witnessed_size, PROOF_FIRST);
    assert_true(report.attested_utc_ns == PROOF_TIME_OUTSIDE * 1000000000);
    assert_int_equal(report.is_key_given, 1);
    report = (svms_audit_report)SVMS_AUDIT_REPORT_INIT;
    assert_int_equal(svms_audit_check(c->ctx, &c->view, NULL, NULL, &report, NULL), SVMS_OK);
    assert_int_equal(report.is_key_given, 0);
}

/* Number of the record of a bundle that has the byte. */
static uint64_t record_at(const memory_file *file, size_t byte)
{
    size_t at = 0;
    uint64_t index = begins(file->name, "tile/entries/001") ? 256 : 0;
    for (;; index++) {
        at += 2u + ((size_t)file->data[at] << 8 | file->data[at + 1]);
        if (byte < at) {
            return index;
        }
    }
}

/* Whoever reads version 1 of a journal passes over its minor version. */
static bool is_minor_version(const memory_file *file, size_t byte)
{
    return begins(file->name, "journal/") && (byte == 10 || byte == 11);
}

/* What a changed byte of a file must be called. */
static void assert_found(const memory_file *file, uint64_t record, svms_status status,
                         const svms_audit_report *report, size_t byte)
{
    bool is_bundle = begins(file->name, "tile/entries/") && !is_earlier_part(file);
    bool is_tile = begins(file->name, "tile/") && !begins(file->name, "tile/entries/");
    /* In the name of a witness: then it is somebody else's, whom nobody knows. */
    bool is_unknown = strcmp(file->name, "witnessed") == 0 && status == SVMS_E_UNTRUSTED;
    bool good = is_minor_version(file, byte) || is_unknown ||
                (status == SVMS_E_NOT_AUTHENTIC && report->flaws > 0);
    good = good && (!is_bundle || report->first_wrong == record);
    good = good && (!is_index(file) || (report->first_wrong == SVMS_NO_RECORD &&
                                        report->first.flaw == SVMS_AUDIT_FLAW_INDEX));
    good = good && (!is_tile || (report->first_wrong == SVMS_NO_RECORD &&
                                 report->first.flaw == SVMS_AUDIT_FLAW_TILE));
    if (!good) {
        fail_msg("byte %zu of \"%s\": %s, flaw %s (%s), record %lld", byte, file->name,
                 svms_status_name(status), svms_audit_flaw_name(report->first.flaw),
                 report->first.words, (long long)report->first_wrong);
    }
}

static void every_flipped_byte_is_found(void **state)
{
    proof_case *c = *state;
    size_t flipped = 0;
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        memory_file *file = &c->folder.file[i];
        if (!is_evidence(file)) {
            continue;
        }
        for (size_t byte = 0; byte < file->size; byte++, flipped++) {
            svms_audit_report report;
            uint64_t record = begins(file->name, "tile/entries/") ? record_at(file, byte) : 0;
            uint8_t bit = (uint8_t)(1u << (byte * 5 % 8));
            file->data[byte] ^= bit;
            svms_status status = proof_case_check(c, &report, NULL);
            file->data[byte] ^= bit;
            assert_found(file, record, status, &report, byte);
        }
    }
    assert_true(flipped > 15000);
    assert_right(c);
}

static void every_deleted_file_is_found(void **state)
{
    proof_case *c = *state;
    unsigned deleted = 0;
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        memory_file *file = &c->folder.file[i];
        svms_audit_report report;
        if (!is_evidence(file) || is_earlier_part(file) || is_index(file)) {
            continue;
        }
        file->is_there = false;
        svms_status status = proof_case_check(c, &report, NULL);
        file->is_there = true;
        deleted++;
        /* What witnesses said is missing, and nothing else. */
        bool is_witnessed = strcmp(file->name, "witnessed") == 0;
        if (status != (is_witnessed ? SVMS_E_UNTRUSTED : SVMS_E_NOT_AUTHENTIC)) {
            fail_msg("\"%s\": %s", file->name, svms_status_name(status));
        }
        if (begins(file->name, "tile/entries/")) {
            assert_int_equal(report.first_wrong, begins(file->name, "tile/entries/000") ? 0 : 256);
            assert_int_equal(report.first.flaw, SVMS_AUDIT_FLAW_MISSING);
        }
    }
    assert_true(deleted >= 9);
    assert_right(c);
}

/* The file becomes these bytes for one verification. */
static svms_status check_with(proof_case *c, memory_file *file, uint8_t *data, size_t size)
{
    svms_audit_report report;
    uint8_t *kept = file->data;
    size_t kept_size = file->size;
    file->data = data;
    file->size = size;
    svms_status status = proof_case_check(c, &report, NULL);
    file->data = kept;
    file->size = kept_size;
    return status;
}

static void inserted_bytes_and_cut_files_are_found(void **state)
{
    proof_case *c = *state;
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        memory_file *file = &c->folder.file[i];
        if (!is_evidence(file) || is_index(file)) {
            continue;
        }
        uint8_t *more = malloc(file->size + 1);
        assert_non_null(more);
        const size_t step = 7;
        for (size_t at = 0; at <= file->size; at += step) {
            memcpy(more, file->data, at);
            more[at] = at < file->size ? file->data[at] : '\n';
            memcpy(more + at + 1, file->data + at, file->size - at);
            svms_status status = check_with(c, file, more, file->size + 1);
            /* Behind what was written last a crash leaves the part of a group. */
            bool is_torn = begins(file->name, "journal/") && at + 1 >= file->size;
            /* In a name of a witness: then it is somebody else's, whom nobody knows. */
            bool is_unknown = strcmp(file->name, "witnessed") == 0 && status == SVMS_E_UNTRUSTED;
            if (!is_unknown && status != (is_torn ? SVMS_OK : SVMS_E_NOT_AUTHENTIC)) {
                fail_msg("a byte at %zu of \"%s\": %s", at, file->name, svms_status_name(status));
            }
            status = at < file->size ? check_with(c, file, file->data, at) : SVMS_E_NOT_AUTHENTIC;
            is_unknown = strcmp(file->name, "witnessed") == 0 && status == SVMS_E_UNTRUSTED;
            if (!is_unknown && status != SVMS_E_NOT_AUTHENTIC) {
                fail_msg("\"%s\" cut to %zu: %s", file->name, at, svms_status_name(status));
            }
        }
        free(more);
    }
    assert_right(c);
}

static void swapped_records_are_found(void **state)
{
    proof_case *c = *state;
    memory_file *file = proof_case_file(c, "tile/entries/000");
    uint8_t *other = malloc(file->size);
    assert_non_null(other);
    /* Each with the one behind it. */
    for (size_t at = 0; at < file->size;) {
        size_t first = 2u + ((size_t)file->data[at] << 8 | file->data[at + 1]);
        if (at + first >= file->size) {
            break;
        }
        const uint8_t *next = file->data + at + first;
        size_t second = 2u + ((size_t)next[0] << 8 | next[1]);
        svms_audit_report report;
        memcpy(other, file->data, file->size);
        memcpy(other + at, next, second);
        memcpy(other + at + second, file->data + at, first);
        uint64_t record = record_at(file, at);
        uint8_t *kept = file->data;
        file->data = other;
        svms_status status = proof_case_check(c, &report, NULL);
        file->data = kept;
        assert_int_equal(status, SVMS_E_NOT_AUTHENTIC);
        assert_int_equal(report.first_wrong, record);
        at += first;
    }
    free(other);
}

static void swap_files(proof_case *c, const char *left, const char *right)
{
    memory_file *a = proof_case_file(c, left);
    memory_file *b = proof_case_file(c, right);
    uint8_t *data = a->data;
    size_t size = a->size;
    a->data = b->data;
    a->size = b->size;
    b->data = data;
    b->size = size;
}

static void swapped_bundles_are_found(void **state)
{
    proof_case large;
    svms_audit_report report;
    (void)state;
    proof_case_make(&large, 600, 100);
    assert_right(&large);
    swap_files(&large, "tile/entries/000", "tile/entries/001");
    assert_int_equal(proof_case_check(&large, &report, NULL), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(report.first_wrong, 0);
    /* With their tiles. */
    swap_files(&large, "tile/0/000", "tile/0/001");
    assert_int_equal(proof_case_check(&large, &report, NULL), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(report.first_wrong, 0);
    swap_files(&large, "tile/entries/000", "tile/entries/001");
    assert_int_equal(proof_case_check(&large, &report, NULL), SVMS_E_NOT_AUTHENTIC);
    assert_true(report.first_wrong == SVMS_NO_RECORD);
    swap_files(&large, "tile/0/000", "tile/0/001");
    assert_right(&large);
    proof_case_clear(&large);
}

/* The tile that says otherwise than the record is damaged, too: both are told, and the record by
 * what stands above. */
static void a_changed_record_whose_tile_was_changed_with_it_is_found(void **state)
{
    proof_case *c = *state;
    proof_signer thief;
    proof_records records;
    svms_audit_report report;
    static const char *const kept[] = { "checkpoint", "tile/1/000.p/1" };
    memory_folder before;
    for (unsigned i = 0; i < 2; i++) {
        memory_folder_copy(&before, &c->folder);
        proof_case_steal(c, 2, &thief);
        proof_records_read(c, PROOF_SIZE, &records);
        records.data[77][0] ^= 1;
        proof_case_rewrite(c, &records, &thief);
        for (unsigned k = 0; k <= i; k++) {
            const memory_file *file = memory_folder_find(&before, kept[k]);
            proof_case_put(c, kept[k], file->data, file->size);
        }
        assert_int_equal(proof_case_check(c, &report, NULL), SVMS_E_NOT_AUTHENTIC);
        assert_true(report.first_wrong <= 77);
        proof_records_free(&records);
        proof_signer_free(&thief);
        memory_folder_free(&c->folder);
        memory_folder_copy(&c->folder, &before);
        memory_folder_free(&before);
    }
}

/* The attack: whoever has the present key makes the whole log anew, with another past. */
static void a_stolen_key_rewrites_no_earlier_epoch(void **state)
{
    proof_case *c = *state;
    proof_signer thief;
    proof_records records;
    svms_audit_report report;
    proof_case_steal(c, 2, &thief);
    proof_records_read(c, PROOF_SIZE, &records);
    /* The forgery itself is sound: with nothing changed it is a log that verifies. */
    proof_case_rewrite(c, &records, &thief);
    assert_right(c);
    records.data[100][0] ^= 1;
    proof_case_rewrite(c, &records, &thief);
    c->trust.quorum = 0;
    c->trust.witness_count = 0;
    int os_error = 0;
    assert_int_equal(c->view.remove(c->view.user, "witnessed", &os_error), SVMS_OK);
    assert_int_equal(proof_case_check(c, &report, NULL), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(report.first.flaw, SVMS_AUDIT_FLAW_ROOT);
    assert_non_null(strstr(report.first.words, "the handover to epoch 2"));
    assert_true(report.first_wrong <= 100);
    /* Nor is it appended to, as if nothing were wrong. */
    svms_audit_log *log = NULL;
    svms_audit_log_options options = SVMS_AUDIT_LOG_OPTIONS_INIT;
    options.server = "vms";
    assert_int_equal(svms_audit_log_open(&log, c->ctx, &c->view, &options, NULL),
                     SVMS_E_NOT_AUTHENTIC);
    proof_records_free(&records);
    proof_signer_free(&thief);
}

static svms_status check_against(proof_case *c, const memory_file *kept, svms_audit_report *report)
{
    svms_audit_check_options options = SVMS_AUDIT_CHECK_OPTIONS_INIT;
    options.kept = kept->data;
    options.kept_size = kept->size;
    *report = (svms_audit_report)SVMS_AUDIT_REPORT_INIT;
    c->trust.quorum = 0;
    return svms_audit_check(c->ctx, &c->view, &c->trust, &options, report, NULL);
}

static void an_older_copy_is_found_with_what_somebody_kept(void **state)
{
    proof_case *c = *state;
    svms_audit_report report;
    memory_folder older;
    memory_folder_copy(&older, &c->folder);
    svms_audit_log *log = proof_case_open(c);
    proof_case_append(log, 5);
    proof_case_close(&log);
    proof_case_cosign(c);
    const memory_file *newer = proof_case_file(c, "checkpoint");
    assert_int_equal(check_against(c, newer, &report), SVMS_OK);
    memory_folder whole = c->folder;
    c->folder = older;
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        c->folder.file[i].folder = &c->folder;
    }
    /* By itself it is right. */
    assert_int_equal(proof_case_check(c, &report, NULL), SVMS_OK);
    /* A checkpoint that the log signed later, and the same from a witness. */
    for (unsigned i = 0; i < 2; i++) {
        newer = memory_folder_find(&whole, i == 0 ? "checkpoint" : "witnessed");
        assert_non_null(newer);
        assert_int_equal(check_against(c, newer, &report), SVMS_E_NOT_AUTHENTIC);
        assert_int_equal(report.first.flaw, SVMS_AUDIT_FLAW_OLDER);
        assert_int_equal(report.first.record, PROOF_SIZE);
        assert_int_equal(report.first.count, 7);
        assert_int_equal(report.first_wrong, PROOF_SIZE);
    }
    memory_folder_free(&whole);
}

static void a_fork_is_found_with_what_somebody_kept(void **state)
{
    proof_case *c = *state;
    svms_audit_report report;
    memory_folder other;
    memory_folder_copy(&other, &c->folder);
    svms_audit_log *log = proof_case_open(c);
    proof_case_append(log, 3);
    proof_case_close(&log);
    const memory_file *newer = proof_case_file(c, "checkpoint");
    memory_file copy = *newer;
    copy.data = malloc(newer->size);
    assert_non_null(copy.data);
    memcpy(copy.data, newer->data, newer->size);
    memory_folder_free(&c->folder);
    c->folder = other;
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        c->folder.file[i].folder = &c->folder;
    }
    /* The same size, by another way. */
    log = proof_case_open(c);
    proof_case_append(log, 2);
    proof_case_append(log, 1);
    proof_case_close(&log);
    assert_int_equal(proof_case_check(c, &report, NULL), SVMS_OK);
    assert_int_equal(check_against(c, &copy, &report), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(report.first.flaw, SVMS_AUDIT_FLAW_FORK);
    assert_non_null(strstr(report.first.words, "has 275 records with the root"));
    free(copy.data);
}

static void what_cannot_be_read_is_not_called_changed(void **state)
{
    proof_case *c = *state;
    svms_audit_report report;
    unsigned failing = 1;
    for (bool done = false; !done; failing++) {
        c->folder.calls = 0;
        c->folder.fail_at = failing;
        c->folder.heals = true;
        svms_status status = proof_case_check(c, &report, NULL);
        done = c->folder.calls < failing;
        c->folder.fail_at = 0;
        if (status != (done ? SVMS_OK : SVMS_E_IO)) {
            fail_msg("call %u: %s, %s", failing, svms_status_name(status), report.first.words);
        }
        assert_true(done || report.unreadable > 0);
        assert_true(report.first_wrong == SVMS_NO_RECORD);
    }
    assert_true(failing > 30);
}

static void a_journal_that_a_crash_tore_is_no_fault(void **state)
{
    proof_case *c = *state;
    svms_audit_report report;
    svms_audit_log *log = proof_case_open(c);
    assert_int_equal(svms_audit_log_tend(log, NULL), SVMS_OK);
    proof_case_append(log, 3);
    proof_case_append(log, 4);
    memory_folder crashed;
    memory_folder_copy(&crashed, &c->folder);
    proof_case_close(&log);
    memory_folder_free(&c->folder);
    c->folder = crashed;
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        c->folder.file[i].folder = &c->folder;
    }
    assert_int_equal(proof_case_check(c, &report, NULL), SVMS_OK);
    assert_int_equal(report.published, PROOF_SIZE + 2);
    assert_int_equal(report.size, PROOF_SIZE + 9);
    assert_int_equal(report.checked, PROOF_SIZE + 9);
    proof_case_file(c, "journal/0000000000000000")->size -= 5;
    assert_int_equal(proof_case_check(c, &report, NULL), SVMS_OK);
    assert_int_equal(report.size, PROOF_SIZE + 5);
    assert_int_equal(report.flaws, 0);
}

typedef struct told {
    unsigned flaws;
    unsigned calls;
    uint64_t done;
    uint64_t total;
    int answer;
    svms_audit_flaw last;
} told;

static void count_flaw(void *user, const svms_audit_flaw_found *flaw)
{
    told *by = user;
    by->flaws++;
    by->last = flaw->flaw;
    assert_true(flaw->words[0] != '\0');
}

static int note_progress(void *user, uint64_t done, uint64_t total)
{
    told *by = user;
    assert_true(done >= by->done);
    by->calls++;
    by->done = done;
    by->total = total;
    return by->answer;
}

static void what_recovery_put_aside_is_looked_for(void **state)
{
    proof_case *c = *state;
    told by = { .flaws = 0 };
    svms_audit_report report = SVMS_AUDIT_REPORT_INIT;
    svms_audit_check_options options = SVMS_AUDIT_CHECK_OPTIONS_INIT;
    static const char torn[] = "a part of a group";
    memory_file *journal = proof_case_file(c, "journal/0000000000000000");
    uint8_t *longer = malloc(journal->size + sizeof torn);
    assert_non_null(longer);
    memcpy(longer, journal->data, journal->size);
    memcpy(longer + journal->size, torn, sizeof torn);
    free(journal->data);
    journal->data = longer;
    journal->size += sizeof torn;
    svms_audit_log *log = proof_case_open(c);
    proof_case_close(&log);
    assert_right(c);
    memory_file *aside = NULL;
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        if (c->folder.file[i].is_there && begins(c->folder.file[i].name, "quarantine/")) {
            aside = &c->folder.file[i];
        }
    }
    assert_non_null(aside);
    assert_memory_equal(aside->data, torn, sizeof torn);
    options.user = &by;
    options.found = count_flaw;
    aside->data[0] ^= 1;
    assert_int_equal(svms_audit_check(c->ctx, &c->view, &c->trust, &options, &report, NULL),
                     SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(report.first.flaw, SVMS_AUDIT_FLAW_QUARANTINE);
    assert_int_equal(by.last, SVMS_AUDIT_FLAW_QUARANTINE);
    aside->is_there = false;
    by.flaws = 0;
    assert_int_equal(svms_audit_check(c->ctx, &c->view, &c->trust, &options, &report, NULL),
                     SVMS_OK);
    assert_int_equal(by.flaws, 1);
    assert_int_equal(by.last, SVMS_AUDIT_FLAW_ASIDE);
    assert_int_equal(report.flaws, 0);
    assert_true(report.first_wrong == SVMS_NO_RECORD);
}

static void all_is_told_or_the_first_only(void **state)
{
    proof_case *c = *state;
    for (uint32_t stops = 0; stops < 2; stops++) {
        told by = { .flaws = 0 };
        svms_audit_report report = SVMS_AUDIT_REPORT_INIT;
        svms_audit_check_options options = SVMS_AUDIT_CHECK_OPTIONS_INIT;
        options.user = &by;
        options.found = count_flaw;
        options.progress = note_progress;
        options.stops_at_first = stops;
        proof_case_file(c, "tile/entries/000")->data[5] ^= 1;
        proof_case_file(c, "tile/0/001.p/14")->data[5] ^= 1;
        assert_int_equal(svms_audit_check(c->ctx, &c->view, &c->trust, &options, &report, NULL),
                         SVMS_E_NOT_AUTHENTIC);
        proof_case_file(c, "tile/entries/000")->data[5] ^= 1;
        proof_case_file(c, "tile/0/001.p/14")->data[5] ^= 1;
        assert_int_equal(by.flaws, stops ? 1 : 2);
        assert_int_equal(report.flaws, by.flaws);
        assert_true(stops || (by.done == PROOF_SIZE && by.total == PROOF_SIZE));
    }
}

static void a_verification_can_be_cancelled(void **state)
{
    proof_case *c = *state;
    told by = { .answer = 1 };
    svms_audit_report report = SVMS_AUDIT_REPORT_INIT;
    svms_audit_check_options options = SVMS_AUDIT_CHECK_OPTIONS_INIT;
    options.user = &by;
    options.progress = note_progress;
    assert_int_equal(svms_audit_check(c->ctx, &c->view, &c->trust, &options, &report, NULL),
                     SVMS_E_CANCELLED);
    assert_int_equal(by.calls, 1);
}

static void the_time_of_the_last_right_record_is_told(void **state)
{
    proof_case *c = *state;
    svms_audit_report report;
    memory_file *file = proof_case_file(c, "tile/entries/001.p/14");
    /* The first record of the second epoch is one of the log's own, and tells a time. */
    size_t at = 0;
    for (unsigned i = 0; i < 10; i++) {
        at += 2u + ((size_t)file->data[at] << 8 | file->data[at + 1]);
    }
    file->data[at + 2] ^= 1;
    assert_int_equal(proof_case_check(c, &report, NULL), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(report.first_wrong, PROOF_FIRST + PROOF_OPENING);
    assert_true(report.last_right_utc_ns > INT64_C(1700000000) * 1000000000);
    file->data[at + 2] ^= 1;
}

static void an_old_key_that_is_still_there_is_told(void **state)
{
    proof_case *c = *state;
    told by = { .flaws = 0 };
    svms_audit_report report = SVMS_AUDIT_REPORT_INIT;
    svms_audit_check_options options = SVMS_AUDIT_CHECK_OPTIONS_INIT;
    options.user = &by;
    options.found = count_flaw;
    proof_case_put(c, "keys/epoch-1.pem", "x", 1);
    assert_int_equal(svms_audit_check(c->ctx, &c->view, &c->trust, &options, &report, NULL),
                     SVMS_OK);
    assert_int_equal(by.flaws, 1);
    assert_int_equal(report.flaws, 0);
}

static void a_log_that_nobody_opened_is_right(void **state)
{
    proof_case *c = *state;
    memory_folder empty;
    char key[SVMS_AUDIT_KEY_SIZE];
    svms_audit_trust trust = SVMS_AUDIT_TRUST_INIT;
    svms_audit_report report = SVMS_AUDIT_REPORT_INIT;
    memset(&empty, 0, sizeof empty);
    svms_folder view = memory_folder_open(&empty);
    assert_int_equal(svms_audit_log_create(c->ctx, &view, "x", key, NULL), SVMS_OK);
    trust.log_key = key;
    assert_int_equal(svms_audit_check(c->ctx, &view, &trust, NULL, &report, NULL), SVMS_OK);
    assert_int_equal(report.size, 0);
    /* That of somebody else. */
    trust.log_key = c->key;
    assert_int_equal(svms_audit_check(c->ctx, &view, &trust, NULL, &report, NULL),
                     SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(report.first.flaw, SVMS_AUDIT_FLAW_KEY);
    memory_folder_free(&empty);
}

static void trust_that_nobody_can_meet_is_refused(void **state)
{
    proof_case *c = *state;
    svms_audit_report report = SVMS_AUDIT_REPORT_INIT;
    svms_audit_witness same[2] = { c->witnesses[0], c->witnesses[0] };
    svms_audit_witness log_key = c->witnesses[0];
    log_key.key = c->key;
    const struct {
        svms_audit_trust trust;
        const char *words;
    } cases[] = {
        { { sizeof(svms_audit_trust), 0, NULL, NULL, 0 }, "no key of the log" },
        { { sizeof(svms_audit_trust), 0, "x", NULL, 0 }, "the key of the log: " },
        { { sizeof(svms_audit_trust), 0, c->witness[0].text, NULL, 0 }, "not that of a log" },
        { { sizeof(svms_audit_trust), 1, c->key, NULL, 0 }, "cannot be had" },
        { { sizeof(svms_audit_trust), 3, c->key, c->witnesses, 2 }, "cannot be had" },
        { { sizeof(svms_audit_trust), 1, c->key, c->witnesses, 1 }, "cannot be had" },
        { { sizeof(svms_audit_trust), 1, c->key, same, 2 }, "there twice" },
        { { sizeof(svms_audit_trust), 1, c->key, &log_key, 1 }, "not that of a witness" },
        { { sizeof(svms_audit_trust), 0, c->key, NULL, 1 }, "at most" },
        { { sizeof(svms_audit_trust), 0, c->key, c->witnesses, 33 }, "at most" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_audit_check(c->ctx, &c->view, &cases[i].trust, NULL, &report, &err),
                         SVMS_E_USAGE);
        assert_non_null(strstr(err.message, cases[i].words));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, proof_case_set_up, proof_case_tear_down)

/* Which one alone, or "-" and which one not. */
int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        TEST(a_good_log_is_right),
        TEST(every_flipped_byte_is_found),
        TEST(every_deleted_file_is_found),
        TEST(inserted_bytes_and_cut_files_are_found),
        TEST(swapped_records_are_found),
        TEST(swapped_bundles_are_found),
        TEST(a_changed_record_whose_tile_was_changed_with_it_is_found),
        TEST(a_stolen_key_rewrites_no_earlier_epoch),
        TEST(an_older_copy_is_found_with_what_somebody_kept),
        TEST(a_fork_is_found_with_what_somebody_kept),
        TEST(what_cannot_be_read_is_not_called_changed),
        TEST(a_journal_that_a_crash_tore_is_no_fault),
        TEST(what_recovery_put_aside_is_looked_for),
        TEST(all_is_told_or_the_first_only),
        TEST(a_verification_can_be_cancelled),
        TEST(the_time_of_the_last_right_record_is_told),
        TEST(an_old_key_that_is_still_there_is_told),
        TEST(a_log_that_nobody_opened_is_right),
        TEST(trust_that_nobody_can_meet_is_refused),
    };
    if (count == 2) {
        cmocka_set_test_filter(arguments[1]);
    } else if (count == 3) {
        cmocka_set_skip_filter(arguments[2]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
