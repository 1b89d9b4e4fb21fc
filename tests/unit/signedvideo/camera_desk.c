/* SPDX-License-Identifier: Apache-2.0 */
#include "../base/cmocka_all.h"

#include "camera_desk.h"

#include <stdlib.h>
#include <string.h>

static int64_t wall_clock_of(void *user)
{
    const desk *d = user;
    return d->wall_clock;
}

static void *allocate(void *user, size_t size)
{
    fixture_allocator *allocator = &((desk *)user)->allocator;
    allocator->count++;
    if (allocator->count == allocator->failing) {
        return NULL;
    }
    void *pointer = malloc(size);
    assert_non_null(pointer);
    memset(pointer, 0xA5, size);
    allocator->live++;
    return pointer;
}

static void release(void *user, void *pointer)
{
    assert_non_null(pointer);
    ((desk *)user)->allocator.live--;
    free(pointer);
}

static svms_chain *certify(desk *d, const svms_private_key *key, svms_role role)
{
    svms_issue_options options = workshop_issue_options(role);
    svms_request *request = workshop_request(d->ctx, key, "Front door");
    svms_chain *chain = workshop_issue(d->ctx, &d->issuing, &options, request);
    svms_request_free(&request);
    return chain;
}

void desk_certify(desk *d, const char *kind)
{
    svms_ca_options issuing = workshop_ca_options("Issuing", 0);
    workshop_open(&d->root, d->ctx, "P-256", NULL, NULL);
    workshop_open(&d->issuing, d->ctx, "P-256", &issuing, &d->root);
    d->key = workshop_key(d->ctx, kind);
    d->chain = certify(d, d->key, SVMS_ROLE_CAMERA);
    d->hash = strncmp(kind, "P-384", 5) == 0 ? "SHA384" : "SHA256";
    d->options.chain = d->chain;
    d->options.key = d->key;
}

void desk_open(desk *d, const char *kind, OSSL_LIB_CTX *ossl)
{
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    svms_camera_signer_options usual = SVMS_CAMERA_SIGNER_OPTIONS_INIT;
    memset(d, 0, sizeof *d);
    d->err = (svms_error)SVMS_ERROR_INIT;
    d->wall_clock = DESK_START;
    d->now = DESK_START;
    d->options = usual;
    d->options.flags = SVMS_CAMERA_CERTIFICATE_SEI;
    d->in = malloc(DESK_UNIT_MAX);
    assert_non_null(d->in);
    options.user = d;
    options.allocate = allocate;
    options.release = release;
    options.utc_now = wall_clock_of;
    options.ossl_context = ossl;
    assert_int_equal(svms_ctx_new(&d->ctx, &options, NULL), SVMS_OK);
    desk_certify(d, kind);
}

void desk_add_user(desk *d, const char *kind)
{
    d->user_key = workshop_key(d->ctx, kind);
    d->user_chain = certify(d, d->user_key, SVMS_ROLE_CAMERA);
    d->hash = strncmp(kind, "P-384", 5) == 0 ? "SHA384" : "SHA256";
    d->options.user_chain = d->user_chain;
    d->options.user_key = d->user_key;
}

svms_status desk_try_start(desk *d)
{
    return svms_camera_signer_new(&d->signer, d->ctx, &d->options, &d->err);
}

void desk_start(desk *d)
{
    if (desk_try_start(d) != SVMS_OK) {
        fail_msg("%s", d->err.message);
    }
    d->seen = signed_stream_open(d->options.codec, d->options.framing, d->hash);
}

void desk_stop(desk *d)
{
    svms_camera_signer_free(&d->signer);
    if (d->seen) {
        signed_stream_close(&d->seen);
    }
}

void desk_close(desk *d)
{
    desk_stop(d);
    svms_chain_free(&d->chain);
    svms_chain_free(&d->user_chain);
    svms_private_key_free(&d->key);
    svms_private_key_free(&d->user_key);
    workshop_close(&d->issuing);
    workshop_close(&d->root);
    svms_ctx_free(&d->ctx);
    assert_int_equal(d->allocator.live, 0);
    free(d->in);
}

typedef struct form {
    char unit;
    uint8_t h264[3];
    uint8_t h265[3];
} form;

/* Headers, and the byte behind them. */
static const form forms[] = {
    { 'I', { 0x65, 0x88 }, { 0x26, 0x01, 0xAF } }, { 'i', { 0x65, 0x48 }, { 0x26, 0x01, 0x2F } },
    { 'P', { 0x41, 0x9A }, { 0x02, 0x01, 0xD0 } }, { 'p', { 0x41, 0x4A }, { 0x02, 0x01, 0x50 } },
    { 'o', { 0x06, 0x04 }, { 0x4E, 0x01, 0x04 } }, { 'D', { 0x09, 0xF0 }, { 0x46, 0x01, 0x50 } },
    { 's', { 0x67, 0x42 }, { 0x42, 0x01, 0x01 } }, { 't', { 0x68, 0xCE }, { 0x44, 0x01, 0xC1 } },
    { 'N', { 0x6E, 0x40 }, { 0x42, 0x01, 0x02 } },
};

