/* SPDX-License-Identifier: Apache-2.0 */
/* What of a camera can be set, who may use it, and where its window is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "camera_events.h"
#include "camera_file.h"
#include "camera_lockout.h"
#include "camera_ptz.h"
#include "camera_secret.h"
#include "camera_settings.h"
#include "camera_state.h"
#include "camera_users.h"

#define SECOND UINT64_C(1000000000)
#define PASSWORD "correct horse battery staple"

typedef struct place {
    char folder[64];
    char settings[96];
    char users[96];
    char secret[96];
    svms_ctx *ctx;
    camera_state *state;
    camera_events *events;
    camera_users *accounts;
} place;

static camera_state_options lens_of(const place *self)
{
    camera_state_options options = { self->ctx, self->settings, 640, 360, 25 };
    return options;
}

static int set_up(void **state)
{
    place *self = calloc(1, sizeof *self);
    assert_non_null(self);
    strcpy(self->folder, "/tmp/svms-camera-XXXXXX");
    assert_non_null(mkdtemp(self->folder));
    snprintf(self->settings, sizeof self->settings, "%s/settings.json", self->folder);
    snprintf(self->users, sizeof self->users, "%s/users", self->folder);
    snprintf(self->secret, sizeof self->secret, "%s/secret", self->folder);
    assert_int_equal(svms_ctx_new(&self->ctx, NULL, NULL), SVMS_OK);
    camera_state_options options = lens_of(self);
    assert_int_equal(camera_state_open(&self->state, &options, NULL), SVMS_OK);
    self->events = camera_events_new();
    assert_non_null(self->events);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    place *self = *state;
    camera_users_close(&self->accounts);
    camera_state_close(&self->state);
    camera_events_free(&self->events);
    svms_ctx_free(&self->ctx);
    (void)unlink(self->settings);
    (void)unlink(self->users);
    (void)unlink(self->secret);
    assert_int_equal(rmdir(self->folder), 0);
    free(self);
    return 0;
}

static void reopen(place *self)
{
    camera_state_options options = lens_of(self);
    camera_state_close(&self->state);
    assert_int_equal(camera_state_open(&self->state, &options, NULL), SVMS_OK);
}

static svms_status set_much(void *user, camera_settings *settings, svms_error *err)
{
    (void)user;
    (void)err;
    strcpy(settings->name, "T\xc3\xbcr 1");
    settings->is_discoverable = true;
    settings->encoding.gop = 7;
    settings->mask_count = 1;
    camera_mask *mask = &settings->masks[0];
    camera_settings_token(settings, "mask", mask->token);
    mask->is_on = true;
    mask->kind = SVMS_MASK_SOLID;
    mask->point_count = 3;
    mask->points[1].x = 1.0 / 3;
    mask->points[2].y = 1;
    settings->preset_count = 1;
    strcpy(settings->presets[0].token, "preset-1");
    settings->presets[0].place.pan = -0.5;
    settings->has_home = true;
    settings->home.zoom = 2.0 / 3;
    return SVMS_OK;
}

static void what_was_set_is_there_again_to_the_last_bit(void **state)
{
    place *self = *state;
    camera_settings before;
    camera_settings after;
    struct stat is;
    assert_int_equal(camera_state_revision(self->state), 1);
    assert_int_equal(camera_state_change(self->state, set_much, NULL, NULL), SVMS_OK);
    assert_int_equal(camera_state_revision(self->state), 2);
    camera_state_read(self->state, &before);
    reopen(self);
    camera_state_read(self->state, &after);
    assert_int_equal(after.revision, 2);
    assert_string_equal(after.name, "T\xc3\xbcr 1");
    assert_string_equal(after.location, "");
    assert_true(after.is_discoverable);
    assert_int_equal(after.mask_count, 1);
    assert_string_equal(after.masks[0].token, "mask-1");
    assert_memory_equal(after.masks[0].points, before.masks[0].points,
                        sizeof after.masks[0].points);
    assert_memory_equal(&after.home, &before.home, sizeof after.home);
    assert_true(after.presets[0].place.pan == -0.5);
    assert_int_equal(stat(self->settings, &is), 0);
    assert_int_equal(is.st_mode & 0777, 0600);
}

typedef struct wrong {
    const char *what;
    void (*make)(camera_settings *settings);
} wrong;

static void no_name(camera_settings *s)
{
    s->name[0] = '\0';
}
static void no_utf8(camera_settings *s)
{
    strcpy(s->name, "\xc0\x80");
}
static void control_sign(camera_settings *s)
{
    strcpy(s->location, "a\x1b[2J");
}
static void too_large(camera_settings *s)
{
    s->encoding.width = 642;
}
static void odd(camera_settings *s)
{
    s->encoding.height = 359;
}
static void too_fast(camera_settings *s)
{
    s->encoding.rate = 26;
}
static void no_gop(camera_settings *s)
{
    s->encoding.gop = 0;
}
static void few_points(camera_settings *s)
{
    s->masks[0].point_count = 2;
}
static void outside(camera_settings *s)
{
    s->masks[0].points[0].x = 1.01;
}
static void no_number(camera_settings *s)
{
    s->masks[0].points[0].y = (double)NAN;
}
static void twice(camera_settings *s)
{
    s->masks[s->mask_count++] = s->masks[0];
}
static void no_token(camera_settings *s)
{
    strcpy(s->presets[0].token, "a b");
}
static void no_lockout(camera_settings *s)
{
    s->lockout.failures = 0;
}

static svms_status spoil(void *user, camera_settings *settings, svms_error *err)
{
    (void)set_much(NULL, settings, err);
    ((const wrong *)user)->make(settings);
    return SVMS_OK;
}

static void what_must_not_be_changes_nothing(void **state)
{
    static const wrong wrongs[] = {
        { "no name", no_name },
        { "no UTF-8", no_utf8 },
        { "control", control_sign },
        { "too large", too_large },
        { "odd", odd },
        { "too fast", too_fast },
        { "no GOP", no_gop },
        { "few points", few_points },
        { "outside", outside },
        { "no number", no_number },
        { "twice", twice },
        { "no token", no_token },
        { "no lockout", no_lockout },
    };
    place *self = *state;
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        svms_error err = SVMS_ERROR_INIT;
        wrong each = wrongs[i];
        if (camera_state_change(self->state, spoil, &each, &err) != SVMS_E_POLICY ||
            err.message[0] == '\0') {
            fail_msg("%s was accepted", each.what);
        }
    }
    assert_int_equal(camera_state_revision(self->state), 1);
}

static void a_file_that_is_no_state_is_refused(void **state)
{
    static const char *const texts[] = { "", "{}", "[]", "{\"version\":2}",
                                         "{\"version\":1,\"revision\":1,\"extra\":1}" };
    place *self = *state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        camera_state_options options = lens_of(self);
        camera_state *other = NULL;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(camera_file_write(self->settings, texts[i], strlen(texts[i]), NULL),
                         SVMS_OK);
        assert_int_equal(camera_state_open(&other, &options, &err), SVMS_E_MALFORMED);
        assert_null(other);
    }
}

static void open_users(place *self)
{
    camera_users_options options = { self->ctx,   self->users,  self->secret,
                                     self->state, self->events, 0 };
    assert_int_equal(camera_users_open(&self->accounts, &options, NULL), SVMS_OK);
}

static void users_are_there_again_and_sealed(void **state)
{
    place *self = *state;
    uint32_t findings = 0;
    uint8_t *bytes = NULL;
    size_t size = 0;
    open_users(self);
    assert_false(camera_users_is_ready(self->accounts));
    assert_int_equal(
        camera_users_add(self->accounts, "op", CAMERA_OPERATOR, PASSWORD, &findings, NULL),
        SVMS_E_POLICY);
    assert_int_equal(
        camera_users_add(self->accounts, "admin", CAMERA_ADMINISTRATOR, PASSWORD, &findings, NULL),
        SVMS_OK);
    assert_int_equal(
        camera_users_add(self->accounts, "op", CAMERA_OPERATOR, PASSWORD "2", &findings, NULL),
        SVMS_OK);
    camera_users_close(&self->accounts);
    assert_int_equal(camera_file_read(&bytes, &size, self->users, 65536, true, NULL), SVMS_OK);
    assert_null(memmem(bytes, size, "admin", 5));
    assert_null(memmem(bytes, size, "horse", 5));
    open_users(self);
    assert_true(camera_users_is_ready(self->accounts));
    assert_int_equal(camera_users_level(self->accounts, "op"), CAMERA_OPERATOR);
    assert_int_equal(camera_users_level(self->accounts, "nobody"), CAMERA_ANONYMOUS);
    /* Each byte of it counts. */
    for (size_t at = 0; at < size; at += 7) {
        camera_users_options options = {
            self->ctx, self->users, self->secret, self->state, NULL, 0
        };
        camera_users *other = NULL;
        bytes[at] ^= 1;
        assert_int_equal(camera_file_write(self->users, bytes, size, NULL), SVMS_OK);
        assert_int_equal(camera_users_open(&other, &options, NULL), SVMS_E_NOT_AUTHENTIC);
        bytes[at] ^= 1;
    }
    camera_file_free(bytes, size);
}

