/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of export profiles share. */
#ifndef SVMS_TEST_PROFILE_JSON_H
#define SVMS_TEST_PROFILE_JSON_H

#include "../container/fixture.h"

#include <svms/profile.h>

#define BIT(option) (1u << (option))
#define HEAD "{\"format\":\"svms-export-profile\",\"version\":1,\"name\":\"test\",\"options\":{"
#define TAIL "}}"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

svms_status parse_text(fixture *fix, svms_profile **out, const char *json, svms_error *err);
/* A profile with the one option. */
svms_profile *profile_of(fixture *fix, const char *option, const char *value, bool locked);

#endif
