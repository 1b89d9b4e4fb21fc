/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation fails once, ours and OpenSSL's: a clean failure of our own, no leak, and nobody
 * is called untrusted for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/crypto.h>
#include <openssl/ocsp.h>

#include "workshop.h"

#define ATTEMPTS_MAX 20000
/* Not every allocation, for the sake of time; a prime number meets those of each kind. */
#define STEP 11

static size_t provider_count;
static size_t provider_failing;

static bool provider_stays_failing;

static bool must_fail(void)
{
    provider_count++;
    return provider_count == provider_failing ||
           (provider_stays_failing && provider_failing > 0 && provider_count > provider_failing);
}

static void *provider_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return must_fail() ? NULL : malloc(size);
}

static void *provider_realloc(void *pointer, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return must_fail() ? NULL : realloc(pointer, size);
}

static void provider_free(void *pointer, const char *file, int line)
{
    (void)file;
    (void)line;
    free(pointer);
}

static svms_tls_credentials server_credentials;
static svms_tls_credentials client_credentials;
static svms_tls_context *client;
static svms_tls_context *server;

static svms_tls_options options_for(svms_tls_side side)
{
    svms_tls_options options = SVMS_TLS_OPTIONS_INIT;
    options.side = side;
    options.min_version = SVMS_TLS_1_2;
    options.tickets = SVMS_TLS_TICKETS_ROTATED;
    options.credentials = side == SVMS_TLS_SERVER ? server_credentials : client_credentials;
    return options;
}

static int set_up(void **state)
{
    static size_t staple_size;
    workshop_set_up(state);
    server_credentials = (svms_tls_credentials)SVMS_TLS_CREDENTIALS_INIT;
    client_credentials = (svms_tls_credentials)SVMS_TLS_CREDENTIALS_INIT;
    server_credentials.chain = card_chain(w->ctx, w->server);
    server_credentials.key = card_key(w->ctx, w->server);
    server_credentials.trust = trust_in(w->root, NULL);
    server_credentials.ocsp = card_ocsp(w->server, V_OCSP_CERTSTATUS_GOOD, 3, &staple_size);
    server_credentials.ocsp_size = staple_size;
    client_credentials.chain = card_chain(w->ctx, w->client);
    client_credentials.key = card_key(w->ctx, w->client);
    client_credentials.trust = trust_in(w->root, NULL);
    svms_tls_options options = options_for(SVMS_TLS_CLIENT);
    assert_int_equal(svms_tls_context_new(&client, w->ctx, &options, NULL), SVMS_OK);
    options = options_for(SVMS_TLS_SERVER);
    assert_int_equal(svms_tls_context_new(&server, w->ctx, &options, NULL), SVMS_OK);
    return 0;
}

static void drop(svms_tls_credentials *given)
{
    svms_chain *chain = (svms_chain *)(uintptr_t)given->chain;
    svms_private_key *key = (svms_private_key *)(uintptr_t)given->key;
    svms_trust *trust = (svms_trust *)(uintptr_t)given->trust;
    svms_chain_free(&chain);
    svms_private_key_free(&key);
    svms_trust_free(&trust);
    free((void *)(uintptr_t)given->ocsp);
}

static int tear_down(void **state)
{
    svms_tls_context_free(&client);
    svms_tls_context_free(&server);
    drop(&client_credentials);
    drop(&server_credentials);
    return workshop_tear_down(state);
}

static svms_status make_server(svms_error *err)
{
    svms_tls_options options = options_for(SVMS_TLS_SERVER);
    svms_tls_context *context = NULL;
    svms_status status = svms_tls_context_new(&context, w->ctx, &options, err);
    assert_true((status == SVMS_OK) == (context != NULL));
    svms_tls_context_free(&context);
    return status;
}

static svms_status make_client(svms_error *err)
{
    svms_tls_options options = options_for(SVMS_TLS_CLIENT);
    svms_tls_context *context = NULL;
    svms_status status = svms_tls_context_new(&context, w->ctx, &options, err);
    svms_tls_context_free(&context);
    return status;
}

static svms_status reload(svms_error *err)
{
    return svms_tls_context_reload(server, &server_credentials, err);
}

/* Bytes from one to the other, as far as it takes them. */
static bool pass_on(svms_tls *from, svms_tls *to)
{
    uint8_t bytes[4096];
    size_t size = 0;
    size_t taken = 0;
    if (svms_tls_drain(from, bytes, sizeof bytes, &size, NULL) != SVMS_OK || size == 0) {
        return false;
    }
    for (size_t done = 0; done < size; done += taken) {
        svms_status status = svms_tls_feed(to, bytes + done, size - done, &taken, NULL);
        /* What the allocator refused may be fed again. */
        if (status != SVMS_OK && status != SVMS_E_NO_MEMORY) {
            return true;
        }
    }
    return true;
}

