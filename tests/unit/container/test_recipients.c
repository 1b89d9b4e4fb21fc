/* SPDX-License-Identifier: Apache-2.0 */
/* Who can decrypt: every kind of recipient, alone and together, and changing them while the power
 * fails, the disk fails and memory runs out. */
#include <errno.h>
#include <stdio.h>

#include "crowd.h"

static const uint8_t nobody[1][16] = { { 0 } };

static void add_everybody_but(const crowd *all, uint32_t members, svms_recipients_change *change,
                              const svms_public_key *keys[MEMBERS], const svms_kek *const *kek)
{
    for (uint32_t kind = X25519; kind <= RSA; kind++) {
        if ((members & ONLY(kind)) == 0) {
            keys[change->add_count++] = all->public_keys[kind];
        }
    }
    change->add = keys;
    if ((members & ONLY(KEK)) == 0) {
        change->add_keks = kek;
        change->add_kek_count = 1;
    }
    if ((members & ONLY(PASSWORD)) == 0) {
        change->password = CROWD_PASSWORD;
        change->password_size = strlen(CROWD_PASSWORD);
        change->password_log2_n = 10;
    }
}

static void expect_only_the_block_differs(const memory_file *before, const memory_file *after)
{
    size_t block = slot_offset(before, 0);
    size_t behind = block + 2 * slot_size_in(before);
    assert_int_equal(before->size, after->size);
    assert_memory_equal(before->data, after->data, block);
    assert_memory_equal(before->data + behind, after->data + behind, before->size - behind);
    assert_memory_not_equal(before->data + block, after->data + block, behind - block);
}

static bool contains(const uint8_t *bytes, size_t size, const uint8_t id[16])
{
    for (size_t at = 0; at + 16 <= size; at++) {
        if (memcmp(bytes + at, id, 16) == 0) {
            return true;
        }
    }
    return false;
}

static void each_kind_opens_alone_and_nobody_else_does(void **state)
{
    crowd all = crowd_new(*state);
    for (uint32_t kind = 0; kind < MEMBERS; kind++) {
        memory_file file = { 0 };
        crowd_recipe how = { ONLY(kind), 0, false, NULL };
        crowd_record(&all, &how, &file);
        assert_int_equal(crowd_openers(&all, &file), ONLY(kind));
        svms_keyring *ring = crowd_ring(&all, ONLY(kind));
        svms_recipient_list list = list_of(*state, &file, ring);
        assert_int_equal(list.count, 1);
        assert_int_equal(list.recipients[0].kind, kind + 1);
        assert_memory_equal(list.recipients[0].key_id, all.ids[kind], 16);
        assert_int_equal(list.authenticated, 1);
        svms_keyring_free(&ring);
        memory_file_clear(&file);
    }
    crowd_clear(&all);
}

static void everybody_at_once_can_open(void **state)
{
    static const uint32_t sizes[MEMBERS] = { 68, 96, 129, 272, 56 };
    crowd all = crowd_new(*state);
    memory_file file = { 0 };
    crowd_recipe how = { EVERYBODY, 0, false, NULL };
    crowd_record(&all, &how, &file);
    assert_int_equal(crowd_openers(&all, &file), EVERYBODY);
    svms_recipient_list list = list_of(*state, &file, NULL);
    assert_int_equal(list.count, MEMBERS);
    for (uint32_t kind = 0; kind < MEMBERS; kind++) {
        assert_true(list_names(&list, kind + 1, all.ids[kind]));
        for (uint32_t i = 0; i < list.count; i++) {
            if (list.recipients[i].kind == kind + 1) {
                assert_int_equal(list.recipients[i].size, sizes[kind]);
            }
        }
    }
    assert_int_equal(list.revision, 1);
    assert_int_equal(list.other_revision, 0);
    assert_int_equal(list.other_differs, 0);
    assert_int_equal(list.damaged, 0);
    assert_int_equal(list.authenticated, 0);
    assert_int_equal(list.slot_size, 4096);
    assert_int_equal(list.slot_used, 40 + 5 * 8 + (68 + 96 + 129 + 272 + 56) + 4 + 2 * 32);
    assert_int_equal(list.officer_identity, SVMS_IDENTITY_UNSIGNED);
    assert_string_equal(list.officer, "");
    memory_file_clear(&file);
    crowd_clear(&all);
}

