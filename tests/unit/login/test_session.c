/* SPDX-License-Identifier: Apache-2.0 */
#include "login_stage.h"

#include <stdio.h>

#include <svms/session.h>

#define TEXT_LENGTH (SVMS_SESSION_TEXT_SIZE - 1)

typedef struct desk {
    login_stage *stage;
    svms_session_book *book;
} desk;

typedef struct ticket {
    char text[SVMS_SESSION_TEXT_SIZE];
} ticket;

static desk open_desk(login_stage *stage, const svms_session_limits *limits)
{
    desk at = { stage, NULL };
    assert_int_equal(svms_session_book_new(&at.book, stage->ctx, limits, NULL), SVMS_OK);
    return at;
}

static ticket begin(const desk *at, const char *name)
{
    ticket made = { "" };
    assert_int_equal(svms_session_begin(at->book, name, 1, made.text, NULL), SVMS_OK);
    assert_int_equal(strlen(made.text), TEXT_LENGTH);
    return made;
}

static svms_session_verdict look(const desk *at, const ticket *shown, svms_session_info *info)
{
    svms_session_verdict verdict = (svms_session_verdict)99;
    svms_status status =
        svms_session_find(at->book, shown->text, TEXT_LENGTH, info, &verdict, NULL);
    assert_int_equal(status, verdict == SVMS_SESSION_GOOD ? SVMS_OK : SVMS_E_POLICY);
    return verdict;
}

static svms_session_verdict find(const desk *at, const ticket *shown)
{
    return look(at, shown, NULL);
}

static uint64_t id_of(const desk *at, const ticket *shown)
{
    svms_session_info info = SVMS_SESSION_INFO_INIT;
    assert_int_equal(look(at, shown, &info), SVMS_SESSION_GOOD);
    return info.id;
}

static uint32_t count_of(const desk *at, const char *name)
{
    svms_session_info info = SVMS_SESSION_INFO_INIT;
    uint32_t count = 0;
    svms_status status = svms_session_next(at->book, name, 0, &info, NULL);
    for (; status == SVMS_OK; count++) {
        assert_true(!name || strcmp(info.name, name) == 0);
        status = svms_session_next(at->book, name, info.id, &info, NULL);
    }
    assert_int_equal(status, SVMS_END);
    return count;
}

static void a_session_tells_whose_it_is(void **state)
{
    desk at = open_desk(*state, NULL);
    char text[SVMS_SESSION_TEXT_SIZE];
    svms_session_info info = SVMS_SESSION_INFO_INIT;
    svms_session_verdict verdict = SVMS_SESSION_UNKNOWN;
    int64_t begun = at.stage->utc_ns;
    assert_int_equal(svms_session_begin(at.book, "anna", 5, text, NULL), SVMS_OK);
    assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789-_"),
                     TEXT_LENGTH);
    stage_pass(at.stage, 100);
    assert_int_equal(svms_session_find(at.book, text, TEXT_LENGTH, &info, &verdict, NULL), SVMS_OK);
    assert_int_equal(verdict, SVMS_SESSION_GOOD);
    assert_string_equal(info.name, "anna");
    assert_int_equal(info.methods, 5);
    assert_int_not_equal(info.id, 0);
    assert_true(info.begun_utc_ns == begun);
    assert_true(info.authenticated_utc_ns == begun);
    assert_int_equal(info.idle_ends_s, 900);
    assert_int_equal(info.ends_s, 43200 - 100);
    svms_session_book_free(&at.book);
}