static void bad_passwords_and_names_are_refused_with_their_reason(void **state)
{
    static const struct {
        const char *name;
        const char *password;
        uint32_t finding;
    } cases[] = {
        { "anna", "short", SVMS_PASSWORD_SHORT },
        { "anna", "anna is my own name", SVMS_PASSWORD_NAMES_USER },
        { "anna", "aaaaaaaaaaaaaaaa", SVMS_PASSWORD_REPEATS },
        { "a:b", PASSWORD, 0 },
        { "", PASSWORD, 0 },
        { "an na", PASSWORD, 0 },
    };
    place *self = *state;
    open_users(self);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t findings = 0;
        assert_int_equal(camera_users_add(self->accounts, cases[i].name, CAMERA_ADMINISTRATOR,
                                          cases[i].password, &findings, NULL),
                         SVMS_E_POLICY);
        assert_int_equal(findings & cases[i].finding, cases[i].finding);
    }
    assert_false(camera_users_is_ready(self->accounts));
}

static void the_last_administrator_stays(void **state)
{
    place *self = *state;
    uint32_t findings = 0;
    open_users(self);
    assert_int_equal(
        camera_users_add(self->accounts, "admin", CAMERA_ADMINISTRATOR, PASSWORD, &findings, NULL),
        SVMS_OK);
    assert_int_equal(camera_users_remove(self->accounts, "admin", NULL), SVMS_E_POLICY);
    assert_int_equal(camera_users_edit(self->accounts, "admin", CAMERA_USER, NULL, &findings, NULL),
                     SVMS_E_POLICY);
    assert_int_equal(
        camera_users_edit(self->accounts, "admin", CAMERA_ANONYMOUS, PASSWORD, &findings, NULL),
        SVMS_E_POLICY);
    assert_int_equal(findings, SVMS_PASSWORD_USED_BEFORE);
    assert_int_equal(camera_users_level(self->accounts, "admin"), CAMERA_ADMINISTRATOR);
}

