/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys that OpenSSL's tpm2 provider holds; test_tpm.sh made them and their public halves.
 */
#include "cmocka_all.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/provider.h>

#include <svms/ca.h>
#include <svms/external_key.h>
#include <svms/identity.h>
#include <svms/tls.h>

#include "ecdsa_raw.h"
#include "key_internal.h"
#include "pem_file.h"
#include "recording.h"
#include "sign.h"
#include "wrap.h"

static const char *folder;
static OSSL_LIB_CTX *library;
static OSSL_PROVIDER *providers[2];
static svms_ctx *ctx;

static int set_up_with(const char *first, const char *second, const char *properties)
{
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    library = OSSL_LIB_CTX_new();
    providers[0] = OSSL_PROVIDER_load(library, first);
    providers[1] = OSSL_PROVIDER_load(library, second);
    options.ossl_context = library;
    options.ossl_properties = properties;
    return providers[0] && providers[1] && svms_ctx_new(&ctx, &options, NULL) == SVMS_OK ? 0 : -1;
}

static int tpm_last(void **state)
{
    (void)state;
    return set_up_with("default", "tpm2", NULL);
}

static int tpm_first(void **state)
{
    (void)state;
    return set_up_with("tpm2", "default", "?provider=default");
}

static int tear_down(void **state)
{
    (void)state;
    svms_ctx_free(&ctx);
    OSSL_PROVIDER_unload(providers[1]);
    OSSL_PROVIDER_unload(providers[0]);
    OSSL_LIB_CTX_free(library);
    return 0;
}

/* A URI without scheme stands for a file of the folder. */
static svms_status take(svms_private_key **key, const char *uri, svms_error *err)
{
    char whole[512];
    bool has_scheme = strchr(uri, ':') != NULL;
    snprintf(whole, sizeof whole, "%s%s%s", has_scheme ? "" : "file:", has_scheme ? "" : folder,
             has_scheme ? uri : strchr(uri, '/'));
    return svms_private_key_from_uri(key, ctx, whole, err);
}

static svms_private_key *key_at(const char *uri)
{
    svms_private_key *key = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (take(&key, uri, &err) != SVMS_OK) {
        fail_msg("%s: %s", uri, err.message);
    }
    return key;
}

#define SIGN "handle:0x81000001"
#define AGREE "handle:0x81000002"
#define OPEN "handle:0x81000003"
#define RSA_SIGN "handle:0x81000004"
#define LOCKED "handle:0x81000005"
#define NOTHING "handle:0x81000077"
#define FILE_EC "/file-ec.key"
#define FILE_RSA "/file-rsa.key"

static void the_public_half_is_known_and_the_private_one_is_not(void **state)
{
    (void)state;
    static const struct {
        const char *uri;
        const char *pem;
    } keys[] = {
        { SIGN, "sign.pem" },         { AGREE, "agree.pem" },     { OPEN, "open.pem" },
        { RSA_SIGN, "rsa-sign.pem" }, { FILE_EC, "file-ec.pem" }, { FILE_RSA, "file-rsa.pem" },
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        svms_private_key *key = key_at(keys[i].uri);
        svms_public_key *half = read_public_key(ctx, folder, keys[i].pem);
        uint8_t id[2][SVMS_DIGEST_SIZE];
        char pem[FILE_MOST];
        size_t size = sizeof pem;
        svms_error err = SVMS_ERROR_INIT;
        assert_true(svms_private_key_is_external(key));
        assert_int_equal(svms_private_key_id(key, id[0], NULL), SVMS_OK);
        assert_int_equal(svms_public_key_id(half, id[1], NULL), SVMS_OK);
        assert_memory_equal(id[0], id[1], SVMS_DIGEST_SIZE);
        assert_int_equal(svms_private_key_to_pem(key, pem, &size, &err), SVMS_E_UNSUPPORTED);
        assert_int_equal(ERR_peek_error(), 0);
        svms_public_key_free(&half);
        svms_private_key_free(&key);
    }
}

static void write_der(const uint8_t signature[64])
{
    uint8_t der[SVMS_ECDSA_DER_MAX];
    size_t size = sizeof der;
    assert_true(svms_ecdsa_to_der(signature, 32, der, &size));
    write_file(folder, "signature.der", der, size);
}

