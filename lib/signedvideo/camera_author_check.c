/* SPDX-License-Identifier: Apache-2.0 */
/* Who signed, and could they then? Path checks are dear, and GOPs many: one check serves all that
 * lies within its times. */
#include <svms/time.h>

#include "camera_author.h"
#include "failure.h"

/* How far ahead of what is asked a check looks. */
#define AHEAD_NS INT64_C(3600000000000)

/* Whether such a verdict on a stretch of time is one on each part of it. */
static bool holds_within(svms_identity_verdict verdict)
{
    return verdict == SVMS_IDENTITY_TRUSTED || verdict == SVMS_IDENTITY_NO_ANCHOR ||
           verdict == SVMS_IDENTITY_UNKNOWN_ISSUER || verdict == SVMS_IDENTITY_WRONG_ROLE;
}

static svms_status ask(const svms_camera_key *key, const svms_trust *trust,
                       const svms_identity_question *question, svms_identity_result *result,
                       svms_error *err)
{
    *result = (svms_identity_result)SVMS_IDENTITY_RESULT_INIT;
    svms_status status = svms_camera_key_check(key, trust, question, result, err);
    return status == SVMS_E_UNTRUSTED ? SVMS_OK : status;
}

static svms_status check_key(const svms_camera_key *key, svms_camera_finding *finding,
                             const svms_trust *trust, const svms_identity_question *question,
                             svms_identity_result *result, svms_error *err)
{
    if (finding->is_known && question->from_utc_ns >= finding->from_utc_ns &&
        question->to_utc_ns <= finding->to_utc_ns) {
        *result = finding->result;
        return SVMS_OK;
    }
    svms_identity_question wide = *question;
    if (wide.to_utc_ns < INT64_MAX - AHEAD_NS) {
        wide.to_utc_ns += AHEAD_NS;
    }
    svms_status status = ask(key, trust, &wide, result, err);
    if (status == SVMS_OK && holds_within(result->verdict)) {
        *finding = (svms_camera_finding){ true, wide.from_utc_ns, wide.to_utc_ns, *result };
        return SVMS_OK;
    }
    return status == SVMS_OK ? ask(key, trust, question, result, err) : status;
}

/* A time that nobody signed is none to believe: then it is asked about now. */
static svms_identity_question question_of(const svms_camera_author *author,
                                          const svms_camera_trust *trust, int64_t from, int64_t to)
{
    svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
    question.role = SVMS_ROLE_CAMERA;
    question.policy = trust->policy;
    question.now_utc_ns =
        trust->now_utc_ns == SVMS_NO_TIME ? svms_utc_now(author->ctx) : trust->now_utc_ns;
    question.attested_utc_ns = trust->attested_utc_ns;
    question.from_utc_ns = from == SVMS_NO_TIME ? question.now_utc_ns : from;
    question.to_utc_ns = to == SVMS_NO_TIME || to < from ? question.from_utc_ns : to;
    return question;
}

/* What speaks against a user's key, whoever vouches for it. */
static bool is_refusal(svms_identity_verdict verdict)
{
    return verdict != SVMS_IDENTITY_TRUSTED && verdict != SVMS_IDENTITY_NO_ANCHOR &&
           verdict != SVMS_IDENTITY_UNKNOWN_ISSUER;
}

svms_status svms_camera_author_check(svms_camera_author *author, bool by_user,
                                     const svms_camera_trust *trust, int64_t from_utc_ns,
                                     int64_t to_utc_ns, svms_identity_result *result,
                                     svms_error *err)
{
    svms_identity_question question = question_of(author, trust, from_utc_ns, to_utc_ns);
    if (!by_user) {
        return check_key(author->maker, &author->of_maker, trust->maker, &question, result, err);
    }
    svms_status status =
        check_key(author->user, &author->of_user, trust->user, &question, result, err);
    if (status != SVMS_OK || result->verdict == SVMS_IDENTITY_TRUSTED ||
        is_refusal(result->verdict) || !author->is_bound) {
        return status;
    }
    return check_key(author->maker, &author->of_maker, trust->maker, &question, result, err);
}