static void digest_of(uint8_t out[20], const char *nonce, const char *created, const char *password)
{
    char text[256];
    unsigned int size = 0;
    int length = snprintf(text, sizeof text, "%s%s%s", nonce, created, password);
    assert_int_equal(EVP_Digest(text, (size_t)length, out, &size, EVP_sha1(), NULL), 1);
    assert_int_equal(size, 20);
}

static camera_level judge(place *self, const char *nonce, const char *created, const char *password)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    camera_level level = CAMERA_OPERATOR;
    int64_t now = 0;
    digest_of(digest, nonce, created, password);
    camera_token token = { "admin", digest, nonce, strlen(nonce), created, "192.0.2.1:4711" };
    assert_int_equal(svms_time_parse(&now, "2026-11-22T12:00:00Z", NULL), SVMS_OK);
    assert_int_equal(camera_users_judge(self->accounts, &token, now, &level, NULL), SVMS_OK);
    return level;
}

static void a_token_is_good_once_and_near_its_time(void **state)
{
    place *self = *state;
    uint32_t findings = 0;
    open_users(self);
    assert_int_equal(
        camera_users_add(self->accounts, "admin", CAMERA_ADMINISTRATOR, PASSWORD, &findings, NULL),
        SVMS_OK);
    assert_int_equal(judge(self, "nonce-00001", "2026-11-22T12:00:10Z", PASSWORD),
                     CAMERA_ADMINISTRATOR);
    assert_int_equal(judge(self, "nonce-00001", "2026-11-22T12:00:10Z", PASSWORD),
                     CAMERA_ANONYMOUS);
    assert_int_equal(judge(self, "nonce-00002", "2026-11-22T11:54:59Z", PASSWORD),
                     CAMERA_ANONYMOUS);
    assert_int_equal(judge(self, "nonce-00003", "2026-11-22T11:55:00Z", PASSWORD),
                     CAMERA_ADMINISTRATOR);
    assert_int_equal(judge(self, "nonce", "2026-11-22T12:00:00Z", PASSWORD), CAMERA_ANONYMOUS);
    assert_int_equal(judge(self, "nonce-00004", "2026-11-22T12:00:00Z", "wrong"), CAMERA_ANONYMOUS);
    /* That was the fourth failure; the fifth closes it, for the right password, too. */
    assert_int_equal(judge(self, "nonce-00005", "1700-01-01T00:00:00Z", PASSWORD),
                     CAMERA_ANONYMOUS);
    assert_int_equal(judge(self, "nonce-00006", "2026-11-22T12:00:00Z", PASSWORD),
                     CAMERA_ANONYMOUS);
    assert_false(camera_users_may_try(self->accounts, "somebody", "192.0.2.1:1"));
    assert_true(camera_users_may_try(self->accounts, "admin", "192.0.2.2:1"));
}

