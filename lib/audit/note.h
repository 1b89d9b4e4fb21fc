/* SPDX-License-Identifier: Apache-2.0 */
/* C2SP signed notes: text, an empty line, and a line for each signature (A-CHK-1 to A-CHK-3). */
#ifndef SVMS_NOTE_INTERNAL_H
#define SVMS_NOTE_INTERNAL_H

#include "builder.h"
#include "sign.h"

#define SVMS_NOTE_MAX 65536u
#define SVMS_NOTE_SIGNATURES 64u
#define SVMS_NOTE_NAME_MAX 128u
#define SVMS_NOTE_KEY_SIZE 32u
/* Of Ed25519. */
#define SVMS_NOTE_SIGNATURE_SIZE 64u
#define SVMS_NOTE_KEY_TEXT_MAX 256u

typedef enum svms_note_kind {
    SVMS_NOTE_LOG = 0x01,        /* Ed25519 over the text */
    SVMS_NOTE_COSIGNATURE = 0x04 /* cosignature/v1: over a time and the text */
} svms_note_kind;

/* Who may sign: what a verifier key in text says. */
typedef struct svms_note_key {
    char name[SVMS_NOTE_NAME_MAX + 1];
    uint32_t id;
    svms_note_kind kind;
    uint8_t key[SVMS_NOTE_KEY_SIZE];
} svms_note_key;

/* A line as it stands there. What it points to belongs to the note's bytes. */
typedef struct svms_note_line {
    const char *whole; /* with its line end */
    size_t whole_size;
    const char *name;
    size_t name_size;
    uint32_t id;
    uint8_t signature[8 + SVMS_NOTE_SIGNATURE_SIZE];
    size_t size; /* of the signature; 0: longer than any that is known here */
} svms_note_line;

typedef struct svms_note {
    const char *text; /* with its last line end */
    size_t text_size;
    unsigned count;
    svms_note_line line[SVMS_NOTE_SIGNATURES];
} svms_note;

/* Only takes it apart: nothing in the text is to be believed before svms_note_check(). */
SVMS_MUST_CHECK svms_status svms_note_parse(svms_note *out, const void *bytes, size_t size,
                                            svms_error *err);

SVMS_MUST_CHECK svms_status svms_note_key_make(svms_note_key *out, svms_ctx *ctx, const char *name,
                                               svms_note_kind kind,
                                               const uint8_t key[SVMS_NOTE_KEY_SIZE],
                                               svms_error *err);
SVMS_MUST_CHECK svms_status svms_note_key_generate(svms_private_key **out, svms_ctx *ctx,
                                                   svms_error *err);
/* The public half of a private key. SVMS_E_UNSUPPORTED: it is no Ed25519 key. */
SVMS_MUST_CHECK svms_status svms_note_key_of(svms_note_key *out, svms_ctx *ctx, const char *name,
                                             svms_note_kind kind, const svms_private_key *key,
                                             svms_error *err);
SVMS_MUST_CHECK svms_status svms_note_key_parse(svms_note_key *out, svms_ctx *ctx, const char *text,
                                                size_t size, svms_error *err);
void svms_put_note_key(svms_builder *out, const svms_note_key *key);

/* What a key said about a note. */
typedef struct svms_note_finding {
    bool is_signed;
    int64_t at_utc_s; /* of a cosignature; otherwise 0 */
} svms_note_finding;

/* SVMS_OK: key has signed the text, or has not (is_signed says which). SVMS_E_NOT_AUTHENTIC: there
 * is a line of its name and id that does not verify, or there are two. */
SVMS_MUST_CHECK svms_status svms_note_check(const svms_note *note, svms_ctx *ctx,
                                            const svms_note_key *key, svms_note_finding *out,
                                            svms_error *err);
/* The first line of the key's name and id, whatever is in it; NULL: there is none. */
const svms_note_line *svms_note_find(const svms_note *note, const svms_note_key *key);

/* Appends a line. The engine's key is that of key. */
SVMS_MUST_CHECK svms_status svms_note_sign(svms_builder *out, const char *text, size_t text_size,
                                           const svms_note_key *key, svms_sign_engine *engine,
                                           int64_t now_utc_s, svms_error *err);

#endif
