/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_file.h"

#include <string.h>

#include "file.h"
#include "message.h"

/* svms_policy_read() has bounded size, depth and number of values by now. */
static exit_status parse_again(policy_file *out, const file_text *text)
{
    out->json = json_loadb(text->bytes, text->size, JSON_REJECT_DUPLICATES, NULL);
    if (out->json) {
        return EXIT_GOOD;
    }
    policy_file_free(out);
    complain("out of memory");
    return EXIT_ENVIRONMENT;
}

exit_status policy_file_read(policy_file *out, svms_ctx *ctx, const char *path,
                             uint64_t least_revision, svms_error *err)
{
    file_text text = { NULL, 0 };
    svms_policy_options options = SVMS_POLICY_OPTIONS_INIT;
    options.least_revision = least_revision;
    memset(out, 0, sizeof *out);
    exit_status status = file_read(&text, path, SVMS_POLICY_MAX, false);
    if (status == EXIT_GOOD &&
        svms_policy_read(&out->policy, ctx, text.bytes, text.size, &options, err) == SVMS_OK) {
        status = parse_again(out, &text);
    }
    file_text_free(&text);
    return status;
}

exit_status policy_file_complain(const svms_error *err, const char *path)
{
    return complain_error(err, "cannot use the policy %s", path);
}

exit_status policy_file_load(policy_file *out, svms_ctx *ctx, const char *path)
{
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = policy_file_read(out, ctx, path, 0, &err);
    if (status == EXIT_GOOD && err.status != SVMS_OK) {
        status = policy_file_complain(&err, path);
    }
    return status;
}

void policy_file_free(policy_file *file)
{
    svms_policy_free(&file->policy);
    json_decref(file->json);
    file->json = NULL;
}

const char *policy_file_zone(const policy_file *file)
{
    const char *zone = json_string_value(json_object_get(file->json, "zone"));
    return zone ? zone : "UTC";
}
