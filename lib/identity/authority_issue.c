/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of everybody but authorities (I-CA-6 to I-CA-12). */
#include <string.h>

#include "authority.h"
#include "failure.h"
#include "key_internal.h"
#include "options.h"
#include "request_internal.h"
#include "role_profile.h"
#include "subject_name.h"

#define URI_MAX 1024

/* Printable ASCII behind "http://": what fetches lists must not need TLS to check TLS. */
static svms_status check_crl_uri(const char *uri, svms_error *err)
{
    static const char scheme[] = "http://";
    bool good = strncmp(uri, scheme, sizeof scheme - 1) == 0 && uri[sizeof scheme - 1] != '\0' &&
                strnlen(uri, URI_MAX + 1) <= URI_MAX;
    for (const char *at = uri; good && *at != '\0'; at++) {
        good = *at > 0x20 && *at < 0x7F;
    }
    return good ? SVMS_OK
                : svms_fail(err, SVMS_E_USAGE,
                            "where lists are published is an http:// URI of at most %d characters",
                            URI_MAX);
}

static svms_status check_names(const svms_certificate_plan *plan, svms_error *err)
{
    const svms_role_profile *profile = svms_role_profile_of(plan->role);
    if (plan->name_count > 0 && !profile->has_hosts) {
        return svms_fail(err, SVMS_E_USAGE, "a certificate of role %s has no host names",
                         svms_role_name(plan->role));
    }
    if (plan->name_count == 0 && plan->role == SVMS_ROLE_SERVER) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a server's certificate needs a DNS name or an IP address");
    }
    return svms_check_subject_hosts(plan->names, plan->name_count, err);
}

static svms_status check_plan(const svms_certificate_plan *plan, svms_error *err)
{
    if (!svms_role_profile_of(plan->role)) {
        return svms_fail(err, SVMS_E_USAGE, "%d is no role", (int)plan->role);
    }
    svms_status status = svms_check_common_name(plan->common_name, err);
    if (status == SVMS_OK) {
        status = svms_check_period(plan, err);
    }
    if (status == SVMS_OK) {
        status = check_names(plan, err);
    }
    if (status == SVMS_OK && plan->crl_uri) {
        status = check_crl_uri(plan->crl_uri, err);
    }
    return status == SVMS_OK ? svms_check_key_is_free(plan, err) : status;
}

svms_status svms_ca_issue(const svms_ca *ca, const svms_issue_options *options,
                          const svms_request *request, char *out, size_t *size, svms_error *err)
{
    if (!ca || !options || !request || !size || (!out && *size > 0)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a certificate needs an authority, options, a request and a buffer");
    }
    svms_issue_options known = SVMS_ISSUE_OPTIONS_INIT;
    svms_status status =
        svms_options_read(&known, sizeof known, options, "svms_issue_options", err);
    if (status != SVMS_OK) {
        return status;
    }
    const char *own = known.common_name ? known.common_name : request->info.common_name;
    svms_certificate_plan plan = {
        .ctx = ca->ctx,
        .issuer = ca,
        .subject_key = svms_public_key_evp(request->key),
        .common_name = own,
        .not_before_utc_ns = known.not_before_utc_ns,
        .not_after_utc_ns = known.not_after_utc_ns,
        .role = known.role,
        .names = known.names,
        .name_count = known.name_count,
        .crl_uri = known.crl_uri,
    };
    status = check_plan(&plan, err);
    return status == SVMS_OK ? svms_make_certificate(&plan, ca->key, out, size, err) : status;
}
