/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_certify.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "ca_certificate.h"
#include "message.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define SECONDS_PER_DAY INT64_C(86400)
/* Clocks of devices differ a little; what is issued must be good at once. */
#define BACKDATED_SECONDS 300
#define CERTIFICATE_CAPACITY ((size_t)32768)

uint32_t ca_role_days(svms_role role)
{
    switch (role) {
    case SVMS_ROLE_SERVER:
    case SVMS_ROLE_CLIENT_DEVICE:
    case SVMS_ROLE_USER:
        return 398;
    case SVMS_ROLE_TIME_STAMPER:
        return 1825;
    default:
        return 825;
    }
}

static bool same_host(const char *one, const char *other)
{
    static const int families[] = { AF_INET, AF_INET6 };
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        unsigned char addresses[2][sizeof(struct in6_addr)] = { { 0 } };
        if (inet_pton(families[i], one, addresses[0]) == 1) {
            return inet_pton(families[i], other, addresses[1]) == 1 &&
                   memcmp(addresses[0], addresses[1], sizeof addresses[0]) == 0;
        }
    }
    return strcasecmp(one, other) == 0;
}

static bool order_has(const ca_order *order, const char *host)
{
    for (size_t i = 0; i < order->host_count; i++) {
        if (same_host(order->hosts[i], host)) {
            return true;
        }
    }
    return false;
}

static bool request_has(const svms_request *request, size_t count, const char *host)
{
    for (size_t i = 0; i < count; i++) {
        if (same_host(svms_request_name(request, i), host)) {
            return true;
        }
    }
    return false;
}

static bool same_hosts(const ca_order *order, const svms_request *request, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!order_has(order, svms_request_name(request, i))) {
            return false;
        }
    }
    for (size_t i = 0; i < order->host_count && count > 0; i++) {
        if (!request_has(request, count, order->hosts[i])) {
            return false;
        }
    }
    return true;
}

exit_status ca_compare(const ca_order *order, const svms_request *request, ca_difference *out)
{
    svms_request_info info = SVMS_REQUEST_INFO_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_request_describe(request, &info, &err) != SVMS_OK) {
        return complain_error(&err, "cannot use the request");
    }
    if (info.role != SVMS_ROLE_NONE && info.role != order->role) {
        *out = CA_OTHER_ROLE;
    } else if (info.common_name[0] && strcmp(info.common_name, order->name) != 0) {
        *out = CA_OTHER_NAME;
    } else if (!same_hosts(order, request, info.name_count)) {
        *out = CA_OTHER_HOSTS;
    } else {
        *out = CA_SAME;
    }
    return EXIT_GOOD;
}

static exit_status refuse(ca_refusal *out, ca_refusal why)
{
    if (out) {
        *out = why;
    }
    return EXIT_POLICY;
}

exit_status ca_check_key(const ca_journal *journal, svms_role role, const char *name,
                         const uint8_t key_sha256[CA_HASH_SIZE], ca_refusal *refusal)
{
    for (size_t i = 0; i < journal->issued_count; i++) {
        const ca_issued *entry = &journal->issued[i];
        if (memcmp(entry->key_sha256, key_sha256, CA_HASH_SIZE) != 0) {
            continue;
        }
        if (entry->revoked) {
            complain("the key is that of certificate %s, which is revoked; make a new key",
                     entry->serial);
            return refuse(refusal, CA_REFUSED_KEY_REVOKED);
        }
        if (entry->role != role || strcmp(entry->name, name) != 0) {
            complain("the key is certified already as \"%s\" (%s), certificate %s; each holder and "
                     "each role needs a key of its own",
                     entry->name, ca_role_name(entry->role), entry->serial);
            return refuse(refusal, CA_REFUSED_KEY_IN_USE);
        }
    }
    return EXIT_GOOD;
}

