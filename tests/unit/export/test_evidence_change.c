/* SPDX-License-Identifier: Apache-2.0 */
/* Files that somebody changes while they are read (E-OVR-3), and how often they are read. */
#include "forge_case.h"

#define MOST_READS 64

/* Reads of some bytes give others from some time on. */
typedef struct changing_file {
    const memory_file *file;
    size_t place;
    const char *other;
    uint64_t seen; /* reads that touched the place */
    uint64_t from; /* those behind this one are changed; UINT64_MAX: none */
    uint64_t bytes;
} changing_file;

static svms_status read_changing(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                                 int *os_error)
{
    changing_file *this = user;
    const memory_file *file = this->file;
    size_t left = offset < file->size ? file->size - (size_t)offset : 0;
    uint8_t *bytes = out;
    (void)os_error;
    *got = size < left ? size : left;
    if (*got != 0) {
        memcpy(out, file->data + offset, *got);
    }
    this->bytes += *got;
    size_t length = this->other == NULL ? 0 : strlen(this->other);
    if (length != 0 && this->place<offset + *got &&this->place + length> offset) {
        this->seen++;
        for (size_t i = 0; i<length &&this->seen> this->from; i++) {
            if (this->place + i >= offset && this->place + i < offset + *got) {
                bytes[this->place + i - offset] = (uint8_t)this->other[i];
            }
        }
    }
    return SVMS_OK;
}

static svms_status size_of(void *user, uint64_t *size, int *os_error)
{
    const changing_file *this = user;
    (void)os_error;
    *size = this->file->size;
    return SVMS_OK;
}

static svms_status open_changing(export_case *self, changing_file *file, const char *password,
                                 svms_evidence **out)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_evidence_options options = SVMS_EVIDENCE_OPTIONS_INIT;
    svms_keyring *ring = password == NULL ? NULL : password_ring(self->fix, password);
    source.user = file;
    source.read_at = read_changing;
    source.get_size = size_of;
    options.keys = ring;
    svms_status status = svms_export_open(out, self->fix->ctx, &source, &options, &self->err);
    svms_keyring_free(&ring);
    return status;
}

static size_t find_words(const memory_file *file, const char *words)
{
    size_t length = strlen(words);
    size_t at = 0;
    while (at + length <= file->size && memcmp(file->data + at, words, length) != 0) {
        at++;
    }
    assert_true(at + length <= file->size);
    return at;
}

static bool holds_words(const char *text, size_t size, const char *words)
{
    size_t length = strlen(words);
    for (size_t at = 0; at + length <= size; at++) {
        if (memcmp(text + at, words, length) == 0) {
            return true;
        }
    }
    return false;
}

/* What a package is worth that is read from a file that changes after some reads. */
typedef struct outcome {
    bool done;    /* the change came too late to be seen */
    bool trusted; /* verified as authentic */
    bool forged;  /* the case, as it was handed out, has the other words */
    svms_status attachment;
} outcome;

static outcome read_while_it_changes(export_case *self, changing_file *file)
{
    outcome is = { false, false, false, SVMS_E_STATE };
    svms_evidence *evidence = NULL;
    svms_export_report report;
    memory_file taken = { 0 };
    svms_sink sink = memory_sink(&taken);
    const char *json = NULL;
    size_t size = 0;
    file->seen = 0;
    if (open_changing(self, file, NULL, &evidence) != SVMS_OK) {
        return is;
    }
    svms_export_verify_options options = trusting(self, NULL);
    is.trusted = verify_evidence(self, evidence, &options, &report) == SVMS_OK;
    if (svms_export_get_case(evidence, &json, &size, NULL) == SVMS_OK) {
        is.forged = holds_words(json, size, file->other);
    }
    is.attachment = svms_export_get_attachment(evidence, 0, &sink, NULL);
    if (is.attachment == SVMS_OK) {
        assert_false(holds_words((const char *)taken.data, taken.size, file->other));
    }
    is.done = file->seen <= file->from;
    svms_export_close(&evidence);
    memory_file_clear(&taken);
    return is;
}

static void package_with_attachment(export_case *self, bool derived)
{
    static const uint8_t content[] = "content of the attachment";
    const svms_export_origin origin = { 0, UINT32_MAX, 0, 2, SVMS_NO_TIME };
    recipe how = RECIPE_INIT;
    record_container(self->fix, &how, &self->container);
    svms_export_options options = clear_options(self);
    svms_export_source source = whole_source(self);
    svms_export_attachment attachment = SVMS_EXPORT_ATTACHMENT_INIT;
    memory_file file = { 0 };
    options.comment = "ORIGINAL COMMENT";
    append(&file, content, sizeof(content));
    attachment.name = "a.txt";
    attachment.media_type = "text/plain";
    attachment.method = derived ? "typed" : NULL;
    attachment.origins = derived ? &origin : NULL;
    attachment.origin_count = derived ? 1 : 0;
    svms_export *package = begin_export(self, &options);
    add_source_well(self, package, &self->container, &source);
    svms_source bytes = memory_source(&file);
    assert_int_equal(svms_export_add_attachment(package, &bytes, &attachment, &self->err), SVMS_OK);
    finish_well(self, &package);
    memory_file_clear(&file);
}

