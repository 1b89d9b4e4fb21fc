/* SPDX-License-Identifier: Apache-2.0 */
/* Our side of the comparison with Go's sumdb: makes a log and proofs, judges what Go made, and is a
 * witness and the holder of a log.
 *
 *   make LOG COUNT PROOFS       a log in several epochs; prints its key
 *   check DIR                   what go_tlog made
 *   cosigned LOG KEY ANSWER     takes a cosignature of LOG's checkpoint that somebody else made
 *   witness DIR NAME LOGKEY REQUEST   answers one request */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log_internal.h"
#include "proof_text.h"
#include "witness_request.h"

#define EPOCHS 3
#define FILE_MAX ((size_t)1 << 20)

static svms_ctx *ctx;

static void give_up(const char *what, const svms_error *err)
{
    fprintf(stderr, "tlog_peer: %s: %s\n", what, err ? err->message : "");
    exit(1);
}

#define MUST(call)                                                                                 \
    do {                                                                                           \
        svms_error err = SVMS_ERROR_INIT;                                                          \
        if ((call) != SVMS_OK) {                                                                   \
            give_up(#call, &err);                                                                  \
        }                                                                                          \
    } while (0)

static svms_folder open_folder(const char *path)
{
    svms_folder folder = SVMS_FOLDER_INIT;
    MUST(svms_folder_open(&folder, ctx, path, 1, &err));
    return folder;
}

static char *load(const char *path, size_t *size)
{
    char *bytes = malloc(FILE_MAX + 1);
    FILE *file = fopen(path, "rb");
    if (!file || !bytes) {
        give_up(path, NULL);
    }
    *size = fread(bytes, 1, FILE_MAX, file);
    bytes[*size] = '\0';
    (void)fclose(file);
    return bytes;
}

static char *load_in(const char *folder, const char *name, size_t *size)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return load(path, size);
}

/* "record N" or "tree N", and the hashes. */
static void write_proof(const char *folder, const char *kind, uint64_t number,
                        const svms_tree_proof *proof)
{
    char name[4096];
    svms_builder text = svms_builder_new(ctx, FILE_MAX);
    (void)snprintf(name, sizeof name, "%s/%s-%" PRIu64 ".proof", folder, kind, number);
    FILE *file = fopen(name, "wb");
    for (unsigned i = 0; i < proof->count; i++) {
        svms_put_hash_line(&text, proof->hash[i]);
    }
    if (!file || fprintf(file, "%s %" PRIu64 "\n", kind, number) < 0 ||
        fwrite(text.data ? text.data : (const uint8_t *)"", 1, text.size, file) != text.size ||
        fclose(file) != 0) {
        give_up(name, NULL);
    }
    svms_builder_clear(&text);
}

static void write_proofs(const svms_folder *folder, const char *proofs)
{
    svms_builder bytes = svms_builder_new(ctx, FILE_MAX);
    svms_hasher *hasher = NULL;
    svms_note note;
    svms_checkpoint checkpoint;
    svms_log_tiles tiles;
    MUST(svms_log_read_file(folder, "checkpoint", &bytes, &err));
    MUST(svms_note_parse(&note, bytes.data, bytes.size, &err));
    MUST(svms_checkpoint_parse(&checkpoint, note.text, note.text_size, &err));
    MUST(svms_hasher_new(&hasher, ctx, &err));
    svms_log_tiles_init(&tiles, ctx, folder, hasher, checkpoint.head.size);
    svms_tree_source source = svms_log_tiles_source(&tiles);
    for (uint64_t i = 0; i < checkpoint.head.size; i++) {
        svms_tree_proof proof;
        MUST(svms_tree_prove_inclusion(&source, i, checkpoint.head.size, &proof, &err));
        write_proof(proofs, "record", i, &proof);
        MUST(svms_tree_prove_consistency(&source, i + 1, checkpoint.head.size, &proof, &err));
        write_proof(proofs, "tree", i + 1, &proof);
    }
    svms_log_tiles_clear(&tiles);
    svms_hasher_free(&hasher);
    svms_builder_clear(&bytes);
}

