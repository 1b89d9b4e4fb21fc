/* SPDX-License-Identifier: Apache-2.0 */
/* svms export countersign of a signed MP4 file: a new file with one more signature over all others.
 */
#include "export_countersign.h"

#include <inttypes.h>
#include <string.h>

#include <openssl/evp.h>

#include "audit_verdict.h"
#include "file.h"
#include "head_text.h"
#include "interrupt.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "part_file.h"
#include "progress.h"
#include "verify_report.h"

#define TYPE_OFFSET 4
#define TYPE_SIZE 4

/* What is written goes through here, so that its digest needs no further pass. */
typedef struct onvif_job {
    const countersign_request *request;
    svms_ctx *ctx;
    svms_chain *chain;
    svms_private_key *key;
    svms_trust *trust;
    svms_chain *intermediates;
    svms_source source;
    part_file file;
    EVP_MD_CTX *hash;
    uint64_t bytes;
    uint8_t digest[EVP_MAX_MD_SIZE];
    svms_status verified; /* what verification came to */
    uint32_t signatures;  /* in the file as it was */
    progress bar;
    const char *doing;
} onvif_job;

bool countersign_onvif_fits(svms_ctx *ctx, const char *path)
{
    svms_source source = SVMS_SOURCE_INIT;
    uint8_t type[TYPE_SIZE] = { 0 };
    size_t got = 0;
    int os_error = 0;
    if (svms_source_open_file(&source, ctx, path, NULL) != SVMS_OK) {
        return false;
    }
    bool read =
        source.read_at(source.user, TYPE_OFFSET, type, sizeof type, &got, &os_error) == SVMS_OK &&
        got == sizeof type;
    svms_source_close(&source);
    return read && memcmp(type, "ftyp", sizeof type) == 0;
}

static int on_progress(void *user, uint64_t done, uint64_t total)
{
    onvif_job *job = user;
    progress_show(&job->bar, done, total, job->doing);
    return interrupt_came() ? 1 : 0;
}

static svms_status hash_and_write(void *user, const svms_iovec *runs, size_t count, int *os_error)
{
    onvif_job *job = user;
    for (size_t i = 0; i < count; i++) {
        if (EVP_DigestUpdate(job->hash, runs[i].data, runs[i].size) != 1) {
            return SVMS_E_CRYPTO;
        }
        job->bytes += runs[i].size;
    }
    return job->file.sink.write(job->file.sink.user, runs, count, os_error);
}

static svms_status sync_written(void *user, int *os_error)
{
    onvif_job *job = user;
    return job->file.sink.sync(job->file.sink.user, os_error);
}

static exit_status complain_unsigned(const onvif_job *job, svms_status status,
                                     const svms_error *err)
{
    if (status == SVMS_E_CANCELLED) {
        complain("interrupted; %s was not written", job->request->output);
        return EXIT_ENVIRONMENT;
    }
    return complain_error(err, "cannot sign %s", job->request->path);
}

/* Of a file with this many signatures that all hold; trust NULL: whosever they are. */
static exit_status verify(onvif_job *job, const char *path, const svms_trust *trust,
                          svms_onvif_report **report, svms_onvif_summary *summary)
{
    svms_onvif_verify_options options = SVMS_ONVIF_VERIFY_OPTIONS_INIT;
    svms_source source = SVMS_SOURCE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    options.trust = trust;
    options.intermediates = job->intermediates;
    options.time_policy = job->request->claimed_time ? SVMS_TIME_CLAIMED : SVMS_TIME_ATTESTED;
    options.user = job;
    options.progress = on_progress;
    job->doing = "verifying";
    svms_status status = svms_source_open_file(&source, job->ctx, path, &err);
    if (status == SVMS_OK) {
        status = svms_onvif_verify(report, job->ctx, &source, &options, &err);
    }
    progress_clear(&job->bar);
    svms_source_close(&source);
    job->verified = status;
    if (!*report) {
        return complain_unsigned(job, status, &err);
    }
    status = svms_onvif_report_summary(*report, summary, &err);
    return status == SVMS_OK ? EXIT_GOOD : complain_unsigned(job, status, &err);
}