static void what_is_parsed_is_what_was_hashed(void **state)
{
    static const struct {
        const char *words;
        const char *other;
    } changes[] = { { "ORIGINAL COMMENT", "FORGED  COMMENT!" },
                    { "content of the", "forgery of the" } };
    export_case *self = *state;
    package_with_attachment(self, true);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        changing_file file = {
            &self->out, find_words(&self->out, changes[i].words), changes[i].other, 0, 0, 0
        };
        outcome is = { false, false, false, SVMS_E_STATE };
        bool noticed = false;
        for (file.from = 0; !is.done; file.from++) {
            assert_true(file.from < MOST_READS);
            is = read_while_it_changes(self, &file);
            assert_false(is.forged);
            noticed = noticed || !is.trusted;
        }
        assert_true(noticed);
        assert_true(is.trusted);
        assert_int_equal(is.attachment, SVMS_OK);
    }
}

/* Period and removed tracks are in no recorder's signature. */
static void what_a_source_says_of_itself_is_what_was_hashed(void **state)
{
    export_case *self = *state;
    package_with_attachment(self, false);
    seen_package *seen = look_at_package(self, NULL);
    const seen_frame *frame = frame_of(seen, SVMS_FRAME_SOURCE, 0);
    /* from: was not bounded, 80 00 00 00 .. */
    changing_file file = { &self->out, (size_t)frame->offset + SVMS_FRAME_HEADER_SIZE + 8,
                           "\x18\x86", 0,
                           0,          0 };
    bool done = false;
    for (file.from = 0; !done; file.from++) {
        svms_evidence *evidence = NULL;
        svms_export_period period = SVMS_EXPORT_PERIOD_INIT;
        svms_export_report report;
        assert_true(file.from < MOST_READS);
        file.seen = 0;
        assert_int_equal(open_changing(self, &file, NULL, &evidence), SVMS_OK);
        svms_export_verify_options options = trusting(self, NULL);
        svms_status status = verify_evidence(self, evidence, &options, &report);
        if (svms_export_get_source(evidence, 0, &period, NULL) == SVMS_OK) {
            assert_true(period.from_utc_ns == SVMS_NO_TIME);
        }
        done = file.seen <= file.from;
        assert_true(!done || status == SVMS_OK);
        svms_export_close(&evidence);
    }
    free(seen);
}

/* Nothing that is read twice may differ the second time: every byte of the front, changed by turns,
 * ends in a refusal or in what was there. */
static void a_late_change_of_any_frame_is_no_way_in(void **state)
{
    export_case *self = *state;
    target this;
    target_make(self, &this, SVMS_PROTECT_STRONG, false);
    memory_file whole = memory_copy(&self->out);
    for (size_t i = 0; i < this.seen->count; i++) {
        const seen_frame *frame = &this.seen->frames[i];
        size_t end = (size_t)(frame->offset + svms_frame_size(&frame->frame));
        for (size_t at = (size_t)frame->offset; at < end; at += 97) {
            char other[2] = { (char)(whole.data[at] ^ 0x55), 0 };
            changing_file file = { &whole, at, other, 0, 1, 0 };
            svms_evidence *evidence = NULL;
            svms_export_report report;
            if (other[0] == 0 || open_changing(self, &file, NULL, &evidence) != SVMS_OK) {
                continue;
            }
            svms_export_verify_options options = trusting(self, NULL);
            svms_status status = verify_evidence(self, evidence, &options, &report);
            assert_true(status == SVMS_OK || status == SVMS_E_NOT_AUTHENTIC ||
                        status == SVMS_E_IO || status == SVMS_E_INCOMPLETE ||
                        status == SVMS_E_UNTRUSTED);
            svms_export_close(&evidence);
        }
    }
    memory_file_clear(&whole);
    target_clear(&this);
}

/* More directories than those that stay in memory, and a failure in every segment. */
static void failures_do_not_make_it_read_directories_again(void **state)
{
    enum { SEGMENTS = 1300 };
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    how.protection = SVMS_PROTECT_NONE;
    how.password = NULL;
    how.tracks = 1;
    how.segments = SEGMENTS;
    how.frames = 1;
    how.sample_size = 10;
    record_container(self->fix, &how, &self->container);
    svms_export_options options = clear_options(self);
    svms_export_source source = whole_source(self);
    source.keys = NULL;
    export_well(self, &options, &source);
    seen_package *seen = look_at_package(self, NULL);
    for (size_t n = 0; n < SEGMENTS; n++) {
        const seen_frame *segment = frame_of(seen, SVMS_FRAME_SEGMENT, n);
        self->out.data[segment->b + segment->frame.b_size - 5 - self->out.data] ^= 1;
    }
    changing_file file = { &self->out, 0, NULL, 0, UINT64_MAX, 0 };
    svms_evidence *evidence = NULL;
    svms_export_report report;
    told *heard = calloc(1, sizeof(*heard));
    assert_non_null(heard);
    assert_int_equal(open_changing(self, &file, NULL, &evidence), SVMS_OK);
    svms_export_verify_options verify = trusting(self, heard);
    file.bytes = 0;
    assert_int_equal(verify_evidence(self, evidence, &verify, &report), SVMS_E_NOT_AUTHENTIC);
    assert_true(heard->findings >= SEGMENTS);
    if (file.bytes > 8 * self->out.size) {
        fail_msg("%llu bytes of %zu were read", (unsigned long long)file.bytes, self->out.size);
    }
    svms_export_close(&evidence);
    free(heard);
    free(seen);
}

