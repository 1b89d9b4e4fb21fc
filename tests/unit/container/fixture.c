/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <errno.h>

void memory_file_clear(memory_file *file)
{
    free(file->data);
    memset(file, 0, sizeof(*file));
}

static svms_status memory_write(void *user, const svms_iovec *runs, size_t count, int *os_error)
{
    memory_file *file = user;
    file->writes++;
    for (size_t i = 0; i < count; i++) {
        size_t fits = runs[i].size;
        if (file->room != 0 && file->size + fits > file->room) {
            fits = file->room - file->size;
        }
        if (file->size + fits > file->capacity) {
            file->capacity = (file->size + fits) * 2;
            file->data = realloc(file->data, file->capacity);
            assert_non_null(file->data);
        }
        if (fits != 0) {
            memcpy(file->data + file->size, runs[i].data, fits);
        }
        file->size += fits;
        if (fits < runs[i].size) {
            *os_error = ENOSPC;
            return SVMS_E_IO;
        }
        if (file->writes == file->write_fails_at) {
            *os_error = EIO;
            return SVMS_E_IO;
        }
    }
    return SVMS_OK;
}

static svms_status memory_sync(void *user, int *os_error)
{
    memory_file *file = user;
    file->syncs++;
    file->writes++;
    if (file->writes == file->write_fails_at) {
        *os_error = EIO;
        return SVMS_E_IO;
    }
    return SVMS_OK;
}

svms_sink memory_sink(memory_file *file)
{
    svms_sink sink = SVMS_SINK_INIT;
    sink.user = file;
    sink.write = memory_write;
    sink.sync = memory_sync;
    return sink;
}

static svms_status memory_read(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                               int *os_error)
{
    memory_file *file = user;
    file->reads++;
    if (file->reads == file->read_fails_at) {
        *os_error = EIO;
        return SVMS_E_IO;
    }
    size_t left = offset < file->size ? file->size - (size_t)offset : 0;
    *got = size < left ? size : left;
    if (*got != 0) {
        memcpy(out, file->data + offset, *got);
    }
    return SVMS_OK;
}

static svms_status memory_size(void *user, uint64_t *size, int *os_error)
{
    memory_file *file = user;
    file->reads++;
    if (file->reads == file->read_fails_at) {
        *os_error = EIO;
        return SVMS_E_IO;
    }
    *size = file->size;
    return SVMS_OK;
}

svms_source memory_source(memory_file *file)
{
    svms_source source = SVMS_SOURCE_INIT;
    source.user = file;
    source.read_at = memory_read;
    source.get_size = memory_size;
    return source;
}

memory_file memory_copy(const memory_file *file)
{
    memory_file copy = { 0 };
    copy.data = malloc(file->size);
    assert_non_null(copy.data);
    memcpy(copy.data, file->data, file->size);
    copy.size = file->size;
    copy.capacity = file->size;
    return copy;
}

/* In front of every block stands its size. */
#define BLOCK_FRONT 16

static void *count_allocate(void *user, size_t size)
{
    fixture *fix = user;
    fix->allocations++;
    if (fix->allocations == fix->allocation_fails_at) {
        return NULL;
    }
    uint8_t *block = malloc(size + BLOCK_FRONT);
    assert_non_null(block);
    memcpy(block, &size, sizeof(size));
    fix->live_blocks++;
    fix->allocated_bytes += size;
    return block + BLOCK_FRONT;
}

static bool holds(const uint8_t *block, size_t size, const char *sought)
{
    size_t length = strlen(sought);
    for (size_t at = 0; at + length <= size; at++) {
        if (memcmp(block + at, sought, length) == 0) {
            return true;
        }
    }
    return false;
}

static void count_release(void *user, void *pointer)
{
    fixture *fix = user;
    size_t size = 0;
    if (pointer == NULL) {
        return;
    }
    uint8_t *block = (uint8_t *)pointer - BLOCK_FRONT;
    memcpy(&size, block, sizeof(size));
    fix->live_blocks--;
    fix->left_behind += fix->sought != NULL && holds(pointer, size, fix->sought) ? 1 : 0;
    free(block);
}

static int64_t fixture_now(void *user)
{
    fixture *fix = user;
    return fix->now += 1000;
}

static svms_private_key *new_key(fixture *fix)
{
    svms_private_key *key = NULL;
    assert_int_equal(svms_private_key_generate(&key, fix->ctx, NULL), SVMS_OK);
    return key;
}

