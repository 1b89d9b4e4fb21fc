/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger_reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger_signature.h"
#include "recorder_failure.h"

#define NS_PER_SECOND INT64_C(1000000000)

typedef struct reading {
    svms_ctx *ctx;
    const svms_source *source;
    const svms_trust *trust;
    ledger_visitor *visit;
    void *user;
    svms_error *err;
    uint64_t size;  /* of the source */
    uint8_t *bytes; /* of one entry, LEDGER_ENTRY_MAX */
    ledger_end end;
    /* Who signs at present. */
    svms_chain *chain;
    svms_public_key *key;
    uint64_t since;      /* first entry that he signed, */
    int64_t from_utc_ns; /* and between which moments */
    int64_t to_utc_ns;
    ledger_statement statement;
} reading;

static svms_status forged(reading *self, const char *why)
{
    return recorder_fail(self->err, SVMS_E_NOT_AUTHENTIC, 0,
                         "the ledger: entry %" PRIu64 " is not as it was written: %s",
                         self->end.entries, why);
}

static svms_status read_bytes(reading *self, uint64_t at, uint8_t *out, size_t size)
{
    size_t got = 0;
    int os_error = 0;
    svms_status status = self->source->read_at(self->source->user, at, out, size, &got, &os_error);
    if (status == SVMS_OK && got == size) {
        return SVMS_OK;
    }
    return recorder_fail(self->err, status == SVMS_OK ? SVMS_E_IO : status, os_error,
                         "the ledger cannot be read at byte %" PRIu64, at);
}

svms_status ledger_judge(const svms_trust *trust, const svms_chain *chain, int64_t from_utc_ns,
                         int64_t to_utc_ns, svms_error *err)
{
    struct timespec clock = { 0, 0 };
    svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    (void)timespec_get(&clock, TIME_UTC);
    int64_t now = (int64_t)clock.tv_sec * NS_PER_SECOND + clock.tv_nsec;
    question.role = SVMS_ROLE_RECORDER;
    question.policy = SVMS_TIME_CLAIMED;
    question.from_utc_ns = from_utc_ns;
    question.to_utc_ns = to_utc_ns;
    /* A clock that was put back since must not take the locks away. */
    question.now_utc_ns = now > to_utc_ns ? now : to_utc_ns;
    return svms_identity_check(trust, chain, &question, &result, err);
}

/* Whether who signs at present may have done so in all the time in which he did. */
static svms_status judge(reading *self)
{
    svms_error why = SVMS_ERROR_INIT;
    if (!self->trust || !self->chain) {
        return SVMS_OK;
    }
    svms_status status =
        ledger_judge(self->trust, self->chain, self->from_utc_ns, self->to_utc_ns, &why);
    return status == SVMS_OK
               ? SVMS_OK
               : recorder_fail(self->err, status, why.os_error,
                               "the ledger: who signed entry %" PRIu64 " is not trusted: %.160s",
                               self->since, why.message);
}

static void forget_signer(reading *self)
{
    svms_public_key_free(&self->key);
    svms_chain_free(&self->chain);
}

/* The text must be the one that its certificates alone make: what else it held could be taken for a
 * key (L-SIG-4). */
static bool is_only_chain(const svms_chain *chain, const char *text, size_t size)
{
    size_t again_size = LEDGER_CHAIN_MAX + 1;
    char *again = malloc(again_size);
    bool same = again && svms_chain_to_pem(chain, again, &again_size, NULL) == SVMS_OK &&
                again_size == size && memcmp(again, text, size) == 0;
    free(again);
    return same;
}

static bool is_of_system(svms_status status)
{
    return status == SVMS_E_NO_MEMORY || status == SVMS_E_CRYPTO || status == SVMS_E_IO;
}

