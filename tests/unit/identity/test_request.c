/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate requests: what is made is read, and what is not quite a request is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "ca_workshop.h"
#include "digest.h"
#include "fixture.h"
#include "key_internal.h"
#include "subject_name.h"

static svms_ctx *ctx;
static svms_private_key *key;

/* Runs of bytes, written as strings. */
#define BYTES(text) text, sizeof(text) - 1

static void every_kind_of_key_asks_and_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *kind;
        uint32_t bits;
    } kinds[] = { { "P-256", 256 },
                  { "P-384", 384 },
                  { "ED25519", 256 },
                  { "RSA", 2048 },
                  { "P-256/callbacks", 256 },
                  { "P-384/callbacks", 384 },
                  { "ED25519/callbacks", 256 },
                  { "RSA/callbacks", 2048 } };
    static const char *const names[] = { "Door.Site.Example", "10.1.2.3", "2001:DB8:0:0::1" };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        svms_private_key *own = workshop_key(ctx, kinds[i].kind);
        svms_request_options options = SVMS_REQUEST_OPTIONS_INIT;
        options.role = SVMS_ROLE_CAMERA;
        options.common_name = "T\xC3\xBCr 7";
        options.names = names;
        options.name_count = 3;
        workshop_text text = { .size = sizeof text.data };
        svms_request *request = NULL;
        svms_request_info info = SVMS_REQUEST_INFO_INIT;
        uint8_t id[SVMS_DIGEST_SIZE];
        assert_int_equal(svms_request_create(ctx, &options, own, text.data, &text.size, NULL),
                         SVMS_OK);
        assert_int_equal(strlen(text.data), text.size);
        assert_int_equal(svms_request_parse(&request, ctx, text.data, text.size, NULL), SVMS_OK);
        assert_int_equal(svms_request_describe(request, &info, NULL), SVMS_OK);
        assert_int_equal(info.role, SVMS_ROLE_CAMERA);
        assert_int_equal(info.key_bits, kinds[i].bits);
        assert_string_equal(info.common_name, "T\xC3\xBCr 7");
        assert_int_equal(svms_private_key_id(own, id, NULL), SVMS_OK);
        assert_memory_equal(id, info.key_sha256, sizeof id);
        assert_int_equal(info.name_count, 3);
        assert_string_equal(svms_request_name(request, 0), "door.site.example");
        assert_string_equal(svms_request_name(request, 1), "10.1.2.3");
        assert_string_equal(svms_request_name(request, 2), "2001:db8::1");
        assert_null(svms_request_name(request, 3));
        svms_request_free(&request);
        svms_private_key_free(&own);
    }
}

static void every_role_can_be_asked_for(void **state)
{
    (void)state;
    for (int role = SVMS_ROLE_NONE; role <= SVMS_ROLE_UPDATE; role++) {
        svms_request_options options = SVMS_REQUEST_OPTIONS_INIT;
        workshop_text text = { .size = sizeof text.data };
        options.role = (svms_role)role;
        options.common_name = "x";
        svms_status status = svms_request_create(ctx, &options, key, text.data, &text.size, NULL);
        if (role != SVMS_ROLE_NONE && !svms_role_oid((svms_role)role)) {
            assert_int_equal(status, SVMS_E_USAGE);
            continue;
        }
        assert_int_equal(status, SVMS_OK);
        svms_request *request = NULL;
        svms_request_info info = SVMS_REQUEST_INFO_INIT;
        assert_int_equal(svms_request_parse(&request, ctx, text.data, text.size, NULL), SVMS_OK);
        assert_int_equal(svms_request_describe(request, &info, NULL), SVMS_OK);
        assert_int_equal(info.role, role);
        svms_request_free(&request);
    }
}

#define LABEL_63 "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz0123456789"
#define NAME_255 LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63

