/* SPDX-License-Identifier: Apache-2.0 */
/* Warns before certificates end, also over a restart: expiry STATE CHAIN.pem... */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <svms/svms.h>

static svms_status warn(void *user, const svms_expiry_entry *entry)
{
    char end[SVMS_TIME_TEXT_SIZE];
    svms_time_format(entry->certificate.not_after_utc_ns, end);
    int said = fprintf(user, "%s: %s: %s (ends %s)\n", entry->label, entry->certificate.subject,
                       svms_expiry_stage_name(entry->stage), end);
    return said > 0 ? SVMS_OK : SVMS_E_IO; /* not written down: tell me again */
}

/* The text of a file and its size; NULL where there is none. */
static char *load(const char *path, size_t *size)
{
    static char text[262144];
    FILE *file = fopen(path, "rb");
    if (!file) {
        return NULL;
    }
    *size = fread(text, 1, sizeof text, file);
    fclose(file);
    return text;
}

static svms_status watch(svms_expiry *expiry, svms_ctx *ctx, const char *path, svms_error *err)
{
    svms_chain *chain = NULL;
    size_t size = 0;
    const char *pem = load(path, &size);
    svms_status status = svms_chain_from_pem(&chain, ctx, pem ? pem : "", size, err);
    if (status == SVMS_OK) {
        status = svms_expiry_watch(expiry, path, chain, err);
    }
    svms_chain_free(&chain);
    return status;
}

static svms_status keep(const svms_expiry *expiry, const char *path, svms_error *err)
{
    size_t size = 0;
    svms_status status = svms_expiry_save(expiry, NULL, &size, NULL); /* how much is it? */
    char *text = status == SVMS_E_LIMIT ? malloc(size) : NULL;
    if (!text) {
        return SVMS_E_NO_MEMORY;
    }
    status = svms_expiry_save(expiry, text, &size, err);
    FILE *file = status == SVMS_OK ? fopen(path, "wb") : NULL;
    if (file) {
        size_t written = fwrite(text, 1, size, file);
        status = fclose(file) == 0 && written == size ? SVMS_OK : SVMS_E_IO;
    }
    free(text);
    return file ? status : SVMS_E_IO;
}

int main(int count, char **arguments)
{
    svms_ctx *ctx = NULL;
    svms_expiry *expiry = NULL;
    svms_error err = SVMS_ERROR_INIT;
    int64_t next = SVMS_NO_TIME; /* a service sleeps until then */
    size_t size = 0;
    if (count < 3) {
        fprintf(stderr, "usage: expiry STATE CHAIN.pem...\n");
        return 2;
    }
    svms_status status = svms_ctx_new(&ctx, NULL, &err);
    if (status == SVMS_OK) {
        status = svms_expiry_new(&expiry, ctx, warn, stdout, &err);
    }
    const char *state = status == SVMS_OK ? load(arguments[1], &size) : NULL;
    if (state) {
        status = svms_expiry_restore(expiry, state, size, &err);
    }
    for (int i = 2; i < count && status == SVMS_OK; i++) {
        status = watch(expiry, ctx, arguments[i], &err);
    }
    if (status == SVMS_OK) {
        status = svms_expiry_check(expiry, (int64_t)time(NULL) * 1000000000, &next, &err);
    }
    if (status == SVMS_OK) {
        status = keep(expiry, arguments[1], &err);
    }
    if (status != SVMS_OK) {
        fprintf(stderr, "expiry: %s\n", err.message);
    }
    svms_expiry_free(&expiry);
    svms_ctx_free(&ctx);
    return status == SVMS_OK ? 0 : 1;
}
