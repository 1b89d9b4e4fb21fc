/* SPDX-License-Identifier: Apache-2.0 */
/* What a camera's signer does not take, and that nothing was taken then. */
#include "../base/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "camera_desk.h"
#include "key_internal.h"
#include "signer_internal.h"

static void refuse(desk *d, svms_status expected, const char *words)
{
    d->err = (svms_error)SVMS_ERROR_INIT;
    assert_int_equal(desk_try_start(d), expected);
    assert_int_equal(d->err.status, expected);
    assert_null(d->signer);
    if (!strstr(d->err.message, words)) {
        fail_msg("\"%s\" is not in \"%s\"", words, d->err.message);
    }
}

static void options_out_of_range_are_usage(void **state)
{
    (void)state;
    static char long_text[257];
    memset(long_text, 'x', 256);
    for (int i = 0; i < 17; i++) {
        desk d;
        desk_open(&d, "P-256", NULL);
        svms_camera_signer_options *o = &d.options;
        svms_private_key *other = workshop_key(d.ctx, "P-256");
        switch (i) {
        case 0:
            o->codec = SVMS_CODEC_MJPEG;
            break;
        case 1:
            o->framing = (svms_nal_framing)4;
            break;
        case 2:
            o->flags = 8;
            break;
        case 3:
            o->sign_every = 256;
            break;
        case 4:
            o->copies = 4;
            break;
        case 5:
            o->part_nal_units = 50001;
            break;
        case 6:
            o->part_ms = 3600001;
            break;
        case 7:
            o->chain = NULL;
            break;
        case 8:
            o->key = NULL;
            break;
        case 9:
            o->user_key = d.key;
            break;
        case 10:
            o->user_chain = d.chain;
            break;
        case 11:
            o->firmware = long_text;
            break;
        case 12:
            o->serial = "\xC3";
            break;
        case 13:
            o->manufacturer = "\xED\xA0\x80";
            break;
        case 14:
            o->key = other;
            break;
        case 15:
            o->user_chain = d.chain;
            o->user_key = other;
            break;
        default:
            o->struct_size = 3;
            break;
        }
        refuse(&d, SVMS_E_USAGE, "");
        assert_true(d.err.message[0] != '\0');
        svms_private_key_free(&other);
        desk_close(&d);
    }
}

static void the_longest_texts_and_largest_numbers_are_taken(void **state)
{
    (void)state;
    char text[256] = { 0 };
    memset(text, 'x', 255);
    desk d;
    desk_open(&d, "P-256", NULL);
    d.options.firmware = text;
    d.options.serial = text;
    d.options.manufacturer = text;
    d.options.sign_every = 255;
    d.options.copies = 3;
    d.options.part_nal_units = 50000;
    d.options.part_ms = 3600000;
    desk_start(&d);
    desk_feed(&d, "I", "cccI");
    desk_end(&d, "SSS");
    assert_int_equal(d.seen->seis[0].last_size[5], 1 + 3 * 256);
    assert_int_equal(desk_check(&d).signatures, 1);
    desk_close(&d);
}

