/* SPDX-License-Identifier: Apache-2.0 */
/* Edits of signed streams, each by hand, and what is said of them (CS-VER-2 to CS-VER-7). */
#include "../base/cmocka_all.h"

#include "film_lab.h"

#include <stdio.h>
#include <string.h>

/* SEIs right before the slice that closed their GOP; one frame later; two of three without
 * signature; parts. Each GOP has five frames (with parts, nine and eight). */
#define PROMPT "CI P P P P SI P P P P SI P P P P SI P P P P S"
#define LATE "CI P P P P I P SP P P I P SP P P I P SP P P S"
#define EVERY_THIRD                                                                                \
    "CI P P P P I UP P P P I UP P P P I SP P P P I UP P P P I UP P P P I SP P P P S"
#define PARTS "CI P P /P SP P /P P SP I P SP P /P P SP P I P SP P S"

typedef enum edit_kind {
    DROP,
    CHANGE,
    MOVE,          /* to stand before (a P with a greater number: behind) the other one */
    REPEAT,        /* a copy behind the other one */
    INSERT_SLICE,  /* before it */
    INSERT_ANCHOR, /* before it */
    CUT,           /* up to the other one, or the end */
    TRIM,          /* all before it but the certificate SEI */
    CHANGE_ALL     /* slices up to the other one */
} edit_kind;

/* The n-th unit of a kind, and another one; 'E' is the end. */
typedef struct edit {
    const char *script;
    bool without_lists;
    edit_kind kind;
    char unit;
    unsigned n;
    char other;
    unsigned other_n;
    const char *expected;
} edit;

