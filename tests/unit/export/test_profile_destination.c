/* SPDX-License-Identifier: Apache-2.0 */
/* Where a profile lets an export go (export-profile.md, P-11). */
#include "profile_json.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder of its own with "allowed", "allowed/within", "allowedness", "elsewhere", "file", and the
 * symbolic links "allowed/out" to elsewhere, "in" to allowed/within. */
typedef struct folders {
    char root[64];
} folders;

static void path_in(const folders *all, const char *name, char out[256])
{
    (void)snprintf(out, 256, "%s/%s", all->root, name);
}

static void make_folders(folders *all)
{
    static const char *const names[] = { "allowed", "allowed/within", "allowedness", "elsewhere" };
    char path[256];
    char target[256];
    (void)snprintf(all->root, sizeof(all->root), "/tmp/svms-test-profile-XXXXXX");
    assert_non_null(mkdtemp(all->root));
    for (size_t i = 0; i < COUNT(names); i++) {
        path_in(all, names[i], path);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    path_in(all, "elsewhere", target);
    path_in(all, "allowed/out", path);
    assert_int_equal(symlink(target, path), 0);
    path_in(all, "allowed/within", target);
    path_in(all, "in", path);
    assert_int_equal(symlink(target, path), 0);
    path_in(all, "file", path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fclose(file);
}

static void remove_folders(const folders *all)
{
    static const char *const names[] = { "file",           "in",          "allowed/out",
                                         "allowed/within", "allowedness", "elsewhere",
                                         "allowed" };
    char path[256];
    for (size_t i = 0; i < COUNT(names); i++) {
        path_in(all, names[i], path);
        assert_int_equal(remove(path), 0);
    }
    assert_int_equal(rmdir(all->root), 0);
}

static svms_status apply_to(fixture *fix, const char *allowed, const char *destination, bool locked,
                            svms_profile_request *request, svms_error *err)
{
    char value[600];
    (void)snprintf(value, sizeof(value), "[\"/does/not/exist\",\"%s\"]", allowed);
    svms_profile *profile = profile_of(fix, "destinations", value, locked);
    *request = (svms_profile_request)SVMS_PROFILE_REQUEST_INIT;
    *err = (svms_error)SVMS_ERROR_INIT;
    request->given = BIT(SVMS_PROFILE_DESTINATIONS);
    request->destination = destination;
    svms_status status = svms_profile_apply(profile, request, err);
    svms_profile_free(&profile);
    return status;
}

static void destinations_are_judged_by_what_they_are(void **state)
{
    fixture *fix = *state;
    static const struct {
        const char *allowed;
        const char *asked;
        const char *folder; /* NULL: refused */
    } cases[] = {
        { "allowed", "allowed", "allowed" },
        { "allowed", "allowed/within", "allowed/within" },
        { "allowed", "allowed/./within/../within/", "allowed/within" },
        { "allowed", "in", "allowed/within" },
        { "in", "allowed/within", "allowed/within" },
        { "in", "in", "allowed/within" },
        { "allowed", "elsewhere", NULL },
        { "allowed", "allowedness", NULL },
        { "allowed", "allowed/../elsewhere", NULL },
        { "allowed", "allowed/out", NULL },
        { "in", "allowed", NULL },
        { "file", "allowed", NULL },
    };
    folders all;
    make_folders(&all);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char allowed[256];
        char asked[256];
        char folder[256];
        svms_profile_request request;
        svms_error err;
        path_in(&all, cases[i].allowed, allowed);
        path_in(&all, cases[i].asked, asked);
        path_in(&all, cases[i].folder != NULL ? cases[i].folder : "", folder);
        svms_status status = apply_to(fix, allowed, asked, true, &request, &err);
        if (cases[i].folder != NULL) {
            assert_int_equal(status, SVMS_OK);
            assert_string_equal(request.folder, folder);
        } else {
            assert_int_equal(status, SVMS_E_POLICY);
            assert_non_null(strstr(err.message,
                                   "' is in none of the allowed folders ('destinations'"
                                   " is locked by profile test)"));
            assert_string_equal(request.folder, "");
            assert_int_equal(apply_to(fix, allowed, asked, false, &request, &err), SVMS_OK);
            assert_int_equal(request.unmet, BIT(SVMS_PROFILE_DESTINATIONS));
            assert_non_null(strstr(request.folder, all.root));
        }
    }
    remove_folders(&all);
}

static void a_destination_must_be_a_folder_that_exists(void **state)
{
    fixture *fix = *state;
    folders all;
    char path[256];
    char allowed[256];
    char *longest = malloc(8192);
    svms_profile_request request;
    svms_error err;
    assert_non_null(longest);
    make_folders(&all);
    path_in(&all, "allowed", allowed);
    path_in(&all, "file", path);
    assert_int_equal(apply_to(fix, allowed, path, true, &request, &err), SVMS_E_IO);
    assert_non_null(strstr(err.message, "cannot export to "));
    path_in(&all, "allowed/new", path);
    assert_int_equal(apply_to(fix, allowed, path, true, &request, &err), SVMS_E_IO);
    assert_int_equal(apply_to(fix, allowed, "", true, &request, &err), SVMS_E_IO);
    memset(longest, '/', 8191);
    longest[8191] = '\0';
    assert_int_equal(apply_to(fix, allowed, longest, true, &request, &err), SVMS_E_USAGE);
    /* A message shows the end of a path, and no half characters. */
    (void)snprintf(longest, 8192, "%s/elsewhere/a", all.root);
    for (size_t i = 0; i < 45; i++) {
        (void)snprintf(longest + strlen(longest), 4, "\303\244");
    }
    assert_int_equal(mkdir(longest, 0700), 0);
    assert_int_equal(apply_to(fix, allowed, longest, true, &request, &err), SVMS_E_POLICY);
    assert_memory_equal(err.message, "'...\303\244", 6);
    (void)snprintf(path, sizeof(path), "%s", longest);
    path[strlen(path) - 1] = '\0';
    path[strlen(path) - 1] = 'b';
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(apply_to(fix, allowed, path, true, &request, &err), SVMS_E_POLICY);
    assert_memory_equal(err.message, "'...\303\244", 6);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(longest), 0);
    free(longest);
    remove_folders(&all);
}