static void make(const char *path, unsigned count, const char *proofs)
{
    char key[SVMS_AUDIT_KEY_SIZE];
    svms_folder folder = open_folder(path);
    svms_audit_log_options options = SVMS_AUDIT_LOG_OPTIONS_INIT;
    options.server = "tlog_peer";
    MUST(svms_audit_log_create(ctx, &folder, "tlog-peer.example/audit", key, &err));
    for (unsigned epoch = 0; epoch < EPOCHS; epoch++) {
        svms_audit_log *log = NULL;
        MUST(svms_audit_log_open(&log, ctx, &folder, &options, &err));
        for (unsigned i = 0; i < count / EPOCHS; i++) {
            char text[64];
            uint64_t first;
            svms_iovec run = { text,
                               (size_t)snprintf(text, sizeof text, "record %u.%u", epoch, i) };
            MUST(svms_audit_log_append(log, &run, 1, &first, &err));
        }
        MUST(svms_audit_log_close(&log, &err));
        svms_folder_close(&folder);
        folder = open_folder(path);
    }
    write_proofs(&folder, proofs);
    svms_folder_close(&folder);
    printf("%s\n", key);
}

/* Each record by its proof, and the changed record not. */
static unsigned check_records(const char *dir, const svms_note_key *key, svms_hasher *hasher,
                              uint64_t count)
{
    unsigned good = 0;
    for (uint64_t i = 0; i < count; i++) {
        char name[64];
        size_t size;
        uint8_t leaf[SVMS_DIGEST_SIZE];
        svms_proof_text proof;
        svms_note note;
        svms_note_finding found;
        svms_checkpoint checkpoint;
        (void)snprintf(name, sizeof name, "records/%" PRIu64, i);
        char *bytes = load_in(dir, name, &size);
        MUST(svms_proof_text_parse(&proof, ctx, bytes, size, &err));
        MUST(svms_note_parse(&note, proof.checkpoint, proof.checkpoint_size, &err));
        MUST(svms_note_check(&note, ctx, key, &found, &err));
        MUST(svms_checkpoint_parse(&checkpoint, note.text, note.text_size, &err));
        MUST(svms_tree_leaf(hasher, proof.record, proof.record_size, leaf, &err));
        MUST(svms_tree_check_inclusion(hasher, leaf, proof.index, &checkpoint.head,
                                       &proof.inclusion, &err));
        leaf[0] ^= 1;
        svms_error ignored = SVMS_ERROR_INIT;
        good += found.is_signed && proof.index == i &&
                svms_tree_check_inclusion(hasher, leaf, proof.index, &checkpoint.head,
                                          &proof.inclusion, &ignored) == SVMS_E_NOT_AUTHENTIC;
        svms_proof_text_clear(&proof, ctx);
        free(bytes);
    }
    return good;
}

/* Go's tiles have the root that Go signed. */
static uint64_t check_tiles(const char *dir, const svms_note_key *key, svms_hasher *hasher)
{
    size_t size;
    svms_note note;
    svms_note_finding found;
    svms_checkpoint checkpoint;
    svms_log_tiles tiles;
    uint8_t root[SVMS_DIGEST_SIZE];
    svms_folder folder = open_folder(dir);
    char *bytes = load_in(dir, "checkpoint", &size);
    MUST(svms_note_parse(&note, bytes, size, &err));
    MUST(svms_note_check(&note, ctx, key, &found, &err));
    MUST(svms_checkpoint_parse(&checkpoint, note.text, note.text_size, &err));
    svms_log_tiles_init(&tiles, ctx, &folder, hasher, checkpoint.head.size);
    svms_tree_source source = svms_log_tiles_source(&tiles);
    MUST(svms_tree_root_at(&source, checkpoint.head.size, root, &err));
    if (!found.is_signed || memcmp(root, checkpoint.head.root, sizeof root) != 0) {
        give_up("Go's tiles have another root", NULL);
    }
    svms_log_tiles_clear(&tiles);
    svms_folder_close(&folder);
    free(bytes);
    return checkpoint.head.size;
}

