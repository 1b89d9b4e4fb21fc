/* SPDX-License-Identifier: Apache-2.0 */
/* Signed notes. The first vector is that of the documentation of Go's sumdb/note, the cosigned one
 * that of C2SP's tlog-cosignature. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "checkpoint.h"
#include "key_internal.h"

static const char neumann_key[] =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
static const char neumann_note[] =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\xe2\x80\x94 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng"
    "otpRZb6KE6RyyBwJnAM=\n";

static int set_up(void **state)
{
    svms_ctx *ctx;
    assert_int_equal(svms_ctx_new(&ctx, NULL, NULL), SVMS_OK);
    *state = ctx;
    return 0;
}

static int tear_down(void **state)
{
    svms_ctx *ctx = *state;
    svms_ctx_free(&ctx);
    return 0;
}

static svms_status judge(svms_ctx *ctx, const char *key_text, const void *bytes, size_t size,
                         svms_note_finding *finding)
{
    svms_note_key key;
    svms_note note;
    assert_int_equal(svms_note_key_parse(&key, ctx, key_text, strlen(key_text), NULL), SVMS_OK);
    svms_status status = svms_note_parse(&note, bytes, size, NULL);
    return status == SVMS_OK ? svms_note_check(&note, ctx, &key, finding, NULL) : status;
}

static void a_note_of_others_verifies(void **state)
{
    svms_note_finding finding;
    assert_int_equal(judge(*state, neumann_key, neumann_note, sizeof neumann_note - 1, &finding),
                     SVMS_OK);
    assert_true(finding.is_signed);
}

static void every_changed_bit_is_refused_or_unsigned(void **state)
{
    char copy[sizeof neumann_note];
    for (size_t i = 0; i < sizeof neumann_note - 1; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            svms_note_finding finding = { 0 };
            memcpy(copy, neumann_note, sizeof copy);
            copy[i] = (char)(copy[i] ^ 1 << bit);
            svms_status status =
                judge(*state, neumann_key, copy, sizeof neumann_note - 1, &finding);
            assert_false(status == SVMS_OK && finding.is_signed);
            assert_true(status == SVMS_OK || status == SVMS_E_MALFORMED ||
                        status == SVMS_E_NOT_AUTHENTIC);
        }
    }
}

typedef struct key_case {
    const char *text;
    svms_status status;
} key_case;

static void keys_are_read_in_one_spelling_only(void **state)
{
    static const key_case cases[] = {
        { "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", SVMS_OK },
        { "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", SVMS_E_MALFORMED },
        { "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", SVMS_E_MALFORMED },
        { "Peterneumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", SVMS_E_MALFORMED },
        { "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T", SVMS_E_MALFORMED },
        { "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW=", SVMS_E_MALFORMED },
        { "PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
          SVMS_E_UNSUPPORTED },
        { "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", SVMS_E_MALFORMED },
        { "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", SVMS_E_MALFORMED },
        { "PeterNeumann", SVMS_E_MALFORMED },
        { "", SVMS_E_MALFORMED },
        { "a+", SVMS_E_MALFORMED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_note_key key;
        assert_int_equal(
            svms_note_key_parse(&key, *state, cases[i].text, strlen(cases[i].text), NULL),
            cases[i].status);
        if (cases[i].status == SVMS_OK) {
            svms_builder text = svms_builder_new(*state, SVMS_NOTE_KEY_TEXT_MAX);
            svms_put_note_key(&text, &key);
            assert_int_equal(text.size, strlen(cases[i].text));
            assert_memory_equal(text.data, cases[i].text, text.size);
            svms_builder_clear(&text);
        }
    }
}

static void notes_that_are_none_are_refused(void **state)
{
    static const key_case cases[] = {
        { "", SVMS_E_MALFORMED },
        { "\n", SVMS_E_MALFORMED },
        { "\n\n", SVMS_E_MALFORMED },
        { "text\n", SVMS_E_MALFORMED },
        { "text\n\n", SVMS_E_MALFORMED },
        { "text\n\n\xe2\x80\x94 a AAAAAAA=", SVMS_E_MALFORMED },
        { "text\n\xe2\x80\x94 a AAAAAAA=\n", SVMS_E_MALFORMED },
        { "text\n\n- a AAAAAAA=\n", SVMS_E_MALFORMED },
        { "text\n\n\xe2\x80\x94 AAAAAAA=\n", SVMS_E_MALFORMED },
        { "text\n\n\xe2\x80\x94  AAAAAAA=\n", SVMS_E_MALFORMED },
        { "text\n\n\xe2\x80\x94 a AAAAAA==\n", SVMS_E_MALFORMED },
        { "text\n\n\xe2\x80\x94 a AAAAAAB=\n", SVMS_E_MALFORMED },
        { "text\n\n\xe2\x80\x94 a AAAA AAA=\n", SVMS_E_MALFORMED },
        { "text\n\n\xe2\x80\x94 a+b AAAAAAA=\n", SVMS_E_MALFORMED },
        { "te\txt\n\n\xe2\x80\x94 a AAAAAAA=\n", SVMS_E_MALFORMED },
        { "te\xffxt\n\n\xe2\x80\x94 a AAAAAAA=\n", SVMS_E_MALFORMED },
        { "text\n\n\xe2\x80\x94 a AAAAAAA=\n", SVMS_OK },
        { "te\n\nxt\n\n\xe2\x80\x94 a AAAAAAA=\n", SVMS_OK },
    };
    svms_note note;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(svms_note_parse(&note, cases[i].text, strlen(cases[i].text), NULL),
                         cases[i].status);
    }
}

typedef struct signer {
    svms_private_key *private_key;
    svms_sign_engine *engine;
    svms_note_key key;
} signer;

static signer make_signer(svms_ctx *ctx, const char *name, svms_note_kind kind)
{
    signer out = { 0 };
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    assert_non_null(pkey);
    assert_int_equal(svms_private_key_from_evp(&out.private_key, ctx, pkey, NULL), SVMS_OK);
    EVP_PKEY_free(pkey);
    assert_int_equal(svms_sign_engine_new(&out.engine, ctx, out.private_key, NULL), SVMS_OK);
    assert_int_equal(svms_note_key_of(&out.key, ctx, name, kind, out.private_key, NULL), SVMS_OK);
    return out;
}

static void free_signer(signer *who)
{
    svms_sign_engine_free(&who->engine);
    svms_private_key_free(&who->private_key);
}

static void a_checkpoint_is_signed_cosigned_and_read_again(void **state)
{
    svms_ctx *ctx = *state;
    signer log = make_signer(ctx, "vms.example/audit", SVMS_NOTE_LOG);
    signer witness = make_signer(ctx, "Witness.example/w1", SVMS_NOTE_COSIGNATURE);
    svms_checkpoint checkpoint = { "vms.example/audit", { 20852163, { 1, 2, 3 } } };
    svms_checkpoint again;
    svms_note note;
    svms_note_finding finding;
    svms_builder bytes = svms_builder_new(ctx, SVMS_NOTE_MAX);
    svms_put_checkpoint(&bytes, &checkpoint);
    size_t text_size = bytes.size;
    char text[256];
    memcpy(text, bytes.data, text_size);
    svms_put_u8(&bytes, '\n');
    assert_int_equal(svms_note_sign(&bytes, text, text_size, &log.key, log.engine, 0, NULL),
                     SVMS_OK);
    assert_int_equal(
        svms_note_sign(&bytes, text, text_size, &witness.key, witness.engine, 1679315147, NULL),
        SVMS_OK);
    assert_int_equal(svms_note_parse(&note, bytes.data, bytes.size, NULL), SVMS_OK);
    assert_int_equal(note.count, 2);
    assert_int_equal(svms_note_check(&note, ctx, &log.key, &finding, NULL), SVMS_OK);
    assert_true(finding.is_signed);
    assert_int_equal(svms_note_check(&note, ctx, &witness.key, &finding, NULL), SVMS_OK);
    assert_true(finding.is_signed);
    assert_int_equal(finding.at_utc_s, 1679315147);
    assert_int_equal(svms_checkpoint_parse(&again, note.text, note.text_size, NULL), SVMS_OK);
    assert_string_equal(again.origin, checkpoint.origin);
    assert_int_equal(again.head.size, checkpoint.head.size);
    assert_memory_equal(again.head.root, checkpoint.head.root, sizeof again.head.root);

    /* A cosignature's time is signed. */
    note.line[1].signature[7] ^= 1;
    assert_int_equal(svms_note_check(&note, ctx, &witness.key, &finding, NULL),
                     SVMS_E_NOT_AUTHENTIC);
    svms_builder_clear(&bytes);
    free_signer(&log);
    free_signer(&witness);
}

