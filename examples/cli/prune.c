/* SPDX-License-Identifier: Apache-2.0 */
/* svms prune: remove a container of a recording, and leave a signed record that says so. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <svms/svms.h>

#include "command.h"
#include "file.h"
#include "folder.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"

typedef struct prune_request {
    const char *path;
    typed_inputs typed;
    const char *signer;
    const char *signer_key;
    int reason;
    int role;
    bool json;
} prune_request;

typedef struct prune_job {
    const prune_request *request;
    svms_ctx *ctx;
    svms_chain *chain;
    svms_private_key *key;
    int handle; /* of the container, locked against writers; -1: not yet */
    struct stat container;
    char *record; /* name of the record */
    svms_pruned written;
} prune_job;

/* Nobody may write the container from here on, and a name that stands for it is not taken for it.
 */
static exit_status claim(prune_job *job)
{
    const char *path = job->request->path;
    job->handle = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
    if (job->handle < 0 && errno == ELOOP) {
        complain("%s is a symbolic link: name the file itself", path);
        return EXIT_ENVIRONMENT;
    }
    if (job->handle < 0 || fstat(job->handle, &job->container) != 0) {
        return complain_system(errno, "cannot open %s", path);
    }
    if (flock(job->handle, LOCK_SH | LOCK_NB) == 0) {
        return EXIT_GOOD;
    }
    if (errno != EWOULDBLOCK) {
        return complain_system(errno, "cannot lock %s", path);
    }
    complain("%s is being written; it was left alone", path);
    return EXIT_ENVIRONMENT;
}

/* Gives up the name, if it still is that of the container. */
static exit_status remove_name(const prune_job *job)
{
    struct stat now;
    const char *path = job->request->path;
    if (lstat(path, &now) != 0) {
        return complain_system(errno, "cannot remove %s", path);
    }
    if (now.st_dev != job->container.st_dev || now.st_ino != job->container.st_ino) {
        complain("%s is another file by now; it was left alone", path);
        return EXIT_ENVIRONMENT;
    }
    return file_remove(path);
}

/* Reads the record that is there, whoever signed it. */
static exit_status read_record(prune_job *job)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    job->written = (svms_pruned)SVMS_PRUNED_INIT;
    svms_status status = svms_source_open_file(&source, job->ctx, job->record, &err);
    if (status == SVMS_OK) {
        status = svms_pruned_read(job->ctx, &source, NULL, SVMS_TIME_ATTESTED, &job->written, &err);
        svms_source_close(&source);
    }
    return status == SVMS_OK || status == SVMS_E_UNTRUSTED
               ? EXIT_GOOD
               : complain_error(&err, "cannot read %s", job->record);
}

/* A record that is there already says whose it is, but not who may have put it there. */
static exit_status write_record(prune_job *job, const svms_source *source, bool replace)
{
    svms_prune_options options = SVMS_PRUNE_OPTIONS_INIT;
    svms_sink sink = SVMS_SINK_INIT;
    svms_error err = SVMS_ERROR_INIT;
    char *temporary = NULL;
    int handle = -1;
    options.signer = job->key;
    options.chain = job->chain;
    options.role = (svms_role)job->request->role;
    options.reason = (svms_prune_reason)job->request->reason;
    exit_status status = file_create_beside(job->record, &handle, &temporary);
    if (status != EXIT_GOOD) {
        return status;
    }
    close(handle);
    unlink(temporary);
    svms_status written = svms_sink_create_file(&sink, job->ctx, temporary, &err);
    if (written == SVMS_OK) {
        written = svms_pruned_write(job->ctx, source, &options, &sink, &err);
        svms_sink_close(&sink);
    }
    status = written == SVMS_OK
                 ? file_publish(temporary, job->record, replace)
                 : complain_error(&err, "cannot explain the removal of %s", job->request->path);
    if (status != EXIT_GOOD) {
        unlink(temporary);
    }
    free(temporary);
    return status;
}

/* A record that is there already must be this container's: an earlier run may have stopped between
 * writing it and removing the container. */
static exit_status check_record(prune_job *job, const svms_source *source)
{
    svms_head head = SVMS_HEAD_INIT;
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = read_record(job);
    if (status != EXIT_GOOD) {
        return status;
    }
    if (svms_container_head(job->ctx, source, &head, &err) != SVMS_OK) {
        return complain_error(&err, "cannot read %s", job->request->path);
    }
    uint64_t segments = head.segment == SVMS_NO_SEGMENT ? 0 : head.segment + 1;
    if (memcmp(head.container_id, job->written.container_id, sizeof head.container_id) != 0 ||
        segments != job->written.segments ||
        memcmp(head.manifest_hash, job->written.last_manifest, sizeof head.manifest_hash) != 0) {
        complain("%s is there, but it is the record of another container", job->record);
        return EXIT_ENVIRONMENT;
    }
    return EXIT_GOOD;
}