static void it_signs_and_every_signature_verifies(void **state)
{
    (void)state;
    static const char *const keys[][2] = { { FILE_EC, "file-ec.pem" }, { SIGN, "sign.pem" } };
    char text[3000];
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < 2; i++) {
        svms_private_key *key = key_at(keys[i][0]);
        svms_public_key *half = read_public_key(ctx, folder, keys[i][1]);
        svms_sign_engine *engine = NULL;
        svms_verify_engine *verifier = NULL;
        uint8_t signature[64];
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_sign_engine_new(&engine, ctx, key, NULL), SVMS_OK);
        assert_int_equal(svms_verify_engine_new(&verifier, ctx, half, NULL), SVMS_OK);
        /* High and low s come half of the time each. */
        for (size_t j = 0; j < 12; j++) {
            size_t text_size = j * 271;
            size_t size = sizeof signature;
            if (svms_sign(engine, text, text_size, signature, &size, &err) != SVMS_OK) {
                fail_msg("%s: %s", keys[i][0], err.message);
            }
            assert_int_equal(size, 64);
            assert_int_equal(svms_verify(verifier, SVMS_SIG_ECDSA_P256_SHA256, text, text_size,
                                         signature, size, NULL),
                             SVMS_OK);
        }
        svms_sign_ticket *ticket = NULL;
        size_t size = sizeof signature;
        bool done = false;
        assert_int_equal(svms_sign_start(engine, text, sizeof text, &ticket, NULL), SVMS_OK);
        assert_int_equal(svms_sign_poll(ticket, &done, signature, &size, NULL), SVMS_OK);
        assert_true(done);
        assert_int_equal(svms_verify(verifier, SVMS_SIG_ECDSA_P256_SHA256, text, sizeof text,
                                     signature, size, NULL),
                         SVMS_OK);
        svms_sign_ticket_free(&ticket);
        write_file(folder, "message", text, sizeof text);
        write_der(signature);
        assert_int_equal(ERR_peek_error(), 0);
        svms_verify_engine_free(&verifier);
        svms_sign_engine_free(&engine);
        svms_public_key_free(&half);
        svms_private_key_free(&key);
    }
}

static void what_was_sealed_for_its_p256_key_opens(void **state)
{
    (void)state;
    static const char *const keys[][2] = { { AGREE, "agree.pem" }, { FILE_EC, "file-ec.pem" } };
    for (size_t i = 0; i < 2; i++) {
        svms_private_key *key = key_at(keys[i][0]);
        svms_public_key *half = read_public_key(ctx, folder, keys[i][1]);
        uint8_t enc[SVMS_HPKE_P256_ENC_SIZE];
        uint8_t sealed[32 + 16];
        uint8_t plain[32] = "thirty-two bytes of content key";
        uint8_t out[32] = { 0 };
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_hpke_kem_of_private(key), 0x0010);
        assert_int_equal(
            svms_hpke_seal(ctx, half, "i", 1, "a", 1, plain, sizeof plain, enc, sealed, NULL),
            SVMS_OK);
        if (svms_hpke_open(ctx, key, enc, "i", 1, "a", 1, sealed, sizeof sealed, out, &err) !=
            SVMS_OK) {
            fail_msg("%s: %s", keys[i][0], err.message);
        }
        assert_memory_equal(out, plain, sizeof plain);
        sealed[0] ^= 1;
        assert_int_equal(
            svms_hpke_open(ctx, key, enc, "i", 1, "a", 1, sealed, sizeof sealed, out, NULL),
            SVMS_E_WRONG_KEY);
        enc[64] ^= 1;
        assert_int_equal(
            svms_hpke_open(ctx, key, enc, "i", 1, "a", 1, sealed, sizeof sealed, out, NULL),
            SVMS_E_WRONG_KEY);
        assert_int_equal(ERR_peek_error(), 0);
        svms_public_key_free(&half);
        svms_private_key_free(&key);
    }
}

