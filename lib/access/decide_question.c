/* SPDX-License-Identifier: Apache-2.0 */
/* Taking a question (policy.md, R-ACT-1 to R-ACT-3 and section 5). */
#include "decide.h"

#include <svms/time.h>

#include "failure.h"
#include "network.h"
#include "options.h"

static svms_status check_device(const svms_action *action, const char *device, svms_error *err)
{
    if (device ? !action->may_be_of_one : !action->may_be_of_none) {
        return svms_fail(err, SVMS_E_USAGE, "%s is asked %s", action->name,
                         device ? "of the server, not of a device" : "of a device");
    }
    if (device && !svms_name_is_fit(device)) {
        return svms_fail(err, SVMS_E_USAGE, "the device has no fit name");
    }
    return SVMS_OK;
}

static svms_status check(const svms_access_question *question, svms_error *err)
{
    if (question->is_approved > 1 || question->client > SVMS_CLIENT_DEVICE ||
        question->format > SVMS_FORM_PNG) {
        return svms_fail(err, SVMS_E_USAGE, "a value of the question is out of range");
    }
    if (question->is_approved == 1 && question->approved_until_utc_ns == SVMS_NO_TIME) {
        return svms_fail(err, SVMS_E_USAGE, "it is not said until when the approval holds");
    }
    bool begins = question->range.from_utc_ns != SVMS_NO_TIME;
    if (begins ? question->range.from_utc_ns >= question->range.to_utc_ns
               : question->range.to_utc_ns != SVMS_NO_TIME) {
        return svms_fail(err, SVMS_E_USAGE, "the range has no beginning, or ends before it");
    }
    return SVMS_OK;
}

static svms_status look_up(svms_asked *asked, svms_error *err)
{
    const svms_access_question *question = asked->question;
    const svms_policy *policy = asked->policy;
    if (question->address) {
        asked->has_address = svms_address_parse(asked->address, question->address);
        if (!asked->has_address) {
            return svms_fail(err, SVMS_E_USAGE, "the address is no IP address");
        }
    }
    if (question->device) {
        size_t found = 0;
        asked->device = svms_name_find(&policy->devices, question->device, &found);
    }
    asked->now_ns =
        question->now_utc_ns == SVMS_NO_TIME ? svms_utc_now(policy->ctx) : question->now_utc_ns;
    asked->has_range = asked->action.is_recorded && question->range.from_utc_ns != SVMS_NO_TIME;
    asked->range = question->range;
    asked->is_approved =
        question->is_approved == 1 && question->approved_until_utc_ns > asked->now_ns;
    asked->valid_until_ns = asked->is_approved ? question->approved_until_utc_ns : INT64_MAX;
    return SVMS_OK;
}

svms_status svms_question_take(svms_decision_job *job, const svms_policy *policy,
                               const svms_token *token, const svms_access_question *question)
{
    static const svms_access_question empty = SVMS_ACCESS_QUESTION_INIT;
    svms_asked *asked = &job->asked;
    job->question = empty;
    svms_status status = svms_options_read(&job->question, sizeof job->question, question,
                                           "svms_access_question", job->err);
    if (status != SVMS_OK) {
        return status;
    }
    asked->policy = policy;
    asked->token = token;
    asked->question = &job->question;
    if (!job->question.action || !svms_action_find(&asked->action, job->question.action)) {
        return svms_fail(job->err, SVMS_E_USAGE, "the action is not one that may be asked for");
    }
    status = check_device(&asked->action, job->question.device, job->err);
    if (status == SVMS_OK) {
        status = check(&job->question, job->err);
    }
    return status == SVMS_OK ? look_up(asked, job->err) : status;
}
