/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence_case.h"

#include <errno.h>
#include <stdio.h>

svms_status open_package(export_case *self, memory_file *file, const char *password,
                         svms_evidence **out)
{
    svms_source source = memory_source(file);
    svms_evidence_options options = SVMS_EVIDENCE_OPTIONS_INIT;
    svms_keyring *ring = password == NULL ? NULL : password_ring(self->fix, password);
    self->err = (svms_error)SVMS_ERROR_INIT;
    options.keys = ring;
    svms_status status = svms_export_open(out, self->fix->ctx, &source, &options, &self->err);
    svms_keyring_free(&ring);
    return status;
}

svms_evidence *open_well(export_case *self, memory_file *file, const char *password)
{
    svms_evidence *evidence = NULL;
    if (open_package(self, file, password, &evidence) != SVMS_OK) {
        fail_msg("open: %s", self->err.message);
    }
    return evidence;
}

static int on_progress(void *user, uint64_t done, uint64_t total)
{
    told *seen = user;
    assert_true(done >= seen->last_done && done <= total);
    seen->last_done = done;
    seen->last_total = total;
    return ++seen->progress == seen->cancel_at;
}

static void on_link(void *user, const svms_export_link *link)
{
    told *seen = user;
    assert_int_equal(link->number, seen->links);
    assert_non_null(link->note);
    if (seen->links < 8) {
        seen->link[seen->links] = *link;
        (void)snprintf(seen->notes[seen->links], sizeof(seen->notes[0]), "%s", link->note);
    }
    seen->links++;
}

static void on_source(void *user, const svms_export_period *period, const svms_report *report)
{
    told *seen = user;
    assert_int_equal(period->number, seen->sources);
    if (seen->sources < 8) {
        seen->source[seen->sources] = period->verdict;
        seen->report[seen->sources] = *report;
    }
    seen->sources++;
}

static void on_finding(void *user, uint32_t source, const svms_finding *finding)
{
    told *seen = user;
    seen->findings++;
    seen->finding_source = source;
    seen->finding = *finding;
}

svms_export_verify_options trusting(const export_case *self, told *seen)
{
    svms_export_verify_options options = SVMS_EXPORT_VERIFY_INIT;
    options.trust = self->fix->trust;
    if (seen != NULL) {
        memset(seen, 0, sizeof(*seen));
        options.user = seen;
        options.progress = on_progress;
        options.link = on_link;
        options.source = on_source;
        options.finding = on_finding;
    }
    return options;
}

svms_status verify_evidence(export_case *self, svms_evidence *evidence,
                            const svms_export_verify_options *options, svms_export_report *report)
{
    *report = (svms_export_report)SVMS_EXPORT_REPORT_INIT;
    self->err = (svms_error)SVMS_ERROR_INIT;
    return svms_export_verify(evidence, options, report, &self->err);
}

int judge(export_case *self, memory_file *file, const char *password, svms_export_report *report,
          svms_status *opening)
{
    svms_evidence *evidence = NULL;
    *opening = open_package(self, file, password, &evidence);
    if (*opening != SVMS_OK) {
        assert_null(evidence);
        return -1;
    }
    svms_export_verify_options options = trusting(self, NULL);
    svms_status status = verify_evidence(self, evidence, &options, report);
    svms_export_close(&evidence);
    int verdict = (int)report->verdict;
    static const svms_status statuses[] = { SVMS_OK, SVMS_E_INCOMPLETE, SVMS_E_UNTRUSTED,
                                            SVMS_E_UNDECRYPTABLE, SVMS_E_NOT_AUTHENTIC };
    assert_int_equal(status, statuses[verdict]);
    assert_int_equal(report->has_failure, verdict != 0);
    return verdict;
}

void expect_authentic(export_case *self, const char *password)
{
    svms_export_report report;
    svms_evidence *evidence = open_well(self, &self->out, password);
    told *seen = calloc(1, sizeof(*seen));
    assert_non_null(seen);
    svms_export_verify_options options = trusting(self, seen);
    options.open_samples = password != NULL;
    if (verify_evidence(self, evidence, &options, &report) != SVMS_OK) {
        fail_msg("verify: %s (source %d segment %lld)", report.reason, (int)report.failure_source,
                 (long long)report.failure_segment);
    }
    assert_int_equal(report.verdict, SVMS_VERDICT_AUTHENTIC);
    assert_true(report.bytes_verified == self->out.size);
    assert_int_equal(report.bytes_unattested, 0);
    assert_int_equal(seen->findings, 0);
    assert_true(seen->last_done == seen->last_total);
    svms_export_close(&evidence);
    free(seen);
}

