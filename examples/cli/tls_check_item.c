/* SPDX-License-Identifier: Apache-2.0 */
/* One certificate, request or revocation list, and what it says against itself. */
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "message.h"
#include "tls_check.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_DAY (INT64_C(86400) * NS_PER_SECOND)
#define HOURS_PER_DAY INT64_C(24)
/* NIST SP 800-57 part 1: what is less is not good enough any more. */
#define SECURITY_BITS_MIN 112
/* As the library writes names (RFC 4514, with spaces). */
#define NAME_FLAGS                                                                                 \
    ((XN_FLAG_RFC2253 & ~(XN_FLAG_SEP_MASK | ASN1_STRFLGS_ESC_MSB)) | XN_FLAG_SEP_CPLUS_SPC)
/* A list is made anew more often than a certificate. */
#define LIST_WARN_DAYS 1

/* Subject or issuer in RFC 4514; what a terminal must not see is escaped by whoever prints it. */
static void name_text(char *out, size_t size, const X509_NAME *name)
{
    BIO *text = BIO_new(BIO_s_mem());
    int length = -1;
    if (text && X509_NAME_print_ex(text, name, 0, NAME_FLAGS) >= 0) {
        length = BIO_read(text, out, (int)size - 1);
    }
    out[length > 0 ? length : 0] = '\0';
    BIO_free(text);
}

static int64_t time_of(const ASN1_TIME *date)
{
    static const char epoch[] = "19700101000000Z";
    int days = 0;
    int seconds = 0;
    ASN1_TIME *zero = ASN1_TIME_new();
    bool known = date && zero && ASN1_TIME_set_string(zero, epoch) == 1 &&
                 ASN1_TIME_diff(&days, &seconds, zero, date) == 1;
    ASN1_TIME_free(zero);
    if (!known || days > INT64_MAX / NS_PER_DAY - 1 || days < -(INT64_MAX / NS_PER_DAY) + 1) {
        return known && days > 0 ? INT64_MAX : SVMS_NO_TIME;
    }
    return days * NS_PER_DAY + seconds * NS_PER_SECOND;
}

static void key_text(char *out, size_t size, const EVP_PKEY *key)
{
    char group[32] = "";
    size_t length = 0;
    const char *kind = key ? EVP_PKEY_get0_type_name(key) : NULL;
    if (!kind) {
        snprintf(out, size, "unknown");
    } else if (EVP_PKEY_get_group_name(key, group, sizeof group, &length) == 1 && length > 0) {
        const char *usual = strcmp(group, "prime256v1") == 0  ? "P-256"
                            : strcmp(group, "secp384r1") == 0 ? "P-384"
                            : strcmp(group, "secp521r1") == 0 ? "P-521"
                                                              : group;
        snprintf(out, size, "%s", usual);
    } else if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS") ||
               EVP_PKEY_is_a(key, "DSA")) {
        snprintf(out, size, "%s-%d", kind, EVP_PKEY_get_bits(key));
    } else {
        snprintf(out, size, "%s", kind);
    }
}

static const char *subject_of(const check_item *item)
{
    return item->info.subject[0] ? item->info.subject : "a nameless subject";
}

static void judge_key(check_report *report, const check_item *item, const EVP_PKEY *key)
{
    if (!key) {
        check_find(report, CHECK_WRONG, "unknown-key", "the key of %s is of an unknown kind",
                   subject_of(item));
    } else if (EVP_PKEY_get_security_bits(key) < SECURITY_BITS_MIN) {
        check_find(report, CHECK_WRONG, "weak-key", "the key of %s is too weak: %s",
                   subject_of(item), item->info.key);
    }
}

static void judge_digest(check_report *report, const check_item *item, int signature)
{
    int digest = NID_undef;
    if (OBJ_find_sigid_algs(signature, &digest, NULL) == 1 &&
        (digest == NID_sha1 || digest == NID_md5 || digest == NID_md4 || digest == NID_md2)) {
        check_find(report, CHECK_WRONG, "weak-signature",
                   "%s is signed with a digest that is broken: %s", subject_of(item),
                   item->info.signature);
    }
}

