/* SPDX-License-Identifier: Apache-2.0 */
/* Words of a case (evidence.md, section 6) that its writer and its reader share. */
#ifndef SVMS_CASE_FORMAT_H
#define SVMS_CASE_FORMAT_H

#include <stdbool.h>

#include <svms/media.h>

#define SVMS_CASE_FORMAT "svms-case"
#define SVMS_CASE_VERSION 1u
#define SVMS_CASE_CODEC_SIZE 12
/* Failures of one source that are listed. */
#define SVMS_CASE_MAX_FINDINGS 1000u
/* Entries of one derivation. */
#define SVMS_CASE_MAX_ORIGINS 4096u

/* "video" */
const char *svms_case_kind_name(svms_track_kind kind);
/* The four characters where they are printable, otherwise "0x" and eight digits. */
void svms_case_codec_text(uint32_t codec, char out[SVMS_CASE_CODEC_SIZE]);
/* "mp4" of "video/mp4"; NULL where a presentation is no such thing. */
const char *svms_case_format_of(const char *media_type);
/* E-CAS-4. */
bool svms_case_is_file_name(const char *name);

#endif
