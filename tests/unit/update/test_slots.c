/* SPDX-License-Identifier: Apache-2.0 */
/* Two slots: what each step changes, and that a loss of power at any byte of any step leaves what
 * was, or what shall be. */
#include "../base/cmocka_all.h"

#include <string.h>

#include <svms/update.h>

#include "slots_record.h"

#define DISK_SIZE (SVMS_SLOTS_SECOND + SVMS_SLOTS_RECORD_SIZE)
#define NEVER (-1L)

/* A disk that loses power after so many bytes written. */
typedef struct disk {
    uint8_t data[DISK_SIZE];
    uint64_t size;
    long bytes_left;
    unsigned syncs;
} disk;

static svms_ctx *ctx;
static disk it;
static svms_store store;

static svms_status read_disk(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                             int *os_error)
{
    const disk *d = user;
    (void)os_error;
    *got = offset >= d->size ? 0 : (size_t)(d->size - offset < size ? d->size - offset : size);
    memcpy(out, d->data + offset, *got);
    return SVMS_OK;
}

static svms_status size_of_disk(void *user, uint64_t *size, int *os_error)
{
    const disk *d = user;
    (void)os_error;
    *size = d->size;
    return SVMS_OK;
}

static svms_status write_disk(void *user, uint64_t offset, const void *data, size_t size,
                              int *os_error)
{
    disk *d = user;
    (void)os_error;
    assert_true(offset <= d->size && offset + size <= DISK_SIZE);
    size_t done =
        d->bytes_left == NEVER || (size_t)d->bytes_left > size ? size : (size_t)d->bytes_left;
    memcpy(d->data + offset, data, done);
    if (offset + done > d->size) {
        d->size = offset + done;
    }
    if (d->bytes_left != NEVER) {
        d->bytes_left -= (long)done;
    }
    return done == size ? SVMS_OK : SVMS_E_IO;
}

static svms_status sync_disk(void *user, int *os_error)
{
    disk *d = user;
    (void)os_error;
    d->syncs++;
    return d->bytes_left == 0 ? SVMS_E_IO : SVMS_OK;
}

