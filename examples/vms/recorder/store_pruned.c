/* SPDX-License-Identifier: Apache-2.0 */
#include "store_pruned.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_folder.h"

#define PRUNED_SUFFIX ".pruned"

/* Nobody else's word counts, whoever vouches for him. */
static svms_status trust_alone(svms_trust **out, svms_ctx *ctx, const svms_chain *signer)
{
    svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
    svms_trust_options options = SVMS_TRUST_OPTIONS_INIT;
    svms_status status = svms_chain_certificate(signer, 0, &info, NULL);
    options.pins = info.sha256;
    options.pin_count = 1;
    return status == SVMS_OK ? svms_trust_new(out, ctx, &options, NULL) : status;
}

static bool says_so(svms_ctx *ctx, const char *path, const svms_trust *trust,
                    const svms_head *remembered)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_pruned pruned = SVMS_PRUNED_INIT;
    svms_status status = svms_source_open_file(&source, ctx, path, NULL);
    if (status == SVMS_OK) {
        status = svms_pruned_read(ctx, &source, trust, SVMS_TIME_ATTESTED, &pruned, NULL);
    }
    svms_source_close(&source);
    return status == SVMS_OK &&
           memcmp(pruned.recording_id, remembered->recording_id, sizeof pruned.recording_id) == 0 &&
           memcmp(pruned.container_id, remembered->container_id, sizeof pruned.container_id) == 0 &&
           pruned.recording_sequence == remembered->recording_sequence &&
           memcmp(pruned.last_manifest, remembered->manifest_hash, sizeof pruned.last_manifest) ==
               0;
}

bool store_was_pruned(svms_ctx *ctx, const char *folder, const svms_head *remembered,
                      const svms_chain *signer)
{
    svms_trust *trust = NULL;
    const struct dirent *entry = NULL;
    char number[32];
    bool found = false;
    DIR *listing = opendir(folder);
    if (!listing || trust_alone(&trust, ctx, signer) != SVMS_OK) {
        if (listing) {
            (void)closedir(listing);
        }
        return false;
    }
    (void)snprintf(number, sizeof number, "%06" PRIu64 "-", remembered->recording_sequence);
    while (!found && (entry = readdir(listing)) != NULL) {
        /* Of thousands, few have its number. */
        bool may_be = strncmp(entry->d_name, number, strlen(number)) == 0 &&
                      store_ends_with(entry->d_name, PRUNED_SUFFIX);
        char *path = may_be ? store_path(folder, entry->d_name) : NULL;
        found = path && says_so(ctx, path, trust, remembered);
        free(path);
    }
    (void)closedir(listing);
    svms_trust_free(&trust);
    return found;
}