static const edit edits[] = {
    { PROMPT, false, DROP, 'P', 5, 0, 0, "" },
    { PROMPT, false, DROP, 'P', 7, 0, 0, "" },
    { PROMPT, false, DROP, 'P', 3, 0, 0, "" },
    { PROMPT, false, DROP, 'I', 1, 0, 0, "" },
    { PROMPT, false, DROP, 'I', 0, 0, 0, "" },
    { PROMPT, false, CHANGE, 'P', 5, 0, 0, "" },
    { PROMPT, false, CHANGE, 'P', 7, 0, 0, "" },
    { PROMPT, false, CHANGE, 'P', 3, 0, 0, "" },
    { PROMPT, false, CHANGE, 'I', 1, 0, 0, "" },
    { PROMPT, false, CHANGE, 'I', 0, 0, 0, "" },
    { PROMPT, false, MOVE, 'P', 5, 'P', 6, "" },
    { PROMPT, false, MOVE, 'P', 1, 'P', 6, "" },
    { PROMPT, false, MOVE, 'P', 6, 'P', 1, "" },
    { PROMPT, false, REPEAT, 'P', 5, 'P', 6, "" },
    { PROMPT, false, REPEAT, 'P', 1, 'P', 6, "" },
    { PROMPT, false, REPEAT, 'P', 7, 'P', 7, "" },
    { PROMPT, false, INSERT_SLICE, 'P', 6, 0, 0, "" },
    { PROMPT, false, INSERT_SLICE, 'I', 2, 0, 0, "" },
    { PROMPT, false, INSERT_ANCHOR, 'P', 6, 0, 0, "" },
    { PROMPT, false, DROP, 'S', 1, 0, 0, "" },
    { PROMPT, false, CHANGE, 'S', 1, 0, 0, "" },
    { PROMPT, false, CUT, 'I', 1, 'I', 2, "" },
    { PROMPT, false, TRIM, 'I', 1, 0, 0, "" },
    { PROMPT, false, TRIM, 'P', 2, 0, 0, "" },
    { PROMPT, false, CUT, 'P', 9, 'E', 0, "" },
    { PROMPT, false, CHANGE_ALL, 'I', 1, 'I', 2, "" },
    { LATE, false, DROP, 'P', 5, 0, 0, "" },
    { LATE, false, DROP, 'P', 7, 0, 0, "" },
    { LATE, false, DROP, 'P', 3, 0, 0, "" },
    { LATE, false, DROP, 'I', 1, 0, 0, "" },
    { LATE, false, DROP, 'I', 0, 0, 0, "" },
    { LATE, false, CHANGE, 'P', 5, 0, 0, "" },
    { LATE, false, CHANGE, 'P', 7, 0, 0, "" },
    { LATE, false, CHANGE, 'P', 3, 0, 0, "" },
    { LATE, false, CHANGE, 'I', 1, 0, 0, "" },
    { LATE, false, CHANGE, 'I', 0, 0, 0, "" },
    { LATE, false, MOVE, 'P', 5, 'P', 6, "" },
    { LATE, false, MOVE, 'P', 1, 'P', 6, "" },
    { LATE, false, MOVE, 'P', 6, 'P', 1, "" },
    { LATE, false, REPEAT, 'P', 5, 'P', 6, "" },
    { LATE, false, REPEAT, 'P', 1, 'P', 6, "" },
    { LATE, false, REPEAT, 'P', 7, 'P', 7, "" },
    { LATE, false, INSERT_SLICE, 'P', 6, 0, 0, "" },
    { LATE, false, INSERT_SLICE, 'I', 2, 0, 0, "" },
    { LATE, false, INSERT_ANCHOR, 'P', 6, 0, 0, "" },
    { LATE, false, DROP, 'S', 1, 0, 0, "" },
    { LATE, false, CHANGE, 'S', 1, 0, 0, "" },
    { LATE, false, CUT, 'I', 1, 'I', 2, "" },
    { LATE, false, TRIM, 'I', 1, 0, 0, "" },
    { LATE, false, TRIM, 'P', 2, 0, 0, "" },
    { LATE, false, CUT, 'P', 9, 'E', 0, "" },
    { LATE, false, CHANGE_ALL, 'I', 1, 'I', 2, "" },
    { EVERY_THIRD, false, DROP, 'P', 5, 0, 0, "" },
    { EVERY_THIRD, false, DROP, 'P', 7, 0, 0, "" },
    { EVERY_THIRD, false, DROP, 'P', 3, 0, 0, "" },
    { EVERY_THIRD, false, DROP, 'I', 1, 0, 0, "" },
    { EVERY_THIRD, false, DROP, 'I', 0, 0, 0, "" },
    { EVERY_THIRD, false, CHANGE, 'P', 5, 0, 0, "" },
    { EVERY_THIRD, false, CHANGE, 'P', 7, 0, 0, "" },
    { EVERY_THIRD, false, CHANGE, 'P', 3, 0, 0, "" },
    { EVERY_THIRD, false, CHANGE, 'I', 1, 0, 0, "" },
    { EVERY_THIRD, false, CHANGE, 'I', 0, 0, 0, "" },
    { EVERY_THIRD, false, MOVE, 'P', 5, 'P', 6, "" },
    { EVERY_THIRD, false, MOVE, 'P', 1, 'P', 6, "" },
    { EVERY_THIRD, false, MOVE, 'P', 6, 'P', 1, "" },
    { EVERY_THIRD, false, REPEAT, 'P', 5, 'P', 6, "" },
    { EVERY_THIRD, false, REPEAT, 'P', 1, 'P', 6, "" },
    { EVERY_THIRD, false, REPEAT, 'P', 7, 'P', 7, "" },
    { EVERY_THIRD, false, INSERT_SLICE, 'P', 6, 0, 0, "" },
    { EVERY_THIRD, false, INSERT_SLICE, 'I', 2, 0, 0, "" },
    { EVERY_THIRD, false, INSERT_ANCHOR, 'P', 6, 0, 0, "" },
    { EVERY_THIRD, false, DROP, 'S', 1, 0, 0, "" },
    { EVERY_THIRD, false, CHANGE, 'S', 1, 0, 0, "" },
    { EVERY_THIRD, false, CUT, 'I', 1, 'I', 2, "" },
    { EVERY_THIRD, false, TRIM, 'I', 1, 0, 0, "" },
    { EVERY_THIRD, false, TRIM, 'P', 2, 0, 0, "" },
    { EVERY_THIRD, false, CUT, 'P', 9, 'E', 0, "" },
    { EVERY_THIRD, false, CHANGE_ALL, 'I', 1, 'I', 2, "" },
    { PARTS, false, DROP, 'P', 5, 0, 0, "" },
    { PARTS, false, DROP, 'P', 7, 0, 0, "" },
    { PARTS, false, DROP, 'P', 3, 0, 0, "" },
    { PARTS, false, DROP, 'I', 1, 0, 0, "" },
    { PARTS, false, DROP, 'I', 0, 0, 0, "" },
    { PARTS, false, CHANGE, 'P', 5, 0, 0, "" },
    { PARTS, false, CHANGE, 'P', 7, 0, 0, "" },
    { PARTS, false, CHANGE, 'P', 3, 0, 0, "" },
    { PARTS, false, CHANGE, 'I', 1, 0, 0, "" },
    { PARTS, false, CHANGE, 'I', 0, 0, 0, "" },
    { PARTS, false, MOVE, 'P', 5, 'P', 6, "" },
    { PARTS, false, MOVE, 'P', 1, 'P', 6, "" },
    { PARTS, false, MOVE, 'P', 6, 'P', 1, "" },
    { PARTS, false, REPEAT, 'P', 5, 'P', 6, "" },
    { PARTS, false, REPEAT, 'P', 1, 'P', 6, "" },
    { PARTS, false, REPEAT, 'P', 7, 'P', 7, "" },
    { PARTS, false, INSERT_SLICE, 'P', 6, 0, 0, "" },
    { PARTS, false, INSERT_SLICE, 'I', 2, 0, 0, "" },
    { PARTS, false, INSERT_ANCHOR, 'P', 6, 0, 0, "" },
    { PARTS, false, DROP, 'S', 1, 0, 0, "" },
    { PARTS, false, CHANGE, 'S', 1, 0, 0, "" },
    { PARTS, false, CUT, 'I', 1, 'I', 2, "" },
    { PARTS, false, TRIM, 'I', 1, 0, 0, "" },
    { PARTS, false, TRIM, 'P', 2, 0, 0, "" },
    { PARTS, false, CUT, 'P', 9, 'E', 0, "" },
    { PARTS, false, CHANGE_ALL, 'I', 1, 'I', 2, "" },
    { PROMPT, true, DROP, 'P', 5, 0, 0, "" },
    { PROMPT, true, DROP, 'P', 7, 0, 0, "" },
    { PROMPT, true, DROP, 'P', 3, 0, 0, "" },
    { PROMPT, true, DROP, 'I', 1, 0, 0, "" },
    { PROMPT, true, DROP, 'I', 0, 0, 0, "" },
    { PROMPT, true, CHANGE, 'P', 5, 0, 0, "" },
    { PROMPT, true, CHANGE, 'P', 7, 0, 0, "" },
    { PROMPT, true, CHANGE, 'P', 3, 0, 0, "" },
    { PROMPT, true, CHANGE, 'I', 1, 0, 0, "" },
    { PROMPT, true, CHANGE, 'I', 0, 0, 0, "" },
    { PROMPT, true, MOVE, 'P', 5, 'P', 6, "" },
    { PROMPT, true, MOVE, 'P', 1, 'P', 6, "" },
    { PROMPT, true, MOVE, 'P', 6, 'P', 1, "" },
    { PROMPT, true, REPEAT, 'P', 5, 'P', 6, "" },
    { PROMPT, true, REPEAT, 'P', 1, 'P', 6, "" },
    { PROMPT, true, REPEAT, 'P', 7, 'P', 7, "" },
    { PROMPT, true, INSERT_SLICE, 'P', 6, 0, 0, "" },
    { PROMPT, true, INSERT_SLICE, 'I', 2, 0, 0, "" },
    { PROMPT, true, INSERT_ANCHOR, 'P', 6, 0, 0, "" },
    { PROMPT, true, DROP, 'S', 1, 0, 0, "" },
    { PROMPT, true, CHANGE, 'S', 1, 0, 0, "" },
    { PROMPT, true, CUT, 'I', 1, 'I', 2, "" },
    { PROMPT, true, TRIM, 'I', 1, 0, 0, "" },
    { PROMPT, true, TRIM, 'P', 2, 0, 0, "" },
    { PROMPT, true, CUT, 'P', 9, 'E', 0, "" },
    { PROMPT, true, CHANGE_ALL, 'I', 1, 'I', 2, "" },
    { LATE, true, DROP, 'P', 5, 0, 0, "" },
    { LATE, true, DROP, 'P', 7, 0, 0, "" },
    { LATE, true, DROP, 'P', 3, 0, 0, "" },
    { LATE, true, DROP, 'I', 1, 0, 0, "" },
    { LATE, true, DROP, 'I', 0, 0, 0, "" },
    { LATE, true, CHANGE, 'P', 5, 0, 0, "" },
    { LATE, true, CHANGE, 'P', 7, 0, 0, "" },
    { LATE, true, CHANGE, 'P', 3, 0, 0, "" },
    { LATE, true, CHANGE, 'I', 1, 0, 0, "" },
    { LATE, true, CHANGE, 'I', 0, 0, 0, "" },
    { LATE, true, MOVE, 'P', 5, 'P', 6, "" },
    { LATE, true, MOVE, 'P', 1, 'P', 6, "" },
    { LATE, true, MOVE, 'P', 6, 'P', 1, "" },
    { LATE, true, REPEAT, 'P', 5, 'P', 6, "" },
    { LATE, true, REPEAT, 'P', 1, 'P', 6, "" },
    { LATE, true, REPEAT, 'P', 7, 'P', 7, "" },
    { LATE, true, INSERT_SLICE, 'P', 6, 0, 0, "" },
    { LATE, true, INSERT_SLICE, 'I', 2, 0, 0, "" },
    { LATE, true, INSERT_ANCHOR, 'P', 6, 0, 0, "" },
    { LATE, true, DROP, 'S', 1, 0, 0, "" },
    { LATE, true, CHANGE, 'S', 1, 0, 0, "" },
    { LATE, true, CUT, 'I', 1, 'I', 2, "" },
    { LATE, true, TRIM, 'I', 1, 0, 0, "" },
    { LATE, true, TRIM, 'P', 2, 0, 0, "" },
    { LATE, true, CUT, 'P', 9, 'E', 0, "" },
    { LATE, true, CHANGE_ALL, 'I', 1, 'I', 2, "" },
    { EVERY_THIRD, true, DROP, 'P', 5, 0, 0, "" },
    { EVERY_THIRD, true, DROP, 'P', 7, 0, 0, "" },
    { EVERY_THIRD, true, DROP, 'P', 3, 0, 0, "" },
    { EVERY_THIRD, true, DROP, 'I', 1, 0, 0, "" },
    { EVERY_THIRD, true, DROP, 'I', 0, 0, 0, "" },
    { EVERY_THIRD, true, CHANGE, 'P', 5, 0, 0, "" },
    { EVERY_THIRD, true, CHANGE, 'P', 7, 0, 0, "" },
    { EVERY_THIRD, true, CHANGE, 'P', 3, 0, 0, "" },
    { EVERY_THIRD, true, CHANGE, 'I', 1, 0, 0, "" },
    { EVERY_THIRD, true, CHANGE, 'I', 0, 0, 0, "" },
    { EVERY_THIRD, true, MOVE, 'P', 5, 'P', 6, "" },
    { EVERY_THIRD, true, MOVE, 'P', 1, 'P', 6, "" },
    { EVERY_THIRD, true, MOVE, 'P', 6, 'P', 1, "" },
    { EVERY_THIRD, true, REPEAT, 'P', 5, 'P', 6, "" },
    { EVERY_THIRD, true, REPEAT, 'P', 1, 'P', 6, "" },
    { EVERY_THIRD, true, REPEAT, 'P', 7, 'P', 7, "" },
    { EVERY_THIRD, true, INSERT_SLICE, 'P', 6, 0, 0, "" },
    { EVERY_THIRD, true, INSERT_SLICE, 'I', 2, 0, 0, "" },
    { EVERY_THIRD, true, INSERT_ANCHOR, 'P', 6, 0, 0, "" },
    { EVERY_THIRD, true, DROP, 'S', 1, 0, 0, "" },
    { EVERY_THIRD, true, CHANGE, 'S', 1, 0, 0, "" },
    { EVERY_THIRD, true, CUT, 'I', 1, 'I', 2, "" },
    { EVERY_THIRD, true, TRIM, 'I', 1, 0, 0, "" },
    { EVERY_THIRD, true, TRIM, 'P', 2, 0, 0, "" },
    { EVERY_THIRD, true, CUT, 'P', 9, 'E', 0, "" },
    { EVERY_THIRD, true, CHANGE_ALL, 'I', 1, 'I', 2, "" },
    { PARTS, true, DROP, 'P', 5, 0, 0, "" },
    { PARTS, true, DROP, 'P', 7, 0, 0, "" },
    { PARTS, true, DROP, 'P', 3, 0, 0, "" },
    { PARTS, true, DROP, 'I', 1, 0, 0, "" },
    { PARTS, true, DROP, 'I', 0, 0, 0, "" },
    { PARTS, true, CHANGE, 'P', 5, 0, 0, "" },
    { PARTS, true, CHANGE, 'P', 7, 0, 0, "" },
    { PARTS, true, CHANGE, 'P', 3, 0, 0, "" },
    { PARTS, true, CHANGE, 'I', 1, 0, 0, "" },
    { PARTS, true, CHANGE, 'I', 0, 0, 0, "" },
    { PARTS, true, MOVE, 'P', 5, 'P', 6, "" },
    { PARTS, true, MOVE, 'P', 1, 'P', 6, "" },
    { PARTS, true, MOVE, 'P', 6, 'P', 1, "" },
    { PARTS, true, REPEAT, 'P', 5, 'P', 6, "" },
    { PARTS, true, REPEAT, 'P', 1, 'P', 6, "" },
    { PARTS, true, REPEAT, 'P', 7, 'P', 7, "" },
    { PARTS, true, INSERT_SLICE, 'P', 6, 0, 0, "" },
    { PARTS, true, INSERT_SLICE, 'I', 2, 0, 0, "" },
    { PARTS, true, INSERT_ANCHOR, 'P', 6, 0, 0, "" },
    { PARTS, true, DROP, 'S', 1, 0, 0, "" },
    { PARTS, true, CHANGE, 'S', 1, 0, 0, "" },
    { PARTS, true, CUT, 'I', 1, 'I', 2, "" },
    { PARTS, true, TRIM, 'I', 1, 0, 0, "" },
    { PARTS, true, TRIM, 'P', 2, 0, 0, "" },
    { PARTS, true, CUT, 'P', 9, 'E', 0, "" },
    { PARTS, true, CHANGE_ALL, 'I', 1, 'I', 2, "" },
};

