/* SPDX-License-Identifier: Apache-2.0 */
/* The library finds in the files of tests/vectors/onvif what that second implementation says is
 * there. The first argument is the folder tests/vectors/data. */
#include <dirent.h>
#include <stdio.h>

#include "fixture.h"

#define LINE_SIZE 4096
#define FILE_SIZE 65536
#define NOW (INT64_C(1800000000) * SECOND)

static const char *folder;

typedef struct vectors {
    svms_ctx *ctx;
    svms_trust *trust;
    svms_chain *between;
} vectors;

static int64_t now(void *user)
{
    (void)user;
    return NOW;
}

static size_t read_file(const char *name, char *out, size_t room)
{
    char path[1024];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("cannot open %s", path);
    }
    size_t size = fread(out, 1, room, file);
    assert_true(size < room);
    out[size] = '\0';
    fclose(file);
    return size;
}

static const char *identity_name(svms_identity_verdict identity)
{
    static const char *const names[] = { "trusted",        "unsigned",      "no_anchor",
                                         "unknown_issuer", "wrong_role",    "expired_now",
                                         "expired_then",   "not_yet_valid", "bad_chain",
                                         "revoked",        "future" };
    return names[identity];
}

/* What was found, in the words of the vectors' text files. */
static void describe(const svms_onvif_report *report, char *out, size_t room)
{
    svms_onvif_summary summary = SVMS_ONVIF_SUMMARY_INIT;
    size_t used = 0;
    assert_int_equal(svms_onvif_report_summary(report, &summary, NULL), SVMS_OK);
#define SAY(...) used += (size_t)snprintf(out + used, room - used, __VA_ARGS__)
    for (unsigned pass = 0; pass < 4; pass++) {
        for (uint32_t i = 0; i < summary.signature_count; i++) {
            svms_onvif_signature one = SVMS_ONVIF_SIGNATURE_INIT;
            assert_int_equal(svms_onvif_report_signature(report, i, &one, NULL), SVMS_OK);
            if (pass == 0) {
                SAY("signature %s %s\n",
                    one.integrity == SVMS_INTEGRITY_INTACT ? "intact" : "broken",
                    identity_name(one.identity));
            }
            if (pass == 1 && one.algorithm[0] != '\0') {
                SAY("algorithm %s\n", one.algorithm);
            }
            if (pass == 2 && one.note[0] != '\0') {
                SAY("note %s\n", one.note);
            }
            for (uint32_t start = 0; pass == 3 && start < one.start_count; start++) {
                SAY("start %u %lld\n", (unsigned)one.starts[start].track_id,
                    (long long)one.starts[start].utc_ns);
            }
        }
    }
    SAY("warnings %u\n", (unsigned)summary.warning_count);
    if (summary.has_export) {
        SAY("export %lld %s\n", (long long)(summary.export_utc_ns / SECOND),
            summary.export_operator);
    }
    for (uint32_t i = 0; i < summary.track_count; i++) {
        svms_onvif_track track = SVMS_ONVIF_TRACK_INIT;
        assert_int_equal(svms_onvif_report_track(report, i, &track, NULL), SVMS_OK);
        SAY("track %u %s\n", (unsigned)track.track_id, track.name);
    }
    assert_true(used < room);
#undef SAY
}

static bool has_warning(const svms_onvif_report *report, const char *part)
{
    const char *text;
    for (uint32_t i = 0; (text = svms_onvif_report_warning(report, i)) != NULL; i++) {
        if (strstr(text, part) != NULL) {
            return true;
        }
    }
    return false;
}

/* The lines of the text file that describe() makes; warnings are looked for here. */
static void keep_wanted(const svms_onvif_report *report, char *text, char *out, size_t room)
{
    static const char *const modes[] = { "verdict ", "any_role ", "claimed ", "intermediates " };
    unsigned warnings = 0;
    bool said = false;
    size_t used = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        bool is_mode = false;
        for (size_t i = 0; i < 4; i++) {
            is_mode = is_mode || strncmp(line, modes[i], strlen(modes[i])) == 0;
        }
        if (is_mode) {
            continue;
        }
        if (strncmp(line, "warning ", 8) == 0) {
            assert_true(has_warning(report, line + 8));
            warnings++;
            continue;
        }
        if (!said && (strncmp(line, "export ", 7) == 0 || strncmp(line, "track ", 6) == 0)) {
            used += (size_t)snprintf(out + used, room - used, "warnings %u\n", warnings);
            said = true;
        }
        used += (size_t)snprintf(out + used, room - used, "%s\n", line);
    }
    if (!said) {
        used += (size_t)snprintf(out + used, room - used, "warnings %u\n", warnings);
    }
    assert_true(used < room);
}

