/* SPDX-License-Identifier: Apache-2.0 */
/* What signing and validating camera-signed video cost: large and small frames in GOPs of 50, CPU
 * time on one core, median of rounds, beside a plain SHA-256 of the same bytes in the same run.
 * Prints; never judges. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include <svms/svms.h>

#define ROUNDS 9
#define GOP 50u
#define START INT64_C(1782864000000000000)
#define FRAME_NS INT64_C(40000000)

typedef struct clip {
    uint8_t *data;
    size_t size;
    size_t *ends; /* of access units */
    size_t count;
} clip;

typedef struct camera {
    svms_ctx *ctx;
    svms_private_key *key;
    svms_chain *chain;
    svms_trust *trust;
} camera;

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b)
{
    double one = *(const double *)a;
    double other = *(const double *)b;
    return (one > other) - (one < other);
}

static double median(double times[ROUNDS])
{
    qsort(times, ROUNDS, sizeof *times, compare);
    return times[ROUNDS / 2];
}

static void must(svms_status status, const char *what, const svms_error *err)
{
    if (status != SVMS_OK) {
        fprintf(stderr, "%s: %s\n", what, err->message);
        exit(1);
    }
}

static void *room(size_t size)
{
    void *out = calloc(1, size);
    if (!out) {
        exit(1);
    }
    return out;
}

/* The first frame of each GOP is eight times as large as the others. */
static clip make_clip(size_t frame, size_t count)
{
    clip out = { NULL, 0, room(count * sizeof(size_t)), count };
    out.data = room((frame + 4) * (count + 8 * (count / GOP + 1)));
    for (size_t i = 0; i < count; i++) {
        size_t size = i % GOP == 0 ? frame * 8 : frame;
        uint8_t *at = out.data + out.size;
        at[0] = (uint8_t)(size >> 24);
        at[1] = (uint8_t)(size >> 16);
        at[2] = (uint8_t)(size >> 8);
        at[3] = (uint8_t)size;
        for (size_t j = 0; j < size; j++) {
            at[4 + j] = (uint8_t)((i * 2654435761u + j * 40503u) >> 7) | 1u;
        }
        at[4] = i % GOP == 0 ? 0x65 : 0x41;
        at[5] = 0x88;
        out.size += size + 4;
        out.ends[i] = out.size;
    }
    return out;
}

static double hash_plainly(const clip *of, uint8_t *digest)
{
    EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    double began = cpu_seconds();
    if (EVP_DigestInit_ex2(context, md, NULL) != 1 ||
        EVP_DigestUpdate(context, of->data, of->size) != 1 ||
        EVP_DigestFinal_ex(context, digest, NULL) != 1) {
        exit(1);
    }
    double took = cpu_seconds() - began;
    EVP_MD_CTX_free(context);
    EVP_MD_free(md);
    return took;
}

/* out NULL: only the time counts. */
static double sign(const camera *with, const clip *in, clip *out)
{
    svms_camera_signer_options options = SVMS_CAMERA_SIGNER_OPTIONS_INIT;
    svms_camera_signer *signer = NULL;
    svms_error err = SVMS_ERROR_INIT;
    options.chain = with->chain;
    options.key = with->key;
    /* Says the hash before the first frame; else the first GOP is hashed by all three. */
    options.flags = SVMS_CAMERA_CERTIFICATE_SEI;
    double began = cpu_seconds();
    must(svms_camera_signer_new(&signer, with->ctx, &options, &err), "signer", &err);
    for (size_t i = 0; i < in->count; i++) {
        size_t from = i > 0 ? in->ends[i - 1] : 0;
        const void *unit = NULL;
        size_t size = 0;
        must(svms_camera_signer_add(signer, in->data + from, in->ends[i] - from,
                                    START + (int64_t)i * FRAME_NS, &unit, &size, &err),
             "signing", &err);
        if (out) {
            memcpy(out->data + out->size, unit, size);
            out->size += size;
            out->ends[i] = out->size;
        }
    }
    double took = cpu_seconds() - began;
    svms_camera_signer_free(&signer);
    return took;
}

static double validate(const camera *with, const clip *of)
{
    svms_camera_validator_options options = SVMS_CAMERA_VALIDATOR_OPTIONS_INIT;
    svms_camera_validator *validator = NULL;
    svms_camera_summary summary = SVMS_CAMERA_SUMMARY_INIT;
    svms_error err = SVMS_ERROR_INIT;
    options.trust = with->trust;
    options.now_utc_ns = START + INT64_C(1000000000) * 86400;
    double began = cpu_seconds();
    must(svms_camera_validator_new(&validator, with->ctx, &options, &err), "validator", &err);
    for (size_t i = 0; i < of->count; i++) {
        size_t from = i > 0 ? of->ends[i - 1] : 0;
        svms_camera_gop gop = SVMS_CAMERA_GOP_INIT;
        must(svms_camera_validator_add(validator, of->data + from, of->ends[i] - from,
                                       START + (int64_t)i * FRAME_NS, &err),
             "validating", &err);
        while (svms_camera_validator_next(validator, &gop, &err) == SVMS_OK) {
        }
    }
    double took = cpu_seconds() - began;
    must(svms_camera_validator_summary(validator, &summary, &err), "summary", &err);
    if (summary.authentic_gops != of->count / GOP - 1 || !summary.trusted) {
        fprintf(stderr, "the clip is not authentic\n");
        exit(1);
    }
    svms_camera_validator_free(&validator);
    return took;
}