static size_t find(const film *of, char kind, unsigned n)
{
    return kind == 'E' ? of->count : film_find(of, kind, n);
}

static void change_all(film *of, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (strchr("IP", of->units[i].kind)) {
            film_change(of, i);
        }
    }
}

static void make_edit(film *of, const edit *e)
{
    static const uint8_t slice[] = { 0x41, 0x88, 0x7A, 0x7A, 0x7A, 0x80 };
    static const uint8_t anchor[] = { 0x65, 0x88, 0x7A, 0x7A, 0x7A, 0x80 };
    size_t at = film_find(of, e->unit, e->n);
    size_t other = e->other ? find(of, e->other, e->other_n) : 0;
    switch (e->kind) {
    case DROP:
        film_remove(of, at, at + 1);
        break;
    case CHANGE:
        film_change(of, at);
        break;
    case MOVE:
        film_move(of, at, other);
        break;
    case REPEAT:
        film_repeat(of, at, other + 1);
        break;
    case INSERT_SLICE:
        film_insert(of, at, slice, sizeof slice);
        break;
    case INSERT_ANCHOR:
        film_insert(of, at, anchor, sizeof anchor);
        break;
    case CUT:
        film_remove(of, at, other);
        break;
    case TRIM:
        film_remove(of, 1, at);
        break;
    default:
        change_all(of, at, other);
    }
}

static void each_edit_is_told_as_what_it_is(void **state)
{
    lab *l = *state;
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        char text[FILM_TEXT_ROOM];
        l->camera.without_lists = edits[i].without_lists;
        lab_shoot(l, edits[i].script);
        make_edit(&l->film, &edits[i]);
        film_tell(text, l->ctx, &l->film, &l->options);
        printf("@@%s\n", text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_edit_is_told_as_what_it_is, lab_open, lab_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
