/* SPDX-License-Identifier: Apache-2.0 */
/* The journal is cut before a record can say so. A crash between the two leaves a file of the size
 * at which the log still ends: the record about it is in the first group that goes on from there.
 */
#include "log_aside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failure.h"

#define NUMBER_DIGITS 16u
#define NAME_LENGTH (NUMBER_DIGITS + 1 + SVMS_LOG_ASIDE_DIGITS)

typedef struct names {
    uint64_t before;
    char name[SVMS_LOG_ASIDE_MOST][SVMS_LOG_ASIDE_NAME_SIZE];
    size_t count;
} names;

void svms_log_aside_name(uint64_t before, const uint8_t sha256[SVMS_DIGEST_SIZE],
                         char out[SVMS_LOG_ASIDE_NAME_SIZE])
{
    snprintf(out, SVMS_LOG_ASIDE_NAME_SIZE,
             SVMS_LOG_ASIDE_FOLDER "/%016" PRIx64 "-%02x%02x%02x%02x", before, sha256[0], sha256[1],
             sha256[2], sha256[3]);
}

bool svms_log_aside_parse(const char *name, uint64_t *before, const char **digits)
{
    static const char hexadecimal[] = "0123456789abcdef";
    if (strlen(name) != NAME_LENGTH || strspn(name, hexadecimal) != NUMBER_DIGITS ||
        name[NUMBER_DIGITS] != '-' ||
        strspn(name + NUMBER_DIGITS + 1, hexadecimal) != SVMS_LOG_ASIDE_DIGITS) {
        return false;
    }
    *before = strtoull(name, NULL, 16);
    *digits = name + NUMBER_DIGITS + 1;
    return true;
}

static svms_status note_name(void *user, const char *name)
{
    names *found = user;
    uint64_t before = 0;
    const char *digits = NULL;
    if (svms_log_aside_parse(name, &before, &digits) && before == found->before &&
        found->count < SVMS_LOG_ASIDE_MOST) {
        snprintf(found->name[found->count++], sizeof found->name[0], SVMS_LOG_ASIDE_FOLDER "/%.*s",
                 (int)NAME_LENGTH, name);
    }
    return SVMS_OK;
}

static svms_status make_record(svms_audit_log *log, const char *name, svms_builder *bytes,
                               svms_log_aside *out, svms_error *err)
{
    uint8_t sha256[SVMS_DIGEST_SIZE];
    svms_status status = svms_log_read_file(log->folder, name, bytes, err);
    if (status == SVMS_OK) {
        const svms_iovec run = { bytes->data, bytes->size };
        status = svms_sha256(log->ctx, &run, 1, sha256, err);
    }
    if (status == SVMS_OK) {
        status =
            svms_log_record_quarantine(log, bytes->size, sha256, &out->record[out->count], err);
    }
    out->count += status == SVMS_OK;
    return status;
}

svms_status svms_log_find_aside(svms_audit_log *log, svms_log_aside *out, svms_error *err)
{
    names found = { .before = log->tree.size };
    svms_builder bytes = svms_builder_new(log->ctx, SIZE_MAX);
    int os_error = 0;
    out->count = 0;
    svms_status status =
        log->folder->list(log->folder->user, SVMS_LOG_ASIDE_FOLDER, note_name, &found, &os_error);
    status = svms_log_io(status, os_error, "look into", SVMS_LOG_ASIDE_FOLDER, err);
    for (size_t i = 0; i < found.count && status == SVMS_OK; i++) {
        status = make_record(log, found.name[i], &bytes, out, err);
    }
    svms_builder_clear(&bytes);
    return status;
}

void svms_log_aside_clear(svms_log_aside *aside)
{
    while (aside->count > 0) {
        svms_audit_record_free(&aside->record[--aside->count]);
    }
}
