/* SPDX-License-Identifier: Apache-2.0 */
/* MIKEY messages that are read and written (docs/spec/srtp.md, MK). */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "failing_allocator.h"
#include "mikey_vectors.h"

#include <svms/svms.h>

#define SSRC 0x12345678u

static svms_ctx *new_context(void)
{
    svms_ctx *ctx = NULL;
    assert_int_equal(svms_ctx_new(&ctx, NULL, NULL), SVMS_OK);
    return ctx;
}

static size_t from_hex(uint8_t *out, const char *hex)
{
    size_t size = strlen(hex) / 2;
    for (size_t i = 0; i < size; i++) {
        char pair[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
        out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return size;
}

static svms_mikey read_hex(const char *hex)
{
    uint8_t data[512];
    svms_mikey message = SVMS_MIKEY_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_mikey_read(&message, data, from_hex(data, hex), NULL, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return message;
}

static void assert_hex(const uint8_t *data, size_t size, const char *hex)
{
    uint8_t expected[512];
    assert_int_equal(from_hex(expected, hex), size);
    assert_memory_equal(data, expected, size);
}

/* Key, salt, MKI: hexadecimal. */
static void assert_key(const svms_srtp_key *key, uint32_t suite, const char *k, const char *salt,
                       const char *mki)
{
    assert_int_equal(key->suite, suite);
    assert_hex(key->key, svms_srtp_key_size((svms_srtp_suite)suite), k);
    assert_hex(key->salt, svms_srtp_salt_size((svms_srtp_suite)suite), salt);
    assert_hex(key->mki, key->mki_size, mki);
}

/* 00 01 02 ... from first on. */
static void assert_counts_up(const uint8_t *data, size_t size, unsigned first)
{
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(data[i], first + i);
    }
}

static void the_messages_that_onvif_prints_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t csb;
        uint32_t ssrc;
        uint64_t time;
        uint32_t rand_size;
        const char *key;
        const char *salt;
        const char *mki;
    } cases[] = {
        { ONVIF_SETUP, 0xFD6D77D0, 0xC20F551C, 0x01D38E19CEF95C3D, 0,
          "df40b9f54ac2944d1edbb50fe61fd6b7", "2f542fcf9d7f383edadb669a8de4", "0000002f" },
        { ONVIF_REKEY, 0x6802AFC1, 0xD2BF1824, 0x01D38E2BB52286A2, 0,
          "a5e923b3cf20f90ec053a2c0bd1b2857", "29f5f195b526e5c8f6a86de20ebe", "00000002" },
        { ONVIF_ANSWER, 0x6AD5A258, 0xDD05C028, 0xDBF2BCDD002B8412, 16,
          "ececd2e6e9993171ea69e8190b75240f", "06c2e4d3698f86fcf9f07a31139e", "0000000d" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_mikey m = SVMS_MIKEY_INIT;
        assert_int_equal(svms_mikey_read_text(&m, cases[i].text, strlen(cases[i].text), NULL, NULL),
                         SVMS_OK);
        assert_int_equal(m.form, SVMS_MIKEY_ONVIF);
        assert_int_equal(m.csb_id, cases[i].csb);
        assert_int_equal(m.source_count, 1);
        assert_int_equal(m.sources[0].ssrc, cases[i].ssrc);
        assert_int_equal(m.sources[0].roc, 0);
        assert_int_equal(m.time_kind, SVMS_MIKEY_TIME_NTP_UTC);
        assert_true(m.time == cases[i].time);
        assert_int_equal(m.rand_size, cases[i].rand_size);
        assert_int_equal(m.has_policy, 1);
        assert_key(&m.key, SVMS_SRTP_AES_CM_128_HMAC_SHA1_80, cases[i].key, cases[i].salt,
                   cases[i].mki);
        svms_mikey_wipe(&m);
    }
}

static void the_messages_that_gstreamer_makes_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        uint32_t suite;
    } cases[] = {
        { GST_AES_256_GCM, SVMS_SRTP_AEAD_AES_256_GCM },
        { GST_AES_128_GCM, SVMS_SRTP_AEAD_AES_128_GCM },
        { GST_AES_128_ICM_80, SVMS_SRTP_AES_CM_128_HMAC_SHA1_80 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_mikey m = read_hex(cases[i].hex);
        size_t key_size = svms_srtp_key_size((svms_srtp_suite)cases[i].suite);
        assert_int_equal(m.form, SVMS_MIKEY_JOINED);
        assert_int_equal(m.key.suite, cases[i].suite);
        assert_int_equal(m.key.mki_size, 0);
        assert_int_equal(m.rand_size, 16);
        assert_int_equal(m.sources[0].ssrc, SSRC);
        assert_int_equal(m.sources[0].roc, 7);
        assert_counts_up(m.key.key, key_size, 0);
        assert_counts_up(m.key.salt, svms_srtp_salt_size((svms_srtp_suite)cases[i].suite),
                         (unsigned)key_size);
        svms_mikey_wipe(&m);
    }
}