/* From one moment to a later one: "3 days", "5 hours", whole ones, rounded down. */
static void span_words(char out[32], int64_t from, int64_t to)
{
    uint64_t ns = (uint64_t)to - (uint64_t)from;
    int64_t hours = (int64_t)(ns / (uint64_t)(NS_PER_DAY / HOURS_PER_DAY));
    int64_t count = hours >= 2 * HOURS_PER_DAY ? hours / HOURS_PER_DAY : hours;
    const char *unit = hours >= 2 * HOURS_PER_DAY ? "day" : "hour";
    snprintf(out, 32, "%lld %s%s", (long long)count, unit, count == 1 ? "" : "s");
}

static void judge_period(check_report *report, const check_means *means, const check_item *item)
{
    char span[32];
    const svms_certificate_info *info = &item->info;
    int64_t now = means->now_utc_ns;
    int64_t end = info->not_after_utc_ns;
    switch (svms_expiry_stage_at(info->not_before_utc_ns, end, now)) {
    case SVMS_EXPIRY_NOT_YET_VALID:
        check_find(report, CHECK_WRONG, "not-yet-valid", "the certificate of %s is not valid yet",
                   subject_of(item));
        return;
    case SVMS_EXPIRY_EXPIRED:
        span_words(span, end, now);
        check_find(report, CHECK_WRONG, "expired", "the certificate of %s expired %s ago",
                   subject_of(item), span);
        return;
    default:
        break;
    }
    if (end != INT64_MAX && end - now <= means->request->warn_days * NS_PER_DAY) {
        span_words(span, now, end);
        check_find(report, CHECK_SOON, "expires-soon", "the certificate of %s expires in %s",
                   subject_of(item), span);
    }
}

static check_item *new_item(check_report *report, check_kind kind)
{
    if (report->item_count == CHECK_ITEMS_MAX) {
        if (!check_has(report, "too-many")) {
            check_find(report, CHECK_MALFORMED, "too-many",
                       "more than %d certificates, requests and lists", CHECK_ITEMS_MAX);
        }
        return NULL;
    }
    check_item *item = &report->items[report->item_count++];
    memset(item, 0, sizeof *item);
    item->kind = kind;
    item->info = (svms_certificate_info)SVMS_CERTIFICATE_INFO_INIT;
    item->next_utc_ns = SVMS_NO_TIME;
    return item;
}

static void read_names(check_item *item, const svms_chain *chain)
{
    char name[SVMS_CERTIFICATE_NAME_SIZE];
    for (size_t i = 0; i < item->info.name_count; i++) {
        if (svms_chain_certificate_name(chain, 1, i, name, NULL) == SVMS_OK) {
            json_array_append_new(item->names, json_stringn_nocheck(name, strlen(name)));
        }
    }
}

/* A chain may not begin with a certificate whose key is too weak to sign, which is just what must
 * be said here; so each stands behind one that is good. */
static svms_status describe_behind(const check_means *means, check_item *item, svms_error *err)
{
    svms_chain *chain = NULL;
    char *pem = NULL;
    BIO *text = BIO_new(BIO_s_mem());
    svms_status status = SVMS_E_NO_MEMORY;
    if (text && BIO_write(text, means->carrier.bytes, (int)means->carrier.size) > 0 &&
        PEM_write_bio_X509(text, item->certificate) == 1) {
        long size = BIO_get_mem_data(text, &pem);
        status = svms_chain_from_pem(&chain, means->ctx, pem, (size_t)size, err);
    }
    if (status == SVMS_OK) {
        status = svms_chain_certificate(chain, 1, &item->info, err);
    }
    if (status == SVMS_OK) {
        read_names(item, chain);
    }
    svms_chain_free(&chain);
    BIO_free(text);
    return status;
}

