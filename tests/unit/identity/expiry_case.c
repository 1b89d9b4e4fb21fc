/* SPDX-License-Identifier: Apache-2.0 */
#include "expiry_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "chain_internal.h"

expiry_case *c;

static EVP_PKEY *key;

static svms_status hear(void *user, const svms_expiry_entry *entry)
{
    expiry_case *of = user;
    assert_true(of->told_count < TELLINGS_MAX);
    of->told[of->told_count++] = *entry;
    return of->answer;
}

int expiry_set_up(void **state)
{
    (void)state;
    static expiry_case fresh;
    memset(&fresh, 0, sizeof fresh);
    c = &fresh;
    c->ctx = fixture_context(&c->allocator);
    key = key ? key : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    assert_non_null(key);
    expiry_begin_anew();
    return 0;
}

void expiry_begin_anew(void)
{
    svms_expiry_free(&c->expiry);
    assert_int_equal(svms_expiry_new(&c->expiry, c->ctx, hear, c, NULL), SVMS_OK);
}

int expiry_tear_down(void **state)
{
    (void)state;
    svms_expiry_free(&c->expiry);
    assert_null(c->expiry);
    svms_ctx_free(&c->ctx);
    assert_int_equal(c->allocator.live, 0);
    return 0;
}

/* Ed25519 signs the same bytes the same way each time. */
static X509 *certificate(unsigned serial, int64_t from, int64_t to)
{
    char name[32];
    X509 *made = X509_new();
    snprintf(name, sizeof name, "certificate %u", serial);
    assert_non_null(made);
    assert_true(X509_set_version(made, X509_VERSION_3));
    assert_true(ASN1_INTEGER_set(X509_get_serialNumber(made), (long)serial));
    X509_NAME *subject = X509_get_subject_name(made);
    assert_true(
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const uint8_t *)name, -1, -1, 0));
    assert_true(X509_set_issuer_name(made, subject));
    assert_non_null(ASN1_TIME_set(X509_getm_notBefore(made), (time_t)from));
    assert_non_null(ASN1_TIME_set(X509_getm_notAfter(made), (time_t)to));
    assert_true(X509_set_pubkey(made, key));
    assert_true(X509_sign(made, key, NULL) > 0);
    return made;
}

svms_chain *expiry_chain(const chain_plan *plan)
{
    static uint8_t wire[SVMS_CHAIN_MAX_SIZE];
    size_t size = 0;
    for (const unsigned *serial = plan->serials; *serial != 0; serial++) {
        X509 *made = certificate(*serial, plan->from, plan->to);
        unsigned char *place = wire + size + 4;
        int length = i2d_X509(made, NULL);
        assert_true(length > 0 && size + 4 + (size_t)length <= sizeof wire);
        assert_int_equal(i2d_X509(made, &place), length);
        wire[size] = 0;
        wire[size + 1] = 0;
        wire[size + 2] = (uint8_t)(length >> 8);
        wire[size + 3] = (uint8_t)length;
        size += 4 + (size_t)length;
        X509_free(made);
    }
    svms_chain *chain = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_chain_from_wire(&chain, c->ctx, wire, size, 0, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return chain;
}

void watch(const char *label, unsigned serial, const char *end)
{
    chain_plan plan = { { serial, 0 },
                        fixture_time("2020-01-01T00:00:00Z") / 1000000000,
                        fixture_time(end) / 1000000000 };
    svms_chain *chain = expiry_chain(&plan);
    assert_int_equal(svms_expiry_watch(c->expiry, label, chain, NULL), SVMS_OK);
    svms_chain_free(&chain);
}

void check_at(int64_t now_utc_ns, const char *expected)
{
    char told[4096] = "";
    c->told_count = 0;
    assert_int_equal(svms_expiry_check(c->expiry, now_utc_ns, NULL, NULL), SVMS_OK);
    for (size_t i = 0; i < c->told_count; i++) {
        size_t used = strlen(told);
        snprintf(told + used, sizeof told - used, "%s %s;", c->told[i].label,
                 svms_expiry_stage_name(c->told[i].stage));
    }
    assert_string_equal(told, expected);
}

void check_tells(const char *now, const char *expected)
{
    check_at(fixture_time(now), expected);
}

char *saved(void)
{
    size_t size = 0;
    assert_int_equal(svms_expiry_save(c->expiry, NULL, &size, NULL), SVMS_E_LIMIT);
    char *text = malloc(size);
    assert_non_null(text);
    size_t capacity = size;
    assert_int_equal(svms_expiry_save(c->expiry, text, &size, NULL), SVMS_OK);
    assert_int_equal(size, capacity - 1);
    assert_int_equal(strlen(text), size);
    return text;
}

svms_status restore(const char *text)
{
    return svms_expiry_restore(c->expiry, text, strlen(text), NULL);
}
