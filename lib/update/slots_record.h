/* SPDX-License-Identifier: Apache-2.0 */
/* The record of two slots (docs/spec/update.md, section 5). */
#ifndef SVMS_SLOTS_RECORD_H
#define SVMS_SLOTS_RECORD_H

#include <svms/update.h>

#include "context_internal.h"

#define SVMS_SLOTS_RECORD_SIZE 512
/* Where the second place begins: sectors of its own. */
#define SVMS_SLOTS_SECOND 4096
#define SVMS_SLOTS_BOOTS_MAX 15

typedef struct svms_slots_record {
    uint8_t active;
    uint8_t trial; /* 255: none */
    uint8_t boots_left;
    uint64_t number;
    uint64_t floor;
    svms_slot_info slots[2];
} svms_slots_record;

#define SVMS_SLOTS_NO_TRIAL 255

/* *whole false: it is none, or a torn one. */
SVMS_MUST_CHECK svms_status svms_slots_record_parse(svms_slots_record *out, svms_ctx *ctx,
                                                    const uint8_t data[SVMS_SLOTS_RECORD_SIZE],
                                                    bool *whole, svms_error *err);
SVMS_MUST_CHECK svms_status svms_slots_record_put(uint8_t out[SVMS_SLOTS_RECORD_SIZE],
                                                  svms_ctx *ctx, const svms_slots_record *record,
                                                  svms_error *err);

#endif