/* Debian 12's provider does not know OAEP; later ones do. */
static void what_was_sealed_for_its_rsa_key_opens_by_uri_where_the_provider_can(void **state)
{
    (void)state;
    static const char *const keys[][2] = { { OPEN, "open.pem" }, { FILE_RSA, "file-rsa.pem" } };
    for (size_t i = 0; i < 2; i++) {
        svms_private_key *key = key_at(keys[i][0]);
        svms_public_key *half = read_public_key(ctx, folder, keys[i][1]);
        uint8_t sealed[SVMS_RSA_SEALED_MAX];
        size_t size = sizeof sealed;
        uint8_t plain[32] = "thirty-two bytes of content key";
        uint8_t out[32] = { 0 };
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_rsa_sealed_size_of_private(key), 256);
        assert_int_equal(svms_rsa_oaep_seal(ctx, half, plain, sizeof plain, sealed, &size, NULL),
                         SVMS_OK);
        svms_status status = svms_rsa_oaep_open(ctx, key, sealed, size, out, sizeof out, &err);
        if (status == SVMS_OK) {
            assert_memory_equal(out, plain, sizeof plain);
            sealed[100] ^= 1;
            assert_int_equal(svms_rsa_oaep_open(ctx, key, sealed, size, out, sizeof out, NULL),
                             SVMS_E_WRONG_KEY);
        } else {
            assert_int_equal(status, SVMS_E_UNSUPPORTED);
            print_message("NOT SHOWN: %s\n", err.message);
        }
        assert_int_equal(ERR_peek_error(), 0);
        svms_public_key_free(&half);
        svms_private_key_free(&key);
    }
}

/* The same key behind a callback that runs tpm2_rsadecrypt, on a thread of its own. */
static svms_unwrap_request *asked;

static void *run_tool(void *user)
{
    (void)user;
    char command[1024];
    snprintf(command, sizeof command,
             "tpm2_rsadecrypt -Q -c 0x81000003 -s oaep-sha256 -o '%s/plain' '%s/sealed' 2> "
             "/dev/null",
             folder, folder);
    /* Nobody else chooses what is in the command. NOLINTNEXTLINE(cert-env33-c) */
    bool opened = system(command) == 0;
    char out[FILE_MOST];
    size_t size = opened ? read_file(folder, "plain", out) : 0;
    svms_unwrap_request_complete(asked, opened ? SVMS_OK : SVMS_E_WRONG_KEY, out, size);
    return NULL;
}

static svms_status begin_tool(void *user, svms_unwrap_request *request,
                              const svms_unwrap_message *message)
{
    pthread_t *thread = user;
    assert_int_equal(message->operation, SVMS_UNWRAP_RSA_OAEP);
    write_file(folder, "sealed", message->input, message->input_size);
    asked = request;
    return pthread_create(thread, NULL, run_tool, NULL) == 0 ? SVMS_OK : SVMS_E_IO;
}

static void what_was_sealed_for_its_rsa_key_opens_by_callback(void **state)
{
    (void)state;
    svms_public_key *half = read_public_key(ctx, folder, "open.pem");
    svms_private_key *key = NULL;
    svms_unwrapper unwrapper = SVMS_UNWRAPPER_INIT;
    pthread_t thread;
    uint8_t sealed[SVMS_RSA_SEALED_MAX];
    size_t size = sizeof sealed;
    uint8_t plain[32] = "thirty-two bytes of content key";
    uint8_t out[32] = { 0 };
    unwrapper.user = &thread;
    unwrapper.begin = begin_tool;
    assert_int_equal(svms_private_key_from_unwrapper(&key, ctx, half, &unwrapper, NULL), SVMS_OK);
    assert_int_equal(svms_rsa_oaep_seal(ctx, half, plain, sizeof plain, sealed, &size, NULL),
                     SVMS_OK);
    assert_int_equal(svms_rsa_oaep_open(ctx, key, sealed, size, out, sizeof out, NULL), SVMS_OK);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_memory_equal(out, plain, sizeof plain);
    sealed[100] ^= 1;
    assert_int_equal(svms_rsa_oaep_open(ctx, key, sealed, size, out, sizeof out, NULL),
                     SVMS_E_WRONG_KEY);
    assert_int_equal(pthread_join(thread, NULL), 0);
    svms_private_key_free(&key);
    svms_public_key_free(&half);
}

