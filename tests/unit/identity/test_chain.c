/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "chain_internal.h"
#include "fixture.h"
#include "key_internal.h"

#define ORIGIN 1000u
#define WIRE_MAX 131072

typedef struct wire_text {
    uint8_t bytes[WIRE_MAX];
    size_t size;
} wire_text;

static svms_ctx *ctx;

static int make_context(void **state)
{
    (void)state;
    ctx = fixture_context(NULL);
    return 0;
}

static int free_context(void **state)
{
    (void)state;
    svms_ctx_free(&ctx);
    return 0;
}

static wire_text *wire_of(const char *name)
{
    wire_text *wire = calloc(1, sizeof *wire);
    assert_non_null(wire);
    svms_chain *chain = fixture_chain(ctx, name);
    const uint8_t *bytes = svms_chain_wire(chain, &wire->size);
    memcpy(wire->bytes, bytes, wire->size);
    svms_chain_free(&chain);
    return wire;
}

static size_t first_size(const wire_text *wire)
{
    return (size_t)wire->bytes[2] << 8 | wire->bytes[3];
}

/* Reads a wire form that must be refused. */
static void refused(const wire_text *wire, svms_status status, uint64_t offset, const char *words)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_chain *chain = NULL;
    assert_int_equal(svms_chain_from_wire(&chain, ctx, wire->bytes, wire->size, ORIGIN, &err),
                     status);
    assert_null(chain);
    assert_string_equal(err.message, words);
    assert_int_equal(err.offset, offset);
}

static void the_wire_form_holds_every_certificate_as_it_was(void **state)
{
    (void)state;
    static const char *const names[] = { "recorder", "recorder-alone", "eight", "leaf-rsa",
                                         "issued-with-pss" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        fixture_text text = fixture_read(names[i]);
        BIO *bio = BIO_new_mem_buf(text.data, (int)text.size);
        wire_text *wire = wire_of(names[i]);
        size_t position = 0;
        unsigned char *der = NULL;
        long der_size;
        while (PEM_bytes_read_bio(&der, &der_size, NULL, PEM_STRING_X509, bio, NULL, NULL) == 1) {
            assert_int_equal(wire->bytes[position], 0);
            assert_int_equal(wire->bytes[position + 1], 0);
            assert_int_equal((size_t)wire->bytes[position + 2] << 8 | wire->bytes[position + 3],
                             der_size);
            assert_memory_equal(wire->bytes + position + 4, der, der_size);
            position += 4 + (size_t)der_size;
            OPENSSL_free(der);
        }
        assert_int_equal(position, wire->size);
        free(wire);
        BIO_free(bio);
        fixture_free(&text);
    }
}

static void the_wire_form_reads_back(void **state)
{
    (void)state;
    wire_text *wire = wire_of("recorder-with-root");
    svms_chain *chain = NULL;
    assert_int_equal(svms_chain_from_wire(&chain, ctx, wire->bytes, wire->size, ORIGIN, NULL),
                     SVMS_OK);
    size_t size = 0;
    const uint8_t *again = svms_chain_wire(chain, &size);
    assert_int_equal(size, wire->size);
    assert_memory_equal(again, wire->bytes, size);
    assert_string_equal(svms_chain_subject(chain), "CN=recorder, O=Example");
    svms_chain_free(&chain);
    free(wire);
}

static void digest_and_key_are_those_of_the_leaf(void **state)
{
    (void)state;
    fixture_text text = fixture_read("recorder");
    BIO *bio = BIO_new_mem_buf(text.data, (int)text.size);
    X509 *leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    unsigned char digest[EVP_MAX_MD_SIZE];
    assert_int_equal(X509_digest(leaf, EVP_sha256(), digest, NULL), 1);
    svms_chain *chain = fixture_chain(ctx, "recorder");
    assert_memory_equal(svms_chain_leaf_digest(chain), digest, SVMS_DIGEST_SIZE);
    EVP_PKEY *key = svms_public_key_evp(svms_chain_leaf_key(chain));
    assert_int_equal(EVP_PKEY_eq(key, X509_get0_pubkey(leaf)), 1);
    svms_chain_free(&chain);
    X509_free(leaf);
    BIO_free(bio);
    fixture_free(&text);
}

static void the_leaf_allows_what_its_usage_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned roles; /* bit n: role n */
    } cases[] = {
        { "recorder", 1u << 2 }, { "all-roles", 0x3E }, { "other-roles", 1u << 1 | 1u << 3 },
        { "no-usage", 0 },       { "any-usage", 0 },    { "recorder-or-any", 1u << 2 },
        { "neighbour-arc", 0 },  { "bad-usage", 0 },    { "encipherment", 1u << 2 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_chain *chain = fixture_chain(ctx, cases[i].name);
        for (int role = -1; role < 40; role++) {
            bool expected = role >= 0 && role < 32 && (cases[i].roles >> role & 1) != 0;
            assert_int_equal(svms_chain_allows(chain, (svms_role)role), expected);
        }
        svms_chain_free(&chain);
    }
}

