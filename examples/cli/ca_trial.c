/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_trial.h"

#include <stdlib.h>
#include <time.h>

#include "message.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_DAY (INT64_C(86400) * NS_PER_SECOND)
#define TEXT_CAPACITY ((size_t)65536)
#define TRIAL_NAME "trial"

typedef struct trial {
    svms_ctx *ctx;
    svms_private_key *key; /* of the authority */
    svms_private_key *other;
    svms_chain *chain;
    svms_ca *authority;
    svms_request *request;
    char *text;
} trial;

static svms_status make_authority(trial *self, const svms_issue_options *period, svms_error *err)
{
    svms_ca_options options = SVMS_CA_OPTIONS_INIT;
    size_t size = TEXT_CAPACITY;
    options.common_name = TRIAL_NAME;
    options.not_before_utc_ns = period->not_before_utc_ns;
    options.not_after_utc_ns = period->not_after_utc_ns;
    svms_status status = svms_private_key_generate(&self->key, self->ctx, err);
    if (status == SVMS_OK) {
        status = svms_ca_create(self->ctx, &options, self->key, NULL, self->text, &size, err);
    }
    if (status == SVMS_OK) {
        status = svms_chain_from_pem(&self->chain, self->ctx, self->text, size, err);
    }
    return status == SVMS_OK
               ? svms_ca_open(&self->authority, self->ctx, self->chain, self->key, err)
               : status;
}

static svms_status make_request(trial *self, svms_error *err)
{
    svms_request_options options = SVMS_REQUEST_OPTIONS_INIT;
    size_t size = TEXT_CAPACITY;
    options.common_name = TRIAL_NAME;
    svms_status status = svms_private_key_generate(&self->other, self->ctx, err);
    if (status == SVMS_OK) {
        status = svms_request_create(self->ctx, &options, self->other, self->text, &size, err);
    }
    return status == SVMS_OK ? svms_request_parse(&self->request, self->ctx, self->text, size, err)
                             : status;
}

exit_status ca_try(svms_ctx *ctx, svms_issue_options options, const char *what)
{
    trial self = { ctx, NULL, NULL, NULL, NULL, NULL, malloc(TEXT_CAPACITY) };
    size_t size = TEXT_CAPACITY;
    svms_error err = SVMS_ERROR_INIT;
    if (!self.text) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    options.not_before_utc_ns = (int64_t)time(NULL) * NS_PER_SECOND;
    options.not_after_utc_ns = options.not_before_utc_ns + NS_PER_DAY;
    svms_status status = make_authority(&self, &options, &err);
    if (status == SVMS_OK) {
        status = make_request(&self, &err);
    }
    if (status == SVMS_OK) {
        status = svms_ca_issue(self.authority, &options, self.request, self.text, &size, &err);
    }
    svms_request_free(&self.request);
    svms_ca_free(&self.authority);
    svms_chain_free(&self.chain);
    svms_private_key_free(&self.other);
    svms_private_key_free(&self.key);
    free(self.text);
    return status == SVMS_OK ? EXIT_GOOD : complain_error(&err, "%s", what);
}
