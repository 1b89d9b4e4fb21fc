/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands of svms rtsp. */
#ifndef SVMS_CLI_RTSP_COMMAND_H
#define SVMS_CLI_RTSP_COMMAND_H

#include "exit_status.h"

exit_status command_rtsp_record(int count, char **arguments);
exit_status command_rtsp_serve(int count, char **arguments);
exit_status command_rtsp_check(int count, char **arguments);

#endif
