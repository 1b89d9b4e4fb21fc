/* SPDX-License-Identifier: Apache-2.0 */
/* svms rtsp: cameras on the network. */
#include "rtsp_command.h"

#include "command.h"
#include "subcommand.h"

exit_status command_rtsp(int count, char **arguments)
{
    static const subcommand subcommands[] = {
        { "record", command_rtsp_record, "record a camera into a signed, encrypted file" },
        { "serve", command_rtsp_serve, "serve a video file as a live, secured camera" },
        { "check", command_rtsp_check, "say what a camera offers, and what of it is weak" },
    };
    return subcommand_run("rtsp", subcommands, sizeof subcommands / sizeof subcommands[0], count,
                          arguments);
}
