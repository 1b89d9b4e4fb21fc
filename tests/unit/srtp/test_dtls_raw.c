/* SPDX-License-Identifier: Apache-2.0 */
/* Peers that are weak, or do what the rules forbid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/srtp.h>

#include "dtls_raw.h"

#define BOTH "SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM"

static void no_change(SSL_CTX *context)
{
    (void)context;
}
static void old_version(SSL_CTX *context)
{
    SSL_CTX_set_max_proto_version(context, DTLS1_VERSION);
}
static void no_extended_secret(SSL_CTX *context)
{
    SSL_CTX_set_options(context, SSL_OP_NO_EXTENDED_MASTER_SECRET);
}
static void cbc(SSL_CTX *context)
{
    SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0");
}
static void static_rsa(SSL_CTX *context)
{
    SSL_CTX_set_cipher_list(context, "AES256-GCM-SHA384:@SECLEVEL=0");
}
static void weak_group(SSL_CTX *context)
{
    /* OpenSSL's macros ask for pointers to what may change, and change nothing. */
    char groups[] = "P-521";
    SSL_CTX_set1_groups_list(context, groups);
}
static void sha1_signatures(SSL_CTX *context)
{
    char signatures[] = "ECDSA+SHA1";
    SSL_CTX_set1_sigalgs_list(context, signatures);
    SSL_CTX_set1_client_sigalgs_list(context, signatures);
}

typedef struct weakness {
    void (*weaken)(SSL_CTX *context);
    const char *profiles;
    bool has_card;
    svms_status status;
    const char *words;
} weakness;

static void meet(bool is_server, const weakness *weak)
{
    dtls_raw raw;
    svms_error err = SVMS_ERROR_INIT;
    svms_srtp_key keys[2] = { SVMS_SRTP_KEY_INIT, SVMS_SRTP_KEY_INIT };
    const identity_card *card = is_server ? w->server : w->client;
    dtls_raw_make(&raw, is_server, weak->has_card ? card : NULL, weak->profiles);
    weak->weaken(raw.context);
    dtls_raw_open(&raw);
    svms_dtls *dtls = dtls_open_for(is_server ? SVMS_TLS_CLIENT : SVMS_TLS_SERVER, card);
    svms_status status = dtls_raw_carry(&raw, dtls, &err);
    if (status != weak->status || !strstr(err.message, weak->words)) {
        fail_msg("%d: %s, not %d: %s", (int)status, err.message, (int)weak->status, weak->words);
    }
    assert_int_equal(svms_dtls_phase_of(dtls),
                     status == SVMS_OK ? SVMS_DTLS_READY : SVMS_DTLS_FAILED);
    assert_int_equal(svms_dtls_keys(dtls, &keys[0], &keys[1], NULL), status);
    svms_dtls_free(&dtls);
    dtls_raw_free(&raw);
}

