/* SPDX-License-Identifier: Apache-2.0 */
/* Exporters whose key a provider keeps to itself: it signs, and is not believed. */
#include <stdio.h>

#include "onvif_case.h"

#include "key_material.h"

#include "hidden_provider.h"

enum { P256, P384, RSA2048, ED25519, KINDS };

typedef struct hidden_case {
    OSSL_LIB_CTX *library;
    OSSL_PROVIDER *providers[2];
    onvif_case given;
} hidden_case;

static int setup(void **state)
{
    static const char *const kinds[KINDS] = { "P-256", "P-384", "RSA:2048", "ED25519" };
    static hidden_case here;
    void *fix = NULL;
    for (int i = 0; i < KINDS; i++) {
        vault.keys[i] = make_pkey(kinds[i]);
    }
    here.library = OSSL_LIB_CTX_new();
    assert_int_equal(OSSL_PROVIDER_add_builtin(here.library, "hidden", hidden_provider_init), 1);
    here.providers[0] = OSSL_PROVIDER_load(here.library, "default");
    here.providers[1] = OSSL_PROVIDER_load(here.library, "hidden");
    assert_non_null(here.providers[0]);
    assert_non_null(here.providers[1]);
    assert_int_equal(fixture_setup_in(&fix, here.library, NULL), 0);
    here.given.fix = fix;
    *state = &here;
    return 0;
}

static int teardown(void **state)
{
    hidden_case *here = *state;
    void *fix = here->given.fix;
    assert_int_equal(ERR_peek_error(), 0);
    fixture_teardown(&fix);
    OSSL_PROVIDER_unload(here->providers[1]);
    OSSL_PROVIDER_unload(here->providers[0]);
    OSSL_LIB_CTX_free(here->library);
    for (int i = 0; i < KINDS; i++) {
        EVP_PKEY_free(vault.keys[i]);
    }
    return 0;
}

static svms_status seal_with(onvif_case *given, int kind, memory_file *out, svms_error *err)
{
    char uri[24];
    fixture *fix = given->fix;
    memory_file in = make_mp4(MP4_PLAIN);
    (void)snprintf(uri, sizeof(uri), "hidden:%d", kind);
    assert_int_equal(svms_private_key_from_uri(&given->keys[SIGNER_P256], fix->ctx, uri, NULL),
                     SVMS_OK);
    given->chains[SIGNER_P256] =
        issue_chain(fix, given->keys[SIGNER_P256], SVMS_ROLE_EXPORTER, T0 - DAY, T0 + DAY);
    svms_status status = seal(given, SIGNER_P256, &in, out, err);
    svms_chain_free(&given->chains[SIGNER_P256]);
    svms_private_key_free(&given->keys[SIGNER_P256]);
    memory_file_clear(&in);
    return status;
}

static void hidden_keys_seal(void **state)
{
    hidden_case *here = *state;
    for (int kind = P256; kind <= RSA2048; kind++) {
        memory_file out = { 0 };
        svms_error err = SVMS_ERROR_INIT;
        if (seal_with(&here->given, kind, &out, &err) != SVMS_OK) {
            fail_msg("%d: %s", kind, err.message);
        }
        assert_int_equal(status_of(&here->given, &out), SVMS_OK);
        memory_file_clear(&out);
    }
}

static void a_false_signature_is_not_written(void **state)
{
    hidden_case *here = *state;
    for (int kind = P256; kind <= RSA2048; kind++) {
        memory_file out = { 0 };
        static const char *const others[] = { "P-256", "P-384", "RSA:2048" };
        vault.impostor = make_pkey(others[kind]);
        assert_int_equal(seal_with(&here->given, kind, &out, NULL), SVMS_E_CRYPTO);
        assert_int_equal(out.size, 0);
        EVP_PKEY_free(vault.impostor);
        vault.impostor = NULL;
    }
}

static void ed25519_keys_are_refused(void **state)
{
    hidden_case *here = *state;
    memory_file out = { 0 };
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(seal_with(&here->given, ED25519, &out, &err), SVMS_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "Ed25519 keys cannot sign export files"));
    assert_int_equal(out.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hidden_keys_seal),
        cmocka_unit_test(a_false_signature_is_not_written),
        cmocka_unit_test(ed25519_keys_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
