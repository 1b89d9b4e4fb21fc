/* SPDX-License-Identifier: Apache-2.0 */
/* Settings files: what is asked for is given, what is wrong is named with its place, and nothing is
 * passed over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <settings.h>

typedef struct fixture {
    char folder[48];
    char path[64];
    settings *file;
    svms_error err;
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->folder, sizeof f->folder, "/tmp/svms-test-settings-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/settings", f->folder);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    settings_close(&f->file);
    unlink(f->path);
    assert_int_equal(rmdir(f->folder), 0);
    free(f);
    return 0;
}

static void write_bytes(const fixture *f, const char *text, size_t size)
{
    FILE *out = fopen(f->path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(f->path, 0600), 0);
}

static svms_status try_text(fixture *f, const char *text)
{
    write_bytes(f, text, strlen(text));
    f->err = (svms_error)SVMS_ERROR_INIT;
    return settings_open(&f->file, f->path, &f->err);
}

static settings_node *read_text(fixture *f, const char *text)
{
    assert_int_equal(try_text(f, text), SVMS_OK);
    return settings_root(f->file);
}

static void must_refuse(fixture *f, const char *words)
{
    assert_int_equal(settings_finish(f->file, &f->err), SVMS_E_MALFORMED);
    if (!strstr(f->err.message, words)) {
        fail_msg("'%s' does not say '%s'", f->err.message, words);
    }
}

static void what_is_there_is_given(void **state)
{
    static const char *const modes[] = { "light", "strong", NULL };
    fixture *f = *state;
    char beside[80];
    size_t count = 0;
    settings_node *root = read_text(
        f, "{\"name\": \"yard\", \"days\": 30, \"on\": true, \"mode\": \"strong\","
           " \"key\": \"keys/key.pem\", \"log\": \"/var/log/x\", \"none\": null,"
           " \"cameras\": [{\"id\": \"a\"}, {\"id\": \"b\"}], \"words\": [\"one\", \"two\"],"
           " \"listen\": {\"port\": 0}}");
    snprintf(beside, sizeof beside, "%s/keys/key.pem", f->folder);
    assert_string_equal(settings_text(root, "name"), "yard");
    assert_int_equal(settings_number(root, "days", 1, 30), 30);
    assert_true(settings_flag_or(root, "on", false));
    assert_int_equal(settings_choice_or(root, "mode", modes, 0), 1);
    assert_string_equal(settings_path(root, "key"), beside);
    assert_string_equal(settings_path(root, "log"), "/var/log/x");
    assert_string_equal(settings_text_or(root, "none", "default"), "default");
    assert_int_equal(settings_number_or(root, "absent", 1, 2, 7), 7);
    settings_node *cameras = settings_list(root, "cameras", &count);
    assert_int_equal(count, 2);
    assert_string_equal(settings_text(settings_object_at(cameras, 0), "id"), "a");
    assert_string_equal(settings_text(settings_object_at(cameras, 1), "id"), "b");
    settings_node *words = settings_list(root, "words", &count);
    assert_string_equal(settings_text_at(words, 1), "two");
    snprintf(beside, sizeof beside, "%s/one", f->folder);
    assert_string_equal(settings_path_at(words, 0), beside);
    assert_int_equal(settings_number(settings_object(root, "listen"), "port", 0, 65535), 0);
    assert_int_equal(settings_finish(f->file, &f->err), SVMS_OK);
}

static void an_object_that_is_asked_for_twice_is_one(void **state)
{
    fixture *f = *state;
    settings_node *root = read_text(f, "{\"a\": {\"b\": 1, \"c\": 2}}");
    assert_int_equal(settings_number(settings_object(root, "a"), "b", 0, 9), 1);
    assert_int_equal(settings_number(settings_object(root, "a"), "c", 0, 9), 2);
    assert_int_equal(settings_finish(f->file, &f->err), SVMS_OK);
}

/* Each value is wrong for what is asked. */
static void ask_everything(settings_node *root)
{
    static const char *const modes[] = { "light", "strong", NULL };
    size_t count = 0;
    (void)settings_text_or(root, "text", NULL);
    (void)settings_number_or(root, "number", 1, 10, 1);
    (void)settings_flag_or(root, "flag", false);
    (void)settings_choice_or(root, "mode", modes, 0);
    (void)settings_path_or(root, "path", NULL);
    (void)settings_number_or(settings_object(root, "object"), "deep", 1, 10, 1);
    settings_node *list = settings_list(root, "objects", &count);
    for (size_t i = 0; i < count; i++) {
        (void)settings_text_or(settings_object_at(list, i), "id", NULL);
    }
    list = settings_list(root, "texts", &count);
    for (size_t i = 0; i < count; i++) {
        (void)settings_text_at(list, i);
    }
}