/* From this entry on somebody else signs, and nothing new is asked of who did before. */
static svms_status take_signer(reading *self, const char *text, size_t size)
{
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = judge(self);
    if (status != SVMS_OK) {
        return status;
    }
    char *copy = malloc(size);
    if (!copy) {
        return recorder_fail(self->err, SVMS_E_NO_MEMORY, 0, "out of memory for the ledger");
    }
    memcpy(copy, text, size);
    forget_signer(self);
    free(self->end.chain);
    self->end.chain = copy;
    self->end.chain_size = size;
    status = svms_chain_from_pem(&self->chain, self->ctx, text, size, &why);
    if (status == SVMS_OK && !is_only_chain(self->chain, text, size)) {
        return forged(self, "its certificates are in another form than the only one");
    }
    if (status == SVMS_OK) {
        status = svms_public_key_from_pem(&self->key, self->ctx, text, size, &why);
    }
    if (status == SVMS_OK) {
        return SVMS_OK;
    }
    return is_of_system(status)
               ? recorder_fail(self->err, status, why.os_error, "the ledger: %.200s", why.message)
               : forged(self, why.message);
}

/* The bytes of an entry are there: whose they are, before what they say. */
static svms_status check_entry(reading *self, const ledger_head *head)
{
    const uint8_t *chain = self->bytes + LEDGER_HEAD_SIZE;
    const uint8_t *signature = chain + head->chain_size;
    const uint8_t *statement = signature + head->signature_size;
    const ledger_signed what = { self->bytes, chain, head->chain_size, statement,
                                 head->statement_size };
    svms_error why = SVMS_ERROR_INIT;
    if (head->chain_size > 0) {
        svms_status status = take_signer(self, (const char *)chain, head->chain_size);
        if (status != SVMS_OK) {
            return status;
        }
    }
    if (!self->key) {
        return forged(self, "nobody is named who signed it");
    }
    svms_status status = ledger_verify(svms_public_key_evp(self->key), head->algorithm, &what,
                                       signature, head->signature_size, &why);
    if (status != SVMS_OK) {
        return is_of_system(status) ? recorder_fail(self->err, status, 0, "%s", why.message)
                                    : forged(self, why.message);
    }
    if (!ledger_read_statement(&self->statement, statement, head->statement_size)) {
        return forged(self, "what was signed is no entry");
    }
    if (memcmp(self->statement.before, self->end.hash, LEDGER_HASH_SIZE) != 0 ||
        self->statement.number != self->end.entries) {
        return forged(self, "it does not follow the one before");
    }
    return SVMS_OK;
}

static svms_status count_entry(reading *self, const ledger_head *head)
{
    int64_t utc_ns = self->statement.entry.utc_ns;
    svms_status status = SVMS_OK;
    if (head->chain_size > 0) {
        self->since = self->end.entries;
        self->from_utc_ns = utc_ns;
        self->to_utc_ns = utc_ns;
        status = judge(self);
    } else if (utc_ns < self->from_utc_ns) {
        self->from_utc_ns = utc_ns;
    } else if (utc_ns > self->to_utc_ns) {
        self->to_utc_ns = utc_ns;
    }
    if (status != SVMS_OK) {
        return status;
    }
    size_t size = ledger_entry_size(head);
    if (!ledger_hash(self->end.hash, self->bytes, size)) {
        return recorder_fail(self->err, SVMS_E_CRYPTO, 0, "the ledger: a hash cannot be made");
    }
    self->end.entries++;
    self->end.size += size;
    return self->visit ? self->visit(self->user, &self->statement.entry) : SVMS_OK;
}