typedef struct written_case {
    const char *hex;
    uint32_t suite;
    svms_mikey_form form;
} written_case;

static const written_case written_cases[] = {
    { WRITTEN_256_GCM_ONVIF, SVMS_SRTP_AEAD_AES_256_GCM, SVMS_MIKEY_ONVIF },
    { WRITTEN_256_GCM_JOINED, SVMS_SRTP_AEAD_AES_256_GCM, SVMS_MIKEY_JOINED },
    { WRITTEN_128_GCM_ONVIF, SVMS_SRTP_AEAD_AES_128_GCM, SVMS_MIKEY_ONVIF },
    { WRITTEN_128_GCM_JOINED, SVMS_SRTP_AEAD_AES_128_GCM, SVMS_MIKEY_JOINED },
    { WRITTEN_CM_128_ONVIF, SVMS_SRTP_AES_CM_128_HMAC_SHA1_80, SVMS_MIKEY_ONVIF },
    { WRITTEN_CM_128_JOINED, SVMS_SRTP_AES_CM_128_HMAC_SHA1_80, SVMS_MIKEY_JOINED },
};

/* What tests/interop/mikey_reading.py wrote. */
static svms_mikey message_of(const written_case *from)
{
    svms_mikey m = SVMS_MIKEY_INIT;
    m.form = from->form;
    m.csb_id = 0x01020304;
    m.source_count = 1;
    m.sources[0] = (svms_mikey_source){ SSRC, 7, 0 };
    m.time_kind = SVMS_MIKEY_TIME_NTP_UTC;
    m.time = UINT64_C(0xEEAD3BA080000000);
    m.has_policy = 1;
    m.rand_size = 16;
    m.key.suite = from->suite;
    for (unsigned i = 0; i < 16; i++) {
        m.rand[i] = (uint8_t)(0xA0 + i);
    }
    for (unsigned i = 0; i < svms_srtp_key_size((svms_srtp_suite)from->suite); i++) {
        m.key.key[i] = (uint8_t)i;
    }
    for (unsigned i = 0; i < svms_srtp_salt_size((svms_srtp_suite)from->suite); i++) {
        m.key.salt[i] = (uint8_t)(0x40 + i);
    }
    if (from->form == SVMS_MIKEY_ONVIF) {
        m.key.mki_size = 4;
        m.key.mki[3] = 0x2F;
    }
    return m;
}

static void every_suite_is_written_in_both_forms_and_read_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof written_cases / sizeof written_cases[0]; i++) {
        uint8_t data[512];
        size_t size = sizeof data;
        svms_mikey m = message_of(&written_cases[i]);
        assert_int_equal(svms_mikey_write(&m, data, &size, NULL), SVMS_OK);
        assert_hex(data, size, written_cases[i].hex);
        svms_mikey again = SVMS_MIKEY_INIT;
        assert_int_equal(svms_mikey_read(&again, data, size, NULL, NULL), SVMS_OK);
        assert_memory_equal(&again, &m, sizeof m);
        svms_mikey_wipe(&m);
        svms_mikey_wipe(&again);
    }
}

