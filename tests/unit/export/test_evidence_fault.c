/* SPDX-License-Identifier: Apache-2.0 */
/* Stores, sources and allocators that fail while packages are signed and read. */
#include "forge_case.h"

static void an_interrupted_countersignature_changes_nothing_before_it(void **state)
{
    export_case *self = *state;
    target this;
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_status opening = SVMS_OK;
    target_make(self, &this, SVMS_PROTECT_STRONG, false);
    size_t whole = self->out.size;
    size_t link = whole - (size_t)this.link;
    memory_file before = memory_copy(&self->out);
    for (size_t torn = 1; torn < link; torn++) {
        memory_store memory = { 0 };
        memory.file = &self->out;
        memory.torn_at = torn;
        memory.no_cut = true;
        svms_store store = store_of(&memory);
        svms_status status = svms_export_countersign(self->fix->ctx, &store, &this.custodian.signer,
                                                     NULL, &self->err);
        if (status == SVMS_OK) {
            break; /* signatures differ in nothing but their bytes */
        }
        assert_int_equal(status, SVMS_E_IO);
        assert_int_equal(self->out.size, whole + torn);
        assert_memory_equal(self->out.data, before.data, whole);
        assert_int_equal(judge(self, &self->out, NULL, &report, &opening), SVMS_VERDICT_INCOMPLETE);
        memory.torn_at = 0;
        memory.written = 0;
        /* Without a way to cut, nothing can be done about it. */
        assert_int_equal(svms_export_countersign(self->fix->ctx, &store, &this.custodian.signer,
                                                 NULL, &self->err),
                         SVMS_E_STATE);
        if (torn % 16 == 0) {
            assert_int_equal(countersign(self, &this.custodian.signer, NULL), SVMS_OK);
            assert_int_equal(judge(self, &self->out, NULL, &report, &opening), 0);
        }
        self->out.size = whole;
    }
    memory_file_clear(&before);
    target_clear(&this);
}

#define BLOCK 512u

static size_t blocks_behind(size_t from, size_t to)
{
    return to == from ? 0 : (to - 1) / BLOCK - from / BLOCK + 1;
}

/* What a disk holds after power failed: of the blocks behind base those of the mask are as they
 * were written, the others as they were before. */
static memory_file survive(const memory_file *before, const memory_file *after, size_t base,
                           uint32_t mask)
{
    memory_file file = { 0 };
    size_t size = before->size > after->size ? before->size : after->size;
    append(&file, before->data, base);
    for (size_t at = base; at < size; at++) {
        bool arrived = (mask >> (at / BLOCK - base / BLOCK) & 1) != 0;
        const memory_file *from = arrived ? after : before;
        uint8_t byte = at < from->size ? from->data[at] : 0;
        append(&file, &byte, 1);
    }
    return file;
}

/* Power fails while something is signed, before sync n is done. False when it is done before. */
static bool lose_power(export_case *self, target *this, uint32_t n)
{
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_status opening = SVMS_OK;
    memory_file signed_file = self->out;
    memory_file written = memory_copy(&self->out);
    memory_store memory = { .file = &written, .dies_at = n, .durable = memory_copy(&self->out) };
    svms_store store = store_of(&memory);
    size_t base = (size_t)this->seen->link_offset; /* whole links are not written again */
    svms_status status =
        svms_export_countersign(self->fix->ctx, &store, &this->custodian.signer, NULL, &self->err);
    size_t from = 0;
    while (from < written.size && from < memory.durable.size &&
           written.data[from] == memory.durable.data[from]) {
        from++;
    }
    base = from > base ? from : base;
    size_t size = written.size > memory.durable.size ? written.size : memory.durable.size;
    size_t count = status == SVMS_OK ? 0 : blocks_behind(base, size);
    assert_true(count <= 12);
    for (uint32_t mask = 0; mask < 1u << count && status != SVMS_OK; mask++) {
        self->out = survive(&memory.durable, &written, base, mask);
        int verdict = judge(self, &self->out, NULL, &report, &opening);
        assert_int_equal(opening, SVMS_OK);
        assert_true(verdict == 0 || verdict == SVMS_VERDICT_INCOMPLETE);
        if (mask % 8 == 0) {
            assert_int_equal(countersign(self, &this->custodian.signer, NULL), SVMS_OK);
            assert_int_equal(judge(self, &self->out, NULL, &report, &opening), 0);
        }
        memory_file_clear(&self->out);
    }
    self->out = signed_file;
    memory_file_clear(&memory.durable);
    memory_file_clear(&written);
    return status != SVMS_OK;
}

/* Makes the last whole tail end so many bytes behind the beginning of a block. */
static void end_at(export_case *self, target *this, size_t wanted)
{
    char note[2 * BLOCK + 1] = { 0 };
    size_t whole = self->out.size;
    for (size_t tries = 0; self->out.size == whole || self->out.size % BLOCK != wanted; tries++) {
        assert_true(tries < 64); /* a signature's length may differ */
        size_t more = self->out.size == whole
                          ? 1
                          : strlen(note) + (wanted + BLOCK - self->out.size % BLOCK) % BLOCK;
        more = more > BLOCK ? more - BLOCK : more;
        memset(note, 0, sizeof(note));
        memset(note, 'n', more);
        self->out.size = whole;
        this->custodian.signer.note = note;
        assert_int_equal(countersign(self, &this->custodian.signer, NULL), SVMS_OK);
    }
    this->custodian.signer.note = NULL;
}

