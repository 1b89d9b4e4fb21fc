/* SPDX-License-Identifier: Apache-2.0 */
#include "keep_case.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "log_internal.h"

#define ORIGIN "vms.example/audit"

static void *allocate(void *user, size_t size)
{
    keep_case *f = user;
    f->allocations++;
    bool now = f->failing != 0 &&
               (f->fails_on ? f->allocations >= f->failing : f->allocations == f->failing);
    void *out = now ? NULL : malloc(size);
    f->live += out != NULL;
    return out;
}

static void release(void *user, void *pointer)
{
    keep_case *f = user;
    f->live--;
    free(pointer);
}

static int64_t utc_now(void *user)
{
    const keep_case *f = user;
    return f->now_utc_ns;
}

keep_case *keep_case_new(void)
{
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    char key[SVMS_AUDIT_KEY_SIZE];
    keep_case *f = calloc(1, sizeof *f);
    assert_non_null(f);
    options.user = f;
    options.allocate = allocate;
    options.release = release;
    options.utc_now = utc_now;
    f->now_utc_ns = DAY_ZERO;
    assert_int_equal(svms_ctx_new(&f->ctx, &options, NULL), SVMS_OK);
    f->view = memory_folder_open(&f->folder);
    assert_int_equal(svms_audit_log_create(f->ctx, &f->view, ORIGIN, key, NULL), SVMS_OK);
    return f;
}

void keep_case_free(keep_case *f)
{
    memory_folder_free(&f->folder);
    svms_ctx_free(&f->ctx);
    assert_int_equal(f->live, 0);
    free(f);
}

