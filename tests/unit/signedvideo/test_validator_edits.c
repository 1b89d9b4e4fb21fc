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
#define EVERY_THIRD "CI P P P P I UP P P P I UP P P P I SP P P P I UP P P P I UP P P P I SP P P P S"
#define WITH_DATA "CI P DP P SI DP P DP DP P SI P S"
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
    { PROMPT, false, DROP, 'P', 5, 0, 0,
      "authentic 0+5; missing 5+4 missing@7; authentic 9+5; authentic 14+6" },
    { PROMPT, false, DROP, 'P', 7, 0, 0,
      "authentic 0+5; missing 5+4 missing@9; authentic 9+5; authentic 14+6" },
    { PROMPT, false, DROP, 'P', 3, 0, 0,
      "missing 0+4 missing@4; authentic 4+5; authentic 9+5; authentic 14+6" },
    { PROMPT, false, DROP, 'I', 1, 0, 0,
      "authentic 0+6; missing 6+4 missing@6; authentic 10+5; authentic 15+6" },
    { PROMPT, false, DROP, 'I', 0, 0, 0,
      "authentic:head 0+5; authentic 5+5; authentic 10+5; authentic 15+6" },
    { PROMPT, false, CHANGE, 'P', 5, 0, 0,
      "authentic 0+5; changed 5+5 changed@7; authentic 10+5; authentic 15+6" },
    { PROMPT, false, CHANGE, 'P', 7, 0, 0,
      "authentic 0+5; changed 5+5 changed@9; authentic 10+5; authentic 15+6" },
    { PROMPT, false, CHANGE, 'P', 3, 0, 0,
      "changed 0+5 changed@4; authentic 5+5; authentic 10+5; authentic 15+6" },
    { PROMPT, false, CHANGE, 'I', 1, 0, 0,
      "authentic 0+5; changed 5+5 changed@5; authentic 10+5; authentic 15+6" },
    { PROMPT, false, CHANGE, 'I', 0, 0, 0,
      "changed 0+5 changed@0; authentic 5+5; authentic 10+5; authentic 15+6" },
    { PROMPT, false, MOVE, 'P', 5, 'P', 6,
      "authentic 0+5; changed 5+5 moved@7; authentic 10+5; authentic 15+6" },
    { PROMPT, false, MOVE, 'P', 1, 'P', 6,
      "missing 0+4 missing@2; changed 4+6 inserted@8; authentic 10+5; authentic 15+6" },
    { PROMPT, false, MOVE, 'P', 6, 'P', 1,
      "changed 0+6 inserted@2; missing 6+4 missing@9; authentic 10+5; authentic 15+6" },
    { PROMPT, false, REPEAT, 'P', 5, 'P', 6,
      "authentic 0+5; changed 5+6 repeated@9; authentic 11+5; authentic 16+6" },
    { PROMPT, false, REPEAT, 'P', 1, 'P', 6,
      "authentic 0+5; changed 5+6 repeated@9; authentic 11+5; authentic 16+6" },
    { PROMPT, false, REPEAT, 'P', 7, 'P', 7,
      "authentic 0+5; authentic 5+5; changed 10+1 repeated@10; authentic 11+5; authentic 16+6" },
    { PROMPT, false, INSERT_SLICE, 'P', 6, 0, 0,
      "authentic 0+5; changed 5+6 inserted@8; authentic 11+5; authentic 16+6" },
    { PROMPT, false, INSERT_SLICE, 'I', 2, 0, 0,
      "authentic 0+5; authentic 5+6; inserted 11+1 inserted@11; authentic 12+5; authentic 17+6" },
    { PROMPT, false, INSERT_ANCHOR, 'P', 6, 0, 0,
      "authentic 0+5; changed 5+6 inserted@8; authentic 11+5; authentic 16+6" },
    { PROMPT, false, DROP, 'S', 1, 0, 0,
      "authentic 0+5; unsigned:sei_missing 5+5; authentic 10+5; authentic 15+6" },
    { PROMPT, false, CHANGE, 'S', 1, 0, 0,
      "authentic 0+5; unsigned:sei_changed 5+5; authentic 10+5; authentic 15+6" },
    { PROMPT, false, CUT, 'I', 1, 'I', 2, "authentic 0+6; missing-1 6+5; authentic 11+6" },
    { PROMPT, false, TRIM, 'I', 1, 0, 0, "authentic 0+6; authentic 6+5; authentic 11+6" },
    { PROMPT, false, TRIM, 'P', 2, 0, 0,
      "authentic:head 0+3; authentic 3+5; authentic 8+5; authentic 13+6" },
    { PROMPT, false, CUT, 'P', 9, 'E', 0, "authentic 0+5; authentic 5+5; unsigned:tail 10+2" },
    { PROMPT, false, CHANGE_ALL, 'I', 1, 'I', 2,
      "authentic 0+5; changed 5+5 changed@5 changed@6 changed@7 changed@8 changed@9; authentic "
      "10+5; authentic 15+6" },
    { LATE, false, DROP, 'P', 5, 0, 0,
      "authentic 0+5; missing 5+5 missing@8; authentic 10+5; authentic 15+6" },
    { LATE, false, DROP, 'P', 7, 0, 0,
      "authentic 0+5; missing 5+4 missing@9; authentic 9+5; authentic 14+6" },
    { LATE, false, DROP, 'P', 3, 0, 0,
      "missing 0+4 missing@4; authentic 4+5; authentic 9+5; authentic 14+6" },
    { LATE, false, DROP, 'I', 1, 0, 0,
      "authentic 0+5; missing 5+4 missing@5; authentic 9+5; authentic 14+6" },
    { LATE, false, DROP, 'I', 0, 0, 0,
      "authentic:head 0+5; authentic 5+5; authentic 10+5; authentic 15+6" },
    { LATE, false, CHANGE, 'P', 5, 0, 0,
      "authentic 0+5; changed 5+5 changed@7; authentic 10+5; authentic 15+6" },
    { LATE, false, CHANGE, 'P', 7, 0, 0,
      "authentic 0+5; changed 5+5 changed@9; authentic 10+5; authentic 15+6" },
    { LATE, false, CHANGE, 'P', 3, 0, 0,
      "changed 0+5 changed@4; authentic 5+5; authentic 10+5; authentic 15+6" },
    { LATE, false, CHANGE, 'I', 1, 0, 0,
      "authentic 0+5; changed 5+5 changed@5; authentic 10+5; authentic 15+6" },
    { LATE, false, CHANGE, 'I', 0, 0, 0,
      "changed 0+5 changed@0; authentic 5+5; authentic 10+5; authentic 15+6" },
    { LATE, false, MOVE, 'P', 5, 'P', 6,
      "authentic 0+5; changed 5+6 moved@8; authentic 11+5; authentic 16+6" },
    { LATE, false, MOVE, 'P', 1, 'P', 6,
      "missing 0+4 missing@2; changed 4+6 inserted@8; authentic 10+5; authentic 15+6" },
    { LATE, false, MOVE, 'P', 6, 'P', 1,
      "changed 0+6 inserted@2; missing 6+4 missing@9; authentic 10+5; authentic 15+6" },
    { LATE, false, REPEAT, 'P', 5, 'P', 6,
      "authentic 0+5; changed 5+6 repeated@9; authentic 11+5; authentic 16+6" },
    { LATE, false, REPEAT, 'P', 1, 'P', 6,
      "authentic 0+5; changed 5+6 repeated@9; authentic 11+5; authentic 16+6" },
    { LATE, false, REPEAT, 'P', 7, 'P', 7,
      "authentic 0+5; authentic 5+5; changed 10+1 repeated@10; authentic 11+5; authentic 16+6" },
    { LATE, false, INSERT_SLICE, 'P', 6, 0, 0,
      "authentic 0+5; changed 5+6 inserted@8; authentic 11+5; authentic 16+6" },
    { LATE, false, INSERT_SLICE, 'I', 2, 0, 0,
      "authentic 0+5; authentic 5+5; inserted 10+1 inserted@10; authentic 11+5; authentic 16+6" },
    { LATE, false, INSERT_ANCHOR, 'P', 6, 0, 0,
      "authentic 0+5; changed 5+6 inserted@8; authentic 11+5; authentic 16+6" },
    { LATE, false, DROP, 'S', 1, 0, 0,
      "authentic 0+5; unsigned:sei_missing 5+5; authentic 10+5; authentic 15+6" },
    { LATE, false, CHANGE, 'S', 1, 0, 0,
      "authentic 0+5; unsigned:sei_changed 5+5; authentic 10+5; authentic 15+6" },
    { LATE, false, CUT, 'I', 1, 'I', 2,
      "unsigned:head 0+5; missing 5+0 missing@5x5; authentic 5+5; authentic 10+6" },
    { LATE, false, TRIM, 'I', 1, 0, 0, "authentic 0+6; authentic 6+5; authentic 11+6" },
    { LATE, false, TRIM, 'P', 2, 0, 0,
      "authentic:head 0+3; authentic 3+5; authentic 8+5; authentic 13+6" },
    { LATE, false, CUT, 'P', 9, 'E', 0, "authentic 0+5; authentic 5+5; unsigned:tail 10+3" },
    { LATE, false, CHANGE_ALL, 'I', 1, 'I', 2,
      "authentic 0+5; changed 5+5 changed@5 changed@6 changed@7 changed@8 changed@9; authentic "
      "10+5; authentic 15+6" },
    { EVERY_THIRD, false, DROP, 'P', 5, 0, 0,
      "authentic 0+5; missing 5+4 missing@7; authentic 9+5; authentic 14+5; authentic 19+5; "
      "authentic 24+5; authentic 29+6" },
    { EVERY_THIRD, false, DROP, 'P', 7, 0, 0,
      "authentic 0+5; missing 5+4 missing@9; authentic 9+5; authentic 14+5; authentic 19+5; "
      "authentic 24+5; authentic 29+6" },
    { EVERY_THIRD, false, DROP, 'P', 3, 0, 0,
      "missing 0+4 missing@4; authentic 4+5; authentic 9+5; authentic 14+5; authentic 19+5; "
      "authentic 24+5; authentic 29+6" },
    { EVERY_THIRD, false, DROP, 'I', 1, 0, 0,
      "authentic 0+5; missing 5+4 missing@5; authentic 9+5; authentic 14+5; authentic 19+5; "
      "authentic 24+5; authentic 29+6" },
    { EVERY_THIRD, false, DROP, 'I', 0, 0, 0,
      "authentic:head 0+5; authentic 5+5; authentic 10+5; authentic 15+5; authentic 20+5; "
      "authentic 25+5; authentic 30+6" },
    { EVERY_THIRD, false, CHANGE, 'P', 5, 0, 0,
      "authentic 0+5; changed 5+5 changed@7; authentic 10+5; authentic 15+5; authentic 20+5; "
      "authentic 25+5; authentic 30+6" },
    { EVERY_THIRD, false, CHANGE, 'P', 7, 0, 0,
      "authentic 0+5; changed 5+5 changed@9; authentic 10+5; authentic 15+5; authentic 20+5; "
      "authentic 25+5; authentic 30+6" },
    { EVERY_THIRD, false, CHANGE, 'P', 3, 0, 0,
      "changed 0+5 changed@4; authentic 5+5; authentic 10+5; authentic 15+5; authentic 20+5; "
      "authentic 25+5; authentic 30+6" },
    { EVERY_THIRD, false, CHANGE, 'I', 1, 0, 0,
      "authentic 0+5; changed 5+5 changed@5; authentic 10+5; authentic 15+5; authentic 20+5; "
      "authentic 25+5; authentic 30+6" },
    { EVERY_THIRD, false, CHANGE, 'I', 0, 0, 0,
      "changed 0+5 changed@0; authentic 5+5; authentic 10+5; authentic 15+5; authentic 20+5; "
      "authentic 25+5; authentic 30+6" },
    { EVERY_THIRD, false, MOVE, 'P', 5, 'P', 6,
      "authentic 0+5; changed 5+5 moved@7; authentic 10+5; authentic 15+5; authentic 20+5; "
      "authentic 25+5; authentic 30+6" },
    { EVERY_THIRD, false, MOVE, 'P', 1, 'P', 6,
      "missing 0+4 missing@2; changed 4+6 inserted@8; authentic 10+5; authentic 15+5; authentic "
      "20+5; authentic 25+5; authentic 30+6" },
    { EVERY_THIRD, false, MOVE, 'P', 6, 'P', 1,
      "changed 0+6 inserted@2; missing 6+4 missing@9; authentic 10+5; authentic 15+5; authentic "
      "20+5; authentic 25+5; authentic 30+6" },
    { EVERY_THIRD, false, REPEAT, 'P', 5, 'P', 6,
      "authentic 0+5; changed 5+6 repeated@9; authentic 11+5; authentic 16+5; authentic 21+5; "
      "authentic 26+5; authentic 31+6" },
    { EVERY_THIRD, false, REPEAT, 'P', 1, 'P', 6,
      "authentic 0+5; changed 5+6 repeated@9; authentic 11+5; authentic 16+5; authentic 21+5; "
      "authentic 26+5; authentic 31+6" },
    { EVERY_THIRD, false, REPEAT, 'P', 7, 'P', 7,
      "authentic 0+5; authentic 5+5; changed 10+1 repeated@10; authentic 11+5; authentic 16+5; "
      "authentic 21+5; authentic 26+5; authentic 31+6" },
    { EVERY_THIRD, false, INSERT_SLICE, 'P', 6, 0, 0,
      "authentic 0+5; changed 5+6 inserted@8; authentic 11+5; authentic 16+5; authentic 21+5; "
      "authentic 26+5; authentic 31+6" },
    { EVERY_THIRD, false, INSERT_SLICE, 'I', 2, 0, 0,
      "authentic 0+5; authentic 5+5; inserted 10+1 inserted@10; authentic 11+5; authentic 16+5; "
      "authentic 21+5; authentic 26+5; authentic 31+6" },
    { EVERY_THIRD, false, INSERT_ANCHOR, 'P', 6, 0, 0,
      "authentic 0+5; changed 5+6 inserted@8; authentic 11+5; authentic 16+5; authentic 21+5; "
      "authentic 26+5; authentic 31+6" },
    { EVERY_THIRD, false, DROP, 'S', 1, 0, 0,
      "authentic 0+5; authentic 5+5; authentic 10+5; unsigned:sei_missing 15+5; "
      "unsigned:sei_missing 20+5; unsigned:sei_missing 25+5; authentic 30+6" },
    { EVERY_THIRD, false, CHANGE, 'S', 1, 0, 0,
      "authentic 0+5; authentic 5+5; authentic 10+5; unsigned:sei_changed 15+5; "
      "unsigned:sei_missing 20+5; unsigned:sei_missing 25+5; authentic 30+6" },
    { EVERY_THIRD, false, CUT, 'I', 1, 'I', 2,
      "unsigned:head 0+5; missing 5+0 missing@5x6; authentic 5+5; authentic 10+5; authentic 15+5; "
      "authentic 20+5; authentic 25+6" },
    { EVERY_THIRD, false, TRIM, 'I', 1, 0, 0,
      "authentic 0+6; authentic 6+5; authentic 11+5; authentic 16+5; authentic 21+5; authentic "
      "26+6" },
    { EVERY_THIRD, false, TRIM, 'P', 2, 0, 0,
      "authentic:head 0+3; authentic 3+5; authentic 8+5; authentic 13+5; authentic 18+5; authentic "
      "23+5; authentic 28+6" },
    { EVERY_THIRD, false, CUT, 'P', 9, 'E', 0,
      "unsigned:tail 0+5; unsigned:tail 5+5; unsigned:tail 10+2" },
    { EVERY_THIRD, false, CHANGE_ALL, 'I', 1, 'I', 2,
      "authentic 0+5; changed 5+5 changed@5 changed@6 changed@7 changed@8 changed@9; authentic "
      "10+5; authentic 15+5; authentic 20+5; authentic 25+5; authentic 30+6" },
    { PARTS, false, DROP, 'P', 5, 0, 0,
      "authentic 0+3; authentic 3+3; missing 6+2 missing@6; authentic 8+4; authentic 12+4; "
      "authentic 16+5" },
    { PARTS, false, DROP, 'P', 7, 0, 0,
      "authentic 0+3; authentic 3+3; missing 6+3 missing@9; authentic 9+4; authentic 13+4; "
      "authentic 17+5" },
    { PARTS, false, DROP, 'P', 3, 0, 0,
      "authentic 0+3; missing 3+3 missing@5; authentic 6+3; authentic 9+4; authentic 13+4; "
      "authentic 17+5" },
    { PARTS, false, DROP, 'I', 1, 0, 0,
      "authentic 0+3; authentic 3+3; authentic 6+3; missing 9+3 missing@9; authentic 12+4; "
      "authentic 16+5" },
    { PARTS, false, DROP, 'I', 0, 0, 0,
      "authentic:head 0+3; authentic 3+3; authentic 6+3; authentic 9+4; authentic 13+4; authentic "
      "17+5" },
    { PARTS, false, CHANGE, 'P', 5, 0, 0,
      "authentic 0+3; authentic 3+3; changed 6+3 changed@6; authentic 9+4; authentic 13+4; "
      "authentic 17+5" },
    { PARTS, false, CHANGE, 'P', 7, 0, 0,
      "authentic 0+3; authentic 3+3; changed 6+3 changed@8; authentic 9+4; authentic 13+4; "
      "authentic 17+5" },
    { PARTS, false, CHANGE, 'P', 3, 0, 0,
      "authentic 0+3; changed 3+3 changed@4; authentic 6+3; authentic 9+4; authentic 13+4; "
      "authentic 17+5" },
    { PARTS, false, CHANGE, 'I', 1, 0, 0,
      "authentic 0+3; authentic 3+3; authentic 6+3; changed 9+4 changed@9; authentic 13+4; "
      "authentic 17+5" },
    { PARTS, false, CHANGE, 'I', 0, 0, 0,
      "changed 0+3 changed@0; authentic 3+3; authentic 6+3; authentic 9+4; authentic 13+4; "
      "authentic 17+5" },
    { PARTS, false, MOVE, 'P', 5, 'P', 6,
      "authentic 0+3; authentic 3+3; changed 6+3 moved@6; authentic 9+4; authentic 13+4; authentic "
      "17+5" },
    { PARTS, false, MOVE, 'P', 1, 'P', 6,
      "missing 0+2 missing@2; authentic 2+3; changed 5+4 inserted@7; authentic 9+4; authentic "
      "13+4; authentic 17+5" },
    { PARTS, false, MOVE, 'P', 6, 'P', 1,
      "changed 0+4 inserted@2; authentic 4+3; missing 7+2 missing@8; authentic 9+4; authentic "
      "13+4; authentic 17+5" },
    { PARTS, false, REPEAT, 'P', 5, 'P', 6,
      "authentic 0+3; authentic 3+3; changed 6+4 repeated@8; authentic 10+4; authentic 14+4; "
      "authentic 18+5" },
    { PARTS, false, REPEAT, 'P', 1, 'P', 6,
      "authentic 0+3; authentic 3+3; changed 6+4 repeated@8; authentic 10+4; authentic 14+4; "
      "authentic 18+5" },
    { PARTS, false, REPEAT, 'P', 7, 'P', 7,
      "authentic 0+3; authentic 3+3; authentic 6+3; changed 9+1 repeated@9; authentic 10+4; "
      "authentic 14+4; authentic 18+5" },
    { PARTS, false, INSERT_SLICE, 'P', 6, 0, 0,
      "authentic 0+3; authentic 3+3; changed 6+4 inserted@7; authentic 10+4; authentic 14+4; "
      "authentic 18+5" },
    { PARTS, false, INSERT_SLICE, 'I', 2, 0, 0,
      "authentic 0+3; authentic 3+3; authentic 6+3; authentic 9+4; authentic 13+4; inserted 17+1 "
      "inserted@17; authentic 18+5" },
    { PARTS, false, INSERT_ANCHOR, 'P', 6, 0, 0,
      "authentic 0+3; authentic 3+3; changed 6+4 inserted@7; authentic 10+4; authentic 14+4; "
      "authentic 18+5" },
    { PARTS, false, DROP, 'S', 1, 0, 0,
      "authentic 0+3; unsigned:sei_missing 3+3; authentic 6+3; authentic 9+4; authentic 13+4; "
      "authentic 17+5" },
    { PARTS, false, CHANGE, 'S', 1, 0, 0,
      "authentic 0+3; unsigned:sei_changed 3+3; authentic 6+3; authentic 9+4; authentic 13+4; "
      "authentic 17+5" },
    { PARTS, false, CUT, 'I', 1, 'I', 2,
      "authentic 0+3; authentic 3+3; unsigned:sei_missing 6+3; missing-1 9+0 missing@9x4; "
      "authentic 9+5" },
    { PARTS, false, TRIM, 'I', 1, 0, 0, "authentic 0+5; authentic 5+4; authentic 9+5" },
    { PARTS, false, TRIM, 'P', 2, 0, 0,
      "authentic 0+4; authentic 4+3; authentic 7+4; authentic 11+4; authentic 15+5" },
    { PARTS, false, CUT, 'P', 9, 'E', 0,
      "authentic 0+3; authentic 3+3; authentic 6+3; unsigned:tail 9+3" },
    { PARTS, false, CHANGE_ALL, 'I', 1, 'I', 2,
      "authentic 0+3; authentic 3+3; authentic 6+3; changed 9+4 changed@9 changed@10 changed@11 "
      "changed@12; changed 13+4 changed@13 changed@14 changed@15 changed@16; authentic 17+5" },
    { PROMPT, true, DROP, 'P', 5, 0, 0,
      "authentic 0+5; changed:no_list 5+4; authentic 9+5; authentic 14+6" },
    { PROMPT, true, DROP, 'P', 7, 0, 0,
      "authentic 0+5; changed:no_list 5+4; authentic 9+5; authentic 14+6" },
    { PROMPT, true, DROP, 'P', 3, 0, 0,
      "changed:no_list 0+4; authentic 4+5; authentic 9+5; authentic 14+6" },
    { PROMPT, true, DROP, 'I', 1, 0, 0,
      "authentic 0+6; changed:no_list 6+4; authentic 10+5; authentic 15+6" },
    { PROMPT, true, DROP, 'I', 0, 0, 0,
      "unsigned:head 0+5; authentic 5+5; authentic 10+5; authentic 15+6" },
    { PROMPT, true, CHANGE, 'P', 5, 0, 0,
      "authentic 0+5; changed:no_list 5+5; authentic 10+5; authentic 15+6" },
    { PROMPT, true, CHANGE, 'P', 7, 0, 0,
      "authentic 0+5; changed:no_list 5+5; authentic 10+5; authentic 15+6" },
    { PROMPT, true, CHANGE, 'P', 3, 0, 0,
      "changed:no_list 0+5; authentic 5+5; authentic 10+5; authentic 15+6" },
    { PROMPT, true, CHANGE, 'I', 1, 0, 0,
      "authentic 0+5; changed:no_list 5+5; authentic 10+5; authentic 15+6" },
    { PROMPT, true, CHANGE, 'I', 0, 0, 0,
      "changed:no_list 0+5; authentic 5+5; authentic 10+5; authentic 15+6" },
    { PROMPT, true, MOVE, 'P', 5, 'P', 6,
      "authentic 0+5; changed:no_list 5+5; authentic 10+5; authentic 15+6" },
    { PROMPT, true, MOVE, 'P', 1, 'P', 6,
      "changed:no_list 0+4; changed:no_list 4+6; authentic 10+5; authentic 15+6" },
    { PROMPT, true, MOVE, 'P', 6, 'P', 1,
      "changed:no_list 0+6; changed:no_list 6+4; authentic 10+5; authentic 15+6" },
    { PROMPT, true, REPEAT, 'P', 5, 'P', 6,
      "authentic 0+5; changed:no_list 5+6; authentic 11+5; authentic 16+6" },
    { PROMPT, true, REPEAT, 'P', 1, 'P', 6,
      "authentic 0+5; changed:no_list 5+6; authentic 11+5; authentic 16+6" },
    { PROMPT, true, REPEAT, 'P', 7, 'P', 7,
      "authentic 0+5; authentic 5+5; changed 10+1 repeated@10; authentic 11+5; authentic 16+6" },
    { PROMPT, true, INSERT_SLICE, 'P', 6, 0, 0,
      "authentic 0+5; changed:no_list 5+6; authentic 11+5; authentic 16+6" },
    { PROMPT, true, INSERT_SLICE, 'I', 2, 0, 0,
      "authentic 0+5; authentic 5+6; inserted 11+1 inserted@11; authentic 12+5; authentic 17+6" },
    { PROMPT, true, INSERT_ANCHOR, 'P', 6, 0, 0,
      "authentic 0+5; changed:no_list 5+6; authentic 11+5; authentic 16+6" },
    { PROMPT, true, DROP, 'S', 1, 0, 0,
      "authentic 0+5; unsigned:sei_missing 5+5; authentic 10+5; authentic 15+6" },
    { PROMPT, true, CHANGE, 'S', 1, 0, 0,
      "authentic 0+5; unsigned:sei_changed 5+5; authentic 10+5; authentic 15+6" },
    { PROMPT, true, CUT, 'I', 1, 'I', 2, "authentic 0+6; missing-1 6+5; authentic 11+6" },
    { PROMPT, true, TRIM, 'I', 1, 0, 0, "authentic 0+6; authentic 6+5; authentic 11+6" },
    /* A stream that begins with data, of which the list has more than one. */
    { WITH_DATA, false, TRIM, 'D', 0, 0, 0, "authentic:head 0+3; authentic 3+6; authentic 9+3" },
    { WITH_DATA, false, TRIM, 'D', 1, 0, 0, "authentic:head 0+6; authentic 6+3" },
    { WITH_DATA, false, TRIM, 'D', 2, 0, 0, "authentic:head 0+4; authentic 4+3" },
    { WITH_DATA, false, TRIM, 'D', 3, 0, 0, "authentic:head 0+3; authentic 3+3" },
    { WITH_DATA, false, DROP, 'P', 5, 0, 0,
      "authentic 0+4; missing 4+6 missing@8; authentic 10+3" },
    { WITH_DATA, false, DROP, 'D', 2, 0, 0,
      "authentic 0+4; missing 4+6 missing@7; authentic 10+3" },
    { PROMPT, true, TRIM, 'P', 2, 0, 0,
      "unsigned:head 0+3; authentic 3+5; authentic 8+5; authentic 13+6" },
    { PROMPT, true, CUT, 'P', 9, 'E', 0, "authentic 0+5; authentic 5+5; unsigned:tail 10+2" },
    { PROMPT, true, CHANGE_ALL, 'I', 1, 'I', 2,
      "authentic 0+5; changed:no_list 5+5; authentic 10+5; authentic 15+6" },
    { LATE, true, DROP, 'P', 5, 0, 0,
      "authentic 0+5; changed:no_list 5+5; authentic 10+5; authentic 15+6" },
    { LATE, true, DROP, 'P', 7, 0, 0,
      "authentic 0+5; changed:no_list 5+4; authentic 9+5; authentic 14+6" },
    { LATE, true, DROP, 'P', 3, 0, 0,
      "changed:no_list 0+4; authentic 4+5; authentic 9+5; authentic 14+6" },
    { LATE, true, DROP, 'I', 1, 0, 0,
      "authentic 0+5; changed:no_list 5+4; authentic 9+5; authentic 14+6" },
    { LATE, true, DROP, 'I', 0, 0, 0,
      "unsigned:head 0+5; authentic 5+5; authentic 10+5; authentic 15+6" },
    { LATE, true, CHANGE, 'P', 5, 0, 0,
      "authentic 0+5; changed:no_list 5+5; authentic 10+5; authentic 15+6" },
    { LATE, true, CHANGE, 'P', 7, 0, 0,
      "authentic 0+5; changed:no_list 5+5; authentic 10+5; authentic 15+6" },
    { LATE, true, CHANGE, 'P', 3, 0, 0,
      "changed:no_list 0+5; authentic 5+5; authentic 10+5; authentic 15+6" },
    { LATE, true, CHANGE, 'I', 1, 0, 0,
      "authentic 0+5; changed:no_list 5+5; authentic 10+5; authentic 15+6" },
    { LATE, true, CHANGE, 'I', 0, 0, 0,
      "changed:no_list 0+5; authentic 5+5; authentic 10+5; authentic 15+6" },
    { LATE, true, MOVE, 'P', 5, 'P', 6,
      "authentic 0+5; changed:no_list 5+6; authentic 11+5; authentic 16+6" },
    { LATE, true, MOVE, 'P', 1, 'P', 6,
      "changed:no_list 0+4; changed:no_list 4+6; authentic 10+5; authentic 15+6" },
    { LATE, true, MOVE, 'P', 6, 'P', 1,
      "changed:no_list 0+6; changed:no_list 6+4; authentic 10+5; authentic 15+6" },
    { LATE, true, REPEAT, 'P', 5, 'P', 6,
      "authentic 0+5; changed:no_list 5+6; authentic 11+5; authentic 16+6" },
    { LATE, true, REPEAT, 'P', 1, 'P', 6,
      "authentic 0+5; changed:no_list 5+6; authentic 11+5; authentic 16+6" },
    { LATE, true, REPEAT, 'P', 7, 'P', 7,
      "authentic 0+5; authentic 5+5; changed 10+1 repeated@10; authentic 11+5; authentic 16+6" },
    { LATE, true, INSERT_SLICE, 'P', 6, 0, 0,
      "authentic 0+5; changed:no_list 5+6; authentic 11+5; authentic 16+6" },
    { LATE, true, INSERT_SLICE, 'I', 2, 0, 0,
      "authentic 0+5; authentic 5+5; inserted 10+1 inserted@10; authentic 11+5; authentic 16+6" },
    { LATE, true, INSERT_ANCHOR, 'P', 6, 0, 0,
      "authentic 0+5; changed:no_list 5+6; authentic 11+5; authentic 16+6" },
    { LATE, true, DROP, 'S', 1, 0, 0,
      "authentic 0+5; unsigned:sei_missing 5+5; authentic 10+5; authentic 15+6" },
    { LATE, true, CHANGE, 'S', 1, 0, 0,
      "authentic 0+5; unsigned:sei_changed 5+5; authentic 10+5; authentic 15+6" },
    { LATE, true, CUT, 'I', 1, 'I', 2,
      "unsigned:head 0+5; missing 5+0 missing@5x5; authentic 5+5; authentic 10+6" },
    { LATE, true, TRIM, 'I', 1, 0, 0, "authentic 0+6; authentic 6+5; authentic 11+6" },
    { LATE, true, TRIM, 'P', 2, 0, 0,
      "unsigned:head 0+3; authentic 3+5; authentic 8+5; authentic 13+6" },
    { LATE, true, CUT, 'P', 9, 'E', 0, "authentic 0+5; authentic 5+5; unsigned:tail 10+3" },
    { LATE, true, CHANGE_ALL, 'I', 1, 'I', 2,
      "authentic 0+5; changed:no_list 5+5; authentic 10+5; authentic 15+6" },
    { EVERY_THIRD, true, DROP, 'P', 5, 0, 0,
      "unsigned:head 0+5; changed:no_list 5+4; authentic 9+5; authentic 14+5; authentic 19+5; "
      "authentic 24+5; authentic 29+6" },
    { EVERY_THIRD, true, DROP, 'P', 7, 0, 0,
      "unsigned:head 0+5; changed:no_list 5+4; authentic 9+5; authentic 14+5; authentic 19+5; "
      "authentic 24+5; authentic 29+6" },
    { EVERY_THIRD, true, DROP, 'P', 3, 0, 0,
      "changed:no_list 0+4; authentic 4+5; authentic 9+5; authentic 14+5; authentic 19+5; "
      "authentic 24+5; authentic 29+6" },
    { EVERY_THIRD, true, DROP, 'I', 1, 0, 0,
      "unsigned:head 0+9; missing 9+0 missing@9x6; authentic 9+5; authentic 14+5; authentic 19+5; "
      "authentic 24+5; authentic 29+6" },
    { EVERY_THIRD, true, DROP, 'I', 0, 0, 0,
      "unsigned:head 0+5; authentic 5+5; authentic 10+5; authentic 15+5; authentic 20+5; authentic "
      "25+5; authentic 30+6" },
    { EVERY_THIRD, true, CHANGE, 'P', 5, 0, 0,
      "unsigned:head 0+5; changed:no_list 5+5; authentic 10+5; authentic 15+5; authentic 20+5; "
      "authentic 25+5; authentic 30+6" },
    { EVERY_THIRD, true, CHANGE, 'P', 7, 0, 0,
      "unsigned:head 0+5; changed:no_list 5+5; authentic 10+5; authentic 15+5; authentic 20+5; "
      "authentic 25+5; authentic 30+6" },
    { EVERY_THIRD, true, CHANGE, 'P', 3, 0, 0,
      "changed:no_list 0+5; authentic 5+5; authentic 10+5; authentic 15+5; authentic 20+5; "
      "authentic 25+5; authentic 30+6" },
    { EVERY_THIRD, true, CHANGE, 'I', 1, 0, 0,
      "unsigned:head 0+5; changed:no_list 5+5; authentic 10+5; authentic 15+5; authentic 20+5; "
      "authentic 25+5; authentic 30+6" },
    { EVERY_THIRD, true, CHANGE, 'I', 0, 0, 0,
      "changed:no_list 0+5; authentic 5+5; authentic 10+5; authentic 15+5; authentic 20+5; "
      "authentic 25+5; authentic 30+6" },
    { EVERY_THIRD, true, MOVE, 'P', 5, 'P', 6,
      "unsigned:head 0+5; changed:no_list 5+5; authentic 10+5; authentic 15+5; authentic 20+5; "
      "authentic 25+5; authentic 30+6" },
    { EVERY_THIRD, true, MOVE, 'P', 1, 'P', 6,
      "unsigned:head 0+4; changed:no_list 4+6; authentic 10+5; authentic 15+5; authentic 20+5; "
      "authentic 25+5; authentic 30+6" },
    { EVERY_THIRD, true, MOVE, 'P', 6, 'P', 1,
      "unsigned:head 0+6; changed:no_list 6+4; authentic 10+5; authentic 15+5; authentic 20+5; "
      "authentic 25+5; authentic 30+6" },
    { EVERY_THIRD, true, REPEAT, 'P', 5, 'P', 6,
      "unsigned:head 0+5; changed:no_list 5+6; authentic 11+5; authentic 16+5; authentic 21+5; "
      "authentic 26+5; authentic 31+6" },
    { EVERY_THIRD, true, REPEAT, 'P', 1, 'P', 6,
      "unsigned:head 0+5; changed:no_list 5+6; authentic 11+5; authentic 16+5; authentic 21+5; "
      "authentic 26+5; authentic 31+6" },
    { EVERY_THIRD, true, REPEAT, 'P', 7, 'P', 7,
      "authentic 0+5; authentic 5+5; changed 10+1 repeated@10; authentic 11+5; authentic 16+5; "
      "authentic 21+5; authentic 26+5; authentic 31+6" },
    { EVERY_THIRD, true, INSERT_SLICE, 'P', 6, 0, 0,
      "unsigned:head 0+5; changed:no_list 5+6; authentic 11+5; authentic 16+5; authentic 21+5; "
      "authentic 26+5; authentic 31+6" },
    { EVERY_THIRD, true, INSERT_SLICE, 'I', 2, 0, 0,
      "authentic 0+5; authentic 5+5; inserted 10+1 inserted@10; authentic 11+5; authentic 16+5; "
      "authentic 21+5; authentic 26+5; authentic 31+6" },
    { EVERY_THIRD, true, INSERT_ANCHOR, 'P', 6, 0, 0,
      "unsigned:head 0+5; changed:no_list 5+6; authentic 11+5; authentic 16+5; authentic 21+5; "
      "authentic 26+5; authentic 31+6" },
    { EVERY_THIRD, true, DROP, 'S', 1, 0, 0,
      "authentic 0+5; authentic 5+5; authentic 10+5; unsigned:sei_missing 15+5; "
      "unsigned:sei_missing 20+5; unsigned:sei_missing 25+5; authentic 30+6" },
    { EVERY_THIRD, true, CHANGE, 'S', 1, 0, 0,
      "authentic 0+5; authentic 5+5; authentic 10+5; unsigned:sei_changed 15+5; "
      "unsigned:sei_missing 20+5; unsigned:sei_missing 25+5; authentic 30+6" },
    { EVERY_THIRD, true, CUT, 'I', 1, 'I', 2,
      "unsigned:head 0+5; missing 5+0 missing@5x6; authentic 5+5; authentic 10+5; authentic 15+5; "
      "authentic 20+5; authentic 25+6" },
    { EVERY_THIRD, true, TRIM, 'I', 1, 0, 0,
      "authentic 0+6; authentic 6+5; authentic 11+5; authentic 16+5; authentic 21+5; authentic "
      "26+6" },
    { EVERY_THIRD, true, TRIM, 'P', 2, 0, 0,
      "unsigned:head 0+3; authentic 3+5; authentic 8+5; authentic 13+5; authentic 18+5; authentic "
      "23+5; authentic 28+6" },
    { EVERY_THIRD, true, CUT, 'P', 9, 'E', 0,
      "unsigned:tail 0+5; unsigned:tail 5+5; unsigned:tail 10+2" },
    { EVERY_THIRD, true, CHANGE_ALL, 'I', 1, 'I', 2,
      "unsigned:head 0+5; changed:no_list 5+5; authentic 10+5; authentic 15+5; authentic 20+5; "
      "authentic 25+5; authentic 30+6" },
    { PARTS, true, DROP, 'P', 5, 0, 0,
      "authentic 0+3; authentic 3+3; changed:no_list 6+2; authentic 8+4; authentic 12+4; authentic "
      "16+5" },
    { PARTS, true, DROP, 'P', 7, 0, 0,
      "authentic 0+3; authentic 3+3; changed:no_list 6+3; authentic 9+4; authentic 13+4; authentic "
      "17+5" },
    { PARTS, true, DROP, 'P', 3, 0, 0,
      "authentic 0+3; changed:no_list 3+3; authentic 6+3; authentic 9+4; authentic 13+4; authentic "
      "17+5" },
    { PARTS, true, DROP, 'I', 1, 0, 0,
      "authentic 0+3; authentic 3+3; authentic 6+3; changed:no_list 9+3; authentic 12+4; authentic "
      "16+5" },
    { PARTS, true, DROP, 'I', 0, 0, 0,
      "unsigned:head 0+3; authentic 3+3; authentic 6+3; authentic 9+4; authentic 13+4; authentic "
      "17+5" },
    { PARTS, true, CHANGE, 'P', 5, 0, 0,
      "authentic 0+3; authentic 3+3; changed:no_list 6+3; authentic 9+4; authentic 13+4; authentic "
      "17+5" },
    { PARTS, true, CHANGE, 'P', 7, 0, 0,
      "authentic 0+3; authentic 3+3; changed:no_list 6+3; authentic 9+4; authentic 13+4; authentic "
      "17+5" },
    { PARTS, true, CHANGE, 'P', 3, 0, 0,
      "authentic 0+3; changed:no_list 3+3; authentic 6+3; authentic 9+4; authentic 13+4; authentic "
      "17+5" },
    { PARTS, true, CHANGE, 'I', 1, 0, 0,
      "authentic 0+3; authentic 3+3; authentic 6+3; changed:no_list 9+4; authentic 13+4; authentic "
      "17+5" },
    { PARTS, true, CHANGE, 'I', 0, 0, 0,
      "changed:no_list 0+3; authentic 3+3; authentic 6+3; authentic 9+4; authentic 13+4; authentic "
      "17+5" },
    { PARTS, true, MOVE, 'P', 5, 'P', 6,
      "authentic 0+3; authentic 3+3; changed:no_list 6+3; authentic 9+4; authentic 13+4; authentic "
      "17+5" },
    { PARTS, true, MOVE, 'P', 1, 'P', 6,
      "changed:no_list 0+2; authentic 2+3; changed:no_list 5+4; authentic 9+4; authentic 13+4; "
      "authentic 17+5" },
    { PARTS, true, MOVE, 'P', 6, 'P', 1,
      "changed:no_list 0+4; authentic 4+3; changed:no_list 7+2; authentic 9+4; authentic 13+4; "
      "authentic 17+5" },
    { PARTS, true, REPEAT, 'P', 5, 'P', 6,
      "authentic 0+3; authentic 3+3; changed:no_list 6+4; authentic 10+4; authentic 14+4; "
      "authentic 18+5" },
    { PARTS, true, REPEAT, 'P', 1, 'P', 6,
      "authentic 0+3; authentic 3+3; changed:no_list 6+4; authentic 10+4; authentic 14+4; "
      "authentic 18+5" },
    { PARTS, true, REPEAT, 'P', 7, 'P', 7,
      "authentic 0+3; authentic 3+3; authentic 6+3; changed 9+1 repeated@9; authentic 10+4; "
      "authentic 14+4; authentic 18+5" },
    { PARTS, true, INSERT_SLICE, 'P', 6, 0, 0,
      "authentic 0+3; authentic 3+3; changed:no_list 6+4; authentic 10+4; authentic 14+4; "
      "authentic 18+5" },
    { PARTS, true, INSERT_SLICE, 'I', 2, 0, 0,
      "authentic 0+3; authentic 3+3; authentic 6+3; authentic 9+4; authentic 13+4; inserted 17+1 "
      "inserted@17; authentic 18+5" },
    { PARTS, true, INSERT_ANCHOR, 'P', 6, 0, 0,
      "authentic 0+3; authentic 3+3; changed:no_list 6+4; authentic 10+4; authentic 14+4; "
      "authentic 18+5" },
    { PARTS, true, DROP, 'S', 1, 0, 0,
      "authentic 0+3; unsigned:sei_missing 3+3; authentic 6+3; authentic 9+4; authentic 13+4; "
      "authentic 17+5" },
    { PARTS, true, CHANGE, 'S', 1, 0, 0,
      "authentic 0+3; unsigned:sei_changed 3+3; authentic 6+3; authentic 9+4; authentic 13+4; "
      "authentic 17+5" },
    { PARTS, true, CUT, 'I', 1, 'I', 2,
      "authentic 0+3; authentic 3+3; unsigned:sei_missing 6+3; missing-1 9+0 missing@9x4; "
      "authentic 9+5" },
    { PARTS, true, TRIM, 'I', 1, 0, 0, "authentic 0+5; authentic 5+4; authentic 9+5" },
    { PARTS, true, TRIM, 'P', 2, 0, 0,
      "authentic 0+4; authentic 4+3; authentic 7+4; authentic 11+4; authentic 15+5" },
    { PARTS, true, CUT, 'P', 9, 'E', 0,
      "authentic 0+3; authentic 3+3; authentic 6+3; unsigned:tail 9+3" },
    { PARTS, true, CHANGE_ALL, 'I', 1, 'I', 2,
      "authentic 0+3; authentic 3+3; authentic 6+3; changed:no_list 9+4; changed:no_list 13+4; "
      "authentic 17+5" },
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
        if (strcmp(text, edits[i].expected) != 0) {
            fail_msg("edit %zu of %s:\n%s\n%s", i, edits[i].script, text, edits[i].expected);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_edit_is_told_as_what_it_is, lab_open, lab_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