static void what_is_wrong_is_named(void **state)
{
    static const struct {
        const char *text;
        const char *words;
    } cases[] = {
        { "{\"text\": 1}", ": text must be a text" },
        { "{\"text\": \"\"}", ": text must be a text" },
        { "{\"text\": \"a\\u0000b\"}", "is no JSON" },
        { "{\"number\": 0}", ": number must be a whole number from 1 to 10" },
        { "{\"number\": 11}", ": number must be a whole number from 1 to 10" },
        { "{\"number\": 1.5}", ": number must be a whole number from 1 to 10" },
        { "{\"number\": \"1\"}", ": number must be a whole number from 1 to 10" },
        { "{\"flag\": 1}", ": flag must be true or false" },
        { "{\"mode\": \"none\"}", ": mode must be one of light strong" },
        { "{\"path\": []}", ": path must be a text" },
        { "{\"object\": []}", ": object must be an object" },
        { "{\"object\": {\"deep\": 0}}", ": object.deep must be a whole number" },
        { "{\"object\": {\"other\": 0}}", ": object.other is no setting" },
        { "{\"objects\": {}}", ": objects must be a list" },
        { "{\"objects\": [{}, 1]}", ": objects[1] must be an object" },
        { "{\"objects\": [{\"id\": \"a\"}, {\"id\": 1}]}", ": objects[1].id must be a text" },
        { "{\"objects\": [{\"ID\": \"a\"}]}", ": objects[0].ID is no setting" },
        { "{\"texts\": [\"a\", \"\"]}", ": texts[1] must be a text" },
        { "{\"unknown\": null}", ": unknown is no setting" },
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (try_text(f, cases[i].text) == SVMS_OK) {
            ask_everything(settings_root(f->file));
            must_refuse(f, cases[i].words);
        } else {
            assert_non_null(strstr(f->err.message, cases[i].words));
        }
        settings_close(&f->file);
    }
}

static void the_first_thing_is_told(void **state)
{
    fixture *f = *state;
    settings_node *root = read_text(f, "{\"a\": 1, \"z\": 2}");
    (void)settings_text(root, "b");
    (void)settings_text(root, "a");
    must_refuse(f, ": b is missing");
}

static void what_is_needed_is_missing_in_an_absent_object(void **state)
{
    fixture *f = *state;
    settings_node *root = read_text(f, "{}");
    settings_node *absent = settings_object(root, "listen");
    assert_null(absent);
    assert_string_equal(settings_text_or(absent, "address", "::1"), "::1");
    settings_refuse(root, "listen", "is missing");
    must_refuse(f, ": listen is missing");
}

static void files_that_are_no_settings_are_refused(void **state)
{
    fixture *f = *state;
    assert_int_equal(try_text(f, "[]"), SVMS_E_MALFORMED);
    assert_int_equal(try_text(f, ""), SVMS_E_MALFORMED);
    assert_int_equal(try_text(f, "{\"a\": 1, \"a\": 2}"), SVMS_E_MALFORMED);
    assert_int_equal(try_text(f, "{} {}"), SVMS_E_MALFORMED);
    write_bytes(f, "{\"\xff\": 1}", 8);
    assert_int_equal(settings_open(&f->file, f->path, &f->err), SVMS_E_MALFORMED);
    assert_int_equal(settings_open(&f->file, f->folder, &f->err), SVMS_E_MALFORMED);
    assert_int_equal(truncate(f->path, SETTINGS_SIZE_MAX + 1), 0);
    assert_int_equal(settings_open(&f->file, f->path, &f->err), SVMS_E_MALFORMED);
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(settings_open(&f->file, f->path, &f->err), SVMS_E_IO);
    assert_null(f->file);
}

static void what_others_may_write_is_refused(void **state)
{
    fixture *f = *state;
    write_bytes(f, "{}", 2);
    assert_int_equal(chmod(f->path, 0620), 0);
    assert_int_equal(settings_open(&f->file, f->path, &f->err), SVMS_E_POLICY);
    assert_int_equal(chmod(f->path, 0644), 0);
    assert_int_equal(settings_open(&f->file, f->path, &f->err), SVMS_OK);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(what_is_there_is_given),
        CASE(an_object_that_is_asked_for_twice_is_one),
        CASE(what_is_wrong_is_named),
        CASE(the_first_thing_is_told),
        CASE(what_is_needed_is_missing_in_an_absent_object),
        CASE(files_that_are_no_settings_are_refused),
        CASE(what_others_may_write_is_refused),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