static svms_chain *issue(fixture *fix, const svms_private_key *key, const svms_chain *ca,
                         const svms_private_key *ca_key, svms_role role, const char *name,
                         int64_t from, int64_t to)
{
    char pem[8192];
    size_t size = sizeof(pem);
    svms_chain *chain = NULL;
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    options.role = role;
    options.common_name = name;
    options.not_before_utc_ns = from;
    options.not_after_utc_ns = to;
    assert_int_equal(svms_certificate_issue(fix->ctx, &options, key, ca, ca_key, pem, &size, NULL),
                     SVMS_OK);
    assert_int_equal(svms_chain_from_pem(&chain, fix->ctx, pem, size, NULL), SVMS_OK);
    return chain;
}

static svms_trust *new_ca(fixture *fix, svms_private_key *key, svms_chain **ca)
{
    char pem[8192];
    size_t size = sizeof(pem);
    svms_trust *trust = NULL;
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    options.common_name = "test CA";
    options.not_before_utc_ns = T0 - 3650 * DAY;
    options.not_after_utc_ns = T0 + 3650 * DAY;
    assert_int_equal(svms_certificate_issue(fix->ctx, &options, key, NULL, NULL, pem, &size, NULL),
                     SVMS_OK);
    assert_int_equal(svms_trust_from_pem(&trust, fix->ctx, pem, size, NULL), SVMS_OK);
    if (ca != NULL) {
        assert_int_equal(svms_chain_from_pem(ca, fix->ctx, pem, size, NULL), SVMS_OK);
    }
    return trust;
}

svms_chain *issue_chain(fixture *fix, const svms_private_key *key, svms_role role, int64_t from,
                        int64_t to)
{
    return issue(fix, key, fix->ca, fix->ca_key, role, "test signer", from, to);
}

svms_trust *trust_of_new_ca(fixture *fix)
{
    svms_private_key *key = new_key(fix);
    svms_trust *trust = new_ca(fix, key, NULL);
    svms_private_key_free(&key);
    return trust;
}

int fixture_setup(void **state)
{
    return fixture_setup_in(state, NULL, NULL);
}

int fixture_setup_in(void **state, struct ossl_lib_ctx_st *library, const char *properties)
{
    fixture *fix = calloc(1, sizeof(*fix));
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    assert_non_null(fix);
    fix->now = T0;
    options.user = fix;
    options.allocate = count_allocate;
    options.release = count_release;
    options.utc_now = fixture_now;
    options.ossl_context = library;
    options.ossl_properties = properties;
    assert_int_equal(svms_ctx_new(&fix->ctx, &options, NULL), SVMS_OK);
    fix->ca_key = new_key(fix);
    fix->trust = new_ca(fix, fix->ca_key, &fix->ca);
    fix->recorder_key = new_key(fix);
    fix->recorder =
        issue_chain(fix, fix->recorder_key, SVMS_ROLE_RECORDER, T0 - DAY, T0 + 365 * DAY);
    *state = fix;
    return 0;
}

int fixture_teardown(void **state)
{
    fixture *fix = *state;
    svms_chain_free(&fix->recorder);
    svms_private_key_free(&fix->recorder_key);
    svms_trust_free(&fix->trust);
    svms_chain_free(&fix->ca);
    svms_private_key_free(&fix->ca_key);
    svms_ctx_free(&fix->ctx);
    assert_int_equal(fix->live_blocks, 0);
    free(fix);
    return 0;
}

void sample_bytes(const recipe *how, uint32_t track, uint32_t number, uint8_t *out, size_t size)
{
    uint32_t value = number * 2654435761u + track * 40503u + how->seed;
    for (size_t i = 0; i < size; i++) {
        value = value * 1664525u + 1013904223u;
        out[i] = (uint8_t)(value >> 24);
    }
}

svms_writer_options writer_options(fixture *fix, const recipe *how, svms_track tracks[2])
{
    svms_writer_options options = SVMS_WRITER_OPTIONS_INIT;
    tracks[0] = (svms_track)SVMS_TRACK_INIT;
    tracks[0].codec = SVMS_FOURCC('t', 's', 't', 'v');
    tracks[0].protection = how->protection;
    tracks[0].timebase_den = 1000;
    tracks[0].default_duration = 1000 / how->frames;
    tracks[0].config = (const uint8_t *)"configuration";
    tracks[0].config_size = 13;
    tracks[1] = tracks[0];
    tracks[1].codec = SVMS_FOURCC('t', 's', 't', 'a');
    tracks[1].kind = SVMS_TRACK_AUDIO;
    tracks[1].default_duration = 500;
    options.tracks = tracks;
    options.track_count = how->tracks;
    if (how->is_unsigned) {
        options.unsigned_media = 1;
    } else {
        options.signer_key = how->key != NULL ? how->key : fix->recorder_key;
        options.signer_chain = how->chain != NULL ? how->chain : fix->recorder;
    }
    options.recipients = &how->recipient;
    options.recipient_count = how->recipient != NULL ? 1 : 0;
    options.password = how->password;
    options.password_size = how->password != NULL ? strlen(how->password) : 0;
    options.password_log2_n = 10;
    options.device_name = "front door";
    options.start_utc_ns = T0;
    options.segment_ns = (uint64_t)SECOND;
    return options;
}

