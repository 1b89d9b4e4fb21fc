/* SPDX-License-Identifier: Apache-2.0 */
/* The n-th call into the provider fails, for every n, once or from then on: a key is read and a
 * signature verified as they should be, or the provider is what is told. A signature that fits is
 * never called false, and one that does not is never taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "../container/failing_provider.h"
#include "../identity/authority.h"
#include "../identity/fixture.h"
#include "camera_key.h"
#include "nal_internal.h"
#include "sei_maker.h"

#define CALLS_MAX 5000

typedef struct provider_case {
    svms_ctx *ctx; /* of the failing provider */
    bytes honest;
    bytes changed;
    char pem[8192];
    svms_status expected;
    const bytes *sei;
} provider_case;

static void make_seis(provider_case *c, const char *type, unsigned hash, const char *digest)
{
    party_plan plan = { .name = "camera",
                        .from = "20260101000000Z",
                        .to = "20270101000000Z",
                        .usage = "1.2.3.4",
                        .key_type = type };
    party_plan root = { .name = "root", .from = plan.from, .to = plan.to };
    party issuer = party_make(&root);
    plan.issuer = &issuer;
    party camera = party_make(&plan);
    bytes elements = { NULL, 0 };
    general_plan general = general_usual();
    general.hash_size = 16 * ((size_t)hash + 1);
    put_general(&elements, &general);
    put_cryptography(&elements, hash, NULL, 0);
    sei_plan sei = { .elements = &elements, .key = camera.key, .digest = digest };
    c->honest = sei_make(&sei);
    c->changed = sei_make(&sei);
    c->changed.data[60] ^= 1; /* in a time */
    (void)party_pem(&camera, c->pem, 0, sizeof c->pem);
    bytes_free(&elements);
    party_free(&camera);
    party_free(&issuer);
}

static svms_status attempt(provider_case *c, svms_error *err)
{
    svms_camera_text text = { (const uint8_t *)c->pem, strlen(c->pem) };
    svms_camera_hasher *hasher = NULL;
    svms_camera_key *key = NULL;
    svms_camera_document document;
    svms_nal nal = SVMS_NAL_INIT;
    assert_true(svms_nal_over(&nal, SVMS_CODEC_H264, c->sei->data, c->sei->size));
    svms_camera_nal found = svms_camera_nal_of(SVMS_CODEC_H264, &nal);
    assert_int_equal(svms_camera_document_read(&document, c->ctx, SVMS_CODEC_H264, &found, NULL),
                     SVMS_OK);
    svms_status status = svms_camera_hasher_new(&hasher, c->ctx, err);
    if (status == SVMS_OK) {
        status = svms_camera_key_new(&key, c->ctx, &text, err);
    }
    if (status == SVMS_OK) {
        status = svms_camera_key_verify(key, hasher, &document.algorithms, &document, err);
    }
    svms_camera_document_clear(&document);
    svms_camera_key_free(&key);
    svms_camera_hasher_free(&hasher);
    return status;
}

static void fail_at_each_call(provider_case *c, failing_manner manner, bool lasting)
{
    uint64_t calls = 0;
    uint64_t at = 0;
    size_t told = 0;
    do {
        failing_plan plan = { .at = ++at, .manner = manner, .lasting = lasting };
        svms_error err = SVMS_ERROR_INIT;
        failing_provider_arm(&plan);
        svms_status status = attempt(c, &err);
        calls = failing_provider_disarm();
        told += status == SVMS_E_CRYPTO;
        if (status != SVMS_E_CRYPTO && status != c->expected) {
            fail_msg("%s at call %llu (%s%s): %s, %s",
                     c->expected == SVMS_OK ? "honest" : "changed", (unsigned long long)at,
                     failing_provider_victim() ? failing_provider_victim() : "-",
                     lasting ? ", lasting" : "", svms_status_name(status), err.message);
        }
    } while (calls >= at && at < CALLS_MAX);
    assert_true(at > 10 && at < CALLS_MAX);
    assert_true(told > 5);
}

static void try_all(const char *type, unsigned hash, const char *digest)
{
    static const failing_manner manners[] = { FAILS_SILENTLY, FAILS_WITH_REASON, FAILS_NEGATIVELY };
    provider_case c;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    memset(&c, 0, sizeof c);
    make_seis(&c, type, hash, digest);
    options.ossl_context = failing_provider_load();
    assert_non_null(options.ossl_context);
    assert_int_equal(svms_ctx_new(&c.ctx, &options, NULL), SVMS_OK);
    for (size_t i = 0; i < 12; i++) {
        c.sei = i % 2 == 0 ? &c.honest : &c.changed;
        c.expected = i % 2 == 0 ? SVMS_OK : SVMS_E_NOT_AUTHENTIC;
        fail_at_each_call(&c, manners[i / 2 % 3], i >= 6);
    }
    svms_ctx_free(&c.ctx);
    failing_provider_unload();
    bytes_free(&c.honest);
    bytes_free(&c.changed);
}

static void a_provider_that_fails_is_told_for_p256(void **state)
{
    (void)state;
    try_all("P-256", 1, "SHA256");
}

static void a_provider_that_fails_is_told_for_p521(void **state)
{
    (void)state;
    try_all("P-521", 2, "SHA384");
}

static void a_provider_that_fails_is_told_for_rsa(void **state)
{
    (void)state;
    try_all("RSA", 1, "SHA256");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_provider_that_fails_is_told_for_p256),
        cmocka_unit_test(a_provider_that_fails_is_told_for_p521),
        cmocka_unit_test(a_provider_that_fails_is_told_for_rsa),
    };
    return cmocka_run_group_tests_name("signedvideo_key_provider", tests, NULL, NULL);
}
