/* SPDX-License-Identifier: Apache-2.0 */
/* svms export: evidence for others. */

#include "command.h"
#include "subcommand.h"
#include "export_command.h"

static const subcommand subcommands[] = {
    { "create", command_export_create, "make a sealed, signed evidence package" },
    { "list", command_export_list, "say what a package holds" },
    { "verify", command_export_verify, "check a package link by link" },
    { "extract", command_export_extract, "get the video out of a package" },
    { "countersign", command_export_countersign,
      "sign on top of the others: a package, or a signed MP4 file" },
    { "mp4", command_export_mp4, "write a clear MP4 file, with a proof of every sample" },
    { "stills", command_export_stills, "write one picture, with a proof of where it comes from" },
    { "onvif", command_export_onvif, "write a signed MP4 file (ONVIF Export File Format)" },
};

exit_status command_export(int count, char **arguments)
{
    return subcommand_run("export", subcommands, sizeof subcommands / sizeof subcommands[0], count,
                          arguments);
}
