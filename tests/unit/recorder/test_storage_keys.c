/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of a storage are taken only if a recorder can record with them, and nobody else has them. */
#include "store_case.h"

#include <sys/stat.h>

static svms_status load_again(store_case *c)
{
    storage_keys_free(&c->keys);
    return storage_keys_load(&c->keys, c->ctx, &c->storage, &c->err);
}

/* Nothing is left over, and the message names the file. */
static void expect_refused(store_case *c, svms_status due, const char *path)
{
    assert_int_equal(load_again(c), due);
    assert_null(c->keys.chain);
    assert_null(c->keys.key);
    assert_int_equal(c->keys.recipient_count, 0);
    assert_non_null(strstr(c->err.message, path));
}

static void good_ones_are_loaded(void **state)
{
    store_case *c = *state;
    assert_int_equal(load_again(c), SVMS_OK);
    assert_non_null(c->keys.chain);
    assert_non_null(c->keys.key);
    assert_int_equal(c->keys.recipient_count, 1);
    assert_ptr_equal(c->keys.storage, &c->storage);
    storage_keys_free(&c->keys);
    storage_keys_free(&c->keys);
}

static void a_key_that_others_may_read_is_refused(void **state)
{
    store_case *c = *state;
    assert_int_equal(chmod(c->key, 0644), 0);
    expect_refused(c, SVMS_E_POLICY, c->key);
    assert_int_equal(chmod(c->key, 0620), 0);
    expect_refused(c, SVMS_E_POLICY, c->key);
}

static void a_chain_of_another_key_is_refused(void **state)
{
    store_case *c = *state;
    svms_private_key *other = NULL;
    assert_int_equal(svms_private_key_generate(&other, c->ctx, NULL), SVMS_OK);
    store_case_certify(c, other, SVMS_ROLE_RECORDER, c->certificate);
    svms_private_key_free(&other);
    expect_refused(c, SVMS_E_USAGE, c->certificate);
}

static void a_certificate_for_no_recorder_is_refused(void **state)
{
    store_case *c = *state;
    store_case_certify(c, c->keys.key, SVMS_ROLE_CAMERA, c->certificate);
    expect_refused(c, SVMS_E_UNTRUSTED, c->certificate);
}

static void what_is_missing_or_garbage_is_named(void **state)
{
    store_case *c = *state;
    char big[300 * 1024];
    memset(big, 'x', sizeof big);
    store_case_write(c->recipient, "nobody", 6, 0644);
    expect_refused(c, SVMS_E_MALFORMED, c->recipient);
    store_case_write(c->recipient, big, sizeof big, 0644);
    expect_refused(c, SVMS_E_LIMIT, c->recipient);
    assert_int_equal(unlink(c->recipient), 0);
    expect_refused(c, SVMS_E_IO, c->recipient);
    store_case_write(c->key, "", 0, 0600);
    expect_refused(c, SVMS_E_MALFORMED, c->key);
    assert_int_equal(unlink(c->key), 0);
    assert_int_equal(mkdir(c->key, 0700), 0);
    expect_refused(c, SVMS_E_MALFORMED, c->key);
    store_case_write(c->certificate, "nobody", 6, 0644);
    expect_refused(c, SVMS_E_MALFORMED, c->certificate);
}

int main(void)
{
#define CASE(fact) cmocka_unit_test_setup_teardown(fact, store_case_set_up, store_case_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(good_ones_are_loaded),
        CASE(a_key_that_others_may_read_is_refused),
        CASE(a_chain_of_another_key_is_refused),
        CASE(a_certificate_for_no_recorder_is_refused),
        CASE(what_is_missing_or_garbage_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
