/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the expiry watch share: certificates of any period, and a hearer that writes
 * down what it is told. */
#ifndef SVMS_TEST_EXPIRY_CASE_H
#define SVMS_TEST_EXPIRY_CASE_H

#include <svms/expiry.h>

#include "fixture.h"

#define DAY_NS (INT64_C(86400) * 1000000000)
#define TELLINGS_MAX 64

typedef struct expiry_case {
    fixture_allocator allocator;
    svms_ctx *ctx;
    svms_expiry *expiry;
    svms_expiry_entry told[TELLINGS_MAX];
    size_t told_count;
    svms_status answer; /* of the hearer */
} expiry_case;

extern expiry_case *c;

int expiry_set_up(void **state);
int expiry_tear_down(void **state);
/* As a process that was started again. */
void expiry_begin_anew(void);

/* A chain of certificates with these serial numbers, ended by 0; all begin and end at the same
 * times, whole seconds since 1970. Equal arguments give equal certificates. */
typedef struct chain_plan {
    unsigned serials[9];
    int64_t from;
    int64_t to;
} chain_plan;
svms_chain *expiry_chain(const chain_plan *plan);

/* Watches such a chain; ends at this RFC 3339 time and began 2020. */
void watch(const char *label, unsigned serial, const char *end);
/* Checks at this time, and compares what is told with "label stage;label stage;". */
void check_tells(const char *now, const char *expected);
void check_at(int64_t now_utc_ns, const char *expected);
/* What svms_expiry_save() writes; free() it. */
char *saved(void);
svms_status restore(const char *text);

#endif
