/* SPDX-License-Identifier: Apache-2.0 */
/* What is taken out of a container comes to the same verdict as the container does for the same
 * period (evidence.md, sections 5 and 8). */
#include "sparse.h"

static recipe plain(uint32_t segments)
{
    recipe how = RECIPE_INIT;
    how.segments = segments;
    how.sample_size = 60;
    return how;
}

static svms_verify_options asked(fixture *fix, int64_t from, int64_t to)
{
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    options.trust = fix->trust;
    options.from_utc_ns = from;
    options.to_utc_ns = to;
    return options;
}

static void expect_same(const svms_report *of_container, const svms_report *of_excerpt,
                        const char *what)
{
    if (of_container->verdict != of_excerpt->verdict) {
        fail_msg("%s: %s, but the excerpt is %s (%s; %s)", what,
                 svms_verdict_name(of_container->verdict), svms_verdict_name(of_excerpt->verdict),
                 of_container->first_failure.reason, of_excerpt->first_failure.reason);
    }
    assert_int_equal(of_container->identity, of_excerpt->identity);
    assert_int_equal(of_container->segments_verified, of_excerpt->segments_verified);
    assert_int_equal(of_container->samples_verified, of_excerpt->samples_verified);
    assert_int_equal(of_container->first_utc_ns, of_excerpt->first_utc_ns);
    assert_int_equal(of_container->last_utc_ns, of_excerpt->last_utc_ns);
    assert_int_equal(of_container->signed_from_utc_ns, of_excerpt->signed_from_utc_ns);
    assert_int_equal(of_container->signed_to_utc_ns, of_excerpt->signed_to_utc_ns);
    assert_int_equal(of_container->gap_count, of_excerpt->gap_count);
    assert_int_equal(of_container->time_attested, of_excerpt->time_attested);
    assert_int_equal(of_container->attested_utc_ns, of_excerpt->attested_utc_ns);
}

/* Reads all that is carried, and counts the samples. */
static size_t read_all(sparse *of, svms_status *last)
{
    svms_reader *reader = NULL;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_sample sample = SVMS_SAMPLE_INIT;
    size_t count = 0;
    options.trust = of->fix->trust;
    assert_int_equal(svms_reader_open_excerpt(&reader, of->fix->ctx, &of->excerpt, &options, NULL),
                     SVMS_OK);
    while ((*last = svms_reader_next(reader, &sample, NULL)) == SVMS_OK) {
        assert_false(sample.flags & SVMS_SAMPLE_UNATTESTED);
        count++;
    }
    svms_reader_close(&reader);
    return count;
}

static void compare(fixture *fix, memory_file *file, int64_t from, int64_t to, const char *name)
{
    static sparse taken;
    svms_report direct = SVMS_REPORT_INIT;
    svms_report collected;
    svms_report carried;
    svms_verify_options options = asked(fix, from, to);
    svms_source source = memory_source(file);
    char what[128];
    svms_status last = SVMS_OK;
    (void)snprintf(what, sizeof(what), "%s, %lld to %lld", name,
                   from == SVMS_NO_TIME ? -1 : (long long)((from - T0) / (SECOND / 4)),
                   to == SVMS_NO_TIME ? -1 : (long long)((to - T0) / (SECOND / 4)));
    svms_status status = svms_verify_container(fix->ctx, &source, &options, &direct, NULL);
    assert_int_equal(sparse_collect(&taken, fix, file, &options, false, &collected), status);
    expect_same(&direct, &collected, what);
    assert_int_equal(direct.bytes_verified, collected.bytes_verified);
    assert_int_equal(sparse_verify(&taken, &options, &carried, NULL), status);
    expect_same(&direct, &carried, what);
    if (status == SVMS_OK) {
        sparse_unlock(&taken, file, "pass word");
        assert_int_equal(sparse_verify(&taken, &options, &carried, NULL), SVMS_OK);
        assert_int_equal(carried.access, SVMS_ACCESS_OPENED);
        size_t samples = read_all(&taken, &last);
        if (last != SVMS_END) {
            fail_msg("%s: reading ends with %d", what, last);
        }
        assert_int_equal(samples, direct.samples_verified);
    }
    sparse_clear(&taken);
}

static void compare_ranges(fixture *fix, memory_file *file, uint32_t segments, const char *name)
{
    int64_t quarters = 4 * (int64_t)segments;
    int64_t step = segments > 12 ? quarters / 7 : 3;
    compare(fix, file, SVMS_NO_TIME, SVMS_NO_TIME, name);
    for (int64_t from = -2; from < quarters; from += step) {
        compare(fix, file, T0 + from * SECOND / 4, SVMS_NO_TIME, name);
        compare(fix, file, SVMS_NO_TIME, T0 + (from + 3) * SECOND / 4, name);
        for (int64_t to = from + 1; to <= quarters + 3; to += step + 1) {
            compare(fix, file, T0 + from * SECOND / 4, T0 + to * SECOND / 4, name);
        }
    }
}

static void an_excerpt_comes_to_the_verdict_of_its_container(void **state)
{
    static const uint32_t lengths[] = { 1, 7, 140 };
    for (size_t i = 0; i < signing_count; i++) {
        for (size_t n = 0; n < 3; n++) {
            for (uint32_t open = 0; open < 2; open++) {
                memory_file file = { 0 };
                fixture *fix = *state;
                recipe how = plain(lengths[n]);
                char name[96];
                how.leave_open = open;
                how.frames = n == 2 ? 2 : 3;
                (void)snprintf(name, sizeof(name), "%s, %u, %s", signings[i].name, lengths[n],
                               open ? "open" : "closed");
                fix->now = T0;
                record_signed(fix, &signings[i], &how, &file);
                compare_ranges(fix, &file, lengths[n], name);
                memory_file_clear(&file);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_excerpt_comes_to_the_verdict_of_its_container,
                                        fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
