/* SPDX-License-Identifier: Apache-2.0 */
/* svms audit checkpoint: the newest checkpoint of a log, and what witnesses say of it. */
#include <stdio.h>
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

#define URL_SIZE 1024
#define ANSWER_MAX ((size_t)64 * 1024)

typedef struct checkpoint_request {
    const char *path;
    text_list witnesses;
    text_list keys;
    uint32_t quorum;
    const char *ca_file;
    bool json;
} checkpoint_request;

static const option_spec options[] = {
    { "witness", "URL", "a witness to ask: its address without /add-checkpoint; repeatable",
      OPTION_LIST, offsetof(checkpoint_request, witnesses), NULL, 0, 0 },
    { "witness-key", "KEY", "that witness's key, or a file with it; one for each --witness",
      OPTION_LIST, offsetof(checkpoint_request, keys), NULL, 0, 0 },
    { "quorum", "COUNT", "how many must cosign; default: all", OPTION_COUNT,
      offsetof(checkpoint_request, quorum), NULL, 1, SVMS_AUDIT_WITNESSES_MAX },
    { "ca", "FILE", "whom to trust for https instead of the system's authorities, PEM", OPTION_TEXT,
      offsetof(checkpoint_request, ca_file), NULL, 0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(checkpoint_request, json), NULL,
      0, 0 },
};

static const command_line line = { "audit checkpoint",
                                   "LOG [--witness URL --witness-key KEY]... [options]",
                                   "Prints the newest checkpoint of a log. Witnesses that are "
                                   "given are asked to cosign it first,\n"
                                   "and what they say is kept with the log.",
                                   options,
                                   sizeof options / sizeof options[0],
                                   "LOG",
                                   offsetof(checkpoint_request, path) };

static exit_status ask(const checkpoint_request *request, const char *url,
                       const svms_cosigning_question *question, http_exchange *exchange)
{
    char address[URL_SIZE];
    size_t size = strlen(url);
    bool has_slash = size > 0 && url[size - 1] == '/';
    int length =
        snprintf(address, sizeof address, "%s%s%s", url, has_slash ? "" : "/", question->path);
    if (length < 0 || (size_t)length >= sizeof address) {
        return usage_error(line.name, "the address of a witness is too long");
    }
    *exchange = (http_exchange){
        .url = address,
        .content_type = "text/plain; charset=utf-8",
        .body = question->body,
        .body_size = question->size,
        .answer_limit = ANSWER_MAX,
        .ca_file = request->ca_file,
    };
    exit_status status = http_ask(exchange);
    exchange->url = NULL;
    return status;
}

/* One question and its answer; *done: there is nothing more to ask. */
static exit_status step(const checkpoint_request *request, svms_cosigning *cosigning,
                        const char *url, bool *done)
{
    svms_cosigning_question question = SVMS_COSIGNING_QUESTION_INIT;
    svms_cosigning_answer answer = SVMS_COSIGNING_ANSWER_INIT;
    svms_error err = SVMS_ERROR_INIT;
    http_exchange exchange = { 0 };
    svms_status asked = svms_cosigning_ask(cosigning, &question, &err);
    *done = asked == SVMS_END;
    if (*done) {
        return EXIT_GOOD;
    }
    if (asked != SVMS_OK) {
        return complain_error(&err, "cannot ask %s", url);
    }
    exit_status status = ask(request, url, &question, &exchange);
    if (status == EXIT_GOOD) {
        answer.status = exchange.status;
        answer.type = exchange.type[0] != '\0' ? exchange.type : NULL;
        answer.body = exchange.answer;
        answer.size = exchange.answer_size;
        if (svms_cosigning_take(cosigning, &answer, &err) != SVMS_OK) {
            status = complain_error(&err, "%s", url);
        }
    }
    free(exchange.answer);
    return status;
}

static exit_status ask_witness(const checkpoint_request *request, svms_cosigning *cosigning,
                               size_t number)
{
    char key[SVMS_AUDIT_KEY_SIZE];
    svms_error err = SVMS_ERROR_INIT;
    bool done = false;
    const char *url = request->witnesses.items[number];
    exit_status status = audit_key_load(key, request->keys.items[number], line.name, "witness-key");
    if (status == EXIT_GOOD && svms_cosigning_begin(cosigning, key, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot ask %s", url);
    }
    while (status == EXIT_GOOD && !done) {
        status = step(request, cosigning, url, &done);
    }
    return status;
}

/* All of them, whatever one says; the first failure counts where too few cosign. That a log is not
 * what a witness has seen is never outvoted. */
static exit_status ask_all(const checkpoint_request *request, svms_cosigning *cosigning,
                           uint32_t *good)
{
    exit_status worst = EXIT_GOOD;
    bool is_accused = false;
    for (size_t i = 0; i < request->witnesses.count; i++) {
        exit_status status = ask_witness(request, cosigning, i);
        *good += status == EXIT_GOOD;
        is_accused = is_accused || status == EXIT_EVIDENCE;
        worst = worst == EXIT_GOOD ? status : worst;
    }
    if (is_accused) {
        return EXIT_EVIDENCE;
    }
    return *good >= request->quorum ? EXIT_GOOD : worst;
}

static exit_status say(const checkpoint_request *request, const svms_cosigning *cosigning,
                       uint32_t good)
{
    size_t size = 0;
    const char *note = svms_cosigning_note(cosigning, &size);
    if (request->json) {
        return json_print(json_pack("{s:o, s:o, s:I, s:I}", "log", json_text(request->path),
                                    "checkpoint", json_text(note), "cosignatures", (json_int_t)good,
                                    "asked", (json_int_t)request->witnesses.count));
    }
    /* As it is: others read it. */
    return fwrite(note, 1, size, stdout) == size ? EXIT_GOOD : EXIT_ENVIRONMENT;
}

static exit_status run(const checkpoint_request *request, svms_ctx *ctx, const svms_folder *folder)
{
    svms_cosigning *cosigning = NULL;
    svms_error err = SVMS_ERROR_INIT;
    uint32_t good = 0;
    if (svms_cosigning_new(&cosigning, ctx, folder, &err) != SVMS_OK) {
        return complain_error(&err, "cannot take the checkpoint of %s", request->path);
    }
    exit_status status = ask_all(request, cosigning, &good);
    if (svms_cosigning_keep(cosigning, request->quorum, &err) != SVMS_OK) {
        exit_status kept = complain_error(&err, "cannot keep the cosignatures");
        status = status == EXIT_GOOD ? kept : status;
    }
    exit_status said = say(request, cosigning, good);
    svms_cosigning_free(&cosigning);
    return status == EXIT_GOOD ? said : status;
}

exit_status command_audit_checkpoint(int count, char **arguments)
{
    checkpoint_request request;
    svms_ctx *ctx = NULL;
    svms_folder folder = SVMS_FOLDER_INIT;
    memset(&request, 0, sizeof request);
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (request.witnesses.count != request.keys.count) {
        return usage_error(line.name, "each --witness needs its --witness-key");
    }
    if (request.quorum > request.witnesses.count) {
        return usage_error(line.name, "--quorum %u is more than the witnesses that are asked",
                           (unsigned)request.quorum);
    }
    request.quorum = request.quorum > 0 ? request.quorum : (uint32_t)request.witnesses.count;
    exit_status status = make_context(&ctx);
    if (status == EXIT_GOOD) {
        status = audit_place_folder(&folder, ctx, request.path);
    }
    if (status == EXIT_GOOD) {
        status = run(&request, ctx, &folder);
    }
    svms_folder_close(&folder);
    svms_ctx_free(&ctx);
    return status;
}