static void wrong_names_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *words;
    } cases[] = {
        { "", "'' is neither a DNS name nor an IP address" },
        { "a..b", "'a..b' is neither a DNS name nor an IP address" },
        { ".a", "'.a' is neither a DNS name nor an IP address" },
        { "-a.b", "'-a.b' is neither a DNS name nor an IP address" },
        { "a-.b", "'a-.b' is neither a DNS name nor an IP address" },
        { "a b", "'a b' is neither a DNS name nor an IP address" },
        { "a_b.c", "'a_b.c' is neither a DNS name nor an IP address" },
        { "a\xC3\xBC.b", "'a\\C3\\BC.b' is neither a DNS name nor an IP address" },
        { "*.site.example",
          "'*.site.example' has a wildcard, and a certificate here is for one host" },
        { "a.*.example", "'a.*.example' has a wildcard, and a certificate here is for one host" },
        { "10.0.0.256", "'10.0.0.256' is neither a DNS name nor an IP address" },
        { "10.0.0", "'10.0.0' is neither a DNS name nor an IP address" },
        { "010.0.0.1", "'010.0.0.1' is neither a DNS name nor an IP address" },
        { "10.0.0.0/8", "'10.0.0.0/8' is neither a DNS name nor an IP address" },
        { "fe80::1%eth0", "'fe80::1%eth0' is neither a DNS name nor an IP address" },
        { "[::1]", "'[::1]' is neither a DNS name nor an IP address" },
        { "http://a.b/", "'http://a.b/' is neither a DNS name nor an IP address" },
        { LABEL_63 "x.b",
          "'abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz0123456789x.b' is neither a DNS "
          "name nor an IP address" },
        { NAME_255, "'abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz0123456789.abcdefgh...' "
                    "is neither a DNS name nor an IP address" },
        { NULL, "a name is NULL" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_request_options options = SVMS_REQUEST_OPTIONS_INIT;
        svms_error err = SVMS_ERROR_INIT;
        workshop_text text = { "untouched", sizeof text.data };
        options.common_name = "x";
        options.names = &cases[i].name;
        options.name_count = 1;
        assert_int_equal(svms_request_create(ctx, &options, key, text.data, &text.size, &err),
                         SVMS_E_USAGE);
        assert_string_equal(err.message, cases[i].words);
        assert_string_equal(text.data, "untouched");
    }
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "a\n",
        "a\x7F",
        "a\xC2\x85",
        "a\xFF",
        "a\xE2\x80\xAE"
        "b",
        "a\xE2\x80\x8B"
        "b",
        "1234567890123456789012345678901234567890123456789012345678"
        "9012345"
    };
    const char *many[SVMS_NAMES_MAX + 1];
    workshop_text text = { .size = sizeof text.data };
    svms_request_options options = SVMS_REQUEST_OPTIONS_INIT;
    assert_int_equal(svms_request_create(ctx, &options, key, text.data, &text.size, NULL),
                     SVMS_E_USAGE);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        options.common_name = wrong[i];
        assert_int_equal(svms_request_create(ctx, &options, key, text.data, &text.size, NULL),
                         SVMS_E_USAGE);
    }
    options.common_name = "x";
    for (size_t i = 0; i <= SVMS_NAMES_MAX; i++) {
        many[i] = "a.example";
    }
    options.names = many;
    options.name_count = SVMS_NAMES_MAX + 1;
    assert_int_equal(svms_request_create(ctx, &options, key, text.data, &text.size, NULL),
                     SVMS_E_LIMIT);
    options.name_count = SVMS_NAMES_MAX;
    assert_int_equal(svms_request_create(ctx, &options, key, text.data, &text.size, NULL), SVMS_OK);
    options.names = NULL;
    assert_int_equal(svms_request_create(ctx, &options, key, text.data, &text.size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_request_create(NULL, &options, key, text.data, &text.size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_request_create(ctx, NULL, key, text.data, &text.size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_request_create(ctx, &options, NULL, text.data, &text.size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_request_create(ctx, &options, key, NULL, &text.size, NULL), SVMS_E_USAGE);
}

static void the_capacity_that_is_asked_for_suffices_and_does_not_vary(void **state)
{
    (void)state;
    svms_request_options options = SVMS_REQUEST_OPTIONS_INIT;
    size_t first = 0;
    options.common_name = "x";
    assert_int_equal(svms_request_create(ctx, &options, key, NULL, &first, NULL), SVMS_E_LIMIT);
    for (int i = 0; i < 20; i++) {
        size_t size = 0;
        assert_int_equal(svms_request_create(ctx, &options, key, NULL, &size, NULL), SVMS_E_LIMIT);
        assert_int_equal(size, first);
        char *text = malloc(size);
        assert_non_null(text);
        assert_int_equal(svms_request_create(ctx, &options, key, text, &size, NULL), SVMS_OK);
        assert_int_equal(text[size], 0);
        free(text);
        size = first - 1;
        assert_int_equal(svms_request_create(ctx, &options, key, (char[8]){ 0 }, &size, NULL),
                         SVMS_E_LIMIT);
    }
}

/* A CertificationRequestInfo with any content of the subject and of the attributes. */
static svms_builder info(const void *subject, size_t subject_size, const void *attributes,
                         size_t attributes_size)
{
    svms_builder tbs = svms_builder_new(ctx, (size_t)2 * SVMS_REQUEST_MAX);
    size_t whole = svms_der_open(&tbs, SVMS_DER_SEQUENCE);
    svms_der_put_number(&tbs, 0);
    svms_der_put(&tbs, SVMS_DER_SEQUENCE, subject, subject_size);
    assert_int_equal(svms_put_public_key(&tbs, svms_private_key_public_evp(key), NULL), SVMS_OK);
    svms_der_put(&tbs, SVMS_DER_CONSTRUCTED(0), attributes, attributes_size);
    svms_der_close(&tbs, whole);
    return tbs;
}

static svms_status parse_signed(svms_builder *tbs, svms_request **request, svms_error *err)
{
    svms_builder der = workshop_sign(ctx, key, tbs);
    svms_status status = svms_request_parse(request, ctx, der.data, der.size, err);
    svms_builder_clear(&der);
    svms_builder_clear(tbs);
    return status;
}

static void subjects_are_read_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *subject;
        size_t size;
        svms_status status;
        const char *words; /* or the common name */
    } cases[] = {
        { BYTES(""), SVMS_OK, "" },
        { BYTES("\x31\x0A\x30\x08\x06\x03\x55\x04\x03\x0C\x01"
                "a"),
          SVMS_OK, "a" },
        { BYTES("\x31\x0A\x30\x08\x06\x03\x55\x04\x03\x13\x01"
                "a"),
          SVMS_OK, "a" },
        { BYTES("\x31\x0A\x30\x08\x06\x03\x55\x04\x0A\x0C\x01"
                "a"),
          SVMS_OK, "" },
        { BYTES("\x31\x0B\x30\x09\x06\x03\x55\x04\x03\x1E\x02\x00"
                "a"),
          SVMS_E_UNSUPPORTED, "the common name of the request is in an old character set" },
        { BYTES("\x31\x0B\x30\x09\x06\x03\x55\x04\x03\x0C\x02"
                "a\x00"),
          SVMS_E_MALFORMED,
          "the request has a common name that is empty, too long, no UTF-8, or has characters "
          "that hide or reorder the text" },
        { BYTES("\x31\x0C\x30\x0A\x06\x03\x55\x04\x03\x0C\x03\xE2\x80\xAE"), SVMS_E_MALFORMED,
          "the request has a common name that is empty, too long, no UTF-8, or has characters "
          "that hide or reorder the text" },
        { BYTES("\x31\x0A\x30\x08\x06\x03\x55\x04\x03\x0C\x01\xFF"), SVMS_E_MALFORMED,
          "the request has a common name that is empty, too long, no UTF-8, or has characters "
          "that hide or reorder the text" },
        { BYTES("\x31\x09\x30\x07\x06\x03\x55\x04\x03\x0C\x00"), SVMS_E_MALFORMED,
          "the request has a common name that is empty, too long, no UTF-8, or has characters "
          "that hide or reorder the text" },
        { BYTES("\x31\x0A\x30\x08\x06\x03\x55\x04\x03\x0C\x01"
                "a"
                "\x31\x0A\x30\x08\x06\x03\x55\x04\x03\x0C\x01"
                "b"),
          SVMS_E_MALFORMED, "the request has two common names" },
        { BYTES("\x31\x14\x30\x08\x06\x03\x55\x04\x03\x0C\x01"
                "a"
                "\x30\x08\x06\x03\x55\x04\x03\x0C\x01"
                "b"),
          SVMS_E_MALFORMED, "the request has two common names" },
        { BYTES("\x31\x00"), SVMS_E_MALFORMED, "the request has a subject that cannot be read" },
        { BYTES("\x30\x00"), SVMS_E_MALFORMED, "the request has a subject that cannot be read" },
        { BYTES("\x31\x07\x30\x05\x06\x03\x55\x04\x03"), SVMS_E_MALFORMED,
          "the request has a subject that cannot be read" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_builder tbs = info(cases[i].subject, cases[i].size, NULL, 0);
        svms_request *request = NULL;
        svms_error err = SVMS_ERROR_INIT;
        svms_request_info found = SVMS_REQUEST_INFO_INIT;
        assert_int_equal(parse_signed(&tbs, &request, &err), cases[i].status);
        if (cases[i].status != SVMS_OK) {
            assert_string_equal(err.message, cases[i].words);
            assert_null(request);
            continue;
        }
        assert_int_equal(svms_request_describe(request, &found, NULL), SVMS_OK);
        assert_string_equal(found.common_name, cases[i].words);
        svms_request_free(&request);
    }
}

/* An extensionRequest with any content. */
static size_t put_wish(svms_builder *out, const void *extensions, size_t size)
{
    static const uint8_t oid[] = { 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x0E };
    size_t attribute = svms_der_open(out, SVMS_DER_SEQUENCE);
    svms_der_put(out, SVMS_DER_OID, oid, sizeof oid);
    size_t set = svms_der_open(out, SVMS_DER_SET);
    svms_der_put(out, SVMS_DER_SEQUENCE, extensions, size);
    svms_der_close(out, set);
    svms_der_close(out, attribute);
    return out->size;
}

#define SAN(size, value) "\x30" size "\x06\x03\x55\x1D\x11\x04" value
#define ARC "\x69\x81\xC7\x8D\xF6\xE2\xF6\x85\xBA\x9C\x8F\x80\xDB\xE9\x80\xA6\xF8\xFE\xE5\x61"
#define EKU_OF(size, inner, list, content)                                                         \
    "\x30" size "\x06\x03\x55\x1D\x25\x04" inner "\x30" list content

static void wishes_are_read_strictly(void **state)
{
    (void)state;
    static const char not_a_name[] =
        "the request asks for a name that is neither a DNS name nor an IP address";
    static const struct {
        const char *extensions;
        size_t size;
        svms_status status;
        const char *words;
    } cases[] = {
        { BYTES(""), SVMS_OK, NULL },
        { BYTES(SAN("\x0C", "\x05\x30\x03\x82\x01"
                            "a")),
          SVMS_OK, NULL },
        /* An e-mail address, and an extension that nobody knows, critical. */
        { BYTES(SAN("\x0E", "\x07\x30\x05\x81\x03"
                            "a@b")),
          SVMS_OK, NULL },
        { BYTES("\x30\x0C\x06\x03\x2A\x03\x04\x01\x01\xFF\x04\x02\x05\x00"), SVMS_OK, NULL },
        { BYTES("\x30\x0C\x06\x03\x2A\x03\x04\x01\x01\x00\x04\x02\x05\x00"), SVMS_E_MALFORMED,
          "the request has an extension that is not in canonical DER" },
        { BYTES(SAN("\x0E", "\x07\x30\x05\x82\x03"
                            "a\0b")),
          SVMS_E_MALFORMED, not_a_name },
        { BYTES(SAN("\x0E", "\x07\x30\x05\x82\x03"
                            "*.b")),
          SVMS_E_MALFORMED, not_a_name },
        { BYTES(SAN("\x0B", "\x04\x30\x02\x82\x00")), SVMS_E_MALFORMED, not_a_name },
        { BYTES(SAN("\x12", "\x0B\x30\x09\x82\x07"
                            "1.2.3.4")),
          SVMS_E_MALFORMED, not_a_name },
        { BYTES(SAN("\x0E", "\x07\x30\x05\x87\x03\x01\x02\x03")), SVMS_E_MALFORMED, not_a_name },
        { BYTES(SAN("\x09", "\x02\x31\x00")), SVMS_E_MALFORMED,
          "the request has names that cannot be read" },
        { BYTES(SAN("\x0B", "\x04\x30\x00\x05\x00")), SVMS_E_MALFORMED,
          "the request has names that cannot be read" },
        { BYTES(SAN("\x09", "\x02\x30\x00") SAN("\x09", "\x02\x30\x00")), SVMS_E_MALFORMED,
          "the request has an extension twice" },
        { BYTES("\x30\x02\x05\x00"), SVMS_E_MALFORMED,
          "the request has an extension that cannot be read" },
        { BYTES("\x30\x05\x06\x03\x55\x1D\x11"), SVMS_E_MALFORMED,
          "the request has an extension that cannot be read" },
        { BYTES(EKU_OF("\x09", "\x02", "\x00", "")), SVMS_E_MALFORMED,
          "the request has an extended key usage that cannot be read" },
        { BYTES(EKU_OF("\x37", "\x30", "\x2E", "\x06\x15" ARC "\x01\x06\x15" ARC "\x02")),
          SVMS_E_UNSUPPORTED, "the request asks for two roles, camera and recorder" },
        { BYTES(EKU_OF("\x37", "\x30", "\x2E", "\x06\x15" ARC "\x01\x06\x15" ARC "\x01")), SVMS_OK,
          NULL },
        { BYTES(EKU_OF("\x0C", "\x05", "\x03", "\x06\x01\x2A")), SVMS_OK, NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_builder attributes = svms_builder_new(ctx, SVMS_REQUEST_MAX);
        svms_request *request = NULL;
        svms_error err = SVMS_ERROR_INIT;
        put_wish(&attributes, cases[i].extensions, cases[i].size);
        svms_builder tbs = info(NULL, 0, attributes.data, attributes.size);
        svms_status status = parse_signed(&tbs, &request, &err);
        if (status != cases[i].status ||
            (status != SVMS_OK && strcmp(err.message, cases[i].words))) {
            fail_msg("case %zu: %s: %s", i, svms_status_name(status), err.message);
        }
        svms_request_free(&request);
        svms_builder_clear(&attributes);
    }
}

static void attributes_come_once_each_and_are_not_too_many(void **state)
{
    (void)state;
    static const struct {
        int wishes;
        int others;
        svms_status status;
        const char *words;
    } cases[] = {
        { 2, 0, SVMS_E_MALFORMED, "the request has an attribute twice" },
        { 1, 31, SVMS_OK, NULL },
        { 1, 32, SVMS_E_LIMIT, "the request has more than 32 attributes" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_builder attributes = svms_builder_new(ctx, SVMS_REQUEST_MAX);
        svms_request *request = NULL;
        svms_error err = SVMS_ERROR_INIT;
        for (int k = 0; k < cases[i].wishes; k++) {
            put_wish(&attributes, NULL, 0);
        }
        for (int k = 0; k < cases[i].others; k++) {
            const uint8_t oid[] = { 0x2A, (uint8_t)k };
            size_t attribute = svms_der_open(&attributes, SVMS_DER_SEQUENCE);
            svms_der_put(&attributes, SVMS_DER_OID, oid, sizeof oid);
            svms_der_put(&attributes, SVMS_DER_SET, "\x05\x00", 2);
            svms_der_close(&attributes, attribute);
        }
        svms_builder tbs = info(NULL, 0, attributes.data, attributes.size);
        assert_int_equal(parse_signed(&tbs, &request, &err), cases[i].status);
        if (cases[i].words) {
            assert_string_equal(err.message, cases[i].words);
        }
        svms_request_free(&request);
        svms_builder_clear(&attributes);
    }
}

static void more_than_the_most_names_are_refused(void **state)
{
    (void)state;
    for (int count = SVMS_NAMES_MAX; count <= SVMS_NAMES_MAX + 1; count++) {
        svms_builder extensions = svms_builder_new(ctx, SVMS_REQUEST_MAX);
        svms_builder attributes = svms_builder_new(ctx, SVMS_REQUEST_MAX);
        svms_request *request = NULL;
        svms_extension_marks marks =
            svms_extension_open(&extensions, SVMS_EXT_SUBJECT_NAMES, false);
        size_t list = svms_der_open(&extensions, SVMS_DER_SEQUENCE);
        for (int i = 0; i < count; i++) {
            svms_der_put(&extensions, SVMS_NAME_DNS, "a", 1);
        }
        svms_der_close(&extensions, list);
        svms_extension_close(&extensions, marks);
        put_wish(&attributes, extensions.data, extensions.size);
        svms_builder tbs = info(NULL, 0, attributes.data, attributes.size);
        assert_int_equal(parse_signed(&tbs, &request, NULL),
                         count > SVMS_NAMES_MAX ? SVMS_E_LIMIT : SVMS_OK);
        svms_request_free(&request);
        svms_builder_clear(&attributes);
        svms_builder_clear(&extensions);
    }
}

/* A request that OpenSSL made. */
static size_t foreign(const char *type, size_t bits, const char *digest, bool pss, uint8_t **der)
{
    EVP_PKEY *own = bits > 0                       ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits)
                    : strcmp(type, "ED25519") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                                                   : EVP_PKEY_Q_keygen(NULL, NULL, "EC", type);
    X509_REQ *request = X509_REQ_new();
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    EVP_PKEY_CTX *parameters = NULL;
    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN", MBSTRING_UTF8,
                               (const unsigned char *)"foreign", -1, -1, 0);
    assert_int_equal(X509_REQ_set_version(request, 0), 1);
    assert_int_equal(X509_REQ_set_pubkey(request, own), 1);
    assert_int_equal(EVP_DigestSignInit_ex(state, &parameters, digest, NULL, NULL, own, NULL), 1);
    if (pss) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, -1), 1);
    }
    assert_true(X509_REQ_sign_ctx(request, state) > 0);
    *der = NULL;
    int size = i2d_X509_REQ(request, der);
    assert_true(size > 0);
    EVP_MD_CTX_free(state);
    X509_REQ_free(request);
    EVP_PKEY_free(own);
    return (size_t)size;
}