/* Whether that is what the order says, host for host. */
static bool is_for(const ca_order *order, svms_role role, const char *name, const ca_hosts *hosts)
{
    bool same =
        order->role == role && strcmp(order->name, name) == 0 && order->host_count == hosts->count;
    for (size_t i = 0; same && i < hosts->count; i++) {
        same = same_host(order->hosts[i], hosts->items[i]);
    }
    return same;
}

static exit_status check_renewal(const ca_folder *folder, const ca_order *order,
                                 ca_refusal *refusal)
{
    const char *why = NULL;
    if (!order->renews) {
        return EXIT_GOOD;
    }
    const ca_issued *old = ca_journal_find_serial(&folder->journal, order->renews);
    if (!old) {
        why = "it was not issued here";
    } else if (old->revoked) {
        why = "it is revoked";
    } else if (old->not_after_utc_ns < (int64_t)time(NULL) * NS_PER_SECOND) {
        why = "it has expired";
    } else if (!is_for(order, old->role, old->name, &old->hosts)) {
        why = "it has another name or role, or other hosts";
    } else {
        return EXIT_GOOD;
    }
    complain("certificate %s cannot be renewed: %s", order->renews, why);
    return refuse(refusal, CA_REFUSED_RENEWED);
}

/* One code is one certificate, of what the operator said when he made it. */
static exit_status check_code(const ca_folder *folder, const ca_order *order)
{
    const char *why = NULL;
    if (!order->code) {
        return EXIT_GOOD;
    }
    const ca_code *code = ca_journal_find_code(&folder->journal, order->code);
    if (!code) {
        why = "there is none of this id";
    } else if (code->state != CA_CODE_OPEN) {
        why = code->state == CA_CODE_USED ? "it is used" : "it is void";
    } else if (code->until_utc_ns < (int64_t)time(NULL) * NS_PER_SECOND) {
        why = "it has expired";
    } else if (!is_for(order, code->role, code->name, &code->hosts)) {
        why = "it is for another name or role, or other hosts";
    } else {
        return EXIT_GOOD;
    }
    complain("nothing is issued for code %s: %s", order->code, why);
    return EXIT_POLICY;
}

static exit_status choose_period(const ca_folder *folder, const ca_order *order,
                                 svms_issue_options *options, bool *shortened, ca_refusal *refusal)
{
    int64_t now = (int64_t)time(NULL);
    int64_t begin = folder->info.not_before_utc_ns / NS_PER_SECOND;
    int64_t end = folder->info.not_after_utc_ns / NS_PER_SECOND;
    uint32_t days = order->days > 0 ? order->days : ca_role_days(order->role);
    int64_t wanted = now + (int64_t)days * SECONDS_PER_DAY;
    char text[SVMS_TIME_TEXT_SIZE];
    char first[SVMS_TIME_TEXT_SIZE];
    svms_time_format(folder->info.not_after_utc_ns, text);
    svms_time_format(folder->info.not_before_utc_ns, first);
    if (now < begin || now >= end) {
        complain("the authority in %s is valid from %s to %s, which is not now", folder->path,
                 first, text);
        return refuse(refusal, CA_REFUSED_BEYOND_END);
    }
    if (wanted > end && order->days > 0) {
        complain("%" PRIu32 " days are more than the authority in %s has left: it ends at %s", days,
                 folder->path, text);
        return refuse(refusal, CA_REFUSED_BEYOND_END);
    }
    *shortened = wanted > end;
    options->not_before_utc_ns =
        (now - BACKDATED_SECONDS > begin ? now - BACKDATED_SECONDS : begin) * NS_PER_SECOND;
    options->not_after_utc_ns = (*shortened ? end : wanted) * NS_PER_SECOND;
    return EXIT_GOOD;
}

static char *sign(const ca_folder *folder, const svms_issue_options *options,
                  const svms_request *request, exit_status *status)
{
    svms_error err = SVMS_ERROR_INIT;
    size_t size = CERTIFICATE_CAPACITY;
    char *pem = malloc(size);
    if (!pem) {
        complain("out of memory");
        *status = EXIT_ENVIRONMENT;
        return NULL;
    }
    if (svms_ca_issue(folder->authority, options, request, pem, &size, &err) != SVMS_OK) {
        *status = complain_error(&err, "cannot issue a certificate");
        free(pem);
        return NULL;
    }
    *status = EXIT_GOOD;
    return pem;
}