static void a_buffer_that_is_too_small_is_told_how_large_it_must_be(void **state)
{
    (void)state;
    uint8_t data[512];
    char text[SVMS_MIKEY_TEXT_SIZE];
    svms_ctx *ctx = new_context();
    svms_mikey m = message_of(&written_cases[0]);
    size_t needed = strlen(written_cases[0].hex) / 2;
    size_t size = needed - 1;
    assert_int_equal(svms_mikey_write(&m, data, &size, NULL), SVMS_E_LIMIT);
    assert_int_equal(size, needed);
    assert_int_equal(svms_mikey_write(&m, data, &size, NULL), SVMS_OK);
    size = 10;
    assert_int_equal(svms_mikey_write_text(&m, ctx, text, &size, NULL), SVMS_E_LIMIT);
    assert_int_equal(size, (needed + 2) / 3 * 4 + 1);
    assert_int_equal(svms_mikey_write_text(&m, ctx, text, &size, NULL), SVMS_OK);
    assert_int_equal(strlen(text), size);
    svms_mikey again = SVMS_MIKEY_INIT;
    assert_int_equal(svms_mikey_read_text(&again, text, size, NULL, NULL), SVMS_OK);
    assert_memory_equal(&again, &m, sizeof m);
    svms_ctx_free(&ctx);
}

static void what_may_be_left_out_is_left_out_and_read_again(void **state)
{
    (void)state;
    static const svms_mikey_time times[] = { SVMS_MIKEY_TIME_NONE, SVMS_MIKEY_TIME_NTP,
                                             SVMS_MIKEY_TIME_COUNTER };
    svms_mikey before = message_of(&written_cases[0]);
    for (unsigned i = 0; i < 12; i++) {
        uint8_t data[512];
        size_t size = sizeof data;
        svms_mikey m = message_of(&written_cases[0]);
        m.time_kind = times[i / 4];
        m.time = m.time_kind == SVMS_MIKEY_TIME_NONE ? 0 : 0x01020304;
        m.has_policy = i & 1;
        if (i & 2) {
            m.rand_size = 0;
            memset(m.rand, 0, sizeof m.rand);
        }
        svms_mikey again = SVMS_MIKEY_INIT;
        assert_int_equal(svms_mikey_write(&m, data, &size, NULL), SVMS_OK);
        assert_int_equal(svms_mikey_read(&again, data, size, NULL, NULL),
                         m.has_policy ? SVMS_OK : SVMS_E_MALFORMED);
        assert_int_equal(svms_mikey_read(&again, data, size, &before, NULL), SVMS_OK);
        assert_memory_equal(&again, &m, sizeof m);
    }
}

static void a_rekey_may_not_change_the_suite(void **state)
{
    (void)state;
    uint8_t data[512];
    svms_mikey before = message_of(&written_cases[0]);
    svms_mikey m = SVMS_MIKEY_INIT;
    size_t size = from_hex(data, WRITTEN_256_GCM_JOINED);
    assert_int_equal(svms_mikey_read(&m, data, size, &before, NULL), SVMS_OK);
    size = from_hex(data, WRITTEN_128_GCM_ONVIF);
    assert_int_equal(svms_mikey_read(&m, data, size, &before, NULL), SVMS_E_POLICY);
    before.key.suite = 0;
    assert_int_equal(svms_mikey_read(&m, data, size, &before, NULL), SVMS_E_USAGE);
}

static void a_made_message_is_fresh_and_carries_the_key(void **state)
{
    (void)state;
    svms_ctx *ctx = new_context();
    svms_mikey source = message_of(&written_cases[0]);
    svms_mikey a = SVMS_MIKEY_INIT;
    svms_mikey b = SVMS_MIKEY_INIT;
    assert_int_equal(svms_mikey_make(&a, ctx, SVMS_MIKEY_ONVIF, &source.key, NULL), SVMS_OK);
    assert_int_equal(svms_mikey_make(&b, ctx, SVMS_MIKEY_ONVIF, &source.key, NULL), SVMS_OK);
    assert_memory_equal(&a.key, &source.key, sizeof a.key);
    assert_int_equal(a.source_count, 0);
    assert_int_equal(a.has_policy, 1);
    assert_int_equal(a.rand_size, 16);
    assert_memory_not_equal(a.rand, b.rand, 16);
    assert_int_not_equal(a.csb_id, b.csb_id);
    assert_int_equal(a.time_kind, SVMS_MIKEY_TIME_NTP_UTC);
    /* 2020 and later, before 2036. */
    assert_true(a.time >> 32 > 0xE1B66E00u);
    svms_ctx_free(&ctx);
}