static bool is_all_zero(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

/* What a write that was broken off can leave: a beginning of an entry, or room for one that holds
 * zeros from somewhere on (L-TRN-1, L-TRN-2). */
static bool is_torn(const uint8_t *bytes, size_t size, const ledger_head *head, bool has_head)
{
    if (is_all_zero(bytes, size)) {
        return true;
    }
    if (size < LEDGER_HEAD_SIZE) {
        return ledger_is_entry_begun(bytes, size);
    }
    return has_head && (size < ledger_entry_size(head) ||
                        (size == ledger_entry_size(head) && bytes[size - 1] == 0));
}

/* Behind the whole entries is something else, or the last one does not end as it must. */
static svms_status look_at_rest(reading *self, uint64_t left, const ledger_head *head,
                                bool has_head)
{
    if (left > LEDGER_ENTRY_MAX) {
        return forged(self, "no entry begins there");
    }
    svms_status status = read_bytes(self, self->end.size, self->bytes, (size_t)left);
    if (status != SVMS_OK) {
        return status;
    }
    if (!is_torn(self->bytes, (size_t)left, head, has_head)) {
        return forged(self, "no entry begins there");
    }
    self->end.torn = left;
    return SVMS_OK;
}

/* *more false: there is nothing behind. */
static svms_status read_entry(reading *self, bool *more)
{
    uint64_t left = self->size - self->end.size;
    ledger_head head = { 0 };
    bool has_head = false;
    *more = left > 0;
    if (left >= LEDGER_HEAD_SIZE) {
        svms_status status = read_bytes(self, self->end.size, self->bytes, LEDGER_HEAD_SIZE);
        if (status != SVMS_OK) {
            return status;
        }
        has_head = ledger_read_head(&head, self->bytes);
    }
    size_t size = has_head ? ledger_entry_size(&head) : 0;
    bool is_whole = has_head && size <= left;
    if (is_whole) {
        svms_status status = read_bytes(self, self->end.size, self->bytes, size);
        if (status != SVMS_OK) {
            return status;
        }
        is_whole = size < left || self->bytes[size - 1] != 0;
    }
    if (!is_whole) {
        *more = false;
        return left > 0 ? look_at_rest(self, left, &head, has_head) : SVMS_OK;
    }
    svms_status status = check_entry(self, &head);
    return status == SVMS_OK ? count_entry(self, &head) : status;
}

static svms_status read_front(reading *self)
{
    uint8_t front[LEDGER_FRONT_SIZE];
    if (self->size < LEDGER_FRONT_SIZE) {
        return recorder_fail(self->err, SVMS_E_TRUNCATED, 0, "it is no ledger, or cut off");
    }
    svms_status status = read_bytes(self, 0, front, sizeof front);
    if (status == SVMS_OK) {
        status = ledger_check_front(front, self->err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    self->end.size = LEDGER_FRONT_SIZE;
    return ledger_hash(self->end.hash, front, sizeof front)
               ? SVMS_OK
               : recorder_fail(self->err, SVMS_E_CRYPTO, 0, "the ledger: a hash cannot be made");
}

static svms_status read_all(reading *self)
{
    int os_error = 0;
    bool more = true;
    svms_status status = self->source->get_size(self->source->user, &self->size, &os_error);
    if (status != SVMS_OK) {
        return recorder_fail(self->err, status, os_error, "the ledger has no size");
    }
    status = read_front(self);
    while (status == SVMS_OK && more) {
        status = read_entry(self, &more);
    }
    return status == SVMS_OK ? judge(self) : status;
}

svms_status ledger_read(svms_ctx *ctx, const svms_source *source, const svms_trust *trust,
                        ledger_visitor *visit, void *user, ledger_end *end, svms_error *err)
{
    reading *self = calloc(1, sizeof *self);
    uint8_t *bytes = malloc(LEDGER_ENTRY_MAX);
    svms_status status = SVMS_E_NO_MEMORY;
    if (self && bytes) {
        self->ctx = ctx;
        self->source = source;
        self->trust = trust;
        self->visit = visit;
        self->user = user;
        self->err = err;
        self->bytes = bytes;
        status = read_all(self);
        forget_signer(self);
        if (status == SVMS_OK) {
            *end = self->end;
        } else {
            ledger_end_free(&self->end);
        }
    } else {
        (void)recorder_fail(err, status, 0, "out of memory for the ledger");
    }
    free(bytes);
    free(self);
    return status;
}

void ledger_end_free(ledger_end *end)
{
    free(end->chain);
    memset(end, 0, sizeof *end);
}
