/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "ledger_signature.h"
#include "recorder_failure.h"
#include "recorder_parts.h"

struct ledger {
    svms_ctx *ctx;
    char *path;
    int handle;
    const svms_trust *trust;
    /* Who signs from now on. */
    EVP_PKEY *key;
    svms_public_key *half; /* of it, as the certificate has it */
    svms_chain *signer;
    char *chain; /* PEM */
    size_t chain_size;
    uint64_t torn;         /* never changes once it is open */
    pthread_mutex_t mutex; /* of all that follows, and of the file */
    ledger_end end;
    bool is_dirty; /* something may stand behind the end that was not acknowledged */
};

static svms_status fail_system(const ledger *self, int os_error, const char *what, svms_error *err)
{
    return recorder_fail(err, SVMS_E_IO, os_error, "the ledger %.120s %s: %s", self->path, what,
                         strerror(os_error));
}

static svms_status read_at(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                           int *os_error)
{
    const ledger *self = user;
    uint8_t *to = out;
    *got = 0;
    while (*got < size) {
        ssize_t count = pread(self->handle, to + *got, size - *got, (off_t)(offset + *got));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            *os_error = errno;
            return SVMS_E_IO;
        }
        if (count == 0) {
            break;
        }
        *got += (size_t)count;
    }
    return SVMS_OK;
}

static svms_status get_size(void *user, uint64_t *size, int *os_error)
{
    const ledger *self = user;
    struct stat is;
    if (fstat(self->handle, &is) != 0) {
        *os_error = errno;
        return SVMS_E_IO;
    }
    *size = (uint64_t)is.st_size;
    return SVMS_OK;
}

static svms_source source_of(ledger *self)
{
    svms_source source = SVMS_SOURCE_INIT;
    source.user = self;
    source.read_at = read_at;
    source.get_size = get_size;
    return source;
}

static bool write_all(const ledger *self, uint64_t at, const uint8_t *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t count = pwrite(self->handle, bytes + done, size - done, (off_t)(at + done));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            errno = count == 0 ? EIO : errno;
            return false;
        }
        done += (size_t)count;
    }
    return fsync(self->handle) == 0;
}

/* A name is as durable as the folder that has it. */
static bool keep_name(const char *path)
{
    char *folder = strdup(path);
    char *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash) {
        slash[slash == folder ? 1 : 0] = '\0';
    }
    int handle = folder ? open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool done = handle >= 0 && fsync(handle) == 0;
    int os_error = errno;
    if (handle >= 0) {
        (void)close(handle);
    }
    free(folder);
    errno = os_error;
    return done;
}

/* The front of a file that has none yet, or only a beginning of one: its first writer was killed.
 */
static svms_status write_front(ledger *self, uint64_t size, svms_error *err)
{
    uint8_t begun[LEDGER_FRONT_SIZE];
    uint8_t front[LEDGER_FRONT_SIZE];
    uint8_t id[16];
    size_t got = 0;
    int os_error = 0;
    if (read_at(self, 0, begun, (size_t)size, &got, &os_error) != SVMS_OK) {
        return fail_system(self, os_error, "cannot be read", err);
    }
    if (got != size || !ledger_is_front_begun(begun, got)) {
        return recorder_fail(err, SVMS_E_MALFORMED, 0, "%.120s is no ledger", self->path);
    }
    if (RAND_bytes(id, sizeof id) != 1) {
        return recorder_fail(err, SVMS_E_CRYPTO, 0, "there is no randomness for a ledger");
    }
    ledger_write_front(front, id);
    if (!write_all(self, 0, front, sizeof front) || !keep_name(self->path)) {
        return fail_system(self, errno, "cannot be made", err);
    }
    return SVMS_OK;
}

