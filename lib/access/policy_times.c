/* SPDX-License-Identifier: Apache-2.0 */
/* Time zones and named windows of a policy. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <svms/io.h>

#include "failure.h"
#include "policy_internal.h"
#include "stream.h"

#define DATABASE "/usr/share/zoneinfo/"

/* An svms_zone_fetch: the system's own files. */
static svms_status fetch_file(svms_ctx *ctx, const char *name, void *out, size_t *size,
                              svms_error *err)
{
    char path[sizeof DATABASE + SVMS_ZONE_NAME_MAX];
    svms_source source = SVMS_SOURCE_INIT;
    uint64_t length = 0;
    (void)snprintf(path, sizeof path, DATABASE "%s", name);
    svms_status status = svms_source_open_file(&source, ctx, path, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_source_size(&source, &length, err);
    if (status == SVMS_OK && length > *size) {
        status = svms_fail(err, SVMS_E_LIMIT, "the time zone %s is too large", name);
    }
    if (status == SVMS_OK) {
        status = svms_source_read(&source, 0, out, (size_t)length, err);
        *size = (size_t)length;
    }
    svms_source_close(&source);
    return status;
}

const svms_zone *svms_policy_zone(const svms_policy *policy, const char *name)
{
    if (!name) {
        return policy->zone;
    }
    for (size_t i = 0; i < policy->zone_count; i++) {
        if (strcmp(svms_zone_name(policy->zones[i]), name) == 0) {
            return policy->zones[i];
        }
    }
    return NULL;
}

static svms_status fetch_zone(svms_policy_job *job, const char *name, uint8_t *bytes,
                              svms_error *err)
{
    svms_policy *policy = job->policy;
    svms_zone *zone = NULL;
    size_t size = SVMS_ZONE_FILE_MAX;
    const svms_policy_options *options = job->options;
    svms_status status = options->zones ? options->zones(options->user, name, bytes, &size, err)
                                        : fetch_file(policy->ctx, name, bytes, &size, err);
    if (status == SVMS_OK && size > SVMS_ZONE_FILE_MAX) {
        status = SVMS_E_LIMIT;
    }
    if (status == SVMS_OK) {
        status = svms_zone_parse(&zone, policy->ctx, name, bytes, size, err);
    }
    if (status == SVMS_OK) {
        policy->zones[policy->zone_count++] = zone;
    }
    return status;
}

/* Of a zone that is there, but could not be read; what failed without a number is not there. */
static bool is_fault(svms_status status, const svms_error *cause)
{
    return status == SVMS_E_IO && cause->os_error != 0 && cause->os_error != ENOENT &&
           cause->os_error != ENOTDIR;
}

/* Reads a zone, once. */
static const svms_zone *need_zone(svms_policy_job *job, const svms_json_node *node,
                                  const char *member, const char *name)
{
    const svms_zone *zone = name ? svms_policy_zone(job->policy, name) : NULL;
    if (zone || !name || svms_policy_failed(job)) {
        return zone;
    }
    if (!svms_zone_name_is_fit(name)) {
        svms_json_refuse(node, member, "is no name of a time zone");
        return NULL;
    }
    if (job->policy->zone_count > SVMS_POLICY_ZONES) {
        svms_json_refuse(node, member, "is one time zone too many");
        return NULL;
    }
    svms_error cause = SVMS_ERROR_INIT;
    uint8_t *bytes = svms_policy_room(job, SVMS_ZONE_FILE_MAX, 1);
    svms_status status = bytes ? fetch_zone(job, name, bytes, &cause) : SVMS_E_NO_MEMORY;
    svms_release(job->policy->ctx, bytes);
    if (status == SVMS_E_NO_MEMORY) {
        job->status = svms_fail_memory(job->err);
    } else if (is_fault(status, &cause)) {
        job->status = svms_fail_as(job->err, status, &cause);
    } else if (status != SVMS_OK) {
        svms_json_refuse(node, member, "is no time zone that is known here");
    }
    return svms_policy_zone(job->policy, name);
}

const svms_zone *svms_policy_zone_needed(void *user, const svms_json_node *node, const char *name)
{
    svms_policy_job *job = user;
    return name ? need_zone(job, node, "zone", name) : job->policy->zone;
}

static void read_window(svms_policy_job *job, const svms_json_node *all, size_t index)
{
    svms_named_window *out = &job->policy->windows[index];
    out->name = svms_json_member(all, index);
    if (!svms_name_is_fit(out->name)) {
        svms_name_refuse(all, out->name, "is no fit name of a window");
        return;
    }
    svms_json_node node = svms_json_object(all, out->name);
    svms_rule_reader reader = {
        job->policy->ctx, false, svms_policy_zone_needed, NULL, job, SVMS_OK
    };
    svms_window_read(&reader, &node, &out->window);
}

/* R-WIN-3: UTC is there without any file. */
static void read_zones(svms_policy_job *job)
{
    svms_policy *policy = job->policy;
    job->status = svms_zone_make_utc(&policy->zones[0], policy->ctx, job->err);
    if (job->status != SVMS_OK) {
        return;
    }
    policy->zone_count = 1;
    policy->zone = policy->zones[0];
    if (svms_json_is_there(&job->root, "zone")) {
        policy->zone = need_zone(job, &job->root, "zone", svms_json_text(&job->root, "zone"));
    }
    if (!svms_json_is_there(&job->root, "zones")) {
        return;
    }
    size_t count = svms_json_count(&job->root, "zones", SVMS_POLICY_ZONES);
    for (size_t i = 0; i < count && !svms_policy_failed(job); i++) {
        char place[SVMS_NAME_MAX];
        (void)snprintf(place, sizeof place, "zones[%zu]", i);
        (void)need_zone(job, &job->root, place, svms_json_item_text(&job->root, "zones", i));
    }
}

void svms_policy_read_times(svms_policy_job *job)
{
    svms_policy *policy = job->policy;
    read_zones(job);
    if (svms_policy_failed(job) || !svms_json_is_there(&job->root, "windows")) {
        return;
    }
    svms_json_node all = svms_json_object(&job->root, "windows");
    size_t count = svms_policy_members(&all, SVMS_POLICY_WINDOWS);
    policy->windows = svms_policy_room(job, count, sizeof *policy->windows);
    policy->window_count = policy->windows ? count : 0;
    for (size_t i = 0; i < policy->window_count && !svms_policy_failed(job); i++) {
        read_window(job, &all, i);
    }
}
