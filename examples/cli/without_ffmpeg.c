/* SPDX-License-Identifier: Apache-2.0 */
/* What stands for the commands that need FFmpeg in a build that has none. */
#include "camsign_command.h"
#include "command.h"
#include "export_command.h"
#include "mask_command.h"
#include "message.h"
#include "rtsp_command.h"

static exit_status say_absent(const char *name)
{
    complain("%s: this svms was built without FFmpeg", name);
    return EXIT_ENVIRONMENT;
}

exit_status command_record(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    return say_absent("record");
}

exit_status command_extract(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    return say_absent("extract");
}

exit_status command_rtsp_serve(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    return say_absent("rtsp serve");
}

exit_status command_export_extract(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    return say_absent("export extract");
}

exit_status command_export_onvif(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    return say_absent("export onvif");
}

exit_status command_export_mp4(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    return say_absent("export mp4");
}

exit_status command_export_stills(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    return say_absent("export stills");
}

exit_status command_mask_apply(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    return say_absent("mask apply");
}

exit_status command_camsign_sign(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    return say_absent("camsign sign");
}

exit_status command_camsign_verify(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    return say_absent("camsign verify");
}
