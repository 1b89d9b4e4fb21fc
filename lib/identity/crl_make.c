/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate revocation lists (I-CA-13 to I-CA-16; RFC 5280 section 5). */
#include <string.h>

#include <openssl/x509v3.h>

#include <svms/time.h>

#include "authority.h"
#include "failure.h"
#include "options.h"
#include "revoked.h"

#define LABEL "X509 CRL"
/* What our own verifier reads of lists at once. */
#define LIST_MAX ((size_t)16 * 1024 * 1024)
#define VERSION_2 1

typedef struct list_plan {
    const svms_ca *ca;
    uint64_t number;
    int64_t this_utc_ns;
    int64_t next_utc_ns;
    svms_revoked *revoked; /* in ascending order of serial numbers */
    size_t count;
} list_plan;

static svms_status put_list_extensions(svms_builder *tbs, const list_plan *plan, svms_error *err)
{
    size_t outer = svms_der_open(tbs, SVMS_DER_CONSTRUCTED(0));
    size_t list = svms_der_open(tbs, SVMS_DER_SEQUENCE);
    svms_status status = svms_put_authority_key_id(tbs, plan->ca->ctx, plan->ca->certificate, err);
    svms_extension_marks marks = svms_extension_open(tbs, SVMS_EXT_CRL_NUMBER, false);
    svms_der_put_number(tbs, plan->number);
    svms_extension_close(tbs, marks);
    svms_der_close(tbs, list);
    svms_der_close(tbs, outer);
    return status;
}

static void put_entry(svms_builder *tbs, const svms_revoked *revoked)
{
    size_t entry = svms_der_open(tbs, SVMS_DER_SEQUENCE);
    svms_der_put_magnitude(tbs, revoked->serial, revoked->serial_size);
    svms_der_put_time(tbs, revoked->revoked_utc_ns);
    if (revoked->reason != SVMS_REASON_UNSPECIFIED || revoked->invalid_utc_ns != SVMS_NO_TIME) {
        size_t list = svms_der_open(tbs, SVMS_DER_SEQUENCE);
        if (revoked->reason != SVMS_REASON_UNSPECIFIED) {
            const uint8_t reason = (uint8_t)revoked->reason;
            svms_extension_marks marks = svms_extension_open(tbs, SVMS_EXT_REASON, false);
            svms_der_put(tbs, SVMS_DER_ENUMERATED, &reason, 1);
            svms_extension_close(tbs, marks);
        }
        if (revoked->invalid_utc_ns != SVMS_NO_TIME) {
            svms_extension_marks marks = svms_extension_open(tbs, SVMS_EXT_INVALIDITY_DATE, false);
            svms_der_put_generalized_time(tbs, SVMS_DER_GENERALIZED_TIME, revoked->invalid_utc_ns);
            svms_extension_close(tbs, marks);
        }
        svms_der_close(tbs, list);
    }
    svms_der_close(tbs, entry);
}

static svms_status put_list(svms_builder *tbs, const svms_signing *signing, const list_plan *plan,
                            svms_error *err)
{
    size_t whole = svms_der_open(tbs, SVMS_DER_SEQUENCE);
    svms_der_put_number(tbs, VERSION_2);
    svms_put_algorithm(tbs, signing);
    svms_status status = svms_put_subject_of(tbs, plan->ca->certificate, err);
    svms_der_put_time(tbs, plan->this_utc_ns);
    svms_der_put_time(tbs, plan->next_utc_ns);
    if (plan->count > 0) {
        size_t entries = svms_der_open(tbs, SVMS_DER_SEQUENCE);
        for (size_t i = 0; i < plan->count; i++) {
            put_entry(tbs, &plan->revoked[i]);
        }
        svms_der_close(tbs, entries);
    }
    if (status == SVMS_OK) {
        status = put_list_extensions(tbs, plan, err);
    }
    svms_der_close(tbs, whole);
    return status;
}

static svms_status make(const list_plan *plan, char *out, size_t *size, svms_error *err)
{
    svms_signing signing;
    svms_builder tbs = svms_builder_new(plan->ca->ctx, LIST_MAX);
    svms_status status = svms_signing_open(&signing, plan->ca->ctx, plan->ca->key, err);
    if (status == SVMS_OK) {
        status = put_list(&tbs, &signing, plan, err);
    }
    if (status == SVMS_OK) {
        status = svms_hand_out_text(&signing, &tbs, LABEL, "the list", 0, out, size, err);
    }
    svms_builder_clear(&tbs);
    svms_signing_close(&signing);
    return status;
}

svms_status svms_ca_list(const svms_ca *ca, uint64_t number, int64_t this_utc_ns,
                         int64_t next_utc_ns, const svms_revoked *revoked, size_t revoked_count,
                         char *out, size_t *size, svms_error *err)
{
    if (!ca || !size || (!out && *size > 0) || (!revoked && revoked_count > 0)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a list needs an authority, the revoked certificates and a buffer");
    }
    if ((X509_get_key_usage(ca->certificate) & X509v3_KU_CRL_SIGN) == 0) {
        return svms_fail(err, SVMS_E_USAGE, "the authority may not sign lists");
    }
    svms_status status = svms_check_update(this_utc_ns, next_utc_ns, err);
    list_plan plan = { ca, number, this_utc_ns, next_utc_ns, NULL, revoked_count };
    if (status == SVMS_OK) {
        status =
            svms_revoked_sort(&plan.revoked, ca->ctx, revoked, revoked_count, this_utc_ns, err);
    }
    if (status == SVMS_OK) {
        status = make(&plan, out, size, err);
    }
    svms_release(ca->ctx, plan.revoked);
    return status;
}
