/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/verify.h>

#include <stdio.h>
#include <string.h>

#include <svms/reader.h>

#include "description.h"
#include "disclosure_reader.h"
#include "failure.h"
#include "options.h"
#include "reader_internal.h"
#include "stream.h"
#include "verify_internal.h"

#define PROGRESS_STEP UINT64_C(1048576)

void svms_verification_find(svms_verification *verification, svms_verdict verdict, uint64_t segment,
                            int64_t utc_ns, uint64_t offset, const char *reason)
{
    svms_report *report = &verification->report;
    svms_finding finding = SVMS_FINDING_INIT;
    finding.verdict = verdict;
    finding.segment = segment;
    finding.utc_ns = utc_ns;
    finding.offset = offset;
    (void)snprintf(finding.reason, sizeof(finding.reason), "%s", reason);
    bool worse = report->has_failure && verdict > report->first_failure.verdict &&
                 report->first_failure.verdict == SVMS_VERDICT_INCOMPLETE;
    if (!report->has_failure || worse ||
        (verdict >= report->first_failure.verdict && offset < report->first_failure.offset)) {
        report->first_failure = finding;
        report->has_failure = 1;
    }
    if (verdict > report->verdict) {
        report->verdict = verdict;
    }
    report->finding_count++;
    if (verification->options.finding != NULL) {
        verification->options.finding(verification->options.user, &finding);
    }
}

bool svms_verification_tick(void *user, uint64_t offset)
{
    svms_verification *verification = user;
    if (verification->options.progress == NULL || offset < verification->progress_offset) {
        return true;
    }
    verification->progress_offset = offset + PROGRESS_STEP;
    uint64_t done = verification->progress_base + offset;
    return verification->options.progress(verification->options.user, done,
                                          verification->progress_total) == 0;
}

/* The last call of a progress callback says that everything has been done. */
static svms_status finish_progress(svms_verification *verification, svms_error *err)
{
    if (verification->options.progress == NULL ||
        verification->options.progress(verification->options.user, verification->progress_total,
                                       verification->progress_total) == 0) {
        return SVMS_OK;
    }
    return svms_fail(err, SVMS_E_CANCELLED, "cancelled");
}

static void look_at_access(svms_verification *verification)
{
    const svms_access_view *access = &verification->front.access;
    svms_report *report = &verification->report;
    report->access =
        verification->front.header.has_keys ? SVMS_ACCESS_NOT_TRIED : SVMS_ACCESS_CLEAR;
    report->access_damaged = access->damaged;
    for (uint32_t i = 0; i < access->damaged; i++) {
        svms_verification_find(verification, SVMS_VERDICT_INCOMPLETE, SVMS_NO_SEGMENT, SVMS_NO_TIME,
                               access->damage_offset, access->damage);
    }
}

/* An access change names no time. Its officer is judged by the last moment up to now at which the
 * certificate was valid, so that one that has expired since is said to be just that. */
static int64_t officer_time(const svms_chain *officer, int64_t now)
{
    int64_t from = 0;
    int64_t to = 0;
    svms_status status = svms_chain_leaf_validity(officer, &from, &to, NULL);
    return status == SVMS_OK && from <= to && to < now ? to : now;
}

/* Who signed the list of recipients (C-ACC-4); says nothing about the media. */
static svms_status look_at_officer(svms_verification *verification, svms_error *err)
{
    const svms_access_view *access = &verification->front.access;
    const svms_verify_options *options = &verification->options;
    svms_report *report = &verification->report;
    int64_t now = svms_utc_now(verification->ctx);
    svms_error found = SVMS_ERROR_INIT;
    svms_chain *chain = NULL;
    report->access_revision = access->revision;
    if (access->officer == NULL) {
        return SVMS_OK;
    }
    svms_status status = svms_access_officer(&chain, verification->ctx, access, &found);
    if (status == SVMS_OK) {
        svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
        svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
        question.role = SVMS_ROLE_KEY_OFFICER;
        question.policy = options->time_policy;
        question.from_utc_ns = officer_time(chain, now);
        question.to_utc_ns = question.from_utc_ns;
        question.now_utc_ns = now;
        (void)snprintf(report->officer, sizeof(report->officer), "%s", svms_chain_subject(chain));
        status = svms_identity_check(options->trust, chain, &question, &result, &found);
        report->officer_identity = result.verdict;
    }
    svms_chain_free(&chain);
    return status == SVMS_OK || status == SVMS_E_UNTRUSTED ? SVMS_OK
                                                           : svms_fail_as(err, status, &found);
}

