/* SPDX-License-Identifier: Apache-2.0 */
/* Random edits of random streams, and gaps that are known or only claimed: what is called authentic
 * is as it was signed, and in order; a stream that nobody touched is no alarm, wherever it was cut.
 * The model knows what was shot, not how it is found out. */
#include "../base/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "film_lab.h"

#define STREAMS 120
#define EDITS_MAX 5
#define CUTS_MAX 3
#define FRAMES_MAX 600

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

static void shoot_random(lab *l, uint32_t *seed)
{
    static const char *const words[] = { "P ", "P ", "P ", "Pp ", "/P SP ", "DP ", "sP " };
    size_t gops = 2 + next_random(seed) % 4;
    bool late = next_random(seed) % 2;
    bool every_other = next_random(seed) % 3 == 0;
    l->camera.without_lists = next_random(seed) % 4 == 0;
    lab_shoot(l, "CIi ");
    for (size_t i = 0; i < gops; i++) {
        size_t frames = 1 + next_random(seed) % 6;
        for (size_t j = 0; j < frames; j++) {
            film_shoot(&l->film, &l->camera, words[next_random(seed) % 7]);
        }
        bool is_signed = !every_other || i % 2 == 1;
        film_shoot(&l->film, &l->camera, late || !is_signed ? "I " : "SI ");
        if (late || !is_signed) {
            film_shoot(&l->film, &l->camera, is_signed ? "SP " : "UP ");
        }
    }
    film_shoot(&l->film, &l->camera, "P S");
}

static void cut_randomly(film *of, uint32_t *seed)
{
    size_t at = 1 + next_random(seed) % (of->count - 1);
    while (at > 0 && of->units[at - 1].frame == of->units[at].frame) {
        at--;
    }
    film_gap(of, at);
}

static void edit_randomly(film *of, uint32_t *seed)
{
    static const uint8_t never[] = { 0x41, 0x88, 0x7A, 0x7A, 0x7A, 0x80 };
    size_t at = 1 + next_random(seed) % (of->count - 1);
    size_t other = 1 + next_random(seed) % (of->count - 1);
    size_t last = at + next_random(seed) % 4;
    switch (next_random(seed) % 7) {
    case 0:
        film_remove(of, at, last < of->count ? last : of->count);
        break;
    case 1:
        film_change(of, at);
        break;
    case 2:
        film_move(of, at, other);
        break;
    case 3:
        film_repeat(of, at, other);
        break;
    case 4:
        film_insert(of, at, never, sizeof never);
        break;
    case 5:
        cut_randomly(of, seed);
        break;
    default:
        film_remove(of, 1, at);
    }
}

/* Of each frame: whether it is called authentic. */
typedef struct says {
    bool is_authentic[FRAMES_MAX];
    bool is_in_order[FRAMES_MAX]; /* and the GOP with it, and linked with the one before */
    bool has_alarm;
    bool has_head; /* something began in the midst of it */
} says;

static void take_report(says *out, svms_camera_validator *validator, const svms_camera_gop *gop)
{
    bool is_blind = (gop->reasons & SVMS_CAMERA_WHY_NO_LIST) != 0;
    bool may_be = gop->is_signed && !is_blind;
    for (uint64_t i = gop->first_frame; i < gop->first_frame + gop->frame_count; i++) {
        assert_true(i < FRAMES_MAX);
        out->is_authentic[i] = may_be;
        out->is_in_order[i] = may_be && (gop->reasons & SVMS_CAMERA_WHY_LINK) == 0;
    }
    for (uint32_t i = 0; i < gop->remark_count; i++) {
        svms_camera_remark remark = SVMS_CAMERA_REMARK_INIT;
        assert_int_equal(svms_camera_validator_remark(validator, i, &remark, NULL), SVMS_OK);
        if (remark.verdict != SVMS_CAMERA_MISSING) {
            assert_int_not_equal(gop->verdict, SVMS_CAMERA_AUTHENTIC);
            out->is_authentic[remark.frame] = false;
        }
    }
    uint32_t ends = SVMS_CAMERA_WHY_HEAD | SVMS_CAMERA_WHY_TAIL;
    bool is_end =
        gop->verdict == SVMS_CAMERA_UNSIGNED && gop->reasons != 0 && (gop->reasons & ~ends) == 0;
    out->has_alarm |= gop->verdict != SVMS_CAMERA_AUTHENTIC && !is_end;
    out->has_head |= (gop->reasons & SVMS_CAMERA_WHY_HEAD) != 0;
}

