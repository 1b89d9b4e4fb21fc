/* SPDX-License-Identifier: Apache-2.0 */
/* svms audit prune: records go that are older than they need to be. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include <svms/svms.h>

#include "audit_by.h"
#include "audit_command.h"
#include "audit_place.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"

#define NS_PER_SECOND INT64_C(1000000000)

typedef struct prune_request {
    const char *path;
    const char *older;
    const char *evidence;
    audit_by by;
    bool trial;
    bool json;
} prune_request;

static exit_status say(const prune_request *request, const svms_audit_pruned *pruned)
{
    if (request->json) {
        return json_print(
            json_pack("{s:o, s:b, s:o, s:o, s:o, s:o, s:b}", "log", json_text(request->path),
                      "trial", (int)request->trial, "removed", json_place(pruned->removed), "kept",
                      json_place(pruned->kept), "evidence_removed", json_place(pruned->later),
                      "first", json_place(pruned->minimum), "waiting", (int)pruned->is_waiting));
    }
    print_line(stdout, "%s  %" PRIu64 " records", request->trial ? "Would remove" : "Removed     ",
               pruned->removed);
    print_line(stdout, "%s  %" PRIu64 " of the records beside them: evidence, or held",
               request->trial ? "Would keep  " : "Kept        ", pruned->kept);
    if (pruned->later > 0) {
        print_line(stdout, "%s  %" PRIu64 " that had been kept before",
                   request->trial ? "Would remove" : "Removed     ", pruned->later);
    }
    print_line(stdout, "First left    record %" PRIu64, pruned->minimum);
    if (pruned->is_waiting) {
        print_line(stdout, "              more is old enough, and goes with a later pruning: the "
                           "journal still has it");
    }
    return EXIT_GOOD;
}

static exit_status prune(const void *asked, svms_audit_log *log)
{
    const prune_request *request = asked;
    svms_audit_prune_options options = SVMS_AUDIT_PRUNE_OPTIONS_INIT;
    svms_audit_pruned pruned = SVMS_AUDIT_PRUNED_INIT;
    svms_error err = SVMS_ERROR_INIT;
    const svms_audit_event by = audit_by_event(&request->by);
    int64_t now = (int64_t)time(NULL) * NS_PER_SECOND;
    int64_t age = 0;
    exit_status status = audit_age_read(&age, request->older, "audit prune", "--older-than");
    options.before_utc_ns = now - age;
    if (status == EXIT_GOOD && request->evidence) {
        status = audit_age_read(&age, request->evidence, "audit prune", "--evidence-older-than");
        options.evidence_before_utc_ns = now - age;
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    options.by = &by;
    options.is_trial = request->trial ? 1 : 0;
    if (svms_audit_log_prune(log, &options, &pruned, &err) != SVMS_OK) {
        return complain_error(&err, "cannot prune %s", request->path);
    }
    return say(request, &pruned);
}

static exit_status run(const prune_request *request)
{
    const audit_place_options options = { .path = request->path, .server = request->by.server };
    return audit_place_act(&options, "prunes it", prune, request);
}

static const option_spec options[] = {
    { "older-than", "AGE", "records that are older go: 90d, 36h (d, h, m, s)", OPTION_TEXT,
      offsetof(prune_request, older), NULL, 0, 0 },
    { "evidence-older-than", "AGE",
      "records related to evidence that are older go, too (default: none)", OPTION_TEXT,
      offsetof(prune_request, evidence), NULL, 0, 0 },
    { "dry-run", NULL, "only tell what would go", OPTION_FLAG, offsetof(prune_request, trial), NULL,
      0, 0 },
    AUDIT_BY_OPTIONS(prune_request, by),
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(prune_request, json), NULL, 0,
      0 },
};

static const command_line line = { "audit prune",
                                   "LOG --older-than AGE [options]",
                                   "Removes records of an audit log that are old. Their hashes "
                                   "stay, so that every proof about the\n"
                                   "others does.",
                                   options,
                                   sizeof options / sizeof options[0],
                                   "LOG",
                                   offsetof(prune_request, path) };

exit_status command_audit_prune(int count, char **arguments)
{
    prune_request request;
    memset(&request, 0, sizeof request);
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (!request.older) {
        return usage_error(line.name, "--older-than is missing");
    }
    return run(&request);
}
