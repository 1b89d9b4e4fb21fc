/* SPDX-License-Identifier: Apache-2.0 */
/* Exit statuses of svms. Scripts depend on them: svms(1), "EXIT STATUS". */
#ifndef SVMS_CLI_EXIT_STATUS_H
#define SVMS_CLI_EXIT_STATUS_H

typedef enum exit_status {
    EXIT_GOOD = 0,
    EXIT_EVIDENCE = 1,    /* a verdict other than authentic, or a key that does not open */
    EXIT_USAGE = 2,       /* the command line is wrong */
    EXIT_ENVIRONMENT = 3, /* I/O, memory, an output that exists, a build without FFmpeg */
    EXIT_MALFORMED = 4,   /* an input that is not what it should be */
    EXIT_POLICY = 5       /* refused on purpose */
} exit_status;

#endif