static void a_password_is_right_or_wrong(void **state)
{
    place *self = *state;
    uint32_t findings = 0;
    camera_level level = CAMERA_ANONYMOUS;
    open_users(self);
    assert_int_equal(
        camera_users_add(self->accounts, "admin", CAMERA_ADMINISTRATOR, PASSWORD, &findings, NULL),
        SVMS_OK);
    assert_int_equal(camera_users_login(self->accounts, "admin", "192.0.2.9", PASSWORD,
                                        strlen(PASSWORD), &level, NULL),
                     SVMS_OK);
    assert_int_equal(level, CAMERA_ADMINISTRATOR);
    assert_int_equal(camera_users_login(self->accounts, "admin", "192.0.2.9", PASSWORD,
                                        strlen(PASSWORD) - 1, &level, NULL),
                     SVMS_OK);
    assert_int_equal(level, CAMERA_ANONYMOUS);
    /* Who does not exist has an empty password, which lets nobody in. */
    assert_int_equal(camera_users_login(self->accounts, "nobody", "192.0.2.9", "", 0, &level, NULL),
                     SVMS_OK);
    assert_int_equal(level, CAMERA_ANONYMOUS);
}

static void who_goes_on_guessing_is_told_until_it_is_closed(void **state)
{
    place *self = *state;
    camera_event event;
    uint64_t cursor = 0;
    unsigned int failed = 0;
    unsigned int closed = 0;
    open_users(self);
    for (unsigned int i = 0; i < 2 * CAMERA_EVENTS_KEPT; i++) {
        camera_users_tried(self->accounts, "admin", "192.0.2.9:1", false);
    }
    while (camera_events_next(self->events, &cursor, &event) == SVMS_OK) {
        failed += event.topic == CAMERA_LOGIN_FAILED ? 1 : 0;
        closed += event.topic == CAMERA_LOGIN_CLOSED ? 1 : 0;
    }
    assert_int_equal(failed, 5);
    assert_int_equal(closed, 1);
}

static void failures_close_a_login_for_as_long_as_the_rule_says(void **state)
{
    const camera_lockout_rule rule = { 3, 30, 300 };
    camera_lockout *lockout = camera_lockout_new();
    (void)state;
    assert_non_null(lockout);
    assert_false(camera_lockout_failed(lockout, &rule, "a", "10.0.0.1:5", SECOND));
    assert_false(camera_lockout_failed(lockout, &rule, "b", "10.0.0.1:6", 2 * SECOND));
    /* Too late for the first two. */
    assert_false(camera_lockout_failed(lockout, &rule, "c", "10.0.0.1:7", 40 * SECOND));
    assert_false(camera_lockout_failed(lockout, &rule, "c", "10.0.0.1:7", 41 * SECOND));
    assert_true(camera_lockout_failed(lockout, &rule, "c", "10.0.0.1:7", 42 * SECOND));
    assert_true(camera_lockout_is_closed(lockout, "z", "10.0.0.1:9", 341 * SECOND));
    assert_false(camera_lockout_is_closed(lockout, "z", "10.0.0.1:9", 342 * SECOND));
    assert_false(camera_lockout_is_closed(lockout, "c", "10.0.0.2:9", 43 * SECOND));
    camera_lockout_free(&lockout);
}

