/* SPDX-License-Identifier: Apache-2.0 */
/* Who is logged in. */
#include <string.h>

#include <svms/session.h>

#include "base64.h"
#include "digest.h"
#include "failure.h"
#include "login_name.h"
#include "options.h"
#include "platform.h"
#include "record_table.h"
#include "steady_clock.h"

#define CAPACITY_MOST 65536u
#define IDLE_LEAST 10u
#define ABSOLUTE_MOST 31536000u
#define PER_USER_MOST 1000u
#define RANDOM_SIZE 32
#define TEXT_LENGTH (SVMS_SESSION_TEXT_SIZE - 1)

/* A session; its key is the SHA-256 of its text, which itself is not kept. */
typedef struct session {
    svms_record_head head;
    uint8_t digest[SVMS_DIGEST_SIZE];
    uint64_t id;
    uint64_t begun_ns; /* steady clock */
    uint64_t used_ns;
    int64_t begun_utc_ns;
    int64_t authenticated_utc_ns;
    uint32_t methods;
    char name[SVMS_LOGIN_NAME_MAX + 1];
} session;

struct svms_session_book {
    svms_ctx *ctx;
    svms_session_limits limits;
    svms_platform_latch latch;
    svms_record_table table;
    uint64_t latest_ns;
    uint64_t begun; /* sessions so far */
};

const char *svms_session_verdict_name(svms_session_verdict verdict)
{
    switch (verdict) {
    case SVMS_SESSION_UNKNOWN:
        return "unknown";
    case SVMS_SESSION_GOOD:
        return "good";
    case SVMS_SESSION_IDLE:
        return "idle";
    case SVMS_SESSION_OVER:
        return "over";
    }
    return "none of these";
}

static svms_status check_limits(const svms_session_limits *limits, svms_error *err)
{
    const char *wrong = limits->capacity < 1 || limits->capacity > CAPACITY_MOST ? "capacity"
                        : limits->absolute_s > ABSOLUTE_MOST                     ? "absolute_s"
                        : limits->idle_s < IDLE_LEAST || limits->idle_s > limits->absolute_s
                            ? "idle_s"
                        : limits->per_user < 1 || limits->per_user > PER_USER_MOST ? "per_user"
                        : limits->reserved != 0                                    ? "reserved"
                                                                                   : NULL;
    return wrong ? svms_fail(err, SVMS_E_USAGE, "the limits of sessions: %s is out of range", wrong)
                 : SVMS_OK;
}