static void validate(lab *l, says *out)
{
    svms_camera_validator *validator = NULL;
    svms_camera_gop gop = SVMS_CAMERA_GOP_INIT;
    uint64_t frames = 0;
    uint64_t reported = 0;
    memset(out, 0, sizeof *out);
    assert_int_equal(svms_camera_validator_new(&validator, l->ctx, &l->options, NULL), SVMS_OK);
    for (size_t at = 0; at < l->film.count; frames++) {
        bytes unit = { NULL, 0 };
        if (l->film.units[at].is_behind_gap) {
            assert_int_equal(svms_camera_validator_gap(validator, NULL), SVMS_OK);
        }
        at = film_unit_bytes(&l->film, at, &unit);
        assert_int_equal(
            svms_camera_validator_add(validator, unit.data, unit.size, INT64_MIN, NULL), SVMS_OK);
        bytes_free(&unit);
    }
    assert_int_equal(svms_camera_validator_end(validator, NULL), SVMS_OK);
    while (svms_camera_validator_next(validator, &gop, NULL) == SVMS_OK) {
        assert_int_equal(gop.first_frame, reported);
        reported += gop.frame_count;
        take_report(out, validator, &gop);
    }
    assert_int_equal(reported, frames);
    svms_camera_validator_free(&validator);
}

/* Which unit of the original it is, or its count. */
static size_t find_original(const film *original, const film_unit *unit)
{
    for (size_t i = 0; i < original->count; i++) {
        const bytes *nal = &original->units[i].nal;
        if (nal->size == unit->nal.size && memcmp(nal->data, unit->nal.data, nal->size) == 0) {
            return i;
        }
    }
    return original->count;
}

/* Frames that are called authentic were shot, each once, and in this order. */
static void check(const film *original, const film *edited, const says *said)
{
    uint64_t frame = 0;
    size_t next = 0;
    for (size_t i = 0; i < edited->count; i++) {
        frame += i > 0 && edited->units[i].frame != edited->units[i - 1].frame;
        if (!said->is_authentic[frame] || !strchr("IiPpx", edited->units[i].kind)) {
            continue;
        }
        size_t shot = find_original(original, &edited->units[i]);
        assert_true(shot < original->count);
        if (said->is_in_order[frame]) {
            assert_true(shot >= next);
            next = shot + 1;
        }
    }
}

static void nothing_that_was_touched_is_authentic(void **state)
{
    lab *l = *state;
    for (uint32_t round = 0; round < STREAMS; round++) {
        uint32_t seed = round;
        says said;
        shoot_random(l, &seed);
        film original = film_copy(&l->film);
        validate(l, &said);
        assert_false(said.has_alarm || said.has_head);
        for (uint32_t cuts = 0; cuts < CUTS_MAX; cuts++) {
            cut_randomly(&l->film, &seed);
            validate(l, &said);
            assert_false(said.has_alarm);
            check(&original, &l->film, &said);
        }
        for (uint32_t edits = 0; edits < EDITS_MAX && l->film.count > 2; edits++) {
            edit_randomly(&l->film, &seed);
            if (l->film.count > 0) {
                validate(l, &said);
                check(&original, &l->film, &said);
            }
        }
        film_free(&original);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_that_was_touched_is_authentic, lab_open, lab_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