static int set_up(void **state)
{
    (void)state;
    memset(&it, 0, sizeof it);
    it.bytes_left = NEVER;
    store = (svms_store)SVMS_STORE_INIT;
    store.user = &it;
    store.read_at = read_disk;
    store.get_size = size_of_disk;
    store.write_at = write_disk;
    store.sync = sync_disk;
    assert_int_equal(svms_ctx_new(&ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_slots_create(ctx, &store, "1.0", 5, NULL), SVMS_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    svms_ctx_free(&ctx);
    return 0;
}

static svms_slots *open_slots(void)
{
    svms_slots *slots = NULL;
    assert_int_equal(svms_slots_open(&slots, ctx, &store, NULL), SVMS_OK);
    return slots;
}

static svms_slots_info told(const svms_slots *slots)
{
    svms_slots_info info = SVMS_SLOTS_INFO_INIT;
    assert_int_equal(svms_slots_describe(slots, &info, NULL), SVMS_OK);
    return info;
}

static svms_slot_state state_of(const svms_slots *slots, uint32_t index)
{
    svms_slot_info slot = SVMS_SLOT_INFO_INIT;
    assert_int_equal(svms_slots_slot(slots, index, &slot, NULL), SVMS_OK);
    return slot.state;
}

static svms_update_info update(const char *version, uint64_t counter)
{
    svms_update_info info = SVMS_UPDATE_INFO_INIT;
    strcpy(info.version, version);
    info.counter = counter;
    memset(info.manifest_sha256, 0xA5, sizeof info.manifest_sha256);
    return info;
}

static void begin(svms_slots *slots, uint64_t counter, uint32_t expected)
{
    svms_update_info info = update("2.0", counter);
    uint32_t slot = 9;
    assert_int_equal(svms_slots_begin(slots, &info, &slot, NULL), SVMS_OK);
    assert_int_equal(slot, expected);
}

static uint32_t boot(svms_slots *slots)
{
    uint32_t slot = 9;
    assert_int_equal(svms_slots_boot(slots, &slot, NULL), SVMS_OK);
    return slot;
}

static void a_new_device_runs_from_slot_0(void **state)
{
    (void)state;
    svms_slots *slots = open_slots();
    svms_slots_info info = told(slots);
    svms_slot_info slot = SVMS_SLOT_INFO_INIT;
    assert_int_equal(info.active, 0);
    assert_int_equal(info.trial, SVMS_NO_SLOT);
    assert_int_equal(info.floor, 5);
    assert_int_equal(svms_slots_slot(slots, 0, &slot, NULL), SVMS_OK);
    assert_int_equal(slot.state, SVMS_SLOT_GOOD);
    assert_string_equal(slot.version, "1.0");
    assert_int_equal(state_of(slots, 1), SVMS_SLOT_EMPTY);
    assert_int_equal(boot(slots), 0);
    assert_int_equal(told(slots).number, info.number);
    svms_slots_free(&slots);
    assert_int_equal(svms_slots_create(ctx, &store, "0.1", 0, NULL), SVMS_E_EXISTS);
}

static void what_is_confirmed_runs_and_raises_the_floor(void **state)
{
    (void)state;
    svms_slots *slots = open_slots();
    svms_slot_info slot = SVMS_SLOT_INFO_INIT;
    begin(slots, 8, 1);
    assert_int_equal(boot(slots), 0);
    assert_int_equal(svms_slots_ready(slots, 2, NULL), SVMS_OK);
    assert_int_equal(svms_slots_confirm(slots, 0, NULL), SVMS_E_STATE);
    assert_int_equal(boot(slots), 1);
    assert_int_equal(told(slots).floor, 5);
    assert_int_equal(told(slots).boots_left, 1);
    assert_int_equal(svms_slots_confirm(slots, 1, NULL), SVMS_OK);
    assert_int_equal(told(slots).active, 1);
    assert_int_equal(told(slots).floor, 8);
    assert_int_equal(svms_slots_confirm(slots, 1, NULL), SVMS_OK);
    assert_int_equal(svms_slots_confirm(slots, 0, NULL), SVMS_E_STATE);
    svms_slots_free(&slots);
    slots = open_slots();
    assert_int_equal(boot(slots), 1);
    assert_int_equal(svms_slots_slot(slots, 1, &slot, NULL), SVMS_OK);
    assert_int_equal(slot.state, SVMS_SLOT_GOOD);
    assert_string_equal(slot.version, "2.0");
    assert_int_equal(slot.counter, 8);
    assert_int_equal(slot.manifest_sha256[31], 0xA5);
    begin(slots, 8, 0);
    svms_slots_free(&slots);
}

static void what_is_not_confirmed_goes_back(void **state)
{
    (void)state;
    svms_slots *slots = open_slots();
    begin(slots, 8, 1);
    assert_int_equal(svms_slots_ready(slots, 2, NULL), SVMS_OK);
    assert_int_equal(boot(slots), 1);
    assert_int_equal(boot(slots), 1);
    assert_int_equal(boot(slots), 0);
    assert_int_equal(state_of(slots, 1), SVMS_SLOT_BAD);
    assert_int_equal(told(slots).trial, SVMS_NO_SLOT);
    assert_int_equal(told(slots).floor, 5);
    assert_int_equal(boot(slots), 0);
    assert_int_equal(svms_slots_confirm(slots, 1, NULL), SVMS_E_STATE);
    svms_slots_free(&slots);
}

static void the_one_on_trial_can_give_up(void **state)
{
    (void)state;
    svms_slots *slots = open_slots();
    assert_int_equal(svms_slots_give_up(slots, 0, NULL), SVMS_E_STATE);
    begin(slots, 8, 1);
    assert_int_equal(svms_slots_ready(slots, 15, NULL), SVMS_OK);
    assert_int_equal(boot(slots), 1);
    assert_int_equal(svms_slots_give_up(slots, 1, NULL), SVMS_OK);
    assert_int_equal(boot(slots), 0);
    assert_int_equal(state_of(slots, 1), SVMS_SLOT_BAD);
    svms_slots_free(&slots);
}

static void a_new_update_ends_a_trial(void **state)
{
    (void)state;
    svms_slots *slots = open_slots();
    begin(slots, 8, 1);
    assert_int_equal(svms_slots_ready(slots, 3, NULL), SVMS_OK);
    begin(slots, 9, 1);
    assert_int_equal(boot(slots), 0);
    assert_int_equal(state_of(slots, 1), SVMS_SLOT_WRITING);
    svms_slots_free(&slots);
}

static void a_roll_back_is_not_begun(void **state)
{
    (void)state;
    svms_slots *slots = open_slots();
    svms_update_info info = update("3.0", 4);
    uint32_t slot = 9;
    assert_int_equal(svms_slots_begin(slots, &info, &slot, NULL), SVMS_E_POLICY);
    assert_int_equal(slot, 9);
    assert_int_equal(state_of(slots, 1), SVMS_SLOT_EMPTY);
    svms_slots_free(&slots);
}

static void steps_in_the_wrong_order_are_refused(void **state)
{
    (void)state;
    svms_slots *slots = open_slots();
    assert_int_equal(svms_slots_ready(slots, 3, NULL), SVMS_E_STATE);
    begin(slots, 8, 1);
    assert_int_equal(svms_slots_ready(slots, 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_slots_ready(slots, 16, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_slots_ready(slots, 1, NULL), SVMS_OK);
    assert_int_equal(svms_slots_ready(slots, 1, NULL), SVMS_E_STATE);
    assert_int_equal(svms_slots_confirm(slots, 2, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_slots_give_up(slots, 2, NULL), SVMS_E_USAGE);
    svms_slots_free(&slots);
}

/* One step of an update's life; the slots are read anew before each. */
static svms_status step(unsigned number, svms_slots *slots)
{
    svms_update_info info = update("2.0", 8);
    uint32_t slot = 0;
    switch (number) {
    case 0:
        return svms_slots_begin(slots, &info, &slot, NULL);
    case 1:
        return svms_slots_ready(slots, 1, NULL);
    case 2:
        return svms_slots_boot(slots, &slot, NULL);
    case 3:
        return svms_slots_confirm(slots, 1, NULL);
    case 4:
        return svms_slots_begin(slots, &info, &slot, NULL);
    case 5:
        return svms_slots_ready(slots, 1, NULL);
    case 6:
        return svms_slots_give_up(slots, 0, NULL);
    default:
        fail();
        return SVMS_E_INTERNAL;
    }
}

#define STEPS 7

static bool same(const disk *one, const disk *other)
{
    svms_slots *slots[2] = { NULL, NULL };
    disk kept = it;
    it = *one;
    slots[0] = open_slots();
    svms_slots_info first = told(slots[0]);
    svms_slot_state states[2] = { state_of(slots[0], 0), state_of(slots[0], 1) };
    it = *other;
    slots[1] = open_slots();
    svms_slots_info second = told(slots[1]);
    bool equal = memcmp(&first, &second, sizeof first) == 0 && states[0] == state_of(slots[1], 0) &&
                 states[1] == state_of(slots[1], 1);
    svms_slots_free(&slots[0]);
    svms_slots_free(&slots[1]);
    it = kept;
    return equal;
}

static void a_loss_of_power_leaves_the_old_or_the_new(void **state)
{
    (void)state;
    for (unsigned number = 0; number < STEPS; number++) {
        disk before = it;
        svms_slots *slots = open_slots();
        assert_int_equal(step(number, slots), SVMS_OK);
        svms_slots_free(&slots);
        disk after = it;
        assert_false(same(&before, &after));
        for (long bytes = 0; bytes < SVMS_SLOTS_RECORD_SIZE; bytes++) {
            it = before;
            slots = open_slots();
            it.bytes_left = bytes;
            assert_int_equal(step(number, slots), SVMS_E_IO);
            assert_int_equal(step(number, slots), SVMS_E_STATE);
            it.bytes_left = NEVER;
            svms_slots_free(&slots);
            disk torn = it;
            assert_true(same(&torn, &before) || same(&torn, &after));
            /* And from there it goes on. */
            if (same(&torn, &before)) {
                slots = open_slots();
                assert_int_equal(step(number, slots), SVMS_OK);
                svms_slots_free(&slots);
                assert_true(same(&it, &after));
            }
        }
        it = after;
    }
}

static void a_boot_that_cannot_be_counted_starts_the_active_slot(void **state)
{
    (void)state;
    svms_slots *slots = open_slots();
    uint32_t slot = 9;
    begin(slots, 8, 1);
    assert_int_equal(svms_slots_ready(slots, 3, NULL), SVMS_OK);
    it.bytes_left = 0;
    assert_int_equal(svms_slots_boot(slots, &slot, NULL), SVMS_E_IO);
    assert_int_equal(slot, 0);
    assert_int_equal(svms_slots_boot(slots, &slot, NULL), SVMS_E_STATE);
    assert_int_equal(slot, 0);
    svms_slots_free(&slots);
}

static void every_change_is_synced(void **state)
{
    (void)state;
    svms_slots *slots = open_slots();
    for (unsigned number = 0; number < STEPS; number++) {
        unsigned syncs = it.syncs;
        assert_int_equal(step(number, slots), SVMS_OK);
        assert_int_equal(it.syncs, syncs + 1);
    }
    svms_slots_free(&slots);
}

/* A bit that was flipped in the newer record leaves the older one; in both, the store is damaged,
 * and no new device. */
static void a_damaged_record_never_counts(void **state)
{
    (void)state;
    svms_slots *slots = open_slots();
    begin(slots, 8, 1);
    svms_slots_free(&slots);
    disk whole = it;
    for (size_t at = 0; at < SVMS_SLOTS_RECORD_SIZE; at++) {
        it = whole;
        it.data[at] ^= 0x10;
        slots = open_slots();
        assert_int_equal(told(slots).active, 0);
        svms_slots_free(&slots);
        it.data[SVMS_SLOTS_SECOND + at] ^= 0x10;
        assert_int_equal(svms_slots_open(&slots, ctx, &store, NULL), SVMS_E_MALFORMED);
        assert_null(slots);
    }
    it.size = 0;
    assert_int_equal(svms_slots_open(&slots, ctx, &store, NULL), SVMS_E_MALFORMED);
}

/* Well hashed, and impossible all the same. */
static void a_record_that_cannot_be_never_counts(void **state)
{
    (void)state;
    static const struct {
        uint8_t active, trial, boots;
        int first, second;
    } cases[] = {
        { 2, 255, 0, 3, 0 }, { 0, 0, 1, 3, 2 },   { 0, 1, 1, 3, 3 }, { 0, 1, 16, 3, 2 },
        { 0, 255, 1, 3, 0 }, { 0, 255, 0, 5, 0 }, { 0, 2, 1, 3, 2 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        svms_slots_record record = { 0 };
        svms_slots *slots = NULL;
        record.active = cases[i].active;
        record.trial = cases[i].trial;
        record.boots_left = cases[i].boots;
        record.number = 100;
        record.slots[0].state = (svms_slot_state)cases[i].first;
        record.slots[1].state = (svms_slot_state)cases[i].second;
        memset(it.data, 0, sizeof it.data);
        assert_int_equal(svms_slots_record_put(it.data, ctx, &record, NULL), SVMS_OK);
        assert_int_equal(svms_slots_open(&slots, ctx, &store, NULL), SVMS_E_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_device_runs_from_slot_0, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_confirmed_runs_and_raises_the_floor, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_confirmed_goes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_one_on_trial_can_give_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_update_ends_a_trial, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_roll_back_is_not_begun, set_up, tear_down),
        cmocka_unit_test_setup_teardown(steps_in_the_wrong_order_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_loss_of_power_leaves_the_old_or_the_new, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_boot_that_cannot_be_counted_starts_the_active_slot,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_change_is_synced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_record_never_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_record_that_cannot_be_never_counts, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