static void nobody_signs_twice(void **state)
{
    svms_ctx *ctx = *state;
    signer log = make_signer(ctx, "log", SVMS_NOTE_LOG);
    svms_note note;
    svms_note_finding finding;
    svms_builder bytes = svms_builder_new(ctx, SVMS_NOTE_MAX);
    svms_put_bytes(&bytes, "text\n\n", 6);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(svms_note_sign(&bytes, "text\n", 5, &log.key, log.engine, 0, NULL),
                         SVMS_OK);
    }
    assert_int_equal(svms_note_parse(&note, bytes.data, bytes.size, NULL), SVMS_OK);
    assert_int_equal(svms_note_check(&note, ctx, &log.key, &finding, NULL), SVMS_E_NOT_AUTHENTIC);
    assert_false(finding.is_signed);
    svms_builder_clear(&bytes);
    free_signer(&log);
}

static void a_note_has_its_most_signatures(void **state)
{
    svms_ctx *ctx = *state;
    svms_note note;
    svms_builder bytes = svms_builder_new(ctx, SVMS_NOTE_MAX);
    svms_put_bytes(&bytes, "text\n\n", 6);
    for (unsigned i = 0; i < SVMS_NOTE_SIGNATURES; i++) {
        svms_put_bytes(&bytes, "\xe2\x80\x94 a AAAAAAA=\n", 15);
    }
    assert_int_equal(svms_note_parse(&note, bytes.data, bytes.size, NULL), SVMS_OK);
    assert_int_equal(note.count, SVMS_NOTE_SIGNATURES);
    svms_put_bytes(&bytes, "\xe2\x80\x94 a AAAAAAA=\n", 15);
    assert_int_equal(svms_note_parse(&note, bytes.data, bytes.size, NULL), SVMS_E_LIMIT);
    svms_builder_clear(&bytes);
}

