/* SPDX-License-Identifier: Apache-2.0 */
#include "trust.h"

#include <stdlib.h>
#include <string.h>

#include "failure.h"
#include "log_internal.h"
#include "options.h"

#define SECOND_NS INT64_C(1000000000)

static svms_status read_key(svms_note_key *out, svms_ctx *ctx, const char *text, const char *whose,
                            svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    if (!text) {
        return svms_fail(err, SVMS_E_USAGE, "no key of %s was given", whose);
    }
    svms_status status = svms_note_key_parse(out, ctx, text, strlen(text), &why);
    bool is_text = status == SVMS_E_MALFORMED || status == SVMS_E_UNSUPPORTED;
    return status == SVMS_OK ? SVMS_OK
           : is_text         ? svms_fail(err, SVMS_E_USAGE, "the key of %s: %s", whose, why.message)
                             : svms_fail_as(err, status, &why);
}

/* One who is told twice, or the log itself, must not count for two. */
static bool is_known(const svms_trusted *trusted, const svms_note_key *key)
{
    bool known = memcmp(trusted->log_key.key, key->key, sizeof key->key) == 0;
    for (size_t i = 0; i < trusted->count && !known; i++) {
        const svms_note_key *other = &trusted->witness[i].key;
        known = memcmp(other->key, key->key, sizeof key->key) == 0 ||
                (other->id == key->id && strcmp(other->name, key->name) == 0);
    }
    return known;
}

static svms_status read_witness(svms_trusted *out, const svms_audit_witness *given, svms_error *err)
{
    svms_audit_witness known = SVMS_AUDIT_WITNESS_INIT;
    svms_trusted_witness *next = &out->witness[out->count];
    svms_status status = svms_options_read(&known, sizeof known, given, "a witness", err);
    if (status == SVMS_OK) {
        status = read_key(&next->key, out->ctx, known.key, "a witness", err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (next->key.kind != SVMS_NOTE_COSIGNATURE) {
        return svms_fail(err, SVMS_E_USAGE, "the key of \"%s\" is not that of a witness",
                         next->key.name);
    }
    if (is_known(out, &next->key)) {
        return svms_fail(err, SVMS_E_USAGE, "the key of witness \"%s\" is there twice",
                         next->key.name);
    }
    next->is_outside = known.is_outside != 0;
    out->count++;
    return SVMS_OK;
}

static svms_status read_witnesses(svms_trusted *out, const svms_audit_trust *given, svms_error *err)
{
    const uint8_t *at = (const uint8_t *)given->witnesses;
    uint32_t stride = given->witness_count > 0 ? given->witnesses[0].struct_size : 0;
    if (given->witness_count == 0) {
        return SVMS_OK;
    }
    out->witness = svms_alloc_array(out->ctx, given->witness_count, sizeof *out->witness);
    if (!out->witness) {
        return svms_fail_memory(err);
    }
    for (size_t i = 0; i < given->witness_count; i++) {
        const svms_audit_witness *one = (const void *)(at + i * stride);
        if (one->struct_size != stride) {
            return svms_fail(err, SVMS_E_USAGE, "entries of a list must have one struct_size");
        }
        svms_status status = read_witness(out, one, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    return SVMS_OK;
}

static bool has_outside(const svms_trusted *trusted)
{
    bool found = false;
    for (size_t i = 0; i < trusted->count; i++) {
        found = found || trusted->witness[i].is_outside;
    }
    return found;
}

svms_status svms_trusted_read(svms_trusted *out, svms_ctx *ctx, const svms_audit_trust *given,
                              svms_error *err)
{
    svms_audit_trust known = SVMS_AUDIT_TRUST_INIT;
    *out = (svms_trusted){ .ctx = ctx };
    svms_status status = svms_options_read(&known, sizeof known, given, "the trust", err);
    if (status == SVMS_OK && (known.witness_count > SVMS_AUDIT_WITNESSES_MAX ||
                              (known.witness_count > 0 && !known.witnesses))) {
        status = svms_fail(err, SVMS_E_USAGE, "there are at most %u witnesses",
                           SVMS_AUDIT_WITNESSES_MAX);
    }
    if (status == SVMS_OK) {
        status = read_key(&out->log_key, ctx, known.log_key, "the log", err);
    }
    if (status == SVMS_OK && out->log_key.kind != SVMS_NOTE_LOG) {
        status = svms_fail(err, SVMS_E_USAGE, "the key of \"%s\" is not that of a log",
                           out->log_key.name);
    }
    if (status == SVMS_OK) {
        status = read_witnesses(out, &known, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (known.quorum > out->count || (known.quorum > 0 && !has_outside(out))) {
        return svms_fail(err, SVMS_E_USAGE,
                         "%u witnesses, one of them outside, cannot be had from those given",
                         (unsigned)known.quorum);
    }
    out->quorum = known.quorum;
    return SVMS_OK;
}

svms_status svms_trusted_from_folder(svms_trusted *out, svms_ctx *ctx, const svms_folder *folder,
                                     svms_error *err)
{
    *out = (svms_trusted){ .ctx = ctx };
    return svms_log_read_identity(ctx, folder, &out->log_key, err);
}

void svms_trusted_clear(svms_trusted *trusted)
{
    svms_release(trusted->ctx, trusted->witness);
    trusted->witness = NULL;
    trusted->count = 0;
}

static int compare_times(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* A time beyond what can be told here is as late as can be. */
static int64_t in_ns(int64_t utc_s)
{
    return utc_s > INT64_MAX / SECOND_NS ? INT64_MAX : utc_s * SECOND_NS;
}

/* The quorum is there from the later of the two: the k-th cosignature, and the first from outside.
 * Those inside can be given any time that who controls them likes. */
static void judge(const svms_trusted *trusted, int64_t *times, int64_t outside_ns,
                  svms_witnessed *out)
{
    out->at_utc_ns = SVMS_NO_TIME;
    out->is_met =
        out->count >= trusted->quorum && (trusted->quorum == 0 || outside_ns != SVMS_NO_TIME);
    if (out->is_met && trusted->quorum > 0) {
        qsort(times, out->count, sizeof times[0], compare_times);
        int64_t kth = times[trusted->quorum - 1];
        out->at_utc_ns = kth > outside_ns ? kth : outside_ns;
    }
}

svms_status svms_trusted_count(const svms_trusted *trusted, const svms_note *note,
                               svms_witnessed *out, svms_error *err)
{
    int64_t times[SVMS_AUDIT_WITNESSES_MAX];
    int64_t outside_ns = SVMS_NO_TIME;
    *out = (svms_witnessed){ .count = 0 };
    for (size_t i = 0; i < trusted->count; i++) {
        svms_note_finding found;
        const svms_trusted_witness *witness = &trusted->witness[i];
        svms_status status = svms_note_check(note, trusted->ctx, &witness->key, &found, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (!found.is_signed) {
            continue;
        }
        int64_t at = in_ns(found.at_utc_s);
        times[out->count++] = at;
        if (witness->is_outside && (outside_ns == SVMS_NO_TIME || at < outside_ns)) {
            outside_ns = at;
        }
    }
    judge(trusted, times, outside_ns, out);
    return SVMS_OK;
}
