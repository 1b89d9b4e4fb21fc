/* SPDX-License-Identifier: Apache-2.0 */
#include "named_leaf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#define DER_MAX 8192

static svms_chain *read_back(svms_ctx *ctx, X509 *certificate)
{
    svms_chain *chain = NULL;
    char *text = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(bio, certificate), 1);
    long size = BIO_get_mem_data(bio, &text);
    assert_int_equal(svms_chain_from_pem(&chain, ctx, text, (size_t)size, NULL), SVMS_OK);
    BIO_free(bio);
    return chain;
}

svms_chain *named_leaf_raw(svms_ctx *ctx, const char *common_name, const unsigned char *der,
                           size_t size)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    assert_int_equal(X509_set_version(certificate, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 0x1234), 1);
    assert_non_null(ASN1_TIME_set(X509_getm_notBefore(certificate), 0));
    assert_non_null(ASN1_TIME_set(X509_getm_notAfter(certificate), 86399));
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                                (const unsigned char *)common_name, -1, -1, 0),
                     1);
    assert_int_equal(X509_set_issuer_name(certificate, name), 1);
    assert_int_equal(X509_set_pubkey(certificate, key), 1);
    if (der) {
        ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
        assert_int_equal(ASN1_OCTET_STRING_set(value, der, (int)size), 1);
        X509_EXTENSION *extension =
            X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, value);
        assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
        X509_EXTENSION_free(extension);
        ASN1_OCTET_STRING_free(value);
    }
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    svms_chain *chain = read_back(ctx, certificate);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return chain;
}

/* Tag, length in its shortest form, content. */
static size_t put(unsigned char *out, unsigned char tag, const void *content, size_t size)
{
    size_t head = 2;
    out[0] = tag;
    if (size < 0x80) {
        out[1] = (unsigned char)size;
    } else {
        out[1] = 0x82;
        out[2] = (unsigned char)(size >> 8);
        out[3] = (unsigned char)size;
        head = 4;
        if (size < 0x100) {
            out[1] = 0x81;
            out[2] = (unsigned char)size;
            head = 3;
        }
    }
    memcpy(out + head, content, size);
    return head + size;
}

svms_chain *named_leaf(svms_ctx *ctx, const char *common_name, const leaf_name *names, size_t count)
{
    static unsigned char content[DER_MAX];
    static unsigned char der[DER_MAX + 8];
    size_t used = 0;
    if (!names) {
        return named_leaf_raw(ctx, common_name, NULL, 0);
    }
    for (size_t i = 0; i < count; i++) {
        size_t size = names[i].size > 0 ? names[i].size : strlen(names[i].text);
        assert_true(used + size + 4 <= sizeof content);
        used += put(content + used, names[i].tag, names[i].text, size);
    }
    return named_leaf_raw(ctx, common_name, der, put(der, 0x30, content, used));
}
