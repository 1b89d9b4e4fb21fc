/* SPDX-License-Identifier: Apache-2.0 */
#include "authority.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

static void need(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "authority: cannot %s\n", what);
        ERR_print_errors_fp(stderr);
        abort();
    }
}

static const char *or_else(const char *given, const char *usual)
{
    return given ? given : usual;
}

static EVP_PKEY *make_key(const char *type)
{
    EVP_PKEY *key = NULL;
    if (strcmp(type, "RSA") == 0) {
        key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    } else if (strcmp(type, "RSA1024") == 0) {
        key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    } else if (strcmp(type, "ED25519") == 0) {
        key = EVP_PKEY_Q_keygen(NULL, NULL, type);
    } else if (strcmp(type, "EC") != 0) {
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", type);
    } else {
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    }
    need(key != NULL, "make a key");
    return key;
}

static void add_extension(X509 *certificate, X509V3_CTX *v3, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, v3, nid, value);
    need(extension && X509_add_ext(certificate, extension, -1) == 1, value);
    X509_EXTENSION_free(extension);
}

static void add_extensions(const party *of, const party *issuer, const party_plan *plan)
{
    X509V3_CTX v3;
    X509V3_set_ctx(&v3, issuer->certificate, of->certificate, NULL, NULL, 0);
    add_extension(of->certificate, &v3, NID_subject_key_identifier, "hash");
    add_extension(of->certificate, &v3, NID_authority_key_identifier, "keyid");
    if (!plan->usage) {
        add_extension(of->certificate, &v3, NID_basic_constraints, "critical,CA:TRUE");
        add_extension(of->certificate, &v3, NID_key_usage,
                      or_else(plan->key_usage, "critical,keyCertSign,cRLSign"));
        return;
    }
    add_extension(of->certificate, &v3, NID_key_usage,
                  or_else(plan->key_usage, "critical,digitalSignature"));
    if (plan->usage[0] != '\0') {
        add_extension(of->certificate, &v3, NID_ext_key_usage, plan->usage);
    }
}

party party_make(const party_plan *plan)
{
    static long serial = 0x1000;
    party out = { make_key(or_else(plan->key_type, "EC")), X509_new(), plan->issuer };
    const party *issuer = plan->issuer ? plan->issuer : &out;
    X509_NAME *name = X509_NAME_new();
    need(out.certificate && name, "make a certificate");
    X509_set_version(out.certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(out.certificate), ++serial);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)plan->name, -1, -1,
                               0);
    X509_set_subject_name(out.certificate, name);
    X509_set_issuer_name(out.certificate,
                         plan->issuer ? X509_get_subject_name(issuer->certificate) : name);
    X509_NAME_free(name);
    need(ASN1_TIME_set_string_X509(X509_getm_notBefore(out.certificate), plan->from) == 1 &&
             ASN1_TIME_set_string_X509(X509_getm_notAfter(out.certificate), plan->to) == 1,
         "set the dates");
    X509_set_pubkey(out.certificate, out.key);
    add_extensions(&out, issuer, plan);
    need(X509_sign(out.certificate, issuer->key, EVP_sha256()) > 0, "sign a certificate");
    return out;
}

void party_free(party *gone)
{
    EVP_PKEY_free(gone->key);
    X509_free(gone->certificate);
    memset(gone, 0, sizeof *gone);
}

static size_t append(BIO *bio, char *text, size_t length, size_t room)
{
    char *data = NULL;
    long size = BIO_get_mem_data(bio, &data);
    need(size > 0 && length + (size_t)size < room, "fit PEM text");
    memcpy(text + length, data, (size_t)size);
    BIO_free(bio);
    text[length + (size_t)size] = '\0';
    return length + (size_t)size;
}

size_t party_pem(const party *of, char *text, size_t length, size_t room)
{
    BIO *bio = BIO_new(BIO_s_mem());
    need(bio && PEM_write_bio_X509(bio, of->certificate) == 1, "write a certificate");
    return append(bio, text, length, room);
}

static made keep(unsigned char *der, int size)
{
    made out = { malloc(size > 0 ? (size_t)size : 1), (size_t)size };
    need(out.data && size > 0, "encode");
    memcpy(out.data, der, (size_t)size);
    OPENSSL_free(der);
    return out;
}

