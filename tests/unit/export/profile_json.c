/* SPDX-License-Identifier: Apache-2.0 */
#include "profile_json.h"

#include <stdio.h>

svms_status parse_text(fixture *fix, svms_profile **out, const char *json, svms_error *err)
{
    *out = NULL;
    *err = (svms_error)SVMS_ERROR_INIT;
    return svms_profile_parse(out, fix->ctx, json, strlen(json), err);
}

svms_profile *profile_of(fixture *fix, const char *option, const char *value, bool locked)
{
    char json[1024];
    svms_profile *profile = NULL;
    svms_error err;
    (void)snprintf(json, sizeof(json), HEAD "\"%s\":{\"value\":%s,\"locked\":%s}" TAIL, option,
                   value, locked ? "true" : "false");
    if (parse_text(fix, &profile, json, &err) != SVMS_OK) {
        fail_msg("%s: %s", json, err.message);
    }
    return profile;
}
