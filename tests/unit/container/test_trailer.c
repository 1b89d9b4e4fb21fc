/* SPDX-License-Identifier: Apache-2.0 */
/* Appending time stamps to a closed container: what is asked of it, and what every failure leaves
 * (C-TRL). Tokens are made by OpenSSL (../identity/authority.c). */
#include <errno.h>
#include <stdio.h>

#include "../identity/authority.h"
#include "fixture.h"

/* A store that fails: a write that tears after some bytes, or a call that does nothing. */
typedef struct shelf {
    memory_file *file;
    size_t tears_at; /* of the bytes written; SIZE_MAX: never */
    size_t written;
    bool sync_fails;
    bool cut_fails;
    unsigned cuts;
    unsigned syncs;
} shelf;

static svms_status read_at(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                           int *os_error)
{
    const shelf *self = user;
    svms_source source = memory_source(self->file);
    return source.read_at(source.user, offset, out, size, got, os_error);
}

static svms_status get_size(void *user, uint64_t *size, int *os_error)
{
    const shelf *self = user;
    (void)os_error;
    *size = self->file->size;
    return SVMS_OK;
}

static svms_status write_at(void *user, uint64_t offset, const void *data, size_t size,
                            int *os_error)
{
    shelf *self = user;
    size_t room = self->tears_at - self->written;
    size_t part = size < room ? size : room;
    assert_int_equal(offset, self->file->size); /* trailers are only ever appended */
    svms_iovec run = { data, part };
    self->written += part;
    assert_int_equal(memory_sink(self->file).write(self->file, &run, 1, os_error), SVMS_OK);
    *os_error = EIO;
    return part == size ? SVMS_OK : SVMS_E_IO;
}

static svms_status sync_all(void *user, int *os_error)
{
    shelf *self = user;
    self->syncs++;
    *os_error = EIO;
    return self->sync_fails ? SVMS_E_IO : SVMS_OK;
}

static svms_status cut(void *user, uint64_t size, int *os_error)
{
    shelf *self = user;
    assert_true(size <= self->file->size);
    *os_error = EIO;
    if (self->cut_fails) {
        return SVMS_E_IO;
    }
    self->cuts++;
    self->file->size = (size_t)size;
    return SVMS_OK;
}

static svms_store store_on(shelf *self)
{
    svms_store store = SVMS_STORE_INIT;
    store.user = self;
    store.read_at = read_at;
    store.get_size = get_size;
    store.write_at = write_at;
    store.sync = sync_all;
    store.cut = cut;
    return store;
}

static shelf shelf_of(memory_file *file)
{
    shelf self = { file, SIZE_MAX, 0, false, false, 0, 0 };
    return self;
}

