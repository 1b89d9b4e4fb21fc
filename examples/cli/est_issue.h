/* SPDX-License-Identifier: Apache-2.0 */
/* The two answers of an enrolment server that certify somebody. */
#ifndef SVMS_CLI_EST_ISSUE_H
#define SVMS_CLI_EST_ISSUE_H

#include "est_service.h"

/* simpleenroll: whoever brings a one-time code. */
void est_enroll(est_service *service, const http_question *question, http_answer *out);

/* simplereenroll: whoever shows a certificate of this authority. */
void est_reenroll(est_service *service, const http_question *question, http_answer *out);

/* Certificates as bodies carry them; NULL: err says why, or memory ran out. Released by free(). */
char *est_chain_body(const svms_chain *chain, svms_error *err);

/* issued: one certificate that was just issued, not those of the authority. */
void est_answer_certificates(http_answer *out, const char *text, bool issued);

#endif