static int64_t stamp_seconds;
static long stamp_micros;

static int fixed_time(TS_RESP_CTX *ctx, void *data, long *seconds, long *micros)
{
    (void)ctx;
    (void)data;
    *seconds = (long)stamp_seconds;
    *micros = stamp_micros;
    return 1;
}

static ASN1_INTEGER *fixed_serial(TS_RESP_CTX *ctx, void *data)
{
    ASN1_INTEGER *serial = ASN1_INTEGER_new();
    (void)ctx;
    (void)data;
    need(serial && ASN1_INTEGER_set(serial, 0x123456) == 1, "make a serial number");
    return serial;
}

static int64_t seconds_of(const char *text)
{
    ASN1_TIME *time = ASN1_TIME_new();
    char compact[32];
    size_t used = 0;
    int days = 0;
    int rest = 0;
    for (const char *c = text; *c && *c != '.' && *c != 'Z' && used + 2 < sizeof compact; c++) {
        if (*c != '-' && *c != ':' && *c != 'T') {
            compact[used++] = *c;
        }
    }
    compact[used++] = 'Z';
    compact[used] = '\0';
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    need(time && epoch && ASN1_TIME_set_string(time, compact) == 1 &&
             ASN1_TIME_diff(&days, &rest, epoch, time) == 1,
         "read a time");
    ASN1_TIME_free(time);
    ASN1_TIME_free(epoch);
    return (int64_t)days * 86400 + rest;
}

static BIO *query_for(const stamp_plan *plan)
{
    BIO *bio = BIO_new(BIO_s_mem());
    need(bio != NULL, "make a buffer");
    if (plan->query) {
        BIO_write(bio, plan->query->data, (int)plan->query->size);
        return bio;
    }
    const EVP_MD *md = EVP_get_digestbyname(or_else(plan->imprint, "SHA256"));
    unsigned char digest[EVP_MAX_MD_SIZE] = { 0 };
    memcpy(digest, plan->digest, 32);
    TS_REQ *request = TS_REQ_new();
    TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    X509_ALGOR *algorithm = X509_ALGOR_new();
    need(md && request && imprint && algorithm, "make a query");
    X509_ALGOR_set0(algorithm, OBJ_nid2obj(EVP_MD_get_type(md)), V_ASN1_NULL, NULL);
    TS_MSG_IMPRINT_set_algo(imprint, algorithm);
    TS_MSG_IMPRINT_set_msg(imprint, digest, EVP_MD_get_size(md));
    TS_REQ_set_version(request, 1);
    TS_REQ_set_msg_imprint(request, imprint);
    TS_REQ_set_cert_req(request, plan->without_certificate ? 0 : 1);
    need(i2d_TS_REQ_bio(bio, request) == 1, "write a query");
    X509_ALGOR_free(algorithm);
    TS_MSG_IMPRINT_free(imprint);
    TS_REQ_free(request);
    return bio;
}

static TS_RESP_CTX *prepare(const stamp_plan *plan)
{
    TS_RESP_CTX *ctx = TS_RESP_CTX_new();
    ASN1_OBJECT *policy = OBJ_txt2obj("1.2.3.4.1", 1);
    STACK_OF(X509) *issuers = sk_X509_new_null();
    const party *authority = plan->authority;
    need(ctx && policy && issuers, "make an authority");
    if (authority->issuer) {
        sk_X509_push(issuers, authority->issuer->certificate);
    }
    need(TS_RESP_CTX_set_signer_cert(ctx, authority->certificate) == 1 &&
             TS_RESP_CTX_set_signer_key(ctx, authority->key) == 1 &&
             TS_RESP_CTX_set_certs(ctx, issuers) == 1 &&
             TS_RESP_CTX_set_def_policy(ctx, policy) == 1 &&
             TS_RESP_CTX_add_md(ctx, EVP_sha256()) == 1 &&
             TS_RESP_CTX_add_md(ctx, EVP_sha512()) == 1 &&
             TS_RESP_CTX_set_signer_digest(
                 ctx, EVP_get_digestbyname(or_else(plan->signer_digest, "SHA256"))) == 1 &&
             TS_RESP_CTX_set_ess_cert_id_digest(
                 ctx, EVP_get_digestbyname(or_else(plan->ess_digest, "SHA256"))) == 1 &&
             TS_RESP_CTX_set_clock_precision_digits(ctx, 6) == 1,
         "set up an authority");
    if (plan->with_accuracy) {
        TS_RESP_CTX_set_accuracy(ctx, 1, 500, 100);
    }
    TS_RESP_CTX_add_flags(ctx, (plan->with_name ? TS_TSA_NAME : 0) |
                                   (plan->with_chain ? TS_ESS_CERT_ID_CHAIN : 0));
    stamp_seconds = seconds_of(plan->when);
    stamp_micros = plan->micros;
    TS_RESP_CTX_set_time_cb(ctx, fixed_time, NULL);
    TS_RESP_CTX_set_serial_cb(ctx, fixed_serial, NULL);
    ASN1_OBJECT_free(policy);
    sk_X509_free(issuers);
    return ctx;
}

