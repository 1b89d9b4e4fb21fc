/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of camera-signed video, mutated: the first byte of the input chooses a clip, which was
 * signed once and for all, and where something is said to be missing, if anywhere; then each three
 * bytes make one edit of it. Every access unit must be in
 * exactly one report, whatever was done. Clips are short, as the signatures of each are verified
 * in each run. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>

#include <svms/svms.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define UNITS_MAX 24u
#define EDITS_MAX 24u
#define START INT64_C(1782864000000000000)
#define FRAME_NS INT64_C(40000000)
#define PEM_ROOM 16384u
#define SLICES_SIZE 20u /* of each access unit, at its end */

/* Bytes of one access unit, exactly as many as there are, so that a sanitizer sees what is read
 * behind them. */
typedef struct unit {
    uint8_t *data;
    size_t size;
} unit;

typedef struct clip {
    /* How it is signed. */
    uint32_t codec;
    uint32_t flags;
    unsigned count; /* of access units, each of two slices */
    unsigned gop;   /* of them to a GOP */
    uint32_t sign_every;
    uint32_t copies;
    uint32_t part_nal_units;
    bool has_rsa; /* which takes a tenth of the time of P-256 to verify */
    bool has_user;
    bool is_known; /* the validator has the certificates already, and decodes none */
    /* What came out. */
    svms_chain *chain;
    unit units[UNITS_MAX];
} clip;

static clip clips[] = {
    { .codec = SVMS_CODEC_H264,
      .count = 14,
      .gop = 4,
      .sign_every = 2,
      .copies = 2,
      .part_nal_units = 6 },
    { .codec = SVMS_CODEC_H265,
      .flags = SVMS_CAMERA_CERTIFICATE_SEI,
      .count = 16,
      .gop = 4,
      .has_rsa = true,
      .is_known = true },
    { .codec = SVMS_CODEC_H264,
      .flags = SVMS_CAMERA_LOW_BIT_RATE | SVMS_CAMERA_CERTIFICATE_SEI,
      .count = 16,
      .gop = 4,
      .has_rsa = true,
      .has_user = true,
      .is_known = true },
    { .codec = SVMS_CODEC_H265,
      .flags = SVMS_CAMERA_HASH_ESCAPED | SVMS_CAMERA_CERTIFICATE_SEI,
      .count = 24,
      .gop = 4,
      .sign_every = 2,
      .part_nal_units = 7,
      .has_rsa = true,
      .is_known = true },
};
#define CLIPS (sizeof clips / sizeof clips[0])

/* The one that is edited: its units belong to the clip, or to made. */
static unit edited[UNITS_MAX + EDITS_MAX];
static uint8_t *made[EDITS_MAX];
static size_t made_count;
static svms_ctx *ctx;

static void must(bool is_done)
{
    if (!is_done) {
        abort();
    }
}

static int64_t clock_of(void *user)
{
    (void)user;
    return START;
}

static svms_chain *make_chain(svms_private_key *key)
{
    static char pem[PEM_ROOM];
    size_t size = sizeof pem;
    svms_chain *chain = NULL;
    svms_ca_options options = SVMS_CA_OPTIONS_INIT;
    svms_ca *ca = NULL;
    svms_private_key *root_key = NULL;
    svms_request *request = NULL;
    svms_request_options asked = SVMS_REQUEST_OPTIONS_INIT;
    svms_issue_options issued = SVMS_ISSUE_OPTIONS_INIT;
    options.common_name = "maker";
    options.not_before_utc_ns = issued.not_before_utc_ns = START - INT64_C(1000000000);
    options.not_after_utc_ns = issued.not_after_utc_ns = START + INT64_C(86400000000000);
    asked.common_name = "camera";
    issued.role = SVMS_ROLE_CAMERA;
    must(svms_private_key_generate(&root_key, ctx, NULL) == SVMS_OK);
    must(svms_ca_create(ctx, &options, root_key, NULL, pem, &size, NULL) == SVMS_OK);
    must(svms_chain_from_pem(&chain, ctx, pem, size, NULL) == SVMS_OK);
    must(svms_ca_open(&ca, ctx, chain, root_key, NULL) == SVMS_OK);
    size = sizeof pem;
    must(svms_request_create(ctx, &asked, key, pem, &size, NULL) == SVMS_OK);
    must(svms_request_parse(&request, ctx, pem, size, NULL) == SVMS_OK);
    size = sizeof pem;
    must(svms_ca_issue(ca, &issued, request, pem, &size, NULL) == SVMS_OK);
    svms_chain_free(&chain);
    must(svms_chain_from_pem(&chain, ctx, pem, size, NULL) == SVMS_OK);
    svms_request_free(&request);
    svms_ca_free(&ca);
    svms_private_key_free(&root_key);
    return chain;
}