static void foreign_requests_are_read_unless_they_are_weak(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        size_t bits;
        const char *digest;
        bool pss;
        svms_status status;
        const char *words;
    } cases[] = {
        { "P-256", 0, "SHA256", false, SVMS_OK, NULL },
        { "P-256", 0, "SHA512", false, SVMS_OK, NULL },
        { "P-384", 0, "SHA256", false, SVMS_OK, NULL },
        { "P-384", 0, "SHA384", false, SVMS_OK, NULL },
        { "ED25519", 0, NULL, false, SVMS_OK, NULL },
        { "RSA", 2048, "SHA256", false, SVMS_OK, NULL },
        { "RSA", 3072, "SHA384", false, SVMS_OK, NULL },
        { "RSA", 2048, "SHA512", false, SVMS_OK, NULL },
        { "RSA", 2048, "SHA256", true, SVMS_OK, NULL },
        { "RSA", 2048, "SHA384", true, SVMS_OK, NULL },
        { "RSA", 2048, "SHA512", true, SVMS_OK, NULL },
        { "P-256", 0, "SHA1", false, SVMS_E_UNSUPPORTED,
          "the request is signed with SHA-1, which is too weak" },
        { "RSA", 2048, "SHA1", false, SVMS_E_UNSUPPORTED,
          "the request is signed with SHA-1, which is too weak" },
        { "RSA", 2048, "MD5", false, SVMS_E_UNSUPPORTED,
          "the request is signed with MD5, which is too weak" },
        { "P-256", 0, "SHA224", false, SVMS_E_UNSUPPORTED,
          "the request is signed in a way that does not suit its key, or is not known" },
        { "RSA", 2048, "SHA1", true, SVMS_E_UNSUPPORTED,
          "the request is signed in a way that does not suit its key, or is not known" },
        { "RSA", 1024, "SHA256", false, SVMS_E_UNSUPPORTED, "1024" },
        { "RSA", 2040, "SHA256", false, SVMS_E_UNSUPPORTED, "2040" },
        { "P-192", 0, "SHA256", false, SVMS_E_UNSUPPORTED, "prime192v1" },
        { "P-521", 0, "SHA512", false, SVMS_E_UNSUPPORTED, "secp521r1" },
        { "secp256k1", 0, "SHA256", false, SVMS_E_UNSUPPORTED, "secp256k1" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t *der = NULL;
        svms_request *request = NULL;
        svms_error err = SVMS_ERROR_INIT;
        size_t size = foreign(cases[i].type, cases[i].bits, cases[i].digest, cases[i].pss, &der);
        svms_status status = svms_request_parse(&request, ctx, der, size, &err);
        if (status != cases[i].status || (cases[i].words && !strstr(err.message, cases[i].words))) {
            fail_msg("case %zu: %s: %s", i, svms_status_name(status), err.message);
        }
        svms_request_free(&request);
        OPENSSL_free(der);
    }
}