static void the_mki_must_fit_the_form(void **state)
{
    (void)state;
    svms_ctx *ctx = new_context();
    svms_mikey m = message_of(&written_cases[0]);
    svms_mikey out = SVMS_MIKEY_INIT;
    assert_int_equal(svms_mikey_make(&out, ctx, SVMS_MIKEY_JOINED, &m.key, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_mikey_make(&out, ctx, (svms_mikey_form)3, &m.key, NULL), SVMS_E_USAGE);
    m.key.mki_size = 0;
    assert_int_equal(svms_mikey_make(&out, ctx, SVMS_MIKEY_ONVIF, &m.key, NULL), SVMS_E_USAGE);
    m.key.suite = 4;
    assert_int_equal(svms_mikey_make(&out, ctx, SVMS_MIKEY_JOINED, &m.key, NULL), SVMS_E_USAGE);
    svms_ctx_free(&ctx);
}

/* What cannot be written as it is said. */
static void break_form(svms_mikey *m)
{
    m->form = (svms_mikey_form)0;
}
static void break_sources(svms_mikey *m)
{
    m->source_count = 9;
}
static void break_policies(svms_mikey *m)
{
    m->source_count = 2;
    m->sources[1].policy = 1;
}
static void break_policy_number(svms_mikey *m)
{
    m->sources[0].policy = 256;
}
static void break_rand(svms_mikey *m)
{
    m->rand_size = 15;
}
static void break_long_rand(svms_mikey *m)
{
    m->rand_size = 65;
}
static void break_time(svms_mikey *m)
{
    m->time_kind = (svms_mikey_time)4;
}
static void break_counter(svms_mikey *m)
{
    m->time_kind = SVMS_MIKEY_TIME_COUNTER;
}
static void break_suite(svms_mikey *m)
{
    m->key.suite = 0;
}
static void break_mki(svms_mikey *m)
{
    m->key.mki_size = 17;
}
static void lose_mki(svms_mikey *m)
{
    m->key.mki_size = 0;
}
static void join_with_mki(svms_mikey *m)
{
    m->form = SVMS_MIKEY_JOINED;
}
static void break_struct_size(svms_mikey *m)
{
    m->struct_size = 0;
}

static void what_cannot_be_written_is_refused_and_writes_nothing(void **state)
{
    (void)state;
    static void (*const breaks[])(svms_mikey *) = {
        break_form,      break_sources, break_policies,    break_policy_number, break_rand,
        break_long_rand, break_time,    break_counter,     break_suite,         break_mki,
        lose_mki,        join_with_mki, break_struct_size,
    };
    for (size_t i = 0; i < sizeof breaks / sizeof breaks[0]; i++) {
        uint8_t data[512] = { 0 };
        static const uint8_t nothing[sizeof data];
        size_t size = sizeof data;
        svms_mikey m = message_of(&written_cases[0]);
        breaks[i](&m);
        assert_int_equal(svms_mikey_write(&m, data, &size, NULL), SVMS_E_USAGE);
        assert_memory_equal(data, nothing, sizeof data);
    }
}

static void a_message_with_everything_at_its_largest_is_written_and_read(void **state)
{
    (void)state;
    uint8_t data[512];
    size_t size = sizeof data;
    svms_mikey m = message_of(&written_cases[0]);
    m.source_count = SVMS_MIKEY_SOURCES_MAX;
    for (uint32_t i = 0; i < m.source_count; i++) {
        m.sources[i] = (svms_mikey_source){ UINT32_MAX - i, UINT32_MAX, 255 };
    }
    m.rand_size = SVMS_MIKEY_RAND_MAX;
    m.key.mki_size = SVMS_SRTP_MKI_MAX;
    svms_mikey again = SVMS_MIKEY_INIT;
    assert_int_equal(svms_mikey_write(&m, data, &size, NULL), SVMS_OK);
    assert_int_equal(svms_mikey_read(&again, data, size, NULL, NULL), SVMS_OK);
    assert_memory_equal(&again, &m, sizeof m);
}

static void wiping_leaves_zeros(void **state)
{
    (void)state;
    svms_mikey m = message_of(&written_cases[0]);
    svms_mikey zero;
    memset(&zero, 0, sizeof zero);
    zero.struct_size = sizeof zero;
    svms_mikey_wipe(&m);
    assert_memory_equal(&m, &zero, sizeof m);
    svms_mikey_wipe(NULL);
    /* A caller's struct that is older or newer than ours: no byte beyond it, and all that we know.
     */
    m = message_of(&written_cases[0]);
    m.struct_size = sizeof m - sizeof m.key;
    svms_mikey_wipe(&m);
    assert_int_equal(m.source_count, 0);
    assert_int_equal(m.key.suite, SVMS_SRTP_AEAD_AES_256_GCM);
    m.struct_size = sizeof m + 8;
    svms_mikey_wipe(&m);
    assert_memory_equal(&m.key, &zero.key, sizeof m.key);
}

static void missing_arguments_are_the_callers_mistake(void **state)
{
    (void)state;
    svms_ctx *ctx = new_context();
    svms_mikey m = message_of(&written_cases[0]);
    uint8_t data[512];
    char text[8];
    size_t size = sizeof data;
    assert_int_equal(svms_mikey_make(NULL, ctx, SVMS_MIKEY_ONVIF, &m.key, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_mikey_make(&m, NULL, SVMS_MIKEY_ONVIF, &m.key, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_mikey_make(&m, ctx, SVMS_MIKEY_ONVIF, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_mikey_write(NULL, data, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_mikey_write(&m, NULL, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_mikey_write(&m, data, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_mikey_write_text(NULL, ctx, text, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_mikey_write_text(&m, NULL, text, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_mikey_write_text(&m, ctx, NULL, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_mikey_write_text(&m, ctx, text, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_mikey_read(NULL, data, 1, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_mikey_read(&m, NULL, 1, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_mikey_read_text(NULL, text, 1, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_mikey_read_text(&m, NULL, 1, NULL, NULL), SVMS_E_USAGE);
    svms_ctx_free(&ctx);
}

static svms_status make_and_write(svms_ctx *ctx, svms_error *err)
{
    char text[SVMS_MIKEY_TEXT_SIZE];
    size_t size = sizeof text;
    svms_mikey m = message_of(&written_cases[0]);
    svms_mikey made = SVMS_MIKEY_INIT;
    svms_status status = svms_mikey_make(&made, ctx, SVMS_MIKEY_ONVIF, &m.key, err);
    return status == SVMS_OK ? svms_mikey_write_text(&made, ctx, text, &size, err) : status;
}

static void a_failing_allocator_is_told(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(make_and_write);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_messages_that_onvif_prints_are_read),
        cmocka_unit_test(the_messages_that_gstreamer_makes_are_read),
        cmocka_unit_test(every_suite_is_written_in_both_forms_and_read_again),
        cmocka_unit_test(a_buffer_that_is_too_small_is_told_how_large_it_must_be),
        cmocka_unit_test(what_may_be_left_out_is_left_out_and_read_again),
        cmocka_unit_test(a_rekey_may_not_change_the_suite),
        cmocka_unit_test(a_made_message_is_fresh_and_carries_the_key),
        cmocka_unit_test(the_mki_must_fit_the_form),
        cmocka_unit_test(what_cannot_be_written_is_refused_and_writes_nothing),
        cmocka_unit_test(a_message_with_everything_at_its_largest_is_written_and_read),
        cmocka_unit_test(wiping_leaves_zeros),
        cmocka_unit_test(missing_arguments_are_the_callers_mistake),
        cmocka_unit_test(a_failing_allocator_is_told),
    };
    return cmocka_run_group_tests_name("mikey", tests, NULL, NULL);
}