static svms_status open_file(ledger *self, svms_error *err)
{
    struct stat is;
    self->handle =
        open(self->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK,
             S_IRUSR | S_IWUSR);
    if (self->handle < 0 || fstat(self->handle, &is) != 0) {
        return fail_system(self, errno, "cannot be opened", err);
    }
    if (!S_ISREG(is.st_mode)) {
        return recorder_fail(err, SVMS_E_MALFORMED, 0, "%.120s is no file", self->path);
    }
    if (flock(self->handle, LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK
                   ? recorder_fail(err, SVMS_E_STATE, 0, "the ledger %.120s is open elsewhere",
                                   self->path)
                   : fail_system(self, errno, "cannot be locked", err);
    }
    /* It names people. */
    if ((is.st_mode & (S_IRWXG | S_IRWXO)) != 0 && fchmod(self->handle, S_IRUSR | S_IWUSR) != 0) {
        return fail_system(self, errno, "may be read by others", err);
    }
    /* Whoever opened it before may have changed it. */
    if (fstat(self->handle, &is) != 0) {
        return fail_system(self, errno, "cannot be looked at", err);
    }
    return (uint64_t)is.st_size < LEDGER_FRONT_SIZE ? write_front(self, (uint64_t)is.st_size, err)
                                                    : SVMS_OK;
}

/* Takes out what was never acknowledged. */
static svms_status cut(ledger *self, svms_error *err)
{
    if (ftruncate(self->handle, (off_t)self->end.size) != 0 || fsync(self->handle) != 0) {
        return fail_system(self, errno, "cannot be cut where its last whole entry ends", err);
    }
    self->is_dirty = false;
    return SVMS_OK;
}

static svms_status take_signer(ledger *self, const storage_keys *signer, svms_error *err)
{
    uint16_t algorithm = 0;
    uint16_t size = 0;
    self->chain_size = LEDGER_CHAIN_MAX + 1;
    self->chain = malloc(self->chain_size);
    if (!self->chain) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory for the ledger");
    }
    svms_status status = svms_chain_to_pem(signer->chain, self->chain, &self->chain_size, err);
    if (status == SVMS_OK) {
        status = ledger_signing_key(&self->key, signer->key, err);
    }
    if (status == SVMS_OK && !ledger_algorithm(self->key, &algorithm, &size)) {
        status = recorder_fail(err, SVMS_E_UNSUPPORTED, 0, "the storage's key cannot sign");
    }
    if (status == SVMS_OK) {
        status = svms_chain_from_pem(&self->signer, self->ctx, self->chain, self->chain_size, err);
    }
    return status == SVMS_OK ? svms_public_key_from_pem(&self->half, self->ctx, self->chain,
                                                        self->chain_size, err)
                             : status;
}

