/* SPDX-License-Identifier: Apache-2.0 */
/* The library reads what the independent implementation in tests/vectors wrote, and finds in it
 * what that implementation says is there. The first argument is the folder with the vectors. */
#include <dirent.h>
#include <stdio.h>

#include <openssl/evp.h>

#include "fixture.h"

#define LINE_SIZE 8192

static const char *folder;

typedef struct vector {
    char name[256];
    char verdict[32];
    char verdict_with_key[32];
    char verdict_claimed_time[32];
    char password[1100];
    char identity[256];
    char kek[256];
    char officer[32];
    char trust[256];
    char of[256];
    char stamp_trust[256];
    char attested[64];
    char attested_all[32];
    char pruned[400];
    unsigned stamps;
    unsigned stamps_valid;
    char failure[64];
    bool has_failure;
    long segments;
    long closed;
} vector;

static uint8_t *read_file(const char *name, size_t *size)
{
    char path[1024];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("cannot open %s", path);
    }
    uint8_t *data = malloc(4u << 20);
    *size = fread(data, 1, 4u << 20, file);
    fclose(file);
    return data;
}

static bool value_of(const char *line, const char *key, char *out, size_t size)
{
    size_t length = strlen(key);
    if (strncmp(line, key, length) != 0 || line[length] != ' ') {
        return false;
    }
    const char *value = line + length + 1;
    size_t kept = strlen(value);
    assert_true(kept < size);
    memcpy(out, value, kept + 1);
    return true;
}

static void parse_line(vector *found, const char *line)
{
    char number[64];
    char failure[64];
    if (value_of(line, "verdict", found->verdict, sizeof(found->verdict)) ||
        value_of(line, "verdict_with_key", found->verdict_with_key,
                 sizeof(found->verdict_with_key)) ||
        value_of(line, "verdict_claimed_time", found->verdict_claimed_time,
                 sizeof(found->verdict_claimed_time)) ||
        value_of(line, "password", found->password, sizeof(found->password)) ||
        value_of(line, "identity", found->identity, sizeof(found->identity)) ||
        value_of(line, "kek", found->kek, sizeof(found->kek)) ||
        value_of(line, "officer", found->officer, sizeof(found->officer)) ||
        value_of(line, "stamp_trust", found->stamp_trust, sizeof(found->stamp_trust)) ||
        value_of(line, "attested", found->attested, sizeof(found->attested)) ||
        value_of(line, "attested_all", found->attested_all, sizeof(found->attested_all)) ||
        value_of(line, "pruned", found->pruned, sizeof(found->pruned)) ||
        value_of(line, "of", found->of, sizeof(found->of)) ||
        value_of(line, "trust", found->trust, sizeof(found->trust))) {
        return;
    }
    if (value_of(line, "segments", number, sizeof(number))) {
        found->segments = strtol(number, NULL, 10);
    } else if (value_of(line, "stamps", number, sizeof(number))) {
        char *rest = NULL;
        found->stamps = (unsigned)strtoul(number, &rest, 10);
        found->stamps_valid = (unsigned)strtoul(rest, NULL, 10);
    } else if (value_of(line, "closed", number, sizeof(number))) {
        found->closed = strtol(number, NULL, 10);
    } else if (value_of(line, "first_failure", failure, sizeof(failure))) {
        found->has_failure = true;
        (void)sscanf(failure, "%63s", found->failure);
    }
}

static FILE *open_text(const vector *expected)
{
    char path[1024];
    (void)snprintf(path, sizeof(path), "%s/%s.txt", folder, expected->name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fail_msg("cannot open %s", path);
    }
    return file;
}

static void read_expectations(vector *expected)
{
    char line[LINE_SIZE];
    FILE *file = open_text(expected);
    expected->segments = -1;
    expected->closed = -1;
    while (fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        parse_line(expected, line);
    }
    fclose(file);
}

static const char *outcome(svms_status status, const svms_report *report)
{
    switch (svms_status_class(status)) {
    case SVMS_CLASS_SUCCESS:
    case SVMS_CLASS_EVIDENCE:
        return svms_verdict_name(report->verdict);
    case SVMS_CLASS_MALFORMED:
        return report->first_failure.segment == SVMS_NO_SEGMENT ? "malformed" : "not_authentic";
    default:
        return status == SVMS_E_UNSUPPORTED ? "unsupported" : svms_status_name(status);
    }
}

static svms_trust *load_trust(fixture *fix, const char *name)
{
    size_t size = 0;
    svms_trust *trust = NULL;
    if (name[0] == '\0') {
        return NULL;
    }
    uint8_t *pem = read_file(name, &size);
    assert_int_equal(svms_trust_from_pem(&trust, fix->ctx, (const char *)pem, size, NULL), SVMS_OK);
    free(pem);
    return trust;
}