svms_status svms_session_book_new(svms_session_book **out, svms_ctx *ctx,
                                  const svms_session_limits *limits, svms_error *err)
{
    svms_session_limits known = SVMS_SESSION_LIMITS_INIT;
    if (!out || !ctx) {
        return svms_fail(err, SVMS_E_USAGE, "sessions need a context and a place to go");
    }
    svms_status status =
        svms_options_read(&known, sizeof known, limits, "the limits of sessions", err);
    if (status == SVMS_OK) {
        status = check_limits(&known, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_session_book *book = svms_alloc(ctx, sizeof *book);
    if (!book) {
        return svms_fail_memory(err);
    }
    book->ctx = ctx;
    book->limits = known;
    if (svms_platform_latch_init(&book->latch) != 0) {
        svms_release(ctx, book);
        return svms_fail_memory(err);
    }
    status = svms_record_table_init(&book->table, ctx, known.capacity, sizeof(session),
                                    SVMS_DIGEST_SIZE, err);
    if (status != SVMS_OK) {
        svms_session_book_free(&book);
        return status;
    }
    *out = book;
    return SVMS_OK;
}

void svms_session_book_free(svms_session_book **book)
{
    if (!book || !*book) {
        return;
    }
    svms_platform_latch_destroy(&(*book)->latch);
    svms_record_table_clear(&(*book)->table);
    svms_release((*book)->ctx, *book);
    *book = NULL;
}

static svms_status digest_of(svms_session_book *book, const char *text,
                             uint8_t out[SVMS_DIGEST_SIZE], svms_error *err)
{
    svms_iovec run = { text, TEXT_LENGTH };
    return svms_sha256(book->ctx, &run, 1, out, err);
}

static svms_status make_text(svms_session_book *book, char out[SVMS_SESSION_TEXT_SIZE],
                             uint8_t digest[SVMS_DIGEST_SIZE], svms_error *err)
{
    uint8_t random[RANDOM_SIZE];
    svms_status status = svms_random(book->ctx, random, sizeof random, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_builder text = svms_builder_new(book->ctx, SVMS_SESSION_TEXT_SIZE);
    svms_put_base64url(&text, random, sizeof random);
    svms_put_u8(&text, 0);
    status = svms_builder_check(&text, "the text of a session", err);
    if (status == SVMS_OK) {
        memcpy(out, text.data, SVMS_SESSION_TEXT_SIZE);
        status = digest_of(book, out, digest, err);
    }
    svms_builder_clear(&text);
    svms_wipe(random, sizeof random);
    return status;
}

static uint64_t limit_ns(uint32_t seconds)
{
    return seconds * SVMS_NS_OF_SECOND;
}

static svms_session_verdict judge(const svms_session_book *book, const session *entry,
                                  uint64_t now_ns)
{
    if (now_ns - entry->begun_ns >= limit_ns(book->limits.absolute_s)) {
        return SVMS_SESSION_OVER;
    }
    if (now_ns - entry->used_ns >= limit_ns(book->limits.idle_s)) {
        return SVMS_SESSION_IDLE;
    }
    return SVMS_SESSION_GOOD;
}

static bool stands(const svms_session_book *book, const session *entry, uint64_t now_ns)
{
    return entry && judge(book, entry, now_ns) == SVMS_SESSION_GOOD;
}

/* The session in a place, if it stands and is this user's; NULL stands for everybody. */
static session *standing_at(const svms_session_book *book, uint32_t place, const char *name,
                            uint64_t now_ns)
{
    session *entry = svms_record_at(&book->table, place);
    if (!stands(book, entry, now_ns) || (name && strcmp(entry->name, name) != 0)) {
        return NULL;
    }
    return entry;
}

/* Ends the session of a user that was not used for the longest time, where there is no room for one
 * more of theirs. */
static void make_room_for_user(svms_session_book *book, const char *name, uint64_t now_ns)
{
    uint32_t count = 0;
    session *oldest = NULL;
    for (uint32_t i = 0; i < book->table.capacity; i++) {
        session *entry = standing_at(book, i, name, now_ns);
        if (entry) {
            count++;
            oldest = !oldest || entry->used_ns < oldest->used_ns ? entry : oldest;
        }
    }
    if (count >= book->limits.per_user) {
        svms_record_remove(&book->table, oldest);
    }
}

/* Forgets sessions that have ended by time. */
static void sweep(svms_session_book *book, uint64_t now_ns)
{
    for (uint32_t i = 0; i < book->table.capacity; i++) {
        session *entry = svms_record_at(&book->table, i);
        if (entry && !stands(book, entry, now_ns)) {
            svms_record_remove(&book->table, entry);
        }
    }
}

/* With the lock held. A digest that is known means that the random source repeats itself: then
 * nobody is to get into the session of somebody else. */
static svms_status enter(svms_session_book *book, const uint8_t digest[SVMS_DIGEST_SIZE],
                         const char *name, session **out, svms_error *err)
{
    uint64_t now_ns = svms_steady_now(book->ctx, &book->latest_ns);
    if (svms_record_find(&book->table, digest)) {
        return svms_fail(err, SVMS_E_CRYPTO, "the random source repeats itself");
    }
    make_room_for_user(book, name, now_ns);
    if (book->table.free == SVMS_NO_RECORD) {
        sweep(book, now_ns);
    }
    session *entry = svms_record_add(&book->table, digest);
    if (!entry) {
        return svms_fail(err, SVMS_E_LIMIT, "%u sessions stand, and there is no room for more",
                         (unsigned)book->limits.capacity);
    }
    uint32_t place = svms_record_place(&book->table, entry);
    entry->id = book->begun++ * book->table.capacity + place + 1;
    entry->begun_ns = now_ns;
    entry->used_ns = now_ns;
    *out = entry;
    return SVMS_OK;
}

svms_status svms_session_begin(svms_session_book *book, const char *name, uint32_t methods,
                               char out[SVMS_SESSION_TEXT_SIZE], svms_error *err)
{
    char text[SVMS_SESSION_TEXT_SIZE];
    uint8_t digest[SVMS_DIGEST_SIZE];
    session *entry = NULL;
    if (!book || !name || !out) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a session needs a table, a name and a place for its text");
    }
    svms_status status = svms_login_name_check(name, err);
    if (status == SVMS_OK) {
        status = make_text(book, text, digest, err);
    }
    if (status == SVMS_OK) {
        int64_t utc_ns = svms_utc_now(book->ctx);
        svms_platform_lock(&book->latch);
        status = enter(book, digest, name, &entry, err);
        if (status == SVMS_OK) {
            entry->begun_utc_ns = utc_ns;
            entry->authenticated_utc_ns = utc_ns;
            entry->methods = methods;
            memcpy(entry->name, name, strlen(name) + 1);
        }
        svms_platform_unlock(&book->latch);
    }
    if (status == SVMS_OK) {
        memcpy(out, text, sizeof text);
    }
    svms_wipe(text, sizeof text);
    return status;
}

static svms_session_info info_of(const svms_session_book *book, const session *entry,
                                 uint64_t now_ns)
{
    svms_session_info info = SVMS_SESSION_INFO_INIT;
    uint64_t left_ns = limit_ns(book->limits.absolute_s) - (now_ns - entry->begun_ns);
    uint64_t idle_ns = limit_ns(book->limits.idle_s) - (now_ns - entry->used_ns);
    info.methods = entry->methods;
    info.id = entry->id;
    info.begun_utc_ns = entry->begun_utc_ns;
    info.authenticated_utc_ns = entry->authenticated_utc_ns;
    info.ends_s = (uint32_t)(left_ns / SVMS_NS_OF_SECOND);
    info.idle_ends_s = (uint32_t)((idle_ns < left_ns ? idle_ns : left_ns) / SVMS_NS_OF_SECOND);
    memcpy(info.name, entry->name, sizeof info.name);
    return info;
}

/* With the lock held. NULL unless it stands. */
static session *find_standing(svms_session_book *book, const uint8_t digest[SVMS_DIGEST_SIZE],
                              uint64_t now_ns, svms_session_verdict *verdict)
{
    session *entry = svms_record_find(&book->table, digest);
    *verdict = entry ? judge(book, entry, now_ns) : SVMS_SESSION_UNKNOWN;
    return *verdict == SVMS_SESSION_GOOD ? entry : NULL;
}

static svms_status refuse(svms_session_verdict verdict, svms_error *err)
{
    return svms_fail(err, SVMS_E_POLICY,
                     verdict == SVMS_SESSION_IDLE   ? "the session was not used for too long"
                     : verdict == SVMS_SESSION_OVER ? "the session began too long ago"
                                                    : "there is no such session");
}

svms_status svms_session_find(svms_session_book *book, const char *text, size_t size,
                              svms_session_info *out, svms_session_verdict *verdict,
                              svms_error *err)
{
    uint8_t digest[SVMS_DIGEST_SIZE];
    svms_session_info info = SVMS_SESSION_INFO_INIT;
    if (verdict) {
        *verdict = SVMS_SESSION_UNKNOWN;
    }
    if (!book || !text || !verdict) {
        return svms_fail(err, SVMS_E_USAGE,
                         "to find a session takes a table, a text and a verdict");
    }
    if (size != TEXT_LENGTH) {
        return refuse(SVMS_SESSION_UNKNOWN, err);
    }
    svms_status status = digest_of(book, text, digest, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_session_verdict found = SVMS_SESSION_UNKNOWN;
    svms_platform_lock(&book->latch);
    uint64_t now_ns = svms_steady_now(book->ctx, &book->latest_ns);
    session *entry = find_standing(book, digest, now_ns, &found);
    if (entry) {
        entry->used_ns = now_ns;
        info = info_of(book, entry, now_ns);
    }
    svms_platform_unlock(&book->latch);
    if (found == SVMS_SESSION_GOOD && out) {
        status = svms_result_write(out, &info, sizeof info, "the session", err);
    }
    if (status == SVMS_OK) {
        *verdict = found;
    }
    return status == SVMS_OK && found != SVMS_SESSION_GOOD ? refuse(found, err) : status;
}

/* With the lock held. */
static svms_status rename_session(svms_session_book *book, const uint8_t old[SVMS_DIGEST_SIZE],
                                  const uint8_t fresh[SVMS_DIGEST_SIZE], uint32_t methods,
                                  svms_session_verdict *verdict, svms_error *err)
{
    uint64_t now_ns = svms_steady_now(book->ctx, &book->latest_ns);
    svms_session_verdict found = SVMS_SESSION_UNKNOWN;
    session *entry = find_standing(book, old, now_ns, &found);
    if (!entry) {
        *verdict = found;
        return refuse(found, err);
    }
    if (svms_record_find(&book->table, fresh)) {
        return svms_fail(err, SVMS_E_CRYPTO, "the random source repeats itself");
    }
    svms_record_rekey(&book->table, entry, fresh);
    entry->used_ns = now_ns;
    entry->methods |= methods;
    if (methods != 0) {
        entry->authenticated_utc_ns = svms_utc_now(book->ctx);
    }
    *verdict = SVMS_SESSION_GOOD;
    return SVMS_OK;
}

svms_status svms_session_renew(svms_session_book *book, const char *text, size_t size,
                               uint32_t methods, char out[SVMS_SESSION_TEXT_SIZE],
                               svms_session_verdict *verdict, svms_error *err)
{
    char made[SVMS_SESSION_TEXT_SIZE];
    uint8_t old[SVMS_DIGEST_SIZE];
    uint8_t fresh[SVMS_DIGEST_SIZE];
    if (verdict) {
        *verdict = SVMS_SESSION_UNKNOWN;
    }
    if (!book || !text || !out || !verdict) {
        return svms_fail(err, SVMS_E_USAGE,
                         "to renew a session takes a table, its text, a place and a verdict");
    }
    if (size != TEXT_LENGTH) {
        return refuse(SVMS_SESSION_UNKNOWN, err);
    }
    svms_status status = digest_of(book, text, old, err);
    if (status == SVMS_OK) {
        status = make_text(book, made, fresh, err);
    }
    if (status == SVMS_OK) {
        svms_platform_lock(&book->latch);
        status = rename_session(book, old, fresh, methods, verdict, err);
        svms_platform_unlock(&book->latch);
    }
    if (status == SVMS_OK) {
        memcpy(out, made, sizeof made);
    }
    svms_wipe(made, sizeof made);
    return status;
}

svms_status svms_session_end(svms_session_book *book, const char *text, size_t size,
                             svms_error *err)
{
    uint8_t digest[SVMS_DIGEST_SIZE];
    if (!book || !text) {
        return svms_fail(err, SVMS_E_USAGE, "to end a session takes a table and its text");
    }
    if (size != TEXT_LENGTH) {
        return SVMS_OK;
    }
    svms_status status = digest_of(book, text, digest, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_platform_lock(&book->latch);
    session *entry = svms_record_find(&book->table, digest);
    if (entry) {
        svms_record_remove(&book->table, entry);
    }
    svms_platform_unlock(&book->latch);
    return SVMS_OK;
}

/* Ends a session. 1 if it stood until now. */
static uint32_t end(svms_session_book *book, session *entry, uint64_t now_ns)
{
    bool stood = stands(book, entry, now_ns);
    svms_record_remove(&book->table, entry);
    return stood ? 1 : 0;
}

static uint32_t place_of_id(const svms_session_book *book, uint64_t id)
{
    return (uint32_t)((id - 1) % book->table.capacity);
}

uint32_t svms_session_end_id(svms_session_book *book, uint64_t id)
{
    uint32_t ended = 0;
    if (!book || id == 0) {
        return 0;
    }
    svms_platform_lock(&book->latch);
    uint64_t now_ns = svms_steady_now(book->ctx, &book->latest_ns);
    session *entry = svms_record_at(&book->table, place_of_id(book, id));
    if (entry && entry->id == id) {
        ended = end(book, entry, now_ns);
    }
    svms_platform_unlock(&book->latch);
    return ended;
}

uint32_t svms_session_end_all(svms_session_book *book, const char *name, uint64_t except)
{
    uint32_t ended = 0;
    if (!book || !name) {
        return 0;
    }
    svms_platform_lock(&book->latch);
    uint64_t now_ns = svms_steady_now(book->ctx, &book->latest_ns);
    for (uint32_t i = 0; i < book->table.capacity; i++) {
        session *entry = svms_record_at(&book->table, i);
        if (entry && entry->id != except && strcmp(entry->name, name) == 0) {
            ended += end(book, entry, now_ns);
        }
    }
    svms_platform_unlock(&book->latch);
    return ended;
}

svms_status svms_session_next(svms_session_book *book, const char *name, uint64_t after,
                              svms_session_info *out, svms_error *err)
{
    svms_session_info info = SVMS_SESSION_INFO_INIT;
    const session *entry = NULL;
    if (!book || !out) {
        return svms_fail(err, SVMS_E_USAGE, "to list sessions takes a table and a place to go");
    }
    svms_platform_lock(&book->latch);
    uint64_t now_ns = svms_steady_now(book->ctx, &book->latest_ns);
    uint32_t place = after == 0 ? 0 : place_of_id(book, after) + 1;
    for (; !entry && place < book->table.capacity; place++) {
        entry = standing_at(book, place, name, now_ns);
    }
    if (entry) {
        info = info_of(book, entry, now_ns);
    }
    svms_platform_unlock(&book->latch);
    return entry ? svms_result_write(out, &info, sizeof info, "the session", err) : SVMS_END;
}
