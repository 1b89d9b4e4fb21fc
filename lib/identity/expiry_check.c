/* SPDX-License-Identifier: Apache-2.0 */
/* Telling, in time and once (I-EXP-4 to I-EXP-7). */
#include <string.h>

#include <svms/time.h>

#include "expiry_internal.h"
#include "failure.h"

#define NS_PER_DAY (INT64_C(86400) * 1000000000)
/* How long a certificate that is in no chain is remembered behind its end. */
#define REMEMBERED_NS (30 * NS_PER_DAY)

static int64_t left_of(const svms_certificate_info *certificate, int64_t now_utc_ns)
{
    int64_t end = certificate->not_after_utc_ns;
    if (end == INT64_MAX || (now_utc_ns < 0 && end > INT64_MAX + now_utc_ns)) {
        return INT64_MAX;
    }
    if (now_utc_ns > 0 && end < INT64_MIN + now_utc_ns) {
        return INT64_MIN;
    }
    return end - now_utc_ns;
}

static svms_expiry_stage stage_of(const expiry_certificate *certificate, int64_t now_utc_ns)
{
    return svms_expiry_stage_at(certificate->info->not_before_utc_ns,
                                certificate->info->not_after_utc_ns, now_utc_ns);
}

void svms_expiry_describe(svms_expiry_entry *out, const expiry_certificate *certificate,
                          int64_t now_utc_ns)
{
    const expiry_use *use = certificate->first_use;
    out->stage = stage_of(certificate, now_utc_ns);
    out->position = use->position;
    out->uses = certificate->use_count;
    out->left_ns = left_of(certificate->info, now_utc_ns);
    memcpy(out->label, use->label->name, sizeof out->label);
    out->certificate = *certificate->info;
}

/* A nearer stage tells those before it; "not yet valid" stands apart. */
static unsigned told_with(svms_expiry_stage stage)
{
    unsigned bit = 1u << stage;
    return stage == SVMS_EXPIRY_NOT_YET_VALID ? bit : 2 * bit - 2;
}

static svms_status tell(const svms_expiry *expiry, expiry_certificate *certificate, svms_error *err)
{
    svms_expiry_entry entry = SVMS_EXPIRY_ENTRY_INIT;
    svms_expiry_describe(&entry, certificate, expiry->now_utc_ns);
    if (!expiry->callback || entry.stage == SVMS_EXPIRY_FINE ||
        (certificate->told & 1u << entry.stage) != 0) {
        return SVMS_OK;
    }
    svms_status status = expiry->callback(expiry->user, &entry);
    if (status == SVMS_OK) {
        certificate->told |= told_with(entry.stage);
        return SVMS_OK;
    }
    return svms_fail(err, status < 0 ? status : SVMS_E_CANCELLED,
                     "a certificate of \"%s\" (%s) is told again, because the callback failed",
                     entry.label, svms_expiry_stage_name(entry.stage));
}

/* Only what no chain holds; its end is long past. */
static void let_go(svms_expiry *expiry)
{
    expiry_certificate *first = svms_expiry_first_remembered(expiry);
    while (first && first->not_after_utc_ns < INT64_MAX - REMEMBERED_NS &&
           first->not_after_utc_ns + REMEMBERED_NS < expiry->now_utc_ns) {
        svms_expiry_drop_remembered(expiry, first);
        first = svms_expiry_first_remembered(expiry);
    }
}

static svms_status tell_all(svms_expiry *expiry, int64_t *next_utc_ns, svms_error *err)
{
    svms_status first_failure = SVMS_OK;
    int64_t next = SVMS_NO_TIME;
    for (size_t i = 0; i < svms_order_count(&expiry->in_use); i++) {
        expiry_certificate *certificate = svms_order_at(&expiry->in_use, i)->owner;
        svms_status status = tell(expiry, certificate, first_failure == SVMS_OK ? err : NULL);
        first_failure = first_failure == SVMS_OK ? status : first_failure;
        int64_t own = svms_expiry_next_stage(certificate->info, expiry->now_utc_ns);
        if (own != SVMS_NO_TIME && (next == SVMS_NO_TIME || own < next)) {
            next = own;
        }
    }
    if (next_utc_ns) {
        *next_utc_ns = next;
    }
    return first_failure;
}

svms_status svms_expiry_check(svms_expiry *expiry, int64_t now_utc_ns, int64_t *next_utc_ns,
                              svms_error *err)
{
    svms_status status = svms_expiry_usable(expiry, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (now_utc_ns == SVMS_NO_TIME) {
        return svms_fail(err, SVMS_E_USAGE, "the present time must be known");
    }
    expiry->now_utc_ns = now_utc_ns;
    expiry->telling = true;
    status = tell_all(expiry, next_utc_ns, err);
    expiry->telling = false;
    if (expiry->released) {
        svms_expiry_destroy(expiry);
        return status;
    }
    let_go(expiry);
    return status;
}
