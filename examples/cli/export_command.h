/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands of svms export; each gets what follows its name on the command line. */
#ifndef SVMS_CLI_EXPORT_COMMAND_H
#define SVMS_CLI_EXPORT_COMMAND_H

#include "exit_status.h"

exit_status command_export_create(int count, char **arguments);
exit_status command_export_list(int count, char **arguments);
exit_status command_export_verify(int count, char **arguments);
exit_status command_export_extract(int count, char **arguments);
exit_status command_export_countersign(int count, char **arguments);

/* Needs FFmpeg. */
exit_status command_export_onvif(int count, char **arguments);
exit_status command_export_mp4(int count, char **arguments);
exit_status command_export_stills(int count, char **arguments);

#endif