/* A derivation may name the same segments some thousand times. */
static void a_segment_is_looked_up_once_for_all_derivations(void **state)
{
    enum { ORIGINS = 2000 };
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    svms_export_origin *origins = calloc(ORIGINS, sizeof(*origins));
    assert_non_null(origins);
    for (uint32_t i = 0; i < ORIGINS; i++) {
        origins[i] = (svms_export_origin){ 0, UINT32_MAX, i % 3, 2, SVMS_NO_TIME };
    }
    record_container(self->fix, &how, &self->container);
    svms_export_options options = clear_options(self);
    svms_export_source source = whole_source(self);
    svms_export_attachment attachment = SVMS_EXPORT_ATTACHMENT_INIT;
    memory_file empty = { 0 };
    attachment.name = "a.txt";
    attachment.media_type = "text/plain";
    attachment.method = "typed";
    attachment.origins = origins;
    attachment.origin_count = ORIGINS;
    svms_export *package = begin_export(self, &options);
    add_source_well(self, package, &self->container, &source);
    svms_source bytes = memory_source(&empty);
    assert_int_equal(svms_export_add_attachment(package, &bytes, &attachment, &self->err), SVMS_OK);
    finish_well(self, &package);
    changing_file file = { &self->out, 0, NULL, 0, UINT64_MAX, 0 };
    svms_evidence *evidence = NULL;
    const char *json = NULL;
    size_t size = 0;
    assert_int_equal(open_changing(self, &file, NULL, &evidence), SVMS_OK);
    file.bytes = 0;
    assert_int_equal(svms_export_get_case(evidence, &json, &size, &self->err), SVMS_OK);
    if (file.bytes > 3 * size) {
        fail_msg("%llu bytes were read", (unsigned long long)file.bytes);
    }
    svms_export_close(&evidence);
    free(origins);
}

static void every_failed_allocation_of_a_case_is_a_clean_error(void **state)
{
    export_case *self = *state;
    bool done = false;
    package_with_attachment(self, true);
    for (uint64_t n = 1; !done; n++) {
        svms_evidence *evidence = NULL;
        const char *json = NULL;
        size_t size = 0;
        changing_file file = { &self->out, 0, NULL, 0, UINT64_MAX, 0 };
        assert_int_equal(open_changing(self, &file, NULL, &evidence), SVMS_OK);
        self->fix->allocation_fails_at = self->fix->allocations + n;
        svms_status status = svms_export_get_case(evidence, &json, &size, &self->err);
        self->fix->allocation_fails_at = 0;
        done = status == SVMS_OK;
        assert_true(done || status == SVMS_E_NO_MEMORY);
        /* What failed for want of memory can be asked again. */
        assert_int_equal(svms_export_get_case(evidence, &json, &size, &self->err), SVMS_OK);
        svms_export_close(&evidence);
        assert_true(n < 200);
    }
}

/* E-LNK-5 sets no limit to them. */
static void zero_bytes_at_the_end_are_read_once(void **state)
{
    enum { ZEROS = 4 << 20 };
    export_case *self = *state;
    target this;
    target_make(self, &this, SVMS_PROTECT_STRONG, false);
    size_t whole = self->out.size;
    uint8_t *zeros = calloc(1, ZEROS);
    assert_non_null(zeros);
    append(&self->out, zeros, ZEROS);
    free(zeros);
    changing_file file = { &self->out, 0, NULL, 0, UINT64_MAX, 0 };
    svms_evidence *evidence = NULL;
    svms_export_report report;
    assert_int_equal(open_changing(self, &file, NULL, &evidence), SVMS_OK);
    svms_export_verify_options options = trusting(self, NULL);
    assert_int_equal(verify_evidence(self, evidence, &options, &report), SVMS_E_INCOMPLETE);
    assert_true(report.bytes_unattested == ZEROS);
    assert_true(file.bytes < ZEROS + 4 * whole + 600000);
    svms_export_close(&evidence);
    target_clear(&this);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, export_case_setup, export_case_teardown)
        CASE(what_is_parsed_is_what_was_hashed),
        CASE(what_a_source_says_of_itself_is_what_was_hashed),
        CASE(a_late_change_of_any_frame_is_no_way_in),
        CASE(failures_do_not_make_it_read_directories_again),
        CASE(a_segment_is_looked_up_once_for_all_derivations),
        CASE(every_failed_allocation_of_a_case_is_a_clean_error),
        CASE(zero_bytes_at_the_end_are_read_once),
    };
    return cmocka_run_group_tests_name("evidence_change", tests, NULL, NULL);
}
