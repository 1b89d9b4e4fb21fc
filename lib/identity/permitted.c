/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the authorities above permit what a certificate would say (I-CA-9): asked of a rehearsal,
 * with zeros for a signature, so that nothing wrong is ever signed. */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "authority.h"
#include "failure.h"
#include "host.h"

#define REHEARSED_SIGNATURE_SIZE 1

static svms_status rehearse(X509 **out, const svms_certificate_plan *plan, const svms_builder *tbs,
                            const svms_signing *signing, svms_error *err)
{
    static const uint8_t signature[REHEARSED_SIGNATURE_SIZE];
    svms_builder der =
        svms_builder_new(plan->ctx, svms_signed_bound(signing, tbs->size) + sizeof signature);
    size_t mark = svms_der_open(&der, SVMS_DER_SEQUENCE);
    svms_put_bytes(&der, tbs->data, tbs->size);
    svms_put_algorithm(&der, signing);
    svms_der_put_bits(&der, signature, sizeof signature);
    svms_der_close(&der, mark);
    svms_status status = svms_builder_check(&der, "a certificate", err);
    if (status == SVMS_OK) {
        status = svms_certificate_parse(out, plan->ctx, der.data, der.size, 0, err);
    }
    svms_builder_clear(&der);
    return status;
}

static svms_status refuse(const svms_certificate_plan *plan, X509 *upper, int error,
                          svms_error *err)
{
    char authority[SVMS_NAME_WORDS_SIZE];
    if (error == X509_V_ERR_OUT_OF_MEM || svms_crypto_starved()) {
        return svms_fail_memory(err);
    }
    svms_status status = svms_name_words(authority, plan->ctx, X509_get_subject_name(upper), err);
    if (status != SVMS_OK) {
        return status;
    }
    switch (error) {
    case X509_V_ERR_PERMITTED_VIOLATION:
        return svms_fail(err, SVMS_E_USAGE, "%s is not permitted to certify such a name",
                         authority);
    case X509_V_ERR_EXCLUDED_VIOLATION:
        return svms_fail(err, SVMS_E_USAGE, "%s is excluded from certifying such a name",
                         authority);
    default:
        return svms_fail(err, SVMS_E_USAGE,
                         "%s has constraints for names that are not understood: %s", authority,
                         X509_verify_cert_error_string(error));
    }
}

static bool has_dns_name(const svms_certificate_plan *plan)
{
    for (size_t i = 0; i < plan->name_count; i++) {
        svms_host host;
        if (svms_host_parse(&host, plan->names[i]) && host.address_size == 0) {
            return true;
        }
    }
    return false;
}

static svms_status check_against(const svms_certificate_plan *plan, X509 *leaf, X509 *upper,
                                 svms_error *err)
{
    int critical = -1;
    ERR_clear_error();
    NAME_CONSTRAINTS *theirs = X509_get_ext_d2i(upper, NID_name_constraints, &critical, NULL);
    if (!theirs) {
        return critical == -1
                   ? SVMS_OK
                   : svms_fail_crypto(err, "cannot read the name constraints of an authority");
    }
    int error = NAME_CONSTRAINTS_check(leaf, theirs);
    /* Verifiers take a common name for a DNS name where there is no other. */
    if (error == X509_V_OK && !has_dns_name(plan)) {
        error = NAME_CONSTRAINTS_check_CN(leaf, theirs);
    }
    NAME_CONSTRAINTS_free(theirs);
    svms_status status = error == X509_V_OK ? SVMS_OK : refuse(plan, upper, error, err);
    ERR_clear_error();
    return status;
}

svms_status svms_check_permitted(const svms_certificate_plan *plan, const svms_builder *tbs,
                                 const svms_signing *signing, svms_error *err)
{
    X509 *leaf = NULL;
    svms_status status = rehearse(&leaf, plan, tbs, signing, err);
    const svms_certificates *above = plan->issuer->chain->certificates;
    for (int i = 0; status == SVMS_OK && i < sk_X509_num(above); i++) {
        status = check_against(plan, leaf, sk_X509_value(above, i), err);
    }
    X509_free(leaf);
    return status;
}