static void missing_arguments_are_usage(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    svms_camera_signer *signer = NULL;
    assert_int_equal(svms_camera_signer_new(NULL, d.ctx, &d.options, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_camera_signer_new(&signer, NULL, &d.options, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_camera_signer_new(&signer, d.ctx, NULL, NULL), SVMS_E_USAGE);
    desk_start(&d);
    const void *out = NULL;
    size_t size = 0;
    desk_write(&d, "I");
    assert_int_equal(svms_camera_signer_add(NULL, d.in, d.in_size, 0, &out, &size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_camera_signer_add(d.signer, NULL, 0, 0, &out, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_camera_signer_add(d.signer, d.in, d.in_size, 0, NULL, &size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_camera_signer_add(d.signer, d.in, d.in_size, 0, &out, NULL, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_camera_signer_end(NULL, 0, &out, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_camera_signer_end(d.signer, 0, NULL, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_camera_signer_end(d.signer, 0, &out, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_camera_signer_end(d.signer, -1, &out, &size, NULL), SVMS_E_USAGE);
    svms_camera_signer_free(NULL);
    svms_camera_signer_free(&signer);
    assert_int_equal(svms_camera_signer_waiting(NULL), 0);
    /* None of these ended anything. */
    desk_feed(&d, "I", "cI");
    desk_end(&d, "S");
    desk_close(&d);
}

static void keys_that_the_format_does_not_know_are_named(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "ED25519", NULL);
    refuse(&d, SVMS_E_UNSUPPORTED, "Ed25519");
    desk_close(&d);
    desk_open(&d, "P-256", NULL);
    desk_add_user(&d, "ED25519");
    refuse(&d, SVMS_E_UNSUPPORTED, "Ed25519");
    desk_close(&d);
}

static void who_may_not_sign_as_a_camera_does_not(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    d.wall_clock = fixture_time(WORKSHOP_FROM) - 1;
    refuse(&d, SVMS_E_UNTRUSTED, "not yet valid");
    d.wall_clock = fixture_time(WORKSHOP_TO) + INT64_C(1000000000);
    refuse(&d, SVMS_E_UNTRUSTED, "expired");
    d.wall_clock = DESK_START;
    svms_issue_options options = workshop_issue_options(SVMS_ROLE_RECORDER);
    svms_request *request = workshop_request(d.ctx, d.key, "Recorder");
    svms_chain *recorder = workshop_issue(d.ctx, &d.issuing, &options, request);
    d.options.chain = recorder;
    refuse(&d, SVMS_E_UNTRUSTED, "camera");
    d.options.chain = d.chain;
    d.options.user_chain = recorder;
    d.options.user_key = d.key;
    refuse(&d, SVMS_E_UNTRUSTED, "camera");
    svms_chain_free(&recorder);
    svms_request_free(&request);
    desk_close(&d);
}

/* A certificate that no chain needs, with so many bytes in an extension; PEM, to be freed. */
static char *large_certificate(const desk *d, size_t size, long *pem_size)
{
    X509 *certificate = X509_new();
    EVP_PKEY *key = svms_private_key_evp(d->key);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    uint8_t *bytes = calloc(1, size);
    assert_true(certificate && value && bytes);
    assert_int_equal(X509_set_version(certificate, X509_VERSION_3), 1);
    assert_int_equal(X509_set_pubkey(certificate, key), 1);
    assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN",
                                                MBSTRING_ASC, (const uint8_t *)"a", 1, -1, 0),
                     1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), 0));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), 60));
    assert_int_equal(ASN1_OCTET_STRING_set(value, bytes, (int)size), 1);
    X509_EXTENSION *extension = X509_EXTENSION_create_by_NID(NULL, NID_netscape_comment, 0, value);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    BIO *text = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(text, certificate), 1);
    char *data = NULL;
    *pem_size = BIO_get_mem_data(text, &data);
    char *pem = malloc((size_t)*pem_size);
    assert_non_null(pem);
    memcpy(pem, data, (size_t)*pem_size);
    BIO_free(text);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    X509_free(certificate);
    free(bytes);
    return pem;
}

static void certificates_that_no_element_holds_are_too_long(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        desk d;
        desk_open(&d, "P-256", NULL);
        svms_issue_options options = workshop_issue_options(SVMS_ROLE_CAMERA);
        svms_request *request = workshop_request(d.ctx, d.key, "Front door");
        workshop_text leaf;
        workshop_issue_pem(&d.issuing, &options, request, &leaf);
        long more_size = 0;
        char *more = large_certificate(&d, i == 0 ? 47000 : 49000, &more_size);
        char *pem = malloc(leaf.size + (size_t)more_size);
        assert_non_null(pem);
        memcpy(pem, leaf.data, leaf.size);
        memcpy(pem + leaf.size, more, (size_t)more_size);
        svms_chain *chain = NULL;
        assert_int_equal(
            svms_chain_from_pem(&chain, d.ctx, pem, leaf.size + (size_t)more_size, NULL), SVMS_OK);
        d.options.chain = chain;
        if (i == 0) {
            desk_start(&d);
            desk_feed(&d, "I", "cI");
            assert_int_equal(signed_sei_certificates(&d.seen->seis[0], 0), 2);
            desk_end(&d, "S");
            assert_int_equal(desk_check(&d).signatures, 1);
        } else {
            refuse(&d, SVMS_E_LIMIT, "chain");
        }
        svms_chain_free(&chain);
        svms_request_free(&request);
        free(pem);
        free(more);
        desk_close(&d);
    }
}

