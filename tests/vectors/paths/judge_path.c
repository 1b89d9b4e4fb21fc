/* SPDX-License-Identifier: Apache-2.0 */
/* Judges what check_paths.py asks about. Each line of the standard input is one case, with tabs
 * between its fields:
 *   chain.pem anchors.pem lists.pem response.der,... pin,... role policy from to now attested
 * purpose
 * "-" stands for nothing; pins are 64 hexadecimal digits, roles and policies numbers, times
 * nanoseconds, purpose 0 (the role), 1 (TLS server) or 2 (TLS client). Each line of the output says
 * status, verdict, revocation and words. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#include "purpose.h"

#define FIELDS 12
#define LINE_MAX_SIZE 65536
#define PARTS_MAX 64
#define FILE_MAX ((size_t)2 * 1024 * 1024)

typedef struct bytes {
    uint8_t *data;
    size_t size;
} bytes;

static bytes read_file(const char *path)
{
    bytes out = { malloc(FILE_MAX), 0 };
    FILE *file = fopen(path, "rb");
    if (!file || !out.data) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(2);
    }
    out.size = fread(out.data, 1, FILE_MAX, file);
    fclose(file);
    /* Exactly its size, so that a sanitizer sees what is read too far. */
    uint8_t *exact = realloc(out.data, out.size > 0 ? out.size : 1);
    out.data = exact ? exact : out.data;
    return out;
}

/* Splits text at a character, in place. */
static size_t split(char *text, char at, char **parts, size_t room)
{
    size_t count = 0;
    while (count < room) {
        parts[count++] = text;
        text = strchr(text, at);
        if (!text) {
            break;
        }
        *text++ = '\0';
    }
    return count;
}

typedef struct store {
    bytes anchors;
    bytes lists;
    bytes responses[PARTS_MAX];
    const void *datas[PARTS_MAX];
    size_t sizes[PARTS_MAX];
    uint8_t pins[PARTS_MAX * 32];
} store;

static void read_pins(store *of, svms_trust_options *options, char *text)
{
    char *parts[PARTS_MAX];
    options->pin_count = split(text, ',', parts, PARTS_MAX);
    for (size_t i = 0; i < options->pin_count * 32; i++) {
        char digits[3] = { parts[i / 32][2 * (i % 32)], parts[i / 32][2 * (i % 32) + 1], '\0' };
        of->pins[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    options->pins = of->pins;
}

static svms_status make_trust(svms_trust **out, svms_ctx *ctx, store *of, char **fields,
                              svms_error *err)
{
    svms_trust_options options = SVMS_TRUST_OPTIONS_INIT;
    if (strcmp(fields[1], "-") != 0) {
        of->anchors = read_file(fields[1]);
        options.anchors = (const char *)of->anchors.data;
        options.anchors_size = of->anchors.size;
    }
    if (strcmp(fields[2], "-") != 0) {
        of->lists = read_file(fields[2]);
        options.crls = of->lists.data;
        options.crls_size = of->lists.size;
    }
    if (strcmp(fields[3], "-") != 0) {
        char *parts[PARTS_MAX];
        options.ocsp_count = split(fields[3], ',', parts, PARTS_MAX);
        for (size_t i = 0; i < options.ocsp_count; i++) {
            of->responses[i] = read_file(parts[i]);
            of->datas[i] = of->responses[i].data;
            of->sizes[i] = of->responses[i].size;
        }
        options.ocsp = of->datas;
        options.ocsp_sizes = of->sizes;
    }
    if (strcmp(fields[4], "-") != 0) {
        read_pins(of, &options, fields[4]);
    }
    if (!options.anchors && !options.pins) {
        *out = NULL;
        return SVMS_OK;
    }
    return svms_trust_new(out, ctx, &options, err);
}

static svms_status ask(const svms_trust *trust, const svms_chain *chain, char **fields,
                       svms_identity_result *result, svms_error *err)
{
    svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
    int purpose = atoi(fields[11]);
    question.role = (svms_role)atoi(fields[5]);
    question.policy = (svms_time_policy)atoi(fields[6]);
    question.from_utc_ns = strtoll(fields[7], NULL, 10);
    question.to_utc_ns = strtoll(fields[8], NULL, 10);
    question.now_utc_ns = strtoll(fields[9], NULL, 10);
    if (strcmp(fields[10], "-") != 0) {
        question.attested_utc_ns = strtoll(fields[10], NULL, 10);
    }
    if (purpose == 0) {
        return svms_identity_check(trust, chain, &question, result, err);
    }
    svms_purpose_question asked = { .purpose = (svms_purpose)purpose,
                                    .roles = 1u << question.role,
                                    .now_utc_ns = question.now_utc_ns };
    return svms_purpose_check(trust, chain, &asked, result, err);
}

/* Everything that can be asked about a chain is asked, so that a sanitizer sees it. */
static bool look_at(const svms_chain *chain)
{
    bool told = true;
    for (size_t i = 0; i < svms_chain_count(chain); i++) {
        svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
        char name[SVMS_CERTIFICATE_NAME_SIZE];
        svms_status status = svms_chain_certificate(chain, i, &info, NULL);
        told = told && (status == SVMS_OK || status == SVMS_E_MALFORMED);
        for (size_t k = 0; k < info.name_count; k++) {
            told = told && svms_chain_certificate_name(chain, i, k, name, NULL) == SVMS_OK;
        }
    }
    svms_status named = svms_chain_matches_host(chain, "a.example", NULL);
    svms_status addressed = svms_chain_matches_host(chain, "10.1.2.3", NULL);
    return told && (named == SVMS_OK || named == SVMS_E_UNTRUSTED) &&
           (addressed == SVMS_OK || addressed == SVMS_E_UNTRUSTED);
}

static void judge(svms_ctx *ctx, char **fields)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_chain *chain = NULL;
    svms_trust *trust = NULL;
    store *of = calloc(1, sizeof *of);
    bytes text = read_file(fields[0]);
    if (!of) {
        exit(2);
    }
    svms_status status = svms_chain_from_pem(&chain, ctx, (const char *)text.data, text.size, &err);
    bool read = status == SVMS_OK;
    if (status == SVMS_OK) {
        if (!look_at(chain)) {
            fprintf(stderr, "%s: what it says cannot be told\n", fields[0]);
            exit(2);
        }
        status = make_trust(&trust, ctx, of, fields, &err);
        read = status == SVMS_OK;
    }
    if (status == SVMS_OK) {
        status = ask(trust, chain, fields, &result, &err);
    }
    printf("%d\t%d\t%d\t%d\t%s\n", read ? 0 : (int)status, (int)status, (int)result.verdict,
           (int)result.revocation, status == SVMS_OK ? result.anchor : err.message);
    svms_trust_free(&trust);
    svms_chain_free(&chain);
    free(text.data);
    free(of->anchors.data);
    free(of->lists.data);
    for (size_t i = 0; i < PARTS_MAX; i++) {
        free(of->responses[i].data);
    }
    free(of);
}

int main(void)
{
    static char line[LINE_MAX_SIZE];
    svms_ctx *ctx = NULL;
    if (svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        return 2;
    }
    while (fgets(line, sizeof line, stdin)) {
        char *fields[FIELDS];
        line[strcspn(line, "\n")] = '\0';
        if (split(line, '\t', fields, FIELDS) != FIELDS) {
            fprintf(stderr, "a line without %d fields\n", FIELDS);
            return 2;
        }
        judge(ctx, fields);
    }
    svms_ctx_free(&ctx);
    return 0;
}