/* What opens a vector; a ring borrows its keys. */
typedef struct opener {
    svms_private_key *key;
    svms_kek *kek;
    svms_keyring *ring;
} opener;

static void load_keys(fixture *fix, const vector *expected, opener *out)
{
    const char *name = expected->kek[0] != '\0' ? expected->kek : expected->identity;
    size_t size = 0;
    if (expected->password[0] != '\0') {
        out->ring = password_ring(fix, expected->password);
        return;
    }
    if (name[0] == '\0') {
        return;
    }
    uint8_t *pem = read_file(name, &size);
    assert_int_equal(svms_keyring_new(&out->ring, fix->ctx, NULL), SVMS_OK);
    if (name == expected->kek) {
        assert_int_equal(svms_kek_from_pem(&out->kek, fix->ctx, (const char *)pem, size, NULL),
                         SVMS_OK);
        assert_int_equal(svms_keyring_add_kek(out->ring, out->kek, NULL), SVMS_OK);
    } else {
        assert_int_equal(
            svms_private_key_from_pem(&out->key, fix->ctx, (const char *)pem, size, NULL), SVMS_OK);
        assert_int_equal(svms_keyring_add_key(out->ring, out->key, NULL), SVMS_OK);
    }
    free(pem);
}

static void free_keys(opener *keys)
{
    svms_keyring_free(&keys->ring);
    svms_private_key_free(&keys->key);
    svms_kek_free(&keys->kek);
}

static const char *officer_name(svms_identity_verdict verdict)
{
    switch (verdict) {
    case SVMS_IDENTITY_TRUSTED:
        return "trusted";
    case SVMS_IDENTITY_WRONG_ROLE:
        return "wrong_role";
    case SVMS_IDENTITY_UNKNOWN_ISSUER:
        return "unknown_issuer";
    case SVMS_IDENTITY_UNSIGNED:
        return "";
    default:
        return "other";
    }
}

static unsigned check_failure(const vector *expected, const svms_report *report,
                              const svms_error *err)
{
    char segment[32] = "-";
    if (!expected->has_failure || strcmp(expected->failure, "?") == 0) {
        return 0;
    }
    if (report->first_failure.segment != SVMS_NO_SEGMENT) {
        (void)snprintf(segment, sizeof(segment), "%llu",
                       (unsigned long long)report->first_failure.segment);
    }
    if (strcmp(segment, expected->failure) == 0) {
        return 0;
    }
    print_message("%s: first failure in %s where %s is expected: %s\n", expected->name, segment,
                  expected->failure, err->message);
    return 1;
}

/* What the time stamps of a container attest. */
static unsigned check_stamps(const vector *expected, const svms_report *report)
{
    char attested[64] = "- -";
    char everything[32] = "-";
    if (expected->stamp_trust[0] == '\0') {
        return 0;
    }
    if (report->attested_segment != SVMS_NO_SEGMENT) {
        (void)snprintf(attested, sizeof(attested), "%llu %lld",
                       (unsigned long long)report->attested_segment,
                       (long long)report->attested_segment_utc_ns);
    }
    if (report->time_attested != 0) {
        (void)snprintf(everything, sizeof(everything), "%lld", (long long)report->attested_utc_ns);
    }
    if (report->stamps == expected->stamps && report->stamps_valid == expected->stamps_valid &&
        strcmp(attested, expected->attested) == 0 &&
        strcmp(everything, expected->attested_all) == 0) {
        return 0;
    }
    print_message("%s: stamps %u %u, attested %s, all %s where %u %u, %s, %s are expected: %s\n",
                  expected->name, report->stamps, report->stamps_valid, attested, everything,
                  expected->stamps, expected->stamps_valid, expected->attested,
                  expected->attested_all, report->stamp_reason);
    return 1;
}

