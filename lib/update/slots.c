/* SPDX-License-Identifier: Apache-2.0 */
/* Two slots, and which one runs (U-SLT). */
#include <string.h>

#include "digest.h"
#include "failure.h"
#include "options.h"
#include "slots_record.h"
#include "stream.h"
#include "update_version.h"

struct svms_slots {
    svms_ctx *ctx;
    svms_store store;
    svms_slots_record record;
    uint64_t place; /* where record is */
    bool failed;
};

static svms_status read_place(svms_slots_record *out, svms_ctx *ctx, const svms_store *store,
                              uint64_t place, bool *whole, svms_error *err)
{
    uint8_t data[SVMS_SLOTS_RECORD_SIZE] = { 0 };
    size_t got = 0;
    svms_source source = svms_store_source(store);
    *whole = false;
    svms_status status = svms_source_read_some(&source, place, data, sizeof data, &got, err);
    if (status != SVMS_OK || got < sizeof data) {
        return status;
    }
    return svms_slots_record_parse(out, ctx, data, whole, err);
}

/* The record that counts; *found false where there is none. */
static svms_status read_record(svms_slots *slots, bool *found, svms_error *err)
{
    svms_slots_record records[2];
    bool whole[2];
    *found = false;
    svms_status status = read_place(&records[0], slots->ctx, &slots->store, 0, &whole[0], err);
    if (status == SVMS_OK) {
        status =
            read_place(&records[1], slots->ctx, &slots->store, SVMS_SLOTS_SECOND, &whole[1], err);
    }
    if (status != SVMS_OK || (!whole[0] && !whole[1])) {
        return status;
    }
    bool second = whole[1] && (!whole[0] || records[1].number > records[0].number);
    slots->record = records[second];
    slots->place = second ? SVMS_SLOTS_SECOND : 0;
    *found = true;
    return SVMS_OK;
}

/* Makes a changed record the one that counts: in the other place, durable (U-SLT-1). */
static svms_status commit(svms_slots *slots, const svms_slots_record *changed, svms_error *err)
{
    uint8_t data[SVMS_SLOTS_RECORD_SIZE];
    svms_slots_record record = *changed;
    uint64_t place = slots->place == 0 ? SVMS_SLOTS_SECOND : 0;
    record.number = slots->record.number + 1;
    svms_status status = svms_slots_record_put(data, slots->ctx, &record, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_store_write(&slots->store, place, data, sizeof data, err);
    if (status == SVMS_OK) {
        status = svms_store_sync(&slots->store, err);
    }
    if (status != SVMS_OK) {
        slots->failed = true;
        return status;
    }
    slots->record = record;
    slots->place = place;
    return SVMS_OK;
}

/* What may be in the places has to be overwritten in both, or an older record could come back. */
static svms_status write_first(svms_slots *slots, const svms_slots_record *record, svms_error *err)
{
    static const uint8_t zeros[SVMS_SLOTS_SECOND];
    slots->place = SVMS_SLOTS_SECOND;
    svms_status status = svms_store_write(&slots->store, 0, zeros, sizeof zeros, err);
    if (status == SVMS_OK) {
        status =
            svms_store_write(&slots->store, SVMS_SLOTS_SECOND, zeros, SVMS_SLOTS_RECORD_SIZE, err);
    }
    return status == SVMS_OK ? commit(slots, record, err) : status;
}

static svms_status take_store(svms_slots *slots, svms_ctx *ctx, const svms_store *store,
                              svms_error *err)
{
    slots->ctx = ctx;
    slots->store = (svms_store)SVMS_STORE_INIT;
    svms_status status =
        svms_options_read(&slots->store, sizeof slots->store, store, "svms_store", err);
    if (status == SVMS_OK && !svms_store_usable(&slots->store)) {
        status = svms_fail(err, SVMS_E_USAGE, "the store lacks a callback");
    }
    return status;
}

svms_status svms_slots_create(svms_ctx *ctx, const svms_store *store, const char *version,
                              uint64_t counter, svms_error *err)
{
    svms_slots slots = { 0 };
    svms_slots_record first = { .trial = SVMS_SLOTS_NO_TRIAL };
    bool found = false;
    size_t size = version ? strlen(version) : 0;
    if (!ctx || !store || !version || !svms_version_is_one(version, size)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "ctx and store must not be NULL, and version is one (U-MAN-2)");
    }
    first.floor = counter;
    first.slots[0].state = SVMS_SLOT_GOOD;
    first.slots[0].counter = counter;
    memcpy(first.slots[0].version, version, size);
    svms_status status = take_store(&slots, ctx, store, err);
    if (status == SVMS_OK) {
        status = read_record(&slots, &found, err);
    }
    if (status == SVMS_OK && found) {
        status = svms_fail(err, SVMS_E_EXISTS, "the store holds a record of slots already");
    }
    return status == SVMS_OK ? write_first(&slots, &first, err) : status;
}

