/* SPDX-License-Identifier: Apache-2.0 */
#include "../base/cmocka_all.h"

#include <string.h>

#include "update_case.h"

static const char *const hardware[] = { "board-7", "board-8" };

static int64_t clock_of_case(void *user)
{
    const update_case *c = user;
    return c->now;
}

static svms_status keep(void *user, const svms_iovec *runs, size_t count, int *os_error)
{
    update_file *file = user;
    (void)os_error;
    if (file->writes_left == 0) {
        return SVMS_E_IO;
    }
    file->writes_left -= file->writes_left > 0;
    for (size_t i = 0; i < count; i++) {
        assert_true(file->size + runs[i].size <= sizeof file->data);
        memcpy(file->data + file->size, runs[i].data, runs[i].size);
        file->size += runs[i].size;
    }
    return SVMS_OK;
}

static svms_status accepted(void *user, const svms_update_info *info)
{
    update_device *device = user;
    assert_int_equal(device->given[0] + device->given[1], 0);
    assert_true(info->trusted);
    device->accepted++;
    return device->answer_accepted;
}

static svms_status take(void *user, uint32_t part, uint64_t offset, const void *data, size_t size)
{
    update_device *device = user;
    assert_int_equal(device->accepted, 1);
    assert_in_range(part, 0, 1);
    assert_int_equal(offset, device->given[part]);
    assert_true(offset + size <= sizeof device->bytes[0]);
    memcpy(device->bytes[part] + offset, data, size);
    device->given[part] += size;
    return device->answer_data;
}

svms_chain *case_chain(update_case *c, svms_role role, svms_private_key *key)
{
    svms_request *request = workshop_request(c->ctx, key, "vendor");
    svms_issue_options options = workshop_issue_options(role);
    options.not_before_utc_ns = fixture_time("2026-01-01T00:00:00Z");
    options.not_after_utc_ns = fixture_time("2028-01-01T00:00:00Z");
    svms_chain *chain = workshop_issue(c->ctx, &c->root, &options, request);
    svms_request_free(&request);
    return chain;
}

static void fill_options(update_case *c)
{
    for (size_t i = 0; i < sizeof c->first; i++) {
        c->first[i] = (uint8_t)(i * 7 + i / 251);
    }
    c->second[0] = 0x42;
    assert_int_equal(
        svms_source_from_memory(&c->sources[0], c->ctx, c->first, sizeof c->first, NULL), SVMS_OK);
    assert_int_equal(
        svms_source_from_memory(&c->sources[1], c->ctx, c->second, sizeof c->second, NULL),
        SVMS_OK);
    for (size_t i = 0; i < 2; i++) {
        c->contents[i] = (svms_update_content){ (uint32_t)sizeof c->contents[i], 0,
                                                i == 0 ? "rootfs" : "boot.cfg", &c->sources[i] };
    }
    c->options = (svms_update_options)SVMS_UPDATE_OPTIONS_INIT;
    c->options.chunk_size = 4096;
    c->options.product = "Kamera Süd";
    c->options.hardware = hardware;
    c->options.hardware_count = 2;
    c->options.version = "2.10.0+rc.1";
    c->options.minimum = "1.9";
    c->options.counter = 7;
    c->options.note = "Repairs what was broken.\nReboots once.";
    c->options.parts = c->contents;
    c->options.part_count = 2;
    c->options.chain = c->chain;
    c->options.key = c->key;
}

static void fill_device(update_case *c)
{
    c->device_options = (svms_update_reader_options)SVMS_UPDATE_READER_OPTIONS_INIT;
    c->device_options.trust = c->trust;
    c->device_options.product = "Kamera Süd";
    c->device_options.hardware = "board-8";
    c->device_options.version = "2.9.9";
    c->device_options.floor = 7;
    c->device_options.user = &c->device;
    c->device_options.accepted = accepted;
    c->device_options.data = take;
}

update_case *case_open(struct ossl_lib_ctx_st *provider)
{
    update_case *c = test_calloc(1, sizeof *c);
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    assert_non_null(c);
    c->now = fixture_time("2027-01-01T00:00:00Z");
    c->file.writes_left = -1;
    fixture_allocator_into(&options, &c->allocator);
    options.ossl_context = provider;
    options.utc_now = clock_of_case;
    /* The allocator is the first member: the clock finds the case. */
    options.user = c;
    assert_int_equal(svms_ctx_new(&c->ctx, &options, NULL), SVMS_OK);
    workshop_open(&c->root, c->ctx, "P-256", NULL, NULL);
    c->key = workshop_key(c->ctx, "P-256");
    c->chain = case_chain(c, SVMS_ROLE_UPDATE, c->key);
    assert_int_equal(
        svms_trust_from_pem(&c->trust, c->ctx, c->root.pem.data, c->root.pem.size, NULL), SVMS_OK);
    fill_options(c);
    fill_device(c);
    return c;
}