static unsigned check_verdict(fixture *fix, const vector *expected, memory_file *file,
                              const svms_trust *trust, const svms_keyring *keys,
                              svms_time_policy policy, const char *verdict)
{
    svms_report report = SVMS_REPORT_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_source source = memory_source(file);
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    options.trust = trust;
    options.keys = keys;
    options.time_policy = policy;
    svms_trust *stamp_trust = load_trust(fix, expected->stamp_trust);
    options.stamp_trust = stamp_trust;
    svms_status status = svms_verify_container(fix->ctx, &source, &options, &report, &err);
    svms_trust_free(&stamp_trust);
    const char *found = outcome(status, &report);
    unsigned wrong = 0;
    if (strcmp(found, verdict) != 0) {
        print_message("%s: %s where %s is expected: %s\n", expected->name, found, verdict,
                      err.message);
        wrong++;
    }
    if (keys == NULL && policy == SVMS_TIME_ATTESTED && status != SVMS_E_UNSUPPORTED) {
        wrong += check_failure(expected, &report, &err);
    }
    if (keys == NULL && expected->closed >= 0 && wrong == 0 &&
        report.closed != (uint32_t)expected->closed) {
        print_message("%s: closed is %u\n", expected->name, report.closed);
        wrong++;
    }
    if (strncmp(expected->name, "good-", 5) == 0 && wrong == 0 &&
        strcmp(officer_name(report.officer_identity), expected->officer) != 0) {
        print_message("%s: officer is '%s' where '%s' is expected\n", expected->name,
                      officer_name(report.officer_identity), expected->officer);
        wrong++;
    }
    wrong += check_stamps(expected, &report);
    if (keys == NULL && expected->segments >= 0 && wrong == 0 &&
        report.segments_verified != (uint64_t)expected->segments) {
        print_message("%s: %llu segments where %ld are expected\n", expected->name,
                      (unsigned long long)report.segments_verified, expected->segments);
        wrong++;
    }
    return wrong;
}

static void hex_of(const uint8_t *data, size_t size, char *out)
{
    for (size_t i = 0; i < size; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", data[i]);
    }
}

/* A line as the other implementation would have written it. */
static void describe_sample(const svms_sample *sample, char *out, size_t size)
{
    uint8_t digest[32];
    char hex[65];
    unsigned length = sizeof(digest);
    assert_int_equal(EVP_Digest(sample->data, sample->size, digest, &length, EVP_sha256(), NULL),
                     1);
    hex_of(digest, sizeof(digest), hex);
    (void)snprintf(out, size, "sample %u %lld %lld %u %u %zu %s %lld", sample->track,
                   (long long)sample->dts, (long long)sample->pts, sample->duration,
                   sample->flags & ~SVMS_SAMPLE_UNATTESTED, sample->size, hex,
                   (long long)sample->utc_ns);
}

/* The next sample, passing over those that were not disclosed. */
static svms_status next_readable(svms_reader *reader, svms_sample *sample, svms_error *err)
{
    svms_status status;
    do {
        status = svms_reader_next(reader, sample, err);
    } while (status == SVMS_E_WRONG_KEY);
    return status;
}

static unsigned check_samples(fixture *fix, const vector *expected, memory_file *file,
                              const svms_keyring *keys)
{
    char line[LINE_SIZE];
    char found[LINE_SIZE];
    unsigned wrong = 0;
    svms_reader *reader = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_source source = memory_source(file);
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    FILE *text = open_text(expected);
    options.keys = keys;
    options.allow_unverified = strcmp(expected->verdict, "untrusted") == 0;
    if (svms_reader_open(&reader, fix->ctx, &source, &options, &err) != SVMS_OK) {
        fclose(text);
        print_message("%s: %s\n", expected->name, err.message);
        return 1;
    }
    while (wrong == 0 && fgets(line, sizeof(line), text) != NULL) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "sample ", 7) != 0) {
            continue;
        }
        if (next_readable(reader, &sample, &err) != SVMS_OK) {
            print_message("%s: no sample where '%s' is expected: %s\n", expected->name, line,
                          err.message);
            wrong++;
            break;
        }
        describe_sample(&sample, found, sizeof(found));
        if (strcmp(found, line) != 0) {
            print_message("%s:\n  found    %s\n  expected %s\n", expected->name, found, line);
            wrong++;
        }
    }
    svms_sample more = SVMS_SAMPLE_INIT;
    if (wrong == 0 && next_readable(reader, &more, &err) == SVMS_OK) {
        print_message("%s: a sample beyond those that are expected\n", expected->name);
        wrong++;
    }
    svms_reader_close(&reader);
    fclose(text);
    return wrong;
}