static void weak_clients_are_refused(void **state)
{
    (void)state;
    static const weakness cases[] = {
        { no_change, BOTH, true, SVMS_OK, "" },
        { old_version, BOTH, true, SVMS_E_POLICY, "only DTLS 1.0" },
        { no_extended_secret, BOTH, true, SVMS_E_POLICY, "without extended master secret" },
        { cbc, BOTH, true, SVMS_E_POLICY, "no cipher suite" },
        { static_rsa, BOTH, true, SVMS_E_POLICY, "no cipher suite" },
        { weak_group, BOTH, true, SVMS_E_POLICY, "no cipher suite" },
        { no_change, NULL, true, SVMS_E_POLICY, "no protection profile" },
        { no_change, "SRTP_AES128_CM_SHA1_80:SRTP_AES128_CM_SHA1_32", true, SVMS_E_POLICY,
          "no protection profile" },
        { no_change, BOTH, false, SVMS_E_UNTRUSTED, "the client has no certificate" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        meet(false, &cases[i]);
    }
}

static void weak_servers_are_refused(void **state)
{
    (void)state;
    static const weakness cases[] = {
        { no_change, BOTH, true, SVMS_OK, "" },
        { old_version, BOTH, true, SVMS_E_POLICY, "the peer refused" },
        { no_extended_secret, BOTH, true, SVMS_E_POLICY, "without extended master secret" },
        { cbc, BOTH, true, SVMS_E_POLICY, "the peer refused" },
        { sha1_signatures, BOTH, true, SVMS_E_POLICY, "the peer refused" },
        { no_change, NULL, true, SVMS_E_POLICY, "no protection profile" },
        { no_change, "SRTP_AES128_CM_SHA1_80", true, SVMS_E_POLICY, "no protection profile" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        meet(true, &cases[i]);
    }
}

/* Order and label of RFC 5764 section 4.2, by OpenSSL's own exporter. */
static void keys_are_those_that_openssl_exports(void **state)
{
    (void)state;
    for (int is_server = 0; is_server < 2; is_server++) {
        dtls_raw raw;
        svms_error err = SVMS_ERROR_INIT;
        uint8_t exported[2 * (32 + 12)];
        svms_srtp_key send = SVMS_SRTP_KEY_INIT;
        svms_srtp_key receive = SVMS_SRTP_KEY_INIT;
        const identity_card *card = is_server ? w->server : w->client;
        dtls_raw_make(&raw, is_server, card, BOTH);
        dtls_raw_open(&raw);
        svms_dtls *dtls = dtls_open_for(is_server ? SVMS_TLS_CLIENT : SVMS_TLS_SERVER, card);
        assert_int_equal(dtls_raw_carry(&raw, dtls, &err), SVMS_OK);
        assert_int_equal(SSL_export_keying_material(raw.ssl, exported, sizeof exported,
                                                    "EXTRACTOR-dtls_srtp", 19, NULL, 0, 0),
                         1);
        assert_int_equal(svms_dtls_keys(dtls, &send, &receive, NULL), SVMS_OK);
        const svms_srtp_key *client = is_server ? &send : &receive;
        const svms_srtp_key *server = is_server ? &receive : &send;
        assert_memory_equal(exported, client->key, 32);
        assert_memory_equal(exported + 32, server->key, 32);
        assert_memory_equal(exported + 64, client->salt, 12);
        assert_memory_equal(exported + 76, server->salt, 12);
        svms_dtls_free(&dtls);
        dtls_raw_free(&raw);
    }
}

/* It is OpenSSL that gives up when it is told no, and says so. */
static void nobody_renegotiates_and_data_are_for_nobody(void **state)
{
    (void)state;
    for (int is_server = 0; is_server < 2; is_server++) {
        dtls_raw raw;
        svms_error err = SVMS_ERROR_INIT;
        svms_srtp_key before[2] = { SVMS_SRTP_KEY_INIT, SVMS_SRTP_KEY_INIT };
        svms_srtp_key after[2] = { SVMS_SRTP_KEY_INIT, SVMS_SRTP_KEY_INIT };
        const identity_card *card = is_server ? w->server : w->client;
        dtls_raw_make(&raw, is_server, card, BOTH);
        dtls_raw_open(&raw);
        svms_dtls *dtls = dtls_open_for(is_server ? SVMS_TLS_CLIENT : SVMS_TLS_SERVER, card);
        assert_int_equal(dtls_raw_carry(&raw, dtls, &err), SVMS_OK);
        assert_int_equal(svms_dtls_keys(dtls, &before[0], &before[1], NULL), SVMS_OK);
        assert_int_equal(SSL_write(raw.ssl, "data for nobody", 15), 15);
        assert_int_equal(dtls_raw_carry(&raw, dtls, &err), SVMS_OK);
        assert_int_equal(svms_dtls_keys(dtls, &after[0], &after[1], NULL), SVMS_OK);
        assert_memory_equal(before, after, sizeof before);
        assert_int_equal(SSL_renegotiate(raw.ssl), 1);
        assert_int_equal(dtls_raw_carry(&raw, dtls, &err), SVMS_E_POLICY);
        assert_says(&err, "the peer refused");
        assert_int_equal(svms_dtls_keys(dtls, &after[0], &after[1], NULL), SVMS_E_POLICY);
        svms_dtls_free(&dtls);
        dtls_raw_free(&raw);
    }
}

/* Adds so much to a number of two bytes, or to the lower two of three. */
static void add(uint8_t *number, unsigned more)
{
    unsigned sum = ((unsigned)number[0] << 8 | number[1]) + more;
    number[0] = (uint8_t)(sum >> 8);
    number[1] = (uint8_t)sum;
}

enum { RECORD_HEAD = 13, MESSAGE_HEAD = 12, CLIENT_HELLO = 1, SERVER_HELLO = 2 };

/* Where the extensions of a hello have their size; 0 where the datagram begins with no hello. */
static size_t extensions_of(const uint8_t *bytes, size_t size, uint8_t hello)
{
    size_t at = RECORD_HEAD + MESSAGE_HEAD + 2 + 32;
    if (size < at + 1 || bytes[0] != 22 || bytes[RECORD_HEAD] != hello) {
        return 0;
    }
    at += 1u + bytes[at]; /* session */
    if (hello == SERVER_HELLO) {
        return at + 3;
    }
    at += 1u + bytes[at]; /* cookie */
    at += 2u + ((size_t)bytes[at] << 8 | bytes[at + 1]);
    return at + 1u + bytes[at]; /* compression */
}

/* The body of use_srtp; NULL where there is none. */
static uint8_t *use_srtp(uint8_t *bytes, size_t size, size_t extensions, size_t *body)
{
    for (size_t at = extensions + 2; extensions > 0 && at + 4 <= size; at += 4 + *body) {
        *body = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        if (bytes[at] == 0 && bytes[at + 1] == TLSEXT_TYPE_use_srtp) {
            return bytes + at + 4;
        }
    }
    return NULL;
}

/* Puts an MKI of one byte into the hello of one side. */
static dtls_fate name_an_mki(void *user, bool by_server, size_t number, uint8_t *bytes,
                             size_t *size)
{
    const uint8_t *hello = user;
    size_t body = 0;
    size_t extensions = extensions_of(bytes, *size, *hello);
    uint8_t *data = use_srtp(bytes, *size, extensions, &body);
    (void)number;
    if (by_server != (*hello == SERVER_HELLO) || !data) {
        return DTLS_ARRIVES;
    }
    uint8_t *behind = data + body;
    assert_int_equal(behind[-1], 0); /* the size of none */
    memmove(behind + 1, behind, *size - (size_t)(behind - bytes));
    behind[-1] = 1;
    behind[0] = 0x42;
    add(data - 2, 1);
    add(bytes + extensions, 1);
    add(bytes + RECORD_HEAD - 2, 1);
    add(bytes + RECORD_HEAD + 2, 1);
    add(bytes + RECORD_HEAD + MESSAGE_HEAD - 2, 1);
    (*size)++;
    return DTLS_ARRIVES;
}

static void an_mki_in_an_answer_is_refused(void **state)
{
    (void)state;
    uint8_t hello = SERVER_HELLO;
    dtls_pair *p = dtls_pair_make(NULL, NULL);
    p->weather = name_an_mki;
    p->user = &hello;
    dtls_pair_shake(p);
    assert_dtls_fails(&p->client, SVMS_E_MALFORMED, "bad srtp");
    dtls_pair_free(&p);
}

/* The handshake cannot end, since the client knows of none, but the answer shows what was taken. */
static void an_mki_that_a_client_names_is_not_used(void **state)
{
    (void)state;
    uint8_t hello = CLIENT_HELLO;
    size_t answers = 0;
    dtls_pair *p = dtls_pair_make(NULL, NULL);
    p->weather = name_an_mki;
    p->user = &hello;
    p->rounds = 1;
    dtls_pair_shake(p);
    for (size_t i = 0; i < p->kept_count; i++) {
        uint8_t *bytes = p->kept[i].bytes;
        size_t body = 0;
        size_t extensions = extensions_of(bytes, p->kept[i].size, SERVER_HELLO);
        const uint8_t *data = use_srtp(bytes, p->kept[i].size, extensions, &body);
        if (data) {
            answers++;
            assert_int_equal(body, 5); /* one profile, no MKI */
            assert_int_equal(data[4], 0);
        }
    }
    assert_true(answers > 0);
    assert_int_not_equal(svms_dtls_phase_of(p->client.dtls), SVMS_DTLS_READY);
    assert_int_not_equal(svms_dtls_phase_of(p->server.dtls), SVMS_DTLS_READY);
    dtls_pair_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(weak_clients_are_refused, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(weak_servers_are_refused, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(keys_are_those_that_openssl_exports, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(nobody_renegotiates_and_data_are_for_nobody,
                                        workshop_set_up, workshop_tear_down),
        cmocka_unit_test_setup_teardown(an_mki_in_an_answer_is_refused, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(an_mki_that_a_client_names_is_not_used, workshop_set_up,
                                        workshop_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
