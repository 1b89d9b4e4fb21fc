/* SPDX-License-Identifier: Apache-2.0 */
/* Handovers, the checkpoints that each key may sign, and the journal's groups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "epochs.h"
#include "journal.h"
#include "key_internal.h"

#define ORIGIN "vms.example/audit"
#define KEYS 4u

typedef struct signer {
    svms_private_key *private_key;
    svms_sign_engine *engine;
    svms_note_key key;
} signer;

typedef struct fixture {
    svms_ctx *ctx;
    signer of[KEYS];
    svms_builder text; /* handovers at 10, 20 and 20 + 1 records */
} fixture;

static svms_tree_head head_at(uint64_t size)
{
    svms_tree_head head = { size, { 0 } };
    memset(head.root, (int)(size & 0xff), sizeof head.root);
    return head;
}

static void make_signer(svms_ctx *ctx, signer *out)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    assert_non_null(pkey);
    assert_int_equal(svms_private_key_from_evp(&out->private_key, ctx, pkey, NULL), SVMS_OK);
    EVP_PKEY_free(pkey);
    assert_int_equal(svms_sign_engine_new(&out->engine, ctx, out->private_key, NULL), SVMS_OK);
    assert_int_equal(
        svms_note_key_of(&out->key, ctx, ORIGIN, SVMS_NOTE_LOG, out->private_key, NULL), SVMS_OK);
}

static void hand_over(fixture *f, svms_epochs *epochs, unsigned from, uint64_t size)
{
    svms_tree_head at = head_at(size);
    assert_int_equal(svms_epochs_hand_over(epochs, &f->text, &at, &f->of[from + 1].key,
                                           f->of[from].engine, f->of[from + 1].engine, NULL),
                     SVMS_OK);
}

static int set_up(void **state)
{
    static fixture f;
    svms_epochs epochs;
    memset(&f, 0, sizeof f);
    assert_int_equal(svms_ctx_new(&f.ctx, NULL, NULL), SVMS_OK);
    for (unsigned i = 0; i < KEYS; i++) {
        make_signer(f.ctx, &f.of[i]);
    }
    f.text = svms_builder_new(f.ctx, SVMS_EPOCHS_TEXT_MAX);
    assert_int_equal(svms_epochs_init(&epochs, f.ctx, &f.of[0].key, NULL), SVMS_OK);
    hand_over(&f, &epochs, 0, 10);
    hand_over(&f, &epochs, 1, 20);
    hand_over(&f, &epochs, 2, 21);
    assert_int_equal(epochs.count, KEYS);
    svms_epochs_clear(&epochs);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    svms_builder_clear(&f->text);
    for (unsigned i = 0; i < KEYS; i++) {
        svms_sign_engine_free(&f->of[i].engine);
        svms_private_key_free(&f->of[i].private_key);
    }
    svms_ctx_free(&f->ctx);
    return 0;
}

static svms_status read_all(fixture *f, svms_epochs *epochs, const void *bytes, size_t size)
{
    assert_int_equal(svms_epochs_init(epochs, f->ctx, &f->of[0].key, NULL), SVMS_OK);
    return svms_epochs_read(epochs, bytes, size, NULL);
}

static void handovers_lead_from_the_first_key_to_the_last(void **state)
{
    fixture *f = *state;
    svms_epochs epochs;
    assert_int_equal(read_all(f, &epochs, f->text.data, f->text.size), SVMS_OK);
    assert_int_equal(epochs.count, KEYS);
    for (unsigned i = 0; i < KEYS; i++) {
        assert_memory_equal(epochs.epoch[i].key.key, f->of[i].key.key, SVMS_NOTE_KEY_SIZE);
    }
    assert_int_equal(epochs.epoch[3].from.size, 21);
    svms_epochs_clear(&epochs);
}

static void every_changed_byte_of_a_handover_is_refused(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < f->text.size; i++) {
        svms_epochs epochs;
        f->text.data[i] ^= 1;
        assert_int_not_equal(read_all(f, &epochs, f->text.data, f->text.size), SVMS_OK);
        f->text.data[i] ^= 1;
        svms_epochs_clear(&epochs);
    }
}

