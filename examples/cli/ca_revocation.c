/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_revocation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <openssl/evp.h>

#include "message.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define SECONDS_PER_DAY INT64_C(86400)
#define PUBLIC_MODE (S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH)
/* Of a certificate in a list, with all that may stand beside it, as PEM. */
#define BYTES_PER_REVOKED 128
#define BYTES_AROUND 8192

static exit_status hash_text(uint8_t out[CA_HASH_SIZE], const file_text *text)
{
    if (EVP_Q_digest(NULL, "SHA256", NULL, text->bytes, text->size, out, NULL) == 1) {
        return EXIT_GOOD;
    }
    complain("cannot hash: the provider failed");
    return EXIT_ENVIRONMENT;
}

static size_t list_capacity(size_t count)
{
    return BYTES_AROUND + BYTES_PER_REVOKED * count;
}

static exit_status sign(const ca_folder *folder, uint64_t number, int64_t from, int64_t to,
                        file_text *pem)
{
    svms_revoked *revoked = NULL;
    svms_error err = SVMS_ERROR_INIT;
    size_t count = 0;
    exit_status status = ca_journal_revoked(&folder->journal, &revoked, &count);
    if (status != EXIT_GOOD) {
        return status;
    }
    size_t size = list_capacity(count);
    file_text text = { malloc(size), 0 };
    if (!text.bytes) {
        complain("out of memory");
        status = EXIT_ENVIRONMENT;
    } else if (svms_ca_list(folder->authority, number, from, to, revoked, count, text.bytes, &size,
                            &err) != SVMS_OK) {
        status = complain_error(&err, "cannot make a revocation list");
    }
    free(revoked);
    if (status != EXIT_GOOD) {
        free(text.bytes);
        return status;
    }
    text.size = size;
    *pem = text;
    return EXIT_GOOD;
}

static exit_status keep(const ca_folder *folder, const file_text *pem)
{
    char *path = path_join(folder->path, CA_LIST_NAME);
    exit_status status = EXIT_ENVIRONMENT;
    if (path) {
        const new_file file = { path, PUBLIC_MODE, pem->bytes, pem->size };
        status = file_write(&file, 1, true);
    }
    free(path);
    return status;
}

exit_status ca_list_make(ca_folder *folder, uint64_t number, uint32_t days, file_text *pem)
{
    const ca_journal *journal = &folder->journal;
    uint8_t hash[CA_HASH_SIZE];
    int64_t now = (int64_t)time(NULL) * NS_PER_SECOND;
    int64_t next = now + (int64_t)days * SECONDS_PER_DAY * NS_PER_SECOND;
    if (number == 0) {
        number = journal->list_number + 1;
    } else if (number <= journal->list_number) {
        complain("list number %" PRIu64 " would not be new: there was %" PRIu64, number,
                 journal->list_number);
        return EXIT_POLICY;
    }
    if (now < journal->list_utc_ns) {
        complain("warning: the clock is behind the newest list; who looks at times alone takes the "
                 "old list for the newer one");
    }
    file_text text = { NULL, 0 };
    exit_status status = sign(folder, number, now, next, &text);
    if (status == EXIT_GOOD) {
        status = hash_text(hash, &text);
    }
    if (status == EXIT_GOOD) {
        status = ca_journal_add_list(&folder->journal, number, now, next, hash);
    }
    if (status == EXIT_GOOD) {
        status = keep(folder, &text);
    }
    if (status != EXIT_GOOD) {
        file_text_free(&text);
        return status;
    }
    *pem = text;
    return EXIT_GOOD;
}

/* Whether the newest list still says all there is to say, and will for a while. One from the future
 * does not: nobody would believe it yet. It is followed by one of now, and that is the newest then,
 * so that there is one more for each time the clock goes back, not for each question. */
static bool is_current(const ca_journal *journal)
{
    int64_t now = (int64_t)time(NULL) * NS_PER_SECOND;
    int64_t quarter = (journal->list_next_utc_ns - journal->list_utc_ns) / 4;
    return journal->list_line > journal->revoked_line && now >= journal->list_utc_ns &&
           now < journal->list_next_utc_ns - quarter;
}

/* What is kept may be gone, or not be the newest one after a crash: then there is a new one. */
static bool load_kept(const ca_folder *folder, file_text *pem)
{
    char *path = path_join(folder->path, CA_LIST_NAME);
    uint8_t hash[CA_HASH_SIZE];
    /* It was made when no more were revoked than are issued by now. */
    size_t limit = list_capacity(folder->journal.issued_count);
    bool good = path && file_exists(path) && file_read(pem, path, limit, false) == EXIT_GOOD &&
                hash_text(hash, pem) == EXIT_GOOD &&
                memcmp(hash, folder->journal.list_sha256, sizeof hash) == 0;
    free(path);
    if (!good) {
        file_text_free(pem);
    }
    return good;
}

exit_status ca_list_current(ca_folder *folder, uint32_t days, file_text *pem)
{
    if (is_current(&folder->journal) && load_kept(folder, pem)) {
        return EXIT_GOOD;
    }
    return ca_list_make(folder, 0, days, pem);
}