/* The salt of a TPM's PSS signature may be of another length than ours, depending on its maker. */
static void an_rsa_key_signs_as_it_should_or_not_at_all(void **state)
{
    (void)state;
    svms_private_key *key = key_at(RSA_SIGN);
    svms_public_key *half = read_public_key(ctx, folder, "rsa-sign.pem");
    svms_sign_engine *engine = NULL;
    svms_verify_engine *verifier = NULL;
    uint8_t signature[256];
    size_t size = sizeof signature;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_sign_engine_new(&engine, ctx, key, NULL), SVMS_OK);
    assert_int_equal(svms_verify_engine_new(&verifier, ctx, half, NULL), SVMS_OK);
    svms_status status = svms_sign(engine, "text", 4, signature, &size, &err);
    if (status == SVMS_OK) {
        assert_int_equal(
            svms_verify(verifier, SVMS_SIG_RSA_PSS_SHA256, "text", 4, signature, size, NULL),
            SVMS_OK);
    } else {
        assert_int_equal(status, SVMS_E_CRYPTO);
    }
    print_message("RSA-PSS: %s %s\n", svms_status_name(status), err.message);
    svms_verify_engine_free(&verifier);
    svms_sign_engine_free(&engine);
    svms_public_key_free(&half);
    svms_private_key_free(&key);
}

static void a_key_that_needs_a_password_does_not_sign_and_nobody_is_asked(void **state)
{
    (void)state;
    svms_private_key *key = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(take(&key, LOCKED "?pass", &err), SVMS_E_MALFORMED);
    assert_string_equal(err.message, "the private key needs a password");
    key = key_at(LOCKED);
    svms_sign_engine *engine = NULL;
    uint8_t signature[64];
    size_t size = sizeof signature;
    assert_int_equal(svms_sign_engine_new(&engine, ctx, key, NULL), SVMS_OK);
    assert_int_equal(svms_sign(engine, "x", 1, signature, &size, &err), SVMS_E_CRYPTO);
    assert_int_equal(ERR_peek_error(), 0);
    svms_sign_engine_free(&engine);
    svms_private_key_free(&key);
}

static void a_handle_without_key_is_refused(void **state)
{
    (void)state;
    svms_private_key *key = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(take(&key, NOTHING, &err), SVMS_E_CRYPTO);
    assert_non_null(strstr(err.message, "the provider does not load the private key"));
    assert_int_equal(take(&key, "handle:x", &err), SVMS_E_MALFORMED);
    assert_null(key);
}

static svms_chain *certify(svms_role role, const char *name, const svms_private_key *key,
                           const svms_chain *issuer, const svms_private_key *issuer_key)
{
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    svms_chain *chain = NULL;
    svms_error err = SVMS_ERROR_INIT;
    char pem[FILE_MOST];
    size_t size = sizeof pem;
    options.role = role;
    options.common_name = name;
    options.not_before_utc_ns = INT64_C(1767225600000000000);
    options.not_after_utc_ns = INT64_C(1798761600000000000);
    if (svms_certificate_issue(ctx, &options, key, issuer, issuer_key, pem, &size, &err) !=
        SVMS_OK) {
        fail_msg("%s: %s", name, err.message);
    }
    assert_int_equal(svms_chain_from_pem(&chain, ctx, pem, size, NULL), SVMS_OK);
    return chain;
}

static void its_key_is_certified_and_certifies(void **state)
{
    (void)state;
    svms_private_key *authority = NULL;
    assert_int_equal(svms_private_key_generate(&authority, ctx, NULL), SVMS_OK);
    svms_chain *root = certify(SVMS_ROLE_NONE, "a CA", authority, NULL, NULL);
    svms_private_key *key = key_at(SIGN);
    svms_chain *chain = certify(SVMS_ROLE_RECORDER, "a recorder with a TPM", key, root, authority);
    svms_chain *tpm_root = certify(SVMS_ROLE_NONE, "a CA in a TPM", key, NULL, NULL);
    svms_chain *below = certify(SVMS_ROLE_RECORDER, "below it", authority, tpm_root, key);
    svms_chain_free(&below);
    svms_chain_free(&tpm_root);
    svms_chain_free(&chain);
    svms_chain_free(&root);
    svms_private_key_free(&key);
    svms_private_key_free(&authority);
}

