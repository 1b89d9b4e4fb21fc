/* SPDX-License-Identifier: Apache-2.0 */
/* svms timestamp: let a third party attest when a recording existed. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <svms/svms.h>

#include "attest_options.h"
#include "command.h"
#include "file.h"
#include "http.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"

#define ANSWER_LIMIT ((size_t)2 * 1024 * 1024)
#define NS_PER_SECOND INT64_C(1000000000)

typedef struct timestamp_request {
    const char *path;
    typed_inputs typed;
    const char *url;
    const char *query_path;
    const char *reply_path;
    const char *anchors_path;
    const char *revoked_path;
    const char *proof_path;
    audit_trust_options witnesses;
    bool json;
} timestamp_request;

typedef struct stamp_job {
    const timestamp_request *request;
    svms_ctx *ctx;
    svms_trust *anchors;
    svms_store store;
    uint8_t digest[32];
    uint8_t query[SVMS_TIMESTAMP_QUERY_SIZE];
    bool has_query;
    unsigned char *reply;
    size_t reply_size;
    unsigned char *token;
    size_t token_size;
    svms_timestamp_info info;
    attest_means means;
} stamp_job;

static exit_status find_digest(stamp_job *job)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_source_open_file(&source, job->ctx, job->request->path, &err);
    if (status == SVMS_OK) {
        status = svms_trailer_digest(job->ctx, &source, job->digest, &err);
        svms_source_close(&source);
    }
    return status == SVMS_OK ? EXIT_GOOD
                             : complain_error(&err, "cannot stamp %s", job->request->path);
}

static exit_status make_query(stamp_job *job)
{
    svms_error err = SVMS_ERROR_INIT;
    if (svms_timestamp_query(job->ctx, job->digest, job->query, &err) != SVMS_OK) {
        return complain_error(&err, "cannot make a query");
    }
    job->has_query = true;
    return EXIT_GOOD;
}

static exit_status write_query(stamp_job *job)
{
    exit_status status = options_check_not_input(&job->request->typed, job->request->query_path);
    if (status == EXIT_GOOD) {
        status = make_query(job);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    const new_file file = { job->request->query_path, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH,
                            (const char *)job->query, sizeof job->query };
    status = file_write(&file, 1, false);
    if (status != EXIT_GOOD) {
        return status;
    }
    if (job->request->json) {
        return json_print(json_pack("{s:o, s:o, s:o}", "file", json_text(job->request->path),
                                    "digest", json_hex(job->digest, sizeof job->digest), "query",
                                    json_text(job->request->query_path)));
    }
    print_line(stdout, "Query         %s", job->request->query_path);
    print_line(stdout, "              have it answered by a time stamp authority, then give the "
                       "answer with --reply");
    return EXIT_GOOD;
}

static exit_status ask(stamp_job *job)
{
    http_exchange exchange = { 0 };
    exit_status status = make_query(job);
    if (status != EXIT_GOOD) {
        return status;
    }
    exchange.url = job->request->url;
    exchange.content_type = "application/timestamp-query";
    exchange.body = job->query;
    exchange.body_size = sizeof job->query;
    exchange.answer_limit = ANSWER_LIMIT;
    status = http_post(&exchange);
    job->reply = exchange.answer;
    job->reply_size = exchange.answer_size;
    return status;
}

static exit_status load_reply(stamp_job *job)
{
    file_text reply = { NULL, 0 };
    file_text query = { NULL, 0 };
    exit_status status = file_read(&reply, job->request->reply_path, ANSWER_LIMIT, false);
    if (status == EXIT_GOOD && job->request->query_path) {
        status = file_read(&query, job->request->query_path, sizeof job->query, false);
    }
    if (status == EXIT_GOOD && query.bytes) {
        if (query.size != sizeof job->query) {
            complain("%s is no query of svms timestamp", job->request->query_path);
            status = EXIT_MALFORMED;
        } else {
            memcpy(job->query, query.bytes, sizeof job->query);
            job->has_query = true;
        }
    }
    file_text_free(&query);
    job->reply = (unsigned char *)reply.bytes;
    job->reply_size = reply.size;
    return status;
}

static exit_status take_token(stamp_job *job)
{
    svms_error err = SVMS_ERROR_INIT;
    job->token_size = job->reply_size;
    job->token = malloc(job->reply_size + 1);
    if (!job->token) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    svms_status status = svms_timestamp_accept(job->has_query ? job->query : NULL,
                                               job->has_query ? sizeof job->query : 0, job->reply,
                                               job->reply_size, job->token, &job->token_size, &err);
    return status == SVMS_OK ? EXIT_GOOD : complain_error(&err, "no time stamp was given");
}

/* With anchors, only what will count is appended. */
static exit_status check_token(stamp_job *job)
{
    svms_timestamp_question question = SVMS_TIMESTAMP_QUESTION_INIT;
    svms_error err = SVMS_ERROR_INIT;
    job->info = (svms_timestamp_info)SVMS_TIMESTAMP_INFO_INIT;
    question.now_utc_ns = (int64_t)time(NULL) * NS_PER_SECOND;
    svms_status status = svms_timestamp_check(job->anchors, job->token, job->token_size,
                                              job->digest, &question, &job->info, &err);
    if (status == SVMS_OK || (status == SVMS_E_UNTRUSTED && !job->anchors)) {
        return EXIT_GOOD;
    }
    return complain_error(&err, "the time stamp would attest nothing");
}