static void a_network_of_ipv6_is_one_address(void **state)
{
    const camera_lockout_rule rule = { 2, 30, 300 };
    camera_lockout *lockout = camera_lockout_new();
    (void)state;
    assert_non_null(lockout);
    assert_false(camera_lockout_failed(lockout, &rule, "a", "[2001:db8::1]:5", SECOND));
    assert_true(camera_lockout_failed(lockout, &rule, "b", "2001:db8::ffff", SECOND));
    assert_true(camera_lockout_is_closed(lockout, "c", "[2001:db8::77]:1", SECOND));
    assert_false(camera_lockout_is_closed(lockout, "c", "[2001:db8:0:1::77]:1", SECOND));
    camera_lockout_free(&lockout);
}

static void one_name_from_many_addresses_is_closed_later(void **state)
{
    const camera_lockout_rule rule = { 2, 30, 300 };
    camera_lockout *lockout = camera_lockout_new();
    (void)state;
    assert_non_null(lockout);
    for (unsigned int i = 0; i < 8; i++) {
        char address[32];
        snprintf(address, sizeof address, "10.0.1.%u:1", i);
        assert_int_equal(camera_lockout_failed(lockout, &rule, "admin", address, SECOND), i == 7);
    }
    assert_true(camera_lockout_is_closed(lockout, "admin", "10.9.9.9", SECOND));
    camera_lockout_free(&lockout);
}

static void the_window_is_where_it_was_sent(void **state)
{
    static const struct {
        camera_place place;
        camera_window window;
    } cases[] = {
        { { 0, 0, 0 }, { 0, 0, 640, 360 } },     { { 1, 1, 0 }, { 0, 0, 640, 360 } },
        { { -1, 1, 1 }, { 0, 0, 160, 90 } },     { { 1, -1, 1 }, { 480, 270, 160, 90 } },
        { { 0, 0, 1 }, { 240, 134, 160, 90 } },  { { 0, 0, 1.0 / 3 }, { 160, 90, 320, 180 } },
        { { 9, -9, 9 }, { 480, 270, 160, 90 } },
    };
    camera_ptz *ptz = camera_ptz_new();
    (void)state;
    assert_non_null(ptz);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(camera_ptz_absolute(ptz, &cases[i].place, SECOND));
        camera_window found = camera_ptz_window(ptz, 640, 360, SECOND);
        assert_int_equal(found.x % 2 + found.y % 2 + found.width % 2 + found.height % 2, 0);
        assert_true(abs((int)found.x - (int)cases[i].window.x) <= 2);
        assert_true(abs((int)found.y - (int)cases[i].window.y) <= 2);
        assert_int_equal(found.width, cases[i].window.width);
        assert_int_equal(found.height, cases[i].window.height);
        assert_true(found.x + found.width <= 640 && found.y + found.height <= 360);
    }
    const camera_place bad = { (double)NAN, 0, 0 };
    assert_false(camera_ptz_absolute(ptz, &bad, SECOND));
    camera_ptz_free(&ptz);
}

static void it_moves_until_it_is_stopped_or_its_time_is_over(void **state)
{
    const camera_speed speed = { 0.25, 0, 0.5 };
    camera_ptz_status status;
    camera_ptz *ptz = camera_ptz_new();
    (void)state;
    assert_non_null(ptz);
    assert_true(camera_ptz_continuous(ptz, &speed, SECOND, 0));
    camera_ptz_status_at(ptz, SECOND / 2, &status);
    assert_true(status.is_moving);
    assert_true(fabs(status.place.pan - 0.25) < 1e-9 && fabs(status.place.zoom - 0.25) < 1e-9);
    camera_ptz_status_at(ptz, 9 * SECOND, &status);
    assert_false(status.is_moving);
    assert_true(fabs(status.place.pan - 0.5) < 1e-9 && fabs(status.place.zoom - 0.5) < 1e-9);
    assert_true(camera_ptz_continuous(ptz, &speed, 0, 10 * SECOND));
    camera_ptz_stop(ptz, true, false, 11 * SECOND);
    camera_ptz_status_at(ptz, 12 * SECOND, &status);
    assert_true(status.is_moving);
    assert_true(fabs(status.place.pan - 1) < 1e-9 && fabs(status.place.zoom - 1) < 1e-9);
    camera_ptz_stop(ptz, false, true, 12 * SECOND);
    camera_ptz_status_at(ptz, 13 * SECOND, &status);
    assert_false(status.is_moving);
    camera_ptz_free(&ptz);
}

