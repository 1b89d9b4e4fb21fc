/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the time zone database: what is read shows a wall clock that jumps at growing moments
 * and stays as it is between them, and windows by it open and close. */
#include <stdlib.h>

#include "time_window.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS 64
#define OFFSET_MOST 93600

static void check(int good)
{
    if (!good) {
        abort();
    }
}

static void walk(const svms_zone *zone, int64_t from_s)
{
    int64_t at = from_s;
    for (int i = 0; i < STEPS && at != SVMS_NEVER; i++) {
        int64_t next = svms_zone_next_change(zone, at);
        int32_t offset = svms_zone_offset(zone, at);
        check(next > at && offset >= -OFFSET_MOST && offset <= OFFSET_MOST);
        check(offset == svms_zone_offset(zone, next - 1));
        at = next;
    }
}

static void open_and_close(const svms_zone *zone, int64_t from_s)
{
    static const svms_window windows[] = {
        { 0x7F, 0, 1440, NULL, NULL },
        { 0x1F, 480, 1080, NULL, NULL },
        { 0x60, 1320, 360, NULL, NULL },
        { 0x01, 150, 151, NULL, NULL },
    };
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        svms_zone_clock clock = { NULL, 0, 0, 0 };
        svms_window window = windows[i];
        window.zone = zone;
        int64_t at = from_s;
        for (int step = 0; step < STEPS && at != SVMS_NEVER; step++) {
            svms_window_state state = svms_window_at(&window, &clock, at);
            check(state.until_s > at);
            svms_zone_clock other = { NULL, 0, 0, 0 };
            check(svms_window_at(&window, &other, state.until_s - 1).is_open == state.is_open);
            at = state.until_s;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t starts[] = { INT64_C(-9223372036), 0, INT64_C(1795003200),
                                      INT64_C(4102444800), INT64_C(9223372036) };
    static svms_ctx *ctx;
    svms_zone *zone = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (ctx == NULL) {
        check(svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK);
    }
    svms_status status = svms_zone_parse(&zone, ctx, "Zone", data, size, &err);
    if (status == SVMS_OK) {
        for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
            walk(zone, starts[i]);
            open_and_close(zone, starts[i]);
        }
    } else {
        check(status == SVMS_E_MALFORMED && zone == NULL && err.message[0] != '\0');
    }
    svms_zone_free(&zone);
    return 0;
}
