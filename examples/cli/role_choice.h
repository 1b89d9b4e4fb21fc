/* SPDX-License-Identifier: Apache-2.0 */
/* Roles that a certificate can have, as they are typed. */
#ifndef SVMS_CLI_ROLE_CHOICE_H
#define SVMS_CLI_ROLE_CHOICE_H

#include "options.h"

extern const option_choice role_choices[];

#endif
