/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define NS_PER_SECOND INT64_C(1000000000)
#define DAY (86400 * NS_PER_SECOND)

static void issue(svms_ctx *ctx, svms_role role, const svms_private_key *key,
                  const svms_chain *issuer, const svms_private_key *issuer_key, svms_chain **out,
                  svms_trust **trust)
{
    char pem[8192];
    size_t size = sizeof pem;
    svms_error err = SVMS_ERROR_INIT;
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    int64_t now = (int64_t)time(NULL) * NS_PER_SECOND;
    options.role = role;
    options.common_name = role == SVMS_ROLE_NONE ? "CA" : "recorder";
    options.not_before_utc_ns = now - 400 * DAY;
    options.not_after_utc_ns = now + 400 * DAY;
    assert_int_equal(
        svms_certificate_issue(ctx, &options, key, issuer, issuer_key, pem, &size, &err), SVMS_OK);
    assert_int_equal(svms_chain_from_pem(out, ctx, pem, size, &err), SVMS_OK);
    if (trust) {
        assert_int_equal(svms_trust_from_pem(trust, ctx, pem, size, &err), SVMS_OK);
    }
}

void ledger_case_issue(const ledger_case *self, storage_keys *out, svms_role role)
{
    memset(out, 0, sizeof *out);
    assert_int_equal(svms_private_key_generate(&out->key, self->ctx, NULL), SVMS_OK);
    issue(self->ctx, role, out->key, self->ca, self->ca_key, &out->chain, NULL);
}

void ledger_case_make(ledger_case *self)
{
    memset(self, 0, sizeof *self);
    assert_int_equal(svms_ctx_new(&self->ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_private_key_generate(&self->ca_key, self->ctx, NULL), SVMS_OK);
    issue(self->ctx, SVMS_ROLE_NONE, self->ca_key, NULL, NULL, &self->ca, &self->trust);
    ledger_case_issue(self, &self->keys, SVMS_ROLE_RECORDER);
}

void ledger_case_drop_keys(storage_keys *keys)
{
    svms_private_key_free(&keys->key);
    svms_chain_free(&keys->chain);
    for (size_t i = 0; i < keys->recipient_count; i++) {
        svms_public_key_free(&keys->recipients[i]);
    }
    keys->recipient_count = 0;
}

void ledger_case_free(ledger_case *self)
{
    ledger_case_drop_keys(&self->keys);
    svms_trust_free(&self->trust);
    svms_chain_free(&self->ca);
    svms_private_key_free(&self->ca_key);
    svms_ctx_free(&self->ctx);
}
