/* SPDX-License-Identifier: Apache-2.0 */
#include "crowd.h"

#include <errno.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

static EVP_PKEY *make_pkey(enum member kind)
{
    EVP_PKEY *pkey = NULL;
    if (kind == X25519) {
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    } else if (kind == P256) {
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    } else {
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    }
    assert_non_null(pkey);
    return pkey;
}

/* C-ACC-7, with OpenSSL alone. */
static void name_pkey(EVP_PKEY *pkey, uint8_t id[16])
{
    uint8_t digest[32];
    uint8_t *der = NULL;
    int size = i2d_PUBKEY(pkey, &der);
    assert_true(size > 0);
    assert_int_equal(EVP_Digest(der, (size_t)size, digest, NULL, EVP_sha256(), NULL), 1);
    memcpy(id, digest, 16);
    OPENSSL_free(der);
}

svms_private_key *crowd_key(fixture *fix, enum member kind, svms_public_key **public_key,
                            uint8_t id[16])
{
    svms_private_key *key = NULL;
    EVP_PKEY *pkey = make_pkey(kind);
    BIO *memory = BIO_new(BIO_s_mem());
    char *text = NULL;
    assert_int_equal(PEM_write_bio_PrivateKey(memory, pkey, NULL, NULL, 0, NULL, NULL), 1);
    long size = BIO_get_mem_data(memory, &text);
    assert_int_equal(svms_private_key_from_pem(&key, fix->ctx, text, (size_t)size, NULL), SVMS_OK);
    assert_int_equal(BIO_reset(memory), 1);
    assert_int_equal(PEM_write_bio_PUBKEY(memory, pkey), 1);
    size = BIO_get_mem_data(memory, &text);
    assert_int_equal(svms_public_key_from_pem(public_key, fix->ctx, text, (size_t)size, NULL),
                     SVMS_OK);
    name_pkey(pkey, id);
    BIO_free(memory);
    EVP_PKEY_free(pkey);
    return key;
}

crowd crowd_new(fixture *fix)
{
    crowd all;
    memset(&all, 0, sizeof(all));
    all.fix = fix;
    for (int kind = X25519; kind <= RSA; kind++) {
        all.keys[kind] = crowd_key(fix, (enum member)kind, &all.public_keys[kind], all.ids[kind]);
    }
    assert_int_equal(svms_kek_generate(&all.kek, fix->ctx, NULL), SVMS_OK);
    svms_kek_id(all.kek, all.ids[KEK]);
    return all;
}

void crowd_clear(crowd *all)
{
    for (int kind = 0; kind < MEMBERS; kind++) {
        svms_private_key_free(&all->keys[kind]);
        svms_public_key_free(&all->public_keys[kind]);
    }
    svms_kek_free(&all->kek);
}

svms_keyring *crowd_ring(const crowd *all, uint32_t members)
{
    svms_keyring *ring = NULL;
    assert_int_equal(svms_keyring_new(&ring, all->fix->ctx, NULL), SVMS_OK);
    for (uint32_t kind = 0; kind < MEMBERS; kind++) {
        if ((members & ONLY(kind)) == 0) {
            continue;
        }
        if (kind == PASSWORD) {
            assert_int_equal(
                svms_keyring_add_password(ring, CROWD_PASSWORD, strlen(CROWD_PASSWORD), NULL),
                SVMS_OK);
        } else if (kind == KEK) {
            assert_int_equal(svms_keyring_add_kek(ring, all->kek, NULL), SVMS_OK);
        } else {
            assert_int_equal(svms_keyring_add_key(ring, all->keys[kind], NULL), SVMS_OK);
        }
    }
    return ring;
}

void crowd_record(const crowd *all, const crowd_recipe *how, memory_file *file)
{
    const svms_public_key *recipients[MEMBERS];
    const svms_kek *kek = all->kek;
    recipe plain = RECIPE_INIT;
    svms_track tracks[2];
    svms_writer *writer = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_sink sink = memory_sink(file);
    plain.segments = 1;
    plain.is_unsigned = how->is_unsigned;
    plain.password = (how->members & ONLY(PASSWORD)) != 0 ? CROWD_PASSWORD : NULL;
    svms_writer_options options = writer_options(all->fix, &plain, tracks);
    for (uint32_t kind = X25519; kind <= RSA; kind++) {
        if ((how->members & ONLY(kind)) != 0) {
            recipients[options.recipient_count++] = all->public_keys[kind];
        }
    }
    options.recipients = recipients;
    options.keks = &kek;
    options.kek_count = (how->members & ONLY(KEK)) != 0;
    options.slot_size = how->slot_size;
    if (how->device_id != NULL) {
        memcpy(options.device_id, how->device_id, sizeof(options.device_id));
    }
    if (svms_writer_open(&writer, all->fix->ctx, &sink, &options, &err) != SVMS_OK) {
        fail_msg("open: %s", err.message);
    }
    assert_int_equal(append_segment(writer, &plain, 0, &err), SVMS_OK);
    assert_int_equal(svms_writer_close(&writer, &err), SVMS_OK);
}

