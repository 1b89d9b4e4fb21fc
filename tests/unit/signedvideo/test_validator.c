/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of streams that nobody touched, and of simple edits (CS-VER). */
#include "../base/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "film_lab.h"

typedef struct intact_case {
    const char *script;
    const char *expected;
} intact_case;

/* S before the slice that closed the GOP, later, twice; parts; SEIs without signature; data. */
static const intact_case intact[] = {
    { "CI P P SI P P SI P P", "authentic 0+3; authentic 3+3; unsigned:tail 6+3" },
    { "CI P P I SP P I P SP", "authentic 0+3; authentic 3+3; unsigned:tail 6+3" },
    { "CI P P I S=P P I P S==P S", "authentic 0+3; authentic 3+3; authentic 6+4" },
    { "sCIi Pp Pp sSIi Pp Pp S", "authentic 0+3; authentic 3+4" },
    { "CI P /P SP P /P SP I P SP P S",
      "authentic 0+2; authentic 2+3; authentic 5+2; authentic 7+4" },
    { "CI P P I UP P I UP P I UP P I SP P", "" },
    { "CI DP P SI DP P SI DP P S", "authentic 0+3; authentic 3+3; authentic 6+4" },
    { "P P CI P SI P S", "unsigned:head 0+2; authentic 2+2; authentic 4+3" },
    { "I P P I P", "unsigned 0+3; unsigned 3+2" },
};

static void an_intact_stream_is_authentic(void **state)
{
    lab *l = *state;
    for (size_t i = 0; i < sizeof intact / sizeof intact[0]; i++) {
        char text[FILM_TEXT_ROOM];
        film_camera_restart(&l->camera);
        film_shoot(&l->film, &l->camera, intact[i].script);
        film_tell(text, l->ctx, &l->film, &l->options);
        printf("%s\n   -> %s\n", intact[i].script, text);
        film_free(&l->film);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_intact_stream_is_authentic, lab_open, lab_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