static size_t write_sei(desk *d, uint8_t *out, const uint8_t *elements, size_t size)
{
    static const uint8_t uuid[] = { 0x00, 0x5B, 0xC9, 0x3F, 0x2D, 0x71, 0x5E, 0x95,
                                    0xAD, 0xA4, 0x79, 0x6F, 0x90, 0x87, 0x7A, 0x6F };
    uint8_t *at = out;
    *at++ = d->options.codec == SVMS_CODEC_H265 ? 0x4E : 0x06;
    if (d->options.codec == SVMS_CODEC_H265) {
        *at++ = 0x01;
    }
    *at++ = 5;
    *at++ = (uint8_t)(sizeof uuid + size);
    memcpy(at, uuid, sizeof uuid);
    at += sizeof uuid;
    memcpy(at, elements, size);
    at += size;
    *at++ = 0x80;
    return (size_t)(at - out);
}

static size_t write_nal(desk *d, char unit, uint8_t *out)
{
    static const uint8_t arbitrary[] = { 0, 7, 0, 3, 'a', 'b', 'c' };
    static const uint8_t foreign[] = { 0x80, 4, 0x10, 1, 7 };
    bool is_h265 = d->options.codec == SVMS_CODEC_H265;
    d->serial++;
    if (unit == 'a') {
        return write_sei(d, out, arbitrary, sizeof arbitrary);
    }
    if (unit == 'S') {
        return write_sei(d, out, foreign, sizeof foreign);
    }
    const form *found = NULL;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        found = forms[i].unit == unit ? &forms[i] : found;
    }
    assert_non_null(found);
    size_t size = is_h265 ? 3 : 2;
    memcpy(out, is_h265 ? found->h265 : found->h264, size);
    for (unsigned left = d->serial; left > 0; left >>= 4) {
        out[size++] = (uint8_t)(0x10 | (left & 0xF));
    }
    out[size++] = 0x80;
    return size;
}

void desk_write(desk *d, const char *units)
{
    static const size_t widths[] = { 4, 2, 1 };
    d->in_size = 0;
    for (; *units; units++) {
        uint8_t nal[64];
        size_t size = write_nal(d, *units, nal);
        assert_true(DESK_UNIT_MAX - d->in_size > size + 4);
        if (d->options.framing == SVMS_NAL_ANNEX_B) {
            memcpy(d->in + d->in_size, "\0\0\1", 3);
            d->in_size += 3;
        } else {
            size_t width = widths[d->options.framing];
            memset(d->in + d->in_size, 0, width);
            d->in_size += width;
            d->in[d->in_size - 1] = (uint8_t)size;
        }
        memcpy(d->in + d->in_size, nal, size);
        d->in_size += size;
    }
}

static void read_out(desk *d, const void *out, size_t out_size)
{
    d->out = out;
    d->out_size = out_size;
    d->text[0] = '\0';
    if (out) {
        bool is_short = out_size < 4096;
        signed_stream_take(d->seen, out, out_size);
        if (is_short || d->in_size < 4096) {
            signed_stream_text(d->options.codec, d->options.framing, out, out_size, d->text,
                               sizeof d->text);
        }
    }
}

/* What came in comes out: at one place something stands in between. */
static void check_nothing_lost(const desk *d)
{
    assert_true(d->out_size >= d->in_size);
    size_t front = 0;
    while (front < d->in_size && d->in[front] == d->out[front]) {
        front++;
    }
    size_t back = 0;
    while (back < d->in_size && d->in[d->in_size - 1 - back] == d->out[d->out_size - 1 - back]) {
        back++;
    }
    assert_true(front + back >= d->in_size);
}

svms_status desk_try(desk *d, const char *units)
{
    const void *out = NULL;
    size_t out_size = 0;
    desk_write(d, units);
    d->err = (svms_error)SVMS_ERROR_INIT;
    svms_status status =
        svms_camera_signer_add(d->signer, d->in, d->in_size, d->now, &out, &out_size, &d->err);
    d->now += d->now <= INT64_MAX - DESK_FRAME ? DESK_FRAME : 0;
    read_out(d, out, out_size);
    if (out) {
        check_nothing_lost(d);
    }
    return status;
}

void desk_feed(desk *d, const char *units, const char *expected)
{
    if (desk_try(d, units) != SVMS_OK) {
        fail_msg("%s", d->err.message);
    }
    if (expected) {
        assert_string_equal(d->text, expected);
    }
}

svms_status desk_try_end(desk *d)
{
    const void *out = NULL;
    size_t out_size = 0;
    d->err = (svms_error)SVMS_ERROR_INIT;
    svms_status status = svms_camera_signer_end(d->signer, d->now, &out, &out_size, &d->err);
    d->in_size = 0;
    read_out(d, out, out_size);
    return status;
}

void desk_end(desk *d, const char *expected)
{
    if (desk_try_end(d) != SVMS_OK) {
        fail_msg("%s", d->err.message);
    }
    if (expected) {
        assert_string_equal(d->text, expected);
    }
}

signed_summary desk_check(const desk *d)
{
    return signed_stream_check(d->seen);
}