/* The whole life of two connections, the second one resumed. The worse status of both ends; one may
 * hear of the failure of the other. */
static svms_status live(svms_error *err)
{
    svms_tls *a = NULL;
    svms_tls *b = NULL;
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    svms_tls_peer peer = SVMS_TLS_PEER_INIT;
    svms_error mine = SVMS_ERROR_INIT;
    char text[8];
    size_t size = 0;
    bool moved = true;
    target.host = "server.example";
    svms_status one = svms_tls_open(&a, client, &target, err);
    svms_status two = one == SVMS_OK ? svms_tls_open(&b, server, NULL, err) : one;
    while (two == SVMS_OK && moved) {
        one = svms_tls_read(a, text, sizeof text, &size, err);
        svms_status heard = svms_tls_read(b, text, sizeof text, &size, &mine);
        if (heard != SVMS_AGAIN && (one >= SVMS_OK || one == SVMS_E_POLICY)) {
            *err = mine;
            one = heard;
        }
        if (one < SVMS_OK && one != SVMS_E_POLICY) {
            two = one;
            break;
        }
        moved = pass_on(a, b);
        moved = pass_on(b, a) || moved;
    }
    if (two == SVMS_OK && one < SVMS_OK) {
        two = one;
    }
    if (two == SVMS_OK) {
        two = svms_tls_peer_info(a, &peer, err);
        assert_true(two != SVMS_OK || peer.verdict == SVMS_IDENTITY_TRUSTED);
    }
    if (two == SVMS_OK) {
        two = svms_tls_write(a, "hello", 5, &size, err);
        two = two == SVMS_AGAIN ? SVMS_E_INTERNAL : two;
    }
    if (two == SVMS_OK) {
        two = svms_tls_close(a, err);
    }
    svms_tls_free(&a);
    svms_tls_free(&b);
    return two;
}

typedef svms_status (*attempt)(svms_error *err);
static const attempt attempts[] = { make_server, make_client, reload, live };

static void every_allocation_of_ours_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        size_t failing = 0;
        svms_status status;
        do {
            svms_error err = SVMS_ERROR_INIT;
            /* Sessions and keys that were made on the way stay with their contexts. */
            assert_int_equal(reload(NULL), SVMS_OK);
            failing++;
            w->count = 0;
            w->failing = failing;
            status = attempts[i](&err);
            w->failing = 0;
            if (status != SVMS_OK && status != SVMS_E_NO_MEMORY) {
                fail_msg("%zu, %zu: %d: %s", i, failing, (int)status, err.message);
            }
        } while (w->count >= failing && failing < ATTEMPTS_MAX);
        assert_int_equal(status, SVMS_OK);
        assert_true(failing > 3);
    }
}

/* In a few places libssl forgets that it was memory that failed, and blames the other end: for a
 * signature, for no scheme that fits, for a certificate that it left out itself. The connection
 * ends all the same (ADR 0028). Nowhere else, and never about trust. */
static bool is_failure_of_our_own(svms_status status, const svms_error *err)
{
    static const char *const blamed[] = { "does not hold the key of its certificate",
                                          "takes no signature scheme that fits our certificate",
                                          "the client has no certificate" };
    bool known = status == SVMS_OK || status == SVMS_E_NO_MEMORY || status == SVMS_E_CRYPTO;
    for (size_t i = 0; i < sizeof blamed / sizeof blamed[0] && !known; i++) {
        known = strstr(err->message, blamed[i]) != NULL;
    }
    return known;
}

static void fail_each_of_openssl(size_t step)
{
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        size_t failing = 0;
        svms_error err = SVMS_ERROR_INIT;
        /* What OpenSSL fails to fetch the first time it never finds again. */
        svms_status status = attempts[i](&err);
        assert_int_equal(status, SVMS_OK);
        do {
            err = (svms_error)SVMS_ERROR_INIT;
            failing += step;
            provider_count = 0;
            provider_failing = failing;
            status = attempts[i](&err);
            provider_failing = 0;
            if (!is_failure_of_our_own(status, &err)) {
                fail_msg("%zu, %zu: %d: %s", i, failing, (int)status, err.message);
            }
        } while (provider_count >= failing && failing < ATTEMPTS_MAX);
        assert_int_equal(status, SVMS_OK);
        assert_true(failing > 30);
    }
}

static void every_allocation_of_openssl_may_fail(void **state)
{
    (void)state;
    fail_each_of_openssl(1);
}

static void memory_of_openssl_may_end_for_good(void **state)
{
    (void)state;
    provider_stays_failing = true;
    fail_each_of_openssl(STEP);
    provider_stays_failing = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_allocation_of_ours_may_fail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_allocation_of_openssl_may_fail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_of_openssl_may_end_for_good, set_up, tear_down),
    };
    if (CRYPTO_set_mem_functions(provider_malloc, provider_realloc, provider_free) != 1) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