void expect_samples_of(export_case *self, svms_evidence *evidence, uint32_t source,
                       const recipe *how, uint32_t removed, uint32_t first, uint32_t count)
{
    svms_reader *reader = NULL;
    uint8_t *expected = malloc(how->sample_size + 40);
    assert_non_null(expected);
    if (svms_export_extract(&reader, evidence, source, NULL, &self->err) != SVMS_OK) {
        fail_msg("extract: %s", self->err.message);
    }
    for (uint32_t segment = first; segment < first + count; segment++) {
        for (uint32_t i = 0; i < how->frames + (how->tracks == 2 ? 2 : 0); i++) {
            svms_sample sample = SVMS_SAMPLE_INIT;
            bool audio = i >= how->frames;
            uint32_t number = audio ? segment * 2 + i - how->frames : segment * how->frames + i;
            size_t size = audio ? 40 : how->sample_size;
            if ((removed >> audio & 1) != 0) {
                continue;
            }
            if (svms_reader_next(reader, &sample, &self->err) != SVMS_OK) {
                fail_msg("segment %u sample %u: %s", segment, i, self->err.message);
            }
            sample_bytes(how, audio, number, expected, size);
            assert_int_equal(sample.track, audio);
            assert_int_equal(sample.size, size);
            assert_memory_equal(sample.data, expected, size);
            assert_true(sample.segment == segment);
        }
    }
    svms_sample sample = SVMS_SAMPLE_INIT;
    assert_int_equal(svms_reader_next(reader, &sample, &self->err), SVMS_END);
    svms_reader_close(&reader);
    free(expected);
}

void person_make(export_case *self, person *who, svms_role role)
{
    memset(who, 0, sizeof(*who));
    assert_int_equal(svms_private_key_generate(&who->key, self->fix->ctx, NULL), SVMS_OK);
    who->chain = issue_chain(self->fix, who->key, role, T0 - DAY, T0 + 365 * DAY);
    who->signer = (svms_export_signer)SVMS_EXPORT_SIGNER_INIT;
    who->signer.role = role;
    who->signer.key = who->key;
    who->signer.chain = who->chain;
}

void person_clear(person *who)
{
    svms_chain_free(&who->chain);
    svms_private_key_free(&who->key);
}

static bool fails(memory_store *store, int *os_error)
{
    store->calls++;
    bool dead = store->dies_at != 0 && store->syncs >= store->dies_at;
    if (dead || store->calls == store->fails_at) {
        *os_error = EIO;
        return true;
    }
    return false;
}

static svms_status store_read(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                              int *os_error)
{
    memory_store *store = user;
    const memory_file *file = store->file;
    if (fails(store, os_error)) {
        return SVMS_E_IO;
    }
    size_t left = offset < file->size ? file->size - (size_t)offset : 0;
    *got = size < left ? size : left;
    if (*got != 0) {
        memcpy(out, file->data + offset, *got);
    }
    return SVMS_OK;
}

static svms_status store_size(void *user, uint64_t *size, int *os_error)
{
    memory_store *store = user;
    *size = store->file->size;
    return fails(store, os_error) ? SVMS_E_IO : SVMS_OK;
}

static svms_status store_write(void *user, uint64_t offset, const void *data, size_t size,
                               int *os_error)
{
    memory_store *store = user;
    memory_file *file = store->file;
    bool failed = fails(store, os_error);
    assert_true(offset <= file->size);
    size_t whole = size;
    if (failed) {
        size = size / 2;
    }
    if (store->torn_at != 0 && store->torn_at - store->written < size) {
        size = store->torn_at - store->written;
    }
    store->written += size;
    if (offset + size > file->size) {
        file->data = realloc(file->data, (size_t)offset + size);
        assert_non_null(file->data);
        file->size = (size_t)offset + size;
        file->capacity = file->size;
    }
    memcpy(file->data + offset, data, size);
    return size == whole ? SVMS_OK : SVMS_E_IO;
}

static svms_status store_sync(void *user, int *os_error)
{
    memory_store *store = user;
    if (fails(store, os_error)) {
        return SVMS_E_IO;
    }
    store->syncs++;
    if (store->syncs == store->dies_at) {
        *os_error = EIO;
        return SVMS_E_IO;
    }
    if (store->syncs + 1 == store->dies_at) {
        memory_file_clear(&store->durable);
        store->durable = memory_copy(store->file);
    }
    return SVMS_OK;
}

static svms_status store_cut(void *user, uint64_t size, int *os_error)
{
    memory_store *store = user;
    if (fails(store, os_error)) {
        return SVMS_E_IO;
    }
    assert_true(size <= store->file->size);
    store->file->size = (size_t)size;
    return SVMS_OK;
}

svms_store store_of(memory_store *store)
{
    svms_store made = SVMS_STORE_INIT;
    made.user = store;
    made.read_at = store_read;
    made.get_size = store_size;
    made.write_at = store_write;
    made.sync = store_sync;
    made.cut = store->no_cut ? NULL : store_cut;
    return made;
}

svms_status countersign(export_case *self, const svms_export_signer *signer, uint8_t head[32])
{
    memory_store memory = { 0 };
    memory.file = &self->out;
    svms_store store = store_of(&memory);
    self->err = (svms_error)SVMS_ERROR_INIT;
    return svms_export_countersign(self->fix->ctx, &store, signer, head, &self->err);
}