static void find_sample_failure(svms_verification *verification, const svms_error *found)
{
    verification->report.access = SVMS_ACCESS_FAILED;
    svms_verification_find(verification, SVMS_VERDICT_UNDECRYPTABLE, found->segment, SVMS_NO_TIME,
                           found->offset, found->message);
}

/* Opens every sample in question with a reader; what does not verify was reported already. */
static svms_status open_samples(svms_verification *verification, svms_reader *reader,
                                svms_error *err)
{
    const svms_verify_options *options = &verification->options;
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_status status = svms_reader_seek(reader, options->from_utc_ns, err);
    if (svms_is_grave(status)) {
        return status;
    }
    for (;;) {
        svms_error found = SVMS_ERROR_INIT;
        status = svms_reader_next(reader, &sample, &found);
        if (status == SVMS_END || status == SVMS_AGAIN) {
            return SVMS_OK;
        }
        if (svms_is_grave(status)) {
            return svms_fail_as(err, status, &found);
        }
        if (status == SVMS_E_UNDECRYPTABLE) {
            find_sample_failure(verification, &found);
            return SVMS_OK;
        }
        if (status == SVMS_OK && options->to_utc_ns != SVMS_NO_TIME &&
            sample.utc_ns >= options->to_utc_ns && (sample.flags & SVMS_SAMPLE_SYNC)) {
            return SVMS_OK;
        }
        if (!svms_verification_tick(verification, reader->position)) {
            return svms_fail(err, SVMS_E_CANCELLED, "cancelled");
        }
    }
}

static svms_status check_access(svms_verification *verification, svms_error *err)
{
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_reader *reader = NULL;
    svms_error found = SVMS_ERROR_INIT;
    if (verification->options.keys == NULL || !verification->front.header.has_keys) {
        return SVMS_OK;
    }
    options.keys = verification->options.keys;
    options.allow_unverified = 1;
    svms_status status =
        svms_reader_open(&reader, verification->ctx, verification->source, &options, &found);
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    if (status != SVMS_OK) {
        verification->report.access =
            status == SVMS_E_WRONG_KEY ? SVMS_ACCESS_WRONG_KEY : SVMS_ACCESS_FAILED;
        svms_verification_find(
            verification, SVMS_VERDICT_UNDECRYPTABLE, SVMS_NO_SEGMENT, SVMS_NO_TIME,
            verification->front.first_record - verification->front.slots_size, found.message);
        return SVMS_OK;
    }
    verification->report.access =
        svms_reader_is_disclosed(reader) ? SVMS_ACCESS_DISCLOSED : SVMS_ACCESS_OPENED;
    verification->progress_base = verification->front.window.size;
    verification->progress_offset = 0;
    status = open_samples(verification, reader, err);
    svms_reader_close(&reader);
    return status;
}

svms_status svms_verification_ask_identity(const svms_verification *verification,
                                           svms_identity_result *result, svms_error *err)
{
    const svms_report *report = &verification->report;
    svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
    /* Unsigned media claim no role; what they would need is a recorder's. */
    question.role = report->role == SVMS_ROLE_NONE ? SVMS_ROLE_RECORDER : report->role;
    question.policy = verification->options.time_policy;
    question.from_utc_ns = report->signed_from_utc_ns;
    question.to_utc_ns = report->signed_to_utc_ns;
    question.now_utc_ns = svms_utc_now(verification->ctx);
    question.attested_utc_ns = report->attested_utc_ns;
    return svms_identity_check(verification->options.trust, verification->front.chain, &question,
                               result, err);
}

/* A time stamp of some segment shows that it was not made when it claims. */
static svms_status contradict(const svms_verification *verification, svms_identity_result *result,
                              svms_error *err)
{
    result->verdict = SVMS_IDENTITY_FUTURE;
    return svms_fail(err, SVMS_E_UNTRUSTED,
                     "segment %llu claims to have been made after a time stamp of it",
                     (unsigned long long)verification->contradicted);
}

/* C-VER-4 over the whole span in which the signer signed what was verified. */
static svms_status check_identity(svms_verification *verification, svms_error *err)
{
    svms_report *report = &verification->report;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_error found = SVMS_ERROR_INIT;
    svms_status status = svms_verification_ask_identity(verification, &result, &found);
    if (status == SVMS_OK && verification->contradicted != SVMS_NO_SEGMENT) {
        status = contradict(verification, &result, &found);
    }
    report->identity = result.verdict;
    report->revocation = result.revocation;
    report->revoked_utc_ns = result.revoked_utc_ns;
    if (verification->front.chain != NULL) {
        (void)snprintf(report->signer, sizeof(report->signer), "%s",
                       svms_chain_subject(verification->front.chain));
    }
    if (status == SVMS_E_UNTRUSTED) {
        (void)snprintf(report->identity_reason, sizeof(report->identity_reason), "%s",
                       found.message);
        svms_verification_find(verification, SVMS_VERDICT_UNTRUSTED, SVMS_NO_SEGMENT,
                               report->signed_from_utc_ns, SVMS_HEADER_PREFIX_OFFSET,
                               found.message);
        return SVMS_OK;
    }
    return status == SVMS_OK ? SVMS_OK : svms_fail_as(err, status, &found);
}

