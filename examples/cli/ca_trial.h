/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a certificate could say something, tried out with an authority that is made for it and
 * thrown away: what will be issued later should not turn out to be impossible then. */
#ifndef SVMS_CLI_CA_TRIAL_H
#define SVMS_CLI_CA_TRIAL_H

#include <svms/svms.h>

#include "exit_status.h"

/* The period of *options does not matter. Complains itself: "<what>: <why>". */
exit_status ca_try(svms_ctx *ctx, svms_issue_options options, const char *what);

#endif