#define NS_PER_DAY INT64_C(86400000000000)

static int64_t days_from_now(int64_t days)
{
    int64_t now = (int64_t)time(NULL) * INT64_C(1000000000);
    return now + days * NS_PER_DAY;
}

/* An authority whose key is in the TPM; *root is its certificate. */
static svms_ca *authority_of(const svms_private_key *key, svms_chain **root)
{
    svms_ca_options options = SVMS_CA_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_ca *ca = NULL;
    char pem[FILE_MOST];
    size_t size = sizeof pem;
    options.common_name = "an authority in a TPM";
    options.not_before_utc_ns = days_from_now(-2);
    options.not_after_utc_ns = days_from_now(30);
    if (svms_ca_create(ctx, &options, key, NULL, pem, &size, &err) != SVMS_OK ||
        svms_chain_from_pem(root, ctx, pem, size, &err) != SVMS_OK ||
        svms_ca_open(&ca, ctx, *root, key, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return ca;
}

/* A request that the key signed, and what the authority makes of it. */
static svms_chain *enroll(const svms_ca *ca, const svms_private_key *key)
{
    static const char *const names[] = { "camera.example" };
    svms_request_options wish = SVMS_REQUEST_OPTIONS_INIT;
    svms_issue_options options = SVMS_ISSUE_OPTIONS_INIT;
    svms_request *request = NULL;
    svms_chain *chain = NULL;
    svms_error err = SVMS_ERROR_INIT;
    char pem[FILE_MOST];
    size_t size = sizeof pem;
    wish.common_name = "camera";
    options.role = SVMS_ROLE_CAMERA;
    options.names = names;
    options.name_count = 1;
    options.not_before_utc_ns = days_from_now(-1);
    options.not_after_utc_ns = days_from_now(10);
    bool wished = svms_request_create(ctx, &wish, key, pem, &size, &err) == SVMS_OK &&
                  svms_request_parse(&request, ctx, pem, size, &err) == SVMS_OK;
    size = sizeof pem;
    if (!wished || svms_ca_issue(ca, &options, request, pem, &size, &err) != SVMS_OK ||
        svms_chain_from_pem(&chain, ctx, pem, size, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    svms_request_free(&request);
    return chain;
}

/* NULL where the library has no TLS, or libssl does not let the provider sign. */
static svms_tls_context *side_of(svms_tls_side side, const svms_chain *chain,
                                 const svms_private_key *key, const svms_trust *trust)
{
    svms_tls_options options = SVMS_TLS_OPTIONS_INIT;
    svms_tls_context *context = NULL;
    svms_error err = SVMS_ERROR_INIT;
    options.side = side;
    options.credentials.chain = chain;
    options.credentials.key = key;
    options.credentials.trust = trust;
    svms_status status = svms_tls_context_new(&context, ctx, &options, &err);
    if (status == SVMS_E_UNSUPPORTED) {
        print_message("NOT SHOWN: TLS with keys in a TPM: %s\n", err.message);
    } else if (status != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return context;
}

static bool pass_on(svms_tls *from, svms_tls *to)
{
    uint8_t bytes[16384];
    size_t size = 0;
    size_t taken = 0;
    assert_int_equal(svms_tls_drain(from, bytes, sizeof bytes, &size, NULL), SVMS_OK);
    if (size > 0) {
        assert_int_equal(svms_tls_feed(to, bytes, size, &taken, NULL), SVMS_OK);
        assert_int_equal(taken, size);
    }
    return size > 0;
}

static void shake_hands(svms_tls_context *client, svms_tls_context *server)
{
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    svms_tls_peer peer = SVMS_TLS_PEER_INIT;
    svms_tls *a = NULL;
    svms_tls *b = NULL;
    svms_error err = SVMS_ERROR_INIT;
    bool moved = true;
    target.host = "camera.example";
    assert_int_equal(svms_tls_open(&a, client, &target, NULL), SVMS_OK);
    assert_int_equal(svms_tls_open(&b, server, NULL, NULL), SVMS_OK);
    while (moved) {
        svms_status one = svms_tls_handshake(a, &err);
        svms_status other = one < SVMS_OK ? one : svms_tls_handshake(b, &err);
        if (other < SVMS_OK) {
            fail_msg("%s", err.message);
        }
        moved = pass_on(a, b);
        moved = pass_on(b, a) || moved;
    }
    assert_int_equal(svms_tls_peer_info(a, &peer, NULL), SVMS_OK);
    assert_int_equal(peer.roles, 1u << SVMS_ROLE_CAMERA);
    assert_int_equal(svms_tls_peer_info(b, &peer, NULL), SVMS_OK);
    assert_string_equal(peer.certificate.subject, "CN=camera");
    svms_tls_free(&a);
    svms_tls_free(&b);
}

/* Both ends of TLS have their key in the TPM, and so has who issued their certificates. Where
 * libssl takes the default provider for every signature, that is said when the key is loaded. */
static void tls_is_spoken_with_its_keys_or_refuses_them(void **state)
{
    (void)state;
    static const char *const uris[] = { RSA_SIGN, SIGN };
    for (size_t i = 0; i < 2; i++) {
        svms_chain *root = NULL;
        svms_private_key *authority = key_at(uris[i]);
        svms_private_key *key = key_at(uris[1 - i]);
        svms_ca *ca = authority_of(authority, &root);
        svms_chain *chain = enroll(ca, key);
        svms_trust *trust = NULL;
        char pem[FILE_MOST];
        size_t size = sizeof pem;
        assert_int_equal(svms_chain_to_pem(root, pem, &size, NULL), SVMS_OK);
        assert_int_equal(svms_trust_from_pem(&trust, ctx, pem, size, NULL), SVMS_OK);
        svms_tls_context *server = side_of(SVMS_TLS_SERVER, chain, key, trust);
        svms_tls_context *client = side_of(SVMS_TLS_CLIENT, chain, key, trust);
        if (server) {
            shake_hands(client, server);
        }
        svms_tls_context_free(&client);
        svms_tls_context_free(&server);
        svms_trust_free(&trust);
        svms_chain_free(&chain);
        svms_ca_free(&ca);
        svms_chain_free(&root);
        svms_private_key_free(&key);
        svms_private_key_free(&authority);
    }
}

static void a_recording_is_signed_and_opened_with_its_keys(void **state)
{
    (void)state;
    svms_private_key *signer = key_at(SIGN);
    svms_private_key *recipient = key_at(AGREE);
    svms_public_key *half = read_public_key(ctx, folder, "agree.pem");
    record_verify_and_read(ctx, folder, signer, recipient, half);
    svms_public_key_free(&half);
    svms_private_key_free(&recipient);
    svms_private_key_free(&signer);
}

int main(int count, char **arguments)
{
    if (count != 2) {
        return 2;
    }
    folder = arguments[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_public_half_is_known_and_the_private_one_is_not),
        cmocka_unit_test(it_signs_and_every_signature_verifies),
        cmocka_unit_test(what_was_sealed_for_its_p256_key_opens),
        cmocka_unit_test(what_was_sealed_for_its_rsa_key_opens_by_uri_where_the_provider_can),
        cmocka_unit_test(what_was_sealed_for_its_rsa_key_opens_by_callback),
        cmocka_unit_test(an_rsa_key_signs_as_it_should_or_not_at_all),
        cmocka_unit_test(a_key_that_needs_a_password_does_not_sign_and_nobody_is_asked),
        cmocka_unit_test(a_handle_without_key_is_refused),
        cmocka_unit_test(its_key_is_certified_and_certifies),
        cmocka_unit_test(tls_is_spoken_with_its_keys_or_refuses_them),
        cmocka_unit_test(a_recording_is_signed_and_opened_with_its_keys),
    };
    return cmocka_run_group_tests(tests, tpm_last, tear_down) +
           cmocka_run_group_tests(tests, tpm_first, tear_down);
}