static svms_status verify_container(svms_verification *verification, svms_error *err)
{
    svms_status status = svms_verify_segments(verification, err);
    if (status != SVMS_OK) {
        return status;
    }
    look_at_access(verification);
    status = look_at_officer(verification, err);
    return status == SVMS_OK ? check_access(verification, err) : status;
}

/* An excerpt has no access block; secrets are carried with the pieces. */
static svms_status verify_carried(svms_verification *verification, svms_error *err)
{
    svms_status status = svms_verify_pieces(verification, err);
    return status == SVMS_OK ? svms_verify_carried_samples(verification, err) : status;
}

static svms_status verify_opened(svms_verification *verification, svms_error *err)
{
    svms_report *report = &verification->report;
    report->role = (svms_role)verification->front.header.signer.role;
    report->signed_from_utc_ns = svms_claimed_time(verification->front.header.created_utc_ns);
    report->signed_to_utc_ns = report->signed_from_utc_ns;
    report->bytes_verified = verification->front.first_record;
    svms_status status = SVMS_OK;
    if (verification->carried != NULL) {
        status = verify_carried(verification, err);
    } else {
        status = verify_container(verification, err);
    }
    if (status == SVMS_OK) {
        status = svms_verify_time(verification, err);
    }
    if (status == SVMS_OK) {
        status = check_identity(verification, err);
    }
    if (status == SVMS_OK && verification->listener.finish != NULL) {
        status = verification->listener.finish(verification->listener.user, verification, err);
    }
    if (status == SVMS_OK) {
        status = finish_progress(verification, err);
    }
    if (report->verdict == SVMS_VERDICT_NOT_AUTHENTIC) {
        report->integrity = SVMS_INTEGRITY_BROKEN;
    } else if (report->verdict == SVMS_VERDICT_INCOMPLETE || report->bytes_unattested != 0 ||
               report->access_damaged != 0) {
        report->integrity = SVMS_INTEGRITY_PARTIAL;
    }
    return status;
}

static svms_status status_of(const svms_verification *verification)
{
    const svms_report *report = &verification->report;
    switch (report->verdict) {
    case SVMS_VERDICT_AUTHENTIC:
        return SVMS_OK;
    case SVMS_VERDICT_INCOMPLETE:
        return SVMS_E_INCOMPLETE;
    case SVMS_VERDICT_UNTRUSTED:
        return SVMS_E_UNTRUSTED;
    case SVMS_VERDICT_UNDECRYPTABLE:
        return SVMS_E_UNDECRYPTABLE;
    default:
        return verification->readable ? SVMS_E_NOT_AUTHENTIC : SVMS_E_MALFORMED;
    }
}

/* A header that cannot be believed: the report says so, the status says how. */
static bool report_bad_front(svms_verification *verification, svms_status status,
                             const svms_error *found)
{
    if (svms_is_grave(status) || status == SVMS_E_UNSUPPORTED || status == SVMS_E_USAGE) {
        return false;
    }
    verification->report.identity = SVMS_IDENTITY_BAD_CHAIN;
    verification->report.integrity = SVMS_INTEGRITY_BROKEN;
    verification->report.access = SVMS_ACCESS_NOT_TRIED;
    (void)snprintf(verification->report.identity_reason,
                   sizeof(verification->report.identity_reason), "the header cannot be believed");
    svms_verification_find(verification, SVMS_VERDICT_NOT_AUTHENTIC, SVMS_NO_SEGMENT, SVMS_NO_TIME,
                           found->offset == SVMS_NO_OFFSET ? 0 : found->offset, found->message);
    return true;
}

static void fill_error(const svms_verification *verification, svms_status status, svms_error *err)
{
    const svms_finding *first = &verification->report.first_failure;
    if (status != SVMS_OK) {
        (void)svms_fail_at(err, status, first->offset, "%s", first->reason);
        svms_fail_in_segment(err, first->segment);
    }
}

