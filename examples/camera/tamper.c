/* SPDX-License-Identifier: Apache-2.0 */
#include "tamper.h"

#include <stdlib.h>
#include <string.h>

#include "camera_failure.h"
#include "tamper_alarm.h"
#include "tamper_place.h"

#define MILLISECOND UINT64_C(1000000)
/* Evidence has no holes of that length: what was found before says nothing about what is now. */
#define HOLE (2000 * MILLISECOND)
/* Seconds to learn a place before it is compared with. */
#define LEARNING 3.0F
/* Steps of luma between neighbours. Less than that, and there is nothing to be seen. */
#define BLIND_CONTRAST 0.25F
/* What is found below the first (above, where more is worse), and no longer above the second. */
#define LIKENESS_WRONG 0.45F
#define LIKENESS_RIGHT 0.57F
#define HIDDEN_WRONG 0.40F
#define HIDDEN_RIGHT 0.30F
#define SHARPNESS_WRONG 0.25F
#define SHARPNESS_RIGHT 0.40F
#define CHANGED_WRONG 0.0005F
#define CHANGED_RIGHT 0.002F
/* Mean square of sound, steps of 16 bits: 2 and 4. A microphone's own noise is more. */
#define SOUND_WRONG 4.0
#define SOUND_RIGHT 16.0
#define PICTURE_KINDS 4u

struct tamper {
    tamper_options options;
    tamper_eye *eye;
    tamper_place place;
    tamper_alarm alarms[TAMPER_KINDS];
    bool has_seen;
    tamper_moment seen; /* the last picture that was looked at */
    bool has_heard;
    tamper_moment heard; /* the last piece of sound, or when it should have begun */
    tamper_view view;
};

const char *tamper_name(tamper_kind kind)
{
    static const char *const names[TAMPER_KINDS] = { "covered", "moved", "defocused", "frozen",
                                                     "silent" };
    return (unsigned)kind < TAMPER_KINDS ? names[kind] : "unknown";
}

static uint32_t or_default(uint32_t given, uint32_t otherwise)
{
    return given ? given : otherwise;
}

svms_status tamper_open(tamper **out, const tamper_options *options, svms_error *err)
{
    if (!options->event) {
        return camera_fail(err, SVMS_E_USAGE, 0, "nobody is told about tampering");
    }
    tamper *self = calloc(1, sizeof *self);
    if (!self) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for a detector");
    }
    self->options = *options;
    self->options.interval = or_default(options->interval, 200);
    self->options.begins_after = or_default(options->begins_after, 3000);
    self->options.ends_after = or_default(options->ends_after, 2000);
    self->options.silent_after = or_default(options->silent_after, 5000);
    self->options.accepts_after = or_default(options->accepts_after, 60000);
    *out = self;
    return SVMS_OK;
}

void tamper_close(tamper **detector)
{
    tamper *own = detector ? *detector : NULL;
    if (own) {
        tamper_eye_free(&own->eye);
        free(own);
        *detector = NULL;
    }
}

bool tamper_is(const tamper *detector, tamper_kind kind)
{
    return detector->alarms[kind].is_on;
}

static void tell(tamper *self, tamper_kind kind, bool is_accepted)
{
    const tamper_alarm *alarm = &self->alarms[kind];
    const tamper_event event = { kind, alarm->is_on, is_accepted, alarm->since.utc_ns,
                                 alarm->since.monotonic_ns };
    self->options.event(self->options.user, &event);
}

static void find(tamper *self, tamper_kind kind, tamper_finding finding, tamper_moment now)
{
    uint32_t begins =
        kind == TAMPER_SILENT ? self->options.silent_after : self->options.begins_after;
    if (tamper_alarm_find(&self->alarms[kind], finding, now, begins * MILLISECOND,
                          self->options.ends_after * MILLISECOND)) {
        tell(self, kind, false);
    }
}

/* Whatever is on goes off, as of now. */
static void end(tamper *self, tamper_kind kind, tamper_moment now, bool is_accepted)
{
    tamper_alarm *alarm = &self->alarms[kind];
    alarm->is_turning = false;
    if (alarm->is_on) {
        alarm->is_on = false;
        alarm->since = now;
        tell(self, kind, is_accepted);
    }
}

void tamper_relearn(tamper *detector)
{
    tamper_place_forget(&detector->place);
    end(detector, TAMPER_COVERED, detector->seen, true);
    end(detector, TAMPER_MOVED, detector->seen, true);
    end(detector, TAMPER_DEFOCUSED, detector->seen, true);
}

static tamper_finding above(float value, float right, float wrong)
{
    return value >= wrong ? TAMPER_WRONG : value <= right ? TAMPER_RIGHT : TAMPER_UNSURE;
}

static tamper_finding below(float value, float right, float wrong)
{
    return value <= wrong ? TAMPER_WRONG : value >= right ? TAMPER_RIGHT : TAMPER_UNSURE;
}

static tamper_finding find_focus(const tamper_match *match)
{
    return match->sharpness < 0 || match->likeness < LIKENESS_RIGHT
               ? TAMPER_UNSURE
               : below(match->sharpness, SHARPNESS_RIGHT, SHARPNESS_WRONG);
}

static bool is_calm(const tamper *self)
{
    for (unsigned kind = TAMPER_COVERED; kind <= TAMPER_DEFOCUSED; kind++) {
        if (self->alarms[kind].is_on || self->alarms[kind].is_turning) {
            return false;
        }
    }
    return true;
}