/* The journal knows before anybody else does. */
static exit_status enter_into_journal(ca_folder *folder, const ca_order *order,
                                      const svms_request_info *asked, const char *pem,
                                      ca_certified *out)
{
    svms_certificate_info info;
    ca_issued entry;
    memset(&entry, 0, sizeof entry);
    exit_status status = ca_read_certificate(folder->ctx, pem, &info, entry.serial);
    if (status != EXIT_GOOD) {
        return status;
    }
    if (ca_journal_find_serial(&folder->journal, entry.serial)) {
        complain("the random serial number %s is taken; nothing was issued", entry.serial);
        return EXIT_ENVIRONMENT;
    }
    memcpy(entry.sha256, info.sha256, sizeof entry.sha256);
    memcpy(entry.key_sha256, asked->key_sha256, sizeof entry.key_sha256);
    entry.role = order->role;
    entry.name = order->name;
    entry.hosts = (ca_hosts){ order->hosts, order->host_count };
    entry.not_before_utc_ns = info.not_before_utc_ns;
    entry.not_after_utc_ns = info.not_after_utc_ns;
    strncpy(entry.code, order->code ? order->code : "", sizeof entry.code - 1);
    strncpy(entry.renews, order->renews ? order->renews : "", sizeof entry.renews - 1);
    memcpy(out->serial, entry.serial, sizeof out->serial);
    out->not_after_utc_ns = entry.not_after_utc_ns;
    return ca_journal_add_issued(&folder->journal, &entry, pem);
}

static exit_status append_authorities(const ca_folder *folder, const char *leaf, ca_certified *out)
{
    size_t size = strlen(leaf);
    out->pem = malloc(size + folder->pem.size + 1);
    if (!out->pem) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    memcpy(out->pem, leaf, size);
    memcpy(out->pem + size, folder->pem.bytes, folder->pem.size + 1);
    out->size = size + folder->pem.size;
    return EXIT_GOOD;
}

exit_status ca_certify(ca_folder *folder, const ca_order *order, const svms_request *request,
                       ca_certified *out, ca_refusal *refusal)
{
    svms_request_info asked = SVMS_REQUEST_INFO_INIT;
    svms_issue_options options = SVMS_ISSUE_OPTIONS_INIT;
    ca_certified made = { NULL, 0, "", 0, false };
    svms_error err = SVMS_ERROR_INIT;
    if (refusal) {
        *refusal = CA_REFUSED_NOT;
    }
    if (svms_request_describe(request, &asked, &err) != SVMS_OK) {
        return complain_error(&err, "cannot use the request");
    }
    exit_status status =
        ca_check_key(&folder->journal, order->role, order->name, asked.key_sha256, refusal);
    if (status == EXIT_GOOD) {
        status = check_renewal(folder, order, refusal);
    }
    if (status == EXIT_GOOD) {
        status = check_code(folder, order);
    }
    if (status == EXIT_GOOD) {
        status = choose_period(folder, order, &options, &made.shortened, refusal);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    options.role = order->role;
    options.common_name = order->name;
    options.names = order->hosts;
    options.name_count = order->host_count;
    options.crl_uri = folder->crl_uri;
    char *leaf = sign(folder, &options, request, &status);
    if (leaf) {
        status = append_authorities(folder, leaf, &made);
    }
    if (status == EXIT_GOOD) {
        status = enter_into_journal(folder, order, &asked, leaf, &made);
    }
    free(leaf);
    if (status != EXIT_GOOD) {
        ca_certified_free(&made);
        return status;
    }
    *out = made;
    return EXIT_GOOD;
}

void ca_certified_free(ca_certified *certified)
{
    free(certified->pem);
    certified->pem = NULL;
}