svms_status open_with_ring(fixture *fix, const svms_keyring *ring, memory_file *file,
                           svms_error *err)
{
    svms_reader *reader = NULL;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_source source = memory_source(file);
    svms_error ignored = SVMS_ERROR_INIT;
    options.keys = ring;
    options.allow_unverified = 1;
    err = err != NULL ? err : &ignored;
    *err = (svms_error)SVMS_ERROR_INIT;
    svms_status status = svms_reader_open(&reader, fix->ctx, &source, &options, err);
    while (status == SVMS_OK) {
        status = svms_reader_next(reader, &sample, err);
    }
    svms_reader_close(&reader);
    return status == SVMS_END ? SVMS_OK : status;
}

svms_status crowd_open(const crowd *all, uint32_t members, memory_file *file, svms_error *err)
{
    svms_keyring *ring = crowd_ring(all, members);
    svms_status status = open_with_ring(all->fix, ring, file, err);
    svms_keyring_free(&ring);
    return status;
}

uint32_t crowd_openers(const crowd *all, memory_file *file)
{
    uint32_t openers = 0;
    for (uint32_t kind = 0; kind < MEMBERS; kind++) {
        svms_status status = crowd_open(all, ONLY(kind), file, NULL);
        if (status == SVMS_OK) {
            openers |= ONLY(kind);
        } else {
            assert_int_equal(status, SVMS_E_WRONG_KEY);
        }
    }
    return openers;
}

svms_recipient_list list_of(fixture *fix, memory_file *file, const svms_keyring *ring)
{
    svms_recipient_list list = SVMS_RECIPIENT_LIST_INIT;
    svms_source source = memory_source(file);
    svms_error err = SVMS_ERROR_INIT;
    if (svms_recipients_list(fix->ctx, &source, ring, &list, &err) != SVMS_OK) {
        fail_msg("list: %s", err.message);
    }
    return list;
}

bool list_names(const svms_recipient_list *list, uint32_t kind, const uint8_t id[16])
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->recipients[i].kind == kind && memcmp(list->recipients[i].key_id, id, 16) == 0) {
            return true;
        }
    }
    return false;
}

static bool store_call_fails(memory_store_state *state, int *os_error)
{
    state->calls++;
    if (state->calls != state->call_fails_at) {
        return false;
    }
    *os_error = EIO;
    return true;
}

static svms_status store_read(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                              int *os_error)
{
    memory_store_state *state = user;
    svms_source source = memory_source(state->file);
    return store_call_fails(state, os_error)
               ? SVMS_E_IO
               : source.read_at(source.user, offset, out, size, got, os_error);
}

static svms_status store_size(void *user, uint64_t *size, int *os_error)
{
    memory_store_state *state = user;
    *size = state->file->size;
    return store_call_fails(state, os_error) ? SVMS_E_IO : SVMS_OK;
}

static svms_status store_write(void *user, uint64_t offset, const void *data, size_t size,
                               int *os_error)
{
    memory_store_state *state = user;
    size_t fits = size < state->budget ? size : state->budget;
    assert_true(offset <= state->file->size && size <= state->file->size - offset);
    if (store_call_fails(state, os_error)) {
        return SVMS_E_IO;
    }
    if (!state->forgets) {
        memcpy(state->file->data + offset, data, fits);
    }
    state->budget -= fits;
    *os_error = fits < size ? EIO : 0;
    return fits < size ? SVMS_E_IO : SVMS_OK;
}

static svms_status store_sync(void *user, int *os_error)
{
    return store_call_fails(user, os_error) ? SVMS_E_IO : SVMS_OK;
}

svms_store memory_store(memory_store_state *state)
{
    svms_store store = SVMS_STORE_INIT;
    store.user = state;
    store.read_at = store_read;
    store.get_size = store_size;
    store.write_at = store_write;
    store.sync = store_sync;
    return store;
}

svms_status change_file(fixture *fix, memory_file *file, const svms_recipients_change *change,
                        svms_error *err)
{
    memory_store_state state = MEMORY_STORE_INIT(file);
    svms_store store = memory_store(&state);
    if (err != NULL) {
        *err = (svms_error)SVMS_ERROR_INIT;
    }
    return svms_recipients_change_list(fix->ctx, &store, change, err);
}

static size_t load_u32(const uint8_t *at)
{
    return ((size_t)at[0] << 24) | ((size_t)at[1] << 16) | ((size_t)at[2] << 8) | at[3];
}

size_t slot_size_in(const memory_file *file)
{
    layout found = lay_out_file(file);
    size_t at = found.header_size;
    if (file->data[24 + 6] != 0) {
        at += 16 + load_u32(file->data + at + 4);
    }
    return (found.first_record - at) / 2;
}

size_t slot_offset(const memory_file *file, uint32_t number)
{
    layout found = lay_out_file(file);
    return found.first_record - (2 - (size_t)number) * slot_size_in(file);
}

void reseal_slot(memory_file *file, uint32_t number)
{
    uint8_t *slot = file->data + slot_offset(file, number);
    size_t at = 40 + load_u32(slot + 36);
    at += 4 + load_u32(slot + at) + 32;
    assert_true(at + 32 <= slot_size_in(file));
    assert_int_equal(EVP_Digest(slot, at, slot + at, NULL, EVP_sha256(), NULL), 1);
}
