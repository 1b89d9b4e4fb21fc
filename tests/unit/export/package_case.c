/* SPDX-License-Identifier: Apache-2.0 */
#include "package_case.h"

#include <openssl/evp.h>

#include "access_block.h"
#include "link.h"

int export_case_setup(void **state)
{
    return export_case_setup_in(state, NULL);
}

int export_case_setup_in(void **state, struct ossl_lib_ctx_st *library)
{
    export_case *self = calloc(1, sizeof(*self));
    void *inner = NULL;
    assert_non_null(self);
    fixture_setup_in(&inner, library, NULL);
    self->fix = inner;
    assert_int_equal(svms_private_key_generate(&self->key, self->fix->ctx, NULL), SVMS_OK);
    self->exporter =
        issue_chain(self->fix, self->key, SVMS_ROLE_EXPORTER, T0 - DAY, T0 + 365 * DAY);
    self->ring = password_ring(self->fix, PASSWORD);
    self->result = (svms_export_result)SVMS_EXPORT_RESULT_INIT;
    self->report = (svms_report)SVMS_REPORT_INIT;
    self->err = (svms_error)SVMS_ERROR_INIT;
    *state = self;
    return 0;
}

int export_case_teardown(void **state)
{
    export_case *self = *state;
    void *inner = self->fix;
    svms_export_result_clear(&self->result);
    svms_keyring_free(&self->ring);
    svms_chain_free(&self->exporter);
    svms_private_key_free(&self->key);
    memory_file_clear(&self->container);
    memory_file_clear(&self->out);
    fixture_teardown(&inner);
    free(self);
    return 0;
}

svms_export_options clear_options(const export_case *self)
{
    svms_export_options options = SVMS_EXPORT_OPTIONS_INIT;
    options.signer.key = self->key;
    options.signer.chain = self->exporter;
    options.unsealed = 1;
    options.case_number = "2026-17";
    return options;
}

svms_export_options sealed_options(const export_case *self)
{
    svms_export_options options = clear_options(self);
    options.unsealed = 0;
    options.password = SEAL;
    options.password_size = strlen(SEAL);
    options.password_log2_n = 10;
    return options;
}

svms_export_source whole_source(const export_case *self)
{
    svms_export_source source = SVMS_EXPORT_SOURCE_INIT;
    source.keys = self->ring;
    source.trust = self->fix->trust;
    return source;
}

svms_export *begin_export(export_case *self, const svms_export_options *options)
{
    svms_export *package = NULL;
    memory_file_clear(&self->out);
    svms_sink sink = memory_sink(&self->out);
    if (svms_export_create(&package, self->fix->ctx, options, &sink, &self->err) != SVMS_OK) {
        fail_msg("create: %s", self->err.message);
    }
    return package;
}

void add_source_well(export_case *self, svms_export *package, memory_file *container,
                     const svms_export_source *options)
{
    svms_source source = memory_source(container);
    self->report = (svms_report)SVMS_REPORT_INIT;
    if (svms_export_add_source(package, &source, options, &self->report, &self->err) != SVMS_OK) {
        fail_msg("add_source: %s", self->err.message);
    }
}

void finish_well(export_case *self, svms_export **package)
{
    svms_export_result_clear(&self->result);
    if (svms_export_finish(*package, &self->result, &self->err) != SVMS_OK) {
        fail_msg("finish: %s", self->err.message);
    }
    svms_export_abort(package);
}

svms_status export_one(export_case *self, const svms_export_options *options,
                       const svms_export_source *given)
{
    svms_export *package = NULL;
    size_t room = self->out.room;
    uint64_t fails = self->out.write_fails_at;
    memory_file_clear(&self->out);
    self->out.room = room;
    self->out.write_fails_at = fails;
    svms_sink sink = memory_sink(&self->out);
    svms_source source = memory_source(&self->container);
    svms_export_result_clear(&self->result);
    self->report = (svms_report)SVMS_REPORT_INIT;
    self->err = (svms_error)SVMS_ERROR_INIT;
    svms_status status = svms_export_create(&package, self->fix->ctx, options, &sink, &self->err);
    if (status == SVMS_OK) {
        status = svms_export_add_source(package, &source, given, &self->report, &self->err);
    }
    if (status == SVMS_OK) {
        status = svms_export_finish(package, &self->result, &self->err);
    }
    svms_export_abort(&package);
    return status;
}

