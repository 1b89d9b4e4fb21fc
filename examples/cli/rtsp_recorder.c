/* SPDX-License-Identifier: Apache-2.0 */
#include "rtsp_recorder.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "message.h"

/* The target complains itself. */
static svms_status give_on(rtsp_recorder *self, exit_status status)
{
    self->status = self->status == EXIT_GOOD ? status : self->status;
    return status == EXIT_GOOD ? SVMS_OK : SVMS_E_IO;
}

static svms_status begin(void *user, const intake_media *media, svms_error *err)
{
    rtsp_recorder *self = user;
    (void)err;
    const record_media wanted = {
        media->tracks,       media->track_count,
        media->start_utc_ns, 0,
        SVMS_ORIGIN_LIVE,    media->by_camera ? SVMS_CLOCK_CAMERA : SVMS_CLOCK_SYSTEM
    };
    return give_on(self, record_target_begin(self->target, &wanted));
}

static svms_status take_sample(void *user, const svms_sample *sample, svms_error *err)
{
    rtsp_recorder *self = user;
    (void)err;
    exit_status status = record_target_append(self->target, sample);
    if (status == EXIT_GOOD) {
        record_target_show(self->target, 0);
    }
    return give_on(self, status);
}

static svms_status take_gap(void *user, svms_gap_reason reason, svms_error *err)
{
    rtsp_recorder *self = user;
    (void)err;
    return give_on(self, record_target_gap(self->target, reason));
}

static void take_missing(void *user, const intake_gap *gap)
{
    rtsp_recorder *self = user;
    rtsp_gaps_take(&self->gaps, gap);
}

static void note(void *user, const char *words)
{
    (void)user;
    complain("note: %s", words);
}

static const intake_calls calls = {
    .begin = begin, .sample = take_sample, .gap = take_gap, .missing = take_missing, .note = note
};

exit_status rtsp_recorder_begin(rtsp_recorder *self, record_target *target)
{
    svms_error err = SVMS_ERROR_INIT;
    memset(self, 0, sizeof *self);
    self->target = target;
    return intake_new(&self->intake, &calls, self, &err) == SVMS_OK
               ? EXIT_GOOD
               : complain_error(&err, "cannot record");
}

bool rtsp_recorder_has_begun(const rtsp_recorder *self)
{
    return self->target->has_begun;
}

/* Of all that was missing so far; another connection may go on. */
static void report_gaps(rtsp_recorder *self)
{
    json_t *report = record_target_reports(self->target) ? rtsp_gaps_report(&self->gaps) : NULL;
    if (report) {
        record_target_say(self->target, report);
    }
}

void rtsp_recorder_disconnect(rtsp_recorder *self, bool lost)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = intake_disconnect(self->intake, lost, &err);
    if (status != SVMS_OK && self->status == EXIT_GOOD) {
        complain("%s", err.message);
        self->status = EXIT_ENVIRONMENT;
    }
    if (lost && self->target->has_begun) {
        record_audit_event(&self->target->audit, "recording.gap", &self->target->audit.head,
                           "the camera was lost");
    }
    report_gaps(self);
}

void rtsp_recorder_tell_losses(const rtsp_recorder *self)
{
    const intake_losses *losses = intake_lost(self->intake);
    if (losses->connections > 0) {
        print_line(stderr, "gaps: the camera was lost, and found again, %" PRIu64 " times",
                   losses->connections);
    }
    if (losses->gaps > 0) {
        static const char *const words[] = { "lost",   "malformed",  "too long", "out of memory",
                                             "source", "began anew", "joined" };
        char reasons[128] = "";
        size_t used = 0;
        for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
            if ((losses->reasons & 1u << i) != 0 && used < sizeof reasons) {
                int size = snprintf(reasons + used, sizeof reasons - used, "%s%s", used ? ", " : "",
                                    words[i]);
                used += size > 0 ? (size_t)size : 0;
            }
        }
        print_line(stderr,
                   "gaps: %" PRIu64 " in what came, %" PRIu64 " packets lost, %" PRIu64
                   " dropped (%s)",
                   losses->gaps, losses->lost, losses->dropped, reasons);
    }
    if (losses->refused > 0) {
        print_line(stderr,
                   "refused: %" PRIu64 " packets that were not the camera's, came twice, or were "
                   "under no key that holds",
                   losses->refused);
    }
    if (losses->joined > 0) {
        print_line(stderr, "before the first samples: %" PRIu64 " packets lost or dropped",
                   losses->joined);
    }
}

void rtsp_recorder_free(rtsp_recorder *self)
{
    intake_free(&self->intake);
    rtsp_gaps_free(&self->gaps);
}
