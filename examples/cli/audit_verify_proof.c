/* SPDX-License-Identifier: Apache-2.0 */
/* svms audit verify-proof: that a record is in a log, with nothing but a file and the log's key. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#include "audit_command.h"
#include "audit_trust_options.h"
#include "audit_words.h"
#include "file.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"

/* Most bytes of a checkpoint (audit.md, A-CHK-3). */
#define CHECKPOINT_MAX 65536

typedef struct proof_request {
    const char *path;
    const char *kept;
    audit_trust_options trust;
    bool json;
    bool quiet;
} proof_request;

/* What is asked with. */
typedef struct proof_means {
    svms_ctx *ctx;
    audit_trust trust;
    file_text proof;
    file_text kept;
} proof_means;

static int origin_size(const proof_means *means)
{
    return (int)strcspn(means->trust.log_key, "+");
}

static bool is_verdict(svms_status status)
{
    return status == SVMS_E_NOT_AUTHENTIC || status == SVMS_E_UNTRUSTED;
}

/* Of a proof that does not prove; EXIT_EVIDENCE. */
static exit_status show_failure(const proof_request *request, const proof_means *means,
                                const svms_error *err)
{
    exit_status status = EXIT_GOOD;
    const char *verdict = err->status == SVMS_E_UNTRUSTED ? "untrusted" : "not_proven";
    if (request->json) {
        status = json_print(
            json_pack("{s:o, s:s, s:o, s:o}", "file", json_text(request->path), "verdict", verdict,
                      "origin", json_stringn(means->trust.log_key, (size_t)origin_size(means)),
                      "reason", json_text(err->message)));
    } else if (!request->quiet) {
        print_line(stdout, "Proof         %s", request->path);
        print_line(stdout, "Verdict       %s",
                   err->status == SVMS_E_UNTRUSTED ? "NOT WITNESSED AS DEMANDED" : "NOT PROVEN");
        print_line(stdout, "              %s", err->message);
    }
    return status == EXIT_GOOD ? EXIT_EVIDENCE : status;
}

static exit_status failed(const proof_request *request, const proof_means *means,
                          const svms_error *err)
{
    if (is_verdict(err->status)) {
        return show_failure(request, means, err);
    }
    if (err->status == SVMS_E_USAGE) {
        return usage_error("audit verify-proof", "%s", err->message);
    }
    return complain_error(err, "cannot verify %s", request->path);
}

static void print_witnesses(const proof_means *means, uint32_t witnessed, int64_t attested_utc_ns)
{
    char at[SVMS_TIME_TEXT_SIZE];
    if (means->trust.trust.quorum == 0) {
        print_line(stdout, "Witnesses     none were asked for (--quorum)");
        return;
    }
    svms_time_format(attested_utc_ns, at);
    print_line(stdout, "Witnesses     %" PRIu32 " have signed it too, %" PRIu32 " were demanded",
               witnessed, means->trust.trust.quorum);
    print_line(stdout, "              they attest that it was there at %s", at);
}

static exit_status show_record(const proof_request *request, const proof_means *means,
                               const svms_audit_proven *proven)
{
    if (request->json) {
        return json_print(json_pack("{s:o, s:s, s:o, s:I, s:I, s:I, s:I, s:o, s:o}", "file",
                                    json_text(request->path), "verdict", "proven", "origin",
                                    json_stringn(means->trust.log_key, (size_t)origin_size(means)),
                                    "index", (json_int_t)proven->index, "size",
                                    (json_int_t)proven->size, "epoch", (json_int_t)proven->epoch,
                                    "witnessed", (json_int_t)proven->witnessed, "attested",
                                    json_time(proven->attested_utc_ns), "record",
                                    audit_words_to_json(proven->record, proven->record_size)));
    }
    if (request->quiet) {
        return EXIT_GOOD;
    }
    print_line(stdout, "Proof         %s", request->path);
    print_line(stdout, "Verdict       PROVEN");
    print_line(stdout,
               "              The record below is number %" PRIu64
               " of the log %.*s, counted from 0.",
               proven->index, origin_size(means), means->trust.log_key);
    print_line(stdout,
               "              It stands there exactly so: the log signed for it when it had "
               "%" PRIu64 " records,",
               proven->size);
    print_line(stdout,
               "              with its key number %" PRIu64 ", which goes back to the key "
               "that was given here.",
               proven->epoch);
    print_witnesses(means, proven->witnessed, proven->attested_utc_ns);
    return audit_words_print(means->ctx, proven->record, proven->record_size);
}