static exit_status append_token(stamp_job *job)
{
    svms_error err = SVMS_ERROR_INIT;
    if (svms_store_open_file(&job->store, job->ctx, job->request->path, &err) != SVMS_OK) {
        return complain_error(&err, "cannot change %s", job->request->path);
    }
    if (svms_trailer_append(job->ctx, &job->store, job->token, job->token_size, &err) != SVMS_OK) {
        return complain_error(&err, "cannot stamp %s", job->request->path);
    }
    return EXIT_GOOD;
}

static exit_status say(const stamp_job *job)
{
    char when[SVMS_TIME_TEXT_SIZE] = "";
    bool trusted = job->info.verdict == SVMS_IDENTITY_TRUSTED;
    svms_time_format(job->info.gen_time_utc_ns, when);
    if (job->request->json) {
        return json_print(json_pack(
            "{s:o, s:o, s:o, s:o, s:o, s:b}", "file", json_text(job->request->path), "digest",
            json_hex(job->digest, sizeof job->digest), "time", json_time(job->info.gen_time_utc_ns),
            "authority", json_text(trusted ? job->info.authority : NULL), "serial",
            json_text(trusted ? job->info.serial : NULL), "trusted", (int)trusted));
    }
    print_line(stdout, "Stamped       %s", job->request->path);
    print_line(stdout, "Existed at    %s", when);
    print_line(stdout, "Authority     %s",
               trusted ? job->info.authority : "not checked: give --tsa-anchors");
    return EXIT_GOOD;
}

static exit_status append_bytes(stamp_job *job, const file_text *proof)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_trailer_append_proof(job->ctx, &job->store, proof->bytes, proof->size,
                                                   attest_attester(&job->means), &err);
    return status == SVMS_OK ? EXIT_GOOD
                             : complain_error(&err, "cannot append %s", job->request->proof_path);
}

