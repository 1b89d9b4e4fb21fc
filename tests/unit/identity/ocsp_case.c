/* SPDX-License-Identifier: Apache-2.0 */
#include "ocsp_case.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/ocsp.h>

static void need(bool condition)
{
    if (!condition) {
        fprintf(stderr, "cannot make an OCSP response\n");
        abort();
    }
}

static ASN1_GENERALIZEDTIME *time_of(const char *text)
{
    ASN1_GENERALIZEDTIME *time = ASN1_GENERALIZEDTIME_new();
    need(time && ASN1_GENERALIZEDTIME_set_string(time, text) == 1);
    return time;
}

made ocsp_response(const ocsp_plan *plan)
{
    const party *signer = plan->signer ? plan->signer : plan->issuer;
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id =
        OCSP_cert_to_id(EVP_sha1(), plan->about->certificate, plan->issuer->certificate);
    ASN1_GENERALIZEDTIME *from = time_of(plan->from);
    ASN1_GENERALIZEDTIME *to = plan->to ? time_of(plan->to) : NULL;
    ASN1_GENERALIZEDTIME *revoked = plan->revoked ? time_of(plan->revoked) : NULL;
    int state = plan->unknown ? V_OCSP_CERTSTATUS_UNKNOWN
                : revoked     ? V_OCSP_CERTSTATUS_REVOKED
                              : V_OCSP_CERTSTATUS_GOOD;
    unsigned char *der = NULL;
    need(basic && id);
    need(OCSP_basic_add1_status(basic, id, state, OCSP_REVOKED_STATUS_NOSTATUS, revoked, from,
                                to) != NULL);
    need(OCSP_basic_sign(basic, signer->certificate, signer->key, EVP_sha256(), NULL,
                         plan->without_certificate ? OCSP_NOCERTS : 0) == 1);
    OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    int size = i2d_OCSP_RESPONSE(response, &der);
    need(size > 0);
    made out = { malloc((size_t)size), (size_t)size };
    need(out.data != NULL);
    for (size_t i = 0; i < out.size; i++) {
        out.data[i] = der[i];
    }
    OPENSSL_free(der);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_GENERALIZEDTIME_free(from);
    ASN1_GENERALIZEDTIME_free(to);
    ASN1_GENERALIZEDTIME_free(revoked);
    return out;
}