static svms_status begin(ledger *self, const storage_keys *signer, svms_error *err)
{
    svms_status status = take_signer(self, signer, err);
    if (status == SVMS_OK) {
        status = open_file(self, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_source source = source_of(self);
    status = ledger_read(self->ctx, &source, self->trust, NULL, NULL, &self->end, err);
    if (status == SVMS_OK && self->end.torn > 0) {
        self->torn = self->end.torn;
        status = cut(self, err);
    }
    return status;
}

svms_status ledger_open(ledger **out, svms_ctx *ctx, const char *path, const storage_keys *signer,
                        const svms_trust *trust, svms_error *err)
{
    if (!trust) {
        return recorder_fail(err, SVMS_E_USAGE, 0, "a ledger needs anchors");
    }
    ledger *self = calloc(1, sizeof *self);
    if (!self) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory for the ledger");
    }
    self->handle = -1;
    self->ctx = ctx;
    self->trust = trust;
    self->path = strdup(path);
    if (!self->path || pthread_mutex_init(&self->mutex, NULL) != 0) {
        free(self->path);
        free(self);
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory for the ledger");
    }
    svms_status status = begin(self, signer, err);
    if (status != SVMS_OK) {
        ledger_close(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

/* What nobody would believe later is not written. */
static svms_status sign_entry(ledger *self, const ledger_signed *what, const ledger_head *head,
                              uint8_t *signature, svms_error *err)
{
    svms_status status = ledger_sign(self->key, what, signature, err);
    return status == SVMS_OK ? ledger_verify(svms_public_key_evp(self->half), head->algorithm, what,
                                             signature, head->signature_size, err)
                             : status;
}

/* One whole entry; *size: of it. */
static svms_status make_entry(ledger *self, const ledger_entry *entry, uint8_t *out, size_t *size,
                              svms_error *err)
{
    bool is_new = self->end.chain_size != self->chain_size ||
                  memcmp(self->end.chain, self->chain, self->chain_size) != 0;
    uint8_t statement[LEDGER_STATEMENT_MAX];
    size_t statement_size = 0;
    ledger_head head = { 0 };
    svms_status status = ledger_write_statement(statement, &statement_size, self->end.hash,
                                                self->end.entries, entry, err);
    if (status == SVMS_OK) {
        status = ledger_judge(self->trust, self->signer, entry->utc_ns, entry->utc_ns, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    head.statement_size = (uint32_t)statement_size;
    head.chain_size = is_new ? (uint32_t)self->chain_size : 0;
    if (!ledger_algorithm(self->key, &head.algorithm, &head.signature_size) ||
        !ledger_write_head(out, &head)) {
        return recorder_fail(err, SVMS_E_CRYPTO, 0, "an entry of the ledger cannot be made");
    }
    uint8_t *chain = out + LEDGER_HEAD_SIZE;
    uint8_t *signature = chain + head.chain_size;
    if (is_new) {
        memcpy(chain, self->chain, self->chain_size);
    }
    memcpy(signature + head.signature_size, statement, statement_size);
    *size = ledger_entry_size(&head);
    const ledger_signed what = { out, chain, head.chain_size, statement, statement_size };
    return sign_entry(self, &what, &head, signature, err);
}

/* It counts from here on. */
static svms_status advance(ledger *self, const uint8_t *entry, size_t size, svms_error *err)
{
    uint8_t hash[LEDGER_HASH_SIZE];
    char *chain = malloc(self->chain_size);
    if (!chain || !ledger_hash(hash, entry, size)) {
        free(chain);
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory for an entry");
    }
    if (!write_all(self, self->end.size, entry, size)) {
        int os_error = errno;
        free(chain);
        self->is_dirty = true;
        (void)cut(self, NULL);
        return fail_system(self, os_error, "cannot be written", err);
    }
    memcpy(chain, self->chain, self->chain_size);
    free(self->end.chain);
    self->end.chain = chain;
    self->end.chain_size = self->chain_size;
    memcpy(self->end.hash, hash, sizeof hash);
    self->end.size += size;
    self->end.entries++;
    return SVMS_OK;
}

svms_status ledger_append(ledger *self, const ledger_entry *given, svms_error *err)
{
    ledger_entry entry = *given;
    uint8_t *bytes = malloc(LEDGER_ENTRY_MAX);
    size_t size = 0;
    if (!bytes) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory for an entry");
    }
    (void)pthread_mutex_lock(&self->mutex);
    svms_status status = self->is_dirty ? cut(self, err) : SVMS_OK;
    if (status == SVMS_OK) {
        entry.utc_ns = given->utc_ns != 0 ? given->utc_ns : recorder_now();
        status = make_entry(self, &entry, bytes, &size, err);
    }
    if (status == SVMS_OK) {
        status = advance(self, bytes, size, err);
    }
    (void)pthread_mutex_unlock(&self->mutex);
    free(bytes);
    return status;
}

svms_status ledger_walk(ledger *self, ledger_visitor *visit, void *user, svms_error *err)
{
    ledger_end end = { 0 };
    (void)pthread_mutex_lock(&self->mutex);
    svms_source source = source_of(self);
    svms_status status = ledger_read(self->ctx, &source, self->trust, visit, user, &end, err);
    if (status == SVMS_OK && (end.entries != self->end.entries ||
                              memcmp(end.hash, self->end.hash, sizeof end.hash) != 0)) {
        status = recorder_fail(err, SVMS_E_NOT_AUTHENTIC, 0,
                               "the ledger: entry %" PRIu64 " is not there any more", end.entries);
    }
    (void)pthread_mutex_unlock(&self->mutex);
    ledger_end_free(&end);
    return status;
}

void ledger_mark(ledger *self, char out[LEDGER_MARK_SIZE])
{
    (void)pthread_mutex_lock(&self->mutex);
    if (self->end.entries == 0) {
        (void)snprintf(out, LEDGER_MARK_SIZE, "none");
    } else {
        int used = snprintf(out, LEDGER_MARK_SIZE, "%" PRIu64 " ", self->end.entries - 1);
        for (size_t i = 0; i < LEDGER_HASH_SIZE; i++) {
            (void)snprintf(out + used + 2 * i, 3, "%02x", self->end.hash[i]);
        }
    }
    (void)pthread_mutex_unlock(&self->mutex);
}

uint64_t ledger_torn(const ledger *self)
{
    return self->torn;
}

void ledger_close(ledger **self)
{
    ledger *given = self ? *self : NULL;
    if (!given) {
        return;
    }
    if (given->handle >= 0) {
        (void)close(given->handle);
    }
    EVP_PKEY_free(given->key);
    svms_public_key_free(&given->half);
    svms_chain_free(&given->signer);
    ledger_end_free(&given->end);
    (void)pthread_mutex_destroy(&given->mutex);
    free(given->chain);
    free(given->path);
    free(given);
    *self = NULL;
}
