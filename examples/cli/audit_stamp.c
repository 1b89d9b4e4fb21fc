/* SPDX-License-Identifier: Apache-2.0 */
/* svms audit stamp: a third party attests what an audit log has by now. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#include "audit_command.h"
#include "audit_place.h"
#include "audit_trust_options.h"
#include "http.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"

#define ANSWER_LIMIT ((size_t)2 * 1024 * 1024)

typedef struct stamp_request {
    const char *path;
    const char *url;
    const char *anchors;
    const char *revoked;
    const char *key;
    const char *record;
    bool list;
    bool json;
} stamp_request;

typedef struct stamp_job {
    const stamp_request *request;
    svms_ctx *ctx;
    svms_trust *anchors;
    svms_folder folder;
} stamp_job;

static exit_status print_stamp(const stamp_job *job, const svms_audit_stamp *stamp)
{
    char when[SVMS_TIME_TEXT_SIZE] = "";
    bool trusted = stamp->status == SVMS_OK;
    bool known = trusted || stamp->status == SVMS_E_UNTRUSTED;
    int64_t at = known ? stamp->info.gen_time_utc_ns : SVMS_NO_TIME;
    svms_time_format(at, when);
    if (job->request->json) {
        return json_print_line(json_pack("{s:o, s:o, s:o, s:b}", "records", json_place(stamp->size),
                                         "time", json_time(at), "authority",
                                         json_text(trusted ? stamp->info.authority : NULL),
                                         "trusted", (int)trusted));
    }
    print_line(stdout, "%" PRIu64 " records existed at %s  %s", stamp->size, when,
               trusted ? stamp->info.authority
                       : (known ? "(authority not trusted)" : "(NOT a stamp on this log)"));
    return EXIT_GOOD;
}

static svms_status list_one(void *user, const svms_audit_stamp *stamp)
{
    return print_stamp(user, stamp) == EXIT_GOOD ? SVMS_OK : SVMS_E_IO;
}

static exit_status list(stamp_job *job)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status status =
        svms_audit_stamps(job->ctx, &job->folder, job->anchors, list_one, job, &err);
    return status == SVMS_OK
               ? EXIT_GOOD
               : complain_error(&err, "cannot list the time stamps of %s", job->request->path);
}

static exit_status find_earliest(const stamp_job *job)
{
    svms_audit_stamp stamp = SVMS_AUDIT_STAMP_INIT;
    svms_error err = SVMS_ERROR_INIT;
    const char *text = job->request->record;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 15 || text[digits] != '\0') {
        return usage_error("audit stamp", "--record takes the number of a record");
    }
    svms_status status = svms_audit_stamp_earliest(&stamp, job->ctx, &job->folder, job->anchors,
                                                   strtoull(text, NULL, 10), &err);
    if (status == SVMS_E_STATE) {
        (void)complain_error(&err, "%s", job->request->path);
        return EXIT_EVIDENCE;
    }
    return status == SVMS_OK ? print_stamp(job, &stamp)
                             : complain_error(&err, "%s", job->request->path);
}

static exit_status fetch(http_exchange *exchange, const char *url,
                         const svms_audit_stamp_query *query)
{
    exchange->url = url;
    exchange->content_type = "application/timestamp-query";
    exchange->body = query->query;
    exchange->body_size = sizeof query->query;
    exchange->answer_limit = ANSWER_LIMIT;
    return http_post(exchange);
}

static exit_status ask(const stamp_job *job, const svms_audit_trust *trust)
{
    svms_audit_stamp_query query = SVMS_AUDIT_STAMP_QUERY_INIT;
    svms_audit_stamp stamp = SVMS_AUDIT_STAMP_INIT;
    svms_error err = SVMS_ERROR_INIT;
    http_exchange exchange = { 0 };
    if (svms_audit_stamp_request(&query, job->ctx, &job->folder, trust, &err) != SVMS_OK) {
        return complain_error(&err, "cannot have %s stamped", job->request->path);
    }
    exit_status status = fetch(&exchange, job->request->url, &query);
    if (status != EXIT_GOOD) {
        return status;
    }
    svms_status kept =
        svms_audit_stamp_keep(job->ctx, &job->folder, job->anchors, &query, exchange.answer,
                              exchange.answer_size, &stamp.info, &err);
    free(exchange.answer);
    if (kept != SVMS_OK) {
        return complain_error(&err, "the time stamp would attest nothing");
    }
    stamp.size = query.size;
    return print_stamp(job, &stamp);
}

static exit_status ask_about_key(const stamp_job *job)
{
    char key[SVMS_AUDIT_KEY_SIZE];
    svms_audit_trust trust = SVMS_AUDIT_TRUST_INIT;
    if (!job->request->key) {
        return ask(job, NULL);
    }
    exit_status status = audit_key_load(key, job->request->key, "audit stamp", "--key");
    trust.log_key = key;
    return status == EXIT_GOOD ? ask(job, &trust) : status;
}

static exit_status run(const stamp_request *request)
{
    stamp_job job = { .request = request, .folder = SVMS_FOLDER_INIT };
    exit_status status = make_context(&job.ctx);
    if (status == EXIT_GOOD && request->anchors) {
        status = load_trust_and_crls(&job.anchors, job.ctx, request->anchors, request->revoked);
    }
    if (status == EXIT_GOOD) {
        status = audit_place_folder(&job.folder, job.ctx, request->path);
    }
    if (status == EXIT_GOOD) {
        status = request->url ? ask_about_key(&job)
                              : (request->record ? find_earliest(&job) : list(&job));
    }
    svms_folder_close(&job.folder);
    svms_trust_free(&job.anchors);
    svms_ctx_free(&job.ctx);
    return status;
}

static const option_spec options[] = {
    { "tsa", "URL", "ask this time stamp authority (RFC 3161 over HTTP)", OPTION_TEXT,
      offsetof(stamp_request, url), NULL, 0, 0 },
    { "tsa-anchors", "CA", "CA certificates (PEM) that vouch for authorities", OPTION_TEXT,
      offsetof(stamp_request, anchors), NULL, 0, 0 },
    { "crl", "FILE", "with --tsa-anchors: revocation lists (PEM or DER)", OPTION_TEXT,
      offsetof(stamp_request, revoked), NULL, 0, 0 },
    { "key", "VKEY", "with --tsa: key of the log, or a file with it (default: what LOG says)",
      OPTION_TEXT, offsetof(stamp_request, key), NULL, 0, 0 },
    { "record", "N", "tell the earliest attested time at which record N existed", OPTION_TEXT,
      offsetof(stamp_request, record), NULL, 0, 0 },
    { "list", NULL, "list the time stamps that the log has", OPTION_FLAG,
      offsetof(stamp_request, list), NULL, 0, 0 },
    { "json", NULL, "print one JSON object for each stamp", OPTION_FLAG,
      offsetof(stamp_request, json), NULL, 0, 0 },
};

static const command_line line = {
    "audit stamp",
    "LOG --tsa URL --tsa-anchors CA | --list | --record N [options]",
    "Has a third party attest that the records of an audit log exist now. The log may be in use.",
    options,
    sizeof options / sizeof options[0],
    "LOG",
    offsetof(stamp_request, path)
};

exit_status command_audit_stamp(int count, char **arguments)
{
    stamp_request request;
    memset(&request, 0, sizeof request);
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if ((request.url != NULL) + (request.record != NULL) + (request.list ? 1 : 0) != 1) {
        return usage_error(line.name, "give one of --tsa, --list and --record");
    }
    if (!request.list && !request.anchors) {
        return usage_error(line.name, "--tsa-anchors is missing: what nobody vouches for attests "
                                      "nothing");
    }
    if (request.revoked && !request.anchors) {
        return usage_error(line.name, "--crl belongs to --tsa-anchors");
    }
    return run(&request);
}