static bool is_pinned(const check_means *means, const check_item *item)
{
    return means->has_pin && memcmp(means->pin, item->info.sha256, sizeof means->pin) == 0;
}

static void judge_certificate(check_report *report, const check_means *means,
                              const check_item *item)
{
    const X509 *certificate = item->certificate;
    bool own =
        X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0;
    judge_period(report, means, item);
    judge_key(report, item, X509_get0_pubkey(certificate));
    if (!own) {
        judge_digest(report, item, X509_get_signature_nid(certificate));
    } else if (!item->info.is_ca && !is_pinned(means, item)) {
        check_find(report, CHECK_WRONG, "self-signed",
                   "the certificate of %s is self-signed: anybody may have made it",
                   subject_of(item));
    }
}

bool check_add_certificate(check_report *report, const check_means *means, const uint8_t *der,
                           size_t size)
{
    const unsigned char *end = der;
    X509 *certificate = d2i_X509(NULL, &end, (long)size);
    if (!certificate || end != der + size) {
        X509_free(certificate);
        return false;
    }
    check_item *item = new_item(report, CHECK_CERTIFICATE);
    if (!item) {
        X509_free(certificate);
        return true;
    }
    item->certificate = certificate;
    item->names = json_array();
    svms_error err = SVMS_ERROR_INIT;
    if (describe_behind(means, item, &err) == SVMS_OK) {
        judge_certificate(report, means, item);
    } else {
        name_text(item->info.subject, sizeof item->info.subject,
                  X509_get_subject_name(certificate));
        check_find(report, CHECK_MALFORMED, "malformed", "the certificate of %s cannot be used: %s",
                   subject_of(item), err.message);
    }
    ERR_clear_error();
    return true;
}

static void request_names(check_item *item, X509_REQ *request)
{
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
    GENERAL_NAMES *names = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int kind = 0;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &kind);
        if (kind == GEN_DNS) {
            json_array_append_new(item->names,
                                  json_stringn_nocheck((const char *)ASN1_STRING_get0_data(value),
                                                       (size_t)ASN1_STRING_length(value)));
        } else if (kind == GEN_IPADD) {
            char *address = i2s_ASN1_OCTET_STRING(NULL, value);
            json_array_append_new(item->names, json_string(address ? address : ""));
            OPENSSL_free(address);
        }
    }
    GENERAL_NAMES_free(names);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

bool check_add_request(check_report *report, const check_means *means, const uint8_t *der,
                       size_t size)
{
    const unsigned char *end = der;
    X509_REQ *request = d2i_X509_REQ(NULL, &end, (long)size);
    if (!request || end != der + size) {
        X509_REQ_free(request);
        return false;
    }
    check_item *item = new_item(report, CHECK_REQUEST);
    if (item) {
        EVP_PKEY *key = X509_REQ_get0_pubkey(request);
        item->names = json_array();
        name_text(item->info.subject, sizeof item->info.subject,
                  X509_REQ_get_subject_name(request));
        key_text(item->info.key, sizeof item->info.key, key);
        snprintf(item->info.signature, sizeof item->info.signature, "%s",
                 OBJ_nid2ln(X509_REQ_get_signature_nid(request)));
        request_names(item, request);
        judge_key(report, item, key);
        judge_digest(report, item, X509_REQ_get_signature_nid(request));
        if (key && X509_REQ_verify(request, key) != 1) {
            check_find(report, CHECK_WRONG, "bad-signature",
                       "the request of %s is not signed by its key", subject_of(item));
        }
        if (key && means->public_half && EVP_PKEY_eq(key, means->public_half) != 1) {
            check_find(report, CHECK_WRONG, "wrong-key", "the request of %s is for another key",
                       subject_of(item));
        }
    }
    X509_REQ_free(request);
    ERR_clear_error();
    return true;
}

