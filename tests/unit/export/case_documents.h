/* SPDX-License-Identifier: Apache-2.0 */
/* Cases that were written by hand, and what the tests of cases share. */
#ifndef SVMS_TEST_CASE_DOCUMENTS_H
#define SVMS_TEST_CASE_DOCUMENTS_H

#include "../container/fixture.h"

#include "case_document.h"

/* What test_case.c means, and must write byte for byte. */
extern const char package_json[];
extern const char proof_json[];

svms_status parse_case(fixture *fix, svms_case **out, const char *json, svms_error *err);

#endif
