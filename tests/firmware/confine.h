/* SPDX-License-Identifier: Apache-2.0 */
/* Gives up the operating system: from here on it serves only what is listed in confine.c, and kills
 * the program for anything else, such as opening a file, or asking for memory. */
#ifndef SVMS_TEST_CONFINE_H
#define SVMS_TEST_CONFINE_H

/* 0, or an errno value where the system cannot do it. */
int confine(void);

#endif
