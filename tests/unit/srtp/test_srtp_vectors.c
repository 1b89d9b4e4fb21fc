/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of the second implementation, tests/vectors/srtp, in both directions (SR-SUI, SR-PKT-1,
 * SR-RCV-3). */
#include "cmocka_all.h"

#include "srtp_pair.h"
#include "srtp_vectors.h"

enum { RTP, RTCP, RTCP_CLEAR };

static svms_srtp_key key_of(const struct srtp_vector *v)
{
    svms_srtp_key key = SVMS_SRTP_KEY_INIT;
    svms_srtp_suite suite = (svms_srtp_suite)v->suite;
    key.suite = (uint32_t)suite;
    memcpy(key.key, v->key, svms_srtp_key_size(suite));
    memcpy(key.salt, v->salt, svms_srtp_salt_size(suite));
    memcpy(key.mki, v->mki, v->mki_size);
    key.mki_size = v->mki_size;
    return key;
}

static uint32_t source_of(const struct srtp_vector *v)
{
    const uint8_t *at = (const uint8_t *)v->plain + (v->kind == RTP ? 8 : 4);
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void check_protect(pair *p, const struct srtp_vector *v)
{
    uint8_t data[PAIR_ROOM];
    size_t size = v->plain_size;
    memcpy(data, v->plain, size);
    svms_status status = v->kind == RTP
                             ? svms_srtp_protect(p->a, data, &size, v->sealed_size, NULL)
                             : svms_srtp_protect_rtcp(p->a, data, &size, v->sealed_size, NULL);
    assert_int_equal(status, SVMS_OK);
    assert_int_equal(size, v->sealed_size);
    assert_memory_equal(data, v->sealed, size);
}

static void check_unprotect(pair *p, const struct srtp_vector *v)
{
    uint8_t data[PAIR_ROOM];
    size_t size = v->sealed_size;
    memcpy(data, v->sealed, size);
    svms_status status = v->kind == RTP ? svms_srtp_unprotect(p->b, data, &size, NULL)
                                        : svms_srtp_unprotect_rtcp(p->b, data, &size, NULL);
    if (v->kind == RTCP_CLEAR) {
        assert_int_equal(status, SVMS_E_POLICY);
        assert_int_equal(pair_counts(p->b).unencrypted, 1);
        return;
    }
    assert_int_equal(status, SVMS_OK);
    assert_int_equal(size, v->plain_size);
    assert_memory_equal(data, v->plain, size);
}

static void packets_of_another_implementation_are_made_and_opened(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof srtp_vectors / sizeof srtp_vectors[0]; i++) {
        const struct srtp_vector *v = &srtp_vectors[i];
        svms_srtp_key key = key_of(v);
        uint32_t roc = v->kind == RTP ? v->number : 0;
        pair p;
        pair_open(&p);
        assert_int_equal(svms_srtp_send_from(p.a, source_of(v), roc, &key, NULL), SVMS_OK);
        assert_int_equal(svms_srtp_receive(p.b, 0, source_of(v), roc, &key, NULL), SVMS_OK);
        /* The index of RTCP begins with 1 and cannot be set. */
        if (v->kind == RTP || (v->kind == RTCP && v->number == 1)) {
            check_protect(&p, v);
        }
        check_unprotect(&p, v);
        assert_int_equal(svms_srtp_roc(p.b, source_of(v)), roc);
        pair_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_of_another_implementation_are_made_and_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