/* What the specification says of the text: base64url of what the generator gave. */
static void the_text_is_the_randomness(void **state)
{
    static const uint8_t random[32] = { 0xFB, 0xFF, 0xBF };
    desk at = open_desk(*state, NULL);
    at.stage->random = random;
    at.stage->random_size = sizeof random;
    ticket made = begin(&at, "anna");
    assert_string_equal(made.text, "-_-_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    svms_session_book_free(&at.book);
}

static void no_other_text_is_a_session(void **state)
{
    desk at = open_desk(*state, NULL);
    ticket made = begin(&at, "anna");
    svms_session_verdict verdict = SVMS_SESSION_GOOD;
    for (size_t i = 0; i < TEXT_LENGTH; i++) {
        ticket changed = made;
        changed.text[i] = changed.text[i] == 'A' ? 'B' : 'A';
        assert_int_equal(find(&at, &changed), SVMS_SESSION_UNKNOWN);
    }
    /* Other spellings of the same bits, had anybody decoded them. */
    ticket spelled = made;
    spelled.text[TEXT_LENGTH - 1]++;
    assert_int_equal(find(&at, &spelled), SVMS_SESSION_UNKNOWN);
    for (size_t size = 0; size < 2 * TEXT_LENGTH; size++) {
        char text[2 * TEXT_LENGTH] = { 0 };
        memcpy(text, made.text, TEXT_LENGTH);
        assert_int_equal(svms_session_find(at.book, text, size, NULL, &verdict, NULL),
                         size == TEXT_LENGTH ? SVMS_OK : SVMS_E_POLICY);
    }
    svms_session_book_free(&at.book);
}

static void a_session_ends_when_it_is_idle(void **state)
{
    desk at = open_desk(*state, NULL);
    ticket made = begin(&at, "anna");
    for (int i = 0; i < 10; i++) {
        stage_pass(at.stage, 899);
        assert_int_equal(find(&at, &made), SVMS_SESSION_GOOD);
    }
    stage_pass(at.stage, 900);
    assert_int_equal(count_of(&at, "anna"), 0);
    assert_int_equal(find(&at, &made), SVMS_SESSION_IDLE);
    /* It does not come back by being asked for. */
    assert_int_equal(find(&at, &made), SVMS_SESSION_IDLE);
    svms_session_book_free(&at.book);
}

static void a_session_ends_however_it_is_used(void **state)
{
    desk at = open_desk(*state, NULL);
    ticket made = begin(&at, "anna");
    for (int i = 0; i < 71; i++) {
        svms_session_info info = SVMS_SESSION_INFO_INIT;
        stage_pass(at.stage, 600);
        assert_int_equal(look(&at, &made, &info), SVMS_SESSION_GOOD);
        assert_int_equal(info.ends_s, 43200 - 600 * (i + 1));
        assert_int_equal(info.idle_ends_s, info.ends_s < 900 ? info.ends_s : 900);
    }
    at.stage->steady_ns += 600 * SECOND - 1;
    assert_int_equal(find(&at, &made), SVMS_SESSION_GOOD);
    at.stage->steady_ns += 1;
    assert_int_equal(find(&at, &made), SVMS_SESSION_OVER);
    svms_session_book_free(&at.book);
}

static void clocks_that_are_set_end_and_prolong_nothing(void **state)
{
    desk at = open_desk(*state, NULL);
    stage_pass(at.stage, 1000000);
    ticket made = begin(&at, "anna");
    at.stage->utc_ns = INT64_MAX;
    assert_int_equal(find(&at, &made), SVMS_SESSION_GOOD);
    at.stage->utc_ns = INT64_MIN + 1;
    assert_int_equal(find(&at, &made), SVMS_SESSION_GOOD);
    uint64_t before = at.stage->steady_ns;
    at.stage->steady_ns = 0;
    assert_int_equal(find(&at, &made), SVMS_SESSION_GOOD);
    at.stage->steady_ns = before + 900 * SECOND;
    assert_int_equal(find(&at, &made), SVMS_SESSION_IDLE);
    svms_session_book_free(&at.book);
}

static void one_more_than_a_user_may_have_ends_the_idlest(void **state)
{
    svms_session_limits limits = SVMS_SESSION_LIMITS_INIT;
    limits.per_user = 3;
    desk at = open_desk(*state, &limits);
    ticket of_bob = begin(&at, "bob");
    ticket made[4];
    for (size_t i = 0; i < 3; i++) {
        stage_pass(at.stage, 1);
        made[i] = begin(&at, "anna");
    }
    stage_pass(at.stage, 1);
    assert_int_equal(find(&at, &made[0]), SVMS_SESSION_GOOD);
    made[3] = begin(&at, "anna");
    assert_int_equal(find(&at, &made[0]), SVMS_SESSION_GOOD);
    assert_int_equal(find(&at, &made[1]), SVMS_SESSION_UNKNOWN);
    assert_int_equal(find(&at, &made[2]), SVMS_SESSION_GOOD);
    assert_int_equal(find(&at, &made[3]), SVMS_SESSION_GOOD);
    assert_int_equal(find(&at, &of_bob), SVMS_SESSION_GOOD);
    assert_int_equal(count_of(&at, "anna"), 3);
    svms_session_book_free(&at.book);
}

static void a_full_table_begins_nothing_and_ends_nothing(void **state)
{
    svms_session_limits limits = SVMS_SESSION_LIMITS_INIT;
    char text[SVMS_SESSION_TEXT_SIZE] = "x";
    limits.capacity = 2;
    desk at = open_desk(*state, &limits);
    ticket first = begin(&at, "anna");
    stage_pass(at.stage, 800);
    ticket second = begin(&at, "bob");
    assert_int_equal(svms_session_begin(at.book, "carl", 0, text, NULL), SVMS_E_LIMIT);
    assert_string_equal(text, "x");
    /* What has ended by itself makes room. */
    stage_pass(at.stage, 100);
    ticket third = begin(&at, "carl");
    assert_int_equal(find(&at, &first), SVMS_SESSION_UNKNOWN);
    assert_int_equal(find(&at, &second), SVMS_SESSION_GOOD);
    assert_int_equal(find(&at, &third), SVMS_SESSION_GOOD);
    svms_session_book_free(&at.book);
}

static void a_renewed_session_has_another_text(void **state)
{
    desk at = open_desk(*state, NULL);
    ticket old = begin(&at, "anna");
    ticket fresh = { "" };
    svms_session_info before = SVMS_SESSION_INFO_INIT;
    svms_session_info info = SVMS_SESSION_INFO_INIT;
    svms_session_verdict verdict = SVMS_SESSION_UNKNOWN;
    stage_pass(at.stage, 100);
    assert_int_equal(look(&at, &old, &before), SVMS_SESSION_GOOD);
    assert_int_equal(
        svms_session_renew(at.book, old.text, TEXT_LENGTH, 6, fresh.text, &verdict, NULL), SVMS_OK);
    assert_int_equal(verdict, SVMS_SESSION_GOOD);
    assert_int_equal(find(&at, &old), SVMS_SESSION_UNKNOWN);
    assert_int_equal(look(&at, &fresh, &info), SVMS_SESSION_GOOD);
    assert_int_equal(info.id, before.id);
    assert_int_equal(info.methods, 7);
    assert_int_equal(info.ends_s, before.ends_s);
    assert_true(info.begun_utc_ns == before.begun_utc_ns);
    assert_true(info.authenticated_utc_ns == at.stage->utc_ns);
    /* More rights without having proven anything again. */
    stage_pass(at.stage, 100);
    ticket third = { "" };
    assert_int_equal(
        svms_session_renew(at.book, fresh.text, TEXT_LENGTH, 0, third.text, &verdict, NULL),
        SVMS_OK);
    int64_t authenticated = info.authenticated_utc_ns;
    assert_int_equal(look(&at, &third, &info), SVMS_SESSION_GOOD);
    assert_true(info.authenticated_utc_ns == authenticated);
    svms_session_book_free(&at.book);
}

static void what_has_ended_is_not_renewed(void **state)
{
    desk at = open_desk(*state, NULL);
    ticket made = begin(&at, "anna");
    ticket fresh = { "x" };
    svms_session_verdict verdict = SVMS_SESSION_GOOD;
    stage_pass(at.stage, 900);
    assert_int_equal(
        svms_session_renew(at.book, made.text, TEXT_LENGTH, 1, fresh.text, &verdict, NULL),
        SVMS_E_POLICY);
    assert_int_equal(verdict, SVMS_SESSION_IDLE);
    stage_pass(at.stage, 43200);
    assert_int_equal(
        svms_session_renew(at.book, made.text, TEXT_LENGTH, 1, fresh.text, &verdict, NULL),
        SVMS_E_POLICY);
    assert_int_equal(verdict, SVMS_SESSION_OVER);
    assert_int_equal(svms_session_end(at.book, made.text, TEXT_LENGTH, NULL), SVMS_OK);
    assert_int_equal(
        svms_session_renew(at.book, made.text, TEXT_LENGTH, 1, fresh.text, &verdict, NULL),
        SVMS_E_POLICY);
    assert_int_equal(verdict, SVMS_SESSION_UNKNOWN);
    assert_int_equal(svms_session_renew(at.book, made.text, 3, 1, fresh.text, &verdict, NULL),
                     SVMS_E_POLICY);
    assert_string_equal(fresh.text, "x");
    svms_session_book_free(&at.book);
}

static void sessions_end_one_by_one_or_all_together(void **state)
{
    desk at = open_desk(*state, NULL);
    ticket of_anna[4];
    ticket of_bob = begin(&at, "bob");
    for (size_t i = 0; i < COUNT_OF(of_anna); i++)
        of_anna[i] = begin(&at, "anna");
    assert_int_equal(count_of(&at, NULL), 5);
    assert_int_equal(svms_session_end(at.book, of_anna[0].text, TEXT_LENGTH, NULL), SVMS_OK);
    assert_int_equal(find(&at, &of_anna[0]), SVMS_SESSION_UNKNOWN);
    assert_int_equal(svms_session_end(at.book, of_anna[0].text, TEXT_LENGTH, NULL), SVMS_OK);
    assert_int_equal(svms_session_end(at.book, of_anna[1].text, 5, NULL), SVMS_OK);
    uint64_t id = id_of(&at, &of_anna[1]);
    assert_int_equal(svms_session_end_id(at.book, id), 1);
    assert_int_equal(svms_session_end_id(at.book, id), 0);
    assert_int_equal(find(&at, &of_anna[1]), SVMS_SESSION_UNKNOWN);
    /* Another one in the same place has another number. */
    ticket next = begin(&at, "anna");
    assert_int_equal(svms_session_end_id(at.book, id), 0);
    assert_int_equal(svms_session_end_all(at.book, "anna", id_of(&at, &of_anna[2])), 2);
    assert_int_equal(find(&at, &next), SVMS_SESSION_UNKNOWN);
    assert_int_equal(find(&at, &of_anna[3]), SVMS_SESSION_UNKNOWN);
    assert_int_equal(find(&at, &of_anna[2]), SVMS_SESSION_GOOD);
    assert_int_equal(svms_session_end_all(at.book, "anna", 0), 1);
    assert_int_equal(svms_session_end_all(at.book, "anna", 0), 0);
    assert_int_equal(find(&at, &of_bob), SVMS_SESSION_GOOD);
    svms_session_book_free(&at.book);
}

static void what_has_ended_by_itself_is_not_counted(void **state)
{
    desk at = open_desk(*state, NULL);
    ticket first = begin(&at, "anna");
    uint64_t id = id_of(&at, &first);
    begin(&at, "anna");
    stage_pass(at.stage, 900);
    begin(&at, "anna");
    assert_int_equal(svms_session_end_id(at.book, id), 0);
    assert_int_equal(svms_session_end_all(at.book, "anna", 0), 1);
    svms_session_book_free(&at.book);
}

static void a_walk_shows_what_stood_all_the_time_once(void **state)
{
    desk at = open_desk(*state, NULL);
    ticket made[5];
    uint32_t seen[5] = { 0 };
    uint64_t ids[5];
    svms_session_info info = SVMS_SESSION_INFO_INIT;
    char name[8];
    for (size_t i = 0; i < COUNT_OF(made); i++) {
        snprintf(name, sizeof name, "user%zu", i);
        made[i] = begin(&at, name);
        ids[i] = id_of(&at, &made[i]);
    }
    svms_status status = svms_session_next(at.book, NULL, 0, &info, NULL);
    while (status == SVMS_OK) {
        for (size_t i = 0; i < COUNT_OF(made); i++)
            seen[i] += info.id == ids[i];
        /* The one that was just shown ends, and another begins. */
        if (info.id == ids[1]) {
            assert_int_equal(svms_session_end_id(at.book, info.id), 1);
            begin(&at, "new");
        }
        status = svms_session_next(at.book, NULL, info.id, &info, NULL);
    }
    assert_int_equal(status, SVMS_END);
    for (size_t i = 0; i < COUNT_OF(made); i++)
        assert_int_equal(seen[i], 1);
    /* Looking at a list is no use. */
    stage_pass(at.stage, 899);
    assert_int_equal(count_of(&at, NULL), 5);
    stage_pass(at.stage, 1);
    assert_int_equal(count_of(&at, NULL), 0);
    assert_int_equal(svms_session_next(at.book, NULL, UINT64_MAX, &info, NULL), SVMS_END);
    svms_session_book_free(&at.book);
}

static void a_random_source_that_repeats_leads_into_no_session(void **state)
{
    static const uint8_t same[] = { 7 };
    desk at = open_desk(*state, NULL);
    char text[SVMS_SESSION_TEXT_SIZE] = "x";
    svms_session_verdict verdict = SVMS_SESSION_GOOD;
    ticket of_bob = begin(&at, "bob");
    at.stage->random = same;
    at.stage->random_size = sizeof same;
    ticket of_anna = begin(&at, "anna");
    assert_int_equal(svms_session_begin(at.book, "carl", 0, text, NULL), SVMS_E_CRYPTO);
    assert_int_equal(svms_session_renew(at.book, of_bob.text, TEXT_LENGTH, 0, text, &verdict, NULL),
                     SVMS_E_CRYPTO);
    assert_int_equal(verdict, SVMS_SESSION_UNKNOWN);
    at.stage->random_fails = true;
    assert_int_equal(svms_session_begin(at.book, "carl", 0, text, NULL), SVMS_E_CRYPTO);
    assert_int_equal(svms_session_renew(at.book, of_bob.text, TEXT_LENGTH, 0, text, &verdict, NULL),
                     SVMS_E_CRYPTO);
    assert_string_equal(text, "x");
    assert_int_equal(find(&at, &of_anna), SVMS_SESSION_GOOD);
    assert_int_equal(find(&at, &of_bob), SVMS_SESSION_GOOD);
    assert_int_equal(count_of(&at, NULL), 2);
    svms_session_book_free(&at.book);
}

/* An allocator from which all memory can be looked at afterwards. */
typedef struct arena {
    uint8_t bytes[65536];
    size_t used;
} arena;

static void *arena_take(void *user, size_t size)
{
    arena *from = user;
    void *taken = from->bytes + from->used;
    from->used += (size + 15) / 16 * 16;
    return from->used <= sizeof from->bytes ? taken : NULL;
}

static void arena_give_back(void *user, void *pointer)
{
    (void)user;
    (void)pointer;
}

static bool holds(const arena *all, const void *text, size_t size)
{
    for (size_t i = 0; i + size <= sizeof all->bytes; i++) {
        if (memcmp(all->bytes + i, text, size) == 0)
            return true;
    }
    return false;
}

static void the_text_is_not_kept(void **state)
{
    static _Alignas(16) arena all;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    svms_session_limits limits = SVMS_SESSION_LIMITS_INIT;
    svms_ctx *ctx = NULL;
    svms_session_book *book = NULL;
    char text[SVMS_SESSION_TEXT_SIZE];
    (void)state;
    options.user = &all;
    options.allocate = arena_take;
    options.release = arena_give_back;
    limits.capacity = 4;
    assert_int_equal(svms_ctx_new(&ctx, &options, NULL), SVMS_OK);
    assert_int_equal(svms_session_book_new(&book, ctx, &limits, NULL), SVMS_OK);
    assert_int_equal(svms_session_begin(book, "somebody", 0, text, NULL), SVMS_OK);
    assert_true(holds(&all, "somebody", 8));
    assert_false(holds(&all, text, 8));
    assert_false(holds(&all, text + TEXT_LENGTH - 8, 8));
    assert_int_equal(svms_session_end(book, text, TEXT_LENGTH, NULL), SVMS_OK);
    assert_false(holds(&all, "somebody", 8));
    assert_int_equal(svms_session_begin(book, "somebody", 0, text, NULL), SVMS_OK);
    svms_session_book_free(&book);
    assert_false(holds(&all, "somebody", 8));
    svms_ctx_free(&ctx);
}

static void limits_out_of_range_are_refused(void **state)
{
    login_stage *stage = *state;
    svms_session_limits cases[12];
    svms_session_book *book = NULL;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        cases[i] = (svms_session_limits)SVMS_SESSION_LIMITS_INIT;
    cases[0].capacity = 0;
    cases[1].capacity = 65537;
    cases[2].idle_s = 9;
    cases[3].idle_s = 43201;
    cases[4].absolute_s = 31536001;
    cases[5].absolute_s = 0;
    cases[6].per_user = 0;
    cases[7].per_user = 1001;
    cases[8].reserved = 1;
    cases[9].struct_size = 0;
    cases[10].struct_size = 1u << 20;
    cases[11].idle_s = 0;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (svms_session_book_new(&book, stage->ctx, &cases[i], NULL) != SVMS_E_USAGE)
            fail_msg("case %zu", i);
    }
    assert_int_equal(svms_session_book_new(NULL, stage->ctx, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_session_book_new(&book, NULL, NULL, NULL), SVMS_E_USAGE);
    assert_null(book);
    svms_session_book_free(&book);
    svms_session_book_free(NULL);
}

static void wrong_use_is_refused(void **state)
{
    desk at = open_desk(*state, NULL);
    ticket made = begin(&at, "anna");
    char out[SVMS_SESSION_TEXT_SIZE];
    char name[SVMS_LOGIN_NAME_MAX + 2];
    svms_session_info info = SVMS_SESSION_INFO_INIT;
    svms_session_verdict verdict = SVMS_SESSION_GOOD;
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(svms_session_begin(NULL, "a", 0, out, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_session_begin(at.book, NULL, 0, out, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_session_begin(at.book, "", 0, out, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_session_begin(at.book, name, 0, out, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_session_begin(at.book, "a", 0, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_session_find(NULL, made.text, TEXT_LENGTH, NULL, &verdict, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_session_find(at.book, NULL, TEXT_LENGTH, NULL, &verdict, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_session_find(at.book, made.text, TEXT_LENGTH, NULL, NULL, NULL),
                     SVMS_E_USAGE);
    info.struct_size = 0;
    assert_int_equal(svms_session_find(at.book, made.text, TEXT_LENGTH, &info, &verdict, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(verdict, SVMS_SESSION_UNKNOWN);
    assert_int_equal(svms_session_next(at.book, NULL, 0, &info, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_session_next(NULL, NULL, 0, &info, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_session_next(at.book, NULL, 0, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_session_renew(NULL, made.text, TEXT_LENGTH, 0, out, &verdict, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_session_renew(at.book, NULL, TEXT_LENGTH, 0, out, &verdict, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_session_renew(at.book, made.text, TEXT_LENGTH, 0, NULL, &verdict, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_session_renew(at.book, made.text, TEXT_LENGTH, 0, out, NULL, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_session_end(NULL, made.text, TEXT_LENGTH, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_session_end(at.book, NULL, TEXT_LENGTH, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_session_end_id(NULL, 1), 0);
    assert_int_equal(svms_session_end_id(at.book, 0), 0);
    assert_int_equal(svms_session_end_all(NULL, "anna", 0), 0);
    assert_int_equal(svms_session_end_all(at.book, NULL, 0), 0);
    assert_int_equal(find(&at, &made), SVMS_SESSION_GOOD);
    name[SVMS_LOGIN_NAME_MAX] = '\0';
    ticket longest = begin(&at, name);
    info = (svms_session_info)SVMS_SESSION_INFO_INIT;
    assert_int_equal(look(&at, &longest, &info), SVMS_SESSION_GOOD);
    assert_string_equal(info.name, name);
    svms_session_book_free(&at.book);
}

static svms_status live_a_session(svms_ctx *ctx, svms_error *err)
{
    svms_session_book *book = NULL;
    char text[SVMS_SESSION_TEXT_SIZE];
    char fresh[SVMS_SESSION_TEXT_SIZE];
    svms_session_verdict verdict = SVMS_SESSION_UNKNOWN;
    svms_status status = svms_session_book_new(&book, ctx, NULL, err);
    if (status == SVMS_OK)
        status = svms_session_begin(book, "anna", 1, text, err);
    if (status == SVMS_OK)
        status = svms_session_renew(book, text, TEXT_LENGTH, 1, fresh, &verdict, err);
    if (status == SVMS_OK)
        status = svms_session_find(book, fresh, TEXT_LENGTH, NULL, &verdict, err);
    if (status == SVMS_OK)
        status = svms_session_end(book, fresh, TEXT_LENGTH, err);
    svms_session_book_free(&book);
    return status;
}

static void sessions_survive_failing_memory(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(live_a_session);
}

static void verdicts_have_names(void **state)
{
    static const char *const names[] = { "unknown", "good", "idle", "over", "none of these" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_string_equal(svms_session_verdict_name((svms_session_verdict)i), names[i]);
}

int main(void)
{
#define STAGED(test) cmocka_unit_test_setup_teardown(test, stage_set_up, stage_tear_down)
    const struct CMUnitTest tests[] = {
        STAGED(a_session_tells_whose_it_is),
        STAGED(the_text_is_the_randomness),
        STAGED(no_other_text_is_a_session),
        STAGED(a_session_ends_when_it_is_idle),
        STAGED(a_session_ends_however_it_is_used),
        STAGED(clocks_that_are_set_end_and_prolong_nothing),
        STAGED(one_more_than_a_user_may_have_ends_the_idlest),
        STAGED(a_full_table_begins_nothing_and_ends_nothing),
        STAGED(a_renewed_session_has_another_text),
        STAGED(what_has_ended_is_not_renewed),
        STAGED(sessions_end_one_by_one_or_all_together),
        STAGED(what_has_ended_by_itself_is_not_counted),
        STAGED(a_walk_shows_what_stood_all_the_time_once),
        STAGED(a_random_source_that_repeats_leads_into_no_session),
        cmocka_unit_test(the_text_is_not_kept),
        STAGED(limits_out_of_range_are_refused),
        STAGED(wrong_use_is_refused),
        cmocka_unit_test(sessions_survive_failing_memory),
        cmocka_unit_test(verdicts_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