/* Who signs for something should know what it is worth. */
static exit_status check_first(onvif_job *job)
{
    const countersign_request *request = job->request;
    svms_onvif_report *report = NULL;
    svms_onvif_summary summary = SVMS_ONVIF_SUMMARY_INIT;
    exit_status status = verify(job, request->path, job->trust, &report, &summary);
    if (status == EXIT_GOOD) {
        job->signatures = summary.signature_count;
        bool good = summary.verdict == SVMS_VERDICT_AUTHENTIC ||
                    (!job->trust && summary.verdict == SVMS_VERDICT_UNTRUSTED &&
                     summary.signature_count > 0);
        if (!good) {
            complain("%s was not signed: %s: %s", request->path,
                     verify_verdict_title(summary.verdict), summary.reason);
            status = exit_status_of(job->verified);
        } else if (!job->trust) {
            complain("note: who signed before is not checked without --trust");
        }
    }
    svms_onvif_report_free(&report);
    return status;
}

static exit_status write_signed(onvif_job *job)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_sink sink = SVMS_SINK_INIT;
    svms_onvif_countersign_options options = SVMS_ONVIF_COUNTERSIGN_OPTIONS_INIT;
    sink.user = job;
    sink.write = hash_and_write;
    sink.sync = sync_written;
    options.chain = job->chain;
    options.key = job->key;
    options.note = job->request->note;
    options.user = job;
    options.progress = on_progress;
    job->doing = "signing";
    svms_status status = svms_onvif_countersign(job->ctx, &job->source, &sink, &options, &err);
    progress_clear(&job->bar);
    part_file_close(&job->file);
    if (status != SVMS_OK) {
        /* The own certificate is of the command line, not of evidence. */
        exit_status unsigned_status = complain_unsigned(job, status, &err);
        return status == SVMS_E_UNTRUSTED ? EXIT_POLICY : unsigned_status;
    }
    if (EVP_DigestFinal_ex(job->hash, job->digest, NULL) != 1) {
        complain("cannot hash %s", job->request->output);
        return EXIT_ENVIRONMENT;
    }
    return EXIT_GOOD;
}

/* What is handed on has been read back and found to be whole. */
static exit_status check_written(onvif_job *job)
{
    svms_onvif_report *report = NULL;
    svms_onvif_summary summary = SVMS_ONVIF_SUMMARY_INIT;
    exit_status status = verify(job, job->file.temporary, NULL, &report, &summary);
    if (status == EXIT_GOOD && (summary.integrity != SVMS_INTEGRITY_INTACT ||
                                summary.signature_count != job->signatures + 1)) {
        complain("%s was not written: it does not verify", job->request->output);
        status = EXIT_ENVIRONMENT;
    }
    svms_onvif_report_free(&report);
    return status;
}

static exit_status say(const onvif_job *job)
{
    const countersign_request *request = job->request;
    uint32_t number = job->signatures + 1;
    if (request->json) {
        return json_print(json_pack("{s:o, s:I, s:o, s:o, s:I, s:o}", "file",
                                    json_text(request->output), "signature", (json_int_t)number,
                                    "signer", json_text(svms_chain_subject(job->chain)), "note",
                                    json_text(request->note), "bytes", (json_int_t)job->bytes,
                                    "sha256", json_hex(job->digest, HEAD_SIZE)));
    }
    print_line(stdout, "Signed        %s: signature %" PRIu32 ", by %s", request->output, number,
               svms_chain_subject(job->chain));
    print_line(stdout, "SHA-256       %s", head_text_of(job->digest, HEAD_SIZE).text);
    print_line(stdout,
               "              keep it: nothing else shows when the signature is taken away");
    return EXIT_GOOD;
}