svms_audit_log *keep_case_open(keep_case *f)
{
    svms_audit_log_options options = SVMS_AUDIT_LOG_OPTIONS_INIT;
    svms_audit_log *log = NULL;
    svms_error err = SVMS_ERROR_INIT;
    options.server = "vms";
    if (svms_audit_log_open(&log, f->ctx, &f->view, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return log;
}

void keep_case_close(svms_audit_log **log)
{
    assert_int_equal(svms_audit_log_close(log, NULL), SVMS_OK);
}

static size_t write_record(char *out, size_t room, const char *event, unsigned day)
{
    char when[SVMS_TIME_TEXT_SIZE];
    svms_time_format(DAY_ZERO + day * DAY, when);
    return (size_t)snprintf(out, room,
                            "{\"v\":1,\"id\":\"00112233445566778899aabbccddeeff\",\"time\":\"%s\","
                            "\"event\":\"%s\",\"outcome\":\"success\"}",
                            when, event);
}

static void append(svms_audit_log *log, const char *text, size_t size)
{
    const svms_iovec run = { text, size };
    uint64_t number;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_audit_log_append(log, &run, 1, &number, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
}

void keep_case_add(svms_audit_log *log, const char *event, unsigned day)
{
    char text[256];
    append(log, text, write_record(text, sizeof text, event, day));
}

static uint64_t size_of(svms_audit_log *log)
{
    svms_audit_head head = SVMS_AUDIT_HEAD_INIT;
    assert_int_equal(svms_audit_log_head(log, &head, NULL), SVMS_OK);
    return head.size;
}

void keep_case_fill(svms_audit_log *log, uint64_t size, unsigned day)
{
    svms_iovec run[SVMS_TILE_WIDTH];
    char text[256];
    uint64_t number;
    size_t length = write_record(text, sizeof text, "login.logout", day);
    while (size_of(log) < size) {
        uint64_t left = size - size_of(log);
        size_t count = left < SVMS_TILE_WIDTH ? (size_t)left : SVMS_TILE_WIDTH;
        for (size_t i = 0; i < count; i++) {
            run[i] = (svms_iovec){ text, length };
        }
        assert_int_equal(svms_audit_log_append(log, run, count, &number, NULL), SVMS_OK);
    }
    assert_int_equal(size_of(log), size);
}

void keep_case_build(keep_case *f)
{
    static const char no_json[] = "no JSON";
    svms_audit_log *log = keep_case_open(f);
    keep_case_fill(log, EVIDENCE_AT, 0);
    keep_case_add(log, "export.create", 0);
    keep_case_fill(log, UNKNOWN_AT, 0);
    keep_case_add(log, "x.unknown", 0);
    keep_case_fill(log, NO_JSON_AT, 0);
    append(log, no_json, sizeof no_json - 1);
    keep_case_fill(log, 256, 0);
    keep_case_fill(log, 512, 10);
    keep_case_fill(log, 770, 100);
    assert_int_equal(svms_audit_log_tend(log, NULL), SVMS_OK);
    f->now_utc_ns = DAY_ZERO + 120 * DAY;
    /* The first pruning begins a segment; when the bundle is full in which that begins, the one
     * before goes. */
    const svms_audit_prune_options options = keep_case_options(50);
    svms_audit_pruned pruned = keep_case_prune(log, &options);
    assert_int_equal(pruned.is_waiting, 1);
    assert_int_equal(pruned.minimum, 0);
    keep_case_fill(log, 1030, 101);
    assert_int_equal(svms_audit_log_tend(log, NULL), SVMS_OK);
    keep_case_close(&log);
}

void keep_case_restore(keep_case *f, const memory_folder *kept)
{
    memory_folder_free(&f->folder);
    memory_folder_copy(&f->folder, kept);
}

svms_audit_prune_options keep_case_options(unsigned before_day)
{
    svms_audit_prune_options options = SVMS_AUDIT_PRUNE_OPTIONS_INIT;
    options.before_utc_ns = DAY_ZERO + before_day * DAY;
    return options;
}

svms_audit_pruned keep_case_prune(svms_audit_log *log, const svms_audit_prune_options *options)
{
    svms_audit_pruned pruned = SVMS_AUDIT_PRUNED_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_audit_log_prune(log, options, &pruned, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return pruned;
}

/* False: there is no such file. */
static bool load(keep_case *f, const char *name, svms_builder *out)
{
    svms_error err = SVMS_ERROR_INIT;
    *out = svms_builder_new(f->ctx, SVMS_KEPT_MAX);
    svms_status status = svms_log_read_file(&f->view, name, out, &err);
    assert_true(status == SVMS_OK || svms_log_is_missing(status, &err));
    return status == SVMS_OK;
}

static svms_checkpoint newest(keep_case *f)
{
    svms_note note;
    svms_checkpoint checkpoint;
    svms_builder bytes;
    assert_true(load(f, "checkpoint", &bytes));
    assert_int_equal(svms_note_parse(&note, bytes.data, bytes.size, NULL), SVMS_OK);
    assert_int_equal(svms_checkpoint_parse(&checkpoint, note.text, note.text_size, NULL), SVMS_OK);
    svms_builder_clear(&bytes);
    return checkpoint;
}

uint64_t keep_case_size(keep_case *f)
{
    return newest(f).head.size;
}

static void copy_out(const void *record, size_t size, keep_case_record *out)
{
    assert_true(size < sizeof out->text);
    memcpy(out->text, record, size);
    out->text[size] = '\0';
    out->size = size;
}

static bool find_in_bundle(keep_case *f, const svms_tile *tile, uint32_t place,
                           keep_case_record *out)
{
    svms_bundle_entry entry[SVMS_TILE_WIDTH];
    svms_builder bytes = svms_builder_new(f->ctx, SVMS_BUNDLE_MAX);
    assert_int_equal(svms_log_read_tile(&f->view, tile, &bytes, NULL), SVMS_OK);
    if (svms_bundle_parse(bytes.data, bytes.size, SVMS_TILE_WIDTH, entry, NULL) != SVMS_OK) {
        assert_int_equal(svms_bundle_parse(bytes.data, bytes.size, tile->width, entry, NULL),
                         SVMS_OK);
    }
    copy_out(entry[place].record, entry[place].size, out);
    svms_builder_clear(&bytes);
    return true;
}

static bool find_in_kept(keep_case *f, uint64_t bundle, uint32_t place, keep_case_record *out)
{
    svms_kept kept;
    svms_builder bytes;
    const svms_kept_entry *found = NULL;
    char path[SVMS_TILE_PATH_MAX];
    svms_kept_path(bundle, path);
    if (load(f, path, &bytes)) {
        assert_int_equal(svms_kept_parse(&kept, bytes.data, bytes.size, NULL), SVMS_OK);
        found = svms_kept_find(&kept, place);
        if (found) {
            copy_out(found->record, found->size, out);
        }
    }
    svms_builder_clear(&bytes);
    return found != NULL;
}

static bool find(keep_case *f, uint64_t index, keep_case_record *out)
{
    svms_log_minimum minimum;
    svms_tile tile;
    assert_int_equal(svms_log_read_minimum(f->ctx, &f->view, &minimum, NULL), SVMS_OK);
    assert_true(svms_tile_of(keep_case_size(f), 0, index, &tile));
    uint32_t place = (uint32_t)(index % SVMS_TILE_WIDTH);
    if (index < minimum.first) {
        return find_in_kept(f, tile.number, place, out);
    }
    tile.level = SVMS_TILE_ENTRIES;
    return find_in_bundle(f, &tile, place, out);
}

static void must_have_its_hash(keep_case *f, uint64_t index, const keep_case_record *record)
{
    svms_hasher *hasher;
    svms_tile tile;
    uint8_t leaf[SVMS_DIGEST_SIZE];
    svms_builder bytes = svms_builder_new(f->ctx, SVMS_TILE_BYTES);
    assert_true(svms_tile_of(keep_case_size(f), 0, index, &tile));
    assert_int_equal(svms_log_read_tile(&f->view, &tile, &bytes, NULL), SVMS_OK);
    assert_int_equal(svms_hasher_new(&hasher, f->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_tree_leaf(hasher, record->text, record->size, leaf, NULL), SVMS_OK);
    assert_memory_equal(leaf, bytes.data + index % SVMS_TILE_WIDTH * SVMS_DIGEST_SIZE, sizeof leaf);
    svms_hasher_free(&hasher);
    svms_builder_clear(&bytes);
}

static uint64_t number_in(const keep_case_record *record, const char *member)
{
    const char *at = strstr(record->text, member);
    assert_non_null(at);
    return strtoull(at + strlen(member), NULL, 10);
}

static bool is_announced(keep_case *f, uint64_t index)
{
    for (uint64_t at = keep_case_size(f); at-- > 0;) {
        keep_case_record record;
        if (find(f, at, &record) && strstr(record.text, "\"event\":\"log.pruned\"") &&
            number_in(&record, "\"first\":") <= index && number_in(&record, "\"last\":") >= index) {
            return true;
        }
    }
    return false;
}

bool keep_case_read(keep_case *f, uint64_t index, keep_case_record *out)
{
    if (find(f, index, out)) {
        must_have_its_hash(f, index, out);
        return true;
    }
    if (!is_announced(f, index)) {
        fail_msg("record %" PRIu64 " is missing, and no record says so", index);
    }
    return false;
}

static void must_be_the_tree(keep_case *f, svms_hasher *hasher)
{
    svms_checkpoint checkpoint = newest(f);
    svms_log_tiles tiles;
    uint8_t root[SVMS_DIGEST_SIZE];
    svms_log_tiles_init(&tiles, f->ctx, &f->view, hasher, checkpoint.head.size);
    const svms_tree_source source = svms_log_tiles_source(&tiles);
    assert_int_equal(svms_tree_root_at(&source, checkpoint.head.size, root, NULL), SVMS_OK);
    assert_memory_equal(root, checkpoint.head.root, sizeof root);
    svms_log_tiles_clear(&tiles);
}

/* What the files have of a bundle, by place; how many are there. */
static uint32_t load_bundle(keep_case *f, svms_tile tile, uint64_t minimum, svms_builder *bytes,
                            svms_bundle_entry entry[SVMS_TILE_WIDTH])
{
    svms_kept kept;
    char path[SVMS_TILE_PATH_MAX];
    memset(entry, 0, SVMS_TILE_WIDTH * sizeof entry[0]);
    if (tile.number * SVMS_TILE_WIDTH >= minimum) {
        *bytes = svms_builder_new(f->ctx, SVMS_BUNDLE_MAX);
        tile.level = SVMS_TILE_ENTRIES;
        assert_int_equal(svms_log_read_tile(&f->view, &tile, bytes, NULL), SVMS_OK);
        if (svms_bundle_parse(bytes->data, bytes->size, SVMS_TILE_WIDTH, entry, NULL) != SVMS_OK) {
            assert_int_equal(svms_bundle_parse(bytes->data, bytes->size, tile.width, entry, NULL),
                             SVMS_OK);
        }
        return tile.width;
    }
    svms_kept_path(tile.number, path);
    if (!load(f, path, bytes)) {
        return 0;
    }
    assert_int_equal(svms_kept_parse(&kept, bytes->data, bytes->size, NULL), SVMS_OK);
    for (uint32_t i = 0; i < kept.count; i++) {
        entry[kept.entry[i].place] =
            (svms_bundle_entry){ kept.entry[i].record, kept.entry[i].size };
    }
    return kept.count;
}

static void survey_bundle(keep_case *f, svms_hasher *hasher, const svms_tile *tile,
                          const svms_bundle_entry entry[SVMS_TILE_WIDTH])
{
    svms_builder hashes = svms_builder_new(f->ctx, SVMS_TILE_BYTES);
    bool has_gone = false;
    assert_int_equal(svms_log_read_tile(&f->view, tile, &hashes, NULL), SVMS_OK);
    for (uint32_t i = 0; i < tile->width; i++) {
        uint8_t leaf[SVMS_DIGEST_SIZE];
        has_gone = has_gone || !entry[i].record;
        if (entry[i].record) {
            assert_int_equal(svms_tree_leaf(hasher, entry[i].record, entry[i].size, leaf, NULL),
                             SVMS_OK);
            assert_memory_equal(leaf, hashes.data + i * (size_t)SVMS_DIGEST_SIZE, sizeof leaf);
        }
    }
    svms_builder_clear(&hashes);
    if (has_gone) {
        assert_true(is_announced(f, tile->number * SVMS_TILE_WIDTH));
        assert_true(is_announced(f, tile->number * SVMS_TILE_WIDTH + SVMS_TILE_WIDTH - 1));
    }
}

uint64_t keep_case_survey(keep_case *f)
{
    svms_hasher *hasher;
    svms_log_minimum minimum;
    svms_tile tile;
    uint64_t size = keep_case_size(f);
    uint64_t there = 0;
    assert_int_equal(svms_hasher_new(&hasher, f->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_log_read_minimum(f->ctx, &f->view, &minimum, NULL), SVMS_OK);
    must_be_the_tree(f, hasher);
    for (uint64_t at = 0; at < size; at += SVMS_TILE_WIDTH) {
        svms_bundle_entry entry[SVMS_TILE_WIDTH];
        svms_builder bytes;
        assert_true(svms_tile_of(size, 0, at, &tile));
        there += load_bundle(f, tile, minimum.first, &bytes, entry);
        survey_bundle(f, hasher, &tile, entry);
        svms_builder_clear(&bytes);
    }
    svms_hasher_free(&hasher);
    return there;
}

uint64_t keep_case_count(keep_case *f, const char *text)
{
    uint64_t count = 0;
    for (uint64_t i = keep_case_size(f); i-- > 0;) {
        keep_case_record record;
        count += find(f, i, &record) && strstr(record.text, text) != NULL;
    }
    return count;
}
