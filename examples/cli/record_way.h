/* SPDX-License-Identifier: Apache-2.0 */
/* How and where to record: the options that all commands have which make recordings. */
#ifndef SVMS_CLI_RECORD_WAY_H
#define SVMS_CLI_RECORD_WAY_H

#include <stdbool.h>
#include <stddef.h>

#include <svms/svms.h>

#include "camera_trust.h"
#include "options.h"
#include "recipient_set.h"

typedef struct record_way {
    const char *output;
    const char *signer;
    const char *signer_key;
    const char *device;
    recipient_options people;
    uint64_t segment_ns;
    text_list rotate;
    const char *head;
    const char *durability;
    const char *audit;
    camera_trust_options camera; /* nothing given: what cameras signed is not looked at */
    uint32_t sign_every;
    int protection;
    int role;
    bool unsigned_media;
    bool goes_on;
    bool late_signatures;
    bool json;
    bool force;
    /* Worked out of rotate and durability. */
    uint64_t rotate_ns;
    uint64_t rotate_bytes;
    svms_durability durable;
    uint64_t durable_ns;
} record_way;

extern const option_choice record_way_protections[];
extern const option_choice record_way_roles[];

/* Their part of a table of options; way is the member of the request that they fill. */
#define RECORD_WAY_OPTIONS(request, way)                                                           \
    { "out",                                                                                       \
      "FILE|DIR",                                                                                  \
      "the recording; called FILE.part until it is complete",                                      \
      OPTION_TEXT,                                                                                 \
      offsetof(request, way.output),                                                               \
      NULL,                                                                                        \
      0,                                                                                           \
      0 },                                                                                         \
        { "rotate",                                                                                \
          "10m|1GiB",                                                                              \
          "into a folder: a new container after that time or size; repeatable",                    \
          OPTION_LIST,                                                                             \
          offsetof(request, way.rotate),                                                           \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
        { "continue",                                                                              \
          NULL,                                                                                    \
          "go on with the recording that the folder holds",                                        \
          OPTION_FLAG,                                                                             \
          offsetof(request, way.goes_on),                                                          \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
        { "audit",                                                                                 \
          "LOG",                                                                                   \
          "tell this audit log: a folder, or the socket of svms audit serve",                      \
          OPTION_TEXT,                                                                             \
          offsetof(request, way.audit),                                                            \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
        { "head",                                                                                  \
          "FILE",                                                                                  \
          "keep the newest signature's hash there, on another medium",                             \
          OPTION_TEXT,                                                                             \
          offsetof(request, way.head),                                                             \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
        { "durability",                                                                            \
          "WHEN",                                                                                  \
          "flush the disk: segment (default), interval[=SECONDS], none",                           \
          OPTION_TEXT,                                                                             \
          offsetof(request, way.durability),                                                       \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
        { "sign-every",                                                                            \
          "K",                                                                                     \
          "sign every Kth segment only, 1 to 64; a signature covers those before",                 \
          OPTION_COUNT,                                                                            \
          offsetof(request, way.sign_every),                                                       \
          NULL,                                                                                    \
          1,                                                                                       \
          64 },                                                                                    \
        { "late-signatures",                                                                       \
          NULL,                                                                                    \
          "do not wait for slow signers; signatures are stored later",                             \
          OPTION_FLAG,                                                                             \
          offsetof(request, way.late_signatures),                                                  \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
        { "json",                                                                                  \
          NULL,                                                                                    \
          "with a folder: print what was recorded as JSON",                                        \
          OPTION_FLAG,                                                                             \
          offsetof(request, way.json),                                                             \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
        { "signer",                                                                                \
          "CERT",                                                                                  \
          "certificate of the signer (PEM, leaf first)",                                           \
          OPTION_TEXT,                                                                             \
          offsetof(request, way.signer),                                                           \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
        { "signer-key",                                                                            \
          "KEY",                                                                                   \
          "private key of the signer (PEM)",                                                       \
          OPTION_TEXT,                                                                             \
          offsetof(request, way.signer_key),                                                       \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
        { "role",                                                                                  \
          "ROLE",                                                                                  \
          "what the signer is: recorder (default) or camera",                                      \
          OPTION_CHOICE,                                                                           \
          offsetof(request, way.role),                                                             \
          record_way_roles,                                                                        \
          0,                                                                                       \
          0 },                                                                                     \
        { "unsigned",                                                                              \
          NULL,                                                                                    \
          "record without a signer; never verifies as authentic",                                  \
          OPTION_FLAG,                                                                             \
          offsetof(request, way.unsigned_media),                                                   \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
        { "protect",                                                                               \
          "MODE",                                                                                  \
          "encryption: strong (default), light or none",                                           \
          OPTION_CHOICE,                                                                           \
          offsetof(request, way.protection),                                                       \
          record_way_protections,                                                                  \
          0,                                                                                       \
          0 },                                                                                     \
        { "password-file",                                                                         \
          "FILE",                                                                                  \
          "password that opens it: the first line of FILE",                                        \
          OPTION_TEXT,                                                                             \
          offsetof(request, way.people.password_file),                                             \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
        { "password-prompt",                                                                       \
          NULL,                                                                                    \
          "ask for the password on the terminal",                                                  \
          OPTION_FLAG,                                                                             \
          offsetof(request, way.people.password_prompt),                                           \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
        { "recipient",                                                                             \
          "PEM",                                                                                   \
          "public key or certificate that opens it; repeatable",                                   \
          OPTION_LIST,                                                                             \
          offsetof(request, way.people.keys),                                                      \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
        { "kek",                                                                                   \
          "FILE",                                                                                  \
          "key-encryption key that opens it; repeatable",                                          \
          OPTION_LIST,                                                                             \
          offsetof(request, way.people.keks),                                                      \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
        { "device",                                                                                \
          "NAME",                                                                                  \
          "name of the camera; encrypted, unless --protect none",                                  \
          OPTION_TEXT,                                                                             \
          offsetof(request, way.device),                                                           \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
        { "segment-seconds",                                                                       \
          "N",                                                                                     \
          "a signature about every N seconds, 0.1 to 10; default 2",                               \
          OPTION_SECONDS,                                                                          \
          offsetof(request, way.segment_ns),                                                       \
          NULL,                                                                                    \
          0.1,                                                                                     \
          10 },                                                                                    \
        CAMERA_TRUST_OPTIONS(request, way.camera),                                                 \
    {                                                                                              \
        "force", NULL, "replace FILE when the new recording is complete", OPTION_FLAG,             \
            offsetof(request, way.force), NULL, 0, 0                                               \
    }

/* What holds where options are absent. */
void record_way_init(record_way *way);
/* Complains as that command; EXIT_POLICY is a command that makes sense and is refused. */
exit_status record_way_check(record_way *way, const char *command);
/* Into a folder of containers, not into a file. */
bool record_way_is_folder(const record_way *way);

#endif
