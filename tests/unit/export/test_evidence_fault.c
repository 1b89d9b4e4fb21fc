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
        CASE(every_failure_of_the_store_leaves_a_good_package),
        CASE(every_failed_allocation_is_a_clean_error),
        CASE(every_failed_read_is_a_clean_error),
    };
    return cmocka_run_group_tests_name("evidence_fault", tests, NULL, NULL);
}
