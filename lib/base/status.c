/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/status.h>

static const struct {
    svms_status status;
    const char *name;
} status_names[] = {
    { SVMS_OK, "ok" },
    { SVMS_END, "end" },
    { SVMS_AGAIN, "again" },
    { SVMS_E_USAGE, "usage" },
    { SVMS_E_STATE, "state" },
    { SVMS_E_UNSUPPORTED, "unsupported" },
    { SVMS_E_NO_MEMORY, "no_memory" },
    { SVMS_E_IO, "io" },
    { SVMS_E_CRYPTO, "crypto" },
    { SVMS_E_CANCELLED, "cancelled" },
    { SVMS_E_EXISTS, "exists" },
    { SVMS_E_MALFORMED, "malformed" },
    { SVMS_E_TRUNCATED, "truncated" },
    { SVMS_E_LIMIT, "limit" },
    { SVMS_E_NOT_AUTHENTIC, "not_authentic" },
    { SVMS_E_UNDECRYPTABLE, "undecryptable" },
    { SVMS_E_UNTRUSTED, "untrusted" },
    { SVMS_E_INCOMPLETE, "incomplete" },
    { SVMS_E_WRONG_KEY, "wrong_key" },
    { SVMS_E_POLICY, "policy" },
    { SVMS_E_INTERNAL, "internal" },
};

static const char *find_name(svms_status status)
{
    for (size_t i = 0; i < sizeof status_names / sizeof status_names[0]; i++) {
        if (status_names[i].status == status) {
            return status_names[i].name;
        }
    }
    return NULL;
}

svms_status_kind svms_status_class(svms_status status)
{
    if ((int)status >= 0) {
        return SVMS_CLASS_SUCCESS;
    }
    if (!find_name(status)) {
        return SVMS_CLASS_INTERNAL;
    }
    return (svms_status_kind)(-(int)status / 100);
}

const char *svms_status_name(svms_status status)
{
    const char *name = find_name(status);
    return name ? name : "unknown";
}