static void every_cut_handover_is_refused_or_leaves_whole_ones(void **state)
{
    fixture *f = *state;
    unsigned whole = 0;
    for (size_t size = 0; size < f->text.size; size++) {
        svms_epochs epochs;
        if (read_all(f, &epochs, f->text.data, size) == SVMS_OK) {
            assert_int_equal(epochs.count, ++whole);
        }
        svms_epochs_clear(&epochs);
    }
    assert_int_equal(whole, KEYS - 1);
}

/* Appends one more handover by somebody, in whatever form. */
static svms_status read_with(fixture *f, const svms_tree_head *at, const signer *old,
                             const signer *next, size_t pretended)
{
    svms_epochs made;
    svms_epochs again;
    svms_builder text = svms_builder_new(f->ctx, SVMS_EPOCHS_TEXT_MAX);
    assert_int_equal(read_all(f, &made, f->text.data, f->text.size), SVMS_OK);
    svms_put_bytes(&text, f->text.data, f->text.size);
    made.count = pretended;
    made.epoch[made.count - 1].key = old->key;
    assert_int_equal(
        svms_epochs_hand_over(&made, &text, at, &next->key, old->engine, next->engine, NULL),
        SVMS_OK);
    svms_status status = read_all(f, &again, text.data, text.size);
    svms_epochs_clear(&made);
    svms_epochs_clear(&again);
    svms_builder_clear(&text);
    return status;
}