static unsigned check_vector(fixture *fix, const char *name)
{
    vector expected = { 0 };
    memory_file file = { 0 };
    char with_suffix[300];
    opener keys = { 0 };
    (void)snprintf(expected.name, sizeof(expected.name), "%s", name);
    (void)snprintf(with_suffix, sizeof(with_suffix), "%s.svms", name);
    read_expectations(&expected);
    file.data = read_file(with_suffix, &file.size);
    svms_trust *trust = load_trust(fix, expected.trust);
    load_keys(fix, &expected, &keys);
    unsigned wrong =
        check_verdict(fix, &expected, &file, trust, NULL, SVMS_TIME_ATTESTED, expected.verdict);
    if (keys.ring != NULL) {
        wrong += check_verdict(fix, &expected, &file, trust, keys.ring, SVMS_TIME_ATTESTED,
                               expected.verdict_with_key[0] != '\0' ? expected.verdict_with_key
                                                                    : expected.verdict);
    }
    if (expected.verdict_claimed_time[0] != '\0') {
        wrong += check_verdict(fix, &expected, &file, trust, NULL, SVMS_TIME_CLAIMED,
                               expected.verdict_claimed_time);
    }
    if (strncmp(name, "bad-", 4) != 0 && strcmp(expected.verdict_with_key, "undecryptable") != 0) {
        wrong += check_samples(fix, &expected, &file, keys.ring);
    }
    free_keys(&keys);
    svms_trust_free(&trust);
    free(file.data);
    return wrong;
}

/* What the library makes of a container with a disclosure as its only key. */
static unsigned check_disclosed(fixture *fix, const vector *expected, const svms_keyring *ring)
{
    char name[300];
    memory_file file = { 0 };
    (void)snprintf(name, sizeof(name), "%s.svms", expected->of);
    file.data = read_file(name, &file.size);
    svms_trust *trust = load_trust(fix, expected->trust);
    svms_report report = SVMS_REPORT_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_source source = memory_source(&file);
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    options.trust = trust;
    options.keys = ring;
    const char *found =
        outcome(svms_verify_container(fix->ctx, &source, &options, &report, &err), &report);
    unsigned wrong = 0;
    if (strcmp(found, expected->verdict) != 0) {
        print_message("%s: %s where %s is expected: %s\n", expected->name, found, expected->verdict,
                      err.message);
        wrong++;
    } else {
        wrong += check_failure(expected, &report, &err);
    }
    if (strncmp(expected->name, "good-", 5) == 0) {
        wrong += check_samples(fix, expected, &file, ring);
    }
    svms_trust_free(&trust);
    free(file.data);
    return wrong;
}

static unsigned check_disclosure(fixture *fix, const char *name)
{
    vector expected = { 0 };
    char with_suffix[300];
    size_t size = 0;
    unsigned wrong = 0;
    svms_disclosure *disclosure = NULL;
    svms_keyring *ring = NULL;
    (void)snprintf(expected.name, sizeof(expected.name), "%s", name);
    (void)snprintf(with_suffix, sizeof(with_suffix), "%s.svmk", name);
    read_expectations(&expected);
    uint8_t *data = read_file(with_suffix, &size);
    svms_status status = svms_disclosure_parse(&disclosure, fix->ctx, data, size, NULL);
    if (status != SVMS_OK) {
        const char *found =
            svms_status_class(status) == SVMS_CLASS_MALFORMED ? "malformed" : "unsupported";
        if (strcmp(found, expected.verdict) != 0) {
            print_message("%s: %s where %s is expected\n", name, svms_status_name(status),
                          expected.verdict);
            wrong++;
        }
    } else {
        assert_int_equal(svms_keyring_new(&ring, fix->ctx, NULL), SVMS_OK);
        assert_int_equal(svms_keyring_add_disclosure(ring, disclosure, NULL), SVMS_OK);
        wrong += check_disclosed(fix, &expected, ring);
    }
    svms_keyring_free(&ring);
    svms_disclosure_free(&disclosure);
    free(data);
    return wrong;
}

static void describe_pruned(const svms_pruned *pruned, char *out, size_t size)
{
    char recording[33];
    char container[33];
    char hash[65];
    hex_of(pruned->recording_id, sizeof(pruned->recording_id), recording);
    hex_of(pruned->container_id, sizeof(pruned->container_id), container);
    hex_of(pruned->last_manifest, sizeof(pruned->last_manifest), hash);
    (void)snprintf(out, size, "%s %s %llu %llu %s %lld %lld %lld %llu %d %s", recording, container,
                   (unsigned long long)pruned->recording_sequence,
                   (unsigned long long)pruned->segments, hash, (long long)pruned->first_utc_ns,
                   (long long)pruned->last_utc_ns, (long long)pruned->removed_utc_ns,
                   (unsigned long long)pruned->bytes, (int)pruned->reason,
                   pruned->role == SVMS_ROLE_CAMERA ? "camera" : "recorder");
}

