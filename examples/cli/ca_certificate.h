/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates as the journal of an authority writes about them. Every function that can fail
 * complains itself, or says so. */
#ifndef SVMS_CLI_CA_CERTIFICATE_H
#define SVMS_CLI_CA_CERTIFICATE_H

#include <stdbool.h>

#include <svms/svms.h>

#include "exit_status.h"

#define CA_SERIAL_TEXT (2 * SVMS_SERIAL_MAX + 1)

/* What a chain's first certificate says; its end in whole seconds. */
exit_status ca_describe_certificate(const svms_chain *chain, svms_certificate_info *info);

/* The same of the first certificate of a text, and its serial number. */
exit_status ca_read_certificate(svms_ctx *ctx, const char *pem, svms_certificate_info *info,
                                char serial[CA_SERIAL_TEXT]);

/* A serial number as the journal writes it (lower-case hexadecimal, whole bytes, no zeros in
 * front), from how people and programs write it. False: it is none. */
bool ca_serial_parse(char out[CA_SERIAL_TEXT], const char *text);

#endif
