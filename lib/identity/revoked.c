/* SPDX-License-Identifier: Apache-2.0 */
#include "revoked.h"

#include <string.h>

#include "failure.h"
#include "options.h"

#define NS_PER_SECOND INT64_C(1000000000)

/* Lists know whole seconds only. */
static int64_t second_of(int64_t utc_ns)
{
    int64_t seconds = utc_ns / NS_PER_SECOND;
    return utc_ns % NS_PER_SECOND < 0 ? seconds - 1 : seconds;
}

svms_status svms_check_update(int64_t this_utc_ns, int64_t next_utc_ns, svms_error *err)
{
    if (this_utc_ns == SVMS_NO_TIME || next_utc_ns == SVMS_NO_TIME ||
        second_of(this_utc_ns) >= second_of(next_utc_ns)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "the next update comes at least a second after this one");
    }
    return SVMS_OK;
}

/* Moves the serial number to the end of its place, so that plain comparison orders numbers. */
static svms_status align_serial(svms_revoked *revoked, svms_error *err)
{
    size_t size = revoked->serial_size;
    const uint8_t *serial = revoked->serial;
    if (size > SVMS_SERIAL_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "a serial number has at most %d bytes",
                         SVMS_SERIAL_MAX);
    }
    while (size > 0 && *serial == 0) {
        serial++;
        size--;
    }
    /* The sign needs a bit of its own. */
    if (size == 0 || (size == SVMS_SERIAL_MAX && (*serial & 0x80) != 0)) {
        return svms_fail(err, SVMS_E_USAGE, "a serial number is positive and below 2^159");
    }
    uint8_t aligned[SVMS_SERIAL_MAX] = { 0 };
    memcpy(aligned + SVMS_SERIAL_MAX - size, serial, size);
    memcpy(revoked->serial, aligned, sizeof aligned);
    revoked->serial_size = SVMS_SERIAL_MAX;
    return SVMS_OK;
}

svms_status svms_revoked_read(svms_revoked *out, const svms_revoked *given, int64_t this_utc_ns,
                              svms_error *err)
{
    svms_revoked known = SVMS_REVOKED_INIT;
    svms_status status = svms_options_read(&known, sizeof known, given, "svms_revoked", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (known.reason < SVMS_REASON_UNSPECIFIED || known.reason > SVMS_REASON_CESSATION) {
        return svms_fail(err, SVMS_E_USAGE, "%d is no reason for a revocation", (int)known.reason);
    }
    if (known.revoked_utc_ns == SVMS_NO_TIME ||
        second_of(known.revoked_utc_ns) > second_of(this_utc_ns)) {
        return svms_fail(err, SVMS_E_USAGE, "a certificate is said to be revoked later than now");
    }
    *out = known;
    return align_serial(out, err);
}

static int compare(const svms_revoked *a, const svms_revoked *b)
{
    return memcmp(a->serial, b->serial, SVMS_SERIAL_MAX);
}

static void sift_down(svms_revoked *heap, size_t at, size_t count)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count) {
            return;
        }
        if (child + 1 < count && compare(&heap[child], &heap[child + 1]) < 0) {
            child++;
        }
        if (compare(&heap[at], &heap[child]) >= 0) {
            return;
        }
        svms_revoked moved = heap[at];
        heap[at] = heap[child];
        heap[child] = moved;
        at = child;
    }
}

/* Heap sort: in place, and no order of the input makes it slow. */
static void sort(svms_revoked *all, size_t count)
{
    for (size_t i = count / 2; i > 0; i--) {
        sift_down(all, i - 1, count);
    }
    for (size_t end = count; end > 1; end--) {
        svms_revoked largest = all[0];
        all[0] = all[end - 1];
        all[end - 1] = largest;
        sift_down(all, 0, end - 1);
    }
}

static svms_status fill(svms_revoked *all, const svms_revoked *given, size_t count,
                        int64_t this_utc_ns, svms_error *err)
{
    /* Whoever was compiled against another version has elements of another size. */
    const uint8_t *at = (const uint8_t *)given;
    uint32_t stride = given->struct_size;
    for (size_t i = 0; i < count; i++, at += stride) {
        const svms_revoked *one = (const svms_revoked *)(const void *)at;
        if (one->struct_size != stride) {
            return svms_fail(err, SVMS_E_USAGE, "revocations of one list have different sizes");
        }
        svms_status status = svms_revoked_read(&all[i], one, this_utc_ns, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    sort(all, count);
    for (size_t i = 1; i < count; i++) {
        if (compare(&all[i - 1], &all[i]) == 0) {
            return svms_fail(err, SVMS_E_USAGE, "a serial number is revoked twice");
        }
    }
    return SVMS_OK;
}

svms_status svms_revoked_sort(svms_revoked **out, svms_ctx *ctx, const svms_revoked *given,
                              size_t count, int64_t this_utc_ns, svms_error *err)
{
    *out = NULL;
    if (count == 0) {
        return SVMS_OK;
    }
    if (count > SVMS_REVOKED_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a list has more than %d entries", SVMS_REVOKED_MAX);
    }
    svms_revoked *all = svms_alloc_array(ctx, count, sizeof *all);
    if (!all) {
        return svms_fail_memory(err);
    }
    svms_status status = fill(all, given, count, this_utc_ns, err);
    if (status != SVMS_OK) {
        svms_release(ctx, all);
        return status;
    }
    *out = all;
    return SVMS_OK;
}