static void print(const char *what, const clip *of, double seconds, double hashing)
{
    printf("  %-10s %8.0f MB/s %10.0f frames/s   %.2f of SHA-256\n", what,
           (double)of->size / seconds * 1e-6, (double)of->count / seconds, hashing / seconds);
}

static void measure(const camera *with, const char *what, size_t frame, size_t count)
{
    double hashing[ROUNDS];
    double signing[ROUNDS];
    double validating[ROUNDS];
    uint8_t digest[32];
    clip in = make_clip(frame, count);
    clip out = { room(in.size * 2 + ((size_t)1 << 20)), 0, room(count * sizeof(size_t)), count };
    (void)sign(with, &in, &out);
    for (size_t i = 0; i < ROUNDS; i++) {
        hashing[i] = hash_plainly(&out, digest);
        signing[i] = sign(with, &in, NULL);
        validating[i] = validate(with, &out);
    }
    double plain = median(hashing);
    printf("%s: %zu frames of %zu bytes, SHA-256 alone %.0f MB/s\n", what, count, frame,
           (double)out.size / plain * 1e-6);
    print("sign", &in, median(signing), plain);
    print("validate", &out, median(validating), plain);
    free(in.data);
    free(in.ends);
    free(out.data);
    free(out.ends);
}

/* A root, and a camera below it. */
static void make_camera(camera *out)
{
    static char root_pem[16384];
    static char leaf_pem[16384];
    static char request_pem[16384];
    size_t root_size = sizeof root_pem;
    size_t leaf_size = sizeof leaf_pem;
    size_t request_size = sizeof request_pem;
    svms_error err = SVMS_ERROR_INIT;
    svms_private_key *root_key = NULL;
    svms_chain *root = NULL;
    svms_ca *ca = NULL;
    svms_request *request = NULL;
    svms_ca_options ca_options = SVMS_CA_OPTIONS_INIT;
    svms_request_options request_options = SVMS_REQUEST_OPTIONS_INIT;
    svms_issue_options issue_options = SVMS_ISSUE_OPTIONS_INIT;
    ca_options.common_name = "maker";
    ca_options.not_before_utc_ns = START - INT64_C(1000000000) * 86400;
    ca_options.not_after_utc_ns = START + INT64_C(1000000000) * 86400 * 365;
    request_options.common_name = "camera";
    issue_options.role = SVMS_ROLE_CAMERA;
    issue_options.not_before_utc_ns = ca_options.not_before_utc_ns;
    issue_options.not_after_utc_ns = ca_options.not_after_utc_ns;
    must(svms_private_key_generate(&root_key, out->ctx, &err), "key", &err);
    must(svms_private_key_generate(&out->key, out->ctx, &err), "key", &err);
    must(svms_ca_create(out->ctx, &ca_options, root_key, NULL, root_pem, &root_size, &err), "root",
         &err);
    must(svms_chain_from_pem(&root, out->ctx, root_pem, root_size, &err), "root", &err);
    must(svms_ca_open(&ca, out->ctx, root, root_key, &err), "root", &err);
    must(
        svms_request_create(out->ctx, &request_options, out->key, request_pem, &request_size, &err),
        "request", &err);
    must(svms_request_parse(&request, out->ctx, request_pem, request_size, &err), "request", &err);
    must(svms_ca_issue(ca, &issue_options, request, leaf_pem, &leaf_size, &err), "camera", &err);
    must(svms_chain_from_pem(&out->chain, out->ctx, leaf_pem, leaf_size, &err), "camera", &err);
    must(svms_trust_from_pem(&out->trust, out->ctx, root_pem, root_size, &err), "trust", &err);
    svms_request_free(&request);
    svms_ca_free(&ca);
    svms_chain_free(&root);
    svms_private_key_free(&root_key);
}

static int64_t clock_of(void *user)
{
    (void)user;
    return START;
}

int main(void)
{
    camera with = { 0 };
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.utc_now = clock_of;
    if (svms_ctx_new(&with.ctx, &options, NULL) != SVMS_OK) {
        return 1;
    }
    make_camera(&with);
    measure(&with, "large frames", 65536, 1000);
    measure(&with, "1080p at 4 Mbit/s", 20000, 3000);
    measure(&with, "small frames", 60, 100000);
    svms_trust_free(&with.trust);
    svms_chain_free(&with.chain);
    svms_private_key_free(&with.key);
    svms_ctx_free(&with.ctx);
    return 0;
}
