/* SPDX-License-Identifier: Apache-2.0 */
#include "srtp_engine.h"

#include <string.h>

#include <openssl/crypto.h>

#include "context_internal.h"
#include "failure.h"
#include "srtp_suite.h"

/* libsrtp is one for the process, and so is its start. */
static CRYPTO_ONCE started = CRYPTO_ONCE_STATIC_INIT;
static srtp_err_status_t start_result = srtp_err_status_init_fail;

static void start(void)
{
    start_result = srtp_init();
}

svms_status svms_srtp_engine_fail(srtp_err_status_t code, const char *what, svms_error *err)
{
    if (code == srtp_err_status_alloc_fail) {
        return svms_fail_memory(err);
    }
    return svms_fail(err, SVMS_E_CRYPTO, "%s: libsrtp failed with code %d", what, (int)code);
}

svms_status svms_srtp_engine_new(srtp_t *out, svms_error *err)
{
    if (CRYPTO_THREAD_run_once(&started, start) != 1 || start_result != srtp_err_status_ok) {
        return svms_srtp_engine_fail(start_result, "cannot start SRTP", err);
    }
    srtp_err_status_t code = srtp_create(out, NULL);
    return code == srtp_err_status_ok
               ? SVMS_OK
               : svms_srtp_engine_fail(code, "cannot make an SRTP session", err);
}

void svms_srtp_engine_free(srtp_t *engine)
{
    if (*engine) {
        (void)srtp_dealloc(*engine);
        *engine = NULL;
    }
}

static void set_suite(srtp_policy_t *policy, svms_srtp_suite suite)
{
    if (suite == SVMS_SRTP_AEAD_AES_256_GCM) {
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy->rtp);
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy->rtcp);
    } else if (suite == SVMS_SRTP_AEAD_AES_128_GCM) {
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy->rtp);
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy->rtcp);
    } else {
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy->rtp);
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy->rtcp);
    }
}

typedef struct stream_plan {
    srtp_policy_t policy;
    uint8_t master[SVMS_SRTP_KEY_MAX + SVMS_SRTP_SALT_MAX];
} stream_plan;

/* The caller wipes it. MKIs are ours: libsrtp never hears of them. */
static void plan_stream(stream_plan *plan, const svms_srtp_key *key, uint32_t window)
{
    memset(plan, 0, sizeof *plan);
    svms_srtp_suite suite = (svms_srtp_suite)key->suite;
    size_t size = svms_srtp_key_size(suite);
    memcpy(plan->master, key->key, size);
    memcpy(plan->master + size, key->salt, svms_srtp_salt_size(suite));
    set_suite(&plan->policy, suite);
    plan->policy.key = plan->master;
    plan->policy.window_size = window;
}

svms_status svms_srtp_engine_add(srtp_t engine, const svms_srtp_key *key, bool any, uint32_t ssrc,
                                 uint32_t window, svms_error *err)
{
    stream_plan plan;
    plan_stream(&plan, key, window);
    plan.policy.ssrc.type = any ? ssrc_any_inbound : ssrc_specific;
    plan.policy.ssrc.value = ssrc;
    srtp_err_status_t code = srtp_add_stream(engine, &plan.policy);
    svms_wipe(&plan, sizeof plan);
    return code == srtp_err_status_ok ? SVMS_OK
                                      : svms_srtp_engine_fail(code, "cannot set an SRTP key", err);
}

svms_status svms_srtp_engine_change(srtp_t engine, const svms_srtp_key *key, uint32_t ssrc,
                                    uint32_t window, svms_error *err)
{
    stream_plan plan;
    plan_stream(&plan, key, window);
    plan.policy.ssrc.type = ssrc_specific;
    plan.policy.ssrc.value = ssrc;
    srtp_err_status_t code = srtp_update_stream(engine, &plan.policy);
    svms_wipe(&plan, sizeof plan);
    return code == srtp_err_status_ok
               ? SVMS_OK
               : svms_srtp_engine_fail(code, "cannot change an SRTP key", err);
}