static void recipients_are_added_and_media_and_signatures_stay(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    for (uint32_t kind = 0; kind < MEMBERS; kind++) {
        const svms_public_key *keys[MEMBERS];
        const svms_kek *kek = all.kek;
        memory_file file = { 0 };
        svms_report report;
        crowd_recipe how = { ONLY(kind), 0, false, NULL };
        svms_recipients_change change = SVMS_RECIPIENTS_CHANGE_INIT;
        svms_keyring *ring = crowd_ring(&all, ONLY(kind));
        crowd_record(&all, &how, &file);
        memory_file before = memory_copy(&file);
        change.keys = ring;
        add_everybody_but(&all, ONLY(kind), &change, keys, &kek);
        assert_int_equal(change_file(fix, &file, &change, NULL), SVMS_OK);
        expect_only_the_block_differs(&before, &file);
        assert_int_equal(crowd_openers(&all, &file), EVERYBODY);
        svms_recipient_list list = list_of(fix, &file, ring);
        assert_int_equal(list.count, MEMBERS);
        assert_int_equal(list.revision, 2);
        assert_int_equal(list.other_revision, 1);
        assert_int_equal(list.other_differs, 0);
        assert_int_equal(verify_file(fix, &file, fix->trust, &report), SVMS_OK);
        assert_int_equal(report.access_revision, 2);
        assert_int_equal(report.officer_identity, SVMS_IDENTITY_UNSIGNED);
        svms_keyring_free(&ring);
        memory_file_clear(&before);
        memory_file_clear(&file);
    }
    crowd_clear(&all);
}

/* A change that takes one member away. */
static svms_recipients_change removal_of(const crowd *all, uint32_t kind, const svms_keyring *ring)
{
    svms_recipients_change change = SVMS_RECIPIENTS_CHANGE_INIT;
    change.keys = ring;
    if (kind == PASSWORD) {
        change.remove_password = 1;
    } else {
        change.remove = &all->ids[kind];
        change.remove_count = 1;
    }
    return change;
}

static void a_removed_recipient_opens_no_more_whichever_slot_counts(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    for (uint32_t kind = 0; kind < MEMBERS; kind++) {
        memory_file file = { 0 };
        svms_report report;
        crowd_recipe how = { EVERYBODY, 0, false, NULL };
        svms_keyring *ring = crowd_ring(&all, ONLY(kind)); /* one may remove oneself */
        svms_recipients_change change = removal_of(&all, kind, ring);
        crowd_record(&all, &how, &file);
        memory_file before = memory_copy(&file);
        assert_int_equal(change_file(fix, &file, &change, NULL), SVMS_OK);
        expect_only_the_block_differs(&before, &file);
        size_t size = slot_size_in(&file);
        if (kind != PASSWORD) {
            assert_true(contains(before.data, before.size, all.ids[kind]));
            assert_false(contains(file.data, file.size, all.ids[kind]));
        }
        assert_int_equal(crowd_openers(&all, &file), EVERYBODY & ~ONLY(kind));
        svms_recipient_list list = list_of(fix, &file, NULL);
        assert_int_equal(list.revision, 3);
        assert_int_equal(list.other_revision, 2);
        assert_int_equal(list.other_differs, 0);
        assert_int_equal(verify_file(fix, &file, fix->trust, &report), SVMS_OK);
        for (uint32_t slot = 0; slot < 2; slot++) {
            memory_file half = memory_copy(&file);
            memset(half.data + slot_offset(&half, slot), 0, size);
            assert_int_equal(crowd_openers(&all, &half), EVERYBODY & ~ONLY(kind));
            memory_file_clear(&half);
        }
        svms_keyring_free(&ring);
        memory_file_clear(&before);
        memory_file_clear(&file);
    }
    crowd_clear(&all);
}

