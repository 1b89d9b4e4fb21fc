/* SPDX-License-Identifier: Apache-2.0 */
/* ECDSA signatures as security modules give them: DER or r || s, s of either half. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ecdsa_raw.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* There is one form, and it stays what it is. */
static void check_lowered(const uint8_t *raw, size_t width)
{
    uint8_t der[SVMS_ECDSA_DER_MAX];
    uint8_t again[2 * SVMS_ECDSA_WIDTH_MAX];
    size_t der_size = 0;
    memcpy(again, raw, 2 * width);
    if (!svms_ecdsa_lower(again, width) || memcmp(again, raw, 2 * width) != 0 ||
        !svms_ecdsa_to_der(raw, width, der, &der_size) || der_size > sizeof der ||
        !svms_ecdsa_to_raw(der, der_size, width, again) || memcmp(again, raw, 2 * width) != 0) {
        abort();
    }
}

static void check(const uint8_t *data, size_t size, size_t width)
{
    uint8_t raw[2 * SVMS_ECDSA_WIDTH_MAX];
    if (size == 2 * width) {
        memcpy(raw, data, size);
        if (svms_ecdsa_lower(raw, width)) {
            check_lowered(raw, width);
        }
    }
    if (svms_ecdsa_to_raw(data, size, width, raw) && svms_ecdsa_lower(raw, width)) {
        check_lowered(raw, width);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check(data, size, 32);
    check(data, size, 48);
    return 0;
}