void case_close(update_case *c)
{
    svms_source_close(&c->sources[0]);
    svms_source_close(&c->sources[1]);
    svms_trust_free(&c->trust);
    svms_chain_free(&c->chain);
    svms_private_key_free(&c->key);
    workshop_close(&c->root);
    svms_ctx_free(&c->ctx);
    assert_int_equal(c->allocator.live, 0);
    test_free(c);
}

svms_status case_make(update_case *c)
{
    svms_sink sink = SVMS_SINK_INIT;
    c->file.size = 0;
    c->err = (svms_error)SVMS_ERROR_INIT;
    sink.user = &c->file;
    sink.write = keep;
    return svms_update_make(c->ctx, &sink, &c->options, &c->err);
}

svms_status case_read(update_case *c, size_t piece)
{
    svms_update_reader *reader = NULL;
    svms_status answers[2] = { c->device.answer_accepted, c->device.answer_data };
    memset(&c->device, 0, sizeof c->device);
    c->device.answer_accepted = answers[0];
    c->device.answer_data = answers[1];
    c->err = (svms_error)SVMS_ERROR_INIT;
    c->refusal = SVMS_UPDATE_NOT_REFUSED;
    svms_status status = svms_update_reader_new(&reader, c->ctx, &c->device_options, &c->err);
    for (size_t at = 0; status == SVMS_OK && at < c->file.size; at += piece) {
        size_t size = c->file.size - at < piece ? c->file.size - at : piece;
        status = svms_update_reader_feed(reader, c->file.data + at, size, &c->err);
        c->refusal = svms_update_reader_refusal(reader);
        if (status != SVMS_OK) {
            assert_int_equal(svms_update_reader_feed(reader, "x", 1, NULL), SVMS_E_STATE);
            assert_int_equal(svms_update_reader_end(reader, NULL), SVMS_E_STATE);
        }
    }
    if (status == SVMS_OK) {
        status = svms_update_reader_end(reader, &c->err);
    }
    svms_update_reader_free(&reader);
    return status;
}

svms_iovec case_manifest(update_case *c)
{
    svms_update_front front;
    assert_int_equal(svms_update_front_parse(&front, c->file.data, NULL), SVMS_OK);
    svms_iovec manifest = { c->file.data + SVMS_UPDATE_FRONT_SIZE + front.chain_size,
                            front.manifest_size };
    return manifest;
}

void case_sign(update_case *c, const void *manifest, size_t size)
{
    uint8_t object[SVMS_UPDATE_SIGNED_SIZE];
    uint8_t signature[SVMS_SIGNATURE_MAX];
    size_t signature_size = sizeof signature;
    svms_sign_engine *engine = NULL;
    svms_iovec chain = { NULL, 0 };
    svms_iovec bytes = { manifest, size };
    svms_builder out = svms_builder_new(c->ctx, CASE_FILE_MAX);
    chain.data = svms_chain_wire(c->chain, &chain.size);
    assert_int_equal(svms_sign_engine_new(&engine, c->ctx, c->key, NULL), SVMS_OK);
    uint16_t algorithm = svms_sign_engine_algorithm(engine);
    assert_int_equal(svms_update_signed(object, c->ctx, algorithm, &chain, &bytes, NULL), SVMS_OK);
    assert_int_equal(svms_sign(engine, object, sizeof object, signature, &signature_size, NULL),
                     SVMS_OK);
    svms_update_front front = { algorithm, (uint32_t)chain.size, (uint32_t)size,
                                (uint32_t)signature_size };
    svms_update_front_put(&out, &front);
    svms_put_bytes(&out, chain.data, chain.size);
    svms_put_bytes(&out, manifest, size);
    svms_put_bytes(&out, signature, signature_size);
    svms_put_bytes(&out, c->first, sizeof c->first);
    svms_put_bytes(&out, c->second, sizeof c->second);
    assert_int_equal(out.status, SVMS_OK);
    memcpy(c->file.data, out.data, out.size);
    c->file.size = out.size;
    svms_builder_clear(&out);
    svms_sign_engine_free(&engine);
}
