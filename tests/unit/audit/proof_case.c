/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "journal.h"
#include "key_internal.h"
#include "proof_case.h"

void proof_signer_make(proof_signer *out, svms_ctx *ctx, const char *name, svms_note_kind kind)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    svms_builder text = svms_builder_new(ctx, sizeof out->text);
    assert_non_null(pkey);
    memset(out, 0, sizeof *out);
    assert_int_equal(svms_private_key_from_evp(&out->private_key, ctx, pkey, NULL), SVMS_OK);
    EVP_PKEY_free(pkey);
    assert_int_equal(svms_sign_engine_new(&out->engine, ctx, out->private_key, NULL), SVMS_OK);
    assert_int_equal(svms_note_key_of(&out->key, ctx, name, kind, out->private_key, NULL), SVMS_OK);
    svms_put_note_key(&text, &out->key);
    svms_put_u8(&text, '\0');
    memcpy(out->text, text.data, text.size);
    svms_builder_clear(&text);
}

void proof_signer_free(proof_signer *gone)
{
    svms_sign_engine_free(&gone->engine);
    svms_private_key_free(&gone->private_key);
}

svms_audit_log *proof_case_open(proof_case *c)
{
    svms_audit_log_options options = SVMS_AUDIT_LOG_OPTIONS_INIT;
    svms_audit_log *log = NULL;
    svms_error err = SVMS_ERROR_INIT;
    options.server = "vms";
    if (svms_audit_log_open(&log, c->ctx, &c->view, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return log;
}

void proof_case_append(svms_audit_log *log, unsigned count)
{
    char text[1024][8];
    svms_iovec run[1024];
    uint64_t first;
    assert_true(count <= 1024);
    for (unsigned i = 0; i < count; i++) {
        run[i] = (svms_iovec){ text[i], (size_t)snprintf(text[i], sizeof text[i], "r%u", i) };
    }
    if (count > 0) {
        assert_int_equal(svms_audit_log_append(log, run, count, &first, NULL), SVMS_OK);
    }
}

void proof_case_close(svms_audit_log **log)
{
    assert_int_equal(svms_audit_log_close(log, NULL), SVMS_OK);
}

memory_file *proof_case_file(proof_case *c, const char *name)
{
    memory_file *file = memory_folder_find(&c->folder, name);
    if (!file) {
        fail_msg("\"%s\" is not there", name);
    }
    return file;
}

void proof_case_put(proof_case *c, const char *name, const void *data, size_t size)
{
    int os_error = 0;
    assert_int_equal(c->view.put(c->view.user, name, data, size, 1, &os_error), SVMS_OK);
}

void proof_case_cosign(proof_case *c)
{
    const memory_file *checkpoint = proof_case_file(c, "checkpoint");
    svms_builder bytes = svms_builder_new(c->ctx, SVMS_NOTE_MAX);
    svms_note note;
    static const int64_t times[] = { PROOF_TIME_INSIDE, PROOF_TIME_OUTSIDE };
    svms_put_bytes(&bytes, checkpoint->data, checkpoint->size);
    assert_int_equal(svms_note_parse(&note, checkpoint->data, checkpoint->size, NULL), SVMS_OK);
    for (unsigned i = 0; i < PROOF_WITNESSES; i++) {
        assert_int_equal(svms_note_sign(&bytes, note.text, note.text_size, &c->witness[i].key,
                                        c->witness[i].engine, times[i], NULL),
                         SVMS_OK);
    }
    proof_case_put(c, "witnessed", bytes.data, bytes.size);
    svms_builder_clear(&bytes);
}

void proof_case_make(proof_case *c, unsigned first, unsigned second)
{
    memset(c, 0, sizeof *c);
    assert_int_equal(svms_ctx_new(&c->ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_hasher_new(&c->hasher, c->ctx, NULL), SVMS_OK);
    c->view = memory_folder_open(&c->folder);
    assert_int_equal(svms_audit_log_create(c->ctx, &c->view, PROOF_ORIGIN, c->key, NULL), SVMS_OK);
    for (unsigned i = 0; i < PROOF_WITNESSES; i++) {
        proof_signer_make(&c->witness[i], c->ctx, i == 0 ? "inside" : "outside",
                          SVMS_NOTE_COSIGNATURE);
        c->witnesses[i] = (svms_audit_witness)SVMS_AUDIT_WITNESS_INIT;
        c->witnesses[i].is_outside = i;
        c->witnesses[i].key = c->witness[i].text;
    }
    c->trust = (svms_audit_trust)SVMS_AUDIT_TRUST_INIT;
    c->trust.log_key = c->key;
    c->trust.witnesses = c->witnesses;
    c->trust.witness_count = PROOF_WITNESSES;
    c->trust.quorum = PROOF_WITNESSES;
    svms_audit_log *log = proof_case_open(c);
    proof_case_append(log, first - PROOF_OPENING);
    proof_case_close(&log);
    proof_case_cosign(c);
    log = proof_case_open(c);
    proof_case_append(log, second - PROOF_OPENING);
    proof_case_close(&log);
}

void proof_case_clear(proof_case *c)
{
    for (unsigned i = 0; i < PROOF_WITNESSES; i++) {
        proof_signer_free(&c->witness[i]);
    }
    memory_folder_free(&c->folder);
    svms_hasher_free(&c->hasher);
    svms_ctx_free(&c->ctx);
}

int proof_case_set_up(void **state)
{
    proof_case *c = calloc(1, sizeof *c);
    assert_non_null(c);
    proof_case_make(c, PROOF_FIRST, PROOF_SIZE - PROOF_FIRST);
    *state = c;
    return 0;
}

int proof_case_tear_down(void **state)
{
    proof_case_clear(*state);
    free(*state);
    return 0;
}

void proof_records_read(proof_case *c, uint64_t count, proof_records *out)
{
    out->count = 0;
    assert_true(count <= sizeof out->data / sizeof out->data[0]);
    while (out->count < count) {
        svms_bundle_entry entry[SVMS_TILE_WIDTH];
        uint64_t left = count - out->count;
        svms_tile tile = { SVMS_TILE_ENTRIES, out->count / SVMS_TILE_WIDTH,
                           left < SVMS_TILE_WIDTH ? (uint32_t)left : SVMS_TILE_WIDTH };
        char path[SVMS_TILE_PATH_MAX];
        svms_tile_path(&tile, path);
        const memory_file *file = proof_case_file(c, path);
        assert_int_equal(svms_bundle_parse(file->data, file->size, tile.width, entry, NULL),
                         SVMS_OK);
        for (uint32_t i = 0; i < tile.width; i++, out->count++) {
            out->data[out->count] = malloc(entry[i].size + 1);
            assert_non_null(out->data[out->count]);
            memcpy(out->data[out->count], entry[i].record, entry[i].size);
            out->size[out->count] = entry[i].size;
        }
    }
}

void proof_records_free(proof_records *records)
{
    for (uint64_t i = 0; i < records->count; i++) {
        free(records->data[i]);
    }
}

static void put_tile(proof_case *c, uint32_t level, uint64_t number, const svms_builder *bytes,
                     uint32_t width)
{
    svms_tile tile = { level, number, width };
    char path[SVMS_TILE_PATH_MAX];
    svms_tile_path(&tile, path);
    proof_case_put(c, path, bytes->data, bytes->size);
}

/* Root of the tree over hashes. */
static void root_of(proof_case *c, const svms_builder *hashes, svms_tree *tree, uint8_t *out)
{
    svms_tree_reset(tree);
    for (size_t i = 0; i < hashes->size; i += SVMS_DIGEST_SIZE) {
        assert_int_equal(svms_tree_add(tree, c->hasher, hashes->data + i, NULL), SVMS_OK);
    }
    assert_int_equal(svms_tree_root(tree, c->hasher, out, NULL), SVMS_OK);
}

/* Tiles of the first two levels: as high as these logs are. */
static void rewrite_tiles(proof_case *c, const proof_records *records)
{
    svms_builder bundle = svms_builder_new(c->ctx, SIZE_MAX);
    svms_builder leaves = svms_builder_new(c->ctx, SIZE_MAX);
    svms_builder above = svms_builder_new(c->ctx, SIZE_MAX);
    svms_tree tree;
    for (uint64_t i = 0; i < records->count; i++) {
        uint8_t leaf[SVMS_DIGEST_SIZE];
        uint32_t width = (uint32_t)(i % SVMS_TILE_WIDTH) + 1;
        assert_int_equal(svms_tree_leaf(c->hasher, records->data[i], records->size[i], leaf, NULL),
                         SVMS_OK);
        svms_put_bytes(&leaves, leaf, sizeof leaf);
        svms_put_bundle_entry(&bundle, records->data[i], records->size[i]);
        if (width < SVMS_TILE_WIDTH && i + 1 < records->count) {
            continue;
        }
        put_tile(c, 0, i / SVMS_TILE_WIDTH, &leaves, width);
        put_tile(c, SVMS_TILE_ENTRIES, i / SVMS_TILE_WIDTH, &bundle, width);
        if (width == SVMS_TILE_WIDTH) {
            uint8_t root[SVMS_DIGEST_SIZE];
            root_of(c, &leaves, &tree, root);
            svms_put_bytes(&above, root, sizeof root);
        }
        svms_builder_reset(&leaves);
        svms_builder_reset(&bundle);
    }
    if (above.size > 0) {
        put_tile(c, 1, 0, &above, (uint32_t)(above.size / SVMS_DIGEST_SIZE));
    }
    svms_builder_clear(&above);
    svms_builder_clear(&leaves);
    svms_builder_clear(&bundle);
}

static void sign_head(proof_case *c, const svms_tree_head *head, const proof_signer *who,
                      svms_builder *out)
{
    svms_checkpoint checkpoint = { .origin = PROOF_ORIGIN, .head = *head };
    char text[512];
    svms_put_checkpoint(out, &checkpoint);
    size_t size = out->size;
    memcpy(text, out->data, size);
    svms_put_u8(out, '\n');
    assert_int_equal(svms_note_sign(out, text, size, &who->key, who->engine, 0, NULL), SVMS_OK);
    (void)c;
}

void proof_case_rewrite(proof_case *c, const proof_records *records, const proof_signer *thief)
{
    svms_builder note = svms_builder_new(c->ctx, SVMS_NOTE_MAX);
    svms_builder journal = svms_builder_new(c->ctx, SIZE_MAX);
    svms_builder group = svms_builder_new(c->ctx, SIZE_MAX);
    svms_tree tree;
    svms_tree_head head;
    char name[SVMS_JOURNAL_NAME_SIZE];
    uint64_t begin = (records->count - 1) / SVMS_TILE_WIDTH * SVMS_TILE_WIDTH;
    int os_error = 0;
    rewrite_tiles(c, records);
    if (memory_folder_find(&c->folder, "journal/0000000000000000")) {
        assert_int_equal(c->view.remove(c->view.user, "journal/0000000000000000", &os_error),
                         SVMS_OK);
    }
    svms_tree_reset(&tree);
    for (uint64_t i = 0; i < records->count; i++) {
        uint8_t leaf[SVMS_DIGEST_SIZE];
        if (i == begin) {
            head.size = begin;
            assert_int_equal(svms_tree_root(&tree, c->hasher, head.root, NULL), SVMS_OK);
            svms_put_journal_head(&journal, &head);
            svms_journal_group_begin(&group, begin);
        }
        if (i >= begin) {
            svms_journal_group_add(&group, records->data[i], records->size[i]);
        }
        assert_int_equal(svms_tree_leaf(c->hasher, records->data[i], records->size[i], leaf, NULL),
                         SVMS_OK);
        assert_int_equal(svms_tree_add(&tree, c->hasher, leaf, NULL), SVMS_OK);
    }
    head.size = records->count;
    assert_int_equal(svms_tree_root(&tree, c->hasher, head.root, NULL), SVMS_OK);
    sign_head(c, &head, thief, &note);
    svms_journal_group_end(&group, (uint32_t)(records->count - begin), note.data, note.size);
    svms_put_bytes(&journal, group.data, group.size);
    svms_journal_name(begin, name);
    proof_case_put(c, name, journal.data, journal.size);
    proof_case_put(c, "checkpoint", note.data, note.size);
    svms_builder_clear(&group);
    svms_builder_clear(&journal);
    svms_builder_clear(&note);
}

void proof_case_steal(proof_case *c, unsigned epoch, proof_signer *out)
{
    char name[64];
    memset(out, 0, sizeof *out);
    snprintf(name, sizeof name, "keys/epoch-%u.pem", epoch);
    const memory_file *file = proof_case_file(c, name);
    assert_int_equal(svms_private_key_from_pem(&out->private_key, c->ctx, (const char *)file->data,
                                               file->size, NULL),
                     SVMS_OK);
    assert_int_equal(svms_sign_engine_new(&out->engine, c->ctx, out->private_key, NULL), SVMS_OK);
    assert_int_equal(
        svms_note_key_of(&out->key, c->ctx, PROOF_ORIGIN, SVMS_NOTE_LOG, out->private_key, NULL),
        SVMS_OK);
}

svms_status proof_case_check(proof_case *c, svms_audit_report *out, svms_error *err)
{
    *out = (svms_audit_report)SVMS_AUDIT_REPORT_INIT;
    return svms_audit_check(c->ctx, &c->view, &c->trust, NULL, out, err);
}