/* One for all clips: it takes long to make. */
static svms_private_key *make_rsa_key(void)
{
    static EVP_PKEY *pkey;
    svms_private_key *key = NULL;
    char *pem = NULL;
    if (!pkey) {
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    }
    BIO *text = BIO_new(BIO_s_mem());
    must(pkey != NULL && text != NULL &&
         PEM_write_bio_PKCS8PrivateKey(text, pkey, NULL, NULL, 0, NULL, NULL) == 1);
    long size = BIO_get_mem_data(text, &pem);
    must(size > 0 && svms_private_key_from_pem(&key, ctx, pem, (size_t)size, NULL) == SVMS_OK);
    BIO_free(text);
    return key;
}

static svms_private_key *make_key(bool is_rsa)
{
    svms_private_key *key = NULL;
    if (is_rsa) {
        return make_rsa_key();
    }
    must(svms_private_key_generate(&key, ctx, NULL) == SVMS_OK);
    return key;
}

static svms_camera_signer *make_signer(clip *of, svms_private_key *key, svms_private_key *user_key)
{
    svms_camera_signer_options options = SVMS_CAMERA_SIGNER_OPTIONS_INIT;
    svms_camera_signer *signer = NULL;
    svms_chain *user_chain = user_key ? make_chain(user_key) : NULL;
    options.codec = of->codec;
    options.flags = of->flags;
    options.sign_every = of->sign_every;
    options.copies = of->copies;
    options.part_nal_units = of->part_nal_units;
    of->chain = make_chain(key);
    options.chain = of->chain;
    options.key = key;
    options.user_chain = user_chain;
    options.user_key = user_key;
    must(svms_camera_signer_new(&signer, ctx, &options, NULL) == SVMS_OK);
    svms_chain_free(&user_chain);
    return signer;
}

static unit copy_of(const void *data, size_t size)
{
    unit out = { malloc(size > 0 ? size : 1), size };
    must(out.data != NULL);
    if (size > 0) {
        memcpy(out.data, data, size);
    }
    return out;
}

static void shoot(clip *out)
{
    svms_private_key *key = make_key(out->has_rsa);
    svms_private_key *user_key = out->has_user ? make_key(false) : NULL;
    svms_camera_signer *signer = make_signer(out, key, user_key);
    bool is_h264 = out->codec == SVMS_CODEC_H264;
    for (unsigned i = 0; i < out->count; i++) {
        bool leads = i % out->gop == 0;
        uint8_t type = is_h264 ? (leads ? 0x65 : 0x41) : (leads ? 0x26 : 0x02);
        uint8_t second = is_h264 ? 0x11 : 0x01;
        uint8_t in[] = { 0, 0, 0, 6, type, second | 0x80, 0x80, (uint8_t)i, 1, 0x80,
                         0, 0, 0, 6, type, second,        0x11, (uint8_t)i, 2, 0x80 };
        const void *bytes = NULL;
        size_t size = 0;
        must(svms_camera_signer_add(signer, in, sizeof in, START + i * FRAME_NS, &bytes, &size,
                                    NULL) == SVMS_OK);
        out->units[i] = copy_of(bytes, size);
    }
    svms_camera_signer_free(&signer);
    svms_private_key_free(&user_key);
    svms_private_key_free(&key);
}

static void set_up(void)
{
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.utc_now = clock_of;
    must(svms_ctx_new(&ctx, &options, NULL) == SVMS_OK);
    for (size_t i = 0; i < CLIPS; i++) {
        shoot(&clips[i]);
    }
}