static void checkpoints_are_read_in_one_spelling_only(void **state)
{
    static const char root[] = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    static const struct {
        const char *front;
        const char *behind;
        svms_status status;
    } cases[] = {
        { "log\n0\n", "", SVMS_OK },
        { "log\n281474976710656\n", "", SVMS_OK },
        { "log\n281474976710657\n", "", SVMS_E_MALFORMED },
        { "log\n9223372036854775808\n", "", SVMS_E_MALFORMED },
        { "log\n99999999999999999999\n", "", SVMS_E_MALFORMED },
        { "log\n00\n", "", SVMS_E_MALFORMED },
        { "log\n01\n", "", SVMS_E_MALFORMED },
        { "log\n\n", "", SVMS_E_MALFORMED },
        { "log\n-1\n", "", SVMS_E_MALFORMED },
        { "log\n 1\n", "", SVMS_E_MALFORMED },
        { "\n1\n", "", SVMS_E_MALFORMED },
        { "log\n1\nA", "", SVMS_E_MALFORMED },
        { "log\n1\n", "extension\n", SVMS_E_UNSUPPORTED },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        svms_checkpoint checkpoint;
        int size = snprintf(text, sizeof text, "%s%s%s", cases[i].front, root, cases[i].behind);
        assert_int_equal(svms_checkpoint_parse(&checkpoint, text, (size_t)size, NULL),
                         cases[i].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_note_of_others_verifies),
        cmocka_unit_test(every_changed_bit_is_refused_or_unsigned),
        cmocka_unit_test(keys_are_read_in_one_spelling_only),
        cmocka_unit_test(notes_that_are_none_are_refused),
        cmocka_unit_test(a_checkpoint_is_signed_cosigned_and_read_again),
        cmocka_unit_test(nobody_signs_twice),
        cmocka_unit_test(a_note_has_its_most_signatures),
        cmocka_unit_test(checkpoints_are_read_in_one_spelling_only),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