svms_status svms_slots_open(svms_slots **out, svms_ctx *ctx, const svms_store *store,
                            svms_error *err)
{
    bool found = false;
    if (!out || !ctx || !store) {
        return svms_fail(err, SVMS_E_USAGE, "out, ctx and store must not be NULL");
    }
    *out = NULL;
    svms_slots *slots = svms_alloc(ctx, sizeof *slots);
    if (!slots) {
        return svms_fail_memory(err);
    }
    svms_status status = take_store(slots, ctx, store, err);
    if (status == SVMS_OK) {
        status = read_record(slots, &found, err);
    }
    if (status == SVMS_OK && !found) {
        status = svms_fail(err, SVMS_E_MALFORMED,
                           "the store holds no record of slots that is whole (U-SLT-1)");
    }
    if (status != SVMS_OK) {
        svms_release(ctx, slots);
        return status;
    }
    *out = slots;
    return SVMS_OK;
}

void svms_slots_free(svms_slots **slots)
{
    if (slots && *slots) {
        svms_release((*slots)->ctx, *slots);
        *slots = NULL;
    }
}

svms_status svms_slots_describe(const svms_slots *slots, svms_slots_info *info, svms_error *err)
{
    svms_slots_info found = SVMS_SLOTS_INFO_INIT;
    if (!slots || !info) {
        return svms_fail(err, SVMS_E_USAGE, "slots and info must not be NULL");
    }
    const svms_slots_record *record = &slots->record;
    found.active = record->active;
    found.trial = record->trial == SVMS_SLOTS_NO_TRIAL ? SVMS_NO_SLOT : record->trial;
    found.boots_left = record->boots_left;
    found.number = record->number;
    found.floor = record->floor;
    return svms_result_write(info, &found, sizeof found, "svms_slots_info", err);
}

svms_status svms_slots_slot(const svms_slots *slots, uint32_t index, svms_slot_info *slot,
                            svms_error *err)
{
    if (!slots || !slot || index > 1) {
        return svms_fail(err, SVMS_E_USAGE, "slots and slot must not be NULL, and index is 0 or 1");
    }
    svms_slot_info found = slots->record.slots[index];
    found.struct_size = (uint32_t)sizeof found;
    return svms_result_write(slot, &found, sizeof found, "svms_slot_info", err);
}

static svms_status check_usable(const svms_slots *slots, svms_error *err)
{
    if (!slots) {
        return svms_fail(err, SVMS_E_USAGE, "slots must not be NULL");
    }
    return slots->failed
               ? svms_fail(err, SVMS_E_STATE, "the store of the slots failed before: open it again")
               : SVMS_OK;
}