static exit_status load(onvif_job *job)
{
    const countersign_request *request = job->request;
    exit_status status = options_check_output(&request->typed, request->output, request->force);
    if (status == EXIT_GOOD) {
        status = load_chain(&job->chain, job->ctx, request->signer);
    }
    if (status == EXIT_GOOD) {
        status = load_private_key(&job->key, job->ctx, request->signer_key);
    }
    if (status == EXIT_GOOD && request->trust_path) {
        status = load_trust_and_crls(&job->trust, job->ctx, request->trust_path, request->crl_path);
    }
    if (status == EXIT_GOOD && request->intermediates_path) {
        status = load_chain(&job->intermediates, job->ctx, request->intermediates_path);
    }
    return status;
}

static exit_status open_files(onvif_job *job)
{
    svms_error err = SVMS_ERROR_INIT;
    if (svms_source_open_file(&job->source, job->ctx, job->request->path, &err) != SVMS_OK) {
        return complain_error(&err, "cannot open %s", job->request->path);
    }
    job->hash = EVP_MD_CTX_new();
    if (!job->hash || EVP_DigestInit_ex(job->hash, EVP_sha256(), NULL) != 1) {
        complain("cannot hash %s", job->request->output);
        return EXIT_ENVIRONMENT;
    }
    return part_file_create(&job->file, job->ctx, job->request->output);
}

static exit_status run(onvif_job *job)
{
    exit_status status = load(job);
    if (status == EXIT_GOOD) {
        interrupt_watch();
        progress_begin(&job->bar);
        status = check_first(job);
    }
    if (status == EXIT_GOOD) {
        status = open_files(job);
    }
    if (status == EXIT_GOOD) {
        status = write_signed(job);
    }
    if (status == EXIT_GOOD) {
        status = check_written(job);
    }
    if (status == EXIT_GOOD) {
        status = audit_tell_countersign(job->request->trail, job->request->output,
                                        job->signatures + 1, job->digest);
    }
    if (status == EXIT_GOOD) {
        status = part_file_publish(&job->file, job->request->force);
        status = audit_tell_failure(job->request->trail, COUNTERSIGN_EVENT, job->request->output,
                                    status);
    }
    return status == EXIT_GOOD ? say(job) : status;
}

static exit_status check_options(const countersign_request *request)
{
    const struct {
        bool given;
        const char *option;
    } misplaced[] = {
        { request->role != SVMS_ROLE_NONE, "role" },
        { request->no_reexport, "no-reexport" },
        { request->tsa != NULL, "tsa" },
        { request->anchors_path != NULL, "tsa-anchors" },
        { request->expected_head != NULL, "expect-head" },
    };
    for (size_t i = 0; i < sizeof misplaced / sizeof misplaced[0]; i++) {
        if (misplaced[i].given) {
            return usage_error(COUNTERSIGN_COMMAND,
                               "%s is an MP4 file, which has no place for --%s", request->path,
                               misplaced[i].option);
        }
    }
    if (request->crl_path && !request->trust_path) {
        return usage_error(COUNTERSIGN_COMMAND, "--crl belongs to --trust");
    }
    if (!request->output) {
        return usage_error(COUNTERSIGN_COMMAND,
                           "%s is an MP4 file, of which a new one is written: --out is missing",
                           request->path);
    }
    return EXIT_GOOD;
}

exit_status countersign_onvif(svms_ctx *ctx, const countersign_request *request)
{
    onvif_job job;
    exit_status status = check_options(request);
    if (status != EXIT_GOOD) {
        return status;
    }
    memset(&job, 0, sizeof job);
    job.request = request;
    job.ctx = ctx;
    job.source = (svms_source)SVMS_SOURCE_INIT;
    job.file = (part_file)PART_FILE_INIT;
    status = run(&job);
    part_file_discard(&job.file);
    svms_source_close(&job.source);
    EVP_MD_CTX_free(job.hash);
    svms_chain_free(&job.intermediates);
    svms_trust_free(&job.trust);
    svms_private_key_free(&job.key);
    svms_chain_free(&job.chain);
    return status;
}