/* Nothing to compare with yet: only that nothing can be seen is found out. */
static void learn_first(tamper *self, tamper_moment now, float seconds)
{
    tamper_match match;
    tamper_place_match(&self->place, &self->view, &match);
    find(self, TAMPER_COVERED, below(match.contrast, 2 * BLIND_CONTRAST, BLIND_CONTRAST), now);
    if (match.contrast >= 2 * BLIND_CONTRAST) {
        tamper_place_learn(&self->place, &self->view, seconds);
    }
}

/* Where the view is covered, nothing can be said about place and focus; where it has moved, nothing
 * about focus. */
static void compare(tamper *self, tamper_moment now, float seconds)
{
    tamper_match match;
    tamper_place_match(&self->place, &self->view, &match);
    tamper_finding covered = above(match.hidden, HIDDEN_RIGHT, HIDDEN_WRONG);
    tamper_finding moved = below(match.likeness, LIKENESS_RIGHT, LIKENESS_WRONG);
    find(self, TAMPER_COVERED, covered, now);
    find(self, TAMPER_MOVED, covered == TAMPER_RIGHT ? moved : TAMPER_UNSURE, now);
    find(self, TAMPER_DEFOCUSED,
         covered == TAMPER_RIGHT && moved == TAMPER_RIGHT ? find_focus(&match) : TAMPER_UNSURE,
         now);
    const tamper_alarm *away = &self->alarms[TAMPER_MOVED];
    if (away->is_on && covered == TAMPER_RIGHT && !away->is_turning &&
        now.monotonic_ns - away->since.monotonic_ns >= self->options.accepts_after * MILLISECOND) {
        tamper_place_forget(&self->place);
        end(self, TAMPER_MOVED, now, true);
        end(self, TAMPER_DEFOCUSED, now, true);
    } else if (is_calm(self)) {
        tamper_place_learn(&self->place, &self->view, seconds);
    }
}

static svms_status begin_size(tamper *self, const svms_picture *picture, tamper_moment now,
                              svms_error *err)
{
    if (picture->width < VIEW_WIDTH_MIN || picture->height < VIEW_HEIGHT_MIN) {
        return camera_fail(err, SVMS_E_USAGE, 0, "a picture of %u x %u pixels is too small",
                           picture->width, picture->height);
    }
    tamper_eye *eye = tamper_eye_new(picture->width, picture->height);
    if (!eye) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for a detector");
    }
    tamper_eye_free(&self->eye);
    self->eye = eye;
    self->has_seen = false;
    tamper_place_forget(&self->place);
    for (unsigned kind = 0; kind < PICTURE_KINDS; kind++) {
        end(self, kind, now, true);
    }
    return SVMS_OK;
}

/* Seconds since the last look, as far as they count. */
static float step(tamper *self, tamper_moment now)
{
    uint64_t gone = self->has_seen ? now.monotonic_ns - self->seen.monotonic_ns : 0;
    if (gone > HOLE) {
        for (unsigned kind = 0; kind < PICTURE_KINDS; kind++) {
            self->alarms[kind].is_turning = false;
        }
        gone = 0;
    }
    uint64_t least = self->options.interval * MILLISECOND;
    return (float)(gone > least ? gone : least) / 1e9F;
}

svms_status tamper_see(tamper *detector, const svms_picture *picture, int64_t utc_ns,
                       uint64_t monotonic_ns, svms_error *err)
{
    const tamper_moment now = { utc_ns, monotonic_ns };
    if (!tamper_eye_fits(detector->eye, picture)) {
        svms_status status = begin_size(detector, picture, now, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    if (detector->has_seen &&
        monotonic_ns - detector->seen.monotonic_ns < detector->options.interval * MILLISECOND) {
        return SVMS_OK;
    }
    float seconds = step(detector, now);
    detector->seen = now;
    detector->has_seen = true;
    tamper_eye_look(detector->eye, picture, &detector->view);
    find(detector, TAMPER_FROZEN, below(detector->view.changed, CHANGED_RIGHT, CHANGED_WRONG), now);
    if (detector->place.learnt < LEARNING) {
        learn_first(detector, now, seconds);
    } else {
        compare(detector, now, seconds);
    }
    if (detector->options.has_sound && !detector->has_heard) {
        detector->has_heard = true;
        detector->heard = now;
    }
    /* No sound at all is the silence of a wire that was cut. */
    if (detector->options.has_sound && monotonic_ns > detector->heard.monotonic_ns + HOLE) {
        find(detector, TAMPER_SILENT, TAMPER_WRONG, now);
    }
    return SVMS_OK;
}

void tamper_hear(tamper *detector, const int16_t *sound, size_t count, int64_t utc_ns,
                 uint64_t monotonic_ns)
{
    const tamper_moment now = { utc_ns, monotonic_ns };
    int64_t sum = 0;
    uint64_t squares = 0;
    if (!detector->options.has_sound || count == 0) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        sum += sound[i];
        squares += (uint64_t)((int32_t)sound[i] * sound[i]);
    }
    /* Without what is constant: that is no sound. */
    double mean = (double)sum / (double)count;
    double power = (double)squares / (double)count - mean * mean;
    detector->has_heard = true;
    detector->heard = now;
    find(detector, TAMPER_SILENT, below((float)power, (float)SOUND_RIGHT, (float)SOUND_WRONG), now);
}
