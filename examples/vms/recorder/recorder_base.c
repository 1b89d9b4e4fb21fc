/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder_base.h"

#include <stdlib.h>
#include <unistd.h>

#include "recorder_failure.h"
#include "storage_scan.h"
#include "store_folder.h"

/* It stays for as long as all of this does; an identity may be replaced. */
static svms_status load_trust(recorder_base *self, svms_error *err)
{
    const recorder_settings *is = self->parts.settings;
    if (is->trust) {
        return recorder_trust_load(&self->trust, self->parts.ctx, is->trust, NULL, err);
    }
    self->trust = self->identity.trust;
    self->identity.trust = NULL;
    return SVMS_OK;
}

svms_status recorder_base_load(recorder_base *self, svms_error *err)
{
    const recorder_settings *is = self->parts.settings;
    self->keys = calloc(is->storage_count, sizeof *self->keys);
    if (!self->keys) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    svms_status status =
        recorder_identity_load(&self->identity, self->parts.ctx, is->identity, err);
    for (size_t i = 0; i < is->storage_count && status == SVMS_OK; i++) {
        status = storage_keys_load(&self->keys[i], self->parts.ctx, &is->storages[i], err);
        self->key_count += status == SVMS_OK ? 1 : 0;
    }
    return status == SVMS_OK ? load_trust(self, err) : status;
}

/* Two recorders in one storage would prune and mend what the other one writes. A disk that is gone
 * is no reason not to record on the others. */
static svms_status claim_storages(recorder_base *self, svms_error *err)
{
    const recorder_settings *is = self->parts.settings;
    self->claims = calloc(is->storage_count, sizeof *self->claims);
    if (!self->claims) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    for (size_t i = 0; i < is->storage_count; i++) {
        self->claims[i] = -1;
    }
    for (size_t i = 0; i < is->storage_count; i++) {
        svms_error why = SVMS_ERROR_INIT;
        svms_status status = store_claim(&self->claims[i], is->storages[i].path, &why);
        if (status == SVMS_E_STATE) {
            return recorder_fail(err, status, 0, "%s", why.message);
        }
        if (status != SVMS_OK) {
            service_log_error(self->parts.service, SERVICE_ERROR, &why,
                              "storage %s cannot be used now", is->storages[i].name);
        }
    }
    return SVMS_OK;
}

static svms_status open_auditor(recorder_base *self, svms_error *err)
{
    const auditor_options options = { self->parts.ctx, self->parts.settings->audit, NULL,
                                      "recorder", self->parts.service };
    return options.log ? auditor_open(&self->parts.auditor, &options, err) : SVMS_OK;
}

static svms_status open_ledger(recorder_base *self, svms_error *err)
{
    const char *path = self->parts.settings->ledger;
    svms_status status =
        ledger_open(&self->ledger, self->parts.ctx, path, &self->keys[0], self->trust, err);
    if (status == SVMS_OK && ledger_torn(self->ledger) > 0) {
        service_log(self->parts.service, SERVICE_WARNING,
                    "%s: an entry that was never finished was cut off", path);
    }
    return status;
}

svms_status recorder_base_open(recorder_base *self, svms_error *err)
{
    svms_status status = recorder_base_load(self, err);
    if (status == SVMS_OK) {
        status = claim_storages(self, err);
    }
    if (status == SVMS_OK) {
        status = open_auditor(self, err);
    }
    if (status == SVMS_OK) {
        status = open_ledger(self, err);
    }
    return status == SVMS_OK ? storage_index_open(&self->parts, self->ledger, err) : status;
}

void recorder_base_close(recorder_base *self)
{
    recorder_index_close(&self->parts.index);
    ledger_close(&self->ledger);
    auditor_close(&self->parts.auditor);
    for (size_t i = 0; self->claims && i < self->parts.settings->storage_count; i++) {
        if (self->claims[i] >= 0) {
            (void)close(self->claims[i]);
        }
    }
    for (size_t i = 0; i < self->key_count; i++) {
        storage_keys_free(&self->keys[i]);
    }
    free(self->claims);
    free(self->keys);
    svms_trust_free(&self->trust);
    recorder_identity_free(&self->identity);
}
