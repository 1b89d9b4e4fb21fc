/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the signer share (CS-SGN). */
#ifndef SVMS_SIGNER_INTERNAL_H
#define SVMS_SIGNER_INTERNAL_H

#include <svms/camera_signer.h>

#include "camera_nal.h"
#include "sei_write.h"
#include "sign.h"

/* Covered NAL units that an access unit may bring. */
#define SVMS_SIGNER_UNIT_MAX 4096
/* What an access unit may add to lists, with the SEIs that go into it. */
#define SVMS_SIGNER_STEP_MAX (SVMS_SIGNER_UNIT_MAX + SVMS_CAMERA_WAITING_MAX * 3)
/* Of the option. A part ends where it is reached, after one access unit more and what stands before
 * the next one's picture. */
#define SVMS_SIGNER_PART_MAX 50000u
_Static_assert(SVMS_SIGNER_PART_MAX + 2 * SVMS_SIGNER_STEP_MAX <= UINT16_MAX,
               "the number of hashes has two bytes");

/* A key of a camera, ready to sign SEIs. */
typedef struct svms_signer_key {
    svms_sign_engine *engine;
    svms_camera_hash hash; /* what the engine hashes with */
    uint16_t rsa_bits;     /* 0: ECDSA */
    size_t width;          /* of r and of s; 0: RSA */
    size_t room;           /* most bytes of a signature as a SEI has it */
} svms_signer_key;

/* SVMS_E_USAGE, SVMS_E_UNTRUSTED, SVMS_E_UNSUPPORTED, SVMS_E_NO_MEMORY, SVMS_E_CRYPTO. */
SVMS_MUST_CHECK svms_status svms_signer_key_open(svms_signer_key *out, svms_ctx *ctx,
                                                 const svms_private_key *key,
                                                 const svms_chain *chain, svms_error *err);
void svms_signer_key_close(svms_signer_key *key);
/* Appends tag 6: the chain in PEM, without self-signed certificates above the leaf (CS-SGN-8).
 * SVMS_E_LIMIT when it does not fit. */
SVMS_MUST_CHECK svms_status svms_signer_put_chain(svms_builder *out, const svms_chain *chain,
                                                  bool is_user, svms_error *err);

/* A SEI on its way into the stream. */
typedef struct svms_signer_sei {
    svms_sign_ticket *ticket; /* while its signature is under way */
    svms_builder document;    /* the same; without emulation prevention */
    svms_builder framed;      /* what goes into the stream, once it is ready */
    bool is_ready;
    bool is_signed;
    uint64_t unit;                      /* number of the access unit that closed its list */
    uint8_t hash[SVMS_CAMERA_HASH_MAX]; /* H(N), where it has no signature */
} svms_signer_sei;

/* The list of the GOP, or part, that is open (CS-NAL-3). */
typedef struct svms_signer_list {
    bool has_anchor; /* else nothing is covered */
    bool is_whole;   /* else a hash is missing, and nothing can be signed until the next part */
    bool has_first;  /* first is the first hash of the list before */
    uint8_t anchor[SVMS_CAMERA_HASH_MAX];
    uint8_t first[SVMS_CAMERA_HASH_MAX];
    uint8_t *hashes;
    size_t count;
    size_t capacity;
    int64_t start_utc_ns;
} svms_signer_list;

struct svms_camera_signer {
    svms_ctx *ctx;
    uint32_t codec;
    svms_nal_framing framing;
    uint32_t flags;
    uint32_t sign_every;
    uint32_t copies;
    uint32_t part_nal_units;
    int64_t part_ns;
    svms_signer_key key; /* signs GOPs */
    svms_camera_hasher *hasher;
    svms_builder more;        /* tags 5 and 6 */
    svms_builder certificate; /* the certificate SEI, framed; empty: there is none */
    bool is_announced;        /* it goes into the next access unit */
    svms_signer_list list;
    svms_signer_sei waiting[SVMS_CAMERA_WAITING_MAX]; /* in the order of counters */
    size_t waiting_count;
    uint32_t counter;
    uint32_t unsigned_gops; /* since the last SEI with a signature */
    uint64_t unit;          /* number of the access unit */
    bool has_time;
    bool is_clock_set;   /* CS-SGN-7: between the picture before and this one */
    int64_t last_utc_ns; /* of the picture before */
    int64_t utc_ns;      /* of this one */
    svms_builder out;
    bool is_ended;
    svms_error trouble; /* the first failure in this call */
};

/* Remembers a failure that costs SEIs, and not the access unit. */
void svms_signer_tell(svms_camera_signer *signer, svms_status status, const svms_error *cause);

/* Makes a SEI with a signature to come (ticket), or without one (ready). The unit is not set; the
 * sei is empty when it fails. SVMS_E_LIMIT: it does not fit behind a length. */
SVMS_MUST_CHECK svms_status svms_signer_sei_make(svms_camera_signer *signer, svms_signer_sei *out,
                                                 const svms_signer_key *key,
                                                 svms_sei_content *content, svms_error *err);
/* Takes the signature when it has come; is_ready says so. With wait, waits for it. A failure is
 * final. */
SVMS_MUST_CHECK svms_status svms_signer_sei_settle(svms_camera_signer *signer, svms_signer_sei *sei,
                                                   const svms_signer_key *key, bool wait,
                                                   svms_error *err);
void svms_signer_sei_clear(svms_signer_sei *sei);

/* How a list is closed. */
typedef struct svms_signer_closing {
    bool is_partial; /* the GOP goes on */
    bool is_last;    /* the stream ends */
} svms_signer_closing;

/* Makes and queues the SEI of the list that is open, and empties it. What fails is told. */
void svms_signer_close_list(svms_camera_signer *signer, const svms_signer_closing *end);
/* Hashes a covered NAL unit into the list; an anchor closes the list before. What fails is told,
 * and spoils the list. */
void svms_signer_cover(svms_camera_signer *signer, const svms_camera_nal *nal);
/* Appends the hash of a SEI without signature, as often as it is sent. */
void svms_signer_cover_sei(svms_camera_signer *signer, const svms_signer_sei *sei);
/* Whether a part ends before the picture that begins now. */
bool svms_signer_is_part_due(const svms_camera_signer *signer);
/* The time of a picture, or of the end (CS-SGN-7). */
void svms_signer_take_time(svms_camera_signer *signer, int64_t utc_ns);

/* What goes out in this call: the access unit, with SEIs before its picture. */
typedef struct svms_signer_output {
    const uint8_t *data;
    size_t size;
    size_t picture;  /* where its picture begins; size when there is none */
    bool is_written; /* the signer's out has the bytes before the picture, and room for the rest */
} svms_signer_output;

/* Takes signatures that have come, or waits for all. SEIs whose key failed are dropped and told. */
void svms_signer_settle(svms_camera_signer *signer, bool wait);
/* Puts the certificate SEI, if it is announced, before the picture. */
void svms_signer_put_certificate(svms_camera_signer *signer, svms_signer_output *output);
/* Puts SEIs that are ready before the picture, in order, and hashes those without a signature. With
 * only_signed it stops at the first of those; it stops before one whose list this access unit
 * closed, and where memory does not suffice, which is told. */
void svms_signer_put_waiting(svms_camera_signer *signer, svms_signer_output *output,
                             bool only_signed);

#endif