static void digest_of(fixture *fix, memory_file *file, uint8_t digest[32])
{
    svms_source source = memory_source(file);
    svms_error err = SVMS_ERROR_INIT;
    if (svms_trailer_digest(fix->ctx, &source, digest, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
}

typedef struct stamps {
    party ca;
    party authority;
} stamps;

static void make_stamps(stamps *out)
{
    const party_plan ca = { .name = "CA", .from = "20200101000000Z", .to = "20600101000000Z" };
    const party_plan authority = { .name = "Time",
                                   .issuer = &out->ca,
                                   .from = "20250101000000Z",
                                   .to = "20500101000000Z",
                                   .usage = "critical,timeStamping" };
    out->ca = party_make(&ca);
    out->authority = party_make(&authority);
}

static void free_stamps(stamps *gone)
{
    party_free(&gone->authority);
    party_free(&gone->ca);
}

static made stamp(const stamps *by, const uint8_t digest[32])
{
    const stamp_plan plan = { .authority = &by->authority,
                              .when = "2026-01-02T03:04:05Z",
                              .digest = digest };
    return stamp_token(&plan);
}

static svms_report verify_quietly(fixture *fix, memory_file *file, svms_status due)
{
    svms_report report;
    svms_status status = verify_file(fix, file, fix->trust, &report);
    if (status != due) {
        fail_msg("%d instead of %d: %s", status, due, report.first_failure.reason);
    }
    return report;
}

static void a_token_is_appended_and_nothing_else_changes(void **state)
{
    fixture *fix = *state;
    stamps by;
    make_stamps(&by);
    for (int variant = 0; variant < 2; variant++) {
        recipe how = RECIPE_INIT;
        memory_file file = { 0 };
        uint8_t digest[32];
        how.is_unsigned = variant == 1;
        record_container(fix, &how, &file);
        memory_file before = memory_copy(&file);
        for (unsigned count = 1; count <= 3; count++) {
            size_t size = file.size;
            shelf self = shelf_of(&file);
            svms_store store = store_on(&self);
            digest_of(fix, &file, digest);
            made token = stamp(&by, digest);
            assert_int_equal(svms_trailer_append(fix->ctx, &store, token.data, token.size, NULL),
                             SVMS_OK);
            assert_int_equal(self.syncs, 1);
            assert_int_equal(self.cuts, 0);
            assert_int_equal(file.size, size + 16 + 72 + token.size + 32);
            assert_memory_equal(file.data, before.data, before.size);
            svms_report report =
                verify_quietly(fix, &file, variant == 1 ? SVMS_E_UNTRUSTED : SVMS_OK);
            assert_int_equal(report.closed, 1);
            /* What it stamps has changed by it. */
            assert_int_equal(svms_trailer_append(fix->ctx, &store, token.data, token.size, NULL),
                             SVMS_E_NOT_AUTHENTIC);
            free(token.data);
        }
        memory_file_clear(&before);
        memory_file_clear(&file);
    }
    free_stamps(&by);
}

static void a_torn_append_is_cut_off_by_the_next(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    memory_file file = { 0 };
    stamps by;
    uint8_t digest[32];
    uint8_t again[32];
    make_stamps(&by);
    record_container(fix, &how, &file);
    digest_of(fix, &file, digest);
    made token = stamp(&by, digest);
    size_t trailer = 16 + 72 + token.size + 32;
    for (size_t torn = 0; torn < trailer; torn += torn < 120 || torn > trailer - 40 ? 1 : 37) {
        memory_file copy = memory_copy(&file);
        shelf self = shelf_of(&copy);
        svms_store store = store_on(&self);
        svms_error err = SVMS_ERROR_INIT;
        self.tears_at = torn;
        assert_int_equal(svms_trailer_append(fix->ctx, &store, token.data, token.size, &err),
                         SVMS_E_IO);
        assert_int_equal(err.os_error, EIO);
        assert_int_equal(copy.size, file.size + torn);
        svms_report report = verify_quietly(fix, &copy, torn == 0 ? SVMS_OK : SVMS_E_INCOMPLETE);
        assert_int_equal(report.segments_failed, 0);
        assert_int_equal(report.bytes_unattested, torn);
        digest_of(fix, &copy, again);
        assert_memory_equal(digest, again, sizeof(digest));
        self.tears_at = SIZE_MAX;
        if (torn != 0) {
            self.cut_fails = true;
            assert_int_equal(svms_trailer_append(fix->ctx, &store, token.data, token.size, NULL),
                             SVMS_E_IO);
            self.cut_fails = false;
            store.cut = NULL;
            assert_int_equal(svms_trailer_append(fix->ctx, &store, token.data, token.size, NULL),
                             SVMS_E_STATE);
            assert_int_equal(copy.size, file.size + torn);
            store.cut = cut;
        }
        assert_int_equal(svms_trailer_append(fix->ctx, &store, token.data, token.size, NULL),
                         SVMS_OK);
        assert_int_equal(self.cuts, torn != 0);
        assert_int_equal(copy.size, file.size + trailer);
        (void)verify_quietly(fix, &copy, SVMS_OK);
        memory_file_clear(&copy);
    }
    free(token.data);
    free_stamps(&by);
    memory_file_clear(&file);
}

static void only_what_is_closed_and_signed_is_stamped(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    memory_file file = { 0 };
    uint8_t digest[32];
    record_container(fix, &how, &file);
    svms_source source = memory_source(&file);
    layout at = lay_out_file(&file);
    size_t whole = file.size;
    for (file.size = 0; file.size < whole; file.size++) {
        svms_error err = SVMS_ERROR_INIT;
        svms_status status = svms_trailer_digest(fix->ctx, &source, digest, &err);
        if (status == SVMS_OK || err.message[0] == '\0') {
            fail_msg("%zu of %zu bytes can be stamped", file.size, whole);
        }
        if (file.size >= at.first_record) {
            assert_int_equal(status, SVMS_E_INCOMPLETE);
        }
    }
    for (size_t i = at.end_record; i < whole; i++) {
        file.data[i] ^= 0x10;
        if (svms_trailer_digest(fix->ctx, &source, digest, NULL) == SVMS_OK) {
            fail_msg("stamped although byte %zu is wrong", i);
        }
        file.data[i] ^= 0x10;
    }
    memory_file_clear(&file);
}

static void a_token_for_something_else_is_refused(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    memory_file file = { 0 };
    stamps by;
    uint8_t digest[32];
    make_stamps(&by);
    record_container(fix, &how, &file);
    digest_of(fix, &file, digest);
    shelf self = shelf_of(&file);
    svms_store store = store_on(&self);
    size_t size = file.size;
    digest[31] ^= 1;
    made other = stamp(&by, digest);
    assert_int_equal(svms_trailer_append(fix->ctx, &store, other.data, other.size, NULL),
                     SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(svms_trailer_append(fix->ctx, &store, other.data, other.size - 1, NULL),
                     SVMS_E_MALFORMED);
    assert_int_equal(svms_trailer_append(fix->ctx, &store, "token", 5, NULL), SVMS_E_MALFORMED);
    assert_int_equal(svms_trailer_append(fix->ctx, &store, other.data, 0, NULL), SVMS_E_USAGE);
    assert_int_equal(
        svms_trailer_append(fix->ctx, &store, other.data, SVMS_TIMESTAMP_TOKEN_MAX + 1, NULL),
        SVMS_E_USAGE);
    assert_int_equal(svms_trailer_append(fix->ctx, NULL, other.data, other.size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_trailer_digest(fix->ctx, NULL, digest, NULL), SVMS_E_USAGE);
    store.write_at = NULL;
    assert_int_equal(svms_trailer_append(fix->ctx, &store, other.data, other.size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(file.size, size);
    free(other.data);
    free_stamps(&by);
    memory_file_clear(&file);
}

static void every_failure_is_clean(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    memory_file file = { 0 };
    stamps by;
    uint8_t digest[32];
    make_stamps(&by);
    record_container(fix, &how, &file);
    digest_of(fix, &file, digest);
    made token = stamp(&by, digest);
    size_t size = file.size;
    for (int reads = 0; reads < 2; reads++) {
        for (uint64_t n = 1;; n++) {
            shelf self = shelf_of(&file);
            svms_store store = store_on(&self);
            int64_t before = fix->live_blocks;
            fix->allocations = 0;
            file.reads = 0;
            fix->allocation_fails_at = reads ? 0 : n;
            file.read_fails_at = reads ? n : 0;
            svms_status status =
                svms_trailer_append(fix->ctx, &store, token.data, token.size, NULL);
            bool reached = (reads ? file.reads : fix->allocations) >= n;
            fix->allocation_fails_at = 0;
            file.read_fails_at = 0;
            assert_int_equal(fix->live_blocks, before);
            if (!reached) {
                assert_int_equal(status, SVMS_OK);
                assert_true(n > 3);
                break;
            }
            assert_int_equal(status, reads ? SVMS_E_IO : SVMS_E_NO_MEMORY);
            assert_int_equal(file.size, size);
        }
        file.size = size;
    }
    shelf self = shelf_of(&file);
    svms_store store = store_on(&self);
    self.sync_fails = true;
    assert_int_equal(svms_trailer_append(fix->ctx, &store, token.data, token.size, NULL),
                     SVMS_E_IO);
    free(token.data);
    free_stamps(&by);
    memory_file_clear(&file);
}

/* Who says what of proofs, and what he was asked. */
typedef struct oracle {
    svms_status answer;
    int64_t utc_ns;
    unsigned asked;
    size_t size;
    uint8_t digest[32];
} oracle;

static svms_status attest(void *user, const void *content, size_t size, const uint8_t digest[32],
                          int64_t *attested_utc_ns, char by[SVMS_ATTESTED_BY_SIZE], svms_error *err)
{
    oracle *self = user;
    self->asked++;
    self->size = size;
    memcpy(self->digest, digest, sizeof(self->digest));
    assert_memory_equal(content, "a proof", size);
    *attested_utc_ns = self->utc_ns;
    snprintf(by, SVMS_ATTESTED_BY_SIZE, "the oracle");
    if (self->answer != SVMS_OK) {
        err->status = self->answer;
        snprintf(err->message, sizeof(err->message), "the oracle is silent");
    }
    return self->answer;
}

static svms_attester attester_of(oracle *self)
{
    svms_attester attester = SVMS_ATTESTER_INIT;
    attester.user = self;
    attester.attest = attest;
    return attester;
}

static svms_status verify_by(fixture *fix, memory_file *file, const svms_attester *attester,
                             svms_report *report)
{
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    svms_source source = memory_source(file);
    options.trust = fix->trust;
    options.attester = attester;
    *report = (svms_report)SVMS_REPORT_INIT;
    return svms_verify_container(fix->ctx, &source, &options, report, NULL);
}

static void append_proof(fixture *fix, memory_file *file, oracle *by)
{
    shelf self = shelf_of(file);
    svms_store store = store_on(&self);
    svms_attester attester = attester_of(by);
    uint8_t digest[32];
    size_t size = file->size;
    digest_of(fix, file, digest);
    assert_int_equal(svms_trailer_append_proof(fix->ctx, &store, "a proof", 7, &attester, NULL),
                     SVMS_OK);
    assert_int_equal(by->asked, 1);
    assert_memory_equal(by->digest, digest, sizeof(digest));
    assert_int_equal(file->size, size + 16 + 72 + 7 + 32);
    assert_int_equal(file->data[size + 16], 0);
    assert_int_equal(file->data[size + 17], 2); /* kind */
    assert_memory_equal(file->data + size + 20, digest, sizeof(digest));
}

static void a_proof_attests_when_somebody_says_so(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    memory_file file = { 0 };
    svms_report report;
    oracle by = { .utc_ns = T0 + DAY };
    svms_attester attester = attester_of(&by);
    record_container(fix, &how, &file);
    append_proof(fix, &file, &by);
    fix->now = T0 + 800 * DAY; /* the recorder's certificate has expired */
    assert_int_equal(verify_by(fix, &file, NULL, &report), SVMS_E_UNTRUSTED);
    assert_int_equal(report.identity, SVMS_IDENTITY_EXPIRED_NOW);
    assert_int_equal(report.stamps, 0);
    assert_int_equal(report.integrity, SVMS_INTEGRITY_INTACT);
    assert_int_equal(verify_by(fix, &file, &attester, &report), SVMS_OK);
    assert_int_equal(by.asked, 2);
    assert_int_equal(by.size, 7);
    assert_int_equal(report.stamps_valid, 1);
    assert_int_equal(report.time_attested, 1);
    assert_int_equal(report.attested_utc_ns, T0 + DAY);
    assert_string_equal(report.authority, "the oracle");
    by.utc_ns = T0 + 400 * DAY; /* existed after it had expired */
    assert_int_equal(verify_by(fix, &file, &attester, &report), SVMS_E_UNTRUSTED);
    assert_int_equal(report.time_attested, 1);
    by.utc_ns = SVMS_NO_TIME;
    assert_int_equal(verify_by(fix, &file, &attester, &report), SVMS_E_UNTRUSTED);
    assert_int_equal(report.stamps, 1);
    assert_int_equal(report.stamps_valid, 0);
    by.answer = SVMS_E_UNTRUSTED;
    assert_int_equal(verify_by(fix, &file, &attester, &report), SVMS_E_UNTRUSTED);
    assert_string_equal(report.stamp_reason, "the oracle is silent");
    by.answer = SVMS_E_NO_MEMORY;
    assert_int_equal(verify_by(fix, &file, &attester, &report), SVMS_E_NO_MEMORY);
    memory_file_clear(&file);
}

static void a_changed_proof_is_a_changed_file(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    memory_file file = { 0 };
    svms_report report;
    oracle by = { .utc_ns = T0 + DAY };
    record_container(fix, &how, &file);
    size_t begin = file.size;
    append_proof(fix, &file, &by);
    for (size_t at = begin; at < file.size; at++) {
        file.data[at] ^= 0x10;
        if (verify_by(fix, &file, NULL, &report) == SVMS_OK) {
            fail_msg("byte %zu can be changed", at);
        }
        file.data[at] ^= 0x10;
    }
    assert_int_equal(verify_by(fix, &file, NULL, &report), SVMS_OK);
    memory_file_clear(&file);
}

static void a_proof_that_attests_nothing_is_not_appended(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    memory_file file = { 0 };
    svms_report report;
    oracle by = { .answer = SVMS_E_NOT_AUTHENTIC };
    svms_attester attester = attester_of(&by);
    svms_attester nobody = SVMS_ATTESTER_INIT;
    svms_error err = SVMS_ERROR_INIT;
    record_container(fix, &how, &file);
    shelf self = shelf_of(&file);
    svms_store store = store_on(&self);
    size_t size = file.size;
    assert_int_equal(svms_trailer_append_proof(fix->ctx, &store, "a proof", 7, &attester, &err),
                     SVMS_E_NOT_AUTHENTIC);
    assert_string_equal(err.message, "the oracle is silent");
    assert_int_equal(svms_trailer_append_proof(fix->ctx, &store, "a proof", 7, &nobody, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_trailer_append_proof(fix->ctx, &store, "a proof", 7, NULL, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_trailer_append_proof(fix->ctx, &store, "a proof", 0, &attester, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_trailer_append_proof(fix->ctx, &store, "a proof",
                                               SVMS_TRAILER_PROOF_MAX + 1, &attester, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(verify_by(fix, &file, &nobody, &report), SVMS_E_USAGE);
    assert_int_equal(file.size, size);
    assert_int_equal(by.asked, 1);
    memory_file_clear(&file);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_token_is_appended_and_nothing_else_changes),
        CASE(a_torn_append_is_cut_off_by_the_next),
        CASE(only_what_is_closed_and_signed_is_stamped),
        CASE(a_token_for_something_else_is_refused),
        CASE(every_failure_is_clean),
        CASE(a_proof_attests_when_somebody_says_so),
        CASE(a_changed_proof_is_a_changed_file),
        CASE(a_proof_that_attests_nothing_is_not_appended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
