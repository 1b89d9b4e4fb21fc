/* SPDX-License-Identifier: Apache-2.0 */
/* A recorder's ledger. The first byte says whether the rest is the file, a statement, or statements
 * that are signed and bound anew, by a key that is made once, so that mutated ones are looked into.
 * What is accepted can be written in one way only. */
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#include "ledger_reader.h"
#include "ledger_signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct signer {
    svms_ctx *ctx;
    EVP_PKEY *key;
    char chain[8192];
    size_t chain_size;
} signer;

static void must(int good)
{
    if (!good) {
        abort();
    }
}

static void make_signer(signer *out)
{
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    svms_private_key *key = NULL;
    must(svms_ctx_new(&out->ctx, NULL, NULL) == SVMS_OK);
    must(svms_private_key_generate(&key, out->ctx, NULL) == SVMS_OK);
    options.common_name = "fuzz";
    options.not_after_utc_ns = INT64_C(4000000000) * 1000000000;
    out->chain_size = sizeof out->chain;
    must(svms_certificate_issue(out->ctx, &options, key, NULL, NULL, out->chain, &out->chain_size,
                                NULL) == SVMS_OK);
    must(ledger_signing_key(&out->key, key, NULL) == SVMS_OK);
    svms_private_key_free(&key);
}

/* The same bytes come out. */
static svms_status check_entry(void *user, const ledger_entry *entry)
{
    uint8_t again[LEDGER_STATEMENT_MAX];
    uint8_t before[LEDGER_HASH_SIZE] = { 0 };
    size_t size = 0;
    ledger_statement read;
    ++*(uint64_t *)user;
    must(ledger_write_statement(again, &size, before, 7, entry, NULL) == SVMS_OK);
    must(ledger_read_statement(&read, again, size));
    must(read.number == 7 && read.entry.kind == entry->kind && strcmp(read.id, entry->id) == 0 &&
         strcmp(read.who, entry->who) == 0 && strcmp(read.why, entry->why) == 0);
    return SVMS_OK;
}

static void read_file(svms_ctx *ctx, const uint8_t *data, size_t size)
{
    svms_source source = SVMS_SOURCE_INIT;
    ledger_end end = { 0 };
    uint64_t count = 0;
    must(svms_source_from_memory(&source, ctx, data, size, NULL) == SVMS_OK);
    if (ledger_read(ctx, &source, NULL, check_entry, &count, &end, NULL) == SVMS_OK) {
        must(end.entries == count && end.size + end.torn == size && end.torn <= LEDGER_ENTRY_MAX);
        ledger_end_free(&end);
    }
    svms_source_close(&source);
}

static void read_statement(const uint8_t *data, size_t size)
{
    ledger_statement read;
    uint8_t again[LEDGER_STATEMENT_MAX];
    size_t again_size = 0;
    if (ledger_read_statement(&read, data, size)) {
        must(ledger_write_statement(again, &again_size, read.before, read.number, &read.entry,
                                    NULL) == SVMS_OK);
        must(again_size == size && memcmp(again, data, size) == 0);
    }
}

/* An entry with this statement, bound to what is there; 0: none. */
static size_t add_entry(const signer *by, uint8_t *file, size_t used, const uint8_t *last,
                        size_t last_size, const uint8_t *statement, size_t size)
{
    uint8_t bound[LEDGER_STATEMENT_MAX];
    ledger_head head = { (uint32_t)size, used == LEDGER_FRONT_SIZE ? (uint32_t)by->chain_size : 0,
                         0, 0 };
    if (size < LEDGER_HASH_SIZE || size > sizeof bound) {
        return 0;
    }
    memcpy(bound, statement, size);
    must(ledger_hash(bound, last, last_size));
    must(ledger_algorithm(by->key, &head.algorithm, &head.signature_size));
    uint8_t *at = file + used;
    must(ledger_write_head(at, &head));
    memcpy(at + LEDGER_HEAD_SIZE, by->chain, head.chain_size);
    uint8_t *signature = at + LEDGER_HEAD_SIZE + head.chain_size;
    memcpy(signature + head.signature_size, bound, size);
    const ledger_signed what = { at, at + LEDGER_HEAD_SIZE, head.chain_size, bound, size };
    must(ledger_sign(by->key, &what, signature, NULL) == SVMS_OK);
    return ledger_entry_size(&head);
}

/* Statements behind their lengths (u16). */
static void read_signed(const signer *by, const uint8_t *data, size_t size)
{
    static const uint8_t id[16];
    size_t room = LEDGER_FRONT_SIZE + 4u * LEDGER_ENTRY_MAX;
    uint8_t *file = malloc(room);
    size_t used = LEDGER_FRONT_SIZE;
    size_t last = used;
    if (!file) {
        return;
    }
    ledger_write_front(file, id);
    while (size >= 2 && room - used >= LEDGER_ENTRY_MAX) {
        size_t length = (size_t)data[0] << 8 | data[1];
        length = length < size - 2 ? length : size - 2;
        size_t added = add_entry(by, file, used, file + used - last, last, data + 2, length);
        if (added == 0) {
            break;
        }
        used += added;
        last = added;
        data += 2 + length;
        size -= 2 + length;
    }
    /* Memory of its own, so that a read beyond it is found. */
    uint8_t *exact = malloc(used);
    if (exact) {
        memcpy(exact, file, used);
        read_file(by->ctx, exact, used);
    }
    free(exact);
    free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static signer by;
    if (!by.ctx) {
        make_signer(&by);
    }
    if (size == 0) {
        return 0;
    }
    uint8_t *rest = malloc(size);
    if (!rest) {
        return 0;
    }
    memcpy(rest, data + 1, size - 1);
    switch (data[0] % 3) {
    case 0:
        read_file(by.ctx, rest, size - 1);
        break;
    case 1:
        read_statement(rest, size - 1);
        break;
    default:
        read_signed(&by, rest, size - 1);
        break;
    }
    free(rest);
    return 0;
}