void export_well(export_case *self, const svms_export_options *options,
                 const svms_export_source *source)
{
    if (export_one(self, options, source) != SVMS_OK) {
        fail_msg("export: %s", self->err.message);
    }
}

bool looks_finished(const memory_file *file)
{
    return file->size >= 8 && memcmp(file->data + file->size - 8, "SVXLTAIL", 8) == 0;
}

void sha256_of(const void *data, size_t size, uint8_t out[32])
{
    size_t written = 0;
    assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, data, size, out, &written), 1);
    assert_int_equal(written, 32);
}

static uint64_t u64_at(const uint8_t *at)
{
    svms_cursor cursor = svms_cursor_over(at, 8, 0);
    return svms_read_u64(&cursor);
}

static uint32_t u32_at(const uint8_t *at)
{
    svms_cursor cursor = svms_cursor_over(at, 4, 0);
    return svms_read_u32(&cursor);
}

static void look_at_front(export_case *self, seen_package *seen, const char *password)
{
    const memory_file *file = &self->out;
    assert_true(file->size > SVMS_PACKAGE_HEADER_SIZE);
    assert_int_equal(svms_package_header_parse(&seen->header, self->fix->ctx, file->data, NULL),
                     SVMS_OK);
    uint8_t h[32];
    sha256_of(file->data, 120, h);
    assert_memory_equal(h, seen->header.h, 32);
    seen->opened = !seen->header.sealed;
    if (seen->header.sealed && password != NULL) {
        svms_header *as_container = calloc(1, sizeof(*as_container));
        svms_access_view view;
        const char *damage = NULL;
        uint8_t key[32];
        svms_keyring *ring = password_ring(self->fix, password);
        assert_non_null(as_container);
        svms_package_as_container(&seen->header, as_container);
        assert_int_equal(svms_access_parse_slot(&view, self->fix->ctx, as_container,
                                                file->data + 120, 0, &damage, NULL),
                         SVMS_OK);
        assert_true(view.present && view.revision == 1 && view.officer == NULL);
        assert_int_equal(svms_access_unlock(self->fix->ctx, as_container, &view, ring, key, NULL),
                         SVMS_OK);
        assert_int_equal(svms_segment_root(self->fix->ctx, key, h, seen->p, NULL), SVMS_OK);
        seen->opened = true;
        svms_keyring_free(&ring);
        free(as_container);
    }
}

static void take_frame(export_case *self, seen_package *seen, uint64_t at)
{
    seen_frame *found = &seen->frames[seen->count];
    const uint8_t *bytes = self->out.data + at;
    assert_true(seen->count < MOST_FRAMES && at + 40 <= self->out.size);
    if (svms_frame_parse(&found->frame, seen->header.kind, seen->header.sealed, bytes, at,
                         &self->err) != SVMS_OK) {
        fail_msg("frame %zu: %s", seen->count, self->err.message);
    }
    assert_true(at + svms_frame_size(&found->frame) <= self->out.size);
    found->offset = at;
    found->index = seen->count++;
    found->header = bytes;
    found->a = bytes + 40;
    found->b = found->a + found->frame.a_size;
    found->c = found->b + found->frame.b_size;
}

/* E-DIR-2, by hand. */
static void digest_of(const seen_frame *frame, uint8_t out[32])
{
    const svms_frame *is = &frame->frame;
    size_t size = (size_t)svms_frame_size(is);
    if (is->kind != 2 || (is->flags & 5) != 0) {
        sha256_of(frame->header, size, out);
        return;
    }
    size_t around = 40 + (size_t)is->a_size + is->c_size;
    uint8_t *joined = malloc(around);
    assert_non_null(joined);
    memcpy(joined, frame->header, 40 + (size_t)is->a_size);
    memcpy(joined + 40 + is->a_size, frame->c, is->c_size);
    sha256_of(joined, around, out);
    free(joined);
}

static void compare_entry(seen_frame *frame, const uint8_t *entry)
{
    uint8_t digest[32];
    digest_of(frame, digest);
    assert_true(u64_at(entry) == frame->offset);
    assert_true(u64_at(entry + 8) == frame->frame.number);
    assert_true(u64_at(entry + 16) == frame->frame.origin);
    frame->first_utc_ns = (int64_t)u64_at(entry + 24);
    frame->last_utc_ns = (int64_t)u64_at(entry + 32);
    assert_int_equal(entry[40], frame->frame.kind);
    assert_int_equal(entry[41], frame->frame.flags);
    for (size_t i = 42; i < 48; i++) {
        assert_int_equal(entry[i], 0);
    }
    assert_memory_equal(entry + 48, digest, 32);
    bool timed = frame->frame.kind == 2 || frame->frame.kind == 3 || frame->frame.kind == 10;
    assert_int_equal(timed, frame->first_utc_ns != INT64_MIN);
    assert_int_equal(timed, frame->last_utc_ns != INT64_MIN);
}