static svms_status run(svms_verification *verification, svms_report *report, svms_error *err)
{
    svms_error found = SVMS_ERROR_INIT;
    svms_status status =
        svms_front_open(&verification->front, verification->ctx, verification->source, &found);
    if (status == SVMS_OK) {
        status = svms_description_check(&verification->front.header, &found);
    }
    verification->scanner.front = &verification->front;
    verification->scanner.tick = svms_verification_tick;
    verification->scanner.known = &verification->known;
    verification->scanner.evidence = svms_verification_take_evidence;
    verification->scanner.user = verification;
    if (status == SVMS_OK) {
        /* With keys, everything is read a second time. */
        bool twice = verification->options.keys != NULL && verification->front.header.has_keys;
        verification->progress_total = verification->front.window.size * (twice ? 2 : 1);
        if (!verification->range && verification->carried == NULL) {
            verification->scanner.index = &verification->index;
            verification->scanner.index_record = &verification->index_record;
        }
        status = verify_opened(verification, err);
        if (status != SVMS_OK) {
            return status;
        }
        status = status_of(verification);
    } else if (!report_bad_front(verification, status, &found)) {
        if (err != NULL) {
            *err = found;
        }
        return status;
    }
    svms_status written =
        svms_result_write(report, &verification->report, sizeof(*report), "svms_report", err);
    if (written != SVMS_OK) {
        return written;
    }
    fill_error(verification, status, err);
    return status;
}

static svms_status accept(const svms_verify_options *options, const svms_source *source,
                          svms_verify_options *given, svms_source *given_source, svms_error *err)
{
    svms_status status =
        svms_options_read(given, sizeof(*given), options, "svms_verify_options", err);
    if (status == SVMS_OK) {
        status = svms_options_read(given_source, sizeof(*given_source), source, "svms_source", err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_source_usable(given_source)) {
        return svms_fail(err, SVMS_E_USAGE, "the source lacks a callback");
    }
    if (given->attester != NULL && (given->attester->struct_size < sizeof(*given->attester) ||
                                    given->attester->attest == NULL)) {
        return svms_fail(err, SVMS_E_USAGE, "the attester lacks its callback");
    }
    if (given->from_utc_ns != SVMS_NO_TIME && given->to_utc_ns != SVMS_NO_TIME &&
        given->to_utc_ns <= given->from_utc_ns) {
        return svms_fail(err, SVMS_E_USAGE, "the range ends before it begins");
    }
    return SVMS_OK;
}

svms_status svms_verify_container(svms_ctx *ctx, const svms_source *source,
                                  const svms_verify_options *options, svms_report *report,
                                  svms_error *err)
{
    return svms_verify_with(ctx, source, options, NULL, NULL, report, err);
}

svms_status svms_verify_with(svms_ctx *ctx, const svms_source *source,
                             const svms_verify_options *options, svms_held_callback *held,
                             void *held_user, svms_report *report, svms_error *err)
{
    const svms_held_listener listener = { .held = held, .user = held_user };
    return svms_verify_for(ctx, source, options, &listener, report, err);
}

svms_status svms_verify_for(svms_ctx *ctx, const svms_source *source,
                            const svms_verify_options *options, const svms_held_listener *listener,
                            svms_report *report, svms_error *err)
{
    return svms_verification_run(ctx, source, options, listener, NULL, report, err);
}

svms_status svms_verification_run(svms_ctx *ctx, const svms_source *source,
                                  const svms_verify_options *options,
                                  const svms_held_listener *listener,
                                  struct svms_excerpt_walk *carried, svms_report *report,
                                  svms_error *err)
{
    svms_verify_options given = SVMS_VERIFY_OPTIONS_INIT;
    svms_source given_source = SVMS_SOURCE_INIT;
    if (ctx == NULL || source == NULL || report == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "ctx, source and report must not be NULL");
    }
    svms_status status = accept(options, source, &given, &given_source, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_verification *verification = svms_alloc(ctx, sizeof(*verification));
    if (verification == NULL) {
        return svms_fail_memory(err);
    }
    verification->ctx = ctx;
    verification->source = &given_source;
    verification->options = given;
    verification->listener = *listener;
    verification->carried = carried;
    verification->carried_utc_ns = SVMS_NO_TIME;
    verification->range = given.from_utc_ns != SVMS_NO_TIME || given.to_utc_ns != SVMS_NO_TIME;
    verification->report = (svms_report)SVMS_REPORT_INIT;
    verification->contradicted = SVMS_NO_SEGMENT;
    verification->index_record = svms_builder_new(ctx, SVMS_MAX_AUXILIARY_SIZE);
    svms_index_init(&verification->index, ctx);
    status = run(verification, report, err);
    if (listener->open_end != NULL) {
        *listener->open_end = verification->open_end;
    }
    svms_index_clear(&verification->index);
    svms_builder_clear(&verification->index_record);
    svms_release(ctx, verification->trailers);
    svms_front_clear(&verification->front);
    svms_release_secret(ctx, verification, sizeof(*verification));
    return status;
}
