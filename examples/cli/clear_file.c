/* SPDX-License-Identifier: Apache-2.0 */
#include "clear_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "json_output.h"
#include "message.h"
#include "package_report.h"

#define READ_SIZE 65536

static bool hash_stream(FILE *file, EVP_MD_CTX *hash, uint64_t *bytes)
{
    static const size_t all = READ_SIZE;
    uint8_t block[READ_SIZE];
    size_t count = 0;
    bool done = true;
    while (done && (count = fread(block, 1, all, file)) > 0) {
        done = EVP_DigestUpdate(hash, block, count) == 1;
        *bytes += count;
    }
    OPENSSL_cleanse(block, sizeof block);
    return done;
}

exit_status clear_file_measure(clear_file *out, const char *path, const char *shown)
{
    clear_file found = { 0, { 0 } };
    FILE *file = fopen(path, "rb");
    if (!file) {
        return complain_system(errno, "cannot read %s", shown);
    }
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool hashed = hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1 &&
                  hash_stream(file, hash, &found.bytes) &&
                  EVP_DigestFinal_ex(hash, found.digest, NULL) == 1;
    int os_error = ferror(file) ? errno : 0;
    EVP_MD_CTX_free(hash);
    fclose(file);
    if (os_error != 0) {
        return complain_system(os_error, "cannot read %s", shown);
    }
    if (!hashed) {
        complain("cannot hash %s", shown);
        return EXIT_ENVIRONMENT;
    }
    *out = found;
    return EXIT_GOOD;
}

json_t *clear_join(json_t *one, json_t *other)
{
    if (!one || !other || json_object_update(one, other) != 0) {
        json_decref(one);
        one = NULL;
    }
    json_decref(other);
    return one;
}

static json_t *source_to_json(const svms_export_period *period, const export_input *input)
{
    return clear_join(package_period_to_json(period),
                      json_pack("{s:o, s:o}", "file", json_text(input->path), "device_name",
                                json_text(input->device_name)));
}

json_t *clear_periods_to_json(const export_inputs *inputs, const svms_export_period *periods)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < inputs->count; i++) {
        json_t *verdict = json_pack("{s:s}", "verdict", svms_verdict_name(periods[i].verdict));
        if (json_array_append_new(
                list, clear_join(source_to_json(&periods[i], &inputs->items[i]), verdict)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* The part of what was written that the container holds. */
static svms_export_period period_of(const export_input *input, size_t number,
                                    const extract_request *asked, const extract_result *written)
{
    svms_export_period period = SVMS_EXPORT_PERIOD_INIT;
    period.number = (uint32_t)number;
    memcpy(period.device_id, input->device_id, sizeof period.device_id);
    memcpy(period.recording_id, input->recording_id, sizeof period.recording_id);
    memcpy(period.container_id, input->container_id, sizeof period.container_id);
    period.recording_sequence = input->sequence;
    period.from_utc_ns = asked->from_utc_ns;
    period.to_utc_ns = asked->to_utc_ns;
    period.first_utc_ns =
        written->first_utc_ns > input->first_utc_ns ? written->first_utc_ns : input->first_utc_ns;
    period.last_utc_ns =
        input->last_utc_ns == SVMS_NO_TIME ||
                (written->last_utc_ns != SVMS_NO_TIME && written->last_utc_ns < input->last_utc_ns)
            ? written->last_utc_ns
            : input->last_utc_ns;
    period.track_count = input->track_count;
    period.removed_tracks = asked->removed_tracks;
    return period;
}

json_t *clear_inputs_to_json(const export_inputs *inputs, const extract_request *asked,
                             const extract_result *written)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < inputs->count; i++) {
        const export_input *input = &inputs->items[i];
        const svms_export_period period = period_of(input, i, asked, written);
        if (json_array_append_new(list, source_to_json(&period, input)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

json_t *clear_case_to_json(const proof_options *options, const char *profile)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "case", json_text(options->case_number),
                     "operator", json_text(options->operator_name), "reason",
                     json_text(options->reason), "comment", json_text(options->comment), "note",
                     json_text(options->note), "profile", json_text(profile), "audit_reference",
                     json_text(options->audit_reference));
}

json_t *clear_proof_to_json(const char *path, const svms_export_result *result)
{
    if (!path) {
        return json_pack("{s:n, s:n, s:n}", "proof", "proof_id", "receipt");
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:b}", "proof", json_text(path),
                     "proof_id", json_hex(result->package_id, sizeof result->package_id), "receipt",
                     json_hex(result->head, sizeof result->head), "proof_sha256",
                     json_hex(result->digest, sizeof result->digest), "proof_bytes",
                     (json_int_t)result->bytes, "signed", json_time(result->signed_utc_ns),
                     "signer", json_text(result->signer), "stamped", (int)result->stamped);
}