static void all_recipients_are_replaced_at_once(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    crowd others = crowd_new(fix);
    const svms_public_key *keys[MEMBERS];
    const svms_kek *kek = others.kek;
    memory_file file = { 0 };
    svms_report report;
    crowd_recipe how = { EVERYBODY, 0, false, NULL };
    svms_keyring *ring = crowd_ring(&all, ONLY(RSA));
    svms_recipients_change change = SVMS_RECIPIENTS_CHANGE_INIT;
    crowd_record(&all, &how, &file);
    change.keys = ring;
    change.replace = 1;
    add_everybody_but(&others, ONLY(PASSWORD), &change, keys, &kek);
    assert_int_equal(change_file(fix, &file, &change, NULL), SVMS_OK);
    assert_int_equal(crowd_openers(&all, &file), 0);
    assert_int_equal(crowd_openers(&others, &file), EVERYBODY & ~ONLY(PASSWORD));
    assert_int_equal(verify_file(fix, &file, fix->trust, &report), SVMS_OK);
    assert_int_equal(report.access_revision, 3);

    /* The same keys once more get new stanzas. */
    svms_keyring *other_ring = crowd_ring(&others, ONLY(KEK));
    memory_file before = memory_copy(&file);
    change.keys = other_ring;
    assert_int_equal(change_file(fix, &file, &change, NULL), SVMS_OK);
    expect_only_the_block_differs(&before, &file);
    assert_int_equal(crowd_openers(&others, &file), EVERYBODY & ~ONLY(PASSWORD));
    memory_file_clear(&before);
    svms_keyring_free(&other_ring);
    svms_keyring_free(&ring);
    memory_file_clear(&file);
    crowd_clear(&others);
    crowd_clear(&all);
}

static void a_password_is_changed_and_the_old_one_is_gone(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    memory_file file = { 0 };
    svms_error err;
    crowd_recipe how = { ONLY(PASSWORD) | ONLY(X25519), 0, false, NULL };
    svms_keyring *ring = crowd_ring(&all, ONLY(PASSWORD));
    svms_keyring *new_ring = password_ring(fix, "another");
    svms_recipients_change change = SVMS_RECIPIENTS_CHANGE_INIT;
    crowd_record(&all, &how, &file);
    change.keys = ring;
    change.password = "another";
    change.password_size = 7;
    change.password_log2_n = 10;
    assert_int_equal(change_file(fix, &file, &change, NULL), SVMS_OK);
    assert_int_equal(open_with_ring(fix, new_ring, &file, NULL), SVMS_OK);
    assert_int_equal(open_with_ring(fix, ring, &file, &err), SVMS_E_WRONG_KEY);
    assert_string_equal(err.message, "the password is wrong");
    assert_int_equal(crowd_openers(&all, &file), ONLY(X25519));
    svms_recipient_list list = list_of(fix, &file, NULL);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.revision, 3);
    svms_keyring_free(&new_ring);
    svms_keyring_free(&ring);
    memory_file_clear(&file);
    crowd_clear(&all);
}