static TS_RESP *answer(const stamp_plan *plan)
{
    TS_RESP_CTX *ctx = prepare(plan);
    BIO *query = query_for(plan);
    TS_RESP *reply = TS_RESP_create_response(ctx, query);
    need(reply != NULL, "make a time stamp");
    BIO_free(query);
    TS_RESP_CTX_free(ctx);
    ERR_clear_error();
    return reply;
}

made stamp_reply(const stamp_plan *plan)
{
    TS_RESP *reply = answer(plan);
    unsigned char *der = NULL;
    int size = i2d_TS_RESP(reply, &der);
    TS_RESP_free(reply);
    return keep(der, size);
}

made stamp_token(const stamp_plan *plan)
{
    TS_RESP *reply = answer(plan);
    unsigned char *der = NULL;
    need(TS_RESP_get_token(reply) != NULL, "get a time stamp granted");
    int size = i2d_PKCS7(TS_RESP_get_token(reply), &der);
    TS_RESP_free(reply);
    return keep(der, size);
}

made stamp_refusal(const stamp_plan *plan)
{
    static const uint8_t nonsense[] = { 0x30, 0x03, 0x02, 0x01, 0x01 };
    made query = { malloc(sizeof nonsense), sizeof nonsense };
    stamp_plan bad = *plan;
    need(query.data != NULL, "make a query");
    memcpy(query.data, nonsense, sizeof nonsense);
    bad.query = &query;
    made reply = stamp_reply(&bad);
    free(query.data);
    return reply;
}

static void add_signer(CMS_ContentInfo *cms, const party *signer, const resign_plan *plan)
{
    unsigned flags = CMS_BINARY | CMS_NOSMIMECAP | (plan->without_ess ? 0 : CMS_CADES) |
                     (plan->by_key_id ? CMS_USE_KEYID : 0) | (plan->with_pss ? CMS_KEY_PARAM : 0);
    const EVP_MD *md = EVP_get_digestbyname(or_else(plan->digest, "SHA256"));
    CMS_SignerInfo *info = CMS_add1_signer(cms, signer->certificate, signer->key, md, flags);
    need(info != NULL, "add a signer");
    if (plan->with_pss) {
        EVP_PKEY_CTX *ctx = CMS_SignerInfo_get0_pkey_ctx(info);
        need(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
                 EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, EVP_MD_get_size(md)) == 1,
             "set the padding");
    }
}

made stamp_resign(const made *token, const resign_plan *plan)
{
    const unsigned char *at = token->data;
    unsigned char *der = NULL;
    CMS_ContentInfo *old = d2i_CMS_ContentInfo(NULL, &at, (long)token->size);
    need(old != NULL, "read a token");
    ASN1_OCTET_STRING **content = CMS_get0_content(old);
    BIO *data = BIO_new_mem_buf(ASN1_STRING_get0_data(*content), ASN1_STRING_length(*content));
    CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, CMS_PARTIAL | CMS_BINARY);
    need(data && cms && CMS_set1_eContentType(cms, OBJ_nid2obj(NID_id_smime_ct_TSTInfo)) == 1,
         "make a token");
    add_signer(cms, plan->signer, plan);
    if (plan->second) {
        add_signer(cms, plan->second, plan);
    }
    need(CMS_final(cms, data, NULL, CMS_BINARY) == 1, "sign a token");
    int size = i2d_CMS_ContentInfo(cms, &der);
    BIO_free(data);
    CMS_ContentInfo_free(cms);
    CMS_ContentInfo_free(old);
    return keep(der, size);
}