static void judge_list(check_report *report, const check_means *means, const check_item *item)
{
    char span[32];
    const char *issuer = item->info.issuer;
    int64_t now = means->now_utc_ns;
    int64_t next = item->next_utc_ns;
    int64_t warn = means->request->warn_days < LIST_WARN_DAYS ? 0 : LIST_WARN_DAYS * NS_PER_DAY;
    if (now < item->info.not_before_utc_ns) {
        check_find(report, CHECK_WRONG, "list-not-yet-valid",
                   "the revocation list of %s is of a time to come", issuer);
    }
    if (next == SVMS_NO_TIME) {
        check_find(report, CHECK_WRONG, "list-without-end",
                   "the revocation list of %s does not say when the next one comes", issuer);
    } else if (next < now) {
        span_words(span, next, now);
        check_find(report, CHECK_WRONG, "list-out-of-date",
                   "the revocation list of %s is out of date: the next one was due %s ago", issuer,
                   span);
    } else if (next - now <= warn) {
        span_words(span, now, next);
        check_find(report, CHECK_SOON, "list-due-soon",
                   "the revocation list of %s is out of date in %s", issuer, span);
    }
}

bool check_add_list(check_report *report, const check_means *means, const uint8_t *der, size_t size)
{
    const unsigned char *end = der;
    X509_CRL *list = d2i_X509_CRL(NULL, &end, (long)size);
    if (!list || end != der + size) {
        X509_CRL_free(list);
        return false;
    }
    check_item *item = new_item(report, CHECK_LIST);
    if (item) {
        name_text(item->info.issuer, sizeof item->info.issuer, X509_CRL_get_issuer(list));
        snprintf(item->info.subject, sizeof item->info.subject, "the revocation list of %.200s",
                 item->info.issuer);
        snprintf(item->info.signature, sizeof item->info.signature, "%s",
                 OBJ_nid2ln(X509_CRL_get_signature_nid(list)));
        item->info.not_before_utc_ns = time_of(X509_CRL_get0_lastUpdate(list));
        item->next_utc_ns = time_of(X509_CRL_get0_nextUpdate(list));
        int count = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(list));
        item->revoked = count > 0 ? (size_t)count : 0;
        judge_list(report, means, item);
        judge_digest(report, item, X509_CRL_get_signature_nid(list));
    }
    X509_CRL_free(list);
    ERR_clear_error();
    return true;
}

static bool is_one_of(const char *name, const char *const *names)
{
    while (*names && strcmp(name, *names) != 0) {
        names++;
    }
    return *names != NULL;
}

/* Other blocks (keys, parameters) are passed over. */
static bool add_block(check_report *report, const check_means *means, const char *name,
                      const uint8_t *der, size_t size)
{
    static const char *const certificates[] = { PEM_STRING_X509, PEM_STRING_X509_OLD, NULL };
    static const char *const requests[] = { PEM_STRING_X509_REQ, PEM_STRING_X509_REQ_OLD, NULL };
    static const char *const lists[] = { PEM_STRING_X509_CRL, NULL };
    if (is_one_of(name, certificates)) {
        return check_add_certificate(report, means, der, size);
    }
    if (is_one_of(name, requests)) {
        return check_add_request(report, means, der, size);
    }
    return !is_one_of(name, lists) || check_add_list(report, means, der, size);
}

bool check_add_pem(check_report *report, const check_means *means, const char *pem, size_t size)
{
    BIO *text = BIO_new_mem_buf(pem, (int)size);
    bool good = text != NULL;
    while (good) {
        char *name = NULL;
        char *header = NULL;
        unsigned char *der = NULL;
        long length = 0;
        ERR_clear_error();
        if (PEM_read_bio(text, &name, &header, &der, &length) != 1) {
            good = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
            break;
        }
        good = add_block(report, means, name, der, (size_t)length);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, (size_t)length);
    }
    ERR_clear_error();
    BIO_free(text);
    return good;
}