static void no_changed_byte_gets_through(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        uint8_t *der = NULL;
        size_t size = foreign(kind ? "ED25519" : "P-256", 0, kind ? NULL : "SHA256", false, &der);
        for (size_t at = 0; at < size; at++) {
            unsigned bit = (unsigned)(at % 8);
            svms_request *request = NULL;
            der[at] ^= (uint8_t)(1u << bit);
            svms_status status = svms_request_parse(&request, ctx, der, size, NULL);
            der[at] ^= (uint8_t)(1u << bit);
            if (status == SVMS_OK || status == SVMS_E_CRYPTO || status == SVMS_E_NO_MEMORY ||
                request) {
                fail_msg("bit %u of byte %zu: %s", bit, at, svms_status_name(status));
            }
        }
        for (size_t cut = 1; cut < size; cut++) {
            svms_request *request = NULL;
            assert_int_equal(svms_request_parse(&request, ctx, der, cut, NULL), SVMS_E_MALFORMED);
        }
        OPENSSL_free(der);
    }
}

/* Another request's signature, under the same words. */
static void a_signature_of_another_key_is_not_authentic(void **state)
{
    (void)state;
    svms_private_key *other = workshop_key(ctx, "P-256");
    svms_builder tbs = info(NULL, 0, NULL, 0);
    svms_builder der = workshop_sign(ctx, other, &tbs);
    svms_request *request = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_request_parse(&request, ctx, der.data, der.size, &err),
                     SVMS_E_NOT_AUTHENTIC);
    assert_string_equal(err.message,
                        "the request was not signed with the key in it, or was changed");
    svms_builder_clear(&der);
    svms_builder_clear(&tbs);
    svms_private_key_free(&other);
}

