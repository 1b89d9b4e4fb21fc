/* SPDX-License-Identifier: Apache-2.0 */
/* Films: tables of samples, from a file that anybody may have made. */
#include <stdlib.h>
#include <string.h>

#include "iso_film.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct input {
    const uint8_t *data;
    size_t size;
} input;

static svms_status read_at(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                           int *os_error)
{
    const input *from = user;
    size_t left = offset < from->size ? from->size - (size_t)offset : 0;
    *os_error = 0;
    *got = size < left ? size : left;
    if (*got > 0) {
        memcpy(out, from->data + offset, *got);
    }
    return SVMS_OK;
}

static svms_status get_size(void *user, uint64_t *size, int *os_error)
{
    const input *from = user;
    *os_error = 0;
    *size = from->size;
    return SVMS_OK;
}

typedef struct sum {
    uint64_t samples;
    uint64_t bytes;
    svms_status status;
} sum;

/* Samples lie one behind the other, and within the file. */
static sum walk(svms_film *film)
{
    svms_film_track *track = NULL;
    svms_film_sample sample;
    uint64_t reached = 0;
    sum total = { 0, 0, SVMS_OK };
    while ((total.status = svms_film_next(film, &track, &sample, NULL)) == SVMS_OK) {
        if (sample.size != 0 &&
            (sample.offset < reached || sample.offset + sample.size > film->size)) {
            abort();
        }
        reached = sample.size != 0 ? sample.offset + sample.size : reached;
        total.bytes += sample.size;
        total.samples++;
    }
    if (total.bytes > film->size) {
        abort();
    }
    return total;
}

static void check_entries(const svms_film *film)
{
    for (uint32_t i = 0; i < film->track_count; i++) {
        const svms_film_entry *entry = &film->tracks[i].entry;
        if (entry->config_offset + entry->config_size > film->size) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_film film;
    input from = { data, size };
    svms_source source = SVMS_SOURCE_INIT;
    source.user = &from;
    source.read_at = read_at;
    source.get_size = get_size;
    if (svms_film_open(&film, &source, NULL) != SVMS_OK) {
        return 0;
    }
    check_entries(&film);
    sum once = walk(&film);
    svms_film_rewind(&film);
    sum again = walk(&film);
    if (once.samples != again.samples || once.bytes != again.bytes || once.status != again.status) {
        abort();
    }
    return 0;
}