/* What witnesses of an audit log attest. */
static exit_status append_proof(stamp_job *job)
{
    const timestamp_request *request = job->request;
    file_text proof = { NULL, 0 };
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = attest_load(&job->means, job->ctx, &request->witnesses, "timestamp");
    if (status == EXIT_GOOD) {
        status = file_read(&proof, request->proof_path, SVMS_TRAILER_PROOF_MAX, false);
    }
    if (status == EXIT_GOOD &&
        svms_store_open_file(&job->store, job->ctx, request->path, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot change %s", request->path);
    }
    if (status == EXIT_GOOD) {
        status = append_bytes(job, &proof);
    }
    file_text_free(&proof);
    if (status != EXIT_GOOD) {
        return status;
    }
    if (request->json) {
        return json_print(json_pack("{s:o, s:o, s:o}", "file", json_text(request->path), "digest",
                                    json_hex(job->digest, sizeof job->digest), "audit_proof",
                                    json_text(request->proof_path)));
    }
    print_line(stdout, "Stamped       %s", request->path);
    print_line(stdout, "Attested by   what %s proves", request->proof_path);
    return EXIT_GOOD;
}

static exit_status stamp(stamp_job *job)
{
    const timestamp_request *request = job->request;
    exit_status status = find_digest(job);
    if (status == EXIT_GOOD && request->proof_path) {
        return append_proof(job);
    }
    if (status == EXIT_GOOD && !request->url && !request->reply_path) {
        return write_query(job);
    }
    if (status == EXIT_GOOD) {
        status = request->url ? ask(job) : load_reply(job);
    }
    if (status == EXIT_GOOD) {
        status = take_token(job);
    }
    if (status == EXIT_GOOD) {
        status = check_token(job);
    }
    if (status == EXIT_GOOD) {
        status = append_token(job);
    }
    return status == EXIT_GOOD ? say(job) : status;
}

static exit_status timestamp(const timestamp_request *request)
{
    stamp_job job = { 0 };
    job.request = request;
    job.store = (svms_store)SVMS_STORE_INIT;
    exit_status status = make_context(&job.ctx);
    if (status == EXIT_GOOD && request->anchors_path) {
        status = load_trust_and_crls(&job.anchors, job.ctx, request->anchors_path,
                                     request->revoked_path);
    }
    if (status == EXIT_GOOD) {
        status = stamp(&job);
    }
    free(job.reply);
    free(job.token);
    svms_store_close(&job.store);
    svms_trust_free(&job.anchors);
    svms_ctx_free(&job.ctx);
    return status;
}

static const option_spec options[] = {
    { "tsa", "URL", "ask this time stamp authority (RFC 3161 over HTTP)", OPTION_TEXT,
      offsetof(timestamp_request, url), NULL, 0, 0 },
    { "query", "FILE", "write a query to FILE, or, with --reply, the query that is answered",
      OPTION_TEXT, offsetof(timestamp_request, query_path), NULL, 0, 0 },
    { "reply", "FILE", "append the time stamp that an authority answered with", OPTION_TEXT,
      offsetof(timestamp_request, reply_path), NULL, 0, 0 },
    { "tsa-anchors", "CA", "append only what these CA certificates (PEM) vouch for", OPTION_TEXT,
      offsetof(timestamp_request, anchors_path), NULL, 0, 0 },
    { "crl", "FILE", "with --tsa-anchors: revocation lists (PEM or DER)", OPTION_TEXT,
      offsetof(timestamp_request, revoked_path), NULL, 0, 0 },
    { "audit-proof", "FILE", "append the proof (svms audit prove) of this file's recording.head",
      OPTION_TEXT, offsetof(timestamp_request, proof_path), NULL, 0, 0 },
    { "log-key", "KEY", "with --audit-proof: key of that audit log", OPTION_TEXT,
      offsetof(timestamp_request, witnesses.key), NULL, 0, 0 },
    { "witness-key", "KEY", "with --log-key: a witness that its administrator controls; repeatable",
      OPTION_LIST, offsetof(timestamp_request, witnesses.witnesses), NULL, 0, 0 },
    { "outside-witness-key", "KEY",
      "with --log-key: a witness that he does not control; repeatable", OPTION_LIST,
      offsetof(timestamp_request, witnesses.outside), NULL, 0, 0 },
    { "quorum", "K", "with --log-key: how many of them must have signed, one from outside",
      OPTION_COUNT, offsetof(timestamp_request, witnesses.quorum), NULL, 1,
      SVMS_AUDIT_WITNESSES_MAX },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(timestamp_request, json), NULL,
      0, 0 },
};

static const command_line line = {
    "timestamp",
    "FILE --tsa URL | --query FILE | --reply FILE | --audit-proof FILE [options]",
    "Has a third party attest that a closed recording exists now. Changes nothing that is signed.",
    options,
    sizeof options / sizeof options[0],
    "FILE",
    offsetof(timestamp_request, path)
};

exit_status command_timestamp(int count, char **arguments)
{
    timestamp_request request;
    memset(&request, 0, sizeof request);
    request.typed = (typed_inputs){ &line, &request, false };
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    bool asks = request.url || request.query_path || request.reply_path;
    if (asks == (request.proof_path != NULL)) {
        return usage_error("timestamp", "give --tsa, --query or --reply, or --audit-proof alone");
    }
    if ((request.proof_path != NULL) != (request.witnesses.key != NULL)) {
        return usage_error("timestamp", "--audit-proof and --log-key belong together");
    }
    if (request.url && (request.query_path || request.reply_path)) {
        return usage_error("timestamp", "--tsa asks and takes the answer itself");
    }
    if (request.revoked_path && !request.anchors_path) {
        return usage_error("timestamp", "--crl belongs to --tsa-anchors");
    }
    return timestamp(&request);
}