static void exactly_one_request_is_read(void **state)
{
    (void)state;
    static char text[WORKSHOP_PEM_SIZE * 2];
    svms_request_options options = SVMS_REQUEST_OPTIONS_INIT;
    svms_request *request = NULL;
    svms_error err = SVMS_ERROR_INIT;
    workshop_text one = { .size = sizeof one.data };
    options.common_name = "x";
    assert_int_equal(svms_request_create(ctx, &options, key, one.data, &one.size, NULL), SVMS_OK);
    memcpy(text, one.data, one.size);
    memcpy(text + one.size, one.data, one.size);
    assert_int_equal(svms_request_parse(&request, ctx, text, 2 * one.size, &err), SVMS_E_MALFORMED);
    assert_string_equal(err.message, "the request is followed by another one");
    assert_int_equal(svms_request_parse(&request, ctx, "hello", 5, &err), SVMS_E_MALFORMED);
    assert_string_equal(err.message, "no certificate request in the text");
    assert_int_equal(svms_request_parse(&request, ctx, "", 0, &err), SVMS_E_MALFORMED);
    assert_int_equal(svms_request_parse(&request, ctx, text, SVMS_REQUEST_MAX + 1, &err),
                     SVMS_E_LIMIT);
    fixture_text foreign_text = fixture_read("recorder");
    memcpy(text, foreign_text.data, foreign_text.size);
    memcpy(text + foreign_text.size, one.data, one.size);
    assert_int_equal(svms_request_parse(&request, ctx, text, foreign_text.size + one.size, &err),
                     SVMS_OK);
    fixture_free(&foreign_text);
    svms_request_free(&request);
}

