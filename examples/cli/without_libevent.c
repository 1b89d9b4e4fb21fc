/* SPDX-License-Identifier: Apache-2.0 */
/* What stands for servers, and for enrolment over the network, in a build without libevent. */
#include "audit_command.h"
#include "ca_command.h"
#include "command.h"
#include "message.h"

static exit_status unsupported(const char *command)
{
    complain("%s: this svms was built without libevent", command);
    return EXIT_ENVIRONMENT;
}

exit_status command_enroll(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    return unsupported("enroll");
}

exit_status command_ca_serve(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    return unsupported("ca serve");
}

exit_status command_audit_witness(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    return unsupported("audit witness");
}