svms_status append_segment(svms_writer *writer, const recipe *how, uint32_t number, svms_error *err)
{
    uint8_t *bytes = malloc(how->sample_size + 40);
    assert_non_null(bytes);
    svms_status status = SVMS_OK;
    for (uint32_t i = 0; i < how->frames && status == SVMS_OK; i++) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        uint32_t count = number * how->frames + i;
        sample_bytes(how, 0, count, bytes, how->sample_size);
        sample.data = bytes;
        sample.size = how->sample_size;
        sample.dts = (int64_t)number * 1000 + (int64_t)i * (1000 / how->frames);
        sample.pts = sample.dts + (i == 1 ? 7 : 0);
        sample.duration = 1000 / how->frames + (i == 2 ? 1 : 0);
        sample.flags = i == 0 ? SVMS_SAMPLE_SYNC : 0;
        status = svms_writer_append(writer, &sample, err);
    }
    for (uint32_t i = 0; i < 2 && how->tracks == 2 && status == SVMS_OK; i++) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        sample_bytes(how, 1, number * 2 + i, bytes, 40);
        sample.track = 1;
        sample.data = bytes;
        sample.size = 40;
        sample.dts = sample.pts = (int64_t)number * 1000 + (int64_t)i * 500;
        sample.duration = 500;
        sample.flags = SVMS_SAMPLE_SYNC;
        status = svms_writer_append(writer, &sample, err);
    }
    free(bytes);
    return status;
}

void record_container(fixture *fix, const recipe *how, memory_file *file)
{
    svms_track tracks[2];
    svms_writer *writer = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_sink sink = memory_sink(file);
    svms_writer_options options = writer_options(fix, how, tracks);
    if (svms_writer_open(&writer, fix->ctx, &sink, &options, &err) != SVMS_OK) {
        fail_msg("open: %s", err.message);
    }
    for (uint32_t i = 0; i < how->segments; i++) {
        if (append_segment(writer, how, i, &err) != SVMS_OK) {
            fail_msg("append: %s", err.message);
        }
    }
    if (how->leave_open) {
        assert_int_equal(svms_writer_flush(writer, &err), SVMS_OK);
        svms_writer_abort(&writer);
    } else if (svms_writer_close(&writer, &err) != SVMS_OK) {
        fail_msg("close: %s", err.message);
    }
    assert_null(writer);
}

svms_keyring *password_ring(fixture *fix, const char *password)
{
    svms_keyring *ring = NULL;
    assert_int_equal(svms_keyring_new(&ring, fix->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_keyring_add_password(ring, password, strlen(password), NULL), SVMS_OK);
    return ring;
}

svms_status verify_file(fixture *fix, memory_file *file, const svms_trust *trust,
                        svms_report *report)
{
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    svms_source source = memory_source(file);
    svms_error err = SVMS_ERROR_INIT;
    options.trust = trust;
    *report = (svms_report)SVMS_REPORT_INIT;
    return svms_verify_container(fix->ctx, &source, &options, report, &err);
}

static uint32_t load_u32(const uint8_t *at)
{
    return ((uint32_t)at[0] << 24) | ((uint32_t)at[1] << 16) | ((uint32_t)at[2] << 8) | at[3];
}

/* Slot size from tag 6 of the header, or 0. */
static uint32_t slot_size_of(const uint8_t *header, size_t size)
{
    for (size_t at = 72; at + 8 <= size;) {
        uint32_t length = load_u32(header + at + 4);
        if (header[at + 1] == 6) {
            return load_u32(header + at + 8 + 32);
        }
        at += 8 + length;
    }
    return 0;
}

layout lay_out_file(const memory_file *file)
{
    layout found = { 0 };
    const uint8_t *data = file->data;
    found.header_size = load_u32(data + 20);
    size_t at = found.header_size;
    if (data[24 + 6] != 0) {
        at += 16 + load_u32(data + at + 4);
    }
    at += 2 * (size_t)slot_size_of(data, found.header_size);
    found.first_record = at;
    while (at < file->size) {
        size_t header = data[at] == 1 ? data[at + 3] : 16;
        if (data[at] == 2) {
            assert_true(found.segment_count < 63);
            found.segments[found.segment_count++] = at;
        }
        if (data[at] == 5 || data[at] == 7) {
            break;
        }
        at += header + load_u32(data + at + 4);
    }
    found.segments[found.segment_count] = at;
    while (at < file->size && data[at] == 5) {
        at += 16 + load_u32(data + at + 4);
    }
    found.end_record = at;
    return found;
}
