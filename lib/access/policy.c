/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a policy (policy.md, section 1). */
#include <string.h>

#include "failure.h"
#include "options.h"
#include "policy_internal.h"

#define POLICY_DEPTH 12
#define FORMAT "svms-policy"
#define VERSION 1
#define REVISION_MAX ((UINT64_C(1) << 53) - 1)

void *svms_policy_room(svms_policy_job *job, size_t count, size_t size)
{
    void *room = count > 0 ? svms_alloc_array(job->policy->ctx, count, size) : NULL;
    if (count > 0 && !room && job->status == SVMS_OK) {
        job->status = svms_fail_memory(job->err);
    }
    return room;
}

bool svms_policy_failed(const svms_policy_job *job)
{
    return job->status != SVMS_OK || svms_json_failed(&job->root);
}

/* R-POL-1 */
static void read_head(svms_policy_job *job)
{
    static const char *const members[] = { "format", "version",     "revision", "zone",
                                           "zones",  "groups",      "roles",    "windows",
                                           "rules",  "description", "$schema",  NULL };
    const char *format = svms_json_text(&job->root, "format");
    if (format && strcmp(format, FORMAT) != 0) {
        svms_json_refuse(&job->root, "format", "is not " FORMAT);
    }
    uint64_t version = svms_json_number(&job->root, "version", REVISION_MAX);
    if (!svms_policy_failed(job) && version != VERSION) {
        job->status = svms_fail(job->err, SVMS_E_UNSUPPORTED,
                                "the policy has a version that is not known here");
        return;
    }
    svms_json_only(&job->root, members);
    if (svms_json_is_there(&job->root, "description")) {
        (void)svms_json_text(&job->root, "description");
    }
    if (svms_json_is_there(&job->root, "$schema")) {
        (void)svms_json_text(&job->root, "$schema");
    }
    job->policy->revision = svms_json_number(&job->root, "revision", REVISION_MAX);
    if (!svms_policy_failed(job) && job->policy->revision < job->options->least_revision) {
        job->status = svms_fail(job->err, SVMS_E_POLICY,
                                "the policy is older than the one that it would replace");
    }
}

typedef void (*policy_step)(svms_policy_job *job);

static svms_status run(svms_policy_job *job)
{
    static const policy_step steps[] = {
        read_head,
        svms_policy_read_times,
        svms_policy_read_groups,
        svms_policy_read_roles,
        svms_policy_read_rules,
        svms_policy_compile,
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && !svms_policy_failed(job); i++) {
        steps[i](job);
    }
    return job->status != SVMS_OK ? job->status : job->root.document->status;
}

svms_status svms_policy_read(svms_policy **out, svms_ctx *ctx, const char *json, size_t size,
                             const svms_policy_options *options, svms_error *err)
{
    static const svms_json_limits limits = { SVMS_POLICY_MAX, POLICY_DEPTH };
    svms_policy_options read = SVMS_POLICY_OPTIONS_INIT;
    if (!out || !ctx || !json) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_options_read(&read, sizeof read, options, "svms_policy_options", err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_policy *policy = svms_alloc(ctx, sizeof *policy);
    if (!policy) {
        return svms_fail_memory(err);
    }
    policy->ctx = ctx;
    status = svms_json_load(&policy->document, ctx, "the policy", &limits, json, size, err);
    if (status == SVMS_OK) {
        svms_policy_job job = { policy, svms_json_root(&policy->document), &read, SVMS_OK, err };
        status = run(&job);
        policy->document.err = NULL;
    }
    if (status == SVMS_OK) {
        *out = policy;
    } else {
        svms_policy_free(&policy);
    }
    return status;
}

uint64_t svms_policy_revision(const svms_policy *policy)
{
    return policy->revision;
}

void svms_policy_free(svms_policy **policy)
{
    if (!policy || !*policy) {
        return;
    }
    svms_policy *given = *policy;
    svms_ctx *ctx = given->ctx;
    *policy = NULL;
    for (size_t i = 0; i < given->rule_count; i++) {
        svms_rule_clear(ctx, &given->rules[i]);
    }
    for (size_t i = 0; i < given->zone_count; i++) {
        svms_zone_free(&given->zones[i]);
    }
    void *const rooms[] = {
        given->rules,          given->ids,        given->windows,       given->devices.entries,
        given->groups.entries, given->groups_of,  given->roles.entries, given->subjects.entries,
        given->claims.entries, given->role_rules, given->everyone,      given->device_rules,
        given->any_device,     given->denying,    given->action_rules
    };
    for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
        svms_release(ctx, rooms[i]);
    }
    if (given->document.root) {
        svms_json_unload(&given->document);
    }
    svms_release(ctx, given);
}