/* Go's requests, one after the other, to a witness of ours. */
static unsigned check_growth(const char *dir, const char *key)
{
    char state[4096];
    unsigned number = 0;
    svms_witness *witness = NULL;
    svms_witness_options options = SVMS_WITNESS_OPTIONS_INIT;
    (void)snprintf(state, sizeof state, "%s/witness", dir);
    svms_folder folder = open_folder(state);
    options.name = "witness.example/ours";
    MUST(svms_witness_open(&witness, ctx, &folder, &options, &err));
    MUST(svms_witness_add_log(witness, key, &err));
    for (;; number++) {
        char name[4096];
        size_t size;
        svms_witness_answer answer = SVMS_WITNESS_ANSWER_INIT;
        (void)snprintf(name, sizeof name, "%s/growth/%03u", dir, number);
        FILE *there = fopen(name, "rb");
        if (!there) {
            break;
        }
        (void)fclose(there);
        char *bytes = load(name, &size);
        MUST(svms_witness_handle(witness, "add-checkpoint", bytes, size, &answer, &err));
        if (answer.status != 200) {
            give_up(answer.text, NULL);
        }
        free(bytes);
    }
    svms_witness_close(&witness);
    svms_folder_close(&folder);
    return number;
}

static void check(const char *dir)
{
    size_t size;
    svms_note_key key;
    svms_hasher *hasher = NULL;
    char *text = load_in(dir, "key", &size);
    text[strcspn(text, "\n")] = '\0';
    MUST(svms_note_key_parse(&key, ctx, text, strlen(text), &err));
    MUST(svms_hasher_new(&hasher, ctx, &err));
    uint64_t count = check_tiles(dir, &key, hasher);
    unsigned records = check_records(dir, &key, hasher, count);
    unsigned growth = check_growth(dir, text);
    printf("%" PRIu64 " records, %u proven, %u steps\n", count, records, growth);
    svms_hasher_free(&hasher);
    free(text);
}

static void take_cosignature(const char *path, const char *key, const char *answer_path)
{
    size_t size;
    svms_cosigning *cosigning = NULL;
    svms_cosigning_question question = SVMS_COSIGNING_QUESTION_INIT;
    svms_cosigning_answer answer = SVMS_COSIGNING_ANSWER_INIT;
    svms_folder folder = open_folder(path);
    char *bytes = load(answer_path, &size);
    MUST(svms_cosigning_new(&cosigning, ctx, &folder, &err));
    MUST(svms_cosigning_begin(cosigning, key, &err));
    MUST(svms_cosigning_ask(cosigning, &question, &err));
    answer.status = 200;
    answer.body = bytes;
    answer.size = size;
    MUST(svms_cosigning_take(cosigning, &answer, &err));
    MUST(svms_cosigning_keep(cosigning, 1, &err));
    svms_cosigning_free(&cosigning);
    svms_folder_close(&folder);
    free(bytes);
}

static void be_witness(const char *state, const char *name, const char *log_key,
                       const char *request)
{
    char key[SVMS_AUDIT_KEY_SIZE];
    size_t size;
    svms_witness *witness = NULL;
    svms_witness_options options = SVMS_WITNESS_OPTIONS_INIT;
    svms_witness_answer answer = SVMS_WITNESS_ANSWER_INIT;
    svms_folder folder = open_folder(state);
    char *bytes = load(request, &size);
    options.name = name;
    MUST(svms_witness_open(&witness, ctx, &folder, &options, &err));
    MUST(svms_witness_add_log(witness, log_key, &err));
    MUST(svms_witness_handle(witness, "add-checkpoint", bytes, size, &answer, &err));
    svms_witness_key(witness, key);
    printf("%s\n%u\n%s", key, (unsigned)answer.status, answer.text);
    svms_witness_close(&witness);
    svms_folder_close(&folder);
    free(bytes);
}

int main(int count, char **arguments)
{
    MUST(svms_ctx_new(&ctx, NULL, &err));
    if (count == 5 && strcmp(arguments[1], "make") == 0) {
        make(arguments[2], (unsigned)strtoul(arguments[3], NULL, 10), arguments[4]);
    } else if (count == 3 && strcmp(arguments[1], "check") == 0) {
        check(arguments[2]);
    } else if (count == 5 && strcmp(arguments[1], "cosigned") == 0) {
        take_cosignature(arguments[2], arguments[3], arguments[4]);
    } else if (count == 6 && strcmp(arguments[1], "witness") == 0) {
        be_witness(arguments[2], arguments[3], arguments[4], arguments[5]);
    } else {
        fprintf(stderr, "tlog_peer: wrong arguments\n");
        return 2;
    }
    svms_ctx_free(&ctx);
    return 0;
}
