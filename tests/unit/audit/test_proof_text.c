/* SPDX-License-Identifier: Apache-2.0 */
/* The file that holds one record and its proof. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proof_text.h"

#define HASH "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
#define NOTE "log\n2\n" HASH "\n\xe2\x80\x94 log AAAAAAA=\n"
#define GOOD "c2sp.org/tlog-proof@v1\nextra eyJ2IjoxfQ==\nindex 1\n" HASH "\n" NOTE

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

static void a_proof_is_taken_apart_and_put_together_again(void **state)
{
    static const char *const texts[] = { GOOD, GOOD "--\nhandover\n" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        svms_proof_text proof;
        svms_builder again = svms_builder_new(*state, SVMS_PROOF_TEXT_MAX);
        assert_int_equal(svms_proof_text_parse(&proof, *state, texts[i], strlen(texts[i]), NULL),
                         SVMS_OK);
        assert_int_equal(proof.record_size, 7);
        assert_memory_equal(proof.record, "{\"v\":1}", 7);
        assert_int_equal(proof.index, 1);
        assert_int_equal(proof.inclusion.count, 1);
        assert_int_equal(proof.checkpoint_size, strlen(NOTE));
        assert_memory_equal(proof.checkpoint, NOTE, strlen(NOTE));
        assert_int_equal(proof.epochs != NULL, i == 1);
        svms_put_proof_text(&again, &proof);
        assert_int_equal(again.size, strlen(texts[i]));
        assert_memory_equal(again.data, texts[i], again.size);
        svms_proof_text_clear(&proof, *state);
        svms_builder_clear(&again);
    }
}

static void what_is_no_proof_is_refused(void **state)
{
    static const struct {
        const char *text;
        svms_status status;
        const char *words;
    } cases[] = {
        { "", SVMS_E_MALFORMED, "no proof" },
        { "c2sp.org/tlog-proof@v2\n", SVMS_E_MALFORMED, "no proof" },
        { "c2sp.org/tlog-proof@v1\nindex 1\n", SVMS_E_MALFORMED, "no record" },
        { "c2sp.org/tlog-proof@v1\nextra \nindex 1\n\n", SVMS_E_MALFORMED, "no record" },
        { "c2sp.org/tlog-proof@v1\nextra AA=\nindex 1\n\n", SVMS_E_MALFORMED, "no record" },
        { "c2sp.org/tlog-proof@v1\nextra AB==\nindex 1\n\n", SVMS_E_MALFORMED, "no base64" },
        { "c2sp.org/tlog-proof@v1\nextra A-==\nindex 1\n\n", SVMS_E_MALFORMED, "no base64" },
        { "c2sp.org/tlog-proof@v1\nextra AA==", SVMS_E_MALFORMED, "no record" },
        { "c2sp.org/tlog-proof@v1\nextra AA==\nindex 01\n\n", SVMS_E_MALFORMED, "which record" },
        { "c2sp.org/tlog-proof@v1\nextra AA==\nindex -1\n\n", SVMS_E_MALFORMED, "which record" },
        { "c2sp.org/tlog-proof@v1\nextra AA==\nindex 1", SVMS_E_MALFORMED, "which record" },
        { "c2sp.org/tlog-proof@v1\nextra AA==\nindex 1\nAAAA\n\n", SVMS_E_MALFORMED, "hash 1" },
        { "c2sp.org/tlog-proof@v1\nextra AA==\nindex 1\n" HASH, SVMS_E_TRUNCATED, "no checkpoint" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_proof_text proof;
        svms_error err = SVMS_ERROR_INIT;
        svms_status status =
            svms_proof_text_parse(&proof, *state, cases[i].text, strlen(cases[i].text), &err);
        assert_int_equal(status, cases[i].status);
        assert_non_null(strstr(err.message, cases[i].words));
        assert_null(proof.record);
    }
}

static void a_proof_has_no_more_hashes_than_a_tree_has_levels(void **state)
{
    static char text[8192];
    svms_proof_text proof;
    for (unsigned count = SVMS_TREE_PROOF_MAX; count <= SVMS_TREE_PROOF_MAX + 1; count++) {
        int size = snprintf(text, sizeof text, "c2sp.org/tlog-proof@v1\nextra AA==\nindex 1\n");
        for (unsigned i = 0; i < count; i++) {
            size += snprintf(text + size, sizeof text - (size_t)size, HASH);
        }
        size += snprintf(text + size, sizeof text - (size_t)size, "\n" NOTE);
        assert_int_equal(svms_proof_text_parse(&proof, *state, text, (size_t)size, NULL),
                         count == SVMS_TREE_PROOF_MAX ? SVMS_OK : SVMS_E_MALFORMED);
        svms_proof_text_clear(&proof, *state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proof_is_taken_apart_and_put_together_again),
        cmocka_unit_test(what_is_no_proof_is_refused),
        cmocka_unit_test(a_proof_has_no_more_hashes_than_a_tree_has_levels),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