static void the_first_destination_is_the_default(void **state)
{
    fixture *fix = *state;
    folders all;
    char path[256];
    char value[600];
    svms_profile_request request = SVMS_PROFILE_REQUEST_INIT;
    svms_error err = SVMS_ERROR_INIT;
    make_folders(&all);
    path_in(&all, "in", path);
    (void)snprintf(value, sizeof(value), "[\"%s\",\"/\"]", path);
    svms_profile *profile = profile_of(fix, "destinations", value, true);
    assert_int_equal(svms_profile_apply(profile, &request, &err), SVMS_OK);
    path_in(&all, "allowed/within", path);
    assert_string_equal(request.folder, path);
    request = (svms_profile_request)SVMS_PROFILE_REQUEST_INIT;
    request.given = BIT(SVMS_PROFILE_DESTINATIONS);
    request.destination = all.root;
    assert_int_equal(svms_profile_apply(profile, &request, &err), SVMS_OK);
    assert_string_equal(request.folder, all.root);
    svms_profile_free(&profile);
    profile = profile_of(fix, "sealed", "true", true);
    request = (svms_profile_request)SVMS_PROFILE_REQUEST_INIT;
    request.given = BIT(SVMS_PROFILE_DESTINATIONS);
    request.destination = "/..";
    assert_int_equal(svms_profile_apply(profile, &request, &err), SVMS_OK);
    assert_string_equal(request.folder, "/");
    svms_profile_free(&profile);
    remove_folders(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(destinations_are_judged_by_what_they_are),
        cmocka_unit_test(a_destination_must_be_a_folder_that_exists),
        cmocka_unit_test(the_first_destination_is_the_default),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
