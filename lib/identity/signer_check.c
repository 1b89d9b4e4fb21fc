/* SPDX-License-Identifier: Apache-2.0 */
#include "signer_check.h"

#include <string.h>

#include "chain_internal.h"
#include "failure.h"
#include "key_internal.h"

static svms_status check_key(const svms_private_key *key, const svms_chain *chain, svms_error *err)
{
    uint8_t key_id[SVMS_DIGEST_SIZE];
    uint8_t leaf_id[SVMS_DIGEST_SIZE];
    svms_status status = svms_private_key_id(key, key_id, err);
    if (status == SVMS_OK) {
        status = svms_public_key_id(svms_chain_leaf_key(chain), leaf_id, err);
    }
    if (status == SVMS_OK && memcmp(key_id, leaf_id, sizeof(key_id)) != 0) {
        status =
            svms_fail(err, SVMS_E_USAGE, "the signer's key does not belong to its certificate");
    }
    return status;
}

svms_status svms_signer_check(const svms_private_key *key, const svms_chain *chain, svms_role role,
                              int64_t now_utc_ns, svms_error *err)
{
    int64_t not_before = 0;
    int64_t not_after = 0;
    svms_status status = check_key(key, chain, err);
    if (status == SVMS_OK && !svms_chain_allows(chain, role)) {
        status = svms_fail(err, SVMS_E_UNTRUSTED,
                           "the certificate of %.80s does not allow the role of a %s",
                           svms_chain_subject(chain), svms_role_name(role));
    }
    if (status == SVMS_OK) {
        status = svms_chain_leaf_validity(chain, &not_before, &not_after, err);
    }
    if (status == SVMS_OK && (now_utc_ns < not_before || now_utc_ns > not_after)) {
        status = svms_fail(err, SVMS_E_UNTRUSTED, "the certificate of %.80s is %s",
                           svms_chain_subject(chain),
                           now_utc_ns < not_before ? "not yet valid" : "expired");
    }
    return status;
}