static void a_handover_must_follow_from_the_one_before(void **state)
{
    fixture *f = *state;
    svms_tree_head later = head_at(30);
    svms_tree_head earlier = head_at(20);
    svms_tree_head other = head_at(21);
    other.root[0] ^= 1;
    assert_int_equal(read_with(f, &later, &f->of[3], &f->of[0], 4), SVMS_OK);
    assert_int_equal(read_with(f, &later, &f->of[2], &f->of[0], 4), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(read_with(f, &later, &f->of[3], &f->of[0], 3), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(read_with(f, &earlier, &f->of[3], &f->of[0], 4), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(read_with(f, &other, &f->of[3], &f->of[0], 4), SVMS_E_NOT_AUTHENTIC);
}

static svms_status judge(fixture *f, const signer *who, const svms_tree_head *head,
                         const char *origin)
{
    svms_epochs epochs;
    svms_checkpoint checkpoint = { "", *head };
    svms_checkpoint found;
    svms_builder note = svms_builder_new(f->ctx, SVMS_NOTE_MAX);
    char text[512];
    memcpy(checkpoint.origin, origin, strlen(origin) + 1);
    svms_put_checkpoint(&note, &checkpoint);
    size_t size = note.size;
    memcpy(text, note.data, size);
    svms_put_u8(&note, '\n');
    assert_int_equal(svms_note_sign(&note, text, size, &who->key, who->engine, 0, NULL), SVMS_OK);
    assert_int_equal(read_all(f, &epochs, f->text.data, f->text.size), SVMS_OK);
    svms_status status = svms_epochs_check(&epochs, note.data, note.size, &found, NULL);
    svms_epochs_clear(&epochs);
    svms_builder_clear(&note);
    return status;
}

/* A stolen key of today signs nothing of yesterday (A-EPO-3). */
static void a_key_signs_only_in_its_epoch(void **state)
{
    static const struct {
        uint64_t from;
        uint64_t to;
    } may[KEYS] = { { 0, 10 }, { 10, 20 }, { 20, 21 }, { 21, 40 } };
    fixture *f = *state;
    for (unsigned i = 0; i < KEYS; i++) {
        for (uint64_t size = 0; size <= 40; size++) {
            svms_tree_head head = head_at(size);
            if (size == 0) {
                assert_int_equal(svms_sha256(f->ctx, NULL, 0, head.root, NULL), SVMS_OK);
            }
            bool good = size >= may[i].from && size <= may[i].to;
            assert_int_equal(judge(f, &f->of[i], &head, ORIGIN),
                             good ? SVMS_OK : SVMS_E_NOT_AUTHENTIC);
        }
    }
}

static void a_checkpoint_agrees_with_handovers(void **state)
{
    fixture *f = *state;
    svms_tree_head head = head_at(20);
    head.root[5] ^= 4;
    assert_int_equal(judge(f, &f->of[1], &head, ORIGIN), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(judge(f, &f->of[2], &head, ORIGIN), SVMS_E_NOT_AUTHENTIC);
    head = head_at(19);
    assert_int_equal(judge(f, &f->of[1], &head, "vms.example/other"), SVMS_E_NOT_AUTHENTIC);
}

static void groups_are_read_as_they_were_written(void **state)
{
    fixture *f = *state;
    svms_builder bytes = svms_builder_new(f->ctx, SVMS_JOURNAL_GROUP_MAX);
    svms_journal_group group;
    svms_bundle_entry entry;
    svms_journal_group_begin(&bytes, 77);
    svms_journal_group_add(&bytes, "one", 3);
    svms_journal_group_add(&bytes, "", 0);
    svms_journal_group_end(&bytes, 2, "note", 4);
    assert_int_equal(svms_journal_group_parse(&group, bytes.data, bytes.size, NULL), SVMS_OK);
    assert_int_equal(group.whole_size, bytes.size);
    assert_int_equal(group.first, 77);
    assert_int_equal(group.count, 2);
    assert_memory_equal(group.note, "note", 4);
    assert_true(svms_journal_next_record(&group, &entry));
    assert_memory_equal(entry.record, "one", 3);
    assert_true(svms_journal_next_record(&group, &entry));
    assert_int_equal(entry.size, 0);
    assert_false(svms_journal_next_record(&group, &entry));
    for (size_t size = 0; size < bytes.size; size++) {
        assert_int_equal(svms_journal_group_parse(&group, bytes.data, size, NULL),
                         SVMS_E_TRUNCATED);
    }
    for (size_t i = 0; i < 8 * bytes.size; i++) {
        bytes.data[i / 8] ^= (uint8_t)(1u << i % 8);
        assert_int_not_equal(svms_journal_group_parse(&group, bytes.data, bytes.size, NULL),
                             SVMS_OK);
        bytes.data[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    svms_builder_clear(&bytes);
}

static void heads_are_read_as_they_were_written(void **state)
{
    fixture *f = *state;
    svms_tree_head head = head_at(0x1234);
    svms_tree_head again;
    svms_builder bytes = svms_builder_new(f->ctx, 64);
    char name[SVMS_JOURNAL_NAME_SIZE];
    uint64_t number = 0;
    svms_put_journal_head(&bytes, &head);
    assert_int_equal(bytes.size, SVMS_JOURNAL_HEAD_SIZE);
    assert_int_equal(svms_journal_head_parse(&again, bytes.data, bytes.size, NULL), SVMS_OK);
    assert_int_equal(again.size, head.size);
    assert_memory_equal(again.root, head.root, sizeof head.root);
    bytes.data[9] = 2;
    assert_int_equal(svms_journal_head_parse(&again, bytes.data, bytes.size, NULL),
                     SVMS_E_UNSUPPORTED);
    bytes.data[0] = 'X';
    assert_int_equal(svms_journal_head_parse(&again, bytes.data, bytes.size, NULL),
                     SVMS_E_MALFORMED);
    assert_int_equal(svms_journal_head_parse(&again, bytes.data, 55, NULL), SVMS_E_TRUNCATED);
    svms_journal_name(0x1234, name);
    assert_string_equal(name, "journal/0000000000001234");
    assert_true(svms_journal_number("0000000000001234", &number));
    assert_int_equal(number, 0x1234);
    assert_false(svms_journal_number("000000000000123", &number));
    assert_false(svms_journal_number("000000000000123G", &number));
    assert_false(svms_journal_number("ffffffffffffffff", &number));
    svms_builder_clear(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handovers_lead_from_the_first_key_to_the_last),
        cmocka_unit_test(every_changed_byte_of_a_handover_is_refused),
        cmocka_unit_test(every_cut_handover_is_refused_or_leaves_whole_ones),
        cmocka_unit_test(a_handover_must_follow_from_the_one_before),
        cmocka_unit_test(a_key_signs_only_in_its_epoch),
        cmocka_unit_test(a_checkpoint_agrees_with_handovers),
        cmocka_unit_test(groups_are_read_as_they_were_written),
        cmocka_unit_test(heads_are_read_as_they_were_written),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