static json_t *to_json(const prune_job *job)
{
    const svms_pruned *record = &job->written;
    return json_pack("{s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:s, s:o}", "removed",
                     json_text(job->request->path), "record", json_text(job->record), "recording",
                     json_hex(record->recording_id, sizeof record->recording_id), "container",
                     json_hex(record->container_id, sizeof record->container_id), "sequence",
                     (json_int_t)record->recording_sequence, "segments",
                     (json_int_t)record->segments, "first", json_time(record->first_utc_ns), "last",
                     json_time(record->last_utc_ns), "time", json_time(record->removed_utc_ns),
                     "reason", svms_prune_reason_name(record->reason), "signer",
                     json_text(record->signer));
}

static exit_status say(const prune_job *job)
{
    const svms_pruned *record = &job->written;
    char first[SVMS_TIME_TEXT_SIZE] = "";
    char last[SVMS_TIME_TEXT_SIZE] = "";
    if (job->request->json) {
        return json_print(to_json(job));
    }
    svms_time_format(record->first_utc_ns, first);
    svms_time_format(record->last_utc_ns, last);
    print_line(stdout, "Removed       %s", job->request->path);
    print_line(stdout, "Record        %s", job->record);
    print_line(stdout, "              container %" PRIu64 ", %" PRIu64 " segments, %s to %s",
               record->recording_sequence, record->segments, first, last);
    print_line(stdout, "Reason        %s", svms_prune_reason_name(record->reason));
    print_line(stdout, "Signed by     %s", record->signer);
    return EXIT_GOOD;
}

static exit_status remove_container(prune_job *job)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_source_open_file(&source, job->ctx, job->request->path, &err) != SVMS_OK) {
        return complain_error(&err, "cannot open %s", job->request->path);
    }
    bool interrupted = file_exists(job->record);
    exit_status status = interrupted ? check_record(job, &source) : EXIT_GOOD;
    if (status == EXIT_GOOD) {
        status = write_record(job, &source, interrupted);
    }
    if (status == EXIT_GOOD) {
        status = read_record(job);
    }
    svms_source_close(&source);
    if (status == EXIT_GOOD) {
        status = remove_name(job);
    }
    return status == EXIT_GOOD ? say(job) : status;
}

static exit_status prune(const prune_request *request)
{
    prune_job job = { 0 };
    job.request = request;
    job.handle = -1;
    job.record = path_with_suffix(request->path, PRUNED_SUFFIX);
    exit_status status = job.record ? make_context(&job.ctx) : EXIT_ENVIRONMENT;
    if (status == EXIT_GOOD) {
        status = options_check_not_input(&request->typed, job.record);
    }
    if (status == EXIT_GOOD) {
        status = load_chain(&job.chain, job.ctx, request->signer);
    }
    if (status == EXIT_GOOD) {
        status = load_private_key(&job.key, job.ctx, request->signer_key);
    }
    if (status == EXIT_GOOD) {
        status = claim(&job);
    }
    if (status == EXIT_GOOD) {
        status = remove_container(&job);
    }
    if (job.handle >= 0) {
        close(job.handle);
    }
    svms_private_key_free(&job.key);
    svms_chain_free(&job.chain);
    svms_ctx_free(&job.ctx);
    free(job.record);
    return status;
}

static const option_choice reasons[] = {
    { "retention", SVMS_PRUNE_RETENTION },
    { "order", SVMS_PRUNE_ORDER },
    { "space", SVMS_PRUNE_SPACE },
    { NULL, 0 },
};

static const option_choice roles[] = {
    { "recorder", SVMS_ROLE_RECORDER },
    { "camera", SVMS_ROLE_CAMERA },
    { NULL, 0 },
};

static const option_spec options[] = {
    { "signer", "CERT", "certificate of the signer (PEM, leaf first)", OPTION_TEXT,
      offsetof(prune_request, signer), NULL, 0, 0 },
    { "signer-key", "KEY", "private key of the signer (PEM)", OPTION_TEXT,
      offsetof(prune_request, signer_key), NULL, 0, 0 },
    { "reason", "WHY", "retention (default), order or space", OPTION_CHOICE,
      offsetof(prune_request, reason), reasons, 0, 0 },
    { "role", "ROLE", "what the signer is: recorder (default) or camera", OPTION_CHOICE,
      offsetof(prune_request, role), roles, 0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(prune_request, json), NULL, 0,
      0 },
};

static const command_line line = {
    "prune",
    "FILE --signer CERT --signer-key KEY [options]",
    "Removes a container and leaves FILE.pruned, a signed record that explains its absence.",
    options,
    sizeof options / sizeof options[0],
    "FILE",
    offsetof(prune_request, path)
};

exit_status command_prune(int count, char **arguments)
{
    prune_request request;
    memset(&request, 0, sizeof request);
    request.reason = SVMS_PRUNE_RETENTION;
    request.role = SVMS_ROLE_RECORDER;
    request.typed = (typed_inputs){ &line, &request, false };
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (!request.signer || !request.signer_key) {
        return usage_error("prune", "--signer and --signer-key are needed");
    }
    return prune(&request);
}