static void add_entry(X509_CRL *list, const revocation_plan *plan)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_TIME *when = ASN1_TIME_new();
    need(entry && when && ASN1_TIME_set_string_X509(when, plan->when) == 1 &&
             X509_REVOKED_set_serialNumber(
                 entry, X509_get_serialNumber(plan->revoked->certificate)) == 1 &&
             X509_REVOKED_set_revocationDate(entry, when) == 1,
         "revoke");
    if (plan->reason >= 0) {
        ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
        need(reason && ASN1_ENUMERATED_set(reason, plan->reason) == 1 &&
                 X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0) == 1,
             "give a reason");
        ASN1_ENUMERATED_free(reason);
    }
    if (plan->invalid) {
        ASN1_GENERALIZEDTIME *invalid = ASN1_GENERALIZEDTIME_new();
        need(invalid && ASN1_GENERALIZEDTIME_set_string(invalid, plan->invalid) == 1 &&
                 X509_REVOKED_add1_ext_i2d(entry, NID_invalidity_date, invalid, 0, 0) == 1,
             "give an invalidity date");
        ASN1_GENERALIZEDTIME_free(invalid);
    }
    need(X509_CRL_add0_revoked(list, entry) == 1, "add an entry");
    ASN1_TIME_free(when);
}

static void make_partial(X509_CRL *list)
{
    ISSUING_DIST_POINT *point = ISSUING_DIST_POINT_new();
    need(point != NULL, "make a distribution point");
    point->onlyuser = 0xFF;
    need(X509_CRL_add1_ext_i2d(list, NID_issuing_distribution_point, point, 1, 0) == 1,
         "make a partial list");
    ISSUING_DIST_POINT_free(point);
}

static void add_issuer_key_id(X509_CRL *list, const party *issuer)
{
    X509V3_CTX v3;
    X509V3_set_ctx(&v3, issuer->certificate, NULL, NULL, list, 0);
    X509_EXTENSION *extension =
        X509V3_EXT_conf_nid(NULL, &v3, NID_authority_key_identifier, "keyid");
    need(extension && X509_CRL_add_ext(list, extension, -1) == 1, "name the issuer's key");
    X509_EXTENSION_free(extension);
}

made revocation_list(const revocation_plan *plan)
{
    X509_CRL *list = X509_CRL_new();
    ASN1_TIME *time = ASN1_TIME_new();
    unsigned char *der = NULL;
    need(list && time && X509_CRL_set_version(list, X509_CRL_VERSION_2) == 1 &&
             X509_CRL_set_issuer_name(list, X509_get_subject_name(plan->issuer->certificate)) ==
                 1 &&
             ASN1_TIME_set_string_X509(time, plan->made) == 1 &&
             X509_CRL_set1_lastUpdate(list, time) == 1,
         "make a revocation list");
    if (plan->next) {
        need(ASN1_TIME_set_string_X509(time, plan->next) == 1 &&
                 X509_CRL_set1_nextUpdate(list, time) == 1,
             "set the next update");
    }
    if (plan->revoked) {
        add_entry(list, plan);
    }
    if (plan->partial) {
        make_partial(list);
    }
    add_issuer_key_id(list, plan->issuer);
    X509_CRL_sort(list);
    EVP_PKEY *other = plan->forged ? make_key("EC") : NULL;
    need(X509_CRL_sign(list, other ? other : plan->issuer->key,
                       EVP_get_digestbyname(or_else(plan->digest, "SHA256"))) > 0,
         "sign a revocation list");
    int size = i2d_X509_CRL(list, &der);
    EVP_PKEY_free(other);
    ASN1_TIME_free(time);
    X509_CRL_free(list);
    return keep(der, size);
}

size_t revocation_pem(const made *list, char *text, size_t length, size_t room)
{
    BIO *bio = BIO_new(BIO_s_mem());
    need(bio && PEM_write_bio(bio, PEM_STRING_X509_CRL, "", list->data, (long)list->size) > 0,
         "write a revocation list");
    return append(bio, text, length, room);
}
