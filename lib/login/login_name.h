/* SPDX-License-Identifier: Apache-2.0 */
/* Names that somebody can log in by (login.md, L-ACC-2). */
#ifndef SVMS_LOGIN_NAME_H
#define SVMS_LOGIN_NAME_H

#include <svms/session.h>

/* 1 to SVMS_LOGIN_NAME_MAX bytes of UTF-8 without control characters? SVMS_E_USAGE otherwise. */
SVMS_MUST_CHECK svms_status svms_login_name_check(const char *name, svms_error *err);

#endif
