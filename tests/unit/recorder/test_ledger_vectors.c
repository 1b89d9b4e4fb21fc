/* SPDX-License-Identifier: Apache-2.0 */
/* Ledgers that the second implementation made, good and bad: the same comes of each here.
 * Arguments: folder of the vectors, file with the anchors. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <ledger_reader.h>

#define TEXT_MAX 65536

static const char *folder;
static const char *anchors;

typedef struct expectation {
    char name[96];
    char status[32];
    char rest[256];
} expectation;

typedef struct seen {
    char text[TEXT_MAX];
    size_t used;
} seen;

static svms_status see(void *user, const ledger_entry *entry)
{
    seen *all = user;
    int size = snprintf(all->text + all->used, TEXT_MAX - all->used,
                        "%d|%" PRId64 "|%" PRId64 "|%" PRId64 "|%s|%s|%s|%s\n", entry->kind + 1,
                        entry->utc_ns, entry->from_utc_ns, entry->to_utc_ns, entry->id,
                        entry->camera ? entry->camera : "", entry->who, entry->why);
    assert_true(size > 0 && (size_t)size < TEXT_MAX - all->used);
    all->used += (size_t)size;
    return SVMS_OK;
}

static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        fail_msg("%s is not there", path);
    }
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long end = ftell(file);
    assert_true(end >= 0);
    rewind(file);
    char *bytes = malloc((size_t)end + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)end, file), end);
    fclose(file);
    *size = (size_t)end;
    return bytes;
}

static void write_hash(char out[65], const uint8_t hash[LEDGER_HASH_SIZE])
{
    for (size_t i = 0; i < LEDGER_HASH_SIZE; i++) {
        snprintf(out + 2 * i, 3, "%02x", hash[i]);
    }
}

static const char *name_of(svms_status status)
{
    switch (status) {
    case SVMS_OK:
        return "ok";
    case SVMS_E_NOT_AUTHENTIC:
        return "not_authentic";
    case SVMS_E_UNTRUSTED:
        return "untrusted";
    case SVMS_E_MALFORMED:
        return "malformed";
    case SVMS_E_UNSUPPORTED:
        return "unsupported";
    case SVMS_E_TRUNCATED:
        return "truncated";
    default:
        return "other";
    }
}

/* What expected.txt would have behind the status. */
static void describe(char out[256], svms_status status, const ledger_end *end, const seen *all,
                     const svms_error *err)
{
    uint8_t digest[LEDGER_HASH_SIZE];
    char text[65];
    char hash[65];
    unsigned long long entry = 0;
    const char *named = strstr(err->message, "entry ");
    if (status == SVMS_E_NOT_AUTHENTIC && named && sscanf(named, "entry %llu", &entry) == 1) {
        snprintf(out, 256, "%llu", entry);
        return;
    }
    if (status != SVMS_OK) {
        snprintf(out, 256, "-");
        return;
    }
    assert_true(ledger_hash(digest, all->text, all->used));
    write_hash(text, digest);
    write_hash(hash, end->hash);
    int used = snprintf(out, 256, "%" PRIu64 " %" PRIu64 " %s ", end->entries, end->torn, text);
    if (end->entries == 0) {
        snprintf(out + used, 256 - (size_t)used, "none");
    } else {
        snprintf(out + used, 256 - (size_t)used, "%" PRIu64 " %s", end->entries - 1, hash);
    }
}

static void compare(svms_ctx *ctx, const svms_trust *trust, const expectation *wanted)
{
    char path[512];
    char found[256];
    size_t size = 0;
    seen *all = calloc(1, sizeof *all);
    svms_source source = SVMS_SOURCE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    ledger_end end = { 0 };
    assert_non_null(all);
    snprintf(path, sizeof path, "%s/%s.ledger", folder, wanted->name);
    char *bytes = read_file(path, &size);
    assert_int_equal(svms_source_from_memory(&source, ctx, bytes, size, NULL), SVMS_OK);
    svms_status status = ledger_read(ctx, &source, trust, see, all, &end, &err);
    describe(found, status, &end, all, &err);
    if (strcmp(name_of(status), wanted->status) != 0 || strcmp(found, wanted->rest) != 0) {
        fail_msg("%s: %s %s (%s), not %s %s", wanted->name, name_of(status), found, err.message,
                 wanted->status, wanted->rest);
    }
    ledger_end_free(&end);
    svms_source_close(&source);
    free(bytes);
    free(all);
}

static void both_implementations_see_the_same(void **state)
{
    (void)state;
    char path[512];
    size_t size = 0;
    unsigned count = 0;
    svms_ctx *ctx = NULL;
    svms_trust *trust = NULL;
    expectation wanted;
    assert_int_equal(svms_ctx_new(&ctx, NULL, NULL), SVMS_OK);
    char *pem = read_file(anchors, &size);
    assert_int_equal(svms_trust_from_pem(&trust, ctx, pem, size, NULL), SVMS_OK);
    snprintf(path, sizeof path, "%s/expected.txt", folder);
    FILE *list = fopen(path, "r");
    assert_non_null(list);
    while (fscanf(list, "%95s %31s %255[^\n]", wanted.name, wanted.status, wanted.rest) == 3) {
        compare(ctx, trust, &wanted);
        count++;
    }
    assert_true(feof(list));
    assert_true(count >= 90);
    fclose(list);
    free(pem);
    svms_trust_free(&trust);
    svms_ctx_free(&ctx);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_implementations_see_the_same),
    };
    if (argc != 3) {
        return 2;
    }
    folder = argv[1];
    anchors = argv[2];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
