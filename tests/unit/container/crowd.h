/* SPDX-License-Identifier: Apache-2.0 */
/* Recipients of every kind, containers for them, and a store in memory that tears or fails. Keys
 * are made and named by OpenSSL, not by the code under test. */
#ifndef SVMS_TEST_CROWD_H
#define SVMS_TEST_CROWD_H

#include "fixture.h"

enum member { PASSWORD, X25519, P256, RSA, KEK, MEMBERS };
#define EVERYBODY ((1u << MEMBERS) - 1)
#define ONLY(member) (1u << (member))

typedef struct crowd {
    fixture *fix;
    svms_private_key *keys[MEMBERS]; /* of X25519, P256, RSA */
    svms_public_key *public_keys[MEMBERS];
    svms_kek *kek;
    uint8_t ids[MEMBERS][16];
} crowd;

/* What the crowd's password is. */
#define CROWD_PASSWORD "one for all"

crowd crowd_new(fixture *fix);
void crowd_clear(crowd *all);
/* A ring with the keys of the members in the mask. */
svms_keyring *crowd_ring(const crowd *all, uint32_t members);

/* A private key of a kind that EVP_PKEY_Q_keygen knows, its public half and its id. */
svms_private_key *crowd_key(fixture *fix, enum member kind, svms_public_key **public_key,
                            uint8_t id[16]);

typedef struct crowd_recipe {
    uint32_t members;
    uint32_t slot_size; /* 0: the usual one */
    bool is_unsigned;
    const uint8_t *device_id; /* or NULL */
} crowd_recipe;
void crowd_record(const crowd *all, const crowd_recipe *how, memory_file *file);

/* Opens with these members' keys and reads everything; the worst of both statuses. */
svms_status crowd_open(const crowd *all, uint32_t members, memory_file *file, svms_error *err);
svms_status open_with_ring(fixture *fix, const svms_keyring *ring, memory_file *file,
                           svms_error *err);
/* Those among the members who can open it. */
uint32_t crowd_openers(const crowd *all, memory_file *file);

svms_recipient_list list_of(fixture *fix, memory_file *file, const svms_keyring *ring);
bool list_names(const svms_recipient_list *list, uint32_t kind, const uint8_t id[16]);

/* A store over a file in memory. */
typedef struct memory_store_state {
    memory_file *file;
    size_t budget;          /* bytes that are still written before it fails */
    uint64_t calls;         /* of any callback */
    uint64_t call_fails_at; /* from 1; 0: none */
    bool forgets;           /* claims to have written, and did not */
} memory_store_state;
#define MEMORY_STORE_INIT(file)                                                                    \
    {                                                                                              \
        (file), SIZE_MAX, 0, 0, false                                                              \
    }
svms_store memory_store(memory_store_state *state);

/* Applies a change to a store that works. */
svms_status change_file(fixture *fix, memory_file *file, const svms_recipients_change *change,
                        svms_error *err);

/* Where the slots are, found without the library. */
size_t slot_offset(const memory_file *file, uint32_t number);
size_t slot_size_in(const memory_file *file);
/* Puts the right SHA-256 under a slot that was tampered with, as anybody can. */
void reseal_slot(memory_file *file, uint32_t number);

#endif
