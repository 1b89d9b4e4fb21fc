/* SPDX-License-Identifier: Apache-2.0 */
/* Says whether a chain is trusted for a role today: check_chain TRUST.pem CHAIN.pem ROLE */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <svms/identity.h>

#define TEXT_SIZE 65536

static size_t read_text(const char *path, char text[TEXT_SIZE])
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        return 0;
    }
    size_t size = fread(text, 1, TEXT_SIZE, file);
    fclose(file);
    return size;
}

static svms_role role_named(const char *name)
{
    svms_role role = SVMS_ROLE_CAMERA;
    while (role < SVMS_ROLE_KEY_OFFICER && strcmp(svms_role_name(role), name) != 0) {
        role++;
    }
    return role;
}

int main(int argc, char **argv)
{
    static char anchors[TEXT_SIZE];
    static char certificates[TEXT_SIZE];
    svms_error err = SVMS_ERROR_INIT;
    svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_ctx *ctx = NULL;
    svms_trust *trust = NULL;
    svms_chain *chain = NULL;
    if (argc != 4) {
        return 2;
    }
    int64_t now = (int64_t)time(NULL) * 1000000000;
    size_t anchors_size = read_text(argv[1], anchors);
    size_t certificates_size = read_text(argv[2], certificates);
    svms_status status = svms_ctx_new(&ctx, NULL, &err);
    if (status == SVMS_OK) {
        status = svms_trust_from_pem(&trust, ctx, anchors, anchors_size, &err);
    }
    if (status == SVMS_OK) {
        status = svms_chain_from_pem(&chain, ctx, certificates, certificates_size, &err);
    }
    if (status == SVMS_OK) {
        question.role = role_named(argv[3]);
        question.from_utc_ns = now;
        question.to_utc_ns = now;
        question.now_utc_ns = now;
        status = svms_identity_check(trust, chain, &question, &result, &err);
    }
    if (status == SVMS_OK) {
        printf("trusted: %s\n", svms_chain_subject(chain));
    } else {
        fprintf(stderr, "%s\n", err.message);
    }
    svms_chain_free(&chain);
    svms_trust_free(&trust);
    svms_ctx_free(&ctx);
    return status != SVMS_OK;
}
