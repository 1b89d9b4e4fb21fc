/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs of records and of growth: they hold for what is in the log, and for nothing else
 * (A-PRF-1 to A-PRF-3, A-PRF-5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing_allocator.h"
#include "proof_case.h"
#include "proof_text.h"

static svms_audit_reader *open_reader(proof_case *c)
{
    svms_audit_reader *reader = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_audit_reader_open(&reader, c->ctx, &c->view, &c->trust, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return reader;
}

typedef struct text {
    char *bytes;
    size_t size;
} text;

static text prove(svms_audit_reader *reader, uint64_t index)
{
    text out = { NULL, 0 };
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_audit_prove(reader, index, NULL, &out.size, &err), SVMS_E_LIMIT);
    out.bytes = malloc(out.size);
    assert_non_null(out.bytes);
    if (svms_audit_prove(reader, index, out.bytes, &out.size, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return out;
}

static text prove_growth(svms_audit_reader *reader, uint64_t from)
{
    text out = { NULL, 0 };
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_audit_prove_growth(reader, from, NULL, &out.size, &err), SVMS_E_LIMIT);
    out.bytes = malloc(out.size);
    assert_non_null(out.bytes);
    if (svms_audit_prove_growth(reader, from, out.bytes, &out.size, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return out;
}

static svms_status verify(proof_case *c, const text *proof, svms_audit_proven *out, svms_error *err)
{
    *out = (svms_audit_proven)SVMS_AUDIT_PROVEN_INIT;
    return svms_audit_proof_verify(out, c->ctx, &c->trust, proof->bytes, proof->size, err);
}

static void every_record_is_proven(void **state)
{
    proof_case *c = *state;
    proof_records records;
    svms_audit_reader *reader = open_reader(c);
    proof_records_read(c, PROOF_SIZE, &records);
    for (uint64_t i = 0; i < PROOF_SIZE; i++) {
        svms_audit_proven proven;
        svms_error err = SVMS_ERROR_INIT;
        text proof = prove(reader, i);
        /* Witnesses have seen those of the first epoch only. */
        c->trust.quorum = i < PROOF_FIRST ? PROOF_WITNESSES : 0;
        if (verify(c, &proof, &proven, &err) != SVMS_OK) {
            fail_msg("record %u: %s", (unsigned)i, err.message);
        }
        assert_int_equal(proven.index, i);
        assert_int_equal(proven.record_size, records.size[i]);
        assert_memory_equal(proven.record, records.data[i], records.size[i]);
        assert_int_equal(proven.size, i < PROOF_FIRST ? PROOF_FIRST : PROOF_SIZE);
        assert_int_equal(proven.epoch, i < PROOF_FIRST ? 1 : 2);
        assert_int_equal(proven.witnessed, i < PROOF_FIRST ? 2 : 0);
        assert_true(proven.attested_utc_ns ==
                    (i < PROOF_FIRST ? PROOF_TIME_OUTSIDE * 1000000000 : SVMS_NO_TIME));
        svms_audit_proven_clear(&proven);
        svms_audit_proven_clear(&proven);
        free(proof.bytes);
    }
    size_t size = 0;
    assert_int_equal(svms_audit_prove(reader, PROOF_SIZE, NULL, &size, NULL), SVMS_E_USAGE);
    proof_records_free(&records);
    svms_audit_reader_close(&reader);
}

/* Those of the first epoch, by the newest checkpoint: they need the growth since the handover. */
static void a_record_of_an_earlier_epoch_is_proven_with_growth(void **state)
{
    proof_case *c = *state;
    int os_error = 0;
    assert_int_equal(c->view.remove(c->view.user, "witnessed", &os_error), SVMS_OK);
    c->trust.quorum = 0;
    svms_audit_reader *reader = open_reader(c);
    for (uint64_t i = 0; i < PROOF_SIZE; i += 11) {
        svms_audit_proven proven;
        text proof = prove(reader, i);
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(strstr(proof.bytes, "\n--\nold 264\n") != NULL, i < PROOF_FIRST);
        if (verify(c, &proof, &proven, &err) != SVMS_OK) {
            fail_msg("record %u: %s", (unsigned)i, err.message);
        }
        assert_int_equal(proven.size, PROOF_SIZE);
        svms_audit_proven_clear(&proven);
        free(proof.bytes);
    }
    svms_audit_reader_close(&reader);
}

/* What is not published yet is proven by the journal's checkpoint. */
static void a_record_of_the_journal_is_proven(void **state)
{
    proof_case *c = *state;
    svms_audit_proven proven;
    svms_audit_log *log = proof_case_open(c);
    proof_case_append(log, 3);
    svms_audit_reader *reader = open_reader(c);
    text proof = prove(reader, PROOF_SIZE + PROOF_OPENING + 1);
    c->trust.quorum = 0;
    assert_int_equal(verify(c, &proof, &proven, NULL), SVMS_OK);
    assert_memory_equal(proven.record, "r1", 2);
    assert_int_equal(proven.size, PROOF_SIZE + PROOF_OPENING + 3);
    svms_audit_proven_clear(&proven);
    free(proof.bytes);
    svms_audit_reader_close(&reader);
    proof_case_close(&log);
}

/* Refused, or it says the same. */
static void assert_no_other(proof_case *c, const text *changed, const svms_audit_proven *good,
                            size_t byte)
{
    svms_audit_proven proven;
    if (verify(c, changed, &proven, NULL) != SVMS_OK) {
        assert_null(proven.record);
        return;
    }
    bool same = proven.index == good->index && proven.size == good->size &&
                proven.record_size == good->record_size &&
                memcmp(proven.record, good->record, good->record_size) == 0 &&
                memcmp(proven.root, good->root, sizeof good->root) == 0;
    if (!same) {
        fail_msg("with byte %zu changed it proves something else", byte);
    }
    svms_audit_proven_clear(&proven);
}

static void a_changed_proof_is_refused_or_says_the_same(void **state)
{
    proof_case *c = *state;
    c->trust.quorum = 0;
    svms_audit_reader *reader = open_reader(c);
    static const uint64_t indices[] = { 3, PROOF_FIRST + 4 };
    for (unsigned i = 0; i < 2; i++) {
        svms_audit_proven good;
        text proof = prove(reader, indices[i]);
        assert_int_equal(verify(c, &proof, &good, NULL), SVMS_OK);
        for (size_t byte = 0; byte < proof.size; byte++) {
            for (unsigned bit = 0; bit < 8; bit += 3) {
                text cut = { proof.bytes, byte };
                proof.bytes[byte] = (char)(proof.bytes[byte] ^ 1 << bit);
                assert_no_other(c, &proof, &good, byte);
                proof.bytes[byte] = (char)(proof.bytes[byte] ^ 1 << bit);
                assert_no_other(c, &cut, &good, byte);
            }
        }
        svms_audit_proven_clear(&good);
        free(proof.bytes);
    }
    svms_audit_reader_close(&reader);
}

static void too_few_witnesses_are_told(void **state)
{
    proof_case *c = *state;
    svms_audit_proven proven;
    svms_error err = SVMS_ERROR_INIT;
    svms_audit_reader *reader = open_reader(c);
    text proof = prove(reader, PROOF_SIZE - 1);
    assert_int_equal(verify(c, &proof, &proven, &err), SVMS_E_UNTRUSTED);
    assert_non_null(strstr(err.message, "one of them outside"));
    free(proof.bytes);
    /* Of one that counts for less: the other one must have cosigned, too. */
    proof = prove(reader, 0);
    c->trust.quorum = 1;
    assert_int_equal(verify(c, &proof, &proven, &err), SVMS_OK);
    assert_true(proven.attested_utc_ns == PROOF_TIME_OUTSIDE * 1000000000);
    svms_audit_proven_clear(&proven);
    free(proof.bytes);
    svms_audit_reader_close(&reader);
}

/* A proof of an invented record in the past: whoever has the present key makes a log with it, and
 * everything that belongs to that. */
static void a_stolen_key_proves_no_invented_past(void **state)
{
    proof_case *c = *state;
    proof_signer thief;
    proof_records records;
    svms_audit_proven proven;
    svms_error err = SVMS_ERROR_INIT;
    svms_proof_text parts;
    proof_case forged = { .ctx = c->ctx, .hasher = c->hasher };
    c->trust.quorum = 0;
    proof_case_steal(c, 2, &thief);
    proof_records_read(c, PROOF_SIZE, &records);
    memory_folder_copy(&forged.folder, &c->folder);
    forged.view = memory_folder_open(&forged.folder);
    records.data[100][0] ^= 1;
    proof_case_rewrite(&forged, &records, &thief);

    /* The honest log's proof of the same record, with what the forged tree says. */
    svms_audit_reader *reader = open_reader(c);
    int os_error = 0;
    assert_int_equal(c->view.remove(c->view.user, "witnessed", &os_error), SVMS_OK);
    text honest = prove(reader, 100);
    assert_int_equal(svms_proof_text_parse(&parts, c->ctx, honest.bytes, honest.size, NULL),
                     SVMS_OK);
    memcpy(parts.record, records.data[100], records.size[100]);
    const memory_file *note = memory_folder_find(&forged.folder, "checkpoint");
    const memory_file *leaves = memory_folder_find(&forged.folder, "tile/0/000");
    const memory_file *rest = memory_folder_find(&forged.folder, "tile/0/001.p/14");
    assert_non_null(note);
    assert_non_null(leaves);
    assert_non_null(rest);
    parts.checkpoint = (const char *)note->data;
    parts.checkpoint_size = note->size;
    /* The siblings of record 100 are the same, for it is the only one that was changed. */
    for (unsigned with_growth = 0; with_growth < 2; with_growth++) {
        svms_builder bytes = svms_builder_new(c->ctx, SVMS_PROOF_TEXT_MAX);
        parts.has_growth = with_growth == 1;
        svms_put_proof_text(&bytes, &parts);
        text proof = { (char *)bytes.data, bytes.size };
        assert_int_equal(verify(c, &proof, &proven, &err), SVMS_E_NOT_AUTHENTIC);
        assert_non_null(strstr(err.message, "the log only grew"));
        svms_builder_clear(&bytes);
    }
    svms_proof_text_clear(&parts, c->ctx);
    free(honest.bytes);
    svms_audit_reader_close(&reader);
    proof_records_free(&records);
    proof_signer_free(&thief);
    memory_folder_free(&forged.folder);
}

static void growth_is_proven_from_every_kept_checkpoint(void **state)
{
    proof_case *c = *state;
    svms_audit_head head = SVMS_AUDIT_HEAD_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_audit_reader *reader = open_reader(c);
    c->trust.quorum = 0;
    const memory_file *kept = proof_case_file(c, "witnessed");
    text proof = prove_growth(reader, PROOF_FIRST);
    svms_status status = svms_audit_growth_verify(&head, c->ctx, &c->trust, kept->data, kept->size,
                                                  proof.bytes, proof.size, &err);
    if (status != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(head.size, PROOF_SIZE);
    assert_int_equal(head.published, PROOF_FIRST);
    assert_int_equal(head.epoch, 2);
    for (size_t byte = 0; byte < proof.size; byte++) {
        head = (svms_audit_head)SVMS_AUDIT_HEAD_INIT;
        proof.bytes[byte] = (char)(proof.bytes[byte] ^ 4);
        status = svms_audit_growth_verify(&head, c->ctx, &c->trust, kept->data, kept->size,
                                          proof.bytes, proof.size, NULL);
        proof.bytes[byte] = (char)(proof.bytes[byte] ^ 4);
        assert_true(status != SVMS_OK || head.size == PROOF_SIZE);
    }
    free(proof.bytes);
    /* From another size than the kept one. */
    proof = prove_growth(reader, PROOF_FIRST - 1);
    assert_int_equal(svms_audit_growth_verify(&head, c->ctx, &c->trust, kept->data, kept->size,
                                              proof.bytes, proof.size, NULL),
                     SVMS_E_USAGE);
    free(proof.bytes);
    size_t size = 0;
    assert_int_equal(svms_audit_prove_growth(reader, PROOF_SIZE + 1, NULL, &size, NULL),
                     SVMS_E_USAGE);
    svms_audit_reader_close(&reader);
}

static void a_fork_does_not_grow_out_of_the_other(void **state)
{
    proof_case *c = *state;
    svms_audit_head head = SVMS_AUDIT_HEAD_INIT;
    proof_case other = { .ctx = c->ctx, .hasher = c->hasher };
    memcpy(other.key, c->key, sizeof other.key);
    c->trust.quorum = 0;
    memory_folder_copy(&other.folder, &c->folder);
    other.view = memory_folder_open(&other.folder);
    other.trust = c->trust;
    svms_audit_log *log = proof_case_open(&other);
    proof_case_append(log, 3);
    proof_case_close(&log);
    const memory_file *kept = proof_case_file(&other, "checkpoint");
    log = proof_case_open(c);
    proof_case_append(log, 9);
    proof_case_close(&log);
    svms_audit_reader *reader = open_reader(c);
    text proof = prove_growth(reader, PROOF_SIZE + PROOF_OPENING + 3);
    /* The branches have keys of their own from the fork on: of the other one's nobody here knows.
     */
    assert_int_equal(svms_audit_growth_verify(&head, c->ctx, &c->trust, kept->data, kept->size,
                                              proof.bytes, proof.size, NULL),
                     SVMS_E_NOT_AUTHENTIC);
    free(proof.bytes);
    svms_audit_reader_close(&reader);
    memory_folder_free(&other.folder);
}

static proof_case *shared;

static svms_status check_once(svms_ctx *ctx, svms_error *err)
{
    svms_audit_report report = SVMS_AUDIT_REPORT_INIT;
    return svms_audit_check(ctx, &shared->view, &shared->trust, NULL, &report, err);
}

static svms_status prove_and_verify_once(svms_ctx *ctx, svms_error *err)
{
    static char proof[65536];
    size_t size = sizeof proof;
    svms_audit_reader *reader = NULL;
    svms_audit_proven proven = SVMS_AUDIT_PROVEN_INIT;
    svms_status status = svms_audit_reader_open(&reader, ctx, &shared->view, &shared->trust, err);
    if (status == SVMS_OK) {
        status = svms_audit_prove(reader, 5, proof, &size, err);
    }
    if (status == SVMS_OK) {
        status = svms_audit_proof_verify(&proven, ctx, &shared->trust, proof, size, err);
    }
    svms_audit_proven_clear(&proven);
    size = sizeof proof;
    if (status == SVMS_OK) {
        status = svms_audit_prove_growth(reader, 5, proof, &size, err);
    }
    svms_audit_reader_close(&reader);
    return status;
}

/* A-RD-4: the whole log was made anew by who has the present key, with another record below the
 * handover to it. Neither who opens it believes that, nor who had it open before. */
static void a_reader_does_not_believe_a_stolen_key_about_the_past(void **state)
{
    proof_case *c = *state;
    proof_signer thief;
    proof_records records;
    svms_audit_reader *other = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_audit_reader *reader = open_reader(c);
    proof_case_steal(c, 2, &thief);
    proof_records_read(c, PROOF_SIZE, &records);
    /* The same records, signed by the thief, are the same log. */
    proof_case_rewrite(c, &records, &thief);
    assert_int_equal(svms_audit_reader_refresh(reader, NULL), SVMS_OK);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t record = i == 0 ? 100 : PROOF_FIRST - 1;
        records.data[record][0] ^= 1;
        proof_case_rewrite(c, &records, &thief);
        records.data[record][0] ^= 1;
        assert_int_equal(svms_audit_reader_open(&other, c->ctx, &c->view, &c->trust, &err),
                         SVMS_E_NOT_AUTHENTIC);
        assert_null(other);
        assert_int_equal(svms_audit_reader_refresh(reader, &err), SVMS_E_NOT_AUTHENTIC);
    }
    proof_records_free(&records);
    proof_signer_free(&thief);
    svms_audit_reader_close(&reader);
}

static svms_status prove_one(svms_audit_reader *reader, bool is_growth)
{
    static char proof[65536];
    size_t size = sizeof proof;
    return is_growth ? svms_audit_prove_growth(reader, 5, proof, &size, NULL)
                     : svms_audit_prove(reader, 5, proof, &size, NULL);
}

static void a_disk_that_fails_is_told_and_nothing_is_proven(void **state)
{
    proof_case *c = *state;
    for (unsigned kind = 0; kind < 4; kind++) {
        bool is_growth = kind > 1;
        unsigned failing = 1;
        for (bool done = false; !done; failing++) {
            svms_audit_reader *reader = open_reader(c);
            c->folder.calls = 0;
            c->folder.fail_at = failing;
            c->folder.heals = kind % 2 == 0;
            svms_status status = prove_one(reader, is_growth);
            done = c->folder.calls < failing;
            c->folder.fail_at = 0;
            if (status != (done ? SVMS_OK : SVMS_E_IO)) {
                fail_msg("call %u: %s", failing, svms_status_name(status));
            }
            /* The next attempt begins anew. */
            assert_int_equal(prove_one(reader, is_growth), SVMS_OK);
            svms_audit_reader_close(&reader);
        }
        assert_true(failing > (is_growth ? 1u : 4u));
    }
}

static void every_failed_allocation_is_told(void **state)
{
    shared = *state;
    each_allocation_fails_cleanly(check_once);
    each_allocation_fails_cleanly(prove_and_verify_once);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, proof_case_set_up, proof_case_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_record_is_proven),
        TEST(a_record_of_an_earlier_epoch_is_proven_with_growth),
        TEST(a_record_of_the_journal_is_proven),
        TEST(a_changed_proof_is_refused_or_says_the_same),
        TEST(too_few_witnesses_are_told),
        TEST(a_stolen_key_proves_no_invented_past),
        TEST(growth_is_proven_from_every_kept_checkpoint),
        TEST(a_fork_does_not_grow_out_of_the_other),
        TEST(a_reader_does_not_believe_a_stolen_key_about_the_past),
        TEST(a_disk_that_fails_is_told_and_nothing_is_proven),
        TEST(every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
