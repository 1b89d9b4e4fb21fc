/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "web_target.h"

static http_status parse(web_target *out, const char *text)
{
    return web_target_parse(out, (http_slice){ text, strlen(text) });
}

static void paths_are_decoded_once(void **state)
{
    static const struct {
        const char *target;
        const char *path;
    } cases[] = {
        { "/", "/" },          { "/a/b", "/a/b" },
        { "/a/", "/a/" },      { "/a%20b", "/a b" },
        { "/a+b", "/a+b" },    { "/%61", "/a" },
        { "/%2561", "/%61" },  { "/%c3%a4", "/\xc3\xa4" },
        { "/...", "/..." },    { "/.well-known", "/.well-known" },
        { "/a?b/../c", "/a" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        web_target target;
        assert_int_equal(parse(&target, cases[i].target), HTTP_OK);
        assert_string_equal(target.path, cases[i].path);
    }
}

static void paths_with_two_meanings_are_refused(void **state)
{
    static const char *const cases[] = {
        "",           "a",          "/.",       "/..",
        "/a/../b",    "/a/./b",     "/a/..",    "/%2e%2e/a",
        "/a/%2E",     "//a",        "/a//b",    "/a%2fb",
        "/a%2Fb",     "/a\\b",      "/a%5cb",   "/a%00",
        "/a%0a",      "/a%7f",      "/a%",      "/a%4",
        "/a%4g",      "/a%ff",      "/a%c0%af", "/%ed%a0%80",
        "/a%c2%85",   "/a#b",       "/a%e2%82", "/%f4%90%80%80",
        "/a?b#c",     "http://a/b", "*",        "/%f0%80%80%80",
        "/%e0%80%80",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        web_target target;
        assert_int_equal(parse(&target, cases[i]), HTTP_BAD_REQUEST);
    }
    char text[HTTP_TARGET_MAX + 3];
    web_target target;
    memset(text, 'a', sizeof text);
    text[0] = '/';
    text[HTTP_TARGET_MAX + 1] = '\0';
    assert_int_equal(parse(&target, text), HTTP_URI_TOO_LONG);
    text[HTTP_TARGET_MAX] = '\0';
    assert_int_equal(parse(&target, text), HTTP_OK);
}

static void queries_are_taken_apart(void **state)
{
    web_target target;
    (void)state;
    assert_int_equal(parse(&target, "/?a=b&c=%26%3d&d&e=&f=1+2%2B3&&%67=h=i"), HTTP_OK);
    static const web_pair wanted[] = { { "a", "b" }, { "c", "&=" },    { "d", "" },
                                       { "e", "" },  { "f", "1 2+3" }, { "g", "h=i" } };
    assert_int_equal(target.query_count, sizeof wanted / sizeof wanted[0]);
    for (size_t i = 0; i < target.query_count; i++) {
        assert_string_equal(target.query[i].name, wanted[i].name);
        assert_string_equal(target.query[i].value, wanted[i].value);
    }
    static const char *const refused[] = { "/?a=1&a=2", "/?=a",        "/?a=%00",   "/?a=%zz",
                                           "/?a=%ff",   "/?a=1&%61=2", "/?a=%0d%0a" };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_int_equal(parse(&target, refused[i]), HTTP_BAD_REQUEST);
    }
}

static void as_many_parameters_as_there_may_be_fit(void **state)
{
    char text[HTTP_TARGET_MAX + 1] = "/?";
    web_target target;
    size_t used = 2;
    (void)state;
    for (int i = 0; i < WEB_PARAMETERS_MAX; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%sp%d", i > 0 ? "&" : "", i);
    }
    while (used < HTTP_TARGET_MAX) {
        text[used++] = 'x';
    }
    text[used] = '\0';
    assert_int_equal(parse(&target, text), HTTP_OK);
    assert_int_equal(target.query_count, WEB_PARAMETERS_MAX);
    used = (size_t)snprintf(text, sizeof text, "/?a");
    for (int i = 0; i < WEB_PARAMETERS_MAX; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "&p%d", i);
    }
    assert_int_equal(parse(&target, text), HTTP_BAD_REQUEST);
}

static void patterns_take_parts(void **state)
{
    static const struct {
        const char *pattern;
        const char *path;
        bool fits;
        const char *parts; /* name=value; */
    } cases[] = {
        { "/", "/", true, "" },
        { "/a", "/a", true, "" },
        { "/a", "/a/", false, NULL },
        { "/a/", "/a", false, NULL },
        { "/a", "/ab", false, NULL },
        { "/a/b", "/a", false, NULL },
        { "/{x}", "/abc", true, "x=abc;" },
        { "/{x}", "/", false, NULL },
        { "/{x}", "/a/b", false, NULL },
        { "/a/{x}/b/{y}", "/a/1/b/2", true, "x=1;y=2;" },
        { "/a/{x}/b", "/a/1/c", false, NULL },
        { "/f/{p...}", "/f/a/b/c", true, "p=a/b/c;" },
        { "/f/{p...}", "/f/", false, NULL },
        { "/f/{p...}", "/f", false, NULL },
        { "/{x}/{p...}", "/1/2/", true, "x=1;p=2/;" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        web_match match;
        char text[256] = "";
        size_t used = 0;
        assert_true(web_pattern_is_good(cases[i].pattern));
        assert_int_equal(web_match_path(&match, cases[i].pattern, cases[i].path), cases[i].fits);
        for (size_t j = 0; cases[i].fits && j < match.count; j++) {
            used += (size_t)snprintf(text + used, sizeof text - used, "%s=%s;", match.parts[j].name,
                                     match.parts[j].value);
        }
        assert_string_equal(text, cases[i].fits ? cases[i].parts : "");
    }
}

static void patterns_that_are_none_are_refused(void **state)
{
    static const char *const cases[] = { "",      "a",     "/{}",
                                         "/a{x}", "/{x}b", "/{x...}/a",
                                         "/{",    "/}",    "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}" };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_false(web_pattern_is_good(cases[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_decoded_once),
        cmocka_unit_test(paths_with_two_meanings_are_refused),
        cmocka_unit_test(queries_are_taken_apart),
        cmocka_unit_test(as_many_parameters_as_there_may_be_fit),
        cmocka_unit_test(patterns_take_parts),
        cmocka_unit_test(patterns_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