static void what_cannot_be_changed_is_refused_and_nothing_is_written(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    crowd others = crowd_new(fix);
    const svms_public_key *present[] = { all.public_keys[P256] };
    const svms_public_key *twice[] = { others.public_keys[RSA], others.public_keys[RSA] };
    const svms_public_key *null_key[] = { NULL };
    const svms_kek *present_kek[] = { all.kek };
    const svms_kek *null_kek[] = { NULL };
    const uint8_t two[2][16] = { { 0 }, { 0 } };
    svms_keyring *ring = crowd_ring(&all, ONLY(PASSWORD));
    svms_keyring *strangers = crowd_ring(&others, ONLY(X25519) | ONLY(KEK));
    svms_keyring *empty = crowd_ring(&all, 0);
    const svms_recipients_change init = SVMS_RECIPIENTS_CHANGE_INIT;
    enum { CASES = 20 };
    svms_recipients_change cases[CASES];
    static const struct {
        svms_status status;
        const char *words;
    } expected[CASES] = {
        { SVMS_E_USAGE, "no keys were given" },
        { SVMS_E_USAGE, "nothing to change" },
        { SVMS_E_USAGE, "nothing to change" },
        { SVMS_E_USAGE, "is there already" },
        { SVMS_E_USAGE, "is there already" },
        { SVMS_E_USAGE, "is there already" },
        { SVMS_E_USAGE, "a recipient is NULL" },
        { SVMS_E_USAGE, "a key-encryption key is NULL" },
        { SVMS_E_USAGE, "list of recipients is NULL" },
        { SVMS_E_USAGE, "list of recipients is NULL" },
        { SVMS_E_USAGE, "list of recipients is NULL" },
        { SVMS_E_USAGE, "recipient 00000000..., which shall be removed, is not there" },
        { SVMS_E_USAGE, "is not there" },
        { SVMS_E_USAGE, "nobody could open" },
        { SVMS_E_USAGE, "1 to 1024 bytes" },
        { SVMS_E_USAGE, "cost is 10 to 18" },
        { SVMS_E_USAGE, "0 or 1" },
        { SVMS_E_USAGE, "a key and its certificate" },
        { SVMS_E_WRONG_KEY, "not one of the container's recipients" },
        { SVMS_E_WRONG_KEY, "no password and no key" },
    };
    uint8_t everybody[4][16];
    for (size_t i = 0; i < CASES; i++) {
        cases[i] = init;
        cases[i].keys = ring;
        cases[i].password = i >= 14 ? "x" : NULL;
        cases[i].password_size = 1;
    }
    for (size_t i = 0; i < 4; i++) {
        memcpy(everybody[i], all.ids[X25519 + i], 16);
    }
    cases[0].keys = NULL;
    cases[2].replace = 1;
    cases[3].add = present;
    cases[3].add_count = 1;
    cases[4].add = twice;
    cases[4].add_count = 2;
    cases[5].add_keks = present_kek;
    cases[5].add_kek_count = 1;
    cases[6].add = null_key;
    cases[6].add_count = 1;
    cases[7].add_keks = null_kek;
    cases[7].add_kek_count = 1;
    cases[8].add_count = 1;
    cases[9].add_kek_count = 1;
    cases[10].remove_count = 1;
    cases[11].remove = two;
    cases[11].remove_count = 2;
    cases[12].remove = nobody;
    cases[12].remove_count = 1;
    cases[13].remove = (const uint8_t(*)[16])everybody;
    cases[13].remove_count = 4;
    cases[13].remove_password = 1;
    cases[14].password_size = 1025;
    cases[15].password_log2_n = 19;
    cases[16].replace = 2;
    cases[17].officer_key = fix->recorder_key;
    cases[18].keys = strangers;
    cases[19].keys = empty;
    memory_file file = { 0 };
    crowd_recipe how = { EVERYBODY, 0, false, NULL };
    crowd_record(&all, &how, &file);
    memory_file before = memory_copy(&file);
    for (size_t i = 0; i < CASES; i++) {
        svms_error err;
        svms_status status = change_file(fix, &file, &cases[i], &err);
        if (status != expected[i].status || strstr(err.message, expected[i].words) == NULL) {
            fail_msg("case %zu: %s: %s", i, svms_status_name(status), err.message);
        }
        assert_memory_equal(before.data, file.data, file.size);
    }
    svms_keyring_free(&empty);
    svms_keyring_free(&strangers);
    svms_keyring_free(&ring);
    memory_file_clear(&before);
    memory_file_clear(&file);
    crowd_clear(&others);
    crowd_clear(&all);
}