svms_status svms_slots_begin(svms_slots *slots, const svms_update_info *info, uint32_t *slot,
                             svms_error *err)
{
    svms_update_info update = SVMS_UPDATE_INFO_INIT;
    svms_status status = check_usable(slots, err);
    if (status == SVMS_OK && (!info || !slot)) {
        status = svms_fail(err, SVMS_E_USAGE, "info and slot must not be NULL");
    }
    if (status == SVMS_OK) {
        status = svms_options_read(&update, sizeof update, info, "svms_update_info", err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (update.counter < slots->record.floor) {
        return svms_fail(
            err, SVMS_E_POLICY, "the security counter %llu is below the floor %llu (U-ACC-3)",
            (unsigned long long)update.counter, (unsigned long long)slots->record.floor);
    }
    svms_slots_record record = slots->record;
    uint32_t taken = 1u - record.active;
    svms_slot_info *other = &record.slots[taken];
    record.trial = SVMS_SLOTS_NO_TRIAL;
    record.boots_left = 0;
    other->state = SVMS_SLOT_WRITING;
    other->counter = update.counter;
    memcpy(other->manifest_sha256, update.manifest_sha256, sizeof other->manifest_sha256);
    memcpy(other->version, update.version, sizeof other->version);
    status = commit(slots, &record, err);
    if (status == SVMS_OK) {
        *slot = taken;
    }
    return status;
}

svms_status svms_slots_ready(svms_slots *slots, uint32_t boots, svms_error *err)
{
    svms_status status = check_usable(slots, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (boots == 0 || boots > SVMS_SLOTS_BOOTS_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "a trial has 1 to %d boots", SVMS_SLOTS_BOOTS_MAX);
    }
    svms_slots_record record = slots->record;
    uint8_t other = 1u - record.active;
    if (record.slots[other].state != SVMS_SLOT_WRITING) {
        return svms_fail(err, SVMS_E_STATE, "no update was begun (U-SLT-3)");
    }
    record.slots[other].state = SVMS_SLOT_READY;
    record.trial = other;
    record.boots_left = (uint8_t)boots;
    return commit(slots, &record, err);
}

static void end_trial(svms_slots_record *record)
{
    record->slots[record->trial].state = SVMS_SLOT_BAD;
    record->trial = SVMS_SLOTS_NO_TRIAL;
    record->boots_left = 0;
}

svms_status svms_slots_boot(svms_slots *slots, uint32_t *slot, svms_error *err)
{
    if (!slots || !slot) {
        return svms_fail(err, SVMS_E_USAGE, "slots and slot must not be NULL");
    }
    svms_slots_record record = slots->record;
    *slot = record.active;
    svms_status status = check_usable(slots, err);
    if (status != SVMS_OK || record.trial == SVMS_SLOTS_NO_TRIAL) {
        return status;
    }
    if (record.boots_left == 0) {
        end_trial(&record);
        return commit(slots, &record, err);
    }
    record.boots_left--;
    status = commit(slots, &record, err);
    if (status == SVMS_OK) {
        *slot = record.trial;
    }
    return status;
}

static svms_status check_running(const svms_slots *slots, uint32_t running, svms_error *err)
{
    svms_status status = check_usable(slots, err);
    if (status == SVMS_OK && running > 1) {
        status = svms_fail(err, SVMS_E_USAGE, "there are the slots 0 and 1");
    }
    return status;
}

svms_status svms_slots_confirm(svms_slots *slots, uint32_t running, svms_error *err)
{
    svms_status status = check_running(slots, running, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_slots_record record = slots->record;
    bool on_trial = record.trial == running;
    if (!on_trial && (record.trial != SVMS_SLOTS_NO_TRIAL || record.active != running)) {
        return svms_fail(err, SVMS_E_STATE, "slot %u is neither on trial nor the one that runs",
                         running);
    }
    if (!on_trial && record.slots[running].state == SVMS_SLOT_GOOD) {
        return SVMS_OK;
    }
    record.active = (uint8_t)running;
    record.trial = SVMS_SLOTS_NO_TRIAL;
    record.boots_left = 0;
    record.slots[running].state = SVMS_SLOT_GOOD;
    if (record.floor < record.slots[running].counter) {
        record.floor = record.slots[running].counter;
    }
    return commit(slots, &record, err);
}

svms_status svms_slots_give_up(svms_slots *slots, uint32_t running, svms_error *err)
{
    svms_status status = check_running(slots, running, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_slots_record record = slots->record;
    if (record.trial != running) {
        return svms_fail(err, SVMS_E_STATE, "slot %u is not on trial (U-SLT-6)", running);
    }
    end_trial(&record);
    return commit(slots, &record, err);
}
