/* SPDX-License-Identifier: Apache-2.0 */
/* Could this signer act in this role at that time? */
#include <openssl/x509v3.h>

#include <svms/time.h>

#include "failure.h"
#include "options.h"
#include "path.h"

/* An svms_path_allows; user is the chain. */
static svms_status allows_role(svms_path_query *query)
{
    const svms_chain *chain = query->user;
    svms_role role = query->question.role;
    X509 *leaf = sk_X509_value(query->given, 0);
    if (role == SVMS_ROLE_TIME_STAMPER) {
        return svms_path_allows_stamping(query);
    }
    bool may_sign = (X509_get_key_usage(leaf) & X509v3_KU_DIGITAL_SIGNATURE) != 0;
    bool is_named = svms_chain_allows(chain, role);
    if (may_sign && is_named) {
        return SVMS_OK;
    }
    char subject[SVMS_NAME_WORDS_SIZE];
    svms_status status = svms_path_name(subject, query, leaf);
    if (status != SVMS_OK) {
        return status;
    }
    query->verdict = SVMS_IDENTITY_WRONG_ROLE;
    if (is_named) {
        return svms_fail(query->err, SVMS_E_UNTRUSTED,
                         "the certificate of %s does not allow digital signatures (key usage)",
                         subject);
    }
    char roles[SVMS_ROLES_WORDS_SIZE];
    svms_roles_words(roles, chain->leaf_roles);
    return svms_fail(query->err, SVMS_E_UNTRUSTED,
                     "the certificate of %s does not allow the role %s; it names %s", subject,
                     svms_role_name(role), roles);
}

static svms_status accept(svms_identity_question *out, const svms_identity_question *question,
                          svms_error *err)
{
    if (!question) {
        return svms_fail(err, SVMS_E_USAGE, "no question was asked");
    }
    svms_status status =
        svms_options_read(out, sizeof *out, question, "svms_identity_question", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_role_oid(out->role)) {
        return svms_fail(err, SVMS_E_USAGE, "%d is no role somebody can sign in", (int)out->role);
    }
    if (out->policy != SVMS_TIME_ATTESTED && out->policy != SVMS_TIME_CLAIMED) {
        return svms_fail(err, SVMS_E_USAGE, "%d is no time policy", (int)out->policy);
    }
    if (out->from_utc_ns == SVMS_NO_TIME || out->now_utc_ns == SVMS_NO_TIME ||
        out->from_utc_ns > out->to_utc_ns) {
        return svms_fail(err, SVMS_E_USAGE,
                         "the times of signing and now must be known and in order");
    }
    return SVMS_OK;
}

static svms_status check_signed(const svms_trust *trust, const svms_chain *chain,
                                const svms_identity_question *question, svms_path_allows *allows,
                                svms_identity_result *result, svms_error *err)
{
    if (!chain) {
        result->verdict = SVMS_IDENTITY_UNSIGNED;
        return svms_fail(err, SVMS_E_UNTRUSTED, "nobody signed");
    }
    svms_path_query query = { .ctx = chain->ctx,
                              .trust = trust,
                              .given = chain->certificates,
                              .question = *question,
                              .at_present = !svms_role_signs_evidence(question->role) &&
                                            question->from_utc_ns == question->now_utc_ns &&
                                            question->to_utc_ns == question->now_utc_ns,
                              .allows = allows,
                              .user = chain,
                              .err = err };
    svms_status status = svms_path_check(&query);
    result->verdict = query.verdict;
    result->revocation = query.revocation;
    result->revoked_utc_ns = query.revoked_utc_ns;
    memcpy(result->anchor, query.anchor, sizeof result->anchor);
    return status;
}

svms_status svms_identity_check_with(const svms_trust *trust, const svms_chain *chain,
                                     const svms_identity_question *question,
                                     svms_path_allows *allows, svms_identity_result *result,
                                     svms_error *err)
{
    svms_identity_question asked = SVMS_IDENTITY_QUESTION_INIT;
    svms_identity_result found = SVMS_IDENTITY_RESULT_INIT;
    if (!result) {
        return svms_fail(err, SVMS_E_USAGE, "no place for the result");
    }
    svms_status status = accept(&asked, question, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = check_signed(trust, chain, &asked, allows, &found, err);
    if (status != SVMS_OK && status != SVMS_E_UNTRUSTED) {
        return status;
    }
    svms_status written =
        svms_result_write(result, &found, sizeof found, "svms_identity_result", err);
    return written == SVMS_OK ? status : written;
}

svms_status svms_identity_check(const svms_trust *trust, const svms_chain *chain,
                                const svms_identity_question *question,
                                svms_identity_result *result, svms_error *err)
{
    return svms_identity_check_with(trust, chain, question, allows_role, result, err);
}