/* A verdict of the vectors that a status stands for. */
static const char *pruned_outcome(svms_status status)
{
    switch (status) {
    case SVMS_OK:
        return "authentic";
    case SVMS_E_UNTRUSTED:
        return "untrusted";
    case SVMS_E_NOT_AUTHENTIC:
        return "not_authentic";
    case SVMS_E_UNSUPPORTED:
        return "unsupported";
    default:
        return svms_status_class(status) == SVMS_CLASS_MALFORMED ? "malformed"
                                                                 : svms_status_name(status);
    }
}

static unsigned check_pruned_once(fixture *fix, const vector *expected, memory_file *file,
                                  svms_time_policy policy, const char *verdict)
{
    char fields[400] = "";
    svms_pruned pruned = SVMS_PRUNED_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_source source = memory_source(file);
    svms_trust *trust = load_trust(fix, expected->trust);
    svms_status status = svms_pruned_read(fix->ctx, &source, trust, policy, &pruned, &err);
    const char *found = pruned_outcome(status);
    unsigned wrong = 0;
    svms_trust_free(&trust);
    bool refused = strcmp(found, "malformed") == 0 || strcmp(found, "not_authentic") == 0;
    if (strcmp(found, verdict) != 0 && (strcmp(verdict, "refused") != 0 || !refused)) {
        print_message("%s: %s where %s is expected: %s\n", expected->name, found, verdict,
                      err.message);
        wrong++;
    }
    if (expected->pruned[0] != '\0') {
        describe_pruned(&pruned, fields, sizeof(fields));
        if (strcmp(fields, expected->pruned) != 0) {
            print_message("%s:\n  found    %s\n  expected %s\n", expected->name, fields,
                          expected->pruned);
            wrong++;
        }
    }
    return wrong;
}

static unsigned check_pruned(fixture *fix, const char *name)
{
    vector expected = { 0 };
    memory_file file = { 0 };
    char with_suffix[300];
    (void)snprintf(expected.name, sizeof(expected.name), "%s", name);
    (void)snprintf(with_suffix, sizeof(with_suffix), "%s.svmp", name);
    read_expectations(&expected);
    file.data = read_file(with_suffix, &file.size);
    unsigned wrong = check_pruned_once(fix, &expected, &file, SVMS_TIME_ATTESTED, expected.verdict);
    if (expected.verdict_claimed_time[0] != '\0') {
        wrong += check_pruned_once(fix, &expected, &file, SVMS_TIME_CLAIMED,
                                   expected.verdict_claimed_time);
    }
    free(file.data);
    return wrong;
}

/* Check every file of the folder whose name ends so; counts them. */
static unsigned check_all(fixture *fix, const char *suffix,
                          unsigned (*check)(fixture *fix, const char *name), unsigned *count)
{
    unsigned wrong = 0;
    size_t tail = strlen(suffix);
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        fail_msg("cannot open %s", folder);
        return 1;
    }
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        size_t length = strlen(entry->d_name);
        if (length > tail && length < 200 && strcmp(entry->d_name + length - tail, suffix) == 0) {
            char name[256];
            (void)snprintf(name, sizeof(name), "%.*s", (int)(length - tail), entry->d_name);
            wrong += check(fix, name);
            *count += 1;
        }
    }
    closedir(dir);
    return wrong;
}

static void every_vector_is_read_as_its_maker_says(void **state)
{
    fixture *fix = *state;
    unsigned count = 0;
    fix->now = INT64_C(1800000000) * SECOND; /* 2027: within the validity of the vectors' signers */
    unsigned wrong = check_all(fix, ".svms", check_vector, &count);
    print_message("%u containers, %u differences\n", count, wrong);
    assert_true(count > 100);
    assert_int_equal(wrong, 0);
}

static void every_disclosure_opens_what_its_maker_says(void **state)
{
    fixture *fix = *state;
    unsigned count = 0;
    fix->now = INT64_C(1800000000) * SECOND;
    unsigned wrong = check_all(fix, ".svmk", check_disclosure, &count);
    print_message("%u disclosures, %u differences\n", count, wrong);
    assert_true(count > 20);
    assert_int_equal(wrong, 0);
}

static void every_pruned_record_is_read_as_its_maker_says(void **state)
{
    fixture *fix = *state;
    unsigned count = 0;
    fix->now = INT64_C(1800000000) * SECOND;
    unsigned wrong = check_all(fix, ".svmp", check_pruned, &count);
    print_message("%u pruned records, %u differences\n", count, wrong);
    assert_true(count > 40);
    assert_int_equal(wrong, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_vector_is_read_as_its_maker_says, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(every_disclosure_opens_what_its_maker_says, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(every_pruned_record_is_read_as_its_maker_says,
                                        fixture_setup, fixture_teardown),
    };
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    folder = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