static void the_period_of_the_leaf_is_told(void **state)
{
    (void)state;
    int64_t first = 0;
    int64_t last = 0;
    svms_chain *chain = fixture_chain(ctx, "recorder");
    assert_int_equal(svms_chain_leaf_validity(chain, &first, &last, NULL), SVMS_OK);
    assert_int_equal(first, fixture_time("2026-01-01T00:00:00Z"));
    assert_int_equal(last, fixture_time("2028-01-01T00:00:00.999999999Z"));
    svms_chain_free(&chain);
    chain = fixture_chain(ctx, "forever");
    assert_int_equal(svms_chain_leaf_validity(chain, &first, &last, NULL), SVMS_OK);
    assert_int_equal(first, -INT64_MAX);
    assert_int_equal(last, INT64_MAX);
    svms_chain_free(&chain);
}

static void the_subject_is_text_for_people(void **state)
{
    (void)state;
    svms_chain *chain = fixture_chain(ctx, "unicode");
    assert_string_equal(svms_chain_subject(chain), "CN=Kamera № 7, O=Bäckerei\\, Söhne");
    svms_chain_free(&chain);
}

static void a_chain_needs_a_certificate(void **state)
{
    (void)state;
    wire_text wire = { { 0 }, 0 };
    refused(&wire, SVMS_E_MALFORMED, ORIGIN, "a chain without a certificate");
}

static void bytes_after_the_last_certificate_are_found(void **state)
{
    (void)state;
    wire_text *wire = wire_of("recorder");
    size_t end = wire->size;
    for (size_t extra = 1; extra <= 3; extra++) {
        wire->size = end + extra;
        refused(wire, SVMS_E_MALFORMED, ORIGIN + end,
                "a certificate reaches beyond the end of the chain");
    }
    wire->size = end + 4;
    refused(wire, SVMS_E_MALFORMED, ORIGIN + end + 4, "a certificate cannot be read");
    free(wire);
}

static void a_chain_that_ends_early_is_found(void **state)
{
    (void)state;
    wire_text *wire = wire_of("recorder");
    size_t leaf_end = 4 + first_size(wire);
    size_t full = wire->size;
    for (size_t size = 1; size < full; size += size < 8 || size > full - 8 ? 1 : 37) {
        if (size == leaf_end) {
            continue;
        }
        wire->size = size;
        refused(wire, SVMS_E_MALFORMED, ORIGIN + (size < leaf_end ? 0 : leaf_end),
                "a certificate reaches beyond the end of the chain");
    }
    free(wire);
}

static void a_byte_inside_the_length_that_is_no_certificate_is_found(void **state)
{
    (void)state;
    wire_text *wire = wire_of("recorder-alone");
    wire->size++;
    wire->bytes[3]++;
    if (wire->bytes[3] == 0) {
        wire->bytes[2]++;
    }
    refused(wire, SVMS_E_MALFORMED, ORIGIN + 4,
            "a certificate is not in canonical DER, or more bytes follow it");
    free(wire);
}

static void put_size(wire_text *wire, size_t der_size)
{
    wire->bytes[2] = (uint8_t)(der_size >> 8);
    wire->bytes[3] = (uint8_t)der_size;
    wire->size = 4 + der_size;
}

static void only_one_encoding_of_a_certificate_is_taken(void **state)
{
    (void)state;
    wire_text *wire = wire_of("recorder-alone");
    size_t size = first_size(wire);
    uint8_t *der = wire->bytes + 4;
    assert_int_equal(der[0], 0x30);
    assert_int_equal(der[1], 0x82);

    /* The same length in three bytes. */
    memmove(der + 3, der + 2, size - 2);
    der[1] = 0x83;
    der[2] = 0;
    put_size(wire, size + 1);
    refused(wire, SVMS_E_MALFORMED, ORIGIN + 4,
            "a certificate is not in canonical DER, or more bytes follow it");

    /* The indefinite length of BER. */
    memmove(der + 2, der + 5, size - 4);
    der[1] = 0x80;
    der[size - 2] = 0;
    der[size - 1] = 0;
    put_size(wire, size);
    refused(wire, SVMS_E_MALFORMED, ORIGIN + 4,
            "a certificate is not in canonical DER, or more bytes follow it");
    free(wire);
}