static void missing_arguments_are_usage(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    memory_file file = { 0 };
    crowd_recipe how = { ONLY(KEK), 0, false, NULL };
    crowd_record(&all, &how, &file);
    memory_store_state over = MEMORY_STORE_INIT(&file);
    svms_store store = memory_store(&over);
    svms_source source = memory_source(&file);
    svms_keyring *ring = crowd_ring(&all, ONLY(KEK));
    svms_recipients_change change = removal_of(&all, KEK, ring);
    svms_recipient_list list = SVMS_RECIPIENT_LIST_INIT;
    uint8_t id[16];
    assert_int_equal(svms_recipient_id(NULL, id, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recipient_id(all.public_keys[RSA], NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recipient_id(all.public_keys[RSA], id, NULL), SVMS_OK);
    assert_memory_equal(id, all.ids[RSA], 16);
    assert_int_equal(svms_recipients_list(NULL, &source, NULL, &list, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recipients_list(fix->ctx, NULL, NULL, &list, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recipients_list(fix->ctx, &source, NULL, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recipients_change_list(NULL, &store, &change, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recipients_change_list(fix->ctx, NULL, &change, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recipients_change_list(fix->ctx, &store, NULL, NULL), SVMS_E_USAGE);
    source.read_at = NULL;
    assert_int_equal(svms_recipients_list(fix->ctx, &source, NULL, &list, NULL), SVMS_E_USAGE);
    source = memory_source(&file);
    source.struct_size = 3;
    assert_int_equal(svms_recipients_list(fix->ctx, &source, NULL, &list, NULL), SVMS_E_USAGE);
    store.sync = NULL;
    assert_int_equal(svms_recipients_change_list(fix->ctx, &store, &change, NULL), SVMS_E_USAGE);
    store = memory_store(&over);
    store.write_at = NULL;
    assert_int_equal(svms_recipients_change_list(fix->ctx, &store, &change, NULL), SVMS_E_USAGE);
    store = memory_store(&over);
    change.struct_size = 3;
    assert_int_equal(svms_recipients_change_list(fix->ctx, &store, &change, NULL), SVMS_E_USAGE);
    assert_int_equal(over.calls, 0);
    svms_keyring_free(&ring);
    memory_file_clear(&file);
    crowd_clear(&all);
}

static void a_container_without_encryption_has_no_recipients(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    memory_file file = { 0 };
    recipe plain = RECIPE_INIT;
    plain.protection = SVMS_PROTECT_NONE;
    plain.password = NULL;
    record_container(fix, &plain, &file);
    svms_keyring *ring = crowd_ring(&all, ONLY(KEK));
    svms_recipient_list list = SVMS_RECIPIENT_LIST_INIT;
    svms_recipients_change change = removal_of(&all, KEK, ring);
    svms_source source = memory_source(&file);
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_recipients_list(fix->ctx, &source, NULL, &list, &err), SVMS_E_USAGE);
    assert_non_null(strstr(err.message, "not encrypted"));
    assert_int_equal(change_file(fix, &file, &change, &err), SVMS_E_USAGE);
    assert_non_null(strstr(err.message, "not encrypted"));
    svms_keyring_free(&ring);
    memory_file_clear(&file);
    crowd_clear(&all);
}

static void a_list_that_does_not_fit_is_refused_with_its_size(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    const svms_public_key *keys[] = { all.public_keys[RSA], all.public_keys[P256] };
    memory_file file = { 0 };
    svms_error err;
    crowd_recipe how = { ONLY(X25519), 512, false, NULL };
    svms_keyring *ring = crowd_ring(&all, ONLY(X25519));
    svms_recipients_change change = SVMS_RECIPIENTS_CHANGE_INIT;
    crowd_record(&all, &how, &file);
    memory_file before = memory_copy(&file);
    change.keys = ring;
    change.add = keys;
    change.add_count = 2;
    assert_int_equal(change_file(fix, &file, &change, &err), SVMS_E_LIMIT);
    /* 40 + 3 stanza headers + 96 + 272 + 129 + 4 + 64 */
    assert_non_null(strstr(err.message, "need 629 bytes, and the slot has 512"));
    assert_memory_equal(before.data, file.data, file.size);
    change.add_count = 1;
    assert_int_equal(change_file(fix, &file, &change, &err), SVMS_OK);
    assert_int_equal(crowd_openers(&all, &file), ONLY(X25519) | ONLY(RSA));
    svms_keyring_free(&ring);
    memory_file_clear(&before);
    memory_file_clear(&file);
    crowd_clear(&all);
}

static void sixty_four_recipients_fit_and_no_more(void **state)
{
    enum { MANY = 64 };
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    svms_kek *keks[MANY];
    memory_file file = { 0 };
    svms_error err;
    crowd_recipe how = { ONLY(X25519), 8192, false, NULL };
    svms_keyring *ring = crowd_ring(&all, ONLY(X25519));
    svms_recipients_change change = SVMS_RECIPIENTS_CHANGE_INIT;
    crowd_record(&all, &how, &file);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(svms_kek_generate(&keks[i], fix->ctx, NULL), SVMS_OK);
    }
    change.keys = ring;
    change.add_keks = (const svms_kek *const *)keks;
    change.add_kek_count = MANY;
    assert_int_equal(change_file(fix, &file, &change, &err), SVMS_E_LIMIT);
    assert_non_null(strstr(err.message, "at most 64"));
    change.add_kek_count = MANY - 1;
    assert_int_equal(change_file(fix, &file, &change, &err), SVMS_OK);
    svms_recipient_list list = list_of(fix, &file, ring);
    assert_int_equal(list.count, MANY);
    svms_keyring *last = NULL;
    assert_int_equal(svms_keyring_new(&last, fix->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_keyring_add_kek(last, keks[MANY - 2], NULL), SVMS_OK);
    assert_int_equal(open_with_ring(fix, last, &file, NULL), SVMS_OK);
    svms_keyring_free(&last);
    for (size_t i = 0; i < MANY; i++) {
        svms_kek_free(&keks[i]);
    }
    svms_keyring_free(&ring);
    memory_file_clear(&file);
    crowd_clear(&all);
}

/* Whatever an interrupted change left: the keys that shall open it do, nothing is called false, and
 * a slot that is half written is called just that. */
static void expect_usable(const crowd *all, memory_file *file, uint32_t members)
{
    svms_report report;
    svms_status status = verify_file(all->fix, file, all->fix->trust, &report);
    assert_int_equal(report.segments_failed, 0);
    assert_int_equal(report.segments_verified, 1);
    if (status != SVMS_OK) {
        assert_int_equal(status, SVMS_E_INCOMPLETE);
        assert_int_equal(report.access_damaged, 1);
        assert_int_equal(report.finding_count, 1);
        assert_non_null(strstr(report.first_failure.reason, "access slot"));
    }
    for (uint32_t kind = 0; kind < MEMBERS; kind++) {
        if ((members & ONLY(kind)) != 0) {
            assert_int_equal(crowd_open(all, ONLY(kind), file, NULL), SVMS_OK);
        }
    }
}

static void an_addition_torn_at_any_byte_leaves_a_usable_container(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    const svms_kek *keks[] = { all.kek };
    memory_file whole = { 0 };
    crowd_recipe how = { ONLY(X25519), 512, false, NULL };
    svms_keyring *ring = crowd_ring(&all, ONLY(X25519));
    svms_recipients_change change = SVMS_RECIPIENTS_CHANGE_INIT;
    crowd_record(&all, &how, &whole);
    change.keys = ring;
    change.add_keks = keks;
    change.add_kek_count = 1;
    for (size_t n = 0; n <= 512; n++) {
        memory_file file = memory_copy(&whole);
        memory_store_state over = MEMORY_STORE_INIT(&file);
        svms_store store = memory_store(&over);
        svms_error err = SVMS_ERROR_INIT;
        over.budget = n;
        svms_status status = svms_recipients_change_list(fix->ctx, &store, &change, &err);
        assert_int_equal(status, n == 512 ? SVMS_OK : SVMS_E_IO);
        if (status != SVMS_OK) {
            assert_int_equal(err.os_error, EIO);
        }
        expect_usable(&all, &file, ONLY(X25519));
        /* The next change repairs it. */
        bool complete = crowd_open(&all, ONLY(KEK), &file, NULL) == SVMS_OK;
        status = change_file(fix, &file, &change, &err);
        assert_int_equal(status, complete ? SVMS_E_USAGE : SVMS_OK);
        assert_int_equal(crowd_openers(&all, &file), ONLY(X25519) | ONLY(KEK));
        memory_file_clear(&file);
    }
    svms_keyring_free(&ring);
    memory_file_clear(&whole);
    crowd_clear(&all);
}

static void a_removal_torn_at_any_byte_is_finished_by_the_same_again(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    memory_file whole = { 0 };
    crowd_recipe how = { ONLY(X25519) | ONLY(KEK), 512, false, NULL };
    svms_keyring *ring = crowd_ring(&all, ONLY(X25519));
    svms_recipients_change change = removal_of(&all, KEK, ring);
    uint32_t differing = 0;
    crowd_record(&all, &how, &whole);
    for (size_t n = 0; n < 1024; n++) {
        memory_file file = memory_copy(&whole);
        memory_store_state over = MEMORY_STORE_INIT(&file);
        svms_store store = memory_store(&over);
        over.budget = n;
        assert_int_equal(svms_recipients_change_list(fix->ctx, &store, &change, NULL), SVMS_E_IO);
        expect_usable(&all, &file, ONLY(X25519));
        svms_recipient_list list = list_of(fix, &file, ring);
        bool removed = !list_names(&list, SVMS_RECIPIENT_KEK, all.ids[KEK]);
        assert_true(removed || n < 512);
        differing += list.other_differs;
        /* Only zeros were missing: there is nothing left to do, and it says so. */
        bool done = !contains(file.data, file.size, all.ids[KEK]) && list.damaged == 0;
        assert_int_equal(change_file(fix, &file, &change, NULL), done ? SVMS_E_USAGE : SVMS_OK);
        list = list_of(fix, &file, ring);
        assert_int_equal(list.damaged + list.other_differs, 0);
        assert_false(contains(file.data, file.size, all.ids[KEK]));
        assert_int_equal(crowd_openers(&all, &file), ONLY(X25519));
        memory_file_clear(&file);
    }
    assert_true(differing > 0);
    svms_keyring_free(&ring);
    memory_file_clear(&whole);
    crowd_clear(&all);
}

static void every_failing_call_of_the_store_is_clean(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    memory_file whole = { 0 };
    crowd_recipe how = { ONLY(X25519) | ONLY(KEK), 512, false, NULL };
    svms_keyring *ring = crowd_ring(&all, ONLY(X25519));
    svms_recipients_change change = removal_of(&all, KEK, ring);
    crowd_record(&all, &how, &whole);
    for (uint64_t n = 1;; n++) {
        memory_file file = memory_copy(&whole);
        memory_store_state over = MEMORY_STORE_INIT(&file);
        svms_store store = memory_store(&over);
        svms_error err = SVMS_ERROR_INIT;
        int64_t before = fix->live_blocks;
        over.call_fails_at = n;
        svms_status status = svms_recipients_change_list(fix->ctx, &store, &change, &err);
        assert_int_equal(fix->live_blocks, before);
        expect_usable(&all, &file, ONLY(X25519));
        memory_file_clear(&file);
        if (over.calls < n) {
            assert_int_equal(status, SVMS_OK);
            assert_true(n > 8);
            break;
        }
        assert_int_equal(status, SVMS_E_IO);
        assert_int_equal(err.os_error, EIO);
    }
    svms_keyring_free(&ring);
    memory_file_clear(&whole);
    crowd_clear(&all);
}

static void a_store_that_forgets_is_found_out(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    memory_file file = { 0 };
    svms_error err = SVMS_ERROR_INIT;
    crowd_recipe how = { ONLY(X25519) | ONLY(KEK), 0, false, NULL };
    svms_keyring *ring = crowd_ring(&all, ONLY(X25519));
    svms_recipients_change change = removal_of(&all, KEK, ring);
    crowd_record(&all, &how, &file);
    memory_store_state over = MEMORY_STORE_INIT(&file);
    svms_store store = memory_store(&over);
    over.forgets = true;
    assert_int_equal(svms_recipients_change_list(fix->ctx, &store, &change, &err), SVMS_E_IO);
    assert_non_null(strstr(err.message, "does not hold what was written"));
    assert_int_equal(err.offset, slot_offset(&file, 1));
    svms_keyring_free(&ring);
    memory_file_clear(&file);
    crowd_clear(&all);
}

static void every_failing_allocation_is_clean(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    crowd others = crowd_new(fix);
    const svms_public_key *keys[] = { others.public_keys[RSA], others.public_keys[P256] };
    memory_file whole = { 0 };
    crowd_recipe how = { ONLY(X25519) | ONLY(KEK), 1024, false, NULL };
    svms_keyring *ring = crowd_ring(&all, ONLY(X25519));
    svms_recipients_change change = removal_of(&all, KEK, ring);
    crowd_record(&all, &how, &whole);
    change.add = keys;
    change.add_count = 2;
    for (uint64_t n = 1;; n++) {
        memory_file file = memory_copy(&whole);
        memory_store_state over = MEMORY_STORE_INIT(&file);
        svms_store store = memory_store(&over);
        svms_source source = memory_source(&file);
        svms_recipient_list list = SVMS_RECIPIENT_LIST_INIT;
        int64_t before = fix->live_blocks;
        fix->allocations = 0;
        fix->allocation_fails_at = n;
        svms_status listed = svms_recipients_list(fix->ctx, &source, ring, &list, NULL);
        bool list_reached = fix->allocations >= n;
        fix->allocations = 0;
        svms_status changed = svms_recipients_change_list(fix->ctx, &store, &change, NULL);
        bool change_reached = fix->allocations >= n;
        fix->allocation_fails_at = 0;
        assert_int_equal(fix->live_blocks, before);
        assert_int_equal(listed, list_reached ? SVMS_E_NO_MEMORY : SVMS_OK);
        assert_int_equal(list.count, list_reached ? 0 : 2);
        assert_int_equal(changed, change_reached ? SVMS_E_NO_MEMORY : SVMS_OK);
        expect_usable(&all, &file, ONLY(X25519));
        memory_file_clear(&file);
        if (!change_reached && !list_reached) {
            break;
        }
    }
    svms_keyring_free(&ring);
    memory_file_clear(&whole);
    crowd_clear(&others);
    crowd_clear(&all);
}

static void a_recorder_that_has_only_public_keys_cannot_read_what_it_wrote(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    memory_file file = { 0 };
    svms_error err;
    svms_report report;
    crowd_recipe how = { ONLY(X25519) | ONLY(P256) | ONLY(RSA), 0, false, NULL };
    crowd_record(&all, &how, &file);
    /* All that the recorder has: its signing key, which is a P-256 key as well. */
    svms_keyring *own = NULL;
    assert_int_equal(svms_keyring_new(&own, fix->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_keyring_add_key(own, fix->recorder_key, NULL), SVMS_OK);
    assert_int_equal(open_with_ring(fix, own, &file, &err), SVMS_E_WRONG_KEY);
    assert_non_null(strstr(err.message, "not one of the container's recipients"));
    assert_int_equal(crowd_open(&all, ONLY(PASSWORD), &file, &err), SVMS_E_WRONG_KEY);
    assert_non_null(strstr(err.message, "recorded for keys only"));
    assert_int_equal(verify_file(fix, &file, fix->trust, &report), SVMS_OK);
    assert_int_equal(crowd_openers(&all, &file), how.members);
    svms_keyring_free(&own);
    memory_file_clear(&file);
    crowd_clear(&all);
}

static void what_one_devices_key_wrapped_no_other_device_opens(void **state)
{
    fixture *fix = *state;
    crowd device = crowd_new(fix);
    crowd stolen_to = crowd_new(fix);
    memory_file file = { 0 };
    svms_error err;
    crowd_recipe how = { ONLY(KEK), 0, false, NULL };
    crowd_record(&device, &how, &file);
    assert_int_equal(crowd_openers(&device, &file), ONLY(KEK));
    assert_int_equal(crowd_openers(&stolen_to, &file), 0);
    assert_int_equal(crowd_open(&stolen_to, ONLY(KEK), &file, &err), SVMS_E_WRONG_KEY);
    assert_non_null(strstr(err.message, "not one of the container's recipients"));
    memory_file_clear(&file);
    crowd_clear(&stolen_to);
    crowd_clear(&device);
}

static void key_rings_have_bounds(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    char long_password[1025];
    svms_keyring *ring = crowd_ring(&all, 0);
    memset(long_password, 'x', sizeof(long_password));
    assert_int_equal(svms_keyring_new(NULL, fix->ctx, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_keyring_add_kek(ring, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_keyring_add_kek(NULL, all.kek, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_keyring_add_key(ring, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_keyring_add_password(ring, "", 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_keyring_add_password(ring, long_password, 1025, NULL), SVMS_E_USAGE);
    for (int i = 0; i < 16; i++) {
        assert_int_equal(svms_keyring_add_kek(ring, all.kek, NULL), SVMS_OK);
        assert_int_equal(svms_keyring_add_key(ring, all.keys[RSA], NULL), SVMS_OK);
        assert_int_equal(svms_keyring_add_password(ring, long_password, 1024, NULL),
                         i < 4 ? SVMS_OK : SVMS_E_LIMIT);
    }
    assert_int_equal(svms_keyring_add_kek(ring, all.kek, NULL), SVMS_E_LIMIT);
    assert_int_equal(svms_keyring_add_key(ring, all.keys[RSA], NULL), SVMS_E_LIMIT);
    svms_keyring_free(&ring);
    svms_keyring_free(&ring);
    svms_keyring_free(NULL);
    crowd_clear(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_opens_alone_and_nobody_else_does),
        cmocka_unit_test(everybody_at_once_can_open),
        cmocka_unit_test(recipients_are_added_and_media_and_signatures_stay),
        cmocka_unit_test(a_removed_recipient_opens_no_more_whichever_slot_counts),
        cmocka_unit_test(all_recipients_are_replaced_at_once),
        cmocka_unit_test(a_password_is_changed_and_the_old_one_is_gone),
        cmocka_unit_test(what_cannot_be_changed_is_refused_and_nothing_is_written),
        cmocka_unit_test(missing_arguments_are_usage),
        cmocka_unit_test(a_container_without_encryption_has_no_recipients),
        cmocka_unit_test(a_list_that_does_not_fit_is_refused_with_its_size),
        cmocka_unit_test(sixty_four_recipients_fit_and_no_more),
        cmocka_unit_test(an_addition_torn_at_any_byte_leaves_a_usable_container),
        cmocka_unit_test(a_removal_torn_at_any_byte_is_finished_by_the_same_again),
        cmocka_unit_test(every_failing_call_of_the_store_is_clean),
        cmocka_unit_test(a_store_that_forgets_is_found_out),
        cmocka_unit_test(every_failing_allocation_is_clean),
        cmocka_unit_test(a_recorder_that_has_only_public_keys_cannot_read_what_it_wrote),
        cmocka_unit_test(what_one_devices_key_wrapped_no_other_device_opens),
        cmocka_unit_test(key_rings_have_bounds),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