static void verdict_line(const char *text, const char *mode, char out[32])
{
    char key[32];
    (void)snprintf(key, sizeof(key), "%s ", mode);
    const char *at = strncmp(text, key, strlen(key)) == 0 ? text : NULL;
    if (at == NULL) {
        (void)snprintf(key, sizeof(key), "\n%s ", mode);
        at = strstr(text, key);
    }
    assert_non_null(at);
    assert_int_equal(sscanf(at + strlen(key), "%31s", out), 1);
}

static svms_onvif_report *verify_as(const vectors *given, const char *mode, const char *data,
                                    size_t size, char verdict[32])
{
    svms_onvif_verify_options options = SVMS_ONVIF_VERIFY_OPTIONS_INIT;
    svms_onvif_report *report = NULL;
    svms_source source = SVMS_SOURCE_INIT;
    svms_onvif_summary summary = SVMS_ONVIF_SUMMARY_INIT;
    options.trust = given->trust;
    options.any_role = strcmp(mode, "any_role") == 0;
    options.time_policy = strcmp(mode, "claimed") == 0 ? SVMS_TIME_CLAIMED : SVMS_TIME_ATTESTED;
    options.intermediates = strcmp(mode, "intermediates") == 0 ? given->between : NULL;
    assert_int_equal(svms_source_from_memory(&source, given->ctx, data, size, NULL), SVMS_OK);
    svms_status status = svms_onvif_verify(&report, given->ctx, &source, &options, NULL);
    svms_source_close(&source);
    assert_non_null(report);
    assert_int_equal(svms_onvif_report_summary(report, &summary, NULL), SVMS_OK);
    assert_int_equal(status == SVMS_OK, summary.verdict == SVMS_VERDICT_AUTHENTIC);
    (void)snprintf(verdict, 32, "%s", svms_verdict_name(summary.verdict));
    return report;
}

static void check_vector(const vectors *given, const char *name)
{
    static const char *const modes[] = { "verdict", "any_role", "claimed", "intermediates" };
    static char data[FILE_SIZE];
    static char text[LINE_SIZE];
    static char wanted[LINE_SIZE];
    static char found[LINE_SIZE];
    char path[600];
    (void)snprintf(path, sizeof(path), "onvif/%s.txt", name);
    read_file(path, text, sizeof(text));
    (void)snprintf(path, sizeof(path), "onvif/%s.mp4", name);
    size_t size = read_file(path, data, sizeof(data));
    svms_onvif_report *first = NULL;
    for (size_t i = 0; i < 4; i++) {
        char verdict[32];
        char expected[32];
        svms_onvif_report *report = verify_as(given, modes[i], data, size, verdict);
        verdict_line(text, modes[i], expected);
        if (strcmp(verdict, expected) != 0) {
            fail_msg("%s, %s: %s, not %s", name, modes[i], verdict, expected);
        }
        if (i == 0) {
            first = report;
        } else {
            svms_onvif_report_free(&report);
        }
    }
    keep_wanted(first, text, wanted, sizeof(wanted));
    describe(first, found, sizeof(found));
    if (strcmp(wanted, found) != 0) {
        fail_msg("%s: found\n%s\nnot\n%s", name, found, wanted);
    }
    svms_onvif_report_free(&first);
}

static void every_vector_gives_what_the_second_implementation_says(void **state)
{
    char path[1024];
    unsigned count = 0;
    (void)snprintf(path, sizeof(path), "%s/onvif", folder);
    DIR *entries = opendir(path);
    assert_non_null(entries);
    struct dirent *entry;
    while ((entry = readdir(entries)) != NULL) {
        char name[512];
        char *end = strstr(entry->d_name, ".txt");
        if (end == NULL) {
            continue;
        }
        (void)snprintf(name, sizeof(name), "%.*s", (int)(end - entry->d_name), entry->d_name);
        check_vector(*state, name);
        count++;
    }
    closedir(entries);
    assert_true(count > 50);
}

static int setup(void **state)
{
    static vectors given;
    static char text[FILE_SIZE];
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.utc_now = now;
    assert_int_equal(svms_ctx_new(&given.ctx, &options, NULL), SVMS_OK);
    size_t size = read_file("keys/ca.pem", text, sizeof(text));
    assert_int_equal(svms_trust_from_pem(&given.trust, given.ctx, text, size, NULL), SVMS_OK);
    size = read_file("keys/intermediate.pem", text, sizeof(text));
    assert_int_equal(svms_chain_from_pem(&given.between, given.ctx, text, size, NULL), SVMS_OK);
    *state = &given;
    return 0;
}

static int teardown(void **state)
{
    vectors *given = *state;
    svms_chain_free(&given->between);
    svms_trust_free(&given->trust);
    svms_ctx_free(&given->ctx);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_gives_what_the_second_implementation_says),
    };
    if (argc != 2) {
        return 2;
    }
    folder = argv[1];
    return cmocka_run_group_tests(tests, setup, teardown);
}