static void blocks_may_reach_the_disk_in_any_order(void **state)
{
    static const size_t ends[] = { 0, 1, 200, 440, 464, 488, 509, 510, 511 };
    export_case *self = *state;
    target this;
    target_make(self, &this, SVMS_PROTECT_STRONG, false);
    size_t whole = self->out.size;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        uint32_t syncs = 0;
        self->out.size = whole;
        end_at(self, &this, ends[i]);
        while (lose_power(self, &this, syncs + 1)) {
            syncs++;
        }
        assert_int_equal(syncs, 2); /* the link, the tail */
    }
    /* Over one that was interrupted: that is cut off for good first. */
    uint32_t syncs = 0;
    append(&self->out, "SVXLabcdef", 10);
    while (lose_power(self, &this, syncs + 1)) {
        syncs++;
    }
    assert_int_equal(syncs, 3);
    target_clear(&this);
}

static void every_failure_of_the_store_leaves_a_good_package(void **state)
{
    export_case *self = *state;
    target this;
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_status opening = SVMS_OK;
    target_make(self, &this, SVMS_PROTECT_STRONG, false);
    size_t whole = self->out.size;
    bool done = false;
    for (uint64_t n = 1; !done; n++) {
        memory_store memory = { 0 };
        memory.file = &self->out;
        memory.fails_at = n;
        svms_store store = store_of(&memory);
        svms_status status = svms_export_countersign(self->fix->ctx, &store, &this.custodian.signer,
                                                     NULL, &self->err);
        done = status == SVMS_OK;
        assert_true(done || status == SVMS_E_IO);
        assert_true(done || self->out.size == whole);
        assert_int_equal(judge(self, &self->out, NULL, &report, &opening), 0);
        assert_true(n < 1000);
    }
    assert_true(self->out.size > whole);
    target_clear(&this);
}

/* Everything, with what can fail failing at some point. */
static svms_status use_everything(export_case *self, const char *password, memory_file *file)
{
    svms_evidence *evidence = NULL;
    svms_reader *reader = NULL;
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_source source = memory_source(file);
    svms_evidence_options options = SVMS_EVIDENCE_OPTIONS_INIT;
    svms_keyring *ring = NULL;
    self->err = (svms_error)SVMS_ERROR_INIT;
    svms_status status = svms_keyring_new(&ring, self->fix->ctx, &self->err);
    if (status == SVMS_OK && password != NULL) {
        status = svms_keyring_add_password(ring, password, strlen(password), &self->err);
    }
    options.keys = password == NULL ? NULL : ring;
    if (status == SVMS_OK) {
        status = svms_export_open(&evidence, self->fix->ctx, &source, &options, &self->err);
    }
    if (status == SVMS_OK) {
        svms_export_verify_options how = trusting(self, NULL);
        how.open_samples = 1;
        status = svms_export_verify(evidence, &how, &report, &self->err);
    }
    if (status == SVMS_OK) {
        status = svms_export_extract(&reader, evidence, 0, NULL, &self->err);
    }
    while (status == SVMS_OK) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        status = svms_reader_next(reader, &sample, &self->err);
    }
    svms_reader_close(&reader);
    svms_export_close(&evidence);
    svms_keyring_free(&ring);
    return status;
}

static void every_failed_allocation_is_a_clean_error(void **state)
{
    export_case *self = *state;
    for (int sealed = 0; sealed < 2; sealed++) {
        target this;
        target_make(self, &this, SVMS_PROTECT_LIGHT, sealed != 0);
        bool done = false;
        for (uint64_t n = 1; !done; n++) {
            int64_t live = self->fix->live_blocks;
            self->fix->allocations = 0;
            self->fix->allocation_fails_at = n;
            svms_status status = use_everything(self, this.password, &self->out);
            self->fix->allocation_fails_at = 0;
            done = status == SVMS_END;
            if (!done && status != SVMS_E_NO_MEMORY) {
                fail_msg("allocation %llu: %d %s", (unsigned long long)n, status,
                         self->err.message);
            }
            assert_true(self->fix->live_blocks == live);
            assert_true(n < 5000);
        }
        target_clear(&this);
    }
}

static void every_failed_read_is_a_clean_error(void **state)
{
    export_case *self = *state;
    for (int sealed = 0; sealed < 2; sealed++) {
        target this;
        target_make(self, &this, SVMS_PROTECT_LIGHT, sealed != 0);
        bool done = false;
        for (uint64_t n = 1; !done; n++) {
            self->out.reads = 0;
            self->out.read_fails_at = n;
            svms_status status = use_everything(self, this.password, &self->out);
            self->out.read_fails_at = 0;
            done = status == SVMS_END;
            if (!done && status != SVMS_E_IO) {
                fail_msg("read %llu: %d %s", (unsigned long long)n, status, self->err.message);
            }
            assert_true(n < 5000);
        }
        target_clear(&this);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, export_case_setup, export_case_teardown)
        CASE(an_interrupted_countersignature_changes_nothing_before_it),
        CASE(blocks_may_reach_the_disk_in_any_order),
        CASE(every_failure_of_the_store_leaves_a_good_package),
        CASE(every_failed_allocation_is_a_clean_error),
        CASE(every_failed_read_is_a_clean_error),
    };
    return cmocka_run_group_tests_name("evidence_fault", tests, NULL, NULL);
}