/* Size of the first NAL unit with its length; all of it where that says too much. */
static size_t first_nal(const unit *of)
{
    if (of->size < 4) {
        return of->size;
    }
    size_t size = ((size_t)of->data[0] << 24 | (size_t)of->data[1] << 16 |
                   (size_t)of->data[2] << 8 | of->data[3]) +
                  4;
    return size < of->size ? size : of->size;
}

/* Other bytes in place of a unit: those of a, then those of b. */
static void rewrite(unit *one, const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size)
{
    unit out = { malloc(a_size + b_size > 0 ? a_size + b_size : 1), a_size + b_size };
    must(out.data != NULL && made_count < EDITS_MAX);
    memcpy(out.data, a, a_size);
    memcpy(out.data + a_size, b, b_size);
    made[made_count++] = out.data;
    *one = out;
}

static size_t edit(size_t count, const uint8_t step[3])
{
    unit *one = &edited[step[1] % count];
    unit *other = &edited[step[2] % count];
    unit kept = *one;
    size_t first = first_nal(one);
    switch (step[0] % 8) {
    case 0: /* drop */
        memmove(one, one + 1, (size_t)(&edited[count] - (one + 1)) * sizeof *one);
        return count - 1;
    case 1: /* swap */
        *one = *other;
        *other = kept;
        return count;
    case 2: /* repeat */
        edited[count] = *one;
        return count + 1;
    case 3: /* replace */
        *one = *other;
        return count;
    case 4: /* cut short */
        rewrite(one, one->data, one->size * step[2] / 256, one->data, 0);
        return count;
    case 5: /* without the first NAL unit, which may be a SEI */
        rewrite(one, one->data + first, one->size - first, one->data, 0);
        return count;
    case 6: /* the first NAL unit of another one is put there */
        rewrite(one, other->data, first_nal(other), one->data, one->size);
        return count;
    default: /* change a byte, of the slices or of all */
        rewrite(one, one->data, one->size, one->data, 0);
        if (one->size > 0) {
            size_t most = (step[0] & 8) != 0 && one->size > SLICES_SIZE ? SLICES_SIZE : one->size;
            one->data[one->size - 1 - step[2] * most / 256] ^= (uint8_t)(step[0] | 1u);
        }
        return count;
    }
}

static uint64_t take_reports(svms_camera_validator *validator, uint64_t frames)
{
    svms_camera_gop gop = SVMS_CAMERA_GOP_INIT;
    while (svms_camera_validator_next(validator, &gop, NULL) == SVMS_OK) {
        must(gop.first_frame == frames && gop.verdict != SVMS_CAMERA_PENDING);
        frames += gop.frame_count;
    }
    return frames;
}

/* gap: the unit before which something is said to be missing; 0: nothing is. */
static void validate(const clip *of, size_t count, size_t gap)
{
    svms_camera_validator_options options = SVMS_CAMERA_VALIDATOR_OPTIONS_INIT;
    svms_camera_validator *validator = NULL;
    uint64_t frames = 0;
    options.codec = of->codec;
    options.chain = of->is_known ? of->chain : NULL;
    options.waiting_max = 64;
    must(svms_camera_validator_new(&validator, ctx, &options, NULL) == SVMS_OK);
    for (size_t i = 0; i < count; i++) {
        must(gap == 0 || i != gap || svms_camera_validator_gap(validator, NULL) == SVMS_OK);
        svms_status status =
            svms_camera_validator_add(validator, edited[i].data, edited[i].size, START, NULL);
        must(status == SVMS_OK || status == SVMS_E_MALFORMED || status == SVMS_E_TRUNCATED);
        frames = take_reports(validator, frames);
    }
    must(svms_camera_validator_end(validator, NULL) == SVMS_OK);
    must(take_reports(validator, frames) == count);
    svms_camera_validator_free(&validator);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!ctx) {
        set_up();
    }
    const clip *of = &clips[size > 0 ? data[0] % CLIPS : 0];
    size_t count = of->count;
    memcpy(edited, of->units, count * sizeof *edited);
    for (size_t at = 1; at + 3 <= size && at < 3 * EDITS_MAX && count > 1; at += 3) {
        count = edit(count, data + at);
    }
    validate(of, count, size > 0 ? data[0] / CLIPS : 0);
    while (made_count > 0) {
        free(made[--made_count]);
    }
    return 0;
}