static void what_is_no_certificate_is_refused(void **state)
{
    (void)state;
    wire_text wire = { { 0, 0, 0, 2, 0x30, 0x00 }, 6 };
    refused(&wire, SVMS_E_MALFORMED, ORIGIN + 4, "a certificate cannot be read");
    wire.bytes[3] = 0;
    wire.size = 4;
    refused(&wire, SVMS_E_MALFORMED, ORIGIN + 4, "a certificate cannot be read");
}

static void chains_have_bounds(void **state)
{
    (void)state;
    wire_text *wire = wire_of("eight");
    size_t end = wire->size;
    size_t leaf = 4 + first_size(wire);
    memmove(wire->bytes + end, wire->bytes, leaf);
    wire->size = end + leaf;
    refused(wire, SVMS_E_LIMIT, ORIGIN + end + 4, "a chain of more than 8 certificates");
    wire->size = SVMS_CHAIN_MAX_SIZE + 1;
    refused(wire, SVMS_E_LIMIT, ORIGIN, "a chain of more than 65536 bytes");
    free(wire);
}

/* Reads a PEM text that must be refused. */
static void refused_text(const char *text, size_t size, svms_status status, const char *words)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_chain *chain = NULL;
    assert_int_equal(svms_chain_from_pem(&chain, ctx, text, size, &err), status);
    assert_null(chain);
    assert_string_equal(err.message, words);
}

static void refused_fixture(const char *name, svms_status status, const char *words)
{
    fixture_text text = fixture_read(name);
    refused_text(text.data, text.size, status, words);
    fixture_free(&text);
}

static void text_without_a_certificate_is_refused(void **state)
{
    (void)state;
    static const char other[] = "-----BEGIN PUBLIC KEY-----\n"
                                "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
                                "-----END PUBLIC KEY-----\n";
    const char *const texts[] = { "", "no PEM at all\n", other };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        refused_text(texts[i], strlen(texts[i]), SVMS_E_MALFORMED, "no certificate in the text");
    }
}

