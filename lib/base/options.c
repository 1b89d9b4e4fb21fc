/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <string.h>

#include "failure.h"

/* No struct will ever be this much longer than we know it: what claims to be is not initialised,
 * and its tail must not be read. */
#define UNKNOWN_TAIL_MAX 4096

static svms_status check_size(uint32_t size, size_t known_size, const char *name, svms_error *err)
{
    if (size < sizeof size) {
        return svms_fail(err, SVMS_E_USAGE, "%s: struct_size is not set", name);
    }
    if (size > known_size + UNKNOWN_TAIL_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "%s: struct_size of %u makes no sense", name,
                         (unsigned)size);
    }
    return SVMS_OK;
}

svms_status svms_options_read(void *known, size_t known_size, const void *options, const char *name,
                              svms_error *err)
{
    if (!options) {
        return SVMS_OK;
    }
    uint32_t size;
    memcpy(&size, options, sizeof size);
    svms_status status = check_size(size, known_size, name, err);
    if (status != SVMS_OK) {
        return status;
    }
    const uint8_t *given = options;
    for (size_t i = known_size; i < size; i++) {
        if (given[i] != 0) {
            return svms_fail(err, SVMS_E_USAGE, "%s: a newer version sets what this one lacks",
                             name);
        }
    }
    uint32_t full = (uint32_t)known_size;
    memset(known, 0, known_size);
    memcpy(known, options, size < known_size ? size : known_size);
    memcpy(known, &full, sizeof full);
    return SVMS_OK;
}

svms_status svms_result_write(void *result, const void *known, size_t known_size, const char *name,
                              svms_error *err)
{
    if (!result) {
        return svms_fail(err, SVMS_E_USAGE, "no place for %s was given", name);
    }
    uint32_t size;
    memcpy(&size, result, sizeof size);
    svms_status status = check_size(size, known_size, name, err);
    if (status != SVMS_OK) {
        return status;
    }
    memset(result, 0, size);
    memcpy(result, known, size < known_size ? size : known_size);
    memcpy(result, &size, sizeof size);
    return SVMS_OK;
}
