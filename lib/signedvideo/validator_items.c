/* SPDX-License-Identifier: Apache-2.0 */
/* Covered NAL units come in; those that nobody needs any more go. */
#include "failure.h"
#include "validator.h"

/* Links that attempts which failed may cost: a stock to begin with, and some for each NAL unit that
 * came in. */
#define CREDIT_AT_FIRST (UINT64_C(1) << 18)
#define CREDIT_PER_ITEM 32

static void forget_history(svms_camera_validator *v)
{
    if (v->decided > SVMS_CAMERA_HISTORY) {
        svms_camera_items_drop(&v->items, v->decided - SVMS_CAMERA_HISTORY);
    }
}

svms_status svms_camera_take_item(svms_camera_validator *v, svms_camera_item_kind kind,
                                  const svms_camera_nal *nal, int64_t utc_ns, svms_error *err)
{
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && v->items.end - v->decided >= v->options.waiting_max) {
        status = svms_camera_emit_oldest(v, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    forget_history(v);
    bool is_vcl = kind != SVMS_CAMERA_ITEM_SEI && kind != SVMS_CAMERA_ITEM_SEI_DATA;
    svms_camera_item item = { .frame = v->frames,
                              .utc_ns = utc_ns,
                              .kind = (uint8_t)kind,
                              .verdict = SVMS_CAMERA_PENDING,
                              .leads = is_vcl && !v->has_led };
    v->has_led |= is_vcl;
    uint64_t most = CREDIT_AT_FIRST + (uint64_t)CREDIT_PER_ITEM * v->options.waiting_max;
    v->credit += v->items.end == 0 ? CREDIT_AT_FIRST : CREDIT_PER_ITEM;
    v->credit = v->credit < most ? v->credit : most;
    return svms_camera_items_push(&v->items, &item, nal->data, nal->size, err);
}