static void damaged_text_is_refused_and_placed(void **state)
{
    (void)state;
    fixture_text text = fixture_read("recorder");
    char *second = strstr(text.data + 10, "-----BEGIN");
    assert_non_null(second);
    size_t second_at = (size_t)(second - text.data);
    svms_error err = SVMS_ERROR_INIT;
    svms_chain *chain = NULL;

    /* Cut off inside the second block. */
    assert_int_equal(svms_chain_from_pem(&chain, ctx, text.data, second_at + 100, &err),
                     SVMS_E_MALFORMED);
    assert_string_equal(err.message, "a PEM block is damaged");
    assert_int_equal(err.offset, second_at);

    /* Well-formed PEM around something else. */
    memcpy(second, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", 59);
    assert_int_equal(svms_chain_from_pem(&chain, ctx, text.data, second_at + 59, &err),
                     SVMS_E_MALFORMED);
    assert_string_equal(err.message, "a certificate cannot be read");
    assert_int_equal(err.offset, second_at);
    assert_null(chain);
    fixture_free(&text);
}

static void a_key_that_cannot_sign_here_is_refused(void **state)
{
    (void)state;
    refused_fixture("leaf-x25519", SVMS_E_UNSUPPORTED,
                    "the certificate's key is of a kind that cannot sign here");
    refused_fixture("leaf-rsa1024", SVMS_E_UNSUPPORTED, "RSA keys of 1024 bits are not supported");
    refused_fixture("leaf-rsapss", SVMS_E_UNSUPPORTED, "RSA-PSS keys are not supported");
}

static void text_has_bounds(void **state)
{
    (void)state;
    refused_fixture("nine", SVMS_E_LIMIT, "a chain of more than 8 certificates");
    char *text = calloc(1, 256 * 1024 + 1);
    assert_non_null(text);
    refused_text(text, 256 * 1024 + 1, SVMS_E_LIMIT, "more than 262144 bytes of PEM text");
    refused_text(text, 256 * 1024, SVMS_E_MALFORMED, "no certificate in the text");
    free(text);
}

static void a_private_key_in_the_text_is_passed_over(void **state)
{
    (void)state;
    svms_private_key *key = NULL;
    assert_int_equal(svms_private_key_generate(&key, ctx, NULL), SVMS_OK);
    fixture_text text = fixture_read("recorder");
    char both[16384];
    size_t size = sizeof both;
    assert_int_equal(svms_private_key_to_pem(key, both, &size, NULL), SVMS_OK);
    memcpy(both + size, text.data, text.size);
    svms_chain *chain = NULL;
    assert_int_equal(svms_chain_from_pem(&chain, ctx, both, size + text.size, NULL), SVMS_OK);
    assert_string_equal(svms_chain_subject(chain), "CN=recorder, O=Example");
    svms_chain_free(&chain);
    fixture_free(&text);
    svms_private_key_free(&key);
}

/* OpenSSL's own reader would ask for a password on the terminal. */
static void an_encrypted_block_asks_nobody(void **state)
{
    (void)state;
    static const char text[] = "-----BEGIN CERTIFICATE-----\n"
                               "Proc-Type: 4,ENCRYPTED\n"
                               "DEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n"
                               "\n"
                               "MAA=\n"
                               "-----END CERTIFICATE-----\n";
    refused_text(text, sizeof text - 1, SVMS_E_MALFORMED, "a certificate cannot be read");
}

static void null_is_no_argument(void **state)
{
    (void)state;
    svms_chain *chain = NULL;
    svms_trust *trust = NULL;
    assert_int_equal(svms_chain_from_pem(NULL, ctx, "", 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_chain_from_pem(&chain, NULL, "", 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_chain_from_pem(&chain, ctx, NULL, 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_trust_from_pem(NULL, ctx, "", 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_trust_from_pem(&trust, NULL, "", 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_trust_from_pem(&trust, ctx, NULL, 0, NULL), SVMS_E_USAGE);
    svms_chain_free(NULL);
    svms_chain_free(&chain);
    svms_trust_free(NULL);
    svms_trust_free(&trust);
}

static void a_certificate_has_a_bound(void **state)
{
    (void)state;
    static const uint8_t zeros[SVMS_CHAIN_MAX_SIZE + 1];
    BIO *bio = BIO_new(BIO_s_mem());
    assert_true(PEM_write_bio(bio, PEM_STRING_X509, "", zeros, sizeof zeros) > 0);
    char *text = NULL;
    long size = BIO_get_mem_data(bio, &text);
    svms_trust *trust = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_trust_from_pem(&trust, ctx, text, (size_t)size, &err), SVMS_E_LIMIT);
    assert_string_equal(err.message, "a certificate has more than 65536 bytes");
    refused_text(text, (size_t)size, SVMS_E_LIMIT, "a certificate has more than 65536 bytes");
    BIO_free(bio);
}

static void a_trust_store_is_read_like_a_chain(void **state)
{
    (void)state;
    static const char whole[] = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    static const struct {
        size_t size;
        const char *words;
    } cases[] = {
        { 0, "no certificate in the text" },
        { 33, "a PEM block is damaged" },
        { sizeof whole - 1, "a certificate cannot be read" },
    };
    svms_trust *trust = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_trust_from_pem(&trust, ctx, whole, cases[i].size, &err),
                         SVMS_E_MALFORMED);
        assert_string_equal(err.message, cases[i].words);
        assert_null(trust);
    }
    char *long_text = calloc(1, 1024 * 1024 + 1);
    assert_non_null(long_text);
    assert_int_equal(svms_trust_from_pem(&trust, ctx, long_text, 1024 * 1024 + 1, NULL),
                     SVMS_E_LIMIT);
    free(long_text);
    trust = fixture_trust(ctx, "nine"); /* the bounds of a chain are not those of a store */
    svms_trust_free(&trust);
    assert_null(trust);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wire_form_holds_every_certificate_as_it_was),
        cmocka_unit_test(the_wire_form_reads_back),
        cmocka_unit_test(digest_and_key_are_those_of_the_leaf),
        cmocka_unit_test(the_leaf_allows_what_its_usage_names),
        cmocka_unit_test(the_period_of_the_leaf_is_told),
        cmocka_unit_test(the_subject_is_text_for_people),
        cmocka_unit_test(a_chain_needs_a_certificate),
        cmocka_unit_test(bytes_after_the_last_certificate_are_found),
        cmocka_unit_test(a_chain_that_ends_early_is_found),
        cmocka_unit_test(a_byte_inside_the_length_that_is_no_certificate_is_found),
        cmocka_unit_test(only_one_encoding_of_a_certificate_is_taken),
        cmocka_unit_test(what_is_no_certificate_is_refused),
        cmocka_unit_test(chains_have_bounds),
        cmocka_unit_test(text_without_a_certificate_is_refused),
        cmocka_unit_test(damaged_text_is_refused_and_placed),
        cmocka_unit_test(a_key_that_cannot_sign_here_is_refused),
        cmocka_unit_test(text_has_bounds),
        cmocka_unit_test(a_private_key_in_the_text_is_passed_over),
        cmocka_unit_test(an_encrypted_block_asks_nobody),
        cmocka_unit_test(null_is_no_argument),
        cmocka_unit_test(a_certificate_has_a_bound),
        cmocka_unit_test(a_trust_store_is_read_like_a_chain),
    };
    return cmocka_run_group_tests(tests, make_context, free_context);
}