static void a_state_is_told_once_and_its_end_once(void **state)
{
    place *self = *state;
    camera_event event;
    camera_event now[4];
    uint64_t cursor = 0;
    camera_events_tell(self->events, CAMERA_COVERED, false, 1, "lens", "never was");
    assert_int_equal(camera_events_next(self->events, &cursor, &event), SVMS_AGAIN);
    camera_events_tell(self->events, CAMERA_COVERED, true, 5, "lens", "by %s", "a \x1b cloth");
    camera_events_tell(self->events, CAMERA_COVERED, true, 6, "lens", "again");
    assert_int_equal(camera_events_states(self->events, now, 4), 1);
    assert_int_equal(now[0].kind, CAMERA_EVENT_INITIALIZED);
    assert_int_equal(camera_events_next(self->events, &cursor, &event), SVMS_OK);
    assert_string_equal(event.words, "by a ? cloth");
    assert_int_equal(event.utc_ns, 5);
    assert_true(event.is_so && event.is_state && event.number == 1);
    assert_int_equal(camera_events_next(self->events, &cursor, &event), SVMS_AGAIN);
    camera_events_tell(self->events, CAMERA_COVERED, false, 7, "lens", "over");
    assert_int_equal(camera_events_next(self->events, &cursor, &event), SVMS_OK);
    assert_false(event.is_so);
    assert_int_equal(camera_events_states(self->events, now, 4), 0);
}

static void who_reads_late_sees_that_events_are_missing(void **state)
{
    place *self = *state;
    camera_event event;
    uint64_t cursor = 0;
    for (unsigned int i = 1; i <= CAMERA_EVENTS_KEPT + 10; i++) {
        camera_events_tell(self->events, CAMERA_LOGIN_FAILED, true, i, "somebody", "%u", i);
    }
    assert_int_equal(camera_events_next(self->events, &cursor, &event), SVMS_OK);
    assert_int_equal(event.number, 11);
    assert_int_equal(event.utc_ns, 11);
    assert_int_equal(camera_events_newest(self->events), CAMERA_EVENTS_KEPT + 10);
}

static void an_erased_file_was_overwritten_and_is_gone(void **state)
{
    place *self = *state;
    char path[128];
    bool was_there = false;
    char seen[6] = { 0 };
    snprintf(path, sizeof path, "%s/secret", self->folder);
    assert_int_equal(camera_file_write(path, "12345", 5, NULL), SVMS_OK);
    int handle = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(handle >= 0);
    assert_int_equal(camera_file_erase(path, &was_there, NULL), SVMS_OK);
    assert_true(was_there);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(pread(handle, seen, 5, 0), 5);
    assert_string_not_equal(seen, "12345");
    assert_int_equal(close(handle), 0);
    assert_int_equal(camera_file_erase(path, &was_there, NULL), SVMS_OK);
    assert_false(was_there);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(what_was_set_is_there_again_to_the_last_bit),
        IN_FOLDER(what_must_not_be_changes_nothing),
        IN_FOLDER(a_file_that_is_no_state_is_refused),
        IN_FOLDER(users_are_there_again_and_sealed),
        IN_FOLDER(bad_passwords_and_names_are_refused_with_their_reason),
        IN_FOLDER(the_last_administrator_stays),
        IN_FOLDER(a_token_is_good_once_and_near_its_time),
        IN_FOLDER(a_password_is_right_or_wrong),
        IN_FOLDER(who_goes_on_guessing_is_told_until_it_is_closed),
        cmocka_unit_test(failures_close_a_login_for_as_long_as_the_rule_says),
        cmocka_unit_test(a_network_of_ipv6_is_one_address),
        cmocka_unit_test(one_name_from_many_addresses_is_closed_later),
        cmocka_unit_test(the_window_is_where_it_was_sent),
        cmocka_unit_test(it_moves_until_it_is_stopped_or_its_time_is_over),
        IN_FOLDER(a_state_is_told_once_and_its_end_once),
        IN_FOLDER(who_reads_late_sees_that_events_are_missing),
        IN_FOLDER(an_erased_file_was_overwritten_and_is_gone),
    };
    return cmocka_run_group_tests_name("camera state", tests, NULL, NULL);
}