static exit_status verify_record(const proof_request *request, const proof_means *means)
{
    svms_audit_proven proven = SVMS_AUDIT_PROVEN_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_audit_proof_verify(&proven, means->ctx, &means->trust.trust, means->proof.bytes,
                                means->proof.size, &err) != SVMS_OK) {
        return failed(request, means, &err);
    }
    exit_status status = show_record(request, means, &proven);
    svms_audit_proven_clear(&proven);
    return status;
}

static exit_status verify_growth(const proof_request *request, const proof_means *means)
{
    svms_audit_head head = SVMS_AUDIT_HEAD_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_audit_growth_verify(&head, means->ctx, &means->trust.trust, means->kept.bytes,
                                 means->kept.size, means->proof.bytes, means->proof.size,
                                 &err) != SVMS_OK) {
        return failed(request, means, &err);
    }
    if (request->json) {
        return json_print(json_pack("{s:o, s:s, s:o, s:I, s:I, s:I}", "file",
                                    json_text(request->path), "verdict", "proven", "origin",
                                    json_stringn(means->trust.log_key, (size_t)origin_size(means)),
                                    "since", (json_int_t)head.published, "size",
                                    (json_int_t)head.size, "epoch", (json_int_t)head.epoch));
    }
    if (!request->quiet) {
        print_line(stdout, "Proof         %s", request->path);
        print_line(stdout, "Verdict       PROVEN");
        print_line(stdout,
                   "              The log %.*s has %" PRIu64 " records; the first %" PRIu64
                   " are those of the checkpoint that was kept.",
                   origin_size(means), means->trust.log_key, head.size, head.published);
    }
    return EXIT_GOOD;
}

static exit_status verify(const proof_request *request, proof_means *means)
{
    exit_status status = audit_trust_load(&means->trust, &request->trust, "audit verify-proof");
    if (status == EXIT_GOOD) {
        status = make_context(&means->ctx);
    }
    if (status == EXIT_GOOD) {
        status = file_read(&means->proof, request->path, SVMS_AUDIT_PROOF_MAX, false);
    }
    if (status == EXIT_GOOD && request->kept) {
        status = file_read(&means->kept, request->kept, CHECKPOINT_MAX, false);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    return request->kept ? verify_growth(request, means) : verify_record(request, means);
}

#define AT(member) offsetof(proof_request, member), NULL, 0, 0

static const option_spec options[] = {
    { "key", "KEY", "the log's key, or a file with it, from somebody who is trusted", OPTION_TEXT,
      AT(trust.key) },
    { "witness-key", "KEY", "a witness that the log's administrator controls; repeatable",
      OPTION_LIST, AT(trust.witnesses) },
    { "outside-witness-key", "KEY", "a witness that he does not control; repeatable", OPTION_LIST,
      AT(trust.outside) },
    { "quorum", "K", "how many of them must have signed, one of them from outside", OPTION_COUNT,
      offsetof(proof_request, trust.quorum), NULL, 1, SVMS_AUDIT_WITNESSES_MAX },
    { "kept", "CHECKPOINT", "it proves that the log only grew since this checkpoint", OPTION_TEXT,
      AT(kept) },
    { "json", NULL, "print one JSON object", OPTION_FLAG, AT(json) },
    { "quiet", NULL, "print nothing; the exit status is the answer", OPTION_FLAG, AT(quiet) },
};

static const command_line line = {
    "audit verify-proof",
    "FILE --key KEY [options]",
    "Verifies a proof that svms audit prove wrote, without the log, and shows the record.",
    options,
    sizeof options / sizeof options[0],
    "FILE",
    offsetof(proof_request, path)
};

static exit_status run(proof_request *request, proof_means *means, int count, char **arguments)
{
    parse_result parsed = options_parse(&line, request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (!request->trust.key) {
        return usage_error(line.name, "--key is missing: without it nobody is believed");
    }
    if (request->json && request->quiet) {
        return usage_error(line.name, "--json and --quiet contradict each other");
    }
    return verify(request, means);
}

exit_status command_audit_verify_proof(int count, char **arguments)
{
    proof_request *request = calloc(1, sizeof *request);
    proof_means *means = calloc(1, sizeof *means);
    exit_status status = EXIT_ENVIRONMENT;
    if (request && means) {
        status = run(request, means, count, arguments);
        file_text_free(&means->proof);
        file_text_free(&means->kept);
        svms_ctx_free(&means->ctx);
    } else {
        complain("out of memory");
    }
    free(request);
    free(means);
    return status;
}