/* What is not taken leaves the stream as it was. */
static void what_is_refused_was_not_taken(void **state)
{
    (void)state;
    static char many[SVMS_SIGNER_UNIT_MAX + 2];
    memset(many, 'p', SVMS_SIGNER_UNIT_MAX + 1);
    many[0] = 'P';
    desk d;
    desk_open(&d, "P-256", NULL);
    desk_start(&d);
    desk_feed(&d, "I", "cI");
    const void *out = &d;
    size_t size = 1;
    static const uint8_t forbidden[] = { 0, 0, 0, 2, 0xE5, 0x88 };
    static const uint8_t truncated[] = { 0, 0, 0, 9, 0x65, 0x88 };
    assert_int_equal(
        svms_camera_signer_add(d.signer, forbidden, sizeof forbidden, d.now, &out, &size, &d.err),
        SVMS_E_MALFORMED);
    assert_null(out);
    assert_int_equal(size, 0);
    assert_int_equal(
        svms_camera_signer_add(d.signer, truncated, sizeof truncated, d.now, &out, &size, &d.err),
        SVMS_E_TRUNCATED);
    assert_int_equal(d.err.offset, 0);
    assert_null(out);
    assert_int_equal(desk_try(&d, "SI"), SVMS_E_UNSUPPORTED);
    assert_null(d.out);
    assert_int_equal(desk_try(&d, many), SVMS_E_LIMIT);
    assert_null(d.out);
    int64_t now = d.now;
    d.now = -1;
    assert_int_equal(desk_try(&d, "I"), SVMS_E_USAGE);
    assert_null(d.out);
    d.now = now;
    desk_feed(&d, "P", "P");
    desk_end(&d, "S");
    assert_int_equal(desk_check(&d).covered, 2);
    assert_int_equal(desk_check(&d).gaps, 0);
    assert_int_equal(desk_try(&d, "I"), SVMS_E_STATE);
    assert_null(d.out);
    assert_int_equal(desk_try_end(&d), SVMS_E_STATE);
    desk_close(&d);
}

static void a_signed_stream_is_not_signed_again(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    desk_start(&d);
    desk_feed(&d, "I", "cI");
    uint8_t copy[8192];
    assert_true(d.out_size < sizeof copy);
    memcpy(copy, d.out, d.out_size);
    const void *out = NULL;
    size_t size = 0;
    assert_int_equal(svms_camera_signer_add(d.signer, copy, d.out_size, d.now, &out, &size, &d.err),
                     SVMS_E_UNSUPPORTED);
    assert_null(out);
    desk_close(&d);
}

static void empty_access_units_pass(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    desk_start(&d);
    desk_feed(&d, "I", "cI");
    desk_feed(&d, "", "");
    assert_non_null(d.out);
    desk_feed(&d, "D", ".");
    desk_end(&d, "S");
    assert_int_equal(desk_check(&d).covered, 1);
    desk_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_out_of_range_are_usage),
        cmocka_unit_test(the_longest_texts_and_largest_numbers_are_taken),
        cmocka_unit_test(missing_arguments_are_usage),
        cmocka_unit_test(keys_that_the_format_does_not_know_are_named),
        cmocka_unit_test(who_may_not_sign_as_a_camera_does_not),
        cmocka_unit_test(certificates_that_no_element_holds_are_too_long),
        cmocka_unit_test(what_is_refused_was_not_taken),
        cmocka_unit_test(a_signed_stream_is_not_signed_again),
        cmocka_unit_test(empty_access_units_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