static void what_is_not_der_is_refused(void **state)
{
    (void)state;
    svms_builder tbs = info(NULL, 0, NULL, 0);
    svms_builder der = workshop_sign(ctx, key, &tbs);
    svms_request *request = NULL;
    svms_error err = SVMS_ERROR_INIT;
    uint8_t long_form[1024];
    /* 30 81 xx becomes 30 82 00 xx. */
    assert_int_equal(der.data[1], 0x81);
    long_form[0] = 0x30;
    long_form[1] = 0x82;
    long_form[2] = 0;
    memcpy(long_form + 3, der.data + 2, der.size - 2);
    assert_int_equal(svms_request_parse(&request, ctx, long_form, der.size + 1, &err),
                     SVMS_E_MALFORMED);
    assert_string_equal(err.message,
                        "the request is not in canonical DER, or more bytes follow it");
    memcpy(long_form, der.data, der.size);
    long_form[der.size] = 0;
    assert_int_equal(svms_request_parse(&request, ctx, long_form, der.size + 1, &err),
                     SVMS_E_MALFORMED);
    assert_string_equal(err.message,
                        "the request is not in canonical DER, or more bytes follow it");
    svms_builder_clear(&der);
    svms_builder_clear(&tbs);
}

static void another_version_is_refused(void **state)
{
    (void)state;
    svms_builder tbs = info(NULL, 0, NULL, 0);
    svms_request *request = NULL;
    svms_error err = SVMS_ERROR_INIT;
    /* 30 len 02 01 00 */
    size_t at = tbs.data[1] == 0x81 ? 5 : 4;
    assert_int_equal(tbs.data[at], 0);
    tbs.data[at] = 1;
    assert_int_equal(parse_signed(&tbs, &request, &err), SVMS_E_MALFORMED);
    assert_string_equal(err.message, "the request is no PKCS #10 request");
}

static int set_up(void **state)
{
    (void)state;
    ctx = fixture_context(NULL);
    key = workshop_key(ctx, "P-256");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    svms_private_key_free(&key);
    svms_ctx_free(&ctx);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_key_asks_and_is_read),
        cmocka_unit_test(every_role_can_be_asked_for),
        cmocka_unit_test(wrong_names_are_refused_by_name),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(the_capacity_that_is_asked_for_suffices_and_does_not_vary),
        cmocka_unit_test(subjects_are_read_strictly),
        cmocka_unit_test(wishes_are_read_strictly),
        cmocka_unit_test(attributes_come_once_each_and_are_not_too_many),
        cmocka_unit_test(more_than_the_most_names_are_refused),
        cmocka_unit_test(foreign_requests_are_read_unless_they_are_weak),
        cmocka_unit_test(no_changed_byte_gets_through),
        cmocka_unit_test(a_signature_of_another_key_is_not_authentic),
        cmocka_unit_test(exactly_one_request_is_read),
        cmocka_unit_test(what_is_not_der_is_refused),
        cmocka_unit_test(another_version_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