static void look_at_directories(seen_package *seen)
{
    uint64_t before = 0;
    uint8_t hash[32] = { 0 };
    size_t described = 0;
    for (size_t i = 0; i < seen->count; i++) {
        const seen_frame *directory = &seen->frames[i];
        if (directory->frame.kind != SVMS_FRAME_DIRECTORY) {
            continue;
        }
        assert_true(u64_at(directory->c) == before);
        assert_memory_equal(directory->c + 8, hash, 32);
        assert_true(directory->frame.number == 256 || i + 1 == seen->count);
        assert_int_equal(directory->frame.number, i - described);
        for (size_t e = 0; e < directory->frame.number; e++) {
            compare_entry(&seen->frames[described + e], directory->c + 40 + 80 * e);
        }
        described = i + 1;
        before = directory->offset;
        sha256_of(directory->header, (size_t)svms_frame_size(&directory->frame), hash);
        seen->directories++;
    }
    assert_int_equal(described, seen->count); /* the last frame is a directory */
}

static void look_at_link(export_case *self, seen_package *seen)
{
    const memory_file *file = &self->out;
    const uint8_t *link = file->data + seen->link_offset;
    const uint8_t *object = link + 24;
    size_t object_size = u32_at(link + 4);
    size_t chain_size = u32_at(link + 8);
    size_t size = 24 + object_size + chain_size + u32_at(link + 12) + u32_at(link + 16);
    uint8_t digest[32];
    const seen_frame *last = &seen->frames[seen->count - 1];
    assert_memory_equal(link, "SVXL", 4);
    assert_true(seen->link_offset + size + SVMS_LINK_TAIL_SIZE == file->size);
    sha256_of(link, size, digest);
    assert_true(u64_at(link + size) == seen->link_offset);
    assert_memory_equal(link + size + 8, digest, 32);
    assert_memory_equal(link + size + 40, "SVXLTAIL", 8);
    seen->head = link + size + 8;
    assert_memory_equal(object, "SVMO\x07\x01\x03\x00\x00\x01", 10);
    assert_int_equal(u32_at(object + 12), object_size);
    sha256_of(link + 24 + object_size + 4, u32_at(link + 24 + object_size), digest);
    assert_memory_equal(object + 16, digest, 32); /* of the leaf */
    assert_memory_equal(object + 48, seen->header.package_id, 16);
    assert_memory_equal(object + 64, seen->header.h, 32);
    assert_int_equal(u32_at(object + 96), 0);
    seen->policy = u32_at(object + 100);
    assert_true(u64_at(object + 112) == seen->link_offset && u64_at(object + 120) == 0);
    memset(digest, 0, sizeof(digest));
    if (seen->header.sealed) {
        sha256_of(file->data + 120, seen->header.slot_size, digest);
    }
    assert_memory_equal(object + 128, digest, 32);
    assert_true(u64_at(object + 160) == last->offset);
    sha256_of(last->header, (size_t)svms_frame_size(&last->frame), digest);
    assert_memory_equal(object + 168, digest, 32);
    assert_true(u64_at(object + 200) == seen->count);
    seen->sources = u32_at(object + 208);
    seen->attachments = u32_at(object + 212);
    seen->presentation = object + 216;
    seen->note_size = (size_t)(object[256] << 8 | object[257]);
    seen->note = (const char *)object + 260;
    assert_int_equal(260 + seen->note_size, object_size);
    seen->token_size = u32_at(link + 16);
    svms_link_view view;
    svms_chain *chain = NULL;
    assert_int_equal(
        svms_link_parse(&view, &chain, self->fix->ctx, link, size, seen->link_offset, NULL),
        SVMS_OK);
    svms_chain_free(&chain);
}

static void look_at_result(export_case *self, const seen_package *seen)
{
    const svms_export_result *result = &self->result;
    uint8_t digest[32];
    sha256_of(self->out.data, self->out.size, digest);
    assert_memory_equal(result->digest, digest, 32);
    assert_true(result->bytes == self->out.size);
    assert_memory_equal(result->head, seen->head, 32);
    assert_memory_equal(result->package_id, seen->header.package_id, 16);
    assert_int_equal(result->kind, seen->header.kind);
    assert_int_equal(result->sealed, seen->header.sealed);
    assert_int_equal(result->policy, seen->policy);
    assert_int_equal(result->period_count, seen->sources);
    assert_int_equal(result->attachment_count, seen->attachments);
    assert_int_equal(result->stamped, seen->token_size != 0);
    assert_true(self->out.syncs >= 2);
}

seen_package *look_at_package(export_case *self, const char *password)
{
    seen_package *seen = calloc(1, sizeof(*seen));
    assert_non_null(seen);
    look_at_front(self, seen, password);
    uint64_t at = svms_package_front_size(&seen->header);
    while (self->out.data[at] != 'S') {
        take_frame(self, seen, at);
        at += svms_frame_size(&seen->frames[seen->count - 1].frame);
    }
    seen->link_offset = at;
    look_at_directories(seen);
    look_at_link(self, seen);
    look_at_result(self, seen);
    return seen;
}

static uint8_t *open_part(export_case *self, const seen_frame *frame, const uint8_t *key,
                          const uint8_t *stored, size_t stored_size, size_t *size)
{
    svms_aead *aead = NULL;
    uint8_t *out = malloc(stored_size + 1);
    assert_non_null(out);
    assert_int_equal(svms_aead_new(&aead, self->fix->ctx, NULL), SVMS_OK);
    assert_true(svms_aead_set_key(aead, key, false));
    *size = 0;
    for (uint64_t j = 0; stored_size != 0; j++) {
        size_t whole = stored_size < 65552 ? stored_size : 65552;
        assert_true(whole > 16);
        assert_true(svms_frame_open_chunk(aead, frame->header, j, stored, whole - 16, out + *size));
        *size += whole - 16;
        stored += whole;
        stored_size -= whole;
    }
    svms_aead_free(&aead);
    return out;
}

static uint8_t *plain_part(const uint8_t *stored, size_t stored_size, size_t *size)
{
    uint8_t *out = malloc(stored_size + 1);
    assert_non_null(out);
    memcpy(out, stored, stored_size);
    *size = stored_size;
    return out;
}

uint8_t *secrets_of(export_case *self, const seen_package *seen, const seen_frame *frame,
                    size_t *size)
{
    uint8_t key[32];
    if (!seen->header.sealed || frame->frame.a_size == 0) {
        return plain_part(frame->a, frame->frame.a_size, size);
    }
    assert_int_equal(svms_frame_secrets_key(self->fix->ctx, seen->p, frame->index, key, NULL),
                     SVMS_OK);
    return open_part(self, frame, key, frame->a, frame->frame.a_size, size);
}

uint8_t *body_of(export_case *self, const seen_package *seen, const seen_frame *frame, size_t *size)
{
    uint8_t key[32];
    if ((frame->frame.flags & SVMS_FRAME_SEALED) == 0) {
        return plain_part(frame->b, (size_t)frame->frame.b_size, size);
    }
    assert_int_equal(svms_frame_body_key(self->fix->ctx, seen->p, frame->index, key, NULL),
                     SVMS_OK);
    return open_part(self, frame, key, frame->b, (size_t)frame->frame.b_size, size);
}

const seen_frame *frame_of(const seen_package *seen, uint8_t kind, size_t n)
{
    for (size_t i = 0; i < seen->count; i++) {
        if (seen->frames[i].frame.kind == kind && n-- == 0) {
            return &seen->frames[i];
        }
    }
    fail_msg("no such frame of kind %u", kind);
    return NULL;
}

size_t frames_of(const seen_package *seen, uint8_t kind)
{
    size_t count = 0;
    for (size_t i = 0; i < seen->count; i++) {
        count += seen->frames[i].frame.kind == kind ? 1 : 0;
    }
    return count;
}

char *case_of(export_case *self, const seen_package *seen)
{
    size_t size = 0;
    assert_int_equal(frames_of(seen, SVMS_FRAME_CASE), 1);
    char *json = (char *)body_of(self, seen, frame_of(seen, SVMS_FRAME_CASE, 0), &size);
    json[size] = 0;
    return json;
}
